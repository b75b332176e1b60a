"""A file of a hypervisor is the old one or the new one, whole, whatever fails; a damaged one is
refused, and nothing has changed then.

Killing at every step of one save is in tests/contract/test_hypervisor_promises.py.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bioxen_jcvi_vm_lib as bx
from checksum import crc64

#: What a file system says when it can do no more.
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
#: Parts of a file, each of which is damaged.
PARTS = 200

Hypervisors = tuple[bx.BioXenHypervisor, bx.BioXenHypervisor]


@pytest.fixture(scope="module")
def two(small: bx.GenomicRuntime) -> Iterator[Hypervisors]:
    """Two hypervisors with other machines."""
    with (
        bx.BioXenHypervisor(workers=1, chassis=bx.Chassis.of_organism(small, 3)) as old,
        bx.BioXenHypervisor(workers=1) as new,
    ):
        old.create_vm("old", small, seed=1, policy=bx.Policy.deadline(0.001, 0.01))
        for name in ("new", "next"):
            new.start_vm(new.create_vm(name, small, seed=2, quota={"events": 10**9}))
        new.run(2.0)
        new.stop_vm("next")
        yield old, new


class Files(tuple[bytes, bytes]):
    """The old content and the new one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "the files"


@pytest.fixture(scope="module")
def bytes_of(two: Hypervisors) -> Files:
    """What each saves, which is the same every time."""
    files = Files(hypervisor._core.checkpoint() for hypervisor in two)
    assert min(map(len, files)) > 4096
    return files


@pytest.fixture(scope="module")
def taken_in(small: bx.GenomicRuntime, two: Hypervisors) -> Callable[[Path], list[str]]:
    """Load a file into a hypervisor as it needs."""

    def load(file: Path) -> list[str]:
        for chassis in (bx.Chassis.of_organism(small, 3), None):
            with (
                bx.BioXenHypervisor(workers=1, chassis=chassis) as hypervisor,
                contextlib.suppress(bx.ChassisInitializationError),
            ):
                hypervisor.load(file, runtimes=[small])
                return hypervisor.list_vms()
        raise AssertionError

    return load


# -- saving ----------------------------------------------------------------------------------------


