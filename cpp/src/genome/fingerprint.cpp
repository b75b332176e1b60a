#include "genome/fingerprint.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bioxen::decoder {
namespace {

constexpr std::uint64_t odd_a = 0x9fb21c651e98df25ULL;
constexpr std::uint64_t odd_b = 0xd6e8feb86659fd93ULL;

std::uint64_t load_little_endian(const char* p) noexcept {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, p, 8);
    } else {
        for (std::size_t i = 8; i-- > 0;) word = word << 8 | static_cast<unsigned char>(p[i]);
    }
    return word;
}

constexpr std::uint64_t mix(std::uint64_t state, std::uint64_t word) noexcept {
    return std::rotl((state ^ word) * odd_a, 31);
}

constexpr std::uint64_t finish(std::uint64_t h) noexcept {
    h ^= h >> 32;
    h *= odd_b;
    h ^= h >> 29;
    h *= odd_a;
    return h ^ (h >> 32);
}

/// Four independent lanes hide the latency of the multiplication.
std::uint64_t digest(std::string_view text, std::uint64_t seed) noexcept {
    std::array<std::uint64_t, 4> lane{seed, seed + odd_a, seed + odd_b, seed ^ odd_a};
    const char* p = text.data();
    std::size_t n = text.size();
    for (; n >= 32; p += 32, n -= 32) {
        for (std::size_t i = 0; i < 4; ++i) lane[i] = mix(lane[i], load_little_endian(p + 8 * i));
    }
    std::array<char, 32> tail{};
    if (n > 0) std::memcpy(tail.data(), p, n);
    for (std::size_t i = 0; i < 4; ++i) lane[i] = mix(lane[i], load_little_endian(tail.data() + 8 * i));
    std::uint64_t h = text.size() * odd_b;
    for (const std::uint64_t value : lane) h = finish(mix(h, value));
    return h;
}

}  // namespace

std::string fingerprint(std::string_view data, std::string_view sequence) {
    std::uint64_t h = digest(data, 0x62696f78656e2d31ULL);
    if (!sequence.empty()) h = digest(sequence, h);
    std::string out(16, '0');
    for (std::size_t i = 16; i-- > 0; h >>= 4) out[i] = "0123456789abcdef"[h & 0xf];
    return out;
}

}  // namespace bioxen::decoder
