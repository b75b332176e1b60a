"""Fixtures of the benchmarks, and the table at their end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contest import HEADER, Case, Contender

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CASES = pytest.StashKey[list[Case]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=7, help="rounds of each contender")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[CASES] = []


@pytest.fixture
def contest(request: pytest.FixtureRequest, benchmark: Any) -> Callable[..., Case]:
    """Time contenders in turns and keep the case for the table."""

    def run(name: str, unit: str, *contenders: Contender, **limits: Any) -> Case:
        case = Case(name, unit, contenders, **limits)
        case.run(benchmark, request.config.getoption("--rounds"))
        request.config.stash[CASES].append(case)
        return case

    return run


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the path of a file of ../shared/data, or skip the benchmark and name the file."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.is_file():
            pytest.skip(f"needs ../shared/data/{name}")
        return path

    return find


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    cases = config.stash[CASES]
    if cases:
        terminalreporter.section("medians (ranges) of rounds in turns, in one run")
        for line in (*HEADER, *(line for case in cases for line in case.lines)):
            terminalreporter.write_line(line)
