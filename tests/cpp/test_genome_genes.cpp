#include "check.hpp"
#include "test_genome_files.hpp"

#include "genome/genetic_code.hpp"

using namespace bioxen;
using files::decode;
using files::feature;
using files::genbank;
using files::repeat;
using files::reports;

namespace {

/// 300 nt of the alphabet that never makes a stop or start by chance here, with `text` put at `at` (0-based).
std::string with(std::size_t at, const std::string& text, std::string bases = repeat("GCC", 100)) {
    return bases.replace(at, text.size(), text);
}

std::string reverse_complement(std::string text) {
    std::reverse(text.begin(), text.end());
    for (char& c : text) c = decoder::complement(c);
    return text;
}

std::string cds(const std::string& location, std::vector<std::string> more = {}, const std::string& table = "11") {
    more.insert(more.begin(), "/locus_tag=\"T_1\"");
    more.push_back("/transl_table=" + table);
    return feature("CDS", location, more);
}

struct Read {
    Genome genome;
    const Gene& gene() const { return genome.genes()[0]; }
};

Read read(const std::string& bases, const std::string& features, const std::string& topology = "circular") {
    return {decode(genbank(bases, features, topology))};
}

bool defect(const Read& read, std::string_view words) {
    return read.gene().defect.find(words) != std::string::npos;
}

}  // namespace

TEST(a_coding_sequence_is_translated_and_its_stop_noted) {
    const Read r = read(with(9, "ATGAAATTTTAA"), cds("10..21", {"/gene=\"abc\"", "/product=\"a product\""}));
    const Gene& gene = r.gene();
    CHECK(gene.locus_tag == "T_1" && gene.name == "abc" && gene.product == "a product");
    CHECK(gene.kind == GeneKind::protein && gene.strand == Strand::forward && !gene.pseudo);
    CHECK(gene.start == 9 && gene.end == 21 && gene.length_nt == 12 && gene.translation_table == 11);
    CHECK((gene.parts == std::vector<GenePart>{{9, 21}}));
    CHECK(gene.protein == "MKF" && gene.has_stop && gene.defect.empty());
    CHECK(r.genome.coding_sequence(gene) == "ATGAAATTTTAA");
    CHECK(r.genome.report().empty());
}

TEST(the_reverse_strand_reads_the_complement) {
    const Read r = read(with(9, reverse_complement("ATGAAATTTTAA")), cds("complement(10..21)"));
    CHECK(r.gene().protein == "MKF" && r.gene().strand == Strand::reverse && r.gene().has_stop);
    CHECK(r.genome.coding_sequence(r.gene()) == "ATGAAATTTTAA");
}

TEST(both_strands_and_all_ways_of_reading_agree_with_the_plain_reference) {
    // Fast paths: plain or not, forward or reverse, one part or several; the reference is translate() of the splice.
    std::string bases;
    std::uint32_t state = 1;
    for (int i = 0; i < 900; ++i) {
        state = state * 1664525U + 1013904223U;
        bases += "ACGT"[state >> 30];
    }
    for (const bool plain : {true, false}) {
        if (!plain) bases[899] = 'N';
        for (const char* location : {"1..600", "complement(1..600)", "join(1..100,101..600)", "complement(join(1..100,201..700))"}) {
            const Read r = read(bases, feature("CDS", location, {"/transl_table=6", "/codon_start=2"}));
            const std::string all = translate(r.genome.coding_sequence(r.gene()).substr(1), 6);
            CHECK(r.gene().protein == all.substr(0, all.find('*')));
        }
    }
}

TEST(alternative_starts_are_methionine_only_at_a_complete_start) {
    CHECK(read(with(9, "GTGAAATTTTAA"), cds("10..21")).gene().protein == "MKF");
    CHECK(read(with(9, "GTGAAATTTTAA"), cds("10..21", {}, "1")).gene().protein == "VKF");
    CHECK(reports(read(with(9, "GTGAAATTTTAA"), cds("10..21", {}, "1")).genome, "no-start-codon"));
    CHECK(read(with(9, "GTGAAATTTTAA"), cds("<10..21")).gene().protein == "VKF");
    CHECK(read(with(8, "CGTGAAATTTTAA"), cds("9..21", {"/codon_start=2"})).gene().protein == "VKF");
    CHECK(read(with(9, reverse_complement("GTGAAATTTTAA")), cds("complement(10..>21)")).gene().protein == "VKF");
    CHECK(read(with(9, "CTAAAATTTTAA"), cds("10..21", {"/exception=\"alternative start codon\""})).gene().protein == "MKF");
}

