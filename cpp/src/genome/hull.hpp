#pragma once

#include <bioxen/genome.hpp>

#include <cstdint>
#include <string_view>

namespace bioxen::decoder {

/// What a location amounts to on its replicon: the extent of its local parts, and why it cannot be executed, if so.
struct Hull {
    std::int64_t start = 0;
    std::int64_t end = 0;          ///< beyond the length where the location crosses the origin
    std::int64_t strand = 0;       ///< +1, -1, or 0 where the parts disagree or have none
    std::string_view defect{};     ///< empty where the parts can be read one after the other

    /// The coordinates as a key for hashing.
    [[nodiscard]] std::string_view key() const noexcept { return {reinterpret_cast<const char*>(this), 3 * sizeof(std::int64_t)}; }
    [[nodiscard]] bool covers(const Hull& other) const noexcept {
        return start <= other.start && end >= other.end && strand == other.strand;
    }
    [[nodiscard]] bool same_place(const Hull& other) const noexcept { return key() == other.key(); }
};

[[nodiscard]] Hull hull_of(const Location& location, const Record& record) noexcept;

}  // namespace bioxen::decoder
