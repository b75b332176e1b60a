"""Runs under the hypervisor: Ctrl-C at any line, calls from callbacks, what a run costs."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.hypervisor import checkpoint, joint_run, register
from bioxen_jcvi_vm_lib.hypervisor import core as core_module
from bioxen_jcvi_vm_lib.hypervisor import ensemble as ensemble_module


@pytest.fixture
def hypervisor(runtime: bx.GenomicRuntime) -> Iterator[bx.BioXenHypervisor]:
    """Three machines that run."""
    with bx.BioXenHypervisor(workers=2) as hypervisor:
        for seed in range(3):
            hypervisor.start_vm(hypervisor.create_vm(str(seed), runtime, seed=seed))
        yield hypervisor


# -- Ctrl-C ----------------------------------------------------------------------------------------


class CtrlC:
    """Ctrl-C before one line of some functions of modules, counted from their first."""

    def __init__(self, modules: list[ModuleType], functions: set[str], line: int) -> None:
        self._files = {module.__file__ for module in modules}
        self._functions = functions
        self._left = line

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in self._files or code.co_name not in self._functions:
            return None
        return self._line

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._line

    def during(self, call: Callable[[], Any]) -> Any:
        sys.settrace(self)
        try:
            return call()
        finally:
            sys.settrace(None)

    @property
    def came(self) -> bool:
        return self._left <= 0


def test_ctrl_c_at_any_line_of_an_ensemble_gives_the_first_cells(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    def run() -> list[bx.ExecutionResult]:
        return manager.run_ensemble(runtime, "run(0.1)", seeds=range(20), workers=1)

    whole = [result.proteins.tolist() for result in run()]
    functions = {"_step", "_begun", "_ended"}
    line, lengths = 1, set()
    while True:
        ctrl_c = CtrlC([ensemble_module], functions, line)
        results = ctrl_c.during(run)
        if not ctrl_c.came:
            break
        assert [result.seed for result in results] == list(range(len(results))), line
        for seed, result in enumerate(results):
            assert result.audit.ok, line
            assert result.audit.residuals, line
            if result.status == "completed":
                assert result.proteins.tolist() == whole[seed], line
            else:
                assert result.status == "cancelled", line
        lengths.add(len(results))
        line += 5
    assert line > 300
    assert {0, 20} <= lengths


def test_ctrl_c_at_any_line_of_a_run_ends_all_of_it(hypervisor: bx.BioXenHypervisor) -> None:
    line, ends = 1, set()
    while line < 100:
        ctrl_c = CtrlC([core_module, joint_run], {"run", "run_together"}, line)
        try:
            results = ctrl_c.during(lambda: hypervisor.run(1e8))
        except KeyboardInterrupt:
            ends.add("raised")  # before it asked for anything
        else:
            assert results.cancelled
            assert set(results.statuses.values()) <= {"cancelled"}
            ends.add(len(results))
        assert [vm.runs_waiting for vm in hypervisor.metrics().vms] == [0, 0, 0]
        assert ctrl_c.came
        if ends >= {"raised", 0, 1, 2, 3}:
            break
        line += 1
    assert ends >= {"raised", 0, 1, 2, 3}
    assert not hypervisor.run(1e-3).cancelled


MAKERS = {"create_vm", "fork_vm", "restore_vm", "load", "start_vm", "resume_vm", "destroy_vm"}


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_ctrl_c_at_any_line_leaves_no_machine_that_nobody_knows(
    name: str, runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=1) as first:
        first.start_vm(first.create_vm("a", runtime, seed=1))
        first.create_vm("b", runtime, seed=2)
        first.save(file)
        snapshot = first.context("b").snapshot()
    functions = MAKERS | {"settled", "making", "wake", "_order", "_destroyed", "forgotten"}
    functions |= {"load_checkpoint", "destroy_unknown"}
    modules = [core_module, register, checkpoint]
    line, left_early, ended = 0, False, set()
    with bx.BioXenHypervisor(workers=1) as h:
        while not left_early:
            for vm_id in h.list_vms():
                h.destroy_vm(vm_id)
            if name != "load":
                h.create_vm("parent", runtime, seed=1)
            if name == "resume_vm":
                h.start_vm("parent")
                h.pause_vm("parent")
            calls: dict[str, Callable[[], Any]] = {
                "create_vm": lambda: h.create_vm("new", runtime, seed=2),
                "fork_vm": lambda: h.fork_vm("parent", "new"),
                "restore_vm": lambda: h.restore_vm("new", snapshot, runtime),
                "load": lambda: h.load(file, runtimes=[runtime]),
                "start_vm": lambda: h.start_vm("parent"),
                "resume_vm": lambda: h.resume_vm("parent"),
                "destroy_vm": lambda: h.destroy_vm("parent"),
            }
            line += 1
            ctrl_c = CtrlC(modules, functions, line)
            with contextlib.suppress(KeyboardInterrupt):
                ctrl_c.during(calls[name])
            left_early = not ctrl_c.came
            if name == "destroy_vm":  # it can be told again
                with contextlib.suppress(bx.IsolationBreachError, bx.VMNotFoundError):
                    h.destroy_vm("parent")
            in_core = dict(h._core.contexts())
            assert set(h._register.records) == set(in_core), line
            run = {vm_id for vm_id, handle in in_core.items() if h._core.state(handle) == "running"}
            assert run <= set(h._register.awake) <= set(in_core), line
            ended.add((len(in_core), len(run)))
    assert line > 5
    assert len(ended) > 1 or name == "destroy_vm"  # it came before and after it was done


def test_a_refused_machine_takes_none_along(hypervisor: bx.BioXenHypervisor) -> None:
    runtime = hypervisor._record("0").runtime
    with pytest.raises(bx.VMCreationError, match="'0'"):
        hypervisor.create_vm("0", runtime)
    with pytest.raises(bx.VMStateError):
        hypervisor.start_vm("0")
    hypervisor.pause_vm("1")
    with pytest.raises(bx.VMStateError):
        hypervisor.start_vm("1")
    assert sorted(hypervisor.run(0.1)) == ["0", "2"]


# -- callbacks -------------------------------------------------------------------------------------


def test_a_callback_may_not_run_cells_of_the_hypervisor_that_calls_it(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    refused: list[str] = []

    class EnoughError(Exception):
        pass

    def run_again(*_: Any) -> None:
        for call in (
            lambda: hypervisor.run(2e8),
            lambda: hypervisor.context("0").run(1.0),
        ):
            with pytest.raises(bx.VMStateError, match="callback") as caught:
                call()
            refused.append(str(caught.value))
        raise EnoughError

    with pytest.raises(EnoughError):
        hypervisor.run(1e8, progress=run_again)
    with pytest.raises(EnoughError):
        hypervisor.context("1").run(1e8, progress=run_again)
    assert len(refused) == 4
    assert [vm.runs_waiting for vm in hypervisor.metrics().vms] == [0, 0, 0]

    def run_elsewhere() -> None:
        with bx.BioXenHypervisor(workers=1) as other:
            other.start_vm(other.create_vm("x", runtime, seed=1))
            assert other.run(1.0)["x"].status == "completed"
        raise EnoughError

    with pytest.raises(EnoughError):
        hypervisor.run(1e8, progress=run_elsewhere)
    assert set(hypervisor.run(1e-3).statuses.values()) == {"completed"}


def test_a_callback_of_a_cell_alone_may_not_run_it(context: bx.CellularContext) -> None:
    def run_again(*_: Any) -> None:
        context.run(1.0)

    with pytest.raises(bx.GenomicRuntimeError, match="callback"):
        context.run(1e8, progress=run_again)
    assert context.run(0.1).status == "completed"


# -- cost and keys ---------------------------------------------------------------------------------


def test_a_run_costs_what_runs_and_not_what_exists(runtime: bx.GenomicRuntime) -> None:
    def seconds(others: int) -> float:
        with bx.BioXenHypervisor(workers=1, max_vms=others + 1) as hypervisor:
            hypervisor.start_vm(hypervisor.create_vm("one", runtime, seed=1))
            for seed in range(others):
                hypervisor.create_vm(str(seed), runtime, seed=seed)
            took = []
            for _ in range(50):
                began = time.perf_counter()
                hypervisor.run(1e-9)  # it is older already
                took.append(time.perf_counter() - began)
            return min(took)

    few, many = seconds(10), seconds(2000)
    assert many < 4 * few + 50e-6  # all the metrics of 2,000 took 40 ms


def test_what_runs_is_what_is_running(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    hypervisor.pause_vm("0")
    assert set(hypervisor.run(0.1)) == {"1", "2"}
    hypervisor.resume_vm("0")
    hypervisor.stop_vm("1")
    hypervisor.destroy_vm("2")
    hypervisor.start_vm(hypervisor.create_vm("2", runtime, seed=9, quota={"simulated_s": 0.05}))
    assert hypervisor.run(0.1).statuses == {"0": "completed", "2": "quota"}
    assert set(hypervisor.run(0.2)) == {"0"}
    hypervisor.set_quota("2", None)
    hypervisor.resume_vm("2")
    assert set(hypervisor.run(0.3)) == {"0", "2"}
    hypervisor.pause_vm("0")
    hypervisor.pause_vm("2")
    with pytest.raises(bx.VMStateError, match=r"none of the 3 VMs is running.*resume_vm"):
        hypervisor.run(1.0)


def test_results_are_found_by_name_and_by_handle(hypervisor: bx.BioXenHypervisor) -> None:
    vm = hypervisor.get_vm_status("1").handle
    results = hypervisor.run(0.1)
    assert results[vm] is results["1"]
    assert vm in results
    for other in (
        [],
        {},
        None,
        3,
        "x",
        bx.VmHandle("1", hypervisor.get_vm_status("2").handle.handle),
    ):
        assert other not in results
        with pytest.raises(bx.VMNotFoundError):
            results[other]  # type: ignore[index]
