"""Records that cannot be changed, copied and moved between processes all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

__all__ = ["plain", "reduced"]


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
    return kind(*map(_frozen, values))


def _thawed(value: Any) -> Any:
    if isinstance(value, MappingProxyType):
        return {key: _thawed(part) for key, part in value.items()}
    return value


def _frozen(value: Any) -> Any:
    """Undo `_thawed`; arrays come back read-only, as every column of a record is."""
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(part) for key, part in value.items()})
    if hasattr(value, "setflags"):
        value.setflags(write=False)
    return value
