"""Parts of a genome that runs, and what its report says."""

from __future__ import annotations

from dataclasses import dataclass, field

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._reading import GenomeSource, read_genome

__all__ = [
    "Replicon",
    "ReportEntry",
    "Resident",
    "decode_genome",
    "fallbacks",
    "report_entry",
    "title_of",
]


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


def title_of(first: _core.Record) -> str:
    """Start of a record's definition, else its organism, name or accession."""
    title = first.definition.split(",", 1)[0].strip()
    return title or first.organism or first.name or first.accession


def report_entry(entry: _core.ReportEntry) -> ReportEntry:
    return ReportEntry(entry.code, entry.message, entry.line, entry.feature)


def fallbacks(program: _core.Program) -> tuple[ReportEntry, ...]:
    """Return what a cell that grows does without; nothing of one that does not grow."""
    return tuple(report_entry(entry) for entry in program.fallbacks)


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
