"""What ``bioxen top`` shows: where the machine's time goes, and what every cell does."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bioxen_jcvi_vm_lib.hypervisor.metrics import HypervisorMetrics, VmMetrics

__all__ = ["Enough", "Screen", "TerminalMonitor"]

#: Time over which rates are taken [ns].
WINDOW_NS = 1_500_000_000
#: Time between two pictures where they follow one another on paper [s].
PLAIN_INTERVAL_S = 1.0

_STATE_STYLES = {
    "created": "dim",
    "running": "green",
    "paused": "yellow",
    "stopped": "dim",
    "error": "bold red",
}
#: Lines above the rows: of the header, and of the table's own.
_HEADER_LINES = 5


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
        if not self._looks:
            yield Text("nothing measured yet")
            return
        height = options.height or options.max_height if console.is_terminal else None
        yield Group(*self._lines(self._looks[-1], options.max_width, height))

    def _lines(self, now: HypervisorMetrics, width: int, height: int | None) -> list[Text | Table]:
        rates = sorted(
            self._rates(now), key=lambda rate: (-rate.cpu, -rate.vm.cpu_ns, rate.vm.vm_id)
        )
        room = len(rates) if height is None else max(1, height - _HEADER_LINES - 1)
        shown = rates[:room] if len(rates) <= room else rates[: max(1, room - 1)]
        lines: list[Text | Table] = [*self._header(now, rates), _table(shown, width)]
        if len(shown) < len(rates):
            lines.append(Text(f"and {len(rates) - len(shown):,} more", style="dim"))
        return lines

    def _rates(self, now: HypervisorMetrics) -> list[_Rate]:
        before = {} if self._before is None else {vm.handle: vm for vm in self._before.vms}
        elapsed = self._elapsed_s(now)
        rates = []
        for vm in now.vms:
            old = before.get(vm.handle)
            cpu, age, steps = vm.cpu_ns, vm.time_s, vm.steps
            if old is not None:
                cpu, age, steps = cpu - old.cpu_ns, age - old.time_s, steps - old.steps
            rates.append(_Rate(vm, cpu / 1e9 / elapsed, age / elapsed, steps / elapsed))
        return rates

    def _elapsed_s(self, now: HypervisorMetrics) -> float:
        since = 0 if self._before is None else self._before.uptime_ns
        return max(now.uptime_ns - since, 1) / 1e9

    def _header(self, now: HypervisorMetrics, rates: Sequence[_Rate]) -> list[Text]:
        states = "  ".join(f"{n:,} {state}" for state, n in now.states.items() if n)
        used = _shares(now, self._before)
        cpu_ns = now.departed_cpu_ns + sum(vm.cpu_ns for vm in now.vms)
        steal_ns = sum(worker.os_steal_ns for worker in now.workers)
        misses = sum(vm.deadline_misses for vm in now.vms)
        return [
            Text.assemble(
                ("bioxen top", "bold"),
                f"  {self._title}  up {_clock(now.uptime_ns / 1e9)}",
                overflow="ellipsis",
                no_wrap=True,
            ),
            Text(f"cells    {len(now.vms):,}: {states or 'none'}", no_wrap=True),
            Text(
                f"workers  {len(now.workers)}: busy {used[0]:.1f} %  overhead {used[1]:.1f} %  "
                f"idle {used[2]:.1f} %  OS steal {_percent(steal_ns, cpu_ns)} of CPU",
                no_wrap=True,
            ),
            Text(
                f"steps/s  {_compact(sum(rate.steps_per_s for rate in rates))}  "
                f"CPU {cpu_ns / 1e9:,.1f} s  "
                f"memory {_bytes(sum(vm.memory_bytes for vm in now.vms))}  misses {misses:,}",
                no_wrap=True,
            ),
        ]


class Enough(Exception):  # noqa: N818 - no error
    """The one picture was shown that was asked for."""


class Screen:
    """Shows a hypervisor while it runs: in place on a terminal, else one picture after the other.

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
        if console.is_terminal and not once:
            self._live = Live(self._monitor, console=console, screen=True, auto_refresh=False)
        self._shown_s = time.monotonic()

    def __enter__(self) -> Self:
        self._monitor.update(self._metrics())
        if self._live is not None:
            self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self) -> None:
        """Show the present, if it is time."""
        if self._live is not None:
            self._monitor.update(self._metrics())
            self._live.refresh()
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
        self._console.print(", ".join(f"{n:,} {status}" for status, n in ended))


def _shares(now: HypervisorMetrics, before: HypervisorMetrics | None) -> tuple[float, ...]:
    """Busy, overhead and idle time of all workers [%] since the look before."""
    parts = []
    for name in ("context_ns", "overhead_ns", "idle_ns"):
        old = 0 if before is None else sum(getattr(worker, name) for worker in before.workers)
        parts.append(sum(getattr(worker, name) for worker in now.workers) - old)
    # a worker's account is brought up to date at the end of a slice, and of an idle spell
    whole = max(sum(parts), 1)
    return tuple(100 * part / whole for part in parts)


def _table(rates: Sequence[_Rate], width: int) -> Table:
    """One row per machine; what does not fit 80 columns is left to wider terminals."""
    wide = width >= 110
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="reverse")
    table.add_column("cell", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("policy", no_wrap=True)
    names = ["age s", "CPU s", "CPU %", "pace", "steps/s", "mem"]
    names += ["asked", "ribosomes", "RNAP", "switches", "misses"] if wide else ["rib/RNAP", "miss"]
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for rate in rates:
        vm = rate.vm
        ribosomes = "-" if vm.grant is None else str(vm.grant["ribosomes"])
        polymerases = "-" if vm.grant is None else str(vm.grant["rna_polymerases"])
        cells = [
            f"{vm.time_s:.1f}",
            f"{vm.cpu_s:.2f}",
            f"{100 * rate.cpu:.1f}",
            _pace(rate.pace),
            _compact(rate.steps_per_s),
            _bytes(vm.memory_bytes),
        ]
        if wide:
            asked = _pace(vm.pace) if vm.pace else "-"
            cells += [
                asked,
                ribosomes,
                polymerases,
                _compact(vm.switches),
                _compact(vm.deadline_misses),
            ]
        else:
            granted = "-" if vm.grant is None else f"{ribosomes}/{polymerases}"
            if vm.pace:
                cells[3] = f"{rate.pace:.3g}/{vm.pace:.3g}x"
            cells += [granted, _compact(vm.deadline_misses)]
        state = Text(vm.state, style=_STATE_STYLES[vm.state])
        table.add_row(
            Text(_short(vm.vm_id, 30 if wide else 12)), state, Text(str(vm.policy)), *cells
        )
    return table


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole > 0 else "0 %"


def _pace(pace: float) -> str:
    return f"{pace:.2f}x" if pace < 10 else f"{_compact(pace)}x"


def _short(name: str, most: int) -> str:
    """Leave the middle of a long name out: the ends tell names apart."""
    if len(name) <= most:
        return name
    tail = most // 2
    return f"{name[: most - tail - 1]}…{name[-tail:]}"


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
