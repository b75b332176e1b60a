// A host simulator that embeds three cells: a chemostat whose only nutrient is tryptophan, and three cells that have no
// uptake of their own for it. The host integrates the medium, feeds the cells between its time steps and keeps books,
// which the cells' own ledgers have to confirm in the end.
//
//     embed [genome.gb]      GenBank, GFF3 with sequence or FASTA, not compressed; without it a designed operon runs

#include "minimal_cell.hpp"
#include "tiny_genome.hpp"

#include <bioxen/bioxen.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr double step_s = 0.25, end_s = 300.0, report_every_s = 60.0;

/// A stirred vessel with inflow and outflow: dM/dt = D (M_feed - M) - what the cells take.
struct Chemostat {
    static constexpr double molecules_per_uM = 6.02214076e23 * 1e-6 * 50e-15;  // in 50 fL
    static constexpr double dilution_per_s = 1.0 / 300.0;
    double feed = 1.0 * molecules_per_uM, molecules = feed;

    void flow() { molecules += step_s * dilution_per_s * (feed - molecules); }
    /// What one cell's carrier takes up in a step (Michaelis-Menten, KM 0.1 uM).
    double uptake() const { return step_s * 60.0 * molecules / (0.1 * molecules_per_uM + molecules); }
};

struct Guest {
    bioxen::CellularContext cell;
    bioxen::Recorder recorder;
    double owed = 0.0;           ///< the part of a molecule that was not given yet
    std::int64_t given = 0;

    void feed(Chemostat& medium, bioxen::SpeciesIndex nutrient) {
        owed += medium.uptake();
        const auto whole = static_cast<std::int64_t>(owed);
        cell.set_resource(nutrient, cell.resources()[nutrient] + whole);
        medium.molecules -= static_cast<double>(whole);
        owed -= static_cast<double>(whole);
        given += whole;
    }
};

std::string bytes_of(const char* path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error(std::string{"cannot read "} + path);
    return {std::istreambuf_iterator<char>{file}, {}};
}

int run(const std::string& text) {
    using namespace bioxen;
    const SpeciesIndex trp = find_species("Trp").value();
    Organism organism = minimal_cell();
    std::erase_if(organism.supply, [](const SupplyReaction& flow) { return flow.name == "Trp_uptake"; });

    const Genome genome = Genome::decode(std::as_bytes(std::span{text}));
    const auto program = compile(genome, organism);
    std::printf("bioxen %s, program %s, %zu genes\n", version, program->fingerprint().c_str(), program->gene_count());
    std::printf("time_s  cell  medium_uM    Trp  proteins  mrnas  ribosomes\n");

    Chemostat medium;
    std::vector<Guest> guests;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const auto report = [&medium, trp, seed](const Sample& now) {
            const auto sum = [](auto counts) { return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}); };
            std::printf("%6.0f  %4d  %9.4f  %5lld  %8lld  %5lld  %9lld\n", now.time_s, static_cast<int>(seed),
                        medium.molecules / Chemostat::molecules_per_uM, static_cast<long long>(now.resources[trp]),
                        static_cast<long long>(sum(now.proteins)), static_cast<long long>(sum(now.mrnas)),
                        static_cast<long long>(now.machines[1].active));
        };
        guests.push_back({CellularContext{program, seed}, Recorder{0.0, end_s, report_every_s, report, Keep::last}});
    }

    for (int step = 1; step * step_s <= end_s; ++step) {
        medium.flow();
        for (Guest& guest : guests) {
            guest.feed(medium, trp);
            if (guest.cell.advance(step * step_s, guest.recorder) == AdvanceStatus::exhausted)
                throw std::runtime_error("a cell can do nothing any more");
        }
    }

    bool ok = true;
    for (const Guest& guest : guests) {
        const auto ledger = guest.cell.ledger();
        const auto booked = std::ranges::find(ledger, std::string{"operator"}, &ProcessPosting::process);
        const Audit audit = guest.cell.audit();
        const bool agreed = booked != ledger.end() && booked->cell[trp] == guest.given;
        std::printf("cell %d: %lld Trp given, books %s; audit of %zu accounts: %s\n", static_cast<int>(guest.cell.seed()),
                    static_cast<long long>(guest.given), agreed ? "agree" : "DIFFER", audit.residuals.size(),
                    audit.ok() ? "ok" : "BROKEN");
        ok = ok && agreed && audit.ok();
    }
    return ok ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(count > 1 ? bytes_of(arguments[1]) : std::string{tiny_genome});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "embed: %s\n", error.what());
        return 1;
    }
}
