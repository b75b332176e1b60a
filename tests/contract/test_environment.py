"""Environment, inhibitors, arrest and death, as users meet them.

The laws are tested in ``tests/cpp/test_environment.cpp``; here is what the Python side adds, and
JCVI-syn3A.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.program import Inhibit, SetEnvironment

GROWING = {"execution_parameters": {"cell_cycle": True}}


@pytest.fixture(scope="module")
def living() -> Iterator[Callable[..., bx.CellularContext]]:
    with bx.GenomicVirtualizationManager(GROWING) as manager:
        runtime = manager.load_genome_runtime()
        yield lambda **more: manager.create_cellular_context(runtime, **{"seed": 7, **more})


@pytest.fixture(scope="module")
def syn3a(shared_data: Callable[[str], Path]) -> Iterator[Callable[..., bx.CellularContext]]:
    """Cells of JCVI-syn3A with the rules of the published models."""
    execution: dict[str, Any] = {
        "cell_cycle": True,
        "reference_mode": True,
        "proteome_file": str(shared_data("syn3A/proteome.csv")),
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": execution}) as manager:
        runtime = manager.load_genome_runtime(shared_data("genomes/syn3A.gb"))
        yield lambda **more: manager.create_cellular_context(runtime, **{"seed": 7, **more})


def codons(cell: bx.CellularContext, duration_s: float) -> int:
    return cell.run(duration_s).events["codon_steps"]


# -- calls----------------------------------------------------------------------------------------


def test_a_cell_begins_in_the_environment_that_its_rates_hold_for(
    living: Callable[..., bx.CellularContext],
) -> None:
    cell = living()
    assert cell.environment == bx.Environment(glucose_mM=42.78, temperature_c=37.0, pH=7.5)
    assert cell.inhibitors == {}
    assert cell.environment.to_dict() == {"glucose_mM": 42.78, "temperature_c": 37.0, "pH": 7.5}
    with pytest.raises(AttributeError):
        cell.environment.pH = 7.0  # type: ignore[misc]
    same = cell.fork(replay=True)
    same.set_environment(glucose_mM=42.78, temperature_c=37, pH=7.5)
    same.inhibit("ribosome", 1.0)
    cell.run(2.0)
    same.run(2.0)
    assert same.trajectory_hash == cell.trajectory_hash


def test_the_configured_glucose_is_that_of_birth(
    living: Callable[..., bx.CellularContext],
) -> None:
    """A cell that is born without glucose can be fed."""
    cell = living(glucose_concentration=0.0)
    assert cell.environment.glucose_mM == 0.0
    cell.run(300.0)
    assert cell.phase == "arrested"
    cell.set_environment(glucose_mM=42.78)
    assert codons(cell, 120.0) > 10_000
    assert cell.phase != "arrested"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "at least one of"),
        ({"glucose_mM": -1.0}, "from 0 to 1e\\+09 mM"),
        ({"glucose_mM": math.nan}, "glucose_mM is nan"),
        ({"temperature_c": 101}, "from 0 to 100 degrees"),
        ({"temperature_c": math.inf}, "temperature_c"),
        ({"pH": 14.5}, "from 0 to 14"),
        ({"pH": "7"}, "must be a number"),
        ({"pH": True}, "must be a number"),
        ({"glucose_mM": 1.0, "pH": -1}, "pH"),
    ],
)
def test_what_no_environment_is_is_refused_and_changes_nothing(
    living: Callable[..., bx.CellularContext], wrong: dict[str, Any], said: str
) -> None:
    cell = living()
    before = cell.trajectory_hash
    with pytest.raises(bx.APIValidationError, match=said):
        cell.set_environment(**wrong)
    with pytest.raises(bx.APIValidationError):
        SetEnvironment(**wrong)
    assert cell.trajectory_hash == before


@pytest.mark.parametrize(
    ("machine", "remaining", "step", "said"),
    [
        ("ribosom", 0.5, "elongation", "did you mean 'ribosome'"),
        ("ribosome", 1.5, "elongation", "from 0 to 1"),
        ("ribosome", math.nan, "elongation", "remaining is nan"),
        ("ribosome", 0.5, "release", "'initiation' or 'elongation'"),
        ("replisome", 0.5, "initiation", "'elongation'"),
        (7, 0.5, "elongation", "no machine 7"),
        (0.5, "ribosome", "elongation", r'comes first .*write inhibit\("ribosome", 0\.5\)'),
    ],
)
def test_an_inhibitor_that_is_none_is_refused(
    living: Callable[..., bx.CellularContext], machine: Any, remaining: Any, step: Any, said: str
) -> None:
    cell = living()
    with pytest.raises(bx.APIValidationError, match=said):
        cell.inhibit(machine, remaining, step=step)
    with pytest.raises(bx.APIValidationError, match=said):
        Inhibit(machine, remaining, step)
    assert cell.inhibitors == {}


def test_statements_do_what_the_calls_do(living: Callable[..., bx.CellularContext]) -> None:
    by_calls, by_program = living(), living()
    by_calls.run(1.0)
    by_calls.set_environment(temperature_c=30, pH=7)
    by_calls.inhibit("ribosome", 0.5)
    by_calls.inhibit("rna_polymerase", 0.25, "initiation")
    by_calls.run(3.0)
    program = bx.GenomicProgram.parse(
        """
        run(1); set_environment(temperature_c=30, pH=7); inhibit("ribosome", 0.5)
        inhibit("rna_polymerase", remaining=0.25, step="initiation"); run(3)
        """
    )
    assert bx.GenomicProgram.parse(str(program)) == program
    by_program.execute(program)
    assert by_program.trajectory_hash == by_calls.trajectory_hash
    assert by_program.environment == bx.Environment(42.78, 30.0, 7.0)
    assert by_program.inhibitors == {
        "ribosome elongation": 0.5,
        "rna_polymerase initiation": 0.25,
    }


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("set_environment()", 0, "at least one of"),
        ("run(1); set_environment(pH=15)", 24, "from 0 to 14"),
        ("set_environment(oxygen=1)", 16, "no argument"),
        ("inhibit('ribosome')", 0, "needs remaining"),
        ("inhibit('ribosome', remaining=2)", 20, "from 0 to 1"),
        ("inhibit('replisome', 0.5, step='initiation')", 26, "the step of replisome"),
    ],
)
def test_a_wrong_statement_is_told_where_it_is(text: str, position: int, said: str) -> None:
    with pytest.raises(bx.ProgramSyntaxError, match=said) as caught:
        bx.GenomicProgram.parse(text)
    assert caught.value.position == position


def test_snapshots_forks_and_replays_keep_environment_and_inhibitors(
    living: Callable[..., bx.CellularContext],
) -> None:
    cell = living()
    cell.run(2.0)
    cell.set_environment(glucose_mM=0.02, temperature_c=33)
    cell.inhibit("degradosome", 0.1)
    cell.run(1.003)
    restored = bx.CellularContext.restore(cell.snapshot(), cell.runtime)
    replay = cell.fork(replay=True)
    for one in (cell, restored, replay):
        assert one.environment == bx.Environment(0.02, 33.0, 7.5)
        assert one.inhibitors == {"degradosome elongation": 0.1}
        one.run(5.0)
    assert cell.trajectory_hash == restored.trajectory_hash == replay.trajectory_hash
    assert cell.fork().environment == cell.environment


def test_a_cell_of_a_hypervisor_lives_in_an_environment_too(
    living: Callable[..., bx.CellularContext],
) -> None:
    alone = living()
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        handle = hypervisor.create_vm("cell", alone.runtime, seed=7)
        hypervisor.start_vm(handle)
        cell = hypervisor.context(handle)
        for one in (alone, cell):
            one.set_environment(temperature_c=30.0)
            one.inhibit("ribosome", 0.5)
            one.run(5.0)
        assert cell.trajectory_hash == alone.trajectory_hash
        cell.set_environment(temperature_c=60.0)
        assert cell.run(5.0).status == "exhausted"
        assert cell.phase == "dead"


@pytest.mark.parametrize(
    ("dose", "hill", "left"), [(0.0, 1.0, 1.0), (2.0, 1.0, 0.5), (2.0, 3.0, 0.5), (6.0, 1.0, 0.25)]
)
def test_a_dose_leaves_what_hills_law_says(dose: float, hill: float, left: float) -> None:
    assert bx.remaining_activity(dose, ic50=2.0, hill=hill) == pytest.approx(left)


@pytest.mark.parametrize("wrong", [(-1, 1, 1), (1, 0, 1), (1, 1, 0), (math.nan, 1, 1), ("1", 1, 1)])
def test_a_dose_that_is_none_is_refused(wrong: tuple[Any, Any, Any]) -> None:
    with pytest.raises(bx.APIValidationError):
        bx.remaining_activity(*wrong)


# -- behaviour------------------------------------------------------------------------------------


def test_a_dead_cell_says_so(living: Callable[..., bx.CellularContext]) -> None:
    cell = living()
    cell.run(3.0)
    cell.set_environment(temperature_c=70.0)
    result = cell.run(10.0)
    assert (result.status, result.time_s[-1], cell.time_s) == ("exhausted", 3.0, 3.0)
    assert result.notes == ("the cell is dead, of heat, since 3 s",)
    assert (cell.phase, cell.cell_cycle.cause_of_death, cell.cell_cycle.died_s) == (
        "dead",
        "heat",
        3.0,
    )
    with pytest.raises(bx.GenomicRuntimeError, match="dead"):
        cell.divide()
    with pytest.warns(RuntimeWarning, match="dead, of heat, since 3 s: set_environment does not"):
        cell.set_environment(temperature_c=37.0)
    with pytest.warns(RuntimeWarning, match="inhibit does not revive it"):
        cell.inhibit("ribosome", 0.5)
    gene = cell.runtime.locus_tags[0]
    with pytest.warns(RuntimeWarning, match="knockout does not revive it"):
        cell.knockout(gene)
    with pytest.warns(RuntimeWarning, match="set_resource does not revive it"):
        cell.set_resource("GTP", 1000)
    assert cell.count("GTP") == 1000
    told = cell.execute(f"knockout('{gene}'); set_resource('GTP', 9)").notes
    assert [note.partition(": ")[2] for note in told[:2]] == [
        f'knockout("{gene}") does not revive it',
        'set_resource("GTP", 9) does not revive it',
    ]
    assert cell.environment.temperature_c == 37.0
    assert cell.run(10.0).events["codon_steps"] == 0
    told = cell.execute("set_environment(pH=7); inhibit('ribosome', 1); run(1)").notes
    assert told == (
        "the cell is dead, of heat, since 3 s: set_environment(pH=7.0) does not revive it",
        'the cell is dead, of heat, since 3 s: inhibit("ribosome", 1.0, step="elongation") does '
        "not revive it",
        "the cell is dead, of heat, since 3 s",
    )
    assert cell.audit().ok


def test_a_cell_that_loses_its_energy_amid_glucose_has_not_starved(
    living: Callable[..., bx.CellularContext],
) -> None:
    """Without adenylates nothing can be phosphorylated, and taking up adenosine costs ATP."""
    for glucose_mM, cause in ((42.78, "energy_loss"), (0.0, "starvation")):
        cell = living(glucose_concentration=glucose_mM)
        for name in ("ATP", "ADP", "AMP"):
            cell.set_resource(name, 0)
        (note,) = cell.run(7200.0).notes
        assert note.startswith(f"the cell is dead, of {cause.replace('_', ' ')}, since 3600")
        assert cell.cell_cycle.cause_of_death == cause
        again = bx.CellularContext.restore(cell.snapshot(), cell.runtime)
        assert again.cell_cycle.cause_of_death == cause


def test_a_run_in_which_nothing_can_happen_says_why(
    living: Callable[..., bx.CellularContext],
) -> None:
    why = "nothing can happen: at pH 3 every rate is 0; it lives between pH 5.5 and 9.5"
    cell = living()
    cell.set_environment(pH=3.0)
    result = cell.run(300.0)
    assert (result.status, result.notes) == ("exhausted", (why,))
    with bx.BioXenHypervisor(max_vms=1, workers=1) as hypervisor:
        hypervisor.start_vm(hypervisor.create_vm("a", cell.runtime, seed=1))
        hypervisor.context("a").set_environment(pH=3.0)
        assert hypervisor.run(300.0)["a"].notes == (why,)


def test_runs_among_many_tell_of_death(living: Callable[..., bx.CellularContext]) -> None:
    runtime = living().runtime
    with bx.BioXenHypervisor(max_vms=2, workers=1) as hypervisor:
        for name in ("a", "b"):
            hypervisor.start_vm(hypervisor.create_vm(name, runtime, seed=1))
        hypervisor.context("a").set_environment(temperature_c=80.0)
        results = hypervisor.run(2.0)
        hypervisor.destroy_vm("a")
        assert results["a"].notes == ("the cell is dead, of heat, since 0 s",)
        assert (results["b"].status, results["b"].notes) == ("completed", ())


def test_an_ensemble_tells_of_death() -> None:
    execution = {"cell_cycle": True, "dna_damage_per_bp_s": 1e-4}
    with bx.GenomicVirtualizationManager({"execution_parameters": execution}) as manager:
        (result,) = manager.run_ensemble(manager.load_genome_runtime(), "run(60)", seeds=[1])
        (note,) = result.notes
        assert note.startswith("the cell is dead, of DNA damage, since")


def test_a_warmer_cell_is_faster(living: Callable[..., bx.CellularContext]) -> None:
    """By Arrhenius' law: half as fast at 27 degrees (Q10 of 2.1); 5 % are far beyond the noise."""
    steps = []
    for celsius, duration_s in ((27.0, 2.0736 * 300.0), (37.0, 300.0)):
        cell = living(seed=11)
        cell.set_environment(temperature_c=celsius)
        steps.append(codons(cell, duration_s))
        assert cell.audit().ok
    assert steps[0] == pytest.approx(steps[1], rel=0.05)


