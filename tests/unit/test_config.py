"""Configuration: precedence, unknown keys, spellings, refused values."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from bioxen_jcvi_vm_lib import GenomicVirtualizationConfig as Config
from bioxen_jcvi_vm_lib import InvalidConfigurationError

FULL = """
genomic_virtualization:
  enabled: true
  genome_file: genomes/cell.gb
  execution_engine: direct
  runtime_scheduler: cooperative
  virtual_resources:
    atp_pool_size: 75000
    ribosome_allocation: 500
    rna_polymerase_allocation: 97
    virtual_metabolites: {glucose_concentration: 10.0, phosphate_concentration: 5.0}
  execution_parameters:
    transcription_execution_rate: 50.0
    translation_execution_rate: 15
    degradation_processing:
      mrna_processing_rate: 300
      protein_processing_rate: 3600
    hold_pools: true
    gene_parameters: {dnaA: {promoter_strength: 300}}
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for key in list(os.environ):
        if key.startswith("BIOXEN_"):
            monkeypatch.delenv(key)


def test_the_example_of_the_contract_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cell.yaml"
    path.write_text(FULL, encoding="utf-8")
    config = Config.from_file(path)
    assert config.virtual_resources.atp_pool_size == 75000
    assert config.virtual_resources.virtual_metabolites.phosphate_concentration == 5.0
    assert config.execution_parameters.translation_execution_rate == 15.0
    assert config.execution_parameters.degradation_processing.mrna_processing_rate == 300
    assert config.execution_parameters.gene_parameters["dnaA"].promoter_strength == 300
    assert config.runtime_scheduler == "cooperative"
    assert config.genome_file == str(tmp_path / "genomes" / "cell.gb")


def test_spellings_mean_their_keys() -> None:
    config = Config.from_dict(
        {
            "execution_mode": "direct",
            "virtual_resources": {"atp_pool": 5, "ribosome_count": 6},
            "execution_parameters": {
                "degradation_processing": {"mrna_lifetime_s": 7.0, "protein_lifetime_s": 8.0}
            },
        }
    )
    assert config.virtual_resources.atp_pool_size == 5
    assert config.virtual_resources.ribosome_allocation == 6
    assert config.execution_parameters.degradation_processing.mrna_processing_rate == 7.0
    assert config.execution_parameters.degradation_processing.protein_processing_rate == 8.0


def test_later_sources_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "virtual_resources:\n  {atp_pool_size: 1, ribosome_count: 1, rna_polymerase_allocation: 1}",
        encoding="utf-8",
    )
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES__RIBOSOME_ALLOCATION", "2")
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES__RNA_POLYMERASE_ALLOCATION", "2")
    monkeypatch.setenv("BIOXEN_EXECUTION_PARAMETERS__TRANSCRIPTION_EXECUTION_RATE", "42.5")
    monkeypatch.setenv("BIOXEN_EXECUTION_PARAMETERS__HOLD_POOLS", "true")
    config = Config.resolve(path).with_overrides(rna_polymerase_allocation=3)
    resources = config.virtual_resources
    assert (
        resources.atp_pool_size,
        resources.ribosome_allocation,
        resources.rna_polymerase_allocation,
    ) == (1, 2, 3)
    assert config.execution_parameters.transcription_execution_rate == 42.5
    assert config.execution_parameters.hold_pools is True


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"virtual_resources": {"atp_pol_size": 1}}, "atp_pool_size"),
        ({"virtual_resource": {}}, "virtual_resources"),
        ({"execution_parameters": {"translation_rate": 1.0}}, "translation_execution_rate"),
        ({"atp_pool_size": 1}, "virtual_resources.atp_pool_size"),
        (
            {"execution_parameters": {"gene_parameters": {"x": {"promoter_strengh": 1}}}},
            "promoter_strength",
        ),
    ],
)
def test_an_unknown_key_names_the_nearest(data: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.from_dict(data)
    assert f"'{named}'" in str(caught.value)


def test_an_unknown_variable_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOXEN_RUNTIME_SHEDULER", "preemptive")
    with pytest.raises(InvalidConfigurationError, match="BIOXEN_RUNTIME_SCHEDULER"):
        Config.resolve(None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0, True, "fast", None, [1.0]])
def test_a_rate_is_a_positive_finite_number(value: object) -> None:
    data = {"execution_parameters": {"translation_execution_rate": value}}
    if value is None:  # absent
        Config.from_dict(data)
        return
    with pytest.raises(InvalidConfigurationError, match="translation_execution_rate"):
        Config.from_dict(data)


@pytest.mark.parametrize("value", [-1, 1.5, True, "5", 10**13])
def test_a_pool_is_a_whole_number_of_molecules(value: object) -> None:
    with pytest.raises(InvalidConfigurationError, match="atp_pool_size"):
        Config.from_dict({"virtual_resources": {"atp_pool_size": value}})


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- 1",
        "!!python/object/apply:os.system ['true']",
        "genomic_virtualization: 3",
        "genomic_virtualization: {}\nother: 1",
        "\x00",
        "execution_engine: lattice",
        "runtime_scheduler: 3",
        "virtual_resources: 7",
    ],
)
def test_a_bad_file_is_one_typed_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfigurationError):
        Config.from_file(path)


def test_a_missing_file_and_a_directory_are_typed_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InvalidConfigurationError, match=str(path.name)):
            Config.from_file(path)


def test_overrides_reach_any_level() -> None:
    config = Config().with_overrides(
        atp_pool=4, glucose_concentration=2.5, hold_pools=True, mrna_lifetime_s=10.0
    )
    assert config.virtual_resources.atp_pool_size == 4
    assert config.virtual_resources.virtual_metabolites.glucose_concentration == 2.5
    assert config.execution_parameters.hold_pools
    with pytest.raises(InvalidConfigurationError, match="did you mean 'hold_pools'"):
        Config().with_overrides(hold_pool=True)
    with pytest.raises(InvalidConfigurationError, match="two spellings"):
        Config().with_overrides(atp_pool=4, atp_pool_size=4)


def test_a_configuration_is_immutable_and_describes_itself() -> None:
    config = Config()
    with pytest.raises(Exception, match="frozen"):
        config.enabled = False  # type: ignore[misc]
    schema = str(Config.model_json_schema())
    assert "mean lifetime of a free transcript [s]" in schema
