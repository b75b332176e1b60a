"""A running cell: the only thing here that changes."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import (
    molecules,
    no_resource,
    seconds,
    seed_or_entropy,
    short,
)
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    GenomicRuntimeError,
    IsolationBreachError,
)
from bioxen_jcvi_vm_lib._execution import Execution
from bioxen_jcvi_vm_lib._hosts import Listener, Machine, no_machine
from bioxen_jcvi_vm_lib._observed_cell import ObservedCell
from bioxen_jcvi_vm_lib._observers import named, together
from bioxen_jcvi_vm_lib._saving import load_bytes, save_bytes
from bioxen_jcvi_vm_lib._traces import TraceLike
from bioxen_jcvi_vm_lib.cell_cycle import warn_of_death
from bioxen_jcvi_vm_lib.environment import (
    checked_environment,
    checked_remaining,
    work_of,
)
from bioxen_jcvi_vm_lib.genome import (
    GenomicRuntime,
    configuration_for,
    metabolism_for,
    program_for,
    unsealed,
)
from bioxen_jcvi_vm_lib.program import GenomicProgram, Replicate, Run, Statement
from bioxen_jcvi_vm_lib.result import ExecutionResult

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
    from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
    from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult

__all__ = ["CellularContext"]

Progress = Callable[[float, int], None]

#: Largest snapshot that is read from a file [bytes].
MAX_SNAPSHOT_BYTES = 2 * 2**30


class CellularContext(ObservedCell):
    """A cell that runs a genome.

    Made by ``GenomicVirtualizationManager.create_cellular_context``. One thread may run it at a
    time; the counts may be read while it runs and are then those between two events. It is a
    context manager: leaving it closes it.

    Where the configuration names a ``metabolic_model``, its flux balance is solved when
    the cell first runs, and then every 60 s of its age, from the proteins and knockouts of that
    moment, and sets the maximal rates of supply until the next; see `metabolism`, which is empty
    until the first run. Where no fluxes satisfy the constraints there is no supply, which the
    notes of a result say: the cell starves, and recovers when there are again.
    """

    __slots__ = (
        "__weakref__",
        "_hypervisor",
        "_listener",
        "_runner",
        "_snapshot_dir",
    )

    def __init__(
        self,
        runtime: GenomicRuntime,
        program: _core.Program,
        *,
        seed: int | None = None,
        snapshot_dir: str | None = None,
        metabolism: CellMetabolism | None = None,
    ) -> None:
        core = _core.Context(program, seed_or_entropy(seed))
        self._adopt(runtime, core, snapshot_dir, metabolism)

    def _adopt(
        self,
        runtime: GenomicRuntime,
        core: _core.Context,
        snapshot_dir: str | None,
        metabolism: CellMetabolism | None,
    ) -> None:
        self._runtime = runtime
        self._seed = core.seed
        self._core_context = core
        self._runner = threading.Lock()
        self._snapshot_dir = snapshot_dir
        self._hypervisor: object = None
        self._listener: Listener | None = None
        self._machine = no_machine
        self._metabolism = metabolism

    @classmethod
    def _made(cls, runtime: GenomicRuntime, seed: int | None, overrides: dict[str, Any]) -> Self:
        """Make a cell at birth; see the manager's ``create_cellular_context``."""
        configuration = configuration_for(runtime, overrides)
        program = program_for(runtime, configuration)
        return cls(
            runtime,
            program,
            seed=seed,
            snapshot_dir=configuration.snapshot_dir,
            metabolism=metabolism_for(runtime, configuration),
        )

    @classmethod
    def _of(
        cls,
        runtime: GenomicRuntime,
        core: _core.Context,
        snapshot_dir: str | None,
        *,
        hypervisor: object = None,
        listener: Listener | None = None,
        metabolism: CellMetabolism | None = None,
    ) -> Self:
        """Wrap a context that the engine has made, and keep the hypervisor that runs it."""
        context = cls.__new__(cls)
        context._adopt(runtime, core, snapshot_dir, metabolism)
        context._hypervisor = hypervisor
        context._listener = listener
        return context

    # -- copies and files --------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Return the whole state; ``docs/snapshot.md`` describes the bytes.

        A context that `restore` makes of it goes on bit for bit as this one does, on any machine.
        It may be called while another thread runs the context. Of a cell in a hypervisor it holds
        what was granted so far, not the changes of the grant that are still to come.
        """
        return self._sealed(self._open())

    @classmethod
    def restore(cls, snapshot: bytes, runtime: GenomicRuntime) -> Self:
        """Make the context that a snapshot was taken of.

        Parameters
        ----------
        snapshot : bytes-like
            What `snapshot` returned.
        runtime : GenomicRuntime
            Of the same genome. Rates and counts are those of the snapshot, also where the runtime
            was loaded with others; ``snapshot_dir`` is the runtime's. A cell with metabolism needs
            its metabolic model, and one without must have none.

        Raises
        ------
        SnapshotError
            If the bytes are damaged, of another format version or of another genome.
        """
        if not isinstance(snapshot, bytes | bytearray | memoryview):
            raise APIValidationError(
                f"a snapshot is bytes, not {type(snapshot).__name__}: give what snapshot() "
                "returned, or read a file with CellularContext.load"
            )
        if not isinstance(runtime, GenomicRuntime):
            raise APIValidationError(
                f"runtime must be a GenomicRuntime, not {type(runtime).__name__}: load the genome "
                "that the snapshot is of",
                details={"argument": "runtime"},
            )
        plain, metabolism = unsealed(bytes(snapshot), runtime)
        core = _core.Context.restore(plain, runtime._program)
        return cls._of(runtime, core, runtime.configuration.snapshot_dir, metabolism=metabolism)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a snapshot to a file, which at every moment is the old one or the new one.

        Raises
        ------
        APIValidationError
            If the file cannot be written.
        """
        save_bytes(path, self.snapshot())

    @classmethod
    def load(cls, path: str | os.PathLike[str], runtime: GenomicRuntime) -> Self:
        """Restore a context from a file that `save` wrote.

        Raises
        ------
        SnapshotError
            If the file cannot be read, or as in `restore`.
        """
        return cls.restore(load_bytes(path, MAX_SNAPSHOT_BYTES, "a snapshot"), runtime)

    def fork(self, *, seed: int | None = None, replay: bool = False) -> Self:
        """Make another context in the same state; this one goes on as if nothing had happened.

        The fork of a cell in a hypervisor is on its own: it keeps what was granted so far, and has
        no part in changes of the grant that are still to come, as ``fork_vm`` has; a replay
        then repeats its parent only until the first of them.

        Parameters
        ----------
        seed : int, optional
            uint64, in place of this context's seed. The fork's stream is its own all the same: a
            fork never repeats its parent unless `replay` asks for it.
        replay : bool
            True: the fork repeats this context's future exactly. False: its future is drawn from a
            stream of its own, a function of this context's stream and of how many forks it had.

        Raises
        ------
        APIValidationError
            For a seed together with ``replay=True``, which would not be a replay.
        """
        core = self._open()
        if not isinstance(replay, bool):
            raise APIValidationError(f"replay must be True or False, not {short(replay)}")
        if replay and seed is not None:
            raise APIValidationError(
                "fork(seed=..., replay=True) contradicts itself: a replay has the seed of its "
                "parent; leave one of the two out"
            )
        made = (
            core.replica() if replay else core.fork(None if seed is None else seed_or_entropy(seed))
        )
        metabolism = None if self._metabolism is None else self._metabolism.copy()
        return type(self)._of(self.runtime, made, self._snapshot_dir, metabolism=metabolism)

    # -- what changes it ---------------------------------------------------------------------------

    def run(
        self,
        duration_s: float,
        *,
        every_s: float | None = None,
        progress: Progress | None = None,
    ) -> ExecutionResult:
        """Advance the cell.

        Parameters
        ----------
        duration_s : float
            How long [s of the cell's age], > 0.
        every_s : float, optional
            Interval of the samples [s], > 0; without it the first and the last state are recorded.
        progress : callable, optional
            Called with (age [s], steps) about ten times a second on the calling thread. An
            exception from it stops the run and propagates; the cell stays valid.

        Returns
        -------
        ExecutionResult
            Ctrl-C gives the part until then, with status "cancelled", within 250 ms. It raises
            nothing, so that a loop of runs ends itself: ``if result.status == "cancelled": break``.

        Raises
        ------
        APIValidationError
            If an argument is not acceptable; nothing has changed then.
        GenomicRuntimeError
            If the context is closed or runs in another thread.
        """
        statement = self._checked_run(duration_s, every_s)
        return self._execute((statement,), progress)

    def execute(
        self, program: GenomicProgram | str, *, progress: Progress | None = None
    ) -> ExecutionResult:
        """Carry out a program, statement by statement.

        Every gene and resource that it names is looked up before the first statement starts.

        Parameters
        ----------
        program : GenomicProgram or str
            What to do.
        progress : callable, optional
            As in `run`.

        Raises
        ------
        ProgramSyntaxError, APIValidationError, InvalidConfigurationError
            If the program is not acceptable; nothing has changed then. A ``snapshot`` that cannot
            be written raises when its turn comes, and the cell stays as it is then.
        MetabolicInfeasibleError
            If a ``run_metabolic_pathways()`` finds no fluxes; the cell stays as it is then. Any
            error of a later statement has what the earlier ones recorded as
            ``details["results"]``.
        GenomicRuntimeError
            As in `run`.
        """
        parsed = program if isinstance(program, GenomicProgram) else GenomicProgram.parse(program)
        return self._execute(parsed.statements, progress)

    def replicate(self) -> ExecutionResult:
        """Advance the cell until the running round of replication is complete.

        Where none runs, the next one is waited for. The end is found to the second of the cell's
        age. The first and the last state are recorded.

        Raises
        ------
        GenomicRuntimeError
            If the cell does not grow, no round comes to its end within a week of its age, or
            nothing can happen any more.
        """
        return self._execute((Replicate(),), None)

    def divide(self) -> Self:
        """Divide the cell at its next supply tick, which is at most 1/64 s away.

        Every molecule and every free machine goes to either half with probability 1/2, transcripts
        with all that is on them, chromosomes one each. Whether the cell is ready to divide is not
        asked; two whole copies of each chromosome must be there.

        Returns
        -------
        CellularContext
            The daughter, of the same age; its random stream is its own. This context keeps the
            other half.

        Raises
        ------
        GenomicRuntimeError
            If the cell does not grow, or has not two of each chromosome; nothing has changed then
            but that the tick was reached. Also if a hook of its `BiologicalVM` failed, which is the
            cause; the daughter is ``details["daughter"]`` then.
        """
        with self._exclusive() as core:
            daughter = self._divided(core)
        failed = together(self._told([daughter]))
        if failed is not None:
            raise GenomicRuntimeError(
                f"the cell has divided, and a hook failed: {named(failed)}",
                details={"daughter": daughter},
            ) from failed
        return daughter

    def knockout(self, gene: str) -> None:
        """Stop initiation at a gene for good; a unit without live cistrons loses its promoter.

        Molecules that exist stay. A cell that is dead stays so, which a `RuntimeWarning` tells.
        """
        self._open()
        index = self.runtime.gene_index(gene)
        with self._exclusive() as core:
            warn_of_death(core, "knockout")
            core.knockout(index)

    def set_environment(
        self,
        *,
        glucose_mM: float | None = None,
        temperature_c: float | None = None,
        pH: float | None = None,
    ) -> None:
        """Change what surrounds the cell, from now on; what is not given stays as it is.

        An input of the trajectory, as a knockout is: it is in snapshots and forks. In the
        environment of birth every rate is exactly the organism's. A cell that is dead stays so,
        which a `RuntimeWarning` tells.

        Parameters
        ----------
        glucose_mM : float, optional
            Glucose in the medium [mM]. The supply that feeds on it turns at c / (Km + c) of its
            maximal rate. In a cell with a metabolic model, the uptake of the model follows it by
            the same law from the next solve on, unless the metabolic conditions name the exchange.
        temperature_c : float, optional
            Temperature [degrees Celsius], 0 to 100. All rates, of machines, supply and delays,
            follow it by Arrhenius' law. Above the lethal temperature of the organism the cell dies.
        pH : float, optional
            pH of the medium, 0 to 14. All rates follow it by the cardinal pH model (Rosso et al.,
            Appl. Environ. Microbiol. 61:610, 1995); they are 0 outside the organism's range.

        Raises
        ------
        APIValidationError
            If a value is not acceptable; nothing has changed then.
        """
        values = {"glucose_mM": glucose_mM, "temperature_c": temperature_c, "pH": pH}
        checked = checked_environment(values)
        with self._exclusive() as core:
            warn_of_death(core, "set_environment")
            self._set_environment(core, checked)

    def inhibit(self, machine: str, remaining: float, step: str = "elongation") -> None:
        """Slow a machine down, as an antibiotic does, from now on; 1 lifts the inhibition.

        A cell that is dead stays so, which a `RuntimeWarning` tells.

        Parameters
        ----------
        machine : str
            "rna_polymerase", "ribosome", "degradosome" or "replisome".
        remaining : float
            What is left of the rate, 0 to 1; `remaining_activity` works it out from a dose.
        step : str
            "elongation": every step that a machine takes once it is bound, its release included, as
            chloramphenicol does to ribosomes. "initiation": its binding to promoters, start
            codons or messengers, as rifampicin does to RNA polymerases; a replisome has none, its
            rounds begin when they are due.

        Raises
        ------
        APIValidationError
            If there is no such machine or step, or the value is out of range; nothing has changed
            then.
        """
        work, left = work_of(machine, step), checked_remaining(remaining)
        with self._exclusive() as core:
            warn_of_death(core, "inhibit")
            core.inhibit(work, left)

    def set_metabolic_conditions(
        self, conditions: Mapping[str, Any] | MetabolicConditions | None
    ) -> None:
        """Change what the cell's metabolic model is solved under.

        They act when the balance is solved next: at once if the age is a multiple of 60 s, else at
        the next one.

        Parameters
        ----------
        conditions : mapping
            ``medium``, ``knockouts`` and ``enzyme_constraints``, as in
            ``execute_metabolic_engine``; they replace those of before. None: those of birth.

        Raises
        ------
        APIValidationError
            If they are not acceptable or name what the model does not have.
        InvalidConfigurationError
            If the cell has no metabolic model, or no turnover numbers for enzyme constraints.
        """
        self._open()
        metabolism = self._model()
        engine = metabolism.engine
        checked = engine.usual if conditions is None else engine.checked(conditions)
        with self._exclusive():
            metabolism.conditions = checked

    def set_resource(self, name: str, molecules_: int) -> None:
        """Set a pool, on the account of the operator.

        A cell that is dead stays so, which a `RuntimeWarning` tells.

        Parameters
        ----------
        name : str
            A key of `resources`.
        molecules_ : int
            Molecules that the cell then holds, 0 or more.

        Raises
        ------
        APIValidationError
            If there is no such resource; the nearest is named, or what sets machines.
        """
        resource, count = self._checked_resource(name, molecules_)
        with self._exclusive() as core:
            warn_of_death(core, "set_resource")
            core.set_resource(resource, count)

    def close(self) -> None:
        """Release the cell; what it recorded stays valid. Closing twice is no error."""
        if self._core_context is None:
            return
        if self._hypervisor is not None:  # which has the cell, whatever runs in it
            self._core_context = None
            return
        with self._held():
            self._core_context = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __reduce__(self) -> NoReturn:
        raise APIValidationError(
            "a cell is copied with fork(replay=True), and stored with snapshot() or save(path)"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------------------

    def _of_machine(self, machine: Machine, runner: threading.Lock) -> None:
        """Let a machine say what the cell cannot do, and one of its contexts run at a time.

        The cell does not keep it.
        """
        self._machine = weakref.ref(machine)
        self._runner = runner

    def _divided(self, core: _core.Context) -> Self:
        """Divide the cell, which is held, and return the other half."""
        made = core.divide()
        if self._listener is not None:
            self._listener.divides()
        metabolism = None if self._metabolism is None else self._metabolism.copy()
        return type(self)._of(self.runtime, made, self._snapshot_dir, metabolism=metabolism)

    def _solved(self, conditions: Any) -> MetabolicResult:
        """Solve the metabolic model for the cell as it is; see ``execute_metabolic_engine``."""
        core = self._open()
        metabolism = self._model()
        if conditions is None:
            return metabolism.solve(core, metabolism.conditions)
        return metabolism.solve(core, metabolism.engine.checked(conditions))

    def _sealed(self, core: _core.Context) -> bytes:
        snapshot = core.snapshot()
        if self._metabolism is None:
            return snapshot
        from bioxen_jcvi_vm_lib.metabolism.seal import sealed

        return sealed(snapshot, self._metabolism.to_dict())

    def _set_environment(self, core: _core.Context, values: Mapping[str, float]) -> None:
        if self._metabolism is not None and "glucose_mM" in values:
            self._metabolism.set_glucose(values["glucose_mM"])
        core.set_environment(**{**core.environment(), **values})

    def _advance(
        self,
        core: _core.Context,
        run: Run,
        progress: Progress | None,
        only: list[int] | None = None,
    ) -> TraceLike:
        if self._metabolism is None:
            return core.run(run.seconds, run.every_s, progress, only)
        return self._metabolism.run(core, run.seconds, run.every_s, progress, only)

    @contextmanager
    def _exclusive(self) -> Iterator[_core.Context]:
        """Hold the right to change the cell, which must be there."""
        self._open()
        with self._held():
            yield self._open()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Hold the right to change the cell; a second holder is refused, not made to wait."""
        if not self._runner.acquire(blocking=False):
            raise GenomicRuntimeError(
                "this context is running: wait for that run, or give each thread a context of its "
                "own; a progress callback may look at it, not run or change it"
            )
        try:
            yield
        finally:
            self._runner.release()

    def _checked_run(self, duration_s: Any, every_s: Any) -> Run:
        duration = seconds(duration_s, "duration_s")
        every = None if every_s is None else seconds(every_s, "every_s")
        return Run(duration, every)

    def _checked_resource(self, name: Any, count: Any) -> tuple[str, int]:
        known = self._open().resources()
        if not isinstance(name, str) or name not in known:
            genes = (*self.runtime.locus_tags, *self.runtime.gene_names)
            raise no_resource(name, known, genes)
        return name, molecules(count, name)

    def _execute(self, statements: tuple[Statement, ...], progress: Any) -> ExecutionResult:
        execution = Execution(self, progress)
        try:
            with self._exclusive() as core:
                machine = self._machine()
                if machine is not None:
                    machine._ready()
                fingerprint = core.program.fingerprint
                traces = execution.of(core, statements)
                result = execution.result(core, traces, fingerprint)
                breach = traces[-1].breach
        except BaseException as error:
            for one in self._told(execution.daughters):
                error.add_note(f"a hook failed, too: {named(one)}")
            raise
        # hooks may run the cell again
        failures = self._told(execution.daughters)
        if self._listener is not None:
            failures += self._listener.ended(result.status, result.cause, breach)
        failed = together(failures)
        if breach:
            raise IsolationBreachError(
                f"the cell came to its quota: {result.cause}", details={"results": result}
            ) from failed
        if result.status == "error":
            raise GenomicRuntimeError(
                f"the cell failed: {result.cause}", details={"results": result}
            ) from failed
        if failed is not None:
            raise GenomicRuntimeError(
                f"the run ended as {result.status}, and a hook failed: {named(failed)}",
                details={"results": result},
            ) from failed
        return result

    def _told(self, daughters: Sequence[CellularContext]) -> list[Exception]:
        """Call the hooks for divisions that there were, and return what they raised."""
        if self._listener is None:
            return []
        return [error for one in daughters for error in self._listener.divided(one)]
