"""What is installed: the package, its data and the C++ side for embedding, and nothing else."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "bioxen_jcvi_vm_lib"
SOURCE = ROOT / "python" / NAME
#: A wheel is 2.2 MB, of which the extension and the library for embedding are 1.7 MB.
MOST_BYTES_PACKED = 3_000_000
#: The CMake package, which `find_package(bioxen)` reads.
CMAKE = ("Config", "ConfigVersion", "Targets", "Targets-release")
#: Written by pip when it installs.
BY_PIP = {"INSTALLER", "REQUESTED", "direct_url.json"}
#: Where a machine that builds keeps its own.
OF_A_MACHINE = re.compile(
    rb"/(?:tmp|home|root|Users|private|build|builds|work|workspace|opt|mnt|srv|var)/[\w.+~-]"
)


@pytest.fixture(scope="module")
def installed() -> dict[str, Path]:
    """Every file of the wheel, by its path in it."""
    found: dict[str, Path] = {}
    for path in metadata.distribution(NAME).files or ():
        posix = PurePosixPath(path)
        script = ".." in posix.parts
        if not script and posix.suffix != ".pyc" and posix.name not in BY_PIP:
            found[posix.as_posix()] = Path(str(path.locate()))
    assert found
    return found


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """The table [project] of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    return project


def test_the_package_is_what_the_source_has_and_no_more(installed: dict[str, Path]) -> None:
    """No tests, benchmarks, leftovers of a build or data of others; nothing is missing."""
    python = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"py.typed", "_core.pyi", "genomes/minimal_cell.gb.gz"} < python
    assert len([name for name in python if name.startswith("organisms/")]) == 3
    headers = {f"include/bioxen/{p.name}" for p in (ROOT / "cpp/include/bioxen").iterdir()}
    cmake = {f"cmake/bioxen{name}.cmake" for name in CMAKE}
    package = {
        PurePosixPath(name).relative_to(NAME).as_posix()
        for name in installed
        if name.startswith(f"{NAME}/")
    }
    modules = {name for name in package if name.endswith((".so", ".pyd", ".dylib"))}
    assert len(modules) == 1
    assert modules.pop().startswith("_core.")
    package = {name for name in package if not name.endswith((".so", ".pyd", ".dylib"))}
    assert package == python | headers | cmake | {"lib/libbioxen.a"}


def test_beside_the_package_is_its_metadata_only(
    installed: dict[str, Path], declared: dict[str, Any]
) -> None:
    others = {name.partition("/") for name in installed if not name.startswith(f"{NAME}/")}
    assert {folder for folder, _, _ in others} == {f"{NAME}-{metadata.version(NAME)}.dist-info"}
    assert {rest for _, _, rest in others} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt"),
        *(f"licenses/{name}" for name in declared["license-files"]),
    }
    licence = next(path for name, path in installed.items() if name.endswith("/LICENSE"))
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_metadata_is_what_the_project_declares(declared: dict[str, Any]) -> None:
    told = metadata.metadata(NAME)
    header = (ROOT / "cpp/include/bioxen/version.hpp").read_text(encoding="utf-8")
    assert f'version = "{told["Version"]}"' in header
    assert told["License-Expression"] == declared["license"]
    assert told["Requires-Python"] == declared["requires-python"]
    assert set(told.get_all("Provides-Extra")) == set(declared["optional-dependencies"])
    needed = {re.split(r"[ <>=;\[]", line)[0] for line in metadata.requires(NAME) or ()}
    lists = [declared["dependencies"], *declared["optional-dependencies"].values()]
    assert needed == {re.split(r"[ <>=;\[]", line)[0] for lines in lists for line in lines}
    scripts = metadata.distribution(NAME).entry_points.select(group="console_scripts")
    assert {one.name: one.value for one in scripts} == declared["scripts"]


def test_no_file_knows_the_machine_that_built_it(installed: dict[str, Path]) -> None:
    """Neither a text nor the strings of the extension and the library, its search path included."""
    own = str(ROOT).encode()
    for name, path in installed.items():
        content = path.read_bytes()
        assert own not in content, name
        if path.suffix != ".gz":
            found = OF_A_MACHINE.search(content)
            assert found is None, (name, content[found.start() - 40 : found.end() + 40])


def test_it_is_small(installed: dict[str, Path]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, path in installed.items():
            wheel.write(path, name)
    assert packed.tell() <= MOST_BYTES_PACKED, packed.tell()
