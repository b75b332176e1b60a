"""The four panels of ``ExecutionResult.plot``; imported only when something is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.figure import FigureBase
from matplotlib.ticker import FuncFormatter

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.result import ExecutionResult
from bioxen_jcvi_vm_lib.visualization.style import (
    COLOURS,
    MACHINES,
    compact,
    cycle,
    gene_column,
    tidy,
    time_scale,
)

_ENERGY = ("ATP", "GTP", "CTP", "UTP")
#: Of lines that lie on one another the lower ones show in the gaps of the upper ones.
_STYLES = ("-", (0, (12, 2)), (0, (7, 3)), (0, (3, 5)))


def four_panels(
    result: ExecutionResult,
    *,
    genes: Sequence[str] | None,
    resources: Sequence[str] | None,
    figure: Any,
) -> Any:
    """Draw expression, machines, resources and spending; return the (2, 2) axes."""
    columns = [(tag, gene_column(result, tag)) for tag in _texts(genes, "genes")]
    pools = _pools(result, resources)
    if figure is None:
        figure = pyplot.figure(figsize=(10, 6.6), layout="constrained")
    elif not isinstance(figure, FigureBase):
        raise APIValidationError(
            f"figure must be a matplotlib Figure or None, not {short(figure)}",
            details={"argument": "figure"},
        )
    axes = figure.subplots(2, 2)
    scale, unit = time_scale(result)
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
        tidy(axis)
    return axes


def _pools(result: ExecutionResult, resources: Sequence[str] | None) -> list[str]:
    if resources is None:
        return [name for name in _ENERGY if name in result.resources]
    names = _texts(resources, "resources")
    for name in names:
        if name not in result.resources:
            raise APIValidationError(
                f"no resource {name!r} in this result{suggestion(name, result.resources)}"
            )
    return names


def _texts(names: Any, what: str) -> list[str]:
    """Check a list of names; None is an empty one."""
    if names is None:
        return []
    listed = isinstance(names, Iterable) and not isinstance(names, str)
    found = list(names) if listed else []
    if not listed or not all(isinstance(name, str) for name in found):
        raise APIValidationError(
            f"{what} must be a list of names, not {short(names)}", details={"argument": what}
        )
    return found


def _expression(
    axis: Any, time: Any, result: ExecutionResult, columns: list[tuple[str, int]]
) -> None:
    if columns:
        for (tag, column), colour in zip(columns, cycle(len(columns)), strict=True):
            axis.plot(time, result.proteins[:, column], color=colour, label=tag)
        axis.set_title("proteins of the chosen genes")
        axis.set_ylabel("molecules")
        axis.legend(frameon=False, fontsize="small")
        return
    made = result.proteins.sum(axis=1)
    lines = axis.plot(time, made - made[0], color=COLOURS[0], label="proteins gained (left)")
    axis.set_title("expression, all genes")
    axis.set_ylabel("proteins gained")
    axis.yaxis.set_major_formatter(FuncFormatter(compact))
    right = axis.twinx()
    lines += right.plot(
        time, result.mrnas.sum(axis=1), color=COLOURS[1], label="transcripts present (right)"
    )
    right.set_ylabel("transcripts")
    right.set_ylim(0, 1.1 * max(1, int(result.mrnas.sum(axis=1).max(initial=0))))
    right.spines["top"].set_visible(False)
    # On the upper axes, so that no line crosses the legend.
    right.legend(handles=lines, fontsize="small", loc="lower right", framealpha=0.9)


def _machines(axis: Any, time: Any, result: ExecutionResult) -> None:
    shown = {name: n for name, n in result.machines.items() if name != "replisome"}  # none waits
    for (name, columns), colour in zip(shown.items(), cycle(len(shown)), strict=True):
        total = np.maximum(columns["total"], 1)
        axis.plot(
            time, 100 * columns["active"] / total, color=colour, label=MACHINES.get(name, name)
        )
    axis.set_ylim(0, 100)
    axis.set_title("machines at work")
    axis.set_ylabel("active [%]")
    axis.legend(frameon=False, fontsize="small")


def _resources(axis: Any, time: Any, result: ExecutionResult, pools: list[str]) -> None:
    for index, (name, colour) in enumerate(zip(pools, cycle(len(pools)), strict=True)):
        style = _STYLES[index % len(_STYLES)]
        axis.plot(time, result.resources[name], color=colour, linestyle=style, label=name)
    # Linear below 100 molecules, so that an empty pool can be shown.
    axis.set_yscale("symlog", linthresh=100)
    axis.set_ylim(bottom=0)
    axis.set_title("resources")
    axis.set_ylabel("molecules")
    axis.yaxis.set_major_formatter(FuncFormatter(compact))
    if pools:
        axis.legend(fontsize="small", ncols=2, loc="lower left", framealpha=0.9, handlelength=3)


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
        axis.barh(places, width, left=left, color=COLOURS[index], label=name, height=0.65)
        left += width
    axis.set_yticks(places, [process.replace("_", " ") for process in order])
    axis.set_title("spending by process")
    axis.set_xlabel("molecules spent")
    axis.xaxis.set_major_formatter(FuncFormatter(compact))
    if order:
        axis.legend(frameon=False, fontsize="small", loc="lower right")
