"""Biological virtual machines: their making, lifecycle, hooks, processes and reports."""

from __future__ import annotations

import contextlib
import copy
import gc
import gzip
import importlib.resources
import itertools
import json
import logging
import pickle
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib._reading import read_genome
from bioxen_jcvi_vm_lib.api.enhanced_error_handling import AuditEntry
from bioxen_jcvi_vm_lib.program import Run, RunOperon


@pytest.fixture
def vm() -> Iterator[bx.BiologicalVM]:
    """A started machine of the built-in genome with seed 7."""
    with bx.create_bio_vm("cell", seed=7) as vm:
        vm.start()
        yield vm


def test_a_process_is_what_the_cell_alone_does(
    vm: bx.BiologicalVM, manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    code = 'run(20, every_s=10); knockout("rpoB"); run_operon(["atpA"], duration_s=5)'
    done = vm.execute_biological_process(code)
    with manager.create_cellular_context(runtime, seed=7) as alone:
        wanted = alone.execute(code)
        assert vm.context.trajectory_hash == alone.trajectory_hash
    assert done.status == wanted.status == "completed"
    assert done.events == wanted.events
    assert done.execution.audit.ok
    assert done.execution.time_s.tolist() == wanted.time_s.tolist()
    assert done.program == bx.GenomicProgram.parse(code)
    assert json.loads(json.dumps(done.to_dict()))["program"] == str(done.program)
    assert "completed, 25 s" in repr(done)


def test_a_notebook_shows_what_a_process_came_to(vm: bx.BiologicalVM) -> None:
    shown = vm.execute_biological_process('run(1); set_resource("ATP", 7)')._repr_html_()
    for says in (
        "cell",
        "run(1.0); set_resource(&quot;ATP&quot;, 7)",
        "completed",
        "1 s, ",
        "ok (",
    ):
        assert says in shown
    long = "; ".join(f"run(0.{n}{n})" for n in range(1, 10))
    assert "and 3 more" in vm.execute_biological_process(long)._repr_html_()


def test_older_calls_are_a_run_of_that_gene(vm: bx.BiologicalVM) -> None:
    done = vm.execute_biological_process('transcribe_gene("dnaA"); translate_gene("dnaA", 30)')
    assert str(done.program) == (
        'run_operon(["dnaA"], duration_s=60.0)\ntranslate_gene("dnaA", duration_s=30.0)'
    )
    tag = vm.runtime.gene("dnaA").locus_tag
    assert vm.get_biological_metrics().transcripts[tag] > 0
    assert done.sim_time_s == 90.0


@pytest.mark.parametrize(
    "code",
    ['transcribe_gene("rpsB")', 'translate_gene("rpsB")', 'run_operon(["dnaA", "rpsB", "rpsB"])'],
)
def test_who_asks_for_a_gene_that_is_knocked_out_is_told(
    vm: bx.BiologicalVM, manager: bx.GenomicVirtualizationManager, code: str
) -> None:
    """Nothing begins at it, what had begun goes on: messengers are there, and ribosomes on them."""
    assert vm.execute_biological_process(f"run(60); {code}").notes == ()
    done = vm.execute_biological_process(f'knockout("rpsB"); {code}; run(1)')
    (note,) = done.notes
    assert note.startswith("'rpsB' is knocked out: no ribosome begins at it")
    assert done.status == "completed"
    assert note in repr(done)
    assert done.to_dict()["execution"]["notes"] == [note]
    assert "no ribosome begins" in done._repr_html_()
    with vm.context.fork() as fork:  # also where nobody saw it
        assert fork.execute(code).notes == (note,)
        again = bx.CellularContext.restore(fork.snapshot(), vm.runtime)
        told = manager.run_gene_expression_engine(["rpsB"], again, duration_s=1)
        assert told.notes == (note,)
        assert note in repr(told)
        assert pickle.loads(pickle.dumps(told)).notes == (note,)
        assert again.execute('run_operon(["dnaA"], duration_s=1)').notes == ()
    (of_many,) = manager.run_ensemble(
        vm.runtime, f'knockout("rpsB"); {code}; run(1)', seeds=[7], workers=1
    )
    assert of_many.notes == (note,)


def test_a_knocked_out_rna_and_a_whole_unit_are_told(vm: bx.BiologicalVM) -> None:
    tags = vm.runtime.locus_tags[::7]
    vm.execute_biological_process("; ".join(f'knockout("{tag}")' for tag in tags))
    before, core = vm.context.trajectory_hash, vm.context._open()
    assert core.knocked_out() == [*range(0, len(tags) * 7 - 6, 7)]
    assert vm.context.trajectory_hash == before
    wanted = "[" + ", ".join(f'"{tag}"' for tag in vm.runtime.locus_tags[::3]) + "]"
    done = vm.execute_biological_process(f"run_operon({wanted}, duration_s=1e-6)")
    genes = [vm.runtime.gene(tag) for tag in tags if tag in vm.runtime.locus_tags[::3]]
    told = [note.partition(" is knocked out: ") for note in done.notes]
    assert [name for name, _, _ in told] == [repr(gene.name or gene.locus_tag) for gene in genes]
    assert {gene.kind == "protein" for gene in genes} == {True, False}
    for gene, (_, _, says) in zip(genes, told, strict=True):
        assert says.startswith("no ribosome") == (gene.kind == "protein")


def test_the_lifecycle_and_its_hooks() -> None:
    vm = bx.create_bio_vm("cell")
    told: list[tuple[str, str]] = []
    for event in ("started", "paused", "resumed", "stopped", "destroyed"):
        vm.on(event, lambda vm, event=event: told.append((event, vm.state)))
    assert vm.state == "created"
    vm.start()
    vm.pause()
    vm.resume()
    vm.stop()
    vm.destroy()
    vm.destroy()
    assert told == [
        ("started", "running"),
        ("paused", "paused"),
        ("resumed", "running"),
        ("stopped", "stopped"),
        ("destroyed", "destroyed"),
    ]
    assert vm.get_status().state == "destroyed"
    assert vm.get_biological_type() == "minimal_cell"
    assert vm.get_vm_type() == "basic"


@pytest.mark.parametrize(
    ("deeds", "then", "says"),
    [
        ((), "execute", "start() it"),
        (("start", "pause"), "execute", "resume() it"),
        (("start", "stop"), "execute", "context.fork() makes a cell of it"),
        (("start", "destroy"), "execute", "was destroyed"),
        (("destroy",), "start", "was destroyed"),
        ((), "run", "start() it"),
        (("start", "pause"), "run", "resume() it"),
        (("start", "stop"), "run", "context.fork() makes a cell of it"),
        (("destroy",), "run", "create_bio_vm"),
        (("destroy",), "look", "create_bio_vm"),
        (("start",), "start", "running"),
        (("start", "pause"), "start", "resume() it"),
        ((), "pause", "start() it"),
        ((), "resume", "start() it"),
        (("start", "stop"), "resume", "context.fork() makes a cell of it"),
        (("destroy",), "metrics", "was destroyed"),
    ],
)
def test_a_call_in_the_wrong_state_is_refused(deeds: tuple[str, ...], then: str, says: str) -> None:
    calls: dict[str, Callable[[bx.BiologicalVM], Any]] = {
        "execute": lambda vm: vm.execute_biological_process("run(1)"),
        "metrics": lambda vm: vm.get_biological_metrics(),
        "run": lambda _: cell.run(1),
        "look": lambda _: cell.proteins,
    }
    with bx.create_bio_vm("cell") as vm:
        cell = vm.context
        for deed in deeds:
            getattr(vm, deed)()
        before = vm.get_status()
        with pytest.raises(bx.VMStateError) as caught:
            calls.get(then, lambda vm: getattr(vm, then)())(vm)
        assert says in str(caught.value)
        assert "_vm" not in str(caught.value).replace("create_bio_vm", "")
        assert vm.get_status() == before


def test_what_a_stopped_machine_advises_works(vm: bx.BiologicalVM) -> None:
    vm.stop()
    with vm.context.fork() as cell:
        assert cell.run(1).status == "completed"


def test_a_used_quota_says_how_to_go_on() -> None:
    with bx.create_bio_vm("cell", quota={"simulated_s": 2.0}) as vm:
        vm.start()
        vm.execute_biological_process("run(3)")
        for call in (lambda: vm.execute_biological_process("run(1)"), lambda: vm.context.run(1)):
            with pytest.raises(bx.VMStateError, match="simulated time") as caught:
                call()
        assert "vm.hypervisor.set_quota(vm.handle, ...) gives more" in caught.value.message
        vm.hypervisor.set_quota(vm.handle, {"simulated_s": 4.0})
        vm.resume()
        assert vm.execute_biological_process("run(1)").status == "completed"


def test_what_was_stopped_by_its_quota_says_so() -> None:
    quota = {"simulated_s": 2.0, "on_quota": "stop"}
    with bx.quick_start_vm(quota=quota) as vm:
        vm.execute_biological_process("run(3)")
        with pytest.raises(bx.VMStateError, match=r"quota of simulated time.*context\.fork"):
            vm.execute_biological_process("run(1)")


@pytest.mark.parametrize("code", ["run(1e9)", "run(0.5); run(999999998.75)"])
def test_no_process_carries_a_cell_beyond_its_greatest_age(
    vm: bx.BiologicalVM, manager: bx.GenomicVirtualizationManager, code: str
) -> None:
    vm.execute_biological_process("run(1)")
    alone = vm.context.fork(replay=True)
    before = alone.trajectory_hash
    for cell in (vm.context, alone):
        with pytest.raises(bx.APIValidationError, match=r"age of 100000000\d.* greatest"):
            cell.execute(code)
        assert cell.trajectory_hash == before
    assert vm.execute_biological_process("run(1)").status == "completed"
    with pytest.raises(bx.APIValidationError, match="greatest"):
        manager.run_ensemble(vm.runtime, f"{code}; run(1)", seeds=[1])


def test_what_a_whole_program_would_record_is_bounded(vm: bx.BiologicalVM) -> None:
    one = "run(500000, every_s=1)"  # 4 GiB, which one statement may
    before = vm.context.trajectory_hash

    def begun(time_s: float, steps: int) -> None:
        raise LookupError("it has begun")

    with pytest.raises(bx.APIValidationError, match=r"samples would take 1\d\.\d GiB \(limit 8\)"):
        vm.execute_biological_process(f"{one}; run(1); {one}; {one}", progress=begun)
    assert vm.context.trajectory_hash == before


def test_who_closes_the_context_leaves_the_machine_as_it_is(vm: bx.BiologicalVM) -> None:
    with vm.context as cell:
        cell.run(1)
    assert cell.closed
    assert vm.get_status().time_s == vm.context.time_s == 1.0
    assert vm.execute_biological_process("run(1)").status == "completed"
    vm.context.close()
    assert vm.get_biological_metrics().time_s == 2.0
    vm.context.close()
    assert "running" in vm._repr_html_()
    vm.context.close()
    assert vm.execute_biological_process("run(1)").sim_time_s == 1.0


def test_who_closes_a_context_closes_no_other(vm: bx.BiologicalVM) -> None:
    refused = []

    def look(time_s: float, steps: int) -> None:
        with vm.context as third:
            assert third.time_s > 0
            with pytest.raises(bx.GenomicRuntimeError, match="is running") as caught:
                third.run(1)
            refused.append(caught.value)
            raise LookupError("seen enough")

    with vm.context as first:
        with vm.context as second:
            assert second.time_s == 0.0
        assert second.closed
        assert first.run(1).status == "completed"
        with pytest.raises(LookupError):
            vm.execute_biological_process("run(1e8)", progress=look)
    assert refused


def test_a_cell_may_be_closed_when_its_machine_is_gone(vm: bx.BiologicalVM) -> None:
    with vm.context as cell:
        vm.destroy()
    assert cell.closed


def test_a_machine_is_not_copied(vm: bx.BiologicalVM) -> None:
    for deed in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(bx.APIValidationError, match=r"context\.fork") as caught:
            deed(vm)
        assert "fork_vm" not in caught.value.message  # its own hypervisor has room for it alone
    with bx.BioXenHypervisor(workers=1) as shared:
        one = bx.create_bio_vm("one", hypervisor=shared)
        with pytest.raises(bx.APIValidationError, match=r"vm\.hypervisor\.fork_vm"):
            copy.copy(one)
        shared.fork_vm(one.handle, "two")


def test_a_cell_does_not_keep_its_machine() -> None:
    vm = bx.create_bio_vm("cell")
    cell, gone = vm.context, weakref.ref(vm)
    del vm
    assert gone() is None
    assert cell.time_s == 0.0


@pytest.mark.parametrize("code", ["rn(1)", "run(1)", "run(1e9)"])
def test_what_a_machine_refuses_does_not_keep_it(
    code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Errors hold the frames that they passed: what is in a frame of ours must not be the error."""

    def enough(time_s: float, steps: int) -> None:
        raise LookupError("seen enough")

    vm = bx.create_bio_vm("cell")
    if code == "run(1e9)":
        vm.start()
    gone = weakref.ref(vm)
    caplog.set_level("CRITICAL", "bioxen.vm")  # what is logged, pytest keeps
    gc.disable()
    try:
        with pytest.raises((bx.ProgramSyntaxError, bx.VMStateError, LookupError)) as caught:
            vm.execute_biological_process(code, progress=enough)
        assert caught.value.__context__ is None
        del caught, vm
        assert gone() is None
    finally:
        gc.enable()


def test_who_finds_nothing_left_is_told(vm: bx.BiologicalVM) -> None:
    exhausted: list[float] = []
    vm.on("exhausted", lambda vm: exhausted.append(vm.get_status().time_s))
    for gene in vm.runtime.genes:
        if gene.kind != "pseudo":
            vm.context.knockout(gene.locus_tag)
    vm.execute_biological_process("run(5)")
    assert exhausted == []  # messengers are still translated
    done = vm.execute_biological_process("run(1e5)")
    assert done.status == "exhausted"
    assert exhausted == [vm.get_status().time_s]


def test_a_quota_that_stops_a_machine_is_a_stop() -> None:
    told: list[str] = []
    quota = {"simulated_s": 5.0, "on_quota": "stop"}
    with bx.create_bio_vm("cell", quota=quota) as vm:
        vm.on("stopped", lambda vm: told.append(vm.state))
        vm.start()
        done = vm.execute_biological_process("run(10); run(10)")
        assert (done.status, done.sim_time_s, told) == ("quota", 5.0, ["stopped"])
        assert "simulated time" in done.cause


def test_an_audit_log_has_what_happened() -> None:
    audit = bx.AuditLog()
    quota = {"simulated_s": 5.0}
    with bx.create_bio_vm("cell", quota=quota, audit=audit, seed=3) as vm:
        vm.start()
        with pytest.raises(bx.ResourceAllocationError):
            vm.allocate_resources({"ribosomes": 501})
        vm.allocate_resources({"ribosomes": 300})
        vm.execute_biological_process("run(10)")
    assert [entry.event for entry in audit.entries(vm_id="cell")] == [
        "created",
        "started",
        "refused",
        "allocated",
        "quota_reached",
        "paused",
        "destroyed",
    ]
    assert audit.entries(event="created")[0].details["seed"] == 3
    assert "501" in audit.entries(event="refused")[0].details["cause"]
    assert "simulated time" in audit.entries(event="quota_reached")[0].details["cause"]


def test_operations_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="bioxen.vm"), bx.create_bio_vm("cell") as vm:
        vm.start()
        with pytest.raises(bx.VMStateError):
            vm.start()
    levels = [record.levelname for record in caplog.records if "start" in record.getMessage()]
    assert levels == ["DEBUG", "INFO"]


def test_a_hook_that_fails_is_heard_and_changes_nothing() -> None:
    with bx.create_bio_vm("cell") as vm:
        told: list[str] = []

        def fails(_: bx.BiologicalVM) -> None:
            raise LookupError("the hook's own")

        vm.on("started", fails)
        vm.on("started", lambda vm: told.append(vm.state))
        with pytest.raises(LookupError, match="the hook's own"):
            vm.start()
        assert told == ["running"]
        assert vm.execute_biological_process("run(1)").status == "completed"


@pytest.mark.parametrize(
    ("event", "callback", "says"),
    [
        ("start", print, "did you mean 'started'"),
        ("devided", print, "did you mean 'divided'"),
        (3, print, "no event 3"),
        (np.array(["started"]), print, "no event array"),
        ("started", "print", "callable"),
    ],
)
def test_wrong_hooks_are_refused(vm: bx.BiologicalVM, event: Any, callback: Any, says: str) -> None:
    with pytest.raises(bx.APIValidationError, match=says):
        vm.on(event, callback)


def test_another_thread_pauses_and_stops_a_process(vm: bx.BiologicalVM) -> None:
    ended: list[bx.ProcessResult] = []
    worker = threading.Thread(
        target=lambda: ended.append(vm.execute_biological_process("run(1e8)"))
    )
    worker.start()
    while vm.get_status().time_s == 0.0:
        time.sleep(0.001)
    vm.pause()
    rested = vm.context.trajectory_hash
    time.sleep(0.05)
    assert vm.context.trajectory_hash == rested
    vm.resume()
    vm.stop()
    worker.join(10.0)
    assert ended[0].status == "stopped"
    assert ended[0].execution.audit.ok


def test_what_is_reported_is_what_the_cell_has(vm: bx.BiologicalVM) -> None:
    vm.execute_biological_process("run(30)")
    status, metrics, usage = vm.get_status(), vm.get_biological_metrics(), vm.get_resource_usage()
    cell = vm.context
    assert status.machines == cell.machines
    assert status.resources == cell.resources
    assert status.proteins == cell.proteins.sum() == sum(metrics.proteins.values())
    assert status.transcripts == cell.mrnas.sum() == sum(metrics.transcripts.values())
    assert metrics.events == cell.events == usage.events
    ribosomes = cell.machines["ribosome"]
    assert metrics.active_fractions["ribosome"] == ribosomes["active"] / ribosomes["total"]
    pools = cell.resources
    total = pools["ATP"] + pools["ADP"] + pools["AMP"]
    assert metrics.energy_charge == pytest.approx((pools["ATP"] + pools["ADP"] / 2) / total)
    top = metrics.top_expressed(3)
    assert [n for _, n in top] == sorted(cell.proteins.tolist(), reverse=True)[:3]
    assert metrics.speed == usage.time_s / usage.cpu_s
    json.dumps(status.to_dict())
    json.dumps(metrics.to_dict())


def test_resources_come_from_the_chassis(vm: bx.BiologicalVM) -> None:
    at = vm.allocate_resources({"ribosomes": 300})
    vm.execute_biological_process("run(2)")
    assert at < 2.0
    assert vm.context.machines["ribosome"]["total"] == 300
    assert vm.get_resource_usage().grant["ribosomes"] == 300  # type: ignore[index]
    with pytest.raises(bx.ResourceAllocationError, match="501"):
        vm.allocate_resources({"ribosomes": 501})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ATPP", "did you mean 'ATP'"),
        (
            "ribosome",
            'it is a machine; ribosomes are set with allocate_resources({"ribosomes": n})',
        ),
        ("ribosoms", "did you mean the machine 'ribosome'?; ribosomes are set with"),
        ("RNA polymerase", 'allocate_resources({"rna_polymerases": n})'),
        ("RNAP", "rna_polymerase_allocation when a cell is made"),
        ("degradosome", "the organism's"),
        ("dnaA", 'run_operon(["dnaA"])'),
        ("MC_0001", "is a gene"),
        ("zzzz", "the keys of a cell's resources"),
    ],
)
def test_who_names_no_resource_hears_what_is_meant(
    vm: bx.BiologicalVM, manager: bx.GenomicVirtualizationManager, name: str, says: str
) -> None:
    if name.startswith("MC"):
        name = vm.runtime.locus_tags[0]
    code = f'set_resource("{name}", 10)'
    before = vm.context.trajectory_hash
    for call in (
        lambda: vm.context.set_resource(name, 10),
        lambda: vm.execute_biological_process(f"run(1); {code}"),
        lambda: manager.run_ensemble(vm.runtime, code, seeds=[1]),
    ):
        with pytest.raises(bx.APIValidationError) as caught:
            call()
        assert says in caught.value.message
    assert vm.context.trajectory_hash == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ribosome", "did you mean 'ribosomes'"),
        ("ATP", 'set_resource("ATP", n)'),
        ("Ala-tRNA", 'set_resource("Ala-tRNA", n)'),
        ("degradosomes", "the organism's"),
        ("zzzz", "there are ribosomes, rna_polymerases"),
    ],
)
def test_who_names_what_no_chassis_has_hears_where_it_is_set(
    vm: bx.BiologicalVM, name: str, says: str
) -> None:
    with pytest.raises(bx.APIValidationError, match=re.escape(says)):
        vm.allocate_resources({name: 10})


@pytest.mark.parametrize("key", [[], {}, 3, None, float("nan")])
def test_what_is_counted_is_named_by_a_text(vm: bx.BiologicalVM, key: Any) -> None:
    with pytest.raises(bx.APIValidationError, match="is a text"):
        vm.context.count(key)


def test_many_machines_share_a_hypervisor(runtime: bx.GenomicRuntime) -> None:
    with bx.BioXenHypervisor(workers=2) as hypervisor:
        vms = [
            bx.create_bio_vm(
                f"cell{n}", genome_runtime=runtime, seed=n, policy="batch", hypervisor=hypervisor
            )
            for n in range(3)
        ]
        with pytest.raises(bx.VMCreationError, match="cell1"):
            bx.create_bio_vm("cell1", genome_runtime=runtime, hypervisor=hypervisor)
        for vm in vms:
            vm.start()
        hypervisor.run(5.0)
        assert [vm.get_status().time_s for vm in vms] == [5.0] * 3
        vms[0].destroy()
        assert hypervisor.list_vms() == ["cell1", "cell2"]
        assert vms[1].execute_biological_process("run(1)").status == "completed"


def test_types_by_name_and_by_file(shared_data: Callable[[str], Path]) -> None:
    assert bx.get_supported_biological_types() == ["minimal_cell", "syn3a", "ecoli", "ecoli_mg1655"]
    assert bx.get_supported_vm_types() == ["basic"]
    assert bx.validate_biological_type("syn3a")
    assert not bx.validate_biological_type("yeast")
    assert bx.validate_vm_type("basic")
    assert not bx.validate_vm_type("xcpng")
    config = {"genomic_virtualization": {"genome_file": str(shared_data("genomes/syn3A.gb"))}}
    with bx.quick_start_vm("syn3a", config=config) as vm:
        assert (vm.vm_id, vm.state, vm.get_biological_type()) == ("syn3a", "running", "syn3a")
        assert len(vm.runtime) > 400
        with bx.create_bio_vm("other", "syn3a", config=config) as other:
            assert other.runtime is vm.runtime  # compiled once


def test_a_number_that_cannot_be_written_is_refused_as_others_are(vm: bx.BiologicalVM) -> None:
    """Python writes no number of over 4,300 digits."""
    huge: Any = 10**5_000
    for call in (
        lambda: vm.on(huge, print),
        lambda: vm.context.set_resource(huge, 1),
        lambda: vm.context.knockout(huge),
        lambda: vm.allocate_resources({huge: 1}),
        lambda: bx.BioXenHypervisor(scheduler=huge),
    ):
        with pytest.raises(bx.APIValidationError):
            call()
    with pytest.raises(bx.VMCreationError, match="no biological type a number of more than"):
        bx.create_bio_vm("cell", huge)
    with pytest.raises(bx.InvalidConfigurationError, match="unknown organism a number of"):
        bx.GenomicVirtualizationManager().load_genome_runtime(organism=huge)


def written_as(path: Path, accession: str, name: str) -> Path:
    """Write the built-in genome under another accession and name."""
    package = importlib.resources.files("bioxen_jcvi_vm_lib")
    text = gzip.decompress((package / "genomes/minimal_cell.gb.gz").read_bytes())
    text = text.replace(b"BXMC000001", accession.encode())
    path.write_bytes(text.replace(b"Designed genome of a minimal cell", name.encode()))
    return path


@pytest.mark.parametrize(
    ("biological_type", "accession", "name", "belongs_to"),
    [
        ("ecoli", "CP016816", "somebody's genome", "syn3a"),
        ("ecoli_mg1655", "X0001", "synthetic bacterium JCVI-Syn3A", "syn3a"),
        ("syn3a", "U00096", "somebody's genome", "ecoli"),
        ("syn3a", "X0001", "Escherichia coli str. K-12 substr. MG1655", "ecoli"),
        ("ecoli", "BXMC000001", "Designed genome of a minimal cell", "minimal_cell"),
    ],
)
def test_a_genome_of_another_organism_is_refused(
    tmp_path: Path, biological_type: str, accession: str, name: str, belongs_to: str
) -> None:
    file = written_as(tmp_path / "other.gb", accession, name)
    config = {"genomic_virtualization": {"genome_file": str(file)}}
    with pytest.raises(bx.VMCreationError) as caught:
        bx.create_bio_vm("cell", biological_type, config=config)
    for said in (repr(biological_type), accession, f"give biological_type={belongs_to!r}"):
        assert said in caught.value.message
    assert caught.value.details["organism"] == belongs_to
    with bx.create_bio_vm("cell", belongs_to, config=config) as vm:
        assert not any(entry.code.startswith("organism") for entry in vm.runtime.report)
    with bx.GenomicVirtualizationManager() as manager:  # the way that the message names
        runtime = manager.load_genome_runtime(file, organism=biological_type)
    with bx.create_bio_vm("cell", biological_type, genome_runtime=runtime) as vm:
        assert vm.runtime.organism == biological_type.removesuffix("_mg1655")


@pytest.mark.data
def test_natural_genomes_are_known_from_their_files(shared_data: Callable[[str], Path]) -> None:
    syn3a = {"genome_file": shared_data("genomes/syn3A.gb")}
    ecoli = {
        "genome_file": shared_data("genomes/ecoli_mg1655.gff3.gz"),
        "sequence_file": shared_data("genomes/ecoli_mg1655.fna.gz"),
    }
    with pytest.raises(bx.VMCreationError, match=r"CP016816\.2 .*biological_type='syn3a'"):
        bx.create_bio_vm("cell", "ecoli", config=syn3a)
    with pytest.raises(bx.VMCreationError, match=r"U00096\.3 .*biological_type='ecoli'"):
        bx.create_bio_vm("cell", "syn3a", config=ecoli)
    with bx.create_bio_vm("cell", "ecoli_mg1655", config=ecoli) as vm:
        assert vm.runtime.length_nt == 4_641_652
        assert len(vm.runtime.transcription_units) > 1_000
        assert not any(entry.code.startswith("organism") for entry in vm.runtime.report)


@pytest.mark.parametrize("biological_type", bx.get_supported_biological_types())
def test_a_genome_of_no_known_organism_runs_as_any_type_and_is_reported(
    tmp_path: Path, biological_type: str
) -> None:
    file = written_as(tmp_path / "new.gb", "X0001", "a genome nobody has heard of")
    with bx.create_bio_vm("cell", biological_type, config={"genome_file": str(file)}) as vm:
        (note,) = (entry for entry in vm.runtime.report if entry.code == "organism-unknown")
        assert f"parameters of {vm.runtime.organism} serve" in note.message


def test_a_minimal_cell_takes_any_genome_and_reports_whose_it_is(tmp_path: Path) -> None:
    file = written_as(tmp_path / "k12.gb", "U00096", "Escherichia coli str. K-12")
    with bx.create_bio_vm("cell", config={"genome_file": str(file)}) as vm:
        (note,) = (entry for entry in vm.runtime.report if entry.code == "organism-differs")
        assert "genome of ecoli" in note.message
        assert vm.runtime.organism == "minimal_cell"


def test_a_table_that_changed_is_read_again(tmp_path: Path) -> None:
    table = tmp_path / "proteome.csv"
    config = {"execution_parameters": {"proteome_file": str(table)}}
    with bx.create_bio_vm("plain") as plain:
        tag = plain.runtime.locus_tags[0]
    counts = []
    for copies in (10, 2000):
        table.write_text(f"locus_tag,count\n{tag},{copies}\n")
        with bx.create_bio_vm("cell", config=config) as vm:
            counts.append(vm.context.count(tag))
    assert counts == [10, 2000]


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ({"vm_id": ""}, bx.APIValidationError, "no name"),
        ({"vm_id": 3}, bx.APIValidationError, "must be a text"),
        ({"biological_type": "yeast"}, bx.VMCreationError, "there are minimal_cell"),
        ({"biological_type": "syn3"}, bx.VMCreationError, "did you mean 'syn3a'"),
        ({"biological_type": None}, bx.VMCreationError, "no biological type None"),
        ({"biological_type": "ecoli"}, bx.InvalidConfigurationError, "genome_file"),
        ({"vm_type": "xcpng"}, bx.VMCreationError, "XCP-ng"),
        ({"vm_type": "docker"}, bx.VMCreationError, "basic"),
        ({"vm_type": ["basic"]}, bx.VMCreationError, "no VM type"),
        ({"config": {"enabled": False}}, bx.InvalidConfigurationError, "enabled: true"),
        ({"config": {"organism": "ecoli"}}, bx.InvalidConfigurationError, "ecoli"),
        ({"config": {"genom_file": "x"}}, bx.InvalidConfigurationError, "genome_file"),
        ({"config": {"genome_file": "/none.gb"}}, bx.GenomeFormatError, "does not exist"),
        ({"config": 3}, bx.InvalidConfigurationError, "int"),
        ({"seed": -1}, bx.APIValidationError, "seed"),
        ({"policy": "fast"}, bx.APIValidationError, "policy"),
        ({"quota": {"event": 3}}, bx.APIValidationError, "events"),
        ({"hypervisor": 3}, bx.APIValidationError, "BioXenHypervisor"),
        ({"audit": 3}, bx.APIValidationError, "AuditLog"),
        ({"genome_runtime": 3}, bx.APIValidationError, "GenomicRuntime"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(
    arguments: dict[str, Any], kind: type[Exception], says: str
) -> None:
    threads = threading.active_count()
    with pytest.raises(kind) as caught:
        bx.create_bio_vm(**({"vm_id": "cell"} | arguments))
    assert says in str(caught.value)
    assert threading.active_count() == threads


def test_a_runtime_brings_its_own_configuration(runtime: bx.GenomicRuntime) -> None:
    with pytest.raises(bx.APIValidationError, match="both given"):
        bx.create_bio_vm("cell", genome_runtime=runtime, config={})
    with pytest.raises(bx.VMCreationError, match="minimal_cell"):
        bx.create_bio_vm("cell", "ecoli", genome_runtime=runtime)


REMOVALS: dict[str, Callable[[bx.BioXenHypervisor], None]] = {
    "destroyed there": lambda hypervisor: hypervisor.destroy_vm("cell"),
    "hypervisor closed": lambda hypervisor: hypervisor.close(),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)
def test_a_machine_removed_by_its_hypervisor_is_destroyed(
    remove: Callable[[bx.BioXenHypervisor], None], runtime: bx.GenomicRuntime
) -> None:
    audit = bx.AuditLog()
    told: list[str] = []
    with bx.BioXenHypervisor(max_vms=2, workers=1) as hypervisor:
        vm = bx.create_bio_vm("cell", genome_runtime=runtime, hypervisor=hypervisor, audit=audit)
        vm.on("destroyed", lambda vm: told.append(vm.state))
        vm.start()
        vm.execute_biological_process("run(3)")
        cell = vm.context
        remove(hypervisor)
        assert (vm.state, told) == ("destroyed", ["destroyed"])
        assert "destroyed" in repr(vm)
        assert (vm.get_status().state, vm.get_status().time_s) == ("destroyed", 3.0)
        assert vm.get_status().transcripts > 0
        assert "gone" in cell._repr_html_()
        vm.destroy()
        with pytest.raises(bx.VMStateError, match="was destroyed"):
            vm.pause()
    assert [entry.event for entry in audit.entries()] == ["created", "started", "destroyed"]


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)
def test_an_error_of_the_block_is_not_replaced(
    remove: Callable[[bx.BioXenHypervisor], None], runtime: bx.GenomicRuntime
) -> None:
    def block() -> None:
        with (
            bx.BioXenHypervisor(max_vms=2, workers=1) as hypervisor,
            bx.create_bio_vm("cell", genome_runtime=runtime, hypervisor=hypervisor),
        ):
            remove(hypervisor)
            raise ValueError("the user's own")

    with pytest.raises(ValueError, match="the user's own"):
        block()


def at_once(n: int, deed: Callable[[], object]) -> list[BaseException]:
    """Do something on several threads at the same time; return what it raised."""
    barrier = threading.Barrier(n)
    failed: list[BaseException] = []

    def act() -> None:
        barrier.wait()
        try:
            deed()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=act) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


@pytest.mark.parametrize("owned", [True, False])
def test_threads_that_destroy_are_told_once(owned: bool, runtime: bx.GenomicRuntime) -> None:
    for _ in range(100):
        audit = bx.AuditLog()
        told: list[str] = []
        with bx.BioXenHypervisor(max_vms=2, workers=1) as hypervisor:
            home = None if owned else hypervisor
            vm = bx.create_bio_vm("cell", genome_runtime=runtime, hypervisor=home, audit=audit)
            vm.on("destroyed", lambda vm, told=told: told.append(vm.vm_id))
            assert at_once(4, vm.destroy) == []
            assert audit.counts["destroyed"] == len(told) == 1


class SlowLog(bx.AuditLog):
    """An audit log that leaves others time to go ahead."""

    def record(self, event: str, vm_id: str, /, **details: Any) -> AuditEntry:
        time.sleep(next(DELAYS))
        return super().record(event, vm_id, **details)


DELAYS = itertools.cycle((0.0, 3e-4, 1e-4))


def test_orders_are_noted_in_the_order_in_which_they_were_carried_out() -> None:
    audit = SlowLog()
    with bx.create_bio_vm("cell", audit=audit) as vm:
        vm.start()

        def toggle() -> None:
            for _ in range(100):
                for order in (vm.pause, vm.resume):
                    with contextlib.suppress(bx.VMStateError):
                        order()

        assert at_once(4, toggle) == []
    events = [entry.event for entry in audit.entries()][1:-1]
    assert events[0] == "started"
    assert len(events) > 100
    paused = [event == "paused" for event in events]
    assert all(now != before for before, now in itertools.pairwise(paused))


def test_a_hook_may_use_its_machine_on_any_thread(vm: bx.BiologicalVM) -> None:
    done: list[str] = []

    def hook(vm: bx.BiologicalVM) -> None:
        thread = threading.Thread(target=lambda: (vm.resume(), vm.get_status()))
        thread.start()
        thread.join(10.0)
        done.append(vm.execute_biological_process("run(1)").status)

    vm.on("paused", hook)
    vm.pause()
    assert done == ["completed"]


LIMIT = "simulated time"


@pytest.mark.parametrize(
    ("on_quota", "noted"),
    [
        ("pause", ["quota_reached", "paused"]),
        ("stop", ["quota_reached", "stopped"]),
        ("raise", ["breach", "paused"]),
    ],
)
@pytest.mark.parametrize("by", ["process", "cell", "hypervisor"])
def test_a_quota_is_noted_and_told_however_it_was_come_to(
    on_quota: str, noted: list[str], by: str
) -> None:
    audit = bx.AuditLog()
    told: list[str] = []
    quota = {"simulated_s": 2.0, "on_quota": on_quota}
    with bx.create_bio_vm("cell", quota=quota, audit=audit) as vm:
        for event in ("paused", "stopped"):
            vm.on(event, lambda vm: told.append(vm.state))
        vm.start()
        runs: dict[str, Callable[[], Any]] = {
            "process": lambda: vm.execute_biological_process("run(10)"),
            "cell": lambda: vm.context.run(10),
            "hypervisor": lambda: vm.hypervisor.run(10),
        }
        raises = pytest.raises(bx.IsolationBreachError) if on_quota == "raise" else None
        with raises or contextlib.nullcontext():
            runs[by]()
        assert told == [vm.state] == noted[1:]
        assert [entry.event for entry in audit.entries()][2:] == noted
        assert LIMIT in audit.entries()[2].details["cause"]


def test_what_the_hypervisor_does_is_noted_and_told(runtime: bx.GenomicRuntime) -> None:
    audit = bx.AuditLog()
    told: list[str] = []
    with bx.BioXenHypervisor(
        max_vms=2, workers=1, chassis=bx.Chassis.of_organism("minimal_cell")
    ) as hypervisor:
        vm = bx.create_bio_vm("cell", genome_runtime=runtime, hypervisor=hypervisor, audit=audit)
        for event in ("started", "paused", "resumed", "exhausted", "stopped", "destroyed"):
            vm.on(event, lambda _, event=event: told.append(event))
        hypervisor.start_vm("cell")
        hypervisor.pause_vm("cell")
        hypervisor.resume_vm("cell")
        hypervisor.set_quota("cell", {"simulated_s": 1e9})
        hypervisor.allocate_vm_resources("cell", {"ribosomes": 300})
        with pytest.raises(bx.ResourceAllocationError):
            hypervisor.allocate_vm_resources("cell", {"ribosomes": 10_000})
        hypervisor.run(1.0)
        with pytest.raises(bx.ResourceAllocationError):
            hypervisor.set_quota("cell", {"simulated_s": 0.5})
        for gene in runtime.genes:
            if gene.kind != "pseudo":
                vm.context.knockout(gene.locus_tag)
        assert hypervisor.run(1e5)["cell"].status == "exhausted"
        hypervisor.stop_vm("cell")
    orders = ["started", "paused", "resumed", "exhausted", "stopped", "destroyed"]
    assert told == orders
    assert [entry.event for entry in audit.entries()] == [
        "created",
        *orders[:3],
        "quota_set",
        "allocated",
        "refused",
        "refused",
        *orders[3:],
    ]
    assert audit.entries(event="quota_set")[0].details["quota"]["simulated_s"] == 1e9


def fails(vm: bx.BiologicalVM) -> None:
    raise LookupError("the first hook's")


def fails_too(vm: bx.BiologicalVM) -> None:
    raise RuntimeError("the second hook's")


def test_errors_of_hooks_hide_neither_each_other_nor_a_result() -> None:
    with bx.create_bio_vm("cell", quota={"simulated_s": 2.0}, seed=1) as vm:
        for event in ("started", "paused"):
            vm.on(event, fails)
            vm.on(event, fails_too)
        with pytest.raises(ExceptionGroup) as group:
            vm.start()
        assert [type(one) for one in group.value.exceptions] == [LookupError, RuntimeError]
        with pytest.raises(bx.GenomicRuntimeError, match="a hook failed") as caught:
            vm.execute_biological_process("run(10)")
        assert caught.value.details["results"].status == "quota"
        assert caught.value.details["results"].sim_time_s == 2.0
        assert isinstance(caught.value.__cause__, ExceptionGroup)
        vm.hypervisor.set_quota("cell", {"simulated_s": 3.0, "on_quota": "raise"})
        vm.resume()
        with pytest.raises(bx.IsolationBreachError) as breach:
            vm.hypervisor.run(10.0)
        assert breach.value.details["results"]["cell"].status == "quota"
        assert isinstance(breach.value.__cause__, ExceptionGroup)
        vm.hypervisor.set_quota("cell", {"simulated_s": 4.0})
        vm.resume()
        with pytest.raises(bx.GenomicRuntimeError, match="a hook failed") as ended:
            vm.hypervisor.run(10.0)
        assert ended.value.details["results"]["cell"].status == "quota"


def test_what_progress_raises_is_the_callers(
    vm: bx.BiologicalVM, caplog: pytest.LogCaptureFixture
) -> None:
    def progress(time_s: float, steps: int) -> None:
        raise LookupError("the caller's own")

    with pytest.raises(LookupError, match="the caller's own") as caught:
        vm.execute_biological_process("run(1e7)", progress=progress)
    assert type(caught.value) is LookupError
    assert not [one for one in caplog.records if one.levelno >= logging.INFO]  # it is no failure
    assert vm.execute_biological_process("run(1)").status == "completed"
    with pytest.raises(bx.APIValidationError, match="callable"):
        vm.execute_biological_process("run(1)", progress=3)  # type: ignore[arg-type]


def test_reports_can_be_copied_moved_and_hashed(vm: bx.BiologicalVM) -> None:
    vm.execute_biological_process("run(2)")
    for report in (vm.get_status(), vm.get_biological_metrics(), vm.get_resource_usage()):
        assert pickle.loads(pickle.dumps(report)) == report == copy.deepcopy(report)
        assert hash(report) == hash(copy.copy(report))
    with pytest.raises(TypeError):
        vm.get_status().machines["ribosome"]["total"] = 0  # type: ignore[index]
    with pytest.raises(TypeError):
        vm.get_biological_metrics().events["codon_steps"] = 0  # type: ignore[index]


@pytest.mark.parametrize("n", [-1, "a", True, 1.5])
def test_how_many_genes_is_a_whole_number(vm: bx.BiologicalVM, n: Any) -> None:
    with pytest.raises(bx.APIValidationError, match="n "):
        vm.get_biological_metrics().top_expressed(n)


def test_reports_are_of_one_moment_while_the_cell_runs(vm: bx.BiologicalVM) -> None:
    worker = threading.Thread(target=lambda: vm.execute_biological_process("run(1e8)"))
    worker.start()
    try:
        for _ in range(200):
            metrics = vm.get_biological_metrics()
            made = metrics.events["translation_completions"]
            assert sum(metrics.proteins.values()) == made
    finally:
        vm.stop()
        worker.join()


def test_the_genome_that_is_compiled_is_the_one_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.resources.files("bioxen_jcvi_vm_lib")
    text = gzip.decompress((package / "genomes/minimal_cell.gb.gz").read_bytes())
    assert text.count(b"BXMC000001") > 1
    file = tmp_path / "genome.gb"
    config = {"genome_file": str(file)}

    def replaced(path: str) -> tuple[bytes, str]:
        read = read_genome(path)
        file.write_bytes(text.replace(b"BXMC000001", b"BXMC000002"))  # by somebody else
        return read

    file.write_bytes(text)
    monkeypatch.setattr("bioxen_jcvi_vm_lib.api.factory.read_genome", replaced)
    with bx.create_bio_vm("first", config=config) as vm:
        assert vm.runtime.accession == "BXMC000001.1"
    with bx.create_bio_vm("second", config=config) as vm:
        assert vm.runtime.accession == "BXMC000002.1"


class FailingLog(bx.AuditLog):
    """An audit log that cannot be written, from some event on."""

    def __init__(self, event: str, error: BaseException) -> None:
        super().__init__()
        self.event, self.error = event, error

    def record(self, event: str, vm_id: str, /, **details: Any) -> AuditEntry:
        if event == self.event:
            raise self.error
        return super().record(event, vm_id, **details)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("no space left")])
def test_no_machine_is_left_behind_by_what_failed(
    error: BaseException, runtime: bx.GenomicRuntime
) -> None:
    foreign = isinstance(error, Exception)
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        options: dict[str, Any] = {"genome_runtime": runtime, "hypervisor": hypervisor}
        with pytest.raises(bx.VMCreationError if foreign else KeyboardInterrupt):
            bx.create_bio_vm("cell", audit=FailingLog("created", error), **options)
        assert hypervisor.list_vms() == []
        with pytest.raises(bx.GenomicRuntimeError if foreign else KeyboardInterrupt):
            bx.quick_start_vm(vm_id="cell", audit=FailingLog("started", error), **options)
        assert hypervisor.list_vms() == []


def test_a_scheduler_that_the_hypervisor_does_not_have_is_refused() -> None:
    config = {"runtime_scheduler": "cooperative"}
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        with pytest.raises(bx.InvalidConfigurationError, match="runtime_scheduler"):
            bx.create_bio_vm("cell", config=config, hypervisor=hypervisor)
        same = {"runtime_scheduler": "preemptive"}
        assert bx.create_bio_vm("cell", config=same, hypervisor=hypervisor).state == "created"
    with bx.BioXenHypervisor(workers=1, scheduler="cooperative") as hypervisor:
        assert bx.create_bio_vm("a", config=config, hypervisor=hypervisor).state == "created"
        assert bx.create_bio_vm("b", hypervisor=hypervisor).state == "created"  # says nothing


@pytest.mark.parametrize(
    "make",
    [
        lambda: bx.GenomicProgram(("x",)),  # type: ignore[arg-type]
        lambda: bx.GenomicProgram("run(1)"),  # type: ignore[arg-type]
        lambda: bx.GenomicProgram((Run("x"),)),  # type: ignore[arg-type]
        lambda: bx.GenomicProgram((Run(float("nan")),)),
        lambda: bx.GenomicProgram((RunOperon(("atpA",), duration_s=None),)),  # type: ignore[arg-type]
    ],
)
def test_a_program_put_together_wrongly_is_refused(
    vm: bx.BiologicalVM, make: Callable[[], bx.GenomicProgram]
) -> None:
    with pytest.raises(bx.APIValidationError):
        vm.execute_biological_process(make())
    assert vm.get_status().time_s == 0.0


def test_processes_and_removal_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="bioxen.vm"), bx.create_bio_vm("cell") as vm:
        vm.start()
        vm.execute_biological_process("run(1)")
        with pytest.raises(bx.ProgramSyntaxError):
            vm.execute_biological_process("rum(1)")
    said = [(record.levelname, record.getMessage().split(":")[0]) for record in caplog.records]
    assert said == [
        ("DEBUG", "create"),
        ("DEBUG", "start"),
        ("DEBUG", "execute"),
        ("INFO", "execute refused"),
        ("DEBUG", "destroy"),
    ]


def test_a_process_under_way_ends_as_stopped_when_its_machine_is_destroyed() -> None:
    for _ in range(40):
        ended: list[str] = []
        vm = bx.create_bio_vm("cell", seed=1)
        vm.start()
        worker = threading.Thread(
            target=lambda vm=vm, ended=ended: ended.append(
                vm.execute_biological_process("run(1e8)").status
            )
        )
        worker.start()
        while vm.get_status().time_s == 0.0:
            time.sleep(0.001)
        vm.destroy()
        worker.join(10.0)
        assert ended == ["stopped"]
