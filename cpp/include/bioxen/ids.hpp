#pragma once

#include <cstdint>

namespace bioxen {

/// Position of a gene in `Genome::genes()`.
enum class GeneId : std::uint32_t {};
/// Position of a transcription unit in `Program::units()`.
enum class UnitId : std::uint32_t {};
/// Position of a record in `Genome::records()`.
enum class RepliconId : std::uint32_t {};

[[nodiscard]] constexpr std::uint32_t index(GeneId id) noexcept {
    return static_cast<std::uint32_t>(id);
}
[[nodiscard]] constexpr std::uint32_t index(UnitId id) noexcept {
    return static_cast<std::uint32_t>(id);
}
[[nodiscard]] constexpr std::uint32_t index(RepliconId id) noexcept {
    return static_cast<std::uint32_t>(id);
}

}  // namespace bioxen
