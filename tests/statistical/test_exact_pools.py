"""A pool of ribosomes is a loss system, insensitive to how long a ribosome is busy.

Thousands of messengers load so rarely that their sites are clear (one is covered less than 1e-3 of
the time). Loading at a fixed rate then makes Poisson arrivals, which are lost while no ribosome is
free: M/G/c/c, Erlang's law; with ribosomes to spare M/G/oo, which from an empty cell is Poisson
with mean lambda times the integral of P(S > u). Loading by mass action gives each ribosome its own
clock: it is busy with p = r K E[S] / (1 + r K E[S]), independently of the others, so
Binomial(c, p). The moments that are compared are spaced by eight service times. False alarm:
`verdicts.SHARE` = 1e-7 a judgement.
"""

from __future__ import annotations

import numpy as np
import pytest
from designs import MOLECULES_PER_M, RIBOSOME_BINDING_PER_M_S, Design, coding
from exact_laws import erlang, hypoexponential_survival
from scipy import stats
from verdicts import Judgement, binomial, normal

KCAT_PER_S = 100.0
MESSENGERS = 20_000
LOAD = 8.0

#: protein, rate of release [1/s]: nearly a fixed time, and nearly an exponential one
SERVICES = {"narrow": ("M" + "A" * 39, 100.0), "exponential": ("MA", 4.0)}


def stages(protein: str, release_per_s: float) -> np.ndarray:
    return np.array([*[KCAT_PER_S] * len(protein), release_per_s])


def pool(protein: str, release_per_s: float, ribosomes: int, load: float | None) -> Design:
    """`load` is the mean number of ribosomes that arrivals would keep busy; None: mass action."""
    rates = {"termination_rate_per_s": release_per_s}
    if load is not None:
        service_s = (1 / stages(protein, release_per_s)).sum()
        rates["initiation_rate_per_s"] = load / service_s / MESSENGERS
    return Design(
        coding(protein),
        messengers=MESSENGERS,
        ribosomes=ribosomes,
        rates=rates,
        execution={"translation_execution_rate": KCAT_PER_S, "ribosome_footprint_codons": 1},
    )


def histogram(design: Design, service_s: float, moments: int, seed: int) -> tuple[np.ndarray, int]:
    """How often each number of ribosomes was busy, and how many messengers there were."""
    cell = design.cell(seed)
    cell.run(20 * service_s)
    result = cell.run(moments * 8 * service_s, every_s=8 * service_s)
    busy = result.machines["ribosome"]["active"][1:]
    assert result.events["mrna_decays"] < 1e-3 * MESSENGERS
    return np.bincount(busy, minlength=design.ribosomes + 1), int(cell.mrnas[0])


def occupied(counts: np.ndarray, law: np.ndarray) -> tuple[Judgement, Judgement]:
    """Mean number of busy ribosomes, and how often each number was seen."""
    levels, moments = np.arange(counts.size), int(counts.sum())
    mean = law @ levels
    sd = np.sqrt(law @ (levels - mean) ** 2 / moments)
    return normal(counts @ levels / moments, mean, sd), binomial(counts, moments, law)


@pytest.mark.parametrize("service", SERVICES)
def test_a_small_pool_of_ribosomes_follows_erlang(service: str) -> None:
    """Ten ribosomes under a load of 8; a load 4 % off, or a ribosome more or less, is caught."""
    protein, release_per_s = SERVICES[service]
    service_s = (1 / stages(protein, release_per_s)).sum()
    counts, messengers = histogram(pool(protein, release_per_s, 10, LOAD), service_s, 20_000, 7)
    load = LOAD * messengers / MESSENGERS
    mean, each = occupied(counts, erlang(10, load))
    assert mean, mean
    assert each, each
    for wrong in (0.96, 1.04):
        assert not occupied(counts, erlang(10, wrong * load))[0]
    assert not all(occupied(counts, erlang(11, load)[:-1]))
    assert not all(occupied(counts, np.append(erlang(9, load), 1e-9)))


def test_ribosomes_that_bind_by_mass_action_are_busy_independently() -> None:
    """Binomial(50, p); a binding constant 2 % off is caught."""
    protein, release_per_s = SERVICES["exponential"]
    service_s = (1 / stages(protein, release_per_s)).sum()
    counts, messengers = histogram(pool(protein, release_per_s, 50, None), service_s, 10_000, 8)

    def law(stronger: float = 1.0) -> np.ndarray:
        per_s = stronger * RIBOSOME_BINDING_PER_M_S / MOLECULES_PER_M * messengers
        return stats.binom.pmf(np.arange(51), 50, per_s * service_s / (1 + per_s * service_s))

    mean, each = occupied(counts, law())
    assert mean, mean
    assert each, each
    for wrong in (0.98, 1.02):
        assert not occupied(counts, law(wrong))[0]


def test_busy_ribosomes_of_a_large_pool_grow_as_the_service_law_says() -> None:
    """Poisson with mean lambda * integral of P(S > u), at five times after birth.

    A mean 6 % off is caught, and an exponential service of the same mean.
    """
    protein, release_per_s = SERVICES["narrow"]
    rates = stages(protein, release_per_s)
    service_s, cells = (1 / rates).sum(), 100
    design = pool(protein, release_per_s, 10_000, 500.0)
    moments_s = service_s * np.array([0.4, 0.8, 1.2, 1.6, 3.0])
    busy, messengers = np.zeros(5), 0
    for cell in design.cells(seeds=range(100, 100 + cells)):
        messengers += int(cell.mrnas[0])
        for index, moment_s in enumerate(moments_s):
            cell.run(moment_s - cell.time_s)
            busy[index] += cell.machines["ribosome"]["active"]
    arrivals_per_s = 500.0 / service_s * messengers / MESSENGERS
    grid = np.linspace(0, moments_s[-1], 3001)
    alive = hypoexponential_survival(rates, grid)
    until = np.concatenate([[0], np.cumsum((alive[1:] + alive[:-1]) / 2 * grid[1])])
    law = arrivals_per_s * np.interp(moments_s, grid, until)
    exponential = arrivals_per_s * service_s * -np.expm1(-moments_s / service_s)
    for count, mean, other in zip(busy[:4], law, exponential, strict=False):
        assert normal(count, mean, np.sqrt(mean)), (count, mean)
        assert not normal(count, 1.06 * mean, np.sqrt(mean))
        assert not normal(count, other, np.sqrt(other))
    assert normal(busy[4], law[4], np.sqrt(law[4]))
