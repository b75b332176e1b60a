"""bioxen_jcvi_vm_lib: a genome is a program, a cell is the process that runs it.

>>> import bioxen_jcvi_vm_lib as bx
>>> with bx.GenomicVirtualizationManager() as manager:
...     runtime = manager.load_genome_runtime(None)  # the built-in designed genome
...     context = manager.create_cellular_context(runtime, seed=7)
...     result = manager.execute_genomic_program("run(60, every_s=10)", context)

Names are loaded on first use, so that importing the package is light.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib._core import Gene
    from bioxen_jcvi_vm_lib._errors import (
        APIValidationError,
        BioXenException,
        ChassisInitializationError,
        ConservationError,
        GenomeCompilationError,
        GenomeFormatError,
        GenomicRuntimeError,
        HypervisorOverloadError,
        InvalidConfigurationError,
        IsolationBreachError,
        MetabolicInfeasibleError,
        MissingDependencyError,
        ModelImportError,
        ProgramSyntaxError,
        ResourceAllocationError,
        ResourceExhaustionError,
        SnapshotError,
        VMCreationError,
        VMNotFoundError,
        VMStateError,
    )
    from bioxen_jcvi_vm_lib.api.biological_vm import (
        BiologicalMetrics,
        BiologicalStatus,
        BiologicalVM,
        ProcessResult,
    )
    from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
    from bioxen_jcvi_vm_lib.api.enhanced_error_handling import (
        AuditEntry,
        AuditLog,
        ProductionLogger,
        handle_vm_operation,
    )
    from bioxen_jcvi_vm_lib.api.factory import (
        create_bio_vm,
        get_supported_biological_types,
        get_supported_vm_types,
        quick_start_vm,
        validate_biological_type,
        validate_vm_type,
    )
    from bioxen_jcvi_vm_lib.api.genomic_virtualization_manager import GenomicVirtualizationManager
    from bioxen_jcvi_vm_lib.api.production_config import Monitor, ProductionConfig
    from bioxen_jcvi_vm_lib.context import CellularContext
    from bioxen_jcvi_vm_lib.embedding import get_cmake_dir, get_include
    from bioxen_jcvi_vm_lib.ensembles import ensemble_to_anndata, ensemble_to_xarray
    from bioxen_jcvi_vm_lib.environment import Environment, remaining_activity
    from bioxen_jcvi_vm_lib.genome import GenomicRuntime, Resident, decode_genome
    from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
    from bioxen_jcvi_vm_lib.hypervisor.metrics import (
        HypervisorMetrics,
        Latency,
        SystemResources,
        VmMetrics,
        VmStatus,
        WorkerMetrics,
    )
    from bioxen_jcvi_vm_lib.hypervisor.records import (
        Chassis,
        Policy,
        Quota,
        ResourceAllocation,
        VirtualClock,
        VmHandle,
    )
    from bioxen_jcvi_vm_lib.hypervisor.results import RunResults
    from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
    from bioxen_jcvi_vm_lib.metabolism.constraint import FluxConstraint
    from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult
    from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState
    from bioxen_jcvi_vm_lib.population.life import Dilution
    from bioxen_jcvi_vm_lib.population.record import Population
    from bioxen_jcvi_vm_lib.program import GenomicProgram
    from bioxen_jcvi_vm_lib.result import Audit, ExecutionResult
    from bioxen_jcvi_vm_lib.visualization.terminal_monitor import TerminalMonitor

    __version__: str

_HOME = {
    "GenomicVirtualizationManager": "api.genomic_virtualization_manager",
    "GenomicVirtualizationConfig": "api.config_manager",
    "BiologicalMetrics": "api.biological_vm",
    "BiologicalStatus": "api.biological_vm",
    "BiologicalVM": "api.biological_vm",
    "ProcessResult": "api.biological_vm",
    "create_bio_vm": "api.factory",
    "get_supported_biological_types": "api.factory",
    "get_supported_vm_types": "api.factory",
    "quick_start_vm": "api.factory",
    "validate_biological_type": "api.factory",
    "validate_vm_type": "api.factory",
    "ensemble_to_anndata": "ensembles",
    "ensemble_to_xarray": "ensembles",
    "ProductionConfig": "api.production_config",
    "Monitor": "api.production_config",
    "AuditEntry": "api.enhanced_error_handling",
    "AuditLog": "api.enhanced_error_handling",
    "ProductionLogger": "api.enhanced_error_handling",
    "handle_vm_operation": "api.enhanced_error_handling",
    "Gene": "_core",
    "Environment": "environment",
    "remaining_activity": "environment",
    "GenomicRuntime": "genome",
    "Resident": "genome",
    "decode_genome": "genome",
    "MetabolicConditions": "metabolism.conditions",
    "MetabolicResult": "metabolism.result",
    "MetabolicState": "metabolism.state",
    "FluxConstraint": "metabolism.constraint",
    "Dilution": "population.life",
    "Population": "population.record",
    "GenomicProgram": "program",
    "CellularContext": "context",
    "ExecutionResult": "result",
    "Audit": "result",
    "BioXenHypervisor": "hypervisor.core",
    "RunResults": "hypervisor.results",
    "HypervisorMetrics": "hypervisor.metrics",
    "Latency": "hypervisor.metrics",
    "SystemResources": "hypervisor.metrics",
    "VmMetrics": "hypervisor.metrics",
    "VmStatus": "hypervisor.metrics",
    "WorkerMetrics": "hypervisor.metrics",
    "Chassis": "hypervisor.records",
    "Policy": "hypervisor.records",
    "Quota": "hypervisor.records",
    "ResourceAllocation": "hypervisor.records",
    "VirtualClock": "hypervisor.records",
    "TerminalMonitor": "visualization.terminal_monitor",
    "VmHandle": "hypervisor.records",
    "APIValidationError": "_errors",
    "BioXenException": "_errors",
    "ChassisInitializationError": "_errors",
    "ConservationError": "_errors",
    "GenomeCompilationError": "_errors",
    "GenomeFormatError": "_errors",
    "GenomicRuntimeError": "_errors",
    "HypervisorOverloadError": "_errors",
    "InvalidConfigurationError": "_errors",
    "IsolationBreachError": "_errors",
    "MetabolicInfeasibleError": "_errors",
    "MissingDependencyError": "_errors",
    "ModelImportError": "_errors",
    "ProgramSyntaxError": "_errors",
    "ResourceAllocationError": "_errors",
    "ResourceExhaustionError": "_errors",
    "SnapshotError": "_errors",
    "VMCreationError": "_errors",
    "VMNotFoundError": "_errors",
    "VMStateError": "_errors",
    "get_cmake_dir": "embedding",
    "get_include": "embedding",
}

__all__ = [
    "APIValidationError",
    "Audit",
    "AuditEntry",
    "AuditLog",
    "BioXenException",
    "BioXenHypervisor",
    "BiologicalMetrics",
    "BiologicalStatus",
    "BiologicalVM",
    "CellularContext",
    "Chassis",
    "ChassisInitializationError",
    "ConservationError",
    "Dilution",
    "Environment",
    "ExecutionResult",
    "FluxConstraint",
    "Gene",
    "GenomeCompilationError",
    "GenomeFormatError",
    "GenomicProgram",
    "GenomicRuntime",
    "GenomicRuntimeError",
    "GenomicVirtualizationConfig",
    "GenomicVirtualizationManager",
    "HypervisorMetrics",
    "HypervisorOverloadError",
    "InvalidConfigurationError",
    "IsolationBreachError",
    "Latency",
    "MetabolicConditions",
    "MetabolicInfeasibleError",
    "MetabolicResult",
    "MetabolicState",
    "MissingDependencyError",
    "ModelImportError",
    "Monitor",
    "Policy",
    "Population",
    "ProcessResult",
    "ProductionConfig",
    "ProductionLogger",
    "ProgramSyntaxError",
    "Quota",
    "Resident",
    "ResourceAllocation",
    "ResourceAllocationError",
    "ResourceExhaustionError",
    "RunResults",
    "SnapshotError",
    "SystemResources",
    "TerminalMonitor",
    "VMCreationError",
    "VMNotFoundError",
    "VMStateError",
    "VirtualClock",
    "VmHandle",
    "VmMetrics",
    "VmStatus",
    "WorkerMetrics",
    "__version__",
    "create_bio_vm",
    "decode_genome",
    "ensemble_to_anndata",
    "ensemble_to_xarray",
    "get_cmake_dir",
    "get_include",
    "get_supported_biological_types",
    "get_supported_vm_types",
    "handle_vm_operation",
    "quick_start_vm",
    "remaining_activity",
    "validate_biological_type",
    "validate_vm_type",
]

logging.getLogger("bioxen").addHandler(logging.NullHandler())


if not TYPE_CHECKING:  # which would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            value: Any = importlib.import_module("importlib.metadata").version(__name__)
        elif name in _HOME:
            value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
