"""Tables by gene: CSV files with a ``locus_tag`` column."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError

__all__ = ["column_of", "copies_at_birth", "read_gene_numbers", "read_gene_words", "rows_of"]

_Row = tuple[int, dict[str, str | None]]
# One gene of JCVI-syn3A under the prefixes that published tables give it.
_SYN3A_TAG = re.compile(r"(?:JCVISYN3A|MMSYN1|P)_(\d{4})")
_COPIES = re.compile(r"copies at birth: (\d{1,9})")


def copies_at_birth(records: Sequence[_core.Record], genes: Sequence[_core.Gene]) -> dict[int, int]:
    """Return the molecules that a genome's own notes give a newborn cell, by position of the gene.

    The built-in genome says ``/note="copies at birth: 150"`` in each of its coding sequences: all
    molecules of the protein, those in machines included.
    """
    noted: dict[str, int] = {}
    for record in records:
        for feature in record.features:
            if feature.kind != "CDS":
                continue
            tag = next((text for key, text in feature.qualifiers if key == "locus_tag"), None)
            for key, text in feature.qualifiers:
                said = _COPIES.fullmatch(text or "") if key == "note" else None
                if tag and said:
                    noted[tag] = int(said[1])
    tags = ((index, gene.locus_tag) for index, gene in enumerate(genes))
    return {index: noted[tag] for index, tag in tags if tag in noted}


def read_gene_numbers(
    path: str, columns: Sequence[str], genes: Sequence[_core.Gene]
) -> dict[int, float]:
    """Read numbers by gene.

    Tags are matched as they are; of JCVI-syn3A, ``MMSYN1_0445``, ``JCVISYN3A_0445`` and ``P_0445``
    are one gene. A count that is no number ("-") is unknown.

    Parameters
    ----------
    path : str
        The file.
    columns : sequence of str
        Names of the column of numbers, the first that exists is taken; case does not matter.
    genes : sequence of Gene
        Genes of the genome.

    Returns
    -------
    dict of int to float
        Number by position in `genes`.

    Raises
    ------
    InvalidConfigurationError
        If the file cannot be read, lacks a column, holds a negative number, or no gene of the
        genome.
    """
    names, rows = rows_of(path)
    column = column_of(names, columns)
    if column is None or "locustag" not in names:
        raise InvalidConfigurationError(
            f"{path} needs the columns locus_tag and {' or '.join(columns)}; "
            f"it has {', '.join(names.values()) or 'none'}",
            details={"path": path},
        )
    values: dict[int, float] = {}
    known = False
    for gene, line, tag, text in _of_genes(rows, names["locustag"], column, genes):
        known = True
        number = _number(text)
        if number is None:
            continue
        if not math.isfinite(number) or number < 0:
            raise InvalidConfigurationError(
                f"{path}, line {line}: {column} of {tag} is {number:g}; a count is 0 or more",
                details={"path": path, "line": line},
            )
        values[gene] = number
    if not values:
        raise InvalidConfigurationError(
            f"{path} has no number in its column {column} for any gene of this genome"
            if known
            else f"{path} has no gene of this genome: {_tags(rows, names['locustag'], genes)}",
            details={"path": path},
        )
    return values


def read_gene_words(
    path: str, columns: Sequence[str], genes: Sequence[_core.Gene]
) -> dict[int, str]:
    """Read words by gene, as `read_gene_numbers` reads numbers; a file without the column has none.

    Raises
    ------
    InvalidConfigurationError
        If the file cannot be read.
    """
    names, rows = rows_of(path)
    column = column_of(names, columns)
    if column is None or "locustag" not in names:
        return {}
    words = _of_genes(rows, names["locustag"], column, genes)
    return {gene: text for gene, _, _, text in words if text}


def rows_of(path: str) -> tuple[dict[str, str], list[_Row]]:
    """Read a table: columns by their names without case and underscores, rows with their lines."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = _columns(path, reader.fieldnames or ())
            return names, [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidConfigurationError(
            f"the table {path} cannot be read: {getattr(error, 'strerror', None) or error}",
            details={"path": path},
        ) from None


def _columns(path: str, header: Sequence[str]) -> dict[str, str]:
    """Return the names of columns by what they are compared by."""
    for separator, said in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise InvalidConfigurationError(
                f"{path} has {said} between its columns: separate them by commas",
                details={"path": path},
            )
    names: dict[str, str] = {}
    for name in header:
        key = re.sub(r"[\s_]", "", name.casefold())
        if key and key in names:
            raise InvalidConfigurationError(
                f"{path} has the column {short(name.strip())} twice: leave one",
                details={"path": path, "column": name.strip()},
            )
        names[key] = name
    return names


def column_of(names: dict[str, str], columns: Sequence[str]) -> str | None:
    """Return the first of some columns that a table has."""
    return next((names[c.replace("_", "")] for c in columns if c.replace("_", "") in names), None)


def _tags(rows: list[_Row], column: str, genes: Sequence[_core.Gene]) -> str:
    """Tell locus tags of a table and of a genome that have nothing in common."""
    there = next((tag for _, row in rows if (tag := (row[column] or "").strip())), None)
    here = next((gene.locus_tag for gene in genes if gene.locus_tag), None)
    if there is None:
        return f"its column {column} is empty"
    return f"its first is {short(there)}" + (
        "" if here is None else f", the genome's {short(here)}"
    )


def _of_genes(
    rows: list[_Row],
    tag_column: str,
    column: str,
    genes: Sequence[_core.Gene],
) -> Iterator[tuple[int, int, str, str]]:
    """Yield gene, line, locus tag and text of the rows that are of a gene of the genome."""
    by_tag = {gene.locus_tag: index for index, gene in enumerate(genes)}
    by_digits: dict[str, int] = {}
    for index, gene in enumerate(genes):
        digits = _SYN3A_TAG.fullmatch(gene.locus_tag)
        if digits:
            by_digits.setdefault(digits[1], index)
    for line, row in rows:
        tag = (row[tag_column] or "").strip()
        digits = _SYN3A_TAG.fullmatch(tag)
        found = by_tag.get(tag, by_digits.get(digits[1]) if digits else None)
        if found is not None:
            yield found, line, tag, (row[column] or "").strip()


def _number(text: str) -> float | None:
    """Read a number; None where the cell is blank or no number."""
    try:
        return float(text)
    except ValueError:
        return None
