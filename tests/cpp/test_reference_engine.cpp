#include "check.hpp"
#include "designs.hpp"
#include "reference_engine.hpp"
#include "two_samples.hpp"

#include "program/layout.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

using namespace bioxen;
using namespace designs;

// The fast engine faces the plain one: the same distribution, whatever the genome.
//
// In each design both engines run many cells of their own seeds; at several times every count that a user can see
// (proteins, transcripts, machines, pools, events, walkers by kind, state, place) is compared: its mean, its variance,
// its distribution function at eight places, and its covariances with some others. Each comparison is alarmed with
// probability <= false_alarm / most_comparisons, whatever the law of the count (two_samples.hpp): the whole file gives
// a false alarm with probability <= 1e-5. Seeds are fixed; nothing is tried again. The last designs are also run with
// a rate that is 5 % wrong (head-on dissociation: 20 %) or a footprint that is one too wide, and must then be alarmed.
//
// BIOXEN_LAW_RUNS=20 build/tests/cpp/test_reference_engine   # 20 times as many cells; take a Release build

namespace {

constexpr double false_alarm = 1e-5, most_comparisons = 4e5;

/// Evidence beyond which the laws differ: ln(2 sides * comparisons / false alarm) = 25.1, as for a normal |z| of 7.1.
const double critical = std::log(2.0 * most_comparisons / false_alarm);

std::size_t scale_of_runs() {
    const char* const given = std::getenv("BIOXEN_LAW_RUNS");
    return given != nullptr ? static_cast<std::size_t>(std::max(std::atoi(given), 1)) : 1;
}

// ------------------------------------------------------------------------------------------------------- designs

/// DNA and its feature table, written from left to right.
struct Draft {
    std::string dna, features;

    Draft& space(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) dna += "acgtc"[i * 7 % 5];
        return *this;
    }
    /// A gene whose first nucleotides may be the last `shared` ones of what is written already.
    Draft& gene(const std::string& tag, const std::string& text, std::size_t shared = 0) {
        features += cds(place(text.size(), shared), tag);
        dna += text.substr(shared);
        return *this;
    }
    Draft& reverse_gene(const std::string& tag, const std::string& text) {
        features += cds("complement(" + place(text.size()) + ")", tag);
        dna += reverse_complement(text);
        return *this;
    }
    Draft& rna(const std::string& kind, const std::string& tag, std::size_t length) {
        const std::vector<std::string> name{"locus_tag=\"" + tag + "\""};
        features += feature("gene", place(length), name) + feature(kind, place(length), name);
        return space(length);
    }
    /// A gene in two parts; the second starts `gap` nucleotides after the end of the first, or before it.
    Draft& spliced_gene(const std::string& tag, const std::string& first, int gap, const std::string& second) {
        const std::size_t from = dna.size() + 1, last = dna.size() + first.size();
        const auto next = static_cast<std::size_t>(static_cast<int>(last) + gap + 1);
        dna += first;
        if (gap > 0) space(static_cast<std::size_t>(gap));
        dna += gap < 0 ? second.substr(static_cast<std::size_t>(-gap)) : second;
        const std::string where = "join(" + std::to_string(from) + ".." + std::to_string(last) + "," +
                                  std::to_string(next) + ".." + std::to_string(next + second.size() - 1) + ")";
        features += cds(where, tag);
        return *this;
    }
    /// A terminator in the present place.
    Draft& terminator(bool reverse = false) {
        const std::string where = place(1);
        features += feature("regulatory", reverse ? "complement(" + where + ")" : where,
                            {"regulatory_class=\"terminator\""});
        return space(1);
    }
    [[nodiscard]] Genome genome() const { return decode(genbank(dna, features)); }

private:
    [[nodiscard]] std::string place(std::size_t length, std::size_t shared = 0) const {
        const std::size_t from = dna.size() - shared;
        return std::to_string(from + 1) + ".." + std::to_string(from + length);
    }
};

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

