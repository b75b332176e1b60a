#include <bioxen/capacity.hpp>

#include <bioxen/error.hpp>

#include <algorithm>
#include <string>

namespace bioxen {

namespace {

/// A flux as capacity and draws count it.
struct Flux {
    std::int64_t Capacity::*granted;
    std::int64_t Drawn::*brought;
    const char* what;
};
constexpr std::array fluxes{Flux{&Capacity::atp_flux_per_s, &Drawn::atp, "ATP"},
                            Flux{&Capacity::amino_acid_flux_per_s, &Drawn::amino_acids, "amino acids"}};

/// Beyond any supply that a program accepts; whole numbers of this size fit their type.
constexpr double most_flux_per_s = 0x1.0p61;

double own_flux_per_s(const Organism& organism, const Flux& flux) {
    double sum = 0.0;
    for (const SupplyReaction& reaction : organism.supply)
        sum += rate_per_s(reaction, organism.tolerance.glucose_mM) *
               static_cast<double>(drawn_per_turn(reaction).*flux.brought);
    if (!(sum >= 0.0 && sum <= most_flux_per_s))
        throw InputError(InputErrorKind::configuration,
                         std::string{"the maximal rates at which supply brings "} + flux.what + " are out of range");
    return sum;
}

/// Rounded down, but for what scaled rates lose in their last bits: a flux that was granted is the flux that is there.
std::int64_t whole(double flux_per_s) noexcept {
    constexpr double last_bits = 0x1.0p-40;
    return static_cast<std::int64_t>(flux_per_s * (1.0 + last_bits));
}

double factor(const Organism& organism, const Flux& flux, std::int64_t granted) {
    const double own = own_flux_per_s(organism, flux);
    if (granted == whole(own)) return 1.0;
    if (!(own > 0.0))
        throw InputError(InputErrorKind::configuration,
                         "supply brings no " + std::string{flux.what} + " to '" + organism.name + "', so a flux of " +
                             std::to_string(granted) + " per second has nothing to scale: give 0, or start from an "
                             "organism whose rates are not 0");
    return static_cast<double>(granted) / own;
}

}  // namespace

Drawn drawn_per_turn(const SupplyReaction& reaction) noexcept {
    Drawn net;
    for (const SupplyLeg& leg : reaction.legs) {
        if (leg.place != Place::cell) continue;
        const bool residue = leg.species >= species::amino_acid && leg.species < species::uncharged_trna;
        if (leg.species == species::ATP) net.atp += leg.coefficient;
        if (residue) net.amino_acids += leg.coefficient;
    }
    return {std::max(net.atp, std::int64_t{0}), std::max(net.amino_acids, std::int64_t{0})};
}

Capacity capacity_of(const Organism& organism) {
    Capacity own{organism.ribosomes, organism.rna_polymerases};
    for (const Flux& flux : fluxes) own.*flux.granted = whole(own_flux_per_s(organism, flux));
    return own;
}

Organism with_capacity(const Organism& organism, const Capacity& capacity) {
    for (std::size_t i = 0; i < capacity_members.size(); ++i) {
        if (const std::int64_t amount = capacity.*capacity_members[i]; amount < 0)
            throw InputError(InputErrorKind::configuration, std::string{capacity_names[i]} + " = " +
                                                                std::to_string(amount) + " must not be negative");
    }
    Organism granted = organism;
    granted.ribosomes = capacity.ribosomes;
    granted.rna_polymerases = capacity.rna_polymerases;
    std::array<double, fluxes.size()> factors{};
    for (std::size_t f = 0; f < fluxes.size(); ++f)
        factors[f] = factor(organism, fluxes[f], capacity.*fluxes[f].granted);
    for (SupplyReaction& reaction : granted.supply) {
        const Drawn brought = drawn_per_turn(reaction);
        double scale = 0.0;
        bool scaled = false;
        for (std::size_t f = 0; f < fluxes.size(); ++f) {
            if (brought.*fluxes[f].brought == 0) continue;
            scale = scaled ? std::min(scale, factors[f]) : factors[f];
            scaled = true;
        }
        if (scaled) reaction.max_rate_per_s *= scale;
    }
    return granted;
}

}  // namespace bioxen
