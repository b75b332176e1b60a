"""Presets: what they set, that every setting is read, and what production requires."""

from __future__ import annotations

import copy
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import InvalidConfigurationError, ProductionConfig
from bioxen_jcvi_vm_lib.api.production_config import PRESETS, configuration_schema


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in list(os.environ):
        if key.startswith("BIOXEN_"):
            monkeypatch.delenv(key)


def made(monkeypatch: pytest.MonkeyPatch, config: ProductionConfig) -> dict[str, Any]:
    """What a hypervisor is made with."""
    from bioxen_jcvi_vm_lib.hypervisor import core

    monkeypatch.setattr(core, "BioXenHypervisor", dict)
    found = config.hypervisor()
    monkeypatch.undo()
    assert isinstance(found, dict)
    return found


# -- presets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_admits_as_many_whole_cells_as_it_says(
    name: str, runtime: bx.GenomicRuntime
) -> None:
    config = ProductionConfig.preset(name)
    with config.hypervisor(runtime) as hypervisor:
        for seed in range(config.max_vms):
            hypervisor.create_vm(f"cell-{seed}", runtime, seed=seed, quota=config.quota())
        assert hypervisor.get_system_resources().vms == config.max_vms
        with pytest.raises(bx.HypervisorOverloadError):
            hypervisor.create_vm("one more", runtime, quota=config.quota())