class Failing:
    """Lets the calls that `_saving` makes of the operating system fail, one by one."""

    CALLS = ("lstat", "open", "fchmod", "close", "fsync", "replace", "unlink")

    def __init__(self, patch: pytest.MonkeyPatch, error: int, first: int, most: int) -> None:
        self._error, self._first, self._most = error, first, most
        self.made: list[str] = []
        self.failed: list[str] = []
        for name in self.CALLS:
            patch.setattr(os, name, self._counted(name, getattr(os, name)))
        patch.setattr(Path, "write_bytes", self._counted("write", Path.write_bytes))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.made.append(name)
            if not self._first < len(self.made) <= self._first + self._most:
                return call(*arguments, **named)
            self.failed.append(name)
            if name == "close":  # the descriptor is gone all the same
                call(*arguments, **named)
            if name == "write":  # some of it was written
                path, data = arguments
                call(path, data[: len(data) // 2])
            raise OSError(self._error, os.strerror(self._error))

        return counted


def save(
    hypervisor: bx.BioXenHypervisor, file: Path, error: int, first: int, most: int
) -> tuple[Failing, bool]:
    with pytest.MonkeyPatch.context() as patch:
        failing = Failing(patch, error, first, most)
        refused = ""
        try:
            hypervisor.save(file)
        except bx.APIValidationError as why:
            refused = str(why)
    assert not refused or os.strerror(error) in refused
    return failing, bool(refused)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("is_there", [True, False])
def test_whatever_call_fails_the_file_is_the_old_one_or_the_new_one(
    two: Hypervisors, bytes_of: Files, tmp_path: Path, error: int, is_there: bool
) -> None:
    """One call fails, or all from one on; with nothing there before, the old file is none."""
    old, new = bytes_of if is_there else (None, bytes_of[1])
    file = tmp_path / "cells.bxh"
    failed: set[str] = set()
    for most in (1, 1000):
        for first in range(40):
            file.unlink(missing_ok=True)
            if old is not None:
                file.write_bytes(old)
            failing, refused = save(two[1], file, error, first, most)
            found = file.read_bytes() if file.exists() else None
            what = f"{failing.failed} failed after {failing.made[:first]}"
            assert found in (old, new), what
            assert refused or found == new, what
            if "replace" not in failing.made[:first]:
                assert found == (old if failing.failed else new), what
            beside = [path.name for path in tmp_path.iterdir() if path != file]
            if most == 1:  # else what is beside it cannot be removed
                assert beside == [], what
            for name in beside:
                (tmp_path / name).unlink()
            if not failing.failed:
                break
            assert refused, what
            failed.update(failing.failed)
        assert first > 6
    assert failed >= {"open", "close", "fsync", "replace", "write"}
    assert ("fchmod" in failed) == is_there  # its permissions are kept


def test_a_disk_that_takes_only_so_much_keeps_the_old_file(
    two: Hypervisors, bytes_of: Files, tmp_path: Path
) -> None:
    """The system itself writes short, at every sixty-fourth of the file and about its ends."""
    old, new = bytes_of
    file = tmp_path / "cells.bxh"
    file.write_bytes(old)
    sizes = {len(new) * part // 64 for part in range(64)} | {0, 1, 7, 8, 24, len(new) - 1}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in sorted(sizes):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            with pytest.raises(bx.APIValidationError, match="cannot be written: File too large"):
                two[1].save(file)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert file.read_bytes() == old, size
        assert [path.name for path in tmp_path.iterdir()] == ["cells.bxh"], size
    two[1].save(file)
    assert file.read_bytes() == new


SAVE_FOR_EVER = """
import sys
import bioxen_jcvi_vm_lib as bx
hypervisor = bx.BioXenHypervisor(workers=1)
runtime = bx.GenomicVirtualizationManager().load_genome_runtime(sys.argv[2])
print(flush=True)
for number in range(10**9):
    hypervisor.create_vm(str(number), runtime, seed=number)
    hypervisor.save(sys.argv[1])
    hypervisor.destroy_vm(str(number))
"""


def test_a_hypervisor_killed_at_any_moment_leaves_a_whole_file(
    small: bx.GenomicRuntime, small_file: Path, tmp_path: Path
) -> None:
    """By the system, without warning, while it saves over and over."""
    file = tmp_path / "cells.bxh"
    for delay_s in (0.05, 0.061, 0.072, 0.103):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(file), str(small_file)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        while not file.exists() and child.poll() is None:
            time.sleep(0.001)
        time.sleep(delay_s)
        child.kill()
        child.communicate()
        with bx.BioXenHypervisor(workers=1) as hypervisor:
            hypervisor.load(file, runtimes=[small])
            (name,) = hypervisor.list_vms()
            assert name.isdigit()


# -- loading ---------------------------------------------------------------------------------------


def test_every_part_of_a_file_is_checked(
    small: bx.GenomicRuntime,
    bytes_of: Files,
    taken_in: Callable[[Path], list[str]],
    tmp_path: Path,
) -> None:
    """A bit flipped, or the end cut off, at every 200th of the file."""
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=1, chassis=bx.Chassis.of_organism(small, 3)) as empty:
        before = (empty.list_vms(), empty.get_system_resources())
        for data, names in zip(bytes_of, (["old"], ["new", "next"]), strict=True):
            for part in range(PARTS):
                place = len(data) * part // PARTS
                flipped = bytearray(data)
                flipped[place] ^= 1 << part % 8
                for damaged in (flipped, data[:place]):
                    file.write_bytes(damaged)
                    with pytest.raises(bx.SnapshotError):
                        empty.load(file, runtimes=[small])
            file.write_bytes(data)
            assert taken_in(file) == names
        assert (empty.list_vms(), empty.get_system_resources()) == before


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.floats(0, 1), st.binary(min_size=1, max_size=16)),
        st.tuples(st.just("insert"), st.floats(0, 1), st.binary(min_size=1, max_size=64)),
        st.tuples(st.just("drop"), st.floats(0, 1), st.integers(1, 64)),
        st.tuples(st.just("repeat"), st.floats(0, 1), st.integers(1, 256)),
        st.tuples(st.just("other"), st.floats(0, 1), st.none()),
    ),
    min_size=1,
    max_size=4,
)


