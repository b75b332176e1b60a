"""Trajectories pinned by hash: a change here changes every result and needs a line in CHANGELOG.md.

The hash is the checksum of the whole state (docs/snapshot.md) after one minute of a cell's life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx

#: Genome, overrides of the context -> hash after 60 s with seed 7.
GOLDEN = {
    "minimal_cell": "f223a67497c0cbd2",
    "minimal_cell that grows": "638cdbe6d0718576",
    "syn3A": "d0063af3de5eca48",
    "syn3A in reference mode": "f9fba7e8af4fa8be",
    "syn3A with its pools held": "12b98303599ae75d",
}
UNTIL_S = 60.0


def configuration(case: str) -> dict[str, object]:
    """What a case runs with."""
    parameters = {
        "reference_mode": "reference" in case,
        "hold_pools": "held" in case,
        "cell_cycle": "grows" in case,
    }
    return {"execution_parameters": parameters}


@pytest.fixture(params=GOLDEN)
def case(
    request: pytest.FixtureRequest, shared_data: Callable[[str], Path]
) -> Iterator[tuple[str, Callable[[], bx.CellularContext]]]:
    name: str = request.param
    with bx.GenomicVirtualizationManager(configuration(name)) as manager:
        file = None if name.startswith("minimal_cell") else shared_data("genomes/syn3A.gb")
        runtime = manager.load_genome_runtime(file)
        yield GOLDEN[name], lambda: manager.create_cellular_context(runtime, seed=7)


def test_trajectories_are_those_of_the_last_release(
    case: tuple[str, Callable[[], bx.CellularContext]],
) -> None:
    golden, new_cell = case
    cell = new_cell()
    cell.run(UNTIL_S)
    assert cell.trajectory_hash == golden


def test_slices_pauses_and_output_grids_never_change_a_trajectory(
    case: tuple[str, Callable[[], bx.CellularContext]],
) -> None:
    golden, new_cell = case
    for every_s in (0.013, 1.0, 7.7):
        cell = new_cell()
        cell.run(UNTIL_S, every_s=every_s)
        assert cell.trajectory_hash == golden, f"sampled every {every_s} s"
    paused = new_cell()
    for end in (0.001, 1 / 64, 0.5, 0.5 + 1e-9, 17.3, 40.0, UNTIL_S):
        paused.run(end - paused.time_s)
        _ = paused.proteins, paused.polymerases(), paused.audit(), paused.snapshot()
    assert paused.time_s == UNTIL_S
    assert paused.trajectory_hash == golden
    restored = new_cell()
    for _ in range(12):
        restored.run(5.0)
        restored = bx.CellularContext.restore(restored.snapshot(), restored.runtime)
    assert restored.trajectory_hash == golden


def test_another_seed_has_another_trajectory(
    case: tuple[str, Callable[[], bx.CellularContext]],
) -> None:
    golden, new_cell = case
    cell = new_cell()
    fork = cell.fork()
    fork.run(UNTIL_S)
    assert fork.trajectory_hash != golden
