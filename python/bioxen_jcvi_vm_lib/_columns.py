"""Named columns of a table, each made when it is asked for: most of a hundred never are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns"]


@cache
def _places(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


class Columns(Mapping[str, NDArray[np.int64]]):
    """The columns of a table by name, read-only.

    Parameters
    ----------
    names : tuple of str
        Of the columns.
    table : ndarray of int64, shape (n, len(names))
        What they are views of.
    """

    __slots__ = ("_places", "table")

    def __init__(self, names: tuple[str, ...], table: NDArray[np.int64]) -> None:
        table.flags.writeable = False
        self.table = table
        self._places = _places(names)

    def __getitem__(self, name: str) -> NDArray[np.int64]:
        column: NDArray[np.int64] = self.table[:, self._places[name]]
        return column

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Columns, (tuple(self._places), self.table))

    def __repr__(self) -> str:
        return repr(dict(self))