def test_what_is_given_goes_over_the_preset_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "cell.yaml"
    file.write_text(
        "genomic_virtualization: {organism: ecoli}\n"
        "deployment:\n  environment: staging\n  max_vms: 7\n  chassis: {cells: 9}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("BIOXEN_DEPLOYMENT__LOGGING__LOG_LEVEL", "ERROR")
    config = ProductionConfig.resolve(file).with_overrides(quantum=2)
    says = {key: str(source) for key, source in config.sources.items()}
    assert (config.max_vms, says["max_vms"]) == (7, f"{file}, line 4")
    assert (config.logging.log_level, says["logging.log_level"]) == (
        "ERROR",
        "BIOXEN_DEPLOYMENT__LOGGING__LOG_LEVEL",
    )
    assert (config.quantum, says["quantum"]) == (2, "keyword quantum")
    assert config.chassis is not None
    assert (config.chassis.cells, says["chassis.cells"]) == (9, f"{file}, line 5")
    assert says["chassis.emergency_reserve"] == says["monitoring.interval_s"] == "preset staging"
    assert bx.GenomicVirtualizationConfig.resolve(file).organism == "ecoli"

    other = config.with_overrides(environment="production")
    assert (other.max_vms, other.quantum, other.logging.log_level) == (7, 2, "ERROR")
    assert other.monitoring.interval_s == 15.0
    assert str(other.sources["monitoring.interval_s"]) == "preset production"


def test_no_chassis_can_be_said_over_a_preset() -> None:
    assert (
        ProductionConfig.from_dict({"environment": "production", "chassis": None}).chassis is None
    )


def test_a_configuration_that_is_made_cannot_be_changed() -> None:
    config = ProductionConfig()
    for key, value in (("max_vms", "many"), ("max_vms", 3), ("quantum", None), ("logging", {})):
        with pytest.raises(InvalidConfigurationError, match=f"with_overrides\\({key}="):
            setattr(config, key, value)
    with pytest.raises(InvalidConfigurationError, match="log_level"):
        config.logging.log_level = "INFO"  # type: ignore[misc]
    assert config == ProductionConfig() == copy.deepcopy(config)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ProductionConfig.preset("prod"), "did you mean 'production'"),
        (lambda: ProductionConfig.preset(3), "give development"),  # type: ignore[arg-type]
        (lambda: ProductionConfig.preset({"x": 1}), "give development"),  # type: ignore[arg-type]
        (lambda: ProductionConfig.preset("staging", max_vm=3), "did you mean 'max_vms'"),
        (lambda: ProductionConfig.preset("staging", max_vms=0), "max_vms"),
        (lambda: ProductionConfig.preset("staging", max_vms=10**9), "max_vms"),
        (lambda: ProductionConfig.preset("staging", max_vms=True), "max_vms"),
        (lambda: ProductionConfig.preset("staging", slice_s=float("nan")), "slice_s"),
        (lambda: ProductionConfig.preset("staging", log_level="info"), "'ERROR' (it is 'info')"),
        (lambda: ProductionConfig.preset("staging", emergency_reserve=0.99), "leave nothing"),
        (lambda: ProductionConfig.from_dict({"chassis": {"cell": 3}}), "did you mean 'cells'"),
        (lambda: ProductionConfig.from_dict({"chassis": {}}), "chassis.cells"),
        (lambda: ProductionConfig.from_dict({"environment": None}), "no preset"),
        (lambda: ProductionConfig.from_dict({"workers": 1, "organism": "ecoli"}), "organism"),
        (lambda: ProductionConfig.resolve(3), "cannot be made"),  # type: ignore[arg-type]
        (lambda: ProductionConfig().hypervisor("ecolii"), "did you mean 'ecoli'"),
    ],
)
def test_a_wrong_setting_is_one_typed_error(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(InvalidConfigurationError) as caught:
        make()
    assert says in caught.value.message


def test_a_hypervisor_takes_a_genome_or_the_name_of_an_organism() -> None:
    with pytest.raises(bx.APIValidationError):
        ProductionConfig().hypervisor(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(("organism", "cells"), [("minimal_cell", 10**7), ("ecoli", 400_000)])
def test_more_cells_than_a_chassis_holds_are_refused_by_their_key(
    organism: str, cells: int
) -> None:
    config = ProductionConfig.preset("staging", cells=cells)
    with config.hypervisor(organism) as hypervisor:
        assert hypervisor.get_system_resources().max_vms == 256
    with pytest.raises(InvalidConfigurationError, match=r"chassis\.cells"):
        config.with_overrides(cells=2 * cells).hypervisor(organism)


# -- every setting is read -------------------------------------------------------------------------

#: A value of each key other than every preset's, and where it must turn up.
HYPERVISOR = {"max_vms": 3, "workers": 2, "slice_s": 0.002, "quantum": 77}
CHASSIS = {"cells": 31, "hypervisor_overhead": 0.1, "emergency_reserve": 0.2}
LIMITS = {
    "events": 11,
    "cpu_s": 12.0,
    "memory_bytes": 13,
    "molecules": 14,
    "simulated_s": 15.0,
    "on_quota": "stop",
}
LOGGING = {"log_level", "log_format", "log_file", "log_max_bytes", "log_backups", "audit_entries"}
MONITORING = {"interval_s", "metrics_file"}


def test_no_setting_is_left_out_of_these_tests() -> None:
    named = {
        "environment",  # which preset: above
        *HYPERVISOR,
        *(f"chassis.{key}" for key in CHASSIS),
        *(f"vm_limits.{key}" for key in LIMITS),
        *(f"logging.{key}" for key in LOGGING),
        *(f"monitoring.{key}" for key in MONITORING),
    }
    assert {one.key for one in ProductionConfig.preset("production").settings()} == named


def test_the_hypervisor_reads_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    config = ProductionConfig.preset("staging", **HYPERVISOR)
    arguments = made(monkeypatch, config)
    assert {key: arguments[key] for key in HYPERVISOR} == HYPERVISOR
    with config.hypervisor() as hypervisor:
        now = hypervisor.get_system_resources()
        assert (now.max_vms, now.workers) == (3, 2)
    with config.hypervisor(workers=1, max_vms=5) as hypervisor:  # the caller's go before
        now = hypervisor.get_system_resources()
        assert (now.max_vms, now.workers) == (5, 1)


def test_the_scheduler_is_that_of_the_genome(monkeypatch: pytest.MonkeyPatch) -> None:
    from bioxen_jcvi_vm_lib.hypervisor import core

    with bx.GenomicVirtualizationManager({"runtime_scheduler": "cooperative"}) as manager:
        runtime = manager.load_genome_runtime()
    monkeypatch.setattr(core, "BioXenHypervisor", dict)
    assert ProductionConfig().hypervisor(runtime)["scheduler"] == "cooperative"  # type: ignore[index]


def test_the_chassis_reads_its_settings(runtime: bx.GenomicRuntime) -> None:
    config = ProductionConfig.from_dict({"chassis": CHASSIS})
    one = bx.Chassis.of_organism(runtime, 1).amounts
    with config.hypervisor(runtime) as hypervisor:
        pool = hypervisor.get_system_resources().chassis
    assert pool is not None
    for name, amount in one.items():
        assert pool["total"][name] == 31 * amount
        assert pool["overhead"][name] == pytest.approx(3.1 * amount, abs=1)
        assert pool["reserve"][name] == pytest.approx(6.2 * amount, abs=1)


def test_the_quota_reads_its_settings() -> None:
    config = ProductionConfig.from_dict({"vm_limits": LIMITS})
    assert config.quota().to_dict() == LIMITS
    assert ProductionConfig().quota() == bx.Quota()


def test_a_machine_comes_to_its_limit(runtime: bx.GenomicRuntime) -> None:
    config = ProductionConfig.preset("production", simulated_s=2.0)
    with config.hypervisor(runtime) as hypervisor:
        hypervisor.start_vm(hypervisor.create_vm("a", runtime, seed=1, quota=config.quota()))
        result = hypervisor.run(5.0)["a"]
    assert (result.status, result.sim_time_s) == ("quota", 2.0)


def test_the_log_reads_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "cells.log"
    config = ProductionConfig.preset(
        "development",
        log_level="WARNING",
        log_format="json",
        log_file=str(file),
        log_max_bytes=1_000,
        log_backups=2,
    )
    with config.logger() as log:
        log.info("not this")
        for number in range(60):
            log.warning("this", number=number)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["cells.log", "cells.log.1", "cells.log.2"]
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["number"] == 59
    assert {line["level"] for line in lines} == {"WARNING"}
    assert all(path.stat().st_size <= 1_000 for path in tmp_path.iterdir())


def test_the_audit_log_reads_its_setting() -> None:
    audit = ProductionConfig.preset("development", audit_entries=3).audit_log()
    for _ in range(5):
        audit.record("created", "a")
    assert (len(audit), audit.dropped) == (3, 2)


def test_the_monitor_reads_its_settings(
    tmp_path: Path, runtime: bx.GenomicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    file = tmp_path / "metrics.prom"
    config = ProductionConfig.preset("development", interval_s=5.0, metrics_file=str(file))
    lines = io.StringIO()
    with config.hypervisor(runtime) as hypervisor, bx.ProductionLogger(stream=lines) as log:
        hypervisor.create_vm("cell-7", runtime, seed=1)
        monitor = config.monitor(hypervisor, log)
        for now_s in (100.0, 101.0, 104.9, 105.0, 107.0):  # noqa: B007 - read by the clock above
            monitor()
        looks = [json.loads(line) for line in lines.getvalue().splitlines()]
        assert [look["message"] for look in looks] == ["metrics", "metrics"]
        assert looks[-1]["vms"]["created"] == 1
        assert looks[-1]["memory_bytes"] == hypervisor.get_system_resources().memory_bytes
        assert re.search(r'^bioxen_vm_\w+\{vm="cell-7".*\} ', file.read_text(), re.MULTILINE)

        # A file that cannot be written is said, and ends nothing.
        broken = bx.Monitor(hypervisor, log, metrics_file=tmp_path / "none" / "x")
        broken.look()
        last = json.loads(lines.getvalue().splitlines()[-1])
        assert (last["level"], last["error"]["code"]) == ("WARNING", "BX008")


def test_a_monitor_is_what_a_run_calls(runtime: bx.GenomicRuntime) -> None:
    lines = io.StringIO()
    config = ProductionConfig.preset("development", interval_s=1e-6)
    with config.hypervisor(runtime) as hypervisor, bx.ProductionLogger(stream=lines) as log:
        hypervisor.start_vm(hypervisor.create_vm("a", runtime, seed=1))
        hypervisor.run(1.0, pace=2.0, progress=config.monitor(hypervisor, log))
    looks = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert {look["message"] for look in looks} == {"metrics"}
    assert looks[0]["vms"]["running"] == 1


def test_a_monitor_looks_at_the_end_of_a_run_that_is_over_at_once(
    runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    lines = io.StringIO()
    file = tmp_path / "metrics.prom"
    config = ProductionConfig.preset("development", interval_s=1e6, metrics_file=str(file))
    with bx.ProductionLogger(stream=lines) as log:
        with config.hypervisor(runtime) as hypervisor:
            hypervisor.start_vm(hypervisor.create_vm("a", runtime, seed=1))
            with config.monitor(hypervisor, log) as monitor:
                hypervisor.run(1e-3, progress=monitor)
            (look,) = lines.getvalue().splitlines()[-1:]
            assert json.loads(look)["cpu_s"] > 0
            assert re.search(r'^bioxen_vm_\w+\{vm="a".*\} ', file.read_text(), re.MULTILINE)
            late = config.monitor(hypervisor, log)
        before = lines.getvalue()
        with late:  # of what is closed there is nothing to see
            pass
        assert lines.getvalue() == before


# -- production ------------------------------------------------------------------------------------

#: Small enough for the memory of any machine on which the tests run.
FIT = {"environment": "production", "max_vms": 100}


def test_the_production_preset_meets_what_production_requires() -> None:
    config = ProductionConfig.from_dict(FIT)
    assert config.validate_production_requirements(bx.GenomicVirtualizationConfig()) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"environment": "staging"}, "environment is staging"),
        ({"workers": 256}, "workers is 256"),
        ({"slice_s": 0.5}, "slice_s is 0.5 s"),
        ({"vm_limits": {"memory_bytes": None}}, "memory_bytes is not set"),
        ({"vm_limits": {"memory_bytes": 2**45}}, "this machine has"),
        ({"chassis": None}, "neither overhead nor emergency reserve"),
        ({"chassis": {"hypervisor_overhead": 0.0}}, "leaves the hypervisor nothing"),
        ({"chassis": {"emergency_reserve": 0.0}}, "leaves machines of critical priority nothing"),
        ({"chassis": {"cells": 124}}, "give at least 125 cells"),
        ({"logging": {"log_level": "DEBUG"}}, "log_level is DEBUG"),
        ({"logging": {"log_format": "text"}}, "log_format is text"),
        ({"logging": {"log_file": "/tmp/x", "log_max_bytes": 0}}, "grows without end"),
        ({"logging": {"log_file": "/nowhere/x"}}, "its folder does not exist"),
        ({"logging": {"log_file": "/tmp"}}, "it is a directory"),
        ({"monitoring": {"metrics_file": "/nowhere/x"}}, "metrics_file /nowhere/x"),
    ],
)
def test_what_is_not_met_is_said_alone(change: dict[str, Any], says: str) -> None:
    reasons = ProductionConfig.from_dict({**FIT, **change}).validate_production_requirements()
    if change.get("environment") == "staging":  # its log level too
        assert any("log_level" in reason for reason in reasons)
        reasons = reasons[:1]
    assert len(reasons) == 1, reasons
    assert says in reasons[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"enabled": False}, "enabled is false"),
        ({"runtime_scheduler": "cooperative"}, "cooperative"),
        ({"genome_file": "/nowhere/x.gb"}, "genome_file /nowhere/x.gb"),
        (
            {"genome_file": "/dev/null", "sequence_file": "/nowhere/x.fa"},
            "sequence_file /nowhere/x.fa",
        ),
        ({"execution_parameters": {"proteome_file": "/nowhere/p"}}, "proteome_file /nowhere/p"),
        ({"execution_parameters": {"mrna_file": "/nowhere/p"}}, "mrna_file /nowhere/p"),
        ({"snapshot_dir": "/nowhere"}, "snapshot_dir /nowhere"),
        ({"metabolic_model": "/nowhere/m.json"}, "metabolic_model /nowhere/m.json does not exist"),
        ({"kinetics_files": ["/dev/null", "/nowhere/k"]}, "kinetics_files /nowhere/k does not"),
        (
            {"execution_parameters": {"gene_table_file": "/nowhere/t"}},
            "gene_table_file /nowhere/t",
        ),
        (
            {"execution_parameters": {"transcription_units_file": "/nowhere/u"}},
            "transcription_units_file /nowhere/u",
        ),
    ],
)
def test_what_the_genomes_configuration_does_not_meet(change: dict[str, Any], says: str) -> None:
    genomic = bx.GenomicVirtualizationConfig.from_dict(change)
    reasons = ProductionConfig.from_dict(FIT).validate_production_requirements(genomic)
    assert len(reasons) == 1, reasons
    assert says in reasons[0]
    with pytest.raises(bx.APIValidationError):
        ProductionConfig().validate_production_requirements("cell.yaml")  # type: ignore[arg-type]


