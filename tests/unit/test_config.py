"""Configuration: precedence, sources, unknown keys, spellings, refused values and files."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import random
import re
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import pytest
from pydantic import BaseModel, TypeAdapter

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import GenomicVirtualizationConfig as Config
from bioxen_jcvi_vm_lib import InvalidConfigurationError, ProductionConfig
from bioxen_jcvi_vm_lib.api import config_manager, config_sources, configuration
from bioxen_jcvi_vm_lib.api.config_sources import Source

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
    ring = tmp_path / "ring.yaml"
    ring.symlink_to(ring)
    inside = tmp_path / "file" / "x.yaml"
    inside.parent.touch()
    for path in (tmp_path / "none.yaml", tmp_path, ring, inside, tmp_path / ("n" * 300)):
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
    with pytest.raises(InvalidConfigurationError, match="both set"):
        Config().with_overrides(atp_pool=4, atp_pool_size=4)


def test_a_configuration_is_immutable_and_describes_itself() -> None:
    config = Config()
    frozen = r"frozen; with_overrides\(enabled=\.\.\.\)"
    with pytest.raises(InvalidConfigurationError, match=frozen) as caught:
        config.enabled = False  # type: ignore[misc]
    assert caught.value.details == {"key": "enabled"}
    with pytest.raises(InvalidConfigurationError, match="frozen"):
        del config.enabled
    with pytest.raises(InvalidConfigurationError, match="frozen"):
        config.virtual_resources.ribosome_allocation = "many"  # type: ignore
    with pytest.raises(InvalidConfigurationError, match="did you mean 'genome_file'"):
        config.genom_file = "x.gb"  # type: ignore[attr-defined]
    assert config == Config()
    schema = str(Config.model_json_schema())
    assert "mean lifetime of a free transcript [s]" in schema


def numbers(model: type[BaseModel], *path: str) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield every key that takes a number, and its least and greatest values."""
    for key, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                inner = (*path, key, "dnaA") if key == "gene_parameters" else (*path, key)
                yield from numbers(kind, *inner)
        schema = TypeAdapter(Annotated[field.annotation, field]).json_schema()
        for one in schema.get("anyOf", [schema]):
            if one.get("type") in ("integer", "number"):
                yield (*path, key), [one.get("minimum", 1e-300), one["maximum"]]


NUMBERS = dict(numbers(Config))


def test_every_number_is_found() -> None:
    assert len(NUMBERS) == 19
    assert NUMBERS["virtual_resources", "ribosome_allocation"] == [0, 10_000_000]


@pytest.mark.parametrize("path", NUMBERS, ids=".".join)
@pytest.mark.parametrize("organism", ["minimal_cell", "ecoli"])
def test_what_a_key_may_be_the_engine_takes(
    runtimes: dict[str, bx.GenomicRuntime], organism: str, path: tuple[str, ...]
) -> None:
    """A number is refused at once and under its own name, or not at all."""

    def given(value: float) -> dict[str, Any]:
        below: Any = value
        for key in reversed(path):
            below = {key: below}
        return below

    least, most = NUMBERS[path]
    with bx.GenomicVirtualizationManager() as manager:
        for value in (least, most):
            if path[-1] in config_manager.SHAPING_KEYS:
                with pytest.raises(InvalidConfigurationError, match="shapes the program"):
                    manager.create_cellular_context(runtimes[organism], **{path[-1]: value})
                continue
            manager.create_cellular_context(runtimes[organism], seed=1, **given(value))
    for value in (-1, math.nextafter(most, math.inf) if isinstance(most, float) else most + 1):
        with pytest.raises(InvalidConfigurationError, match=re.escape(repr(".".join(path)))):
            Config.from_dict(given(value))


@pytest.fixture(scope="module")
def runtimes() -> dict[str, bx.GenomicRuntime]:
    with bx.GenomicVirtualizationManager() as manager:
        return {
            name: manager.load_genome_runtime(organism=name) for name in ("minimal_cell", "ecoli")
        }


