"""What may use what: the flow of the core, the bindings on its public side, and what is nowhere."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ROOT / "cpp" / "include" / "bioxen"
PRIVATE = ROOT / "cpp" / "src"
BINDINGS = ROOT / "python" / "bindings"
PACKAGE = ROOT / "python" / "bioxen_jcvi_vm_lib"

#: Folders of cpp/src in flow order: a stage uses its own and earlier ones.
STAGES = ("support", "genome", "program", "ledger", "network", "trace", "cell", "hypervisor")
#: Public headers in flow order, and the stages from which each may be used.
HEADERS = {
    "version.hpp": "support",
    "error.hpp": "support",
    "ids.hpp": "support",
    "species.hpp": "support",
    "genome.hpp": "genome",
    "organism.hpp": "program",
    "capacity.hpp": "program",
    "environment.hpp": "program",
    "program.hpp": "program",
    "ledger.hpp": "ledger",
    "cell_cycle.hpp": "trace",
    "trace.hpp": "trace",
    "cellular_context.hpp": "cell",
    "clock.hpp": "hypervisor",
    "turnstile.hpp": "hypervisor",
    "chassis.hpp": "hypervisor",
    "hypervisor.hpp": "hypervisor",
    "bioxen.hpp": "hypervisor",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(*folders: Path) -> list[Path]:
    """C++ files under some folders."""
    found = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".hpp", ".cpp", ".h")
    ]
    assert found
    return found


def includes(path: Path) -> list[str]:
    return [match[2] for match in INCLUDE.finditer(path.read_text(encoding="utf-8"))]


def code(path: Path) -> str:
    """A C++ file without comments and texts."""
    text = path.read_text(encoding="utf-8")
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, " ", text, flags=re.DOTALL)


def offences(paths: list[Path], pattern: str) -> list[str]:
    """Places where the code of a file matches."""
    return [
        f"{path.relative_to(ROOT)}: {match[0]!r}"
        for path in paths
        for match in re.finditer(pattern, code(path))
    ]


def stage_of(path: Path) -> str:
    """The stage that a file of the core belongs to."""
    return HEADERS[path.name] if path.parent == PUBLIC else path.relative_to(PRIVATE).parts[0]


def test_every_file_of_the_core_has_a_stage() -> None:
    for path in sources(PRIVATE):
        assert stage_of(path) in STAGES, path.relative_to(ROOT)
    for path in sources(PUBLIC):
        assert path.name in HEADERS, path.relative_to(ROOT)


def test_a_stage_uses_its_own_and_earlier_ones() -> None:
    late = []
    for path in sources(PRIVATE, PUBLIC):
        own = STAGES.index(stage_of(path))
        for name in includes(path):
            folder, _, rest = name.partition("/")
            used = HEADERS[rest] if folder == "bioxen" else folder
            if used in STAGES and STAGES.index(used) > own:
                late.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not late


def test_public_headers_use_public_and_standard_headers_only() -> None:
    for path in sources(PUBLIC):
        for name in includes(path):
            assert "/" not in name or name.startswith("bioxen/"), f"{path.name} includes {name}"
            assert name.startswith("bioxen/") or not name.endswith(".hpp"), path.name


def test_the_core_knows_no_python() -> None:
    for path in sources(ROOT / "cpp"):
        for name in includes(path):
            assert not re.search(r"pybind11|Python\.h|numpy", name), path.relative_to(ROOT)
    assert not offences(sources(ROOT / "cpp"), r"\bPy(?:Object|Err|GIL)\w*|\bpybind11\b")


def test_the_bindings_use_the_public_side_only() -> None:
    own = {path.name for path in BINDINGS.iterdir()}
    python = {"Python.h", "structmember.h", "unistd.h", "cxxabi.h"}
    for path in sources(BINDINGS):
        for name in includes(path):
            fits = (
                re.fullmatch(r"bioxen/\w+\.hpp|pybind11/\w+\.h|[a-z_]+", name)
                or name in own
                or name in python
            )
            assert fits, f"{path.relative_to(ROOT)} includes {name}"


def test_no_mathematics_whose_last_bit_depends_on_the_library() -> None:
    """Same bits everywhere: own log, exp and pow, own generator, own distributions."""
    functions = r"(?:std\s*::\s*|(?<![\w:.>]))(?:log|log2|log10|log1p|exp|exp2|expm1|pow)[fl]?\s*\("
    library = r"std\s*::\s*(?:mt19937\w*|minstd_\w+|random_device|\w+_distribution|\w*rand\w*)\b"
    files = sources(PRIVATE, PUBLIC)
    own = [path for path in files if path.parent.name == "support"]
    assert not offences([path for path in files if path not in own], functions)
    assert not offences(files, r"std\s*::\s*(?:log|exp|pow)\w*\s*\(")
    assert not offences(files, library)


def test_no_flag_makes_the_bits_depend_on_the_machine() -> None:
    files = [ROOT / "CMakeLists.txt", *sorted((ROOT / "cpp").rglob("*.cmake"))]
    files += [path for path in (ROOT / "pyproject.toml",) if path.exists()]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for flag in ("fast-math", "-Ofast", "-march", "-mtune", "unsafe-math", "-mfma", "-mavx"):
        assert flag not in text, flag
    assert "-ffp-contract=off" in text
    assert not offences(
        sources(ROOT / "cpp", BINDINGS), r"#\s*pragma\s+(?:GCC\s+optimize|STDC\s+FP)"
    )


def test_the_core_reads_and_writes_nothing() -> None:
    """Bytes in, values out: no files, no network, no environment, no console; one clock."""
    headers = (
        "fstream|filesystem|iostream|print|syncstream|unistd\\.h|fcntl\\.h|netdb\\.h|"
        "sys/\\w+\\.h|arpa/.*|netinet/.*|dlfcn\\.h|chrono|ctime|time\\.h"
    )
    timed = {"hypervisor/clock.cpp", "hypervisor/workers.cpp"}  # the clock, and waiting for it
    files = sources(PRIVATE, PUBLIC)
    untimed = [
        f for f in files if PUBLIC in f.parents or f.relative_to(PRIVATE).as_posix() not in timed
    ]
    for path in untimed:
        for name in includes(path):
            assert not re.fullmatch(headers, name), f"{path.relative_to(ROOT)} includes {name}"
    calls = (  # formatting into memory is none of these
        r"\b(?:FILE|fopen|fread|fwrite|printf|fprintf|vprintf|puts|std::cout|std::cerr|"
        r"getenv|system|popen|socket|clock_gettime)\b"
    )
    assert not offences(untimed, calls)


def calls_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_nothing_in_the_package_executes_text() -> None:
    forbidden = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load"}
    modules = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "code", "runpy", "subprocess"}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, name in calls_of(tree):
            assert name not in forbidden, f"{path.relative_to(ROOT)}:{line} calls {name}"
            assert not re.search(r"unsafe_load|full_load|UnsafeLoader|pickle", name), (path, line)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name.split(".")[0] for alias in node.names}
                if isinstance(node, ast.ImportFrom):
                    names = {(node.module or "").split(".")[0]}
                assert not names & modules, f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["g++", "clang++"])
@pytest.mark.parametrize("header", [path.name for path in sources(PUBLIC)])
def test_a_public_header_compiles_alone(header: str, name: str, tmp_path: Path) -> None:
    compiler = shutil.which(name)
    if compiler is None:
        pytest.skip(f"needs {name}")
    source = tmp_path / "alone.cpp"
    source.write_text(f"#include <bioxen/{header}>\n#include <bioxen/{header}>\n", encoding="utf-8")
    flags = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
    done = subprocess.run(
        [compiler, *flags, "-I", str(PUBLIC.parent), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_gil_is_taken_where_a_thread_may_wait_for_the_end_of_python() -> None:
    assert offences(sources(BINDINGS), r"gil_scoped_\w+|PyGILState_(?!Check)\w+") == []
