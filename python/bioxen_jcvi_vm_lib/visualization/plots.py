"""Plots of runs and cells, each into axes that are given or made, and returned.

They need the extra ``[analysis]``; where an argument is not acceptable they raise
`APIValidationError`.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib._checks import seconds, short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.result import ExecutionResult, needed
from bioxen_jcvi_vm_lib.visualization.lineage import lineage_tree
from bioxen_jcvi_vm_lib.visualization.style import (
    COLOURS,
    compact,
    gene_column,
    gene_label,
    tidy,
    time_scale,
)

__all__ = [
    "cell_cycle_timeline",
    "expression_heat_map",
    "genome_traffic",
    "lineage_tree",
    "resource_budget",
    "ribosome_occupancy",
]

#: Most samples of a plot that looks at a cell's future.
MAX_SAMPLES = 100_000


def cell_cycle_timeline(result: ExecutionResult, *, figure: Any = None) -> Any:
    """Draw a cell's cycle along time: its phases as bands behind five panels.

    Parameters
    ----------
    result : ExecutionResult
        Of a cell that grows, with samples, so run with ``every_s``.
    figure : matplotlib Figure, optional
        Where to draw; without it a new one is made.

    Returns
    -------
    ndarray of matplotlib Axes, shape (5,)
        Volume, and surface on the right axis; growth rate; copies of origin and terminus
        of the longest replicon, which are those begun and those that are whole; replication forks;
        machines relative to the first sample. A vertical line is a division. Where the cycle
        went on between two samples far apart, as in a ``replicate()``, nothing is drawn.
    """
    _result(result)
    if not result.cell_cycle:
        raise APIValidationError(
            "this result is of a cell that does not grow: create it with cell_cycle=True"
        )
    if len(result.time_s) < 2:
        raise APIValidationError("a timeline needs at least two samples: run with every_s")
    needed("matplotlib")
    if figure is None:
        figure = needed("matplotlib.pyplot").figure(figsize=(9.0, 8.6), layout="constrained")
    elif not hasattr(figure, "subplots"):
        raise APIValidationError(
            f"figure must be a matplotlib Figure or None, not {short(figure)}",
            details={"argument": "figure"},
        )
    panels = figure.subplots(5, 1, sharex=True, height_ratios=(3, 2, 2, 1, 3))
    timeline = importlib.import_module("bioxen_jcvi_vm_lib.visualization.timeline")
    timeline.draw(panels, result)
    return panels


def expression_heat_map(
    result: ExecutionResult,
    *,
    genes: Sequence[str] | None = None,
    what: str = "proteins",
    top: int = 40,
    axes: Any = None,
) -> Any:
    """Draw molecules by gene and time, on a logarithmic colour scale.

    Parameters
    ----------
    result : ExecutionResult
        With samples, so run with ``every_s``.
    genes : sequence of str, optional
        Locus tags or names, drawn in this order; None: the `top` genes with the most molecules at
        the end.
    what : str
        "proteins" or "mrnas".
    top : int
        How many genes where none are named.
    axes : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes
    """
    _result(result)
    if what not in ("proteins", "mrnas"):
        raise APIValidationError(f'what is "proteins" or "mrnas", not {short(what)}')
    _whole(top, "top", 1, 1_000_000)
    if genes is not None and (isinstance(genes, str) or not isinstance(genes, Sequence)):
        raise APIValidationError(f"genes is a list of locus tags, or None, not {short(genes)}")
    if genes is not None and not genes:
        raise APIValidationError("genes is empty: name at least one, or give None for the top ones")
    if len(result.time_s) < 2:
        raise APIValidationError(
            "a heat map over time needs at least two samples: run with every_s"
        )
    table = getattr(result, what)
    if genes is None:
        columns = np.argsort(-table[-1], kind="stable")[:top].tolist()
    else:
        columns = [gene_column(result, tag) for tag in genes]
    scale, unit = time_scale(result)
    axes = _axes(axes, (9.0, 1.2 + 0.18 * len(columns)))
    colors = needed("matplotlib.colors")
    shown = table[:, columns].T
    most = max(2, int(shown.max(initial=0)))
    mesh = axes.pcolormesh(
        result.time_s / scale,
        np.arange(len(columns)),
        shown,
        norm=colors.SymLogNorm(linthresh=1.0, vmin=0, vmax=most),
        cmap="viridis",
        shading="nearest",
    )
    axes.figure.colorbar(
        mesh, ax=axes, label=f"{what.replace('mrnas', 'transcripts')} [molecules]", pad=0.02
    )
    axes.set_yticks(np.arange(len(columns)), [gene_label(result, index) for index in columns])
    axes.tick_params(axis="y", labelsize=7, length=0)
    axes.invert_yaxis()
    axes.set_xlabel(f"age of the cell [{unit}]")
    axes.set_title("expression")
    return axes


def genome_traffic(
    context: CellularContext,
    *,
    replicon: int = 0,
    duration_s: float = 60.0,
    bins: int = 300,
    axes: Any = None,
) -> Any:
    """Draw where machines are along a replicon, on average over the cell's next while.

    What is looked at is a replay: the cell itself stays as it is.

    Parameters
    ----------
    context : CellularContext
        The cell.
    replicon : int
        Which one.
    duration_s : float
        How much of its future [s], sampled every second; 0: the present moment.
    bins : int
        Into how many parts the replicon is divided, 10 to 100,000.
    axes : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes
        RNA polymerases as bars, and as a line, on the right axis, ribosomes; those of genes on the
        forward strand upwards, of the reverse strand downwards.
    """
    _context(context)
    replicons = context.runtime.replicons
    if (
        isinstance(replicon, bool)
        or not isinstance(replicon, int)
        or not 0 <= replicon < len(replicons)
    ):
        raise APIValidationError(
            f"no replicon {short(replicon)}: there are {len(replicons)}, counted from 0"
        )
    _whole(bins, "bins", 10, 100_000)
    length = replicons[replicon].length_nt
    edges = np.linspace(0.0, length, bins + 1)
    counts = {
        (kind, strand): np.zeros(bins)
        for kind in ("rna_polymerase", "ribosome")
        for strand in (1, -1)
    }
    samples = 0
    for machines in _moments(context, duration_s, 1.0):
        samples += 1
        here = machines[machines["replicon"] == replicon]
        for (kind, strand), count in counts.items():
            chosen = (here["kind"] == kind) & (here["strand"] == strand)
            count += strand * np.histogram(here["position_nt"][chosen], edges)[0]
    per_kb = 1000.0 / (length / bins) / samples
    axes = _axes(axes, (11.0, 3.6))
    middle = (edges[:-1] + edges[1:]) / 2e3
    width = length / bins / 1e3
    right = axes.twinx()  # above, so that no bar hides the line
    for strand, name, colour in ((1, "forward", COLOURS[0]), (-1, "reverse", COLOURS[1])):
        label = f"RNA polymerases, {name} strand"
        heights = counts["rna_polymerase", strand] * per_kb
        axes.bar(middle, heights, width, color=colour, label=label)
        line = right.stairs(
            counts["ribosome", strand] * per_kb,
            edges / 1e3,
            color=COLOURS[6],
            linewidth=0.8,
            label="ribosomes (right)",
        )
    for side, kind in ((axes, "rna_polymerase"), (right, "ribosome")):
        most = max(1e-9, *(abs(counts[kind, strand]).max() * per_kb for strand in (1, -1)))
        side.set_ylim(-1.1 * most, 1.1 * most)
        side.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.3g}")
    axes.set_xlim(0, length / 1e3)
    axes.set_xlabel(f"position on {replicons[replicon].name} [kb]")
    axes.set_ylabel("RNA polymerases per kb")
    right.set_ylabel("ribosomes per kb")
    tidy(axes)
    right.spines[["top", "left"]].set_visible(False)
    axes.legend(
        handles=[*axes.get_legend_handles_labels()[0], line],
        frameon=False,
        fontsize="small",
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        columnspacing=1.2,
        handlelength=1.4,
    )
    span = f"mean over {samples - 1} s" if samples > 1 else "at one moment"
    axes.set_title(f"traffic on the genome, {span}", loc="left")
    return axes


def resource_budget(result: ExecutionResult, resource: str = "ATP", *, axes: Any = None) -> Any:
    """Draw where the molecules of a resource came from and went, by process.

    Parameters
    ----------
    result : ExecutionResult
        The run.
    resource : str
        Name of a pool.
    axes : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes
        Bars to the right for molecules gained, to the left for molecules spent; they add up to
        what the pool changed by, which stands in the title.
    """
    _result(result)
    if not isinstance(resource, str) or resource not in result.resources:
        near = suggestion(resource, result.resources)
        raise APIValidationError(f"no resource {short(resource)} in this result{near}")
    legs = {
        process: account[resource]
        for process, account in result.ledger.items()
        if account.get(resource)
    }
    order = sorted(legs, key=lambda process: legs[process])
    axes = _axes(axes, (8.0, 1.4 + 0.34 * len(order)))
    values = [legs[process] for process in order]
    colours = [COLOURS[0] if value > 0 else COLOURS[1] for value in values]
    places = np.arange(len(order))
    axes.barh(places, values, color=colours, height=0.65)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            compact(value),
            (value, place),
            xytext=(4 if value > 0 else -4, 0),
            textcoords="offset points",
            va="center",
            ha="left" if value > 0 else "right",
            fontsize="small",
        )
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.margins(x=0.16)
    axes.set_yticks(places, [process.replace("_", " ") for process in order])
    axes.set_xlabel(f"molecules of {resource}: spent (left), gained (right)")
    axes.xaxis.set_major_formatter(compact)
    tidy(axes)
    axes.set_title(
        f"{resource} in {result.sim_time_s:g} s: {sum(values):+,} molecules", fontsize="medium"
    )
    return axes


def ribosome_occupancy(
    context: CellularContext,
    gene: str,
    *,
    duration_s: float = 600.0,
    every_s: float = 1.0,
    axes: Any = None,
) -> Any:
    """Draw how often a ribosome is at each codon of a gene, over the cell's next while.

    What is looked at is a replay: the cell itself stays as it is.

    Parameters
    ----------
    context : CellularContext
        The cell.
    gene : str
        Locus tag or name of a gene for a protein.
    duration_s, every_s : float
        How much of its future, and how often it is sampled [s].
    axes : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes
        Ribosomes per transcript of the gene by codon (the one in the ribosome's A site).
    """
    _context(context)
    index = context.runtime.gene_index(gene)
    found = context.runtime.genes[index]
    if found.kind != "protein":
        raise APIValidationError(
            f"{found.locus_tag} is {found.kind}: ribosomes are on genes for proteins"
        )
    codons = found.length_nt // 3
    length = context.runtime.replicons[found.replicon].length_nt
    counts = np.zeros(codons)
    transcripts = samples = 0
    for machines, cell in _looks(context, duration_s, every_s):
        samples += 1
        transcripts += int(cell.mrnas[index])
        here = machines["position_nt"][
            (machines["kind"] == "ribosome") & (machines["gene"] == index)
        ]
        along = here - found.start if found.strand > 0 else found.end - 1 - here
        places = (along % length) // 3
        np.add.at(counts, places[places < codons], 1.0)
    axes = _axes(axes, (9.0, 3.0))
    axes.bar(np.arange(1, codons + 1), counts / max(1, transcripts), width=1.0, color=COLOURS[0])
    axes.set_xlim(0.5, codons + 0.5)
    axes.set_xlabel("codon")
    axes.set_ylabel("ribosomes per transcript")
    tidy(axes)
    name = found.locus_tag if not found.name else f"{found.name} ({found.locus_tag})"
    axes.set_title(
        f"ribosomes on {name}: {int(counts.sum()):,} seen in {samples:,} samples, "
        f"{transcripts / samples:.2g} transcripts on average",
        fontsize="medium",
    )
    return axes


def _context(context: Any) -> None:
    if not isinstance(context, CellularContext):
        raise APIValidationError(
            f"context must be a CellularContext, not {type(context).__name__}",
            details={"argument": "context"},
        )


def _result(result: Any) -> None:
    if not isinstance(result, ExecutionResult):
        raise APIValidationError(
            f"result must be an ExecutionResult, not {type(result).__name__}",
            details={"argument": "result"},
        )


def _whole(value: Any, what: str, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise APIValidationError(
            f"{what} is a whole number from {least} to {most:,}, not {short(value)}",
            details={"argument": what},
        )


def _axes(axes: Any, size: tuple[float, float]) -> Any:
    if axes is not None and not hasattr(axes, "get_figure"):
        raise APIValidationError(f"axes must be matplotlib Axes, not {type(axes).__name__}")
    if axes is not None:
        return axes
    needed("matplotlib")
    pyplot = needed("matplotlib.pyplot")
    return pyplot.figure(figsize=size, layout="constrained").subplots()


def _looks(
    context: CellularContext, duration_s: float, every_s: float
) -> Iterator[tuple[NDArray[Any], CellularContext]]:
    """Yield what a replay of the cell has on its genome, now and at every interval."""
    duration, every = seconds(duration_s, "duration_s", zero=True), seconds(every_s, "every_s")
    if duration / every > MAX_SAMPLES:
        raise APIValidationError(
            f"{duration:g} s every {every:g} s are more than {MAX_SAMPLES:,} samples: "
            "give a larger every_s or a shorter duration_s"
        )
    with context.fork(replay=True) as cell:
        yield cell.polymerases(), cell
        for _ in range(math.floor(duration / every + 1e-9)):  # 1.2 / 0.1 is 11.999...
            cell.run(every)
            yield cell.polymerases(), cell


def _moments(context: CellularContext, duration_s: float, every_s: float) -> Iterator[NDArray[Any]]:
    for machines, _ in _looks(context, duration_s, every_s):
        yield machines
