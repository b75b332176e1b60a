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
inline bool take_step(Walker& walker, std::size_t cls, double fraction, const StepTable& t, const std::uint8_t* tape,
                      std::int64_t* pools, std::int64_t* steps) noexcept {
    const auto code = static_cast<std::size_t>(walker.code);
    std::int64_t& resource = pools[t.resource[code]];
    std::int64_t& energy = pools[t.energy[code]];
    const auto present = static_cast<double>(resource);
    // accept with probability ratio * present / (half_saturation + present), without a division
    const bool fast_enough =
        fraction * (t.half_saturation[code] + present) < present * static_cast<double>(walker.ratio);
    if (!(fast_enough & (energy >= t.energy_needed[code]))) return false;
    resource -= t.resource_cost[code];
    energy -= t.energy_cost[code];
    ++steps[code];
    walker.pos += strides[cls];
    walker.tape += static_cast<std::uint32_t>(walker.tape_step());
    walker.code = static_cast<Symbol>(tape[walker.tape] ^ walker.mask);
    return true;
}

inline bool Cell::try_step(Walker& walker, std::size_t cls, double fraction) noexcept {
    return take_step(walker, cls, fraction, kinetics_->steps, layout_->tape.data(), pools_.data(), steps_.data());
}

}  // namespace bioxen
