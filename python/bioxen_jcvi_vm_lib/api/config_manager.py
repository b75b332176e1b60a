"""Configuration: a file or dict, then environment variables ``BIOXEN_...``, then keyword overrides.

What none of them sets comes from the organism's YAML. An unknown key is an error that names the
nearest known one; numbers carry the units in their descriptions.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bioxen_jcvi_vm_lib._checks import MAX_MOLECULES, suggestion
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError

__all__ = [
    "DegradationProcessing",
    "ExecutionParameters",
    "GeneParameters",
    "GenomicVirtualizationConfig",
    "VirtualMetabolites",
    "VirtualResources",
]

_ROOT_KEY = "genomic_virtualization"
_ENV_PREFIX = "BIOXEN_"
_MAX_FILE_BYTES = 16 * 2**20

#: Keys that shape the program: they act when a runtime is loaded, not when a context is created.
SHAPING_KEYS = frozenset(
    {"organism", "genome_file", "reference_mode", "proteome_file", "mrna_file", "execution_engine"}
)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


Count = Annotated[int, Field(ge=0, le=MAX_MOLECULES)]
Rate = Annotated[float, Field(gt=0, le=1e9), AfterValidator(_finite)]
Amount = Annotated[float, Field(ge=0, le=1e9), AfterValidator(_finite)]
Text = Annotated[str, Field(min_length=1, max_length=4096)]


class _Section(BaseModel):
    """A section: fixed keys, strict types, frozen. `spellings` maps accepted spellings to keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    spellings: ClassVar[Mapping[str, str]] = {}


class VirtualMetabolites(_Section):
    """Concentrations in the medium."""

    glucose_concentration: Amount | None = Field(None, description="glucose in the medium [mM]")
    phosphate_concentration: Amount | None = Field(None, description="phosphate in the medium [mM]")


class VirtualResources(_Section):
    """Molecules per cell; what is not set comes from the organism."""

    spellings = {"atp_pool": "atp_pool_size", "ribosome_count": "ribosome_allocation"}

    atp_pool_size: Count | None = Field(None, description="ATP at birth [molecules]")
    ribosome_allocation: Count | None = Field(None, description="ribosomes [molecules]")
    rna_polymerase_allocation: Count | None = Field(None, description="RNA polymerases [molecules]")
    virtual_metabolites: VirtualMetabolites = Field(
        default_factory=lambda: VirtualMetabolites(), description="the medium"
    )


class DegradationProcessing(_Section):
    """Lifetimes of messengers and proteins."""

    spellings = {
        "mrna_lifetime_s": "mrna_processing_rate",
        "protein_lifetime_s": "protein_processing_rate",
    }

    mrna_processing_rate: Rate | None = Field(
        None, description="mean lifetime of a free transcript [s]; scales degradosome binding"
    )
    protein_processing_rate: Rate | None = Field(
        None, description="mean lifetime of a protein [s], first order; absent: the organism's"
    )


class GeneParameters(_Section):
    """Rates of one gene that replace the organism's."""

    promoter_strength: Amount | None = Field(
        None, description="on the organism's scale, on which an average gene has 180"
    )
    initiation_rate_per_s: Amount | None = Field(
        None, description="translation initiation at a clear site [1/s]; replaces ribosome binding"
    )
    termination_rate_per_s: Rate | None = Field(
        None, description="release of the protein at the stop codon [1/s]"
    )