def damage(data: bytes, other: bytes, edits: list[tuple[str, float, Any]]) -> bytes:
    """Make of one file another, as bad disks, cables and programs do."""
    for kind, where, what in edits:
        place = int(where * len(data))
        if kind == "put":
            data = data[:place] + what + data[place + len(what) :]
        elif kind == "insert":
            data = data[:place] + what + data[place:]
        elif kind == "drop":
            data = data[:place] + data[place + what :]
        elif kind == "repeat":
            data = data[: place + what] + data[place:]
        else:  # the rest is that of another file
            data = data[:place] + other[place:]
    return data


def sealed(data: bytes) -> bytes:
    """Make length and checksum right, so that what is inside is looked at."""
    if len(data) < 32:
        return data
    body = data[:16] + len(data).to_bytes(8, "little") + data[24:-8]
    return body + crc64(body).to_bytes(8, "little")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(edits=EDITS, first=st.booleans(), seal=st.booleans())
def test_whatever_is_damaged_is_refused_and_changes_nothing(
    small: bx.GenomicRuntime,
    bytes_of: Files,
    edits: list[tuple[str, float, Any]],
    first: bool,
    seal: bool,
) -> None:
    """With a right checksum, too: then it is refused as something, or taken in whole."""
    data, other = bytes_of if first else bytes_of[::-1]
    damaged = damage(data, other, edits)
    damaged = sealed(damaged) if seal else damaged
    is_right = seal or damaged in bytes_of  # nothing but what it says can be wrong with it
    refusals = (
        (bx.SnapshotError, bx.ResourceAllocationError, bx.ChassisInitializationError)
        if is_right
        else (bx.SnapshotError,)
    )
    chassis = bx.Chassis.of_organism(small, 3) if first else None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cells.bxh"
        file.write_bytes(damaged)
        with bx.BioXenHypervisor(workers=1, chassis=chassis) as hypervisor:
            before = hypervisor.get_system_resources()
            try:
                hypervisor.load(file, runtimes=[small])
            except refusals:
                assert hypervisor.list_vms() == []
                assert hypervisor._core.contexts() == []
                assert hypervisor.get_system_resources() == before
                hypervisor.load(_whole(file, data), runtimes=[small])
            else:
                assert is_right
            assert hypervisor.list_vms()
            for vm in hypervisor.metrics().vms:
                assert vm.state != "error" or vm.cause is not None


def _whole(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


LOAD_IN_LITTLE_MEMORY = """
import resource, sys
import bioxen_jcvi_vm_lib as bx
runtime = bx.GenomicVirtualizationManager().load_genome_runtime(sys.argv[1])
hypervisor = bx.BioXenHypervisor(workers=1)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (64 << 20),) * 2)
for file in sys.argv[2:]:
    try:
        hypervisor.load(file, runtimes=[runtime])
    except (bx.SnapshotError, bx.ResourceAllocationError, bx.ChassisInitializationError):
        print("refused")
    else:
        print(*hypervisor.list_vms())
    for name in hypervisor.list_vms():
        hypervisor.destroy_vm(name)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_no_memory_is_taken_for_what_a_file_only_claims(
    small: bx.GenomicRuntime, small_file: Path, tmp_path: Path
) -> None:
    """Numbers of entries that no file can hold, under a right checksum, and a file of a terabyte,
    in a process that may take 64 MiB.
    """
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.create_vm("a", small, seed=1)
        data = hypervisor._core.checkpoint()
    files = []
    for place in range(24, 400):  # wherever in the first lists a number may stand
        forged = bytearray(data)
        forged[place : place + 4] = b"\xf0\xff\xff\x7f"
        files.append(tmp_path / f"{place}.bxh")
        files[-1].write_bytes(sealed(bytes(forged)))
    huge = tmp_path / "huge.bxh"
    huge.write_bytes(data)
    os.truncate(huge, 2**40)
    whole = tmp_path / "whole.bxh"
    whole.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", LOAD_IN_LITTLE_MEMORY, small_file, *files, huge, whole],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *told, of_huge, of_whole = done.stdout.splitlines()
    assert len(told) == len(files)
    assert told.count("refused") > len(files) // 2
    assert (of_huge, of_whole) == ("refused", "a")
