"""Metabolic models as files, gene rules, conditions, turnover numbers, results."""

from __future__ import annotations

import contextlib
import copy
import gzip
import itertools
import json
import math
import pickle
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.metabolism import (
    FluxBalance,
    FluxConstraint,
    GeneRule,
    MetabolicConditions,
    MetabolicModel,
    TurnoverNumbers,
)
from bioxen_jcvi_vm_lib.metabolism.model import same_genes
from bioxen_jcvi_vm_lib.metabolism.optimal_face import OptimalFace


def reaction(name: str, lower: float, upper: float, rule: str = "", **parts: float) -> dict:
    return {
        "id": name,
        "name": name,
        "metabolites": parts,
        "lower_bound": lower,
        "upper_bound": upper,
        "gene_reaction_rule": rule,
    }


def two_routes() -> dict[str, Any]:
    """A nutrient reaches growth by two routes."""
    growth = reaction("growth", 0, 1000, b=-1)
    growth["objective_coefficient"] = 1.0
    return {
        "id": "two_routes",
        "metabolites": [{"id": i, "name": i, "compartment": "c"} for i in "ab"],
        "reactions": [
            reaction("EX_a", -10, 1000, a=-1),
            reaction("first", 0, 1000, "g1 and g2", a=-1, b=1),
            reaction("second", 0, 1000, "g3 or g4", a=-1, b=1),
            growth,
        ],
        "genes": [{"id": f"g{i}", "name": f"gene{i}"} for i in (1, 2, 3, 4)],
        "version": "1",
    }


def read(document: Any) -> MetabolicModel:
    return MetabolicModel.read(json.dumps(document).encode())


# ------------------------------------------------------------------ gene rules


@pytest.mark.parametrize(
    ("text", "genes", "value"),
    [
        ("", "", lambda a, b, c: True),
        ("a", "a", lambda a, b, c: a),
        ("a and b or c", "abc", lambda a, b, c: (a and b) or c),
        ("a or b and c", "abc", lambda a, b, c: a or (b and c)),
        ("(a OR b) AND c", "abc", lambda a, b, c: (a or b) and c),
        ("((c)) and (b or (a and c))", "cba", lambda a, b, c: c and (b or (a and c))),
    ],
)
def test_a_rule_means_what_its_words_say(text: str, genes: str, value: Any) -> None:
    rule = GeneRule.parse(text)
    for there in itertools.product([False, True], repeat=3):
        gone = {gene for gene, is_there in zip("abc", there, strict=True) if not is_there}
        assert rule.is_active(gone) == value(*there), gone
    assert "".join(rule.genes) == genes


def test_scarcest_subunits_limit_and_isozymes_add_up() -> None:
    counts = {"a": 10, "b": 4, "c": 7}
    assert GeneRule.parse("a and b").capacity(counts) == 4
    assert GeneRule.parse("a or b").capacity(counts) == 14
    assert GeneRule.parse("(a and b) or c").capacity(counts) == 11
    assert GeneRule.parse("a and (b or c)").capacity(counts) == 10
    assert GeneRule.parse("").capacity(counts) is None
    assert GeneRule.parse("a and unknown").capacity(counts) == 10
    assert GeneRule.parse("a or unknown").capacity(counts) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a and", 5),
        ("and a", 0),
        ("a b", 2),
        ("a or or b", 5),
        ("(a or b", 0),
        ("a or b)", 6),
        ("()", 1),
        ("a & b", 2),
        ("not a", 4),
        ("(" * 65 + "a" + ")" * 65, 64),
        ("a or é", 5),
        ("a" * 100_001, 0),
    ],
)
def test_a_wrong_rule_is_refused_where_it_is_wrong(text: str, position: int) -> None:
    with pytest.raises(bx.ModelImportError) as caught:
        GeneRule.parse(text)
    assert caught.value.details["position"] == position


def test_64_parentheses_and_many_genes_are_read() -> None:
    assert GeneRule.parse("(" * 64 + "a" + ")" * 64).genes == ("a",)
    many = GeneRule.parse(" or ".join(f"g{i}" for i in range(5000)))
    assert len(many.genes) == 5000
    assert not many.is_active(set(many.genes))


# ------------------------------------------------------------------ files


