"""Records that cannot be changed, copied and moved between processes all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

__all__ = ["Record", "frozen", "plain", "reduced"]


class Record:
    """A frozen dataclass that can be copied, pickled, hashed and written as plain values.

    Its mappings are read-only and fields with ``hash=False``.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def to_dict(self) -> dict[str, Any]:
        """Return every attribute as plain numbers, texts, lists and dictionaries."""
        return {part.name: plain(getattr(self, part.name)) for part in fields(self)}  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """Return what JSON can hold of records, mappings and sequences of them."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def reduced(record: Any) -> tuple[Any, ...]:
    """Return what ``__reduce__`` of a frozen dataclass returns whose mappings are read-only."""
    values = (_thawed(getattr(record, part.name)) for part in fields(record))
    return (_remade, (type(record), *values))


def _remade(kind: type, *values: Any) -> Any:
    return kind(*map(frozen, values))


def _thawed(value: Any) -> Any:
    if isinstance(value, MappingProxyType):
        return {key: _thawed(part) for key, part in value.items()}
    return value


def frozen(value: Any) -> Any:
    """Return a value whose mappings, arrays and lists, also those within, cannot be changed."""
    if isinstance(value, dict | MappingProxyType):
        return MappingProxyType({key: frozen(part) for key, part in value.items()})
    if isinstance(value, list):
        return tuple(map(frozen, value))
    if hasattr(value, "setflags"):
        value.setflags(write=False)
    return value
