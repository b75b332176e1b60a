#include "genome/sequence.hpp"

#include "genome/genetic_code.hpp"

#include <cstring>
#include <string>
#include <utility>

namespace bioxen::decoder {
namespace {

/// Puts `count` letters into upper case in place. @return whether all of them are A, C, G or T
/// Written with bytes and minima only, which compilers turn into vector code for every target.
bool upper_plain(char* bases, std::size_t count) noexcept {
    using Byte = unsigned char;
    const auto distance = [](Byte c, char base) { return static_cast<Byte>(c ^ static_cast<Byte>(base)); };
    const auto smaller = [](Byte a, Byte b) { return a < b ? a : b; };
    Byte strange = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto c = static_cast<Byte>(static_cast<Byte>(bases[i]) & 0xdfU);
        bases[i] = static_cast<char>(c);
        const Byte off = smaller(smaller(distance(c, 'A'), distance(c, 'C')), smaller(distance(c, 'G'), distance(c, 'T')));
        strange = static_cast<Byte>(strange | off);
    }
    return strange == 0;
}

[[noreturn]] void refuse_letter(char c, const LineReader& lines, const char* at) {
    std::string what = excerpt({&c, 1});
    what += " is no nucleotide; a sequence holds the IUPAC letters ACGTURYSWKMBDHVN";
    if (c == '>') what += ", and the header of a FASTA record starts its line";
    if (to_upper(c) == 'E' || to_upper(c) == 'F' || to_upper(c) == 'I' || to_upper(c) == 'L' || to_upper(c) == 'P' ||
        to_upper(c) == 'Q') {
        what += "; this looks like a protein";
    }
    refuse(what, lines.place(at));
}

}  // namespace

void SequenceBuffer::reserve(std::size_t bases) {
    if (bases + slack <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<char[]>(bases + slack);
    if (size_ > 0) std::memcpy(larger.get(), bases_.get(), size_);
    bases_ = std::move(larger);
    capacity_ = bases + slack;
}

void SequenceBuffer::shrink() {
    if (capacity_ < size_ + size_ / 8 + 4096) return;
    auto smaller = std::make_unique_for_overwrite<char[]>(size_ + slack);
    if (size_ > 0) std::memcpy(smaller.get(), bases_.get(), size_);
    bases_ = std::move(smaller);
    capacity_ = size_ + slack;
}

void SequenceBuffer::append_line(std::string_view line, const LineReader& lines) {
    if (size_ + line.size() + slack > capacity_) reserve(size_ + line.size() + size_ / 2);
    char* const to = bases_.get() + size_;
    // Most lines of FASTA are nothing but bases: copy first, ask afterwards.
    if (!line.empty()) {
        std::memcpy(to, line.data(), line.size());
        if (upper_plain(to, line.size())) {
            size_ += line.size();
            return;
        }
    }
    std::size_t n = 0;
    for (const char& c : line) {
        if (is_blank(c)) continue;
        const unsigned set = base_set(c);
        if (set == 0) refuse_letter(c, lines, &c);
        char base = to_upper(c);
        if (base == 'U') {
            base = 'T';
            uracil_ = true;
        }
        plain_ = plain_ && (set & (set - 1)) == 0;
        to[n++] = base;
    }
    size_ += n;
}

std::int64_t SequenceBuffer::append_full_lines(std::string_view rest, std::size_t line_bytes) {
    constexpr std::size_t lines_a_block = 64;  // 3,840 bases stay in the first-level cache between the two passes
    constexpr std::size_t groups = 6;
    constexpr std::size_t first_group = 10;
    std::int64_t done = 0;
    const char* p = rest.data();
    // The copy below reads 16 bytes at a group of ten, six beyond the line at most.
    const char* const last = rest.size() < line_bytes + 16 ? p : rest.data() + rest.size() - line_bytes - 16;
    while (p < last) {
        if (size_ + lines_a_block * 60 + slack > capacity_) reserve(size_ + lines_a_block * 60 + size_ / 2);
        char* const block = bases_.get() + size_;
        char* to = block;
        std::size_t lines = 0;
        for (; lines < lines_a_block && p < last; ++lines, p += line_bytes) {
            std::uint64_t number = 0;
            std::memcpy(&number, p, 8);
            // Eight bytes from 0x20 to 0x3f: blanks and digits, neither letters nor line ends.
            const bool shaped = (number & 0x6060606060606060ULL) == 0x2020202020202020ULL && is_digit(p[8]) && p[9] == ' ' &&
                                p[20] == ' ' && p[31] == ' ' && p[42] == ' ' && p[53] == ' ' && p[64] == ' ' &&
                                p[line_bytes - 1] == '\n' && (line_bytes == 76 || p[75] == '\r');
            if (!shaped) break;
            for (std::size_t g = 0; g < groups; ++g, to += 10) std::memcpy(to, p + first_group + 11 * g, 16);
        }
        if (lines == 0 || !upper_plain(block, lines * 60)) break;  // the careful path reads these lines again
        size_ += lines * 60;
        done += static_cast<std::int64_t>(lines);
        if (lines < lines_a_block) break;
    }
    return done;
}

}  // namespace bioxen::decoder
