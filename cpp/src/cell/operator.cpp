#include "cell/cell.hpp"
#include "program/organism_bytes.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

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

std::vector<GeneId> Cell::knocked_out() const {
    std::vector<GeneId> genes;
    for (std::uint32_t gene = 0; gene < knocked_out_.size(); ++gene) {
        if (knocked_out_[gene] != 0) genes.push_back(static_cast<GeneId>(gene));
    }
    return genes;
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

void Cell::allocate(std::shared_ptr<const Program> program) {
    if (now_ != static_cast<double>(tick_) * tick_s)
        throw InputError(InputErrorKind::runtime,
                         "machines and fluxes change at supply ticks only: the next one is at " +
                             std::to_string(static_cast<double>(tick_ + 1) * tick_s) + " s");
    if (program->layout().genome_fingerprint != layout_->genome_fingerprint)
        throw InputError(InputErrorKind::argument,
                         "the program is of another genome: make one from the cell's own by with_organism");
    const Organism &own = kinetics_->organism, &other = program->organism();
    Organism fitted = other;
    fitted.ribosomes = own.ribosomes;
    fitted.rna_polymerases = own.rna_polymerases;
    for (std::size_t i = 0; i < std::min(own.supply.size(), other.supply.size()); ++i)
        fitted.supply[i].max_rate_per_s = own.supply[i].max_rate_per_s;
    if (const std::string_view field = differing_field(own, fitted); !field.empty())
        throw InputError(InputErrorKind::argument,
                         "the program has another " + std::string{field} +
                             " than the cell: only the numbers of ribosomes and RNA polymerases and the maximal rates "
                             "of supply may change while it lives");
    if (program->fingerprint() == kinetics_->fingerprint) return;
    free_ribosomes_ += other.ribosomes - own.ribosomes;
    free_rnap_ += other.rna_polymerases - own.rna_polymerases;
    program_ = std::move(program);
    layout_ = &program_->layout();
    kinetics_ = &program_->kinetics();
    scale_rates();
    refresh_rates();
    next_candidate_ = now_ + random_.exponential() * inverse_total_;
}

}  // namespace bioxen
