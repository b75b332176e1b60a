"""Snapshots, saved files and forks, as users have them."""

from __future__ import annotations

import copy
import errno
import hashlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx

CONTINUE = """
import sys
import bioxen_jcvi_vm_lib as bx
manager = bx.GenomicVirtualizationManager()
cell = bx.CellularContext.load(sys.argv[1], manager.load_genome_runtime())
cell.run(float(sys.argv[2]) - cell.time_s)
print(cell.trajectory_hash)
"""

#: Saves the second file's bytes over the first file, and dies at call number argv[3] of the system.
DIE_WHILE_SAVING = """
import os, sys
from pathlib import Path
from bioxen_jcvi_vm_lib._saving import save_bytes
data = Path(sys.argv[2]).read_bytes()
left = int(sys.argv[3])
def counted(call):
    def step(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return call(*arguments, **named)
    return step
def in_halves(path, data):
    with open(path, "wb", buffering=0) as file:
        file.write(data[: len(data) // 2])
        counted(int)()
        file.write(data[len(data) // 2 :])
Path.write_bytes = counted(in_halves)
Path.replace, Path.unlink = counted(Path.replace), counted(Path.unlink)
os.fchmod = counted(os.fchmod)
os.open, os.fsync, os.close = counted(os.open), counted(os.fsync), counted(os.close)
save_bytes(sys.argv[1], data)
"""


