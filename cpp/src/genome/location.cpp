#include "genome/location.hpp"

#include <algorithm>
#include <string>

namespace bioxen::decoder {
namespace {

/// How much a kind says against reading the parts as one sequence; the strongest of a nested location wins.
constexpr int rank(LocationKind kind) noexcept {
    switch (kind) {
        case LocationKind::span: return 0;
        case LocationKind::join: return 1;
        case LocationKind::order: return 2;
        case LocationKind::between: return 3;
        case LocationKind::bond: return 4;
        case LocationKind::one_of: return 5;
    }
    return 5;
}

constexpr Strand opposite(Strand strand) noexcept { return static_cast<Strand>(-static_cast<int>(strand)); }

constexpr bool names_an_accession(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-' || c == '|';
}

}  // namespace

void LocationParser::fail(const char* what) const {
    Place place = place_;
    place.offset += static_cast<std::int64_t>(at_);
    refuse("location '" + excerpt(text_) + "': " + what, place);
}

bool LocationParser::accept(std::string_view token) noexcept {
    if (!same_ignoring_case(text_.substr(at_, token.size()), token)) return false;
    at_ += token.size();
    return true;
}

void LocationParser::raise(LocationKind kind) noexcept {
    if (rank(kind) > rank(kind_)) kind_ = kind;
}

Location LocationParser::parse(std::string_view text, Place place) {
    text_ = text;
    at_ = 0;
    place_ = place;
    kind_ = LocationKind::span;
    frames_.clear();
    parts_.clear();
    stray_comma_ = false;
    wide_between_ = false;
    do {
        while (open_operator()) {}
        span();
    } while (next_element());
    if (!frames_.empty()) fail("a ')' is missing at the end");
    return {kind_, arena_.copy(std::span<const Interval>(parts_)), text};
}

/// Goes past closing parentheses and commas. @return whether another element follows
bool LocationParser::next_element() {
    for (;;) {
        while (peek() == ')') close_operator();
        if (at_end()) return false;
        if (peek() != ',') fail("expected ',', ')' or the end");
        if (frames_.empty()) fail("several spans stand in join(...) or order(...)");
        if (frames_.back().op == Operator::complement) fail("complement(...) takes one location; put join(...) inside");
        ++at_;
        if (peek() != ',' && peek() != ')') return true;
        stray_comma_ = true;
    }
}

bool LocationParser::open_operator() {
    if (!is_letter(peek())) return false;
    Operator op{};
    const bool vague_start = one_of_position_ahead();
    if (accept("complement(")) {
        op = Operator::complement;
    } else if (accept("join(")) {
        op = Operator::join;
        raise(LocationKind::join);
    } else if (accept("order(") || accept("group(")) {  // `group` is the name that `order` had until 1999
        op = Operator::order;
        raise(LocationKind::order);
    } else if (accept("bond(")) {
        op = Operator::bond;
        raise(LocationKind::bond);
    } else if (!vague_start && accept("one-of(")) {
        op = Operator::one_of;
        raise(LocationKind::one_of);
    } else {
        return false;
    }
    if (static_cast<std::int64_t>(frames_.size()) >= limits_.nesting) {
        fail(("nested deeper than " + std::to_string(limits_.nesting)).c_str());
    }
    if (peek() == ')') fail("nothing stands between the parentheses");
    frames_.push_back({op, parts_.size()});
    return true;
}

/// `one-of(10,20)..100`: here the operator gives one end of a span, not a choice of spans.
bool LocationParser::one_of_position_ahead() const noexcept {
    constexpr std::string_view name = "one-of(";
    if (!same_ignoring_case(text_.substr(at_, name.size()), name)) return false;
    std::size_t i = at_ + name.size();
    while (i < text_.size() && (is_digit(text_[i]) || text_[i] == ',')) ++i;
    return text_.substr(i, 3) == ")..";
}

void LocationParser::close_operator() {
    if (frames_.empty()) fail("a ')' without its '('");
    const Frame frame = frames_.back();
    frames_.pop_back();
    ++at_;
    if (frame.op != Operator::complement) return;
    const auto first = parts_.begin() + static_cast<std::ptrdiff_t>(frame.first_part);
    std::reverse(first, parts_.end());
    std::for_each(first, parts_.end(), [](Interval& part) { part.strand = opposite(part.strand); });
}

std::string_view LocationParser::accession() {
    if (!is_letter(peek()) || one_of_position_ahead()) return {};
    std::size_t i = at_;
    while (i < text_.size() && names_an_accession(text_[i])) ++i;
    if (i == text_.size() || text_[i] != ':') fail("expected a span such as 1..100, or join, order, complement, bond, one-of");
    const std::string_view name = text_.substr(at_, i - at_);
    at_ = i + 1;
    return name;
}

std::int64_t LocationParser::number() {
    if (peek() == '-') fail("impossible coordinates: positions count from 1, never negative");
    const std::size_t from = at_;
    while (is_digit(peek())) ++at_;
    if (at_ == from) fail("expected a position");
    const auto value = parse_number(text_.substr(from, at_ - from));
    if (!value) fail("impossible coordinates: the number is too large");
    if (*value == 0) fail("impossible coordinates: positions count from 1, not 0");
    return *value;
}

LocationParser::Position LocationParser::position() {
    Position position;
    if (accept("one-of(")) {
        position.vague = true;
        position.low = position.high = number();
        while (accept(",")) {
            const std::int64_t other = number();
            position.low = std::min(position.low, other);
            position.high = std::max(position.high, other);
        }
        if (!accept(")")) fail("expected ')' after one-of(...");
        return position;
    }
    if (accept("(")) {
        position.vague = true;
        if (peek() == '<' || peek() == '>') ++at_;
        position.low = number();
        if (!accept(".")) fail("expected (a.b)");
        if (peek() == '<' || peek() == '>') ++at_;
        position.high = number();
        if (!accept(")")) fail("expected ')' after (a.b");
        return position;
    }
    if (peek() == '<' || peek() == '>') position.partial = text_[at_++];
    position.low = position.high = number();
    return position;
}

void LocationParser::span() {
    if (static_cast<std::int64_t>(parts_.size()) >= limits_.location_parts) {
        fail(("more than " + std::to_string(limits_.location_parts) + " parts").c_str());
    }
    Interval part;
    part.accession = accession();
    const Position first = position();
    Position last = first;
    if (accept("..")) {
        last = position();
        part.before_start = first.partial != 0;
        part.after_end = last.partial != 0;
    } else if (accept("^")) {
        last = position();
        raise(LocationKind::between);
        wide_between_ = wide_between_ || (last.low != first.low + 1 && last.low != 1);
        part.start = part.end = first.low;
        parts_.push_back(part);
        return;
    } else if (accept(".")) {  // `102.110`: one base somewhere between the two
        last = position();
        last.vague = true;
    } else {
        part.before_start = first.partial == '<';
        part.after_end = first.partial == '>';
    }
    if (first.vague || last.vague) raise(LocationKind::one_of);
    part.start = first.low - 1;
    part.end = last.high;
    parts_.push_back(part);
}

namespace {

/// What is wrong with a span on a sequence of that length; null if nothing is.
const char* fault(const Interval& part, const Record& record) noexcept {
    if (record.length_nt > 0 && (part.end > record.length_nt || part.start > record.length_nt)) {
        return "it ends beyond the sequence";
    }
    if (part.end < part.start + 1 && record.topology == Topology::linear) {
        return "it ends before it starts, which only a circular sequence allows";
    }
    return nullptr;
}

}  // namespace

void settle_coordinates(Draft& draft, std::size_t record_index, std::span<const std::int64_t> offsets) {
    Record& record = draft.records[record_index];
    std::vector<Interval> parts;
    for (std::size_t i = 0; i < record.features.size(); ++i) {
        Feature& feature = record.features[i];
        const bool between = feature.location.kind == LocationKind::between;
        bool wraps = false;
        for (const Interval& part : feature.location.parts) {
            if (!part.accession.empty()) continue;
            const bool is_point = between && part.start == part.end;
            if (!is_point && part.end > part.start && part.end <= record.length_nt) continue;
            if (is_point && (part.end <= record.length_nt || record.length_nt == 0)) continue;
            if (const char* const what = fault(part, record)) {
                refuse("impossible coordinates: " + excerpt(feature.kind) + " " + excerpt(feature.location.text) +
                           " in a " + (record.topology == Topology::linear ? "linear" : "circular") + " sequence of " +
                           std::to_string(record.length_nt) + " nt: " + what,
                       {feature.line, offsets[i]});
            }
            wraps = wraps || (!is_point && part.end < part.start + 1);
        }
        if (!wraps) continue;
        if (record.length_nt == 0) {
            refuse("location '" + excerpt(feature.location.text) + "' crosses the origin of a sequence of unknown length",
                   {feature.line, offsets[i]});
        }
        parts.clear();
        for (const Interval& part : feature.location.parts) {
            if (!part.accession.empty() || (between && part.start == part.end) || part.end > part.start) {
                parts.push_back(part);
                continue;
            }
            Interval upper = part;
            upper.end = record.length_nt;
            upper.after_end = false;
            Interval lower = part;
            lower.start = 0;
            lower.before_start = false;
            const bool reverse = part.strand == Strand::reverse;
            if (reverse) std::swap(upper, lower);
            if (upper.start < upper.end) parts.push_back(upper);
            if (lower.start < lower.end) parts.push_back(lower);
        }
        feature.location.parts = draft.arena.copy(std::span<const Interval>(parts));
        if (feature.location.kind == LocationKind::span) feature.location.kind = LocationKind::join;
    }
}

}  // namespace bioxen::decoder
