#pragma once

#include "program/layout.hpp"

#include <bioxen/capacity.hpp>
#include <bioxen/environment.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace bioxen {

/// Draws an index with probability proportional to fixed weights in constant time (Walker's alias method).
class AliasTable {
public:
    AliasTable() = default;
    explicit AliasTable(const std::vector<double>& weights);
    [[nodiscard]] double total() const noexcept { return total_; }
    /// @param u uniform on [0, 1)
    [[nodiscard]] std::uint32_t draw(double u) const noexcept {
        const double scaled = u * static_cast<double>(threshold_.size());
        auto i = static_cast<std::uint32_t>(scaled);
        if (i >= threshold_.size()) i = static_cast<std::uint32_t>(threshold_.size() - 1);
        return scaled - i < threshold_[i] ? i : alias_[i];
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return threshold_.capacity() * sizeof(double) + alias_.capacity() * sizeof(std::uint32_t);
    }

private:
    double total_ = 0.0;
    std::vector<double> threshold_;
    std::vector<std::uint32_t> alias_;
};

/// Walkers are kept in classes with a common bound on their rate, so that picking one is a division and accepting it a
/// multiplication. Class 0 holds ribosomes, class 1 degradation fronts, the others RNAPs by elongation rate.
inline constexpr std::size_t ribosome_class = 0, degradation_class = 1, first_rnap_class = 2, max_classes = 8;

/// By symbol: what a step takes, and how fast it is at a given balance. `resource` saturates with `half_saturation`
/// molecules, `energy` is only needed.
struct StepTable {
    std::array<std::uint8_t, symbol::count> resource{};
    std::array<std::uint8_t, symbol::count> energy{};
    std::array<std::int64_t, symbol::count> resource_cost{};
    std::array<std::int64_t, symbol::count> energy_cost{};
    std::array<std::int64_t, symbol::count> energy_needed{};
    std::array<double, symbol::count> half_saturation{};
};

/// A pool that is always full: what steps without a resource refer to.
inline constexpr std::uint8_t unlimited_pool = species::resource_count;

/// A supply reaction with its legs in one place, as the tick works on it.
struct SupplyFlow {
    double max_rate_per_s = 0.0;
    std::int64_t set_level = 0;
    SpeciesIndex set_species = unlimited_pool;  ///< `unlimited_pool`: no set point
    std::int64_t set_gain = 0;                  ///< molecules of it that a turn makes
    bool per_volume = true;
    bool makes_lipid = false;
    double glucose_km_mM = 0.0;                 ///< 0: the rate does not depend on glucose
    std::uint8_t leg_count = 0;
    static constexpr std::size_t max_legs = 8;
    std::array<SpeciesIndex, max_legs> species{};
    std::array<std::int32_t, max_legs> coefficient{};  ///< in the cell
    Drawn brings;                                      ///< per turn
};

/// A round of replication that has begun before birth: every copy of the replicon that there was is copied.
struct RoundAtBirth {
    std::int64_t left = 0, right = 0;   ///< bases copied; 0 where it is whole
    bool whole = false;
    double ended_s = 0.0;               ///< where it is whole: age at which it ended, at most 0
};

/// What a cell that grows starts from.
struct LifePlan {
    std::vector<std::int64_t> in_machines;         ///< per gene: molecules that the machines at birth are made of
    std::array<std::int64_t, 4> machine_nucleotides{};  ///< of these
    std::vector<std::uint8_t> membrane;            ///< per gene: its protein goes into the membrane
    std::int64_t membrane_proteins = 0;            ///< at birth, those in machines included
    /// The gene whose protein inserts them, or `Layout::none`: they go in by themselves.
    std::uint32_t translocon = Layout::none;
    std::vector<std::int64_t> origins;             ///< by replicon, as bases from the cut; -1: it is not copied
    std::vector<std::int64_t> copies;              ///< by replicon, at birth
    std::vector<std::vector<RoundAtBirth>> rounds; ///< by replicon, the oldest first
    double fork_half_saturation = 0.0;             ///< molecules at the volume at birth
    double translocon_binding_per_pair_s = 0.0;
};

