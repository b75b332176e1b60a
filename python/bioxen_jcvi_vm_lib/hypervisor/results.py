"""What a run of many virtual machines gives back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._endings import notes_of_end
from bioxen_jcvi_vm_lib._errors import BioXenException, VMNotFoundError
from bioxen_jcvi_vm_lib._observers import Observer
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.hypervisor.records import VmHandle
from bioxen_jcvi_vm_lib.result import ExecutionResult

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.context import CellularContext
    from bioxen_jcvi_vm_lib.hypervisor.fed_run import FedRun
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism

__all__ = ["AnyRun", "RunResults", "VmRecord", "end_notes", "result_of"]

AnyRun: TypeAlias = "_core.Run | FedRun"


@dataclass(frozen=True, slots=True)
class VmRecord:
    """What this side knows of a virtual machine; the rest is in the core."""

    handle: VmHandle
    runtime: GenomicRuntime
    seed: int
    fingerprint: str
    snapshot_dir: str | None
    metabolism: CellMetabolism | None = field(default=None, compare=False)
    observers: list[Callable[[], Observer | None]] = field(default_factory=list, compare=False)

    def leave(self) -> None:
        """Let the observers have a last look."""
        for observer in self._observers():
            observer._leave()

    def note(self, event: str, **details: Any) -> None:
        """Have something written down; the caller sees to the order."""
        for observer in self._observers():
            observer._note(event, details)

    def bear(self, daughter: CellularContext) -> list[Exception]:
        """Have the hooks called for a division, and return what they raised."""
        return [error for one in self._observers() for error in one._bear(daughter)]

    def tell(self, event: str) -> list[Exception]:
        """Have the hooks called, and return what they raised."""
        return [error for observer in self._observers() for error in observer._tell(event)]

    def _observers(self) -> list[Observer]:
        return [found for one in tuple(self.observers) if (found := one()) is not None]


class RunResults(Mapping[str, ExecutionResult]):
    """Results by ``vm_id`` or `VmHandle`, each put together when it is asked for.

    They stay valid when the hypervisor is closed, and can be copied and pickled.

    Attributes
    ----------
    statuses : mapping of str to str
        How each run ended, without putting anything together.
    cancelled : bool
        Whether Ctrl-C ended it: a loop of runs ends where it is True.
    """

    def __init__(
        self,
        core: _core.Hypervisor,
        runs: Mapping[str, tuple[VmRecord, AnyRun]],
        *,
        cancelled: bool,
    ) -> None:
        self._core = core
        self._runs = dict(runs)
        self._handles = {vm_id: record.handle for vm_id, (record, _) in self._runs.items()}
        self._statuses = {vm_id: run.status for vm_id, (_, run) in self._runs.items()}
        self._notes = {vm_id: end_notes(core, *one) for vm_id, one in self._runs.items()}
        self._made: dict[str, ExecutionResult] = {}
        self.cancelled = cancelled

    @property
    def statuses(self) -> dict[str, str]:
        """How each run ended."""
        return dict(self._statuses)

    def __getitem__(self, vm_id: str | VmHandle) -> ExecutionResult:
        name = self._name(vm_id)
        if name is None:
            near = suggestion(vm_id, self._handles)
            raise VMNotFoundError(
                f"no VM {short(vm_id)} ran{near or '; the keys name those that did'}"
            )
        if name not in self._made:
            notes = self._notes[name]
            self._made[name] = result_of(self._core, *self._runs[name], notes=notes)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._handles)

    def __len__(self) -> int:
        return len(self._handles)

    def __contains__(self, vm_id: object) -> bool:
        return self._name(vm_id) is not None

    def _name(self, vm: object) -> str | None:
        """Return the key that names a machine which ran."""
        if isinstance(vm, VmHandle):
            return vm.vm_id if self._handles.get(vm.vm_id) == vm else None
        return vm if isinstance(vm, str) and vm in self._handles else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Put everything together: a copy needs no hypervisor."""
        return (_detached, (self._handles, self._statuses, dict(self), self.cancelled))

    def to_dict(self) -> dict[str, Any]:
        """Return every result as plain values, by ``vm_id``."""
        return {vm_id: result.to_dict() for vm_id, result in self.items()}

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for status in self.statuses.values():
            counts[status] = counts.get(status, 0) + 1
        return f"<RunResults: {', '.join(f'{n} {s}' for s, n in counts.items()) or 'none'}>"


def _detached(
    handles: dict[str, VmHandle],
    statuses: dict[str, str],
    results: dict[str, ExecutionResult],
    cancelled: bool,
) -> RunResults:
    made = RunResults.__new__(RunResults)
    made._handles, made._statuses, made._made = dict(handles), dict(statuses), dict(results)
    made.cancelled = cancelled
    return made


def end_notes(core: _core.Hypervisor, record: VmRecord, run: AnyRun) -> list[str]:
    """Return what is to be known of the cell at the end of a run."""
    with contextlib.suppress(BioXenException):  # destroyed meanwhile, or before it began
        cell, fed = core.context(record.handle.handle), record.metabolism
        began_s = 0.0 if fed is None else float(run.trace().time_s[0])
        return notes_of_end(cell, run.status, fed, began_s)
    return []


def result_of(
    core: _core.Hypervisor, record: VmRecord, *runs: AnyRun, notes: Sequence[str] = ()
) -> ExecutionResult:
    """Put the result of runs together that followed one another."""
    traces = [run.trace() for run in runs]
    audit = traces[-1].audit
    if audit is None:  # it ended before it began, or with an error
        with contextlib.suppress(BioXenException):
            audit = core.context(record.handle.handle).audit()
    return ExecutionResult.from_traces(
        traces,
        audit=audit or {},
        seed=record.seed,
        runtime_fingerprint=record.fingerprint,
        genes=record.runtime.locus_tags,
        gene_names=record.runtime.gene_names,
        notes=notes,
    )
