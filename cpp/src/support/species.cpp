#include <bioxen/species.hpp>

#include <utility>

namespace bioxen {

namespace {

constexpr std::array<std::string_view, 18> nucleotide_names{"ATP", "ADP", "AMP",  "GTP",  "GDP",  "GMP",
                                                            "CTP", "CDP", "CMP",  "UTP",  "UDP",  "UMP",
                                                            "dATP", "dGTP", "dCTP", "dTTP", "Pi", "PPi"};
constexpr std::array<std::string_view, amino_acid_count> amino_acid_names{
    "Ala", "Arg", "Asn", "Asp", "Cys", "Gln", "Glu", "Gly", "His", "Ile", "Leu",
    "Lys", "Met", "Phe", "Pro", "Ser", "Thr", "Trp", "Tyr", "Val", "Sec", "Pyl"};
constexpr std::array<std::string_view, 12> nutrient_names{
    "adenosine",      "guanosine",      "cytidine",      "uridine",   "glucose",    "lactate",
    "deoxyadenosine", "deoxyguanosine", "deoxycytidine", "thymidine", "fatty_acid", "glycerol"};

}  // namespace

std::string_view amino_acid_name(std::size_t index) { return amino_acid_names.at(index); }

std::string species_name(SpeciesIndex index) {
    if (index < species::amino_acid) return std::string{nucleotide_names[index]};
    if (index < species::charged_trna) return std::string{amino_acid_names[index - species::amino_acid]};
    if (index < species::uncharged_trna)
        return std::string{amino_acid_names[index - species::charged_trna]} + "-tRNA";
    if (index < species::lipid)
        return "tRNA-" + std::string{amino_acid_names[index - species::uncharged_trna]};
    if (index == species::lipid) return "lipid";
    return std::string{nutrient_names.at(static_cast<std::size_t>(index - species::resource_count))};
}

std::optional<SpeciesIndex> find_species(std::string_view name) {
    for (SpeciesIndex i = 0; i < species::count; ++i) {
        if (species_name(i) == name) return i;
    }
    return std::nullopt;
}

Composition& Composition::add(const Composition& other, std::int64_t times) noexcept {
    adenylate += times * other.adenylate;
    guanylate += times * other.guanylate;
    cytidylate += times * other.cytidylate;
    uridylate += times * other.uridylate;
    deoxynucleotide += times * other.deoxynucleotide;
    phosphate += times * other.phosphate;
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        amino_acid[a] += times * other.amino_acid[a];
        trna[a] += times * other.trna[a];
    }
    return *this;
}

Composition composition(SpeciesIndex index) {
    Composition c;
    if (index < species::dATP) {
        std::int64_t* const bases[] = {&c.adenylate, &c.guanylate, &c.cytidylate, &c.uridylate};
        *bases[index / 3] = 1;
        c.phosphate = 3 - index % 3;
    } else if (index <= species::dTTP) {
        c.deoxynucleotide = 1;
        c.phosphate = 3;
    } else if (index == species::Pi) {
        c.phosphate = 1;
    } else if (index == species::PPi) {
        c.phosphate = 2;
    } else if (index < species::charged_trna) {
        c.amino_acid[index - species::amino_acid] = 1;
    } else if (index < species::uncharged_trna) {
        c.amino_acid[index - species::charged_trna] = 1;
        c.trna[index - species::charged_trna] = 1;
    } else if (index < species::lipid) {
        c.trna[index - species::uncharged_trna] = 1;
    } else if (index == species::lipid) {
        c.phosphate = 1;
    } else if (index == species::adenosine) {
        c.adenylate = 1;
    } else if (index == species::guanosine) {
        c.guanylate = 1;
    } else if (index == species::cytidine) {
        c.cytidylate = 1;
    } else if (index == species::uridine) {
        c.uridylate = 1;
    } else if (index >= species::deoxyadenosine && index <= species::thymidine) {
        c.deoxynucleotide = 1;
    }
    return c;
}

}  // namespace bioxen
