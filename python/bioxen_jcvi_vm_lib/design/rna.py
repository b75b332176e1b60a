"""Stable RNAs: designed folds with the few conserved features that give them their function."""

from __future__ import annotations

from .catalogue import GeneDesign
from .composition import CODONS
from .draws import Draws
from .feature import Block, Feature, Site, reverse_complement

_STEM_BASES = (("G", 35), ("C", 35), ("A", 15), ("T", 15))
_LOOP_BASES = (("A", 30), ("T", 28), ("G", 24), ("C", 18))

ANTI_SHINE_DALGARNO = "GGATCACCTCCTTTCT"
"""End of the 16S rRNA; it holds CCTCC, which pairs with the AGGAGG before a start codon."""

_LONG_VARIABLE_ARM = {"Leu": 4, "Ser": 5, "Tyr": 3}
"""Base pairs of the long variable arm of the class II tRNAs; the others have five bases there."""

_TAG_PEPTIDE = "ANNDSYALAA"
"""Designed degradation tag of the tmRNA; it ends as natural ones do, where ClpXP recognises it."""

_OUTER_STEM = {"rrs": 0, "rrl": 8, "rrf": 9, "rnpB": 9, "ffs": 40}
"""Base pairs between the ends of the other RNAs, by name (rRNA without the letter of the copy)."""


def rna(gene: GeneDesign, seed: int) -> Block:
    """Draw a stable RNA.

    Parameters
    ----------
    gene : GeneDesign   an RNA gene
    seed : int          seed of the design

    Returns
    -------
    Block   the DNA of the RNA, with one feature of kind `gene.kind` that spans it; copies of an
        rRNA have one sequence
    """
    family = gene.name[:3] if gene.kind == "rRNA" else gene.name
    draws = Draws(seed, f"rna {family}")
    if gene.kind == "tRNA":
        return _trna(gene, draws)
    if gene.kind == "tmRNA":
        return _tmrna(gene, draws)
    end = ANTI_SHINE_DALGARNO if family == "rrs" else ""
    sequence = _folded(draws, gene.length - len(end), _OUTER_STEM[family]) + end
    qualifiers: list[tuple[str, str | Site]] = []
    if gene.kind == "ncRNA":
        qualifiers.append(("ncRNA_class", gene.style))
    return _block(gene, sequence, qualifiers)


def _block(gene: GeneDesign, sequence: str, qualifiers: list[tuple[str, str | Site]]) -> Block:
    whole = [("product", gene.product), *qualifiers]
    return Block(sequence, (Feature(gene.kind, 0, len(sequence), tuple(whole), label=gene.name),))


def _bases(draws: Draws, weights: tuple[tuple[str, int], ...], length: int) -> str:
    return "".join(draws.weighted(weights) for _ in range(length))


def _folded(draws: Draws, length: int, stem: int) -> str:
    """Return an RNA whose ends pair over `stem` bases, with G and C in equal parts inside."""
    five_prime = _bases(draws, _STEM_BASES, stem)
    inside = _bases(draws, (("A", 26), ("C", 24), ("G", 28), ("T", 22)), length - 2 * stem)
    return five_prime + inside + reverse_complement(five_prime)


def _hairpin(draws: Draws, stem: int, loop: str) -> str:
    five_prime = _bases(draws, _STEM_BASES, stem)
    return five_prime + loop + reverse_complement(five_prime)


def _trna(gene: GeneDesign, draws: Draws) -> Block:
    """Cloverleaf in the standard numbering, conserved bases in place, CCA encoded.

    Acceptor 1-7, T8 A9, D arm 10-25 (A14, G18 G19, A21), A26, anticodon arm 27-43 (C32 T33,
    anticodon 34-36, A37 A38), variable arm 44-48, T arm 49-65 (TTC 54-56, A58), 66-73, CCA.
    """
    amino_acid, anticodon, *note = gene.style.split(maxsplit=2)
    acceptor = _bases(draws, _STEM_BASES, 7)
    d_arm = _hairpin(draws, 4, "A" + draws.pick("AG") + "TGG" + draws.pick("TC") + "TA")
    pairs = _LONG_VARIABLE_ARM.get(amino_acid, 0)
    variable = _hairpin(draws, pairs, "TAAT") if pairs else draws.pick("AG") + "GGTC"
    before_anticodon = acceptor + "TA" + d_arm + "A"
    anticodon_stem = _bases(draws, _STEM_BASES, 5)
    before_anticodon += anticodon_stem + "CT"
    sequence = before_anticodon + anticodon + "AA" + reverse_complement(anticodon_stem)
    sequence += variable + _t_arm(draws) + reverse_complement(acceptor) + "ACCA"
    at = len(before_anticodon)
    site = Site(at, at + 3, "(pos:", f",aa:{amino_acid},seq:{anticodon.lower()})")
    qualifiers: list[tuple[str, str | Site]] = [("anticodon", site)]
    if note:
        qualifiers.append(("note", note[0]))
    return _block(gene, sequence, qualifiers)


def _t_arm(draws: Draws) -> str:
    stem = _bases(draws, _STEM_BASES, 4) + "G"
    return stem + "TTC" + draws.pick("AG") + "A" + draws.pick("AT") + "T" + reverse_complement(stem)


def _tmrna(gene: GeneDesign, draws: Draws) -> Block:
    """Half a tRNA(Ala) at the ends, between them the reading frame of the degradation tag."""
    acceptor = "GGGG" + _bases(draws, _STEM_BASES, 3)
    tag = "".join(draws.weighted(CODONS[residue]) for residue in _TAG_PEPTIDE) + "TAA"
    before = acceptor + "TA" + _bases(draws, _LOOP_BASES, 78)
    end = _t_arm(draws) + reverse_complement(acceptor) + "ACCA"
    rest = gene.length - len(before) - len(tag) - len(end)
    sequence = before + tag + _folded(draws, rest, 8) + end
    site = Site(len(before), len(before) + len(tag))
    return _block(gene, sequence, [("tag_peptide", site)])
