#pragma once

#include <bioxen/genome.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bioxen {

/// Whether a protein has a segment of 19 residues whose mean hydropathy exceeds 1.6, the threshold for segments that span
/// a membrane (Kyte and Doolittle, J. Mol. Biol. 157:105, 1982).
[[nodiscard]] bool spans_membrane(std::string_view protein) noexcept;

/// Per gene: its protein goes into the membrane, as far as the sequence tells.
[[nodiscard]] std::vector<std::uint8_t> find_membrane_proteins(std::span<const Gene> genes);

}  // namespace bioxen
