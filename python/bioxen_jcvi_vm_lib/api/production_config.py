"""How a hypervisor, its log and its monitor are set up: presets, and what production requires.

>>> config = ProductionConfig.preset("production", max_vms=500)
>>> config.chassis.cells, config.logging.log_format
(1280, 'json')
>>> print(config.sources["max_vms"], "|", config.sources["chassis.cells"])
keyword max_vms | preset production
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.json_schema import models_json_schema

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    ChassisInitializationError,
    InvalidConfigurationError,
)
from bioxen_jcvi_vm_lib._saving import save_bytes
from bioxen_jcvi_vm_lib.api.audit import AuditLog
from bioxen_jcvi_vm_lib.api.config_keys import ROOT_KEYS, SOURCES_KEY, Section
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig, Text, finite
from bioxen_jcvi_vm_lib.api.config_sources import (
    Given,
    Problems,
    Source,
    Tree,
    bare,
    marked,
    merged,
    refused,
)
from bioxen_jcvi_vm_lib.api.configuration import Configuration
from bioxen_jcvi_vm_lib.api.logs import ProductionLogger, VmLog

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.genome import GenomicRuntime
    from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
    from bioxen_jcvi_vm_lib.hypervisor.records import Quota

__all__ = [
    "PRESETS",
    "ChassisSettings",
    "LoggingSettings",
    "Monitor",
    "MonitoringSettings",
    "ProductionConfig",
    "VmLimits",
    "configuration_schema",
]

#: What each preset sets; the rest are the defaults of the keys.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    # One person at a terminal: everything is said at once, nothing is shared or refused.
    "development": {
        "max_vms": 64,
        "logging": {"log_level": "DEBUG", "log_format": "text", "audit_entries": 1_000},
        "monitoring": {"interval_s": 1.0},
    },
    # Production in small: the same rules, a quarter of the size. Of the chassis 80 % are free to
    # hold, and 0.8 * 320 cells = 256.
    "staging": {
        "max_vms": 256,
        "chassis": {"cells": 320, "hypervisor_overhead": 0.05, "emergency_reserve": 0.15},
        "vm_limits": {"memory_bytes": 4 * 2**20, "on_quota": "pause"},
        "logging": {"log_level": "DEBUG", "log_format": "json", "audit_entries": 10_000},
        "monitoring": {"interval_s": 5.0},
    },
    # A thousand cells: 0.8 * 1,280 cells = 1,024. A cell of E. coli takes 1.2 MiB.
    "production": {
        "max_vms": 1_000,
        "chassis": {"cells": 1_280, "hypervisor_overhead": 0.05, "emergency_reserve": 0.15},
        "vm_limits": {"memory_bytes": 4 * 2**20, "on_quota": "pause"},
        "logging": {"log_level": "INFO", "log_format": "json", "audit_entries": 100_000},
        "monitoring": {"interval_s": 15.0},
    },
}

#: Longest slice with which a deadline period of 10 ms still means something [s].
_LONGEST_SLICE_S = 0.01

#: Files that are written; the others are read.
_WRITTEN = frozenset({"log_file", "metrics_file"})

Share = Annotated[float, Field(ge=0, lt=1), AfterValidator(finite)]
Seconds = Annotated[float, Field(gt=0, le=1e9), AfterValidator(finite)]
Limit = Annotated[float, Field(ge=1e-9, le=1e9), AfterValidator(finite)]
Many = Annotated[int, Field(ge=1, le=2**62)]


class ChassisSettings(Section):
    """The pool of biological capacity that the machines share."""

    cells: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        description="how many cells' machines and supply there are [cells of the organism]"
    )
    hypervisor_overhead: Share = Field(
        0.05, description="part of every resource that nobody may hold"
    )
    emergency_reserve: Share = Field(
        0.15, description="part that only machines of critical priority may hold"
    )

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        taken = self.hypervisor_overhead + self.emergency_reserve
        if taken >= 1:
            raise ValueError(f"overhead and reserve of {taken:g} leave nothing: give less than 1")
        return self


class VmLimits(Section):
    """The quota of each virtual machine; what is not set is not limited."""

    events: Many | None = Field(None, description="candidate events since its creation")
    cpu_s: Limit | None = Field(None, description="time on workers [s]")
    memory_bytes: Many | None = Field(None, description="memory [bytes]")
    molecules: Many | None = Field(None, description="ATP and amino acids that supply brings in")
    simulated_s: Limit | None = Field(None, description="age of the cell [s]")
    on_quota: Literal["pause", "stop", "raise"] = Field(
        "pause", description="what becomes of a machine that comes to a limit"
    )


class LoggingSettings(Section):
    """What `ProductionLogger` and `AuditLog` are made with."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severity that is written"
    )
    log_format: Literal["json", "text"] = Field("json", description="form of a line")
    log_file: Text | None = Field(None, description="where lines go; absent: standard error")
    log_max_bytes: Annotated[int, Field(ge=0, le=2**40)] = Field(
        64 * 2**20, description="size at which log_file is turned over [bytes]; 0: never"
    )
    log_backups: Annotated[int, Field(ge=0, le=1_000)] = Field(
        5, description="files that were turned over and are kept"
    )
    audit_entries: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        10_000, description="entries of the audit log that are kept in memory"
    )


