"""Cells that divide and divide again, on the threads that there are.

Every cell is a context of its own, and its random stream follows from its mother's: what a cell
does depends on its ancestors alone, never on the thread that runs it or on when that happens.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    ConservationError,
    GenomicRuntimeError,
)
from bioxen_jcvi_vm_lib._limits import check_age
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.population.aim import LONGEST_CYCLE_S, Aim, workers_of
from bioxen_jcvi_vm_lib.population.life import Dilution, Life
from bioxen_jcvi_vm_lib.population.look import Look
from bioxen_jcvi_vm_lib.population.record import Population
from bioxen_jcvi_vm_lib.program import Run
from bioxen_jcvi_vm_lib.result import Audit

__all__ = ["grow_population"]

#: How often progress is told [s].
_REPORT_S = 0.1
#: What the audit calls molecules that divisions made or lost.
_DIVISION = "daughters less mother"

Progress = Callable[[float, int], object]


def grow_population(
    founder: CellularContext,
    *,
    generations: int | None,
    duration_s: float | None,
    max_cells: int | None,
    every_s: float | None,
    workers: int | None,
    progress: Progress | None,
) -> Population:
    """See the manager's ``grow_population``."""
    if progress is not None and not callable(progress):
        raise APIValidationError("progress must be callable with (time_s, cells), or None")
    state = founder.cell_cycle
    if not state.grows:
        raise GenomicRuntimeError(
            "this cell does not grow, so no population grows from it: create it with "
            "cell_cycle=True",
            details={"key": "cell_cycle"},
        )
    if state.cause_of_death is not None:
        raise GenomicRuntimeError(
            f"this cell is {state}: no population grows from it",
            details={"cause_of_death": state.cause_of_death},
        )
    threads = workers_of(workers)
    core = founder._open()
    # a cell takes two to three times as much before it divides; then its counts in the record
    cell_bytes = 2 * core.memory_bytes + 16 * len(founder.runtime)
    aim = Aim.checked(generations, duration_s, max_cells, every_s, cell_bytes)
    if aim.duration_s is not None:
        check_age(core.time_s, (Run(aim.duration_s),))
    began = time.perf_counter()
    first = founder.fork(replay=True)
    if first._metabolism is not None:
        first._metabolism.keep_last()
    growth = _Growth(first, aim)
    growth.run(threads, progress)
    return Population._of(
        founder.runtime,
        growth.lives,
        status="cancelled" if growth.cancelled else "completed",
        generations=aim.generations,
        duration_s=aim.duration_s,
        max_cells=aim.max_cells,
        every_s=None if math.isinf(aim.every_s) else aim.every_s,
        dilutions=tuple(growth.dilutions),
        audit=Audit(growth.residuals),
        audits=growth.audits,
        seed=founder.seed,
        runtime_fingerprint=core.program.fingerprint,
        wall_time_s=time.perf_counter() - began,
    )


@dataclass(slots=True, eq=False)
class _Member:
    """A living cell of the population."""

    path: int  # 1, and of the halves of n: 2 n and 2 n + 1
    generation: int
    cell: CellularContext
    birth: tuple[float, ...]
    born_s: float
    time_s: float


