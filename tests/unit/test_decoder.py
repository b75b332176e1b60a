"""The decoder: facts about real genomes, laws of decoding, and what Python sees of it."""

from __future__ import annotations

import gzip
import pickle
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from bioxen_jcvi_vm_lib import _core

GENOMES = Path(__file__).parents[2].parent / "shared" / "data" / "genomes"
TABLES = (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, *range(21, 32), 33)
BASES = "ACGTTGCATA" * 20


def real(name: str) -> bytes:
    """Return a real genome, decompressed; skip the test where it is absent."""
    path = GENOMES / name
    if not path.exists():
        pytest.skip(f"needs ../shared/data/genomes/{name}")
    data = path.read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


@pytest.fixture(scope="module")
def syn3a() -> _core.Genome:
    """JCVI-syn3A."""
    return _core.decode(real("syn3A.gb"))


@pytest.fixture(scope="module")
def t7() -> _core.Genome:
    """Phage T7."""
    return _core.decode(real("T7.gb"))


@pytest.fixture(scope="module")
def ecoli() -> _core.Genome:
    """E. coli K-12 MG1655: GFF3 and FASTA apart."""
    return _core.decode(real("ecoli_mg1655.gff3.gz"), real("ecoli_mg1655.fna.gz"))


def genbank(features: str, bases: str = BASES, topology: str = "circular") -> bytes:
    """Return a small GenBank record."""
    lines = [
        f"LOCUS       TEST{len(bases):>21} bp    DNA     {topology} SYN 12-APR-2018",
        "DEFINITION  A test.",
        "VERSION     TEST.1",
        "FEATURES             Location/Qualifiers",
        features.rstrip("\n"),
        "ORIGIN",
    ]
    for at in range(0, len(bases), 60):
        groups = [bases[i : i + 10] for i in range(at, min(at + 60, len(bases)), 10)]
        lines.append(f"{at + 1:>9} {' '.join(groups)}")
    return "\n".join([*lines, "//", ""]).encode("latin-1")


def feature(kind: str, location: str, *qualifiers: str) -> str:
    """Return a feature of a GenBank record."""
    lines = [f"     {kind:<16}{location}", *(" " * 21 + text for text in qualifiers)]
    return "\n".join(lines) + "\n"


# --- real genomes


@pytest.mark.data
def test_syn3a_has_the_genes_of_its_publication(syn3a: _core.Genome) -> None:
    assert Counter(gene.kind for gene in syn3a.genes) == {
        "protein": 455,
        "pseudo": 3,
        "tRNA": 29,
        "rRNA": 6,
        "ncRNA": 2,
        "tmRNA": 1,
    }
    assert len(syn3a.genes) == 496
    assert {gene.locus_tag[-4:] for gene in syn3a.genes if gene.pseudo} == {"0051", "0546", "0602"}
    assert not any(gene.defect for gene in syn3a.genes)
    assert syn3a.report == ()


@pytest.mark.data
def test_syn3a_record_says_what_the_file_says(syn3a: _core.Genome) -> None:
    (record,) = syn3a.records
    assert syn3a.format == "genbank"
    assert (record.name, record.accession) == ("CP016816", "CP016816.2")
    assert record.definition == "Synthetic bacterium JCVI-Syn3A chromosome, complete genome"
    assert record.organism == "synthetic bacterium JCVI-Syn3A"
    assert (record.molecule_type, record.division, record.date) == ("DNA", "SYN", "12-APR-2018")
    assert (record.topology, record.length_nt) == ("circular", 543_379)
    assert len(record.sequence) == record.length_nt
    assert set(record.sequence) == set("ACGT")
    assert Counter(entry.kind for entry in record.features)["misc_binding"] == 2


@pytest.mark.parametrize(("name", "proteins"), [("syn3a", 455), ("t7", 60)])
@pytest.mark.data
def test_proteins_are_exactly_those_of_the_file(
    name: str, proteins: int, request: pytest.FixtureRequest
) -> None:
    genome = request.getfixturevalue(name)
    said = {
        values["locus_tag"]: values["translation"]
        for entry in genome.records[0].features
        if "translation" in (values := dict(entry.qualifiers))
    }
    read = {gene.locus_tag: gene.protein for gene in genome.genes if gene.kind == "protein"}
    assert len(said) == proteins
    assert read == said


@pytest.mark.data
def test_codons_give_the_protein_back(syn3a: _core.Genome) -> None:
    for gene in syn3a.genes:
        if gene.kind != "protein":
            assert gene.codons == ()
            continue
        assert len(gene.codons) == gene.length_nt // 3 == len(gene.protein) + gene.has_stop
        residues = _core.translate("".join(gene.codons), gene.translation_table)
        assert residues[1:].rstrip("*") == gene.protein[1:]


