"""A transcription unit: promoter, leader, genes, terminator.

Layout in the direction of transcription, without gaps::

    pad | promoter 35 nt | leader ... | gene | spacer | gene ... | tail | terminator | pad
        -35   ...  -10  -1  +1 = TSS                               hairpin and T-run

- The promoter feature runs from the first base of the -35 box (TTGACA) to position -1, the base
  before the transcription start; between the boxes are 17 nt, the -10 box is TATAAT.
- Transcription starts at the base that follows the promoter feature and ends with the last base of
  the terminator feature.
- The operon feature (units of two genes or more) runs from the transcription start to the last
  base of the last gene: the hull of the genes and the leader.
- Protein genes have AGGAGG 5 to 9 nt before the start codon, except those that overlap the gene
  before them by 1 or 4 nt.
"""

from __future__ import annotations

from .catalogue import GeneDesign
from .draws import Draws
from .feature import Block, Feature, joined, reverse_complement
from .operons import Group
from .protein import Join, coding_sequence
from .rna import rna

MINUS_35, MINUS_10 = "TTGACA", "TATAAT"
SPACER_NT = 17
"""Bases between the boxes of a promoter: the best distance for the housekeeping sigma factor."""

DISCRIMINATOR_NT = 6
PROMOTER_NT = len(MINUS_35) + SPACER_NT + len(MINUS_10) + DISCRIMINATOR_NT

SHINE_DALGARNO = "AGGAGG"

STRENGTH_RANGE = (45, 765)
STRENGTH_RRNA, STRENGTH_TRNA, STRENGTH_OTHER_RNA = 2830, 765, 180

_NONCODING = (("A", 34), ("T", 34), ("G", 17), ("C", 15))
_STEM_BASES = (("G", 38), ("C", 38), ("A", 12), ("T", 12))
_JUNCTIONS = ((4, 14), (1, 6), (0, 80))
"""Overlap of neighbouring coding sequences in an operon [nt], with weights."""

_RRNA_SPACERS = {"rrl": 180, "rrf": 60}
"""Bases before the 23S and the 5S rRNA gene."""


def promoter_strength(genes: tuple[GeneDesign, ...]) -> int:
    """Relative strength of a unit's promoter, 180 being the typical one.

    For proteins the copies of the most abundant one, within `STRENGTH_RANGE`; stable RNAs have
    fixed strengths. The scale is that of the minimal-cell models (Thornburg et al., Cell 2022).

    Parameters
    ----------
    genes : tuple of GeneDesign   the genes of the unit

    Returns
    -------
    int   45 to 2,830
    """
    fixed = {"rRNA": STRENGTH_RRNA, "tRNA": STRENGTH_TRNA}
    if genes[0].kind != "CDS":
        return max(fixed.get(gene.kind, STRENGTH_OTHER_RNA) for gene in genes)
    low, high = STRENGTH_RANGE
    return min(high, max(low, *(gene.copies for gene in genes)))


def unit(group: Group, seed: int) -> Block:
    """Build the DNA of a transcription unit, read in the direction of transcription.

    Parameters
    ----------
    group : Group   the genes
    seed : int      seed of the design

    Returns
    -------
    Block   with `operon`, `regulatory`, `gene` and `CDS` or RNA features
    """
    draws = Draws(seed, f"unit {group.name}")
    operon = (("operon", group.name),) if len(group.genes) > 1 else ()
    genes = _genes(group, draws, seed, operon)
    last = max(feature.end for feature in genes.features)
    if operon:
        hull = Feature("operon", 0, last, operon)
        genes = Block(genes.sequence, (hull, *genes.features))
    # A unit of one gene has no operon name; its regulatory features name the gene, if that has one.
    owner = operon or ((("gene", group.name),) if group.genes[0].named else ())
    return joined(
        [
            Block(_noncoding(draws, draws.between(20, 60))),
            _promoter(draws, promoter_strength(group.genes), owner),
            genes,
            Block(_noncoding(draws, draws.between(8, 25))),
            _terminator(draws, owner),
            Block(_noncoding(draws, draws.between(10, 40))),
        ]
    )


def _noncoding(draws: Draws, length: int) -> str:
    return "".join(draws.weighted(_NONCODING) for _ in range(length))


