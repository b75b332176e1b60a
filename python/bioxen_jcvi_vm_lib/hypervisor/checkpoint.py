"""All machines of a hypervisor as a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError, SnapshotError, VMStateError
from bioxen_jcvi_vm_lib._saving import load_bytes, save_bytes
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.genome import (
    GenomicRuntime,
    builtin_runtime,
    checked_runtime,
    engine_for,
)
from bioxen_jcvi_vm_lib.hypervisor.register import Register
from bioxen_jcvi_vm_lib.hypervisor.terms import speaking_of_vms
from bioxen_jcvi_vm_lib.metabolism.seal import opened, sealed

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
    from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine

__all__ = ["load_checkpoint", "save_checkpoint"]

#: Largest checkpoint that is read from a file [bytes].
MAX_CHECKPOINT_BYTES = 16 * 2**30


def save_checkpoint(register: Register, path: str | os.PathLike[str]) -> None:
    """See ``BioXenHypervisor.save``."""
    with register.lock:  # no machine comes or goes between the two
        data = register.core.checkpoint()
        fed = {
            vm_id: record.metabolism.to_dict()
            for vm_id, record in register.records.items()
            if record.metabolism is not None
        }
    save_bytes(path, sealed(data, {"machines": fed}) if fed else data)


def load_checkpoint(
    register: Register, path: str | os.PathLike[str], runtimes: Iterable[GenomicRuntime]
) -> None:
    """See ``BioXenHypervisor.load``."""
    if isinstance(runtimes, GenomicRuntime):
        runtimes = (runtimes,)
    if not isinstance(runtimes, Iterable):
        raise APIValidationError(
            f"runtimes are GenomicRuntimes, not {short(runtimes)}: load them with "
            "load_genome_runtime",
            details={"argument": "runtimes"},
        )
    given = [checked_runtime(one) for one in runtimes]
    known = {**register.genomes, **{one.genome_fingerprint: one for one in given}}
    # a machine without a model gets a runtime without one, where there is one
    known |= {one.genome_fingerprint: one for one in given if _engine(one) is None}

    def program_of(genome: str) -> _core.Program | None:
        if genome not in known:
            builtin = builtin_runtime(GenomicVirtualizationConfig())
            known.setdefault(builtin.genome_fingerprint, builtin)
        return known[genome]._program if genome in known else None

    data, told = opened(load_bytes(path, MAX_CHECKPOINT_BYTES, "a checkpoint"))
    fed = {} if told is None else told.get("machines")
    if not isinstance(fed, dict):
        raise SnapshotError(
            "this is no checkpoint of a hypervisor, or it is damaged: it does not say which of its "
            "machines live on a metabolic model"
        )
    models = [*given, *register.genomes.values()]
    with register.lock:
        if register.records:
            raise VMStateError(
                f"a checkpoint goes into an empty hypervisor, and this one has "
                f"{len(register.records)} VMs: make another, or destroy them"
            )
        try:
            with speaking_of_vms():
                register.core.restore(data, program_of)
            contexts = register.core.contexts()
            if others := sorted(fed.keys() - dict(contexts).keys()):
                raise SnapshotError(
                    f"the checkpoint is damaged: there is no machine {short(others[0])}, of which "
                    "it says what its metabolism is",
                    details={"vm_id": others[0]},
                )
            for name, handle in contexts:
                genome = register.core.identity_of(handle)[2]
                runtime, metabolism = known[genome], None
                if name in fed:
                    runtime, metabolism = _restored(name, fed[name], genome, models)
                folder = runtime.configuration.snapshot_dir
                register.settled(name, handle, runtime, folder, metabolism)
            _check_models(given, register)
        except BaseException:
            register.records.clear()
            register.awake.clear()
            register.destroy_unknown()
            raise


def _restored(
    name: str, told: Any, genome: str, runtimes: Iterable[GenomicRuntime]
) -> tuple[GenomicRuntime, CellMetabolism]:
    """Find the runtime with a machine's genome and model, and make its metabolism.

    Raises
    ------
    SnapshotError
        If no runtime has both, or what is told is not what a metabolism tells.
    """
    model = told.get("model") if isinstance(told, Mapping) else None
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism

    for runtime in runtimes:
        engine = _engine(runtime) if runtime.genome_fingerprint == genome else None
        if engine is not None and engine.fingerprint == model:
            return runtime, CellMetabolism.of(told, engine)
    raise SnapshotError(
        f"{name!r} lives on a metabolic model that no runtime has: give load one that was loaded "
        "with the metabolic_model and kinetics_files that the machine had",
        details={"vm_id": name},
    )


def _check_models(given: Iterable[GenomicRuntime], register: Register) -> None:
    """Refuse a model that no machine lives on: what feeds them may have been cut off the file."""
    engines = {id(one.metabolism.engine) for one in register.records.values() if one.metabolism}
    for runtime in given:
        engine = _engine(runtime)
        if engine is not None and id(engine) not in engines:
            raise SnapshotError(
                f"no machine of the checkpoint lives on the metabolic_model of runtime "
                f"{runtime.name!r}: load the runtime without the key, or give the whole file"
            )


def _engine(runtime: GenomicRuntime) -> MetabolicEngine | None:
    return engine_for(runtime, runtime.configuration)
