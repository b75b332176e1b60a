"""Where configuration values come from: files, mappings, environment variables and keywords.

Each gives a tree: a mapping whose entries are `Given`, a value or a further tree with its `Source`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from bioxen_jcvi_vm_lib._checks import counted, short
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError

__all__ = ["Given", "Source"]

#: Largest file that is read [bytes].
MAX_FILE_BYTES = 16 * 2**20
#: Most values of one file once its aliases are written out; a small file can mean billions.
MAX_VALUES = 200_000
#: Deepest nesting; the keys need four levels.
MAX_DEPTH = 32
#: Most problems of a configuration that are looked for.
MAX_PROBLEMS = 100
ENV_PREFIX = "BIOXEN_"

#: Kinds of sources in rising precedence; those of one rank never meet in one configuration.
RANKS = {
    "default": 0,
    "preset": 1,
    "file": 2,
    "dict": 2,
    "environment": 3,
    "keyword": 4,
    "option": 4,
}

#: A number that YAML 1.2 knows and 1.1 takes for text.
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")

Tree = dict[str, "Given"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value comes from.

    Attributes
    ----------
    kind : str
        "default", "preset", "file", "dict", "environment", "keyword" or "option" (of the command
        line), in rising precedence; "file" and "dict" have the same, and the last two.
    name : str
        The preset, path, variable, keyword or option.
    line : int or None
        1-based line in a YAML file.
    """

    kind: str
    name: str = ""
    line: int | None = None

    @property
    def rank(self) -> int:
        """Precedence: the higher one wins."""
        return RANKS[self.kind]

    def to_dict(self) -> dict[str, Any]:
        """Return kind, name and line."""
        return {"kind": self.kind, "name": self.name, "line": self.line}

    def __str__(self) -> str:
        name = self.name if self.name.isprintable() else ascii(self.name)
        if self.kind == "file":
            return name if self.line is None else f"{name}, line {self.line}"
        if self.kind in ("environment", "option"):
            return name
        return f"{self.kind} {name}".rstrip()


@dataclass(frozen=True, slots=True)
class Given:
    """A value, or a tree of further ones, and where it was given."""

    value: Any
    source: Source


def refused(
    message: str, source: Source | None = None, **details: Any
) -> InvalidConfigurationError:
    """Return the error of a configuration, with the place as data."""
    place = {} if source is None else {"source": source.to_dict()}
    return InvalidConfigurationError(message, details={**details, **place})


def worded(key: object) -> str:
    """Return a key as text; YAML and mappings may have others, and the largest have no digits."""
    return key if isinstance(key, str) else short(key)


def problems_of(error: InvalidConfigurationError) -> list[dict[str, Any]]:
    """Return what an error tells, each problem with its message, and key and source if known."""
    found: list[dict[str, Any]] = error.details.get("problems", [])
    return found or [{"message": error.message, **error.details}]


class Problems:
    """What is wrong with a configuration, gathered so that all of it is told at once.

    As a context it takes the error of its block, and what comes after the block goes on.
    """

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []
        #: The section that is looked at, of a source that has sections.
        self.section: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, InvalidConfigurationError):
            return False
        self.note(error)
        return True

    @property
    def found(self) -> list[dict[str, Any]]:
        """The problems so far."""
        return [*self._found]

    @property
    def full(self) -> bool:
        """Whether more than `MAX_PROBLEMS` need not be looked for."""
        return len(self._found) >= MAX_PROBLEMS

    def note(self, error: InvalidConfigurationError) -> None:
        """Take what an error tells, but of one key in one place the first only."""
        for new in problems_of(error):
            if self.section is not None and "key" in new:
                new = {"message": new["message"], "section": self.section, **new}
            same = ("section", "key", "source") if "key" in new else ("message",)
            if not self.full and not any(
                all(new.get(part) == old.get(part) for part in same) for old in self._found
            ):
                self._found.append(new)

    def tell(self) -> None:
        """Raise what was found, if anything was."""
        if not self._found:
            return
        first, *others = self._found
        message = first["message"]
        details = {key: value for key, value in first.items() if key != "message"}
        if others:
            keys = ", ".join(short(one.get("key", "the file")) for one in others[:3])
            more = ", ..." if len(others) > 3 else ""
            message += f" (and {said(len(others), 'more problem')}: {keys}{more})"
            details["problems"] = self._found
        raise InvalidConfigurationError(message, details=details)