def test_a_model_is_read_as_it_is_written() -> None:
    model = read(two_routes())
    assert [part.id for part in model.reactions] == ["EX_a", "first", "second", "growth"]
    assert dict(model.reactions[1].stoichiometry) == {"a": -1.0, "b": 1.0}
    assert (model.reactions[0].lower, model.reactions[0].upper) == (-10.0, 1000.0)
    assert dict(model.objective) == {"growth": 1.0}
    assert dict(model.exchanges) == {"EX_a": "a", "growth": "b"}
    assert model.gene_ids == {"g1", "g2", "g3", "g4"}
    assert "two_routes" in repr(model)
    assert "EX_a" not in model._repr_html_()


def test_gzip_bytes_paths_and_files_are_the_same(tmp_path: Path) -> None:
    data = json.dumps(two_routes()).encode()
    path = tmp_path / "model.json.gz"
    path.write_bytes(gzip.compress(data))
    with path.open("rb") as file:
        models = [MetabolicModel.read(s) for s in (data, path, str(path), file, bytearray(data))]
    assert all(model == models[0] for model in models)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The model with one value replaced."""
    document: Any = two_routes()
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    part = document
    for step in steps:
        part = part[step]
    part[last] = value
    return dict(document)


@pytest.mark.parametrize(
    ("path", "value", "element", "message"),
    [
        ("rules", [], "element 'rules'", "not supported"),
        ("reactions/1/kinetics", 1, "reactions[1] 'first'", "not supported"),
        ("metabolites/0/pka", 1, "metabolites[0] 'a'", "not supported"),
        ("genes/0/seq", "", "genes[0] 'g1'", "not supported"),
        ("reactions/1/lower_bnd", 1, "'lower_bnd'", "did you mean 'lower_bound'"),
        ("reactions/1/lower_bound", math.nan, "reactions[1] 'first'", "NaN"),
        ("reactions/1/upper_bound", math.nan, "reactions[1] 'first'", "NaN"),
        ("reactions/1/upper_bound", -math.inf, "reactions[1] 'first'", "-inf"),
        ("reactions/1/lower_bound", math.inf, "reactions[1] 'first'", "inf"),
        ("reactions/1/lower_bound", 1001, "reactions[1] 'first'", "above its upper"),
        ("reactions/1/lower_bound", -1e300, "reactions[1] 'first'", "at most 1e+09"),
        ("reactions/1/lower_bound", 10**400, "reactions[1] 'first'", "smaller number"),
        ("reactions/1/lower_bound", "0", "reactions[1] 'first'", "give a number"),
        ("reactions/1/lower_bound", None, "reactions[1] 'first'", "give a number"),
        ("reactions/1/lower_bound", True, "reactions[1] 'first'", "give a number"),
        ("reactions/1/id", "second", "reactions[1] 'second'", "2 of them have this id"),
        ("reactions/1/id", "", "reactions[1]", "1 to 256"),
        ("reactions/1/id", "x" * 300, "reactions[1]", "1 to 256"),
        ("reactions/1/id", 7, "reactions[1]", "not text"),
        ("metabolites/1/id", "a", "metabolites[0] 'a'", "2 of them have this id"),
        ("genes/1/id", "g1", "genes[0] 'g1'", "2 of them have this id"),
        ("reactions/1/metabolites/z", 1.0, "reactions[1] 'first'", "metabolite 'z'"),
        ("reactions/1/metabolites/a", 0.0, "reactions[1] 'first'", "not 0"),
        ("reactions/1/metabolites/a", math.nan, "reactions[1] 'first'", "NaN"),
        ("reactions/1/metabolites/a", math.inf, "reactions[1] 'first'", "inf"),
        ("reactions/1/metabolites", {}, "reactions[1] 'first'", "no metabolites"),
        ("reactions/1/metabolites", [], "reactions[1] 'first'", "not an object"),
        ("reactions/1/gene_reaction_rule", "g1 and", "reactions[1] 'first'", "character 6"),
        ("reactions/1/gene_reaction_rule", "g9", "reactions[1] 'first'", "gene 'g9'"),
        ("reactions/3/objective_coefficient", math.nan, "reactions[3] 'growth'", "NaN"),
        ("reactions/3/objective_coefficient", 0, "the objective", "is empty"),
        ("reactions/3/objective_coefficient", "1", "reactions[3] 'growth'", "give a number"),
        ("reactions", {}, "the model", "not a list"),
        ("reactions", [], "reactions", "there are none"),
        ("reactions/0", 5, "reactions[0]", "not an object"),
        ("metabolites", [], "metabolites", "there are none"),
    ],
)
def test_a_wrong_element_is_refused_by_name(
    path: str, value: Any, element: str, message: str
) -> None:
    with pytest.raises(bx.ModelImportError) as caught:
        read(changed(path, value))
    assert element in (caught.value.element or "")
    assert message in str(caught.value)
    assert caught.value.code == "BX019"
    assert json.dumps(caught.value.to_dict())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "neither"),
        (b"growth", "neither"),
        (b"[]", "neither"),
        (b"{", "line 1"),
        (b'{"id": 1,\n"id": 2}', "twice"),
        (b'{"id": "x"}', "no 'reactions'"),
        (b'{"id": "\xff"}', "UTF-8"),
        (b'{"a":' * 100_000, "JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "JSON"),
        (b"\x1f\x8b\x08broken", "gzip"),
        (b"<sbml/>", "SBML"),
        (b"<!DOCTYPE x><sbml/>", "document type"),
        (b"<" + b"\xff" * 10, "UTF-8"),
    ],
)
def test_what_is_no_model_is_refused(data: bytes, message: str) -> None:
    if data.startswith(b"<"):
        pytest.importorskip("libsbml")
    with pytest.raises(bx.ModelImportError) as caught:
        MetabolicModel.read(data)
    assert message in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json", "zero\0byte"):
        with pytest.raises(bx.ModelImportError, match="cannot be read"):
            MetabolicModel.read(path)
    with pytest.raises(bx.APIValidationError):
        MetabolicModel.read(5)


def test_sizes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    from bioxen_jcvi_vm_lib.metabolism import model, model_file

    data = json.dumps(two_routes()).encode()
    for module, name, limit in (
        (model, "MAX_ELEMENTS", 3),
        (model, "MAX_COEFFICIENTS", 5),
        (model_file, "MAX_BYTES", len(data) - 1),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, limit)
            with pytest.raises(bx.ModelImportError):
                MetabolicModel.read(data)
            patch.setattr(module, name, limit + 1)
            MetabolicModel.read(data)


def test_every_truncation_and_changed_byte_is_read_or_refused() -> None:
    data = json.dumps(two_routes()).encode()
    drawn = random.Random(5)
    for length in range(len(data)):
        with pytest.raises(bx.ModelImportError):
            MetabolicModel.read(data[:length])
    for _ in range(3000):
        damaged = bytearray(data)
        damaged[drawn.randrange(len(data))] = drawn.randrange(256)
        with contextlib.suppress(bx.ModelImportError):
            MetabolicModel.read(bytes(damaged))


SBML = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core"
 xmlns:fbc="http://www.sbml.org/sbml/level3/version1/fbc/version2" level="3" version="1"
 fbc:required="false"><model id="two_routes" fbc:strict="true">
<listOfCompartments><compartment id="c" constant="true"/></listOfCompartments>
<listOfSpecies>
<species id="M_a" compartment="c" hasOnlySubstanceUnits="true" boundaryCondition="false"
 constant="false" fbc:charge="0" fbc:chemicalFormula="C6"/>
<species id="M_b" compartment="c" hasOnlySubstanceUnits="true" boundaryCondition="false"
 constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="low" value="-10" constant="true"/>
<parameter id="zero" value="0" constant="true"/>
<parameter id="high" value="1000" constant="true"/></listOfParameters>
<listOfReactions>
<reaction id="R_EX_a" reversible="true" fast="false" fbc:lowerFluxBound="low"
 fbc:upperFluxBound="high"><listOfReactants>
<speciesReference species="M_a" stoichiometry="1" constant="true"/></listOfReactants></reaction>
<reaction id="R_first" reversible="false" fast="false" fbc:lowerFluxBound="zero"
 fbc:upperFluxBound="high"><listOfReactants>
<speciesReference species="M_a" stoichiometry="1" constant="true"/></listOfReactants>
<listOfProducts><speciesReference species="M_b" stoichiometry="1" constant="true"/>
</listOfProducts><fbc:geneProductAssociation><fbc:and><fbc:geneProductRef fbc:geneProduct="G_g1"/>
<fbc:geneProductRef fbc:geneProduct="G_g2"/></fbc:and></fbc:geneProductAssociation></reaction>
<reaction id="R_growth" reversible="false" fast="false" fbc:lowerFluxBound="zero"
 fbc:upperFluxBound="high"><listOfReactants>
<speciesReference species="M_b" stoichiometry="1" constant="true"/></listOfReactants></reaction>
</listOfReactions>
<fbc:listOfObjectives fbc:activeObjective="o"><fbc:objective fbc:id="o" fbc:type="maximize">
<fbc:listOfFluxObjectives><fbc:fluxObjective fbc:reaction="R_growth" fbc:coefficient="1"/>
</fbc:listOfFluxObjectives></fbc:objective></fbc:listOfObjectives>
<fbc:listOfGeneProducts><fbc:geneProduct fbc:id="G_g1" fbc:label="g1"/>
<fbc:geneProduct fbc:id="G_g2" fbc:label="g2"/></fbc:listOfGeneProducts>
</model></sbml>
"""


