"""All optimal fluxes, and the smallest of them.

Every optimal flux vector is ``vertex + directions @ t`` within the bounds: a flux whose reduced
cost is not zero stays where it is, and the others move along the null space that the optimal basis
gives. The face has few dimensions (1 for the core model of E. coli, 9 for iMB155, 121 for iJO1366),
so its point of least norm is a small projection problem. Goldfarb and Idnani (1983, Math.
Programming 27:1) solve it from the unconstrained minimum inwards, which the degeneracy of the
vertex does not touch. HiGHS' own quadratic solver fails on two of these three models.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["OptimalFace"]

Vector = npt.NDArray[np.float64]

#: Bounds are met within this times (1 + |bound|).
TOLERANCE = 1e-9
#: Fluxes that the directions move by less than this are the same everywhere on the face.
MOVING = 1e-10
#: A normal that has less than this share outside the active ones depends on them.
INDEPENDENT = 1e-8
#: Steps per dimension after which rounding, not the problem, keeps the search going.
MAX_STEPS = 50


class OptimalFace:
    """The optimal fluxes of one basis.

    Parameters
    ----------
    directions : (n, k) array
        Columns that span the changes of flux which keep balance and objective.
    """

    def __init__(self, directions: Vector) -> None:
        self._span = np.linalg.qr(directions)[0]
        norms = np.linalg.norm(self._span, axis=1)
        self._moving = np.flatnonzero(norms > MOVING)
        normals = self._span[self._moving] / norms[self._moving, np.newaxis]
        #: Inward normals of the bounds, of unit length: the lower ones, then the upper ones.
        self._normals = np.concatenate([normals, -normals])
        self._scale = 1.0 / norms[self._moving]
        #: The bounds that hold the last answer, and the inverse of their normals.
        self._active: list[int] = []
        self._inverse = np.zeros((self.dimension, 0))

    @property
    def dimension(self) -> int:
        """Number of independent directions."""
        return int(self._span.shape[1])

    @property
    def start(self) -> tuple[list[int], Vector]:
        """The bounds that hold the last answer, which are tried first, and their inverse."""
        return self._active, self._inverse

    @start.setter
    def start(self, start: tuple[list[int], Vector]) -> None:
        self._active, self._inverse = start

    def smallest(self, vertex: Vector, lower: Vector, upper: Vector) -> Vector:
        """Return the point of least sum of squares.

        Parameters
        ----------
        vertex : (n,) array
            Any point of the face.
        lower, upper : (n,) array
            Bounds of the fluxes.

        Returns
        -------
        (n,) array

        Raises
        ------
        ArithmeticError
            If rounding keeps it from being found.
        """
        if not self.dimension:
            return vertex
        nearest = vertex - self._span @ (vertex @ self._span)
        base = nearest[self._moving]
        # The vertex is within the bounds but for the tolerance of the linear solver: with bounds
        # that admit it the problem has a solution in exact terms.
        here = vertex[self._moving]
        low = (np.minimum(lower[self._moving], here) - base) * self._scale
        high = (np.maximum(upper[self._moving], here) - base) * self._scale
        fluxes: Vector = nearest + self._span @ self._shortest(np.concatenate([low, -high]))
        return fluxes

    def _shortest(self, limits: Vector) -> Vector:
        """Return the shortest t with normals @ t >= limits.

        The active bounds of the last call come first: mostly they are active again.
        """
        slack = TOLERANCE * (1 + np.abs(limits))
        bounds, prices, t = self._still_active(limits)
        active = None if bounds is self._active else _ActiveSet(self._normals, bounds)
        for _ in range(MAX_STEPS * (self.dimension + 4)):
            excess = limits - self._normals @ t - slack
            worst = int(excess.argmax())
            if excess[worst] <= 0:
                if active is not None:
                    # Once more from the active bounds alone, free of the rounding of the steps.
                    self._active = active.bounds
                    self._inverse = _ActiveSet(self._normals, active.bounds).inverse
                    t = self._inverse @ limits[active.bounds]
                return t
            active = active or _ActiveSet(self._normals, bounds)
            prices, t = self._added(active, prices, t, worst, float(limits[worst]))
        raise ArithmeticError("the search for the smallest fluxes does not end")

    def _added(
        self, active: _ActiveSet, prices: list[float], t: Vector, bound: int, limit: float
    ) -> tuple[list[float], Vector]:
        """Add one violated bound, dropping active ones whose price would fall below 0."""
        normal = self._normals[bound]
        price = 0.0
        while True:
            share, step = active.split(normal)
            blocking, length = -1, np.inf
            for index, part in enumerate(share.tolist()):
                if part > 0 and prices[index] / part < length:
                    blocking, length = index, prices[index] / part
            curvature = float(step @ step)
            independent = curvature > INDEPENDENT**2
            full = (limit - float(normal @ t)) / curvature if independent else np.inf
            if full == length == np.inf:
                raise ArithmeticError("the optimal face is empty within rounding")
            moved = min(full, length)
            prices = [old - moved * part for old, part in zip(prices, share.tolist(), strict=True)]
            price += moved
            if independent:
                t = t + moved * step
            if full <= length:
                active.add(bound, share, step)
                return [*prices, price], t
            active.drop(blocking)
            prices = prices[:blocking] + prices[blocking + 1 :]

    def _still_active(self, limits: Vector) -> tuple[list[int], list[float], Vector]:
        """Those of the last active bounds that pull inwards, their prices, and t on them."""
        active, inverse = self._active, self._inverse
        while active:
            t = inverse @ limits[active]
            prices = (t @ inverse).tolist()
            least = min(prices)
            if least >= 0:
                return active, prices, t
            place = prices.index(least)
            active = active[:place] + active[place + 1 :]
            inverse = _ActiveSet(self._normals, active).inverse
        return active, [], np.zeros(self.dimension)


class _ActiveSet:
    """Independent normals, with the factors Q and R⁻¹ of their matrix.

    Parameters
    ----------
    normals : (m, k) array
        All normals.
    bounds : list of int
        Places of the active ones.
    """

    def __init__(self, normals: Vector, bounds: list[int]) -> None:
        self._normals = normals
        self.bounds = list(bounds)
        self._q, self._r_inverse = self._factors()

    @property
    def inverse(self) -> Vector:
        """What gives the shortest t on the bounds from their limits."""
        inverse: Vector = self._q @ self._r_inverse.T
        return inverse

    def split(self, normal: Vector) -> tuple[Vector, Vector]:
        """Return the shares of the active normals in another, and what is left outside them."""
        within = self._q.T @ normal
        outside = normal - self._q @ within
        again = self._q.T @ outside  # once more for what rounding left: twice is enough
        return self._r_inverse @ (within + again), outside - self._q @ again

    def add(self, bound: int, share: Vector, outside: Vector) -> None:
        """Add a bound that was split."""
        length = float(np.linalg.norm(outside))
        m = len(self.bounds)
        grown = np.zeros((m + 1, m + 1))
        grown[:m, :m] = self._r_inverse
        grown[:m, m] = -share / length
        grown[m, m] = 1.0 / length
        self._r_inverse = grown
        self._q = np.column_stack([self._q, outside / length])
        self.bounds.append(bound)

    def drop(self, place: int) -> None:
        """Drop a bound by its place."""
        del self.bounds[place]
        self._q, self._r_inverse = self._factors()

    def _factors(self) -> tuple[Vector, Vector]:
        q, r = np.linalg.qr(self._normals[self.bounds].T)
        try:
            return q, np.linalg.inv(r)
        except np.linalg.LinAlgError:
            raise ArithmeticError("active bounds depend on each other") from None
