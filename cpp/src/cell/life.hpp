#pragma once

#include "program/kinetics.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bioxen {

/// A double strand of a replicon. One is there at birth; another is made from it, beginning at the origin and growing to
/// either side until its forks meet.
struct DnaCopy {
    static constexpr std::uint32_t none = UINT32_MAX;

    std::uint32_t replicon = 0;
    std::uint32_t parent = none;    ///< what it is copied from, while its forks are open
    std::int64_t left = 0;          ///< bases copied to the left of the origin, the one at the origin not included
    std::int64_t right = 0;         ///< and to the right of it, with the one at the origin

    /// Age at which it became whole, for those that had to, later by what a pace other than 1 has put off since:
    /// sisters divide a delay after it. Kept in balanced growth only.
    double ended_s = 0.0;
    std::uint32_t ahead = none;     ///< unfinished, whose forks these may not pass: the latest from `parent`, or `parent`

    [[nodiscard]] bool whole() const noexcept { return parent == none; }
};

/// One end of a copy that is being made.
struct Fork {
    std::uint32_t copy = 0;
    bool rightward = false;
};

/// A membrane protein on its way through a translocon.
struct Insertion {
    std::uint32_t gene = 0;
    std::uint32_t steps_left = 0;   ///< of `residues_per_insertion_step` residues
};
inline constexpr std::uint32_t residues_per_insertion_step = 10;  ///< one ATP each

/// A volume cannot vanish: a cell that has lost nearly all of its membrane keeps a thousandth of that at birth.
inline constexpr double least_volume_ratio = 1e-3;

/// State of a cell that grows. A cell that does not has none of it: its one copy of the DNA, its volume and its machines
/// are what they are at birth.
struct Life {
    StepTable steps;                                ///< with half saturations at the present volume
    double volume_ratio = 1.0;                      ///< to the organism's volume
    double inverse_volume_ratio = 1.0;
    double volume_ratio_before = 1.0;               ///< a growth interval ago
    double growth_rate_per_s = 0.0;                 ///< of the volume, over the last whole interval
    double birth_s = 0.0;                           ///< age of the cell's last division, or 0
    double replication_due_s = 0.0;                 ///< by the delay law; infinite once it has begun
    double replication_began_s = -1.0;              ///< of this generation; below 0: not yet
    double replication_ended_s = -1.0;
    double division_lag_s = 0.0;                    ///< by which a pace other than 1 has put off division since then
                                                    ///< (in balanced growth each copy keeps its own)
    double surface_before = 1.0;                    ///< surface ratio a growth interval ago
    bool arrested = false;                          ///< no surface was added in the last whole interval
    std::int64_t generation = 0;                    ///< divisions behind it
    bool told_ready = false;                        ///< its readiness to divide has been told

    std::vector<DnaCopy> copies;                    ///< those of a replicon need not be neighbours
    std::vector<std::vector<std::uint32_t>> by_replicon;
    std::size_t most_copies = 1;                    ///< of any replicon
    std::vector<Fork> forks;

    std::vector<std::int64_t> in_machines;          ///< per gene: molecules that machines are made of
    std::array<std::int64_t, 3> machines_made{};    ///< since birth, less those that daughters took
    std::array<std::int64_t, 3> complete_sets{};    ///< of parts, from which a machine can be assembled
    std::int64_t membrane_proteins = 0;             ///< in the membrane, those in machines included
    std::vector<std::uint32_t> uninserted;          ///< genes of proteins that wait for a translocon
    std::vector<Insertion> insertions;
};

}  // namespace bioxen
