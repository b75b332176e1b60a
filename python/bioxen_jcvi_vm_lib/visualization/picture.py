"""A picture of a hypervisor in text: where the machine's time goes, and what every cell does."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState
from bioxen_jcvi_vm_lib.hypervisor.metrics import STATES, HypervisorMetrics, VmMetrics, VmTable
from bioxen_jcvi_vm_lib.visualization.cell_view import CellView
from bioxen_jcvi_vm_lib.visualization.text import (
    Line,
    clock,
    compact,
    femtolitres,
    flowed,
    named,
    of_bytes,
    paced,
    plain,
    shortened,
)

__all__ = ["Picture"]

#: Lines of cells where no terminal says how many fit.
_ON_PAPER = 50
#: Smallest terminal [columns, lines]: it has a line for the machine, for a cell and for the keys.
SMALLEST = (20, 5)
#: Lines of cells that a terminal has before it has one cell in full, and the least lines of that.
_FEW_CELLS, _LEAST_OF_A_CELL = 3, 3
#: Lines from which on the last one stays empty above keys, too.
_ROOMY = 11
#: Time over which rates are taken [ns].
WINDOW_NS = 1_500_000_000

_STATE_STYLES = {
    "created": "dim",
    "running": "green",
    "idle": "dim",
    "paused": "yellow",
    "quota": "yellow",
    "stopped": "dim",
    "error": "bold red",
}


def _state(vm: VmMetrics) -> str:
    """Say what state a cell is in: "idle" if no run is asked of it, "quota" if that ended it."""
    if vm.state == "running":
        return "running" if vm.runs_waiting else "idle"
    return "quota" if vm.cause and vm.state != "error" else vm.state


def _states(table: VmTable) -> Counter[str]:
    """Count the cells by what `_state` says of them."""
    codes = table.column("state")
    labels = np.array([*STATES, "idle", "quota"])
    running, failed = STATES.index("running"), STATES.index("error")
    said = codes.copy()
    said[(codes == running) & (table.column("runs_waiting") == 0)] = len(STATES)
    said[(codes != running) & (codes != failed) & (table.column("explained") != 0)] = (
        len(STATES) + 1
    )
    return Counter(labels[said].tolist())


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a machine did since the look before."""

    vm: VmMetrics
    cpu: float
    pace: float
    steps_per_s: float