class MonitoringSettings(Section):
    """What `Monitor` is made with."""

    interval_s: Seconds = Field(15.0, description="wall time between two looks [s]")
    metrics_file: Text | None = Field(
        None, description="file for the metrics as Prometheus text, replaced at every look"
    )


class ProductionConfig(Configuration):
    """How many machines there are, on what terms, and what is written down about them.

    In a file it is the section ``deployment``, beside ``genomic_virtualization``; variables begin
    with ``BIOXEN_DEPLOYMENT__``. The preset that ``environment`` names lies under all of them. The
    scheduler is that of the genome's configuration (``runtime_scheduler``).
    """

    root_key = "deployment"

    environment: Literal["development", "staging", "production"] = Field(
        "development", description="the preset that gives what is not set"
    )
    max_vms: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        64, description="most virtual machines at a time"
    )
    workers: Annotated[int, Field(ge=1, le=256)] | None = Field(
        None, description="threads that run them; absent: one per core"
    )
    slice_s: Annotated[float, Field(ge=1e-9, le=3600), AfterValidator(finite)] = Field(
        0.001, description="how long a machine keeps a worker while others wait [s]"
    )
    quantum: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        1024, description="candidate events between two looks whether something else is due"
    )
    chassis: ChassisSettings | None = Field(
        None, description="what the machines share; absent: each has what its organism has"
    )
    vm_limits: VmLimits = Field(default_factory=lambda: VmLimits(), description="quota of each")
    logging: LoggingSettings = Field(
        default_factory=lambda: LoggingSettings(), description="log and audit log"
    )
    monitoring: MonitoringSettings = Field(
        default_factory=lambda: MonitoringSettings(), description="metrics"
    )

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> Self:
        """Return a preset, with flat keys of any level replaced.

        Parameters
        ----------
        name : str
            "development", "staging" or "production".
        **overrides
            As in `with_overrides`.

        Raises
        ------
        InvalidConfigurationError
            On an unknown name or key, or an unacceptable value.
        """
        named = marked({"environment": name}, Source("keyword", "preset"))
        chosen = cls._of(named, Problems())
        return chosen.with_overrides(**overrides) if overrides else chosen

    @classmethod
    def _based(cls, tree: Tree, problems: Problems) -> Tree:
        """Put the preset under what is given; that of another environment goes."""
        tree = _without_presets(tree)
        chosen = tree.get("environment", Given("development", Source("default")))
        name = chosen.value
        if not isinstance(name, str) or name not in PRESETS:
            fix = suggestion(name, PRESETS) or f": give {', '.join(PRESETS)}"
            problems.note(
                refused(
                    f"environment {short(bare(name))} ({chosen.source}) is no preset{fix}",
                    chosen.source,
                    key="environment",
                )
            )
            return {key: given for key, given in tree.items() if key != "environment"}
        return merged(marked(PRESETS[name], Source("preset", name)), tree)

    @classmethod
    def _own(cls, tree: Tree, what: str, problems: Problems) -> Tree:
        """Take a file without sections for a genome's configuration if it has keys of one only."""
        genomic = GenomicVirtualizationConfig
        theirs = {*genomic.model_fields, *genomic.spellings}
        if not theirs.isdisjoint(tree) and {*cls.model_fields, *ROOT_KEYS}.isdisjoint(tree):
            return {}
        return super()._own(tree, what, problems)

    # -- what is made of it ------------------------------------------------------------------------

    def hypervisor(
        self, genome: GenomicRuntime | str = "minimal_cell", **arguments: Any
    ) -> BioXenHypervisor:
        """Make the hypervisor; each of its machines has the limits of ``vm_limits``.

        Parameters
        ----------
        genome : GenomicRuntime or str
            Whose cells the chassis holds: a genome, whose configuration also names the scheduler,
            or the name of an organism.
        **arguments
            Arguments of `BioXenHypervisor` that go before those made here.

        Raises
        ------
        InvalidConfigurationError
            If there is no such organism, or a chassis cannot hold ``chassis.cells`` of it.
        """
        from bioxen_jcvi_vm_lib.genome import checked_runtime
        from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
        from bioxen_jcvi_vm_lib.hypervisor.records import Chassis
        from bioxen_jcvi_vm_lib.organism import OrganismParameters

        made: dict[str, Any] = {
            "max_vms": self.max_vms,
            "workers": self.workers,
            "slice_s": self.slice_s,
            "quantum": self.quantum,
            "quota": self.quota(),
        }
        if isinstance(genome, str):
            OrganismParameters.load(genome)  # names an unknown one, with a chassis or without
        else:
            made["scheduler"] = checked_runtime(genome).configuration.runtime_scheduler
        if self.chassis is not None and "chassis" not in arguments:
            try:
                made["chassis"] = Chassis.of_organism(
                    genome,
                    self.chassis.cells,
                    hypervisor_overhead=self.chassis.hypervisor_overhead,
                    emergency_reserve=self.chassis.emergency_reserve,
                )
            except ChassisInitializationError as error:
                source = self.sources["chassis.cells"]
                raise refused(
                    f"chassis.cells ({source}) is {self.chassis.cells:,}, too many cells of this "
                    f"organism: {error.message}, for which fewer cells are needed",
                    source,
                    key="chassis.cells",
                ) from None
        return BioXenHypervisor(**{**made, **arguments})

    def quota(self) -> Quota:
        """Return the limits of each machine, which those in `hypervisor` have unless they are made
        with others.
        """
        from bioxen_jcvi_vm_lib.hypervisor.records import Quota

        return Quota(**self.vm_limits.model_dump())

    def logger(self) -> ProductionLogger:
        """Open the log.

        Raises
        ------
        InvalidConfigurationError
            If its file cannot be written.
        """
        settings = self.logging
        return ProductionLogger(
            level=settings.log_level,
            format=settings.log_format,
            file=settings.log_file,
            max_bytes=settings.log_max_bytes,
            backups=settings.log_backups,
        )

    def audit_log(self) -> AuditLog:
        """Make the audit log."""
        return AuditLog(self.logging.audit_entries)

    def monitor(self, hypervisor: BioXenHypervisor, logger: ProductionLogger) -> Monitor:
        """Make what ``hypervisor.run(..., progress=...)`` is to call, in a ``with`` block."""
        return Monitor(
            hypervisor,
            logger,
            interval_s=self.monitoring.interval_s,
            metrics_file=self.monitoring.metrics_file,
        )

    # -- production --------------------------------------------------------------------------------

    def validate_production_requirements(
        self, genomic: GenomicVirtualizationConfig | None = None
    ) -> tuple[str, ...]:
        """Return what production requires and is not met, each in a sentence; empty if all is.

        Parameters
        ----------
        genomic : GenomicVirtualizationConfig, optional
            The configuration of the genomes that are to run, to be looked at too.
        """
        if genomic is not None and not isinstance(genomic, GenomicVirtualizationConfig):
            raise APIValidationError(
                f"genomic must be a GenomicVirtualizationConfig, not {short(genomic)}",
                details={"argument": "genomic"},
            )
        return (
            *self._sizes(),
            *self._capacity(),
            *self._records(),
            *(error.message for error in unusable_files(self)),
            *(() if genomic is None else _genomes(genomic)),
        )

    def _sizes(self) -> list[str]:
        reasons = []
        if self.environment != "production":
            reasons.append(
                f"environment is {self.environment}: the preset production gives the rest"
            )
        cores = len(os.sched_getaffinity(0))
        if self.workers is not None and self.workers > cores:
            reasons.append(
                f"workers is {self.workers} and this process may use {cores} cores, so that "
                "deadlines cannot be kept: give at most as many, or leave it out"
            )
        if self.slice_s > _LONGEST_SLICE_S:
            reasons.append(
                f"slice_s is {self.slice_s:g} s, and as long every machine waits for its "
                f"neighbour: give at most {_LONGEST_SLICE_S:g} s"
            )
        limit = self.vm_limits.memory_bytes
        if limit is None:
            reasons.append(
                "vm_limits.memory_bytes is not set, so that one machine can take all memory: set it"
            )
        else:
            memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
            if self.max_vms * limit > memory:
                reasons.append(
                    f"max_vms x vm_limits.memory_bytes is {self.max_vms * limit / 2**30:,.1f} GiB "
                    f"and this machine has {memory / 2**30:,.1f} GiB: lower one of them"
                )
        return reasons

    def _capacity(self) -> list[str]:
        if self.chassis is None:
            return [
                "chassis is not set, so that there is neither overhead nor emergency reserve: "
                "give chassis.cells"
            ]
        reasons = []
        for key in ("hypervisor_overhead", "emergency_reserve"):
            if getattr(self.chassis, key) == 0:
                whose = "the hypervisor" if key.startswith("h") else "machines of critical priority"
                reasons.append(f"chassis.{key} is 0, which leaves {whose} nothing: give a share")
        taken = self.chassis.hypervisor_overhead + self.chassis.emergency_reserve
        free = round(1 - taken, 12)
        if self.chassis.cells * free < self.max_vms:
            reasons.append(
                f"of the chassis of {self.chassis.cells:,} cells {free:.0%} are free to hold, "
                f"less than max_vms ({self.max_vms:,}) whole cells: give at least "
                f"{_at_least(self.max_vms, free):,} cells"
            )
        return reasons

    def _records(self) -> list[str]:
        reasons = []
        settings = self.logging
        if settings.log_level == "DEBUG":
            reasons.append("logging.log_level is DEBUG, a line for every call: give INFO")
        if settings.log_format != "json":
            reasons.append("logging.log_format is text, which no collector reads: give json")
        if settings.log_file is not None and settings.log_max_bytes == 0:
            reasons.append("logging.log_max_bytes is 0, so that log_file grows without end: set it")
        return reasons