/// A cell of few machines whose genes of a dozen codons are crowded within seconds.
Organism brisk() {
    Organism o = organism();
    o.rna_polymerases = 8;
    o.ribosomes = 14;
    o.degradosomes = 3;
    o.promoter_binding_per_M_s = 1e7;
    o.rna_kcat_nt_per_s = 25;
    o.rnap_footprint_nt = 9;
    o.ribosome_binding_per_M_s = 1.5e6;
    o.ribosome_footprint_codons = 3;
    o.degradosome_binding_per_M_s = 1e6;
    o.degradation_kcat_nt_per_s = 40;
    o.head_on_dissociation_per_s = 0.6;
    o.unit_gap_nt = 8;
    return o;
}

/// Pools of a few thousand molecules that a supply half keeps up with, at rates that leave fractions to carry.
void supply_half(Organism& o) {
    using species::ADP, species::AMP, species::ATP, species::CMP, species::CTP, species::GDP, species::GMP,
        species::GTP, species::Pi, species::PPi, species::UMP, species::UTP;
    const auto cell = [](SpeciesIndex s, std::int64_t n) { return SupplyLeg{Place::cell, s, n}; };
    o.rna_km_mM = 0.004;
    o.pools[ATP] = 900;
    o.pools[GTP] = 700;
    o.pools[CTP] = o.pools[UTP] = 150;
    o.pools[ADP] = o.pools[Pi] = 300;
    for (std::size_t a = 0; a < 20; ++a) {
        o.pools[species::charged_trna + a] = 12;
        o.pools[species::uncharged_trna + a] = 6;
        o.pools[species::amino_acid + a] = 60;
    }
    o.supply = {{"regeneration", "energy", {cell(ADP, -1), cell(Pi, -1), cell(ATP, 1)}, 211.3, std::pair{ATP, 800L}},
                {"guanylate", "energy", {cell(GDP, -1), cell(ATP, -1), cell(GTP, 1), cell(ADP, 1)}, 77.7, {}},
                {"guanylate kinase", "energy", {cell(GMP, -1), cell(ATP, -1), cell(GDP, 1), cell(ADP, 1)}, 9.9, {}},
                {"adenylate", "energy", {cell(AMP, -1), cell(ATP, -1), cell(ADP, 2)}, 50.5, {}},
                {"cytidylate", "energy", {cell(CMP, -1), cell(ATP, -2), cell(CTP, 1), cell(ADP, 2)}, 20.9, {}},
                {"uridylate", "energy", {cell(UMP, -1), cell(ATP, -2), cell(UTP, 1), cell(ADP, 2)}, 20.9, {}},
                {"phosphatase", "energy", {cell(PPi, -1), cell(Pi, 2)}, 500.1, std::pair{Pi, 1001L}}};
    o.synthetases_per_amino_acid = 5;
    o.charging_kcat_per_s = 2;
    o.charging_k_atp_per_s = 0.02;
    o.charging_k_aa_per_s = 0.05;
    o.charging_k_trna_per_s = 0.2;
    o.glutamine_via_glutamate = true;
}

/// The operator's hand on a cell, at the time of the first comparison.
struct Operation {
    std::vector<std::uint32_t> knockouts{};
    std::vector<std::uint32_t> only{};      ///< genes to which transcription is restricted
    std::vector<std::pair<SpeciesIndex, std::int64_t>> pools{};
};

/// What a wrong engine might do instead.
struct Fault {
    const char* name;
    void (*commit)(Organism&);
};

struct Design {
    std::string name;
    Genome genome;
    Organism organism;
    std::vector<double> times;
    Operation operation{};
    std::size_t cells = 100;                ///< of the plain engine
    std::vector<Fault> faults{};            ///< that so many cells must show
};

