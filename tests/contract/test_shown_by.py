"""What a user was promised to see, on the built-in genome."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT

import numpy as np
import pytest
from scipy import stats

import bioxen_jcvi_vm_lib as bx


def assert_same_state(one: bx.CellularContext, other: bx.CellularContext) -> None:
    """Everything that can be seen of two cells is equal."""
    assert one.time_s == other.time_s
    assert np.array_equal(one.proteins, other.proteins)
    assert np.array_equal(one.mrnas, other.mrnas)
    assert one.resources == other.resources
    assert one.machines == other.machines
    assert one.events == other.events
    assert one.ledger == other.ledger
    assert np.array_equal(one.polymerases(), other.polymerases())


# -- a first run ----------------------------------------------------------------------------------


def test_the_first_lines_of_python_run(
    shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first code block of the design, shortened to 60 s."""
    monkeypatch.chdir(shared_data("genomes/syn3A.gb").parent)
    manager = bx.GenomicVirtualizationManager(config=None)
    runtime = manager.load_genome_runtime("syn3A.gb")
    context = manager.create_cellular_context(runtime, seed=7)
    result = manager.execute_genomic_program("run(60, every_s=10)", context)
    assert isinstance(runtime, bx.GenomicRuntime)
    assert isinstance(context, bx.CellularContext)
    assert isinstance(result, bx.ExecutionResult)
    assert runtime.organism == "syn3a"
    assert context.seed == 7
    assert result.audit.ok
    assert result.time_s.tolist() == [0, 10, 20, 30, 40, 50, 60]


