"""The committed API page says what the docstrings say, and nothing public is without one."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.visualization import plots


@pytest.fixture(scope="module")
def maker(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bioxen_api_page", checkout / "docs" / "api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_page_is_current(maker: ModuleType) -> None:
    committed = maker.PAGE.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(
        difflib.unified_diff(
            committed, maker.page().splitlines(), "committed", "made", lineterm="", n=1
        )
    )
    assert not difference, f"{difference}\nrun: {sys.executable} docs/api.py --write"


def test_every_public_name_is_on_the_page_once(maker: ModuleType) -> None:
    errors = {error.__name__ for error in maker.ERRORS}
    assert len(set(maker.LISTED)) == len(maker.LISTED)
    assert {*maker.LISTED, *errors} == {*bx.__all__, *plots.__all__} - {"__version__"}


def test_every_link_leads_to_a_heading(maker: ModuleType) -> None:
    page = maker.PAGE.read_text(encoding="utf-8")
    headings = {
        "#" + title.lower().replace(" ", "-") for title in re.findall(r"^#+ (\S.*)$", page, re.M)
    }
    assert set(re.findall(r"\]\((#[^)]*)\)", page)) <= headings


@pytest.mark.parametrize("name", [*bx.__all__, *plots.__all__])
def test_every_public_name_says_what_it_is(name: str, maker: ModuleType) -> None:
    """Also each of its methods and properties; a data class's docstring is not its signature."""
    if name == "__version__":
        return
    one = getattr(plots if name in plots.__all__ else bx, name)
    said = one.__doc__ or ""
    assert re.match(r"\S.*[.:]", said, re.S), name
    assert not said.startswith(f"{name}(")
    if inspect.isclass(one):
        assert one.__doc__ != one.__mro__[1].__doc__
        for member, function in maker._methods(one):
            assert function.__doc__, f"{name}.{member}"
        for member, found in maker._members(one):
            if isinstance(found, property) and one.__module__ != "bioxen_jcvi_vm_lib._core":
                assert found.__doc__, f"{name}.{member}"


def test_the_page_has_no_noise(maker: ModuleType) -> None:
    page = maker.PAGE.read_text(encoding="utf-8")
    assert not re.search(r"\b_core\b|<class|<function|object at 0x|model_|------|: None$", page)
    assert not re.search(r"^#+ .*\b_", page, re.M)
    assert max(len(line) for line in page.splitlines() if "](#" not in line) < 600
