"""Configuration: a file or dict, then environment variables ``BIOXEN_...``, then keyword overrides.

What none of them sets comes from the organism's YAML. An unknown key is an error that names the
nearest known one; numbers carry the units in their descriptions; every value knows its source.

>>> config = GenomicVirtualizationConfig.from_dict({"virtual_resources": {"atp_pool": 75_000}})
>>> config = config.with_overrides(translation_execution_rate=15.0)
>>> for key, source in config.sources.items():
...     if source.kind != "default":
...         print(f"{key}: {source}")
virtual_resources.atp_pool_size: dict
execution_parameters.translation_execution_rate: keyword translation_execution_rate
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    get_args,
    get_origin,
)

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from bioxen_jcvi_vm_lib._checks import MAX_MOLECULES, real, short, suggestion
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
from bioxen_jcvi_vm_lib.api.config_sources import (
    ENV_PREFIX,
    Given,
    Problems,
    Source,
    Tree,
    bare,
    environment,
    joined,
    leaves,
    marked,
    merged,
    native,
    read,
    refused,
    worded,
)

__all__ = [
    "Configuration",
    "DegradationProcessing",
    "ExecutionParameters",
    "GeneParameters",
    "GenomicVirtualizationConfig",
    "Setting",
    "VirtualMetabolites",
    "VirtualResources",
]

#: Sections that a file may have beside one another, each read by its own class.
ROOT_KEYS = ("genomic_virtualization", "deployment")
#: What a file with sections may say beside them about where its values came from; it is not read.
SOURCES_KEY = "sources"
#: What BIOXEN_... variables of the second section begin with; the first needs no prefix.
_DEPLOYMENT = "deployment"

#: Keys that shape the program: they act when a runtime is loaded, not when a context is created.
SHAPING_KEYS = frozenset(
    {
        *("organism", "genome_file", "sequence_file", "execution_engine"),
        *("reference_mode", "proteome_file", "mrna_file"),
        *("doubling_time_min", "replication_execution_rate"),
        *("gene_table_file", "transcription_units_file"),
    }
)

#: How the keys end whose values are paths.
_PATH_KEYS = ("_file", "_dir", "metabolic_model")


def finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


# The limits are the engine's, so that a value which passes here is not refused there.
Count = Annotated[int, Field(ge=0, le=MAX_MOLECULES)]
Machines = Annotated[int, Field(ge=0, le=10_000_000)]
Rate = Annotated[float, Field(gt=0, le=1e6), AfterValidator(finite)]
Initiation = Annotated[float, Field(ge=0, le=1e6), AfterValidator(finite)]
Lifetime = Annotated[float, Field(ge=1e-6, le=1e9), AfterValidator(finite)]
Amount = Annotated[float, Field(ge=0, le=1e9), AfterValidator(finite)]
Text = Annotated[str, Field(min_length=1, max_length=4096)]


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return real(value) if isinstance(value, numbers.Real) else value


class Section(BaseModel):
    """A section: fixed keys, strict types, frozen. `spellings` maps accepted spellings to keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    spellings: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _of_plain_values(cls, values: Any) -> Any:
        """Take paths for texts and the numbers of NumPy for Python's."""
        if not isinstance(values, Mapping):
            return values
        return {key: _plain(value) for key, value in values.items()}

    if not TYPE_CHECKING:  # which finds this by itself

        def __setattr__(self, key: str, value: Any) -> None:
            raise _frozen(type(self), key)

        def __delattr__(self, key: str) -> None:
            raise _frozen(type(self), key)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for spelling, key in cls.spellings.items():
            what = {"description": f"another spelling of {key}", "deprecated": True}
            properties[spelling] = {**properties[key], **what}
        for key, field in cls.model_fields.items():
            if field.annotation is _section_of(cls, key):  # nothing below it is given
                properties[key] = {"anyOf": [properties[key], {"type": "null"}]}
        return schema


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a configuration.

    Attributes
    ----------
    path : tuple of str
        Sections and key.
    value
        What it is; None leaves it to the organism or the machine.
    source : Source
        Where the value comes from.
    description : str
        What it means, with its unit.
    """

    path: tuple[str, ...]
    value: Any
    source: Source
    description: str

    @property
    def key(self) -> str:
        """Sections and key, joined by dots."""
        return ".".join(self.path)

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as plain data."""
        return {
            "key": self.key,
            "value": self.value,
            "source": self.source.to_dict(),
            "description": self.description,
        }


