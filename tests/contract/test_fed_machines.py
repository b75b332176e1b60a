"""Machines that live on a metabolic model, among others: joint runs, checkpoints, populations."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from small_model import GLUCOSE, small_model

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.hypervisor import fed_run, joint_run
from bioxen_jcvi_vm_lib.metabolism import cell as cell_module
from bioxen_jcvi_vm_lib.metabolism import windows as windows_module
from bioxen_jcvi_vm_lib.metabolism.engine import MetabolicEngine
from bioxen_jcvi_vm_lib.metabolism.seal import opened, sealed

pytest.importorskip("highspy")


@pytest.fixture
def hypervisor(fed: bx.GenomicRuntime, runtime: bx.GenomicRuntime) -> Iterator[bx.BioXenHypervisor]:
    """Two machines that live on a model, and two that do not; all run."""
    with bx.BioXenHypervisor(workers=2) as hypervisor:
        for seed in (0, 1):
            hypervisor.start_vm(hypervisor.create_vm(f"fed {seed}", fed, seed=seed))
            hypervisor.start_vm(hypervisor.create_vm(f"plain {seed}", runtime, seed=seed))
        yield hypervisor


class CtrlC:
    """Ctrl-C before one line of some modules, counted from their first."""

    def __init__(self, modules: list[ModuleType], line: int) -> None:
        self._files = {module.__file__ for module in modules}
        self._left = line
        self.place = ""

    @property
    def came(self) -> bool:
        """Whether there was such a line."""
        return self._left <= 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                sys.settrace(None)
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                raise KeyboardInterrupt
        return self._line


def alone(
    manager: bx.GenomicVirtualizationManager,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
) -> dict[str, bx.CellularContext]:
    """The same cells, each by itself."""
    kinds = {"fed": fed, "plain": runtime}
    return {
        f"{kind} {seed}": manager.create_cellular_context(kinds[kind], seed=seed)
        for seed in (0, 1)
        for kind in kinds
    }


def same(one: bx.ExecutionResult, other: bx.ExecutionResult) -> bool:
    """Whether two runs show the same."""
    return (
        one.time_s.tolist() == other.time_s.tolist()
        and (one.proteins == other.proteins).all()
        and (one.resources.table == other.resources.table).all()
        and (one.events, one.ledger) == (other.events, other.ledger)
        and (one.seed, one.status, one.notes) == (other.seed, other.status, other.notes)
        and one.audit.ok
        and other.audit.ok
    )


def test_fed_machines_run_with_others_and_each_as_its_cell_alone(
    manager: bx.GenomicVirtualizationManager,
    hypervisor: bx.BioXenHypervisor,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
) -> None:
    cells = alone(manager, fed, runtime)
    told: list[float] = []
    for until_s, every_s in ((90.0, 20.0), (200.5, None), (200.0, None), (260.0, 7.0)):
        results = hypervisor.run(
            until_s, every_s=every_s, progress=lambda: told.append(time.monotonic())
        )
        assert list(results) == hypervisor.list_vms()
        assert set(results.statuses.values()) == {"completed"}
        for name, cell in cells.items():
            if until_s > cell.time_s:
                assert same(results[name], cell.run(until_s - cell.time_s, every_s=every_s))
            assert hypervisor.context(name).trajectory_hash == cell.trajectory_hash
            assert hypervisor.context(name).metabolism == cell.metabolism
    assert [state.time_s for state in cells["fed 1"].metabolism] == [0, 60, 120, 180, 240]
    one = hypervisor.run(300.0)
    assert one.to_dict()["fed 0"]["status"] == "completed"


def test_a_fed_machine_comes_to_its_quota_and_is_paused_and_destroyed_amid_a_joint_run(
    hypervisor: bx.BioXenHypervisor,
) -> None:
    hypervisor.set_quota("fed 0", {"simulated_s": 100.0})
    threading.Timer(0.05, lambda: hypervisor.pause_vm("fed 1")).start()
    threading.Timer(0.4, lambda: hypervisor.resume_vm("fed 1")).start()
    results = hypervisor.run(150)
    assert results.statuses == {
        "fed 0": "quota",
        "plain 0": "completed",
        "fed 1": "completed",
        "plain 1": "completed",
    }
    assert results["fed 0"].cause == "simulated time"
    assert hypervisor.get_vm_state("fed 0") == "paused"
    threading.Timer(0.2, lambda: hypervisor.destroy_vm("fed 1")).start()
    results = hypervisor.run(2000)
    assert results.statuses == {"plain 0": "completed", "fed 1": "stopped", "plain 1": "completed"}
    assert 150 <= results["fed 1"].time_s[-1] < 2000


def test_ctrl_c_ends_a_joint_run_with_fed_machines(hypervisor: bx.BioXenHypervisor) -> None:
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Timer(0.5, press).start()
    results = hypervisor.run(1e6)
    assert time.monotonic() - pressed[0] < 2  # 250 ms where nothing else runs
    assert results.cancelled
    assert set(results.statuses.values()) == {"cancelled"}
    ages = {name: result.time_s[-1] for name, result in results.items()}
    assert ages == {name: hypervisor.context(name).time_s for name in results}
    assert min(ages.values()) > 0
    assert not hypervisor.run(max(ages.values()) + 1).cancelled


def test_a_joint_run_to_an_age_that_a_fed_cell_has_gives_its_state(
    hypervisor: bx.BioXenHypervisor,
) -> None:
    hypervisor.run(61)
    results = hypervisor.run(50, every_s=10)
    assert set(results.statuses.values()) == {"completed"}
    assert {tuple(result.time_s) for result in results.values()} == {(61.0,)}


def test_ctrl_c_at_any_line_frees_a_fed_cell(fed: bx.GenomicRuntime) -> None:
    """From the first look to the end of the second window; of lines that repeat, some."""
    modules = [fed_run, joint_run, cell_module, windows_module]
    line, ended = 1, set()
    while True:
        with bx.BioXenHypervisor(workers=1) as hypervisor:
            hypervisor.start_vm(hypervisor.create_vm("fed", fed, seed=1))
            ctrl_c = CtrlC(modules, line)
            sys.settrace(ctrl_c)
            try:
                ended.add(hypervisor.run(60.5, every_s=30).statuses.get("fed", "not begun"))
            except KeyboardInterrupt:  # before it waited, or after it had ended
                ended.add("raised")
            finally:
                sys.settrace(None)
            if not ctrl_c.came:
                break
            assert [vm.runs_waiting for vm in hypervisor.metrics().vms] == [0], ctrl_c.place
            record = hypervisor._register.records["fed"]
            assert record.metabolism is not None
            assert record.metabolism.begin(), ctrl_c.place  # no run has it
        line += max(1, line // 50)
    assert ended == {"raised", "not begun", "cancelled", "completed"}


def test_what_progress_raises_ends_a_joint_run_and_leaves_cells_that_go_on(
    manager: bx.GenomicVirtualizationManager,
    hypervisor: bx.BioXenHypervisor,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
) -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        hypervisor.run(1e6, progress=stop)
    end_s = max(hypervisor.context(name).time_s for name in hypervisor.list_vms()) + 30
    assert set(hypervisor.run(end_s).statuses.values()) == {"completed"}
    for name, cell in alone(manager, fed, runtime).items():
        cell.run(end_s)
        assert hypervisor.context(name).trajectory_hash == cell.trajectory_hash


def test_a_solver_that_fails_ends_the_run_of_its_machine_alone(
    hypervisor: bx.BioXenHypervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = MetabolicEngine.state

    def fails(self: MetabolicEngine, time_s: float, *rest: object, **cell: object) -> object:
        if time_s == 120.0 and "fed 0" not in failed:
            failed.append("fed 0")
            raise bx.GenomicRuntimeError("no memory for a basis")
        return state(self, time_s, *rest, **cell)  # type: ignore[arg-type]

    failed: list[str] = []
    monkeypatch.setattr(MetabolicEngine, "state", fails)
    results = hypervisor.run(150)
    ends = results.statuses
    assert sorted(ends.values()) == ["completed"] * 3 + ["error"]
    (name,) = (name for name, status in ends.items() if status == "error")
    assert results[name].cause == "GenomicRuntimeError: no memory for a basis"
    assert results[name].time_s[-1] == 120.0
    assert hypervisor.run(200).statuses[name] == "completed"  # the cell is whole


def test_a_joint_run_waits_for_another_run_of_a_fed_cell(hypervisor: bx.BioXenHypervisor) -> None:
    cell = hypervisor.context("fed 0")
    other = threading.Thread(target=lambda: cell.run(300))
    other.start()
    while cell.time_s == 0:
        time.sleep(0.001)
    results = hypervisor.run(310)
    other.join()
    assert results["fed 0"].time_s[-1] == 310.0
    assert results["fed 0"].time_s[0] >= 300.0
    assert results["fed 0"].status == "completed"


def test_fed_machines_run_on_a_virtual_clock(fed: bx.GenomicRuntime) -> None:
    hashes = set()
    for seed in (1, 2):
        clock = bx.VirtualClock(seed=seed)
        with bx.BioXenHypervisor(workers=2, clock=clock) as hypervisor:
            for name in ("a", "b"):
                hypervisor.start_vm(hypervisor.create_vm(name, fed, seed=5))
            assert set(hypervisor.run(130).statuses.values()) == {"completed"}
            hashes |= {hypervisor.context(name).trajectory_hash for name in ("a", "b")}
    assert len(hashes) == 1


def test_a_machine_without_sugar_starves_among_others(hypervisor: bx.BioXenHypervisor) -> None:
    hypervisor.context("fed 0").set_metabolic_conditions({"medium": {GLUCOSE: 0.0}})
    results = hypervisor.run(130)
    assert set(results.statuses.values()) == {"completed"}
    assert hypervisor.context("fed 0").metabolism[-1].status == "infeasible"
    assert hypervisor.context("fed 1").metabolism[-1].status == "optimal"


# -- checkpoints -----------------------------------------------------------------------------------


def test_fed_machines_of_a_checkpoint_go_on_with_the_same_bits(
    hypervisor: bx.BioXenHypervisor,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
    tmp_path: Path,
) -> None:
    file = tmp_path / "cells.bxh"
    hypervisor.context("fed 0").set_metabolic_conditions({"medium": {GLUCOSE: 11.0}})
    hypervisor.context("fed 1").set_environment(glucose_mM=0.05)
    hypervisor.run(100.3)
    hypervisor.save(file)
    hypervisor.run(200)
    for runtimes in ([fed, runtime], [runtime, fed], [fed]):
        with bx.BioXenHypervisor(workers=1) as other:
            other.load(file, runtimes=runtimes)
            assert other.list_vms() == hypervisor.list_vms()
            assert set(other.run(200).statuses.values()) == {"completed"}
            for name in other.list_vms():
                one, again = hypervisor.context(name), other.context(name)
                assert again.trajectory_hash == one.trajectory_hash, name
                assert again.metabolism == one.metabolism[2:]  # from 120 s on
                if name.startswith("fed"):
                    assert again.runtime is fed
                    assert again.metabolic_conditions == one.metabolic_conditions
                    assert again.snapshot() == one.snapshot()


def test_a_checkpoint_is_refused_without_the_model_that_feeds_its_machines(
    hypervisor: bx.BioXenHypervisor,
    fed: bx.GenomicRuntime,
    runtime: bx.GenomicRuntime,
    genes: list[str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "cells.bxh"
    hypervisor.run(70)
    hypervisor.save(file)
    model = small_model(genes)
    model["reactions"][0]["lower_bound"] = -29.0
    (tmp_path / "other.json").write_text(json.dumps(model))
    manager = bx.GenomicVirtualizationManager({"metabolic_model": str(tmp_path / "other.json")})
    other = manager.load_genome_runtime()
    data = file.read_bytes()
    cut = data.rfind(b'{"machines"')
    assert cut > 0
    for change, runtimes in (
        (data, [runtime]),
        (data, [other]),
        (data, []),
        (data[:cut], [fed]),  # what feeds them is gone
        (data[:-20] + bytes([data[-20] ^ 1]) + data[-19:], [fed]),
        (data[cut - 1 :], [fed]),
        (data, [fed, other]),
    ):
        file.write_bytes(change)
        with bx.BioXenHypervisor(workers=1) as empty:
            with pytest.raises(bx.SnapshotError):
                empty.load(file, runtimes=runtimes)
            assert empty.list_vms() == empty._core.contexts() == []
            file.write_bytes(data)
            empty.load(file, runtimes=[fed])
            assert len(empty.list_vms()) == 4


def forged(told: dict[str, Any]) -> Iterator[Any]:
    """What a metabolism does not tell, though it is JSON."""
    yield from ([], 5, {}, "model")
    for key in told:
        yield {name: value for name, value in told.items() if name != key}
        for value in (5, "x", {"a": 1}, {GLUCOSE: "b"}, {GLUCOSE: float("nan")}, [1]):
            yield {**told, key: value}
    yield {**told, "conditions": {"medium": {"nowhere": 1.0}}}
    yield {**told, "more": 1}


def test_what_a_snapshot_says_of_metabolism_is_checked(
    manager: bx.GenomicVirtualizationManager, fed: bx.GenomicRuntime, tmp_path: Path
) -> None:
    """Also where its checksum is right."""
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.create_vm("fed", fed, seed=1)
        hypervisor.save(file)
        data, told = opened(hypervisor.context("fed").snapshot())
    checkpoint, machines = opened(file.read_bytes())
    assert told is not None
    assert machines == {"machines": {"fed": told}}
    for other in forged(told):
        with pytest.raises(bx.SnapshotError):
            bx.CellularContext.restore(sealed(data, other), fed)
    all_forged = [{"fed": other} for other in forged(told)] + [{"fed": told, "other": told}, [], 5]
    outer = [{"machines": one} for one in all_forged]
    with bx.BioXenHypervisor(workers=1) as empty:
        for values in (*outer, told, [], {}):
            file.write_bytes(sealed(checkpoint, values))  # type: ignore[arg-type]
            with pytest.raises(bx.SnapshotError):
                empty.load(file, runtimes=[fed])
            assert empty.list_vms() == []
    for text in (b"", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000, b"null"):
        frame = len(text).to_bytes(4, "little")
        checksum = zlib.crc32(text + frame).to_bytes(4, "little")
        with pytest.raises(bx.SnapshotError):
            opened(data + text + frame + checksum + sealed(b"", {})[-8:])
    assert bx.CellularContext.restore(sealed(data, told), fed).run(61).status == "completed"


# -- populations -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def founder(model_file: Path) -> bx.CellularContext:
    """A fed cell that grows, some minutes before it divides; sugar limits it."""
    config = {"metabolic_model": str(model_file), "execution_parameters": {"cell_cycle": True}}
    manager = bx.GenomicVirtualizationManager(config)
    cell = manager.create_cellular_context(manager.load_genome_runtime(), seed=7)
    for name in ("dATP", "dCTP", "dGTP", "dTTP"):  # the model makes none
        cell.set_resource(name, 10_000_000)
    cell.set_metabolic_conditions({"medium": {GLUCOSE: 25.0}})
    while cell.run(600).status == "completed":
        if cell.cell_cycle.chromosomes == 2:
            return cell
    return cell


def test_a_fed_population_is_its_cells_one_by_one(
    manager: bx.GenomicVirtualizationManager, founder: bx.CellularContext
) -> None:
    """Bit for bit, on any number of threads; what metabolism supplies is in the audits."""
    mother = founder.fork(replay=True)
    assert mother.run(5000).status == "divided"
    sister = mother.divide()
    born_s = mother.time_s - founder.time_s
    end_s = born_s + 130.0
    halves = [mother, sister]
    for half in halves:
        half.run(130.0)
        assert half.metabolism[-1].fluxes[GLUCOSE] == pytest.approx(-25.0)
        assert half.metabolism[-1].time_s > founder.time_s + born_s
    wanted = sorted((half.proteins + half.proteins_in_machines).tolist() for half in halves)
    for workers in (1, 2):
        grown = manager.grow_population(founder, duration_s=end_s, workers=workers)
        assert sorted(grown.cells["ending"].tolist()) == ["alive", "alive", "divided"]
        assert sorted(grown.proteins.tolist()) == wanted
        assert grown.cells["born_s"][1:] == pytest.approx([born_s] * 2)
        assert grown.audit.ok
        assert grown.audits == 5
    assert halves[0].ledger["uptake"]["Leu"] > 0
    assert halves[0].audit().ok


def test_a_fed_population_starves_with_its_founder(
    manager: bx.GenomicVirtualizationManager, founder: bx.CellularContext
) -> None:
    starved = founder.fork(replay=True)
    starved.set_metabolic_conditions({"medium": {GLUCOSE: 0.0}})
    grown, hungry = (
        manager.grow_population(one, duration_s=600, workers=2) for one in (founder, starved)
    )
    assert [p.cells["ending"].tolist() for p in (grown, hungry)] == [["alive"], ["alive"]]
    left = [p.cells["end_atp"][0] for p in (grown, hungry)]
    assert left[0] > 10_000 > 100 > left[1]
    assert hungry.cells["end_volume_l"][0] < grown.cells["end_volume_l"][0]
    assert hungry.audit.ok