def test_sbml_is_read_as_it_is_written() -> None:
    pytest.importorskip("libsbml")
    model = MetabolicModel.read(SBML.encode())
    assert [part.id for part in model.reactions] == ["EX_a", "first", "growth"]
    assert dict(model.reactions[1].stoichiometry) == {"a": -1.0, "b": 1.0}
    assert model.reactions[1].rule.text == "g1 and g2"
    assert (model.reactions[0].lower, model.reactions[0].upper) == (-10.0, 1000.0)
    assert (model.metabolites[0].charge, model.metabolites[0].formula) == (0, "C6")
    assert model.metabolites[1].charge is None
    outside = SBML.replace('boundaryCondition="false"', 'boundaryCondition="true"', 1)
    with pytest.raises(bx.ModelImportError, match="no metabolites"):  # EX_a has nothing else
        MetabolicModel.read(outside.encode())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('value="-10"', 'value="NaN"', "not a constant number"),
        ('id="low" value="-10" constant="true"', 'id="low" value="-10" constant="false"', ""),
        ('fbc:lowerFluxBound="low"', 'fbc:lowerFluxBound="lost"', "lost"),
        ('fbc:lowerFluxBound="low"', "", "R_EX_a"),
        ('value="-10"', 'value="2000"', "above"),
        ('species="M_b"', 'species="M_z"', "metabolite 'z'"),
        ('id="M_b"', 'id="M_a"', "have this id"),
        ('fbc:geneProduct="G_g1"', 'fbc:geneProduct="G_g7"', "G_g7"),
        ('fbc:reaction="R_growth"', 'fbc:reaction="R_death"', "death"),
        ("version2", "version1", ""),
        (
            "</listOfReactions>",
            "</listOfReactions><listOfEvents>"
            '<event useValuesFromTriggerTime="true"/></listOfEvents>',
            "event",
        ),
        ('stoichiometry="1" constant="true"', 'constant="true"', "not a constant number"),
        (
            "</listOfParameters>",
            '</listOfParameters><listOfRules><assignmentRule variable="low">'
            '<math xmlns="http://www.w3.org/1998/Math/MathML"><cn>1</cn></math>'
            "</assignmentRule></listOfRules>",
            "rule",
        ),
        ("</model>", "", ""),
    ],
)
def test_a_wrong_element_of_sbml_is_refused(old: str, new: str, message: str) -> None:
    pytest.importorskip("libsbml")
    assert old in SBML
    text = SBML.replace(old, new, 1)
    with pytest.raises(bx.ModelImportError) as caught:
        MetabolicModel.read(text.encode())
    assert message in str(caught.value)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libsbml", None)
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(bx.MissingDependencyError, match="python-libsbml"):
        MetabolicModel.read(SBML.encode())
    with pytest.raises(bx.MissingDependencyError, match="highspy"):
        FluxBalance(read(two_routes()))


