#pragma once

#include "support/compiler.hpp"
#include "support/mathematics.hpp"
#include "support/philox.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace bioxen {

/// Uniform on [0, 1) with 53 bits.
[[nodiscard]] BIOXEN_INLINE constexpr double unit_interval(std::uint64_t word) noexcept {
    return static_cast<double>(static_cast<std::int64_t>(word >> 11)) * 0x1.0p-53;
}

/// Layers of the ziggurat for the exponential law (Marsaglia and Tsang, J. Stat. Softw. 5(8), 2000): 256 layers of
/// equal area; built by the compiler, so the same in every build.
struct ExponentialZiggurat {
    static constexpr double tail = 7.69711747013104972;
    static constexpr double area = 0.0039496598225815571993;
    std::array<double, 257> x{};
    std::array<double, 257> y{};

    constexpr ExponentialZiggurat() noexcept {
        x[0] = area / exponential(-tail);
        x[1] = tail;
        for (std::size_t i = 2; i < 256; ++i) x[i] = -natural_logarithm(area / x[i - 1] + exponential(-x[i - 1]));
        x[256] = 0.0;
        for (std::size_t i = 0; i < 257; ++i) y[i] = exponential(-x[i]);
    }
};
inline constexpr ExponentialZiggurat exponential_ziggurat{};

/// The stream of one context. Its position is the number of blocks taken, so it can be continued anywhere.
class RandomStream {
public:
    RandomStream(std::uint64_t seed, std::uint64_t stream, std::uint64_t blocks_taken = 0) noexcept
        : seed_(seed), stream_(stream), next_block_(blocks_taken) {}

    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    [[nodiscard]] std::uint64_t stream() const noexcept { return stream_; }

    [[nodiscard]] BIOXEN_INLINE RandomBlock next() noexcept {
        if (at_ == buffer_.size()) refill();
        return buffer_[at_++];
    }
    /// The block that `next` will give.
    [[nodiscard]] BIOXEN_INLINE const RandomBlock& peek() noexcept {
        if (at_ == buffer_.size()) refill();
        return buffer_[at_];
    }
    [[nodiscard]] std::uint64_t blocks_taken() const noexcept { return next_block_ - (buffer_.size() - at_); }

    [[nodiscard]] double uniform() noexcept { return unit_interval(next().first); }

    /// Exponential law with mean 1, from the second word of a block; the rare rejections take further blocks.
    [[nodiscard]] BIOXEN_INLINE double exponential_from(std::uint64_t word) noexcept {
        const ExponentialZiggurat& z = exponential_ziggurat;
        const std::size_t layer = word & 255;
        const double x = unit_interval(word) * z.x[layer];
        if (x < z.x[layer + 1]) [[likely]]
            return x;
        return exponential_slowly(layer, x);
    }
    [[nodiscard]] double exponential() noexcept { return exponential_from(next().second); }

    /// Poisson law by counting arrivals: cost grows with the mean. @param mean >= 0
    [[nodiscard]] std::int64_t poisson(double mean) noexcept {
        std::int64_t n = 0;
        for (double t = exponential(); t < mean; t += exponential()) ++n;
        return n;
    }

    /// Binomial law of n fair coins, a bit each: cost grows with n. @param n >= 0
    [[nodiscard]] std::int64_t coins(std::int64_t n) noexcept {
        std::int64_t heads = 0;
        for (; n >= 64; n -= 64) heads += std::popcount(next().first);
        return n > 0 ? heads + std::popcount(next().first >> (64 - n)) : heads;
    }
    /// Normal law with mean 0 and variance 1 (Marsaglia's polar method).
    [[nodiscard]] double normal() noexcept {
        for (;;) {
            const double x = 2.0 * uniform() - 1.0, y = 2.0 * uniform() - 1.0;
            const double square = x * x + y * y;
            if (square < 1.0 && square > 1e-300) return x * std::sqrt(-2.0 * natural_logarithm(square) / square);
        }
    }

private:
    void refill() noexcept {
        philox_fill(seed_, stream_, next_block_, buffer_);
        next_block_ += buffer_.size();
        at_ = 0;
    }
    [[nodiscard]] double exponential_slowly(std::size_t layer, double x) noexcept {
        const ExponentialZiggurat& z = exponential_ziggurat;
        double shift = 0.0;
        for (;;) {
            if (layer == 0) {
                shift += ExponentialZiggurat::tail;  // memoryless: beyond the tail it starts again
            } else if (z.y[layer] + uniform() * (z.y[layer + 1] - z.y[layer]) < bioxen::exponential(-x)) {
                return shift + x;
            }
            const std::uint64_t word = next().second;
            layer = word & 255;
            x = unit_interval(word) * z.x[layer];
            if (x < z.x[layer + 1]) return shift + x;
        }
    }

    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t next_block_;
    std::size_t at_ = 128;
    std::array<RandomBlock, 128> buffer_{};
};

}  // namespace bioxen
