"""What a biological process came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib._frozen import Record
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.program import GenomicProgram
from bioxen_jcvi_vm_lib.result import ExecutionResult, in_short

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult

__all__ = ["ProcessResult"]

#: Statements of a program that a notebook shows.
_SHOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class ProcessResult(Record):
    """What a biological process came to.

    Attributes
    ----------
    vm_id : str
        Which machine carried it out.
    program : GenomicProgram
        What was carried out.
    execution : ExecutionResult
        Samples, events, ledger and audit.
    """

    vm_id: str
    program: GenomicProgram
    execution: ExecutionResult

    @property
    def status(self) -> str:
        """How it ended: "completed", "exhausted", "divided" (the cell is ready to), "quota",
        "stopped" or "cancelled" (Ctrl-C).
        """
        return self.execution.status

    @property
    def cause(self) -> str:
        """Which quota; else empty."""
        return self.execution.cause

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is to be known: which genes that it was to express are knocked out."""
        return self.execution.notes

    @property
    def contexts(self) -> tuple[CellularContext, ...]:
        """Cells that it made: by ``divide()`` the other half, by ``create_cellular_context({...})``
        a further one.
        """
        return self.execution.contexts

    @property
    def metabolic_results(self) -> tuple[MetabolicResult, ...]:
        """What each ``run_metabolic_pathways()`` found."""
        return self.execution.metabolic_results

    @property
    def events(self) -> Mapping[str, int]:
        """Events during the process by kind."""
        return self.execution.events

    @property
    def sim_time_s(self) -> float:
        """How long the cell lived meanwhile [s]."""
        return self.execution.sim_time_s

    @property
    def wall_time_s(self) -> float:
        """How long it took [s]."""
        return self.execution.wall_time_s

    def to_dict(self) -> dict[str, Any]:
        """Return the program as text, and the execution's columns."""
        return {
            "vm_id": self.vm_id,
            "program": str(self.program),
            "execution": self.execution.to_dict(),
        }

    def __repr__(self) -> str:
        return (
            f"<ProcessResult of {self.vm_id!r}: {self.status}, {self.sim_time_s:g} s of the cell "
            f"in {self.wall_time_s:.3g} s{in_short(self.notes)}>"
        )

    def _repr_html_(self) -> str:
        statements = self.program.statements
        text = "; ".join(map(str, statements[:_SHOWN]))
        text = text if len(text) <= 200 else text[:199] + "…"
        if len(statements) > _SHOWN:
            text += f"; and {len(statements) - _SHOWN:,} more"
        return facts([("program", text), *self.execution._facts()], self.vm_id)
