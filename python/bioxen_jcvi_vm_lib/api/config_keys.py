"""The keys of a configuration: sections of them, their spellings, and what names none."""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bioxen_jcvi_vm_lib._checks import real, short, suggestion
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
from bioxen_jcvi_vm_lib.api.config_sources import (
    Given,
    Problems,
    Source,
    Tree,
    marked,
    refused,
    worded,
)

__all__ = [
    "ROOT_KEYS",
    "SOURCES_KEY",
    "Section",
    "canonical",
    "flat_keys",
    "keys_of",
    "listed",
    "place_of",
    "takes_text",
    "target",
]

#: Sections that a file may have beside one another, each read by its own class.
ROOT_KEYS = ("genomic_virtualization", "deployment")
#: What a file with sections may say beside them about where its values came from; it is not read.
SOURCES_KEY = "sources"


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


def _section_of(model: type[BaseModel], key: str) -> type[Section] | None:
    """Return the section class behind a key, None for a plain value."""
    annotation = model.model_fields[key].annotation
    if get_origin(annotation) is dict:
        return None
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def _entries_of(model: type[BaseModel], key: str) -> type[Section] | None:
    """Return the section class of the entries of a key that has them by name, else None."""
    annotation = model.model_fields[key].annotation
    kinds = get_args(annotation) if get_origin(annotation) is dict else ()
    kind = kinds[-1] if kinds else None
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


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
                    f"{place_of(path, given.source)} and {places[key]} are two spellings of one "
                    f"key: keep {where}{key}",
                    given.source,
                    key=f"{where}{key}",
                    other=result[key].source.to_dict(),
                )
            )
            continue
        places[key] = place_of(path, given.source)
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
    entries = _entries_of(model, key)
    if entries is not None:
        return {
            tag: Given(
                canonical(entry.value, entries, f"{path}.{worded(tag)}.", root, problems),
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
        place = near or f"; known keys here: {listed(sorted(model.model_fields))}"
    return refused(f"unknown configuration key {place_of(path, source)}{place}", source, key=path)


def listed(keys: Sequence[str]) -> str:
    """Name a dozen keys, and how to get the others."""
    shown = ", ".join(keys[:12])
    more = len(keys) - 12
    return shown if more <= 0 else f"{shown} and {more} more (bioxen config schema lists them)"


def place_of(path: str, source: Source) -> str:
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


def keys_of(model: type[Section], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key that has a value of its own."""
    for key in model.model_fields:
        section = _section_of(model, key)
        if section is None or model.model_fields[key].annotation is not section:
            yield (*path, key)
        if section is not None:
            yield from keys_of(section, (*path, key))


def target(model: type[Section], keys: list[str]) -> tuple[list[str], Any] | None:
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
        entries = _entries_of(section, canonical_key)
        if entries is not None and len(keys) > number + 1:
            tag, rest = keys[number + 1], keys[number + 2 :]
            inner = target(entries, rest) if rest else ([], None)
            return None if inner is None else ([*path, tag, *inner[0]], inner[1])
        section = _section_of(section, canonical_key)
    return (path, annotation) if path else None


def takes_text(annotation: Any) -> bool:
    """Whether a value is any text, so that 1 and true are texts too."""
    if get_origin(annotation) in (dict, list):
        return False
    return annotation is str or any(takes_text(part) for part in get_args(annotation))


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
