"""A run of all machines that run, until their cells have some age."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import gibibytes
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    GenomicRuntimeError,
    IsolationBreachError,
    VMStateError,
)
from bioxen_jcvi_vm_lib._limits import MAX_TRACE_BYTES, row_bytes
from bioxen_jcvi_vm_lib._observers import named, together
from bioxen_jcvi_vm_lib.hypervisor.listener import VmListener
from bioxen_jcvi_vm_lib.hypervisor.records import LIMITS
from bioxen_jcvi_vm_lib.hypervisor.register import Register
from bioxen_jcvi_vm_lib.hypervisor.results import RunResults, VmRecord

__all__ = ["run_together"]


def run_together(
    register: Register,
    *,
    until_s: float,
    every_s: float | None,
    pace: float,
    progress: Callable[[], None] | None,
) -> RunResults:
    """See ``BioXenHypervisor.run``."""
    core = register.core
    records = register.running()
    for record in records:
        if record.metabolism is not None:
            raise VMStateError(
                f"{record.handle.vm_id!r} lives on a metabolic model, which is solved between "
                "runs, and workers solve none: run it by itself, with "
                "vm.execute_biological_process or hypervisor.context(vm_id).run, or pause it",
                details={"vm_id": record.handle.vm_id, "state": "running"},
            )
    _check_size(core, records, until_s, every_s)
    asked: list[tuple[VmRecord, _core.Run]] = []
    try:
        for record in records:
            with contextlib.suppress(IsolationBreachError, VMStateError):  # gone meanwhile
                core.submit(
                    record.handle.handle,
                    until_s=until_s,
                    every_s=every_s,
                    pace=pace,
                    into=asked,
                    key=record,
                )
        cancelled = core.wait([run for _, run in asked], progress)
    except KeyboardInterrupt:  # before it waited
        core.cancel([run for _, run in asked])
        cancelled = True
    except BaseException as error:
        core.cancel([run for _, run in asked])
        for record, run in asked:
            if run.finished:
                for one in VmListener(register, record).ended(run.status, run.cause, run.breach):
                    error.add_note(f"a hook failed, too: {named(one)}")
        raise
    runs = {record.handle.vm_id: (record, run) for record, run in asked}
    results = RunResults(core, runs, cancelled=cancelled)
    failed = together(
        [
            error
            for record, run in runs.values()
            if record.observers
            for error in VmListener(register, record).ended(run.status, run.cause, run.breach)
        ]
    )
    breaches = [vm_id for vm_id, (_, run) in runs.items() if run.status == "quota" and run.breach]
    if breaches:
        cause = runs[breaches[0]][1].cause
        raise IsolationBreachError(
            f"{', '.join(breaches[:5])}{' and others' if len(breaches) > 5 else ''} came to a "
            f"quota, of {cause} ({LIMITS.get(cause, cause)}): give more with set_quota and go "
            "on with resume_vm, or stop there",
            details={"vm_ids": breaches, "results": results},
        ) from failed
    if failed is not None:
        raise GenomicRuntimeError(
            f"the run ended, and a hook failed: {named(failed)}", details={"results": results}
        ) from failed
    return results


def _check_size(
    core: _core.Hypervisor, records: Iterable[VmRecord], until_s: float, every_s: float | None
) -> None:
    if every_s is None:
        return
    size = 0.0
    for record in records:
        with contextlib.suppress(IsolationBreachError, VMStateError):  # gone meanwhile
            left_s = max(0.0, until_s - core.context(record.handle.handle).time_s)
            size += (left_s / every_s + 2) * row_bytes(record.runtime)
    if size > MAX_TRACE_BYTES:
        raise APIValidationError(
            f"sampling until {until_s:g} s every {every_s:g} s would record {gibibytes(size)} "
            f"(limit {MAX_TRACE_BYTES >> 30}): give a larger every_s",
            details={"argument": "every_s"},
        )
