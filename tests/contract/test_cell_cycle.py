"""Cells that grow, copy their DNA, build machines and divide."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx

GROWING = {"execution_parameters": {"cell_cycle": True}}


@pytest.fixture(scope="module")
def manager() -> Iterator[bx.GenomicVirtualizationManager]:
    with bx.GenomicVirtualizationManager(GROWING) as made:
        yield made


@pytest.fixture(scope="module")
def runtime(manager: bx.GenomicVirtualizationManager) -> bx.GenomicRuntime:
    return manager.load_genome_runtime()


def whole(cell: bx.CellularContext) -> np.ndarray:
    return cell.proteins + cell.proteins_in_machines


def test_the_designed_cell_is_born_with_what_its_notes_say(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Copies in machines are among those of the notes, and a ribosome has four of rplL."""
    cell = manager.create_cellular_context(runtime, seed=3)
    born = dict(zip(runtime.gene_names, whole(cell).tolist(), strict=True))
    assert (born["dnaA"], born["rpoB"], born["rplL"], born["rpsA"]) == (150, 97, 2000, 500)
    assert 80_000 < whole(cell).sum() < 82_000
    with bx.GenomicVirtualizationManager() as still:
        empty = still.create_cellular_context(still.load_genome_runtime(), seed=3)
        assert empty.proteins.sum() == 0


