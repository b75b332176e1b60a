"""The worked examples run, small, and draw their pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = {
    "first_run": ["--seconds", "20"],
    "knockout": ["--cells", "2", "--seconds", "30"],
    "traffic": ["--seconds", "5"],
    "noise": ["--cells", "4", "--seconds", "30"],
    "shared_chassis": ["--seconds", "20"],
}


def test_every_example_is_tried(checkout: Path) -> None:
    assert {path.stem for path in (checkout / "python" / "examples").glob("*.py")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_an_example_runs_and_draws(name: str, checkout: Path, tmp_path: Path) -> None:
    script = checkout / "python" / "examples" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script), *SMALL[name], "--out", "picture.png"],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    picture = (tmp_path / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 5_000
