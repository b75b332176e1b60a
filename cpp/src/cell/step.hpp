#pragma once

#include "cell/cell.hpp"

namespace bioxen {

/// Nucleotides that a walker of each class moves in a step.
inline constexpr std::array<std::int32_t, max_classes> strides = [] {
    std::array<std::int32_t, max_classes> s{};
    s.fill(1);
    s[ribosome_class] = 3;
    return s;
}();

/// One candidate of a walker with room ahead. `fraction` is uniform on [0, 1).
inline bool Cell::try_step(Walker& walker, std::size_t cls, double fraction) noexcept {
    const StepTable& t = kinetics_->steps;
    const std::size_t code = walker.code;
    std::int64_t& resource = pools_[t.resource[code]];
    std::int64_t& energy = pools_[t.energy[code]];
    const auto present = static_cast<double>(resource);
    // accept with probability ratio * present / (half_saturation + present), without a division
    const bool fast_enough =
        fraction * (t.half_saturation[code] + present) < present * static_cast<double>(walker.ratio);
    if (!(fast_enough & (energy >= t.energy_needed[code]))) return false;
    resource -= t.resource_cost[code];
    energy -= t.energy_cost[code];
    ++steps_[code];
    walker.pos += strides[cls];
    walker.tape += static_cast<std::uint32_t>(walker.tape_step());
    walker.code = static_cast<std::uint8_t>(layout_->tape[walker.tape] ^ walker.mask);
    return true;
}

}  // namespace bioxen
