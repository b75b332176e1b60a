#include "check.hpp"
#include "designs.hpp"
#include "program/kinetics.hpp"
#include "program/layout.hpp"

#include <bioxen/error.hpp>

#include <cmath>

using namespace bioxen;
using namespace designs;

namespace {

const std::string spacer_20(20, 'c'), spacer_80(80, 'c');

/// Two genes 20 nt apart, a third 80 nt further, and one on the reverse strand.
Genome four_genes() {
    const std::string a = coding(30), b = coding(40), c = coding(25), d = reverse_complement(coding(20));
    const std::string dna = spacer_80 + a + spacer_20 + b + spacer_80 + c + spacer_20 + d + spacer_80;
    const auto span = [](std::size_t start, const std::string& text) {
        return std::to_string(start + 1) + ".." + std::to_string(start + text.size());
    };
    std::size_t at = 80;
    std::string features = cds(span(at, a), "a");
    at += a.size() + 20;
    features += cds(span(at, b), "b");
    at += b.size() + 80;
    features += cds(span(at, c), "c");
    at += c.size() + 20;
    features += cds("complement(" + span(at, d) + ")", "d");
    return decode(genbank(dna, features, true));
}

}  // namespace

TEST(genes_of_one_strand_close_together_share_a_unit) {
    const auto program = compile(four_genes(), organism());
    CHECK(program->units().size() == 3);
    CHECK(program->units()[0].genes.size() == 2);
    CHECK(program->units()[1].genes.size() == 1);
    CHECK(program->units()[2].strand == Strand::reverse);
    for (const std::uint8_t executable : program->executable()) CHECK(executable == 1);
}

TEST(reference_mode_gives_every_gene_its_own_unit) {
    Organism o = organism();
    o.reference_mode = true;
    CHECK(compile(four_genes(), o)->units().size() == 4);
}

TEST(codons_on_the_tape_are_the_protein_of_the_decoder) {
    const Genome genome = four_genes();
    const auto program = compile(genome, organism());
    const Layout& layout = program->layout();
    for (std::size_t g = 0; g < genome.genes().size(); ++g) {
        const Cistron& cistron = layout.cistrons[layout.gene_cistron[g]];
        const std::string& protein = genome.genes()[g].protein;
        CHECK(cistron.codons == protein.size());
        for (std::size_t k = 0; k < protein.size(); ++k)
            CHECK(amino_acid_letters[layout.codons[cistron.tape + k] - symbol::codon] == protein[k]);
        CHECK(layout.codons[cistron.tape + protein.size()] == symbol::release);
    }
}

TEST(the_tape_of_a_unit_spells_its_rna) {
    const Genome genome = four_genes();
    const auto program = compile(genome, organism());
    const Layout& layout = program->layout();
    for (std::size_t u = 0; u < layout.units.size(); ++u) {
        const UnitLayout& unit = layout.units[u];
        const Gene& first = genome.genes()[index(program->units()[u].genes.front())];
        std::string start;
        for (int t = 0; t < 3; ++t)
            start += "ACGU"[layout.dna[unit.tape + static_cast<unsigned>(unit.direction() * t)] ^ unit.mask];
        CHECK(start == "AUG");
        CHECK(first.protein.front() == 'M');
    }
}

TEST(an_annotated_promoter_and_terminator_bound_a_unit) {
    const std::string a = coding(30), b = coding(40);
    const std::string dna = spacer_80 + a + spacer_20 + b + spacer_80;
    const std::size_t second = 80 + a.size() + 20;
    const std::string features =
        cds("81.." + std::to_string(80 + a.size()), "a") +
        feature("regulatory", std::to_string(second - 15) + ".." + std::to_string(second - 4),
                {"regulatory_class=\"promoter\""}) +
        cds(std::to_string(second + 1) + ".." + std::to_string(second + b.size()), "b") +
        feature("regulatory", std::to_string(second + b.size() + 11) + ".." + std::to_string(second + b.size() + 30),
                {"regulatory_class=\"terminator\""});
    const auto program = compile(decode(genbank(dna, features)), organism());
    CHECK(program->units().size() == 2);
    CHECK(program->units()[1].origin == UnitOrigin::promoter);
    CHECK(program->units()[1].start == static_cast<std::int64_t>(second - 4));
    CHECK(program->units()[1].end == static_cast<std::int64_t>(second + b.size() + 30));
}

