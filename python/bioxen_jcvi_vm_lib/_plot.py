"""The four panels of ``ExecutionResult.plot``; imported only when something is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter

from bioxen_jcvi_vm_lib._checks import suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.result import ExecutionResult

# Okabe and Ito's palette, told apart with any colour vision.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
_MACHINES = {
    "rna_polymerase": "RNA polymerases",
    "ribosome": "ribosomes",
    "degradosome": "degradosomes",
}
_ENERGY = ("ATP", "GTP", "CTP", "UTP")


def four_panels(
    result: ExecutionResult,
    *,
    genes: Sequence[str] | None,
    resources: Sequence[str] | None,
    figure: Any,
) -> Any:
    """Draw expression, machines, resources and spending; return the (2, 2) axes."""
    columns = _gene_columns(result, genes)
    pools = _pools(result, resources)
    figure = figure or pyplot.figure(figsize=(10, 6.6), layout="constrained")
    axes = figure.subplots(2, 2)
    scale, unit = _time_scale(result)
    time = result.time_s / scale
    _expression(axes[0, 0], time, result, columns)
    _machines(axes[0, 1], time, result)
    _resources(axes[1, 0], time, result, pools)
    _spending(axes[1, 1], result)
    for axis in (axes[0, 0], axes[0, 1], axes[1, 0]):
        axis.set_xlabel(f"age of the cell [{unit}]")
        if len(time) > 1:
            axis.set_xlim(time[0], time[-1])
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(True, color="#dddddd", linewidth=0.6)
        axis.set_axisbelow(True)
    return axes


def _time_scale(result: ExecutionResult) -> tuple[float, str]:
    return (60.0, "min") if len(result.time_s) and result.time_s[-1] >= 600 else (1.0, "s")


def _gene_columns(result: ExecutionResult, genes: Sequence[str] | None) -> list[tuple[str, int]]:
    places = {tag: index for index, tag in enumerate(result.genes)}
    columns: list[tuple[str, int]] = []
    for tag in genes or ():
        if tag not in places:
            raise APIValidationError(f"no gene {tag!r} in this result{suggestion(tag, places)}")
        columns.append((tag, places[tag]))
    return columns


def _pools(result: ExecutionResult, resources: Sequence[str] | None) -> list[str]:
    if resources is None:
        return [name for name in _ENERGY if name in result.resources]
    for name in resources:
        if name not in result.resources:
            raise APIValidationError(
                f"no resource {name!r} in this result{suggestion(name, result.resources)}"
            )
    return list(resources)


def _expression(
    axis: Any, time: Any, result: ExecutionResult, columns: list[tuple[str, int]]
) -> None:
    if columns:
        for (tag, column), colour in zip(columns, _cycle(len(columns)), strict=True):
            axis.plot(time, result.proteins[:, column], color=colour, label=tag)
        axis.set_title("proteins of the chosen genes")
        axis.set_ylabel("molecules")
        axis.legend(frameon=False, fontsize="small")
        return
    made = result.proteins.sum(axis=1)
    lines = axis.plot(time, made - made[0], color=_COLOURS[0], label="proteins gained (left)")
    axis.set_title("expression, all genes")
    axis.set_ylabel("proteins gained")
    axis.yaxis.set_major_formatter(FuncFormatter(_compact))
    right = axis.twinx()
    lines += right.plot(
        time, result.mrnas.sum(axis=1), color=_COLOURS[1], label="transcripts present (right)"
    )
    right.set_ylabel("transcripts")
    right.set_ylim(0, 1.1 * max(1, int(result.mrnas.sum(axis=1).max(initial=0))))
    right.spines["top"].set_visible(False)
    # On the upper axes, so that no line crosses the legend.
    right.legend(handles=lines, fontsize="small", loc="lower right", framealpha=0.9)


def _machines(axis: Any, time: Any, result: ExecutionResult) -> None:
    for (name, columns), colour in zip(
        result.machines.items(), _cycle(len(result.machines)), strict=True
    ):
        total = np.maximum(columns["total"], 1)
        axis.plot(
            time, 100 * columns["active"] / total, color=colour, label=_MACHINES.get(name, name)
        )
    axis.set_ylim(0, 100)
    axis.set_title("machines at work")
    axis.set_ylabel("active [%]")
    axis.legend(frameon=False, fontsize="small")


def _resources(axis: Any, time: Any, result: ExecutionResult, pools: list[str]) -> None:
    for name, colour in zip(pools, _cycle(len(pools)), strict=True):
        axis.plot(time, result.resources[name], color=colour, label=name)
    # Linear below 100 molecules, so that an empty pool can be shown.
    axis.set_yscale("symlog", linthresh=100)
    axis.set_ylim(bottom=0)
    axis.set_title("resources")
    axis.set_ylabel("molecules")
    axis.yaxis.set_major_formatter(FuncFormatter(_compact))
    if pools:
        axis.legend(fontsize="small", ncols=2, loc="lower left", framealpha=0.9)


def _spending(axis: Any, result: ExecutionResult) -> None:
    spent = {
        process: [max(0, -legs.get(name, 0)) for name in ("ATP", "GTP")]
        for process, legs in result.ledger.items()
    }
    spent = {process: both for process, both in spent.items() if any(both)}
    order = sorted(spent, key=lambda process: sum(spent[process]))
    places = np.arange(len(order))
    left = np.zeros(len(order))
    for index, name in enumerate(("ATP", "GTP")):
        width = np.array([spent[process][index] for process in order], dtype=float)
        axis.barh(places, width, left=left, color=_COLOURS[index], label=name, height=0.65)
        left += width
    axis.set_yticks(places, [process.replace("_", " ") for process in order])
    axis.set_title("spending by process")
    axis.set_xlabel("molecules spent")
    axis.xaxis.set_major_formatter(FuncFormatter(_compact))
    if order:
        axis.legend(frameon=False, fontsize="small", loc="lower right")


def _cycle(number: int) -> list[str]:
    return [_COLOURS[index % len(_COLOURS)] for index in range(number)]


def _compact(value: float, _position: object = None) -> str:
    """Write 1,500,000 as 1.5 M."""
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