def test_paths_and_the_numbers_of_numpy_are_taken(tmp_path: Path) -> None:
    config = Config.from_dict(
        {
            "genome_file": tmp_path / "cell.gb",
            "virtual_resources": {"atp_pool": np.int64(75_000), "ribosome_count": np.uint8(200)},
            "execution_parameters": {
                "translation_execution_rate": np.float64(12.5),
                "transcription_execution_rate": np.float32(50.0),
                "gene_parameters": {"dnaA": {"promoter_strength": np.int32(3)}},
            },
        }
    ).with_overrides(proteome_file=Path("proteome.csv"), rna_polymerase_allocation=np.int16(9))
    plain = Config.from_dict(
        {
            "genome_file": str(tmp_path / "cell.gb"),
            "virtual_resources": {
                "atp_pool": 75_000,
                "ribosome_count": 200,
                "rna_polymerase_allocation": 9,
            },
            "execution_parameters": {
                "translation_execution_rate": 12.5,
                "transcription_execution_rate": 50.0,
                "proteome_file": "proteome.csv",
                "gene_parameters": {"dnaA": {"promoter_strength": 3}},
            },
        }
    )
    assert config == plain
    assert config.model_dump_json() == plain.model_dump_json()
    assert type(config.virtual_resources.atp_pool_size) is int
    settings = ProductionConfig.from_dict(
        {"max_vms": np.int64(3), "logging": {"log_file": Path("log")}}
    )
    assert (settings.max_vms, settings.logging.log_file) == (3, "log")


@pytest.mark.parametrize(
    "value",
    [True, np.True_, np.float64(2), np.float32(2), np.array([1]), 2.0, Fraction(3, 2), Path("3")],
)
def test_what_is_no_whole_number_is_no_count(value: object) -> None:
    with pytest.raises(InvalidConfigurationError, match="atp_pool_size"):
        Config.from_dict({"virtual_resources": {"atp_pool_size": value}})


@pytest.mark.parametrize("value", [np.float64("nan"), np.float32("inf"), np.int64(-1)])
def test_a_number_of_numpy_has_the_same_limits(value: object) -> None:
    with pytest.raises(InvalidConfigurationError, match="translation_execution_rate"):
        Config().with_overrides(translation_execution_rate=value)


# -- sources ---------------------------------------------------------------------------------------


