#include "genome/genbank_features.hpp"

#include <cstring>

namespace bioxen::decoder {
namespace {

constexpr std::size_t key_column = 5;
constexpr std::size_t value_column = 21;
/// Deeper than any misplaced key, shallower than any misplaced value.
constexpr std::size_t least_value_column = 12;

bool starts_with_blanks(const char* p) noexcept {  // 21 of them
    constexpr std::uint64_t blanks = 0x2020202020202020ULL;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t c = 0;
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + 8, 8);
    std::memcpy(&c, p + 13, 8);
    return a == blanks && b == blanks && c == blanks;
}

/// `        61 acgtac...`: a count and then bases, as after ORIGIN.
bool looks_like_sequence(std::string_view content) noexcept {
    std::size_t i = 0;
    while (i < content.size() && is_digit(content[i])) ++i;
    return i > 0 && (i == content.size() || content[i] == ' ');
}

/// `/key` or `/key=...`: the key of a qualifier line, else empty.
std::string_view qualifier_key(std::string_view content) noexcept {
    if (content.size() < 2 || content[0] != '/') return {};
    std::size_t i = 1;
    while (i < content.size() && (is_letter(content[i]) || is_digit(content[i]) || content[i] == '_' || content[i] == '-' ||
                                  content[i] == '\'' || content[i] == '*' || content[i] == '.')) {
        ++i;
    }
    if (i == 1 || (i < content.size() && content[i] != '=' && !is_blank(content[i]))) return {};
    return content.substr(1, i - 1);
}

/// Inside quotes a line may begin with a slash; but `/key="x` cannot stand there, since its quote would be doubled.
bool begins_quoted_qualifier(std::string_view content) noexcept {
    const std::string_view key = qualifier_key(content);
    if (key.empty()) return false;
    const std::string_view after = content.substr(1 + key.size());
    return after.size() >= 3 && after[0] == '=' && after[1] == '"' && after[2] != '"';
}

/// Enough of a location to tell a misplaced feature key from a misplaced line of text.
bool begins_location(std::string_view text) noexcept {
    if (text.empty()) return false;
    if (is_digit(text[0]) || text[0] == '<' || text[0] == '>' || text[0] == '(') return true;
    constexpr std::string_view operators[] = {"complement(", "join(", "order(", "one-of(", "bond("};
    for (const std::string_view op : operators) {
        if (text.starts_with(op)) return true;
    }
    return false;
}

bool holds_no_blank(std::string_view text) noexcept {
    // No early exit: the loop becomes vector code. Anything below `!` counts, which costs a second look at most.
    bool blank = false;
    for (const char c : text) blank |= c <= ' ';
    return !blank;
}

}  // namespace

FeatureTable::LineKind FeatureTable::classify(std::string_view line, std::string_view& content) {
    if (line.size() > value_column && starts_with_blanks(line.data()) && !is_blank(line[value_column])) {
        content = line.substr(value_column);
        return content[0] == '/' ? LineKind::qualifier : LineKind::continuation;
    }
    std::size_t column = 0;
    while (column < line.size() && is_blank(line[column])) ++column;
    content = line.substr(column);
    if (content.empty()) return LineKind::blank;
    if (column == 0) return LineKind::other;
    const bool sequence = column < least_value_column && looks_like_sequence(content);
    if (column == key_column && content[0] != '/' && !sequence) return LineKind::key;
    if (sequence) return LineKind::other;
    // What is left stands at a wrong column: tell by its form what it is.
    std::string_view rest = content;
    (void)next_word(rest);
    const bool key = column < least_value_column && content[0] != '/' && begins_location(trim_left(rest));
    if (key || content[0] == '/') {
        draft_.report.add_once("odd-indent", "a feature table line does not start at its column", lines_.place().line);
    }
    return key ? LineKind::key : content[0] == '/' ? LineKind::qualifier : LineKind::continuation;
}

void FeatureTable::read() {
    std::string_view line;
    std::string_view content;
    while (lines_.read(line)) {
        switch (classify(line, content)) {
            case LineKind::blank: break;
            case LineKind::key:
                end_feature();
                begin_feature(content);
                break;
            case LineKind::qualifier:
                if (!open_) refuse("a qualifier stands before the first feature", lines_.place());
                read_qualifier(content);
                break;
            case LineKind::continuation:
                draft_.report.add("stray-text", "a feature table line belongs to no value: '" + excerpt(content) + "'",
                                  lines_.place().line);
                break;
            case LineKind::other:
                lines_.unread();
                end_feature();
                return;
        }
    }
    end_feature();
}

void FeatureTable::begin_feature(std::string_view content) {
    draft_.count_feature(lines_.place());
    std::string_view rest = content;
    const std::string_view key = next_word(rest);
    feature_ = Feature{};
    feature_.kind = draft_.word(key);
    feature_.line = lines_.place().line;
    qualifiers_.clear();
    open_ = true;
    read_location(trim(rest));
}

