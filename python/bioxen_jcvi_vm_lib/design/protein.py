"""Proteins and the coding sequences that encode them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .catalogue import GeneDesign
from .composition import BASIC, CODONS, HELIX, SOLUBLE, STARTS, STOPS
from .draws import Draws

_HELIX_LENGTH = 21
"""Residues that span a membrane once."""

_LOOP_LENGTHS = (8, 30)
_SIGNAL_CORE = 13
"""Hydrophobic residues between the charged start and the lipobox of a lipoprotein's signal."""

_CODON_OF = {codon: residue for residue, codons in CODONS.items() for codon, _ in codons}


@dataclass(frozen=True)
class Join:
    """How a coding sequence meets its neighbours in an operon.

    Attributes
    ----------
    before, after : int   nucleotides shared with the previous or next coding sequence: 0, 1 or 4
    """

    before: int = 0
    after: int = 0


def protein(gene: GeneDesign, seed: int) -> str:
    """Draw the amino-acid sequence of a gene: methionine first, then by the style of the gene.

    Parameters
    ----------
    gene : GeneDesign   a protein gene
    seed : int          seed of the design

    Returns
    -------
    str   `gene.length` one-letter codes
    """
    draws = Draws(seed, f"protein {gene.name}")
    if gene.style == "membrane":
        sequence = _membrane(draws, gene.length)
    elif gene.style == "lipoprotein":
        signal = "MKK" + _residues(draws, HELIX, _SIGNAL_CORE) + "LAAC"
        sequence = signal + _residues(draws, SOLUBLE, gene.length - len(signal))
    elif gene.style == "ribosomal":
        sequence = "M" + _residues(draws, BASIC, gene.length - 1)
    else:
        sequence = "M" + _residues(draws, SOLUBLE, gene.length - 1)
    return sequence


def coding_sequence(gene: GeneDesign, seed: int, join: Join) -> tuple[str, str]:
    """Encode a gene's protein so that it can overlap its neighbours.

    An overlap of 4 is the ATGA of many operons: the start codon ATG lies on the last base of the
    previous gene's last sense codon and on its stop TGA. An overlap of 1 shares the A of the
    previous gene's stop (TAATG or TGATG). Overlaps may exchange the second or the last residue.

    Parameters
    ----------
    gene : GeneDesign   a protein gene
    seed : int          seed of the design
    join : Join         overlaps with the neighbours

    Returns
    -------
    tuple of (str, str)   the DNA with start and stop codon, and the protein
    """
    draws = Draws(seed, f"codons {gene.name}")
    residues = list(protein(gene, seed))
    codons = [draws.weighted(CODONS[residue]) for residue in residues]
    codons[0] = draws.weighted(STARTS)
    stop = draws.weighted(STOPS)
    if join.before:
        codons[0] = "ATG"
    if join.before == 4:
        codons[1] = _redrawn(draws, residues[1], lambda codon: codon.startswith("A"))
    if join.after == 4:
        codons[-1] = _redrawn(draws, residues[-1], lambda codon: codon.endswith("A"))
        stop = "TGA"
    elif join.after == 1 and stop == "TAG":
        stop = "TAA"
    encoded = "M" + "".join(_CODON_OF[codon] for codon in codons[1:])
    return "".join(codons) + stop, encoded


def _residues(draws: Draws, weights: tuple[tuple[str, int], ...], length: int) -> str:
    return "".join(draws.weighted(weights) for _ in range(length))


def _membrane(draws: Draws, length: int) -> str:
    sequence = "M" + _residues(draws, SOLUBLE, 5)
    while len(sequence) < length:
        sequence += _residues(draws, HELIX, _HELIX_LENGTH)
        sequence += _residues(draws, SOLUBLE, draws.between(*_LOOP_LENGTHS))
    return sequence[:length]


def _redrawn(draws: Draws, residue: str, fits: Callable[[str], bool]) -> str:
    """Draw a fitting codon, of `residue` if it has one, else of any amino acid."""
    own = [(codon, weight) for codon, weight in CODONS[residue] if fits(codon)]
    if own:
        return draws.weighted(own)
    others = [
        (codon, share * weight)
        for amino_acid, share in SOLUBLE
        for codon, weight in CODONS[amino_acid]
        if fits(codon)
    ]
    return draws.weighted(others)
