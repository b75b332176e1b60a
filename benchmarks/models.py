"""One description of a gene expression model, from which every engine's input is made.

Each gene has a promoter, a leader, a coding sequence, a trailer and a terminator of its own. RNA
polymerases, ribosomes and nucleases are the same for every number of genes; coding lengths and
promoter strengths vary from gene to gene.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Gene:
    """A transcription unit with one coding sequence; positions are 0-based on the genome."""

    name: str
    promoter_nt: int  #: where the RNA polymerase stands after binding: its first nucleotide
    length_nt: int  #: of the transcript
    codons: int  #: without the stop
    binding_per_molar_s: float  #: of RNA polymerase


@dataclass(frozen=True)
class ExpressionModel:
    """Phage-like expression from `genes` genes, without metabolism: every machine has one speed.

    A step of an RNA polymerase is a nucleotide, that of a ribosome a codon or three nucleotides. A
    promoter is free when its last polymerase is a footprint away, and so is a ribosome binding
    site, on nascent transcripts too. Binding is mass action in a volume. There are no transcripts
    at time 0, and none decays.
    """

    genes: int
    volume_l: float = 8e-16
    rna_polymerases: int = 16
    rnap_nt_per_s: float = 45.0
    rnap_footprint_nt: int = 50
    ribosomes: int = 200
    ribosome_codons_per_s: float = 10.0
    ribosome_footprint_codons: int = 10
    ribosome_binding_per_molar_s: float = 8e5
    leader_nt: int = 60  #: from the 5' end to the start codon
    transcript_nt: int = 600
    codons: tuple[int, ...] = (60, 100, 140)
    promoter_binding_per_molar_s: tuple[float, ...] = (2e7, 4e7)
    gap_nt: int = 200  #: between a terminator and the next promoter

    @property
    def ribosome_footprint_nt(self) -> int:
        return 3 * self.ribosome_footprint_codons

    @property
    def exposure_nt(self) -> int:
        """Length at which a nascent transcript can take its first ribosome."""
        return self.leader_nt + self.ribosome_footprint_nt

    @property
    def length_nt(self) -> int:
        return (self.genes + 1) * self.gap_nt + self.genes * self.transcript_nt

    def layout(self) -> Iterator[Gene]:
        """Genes from left to right."""
        kinds = itertools.cycle(itertools.product(self.codons, self.promoter_binding_per_molar_s))
        for index, (codons, binding) in zip(range(self.genes), kinds, strict=False):
            start = self.gap_nt + index * (self.transcript_nt + self.gap_nt)
            yield Gene(f"g{index:03d}", start, self.transcript_nt, codons, binding)
