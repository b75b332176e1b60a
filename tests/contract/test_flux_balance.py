"""Flux balance against cobrapy, against an independent quadratic solver, and against its promises.

`e_coli_core` is the model "textbook" inside the cobra package.
"""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.metabolism import (
    FluxBalance,
    MetabolicConditions,
    MetabolicModel,
    TurnoverNumbers,
)

pytest.importorskip("highspy")

#: Units of flux by which answers from different starts and solvers may differ.
UNIQUE = 1e-6
#: Forced fluxes are as small as 3.5e-4; bounds that exclude each other still do if all are scaled.
SCALE = 1e3


@dataclass
class Case:
    """A model, ready to be solved here and by cobrapy."""

    path: Path
    model: MetabolicModel
    balance: FluxBalance
    cobra: Any

    @property
    def stoichiometry(self) -> np.ndarray:
        matrix = np.zeros((len(self.model.metabolites), len(self.model.reactions)))
        for column, reaction in enumerate(self.model.reactions):
            for name, value in reaction.stoichiometry.items():
                matrix[self.model.metabolite_index[name], column] = value
        return matrix


def cobra_io() -> Any:
    """The readers of cobrapy, or a skip."""
    pytest.importorskip("cobra")
    import cobra.io

    return cobra.io


@pytest.fixture(
    scope="module", params=["e_coli_core", pytest.param("iMB155", marks=pytest.mark.data)]
)
def case(request: pytest.FixtureRequest, shared_data: Callable[[str], Path]) -> Case:
    io = cobra_io()
    if request.param == "iMB155":
        path = shared_data("models/iMB155.json")
        theirs = io.load_json_model(path)
    else:
        path = Path(io.__file__).parents[1] / "data" / "textbook.xml.gz"
        theirs = io.read_sbml_model(str(path))
    model = MetabolicModel.read(path)
    return Case(path, model, FluxBalance(model), theirs)


def array(result: Any) -> np.ndarray:
    return np.array(list(result.fluxes.values()))


def growth(balance: FluxBalance, conditions: dict[str, Any]) -> float:
    """Growth, NaN where there is none: cobrapy's way to say so."""
    try:
        return balance.solve(conditions, explain=False).growth_rate_per_h
    except bx.MetabolicInfeasibleError:
        return math.nan


def test_growth_is_cobras_for_the_wild_type_and_every_single_knockout(case: Case) -> None:
    expected = {None: case.cobra.slim_optimize()}
    for gene in case.cobra.genes:
        with case.cobra:
            gene.knock_out()
            expected[gene.id] = case.cobra.slim_optimize()
    found = {g: growth(case.balance, {"knockouts": [g] if g else []}) for g in expected}
    assert len(expected) == len(case.model.genes) + 1
    assert found == pytest.approx(expected, abs=1e-6, rel=0, nan_ok=True)
    alive = [value for value in found.values() if value > 0.01]
    assert 20 < len(alive) < len(found)  # some knockouts are lethal, and not all


def test_growth_is_cobras_in_other_media(case: Case) -> None:
    glucose = case.cobra.reactions.EX_glc__D_e
    for uptake in (0.0, 0.5, 3.0, 7.4, 20.0):
        with case.cobra:
            glucose.lower_bound = -uptake
            expected = case.cobra.slim_optimize()
        for key in ("EX_glc__D_e", "glc__D_e"):
            found = growth(case.balance, {"medium": {key: uptake}})
            assert found == pytest.approx(expected, abs=1e-6, rel=0, nan_ok=True), uptake


def conditions_that_grow(case: Case) -> list[dict[str, Any]]:
    asked = [{"knockouts": [gene.id]} for gene in case.model.genes]
    asked += [{"medium": {"EX_glc__D_e": uptake}} for uptake in (3.0, 6.0, 7.0)]
    return [one for one in [{}, *asked] if growth(case.balance, one) > 0]