TEST(a_gene_that_crosses_the_origin_is_laid_out_in_one_piece) {
    const std::string gene = coding(50);
    const std::string dna = gene.substr(60) + spacer_80 + spacer_80 + gene.substr(0, 60);
    const std::size_t start = dna.size() - 60;
    const std::string where = "join(" + std::to_string(start + 1) + ".." + std::to_string(dna.size()) + ",1.." +
                              std::to_string(gene.size() - 60) + ")";
    const Genome genome = decode(genbank(dna, cds(where, "across"), true));
    const auto program = compile(genome, organism());
    const Layout& layout = program->layout();
    CHECK(program->executable()[0] == 1);
    CHECK(layout.units[0].length_nt == static_cast<std::int32_t>(gene.size()));
    std::string rna;
    for (std::size_t t = 0; t < gene.size(); ++t) rna += "acgt"[layout.dna[layout.units[0].tape + t]];
    CHECK(rna == gene);
}

TEST(an_unbalanced_supply_reaction_is_refused) {
    Organism o = organism();
    o.supply.push_back({"magic", "supply", {{Place::cell, species::ADP, -1}, {Place::cell, species::ATP, 1}}, 1.0, {}});
    CHECK_THROWS(compile(four_genes(), o), InputError);
    o.supply.back().legs.push_back({Place::cell, species::Pi, -1});
    CHECK(compile(four_genes(), o) != nullptr);
}

TEST(rates_that_are_not_finite_are_refused) {
    for (double Organism::*member : {&Organism::volume_l, &Organism::rna_kcat_nt_per_s,
                                     &Organism::ribosome_binding_per_M_s, &Organism::head_on_dissociation_per_s}) {
        for (const double bad : {std::nan(""), -1.0, HUGE_VAL}) {
            Organism o = organism();
            o.*member = bad;
            CHECK_THROWS(compile(four_genes(), o), InputError);
        }
    }
}

TEST(rates_that_no_machine_can_draw_are_refused) {
    for (const auto& spoil : std::vector<void (*)(Organism&)>{
             [](Organism& o) { o.volume_l = 1e-300; }, [](Organism& o) { o.promoter_strength_scale = 1e-300; },
             [](Organism& o) { o.promoter_binding_per_M_s = 1e15, o.promoter_strength_scale = 1e-6; },
             [](Organism& o) { o.rna_kcat_min_nt_per_s = 100, o.rna_kcat_max_nt_per_s = 10; }}) {
        Organism o = organism();
        spoil(o);
        CHECK_THROWS(compile(four_genes(), o), InputError);
    }
}

TEST(a_cell_at_birth_has_a_bounded_number_of_transcripts) {
    Organism o = organism();
    o.degradosome_binding_per_M_s = 1e-3;
    double total = 0.0;
    const auto program = compile(four_genes(), o);
    for (const double mean : program->kinetics().mean_transcripts) total += mean;
    CHECK(total > 0.0 && total <= most_transcripts * 1.0001);
    o.mrna_counts.assign(4, 1e6);
    CHECK_THROWS(compile(four_genes(), o), InputError);
}

TEST(a_gene_across_the_origin_may_overlap_the_first_gene) {
    // x ends 9 nt inside y, on a plasmid that the two cover
    const std::string y = coding(60);
    std::string x = coding(50);
    const std::size_t inside = 9;
    std::string dna = y + x.substr(0, x.size() - inside);
    const std::string where = "join(" + std::to_string(y.size() + 1) + ".." + std::to_string(dna.size()) + ",1.." +
                              std::to_string(inside) + ")";
    const Genome genome = decode(genbank(dna, cds("1.." + std::to_string(y.size()), "y") + cds(where, "x"), true));
    const auto program = compile(genome, organism());
    CHECK(program->executable()[0] == 1 && program->executable()[1] == 1);
    bool said = false;
    for (const ReportEntry& entry : program->report()) said = said || entry.code == "traffic-cut-at-origin";
    CHECK(said);
}

TEST(what_shapes_the_program_cannot_change_afterwards) {
    const auto program = compile(four_genes(), organism());
    Organism o = organism();
    o.ribosomes = 5;
    CHECK(program->with_organism(o)->organism().ribosomes == 5);
    CHECK(program->with_organism(o)->fingerprint() != program->fingerprint());
    o.reference_mode = true;
    CHECK_THROWS(program->with_organism(o), InputError);
}

// An equidistant grid in place of random numbers: the shares are exact up to the grid.
TEST(the_alias_table_draws_in_proportion_to_the_weights) {
    const AliasTable table{{1.0, 2.0, 0.0, 5.0}};
    std::array<int, 4> count{};
    const int n = 1'000'000;
    for (int i = 0; i < n; ++i) ++count[table.draw((i + 0.5) / n)];
    CHECK(std::abs(count[0] / double(n) - 0.125) < 1e-5);
    CHECK(std::abs(count[1] / double(n) - 0.25) < 1e-5);
    CHECK(count[2] == 0);
    CHECK(std::abs(count[3] / double(n) - 0.625) < 1e-5);
}

RUN_TESTS()
