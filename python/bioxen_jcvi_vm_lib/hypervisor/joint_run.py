"""A run of all machines that run, until their cells have some age."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

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
from bioxen_jcvi_vm_lib.hypervisor.results import AnyRun, RunResults, VmRecord

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.hypervisor.fed_run import FedRun

__all__ = ["run_together"]

#: How often pieces of the runs of fed machines are looked at, and progress is told [s].
LOOK_S, REPORT_S = 0.001, 0.25


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
    _check_size(core, records, until_s, every_s)
    asked: list[tuple[VmRecord, AnyRun]] = []
    try:
        for record in records:
            with contextlib.suppress(IsolationBreachError, VMStateError):  # gone meanwhile
                if record.metabolism is not None:
                    asked.append((record, _fed_run(core, record, until_s, every_s, pace)))
                    continue
                core.submit(
                    record.handle.handle,
                    until_s=until_s,
                    every_s=every_s,
                    pace=pace,
                    into=asked,
                    key=record,
                )
        cancelled = _waited(core, [run for _, run in asked], progress)
    except KeyboardInterrupt:  # before it waited
        _cancel(core, [run for _, run in asked])
        cancelled = True
    except BaseException as error:
        _cancel(core, [run for _, run in asked])
        for record, run in asked:
            if run.finished:
                for one in VmListener(register, record).ended(run.status, run.cause, run.breach):
                    error.add_note(f"a hook failed, too: {named(one)}")
        raise
    runs = {
        record.handle.vm_id: (record, run)
        for record, run in asked
        if isinstance(run, _core.Run) or run.begun
    }
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


def _fed_run(
    core: _core.Hypervisor, record: VmRecord, until_s: float, every_s: float | None, pace: float
) -> FedRun:
    # the solver is loaded by those who need it
    from bioxen_jcvi_vm_lib.hypervisor.fed_run import FedRun

    assert record.metabolism is not None
    return FedRun(core, record, record.metabolism, until_s=until_s, every_s=every_s, pace=pace)


def _waited(
    core: _core.Hypervisor, runs: Sequence[AnyRun], progress: Callable[[], None] | None
) -> bool:
    """Wait for all runs, those of fed machines piece by piece; whether Ctrl-C ended that."""
    fed = [run for run in runs if not isinstance(run, _core.Run)]
    if not fed:
        return core.wait([run for run in runs if isinstance(run, _core.Run)], progress)
    told = time.monotonic()

    def look() -> None:
        nonlocal told
        for run in fed:
            run.go_on()
        if progress is not None and time.monotonic() - told >= REPORT_S:
            told = time.monotonic()
            progress()

    for run in fed:
        run.go_on()
    while not all(run.finished for run in runs):
        if core.wait(_pieces(runs), look, LOOK_S):
            _cancel(core, runs)
            return True
        for run in fed:
            run.go_on()
        if not _pieces(runs):  # they wait for other runs of their cells
            time.sleep(LOOK_S)
    return False


def _cancel(core: _core.Hypervisor, runs: Sequence[AnyRun]) -> None:
    """End runs where they are, those of fed machines for good."""
    pieces = _pieces(runs)
    core.cancel(pieces)
    fed = [run for run in runs if not isinstance(run, _core.Run)]
    if any(not run.finished for run in fed):
        core.wait(pieces)
    for run in fed:
        run.end("cancelled")


def _pieces(runs: Iterable[AnyRun]) -> list[_core.Run]:
    """Return what the core runs of them now."""
    pieces = (run if isinstance(run, _core.Run) else run.piece for run in runs)
    return [piece for piece in pieces if piece is not None and not piece.finished]


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