def written(folder: Path, text: str | bytes, name: str = "cell.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_value_knows_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = written(tmp_path, FULL.strip())
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES__RIBOSOME_COUNT", "2")
    monkeypatch.setenv("BIOXEN_EXECUTION_PARAMETERS__GENE_PARAMETERS__dnaN__PROMOTER_STRENGTH", "9")
    config = Config.resolve(path).with_overrides(mrna_lifetime_s=60.0)
    says = {key: str(source) for key, source in config.sources.items() if source.kind != "default"}
    execution = "execution_parameters"
    assert says == {
        "enabled": f"{path}, line 2",
        "genome_file": f"{path}, line 3",
        "execution_engine": f"{path}, line 4",
        "runtime_scheduler": f"{path}, line 5",
        "virtual_resources.atp_pool_size": f"{path}, line 7",
        "virtual_resources.ribosome_allocation": "BIOXEN_VIRTUAL_RESOURCES__RIBOSOME_COUNT",
        "virtual_resources.rna_polymerase_allocation": f"{path}, line 9",
        "virtual_resources.virtual_metabolites.glucose_concentration": f"{path}, line 10",
        "virtual_resources.virtual_metabolites.phosphate_concentration": f"{path}, line 10",
        f"{execution}.transcription_execution_rate": f"{path}, line 12",
        f"{execution}.translation_execution_rate": f"{path}, line 13",
        f"{execution}.degradation_processing.mrna_processing_rate": "keyword mrna_lifetime_s",
        f"{execution}.degradation_processing.protein_processing_rate": f"{path}, line 16",
        f"{execution}.hold_pools": f"{path}, line 17",
        f"{execution}.gene_parameters": (  # the highest of those below
            "BIOXEN_EXECUTION_PARAMETERS__GENE_PARAMETERS__dnaN__PROMOTER_STRENGTH"
        ),
        f"{execution}.gene_parameters.dnaA.promoter_strength": f"{path}, line 18",
        f"{execution}.gene_parameters.dnaN.promoter_strength": (
            "BIOXEN_EXECUTION_PARAMETERS__GENE_PARAMETERS__dnaN__PROMOTER_STRENGTH"
        ),
    }
    found = {setting.key: setting for setting in config.settings()}
    assert found["virtual_resources.ribosome_allocation"].value == 2
    assert str(found["organism"].source) == "default"
    assert "[molecules]" in found["virtual_resources.atp_pool_size"].description


def test_a_key_that_nobody_gives_has_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Config().sources
    assert {str(source) for source in sources.values()} == {"default"}
    every = {setting.key for setting in Config().settings()}
    assert every == sources.keys()
    assert {".".join(path) for path in NUMBERS if "gene_parameters" not in path} < every
    deployment = ProductionConfig().sources
    assert str(deployment["logging.log_level"]) == "preset development"
    assert str(deployment["chassis"]) == str(deployment["chassis.cells"]) == "default"
    assert str(ProductionConfig.preset("staging").sources["chassis"]) == "preset staging"
    given = Config.from_dict({"execution_parameters": {"gene_parameters": {"a": {}}}}).sources
    assert str(given["execution_parameters.gene_parameters.a.promoter_strength"]) == "default"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("virtual_resources.atp_pool_sise", "did you mean 'virtual_resources.atp_pool_size'"),
        ("virtual_resources.atp_pool", "it is 'virtual_resources.atp_pool_size'"),
        ("ribosome_count", "it is 'virtual_resources.ribosome_allocation'"),
        ("ribosome_cont", "did you mean 'ribosome_count'"),
        ("genom_file", "did you mean 'genome_file'"),
        (
            "virtual_metabolites",
            "section: give 'virtual_resources.virtual_metabolites.glucose_conc",
        ),
        ("virtual_resources", "section: give 'virtual_resources.atp_pool_size', "),
        ("x" * 10_000, "no configuration key"),
        (3, "no configuration key 3"),
    ],
)
def test_the_source_of_an_unknown_key_names_the_nearest(key: Any, says: str) -> None:
    sources = Config().sources
    assert key not in sources
    assert sources.get(key) is None
    with pytest.raises(InvalidConfigurationError) as caught:
        sources[key]
    assert says in caught.value.message
    assert len(caught.value.message) < 400


def test_what_a_keyword_set_stays_over_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config().with_overrides(atp_pool_size=1)
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES__ATP_POOL_SIZE", "2")
    assert Config.resolve(config).virtual_resources.atp_pool_size == 1
    plain = Config.from_dict({"virtual_resources": {"atp_pool_size": 1}})
    assert Config.resolve(plain).virtual_resources.atp_pool_size == 2


def test_sources_do_not_make_configurations_differ() -> None:
    one = Config.from_dict({"virtual_resources": {"atp_pool": 5}})
    two = Config().with_overrides(atp_pool_size=5)
    assert one == two
    assert one.model_dump_json() == two.model_dump_json()
    for twin in (
        pickle.loads(pickle.dumps(two)),
        copy.deepcopy(two),
        Config.from_dict(two_of(two)),
    ):
        assert twin == two
    assert pickle.loads(pickle.dumps(two)).sources == two.sources