def said(number: int, noun: str) -> str:
    """Say how many problems there are, as far as they were looked for."""
    bound = "at least " if number >= MAX_PROBLEMS - 1 else ""
    return bound + counted(number, noun)


def marked(data: Mapping[Any, Any], source: Source) -> Tree:
    """Return a mapping as a tree of one source; what it holds twice counts twice.

    Raises
    ------
    InvalidConfigurationError
        If it is nested too deep, or means too many values.
    """
    values = 0

    def taken(value: Any, depth: int) -> Any:
        nonlocal values
        if not isinstance(value, Mapping | list | tuple):
            return value
        if depth > MAX_DEPTH:
            raise refused(f"the configuration is nested more than {MAX_DEPTH} deep", source)
        values += len(value)
        if values > MAX_VALUES:
            raise refused(f"the configuration means more than {MAX_VALUES:,} values", source)
        if isinstance(value, Mapping):
            return {key: Given(taken(inner, depth + 1), source) for key, inner in value.items()}
        for inner in value:
            taken(inner, depth + 1)
        return value

    tree: Tree = taken(data, 0)
    return tree


def bare(value: Any) -> Any:
    """Return the plain values of a tree."""
    if isinstance(value, dict):
        return {
            key: bare(inner.value) if isinstance(inner, Given) else inner
            for key, inner in value.items()
        }
    return value


def merged(low: Tree, high: Tree) -> Tree:
    """Join two trees: of two values the one of higher precedence, of equals that in `high`."""
    result = dict(low)
    for key, new in high.items():
        old = result.get(key)
        if old is None:
            result[key] = new
        elif isinstance(old.value, dict) and isinstance(new.value, dict):
            source = new.source if new.source.rank >= old.source.rank else old.source
            result[key] = Given(merged(old.value, new.value), source)
        elif new.source.rank >= old.source.rank:
            result[key] = new
    return result


def joined(one: Tree, other: Tree, where: str = "") -> Tree:
    """Join two trees of the same precedence, which may not both set a key.

    Raises
    ------
    InvalidConfigurationError
        If both do, naming both.
    """
    result = dict(one)
    for key, new in other.items():
        old = result.get(key)
        if old is None:
            result[key] = new
        elif isinstance(old.value, dict) and isinstance(new.value, dict):
            result[key] = Given(joined(old.value, new.value, f"{where}{key}."), new.source)
        else:
            raise refused(
                f"{old.source} and {new.source} both set {where}{key}: give one of them",
                new.source,
                key=f"{where}{key}",
                other=old.source.to_dict(),
            )
    return result


def leaves(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Source]]:
    """Yield the path and source of every value."""
    for key, given in tree.items():
        if isinstance(given.value, dict):
            yield from leaves(given.value, (*path, key))
        else:
            yield (*path, key), given.source


# -- environment -----------------------------------------------------------------------------------


def environment() -> Iterator[tuple[str, list[str], str]]:
    """Yield name, path and text of every variable ``BIOXEN_...`` that is not empty, in order."""
    for variable in sorted(os.environ):
        text = os.environ[variable]
        if variable.upper().startswith(ENV_PREFIX) and text:
            yield variable, variable[len(ENV_PREFIX) :].split("__"), text


def native(text: str) -> Any:
    """Give the text of a variable the type that YAML would give it."""
    if text.lstrip().startswith(("{", "[")):
        return from_json(text)
    lowered = text.strip().lower()
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if lowered in words:
        return words[lowered]
    if lowered in ("null", "none", "~"):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


# -- files -----------------------------------------------------------------------------------------


