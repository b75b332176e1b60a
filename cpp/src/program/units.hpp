#pragma once

#include <bioxen/program.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace bioxen {

/// Groups the genes of a genome into transcription units: annotated operons; else neighbours of one strand and class
/// (messenger or stable RNA) whose gap is at most `unit_gap_nt`, parted by annotated promoters and terminators.
/// @param transcribable per gene: it has a place on one strand of a known sequence.
/// @param groups empty, or per gene as `Organism::unit_groups`, which goes before the annotation
[[nodiscard]] std::vector<TranscriptionUnit> find_units(const Genome& genome, std::span<const std::uint8_t> transcribable,
                                                        std::int32_t unit_gap_nt, std::span<const std::uint32_t> groups);

/// One unit per gene: the rule of the published models.
[[nodiscard]] std::vector<TranscriptionUnit> units_per_gene(const Genome& genome,
                                                            std::span<const std::uint8_t> transcribable);

}  // namespace bioxen
