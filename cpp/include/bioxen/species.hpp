#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bioxen {

/// Small molecules that the ledger counts, one index each: nucleotides, phosphates, amino acids, charged and
/// uncharged tRNA, and the nutrients that only a medium holds.
using SpeciesIndex = std::uint8_t;

inline constexpr std::size_t amino_acid_count = 22;  ///< the twenty, selenocysteine, pyrrolysine
/// One-letter codes in the order in which amino acids are numbered everywhere in the core.
inline constexpr std::string_view amino_acid_letters = "ARNDCQEGHILKMFPSTWYVUO";

namespace species {
inline constexpr SpeciesIndex ATP = 0, ADP = 1, AMP = 2, GTP = 3, GDP = 4, GMP = 5, CTP = 6, CDP = 7, CMP = 8,
                              UTP = 9, UDP = 10, UMP = 11, dATP = 12, dGTP = 13, dCTP = 14, dTTP = 15, Pi = 16,
                              PPi = 17;
inline constexpr SpeciesIndex amino_acid = 18;                                    ///< first of 22
inline constexpr SpeciesIndex charged_trna = amino_acid + amino_acid_count;       ///< first of 22
inline constexpr SpeciesIndex uncharged_trna = charged_trna + amino_acid_count;   ///< first of 22
inline constexpr SpeciesIndex lipid = uncharged_trna + amino_acid_count;          ///< of the membrane: a phospholipid
inline constexpr SpeciesIndex resource_count = lipid + 1;                         ///< what a cell holds
inline constexpr SpeciesIndex adenosine = resource_count, guanosine = adenosine + 1, cytidine = adenosine + 2,
                              uridine = adenosine + 3, glucose = adenosine + 4, lactate = adenosine + 5,
                              deoxyadenosine = adenosine + 6, deoxyguanosine = adenosine + 7,
                              deoxycytidine = adenosine + 8, thymidine = adenosine + 9, fatty_acid = adenosine + 10,
                              glycerol = adenosine + 11;
inline constexpr SpeciesIndex count = glycerol + 1;
}  // namespace species

/// "ATP", "Ala", "Ala-tRNA" (charged), "tRNA-Ala" (uncharged), "glucose", ...
[[nodiscard]] std::string species_name(SpeciesIndex index);
[[nodiscard]] std::optional<SpeciesIndex> find_species(std::string_view name);
/// Three-letter name of amino acid `index` < 22.
[[nodiscard]] std::string_view amino_acid_name(std::size_t index);

/// What no reaction may create or destroy. Amino acids and tRNA are counted for each of the 22 kinds.
struct Composition {
    std::int64_t adenylate = 0, guanylate = 0, cytidylate = 0, uridylate = 0, deoxynucleotide = 0, phosphate = 0;
    std::array<std::int64_t, amino_acid_count> amino_acid{};
    std::array<std::int64_t, amino_acid_count> trna{};
    bool operator==(const Composition&) const = default;
    Composition& add(const Composition& other, std::int64_t times) noexcept;
};
[[nodiscard]] Composition composition(SpeciesIndex index);

}  // namespace bioxen
