"""What a result says of genes that were knocked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib.genome import GenomicRuntime

__all__ = ["knocked_out", "noted"]

#: What a knockout adds to a snapshot of a cell in which the gene was not knocked out [bytes].
_ENTRY_BYTES = 4


def knocked_out(core: _core.Context, genes: Sequence[int]) -> list[int]:
    """Return which of some different genes are knocked out in a cell, which stays as it is.

    They are knocked out in a copy: its snapshot, which lists them, grows by those that were not.
    """
    copy = core.replica()
    before = len(copy.snapshot())
    for gene in genes:
        copy.knockout(gene)
    fresh = (len(copy.snapshot()) - before) // _ENTRY_BYTES
    if fresh == 0:
        return list(genes)
    if fresh == len(genes) or len(genes) < 2:
        return []
    half = len(genes) // 2
    return [*knocked_out(core, genes[:half]), *knocked_out(core, genes[half:])]


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
