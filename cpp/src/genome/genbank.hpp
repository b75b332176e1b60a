#pragma once

#include "genome/draft.hpp"

#include <string_view>

namespace bioxen::decoder {

/// Reads every record of a GenBank flat file into the draft.
/// @param text the whole input. @param offset where the first LOCUS line starts. @param first_line its number
/// @throws InputError
void read_genbank(std::string_view text, std::size_t offset, std::int64_t first_line, Draft& draft);

}  // namespace bioxen::decoder
