#pragma once

#include "cell/cell.hpp"
#include "support/compiler.hpp"

namespace bioxen {

/// One candidate of a walker with room ahead. `fraction` is uniform on [0, 1). Whether it is accepted cannot be guessed
/// either: a step that is not taken takes 0 of everything.
BIOXEN_INLINE bool take_step(Walker& walker, double fraction, const StepTable& t, const TapeView& tape,
                             std::int64_t* pools, std::int64_t* steps) noexcept {
    const auto code = static_cast<std::size_t>(walker.code);
    std::int64_t& resource = pools[t.resource[code]];
    std::int64_t& energy = pools[t.energy[code]];
    const auto present = static_cast<double>(resource);
    // accept with probability ratio * present / (half_saturation + present), without a division
    const bool fast_enough =
        fraction * (t.half_saturation[code] + present) < present * static_cast<double>(walker.ratio);
    const std::int64_t taken = fast_enough & (energy >= t.energy_needed[code]);
    const auto turn = static_cast<std::int32_t>(taken);
    resource -= t.resource_cost[code] * taken;
    energy -= t.energy_cost[code] * taken;
    steps[code] += taken;
    walker.pos += tape.stride * turn;
    walker.tape += static_cast<std::uint32_t>(walker.tape_step() * turn);
    walker.code = tape.read(walker);
    return taken != 0;
}

inline bool Cell::try_step(Walker& walker, std::size_t cls, double fraction) noexcept {
    return take_step(walker, fraction, step_table(), class_view_[cls].tape, pools_.data(), steps_.data());
}

}  // namespace bioxen
