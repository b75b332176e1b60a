#include <bioxen/program.hpp>

#include "program/kinetics.hpp"
#include "program/layout.hpp"

#include <array>
#include <string>
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

std::vector<ReportEntry> Program::fallbacks() const {
    const Layout& layout = *layout_;
    const Organism& organism = kinetics_->organism;
    std::vector<ReportEntry> found;
    if (!organism.cell_cycle.enabled) return found;
    constexpr std::array<const char*, 3> machines{"RNA polymerases", "ribosomes", "degradosomes"};
    const auto report = [&](const char* code, std::string message) { found.push_back({code, std::move(message), 0, ""}); };
    for (std::size_t m = 0; m < machines.size(); ++m) {
        if (layout.machine_parts[m].empty())
            report("machine-without-parts", std::string{"not all genes of the parts of "} + machines[m] +
                                                " are named: the cell builds none, and keeps those it is born with");
    }
    std::array<bool, amino_acid_count> carried{};
    for (const std::int8_t residue : layout.trna_residue) {
        if (residue >= 0) carried[static_cast<std::size_t>(residue)] = true;
    }
    std::string bare;
    for (std::size_t a = 0; a < 20; ++a) {  // no genome needs the two beyond
        if (!carried[a]) bare += (bare.empty() ? "" : ", ") + std::string{amino_acid_name(a)};
    }
    if (!bare.empty())
        report("trna-without-genes", "no tRNA gene for " + bare + ": the cell makes none, and keeps the tRNA it is born with");
    for (std::size_t r = 0; r < layout.replicons.size(); ++r) {
        const bool given = r < organism.origins_nt.size() && organism.origins_nt[r] >= 0;
        if (!given && layout.replicons[r].origin < 0)
            report("replicon-without-origin",
                   "replicon " + std::to_string(r + 1) + " has no origin that the file names, no dnaA, and is too short to "
                   "guess one from its skew: it is not copied, so " +
                       (r < organism.replicon_copies.size() && organism.replicon_copies[r] > 1
                            ? "each division leaves fewer of its molecules to a daughter"
                            : "one daughter of each division lacks it"));
        else
            report("origin-of-replication",
                   "replicon " + std::to_string(r + 1) + ": replication begins at " +
                       std::to_string((given ? organism.origins_nt[r] : layout.replicons[r].origin) + 1) + ", " +
                       (given ? "which the parameters give" : layout.replicons[r].origin_by));
    }
    const bool counted = organism.protein_counts.size() == layout.gene_unit.size();
    if (!counted) {
        report("no-protein-counts", "no proteome_file and no note of the genome counts the proteins at birth: the cell is "
                                    "born with those of its machines alone, and its growth does not depend on what "
                                    "it makes");
        report("surface-by-lipids", "no proteome_file tells how many membrane proteins there are at birth: the surface "
                                    "grows as the lipids do");
    }
    if (layout.translocon == Layout::none || !counted || organism.protein_counts[layout.translocon] <= 0)
        report("no-translocon", "no secY, or none of its protein at birth: membrane proteins go in by themselves");
    return found;
}

std::shared_ptr<const Program> compile(const Genome& genome, const Organism& organism) {
    auto layout = std::make_shared<const Layout>(make_layout(genome, organism));
    auto kinetics = std::make_shared<const Kinetics>(make_kinetics(*layout, organism));
    return std::make_shared<const Program>(std::move(layout), std::move(kinetics));
}

}  // namespace bioxen
