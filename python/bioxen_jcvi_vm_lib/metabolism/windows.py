"""Several runs of a core that together are one, with the samples that were asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._traces import read_only

__all__ = ["Piece", "Windows"]

#: A sample this share of an interval off its place on the grid is on it: rounding.
_ON_GRID = 1e-6
#: Length of a run of the core [s], and interval of its samples [s]; None: first and last state.
Piece = tuple[float, float | None]


class Windows:
    """A run that stops at given ages on its way; in the end it reads as one trace of the core.

    Parameters
    ----------
    core : Context
        The cell.
    first : Trace
        Of a run that took no time: where this one begins.
    end_s : float
        Age at which it ends [s].
    every_s : float, optional
        Interval of the samples [s]; None: the first and the last state.
    """

    def __init__(
        self, core: _core.Context, first: _core.Trace, end_s: float, every_s: float | None
    ) -> None:
        self._core = core
        self._begin_s = float(first.time_s[-1])
        self._every_s = every_s
        self.end_s = end_s
        self._began = time.perf_counter()
        self._last = first
        self._traces = [self._last]
        self.events = dict(self._last.events)
        self.ledger = {process: dict(legs) for process, legs in self._last.ledger.items()}

    def pieces(self, until_s: float) -> Generator[Piece, _core.Trace, str]:
        """Ask for the runs of the core that lead to an age exactly, also where nothing can happen.

        Yields
        ------
        tuple
            Length and interval of the samples of a run, whose trace is to be sent.

        Returns
        -------
        str
            As that of a run of the core.
        """
        status = "completed"
        while (now := self._core.time_s) < until_s:
            goal, every = self._next(now, until_s, one_by_one=status == "exhausted")
            duration = goal - now
            while now + duration > goal:  # by rounding; what is then left is exact
                duration = math.nextafter(duration, 0.0)
            trace = yield duration, every
            status = trace.status
            self.add(trace)
            if len(trace.time_s) > 2 or self._is_sample(trace.time_s[-1]):
                self._traces.append(trace)
            if status not in ("completed", "exhausted"):
                break
            if status == "exhausted" and self._core.cycle()["phase"] == "dead":
                break  # it does not grow older
        return status

    def add(self, trace: _core.Trace) -> None:
        """Take a further run of the core in."""
        self._last = trace
        for kind, number in trace.events.items():
            self.events[kind] += number
        for process, legs in trace.ledger.items():
            posted = self.ledger.setdefault(process, {})
            for name, molecules in legs.items():
                posted[name] = posted.get(name, 0) + molecules

    def closed(self, status: str, cause: str = "") -> Windows:
        """End it, and put together what it shows."""
        self.status = status
        last = self._last
        if last.time_s[-1] > self._traces[-1].time_s[-1]:
            self._traces.append(last)
        self.wall_time_s = time.perf_counter() - self._began
        self.sim_time_s = float(last.time_s[-1]) - self._begin_s
        self.audit = last.audit
        self.cause, self.breach = cause or last.cause, last.breach
        times = np.concatenate([trace.time_s for trace in self._traces])
        # each trace begins with the state that the one before ended with
        keep = np.concatenate([np.arange(len(trace.time_s)) > 0 for trace in self._traces])
        keep[0] = keep[-1] = True
        if self._every_s is not None:
            keep[1:-1] &= np.array([self._is_sample(one) for one in times[1:-1]], dtype=bool)
        else:
            keep[1:-1] = False
        self.time_s: NDArray[np.float64] = times[keep]

        def joined(columns: list[NDArray[Any]]) -> NDArray[Any]:
            return read_only(np.concatenate(columns)[keep])

        self.time_s.flags.writeable = False
        self.proteins = joined([trace.proteins for trace in self._traces])
        self.mrnas = joined([trace.mrnas for trace in self._traces])
        self.resources = joined([trace.resources for trace in self._traces])
        machines = [trace.machines for trace in self._traces]
        self.machines = {
            name: {key: joined([one[name][key] for one in machines]) for key in columns}
            for name, columns in machines[0].items()
        }
        cycles = [trace.cell_cycle for trace in self._traces]
        self.cell_cycle = {key: joined([one[key] for one in cycles]) for key in cycles[0]}
        return self

    def _next(self, now: float, until_s: float, *, one_by_one: bool) -> tuple[float, float | None]:
        """Age to run to next, and the interval of the samples on the way."""
        if self._every_s is None:
            return until_s, None
        steps = (now - self._begin_s) / self._every_s
        done = round(steps) if abs(steps - round(steps)) < _ON_GRID else math.floor(steps)
        due = self._begin_s + (done + 1) * self._every_s
        if due >= until_s:
            return until_s, None
        whole = math.floor((until_s - now) / self._every_s)
        if one_by_one or done != round(steps) or abs(steps - done) >= _ON_GRID or whole < 2:
            return due, None
        return min(until_s, self._begin_s + (done + whole) * self._every_s), self._every_s

    def _is_sample(self, time_s: float) -> bool:
        if self._every_s is None:
            return False
        steps = (time_s - self._begin_s) / self._every_s
        return abs(steps - round(steps)) < _ON_GRID
