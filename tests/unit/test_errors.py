"""Errors: one root, one code and builtin per class, messages that print plainly."""

from __future__ import annotations

import copy
import json

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import _errors

CONTRACT = {
    "BX001": ("VM_CREATION_FAILED", "VMCreationError", Exception),
    "BX002": ("RESOURCE_ALLOCATION_ERROR", "ResourceAllocationError", Exception),
    "BX003": ("CHASSIS_INITIALIZATION_ERROR", "ChassisInitializationError", Exception),
    "BX004": ("HYPERVISOR_OVERLOAD", "HypervisorOverloadError", Exception),
    "BX005": ("INVALID_CONFIGURATION", "InvalidConfigurationError", ValueError),
    "BX006": ("VM_STATE_ERROR", "VMStateError", Exception),
    "BX007": ("IMPORT_MODULE_ERROR", "MissingDependencyError", ImportError),
    "BX008": ("API_VALIDATION_ERROR", "APIValidationError", ValueError),
    "BX009": ("RESOURCE_EXHAUSTION", "ResourceExhaustionError", Exception),
    "BX010": ("VM_NOT_FOUND", "VMNotFoundError", KeyError),
    "BX011": ("GENOME_FORMAT_ERROR", "GenomeFormatError", ValueError),
    "BX012": ("GENOME_COMPILATION_ERROR", "GenomeCompilationError", ValueError),
    "BX013": ("PROGRAM_SYNTAX_ERROR", "ProgramSyntaxError", ValueError),
    "BX014": ("GENOMIC_RUNTIME_ERROR", "GenomicRuntimeError", RuntimeError),
    "BX015": ("ISOLATION_BREACH", "IsolationBreachError", RuntimeError),
    "BX016": ("SNAPSHOT_ERROR", "SnapshotError", ValueError),
    "BX017": ("CONSERVATION_VIOLATION", "ConservationError", RuntimeError),
    "BX018": ("METABOLIC_INFEASIBLE", "MetabolicInfeasibleError", RuntimeError),
    "BX019": ("MODEL_IMPORT_ERROR", "ModelImportError", ValueError),
}


@pytest.mark.parametrize("code", CONTRACT)
def test_every_class_has_its_code_name_and_builtin(code: str) -> None:
    name, class_name, builtin = CONTRACT[code]
    error = getattr(bx, class_name)("what, where, and what would be right", details={"n": 1})
    assert isinstance(error, bx.BioXenException)
    assert isinstance(error, builtin)
    assert (error.code, error.name) == (code, name)
    assert str(error) == "what, where, and what would be right"
    assert json.loads(json.dumps(error.to_dict())) == {
        "code": code,
        "name": name,
        "type": class_name,
        "message": "what, where, and what would be right",
        "details": {"n": 1},
    }


@pytest.mark.parametrize("code", CONTRACT)
def test_an_error_survives_copying(code: str) -> None:
    error = getattr(bx, CONTRACT[code][1])("text", details={"a": [1]})
    twin = copy.copy(error)
    assert type(twin) is type(error)
    assert twin.to_dict() == error.to_dict()


def test_the_root_takes_any_code() -> None:
    error = bx.BioXenException("BX999", "text", {"a": 1})
    assert (error.code, error.message, error.details) == ("BX999", "text", {"a": 1})
    assert copy.copy(error).to_dict() == error.to_dict()


def test_no_class_is_outside_the_contract() -> None:
    listed = {entry[1] for entry in CONTRACT.values()} | {"BioXenException"}
    assert set(_errors.__all__) == listed


def test_places_are_attributes() -> None:
    error = bx.GenomeFormatError("bad", details={"line": 3, "offset": 120})
    assert (error.line, error.offset) == (3, 120)
    assert bx.GenomeFormatError("bad").line is None
    assert bx.ProgramSyntaxError("bad", details={"position": 7}).position == 7


def test_all_names_come_from_the_root_and_the_api() -> None:
    from bioxen_jcvi_vm_lib import api

    for name in api.__all__:
        assert getattr(api, name) is getattr(bx, name)
    with pytest.raises(AttributeError):
        _ = bx.no_such_name
