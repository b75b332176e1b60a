"""What a genome's cells run: programs, and the metabolism of those that have a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import suggestion
from bioxen_jcvi_vm_lib._engine_organism import add_guest_tables, engine_organism
from bioxen_jcvi_vm_lib._errors import GenomeCompilationError, InvalidConfigurationError
from bioxen_jcvi_vm_lib.api.config_keys import flat_keys
from bioxen_jcvi_vm_lib.api.config_manager import SHAPING_KEYS, GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.organism import OrganismParameters

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.genome import GenomicRuntime
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
    from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine

__all__ = [
    "configuration_for",
    "engine_for",
    "host_engine",
    "metabolism_for",
    "need_something_to_run",
    "program_for",
    "unsealed",
]

_MAX_CACHED_PROGRAMS = 32
_MAX_ENGINES = 8


def host_engine(
    parameters: OrganismParameters,
    config: GenomicVirtualizationConfig,
    genome: _core.Genome,
    host_genes: int,
    guest_tables: Iterable[tuple[int, int, _core.Organism]],
) -> _core.Organism:
    """Numbers of the host's organism, with what each guest's own tables say of its genes."""
    genes = genome.genes
    engine = engine_organism(
        parameters, config, genes, host_genes=host_genes, records=genome.records
    )
    for first, first_replicon, guest in guest_tables:
        add_guest_tables(engine, guest, first, len(genes), first_replicon)
    return engine


def _shapes(key: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(
        f"{key!r} shapes the program, which is compiled when the runtime is loaded: give it to "
        "GenomicVirtualizationManager(config=...) and load the runtime again",
        details={"key": key},
    )


def _why_nothing_runs(runtime: GenomicRuntime) -> str:
    """Say what is missing and what would mend it."""
    if any(record.sequence for record in runtime.records):
        return "see runtime.report, or bioxen inspect, for why each was left out"
    codes = {entry.code for entry in runtime.report}
    if codes & {"missing-end", "missing-origin"}:
        return "the record ends without its sequence (no ORIGIN): the file is truncated"
    return (
        "the file has no sequence: give the FASTA beside it (sequence_file=, also a key of the "
        "configuration; on the command line --sequence)"
    )


def need_something_to_run(runtime: GenomicRuntime) -> None:
    """Refuse a genome of which nothing can be executed."""
    if not runtime.genes:
        raise GenomeCompilationError(
            f"{runtime.name} has no genes, so there is nothing to run: give an annotation "
            "(GenBank, or GFF3 with its FASTA as sequence_file=, on the command line --sequence)"
        )
    if not runtime.transcription_units:
        raise GenomeCompilationError(
            f"none of the {len(runtime.genes)} genes of {runtime.name} can be executed: "
            + _why_nothing_runs(runtime)
        )


def configuration_for(
    runtime: GenomicRuntime, overrides: dict[str, Any]
) -> GenomicVirtualizationConfig:
    """Return the runtime's configuration with a context's overrides.

    Raises
    ------
    InvalidConfigurationError
        If an override is unknown, unacceptable, or shapes the program itself.
    """
    if not overrides:
        return runtime.configuration
    known = {key for key, _ in flat_keys(GenomicVirtualizationConfig)}
    for key in overrides:
        if key in SHAPING_KEYS:
            raise _shapes(key)
        near = "" if key in known else suggestion(key, (*known, "seed"))
        if "'seed'" in near:  # which stands beside the keys
            raise InvalidConfigurationError(
                f"unknown configuration key {key!r}{near}", details={"key": key}
            )
    config = runtime.configuration.with_overrides(**overrides)
    loaded = runtime.configuration.execution_parameters
    for key in SHAPING_KEYS.intersection(type(loaded).model_fields):
        if getattr(config.execution_parameters, key) != getattr(loaded, key):
            raise _shapes(key)
    return config


def program_for(runtime: GenomicRuntime, config: GenomicVirtualizationConfig) -> _core.Program:
    """Return the runtime's program for a configuration, compiled once for each.

    Raises
    ------
    InvalidConfigurationError
        If the genome is disabled.
    GenomeCompilationError
        If nothing in the genome can be executed.
    """
    if not config.enabled:
        raise InvalidConfigurationError(
            "genomic virtualization is disabled: set enabled: true to run a genome",
            details={"key": "enabled"},
        )
    need_something_to_run(runtime)
    if config is runtime.configuration or config == runtime.configuration:
        return runtime._program
    key = config.model_dump_json()
    with runtime._lock:
        cached = runtime._cache.get(key)
        if cached is None:
            engine = host_engine(
                runtime.parameters,
                config,
                runtime._genome,
                runtime.residents[0].genes.stop,
                runtime._guest_tables,
            )
            cached = runtime._program.with_organism(engine)
            while len(runtime._cache) >= _MAX_CACHED_PROGRAMS:
                runtime._cache.pop(next(iter(runtime._cache)))
            runtime._cache[key] = cached
        return cached


def engine_for(
    runtime: GenomicRuntime, config: GenomicVirtualizationConfig
) -> MetabolicEngine | None:
    """Return the metabolic engine of a configuration, made once; None without a model.

    Raises
    ------
    InvalidConfigurationError
        If turnover numbers are given without a model.
    ModelImportError, MissingDependencyError, APIValidationError
        If the model cannot be used for this genome.
    """
    if config.metabolic_model is None:
        if config.kinetics_files:
            raise InvalidConfigurationError(
                "kinetics_files limit the fluxes of a metabolic model: set metabolic_model too",
                details={"key": "metabolic_model"},
            )
        return None
    # the solver is loaded by those who need it
    from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine

    key = (config.metabolic_model, *(config.kinetics_files or ()))
    with runtime._lock:
        made = runtime._engines.get(key)
        if made is None:
            made = MetabolicEngine(runtime, key[0], key[1:])
            while len(runtime._engines) >= _MAX_ENGINES:
                runtime._engines.pop(next(iter(runtime._engines)))
            runtime._engines[key] = made
        return made


def metabolism_for(
    runtime: GenomicRuntime, config: GenomicVirtualizationConfig
) -> CellMetabolism | None:
    """Return the metabolism of a cell at birth; None without a model. Raises as `engine_for`."""
    engine = engine_for(runtime, config)
    if engine is None:
        return None
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism

    return CellMetabolism(engine, engine.medium(config))


def unsealed(snapshot: bytes, runtime: GenomicRuntime) -> tuple[bytes, CellMetabolism | None]:
    """Return the core's part of a snapshot, and the metabolism that the rest describes.

    Raises
    ------
    SnapshotError
        If that is damaged, of another model, or there or not there though there is none or one.
    """
    from bioxen_jcvi_vm_lib.metabolism.cell import restored

    return restored(snapshot, engine_for(runtime, runtime.configuration))