def test_fluxes_balance_within_bounds_and_reach_the_growth(case: Case) -> None:
    matrix = case.stoichiometry
    every = conditions_that_grow(case)
    for asked, warm in [({}, False), *((one, True) for one in every)]:
        result = case.balance.solve(asked, warm=warm)
        fluxes = array(result)
        assert np.abs(matrix @ fluxes).max() < 1e-9, asked
        lower, upper, _ = case.balance._asked_bounds(MetabolicConditions.of(asked), None)
        assert (lower - fluxes).max() < 1e-8, asked
        assert (fluxes - upper).max() < 1e-8, asked
        total = sum(c * result.fluxes[name] for name, c in case.model.objective.items())
        assert result.growth_rate_per_h == pytest.approx(total, abs=1e-9)


def test_fluxes_do_not_depend_on_where_the_search_began(case: Case) -> None:
    asked = conditions_that_grow(case)
    forwards = [array(case.balance.solve(one)) for one in asked]
    backwards = [array(case.balance.solve(one)) for one in reversed(asked)][::-1]
    cold = [array(case.balance.solve(one, warm=False)) for one in asked]
    # Another order of reactions and metabolites: other bases, other vertices.
    model = case.model
    turned = FluxBalance(
        MetabolicModel(
            model.id, model.metabolites[::-1], model.reactions[::-1], model.genes, model.objective
        )
    )
    other = [array(turned.solve(one))[::-1] for one in asked]
    for one, *found in zip(asked, forwards, backwards, cold, other, strict=True):
        for fluxes in found[1:]:
            assert np.abs(fluxes - found[0]).max() < UNIQUE, one


def distance_from_the_smallest(case: Case, asked: dict[str, Any], fluxes: np.ndarray) -> float:
    """Return a bound on the distance of some optimal fluxes v from the smallest ones v*.

    v* is the projection of 0. In the null space of the balances, let r be what a non-negative
    combination of the inward normals of the active bounds, and any multiple of the objective,
    leaves of v. Then <v - r, v* - v> >= 0 and <v*, v - v*> >= 0, whose sum says |v - v*| <= |r|.
    Lawson and Hanson's non-negative least squares finds r; neither basis nor active set of the
    library is used.
    """
    lower, upper, _ = case.balance._asked_bounds(MetabolicConditions.of(asked), None)
    free = lower < upper
    fluxes, lower, upper = fluxes[free], lower[free], upper[free]
    space = scipy.linalg.null_space(case.stoichiometry[:, free], rcond=1e-12)
    objective = objective_of(case)[free] @ space
    normals = np.vstack(
        [
            space[fluxes < lower + 1e-7],
            -space[fluxes > upper - 1e-7],
            objective,
            -objective,
        ]
    )
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-10)
    # What fixed fluxes force is the same in v and v*: only the part in the null space can differ.
    return float(scipy.optimize.nnls(normals.T, fluxes @ space, maxiter=10_000)[1])


def objective_of(case: Case) -> np.ndarray:
    return np.array([case.model.objective.get(name, 0.0) for name in case.model.reaction_index])


def test_fluxes_are_the_smallest_optimal_ones(case: Case) -> None:
    asked = conditions_that_grow(case)
    for one in asked:
        fluxes = array(case.balance.solve(one))
        assert distance_from_the_smallest(case, one, fluxes) < UNIQUE, one

    import cobra.util

    with case.cobra as other:  # optimal as well, and not the smallest
        cobra.util.fix_objective_as_constraint(other)
        other.objective = dict.fromkeys(other.reactions, 1.0)
        larger = np.array(other.optimize().fluxes)
    assert objective_of(case) @ larger == pytest.approx(growth(case.balance, {}), abs=1e-6)
    assert distance_from_the_smallest(case, {}, larger) > 0.1


def test_sbml_and_json_of_one_model_agree(case: Case, tmp_path: Path) -> None:
    io = cobra_io()
    io.save_json_model(case.cobra, tmp_path / "model.json")
    io.write_sbml_model(case.cobra, str(tmp_path / "model.xml"))
    json_model = MetabolicModel.read(tmp_path / "model.json")
    sbml_model = MetabolicModel.read(tmp_path / "model.xml")
    for model in (json_model, sbml_model):
        assert model.reaction_index.keys() == case.model.reaction_index.keys()
        assert model.metabolite_index.keys() == case.model.metabolite_index.keys()
        assert model.gene_ids == case.model.gene_ids
        for ours in case.model.reactions:
            theirs = model.reactions[model.reaction_index[ours.id]]
            assert theirs.stoichiometry == ours.stoichiometry
            assert (theirs.lower, theirs.upper) == (ours.lower, ours.upper)
            assert set(theirs.rule.genes) == set(ours.rule.genes)
            for gene in ours.rule.genes:
                assert theirs.rule.is_active({gene}) == ours.rule.is_active({gene})
        result = FluxBalance(model).solve()
        expected = case.balance.solve()
        assert result.growth_rate_per_h == pytest.approx(expected.growth_rate_per_h, abs=1e-9)
        assert dict(result.fluxes) == pytest.approx(dict(expected.fluxes), abs=UNIQUE)


