"""What a virtual machine is, is doing and has done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bioxen_jcvi_vm_lib._frozen import Record
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState
from bioxen_jcvi_vm_lib.hypervisor.records import whole

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState

__all__ = ["BiologicalMetrics", "BiologicalStatus"]


@dataclass(frozen=True, slots=True)
class BiologicalStatus(Record):
    """What a virtual machine is and is doing.

    Attributes
    ----------
    vm_id, biological_type, vm_type : str
        As it was made.
    state : str
        "created", "running", "paused", "stopped", "error" or "destroyed".
    cause : str
        Of an error or a quota, else empty.
    time_s : float
        Age of the cell [s].
    seed : int
        Of its random numbers.
    machines : mapping of str to mapping
        "total", "free" and "active" of every kind; empty without a cell.
    resources : mapping of str to int
        Nucleotides, amino acids, tRNA [molecules]; empty without a cell.
    transcripts : int
        Transcripts, counted once for each gene that they carry.
    proteins : int
        Finished proteins.
    pace : float
        Simulated seconds per second that a run under way was asked for; 0: as fast as it goes.
    deadline_misses : int
        Periods of its pace or its deadline policy that ended late.
    cell_cycle : CellCycleState or None
        Phase, volume, growth rate and chromosomes; None of a cell that does not grow, or is gone.
    metabolism : MetabolicState or None
        What its metabolic model gives it at present: status, growth rate, fluxes and what binds;
        None without a model, before it has lived, or if the cell is gone.
    """

    vm_id: str
    biological_type: str
    vm_type: str
    state: str
    cause: str
    time_s: float
    seed: int
    machines: Mapping[str, Mapping[str, int]] = field(hash=False)
    resources: Mapping[str, int] = field(hash=False)
    transcripts: int
    proteins: int
    pace: float
    deadline_misses: int
    cell_cycle: CellCycleState | None
    metabolism: MetabolicState | None = field(hash=False)


@dataclass(frozen=True, slots=True)
class BiologicalMetrics(Record):
    """What a cell has done and what it is busy with.

    Attributes
    ----------
    time_s : float
        Age of the cell [s].
    events : mapping of str to int
        Since birth, by kind.
    active_fractions : mapping of str to float
        Part of every kind of machine that is active, from 0 to 1.
    energy_charge : float
        (ATP + ADP/2) / (ATP + ADP + AMP), from 0 to 1 (Atkinson 1968); 0 without adenylate.
    transcripts, proteins : mapping of str to int
        By locus tag, those that exist.
    ledger : mapping of str to mapping
        Net molecules since birth by process and resource; negative is spent.
    speed : float
        Simulated seconds per second of a worker's time; 0 before it has run.
    cell_cycle : CellCycleState or None
        Phase, volume, growth rate and chromosomes; None of a cell that does not grow, or is gone.
    metabolism : MetabolicState or None
        What its metabolic model gives it at present: status, growth rate, fluxes and what binds;
        None without a model, before it has lived, or if the cell is gone.
    """

    time_s: float
    events: Mapping[str, int] = field(hash=False)
    active_fractions: Mapping[str, float] = field(hash=False)
    energy_charge: float
    transcripts: Mapping[str, int] = field(hash=False)
    proteins: Mapping[str, int] = field(hash=False)
    ledger: Mapping[str, Mapping[str, int]] = field(hash=False)
    speed: float
    cell_cycle: CellCycleState | None
    metabolism: MetabolicState | None = field(hash=False)

    def top_expressed(self, n: int = 10) -> list[tuple[str, int]]:
        """Return the locus tags with the most proteins, with their numbers, most first.

        Parameters
        ----------
        n : int
            How many at most, 0 or more.
        """
        whole(n, "n", 0, 2**63 - 1)
        return sorted(self.proteins.items(), key=lambda pair: (-pair[1], pair[0]))[:n]
