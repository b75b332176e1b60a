#pragma once

#include <bioxen/bioxen.hpp>

#include "support/random.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Small genomes and cells that the C++ tests run.
namespace designs {

/// A GenBank record from a sequence and a feature table. @param name of four letters
inline std::string genbank(const std::string& sequence, const std::string& features, bool circular = false,
                           const std::string& name = "TEST") {
    std::string text = "LOCUS       " + name + std::string(22 - std::to_string(sequence.size()).size(), ' ') +
                       std::to_string(sequence.size()) + " bp    DNA     " + (circular ? "circular" : "linear  ") +
                       " SYN 01-JAN-2026\nFEATURES             Location/Qualifiers\n" + features + "ORIGIN\n";
    for (std::size_t i = 0; i < sequence.size(); i += 60) {
        const std::string number = std::to_string(i + 1);
        text += std::string(9 - number.size(), ' ') + number;
        for (std::size_t j = i; j < std::min(i + 60, sequence.size()); j += 10) text += " " + sequence.substr(j, 10);
        text += "\n";
    }
    return text + "//\n";
}

inline std::string feature(const std::string& kind, const std::string& location,
                           const std::vector<std::string>& qualifiers) {
    std::string text = "     " + kind + std::string(16 - kind.size(), ' ') + location + "\n";
    for (const std::string& q : qualifiers) text += std::string(21, ' ') + "/" + q + "\n";
    return text;
}

inline std::string cds(const std::string& location, const std::string& tag) {
    return feature("gene", location, {"locus_tag=\"" + tag + "\""}) +
           feature("CDS", location, {"locus_tag=\"" + tag + "\"", "transl_table=11"});
}

/// ATG, `codons` - 1 sense codons, TAA.
inline std::string coding(std::size_t codons) {
    static const std::vector<std::string> sense{"gct", "aaa", "gaa", "ctg", "ttc", "cat", "agc", "tgg"};
    std::string text = "atg";
    for (std::size_t k = 1; k < codons; ++k) text += sense[(k * k + 3 * k) % sense.size()];
    return text + "taa";
}

inline std::string reverse_complement(const std::string& dna) {
    std::string out;
    for (std::size_t i = dna.size(); i-- > 0;)
        out += dna[i] == 'a' ? 't' : dna[i] == 'c' ? 'g' : dna[i] == 'g' ? 'c' : 'a';
    return out;
}

inline bioxen::Genome decode(const std::string& text) {
    return bioxen::Genome::decode(std::as_bytes(std::span{text.data(), text.size()}));
}

/// A small cell with plenty of everything and no supply.
inline bioxen::Organism organism() {
    using namespace bioxen;
    Organism o;
    o.name = "test";
    o.volume_l = 3.351e-17;
    o.rna_polymerases = 20;
    o.ribosomes = 60;
    o.degradosomes = 10;
    o.promoter_binding_per_M_s = 8804.0 * 100;
    o.promoter_strength_scale = 765;
    o.promoter_strength_default = 180;
    o.promoter_strength_min = 45;
    o.promoter_strength_max = 765;
    o.promoter_strength_ribosomal_bonus = 500;
    o.promoter_strength_tRNA = 765;
    o.promoter_strength_rRNA = 2830;
    o.rna_kcat_nt_per_s = 20;
    o.rna_kcat_min_nt_per_s = 10;
    o.rna_kcat_max_nt_per_s = 85;
    o.rna_km_mM = 0.1;
    o.rnap_footprint_nt = 40;
    o.rrna_spacing_nt = 400;
    o.head_on_dissociation_per_s = 0.5;
    o.unit_gap_nt = 50;
    o.ribosome_binding_per_M_s = 88560;
    o.translation_kcat_aa_per_s = 12;
    o.translation_km_mM = 1e-3;
    o.ribosome_footprint_codons = 10;
    o.degradosome_binding_per_M_s = 14154;
    o.degradation_kcat_nt_per_s = 88;
    for (const SpeciesIndex s : {species::ATP, species::GTP, species::CTP, species::UTP}) o.pools[s] = 2'000'000;
    for (std::size_t a = 0; a < amino_acid_count; ++a) o.pools[species::charged_trna + a] = 200'000;
    return o;
}

inline const std::string spacer(80, 'c');

inline std::string span(std::size_t start, std::size_t length) {
    return std::to_string(start + 1) + ".." + std::to_string(start + length);
}

/// Three units: an operon of two genes, a single gene, and a reverse one that meets it tail to tail.
inline bioxen::Genome small_genome() {
    const std::string a = coding(60), b = coding(90), c = coding(120), d = reverse_complement(coding(100));
    std::string dna, features;
    const auto add = [&](const std::string& gene, const std::string& tag, bool reverse) {
        const std::string where = span(dna.size(), gene.size());
        features += cds(reverse ? "complement(" + where + ")" : where, tag);
        dna += gene;
    };
    dna += spacer;
    add(a, "a", false);
    dna += std::string(10, 'c');
    add(b, "b", false);
    dna += spacer + spacer;
    add(c, "c", false);
    dna += std::string(5, 'c');
    add(d, "d", true);
    dna += spacer;
    return decode(genbank(dna, features, true));
}

/// A small cell whose pools run low without its supply.
inline bioxen::Organism supplied() {
    using namespace bioxen;
    Organism o = organism();
    for (const SpeciesIndex s : {species::ATP, species::GTP, species::CTP, species::UTP}) o.pools[s] = 20'000;
    for (const SpeciesIndex s : {species::ADP, species::Pi, species::PPi, species::AMP}) o.pools[s] = 1'000;
    for (std::size_t a = 0; a < 20; ++a) {
        o.pools[species::charged_trna + a] = 100;
        o.pools[species::uncharged_trna + a] = 50;
        o.pools[species::amino_acid + a] = 5'000;
    }
    using species::ADP, species::AMP, species::ATP, species::Pi, species::PPi;
    const auto cell = [](SpeciesIndex s, std::int64_t n) { return SupplyLeg{Place::cell, s, n}; };
    o.supply.push_back({"regeneration", "energy", {cell(ADP, -1), cell(Pi, -1), cell(ATP, 1)}, 20'000.0, {}});
    o.supply.push_back({"adenylate kinase", "energy", {cell(AMP, -1), cell(ATP, -1), cell(ADP, 2)}, 5'000.0, {}});
    o.supply.push_back({"pyrophosphatase", "energy", {cell(PPi, -1), cell(Pi, 2)}, 50'000.0, {}});
    for (const SpeciesIndex base : {species::GTP, species::CTP, species::UTP}) {
        const auto di = static_cast<SpeciesIndex>(base + 1), mono = static_cast<SpeciesIndex>(base + 2);
        o.supply.push_back({"mono kinase", "energy", {cell(mono, -1), cell(ATP, -1), cell(di, 1), cell(ADP, 1)}, 2e4, {}});
        o.supply.push_back({"di kinase", "energy", {cell(di, -1), cell(ATP, -1), cell(base, 1), cell(ADP, 1)}, 2e4, {}});
    }
    o.synthetases_per_amino_acid = 100;
    o.charging_kcat_per_s = 30;
    o.charging_k_atp_per_s = o.charging_k_aa_per_s = 0.01;
    o.charging_k_trna_per_s = 0.1;
    return o;
}

// ------------------------------------------------------------------------------------------------ cells that grow

/// A gene on a replicon that is being drafted: what the feature table says of it.
struct DraftGene {
    std::size_t start = 0, length = 0;
    bool reverse = false;
    std::string kind, tag, name, product;
};

/// A replicon that is written from left to right, and may then be turned so that its file begins anywhere.
struct DraftReplicon {
    std::string dna;
    std::vector<DraftGene> genes;

    DraftReplicon& space(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) dna += "acgtc"[i * 7 % 5];
        return *this;
    }
    DraftReplicon& gene(const std::string& tag, const std::string& text, bool reverse = false, const std::string& name = {},
                        const std::string& product = {}, const std::string& kind = "CDS") {
        genes.push_back({dna.size(), text.size(), reverse, kind, tag, name, product});
        dna += reverse ? reverse_complement(text) : text;
        return *this;
    }
    /// @param turn the base with which the file begins (circular ones only)
    [[nodiscard]] std::string record(const std::string& name, bool circular, std::size_t turn = 0) const {
        std::string features;
        for (const DraftGene& g : genes) {
            const std::size_t start = (g.start + dna.size() - turn) % dna.size(), end = start + g.length;
            std::string where = end <= dna.size() ? span(start, g.length)
                                                  : "join(" + span(start, dna.size() - start) + "," +
                                                        span(0, end - dna.size()) + ")";
            if (g.reverse) where = "complement(" + where + ")";
            std::vector<std::string> told{"locus_tag=\"" + g.tag + "\""};
            if (!g.name.empty()) told.push_back("gene=\"" + g.name + "\"");
            features += feature("gene", where, told);
            if (!g.product.empty()) told.push_back("product=\"" + g.product + "\"");
            if (g.kind == "CDS") told.push_back("transl_table=11");
            features += feature(g.kind, where, told);
        }
        return genbank(dna.substr(turn) + dna.substr(0, turn), features, circular, name);
    }
};

/// ATG, leucines, TAA: a membrane protein by its sequence.
inline std::string greasy(std::size_t codons) {
    std::string text = "atg";
    for (std::size_t k = 1; k < codons; ++k) text += "ctg";
    return text + "taa";
}

/// A cell that feeds, grows to twice its lipids in some fifteen seconds, and copies a few thousand bases meanwhile.
inline bioxen::Organism growing() {
    using namespace bioxen;
    Organism o = supplied();
    o.rna_polymerases = 12;
    o.ribosomes = 30;
    o.degradosomes = 8;
    o.protein_decay_per_s = 1e-3;
    const auto cell = [](SpeciesIndex s, std::int64_t n) { return SupplyLeg{Place::cell, s, n}; };
    const auto medium = [](SpeciesIndex s, std::int64_t n) { return SupplyLeg{Place::medium, s, n}; };
    const auto flow = [&](const char* name, std::vector<SupplyLeg> legs, double rate, SpeciesIndex made, std::int64_t level) {
        o.supply.push_back({name, "uptake", std::move(legs), rate, std::pair{made, level}});
    };
    using species::ADP, species::ATP, species::Pi;
    flow("phosphate", {medium(Pi, -1), cell(Pi, 1)}, 2e4, Pi, 5'000);
    for (SpeciesIndex base = 0; base < 4; ++base) {
        const auto nucleoside = static_cast<SpeciesIndex>(species::adenosine + base);
        const auto mono = static_cast<SpeciesIndex>(species::AMP + 3 * base);
        flow("nucleoside", {medium(nucleoside, -1), cell(Pi, -1), cell(mono, 1)}, 500.0, mono, 1'000);
        const auto deoxy = static_cast<SpeciesIndex>(species::deoxyadenosine + base);
        const auto made = static_cast<SpeciesIndex>(species::dATP + base);
        o.pools[made] = 300;
        flow("deoxynucleoside", {medium(deoxy, -1), cell(Pi, -3), cell(made, 1)}, 400.0, made, 300);
    }
    for (std::size_t a = 0; a < 20; ++a) {
        const auto acid = static_cast<SpeciesIndex>(species::amino_acid + a);
        const auto empty = static_cast<SpeciesIndex>(species::uncharged_trna + a);
        flow("amino acid", {medium(acid, -1), cell(acid, 1)}, 100.0, acid, 5'000);
        flow("tRNA", {medium(empty, -1), cell(empty, 1)}, 3.0, empty, 40);
    }
    o.pools[species::lipid] = 1'000;
    o.supply.push_back({"lipid", "growth", {cell(ATP, -1), cell(ADP, 1), cell(species::lipid, 1)}, 50.0, {}});
    CellCycle& c = o.cell_cycle;
    c.enabled = true;
    c.lipid_surface_nm2 = 250e3;
    c.protein_surface_nm2 = 0.0;
    c.largest_volume_ratio = 2.0;
    c.replication_delay_s = 2.0;
    c.replication_delay_log_sd = 0.3;
    c.fork_kcat_bp_per_s = 100.0;
    c.fork_km_mM = 1e-3;
    c.division_surface_ratio = 2.0;
    c.assembly_per_s = {0.05, 0.05, 0.05};
    c.counted_in_machines = {false, false, false};
    c.translocon_binding_per_M_s = 1e6;
    c.insertion_aa_per_s = 50.0;
    return o;
}

/// Of a cell with forks on their way on a circle and on a plasmid, RNAPs among them, and proteins on their way.
inline std::shared_ptr<const bioxen::Program> dividing_program() {
    using namespace bioxen;
    DraftReplicon circle, plasmid;
    circle.space(50).gene("m", greasy(40), false, "memA").gene("y", greasy(30), true, "secY").space(20);
    circle.gene("a", coding(40), false, "rny").space(5).gene("b", coding(30), false, "rnjA").space(100);
    circle.gene("c", coding(50), true).space(60).gene("t", coding(23), false, "", "tRNA-Ala", "tRNA");
    plasmid.space(30).gene("p", coding(30)).space(40);
    Organism o = growing();
    o.origins_nt = {300, 20};
    o.replicon_copies = {1, 2};
    o.protein_counts.assign(7, 15);
    o.promoter_binding_per_M_s *= 30.0;
    o.cell_cycle.protein_surface_nm2 = 10e3;
    o.cell_cycle.fork_kcat_bp_per_s = 15.0;
    o.cell_cycle.replication_delay_s = 0.5;
    return compile(decode(circle.record("REC0", true, 70) + plasmid.record("REC1", true)), o);
}

/// A genome and the parameters of a cell that lives on it.
struct RandomLife {
    bioxen::Genome genome;
    bioxen::Organism organism;
    std::string told;               ///< what it is, for a message
};

/// A genome and a life of it at random: machines with and without genes for their parts, one to three replicons of either
/// topology, units over the end of the file or over the whole circle, one or several copies, rounds that overlap.
inline RandomLife random_life(std::uint64_t seed) {
    using namespace bioxen;
    RandomStream random{seed, 7};
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random.uniform() * static_cast<double>(n)); };
    const auto one_in = [&](std::size_t n) { return below(n) == 0; };
    struct Named {
        const char *kind, *name, *product;
    };
    std::vector<Named> wanted{{"CDS", "dnaA", ""}};
    if (!one_in(4)) wanted.insert(wanted.end(), {{"CDS", "rpoA", ""}, {"CDS", "rpoB", ""}, {"CDS", "rpoC", ""}});
    if (!one_in(4)) wanted.insert(wanted.end(), {{"CDS", "rny", ""}, {"CDS", "rnjA", ""}});
    if (!one_in(4))
        wanted.insert(wanted.end(), {{"rRNA", "rrsA", "16S ribosomal RNA"}, {"rRNA", "rrlA", "23S ribosomal RNA"},
                                     {"rRNA", "rrfA", "5S ribosomal RNA"}, {"rRNA", "rrfB", "5S ribosomal RNA"},
                                     {"CDS", "rpsA", "30S ribosomal protein S1"}, {"CDS", "rplL", "ribosomal protein L7/L12"}});
    if (!one_in(3)) wanted.insert(wanted.end(), {{"CDS", "secY", "greasy"}, {"CDS", "memA", "greasy"}});
    wanted.insert(wanted.end(), {{"tRNA", "", "tRNA-Ala"}, {"tRNA", "", "tRNA-Leu"}});
    for (std::size_t n = 2 + below(6); n > 0; --n) wanted.push_back({"CDS", "", ""});

    RandomLife life{decode(">x\nacgt\n"), growing(), "seed " + std::to_string(seed)};
    Organism& o = life.organism;
    const std::size_t replicons = 1 + below(3);
    std::string file;
    std::size_t tag = 0;
    for (std::size_t r = 0; r < replicons; ++r) {
        DraftReplicon draft;
        const bool circular = !one_in(3), covered = circular && one_in(3);
        const std::size_t n = r + 1 < replicons ? below(wanted.size() / 2 + 1) : wanted.size();
        draft.space(covered ? 0 : below(60));
        bool reverse = one_in(2);
        for (std::size_t i = 0; i < n; ++i) {
            const Named& w = wanted[i];
            const bool greasy_one = std::string{w.product} == "greasy";
            const std::size_t codons = 20 + below(60);
            const std::string text = w.kind == std::string{"CDS"} ? (greasy_one ? greasy(codons) : coding(codons))
                                                                  : coding(w.kind == std::string{"tRNA"} ? 23 : 60 + below(40));
            draft.gene("t" + std::to_string(tag++), text, reverse, w.name, w.product, w.kind);
            if (!covered) draft.space(std::array<std::size_t, 4>{0, 20, 90, 200}[below(4)]);
            if (covered || one_in(3)) reverse = !reverse;
        }
        wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(n));
        if (draft.dna.size() < 50) draft.space(50);
        const std::size_t length = draft.dna.size();
        const std::size_t turn = circular && !one_in(3) ? below(length) : 0;
        file += draft.record("REC" + std::to_string(r), circular, turn);
        const std::array<std::int64_t, 4> ends{0, 1, static_cast<std::int64_t>(length) - 1, -1};
        o.origins_nt.push_back(one_in(3) ? ends[below(r > 0 ? 4 : 3)] : static_cast<std::int64_t>(below(length)));
        o.replicon_copies.push_back(r > 0 && one_in(2) ? static_cast<std::int64_t>(1 + below(4)) : 1);
        life.told += " " + std::to_string(length) + (circular ? covered ? " covered" : " circular" : " linear");
    }
    life.genome = decode(file);
    CellCycle& c = o.cell_cycle;
    c.fork_kcat_bp_per_s = std::array<double, 4>{20.0, 100.0, 400.0, 4'000.0}[below(4)];
    c.rod = one_in(3);
    c.largest_volume_ratio = c.rod ? 3.0 : 2.0;
    if (one_in(3)) c.initiation_volume_l = o.volume_l * (0.4 + 0.9 * random.uniform());
    if (one_in(3)) c.division_delay_s = 2.0;
    if (one_in(5)) o.reference_mode = true;
    o.rnap_footprint_nt = std::array<std::int32_t, 3>{1, 20, 40}[below(3)];
    o.head_on_dissociation_per_s = 0.5;
    if (one_in(2)) {
        c.protein_surface_nm2 = 50e3;
        for (const Gene& gene : life.genome.genes()) o.protein_counts.push_back(gene.kind == GeneKind::protein ? 20 : -1);
    }
    o.promoter_binding_per_M_s *= one_in(2) ? 20.0 : 1.0;  // traffic
    if (c.initiation_volume_l > 0.0 && one_in(2)) {  // in balanced growth
        const double longest = static_cast<double>(life.genome.records()[0].length_nt) / c.fork_kcat_bp_per_s;
        c.doubling_time_s = std::max(15.0 * random.uniform(), (longest + c.division_delay_s) / 3.0);
    }
    if (one_in(3)) {
        for (std::uint32_t g = 0; g < life.genome.genes().size(); ++g) {
            if (one_in(2)) o.gene_messengers[g] = 2.0 * random.uniform();
            if (one_in(2)) o.gene_decay[g] = 0.1 + 2.0 * random.uniform();
            if (one_in(2)) o.gene_loading[g] = 2.0 * random.uniform();
            o.unit_groups.push_back(one_in(2) ? Organism::ungrouped : static_cast<std::uint32_t>(below(3)));
        }
    }
    return life;
}

}  // namespace designs
