"""Turnover numbers of reactions, and the fluxes that copies of enzymes allow."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Self

from bioxen_jcvi_vm_lib._errors import APIValidationError, ModelImportError
from bioxen_jcvi_vm_lib.metabolism.gene_rule import GeneRule

__all__ = ["TurnoverNumbers"]

#: mmol/h of one molecule per second: 3600 s/h * 1000 mmol/mol / 6.02214076e23 1/mol (SI 2019).
MMOL_PER_H = 3600.0 * 1000.0 / 6.02214076e23
#: Kinds of parameter of the tables, and the direction that they belong to.
_DIRECTIONS = {
    "Substrate Catalytic Rate Constant": 0,
    "Product Catalytic Rate Constant": 1,
}
#: Kinds of parameter that say what the turnovers are of: proteins, and how several of them join.
_ENZYME, _JOINED_BY = "Eff Enzyme Count", "GPR rule"
_COLUMNS = ("Reaction Name", "Parameter Type", "Value", "Units")


@dataclass(frozen=True, slots=True)
class TurnoverNumbers:
    """Turnovers of one enzyme per second, by reaction.

    Attributes
    ----------
    kcat_per_s : mapping of str to (float, float)
        Forward and backward turnover [1/s] by id of the reaction.
    dry_mass_g : float
        Dry mass of the cell whose copies are counted [g].
    enzymes : mapping of str to GeneRule
        What the turnovers are of, by id of the reaction: "and" counts the scarcest protein, "or"
        their sum. Where it says nothing the rule of the model counts.
    """

    kcat_per_s: Mapping[str, tuple[float, float]]
    dry_mass_g: float
    enzymes: Mapping[str, GeneRule] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not 0 < self.dry_mass_g < math.inf:
            raise APIValidationError(
                f"dry_mass_g is {self.dry_mass_g}: give the dry mass of one cell in grams"
            )
        for reaction, pair in self.kcat_per_s.items():
            if len(pair) != 2 or not all(0 <= kcat < math.inf for kcat in pair):
                raise APIValidationError(
                    f"kcat_per_s[{reaction!r}] is {pair}: give (forward, backward) in 1/s"
                )

    @property
    def flux_per_turnover(self) -> float:
        """Flux of one turnover per second in one cell [mmol/gDW/h]."""
        return MMOL_PER_H / self.dry_mass_g

    @classmethod
    def read_csv(cls, paths: Iterable[str | os.PathLike[str]], *, dry_mass_g: float) -> Self:
        """Read tables with the columns Reaction Name, Parameter Type, Value, Units.

        A blank cell continues the row above. Reactions with other laws than turnover of substrate
        and product are passed over, and so are those whose turnovers are both 0: not known. The
        parameters Eff Enzyme Count (proteins joined by "-") and GPR rule ("and" or "or") say what
        the turnovers are of.

        Raises
        ------
        ModelImportError
            If a file cannot be read, lacks a column, or gives a turnover that is no number of 1/s.
        """
        found: dict[str, tuple[float, float]] = {}
        proteins: dict[str, list[str]] = {}
        words: dict[str, str] = {}
        for path in map(Path, paths):
            try:
                with path.open(encoding="utf-8-sig", newline="") as file:
                    _read_table(csv.DictReader(file), str(path), found, proteins, words)
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise ModelImportError(
                    f"{path} cannot be read: {error}", details={"file": str(path)}
                ) from None
        known = {reaction: pair for reaction, pair in found.items() if any(pair)}
        enzymes = {
            reaction: GeneRule.joined(
                words.get(reaction, "and"), [GeneRule.of_gene(part) for part in parts]
            )
            for reaction, parts in proteins.items()
            if reaction in known
        }
        return cls(MappingProxyType(known), dry_mass_g, MappingProxyType(enzymes))


def _read_table(
    table: csv.DictReader[str],
    name: str,
    found: dict[str, tuple[float, float]],
    proteins: dict[str, list[str]],
    words: dict[str, str],
) -> None:
    missing = [column for column in _COLUMNS if column not in (table.fieldnames or ())]
    if missing:
        raise ModelImportError(
            f"{name}: no column {missing[0]!r}; a table of turnover numbers has the columns "
            f"{', '.join(_COLUMNS)}, with rows of {' and '.join(_DIRECTIONS)}",
            details={"file": name, "line": 1},
        )
    reaction = ""
    for row in table:
        reaction = row["Reaction Name"] or reaction
        kind, value = row["Parameter Type"] or "", row["Value"] or ""
        if kind == _ENZYME and value != "default":
            proteins[reaction] = value.split("-")
        elif kind == _JOINED_BY:
            if value not in ("and", "or"):
                raise ModelImportError(
                    f"{name}, line {table.line_num}: the proteins of {reaction!r} are joined by "
                    f"{value!r}: give 'and' or 'or'",
                    details={"file": name, "line": table.line_num, "element": reaction},
                )
            words[reaction] = value
        direction = _DIRECTIONS.get(kind)
        if direction is None:
            continue
        try:
            kcat = float(value)
        except ValueError:
            kcat = math.nan
        if not 0 <= kcat < math.inf or row["Units"] != "1/s":
            raise ModelImportError(
                f"{name}, line {table.line_num}: the turnover of {reaction!r} is "
                f"{row['Value']!r} {row['Units']!r}: give a number in 1/s",
                details={"file": name, "line": table.line_num, "element": reaction},
            )
        pair = list(found.get(reaction, (0.0, 0.0)))
        pair[direction] = kcat
        found[reaction] = (pair[0], pair[1])