# ------------------------------------------------------------------ genes of model and genome


def test_genes_are_matched_by_id_name_or_number() -> None:
    model = read(two_routes())
    assert model.match_genes(["g1", "g2", "other"]) == {"g1": "g1", "g2": "g2"}
    assert model.match_genes(["gene3", "g1", "g4"]) == {"gene3": "g3", "g1": "g1", "g4": "g4"}
    assert model.match_genes(["G_0001", "g-4", "G_0009"]) == {"G_0001": "g1", "g-4": "g4"}
    synonyms = {"g1": "X_7", "gene4": "X_8", "dnaA": "X_9"}
    found = model.match_genes(["X_7", "X_8", "X_9"], synonyms=synonyms)
    assert found == {"X_7": "g1", "X_8": "g4"}


def test_genes_of_syn3a_are_found_under_the_prefixes_of_its_tables() -> None:
    ours, theirs = ["MMSYN1_0445", "MMSYN1_0001"], ["JCVISYN3A_0445", "P_0001", "b0445"]
    assert same_genes(theirs, ours) == {"JCVISYN3A_0445": ours[0], "P_0001": ours[1]}


@pytest.mark.parametrize(
    "tags",
    [
        ["g1"],
        ["X_0001", "X_0002", "X_0003", "X_0004"],  # numbers alone are every genome's
        ["g_0001", "g_1", "g_0002"],  # two tags for one gene: neither
        ["dnaA", "dnaN"],
        [],
    ],
)
def test_another_organisms_genome_is_refused(tags: list[str]) -> None:
    with pytest.raises(bx.APIValidationError, match="genes of the model"):
        read(two_routes()).match_genes(tags)