def _promoter(draws: Draws, strength: int, owner: tuple[tuple[str, str], ...]) -> Block:
    """Boxes that depart from the consensus the more, the weaker the promoter."""
    mismatches = sum(strength < bound for bound in (500, 250, 120))
    # The first three bases of the -35 box and the outer A and T of the -10 box are never changed.
    boxes = list(MINUS_35 + MINUS_10)
    for at in draws.shuffled((3, 4, 5, 6, 8, 9, 10))[:mismatches]:
        boxes[at] = draws.pick([base for base in "ACGT" if base != boxes[at]])
    sequence = "".join(boxes[:6]) + _noncoding(draws, SPACER_NT)
    sequence += "".join(boxes[6:]) + _noncoding(draws, DISCRIMINATOR_NT)
    qualifiers = (
        ("regulatory_class", "promoter"),
        *owner,
        ("note", f"promoter strength: {strength}"),
    )
    return Block(sequence, (Feature("regulatory", 0, len(sequence), qualifiers),))


def _terminator(draws: Draws, owner: tuple[tuple[str, str], ...]) -> Block:
    """Rho-independent: a hairpin rich in G and C, then a run of T."""
    stem = "".join(draws.weighted(_STEM_BASES) for _ in range(draws.between(7, 10)))
    sequence = stem + draws.pick(("TTCG", "GAAA", "TTTT")) + reverse_complement(stem) + "T" * 8
    qualifiers = (("regulatory_class", "terminator"), *owner)
    return Block(sequence, (Feature("regulatory", 0, len(sequence), qualifiers),))


def _genes(group: Group, draws: Draws, seed: int, operon: tuple[tuple[str, str], ...]) -> Block:
    """Leader and genes; the leader's first base is the transcription start, a purine."""
    if group.genes[0].kind != "CDS":
        return _rna_genes(group, draws, seed, operon)
    overlaps = [0, *(draws.weighted(_JUNCTIONS) for _ in group.genes[1:]), 0]
    sequence = draws.pick("AG") + _ribosome_binding_site(draws, draws.between(10, 40))
    features: list[Feature] = []
    for index, gene in enumerate(group.genes):
        join = Join(before=overlaps[index], after=overlaps[index + 1])
        if index and not join.before:
            sequence += _ribosome_binding_site(draws, draws.between(0, 25))
        coding, encoded = coding_sequence(gene, seed, join)
        if sequence[len(sequence) - join.before :] != coding[: join.before]:
            raise AssertionError(f"{gene.name} does not fit the gene before it")
        start = len(sequence) - join.before
        sequence += coding[join.before :]
        whole = Block(coding, _cds_features(gene, encoded, operon))
        features += [feature.shifted(start) for feature in whole.features]
    return Block(sequence, tuple(features))


def _ribosome_binding_site(draws: Draws, before: int) -> str:
    return _noncoding(draws, before) + SHINE_DALGARNO + _noncoding(draws, draws.between(5, 9))


def _cds_features(
    gene: GeneDesign, encoded: str, operon: tuple[tuple[str, str], ...]
) -> tuple[Feature, ...]:
    length = 3 * len(encoded) + 3
    name = (("gene", gene.name),) if gene.named else ()
    function = (("function", gene.function),) if gene.named else ()
    cds = (
        *name,
        *function,
        ("note", f"copies at birth: {gene.copies}"),
        ("codon_start", "1"),
        ("transl_table", "11"),
        ("product", gene.product),
        ("translation", encoded),
    )
    return (
        Feature("gene", 0, length, (*name, *operon), label=gene.name),
        Feature("CDS", 0, length, cds, label=gene.name),
    )


def _rna_genes(group: Group, draws: Draws, seed: int, operon: tuple[tuple[str, str], ...]) -> Block:
    blocks = [Block(draws.pick("AG") + _noncoding(draws, draws.between(15, 40)))]
    for index, gene in enumerate(group.genes):
        if index:
            spacer = _RRNA_SPACERS.get(gene.name[:3], draws.between(5, 30))
            blocks.append(Block(_noncoding(draws, spacer)))
        block = rna(gene, seed)
        named = (("gene", gene.name),)
        whole = Feature("gene", 0, len(block.sequence), (*named, *operon), label=gene.name)
        (feature,) = block.features
        qualified = Feature(
            feature.kind, 0, feature.end, (*named, *feature.qualifiers), label=gene.name
        )
        blocks.append(Block(block.sequence, (whole, qualified)))
    return joined(blocks)
