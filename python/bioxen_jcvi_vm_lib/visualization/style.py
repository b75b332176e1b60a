"""What all plots have in common; imported only when something is drawn."""

from __future__ import annotations

from typing import Any

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.result import ExecutionResult
from bioxen_jcvi_vm_lib.visualization.text import scaled

# Okabe and Ito's palette, told apart with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MACHINES = {
    "rna_polymerase": "RNA polymerases",
    "ribosome": "ribosomes",
    "degradosome": "degradosomes",
    "replisome": "replisomes",
}


def cycle(number: int) -> list[str]:
    """Return as many colours."""
    return [COLOURS[index % len(COLOURS)] for index in range(number)]


def compact(value: float, _position: object = None) -> str:
    """Write 1,500,000 as 1.5 M."""
    return scaled(value, ((1e9, " G"), (1e6, " M"), (1e3, " k")), "{:.3g}")


def tidy(axis: Any) -> None:
    """Take away what carries nothing, and put a pale grid behind."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(True, color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)


def time_scale(result: ExecutionResult) -> tuple[float, str]:
    """Return the seconds in the unit that suits a run, and the unit."""
    return (60.0, "min") if len(result.time_s) and result.time_s[-1] >= 600 else (1.0, "s")


def gene_column(result: ExecutionResult, tag: str) -> int:
    """Return the column of a gene, by locus tag or name.

    Raises
    ------
    APIValidationError
        If the result has no such gene, or several of that name; the nearest is named.
    """
    if tag in result.genes:
        return result.genes.index(tag)
    if tag and result.gene_names.count(tag) == 1:
        return result.gene_names.index(tag)
    if tag and tag in result.gene_names:
        raise APIValidationError(f"several genes are called {tag!r}: give a locus tag")
    near = suggestion(tag, (*result.genes, *filter(None, result.gene_names)))
    raise APIValidationError(f"no gene {short(tag)} in this result{near}")


def gene_label(result: ExecutionResult, index: int) -> str:
    """Return the name of a gene, or its locus tag."""
    return (result.gene_names[index] if result.gene_names else "") or result.genes[index]