@pytest.mark.data
def test_syn3a_by_table_11_fails_on_343_proteins(syn3a: _core.Genome) -> None:
    failing = sum(
        "*" in _core.translate("".join(gene.codons), 11)[:-1]
        for gene in syn3a.genes
        if gene.kind == "protein"
    )
    assert failing == 343
    wrong = _core.decode(real("syn3A.gb").replace(b"/transl_table=4", b"/transl_table=11"))
    stopped = [gene for gene in wrong.genes if gene.defect.startswith("internal stop codon")]
    assert len(stopped) == 343


@pytest.mark.data
def test_t7_is_read_across_its_slippery_joins(t7: _core.Genome) -> None:
    assert len(t7.genes) == 60
    assert all(gene.kind == "protein" and not gene.defect for gene in t7.genes)
    genes = {gene.locus_tag: gene for gene in t7.genes}
    assert genes["T7p05"].parts == ((1635, 1794), (1795, 1972))  # skips a base
    assert genes["T7p31"].parts == ((16850, 17147), (17146, 17359))  # reads one twice
    assert t7.records[0].topology == "linear"


@pytest.mark.data
def test_ecoli_counts(ecoli: _core.Genome) -> None:
    (record,) = ecoli.records
    kinds = Counter(gene.kind for gene in ecoli.genes)
    assert (record.topology, record.length_nt) == ("circular", 4_641_652)
    assert sum(entry.kind == "gene" for entry in record.features) == 4538
    assert len(ecoli.genes) == 4538 + 128
    # 4,342 IDs; three of them are given to two genes each (yabPQ, glcEF, dgoAD).
    assert kinds == {"protein": 4342 + 3, "tRNA": 86, "rRNA": 22, "ncRNA": 85, "pseudo": 128}
    executable = [gene for gene in ecoli.genes if gene.kind == "protein" and not gene.defect]
    assert len(executable) >= 4300
    genes = {gene.name: gene for gene in ecoli.genes}
    assert genes["fdnG"].defect.startswith(
        "internal stop codon"
    )  # TGA is Sec, which the file does not say
    assert genes["glcE"].protein.startswith("M")
    assert genes["glcF"].protein.startswith("M")
    assert not genes["prfB"].defect
    assert genes["prfB"].parts == ((3036207, 3036282), (3035183, 3036206))


@pytest.mark.data
def test_memory_stays_below_twice_the_input(syn3a: _core.Genome, ecoli: _core.Genome) -> None:
    assert syn3a.memory_bytes < 2 * len(real("syn3A.gb"))
    size = len(real("ecoli_mg1655.gff3.gz")) + len(real("ecoli_mg1655.fna.gz"))
    assert ecoli.memory_bytes < 2 * size


@pytest.mark.data
def test_features_agree_with_biopython(syn3a: _core.Genome) -> None:
    seqio = pytest.importorskip("Bio.SeqIO")
    path = GENOMES / "syn3A.gb"
    theirs = seqio.read(path, "genbank")
    ours = syn3a.records[0]
    assert str(theirs.seq) == ours.sequence
    assert len(theirs.features) == len(ours.features)
    for a, b in zip(theirs.features, ours.features, strict=True):
        assert a.type == b.kind
        assert [(int(p.start), int(p.end), p.strand) for p in a.location.parts] == [
            p[:3] for p in b.location.parts
        ]
        merged: dict[str, list[str]] = {}
        for key, value in b.qualifiers:
            merged.setdefault(key, []).append(value or "")
        assert merged == dict(a.qualifiers)


# --- genetic codes


def test_all_codes_agree_with_biopython() -> None:
    codons = pytest.importorskip("Bio.Data.CodonTable").unambiguous_dna_by_id
    assert set(TABLES) <= set(_core.TRANSLATION_TABLES) <= set(codons)
    for number in _core.TRANSLATION_TABLES:
        table = codons[number]
        for letters in product("ACGT", repeat=3):
            codon = "".join(letters)
            # A codon that is both stop and residue is a stop at the end only.
            assert _core.translate(codon + "AAA", number)[0] == table.forward_table.get(codon, "*")
            if codon in table.stop_codons:
                assert _core.translate(codon, number) == "*"
            assert _core.is_start_codon(codon, number) == (
                codon in table.start_codons and codon not in table.stop_codons
            )


def test_ambiguous_codons_agree_with_their_expansions() -> None:
    letters = pytest.importorskip("Bio.Data.IUPACData").ambiguous_dna_values
    for number in (1, 4, 11):
        for codon in product("ACGTRYN", repeat=3):
            plain = {
                _core.translate("".join(choice) + "AAA", number)[0]
                for choice in product(*(letters[letter] for letter in codon))
            }
            expected = plain.pop() if len(plain) == 1 else "X"
            assert _core.translate("".join(codon) + "AAA", number)[0] == expected


