#pragma once

#include <bit>
#include <cstdint>

namespace bioxen {

/// Exponential and logarithm whose bits do not depend on the C library: plain IEEE additions, multiplications and
/// divisions in a fixed order, good to a few units in the last place on the ranges that the core uses.
[[nodiscard]] constexpr double exponential(double x) noexcept {
    if (x < -708.0) return 0.0;
    constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    const double scaled = x * 1.44269504088896338700;
    const auto k = static_cast<std::int64_t>(scaled + (scaled < 0.0 ? -0.5 : 0.5));
    const double r = (x - static_cast<double>(k) * ln2_high) - static_cast<double>(k) * ln2_low;
    double sum = 1.0;
    for (int n = 14; n > 0; --n) sum = 1.0 + sum * r / n;
    return sum * std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

/// @param x > 0 and normal
[[nodiscard]] constexpr double natural_logarithm(double x) noexcept {
    constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    auto bits = std::bit_cast<std::uint64_t>(x);
    auto exponent = static_cast<std::int64_t>(bits >> 52) - 1023;
    double mantissa = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | (std::uint64_t{1023} << 52));
    if (mantissa > 1.41421356237309504880) {
        mantissa *= 0.5;
        ++exponent;
    }
    const double s = (mantissa - 1.0) / (mantissa + 1.0), s2 = s * s;
    double sum = 0.0;
    for (int n = 23; n >= 1; n -= 2) sum = sum * s2 + 1.0 / n;
    const double e = static_cast<double>(exponent);
    return e * ln2_high + (2.0 * s * sum + e * ln2_low);
}

}  // namespace bioxen