def two_of(config: Config) -> dict[str, Any]:
    return {"genomic_virtualization": config.model_dump(exclude_unset=True)}


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("virtual_resources:\n  atp_pool: 1\n  atp_pool_size: 2\n", ("line 2", "line 3")),
        ("enabled: true\norganism: ecoli\nenabled: false\n", ("line 1", "line 3", "'enabled'")),
        ("execution_mode: direct\nexecution_engine: direct", ("line 1", "line 2")),
    ],
)
def test_two_places_of_a_file_for_one_key(
    tmp_path: Path, file: str, names: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.from_file(written(tmp_path, file))
    assert all(name in caught.value.message for name in names), caught.value.message


def test_two_variables_for_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = {
        "BIOXEN_VIRTUAL_RESOURCES": '{"atp_pool_size": 1}',
        "BIOXEN_VIRTUAL_RESOURCES__ATP_POOL": "2",
    }
    for name, value in pairs.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.resolve(None)
    assert all(name in caught.value.message for name in pairs)
    assert caught.value.details["key"] == "virtual_resources.atp_pool_size"
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES", '{"ribosome_count": 1}')  # no disagreement
    assert Config.resolve(None).virtual_resources.atp_pool_size == 2


def test_two_spellings_in_a_mapping_name_both() -> None:
    with pytest.raises(
        InvalidConfigurationError,
        match=r"'virtual_resources\.atp_pool_size'.*"
        r"'virtual_resources\.atp_pool'",
    ):
        Config.from_dict({"virtual_resources": {"atp_pool": 1, "atp_pool_size": 1}})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BIOXEN_VIRTUAL_RESOURCES", "{", "JSON object"),
        ("BIOXEN_VIRTUAL_RESOURCES", '{"atp_pool": 1, "atp_pool": 2}', "given twice"),
        ("BIOXEN_VIRTUAL_RESOURCES", "[" * 5_000, "JSON object"),
        ("BIOXEN_VIRTUAL_RESOURCES", "7", "virtual_resources"),
        ("BIOXEN_VIRTUAL_RESOURCES__ATP_POL", "7", "BIOXEN_VIRTUAL_RESOURCES__ATP_POOL"),
        ("BIOXEN_VIRTUAL_RESOURCES__ATP_POOL__X", "7", "unknown environment variable"),
        ("BIOXEN_VIRTUAL_RESOURCES__ATP_POOL", "nan", "(it is nan)"),
        ("BIOXEN_VIRTUAL_RESOURCES__ATP_POOL", "9" * 6_000, "atp_pool_size"),
        ("BIOXEN_VIRTUAL_RESOURCES__ATP_POOL", "many", "BIOXEN_VIRTUAL_RESOURCES__ATP_POOL"),
        ("BIOXEN_EXECUTION_PARAMETERS__HOLD_POOLS", "2", "hold_pools"),
        ("BIOXEN_", "2", "unknown environment variable"),
        ("BIOXEN___", "2", "unknown environment variable"),
    ],
)
def test_a_bad_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.resolve(None)
    assert says in caught.value.message
    assert len(caught.value.message) < 500


def test_a_text_may_look_like_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOXEN_GENOME_FILE", "1")
    monkeypatch.setenv("BIOXEN_ORGANISM", "true")
    monkeypatch.setenv("BIOXEN_RUNTIME_SCHEDULER", "")  # as if it were not there
    config = Config.resolve(None)
    assert (config.genome_file, config.organism) == ("1", "true")
    assert config.runtime_scheduler == "preemptive"


def test_a_value_that_is_refused_names_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "\nvirtual_resources:\n  atp_pool_size: -3\n")
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.from_file(path)
    assert f"{path}, line 3" in caught.value.message
    assert caught.value.details == {
        "key": "virtual_resources.atp_pool_size",
        "source": {"kind": "file", "name": str(path), "line": 3},
    }
    json.dumps(caught.value.to_dict())


