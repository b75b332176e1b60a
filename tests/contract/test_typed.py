"""What an editor and mypy --strict see: a user's script passes, and its mistakes are found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib

pytest.importorskip("mypy", reason="needs mypy, of the extra [test]")

SCRIPT = '''\
"""All of the surface, as a careful user would write it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.api import BiologicalVM
from bioxen_jcvi_vm_lib.visualization import plots


def grow(genome: Path) -> bx.ExecutionResult:
    with bx.GenomicVirtualizationManager({"enabled": True}) as manager:
        runtime: bx.GenomicRuntime = manager.load_genome_runtime(genome, organism="syn3a")
        gene: bx.Gene = runtime.gene("dnaA")
        where: tuple[int, int] = (gene.start, gene.end)
        codons: tuple[str, ...] = gene.codons
        tags: list[str] = [one.locus_tag for one in runtime.genes if one.kind == "protein"]
        lines: list[int] = [entry.line for entry in runtime.report]
        flags: list[str | None] = [
            value for feature in runtime.records[0].features for _, value in feature.qualifiers
        ]
        print(where, codons, tags, lines, flags, len(runtime))

        context = manager.create_cellular_context(runtime, seed=7, hold_pools=True)
        proteins: NDArray[np.int64] = context.proteins
        ribosomes: int = context.machines["ribosome"]["total"] + context.count("ATP")
        audit: bx.Audit = context.audit()
        fork: bx.CellularContext = context.fork(seed=8)
        again = bx.CellularContext.restore(context.snapshot(), runtime)
        again.knockout("dnaA")
        print(proteins.sum(), ribosomes, audit.ok, fork.time_s, again.trajectory_hash)
        context.run(1.0, every_s=0.5, progress=lambda time_s, steps: print(time_s, steps))

        result: bx.MetabolicResult = manager.execute_metabolic_engine(
            context, {"medium": {"EX_glc__D_e": 5.0}, "knockouts": ["dnaA"]}
        )
        limits: tuple[bx.FluxConstraint, ...] = result.binding_constraints
        context.set_metabolic_conditions({"enzyme_constraints": False})
        asked: bx.MetabolicConditions = context.metabolic_conditions
        state: bx.MetabolicState = context.metabolism[-1]
        glycolysis: float = state.supply_per_s["glycolysis"]
        print(result.fluxes["PGI"], limits[0].shadow_price, asked.medium, glycolysis)

        context.set_environment(temperature_c=30, pH=7.2)
        around: bx.Environment = context.environment
        context.inhibit("ribosome", bx.remaining_activity(2.0, ic50=1.0))
        grown: bx.Population = manager.grow_population(context, generations=3, max_cells=4)
        removed: tuple[bx.Dilution, ...] = grown.dilutions
        slowed: float = context.inhibitors["ribosome elongation"]
        print(around.pH, slowed, removed, plots.lineage_tree(grown))

        program = bx.GenomicProgram.parse("run(60)") + 'knockout("dnaA")'
        ensemble: list[bx.ExecutionResult] = manager.run_ensemble(
            runtime, program, seeds=range(4), workers=2
        )
        table = bx.ensemble_to_xarray(ensemble)
        cells = bx.ensemble_to_anndata(ensemble, what="proteins")
        axes = plots.resource_budget(ensemble[0], "ATP")
        print(table, cells, axes, plots.genome_traffic(context))
        manager.run_gene_expression_engine(["dnaA"], context, duration_s=1.0)
        return manager.execute_genomic_program(program, context)


def read(result: bx.ExecutionResult) -> float:
    status: str = result.status
    atp: NDArray[np.int64] = result.resources["ATP"]
    active: NDArray[np.int64] = result.machines["ribosome"]["active"]
    spent: Mapping[str, int] = result.ledger["translation"]
    residuals: Mapping[str, int] = result.audit.residuals
    steps: int = result.events["codon_steps"]
    plain: dict[str, object] = result.to_dict()
    result.to_parquet(Path("run.parquet"))
    print(status, atp, active, spent, residuals, steps, plain, result.plot(genes=["dnaA"]))
    return float(result.time_s[-1])