TEST(codon_start_moves_the_frame) {
    CHECK(read(with(9, "GATGAAATTTTAA"), cds("<10..22", {"/codon_start=2"})).gene().protein == "MKF");
    CHECK(read(with(9, "GGATGAAATTTTAA"), cds("<10..23", {"/codon_start=3"})).gene().protein == "MKF");
    const Read odd = read(with(9, "ATGAAATTTTAA"), cds("10..21", {"/codon_start=7"}));
    CHECK(odd.gene().protein == "MKF" && odd.gene().codon_start == 1 && reports(odd.genome, "odd-codon-start"));
}

TEST(a_missing_stop_is_reported_but_executable) {
    const Read r = read(with(9, "ATGAAATTT"), cds("10..18"));
    CHECK(r.gene().defect.empty() && !r.gene().has_stop && r.gene().protein == "MKF" && reports(r.genome, "no-stop-codon"));
    CHECK(!reports(read(with(9, "ATGAAATTT"), cds("10..>18")).genome, "no-stop-codon"));
}

TEST(what_hinders_execution_is_a_defect) {
    CHECK(defect(read(with(9, "ATGTAATTTTAA"), cds("10..21")), "internal stop codon at codon 2"));
    CHECK(read(with(9, "ATGTAATTTTAA"), cds("10..21")).gene().protein == "M");
    CHECK(defect(read(with(9, "ATGAAATTTTAAG"), cds("10..22")), "not a multiple of three"));
    CHECK(read(with(9, "ATGAAATTTTC"), cds("10..>20")).gene().defect.empty());
    CHECK(defect(read(with(9, "ATGNNNTTTTAA"), cds("10..21")), "ambiguous residue at codon 2"));
    CHECK(read(with(9, "ATGCTNTTTTAA"), cds("10..21")).gene().protein == "MLF");
    CHECK(defect(read(with(9, "TAA"), cds("10..12")), "no residues"));
    CHECK(defect(read(with(9, "TAA"), cds("10..11")), "no whole codon"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("join(10..15,complement(16..21))")), "both strands"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("10..21", {"/trans_splicing"})), "trans-splicing"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("join(10..15,X1.1:16..21)")), "another record"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("order(10..15,16..21)")), "order"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("one-of(10..15,16..21)")), "not exact"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("bond(10,16)")), "bond"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("10^11")), "between"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("join(16..21,10..15)"), "linear"), "order of the strand"));
    CHECK(defect(read(with(9, "ATGAAATTTTAA"), cds("10..21", {}, "77")), "unknown translation table 77"));
}

TEST(slippage_rereads_and_skipping_leaves_out) {
    const Read again = read(with(9, "ATGAAATTTAA"), cds("join(10..16,16..20)", {"/ribosomal_slippage"}));
    CHECK(again.genome.coding_sequence(again.gene()) == "ATGAAATTTTAA" && again.gene().protein == "MKF");
    CHECK(again.gene().length_nt == 12 && again.gene().start == 9 && again.gene().end == 20);
    const Read skip = read(with(9, "ATGAAACTTTTAA"), cds("join(10..15,17..22)"));
    CHECK(skip.gene().protein == "MKF" && skip.gene().defect.empty());
}

TEST(genes_cross_the_origin_on_either_strand) {
    const std::string forward = with(294, "ATGAAA", with(0, "TTTTAA"));
    for (const char* location : {"join(295..300,1..6)", "295..6"}) {
        const Read r = read(forward, cds(location));
        CHECK(r.gene().protein == "MKF" && r.gene().defect.empty());
        CHECK(r.gene().start == 294 && r.gene().end == 306);
        CHECK((r.gene().parts == std::vector<GenePart>{{294, 300}, {0, 6}}));
    }
    const std::string coding = reverse_complement("ATGAAATTTTAA");
    const std::string reverse = with(294, coding.substr(0, 6), with(0, coding.substr(6)));
    for (const char* location : {"complement(join(295..300,1..6))", "join(complement(1..6),complement(295..300))", "complement(295..6)"}) {
        const Read r = read(reverse, cds(location));
        CHECK(r.gene().protein == "MKF" && r.gene().defect.empty());
        CHECK(r.gene().start == 294 && r.gene().end == 306 && r.gene().strand == Strand::reverse);
        CHECK((r.gene().parts == std::vector<GenePart>{{0, 6}, {294, 300}}));
    }
}

