"""Makes biological virtual machines from a type and a configuration."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    InvalidConfigurationError,
    VMCreationError,
)
from bioxen_jcvi_vm_lib._reading import read_genome
from bioxen_jcvi_vm_lib.api.audit import AuditLog
from bioxen_jcvi_vm_lib.api.biological_vm import BiologicalVM
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.api.operations import handle_vm_operation
from bioxen_jcvi_vm_lib.genome import (
    GenomicRuntime,
    builtin_runtime,
    checked_runtime,
    load_runtime,
)
from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
from bioxen_jcvi_vm_lib.hypervisor.records import Chassis, Policy, Quota, VmHandle

__all__ = [
    "create_bio_vm",
    "get_supported_biological_types",
    "get_supported_vm_types",
    "quick_start_vm",
    "validate_biological_type",
    "validate_vm_type",
]

#: What each type is, and whose parameters it has.
BIOLOGICAL_TYPES: Final = {
    "minimal_cell": "minimal_cell",
    "syn3a": "syn3a",
    "ecoli": "ecoli",
    "ecoli_mg1655": "ecoli",
}
VM_TYPES: Final = ("basic",)

_MAX_CACHED_RUNTIMES = 4
_runtimes: OrderedDict[tuple[object, ...], GenomicRuntime] = OrderedDict()
_runtimes_lock = threading.Lock()

Config = GenomicVirtualizationConfig | Mapping[str, Any] | str | os.PathLike[str] | None


def get_supported_biological_types() -> list[str]:
    """Return the types of cells that `create_bio_vm` makes."""
    return list(BIOLOGICAL_TYPES)


def get_supported_vm_types() -> list[str]:
    """Return the kinds of machines that `create_bio_vm` makes: "basic" runs in this process."""
    return list(VM_TYPES)


def validate_biological_type(biological_type: str) -> bool:
    """Return whether there is such a type of cells."""
    return isinstance(biological_type, str) and biological_type in BIOLOGICAL_TYPES


def validate_vm_type(vm_type: str) -> bool:
    """Return whether there is such a kind of machines."""
    return isinstance(vm_type, str) and vm_type in VM_TYPES


@handle_vm_operation("create", otherwise=VMCreationError)
def create_bio_vm(
    vm_id: str,
    biological_type: str = "minimal_cell",
    vm_type: Literal["basic"] = "basic",
    config: Config = None,
    *,
    genome_runtime: GenomicRuntime | None = None,
    seed: int | None = None,
    policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
    quota: Quota | Mapping[str, Any] | None = None,
    hypervisor: BioXenHypervisor | None = None,
    audit: AuditLog | None = None,
) -> BiologicalVM:
    """Make a biological virtual machine, in the state "created".

    Parameters
    ----------
    vm_id : str
        Its name.
    biological_type : str
        "minimal_cell" (the built-in genome, unless the configuration names another), "syn3a" or
        "ecoli" ("ecoli_mg1655" is the same), which need a ``genome_file``. A genome of no known
        organism runs with the parameters of any type, and ``runtime.report`` says so; one that is
        known as another organism's runs only as a "minimal_cell", which is reported too.
    vm_type : str
        "basic": in this process.
    config : mapping, path of a YAML or JSON file, or GenomicVirtualizationConfig, optional
        With or without the section ``genomic_virtualization``.
    genome_runtime : GenomicRuntime, optional
        A genome that is loaded already, in place of a ``genome_file``; its own configuration
        serves then.
    seed : int, optional
        uint64; None draws one and records it.
    policy, quota
        As in ``BioXenHypervisor.create_vm``.
    hypervisor : BioXenHypervisor, optional
        Where it shall live; a ``runtime_scheduler`` that is set must be that one's. None: in one
        of its own, with one worker, the scheduler that the configuration names, and a chassis that
        is what its organism has, or none with a ``metabolic_model``, which sets the fluxes.
    audit : AuditLog, optional
        Where lifecycle, allocations and used quotas are written down.

    Raises
    ------
    VMCreationError
        If there is no such type, the name is taken, or the genome is that of another type.
    InvalidConfigurationError
        If the configuration is not acceptable, or lacks the genome file.
    GenomeFormatError, GenomeCompilationError
        If the genome cannot be run.
    """
    organism = _organism(biological_type)
    _check_vm_type(vm_type)
    if hypervisor is not None and not isinstance(hypervisor, BioXenHypervisor):
        raise APIValidationError(
            f"hypervisor must be a BioXenHypervisor or None, not {short(hypervisor)}",
            details={"argument": "hypervisor"},
        )
    if audit is not None and not isinstance(audit, AuditLog):
        raise APIValidationError(
            f"audit must be an AuditLog or None, not {short(audit)}", details={"argument": "audit"}
        )
    if genome_runtime is None:
        runtime = _runtime(biological_type, organism, GenomicVirtualizationConfig.resolve(config))
    elif config is not None:
        raise APIValidationError(
            "config and genome_runtime are both given: a runtime brings the configuration that it "
            "was loaded with; leave one of the two out",
            details={"argument": "config"},
        )
    else:
        runtime = checked_runtime(genome_runtime)
        if runtime.organism != organism:
            raise VMCreationError(
                f"{vm_id!r} was to be of the type {biological_type!r}, and its genome was loaded "
                f"as {runtime.organism!r}: name that type, or load it with organism={organism!r}"
            )
    scheduler = runtime.configuration.runtime_scheduler
    if (
        hypervisor is not None
        and scheduler != hypervisor.scheduler
        and runtime.configuration.sources["runtime_scheduler"].kind != "default"
    ):
        raise InvalidConfigurationError(
            f"runtime_scheduler is {scheduler!r}, and the hypervisor is {hypervisor.scheduler}: "
            "leave it out, or make the hypervisor with that scheduler",
            details={"key": "runtime_scheduler"},
        )
    home = hypervisor or BioXenHypervisor(
        max_vms=1,
        workers=1,
        chassis=own_chassis(runtime),
        scheduler=scheduler,
    )
    handle: VmHandle | None = None
    try:
        handle = home.create_vm(vm_id, runtime, seed=seed, policy=policy, quota=quota)
        return BiologicalVM(
            home,
            handle,
            runtime,
            biological_type=organism,
            vm_type=vm_type,
            owns_hypervisor=hypervisor is None,
            audit=audit,
        )
    except BaseException:
        if hypervisor is None:
            home.close()
        elif handle is not None:  # nobody has it
            with contextlib.suppress(BioXenException):
                home.destroy_vm(handle)
        raise


def quick_start_vm(
    biological_type: str = "minimal_cell",
    vm_id: str | None = None,
    config: Config = None,
    **options: Any,
) -> BiologicalVM:
    """Make a machine and start it.

    Parameters
    ----------
    biological_type : str
        As in `create_bio_vm`.
    vm_id : str, optional
        None: the type.
    config, **options
        As in `create_bio_vm`.
    """
    known = inspect.signature(create_bio_vm).parameters
    for option in options:
        if option not in known:
            near = suggestion(option, known) or f"; there are {', '.join(known)}"
            raise APIValidationError(
                f"quick_start_vm() has no argument {short(option)}{near}",
                details={"argument": option},
            )
    vm = create_bio_vm(
        biological_type if vm_id is None else vm_id, biological_type, config=config, **options
    )
    try:
        vm.start()
    except BaseException:  # nobody has it
        vm.destroy()
        raise
    return vm


def own_chassis(runtime: GenomicRuntime) -> Chassis | None:
    """Return the chassis of a machine alone; None where a metabolic model sets the fluxes."""
    return None if runtime.configuration.metabolic_model else Chassis.of_organism(runtime)


def _organism(biological_type: Any) -> str:
    if not validate_biological_type(biological_type):
        near = suggestion(biological_type, BIOLOGICAL_TYPES)
        raise VMCreationError(
            f"no biological type {short(biological_type)}"
            + (near or f"; there are {', '.join(BIOLOGICAL_TYPES)}"),
            details={"argument": "biological_type"},
        )
    return BIOLOGICAL_TYPES[biological_type]


def _check_vm_type(vm_type: Any) -> None:
    if validate_vm_type(vm_type):
        return
    if vm_type == "xcpng":
        why = (
            ": the earlier library ran machines on XCP-ng hosts, this one runs them in the "
            'process; give "basic"'
        )
    else:
        why = '; there is "basic", which runs in this process'
    raise VMCreationError(f"no VM type {short(vm_type)}{why}", details={"argument": "vm_type"})


def _runtime(
    biological_type: str, organism: str, config: GenomicVirtualizationConfig
) -> GenomicRuntime:
    """Load the genome, or find it as it was loaded before."""
    if not config.enabled:
        raise InvalidConfigurationError(
            "genomic virtualization is disabled: set enabled: true to run a genome",
            details={"key": "enabled"},
        )
    if config.organism is not None and BIOLOGICAL_TYPES.get(config.organism) != organism:
        raise InvalidConfigurationError(
            f"the configuration's organism is {config.organism!r} and the machine's type "
            f"{biological_type!r}: leave organism out, or make them the same",
            details={"key": "organism"},
        )
    if config.genome_file is None:
        if organism != "minimal_cell":
            raise InvalidConfigurationError(
                f"a machine of the type {biological_type!r} needs its genome: give "
                'config={"genomic_virtualization": {"genome_file": "..."}}',
                details={"key": "genome_file"},
            )
        return _cached(("built in", *_shape(config)), lambda: builtin_runtime(config))
    data, _ = read_genome(config.genome_file)
    sequence = None
    if config.sequence_file is not None:
        sequence, _ = read_genome(config.sequence_file, "sequence file")
    digests = [
        None if part is None else hashlib.blake2b(part).digest() for part in (data, sequence)
    ]
    key = (*digests, organism, *_shape(config))
    return _cached(  # of these bytes, not of the file, which may be another one by now
        key,
        lambda: load_runtime(
            data,
            organism=organism,
            sequence_file=sequence,
            configuration=config,
            machine_type=biological_type,
        ),
    )


def _shape(config: GenomicVirtualizationConfig) -> tuple[object, ...]:
    """All that the configuration says, the tables that it names included."""
    parameters = config.execution_parameters
    named = (parameters.proteome_file, parameters.mrna_file, config.metabolic_model)
    tables = [name for name in (*named, *(config.kinetics_files or ())) if name]
    stamps = []
    for name in tables:
        try:
            found = Path(name).stat()
        except OSError:
            return (object(),)  # whoever reads it says why it cannot be read
        stamps.append((name, found.st_mtime_ns, found.st_size, found.st_ino))
    return (config.model_dump_json(), *stamps)


def _cached(key: tuple[object, ...], load: Callable[[], GenomicRuntime]) -> GenomicRuntime:
    with _runtimes_lock:
        if key in _runtimes:
            _runtimes.move_to_end(key)
            return _runtimes[key]
    runtime = load()
    with _runtimes_lock:
        _runtimes[key] = runtime
        while len(_runtimes) > _MAX_CACHED_RUNTIMES:
            _runtimes.popitem(last=False)
    return runtime
