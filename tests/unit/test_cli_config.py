"""``bioxen config``: what it prints can be read again, and every complaint is one line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bioxen_jcvi_vm_lib import GenomicVirtualizationConfig, ProductionConfig

FILE = """\
genomic_virtualization:
  genome_file: "no \\"plain\\" name.gb"
  virtual_resources: {atp_pool: 75000}
  execution_parameters:
    translation_execution_rate: 1.0e-9
    gene_parameters:
      "on": {promoter_strength: 3}
      a.b: {promoter_strength: 4}
deployment:
  environment: staging
"""
GENOME = 'no "plain" name.gb'
PLAIN = {key: value for key, value in os.environ.items() if not key.startswith("BIOXEN_")}


def config(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bioxen_jcvi_vm_lib", "config", *arguments],
        capture_output=True,
        text=True,
        env={**PLAIN, "COLUMNS": "80", "NO_COLOR": "1", **variables},
        cwd=cwd,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cell.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / GENOME).touch()
    return tmp_path


def test_a_preset_lies_under_file_and_variables(folder: Path) -> None:
    (folder / "cell.yaml").write_text(FILE + "  quantum: 7\n", encoding="utf-8")
    variables = {"BIOXEN_DEPLOYMENT__MAX_VMS": "9", "BIOXEN_DEPLOYMENT__ENVIRONMENT": "staging"}
    shown = json.loads(
        config(
            "show", "cell.yaml", "--preset", "production", "--json", cwd=folder, **variables
        ).stdout
    )
    deployment, sources = shown["deployment"], shown["sources"]
    assert {
        key: (value, sources[f"deployment.{key}"]["kind"])
        for key, value in (
            ("environment", deployment["environment"]),
            ("max_vms", deployment["max_vms"]),
            ("quantum", deployment["quantum"]),
            ("chassis.cells", deployment["chassis"]["cells"]),
        )
    } == {
        "environment": ("production", "option"),
        "max_vms": (9, "environment"),
        "quantum": (7, "file"),
        "chassis.cells": (1280, "preset"),
    }
    as_yaml = config("show", "cell.yaml", "--preset", "production", cwd=folder).stdout
    assert re.search(r"^  environment: production +# --preset$", as_yaml, re.MULTILINE)
    for command in ("show", "validate"):
        says = config(command, "--help", cwd=folder, COLUMNS="200").stdout
        assert "its values lie under those of file and variables" in " ".join(says.split())


@pytest.mark.parametrize("everything", [(), ("--all",)])
def test_what_is_shown_is_a_file_of_the_same_configuration(
    folder: Path, everything: tuple[str, ...]
) -> None:
    shown = config("show", "cell.yaml", *everything, cwd=folder, BIOXEN_DEPLOYMENT__MAX_VMS="9")
    assert (shown.returncode, shown.stderr) == (0, "")
    for line in (
        "    atp_pool_size: 75000                          # cell.yaml, line 3",
        "  environment: staging                            # cell.yaml, line 10",
        "  max_vms: 9                                      # BIOXEN_DEPLOYMENT__MAX_VMS",
        "    cells: 320                                    # preset staging",
        "  quantum: 1024                                   # default",
    ):
        assert line in shown.stdout.splitlines()
    (folder / "shown.yaml").write_text(shown.stdout, encoding="utf-8")
    assert GenomicVirtualizationConfig.from_file(folder / "shown.yaml") == (
        GenomicVirtualizationConfig.from_file(folder / "cell.yaml")
    )
    deployment = ProductionConfig.from_file(folder / "shown.yaml")
    assert deployment == ProductionConfig.from_file(folder / "cell.yaml").with_overrides(max_vms=9)


@pytest.mark.parametrize("everything", [(), ("--all",)])
def test_json_is_a_file_of_the_same_configuration_with_sources(
    folder: Path, everything: tuple[str, ...]
) -> None:
    text = config("show", "cell.yaml", "--json", *everything, cwd=folder).stdout
    (folder / "shown.json").write_text(text, encoding="utf-8")
    for model in (GenomicVirtualizationConfig, ProductionConfig):
        assert model.from_file(folder / "shown.json") == model.from_file(folder / "cell.yaml")
    done = config("validate", "shown.json", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "shown.json: valid\n", "")
    shown = json.loads(text)
    sources = shown["sources"]
    assert sources["genomic_virtualization.virtual_resources.atp_pool_size"] == {
        "kind": "file",
        "name": "cell.yaml",
        "line": 3,
    }
    assert sources["genomic_virtualization.enabled"]["kind"] == "default"
    assert ("deployment.workers" in sources) == bool(everything)
    assert ("workers" in shown["deployment"]) == bool(everything)


def test_validate_says_what_production_requires(folder: Path) -> None:
    good = config("validate", "cell.yaml", cwd=folder)
    assert (good.returncode, good.stdout, good.stderr) == (0, "cell.yaml: valid\n", "")
    done = config("validate", "cell.yaml", "--production", cwd=folder)
    assert done.returncode == 2
    assert "- environment is staging: " in done.stdout
    assert done.stderr == (
        "bioxen: BX005 INVALID_CONFIGURATION: "
        f"{done.stdout.count('- ')} requirements of production not met\n"
    )
    (folder / "fit.yaml").write_text("deployment: {environment: production, max_vms: 100}")
    fit = config("validate", "fit.yaml", "--production", cwd=folder)
    assert (fit.returncode, fit.stdout) == (0, "fit.yaml: valid, and fit for production\n")


MISSING = """\
genomic_virtualization:
  genome_file: none.gb
  snapshot_dir: none
  execution_parameters: {proteome_file: .}
