#pragma once

#include "genome/draft.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace bioxen::decoder {

/// For each record, for each of its features: the index of its parent among them, or -1.
using ParentTable = std::vector<std::vector<std::int64_t>>;

/// Reads a GFF3 file with its `##FASTA` part, and the FASTA file that belongs to it.
/// @param sequence FASTA, may be empty
[[nodiscard]] ParentTable read_gff3(std::string_view text, std::size_t offset, std::int64_t first_line,
                                    std::string_view sequence, Draft& draft);

}  // namespace bioxen::decoder