class _Sources(dict[str, Source]):
    """Sources by dotted key, of which each is known or named with its nearest."""

    def __init__(self, found: Mapping[str, Source], model: type[Section]) -> None:
        super().__init__(found)
        self._model = model

    def __missing__(self, key: object) -> Source:
        places: dict[str, str] = {}
        for word, path in flat_keys(self._model):
            dotted = ".".join(path)
            places[word] = places[".".join((*path[:-1], word))] = dotted
        if isinstance(key, str) and key in places:
            here = places[key]
            inside = [repr(one) for one in self if one.startswith(f"{here}.")]
            fix = f" but a section: give {', '.join(inside)}" if inside else f"; it is {here!r}"
        else:
            fix = suggestion(key, {*self, *places.values()}) or suggestion(key, places)
        raise refused(f"no configuration key {short(key)}{fix}", key=worded(key))


class Configuration(Section):
    """What configurations have in common: they are immutable and know where every value comes from.

    Raises
    ------
    InvalidConfigurationError
        On an unknown key (the nearest known one is named), a value out of range or of the wrong
        kind, or two sources of the same precedence for one key; ``details`` has key and source,
        and the section if there are any, and of several problems all as ``problems``, each with its
        message too.
    """

    root_key: ClassVar[str]

    def __init__(self, **values: Any) -> None:
        problems = Problems()
        self._fill(self._canonical(marked(values, Source("dict")), problems), problems)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make a configuration from nested mappings, with or without the root key."""
        problems = Problems()
        return cls._of(cls._layer(data, problems), problems)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read a YAML or JSON file; relative paths in it are relative to its folder."""
        problems = Problems()
        return cls._of(cls._layer(path, problems), problems)

    @classmethod
    def resolve(
        cls, source: Configuration | Mapping[str, Any] | str | os.PathLike[str] | None = None
    ) -> Self:
        """Return the configuration of a source with the environment's variables over it.

        Parameters
        ----------
        source : configuration, mapping, path or None
            None is the empty configuration. In a configuration what keywords set stays: they go
            over variables.
        """
        problems = Problems()
        layer: Tree | None = None
        with problems:
            layer = cls._layer(source, problems)
        variables = cls._environment(problems)
        if layer is None:  # nothing can be said of values that are not known
            problems.tell()
        return cls._of(merged(layer or {}, variables), problems)

    def with_overrides(self, **overrides: Any) -> Self:
        """Return a copy in which flat keys of any level are replaced.

        Parameters
        ----------
        **overrides
            Any key of any section, such as ``atp_pool_size=60_000`` or ``hold_pools=True``.

        Raises
        ------
        InvalidConfigurationError
            On an unknown key, an unacceptable value, or one key under two spellings.
        """
        values = {key: (value, Source("keyword", key)) for key, value in overrides.items()}
        return overridden(self, values)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each value comes from, by dotted key; "default" where nobody gives it.

        A key with several values below it has the highest of their sources; one that does not
        exist is an `InvalidConfigurationError` naming the nearest.
        """
        found = {setting.key: setting.source for setting in self.settings()}
        for path in _keys(type(self)):
            key = ".".join(path)
            if key not in found:
                below = (source for other, source in found.items() if other.startswith(f"{key}."))
                found[key] = max(below, key=lambda one: one.rank, default=Source("default"))
        return _Sources(found, type(self))

    def settings(self) -> tuple[Setting, ...]:
        """Return every key with its value and source."""
        return tuple(_settings(self, (), self._found))

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _found(self) -> dict[tuple[str, ...], Source]:
        found: dict[tuple[str, ...], Source] = self.__dict__.get("_sources", {})
        return found

    @classmethod
    def _of(cls, tree: Tree, problems: Problems) -> Self:
        made = cls.__new__(cls)
        made._fill(tree, problems)
        return made

    def _fill(self, tree: Tree, problems: Problems) -> None:
        """Take the values, unless something is wrong with them or was before."""
        tree = self._based(tree, problems)
        found = dict(leaves(tree))
        try:
            super().__init__(**bare(tree))
        except ValidationError as error:
            for one in error.errors(include_url=False):
                if problems.full:
                    break
                problems.note(_explained(one, found))
        problems.tell()
        self.__dict__["_sources"] = found  # beside the fields: equal values make equal objects

    @classmethod
    def _based(cls, tree: Tree, problems: Problems) -> Tree:
        """Put under a tree what it builds upon."""
        return tree

    def _tree(self) -> Tree:
        """Return what is set, with its sources."""
        return _remarked(self.model_dump(exclude_unset=True), (), self._found)

    @classmethod
    def _layer(cls, given: Any, problems: Problems) -> Tree:
        """Return what a configuration, mapping, path or None gives."""
        if given is None:
            return {}
        if isinstance(given, cls):
            return given._tree()
        if isinstance(given, Mapping):
            own = cls._own(marked(given, Source("dict")), "the configuration", problems)
            return cls._canonical(own, problems)
        if isinstance(given, str | os.PathLike):
            path = Path(given)
            own = cls._own(read(path, problems), str(path), problems)
            return _anchored(cls._canonical(own, problems), path.resolve().parent)
        raise refused(
            f"a configuration cannot be made from {type(given).__name__}: "
            f"give a dict, the path of a YAML file, a {cls.__name__} or None"
        )

    @classmethod
    def _own(cls, tree: Tree, what: str, problems: Problems) -> Tree:
        """Return the section of this class, or the whole of a tree without sections."""
        if not any(root in tree for root in ROOT_KEYS):
            return tree
        for key, given in tree.items():
            if problems.full:
                break
            if key == SOURCES_KEY:
                continue
            if key not in ROOT_KEYS:
                near = suggestion(key, ROOT_KEYS)
                root = next(root for root in ROOT_KEYS if root in tree)
                problems.note(
                    refused(
                        f"{what} has the key {worded(key)!r} beside {root!r}: "
                        f"move it in there{near}",
                        given.source,
                        key=worded(key),
                    )
                )
            elif given.value is not None and not isinstance(given.value, dict):
                problems.note(
                    refused(
                        f"{key} ({given.source}) must be a mapping of keys to values, "
                        f"not {type(given.value).__name__}",
                        given.source,
                        key=key,
                    )
                )
        problems.section = cls.root_key
        own = tree.get(cls.root_key)
        return own.value if own is not None and isinstance(own.value, dict) else {}

    @classmethod
    def _environment(cls, problems: Problems) -> Tree:
        """Return what the variables set, each in canonical keys."""
        layer: Tree = {}
        for variable, path, text in environment():
            if problems.full:
                break
            with problems:
                layer = joined(layer, cls._variable(variable, path, text, problems))
        return layer

    @classmethod
    def _variable(cls, variable: str, path: list[str], text: str, problems: Problems) -> Tree:
        """Return what a variable sets, nothing if it is of the other section."""
        ours = path[0].lower() == _DEPLOYMENT
        if ours != (cls.root_key == _DEPLOYMENT):
            return {}
        keys = path[1:] if ours else path
        target = _target(cls, keys)
        if target is None:
            prefix = ENV_PREFIX + ("DEPLOYMENT__" if ours else "")
            every = [prefix + "__".join(known).upper() for _, known in flat_keys(cls)]
            raise refused(
                f"unknown environment variable {variable!r}{suggestion(variable, every)}",
                Source("environment", variable),
                key=variable,
            )
        keys, annotation = target
        value = text if _takes_text(annotation) else _value(variable, text)
        source = Source("environment", variable)
        return cls._canonical(_nested(keys, value, source), problems)

    @classmethod
    def _canonical(cls, tree: Tree, problems: Problems) -> Tree:
        return canonical(tree, cls, "", cls, problems)


C = TypeVar("C", bound=Configuration)


def overridden(config: C, values: Mapping[str, tuple[Any, Source]]) -> C:
    """Return a copy in which flat keys of any level are replaced by values with their sources."""
    known = dict(flat_keys(type(config)))
    layer: Tree = {}
    problems = Problems()
    for key, (value, source) in values.items():
        if problems.full:
            break
        with problems:
            path = known.get(key)
            if path is None:
                near = suggestion(key, known) or f"; known keys: {', '.join(sorted(known))}"
                raise refused(f"unknown configuration key {key!r}{near}", source, key=key)
            layer = joined(layer, config._canonical(_nested(path, value, source), problems))
    return config._of(merged(config._tree(), layer), problems)


class VirtualMetabolites(Section):
    """Concentrations in the medium."""

    glucose_concentration: Amount | None = Field(None, description="glucose in the medium [mM]")
    phosphate_concentration: Amount | None = Field(None, description="phosphate in the medium [mM]")


class VirtualResources(Section):
    """Molecules per cell; what is not set comes from the organism."""

    spellings = {"atp_pool": "atp_pool_size", "ribosome_count": "ribosome_allocation"}

    atp_pool_size: Count | None = Field(None, description="ATP at birth [molecules]")
    ribosome_allocation: Machines | None = Field(None, description="ribosomes [molecules]")
    rna_polymerase_allocation: Machines | None = Field(
        None, description="RNA polymerases [molecules]"
    )
    virtual_metabolites: VirtualMetabolites = Field(
        default_factory=lambda: VirtualMetabolites(), description="the medium"
    )


class DegradationProcessing(Section):
    """Lifetimes of messengers and proteins."""

    spellings = {
        "mrna_lifetime_s": "mrna_processing_rate",
        "protein_lifetime_s": "protein_processing_rate",
    }

    mrna_processing_rate: Lifetime | None = Field(
        None, description="mean lifetime of a free transcript [s]; scales degradosome binding"
    )
    protein_processing_rate: Lifetime | None = Field(
        None, description="mean lifetime of a protein [s], first order; absent: the organism's"
    )


class GeneParameters(Section):
    """Rates of one gene that replace the organism's."""

    promoter_strength: Amount | None = Field(
        None, description="on the organism's scale, on which an average gene has 180"
    )
    initiation_rate_per_s: Initiation | None = Field(
        None, description="translation initiation at a clear site [1/s]; replaces ribosome binding"
    )
    termination_rate_per_s: Rate | None = Field(
        None, description="release of the protein at the stop codon [1/s]"
    )


