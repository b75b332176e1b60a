"""What a result says of genes that were knocked out."""

from __future__ import annotations

from collections.abc import Iterable

from bioxen_jcvi_vm_lib.genome import GenomicRuntime

__all__ = ["noted"]


def noted(runtime: GenomicRuntime, genes: Iterable[int]) -> list[str]:
    """Say of each of some genes that are knocked out what a run of them does not do."""
    notes = []
    for index in genes:
        gene = runtime.genes[index]
        begins = "no ribosome begins at it, and " if gene.kind == "protein" else ""
        notes.append(
            f"{(gene.name or gene.locus_tag)!r} is knocked out: {begins}its transcription unit is "
            "transcribed for other genes only; what had begun goes on"
        )
    return notes