std::vector<Design> all_designs() {
    std::vector<Design> all;
    const auto add = [&](const char* name, const Draft& draft, const Organism& o, std::vector<double> times,
                         const Operation& operation = {}, std::size_t cells = 100) {
        all.push_back({name, draft.genome(), o, std::move(times), operation, cells});
    };
    const auto with = [](auto&& change) {
        Organism o = brisk();
        change(o);
        return o;
    };
    const Draft one = Draft{}.space(10).gene("a", coding(16)).space(10);
    const Draft operon = Draft{}
                             .space(5).gene("a", coding(8)).space(4)
                             .gene("b", "atggctaaagaactgttcgcatga").gene("c", "atgaaagctgaacaactgttctaa", 4).space(5);
    const Draft convergent = Draft{}
                                 .space(8).terminator(true).space(4).gene("a", coding(11)).space(12)
                                 .reverse_gene("b", coding(9)).space(6).terminator().space(8);
    const Draft tandem =
        Draft{}.space(8).gene("a", coding(9)).space(14).gene("b", coding(11)).space(6).terminator().space(8);
    const Draft two_speeds = Draft{}.space(4).rna("tRNA", "t", 90).space(12).rna("tRNA", "u", 90);
    const Draft slips = Draft{}
                            .space(8).spliced_gene("back", "atggctaaagaac", -1, "ctggaattcaaagctaa")
                            .space(20).spliced_gene("on", "atggctgaactgt", 4, "cagaattcaaataa").space(8);
    const Draft stable = Draft{}
                             .space(8).rna("tRNA", "t1", 17).space(5).rna("tRNA", "t2", 13).space(3)
                             .rna("rRNA", "r", 30).space(12).gene("a", coding(8)).space(8);
    const Draft published = Draft{}
                                .space(8).rna("rRNA", "long", 801).space(6).gene("a", coding(9)).space(3)
                                .gene("b", coding(7)).space(8);

    add("one gene", one, brisk(), {2.0, 6.0});
    add("operon, second cistron knocked out", operon, brisk(), {3.0, 8.0}, {.knockouts = {1}});
    add("operon, one ribosome a messenger, two polymerases a unit", operon, with([](Organism& o) {
            o.max_ribosomes_per_mrna = 1;
            o.max_rnap_per_unit = 2;
        }), {3.0, 8.0}, {.knockouts = {0, 2}});
    add("two ribosomes a messenger, unit without live cistrons", operon, with([](Organism& o) {
            o.max_ribosomes_per_mrna = 2;
        }), {2.0, 7.0}, {.knockouts = {0, 1, 2}});
    add("convergent units", convergent, brisk(), {1.5, 4.0, 9.0});
    add("convergent units that fall off fast", convergent, with([](Organism& o) {
            o.head_on_dissociation_per_s = 40;
            o.rnap_footprint_nt = 3;
        }), {4.0, 8.0});
    add("tandem units, the slower one ahead", tandem, with([](Organism& o) {
            o.gene_promoter_strength = {{0, 500}, {1, 60}};
            o.degradosomes = 6;
        }), {1.5, 4.0});
    add("two speeds of polymerases", two_speeds, with([](Organism& o) {
            o.gene_promoter_strength = {{0, 400}, {1, 150}};
            o.promoter_binding_per_M_s = 2e7;
            o.rnap_footprint_nt = 4;
        }), {2.0, 5.0}, {}, 150);
    add("tandem units, operator", tandem, brisk(), {2.0, 6.0},
        {.only = {1}, .pools = {{species::UTP, 9}, {species::GTP, 41}}});
    add("scarce pools", operon, with([](Organism& o) {
            o.pools[species::UTP] = 120;
            o.pools[species::ATP] = 2'500;
            o.pools[species::GTP] = 330;
            o.pools[species::charged_trna] = 11;
        }), {2.0, 6.0});
    add("energy runs out", convergent, with([](Organism& o) {
            o.pools[species::ATP] = 301;
            o.pools[species::GTP] = 95;
        }), {2.0, 5.0});
    add("one ATP is not enough for an A", Draft{}.gene("a", "atg" + repeated("aaa", 12) + "taa"), with([](Organism& o) {
            o.degradosomes = o.ribosomes = 0;
            o.pools[species::ATP] = 25;
            o.rna_km_mM = 1e-5;
        }), {2.0, 6.0});
    add("supply and charging", operon, with(supply_half), {1.5, 5.0 + 1.0 / 128});
    add("few machines", tandem, with([](Organism& o) {
            o.rna_polymerases = 2;
            o.ribosomes = 3;
            o.degradosomes = 1;
        }), {3.0, 10.0});
    add("protein decay, fixed initiation and termination", operon, with([](Organism& o) {
            o.protein_decay_per_s = 0.1;
            o.protein_counts = {20, 6, -1};
            o.gene_initiation_rate_per_s = {{0, 0.9}, {2, 0.3}};
            o.gene_termination_rate_per_s = {{1, 1.5}, {2, 30}};
        }), {2.0, 6.0});
    add("held pools", operon, with([](Organism& o) {
            o.hold_pools = true;
            for (const SpeciesIndex s : {species::ATP, species::GTP, species::CTP, species::UTP}) o.pools[s] = 2'000;
            for (std::size_t a = 0; a < 20; ++a) o.pools[species::charged_trna + a] = 30;
        }), {3.0, 8.0});
    add("reference mode", published, with([](Organism& o) {
            o.reference_mode = true;
            o.max_ribosomes_per_mrna = o.max_rnap_per_unit = 1;
            o.rrna_spacing_nt = 150;
            o.ribosome_binding_per_M_s = 6e6;
        }), {4.0, 10.0});
    add("footprints of one codon and one nucleotide", one, with([](Organism& o) {
            o.ribosome_footprint_codons = o.rnap_footprint_nt = 1;
            o.translation_kcat_aa_per_s = 6;
        }), {2.0, 6.0});
    add("footprint of ten codons", Draft{}.space(5).gene("a", coding(28)).space(4), with([](Organism& o) {
            o.ribosome_footprint_codons = 10;
            o.rnap_footprint_nt = 30;
            o.ribosome_binding_per_M_s = 4e6;
            o.gene_termination_rate_per_s = {{0, 2.0}};
        }), {3.0, 8.0});
    add("ribosomes behind one slow polymerase", operon, with([](Organism& o) {
            o.rna_polymerases = 1;
            o.gene_promoter_strength = {{0, 20}};
            o.promoter_binding_per_M_s = 1e10;
            o.ribosome_binding_per_M_s = 1e7;
            o.mrna_counts = {0, 0, 0};
        }), {3.0, 6.0}, {}, 600);
    add("degradosomes behind slow ribosomes", operon, with([](Organism& o) {
            o.rna_polymerases = 0;
            o.translation_kcat_aa_per_s = 2;
            o.degradosome_binding_per_M_s = 1e7;
            o.mrna_counts = {1, 0, 0};
        }), {1.5, 4.0}, {}, 400);
    add("reading frames that slip", slips, brisk(), {3.0, 8.0});
    add("stable RNA", stable, brisk(), {3.0, 8.0});

    // Cells in which little is left to chance but the waiting for one kind of event: a rate that is 5 % wrong shows.
    const auto quiet = [&](auto&& change) {
        return with([&](Organism& o) {
            o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
            change(o);
        });
    };
    const auto add_sharp = [&](const char* name, const Draft& draft, const Organism& o, double time, std::size_t cells,
                               std::vector<Fault> faults) {
        all.push_back({name, draft.genome(), o, {0.5 * time, time}, {}, cells, std::move(faults)});
    };
    const Draft two = Draft{}.gene("a", coding(2)).space(20).gene("b", coding(2));
    add_sharp("ribosomes that load", two, quiet([](Organism& o) {
                  o.ribosomes = 100;
                  o.ribosome_footprint_codons = 1;
                  o.translation_kcat_aa_per_s = 60;
                  o.ribosome_binding_per_M_s = 1e6;
                  o.mrna_counts = {9, 9};
                  o.gene_initiation_rate_per_s = {{1, 5.0}};
              }), 4.0, 650,
              {{"ribosome binding", [](Organism& o) { o.ribosome_binding_per_M_s *= 1.05; }},
               {"fixed initiation", [](Organism& o) { o.gene_initiation_rate_per_s[1] *= 1.05; }},
               {"footprint of ribosomes", [](Organism& o) { ++o.ribosome_footprint_codons; }}});
    add_sharp("promoters that reload", Draft{}.space(20).rna("tRNA", "t", 12).space(20), quiet([](Organism& o) {
                  o.rna_polymerases = 40;
                  o.rna_kcat_nt_per_s = o.rna_kcat_max_nt_per_s = 400;
                  o.rnap_footprint_nt = 1;
                  o.gene_promoter_strength = {{0, 180}};
                  o.promoter_binding_per_M_s = 1e8;
              }), 4.0, 450,
              {{"promoter binding", [](Organism& o) { o.promoter_binding_per_M_s *= 1.05; }},
               {"footprint of RNA polymerases", [](Organism& o) { ++o.rnap_footprint_nt; }}});
    add_sharp("machines that never rest", Draft{}.space(4).rna("tRNA", "t", 400).space(20).gene("a", coding(70)),
              quiet([](Organism& o) {
                  o.rna_polymerases = o.ribosomes = o.degradosomes = 1;
                  o.promoter_binding_per_M_s = 1e11;
                  o.degradosome_binding_per_M_s = o.ribosome_binding_per_M_s = 1e9;
                  o.translation_kcat_aa_per_s = 40;
                  o.gene_promoter_strength = {{0, 360}, {1, 0}};
                  o.mrna_counts = {0, 20};
              }), 9.0, 250,
              {{"speed of RNA polymerases", [](Organism& o) { o.rna_kcat_nt_per_s *= 1.05; }},
               {"speed of ribosomes", [](Organism& o) { o.translation_kcat_aa_per_s *= 1.05; }},
               {"speed of degradosomes", [](Organism& o) { o.degradation_kcat_nt_per_s *= 1.05; }}});
    add_sharp("degradosomes that bind", Draft{}.gene("a", coding(2)), quiet([](Organism& o) {
                  o.degradosomes = 60;
                  o.degradosome_binding_per_M_s = 5e5;
                  o.degradation_kcat_nt_per_s = 400;
                  o.mrna_counts = {60};
              }), 1.0, 1000, {{"degradosome binding", [](Organism& o) { o.degradosome_binding_per_M_s *= 1.05; }}});
    add_sharp("proteins that decay", one, quiet([](Organism& o) {
                  o.protein_decay_per_s = 0.3;
                  o.protein_counts = {300};
                  o.mrna_counts = {0};
              }), 3.0, 400, {{"protein decay", [](Organism& o) { o.protein_decay_per_s *= 1.05; }}});
    add_sharp("RNA polymerases that meet", convergent, quiet([](Organism& o) {
                  o.rna_polymerases = 20;
                  o.rna_kcat_nt_per_s = o.rna_kcat_max_nt_per_s = 200;
                  o.head_on_dissociation_per_s = 10;
                  o.promoter_binding_per_M_s = 1e9;
              }), 6.0, 100,
              {{"dissociation, by 20 %", [](Organism& o) { o.head_on_dissociation_per_s *= 1.2; }},
               {"footprint of RNA polymerases", [](Organism& o) { ++o.rnap_footprint_nt; }}});
    return all;
}