def test_infeasible_conditions_name_bounds_that_exclude_each_other(case: Case) -> None:
    """Without the conflict there is a solution, with any one of its bounds released too."""
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        case.balance.solve({"medium": {"EX_glc__D_e": 0.0}})
    error = caught.value
    assert error.code == "BX018"
    conflict = error.binding_constraints
    assert ("EX_glc__D_e", "lower", "medium") in [
        (one.reaction, one.side, one.origin) for one in conflict
    ]
    assert conflict[0].origin == "medium"  # what the user set comes first, then forced fluxes
    assert conflict[1].bound != 0
    relaxed = error.message.split("relax one: ")[1]
    assert relaxed.startswith("lower bound 0 of EX_glc__D_e (medium); ")
    assert "bound 0 of " not in relaxed.split("; ", 1)[1]  # a direction is nothing to relax
    shown = relaxed.count("bound ")
    if shown < len(conflict):
        rest = f'; and {len(conflict) - shown} more in details["binding_constraints"]'
        assert relaxed.endswith(rest)
    assert json.dumps(error.to_dict())
    assert pickle.loads(pickle.dumps(error)).binding_constraints == conflict

    def feasible(kept: list[Any]) -> bool:
        """Whether there are fluxes within some bounds alone."""
        index = case.model.reaction_index
        bounds = [[None, None] for _ in index]
        for one in kept:
            bounds[index[one.reaction]][("lower", "upper").index(one.side)] = SCALE * one.bound
        matrix = case.stoichiometry
        found = scipy.optimize.linprog(
            np.zeros(len(index)), A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds
        )
        assert found.status in (0, 2)
        return bool(found.status == 0)

    assert not feasible(list(conflict))
    for one in conflict:
        assert feasible([other for other in conflict if other is not one]), one
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        case.balance.solve({"medium": {"EX_glc__D_e": 0.0}}, explain=False)
    assert caught.value.binding_constraints
    assert case.balance.solve().growth_rate_per_h > 0.3  # it goes on afterwards


def test_a_flux_is_zero_or_more_than_rounding(case: Case) -> None:
    for medium in ({}, {"EX_glc__D_e": 5.0}):
        result = case.balance.solve({"medium": medium})
        for fluxes in (result.fluxes, result.exchange):
            assert not [v for v in fluxes.values() if v != 0 and abs(v) < 1e-9]


def test_shadow_prices_predict_growth(case: Case) -> None:
    result = case.balance.solve()
    price = {(one.reaction, one.side): one for one in result.binding_constraints}
    glucose = price["EX_glc__D_e", "lower"]
    more = case.balance.solve({"medium": {"EX_glc__D_e": -glucose.bound + 0.01}})
    gained = more.growth_rate_per_h - result.growth_rate_per_h
    assert gained == pytest.approx(-0.01 * glucose.shadow_price, rel=1e-4)
    assert gained > 0


def test_exchange_is_counted_out_of_the_cell(case: Case) -> None:
    result = case.balance.solve()
    assert result.exchange["EX_glc__D_e"] < 0
    assert result.exchange["EX_ac_e" if "iMB" in case.path.name else "EX_co2_e"] > 0
    assert set(result.exchange) == set(case.model.exchanges)


# ------------------------------------------------------------------ a model worked out by hand


