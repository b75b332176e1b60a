"""A metabolic model in a cell: what it gives, when, and that nothing of it is lost or invented."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from small_model import GLUCOSE, small_model

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.genome import engine_for
from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism

pytest.importorskip("highspy")

KINETICS = ("amino_acid", "central", "cofactor", "lipid", "nucleotide", "transport")


@pytest.fixture
def cell(manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime) -> bx.CellularContext:
    return manager.create_cellular_context(fed, seed=7)


def rates(context: bx.CellularContext) -> dict[str, float]:
    """Maximal rates of supply that are in force [turns/s]."""
    return {flow.name: flow.max_rate_per_s for flow in context._open().program.organism.supply}


# -- the engine ------------------------------------------------------------------------------------


def test_the_report_of_a_cell_counts_the_genes_of_its_model(
    cell: bx.CellularContext, fed: bx.GenomicRuntime
) -> None:
    (entry,) = [e for e in cell.report if e.code == "metabolic-model"]
    model = cell._metabolism.engine.balance.model
    assert entry.message.startswith(f"{len(model.genes)} of the {len(model.genes)} genes ")
    assert entry not in fed.report


def test_the_engine_solves_for_the_cell_and_changes_nothing(
    manager: bx.GenomicVirtualizationManager, cell: bx.CellularContext, genes: list[str]
) -> None:
    before = cell.trajectory_hash
    free = manager.execute_metabolic_engine(cell)
    assert (free.status, free.fluxes["PYK"]) == ("optimal", pytest.approx(30.0))
    # (90 energy - 1 maintenance) / what one unit of growth takes: 80 + 0.1 phosphate + 0.1 CTP
    assert free.growth_rate_per_h == pytest.approx(89.0 / 80.2)
    asked = {"medium": {GLUCOSE: 15.0}, "knockouts": [genes[1]]}
    half = manager.execute_metabolic_engine(cell, asked)
    assert half.growth_rate_per_h == pytest.approx(44.0 / 80.2)
    limits = {one.reaction: (one.bound, one.origin) for one in half.binding_constraints}
    assert limits[GLUCOSE] == (-15.0, "medium")
    for knocked in ([genes[0]], genes[1:3]):  # alone essential; two that stand in for each other
        with pytest.raises(bx.MetabolicInfeasibleError) as caught:
            manager.execute_metabolic_engine(cell, {"knockouts": knocked})
        named = {one.reaction for one in caught.value.details["binding_constraints"]}
        assert "maintenance" in named
    assert cell.trajectory_hash == before
    assert cell.metabolism == ()


def test_the_cells_own_knockouts_act(
    manager: bx.GenomicVirtualizationManager, cell: bx.CellularContext, genes: list[str]
) -> None:
    cell.knockout(genes[1])
    assert manager.execute_metabolic_engine(cell).growth_rate_per_h == pytest.approx(89.0 / 80.2)
    cell.execute(f'knockout("{genes[2]}")')
    with pytest.raises(bx.MetabolicInfeasibleError):
        manager.execute_metabolic_engine(cell)


def test_a_model_is_read_once_for_each_runtime(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    engines = {id(engine_for(fed, fed.configuration)) for _ in range(3)}
    cells = [manager.create_cellular_context(fed, seed=seed) for seed in (1, 2)]
    assert {id(one._metabolism.engine) for one in cells if one._metabolism} == engines
    assert len(engines) == 1


def test_equal_cells_have_equal_fluxes_whatever_was_solved_before(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime, cell: bx.CellularContext
) -> None:
    found = []
    for uptake in (None, 29.9, 3.7, 11.0):
        if uptake is not None:
            manager.execute_metabolic_engine(cell, {"medium": {GLUCOSE: uptake, "EX_pi_e": 0.3}})
        found.append(manager.execute_metabolic_engine(cell).fluxes.values_array.tobytes())
    assert len(set(found)) == 1


# -- supply ----------------------------------------------------------------------------------------


def test_fluxes_become_turns_of_supply_by_the_dry_mass(cell: bx.CellularContext) -> None:
    own = rates(cell)
    cell.run(1)
    (state,) = cell.metabolism
    assert (state.time_s, state.status) == (0.0, "optimal")
    per_s = 1.02e-14 * 1e-3 * 6.02214076e23 / 3600  # 10.2 fg; mmol; per hour
    fluxes = state.fluxes
    assert state.supply_per_s["glycolysis"] == pytest.approx(15.0 * per_s, abs=0.01)
    leucine, uridylate = -fluxes["EX_leu__L_e"], fluxes["UPPRT"] - fluxes["CTPS2"]
    assert state.supply_per_s["Leu_uptake"] == pytest.approx(leucine * per_s, abs=0.01)
    assert state.supply_per_s["uridine_uptake"] == pytest.approx(uridylate * per_s, abs=0.01)
    now = rates(cell)
    assert {name: now[name] for name in state.supply_per_s} == dict(state.supply_per_s)
    kept = own.keys() - state.supply_per_s.keys()  # kinases: they turn over what the cell holds
    assert "GDP_kinase" in kept
    assert {name: now[name] for name in kept} == {name: own[name] for name in kept}


def test_a_cell_takes_up_no_more_than_its_metabolism_gives(cell: bx.CellularContext) -> None:
    cell.set_metabolic_conditions({"medium": {"EX_leu__L_e": 0.01}})
    cell.set_resource("Leu", 0)
    result = cell.run(60)
    given = cell.metabolism[0].supply_per_s["Leu_uptake"]
    assert given == pytest.approx(17.06, abs=0.01)
    assert result.ledger["uptake"]["Leu"] == int(60 * given)  # all of it: nothing else limits
    assert result.audit.ok


def test_a_cell_without_sugar_starves_and_recovers(cell: bx.CellularContext) -> None:
    fed = cell.run(120)
    assert fed.events["codon_steps"] > 1000
    cell.set_metabolic_conditions({"medium": {GLUCOSE: 0.0}})
    starving = cell.run(120, every_s=30)
    states = [state.status for state in cell.metabolism]
    assert states == ["optimal", "optimal", "infeasible", "infeasible"]
    assert set(cell.metabolism[-1].supply_per_s.values()) == {0.0}
    assert (starving.resources["ATP"][0] > 10_000, starving.resources["ATP"][-1]) == (True, 0)
    arrested = cell.run(60)
    for steps in ("codon_steps", "nucleotide_steps", "degradation_steps"):
        assert (starving.events[steps] > 0, arrested.events[steps]) == (True, 0)
    assert arrested.machines["ribosome"]["active"][-1] > 0  # they stand where they were
    since = "the metabolic model has had no feasible solution since age 120 s: no supply"
    for result in (starving, arrested):
        assert [note[: len(since)] for note in result.notes] == [since]
    cell.set_metabolic_conditions(None)
    again = cell.run(240)
    assert fed.notes == again.notes == ()
    cell.set_metabolic_conditions({"medium": {GLUCOSE: 0.0}})
    turns = cell.fork(replay=True)
    turns.run(60)
    turns.set_metabolic_conditions(None)
    assert turns.run(60).notes == ()  # of before the run
    assert cell.metabolism[-1].status == "optimal"
    assert again.resources["ATP"][-1] > 10_000
    assert again.events["codon_steps"] > 1000
    assert again.status == "completed"
    assert all(result.audit.ok for result in (fed, starving, arrested, again))


def test_an_exhausted_cell_waits_for_its_metabolism(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(
        fed, seed=7, ribosome_allocation=0, rna_polymerase_allocation=0
    )
    cell.set_metabolic_conditions({"medium": {GLUCOSE: 0.0}})
    cell.run(30)
    cell.set_resource("ATP", 0)
    waiting = cell.run(1e6)
    # one more solve told that nothing will come; a run to there, and not to the end of time
    assert (waiting.status, cell.time_s) == ("exhausted", 60.0)
    still, unfed = waiting.notes
    assert still.startswith("nothing can happen: there is no ATP")
    assert "it has no rna_polymerase, ribosome" in still
    assert unfed.startswith("the metabolic model has had no feasible solution since age 0 s: no s")
    cell.set_metabolic_conditions(None)
    assert [state.time_s for state in cell.metabolism] == [0.0, 60.0]
    assert cell.run(60).status in ("completed", "exhausted")
    assert cell.count("ATP") > 10_000
    # what was solved at 60 s and then again under other conditions is there once: as it acted
    assert [(one.time_s, one.status) for one in cell.metabolism] == [
        (0.0, "infeasible"),
        (60.0, "optimal"),
    ]


def test_a_cell_starves_without_an_essential_gene_of_metabolism(
    cell: bx.CellularContext, genes: list[str]
) -> None:
    cell.run(60)
    cell.knockout(genes[0])
    cell.run(180)
    # the minute that begins with the knockout is the first without supply
    assert [state.status for state in cell.metabolism[:2]] == ["optimal", "infeasible"]
    assert cell.count("ATP") == 0
    assert cell.audit().ok


def test_the_configured_sugar_sets_the_uptake(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    growth = {}
    for conc_mM in (42.78, 0.0075, 1000.0):
        cell = manager.create_cellular_context(fed, seed=1, glucose_concentration=conc_mM)
        growth[conc_mM] = manager.execute_metabolic_engine(cell)
    assert growth[42.78].exchange[GLUCOSE] == -30.0  # the organism's medium: the model as it is
    # at the Michaelis constant half of the saturated uptake
    saturated = 30.0 * (0.0075 + 42.78) / 42.78
    assert growth[0.0075].exchange[GLUCOSE] == pytest.approx(-saturated / 2)
    assert growth[1000.0].exchange[GLUCOSE] == pytest.approx(-saturated, rel=1e-4)
    none = manager.create_cellular_context(fed, seed=1, glucose_concentration=0.0)
    with pytest.raises(bx.MetabolicInfeasibleError):
        manager.execute_metabolic_engine(none)
    none.run(60)
    assert none.metabolism[0].status == "infeasible"


# -- the same bits ---------------------------------------------------------------------------------


def test_the_sugar_around_the_cell_sets_the_uptake_from_the_next_minute_on(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    born = manager.create_cellular_context(fed, seed=1, glucose_concentration=0.02)
    moved = manager.create_cellular_context(fed, seed=1)
    assert born.environment.glucose_mM == 0.02
    moved.set_environment(glucose_mM=0.02)
    assert moved.environment == born.environment
    for cell in (born, moved):
        cell.run(61.0)
    assert moved.metabolism[-1].supply_per_s == born.metabolism[-1].supply_per_s
    moved.set_environment(glucose_mM=0.0)
    restored = bx.CellularContext.restore(moved.snapshot(), fed)
    for cell in (moved, restored):
        cell.run(70.0)
        assert cell.metabolism[-1].time_s == 120.0
        assert max(cell.metabolism[-1].supply_per_s.values()) == 0.0
        assert cell.audit().ok
    assert restored.trajectory_hash == moved.trajectory_hash
    moved.set_environment(temperature_c=80.0)
    assert moved.run(100.0).status == "exhausted"
    assert moved.phase == "dead"


def test_a_trajectory_does_not_depend_on_how_it_is_cut(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    cuts: list[list[tuple[float, float | None]]] = [
        [(200.0, None)],
        [(200.0, 7.0)],
        [(60.0, None), (60.0, 20.0), (80.0, 0.3)],
        [(0.1, None), (59.9 - 1e-9, 1.0), (1e-9 + 100, 33.0), (40.0, None)],
    ]
    hashes, states = set(), []
    for cut in cuts:
        cell = manager.create_cellular_context(fed, seed=7)
        for duration_s, every_s in cut:
            cell.run(duration_s, every_s=every_s)
        cell.run(200.0 - cell.time_s + 1.0)
        hashes.add(cell.trajectory_hash)
        states.append([state.to_dict() for state in cell.metabolism])
    assert len(hashes) == 1
    assert all(one == states[0] for one in states)
    assert [state["time_s"] for state in states[0]] == [0.0, 60.0, 120.0, 180.0]


def test_samples_are_where_they_were_asked_for(
    manager: bx.GenomicVirtualizationManager,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
) -> None:
    for start_s, duration_s, every_s in (
        (0.0, 200.0, 7.0),
        (13.7, 150.0, 0.3),
        (60.0, 120.0, 60.0),
    ):
        times = []
        for genome in (fed, runtime):  # with metabolism, and the core alone
            cell = manager.create_cellular_context(genome, seed=3)
            if start_s:
                cell.run(start_s)
            result = cell.run(duration_s, every_s=every_s)
            assert result.sim_time_s == pytest.approx(duration_s)
            assert result.events["codon_steps"] > 0
            times.append(result.time_s)
        np.testing.assert_allclose(*times, rtol=0, atol=1e-9)
    assert len(manager.create_cellular_context(fed, seed=3).run(130).time_s) == 2


def test_a_result_adds_up_over_its_minutes(cell: bx.CellularContext) -> None:
    before, result = cell.events, cell.run(150, every_s=10)
    assert result.events == {key: n - before[key] for key, n in cell.events.items()}
    made = np.diff(result.proteins.sum(axis=1))
    assert made.sum() == result.events["translation_completions"]
    posted = sum(process.get("Leu", 0) for process in result.ledger.values())
    assert posted == np.diff(result.resources["Leu"]).sum()


def test_a_restored_cell_goes_on_with_the_same_bits(
    manager: bx.GenomicVirtualizationManager,
    fed: bx.GenomicRuntime,
    model_file: Path,
    genes: list[str],
    tmp_path: Path,
) -> None:
    cell = manager.create_cellular_context(fed, seed=7, glucose_concentration=0.02)
    cell.run(70)
    cell.knockout(genes[1])
    cell.set_metabolic_conditions({"medium": {"EX_leu__L_e": (-0.4, 5.0)}, "knockouts": []})
    path = tmp_path / "cell.bxs"
    cell.save(path)
    copy = cell.fork(replay=True)
    assert copy.metabolism == cell.metabolism
    cell.run(200)
    code = (
        "import sys, bioxen_jcvi_vm_lib as bx\n"
        "manager = bx.GenomicVirtualizationManager({'metabolic_model': sys.argv[1]})\n"
        "runtime = manager.load_genome_runtime()\n"
        "cell = bx.CellularContext.load(sys.argv[2], runtime)\n"
        "cell.run(200)\n"
        "print(cell.trajectory_hash, *(one.growth_rate_per_h for one in cell.metabolism))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(model_file), str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    grown = [str(state.growth_rate_per_h) for state in cell.metabolism[2:]]
    assert told == [cell.trajectory_hash, *grown]
    copy.run(200)
    assert copy.trajectory_hash == cell.trajectory_hash
    restored = bx.CellularContext.load(path, fed)
    with pytest.raises(bx.MetabolicInfeasibleError):  # the knockout of before is not forgotten
        manager.execute_metabolic_engine(restored, {"knockouts": [genes[2]]})
    assert restored.metabolic_conditions == cell.metabolic_conditions


def test_every_flipped_bit_and_truncation_of_the_metabolic_part_is_found(
    cell: bx.CellularContext, fed: bx.GenomicRuntime
) -> None:
    snapshot = cell.snapshot()
    start = len(cell._open().snapshot())
    assert bx.CellularContext.restore(snapshot, fed).trajectory_hash == cell.trajectory_hash
    for byte, bit in itertools.product(range(start, len(snapshot)), range(8)):
        damaged = bytearray(snapshot)
        damaged[byte] ^= 1 << bit
        with pytest.raises(bx.SnapshotError):
            bx.CellularContext.restore(damaged, fed)
    for length in range(start, len(snapshot)):
        with pytest.raises(bx.SnapshotError):
            bx.CellularContext.restore(snapshot[:length], fed)


def test_snapshots_of_other_models_are_refused(
    manager: bx.GenomicVirtualizationManager,
    cell: bx.CellularContext,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
    genes: list[str],
    tmp_path: Path,
) -> None:
    other = small_model(genes)
    other["reactions"][0]["lower_bound"] = -29.0
    (tmp_path / "other.json").write_text(json.dumps(other))
    elsewhere = bx.GenomicVirtualizationManager(
        {"metabolic_model": str(tmp_path / "other.json")}
    ).load_genome_runtime()
    for bad in (elsewhere, runtime):
        with pytest.raises(bx.SnapshotError, match="another metabolic model"):
            bx.CellularContext.restore(cell.snapshot(), bad)
    plain = manager.create_cellular_context(runtime, seed=7).snapshot()
    with pytest.raises(bx.SnapshotError, match="no part on metabolism"):
        bx.CellularContext.restore(plain, fed)


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"medium": {"EX_glc_D_e": 5.0}}, "did you mean 'EX_glc__D_e'"),
        ({"medium": {"EX_glucose": 1.0}}, "did you mean 'EX_glc__D_e'"),
        ({"medium": {GLUCOSE: float("nan")}}, "NaN"),
        ({"knockouts": ["nothing"]}, "no gene of the model"),
        ({"knockouts": ["dnaA"]}, "give 'BXMC_0001', whose name it is"),
        ({"knockouts": ["bxmc_0001"]}, "did you mean 'BXMC_0001'"),
        ({"medium": {"PFK": 1.0}}, "no exchange"),
        ({"media": {}}, "did you mean 'medium'"),
    ],
)
def test_wrong_conditions_change_nothing(
    manager: bx.GenomicVirtualizationManager,
    cell: bx.CellularContext,
    conditions: dict[str, Any],
    message: str,
) -> None:
    before = cell.snapshot()
    for call in (
        lambda: manager.execute_metabolic_engine(cell, conditions),
        lambda: cell.set_metabolic_conditions(conditions),
    ):
        with pytest.raises(bx.APIValidationError) as caught:
            call()
        assert message in str(caught.value)
    assert cell.snapshot() == before


def test_an_impossible_medium_is_infeasible_and_says_why(
    manager: bx.GenomicVirtualizationManager, cell: bx.CellularContext
) -> None:
    before = cell.snapshot()
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        manager.execute_metabolic_engine(cell, {"medium": {GLUCOSE: (5.0, 10.0)}})
    assert any(one.origin == "medium" for one in caught.value.details["binding_constraints"])
    assert cell.snapshot() == before


def test_a_model_that_cannot_serve_is_one_typed_error(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    model_file: Path,
    genes: list[str],
    tmp_path: Path,
) -> None:
    foreign, partial = small_model(["x1", "x2", "x3", "x4"]), small_model(genes)
    partial["reactions"] = [one for one in partial["reactions"] if one["id"] != "CTPS2"]
    for name, document in (("foreign", foreign), ("partial", partial), ("broken", [])):
        (tmp_path / name).write_text(json.dumps(document))
    (tmp_path / "table.csv").write_text("Reaction Name\n")
    model = str(model_file)
    for overrides, error, message in (
        ({"metabolic_model": str(tmp_path / "none")}, bx.ModelImportError, "cannot be read"),
        ({"metabolic_model": str(tmp_path / "broken")}, bx.ModelImportError, "neither"),
        ({"metabolic_model": str(tmp_path / "foreign")}, bx.APIValidationError, "0 of the 4 genes"),
        ({"metabolic_model": str(tmp_path / "partial")}, bx.APIValidationError, "'CTPS2'"),
        (
            {"metabolic_model": model, "kinetics_files": [str(tmp_path / "table.csv")]},
            bx.ModelImportError,
            "columns Reaction Name, Parameter Type, Value, Units, with rows of Substrate Catalytic",
        ),
        ({"kinetics_files": [model]}, bx.InvalidConfigurationError, "metabolic_model"),
        ({"metabolic_model": 5}, bx.InvalidConfigurationError, "metabolic_model"),
    ):
        with pytest.raises(error) as caught:
            manager.create_cellular_context(runtime, seed=1, **overrides)
        assert message in str(caught.value)
    assert runtime._engines == {}


def test_without_a_model_or_turnover_numbers_the_key_is_named(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext, cell: bx.CellularContext
) -> None:
    for call in (
        lambda: manager.execute_metabolic_engine(context),
        lambda: context.set_metabolic_conditions({}),
        lambda: context.metabolic_conditions,
    ):
        with pytest.raises(bx.InvalidConfigurationError, match="metabolic_model"):
            call()
    assert context.metabolism == ()
    with pytest.raises(bx.InvalidConfigurationError, match="kinetics_files"):
        manager.execute_metabolic_engine(cell, {"enzyme_constraints": True})


def test_a_machine_with_metabolism_lives_as_its_cell_alone(
    manager: bx.GenomicVirtualizationManager,
    fed: bx.GenomicRuntime,
    cell: bx.CellularContext,
    model_file: Path,
    genes: list[str],
) -> None:
    """In windows of a minute, bit for bit, cut anywhere; its status tells what feeds it."""
    code = f'run(90, every_s=20); knockout("{genes[0]}"); run_operon(["dnaA"], duration_s=40)'
    wanted = cell.execute(code)
    with bx.create_bio_vm("cell", config={"metabolic_model": str(model_file)}, seed=7) as vm:
        assert vm.get_status().metabolism is None
        vm.start()
        with pytest.raises(bx.ResourceAllocationError):
            vm.allocate_resources({"ribosomes": 300})
        done = vm.execute_biological_process(code)
        assert vm.context.trajectory_hash == cell.trajectory_hash
        assert done.execution.time_s.tolist() == wanted.time_s.tolist()
        assert done.execution.resources["ATP"].tolist() == wanted.resources["ATP"].tolist()
        assert done.events == wanted.events
        assert done.execution.ledger == wanted.ledger
        told = vm.get_status().metabolism
        assert told == cell.metabolism[-1] == vm.get_biological_metrics().metabolism
        assert (told.time_s, told.status) == (120.0, "infeasible")  # an essential gene is gone
        assert [state.time_s for state in vm.context.metabolism] == [0.0, 60.0, 120.0]
        assert "infeasible, no supply" in vm._repr_html_()
        restored = bx.CellularContext.restore(vm.context.snapshot(), fed)
        vm.execute_biological_process("run(60)")
        restored.run(60)
        assert vm.context.trajectory_hash == restored.trajectory_hash


def test_the_monitor_tells_what_feeds_a_cell(fed: bx.GenomicRuntime) -> None:
    console = Console(width=80, height=24, force_terminal=True, color_system=None)
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        vm = bx.create_bio_vm("cell", genome_runtime=fed, seed=7, hypervisor=hypervisor)
        vm.start()
        screen = bx.TerminalMonitor(hypervisor, console=console)

        def shown() -> list[str]:
            screen._look()
            with console.capture() as capture:
                console.print(screen._picture)
            return [x for x in capture.get().splitlines() if x.startswith("metabolism")]

        assert shown() == []  # nothing is known of it before it has lived
        vm.execute_biological_process("run(1)")
        growth = vm.context.metabolism[-1].growth_rate_per_h
        assert shown() == [
            f"metabolism       growth {growth:.3g} 1/h  limited by {GLUCOSE}  maintenance"
        ]


def test_a_machine_with_metabolism_is_paused_stopped_copied_and_limited(
    fed: bx.GenomicRuntime, cell: bx.CellularContext
) -> None:
    with bx.BioXenHypervisor(max_vms=4, workers=1) as hypervisor:
        vm = bx.create_bio_vm("cell", genome_runtime=fed, seed=7, hypervisor=hypervisor)
        vm.start()
        ended: list[bx.ProcessResult] = []
        worker = threading.Thread(
            target=lambda: ended.append(vm.execute_biological_process("run(1e6)"))
        )
        worker.start()
        while vm.get_status().time_s < 200:
            time.sleep(0.001)
        with pytest.raises(bx.GenomicRuntimeError, match="one run at a time"):
            hypervisor.context("cell").run(1)
        for _ in range(20):  # wherever it is: in a window, or between two
            vm.pause()
            rested = vm.context.trajectory_hash
            time.sleep(0.01)
            assert vm.context.trajectory_hash == rested
            vm.resume()
            time.sleep(0.003)
        vm.stop()
        worker.join(60)
        assert [one.status for one in ended] == ["stopped"]
        lived = ended[0].execution
        assert lived.audit.ok
        assert lived.time_s[-1] == lived.sim_time_s == vm.get_status().time_s
        cell.run(lived.sim_time_s)
        spent = {n: sum(legs.get(n, 0) for legs in lived.ledger.values()) for n in ("ATP", "Ala")}
        for name, n in spent.items():
            assert n == lived.resources[name][-1] - lived.resources[name][0]
        fork = hypervisor.context(hypervisor.fork_vm("cell", "fork", replay=True))
        assert fork.metabolism == vm.context.metabolism
        again = hypervisor.restore_vm("again", vm.context.snapshot(), fed)
        assert hypervisor.context(again).trajectory_hash == vm.context.trajectory_hash
        few = bx.create_bio_vm(
            "few", genome_runtime=fed, seed=7, hypervisor=hypervisor, quota={"simulated_s": 100.0}
        )
        few.start()
        done = few.execute_biological_process("run(500)")
        assert (done.status, done.cause, done.sim_time_s) == ("quota", "simulated time", 100.0)
    chassis = bx.Chassis.of_organism(fed)
    with bx.BioXenHypervisor(workers=1, chassis=chassis) as shared:
        for call in (
            lambda: shared.create_vm("cell", fed),
            lambda: shared.restore_vm("cell", cell.snapshot(), fed),
        ):
            with pytest.raises(bx.InvalidConfigurationError, match="without a chassis"):
                call()
        shared.create_vm("plain", fed, metabolic_model=None)


def test_machines_with_metabolism_divide(model_file: Path) -> None:
    config = {"metabolic_model": str(model_file), "execution_parameters": {"cell_cycle": True}}
    with bx.create_bio_vm("mother", config=config, seed=7) as vm:
        vm.start()
        # the model above makes no deoxynucleotides
        given = (f'set_resource("{name}", 10000000)' for name in ("dATP", "dCTP", "dGTP", "dTTP"))
        vm.execute_biological_process("; ".join((*given, "run(600); replicate()")))
        born = vm.get_status()
        with vm.divide("daughter") as daughter:
            daughter.start()
            for half in (vm, daughter):
                assert half.execute_biological_process("run(70)").execution.audit.ok
                now = half.get_status()
                assert hash(now) == hash(half.get_status())
                assert now.metabolism is not None
                assert born.time_s < now.metabolism.time_s <= now.time_s
                assert now.cell_cycle is not None
                assert now.cell_cycle.generation == 1


def test_a_machine_has_the_model_that_the_file_holds_now(
    model_file: Path, genes: list[str], tmp_path: Path
) -> None:
    """Runtimes are kept, and are not those of a file that was changed since."""
    path = tmp_path / "model.json"
    grown = []
    for most in (30, 12):
        model = small_model(genes)
        model["reactions"][0]["lower_bound"] = -most
        path.write_text(json.dumps(model) + " " * most)
        with bx.create_bio_vm("cell", config={"metabolic_model": str(path)}, seed=7) as vm:
            vm.start()
            vm.execute_biological_process("run(1)")
            state = vm.get_status().metabolism
            assert state is not None
            grown.append(state.growth_rate_per_h)
    assert grown == [pytest.approx(89.0 / 80.2), pytest.approx(35.0 / 80.2)]


@pytest.mark.parametrize(
    ("deed", "ends"), [("pause", "completed"), ("stop", "stopped"), ("destroy", "stopped")]
)
def test_between_two_windows_a_machine_is_paused_stopped_and_destroyed(
    deed: str,
    ends: str,
    fed: bx.GenomicRuntime,
    cell: bx.CellularContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As amid one: a pause is waited for, and after an end there is the part until then."""
    set_supply = CellMetabolism._set_supply
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        vm = bx.create_bio_vm("cell", genome_runtime=fed, seed=7, hypervisor=hypervisor)
        vm.start()

        def disturbed(self: CellMetabolism, core: Any) -> bool:
            changed = set_supply(self, core)
            if core.time_s == 120.0:
                getattr(vm, deed)()
                if deed == "pause":
                    threading.Timer(0.2, vm.resume).start()
            return changed

        monkeypatch.setattr(CellMetabolism, "_set_supply", disturbed)
        done = vm.execute_biological_process("run(200)")
        monkeypatch.undo()
        assert (done.status, done.sim_time_s) == (ends, 200.0 if deed == "pause" else 120.0)
        wanted = cell.run(done.sim_time_s)
        assert done.events == wanted.events
        assert done.execution.resources["ATP"].tolist() == wanted.resources["ATP"].tolist()