// ---------------------------------------------------------------------------------------------------- what is compared

constexpr std::size_t places = 12;  ///< into which the replicon is divided

/// Everything that can be seen of a cell at one time. The first `counts` are few enough to be compared in pairs.
struct View {
    std::vector<std::int64_t> values;
    std::size_t counts = 0;
};

template <typename Engine>
View view(const Engine& cell, const Program& program) {
    View seen;
    const auto see = [&](std::int64_t value) { seen.values.push_back(value); };
    const auto proteins = cell.proteins(), mrnas = cell.mrnas();
    const auto machines = cell.machines();
    const EventCounts e = cell.events();
    for (const std::int64_t n : proteins) see(n);
    for (const std::int64_t n : mrnas) see(n);
    for (const MachineCount& machine : machines) see(machine.active);
    for (const std::int64_t n :
         {e.nucleotide_steps, e.codon_steps, e.degradation_steps, e.transcription_initiations,
          e.transcription_completions, e.transcription_aborts, e.translation_initiations, e.translation_completions,
          e.translation_aborts, e.mrna_decay_initiations, e.mrna_decays, e.protein_decays, e.head_on_dissociations})
        see(n);
    seen.counts = seen.values.size();
    for (const MachineCount& machine : machines) see(machine.free);
    for (const std::int64_t n : cell.resources()) see(n);
    // in relation to the number of transcripts, whose chance would hide much
    for (std::size_t g = 0; g < proteins.size(); ++g) see(mrnas[g] > 0 ? 1000 * proteins[g] / mrnas[g] : -1);
    const std::int64_t transcripts = mrnas.back() + e.mrna_decays;
    see(transcripts > 0 ? 1000 * e.mrna_decay_initiations / transcripts : -1);

    std::array<std::array<std::int64_t, 3>, 3> by_state{};
    std::array<std::array<std::int64_t, places>, 3> by_place{};
    std::array<std::vector<std::int64_t>, 3> by_gene;
    for (auto& genes : by_gene) genes.assign(proteins.size() + 1, 0);
    const std::vector<Polymerase> all = cell.polymerases();
    for (const Polymerase& p : all) {
        const auto kind = static_cast<std::size_t>(p.kind);
        const auto length = static_cast<std::size_t>(program.layout().replicons[index(p.replicon)].length_nt);
        ++by_state[kind][static_cast<std::size_t>(p.state)];
        ++by_place[kind][static_cast<std::size_t>(p.position_nt) * places / length];
        ++by_gene[kind][static_cast<std::size_t>(p.gene + 1)];
    }
    // how near two machines come, by kind: where there is one transcript, this shows a footprint to the nucleotide
    std::array<std::int64_t, 9> least;
    least.fill(1000);
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const auto one = static_cast<std::size_t>(all[i].kind), other = static_cast<std::size_t>(all[j].kind);
            std::int64_t& nearest = least[3 * std::min(one, other) + std::max(one, other)];
            nearest = std::min(nearest, std::abs(all[i].position_nt - all[j].position_nt));
        }
    }
    for (const std::int64_t n : least) see(n);
    for (std::size_t kind = 0; kind < 3; ++kind) {
        for (const std::int64_t n : by_state[kind]) see(n);
        for (const std::int64_t n : by_place[kind]) see(n);
        for (const std::int64_t n : by_gene[kind]) see(n);
    }
    return seen;
}

