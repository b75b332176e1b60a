"""The contract on configuration and on how light the package is: design, sections 2 to 4."""

from __future__ import annotations

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx

EXAMPLE = """\
genomic_virtualization:
  enabled: true                      # false is refused where a genome is to run
  execution_engine: direct           # nucleotide- and codon-resolved
  runtime_scheduler: preemptive      # preemptive | cooperative
  virtual_resources:                 # molecules per cell; what is not set comes from the organism
    atp_pool_size: 75000
    ribosome_allocation: 500
    rna_polymerase_allocation: 97
    virtual_metabolites: {glucose_concentration: 10.0, phosphate_concentration: 5.0}   # mM
  execution_parameters:
    transcription_execution_rate: 50.0
    translation_execution_rate: 15.0
    degradation_processing:
      mrna_processing_rate: 300
      protein_processing_rate: 3600
deployment:
  environment: staging
"""


def test_the_example_runs_with_each_value_from_the_highest_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in [key for key in os.environ if key.startswith("BIOXEN_")]:
        monkeypatch.delenv(key)
    path = tmp_path / "cell.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES__RIBOSOME_ALLOCATION", "400")
    with bx.GenomicVirtualizationManager(path) as manager:
        runtime = manager.load_genome_runtime()
        context = manager.create_cellular_context(runtime, seed=7, rna_polymerase_allocation=60)
        assert context.resources["ATP"] == 75_000
        assert context.machines["ribosome"]["total"] == 400
        assert context.machines["rna_polymerase"]["total"] == 60
        sources = manager.config.sources
        assert str(sources["virtual_resources.atp_pool_size"]) == f"{path}, line 6"
        assert str(sources["virtual_resources.ribosome_allocation"]) == (
            "BIOXEN_VIRTUAL_RESOURCES__RIBOSOME_ALLOCATION"
        )
        assert context.run(1.0).status == "completed"

        config = bx.ProductionConfig.resolve(path)
        audit = config.audit_log()
        with config.logger(), config.hypervisor(runtime) as hypervisor:
            hypervisor.create_vm("cell-7", runtime, seed=7, quota=config.quota())
            audit.record("created", "cell-7")
            hypervisor.start_vm("cell-7")
            assert hypervisor.run(1.0)["cell-7"].status == "completed"


def test_a_configuration_that_is_not_enabled_is_refused_where_a_genome_is_to_run() -> None:
    with bx.GenomicVirtualizationManager({"enabled": False}) as manager:
        runtime = manager.load_genome_runtime()
        with pytest.raises(bx.InvalidConfigurationError, match="enabled"):
            manager.create_cellular_context(runtime)


def test_importing_the_package_is_light() -> None:
    """At most 60 ms, the best of seven, and nothing heavy behind it."""
    program = (
        "import sys, time; began = time.perf_counter(); import bioxen_jcvi_vm_lib; "
        "took = time.perf_counter() - began; "
        "heavy = {'numpy', 'pydantic', 'yaml', 'rich', 'typer'} & set(sys.modules); "
        "print(took, *sorted(heavy))"
    )
    took = []
    for _ in range(7):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
        )
        seconds, *heavy = done.stdout.split()
        assert not heavy
        took.append(float(seconds))
    assert min(took) <= 0.060, took


@pytest.mark.parametrize(
    "name", ["config_manager", "production_config", "logs", "audit", "operations"]
)
def test_what_the_documentation_shows_is_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("BIOXEN_")]:
        monkeypatch.delenv(key)
    module = importlib.import_module(f"bioxen_jcvi_vm_lib.api.{name}")
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0
