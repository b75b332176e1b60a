#pragma once

#include <cstdint>

namespace bioxen {

/// Class in the upper bits, position in that class's array in the lower ones.
using WalkerId = std::uint32_t;
inline constexpr WalkerId no_walker = UINT32_MAX;
inline constexpr unsigned walker_index_bits = 27;
[[nodiscard]] constexpr WalkerId walker_id(std::size_t cls, std::size_t index) noexcept {
    return static_cast<WalkerId>((cls << walker_index_bits) | index);
}
[[nodiscard]] constexpr std::size_t walker_class(WalkerId id) noexcept { return id >> walker_index_bits; }
[[nodiscard]] constexpr std::size_t walker_index(WalkerId id) noexcept {
    return id & ((WalkerId{1} << walker_index_bits) - 1);
}

/// What the next step takes: a value of the tape after the mask. An enumeration, because a plain byte may alias anything
/// and would make the compiler reload everything after each step.
enum class Symbol : std::uint8_t {};

/// An RNAP, a ribosome or a degradation front. `limit` is the first position at which a step needs more than the
/// resource check: a neighbour, a site to open, the end. It may be too low (then it is worked out again), never too
/// high, so a walker below its limit steps without looking at anyone.
struct alignas(32) Walker {
    std::int32_t pos = 0;           ///< nucleotides from the transcript's 5' end
    std::int32_t limit = 0;
    std::uint32_t tape = 0;         ///< of the symbol in `code`
    std::uint32_t transcript = 0;
    WalkerId ahead = no_walker;     ///< ribosome: next one towards 3'; RNAP: next on the axis to the right
    WalkerId behind = no_walker;    ///< ribosome: next one towards 5'; RNAP: next on the axis to the left
    float ratio = 0.0f;             ///< rate at full pools / bound of the class
    std::uint16_t lane = 0;         ///< ribosome: its cistron within the unit; RNAP: its copy of the DNA
    Symbol code{};                  ///< what the next step takes
    std::uint8_t mask = 0;          ///< XORed with the tape; odd on the reverse strand, where the tape runs down

    [[nodiscard]] constexpr std::int32_t tape_step() const noexcept { return -(mask & 1) | 1; }
};
static_assert(sizeof(Walker) == 32);

/// How walkers of a class read and move: ribosomes codons, a byte each, all others bases, four to a byte. Ribosomes and
/// others come in no order that a processor could guess, so a reader does not branch on which it is.
struct TapeView {
    const std::uint8_t* bytes = nullptr;
    std::uint32_t shift = 0;        ///< from a position to its byte
    std::uint32_t within = 0;       ///< of twice a position: what tells the bits within the byte
    std::uint32_t kept = 0;         ///< bits of a symbol
    std::int32_t stride = 0;        ///< nucleotides that a step moves

    [[nodiscard]] static constexpr TapeView of_codons(const std::uint8_t* codons) noexcept {
        return {codons, 0, 0, 255, 3};
    }
    [[nodiscard]] static constexpr TapeView of_bases(const std::uint8_t* bases) noexcept { return {bases, 2, 6, 3, 1}; }
    [[nodiscard]] constexpr Symbol read(const Walker& walker) const noexcept {
        const unsigned byte = bytes[walker.tape >> shift];
        return static_cast<Symbol>((byte >> (walker.tape << 1 & within) & kept) ^ walker.mask);
    }
};

/// An RNA molecule that is being made, is whole, or is being degraded.
struct Transcript {
    static constexpr std::uint32_t none = UINT32_MAX;

    std::uint32_t unit = none;              ///< `none` marks a free slot
    WalkerId rnap = no_walker;              ///< while nascent
    WalkerId front = no_walker;             ///< while being degraded
    WalkerId tail = no_walker;              ///< ribosome nearest the 5' end
    std::uint32_t ribosomes = 0;
    std::uint32_t first_site = none;        ///< chain of its loading sites
    std::uint32_t waiting_slot = none;      ///< position among whole, undegraded messengers; free slots chain here
    std::uint32_t next_cistron = 0;         ///< first cistron whose site has not opened
};

/// A start codon on which ribosomes may load.
struct LoadingSite {
    std::uint32_t transcript = 0;
    std::uint32_t next = Transcript::none;  ///< in the transcript's chain
    std::uint32_t previous = Transcript::none;
    std::uint32_t cistron = 0;              ///< within its unit
};

}  // namespace bioxen
