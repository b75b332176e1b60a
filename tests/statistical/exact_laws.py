"""The exact laws themselves: phase-type times, exclusion on a lattice, loss systems.

They share nothing with the engine. Rates and times are in any consistent unit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats
from scipy.sparse.linalg import splu

Vector = NDArray[np.float64]


def phase_type_survival(generator: sparse.spmatrix, start: ArrayLike, times: ArrayLike) -> Vector:
    """P(T > t) of a Markov chain that is left where a row of `generator` sums to less than zero.

    By uniformisation: the steps of the chain at a common rate are a Poisson process.
    """
    t = np.asarray(times, dtype=float)
    fastest = float(-generator.diagonal().min())
    step = (sparse.identity(generator.shape[0], format="csr") + generator / fastest).tocsr().T
    most = fastest * t.max()
    state, inside = np.asarray(start, dtype=float), np.zeros(int(most + 12 * np.sqrt(most) + 60))
    for count in range(inside.size):
        inside[count] = state.sum()
        state = step @ state
    survival = []
    for mean in fastest * t:
        spread = 12 * np.sqrt(mean) + 60
        steps = np.arange(max(int(mean - spread), 0), min(int(mean + spread), len(inside)))
        survival.append(stats.poisson.pmf(steps, mean) @ inside[steps])
    return np.array(survival)


def hypoexponential_survival(rates: ArrayLike, times: ArrayLike) -> Vector:
    """P(T > t) of exponential stages one after the other."""
    k = np.asarray(rates, dtype=float)
    generator = sparse.diags([-k, k[:-1]], [0, 1])
    return phase_type_survival(generator, np.eye(1, k.size)[0], times)


class Lattice:
    """Exclusion on an open lattice, enumerated.

    A particle that covers `footprint` sites is known by its hindmost one, 0 to `sites` - 1. It
    enters at site 0 at rate `entry` if the hindmost particle stands at `footprint` or beyond, steps
    from site i at `hops[i]` if the one ahead leaves it room, and leaves from the last site at rate
    `exit_`, its front hanging over the end.
    """

    def __init__(self, footprint: int, entry: float, hops: Sequence[float], exit_: float) -> None:
        self.sites = len(hops) + 1
        states: list[tuple[int, ...]] = [()]
        for state in states:  # grows: from the right end to the left
            states += [
                (x, *state) for x in range(state[0] - footprint + 1 if state else self.sites)
            ]
        self.states = states
        number = {state: index for index, state in enumerate(states)}
        self.clear = np.array([not s or s[0] >= footprint for s in states])
        moves: list[tuple[int, int, float]] = []
        exits: list[tuple[int, int, float]] = []
        for state, here in number.items():
            if self.clear[here]:
                moves.append((here, number[0, *state], entry))
            for i, x in enumerate(state):
                if x == self.sites - 1:
                    exits.append((here, number[state[:-1]], exit_))
                elif i + 1 == len(state) or state[i + 1] - x > footprint:
                    moved = (*state[:i], x + 1, *state[i + 1 :])
                    moves.append((here, number[moved], hops[x]))
        self._exits = self._matrix(exits)
        jumps = self._matrix(moves) + self._exits
        leaving = np.asarray(jumps.sum(axis=1)).ravel()
        self.generator = (jumps - sparse.diags(leaving)).tocsr()
        bordered = sparse.lil_matrix(self.generator.T)
        bordered[0, :] = 1.0  # in place of one of the equations, which are dependent
        self._solve = splu(bordered.tocsc()).solve
        self.stationary = self._balanced(np.zeros(len(states)), 1.0)
        self.current = float(self.stationary @ self._exit_rate)

    def _matrix(self, entries: list[tuple[int, int, float]]) -> sparse.csr_matrix:
        rows, columns, values = zip(*entries, strict=True)
        size = len(self.states)
        return sparse.csr_matrix((np.array(values, float), (rows, columns)), shape=(size, size))

    @property
    def _exit_rate(self) -> Vector:
        return np.asarray(self._exits.sum(axis=1)).ravel()

    def _balanced(self, source: Vector, total: float) -> Vector:
        """The row x with x Q = -source and sum x = total; `source` sums to zero."""
        right = -source
        right[0] = total
        return np.asarray(self._solve(right))

    def density(self) -> Vector:
        """Probability that a particle's hindmost site is i."""
        rho = np.zeros(self.sites)
        for state, p in zip(self.states, self.stationary, strict=True):
            rho[list(state)] += p
        return rho

    def exit_variance(self, time: float) -> float:
        """Variance of the number of exits from stationarity, for times beyond all relaxation.

        The covariance density of exits is c(s) = r e^(Qs) e with r the excess after an exit; its
        integral and its first moment are two solutions of linear equations.
        """
        excess = self.stationary @ self._exits - self.current * self.stationary
        once = self._balanced(excess, 0.0)
        twice = self._balanced(once, 0.0)
        rate = self.current + 2 * once @ self._exit_rate
        return float(rate * time - 2 * twice @ self._exit_rate)


class MatrixProduct:
    """Exclusion of footprint 1 and hop rate 1 on N sites, exactly (Derrida et al. 1993).

    The weight of a state is <W| product of D where a particle is and E where none |V>, with
    D E = D + E, <W| E = <W| / alpha, D |V> = |V> / beta.
    """

    def __init__(self, sites: int, alpha: float, beta: float) -> None:
        size = sites + 1
        one = np.eye(size)
        up, down = np.eye(size, k=1), np.eye(size, k=-1)
        D, E = one + up, one + down
        D[0, 0], E[0, 0] = 1 / beta, 1 / alpha
        D[0, 1] = 1 / alpha + 1 / beta - 1 / (alpha * beta)
        C = (D + E) / 4  # the growth of its powers
        left, right = [one[0]], [one[0]]
        for _ in range(sites):
            left.append(left[-1] @ C)
            right.append(C @ right[-1])
        Z = [vector[0] for vector in right]
        self.current = Z[sites - 1] / Z[sites] / 4
        weights = [left[i] @ D @ right[sites - 1 - i] / 4 for i in range(sites)]
        self.density = np.array(weights) / Z[sites]


def current_with_footprint(alpha: float, footprint: int) -> float:
    """Mean field of the low-density phase; its maximum is 1 / (1 + sqrt(footprint))^2."""
    return alpha * (1 - alpha) / (1 + (footprint - 1) * alpha)


def erlang(servers: int, load: float) -> Vector:
    """Busy servers where calls that find none are lost: M/G/c/c, whatever the service law."""
    weights = stats.poisson.pmf(np.arange(servers + 1), load)
    return np.asarray(weights / weights.sum())