class ExecutionParameters(_Section):
    """How the machines work."""

    transcription_execution_rate: Rate | None = Field(
        None, description="kcat of every transcription unit [nt/s]"
    )
    translation_execution_rate: Rate | None = Field(None, description="kcat of translation [aa/s]")
    degradation_processing: DegradationProcessing = Field(
        default_factory=lambda: DegradationProcessing(), description="lifetimes"
    )
    reference_mode: bool = Field(
        False,
        description="units per gene, one RNA polymerase per unit and one ribosome per messenger, "
        "as in the published models; for comparison",
    )
    max_ribosomes_per_mrna: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        None, description="ribosomes on one transcript; 0: no limit"
    )
    max_rnap_per_unit: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        None, description="RNA polymerases on one transcription unit; 0: no limit"
    )
    hold_pools: bool = Field(
        False, description="clamp the molecule pools; the ledger books the difference"
    )
    proteome_file: Text | None = Field(
        None, description="CSV of protein counts by locus tag: promoter strengths, first proteins"
    )
    mrna_file: Text | None = Field(
        None, description="CSV of mean transcript counts by locus tag: first transcripts"
    )
    gene_parameters: dict[str, GeneParameters] = Field(
        default_factory=dict, description="rates of single genes, by locus tag or name"
    )
    rnap_footprint_nt: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="length that an RNA polymerase covers [nt]"
    )
    ribosome_footprint_codons: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None, description="length that a ribosome covers [codons]"
    )


class GenomicVirtualizationConfig(_Section):
    """The whole configuration, immutable.

    Raises
    ------
    InvalidConfigurationError
        On an unknown key (the nearest known one is named), a value out of range or of the wrong
        kind.
    """

    spellings = {"execution_mode": "execution_engine"}

    enabled: bool = Field(True, description="false is refused where a genome is to run")
    genome_file: Text | None = Field(None, description="genome to load where none is given")
    organism: Text | None = Field(
        None, description="minimal_cell, syn3a or ecoli; absent: matched to the genome"
    )
    snapshot_dir: Text | None = Field(
        None, description="folder in which the call snapshot(name) of a program saves"
    )
    execution_engine: Literal["direct"] = Field(
        "direct", description="direct: nucleotide- and codon-resolved"
    )
    runtime_scheduler: Literal["preemptive", "cooperative"] = Field(
        "preemptive", description="how contexts share a worker"
    )
    virtual_resources: VirtualResources = Field(
        default_factory=lambda: VirtualResources(), description="molecules"
    )
    execution_parameters: ExecutionParameters = Field(
        default_factory=lambda: ExecutionParameters(), description="machines"
    )

    def __init__(self, **values: Any) -> None:
        data = _canonical(values, type(self), "")
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise _explained(error) from None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make a configuration from nested mappings, with or without the root key."""
        return cls(**_unwrapped(data, "the configuration"))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read a YAML file; relative paths in it are relative to its folder."""
        return cls(**_read(Path(path)))

    @classmethod
    def resolve(
        cls, source: GenomicVirtualizationConfig | Mapping[str, Any] | str | os.PathLike[str] | None
    ) -> GenomicVirtualizationConfig:
        """Return the configuration of a source with the environment's variables over it.

        Parameters
        ----------
        source : GenomicVirtualizationConfig, mapping, path or None
            None is the empty configuration.
        """
        if source is None:
            data: dict[str, Any] = {}
        elif isinstance(source, GenomicVirtualizationConfig):
            data = source.model_dump(exclude_unset=True)
        elif isinstance(source, Mapping):
            data = _canonical(_unwrapped(source, "the configuration"), cls, "")
        elif isinstance(source, str | os.PathLike):
            data = _canonical(_read(Path(source)), cls, "")
        else:
            raise InvalidConfigurationError(
                f"a configuration cannot be made from {type(source).__name__}: "
                "give a dict, the path of a YAML file, a GenomicVirtualizationConfig or None"
            )
        return cls(**_merged(data, _environment(cls)))

    def with_overrides(self, **overrides: Any) -> GenomicVirtualizationConfig:
        """Return a copy in which flat keys of any level are replaced.

        Parameters
        ----------
        **overrides
            Any key of any section, such as ``atp_pool_size=60_000`` or ``hold_pools=True``.

        Raises
        ------
        InvalidConfigurationError
            On an unknown key or an unacceptable value.
        """
        known = dict(_flat_keys(type(self), ()))
        data = self.model_dump(exclude_unset=True)
        seen: dict[tuple[str, ...], str] = {}
        for key, value in overrides.items():
            path = known.get(key)
            if path is None:
                near = suggestion(key, known) or f"; known keys: {', '.join(sorted(known))}"
                raise InvalidConfigurationError(
                    f"unknown configuration key {key!r}{near}",
                    details={"key": key},
                )
            if path in seen:
                raise InvalidConfigurationError(
                    f"{key!r} and {seen[path]!r} are two spellings of one key: give one of them",
                    details={"key": key},
                )
            seen[path] = key
            layer: Any = value.model_dump() if isinstance(value, BaseModel) else value
            for part in reversed(path):
                layer = {part: layer}
            data = _merged(data, _canonical(layer, type(self), ""))
        return type(self)(**data)