def test_a_key_that_is_unknown_names_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "virtual_resources:\n  atp_pol: 3\n")
    with pytest.raises(InvalidConfigurationError, match=r"line 2\).*did you mean 'atp_pool'"):
        Config.from_file(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("? BIG\n: 1\n", "known keys here"),
        ("? BIG\n: 1\n? BIG\n: 2\n", "both set"),
        ("? BIG\n: 1\ndeployment: {}\n", "beside 'deployment'"),
        ("execution_parameters:\n  gene_parameters:\n    ? BIG\n    : {a: 1}\n", "gene_parameters"),
        ("execution_parameters:\n  gene_parameters:\n    ? BIG\n    : x\n", "gene_parameters"),
    ],
)
def test_a_key_without_decimal_digits_is_a_problem_like_others(
    tmp_path: Path, text: str, says: str
) -> None:
    """Python writes no number of over 4,300 digits, and hexadecimal ones may be read."""
    path = written(tmp_path, text.replace("BIG", "0x" + 5_000 * "f"))
    with pytest.raises(InvalidConfigurationError, match=says) as caught:
        Config.from_file(path)
    assert len(caught.value.message) < 600


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "genom_file: x.gb\n"
        "runtime_scheduler: fair\n"
        "virtual_resources:\n"
        "  atp_pool: -1\n"
        "  atp_pool_size: 2\n"
        "  ribosome_count: 1.5\n"
        "  ribosome_count: 2\n",
    )
    monkeypatch.setenv("BIOXEN_ENABLED", "perhaps")
    monkeypatch.setenv("BIOXEN_ORGANSIM", "ecoli")
    monkeypatch.setenv("BIOXEN_VIRTUAL_RESOURCES__VIRTUAL_METABOLITES", "{")
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.resolve(path)
    told = {(one["key"], str(Source(**one["source"]))) for one in caught.value.details["problems"]}
    metabolites = "BIOXEN_VIRTUAL_RESOURCES__VIRTUAL_METABOLITES"
    assert told == {
        ("genom_file", f"{path}, line 1"),
        ("runtime_scheduler", f"{path}, line 2"),
        ("virtual_resources.atp_pool_size", f"{path}, line 4"),
        ("virtual_resources.atp_pool_size", f"{path}, line 5"),  # the second spelling
        ("virtual_resources.ribosome_allocation", f"{path}, line 6"),
        ("ribosome_count", f"{path}, line 7"),  # given twice
        ("enabled", "BIOXEN_ENABLED"),
        ("BIOXEN_ORGANSIM", "BIOXEN_ORGANSIM"),
        (metabolites, metabolites),
    }
    assert len(caught.value.details["problems"]) == len(told)
    assert "(and 8 more problems: 'genom_file', " in caught.value.message
    assert len(caught.value.message) < 400
    json.dumps(caught.value.to_dict())
    for one in caught.value.details["problems"]:  # what would be right
        assert re.search(r"did you mean|must be|keep", one["message"]), one


def test_all_problems_of_keywords_and_of_a_preset_are_told() -> None:
    with pytest.raises(InvalidConfigurationError) as caught:
        Config().with_overrides(hold_pool=True, atp_pool=-1, runtime_scheduler="fair")
    assert [one["key"] for one in caught.value.details["problems"]] == [
        "hold_pool",
        "runtime_scheduler",
        "virtual_resources.atp_pool_size",
    ]
    with pytest.raises(InvalidConfigurationError) as caught:
        ProductionConfig.from_dict({"environment": "prod", "max_vm": 1, "quantum": 0})
    assert [one["key"] for one in caught.value.details["problems"]] == [
        "max_vm",
        "environment",
        "quantum",
    ]
    for environment in ("prod", 3, ["prod"], {"prod": 1}):
        with pytest.raises(InvalidConfigurationError, match="is no preset") as caught:
            ProductionConfig.from_dict({"environment": environment})
        assert "problems" not in caught.value.details  # it is one
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.from_dict({"deploy": {}, "deployment": {}, "genomic_virtualization": 3})
    assert [one["key"] for one in caught.value.details["problems"]] == [
        "deploy",
        "genomic_virtualization",
    ]