class ExecutionParameters(Section):
    """How the machines work."""

    transcription_execution_rate: Rate | None = Field(
        None, description="kcat of every transcription unit [nt/s]"
    )
    translation_execution_rate: Rate | None = Field(None, description="kcat of translation [aa/s]")
    replication_execution_rate: Rate | None = Field(None, description="kcat of a fork [bp/s]")
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
    cell_cycle: bool = Field(
        False,
        description="the cell grows, copies its DNA, builds machines and can divide; else volume, "
        "DNA and machines stay what they are at birth",
    )
    doubling_time_min: Annotated[float, Field(ge=1, le=1e5), AfterValidator(finite)] | None = Field(
        None,
        description="balanced growth: volume, machines and rounds of replication at birth, by the "
        "organism's table of growth rates; absent: as the organism's file has them [min]",
    )
    dna_damage_per_bp_s: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="lesions of the DNA [1/(bp s)]; absent: the organism's, which is 0"
    )
    proteome_file: Text | None = Field(
        None, description="CSV of protein counts by locus tag: promoter strengths, first proteins"
    )
    mrna_file: Text | None = Field(
        None, description="CSV of mean transcript counts by locus tag: first transcripts"
    )
    gene_table_file: Text | None = Field(
        None,
        description="CSV by locus_tag or symbol with any of mrna_half_life_min, tpm (or "
        "tpm_m9_glucose), translation_efficiency: decay, number and loading of messengers, "
        "relative to the mean gene",
    )
    transcription_units_file: Text | None = Field(
        None, description="CSV of transcription units: id, locus_tags, optionally experimental"
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


class GenomicVirtualizationConfig(Configuration):
    """How genomes are loaded and cells made of them; see `Configuration` for what it can."""

    root_key = "genomic_virtualization"
    spellings = {"execution_mode": "execution_engine"}

    enabled: bool = Field(True, description="false is refused where a genome is to run")
    genome_file: Text | None = Field(None, description="genome to load where none is given")
    sequence_file: Text | None = Field(
        None, description="FASTA of that genome_file, a GFF3 without its own sequence"
    )
    organism: Text | None = Field(
        None, description="minimal_cell, syn3a or ecoli; absent: matched to the genome"
    )
    metabolic_model: Text | None = Field(
        None, description="BiGG JSON or SBML with fbc: its flux balance sets the supply of the cell"
    )
    kinetics_files: list[Text] | None = Field(
        None, description="CSV of turnover numbers by reaction: copies of enzymes limit the fluxes"
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

    @field_validator("sequence_file")
    @classmethod
    def _has_its_genome(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("genome_file", "") is None:
            raise ValueError("belongs to a genome_file, which is not set: give both")
        return value


# -- keys ------------------------------------------------------------------------------------------


def _section_of(model: type[BaseModel], key: str) -> type[Section] | None:
    """Return the section class behind a key, None for a plain value."""
    annotation = model.model_fields[key].annotation
    if get_origin(annotation) is dict:
        return None
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def canonical(
    tree: Tree, model: type[Section], where: str, root: type[Section], problems: Problems
) -> Tree:
    """Replace spellings by keys, recursively; leave out unknown and doubled keys and note them."""
    result: Tree = {}
    places: dict[str, str] = {}
    for given_key, given in tree.items():
        if problems.full:
            break
        path = f"{where}{worded(given_key)}"
        text = isinstance(given_key, str)
        key = model.spellings.get(given_key, given_key) if text else given_key
        if not text or key not in model.model_fields:
            problems.note(_unknown(given_key, path, given.source, model, root))
            continue
        if key in result:
            problems.note(
                refused(
                    f"{_place(path, given.source)} and {places[key]} are two spellings of one key: "
                    f"keep {where}{key}",
                    given.source,
                    key=f"{where}{key}",
                    other=result[key].source.to_dict(),
                )
            )
            continue
        places[key] = _place(path, given.source)
        value = _canonical_value(key, given, model, path, root, problems)
        result[key] = Given(value, given.source)
    return result


def _canonical_value(
    key: str,
    given: Given,
    model: type[Section],
    path: str,
    root: type[Section],
    problems: Problems,
) -> Any:
    value, source = given.value, given.source
    section = _section_of(model, key)
    if isinstance(value, BaseModel):
        value = marked(value.model_dump(exclude_unset=True), source)
    if section is not None and value is None and model.model_fields[key].annotation is section:
        return {}
    if not isinstance(value, dict):
        return value
    if section is not None:
        return canonical(value, section, f"{path}.", root, problems)
    if key == "gene_parameters":
        return {
            tag: Given(
                canonical(entry.value, GeneParameters, f"{path}.{worded(tag)}.", root, problems),
                entry.source,
            )
            if isinstance(entry.value, dict)
            else entry
            for tag, entry in value.items()
        }
    return value


def _unknown(
    key: Any, path: str, source: Source, model: type[Section], root: type[Section]
) -> InvalidConfigurationError:
    every = dict(flat_keys(root))
    if isinstance(key, str) and key in every:
        place = f"; {key!r} belongs at {'.'.join(every[key])!r}"
    else:
        near = suggestion(key, [*model.model_fields, *model.spellings])
        near = near or suggestion(key, [*every, *ROOT_KEYS])
        place = near or f"; known keys here: {_listed(sorted(model.model_fields))}"
    return refused(f"unknown configuration key {_place(path, source)}{place}", source, key=path)


def _listed(keys: Sequence[str]) -> str:
    """Name a dozen keys, and how to get the others."""
    shown = ", ".join(keys[:12])
    more = len(keys) - 12
    return shown if more <= 0 else f"{shown} and {more} more (bioxen config schema lists them)"


def _place(path: str, source: Source) -> str:
    """Name a key, and where it stands if that says more."""
    shown = repr(path) if len(path) <= 100 else short(path)  # every known key is shorter
    return shown if source.kind in ("dict", "keyword") else f"{shown} ({source})"


def flat_keys(
    model: type[Section], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every key and spelling of a section and those below it with its path."""
    for key in model.model_fields:
        yield key, (*path, key)
        section = _section_of(model, key)
        if section is not None:
            yield from flat_keys(section, (*path, key))
    for spelling, key in model.spellings.items():
        yield spelling, (*path, key)


def _keys(model: type[Section], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key that has a value of its own."""
    for key in model.model_fields:
        section = _section_of(model, key)
        if section is None or model.model_fields[key].annotation is not section:
            yield (*path, key)
        if section is not None:
            yield from _keys(section, (*path, key))


def _target(model: type[Section], keys: list[str]) -> tuple[list[str], Any] | None:
    """Return the path that a variable names, gene names in their own case, and what stands there.

    None if it names nothing.
    """
    path: list[str] = []
    section: type[Section] | None = model
    annotation: Any = None
    for number, word in enumerate(keys):
        if section is None:
            return None
        key = word.lower()
        canonical_key = section.spellings.get(key, key)
        if canonical_key not in section.model_fields:
            return None
        path.append(key)
        annotation = section.model_fields[canonical_key].annotation
        if canonical_key == "gene_parameters" and len(keys) > number + 1:
            tag, rest = keys[number + 1], keys[number + 2 :]
            inner = _target(GeneParameters, rest) if rest else ([], None)
            return None if inner is None else ([*path, tag, *inner[0]], inner[1])
        section = _section_of(section, canonical_key)
    return (path, annotation) if path else None


def _takes_text(annotation: Any) -> bool:
    """Whether a value is any text, so that 1 and true are texts too."""
    if get_origin(annotation) in (dict, list):
        return False
    return annotation is str or any(_takes_text(part) for part in get_args(annotation))


def _value(variable: str, text: str) -> Any:
    try:
        return native(text)
    except (ValueError, RecursionError) as error:
        raise refused(
            f"the environment variable {variable} cannot be read: {short(str(error))}; "
            "a section given in one variable must be a JSON object",
            Source("environment", variable),
            key=variable,
        ) from None


def _frozen(model: type[Section], key: str) -> Exception:
    every = dict(flat_keys(model))
    if key not in every:
        near = suggestion(key, every) or f"; known keys: {', '.join(sorted(model.model_fields))}"
        return refused(f"{model.__name__} has no key {short(key)}{near}", key=key)
    return refused(
        f"{key!r} cannot be set: a configuration is frozen; with_overrides({key}=...) of the whole "
        "returns another one",
        key=key,
    )


def _nested(path: tuple[str, ...] | list[str], value: Any, source: Source) -> Tree:
    """Return a tree of one value."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        value = marked(value, source)
    given = Given(value, source)
    for key in reversed(path[1:]):
        given = Given({key: given}, source)
    return {path[0]: given}


def _remarked(
    data: Mapping[str, Any], path: tuple[str, ...], found: Mapping[tuple[str, ...], Source]
) -> Tree:
    """Return plain data as a tree with the sources of before."""
    tree: Tree = {}
    for key, value in data.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            inner = _remarked(value, here, found)
            highest = max(
                (given.source for given in inner.values()),
                key=lambda source: source.rank,
                default=Source("default"),
            )
            tree[key] = Given(inner, highest)
        else:
            tree[key] = Given(value, found.get(here, Source("default")))
    return tree


def _anchored(tree: Tree, folder: Path) -> Tree:
    """Make the relative paths of a configuration file absolute."""
    result: Tree = {}
    for key, given in tree.items():
        value = given.value
        if isinstance(value, dict):
            value = _anchored(value, folder)
        elif isinstance(value, str) and value and worded(key).endswith(_PATH_KEYS):
            value = str(folder / value)
        elif isinstance(value, list) and worded(key).endswith("_files"):
            value = [str(folder / part) if isinstance(part, str) else part for part in value]
        result[key] = Given(value, given.source)
    return result


def _settings(
    section: Section, path: tuple[str, ...], found: Mapping[tuple[str, ...], Source]
) -> Iterator[Setting]:
    for key, field in type(section).model_fields.items():
        here = (*path, key)
        value = getattr(section, key)
        if isinstance(value, Section):
            yield from _settings(value, here, found)
        elif isinstance(value, dict) and value:
            for tag, entry in value.items():
                yield from _settings(entry, (*here, tag), found)
        else:
            source = found.get(here, Source("default"))
            yield Setting(here, value, source, field.description or "")


#: What a value must be, by the kind of problem that pydantic finds.
_MUST_BE = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a text",
    "dict_type": "a section: a mapping of keys to values",
    "model_type": "a section: a mapping of keys to values",
    "model_attributes_type": "a section: a mapping of keys to values",
    "greater_than": "more than {gt:,}",
    "greater_than_equal": "{ge:,} or more",
    "less_than": "less than {lt:,}",
    "less_than_equal": "at most {le:,}",
    "literal_error": "{expected}",
}


def _said(error: ErrorDetails) -> str:
    """Return what is wrong in words of ours."""
    if error["type"] in _MUST_BE:
        bounds = {
            name: int(bound) if isinstance(bound, float) and bound.is_integer() else bound
            for name, bound in error.get("ctx", {}).items()
        }
        return f"must be {_MUST_BE[error['type']].format(**bounds)}"
    return error["msg"].removeprefix("Value error, ").removeprefix("Input ")


def _explained(
    error: ErrorDetails, found: Mapping[tuple[str, ...], Source]
) -> InvalidConfigurationError:
    """Turn a problem that pydantic found into a sentence."""
    location = tuple(str(part) for part in error["loc"])
    path = ".".join(location) or "the configuration"
    source = next(
        (found[location[:n]] for n in range(len(location), 0, -1) if location[:n] in found), None
    )
    message = _said(error)
    value = error.get("input")
    shown = "" if isinstance(value, Mapping) else f" (it is {short(value)})"
    named = f"{path!r}" if source is None else _place(path, source)
    details: dict[str, Any] = {"key": path}
    if source is not None:
        details["source"] = source.to_dict()
    return InvalidConfigurationError(
        f"configuration key {named}: {message[:1].lower()}{message[1:]}{shown}", details=details
    )