/// What `view` shows, in its order.
std::vector<std::string> names_of_view(const Program& program) {
    const std::vector<std::string>& genes = program.layout().gene_tag;
    std::vector<std::string> names;
    for (const std::string& gene : genes) names.push_back("proteins of " + gene);
    for (const std::string& gene : genes) names.push_back("transcripts of " + gene);
    for (const char* machine : machine_names) names.push_back(std::string{"active "} + machine);
    for (const char* event :
         {"nucleotide steps", "codon steps", "degradation steps", "transcription initiations",
          "transcription completions", "transcription aborts", "translation initiations", "translation completions",
          "translation aborts", "decay initiations", "decays", "protein decays", "head-on dissociations"})
        names.emplace_back(event);
    for (const char* machine : machine_names) names.push_back(std::string{"free "} + machine);
    for (SpeciesIndex s = 0; s < species::resource_count; ++s) names.push_back(species_name(s));
    for (const std::string& gene : genes) names.push_back("proteins of " + gene + " per thousand transcripts");
    names.emplace_back("decay initiations per thousand transcripts");
    for (const std::string machine : machine_names) {
        for (const std::string other : machine_names) names.push_back("least distance of " + machine + " and " + other);
    }
    for (const std::string machine : machine_names) {
        for (const char* state : {"moving", "stalled", "blocked"}) names.push_back(machine + " " + state);
        for (std::size_t p = 0; p < places; ++p) names.push_back(machine + " in part " + std::to_string(p));
        names.push_back(machine + " between genes");
        for (const std::string& gene : genes) names.push_back(machine + " in " + gene);
    }
    return names;
}