deployment:
  logging: {log_file: none/x.log}
  monitoring: {metrics_file: metrics.prom}
"""


def test_validate_tells_which_files_cannot_be_used(folder: Path) -> None:
    (folder / "missing.yaml").write_text(MISSING, encoding="utf-8")
    done = config("validate", "missing.yaml", cwd=folder)
    assert (done.returncode, done.stdout.splitlines()) == (
        2,
        [
            f"- genome_file {folder}/none.gb does not exist (missing.yaml, line 2)",
            f"- snapshot_dir {folder}/none does not exist: make the folder (missing.yaml, line 3)",
            f"- execution_parameters.proteome_file {folder} cannot be read: it is a directory "
            "(missing.yaml, line 4)",
            f"- logging.log_file {folder}/none/x.log cannot be written: its folder does not exist "
            "(missing.yaml, line 6)",
        ],
    )
    assert done.stderr == "bioxen: BX005 INVALID_CONFIGURATION: missing.yaml: 4 problems\n"
    for option in ((), ("--production",)):
        done = config("validate", "missing.yaml", "--json", *option, cwd=folder)
        told = json.loads(done.stdout)
        assert (done.returncode, told["valid"], told["environment"]) == (2, False, "development")
        assert [problem["key"] for problem in told["problems"]] == [
            "genome_file",
            "snapshot_dir",
            "execution_parameters.proteome_file",
            "logging.log_file",
        ]
        files = {problem["message"] for problem in told["problems"]}
        assert files <= {*told["unmet"]} if option else not told["unmet"]


def test_validate_tells_of_one_missing_file_in_one_line(folder: Path) -> None:
    done = config("validate", "cell.yaml", cwd=folder, BIOXEN_GENOME_FILE="none.gb")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bioxen: BX005 INVALID_CONFIGURATION: "
        "genome_file none.gb does not exist (BIOXEN_GENOME_FILE)\n"
    )


def test_validate_tells_a_key_of_both_sections_twice(folder: Path) -> None:
    both = {"genomic_virtualization": {"foo": 1}, "deployment": {"foo": 1}, "beside": {}}
    (folder / "both.json").write_text(json.dumps(both), encoding="utf-8")
    told = json.loads(config("validate", "both.json", "--json", cwd=folder).stdout)
    assert [(problem.get("section"), problem["key"]) for problem in told["problems"]] == [
        (None, "beside"),
        ("genomic_virtualization", "foo"),
        ("deployment", "foo"),
    ]


BAD = """\
genomic_virtualization:
  genom_file: x.gb
  virtual_resources: {ribosome_allocation: 1000000000000}
deployment:
  max_vms: many
