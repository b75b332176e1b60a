"""Fixtures that every folder of tests uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