TEST(translation_exceptions_change_single_residues) {
    const std::string bases = with(9, "ATGTGATTTTAA");
    const Read sec = read(bases, cds("10..21", {"/transl_except=(pos:13..15,aa:Sec)"}));
    CHECK(sec.gene().protein == "MUF" && sec.gene().defect.empty());
    CHECK(read(with(9, "ATGTAGTTTTAA"), cds("10..21", {"/transl_except=(pos:13..15,aa:Pyl)"})).gene().protein == "MOF");
    CHECK(read(with(9, reverse_complement("ATGTGATTTTAA")),
               cds("complement(10..21)", {"/transl_except=(pos:complement(16..18),aa:Sec)"})).gene().protein == "MUF");
    CHECK(read(with(9, "ATGT", with(15, "GATTTTAA")),
               cds("join(10..13,16..23)", {"/transl_except=(pos:join(13,16..17),aa:Sec)"})).gene().protein == "MUF");
    CHECK(reports(read(bases, cds("10..21", {"/transl_except=(pos:14..16,aa:Sec)"})).genome, "odd-transl-except"));
    CHECK(reports(read(bases, cds("10..21", {"/transl_except=nonsense"})).genome, "odd-transl-except"));
    CHECK(defect(read(bases, cds("10..21", {"/transl_except=(pos:13..15,aa:OTHER)"})), "ambiguous residue"));
}

TEST(a_tail_completes_a_stop_codon) {
    const Read one = read(with(9, "ATGAAATTTT"), cds("10..19", {"/transl_except=(pos:19,aa:TERM)"}));
    CHECK(one.gene().protein == "MKF" && one.gene().has_stop && one.gene().defect.empty());
    const Read two = read(with(9, "ATGAAATTTTA"), cds("10..20", {"/transl_except=(pos:19..20,aa:TERM)"}));
    CHECK(two.gene().protein == "MKF" && two.gene().has_stop && two.gene().defect.empty());
}

TEST(table_four_reads_tga_as_tryptophan) {
    CHECK(read(with(9, "ATGTGATTTTAA"), cds("10..21", {}, "4")).gene().protein == "MWF");
    CHECK(defect(read(with(9, "ATGTGATTTTAA"), cds("10..21")), "internal stop codon at codon 2"));
}

TEST(pseudogenes_are_kept_and_not_translated) {
    const Read by_cds = read(with(9, "ATGTAATTTTAA"), cds("10..21", {"/pseudo"}));
    const Read by_gene = read(with(9, "ATGTAATTTTAA"), feature("gene", "10..21", {"/locus_tag=\"T_1\"", "/pseudogene=\"unknown\""}) + cds("10..21"));
    const Read alone = read(with(9, "ATGTAATTTTAA"), feature("gene", "10..21", {"/locus_tag=\"T_1\"", "/pseudo"}));
    for (const Read* r : {&by_cds, &by_gene, &alone}) {
        CHECK(r->genome.genes().size() == 1 && r->gene().kind == GeneKind::pseudo && r->gene().pseudo);
        CHECK(r->gene().protein.empty() && r->gene().defect.empty() && r->gene().length_nt == 12);
        CHECK(!reports(r->genome, "gene-without-product"));
    }
    const Read unmarked = read(with(9, "ATG"), feature("gene", "10..21", {"/locus_tag=\"T_1\""}));
    CHECK(unmarked.gene().kind == GeneKind::pseudo && reports(unmarked.genome, "gene-without-product"));
}

TEST(products_join_their_gene_by_tag_place_or_name) {
    const std::string bases = with(9, "ATGAAATTTTAA");
    for (const std::string& features :
         {feature("gene", "5..30", {"/locus_tag=\"T_1\"", "/gene=\"abc\""}) + feature("CDS", "10..21", {"/locus_tag=\"T_1\"", "/transl_table=11"}),
          feature("gene", "10..21", {"/locus_tag=\"T_1\"", "/gene=\"abc\""}) + feature("CDS", "10..21", {"/transl_table=11"}),
          feature("gene", "100..121", {"/locus_tag=\"T_0\"", "/gene=\"abc\"", "/pseudo"}) +
              feature("gene", "5..30", {"/locus_tag=\"T_1\"", "/gene=\"abc\""}) + feature("CDS", "10..21", {"/gene=\"abc\"", "/transl_table=11"})}) {
        const Read r = read(bases, features);
        CHECK(r.gene().locus_tag == "T_1" && r.gene().name == "abc" && r.gene().protein == "MKF");
        CHECK(r.gene().start == 9 && r.gene().gene_feature >= 0 && r.gene().feature >= 0);
        CHECK(!reports(r.genome, "gene-without-product"));
    }
}

