"""Plots of a population: its lineage tree, and the ages and volumes of its cells.

They need the extra ``[analysis]``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib._checks import counted, short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.population.record import Population
from bioxen_jcvi_vm_lib.result import needed
from bioxen_jcvi_vm_lib.visualization.style import COLOURS, compact, tidy

__all__ = ["lineage_tree", "population_panels"]

#: How an ending is marked; those that are not here are crosses.
_MARKS = {"removed": ("|", COLOURS[7]), "alive": (".", COLOURS[2]), "divided": ("", COLOURS[0])}
_OTHER = ("x", COLOURS[1])
_FEMTOLITRES = 1e15
#: A tree of more leaves is drawn in hair lines.
_MANY = 200


def lineage_tree(population: Population, *, colour: str | None = None, axes: Any = None) -> Any:
    """Draw who descends from whom: a line along time for each cell, forked where it divides.

    Parameters
    ----------
    population : Population
        From ``manager.grow_population``.
    colour : str, optional
        A numeric column of ``population.cells`` that colours the lines, such as
        "growth_rate_per_h" or "end_ribosomes"; without it cells that live on are green.
    axes : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes
    """
    if not isinstance(population, Population):
        raise APIValidationError(
            f"population must be a Population, not {type(population).__name__}",
            details={"argument": "population"},
        )
    cells = population.cells
    numeric = [name for name, column in cells.items() if column.dtype.kind != "U"]
    if colour is not None and (not isinstance(colour, str) or colour not in numeric):
        near = suggestion(colour, numeric) or f"; they are {', '.join(numeric)}"
        raise APIValidationError(
            f"colour is a numeric column of the cells, not {short(colour)}{near}",
            details={"argument": "colour"},
        )
    if axes is not None and not hasattr(axes, "get_figure"):
        raise APIValidationError(f"axes must be matplotlib Axes, not {type(axes).__name__}")
    if axes is None:
        pyplot = needed("matplotlib.pyplot")
        axes = pyplot.figure(figsize=(9.0, 5.0), layout="constrained").subplots()
    collections = needed("matplotlib.collections")
    scale, unit = _time_scale(population)
    begun, ended = np.maximum(cells["born_s"], 0.0) / scale, cells["ended_s"] / scale
    rows = _rows(cells["parent"])
    thin = len(population) > 2 * _MANY
    width = 0.4 if thin else 1.4
    lines = collections.LineCollection(
        np.stack([np.stack([begun, rows], 1), np.stack([ended, rows], 1)], 1), linewidths=width
    )
    if colour is None:
        lines.set_color([_MARKS.get(ending, _OTHER)[1] for ending in cells["ending"].tolist()])
    else:
        lines.set_array(cells[colour].astype(float))
        axes.get_figure().colorbar(lines, ax=axes, label=colour.replace("_", " "), pad=0.01)
    daughters = np.flatnonzero(cells["parent"] >= 0)
    mothers = cells["parent"][daughters]
    forks = np.stack(
        [
            np.stack([ended[mothers], rows[mothers]], 1),
            np.stack([begun[daughters], rows[daughters]], 1),
        ],
        1,
    )
    axes.add_collection(collections.LineCollection(forks, color="#999999", linewidths=width / 2))
    axes.add_collection(lines)
    for ending in sorted(set(cells["ending"].tolist())):
        mark, shade = _MARKS.get(ending, _OTHER)
        if mark:
            of = cells["ending"] == ending
            size = 2 if thin else 6
            axes.plot(ended[of], rows[of], mark, color=shade, markersize=size, label=ending)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="upper left", framealpha=0.9)
    axes.set_xlim(0, max(float(ended.max()), 1e-9) * 1.01)
    axes.set_ylim(-1, float(rows.max()) + 1)
    axes.set_yticks([])
    axes.set_xlabel(f"time [{unit}]")
    tidy(axes)
    axes.spines["left"].set_visible(False)
    axes.set_title(
        f"{counted(len(population), 'cell')}, {_generations(cells)}, "
        f"{len(population.living):,} alive",
        fontsize="medium",
    )
    return axes


def _generations(cells: Any) -> str:
    last = int(cells["generation"].max())
    return f"generations 0 to {last}" if last else "generation 0"


def population_panels(population: Population, *, figure: Any = None) -> Any:
    """Draw tree, ages and volumes; return the three axes."""
    pyplot = needed("matplotlib.pyplot")
    if figure is None:
        figure = pyplot.figure(figsize=(10.0, 6.4), layout="constrained")
    elif not hasattr(figure, "add_gridspec"):
        raise APIValidationError(
            f"figure must be a matplotlib Figure or None, not {short(figure)}",
            details={"argument": "figure"},
        )
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 2))
    tree = lineage_tree(population, axes=figure.add_subplot(grid[0, :]))
    ages, volumes = figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[1, 1])
    _ages(ages, population)
    _volumes(volumes, population)
    return np.array([tree, ages, volumes])


def _ages(axes: Any, population: Population) -> None:
    """Ages over the last doubling time, against those of cells that divide at one age."""
    scale, unit = _time_scale(population)
    doubling_s = population.doubling_time_s
    over_s = doubling_s if np.isfinite(doubling_s) else 0.0
    density, edges = population.age_distribution(30, over_s=over_s)
    if len(population.living):
        axes.stairs(density * scale, edges / scale, fill=True, color=COLOURS[5], label="cells")
    else:
        _nothing(axes, "no cell is alive")
    if over_s:
        age = np.linspace(0.0, doubling_s, 100)[:-1]
        expected = population.expected_age_density(age) * scale
        axes.plot(age / scale, expected, color=COLOURS[1], label="$2k\\,e^{-ka}$")
        axes.set_title("ages over the last doubling time", fontsize="medium")
        axes.legend(fontsize="small", framealpha=0.9)
    else:
        axes.set_title("ages of the living", fontsize="medium")
    axes.set_xlabel(f"age [{unit}]")
    axes.set_ylabel(f"density [1/{unit}]")
    tidy(axes)


def _volumes(axes: Any, population: Population) -> None:
    """Volumes of living cells, and those at birth and at division."""
    cells = population.cells
    groups = [
        ("at birth", cells["birth_volume_l"][cells["parent"] >= 0], COLOURS[0]),
        ("at division", cells["end_volume_l"][cells["ending"] == "divided"], COLOURS[1]),
        ("alive at the end", population.volumes_l, COLOURS[2]),
    ]
    seen = np.concatenate([values for _, values, _ in groups]) * _FEMTOLITRES
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    pad = 0.05 * (high - low) or 0.05 * (high or 1.0)
    bins = np.linspace(low - pad, high + pad, 41)
    for label, values, colour in groups:
        if len(values):
            counts, edges = np.histogram(values * _FEMTOLITRES, bins)
            axes.stairs(counts, edges, color=colour, label=label, linewidth=1.4)
    if not len(seen):
        _nothing(axes, "no cell was born here, and none is alive")
    axes.set_title("volumes", fontsize="medium")
    axes.set_xlabel("volume [fL]")
    if len(seen):
        axes.locator_params(axis="x", nbins=6)  # labels of four digits need room
    axes.set_ylabel("cells")
    if len(seen):
        axes.yaxis.set_major_formatter(compact)
        axes.legend(fontsize="small", framealpha=0.9)
    tidy(axes)


def _nothing(axes: Any, why: str) -> None:
    """Say why axes are empty, in place of ticks that would be of nothing."""
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center")
    axes.set_xticks([])
    axes.set_yticks([])


def _time_scale(population: Population) -> tuple[float, str]:
    end_s = population.end_s
    return (3600.0, "h") if end_s >= 5 * 3600 else (60.0, "min") if end_s >= 600 else (1.0, "s")


def _rows(parents: NDArray[np.int64]) -> NDArray[np.float64]:
    """Heights of the lines: leaves one above the other, a mother between her daughters.

    Cells are in the order of birth, so that mothers come before their daughters.
    """
    daughters: list[list[int]] = [[] for _ in parents]
    for cell, mother in enumerate(parents.tolist()):
        if mother >= 0:
            daughters[mother].append(cell)
    rows = np.zeros(len(parents))
    leaves = 0
    stack = [0]
    while stack:
        cell = stack.pop()
        if daughters[cell]:
            stack += reversed(daughters[cell])
        else:
            rows[cell] = leaves
            leaves += 1
    for cell in range(len(parents) - 1, -1, -1):
        if daughters[cell]:
            rows[cell] = np.mean([rows[one] for one in daughters[cell]])
    return rows
