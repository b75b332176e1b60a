"""Making, forking, saving and restoring cells of syn3A, from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contest import Case, Contender

import bioxen_jcvi_vm_lib as bx

AGE_S = 600.0
REPEATS = 200


@pytest.fixture(scope="module")
def manager() -> Iterator[bx.GenomicVirtualizationManager]:
    with bx.GenomicVirtualizationManager() as manager:
        yield manager


@pytest.fixture(scope="module")
def cell(
    manager: bx.GenomicVirtualizationManager, shared_data: Callable[[str], Path]
) -> bx.CellularContext:
    """A cell of syn3A, ten minutes old."""
    runtime = manager.load_genome_runtime(shared_data("genomes/syn3A.gb"), organism="syn3a")
    cell = manager.create_cellular_context(runtime, seed=1)
    cell.run(AGE_S)
    return cell


def repeated(call: Callable[[], object]) -> Callable[[], Callable[[], None]]:
    def work() -> None:
        for _ in range(REPEATS):
            call()

    return lambda: work


def test_fork(cell: bx.CellularContext, contest: Callable[..., Case]) -> None:
    twin = cell.fork(replay=True)
    assert (
        twin.run(10.0).events
        == bx.CellularContext.restore(cell.snapshot(), cell.runtime).run(10.0).events
    )
    contest(
        "fork of syn3A",
        "forks/s",
        Contender("bioxen", repeated(cell.fork), REPEATS),
        least=1 / 30e-6,
    )


def test_snapshot_and_restore(cell: bx.CellularContext, contest: Callable[..., Case]) -> None:
    def there_and_back() -> bx.CellularContext:
        return bx.CellularContext.restore(cell.snapshot(), cell.runtime)

    assert there_and_back().snapshot() == cell.snapshot()
    contest(
        "snapshot + restore of syn3A",
        "pairs/s",
        Contender("bioxen", repeated(there_and_back), REPEATS),
        least=1 / 0.5e-3,
    )


def test_contexts_from_one_program(
    manager: bx.GenomicVirtualizationManager,
    cell: bx.CellularContext,
    contest: Callable[..., Case],
) -> None:
    runtime = cell.runtime
    assert manager.create_cellular_context(runtime, seed=1).run(1.0).events == (
        manager.create_cellular_context(runtime, seed=1).run(1.0).events
    )
    contest(
        "cells of syn3A from one program",
        "cells/s",
        Contender(
            "bioxen",
            repeated(lambda: manager.create_cellular_context(runtime, seed=2)),
            REPEATS,
        ),
        least=20_000,
    )