def test_a_run_is_recorded_on_its_grid_and_balances(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    result = manager.execute_genomic_program("run(60, every_s=10)", context)
    assert result.status == "completed"
    assert result.time_s.tolist() == [0, 10, 20, 30, 40, 50, 60]
    assert result.audit.ok
    assert result.audit.residuals
    assert set(result.audit.residuals.values()) == {0}
    for what in [
        "nucleotide_steps",
        "codon_steps",
        "transcription_initiations",
        "transcription_completions",
        "translation_initiations",
        "translation_completions",
        "mrna_decays",
    ]:
        assert result.events[what] > 0, what
    assert result.events["replication_steps"] == 0
    made = result.proteins[-1].sum() - result.proteins[0].sum()
    assert made == result.events["translation_completions"]
    for column in result.resources.values():
        assert column.min() >= 0
    for counts in result.machines.values():
        assert np.array_equal(counts["total"], counts["free"] + counts["active"])


# -- knock-outs -----------------------------------------------------------------------------------

ARM = 16
DRAIN_S, WATCHED_S = 150.0, 800.0


def proteins_made(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    seeds: Sequence[int],
    gene: str | None,
) -> np.ndarray:
    """Proteins per cell and gene in a while after a knock-out, shape (cells, genes)."""

    def one(seed: int) -> np.ndarray:
        with manager.create_cellular_context(runtime, seed=seed) as cell:
            if gene is not None:
                cell.knockout(gene)
            cell.run(DRAIN_S)
            result = cell.run(WATCHED_S)
            assert result.audit.ok
            return result.proteins[-1] - result.proteins[0]

    with ThreadPoolExecutor() as pool:
        return np.array(list(pool.map(one, seeds)))


def test_a_knock_out_stops_its_protein_and_nothing_else(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Welch's t of sqrt(counts + 3/8), 16 cells against 16 others, for every gene.

    A false alarm in 1e-3 over all genes (Bonferroni). The power is shown by the knocked-out gene
    itself, which is beyond the limit, and by the sum over all genes, known to 2.5 % in each arm.
    """
    made = proteins_made(manager, runtime, range(100, 100 + ARM), None)
    shared = [u for u in runtime.transcription_units if len(u.genes) > 1 and not u.stable]
    # of the genes that share a unit, the best expressed one that is not the first of its unit
    target = max((g for unit in shared for g in unit.genes[1:]), key=lambda g: made[:, g].mean())
    tag = runtime.genes[target].locus_tag
    without = proteins_made(manager, runtime, range(200, 200 + ARM), tag)

    assert made[:, target].mean() > 20
    assert without[:, target].max() == 0
    expressed = np.flatnonzero((made + without).sum(axis=0) > 0)
    assert len(expressed) > 350
    a, b = (np.sqrt(x[:, expressed] + 0.375) for x in (made, without))
    error = np.sqrt(a.var(axis=0, ddof=1) / ARM + b.var(axis=0, ddof=1) / ARM)
    t = (a.mean(axis=0) - b.mean(axis=0)) / np.maximum(error, 1e-12)
    limit = stats.t.isf(1e-3 / len(expressed) / 2, ARM - 1)
    is_target = expressed == target
    assert abs(t[is_target][0]) > limit
    assert np.abs(t[~is_target]).max() < limit
    others = np.arange(len(runtime)) != target
    total = [x[:, others].sum(axis=1) for x in (made, without)]
    assert stats.sem(total[0]) / total[0].mean() < 0.025
    assert stats.ttest_ind(*total, equal_var=False).pvalue > 1e-4


def shared_units(runtime: bx.GenomicRuntime, count: int) -> list[tuple[int, ...]]:
    """Genes of some messenger units of several genes."""
    units = [u.genes for u in runtime.transcription_units if not u.stable and len(u.genes) > 1]
    return units[:: len(units) // count][:count]


def rises(counts: np.ndarray) -> np.ndarray:
    """Which columns rise somewhere from one row to the next."""
    return (np.diff(counts, axis=0) > 0).any(axis=0)


def test_a_unit_without_live_cistrons_is_no_longer_transcribed(
    context: bx.CellularContext,
) -> None:
    """Twenty units, seen every 0.5 s: about one initiation in 200 s each."""
    runtime = context.runtime
    units = shared_units(runtime, 20)
    promoters = [genes[0] for genes in units]

    def knock_out(genes: Sequence[int]) -> None:
        for gene in genes:
            context.knockout(runtime.genes[gene].locus_tag)

    assert rises(context.run(300.0, every_s=0.5).mrnas[:, promoters]).sum() >= 5
    for genes in units:
        knock_out(genes[:-1])
    assert rises(context.run(300.0, every_s=0.5).mrnas[:, promoters]).sum() >= 5
    for genes in units:
        knock_out(genes[-1:])
    after = context.run(300.0, every_s=0.5).mrnas
    assert not rises(after[:, promoters]).any()
    assert rises(after).sum() > 50


# -- operons --------------------------------------------------------------------------------------


def test_an_operon_run_expresses_only_its_genes(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    """Outside the units of its genes no transcript is added; decay and translation go on.

    Seen every 2 s: an initiation is missed only if a decay of the same gene falls into the same
    interval. Transcripts of stable RNA never decay and must not change at all.
    """
    runtime = context.runtime
    units = shared_units(runtime, 20)
    named = json.dumps([runtime.genes[genes[-1]].locus_tag for genes in units])
    own = np.isin(np.arange(len(runtime)), [gene for genes in units for gene in genes])
    stable = np.array([gene.kind in ("tRNA", "rRNA") for gene in runtime.genes])
    assert rises(context.run(60.0, every_s=2.0).mrnas[:, ~own]).sum() > 50

    program = "; ".join([f"run_operon({named}, duration_s=2)"] * 60)
    result = manager.execute_genomic_program(program, context)
    assert len(result.time_s) == 61
    assert result.audit.ok
    assert not rises(result.mrnas[:, ~own]).any()
    assert not np.diff(result.mrnas[:, stable & ~own], axis=0).any()
    gained = np.diff(result.mrnas[:, [genes[0] for genes in units]], axis=0)
    # every initiation is one of the units', but for those hidden by a decay in the same interval
    started = result.events["transcription_initiations"]
    assert 5 <= gained[gained > 0].sum() <= started <= gained[gained > 0].sum() + 2
    assert (result.proteins[-1] - result.proteins[0])[~own].sum() > 0

    assert rises(context.run(60.0, every_s=2.0).mrnas[:, ~own]).sum() > 50


# -- resources ------------------------------------------------------------------------------------


def rnap_states(context: bx.CellularContext) -> list[str]:
    machines = context.polymerases()
    return machines["state"][machines["kind"] == "rna_polymerase"].tolist()


def assert_never_negative(result: bx.ExecutionResult) -> None:
    for name, column in result.resources.items():
        assert column.min() >= 0, name


def test_without_utp_rnaps_stall_and_with_it_they_go_on(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Pools held, so that no supply makes UTP again."""
    with manager.create_cellular_context(runtime, seed=7, hold_pools=True) as context:
        whole = context.run(60.0, every_s=0.5)
        utp = context.resources["UTP"]
        context.set_resource("UTP", 0)
        runs = [whole, context.run(60.0, every_s=0.5)]
        stalled = set(rnap_states(context))
        assert stalled <= {"stalled", "blocked"}
        assert "stalled" in stalled
        runs.append(context.run(10.0, every_s=0.5))
        # only an RNAP that has just bound takes a few steps to its first U
        assert runs[-1].events["nucleotide_steps"] < 1e-2 * whole.events["nucleotide_steps"]
        assert runs[-1].events["transcription_completions"] == 0
        assert runs[-1].events["codon_steps"] > 0
        context.set_resource("UTP", utp)
        runs.append(context.run(60.0, every_s=0.5))
        assert "moving" in rnap_states(context)
        assert runs[-1].events["nucleotide_steps"] > 0.5 * whole.events["nucleotide_steps"]
        assert runs[-1].events["transcription_completions"] > 0
        for result in runs:
            assert_never_negative(result)
            assert result.audit.ok


def test_a_pool_that_is_taken_to_its_last_molecule_is_never_negative(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    """Scarcity with the supply at work: some pools run dry, and none is overdrawn."""
    taken = ("UTP", "UDP", "UMP", "Leu-tRNA", "Leu", "GTP")
    program = "; ".join(f'set_resource("{name}", 1)' for name in taken) + "; run(2, every_s=0.5)"
    results = [manager.execute_genomic_program(program, context) for _ in range(10)]
    assert min(r.resources[name][1:].min() for r in results for name in taken) == 0
    for result in results:
        assert_never_negative(result)
        assert result.audit.ok


def test_an_exhausted_cell_keeps_its_data(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    """Without UTP, and none supplied, transcripts decay and at last nothing can happen."""
    with manager.create_cellular_context(runtime, seed=7, hold_pools=True) as context:
        context.run(60.0)
        context.set_resource("UTP", 0)
        seen = context.proteins
        result = context.run(1e5, every_s=5.0)
        assert result.status == "exhausted"
        assert 0 < result.sim_time_s < 1e5
        assert result.time_s[0] == 60
        assert result.time_s[-1] == context.time_s
        assert np.array_equal(result.proteins[0], seen)
        assert np.array_equal(result.proteins[-1], context.proteins)
        assert result.proteins[-1].sum() > seen.sum()
        assert result.audit.ok
        assert_never_negative(result)
        again = context.run(10.0)
        assert again.status == "exhausted"
        assert np.array_equal(again.proteins[-1], result.proteins[-1])
        # given back, it lives again
        context.set_resource("UTP", 10_000)
        assert context.run(60.0).status == "completed"
        assert context.events["nucleotide_steps"] > 0


# -- same bits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("every_s", [None, 7.0, 0.1, 60.0])
def test_the_output_grid_changes_nothing(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    every_s: float | None,
) -> None:
    fine = manager.create_cellular_context(runtime, seed=21)
    other = manager.create_cellular_context(runtime, seed=21)
    a, b = fine.run(84.0, every_s=1.0), other.run(84.0, every_s=every_s)
    assert_same_state(fine, other)
    rows = [(i, j) for i, s in enumerate(a.time_s) for j, t in enumerate(b.time_s) if s == t]
    assert len(rows) >= 2
    for i, j in rows:
        assert np.array_equal(a.proteins[i], b.proteins[j])
        assert np.array_equal(a.mrnas[i], b.mrnas[j])
        for name, column in a.resources.items():
            assert column[i] == b.resources[name][j], name
    fine.close()
    other.close()


@pytest.mark.parametrize("slice_s", [0.328125, 7.0])
def test_slicing_changes_nothing(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, slice_s: float
) -> None:
    whole = manager.create_cellular_context(runtime, seed=22)
    sliced = manager.create_cellular_context(runtime, seed=22)
    whole.run(42.0)
    for _ in range(round(42.0 / slice_s)):
        sliced.run(slice_s)
    assert_same_state(whole, sliced)
    whole.close()
    sliced.close()


# -- threads and signals --------------------------------------------------------------------------


def test_reading_while_it_runs_sees_states_and_changes_nothing(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    read = manager.create_cellular_context(runtime, seed=23)
    alone = manager.create_cellular_context(runtime, seed=23)
    runner = threading.Thread(target=lambda: read.run(1500.0, every_s=100.0))
    runner.start()
    times, counts = [], []
    while runner.is_alive():
        times.append(read.time_s)
        counts.append(read.proteins)
        assert all(n["total"] == n["free"] + n["active"] for n in read.machines.values())
        assert min(read.resources.values()) >= 0
        assert read.audit().ok
    runner.join()
    alone.run(1500.0)
    assert len({t for t in times if 0 < t < 1500}) >= 3
    assert all(np.all(b >= a) for a, b in itertools.pairwise(counts))
    assert_same_state(read, alone)
    read.close()
    alone.close()


def test_of_two_runs_at_once_one_is_refused(context: bx.CellularContext) -> None:
    """Repeated with the threads set off together: one of them runs, and never both."""
    for _ in range(10):
        start, over = threading.Barrier(2), threading.Event()
        outcomes: list[str] = []

        def hold(_time_s: float, _steps: int, over: threading.Event = over) -> None:
            if over.is_set():
                raise InterruptedError

        def run(
            start: threading.Barrier = start,
            over: threading.Event = over,
            outcomes: list[str] = outcomes,
            hold: Callable[[float, int], None] = hold,
        ) -> None:
            start.wait(30)
            try:
                context.run(1e8, progress=hold)
            except bx.GenomicRuntimeError as error:
                outcomes.append(error.code)
                over.set()
            except InterruptedError:
                outcomes.append("ran")

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(outcomes) == ["BX014", "ran"]
    assert context.run(1.0).status == "completed"


CHILD = """
import json, sys, time
import bioxen_jcvi_vm_lib as bx
with bx.GenomicVirtualizationManager() as manager:
    context = manager.create_cellular_context(manager.load_genome_runtime(), seed=1)
    context.run(10.0)
    print("ready", flush=True)
    result = context.run(1e8, every_s=1e6)
    at = time.monotonic()
    again = context.run(1.0)
    print(json.dumps([at, result.status, result.audit.ok, result.sim_time_s, again.status,
                      context.audit().ok]))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_run_within_a_quarter_of_a_second() -> None:
    """On Linux both processes read one monotonic clock."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.5)
        sent = time.monotonic()
        child.send_signal(SIGINT)
        out, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    at, status, ok, sim_time_s, again, still_ok = json.loads(out)
    assert at - sent < 0.25
    assert (status, ok, again, still_ok) == ("cancelled", True, "completed", True)
    assert 0 < sim_time_s < 1e8
