"""The built-in genome: a minimal cell of our own design, and the generator that writes it.

What is natural: the list of genes. `catalogue` names about 470 genes with the functions that a
minimal bacterial cell needs (transcription, 53 ribosomal proteins, two rRNA operons, 30 tRNAs that
read all 61 sense codons, tmRNA, RNase P and SRP RNA, replication, decay, secretion, glycolysis, ATP
synthase, transport, nucleotide, lipid and cofactor metabolism, division, and a tenth of unknown
function) with the products and usual lengths known from bacteria, and `operons` groups them as many
bacteria do.

What is designed: every sequence. Proteins are drawn residue by residue from the average composition
of proteins (membrane proteins from hydrophobic helices and loops, lipoproteins behind a signal,
RNA-binding proteins with more positive charge) and encoded with a stated codon bias (`composition`,
`protein`); stable RNAs are random folds with their conserved positions in place (`rna`);
promoters, Shine-Dalgarno sites, 1 and 4 nt overlaps and terminators follow the textbook (`unit`);
the units lie on two replication arms between an origin and a terminus (`chromosome`). No gene of a
natural organism went into it (short signals that all bacteria share, such as TATAAT, AGGAGG or the
end of the 16S rRNA, are in place), no protein of it has a known activity, and the file's header
says that it is designed.

How: `SEED` fixes every choice. Each gene has a random stream of its own (`draws`), so the file is a
function of the seed and of the tables, the same on every machine and Python version::

    python -m bioxen_jcvi_vm_lib.design genomes/minimal_cell.gb.gz

writes the file that ships with the package.
"""

from __future__ import annotations

import struct
import zlib

from .chromosome import chromosome
from .genbank import genbank

__all__ = ["SEED", "compressed", "design"]

SEED = 2026
"""Seed of the built-in genome."""

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""Deflate, no file name, time 0, best compression, unknown system (RFC 1952)."""


def design(seed: int = SEED) -> str:
    """Design a genome.

    Parameters
    ----------
    seed : int   decides every sequence; the default is that of the built-in genome

    Returns
    -------
    str   GenBank flat file of one circular chromosome
    """
    return genbank(chromosome(seed), seed)


def compressed(text: str) -> bytes:
    """Compress a flat file so that equal text gives equal bytes.

    Parameters
    ----------
    text : str   ASCII

    Returns
    -------
    bytes   a gzip member without time or name; the same for the same text and zlib
    """
    content = text.encode("ascii")
    # Short matches cost more than literals in random sequence: Z_FILTERED leaves them out.
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    body = deflate.compress(content) + deflate.flush()
    return _GZIP_HEADER + body + struct.pack("<II", zlib.crc32(content), len(content))
