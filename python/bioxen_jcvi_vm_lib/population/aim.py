"""How far a population is to grow, and what it may take."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, Self

from bioxen_jcvi_vm_lib._checks import gibibytes, seconds
from bioxen_jcvi_vm_lib._errors import APIValidationError, ResourceExhaustionError
from bioxen_jcvi_vm_lib.hypervisor.records import whole

__all__ = ["LONGEST_CYCLE_S", "Aim"]

#: A cell that has not divided by this age does not count as one that grows [s].
LONGEST_CYCLE_S = 7 * 86_400.0
#: Interval of the sampling times where none is given [s].
USUAL_INTERVAL_S = 60.0
#: By which part the first doubling time of a lineage may be shorter than those of most others.
SPREAD = 0.5
#: Most memory that the cells and their records may take [bytes], and what a record takes.
MAX_BYTES = 8 * 2**30
RECORD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Aim:
    """When a population is complete, how large it is kept, and what one of its cells takes.

    Attributes
    ----------
    generations : int or None
        Divisions of every lineage.
    duration_s : float or None
        How long it grows [s].
    max_cells : int or None
        Cells that are left at each sampling time; None: all.
    every_s : float
        Interval of the sampling times [s]; infinite where all are left.
    cell_bytes : int
        Memory of a cell.
    """

    generations: int | None
    duration_s: float | None
    max_cells: int | None
    every_s: float
    cell_bytes: int

    @classmethod
    def checked(
        cls, generations: Any, duration_s: Any, max_cells: Any, every_s: Any, cell_bytes: int
    ) -> Self:
        """Check the arguments of ``grow_population``.

        Raises
        ------
        APIValidationError
            If one is not acceptable, or the cells that they ask for would take too much memory.
        """
        if (generations is None) == (duration_s is None):
            raise _refused(
                "generations", "give either generations or duration_s: how far the population grows"
            )
        if every_s is not None and max_cells is None:
            raise _refused(
                "every_s", "every_s is how often cells are removed: give max_cells with it"
            )
        aim = cls(
            None if generations is None else whole(generations, "generations", 1, 100_000),
            None if duration_s is None else seconds(duration_s, "duration_s"),
            None if max_cells is None else whole(max_cells, "max_cells", 1, 2**40),
            math.inf
            if max_cells is None
            else seconds(USUAL_INTERVAL_S if every_s is None else every_s, "every_s"),
            cell_bytes,
        )
        if aim.max_cells is not None and aim.bytes_of(aim.max_cells, 0) > MAX_BYTES:
            size = gibibytes(aim.bytes_of(aim.max_cells, 0))
            raise _refused("max_cells", f"max_cells={max_cells:,} {_too_many(size)}: give fewer")
        if aim.generations is not None and aim.max_cells is None:
            cells = 2**aim.generations if aim.generations < 64 else 2**64  # beyond all memory
            if aim.bytes_of(cells, 2 * cells) > MAX_BYTES:
                size = gibibytes(aim.bytes_of(cells, 2 * cells))
                raise _refused(
                    "generations",
                    f"the cells of {generations} generations {_too_many(size)}: "
                    "give max_cells, or fewer generations",
                )
        return aim

    def bytes_of(self, cells: int, records: int) -> int:
        """Return what living cells and records of cells take."""
        return cells * self.cell_bytes + records * RECORD_BYTES

    def check_size(self, cells: int, records: int, time_s: float) -> None:
        """Refuse more than memory should hold.

        Raises
        ------
        ResourceExhaustionError
            If living cells and records take more than the limit.
        """
        size = self.bytes_of(cells, records)
        if size > MAX_BYTES:
            raise ResourceExhaustionError(
                f"after {time_s:g} s the population has {cells:,} living cells, which "
                f"{_too_many(gibibytes(size))}: give max_cells, or let it grow for less long",
                details={"time_s": time_s, "cells": cells, "bytes": size},
            )

    def check_pace(self, divisions: int, born_s: float, time_s: float) -> None:
        """Refuse early what would come to take more than memory should hold.

        One lineage tells the doubling time; that varies, the less the more divisions there were, so
        that only what is far beyond the limit is refused.

        Parameters
        ----------
        divisions : int
            Of the lineage, > 0.
        born_s, time_s : float
            When its founder was born, and its last division [s].

        Raises
        ------
        ResourceExhaustionError
            If the population would come to take more than the limit.
        """
        if self.duration_s is None or self.max_cells is not None:
            return
        doubling_s = (time_s - born_s) / divisions
        if doubling_s <= 0.0:  # a founder that was born ready to divide tells nothing
            return
        doublings = (self.duration_s - born_s) / doubling_s
        most = math.log2(MAX_BYTES / self.bytes_of(1, 2))
        if doublings * (1.0 - SPREAD / math.sqrt(divisions)) <= most:
            return
        cells = int(2**most)
        raise ResourceExhaustionError(
            f"duration_s={self.duration_s:g} is about {doublings:,.0f} doublings, of "
            f"{doubling_s:,.0f} s each; at most {cells:,} cells fit into {MAX_BYTES >> 30} GiB, "
            f"{most:.0f} doublings: give max_cells, such as max_cells=1000, or let it grow for "
            f"less long, such as duration_s={_rounded(born_s + 0.9 * most * doubling_s):g}",
            details={"time_s": time_s, "doubling_time_s": doubling_s, "cells": cells},
        )


def workers_of(workers: Any) -> int:
    """Check the number of threads; None: one per core that this process may use."""
    if workers is not None:
        return whole(workers, "workers", 1, 256)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _rounded(value: float) -> float:
    """Return a number in two digits."""
    return float(f"{value:.1e}")


def _too_many(size: str) -> str:
    return f"would take {size} (limit {MAX_BYTES >> 30})"


def _refused(argument: str, message: str) -> APIValidationError:
    return APIValidationError(message, details={"argument": argument})
