#include "genome/coding.hpp"

#include "genome/genetic_code.hpp"
#include "genome/location.hpp"
#include "genome/report.hpp"
#include "genome/text.hpp"

#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>

namespace bioxen::decoder {
namespace {

/// A codon's letters in the low bytes of a word, the first lowest; callers mask the highest byte, which is what follows
/// the codon. One load of four: a sequence ends with slack and a string with a zero, so that the fourth may be read.
std::uint32_t codon_letters(const char* p) noexcept {
    std::uint32_t letters = 0;
    std::memcpy(&letters, p, sizeof letters);
    if constexpr (std::endian::native == std::endian::big) {
        letters = letters >> 24 | (letters >> 8 & 0xff00U) | (letters << 8 & 0xff0000U);
    }
    return letters;
}

/// Residues of plain codons. Bits 1 and 2 of each letter are its `base_code`; one multiplication gathers the three:
/// x = a | b<<8 | c<<16 puts a, b, c at bits 20, 18 and 16.
void translate_forward(const char* p, std::size_t codons, const GeneticCode& code, char* out) noexcept {
    for (std::size_t i = 0; i < codons; ++i, p += 3) {
        const std::uint32_t x = codon_letters(p) >> 1 & 0x030303U;
        out[i] = code.residue[x * 0x00100401U >> 16 & 63U];
    }
}

/// The same on the reverse strand, from `end` downwards: letters come last first, and codes are complemented by `^ 2`.
void translate_reverse(const char* end, std::size_t codons, const GeneticCode& code, char* out) noexcept {
    for (std::size_t i = 0; i < codons; ++i, end -= 3) {
        const std::uint32_t x = (codon_letters(end - 3) >> 1 & 0x030303U) ^ 0x020202U;
        out[i] = code.residue[x * 0x00010410U >> 16 & 63U];
    }
}

void translate_letters(const char* p, std::size_t codons, const GeneticCode& code, char* out) noexcept {
    for (std::size_t i = 0; i < codons; ++i, p += 3) out[i] = code.translate(p[0], p[1], p[2]);
}

std::optional<char> residue_of(std::string_view name) noexcept {
    struct Row {
        std::string_view name;
        char letter;
    };
    constexpr Row rows[] = {
        {"Ala", 'A'}, {"Arg", 'R'}, {"Asn", 'N'}, {"Asp", 'D'}, {"Cys", 'C'}, {"Gln", 'Q'}, {"Glu", 'E'},  {"Gly", 'G'},
        {"His", 'H'}, {"Ile", 'I'}, {"Leu", 'L'}, {"Lys", 'K'}, {"Met", 'M'}, {"Phe", 'F'}, {"Pro", 'P'},  {"Ser", 'S'},
        {"Thr", 'T'}, {"Trp", 'W'}, {"Tyr", 'Y'}, {"Val", 'V'}, {"Sec", 'U'}, {"Pyl", 'O'}, {"fMet", 'M'}, {"TERM", '*'},
        {"OTHER", 'X'}, {"Xaa", 'X'},
    };
    for (const Row& row : rows) {
        if (same_ignoring_case(name, row.name)) return row.letter;
    }
    return std::nullopt;
}

/// Each is looked up among all parts; real genes have a few dozen at most.
constexpr int most_exceptions = 256;

/// `(pos:complement(4156..4158),aa:Sec)`
struct TranslationException {
    std::int64_t first_base = 0;   ///< 0-based, the 5' base of the codon on the forward strand
    char residue = 'X';
};

std::optional<TranslationException> parse_exception(std::string_view text) {
    const std::size_t pos = text.find("pos:");
    const std::size_t aa = text.rfind("aa:");
    if (pos == std::string_view::npos || aa == std::string_view::npos || aa < pos + 4) return std::nullopt;
    std::string where;
    for (const char c : text.substr(pos + 4, aa - pos - 4)) {
        if (!is_blank(c)) where += c;
    }
    while (!where.empty() && where.back() == ',') where.pop_back();
    std::string_view name = text.substr(aa + 3);
    while (!name.empty() && !is_letter(name.back())) name.remove_suffix(1);
    const auto residue = residue_of(trim(name));
    if (!residue) return std::nullopt;
    // Coordinates are enough here: the 5' end of the first part in reading order.
    const bool reverse = where.starts_with("complement(");
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::size_t i = 0;
    while (i < where.size()) {
        std::size_t end = i;
        while (end < where.size() && is_digit(where[end])) ++end;
        if (end == i) {
            ++i;
            continue;
        }
        const auto value = parse_number(std::string_view(where).substr(i, end - i));
        if (!value || *value == 0) return std::nullopt;
        if (first == 0) first = *value;
        last = *value;
        lowest = lowest == 0 || *value < lowest ? *value : lowest;
        highest = *value > highest ? *value : highest;
        i = end;
    }
    if (first == 0) return std::nullopt;
    // A codon across the origin reads join(7000,1..2): its first base is the first written, not the lowest.
    const bool across = highest - lowest > 1000;
    const std::int64_t five_prime = reverse ? (across ? last : highest) : (across ? first : lowest);
    return TranslationException{five_prime - 1, *residue};
}

/// Offset of a base in the spliced gene; nothing if no part holds it.
std::optional<std::int64_t> spliced_offset(const Gene& gene, std::int64_t base, std::int64_t frame) noexcept {
    std::optional<std::int64_t> found;
    std::int64_t before = 0;
    for (const GenePart& part : gene.parts) {
        if (base >= part.start && base < part.end) {
            const std::int64_t offset = before + (gene.strand == Strand::reverse ? part.end - 1 - base : base - part.start);
            // A base read twice is in frame once at most.
            if ((offset - frame) % 3 == 0) return offset;
            if (!found) found = offset;
        }
        before += part.end - part.start;
    }
    return found;
}

std::string at_codon(std::size_t index) { return " at codon " + std::to_string(index + 1); }

}  // namespace

void splice(const Record& record, const Gene& gene, std::string& out) {
    out.clear();
    out.reserve(static_cast<std::size_t>(gene.length_nt));
    for (const GenePart& part : gene.parts) {
        const auto length = static_cast<std::size_t>(part.end - part.start);
        const char* const from = record.sequence.data() + part.start;
        if (gene.strand != Strand::reverse) {
            out.append(from, length);
            continue;
        }
        const std::size_t old = out.size();
        out.resize(old + length);
        for (std::size_t i = 0; i < length; ++i) out[old + i] = complement(from[length - 1 - i]);
    }
}

void translate_gene(const Record& record, const Feature& feature, const CodingNotes& notes, Gene& gene, std::string& scratch,
                    Report& report) {
    const GeneticCode* const code = find_genetic_code(gene.translation_table);
    if (code == nullptr) {
        gene.defect = "unknown translation table " + std::to_string(gene.translation_table);
        return;
    }
    const std::int64_t frame = gene.codon_start - 1;
    if (gene.length_nt - frame < 3) {
        gene.defect = "no whole codon";
        return;
    }
    const auto codons = static_cast<std::size_t>((gene.length_nt - frame) / 3);
    const std::int64_t remainder = (gene.length_nt - frame) % 3;

    // The letters of the first and last codon, and all residues.
    std::string& protein = gene.protein;
    protein.resize(codons);
    char first[3] = {};
    char last[3] = {};
    if (gene.parts.size() == 1 && notes.plain) {
        const GenePart& part = gene.parts[0];
        const char* const bases = record.sequence.data();
        const auto stride = static_cast<std::ptrdiff_t>(3 * (codons - 1));
        if (gene.strand == Strand::reverse) {
            const char* const end = bases + part.end - frame;
            translate_reverse(end, codons, *code, protein.data());
            for (std::ptrdiff_t i = 0; i < 3; ++i) {
                first[i] = complement(end[-1 - i]);
                last[i] = complement(end[-1 - stride - i]);
            }
        } else {
            const char* const begin = bases + part.start + frame;
            translate_forward(begin, codons, *code, protein.data());
            std::memcpy(first, begin, 3);
            std::memcpy(last, begin + stride, 3);
        }
    } else {
        splice(record, gene, scratch);
        const char* const begin = scratch.data() + frame;
        if (notes.plain) {
            translate_forward(begin, codons, *code, protein.data());
        } else {
            translate_letters(begin, codons, *code, protein.data());
        }
        std::memcpy(first, begin, 3);
        std::memcpy(last, begin + 3 * (codons - 1), 3);
    }

    if (notes.three_prime_complete && code->is_stop(last[0], last[1], last[2])) protein.back() = '*';
    const bool complete_start = notes.five_prime_complete && frame == 0;
    const bool odd_start = same_ignoring_case(notes.exception, "alternative start codon");
    if (complete_start && protein[0] != '*') {
        if (code->is_start(first[0], first[1], first[2]) || odd_start) {
            protein[0] = 'M';
        } else {
            report.add("no-start-codon", std::string(first, 3) + " starts no protein in table " +
                           std::to_string(gene.translation_table), gene.line, gene.locus_tag);
        }
    }
    bool completed_by_tail = false;
    std::string_view odd_exception;
    int exceptions = 0;
    for (const Qualifier& qualifier : feature.qualifiers) {
        if (qualifier.key != "transl_except" || ++exceptions > most_exceptions) continue;
        const auto exception = parse_exception(qualifier.value);
        const auto offset = exception ? spliced_offset(gene, exception->first_base, frame) : std::nullopt;
        if (!offset || *offset < frame || (*offset - frame) % 3 != 0) {
            odd_exception = qualifier.value;
            continue;
        }
        const auto codon = static_cast<std::size_t>((*offset - frame) / 3);
        if (codon < codons) {
            protein[codon] = exception->residue;
        } else if (exception->residue == '*') {
            completed_by_tail = true;  // the poly-A tail makes T or TA a stop
        }
    }
    if (!odd_exception.empty()) {
        report.add("odd-transl-except", "expected (pos:a..b,aa:Xxx) at a codon of the gene, got '" + excerpt(odd_exception) + "'",
                   gene.line, gene.locus_tag);
    }

    if (protein.back() == '*' && !completed_by_tail) {
        gene.has_stop = true;
        protein.pop_back();
    }
    gene.has_stop = gene.has_stop || completed_by_tail;
    const std::size_t stop = protein.find('*');
    if (stop != std::string::npos) {
        gene.defect = "internal stop codon" + at_codon(stop);
        protein.resize(stop);
    } else if (remainder != 0 && notes.three_prime_complete && !completed_by_tail) {
        gene.defect = "length " + std::to_string(gene.length_nt) + " nt is not a multiple of three from codon_start " +
                      std::to_string(gene.codon_start);
    } else if (const std::size_t unclear = protein.find('X'); unclear != std::string::npos) {
        gene.defect = "ambiguous residue" + at_codon(unclear);
    } else if (protein.empty()) {
        gene.defect = "the protein has no residues";
    } else if (!gene.has_stop && notes.three_prime_complete) {
        report.add("no-stop-codon", "the coding sequence ends without a stop codon", gene.line, gene.locus_tag);
    }
}

}  // namespace bioxen::decoder
