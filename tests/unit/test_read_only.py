"""What is public of a cell, a machine and what makes them is looked at and never assigned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import bioxen_jcvi_vm_lib as bx


@pytest.fixture(scope="module")
def held() -> Iterator[dict[str, object]]:
    """One object of every kind that users hold."""
    with bx.GenomicVirtualizationManager() as manager, bx.BioXenHypervisor(max_vms=2) as hypervisor:
        runtime = manager.load_genome_runtime()
        context = manager.create_cellular_context(runtime, seed=7)
        vm = bx.create_bio_vm("cell", genome_runtime=runtime, hypervisor=hypervisor, seed=7)
        yield {
            "runtime": runtime,
            "context": context,
            "vm": vm,
            "manager": manager,
            "hypervisor": hypervisor,
        }


@pytest.mark.parametrize("kind", ["runtime", "context", "vm", "manager", "hypervisor"])
def test_no_public_name_can_be_assigned_or_added(held: dict[str, object], kind: str) -> None:
    one = held[kind]
    names = [name for name in dir(one) if not name.startswith("_")]
    assert len(names) > 5
    for name in [*names, "nosuch"]:
        with pytest.raises(AttributeError):
            setattr(one, name, 99)
        with pytest.raises(AttributeError):
            delattr(one, name)


def test_what_was_to_be_changed_is_as_it_was(held: dict[str, object]) -> None:
    context, vm, hypervisor = held["context"], held["vm"], held["hypervisor"]
    assert isinstance(context, bx.CellularContext)
    assert isinstance(vm, bx.BiologicalVM)
    assert isinstance(hypervisor, bx.BioXenHypervisor)
    assert (context.seed, context.runtime) == (7, held["runtime"])
    assert (vm.vm_id, vm.handle.vm_id, vm.runtime) == ("cell", "cell", held["runtime"])
    assert vm.hypervisor is hypervisor
    assert (hypervisor.max_vms, hypervisor.scheduler) == (2, "preemptive")
