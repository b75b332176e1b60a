#include "program/roles.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace bioxen {

namespace {

bool contains(std::string_view text, std::string_view word) noexcept { return text.find(word) != std::string_view::npos; }

template <std::size_t n>
bool one_of(std::string_view name, const std::array<std::string_view, n>& names) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// rplA ... rplY, rpmA ..., rpsA ...: Demerec names of the ribosomal proteins.
bool is_ribosomal_name(std::string_view name) noexcept {
    return name.size() >= 4 && name[0] == 'r' && name[1] == 'p' && contains("lms", name.substr(2, 1)) &&
           std::isupper(static_cast<unsigned char>(name[3])) != 0;
}

std::string_view protein_role(const Gene& gene) noexcept {
    constexpr std::array<std::string_view, 6> rnap{"rpoA", "rpoB", "rpoC", "rpoD", "rpoE", "rpoZ"};
    constexpr std::array<std::string_view, 8> degradosome{"rne", "rny", "rnjA", "rnjB", "pnp", "rhlB", "cshA", "rnr"};
    constexpr std::array<std::string_view, 14> replisome{"dnaA", "dnaB", "dnaC", "dnaE", "dnaG", "dnaN", "dnaQ",
                                                         "dnaX", "polC", "holA", "holB", "holC", "holD", "holE"};
    const std::string_view name = gene.name, product = gene.product;
    if (one_of(name, rnap) || contains(product, "DNA-directed RNA polymerase subunit")) return "rna_polymerase";
    if (is_ribosomal_protein(gene)) return "ribosome";
    if (one_of(name, degradosome)) return "degradosome";
    if (one_of(name, replisome) || contains(product, "DNA polymerase III")) return "replisome";
    if (contains(product, "tRNA ligase") || contains(product, "tRNA synthetase") ||
        contains(product, "tRNA-synthetase"))
        return "trna_synthetase";
    return {};
}

}  // namespace

bool is_ribosomal_protein(const Gene& gene) noexcept {
    const std::string_view product = gene.product;
    const bool modifies = contains(product, "transferase") || contains(product, "maturation") ||
                          contains(product, "modification") || contains(product, "hydroxylase");
    return !modifies && (is_ribosomal_name(gene.name) || contains(product, "ribosomal protein"));
}

std::map<std::string, std::vector<GeneId>> find_roles(std::span<const Gene> genes) {
    std::map<std::string, std::vector<GeneId>> roles;
    for (std::size_t g = 0; g < genes.size(); ++g) {
        std::string_view role;
        switch (genes[g].kind) {
            case GeneKind::protein: role = protein_role(genes[g]); break;
            case GeneKind::rRNA: role = "rrna"; break;
            case GeneKind::tRNA: role = "trna"; break;
            case GeneKind::tmRNA:
            case GeneKind::ncRNA:
            case GeneKind::pseudo: break;
        }
        if (!role.empty()) roles[std::string{role}].push_back(static_cast<GeneId>(g));
    }
    return roles;
}

}  // namespace bioxen
