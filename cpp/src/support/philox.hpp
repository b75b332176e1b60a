#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bioxen {

/// One output of Philox4x32-10 as two 64-bit words.
struct RandomBlock {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011).
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                                std::array<std::uint32_t, 2> key) noexcept {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * counter[0];
        const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * counter[2];
        counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
                   static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return counter;
}

/// The stream of a context that was not made from another one.
inline constexpr std::uint64_t root_stream = 0;

/// The stream of fork number `ordinal` of a context, a function of the parent's stream alone, so that it does not matter
/// what other contexts do. The key keeps these values apart from those that contexts draw.
[[nodiscard]] constexpr std::uint64_t fork_stream(std::uint64_t parent, std::uint64_t ordinal) noexcept {
    const auto words = philox4x32({static_cast<std::uint32_t>(ordinal), static_cast<std::uint32_t>(ordinal >> 32),
                                   static_cast<std::uint32_t>(parent), static_cast<std::uint32_t>(parent >> 32)},
                                  {0x6B726F66u, 0x73u});  // "forks"
    return words[0] | std::uint64_t{words[1]} << 32;
}

/// Blocks `first_block`, `first_block + 1`, ... of the stream (seed, stream): key = seed, counter = (block, stream).
void philox_fill(std::uint64_t seed, std::uint64_t stream, std::uint64_t first_block,
                 std::span<RandomBlock> out) noexcept;

}  // namespace bioxen
