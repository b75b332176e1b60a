"""Whose genome it is, and what is said where that is not known."""

from __future__ import annotations

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import VMCreationError
from bioxen_jcvi_vm_lib._genome_parts import ReportEntry, title_of
from bioxen_jcvi_vm_lib.organism import OrganismParameters, match_organism

__all__ = ["fitting", "organism_of", "unknown_organism"]


def organism_of(genome: _core.Genome) -> OrganismParameters | None:
    """Return whose genome it is by its accessions and names, None if nobody's that is known."""
    records = genome.records
    return match_organism(
        [text for record in records for text in (record.accession, record.name)],
        [text for record in records for text in (record.organism, record.definition)],
    )


def unknown_organism(serving: str, why: str) -> ReportEntry:
    return ReportEntry(
        "organism-unknown",
        f"no organism matches this genome by accession or name: the parameters of {serving} "
        f"serve; {why}",
    )


def fitting(genome: _core.Genome, organism: str, machine_type: str) -> tuple[ReportEntry, ...]:
    """Say whether a genome is that of the organism which the type of a machine means.

    Raises
    ------
    VMCreationError
        If it is known as another one's; minimal_cell takes any genome, and it is noted.
    """
    known = organism_of(genome)
    if known is None:
        return (unknown_organism(organism, "they are those of the machine's type"),)
    if known.name == organism:
        return ()
    first = genome.records[0]
    named = f"{first.accession or first.name} ({short(title_of(first))})"
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
