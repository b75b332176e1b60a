"""How often each amino acid, codon, start and stop is used. All weights are integers."""

from __future__ import annotations

_AVERAGE = {
    "A": 825, "R": 553, "N": 406, "D": 546, "C": 138, "Q": 393, "E": 672, "G": 707, "H": 227,
    "I": 591, "L": 965, "K": 580, "M": 241, "F": 386, "P": 473, "S": 664, "T": 535, "W": 110,
    "Y": 292, "V": 686,
}  # fmt: skip
"""Average composition of proteins [1/10,000]: UniProtKB/Swiss-Prot release statistics."""

_BASIC = {"K": 190, "R": 190, "D": 60, "E": 65, "W": 40, "C": 50}
"""Factors [%] for proteins that bind RNA or DNA: twice the positive charges, fewer negative."""

_HYDROPHOBIC = {
    "L": 180, "I": 120, "V": 110, "F": 100, "A": 110, "G": 80, "M": 40, "W": 25, "S": 55, "T": 50,
    "Y": 35, "C": 15, "P": 25,
}  # fmt: skip
"""Composition of a membrane-spanning helix [weights]: hydrophobic and small, none charged."""

SOLUBLE: tuple[tuple[str, int], ...] = tuple(_AVERAGE.items())
BASIC: tuple[tuple[str, int], ...] = tuple(
    (residue, weight * _BASIC.get(residue, 100) // 100) for residue, weight in _AVERAGE.items()
)
HELIX: tuple[tuple[str, int], ...] = tuple(_HYDROPHOBIC.items())

CODONS: dict[str, tuple[tuple[str, int], ...]] = {
    "A": (("GCT", 36), ("GCC", 14), ("GCA", 36), ("GCG", 14)),
    "R": (("CGT", 24), ("CGC", 12), ("CGA", 8), ("CGG", 6), ("AGA", 38), ("AGG", 12)),
    "N": (("AAT", 64), ("AAC", 36)),
    "D": (("GAT", 70), ("GAC", 30)),
    "C": (("TGT", 62), ("TGC", 38)),
    "Q": (("CAA", 72), ("CAG", 28)),
    "E": (("GAA", 73), ("GAG", 27)),
    "G": (("GGT", 30), ("GGC", 18), ("GGA", 40), ("GGG", 12)),
    "H": (("CAT", 70), ("CAC", 30)),
    "I": (("ATT", 56), ("ATC", 26), ("ATA", 18)),
    "L": (("TTA", 40), ("TTG", 15), ("CTT", 20), ("CTC", 5), ("CTA", 10), ("CTG", 10)),
    "K": (("AAA", 74), ("AAG", 26)),
    "M": (("ATG", 100),),
    "F": (("TTT", 66), ("TTC", 34)),
    "P": (("CCT", 38), ("CCC", 8), ("CCA", 40), ("CCG", 14)),
    "S": (("TCT", 24), ("TCC", 8), ("TCA", 26), ("TCG", 6), ("AGT", 20), ("AGC", 16)),
    "T": (("ACT", 30), ("ACC", 12), ("ACA", 44), ("ACG", 14)),
    "W": (("TGG", 100),),
    "Y": (("TAT", 68), ("TAC", 32)),
    "V": (("GTT", 40), ("GTC", 14), ("GTA", 28), ("GTG", 18)),
}
"""Codons of each amino acid (NCBI table 11) with weights [%].

A designed bias: A and T at the third position as in the AT-rich Gram-positive bacteria, every sense
codon in use, which gives coding sequences of about 40 % G+C.
"""

STARTS = (("ATG", 82), ("GTG", 10), ("TTG", 8))
"""Start codons [%], near the usage of *E. coli* and *B. subtilis*; all are read as methionine."""

STOPS = (("TAA", 64), ("TGA", 20), ("TAG", 16))
"""Stop codons [%], TAA foremost as in most bacteria of moderate G+C."""
