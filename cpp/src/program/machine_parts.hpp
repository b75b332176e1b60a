#pragma once

#include <bioxen/genome.hpp>
#include <bioxen/species.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace bioxen {

/// What one place in a machine is filled with: `copies` molecules of the product of any of `genes`.
struct MachinePart {
    std::vector<std::uint32_t> genes;
    std::int64_t copies = 1;
};

/// By machine, in the order of `machine_names`: what it is assembled from. Empty: the genome does not say.
using MachineParts = std::array<std::vector<MachinePart>, 3>;

/// RNA polymerase is two alpha, beta, beta'. A ribosome is one of each ribosomal protein (four L7/L12) and one each of
/// the 5S, 16S and 23S RNA. A degradosome is RNase E with PNPase and RhlB, or else RNase Y with RNase J1. Genes of one
/// name, and the copies of an rRNA, stand in for each other. @param executable per gene: its product can be made
[[nodiscard]] MachineParts find_machine_parts(std::span<const Gene> genes, std::span<const std::uint8_t> executable);

/// Per gene: the amino acid that its tRNA carries, or -1. From the product ("tRNA-Leu") or the gene's name ("leuT").
[[nodiscard]] std::vector<std::int8_t> find_trna_residues(std::span<const Gene> genes);

}  // namespace bioxen