def _unwrapped(data: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Drop the optional root key."""
    if _ROOT_KEY in data:
        others = [key for key in data if key != _ROOT_KEY]
        if others:
            raise InvalidConfigurationError(
                f"{what} has the key {others[0]!r} beside {_ROOT_KEY!r}: move it in there",
                details={"key": str(others[0])},
            )
        inner = data[_ROOT_KEY]
        if inner is None:
            return {}
        if not isinstance(inner, Mapping):
            raise InvalidConfigurationError(
                f"{_ROOT_KEY} must be a mapping of keys to values, not {type(inner).__name__}"
            )
        return dict(inner)
    return dict(data)


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration file; paths in it become relative to its folder."""
    try:
        if path.is_dir():
            raise InvalidConfigurationError(f"{path} is a directory: give a YAML file")
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise InvalidConfigurationError(f"{path} is over 16 MiB: it is no configuration file")
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfigurationError(
            f"the configuration file {path} cannot be read: {error.strerror or error}",
            details={"path": str(path)},
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, InvalidConfigurationError):
            raise
        place = getattr(error, "problem_mark", None)
        where = f", line {place.line + 1}, column {place.column + 1}" if place else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise InvalidConfigurationError(
            f"{path} is not valid YAML{where}: {problem}", details={"path": str(path)}
        ) from None
    if loaded is None:
        return {}
    if not isinstance(loaded, Mapping):
        raise InvalidConfigurationError(
            f"{path} must hold a mapping of keys to values, not {type(loaded).__name__}",
            details={"path": str(path)},
        )
    data = _canonical(_unwrapped(loaded, str(path)), GenomicVirtualizationConfig, "")
    folder = path.resolve().parent
    _anchor(data, "genome_file", folder)
    _anchor(data, "snapshot_dir", folder)
    parameters = data.get("execution_parameters")
    if isinstance(parameters, dict):
        _anchor(parameters, "proteome_file", folder)
        _anchor(parameters, "mrna_file", folder)
    return data


def _anchor(data: dict[str, Any], key: str, folder: Path) -> None:
    """Make a relative path of a configuration file absolute."""
    value = data.get(key)
    if isinstance(value, str) and value:
        data[key] = str(folder / value)


def _section_of(model: type[BaseModel], key: str) -> type[_Section] | None:
    """Return the section class behind a key, None for a plain value."""
    annotation = model.model_fields[key].annotation
    if isinstance(annotation, type) and issubclass(annotation, _Section):
        return annotation
    return None


def _canonical(data: Mapping[str, Any], model: type[_Section], where: str) -> dict[str, Any]:
    """Replace spellings by keys, recursively; refuse unknown and doubled keys."""
    known = [*model.model_fields, *model.spellings]
    result: dict[str, Any] = {}
    for given, value in data.items():
        key = model.spellings.get(given, given) if isinstance(given, str) else given
        path = f"{where}{given}"
        if not isinstance(key, str) or key not in model.model_fields:
            every = dict(_flat_keys(GenomicVirtualizationConfig, ()))
            place = ""
            if isinstance(given, str) and given in every:
                place = f"; {given!r} belongs at {'.'.join(every[given])!r}"
            else:
                near = suggestion(str(given), known) or suggestion(str(given), every)
                place = near or f"; known keys here: {', '.join(sorted(model.model_fields))}"
            raise InvalidConfigurationError(
                f"unknown configuration key {path!r}{place}", details={"key": path}
            )
        if key in result:
            raise InvalidConfigurationError(
                f"{path!r} is given twice, under two spellings: keep {where}{key}",
                details={"key": path},
            )
        section = _section_of(model, key)
        if section is not None and value is None:
            value = {}
        if section is not None and isinstance(value, BaseModel):
            value = value.model_dump(exclude_unset=True)
        if section is not None and isinstance(value, Mapping):
            value = _canonical(value, section, f"{where}{key}.")
        elif key == "gene_parameters" and isinstance(value, Mapping):
            value = {
                tag: _canonical(entry, GeneParameters, f"{where}{key}.{tag}.")
                if isinstance(entry, Mapping)
                else entry
                for tag, entry in value.items()
            }
        result[key] = value
    return result


def _flat_keys(
    model: type[_Section], path: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every key and spelling of a section and those below it with its path."""
    for key in model.model_fields:
        yield key, (*path, key)
        section = _section_of(model, key)
        if section is not None:
            yield from _flat_keys(section, (*path, key))
    for spelling, key in model.spellings.items():
        yield spelling, (*path, key)


def _merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested mappings, `high` over `low`."""
    result = dict(low)
    for key, value in high.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = _merged(below, value)
        else:
            result[key] = value
    return result


def _explained(error: ValidationError) -> InvalidConfigurationError:
    """Turn pydantic's report into one sentence about the first problem."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"] if part != "int") or "the configuration"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    value = first.get("input")
    shown = "" if isinstance(value, Mapping) else f" (it is {repr(value)[:60]})"
    return InvalidConfigurationError(
        f"configuration key {path!r}: {message[:1].lower()}{message[1:]}{shown}",
        details={"key": path},
    )


class _Environment(BaseSettings):
    """The variables ``BIOXEN_KEY`` and ``BIOXEN_SECTION__KEY``, as text; checked later."""

    model_config = SettingsConfigDict(
        env_prefix=_ENV_PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="ignore"
    )
    enabled: str | None = None
    genome_file: str | None = None
    organism: str | None = None
    snapshot_dir: str | None = None
    execution_engine: str | None = None
    execution_mode: str | None = None
    runtime_scheduler: str | None = None
    virtual_resources: dict[str, Any] | None = None
    execution_parameters: dict[str, Any] | None = None


def _environment(model: type[GenomicVirtualizationConfig]) -> dict[str, Any]:
    """Return what the environment sets, in canonical keys."""
    known = set(_Environment.model_fields)
    for variable in os.environ:
        if not variable.upper().startswith(_ENV_PREFIX):
            continue
        top = variable[len(_ENV_PREFIX) :].lower().split("__", 1)[0]
        if top not in known:
            every = {
                _ENV_PREFIX + "__".join(path).upper(): key for key, path in _flat_keys(model, ())
            }
            raise InvalidConfigurationError(
                f"unknown environment variable {variable!r}{suggestion(variable, every)}",
                details={"key": variable},
            )
    try:
        found: dict[str, Any] = EnvSettingsSource(_Environment)()
    except Exception as error:
        raise InvalidConfigurationError(
            f"the environment variables {_ENV_PREFIX}... cannot be read: {error}; "
            "a section given in one variable must be a JSON object"
        ) from None
    return _canonical(
        {key: _native(value, key) for key, value in found.items() if value is not None},
        model,
        "",
    )


def _native(value: Any, key: str) -> Any:
    """Give the text of an environment variable the type that YAML would give it."""
    if isinstance(value, Mapping):
        return {inner: _native(entry, str(inner)) for inner, entry in value.items()}
    if not isinstance(value, str) or key.endswith(("_file", "_dir")) or key == "organism":
        return value
    if value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    lowered = value.strip().lower()
    if lowered in ("true", "yes", "on"):
        return True
    if lowered in ("false", "no", "off"):
        return False
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
