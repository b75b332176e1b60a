"""Stretches of DNA that carry their annotation with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def reverse_complement(sequence: str) -> str:
    """Return the other strand of `sequence`, both read 5' to 3'."""
    return sequence.translate(_COMPLEMENT)[::-1]


@dataclass(frozen=True)
class Site:
    """A place inside a feature that a qualifier names, e.g. the anticodon.

    Attributes
    ----------
    start, end : int       0-based half-open, on the same axis as the feature
    before, after : str    text of the qualifier around the location
    """

    start: int
    end: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Feature:
    """An annotated span.

    Attributes
    ----------
    kind : str         feature key
    start, end : int   0-based half-open on the forward strand of the block that holds it
    forward : bool     strand
    qualifiers : tuple of (str, str or Site)   in the order of writing
    label : str        name of the gene design (features of genes), else empty
    """

    kind: str
    start: int
    end: int
    qualifiers: tuple[tuple[str, str | Site], ...] = ()
    forward: bool = True
    label: str = ""

    def shifted(self, by: int) -> Feature:
        """Return the feature `by` nucleotides further right."""
        return self._mapped(lambda start, end: (start + by, end + by), self.forward)

    def mirrored(self, length: int) -> Feature:
        """Return the feature as seen from the other strand of a block of `length` nucleotides."""
        return self._mapped(lambda start, end: (length - end, length - start), not self.forward)

    def _mapped(self, move: Callable[[int, int], tuple[int, int]], forward: bool) -> Feature:
        qualifiers: list[tuple[str, str | Site]] = []
        for key, value in self.qualifiers:
            if isinstance(value, Site):
                start, end = move(value.start, value.end)
                qualifiers.append((key, replace(value, start=start, end=end)))
            else:
                qualifiers.append((key, value))
        start, end = move(self.start, self.end)
        return replace(self, start=start, end=end, forward=forward, qualifiers=tuple(qualifiers))


@dataclass(frozen=True)
class Block:
    """A stretch of DNA with its features.

    Attributes
    ----------
    sequence : str                   upper-case A, C, G, T
    features : tuple of Feature      with positions in `sequence`
    """

    sequence: str
    features: tuple[Feature, ...] = ()

    def reversed(self) -> Block:
        """Return the block turned round: the other strand, with its features."""
        length = len(self.sequence)
        return Block(
            reverse_complement(self.sequence),
            tuple(feature.mirrored(length) for feature in reversed(self.features)),
        )


def joined(blocks: list[Block]) -> Block:
    """Return `blocks` end to end, as one."""
    features: list[Feature] = []
    offset = 0
    for block in blocks:
        features += [feature.shifted(offset) for feature in block.features]
        offset += len(block.sequence)
    return Block("".join(block.sequence for block in blocks), tuple(features))
