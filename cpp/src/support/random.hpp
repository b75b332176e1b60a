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
        if (at_ == block_count) refill();
        return buffer_[at_++];
    }
    /// How many blocks can be seen before they are taken: at least one.
    [[nodiscard]] BIOXEN_INLINE std::size_t visible() noexcept {
        if (at_ == block_count) refill();
        return block_count - at_;
    }
    /// The blocks that `next` will give, and room for three behind the last that is visible.
    [[nodiscard]] BIOXEN_INLINE const RandomBlock* ahead() const noexcept { return buffer_.data() + at_; }
    /// Takes visible blocks.
    BIOXEN_INLINE void take(std::size_t blocks) noexcept { at_ += blocks; }
    [[nodiscard]] std::uint64_t blocks_taken() const noexcept { return next_block_ - (block_count - at_); }

    [[nodiscard]] double uniform() noexcept { return unit_interval(next().first); }

    /// What `exponential_from` gives where it takes no further block, as it seldom does; else false.
    [[nodiscard]] static BIOXEN_INLINE bool quick_exponential(std::uint64_t word, double& x) noexcept {
        const std::size_t layer = word & 255;
        x = unit_interval(word) * exponential_ziggurat.x[layer];
        return x < exponential_ziggurat.x[layer + 1];
    }
    /// Exponential law with mean 1, from the second word of a block; the rare rejections take further blocks.
    [[nodiscard]] BIOXEN_INLINE double exponential_from(std::uint64_t word) noexcept {
        double x = 0.0;
        if (quick_exponential(word, x)) [[likely]]
            return x;
        return exponential_slowly(word & 255, x);
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
        philox_fill(seed_, stream_, next_block_, std::span{buffer_}.first(block_count));
        next_block_ += block_count;
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

    static constexpr std::size_t block_count = 128, padding = 3;
    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t next_block_;
    std::size_t at_ = block_count;
    std::array<RandomBlock, block_count + padding> buffer_{};
};

}  // namespace bioxen