class Monitor:
    """Looks at a hypervisor now and then: writes its metrics to a file and a line to the log.

    It is what ``hypervisor.run(until_s, progress=monitor)`` calls; a look is taken when one is
    due. As a context it takes a last look at its end, so that a run that is over before the first
    one was due is seen, too. A file that cannot be written is a warning in the log and never ends
    the run.

    ::

        with config.monitor(hypervisor, log) as monitor:
            hypervisor.run(600.0, progress=monitor)

    Parameters
    ----------
    hypervisor : BioXenHypervisor
        What it looks at.
    logger : ProductionLogger
        Where a line goes.
    interval_s : float
        Wall time between two looks [s], > 0.
    metrics_file : path, optional
        File for the metrics as Prometheus text; at every moment it is the old one or the new one.
    """

    def __init__(
        self,
        hypervisor: BioXenHypervisor,
        logger: ProductionLogger,
        *,
        interval_s: float = 15.0,
        metrics_file: str | os.PathLike[str] | None = None,
    ) -> None:
        from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
        from bioxen_jcvi_vm_lib.hypervisor.records import positive

        for name, given, kind in (
            ("hypervisor", hypervisor, BioXenHypervisor),
            ("logger", logger, VmLog),
        ):
            if not isinstance(given, kind):
                raise APIValidationError(
                    f"{name} must be a {kind.__name__}, not {short(given)}",
                    details={"argument": name},
                )
        self._hypervisor = hypervisor
        self._logger = logger
        self._interval_s = positive(interval_s, "interval_s", 0.0, 1e9)
        self._file = metrics_file
        self._due_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(BioXenException):  # the hypervisor was closed
            self.look()

    def __call__(self) -> None:
        """Take a look if one is due."""
        if time.monotonic() >= self._due_s:
            self.look()
            self._due_s = time.monotonic() + self._interval_s

    def look(self) -> None:
        """Take a look now."""
        now = self._hypervisor.metrics()
        self._logger.info(
            "metrics",
            uptime_s=now.uptime_ns / 1e9,
            vms=dict(now.states),
            cpu_s=int(now.vms.column("cpu_ns").sum()) / 1e9,
            deadline_misses=int(now.vms.column("deadline_misses").sum()),
            memory_bytes=int(now.vms.column("memory_bytes").sum()),
        )
        if self._file is None:
            return
        try:
            save_bytes(self._file, now.to_prometheus().encode())
        except BioXenException as error:
            self._logger.warning("metrics_file cannot be written", error=error)


