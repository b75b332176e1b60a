"""One program in many cells: each as if it ran alone, side by side on the workers."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Literal

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import molecules, no_resource, seed_or_entropy, short
from bioxen_jcvi_vm_lib._errors import APIValidationError, IsolationBreachError
from bioxen_jcvi_vm_lib._knockouts import noted
from bioxen_jcvi_vm_lib._limits import check_age, check_size
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.genome import GenomicRuntime, engine_for, program_for
from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
from bioxen_jcvi_vm_lib.hypervisor.records import Policy, VmHandle, whole
from bioxen_jcvi_vm_lib.hypervisor.results import VmRecord, end_notes, result_of
from bioxen_jcvi_vm_lib.program import (
    GenomicProgram,
    Knockout,
    Run,
    RunOperon,
    SetResource,
    Snapshot,
    Statement,
)
from bioxen_jcvi_vm_lib.result import ExecutionResult

__all__ = ["run_ensemble"]

#: Cells that exist at a time, for each worker: enough that none waits for the caller.
WINDOW = 8


def run_ensemble(
    runtime: GenomicRuntime,
    program: GenomicProgram | str,
    *,
    seeds: Iterable[int],
    workers: int | None,
    scheduler: Literal["preemptive", "cooperative"],
) -> list[ExecutionResult]:
    """See the manager's ``run_ensemble``."""
    parsed = program if isinstance(program, GenomicProgram) else GenomicProgram.parse(program)
    compiled = program_for(runtime, runtime.configuration)
    orders = [_order(runtime, statement) for statement in parsed.statements]
    if not any(order["record"] for order in orders):
        orders.append({"duration_s": 0.0, "record": True})
    check_age(0.0, parsed.statements)
    numbers = _seeds(seeds)
    check_size(runtime, parsed.statements, len(numbers))
    if runtime.configuration.metabolic_model is not None:
        threads = os.cpu_count() or 1 if workers is None else whole(workers, "workers", 1, 256)
        return _on_threads(runtime, parsed, numbers, threads)
    with BioXenHypervisor(workers=workers, max_vms=1_000_000, scheduler=scheduler) as hypervisor:
        cells = _Ensemble(hypervisor, runtime, compiled, orders, _notes(runtime, parsed))
        return cells.results(numbers)


def _on_threads(
    runtime: GenomicRuntime, program: GenomicProgram, seeds: list[int], threads: int
) -> list[ExecutionResult]:
    """Carry a program out in cells that live on a metabolic model: workers solve no balances."""
    engine_for(runtime, runtime.configuration)  # what cannot be used is said before anything runs
    cancelled = threading.Event()

    def look(_time_s: float, _steps: int) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt  # to a cell this is Ctrl-C, which its thread does not hear

    def live(seed: int) -> ExecutionResult | None:
        if cancelled.is_set():
            return None
        with CellularContext._made(runtime, seed, {}) as cell:
            return cell.execute(program, progress=look)

    with ThreadPoolExecutor(threads) as pool:
        lives = [pool.submit(live, seed) for seed in seeds]
        while True:
            try:
                while wait(lives, timeout=0.05).not_done:
                    pass
                break
            except KeyboardInterrupt:  # wherever it comes
                cancelled.set()
    ended = (one.result() for one in lives)
    return list(itertools.takewhile(lambda one: one is not None, ended))  # type: ignore[arg-type]


