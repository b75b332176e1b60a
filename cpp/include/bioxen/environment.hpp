#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bioxen {

/// What surrounds a cell. At birth it is what the rates of its organism hold for.
struct Environment {
    double glucose_mM = 0.0;
    double temperature_c = 0.0;
    double pH = 0.0;
    bool operator==(const Environment&) const = default;
};

/// Work that an inhibitor can slow down. Elongation is all that a machine does once it is bound, its release included;
/// initiation is its binding to a promoter, a loading site or a messenger.
enum class Work : std::uint8_t {
    transcription_initiation,   ///< rifampicin
    transcription_elongation,   ///< streptolydigin
    translation_initiation,     ///< kasugamycin
    translation_elongation,     ///< chloramphenicol
    decay_initiation,
    decay_elongation,
    replication_elongation,     ///< novobiocin; of forks that have begun
};
inline constexpr std::array<const char*, 7> work_names{
    "transcription_initiation", "transcription_elongation", "translation_initiation", "translation_elongation",
    "decay_initiation", "decay_elongation", "replication_elongation"};
/// What is left of the rate of each kind of work, from 0 to 1.
using Remaining = std::array<double, work_names.size()>;
inline constexpr Remaining uninhibited{1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0};

/// What a cell has died of.
enum class Death : std::uint8_t {
    none,
    heat,
    starvation,   ///< no energy, of a medium that feeds less than half of what glucose could
    dna_damage,
    energy_loss,  ///< no energy, though the medium had glucose
};

}  // namespace bioxen