def test_what_is_in_a_file_that_cannot_be_read_is_not_guessed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BIOXEN_SEQUENCE_FILE", "x.fa")  # may well belong to the file's genome
    monkeypatch.setenv("BIOXEN_ORGANSIM", "ecoli")
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.resolve(written(tmp_path, "genome_file: ["))
    first, second = caught.value.details["problems"]
    assert "not valid YAML" in first["message"]
    assert second["key"] == "BIOXEN_ORGANSIM"


def test_problems_are_looked_for_up_to_a_hundred() -> None:
    for bad in (
        {f"key{n}": n for n in range(100_000)},
        {"gene_parameters": dict.fromkeys(map(str, range(5_000)), 3)},
    ):
        data = {"execution_parameters": bad}
        began = time.perf_counter()
        with pytest.raises(InvalidConfigurationError, match="at least 99 more problems") as caught:
            Config.from_dict(data)
        assert time.perf_counter() - began < 5
        assert len(caught.value.details["problems"]) == 100
        assert len(caught.value.message) < 500


def test_no_more_than_a_hundred_problems_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(configuration, "suggestion", lambda word, _: asked.append(word) or "")
    with pytest.raises(InvalidConfigurationError, match="at least 99 more problems"):
        Config().with_overrides(**{f"key{n}": n for n in range(150)})
    assert len(asked) == 100
    asked.clear()
    for number in range(150):
        monkeypatch.setenv(f"BIOXEN_KEY{number}", "1")
    with pytest.raises(InvalidConfigurationError, match="at least 99 more problems"):
        Config.resolve()
    assert len(asked) == 100


# -- files -----------------------------------------------------------------------------------------

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)
MERGE_BOMB = "\n".join(
    ["a0: &a0 {k: 1}"]
    + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"enabled: true\norganism: \xff\xfe", "not UTF-8 in line 2"),
        (BOMB.encode(), "aliases"),
        (MERGE_BOMB.encode(), "aliases"),
        (b"virtual_resources: &a\n  virtual_metabolites: *a\n", "an alias holds itself"),
        (b"a: &a [*a]", "an alias holds itself"),
        (b"a: " + b"[" * 200_000, "deep"),
        (b"a: [" + b"x," * (7 * 2**20) + b"]", "more than 200,000 values"),
        (b"a: " + b"{a: " * 500 + b"}" * 500, "deep"),
        (b"? [1, 2]\n: 3\n", "plain text"),
        (b"<<: 3\n", "mappings only"),
        (b"{1: 2}", "unknown configuration key"),
        (b"on: 2", "unknown configuration key"),
        (b"enabled: !!python/name:os.system x", "python"),
        (b"enabled: !!set {a, b}", "plain data"),
        (b"enabled: 2024-99-99", "YAML"),
        (b"execution_parameters: {translation_execution_rate: .nan}", "finite"),
        (b"virtual_resources: {atp_pool: " + b"9" * 6_000 + b"}", ""),
        (b"a: *nowhere", "line 1"),
        (b"a: 1\n---\nb: 2\n", "line 2"),
        (b"deploymnt: {}\ngenomic_virtualization: {}", "did you mean 'deployment'"),
        (b"deployment: 3", "must be a mapping"),
        (b"\x00\x01", "YAML"),
    ],
)
def test_a_hostile_file_is_one_typed_error(tmp_path: Path, content: bytes, says: str) -> None:
    path = written(tmp_path, content)
    began = time.perf_counter()
    with pytest.raises(InvalidConfigurationError) as caught:
        Config.from_file(path)
    assert says in caught.value.message
    assert len(caught.value.message) < 600
    assert caught.value.code == "BX005"
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", '{"enabled": true, "enabled": false}', "[" * 100_000, '{"enabled": NaN}', "1 2"],
)
def test_a_bad_json_file_is_one_typed_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfigurationError):
        Config.from_file(written(tmp_path, text, "cell.json"))


