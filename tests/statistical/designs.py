"""Small genomes and cells in which one exact law holds, through the public interface.

Every cell has held pools, so that a step of a machine has one rate for good. A "messenger" is a
whole transcript that the cell is born with; their number is Poisson, and the tests read it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib._engine_organism import engine_organism

#: Of organism "minimal_cell", which the designs take: N_A V, Michaelis constants, and machines.
MOLECULES_PER_M = 6.02214076e23 * 3.351e-17
RNA_KM_MOLECULES = 0.1e-3 * MOLECULES_PER_M
CODON_KM_MOLECULES = 1e-6 * MOLECULES_PER_M
PROMOTER_BINDING_PER_M_S, STRENGTH_SCALE = 8804, 765
RIBOSOME_BINDING_PER_M_S = 5210
DEGRADOSOMES, DEGRADATION_NT_PER_S = 120, 88.0

#: So far apart that neighbours are not one unit (50 nt) and RNAPs do not meet.
SPACER = "c" * 80
CODON_OF = {"A": "gct", "K": "aaa", "L": "ctg", "E": "gaa", "M": "atg"}
NAME_OF = {"A": "Ala", "K": "Lys", "L": "Leu", "E": "Glu", "M": "Met"}
PLENTY = 1 << 39  # molecules; a step is then as fast as kcat to 1e-7
FOREVER_S = 1e9


def coding(protein: str) -> str:
    """An open reading frame."""
    return "".join(CODON_OF[residue] for residue in protein) + "taa"


def genbank(frames: Sequence[str]) -> bytes:
    """A linear record with the genes g0, g1, ... on its forward strand."""
    dna, features = SPACER, []
    for index, frame in enumerate(frames):
        place = f"{len(dna) + 1}..{len(dna) + len(frame)}"
        for kind, more in (("gene", ()), ("CDS", ("transl_table=11",))):
            features.append(f"     {kind:16}{place}")
            features += [f"{'':21}/{text}" for text in (f'locus_tag="g{index}"', *more)]
        dna += frame + SPACER
    rows = [
        f"{at + 1:>9} " + " ".join(dna[i : i + 10] for i in range(at, min(at + 60, len(dna)), 10))
        for at in range(0, len(dna), 60)
    ]
    head = f"LOCUS       LAW{len(dna):>23} bp    DNA     linear   SYN 01-JAN-2026"
    lines = [head, "FEATURES             Location/Qualifiers", *features, "ORIGIN", *rows, "//", ""]
    return "\n".join(lines).encode()


def strength_for(binding_per_s: float) -> float:
    """Promoter strength at which one free RNAP binds one promoter at this rate."""
    return binding_per_s * MOLECULES_PER_M * STRENGTH_SCALE / PROMOTER_BINDING_PER_M_S


@dataclass(frozen=True)
class Design:
    """A genome of equal genes and the parameters of the cells that run it."""

    frame: str
    genes: int = 1
    messengers: float = 0.0  # mean over cells, of each gene
    proteins: int = 0  # at birth, of each gene
    rnaps: int = 0
    ribosomes: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)  # gene_parameters of each gene
    execution: Mapping[str, Any] = field(default_factory=dict)
    messenger_lifetime_s: float = FOREVER_S  # until a degradosome binds, with all of them free
    plenty_of_degradosomes: bool = False
    protein_lifetime_s: float | None = None
    pools: Mapping[str, int] = field(default_factory=dict)  # others are plentiful

    def cells(self, seeds: Sequence[int]) -> list[bx.CellularContext]:
        """Newborn cells."""
        tags = [f"g{index}" for index in range(self.genes)]
        degradation = {"mrna_processing_rate": self.messenger_lifetime_s}
        if self.protein_lifetime_s is not None:
            degradation["protein_processing_rate"] = self.protein_lifetime_s
        with tempfile.TemporaryDirectory() as folder:
            tables = {}
            for key, count in (("mrna_file", self.messengers), ("proteome_file", self.proteins)):
                table = Path(folder, f"{key}.csv")
                rows = "".join(f"{tag},{count}\n" for tag in tags)
                table.write_text("locus_tag,count\n" + rows, encoding="utf-8")
                tables[key] = str(table)
            manager = bx.GenomicVirtualizationManager(
                {
                    "organism": "minimal_cell",
                    "virtual_resources": {
                        "rna_polymerase_allocation": self.rnaps,
                        "ribosome_allocation": self.ribosomes,
                    },
                    "execution_parameters": {
                        "hold_pools": True,
                        "degradation_processing": degradation,
                        "gene_parameters": {tag: dict(self.rates) for tag in tags},
                        **tables,
                        **self.execution,
                    },
                }
            )
            runtime = manager.load_genome_runtime(genbank([self.frame] * self.genes))
            assert not runtime.report
            if self.plenty_of_degradosomes:
                born = self._with_degradosomes(runtime, seeds)
            else:
                born = [manager.create_cellular_context(runtime, seed=seed) for seed in seeds]
        return [self._fed(cell) for cell in born]

    def cell(self, seed: int) -> bx.CellularContext:
        """A newborn cell."""
        return self.cells([seed])[0]

    def _with_degradosomes(
        self, runtime: bx.GenomicRuntime, seeds: Sequence[int]
    ) -> list[bx.CellularContext]:
        """Cells in which the free degradosomes are as good as constant; no configuration has that.

        The lifetime of an unbound messenger stays as it was configured.
        """
        organism = engine_organism(runtime.parameters, runtime.configuration, runtime.genes)
        plenty = 5_000_000
        organism.degradosome_binding_per_M_s *= organism.degradosomes / plenty
        organism.degradosomes = plenty
        organism.degradation_kcat_nt_per_s = 300.0
        program = runtime._program.with_organism(organism)
        return [bx.CellularContext(runtime, program, seed=seed) for seed in seeds]

    def _fed(self, cell: bx.CellularContext) -> bx.CellularContext:
        for name in ("ATP", "GTP", "CTP", "UTP", *(f"{name}-tRNA" for name in NAME_OF.values())):
            cell.set_resource(name, self.pools.get(name, PLENTY))
        return cell
