"""What metabolism gave a cell at one age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bioxen_jcvi_vm_lib._frozen import Record
from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
from bioxen_jcvi_vm_lib.metabolism.constraint import FluxConstraint

__all__ = ["MetabolicState"]


@dataclass(frozen=True, slots=True)
class MetabolicState(Record):
    """Fluxes from one age on, and the supply that they set: an input of the trajectory.

    Attributes
    ----------
    time_s : float
        Age of the cell from which they act [s].
    status : str
        "optimal", or "infeasible": then there is no supply.
    growth_rate_per_h : float
        Value of the model's objective [1/h]; 0 if infeasible.
    supply_per_s : mapping of str to float
        Maximal rate of each supply reaction that the model sets [turns/s].
    fluxes : mapping of str to float
        Flux of every reaction of the model [mmol/gDW/h]; empty if infeasible.
    binding_constraints : tuple of FluxConstraint
        Bounds that limit growth; if infeasible, the forced fluxes, which exclude it.
    conditions : MetabolicConditions
        Of the cell, its own knockouts not repeated.
    """

    time_s: float
    status: str
    growth_rate_per_h: float
    supply_per_s: Mapping[str, float]
    fluxes: Mapping[str, float]
    binding_constraints: tuple[FluxConstraint, ...]
    conditions: MetabolicConditions

    @property
    def in_words(self) -> str:
        """Status, growth and what limits it, for a line."""
        if self.status != "optimal":
            forced = ", ".join(one.reaction for one in self.binding_constraints[:3])
            return f"{self.status}, no supply" + (f" (forced: {forced})" if forced else "")
        limits = ", ".join(one.reaction for one in self.binding_constraints[:3])
        growth = f"growth {self.growth_rate_per_h:.3g} 1/h"
        return f"{growth}, limited by {limits}" if limits else growth

    def __repr__(self) -> str:
        return (
            f"<MetabolicState from {self.time_s:g} s: {self.status}, "
            f"growth {self.growth_rate_per_h:.4g} 1/h>"
        )
