"""A genome ready to run: decoded, compiled for an organism, immutable, shared by contexts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._engine_organism import add_guest_tables, engine_organism
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    GenomeCompilationError,
    InvalidConfigurationError,
    VMCreationError,
)
from bioxen_jcvi_vm_lib._gene_factors import table_notes
from bioxen_jcvi_vm_lib._gene_index import GeneIndex
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib._reading import GenomeSource, read_genome
from bioxen_jcvi_vm_lib.api.config_manager import SHAPING_KEYS, GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.balanced_growth import at_doubling_time
from bioxen_jcvi_vm_lib.organism import OrganismParameters, match_organism

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
    from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine

__all__ = ["GenomicRuntime", "Replicon", "ReportEntry", "Resident", "decode_genome"]

_BUILTIN_GENOME = "genomes/minimal_cell.gb.gz"
_MAX_CACHED_PROGRAMS = 32
_MAX_ENGINES = 8


@dataclass(frozen=True, slots=True)
class Replicon:
    """A chromosome, plasmid or contig.

    Attributes
    ----------
    name, accession : str
        As the file says.
    length_nt : int
        Length [nt].
    topology : str
        "circular" or "linear".
    genes : int
        Number of genes on it.
    """

    name: str
    accession: str
    length_nt: int
    topology: str
    genes: int


@dataclass(frozen=True, slots=True)
class Resident:
    """A genome in a cell: the host, or one of its guests.

    Attributes
    ----------
    name, accession : str
        Of its own runtime.
    genes : slice
        Its genes in every array by gene: ``context.proteins[resident.genes]``.
    """

    name: str
    accession: str
    genes: slice = field(hash=False)  # slices have no hash before Python 3.12


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """Something that a reader of the genome should know.

    Attributes
    ----------
    code : str
        Short stable name.
    message : str
        What it is.
    line : int
        1-based line of the file, 0 where none is meant.
    feature : str
        The feature concerned, may be empty.
    """

    code: str
    message: str
    line: int = 0
    feature: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.message} [{self.code}]"


class GenomicRuntime:
    """A genome, compiled for an organism: immutable, and shared by the contexts that run it.

    Made by ``GenomicVirtualizationManager.load_genome_runtime``.

    Attributes
    ----------
    name, accession : str
        Start of the definition, and accession, of the first replicon; of several residents, a name
        for all, and their accessions joined by ``+``.
    residents : tuple of Resident
        The genomes that run together: one, unless ``combine_genome_runtimes`` made it.
    length_nt : int
        Length over all replicons [nt].
    topology : str
        "circular" or "linear" of the first replicon.
    replicons : tuple of Replicon
        In file order.
    records : tuple of Record
        Everything that the file says, feature by feature.
    genes : tuple of Gene
        In file order of replicons, then by start.
    transcription_units : tuple of TranscriptionUnit
        What one promoter transcribes.
    report : tuple of ReportEntry
        What the decoder and the compiler warned about or could not use.
    organism : str
        Name of the organism whose parameters serve.
    parameters : OrganismParameters
        Those parameters, each with unit and source.
    fingerprint : str
        Identifies the compiled program: same fingerprint, seed and inputs, same trajectory.
    configuration : GenomicVirtualizationConfig
        What it was loaded with.
    """

    __slots__ = (
        "_cache",
        "_engines",
        "_genome",
        "_guest_tables",
        "_index",
        "_lock",
        "_notes",
        "_program",
        "configuration",
        "genes",
        "name",
        "parameters",
        "records",
        "replicons",
        "report",
        "residents",
        "transcription_units",
    )

    _cache: dict[str, _core.Program]
    _engines: dict[tuple[str, ...], MetabolicEngine]
    _genome: _core.Genome
    _guest_tables: tuple[tuple[int, _core.Organism], ...]
    _index: GeneIndex
    _lock: threading.Lock
    _notes: tuple[ReportEntry, ...]
    _program: _core.Program
    configuration: GenomicVirtualizationConfig
    genes: tuple[_core.Gene, ...]
    name: str
    parameters: OrganismParameters
    records: tuple[_core.Record, ...]
    replicons: tuple[Replicon, ...]
    report: tuple[ReportEntry, ...]
    residents: tuple[Resident, ...]
    transcription_units: tuple[_core.TranscriptionUnit, ...]

    def __init__(
        self,
        genome: _core.Genome,
        program: _core.Program,
        parameters: OrganismParameters,
        configuration: GenomicVirtualizationConfig,
        notes: tuple[ReportEntry, ...] = (),
        *,
        name: str | None = None,
        residents: tuple[Resident, ...] = (),
        guest_tables: tuple[tuple[int, _core.Organism], ...] = (),
    ) -> None:
        # The engine makes these tuples anew each time they are read.
        genes, records = genome.genes, genome.records
        if not residents:
            first = records[0]
            residents = (
                Resident(_title(first), first.accession or first.name, slice(0, len(genes))),
            )
        on_replicon = Counter(gene.replicon for gene in genes)
        set_once = {
            "_genome": genome,
            "_program": program,
            "_cache": {},
            "_engines": {},
            "_lock": threading.Lock(),
            "_index": GeneIndex(genes, host_genes=residents[0].genes.stop),
            "_guest_tables": guest_tables,
            "_notes": notes,
            "name": name or residents[0].name,
            "residents": residents,
            "parameters": parameters,
            "configuration": configuration,
            "genes": genes,
            "records": records,
            "transcription_units": program.units,
            "replicons": tuple(
                Replicon(
                    record.name,
                    record.accession,
                    record.length_nt,
                    record.topology,
                    on_replicon[index],
                )
                for index, record in enumerate(records)
            ),
            "report": (
                *(_entry(entry) for entry in genome.report),
                *(_entry(entry) for entry in program.report),
                *fallbacks(program),
                *notes,
            ),
        }
        for key, value in set_once.items():
            object.__setattr__(self, key, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a GenomicRuntime is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a GenomicRuntime is immutable: {name} cannot be deleted")

    @property
    def locus_tags(self) -> tuple[str, ...]:
        """Locus tags in the order of `genes`."""
        return self._index.tags

    @property
    def gene_names(self) -> tuple[str, ...]:
        """Names in the order of `genes`, such as "rpoB"; empty where a gene has none."""
        return self._index.names

    @property
    def accession(self) -> str:
        """Accession of the first replicon; of several residents, theirs joined by "+"."""
        return "+".join(resident.accession for resident in self.residents)

    @property
    def length_nt(self) -> int:
        """Length over all replicons [nt]."""
        return sum(record.length_nt for record in self.records)

    @property
    def topology(self) -> str:
        """Topology of the first replicon: "circular" or "linear"."""
        return self.records[0].topology

    @property
    def organism(self) -> str:
        """Name of the organism whose parameters serve."""
        return self.parameters.name

    @property
    def fingerprint(self) -> str:
        """Identity of the compiled program."""
        return self._program.fingerprint

    @property
    def genome_fingerprint(self) -> str:
        """Identity of the genome file alone: which runtimes can restore each other's snapshots."""
        return self._genome.fingerprint

    def gene(self, key: str) -> _core.Gene:
        """Return a gene by locus tag or name.

        Raises
        ------
        APIValidationError
            If there is none (the nearest is named), or several have that name. A name that the
            host and a guest have is the host's.
        """
        return self.genes[self._index.find(key)]

    def gene_index(self, key: str) -> int:
        """Return the position of a gene in `genes` and in every array by gene; else as `gene`."""
        return self._index.find(key)

    def __len__(self) -> int:
        return len(self.genes)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return (
            f"<GenomicRuntime {self.name!r} {self.accession}: {self.length_nt:,} nt, "
            f"{len(self.genes)} genes, organism {self.organism}>"
        )

    def _repr_html_(self) -> str:
        kinds = Counter(gene.kind for gene in self.genes)
        rows = {
            "accession": self.accession,
            "length": f"{self.length_nt:,} nt, {self.topology}",
            "replicons": str(len(self.replicons)),
            "residents": ", ".join(resident.name for resident in self.residents),
            "genes": ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()) or "none",
            "transcription units": str(len(self.transcription_units)),
            "organism": self.organism,
            "report": f"{len(self.report)} entries",
            "fingerprint": self.fingerprint,
        }
        return facts(rows.items(), self.name)


