#include "genome/format.hpp"

#include "genome/genetic_code.hpp"
#include "genome/text.hpp"

#include <algorithm>
#include <string>

namespace bioxen::decoder {
namespace {

constexpr const char* supported = "supported are GenBank (LOCUS ...), GFF3 (##gff-version 3) and FASTA (>name)";

struct Magic {
    std::string_view bytes;
    const char* what;
};

using namespace std::string_view_literals;

constexpr Magic foreign_magics[] = {
    {"\x1f\x8b"sv, "gzip data; decompress it first"},
    {"BZh"sv, "bzip2 data; decompress it first"},
    {"\xfd" "7zXZ"sv, "xz data; decompress it first"},
    {"\x28\xb5\x2f\xfd"sv, "zstd data; decompress it first"},
    {"PK\x03\x04"sv, "a zip archive; unpack it first"},
    {"\xff\xfe"sv, "UTF-16 text; save it as UTF-8"},
    {"\xfe\xff"sv, "UTF-16 text; save it as UTF-8"},
    {"<"sv, "XML or HTML"},
    {"{"sv, "JSON"},
    {"@"sv, "FASTQ or SAM"},
};

[[noreturn]] void refuse_format(const std::string& what, Place place) { refuse(what + "; " + supported, place); }

void refuse_foreign_magic(std::string_view text) {
    for (const Magic& magic : foreign_magics) {
        if (text.starts_with(magic.bytes)) refuse_format(std::string("this is ") + magic.what, {1, 0});
    }
}

void refuse_binary(std::string_view head) {
    const std::size_t nul = head.find('\0');
    if (nul != std::string_view::npos) {
        const auto line = 1 + std::count(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
        refuse_format("this is binary data (a zero byte)", {line, static_cast<std::int64_t>(nul)});
    }
}

bool is_embl(std::string_view line) noexcept {
    return line.starts_with("ID   ") && (line.find("SV ") != std::string_view::npos || line.find("BP") != std::string_view::npos ||
                                         line.find(';') != std::string_view::npos);
}

bool is_bare_sequence(std::string_view line) noexcept {
    return line.size() >= 10 && std::all_of(line.begin(), line.end(), [](char c) { return base_set(c) != 0; });
}

}  // namespace

FormatFinding find_format(std::string_view text) {
    refuse_foreign_magic(text);
    std::size_t start = text.starts_with("\xef\xbb\xbf") ? 3 : 0;  // byte order mark
    refuse_binary(text.substr(0, 4096));
    LineReader lines(text, start);
    std::string_view line;
    std::string_view first;
    Place first_place{1, 0};
    while (lines.read(line)) {
        const std::string_view content = trim(line);
        if (content.empty()) continue;
        const auto found = [&](GenomeFormat format) {
            return FormatFinding{format, static_cast<std::size_t>(lines.place().offset), lines.place().line, !first.empty()};
        };
        if (begins_with_word(line, "LOCUS")) return found(GenomeFormat::genbank);
        if (line.starts_with("##gff-version")) return found(GenomeFormat::gff3);
        const bool comment = line[0] == '#' || line[0] == ';';
        if (first.empty() && line[0] == '>') return found(GenomeFormat::fasta);
        if (first.empty() && !comment) {
            if (std::count(line.begin(), line.end(), '\t') >= 7) return found(GenomeFormat::gff3);
            if (is_embl(line)) refuse_format("this is an EMBL file", lines.place());
            if (is_bare_sequence(content)) {
                refuse_format("this is a bare sequence; FASTA needs a header line '>name' before it", lines.place());
            }
        }
        if (first.empty() && !comment) {
            first = content;
            first_place = lines.place();
        }
    }
    if (first.empty()) refuse_format("the file is empty", {1, 0});
    refuse_format("unknown format: the first line is '" + excerpt(first) + "'", first_place);
}

}  // namespace bioxen::decoder