/// Counts of many cells, by time and then by what was seen.
using Population = std::vector<std::vector<two_samples::Draws>>;

void operate(auto& cell, const Operation& operation) {
    for (const std::uint32_t gene : operation.knockouts) cell.knockout(GeneId{gene});
    std::vector<GeneId> only;
    for (const std::uint32_t gene : operation.only) only.push_back(GeneId{gene});
    if (!only.empty()) cell.restrict_transcription(std::span<const GeneId>{only});
    for (const auto& [resource, molecules] : operation.pools) cell.set_resource(resource, molecules);
}

template <typename Engine>
Population grow(const Design& design, const std::shared_ptr<const Program>& program, std::size_t cells,
                std::uint64_t first_seed) {
    Population all(design.times.size());
    for (std::size_t i = 0; i < cells; ++i) {
        Engine cell{program, first_seed + i};
        for (std::size_t k = 0; k < design.times.size(); ++k) {
            cell.advance(design.times[k]);
            const View v = view(cell, *program);
            all[k].resize(v.values.size());
            for (std::size_t j = 0; j < v.values.size(); ++j) all[k][j].push_back(static_cast<double>(v.values[j]));
            if (k == 0) operate(cell, design.operation);
        }
    }
    return all;
}

struct Verdict {
    double evidence = 0.0;          ///< the strongest of all comparisons
    std::string what;
    double comparisons = 0.0;
    std::size_t alarms = 0;