def told(vm: BiologicalVM) -> None:
    print(vm.vm_id, vm.state)


def same(vm: BiologicalVM) -> bx.BiologicalVM:
    return vm


def machine() -> str:
    config = {"genomic_virtualization": {"genome_file": "syn3A.gb"}}
    with bx.create_bio_vm("cell", "syn3a", config=config, seed=7) as vm:
        vm.on("exhausted", told)
        vm.on("stopped", lambda vm: print(vm.get_status().time_s))
        vm.start()
        process: bx.ProcessResult = vm.execute_biological_process("run(60)")
        status: bx.BiologicalStatus = vm.get_status()
        metrics: bx.BiologicalMetrics = vm.get_biological_metrics()
        top: list[tuple[str, int]] = metrics.top_expressed(5)
        usage: bx.VmMetrics = vm.get_resource_usage()
        acts_s: float = vm.allocate_resources({"ribosomes": 300}, at_s=120.0)
        print(process.execution.audit.ok, status.machines["ribosome"], top, usage.cpu_s, acts_s)
        return process.status


def many(runtime: bx.GenomicRuntime) -> bool:
    chassis = bx.Chassis.of_organism("minimal_cell", cells=4)
    with bx.BioXenHypervisor(max_vms=8, chassis=chassis, clock=bx.VirtualClock(1)) as hypervisor:
        handle: bx.VmHandle = hypervisor.create_vm(
            "cell",
            runtime,
            seed=1,
            resource_allocation=bx.ResourceAllocation(ribosomes=200, priority="high"),
            policy=bx.Policy.deadline(budget_s=0.001, period_s=0.02),
            quota=bx.Quota(simulated_s=600.0),
        )
        hypervisor.start_vm(handle)
        with bx.TerminalMonitor(hypervisor, "cells", once=True) as monitor:
            results: bx.RunResults = hypervisor.run(60.0, pace=1.0, progress=monitor.update)
        late: int = hypervisor.metrics().vms[0].deadline_misses
        share: tuple[float, ...] = hypervisor.get_system_resources().deadline_shares
        print(results["cell"].status, results.statuses[handle.vm_id], late, share)
        hypervisor.save("cells.bxh")
        return results.cancelled


class Cell:
    vm_id = "cell-7"

    @bx.handle_vm_operation("grow", otherwise=bx.VMStateError)
    def grow(self, factor: float, *, steps: int = 1) -> float:
        return factor * steps

    @bx.handle_vm_operation
    def name(self) -> str:
        return self.vm_id


def service() -> None:
    config = bx.ProductionConfig.preset("production", max_vms=10)
    genome = bx.GenomicVirtualizationConfig.resolve("cell.yaml").with_overrides(hold_pools=True)
    ribosomes: int | None = genome.virtual_resources.ribosome_allocation
    line: int | None = config.sources["max_vms"].line
    entries: list[bx.AuditEntry] = config.audit_log().entries(vm_id="a")
    reasons: tuple[str, ...] = config.validate_production_requirements()
    grown: float = Cell().grow(2.0, steps=3)
    name: str = Cell().name()
    print(ribosomes, line, entries, reasons, grown, name)


try:
    read(grow(Path("syn3A.gb")))
except bx.GenomeFormatError as error:
    bad_line: int | None = error.line
except bx.ProgramSyntaxError as error:
    position: int = error.position
except bx.BioXenException as error:
    code: str = error.code
    details: dict[str, object] = error.details
except KeyboardInterrupt:
    pass
