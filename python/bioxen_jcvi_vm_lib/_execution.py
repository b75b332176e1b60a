"""Carries the statements of a program out in a cell."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import seconds, seed_or_entropy, short
from bioxen_jcvi_vm_lib._endings import notes_of_end
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    GenomicRuntimeError,
    IsolationBreachError,
    VMStateError,
)
from bioxen_jcvi_vm_lib._knockouts import noted
from bioxen_jcvi_vm_lib._limits import check_age, check_size
from bioxen_jcvi_vm_lib._saving import save_bytes, snapshot_path
from bioxen_jcvi_vm_lib._traces import Jump, TraceLike
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState, death_of
from bioxen_jcvi_vm_lib.environment import checked_environment, work_of
from bioxen_jcvi_vm_lib.genome import configuration_for, program_for
from bioxen_jcvi_vm_lib.program import (
    CellCycleCheckpoint,
    CreateCellularContext,
    Divide,
    Inhibit,
    Knockout,
    Replicate,
    Run,
    RunMetabolicPathways,
    RunOperon,
    SetEnvironment,
    Snapshot,
    Statement,
)
from bioxen_jcvi_vm_lib.result import ExecutionResult

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.context import CellularContext
    from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult

__all__ = ["Execution"]

#: Longest wait for a round of replication [s], and how often it is looked for.
_LONGEST_ROUND_S = 7 * 86_400.0
_LOOK_S = 1.0

Action = Callable[[], TraceLike | None]


class Execution:
    """Some statements in a cell, and what they come to besides samples.

    Parameters
    ----------
    cell : CellularContext
        Where.
    progress : callable or None
        As in ``CellularContext.run``.

    Attributes
    ----------
    daughters : list of CellularContext
        Other halves of the cell where it has divided.
    """

    def __init__(self, cell: CellularContext, progress: Any) -> None:
        if progress is not None and not callable(progress):
            raise APIValidationError("progress must be callable with (time_s, steps), or None")
        self._cell = cell
        self._progress = progress
        self.daughters: list[CellularContext] = []
        self._contexts: list[CellularContext] = []
        self._metabolic_results: list[MetabolicResult] = []
        self._notes: list[str] = []

    def of(self, core: _core.Context, statements: tuple[Statement, ...]) -> list[TraceLike]:
        """Carry statements out in the cell, which is held, and return their traces.

        Everything that they name is looked up before the first begins.
        """
        core.ready()
        check_age(core.time_s, statements)
        check_size(self._cell.runtime, statements)
        actions = []
        for number, statement in enumerate(statements, 1):
            try:
                actions.append(self._prepared(core, statement))
            except BioXenException as error:
                _place(error, number, statements)
                raise
        traces: list[TraceLike] = []
        fingerprint = core.program.fingerprint
        for number, action in enumerate(actions, 1):
            try:
                trace = action()
            except BioXenException as error:
                _place(error, number, statements)
                if traces:  # what it came to before
                    error.details.setdefault("results", self.result(core, traces, fingerprint))
                raise
            if trace is not None:
                traces.append(trace)
                if trace.status not in ("completed", "exhausted"):
                    break
        traces = traces or [core.run(0.0)]
        with contextlib.suppress(IsolationBreachError, VMStateError):  # destroyed meanwhile
            status, began_s = traces[-1].status, float(traces[0].time_s[0])
            self._notes += notes_of_end(core, status, self._cell._metabolism, began_s)
        return traces

    def result(
        self, core: _core.Context, traces: list[TraceLike], fingerprint: str
    ) -> ExecutionResult:
        """Put together what it came to."""
        audit, runtime = traces[-1].audit, self._cell.runtime
        return ExecutionResult.from_traces(
            traces,
            audit=core.audit() if audit is None else audit,
            seed=self._cell.seed,
            runtime_fingerprint=fingerprint,
            genes=runtime.locus_tags,
            gene_names=runtime.gene_names,
            notes=self._notes,
            contexts=self._contexts,
            metabolic_results=self._metabolic_results,
        )

    def _prepared(self, core: _core.Context, statement: Statement) -> Action:
        """Look everything up that a statement names, and return what carries it out."""
        cell, runtime, progress = self._cell, self._cell.runtime, self._progress
        if isinstance(statement, Run):
            run = cell._checked_run(statement.seconds, statement.every_s)
            return lambda: cell._advance(core, run, progress)
        if isinstance(statement, RunOperon):
            return self._expression(core, statement)
        if isinstance(statement, Knockout):
            index = runtime.gene_index(statement.gene)
            return lambda: self._changed(core, statement, lambda: core.knockout(index))
        if isinstance(statement, SetEnvironment):
            values = checked_environment(statement.values())
            return lambda: self._changed(
                core, statement, lambda: cell._set_environment(core, values)
            )
        if isinstance(statement, Inhibit):
            work, left = work_of(statement.machine, statement.step), statement.remaining
            return lambda: self._changed(core, statement, lambda: core.inhibit(work, left))
        if isinstance(statement, Replicate):
            _check_growth(core, "nothing is replicated")
            return lambda: self._replicated(core)
        if isinstance(statement, Divide):
            _check_growth(core, "it cannot divide")
            return lambda: self._divided(core)
        if isinstance(statement, RunMetabolicPathways):
            model, is_open = cell._model(), statement.glucose_available
            return lambda: self._metabolic_results.append(model.with_glucose(core, is_open))
        if isinstance(statement, CreateCellularContext):
            return self._creation(statement)
        if isinstance(statement, CellCycleCheckpoint):
            return lambda: self._notes.append(f"at {core.time_s:g} s: {CellCycleState.of(core)}")
        if isinstance(statement, Snapshot):
            path = snapshot_path(cell._snapshot_dir, statement.name)
            return lambda: save_bytes(path, cell._sealed(core))
        name, count = cell._checked_resource(statement.name, statement.molecules)
        return lambda: self._changed(core, statement, lambda: core.set_resource(name, count))

    def _changed(self, core: _core.Context, by: Statement, change: Callable[[], None]) -> None:
        """Change what a cell lives in, and tell where that is in vain."""
        if (death := death_of(core)) is not None:
            self._notes.append(f"{death}: {by} does not revive it")
        change()

    def _expression(self, core: _core.Context, statement: RunOperon) -> Action:
        runtime = self._cell.runtime
        indices = [runtime.gene_index(gene) for gene in statement.genes]
        if statement.translated and (kind := runtime.genes[indices[0]].kind) != "protein":
            gene = statement.genes[0]
            raise APIValidationError(
                f'{gene!r} is {kind} and never translated; run_operon(["{gene}"]) transcribes it',
                details={"gene": gene},
            )
        run = Run(seconds(statement.duration_s, "duration_s"))

        def express() -> TraceLike:
            gone = set(core.knocked_out())
            self._notes += noted(runtime, (i for i in dict.fromkeys(indices) if i in gone))
            return self._cell._advance(core, run, self._progress, indices)

        return express

    def _replicated(self, core: _core.Context) -> TraceLike:
        """Run until a round of replication has ended, which a copy of the cell finds out first."""
        if (state := CellCycleState.of(core)).cause_of_death is not None:
            raise GenomicRuntimeError(f"this cell is {state}: nothing is replicated")
        rounds = core.events()["replication_terminations"]
        duration_s = 0.0
        with self._cell.fork(replay=True) as scout:
            ahead = scout._open()
            while ahead.events()["replication_terminations"] == rounds:
                status = scout._advance(ahead, Run(_LOOK_S), None).status
                duration_s += _LOOK_S
                if status == "cancelled":
                    stopped = Jump(core).closed()
                    stopped.status = status
                    return stopped
                state = CellCycleState.of(ahead)
                if status == "divided" and state.forks == 0:
                    raise GenomicRuntimeError(
                        "no round of replication is under way, and none begins before the cell "
                        "divides: divide() comes first"
                    )
                if status == "exhausted" or duration_s >= _LONGEST_ROUND_S:
                    why = "nothing can happen any more" if status == "exhausted" else "it waits"
                    if state.cause_of_death is not None:
                        why = f"the cell would be {state}"
                    raise GenomicRuntimeError(
                        f"no round of replication ends within {duration_s:g} s: {why}"
                    )
        return self._cell._advance(core, Run(duration_s), self._progress)

    def _divided(self, core: _core.Context) -> TraceLike:
        jump = Jump(core)
        daughter = self._cell._divided(core)
        self.daughters.append(daughter)
        self._contexts.append(daughter)
        self._notes.append(f"divided at {core.time_s:g} s; the other half is among the contexts")
        return jump.closed()

    def _creation(self, statement: CreateCellularContext) -> Action:
        overrides = dict(statement.configuration)
        seed = seed_or_entropy(overrides.pop("seed", None))
        runtime = self._cell.runtime
        program_for(runtime, configuration_for(runtime, overrides))

        def create() -> None:
            made = type(self._cell)._made(runtime, seed, overrides)
            self._contexts.append(made)
            self._notes.append(f"made a further cell, of seed {made.seed}")

        return create


def _place(error: BioXenException, number: int, statements: tuple[Statement, ...]) -> None:
    """Say of an error which of several statements it is of."""
    if len(statements) > 1:
        statement = short(str(statements[number - 1]))
        error.message += f" (statement {number} of {len(statements)}: {statement})"
        error.args = (error.message,)


def _check_growth(core: _core.Context, so: str) -> None:
    if not core.cycle()["grows"]:
        raise GenomicRuntimeError(
            f"this cell does not grow, so {so}: create it with cell_cycle=True"
        )
