#include "genome/genetic_code.hpp"

#include "genome/text.hpp"

#include <bioxen/error.hpp>
#include <bioxen/genome.hpp>

#include <bit>
#include <span>
#include <string>

namespace bioxen::decoder {
namespace {

/// A code as NCBI prints it: 64 codons in the order TCAG. The second line marks starts (`M`) and stops (`*`);
/// a codon with a residue above its `*` is a stop at the end of a reading frame only (tables 27, 28, 31).
struct PrintedCode {
    int table;
    std::string_view residues;
    std::string_view roles;
};

constexpr PrintedCode printed_codes[] = {
    {1,
     "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "---M------**--*----M---------------M----------------------------"},
    {2,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG",
     "----------**--------------------MMMM----------**---M------------"},
    {3,
     "FFLLSSSSYY**CCWWTTTTPPPPHHQQRRRRIIMMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------**----------------------MM---------------M------------"},
    {4,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "--MM------**-------M------------MMMM---------------M------------"},
    {5,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSSSSVVVVAAAADDEEGGGG",
     "---M------**--------------------MMMM---------------M------------"},
    {6,
     "FFLLSSSSYYQQCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "--------------*--------------------M----------------------------"},
    {9,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNNKSSSSVVVVAAAADDEEGGGG",
     "----------**-----------------------M---------------M------------"},
    {10,
     "FFLLSSSSYY**CCCWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------**-----------------------M----------------------------"},
    {11,
     "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "---M------**--*----M------------MMMM---------------M------------"},
    {12,
     "FFLLSSSSYY**CC*WLLLSPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------**--*----M---------------M----------------------------"},
    {13,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSSGGVVVVAAAADDEEGGGG",
     "---M------**----------------------MM---------------M------------"},
    {14,
     "FFLLSSSSYYY*CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNNKSSSSVVVVAAAADDEEGGGG",
     "-----------*-----------------------M----------------------------"},
    {15,
     "FFLLSSSSYY*QCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------*---*--------------------M----------------------------"},
    {16,
     "FFLLSSSSYY*LCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------*---*--------------------M----------------------------"},
    {21,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNNKSSSSVVVVAAAADDEEGGGG",
     "----------**-----------------------M---------------M------------"},
    {22,
     "FFLLSS*SYY*LCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "------*---*---*--------------------M----------------------------"},
    {23,
     "FF*LSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "--*-------**--*-----------------M--M---------------M------------"},
    {24,
     "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSSKVVVVAAAADDEEGGGG",
     "---M------**-------M---------------M---------------M------------"},
    {25,
     "FFLLSSSSYY**CCGWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "---M------**-----------------------M---------------M------------"},
    {26,
     "FFLLSSSSYY**CC*WLLLAPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------**--*----M---------------M----------------------------"},
    {27,
     "FFLLSSSSYYQQCCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "--------------*--------------------M----------------------------"},
    {28,
     "FFLLSSSSYYQQCCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------**--*--------------------M----------------------------"},
    {29,
     "FFLLSSSSYYYYCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "--------------*--------------------M----------------------------"},
    {30,
     "FFLLSSSSYYEECC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "--------------*--------------------M----------------------------"},
    {31,
     "FFLLSSSSYYEECCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "----------**-----------------------M----------------------------"},
    {32,
     "FFLLSSSSYY*WCC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
     "---M------*---*----M------------MMMM---------------M------------"},
    {33,
     "FFLLSSSSYYY*CCWWLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSSKVVVVAAAADDEEGGGG",
     "---M-------*-------M---------------M---------------M------------"},
};
constexpr std::size_t code_count = std::size(printed_codes);

constexpr GeneticCode unpack(const PrintedCode& printed) {
    constexpr std::string_view order = "TCAG";
    GeneticCode code;
    code.table = printed.table;
    for (std::size_t i = 0; i < 64; ++i) {
        const unsigned codon = base_code(order[i >> 4]) << 4 | base_code(order[i >> 2 & 3]) << 2 | base_code(order[i & 3]);
        code.residue[codon] = printed.residues[i];
        code.start[codon] = printed.roles[i] == 'M';
        code.stop[codon] = printed.roles[i] == '*';
    }
    return code;
}

constexpr auto codes = [] {
    std::array<GeneticCode, code_count> all{};
    for (std::size_t i = 0; i < code_count; ++i) all[i] = unpack(printed_codes[i]);
    return all;
}();

constexpr auto table_numbers = [] {
    std::array<int, code_count> all{};
    for (std::size_t i = 0; i < code_count; ++i) all[i] = printed_codes[i].table;
    return all;
}();

constexpr unsigned bit_a = 1U << base_code('A');
constexpr unsigned bit_c = 1U << base_code('C');
constexpr unsigned bit_g = 1U << base_code('G');
constexpr unsigned bit_t = 1U << base_code('T');

struct Nucleotide {
    unsigned char set = 0;
    char complement = 0;
};

constexpr auto nucleotides = [] {
    struct Row {
        char letter;
        unsigned set;
        char complement;
    };
    constexpr Row rows[] = {
        {'A', bit_a, 'T'},
        {'C', bit_c, 'G'},
        {'G', bit_g, 'C'},
        {'T', bit_t, 'A'},
        {'U', bit_t, 'A'},
        {'R', bit_a | bit_g, 'Y'},
        {'Y', bit_c | bit_t, 'R'},
        {'S', bit_c | bit_g, 'S'},
        {'W', bit_a | bit_t, 'W'},
        {'K', bit_g | bit_t, 'M'},
        {'M', bit_a | bit_c, 'K'},
        {'B', bit_c | bit_g | bit_t, 'V'},
        {'D', bit_a | bit_g | bit_t, 'H'},
        {'H', bit_a | bit_c | bit_t, 'D'},
        {'V', bit_a | bit_c | bit_g, 'B'},
        {'N', bit_a | bit_c | bit_g | bit_t, 'N'},
    };
    std::array<Nucleotide, 256> all{};
    for (const Row& row : rows) {
        const Nucleotide nucleotide{static_cast<unsigned char>(row.set), row.complement};
        all[static_cast<unsigned char>(row.letter)] = nucleotide;
        all[static_cast<unsigned char>(row.letter - 'A' + 'a')] = nucleotide;
    }
    return all;
}();

bool is_plain(char letter) noexcept { return std::has_single_bit(base_set(letter)); }

/// Calls `visit(codon)` for every expansion of three IUPAC letters until it returns false.
/// @return whether there was an expansion and none was refused
template <class Visit>
bool all_expansions(char a, char b, char c, Visit visit) noexcept {
    const unsigned sets[3] = {base_set(a), base_set(b), base_set(c)};
    if (sets[0] == 0 || sets[1] == 0 || sets[2] == 0) return false;
    for (unsigned codon = 0; codon < 64; ++codon) {
        const bool covered = (sets[0] >> (codon >> 4) & 1U) != 0 && (sets[1] >> (codon >> 2 & 3U) & 1U) != 0 &&
                             (sets[2] >> (codon & 3U) & 1U) != 0;
        if (covered && !visit(codon)) return false;
    }
    return true;
}

}  // namespace

unsigned base_set(char letter) noexcept { return nucleotides[static_cast<unsigned char>(letter)].set; }
char complement(char letter) noexcept { return nucleotides[static_cast<unsigned char>(letter)].complement; }

char GeneticCode::translate(char a, char b, char c) const noexcept {
    if (is_plain(a) && is_plain(b) && is_plain(c)) return residue[base_code(a) << 4 | base_code(b) << 2 | base_code(c)];
    char agreed = 0;
    const bool all = all_expansions(a, b, c, [&](unsigned codon) {
        if (agreed == 0) agreed = residue[codon];
        return agreed == residue[codon];
    });
    return all ? agreed : 'X';
}

bool GeneticCode::is_start(char a, char b, char c) const noexcept {
    if (is_plain(a) && is_plain(b) && is_plain(c)) return start[base_code(a) << 4 | base_code(b) << 2 | base_code(c)];
    return all_expansions(a, b, c, [&](unsigned codon) { return start[codon]; });
}

bool GeneticCode::is_stop(char a, char b, char c) const noexcept {
    if (is_plain(a) && is_plain(b) && is_plain(c)) return stop[base_code(a) << 4 | base_code(b) << 2 | base_code(c)];
    return all_expansions(a, b, c, [&](unsigned codon) { return stop[codon]; });
}

const GeneticCode* find_genetic_code(int table) noexcept {
    for (const GeneticCode& code : codes) {
        if (code.table == table) return &code;
    }
    return nullptr;
}

}  // namespace bioxen::decoder

namespace bioxen {
namespace {

const decoder::GeneticCode& require_code(int table) {
    const decoder::GeneticCode* const code = decoder::find_genetic_code(table);
    if (code != nullptr) return *code;
    std::string known;
    for (const int number : translation_tables()) known += (known.empty() ? "" : ", ") + std::to_string(number);
    throw InputError{InputErrorKind::argument,
                     "unknown translation table " + std::to_string(table) + "; NCBI defines " + known};
}

}  // namespace

std::string translate(std::string_view rna_or_dna, int table) {
    const decoder::GeneticCode& code = require_code(table);
    for (std::size_t i = 0; i < rna_or_dna.size(); ++i) {
        if (decoder::base_set(rna_or_dna[i]) == 0) {
            throw InputError{InputErrorKind::argument,
                             "'" + decoder::excerpt(rna_or_dna.substr(i, 1)) + "' at position " + std::to_string(i) +
                                 " is no nucleotide; IUPAC letters are ACGTURYSWKMBDHVN",
                             InputError::nowhere, static_cast<std::int64_t>(i)};
        }
    }
    const std::size_t codons = rna_or_dna.size() / 3;
    std::string protein(codons, 'X');
    for (std::size_t i = 0; i < codons; ++i) {
        const char* const c = rna_or_dna.data() + 3 * i;
        const bool stops = i + 1 == codons && code.is_stop(c[0], c[1], c[2]);
        protein[i] = stops ? '*' : code.translate(c[0], c[1], c[2]);
    }
    return protein;
}

bool is_start_codon(std::string_view codon, int table) {
    const decoder::GeneticCode& code = require_code(table);
    return codon.size() == 3 && code.is_start(codon[0], codon[1], codon[2]);
}

std::span<const int> translation_tables() noexcept { return decoder::table_numbers; }

}  // namespace bioxen
