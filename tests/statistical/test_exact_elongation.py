"""A machine that works alone takes a hypoexponential time: one exponential stage a symbol.

Mean sum 1/k, variance sum 1/k^2, and the whole distribution. Machines start together in one cell,
each on a template of its own; those still at work are counted on a grid of times. False alarm:
`verdicts.SHARE` = 1e-7 a judgement, three judgements a machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from designs import (
    CODON_KM_MOLECULES,
    DEGRADATION_NT_PER_S,
    NAME_OF,
    RNA_KM_MOLECULES,
    Design,
    coding,
    strength_for,
)
from exact_laws import hypoexponential_survival
from verdicts import Judgement, normal, survival

PROTEIN = "M" + "AKLE" * 7 + "A"
#: Scarce pools, unequal on purpose [molecules].
TRNA = {"Ala-tRNA": 10, "Lys-tRNA": 40, "Leu-tRNA": 7, "Glu-tRNA": 200, "Met-tRNA": 3}
NTP = {"ATP": 1500, "CTP": 3000, "GTP": 9000, "UTP": 1000}
KCAT_PER_S, RELEASE_PER_S = 10.0, 2.0


@dataclass(frozen=True)
class Lifetimes:
    """How many of the machines that started are still at work, and the stages that each has."""

    rates_per_s: np.ndarray
    started: int
    times_s: np.ndarray
    at_work: np.ndarray

    def distribution(self, faster: float = 1.0) -> Judgement:
        law = hypoexponential_survival(faster * self.rates_per_s, self.times_s)
        return survival(self.at_work, self.started, law)

    def moments(self, faster: float = 1.0) -> tuple[Judgement, Judgement]:
        """Mean and variance from the grid: ends are midpoints, with Sheppard's correction."""
        k = faster * self.rates_per_s
        grid_s = self.times_s[1] - self.times_s[0]
        assert self.at_work[-1] == 0
        ended = -np.diff(self.at_work)
        middle = self.times_s[1:] - grid_s / 2
        mean = ended @ middle / self.started
        variance = ended @ (middle - mean) ** 2 / self.started - grid_s**2 / 12
        var, fourth = (k**-2.0).sum(), 3 * (k**-2.0).sum() ** 2 + 6 * (k**-4.0).sum()
        return (
            normal(mean, (1 / k).sum(), np.sqrt(var / self.started)),
            normal(variance, var, np.sqrt((fourth - var**2) / self.started)),
        )


def ribosomes(protein: str = PROTEIN, pools: dict[str, int] = TRNA) -> Lifetimes:
    """20,000 messengers take one ribosome each, in 10 us of 8 s; then loading ends."""
    cell = Design(
        coding(protein),
        messengers=20_000,
        ribosomes=30_000,
        rates={"initiation_rate_per_s": 1e5, "termination_rate_per_s": RELEASE_PER_S},
        execution={"translation_execution_rate": KCAT_PER_S, "max_ribosomes_per_mrna": 1},
        pools=pools,
    ).cell(seed=1)
    cell.run(1e-3)
    cell.knockout("g0")
    result = cell.run(40.0, every_s=0.05)
    held = [pools.get(f"{NAME_OF[residue]}-tRNA", np.inf) for residue in protein]
    codons = KCAT_PER_S / (1 + CODON_KM_MOLECULES / np.array(held))
    rates = np.array([*codons, RELEASE_PER_S])
    at_work = result.machines["ribosome"]["active"]
    return Lifetimes(rates, int(cell.mrnas[0]), result.time_s, at_work)


def rna_polymerases() -> Lifetimes:
    """A thousand units in each of eight cells; RNAPs are so many that binding keeps its rate."""
    genes, rnaps, binding_per_s = 1000, 1_000_000, 100.0
    frame = coding(PROTEIN[:20])
    cells = Design(
        frame,
        genes=genes,
        rnaps=rnaps,
        rates={"promoter_strength": strength_for(binding_per_s / rnaps)},
        execution={"transcription_execution_rate": KCAT_PER_S, "max_rnap_per_unit": 1},
        pools=NTP,
    ).cells(seeds=range(8))
    at_work = []
    for cell in cells:
        cell.run(0.15)
        for index in range(genes):
            cell.knockout(f"g{index}")
        result = cell.run(32.0, every_s=0.05)
        assert result.machines["rna_polymerase"]["active"][0] == genes
        at_work.append(result.machines["rna_polymerase"]["active"])
    held = np.array([NTP[f"{base}TP"] for base in frame.upper().replace("T", "U")])
    rates = np.array([binding_per_s, *KCAT_PER_S / (1 + RNA_KM_MOLECULES / held)])
    return Lifetimes(rates, genes * len(cells), result.time_s, np.sum(at_work, axis=0))


def degradosomes() -> Lifetimes:
    """Fewer messengers than degradosomes, which bind them all within a millisecond."""
    frame = coding(PROTEIN[:19])
    cells = Design(frame, messengers=80, messenger_lifetime_s=1e-6).cells(seeds=range(200))
    started, grid_s = 0, 0.005
    left = np.zeros(601, dtype=np.int64)
    for cell in cells:
        started += int(cell.mrnas[0])
        assert cell.mrnas[0] < cell.machines["degradosome"]["total"]
        result = cell.run(3.0, every_s=grid_s)  # less where the cell is exhausted: nothing is left
        left[: result.time_s.size] += result.mrnas[:, 0]
    rates = np.full(len(frame), DEGRADATION_NT_PER_S)
    return Lifetimes(rates, started, grid_s * np.arange(left.size), left)


@pytest.mark.parametrize("lifetimes", [ribosomes, rna_polymerases, degradosomes])
def test_the_time_of_a_lone_machine_is_hypoexponential(lifetimes: Callable[[], Lifetimes]) -> None:
    """Rates 2 % off do not pass the mean, 5 % the distribution, 10 % the variance."""
    measured = lifetimes()
    mean, variance = measured.moments()
    assert measured.distribution(), measured.distribution()
    assert mean, mean
    assert variance, variance
    for faster in (0.98, 1.02):
        assert not measured.moments(faster)[0]
    for faster in (0.95, 1.05):
        assert not measured.distribution(faster)
    for faster in (0.9, 1.1):
        assert not measured.moments(faster)[1]