TEST(genes_without_a_tag_get_one) {
    const Read named = read(with(9, "ATGAAATTTTAA"), feature("CDS", "10..21", {"/gene=\"abc\"", "/transl_table=11"}));
    CHECK(named.gene().locus_tag == "abc" && reports(named.genome, "made-locus-tag"));
    const Read bare = read(with(9, "ATGAAATTTTAA"), feature("CDS", "10..21"));
    CHECK(bare.gene().locus_tag == "TEST:10..21" && bare.gene().translation_table == 11);
    CHECK(std::count_if(bare.genome.report().begin(), bare.genome.report().end(), [](const auto& e) { return e.code == "default-table"; }) == 1);
}

TEST(names_of_genes_are_cut_at_a_thousand_bytes) {
    const std::string tag = std::string(999, 'x') + "\xc3\xa9" + "y";  // the cut would fall inside a character
    const Read r = read(with(9, "ATGAAATTTTAA"), feature("CDS", "10..21", {"/locus_tag=\"" + tag + "\""}));
    CHECK(r.gene().locus_tag == std::string(999, 'x') && reports(r.genome, "long-name"));
    CHECK(r.genome.records()[0].features[0].qualifier("locus_tag") == tag);
}

TEST(isoforms_get_tags_of_their_own) {
    const Read r = read(with(9, "ATGAAATTTTAA"), feature("gene", "10..21", {"/locus_tag=\"T_1\""}) + cds("10..21") + cds("16..21") + cds("13..21"));
    CHECK(r.genome.genes().size() == 3 && reports(r.genome, "duplicate-locus-tag"));
    CHECK(r.genome.genes()[0].locus_tag == "T_1" && r.genome.genes()[1].locus_tag == "T_1_2" && r.genome.genes()[2].locus_tag == "T_1_3");
    const Read taken = read(with(9, "ATGAAATTTTAA"), feature("CDS", "1..6", {"/locus_tag=\"T_1_2\""}) + cds("10..21") + cds("13..21"));
    CHECK(taken.genome.genes()[2].locus_tag == "T_1_3");
}

TEST(genes_are_sorted_by_start_and_end) {
    const Read r = read(repeat("GCC", 100), feature("tRNA", "100..150", {"/locus_tag=\"c\""}) + feature("rRNA", "1..90", {"/locus_tag=\"b\""}) +
                                                feature("ncRNA", "1..60", {"/locus_tag=\"a\""}) + feature("tmRNA", "complement(200..250)", {"/locus_tag=\"d\""}));
    std::string order;
    for (const Gene& gene : r.genome.genes()) order += gene.locus_tag + " " + std::string(name(gene.kind)) + " ";
    CHECK(order == "a ncRNA b rRNA c tRNA d tmRNA ");
}

TEST(features_that_are_no_genes_make_none) {
    std::string features;
    for (const char* kind : {"source", "misc_feature", "regulatory", "repeat_region", "mobile_element", "mRNA", "exon", "misc_binding",
                             "rep_origin", "sig_peptide", "misc_RNA", "operon", "variation"}) {
        features += feature(kind, "10..21", {"/locus_tag=\"x\""});
    }
    CHECK(read(with(9, "ATG"), features).genome.genes().empty());
}

TEST(gff3_rows_with_one_id_are_parts_in_reading_order) {
    const std::string coding = reverse_complement("GATGAAATTTTAA");
    const std::string bases = with(9, coding.substr(0, 6), with(20, coding.substr(6)));
    const std::string head = "##gff-version 3\n";
    const std::string tail = "##FASTA\n>c\n" + bases + "\n";
    const Genome genome = decode(head + "c\t.\tgene\t10\t27\t.\t-\t.\tID=g;locus_tag=T\nc\t.\tCDS\t10\t15\t.\t-\t0\tID=x;Parent=g\n"
                                        "c\t.\tCDS\t21\t27\t.\t-\t1\tID=x;Parent=g\n" + tail);
    const Gene& gene = genome.genes()[0];
    CHECK(genome.genes().size() == 1 && (gene.parts == std::vector<GenePart>{{20, 27}, {9, 15}}));
    CHECK(gene.codon_start == 2 && gene.protein == "MKF" && gene.has_stop && gene.locus_tag == "T");
    CHECK(genome.records()[0].features[1].location.text == "complement(join(10..15,21..27))");
    CHECK(genome.records()[0].features.size() == 2);
}

