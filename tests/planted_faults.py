"""Faults put into the product one at a time: the suite must find each.

    python tests/planted_faults.py      # some ten minutes; needs cmake, ninja and the package

Every fault is a replacement of text that must be there exactly once; the sources are copied first.
The C++ tests are built anew for each; the last one is tried on a copy of the installed package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    before: str
    after: str


FAULTS = [
    Fault(
        "a redraw after preemption",
        "cpp/src/cell/engine.cpp",
        "        if (next_candidate_ < horizon) return AdvanceStatus::preempted;\n",
        "        if (next_candidate_ < horizon) {\n"
        "            next_candidate_ = now_ + random_.exponential() * inverse_total_;\n"
        "            return AdvanceStatus::preempted;\n"
        "        }\n",
    ),
    Fault(
        "a dropped debit of the chassis",
        "cpp/src/hypervisor/chassis.cpp",
        "room.*member = usable - others.all.*member;",
        "room.*member = usable;",
    ),
    Fault(
        "a dropped debit of the ledger",
        "cpp/src/cell/supply.cpp",
        "            book_.supply_turns[i] += turns;\n",
        "",
    ),
    Fault(
        "a budget not replenished",
        "cpp/src/hypervisor/scheduler.cpp",
        "        task.budget_left_ns += task.policy.budget_ns;\n",
        "",
    ),
    Fault(
        "admission off by one worker",
        "cpp/src/hypervisor/scheduler.cpp",
        "    std::string shares;\n    for (std::size_t w = 0; w < workers_.size(); ++w) {",
        "    std::string shares;\n"
        "    for (std::size_t w = 0; w == 0 || w + 1 < workers_.size(); ++w) {",
    ),
    Fault(
        "a stale handle accepted",
        "cpp/src/hypervisor/hypervisor.cpp",
        "if (slots[handle.slot].generation != handle.generation || slots",
        "if (slots",
    ),
    Fault(
        "a lost wake-up",
        "cpp/src/hypervisor/scheduler.cpp",
        "            return;\n    }\n    call_any();\n",
        "            return;\n    }\n",
    ),
    Fault(
        "a wake-up not passed on",
        "cpp/src/hypervisor/scheduler.cpp",
        "    if (!fair_.empty() || !batch_.empty()) call_any();\n",
        "",
    ),
    Fault(
        "CPU time charged twice",
        "cpp/src/hypervisor/workers.cpp",
        "    r.cpu_ns += spent;\n",
        "    r.cpu_ns += 2 * spent;\n",
    ),
    Fault(
        "a missing fsync of the folder",
        "python/bioxen_jcvi_vm_lib/_saving.py",
        "                _sync(self._path.absolute().parent)\n",
        "",
    ),
]


def plant(fault: Fault, path: Path) -> str:
    """Put a fault into a file; return what the file was before."""
    text = path.read_text()
    if text.count(fault.before) != 1:
        raise SystemExit(f"{fault.name}: {fault.file} does not have its text once")
    path.write_text(text.replace(fault.before, fault.after))
    return text


def build(folder: Path) -> None:
    done = subprocess.run(
        ["cmake", "--build", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])


def failing(folder: Path) -> list[str]:
    """Names of the C++ tests that fail, of those that run cells."""
    done = subprocess.run(
        [
            "ctest",
            "--test-dir",
            str(folder),
            "-j2",
            "--timeout",
            "120",
            "-E",
            "genome|fuzz|reference",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return re.findall(r"^\s*\d+ - (\S+) \(", done.stdout.partition("tests FAILED:")[2], re.M)


def cpp_faults(faults: list[Fault], folder: Path) -> dict[str, list[str]]:
    source, built = folder / "source", folder / "build"
    for part in ("CMakeLists.txt", "cpp", "tests", "LICENSE", "README.md"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        (source / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, source / part)
    subprocess.run(
        ["cmake", "-G", "Ninja", "-S", str(source), "-B", str(built), "-DBIOXEN_TESTS=ON",
         "-DBIOXEN_INSTALL=OFF", "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O1"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    build(built)
    if found := failing(built):
        raise SystemExit(f"without any fault these fail: {', '.join(found)}")
    caught = {}
    for fault in faults:
        text = plant(fault, source / fault.file)
        build(built)
        caught[fault.name] = failing(built)
        (source / fault.file).write_text(text)
        report(fault.name, caught[fault.name])
    return caught


def python_faults(faults: list[Fault], folder: Path) -> dict[str, list[str]]:
    found = find_spec("bioxen_jcvi_vm_lib")
    if found is None or found.origin is None:
        raise SystemExit("install the package first: pip install .[test]")
    caught = {}
    for fault in faults:
        package = folder / "package" / "bioxen_jcvi_vm_lib"
        shutil.copytree(Path(found.origin).parent, package)
        plant(fault, package / Path(fault.file).name)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "tests/contract/test_state.py",
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(package.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        caught[fault.name] = re.findall(r"^FAILED (\S+)", done.stdout, re.M)
        shutil.rmtree(package.parent)
        report(fault.name, caught[fault.name])
    return caught


def report(name: str, tests: list[str]) -> None:
    print(f"{name}: {', '.join(tests) or 'NOT FOUND'}", flush=True)


def main() -> int:
    chosen = [fault for fault in FAULTS if not sys.argv[1:] or fault.name in sys.argv[1:]]
    cpp = [fault for fault in chosen if fault.file.startswith("cpp")]
    python = [fault for fault in chosen if fault not in cpp]
    with tempfile.TemporaryDirectory() as name:
        caught = python_faults(python, Path(name))
        if cpp:
            caught |= cpp_faults(cpp, Path(name))
    return int(not all(caught.values()))


if __name__ == "__main__":
    sys.exit(main())