# -- schema ----------------------------------------------------------------------------------------


def test_the_schema_and_the_library_agree() -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    schema = configuration_schema()
    validator.check_schema(schema)
    check = validator(schema)
    genomic, deployment = "genomic_virtualization", "deployment"
    rates = "execution_parameters"
    documents: list[tuple[dict[str, Any], bool]] = [
        ({}, True),
        ({genomic: {}}, True),
        ({genomic: {"virtual_resources": {"atp_pool": 3}}}, True),
        ({genomic: {"virtual_resources": {"atp_pool": -3}}}, False),
        ({genomic: {"virtual_resources": {"atp_pol": 3}}}, False),
        ({genomic: {"execution_mode": "direct"}}, True),
        ({genomic: {"execution_mode": "lattice"}}, False),
        ({genomic: {rates: {"degradation_processing": {"mrna_lifetime_s": 0}}}}, False),
        ({genomic: {rates: {"gene_parameters": {"dnaA": {"promoter_strength": 1}}}}}, True),
        ({genomic: {rates: {"gene_parameters": {"dnaA": {"strength": 1}}}}}, False),
        ({deployment: {"environment": "production", "chassis": None}}, True),
        ({deployment: {"environment": "prod"}}, False),
        ({deployment: {"chassis": {}}}, False),
        ({deployment: {"workers": 0}}, False),
        ({deployment: {"workers": 1.5}}, False),
        ({"other": {}}, False),
        ({genomic: None, deployment: None}, True),
        ({genomic: {"virtual_resources": None}, deployment: {"logging": None}}, True),
        ({genomic: {"execution_parameters": {"gene_parameters": None}}}, False),
        ({genomic: {}, "sources": {"genome_file": {"kind": "default"}}}, True),
        ({"sources": {}}, False),
        # without sections: a genome's
        ({"genome_file": "x.gb", "execution_mode": "direct"}, True),
        ({"virtual_resources": {"atp_pool": 3}}, True),
        ({"virtual_resources": {"atp_pol": 3}}, False),
        ({"genome_file": "x.gb", genomic: {}}, False),
        ({"genome_file": "x.gb", deployment: {}}, False),
        ({"genome_file": "x.gb", "max_vms": 3}, False),
        ({"genome_file": "x.gb", "sources": {}}, False),
    ]
    documents += [({deployment: dict(preset)}, True) for preset in PRESETS.values()]
    for document, good in documents:
        assert check.is_valid(document) is good, document
        try:
            bx.GenomicVirtualizationConfig.from_dict(document)
            ProductionConfig.from_dict(document)
            taken = True
        except InvalidConfigurationError:
            taken = False
        assert taken is good, document