def test_damage_of_the_dna_is_configured_and_repaired(
    living: Callable[..., bx.CellularContext],
) -> None:
    cell = living(dna_damage_per_bp_s=1e-8)
    result = cell.run(1_800.0)
    assert result.events["dna_damages"] > result.events["dna_repairs"] > 0
    repaired = result.ledger["dna_repair"]
    assert repaired["ATP"] == -12 * result.events["dna_repairs"]
    assert sum(repaired[base] for base in ("dATP", "dCTP", "dGTP", "dTTP")) == repaired["ATP"]
    assert result.audit.ok
    killed = living(dna_damage_per_bp_s=1e-4)
    assert killed.run(600.0).notes[0].startswith("the cell is dead, of DNA damage")


@pytest.mark.data
def test_syn3a_is_arrested_without_glucose_recovers_with_it_and_dies_of_an_hour_below(
    syn3a: Callable[..., bx.CellularContext],
) -> None:
    cell = syn3a(seed=7)  # spends its last AMP: of ADP alone the energy charge is 0.5
    cell.run(900.0)
    surface = cell.cell_cycle.surface_ratio
    fed = codons(cell.fork(), 60.0)
    cell.set_environment(glucose_mM=0.0)
    cell.run(300.0)
    assert cell.phase == "arrested"
    assert cell.resources["ATP"] == 0
    assert cell.cell_cycle.surface_ratio == pytest.approx(surface, rel=0.01)
    starved = cell.fork(replay=True)
    cell.set_environment(glucose_mM=42.78)
    cell.run(60.0)
    assert codons(cell, 60.0) == pytest.approx(fed, rel=0.1)
    assert cell.phase in ("B", "C")
    assert cell.audit().ok

    result = starved.run(2 * 3600.0)
    assert result.status == "exhausted"
    assert starved.cell_cycle.cause_of_death == "starvation"
    assert starved.cell_cycle.died_s == pytest.approx(900.0 + 3600.0, abs=30.0)
    with pytest.warns(RuntimeWarning, match="dead, of starvation, since"):
        starved.set_environment(glucose_mM=42.78)
    with pytest.warns(RuntimeWarning, match="set_resource does not revive it"):
        starved.set_resource("ATP", 70_000)
    assert starved.run(60.0).events["codon_steps"] == 0
    assert starved.audit().ok