    void weigh(double found, std::size_t comparisons_made, const auto& describe) {
        comparisons += static_cast<double>(comparisons_made);
        alarms += found > critical ? 1 : 0;
        if (found <= evidence) return;
        evidence = found;
        what = describe();
    }
};

/// @param pairs the first so many counts are also compared in pairs, at the last time
Verdict compare(const Population& first, const Population& second, const std::vector<std::string>& names,
                const std::vector<double>& times, std::size_t pairs) {
    using namespace two_samples;
    Verdict verdict;
    for (std::size_t k = 0; k < times.size(); ++k) {
        for (std::size_t j = 0; j < names.size(); ++j) {
            const Draws &x = first[k][j], &y = second[k][j];
            const auto said = [&](const char* of) {
                return std::string{of} + names[j] + " at " + std::to_string(times[k]) + " s: mean " +
                       std::to_string(mean(x)) + " against " + std::to_string(mean(y));
            };
            verdict.weigh(evidence_of_means(x, y), 1, [&] { return said("mean of "); });
            verdict.weigh(evidence_of_covariances(x, y, x, y), 1, [&] { return said("variance of "); });
            verdict.weigh(evidence_of_distributions(x, y), cuts, [&] { return said("distribution of "); });
        }
    }
    const auto &x = first.back(), &y = second.back();
    for (std::size_t i = 0; i < pairs; ++i) {
        for (std::size_t j = i + 1; j < pairs; ++j)
            verdict.weigh(evidence_of_covariances(x[i], y[i], x[j], y[j]), 1,
                          [&] { return "covariance of " + names[i] + " and " + names[j]; });
    }
    return verdict;
}

/// Cells of the fast engine for each of the plain one: they cost little, and leave the noise to the smaller sample.
constexpr std::size_t fast_cells = 3;

/// Two engines on one design: which programs they run is the caller's.
class Contest {
public:
    explicit Contest(const Design& design)
        : design_(design),
          program_(compile(design.genome, design.organism)),
          names_(names_of_view(*program_)),
          cells_(design.cells * scale_of_runs()),
          plain_(grow<reference::Engine>(design, program_, cells_, 1'000'000)) {
        for (const std::uint8_t executable : program_->executable()) CHECK(executable != 0);
        CHECK(plain_.front().size() == names_.size());
    }
    [[nodiscard]] Verdict with(const std::shared_ptr<const Program>& program) const {
        const Population fast = grow<CellularContext>(design_, program, cells_ * fast_cells, 2'000'000);
        const std::size_t pairs = view(CellularContext{program_, 0}, *program_).counts;
        return compare(plain_, fast, names_, design_.times, pairs);
    }
    [[nodiscard]] const std::shared_ptr<const Program>& program() const { return program_; }

private:
    const Design& design_;
    std::shared_ptr<const Program> program_;
    std::vector<std::string> names_;
    std::size_t cells_;
    Population plain_;
};

}  // namespace

TEST(both_engines_follow_one_law_and_a_wrong_one_is_seen) {
    double comparisons = 0.0;
    for (const Design& design : all_designs()) {
        const Contest contest{design};
        const Verdict verdict = contest.with(contest.program());
        comparisons += verdict.comparisons;
        std::printf("  %-58s %5.1f of %.1f: %s\n", design.name.c_str(), verdict.evidence, critical,
                    verdict.what.c_str());
        if (verdict.alarms > 0) check::fail(design.name.c_str(), 0, verdict.what.c_str());
        for (const Fault& fault : design.faults) {
            Organism wrong = design.organism;
            fault.commit(wrong);
            const Verdict seen = contest.with(compile(design.genome, wrong));
            std::printf("    if wrong: %-46s %5.1f: %s\n", fault.name, seen.evidence, seen.what.c_str());
            if (seen.alarms == 0) check::fail(design.name.c_str(), 0, fault.name);
        }
    }
    std::printf("  %.0f comparisons\n", comparisons);
    CHECK(comparisons <= most_comparisons);
}

RUN_TESTS()