def _title(first: _core.Record) -> str:
    """Start of a record's definition, else its organism, name or accession."""
    title = first.definition.split(",", 1)[0].strip()
    return title or first.organism or first.name or first.accession


def _entry(entry: _core.ReportEntry) -> ReportEntry:
    return ReportEntry(entry.code, entry.message, entry.line, entry.feature)


def fallbacks(program: _core.Program) -> tuple[ReportEntry, ...]:
    """Return what a cell that grows does without; nothing of one that does not grow."""
    return tuple(_entry(entry) for entry in program.fallbacks)


def decode_genome(
    genome_file: GenomeSource, *, sequence_file: GenomeSource | None = None
) -> _core.Genome:
    """Read a genome without compiling it: everything that the file says, and its genes.

    Parameters
    ----------
    genome_file : path, bytes or binary file object
        GenBank, FASTA or GFF3, found from the content; gzip is recognised.
    sequence_file : path, bytes or binary file object, optional
        FASTA for a GFF3 without its own sequence.

    Returns
    -------
    Genome
        ``records`` (with their ``features`` and ``sequence``), ``genes``, ``report``.

    Raises
    ------
    GenomeFormatError
        If a file cannot be read or is malformed, with ``.line`` and ``.offset``.
    """
    data, _ = read_genome(genome_file)
    sequence = None if sequence_file is None else read_genome(sequence_file, "sequence file")[0]
    return _core.decode(data, sequence)