@pytest.mark.data
def test_syn3a_makes_less_protein_the_higher_the_dose(
    syn3a: Callable[..., bx.CellularContext],
) -> None:
    """Chloramphenicol: half of the elongation rate at the half dose, nothing at none of it.

    With one ribosome to a messenger the rate per ribosome is that of the inhibitor; as slower
    ribosomes are busy for longer, the cell loses less than half of its protein synthesis.
    """
    made, per_ribosome = [], []
    for dose in (0.0, 0.5, 1.0, 3.0, 9.0):
        cell = syn3a()
        cell.run(300.0)
        cell.inhibit("ribosome", bx.remaining_activity(dose, ic50=1.0))
        cell.run(120.0)  # until as many ribosomes are bound as the new rate asks for
        result = cell.run(300.0, every_s=1.0)
        made.append(result.events["codon_steps"])
        per_ribosome.append(made[-1] / float(result.machines["ribosome"]["active"].mean()))
    assert made == sorted(made, reverse=True)
    for dose, rate in zip((0.0, 0.5, 1.0, 3.0, 9.0), per_ribosome, strict=True):
        assert rate / per_ribosome[0] == pytest.approx(1.0 / (1.0 + dose), rel=0.03)
    assert 0.5 < made[2] / made[0] < 0.75
    cell.inhibit("ribosome", 0.0)
    assert codons(cell, 60.0) == 0


