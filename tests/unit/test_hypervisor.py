"""The hypervisor's interface: what it does, and how it refuses what it cannot do."""

from __future__ import annotations

import copy
import json
import math
import pickle
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.visualization.picture import Picture

CAPACITY = {"ribosomes": 500, "rna_polymerases": 97}


@pytest.fixture
def hypervisor() -> Iterator[bx.BioXenHypervisor]:
    """Two workers, at most six machines."""
    with bx.BioXenHypervisor(workers=2, max_vms=6) as hypervisor:
        yield hypervisor


@pytest.fixture
def shared(runtime: bx.GenomicRuntime) -> Iterator[bx.BioXenHypervisor]:
    """A chassis of two cells."""
    chassis = bx.Chassis.of_organism(runtime, 2)
    with bx.BioXenHypervisor(workers=1, chassis=chassis) as hypervisor:
        yield hypervisor


def solo(runtime: bx.GenomicRuntime, seed: int, seconds: float) -> str:
    """Trajectory hash of a cell that ran alone."""
    with bx.GenomicVirtualizationManager() as manager:
        cell = manager.create_cellular_context(runtime, seed=seed)
        cell.run(seconds)
        return cell.trajectory_hash


def running(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime, name: str, **terms: Any
) -> bx.VmHandle:
    vm = hypervisor.create_vm(name, runtime, **terms)
    hypervisor.start_vm(vm)
    return vm


def picture(hypervisor: bx.BioXenHypervisor) -> list[Any]:
    """Everything about the machines that a refused call must not change."""
    kept = []
    for vm in hypervisor.metrics().vms:
        told = vm.to_dict()
        hash_ = hypervisor.context(vm.handle).trajectory_hash
        kept.append(
            [told[key] for key in ("vm_id", "state", "policy", "quota", "grant", "runs_waiting")]
            + [vm.handle, hash_, told["time_s"]]
        )
    return kept


# -- what it does ----------------------------------------------------------------------------------


