#include "program/machine_parts.hpp"

#include "program/roles.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace bioxen {

namespace {

char lower(char c) noexcept { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool same_letters(std::string_view text, std::string_view lower_case) noexcept {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return lower(a) == b; });
}

bool contains(std::string_view text, std::string_view word) noexcept { return text.find(word) != std::string_view::npos; }

using Genes = std::vector<std::uint32_t>;

class PartFinder {
public:
    PartFinder(std::span<const Gene> genes, std::span<const std::uint8_t> executable)
        : genes_(genes), executable_(executable), taken_(genes.size(), 0) {}

    MachineParts find() {
        MachineParts parts;
        constexpr std::string_view rnap = "dna-directed rna polymerase subunit ";
        const std::string subunit{rnap};
        parts[0] = complete({{named("rpoA", subunit + "alpha"), 2},
                             {named("rpoB", subunit + "beta"), 1},
                             {named("rpoC", subunit + "beta'"), 1}});
        parts[1] = ribosome();
        parts[2] = complete({{named("rne", "ribonuclease e"), 4}, {named("pnp", {}), 3}, {named("rhlB", {}), 2}});
        if (parts[2].empty())
            parts[2] = complete({{named("rny", "ribonuclease y"), 1}, {named("rnjA", "ribonuclease j1"), 1}});
        return parts;
    }

private:
    template <typename Holds>
    Genes all(GeneKind kind, Holds&& holds) const {
        Genes found;
        for (std::uint32_t g = 0; g < genes_.size(); ++g) {
            if (executable_[g] != 0 && genes_[g].kind == kind && holds(genes_[g])) found.push_back(g);
        }
        return found;
    }

    /// Genes of that name, or if there is none, whose product is called so.
    Genes named(std::string_view name, std::string_view product) const {
        Genes found = all(GeneKind::protein, [&](const Gene& gene) { return gene.name == name; });
        if (found.empty() && !product.empty())
            found = all(GeneKind::protein, [&](const Gene& gene) { return same_letters(gene.product, product); });
        return found;
    }

    /// All of them, or none where one is missing. A gene is in the first place that it fits: one molecule cannot be in two.
    std::vector<MachinePart> complete(std::vector<MachinePart> parts) {
        std::vector<std::uint8_t> taken = taken_;
        for (MachinePart& part : parts) {
            std::erase_if(part.genes, [&](std::uint32_t g) { return taken[g] != 0; });
            if (part.genes.empty()) return {};
            for (const std::uint32_t g : part.genes) taken[g] = 1;
        }
        taken_ = std::move(taken);
        return parts;
    }

    std::vector<MachinePart> ribosome() {
        struct Rna {
            std::string_view size, stem;
        };
        constexpr std::array<Rna, 3> rnas{{{"5S", "rrf"}, {"16S", "rrs"}, {"23S", "rrl"}}};
        std::vector<MachinePart> parts;
        for (const Rna& rna : rnas) {
            parts.push_back({all(GeneKind::rRNA, [&](const Gene& gene) {
                const std::string_view product = gene.product, name = gene.name;
                // "5S" is also the end of "25S", so a digit before it is another RNA
                const std::size_t at = product.find(rna.size);
                return (at != std::string_view::npos &&
                        (at == 0 || std::isdigit(static_cast<unsigned char>(product[at - 1])) == 0)) ||
                       name.substr(0, 3) == rna.stem;
            })});
        }
        std::map<std::string, Genes> proteins;
        for (std::uint32_t g = 0; g < genes_.size(); ++g) {
            if (executable_[g] != 0 && genes_[g].kind == GeneKind::protein && is_ribosomal_protein(genes_[g]))
                proteins[genes_[g].name.empty() ? genes_[g].product : genes_[g].name].push_back(g);
        }
        if (proteins.empty()) return {};
        for (auto& [name, genes] : proteins) {
            const bool stalk = name == "rplL" || contains(genes_[genes.front()].product, "L7/L12");
            parts.push_back({std::move(genes), stalk ? 4 : 1});
        }
        return complete(std::move(parts));
    }

    std::span<const Gene> genes_;
    std::span<const std::uint8_t> executable_;
    std::vector<std::uint8_t> taken_;           ///< per gene: it is a part of a machine
};

}  // namespace

MachineParts find_machine_parts(std::span<const Gene> genes, std::span<const std::uint8_t> executable) {
    return PartFinder{genes, executable}.find();
}

std::vector<std::int8_t> find_trna_residues(std::span<const Gene> genes) {
    std::vector<std::int8_t> residues(genes.size(), -1);
    for (std::size_t g = 0; g < genes.size(); ++g) {
        if (genes[g].kind != GeneKind::tRNA) continue;
        std::string_view text = genes[g].product;
        if (text.substr(0, 5) == "tRNA-")
            text.remove_prefix(5);
        else
            text = genes[g].name;
        if (text.size() == 4 && lower(text[0]) == 'f') text.remove_prefix(1);  // fMet
        for (std::size_t a = 0; a < amino_acid_count; ++a) {
            const std::string_view name = amino_acid_name(a);
            if (text.size() >= 3 && std::equal(name.begin(), name.end(), text.begin(),
                                               [](char x, char y) { return lower(x) == lower(y); }))
                residues[g] = static_cast<std::int8_t>(a);
        }
    }
    return residues;
}

}  // namespace bioxen
