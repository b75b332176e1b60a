"""Populations: lineage, ages and sizes, conservation, the same for any number of workers."""

from __future__ import annotations

import json
import math
import pickle
import signal
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import _programs as programs
from bioxen_jcvi_vm_lib import genome as genomes
from bioxen_jcvi_vm_lib.population import aim, growth
from bioxen_jcvi_vm_lib.visualization import lineage

GROWING = {"execution_parameters": {"cell_cycle": True}}
#: Of the quick cell: median of the lognormal delay until replication, its spread, length, fork.
DELAY_S, LOG_SD, LENGTH_NT, FORK_BP_PER_S = 20.0, 0.3, 1000, 400.0
FLOWS = (
    "glycolysis",
    "phosphate_uptake",
    "pyrophosphatase",
    "adenosine_uptake",
    "adenylate_kinase",
    "deoxyadenosine_uptake",
    "deoxyguanosine_uptake",
    "deoxycytidine_uptake",
    "thymidine_uptake",
    "lipid_synthesis",
)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., bx.CellularContext]]:
    """Make cells whose cycle takes some 20 s and a millisecond.

    They have lipids, a chromosome of 1,000 bp and no machines. Lipids have doubled before the
    chromosome is copied, so a cell divides as soon as replication ends: a lognormal time after its
    birth, and independent of its mother's.
    """
    letters = "".join(np.random.default_rng(1).choice(list("acgt"), LENGTH_NT))
    lines = "".join(f"{i + 1:>9} {letters[i : i + 60]}\n" for i in range(0, LENGTH_NT, 60))
    path = tmp_path_factory.mktemp("quick") / "quick.gb"
    path.write_text(
        f"LOCUS       QUICK {LENGTH_NT} bp    DNA     circular SYN 01-JAN-2026\n"
        "FEATURES             Location/Qualifiers\n"
        "     rep_origin      1..10\n"
        "     tRNA            101..180\n"
        '                     /locus_tag="t1"\n'
        '                     /product="tRNA-Leu"\n'
        f"ORIGIN\n{lines}//\n",
        encoding="utf-8",
    )
    usual = genomes.engine_organism
    log_sd = [LOG_SD]

    def organism(parameters: Any, *arguments: Any, **named: Any) -> Any:
        flows = {flow.name: flow for flow in parameters.supply if flow.name in FLOWS}
        lipids = flows["lipid_synthesis"]
        flows["lipid_synthesis"] = replace(lipids, max_rate=replace(lipids.max_rate, value=80.0))
        made = usual(replace(parameters, supply=tuple(flows.values())), *arguments, **named)
        cycle = made.cell_cycle
        cycle.replication_delay_s, cycle.replication_delay_log_sd = DELAY_S, log_sd[0]
        cycle.fork_kcat_bp_per_s = FORK_BP_PER_S
        made.cell_cycle = cycle
        made.rna_polymerases = made.ribosomes = made.degradosomes = 0
        made.pools = {**made.pools, "lipid": 400}
        return made

    with bx.GenomicVirtualizationManager(GROWING) as manager:
        runtimes: dict[float, bx.GenomicRuntime] = {}

        def make(seed: int, spread: float = LOG_SD, **overrides: Any) -> bx.CellularContext:
            log_sd[0] = spread
            with pytest.MonkeyPatch.context() as patch:
                for module in (genomes, programs):
                    patch.setattr(module, "engine_organism", organism)
                if spread not in runtimes:
                    runtimes[spread] = manager.load_genome_runtime(path, organism="syn3a")
                return manager.create_cellular_context(runtimes[spread], seed=seed, **overrides)

        yield make


@pytest.fixture(scope="module")
def manager() -> Iterator[bx.GenomicVirtualizationManager]:
    with bx.GenomicVirtualizationManager(GROWING) as made:
        yield made


def told(population: bx.Population) -> dict[str, Any]:
    """All that must not depend on who ran it."""
    whole = population.to_dict()
    del whole["wall_time_s"]
    return whole


