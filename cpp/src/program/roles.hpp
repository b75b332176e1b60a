#pragma once

#include <bioxen/genome.hpp>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace bioxen {

/// Genes by the machine they are part of, from standard gene names and product words.
[[nodiscard]] std::map<std::string, std::vector<GeneId>> find_roles(std::span<const Gene> genes);

/// Part of the ribosome, not an enzyme that modifies one.
[[nodiscard]] bool is_ribosomal_protein(const Gene& gene) noexcept;

}  // namespace bioxen
