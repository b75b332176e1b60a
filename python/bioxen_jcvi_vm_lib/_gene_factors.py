"""Tables of messengers and of transcription units, as factors by gene that the engine takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import counted, short
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
from bioxen_jcvi_vm_lib._gene_tables import column_of, rows_of

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.api.config_manager import ExecutionParameters

__all__ = ["apply_gene_factors", "table_notes"]

_UNGROUPED = 2**32 - 1
#: What a column may be called, and the factor that it makes of a value and the mean value.
_FACTORS: dict[str, tuple[tuple[str, ...], Callable[[float, float], float]]] = {
    "gene_decay": (("mrna_half_life_min", "half_life_min"), lambda value, mean: mean / value),
    "gene_messengers": (("tpm_m9_glucose", "tpm"), lambda value, mean: value / mean),
    "gene_loading": (("translation_efficiency",), lambda value, mean: value / mean),
}
#: Factors are held to these, as the engine does.
_LEAST, _MOST = 1e-6, 1e6

_Note = tuple[str, str]


def apply_gene_factors(
    engine: _core.Organism, execution: ExecutionParameters, genes: Sequence[_core.Gene]
) -> None:
    """Put what the configured tables say into an organism.

    Raises
    ------
    InvalidConfigurationError
        If a table cannot be read, lacks what it needs, or says something impossible; with the line.
    """
    if execution.gene_table_file is not None:
        for name, factors in _gene_factors(execution.gene_table_file, genes)[0].items():
            setattr(engine, name, factors)
    if execution.transcription_units_file is not None:
        engine.unit_groups = _unit_groups(execution.transcription_units_file, genes)[0]


def table_notes(execution: ExecutionParameters, genes: Sequence[_core.Gene]) -> list[_Note]:
    """Return what the report says of the configured tables: how much of them fits the genome."""
    notes: list[_Note] = []
    if execution.gene_table_file is not None:
        notes += _gene_factors(execution.gene_table_file, genes)[1]
    if execution.transcription_units_file is not None:
        notes += _unit_groups(execution.transcription_units_file, genes)[1]
    return notes


class _Finder:
    """Finds genes by locus tag, else by a symbol that only one has; keeps what it did not find."""

    def __init__(self, genes: Sequence[_core.Gene]) -> None:
        self._by_tag: dict[str, int] = {}
        named: dict[str, list[int]] = {}
        for index, gene in enumerate(genes):
            self._by_tag.setdefault(gene.locus_tag, index)
            if gene.name:
                named.setdefault(gene.name, []).append(index)
        self._by_name = {name: which[0] for name, which in named.items() if len(which) == 1}
        self.unknown: dict[str, None] = {}

    def find(self, tag: str, symbol: str = "") -> int | None:
        found = self._by_tag.get(tag, self._by_name.get(tag))
        if found is None and symbol:
            found = self._by_name.get(symbol)
        if found is None:
            self.unknown[tag or symbol] = None
        return found

    def missed(self) -> str:
        if not self.unknown:
            return "all genes of the table are in the genome"
        first = ", ".join(list(self.unknown)[:5])
        others = " and others" if len(self.unknown) > 5 else ""
        are = "is" if len(self.unknown) == 1 else "are"
        return (
            f"{counted(len(self.unknown), 'gene')} of the table {are} not in the genome: "
            f"{first}{others}"
        )


def _refused(path: str, line: int, message: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(
        f"{path}, line {line}: {message}", details={"path": path, "line": line}
    )


def _gene_factors(
    path: str, genes: Sequence[_core.Gene]
) -> tuple[dict[str, dict[int, float]], list[_Note]]:
    """Read half-lives, messengers and translation efficiencies, each relative to its mean."""
    names, rows = rows_of(path)
    columns = {
        factor: column
        for factor, (known, _) in _FACTORS.items()
        if (column := column_of(names, known)) is not None
    }
    tags, symbols = names.get("locustag"), column_of(names, ("symbol", "gene", "name"))
    if not columns or (tags is None and symbols is None):
        wanted = ", ".join(known[0] for known, _ in _FACTORS.values())
        raise InvalidConfigurationError(
            f"{path} needs a column locus_tag or symbol and one of {wanted}; "
            f"it has {', '.join(names.values()) or 'none'}",
            details={"path": path},
        )
    finder = _Finder(genes)
    values: dict[str, dict[int, float]] = {factor: {} for factor in columns}
    seen: set[int] = set()
    repeated = unmeasured = 0
    for line, row in rows:
        tag = (row[tags] or "").strip() if tags else ""
        symbol = (row[symbols] or "").strip() if symbols else ""
        if not tag and not symbol:
            continue
        gene = finder.find(tag, symbol)
        if gene is None:
            continue
        if gene in seen:
            repeated += 1
            continue
        seen.add(gene)
        for factor, column in columns.items():
            text = (row[column] or "").strip()
            if text in ("", "-"):
                continue
            number = _measured(path, line, column, tag or symbol, text)
            if number == 0.0 and factor == "gene_decay":
                unmeasured += 1  # no messenger vanishes at once: the fit found none
            elif genes[gene].kind == "protein":
                values[factor][gene] = number
    factors: dict[str, dict[int, float]] = {}
    told: list[str] = []
    for factor, measured in values.items():
        mean = sum(measured.values()) / len(measured) if measured else 0.0
        if mean > 0.0:
            law = _FACTORS[factor][1]
            factors[factor] = {
                gene: min(max(law(value, mean), _LEAST if factor == "gene_decay" else 0.0), _MOST)
                for gene, value in measured.items()
            }
        told.append(f"{columns[factor]} of {len(measured):,} (mean {mean:.4g})")
    if not factors:
        raise InvalidConfigurationError(
            f"{path} {_nothing_of(columns, seen, genes, unmeasured, finder)}",
            details={"path": path},
        )
    message = f"{path}: {', '.join(told)} protein-coding genes; the others are taken as the mean"
    if unmeasured:
        said = "half-life of 0 counts" if unmeasured == 1 else "half-lives of 0 count"
        message += f"; {unmeasured:,} {said} as not measured"
    if repeated:
        message += (
            f"; {counted(repeated, 'line')} for a gene that stands there already "
            f"{'does' if repeated == 1 else 'do'} not count"
        )
    return factors, [("gene-table", f"{message}; {finder.missed()}")]


def _nothing_of(
    columns: dict[str, str],
    seen: set[int],
    genes: Sequence[_core.Gene],
    unmeasured: int,
    finder: _Finder,
) -> str:
    """Tell why a table says nothing of a genome."""
    named = " and ".join(columns.values())
    if not seen:
        missed = finder.missed() if finder.unknown else "it has no rows"
        return f"has no gene of this genome: {missed}"
    if not any(genes[gene].kind == "protein" for gene in seen):
        return "has no protein-coding gene of this genome; only of those it is read"
    if unmeasured:
        return (
            f"says nothing: its half-lives in {columns['gene_decay']} are all 0, which counts as "
            "not measured"
        )
    return f"has no number above 0 in {named} for any protein-coding gene of this genome"


def _measured(path: str, line: int, column: str, gene: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _refused(
            path, line, f"{column} of {short(gene)} is {short(text)}, which is no number"
        ) from None
    if not math.isfinite(number) or number < 0 or number > 1e12:
        raise _refused(
            path, line, f"{column} of {short(gene)} is {text}; give a number from 0 to 1e12"
        )
    return number


def _unit_groups(path: str, genes: Sequence[_core.Gene]) -> tuple[list[int], list[_Note]]:
    """Read transcription units; a gene is in one.

    Where units overlap, those with experimental evidence go before others and longer ones before
    shorter ones; the rest of a unit that was beaten so is left to smaller ones and to distances.
    """
    names, rows = rows_of(path)
    column = column_of(names, ("locus_tags", "genes"))
    if column is None:
        raise InvalidConfigurationError(
            f"{path} needs a column locus_tags, the genes of a unit with spaces between; "
            f"it has {', '.join(names.values()) or 'none'}",
            details={"path": path},
        )
    finder = _Finder(genes)
    units = list(_units(path, rows, column, names.get("experimental"), finder))
    units.sort(key=lambda unit: (not unit[0], -len(unit[1])))
    groups = [_UNGROUPED] * len(genes)
    taken = 0
    for _, members in units:
        if all(groups[gene] == _UNGROUPED for gene in members):
            for gene in members:
                groups[gene] = taken
            taken += 1
    if not taken:
        raise InvalidConfigurationError(
            f"{path} holds no unit of genes of this genome: "
            + (finder.missed() if rows else "it has no rows"),
            details={"path": path},
        )
    free = sum(group == _UNGROUPED for group in groups)
    return groups, [
        (
            "transcription-units",
            f"{path}: {taken:,} of {len(rows):,} units are taken, the others overlap them or have "
            f"no gene here; {counted(free, 'gene')} in none, grouped by distance; "
            + finder.missed(),
        )
    ]


def _units(
    path: str,
    rows: list[tuple[int, dict[str, str | None]]],
    column: str,
    evidence: str | None,
    finder: _Finder,
) -> Iterator[tuple[bool, list[int]]]:
    """Yield the units of a table: whether an experiment says so, and genes."""
    for line, row in rows:
        tags = (row[column] or "").split()
        if not tags:
            raise _refused(path, line, "a unit has no genes")
        members = list(dict.fromkeys(g for tag in tags if (g := finder.find(tag)) is not None))
        told = (row[evidence] or "").strip() if evidence else "1"
        if told not in ("0", "1"):
            raise _refused(path, line, f"experimental is {short(told)}; give 0 or 1")
        if members:
            yield told == "1", members
