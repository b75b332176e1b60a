"""Fluxes by the id of their reaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Fluxes"]


class Fluxes(Mapping[str, float]):
    """A read-only mapping over an array: made at once, however many reactions there are.

    Parameters
    ----------
    index : mapping of str to int
        Place of each id in `values`, in order.
    values : (n,) array of float
        Fluxes [mmol/gDW/h]; it is not copied.
    """

    __slots__ = ("_index", "_values")

    def __init__(self, index: Mapping[str, int], values: npt.NDArray[np.float64]) -> None:
        self._index = index
        self._values = values
        values.setflags(write=False)

    @property
    def values_array(self) -> npt.NDArray[np.float64]:
        """The fluxes in the order of the ids, read-only."""
        return self._values

    def __getitem__(self, key: str) -> float:
        return float(self._values[self._index[key]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Fluxes, (dict(self._index), np.array(self._values)))

    def __repr__(self) -> str:
        return f"<Fluxes of {len(self)} reactions>"
