"""What ``bioxen top`` shows: where the machine's time goes, and what every cell does."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import threading
import time
import tty
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment

from bioxen_jcvi_vm_lib.hypervisor.metrics import STATES, HypervisorMetrics, VmMetrics, VmTable

__all__ = ["Enough", "Screen", "TerminalMonitor"]

#: Time over which rates are taken [ns].
WINDOW_NS = 1_500_000_000
#: Time between two pictures where they follow one another on paper [s].
PLAIN_INTERVAL_S = 1.0

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


#: Texts with their styles.
_Line = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a machine did since the look before."""

    vm: VmMetrics
    cpu: float
    pace: float
    steps_per_s: float


class TerminalMonitor:
    """A picture of a hypervisor that fits the terminal, made of looks at its metrics.

    Rates are those of the last two seconds, or since the hypervisor was made if nobody looked
    before.

    Parameters
    ----------
    title : str
        What runs, for the first line.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._looks: deque[HypervisorMetrics] = deque()

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
            for text, style in line:
                yield Segment(text, console.get_style(style) if style else None)
            yield Segment.line()

    def _lines(self, width: int, height: int | None) -> Iterator[_Line]:
        if not self._looks:
            yield [("nothing measured yet", "")]
            return
        now = self._looks[-1]
        table, gained = now.vms, self._gained(now)
        steps_per_s = float(gained["steps"].sum()) / self._elapsed_s(now)
        header = list(self._header(now, steps_per_s, width))
        order = np.lexsort((-table.column("cpu_ns"), -gained["cpu_ns"]))
        room = len(order) if height is None else max(1, height - len(header) - 2)
        shown = order if len(order) <= room else order[: max(1, room - 1)]
        yield from header
        yield from _table([self._rate(now, gained, place) for place in shown.tolist()], width)
        if len(shown) < len(order):
            yield [(f"and {len(order) - len(shown):,} more", "dim")]

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

    def _header(self, now: HypervisorMetrics, steps_per_s: float, width: int) -> Iterator[_Line]:
        table = now.vms
        states = _states(table)
        busy, overhead, steal, idle = _shares(now, self._before)
        cpu_ns, memory, misses = (
            int(table.column(name).sum()) for name in ("cpu_ns", "memory_bytes", "deadline_misses")
        )
        cpu_ns += now.departed_cpu_ns
        title = f"  up {_clock(now.uptime_ns / 1e9)}  {self._title}"
        yield [("bioxen top", "bold"), (set_cell_size(title, max(0, width - 10)).rstrip(), "")]
        yield from _flowed(
            "cells",
            f"{len(now.vms):,}:",
            [f"{states[state]:,} {state}" for state in _STATE_STYLES if states[state]] or ["none"],
            width,
        )
        yield from _flowed(
            "workers",
            f"{len(now.workers)}:",
            [
                f"busy {busy:.1f} %",
                f"overhead {overhead:.1f} %",
                f"OS steal {steal:.1f} %",
                f"idle {idle:.1f} %",
            ],
            width,
        )
        yield from _flowed(
            "steps/s",
            _compact(steps_per_s),
            [
                f"CPU {cpu_ns / 1e9:,.1f} s",
                f"memory {_bytes(memory)}",
                f"misses {misses:,}",
            ],
            width,
        )


class Enough(Exception):  # noqa: N818 - no error
    """Nothing more is to be shown: the one picture was, or the key q was pressed."""


class _Keys:
    """The keys pressed on the terminal at the standard input, if there is one."""

    def __init__(self) -> None:
        self._terminal: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            descriptor = sys.stdin.fileno()
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
                self._before: list[Any] = termios.tcgetattr(descriptor)
                self._terminal = descriptor  # first: what is set is put back whatever comes
                tty.setcbreak(descriptor, termios.TCSANOW)  # keys come at once; Ctrl-C stays
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal is not None:
            with contextlib.suppress(termios.error):  # it has hung up
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)

    def pressed(self) -> bytes:
        """Return what was pressed since the call before."""
        if self._terminal is None or not select.select([self._terminal], [], [], 0)[0]:
            return b""
        return os.read(self._terminal, 1024)


class _Signals:
    """Lets a request to end, or a terminal that hangs up, unwind as an exit with 128 + number.

    Only where nobody else handles the signal, and on the main thread, as Python wants it.
    """

    def __init__(self) -> None:
        self._taken: list[int] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._taken.append(number)
                    signal.signal(number, self._end)
        return self

    def __exit__(self, *_: object) -> None:
        while self._taken:
            signal.signal(self._taken.pop(), signal.SIG_DFL)

    @staticmethod
    def _end(number: int, _: object) -> None:
        raise SystemExit(128 + number)


class Screen:
    """Shows a hypervisor while it runs: in place on a terminal, where the key q ends it, else one
    picture after the other.

    Parameters
    ----------
    console : Console
        Where to.
    title : str
        What runs.
    metrics : callable
        Gives the hypervisor's metrics.
    once : bool
        Whether `update` raises `Enough` after the first picture.
    """

    def __init__(
        self,
        console: Console,
        title: str,
        metrics: Callable[[], HypervisorMetrics],
        *,
        once: bool = False,
    ) -> None:
        self._console = console
        self._title = title
        self._metrics = metrics
        self._once = once
        self._monitor = TerminalMonitor(title)
        self._live: Live | None = None
        self._keys = _Keys()
        self._signals = _Signals()
        if console.is_terminal and not once:
            self._live = Live(self._monitor, console=console, screen=True, auto_refresh=False)
        self._shown_s = time.monotonic()

    def __enter__(self) -> Self:
        self._monitor.update(self._metrics())
        if self._live is not None:
            try:
                self._signals.__enter__()
                self._keys.__enter__()
                self._live.start(refresh=True)
            except BaseException:  # without this nobody would leave what was entered
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            try:
                self._live.stop()
            finally:
                try:
                    self._keys.__exit__()
                finally:
                    self._signals.__exit__()

    def update(self) -> None:
        """Show the present, if it is time."""
        if self._live is not None:
            self._monitor.update(self._metrics())
            self._live.refresh()
            if b"q" in self._keys.pressed().lower():
                raise Enough
        elif time.monotonic() - self._shown_s >= PLAIN_INTERVAL_S:
            self._shown_s = time.monotonic()
            self._monitor.update(self._metrics())
            self._console.print(self._monitor)
            if self._once:
                raise Enough

    def close(self, statuses: Mapping[str, str]) -> None:
        """Show what it came to: the last picture, with rates over the whole time."""
        whole = TerminalMonitor(self._title)
        whole.update(self._metrics())
        self._console.print(whole)
        ended = Counter(statuses.values()).most_common()
        self._console.print(", ".join(f"{n:,} {status}" for status, n in ended) or "left with q")


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
    _Column("policy", 6, lambda rate: str(rate.vm.policy), left=True),
    _Column("age s", 2, lambda rate: f"{rate.vm.time_s:.1f}"),
    _Column("CPU s", 8, lambda rate: f"{rate.vm.cpu_s:.2f}"),
    _Column("CPU %", 3, lambda rate: f"{100 * rate.cpu:.1f}"),
    _Column("pace", 4, lambda rate: _pace(rate.pace)),
    _Column("asked", 10, lambda rate: _pace(rate.vm.pace) if rate.vm.pace else "-"),
    _Column("steps/s", 5, lambda rate: _compact(rate.steps_per_s)),
    _Column("mem", 11, lambda rate: _bytes(rate.vm.memory_bytes)),
    _Column("rib/RNAP", 9, lambda rate: _granted(rate.vm)),
    _Column("switches", 12, lambda rate: _compact(rate.vm.switches)),
    _Column("miss", 7, lambda rate: _compact(rate.vm.deadline_misses)),
    _Column("why", 13, lambda rate: rate.vm.cause, left=True, most=60),
)
#: Columns go rather than that names are shortened to less; the most of a name that is shown.
_SHORT_NAME, _LONG_NAME = 12, 30


def _table(rates: Sequence[_Rate], width: int) -> Iterator[_Line]:
    """One line per cell; what does not fit is left to wider terminals."""
    texts = {c.name: [_short(c.text(rate), c.most) for rate in rates] for c in _COLUMNS}
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
    head = [_name("cell", first), *(c.padded(c.name, widths[c.name]) for c in columns)]
    yield [(" ".join(head), "reverse")]
    padded = [[c.padded(text, widths[c.name]) for text in texts[c.name]] for c in columns]
    for rate, state, *others in zip(rates, *padded, strict=True):
        yield [
            (_name(rate.vm.vm_id, first) + " ", ""),
            (state, _STATE_STYLES[state.rstrip()]),
            (" " + " ".join(others), ""),
        ]


def _flowed(name: str, first: str, parts: Sequence[str], width: int) -> Iterator[_Line]:
    """Name and parts on as many lines as they need."""
    line = f"{name:9}{first}"
    for number, part in enumerate(parts):
        gap = "  " if number or not first.endswith(":") else " "
        if len(line) + len(gap) + len(part) > width:
            yield [(line, "")]
            line = " " * 9 + part
        else:
            line += gap + part
    yield [(line, "")]


def _granted(vm: VmMetrics) -> str:
    if vm.grant is None:
        return "-"
    return f"{vm.grant['ribosomes']}/{vm.grant['rna_polymerases']}"


def _pace(pace: float) -> str:
    return f"{pace:.2f}x" if pace < 10 else f"{_compact(pace)}x"


def _name(text: str, width: int) -> str:
    """Fill or shorten to a width: of a long name the middle goes, the ends tell names apart."""
    if text.isascii():
        return _short(text, width).ljust(width)
    most = width
    while cell_len(shown := _short(text, most)) > width:
        most -= 1
    return shown + " " * (width - cell_len(shown))


def _short(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = most // 2
    return f"{text[: most - tail - 1]}…{text[len(text) - tail :]}"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _bytes(count: float) -> str:
    for size, letter in ((2**30, "G"), (2**20, "M"), (2**10, "K")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return f"{count:.0f}"


def _compact(value: float) -> str:
    """Write 1,500,000 as 1.5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.0f}"
