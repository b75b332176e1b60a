"""An optimal basis, and the vertices that it gives under other bounds.

Bounds do not enter the reduced costs, so a basis stays optimal for as long as the vertex that it
gives stays within the bounds: most changes of a medium need no step of the simplex method.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["OptimalBasis"]

Vector = npt.NDArray[np.float64]

#: Reduced costs below this are rounding: the flux can move without loss of growth.
FREE_COST = 1e-9
#: Bounds are met and balances hold within this [mmol/gDW/h].
TOLERANCE = 1e-9
#: Singular values below this share of the largest are rounding.
RANK_TOLERANCE = 1e-9


class OptimalBasis:
    """The basis that a solver ended with, which must stay in it.

    Parameters
    ----------
    solver : Highs
        Solved to optimality.
    columns : sequence of (rows, values)
        Stoichiometry of each reaction.
    lower, upper : (n,) array
        Bounds that it was solved with.
    """

    def __init__(
        self,
        solver: Any,
        columns: Sequence[tuple[npt.NDArray[np.intp], Vector]],
        lower: Vector,
        upper: Vector,
    ) -> None:
        solution = solver.getSolution()
        #: Reduced cost of each flux.
        self.costs: Vector = np.array(solution.col_dual)
        #: Fluxes that have one, and the side of their bound: 0 lower, 1 upper.
        self.priced = np.flatnonzero(np.abs(self.costs) > FREE_COST)
        self.sides = (self.costs[self.priced] > 0).astype(np.intp)
        #: The vertex under the bounds that it was solved with.
        self.solved: Vector = np.array(solution.col_value)
        self._bounds = (lower, upper)
        self._solver = solver
        self._columns = columns
        _, basic = solver.getBasicVariables()
        self._is_flux = basic >= 0
        self._basic = basic[self._is_flux]
        self._nonbasic = np.ones(len(lower), np.bool_)
        self._nonbasic[self._basic] = False
        self._moves: dict[int, tuple[Vector, Vector]] = {}

    def vertex(self, lower: Vector, upper: Vector) -> Vector | None:
        """Return the fluxes that it gives under other bounds; None if they break one."""
        differs = (lower != self._bounds[0]) | (upper != self._bounds[1])
        if not differs.any():
            return self.solved
        changed = np.flatnonzero(differs & self._nonbasic).tolist()
        fluxes = self.solved.copy()
        for index in changed:
            cost, held = self.costs[index], self.solved[index]
            if cost > FREE_COST:
                target = upper[index]
            elif cost < -FREE_COST:
                target = lower[index]
            else:
                target = min(max(held, lower[index]), upper[index])
            step = target - held
            if step == 0.0:
                continue
            move, leak = self._move(index)
            if not np.isfinite(step) or abs(step) * np.abs(leak).max(initial=0.0) > TOLERANCE:
                return None
            fluxes += step * move
        broken = (fluxes < lower - TOLERANCE) | (fluxes > upper + TOLERANCE)
        return None if broken.any() else fluxes

    def directions(self, fixed: npt.NDArray[np.bool_]) -> Vector:
        """Null space of the balances along the fluxes that cost nothing to move.

        Parameters
        ----------
        fixed : (n,) array of bool
            Fluxes that cannot move.
        """
        free = np.flatnonzero(self._nonbasic & ~fixed & (np.abs(self.costs) <= FREE_COST)).tolist()
        directions = np.zeros((len(self.costs), len(free)))
        leaks = np.zeros((int((~self._is_flux).sum()), len(free)))
        for place, index in enumerate(free):
            directions[:, place], leaks[:, place] = self._move(index)
        # A balance whose slack is basic would be upset: combine directions that leave it alone.
        return directions @ _null_space(leaks)

    def _move(self, index: int) -> tuple[Vector, Vector]:
        """Change of all fluxes, and of balances, where a nonbasic one moves by 1.

        The basic ones move by -B⁻¹ a.
        """
        if index not in self._moves:
            rows, values = self._columns[index]
            column = np.zeros(len(self._is_flux))
            column[rows] = values
            solved = np.asarray(self._solver.getBasisSolve(column)[1])
            move = np.zeros(len(self.costs))
            move[self._basic] = -solved[self._is_flux]
            move[index] = 1.0
            self._moves[index] = move, solved[~self._is_flux]
        return self._moves[index]


def _null_space(matrix: Vector) -> Vector:
    """Return columns that span what the matrix maps to 0."""
    if not matrix.size:
        return np.eye(matrix.shape[1])
    _, sizes, rows = np.linalg.svd(matrix)
    rank = int((sizes > RANK_TOLERANCE * max(1.0, sizes[0])).sum())
    return rows[rank:].T
