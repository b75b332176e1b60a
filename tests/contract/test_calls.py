"""The contract's example calls run as they are written, and none of its names is left out."""

from __future__ import annotations

import builtins
import doctest
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx

CALLS = Path(__file__).with_name("calls")
ON_THE_BUILT_IN_GENOME = sorted(CALLS.glob("*.txt"))
ON_THE_BUILT_IN_GENOME.remove(CALLS / "flow.txt")

#: Attributes and methods by class, those of engines to come left out.
NAMES = {
    "GenomicVirtualizationManager": "load_genome_runtime create_cellular_context "
    "execute_genomic_program run_gene_expression_engine run_ensemble",
    "GenomicRuntime": "name accession length_nt topology replicons genes transcription_units "
    "report fingerprint organism records gene _repr_html_",
    "Gene": "locus_tag name product kind strand start end parts length_nt codons protein "
    "translation_table pseudo",
    "CellularContext": "runtime time_s seed proteins mrnas resources machines events ledger run "
    "count audit polymerases snapshot restore fork knockout close",
    "Audit": "residuals ok",
    "ExecutionResult": "status time_s proteins mrnas resources machines events ledger audit "
    "wall_time_s sim_time_s seed runtime_fingerprint to_xarray to_pandas to_parquet to_dict plot "
    "_repr_html_",
    "GenomicProgram": "parse",
    "BiologicalVM": "start pause resume stop destroy get_status get_biological_type get_vm_type "
    "get_biological_metrics allocate_resources get_resource_usage execute_biological_process on",
    "BioXenHypervisor": "create_vm start_vm pause_vm resume_vm stop_vm destroy_vm get_vm_status "
    "list_vms get_vm_resource_usage allocate_vm_resources get_system_resources set_policy metrics "
    "context run save load",
    "ProgramSyntaxError": "position",
}
#: Functions, and the rest of the classes, which nothing is said of but the name.
ROOT = (
    "create_bio_vm get_supported_biological_types get_supported_vm_types validate_biological_type "
    "validate_vm_type quick_start_vm GenomicVirtualizationConfig ProcessResult"
)
#: Code, name, and the builtin that an error also is.
ERRORS = {
    "VMCreationError": "BX001 VM_CREATION_FAILED Exception",
    "ResourceAllocationError": "BX002 RESOURCE_ALLOCATION_ERROR Exception",
    "ChassisInitializationError": "BX003 CHASSIS_INITIALIZATION_ERROR Exception",
    "HypervisorOverloadError": "BX004 HYPERVISOR_OVERLOAD Exception",
    "InvalidConfigurationError": "BX005 INVALID_CONFIGURATION ValueError",
    "VMStateError": "BX006 VM_STATE_ERROR Exception",
    "MissingDependencyError": "BX007 IMPORT_MODULE_ERROR ImportError",
    "APIValidationError": "BX008 API_VALIDATION_ERROR ValueError",
    "ResourceExhaustionError": "BX009 RESOURCE_EXHAUSTION Exception",
    "VMNotFoundError": "BX010 VM_NOT_FOUND KeyError",
    "GenomeFormatError": "BX011 GENOME_FORMAT_ERROR ValueError",
    "GenomeCompilationError": "BX012 GENOME_COMPILATION_ERROR ValueError",
    "ProgramSyntaxError": "BX013 PROGRAM_SYNTAX_ERROR ValueError",
    "GenomicRuntimeError": "BX014 GENOMIC_RUNTIME_ERROR RuntimeError",
    "IsolationBreachError": "BX015 ISOLATION_BREACH RuntimeError",
    "SnapshotError": "BX016 SNAPSHOT_ERROR ValueError",
    "ConservationError": "BX017 CONSERVATION_VIOLATION RuntimeError",
    "MetabolicInfeasibleError": "BX018 METABOLIC_INFEASIBLE RuntimeError",
    "ModelImportError": "BX019 MODEL_IMPORT_ERROR ValueError",
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Run the examples of a text in an empty folder and environment."""
    for key in [key for key in os.environ if key.startswith("BIOXEN_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)

    def run(text: Path) -> None:
        failed, tried = doctest.testfile(
            str(text),
            module_relative=False,
            globs={"bx": bx, "setenv": monkeypatch.setenv},
            optionflags=doctest.ELLIPSIS,
        )
        assert tried > 5
        assert failed == 0

    return run


@pytest.mark.data
def test_the_four_calls_run_as_written(
    run: Callable[[Path], None], shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "syn3A.gb").symlink_to(shared_data("genomes/syn3A.gb"))
    run(CALLS / "flow.txt")


@pytest.mark.parametrize("text", ON_THE_BUILT_IN_GENOME, ids=lambda text: text.stem)
def test_what_is_written_of_it_is_so(
    text: Path, run: Callable[[Path], None], checkout: Path, tmp_path: Path, small_file: Path
) -> None:
    (tmp_path / "small.gb").symlink_to(small_file)
    odd = checkout / "tests" / "data" / "odd" / "genbank_15_missing_end.gb"
    (tmp_path / "odd.gb").symlink_to(odd)
    run(text)


@pytest.mark.parametrize("kind", NAMES)
def test_every_name_of_the_contract_is_there_and_shown(kind: str) -> None:
    shown = "".join(text.read_text(encoding="utf-8") for text in CALLS.glob("*.txt"))
    members = dir(getattr(bx, kind))
    for name in NAMES[kind].split():
        assert name in members, f"{kind} has no {name}"
        assert re.search(rf"\.{name}\b", shown), f"no example shows {kind}.{name}"


@pytest.mark.parametrize("name", [*NAMES, *ROOT.split(), *ERRORS])
def test_every_name_is_at_the_root_and_in_api(name: str) -> None:
    assert name in bx.__all__
    assert name in bx.api.__all__
    assert getattr(bx, name) is getattr(bx.api, name)


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_has_its_code_and_is_what_a_programmer_expects(kind: str) -> None:
    code, name, builtin = ERRORS[kind].split()
    error = getattr(bx, kind)("what is wrong", details={"line": 3})
    assert isinstance(error, bx.BioXenException)
    assert isinstance(error, getattr(builtins, builtin))
    assert (error.code, error.name, error.message) == (code, name, "what is wrong")
    told = error.to_dict()
    assert told["code"] == code
    assert told["details"] == {"line": 3}
