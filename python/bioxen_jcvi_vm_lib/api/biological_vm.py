"""A biological virtual machine: one genome that lives under a hypervisor, with a lifecycle."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, get_args, overload

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    IsolationBreachError,
    VMStateError,
)
from bioxen_jcvi_vm_lib._frozen import frozen
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib._observed_cell import energy_charge
from bioxen_jcvi_vm_lib._observers import raise_together
from bioxen_jcvi_vm_lib.api.audit import AuditLog
from bioxen_jcvi_vm_lib.api.operations import handle_vm_operation
from bioxen_jcvi_vm_lib.api.process_result import ProcessResult
from bioxen_jcvi_vm_lib.api.vm_status import BiologicalMetrics, BiologicalStatus
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
from bioxen_jcvi_vm_lib.hypervisor.metrics import VmMetrics
from bioxen_jcvi_vm_lib.hypervisor.records import (
    Chassis,
    Policy,
    Quota,
    ResourceAllocation,
    VmHandle,
)
from bioxen_jcvi_vm_lib.hypervisor.results import VmRecord
from bioxen_jcvi_vm_lib.program import GenomicProgram

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState

__all__ = ["BiologicalMetrics", "BiologicalStatus", "BiologicalVM", "ProcessResult"]

#: What a callback can be asked for.
Event = Literal[
    "started", "paused", "resumed", "divided", "exhausted", "stopped", "error", "destroyed"
]
EVENTS: Final[tuple[Event, ...]] = get_args(Event)

#: How a machine that is not running gets further.
_WAYS_ON = {
    "created": "start() it",
    "paused": "resume() it",
    "stopped": "context.fork() makes a cell of it that goes on; create_bio_vm makes another "
    "machine",
}

Callback = Callable[["BiologicalVM"], object]


class BiologicalVM:
    """A genome in a cell under a hypervisor; made by `create_bio_vm`.

    ``created`` → ``start()`` → ``running`` ⇄ ``paused`` → ``stopped`` → ``destroyed``; a cell that
    failed is in the state ``error``. It is a context manager: leaving it destroys it. Methods may
    be called from any thread; one process runs at a time. What the hypervisor does to the machine
    (``pause_vm``, ``run``, ``close``, ...) reaches hooks and audit log as if it was done here.
    """

    __slots__ = (
        "__weakref__",
        "_audit",
        "_biological_type",
        "_callbacks",
        "_context",
        "_daughter",
        "_destroyed",
        "_handle",
        "_hypervisor",
        "_last",
        "_owns_hypervisor",
        "_runner",
        "_runtime",
        "_telling",
        "_vm_type",
    )

    def __init__(
        self,
        hypervisor: BioXenHypervisor,
        handle: VmHandle,
        runtime: GenomicRuntime,
        *,
        biological_type: str,
        vm_type: str,
        owns_hypervisor: bool,
        audit: AuditLog | None = None,
    ) -> None:
        self._runtime = runtime
        self._hypervisor = hypervisor
        self._handle = handle
        self._runner = threading.Lock()
        self._context = self._opened()  # for itself; its user gets others, and may close them
        self._biological_type = biological_type
        self._vm_type = vm_type
        self._owns_hypervisor = owns_hypervisor
        self._audit = audit
        self._callbacks: dict[str, list[Callback]] = {event: [] for event in EVENTS}
        self._last: BiologicalStatus | None = None  # once it is about to be destroyed
        self._destroyed = False
        self._daughter: CellularContext | None = None
        self._telling: set[int] = set()  # threads that call the hooks of a division
        record = hypervisor._record(handle)
        # a hypervisor of its own goes with it, unless somebody else holds that
        record.observers.append(weakref.ref(self) if owns_hypervisor else lambda: self)
        self._note(
            "created",
            {
                "biological_type": biological_type,
                "seed": self._context.seed,
                "quota": self._used().quota.to_dict(),
            },
        )

    # -- lifecycle ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Let it run: from now on it carries out processes.

        Raises
        ------
        VMStateError
            If it was started before.
        """
        self._told(_start(self), "started")

    def pause(self) -> None:
        """Let it rest, also amid a process of another thread, which then waits."""
        self._told(_pause(self), "paused")

    def resume(self) -> None:
        """Let it go on after a pause."""
        self._told(_resume(self), "resumed")

    def stop(self) -> None:
        """End it for good; a process under way ends as "stopped". Its cell can still be seen."""
        self._told(_stop(self), "stopped")

    def destroy(self) -> None:
        """Remove it in any state, and its hypervisor if that is its own. Twice is no error, nor
        if its hypervisor has removed it already.
        """
        for record in _destroy(self):
            self._told(record, "destroyed")

    def on(self, event: Event, callback: Callback) -> Callback:
        """Have a function called with this machine after something was done to it.

        Parameters
        ----------
        event : str
            "started", "paused", "resumed", "divided" (a run has ended because the cell is ready to
            divide, and `divide` may be called here; or the cell was divided, and `daughter` is the
            other half), "exhausted" (a process found nothing left that can happen), "stopped",
            "error" (its cell failed) or "destroyed".
        callback : callable
            Called on the thread that made the call, once the state has changed, in the order of
            registration. When all have been called an exception from one propagates, those of
            several as an ExceptionGroup; the state stays changed. Where it would hide what a run
            came to, it is the cause of a `GenomicRuntimeError` with ``details["results"]``. A
            division that a callback for "divided" makes itself does not call these again.

        Returns
        -------
        callable
            The callback.
        """
        wanted: object = event
        if not isinstance(wanted, str) or wanted not in EVENTS:
            why = suggestion(wanted, EVENTS) or f"; there are {', '.join(EVENTS)}"
            raise APIValidationError(
                f"no event {short(wanted)}{why}", details={"argument": "event"}
            )
        if not callable(callback):
            raise APIValidationError(
                f"callback must be callable with the machine, not {short(callback)}",
                details={"argument": "callback"},
            )
        self._callbacks[event].append(callback)
        return callback

    @overload
    def divide(self) -> CellularContext: ...
    @overload
    def divide(
        self,
        new_vm_id: str,
        *,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
        quota: Quota | Mapping[str, Any] | None = None,
    ) -> BiologicalVM: ...
    def divide(
        self,
        new_vm_id: str | None = None,
        *,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
        quota: Quota | Mapping[str, Any] | None = None,
    ) -> CellularContext | BiologicalVM:
        """Divide its cell at the next supply tick; the machine keeps one half and goes on.

        A run ends as "divided" where the cell has become ready, and hooks for "divided" are called;
        nothing is divided by itself, and another run goes on undivided. Whether the cell is ready
        is not asked here: two whole copies of each chromosome must be there.

        Parameters
        ----------
        new_vm_id : str, optional
            Name of a machine for the other half, in the state "created": in the same hypervisor,
            or, if that is this machine's own, in one of its own.
        policy, quota
            Of that machine, as in `create_bio_vm`.

        Returns
        -------
        CellularContext or BiologicalVM
            The other half: a cell by itself, or the machine that was asked for.

        Raises
        ------
        GenomicRuntimeError
            If the cell does not grow, or has not two of each chromosome. Also if a hook failed,
            which is the cause; the other half is `daughter` then.
        VMCreationError, ResourceAllocationError, HypervisorOverloadError, APIValidationError
            If there cannot be such a machine; nothing is divided then.
        """
        if new_vm_id is None and (policy is not None or quota is not None):
            raise APIValidationError(
                "policy and quota are a machine's: name it, divide(new_vm_id, ...)",
                details={"argument": "policy" if quota is None else "quota"},
            )
        self._alive("divide")
        if new_vm_id is None:
            return self._context.divide()
        home = self.hypervisor
        if self._owns_hypervisor:
            home, handle = self._divided_into(new_vm_id, policy, quota)
        else:
            handle = home.divide_vm(self.handle, new_vm_id, policy=policy, quota=quota)
        return BiologicalVM(
            home,
            handle,
            self.runtime,
            biological_type=self._biological_type,
            vm_type=self._vm_type,
            owns_hypervisor=self._owns_hypervisor,
            audit=self._audit,
        )

    @property
    def daughter(self) -> CellularContext | None:
        """The other half of the last division of its cell; None before one."""
        return self._daughter

    # -- what it is and does -----------------------------------------------------------------------

    @property
    def vm_id(self) -> str:
        """Its name."""
        return self._handle.vm_id

    @property
    def runtime(self) -> GenomicRuntime:
        """The genome."""
        return self._runtime

    @property
    def hypervisor(self) -> BioXenHypervisor:
        """What runs it: its own, or the one that it was made in."""
        return self._hypervisor

    @property
    def handle(self) -> VmHandle:
        """Names it there."""
        return self._handle

    @property
    def state(self) -> str:
        """Where in its lifecycle it is."""
        if self._destroyed:
            return "destroyed"
        try:
            return self.hypervisor.get_vm_state(self.handle)
        except BioXenException:
            if self.hypervisor._has(self.handle):  # it is the hypervisor of another process
                raise
            return "destroyed"

    @property
    def context(self) -> CellularContext:
        """The cell: to be looked at, changed, copied and run.

        Closing it leaves the machine, and what was given to others, as they are.

        Raises
        ------
        VMStateError
            If the machine was destroyed.
        """
        self._alive("look at")
        return self._opened()

    def get_biological_type(self) -> str:
        """Return what it was made as: "minimal_cell", "syn3a" or "ecoli"."""
        return self._biological_type

    def get_vm_type(self) -> str:
        """Return where it runs: "basic", in this process."""
        return self._vm_type

    def get_status(self) -> BiologicalStatus:
        """Return its state and what is in its cell; also of one that was destroyed, the last.

        Age and counts are those of one moment, also while it runs.
        """
        if self._destroyed and self._last is not None:
            return self._last
        try:
            used = self._used()
        except BioXenException:
            if self.hypervisor._has(self.handle):
                raise
            return self._last or self._status(None, None)  # removed at this moment
        try:
            look = self._context.fork(replay=True)
        except (VMStateError, IsolationBreachError):  # a cell that failed is gone
            return self._status(used, None)
        with look:
            return self._status(used, look)

    def _status(self, used: VmMetrics | None, look: CellularContext | None) -> BiologicalStatus:
        return BiologicalStatus(
            vm_id=self.vm_id,
            biological_type=self._biological_type,
            vm_type=self._vm_type,
            state=used.state if used else "destroyed",
            cause=used.cause if used else "",
            time_s=look.time_s if look else used.time_s if used else 0.0,
            seed=self._context.seed,
            machines=frozen(look.machines if look else {}),
            resources=frozen(look.resources if look else {}),
            transcripts=int(look.mrnas.sum()) if look else 0,
            proteins=int(look.proteins.sum()) if look else 0,
            pace=used.pace if used else 0.0,
            deadline_misses=used.deadline_misses if used else 0,
            cell_cycle=_cycle(look) if look else None,
            metabolism=_metabolism(look) if look else None,
        )

    def get_biological_metrics(self) -> BiologicalMetrics:
        """Return what its cell has done; all of it at one moment, but for the speed.

        Raises
        ------
        VMStateError
            If it was destroyed, or its cell failed.
        """
        self._alive("measure")
        used = self._used()
        tags = self.runtime.locus_tags
        with self._context.fork(replay=True) as look:
            return BiologicalMetrics(
                time_s=look.time_s,
                events=frozen(look.events),
                active_fractions=frozen(
                    {
                        name: count["active"] / count["total"] if count["total"] else 0.0
                        for name, count in look.machines.items()
                    }
                ),
                energy_charge=energy_charge(look.resources),
                transcripts=frozen(dict(zip(tags, look.mrnas.tolist(), strict=True))),
                proteins=frozen(dict(zip(tags, look.proteins.tolist(), strict=True))),
                ledger=frozen(look.ledger),
                speed=used.time_s / used.cpu_s if used.cpu_ns else 0.0,
                cell_cycle=_cycle(look),
                metabolism=_metabolism(look),
            )

    # -- resources ---------------------------------------------------------------------------------

    def allocate_resources(
        self,
        resource_allocation: ResourceAllocation | Mapping[str, Any],
        *,
        at_s: float | None = None,
    ) -> float:
        """Change what it holds of the chassis: ribosomes, RNA polymerases, fluxes.

        A machine with a hypervisor of its own has a chassis that is what its organism has; to hold
        more, make it in a hypervisor with a larger one.

        Parameters
        ----------
        resource_allocation : ResourceAllocation or mapping
            What it is to hold; what is not given stays as it is.
        at_s : float, optional
            From which age of the cell on [s]; None: from now on.

        Returns
        -------
        float
            The age from which it acts [s].

        Raises
        ------
        ResourceAllocationError
            If it is not free, with what was asked, free and held; or there is no chassis.
        """
        return _allocate(self, resource_allocation, at_s)

    def get_resource_usage(self) -> VmMetrics:
        """Return what it has used: CPU, memory, events, molecules, and what it holds."""
        self._alive("measure")
        return self._used()

    # -- processes ---------------------------------------------------------------------------------

    def execute_biological_process(
        self,
        process_code: GenomicProgram | str,
        *,
        progress: Callable[[float, int], None] | None = None,
    ) -> ProcessResult:
        """Carry out a process in its cell.

        Parameters
        ----------
        process_code : GenomicProgram or str
            Calls such as ``run(60)`` or ``knockout("dnaA")``, see `GenomicProgram`.
        progress : callable, optional
            As in ``CellularContext.run``.

        Raises
        ------
        ProgramSyntaxError
            If the text is no program, with ``.position``; nothing has changed then.
        APIValidationError
            If it names an unknown gene or resource; nothing has changed then.
        VMStateError
            If the machine is not running.
        IsolationBreachError
            If it came to a quota with ``on_quota="raise"``; what it came to is
            ``details["results"]``.
        GenomicRuntimeError
            If the cell failed, or a hook did, which is the cause; with the results likewise.
        """
        heard: list[Exception] = []  # not in a name: it would keep itself and this frame
        done = _execute(self, process_code, progress, heard)
        if done is None:
            raise heard.pop()
        return done

    # -- end ---------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._alive("enter")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.destroy()

    def __reduce__(self) -> NoReturn:
        beside = "" if self._owns_hypervisor else "vm.hypervisor.fork_vm makes another machine, "
        raise APIValidationError(
            f"a machine is not copied: context.fork(replay=True) copies its cell, {beside}and "
            "context.save(path) stores it"
        )

    def __repr__(self) -> str:
        try:
            state = self.state
        except BioXenException:
            state = "of another process"
        return f"<BiologicalVM {self.vm_id!r}: {self._biological_type}, {state}>"

    def _repr_html_(self) -> str:
        now = self.get_status()
        rows = [
            ("type", f"{now.biological_type}, {now.vm_type}"),
            ("state", now.state + (f": {now.cause}" if now.cause else "")),
            ("age", f"{now.time_s:,.6g} s"),
            *(
                (name.replace("_", " ") + "s", f"{count['active']:,} of {count['total']:,} active")
                for name, count in now.machines.items()
                if name != "replisome"
            ),
            *((name, f"{now.resources[name]:,}") for name in ("ATP", "GTP") if now.resources),
            ("proteins", f"{now.proteins:,}"),
            ("transcripts by gene", f"{now.transcripts:,}"),
            *(() if now.cell_cycle is None else [("cell cycle", str(now.cell_cycle))]),
            *(() if now.metabolism is None else [("metabolism", now.metabolism.in_words)]),
            ("deadline misses", f"{now.deadline_misses:,}"),
            ("seed", str(now.seed)),
        ]
        return facts(rows, self.vm_id)

    # -- inside ------------------------------------------------------------------------------------

    def _divided_into(
        self,
        new_vm_id: str,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None,
        quota: Quota | Mapping[str, Any] | None,
    ) -> tuple[BioXenHypervisor, VmHandle]:
        """Divide the cell, and put the other half into a hypervisor of its own."""
        home = BioXenHypervisor(
            max_vms=1,
            workers=1,
            chassis=None
            if self.runtime.configuration.metabolic_model
            else Chassis.of_organism(self.runtime),
            scheduler=self.hypervisor.scheduler,
        )

        def settle(snapshot: bytes) -> VmHandle:
            return home.restore_vm(new_vm_id, snapshot, self.runtime, policy=policy, quota=quota)

        try:
            with self._context.fork(replay=True) as twin:  # what is refused divides nothing
                settle(twin.snapshot())
            home.destroy_vm(new_vm_id)
            given = settle(self._context.divide().snapshot())
        except BaseException:
            home.close()
            raise
        return home, given

    def _opened(self) -> CellularContext:
        context = self.hypervisor.context(self.handle)
        context._of_machine(self, self._runner)
        return context

    def _used(self) -> VmMetrics:
        return self.hypervisor.get_vm_resource_usage(self.handle)

    def _alive(self, deed: str) -> None:
        if self._destroyed or not self.hypervisor._has(self.handle):
            raise VMStateError(
                f"{self.vm_id!r} was destroyed: there is nothing to {deed}; make another machine "
                "with create_bio_vm",
                details={"vm_id": self.vm_id, "state": "destroyed"},
            )

    def _ready(self) -> None:
        """Refuse what runs in a machine that does not."""
        state = self.state
        if state == "running":
            return
        cause = "" if state == "destroyed" else self._used().cause
        fix = _WAYS_ON.get(state, "make another machine with create_bio_vm")
        if cause and state == "paused":
            fix = f"vm.hypervisor.set_quota(vm.handle, ...) gives more, then {fix}"
        if cause:
            fix = f"{cause}; {fix}"
        raise VMStateError(
            f"{self.vm_id!r} is {state} and carries out nothing: {fix}",
            details={"vm_id": self.vm_id, "state": state},
        )

    # -- what the hypervisor tells -----------------------------------------------------------------

    def _leave(self) -> None:
        """Take a last look; the hypervisor calls it before it removes the machine."""
        with contextlib.suppress(BioXenException):
            self._last = replace(self.get_status(), state="destroyed")

    def _note(self, event: str, details: Mapping[str, Any]) -> None:
        """Write an event to the audit log; the hypervisor calls it."""
        if event == "destroyed":
            self._destroyed = True
        if self._audit is not None:
            self._audit.record(event, self.vm_id, **details)

    def _bear(self, daughter: CellularContext) -> list[Exception]:
        """Take the other half of the cell and call the hooks; the hypervisor calls it."""
        self._daughter = daughter
        return self._tell("divided")

    def _tell(self, event: str) -> list[Exception]:
        """Call the hooks of an event and return what they raised; the hypervisor calls it."""
        here = threading.get_ident()
        if event == "divided" and here in self._telling:  # one of these hooks divides the cell
            return []
        failed = []
        self._telling |= {here} if event == "divided" else set()
        try:
            for callback in tuple(self._callbacks[event]):
                try:
                    callback(self)
                except Exception as error:
                    failed.append(error)
        finally:
            self._telling -= {here} if event == "divided" else set()
        return failed

    @staticmethod
    def _told(record: VmRecord, event: str) -> None:
        raise_together(record.tell(event))