def two_routes(**bounds: tuple[float, float]) -> MetabolicModel:
    """A nutrient, of which 10 are taken up, reaches growth by two routes."""
    limits = {"EX_a": (-10, 100), "first": (0, 100), "second": (0, 100), "growth": (0, 100)}
    parts = {
        "EX_a": {"a": -1},
        "first": {"a": -1, "b": 1},
        "second": {"a": -1, "b": 1},
        "growth": {"b": -1},
    }
    rules = {"first": "g1 and g2", "second": "g3 or g4"}
    return MetabolicModel.read(
        json.dumps(
            {
                "id": "two_routes",
                "metabolites": [{"id": "a"}, {"id": "b"}],
                "genes": [{"id": f"g{i}"} for i in (1, 2, 3, 4)],
                "reactions": [
                    {
                        "id": name,
                        "metabolites": parts[name],
                        "lower_bound": bounds.get(name, limits[name])[0],
                        "upper_bound": bounds.get(name, limits[name])[1],
                        "gene_reaction_rule": rules.get(name, ""),
                        "objective_coefficient": float(name == "growth"),
                    }
                    for name in parts
                ],
            }
        ).encode()
    )


@pytest.mark.parametrize(
    ("bounds", "routes"),
    [
        ({}, (5, 5)),
        ({"first": (0, 3)}, (3, 7)),
        ({"first": (8, 100)}, (8, 2)),
        ({"first": (4, 4)}, (4, 6)),
        ({"first": (0, 3), "second": (0, 6)}, (3, 6)),
        ({"first": (-100, 100), "second": (12, 100)}, (-2, 12)),
        ({"first": (-math.inf, math.inf)}, (5, 5)),
    ],
)
def test_the_smallest_fluxes_share_the_load(
    bounds: dict[str, tuple[float, float]], routes: tuple[float, float]
) -> None:
    result = FluxBalance(two_routes(**bounds)).solve()
    assert (result.fluxes["first"], result.fluxes["second"]) == pytest.approx(routes, abs=1e-9)
    assert result.growth_rate_per_h == pytest.approx(min(10, sum(routes)))


def test_knockouts_follow_the_rules() -> None:
    balance = FluxBalance(two_routes(), locus_tags=["g1", "g2", "g3", "g4", "rRNA"])
    for genes, routes in (
        (["g1"], (0, 10)),
        (["g3"], (5, 5)),
        (["g3", "g4"], (10, 0)),
        (["rRNA"], (5, 5)),
        (["g2", "g3", "g4"], (0, 0)),
    ):
        fluxes = balance.solve({"knockouts": genes}).fluxes
        assert (fluxes["first"], fluxes["second"]) == pytest.approx(routes, abs=1e-9), genes
    with pytest.raises(bx.APIValidationError, match="'g9' is no gene"):
        balance.solve({"knockouts": ["g9"]})


def test_media_are_given_as_uptake_or_as_bounds() -> None:
    balance = FluxBalance(two_routes())
    for value, rate in ((4.0, 4), ((-4.0, 0.0), 4), (0, 0), (math.inf, 100), ((-7, -7), 7)):
        for key in ("EX_a", "a"):
            found = balance.solve({"medium": {key: value}})
            assert found.growth_rate_per_h == pytest.approx(rate), value
    with pytest.raises(bx.APIValidationError, match=r"did you mean 'EX_a'"):
        balance.solve({"medium": {"EX_aa": 1}})
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        balance.solve({"medium": {"EX_a": (5, 6)}})
    assert caught.value.binding_constraints[0].origin == "medium"