'''

#: One mistake a line, each with what mypy calls it.
MISTAKES = """\
import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import api

manager = bx.GenomicVirtualizationManager(7)  # arg-type
runtime = manager.load_genome_runtime()
context = manager.create_cellular_context(runtime, seed="seven")  # arg-type
context = manager.create_cellular_context("syn3A.gb")  # arg-type
result = context.run("600")  # arg-type
result["status"]  # index
result.protein  # attr-defined
result.status = "completed"  # misc
result.resources["ATP"] = result.time_s  # index
runtime.gene(0)  # arg-type
runtime.gene("dnaA").sequence  # attr-defined
context.time_s = 0.0  # misc
context.seed = 99  # misc
manager.config = {}  # assignment, misc
bx.BioXenHypervisor().max_vms = 50  # misc
bx.create_bio_vm("cell").vm_id = "x"  # misc
context.temperature_c  # attr-defined
manager.run_ensemble(runtime, "run(1)", seeds=3)  # arg-type
manager.run_ensemble(runtime, "run(1)", range(3))  # call-arg
program: str = bx.GenomicProgram.parse("run(1)")  # assignment
3 + program  # operator
bx.create_bio_vm("cell", policy=3)  # arg-type
bx.create_bio_vm("cell").on("stopped", "call me")  # arg-type
bx.create_bio_vm("cell").on("stoped", print)  # arg-type
bx.create_bio_vm("cell", vm_type="xcpng")  # arg-type
bx.create_bio_vm("cell", policy="deadline")  # arg-type
bx.BioXenHypervisor(scheduler="fair")  # arg-type
bx.BioXenHypervisor().create_vm("cell", runtime, policy="fare")  # arg-type
bx.BioXenHypervisor().set_policy("cell", "fare")  # arg-type
bx.Policy("fare")  # arg-type
bx.Quota(on_quota="paus")  # arg-type
bx.ResourceAllocation(priority="highest")  # arg-type
bx.ensemble_to_anndata([], what="mrna")  # arg-type
bx.create_bio_vm("cell").status  # attr-defined
bx.BioXenHypervisor(64)  # call-arg
bx.BioXenHypervisor().run(60).completed  # attr-defined
bx.Quota(cpu="1 s")  # call-arg
bx.Policy.fair(weight="high")  # arg-type
bx.TerminalMonitor(runtime)  # arg-type
bx.ProductionConfig.preset("production").max_vm  # attr-defined
bx.ensemble_to_xarray(3)  # arg-type
bx.BioXenError  # attr-defined
api.create_vm  # attr-defined
bx.ProgramSyntaxError("no")["position"]  # index


class Cell:
    @bx.handle_vm_operation("grow", otherwise=bx.VMStateError)
    def grow(self, factor: float) -> float:
        return factor


Cell().grow("2")  # arg-type
"""


def test_a_users_script_passes_and_its_mistakes_are_found(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "mistakes.py").write_text(MISTAKES, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--show-error-codes"),
            *("--cache-dir", str(tmp_path / "cache"), "script.py", "mistakes.py"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=300,
    )
    found: dict[int, set[str]] = {}
    for line in done.stdout.splitlines():
        if match := re.match(r"mistakes\.py:(\d+): error: .*\[([a-z-]+)\]$", line):
            found.setdefault(int(match[1]), set()).add(match[2])
        else:
            assert ": error:" not in line, done.stdout
    made = {
        number: set(comment.split(", "))
        for number, line in enumerate(MISTAKES.splitlines(), start=1)
        if (comment := line.partition("  # ")[2])
    }
    assert found == made, done.stdout


def test_the_script_names_the_whole_surface() -> None:
    """Classes that are got and never named are the exception."""
    unnamed = {
        name
        for name in bioxen_jcvi_vm_lib.__all__
        if not re.search(rf"\b(?:bx|api)\.{name}\b", SCRIPT)
        and not name.endswith(("Error", "Exception"))
    }
    assert unnamed == {
        "__version__",
        *("AuditLog", "HypervisorMetrics", "Latency", "Monitor", "ProductionLogger"),
        *("Resident", "SystemResources", "VmStatus", "WorkerMetrics"),
        *("decode_genome", "get_cmake_dir", "get_include", "quick_start_vm"),
        *("get_supported_biological_types", "get_supported_vm_types"),
        *("validate_biological_type", "validate_vm_type"),
    }