# ------------------------------------------------------------------ conditions, turnover


@pytest.mark.parametrize(
    ("conditions", "argument"),
    [
        (5, "conditions"),
        ({"media": {}}, "conditions['media']"),
        ({"medium": 5}, "medium"),
        ({"medium": {5: 1}}, "medium"),
        ({"medium": {"EX_a": -1}}, "medium['EX_a']"),
        ({"medium": {"EX_a": math.nan}}, "medium['EX_a']"),
        ({"medium": {"EX_a": "10"}}, "medium['EX_a']"),
        ({"medium": {"EX_a": True}}, "medium['EX_a']"),
        ({"medium": {"EX_a": (1, 2, 3)}}, "medium['EX_a']"),
        ({"medium": {"EX_a": (2, 1)}}, "medium['EX_a']"),
        ({"medium": {"EX_a": (math.inf, math.inf)}}, "medium['EX_a']"),
        ({"knockouts": "g1"}, "knockouts"),
        ({"knockouts": 5}, "knockouts"),
        ({"knockouts": [5]}, "knockouts"),
        ({"enzyme_constraints": 1}, "enzyme_constraints"),
    ],
)
def test_wrong_conditions_are_refused(conditions: Any, argument: str) -> None:
    with pytest.raises(bx.APIValidationError) as caught:
        MetabolicConditions.of(conditions)
    assert caught.value.details["argument"] == argument


TABLE = """Reaction Name,Subsystem,Parameter Type,Related Species,Value,Units
first,x,Eff Enzyme Count,,g3-g4,#
,x,GPR rule,,or,
,x,Substrate Catalytic Rate Constant,,20,1/s
,x,Product Catalytic Rate Constant,,2.5,1/s
second,x,Substrate Catalytic Rate Constant,,0,1/s
second,x,Product Catalytic Rate Constant,,0,1/s
"""


def test_turnover_numbers_are_read_and_their_unit_is_right(tmp_path: Path) -> None:
    path = tmp_path / "kinetics.csv"
    path.write_text(TABLE)
    turnover = TurnoverNumbers.read_csv([path], dry_mass_g=1e-14)
    assert dict(turnover.kcat_per_s) == {"first": (20.0, 2.5)}
    # 1/s in 1e-14 g: 3600 per hour, 5.978e-18 mmol, per 1e-14 g.
    assert turnover.flux_per_turnover == pytest.approx(5.97793e-4, rel=1e-5)
    for old, new in (("20,1/s", "20,1/min"), ("20,1/s", "fast,1/s"), ("20,1/s", "-1,1/s")):
        path.write_text(TABLE.replace(old, new, 1))
        with pytest.raises(bx.ModelImportError) as caught:
            TurnoverNumbers.read_csv([path], dry_mass_g=1e-14)
        assert (caught.value.line, caught.value.element) == (4, "first")
    path.write_text(TABLE.replace(",or,", ",xor,"))
    with pytest.raises(bx.ModelImportError, match="'xor'"):
        TurnoverNumbers.read_csv([path], dry_mass_g=1e-14)
    path.write_text("Name\n")
    with pytest.raises(bx.ModelImportError, match="Reaction Name"):
        TurnoverNumbers.read_csv([path], dry_mass_g=1e-14)
    with pytest.raises(bx.ModelImportError, match="cannot be read"):
        TurnoverNumbers.read_csv([tmp_path / "none.csv"], dry_mass_g=1e-14)
    for mass in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(bx.APIValidationError):
            TurnoverNumbers({}, dry_mass_g=mass)