class _Growth:
    """A population while it grows. Its time begins with the founder as it was given."""

    def __init__(self, founder: CellularContext, aim: Aim) -> None:
        self._aim = aim
        birth = Look.at(founder._open())
        self._start_s = founder.time_s
        self._born_s = birth.cycle.birth_s - self._start_s
        self._alive = {1: _Member(1, 0, founder, birth.numbers, self._born_s, 0.0)}
        # of the whole state, so that forks of one seed are thinned out each in its own way
        self._key = f"{founder.seed} {founder.trajectory_hash}".encode()
        self._changing = threading.Lock()
        self._stopped = threading.Event()
        self._tasks: deque[Future[None]] = deque()
        self._told = time.monotonic()
        self.cancelled = False
        self.lives: list[Life] = []
        self.dilutions: list[Dilution] = []
        self.audits = 0
        self.residuals: Counter[str] = Counter({_DIVISION: 0})

    # -- on the calling thread ---------------------------------------------------------------------

    def run(self, workers: int, progress: Progress | None) -> None:
        """Grow to the end, or until Ctrl-C; what `progress` or a cell raises passes through."""
        try:
            with ThreadPoolExecutor(workers, thread_name_prefix="bioxen-population") as self._pool:
                try:
                    self._grow(progress)
                except KeyboardInterrupt:
                    self.cancelled = True
                finally:
                    self._stopped.set()
                    self._pool.shutdown(wait=False, cancel_futures=True)
            for member in list(self._alive.values()):
                self._ended(member, "alive")
        finally:
            for member in self._alive.values():
                member.cell.close()

    def _grow(self, progress: Progress | None) -> None:
        end_s = math.inf if self._aim.duration_s is None else self._aim.duration_s
        sampling = 0
        until_s = 0.0
        while until_s < end_s and any(map(self._grows, self._alive.values())):
            sampling += 1
            until_s = min(sampling * self._aim.every_s, end_s)
            for member in list(self._alive.values()):
                self._submit(member, until_s)
            self._wait(progress)
            self._thin_out(sampling, until_s)

    def _grows(self, member: _Member) -> bool:
        return member.generation != self._aim.generations

    def _wait(self, progress: Progress | None) -> None:
        """Wait for all that was submitted, and for what that submits."""
        while self._tasks:
            try:
                self._tasks[0].result(_REPORT_S)
                self._tasks.popleft()
            except TimeoutError:
                pass
            if progress is not None and time.monotonic() - self._told >= _REPORT_S:
                self._told = time.monotonic()
                self._tell(progress)

    def _tell(self, progress: Progress) -> None:
        with self._changing:
            times = [one.time_s for one in self._alive.values() if self._grows(one)]
            cells = len(self._alive)
        if times:
            progress(min(times), cells)

    def _thin_out(self, sampling: int, time_s: float) -> None:
        """Leave `max_cells` of the cells: those that a hash with the founder's key puts first."""
        most, before = self._aim.max_cells, len(self._alive)
        if most is None or before <= most:
            return

        def lot(path: int) -> bytes:
            return hashlib.blake2b(f"{sampling} {path}".encode(), key=self._key[:64]).digest()

        for path in sorted(self._alive, key=lot)[most:]:
            self._ended(self._alive[path], "removed")
        self.dilutions.append(Dilution(time_s, before, most))

    # -- on the workers ----------------------------------------------------------------------------

    def _submit(self, member: _Member, until_s: float) -> None:
        self._tasks.append(self._pool.submit(self._follow, member, until_s))

    def _follow(self, member: _Member, until_s: float) -> None:
        """Run a cell to a time, through divisions: one half stays here, the other is submitted."""
        while self._grows(member) and not self._stopped.is_set():
            status = self._advanced(member, until_s)
            if status == "divided":
                member, sister = self._divided(member)
                self._submit(sister, until_s)
                continue
            if status not in ("completed", "cancelled"):
                self._ended(member, status)
            return

    def _advanced(self, member: _Member, until_s: float) -> str:
        """Run a cell to a time or until it divides; return how that ended."""
        core = member.cell._open()
        if core.cycle()["ready_to_divide"]:  # as the founder may be
            return "divided"
        if self._aim.duration_s is None:
            until_s = min(until_s, max(member.born_s, 0.0) + LONGEST_CYCLE_S)
        if until_s <= member.time_s:
            return "completed"

        def hear(age_s: float, _steps: int) -> None:
            member.time_s = age_s - self._start_s
            if self._stopped.is_set():
                raise KeyboardInterrupt

        status = member.cell._advance(core, Run(until_s - member.time_s), hear).status
        if status != "completed":
            member.time_s = core.time_s - self._start_s
            return "dead" if member.cell.phase == "dead" else status
        member.time_s = until_s
        waited_s = until_s - max(member.born_s, 0.0)
        never = self._aim.duration_s is None and waited_s >= LONGEST_CYCLE_S
        return "undivided" if never else status

    def _divided(self, mother: _Member) -> tuple[_Member, _Member]:
        """Divide a cell, and hold its halves against it."""
        cell = mother.cell
        before = Look.at(cell._open())
        self._audited(cell)
        halves = cell, cell.divide()
        after = [Look.at(half._open()) for half in halves]
        amiss = int(np.abs(before.everything - sum(look.everything for look in after)).sum())
        self._audited(halves[0], amiss)
        self._audited(halves[1])
        time_s = mother.time_s = cell.time_s - self._start_s
        first, second = (
            _Member(2 * mother.path + n, mother.generation + 1, half, look.numbers, time_s, time_s)
            for n, (half, look) in enumerate(zip(halves, after, strict=True))
        )
        self._record(mother, before, "divided")
        with self._changing:
            self._alive |= {first.path: first, second.path: second}
            self._aim.check_size(len(self._alive), len(self.lives), time_s)
        if mother.path & (mother.path - 1) == 0:  # one lineage, whatever the threads do
            self._aim.check_pace(first.generation, self._born_s, time_s)
        return first, second

    def _ended(self, member: _Member, ending: str) -> None:
        """Record a cell that does not divide, and let it go."""
        look = Look.at(member.cell._open())
        self._audited(member.cell)
        self._record(member, look, ending)
        member.cell.close()

    def _record(self, member: _Member, look: Look, ending: str) -> None:
        life = Life(
            path=member.path,
            generation=member.generation,
            born_s=member.born_s,
            ended_s=member.time_s,
            ending=ending,
            seed=member.cell.seed,
            birth=member.birth,
            end=look.numbers,
            replication_began_s=_age(look.cycle.replication_began_s, look),
            replication_ended_s=_age(look.cycle.replication_ended_s, look),
            counts=(look.proteins, look.mrnas) if ending == "alive" else None,
        )
        with self._changing:
            self.lives.append(life)
            del self._alive[member.path]

    def _audited(self, cell: CellularContext, amiss: int = 0) -> None:
        """Add an audit to the record; what does not balance is an error at once."""
        residuals = {**cell.audit().residuals, _DIVISION: amiss}
        with self._changing:
            self.audits += 1
            for name, residual in residuals.items():
                self.residuals[name] += abs(residual)
        wrong = {name: residual for name, residual in residuals.items() if residual}
        if wrong:
            raise ConservationError(
                f"a cell of the population does not balance at {cell.time_s:g} s: {wrong}",
                details={"residuals": wrong, "time_s": cell.time_s},
            )


def _age(moment_s: float | None, look: Look) -> float:
    return math.nan if moment_s is None else moment_s - look.cycle.birth_s
