#pragma once

#include "cell/snapshot.hpp"
#include "support/checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Gives changed bytes of a snapshot the length and the checksum that belong to them.
inline void reseal(std::vector<std::byte>& bytes) {
    const auto put = [&bytes](std::size_t at, std::uint64_t word) {
        for (std::size_t i = 0; i < 8; ++i, word >>= 8) bytes[at + i] = static_cast<std::byte>(word & 255);
    };
    const std::size_t covered = bytes.size() - bioxen::snapshot_format::checksum_bytes;
    put(16, bytes.size());
    put(covered, bioxen::crc64(std::span{bytes}.first(covered)));
}
