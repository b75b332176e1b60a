"""The built-in genome: what its generator writes, read back without the package's own decoder."""

from __future__ import annotations

import gzip
import re
import warnings
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from bioxen_jcvi_vm_lib import design as generator
from bioxen_jcvi_vm_lib.design.__main__ import main
from bioxen_jcvi_vm_lib.design.catalogue import PROTEINS, catalogue
from bioxen_jcvi_vm_lib.design.draws import Draws

SHIPPED = Path(generator.__file__).parents[1] / "genomes" / "minimal_cell.gb.gz"

BASES = "TCAG"
AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = {
    first + second + third: AMINO_ACIDS[16 * i + 4 * j + k]
    for i, first in enumerate(BASES)
    for j, second in enumerate(BASES)
    for k, third in enumerate(BASES)
}
"""NCBI translation table 11, in the order of NCBI's own listing."""

THREE_LETTERS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val",
}  # fmt: skip

MUST_HAVE = {
    "RNA polymerase": "rpoA rpoB rpoC rpoD",
    "degradosome": "rny rnjA pnp eno pfkA cshA",
    "replisome": "dnaA dnaB dnaC dnaE dnaG dnaN dnaX holA holB ssb ligA polA gyrA gyrB parC parE",
    "glycolysis": "glk pgi pfkA fba tpiA gapA pgk gpmI eno pykF",
    "glucose uptake": "ptsI ptsH ptsG crr",
    "ATP synthase": "atpA atpB atpC atpD atpE atpF atpG atpH",
    "nucleotides": "adk gmk cmk pyrH ndk upp apt hpt tdk prs nrdE nrdF",
    "translocon": "secA secE secG secY ffh ftsY yidC",
    "folding and proteolysis": "groEL groES dnaK dnaJ grpE tig lon ftsH clpP",
    "translation factors": "infA infB infC fusA tuf tsf prfA prfB frr",
    "division": "ftsZ ftsA",
    "lipids": "acpP plsX plsY plsC cdsA pgsA",
    "transport": "oppA oppB oppC oppD oppF nupA nupB nupC pstA pstB pstC pstS ktrA ktrB mgtA",
    "cofactors": "folC coaD nadD nadE nadK ribF metK",
    "synthetases": "alaS argS asnS aspS cysS glnS gltX glyS hisS ileS leuS lysS metS pheS pheT "
    "proS serS thrS trpS tyrS valS",
    "stable RNA": "rrsA rrlA rrfA rrsB rrlB rrfB ssrA rnpB ffs",
}


@dataclass
class Entry:
    """A feature as the file gives it: 0-based half-open, `forward` strand or not."""

    kind: str
    start: int
    end: int
    forward: bool
    qualifiers: dict[str, str] = field(default_factory=dict)

    def contains(self, other: Entry) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass
class Unit:
    """A promoter with the genes and the terminator that follow it on its strand."""

    promoter: Entry
    genes: list[Entry]
    terminator: Entry


def reverse_complement(sequence: str) -> str:
    return sequence.translate(str.maketrans("ACGT", "TGCA"))[::-1]


def span(text: str) -> tuple[int, int, bool]:
    match = re.fullmatch(r"(complement\()?(\d+)\.\.(\d+)\)?", text)
    assert match is not None, text
    return int(match[2]) - 1, int(match[3]), match[1] is None


