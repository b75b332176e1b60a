"""The chromosome: origin, two replication arms of equal length, terminus.

Position 1 is the first base of the origin. The right arm runs forward from it, the left arm back
from the end of the sequence; the forks meet at the terminus, half-way round. Transcription mostly
follows the fork (forward on the right arm, reverse on the left), always for the highly expressed
units, which also lie in the half of each arm next to the origin. Nothing crosses the seam.
"""

from __future__ import annotations

from dataclasses import replace

from .catalogue import catalogue
from .draws import Draws
from .feature import Block, Feature, Site, joined
from .operons import AT_ORIGIN_FORWARD, AT_ORIGIN_REVERSE, Group, groups
from .unit import promoter_strength, unit

LOCUS_PREFIX = "BXMC_"
_AT_ORIGIN = (AT_ORIGIN_FORWARD, AT_ORIGIN_REVERSE)

HIGHLY_EXPRESSED = 500
"""Promoter strength from which a unit stays close to the origin and follows the fork."""

_HEAD_ON = (("head-on", 22), ("with the fork", 78))
"""Orientation of the other units, with weights."""

_DNAA_BOXES = (
    ("TTATCCACA", "high affinity"),
    ("TTATCAACA", "low affinity"),
    ("TTATCCACA", "high affinity"),
    ("TTTTCCACA", "low affinity"),
    ("TTATCCACA", "high affinity"),
)
_UNWINDING = (("A", 45), ("T", 45), ("G", 5), ("C", 5))
_UNWINDING_NT = 60
_DIF = "AATTCTCATAGGCGCTTATGAGAATTAC"
_NONCODING = (("A", 34), ("T", 34), ("G", 16), ("C", 16))


def chromosome(seed: int) -> Block:
    """Design the whole chromosome.

    Parameters
    ----------
    seed : int   seed of the design

    Returns
    -------
    Block   sequence with all features but `source`, sorted by position, locus tags in place
    """
    right, left = _arms(groups(catalogue(seed), seed), seed)
    parts = [_origin(seed), *right, _terminus(seed), *reversed(left)]
    whole = joined(parts)
    return Block(whole.sequence, _tagged(sorted(whole.features, key=_file_order)))


def _arms(units: list[Group], seed: int) -> tuple[list[Block], list[Block]]:
    """Give the units to the arms, both listed from the origin outwards, as they lie forward."""
    draws = Draws(seed, "arms")
    first = {group.name: group for group in units if group.name in _AT_ORIGIN}
    right = [unit(first[AT_ORIGIN_FORWARD], seed)]
    left = [unit(first[AT_ORIGIN_REVERSE], seed).reversed()]
    lengths = {"right": len(right[0].sequence), "left": len(left[0].sequence)}
    for group in _by_distance([group for group in units if group.name not in first], draws):
        strong = promoter_strength(group.genes) >= HIGHLY_EXPRESSED
        head_on = not strong and draws.weighted(_HEAD_ON) == "head-on"
        block = unit(group, seed)
        if lengths["right"] <= lengths["left"]:
            right.append(block.reversed() if head_on else block)
            lengths["right"] += len(block.sequence)
        else:
            left.append(block if head_on else block.reversed())
            lengths["left"] += len(block.sequence)
    return right, left


def _by_distance(units: list[Group], draws: Draws) -> list[Group]:
    """Order units from the origin outwards: at random, the strong ones in the near half."""
    keyed = []
    for index, group in enumerate(units):
        strong = promoter_strength(group.genes) >= HIGHLY_EXPRESSED
        keyed.append((draws.below(500_000 if strong else 1_000_000), index, group))
    return [group for _, _, group in sorted(keyed, key=lambda item: item[:2])]


def _noncoding(draws: Draws, length: int) -> str:
    return "".join(draws.weighted(_NONCODING) for _ in range(length))


def _origin(seed: int) -> Block:
    """Return the origin: DnaA boxes (TTATCCACA and weaker ones), then a stretch of A and T."""
    draws = Draws(seed, "origin")
    sequence = _noncoding(draws, 20)
    boxes: list[Feature] = []
    for box, affinity in _DNAA_BOXES:
        qualifiers = (("bound_moiety", "DnaA"), ("note", f"DnaA box, {affinity}"))
        boxes.append(Feature("protein_bind", len(sequence), len(sequence) + len(box), qualifiers))
        sequence += box + _noncoding(draws, draws.between(12, 30))
    sequence += "".join(draws.weighted(_UNWINDING) for _ in range(_UNWINDING_NT))
    sequence += _noncoding(draws, 20)
    whole = (("direction", "both"), ("note", "oriC, designed origin of replication"))
    return Block(sequence, (Feature("rep_origin", 0, len(sequence), whole), *boxes))


def _terminus(seed: int) -> Block:
    draws = Draws(seed, "terminus")
    left, right = _noncoding(draws, 120), _noncoding(draws, 120)
    sequence = left + _DIF + right
    region = (("note", "ter, terminus of replication opposite oriC"),)
    site = (("note", "dif, designed site of chromosome dimer resolution"),)
    return Block(
        sequence,
        (
            Feature("misc_feature", 0, len(sequence), region),
            Feature("misc_feature", len(left), len(left) + len(_DIF), site),
        ),
    )


def _file_order(feature: Feature) -> tuple[int, int, int]:
    """Order of features in the file: by start, the larger first, `gene` before what it encodes."""
    rank = {"operon": 0, "gene": 1}.get(feature.kind, 2)
    return feature.start, -feature.end, rank


def _tagged(features: list[Feature]) -> tuple[Feature, ...]:
    """Give the genes locus tags in order of position."""
    tags: dict[str, str] = {}
    tagged: list[Feature] = []
    for feature in features:
        if not feature.label:
            tagged.append(feature)
            continue
        if feature.label not in tags:
            tags[feature.label] = f"{LOCUS_PREFIX}{len(tags) + 1:04d}"
        tag: tuple[tuple[str, str | Site], ...] = (("locus_tag", tags[feature.label]),)
        named = 1 if feature.qualifiers[:1] and feature.qualifiers[0][0] == "gene" else 0
        qualifiers = feature.qualifiers[:named] + tag + feature.qualifiers[named:]
        tagged.append(replace(feature, qualifiers=qualifiers))
    return tuple(tagged)
