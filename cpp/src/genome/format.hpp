#pragma once

#include <bioxen/genome.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bioxen::decoder {

struct FormatFinding {
    GenomeFormat format = GenomeFormat::genbank;
    std::size_t offset = 0;        ///< where the first record or line of the format starts
    std::int64_t line = 1;         ///< its number
    bool has_preamble = false;     ///< text stands before it
};

/// Tells from the content what a file is.
/// @throws InputError naming the supported formats if it is none of them
[[nodiscard]] FormatFinding find_format(std::string_view text);

}  // namespace bioxen::decoder
