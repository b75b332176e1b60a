#pragma once

#include <bioxen/organism.hpp>

#include <array>
#include <cstdint>

namespace bioxen {

/// What cells can share: machines [molecules] and fluxes [molecules/s]. Whole numbers, so that sums are exact.
struct Capacity {
    std::int64_t ribosomes = 0, rna_polymerases = 0, atp_flux_per_s = 0, amino_acid_flux_per_s = 0;
    bool operator==(const Capacity&) const = default;
};

/// Every amount, and its name.
inline constexpr std::array capacity_members{&Capacity::ribosomes, &Capacity::rna_polymerases,
                                             &Capacity::atp_flux_per_s, &Capacity::amino_acid_flux_per_s};
inline constexpr std::array<const char*, capacity_members.size()> capacity_names{
    "ribosomes", "rna_polymerases", "atp_flux_per_s", "amino_acid_flux_per_s"};

/// Molecules that supply brings into a cell: ATP made in it, and amino acids, free or on tRNA, of all kinds together.
struct Drawn {
    std::int64_t atp = 0, amino_acids = 0;
    bool operator==(const Drawn&) const = default;
};
/// What one turn of a reaction brings: its gain in the cell, or 0 where it takes (a kinase that spends ATP draws none).
[[nodiscard]] Drawn drawn_per_turn(const SupplyReaction& reaction) noexcept;

/// What an organism has of its own. A flux is the sum over the supply reactions that bring something of maximal rate
/// times `drawn_per_turn`, in whole molecules per second (rounded down).
[[nodiscard]] Capacity capacity_of(const Organism& organism);

/// The organism with this capacity: its machines replaced; the maximal rates of the supply reactions that bring ATP,
/// and of those that bring amino acids, multiplied by one factor each, which may exceed 1. A flux that the organism has
/// already leaves its rates untouched, to the last bit. A reaction that brings both runs at the smaller factor.
/// @throws InputError (configuration) for a negative amount, and for a flux where the organism has none of its own to
///         scale: start from the organism with its own rates, not from one that was granted nothing.
[[nodiscard]] Organism with_capacity(const Organism& organism, const Capacity& capacity);

}  // namespace bioxen
