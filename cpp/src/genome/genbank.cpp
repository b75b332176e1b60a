#include "genome/genbank.hpp"

#include "genome/genbank_features.hpp"
#include "genome/location.hpp"
#include "genome/text.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace bioxen::decoder {
namespace {

bool is_date(std::string_view word) noexcept {  // 12-APR-2018
    return word.size() == 11 && is_digit(word[0]) && word[2] == '-' && is_letter(word[3]) && word[6] == '-' && is_digit(word[7]);
}

bool is_division(std::string_view word) noexcept {
    return word.size() == 3 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_unit(std::string_view word) noexcept {
    return same_ignoring_case(word, "bp") || same_ignoring_case(word, "aa") || same_ignoring_case(word, "rc");
}

bool is_molecule(std::string_view word) noexcept {
    return word.find("NA") != std::string_view::npos || word.find("na") != std::string_view::npos;
}

/// A word at the start of a line that can only be a section, even where a sequence is expected.
bool is_section(std::string_view word) noexcept {
    constexpr std::string_view sections[] = {"LOCUS", "DEFINITION", "ACCESSION", "VERSION", "FEATURES", "ORIGIN",
                                             "CONTIG", "BASE", "COMMENT", "REFERENCE", "SOURCE", "KEYWORDS"};
    return std::find(std::begin(sections), std::end(sections), word) != std::end(sections);
}

class GenBankReader {
public:
    GenBankReader(std::string_view text, std::size_t offset, std::int64_t first_line, Draft& draft)
        : lines_(text, offset, first_line), draft_(draft) {}

    void read() {
        std::string_view line;
        while (lines_.read(line)) {
            if (begins_with_word(line, "LOCUS")) {
                read_record(line);
            } else if (!trim(line).empty() && trim(line) != "//") {
                draft_.report.add_once("text-between-records", "text outside of any record was skipped: '" + excerpt(line) + "'",
                                       lines_.place().line);
            }
        }
    }

private:
    /// The record being read; the vector may move as records are added.
    Record& record() { return draft_.records[current_]; }
    std::string_view keep(std::string_view text) { return draft_.arena.copy(text); }
    void report(std::string_view code, std::string_view message) {
        draft_.report.add(code, message, lines_.place().line, record().name);
    }

    void read_record(std::string_view locus);
    void read_locus(std::string_view line);
    void read_locus_words(const std::vector<std::string_view>& words, std::size_t unit);
    void read_section(std::string_view line);
    [[nodiscard]] std::string read_text(std::string_view first);
    void read_source(std::string_view first);
    void read_sequence();
    void finish_record();

    LineReader lines_;
    Draft& draft_;
    std::size_t current_ = 0;
    std::vector<std::int64_t> offsets_;
    std::string_view fused_name_;
    std::int64_t locus_line_ = 0;
    bool has_features_ = false;
    bool has_sequence_ = false;
    bool has_contig_ = false;
    bool ended_ = false;
};

void GenBankReader::read_record(std::string_view locus) {
    current_ = draft_.add_record();
    offsets_.clear();
    has_features_ = has_sequence_ = has_contig_ = ended_ = false;
    read_locus(locus);
    std::string_view line;
    while (!ended_ && lines_.read(line)) {
        if (begins_with_word(line, "LOCUS")) {
            lines_.unread();
            break;
        }
        read_section(line);
    }
    if (!ended_) report("missing-end", "the record has no closing //");
    finish_record();
}

void GenBankReader::read_section(std::string_view line) {
    std::string_view rest = line;
    if (line.empty() || is_blank(line[0])) {
        // A bare sequence after the features: ORIGIN was lost.
        std::string_view count = next_word(rest);
        if (has_features_ && parse_number(count) && !trim(rest).empty()) {
            report("missing-origin", "the sequence starts without an ORIGIN line");
            lines_.unread();
            read_sequence();
        }
        return;
    }
    if (line.starts_with("//")) {
        ended_ = true;
        return;
    }
    const std::string_view word = next_word(rest);
    rest = trim(rest);
    if (word == "DEFINITION") {
        std::string text = read_text(rest);
        if (text.ends_with('.')) text.pop_back();  // the format's full stop, not the title's
        record().definition = keep(text);
    } else if (word == "ACCESSION") {
        if (record().accession.empty()) record().accession = keep(next_word(rest));
    } else if (word == "VERSION") {
        if (!rest.empty()) record().accession = keep(next_word(rest));
    } else if (word == "SOURCE") {
        read_source(rest);
    } else if (word == "FEATURES") {
        FeatureTable table(lines_, draft_, current_);
        table.read();
        has_features_ = true;
        offsets_.insert(offsets_.end(), table.offsets().begin(), table.offsets().end());
    } else if (word == "ORIGIN") {
        read_sequence();
    } else if (word == "CONTIG" || word == "WGS" || word == "TSA" || word == "TLS" || word.starts_with("WGS_") ||
               word.starts_with("TSA_") || word.starts_with("TLS_")) {
        has_contig_ = true;
    }
}

/// LOCUS name length bp [molecule] [topology] [division] [date], by words: the columns have moved in 2001 and names
/// outgrow them.
void GenBankReader::read_locus(std::string_view line) {
    locus_line_ = lines_.place().line;
    fused_name_ = {};
    std::vector<std::string_view> words;
    std::string_view rest = line.substr(5);
    for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) words.push_back(word);
    if (words.empty()) refuse("LOCUS line without a name; expected 'LOCUS name length bp molecule topology ...'", lines_.place());
    const auto unit = std::find_if(words.begin() + 1, words.end(), is_unit);
    if (unit != words.end() && same_ignoring_case(*unit, "aa")) {
        refuse("a protein record (unit aa); a genome is made of nucleotides (bp)", lines_.place());
    }
    record().name = keep(words[0]);
    if (unit == words.end()) {
        report("locus-incomplete", "the LOCUS line gives no length in bp");
        read_locus_words(words, 0);
        return;
    }
    const auto unit_index = static_cast<std::size_t>(unit - words.begin());
    const std::string_view length = words[unit_index - 1];
    const bool all_digits = std::all_of(length.begin(), length.end(), is_digit);
    if (all_digits && unit_index >= 2) {
        const auto value = parse_number(length);
        if (!value) refuse("the length " + excerpt(length) + " on the LOCUS line is too large", lines_.place(length.data()));
        record().length_nt = *value;
        if (length.size() > 10) report("locus-wide", "the length on the LOCUS line has more than ten digits");
        if (unit_index > 2) record().name = keep({words[0].data(), static_cast<std::size_t>(words[unit_index - 2].data() + words[unit_index - 2].size() - words[0].data())});
        if (record().name.size() > 16) report("locus-wide", "the name on the LOCUS line is longer than its column");
    } else if (length[0] == '-') {
        refuse("the length " + excerpt(length) + " on the LOCUS line is negative", lines_.place(length.data()));
    } else {
        fused_name_ = record().name;  // told apart when the sequence has been counted
        report("locus-fused", "name and length on the LOCUS line are written together");
    }
    read_locus_words(words, unit_index);
}

void GenBankReader::read_locus_words(const std::vector<std::string_view>& words, std::size_t unit) {
    bool has_topology = false;
    for (std::size_t i = unit + 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (same_ignoring_case(word, "circular") || same_ignoring_case(word, "linear")) {
            has_topology = true;
            record().topology = same_ignoring_case(word, "circular") ? Topology::circular : Topology::linear;
        } else if (is_date(word)) {
            record().date = keep(word);
        } else if (record().molecule_type.empty() && is_molecule(word)) {
            record().molecule_type = keep(word);
        } else if (is_division(word)) {
            record().division = keep(word);
        }
    }
    if (!has_topology || record().date.empty()) {
        report("locus-incomplete", has_topology ? "the LOCUS line gives no date"
                                                : "the LOCUS line gives no topology; the record is taken as linear");
    }
}

/// The text of a section with its continuation lines, joined by single blanks.
std::string GenBankReader::read_text(std::string_view first) {
    std::string text(first);
    std::string_view line;
    while (lines_.read(line)) {
        if (line.empty() || !is_blank(line[0])) {
            lines_.unread();
            break;
        }
        const std::string_view more = trim(line);
        if (!text.empty() && !more.empty()) text += ' ';
        text += more;
    }
    return text;
}

void GenBankReader::read_source(std::string_view first) {
    std::string_view organism = first;
    std::string_view line;
    while (lines_.read(line)) {
        if (line.empty() || !is_blank(line[0])) {
            lines_.unread();
            break;
        }
        std::string_view rest = line;
        if (next_word(rest) == "ORGANISM") organism = trim(rest);
    }
    record().organism = keep(organism);
}

void GenBankReader::read_sequence() {
    SequenceBuffer& bases = draft_.sequences[current_];
    const auto announced = static_cast<std::size_t>(record().length_nt);
    bases.reserve(bases.size() + std::min(announced, lines_.rest().size()) + 4096);
    std::string_view line;
    int careful_lines = 0;
    for (;;) {
        if (careful_lines == 0) {
            const std::string_view rest = lines_.rest();
            const std::size_t line_bytes = rest.size() > 76 && rest[75] == '\r' ? 77 : 76;
            const std::int64_t full = bases.append_full_lines(rest, line_bytes);
            lines_.skip(static_cast<std::size_t>(full) * line_bytes, full);
            careful_lines = 64;  // one block was refused: read as much with care before trying again
        }
        if (!lines_.read(line)) break;
        --careful_lines;
        if (line.starts_with("//")) {
            lines_.unread();
            break;
        }
        std::string_view rest = line;
        if (!line.empty() && is_letter(line[0]) && is_section(next_word(rest))) {
            lines_.unread();
            break;
        }
        rest = trim_left(line);
        while (!rest.empty() && is_digit(rest[0])) rest.remove_prefix(1);
        bases.append_line(rest, lines_);
    }
    has_sequence_ = true;
}

void GenBankReader::finish_record() {
    const std::int64_t announced = record().length_nt;
    draft_.close_sequence(current_, locus_line_);
    const auto counted = static_cast<std::int64_t>(record().sequence.size());
    const std::string digits = std::to_string(counted);
    if (!fused_name_.empty() && counted > 0 && fused_name_.size() > digits.size() && fused_name_.ends_with(digits)) {
        record().name = fused_name_.substr(0, fused_name_.size() - digits.size());
    }
    const auto tell = [&](std::string_view code, const std::string& message) {
        draft_.report.add(code, message, locus_line_, record().name);
    };
    if (counted > 0 && announced > 0 && counted != announced) {
        tell("length-mismatch", "LOCUS announces " + std::to_string(announced) + " nt, the sequence has " + digits +
                                    "; the sequence counts");
    }
    if (counted == 0) {
        const std::string why = has_contig_     ? "the record refers to other records (CONTIG, WGS, TSA or TLS)"
                                : has_sequence_ ? "nothing follows ORIGIN"
                                                : "the record has no ORIGIN";
        if (!has_sequence_ && !has_contig_) tell("missing-origin", why);
        tell("no-sequence", why + "; its genes cannot be executed");
    }
    if (!has_features_) tell("no-features", "the record has no FEATURES table");
    settle_coordinates(draft_, current_, offsets_);
    for (const Feature& feature : record().features) {
        if (!record().organism.empty()) break;
        if (feature.kind == "source") record().organism = feature.qualifier("organism");
    }
    if (record().accession.empty()) record().accession = record().name;
}

}  // namespace

void read_genbank(std::string_view text, std::size_t offset, std::int64_t first_line, Draft& draft) {
    GenBankReader(text, offset, first_line, draft).read();
}

}  // namespace bioxen::decoder
