#pragma once

#include <bioxen/bioxen.hpp>

#include <string>
#include <vector>

/// Small genomes and cells that the C++ tests run.
namespace designs {

/// A GenBank record from a sequence and a feature table.
inline std::string genbank(const std::string& sequence, const std::string& features, bool circular = false) {
    std::string text = "LOCUS       TEST" + std::string(22 - std::to_string(sequence.size()).size(), ' ') +
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

}  // namespace designs
