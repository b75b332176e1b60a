"""A genome ready to run: decoded, compiled for an organism, immutable, shared by contexts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._engine_organism import engine_organism
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._gene_factors import table_notes
from bioxen_jcvi_vm_lib._gene_index import GeneIndex
from bioxen_jcvi_vm_lib._genome_parts import (
    Replicon,
    ReportEntry,
    Resident,
    decode_genome,
    fallbacks,
    report_entry,
    title_of,
)
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib._organism_choice import fitting, organism_of, unknown_organism
from bioxen_jcvi_vm_lib._programs import (
    configuration_for,
    engine_for,
    host_engine,
    metabolism_for,
    need_something_to_run,
    program_for,
    unsealed,
)
from bioxen_jcvi_vm_lib._supply_genes import supply_without_genes
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.balanced_growth import at_doubling_time
from bioxen_jcvi_vm_lib.organism import OrganismParameters

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine

__all__ = [
    "GenomicRuntime",
    "Replicon",
    "ReportEntry",
    "Resident",
    "builtin_runtime",
    "checked_runtime",
    "combine_runtimes",
    "configuration_for",
    "decode_genome",
    "engine_for",
    "fallbacks",
    "load_runtime",
    "metabolism_for",
    "program_for",
    "unsealed",
]

_BUILTIN_GENOME = "genomes/minimal_cell.gb.gz"


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
    _guest_tables: tuple[tuple[int, int, _core.Organism], ...]
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
        guest_tables: tuple[tuple[int, int, _core.Organism], ...] = (),
    ) -> None:
        # The engine makes these tuples anew each time they are read.
        genes, records = genome.genes, genome.records
        if not residents:
            first = records[0]
            residents = (
                Resident(title_of(first), first.accession or first.name, slice(0, len(genes))),
            )
        on_replicon = Counter(gene.replicon for gene in genes)
        supplied: tuple[ReportEntry, ...] = ()
        held = configuration.execution_parameters.hold_pools  # a model's genes must be the genome's
        if genes and not held and configuration.metabolic_model is None:
            supplied = supply_without_genes(genes, parameters.name)
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
                *(report_entry(entry) for entry in genome.report),
                *(report_entry(entry) for entry in program.report),
                *fallbacks(program),
                *supplied,
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
        chosen = organism_of(genome)
        if chosen is None:
            chosen = OrganismParameters.load("minimal_cell")
            notes = (unknown_organism("minimal_cell", "name another with organism="),)
    elif machine_type is not None:
        notes = fitting(genome, chosen.name, machine_type)
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
    first = first_replicon = 0
    for runtime in together:
        need_something_to_run(runtime)
        for resident in runtime.residents:
            genes = slice(first + resident.genes.start, first + resident.genes.stop)
            residents.append(Resident(resident.name, resident.accession, genes))
        if runtime is not host:
            tables.append((first, first_replicon, runtime._program.organism))
        first += len(runtime)
        first_replicon += len(runtime.replicons)
    genome = _core.combine([runtime._genome for runtime in together])
    host_genes = residents[0].genes.stop
    engine = host_engine(host.parameters, host.configuration, genome, host_genes, tables)
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
