"""One cell of a population, from birth to its end, and how many were removed at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib._frozen import Record

__all__ = ["Dilution", "Life"]


@dataclass(frozen=True, slots=True)
class Dilution(Record):
    """A sampling time at which cells were removed.

    Attributes
    ----------
    time_s : float
        When [s].
    before, after : int
        Living cells.
    """

    time_s: float
    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """A cell that came to its end, in times of the population.

    Attributes
    ----------
    path : int
        Its place in the tree: 1 is the founder, 2 n and 2 n + 1 are the halves of n.
    birth, end : tuple
        What ``look.NUMBERS`` names, then and then.
    replication_began_s, replication_ended_s : float
        At which age; NaN: not yet.
    counts : tuple of two ndarrays or None
        Proteins and transcripts by gene of a cell that lives on.
    """

    path: int
    generation: int
    born_s: float
    ended_s: float
    ending: str
    seed: int
    birth: tuple[float, ...]
    end: tuple[float, ...]
    replication_began_s: float
    replication_ended_s: float
    counts: tuple[NDArray[np.int64], NDArray[np.int64]] | None
