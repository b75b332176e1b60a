"""Configuration: precedence, sources, unknown keys, spellings, refused values and files."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import random
import time
from pathlib import Path
from typing import Any

import pytest

from bioxen_jcvi_vm_lib import GenomicVirtualizationConfig as Config
from bioxen_jcvi_vm_lib import InvalidConfigurationError
from bioxen_jcvi_vm_lib.api import config_sources

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
    with pytest.raises(Exception, match="frozen"):
        config.enabled = False  # type: ignore[misc]
    schema = str(Config.model_json_schema())
    assert "mean lifetime of a free transcript [s]" in schema


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
    says = {key: str(source) for key, source in config.sources.items()}
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
        f"{execution}.gene_parameters.dnaA.promoter_strength": f"{path}, line 18",
        f"{execution}.gene_parameters.dnaN.promoter_strength": (
            "BIOXEN_EXECUTION_PARAMETERS__GENE_PARAMETERS__dnaN__PROMOTER_STRENGTH"
        ),
    }
    found = {setting.key: setting for setting in config.settings()}
    assert found["virtual_resources.ribosome_allocation"].value == 2
    assert str(found["organism"].source) == "default"
    assert "[molecules]" in found["virtual_resources.atp_pool_size"].description


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
