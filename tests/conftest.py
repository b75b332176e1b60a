"""Fixtures that every folder of tests uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx


def pytest_addoption(parser: pytest.Parser) -> None:
    """Sizes of tests that have a longer form."""
    parser.addoption("--steps", default="1e8", help="steps of test_conservation.py")


CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the source."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a file of ../shared/data, or skip the test and name the file."""

    def find(name: str) -> Path:
        path = CHECKOUT.parent / "shared" / "data" / name
        if not path.is_file():
            pytest.skip(f"needs ../shared/data/{name}")
        return path

    return find


@pytest.fixture(scope="module")
def manager() -> Iterator[bx.GenomicVirtualizationManager]:
    """A manager without configuration."""
    with bx.GenomicVirtualizationManager() as manager:
        yield manager


@pytest.fixture(scope="module")
def runtime(manager: bx.GenomicVirtualizationManager) -> bx.GenomicRuntime:
    """The built-in genome."""
    return manager.load_genome_runtime()


@pytest.fixture(scope="module")
def small(manager: bx.GenomicVirtualizationManager, checkout: Path) -> bx.GenomicRuntime:
    """A genome of few genes, so that a file of it is small."""
    runtimes = [
        manager.load_genome_runtime(path)
        for path in sorted((checkout / "tests" / "data" / "valid").iterdir())
    ]
    return min((r for r in runtimes if r.transcription_units), key=len)


@pytest.fixture(scope="module")
def small_file(small: bx.GenomicRuntime, checkout: Path) -> Path:
    """The file of that genome."""
    with bx.GenomicVirtualizationManager() as manager:
        for path in sorted((checkout / "tests" / "data" / "valid").iterdir()):
            if manager.load_genome_runtime(path).fingerprint == small.fingerprint:
                return path
    raise AssertionError


@pytest.fixture
def context(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> Iterator[bx.CellularContext]:
    """A cell of the built-in genome with seed 7."""
    with manager.create_cellular_context(runtime, seed=7) as context:
        yield context
