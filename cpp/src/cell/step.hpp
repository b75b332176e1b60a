#pragma once

#include "cell/cell.hpp"
#include "support/compiler.hpp"

namespace bioxen {

/// Nucleotides that a walker of each class moves in a step.
inline constexpr std::array<std::int32_t, max_classes> strides = [] {
    std::array<std::int32_t, max_classes> s{};
    s.fill(1);
    s[ribosome_class] = 3;
    return s;
}();

/// Reads codons, a byte each, for ribosomes and bases, four to a byte, for all others, without a branch on which it is.
struct TapeView {
    std::array<const std::uint8_t*, max_classes> bytes;

    explicit TapeView(const Layout& layout) noexcept {
        bytes.fill(layout.dna.bytes());
        bytes[ribosome_class] = layout.codons.data();
    }
    [[nodiscard]] BIOXEN_INLINE Symbol read(const Walker& walker, std::size_t cls) const noexcept {
        constexpr unsigned whole = 255, base = 3;
        const bool packed = cls != ribosome_class;
        const unsigned shift = packed ? 2 : 0, within = packed ? 3 : 0, kept = packed ? base : whole;
        const unsigned byte = bytes[cls][walker.tape >> shift];
        return static_cast<Symbol>((byte >> ((walker.tape & within) << 1) & kept) ^ walker.mask);
    }
};

/// One candidate of a walker with room ahead. `fraction` is uniform on [0, 1).
BIOXEN_INLINE bool take_step(Walker& walker, std::size_t cls, double fraction, const StepTable& t, const TapeView& tape,
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
    walker.code = tape.read(walker, cls);
    return true;
}

inline bool Cell::try_step(Walker& walker, std::size_t cls, double fraction) noexcept {
    return take_step(walker, cls, fraction, step_table(), TapeView{*layout_}, pools_.data(), steps_.data());
}

}  // namespace bioxen