def test_json_is_read_and_exponents_are_numbers(tmp_path: Path) -> None:
    data = {"execution_parameters": {"translation_execution_rate": 15}, "genome_file": "a.gb"}
    config = Config.from_file(written(tmp_path, "\t" + json.dumps(data, indent="\t"), "c.json"))
    assert config.execution_parameters.translation_execution_rate == 15
    assert config.genome_file == str(tmp_path / "a.gb")
    text = "execution_parameters: {translation_execution_rate: 1e1}"
    assert Config.from_file(written(tmp_path, text)).execution_parameters.model_dump(
        exclude_unset=True
    ) == {"translation_execution_rate": 10.0}


def test_a_file_may_merge_and_its_own_keys_win(tmp_path: Path) -> None:
    text = """
virtual_resources: &base {atp_pool_size: 1, ribosome_allocation: 2}
execution_parameters:
  gene_parameters:
    a: &a {promoter_strength: 1, termination_rate_per_s: 5.0}
    b: {<<: *a, promoter_strength: 2}
"""
    config = Config.from_file(written(tmp_path, text))
    b = config.execution_parameters.gene_parameters["b"]
    assert (b.promoter_strength, b.termination_rate_per_s) == (2, 5.0)
    inherited = "execution_parameters.gene_parameters.b.termination_rate_per_s"
    assert config.sources[inherited].line == 5


def test_a_file_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_sources, "MAX_FILE_BYTES", 2**20)
    with pytest.raises(InvalidConfigurationError, match="over 1 MiB"):
        Config.from_file("/dev/zero")
    assert Config.from_file("/dev/null") == Config()


def test_a_mapping_that_holds_itself_and_other_things_are_refused() -> None:
    ring: dict[str, Any] = {}
    ring["virtual_resources"] = ring
    for bad in (ring, 3, b"x", ["a"], {3: 4}, {"virtual_resources": object()}, "a\0b"):
        with pytest.raises(InvalidConfigurationError):
            Config.resolve(bad)  # type: ignore[arg-type]
    with pytest.raises(InvalidConfigurationError):
        Config().with_overrides(virtual_resources={"atp_pool": 1}, atp_pool=2)


def test_an_unreadable_file_is_one_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.symlink_to(path)  # nobody can read it, not even root
    with pytest.raises(InvalidConfigurationError, match="cannot be read"):
        Config.from_file(path)


def test_every_truncation_and_change_is_read_or_refused(tmp_path: Path) -> None:
    whole = FULL.encode()
    generator = random.Random(5)
    damaged = [whole[:length] for length in range(0, len(whole), 3)]
    for _ in range(300):
        data = bytearray(whole)
        data[generator.randrange(len(data))] = generator.randrange(256)
        damaged.append(bytes(data))
    read = 0
    messages: list[str] = []
    for data in damaged:
        try:
            Config.from_file(written(tmp_path, data))
            read += 1
        except InvalidConfigurationError as error:
            messages.append(error.message)
    assert not any("\n" in message for message in messages)
    assert 0 < read < len(damaged)


def test_parts_that_a_mapping_shares_are_counted_each_time() -> None:
    shared: dict[str, Any] = {}
    several: list[Any] = []
    for _ in range(25):
        shared, several = {"a": shared, "b": shared}, [several, several]
    itself: list[Any] = []
    itself.append(itself)
    begun = time.process_time()
    for tried in (
        lambda: Config.from_dict(shared),
        lambda: Config(virtual_resources=shared),
        lambda: Config().with_overrides(gene_parameters=shared),
        lambda: Config.from_dict({"genome_file": several}),
    ):
        with pytest.raises(InvalidConfigurationError, match="means more than 200,000 values"):
            tried()
    with pytest.raises(InvalidConfigurationError, match="nested more than 32 deep"):
        Config.from_dict({"genome_file": itself})
    assert time.process_time() - begun < 10


def test_a_text_in_place_of_a_list_is_shown_how_a_list_is_written() -> None:
    with pytest.raises(InvalidConfigurationError, match=r'must be a list, as \["one", "two"\]'):
        bx.GenomicVirtualizationManager({"kinetics_files": "a.csv"})