def _cycle(look: CellularContext) -> CellCycleState | None:
    state = look.cell_cycle
    return state if state.grows else None


def _metabolism(look: CellularContext) -> MetabolicState | None:
    return look.metabolism[-1] if look.metabolism else None


def _deed(name: str) -> Callable[[BiologicalVM], VmRecord]:
    """Return what asks the hypervisor; hooks are called outside: their errors stay theirs."""

    @handle_vm_operation(name)
    def act(vm: BiologicalVM) -> VmRecord:
        vm._alive(name)
        try:
            return vm.hypervisor._order(name, vm.handle)
        except VMStateError as error:
            state = vm.state
            fix = _WAYS_ON.get(state)
            if fix is None or (name in ("pause", "stop") and state != "created"):
                raise
            raise VMStateError(f"{error.message}; {fix}", details=error.details) from None

    return act


_start, _pause, _resume, _stop = map(_deed, ("start", "pause", "resume", "stop"))


@handle_vm_operation("destroy")
def _destroy(vm: BiologicalVM) -> list[VmRecord]:
    gone = []
    with contextlib.suppress(BioXenException):  # it is gone, or of another process
        gone = vm.hypervisor._destroyed(vm.handle)  # a run under way ends as "stopped"
    if vm._owns_hypervisor:
        with contextlib.suppress(BioXenException):
            gone += vm.hypervisor._closed()
    return gone


@handle_vm_operation("allocate")
def _allocate(vm: BiologicalVM, wanted: Any, at_s: float | None) -> float:
    vm._alive("allocate to")
    return vm.hypervisor.allocate_vm_resources(vm.handle, wanted, at_s=at_s)


@handle_vm_operation("execute")
def _execute(
    vm: BiologicalVM, code: Any, progress: Any, heard: list[Exception]
) -> ProcessResult | None:
    """Return what it came to; None if `progress` raised, a way to end a run and no failure.

    What that raised is then in `heard`.
    """

    def listen(time_s: float, steps: int) -> None:
        try:
            progress(time_s, steps)
        except Exception as error:
            heard.append(error)
            raise

    vm._alive("run a process in")
    program = code if isinstance(code, GenomicProgram) else GenomicProgram.parse(code)
    vm._ready()
    told = listen if callable(progress) else progress
    try:
        return ProcessResult(vm.vm_id, program, vm._context.execute(program, progress=told))
    except VMStateError:
        vm._alive("run a process in")  # or it was destroyed a moment ago: say so
        raise
    except Exception:
        if not heard:
            raise
        return None
