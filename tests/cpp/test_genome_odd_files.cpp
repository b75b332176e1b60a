#include "check.hpp"
#include "genome/genbank.hpp"
#include "genome/gff3.hpp"
#include "test_genome_files.hpp"

using namespace bioxen;
using files::decode;
using files::error_of;
using files::feature;
using files::genbank;
using files::repeat;
using files::reports;

namespace {

const std::string bases = repeat("ACGTTGCATA", 20);  // 200 nt
const std::string gene = feature("gene", "1..30", {"/locus_tag=\"T_1\""});

std::string replace(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string with_locus(const std::string& line) {
    const std::string whole = genbank(bases, gene);
    return line + whole.substr(whole.find('\n'));
}

std::string_view value(const Genome& genome, std::string_view key) { return genome.records()[0].features[0].qualifier(key); }

bool format_error(std::string_view text, std::string_view word, std::string_view sequence = {}) {
    const auto error = error_of(text, sequence);
    return error && error->kind() == InputErrorKind::genome_format && error->line() >= 1 && error->offset() >= 0 &&
           std::string(error->what()).find(word) != std::string::npos;
}

}  // namespace

TEST(a_plain_record_reads_without_complaint) {
    const Genome genome = decode(genbank(bases, feature("source", "1..200", {"/organism=\"Testia\""})));
    CHECK(genome.format() == GenomeFormat::genbank);
    CHECK(genome.report().empty());
    const Record& record = genome.records()[0];
    CHECK(record.name == "TEST" && record.accession == "TEST.1" && record.definition == "A test");
    CHECK(record.molecule_type == "DNA" && record.division == "SYN" && record.date == "12-APR-2018");
    CHECK(record.topology == Topology::circular && record.length_nt == 200 && record.sequence == bases);
    CHECK(record.organism == "Testia");
    CHECK(record.features[0].line == 6);
}

// 3
TEST(length_of_more_than_ten_digits_is_read) {
    const Genome genome = decode("LOCUS       BIG            123456789012 bp    DNA     linear   SYN 12-APR-2018\nFEATURES             x\n" +
                                 feature("gene", "123456789000..123456789010", {"/gene=\"x\""}) + "CONTIG      join(A:1..5)\n//\n");
    CHECK(genome.records()[0].length_nt == 123456789012);
    CHECK(reports(genome, "locus-wide"));
    CHECK(format_error(with_locus("LOCUS       BIG 99999999999999999999 bp DNA linear SYN 12-APR-2018"), "too large"));
    CHECK(format_error(with_locus("LOCUS       BIG -200 bp DNA linear SYN 12-APR-2018"), "negative"));
}
TEST(missing_sequence_leaves_genes_that_cannot_be_executed) {
    const std::string whole = genbank(bases, gene);
    for (const std::string& text : {whole.substr(0, whole.find("ORIGIN")) + "//\n", whole.substr(0, whole.find("ORIGIN"))}) {
        const Genome genome = decode(text);
        CHECK(reports(genome, "missing-origin") && reports(genome, "no-sequence"));
        CHECK(genome.records()[0].sequence.empty() && genome.records()[0].length_nt == 200);
        CHECK(genome.genes().size() == 1 && !genome.genes()[0].defect.empty());
        CHECK(genome.coding_sequence(genome.genes()[0]).empty());
    }
}
// 19
TEST(wrong_indents_blank_lines_and_empty_sequence_lines_are_read) {
    std::string text = genbank(bases, "    gene        1..30\n             /locus_tag=\"T_1\"\n\n" + feature("CDS", "1..30", {"/locus_tag=\"T_1\""}));
    text = replace(text, "ORIGIN      \n", "ORIGIN\n\n        1\n");
    text = replace(text, "       61 ", "61 ");
    text = replace(text, "      121 ", "   ");
    const Genome genome = decode(text);
    CHECK(reports(genome, "odd-indent"));
    CHECK(genome.records()[0].features.size() == 2 && value(genome, "locus_tag") == "T_1");
    CHECK(genome.records()[0].sequence == bases);
    CHECK(genome.genes().size() == 1);
}
TEST(keys_may_begin_with_a_digit) {
    const Genome genome = decode(genbank(bases, feature("5'UTR", "1..10") + feature("-10_signal", "20..25")));
    CHECK(genome.records()[0].features[0].kind == "5'UTR" && genome.records()[0].features[1].kind == "-10_signal");
}
// 20
TEST(line_ends_byte_order_mark_and_tabs_do_not_matter) {
    const std::string plain = genbank(bases, gene);
    std::string crlf;
    std::string macintosh;
    for (const char c : plain) {
        crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
        macintosh += c == '\n' ? '\r' : c;
    }
    for (const std::string& text : {crlf, macintosh, "\xef\xbb\xbf" + plain, "\n \n" + plain, replace(plain, "     gene            ", "     gene\t"),
                                    replace(plain, "                     /locus_tag", "\t\t\t/locus_tag")}) {
        const Genome genome = decode(text);
        CHECK(genome.records()[0].sequence == bases);
        CHECK(genome.records()[0].features.size() == 1 && value(genome, "locus_tag") == "T_1");
        CHECK(genome.records()[0].date == "12-APR-2018");
    }
}
TEST(bytes_that_are_not_utf8_are_kept_and_reported) {
    const Genome genome = decode(genbank(bases, feature("gene", "1..30", {"/note=\"caf\xe9\""})));
    CHECK(reports(genome, "not-utf8") && value(genome, "note") == "caf\xe9");
    CHECK(!reports(decode(genbank(bases, feature("gene", "1..30", {"/note=\"caf\xc3\xa9\"", "/locus_tag=\"a\""}))), "not-utf8"));
    for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc3"}) {
        CHECK(reports(decode(genbank(bases, feature("gene", "1..30", {std::string("/note=\"") + bad + "\""}))), "not-utf8"));
    }
}
// 22
TEST(qualifier_values_are_unfolded_and_unquoted) {
    const Genome genome = decode(genbank(bases, feature("gene", "1..30", {
        "/empty=\"\"", "/flag", "/bare=3", "/words=one two", "/doubled=\"say \"\"hi\"\" now\"", "/quotes=\"\"\"\"",
        "/dash=\"-/\"", "/note=\"first", "/second -/", "third\"", "/inner=\"the \"odd\" one\"", "/anticodon=(pos:1..3,", "aa:Met)",
        "/translation=\"MA", "KL\"", "/none="})));
    CHECK(genome.records()[0].features[0].qualifiers.size() == 12);
    CHECK(value(genome, "empty").empty() && genome.records()[0].features[0].qualifiers[0].has_value());
    CHECK(!genome.records()[0].features[0].qualifiers[1].has_value());
    CHECK(value(genome, "bare") == "3" && value(genome, "words") == "one two");
    CHECK(value(genome, "doubled") == "say \"hi\" now");
    CHECK(value(genome, "quotes") == "\"");
    CHECK(value(genome, "dash") == "-/");
    CHECK(value(genome, "note") == "first /second -/ third");
    CHECK(value(genome, "inner") == "the \"odd\" one" && reports(genome, "unescaped-quote"));
    CHECK(value(genome, "anticodon") == "(pos:1..3, aa:Met)");
    CHECK(value(genome, "translation") == "MAKL");
    CHECK(genome.records()[0].features[0].qualifiers[11].has_value());
}
TEST(a_missing_closing_quote_costs_one_value_only) {
    const Genome genome = decode(genbank(bases, feature("gene", "1..30", {"/note=\"open", "/locus_tag=\"T_1\""}) +
                                                    feature("gene", "40..60", {"/note=\"open again"}) + feature("gene", "70..80")));
    CHECK(reports(genome, "unterminated-quote"));
    CHECK(genome.records()[0].features.size() == 3 && value(genome, "locus_tag") == "T_1" && value(genome, "note") == "open");
}
// 24
TEST(lower_case_and_iupac_letters_become_upper_case_dna) {
    const Genome genome = decode(genbank("acgturyswkmbdhvn" + std::string(184, 'a'), gene));
    CHECK(genome.records()[0].sequence.substr(0, 16) == "ACGTTRYSWKMBDHVN");
    CHECK(reports(genome, "ambiguous-bases") && reports(genome, "uracil"));
    CHECK(format_error(genbank("acgtj" + std::string(195, 'a'), gene), "no nucleotide"));
    CHECK(format_error(genbank("acgt-" + std::string(195, 'a'), gene), "no nucleotide"));
}
TEST(the_fast_and_the_careful_sequence_reader_agree) {
    std::string mixed = repeat("acgttgcata", 3000);
    for (const std::size_t at : {0U, 59U, 60U, 3839U, 3840U, 20000U, 29999U}) mixed[at] = 'n';
    std::string upper = mixed;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    const Genome genome = decode(genbank(mixed, ""));
    CHECK(genome.records()[0].sequence == upper);
    std::string broken = genbank(mixed, "");
    broken[broken.find("ORIGIN") + 12000] = '!';
    const auto error = error_of(broken);
    CHECK(error && broken[static_cast<std::size_t>(error->offset())] == '!');
    CHECK(error && error->line() == 1 + std::count(broken.begin(), broken.begin() + error->offset(), '\n'));
}
TEST(a_wrong_length_on_the_locus_line_is_reported) {
    const Genome genome = decode(with_locus("LOCUS       TEST 201 bp DNA circular SYN 12-APR-2018"));
    CHECK(reports(genome, "length-mismatch") && genome.records()[0].length_nt == 200);
    CHECK(decode(with_locus("LOCUS       TEST 99999999999999999 bp DNA circular SYN 12-APR-2018")).records()[0].length_nt == 200);
}
// 25
TEST(several_records_are_several_replicons) {
    const Genome genome = decode(genbank(bases, gene) + "\n\n" + genbank(bases + bases, gene, "linear"));
    CHECK(genome.records().size() == 2 && genome.genes().size() == 2);
    CHECK(index(genome.genes()[1].replicon) == 1);
    CHECK(genome.genes()[0].locus_tag == "T_1" && genome.genes()[1].locus_tag == "T_1_2");
    CHECK(reports(genome, "duplicate-locus-tag"));
}
// 26
TEST(embl_and_other_formats_are_refused_by_name) {
    CHECK(format_error("ID   X56734; SV 1; linear; mRNA; STD; PLN; 1859 BP.\nXX\n", "EMBL"));
    CHECK(format_error("ID   X56734 standard; RNA; PLN; 1859 BP.\nXX\n", "EMBL"));
    CHECK(format_error("ID   CON001; SV 1; circular; genomic DNA; CON; PRO; 9 BP.\nCO   join(A:1..9)\n", "supported are GenBank"));
    CHECK(format_error("<?xml version=\"1.0\"?>", "XML"));
    CHECK(format_error("{\"a\": 1}", "JSON"));
    CHECK(format_error("@SRR1\nACGT\n+\nIIII\n", "FASTQ"));
    CHECK(format_error("ACGTACGTACGTACGT\nACGT\n", "header"));
    CHECK(format_error(with_locus("LOCUS       PROT 200 aa linear SYN 12-APR-2018"), "protein"));
}
// 29, 30
TEST(compressed_binary_empty_and_unknown_inputs_are_refused) {
    CHECK(format_error("\x1f\x8b\x08", "decompress"));
    CHECK(format_error("BZh91AY", "decompress"));
    CHECK(format_error("", "empty"));
    CHECK(format_error(" \n\n\t\n", "empty"));
    CHECK(format_error("\xef\xbb\xbf", "empty"));
    CHECK(format_error(std::string_view("\x7f""ELF\0\0\0", 7), "binary"));
    CHECK(format_error("hello world\nthis is a letter\n", "unknown format"));
    CHECK(format_error("# only a comment\n", "empty"));
    CHECK(format_error("\xff\xfeL\x01", "UTF-16"));
}
// 28
TEST(fasta_is_read_whatever_its_line_ends_and_case) {
    const Genome genome = decode(">one first > record\r\nacgtn\nACG\rT\n\n;comment\n>two\nacgu acgt\n>\nA\n>two\n");
    CHECK(genome.format() == GenomeFormat::fasta && genome.records().size() == 4 && genome.genes().empty());
    CHECK(genome.records()[0].name == "one" && genome.records()[0].definition == "first > record");
    CHECK(genome.records()[0].sequence == "ACGTNACGT" && genome.records()[0].length_nt == 9);
    CHECK(genome.records()[1].sequence == "ACGTACGT");
    CHECK(genome.records()[2].name == "record_3" && reports(genome, "no-name"));
    CHECK(reports(genome, "duplicate-record") && reports(genome, "no-sequence") && reports(genome, "no-features"));
    CHECK(format_error(">a\nACGT>b\nACGT\n", "header"));
    CHECK(format_error(">a\nMKELIV\n", "protein"));
    CHECK(format_error(">a\nACG1\n", "no nucleotide"));
    CHECK(format_error(">a\nACGT\n", "FASTA itself", ">b\nA\n"));
    CHECK(decode(">p [topology=circular]\nACGT\n").records()[0].topology == Topology::circular);
}
// 27
TEST(gff3_reads_features_and_either_kind_of_sequence) {
    const std::string table = "##gff-version 3\n##sequence-region chr 1 200\nchr\tsrc\tgene\t1\t30\t.\t+\t.\tID=g1;locus_tag=T_1;Name=ab%3Bc\n"
                              "chr\tsrc\tCDS\t1\t30\t5.5\t+\t0\tID=c1;Parent=g1;product=a%2C b;flag\n";
    const Genome embedded = decode(table + "##FASTA\n>chr the chromosome\n" + bases + "\n");
    const Genome apart = decode(table, ">chr the chromosome\n" + bases + "\n");
    for (const Genome* genome : {&embedded, &apart}) {
        CHECK(genome->format() == GenomeFormat::gff3);
        CHECK(genome->records()[0].sequence == bases && genome->records()[0].definition == "the chromosome");
        const Feature& cds = genome->records()[0].features[1];
        CHECK(cds.kind == "CDS" && cds.location.text == "1..30" && cds.qualifier("product") == "a, b");
        CHECK(cds.qualifier("source") == "src" && cds.qualifier("score") == "5.5" && cds.qualifier("phase") == "0");
        CHECK(cds.has("flag") && !cds.qualifiers.back().has_value() && reports(*genome, "odd-attribute"));
        CHECK(genome->genes().size() == 1 && genome->genes()[0].name == "ab;c" && genome->genes()[0].locus_tag == "T_1");
    }
    CHECK(embedded.fingerprint() != apart.fingerprint());
    CHECK(reports(decode(table), "no-sequence"));
    CHECK(!decode(table).genes()[0].defect.empty());
}
TEST(gff3_oddities_have_stated_outcomes) {
    const std::string head = "##gff-version 3\n";
    const std::string sequence = "##FASTA\n>c\n" + bases + "\n";
    const std::string region = "c\t.\tregion\t1\t200\t.\t+\t.\tID=c;Is_circular=true\n";
    CHECK(reports(decode(head + "c\t.\tgene\t1\t30\t.\t+\t.\n" + sequence), "gff-columns"));
    CHECK(format_error(head + "c\t.\tgene\t1\t30\t.\t+\n" + sequence, "nine columns"));
    CHECK(format_error(head + "c . gene 1 30 . + . ID=a\n" + sequence, "tabs"));
    CHECK(format_error(head + "c\t.\tgene\t0\t30\t.\t+\t.\tID=a\n" + sequence, "impossible coordinates"));
    CHECK(format_error(head + "c\t.\tgene\t-4\t30\t.\t+\t.\tID=a\n" + sequence, "impossible coordinates"));
    CHECK(format_error(head + "c\t.\tgene\t30\t20\t.\t+\t.\tID=a\n" + sequence, "impossible coordinates"));
    CHECK(format_error(head + "c\t.\tgene\t190\t210\t.\t+\t.\tID=a\n" + sequence, "impossible coordinates"));
    CHECK(format_error("##gff-version 2\n" + sequence, "GFF version"));
    CHECK(format_error("c\tx\tCDS\t1\t30\t.\t+\t0\tgene_id \"a\"; transcript_id \"b\";\n", "GTF"));
    const Genome round = decode(head + region + "c\t.\tgene\t190\t210\t.\t-\t.\tID=a\n" + sequence);
    CHECK(round.genes()[0].start == 189 && round.genes()[0].end == 210 && round.genes()[0].length_nt == 21);
    CHECK((round.genes()[0].parts == std::vector<GenePart>{{0, 10}, {189, 200}}));
    const Genome cycle = decode(head + "c\t.\tgene\t1\t30\t.\t+\t.\tID=a;Parent=b\nc\t.\tmRNA\t1\t30\t.\t+\t.\tID=b;Parent=a\n"
                                       "c\t.\tregion\t1\t30\t.\t+\t.\tID=s;Parent=s\n" + sequence);
    CHECK(reports(cycle, "parent-cycle"));
    const Genome parents = decode(head + "c\t.\tgene\t1\t30\t.\t+\t.\tID=g;locus_tag=T\nc\t.\tmRNA\t1\t30\t.\t+\t.\tID=m;Parent=g\n"
                                         "c\t.\tmRNA\t1\t30\t.\t+\t.\tID=n;Parent=g\nc\t.\tCDS\t1\t30\t.\t+\t0\tID=x;Parent=m,n,lost\n" + sequence);
    CHECK(parents.genes().size() == 1 && parents.genes()[0].locus_tag == "T" && parents.genes()[0].kind == GeneKind::protein);
    CHECK(reports(decode(head + "c\t.\tCDS\t1\t30\t.\t+\t0\tID=x;Parent=lost\n" + sequence), "unknown-parent"));
    CHECK(reports(decode(head + "c.1\t.\tCDS\t1\t30\t.\t+\t0\tID=x\n", ">c\n" + bases), "seqid-version"));
    CHECK(format_error(head, "not FASTA", genbank(bases, gene)));
}
TEST(features_are_limited) {
    decoder::Limits limits;
    limits.features = 3;
    const auto read_features = [&](int n) {
        decoder::Draft draft(limits);
        decoder::read_genbank(genbank(bases, repeat(gene, static_cast<std::size_t>(n))), 0, 1, draft);
        return draft.records[0].features.size();
    };
    const auto read_rows = [&](int n) {
        decoder::Draft draft(limits);
        const std::string text = "##gff-version 3\n" + repeat("c\t.\tgene\t1\t9\t.\t+\t.\tk=v\n", static_cast<std::size_t>(n));
        (void)decoder::read_gff3(text, 0, 1, {}, draft);
        return draft.records[0].features.size();
    };
    CHECK(read_features(3) == 3 && read_rows(3) == 3);
    CHECK_THROWS(read_features(4), InputError);
    CHECK_THROWS(read_rows(4), InputError);
    CHECK(decoder::Limits{}.features == 5'000'000 && decoder::Limits{}.bytes == std::int64_t{8} << 30);
}
TEST(the_report_stays_short_for_a_strange_file) {
    const Genome genome = decode(genbank(bases, repeat(feature("gene", "order(1..10,)"), 1000)));
    CHECK(genome.report().size() < 500);
}
TEST(fingerprints_tell_inputs_apart) {
    const std::string text = genbank(bases, gene);
    const std::string first = decode(text).fingerprint();
    CHECK(first.size() == 16 && first == decode(text).fingerprint());
    CHECK(first != decode(text + "\n").fingerprint());
    CHECK(first != decode(replace(text, "A test", "a test")).fingerprint());
}

RUN_TESTS()