def test_the_designed_cell_goes_on_over_generations(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Not the parts of one machine alone are made in time: each half can do what its mother did."""
    cell = manager.create_cellular_context(runtime, seed=4)
    for generation in range(2):
        proteins, ribosomes = whole(cell).sum(), cell.machines["ribosome"]["total"]
        assert cell.run(3 * 3600).status == "divided"
        assert whole(cell).sum() > 1.7 * proteins
        if generation > 0:  # the first has no messengers yet
            assert cell.machines["ribosome"]["total"] > 1.5 * ribosomes
        cell.divide()


def test_a_cell_grows_copies_its_dna_and_divides(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Lipids alone double the surface in 105 min; membrane proteins make it earlier."""
    cell = manager.create_cellular_context(runtime, seed=3)
    born = cell.cell_cycle
    assert (born.grows, born.phase, born.chromosomes, born.forks) == (True, "B", 1, 0)
    assert cell.volume_l == pytest.approx(3.351e-17)
    phases, volumes, copies = [], [], []
    while True:
        result = cell.run(300.0)
        phases.append(cell.phase)
        volumes.append(cell.volume_l)
        copies.append(cell.gene_copies)
        if result.status != "completed":
            break
    assert result.status == "divided"
    assert cell.time_s == pytest.approx(5160, abs=30)  # of this seed; its surface has doubled then
    assert 2 <= cell.cell_cycle.surface_ratio < 2.001
    assert "".join(dict.fromkeys(phases)) == "CD"
    assert (np.diff(volumes) >= 0).all()
    assert volumes[-1] == pytest.approx(2 * born.volume_l)
    state = cell.cell_cycle
    assert state.ready_to_divide
    with cell.fork() as waits:
        further = waits.run(60)
        assert further.status == "completed"
        assert further.notes == ("the cell is ready to divide: divide() parts it",)
    assert state.chromosomes == 2
    assert state.replication_began_s is not None
    assert state.replication_ended_s is not None
    # 243,148 bp a fork at 100 bp/s, a little less where deoxynucleotides do not saturate
    assert 2431 < state.replication_ended_s - state.replication_began_s < 2800
    assert cell.events["replication_steps"] == runtime.length_nt
    assert all(((one == 1) | (one == 2) | (one == 0)).all() for one in copies)
    assert (np.diff(copies, axis=0) >= 0).all()
    # the copies spread from dnaA
    early = copies[1]
    assert early[runtime.gene_index("dnaA")] == 2
    assert 0 < (early == 2).sum() < len(early) / 2
    assert cell.machines["rna_polymerase"]["total"] > 97
    assert cell.audit().ok


def test_daughters_sum_to_the_mother(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=5)
    manager.replicate_genomic_runtime(cell)
    cell.run(0.3)  # between two supply ticks: the next one is waited for
    twin = cell.fork(replay=True)
    twin.run(np.ceil(cell.time_s * 64) / 64 - cell.time_s)
    before = (whole(twin), twin.proteins, twin.mrnas, twin.resources, twin.machines)
    daughter = manager.process_cell_division_event(cell)
    assert cell.time_s == daughter.time_s
    assert (whole(cell) + whole(daughter) == before[0]).all()
    assert (cell.proteins + daughter.proteins == before[1]).all()
    assert (cell.mrnas + daughter.mrnas == before[2]).all()
    for name, molecules in before[3].items():
        assert cell.resources[name] + daughter.resources[name] == molecules, name
    for name, count in before[4].items():
        for key, n in count.items():
            assert cell.machines[name][key] + daughter.machines[name][key] == n, (name, key)
    assert (cell.chromosomes, daughter.chromosomes) == (1, 1)
    # each molecule tosses a coin: 6 standard deviations, false alarm 2e-9
    for name in ("ATP", "lipid", "Pi"):
        n = before[3][name]
        assert abs(cell.resources[name] - n / 2) < 3 * n**0.5, name
    for half in (cell, daughter):
        assert half.audit().ok
        assert half.cell_cycle.generation == 1
        half.run(120)
        assert half.audit().ok
    assert daughter.ledger.get("division") is None
    assert cell.ledger["division"]["ATP"] < 0
    # their futures differ
    assert cell.trajectory_hash != daughter.trajectory_hash


def test_the_same_bits_however_it_is_run(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Through replication, division and a snapshot in the middle of both."""

    def lived(pieces: int, *, stored: bool) -> tuple[str, str]:
        cell = manager.create_cellular_context(runtime, seed=11)
        for _ in range(pieces):
            cell.run(3600 / pieces)
            if stored:
                cell = bx.CellularContext.restore(cell.snapshot(), runtime)
        daughter = cell.divide()
        if stored:
            daughter = bx.CellularContext.restore(daughter.snapshot(), runtime)
        daughter.run(300)
        return cell.trajectory_hash, daughter.trajectory_hash

    assert lived(1, stored=False) == lived(3, stored=True) == lived(8, stored=False)


def test_a_cell_that_was_not_made_to_grow_does_not(runtime: bx.GenomicRuntime) -> None:
    with bx.GenomicVirtualizationManager() as plain:
        cell = plain.create_cellular_context(runtime, seed=1, cell_cycle=False)
        cell.run(600)
        assert (cell.volume_l, cell.chromosomes, cell.growth_rate_per_h) == (3.351e-17, 1, 0.0)
        assert not cell.cell_cycle.grows
        assert str(cell.cell_cycle) == "does not grow"
        assert not cell.proteins_in_machines.any()
        before = cell.trajectory_hash
        for call in (
            cell.divide,
            cell.replicate,
            lambda: cell.execute("run(60)\ndivide()"),
            lambda: cell.execute("run(60)\nreplicate()"),
        ):
            with pytest.raises(bx.GenomicRuntimeError, match="does not grow"):
                call()
        assert cell.trajectory_hash == before  # nothing of the program was begun


def test_a_dead_cell_is_told_so_where_replication_is_asked_for(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=1)
    cell.set_environment(glucose_mM=0)
    before = cell.trajectory_hash
    with pytest.raises(bx.GenomicRuntimeError, match="would be dead, of starvation, since"):
        cell.replicate()
    assert cell.trajectory_hash == before  # only a replay has lived that long
    cell.set_environment(temperature_c=90)
    cell.run(1)
    with pytest.raises(bx.GenomicRuntimeError, match="this cell is dead, of heat, since"):
        cell.replicate()


def test_ctrl_c_while_a_round_is_looked_for_leaves_the_cell_as_it_is(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=1)
    cell.replicate()  # another round does not begin before the division
    before = cell.trajectory_hash
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    result = cell.replicate()
    timer.join()
    assert (result.status, result.sim_time_s) == ("cancelled", 0.0)
    assert cell.trajectory_hash == before


def test_a_cell_with_one_chromosome_cannot_divide(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=1)
    with pytest.raises(bx.GenomicRuntimeError, match="two whole copies of each chromosome"):
        manager.process_cell_division_event(cell)
    assert cell.chromosomes == 1
    with pytest.raises(bx.InvalidConfigurationError, match="hold_pools"):
        manager.create_cellular_context(runtime, hold_pools=True)


def test_a_program_replicates_and_divides(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    text = "replicate(); execute_cell_cycle_checkpoint(); divide(); run(5)"
    program = bx.GenomicProgram.parse(text)
    assert bx.GenomicProgram.parse(str(program)) == program
    result = manager.create_cellular_context(runtime, seed=2).execute(program)
    assert result.status == "completed"
    checkpoint, division = result.notes
    assert "phase D" in checkpoint
    assert "2 chromosomes" in checkpoint
    assert division.startswith("divided at")
    with pytest.raises(bx.ProgramSyntaxError):
        bx.GenomicProgram.parse("divide(2)")


def test_cells_of_a_hypervisor_end_as_they_would_alone(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """A program ends where its cell is ready to divide, bit for bit as in a context of its own."""
    program = "run(7000, every_s=500); run(60)"
    alone = [manager.create_cellular_context(runtime, seed=n).execute(program) for n in (1, 2)]
    together = manager.run_ensemble(runtime, program, seeds=(1, 2), workers=2)
    for one, other in zip(alone, together, strict=True):
        assert one.status == other.status == "divided"
        assert one.time_s[-1] == other.time_s[-1] < 7000
        assert (one.proteins[-1] == other.proteins[-1]).all()
    with pytest.raises(bx.APIValidationError, match="by themselves"):
        manager.run_ensemble(runtime, "replicate()", seeds=(1,))


def test_without_fuel_nothing_grows(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=1, glucose_concentration=0.0)
    cell.run(1800)
    starved = cell.volume_l
    assert cell.resources["ATP"] < 100
    cell.run(1800)
    assert cell.volume_l - starved < 0.02 * 3.351e-17
    assert cell.growth_rate_per_h < 0.05
    assert cell.audit().ok


def test_after_its_round_a_cell_divides_first(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=7)
    cell.replicate()
    before = cell.trajectory_hash
    with pytest.raises(bx.GenomicRuntimeError, match=r"divide\(\) comes first"):
        cell.replicate()
    assert cell.trajectory_hash == before


def test_a_cell_reports_what_its_own_configuration_brings(runtime: bx.GenomicRuntime) -> None:
    with bx.GenomicVirtualizationManager() as still:
        plain = still.load_genome_runtime()
        assert still.create_cellular_context(plain, seed=1).report == plain.report
        growing = still.create_cellular_context(plain, seed=1, cell_cycle=True)
        assert {e.code for e in growing.report} - {e.code for e in plain.report} == {
            entry.code for entry in runtime.report
        }


def test_what_a_genome_does_not_say_is_reported(tmp_path: Path) -> None:
    sequence = "".join(np.random.default_rng(1).choice(list("acgt"), 3000))
    lines = "".join(f"{i + 1:>9} {sequence[i : i + 60]}\n" for i in range(0, 3000, 60))
    path = tmp_path / "tiny.gb"
    path.write_text(
        "LOCUS       TINY 3000 bp    DNA     circular BCT 01-JAN-2026\n"
        "FEATURES             Location/Qualifiers\n"
        "     tRNA            101..180\n"
        '                     /locus_tag="t1"\n'
        '                     /product="tRNA-Leu"\n'
        f"ORIGIN\n{lines}//\n",
        encoding="utf-8",
    )
    with bx.GenomicVirtualizationManager(GROWING) as manager:
        runtime = manager.load_genome_runtime(path, organism="syn3a")
        codes = [entry.code for entry in runtime.report]
        assert codes.count("machine-without-parts") == 3
        alone = next(e.message for e in runtime.report if e.code == "replicon-without-origin")
        assert "one daughter of each division lacks it" in alone
        assert "no-translocon" in codes
        trna = next(e.message for e in runtime.report if e.code == "trna-without-genes")
        assert "Ala, Arg" in trna
        assert "Leu" not in trna
        assert "surface-by-lipids" in codes
        assert codes.count("no-protein-counts") == 1
        cell = manager.create_cellular_context(runtime, seed=1)
        assert cell.report == runtime.report
        cell.run(600)
        assert cell.cell_cycle.forks == 0
        assert cell.chromosomes == 1
        assert cell.resources["tRNA-Leu"] + cell.resources["Leu-tRNA"] > 290
        assert cell.audit().ok
        with pytest.raises(bx.GenomicRuntimeError):
            cell.divide()


@pytest.mark.data
@pytest.mark.parametrize("reference_mode", [True, False], ids=["reference mode", "operons"])
def test_syn3a_lives_as_published(reference_mode: bool, shared_data: Callable[[str], Path]) -> None:
    """Three cells within 15 % of the published figures; ``benchmarks/cell_cycle.py`` has twenty."""
    parameters = {
        "cell_cycle": True,
        "reference_mode": reference_mode,
        "proteome_file": str(shared_data("syn3A/proteome.csv")),
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": parameters}) as manager:
        runtime = manager.load_genome_runtime(shared_data("genomes/syn3A.gb"))
        codes = {entry.code for entry in runtime.report}
        assert not [code for code in codes if "machine" in code or code == "no-protein-counts"]
        cell = manager.create_cellular_context(runtime, seed=1)
        again = bx.CellularContext.restore(cell.snapshot(), runtime)
        cell.run(30)
        again.run(30)
        assert again.trajectory_hash == cell.trajectory_hash
        lives = [
            published_figures(manager.create_cellular_context(runtime, seed=n)) for n in (1, 2, 3)
        ]
    cycle, ends, ribosomes, rnap, busy, proteome = np.mean(lives, axis=0)
    assert 87 < cycle < 121
    assert 42 < ends < 59
    assert 1.54 < ribosomes < 2.08
    assert 0.55 < rnap < 0.80
    assert 0.47 < busy < 0.84
    assert 1.76 < proteome < 2.38


@pytest.mark.data
@pytest.mark.slow
def test_syn3a_keeps_its_pace(shared_data: Callable[[str], Path]) -> None:
    """Cycles after the first stay within 15 % of 105 min: L7/L12, four a ribosome, suffices."""
    parameters = {
        "cell_cycle": True,
        "reference_mode": True,
        "proteome_file": str(shared_data("syn3A/proteome.csv")),
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": parameters}) as manager:
        runtime = manager.load_genome_runtime(shared_data("genomes/syn3A.gb"))
        stalk = runtime.gene_index("JCVISYN3A_0806")
        cell = manager.create_cellular_context(runtime, seed=1)
        # of 765 counted all are in ribosomes, and 5 % of those in ribosomes are free besides
        assert cell.proteins_in_machines[stalk] == 2000
        assert cell.proteins[stalk] == 100
        again = bx.CellularContext.restore(cell.snapshot(), runtime)
        replay = cell.fork(replay=True)
        assert again.run(30).status == replay.run(30).status == "completed"
        assert again.trajectory_hash == replay.trajectory_hash
        minutes = []
        for _ in range(4):
            born_s = cell.time_s
            assert cell.run(4 * 3600).status == "divided"
            minutes.append((cell.time_s - born_s) / 60)
            cell.divide().close()
        assert cell.audit().ok
        assert 89 < np.mean(minutes[1:]) < 121
        assert cell.machines["ribosome"]["total"] > 350


def published_figures(cell: bx.CellularContext) -> tuple[float, ...]:
    born, proteins = cell.machines["ribosome"]["total"], whole(cell)
    result = cell.run(9000, every_s=60)
    assert result.status == "divided"
    assert cell.audit().ok
    state = cell.cell_cycle
    assert state.replication_ended_s is not None
    active = {
        name: (n["active"] / n["total"]).mean()
        for name, n in result.machines.items()
        if name != "replisome"  # there is none while no DNA is copied
    }
    counted = proteins > 0
    return (
        cell.time_s / 60,
        state.replication_ended_s / 60,
        cell.machines["ribosome"]["total"] / born,
        active["rna_polymerase"],
        active["ribosome"],
        float(np.median(whole(cell)[counted] / proteins[counted])),
    )
