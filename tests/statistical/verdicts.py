"""Tests of counts against exact laws, each at the same small share of the suite's false alarms.

A judgement is true if the law stands. `SHARE` is its false-alarm rate; the suite of exact laws
makes at most `JUDGEMENTS` of them, so all of it raises a false alarm in at most 1e-5 of the seeds.
Power is shown in the tests beside: the same judgement on a law a few per cent off is false.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

JUDGEMENTS = 100
SHARE = 1e-5 / JUDGEMENTS


@dataclass(frozen=True)
class Judgement:
    """A statistic and the bound that it exceeds with probability `SHARE` where the law holds."""

    statistic: float
    bound: float

    def __bool__(self) -> bool:
        return bool(self.statistic <= self.bound)


def normal(value: float, mean: float, sd: float) -> Judgement:
    """A sum of many independent terms, by its exact mean and standard deviation."""
    return Judgement(abs(value - mean) / sd, float(stats.norm.isf(SHARE / 2)))


def student(values: ArrayLike, mean: float) -> Judgement:
    """Independent, nearly normal values (means over cells or genes) against their mean."""
    x = np.asarray(values, dtype=float)
    t = abs(x.mean() - mean) / (x.std(ddof=1) / np.sqrt(x.size))
    return Judgement(float(t), float(stats.t.isf(SHARE / 2, x.size - 1)))


def binomial(counts: ArrayLike, trials: int, probability: ArrayLike) -> Judgement:
    """Counts of `trials` independent draws, each exactly binomial, shared out by Bonferroni.

    The statistic is minus the logarithm of the least p-value; counts need not be independent of
    one another.
    """
    k, p = np.broadcast_arrays(np.asarray(counts), np.asarray(probability, dtype=float))
    tail = np.minimum(stats.binom.cdf(k, trials, p), stats.binom.sf(k - 1, trials, p))
    least = max(float(np.min(2 * tail)), 1e-300)
    return Judgement(-np.log(least), -np.log(SHARE / k.size))


def survival(alive: ArrayLike, started: int, law: ArrayLike) -> Judgement:
    """Numbers of `started` independent lifetimes that last beyond given times.

    Kolmogorov-Smirnov with Massart's constant in the Dvoretzky-Kiefer-Wolfowitz inequality, a bound
    for any number of draws and on any set of times.
    """
    distance = float(np.max(np.abs(np.asarray(alive) / started - np.asarray(law))))
    return Judgement(distance, float(np.sqrt(np.log(2 / SHARE) / (2 * started))))
