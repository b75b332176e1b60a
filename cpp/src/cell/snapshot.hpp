#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bioxen::snapshot_format {

/// What a snapshot begins with; docs/snapshot.md describes the rest. As in PNG, the first bytes show at once whether a
/// transfer has changed line ends or cut the eighth bit.
inline constexpr std::array<std::uint8_t, 8> magic{0x89, 'B', 'X', 'S', '\r', '\n', 0x1A, '\n'};
inline constexpr std::uint32_t byte_order = 0x01020304;
inline constexpr std::uint32_t version = 3;
/// Magic, byte order, version, length, fingerprints of genome and program.
inline constexpr std::size_t header_bytes = 8 + 4 + 4 + 8 + 16 + 16;
inline constexpr std::size_t checksum_bytes = 8;

}  // namespace bioxen::snapshot_format
