"""The panels of a cell's cycle; imported only when something is drawn."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from bioxen_jcvi_vm_lib.result import ExecutionResult
from bioxen_jcvi_vm_lib.visualization.style import COLOURS, MACHINES, tidy, time_scale

__all__ = ["draw"]

#: Bands of the phases; what has no colour here is white.
_PHASES = {
    "B": "#e8eef4",
    "C": "#cfe3f3",
    "D": "#f6e7cf",
    "arrested": "#e4e4e4",
    "dead": "#b5b5b5",
}
#: A band that takes less of the time than this has no room for its letter.
_LEAST_NAMED = 0.03
#: Between samples that are farther apart than this share of the time nothing is known, unless the
#: cell stands on both sides where it stood.
_LONGEST_GAP = 0.05
#: Room for the legend above the lines, as a share of their height.
_HEADROOM = 0.35


def draw(panels: Any, result: ExecutionResult) -> None:
    """Draw into five panels that share their time; see ``plots.cell_cycle_timeline``."""
    cycle = result.cell_cycle
    scale, unit = time_scale(result)
    time = result.time_s / scale
    gaps = _gaps(time, cycle)
    line_time = np.insert(time, gaps, time[gaps - 1])

    def broken(values: Any) -> Any:
        """Values along `line_time`: a line ends where a gap begins."""
        return np.insert(np.asarray(values, dtype=float), gaps, np.nan)

    size, growth, copies, forks, machines = panels
    volume = broken(cycle["volume_l"] * 1e15)
    lines = size.plot(line_time, volume, color=COLOURS[0], label="volume (left)")
    size.set_ylabel("volume [fL]")
    surface = size.twinx()
    lines += surface.plot(
        line_time,
        broken(cycle["surface_ratio"]),
        color=COLOURS[1],
        label="surface, to that at birth (right)",
    )
    surface.set_ylabel("surface")
    surface.spines["top"].set_visible(False)
    for axis in (size, surface):
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + _HEADROOM * (high - low))
    growth.plot(line_time, broken(cycle["growth_rate_per_h"]), color=COLOURS[2])
    growth.set_ylabel("growth [1/h]")
    growth.set_ylim(bottom=min(0.0, float(cycle["growth_rate_per_h"].min())))
    for name, label, colour in (
        ("origins", "origin", COLOURS[0]),
        ("chromosomes", "terminus: whole chromosomes", COLOURS[1]),
    ):
        copies.step(line_time, broken(cycle[name]), where="post", color=colour, label=label)
    copies.set_ylabel("copies")
    copies.set_ylim(0, 1.6 * max(cycle["origins"].max(), cycle["chromosomes"].max()))
    forks.step(line_time, broken(cycle["forks"]), where="post", color=COLOURS[3], label="at work")
    forks.set_ylabel("forks")
    forks.set_ylim(0, 1.3 * max(1, cycle["forks"].max()))
    _machines(machines, line_time, result, broken)
    machines.set_xlabel(f"age of the cell [{unit}]")
    machines.set_xlim(time[0], time[-1])
    spans = _spans(time, cycle["phase"].tolist(), gaps)
    for axis in panels:
        tidy(axis)
        for phase, begins, ends in spans:
            shade = _PHASES.get(phase, "#ffffff")
            axis.axvspan(begins, ends, color=shade, linewidth=0, zorder=0)
        for row in np.flatnonzero(np.diff(cycle["generation"])):
            axis.axvline(time[row + 1], color="#444444", linewidth=0.9)
    surface.legend(handles=lines, fontsize="small", loc="upper left", ncols=2, framealpha=0.9)
    for axis in (copies, machines):
        axis.legend(fontsize="small", loc="upper left", ncols=3, framealpha=0.9)
    _name_phases(size, time, [*spans, *(("not sampled", *time[[i - 1, i]]) for i in gaps)])


def _machines(axis: Any, time: Any, result: ExecutionResult, broken: Any) -> None:
    kinds = [kind for kind in result.machines if kind != "replisome"]  # there are none at birth
    for kind, colour in zip(kinds, COLOURS, strict=False):
        total = result.machines[kind]["total"]
        label = f"{MACHINES.get(kind, kind)}, {total[0]:,} to {total[-1]:,}"
        axis.plot(time, broken(total / max(1, total[0])), color=colour, label=label)
    axis.set_ylabel("machines, to the\nfirst sample")
    axis.margins(y=0.2)


def _gaps(time: Any, cycle: Any) -> Any:
    """Return the samples before which the cycle went on unseen, as through a ``replicate()``."""
    changed = np.zeros(len(time) - 1, dtype=bool)
    for name in ("phase", "generation", "origins", "chromosomes", "forks"):
        changed |= cycle[name][1:] != cycle[name][:-1]
    return np.flatnonzero(changed & (np.diff(time) > _LONGEST_GAP * (time[-1] - time[0]))) + 1


def _spans(time: Any, phases: list[str], gaps: Any) -> list[tuple[str, float, float]]:
    """Return the phases that follow one another, each until the next one is seen or a gap."""
    unseen = set(gaps.tolist())
    rows = range(1, len(phases))
    starts = [0, *(row for row in rows if phases[row] != phases[row - 1] or row in unseen)]
    pairs = [*itertools.pairwise(starts), (starts[-1], len(phases) - 1)]
    return [
        (phases[here], float(time[here]), float(time[max(here, there - (there in unseen))]))
        for here, there in pairs
    ]


def _name_phases(axis: Any, time: Any, spans: list[tuple[str, float, float]]) -> None:
    for phase, begins, ends in spans:
        if ends - begins > _LEAST_NAMED * (time[-1] - time[0]):
            axis.annotate(
                phase,
                ((begins + ends) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontweight="normal" if phase == "not sampled" else "bold",
            )
