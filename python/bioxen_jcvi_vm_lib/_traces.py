"""Traces that no single run of the core makes, and what lies between two ledgers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib import _core

__all__ = ["Jump", "TraceLike", "between", "read_only"]

Ledger = Mapping[str, Mapping[str, int]]


class TraceLike(Protocol):
    """What a result is put together from: a trace of the core, or what reads as one."""

    @property
    def status(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def breach(self) -> bool: ...
    @property
    def audit(self) -> Any: ...
    @property
    def wall_time_s(self) -> float: ...
    @property
    def sim_time_s(self) -> float: ...
    @property
    def events(self) -> Mapping[str, int]: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def time_s(self) -> NDArray[np.float64]: ...
    @property
    def proteins(self) -> NDArray[np.int64]: ...
    @property
    def mrnas(self) -> NDArray[np.int64]: ...
    @property
    def resources(self) -> NDArray[np.int64]: ...
    @property
    def machines(self) -> Mapping[str, Mapping[str, NDArray[np.int64]]]: ...
    @property
    def cell_cycle(self) -> Mapping[str, NDArray[Any]]: ...


class Jump:
    """What changes a cell at once, such as its division: the states before and after as a trace.

    Parameters
    ----------
    core : Context
        The cell; what happens from now on until `closed` belongs to it.
    """

    status, cause, breach = "completed", "", False

    def __init__(self, core: _core.Context) -> None:
        self._core = core
        self._events, self._ledger = core.events(), core.ledger()
        self._before = core.run(0.0)
        self._began = time.perf_counter()

    def closed(self) -> Self:
        """End it."""
        both = self._before, (after := self._core.run(0.0))
        self.wall_time_s = time.perf_counter() - self._began
        self.audit = after.audit
        self.events = {key: n - self._events[key] for key, n in self._core.events().items()}
        self.ledger = between(self._ledger, self._core.ledger())
        ends = [trace.time_s[-1:] for trace in both]
        self.time_s: NDArray[np.float64] = read_only(np.concatenate(ends))
        self.sim_time_s = float(self.time_s[1] - self.time_s[0])
        self.proteins = _stacked([trace.proteins for trace in both])
        self.mrnas = _stacked([trace.mrnas for trace in both])
        self.resources = _stacked([trace.resources for trace in both])
        machines = [trace.machines for trace in both]
        self.machines = {
            name: {key: _stacked([one[name][key] for one in machines]) for key in columns}
            for name, columns in machines[0].items()
        }
        cycles = [trace.cell_cycle for trace in both]
        self.cell_cycle = {key: _stacked([one[key] for one in cycles]) for key in cycles[0]}
        return self


def _stacked(columns: list[NDArray[Any]]) -> NDArray[Any]:
    return read_only(np.concatenate([column[-1:] for column in columns]))


def read_only(column: NDArray[Any]) -> NDArray[Any]:
    """Return an array that cannot be changed."""
    column.flags.writeable = False
    return column


def between(before: Ledger, after: Ledger) -> dict[str, dict[str, int]]:
    """Return what was posted between two ledgers, by process and resource."""
    return {
        process: {
            name: change
            for name in {**before.get(process, {}), **posted}
            if (change := posted.get(name, 0) - before.get(process, {}).get(name, 0))
        }
        for process, posted in after.items()
    }
