"""The examples of the README, one after the other, as somebody who reads it runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import bioxen_jcvi_vm_lib as bx

README = Path(__file__).resolve().parents[2] / "README.md"

#: What is smaller here than there, so that it takes a second.
SMALLER = {"max_vms=1000": "max_vms=20", "range(1000)": "range(20)", "range(100)": "range(3)"}


@pytest.fixture(scope="module")
def blocks() -> list[tuple[int, str]]:
    """Line and code of every block of Python."""
    text = README.read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, block.start(1)), block[1]) for block in found]


def test_the_examples_run_in_order(
    blocks: list[tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # for what they write
    assert len(blocks) >= 5
    text = "".join(code for _, code in blocks)
    assert all(said in text for said in SMALLER)
    names: dict[str, Any] = {}
    for line, code in blocks:
        for said, smaller in SMALLER.items():
            code = code.replace(said, smaller)
        exec(compile("\n" * line + code, str(README), "exec"), names)
    assert {file.name for file in tmp_path.iterdir()} == {"cell.bxs", "cells.bxh"}
    # a service's limits hold for the machine that the last example makes
    assert isinstance(names["config"], bx.ProductionConfig)
    created = names["audit"].entries(event="created")[0]
    assert created.details["quota"] == names["config"].quota().to_dict()
    assert names["config"].quota().memory_bytes is not None
    assert "completed" in capsys.readouterr().out
