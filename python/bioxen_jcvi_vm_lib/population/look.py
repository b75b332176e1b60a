"""What a cell holds at one moment, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState

__all__ = ["NUMBERS", "Look"]

#: What is told of every cell at its birth and at its end, in this order.
NUMBERS = (
    "volume_l",
    "proteins",
    "mrnas",
    "ribosomes",
    "rna_polymerases",
    "chromosomes",
    "atp",
)


@dataclass(frozen=True, slots=True)
class Look:
    """A cell between two events.

    Attributes
    ----------
    cycle : CellCycleState
        Where it stands.
    proteins : ndarray of int64, shape (n_genes,)
        Every molecule of each protein: finished ones, and those that machines are made of.
    mrnas : ndarray of int64, shape (n_genes,)
        Transcripts of each gene.
    everything : ndarray of int64
        All that division shares out: proteins, transcripts, copies of genes, pools, machines,
        chromosomes and forks.
    numbers : tuple
        What `NUMBERS` names.
    """

    cycle: CellCycleState
    proteins: NDArray[np.int64]
    mrnas: NDArray[np.int64]
    everything: NDArray[np.int64]
    numbers: tuple[float, ...]

    @classmethod
    def at(cls, core: _core.Context) -> Self:
        """Look at a cell."""
        cycle, machines, pools = CellCycleState.of(core), core.machines(), core.resources()
        finished, built_in, mrnas = core.proteins(), core.in_machines(), core.mrnas()
        counts = [n for machine in machines.values() for n in machine.values()]
        rest = np.array([*pools.values(), *counts, cycle.chromosomes, cycle.forks], dtype=np.int64)
        numbers = (
            cycle.volume_l,
            int(finished.sum() + built_in.sum()),
            int(mrnas.sum()),
            machines["ribosome"]["total"],
            machines["rna_polymerase"]["total"],
            cycle.chromosomes,
            pools["ATP"],
        )
        shared = np.concatenate([finished, built_in, mrnas, core.gene_copies(), rest])
        return cls(cycle, finished + built_in, mrnas, shared, numbers)
