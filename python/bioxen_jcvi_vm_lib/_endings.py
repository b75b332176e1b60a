"""What a result says of how a run ended."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib.cell_cycle import death_of
from bioxen_jcvi_vm_lib.environment import inhibitors_of

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
    from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState

__all__ = ["notes_of_end"]

#: Without one of these nearly nothing can happen.
_NUCLEOTIDES = ("ATP", "GTP", "CTP", "UTP", "dATP", "dGTP", "dCTP", "dTTP")


def notes_of_end(
    core: _core.Context, status: str, metabolism: CellMetabolism | None, began_s: float
) -> list[str]:
    """Return what is to be known of a cell whose run from an age on ended with a status."""
    notes = []
    if status == "exhausted":
        notes.append(death_of(core) or _standstill(core))
    elif status == "completed":
        state = core.cycle()
        if state["grows"] and state["ready_to_divide"] and not state["cause_of_death"]:
            notes.append("the cell is ready to divide: divide() parts it")
    if metabolism is not None and (gap := _without_supply(metabolism.states, began_s)):
        notes.append(gap)
    return notes


def _standstill(core: _core.Context) -> str:
    """Say why nothing can happen in a cell that lives."""
    acidity, range_ = core.environment()["pH"], core.program.organism.tolerance
    if not range_.lowest_pH < acidity < range_.highest_pH:
        return (
            f"nothing can happen: at pH {acidity:g} every rate is 0; it lives between pH "
            f"{range_.lowest_pH:g} and {range_.highest_pH:g}"
        )
    why = []
    if stopped := [work for work, left in inhibitors_of(core).items() if left == 0]:
        why.append(f"stopped by inhibitors: {', '.join(stopped)}")
    held = core.resources()
    if lacking := [name for name in _NUCLEOTIDES if held.get(name) == 0]:
        why.append(f"there is no {', '.join(lacking)}")
    if none := [kind for kind, n in core.machines().items() if not n["total"]]:
        why.append(f"it has no {', '.join(none)}")
    return f"nothing can happen: {'; '.join(why) or 'no reaction has all that it needs'}"


def _without_supply(states: Sequence[MetabolicState], began_s: float) -> str:
    """Say when the metabolic model had no solution during a run; empty: it always had one."""
    acting = max(0, bisect.bisect_right([one.time_s for one in states], began_s) - 1)
    wrong = [one.status != "optimal" for one in states]
    if not any(wrong[acting:]):
        return ""
    if wrong[-1]:
        since = len(wrong) - 1 - wrong[::-1].index(False) + 1 if False in wrong else 0
        what = states[-1].in_words.removeprefix("infeasible, ")
        return (
            "the metabolic model has had no feasible solution since age "
            f"{states[since].time_s:g} s: {what}"
        )
    first = states[wrong.index(True, acting)]
    return (
        f"the metabolic model had no feasible solution at {sum(wrong[acting:])} of "
        f"{len(wrong) - acting} ages at which it was solved, first at {first.time_s:g} s: no "
        "supply until the next"
    )
