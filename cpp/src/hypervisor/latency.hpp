#pragma once

#include <bioxen/hypervisor.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bioxen {

/// Counts delays in classes, eight to an octave, so that quantiles are known to an eighth.
class LatencyHistogram {
public:
    void add(std::int64_t delay_ns) noexcept {
        const std::int64_t delay = std::max<std::int64_t>(0, delay_ns);
        ++classes_[class_of(delay)];
        ++count_;
        max_ns_ = std::max(max_ns_, delay);
    }
    [[nodiscard]] Latency summary() const noexcept { return {count_, quantile_ns(0.5), quantile_ns(0.99), max_ns_}; }

private:
    static constexpr int octaves = 40;  // eighteen minutes

    static std::size_t class_of(std::int64_t delay_ns) noexcept {
        const auto delay = static_cast<std::uint64_t>(delay_ns);
        if (delay < 8) return static_cast<std::size_t>(delay);
        const int octave = static_cast<int>(std::bit_width(delay)) - 3;
        if (octave > octaves) return octaves * 8 + 7;
        return static_cast<std::size_t>(octave) * 8 + (delay >> (octave - 1) & 7);
    }
    static std::int64_t upper_ns(std::size_t cls) noexcept {
        if (cls < 8) return static_cast<std::int64_t>(cls);
        const auto octave = static_cast<int>(cls / 8);
        return ((std::int64_t{8} + static_cast<std::int64_t>(cls % 8) + 1) << (octave - 1)) - 1;
    }
    [[nodiscard]] std::int64_t quantile_ns(double q) const noexcept {
        const auto wanted = static_cast<std::int64_t>(q * static_cast<double>(count_));
        std::int64_t seen = 0;
        for (std::size_t c = 0; c < classes_.size(); ++c) {
            seen += classes_[c];
            if (seen > wanted) return std::min(upper_ns(c), max_ns_);
        }
        return max_ns_;
    }

    std::array<std::uint32_t, octaves * 8 + 8> classes_{};
    std::int64_t count_ = 0, max_ns_ = 0;
};

}  // namespace bioxen