TEST(gff3_rows_with_one_id_and_two_gene_names_are_two_genes) {
    const std::string bases = with(9, "ATGAAATTTTAA", with(29, "ATGTTTAAATAA"));
    const Genome genome = decode("##gff-version 3\nc\t.\tgene\t10\t21\t.\t+\t.\tID=g;locus_tag=T;gene=a\nc\t.\tgene\t30\t41\t.\t+\t.\tID=g;locus_tag=T;gene=b\n"
                                 "c\t.\tCDS\t10\t21\t.\t+\t0\tID=x;Parent=g;gene=a\nc\t.\tCDS\t30\t41\t.\t+\t0\tID=x;Parent=g;gene=b\n##FASTA\n>c\n" + bases + "\n");
    CHECK(genome.genes().size() == 2 && reports(genome, "duplicate-id"));
    CHECK(genome.genes()[0].name == "a" && genome.genes()[0].protein == "MKF" && genome.genes()[0].locus_tag == "T");
    CHECK(genome.genes()[1].name == "b" && genome.genes()[1].protein == "MFK" && genome.genes()[1].locus_tag == "T_2");
}

TEST(gff3_parts_across_the_origin_are_read_across_it) {
    const std::string bases = with(294, "ATGAAA", with(0, "TTTTAA"));
    const std::string head = "##gff-version 3\nc\t.\tregion\t1\t300\t.\t+\t.\tID=c;Is_circular=true\n";
    for (const char* rows : {"c\t.\tCDS\t295\t300\t.\t+\t0\tID=x\nc\t.\tCDS\t1\t6\t.\t+\t0\tID=x\n", "c\t.\tCDS\t295\t306\t.\t+\t0\tID=x\n"}) {
        const Genome genome = decode(head + rows + "##FASTA\n>c\n" + bases + "\n");
        CHECK(genome.genes()[0].protein == "MKF" && genome.genes()[0].start == 294 && genome.genes()[0].end == 306);
        CHECK((genome.genes()[0].parts == std::vector<GenePart>{{294, 300}, {0, 6}}));
    }
}

TEST(gff3_pseudogenes_and_partial_ends_are_understood) {
    const std::string head = "##gff-version 3\n";
    const std::string tail = "##FASTA\n>c\n" + with(9, "GTGAAATTTTAA") + "\n";
    const Genome pseudo = decode(head + "c\t.\tpseudogene\t10\t21\t.\t+\t.\tID=g\nc\t.\tgene\t40\t60\t.\t+\t.\tID=h;gene_biotype=pseudogene\n" + tail);
    CHECK(pseudo.genes().size() == 2 && pseudo.genes()[0].kind == GeneKind::pseudo && pseudo.genes()[1].kind == GeneKind::pseudo);
    CHECK(!reports(pseudo, "gene-without-product"));
    const Genome partial = decode(head + "c\t.\tCDS\t10\t21\t.\t+\t0\tID=cds-x;partial=true;start_range=.,10\n" + tail);
    CHECK(partial.genes()[0].protein == "VKF" && partial.genes()[0].locus_tag == "x");
    CHECK(partial.records()[0].features[0].location.text == "<10..21");
    CHECK(!decode(head + "c\t.\tCDS\t10\t21\t.\t.\t0\tID=x\n" + tail).genes()[0].defect.empty());
}

TEST(a_translation_that_differs_from_the_file_is_reported) {
    CHECK(reports(read(with(9, "ATGAAATTTTAA"), cds("10..21", {"/translation=\"MKV\""})).genome, "translation-differs"));
    CHECK(!reports(read(with(9, "ATGAAATTTTAA"), cds("10..21", {"/translation=\"MKF\""})).genome, "translation-differs"));
}

TEST(parts_that_repeat_the_same_bases_do_not_make_a_gene_without_bound) {
    std::string location = "join(1..300";
    for (int i = 0; i < 5000; ++i) location += ",1..300";
    const Read r = read(repeat("GCT", 100), cds(location + ")"));
    CHECK(defect(r, "overlap by more than"));
    CHECK(r.gene().protein.empty());
    CHECK(read(with(9, "ATGAAATTTTAA"), cds("join(10..15,15..22)")).gene().defect.find("overlap") == std::string::npos);
}

TEST(coding_sequences_on_top_of_each_other_do_not_fill_the_memory) {
    std::string features;
    for (int i = 0; i < 600; ++i) features += feature("CDS", "1..29997", {"/transl_table=11"});
    const Genome genome = decode(genbank(repeat("GCT", 9999), features, "linear"));
    CHECK(genome.memory_bytes() < 2'000'000);
    CHECK(!genome.genes().back().defect.empty());
}

RUN_TESTS()
