"""What configurations have in common: from files, variables and keywords to checked values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
from bioxen_jcvi_vm_lib.api.config_keys import (
    ROOT_KEYS,
    SOURCES_KEY,
    Section,
    canonical,
    flat_keys,
    keys_of,
    listed,
    place_of,
    takes_text,
    target,
)
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

__all__ = ["Configuration", "Setting", "overridden"]

#: What BIOXEN_... variables of the second section begin with; the first needs no prefix.
_DEPLOYMENT = "deployment"
#: How the keys end whose values are paths.
_PATH_KEYS = ("_file", "_dir", "metabolic_model")


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
        for path in keys_of(type(self)):
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
        found = target(cls, keys)
        if found is None:
            prefix = ENV_PREFIX + ("DEPLOYMENT__" if ours else "")
            every = [prefix + "__".join(known).upper() for _, known in flat_keys(cls)]
            raise refused(
                f"unknown environment variable {variable!r}{suggestion(variable, every)}",
                Source("environment", variable),
                key=variable,
            )
        keys, annotation = found
        value = text if takes_text(annotation) else _value(variable, text)
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
                near = suggestion(key, known) or f"; known keys: {listed(sorted(known))}"
                raise refused(f"unknown configuration key {key!r}{near}", source, key=key)
            layer = joined(layer, config._canonical(_nested(path, value, source), problems))
    return config._of(merged(config._tree(), layer), problems)


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
    "list_type": 'a list, as ["one", "two"]',
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
    named = f"{path!r}" if source is None else place_of(path, source)
    details: dict[str, Any] = {"key": path}
    if source is not None:
        details["source"] = source.to_dict()
    return InvalidConfigurationError(
        f"configuration key {named}: {message[:1].lower()}{message[1:]}{shown}", details=details
    )
