"""Genomic programs: statements that a cell carries out, as text or as values.

A program is a whitelist of calls with literal arguments, never evaluated; `_parser` has the
grammar. Where a gene that is to be expressed is knocked out, the run is carried out all the same,
for what had begun goes on; the result's ``notes`` tell.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._frozen import plain
from bioxen_jcvi_vm_lib._parser import MAX_STATEMENTS, statements_of
from bioxen_jcvi_vm_lib.statements import (
    CellCycleCheckpoint,
    CreateCellularContext,
    Divide,
    Inhibit,
    Knockout,
    Replicate,
    Run,
    RunMetabolicPathways,
    RunOperon,
    SetEnvironment,
    SetResource,
    Snapshot,
    Statement,
)

__all__ = [
    "CellCycleCheckpoint",
    "CreateCellularContext",
    "Divide",
    "GenomicProgram",
    "Inhibit",
    "Knockout",
    "Replicate",
    "Run",
    "RunMetabolicPathways",
    "RunOperon",
    "SetEnvironment",
    "SetResource",
    "Snapshot",
    "Statement",
]


@dataclass(frozen=True, slots=True)
class GenomicProgram:
    """A checked sequence of statements; immutable, comparable, printable.

    ``GenomicProgram.parse(str(program)) == program`` holds for every program. Programs follow one
    another as ``first + second``; the text of one may stand on either side.

    >>> prepare = GenomicProgram.parse('knockout("rpoB")')
    >>> print(prepare + "run(60)")
    knockout("rpoB")
    run(60.0)

    Attributes
    ----------
    statements : tuple of statements
        Run, RunOperon, Knockout, SetResource, SetEnvironment, Inhibit, Snapshot, Replicate, Divide,
        RunMetabolicPathways, CreateCellularContext or CellCycleCheckpoint, in the order of
        execution.
    """

    statements: tuple[Statement, ...]

    def __post_init__(self) -> None:
        given: object = self.statements
        if not isinstance(given, tuple):
            raise APIValidationError(
                f"statements are a tuple, not {short(given)}: GenomicProgram.parse reads text",
                details={"argument": "statements"},
            )
        if not given:
            raise APIValidationError(
                "a program has at least one statement, such as Run(60.0)",
                details={"argument": "statements"},
            )
        if len(given) > MAX_STATEMENTS:
            raise APIValidationError(
                f"together these are {len(given):,} statements, and a program has at most "
                f"{MAX_STATEMENTS:,}: carry them out one after the other",
                details={"argument": "statements"},
            )
        for one in given:
            if not isinstance(one, Statement):
                raise APIValidationError(
                    f"{short(one)} is no statement: give Run, RunOperon, Knockout, SetResource, "
                    "SetEnvironment, Inhibit, Snapshot, Replicate, Divide, RunMetabolicPathways, "
                    "CreateCellularContext or CellCycleCheckpoint, or read text with "
                    "GenomicProgram.parse",
                    details={"argument": "statements"},
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the text, which `parse` reads, and every statement: its call and arguments."""
        return {
            "text": str(self),
            "statements": [_as_data(statement) for statement in self.statements],
        }

    @classmethod
    def parse(cls, text: str) -> GenomicProgram:
        """Read a program.

        Parameters
        ----------
        text : str
            At most 1,000,000 characters.

        Raises
        ------
        ProgramSyntaxError
            With ``.position``, the line, a caret and what would be right.
        """
        if not isinstance(text, str):
            raise APIValidationError(
                f"a program is text or a GenomicProgram, not {type(text).__name__}"
            )
        return cls(statements_of(text))

    def __add__(self, other: GenomicProgram | str) -> GenomicProgram:
        following = self.parse(other) if isinstance(other, str) else other
        if not isinstance(following, GenomicProgram):
            return NotImplemented
        return GenomicProgram(self.statements + following.statements)

    def __radd__(self, other: str) -> GenomicProgram:
        if not isinstance(other, str):
            return NotImplemented
        return GenomicProgram(self.parse(other).statements + self.statements)

    def __str__(self) -> str:
        return "\n".join(str(statement) for statement in self.statements)


def _as_data(statement: Statement) -> dict[str, Any]:
    call = str(statement).partition("(")[0]
    values = {part.name: plain(getattr(statement, part.name)) for part in fields(statement)}
    return {"call": call, **values}