def test_the_proteins_that_a_table_counts_go_before_the_rule_of_the_model(tmp_path: Path) -> None:
    pytest.importorskip("highspy")
    path = tmp_path / "kinetics.csv"
    path.write_text(TABLE)
    turnover = TurnoverNumbers.read_csv([path], dry_mass_g=1e-14)
    balance = FluxBalance(read(two_routes()), turnover=turnover)
    growth = {}
    for counts in ({"g1": 1}, {"g3": 40, "g4": 60}):
        result = balance.solve(
            {"enzyme_constraints": True, "knockouts": ["g3", "g4"]}, enzyme_counts=counts
        )
        growth[tuple(counts)] = result.fluxes["first"]
    limit = 100 * 20 * turnover.flux_per_turnover  # g3 and g4 together, forward
    assert growth[("g3", "g4")] == pytest.approx(limit)
    assert growth[("g1",)] > limit  # not what the table counts
    path.write_text(TABLE.replace("g3-g4", "elsewhere"))
    elsewhere = TurnoverNumbers.read_csv([path], dry_mass_g=1e-14)
    with pytest.raises(bx.ModelImportError, match="elsewhere"):
        FluxBalance(read(two_routes()), turnover=elsewhere)


# ------------------------------------------------------------------ the smallest fluxes


@pytest.mark.parametrize("seed", range(20))
def test_the_shortest_point_of_a_face_is_held_by_its_bounds(seed: int) -> None:
    """The certificate of the optimum (Karush, Kuhn and Tucker): t is a sum of active normals."""
    random = np.random.default_rng(seed)
    directions = np.linalg.qr(random.normal(size=(60, 14)))[0]
    inside = directions @ random.normal(size=14)
    lower, upper = (inside - random.exponential(0.3, 60), inside + random.exponential(0.3, 60))
    face = OptimalFace(directions)
    for _ in range(3):  # cold, then from the bounds that held the last answer
        fluxes = face.smallest(inside, lower, upper)
        assert (lower - 1e-8 < fluxes).all()
        assert (fluxes < upper + 1e-8).all()
        held = np.concatenate([fluxes - lower < 1e-7, upper - fluxes < 1e-7])
        normals = np.concatenate([directions, -directions])[held]
        assert held.sum() >= 3
        _, left = scipy.optimize.nnls(normals.T, directions.T @ fluxes)
        assert left < 1e-7
        lower, upper = lower - 0.02 * random.random(60), upper + 0.02 * random.random(60)


# ------------------------------------------------------------------ results


def test_a_result_is_a_record() -> None:
    pytest.importorskip("highspy")
    result = FluxBalance(read(two_routes())).solve()
    assert result.to_dict() == {
        "status": "optimal",
        "growth_rate_per_h": pytest.approx(10.0),
        "fluxes": pytest.approx({"EX_a": -10.0, "first": 5.0, "second": 5.0, "growth": 10.0}),
        "exchange": pytest.approx({"EX_a": -10.0, "growth": 10.0}),
        "binding_constraints": [FluxConstraint("EX_a", "lower", -10.0, "model", -1.0).to_dict()],
    }
    assert json.dumps(result.to_dict())
    for twin in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert twin.to_dict() == result.to_dict()
    with pytest.raises(AttributeError):
        result.status = "better"  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        result.fluxes.values_array[0] = 1.0  # type: ignore[attr-defined]
    assert "EX_a 10" in result._repr_html_()
