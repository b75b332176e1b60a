"""What statements may ask of cells: greatest age, largest recording."""

from __future__ import annotations

from collections.abc import Iterable

from bioxen_jcvi_vm_lib._checks import MAX_DURATION_S, gibibytes
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.program import Run, RunOperon, Statement

__all__ = ["MAX_TRACE_BYTES", "check_age", "check_size", "row_bytes"]

#: Largest recording of one run [bytes].
MAX_TRACE_BYTES = 8 * 2**30
#: Numbers of a sample that is not by gene: resources, machines, cell cycle.
_NUMBERS = 144


def check_age(age_s: float, statements: Iterable[Statement]) -> None:
    """Refuse statements that would carry a cell beyond the greatest age.

    A cell that is one of a hypervisor's would fail of it.
    """
    for statement in statements:
        if isinstance(statement, Run):
            age_s += statement.seconds
        elif isinstance(statement, RunOperon):
            age_s += statement.duration_s
    if age_s > MAX_DURATION_S:
        raise APIValidationError(
            f"the cell would come to an age of {age_s:.15g} s, and {MAX_DURATION_S:g} s is the "
            "greatest: give less time",
            details={"age_s": age_s},
        )


def check_size(runtime: GenomicRuntime, statements: Iterable[Statement], cells: int = 1) -> None:
    """Refuse statements whose samples are together more than can be kept."""
    size = cells * sum(recorded_bytes(runtime, one) for one in statements if isinstance(one, Run))
    if size > MAX_TRACE_BYTES:
        many = cells > 1
        whose = f" of {cells:,} cells" if many else ""
        fewer = ", or fewer seeds at a time" if many else ""
        raise APIValidationError(
            f"the samples{whose} would take {gibibytes(size)} "
            f"(limit {MAX_TRACE_BYTES >> 30}): give a larger every_s{fewer}",
            details={"argument": "seeds" if many else "every_s"},
        )


def recorded_bytes(runtime: GenomicRuntime, statement: Run) -> float:
    """Return what the samples of a run take [bytes]."""
    rows = 2.0 if statement.every_s is None else statement.seconds / statement.every_s + 2
    return rows * row_bytes(runtime)


def row_bytes(runtime: GenomicRuntime) -> int:
    """Return what a sample takes [bytes]."""
    return 8 * (2 * len(runtime) + _NUMBERS)
