"""The metabolism of one cell: every minute its fluxes set the supply."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any, Self

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    GenomicRuntimeError,
    InvalidConfigurationError,
    IsolationBreachError,
    SnapshotError,
    VMStateError,
)
from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine
from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult
from bioxen_jcvi_vm_lib.metabolism.seal import opened
from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState
from bioxen_jcvi_vm_lib.metabolism.windows import Piece, Windows

__all__ = ["CellMetabolism", "restored"]

#: The balance is solved at multiples of this age [s]; each is a supply tick.
PERIOD_S = 60.0
#: What the core says of a machine that is paused, behind its name.
_PAUSED = " is paused, not running: let it go on with resume_vm"
#: How often a machine that is paused is looked at [s].
_LOOK_S = 0.02


class CellMetabolism:
    """What a cell's metabolism depends on besides the state of the cell, and what it gave.

    At every age that is a multiple of 60 s and from which the cell goes on, birth included, the
    balance is solved from the proteins and knockouts of that moment, and the fluxes become the
    maximal rates of supply until the next. The trajectory is a function of the cell, the model,
    conditions and knockouts alone, however it is cut into runs.

    Parameters
    ----------
    engine : MetabolicEngine
        The model.
    medium : mapping of str to float
        Most uptake by exchange that the configuration sets.
    """

    def __init__(self, engine: MetabolicEngine, medium: Mapping[str, float]) -> None:
        self.engine = engine
        self.conditions = engine.usual
        self.states: list[MetabolicState] = []
        self._keeps_all = True
        self._medium = dict(medium)
        self._running = threading.Lock()

    def copy(self) -> CellMetabolism:
        """Return the same for a copy of the cell."""
        made = CellMetabolism(self.engine, self._medium)
        made.conditions = self.conditions
        made.states = list(self.states)
        made._keeps_all = self._keeps_all
        return made

    def keep_last(self) -> None:
        """Keep no state but the last from now on, here and in copies: many cells live long."""
        self._keeps_all = False
        del self.states[:-1]

    def solve(self, core: _core.Context, asked: MetabolicConditions) -> MetabolicResult:
        """Solve for the cell as it is; nothing in it changes."""
        return self.engine.solve(asked, **self._cell(core))

    def with_glucose(self, core: _core.Context, available: bool) -> MetabolicResult:
        """Solve for the cell as it is, with its exchange of glucose open or closed."""
        exchange = self.engine.glucose
        uptake = self.engine.balance.most_uptake(exchange) if available else 0.0
        medium = {**self.conditions.medium, exchange: (-uptake, None)}
        return self.solve(core, replace(self.conditions, medium=medium))

    def set_glucose(self, glucose_mM: float) -> None:
        """Let the uptake of glucose follow another concentration from the next solve on."""
        self._medium.update(self.engine.uptake("glucose_concentration", glucose_mM))

    def run(
        self,
        core: _core.Context,
        duration_s: float,
        every_s: float | None,
        progress: Any,
        only: list[int] | None = None,
    ) -> Windows:
        """Advance the cell and solve whenever it is due; arguments as those of the core's run.

        A cell in which nothing can happen ages on until metabolism has had its turn: it is
        exhausted only once that gives it no other supply than before.
        """
        if not self.begin():
            raise GenomicRuntimeError(
                "this cell is running: one that lives on a metabolic model has one run at a time"
            )
        try:
            first = core.run(0.0)
            windows = Windows(core, first, float(first.time_s[-1]) + duration_s, every_s)
            return _carried_out(self.course(core, windows), windows, core, progress, only)
        finally:
            self.end()

    def begin(self) -> bool:
        """Reserve the cell for one run, whose `end` is to be said; False if it has one."""
        return self._running.acquire(blocking=False)

    def end(self) -> None:
        """Say that the run has ended."""
        self._running.release()

    def course(
        self, core: _core.Context, windows: Windows
    ) -> Generator[Piece, _core.Trace, Windows]:
        """Lead a run to its end: solve whenever it is due, and ask for the runs between.

        Whoever carries it out sends the trace of each; see `Windows.pieces`.
        """
        status = "completed"
        while status in ("completed", "exhausted") and core.time_s < windows.end_s:
            age = core.time_s
            if age % PERIOD_S == 0 and not self._set_supply(core) and status == "exhausted":
                break
            until = min(windows.end_s, (age // PERIOD_S + 1) * PERIOD_S)
            status = yield from windows.pieces(until)
            if status == "exhausted" and core.cycle()["phase"] == "dead":
                break
        return windows.closed(status)

    def _set_supply(self, core: _core.Context) -> bool:
        """Solve, and give the cell the supply that follows; whether that is another one."""
        state = self.engine.state(core.time_s, self.conditions, **self._cell(core))
        organism = core.program.organism
        supply = organism.supply
        changed = False
        for flow in supply:
            rate = state.supply_per_s.get(flow.name, flow.max_rate_per_s)
            changed |= rate != flow.max_rate_per_s
            flow.max_rate_per_s = rate
        if self.states and self.states[-1].time_s == state.time_s:
            self.states.pop()  # it never acted
        self.states.append(state)
        if not self._keeps_all:
            del self.states[:-1]
        if changed:
            organism.supply = supply
            core.allocate(core.program.with_organism(organism))
        return changed

    def _cell(self, core: _core.Context) -> dict[str, Any]:
        tags = self.engine.locus_tags
        return {
            "medium": self._medium,
            "knocked_out": [tags[gene] for gene in core.knocked_out()],
            "proteins": core.proteins(),
        }

    # -- files -------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return what it depends on besides the cell, as plain values, which `of` takes."""
        return {
            "model": self.engine.fingerprint,
            "medium": self._medium,
            "conditions": self.conditions.to_dict(),
        }

    @classmethod
    def of(cls, told: Any, engine: MetabolicEngine | None) -> Self:
        """Make it of what `to_dict` gave.

        Raises
        ------
        SnapshotError
            If that is of another model, or there is none, or is not what `to_dict` gives.
        """
        if not isinstance(told, Mapping) or told.keys() != {"model", "medium", "conditions"}:
            raise SnapshotError(
                "the snapshot is damaged: what it says of metabolism is not model, medium and "
                "conditions"
            )
        if engine is None or told["model"] != engine.fingerprint:
            raise SnapshotError(
                "the snapshot is of a cell with another metabolic model, turnover numbers or "
                "supply: load the runtime with the metabolic_model and kinetics_files that it had"
            )
        try:
            # the uptakes of a medium are checked like those of conditions
            medium = engine.checked({"medium": told["medium"]}).medium
            conditions = engine.checked(told["conditions"])
        except (APIValidationError, InvalidConfigurationError) as error:
            raise SnapshotError(
                f"the snapshot is damaged: of its metabolism {error.message}"
            ) from None
        made = cls(engine, {exchange: -lower for exchange, (lower, _) in medium.items()})
        made.conditions = conditions
        return made


