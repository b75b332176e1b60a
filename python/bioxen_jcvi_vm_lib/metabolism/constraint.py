"""A bound of a flux that limits growth or excludes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["FluxConstraint"]


@dataclass(frozen=True, slots=True)
class FluxConstraint:
    """A bound of the flux of one reaction.

    Attributes
    ----------
    reaction : str
        Id of the reaction.
    side : str
        "lower" or "upper".
    bound : float
        Its value [mmol/gDW/h].
    origin : str
        Who set it: "model", "medium", "enzyme" or "knockout".
    shadow_price : float
        Growth gained per unit by which the bound is raised; 0 in an error. Where several sets of
        prices fit one optimum, it is from one of them.
    """

    reaction: str
    side: str
    bound: float
    origin: str
    shadow_price: float = 0.0

    def __str__(self) -> str:
        return f"{self.side} bound {self.bound:g} of {self.reaction} ({self.origin})"

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}