def test_an_ensemble_with_metabolism_is_its_cells_alone(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    code = "run(130, every_s=50); set_resource('ATP', 5); run(20)"
    alone = [manager.create_cellular_context(fed, seed=n).execute(code) for n in range(3)]
    for workers in (1, 2):
        together = manager.run_ensemble(fed, code, seeds=range(3), workers=workers)
        for one, other in zip(alone, together, strict=True):
            assert one.seed == other.seed
            assert one.time_s.tolist() == other.time_s.tolist()
            assert (one.proteins == other.proteins).all()
            assert (one.resources.table == other.resources.table).all()
            assert (one.events, one.status) == (other.events, other.status)
    with pytest.raises(bx.APIValidationError, match="same file"):
        manager.run_ensemble(fed, "snapshot('x')", seeds=[1])
    with pytest.raises(bx.APIValidationError, match="workers"):
        manager.run_ensemble(fed, "run(1)", seeds=[1], workers=0)


def test_ctrl_c_ends_an_ensemble_with_metabolism(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    results = manager.run_ensemble(fed, "run(1e7)", seeds=range(50), workers=2)
    assert time.monotonic() - began < 20
    assert 0 < len(results) < 50
    assert {one.status for one in results} == {"cancelled"}
    assert [one.seed for one in results] == list(range(len(results)))


def test_process_code_asks_the_metabolic_model(
    manager: bx.GenomicVirtualizationManager, cell: bx.CellularContext
) -> None:
    """With glucose as the model allows it, and without; nothing changes in the cell."""
    before = cell.trajectory_hash
    result = cell.execute("run_metabolic_pathways(); run_metabolic_pathways(True)")
    first, second = result.metabolic_results
    wanted = manager.execute_metabolic_engine(cell)
    assert first == second
    assert (first.fluxes, first.growth_rate_per_h) == (wanted.fluxes, wanted.growth_rate_per_h)
    assert first.exchange[GLUCOSE] == pytest.approx(-30.0)
    told = json.loads(json.dumps(result.to_dict()))["metabolic_results"]
    assert told[0]["growth_rate_per_h"] == first.growth_rate_per_h
    cell.set_metabolic_conditions({"medium": {GLUCOSE: 3.0}})
    (fed_again,) = cell.execute("run_metabolic_pathways(True)").metabolic_results
    assert fed_again.growth_rate_per_h == first.growth_rate_per_h
    assert cell.metabolic_conditions.medium[GLUCOSE] == (-3.0, None)
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:  # maintenance is forced
        cell.execute("run_metabolic_pathways(glucose_available=False)")
    named = {one.reaction for one in caught.value.details["binding_constraints"]}
    assert GLUCOSE in named
    assert "results" not in caught.value.details
    assert cell.trajectory_hash == before
    assert cell.metabolism == ()


def test_a_statement_that_fails_says_which_it_is_and_keeps_what_there_was(
    manager: bx.GenomicVirtualizationManager,
    fed: bx.GenomicRuntime,
    cell: bx.CellularContext,
) -> None:
    code = "run(70, every_s=10); run_metabolic_pathways(); run_metabolic_pathways(False); run(5)"
    with pytest.raises(bx.MetabolicInfeasibleError, match=r"statement 3 of 4: .*False") as caught:
        cell.execute(code)
    assert cell.time_s == 70.0
    assert caught.value.binding_constraints
    alone = manager.create_cellular_context(fed, seed=7).run(70, every_s=10)
    (found,) = caught.value.details["results"].metabolic_results
    kept = pickle.loads(pickle.dumps(caught.value)).details["results"]
    assert kept.time_s.tolist() == alone.time_s.tolist()
    assert (kept.resources.table == alone.resources.table).all()
    assert (kept.status, kept.events, kept.audit.ok) == ("completed", alone.events, True)
    assert found.status == "optimal"
    grows = manager.create_cellular_context(fed, seed=7, cell_cycle=True)
    with pytest.raises(bx.GenomicRuntimeError, match="statement 2 of 2") as caught_too:
        grows.execute("run(3); divide()")  # with one chromosome
    assert caught_too.value.details["results"].sim_time_s == 3.0
    with pytest.raises(bx.InvalidConfigurationError, match="statement 2 of 2"):
        grows.execute('run(3); snapshot("x")')  # nowhere to save it
    assert grows.time_s == 3.0


def test_a_cell_whose_sugar_is_taken_away_stops_to_grow_and_dies(model_file: Path) -> None:
    """It is no error: its supply is 0, it waits arrested, and dies when it has waited too long."""
    config = {"metabolic_model": str(model_file), "execution_parameters": {"cell_cycle": True}}
    manager = bx.GenomicVirtualizationManager(config)
    cell = manager.create_cellular_context(manager.load_genome_runtime(), seed=7)
    cell.execute("run(130); set_environment(glucose_mM=0); run(600)")
    assert cell.phase == "arrested"
    assert cell.metabolism[-1].status == "infeasible"
    assert cell.count("ATP") == 0
    done = cell.execute("run(100000)")
    assert (done.status, cell.phase) == ("exhausted", "dead")
    assert any("starv" in note for note in done.notes)
    assert done.audit.ok


def test_the_solver_is_loaded_by_those_who_need_it(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    model_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = (
        "import sys, bioxen_jcvi_vm_lib as bx\n"
        "with bx.GenomicVirtualizationManager() as manager:\n"
        "    manager.create_cellular_context(manager.load_genome_runtime(), seed=1).run(1)\n"
        "print([name for name in sys.modules if 'highs' in name or 'metabolism' in name])\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(bx.MissingDependencyError, match=r"bioxen_jcvi_vm_lib\[metabolism\]"):
        manager.create_cellular_context(runtime, seed=1, metabolic_model=str(model_file))


def test_a_progress_callback_that_raises_leaves_a_cell_that_goes_on(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime
) -> None:
    class StopError(Exception):
        pass

    def stop(time_s: float, steps: int) -> None:
        if time_s >= 60:
            raise StopError

    cells = [manager.create_cellular_context(fed, seed=5) for _ in range(2)]
    with pytest.raises(StopError):
        cells[0].run(200, progress=stop)
    assert 60 <= cells[0].time_s < 200
    for cell in cells:
        cell.run(200 - cell.time_s)
    assert cells[0].trajectory_hash == cells[1].trajectory_hash


# -- organisms -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def syn3a(shared_data: Callable[[str], Path]) -> bx.GenomicRuntime:
    """JCVI-syn3A with iMB155 and the turnover numbers of its tables."""
    return bx.GenomicVirtualizationManager(
        {
            "metabolic_model": str(shared_data("models/iMB155.json")),
            "kinetics_files": [str(shared_data(f"syn3A/kinetics_{name}.csv")) for name in KINETICS],
            "execution_parameters": {"proteome_file": str(shared_data("syn3A/proteome.csv"))},
        }
    ).load_genome_runtime(shared_data("genomes/syn3A.gb"))


@pytest.mark.data
def test_syn3a_grows_on_its_model_and_its_enzymes(
    manager: bx.GenomicVirtualizationManager,
    syn3a: bx.GenomicRuntime,
    shared_data: Callable[[str], Path],
) -> None:
    cobra_io = pytest.importorskip("cobra.io")
    cell = manager.create_cellular_context(syn3a, seed=7)
    reference = cobra_io.load_json_model(shared_data("models/iMB155.json"))
    free = manager.execute_metabolic_engine(cell, {})
    assert free.growth_rate_per_h == pytest.approx(reference.optimize().objective_value, abs=1e-6)
    held = manager.execute_metabolic_engine(cell)  # by enzymes: they are configured
    assert 0.5 * free.growth_rate_per_h < held.growth_rate_per_h < free.growth_rate_per_h
    assert any(one.origin == "enzyme" for one in held.binding_constraints)
    # enzymes carry what the model forces through the ATPase: 72.3 1/s of 108 copies of its table
    capacity = 72.3333333333333 * 108 * 3600 / (1e-3 * 6.02214076e23 * 1.02e-14)
    assert capacity > 0.574850047039787
    result = cell.run(120)
    assert [state.status for state in cell.metabolism] == ["optimal"] * 2
    assert result.audit.ok
    assert result.events["codon_steps"] > 10_000


@pytest.mark.data
def test_what_the_model_forces_and_enzymes_cannot_carry_is_infeasible(
    manager: bx.GenomicVirtualizationManager,
    syn3a: bx.GenomicRuntime,
    shared_data: Callable[[str], Path],
) -> None:
    engine = engine_for(syn3a, syn3a.configuration)
    assert engine is not None
    cell = manager.create_cellular_context(syn3a, seed=7)
    proteins = cell.proteins
    proteins[syn3a.gene_index("JCVISYN3A_0789")] = 10
    with pytest.raises(bx.MetabolicInfeasibleError) as caught:
        engine.solve(engine.usual, medium={}, knocked_out=(), proteins=proteins)
    told = [(one.reaction, one.origin) for one in caught.value.details["binding_constraints"]]
    assert sorted(told) == [("ATPase", "enzyme"), ("ATPase", "model")]


@pytest.mark.data
def test_another_organisms_numbers_do_not_pass_for_its_genes(
    manager: bx.GenomicVirtualizationManager, shared_data: Callable[[str], Path]
) -> None:
    genome = manager.load_genome_runtime(
        shared_data("genomes/ecoli_mg1655.gff3.gz"),
        sequence_file=shared_data("genomes/ecoli_mg1655.fna.gz"),
    )
    with pytest.raises(bx.APIValidationError, match="give the model of this organism"):
        manager.create_cellular_context(
            genome, seed=1, metabolic_model=str(shared_data("models/iMB155.json"))
        )
    cobra = pytest.importorskip("cobra")
    core = Path(cobra.__file__).parent / "data" / "textbook.xml.gz"
    cell = manager.create_cellular_context(genome, seed=1, metabolic_model=str(core))
    result = manager.execute_metabolic_engine(cell)
    assert result.growth_rate_per_h == pytest.approx(0.8739215069684279, abs=1e-6)
    cell.run(2)
    # a gram of cells holds 0.4505 mmol of leucine (iJO1366); a cell weighs 0.3 pg
    leucine = 0.450531 * result.growth_rate_per_h * 3e-13 * 1e-3 * 6.02214076e23 / 3600
    assert cell.metabolism[0].supply_per_s["Leu_uptake"] == pytest.approx(leucine, rel=1e-6)
    cell.knockout("b0720")  # gltA, citrate synthase: cobrapy finds no growth without it
    assert manager.execute_metabolic_engine(cell).growth_rate_per_h == pytest.approx(0, abs=1e-9)


@pytest.mark.data
def test_fluxes_of_syn3a_are_the_same_bits_whatever_was_solved_before(
    manager: bx.GenomicVirtualizationManager, syn3a: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(syn3a, seed=7)
    media: list[dict[str, Any]] = [
        {},
        *({GLUCOSE: uptake} for uptake in (7.3, 7.2, 6.0, 5.0)),
        *({"EX_ac_e": (-1000.0, most)} for most in (6.5, 5.0, 3.0)),
        *({"EX_gua_e": most} for most in (0.01, 0.0)),
        {"EX_gsn_e": 0.01, "EX_ura_e": 0.02},
    ]

    def solved(medium: dict[str, Any]) -> bytes:
        asked = {"medium": medium, "enzyme_constraints": True}
        return manager.execute_metabolic_engine(cell, asked).fluxes.values_array.tobytes()

    forward = [solved(medium) for medium in media]
    backward = [solved(medium) for medium in reversed(media)]
    assert backward[::-1] == forward
    assert len(set(forward)) > 5


def test_paths_in_a_configuration_file_are_relative_to_it(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.json").write_bytes(model_file.read_bytes())
    (tmp_path / "cell.yaml").write_text("metabolic_model: small.json\nkinetics_files: [a.csv]\n")
    config = bx.GenomicVirtualizationConfig.from_file(tmp_path / "cell.yaml")
    assert config.metabolic_model == str(tmp_path / "small.json")
    assert config.kinetics_files == [str(tmp_path / "a.csv")]
    monkeypatch.setenv("BIOXEN_KINETICS_FILES", '["b.csv", "c.csv"]')
    monkeypatch.setenv("BIOXEN_METABOLIC_MODEL", "1.json")
    config = bx.GenomicVirtualizationConfig.resolve(tmp_path / "cell.yaml")
    assert (config.metabolic_model, config.kinetics_files) == ("1.json", ["b.csv", "c.csv"])


@pytest.mark.data
def test_a_cell_that_grows_lives_a_cycle_on_its_model(shared_data: Callable[[str], Path]) -> None:
    """The model grows by 0.342 per hour, which doubles it in 122 min."""
    config = {
        "metabolic_model": str(shared_data("models/iMB155.json")),
        "execution_parameters": {
            "cell_cycle": True,
            "reference_mode": True,
            "proteome_file": str(shared_data("syn3A/proteome.csv")),
        },
    }
    with bx.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(shared_data("genomes/syn3A.gb"))
        cell = manager.create_cellular_context(runtime, seed=1)
        assert cell.run(3 * 3600).status == "divided"
        assert 90 < cell.time_s / 60 < 140
        assert cell.audit().ok
        assert min(cell.count(name) for name in ("ATP", "GTP", "UTP", "CTP", "Pi")) > 100
