"""Odd genome files seen in the wild, each with its stated outcome.

The files stand in tests/data/odd, named <format>_<construct>_<what>. Most hold one record of 60 nt
whose first half is the gene T_1, so that a table row can say what a reader should get out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import bioxen_jcvi_vm_lib as bx

ODD = Path(__file__).parents[1] / "data" / "odd"
PROTEIN = "MAKELFHSW"


class Accepted(NamedTuple):
    """The file loads, warns with exactly these codes, and `look` at it shows `value`."""

    file: str
    codes: str
    look: Callable[[bx.GenomicRuntime], Any]
    value: Any
    sequence_file: str | None = None


class Refused(NamedTuple):
    """The file is a GenomeFormatError at `line` (None: no line is at fault) that says `says`."""

    file: str
    line: int | None
    says: str
    sequence_file: str | None = None


def proteins(runtime: bx.GenomicRuntime) -> dict[str, str]:
    return {gene.locus_tag: gene.protein for gene in runtime.genes if not gene.defect}


def defects(runtime: bx.GenomicRuntime) -> dict[str, str]:
    return {gene.locus_tag: gene.defect for gene in runtime.genes if gene.defect}


def kinds(runtime: bx.GenomicRuntime) -> dict[str, str]:
    return {gene.locus_tag: gene.kind for gene in runtime.genes}


def locations(runtime: bx.GenomicRuntime) -> list[tuple[str, str]]:
    return [(f.location.text, f.location.kind) for f in runtime.records[0].features]


def parts(runtime: bx.GenomicRuntime) -> list[list[tuple[int, int]]]:
    return [[(p.start, p.end) for p in f.location.parts] for f in runtime.records[0].features]


def partial_ends(runtime: bx.GenomicRuntime) -> list[tuple[bool, bool]]:
    spans = [feature.location.parts[0] for feature in runtime.records[0].features]
    return [(span.before_start, span.after_end) for span in spans]


def qualifiers(runtime: bx.GenomicRuntime) -> dict[str, str | None]:
    return dict(runtime.records[0].features[0].qualifiers)


def records(runtime: bx.GenomicRuntime) -> list[tuple[str, str, int]]:
    return [(record.name, record.topology, record.length_nt) for record in runtime.records]


def sequences(runtime: bx.GenomicRuntime) -> dict[str, str]:
    return {record.name: record.sequence for record in runtime.records}


WHOLE = {"T_1": PROTEIN}
LEFT_OUT = "gene-not-executable"
NO_SEQUENCE = {"T_1": "the file has no sequence for its replicon"}

CONSTRUCTS: list[Accepted | Refused] = [
    # 1 LOCUS name fused with the length, or longer than its column
    Accepted(
        "genbank_01_name_fused_with_length.gb",
        "locus-fused",
        records,
        [("ASSEMBLED_CONTIG", "circular", 60)],
    ),
    Accepted(
        "genbank_01_name_longer_than_its_column.gb",
        "locus-wide",
        records,
        [("NODE_1_length_60_cov_37.5", "circular", 60)],
    ),
    # 2 short LOCUS without topology or date
    Accepted(
        "genbank_02_locus_without_topology_or_date.gb",
        "locus-incomplete",
        records,
        [("TEST", "linear", 60)],
    ),
    Accepted(
        "genbank_02_locus_with_a_name_only.gb",
        "locus-incomplete",
        records,
        [("TEST", "linear", 60)],
    ),
    Refused("genbank_02_locus_without_a_name.gb", 1, "LOCUS line without a name"),
    # 3 length over 10 digits
    Accepted(
        "genbank_03_length_over_ten_digits.gb",
        f"locus-wide no-sequence gene-without-product {LEFT_OUT}",
        lambda runtime: (records(runtime), parts(runtime)),
        ([("TEST", "linear", 123_456_789_012)], [[(123_456_788_999, 123_456_789_010)]]),
    ),
    Refused("genbank_03_length_over_eighteen_digits.gb", 1, "is too large"),
    # 4 location wrapped inside a number
    Accepted("genbank_04_location_wrapped_inside_a_number.gb", "", proteins, WHOLE),
    # 5 trailing comma in order(...)
    Accepted(
        "genbank_05_trailing_comma_in_order.gb", "location-comma", parts, [[(0, 10), (19, 30)]]
    ),
    # 6 implicit wrap: circular, two parts; linear, an error
    Accepted(
        "genbank_06_implicit_wrap_circular.gb",
        "",
        lambda runtime: (parts(runtime), proteins(runtime)),
        ([[(45, 60), (0, 15)]], WHOLE),
    ),
    Refused("genbank_06_implicit_wrap_linear.gb", 3, "only a circular sequence allows"),
    # 7 join across the origin, both strands
    Accepted(
        "genbank_07_join_across_the_origin_forward.gb",
        "",
        lambda runtime: (parts(runtime), proteins(runtime)),
        ([[(45, 60), (0, 15)]], WHOLE),
    ),
    Accepted(
        "genbank_07_join_across_the_origin_reverse.gb",
        "",
        lambda runtime: (parts(runtime), proteins(runtime)),
        ([[(0, 15), (45, 60)]], WHOLE),
    ),
    # 8 complement(join(..)) against join(complement(..),..)
    Accepted(
        "genbank_08_complement_of_join_and_join_of_complements.gb",
        "",
        lambda runtime: (parts(runtime), proteins(runtime)),
        ([[(14, 32), (0, 12)]] * 2, {"T_1": PROTEIN, "T_2": PROTEIN}),
    ),
    Accepted(
        "genbank_08_join_of_complements_in_forward_order.gb",
        LEFT_OUT,
        defects,
        {"T_1": "its parts are not in the order of the strand"},
    ),
    # 9 mixed strands and trans-splicing
    Accepted(
        "genbank_09_parts_on_both_strands.gb",
        LEFT_OUT,
        defects,
        {"T_1": "its parts lie on both strands (trans-splicing)"},
    ),
    Accepted(
        "genbank_09_trans_splicing.gb",
        LEFT_OUT,
        defects,
        {"T_1": "its transcript is made by trans-splicing"},
    ),
    # 10 overlapping join (slippage re-reads a base) and skipping join
    Accepted(
        "genbank_10_slippage_reads_a_base_twice.gb",
        "",
        lambda runtime: (parts(runtime), proteins(runtime)),
        ([[(0, 12), (11, 29)]], {"T_1": "MAKEIFHSW"}),
    ),
    Accepted(
        "genbank_10_slippage_skips_a_base.gb",
        "",
        lambda runtime: (parts(runtime), proteins(runtime)),
        ([[(0, 12), (13, 31)]], WHOLE),
    ),
    # 11 <1..200, 1..>200, <155222 alone
    Accepted(
        "genbank_11_partial_ends.gb",
        "",
        lambda runtime: (partial_ends(runtime), parts(runtime)[2], proteins(runtime)),
        (
            [(True, False), (False, True), (True, False)],
            [(24, 25)],
            {"T_1": PROTEIN, "T_2": PROTEIN},
        ),
    ),
    # 12 one-of, bond, ^, remote accession: kept, not executable
    Accepted(
        "genbank_12_inexact_and_remote_locations.gb",
        LEFT_OUT,
        locations,
        [
            ("one-of(1,4)..30", "one_of"),
            ("(1.4)..30", "one_of"),
            ("bond(4,27)", "bond"),
            ("30^31", "between"),
            ("join(1..12,AB000001.1:13..30)", "join"),
            ("order(1..12,13..30)", "order"),
        ],
    ),
    Accepted("genbank_12_inexact_and_remote_locations.gb", LEFT_OUT, proteins, {}),
    # 13 negative coordinates
    Refused("genbank_13_negative_coordinates.gb", 6, "never negative"),
    Refused("genbank_13_coordinate_zero.gb", 6, "count from 1, not 0"),
    Refused("genbank_13_coordinates_beyond_the_sequence.gb", 6, "ends beyond the sequence"),
    # 14 zero-length features: a^b; an end before its start is an implicit wrap, as in 6
    Accepted(
        "genbank_14_site_between_two_bases.gb",
        "",
        lambda runtime: parts(runtime)[1:],
        [[(30, 30)], [(60, 60)]],
    ),
    Accepted(
        "genbank_14_end_before_start_circular.gb",
        "",
        lambda runtime: parts(runtime)[1:],
        [[(30, 60), (0, 30)]],
    ),
    Refused("genbank_14_end_before_start_linear.gb", 6, "ends before it starts"),
    Refused("gff3_14_end_before_start.gff3", 2, "ends before it starts"),
    # 15 missing //; missing ORIGIN; both
    Accepted("genbank_15_missing_end.gb", "missing-end", proteins, WHOLE),
    Accepted("genbank_15_missing_origin.gb", "missing-origin", proteins, WHOLE),
    Accepted(
        "genbank_15_missing_sequence.gb",
        f"missing-origin no-sequence {LEFT_OUT}",
        defects,
        NO_SEQUENCE,
    ),
    Accepted(
        "genbank_15_missing_sequence_and_end.gb",
        f"missing-end missing-origin no-sequence {LEFT_OUT}",
        defects,
        NO_SEQUENCE,
    ),
    # 16 CONTIG without sequence, WGS/TSA/TLS stubs
    Accepted(
        "genbank_16_contig_without_sequence.gb", f"no-sequence {LEFT_OUT}", defects, NO_SEQUENCE
    ),
    Accepted("genbank_16_wgs_stub.gb", "no-sequence", sequences, {"TEST": ""}),
    Accepted("genbank_16_tsa_stub.gb", "no-sequence", sequences, {"TEST": ""}),
    Accepted("genbank_16_tls_stub.gb", "no-sequence", sequences, {"TEST": ""}),
    # 17 no FEATURES
    Accepted("genbank_17_no_features.gb", "no-features", records, [("TEST", "circular", 60)]),
    # 18 text on the ORIGIN line
    Accepted("genbank_18_text_on_the_origin_line.gb", "", proteins, WHOLE),
    # 19 wrong indents, blank lines, zero-base lines
    Accepted("genbank_19_wrong_indents.gb", "odd-indent", proteins, WHOLE),
    Accepted("genbank_19_blank_lines.gb", "", proteins, WHOLE),
    Accepted("genbank_19_sequence_lines_without_bases.gb", "", proteins, WHOLE),
    # 20 non-UTF-8 bytes, BOM, CRLF, tabs
    Accepted(
        "genbank_20_not_utf8.gb", "not-utf8", lambda runtime: qualifiers(runtime)["note"], "café"
    ),
    Accepted("genbank_20_byte_order_mark.gb", "", proteins, WHOLE),
    Accepted("genbank_20_crlf.gb", "", proteins, WHOLE),
    Accepted("genbank_20_lone_carriage_returns.gb", "", proteins, WHOLE),
    Accepted("genbank_20_tabs.gb", "odd-indent", proteins, WHOLE),
    Accepted("gff3_20_byte_order_mark_crlf_latin1.gff3", "not-utf8", proteins, WHOLE),
    Accepted(
        "gff3_27_without_fasta.gff3",
        "",
        proteins,
        WHOLE,
        sequence_file="fasta_20_byte_order_mark.fa",
    ),
    Refused("genbank_20_utf16.gb", 1, "UTF-16"),
    # 21 preamble before LOCUS
    Accepted(
        "genbank_21_preamble.gb", "preamble", lambda runtime: runtime.records[0].features[0].line, 7
    ),
    # 22 empty, unquoted, doubled-quote qualifiers; value beginning -/
    Accepted(
        "genbank_22_qualifier_values.gb",
        "",
        qualifiers,
        {
            "locus_tag": "T_1",
            "transl_table": "11",
            "empty": "",
            "flag": None,
            "unquoted": "two words",
            "doubled": 'a "b" c',
            "note": "-/- /key of nothing -/ end",
            "nothing": "",
        },
    ),
    Accepted(
        "genbank_22_missing_closing_quote.gb",
        "unterminated-quote",
        qualifiers,
        {"note": "open", "locus_tag": "T_1", "transl_table": "11"},
    ),
    # 23 transl_except (Sec, Pyl, TERM), codon_start 2 and 3, alternative starts, pseudo, /exception
    Accepted("genbank_23_transl_except_selenocysteine.gb", "", proteins, {"T_1": "MAKUEL"}),
    Accepted("genbank_23_transl_except_pyrrolysine.gb", "", proteins, {"T_1": "MAKOEL"}),
    Accepted("genbank_23_transl_except_term.gb", "", proteins, {"T_1": "MAKEL"}),
    Accepted("genbank_23_codon_start.gb", "", proteins, {"T_2": PROTEIN[1:], "T_3": PROTEIN[1:]}),
    Accepted(
        "genbank_23_alternative_start.gb",
        "no-start-codon traffic-cut-at-origin",
        proteins,
        {"T_1": PROTEIN, "T_2": "Q" + PROTEIN[1:]},
    ),
    Accepted("genbank_23_pseudo.gb", "", kinds, {"T_1": "pseudo", "T_2": "pseudo"}),
    Accepted("genbank_23_exception.gb", "exception", proteins, WHOLE),
    # 24 lower case and IUPAC codes
    Accepted(
        "genbank_24_lower_case_and_iupac.gb",
        "uracil ambiguous-bases",
        lambda runtime: runtime.records[0].sequence[27:],
        "TAARYKMSWBDHVNTRYKMSWBDHVNTACGTAC",
    ),
    Accepted(
        "genbank_24_ambiguous_codons.gb",
        f"ambiguous-bases {LEFT_OUT} traffic-cut-at-origin",
        lambda runtime: (proteins(runtime), defects(runtime)),
        (WHOLE, {"T_2": "ambiguous residue at codon 2"}),
    ),
    Refused("genbank_24_letter_that_is_no_nucleotide.gb", 7, "j is no nucleotide"),
    # 25 several records in one file
    Accepted(
        "genbank_25_several_records.gb",
        "",
        lambda runtime: (records(runtime), proteins(runtime)),
        (
            [("TEST", "circular", 60), ("MORE", "linear", 60)],
            {"T_1": PROTEIN, "T_2": PROTEIN},
        ),
    ),
    Accepted(
        "genbank_25_several_records_without_ends.gb",
        "missing-end",
        records,
        [("TEST", "circular", 60), ("MORE", "circular", 60)],
    ),
    # 26 EMBL ID variants, CO lines
    Refused("embl_26_id_line.embl", 1, "EMBL"),
    Refused("embl_26_old_id_line.embl", 1, "EMBL"),
    Refused("embl_26_co_lines.embl", 1, "EMBL"),
    # 27 GFF3: 8 columns, several parents, ##FASTA and a separate FASTA, end beyond a circular
    # length, parent cycles, percent-escapes
    Accepted("gff3_27_eight_columns.gff3", "gff-columns", proteins, WHOLE),
    Refused("gff3_27_seven_columns.gff3", 2, "found 7"),
    Refused("gff3_27_blanks_instead_of_tabs.gff3", 2, "separated by tabs"),
    Accepted("gff3_27_several_parents.gff3", "unknown-parent", proteins, WHOLE),
    Accepted("gff3_27_fasta_inside.gff3", "", proteins, WHOLE),
    Accepted("gff3_27_fasta_inside_without_directive.gff3", "", proteins, WHOLE),
    Accepted("gff3_27_without_fasta.gff3", f"no-sequence {LEFT_OUT}", defects, NO_SEQUENCE),
    Accepted(
        "gff3_27_without_fasta.gff3",
        "seqid-version",
        proteins,
        WHOLE,
        sequence_file="gff3_27_fasta_apart.fa",
    ),
    Accepted(
        "gff3_27_without_fasta.gff3",
        "",
        proteins,
        WHOLE,
        sequence_file="gff3_27_fasta_apart_with_comment.fa",
    ),
    Accepted(
        "gff3_27_fasta_inside.gff3",
        "duplicate-record",
        records,
        [("chr", "linear", 60)],
        sequence_file="fasta_20_byte_order_mark.fa",
    ),
    Refused(
        "gff3_27_without_fasta.gff3",
        5,
        "sequence file: it is not FASTA",
        sequence_file="genbank_21_preamble.gb",
    ),
    Refused(
        "gff3_27_without_fasta.gff3",
        2,
        "sequence file: E is no nucleotide",
        sequence_file="fasta_28_protein.fa",
    ),
    Refused(
        "genbank_21_preamble.gb",
        5,
        "brings its own sequence",
        sequence_file="gff3_27_fasta_apart.fa",
    ),
    Accepted(
        "gff3_27_end_beyond_a_circular_length.gff3",
        "",
        lambda runtime: (parts(runtime)[1], proteins(runtime)),
        ([(45, 60), (0, 15)], WHOLE),
    ),
    Refused("gff3_27_end_beyond_a_linear_length.gff3", 2, "ends beyond the sequence"),
    Accepted("gff3_27_parent_cycle.gff3", "parent-cycle", proteins, WHOLE),
    Accepted(
        "gff3_27_percent_escapes.gff3",
        "",
        lambda runtime: (runtime.records[0].name, runtime.genes[0].product),
        ("chr|1", "alpha, beta; 100% %zz%4"),
    ),
    Refused("gff3_27_coordinate_zero.gff3", 2, "counts from 1"),
    Refused("gff3_27_version_two.gff3", 1, "expected GFF3"),
    Refused("gff3_27_gtf_attributes.gff3", 1, "GTF or GFF2"),
    # 28 FASTA: mixed line ends, inner >, lower case
    Accepted(
        "fasta_28_mixed_line_ends.fa",
        "no-features",
        sequences,
        {"a": "ACGTACGTACGT", "b": "GGCC"},
    ),
    Accepted(
        "fasta_28_inner_greater_than.fa", "no-features", sequences, {"a": "ACGT", "b>c": "GGCC"}
    ),
    Refused("fasta_28_greater_than_in_the_sequence.fa", 2, "starts its line"),
    Accepted(
        "fasta_28_lower_case_and_rna.fa",
        "uracil ambiguous-bases no-features",
        sequences,
        {"a": "ACGTRYNACGT"},
    ),
    Accepted(
        "fasta_28_names_missing_and_equal.fa",
        "no-name duplicate-record no-sequence no-features",
        records,
        [("record_1", "linear", 4), ("a", "linear", 4), ("a", "linear", 4), ("b", "linear", 0)],
    ),
    Refused("fasta_28_protein.fa", 2, "looks like a protein"),
    Refused("fasta_28_no_header.fa", 1, "needs a header line"),
    # 29 gzip with several members, truncated gzip
    Accepted("gzip_29_one_member.gb.gz", "", proteins, WHOLE),
    Accepted("gzip_29_several_members.gb.gz", "", proteins, WHOLE),
    Refused("gzip_29_truncated.gb.gz", None, "truncated"),
    Refused("gzip_29_damaged.gb.gz", None, "damaged gzip"),
    Refused("gzip_29_followed_by_text.gb.gz", None, "not gzip"),
    Refused("gzip_29_of_nothing.gb.gz", None, "is empty"),
    # 30 a file that is none of these formats, an empty file, a directory
    Refused("none_30_empty.gb", None, "is empty"),
    Refused("none_30_blank_lines.gb", 1, "is empty"),
    Refused("none_30_letter.txt", 1, "unknown format: the first line is 'Dear colleague,'"),
    Refused("none_30_error_page.html", 1, "XML or HTML"),
    Refused("none_30_json.json", 1, "JSON"),
    Refused("none_30_reads.fastq", 1, "FASTQ"),
    Refused("none_30_bzip2.gb.bz2", 1, "decompress it first"),
    Refused("none_30_zip.zip", 1, "unpack it first"),
    Refused("none_30_executable.bin", 1, "binary data"),
    Refused(".", None, "is a directory"),
    Refused("no_such_file.gb", None, "does not exist"),
]


def _name(row: Accepted | Refused) -> str:
    return row.file if row.sequence_file is None else f"{row.file}+{row.sequence_file}"


def _load(row: Accepted | Refused) -> bx.GenomicRuntime:
    beside = None if row.sequence_file is None else ODD / row.sequence_file
    manager = bx.GenomicVirtualizationManager()
    return manager.load_genome_runtime(
        ODD / row.file, organism="minimal_cell", sequence_file=beside
    )


@pytest.mark.parametrize("row", [row for row in CONSTRUCTS if isinstance(row, Accepted)], ids=_name)
def test_odd_file_is_read_with_its_warnings(row: Accepted) -> None:
    runtime = _load(row)
    of_the_genes = {"supply-without-genes"} if len(runtime) else set()  # none has glycolysis
    assert {entry.code for entry in runtime.report} == set(row.codes.split()) | of_the_genes
    assert row.look(runtime) == row.value


@pytest.mark.parametrize("row", [row for row in CONSTRUCTS if isinstance(row, Refused)], ids=_name)
def test_odd_file_is_refused_with_its_place(row: Refused) -> None:
    with pytest.raises(bx.GenomeFormatError) as caught:
        _load(row)
    assert row.says in str(caught.value)
    assert caught.value.line == row.line
    assert caught.value.line is None or caught.value.offset is not None


def test_every_construct_and_every_fixture_has_its_row() -> None:
    rows = {name for row in CONSTRUCTS for name in (row.file, row.sequence_file)}
    assert {path.name for path in ODD.iterdir()} <= rows
    numbers = {int(name.split("_")[1]) for path in ODD.iterdir() if (name := path.name)}
    assert numbers == set(range(1, 31))
