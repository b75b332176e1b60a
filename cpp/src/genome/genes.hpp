#pragma once

#include "genome/draft.hpp"
#include "genome/gff3.hpp"

namespace bioxen::decoder {

/// Joins gene features with the features of their products and reads them as a cell would.
/// @param parents of GFF3 features; empty for other formats
void decode_genes(Draft& draft, const ParentTable& parents);

}  // namespace bioxen::decoder
