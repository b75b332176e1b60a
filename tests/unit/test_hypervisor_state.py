"""What machines hold of the chassis, and what a hypervisor is after a load that failed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.hypervisor.register import Register


@pytest.fixture
def shared(runtime: bx.GenomicRuntime) -> Iterator[bx.BioXenHypervisor]:
    """A chassis of four cells, of which one holds its part."""
    chassis = bx.Chassis.of_organism(runtime, 4)
    with bx.BioXenHypervisor(workers=1, chassis=chassis) as hypervisor:
        hypervisor.create_vm("other", runtime, seed=1)
        yield hypervisor


def held(hypervisor: bx.BioXenHypervisor, vm_id: str, at_s: float) -> tuple[object, ...]:
    """Amount and limit of ribosomes and of RNA polymerases, and the priority."""
    core = hypervisor._core
    told = core.allocation(hypervisor._handle(vm_id), at_s)
    assert told is not None
    amount, limit, priority = told
    most = amount if limit is None else limit
    return (
        (amount.ribosomes, most.ribosomes),
        (amount.rna_polymerases, most.rna_polymerases),
        priority,
    )


def test_what_a_change_of_an_allocation_does_not_name_stays(
    shared: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    shared.create_vm(
        "a",
        runtime,
        resource_allocation={
            "ribosomes": 100,
            "rna_polymerases": 40,
            "limits": {"ribosomes": 300},
            "priority": "critical",
        },
    )

    def after(at_s: float, change: object) -> tuple[object, ...]:
        assert shared.allocate_vm_resources("a", change, at_s=at_s) == at_s  # type: ignore[arg-type]
        return held(shared, "a", at_s)

    assert after(1.0, {"rna_polymerases": 50}) == ((100, 300), (50, 50), "critical")
    assert after(2.0, bx.ResourceAllocation(ribosomes=90)) == ((90, 300), (50, 50), "critical")
    assert after(3.0, {"ribosomes": 350}) == ((350, 350), (50, 50), "critical")
    assert after(4.0, {"ribosomes": 80}) == ((80, 80), (50, 50), "critical")
    assert after(5.0, {"limits": {"rna_polymerases": 70}}) == ((80, 80), (50, 70), "critical")
    assert after(6.0, {"priority": "normal"}) == ((80, 80), (50, 70), "normal")
    assert after(7.0, {"priority": "high", "rna_polymerases": 60}) == ((80, 80), (60, 70), "high")
    # what is filled in is what it asks for at that time, not now, nor what a rebalance added
    assert after(2.5, {"rna_polymerases": 45}) == ((90, 300), (45, 45), "critical")
    assert shared.rebalance(2.75)["a"]["ribosomes"] == 300
    assert after(2.875, {"rna_polymerases": 44}) == ((90, 300), (44, 44), "critical")
    with pytest.raises(bx.APIValidationError, match="below the amount"):
        shared.allocate_vm_resources("a", {"limits": {"ribosomes": 10}}, at_s=2.9)
    shared.stop_vm("a")
    with pytest.raises(bx.VMStateError, match="holds nothing"):
        shared.allocate_vm_resources("a", {"ribosomes": 10})


def test_a_rebalance_says_what_every_machine_holds(
    shared: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    for name in ("a", "b", "done"):
        shared.create_vm(name, runtime)
    own = shared.get_vm_resource_usage("a").grant
    assert own is not None
    shared.stop_vm("done")
    shared.allocate_vm_resources("a", {"limits": {"ribosomes": 10**6}}, at_s=1.0)
    most = {**own, "ribosomes": 2 * own["ribosomes"]}  # what the stopped one had is handed out
    for _ in range(2):
        assert shared.rebalance(2.0) == {"other": own, "a": most, "b": own}
    assert shared.rebalance(3.0) == {"other": own, "a": most, "b": own}


def test_a_forked_machine_is_granted_what_its_parent_is(
    shared: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    shared.create_vm("parent", runtime, seed=3, resource_allocation={"ribosomes": 100})
    shared.start_vm("parent")
    shared.allocate_vm_resources("parent", {"ribosomes": 30}, at_s=2.0)
    shared.run(1.0)
    shared.fork_vm("parent", "replica", replay=True)
    shared.start_vm("replica")
    shared.run(4.0)
    parent, replica = shared.context("parent"), shared.context("replica")
    assert replica.machines["ribosome"]["total"] == 30
    assert replica.trajectory_hash == parent.trajectory_hash


def test_a_load_that_fails_at_its_end_leaves_nothing_behind(
    runtime: bx.GenomicRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        for name in ("a", "b", "c"):
            hypervisor.create_vm(name, runtime)
        hypervisor.save(file)
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        settled = Register.settled

        def fails(self: Register, name: str, *rest: object) -> object:
            if name == "c":
                raise MemoryError
            return settled(self, name, *rest)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Register, "settled", fails)
            with pytest.raises(MemoryError):
                hypervisor.load(file)
        assert hypervisor.list_vms() == []
        assert hypervisor._core.contexts() == []
        hypervisor.load(file)
        assert hypervisor.list_vms() == ["a", "b", "c"]


def test_a_machine_that_has_failed_is_loaded_with_its_own_genome(
    runtime: bx.GenomicRuntime, small: bx.GenomicRuntime, tmp_path: Path
) -> None:
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.create_vm("sound", small, seed=1)
        vm = hypervisor.create_vm("broken", runtime, seed=2)
        hypervisor.start_vm(vm)
        hypervisor._core.submit(vm.handle, until_s=1.0, knockout=2**31)  # no such gene: it fails
        while hypervisor.get_vm_status(vm).state != "error":
            time.sleep(0.01)
        hypervisor.save(file)
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.load(file, runtimes=[small])
        assert hypervisor.get_vm_status("broken").state == "error"
        runtimes = {name: record.runtime for name, record in hypervisor._register.records.items()}
        assert runtimes["broken"].genome_fingerprint == runtime.genome_fingerprint
        assert runtimes["sound"] is small


def test_a_checkpoint_with_grants_is_refused_without_their_chassis(
    shared: bx.BioXenHypervisor, tmp_path: Path
) -> None:
    file = tmp_path / "cells.bxh"
    shared.save(file)
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        with pytest.raises(bx.ChassisInitializationError, match="share a chassis"):
            hypervisor.load(file)
        assert hypervisor.list_vms() == []


def test_a_virtual_clock_belongs_to_one_hypervisor() -> None:
    clock = bx.VirtualClock(1)
    with (
        bx.BioXenHypervisor(workers=1, clock=clock),
        pytest.raises(bx.VMStateError, match="belongs to another"),
    ):
        bx.BioXenHypervisor(workers=1, clock=clock)
    bx.BioXenHypervisor(workers=1, clock=clock).close()


def test_a_machine_that_goes_after_its_run_has_ended_spoils_no_result(
    runtime: bx.GenomicRuntime,
) -> None:
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        vm = hypervisor.create_vm("a", runtime, seed=1)
        hypervisor.start_vm(vm)
        cell = hypervisor.context(vm)
        told: list[float] = []

        def progress(time_s: float, steps: int) -> None:
            told.append(time_s)
            while hypervisor.get_vm_resource_usage(vm).runs_waiting > 0:
                time.sleep(0.01)
            hypervisor.destroy_vm(vm)

        result = cell.run(600.0, progress=progress)
        assert (result.status, result.sim_time_s) == ("completed", 600.0)
        assert len(told) == 1
        assert result.audit.ok


def test_an_exception_from_the_last_progress_leaves_a_machine_as_after_its_run(
    runtime: bx.GenomicRuntime,
) -> None:
    class StopError(Exception):
        pass

    with bx.BioXenHypervisor(workers=1) as hypervisor:
        vm = hypervisor.create_vm("a", runtime, seed=1)
        hypervisor.start_vm(vm)

        def progress(time_s: float, steps: int) -> None:
            if time_s == 30.0:
                raise StopError

        with pytest.raises(StopError):
            hypervisor.context(vm).run(30.0, progress=progress)
        assert hypervisor.get_vm_resource_usage(vm).runs_waiting == 0
        assert hypervisor.context(vm).run(1.0).status == "completed"