def load_runtime(
    genome_file: Any,
    *,
    organism: str | None,
    sequence_file: Any,
    configuration: GenomicVirtualizationConfig,
    builtin: bool = False,
    machine_type: str | None = None,
) -> GenomicRuntime:
    """Read, decode and compile a genome; see the manager's ``load_genome_runtime``.

    With a `machine_type`, which is of that `organism`, a genome known as another one's is refused
    and one of no known organism noted.
    """
    wanted = organism if organism is not None else configuration.organism
    if wanted is None and builtin:
        wanted = "minimal_cell"
    chosen = None if wanted is None else OrganismParameters.load(wanted)
    genome = decode_genome(genome_file, sequence_file=sequence_file)
    notes: tuple[ReportEntry, ...] = ()
    if chosen is None:
        chosen = _organism_of(genome)
        if chosen is None:
            chosen = OrganismParameters.load("minimal_cell")
            notes = (_unknown("minimal_cell", "name another with organism="),)
    elif machine_type is not None:
        notes = _fitting(genome, chosen.name, machine_type)
    execution = configuration.execution_parameters
    chosen = at_doubling_time(
        chosen,
        execution.doubling_time_min,
        execution.replication_execution_rate,
        genome.records,
    )
    engine = engine_organism(chosen, configuration, genome.genes, records=genome.records)
    program = _core.compile(genome, engine)
    notes += tuple(ReportEntry(*note) for note in table_notes(execution, genome.genes))
    return GenomicRuntime(genome, program, chosen, configuration, notes)


def _organism_of(genome: _core.Genome) -> OrganismParameters | None:
    """Return whose genome it is by its accessions and names, None if nobody's that is known."""
    records = genome.records
    return match_organism(
        [text for record in records for text in (record.accession, record.name)],
        [text for record in records for text in (record.organism, record.definition)],
    )


def _unknown(serving: str, why: str) -> ReportEntry:
    return ReportEntry(
        "organism-unknown",
        f"no organism matches this genome by accession or name: the parameters of {serving} "
        f"serve; {why}",
    )


