"""All machines of a hypervisor as a file."""

from __future__ import annotations

import os
from collections.abc import Iterable

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError, InvalidConfigurationError, VMStateError
from bioxen_jcvi_vm_lib._saving import load_bytes, save_bytes
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.genome import GenomicRuntime, builtin_runtime, checked_runtime
from bioxen_jcvi_vm_lib.hypervisor.register import Register
from bioxen_jcvi_vm_lib.hypervisor.terms import speaking_of_vms

__all__ = ["load_checkpoint", "save_checkpoint"]

#: Largest checkpoint that is read from a file [bytes].
MAX_CHECKPOINT_BYTES = 16 * 2**30


def save_checkpoint(register: Register, path: str | os.PathLike[str]) -> None:
    """See ``BioXenHypervisor.save``."""
    with register.lock:
        for record in register.records.values():
            if record.metabolism is not None:
                raise VMStateError(
                    f"{record.handle.vm_id!r} lives on a metabolic model, which no checkpoint "
                    "holds: context(vm_id).save stores its cell, and restore_vm reads it",
                    details={"vm_id": record.handle.vm_id},
                )
    save_bytes(path, register.core.checkpoint())


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
    for runtime in given:
        if runtime.configuration.metabolic_model is not None:
            raise InvalidConfigurationError(
                "no checkpoint holds cells that live on a metabolic_model: load the runtime "
                "without the key",
                details={"key": "metabolic_model"},
            )
    known = {**register.genomes, **{one.genome_fingerprint: one for one in given}}

    def program_of(genome: str) -> _core.Program | None:
        if genome not in known:
            builtin = builtin_runtime(GenomicVirtualizationConfig())
            known.setdefault(builtin.genome_fingerprint, builtin)
        return known[genome]._program if genome in known else None

    data = load_bytes(path, MAX_CHECKPOINT_BYTES, "a checkpoint")
    with register.lock:
        if register.records:
            raise VMStateError(
                f"a checkpoint goes into an empty hypervisor, and this one has "
                f"{len(register.records)} VMs: make another, or destroy them"
            )
        try:
            with speaking_of_vms():
                register.core.restore(data, program_of)
            for name, handle in register.core.contexts():
                runtime = known[register.core.identity_of(handle)[2]]
                register.settled(name, handle, runtime, runtime.configuration.snapshot_dir)
        except BaseException:
            register.records.clear()
            register.awake.clear()
            register.destroy_unknown()
            raise
