"""What the hypervisor is told and tells: records travel, and messages say what to do next."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx


def records(runtime: bx.GenomicRuntime) -> list[Any]:
    """One of each kind, with everything that a record may hold."""
    chassis = bx.Chassis.of_organism(runtime, 2)
    with bx.BioXenHypervisor(workers=1, chassis=chassis) as hypervisor:
        vm = hypervisor.create_vm("a", runtime, seed=1, policy=bx.Policy.fair(2.0, 0.5))
        hypervisor.start_vm(vm)
        results = hypervisor.run(1.0, every_s=0.5)
        metrics = hypervisor.metrics()
        return [
            vm,
            hypervisor.get_vm_status(vm),
            hypervisor.get_vm_resource_usage(vm),
            hypervisor.get_system_resources(),
            metrics,
            metrics.workers[0],
            metrics.preemption,
            chassis,
            bx.Policy.deadline(0.001, 0.1),
            bx.Quota(events=3),
            bx.ResourceAllocation(ribosomes=3, limits={"ribosomes": 5}),
            results["a"].audit,
            runtime.residents[0],
        ]


def test_records_are_copied_pickled_and_hashed(runtime: bx.GenomicRuntime) -> None:
    for record in records(runtime):
        for again in (
            pickle.loads(pickle.dumps(record)),
            copy.deepcopy(record),
            copy.copy(record),
        ):
            assert type(again) is type(record)
            assert again == record
            assert hash(again) == hash(record)
        if hasattr(record, "to_dict"):
            assert pickle.loads(pickle.dumps(record)).to_dict() == record.to_dict()


def test_results_are_copied_and_pickled_and_stay_read_only(context: bx.CellularContext) -> None:
    result = context.run(1.0, every_s=0.5)
    for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert again.to_dict() == result.to_dict()
        for column in (again.time_s, again.proteins, again.resources["ATP"]):
            with pytest.raises(ValueError, match="read-only"):
                column[:] = 0
        with pytest.raises(TypeError):
            again.events["codon_steps"] = 0


def test_results_are_kept_without_their_hypervisor(runtime: bx.GenomicRuntime) -> None:
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        for seed, name in enumerate("ab"):
            quota = {"simulated_s": 0.5, "on_quota": "raise"} if seed else None
            hypervisor.start_vm(hypervisor.create_vm(name, runtime, seed=seed, quota=quota))
        handle = hypervisor._record("a").handle
        with pytest.raises(bx.IsolationBreachError) as caught:
            hypervisor.run(1.0)
    error = pickle.loads(pickle.dumps(caught.value))  # as from another process
    results = caught.value.details["results"]
    assert error.details["vm_ids"] == ["b"]
    for again in (error.details["results"], copy.copy(results), copy.deepcopy(results)):
        assert isinstance(again, bx.RunResults)
        assert again.statuses == {"a": "completed", "b": "quota"}
        assert repr(again) == repr(results)
        assert (list(again), again.cancelled) == (["a", "b"], False)
        assert again[handle].to_dict() == results["a"].to_dict()
        assert again.to_dict() == results.to_dict()
        with pytest.raises(bx.VMNotFoundError):
            again["c"]
    told = json.loads(json.dumps(caught.value.to_dict()))
    assert told["details"]["results"]["b"]["status"] == "quota"


def test_a_clock_is_not_copied() -> None:
    for keep in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(bx.APIValidationError, match="virtual clock"):
            keep(bx.VirtualClock(1))


def test_any_kind_of_number_is_kept_as_a_plain_one() -> None:
    half, three = Fraction(1, 2), np.int64(3)
    assert str(bx.Policy.fair(half)) == "fair x0.5"
    assert str(bx.Policy.deadline(np.float32(0.5), half)) == "500/500 ms"
    for record in (
        bx.Policy.fair(half, np.float64(0.5)),
        bx.Policy.deadline(half, three),
        bx.Quota(events=three, cpu_s=half, molecules=three, simulated_s=three),
        bx.ResourceAllocation(ribosomes=three, limits={"ribosomes": np.int64(4)}),
        bx.Chassis(three, three, three, three, half),
    ):
        assert json.loads(json.dumps(record.to_dict())) == record.to_dict()
        assert {type(value) for value in record.to_dict().values()} <= {
            bool, int, float, str, dict, type(None),
        }  # fmt: skip


def test_a_policy_says_what_it_is() -> None:
    assert str(bx.Policy.deadline(0.001, 0.02)) == "1/20 ms"
    assert str(bx.Policy.deadline(0.001, 0.02, reclaim=True)) == "1/20 ms +"
    for text, fix in (
        ("deadline:1/20", r"Policy\.deadline\(budget"),
        ("fair:2", r"Policy\.fair\("),
    ):
        with pytest.raises(bx.APIValidationError, match=fix):
            bx.Policy.of(text)


def test_a_restored_machine_holds_what_it_held(runtime: bx.GenomicRuntime) -> None:
    own = bx.Chassis.of_organism(runtime)
    with bx.BioXenHypervisor(workers=1, chassis=bx.Chassis.of_organism(runtime, 2)) as hypervisor:
        cell = hypervisor.create_vm("a", runtime, seed=1, resource_allocation={"ribosomes": 30})
        snapshot = hypervisor.context(cell).snapshot()
        for name, given, ribosomes in (("b", None, 30), ("c", {"rna_polymerases": 1}, 30)):
            hypervisor.destroy_vm(hypervisor.list_vms()[-1])
            vm = hypervisor.restore_vm(name, snapshot, runtime, resource_allocation=given)
            grant = hypervisor.get_vm_resource_usage(vm).grant
            assert grant is not None
            assert grant["ribosomes"] == ribosomes
        assert grant["rna_polymerases"] == 1
    small = bx.Chassis(**{**own.amounts, "ribosomes": 20})
    with bx.BioXenHypervisor(workers=1, chassis=small) as hypervisor:
        for given in (None, {"rna_polymerases": 1}):
            with pytest.raises(bx.ResourceAllocationError, match=r"30 asked.*its snapshot has"):
                hypervisor.restore_vm("b", snapshot, runtime, resource_allocation=given)


def test_names_of_records_are_at_the_root() -> None:
    from bioxen_jcvi_vm_lib import api

    for name in ("Latency", "Resident"):
        assert name in bx.__all__
        assert getattr(bx, name) is getattr(api, name)


def test_a_policy_is_a_mapping_in_a_file(runtime: bx.GenomicRuntime) -> None:
    known = {
        "fair": {"kind": "fair", "weight": 2, "cap": 0.5},
        "deadline": {"kind": "deadline", "budget_s": 0.001, "period_s": 0.1, "reclaim": True},
        "batch": {"kind": "batch"},
    }
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        for kind, given in known.items():
            vm = hypervisor.create_vm(kind, runtime, policy=given)
            assert hypervisor.get_vm_status(vm).policy.to_dict() == given
            hypervisor.set_policy(vm, given)
            assert bx.Policy.of(bx.Policy.of(given).to_dict()) == bx.Policy.of(given)


A = np.arange(3)
HUGE = 10**400


@pytest.mark.parametrize(
    "call",
    [
        *(
            lambda h, r, v=v: h.create_vm("n", r, policy=v)
            for v in (A, {"kind": A}, {"kind": "fair", "weight": A}, {"weight": 2}, {}, [], {3: 4})
        ),
        *(
            lambda h, r, v=v: h.create_vm("n", r, quota=v)
            for v in (A, {"cpu_s": A}, {"cpu_s": HUGE}, {"events": HUGE}, {"on_quota": A}, {(): 1})
        ),
        *(
            lambda h, r, v=v: h.create_vm("n", r, resource_allocation=v)
            for v in (A, {"ribosomes": A}, {"ribosomes": HUGE}, {"priority": A}, {"limits": A})
        ),
        *(lambda h, r, v=v: h.run(v) for v in (HUGE, -HUGE, A)),
        *(lambda h, r, v=v: h.run(1.0, pace=v) for v in (HUGE, A)),
        *(lambda h, r, v=v: h.run(1.0, every_s=v) for v in (HUGE, A)),
        *(lambda h, r, v=v: bx.Policy.fair(v) for v in (HUGE, A, None)),
        *(lambda h, r, v=v: bx.Policy.fair(cap=v) for v in (HUGE, A)),
        *(lambda h, r, v=v: bx.Policy.deadline(v, 1.0) for v in (HUGE, A)),
        *(lambda h, r, v=v: bx.Policy.deadline(0.1, 1.0, reclaim=v) for v in (HUGE, A)),
        *(lambda h, r, v=v: bx.Policy("batch", weight=v) for v in (HUGE, A)),
        *(lambda h, r, v=v: bx.BioXenHypervisor(scheduler=v) for v in (A, HUGE)),
        *(lambda h, r, v=v: bx.BioXenHypervisor(slice_s=v) for v in (A, HUGE)),
        *(lambda h, r, v=v: h.create_vm("n", r, seed=v) for v in (A, HUGE)),
        lambda h, r: h.create_vm(A, r),
        lambda h, r: h.start_vm(A),
        lambda h, r: bx.GenomicVirtualizationManager().create_cellular_context(r).run(HUGE),
    ],
)
def test_whatever_is_given_the_error_is_typed(
    runtime: bx.GenomicRuntime, call: Callable[[bx.BioXenHypervisor, bx.GenomicRuntime], Any]
) -> None:
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.start_vm(hypervisor.create_vm("a", runtime, seed=1))
        with pytest.raises(bx.APIValidationError) as caught:
            call(hypervisor, runtime)
        assert len(str(caught.value)) < 300
        assert hypervisor.list_vms() == ["a"]


def test_an_amount_that_nobody_gave_is_told_apart(runtime: bx.GenomicRuntime) -> None:
    own = bx.Chassis.of_organism(runtime)
    small = bx.Chassis(**{**own.amounts, "atp_flux_per_s": 10})
    with bx.BioXenHypervisor(workers=1, chassis=small) as hypervisor:
        for given in (None, {"ribosomes": 5}):
            with pytest.raises(bx.ResourceAllocationError, match="its organism has") as caught:
                hypervisor.create_vm("a", runtime, resource_allocation=given)
            assert caught.value.details["resource"] == "atp_flux_per_s"
        with pytest.raises(bx.ResourceAllocationError) as caught:
            hypervisor.create_vm("a", runtime, resource_allocation={"atp_flux_per_s": 11})
        assert "organism" not in str(caught.value)
        parent = hypervisor.create_vm("a", runtime, resource_allocation={"atp_flux_per_s": 6})
        with pytest.raises(bx.ResourceAllocationError, match="its parent has"):
            hypervisor.fork_vm(parent, "b", resource_allocation={"atp_flux_per_s": 1})


def test_what_is_not_free_is_told_by_where_it_is(runtime: bx.GenomicRuntime) -> None:
    pool = bx.Chassis(100, 10**6, 10**9, 10**9, hypervisor_overhead=0.1, emergency_reserve=0.2)
    share = {"rna_polymerases": 1, "atp_flux_per_s": 1, "amino_acid_flux_per_s": 1}
    with bx.BioXenHypervisor(workers=1, chassis=pool) as hypervisor:
        alone = "ribosomes: 71 asked from 0 s on, 70 free of 100, 10 hypervisor overhead, 20 "
        alone += "reserved for critical priority: ask for at most 70$"
        with pytest.raises(bx.ResourceAllocationError, match=alone):
            hypervisor.create_vm("a", runtime, resource_allocation={"ribosomes": 71, **share})
        urgent = {**share, "priority": "critical"}
        hypervisor.create_vm("a", runtime, resource_allocation={"ribosomes": 71, **urgent})
        beside = (
            "19 free of 100, 71 held by others, 10 hypervisor overhead: ask for at most 19, or "
        )
        with pytest.raises(bx.ResourceAllocationError, match=beside + "let others hold less$"):
            hypervisor.create_vm("b", runtime, resource_allocation={"ribosomes": 20, **urgent})


def test_a_machine_that_cannot_run_says_what_can_be_done(runtime: bx.GenomicRuntime) -> None:
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        with pytest.raises(bx.VMStateError, match="create_vm"):
            hypervisor.run(1.0)
        vm = hypervisor.create_vm("a", runtime, seed=1)
        cell = hypervisor.context(vm)
        for change, says in (
            (lambda _: None, "start_vm"),
            (lambda v: (hypervisor.start_vm(v), hypervisor.pause_vm(v)), "resume_vm"),
            (hypervisor.stop_vm, "fork_vm"),
        ):
            change(vm)
            with pytest.raises(bx.VMStateError, match=says):
                cell.run(1.0)


def test_the_scheduler_is_not_of_one_machine(runtime: bx.GenomicRuntime) -> None:
    with (
        bx.BioXenHypervisor(workers=1) as hypervisor,
        pytest.raises(bx.InvalidConfigurationError, match=r"scheduler=\"cooperative\""),
    ):
        hypervisor.create_vm("a", runtime, runtime_scheduler="cooperative")


def test_everything_can_be_shown_after_its_end(runtime: bx.GenomicRuntime) -> None:
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        vm = hypervisor.create_vm("a", runtime, seed=1)
        cell, other = hypervisor.context(vm), hypervisor.context(hypervisor.create_vm("b", runtime))
        hypervisor.destroy_vm("b")
        assert "gone" in repr(other)
        assert "0 s old" in repr(cell)
    assert "gone" in repr(cell)
    assert "closed" in repr(hypervisor)
    assert "a" in repr(vm)
