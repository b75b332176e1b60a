"""Whether a genome has the genes that its built-in supply stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._genome_parts import ReportEntry

__all__ = ["supply_without_genes"]

#: Glycolysis from glucose 6-phosphate on, which nearly every cell has: names of its genes ...
_NAMES = frozenset(
    {
        *("pgi", "pfk", "pfkA", "pfkB", "fba", "fbaA", "fbaB", "fda", "tpi", "tpiA"),
        *("gap", "gapA", "gapB", "gapdh", "gapDH", "gapN", "pgk"),
        *("gpm", "gpmA", "gpmB", "gpmI", "gpmM", "eno", "pyk", "pykA", "pykF"),
    }
)
#: ... and of their products.
_PRODUCTS = re.compile(
    r"\b(glucose-6-phosphate isomerase|6-?phosphofructokinase|(bis|di)phosphate aldolase"
    r"|triose-?phosphate isomerase|glyceraldehyde[ -]3-phosphate dehydrogenase"
    r"|phosphoglycerate (kinase|mutase)|enolase|phosphopyruvate hydratase|pyruvate kinase)",
    re.IGNORECASE,
)


def supply_without_genes(genes: Iterable[_core.Gene], organism: str) -> tuple[ReportEntry, ...]:
    """State that the supply of an organism serves a genome without a gene of glycolysis."""
    for gene in genes:
        if gene.kind == "protein" and (gene.name in _NAMES or _PRODUCTS.search(gene.product)):
            return ()
    return (
        ReportEntry(
            "supply-without-genes",
            "no gene of glycolysis is found by name or product: nucleotides, amino acids and "
            f"lipids come as the supply of {organism} gives them, whatever genes the genome has",
        ),
    )