def test_copies_of_enzymes_limit_fluxes() -> None:
    """In a cell of 1 g, a turnover of N_A/3.6e6 per second carries 1 mmol/gDW/h per copy."""
    kcat = 6.02214076e23 / 3.6e6
    turnover = TurnoverNumbers({"first": (kcat, 0.0), "second": (2 * kcat, 0.0)}, dry_mass_g=1.0)
    balance = FluxBalance(two_routes(), turnover=turnover)
    asked = {"enzyme_constraints": True}
    for counts, routes in (
        ({"g1": 1, "g2": 5, "g3": 1, "g4": 2}, (1, 6)),  # scarcest subunit; isozymes add up
        ({"g1": 80, "g2": 80, "g3": 80, "g4": 80}, (5, 5)),  # another basis
        ({"g1": 3}, (3, 7)),
        ({"g1": 8}, (5, 5)),  # the same basis, and the bound does not hold any more
        ({"g1": 0, "g2": 5, "g3": 1, "g4": 0}, (0, 2)),
        ({"g1": 90, "g2": 90, "g3": 90, "g4": 90}, (5, 5)),
        ({"g1": 2}, (2, 8)),  # what was not counted does not limit
    ):
        result = balance.solve(asked, enzyme_counts=counts)
        found = (result.fluxes["first"], result.fluxes["second"])
        assert found == pytest.approx(routes, abs=1e-9), counts
    limited = balance.solve(asked, enzyme_counts={"g1": 1, "g2": 5, "g3": 1, "g4": 2})
    assert {one.origin for one in limited.binding_constraints} == {"enzyme"}
    assert balance.solve().growth_rate_per_h == pytest.approx(10)
    with pytest.raises(bx.APIValidationError, match="enzyme_counts"):
        balance.solve(asked)
    with pytest.raises(bx.APIValidationError, match="turnover"):
        FluxBalance(two_routes()).solve(asked, enzyme_counts={})
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(bx.APIValidationError, match="g1"):
            balance.solve(asked, enzyme_counts={"g1": wrong})
    forced = FluxBalance(two_routes(first=(5, 100)), turnover=turnover)
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        forced.solve(asked, enzyme_counts={"g1": 1})
    assert [one.origin for one in caught.value.binding_constraints] == ["model", "enzyme"]


def test_backward_turnover_limits_backward_flux() -> None:
    kcat = 6.02214076e23 / 3.6e6
    turnover = TurnoverNumbers({"first": (0.0, kcat)}, dry_mass_g=1.0)
    balance = FluxBalance(two_routes(first=(-100, 100), second=(12, 100)), turnover=turnover)
    asked = {"enzyme_constraints": True}
    fluxes = balance.solve(asked, enzyme_counts={"g1": 3}).fluxes
    assert (fluxes["first"], fluxes["second"]) == pytest.approx((-2, 12), abs=1e-9)
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        balance.solve(asked, enzyme_counts={"g1": 1})
    assert ("first", "lower", "enzyme") in [
        (one.reaction, one.side, one.origin) for one in caught.value.binding_constraints
    ]


def test_growth_without_bound_is_an_error_that_names_the_open_reactions() -> None:
    endless = two_routes(EX_a=(-math.inf, 100), first=(0, math.inf), growth=(0, math.inf))
    with pytest.raises(bx.MetabolicInfeasibleError, match="no bound") as caught:
        FluxBalance(endless).solve()
    assert caught.value.details["unbounded"] == ["EX_a", "first", "growth"]


def test_threads_that_share_a_balance_do_not_mix_their_conditions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    balance = FluxBalance(two_routes())
    wrong: list[float] = []
    load = balance._load

    def load_and_wait(*bounds: np.ndarray) -> None:
        load(*bounds)
        time.sleep(1e-4)  # the other thread runs here if anything lets it

    monkeypatch.setattr(balance, "_load", load_and_wait)

    def ask(uptake: float) -> None:
        for _ in range(200):
            found = balance.solve({"medium": {"a": uptake}}).growth_rate_per_h
            if abs(found - uptake) > 1e-9:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(uptake,)) for uptake in (2.0, 5.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_code_may_have_used_highs_with_its_own_threads() -> None:
    """HiGHS fixes the number of threads of a process when it first runs."""
    program = """
import highspy, sys
sys.path.insert(0, sys.argv[1])
from test_flux_balance import FluxBalance, two_routes
other = highspy.Highs()
other.setOptionValue("output_flag", False)
other.addVar(0, 1)
other.run()
assert abs(FluxBalance(two_routes()).solve().growth_rate_per_h - 10) < 1e-9
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parent)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


def test_nothing_is_printed() -> None:
    """Not even by the solver: standard output may be a pipe that somebody reads."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
from test_flux_balance import FluxBalance, bx, two_routes
balance = FluxBalance(two_routes())
balance.solve()
try:
    balance.solve({"medium": {"a": (5, 6)}})
except bx.MetabolicInfeasibleError:
    pass
else:
    raise AssertionError
"""
    command = [sys.executable, "-c", program, str(Path(__file__).parent)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout == ""
