#include "cell/cell.hpp"

#include <bioxen/error.hpp>

#include <string>

namespace bioxen {

namespace {

void check_gene(std::size_t gene, std::size_t genes) {
    if (gene >= genes)
        throw InputError(InputErrorKind::argument, "gene " + std::to_string(gene) + " does not exist: the genome has " +
                                                       std::to_string(genes) + " genes");
}

}  // namespace

void Cell::knockout(GeneId id) {
    const std::size_t genes = layout_->gene_unit.size();
    const std::uint32_t gene = index(id);
    check_gene(gene, genes);
    if (knocked_out_.empty()) {
        knocked_out_.assign(genes, 0);
        promoter_closed_.assign(layout_->units.size(), 0);
    }
    knocked_out_[gene] = 1;
    const std::uint32_t u = layout_->gene_unit[gene];
    if (u == Layout::none) return;
    const UnitLayout& unit = layout_->units[u];
    bool alive = false;
    for (std::uint32_t i = 0; i < unit.gene_count; ++i) {
        const std::uint32_t member = layout_->unit_genes[unit.first_gene + i].gene;
        alive = alive || (layout_->executable[member] != 0 && knocked_out_[member] == 0);
    }
    promoter_closed_[u] = alive ? 0 : 1;
    // Its loading sites go when they are next drawn: the pending waiting time was drawn with them, and stays exact.
}

void Cell::restrict_transcription(std::optional<std::span<const GeneId>> genes) {
    if (!genes) {
        restricted_.clear();
        return;
    }
    std::vector<std::uint8_t> restricted(layout_->units.size(), 1);
    for (const GeneId id : *genes) {
        check_gene(index(id), layout_->gene_unit.size());
        const std::uint32_t u = layout_->gene_unit[index(id)];
        if (u == Layout::none)
            throw InputError(InputErrorKind::argument,
                             "gene " + layout_->gene_tag[index(id)] + " has no transcription unit: it cannot be executed");
        restricted[u] = 0;
    }
    restricted_ = std::move(restricted);
}

void Cell::set_resource(SpeciesIndex resource, std::int64_t molecules) {
    if (resource >= species::resource_count)
        throw InputError(InputErrorKind::argument, "resource " + std::to_string(resource) + " does not exist");
    constexpr std::int64_t most = std::int64_t{1} << 40;
    if (molecules < 0 || molecules > most)
        throw InputError(InputErrorKind::argument, species_name(resource) + " = " + std::to_string(molecules) +
                                                       " is out of range: give 0 to " + std::to_string(most));
    const std::int64_t change = molecules - present_pools()[resource];
    pools_[resource] += change;
    book_.operator_account[resource] += change;
}

}  // namespace bioxen
