"""Models in the JSON of BiGG and cobrapy (version 1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import ModelImportError
from bioxen_jcvi_vm_lib.metabolism.gene_rule import GeneRule
from bioxen_jcvi_vm_lib.metabolism.model import (
    Gene,
    MetabolicModel,
    Metabolite,
    Reaction,
    refused,
)

__all__ = ["read"]

#: Keys that mean nothing to a flux balance and may hold anything.
_REMARKS = frozenset({"name", "notes", "annotation", "version", "compartments", "subsystem"})
_KEYS = {
    "model": frozenset({"id", "metabolites", "reactions", "genes"}) | _REMARKS,
    "metabolites": frozenset({"id", "compartment", "formula", "charge"}) | _REMARKS,
    "reactions": frozenset(
        {
            "id",
            "metabolites",
            "lower_bound",
            "upper_bound",
            "gene_reaction_rule",
            "objective_coefficient",
        }
    )
    | _REMARKS,
    "genes": frozenset({"id"}) | _REMARKS,
}
_KINDS: dict[type, str] = {str: "text", dict: "an object", list: "a list"}


def read(data: bytes) -> MetabolicModel:
    """Read a model.

    Raises
    ------
    ModelImportError
        If it is malformed; `element` and `line` tell where.
    """
    try:
        document = json.loads(data, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise refused("JSON", error.msg, line=error.lineno) from None
    except UnicodeDecodeError as error:
        raise refused("JSON", f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise refused("JSON", "nested too deeply") from None
    except ModelImportError:
        raise
    except ValueError as error:  # a whole number of too many digits
        raise refused("JSON", str(error)) from None
    _known(document, "model", "the model")
    objective: dict[str, float] = {}
    reactions = tuple(_reactions(document, objective))
    return MetabolicModel(
        id=_text(document, "id", "the model", ""),
        metabolites=tuple(_metabolites(document)),
        reactions=reactions,
        genes=tuple(
            Gene(_text(item, "id", where), _text(item, "name", where, ""))
            for item, where in _items(document, "genes")
        ),
        objective=MappingProxyType(objective),
    )


def _metabolites(document: dict[str, Any]) -> Iterator[Metabolite]:
    for item, where in _items(document, "metabolites"):
        charge = item.get("charge")
        if charge is not None:
            charge = _number(item, "charge", where)
        yield Metabolite(
            _text(item, "id", where),
            _text(item, "name", where, ""),
            _text(item, "compartment", where, ""),
            _text(item, "formula", where, ""),
            int(charge) if charge is not None and charge == charge // 1 else None,
        )


def _reactions(document: dict[str, Any], objective: dict[str, float]) -> Iterator[Reaction]:
    for item, where in _items(document, "reactions"):
        name = _text(item, "id", where)
        parts = _value(item, "metabolites", where, dict)
        if item.get("objective_coefficient"):
            objective[name] = _number(item, "objective_coefficient", where)
        try:
            rule = GeneRule.parse(_text(item, "gene_reaction_rule", where, ""))
        except ModelImportError as error:
            raise ModelImportError(
                f"{where}: {error.message}", details={**error.details, "element": where}
            ) from None
        yield Reaction(
            id=name,
            stoichiometry=MappingProxyType(
                {key: _number(parts, key, f"{where}, metabolite") for key in parts}
            ),
            lower=_number(item, "lower_bound", where),
            upper=_number(item, "upper_bound", where),
            rule=rule,
            name=_text(item, "name", where, ""),
        )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that comes twice: the last would silently win."""
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                owner = made.get("id")
                inside = f" of {owner!r}" if isinstance(owner, str) else ""
                raise refused(f"key {short(key)}{inside}", "comes twice in one object")
            seen.add(key)
    return made


def _items(document: dict[str, Any], kind: str) -> Iterator[tuple[dict[str, Any], str]]:
    for index, item in enumerate(_value(document, kind, "the model", list)):
        where = f"{kind}[{index}]"
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            where = f"{kind}[{index}] {short(item['id'])}"
        _known(item, kind, where)
        yield item, where


def _known(item: Any, kind: str, where: str) -> None:
    if not isinstance(item, dict):
        raise refused(where, f"is {short(item)}, not an object")
    for key in item:
        if key not in _KEYS[kind]:
            near = suggestion(key, _KEYS[kind])
            raise refused(f"{where}, element {short(key)}", f"is not supported{near}")


def _value(item: dict[str, Any], key: str, where: str, kind: type) -> Any:
    if key not in item:
        raise refused(where, f"has no {key!r}")
    if not isinstance(item[key], kind):
        raise refused(where, f"its {key!r} is {short(item[key])}, not {_KINDS[kind]}")
    return item[key]


def _text(item: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    if default is not None and item.get(key) is None:
        return default
    text: str = _value(item, key, where, str)
    return text


def _number(item: dict[str, Any], key: str, where: str) -> float:
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(where, f"its {key!r} is {short(value)}: give a number")
    try:
        number = float(value)
    except OverflowError:
        raise refused(where, f"its {key!r} is {short(value)}: give a smaller number") from None
    if number != number:
        raise refused(where, f"its {key!r} is NaN: give a number")
    return number