# -- bounds ----------------------------------------------------------------------------------------


def of_hypervisor(key: str) -> Callable[[Any], object]:
    def make(value: Any) -> None:
        with bx.BioXenHypervisor(**{"workers": 1, key: value}):
            pass

    return make


def of_quota(key: str) -> Callable[[Any], object]:
    return lambda value: bx.Quota(**{key: value})


def of_chassis(key: str) -> Callable[[Any], object]:
    def make(value: Any) -> None:
        bx.Chassis.of_organism("minimal_cell", **({"cells": 1} | {key: value}))

    return make


@pytest.mark.parametrize(
    ("key", "consumer", "taken", "refused"),
    [
        ("max_vms", of_hypervisor("max_vms"), (1, 1_000_000), (0, 1_000_001)),
        ("workers", of_hypervisor("workers"), (1,), (0, 257)),
        ("slice_s", of_hypervisor("slice_s"), (1e-9, 3600.0), (9e-10, 3601.0)),
        ("quantum", of_hypervisor("quantum"), (1, 1_000_000), (0, 1_000_001)),
        ("cells", of_chassis("cells"), (1,), (0, 2**40 + 1)),
        ("hypervisor_overhead", of_chassis("hypervisor_overhead"), (0.0,), (-0.1, 1.0)),
        ("emergency_reserve", of_chassis("emergency_reserve"), (0.0,), (-0.1, 1.0)),
        *(
            (key, of_quota(key), (1, 2**62), (0, 2**62 + 1))
            for key in ("events", "memory_bytes", "molecules")
        ),
        *(
            (key, of_quota(key), (1e-9, 1e9), (9e-10, 0.0, 1.1e9))
            for key in ("cpu_s", "simulated_s")
        ),
        ("audit_entries", bx.AuditLog, (1, 10_000_000), (0, 10_000_001)),
    ],
)
def test_a_bound_is_that_of_what_reads_the_setting(
    key: str, consumer: Callable[[Any], object], taken: tuple[Any, ...], refused: tuple[Any, ...]
) -> None:
    base = ProductionConfig.preset("staging")
    for value in taken:
        consumer(value)
        base.with_overrides(**{key: value})
    for value in refused:
        with pytest.raises(bx.BioXenException):
            consumer(value)
        with pytest.raises(InvalidConfigurationError):
            base.with_overrides(**{key: value})