@pytest.mark.parametrize("table", [-1, 0, 7, 8, 17, 20, 34, 1000])
def test_unknown_tables_are_refused(table: int) -> None:
    with pytest.raises(ValueError, match="unknown translation table"):
        _core.translate("ATG", table)


# --- what Python sees


def test_qualifiers_are_tuples_with_none_for_flags() -> None:
    genome = _core.decode(
        genbank(feature("gene", "1..30", '/locus_tag="a"', "/pseudo", '/note=""'))
    )
    entry = genome.records[0].features[0]
    assert entry.qualifiers == (("locus_tag", "a"), ("pseudo", None), ("note", ""))
    assert entry.qualifiers is entry.qualifiers
    assert (entry.kind, entry.line) == ("gene", 5)


def test_locations_tell_spans_strands_and_partial_ends() -> None:
    text = "complement(join(<1..10,X1.2:20..>30))"
    location = _core.decode(genbank(feature("exon", text))).records[0].features[0].location
    assert (location.kind, location.text, str(location), location.strand) == (
        "join",
        text,
        text,
        -1,
    )
    first, second = location.parts
    assert tuple(first) == (19, 30, -1, False, True, "X1.2")
    assert (second.start, second.end, second.before_start) == (0, 10, True)


def test_values_that_are_not_utf8_are_read_as_latin_1() -> None:
    genome = _core.decode(genbank(feature("gene", "1..30", '/locus_tag="caf\xe9"')))
    assert dict(genome.records[0].features[0].qualifiers)["locus_tag"] == "café"
    assert genome.genes[0].locus_tag == "café"
    assert genome.report[0].code == "not-utf8"
    assert "café" in repr(genome.genes[0])


@pytest.mark.data
def test_everything_decoded_is_immutable(syn3a: _core.Genome) -> None:
    record = syn3a.records[0]
    for thing, name in [
        (syn3a, "genes"),
        (record, "name"),
        (record.features[0], "kind"),
        (record.features[0].location, "text"),
        (syn3a.genes[0], "protein"),
    ]:
        with pytest.raises(AttributeError):
            setattr(thing, name, "x")
    assert all(isinstance(x, tuple) for x in (syn3a.genes, syn3a.records, syn3a.report))
    assert isinstance(syn3a.genes[0].parts, tuple)
    with pytest.raises(TypeError):
        _core.Feature()


def test_parts_outlive_the_genome_that_made_them() -> None:
    genome = _core.decode(genbank(feature("CDS", "1..30", '/locus_tag="a"')))
    gene, entry = genome.genes[0], genome.records[0].features[0]
    del genome
    assert gene.locus_tag == "a"
    assert entry.location.text == "1..30"
    assert dict(entry.qualifiers) == {"locus_tag": "a"}
    assert "CDS" in repr(entry)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_any_buffer_can_be_decoded(wrap: type) -> None:
    data = genbank(feature("gene", "1..30"))
    assert _core.decode(wrap(data)).fingerprint == _core.decode(data).fingerprint
    assert _core.decode(data=data, sequence=None).fingerprint == _core.decode(data).fingerprint


@pytest.mark.data
def test_genes_are_equal_to_themselves_and_cannot_be_pickled(syn3a: _core.Genome) -> None:
    assert syn3a.genes[5] == syn3a.genes[5] != syn3a.genes[6]
    assert len(set(syn3a.genes) | set(syn3a.genes)) == 496
    with pytest.raises(TypeError):
        pickle.dumps(syn3a.genes[5])


@pytest.mark.data
def test_every_class_says_what_it_holds(t7: _core.Genome) -> None:
    record = t7.records[0]
    texts = [
        repr(x) for x in (t7, record, record.features[3], record.features[3].location, t7.genes[0])
    ]
    for text, word in zip(
        texts, ["60 genes", "NC_001604.1", "regulatory", "498", "T7p01"], strict=True
    ):
        assert word in text


# --- what is refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08", "decompress"),
        (b"\x7fELF\x00\x00", "binary"),
        (b"ID   X56734; SV 1; linear; mRNA; STD; PLN; 1859 BP.\n", "EMBL"),
        (b"hello\n", "GenBank .* GFF3 .* FASTA"),
        (b">a\nMKELIV\n", "protein"),
        (b"##gff-version 3\nc\t.\tgene\t0\t9\t.\t+\t.\tID=a\n", "impossible coordinates"),
        (genbank(feature("gene", "1..201")), "impossible coordinates"),
        (genbank(feature("gene", "190..10"), topology="linear"), "impossible coordinates"),
        (genbank(feature("gene", "-1..10")), "impossible coordinates"),
    ],
)
def test_bad_input_is_refused_with_the_place(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        _core.decode(data)
    assert "line " in str(caught.value)
