#include "program/kinetics.hpp"
#include "support/mathematics.hpp"

#include <bioxen/error.hpp>

#include <string>
#include <string_view>

namespace bioxen {

namespace {

constexpr double gas_constant_J_per_mol_K = 8.31446261815324;   // exact since the 2019 SI
constexpr double zero_celsius_K = 273.15;
/// No temperature that a cell lives at makes it faster than this.
constexpr double most_pace = 1e3;

void need(std::string_view name, double value, double least, double most) {
    if (!(value >= least && value <= most))
        throw InputError(InputErrorKind::configuration,
                         std::string{name} + " = " + std::to_string(value) + " is out of range: give a number from " +
                             std::to_string(least) + " to " + std::to_string(most));
}

/// Arrhenius' law.
double by_temperature(const Tolerance& t, double temperature_c) noexcept {
    const double reference_K = t.reference_temperature_c + zero_celsius_K, present_K = temperature_c + zero_celsius_K;
    return exponential(t.activation_energy_J_per_mol / gas_constant_J_per_mol_K * (1.0 / reference_K - 1.0 / present_K));
}

/// The cardinal pH model (Rosso, Lobry, Bajard and Flandrois, Appl. Environ. Microbiol. 61:610, 1995).
double by_pH(const Tolerance& t, double pH) noexcept {
    if (pH <= t.lowest_pH || pH >= t.highest_pH) return 0.0;
    const double between = (pH - t.lowest_pH) * (pH - t.highest_pH), off = pH - t.optimal_pH;
    return between / (between - off * off);
}

}  // namespace

double pace(const Tolerance& tolerance, const Environment& environment) noexcept {
    return by_temperature(tolerance, environment.temperature_c) * by_pH(tolerance, environment.pH);
}

void check_tolerance(const Tolerance& t) {
    need("glucose_mM", t.glucose_mM, 0.0, most_glucose_mM);
    need("reference_temperature_c", t.reference_temperature_c, 0.0, most_temperature_c);
    need("lethal_temperature_c", t.lethal_temperature_c, t.reference_temperature_c, most_temperature_c);
    need("activation_energy_J_per_mol", t.activation_energy_J_per_mol, 0.0, 1e6);
    if (by_temperature(t, t.lethal_temperature_c) > most_pace)
        throw InputError(InputErrorKind::configuration,
                         "activation_energy_J_per_mol = " + std::to_string(t.activation_energy_J_per_mol) +
                             " makes a cell more than " + std::to_string(most_pace) +
                             " times as fast at its lethal temperature");
    need("lowest_pH", t.lowest_pH, 0.0, most_pH);
    need("highest_pH", t.highest_pH, 0.0, most_pH);
    if (!(t.optimal_pH > t.lowest_pH && t.optimal_pH < t.highest_pH))
        throw InputError(InputErrorKind::configuration, "optimal_pH = " + std::to_string(t.optimal_pH) +
                                                            " must lie between lowest_pH and highest_pH");
    need("lethal_energy_charge", t.lethal_energy_charge, 0.0, 1.0);
    need("starvation_s", t.starvation_s, 0.0, 1e9);
    need("dna_damage_per_bp_s", t.dna_damage_per_bp_s, 0.0, 1.0);
    need("dna_repair_per_s", t.dna_repair_per_s, 0.0, 1e6);
    need("repair_patch_nt", static_cast<double>(t.repair_patch_nt), 1.0, 10'000.0);
    need("lethal_lesions", static_cast<double>(t.lethal_lesions), 0.0, 1e12);
}

}  // namespace bioxen
