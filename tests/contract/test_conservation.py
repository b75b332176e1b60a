"""Nothing appears or vanishes: audits inside long runs, with every process and operation at work.

pytest tests/contract/test_conservation.py --steps 1e9 -s     # the long one, about two minutes
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx

PARTS = 50


@pytest.mark.slow
@pytest.mark.parametrize("name", ["minimal_cell", "syn3A"])
def test_every_residual_is_zero_throughout_a_long_run(
    name: str,
    shared_data: Callable[[str], Path],
    manager: bx.GenomicVirtualizationManager,
    pytestconfig: pytest.Config,
) -> None:
    wanted = float(pytestconfig.getoption("--steps"))
    file = None if name == "minimal_cell" else shared_data("genomes/syn3A.gb")
    runtime = manager.load_genome_runtime(file)
    cell = manager.create_cellular_context(runtime, seed=2, protein_processing_rate=3600.0)
    started = time.perf_counter()
    steps = audits = 0
    seconds = 20.0
    while steps < wanted:
        before = steps
        cell.run(seconds)
        steps = cell.events["nucleotide_steps"] + cell.events["codon_steps"]
        seconds *= wanted / PARTS / max(steps - before, 1)
        residuals = {key: n for key, n in cell.audit().residuals.items() if n != 0}
        assert residuals == {}, f"after {steps:,} steps"
        assert min(cell.resources.values()) >= 0
        audits += 1
        # what a user may do in between
        cell.set_resource("UTP", 20_000 + audits)
        if audits % 10 == 0:
            cell.knockout(runtime.genes[7 * audits % len(runtime)].locus_tag)
            cell = bx.CellularContext.restore(cell.snapshot(), runtime)
    events = cell.events
    for kind in (
        "transcription_aborts",
        "mrna_decays",
        "protein_decays",
        "translation_completions",
    ):
        assert events[kind] > 0, kind
    assert audits >= PARTS // 2
    wall = time.perf_counter() - started
    print(f"\n{name}: {steps:,} steps, {audits} audits of {len(cell.audit().residuals)} residuals, "
          f"all 0; age {cell.time_s:,.0f} s, {wall:.0f} s")  # fmt: skip
