#include <bioxen/program.hpp>

#include "program/kinetics.hpp"
#include "program/layout.hpp"

#include <utility>

namespace bioxen {

Program::Program(std::shared_ptr<const Layout> layout, std::shared_ptr<const Kinetics> kinetics) noexcept
    : layout_(std::move(layout)), kinetics_(std::move(kinetics)) {}

std::span<const TranscriptionUnit> Program::units() const noexcept { return layout_->unit_descriptions; }
std::span<const ReportEntry> Program::report() const noexcept { return layout_->report; }
const Organism& Program::organism() const noexcept { return kinetics_->organism; }
std::size_t Program::gene_count() const noexcept { return layout_->gene_unit.size(); }
std::span<const std::uint8_t> Program::executable() const noexcept { return layout_->executable; }
const std::map<std::string, std::vector<GeneId>>& Program::roles() const noexcept { return layout_->roles; }
const std::string& Program::fingerprint() const noexcept { return kinetics_->fingerprint; }
const std::string& Program::genome_fingerprint() const noexcept { return layout_->genome_fingerprint; }
std::size_t Program::memory_bytes() const noexcept { return layout_->memory_bytes() + kinetics_->memory_bytes(); }

double Program::promoter_strength(UnitId unit) const { return kinetics_->unit_strength.at(index(unit)); }
double Program::kcat_nt_per_s(UnitId unit) const { return kinetics_->unit_kcat.at(index(unit)); }

std::shared_ptr<const Program> Program::with_organism(const Organism& organism) const {
    return std::make_shared<const Program>(layout_,
                                           std::make_shared<const Kinetics>(make_kinetics(*layout_, organism)));
}

std::shared_ptr<const Program> compile(const Genome& genome, const Organism& organism) {
    auto layout = std::make_shared<const Layout>(
        make_layout(genome, organism.reference_mode, organism.unit_gap_nt));
    auto kinetics = std::make_shared<const Kinetics>(make_kinetics(*layout, organism));
    return std::make_shared<const Program>(std::move(layout), std::move(kinetics));
}

}  // namespace bioxen
