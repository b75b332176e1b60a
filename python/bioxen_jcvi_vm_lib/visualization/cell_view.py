"""One cell in the terminal: its machines, pools, best expressed genes and genome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib._checks import counted
from bioxen_jcvi_vm_lib._errors import BioXenException
from bioxen_jcvi_vm_lib._observed_cell import energy_charge
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.hypervisor.metrics import VmMetrics
from bioxen_jcvi_vm_lib.visualization.text import Line, compact, femtolitres, shortened

__all__ = ["CellView"]

#: How many polymerases stand at one place of the genome, from none to seven and more.
_DENSITY = " ▁▂▃▄▅▆▇█"
#: Widths of what stands on both sides of a bar.
_LABEL, _NUMBERS = 16, 28
_LONGEST_BAR = 60
_MOST_GENES = 24
_POOLS = ("GTP", "CTP", "UTP", "ADP", "AMP", "Pi", "PPi")


@dataclass(frozen=True, slots=True)
class CellView:
    """What one cell has.

    The parts are looked at one after the other, each between two events, while the cell runs.

    Attributes
    ----------
    name : str
        Of its machine.
    why : str
        Why there is nothing more to show; else empty.
    machines : mapping of str to mapping
        "total", "free" and "active" of every kind, those of the metrics.
    resources : dict of str to int
        Molecules.
    genes : list of (str, int, int)
        Name, proteins and transcripts of the genes with the most proteins, most first.
    tracks : list of (str, ndarray)
        Of the longest replicon: "forward" and "reverse" with the places of RNA polymerases [nt].
    length_nt : int
        Of that replicon.
    cycle : CellCycleState or None
        Where a cell that grows stands, from the metrics.
    copies : list of (int, int)
        Of a cell that grows, places and numbers of copies of the genes on that replicon.
    metabolism : str
        What its metabolic model gives it; empty without one.
    """

    name: str
    why: str = ""
    machines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    resources: dict[str, int] = field(default_factory=dict)
    genes: list[tuple[str, int, int]] = field(default_factory=list)
    tracks: list[tuple[str, NDArray[np.int64]]] = field(default_factory=list)
    length_nt: int = 0
    cycle: CellCycleState | None = None
    copies: list[tuple[int, int]] = field(default_factory=list)
    metabolism: str = ""

    @classmethod
    def of(cls, vm: VmMetrics, context: CellularContext) -> CellView:
        """Look at a cell.

        Parameters
        ----------
        vm : VmMetrics
            Metrics of its machine.
        context : CellularContext
            The cell.
        """
        replicons = context.runtime.replicons
        longest = max(range(len(replicons)), key=lambda index: replicons[index].length_nt)
        try:
            proteins, mrnas = context.proteins, context.mrnas
            working, resources = context.polymerases(), context.resources
            copies = [] if vm.cell_cycle is None else context.gene_copies.tolist()
            metabolism = context.metabolism
        except BioXenException as error:  # it failed, or was destroyed
            return cls(vm.vm_id, why=error.message)
        best = np.argsort(-proteins, kind="stable")[:_MOST_GENES].tolist()
        genes = [(context.runtime.genes[index], index) for index in best]
        on_dna = working[(working["kind"] == "rna_polymerase") & (working["replicon"] == longest)]
        return cls(
            name=vm.vm_id,
            machines=vm.machines,
            resources=resources,
            genes=[
                (gene.name or gene.locus_tag, int(proteins[index]), int(mrnas[index]))
                for gene, index in genes
            ],
            tracks=[
                ("forward", on_dna["position_nt"][on_dna["strand"] > 0]),
                ("reverse", on_dna["position_nt"][on_dna["strand"] < 0]),
            ],
            length_nt=replicons[longest].length_nt,
            cycle=vm.cell_cycle,
            copies=[
                (gene.start, number)
                for gene, number in zip(context.runtime.genes, copies, strict=False)
                if gene.replicon == longest
            ],
            metabolism=metabolism[-1].in_words if metabolism else "",
        )

    def lines(self, width: int) -> Iterator[Line]:
        """Yield the lines of a picture.

        Parameters
        ----------
        width : int
            Of the terminal [characters].
        """
        about = f"{self.name}, {self.length_nt:,} nt" if self.length_nt else self.name
        head = f"─── {about} "
        yield [(shortened(head + "─" * max(0, width - len(head)), width), "bold")]
        if self.why:
            yield [(shortened(self.why, width), "red")]
            return
        if self.cycle is not None:
            yield [(_listed("cell cycle", _in_words(self.cycle), width), "magenta")]
        if self.metabolism:
            yield [(_listed("metabolism", iter(self.metabolism.split(", ")), width), "")]
        for kind, counts in self.machines.items():
            if kind == "replisome":  # none waits: there are as many as forks
                continue
            share = counts["active"] / counts["total"] if counts["total"] else 0.0
            numbers = f"{counts['active']:,} of {counts['total']:,} active"
            yield _bar(kind.replace("_", " "), share, numbers, width, "green")
        charge, atp = energy_charge(self.resources), f"{compact(self.resources['ATP'])} ATP"
        yield _bar("energy charge", charge, atp, width, "yellow")
        pools = (f"{name} {compact(self.resources[name])}" for name in _POOLS)
        yield [(_listed("pools", pools, width), "")]
        genes = (f"{name} {compact(n)} ({mrnas})" for name, n, mrnas in self.genes)
        yield [(_listed("proteins (mRNAs)", genes, width), "")]
        for strand, places in self.tracks:
            drawn = self._track(places, max(1, width - _LABEL - 1))
            yield [(f"{'RNAP, ' + strand:{_LABEL}} "[:width], ""), (drawn, "cyan")]
        if self.copies:
            drawn = self._copies(max(1, width - _LABEL - 1))
            yield [(f"{'copies of DNA':{_LABEL}} "[:width], ""), (drawn, "magenta")]

    def _copies(self, width: int) -> str:
        """Say of each part of the replicon how many copies its genes have, at most 9.

        Where no gene begins, those of the nearest gene.
        """
        most: dict[int, int] = {}
        for place, number in self.copies:
            part = min(place * width // self.length_nt, width - 1)
            most[part] = max(most.get(part, 0), min(number, 9))
        nearest = (min(most, key=lambda known: abs(known - part)) for part in range(width))
        return "".join(str(most[part]) for part in nearest)

    def _track(self, places: NDArray[np.int64], width: int) -> str:
        counts, _ = np.histogram(places, width, range=(0, self.length_nt))
        return "".join(_DENSITY[count] for count in np.minimum(counts, len(_DENSITY) - 1).tolist())


def _in_words(cycle: CellCycleState) -> Iterator[str]:
    """Say where a cell stands, the most important first."""
    yield cycle.phase
    if cycle.ready_to_divide:
        yield "ready to divide"
    yield f"{femtolitres(cycle.volume_l)} fL"
    yield f"growth {cycle.growth_rate_per_h:.2f}/h"
    yield counted(cycle.chromosomes, "chromosome")
    yield counted(cycle.forks, "fork")
    yield f"generation {cycle.generation}"


def _listed(label: str, parts: Iterator[str], width: int) -> str:
    """Return as many parts as have room."""
    line = f"{label:{_LABEL}}"
    for number, part in enumerate(parts):
        gap = "  " if number else " "
        if len(line) + len(gap) + len(part) > width:
            break
        line += gap + part
    return shortened(line, width)


def _bar(label: str, share: float, numbers: str, width: int, style: str) -> Line:
    """Return a line with a bar of which the part `share` is filled."""
    text = f" {100 * share:3.0f} %  {numbers}"
    room = min(width - _LABEL - 1 - _NUMBERS, _LONGEST_BAR)
    if room < 5:
        if _LABEL + len(text) > width:
            text = text.removesuffix(" active")
        first = max(1, min(_LABEL, width - len(text)))
        return [(f"{shortened(label, first):{first}}{text}"[:width], "")]
    filled = round(max(0.0, min(1.0, share)) * room)
    return [
        (f"{label:{_LABEL}} ", ""),
        ("█" * filled, style),
        ("░" * (room - filled), "dim"),
        (text[:_NUMBERS], ""),
    ]
