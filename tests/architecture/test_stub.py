"""The committed stub of the extension module says what the module is."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bioxen_jcvi_vm_lib import _core

pytest.importorskip("pybind11_stubgen", reason="needs pybind11-stubgen, of the extra [test]")


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = Path(__file__).with_name("stub.py")
    spec = importlib.util.spec_from_file_location("bioxen_stub_maker", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_stub_is_current(maker: ModuleType) -> None:
    committed = maker.STUB.read_text(encoding="utf-8").splitlines()
    made = maker.stub().splitlines()
    difference = "\n".join(
        difflib.unified_diff(committed, made, "committed", "made", lineterm="", n=1)
    )
    assert not difference, f"{difference}\nrun: {sys.executable} tests/architecture/stub.py --write"


@pytest.mark.parametrize(("name", "own"), [("Feature", "FEATURE"), ("Interval", "INTERVAL")])
def test_what_the_stub_says_by_hand_is_there(maker: ModuleType, name: str, own: str) -> None:
    """Two classes are written by hand, as the generator cannot read them."""
    (said,) = ast.parse(getattr(maker, own)).body
    assert isinstance(said, ast.ClassDef)
    members = {
        part.target.id if isinstance(part, ast.AnnAssign) else part.name
        for part in said.body
        if isinstance(part, ast.AnnAssign | ast.FunctionDef)
    }
    real = getattr(_core, name)
    public = set(real._fields) if name == "Interval" else set(vars(real))
    assert members == {key for key in public if not key.startswith("_")}
    assert inspect.cleandoc(real.__doc__) == inspect.cleandoc(ast.get_docstring(said) or "")