void FeatureTable::read_location(std::string_view first) {
    Place place = first.empty() ? lines_.place() : lines_.place(first.data());
    scratch_.clear();
    std::string_view whole = first;
    std::string_view line;
    std::string_view content;
    while (lines_.read(line)) {
        if (classify(line, content) != LineKind::continuation) {
            lines_.unread();
            break;
        }
        if (scratch_.empty()) scratch_.assign(first);
        scratch_.append(content);
        whole = scratch_;
    }
    if (!holds_no_blank(whole)) {
        std::string compact;
        for (const char c : whole) {
            if (!is_blank(c)) compact += c;
        }
        scratch_ = std::move(compact);
        whole = scratch_;
    }
    if (whole.empty()) refuse("feature '" + excerpt(feature_.kind) + "' has no location", place);
    feature_.location = parser_.parse(draft_.arena.copy(whole), place);
    offsets_.push_back(place.offset);
    if (parser_.had_stray_comma()) {
        draft_.report.add("location-comma", "a location has a comma too many", place.line, feature_.location.text);
    }
    if (parser_.had_wide_between()) {
        draft_.report.add("location-between", "a^b stands between neighbours; here b is not a+1", place.line,
                          feature_.location.text);
    }
}

void FeatureTable::read_qualifier(std::string_view content) {
    std::string_view key = qualifier_key(content);
    if (key.empty()) {
        draft_.report.add("odd-qualifier", "a qualifier is written /key or /key=value: '" + excerpt(content) + "'",
                          lines_.place().line);
        const std::size_t equals = content.find('=');
        key = trim(content.substr(1, equals == std::string_view::npos ? equals : equals - 1));
        if (key.empty()) return;
    }
    Qualifier qualifier{draft_.word(key), {}};
    const std::size_t after = content.find('=', static_cast<std::size_t>(key.data() - content.data()) + key.size());
    if (after != std::string_view::npos) {
        const std::string_view value = trim(content.substr(after + 1));
        const bool quoted = !value.empty() && value[0] == '"';
        const bool whole_in_line = quoted && value.size() >= 2 && value.back() == '"' &&
                                   std::memchr(value.data() + 1, '"', value.size() - 2) == nullptr;
        if (whole_in_line) {
            qualifier.value = draft_.arena.copy(value.substr(1, value.size() - 2));
        } else if (quoted) {
            qualifier.value = read_quoted(key, value.substr(1));
        } else {
            qualifier.value = read_unquoted(key, value);
        }
    }
    qualifiers_.push_back(qualifier);
}

/// Takes the next line if it goes on with the value.
bool FeatureTable::next_continuation(std::string_view& content, bool in_quotes) {
    std::string_view line;
    while (lines_.read(line)) {
        const LineKind kind = classify(line, content);
        if (kind == LineKind::blank) continue;
        if (kind == LineKind::continuation) return true;
        if (kind == LineKind::qualifier && in_quotes && !begins_quoted_qualifier(content)) return true;
        lines_.unread();
        return false;
    }
    return false;
}

/// Appends a line of a quoted value to `scratch_`, doubled quotes made single. @return whether the value ends in it
bool FeatureTable::append_until_quote(std::string_view line) {
    for (;;) {
        const std::size_t quote = line.find('"');
        if (quote == std::string_view::npos) {
            scratch_.append(line);
            return false;
        }
        scratch_.append(line.substr(0, quote));
        line.remove_prefix(quote + 1);
        if (!line.empty() && line[0] == '"') {
            line.remove_prefix(1);
        } else if (trim(line).empty()) {
            return true;
        } else {
            draft_.report.add_once("unescaped-quote", "a quote inside a value is not doubled", lines_.place().line);
        }
        scratch_ += '"';
    }
}

std::string_view FeatureTable::read_quoted(std::string_view key, std::string_view first) {
    const bool sequence = key == "translation";
    const std::int64_t line = lines_.place().line;
    scratch_.clear();
    bool closed = append_until_quote(first);
    std::string_view content;
    while (!closed && next_continuation(content, true)) {
        // Blanks separate words; the letters of a protein are cut anywhere.
        if (!sequence) scratch_ += ' ';
        closed = append_until_quote(trim_right(content));
    }
    if (!closed) {
        draft_.report.add("unterminated-quote", "the value of /" + std::string(key) + " has no closing quote", line);
    }
    if (sequence && !holds_no_blank(scratch_)) std::erase_if(scratch_, is_blank);
    return draft_.arena.copy(std::string_view(scratch_));
}

std::string_view FeatureTable::read_unquoted(std::string_view key, std::string_view first) {
    std::string_view content;
    scratch_.clear();
    bool joined = false;
    while (next_continuation(content, false)) {
        if (!joined) scratch_.assign(first);
        joined = true;
        if (key != "translation" && !scratch_.empty()) scratch_ += ' ';
        scratch_.append(trim_right(content));
    }
    return draft_.arena.copy(joined ? std::string_view(scratch_) : first);
}

void FeatureTable::end_feature() {
    if (!open_) return;
    open_ = false;
    feature_.qualifiers = draft_.arena.copy(std::span<const Qualifier>(qualifiers_));
    draft_.records[record_].features.push_back(feature_);
}

}  // namespace bioxen::decoder
