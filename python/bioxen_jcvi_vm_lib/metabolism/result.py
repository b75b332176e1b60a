"""The metabolic state that a flux balance found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bioxen_jcvi_vm_lib._frozen import Record
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib.metabolism.constraint import FluxConstraint

__all__ = ["MetabolicResult"]


@dataclass(frozen=True, slots=True)
class MetabolicResult(Record):
    """Fluxes at the fastest growth, the smallest of them where several fit.

    Attributes
    ----------
    status : str
        "optimal".
    growth_rate_per_h : float
        Value of the objective [1/h].
    fluxes : mapping of str to float
        Flux of every reaction [mmol/gDW/h].
    exchange : mapping of str to float
        Flux of every exchange reaction out of the cell [mmol/gDW/h], negative for uptake, by the id
        of the reaction.
    binding_constraints : tuple of FluxConstraint
        Bounds that limit growth, the strongest first; bounds of 0 of the model, which only give
        directions, are left out.
    """

    status: str
    growth_rate_per_h: float
    fluxes: Mapping[str, float]
    exchange: Mapping[str, float]
    binding_constraints: tuple[FluxConstraint, ...]

    def __repr__(self) -> str:
        return (
            f"<MetabolicResult {self.status}: growth {self.growth_rate_per_h:.4g} 1/h, "
            f"{len(self.fluxes)} fluxes>"
        )

    def _repr_html_(self) -> str:
        used = sorted(
            ((flux, name) for name, flux in self.exchange.items() if abs(flux) > 1e-9),
        )
        taken = ", ".join(f"{name} {-flux:.3g}" for flux, name in used if flux < 0)
        given = ", ".join(f"{name} {flux:.3g}" for flux, name in reversed(used) if flux > 0)
        return facts(
            [
                ("status", self.status),
                ("growth", f"{self.growth_rate_per_h:.4g} 1/h"),
                ("taken up [mmol/gDW/h]", taken or "nothing"),
                ("given off [mmol/gDW/h]", given or "nothing"),
                ("limited by", "; ".join(map(str, self.binding_constraints)) or "no bound"),
            ],
            "metabolic state",
        )