def _carried_out(
    course: Generator[Piece, _core.Trace, Windows],
    windows: Windows,
    core: _core.Context,
    progress: Any,
    only: list[int] | None,
) -> Windows:
    """Run the core as a course asks for it; a machine that is paused on the way is waited for."""
    try:
        length_s, every_s = next(course)
        while True:
            try:
                trace = core.run(length_s, every_s, progress, only)
            except VMStateError as error:
                if not error.message.endswith(_PAUSED):
                    raise
                time.sleep(_LOOK_S)
            else:
                length_s, every_s = course.send(trace)
    except StopIteration as ended:
        closed: Windows = ended.value
        return closed
    except KeyboardInterrupt:  # between two runs of the core, which catch it themselves
        return windows.closed("cancelled")
    except (IsolationBreachError, VMStateError):  # stopped or destroyed
        return windows.closed("stopped")


def restored(
    snapshot: bytes, engine: MetabolicEngine | None
) -> tuple[bytes, CellMetabolism | None]:
    """Return the core's snapshot, and the metabolism that was sealed behind it.

    Raises
    ------
    SnapshotError
        If that part is damaged, of another model, or there though there is no model, or not there
        though there is one: a snapshot that was cut off would pass for another.
    """
    plain, told = opened(snapshot)
    if told is not None:
        return plain, CellMetabolism.of(told, engine)
    if engine is not None:
        raise SnapshotError(
            "the snapshot has no part on metabolism: it is of a cell without a model, or was "
            "cut off; load the runtime without metabolic_model, or give the whole snapshot"
        )
    return plain, None