"""
VARIABLE = {"BIOXEN_EXECUTION_PARAMETERS__HOLD_POOLS": "2"}


def test_validate_tells_all_that_is_wrong(folder: Path) -> None:
    (folder / "bad.yaml").write_text(BAD, encoding="utf-8")
    done = config("validate", "bad.yaml", "--preset", "prod", cwd=folder, **VARIABLE)
    assert done.returncode == 2
    assert done.stderr == "bioxen: BX005 INVALID_CONFIGURATION: bad.yaml: 5 problems\n"
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    for key, place, right in (
        ("'genom_file'", "bad.yaml, line 2", "did you mean 'genome_file'"),
        (
            "'virtual_resources.ribosome_allocation'",
            "bad.yaml, line 3",
            "at most 10,000,000",
        ),
        ("'max_vms'", "bad.yaml, line 5", "a whole number"),
        (
            "'execution_parameters.hold_pools'",
            "BIOXEN_EXECUTION_PARAMETERS__HOLD_POOLS",
            "true or false",
        ),
        ("'prod'", "--preset", "did you mean 'production'"),
    ):
        (line,) = (line for line in lines if key in line)
        assert line.startswith("- ")
        assert place in line
        assert right in line


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (BAD, ["genom_file", "virtual_resources.ribosome_allocation", "max_vms"]),
        ("deployment: {max_vm: 2}", ["max_vm"]),
        ("genome_file: x.gb\nenabeld: true", ["enabeld"]),
        ("max_vm: 3", ["max_vm"]),
        ("a: [", [None]),
        (None, [None]),
    ],
)
def test_validate_tells_programs_what_is_wrong(
    folder: Path, text: str | None, keys: list[str | None]
) -> None:
    if text is not None:
        (folder / "bad.yaml").write_text(text, encoding="utf-8")
    done = config("validate", "bad.yaml", "--json", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    told = json.loads(done.stdout)
    assert (told["valid"], told["environment"], told["unmet"]) == (False, None, [])
    assert [problem.get("key") for problem in told["problems"]] == keys
    for problem in told["problems"]:
        assert problem["source"]["name"] == "bad.yaml"
        assert problem["message"]


def test_validate_tells_programs_what_is_right_and_unmet(folder: Path) -> None:
    done = config("validate", "cell.yaml", "--json", cwd=folder)
    assert (done.returncode, json.loads(done.stdout)) == (
        0,
        {"valid": True, "environment": "staging", "unmet": [], "problems": []},
    )
    done = config("validate", "cell.yaml", "--production", "--json", cwd=folder)
    assert done.returncode == 2
    assert json.loads(done.stdout)["valid"]
    assert len(json.loads(done.stdout)["unmet"]) > 1


def test_the_schema_is_printed(folder: Path) -> None:
    schema = json.loads(config("schema", cwd=folder).stdout)
    assert set(schema["properties"]) == {"genomic_virtualization", "deployment", "sources"}


@pytest.mark.parametrize(
    ("arguments", "text", "says"),
    [
        (["show", "none.yaml"], "", "none.yaml"),
        (["show", "."], "", "directory"),
        (["validate", "bad.yaml"], "a: &a [*a]", "alias"),
        (["validate", "bad.yaml"], "a: " + "[" * 100_000, "deep"),
        (["validate", "bad.yaml"], "enabled: true\nenabled: false", "line 2"),
        (["validate", "bad.yaml"], "deployment: {max_vm: 2}", "did you mean 'max_vms'"),
        (["show", "--preset", "prod"], "", "did you mean 'production'"),
        (["walk"], "", "walk"),
    ],
)
def test_an_error_is_one_clear_line(
    folder: Path, arguments: list[str], text: str, says: str
) -> None:
    (folder / "bad.yaml").write_text(text, encoding="utf-8")
    done = config(*arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("bioxen: ")
    assert says in done.stderr


def test_validate_tells_of_a_missing_model_with_its_key(folder: Path) -> None:
    (folder / "model.yaml").write_text(
        "genomic_virtualization:\n  metabolic_model: none.json\n", encoding="utf-8"
    )
    done = config("validate", "model.yaml", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"metabolic_model {folder}/none.json does not exist (model.yaml, line 2)" in done.stderr
