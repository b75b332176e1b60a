"""What is asked of a flux balance: medium, knockouts, whether enzymes limit."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from bioxen_jcvi_vm_lib._checks import real, short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError

__all__ = ["MetabolicConditions"]

_NONE: Mapping[str, tuple[float, float | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MetabolicConditions:
    """Conditions of one solve; made from a mapping by `of`.

    Attributes
    ----------
    medium : mapping of str to (float, float or None)
        Lowest and highest flux out of the cell [mmol/gDW/h] by exchange reaction or metabolite; an
        upper bound of None keeps the model's. What is not named keeps the model's bounds.
    knockouts : frozenset of str
        Genes of the model, or locus tags of the genome.
    enzyme_constraints : bool
        Whether the copies of enzymes limit the fluxes whose turnover is known.
    """

    medium: Mapping[str, tuple[float, float | None]] = field(default_factory=lambda: _NONE)
    knockouts: frozenset[str] = frozenset()
    enzyme_constraints: bool = False

    @classmethod
    def of(cls, conditions: Mapping[str, Any] | MetabolicConditions | None) -> MetabolicConditions:
        """Check conditions.

        Parameters
        ----------
        conditions : mapping, optional
            ``medium``: for each exchange either the most that is taken up, a number from 0, or a
            pair of lowest and highest flux out of the cell; ``knockouts``: gene ids or locus tags;
            ``enzyme_constraints``: bool.

        Raises
        ------
        APIValidationError
            If a key or a value is not acceptable.
        """
        if isinstance(conditions, MetabolicConditions):
            return conditions
        if conditions is None:
            return _DEFAULT
        if not isinstance(conditions, Mapping):
            raise _wrong("conditions", f"must be a mapping, not {short(conditions)}")
        known = [part.name for part in fields(cls)]
        for key in conditions:
            if key not in known:
                near = suggestion(str(key), known)
                raise _wrong(f"conditions[{short(key)}]", f"is none of {', '.join(known)}{near}")
        enzymes = conditions.get("enzyme_constraints", False)
        if not isinstance(enzymes, bool):
            raise _wrong("enzyme_constraints", f"must be True or False, not {short(enzymes)}")
        return cls(
            _medium(conditions.get("medium") or {}),
            _knockouts(conditions.get("knockouts") or ()),
            enzymes,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain values, which `of` takes."""
        return {
            "medium": {
                name: -lower if upper is None else [lower, upper]
                for name, (lower, upper) in self.medium.items()
            },
            "knockouts": sorted(self.knockouts),
            "enzyme_constraints": self.enzyme_constraints,
        }


_DEFAULT = MetabolicConditions()


def _medium(value: Any) -> Mapping[str, tuple[float, float | None]]:
    if not isinstance(value, Mapping):
        raise _wrong("medium", f"must be a mapping of exchanges, not {short(value)}")
    return MappingProxyType({key: _bounds(key, bounds) for key, bounds in value.items()})


def _bounds(key: Any, value: Any) -> tuple[float, float | None]:
    if not isinstance(key, str):
        raise _wrong("medium", f"names an exchange by {short(key)}: give its id")
    what = f"medium[{key!r}]"
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise _wrong(what, f"has {len(value)} numbers: give (lowest, highest)")
        lower, upper = (_number(part, what) for part in value)
        if lower > upper or lower == math.inf or upper == -math.inf:
            raise _wrong(what, f"is {short(value)}: give (lowest, highest) flux out of the cell")
        return lower, upper
    uptake = _number(value, what)
    if uptake < 0:
        raise _wrong(what, f"is {uptake:g}: give the most that is taken up, 0 or more, or a pair")
    return -uptake, None


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _wrong(what, f"must be a number or a pair of numbers, not {short(value)}")
    number = real(value)
    if math.isnan(number):
        raise _wrong(what, "is NaN: give a number")
    return number


def _knockouts(value: Any) -> frozenset[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise _wrong("knockouts", f"must be a list of genes, not {short(value)}")
    genes = list(value)
    for gene in genes:
        if not isinstance(gene, str):
            raise _wrong("knockouts", f"names a gene by {short(gene)}: give its id")
    return frozenset(genes)


def _wrong(argument: str, problem: str) -> APIValidationError:
    return APIValidationError(f"{argument} {problem}", details={"argument": argument})
