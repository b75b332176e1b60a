"""Machines whose cells divide: hooks, audit log, daughters, and what is told of them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator

import pytest

import bioxen_jcvi_vm_lib as bx

GROWING = {"execution_parameters": {"cell_cycle": True}}


@pytest.fixture(scope="module")
def runtime() -> Iterator[bx.GenomicRuntime]:
    """The built-in genome, for cells that grow."""
    with bx.GenomicVirtualizationManager(GROWING) as manager:
        yield manager.load_genome_runtime()


@pytest.fixture(scope="module")
def ready(runtime: bx.GenomicRuntime) -> bytes:
    """A cell ten seconds before it is ready to divide."""
    with bx.GenomicVirtualizationManager(GROWING) as manager:
        cell = manager.create_cellular_context(runtime, seed=3)
        twin = cell.fork(replay=True)
        assert twin.run(9000).status == "divided"
        cell.run(twin.time_s - 10)
        return cell.snapshot()


@pytest.fixture
def hypervisor() -> Iterator[bx.BioXenHypervisor]:
    """Room for some machines."""
    with bx.BioXenHypervisor(max_vms=4, workers=2) as hypervisor:
        yield hypervisor


@pytest.fixture
def mother(
    hypervisor: bx.BioXenHypervisor, runtime: bx.GenomicRuntime, ready: bytes
) -> bx.BiologicalVM:
    """A machine with that cell."""
    handle = hypervisor.restore_vm("mother", ready, runtime)
    audit = bx.AuditLog()
    vm = bx.BiologicalVM(
        hypervisor,
        handle,
        runtime,
        biological_type="minimal_cell",
        vm_type="basic",
        owns_hypervisor=False,
        audit=audit,
    )
    vm.start()
    return vm


def noted(vm: bx.BiologicalVM) -> list[str]:
    """What its audit log has of divisions."""
    assert vm._audit is not None
    return [one.event for one in vm._audit.entries(vm_id=vm.vm_id) if "divide" in one.event]


RUNS: dict[str, Callable[[bx.BiologicalVM], str]] = {
    "process": lambda vm: vm.execute_biological_process("run(100); run(7)").status,
    "cell": lambda vm: vm.context.run(100).status,
    "hypervisor's cell": lambda vm: vm.hypervisor.context("mother").run(100).status,
    "hypervisor": lambda vm: vm.hypervisor.run(9000).statuses["mother"],
}


@pytest.mark.parametrize("way", RUNS)
def test_a_run_ends_where_the_cell_is_ready_and_hooks_are_called(
    way: str, mother: bx.BiologicalVM
) -> None:
    heard: list[tuple[str, bool, object]] = []

    def hear(vm: bx.BiologicalVM) -> None:
        state = vm.get_status().cell_cycle
        assert state is not None
        heard.append((vm.state, state.ready_to_divide, vm.daughter))

    assert mother.on("divided", hear) is hear
    assert RUNS[way](mother) == "divided"
    assert heard == [("running", True, None)]
    assert noted(mother) == ["ready_to_divide"]
    # nothing is divided by itself: another run goes on, and it is told once a generation
    age = mother.get_status().time_s
    assert mother.execute_biological_process("run(20)").status == "completed"
    after = mother.get_status()
    assert after.time_s == age + 20
    assert after.cell_cycle is not None
    assert (after.cell_cycle.generation, after.cell_cycle.ready_to_divide) == (0, True)
    assert len(heard) == 1


def test_a_hook_divides_the_cell_and_is_not_called_for_that(mother: bx.BiologicalVM) -> None:
    daughters: list[bx.CellularContext] = []
    mother.on("divided", lambda vm: daughters.append(vm.divide()))
    assert mother.execute_biological_process("run(100)").status == "divided"
    (daughter,) = daughters
    assert mother.daughter is daughter
    assert daughter.time_s == mother.get_status().time_s
    assert daughter.audit().ok
    assert mother.context.audit().ok
    assert noted(mother) == ["ready_to_divide", "divided"]
    entry = mother._audit.entries(event="divided")[0]  # type: ignore[union-attr]
    assert dict(entry.details) == {"time_s": daughter.time_s, "generation": 1}
    state = mother.get_status().cell_cycle
    assert state is not None
    assert (state.generation, state.chromosomes) == (1, 1)
    # what the hypervisor tells is the cell after the division, not before
    told = mother.hypervisor.metrics().vms[0].cell_cycle
    assert told == state == mother.hypervisor.get_vm_status("mother").cell_cycle
    assert mother.get_biological_metrics().cell_cycle == state
    daughter.run(5)
    assert mother.execute_biological_process("run(5)").status == "completed"


DIVISIONS: dict[str, Callable[[bx.BiologicalVM], object]] = {
    "process": lambda vm: vm.execute_biological_process("divide(); run(1)"),
    "machine": lambda vm: vm.divide(),
    "machine, another": lambda vm: vm.divide("daughter"),
    "cell": lambda vm: vm.context.divide(),
    "hypervisor's cell": lambda vm: vm.hypervisor.context("mother").divide(),
    "hypervisor": lambda vm: vm.hypervisor.divide_vm("mother", "daughter"),
    "manager": lambda vm: bx.GenomicVirtualizationManager().process_cell_division_event(vm.context),
}


@pytest.mark.parametrize("way", DIVISIONS)
def test_however_the_cell_divides_hooks_and_log_have_it_once(
    way: str, mother: bx.BiologicalVM, ready: bytes, runtime: bx.GenomicRuntime
) -> None:
    """Mother and daughter are, bit for bit, those of the cell alone."""
    alone = bx.CellularContext.restore(ready, runtime)
    other = alone.divide()
    heard: list[str] = []
    mother.on("divided", lambda vm: heard.append(vm.daughter.trajectory_hash))
    DIVISIONS[way](mother)
    assert heard == [other.trajectory_hash]
    assert noted(mother) == ["divided"]
    if way == "process":
        alone.run(1)
    assert mother.context.trajectory_hash == alone.trajectory_hash
    assert mother.daughter is not None
    assert mother.daughter.trajectory_hash == other.trajectory_hash
    if mother.hypervisor.list_vms() != ["mother"]:
        assert mother.hypervisor.list_vms() == ["mother", "daughter"]
        assert mother.hypervisor.get_vm_state("daughter") == "created"


@pytest.mark.parametrize("way", [way for way in DIVISIONS if way != "process"])
def test_a_machine_that_was_stopped_divides_no_more(mother: bx.BiologicalVM, way: str) -> None:
    mother.execute_biological_process("run(100)")
    mother.stop()
    before = mother.context.trajectory_hash
    with pytest.raises(bx.VMStateError, match="has been stopped: it divides no more"):
        DIVISIONS[way](mother)
    assert (mother.context.trajectory_hash, mother.daughter) == (before, None)
    with mother.context.fork() as cell, cell.divide() as daughter:
        assert daughter.audit().ok


def test_a_daughter_is_a_machine_of_its_own(ready: bytes) -> None:
    """Also where the mother has a hypervisor for itself; then so has the daughter."""
    audit = bx.AuditLog()
    with bx.create_bio_vm("mother", config=GROWING, seed=2, audit=audit) as vm:
        vm.start()
        vm.execute_biological_process("replicate()")
        age = vm.get_status().time_s
        with pytest.raises(bx.APIValidationError, match="is no name"):
            vm.divide("two\nlines")
        with pytest.raises(bx.APIValidationError, match="name it"):
            vm.divide(policy="batch")
        assert (vm.get_status().time_s, vm.daughter) == (age, None)
        with vm.divide("daughter", policy="batch") as daughter:
            assert daughter.state == "created"
            assert daughter.get_biological_type() == "minimal_cell"
            assert daughter.hypervisor is not vm.hypervisor
            daughter.start()
            assert daughter.execute_biological_process("run(5)").execution.audit.ok
            with pytest.raises(bx.GenomicRuntimeError, match="two whole copies"):
                daughter.divide("granddaughter")
        assert vm.execute_biological_process("run(5)").execution.audit.ok
    events = [(one.vm_id, one.event) for one in audit.entries()]
    assert ("mother", "divided") in events
    assert events[-3:] == [
        ("daughter", "started"),
        ("daughter", "destroyed"),
        ("mother", "destroyed"),
    ]


def test_what_cannot_be_admitted_divides_nothing(
    mother: bx.BiologicalVM, hypervisor: bx.BioXenHypervisor, ready: bytes
) -> None:
    heard: list[bx.BiologicalVM] = []
    mother.on("divided", heard.append)
    with pytest.raises(bx.VMCreationError, match="there is a VM 'mother' already"):
        mother.divide("mother")
    for name in ("b", "c", "d"):
        hypervisor.restore_vm(name, ready, mother.runtime)
    with pytest.raises(bx.HypervisorOverloadError):
        mother.divide("daughter")
    assert (heard, noted(mother), mother.daughter) == ([], [], None)
    state = mother.get_status().cell_cycle
    assert state is not None
    assert (state.generation, state.chromosomes) == (0, 2)
    with bx.create_bio_vm("plain") as plain, pytest.raises(bx.GenomicRuntimeError, match="grow"):
        plain.divide()


def test_a_hook_that_fails_loses_no_daughter(mother: bx.BiologicalVM) -> None:
    def fails(vm: bx.BiologicalVM) -> None:
        raise LookupError("the hook's own")

    mother.on("divided", fails)
    with pytest.raises(bx.GenomicRuntimeError, match="has divided, and a hook failed") as caught:
        mother.divide()
    assert caught.value.details["daughter"] is mother.daughter
    assert isinstance(caught.value.__cause__, LookupError)
    assert noted(mother) == ["divided"]


def test_a_process_has_its_cells_and_every_molecule_of_a_division(
    runtime: bx.GenomicRuntime, ready: bytes
) -> None:
    cell = bx.CellularContext.restore(ready, runtime)
    result = cell.execute(
        "divide(); create_cellular_context({'seed': 9, 'atp_pool_size': 1000}); run(2, every_s=1)"
    )
    daughter, further = result.contexts
    assert (further.seed, further.time_s, further.count("ATP")) == (9, 0.0, 1000)
    assert daughter.cell_cycle.generation == 1
    assert result.events["divisions"] == 1
    assert result.cell_cycle["generation"].tolist() == [0, 1, 1, 1]
    assert result.cell_cycle["phase"].tolist() == ["D", "B", "B", "B"]
    assert result.sim_time_s == pytest.approx(2, abs=1 / 64)
    assert "operator" not in result.ledger
    for name, column in result.resources.items():
        posted = sum(legs.get(name, 0) for legs in result.ledger.values())
        assert posted == column[-1] - column[0], name
    assert result.ledger["division"]["ATP"] < -1000
    copied = pickle.loads(pickle.dumps(result))
    assert (copied.contexts, copied.notes) == ((), result.notes)
    told = json.loads(json.dumps(result.to_dict()))
    assert told["cell_cycle"]["chromosomes"] == [2, 1, 1, 1]


def test_samples_carry_the_cycle_and_replisomes(runtime: bx.GenomicRuntime) -> None:
    with bx.GenomicVirtualizationManager(GROWING) as manager:
        cell = manager.create_cellular_context(runtime, seed=5)
        result = cell.run(900, every_s=100)
        now, cycle = cell.cell_cycle, result.cell_cycle
        assert {key: column[-1] for key, column in cycle.items()} == {
            key: getattr(now, key) for key in cycle
        }
        assert now.origins == 2
        assert now.chromosomes == 1
        replisomes = result.machines["replisome"]
        assert replisomes["total"].tolist() == replisomes["active"].tolist()
        assert replisomes["total"].tolist() == cycle["forks"].tolist()
        assert cell.machines["replisome"] == {"total": 2, "free": 0, "active": 2}
        assert not any(column.flags.writeable for column in cycle.values())
        assert not any(column.flags.writeable for column in replisomes.values())
        frame, dataset = result.to_pandas(), result.to_xarray()
        assert frame["cell_cycle.volume_l"].tolist() == cycle["volume_l"].tolist()
        assert dataset["cell_cycle_volume_l"].attrs["units"] == "L"
        assert "units" not in dataset["cell_cycle_phase"].attrs
        resting = manager.create_cellular_context(runtime, seed=5, cell_cycle=False).run(5)
        assert resting.cell_cycle == {}
        assert resting.machines["replisome"]["total"].tolist() == [0, 0]
        assert not any(name.startswith("cell_cycle") for name in resting.to_pandas())
