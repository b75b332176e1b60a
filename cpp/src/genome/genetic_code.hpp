#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bioxen::decoder {

/// Two bits of a plain base, straight from its ASCII letter: A 0, C 1, T and U 2, G 3 in either case.
/// The complement is `code ^ 2`.
[[nodiscard]] constexpr unsigned base_code(char base) noexcept {
    return (static_cast<unsigned char>(base) >> 1U) & 3U;
}

/// The set of plain bases that an IUPAC letter (either case) stands for: bit `base_code(b)` for each base b.
/// 0 for anything else.
[[nodiscard]] unsigned base_set(char letter) noexcept;
/// The complement of an IUPAC letter, upper case; U counts as T. 0 for anything else.
[[nodiscard]] char complement(char letter) noexcept;

/// One NCBI genetic code; codons are indexed by `base_code`, first base in the highest bits.
struct GeneticCode {
    int table = 0;
    std::array<char, 64> residue{};    ///< `*` where the codon is only ever a stop
    std::array<bool, 64> start{};
    std::array<bool, 64> stop{};       ///< as the last codon of a reading frame

    /// The residue of three IUPAC letters where all their expansions agree, else `X`.
    [[nodiscard]] char translate(char a, char b, char c) const noexcept;
    [[nodiscard]] bool is_start(char a, char b, char c) const noexcept;
    [[nodiscard]] bool is_stop(char a, char b, char c) const noexcept;
};

/// The code with that NCBI number; null if there is none.
[[nodiscard]] const GeneticCode* find_genetic_code(int table) noexcept;

}  // namespace bioxen::decoder
