"""The built-in genome with the small metabolic model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_model import small_model

import bioxen_jcvi_vm_lib as bx


@pytest.fixture(scope="module")
def genes(runtime: bx.GenomicRuntime) -> list[str]:
    """Four genes of the built-in genome."""
    return [gene.locus_tag for gene in runtime.genes if gene.kind == "protein"][:4]


@pytest.fixture(scope="module")
def model_file(genes: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.json"
    path.write_text(json.dumps(small_model(genes)))
    return path


@pytest.fixture(scope="module")
def fed(model_file: Path) -> bx.GenomicRuntime:
    """The built-in genome with a metabolic model."""
    manager = bx.GenomicVirtualizationManager({"metabolic_model": str(model_file)})
    return manager.load_genome_runtime()