class Picture:
    """A picture of a hypervisor that fits the terminal, made of looks at its metrics.

    Rates are those of the last two seconds, or since the hypervisor was made if nobody looked
    before.

    Parameters
    ----------
    title : str
        What runs, for the first line.
    heading : str
        The first words of that line.

    Attributes
    ----------
    selected : str or None
        Machine whose line is marked; the lines are then in the order of creation, else those that
        had most of the time come first.
    cell : CellView or None
        A cell that is shown below the lines.
    foot : str or tuple of str
        The last line of a terminal; of several forms the first that fits.
    """

    def __init__(self, title: str, heading: str = "bioxen") -> None:
        self._title = title
        self._heading = heading
        self._looks: deque[HypervisorMetrics] = deque()
        self.selected: str | None = None
        self.cell: CellView | None = None
        self.foot: str | tuple[str, ...] = ""

    def update(self, metrics: HypervisorMetrics) -> None:
        """Take the next look."""
        self._looks.append(metrics)
        while len(self._looks) > 2 and metrics.uptime_ns - self._looks[1].uptime_ns >= WINDOW_NS:
            self._looks.popleft()

    @property
    def _before(self) -> HypervisorMetrics | None:
        return self._looks[0] if len(self._looks) > 1 else None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or options.max_height if console.is_terminal else None
        for line in self._lines(options.max_width, height):
            for drawn, style in line:
                text = plain(drawn) if options.ascii_only else drawn
                yield Segment(text, console.get_style(style) if style else None)
            yield Segment.line()

    def _lines(self, width: int, height: int | None) -> Iterator[Line]:
        if not self._looks:
            yield [("nothing measured yet", "")]
            return
        if height is not None and (width < SMALLEST[0] or height < SMALLEST[1]):
            needed = "x".join(map(str, SMALLEST))
            forms = f"terminal too small (needs {needed})", f"needs {needed}", "small"
            yield [(_fitting(forms, max(1, width)), "")]
            return
        now = self._looks[-1]
        table, gained = now.vms, self._gained(now)
        steps_per_s = float(gained["steps"].sum()) / self._elapsed_s(now)
        header = self._header(now, steps_per_s, width)
        cell = [] if self.cell is None else list(self.cell.lines(width))
        foot = [[(_fitting(self.foot, width), "dim")]] if self.foot else []
        room = _ON_PAPER
        if height is not None:
            spare = height >= _ROOMY or not foot  # the cursor of a picture that stays
            left = height - spare - len(foot) - 1  # the line of headings
            header, cell = _shared_out(left, header, cell, len(table))
            room = max(1, left - sum(map(len, header)) - len(cell))
        shown = self._order(table, gained, room)
        rates = [self._rate(now, gained, place) for place in shown.tolist()]
        for block in header:
            yield from block
        yield from _table(rates, width, self.selected)
        if len(shown) < len(table) and room > 1:
            yield [(f"and {len(table) - len(shown):,} more", "dim")]
        yield from cell
        yield from foot

    def _order(self, table: VmTable, gained: dict[str, NDArray[Any]], room: int) -> NDArray[Any]:
        """Return the places of the machines that have a line."""
        count = len(table) if len(table) <= room else max(1, room - 1)
        if self.selected is None:
            return np.lexsort((-table.column("cpu_ns"), -gained["cpu_ns"]))[:count]
        names = table.column("vm_id")
        place = names.index(self.selected) if self.selected in names else 0
        first = min(max(0, place - count // 2), len(table) - count)
        return np.arange(first, first + count)

    def _gained(self, now: HypervisorMetrics) -> dict[str, NDArray[Any]]:
        """Return what every cell did since the look before, by kind."""
        columns = {name: now.vms.column(name) for name in ("cpu_ns", "time_s", "steps")}
        if self._before is None:
            return columns
        then = self._before.vms
        _, here, there = np.intersect1d(
            now.vms.column("key"), then.column("key"), return_indices=True
        )
        for name, column in columns.items():
            column[here] -= then.column(name)[there]
        return columns

    def _rate(self, now: HypervisorMetrics, gained: dict[str, NDArray[Any]], place: int) -> _Rate:
        elapsed = self._elapsed_s(now)
        cpu, age, steps = (float(gained[name][place]) for name in ("cpu_ns", "time_s", "steps"))
        return _Rate(now.vms[place], cpu / 1e9 / elapsed, age / elapsed, steps / elapsed)

    def _elapsed_s(self, now: HypervisorMetrics) -> float:
        since = 0 if self._before is None else self._before.uptime_ns
        return max(now.uptime_ns - since, 1) / 1e9

    def _header(self, now: HypervisorMetrics, steps_per_s: float, width: int) -> list[list[Line]]:
        """Return blocks of lines, the most important first."""
        table = now.vms
        states = _states(table)
        busy, overhead, steal, idle = _shares(now, self._before)
        cpu_ns, memory, misses = (
            int(table.column(name).sum()) for name in ("cpu_ns", "memory_bytes", "deadline_misses")
        )
        cpu_ns += now.departed_cpu_ns
        title = f"  up {clock(now.uptime_ns / 1e9)}  {self._title}"
        room = max(0, width - len(self._heading))
        cells = [f"{states[state]:,} {state}" for state in _STATE_STYLES if states[state]]
        workers = [
            f"busy {busy:.1f} %",
            f"overhead {overhead:.1f} %",
            f"OS steal {steal:.1f} %",
            f"idle {idle:.1f} %",
        ]
        work = [f"CPU {cpu_ns / 1e9:,.1f} s", f"memory {of_bytes(memory)}", f"misses {misses:,}"]
        return [
            [[(self._heading, "bold"), (set_cell_size(title, room).rstrip(), "")]],
            list(flowed("cells", f"{len(now.vms):,}:", cells or ["none"], width)),
            list(flowed("workers", f"{len(now.workers)}:", workers, width)),
            list(flowed("steps/s", compact(steps_per_s), work, width)),
        ]


def _fitting(forms: str | tuple[str, ...], width: int) -> str:
    """Return the first form that fits; of none, the last one shortened."""
    every = (forms,) if isinstance(forms, str) else forms
    return next((form for form in every if len(form) <= width), shortened(every[-1], width))


def _shared_out(
    left: int, header: list[list[Line]], cell: list[Line], cells: int
) -> tuple[list[list[Line]], list[Line]]:
    """Return what has room of the header's blocks and of the cell in full.

    A few lines of cells go before everything, title and states before the cell in full, and that
    before workers and work.
    """
    least = max(1, min(cells, _FEW_CELLS, left // 2))
    kept = []
    for number, block in enumerate(header):
        others = least if number < 2 else least + min(len(cell), _LEAST_OF_A_CELL)
        if left - len(block) < others:
            break
        kept.append(block)
        left -= len(block)
    of_cell = left - least
    return kept, cell[:of_cell] if of_cell >= min(len(cell), _LEAST_OF_A_CELL) else []


def _shares(now: HypervisorMetrics, before: HypervisorMetrics | None) -> tuple[float, ...]:
    """Busy, overhead, time that the OS took of both, and idle, since the look before.

    All in % of the workers' time: together they are 100 %.
    """

    def spent(name: str) -> int:
        old = 0 if before is None else sum(getattr(worker, name) for worker in before.workers)
        return int(sum(getattr(worker, name) for worker in now.workers) - old)

    steal, of_overhead = spent("os_steal_ns"), spent("overhead_os_steal_ns")
    busy = spent("context_ns") - (steal - of_overhead)
    parts = (busy, spent("overhead_ns") - of_overhead, steal, spent("idle_ns"))
    # a worker's account is brought up to date at the end of a slice, and of an idle spell
    whole = max(sum(parts), 1)
    return tuple(100 * part / whole for part in parts)


@dataclass(frozen=True, slots=True)
class _Column:
    """What one column, beside the cell's name, says of a cell."""

    name: str
    #: The column with the highest one goes first where not all have room.
    rank: int
    text: Callable[[_Rate], str]
    left: bool = False
    most: int = 30

    def padded(self, text: str, width: int) -> str:
        return text.ljust(width) if self.left else text.rjust(width)


_COLUMNS = (
    _Column("state", 0, lambda rate: _state(rate.vm), left=True),
    _Column("phase", 1, lambda rate: _of_cycle(rate.vm, lambda c: c.phase), left=True),
    _Column("policy", 7, lambda rate: str(rate.vm.policy), left=True),
    _Column("age s", 2, lambda rate: f"{rate.vm.time_s:.1f}"),
    _Column("CPU s", 13, lambda rate: f"{rate.vm.cpu_s:.2f}"),
    _Column("CPU %", 3, lambda rate: f"{100 * rate.cpu:.1f}"),
    _Column("pace", 4, lambda rate: paced(rate.pace)),
    _Column("asked", 15, lambda rate: paced(rate.vm.pace) if rate.vm.pace else "-"),
    _Column("steps/s", 5, lambda rate: compact(rate.steps_per_s)),
    _Column("growth/h", 6, lambda rate: _of_cycle(rate.vm, lambda c: f"{c.growth_rate_per_h:.2f}")),
    _Column("fL", 11, lambda rate: _of_cycle(rate.vm, lambda c: femtolitres(c.volume_l))),
    _Column("RNAP %", 9, lambda rate: _active(rate.vm, "rna_polymerase")),
    _Column("ribo %", 10, lambda rate: _active(rate.vm, "ribosome")),
    _Column("ATP", 12, lambda rate: compact(rate.vm.atp)),
    _Column("mem", 16, lambda rate: of_bytes(rate.vm.memory_bytes)),
    _Column("granted", 14, lambda rate: _granted(rate.vm)),
    _Column("switches", 17, lambda rate: compact(rate.vm.switches)),
    _Column("miss", 8, lambda rate: compact(rate.vm.deadline_misses)),
    _Column("why", 18, lambda rate: rate.vm.cause, left=True, most=60),
)
#: Columns go rather than that names are shortened to less; the most of a name that is shown.
_SHORT_NAME, _LONG_NAME = 12, 30


def _table(rates: Sequence[_Rate], width: int, selected: str | None) -> Iterator[Line]:
    """One line per cell; what does not fit is left to wider terminals."""
    texts = {c.name: [shortened(c.text(rate), c.most) for rate in rates] for c in _COLUMNS}
    columns = [c for c in _COLUMNS if set(texts[c.name]) - {"", "-"}] or list(_COLUMNS[:1])
    widths = {c.name: max(len(c.name), *map(len, texts[c.name]), 0) for c in columns}
    longest = max(4, *(cell_len(rate.vm.vm_id) for rate in rates), 0)

    def room() -> int:
        """Cells left of the line for the names."""
        return width - sum(widths.values()) - len(widths)

    while room() < min(longest, _SHORT_NAME) and len(columns) > 1:
        last = max(columns, key=lambda column: column.rank)
        columns.remove(last)
        del widths[last.name]
    first = max(1, min(longest, room(), _LONG_NAME))
    head = [named("cell", first), *(c.padded(c.name, widths[c.name]) for c in columns)]
    yield [(" ".join(head), "reverse")]
    padded = [[c.padded(text, widths[c.name]) for text in texts[c.name]] for c in columns]
    for rate, state, *others in zip(rates, *padded, strict=True):
        yield [
            (named(rate.vm.vm_id, first), "reverse" if rate.vm.vm_id == selected else ""),
            (" ", ""),
            (state, _STATE_STYLES[state.rstrip()]),
            (" " + " ".join(others), ""),
        ]


def _active(vm: VmMetrics, kind: str) -> str:
    machines = vm.machines[kind]
    return f"{100 * machines['active'] / machines['total']:.0f}" if machines["total"] else "-"


def _of_cycle(vm: VmMetrics, say: Callable[[CellCycleState], str]) -> str:
    """Say something of a cell that grows."""
    return "-" if vm.cell_cycle is None else say(vm.cell_cycle)


def _granted(vm: VmMetrics) -> str:
    """Ribosomes and RNA polymerases of the chassis."""
    if vm.grant is None:
        return "-"
    return f"{vm.grant['ribosomes']}/{vm.grant['rna_polymerases']}"
