#include "program/kinetics.hpp"

#include <algorithm>

namespace bioxen {

namespace {

/// Seconds that an RNAP needs for each unit when every nucleotide takes (1 + KM/[NTP]) / kcat.
std::vector<double> transcription_times(const Layout& layout, const Kinetics& k) {
    std::vector<double> seconds;
    for (std::size_t u = 0; u < layout.units.size(); ++u) {
        const UnitLayout& unit = layout.units[u];
        const auto bases = layout.nucleotides(unit, 0, unit.length_nt);
        double steps = 0.0;
        for (std::size_t b = 0; b < 4; ++b) {
            const auto pool = static_cast<double>(k.organism.pools[k.steps.resource[b]]);
            if (bases[b] > 0 && pool > 0.0)
                steps += static_cast<double>(bases[b]) * (pool + k.steps.half_saturation[b]) / pool;
        }
        seconds.push_back(k.unit_kcat[u] > 0.0 ? steps / k.unit_kcat[u] : 0.0);
    }
    return seconds;
}

/// Root of a decreasing function on [0, high] by bisection.
template <typename Excess>
double balance(double high, Excess&& excess) {
    double low = 0.0;
    for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + high);
        (excess(middle) > 0.0 ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace

std::vector<double> mean_field_transcripts(const Layout& layout, const Kinetics& k) {
    const std::size_t n = layout.units.size();
    const std::vector<double> seconds = transcription_times(layout, k);
    const Organism& o = k.organism;
    const auto machines = static_cast<double>(o.rna_polymerases);
    const double per_strength = o.promoter_binding_per_M_s / k.molecules_per_M / o.promoter_strength_scale;
    const auto initiation = [&](std::size_t u, double free) {
        const double attempts = per_strength * k.unit_strength[u] * free;
        const auto length = static_cast<double>(layout.units[u].length_nt);
        const bool alone = k.unit_max_rnap[u] == 1;
        const double clearance = alone ? seconds[u] : seconds[u] * std::min(1.0, k.unit_clearance_nt[u] / length);
        return attempts / (1.0 + attempts * clearance);
    };
    const double free_rnap = balance(machines, [&](double free) {
        double bound = 0.0;
        for (std::size_t u = 0; u < n; ++u) bound += initiation(u, free) * seconds[u];
        return machines - bound - free;
    });

    double degradosome_load = 0.0;
    for (std::size_t u = 0; u < n; ++u) {
        if (!layout.units[u].stable && o.degradation_kcat_nt_per_s > 0.0)
            degradosome_load += initiation(u, free_rnap) * layout.units[u].length_nt / o.degradation_kcat_nt_per_s;
    }
    // Where transcripts come faster than degradosomes can work, a tenth of the machines stands for the free ones.
    const auto degradosomes = static_cast<double>(o.degradosomes);
    const double free_degradosomes = std::max(degradosomes - degradosome_load, 0.1 * degradosomes);
    const double decay_per_s = k.degradosome_binding_per_pair_s * free_degradosomes;
    std::vector<double> mean(n, 0.0);
    for (std::size_t u = 0; u < n; ++u) {
        const double own = k.unit_decay.empty() ? decay_per_s : decay_per_s * static_cast<double>(k.unit_decay[u]);
        if (!layout.units[u].stable && own > 0.0) mean[u] = initiation(u, free_rnap) / own;
    }
    double total = 0.0;
    for (const double m : mean) total += m;
    if (total > most_transcripts) {
        for (double& m : mean) m = total < 1e300 ? m * (most_transcripts / total) : 0.0;
    }
    return mean;
}

}  // namespace bioxen