class Flat:
    """A minimal reader of the flat file, enough for what the generator writes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.header, rest = text.split("FEATURES             Location/Qualifiers\n")
        table, origin = rest.split("ORIGIN\n")
        self.sequence = re.sub(r"[^acgt]", "", origin).upper()
        self.features: list[Entry] = []
        for item in re.split(r"\n(?=     \S)", table.rstrip("\n")):
            head, *lines = item.splitlines()
            entry = Entry(head[5:21].strip(), *span(head[21:]))
            folded = "\n".join(line[21:] for line in lines)
            for qualifier in re.split(r"\n(?=/\w+=)", folded):
                key, value = qualifier[1:].split("=", 1)
                glue = "" if key == "translation" else " "
                entry.qualifiers[key] = value.strip('"').replace("\n", glue).strip('"')
            self.features.append(entry)

    def of(self, *kinds: str) -> list[Entry]:
        return [feature for feature in self.features if feature.kind in kinds]

    def bases(self, entry: Entry) -> str:
        part = self.sequence[entry.start : entry.end]
        return part if entry.forward else reverse_complement(part)

    def before(self, entry: Entry, length: int) -> str:
        """Return the `length` bases upstream of an entry."""
        if entry.forward:
            return self.sequence[entry.start - length : entry.start]
        return reverse_complement(self.sequence[entry.end : entry.end + length])

    def units(self) -> list[Unit]:
        """Split each strand, in its direction, at the promoters."""
        found: list[list[Entry]] = []
        for forward in (True, False):
            strand = [entry for entry in self.of("gene", "regulatory") if entry.forward is forward]
            strand.sort(key=lambda entry: entry.start if forward else -entry.end)
            for entry in strand:
                if entry.kind == "gene":
                    found[-1].append(entry)
                elif entry.qualifiers["regulatory_class"] == "promoter":
                    found.append([entry])
                else:
                    found[-1].append(entry)
        return [Unit(unit[0], unit[1:-1], unit[-1]) for unit in found]


@pytest.fixture(scope="module")
def generated() -> str:
    return generator.design()


@pytest.fixture(scope="module")
def genome(generated: str) -> Flat:
    return Flat(generated)


def test_generator_writes_the_shipped_genome(generated: str) -> None:
    assert gzip.decompress(SHIPPED.read_bytes()).decode("ascii") == generated


def test_command_writes_what_the_generator_returns(tmp_path: Path, generated: str) -> None:
    out = tmp_path / "genome.gb.gz"
    assert main([str(out)]) == 0
    assert gzip.decompress(out.read_bytes()).decode("ascii") == generated
    assert out.read_bytes() == generator.compressed(generated)


def test_gzip_header_holds_no_time_and_no_name() -> None:
    assert SHIPPED.read_bytes()[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"


def test_random_streams_are_those_of_every_python() -> None:
    draws = Draws(2026, "known answer")
    assert [draws.below(1000) for _ in range(8)] == [407, 883, 402, 723, 75, 758, 449, 920]
    assert Draws(2026, "another").below(10**9) != Draws(2026, "label").below(10**9)


def test_another_seed_is_another_genome_with_the_same_functions(generated: str) -> None:
    other = Flat(generator.design(seed=7))
    first = Flat(generated)
    assert other.sequence[:1000] != first.sequence[:1000]
    for flat in (first, other):
        check_proteins(flat)
    names = [
        sorted(entry.qualifiers.get("gene", "") for entry in flat.of("gene"))
        for flat in (first, other)
    ]
    assert names[0] == names[1]


def test_file_says_that_it_is_designed(genome: Flat) -> None:
    said = re.sub(r"\s+", " ", genome.header)
    assert "Designed genome, generated by bioxen_jcvi_vm_lib" in said
    assert "sequences are synthetic and not those of any natural organism" in said
    assert "not an accession of the INSDC databases" in said
    assert "other sequences; artificial sequences." in said
    assert f"seed {generator.SEED}" in said


def test_layout_of_the_flat_file_is_strict(genome: Flat) -> None:
    lines = genome.text.split("\n")
    assert max(map(len, lines)) <= 80
    assert genome.text.isascii()
    assert "\t" not in genome.text
    locus = lines[0]
    assert locus[:12] == "LOCUS       "
    assert locus[12:28].strip() == "BXMC000001"
    assert int(locus[29:40]) == len(genome.sequence)
    assert (locus[41:43], locus[47:53].strip(), locus[55:63]) == ("bp", "DNA", "circular")
    assert (locus[64:67], len(locus)) == ("SYN", 79)
    assert lines[-2:] == ["//", ""]
    assert 450_000 <= len(genome.sequence) <= 520_000


def test_gc_content_is_moderate(genome: Flat) -> None:
    count = Counter(genome.sequence)
    assert 0.38 <= (count["G"] + count["C"]) / len(genome.sequence) <= 0.43


def test_every_function_of_a_minimal_cell_is_there(genome: Flat) -> None:
    names = {entry.qualifiers["gene"] for entry in genome.of("gene") if "gene" in entry.qualifiers}
    for part, genes in MUST_HAVE.items():
        assert set(genes.split()) <= names, part
    small = {name for name in names if re.fullmatch(r"rps[A-U]", name)}
    large = {name for name in names if re.fullmatch(r"rpl[A-X]|rpm[A-J]", name)}
    assert (len(small), len(large)) == (21, 32)
    functions = {entry.qualifiers.get("function") for entry in genome.of("CDS")}
    assert functions == {*PROTEINS, None}


def test_genes_are_the_catalogue_and_are_tagged_in_order(genome: Flat) -> None:
    genes = genome.of("gene")
    assert 400 <= len(genes) <= 500
    assert len(genes) == len(catalogue(generator.SEED))
    tags = [entry.qualifiers["locus_tag"] for entry in genes]
    assert tags == [f"BXMC_{number:04d}" for number in range(1, len(genes) + 1)]
    coded = genome.of("CDS", "rRNA", "tRNA", "tmRNA", "ncRNA")
    places = {entry.qualifiers["locus_tag"]: (entry.start, entry.end, entry.forward)
              for entry in coded}  # fmt: skip
    assert places == {entry.qualifiers["locus_tag"]: (entry.start, entry.end, entry.forward)
                      for entry in genes}  # fmt: skip
    assert len(coded) == len(genes)


def check_proteins(genome: Flat) -> None:
    for entry in genome.of("CDS"):
        dna = genome.bases(entry)
        residues = "".join(CODE[dna[at : at + 3]] for at in range(0, len(dna), 3))
        assert dna[:3] in {"ATG", "GTG", "TTG"}
        assert "M" + residues[1:] == entry.qualifiers["translation"] + "*"
        assert "*" not in residues[:-1]


def test_every_protein_translates_to_its_translation(genome: Flat) -> None:
    check_proteins(genome)


def test_proteins_are_unique_and_use_all_amino_acids_codons_starts_and_stops(genome: Flat) -> None:
    proteins = [entry.qualifiers["translation"] for entry in genome.of("CDS")]
    assert len(set(proteins)) == len(proteins)
    assert set("".join(proteins)) == set(THREE_LETTERS)
    codons: Counter[str] = Counter()
    starts: Counter[str] = Counter()
    stops: Counter[str] = Counter()
    for entry in genome.of("CDS"):
        dna = genome.bases(entry)
        starts[dna[:3]] += 1
        stops[dna[-3:]] += 1
        codons.update(dna[at : at + 3] for at in range(3, len(dna) - 3, 3))
    assert len(codons) == 61
    assert set(starts) == {"ATG", "GTG", "TTG"}
    assert starts["ATG"] > 0.75 * len(proteins)
    assert set(stops) == {"TAA", "TGA", "TAG"}
    assert stops["TAA"] > 0.5 * len(proteins)


def test_every_sense_codon_is_read_by_a_trna_of_its_amino_acid(genome: Flat) -> None:
    # Wobble at position 34: G reads T and C; T, modified, reads A and G, and all four in a family
    # of four codons; A is inosine; ileX carries lysidine, which reads A; the initiator reads no
    # internal codon.
    read: dict[str, set[str]] = {codon: set() for codon in CODE}
    for entry in genome.of("tRNA"):
        match = re.fullmatch(r"\(pos:(.+),aa:(\w{3}),seq:([acgt]{3})\)",
                             entry.qualifiers["anticodon"])  # fmt: skip
        assert match is not None
        start, end, forward = span(match[1])
        anticodon = genome.bases(Entry("anticodon", start, end, forward))
        assert anticodon.lower() == match[3]
        assert entry.qualifiers["product"] == f"tRNA-{match[2]}"
        box = reverse_complement(anticodon[1:])
        family = len({CODE[box + third] for third in BASES}) == 1
        thirds = {"G": "TC", "A": "TCA", "C": "G", "T": "TCAG" if family else "AG"}[anticodon[0]]
        note = entry.qualifiers.get("note", "")
        if "initiator" in note:
            assert anticodon == "CAT"
            continue
        thirds = "A" if "lysidine" in note else thirds
        for third in thirds:
            read[box + third].add(match[2])
    for codon, residue in CODE.items():
        assert read[codon] == ({THREE_LETTERS[residue]} if residue != "*" else set()), codon


def test_trna_folds_into_a_cloverleaf(genome: Flat) -> None:
    trnas = genome.of("tRNA")
    assert len(trnas) == 30
    assert len({genome.bases(entry) for entry in trnas}) == 30
    for entry in trnas:
        dna = genome.bases(entry)
        assert 74 <= len(dna) <= 90
        assert dna[-3:] == "CCA"
        assert dna[:7] == reverse_complement(dna[-11:-4])
        assert dna[9:13] == reverse_complement(dna[21:25])
        assert dna[26:31] == reverse_complement(dna[38:43])
        assert dna[-28:-23] == reverse_complement(dna[-16:-11])
        start, *_ = span(entry.qualifiers["anticodon"].split(",")[0].removeprefix("(pos:"))
        assert (start - entry.start if entry.forward else entry.end - start - 3) == 33


def test_ribosomal_rna_ends_with_what_shine_dalgarno_sites_pair_with(genome: Flat) -> None:
    rrna = {entry.qualifiers["gene"]: genome.bases(entry) for entry in genome.of("rRNA")}
    assert sorted(len(dna) for dna in rrna.values()) == [117, 117, 1530, 1530, 2905, 2905]
    assert rrna["rrsA"] == rrna["rrsB"]
    assert reverse_complement("AGGAGG")[:5] in rrna["rrsA"][-12:]


def test_tmrna_encodes_its_degradation_tag(genome: Flat) -> None:
    (entry,) = genome.of("tmRNA")
    start, end, forward = span(entry.qualifiers["tag_peptide"])
    dna = genome.bases(Entry("tag", start, end, forward))
    tag = "".join(CODE[dna[at : at + 3]] for at in range(0, len(dna), 3))
    assert tag.endswith("ALAA*")
    assert tag.count("*") == 1
    assert genome.bases(entry).endswith("CCA")


def test_every_gene_lies_in_one_unit_between_promoter_and_terminator(genome: Flat) -> None:
    units = genome.units()
    tags = [gene.qualifiers["locus_tag"] for unit in units for gene in unit.genes]
    assert sorted(tags) == [entry.qualifiers["locus_tag"] for entry in genome.of("gene")]
    kinds = {entry.qualifiers["locus_tag"]: entry.kind
             for entry in genome.of("CDS", "rRNA", "tRNA", "tmRNA", "ncRNA")}  # fmt: skip
    for unit in units:
        assert 1 <= len(unit.genes) <= 12
        assert unit.promoter.qualifiers["regulatory_class"] == "promoter"
        assert unit.terminator.qualifiers["regulatory_class"] == "terminator"
        proteins = {kinds[gene.qualifiers["locus_tag"]] == "CDS" for gene in unit.genes}
        assert len(proteins) == 1, "stable RNA beside proteins"


def test_operon_runs_from_the_transcription_start_to_the_end_of_its_last_gene(genome: Flat) -> None:
    operons = {entry.qualifiers["operon"]: entry for entry in genome.of("operon")}
    assert len(operons) == len(genome.of("operon"))
    for unit in genome.units():
        name = unit.promoter.qualifiers.get("operon")
        assert unit.terminator.qualifiers.get("operon") == name
        assert {gene.qualifiers.get("operon") for gene in unit.genes} == {name}
        assert (name is None) == (len(unit.genes) == 1)
        if name is None:
            assert unit.promoter.qualifiers.get("gene") == unit.genes[0].qualifiers.get("gene")
            continue
        operon = operons.pop(name)
        last = unit.genes[-1]
        if operon.forward:
            assert (operon.start, operon.end) == (unit.promoter.end, last.end)
        else:
            assert (operon.start, operon.end) == (last.start, unit.promoter.start)
        assert all(operon.contains(gene) for gene in unit.genes)
        assert operon.forward is unit.promoter.forward
    assert not operons


def test_promoters_resemble_the_consensus_and_the_strong_ones_are_it(genome: Flat) -> None:
    for unit in genome.units():
        dna = genome.bases(unit.promoter)
        assert len(dna) == 35
        strength = int(unit.promoter.qualifiers["note"].removeprefix("promoter strength: "))
        boxes = dna[:6] + dna[23:29]
        mismatches = sum(a != b for a, b in zip(boxes, "TTGACATATAAT", strict=True))
        assert mismatches == sum(strength < bound for bound in (500, 250, 120))
        leader = genome.before(unit.genes[0], 80)
        assert dna[-10:] in leader, "the leader is shorter than 70 nt"


def test_terminators_are_a_hairpin_and_a_run_of_t(genome: Flat) -> None:
    for unit in genome.units():
        dna = genome.bases(unit.terminator)
        stem = (len(dna) - 12) // 2
        assert dna.endswith("T" * 8)
        assert 7 <= stem <= 10
        assert dna[:stem] == reverse_complement(dna[stem + 4 : -8])


def test_neighbours_overlap_by_one_or_four_bases_or_leave_room_for_a_ribosome(genome: Flat) -> None:
    seen: Counter[int] = Counter()
    cds = {entry.start for entry in genome.of("CDS")}
    for unit in genome.units():
        if unit.genes[0].start not in cds:
            continue
        assert "AGGAGG" in genome.before(unit.genes[0], 15)
        for one, two in pairwise(unit.genes):
            gap = two.start - one.end if one.forward else one.start - two.end
            seen[min(gap, 0)] += 1
            if gap < 0:
                dna = genome.bases(two)
                assert gap in {-1, -4}
                assert dna.startswith("ATGA" if gap == -4 else "ATG")
            else:
                assert 11 <= gap <= 45
                assert "AGGAGG" in genome.before(two, 15)
    assert seen[-4] >= 10
    assert seen[-1] >= 5


def test_units_do_not_touch_and_nothing_crosses_the_origin(genome: Flat) -> None:
    length = len(genome.sequence)
    assert all(0 <= entry.start < entry.end <= length for entry in genome.features)
    spans = []
    for unit in genome.units():
        ends = [unit.promoter, unit.terminator]
        spans.append((min(e.start for e in ends), max(e.end for e in ends), unit))
    spans.sort(key=lambda item: item[:2])
    for (_, end, one), (start, _, two) in pairwise(spans):
        assert start > end
        gap = min(gene.start for gene in two.genes) - max(gene.end for gene in one.genes)
        between_arms = any(end <= f.start and f.end <= start for f in genome.of("misc_feature"))
        assert between_arms or 80 <= gap <= 400


def test_replication_arms_are_equal_and_mostly_transcribed_with_the_fork(genome: Flat) -> None:
    length = len(genome.sequence)
    (origin,) = genome.of("rep_origin")
    assert origin.start == 0
    ter = genome.of("misc_feature")[0]
    assert ter.qualifiers["note"].startswith("ter,")
    assert abs((ter.start + ter.end) / 2 - length / 2) < 0.02 * length
    units = genome.units()
    with_fork = sum(unit.promoter.forward == (unit.promoter.start < ter.start) for unit in units)
    assert 0.75 <= with_fork / len(units) < 1
    first = genome.of("gene")[0]
    assert first.qualifiers["gene"] == "dnaA"
    for unit in units:
        strength = int(unit.promoter.qualifiers["note"].split(": ")[1])
        if strength >= 500:
            at = unit.promoter.start
            assert unit.promoter.forward == (at < ter.start)
            assert min(at, length - at) < 0.3 * length


def test_biopython_reads_it_without_a_warning(generated: str) -> None:
    seqio = pytest.importorskip("Bio.SeqIO")
    from io import StringIO

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = seqio.read(StringIO(generated), "genbank")
        assert record.id == "BXMC000001.1"
        assert record.annotations["topology"] == "circular"
        assert record.annotations["molecule_type"] == "DNA"
        for feature in record.features:
            if feature.type == "CDS":
                protein = feature.extract(record.seq).translate(table=11, cds=True)
                assert str(protein) == feature.qualifiers["translation"][0]