# -- the tree --------------------------------------------------------------------------------------


def test_every_lineage_divides_as_often_as_asked(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    population = manager.grow_population(quick(1), generations=5)
    cells = population.cells
    assert population.status == "completed"
    assert Counter(cells["generation"].tolist()) == {g: 2**g for g in range(6)}
    assert Counter(cells["ending"].tolist()) == {"divided": 31, "alive": 32}
    assert cells["parent"][0] == -1
    assert (cells["parent"][1:] < np.arange(1, 63)).all()
    assert (np.diff(cells["born_s"]) >= 0).all()
    mothers = cells["parent"][1:]
    assert (cells["born_s"][1:] == cells["ended_s"][mothers]).all()
    assert (cells["generation"][1:] == cells["generation"][mothers] + 1).all()
    assert set(np.bincount(mothers).tolist()) == {0, 2} or (np.bincount(mothers) <= 2).all()
    assert (cells["ending"][mothers] == "divided").all()
    assert set(cells["seed"].tolist()) == {1}
    for cell in population.living:
        path = population.lineage(int(cell))
        assert (len(path), path[0], path[-1]) == (6, 0, cell)
        assert (cells["parent"][list(path[1:])] == path[:-1]).all()
    assert (population.ages_s == 0).all()


def test_the_founder_stays_as_it_is_and_the_population_is_its_future(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    founder = quick(2)
    founder.run(7.0)
    before = founder.trajectory_hash
    population = manager.grow_population(founder, duration_s=40.0)
    assert told(manager.grow_population(founder, duration_s=40.0)) == told(population)
    assert (founder.trajectory_hash, founder.time_s, founder.closed) == (before, 7.0, False)
    assert told(manager.grow_population(founder.fork(), duration_s=40.0)) != told(population)
    assert population.cells["born_s"][0] == -7.0
    # it divides when the founder is ready to
    assert founder.run(100.0).status == "divided"
    assert population.cells["ended_s"][0] == founder.time_s - 7.0
    assert population.cells["age_s"][0] == founder.time_s
    # one that is ready already divides at once
    ready = manager.grow_population(founder, duration_s=0.5)
    assert ready.cells["ended_s"].tolist() == [0.0, 0.5, 0.5]


def test_the_same_population_for_any_number_of_workers(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    founder = quick(3)
    for wanted in (
        {"generations": 6},
        {"duration_s": 110.0},
        {"duration_s": 150.0, "max_cells": 9, "every_s": 7.0},
        {"generations": 7, "max_cells": 20, "every_s": 10.0},
    ):
        one, *others = (
            told(manager.grow_population(founder, workers=workers, **wanted))  # type: ignore[arg-type]
            for workers in (1, 2, 3, None)
        )
        assert len(one["living"]) > 8
        assert all(other == one for other in others)


def test_cells_of_the_built_in_genome_are_those_of_hand_made_divisions(
    manager: bx.GenomicVirtualizationManager,
) -> None:
    """Both halves go on as ``run`` and ``divide`` have them, and molecules sum to the mother's."""
    founder = manager.create_cellular_context(manager.load_genome_runtime(), seed=5)
    population = manager.grow_population(founder, duration_s=6400.0, workers=2)
    assert population.cells["ending"].tolist() == ["divided", "alive", "alive"]
    assert founder.run(6400.0).status == "divided"
    halves = founder, founder.divide()
    born = population.cells
    for place, half in enumerate(halves, 1):
        assert born["born_s"][place] == half.time_s
        assert born["birth_volume_l"][place] == half.volume_l
        assert born["birth_atp"][place] == half.count("ATP")
        half.run(6400.0 - half.time_s)
        row = place - 1
        assert (population.proteins[row] == half.proteins + half.proteins_in_machines).all()
        assert (population.mrnas[row] == half.mrnas).all()
        assert born["end_ribosomes"][place] == half.count("ribosome")
        assert born["end_rna_polymerases"][place] == half.count("rna_polymerase")
    for name in ("proteins", "mrnas", "ribosomes", "rna_polymerases", "chromosomes", "atp"):
        assert born[f"birth_{name}"][1:].sum() == born[f"end_{name}"][0], name
    assert born["end_volume_l"][0] == pytest.approx(2 * born["birth_volume_l"][0])
    assert born["replication_ended_s"][0] > born["replication_began_s"][0] > 0


# -- conservation ----------------------------------------------------------------------------------


def test_every_cell_is_audited_at_every_division_and_at_its_end(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    population = manager.grow_population(quick(4), duration_s=130.0, max_cells=16, every_s=10.0)
    endings = Counter(population.cells["ending"].tolist())
    assert endings["divided"] > 16
    assert endings["removed"] > 4
    # a mother and her two halves at a division, every other cell at its end
    assert population.audits == 3 * endings["divided"] + endings["alive"] + endings["removed"]
    assert population.audit.ok
    assert "daughters less mother" in population.audit.residuals
    assert len(population.audit.residuals) > 50


@pytest.mark.parametrize("fault", ["a molecule is made", "an audit fails"])
def test_what_does_not_balance_is_an_error(
    manager: bx.GenomicVirtualizationManager,
    quick: Callable[..., bx.CellularContext],
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    class Faulty(bx.CellularContext):
        __slots__ = ()

        def divide(self) -> Any:
            daughter = super().divide()
            if fault == "a molecule is made":
                daughter.set_resource("ATP", daughter.count("ATP") + 1)
            return daughter

        def audit(self) -> Any:
            found = super().audit()
            if fault == "an audit fails" and self.cell_cycle.generation == 2:
                return bx.Audit({**found.residuals, "ATP": -1})
            return found

    founder = quick(5)
    founder.__class__ = Faulty
    with pytest.raises(bx.ConservationError, match="does not balance at") as caught:
        manager.grow_population(founder, generations=3, workers=2)
    name = "daughters less mother" if fault == "a molecule is made" else "ATP"
    assert abs(caught.value.details["residuals"][name]) == 1
    assert not [one for one in threading.enumerate() if one.name.startswith("bioxen-population")]


# -- how many --------------------------------------------------------------------------------------


def test_a_population_is_kept_at_its_size_by_removing_cells_at_random(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    founder = quick(6)
    population = manager.grow_population(founder, duration_s=203.0, max_cells=12, every_s=10.0)
    assert len(population.living) <= 12
    times = [one.time_s for one in population.dilutions]
    assert all(time % 10 == 0 or time == 203.0 for time in times)
    assert times[-1] in (200.0, 203.0)
    cells = population.cells
    removed = cells["ending"] == "removed"
    assert removed.sum() == sum(one.before - one.after for one in population.dilutions)
    assert set(cells["ended_s"][removed].tolist()) <= set(times)
    for one in population.dilutions:
        assert one.after == 12 < one.before
        assert population.size(one.time_s) == 12
        assert population.size(one.time_s - 1e-9) == one.before
    assert not np.isin(np.flatnonzero(removed), cells["parent"]).any()
    # what is kept lives as it would have lived
    free = manager.grow_population(founder, duration_s=60.0)
    early = (free.cells["ending"] == "divided") & (free.cells["ended_s"] < times[0])
    assert early.sum() > 3
    assert (free.cells["ended_s"][early] == cells["ended_s"][: len(free)][early]).all()


def test_every_cell_is_as_likely_to_be_removed_as_any_other(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    """Half of 8 cells, of 100 founders: binomial(100, 1/2) by place in the tree and by birth.

    Bound of 5 standard deviations each; false alarm 16 x 6e-7.
    """
    by_place: Counter[int] = Counter()
    by_birth: Counter[int] = Counter()
    for seed in range(100):
        tree = manager.grow_population(
            quick(seed), generations=3, max_cells=4, every_s=1e4, workers=1
        )
        assert [(one.before, one.after) for one in tree.dilutions] == [(8, 4)]
        parents = tree.cells["parent"]
        youngest = np.flatnonzero(tree.cells["generation"] == 3)
        for rank, cell in enumerate(youngest):
            if tree.cells["ending"][cell] == "alive":
                # second halves follow first ones
                second = [int(parents[one - 1] == parents[one]) for one in tree.lineage(cell)[1:]]
                by_place[4 * second[0] + 2 * second[1] + second[2]] += 1
                by_birth[rank] += 1
    for counts in (by_place, by_birth):
        assert sum(counts.values()) == 400
        for place in range(8):
            assert abs(counts[place] - 50) <= 5 * math.sqrt(25), counts


def test_a_population_without_bound_is_stopped_before_it_takes_the_memory(
    manager: bx.GenomicVirtualizationManager,
    quick: Callable[..., bx.CellularContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    founder = quick(7)
    with pytest.raises(bx.APIValidationError, match=r"generations would take .* give max_cells"):
        manager.grow_population(founder, generations=60)
    with pytest.raises(bx.APIValidationError, match="more than"):
        manager.grow_population(founder, generations=100_000)
    with pytest.raises(bx.APIValidationError, match=r"max_cells.* would take"):
        manager.grow_population(founder, duration_s=1.0, max_cells=10**9)
    monkeypatch.setattr(aim, "MAX_BYTES", 1_000_000)
    with monkeypatch.context() as late:  # where nothing tells the doubling time before
        late.setattr(aim, "SPREAD", 1e9)
        for workers in (1, 2):
            with pytest.raises(bx.ResourceExhaustionError, match="give max_cells") as caught:
                manager.grow_population(founder, duration_s=1e6, workers=workers)
            assert caught.value.details["bytes"] > 1_000_000
            assert 20 < caught.value.details["cells"] < 60
    told = r"at most \d\d cells fit .* such as max_cells=1000, or .* duration_s=\d\d$"
    for duration_s in (1e9, 1e4):  # refused once the founder has divided, or soon after that
        with pytest.raises(bx.ResourceExhaustionError, match=told) as caught:
            manager.grow_population(founder, duration_s=duration_s)
        assert caught.value.details["time_s"] < 60.0
    kept = manager.grow_population(founder, duration_s=100.0, max_cells=10, every_s=5.0)
    assert len(kept.living) <= 10


def test_a_founder_that_is_born_ready_to_divide_tells_no_doubling_time() -> None:
    """As one of overlapping rounds may be; its descendants tell it."""
    endless = aim.Aim.checked(None, 1e9, None, None, 100_000)
    endless.check_pace(1, 0.0, 0.0)
    with pytest.raises(bx.ResourceExhaustionError, match="give max_cells"):
        endless.check_pace(2, 0.0, 3000.0)


# -- laws ------------------------------------------------------------------------------------------


def cycle_law() -> tuple[np.ndarray, np.ndarray]:
    """Ages, and the probability that a quick cell divides before: delay, then two forks.

    A fork waits an exponential time for each of 500 bases, at a rate which deoxynucleotides
    saturate; the law of that is narrow beside the delay's.
    """
    age = np.linspace(0.0, 120.0, 24_001)
    copied_s = 0.5 * LENGTH_NT / FORK_BP_PER_S
    with np.errstate(divide="ignore"):
        z = np.log(np.maximum(age - copied_s, 1e-300) / DELAY_S) / LOG_SD
    return age, np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in z])


def distance(values: np.ndarray, age: np.ndarray, law: np.ndarray) -> float:
    """Greatest distance between an empirical distribution and a law (Kolmogorov)."""
    ordered = np.sort(values)
    expected = np.interp(ordered, age, law)
    n = len(ordered)
    return float(
        max((np.arange(1, n + 1) / n - expected).max(), (expected - np.arange(n) / n).max())
    )


def test_cycle_times_of_a_tree_are_independent_draws_of_their_law(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    """1,023 cells of whole generations: none is left out for being late.

    Dvoretzky-Kiefer-Wolfowitz at a false alarm of 1e-6: 0.084; the law is rounded to ticks and
    forks by less than 0.02. Sisters and mothers: correlations of 511 pairs and more, 5 standard
    deviations.
    """
    population = manager.grow_population(quick(8), generations=10)
    times = population.division_times_s
    assert len(times) == 1023
    bound = math.sqrt(math.log(2 / 1e-6) / (2 * len(times)))
    assert distance(times, *cycle_law()) < bound
    parents = population.cells["parent"]
    divided = np.flatnonzero(population.cells["ending"] == "divided")
    assert (divided == np.arange(1023)).sum() > 0
    ages = population.cells["age_s"]
    pairs = {
        "mother": [(ages[parents[i]], ages[i]) for i in divided if i > 0],
        "sister": [
            tuple(ages[np.flatnonzero(parents == i)])
            for i in divided
            if np.isin(np.flatnonzero(parents == i), divided).all()
        ],
    }
    for who, both in pairs.items():
        assert abs(np.corrcoef(np.array(both).T)[0, 1]) < 5 / math.sqrt(len(both)), who


@pytest.mark.slow
def test_ages_of_the_living_are_those_of_exponential_growth(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    """Powell (J. Gen. Microbiol. 15:492, 1956): 2 k exp(-k a) (1 - F(a)), 2 E[exp(-k T)] = 1.

    Relatives are alike: of those that descend from one cell of three doublings before, no more than
    one is taken for independent. Dvoretzky-Kiefer-Wolfowitz for these at a false alarm of 1e-3
    (0.083); the law 1 - F of single lineages, in which nothing grows, lies 0.1 away.
    """
    age, divided = cycle_law()
    step = age[1] - age[0]
    low, high = 1e-3, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        over = 2 * np.sum(np.exp(-rate * age[1:]) * np.diff(divided)) > 1
        low, high = (rate, high) if over else (low, rate)
    density = 2 * rate * np.exp(-rate * age) * (1 - divided)
    law = np.cumsum(density) * step
    assert law[-1] == pytest.approx(1, abs=1e-3)
    population = manager.grow_population(quick(9), duration_s=12.5 * math.log(2) / rate)
    ages = population.ages_s
    assert 3000 < len(ages) < 30_000
    bound = math.sqrt(math.log(2 / 1e-3) / (2 * len(ages) / 8))
    assert distance(ages, age, law) < bound
    lineages = np.cumsum(1 - divided)  # of which each goes on as one cell
    assert distance(ages, age, lineages / lineages[-1]) > bound
    assert population.growth_rate_per_h == pytest.approx(3600 * rate, rel=0.05)
    density, edges = population.age_distribution(16)
    assert (density * np.diff(edges)).sum() == pytest.approx(1)


def test_ages_over_a_doubling_time_are_those_of_cells_that_do_not_divide_together(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    """Cells with one delay divide together; 2 k exp(-k a) holds of the average over their phases.

    Exact but for the two forks' spread and the 512 moments: 3 % in each of 10 bins.
    """
    for kept in ({}, {"max_cells": 20, "every_s": 3.0}):
        population = manager.grow_population(quick(10, spread=0.0), duration_s=150.0, **kept)  # type: ignore[arg-type]
        assert population.ages_s.std() < 1.0
        doubling_s = population.division_times_s.mean()
        density, edges = population.age_distribution(10, over_s=doubling_s)
        rate = math.log(2) / doubling_s
        middle = (edges[1:] + edges[:-1]) / 2
        inside = edges[1:] < 0.97 * doubling_s
        assert inside.sum() >= 8
        assert density[inside] == pytest.approx(
            2 * rate * np.exp(-rate * middle[inside]), rel=0.03 if not kept else 0.25
        )
    expected = population.expected_age_density([0.0, population.doubling_time_s / 2, 1e9, -1.0])
    k = population.growth_rate_per_h / 3600
    assert expected == pytest.approx([2 * k, 2 * k / math.sqrt(2), 0, 0])


def test_growth_rate_is_the_root_of_the_tree(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    founder = quick(11)
    for wanted in ({"duration_s": 100.0}, {"generations": 6}):
        population = manager.grow_population(founder, **wanted)  # type: ignore[arg-type]
        times = population.cells["ended_s"][population.living]
        k = population.growth_rate_per_h / 3600
        assert np.exp(-k * times).sum() == pytest.approx(1)
    # 2 E[exp(-k T)] = 1 at 115.8/h; some 100 divisions
    kept = manager.grow_population(founder, duration_s=300.0, max_cells=12, every_s=10.0)
    assert kept.growth_rate_per_h == pytest.approx(115.8, rel=0.15)
    alone = manager.grow_population(founder, duration_s=1.0)
    assert (alone.growth_rate_per_h, alone.doubling_time_s) == (0.0, math.inf)
    assert population.size([0.0, population.end_s]).tolist() == [1, 64]


# -- endings ---------------------------------------------------------------------------------------


def test_cells_that_do_not_divide_stay_in_the_tree(
    manager: bx.GenomicVirtualizationManager,
    quick: Callable[..., bx.CellularContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(growth, "LONGEST_CYCLE_S", 5.0)
    late = manager.grow_population(quick(12), generations=3)
    assert late.cells["ending"].tolist() == ["undivided"]
    assert late.cells["age_s"].tolist() == [5.0]
    monkeypatch.undo()
    starved = quick(12, glucose_concentration=0.0)
    for resource in ("ATP", "ADP", "AMP"):
        starved.set_resource(resource, 0)
    waiting = manager.grow_population(starved, duration_s=600.0)
    assert waiting.cells["ending"].tolist() == ["alive"]  # and arrested
    for wanted in ({"generations": 3}, {"duration_s": 7200.0}):  # an hour of it is its death
        population = manager.grow_population(starved, **wanted)  # type: ignore[arg-type]
        assert population.cells["ending"].tolist() == ["dead"]
        assert population.cells["age_s"][0] == pytest.approx(3600, abs=120)
        assert (len(population.living), population.proteins.shape[0]) == (0, 0)
        assert math.isnan(population.growth_rate_per_h)
        assert math.isnan(population.doubling_time_s)
        assert population.age_distribution(3)[0].tolist() == [0, 0, 0]
        assert population.audit.ok
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # matplotlib's, of a legend without entries
            population.plot()
        assert "1 dead" in population._repr_html_()
        json.dumps(population.to_dict(), allow_nan=False)


def test_another_ending_of_a_run_is_that_of_the_cell(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    class Ending(bx.CellularContext):
        """Exhausted in the second generation."""

        __slots__ = ()

        def _advance(self, core: Any, run: Any, *rest: Any) -> Any:
            if core.cycle()["generation"] < 2:
                return super()._advance(core, run, *rest)
            super()._advance(core, replace(run, seconds=min(run.seconds, 3.0)), *rest)

            class Exhausted:
                status = "exhausted"

            return Exhausted()

    founder = quick(13)
    founder.__class__ = Ending
    population = manager.grow_population(founder, generations=4)
    assert Counter(population.cells["ending"].tolist()) == {"divided": 3, "exhausted": 4}
    assert population.cells["age_s"][3:].tolist() == pytest.approx([3.0] * 4)
    assert population.audit.ok


def test_ctrl_c_gives_what_there_is(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    founder = quick(14)
    seen: list[tuple[float, int]] = []

    def interrupt(time_s: float, cells: int) -> None:
        seen.append((time_s, cells))
        signal.raise_signal(signal.SIGINT)

    population = manager.grow_population(
        founder, duration_s=1e6, max_cells=8, workers=2, progress=interrupt
    )
    assert population.status == "cancelled"
    assert len(seen) == 1
    assert len(population.living) >= 1
    assert population.audit.ok
    assert population.end_s < 1e6
    assert manager.grow_population(founder, duration_s=1.0).status == "completed"


def test_what_progress_raises_ends_the_growth(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    seen: list[tuple[float, int]] = []

    def stop(time_s: float, cells: int) -> None:
        seen.append((time_s, cells))
        if len(seen) == 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        manager.grow_population(quick(15), duration_s=1e6, max_cells=8, every_s=1.0, progress=stop)
    assert [time for time, _ in seen] == sorted(time for time, _ in seen)
    assert all(cells >= 1 for _, cells in seen)
    assert not [one for one in threading.enumerate() if one.name.startswith("bioxen-population")]


# -- arguments -------------------------------------------------------------------------------------


def test_arguments_are_refused_in_words(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    founder = quick(16)
    before = founder.trajectory_hash
    for named, word in (
        ({}, "either generations or duration_s"),
        ({"generations": 1, "duration_s": 1.0}, "either generations or duration_s"),
        ({"generations": 0}, "generations is 0"),
        ({"generations": -1}, "generations"),
        ({"generations": 1.5}, "whole number"),
        ({"generations": True}, "whole number"),
        ({"duration_s": 0}, "duration_s is 0"),
        ({"duration_s": math.nan}, "duration_s is nan"),
        ({"duration_s": math.inf}, "duration_s is inf"),
        ({"duration_s": "1"}, "duration_s must be a number"),
        ({"duration_s": 1e9, "generations": None}, None),
        ({"duration_s": 1, "max_cells": 0}, "max_cells is 0"),
        ({"duration_s": 1, "max_cells": 2.0}, "max_cells must be a whole number"),
        ({"duration_s": 1, "every_s": 1.0}, "give max_cells"),
        ({"duration_s": 1, "max_cells": 2, "every_s": 0}, "every_s is 0"),
        ({"duration_s": 1, "workers": 0}, "workers is 0"),
        ({"duration_s": 1, "workers": 257}, "workers is 257"),
        ({"duration_s": 1, "progress": 3}, "callable"),
    ):
        if word is None:
            continue
        with pytest.raises(bx.APIValidationError, match=word):
            manager.grow_population(founder, **named)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="must be a CellularContext"):
        manager.grow_population(3, duration_s=1)  # type: ignore[arg-type]
    founder.run(1.0)
    with pytest.raises(bx.APIValidationError, match="is the greatest"):
        manager.grow_population(founder, duration_s=1e9)
    assert founder.fork(replay=True).trajectory_hash == founder.trajectory_hash != before
    founder.close()
    with pytest.raises(bx.GenomicRuntimeError, match="closed"):
        manager.grow_population(founder, duration_s=1)


def test_a_founder_that_does_not_grow_is_refused(
    manager: bx.GenomicVirtualizationManager,
) -> None:
    cell = manager.create_cellular_context(manager.load_genome_runtime(), cell_cycle=False)
    with pytest.raises(bx.GenomicRuntimeError, match="create it with cell_cycle=True") as caught:
        manager.grow_population(cell, generations=1)
    assert caught.value.details["key"] == "cell_cycle"


def test_a_dead_founder_is_refused(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> None:
    cell = quick(3)
    cell.set_environment(temperature_c=90.0)
    with pytest.raises(bx.GenomicRuntimeError, match="dead, of heat, since 0 s: no population"):
        manager.grow_population(cell, duration_s=60.0)


# -- the record ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def population(
    manager: bx.GenomicVirtualizationManager, quick: Callable[..., bx.CellularContext]
) -> bx.Population:
    return manager.grow_population(quick(17), duration_s=110.0, max_cells=12, every_s=10.0)


def test_a_population_is_frozen_and_can_be_stored(population: bx.Population) -> None:
    for table in (*population.cells.values(), population.proteins, population.living):
        assert not table.flags.writeable
    with pytest.raises(TypeError):
        population.cells["age_s"] = np.zeros(3)  # type: ignore[index]
    with pytest.raises(AttributeError):
        population.status = "other"  # type: ignore[misc]
    copy = pickle.loads(pickle.dumps(population))
    assert copy.to_dict() == population.to_dict()
    assert not copy.cells["age_s"].flags.writeable
    stored = json.loads(json.dumps(population.to_dict(), allow_nan=False))
    assert stored["cells"]["ending"] == population.cells["ending"].tolist()
    assert stored["max_cells"] == 12
    assert stored["dilutions"][0]["after"] == 12
    assert len(stored["proteins"]) == len(population.living)
    text = population._repr_html_()
    assert "12 cells, looked at every 10 s" in text
    assert f"{len(population)} cells" in repr(population)
    for cell in (-1, len(population), True, 1.0):
        with pytest.raises(bx.APIValidationError):
            population.lineage(cell)  # type: ignore[arg-type]
    for bins in (0, 2.5, True):
        with pytest.raises(bx.APIValidationError, match="bins"):
            population.age_distribution(bins)  # type: ignore[arg-type]
    density, edges = population.size_distribution(5)
    assert (density * np.diff(edges)).sum() == pytest.approx(1)
    assert edges[0] <= population.volumes_l.min() <= population.volumes_l.max() <= edges[-1]


def test_a_population_as_tables(population: bx.Population) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("xarray")
    frame = population.to_pandas()
    assert len(frame) == len(population)
    assert frame.index.name == "cell"
    assert frame.attrs["max_cells"] == 12
    assert (frame["age_s"] == population.cells["age_s"]).all()
    data = population.to_xarray()
    assert dict(data.sizes) == {
        "cell": len(population),
        "living": len(population.living),
        "gene": len(population.genes),
    }
    assert (data["mrnas"].values == population.mrnas).all()
    assert json.loads(data.attrs["dilutions"])[0]["after"] == 12


def test_plots_of_a_population(population: bx.Population) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    tree, ages, volumes = population.plot()
    lines = tree.collections[1].get_segments()
    cells = population.cells
    assert len(lines) == len(population)
    assert len(tree.collections[0].get_segments()) == len(population) - 1
    heights = [line[0][1] for line in lines]
    for mother in set(cells["parent"].tolist()) - {-1}:
        one, other = (heights[i] for i in np.flatnonzero(cells["parent"] == mother))
        assert heights[mother] == (one + other) / 2
    leaves = [heights[i] for i in range(len(population)) if cells["ending"][i] != "divided"]
    assert sorted(leaves) == list(range(len(leaves)))
    assert (lines[3][0][0], lines[3][1][0]) == (cells["born_s"][3], cells["ended_s"][3])
    assert ages.get_xlabel() == "age [s]"
    assert volumes.get_xlabel() == "volume [fL]"
    axes = pyplot.figure().subplots()
    assert lineage.lineage_tree(population, colour="end_atp", axes=axes) is axes
    for wrong, right in (
        ("ending", "mean 'end_mrnas'"),
        ("end_atq", "'end_atp'"),
        (3, "they are parent"),
    ):
        with pytest.raises(bx.APIValidationError, match="numeric column") as caught:
            lineage.lineage_tree(population, colour=wrong)  # type: ignore[arg-type]
        assert right in caught.value.message
        assert "did you mean 'ending'" not in caught.value.message
    for ask in (population.size, population.expected_age_density):
        for wrong in ("x", math.nan, [1.0, math.nan], [[1], [2, 3]], None, 10**400):
            with pytest.raises(bx.APIValidationError, match="a number of seconds or an array"):
                ask(wrong)  # type: ignore[operator]
    with pytest.raises(bx.APIValidationError, match="must be a Population"):
        lineage.lineage_tree(3)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="Axes"):
        lineage.lineage_tree(population, axes=3)
    with pytest.raises(bx.APIValidationError, match="Figure"):
        population.plot(figure=3)
    pyplot.close("all")