def test_every_machine_has_the_limits_of_the_configuration(runtime: bx.GenomicRuntime) -> None:
    config = ProductionConfig.from_dict({"vm_limits": LIMITS | {"memory_bytes": 2**22}})
    with config.hypervisor(runtime) as hypervisor:
        bx.create_bio_vm("a", genome_runtime=runtime, hypervisor=hypervisor)
        hypervisor.fork_vm("a", "b")
        hypervisor.restore_vm("c", hypervisor.context("a").snapshot(), runtime)
        hypervisor.create_vm("own", runtime, quota={"events": 3})
        hypervisor.create_vm("free", runtime, quota={})
        quotas = {name: hypervisor.get_vm_status(name).quota for name in hypervisor.list_vms()}
    assert quotas["a"] == quotas["b"] == quotas["c"] == config.quota()
    assert quotas["own"] == bx.Quota(events=3)
    assert quotas["free"] == bx.Quota()


@pytest.mark.parametrize(("which", "says"), [(0, "hypervisor"), (1, "logger")])
def test_a_monitor_of_something_else_is_refused(which: int, says: str) -> None:
    with bx.BioXenHypervisor() as hypervisor, bx.ProductionLogger(stream=io.StringIO()) as log:
        given: list[Any] = [hypervisor, log]
        given[which] = 3
        with pytest.raises(bx.APIValidationError, match=f"{says} must be"):
            ProductionConfig().monitor(*given)