def test_a_machine_lives_from_creation_to_its_end(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    vm = hypervisor.create_vm("a", runtime, seed=7)
    assert (str(vm), hypervisor.list_vms()) == ("a", ["a"])
    assert hypervisor.get_vm_status("a").state == "created"
    hypervisor.start_vm("a")
    assert hypervisor.get_vm_status(vm).state == "running"
    results = hypervisor.run(3.0, every_s=1.0)
    result = results["a"]
    assert (result.status, result.time_s.tolist(), result.seed) == ("completed", [0, 1, 2, 3], 7)
    assert result.proteins.shape == (4, len(runtime))
    assert result.audit.ok
    assert result.audit.residuals
    assert result.runtime_fingerprint == runtime.fingerprint
    assert results.statuses == {"a": "completed"}
    assert results["a"] is result
    hypervisor.pause_vm("a")
    assert hypervisor.get_vm_status("a").state == "paused"
    hypervisor.resume_vm("a")
    hypervisor.stop_vm("a")
    assert hypervisor.get_vm_status("a").state == "stopped"
    assert hypervisor.context("a").trajectory_hash == solo(runtime, 7, 3.0)
    hypervisor.destroy_vm("a")
    assert hypervisor.list_vms() == []
    with pytest.raises(bx.IsolationBreachError, match="stale"):
        hypervisor.get_vm_status(vm)
    assert result.proteins.shape == (4, len(runtime))  # it outlives its machine


def test_only_running_machines_run_and_older_ones_end_at_once(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, "young", seed=1)
    running(hypervisor, runtime, "old", seed=2)
    hypervisor.create_vm("still", runtime, seed=3)
    hypervisor.context("old").run(5.0)
    results = hypervisor.run(2.0)
    assert set(results) == {"young", "old"}
    assert "still" not in results
    assert results["old"].sim_time_s == 0.0
    assert results["old"].status == "completed"
    assert hypervisor.context("young").time_s == 2.0
    assert hypervisor.context("still").time_s == 0.0
    with pytest.raises(bx.VMNotFoundError, match="did you mean 'young'"):
        results["yuong"]


def test_the_context_of_a_machine_is_a_whole_context(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, "a", seed=5)
    with bx.GenomicVirtualizationManager() as manager:
        alone = manager.create_cellular_context(runtime, seed=5)
        cell = hypervisor.context("a")
        tag = runtime.genes[0].locus_tag
        text = (
            f'run(2, every_s=1); knockout("{tag}"); set_resource("ATP", 50000); '
            f'run_operon(["{tag}"], duration_s=1); run(1)'
        )
        seen: list[tuple[float, int]] = []
        one, other = alone.execute(text), manager.execute_genomic_program(text, cell)
        cell.run(1.0, progress=lambda age, steps: seen.append((age, steps)))
        alone.run(1.0)
        assert cell.trajectory_hash == alone.trajectory_hash
        assert cell.snapshot() == alone.snapshot()
        assert seen[-1][0] == 5.0
        first, second = one.to_dict(), other.to_dict()
        for told in (first, second):
            told.pop("wall_time_s")
        assert first == second
        assert (cell.proteins == alone.proteins).all()
        assert (cell.mrnas == alone.mrnas).all()
        assert cell.resources == alone.resources
        assert cell.machines == alone.machines
        assert cell.ledger == alone.ledger
        assert cell.audit().ok
        assert cell.count("ATP") == alone.count("ATP")
        assert (cell.polymerases() == alone.polymerases()).all()
        twin = cell.fork(replay=True)
        own = cell.fork()
        for each in (twin, alone, own):
            each.run(1.0)
        assert twin.trajectory_hash == alone.trajectory_hash != own.trajectory_hash
    cell.close()
    assert hypervisor.get_vm_status("a").state == "running"
    assert "closed" in repr(cell)


def test_a_context_runs_only_while_its_machine_does(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    hypervisor.create_vm("a", runtime, seed=5)
    cell = hypervisor.context("a")
    before = cell.snapshot()
    tag = runtime.genes[0].locus_tag
    for text in ("run(1)", f'knockout("{tag}")', f'set_resource("ATP", 1); run_operon(["{tag}"])'):
        with pytest.raises(bx.VMStateError, match="is created, not running"):
            cell.execute(text)
    assert cell.snapshot() == before
    cell.knockout(tag)  # a change at rest
    assert cell.snapshot() != before
    hypervisor.start_vm("a")
    hypervisor.pause_vm("a")
    with pytest.raises(bx.VMStateError, match="is paused"):
        cell.run(1.0)
    hypervisor.destroy_vm("a")
    for use in (cell.snapshot, lambda: cell.run(1.0), lambda: cell.proteins, cell.fork):
        with pytest.raises(bx.IsolationBreachError, match="stale"):
            use()


def test_forks_and_restored_machines_go_on_as_they_would_alone(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, "a", seed=5)
    hypervisor.run(3.0)
    snapshot = hypervisor.context("a").snapshot()
    hypervisor.fork_vm("a", "twin", replay=True)
    hypervisor.fork_vm("a", "own")
    hypervisor.fork_vm("a", "seeded", seed=11)
    hypervisor.restore_vm("restored", snapshot, runtime)
    for name in ("twin", "own", "seeded", "restored"):
        hypervisor.start_vm(name)
    hypervisor.run(6.0)
    hashes = {name: hypervisor.context(name).trajectory_hash for name in hypervisor.list_vms()}
    assert hashes["a"] == hashes["twin"] == hashes["restored"] == solo(runtime, 5, 6.0)
    assert len(set(hashes.values())) == 3
    assert hypervisor.context("seeded").seed == 11
    assert hypervisor.context("own").seed == 5


def test_overrides_shape_a_machine_as_they_shape_a_context(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, "a", seed=5, ribosome_allocation=111)
    hypervisor.run(2.0)
    assert hypervisor.context("a").machines["ribosome"]["total"] == 111
    with bx.GenomicVirtualizationManager() as manager:
        alone = manager.create_cellular_context(runtime, seed=5, ribosome_allocation=111)
        alone.run(2.0)
        assert hypervisor.context("a").trajectory_hash == alone.trajectory_hash


@pytest.mark.parametrize(
    ("quota", "cause"),
    [
        ({"events": 12345}, "candidate events"),
        ({"cpu_s": 0.001}, "CPU time"),
        ({"molecules": 2000}, "molecules"),
        ({"simulated_s": 1.5}, "simulated time"),
    ],
)
@pytest.mark.parametrize("on_quota", ["pause", "stop", "raise"])
def test_a_quota_ends_a_run_and_nobody_else(
    hypervisor: bx.BioXenHypervisor,
    runtime: bx.GenomicRuntime,
    quota: dict[str, Any],
    cause: str,
    on_quota: str,
) -> None:
    running(hypervisor, runtime, "bound", seed=1, quota={**quota, "on_quota": on_quota})
    running(hypervisor, runtime, "free", seed=2)
    if on_quota == "raise":
        with pytest.raises(bx.IsolationBreachError, match=cause) as caught:
            hypervisor.run(60.0)
        results = caught.value.details["results"]
        assert caught.value.details["vm_ids"] == ["bound"]
        (limit,) = quota
        assert f"{cause} ({limit}): give more" in str(caught.value)
    else:
        results = hypervisor.run(60.0)
    assert results["bound"].status == "quota"
    assert results["bound"].cause == cause
    assert results["bound"].audit.ok
    assert results["free"].status == "completed"
    assert hypervisor.context("free").trajectory_hash == solo(runtime, 2, 60.0)
    state = "stopped" if on_quota == "stop" else "paused"
    assert hypervisor.get_vm_status("bound").state == state
    used = hypervisor.get_vm_resource_usage("bound")
    if "events" in quota:
        assert used.events["candidates"] == 12345
    if "simulated_s" in quota:
        assert used.time_s == 1.5
    if on_quota != "stop":  # it goes on where it was, as if nothing had been
        hypervisor.set_quota("bound", None)
        hypervisor.resume_vm("bound")
        assert hypervisor.run(60.0)["bound"].status == "completed"
        assert hypervisor.context("bound").trajectory_hash == solo(runtime, 1, 60.0)


def test_a_quota_with_raise_raises_from_the_context_too(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    quota = bx.Quota(simulated_s=2.0, on_quota="raise")
    running(hypervisor, runtime, "a", seed=1, quota=quota)
    with pytest.raises(bx.IsolationBreachError, match="simulated time") as caught:
        hypervisor.context("a").execute("run(1); run(5); run(1)")
    assert caught.value.details["results"].time_s.tolist() == [0.0, 1.0, 2.0]


def test_pace_ties_cells_to_the_clock(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, "a", seed=1)
    began = time.monotonic()
    hypervisor.run(2.0, pace=4.0)
    assert 0.35 < time.monotonic() - began < 5.0  # the last period may be begun at once
    used = hypervisor.get_vm_resource_usage("a")
    assert used.periods >= 4
    assert hypervisor.context("a").trajectory_hash == solo(runtime, 1, 2.0)


def test_progress_is_called_and_may_end_the_run(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    class EnoughError(Exception):
        pass

    calls = []

    def progress() -> None:
        calls.append(hypervisor.metrics().uptime_ns)
        if len(calls) == 2:
            raise EnoughError

    running(hypervisor, runtime, "a", seed=1)
    with pytest.raises(EnoughError):
        hypervisor.run(1e8, progress=progress)
    assert len(calls) == 2
    assert hypervisor.get_vm_status("a").runs_waiting == 0
    assert hypervisor.context("a").audit().ok
    assert hypervisor.run(hypervisor.context("a").time_s + 1)["a"].status == "completed"


def test_a_run_that_cannot_be_asked_for_whole_is_not_asked_for_in_part(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = hypervisor._core

    class Short:
        """The core, with memory for one run."""

        asked = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(core, name)

        def submit(self, *arguments: Any, **named: Any) -> Any:
            self.asked += 1
            if self.asked > 1:
                raise MemoryError
            return core.submit(*arguments, **named)

    for name in ("a", "b"):
        running(hypervisor, runtime, name, seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(hypervisor._register, "core", Short())
        with pytest.raises(MemoryError):
            hypervisor.run(1e8)
    assert [vm.runs_waiting for vm in hypervisor.metrics().vms] == [0, 0]


def test_the_chassis_is_shared_and_never_more_than_there_is(
    shared: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    own = bx.Chassis.of_organism(runtime).amounts
    running(shared, runtime, "a", seed=1)
    vm = running(
        shared,
        runtime,
        "b",
        seed=2,
        resource_allocation={"ribosomes": 100, "limits": {"ribosomes": 900}},
    )
    assert shared.get_vm_resource_usage("a").grant == own
    assert shared.get_vm_resource_usage("b").grant == {**own, "ribosomes": 100}
    assert shared.context("b").machines["ribosome"]["total"] == 100
    told = shared.get_system_resources()
    assert told.chassis is not None
    assert told.chassis["free"]["ribosomes"] == own["ribosomes"] - 100
    with pytest.raises(bx.ResourceAllocationError) as caught:
        shared.create_vm("c", runtime)
    assert caught.value.code == "BX002"
    assert caught.value.details["asked"] > caught.value.details["free"]
    assert shared.list_vms() == ["a", "b"]
    acts = shared.allocate_vm_resources(vm, {"ribosomes": 200}, at_s=1.0)
    assert acts == 1.0
    shared.run(2.0)
    assert shared.context("b").machines["ribosome"]["total"] == 200
    shared.allocate_vm_resources("b", {"limits": {"ribosomes": 900}}, at_s=3.0)
    granted = shared.rebalance(4.0)
    assert granted["b"]["ribosomes"] == own["ribosomes"]
    shared.run(5.0)
    assert shared.context("b").machines["ribosome"]["total"] == own["ribosomes"]
    told = shared.get_system_resources()
    assert told.chassis is not None
    assert told.chassis["held"]["ribosomes"] == 2 * own["ribosomes"]


def test_a_chassis_is_given_in_many_ways(runtime: bx.GenomicRuntime) -> None:
    amounts = {"atp_flux_per_s": 10**6, "amino_acid_flux_per_s": 10**6, **CAPACITY}
    ways: list[Any] = [bx.Chassis(**amounts), amounts, "syn3a", "ecoli", None]
    for chassis in ways:
        with bx.BioXenHypervisor(chassis=chassis, workers=1) as hypervisor:
            told = hypervisor.get_system_resources().chassis
            assert (told is None) == (chassis is None)
    twice, once = bx.Chassis.of_organism("ecoli", 2), bx.Chassis.of_organism("ecoli")
    assert twice.amounts == {name: 2 * amount for name, amount in once.amounts.items()}
    part = bx.Chassis.of_organism("ecoli", hypervisor_overhead=0.1, emergency_reserve=0.2)
    assert part.to_dict()["hypervisor_overhead"] == 0.1
    with bx.BioXenHypervisor(chassis=part, workers=1) as hypervisor:
        told = hypervisor.get_system_resources().chassis
        assert told is not None
        held_back = told["overhead"]["ribosomes"] + told["reserve"]["ribosomes"]
        assert held_back == pytest.approx(0.3 * part.ribosomes, abs=2)


def test_a_virtual_clock_repeats_everything(runtime: bx.GenomicRuntime) -> None:
    told = []
    for _ in range(2):
        clock = bx.VirtualClock(3, switch_ns=100)
        with bx.BioXenHypervisor(clock=clock, workers=3, quantum=64) as hypervisor:
            for seed, policy in enumerate(("fair", "batch", bx.Policy.deadline(0.001, 0.004))):
                running(hypervisor, runtime, f"v{seed}", seed=seed, policy=policy)
            hypervisor.run(3.0)
            now = hypervisor.metrics()
            told.append(
                [clock.now_ns, [worker.to_dict() for worker in now.workers]]
                + [(vm.cpu_ns, vm.switches, vm.wait_ns) for vm in now.vms]
            )
            for worker in now.workers:
                parts = worker.context_ns + worker.overhead_ns + worker.idle_ns
                assert parts == worker.total_ns
            assert hypervisor.context("v1").trajectory_hash == solo(runtime, 1, 3.0)
    assert told[0] == told[1]


def test_a_run_that_can_never_end_is_given_up_on_a_virtual_clock(
    runtime: bx.GenomicRuntime,
) -> None:
    with bx.BioXenHypervisor(clock=bx.VirtualClock(1), workers=1) as hypervisor:
        running(hypervisor, runtime, "a", seed=1)
        hypervisor.run(1.0, progress=lambda: None)
        core = hypervisor._core
        handle = hypervisor._record("a").handle.handle
        hypervisor.pause_vm("a")
        run = core.submit(handle, duration_s=1.0)
        core.wait([run])
        assert run.status == "cancelled"


def test_policies_can_be_changed_and_are_told(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, "a", seed=1)
    for policy in (
        bx.Policy.fair(3.0, cap=0.5),
        bx.Policy.deadline(0.002, 0.01, reclaim=True),
        bx.Policy.batch(),
        bx.Policy.fair(),
    ):
        hypervisor.set_policy("a", policy)
        assert hypervisor.get_vm_status("a").policy == policy
        assert policy.to_dict()["kind"] == policy.kind
    hypervisor.set_policy("a", "batch")
    assert hypervisor.get_vm_status("a").policy == bx.Policy.batch()
    for policy, text in (
        (bx.Policy.fair(), "fair"),
        (bx.Policy.fair(2), "fair x2"),
        (bx.Policy.fair(1, 0.5), "fair <=50%"),
        (bx.Policy.deadline(0.002, 0.01), "2/10 ms"),
    ):
        assert str(policy) == text


def test_deadlines_are_admitted_up_to_95_percent_of_a_worker(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    for name in ("a", "b"):
        hypervisor.create_vm(name, runtime, policy=bx.Policy.deadline(0.0095, 0.01))
    before = picture(hypervisor)
    for refused in (
        lambda: hypervisor.create_vm("c", runtime, policy=bx.Policy.deadline(0.001, 0.01)),
        lambda: hypervisor.set_policy("a", bx.Policy.deadline(0.0096, 0.01)),
    ):
        with pytest.raises(bx.ResourceAllocationError, match=r"%"):
            refused()
    assert picture(hypervisor) == before
    assert hypervisor.get_system_resources().deadline_shares == pytest.approx((0.95, 0.95))


# -- what it tells ---------------------------------------------------------------------------------


def test_metrics_are_plain_values_that_add_up(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    for seed in range(3):
        running(hypervisor, runtime, f"v{seed}", seed=seed)
    hypervisor.run(20.0)
    hypervisor.destroy_vm("v0")
    now = hypervisor.metrics()
    told = json.loads(json.dumps(now.to_dict()))
    assert [vm["vm_id"] for vm in told["vms"]] == ["v1", "v2"]
    assert told["vms"][0]["events"] == hypervisor.context("v1").events
    assert now.states == {"created": 0, "running": 2, "paused": 0, "stopped": 0, "error": 0}
    for worker in now.workers:
        assert worker.context_ns + worker.overhead_ns + worker.idle_ns == worker.total_ns
    used = now.departed_cpu_ns + sum(vm.cpu_ns for vm in now.vms)
    assert used == sum(worker.context_ns for worker in now.workers)
    assert now.departed_cpu_ns > 0
    for vm in now.vms:
        assert vm.drawn_atp > 0
        assert 0 < vm.memory_bytes < 256 * 1024
        assert vm.switches >= 1
        assert vm.dispatch.count >= vm.switches
        assert vm.dispatch.p50_ns <= vm.dispatch.p99_ns
        assert vm.cpu_s == vm.cpu_ns / 1e9
    json.dumps(hypervisor.get_vm_status("v1").to_dict())
    json.dumps(hypervisor.get_system_resources().to_dict())


METRIC = re.compile(
    r'(bioxen_[a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (-?[0-9.e+-]+)'
)


def test_the_prometheus_text_is_well_formed_and_says_the_same(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    running(hypervisor, runtime, 'odd "name" \\ {x="y"}', seed=1)
    running(hypervisor, runtime, "b", seed=2)
    hypervisor.run(10.0)
    now = hypervisor.metrics()
    text = now.to_prometheus()
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    samples: dict[tuple[str, str], float] = {}
    helped = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split()[2]
            assert helped not in kinds
            assert len(line.split(maxsplit=3)) == 4
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name == helped
            kinds[name] = kind
        else:
            found = METRIC.fullmatch(line)
            assert found, line
            name = found[1]
            family = name if name in kinds else name.removesuffix("_count")
            assert family == helped  # the samples of a family stand together
            key = (name, found[2] or "")
            assert key not in samples
            samples[key] = float(found[3])
    for name, kind in kinds.items():
        assert (kind == "counter") == name.endswith("_total"), name
        if kind == "summary":
            assert name.endswith("_seconds")
    odd = 'vm="odd \\"name\\" \\\\ {x=\\"y\\"}"'
    assert samples["bioxen_vm_cpu_seconds_total", odd] == now.vms[0].cpu_ns / 1e9
    assert samples["bioxen_vm_memory_bytes", 'vm="b"'] == now.vms[1].memory_bytes
    assert samples["bioxen_vm_state", 'vm="b",state="running"'] == 1
    assert samples["bioxen_vm_state", 'vm="b",state="error"'] == 0
    kind = 'vm="b",kind="codon_steps"'
    assert samples["bioxen_vm_events_total", kind] == now.vms[1].events["codon_steps"]
    used = [f'worker="{i}",use="{use}"' for i in (0, 1) for use in ("context", "overhead", "idle")]
    total = sum(samples["bioxen_worker_seconds_total", labels] for labels in used)
    assert total == pytest.approx(sum(worker.total_ns for worker in now.workers) / 1e9)
    assert samples["bioxen_vms", 'state="running"'] == 2


def test_the_monitor_fits_its_terminal_and_invents_nothing(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    from rich.console import Console

    for seed in range(5):
        running(hypervisor, runtime, f"a-rather-long-name-{seed}", seed=seed)
    hypervisor.pause_vm("a-rather-long-name-4")
    monitor = Picture("test")
    hypervisor.run(5.0)
    monitor.update(hypervisor.metrics())
    for width, height in ((80, 24), (160, 50), (80, 9)):
        console = Console(width=width, height=height, force_terminal=True, color_system=None)
        with console.capture() as capture:
            console.print(monitor)
        lines = capture.get().splitlines()
        assert len(lines) < height
        assert max(map(len, lines)) <= width
        if height == 9:
            assert lines[-1].strip() == "and 3 more"
        rows = [line.split() for line in lines if line.startswith("a-rat")]
        assert len(rows) == (2 if height == 9 else 5)
        assert not any("…" in word for row in rows for word in row[1:])
        assert {row[1] for row in rows} <= {"idle", "paused"}
        assert {row[3] for row in rows} <= {"5.0", "0.0"}  # the last one was paused
    assert "5: 4 idle  1 paused" in capture.get()


def test_names_are_exported_and_loaded_late() -> None:
    for name in ("BioXenHypervisor", "Policy", "Quota", "Chassis", "VirtualClock", "VmHandle"):
        assert name in bx.__all__
        assert getattr(bx, name) is getattr(__import__("bioxen_jcvi_vm_lib.api").api, name)


# -- what it refuses -------------------------------------------------------------------------------

NOT_NAMES: list[Any] = ["", 3, None, b"x", "a\n", "x" * 201, "ä" * 101, "\ud800", True]


@pytest.mark.parametrize(
    "arguments",
    [
        *({"max_vms": n} for n in (0, -1, 1.5, True, None, "4", 10**7, math.nan)),
        *({"workers": n} for n in (0, -1, 2.0, True, 257, "2")),
        *({"slice_s": s} for s in (0, -1, math.nan, math.inf, True, None, "1", 1e9)),
        *({"quantum": q} for q in (0, -1, 1.5, True, None, 1_000_001, 2**70)),
        *({"scheduler": s} for s in ("preemptiv", None, 3)),
        *({"clock": c} for c in (3, "system", object())),
    ],
)
def test_a_hypervisor_refuses_what_it_cannot_be(arguments: dict[str, Any]) -> None:
    with pytest.raises(bx.APIValidationError):
        bx.BioXenHypervisor(**arguments)


@pytest.mark.parametrize(
    "chassis",
    [
        *({"ribosomes": n, "rna_polymerases": 1} for n in (-1, 1.5, True, None, 2**50)),
        {"ribosome": 3},
        {"ribosomes": 3},
        {**CAPACITY, "atp_flux_per_s": 1, "amino_acid_flux_per_s": 1, "hypervisor_overhead": 1.0},
        {**CAPACITY, "atp_flux_per_s": 1, "amino_acid_flux_per_s": 1, "emergency_reserve": -0.1},
        {
            **CAPACITY,
            "atp_flux_per_s": 1,
            "amino_acid_flux_per_s": 1,
            "emergency_reserve": 0.5,
            "hypervisor_overhead": 0.5,
        },
        3,
    ],
)
def test_a_chassis_that_cannot_be_is_refused(chassis: Any) -> None:
    with pytest.raises(bx.ChassisInitializationError) as caught:
        bx.BioXenHypervisor(chassis=chassis)
    assert caught.value.code == "BX003"


def test_an_unknown_organism_and_a_wrong_key_name_the_nearest() -> None:
    with pytest.raises(bx.ChassisInitializationError, match="did you mean 'syn3a'"):
        bx.BioXenHypervisor(chassis="syn3b")
    with pytest.raises(bx.ChassisInitializationError, match="the name of an organism"):
        bx.BioXenHypervisor(chassis=5)
    with pytest.raises(bx.ChassisInitializationError, match="did you mean 'ribosomes'"):
        bx.BioXenHypervisor(chassis={"ribosome": 3})
    with pytest.raises(bx.APIValidationError, match="did you mean 'priority'"):
        bx.ResourceAllocation.of({"priorty": "high"})
    with pytest.raises(bx.APIValidationError, match="did you mean 'events'"):
        bx.Quota.of({"event": 3})


POLICIES: list[Callable[[], Any]] = [
    *((lambda w=w: bx.Policy.fair(w)) for w in (0, -1.0, math.nan, math.inf, True, "1", None, 1e9)),
    *((lambda c=c: bx.Policy.fair(1, c)) for c in (0, -0.5, 1.5, math.nan, True, "1")),
    *(
        (lambda b=b: bx.Policy.deadline(b, 0.01))
        for b in (0, -1, 0.02, math.nan, True, None, "0.1", 1e-12)
    ),
    *(
        (lambda p=p: bx.Policy.deadline(0.0001, p))
        for p in (0, -1, 0.0009, math.nan, math.inf, True, None)
    ),
    lambda: bx.Policy.deadline(0.001, 0.01, reclaim=1),  # type: ignore[arg-type]
    lambda: bx.Policy("batch", weight=2.0),
    lambda: bx.Policy("fair", budget_s=0.1),
    lambda: bx.Policy("realtime"),
    lambda: bx.Policy.of("fiar"),
    lambda: bx.Policy.of("deadline"),
    lambda: bx.Policy.of(3),
    *(
        (lambda key=key, value=value: bx.Quota(**{key: value}))
        for key in ("events", "cpu_s", "memory_bytes", "molecules", "simulated_s")
        for value in (0, -1, math.nan, True, "3", 2**80)
    ),
    lambda: bx.Quota(on_quota="kill"),
    lambda: bx.Quota.of(3),
    *(
        (lambda key=key, value=value: bx.ResourceAllocation(**{key: value}))
        for key in ("ribosomes", "rna_polymerases", "atp_flux_per_s", "amino_acid_flux_per_s")
        for value in (-1, 1.5, True, "3", 2**50)
    ),
    lambda: bx.ResourceAllocation(priority="urgent"),
    lambda: bx.ResourceAllocation(priority=3),  # type: ignore[arg-type]
    lambda: bx.ResourceAllocation(limits={"ribosomes": -1}),
    lambda: bx.ResourceAllocation(limits={"ATP": 1}),
    lambda: bx.ResourceAllocation(limits=3),  # type: ignore[arg-type]
    *((lambda s=s: bx.VirtualClock(s)) for s in (None, -1, 2**64, 1.5, True)),
    lambda: bx.VirtualClock(1, candidate_ns=0),
    lambda: bx.VirtualClock(1, switch_ns=-1),
    *((lambda c=c: bx.Chassis.of_organism("ecoli", c)) for c in (0, -1, 1.5, True)),
]


@pytest.mark.parametrize("make", POLICIES)
def test_terms_that_cannot_be_are_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(bx.APIValidationError) as caught:
        make()
    assert caught.value.code == "BX008"


def test_a_refused_call_changes_nothing(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    """Wrong arguments, names, handles and states, each with the machines before and after."""
    running(hypervisor, runtime, "a", seed=1)
    hypervisor.run(1.0)
    hypervisor.create_vm("created", runtime, seed=2)
    running(hypervisor, runtime, "stopped", seed=3)
    hypervisor.stop_vm("stopped")
    snapshot = hypervisor.context("a").snapshot()
    other = bx.GenomicVirtualizationManager().load_genome_runtime(b">x\nACGTACGT\n")
    gone = hypervisor.create_vm("gone", runtime)
    hypervisor.destroy_vm(gone)
    foreign_host = bx.BioXenHypervisor(workers=1)
    foreign = foreign_host.create_vm("a", runtime)
    forged = bx.VmHandle("b", hypervisor._record("a").handle.handle)
    h, value, state = hypervisor, bx.APIValidationError, bx.VMStateError
    breach = bx.IsolationBreachError
    refused: list[tuple[type[Exception], Callable[[], Any]]] = [
        *((value, lambda n=n: h.create_vm(n, runtime)) for n in NOT_NAMES),
        *((value, lambda n=n: h.fork_vm("a", n)) for n in NOT_NAMES),
        (bx.VMCreationError, lambda: h.create_vm("a", runtime)),
        (bx.VMCreationError, lambda: h.fork_vm("a", "a")),
        (bx.VMCreationError, lambda: h.restore_vm("a", snapshot, runtime)),
        *((value, lambda r=r: h.create_vm("n", r)) for r in (None, "syn3A.gb", 3)),
        (bx.GenomeCompilationError, lambda: h.create_vm("n", other)),
        *((value, lambda s=s: h.create_vm("n", runtime, seed=s)) for s in (-1, 2**64, 1.5, True)),
        (bx.InvalidConfigurationError, lambda: h.create_vm("n", runtime, ribosome_alocation=3)),
        (bx.InvalidConfigurationError, lambda: h.create_vm("n", runtime, reference_mode=True)),
        (value, lambda: h.create_vm("n", runtime, policy="fiar")),
        (value, lambda: h.create_vm("n", runtime, policy=3)),
        (value, lambda: h.create_vm("n", runtime, quota={"event": 3})),
        (value, lambda: h.create_vm("n", runtime, quota=3)),
        (value, lambda: h.create_vm("n", runtime, resource_allocation=3)),
        (
            bx.ResourceAllocationError,
            lambda: h.create_vm("n", runtime, resource_allocation={"ribosomes": 3}),
        ),
        (bx.ResourceAllocationError, lambda: h.allocate_vm_resources("a", {"ribosomes": 3})),
        (bx.ResourceAllocationError, lambda: h.rebalance(5.0)),
        (value, lambda: h.rebalance(math.nan)),
        (bx.ResourceAllocationError, lambda: h.set_quota("a", bx.Quota(simulated_s=0.5))),
        (bx.ResourceAllocationError, lambda: h.set_quota("a", bx.Quota(events=5))),
        (bx.ResourceAllocationError, lambda: h.set_quota("a", bx.Quota(memory_bytes=5))),
        (bx.ResourceAllocationError, lambda: h.set_quota("a", bx.Quota(cpu_s=1e-9))),
        (bx.ResourceAllocationError, lambda: h.set_quota("a", bx.Quota(molecules=1))),
        (value, lambda: h.run(0)),
        *((value, lambda s=s: h.run(s)) for s in (-1, math.nan, math.inf, True, "1", None, 1e10)),
        *((value, lambda p=p: h.run(2, pace=p)) for p in (0, -1, math.nan, True, "1", 1e-9)),
        *((value, lambda e=e: h.run(2, every_s=e)) for e in (0, -1, math.nan, True, "1")),
        (value, lambda: h.run(1e9, every_s=1e-3)),
        (value, lambda: h.run(2, progress=3)),  # type: ignore[arg-type]
        (bx.SnapshotError, lambda: h.restore_vm("n", snapshot, other)),
        (bx.SnapshotError, lambda: h.restore_vm("n", snapshot[:-1], runtime)),
        (value, lambda: h.restore_vm("n", "text", runtime)),  # type: ignore[arg-type]
        (value, lambda: h.restore_vm("n", snapshot, None)),  # type: ignore[arg-type]
        (value, lambda: h.fork_vm("a", "n", seed=3, replay=True)),
        (value, lambda: h.fork_vm("a", "n", replay=1)),  # type: ignore[arg-type]
        (value, lambda: h.fork_vm("a", "n", seed=-1)),
        (state, lambda: h.start_vm("a")),
        (state, lambda: h.resume_vm("a")),
        (state, lambda: h.pause_vm("created")),
        (state, lambda: h.resume_vm("created")),
        (state, lambda: h.start_vm("stopped")),
        (state, lambda: h.pause_vm("stopped")),
        (state, lambda: h.resume_vm("stopped")),
        (state, lambda: h.stop_vm("stopped")),
        (state, lambda: h.context("created").run(1.0)),
        (state, lambda: h.context("stopped").run(1.0)),
        (bx.SnapshotError, lambda: h.load("nowhere")),
    ]
    calls: list[Callable[[Any], Any]] = [
        h.start_vm,
        h.pause_vm,
        h.resume_vm,
        h.stop_vm,
        h.destroy_vm,
        h.context,
        h.get_vm_status,
        h.get_vm_resource_usage,
        lambda vm: h.set_policy(vm, "fair"),
        lambda vm: h.set_quota(vm, None),
        lambda vm: h.allocate_vm_resources(vm, {}),
        lambda vm: h.fork_vm(vm, "n"),
    ]
    for call in calls:
        refused += [(breach, lambda c=call, vm=vm: c(vm)) for vm in (gone, foreign, forged)]
        refused += [(bx.VMNotFoundError, lambda c=call, vm=vm: c(vm)) for vm in ("b", "", "gone")]
        refused += [(value, lambda c=call, vm=vm: c(vm)) for vm in (None, 3, b"a", ["a"])]
    before = picture(h)
    for number, (kind, call) in enumerate(refused):
        with pytest.raises(kind) as caught:
            call()
        assert type(caught.value) is kind, number
        assert isinstance(caught.value, bx.BioXenException)
        assert len(str(caught.value)) > 10
    assert picture(h) == before
    assert foreign_host.list_vms() == ["a"]
    foreign_host.close()


def test_too_many_machines_are_refused(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    for number in range(6):
        hypervisor.create_vm(f"v{number}", runtime, seed=1)
    before = picture(hypervisor)
    for more in (
        lambda: hypervisor.create_vm("v6", runtime),
        lambda: hypervisor.fork_vm("v0", "v6"),
    ):
        with pytest.raises(bx.HypervisorOverloadError, match="6"):
            more()
    assert picture(hypervisor) == before


def test_an_age_is_checked_also_without_a_chassis(hypervisor: bx.BioXenHypervisor) -> None:
    for at_s in (-1, math.nan, "1"):
        with pytest.raises(bx.APIValidationError, match="at_s"):
            hypervisor.get_system_resources(at_s=at_s)  # type: ignore[arg-type]


def test_the_nearest_name_is_told(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    hypervisor.create_vm("lactose", runtime)
    with pytest.raises(bx.VMNotFoundError, match="did you mean 'lactose'") as caught:
        hypervisor.start_vm("lactase")
    assert isinstance(caught.value, KeyError)


def test_nothing_running_is_said(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime
) -> None:
    with pytest.raises(bx.VMStateError, match="start_vm"):
        hypervisor.run(1.0)
    hypervisor.create_vm("a", runtime)
    with pytest.raises(bx.VMStateError, match="start_vm"):
        hypervisor.run(1.0)


def test_a_closed_hypervisor_says_so(runtime: bx.GenomicRuntime) -> None:
    hypervisor = bx.BioXenHypervisor(workers=1)
    vm = running(hypervisor, runtime, "a", seed=1)
    cell = hypervisor.context("a")
    results = hypervisor.run(1.0)
    hypervisor.close()
    hypervisor.close()
    assert "closed" in repr(hypervisor)
    assert results["a"].status == "completed"
    for use in (
        hypervisor.list_vms,
        hypervisor.metrics,
        lambda: hypervisor.run(1.0),
        lambda: hypervisor.start_vm(vm),
        lambda: hypervisor.create_vm("b", runtime),
        lambda: cell.proteins,
        lambda: cell.run(1.0),
        hypervisor.__enter__,
    ):
        with pytest.raises(bx.VMStateError, match="closed"):
            use()


def test_a_hypervisor_is_not_copied_by_accident(hypervisor: bx.BioXenHypervisor) -> None:
    for copy_of in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(bx.APIValidationError, match="save"):
            copy_of(hypervisor)


def test_a_context_keeps_its_hypervisor(runtime: bx.GenomicRuntime) -> None:
    hypervisor = bx.BioXenHypervisor(workers=1)
    running(hypervisor, runtime, "a", seed=1)
    cell = hypervisor.context("a")
    del hypervisor
    assert cell.run(1.0).status == "completed"


# -- ensembles -------------------------------------------------------------------------------------


def test_an_ensemble_is_the_cells_alone(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    tag = runtime.genes[3].locus_tag
    text = (
        f'set_resource("GTP", 40000); run(2, every_s=0.5); knockout("{tag}"); '
        f'run_operon(["{tag}"], duration_s=1); set_resource("ATP", 60000); run(1); '
        f'knockout("{runtime.genes[5].locus_tag}")'
    )
    seeds = [5, 2**64 - 1, 0, 5, 17]
    alone = []
    for seed in seeds:
        with manager.create_cellular_context(runtime, seed=seed) as cell:
            alone.append(cell.execute(text).to_dict())
    for workers in (1, 2, 4, 8, None):
        results = manager.run_ensemble(runtime, text, seeds=seeds, workers=workers)
        assert [result.seed for result in results] == seeds
        for result, expected in zip(results, alone, strict=True):
            told = result.to_dict()
            assert {**told, "wall_time_s": 0} == {**expected, "wall_time_s": 0}
            assert result.audit.residuals


def test_an_ensemble_without_a_run_gives_the_state_after_its_changes(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    (result,) = manager.run_ensemble(runtime, 'set_resource("ATP", 123)', seeds=[1])
    assert result.resources["ATP"].tolist() == [123]
    assert manager.run_ensemble(runtime, "run(1)", seeds=[]) == []


def test_an_ensemble_keeps_few_cells_at_a_time(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bioxen_jcvi_vm_lib.hypervisor import ensemble

    alive = []
    begun = ensemble._Ensemble._begun

    def counted(self: Any, index: int, seed: int) -> Any:
        made = begun(self, index, seed)
        alive.append(len(self._core.contexts()))
        return made

    monkeypatch.setattr(ensemble._Ensemble, "_begun", counted)
    results = manager.run_ensemble(runtime, "run(0.1)", seeds=range(60), workers=2)
    assert len(results) == 60
    assert max(alive) <= 2 * ensemble.WINDOW
    assert np.array_equal([r.seed for r in results], range(60))


@pytest.mark.parametrize(
    ("program", "seeds", "error", "message"),
    [
        ('run(1); snapshot("x")', [1], bx.APIValidationError, "same file"),
        ('knockout("nothing")', [1], bx.APIValidationError, "no gene"),
        ('set_resource("ATPP", 3)', [1], bx.APIValidationError, "did you mean 'ATP'"),
        ("run(", [1], bx.ProgramSyntaxError, "expected"),
        (3, [1], bx.APIValidationError, "program is text"),
        ("run(1)", [1, None], bx.APIValidationError, "seed"),
        ("run(1)", [1, -1], bx.APIValidationError, "seed"),
        ("run(1)", [True], bx.APIValidationError, "seed"),
        ("run(1)", 3, bx.APIValidationError, "seeds"),
        ("run(1)", "123", bx.APIValidationError, "seeds"),
        ("run(1000, every_s=0.001)", range(100), bx.APIValidationError, "GiB"),
    ],
)
def test_an_ensemble_refuses_before_it_runs(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    program: Any,
    seeds: Any,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        manager.run_ensemble(runtime, program, seeds=seeds)
    for workers in (0, -1, 1.5, True):
        with pytest.raises(bx.APIValidationError, match="workers"):
            manager.run_ensemble(runtime, "run(1)", seeds=[1], workers=workers)  # type: ignore[arg-type]


# -- files -----------------------------------------------------------------------------------------


def test_a_saved_hypervisor_goes_on_where_it_was(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    running(hypervisor, runtime, "a", seed=1, policy=bx.Policy.fair(2.0))
    running(hypervisor, runtime, "b", seed=2, ribosome_allocation=111, quota={"events": 10**9})
    hypervisor.create_vm("c", runtime, seed=3, policy="batch")
    hypervisor.run(3.0)
    hypervisor.pause_vm("b")
    file = tmp_path / "cells.bxh"
    hypervisor.save(file)
    with bx.BioXenHypervisor(workers=1) as again:
        again.load(file)
        assert picture(again) != []
        for mine, theirs in zip(picture(hypervisor), picture(again), strict=True):
            assert mine[:6] + mine[7:] == theirs[:6] + theirs[7:]  # all but the handles
        again.resume_vm("b")
        hypervisor.resume_vm("b")
        for each in (hypervisor, again):
            each.run(5.0)
        for name in ("a", "b", "c"):
            one, other = hypervisor.context(name), again.context(name)
            assert one.trajectory_hash == other.trajectory_hash
            assert one.seed == other.seed
        with pytest.raises(bx.VMStateError, match="empty"):
            again.load(file)


def test_a_checkpoint_holds_machines_of_many_genomes(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    tmp_path: Path,
) -> None:
    path = Path(__file__).parents[1] / "data" / "valid" / "three_genes.gb"
    other = manager.load_genome_runtime(path)
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=2) as hypervisor:
        for name, genome in (("small", other), ("large", runtime), ("also", other)):
            running(hypervisor, genome, name, seed=1)
        hypervisor.run(1.0)
        hypervisor.save(file)
    with bx.BioXenHypervisor(workers=2) as hypervisor:
        hypervisor.load(file, runtimes=(one for one in [other]))
        assert [len(hypervisor.context(name).proteins) for name in hypervisor.list_vms()] == [
            len(other),
            len(runtime),
            len(other),
        ]
        assert [len(hypervisor.context(name).runtime) for name in hypervisor.list_vms()] == [
            len(other),
            len(runtime),
            len(other),
        ]
        results = hypervisor.run(2.0)
        assert results["large"].genes == runtime.locus_tags
        assert results["small"].genes == other.locus_tags


def test_a_machine_that_failed_is_saved_as_such(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    vm = running(hypervisor, runtime, "a", seed=1)
    hypervisor._core.wait([hypervisor._core.submit(vm.handle, duration_s=0, resource=("ATP", -1))])
    hypervisor.save(tmp_path / "x.bxh")
    with bx.BioXenHypervisor(workers=1) as again:
        again.load(tmp_path / "x.bxh")
        for each in (hypervisor, again):
            assert each.get_vm_status("a").state == "error"
            assert "ATP = -1" in each.get_vm_status("a").cause
            with pytest.raises(bx.VMStateError, match="failed"):
                each.context("a").run(1.0)
            with pytest.raises(bx.VMStateError, match="failed"):
                each.fork_vm("a", "b")
            each.destroy_vm("a")


def test_a_checkpoint_of_an_unknown_genome_is_refused(
    manager: bx.GenomicVirtualizationManager, tmp_path: Path
) -> None:
    text = (Path(__file__).parents[1] / "data" / "valid").iterdir()
    other = next(
        runtime
        for path in sorted(text)
        if (runtime := manager.load_genome_runtime(path)).transcription_units
    )
    file = tmp_path / "cells.bxh"
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.create_vm("a", other, seed=1)
        hypervisor.save(file)
        hypervisor.destroy_vm("a")
        hypervisor.load(file)  # it has run that genome
        assert hypervisor.list_vms() == ["a"]
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        with pytest.raises(bx.SnapshotError, match="genome"):
            hypervisor.load(file)
        assert hypervisor.list_vms() == []
        for wrong in (3, [3]):
            with pytest.raises((bx.APIValidationError, TypeError)):
                hypervisor.load(file, runtimes=wrong)  # type: ignore[arg-type]
        hypervisor.load(file, runtimes=[other])
        assert hypervisor.context("a").runtime is other