def _fitting(genome: _core.Genome, organism: str, machine_type: str) -> tuple[ReportEntry, ...]:
    """Say whether a genome is that of the organism which the type of a machine means.

    Raises
    ------
    VMCreationError
        If it is known as another one's; minimal_cell takes any genome, and it is noted.
    """
    known = _organism_of(genome)
    if known is None:
        return (_unknown(organism, "they are those of the machine's type"),)
    if known.name == organism:
        return ()
    first = genome.records[0]
    named = f"{first.accession or first.name} ({short(_title(first))})"
    if organism == "minimal_cell":
        return (
            ReportEntry(
                "organism-differs",
                f"{named} is a genome of {known.name}: the parameters of minimal_cell serve, "
                f"those of the machine's type; the type {known.name!r} has its own",
            ),
        )
    raise VMCreationError(
        f"a machine of the type {machine_type!r} was given the genome {named}, which is that of "
        f"{known.name!r}: give biological_type={known.name!r}, or another genome_file; for that "
        f"genome with parameters of {organism!r}, load it with organism={organism!r} and give it "
        "as genome_runtime",
        details={
            "argument": "biological_type",
            "biological_type": machine_type,
            "organism": known.name,
        },
    )


def builtin_runtime(
    configuration: GenomicVirtualizationConfig, organism: str | None = None
) -> GenomicRuntime:
    """Load the designed genome that comes with the library."""
    packed = (resources.files("bioxen_jcvi_vm_lib") / _BUILTIN_GENOME).read_bytes()
    return load_runtime(
        packed, organism=organism, sequence_file=None, configuration=configuration, builtin=True
    )


def checked_runtime(runtime: Any) -> GenomicRuntime:
    """Check that something is a runtime.

    Raises
    ------
    APIValidationError
        If it is not.
    """
    if not isinstance(runtime, GenomicRuntime):
        raise APIValidationError(
            f"genome_runtime must be a GenomicRuntime, not {type(runtime).__name__}: "
            "load one with load_genome_runtime",
            details={"argument": "genome_runtime"},
        )
    return runtime


def combine_runtimes(
    host: GenomicRuntime, guests: Sequence[GenomicRuntime], name: str | None
) -> GenomicRuntime:
    """Compile several genomes for one cell; see the manager's ``combine_genome_runtimes``."""
    together = (host, *guests)
    residents: list[Resident] = []
    tables = list(host._guest_tables)
    first = 0
    for runtime in together:
        _need_something_to_run(runtime)
        for resident in runtime.residents:
            genes = slice(first + resident.genes.start, first + resident.genes.stop)
            residents.append(Resident(resident.name, resident.accession, genes))
        if runtime is not host:
            tables.append((first, runtime._program.organism))
        first += len(runtime)
    genome = _core.combine([runtime._genome for runtime in together])
    host_genes = residents[0].genes.stop
    engine = _engine(host.parameters, host.configuration, genome, host_genes, tables)
    return GenomicRuntime(
        genome,
        _core.compile(genome, engine),
        host.parameters,
        host.configuration,
        host._notes,
        name=name or f"{host.name} with {', '.join(guest.name for guest in guests)}",
        residents=tuple(residents),
        guest_tables=tuple(tables),
    )


def _engine(
    parameters: OrganismParameters,
    config: GenomicVirtualizationConfig,
    genome: _core.Genome,
    host_genes: int,
    guest_tables: Iterable[tuple[int, _core.Organism]],
) -> _core.Organism:
    """Numbers of the host's organism, with what each guest's own tables say of its genes."""
    genes = genome.genes
    engine = engine_organism(
        parameters, config, genes, host_genes=host_genes, records=genome.records
    )
    for first, guest in guest_tables:
        add_guest_tables(engine, guest, first, len(genes))
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


def _need_something_to_run(runtime: GenomicRuntime) -> None:
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
    for key in overrides:
        if key in SHAPING_KEYS:
            raise _shapes(key)
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
    _need_something_to_run(runtime)
    if config is runtime.configuration or config == runtime.configuration:
        return runtime._program
    key = config.model_dump_json()
    with runtime._lock:
        cached = runtime._cache.get(key)
        if cached is None:
            engine = _engine(
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
