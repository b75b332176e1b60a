#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bioxen {

namespace checksum {

/// CRC-64/XZ (ECMA-182 polynomial, reflected). Table k advances a byte by k further bytes of zeros.
inline constexpr std::uint64_t polynomial = 0xC96C5795D7870F42u;
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;
inline constexpr Tables tables = [] {
    Tables t{};
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
        std::uint64_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        t[0][byte] = crc;
    }
    for (std::size_t k = 1; k < t.size(); ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte) t[k][byte] = (t[k - 1][byte] >> 8) ^ t[0][t[k - 1][byte] & 255];
    }
    return t;
}();

}  // namespace checksum

/// CRC-64/XZ: finds every error burst of up to 64 bits, so every flipped bit. "123456789" gives 995dc9bbdf1939fa.
[[nodiscard]] inline std::uint64_t crc64(std::span<const std::byte> bytes) noexcept {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint64_t>(bytes[i]); };
    const checksum::Tables& t = checksum::tables;
    std::uint64_t crc = ~std::uint64_t{0};
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        for (std::size_t k = 0; k < 8; ++k) word |= at(i + k) << (8 * k);
        word ^= crc;
        crc = 0;
        for (std::size_t k = 0; k < 8; ++k) crc ^= t[7 - k][word >> (8 * k) & 255];
    }
    for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ t[0][(crc ^ at(i)) & 255];
    return ~crc;
}

/// 16 hexadecimal digits, the most significant first.
[[nodiscard]] inline std::array<char, 16> hexadecimal(std::uint64_t value) noexcept {
    std::array<char, 16> digits{};
    for (std::size_t i = digits.size(); i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
    return digits;
}

}  // namespace bioxen