struct Kinetics {
    Organism organism;
    double molecules_per_M = 0.0;  ///< Avogadro * volume

    std::size_t class_count = 0;
    std::array<double, max_classes> class_bound_per_s{};
    StepTable steps;
    float codon_ratio = 0.0f;      ///< translation kcat / bound of the ribosome class
    float degradation_ratio = 0.0f;
    std::vector<float> release_ratio;              ///< per cistron: release rate / bound of the ribosome class
    std::vector<double> fixed_initiation_per_s;    ///< per cistron, below 0: by mass action
    double fixed_initiation_bound_per_s = 0.0;

    std::vector<std::uint8_t> unit_class;
    std::vector<float> unit_ratio;                 ///< kcat / bound of its class
    std::vector<std::int32_t> unit_max_rnap;       ///< INT32_MAX: unlimited
    std::vector<std::int32_t> unit_clearance_nt;   ///< a promoter is free when the nearest RNAP is this far
    std::vector<double> unit_strength, unit_kcat;
    /// To the fastest and to the most frequent, which binding per pair is of; empty: all alike.
    std::vector<float> unit_decay, cistron_loading;
    double fastest_decay = 1.0, most_loading = 1.0;
    AliasTable promoters;                          ///< rate per free RNAP, 1/s
    double ribosome_binding_per_pair_s = 0.0;
    double degradosome_binding_per_pair_s = 0.0;
    std::int32_t ribosome_footprint_nt = 0;
    std::int32_t max_ribosomes_per_mrna = 0;       ///< INT32_MAX: unlimited
    std::vector<double> mean_transcripts;          ///< per unit, at birth
    std::vector<std::int64_t> birth_proteins;      ///< per gene: free ones
    std::array<std::int64_t, amino_acid_count> birth_residues{};  ///< of the proteins at birth, those in machines too
    std::vector<SupplyFlow> supply;
    LifePlan life;                                 ///< where the cell grows

    std::string fingerprint;
    [[nodiscard]] std::size_t memory_bytes() const noexcept;
};

/// @throws InputError (configuration) for a value out of range or a supply reaction that does not balance.
[[nodiscard]] Kinetics make_kinetics(const Layout& layout, const Organism& organism);

/// Most machines of a kind, and most candidate events per second that machines of a kind may make: a cell whose events
/// come faster than any computer can draw them would never reach the next supply tick.
inline constexpr std::int64_t most_machines = 10'000'000;
inline constexpr double most_rate_per_s = 1e12;

/// Most transcripts that a cell can have at birth.
inline constexpr double most_transcripts = 1e5;

/// The environments that there are, from 0 up.
inline constexpr double most_glucose_mM = 1e9, most_temperature_c = 100.0, most_pH = 14.0;
/// What the environment leaves of every rate, or makes of it; exactly 1 in the one that the organism's rates hold for.
[[nodiscard]] double pace(const Tolerance& tolerance, const Environment& environment) noexcept;
/// @throws InputError (configuration) for a value out of range.
void check_tolerance(const Tolerance& tolerance);

/// @throws InputError (configuration) for a value out of range.
[[nodiscard]] LifePlan make_life_plan(const Layout& layout, const Kinetics& kinetics);

/// Most copies of a replicon that a cell can hold.
inline constexpr std::int64_t most_dna_copies = 1024;
/// And of all together: an RNAP keeps the number of its copy in 16 bits.
inline constexpr std::size_t most_dna_copies_in_all = 65'536;

/// Mean number of transcripts of each unit when initiation and degradation balance with the machines at hand: the mean
/// field that a cell at birth is drawn from. Contacts between machines are neglected; where degradation is so slow that
/// more than `most_transcripts` would be there, all are scaled down to that.
[[nodiscard]] std::vector<double> mean_field_transcripts(const Layout& layout, const Kinetics& kinetics);

}  // namespace bioxen
