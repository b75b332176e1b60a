"""Where a growing cell stands between birth and division."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import counted
from bioxen_jcvi_vm_lib._frozen import Record

__all__ = ["CellCycleState", "death_of", "warn_of_death"]


@dataclass(frozen=True, slots=True)
class CellCycleState(Record):
    """A growing cell at one moment. Of a cell that does not grow only `volume_l`,
    `lesions` and its death say anything.

    Attributes
    ----------
    grows : bool
        It was made with ``cell_cycle: true``.
    phase : str
        "B" from birth to the beginning of replication, "C" while DNA is copied, "D" from then to
        division; "arrested" where in the last whole minute of its age the cell has added no
        surface, until it does again; "dead" for good.
    volume_l : float
        Its volume [L].
    surface_ratio : float
        Its surface, relative to that of the organism at birth.
    growth_rate_per_h : float
        d ln V / dt over the last whole minute [1/h]; 0 once the volume has come to the largest
        that the organism has (of JCVI-syn3A twice that at birth), while the surface still grows.
    generation : int
        Divisions behind it.
    birth_s : float
        Age of the context at its last division [s], 0 before the first.
    replication_began_s, replication_ended_s : float or None
        In this generation, as ages of the context [s]; None: not yet.
    chromosomes : int
        Whole copies of the longest replicon.
    origins : int
        Copies of its origin, those of copies in the making included.
    forks : int
        Replication forks at work.
    ready_to_divide : bool
        Its surface and its chromosomes suffice for two.
    cause_of_death : str or None
        "heat", "starvation" (its energy ran out in a medium with too little glucose: less than
        half-saturates its uptake), "energy_loss" (it ran out though there was glucose) or
        "dna_damage"; None: it lives.
    died_s : float or None
        Its age then [s].
    lesions : int
        Of its DNA, not repaired.
    """

    grows: bool
    phase: str
    volume_l: float
    surface_ratio: float
    growth_rate_per_h: float
    generation: int
    birth_s: float
    replication_began_s: float | None
    replication_ended_s: float | None
    chromosomes: int
    origins: int
    forks: int
    ready_to_divide: bool
    cause_of_death: str | None
    died_s: float | None
    lesions: int

    @classmethod
    def of(cls, core: _core.Context) -> CellCycleState:
        """Read it from the engine."""
        return cls._read(core.cycle())

    @classmethod
    def told(cls, state: dict[str, Any] | None) -> CellCycleState | None:
        """Read what the engine told; None of a cell that does not grow."""
        return None if state is None or not state["grows"] else cls._read(state)

    @classmethod
    def _read(cls, state: dict[str, Any]) -> CellCycleState:
        for key in ("replication_began_s", "replication_ended_s", "died_s"):
            state[key] = None if state[key] < 0 else state[key]
        state["cause_of_death"] = state["cause_of_death"] or None
        return cls(**state)

    def __str__(self) -> str:
        if self.cause_of_death is not None:
            cause = self.cause_of_death.replace("_", " ").replace("dna", "DNA")
            return f"dead, of {cause}, since {self.died_s:g} s"
        if not self.grows:
            return "does not grow"
        forks = f", {counted(self.forks, 'fork')}" if self.forks else ""
        ready = ", ready to divide" if self.ready_to_divide else ""
        return (
            f"generation {self.generation}, phase {self.phase}, {self.volume_l:.3g} L, "
            f"{counted(self.chromosomes, 'chromosome')}{forks}{ready}"
        )


def death_of(core: _core.Context) -> str | None:
    """Say of a dead cell that it is, and of what; None: it lives."""
    state = CellCycleState.of(core)
    return None if state.cause_of_death is None else f"the cell is {state}"


def warn_of_death(core: _core.Context, call: str) -> None:
    """Tell whoever changes a dead cell that it stays so."""
    death = death_of(core)
    if death is not None:
        warnings.warn(f"{death}: {call} does not revive it", RuntimeWarning, stacklevel=3)
