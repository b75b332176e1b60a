"""How long molecules live: free messengers, messengers that ribosomes protect, proteins.

A free messenger is bound at rate k x (free degradosomes). By the random change of time its life on
the clock integral(k D dt) is exponential with mean 1, whatever D does. Where degradosomes are many,
D is constant and loading decides: a ribosome within one footprint of the 5' end (in reference mode:
anywhere) protects. The life is then phase-type: the enumerated exclusion process of
test_exact_traffic, killed at rate k D in the states without protection. False alarm:
`verdicts.SHARE` = 1e-7 a judgement.
"""

from __future__ import annotations

import numpy as np
import pytest
from designs import DEGRADOSOMES, Design, coding
from exact_laws import Lattice, phase_type_survival
from scipy import sparse, stats
from verdicts import SHARE, binomial, normal, survival

KCAT_PER_S = 10.0


def test_a_free_messenger_lives_an_exponential_time_on_the_clock_of_free_degradosomes() -> None:
    """Deaths against their compensator, and the distribution; 1.5 % in the rate are caught by the
    one and 5 % by the other.
    """
    lifetime_s, started, deaths, compensator = 300.0, 0, 0, 0.0
    design = Design(coding("MA"), messengers=60_000, messenger_lifetime_s=lifetime_s)
    for cell in design.cells(seeds=range(20, 24)):
        result = cell.run(900.0, every_s=0.5)
        held = result.machines["degradosome"]["active"]
        waiting = result.mrnas[:, 0] - held
        free = (DEGRADOSOMES - held) / DEGRADOSOMES
        clock = np.concatenate([[0], np.cumsum(0.25 * (free[1:] + free[:-1]))]) / lifetime_s
        law = np.exp(-clock)
        assert survival(waiting, waiting[0], law)
        assert not survival(waiting, waiting[0], np.exp(-0.95 * clock))
        assert not survival(waiting, waiting[0], np.exp(-1.05 * clock))
        hazard = waiting * free
        started += int(waiting[0])
        deaths += result.events["mrna_decay_initiations"]
        compensator += 0.25 * (hazard[1:] + hazard[:-1]).sum() / lifetime_s
    assert normal(deaths, compensator, np.sqrt(compensator))
    for wrong in (0.985, 1.015):
        assert not normal(deaths, wrong * compensator, np.sqrt(wrong * compensator))


def one_ribosome(
    codons: int, shield: int, load: float, kill: float, release: float
) -> sparse.csr_matrix:
    """A messenger of one ribosome at most, which protects at codons 0 ... `shield` - 1.

    State 0 is the empty messenger, state 1 + x the ribosome at codon x.
    """
    Q = sparse.lil_matrix((codons + 2, codons + 2))
    for state in range(codons + 2):
        rate = load if state == 0 else release if state == codons + 1 else KCAT_PER_S
        Q[state, (state + 1) % (codons + 2)] = rate
        exposed = state == 0 or state - 1 >= shield
        Q[state, state] = -rate - (kill if exposed else 0.0)
    return Q.tocsr()


def polysome(
    codons: int, footprint: int, load: float, kill: float, release: float
) -> sparse.csr_matrix:
    """The exclusion process, killed where nobody stands within a footprint of the 5' end."""
    lattice = Lattice(footprint, load, [KCAT_PER_S] * codons, release)
    return lattice.generator - kill * sparse.diags(lattice.clear.astype(float))


CODONS, FOOTPRINT, LOAD_PER_S, KILL_PER_S, RELEASE_PER_S = 25, 10, 2.0, 0.5, 4.0

#: what else is configured, codons, and the codons at which one ribosome protects; None: polysomes
PROTECTION = {
    "one ribosome that protects all along": ({"max_ribosomes_per_mrna": 1}, 8, 9),
    "one ribosome that passes on": ({"max_ribosomes_per_mrna": 1}, CODONS, FOOTPRINT),
    "reference mode": ({"reference_mode": True}, CODONS, CODONS + 1),
    "polysome": ({}, CODONS, None),
}


@pytest.mark.parametrize("rule", PROTECTION)
def test_ribosomes_at_the_5_prime_end_protect_a_messenger(rule: str) -> None:
    """From birth, unloaded; a shield of one codon less, and of none, and 8 % in the rate of killing
    are caught.
    """
    execution, codons, shield = PROTECTION[rule]
    design = Design(
        coding("M" + "A" * (codons - 1)),
        messengers=30_000,
        ribosomes=1_000_000,
        rates={"initiation_rate_per_s": LOAD_PER_S, "termination_rate_per_s": RELEASE_PER_S},
        execution={
            "translation_execution_rate": KCAT_PER_S,
            "ribosome_footprint_codons": FOOTPRINT,
            **execution,
        },
        messenger_lifetime_s=1 / KILL_PER_S,
        plenty_of_degradosomes=True,
    )
    result = design.cell(seed=2).run(30.0, every_s=0.1)
    waiting = result.mrnas[:, 0] - result.machines["degradosome"]["active"]

    def law(kill: float = KILL_PER_S, less: int = 0) -> np.ndarray:
        if shield is None:
            Q = polysome(codons, FOOTPRINT - less, LOAD_PER_S, kill, RELEASE_PER_S)
        else:
            Q = one_ribosome(codons, shield - less, LOAD_PER_S, kill, RELEASE_PER_S)
        return phase_type_survival(Q, np.eye(1, Q.shape[0])[0], result.time_s)

    started = int(waiting[0])
    assert survival(waiting, started, law()), survival(waiting, started, law())
    for wrong in (0.92 * KILL_PER_S, 1.08 * KILL_PER_S):
        assert not survival(waiting, started, law(wrong))
    assert not survival(waiting, started, law(less=1))
    assert not survival(waiting, started, np.exp(-KILL_PER_S * result.time_s))


def test_proteins_that_are_no_longer_made_are_binomial() -> None:
    """Of 20,000 of each of 50 proteins, Binomial(20,000, e^(-t/tau)) are left; 1 % is caught."""
    genes, born, lifetime_s = 50, 20_000, 100.0
    cell = Design(coding("MAKLE"), genes=genes, proteins=born, protein_lifetime_s=lifetime_s).cell(
        seed=6
    )
    for age_s in (50.0, 100.0, 200.0):
        cell.run(age_s - cell.time_s)
        alive = np.exp(-age_s / lifetime_s)
        assert binomial(cell.proteins, born, alive), binomial(cell.proteins, born, alive)
        total = genes * born
        for wrong in (0.99, 1.01):
            other = np.exp(-wrong * age_s / lifetime_s)
            assert not binomial(cell.proteins.sum(), total, other)
    # the index of dispersion over genes is chi squared
    index = ((cell.proteins - born * alive) ** 2).sum() / (born * alive * (1 - alive))
    assert SHARE / 2 < stats.chi2.sf(index, genes) < 1 - SHARE / 2