def read(path: Path, problems: Problems) -> Tree:
    """Read a YAML or JSON file; a key that it gives twice is noted.

    Raises
    ------
    InvalidConfigurationError
        If it cannot be read, is too large, not UTF-8, not well-formed, or is not a mapping.
    """
    source = Source("file", str(path))
    if "\0" in str(path):
        raise refused(f"{str(path)!r} is no path", source)
    try:
        if path.is_dir():
            raise refused(f"{path} is a directory: give a YAML or JSON file", source)
        with path.open("rb") as file:  # no more than needed, whatever it is
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise refused(
                f"{path} is over {MAX_FILE_BYTES >> 20} MiB: it is no configuration file", source
            )
        text = data.decode("utf-8-sig")
        if path.suffix.lower() == ".json":
            loaded = from_json(text) if text.strip() else {}
            if not isinstance(loaded, dict):
                raise refused(_no_mapping(path, type(loaded).__name__), source)
            return marked(loaded, source)
        return _Yaml(path, text, problems).tree()
    except OSError as error:
        raise refused(
            f"the configuration file {path} cannot be read: {error.strerror or error}", source
        ) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refused(
            f"{path} is not UTF-8 in line {line}: save it as UTF-8",
            Source("file", str(path), line),
        ) from None
    except RecursionError:
        raise refused(f"{path} is nested more than {MAX_DEPTH} deep", source) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())[:200]
        raise refused(
            f"{path} is not valid YAML{where}: {problem}",
            Source("file", str(path), mark.line + 1 if mark else None),
        ) from None
    except ValueError as error:
        if isinstance(error, InvalidConfigurationError):
            raise
        kind = "JSON" if path.suffix.lower() == ".json" else "YAML"
        problem = " ".join(str(error).split())[:200]
        raise refused(f"{path} is not valid {kind}: {problem}", source) from None


def from_json(text: str) -> Any:
    """Parse JSON in which no key comes twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [key for key, _ in pairs]
            twice = next(key for key in names if names.count(key) > 1)
            raise ValueError(f"the key {twice!r} is given twice")
        return found

    return json.loads(text, object_pairs_hook=unique)


def _no_mapping(path: Path, kind: str) -> str:
    return f"{path} must hold a mapping of keys to values, not a {kind}"


class _Yaml:
    """A YAML document as a tree with lines: plain data only, no key twice, bounded."""

    _LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def __init__(self, path: Path, text: str, problems: Problems) -> None:
        self._path = path
        self._problems = problems
        self._text = text
        self._values = 0

    def tree(self) -> Tree:
        self._check_size()
        self._loader = self._LOADER(self._text)
        try:
            node = self._loader.get_single_node()
            value = {} if node is None else self._value(node, 0)
        finally:
            self._loader.dispose()
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise refused(_no_mapping(self._path, type(value).__name__), self._source(node))
        return value

    def _check_size(self) -> None:
        """Refuse what is deep or large by its events: composing it would take stack and memory."""
        depth = 0
        for number, event in enumerate(yaml.parse(self._text, Loader=self._LOADER)):
            if number > 2 * MAX_VALUES:
                raise refused(
                    f"{self._path} has more than {MAX_VALUES:,} values: it is no configuration "
                    "file",
                    self._source(event),
                )
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                source = self._source(event)
                raise refused(f"{source}: nested more than {MAX_DEPTH} deep", source)

    def _source(self, node: Any) -> Source:
        return Source("file", str(self._path), node.start_mark.line + 1)

    def _value(self, node: yaml.Node, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise refused(
                f"{self._path} means more than {MAX_VALUES:,} values with its aliases written out: "
                "it is no configuration file",
                self._source(node),
            )
        if depth > MAX_DEPTH:
            raise refused(
                f"{self._path} is nested more than {MAX_DEPTH} deep, or an alias holds itself",
                self._source(node),
            )
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [bare(self._value(entry, depth + 1)) for entry in node.value]
        if isinstance(node, yaml.ScalarNode):
            if not node.style and _EXPONENT.fullmatch(node.value):
                return float(node.value)
            return self._loader.construct_object(node)
        raise refused(
            f"{self._path}, line {node.start_mark.line + 1}: {node.tag} is not plain data",
            self._source(node),
        )

    def _mapping(self, node: yaml.MappingNode, depth: int) -> Tree:
        own: Tree = {}
        below: Tree = {}
        for key_node, value_node in node.value:
            source = self._source(key_node)
            if key_node.tag.endswith(":merge"):
                several = isinstance(value_node, yaml.SequenceNode)
                for part in reversed(value_node.value) if several else [value_node]:
                    entries = self._value(part, depth + 1)
                    if not isinstance(entries, dict):
                        raise refused(f"{source}: << takes mappings only", source)
                    below.update(entries)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise refused(f"{source}: a key must be a plain text", source)
            key = self._loader.construct_object(key_node)
            if key in own:
                twice = f"{own[key].source} and line {source.line} both set {short(key)}"
                self._problems.note(
                    refused(
                        f"{twice}: keep one of them",
                        source,
                        key=worded(key),
                        other=own[key].source.to_dict(),
                    )
                )
                continue
            own[key] = Given(self._value(value_node, depth + 1), source)
        return {**below, **own}
