"""Random choices that are the same in every Python version and on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import TypeVar

_T = TypeVar("_T")


class Draws:
    """A stream of choices, fixed by a seed and a label.

    Every gene has its own stream, so a change to one gene leaves the sequences of all others alone.
    Only `random.Random.random` is used, whose sequence the Python documentation guarantees for a
    seed; everything above it is integer arithmetic (and one exact product).

    Parameters
    ----------
    seed : int    seed of the design
    label : str   what the stream is for, e.g. ``"protein rpoA"``
    """

    def __init__(self, seed: int, label: str) -> None:
        digest = hashlib.sha256(f"{seed} {label}".encode()).digest()
        self._random = Random(int.from_bytes(digest[:8], "big")).random

    def below(self, n: int) -> int:
        """Return an integer in [0, `n`), all equally likely; `n` ≥ 1."""
        return int(self._random() * n)

    def between(self, low: int, high: int) -> int:
        """Return an integer in [`low`, `high`], all equally likely."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[_T]) -> _T:
        """Return one of `items`, all equally likely."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[tuple[_T, int]]) -> _T:
        """Return one of `items`, given as pairs of value and integer weight (sum ≥ 1)."""
        at = self.below(sum(weight for _, weight in items))
        for value, weight in items:
            at -= weight
            if at < 0:
                return value
        raise AssertionError("weights changed while drawing")  # pragma: no cover

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """Return `items` in random order (Fisher-Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