class _Ensemble:
    """A window of cells that moves along the seeds."""

    def __init__(
        self,
        hypervisor: BioXenHypervisor,
        runtime: GenomicRuntime,
        program: _core.Program,
        orders: list[dict[str, Any]],
        notes: list[list[str]],
    ) -> None:
        self._core = hypervisor._core
        self._window = WINDOW * len(hypervisor.metrics().workers)
        self._runtime = runtime
        self._program = program
        self._orders = orders
        self._notes = notes
        self._free = (Policy.batch()._to_core, _core.Quota(), None)
        self._left: Iterator[tuple[int, int]] = iter(())
        self._alive: deque[tuple[int, VmRecord, list[_core.Run]]] = deque()
        self._done: list[ExecutionResult] = []
        self._cancelled = False

    def results(self, seeds: list[int]) -> list[ExecutionResult]:
        """Results in the order of seeds; after Ctrl-C, of the cells that had begun."""
        self._left = iter(enumerate(seeds))
        while True:
            try:
                while self._step():
                    pass
                return self._done
            except KeyboardInterrupt:  # wherever it comes, the next step goes on from there
                self._cancelled = True

    def _step(self) -> bool:
        """Begin cells until the window is full, and put the result of the first one together.

        Ctrl-C may end it between any two lines: what is done is then not done twice.
        """
        while not self._cancelled and len(self._alive) < self._window:
            following = next(self._left, None)
            if following is None:
                break
            self._alive.append((following[0], *self._begun(*following)))
        if not self._alive:
            return False
        index, resident, runs = self._alive[0]
        if index == len(self._done):
            if self._cancelled:
                self._core.cancel([run for _, _, others in self._alive for run in others])
            if self._core.wait(runs):
                self._cancelled = True
                return True
            ended = self._ended(runs)
            notes = [note for said in self._notes[: len(ended)] for note in said]
            notes += end_notes(self._core, resident, ended[-1])
            self._done.append(result_of(self._core, resident, *ended, notes=notes))
        with contextlib.suppress(IsolationBreachError):  # destroyed just before Ctrl-C
            self._core.destroy(resident.handle.handle)
        self._alive.popleft()
        return True

    def _ended(self, runs: list[_core.Run]) -> list[_core.Run]:
        """Return the runs that were recorded, up to one that ended early."""
        ended = []
        for run, order in zip(runs, self._orders, strict=True):
            if order["record"]:
                ended.append(run)
                if run.status not in ("completed", "exhausted"):
                    break
        return ended

    def _begun(self, index: int, seed: int) -> tuple[VmRecord, list[_core.Run]]:
        name = str(index)
        handle = self._core.create(name, self._program, seed, *self._free)
        self._core.start(handle)
        runs = [self._core.submit(handle, **order) for order in self._orders]
        resident = VmRecord(
            VmHandle(name, handle), self._runtime, seed, self._program.fingerprint, None
        )
        return resident, runs


def _notes(runtime: GenomicRuntime, program: GenomicProgram) -> list[list[str]]:
    """Say of every statement that is recorded what a cell by itself would say of knockouts."""
    gone: dict[int, None] = {}
    notes = []
    for statement in program.statements:
        if isinstance(statement, Knockout):
            gone[runtime.gene_index(statement.gene)] = None
        elif isinstance(statement, RunOperon):
            genes = dict.fromkeys(map(runtime.gene_index, statement.genes))
            notes.append(noted(runtime, (gene for gene in genes if gene in gone)))
        elif isinstance(statement, Run):
            notes.append([])
    return notes


def _order(runtime: GenomicRuntime, statement: Statement) -> dict[str, Any]:
    """Say what the core is asked for; a change is a run of its own that takes no time."""
    if isinstance(statement, Run):
        return {"duration_s": statement.seconds, "every_s": statement.every_s, "record": True}
    if isinstance(statement, RunOperon):
        genes = [runtime.gene_index(gene) for gene in statement.genes]
        return {"duration_s": statement.duration_s, "only": genes, "record": True}
    change: dict[str, Any] = {"duration_s": 0.0, "record": False}
    if isinstance(statement, Knockout):
        return {**change, "knockout": runtime.gene_index(statement.gene)}
    if isinstance(statement, Snapshot):
        raise APIValidationError(
            f"{statement} in an ensemble: every cell would write the same file; "
            "run the cells by themselves, or take the statement out",
            details={"statement": str(statement)},
        )
    if not isinstance(statement, SetResource):
        raise APIValidationError(
            f"{short(str(statement))} in an ensemble: its cells run, and end as they become ready "
            "to divide; carry it out in cells by themselves",
            details={"statement": str(statement)},
        )
    known = _core.resource_names()
    if statement.name not in known:
        names = (*runtime.locus_tags, *runtime.gene_names)
        raise no_resource(statement.name, known, names)
    count = molecules(statement.molecules, statement.name)
    return {**change, "resource": (statement.name, count)}


def _seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, str | bytes) or not isinstance(seeds, Iterable):
        raise APIValidationError(
            f"seeds must be whole numbers, as in range(100), not {short(seeds)}",
            details={"argument": "seeds"},
        )
    numbers = []
    for seed in seeds:
        if seed is None:
            raise APIValidationError("every seed must be given: None would draw one")
        numbers.append(seed_or_entropy(seed))
    return numbers
