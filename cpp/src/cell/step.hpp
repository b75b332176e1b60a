#pragma once

#include "cell/cell.hpp"
#include "support/compiler.hpp"

namespace bioxen {

/// Reads codons, a byte each, for ribosomes and bases, four to a byte, for all others. Ribosomes and others come in no
/// order that a processor could guess, so what differs between them is worked out without a branch: `others` has all
/// bits where a walker is no ribosome.
struct TapeView {
    std::array<const std::uint8_t*, max_classes> bytes;

    explicit TapeView(const Layout& layout) noexcept {
        bytes.fill(layout.dna.bytes());
        bytes[ribosome_class] = layout.codons.data();
    }
    [[nodiscard]] static BIOXEN_INLINE constexpr unsigned others(std::size_t cls) noexcept {
        return 0U - static_cast<unsigned>(cls != ribosome_class);
    }
    [[nodiscard]] BIOXEN_INLINE Symbol read(const Walker& walker, std::size_t cls) const noexcept {
        const unsigned packed = others(cls), kept = 255U >> (packed & 6);
        const unsigned byte = bytes[cls][walker.tape >> (packed & 2)];
        return static_cast<Symbol>((byte >> ((walker.tape & packed & 3) << 1) & kept) ^ walker.mask);
    }
    /// Fetches what will be read after the next step into the cache.
    BIOXEN_INLINE void prefetch_next(const Walker& walker, std::size_t cls) const noexcept {
        const std::uint32_t next = walker.tape + static_cast<std::uint32_t>(walker.tape_step());
        __builtin_prefetch(bytes[cls] + (next >> (others(cls) & 2)));
    }
};

/// Nucleotides that a walker moves in a step.
[[nodiscard]] BIOXEN_INLINE constexpr std::int32_t stride(std::size_t cls) noexcept {
    return 3 - static_cast<std::int32_t>(TapeView::others(cls) & 2);
}

/// One candidate of a walker with room ahead. `fraction` is uniform on [0, 1). Whether it is accepted cannot be guessed
/// either: a step that is not taken takes 0 of everything.
BIOXEN_INLINE bool take_step(Walker& walker, std::size_t cls, double fraction, const StepTable& t, const TapeView& tape,
                      std::int64_t* pools, std::int64_t* steps) noexcept {
    const auto code = static_cast<std::size_t>(walker.code);
    std::int64_t& resource = pools[t.resource[code]];
    std::int64_t& energy = pools[t.energy[code]];
    const auto present = static_cast<double>(resource);
    // accept with probability ratio * present / (half_saturation + present), without a division
    const bool fast_enough =
        fraction * (t.half_saturation[code] + present) < present * static_cast<double>(walker.ratio);
    const auto taken = static_cast<std::int64_t>(fast_enough & (energy >= t.energy_needed[code]));
    resource -= t.resource_cost[code] & -taken;
    energy -= t.energy_cost[code] & -taken;
    steps[code] += taken;
    walker.pos += stride(cls) & -static_cast<std::int32_t>(taken);
    walker.tape += static_cast<std::uint32_t>(walker.tape_step()) & -static_cast<std::uint32_t>(taken);
    walker.code = tape.read(walker, cls);
    return taken != 0;
}

inline bool Cell::try_step(Walker& walker, std::size_t cls, double fraction) noexcept {
    return take_step(walker, cls, fraction, step_table(), TapeView{*layout_}, pools_.data(), steps_.data());
}

}  // namespace bioxen
