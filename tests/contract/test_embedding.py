"""What a C++ host was promised: the installed package builds it, its cells run as Python's do."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.embedding import organism_header

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
EXAMPLE = CHECKOUT / "cpp" / "examples" / "embed"
PACKAGE = Path(bx.get_include()).parent
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
SANITIZED = "-fsanitize=address,undefined -fno-sanitize-recover=all"


def tool(name: str) -> str:
    """Path of a program, those beside Python first; without it the test is skipped."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"needs {name}")
    return found


def done(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )


def output(*command: str | Path) -> str:
    """What a command prints; it must succeed and not complain."""
    result = done(*command)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert not result.stderr, result.stderr[-3000:]
    return result.stdout


def configured(source: Path, build: Path, **variables: str | Path) -> list[str | Path]:
    """The command that configures a build with Ninja and g++."""
    given = {"CMAKE_MAKE_PROGRAM": tool("ninja"), "CMAKE_CXX_COMPILER": tool("g++"), **variables}
    definitions = [f"-D{name}={value}" for name, value in given.items()]
    return [tool("cmake"), "-G", "Ninja", "-S", source, "-B", build, *definitions]


def built(source: Path, build: Path, **variables: str | Path) -> Path:
    """Configure and build; returns the folder of the build."""
    output(*configured(source, build, **variables))
    output(tool("cmake"), "--build", build, "--parallel", "2")
    return build


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in genome as a C++ host reads it: not compressed."""
    packed = resources.files("bioxen_jcvi_vm_lib") / "genomes" / "minimal_cell.gb.gz"
    path = tmp_path_factory.mktemp("genome") / "minimal_cell.gb"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path


@pytest.fixture(scope="module")
def embed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built against the installed package."""
    folder = tmp_path_factory.mktemp("embed")
    return built(EXAMPLE, folder, bioxen_DIR=bx.get_cmake_dir(), CMAKE_CXX_FLAGS=STRICT) / "embed"


# -- the example ----------------------------------------------------------------------------------

ROW = re.compile(r" *(\d+) +([123]) +(\d+\.\d{4}) +(\d+) +(\d+) +(\d+) +(\d+)")
VERDICT = re.compile(
    r"cell ([123]): (\d+) Trp given, books agree; audit of (\d+) accounts: ok", re.MULTILINE
)


@pytest.mark.slow
@pytest.mark.parametrize("built_in", [True, False], ids=["minimal_cell", "tiny"])
def test_a_host_steps_three_cells_and_their_ledgers_confirm_its_books(
    embed: Path, genome: Path, built_in: bool
) -> None:
    printed = output(embed, *([genome] if built_in else []))
    print(printed)
    lines = printed.splitlines()
    assert lines[0].startswith(f"bioxen {bx.__version__}, program ")
    assert lines[0].endswith(f", {471 if built_in else 2} genes")
    rows = [
        [float(cell) for cell in match.groups()] for match in map(ROW.fullmatch, lines) if match
    ]
    assert [(row[0], row[1]) for row in rows] == [
        (60 * k, cell) for k in range(6) for cell in (1, 2, 3)
    ]
    medium = [row[2] for row in rows]
    assert medium == sorted(medium, reverse=True)  # the cells eat more than flows in
    for cell in (1, 2, 3):
        proteins = [row[4] for row in rows if row[1] == cell]
        assert proteins == sorted(proteins)
        assert proteins[-1] > 0
        # without a file all that is fed piles up; a genome of 471 genes makes proteins of it
        trp = [row[3] for row in rows if row[1] == cell][-1]
        assert (trp < 3000) == built_in
    verdicts = VERDICT.findall(printed)
    assert [verdict[0] for verdict in verdicts] == ["1", "2", "3"]
    assert all(int(given) > 10_000 and int(accounts) > 100 for _, given, accounts in verdicts)