def configuration_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a configuration file.

    A file has sections, or it is that of genomes as a whole.
    """
    models: list[type[Configuration]] = [GenomicVirtualizationConfig, ProductionConfig]
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    places = {model.root_key: f"#/$defs/{model.__name__}" for model in models}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of bioxen_jcvi_vm_lib",
        "type": "object",
        "properties": {
            **{key: {"anyOf": [{"$ref": at}, {"type": "null"}]} for key, at in places.items()},
            SOURCES_KEY: {
                "type": "object",
                "description": "where each value came from, as bioxen config show writes it; "
                "it is not read",
            },
        },
        "if": {"anyOf": [{"required": [key]} for key in places]},
        "then": {"propertyNames": {"enum": [*places, SOURCES_KEY]}},
        "else": {"$ref": places[GenomicVirtualizationConfig.root_key]},
        "$defs": schema["$defs"],
    }


def _without_presets(tree: Tree) -> Tree:
    """Return what is left of a tree without what presets set."""
    result: Tree = {}
    for key, given in tree.items():
        if isinstance(given.value, dict) and given.value:
            inner = _without_presets(given.value)
            if inner:
                result[key] = Given(inner, given.source)
        elif given.source.kind != "preset":
            result[key] = given
    return result


def _at_least(vms: int, free: float) -> int:
    """Return the cells of which `free` hold a number of machines."""
    cells = int(vms / free)
    return cells if cells * free >= vms else cells + 1


def unusable_files(config: Configuration) -> Iterator[InvalidConfigurationError]:
    """Yield what is wrong with each file and folder that a configuration names."""
    for setting in config.settings():
        key, given = setting.path[-1], setting.value
        if not key.endswith(("_file", "_files", "_dir", "metabolic_model")):
            continue
        look = _no_folder if key.endswith("_dir") else _unreadable
        for file in given if isinstance(given, list) else [given]:
            if not isinstance(file, str):
                continue
            try:
                why = (_unwritable if key in _WRITTEN else look)(Path(file))
            except OSError as error:  # a name that is too long, a folder that may not be entered
                why = f"cannot be used: {error.strerror or error}"
            if why:
                yield refused(
                    f"{setting.key} {file} {why} ({setting.source})",
                    setting.source,
                    key=setting.key,
                )


def _no_folder(folder: Path) -> str:
    """Say why nothing can be saved in a folder, or nothing."""
    if not folder.exists():
        return "does not exist: make the folder"
    if not folder.is_dir():
        return "is no folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else "cannot be written: permission denied"


def _unreadable(file: Path) -> str:
    """Say why a file cannot be read, or nothing."""
    if not file.exists():
        return "does not exist"
    if file.is_dir():
        return "cannot be read: it is a directory"
    return "" if os.access(file, os.R_OK) else "cannot be read: permission denied"


def _unwritable(file: Path) -> str:
    """Say why a file cannot be written, or nothing."""
    folder = file.absolute().parent
    if file.is_dir():
        return "cannot be written: it is a directory"
    if not folder.is_dir():
        return "cannot be written: its folder does not exist"
    if not os.access(file if file.exists() else folder, os.W_OK):
        return "cannot be written: permission denied"
    return ""


def _genomes(genomic: GenomicVirtualizationConfig) -> list[str]:
    reasons = []
    if not genomic.enabled:
        reasons.append("enabled is false, so that no genome runs: give true")
    if genomic.runtime_scheduler != "preemptive":
        reasons.append(
            "runtime_scheduler is cooperative, so that one machine can keep its worker: "
            "give preemptive"
        )
    reasons += (error.message for error in unusable_files(genomic))
    return reasons
