"""What a run of many virtual machines gives back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError, BioXenException, VMNotFoundError
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.hypervisor.records import VmHandle
from bioxen_jcvi_vm_lib.result import ExecutionResult

__all__ = ["RunResults", "VmRecord", "result_of"]


@dataclass(frozen=True, slots=True)
class VmRecord:
    """What this side knows of a virtual machine; the rest is in the core."""

    handle: VmHandle
    runtime: GenomicRuntime
    seed: int
    fingerprint: str
    snapshot_dir: str | None


class RunResults(Mapping[str, ExecutionResult]):
    """Results by ``vm_id`` or `VmHandle`, each put together when it is asked for.

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
        runs: Mapping[str, tuple[VmRecord, _core.Run]],
        *,
        cancelled: bool,
    ) -> None:
        self._core = core
        self._runs = dict(runs)
        self._made: dict[str, ExecutionResult] = {}
        self.cancelled = cancelled

    @property
    def statuses(self) -> dict[str, str]:
        """How each run ended."""
        return {vm_id: run.status for vm_id, (_, run) in self._runs.items()}

    def __getitem__(self, vm_id: str | VmHandle) -> ExecutionResult:
        name = self._name(vm_id)
        if name is None:
            near = suggestion(vm_id, self._runs) if isinstance(vm_id, str) else ""
            raise VMNotFoundError(
                f"no VM {short(vm_id)} ran{near or '; the keys name those that did'}"
            )
        if name not in self._made:
            self._made[name] = result_of(self._core, *self._runs[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, vm_id: object) -> bool:
        return self._name(vm_id) is not None

    def _name(self, vm: object) -> str | None:
        """Return the key that names a machine which ran."""
        if isinstance(vm, VmHandle):
            found = self._runs.get(vm.vm_id)
            return vm.vm_id if found is not None and found[0].handle == vm else None
        return vm if isinstance(vm, str) and vm in self._runs else None

    def __reduce__(self) -> NoReturn:
        raise APIValidationError(
            "the results of a run stay with its hypervisor: copy or pickle dict(results)"
        )

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for status in self.statuses.values():
            counts[status] = counts.get(status, 0) + 1
        return f"<RunResults: {', '.join(f'{n} {s}' for s, n in counts.items()) or 'none'}>"


def result_of(core: _core.Hypervisor, record: VmRecord, *runs: _core.Run) -> ExecutionResult:
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
    )