@pytest.mark.slow
def test_the_example_is_clean_under_sanitizers_against_a_moved_package(
    embed: Path, genome: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere" / PACKAGE.name
    for part in ("include", "lib", "cmake"):
        shutil.copytree(PACKAGE / part, moved / part)
    sanitized = built(
        EXAMPLE,
        tmp_path / "build",
        CMAKE_PREFIX_PATH=moved,
        CMAKE_BUILD_TYPE="Debug",
        CMAKE_CXX_FLAGS=SANITIZED,
    )
    assert str(moved) in (sanitized / "CMakeCache.txt").read_text(encoding="utf-8")
    assert output(sanitized / "embed", genome) == output(embed, genome)
    assert output(sanitized / "embed") == output(embed)


@pytest.mark.slow
def test_a_file_that_is_no_genome_ends_the_host_with_one_line(embed: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("Dear genome,\n", encoding="utf-8")
    for path, said in [(tmp_path / "text", "unknown format"), (tmp_path / "none", "cannot read")]:
        result = done(embed, path)
        assert result.returncode == 1
        assert result.stderr.startswith(f"embed: {said}")
        assert result.stderr.count("\n") == 1


# -- the same cell as from Python -----------------------------------------------------------------


def python_run(genome: Path, organism: str) -> list[str]:
    """The lines that embedded_run.cpp prints, from the Python API."""
    with bx.GenomicVirtualizationManager() as manager:
        runtime = manager.load_genome_runtime(genome, organism=organism)
        context = manager.create_cellular_context(runtime, seed=7)
        result = manager.execute_genomic_program("run(8, every_s=0.3)", context)
        lines = [f"program {result.runtime_fingerprint}"]
        for row, time_s in enumerate(result.time_s.tolist()):
            lines.append(f"time_s {time_s.hex()}")
            lines.append(" ".join(["proteins", *map(str, result.proteins[row])]))
            lines.append(" ".join(["mrnas", *map(str, result.mrnas[row])]))
            pools = [column[row] for column in result.resources.values()]
            lines.append(" ".join(["resources", *map(str, pools)]))
            for name in ("rna_polymerase", "ribosome", "degradosome"):
                counts = [result.machines[name][key][row] for key in ("total", "free", "active")]
                lines.append(" ".join(["machine", *map(str, counts)]))
        return [*lines, f"audit {int(result.audit.ok)}"]


def comparable(lines: list[str]) -> list[str]:
    """Times as numbers: C and Python write hexadecimal floats differently."""
    return [
        f"time_s {float.fromhex(line.split()[1])!r}" if line.startswith("time_s") else line
        for line in lines
    ]


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_a_cell_in_a_host_runs_as_in_python(compiler: str, genome: Path, tmp_path: Path) -> None:
    """Every number of every sample, for each organism, and without CMake."""
    organisms = ("minimal_cell", "syn3a", "ecoli")
    for name in organisms:
        (tmp_path / f"{name}.hpp").write_text(organism_header(name), encoding="utf-8")
    output(
        *(tool(compiler), "-std=c++20", "-O1", *STRICT.split(), f"-I{bx.get_include()}"),
        *(f"-I{tmp_path}", HERE / "embedded_run.cpp", PACKAGE / "lib" / "libbioxen.a"),
        *("-o", tmp_path / "run"),
    )
    seen = output(tmp_path / "run", genome).splitlines()
    expected = [line for name in organisms for line in python_run(genome, name)]
    assert comparable(seen) == comparable(expected)


def test_the_parameters_of_the_example_are_those_of_the_library() -> None:
    committed = (EXAMPLE / "minimal_cell.hpp").read_text(encoding="utf-8")
    assert committed == organism_header("minimal_cell"), (
        f"run: {sys.executable} -m bioxen_jcvi_vm_lib.embedding minimal_cell > "
        "cpp/examples/embed/minimal_cell.hpp"
    )


def test_a_header_of_an_unknown_organism_is_refused_in_one_line() -> None:
    result = done(sys.executable, "-m", "bioxen_jcvi_vm_lib.embedding", "syn3")
    assert result.returncode == 1
    assert result.stderr.startswith("bioxen: BX005 INVALID_CONFIGURATION: unknown organism 'syn3'")
    assert "syn3a" in result.stderr
    assert result.stderr.count("\n") == 1


# -- a wrong version ------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["99.0", "0.0.9", "0.2"])
def test_cmake_refuses_another_version_and_names_both(wanted: str, tmp_path: Path) -> None:
    result = done(
        *configured(EXAMPLE, tmp_path, bioxen_DIR=bx.get_cmake_dir(), BIOXEN_WANTED=wanted)
    )
    assert result.returncode != 0
    said = " ".join(result.stderr.split())
    assert f'compatible with requested version "{wanted}"' in said
    assert f"bioxenConfig.cmake, version: {bx.__version__}" in said


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_headers_of_another_version_do_not_link_and_the_message_names_it(
    compiler: str, tmp_path: Path
) -> None:
    """A host that uses nothing of a later library but one header."""
    headers = tmp_path / "include"
    shutil.copytree(bx.get_include(), headers)
    source = tmp_path / "host.cpp"
    source.write_text("#include <bioxen/genome.hpp>\nint main() {}\n", encoding="utf-8")
    link = [
        *(tool(compiler), "-std=c++20", "-O2", f"-I{headers}", source),
        *(PACKAGE / "lib" / "libbioxen.a", "-o", tmp_path / "host"),
    ]
    output(*link)
    output(tmp_path / "host")
    version = headers / "bioxen" / "version.hpp"
    text = version.read_text(encoding="utf-8")
    later = re.sub(r"(VERSION_PATCH) \d+", r"\1 77", text)
    assert later != text
    version.write_text(later, encoding="utf-8")
    result = done(*link)
    assert result.returncode != 0
    major, minor, _ = bx.__version__.split(".")
    assert f"bioxen::library_has_version<{major}, {minor}, 77>()" in result.stderr


def test_the_version_is_one() -> None:
    text = (PACKAGE / "include" / "bioxen" / "version.hpp").read_text(encoding="utf-8")
    numbers = re.findall(r"#define BIOXEN_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text)
    assert ".".join(numbers) == bx.__version__
    assert f'version = "{bx.__version__}"' in text


# -- what is installed ----------------------------------------------------------------------------


def test_the_package_carries_headers_library_and_cmake_files() -> None:
    assert Path(bx.get_include()) == PACKAGE / "include"
    assert Path(bx.get_cmake_dir()) == PACKAGE / "cmake"
    public = sorted(path.name for path in (CHECKOUT / "cpp" / "include" / "bioxen").iterdir())
    carried = [path for path in (PACKAGE / "include").rglob("*") if path.is_file()]
    assert sorted(path.name for path in carried) == public
    assert {path.parent for path in carried} == {PACKAGE / "include" / "bioxen"}
    assert [path.name for path in (PACKAGE / "lib").iterdir()] == ["libbioxen.a"]


def test_the_library_is_machine_code_that_every_linker_reads() -> None:
    archive = (PACKAGE / "lib" / "libbioxen.a").read_bytes()
    assert archive.startswith(b"!<arch>\n")
    assert archive.count(b"\x7fELF") > 20
    for intermediate in (b".gnu.lto_", b"BC\xc0\xde", b".llvm.lto"):
        assert intermediate not in archive, intermediate


def test_nothing_installed_names_a_folder_of_the_machine_that_built_it() -> None:
    folder = re.compile(rb"(?<![\w.}/])/(?:tmp|home|root|build|usr|opt|work|mnt|private)\b[^\s\"]*")
    for part in ("include", "lib", "cmake"):
        for path in (PACKAGE / part).rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert str(CHECKOUT).encode() not in content, path
                assert not folder.findall(content), (path, folder.findall(content)[:3])


def test_a_package_without_its_cpp_side_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from bioxen_jcvi_vm_lib import embedding

    monkeypatch.setattr(embedding, "_HOME", Path("nowhere"))
    for ask in (embedding.get_include, embedding.get_cmake_dir):
        with pytest.raises(bx.MissingDependencyError, match="install bioxen_jcvi_vm_lib with pip"):
            ask()


# -- without Python -------------------------------------------------------------------------------

SUPERPROJECT = """\
cmake_minimum_required(VERSION 3.24)
project(host LANGUAGES CXX)
add_subdirectory("{checkout}" bioxen)
add_executable(embed "{example}/main.cpp")
target_link_libraries(embed PRIVATE bioxen::bioxen)
"""


@pytest.mark.slow
def test_the_source_serves_as_a_part_of_another_build_and_installs_without_python(
    embed: Path, tmp_path: Path
) -> None:
    """One build without optimisation shows both, and that the bits do not depend on it."""
    source = tmp_path / "host"
    source.mkdir()
    text = SUPERPROJECT.format(checkout=CHECKOUT.as_posix(), example=EXAMPLE.as_posix())
    (source / "CMakeLists.txt").write_text(text, encoding="utf-8")
    build = built(
        *(source, tmp_path / "build"),
        CMAKE_CXX_FLAGS="-O0",
        CMAKE_BUILD_TYPE="None",
        BIOXEN_INSTALL="ON",
    )
    expected = output(embed)
    assert output(build / "embed") == expected
    prefix = tmp_path / "prefix"
    output(tool("cmake"), "--install", build, "--prefix", prefix)
    shutil.rmtree(build)
    again = built(EXAMPLE, tmp_path / "again", CMAKE_PREFIX_PATH=prefix)
    assert output(again / "embed") == expected
