#pragma once

#include <bioxen/environment.hpp>

#include <cstdint>

namespace bioxen {

/// Where a cell that grows stands in its cycle. Of a cell that does not grow: one chromosome, phase B.
enum class Phase : std::uint8_t {
    B,  ///< from birth to the beginning of replication
    C,  ///< while DNA is copied
    D,  ///< from its end to division
    arrested,   ///< in the last whole minute of its age it has added no surface
    dead,       ///< for good
};

struct CycleState {
    bool grows = false;
    Phase phase = Phase::B;
    double volume_l = 0.0, surface_ratio = 1.0;     ///< surface: to that at birth of the organism
    double growth_rate_per_h = 0.0;                 ///< of the volume, over the last whole minute
    double birth_s = 0.0;                           ///< when the cell divided last; 0: never
    double replication_began_s = -1.0, replication_ended_s = -1.0;  ///< in this generation; -1: not yet
    std::int64_t generation = 0;                    ///< divisions behind it
    std::int64_t chromosomes = 1;                   ///< whole ones of the longest replicon that is copied
    std::int64_t origins = 1;                       ///< copies of its origin, so of all that are made of it, too
    std::int64_t forks = 0;                         ///< at work, each with its replisome; of all replicons
    bool ready_to_divide = false;
    Death death = Death::none;                      ///< what it has died of
    double died_s = -1.0;                           ///< its age then; below 0: it lives
    std::int64_t lesions = 0;                       ///< of its DNA, not repaired
};

}  // namespace bioxen
