"""The Python suite over an extension that AddressSanitizer and UndefinedBehaviorSanitizer watch.

    python tests/sanitized.py                                   # hypervisor and state
    python tests/sanitized.py tests/contract/test_state.py      # any arguments of pytest

Needs g++ and the packages of the tests. About two minutes go into the build, in a temporary folder;
the installed package stays as it is. Reports are printed at the end, those of child processes too:
there are none, or the script fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SELECTION = ["tests/unit", "tests/contract", "-k", "hypervisor or state"]


def build(folder: Path) -> Path:
    """Build the package with sanitizers; return the folder to import it from."""
    settings = {
        "build-dir": str(folder / "build"),
        "cmake.build-type": "Debug",
        "cmake.define.CMAKE_CXX_COMPILER": "g++",
        "cmake.define.CMAKE_CXX_FLAGS": "-O1",
        "cmake.define.CMAKE_CXX_FLAGS_DEBUG": "-g1",  # lines for the reports, and asserts stay
        "cmake.define.BIOXEN_SANITIZE": "address",
        "install.strip": "false",
    }
    options = [f"--config-settings={name}={value}" for name, value in settings.items()]
    target = folder / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target),
         *options, str(ROOT)],
        check=True,
    )  # fmt: skip
    return target


def library(name: str) -> str:
    """Path of a shared library of the compiler."""
    done = subprocess.run(
        ["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True
    )
    return str(Path(done.stdout.strip()).resolve(strict=True))


def environment(folder: Path, site: Path) -> dict[str, str]:
    """What lets a Python that knows nothing of sanitizers load the extension."""
    # Python keeps memory until its end, which is no leak of ours; pytest holds stderr, hence files.
    report = f"log_path={folder / 'report'}"
    return {
        **os.environ,
        # beside the sanitizer the C++ library, or it finds no `throw` to intercept
        "LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so')}",
        "ASAN_OPTIONS": f"detect_leaks=0:{report}",
        "UBSAN_OPTIONS": f"print_stacktrace=1:{report}",
        "PYTHONMALLOC": "malloc",  # each object of Python in memory of its own
        "PYTHONPATH": str(site),
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = build(folder)
        variables = environment(folder, site)
        check = "import bioxen_jcvi_vm_lib._core as core; print(core.__file__)"
        used = subprocess.run(
            [sys.executable, "-c", check], check=True, capture_output=True, text=True, env=variables
        ).stdout
        assert used.startswith(str(site)), f"the tests would run {used}"
        command = [sys.executable, "-m", "pytest", *(sys.argv[1:] or SELECTION)]
        done = subprocess.run(command, cwd=ROOT, env=variables, check=False)
        reports = sorted(folder.glob("report.*"))
        for report in reports:
            print(report.read_text(encoding="utf-8", errors="replace"))
        print(f"{len(reports)} reports of the sanitizers")
    return done.returncode or len(reports)


if __name__ == "__main__":
    sys.exit(main())
