#pragma once

#include "genome/draft.hpp"
#include "genome/text.hpp"

#include <functional>
#include <string_view>

namespace bioxen::decoder {

/// Finds the record that a FASTA header (name, rest of the line) belongs to; `skip_record` reads past it.
using RecordChooser = std::function<std::size_t(std::string_view name, std::string_view description, Place place)>;
inline constexpr std::size_t skip_record = static_cast<std::size_t>(-1);

/// Reads FASTA records from where `lines` stands to the end of the text.
void read_fasta_records(LineReader& lines, Draft& draft, const RecordChooser& choose);

/// Reads a FASTA file: every header starts a record of the draft.
void read_fasta(std::string_view text, std::size_t offset, std::int64_t first_line, Draft& draft);

}  // namespace bioxen::decoder