def test_a_saved_cell_goes_on_bit_for_bit_in_a_new_process(
    context: bx.CellularContext, tmp_path: Path
) -> None:
    context.run(7.3)
    file = tmp_path / "cell.bxs"
    context.save(file)
    context.run(12.7)
    done = subprocess.run(
        [sys.executable, "-c", CONTINUE, str(file), str(context.time_s)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == context.trajectory_hash


def test_a_crash_while_saving_leaves_the_old_file_or_the_new_one(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    old = manager.create_cellular_context(runtime, seed=1).snapshot()
    new = manager.create_cellular_context(runtime, seed=2).snapshot()
    file, source = tmp_path / "cell.bxs", tmp_path / "new.bxs"
    source.write_bytes(new)
    found = []
    for step in range(40):
        file.write_bytes(old)
        arguments = [sys.executable, "-c", DIE_WHILE_SAVING, str(file), str(source), str(step)]
        done = subprocess.run(arguments, check=False)
        content = file.read_bytes()
        assert content in (old, new), f"killed at step {step}"
        found.append(content == new)
        if done.returncode == 0:
            break
        assert done.returncode == 9
    # it died before the rename, after it, and at last not at all
    assert found == sorted(found)
    assert found.count(False) >= 5
    assert found.count(True) >= 4


def test_a_failed_save_says_why_and_keeps_the_old_file(
    context: bx.CellularContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(bx.APIValidationError, match="cannot be written: No such file"):
        context.save(tmp_path / "missing" / "cell.bxs")
    with pytest.raises(bx.APIValidationError, match="is a directory"):
        context.save(tmp_path)
    assert not any(tmp_path.iterdir())
    file = tmp_path / "cell.bxs"
    file.write_bytes(b"old")
    file.chmod(0o600)

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(bx.APIValidationError, match="No space left"):
            context.save(file)
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["cell.bxs"]
    for path in ("", "/", "a\0b", "x" * 300, file / "x", "\ud800", "/dev/null", None, 3, b"x"):
        with pytest.raises(
            bx.APIValidationError, match=r"cannot be written|no name|must be a path"
        ):
            context.save(path)  # type: ignore[arg-type]
    context.save(file)
    assert file.stat().st_mode & 0o777 == 0o600
    mask = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:  # other threads make files meanwhile
            patch.setattr(os, "umask", None)
            context.save(tmp_path / "new.bxs")
        assert (tmp_path / "new.bxs").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(mask)
    for path in ("a\0b", "x" * 300, "/dev/zero", tmp_path, "", None):
        with pytest.raises((bx.SnapshotError, bx.APIValidationError)):
            bx.CellularContext.load(path, context.runtime)  # type: ignore[arg-type]


def test_threads_that_save_one_file_never_leave_a_torn_one(
    context: bx.CellularContext, tmp_path: Path
) -> None:
    file = tmp_path / "cell.bxs"
    context.save(file)
    contexts = [context.fork() for _ in range(2)]
    with ThreadPoolExecutor(3) as pool:
        saves = [pool.submit(lambda c=c: [c.save(file) for _ in range(60)]) for c in contexts]
        while not all(save.done() for save in saves):
            bx.CellularContext.load(file, context.runtime)
        for save in saves:
            save.result()
    assert [path.name for path in tmp_path.iterdir()] == ["cell.bxs"]


def test_a_cell_is_not_copied_by_accident(context: bx.CellularContext) -> None:
    for copy_of in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(bx.APIValidationError, match="fork"):
            copy_of(context)


def test_a_pool_set_between_two_ticks_is_restored(context: bx.CellularContext) -> None:
    context.run(20.005)
    for name in ("GDP", "ADP", "Pi", "PPi"):
        context.set_resource(name, 0)
    restored = bx.CellularContext.restore(context.snapshot(), context.runtime)
    for cell in (context, restored):
        cell.run(1.0)
    assert restored.trajectory_hash == context.trajectory_hash
    assert restored.audit().ok


def test_a_replay_repeats_the_future_and_a_fork_has_its_own(context: bx.CellularContext) -> None:
    context.run(5.0)
    replay, fork, other = context.fork(replay=True), context.fork(), context.fork()
    seeded = context.fork(seed=99)
    assert (replay.seed, fork.seed, seeded.seed) == (7, 7, 99)
    assert (fork.proteins == context.proteins).all()
    cells = (context, replay, fork, other, seeded)
    for cell in cells:
        cell.run(5.0)
        assert cell.audit().ok
    assert replay.trajectory_hash == context.trajectory_hash
    assert len({cell.trajectory_hash for cell in cells}) == 4


def test_a_replay_with_a_seed_is_refused(context: bx.CellularContext) -> None:
    before = context.snapshot()
    with pytest.raises(bx.APIValidationError, match="contradicts itself"):
        context.fork(seed=3, replay=True)
    for wrong in (-1, 2**64, 1.5, "7", True):
        with pytest.raises(bx.APIValidationError, match="seed"):
            context.fork(seed=wrong)  # type: ignore[arg-type]
    assert context.snapshot() == before


def test_a_context_with_overrides_is_restored_with_them(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(
        runtime, seed=3, ribosome_allocation=111, translation_execution_rate=17.0
    )
    cell.run(3.0)
    restored = bx.CellularContext.restore(cell.snapshot(), runtime)
    assert restored.machines["ribosome"]["total"] == 111
    for each in (cell, restored):
        each.run(3.0)
    assert restored.trajectory_hash == cell.trajectory_hash


def test_a_snapshot_of_something_else_is_refused(
    manager: bx.GenomicVirtualizationManager,
    context: bx.CellularContext,
    runtime: bx.GenomicRuntime,
    tmp_path: Path,
) -> None:
    sound = context.snapshot()
    other = manager.load_genome_runtime(b">x\nACGTACGTACGT\n")
    wrong: list[tuple[bytes, bx.GenomicRuntime, str]] = [
        (sound, other, "another genome"),
        (b"", runtime, "too few"),
        (b"short", runtime, "not a snapshot"),
        (b"x" * 1000, runtime, "not a snapshot"),
        (sound[:-1], runtime, "it was cut"),
        (sound + b"\0", runtime, "something was added"),
        (sound[:12] + b"\1\0\0\0" + sound[16:], runtime, "version 1; this library reads version 3"),
        (sound[:8] + sound[8:12][::-1] + sound[12:], runtime, "another order"),
        (sound[:500] + bytes([sound[500] ^ 1]) + sound[501:], runtime, "checksum"),
    ]
    for data, genome, message in wrong:
        with pytest.raises(bx.SnapshotError, match=message) as caught:
            bx.CellularContext.restore(data, genome)
        assert caught.value.code == "BX016"
    for argument in ("text", None, 3):
        with pytest.raises(bx.APIValidationError, match="a snapshot is bytes"):
            bx.CellularContext.restore(argument, runtime)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="runtime"):
        bx.CellularContext.restore(sound, "syn3A.gb")  # type: ignore[arg-type]
    with pytest.raises(bx.SnapshotError, match="cannot be read"):
        bx.CellularContext.load(tmp_path / "none.bxs", runtime)
    with pytest.raises(bx.SnapshotError, match="Is a directory"):
        bx.CellularContext.load(tmp_path, runtime)
    context.close()
    with pytest.raises(bx.GenomicRuntimeError, match="closed"):
        context.snapshot()


def test_programs_save_inside_the_snapshot_folder_and_nowhere_else(
    runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    with bx.GenomicVirtualizationManager({"snapshot_dir": str(folder)}) as manager:
        cell = manager.create_cellular_context(manager.load_genome_runtime(), seed=7)
        manager.execute_genomic_program('run(2); snapshot("two-seconds.1"); run(3)', cell)
        saved = bx.CellularContext.load(folder / "two-seconds.1.bxs", runtime)
        assert saved.time_s == 2.0
        saved.run(3.0)
        assert saved.trajectory_hash == cell.trajectory_hash
        before = cell.snapshot()
        for name in (
            "../out",
            "/tmp/out",
            "a/b",
            "a\\\\b",
            ".hidden",
            "-x",
            "..",
            "a b",
            "ä",
            "x" * 201,
        ):
            with pytest.raises(bx.InvalidConfigurationError, match="inside snapshot_dir") as caught:
                cell.execute(f'run(1); snapshot("{name}")')
            assert caught.value.code == "BX005"
        assert cell.snapshot() == before  # nothing ran
        assert sorted(path.name for path in folder.iterdir()) == ["two-seconds.1.bxs"]
        assert [path.name for path in tmp_path.iterdir()] == ["snapshots"]
    with bx.GenomicVirtualizationManager() as manager:
        cell = manager.create_cellular_context(runtime, seed=7)
        with pytest.raises(bx.InvalidConfigurationError, match="set snapshot_dir"):
            cell.execute('snapshot("x")')
        lost = manager.create_cellular_context(runtime, seed=7, snapshot_dir=str(tmp_path / "none"))
        with pytest.raises(bx.InvalidConfigurationError, match="is no folder"):
            lost.execute('snapshot("x")')


def test_a_running_context_may_be_copied_between_its_events(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    cell = manager.create_cellular_context(runtime, seed=7)
    running = threading.Thread(target=cell.run, args=(400.0,))
    running.start()
    while running.is_alive() and cell.time_s == 0.0:
        time.sleep(0)
    copies: list[Callable[[], bx.CellularContext]] = [
        lambda: bx.CellularContext.restore(cell.snapshot(), runtime),
        lambda: cell.fork(replay=True),
    ]
    taken = [double() for _ in range(3) for double in copies]
    fork = cell.fork()
    running.join()
    assert any(0.0 < double.time_s < 400.0 for double in taken)
    for double in taken:
        double.run(400.0 - double.time_s)
        assert double.trajectory_hash == cell.trajectory_hash
    fork.run(1.0)
    assert fork.audit().ok


def test_snapshots_are_the_same_bytes_in_every_process(context: bx.CellularContext) -> None:
    """Nothing of memory addresses, hash seeds or time gets into them."""
    context.run(5.0)
    script = (
        "import bioxen_jcvi_vm_lib as bx, hashlib\n"
        "m = bx.GenomicVirtualizationManager()\n"
        "c = m.create_cellular_context(m.load_genome_runtime(), seed=7)\n"
        "c.run(5.0)\n"
        "print(hashlib.sha256(c.snapshot()).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(context.snapshot()).hexdigest()