@pytest.mark.data
def test_rifampicin_lets_polymerases_finish_and_messengers_vanish(
    syn3a: Callable[..., bx.CellularContext],
) -> None:
    cell = syn3a()
    cell.run(300.0)
    cell.inhibit("rna_polymerase", 0.0, step="initiation")
    result = cell.run(3_600.0, every_s=600.0)
    assert result.events["transcription_initiations"] == 0
    assert result.machines["rna_polymerase"]["active"][-1] == 0
    assert result.events["mrna_decays"] > 0
    assert result.events["transcription_completions"] > 0
    assert codons(cell, 60.0) < 0.2 * result.events["codon_steps"] / 60
    assert cell.audit().ok


@pytest.mark.data
@pytest.mark.slow
def test_syn3a_without_a_ribosomal_protein_runs_out_of_ribosomes(
    syn3a: Callable[..., bx.CellularContext],
) -> None:
    """Nothing but the gene is taken away: what is left of its protein is used up, daughters halve
    the ribosomes that there are, and each generation takes longer than the last.
    """
    sane, lacking = syn3a(), syn3a()
    lacking.knockout("rpsB")
    ages: dict[str, list[float]] = {"sane": [], "lacking": []}
    for name, cell in (("sane", sane), ("lacking", lacking)):
        for _ in range(3):
            born = cell.time_s
            assert cell.run(8 * 3600.0).status == "divided"
            ages[name].append(cell.time_s - born)
            cell.divide()
    assert lacking.machines["ribosome"]["total"] < 0.5 * sane.machines["ribosome"]["total"]
    assert ages["lacking"] == sorted(ages["lacking"])
    assert ages["lacking"][-1] > 1.25 * ages["sane"][-1]
    assert lacking.audit().ok
