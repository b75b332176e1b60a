#include "genome/text.hpp"

#include <bioxen/error.hpp>

namespace bioxen::decoder {

std::string_view trim_left(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
}

std::string_view trim_right(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view trim(std::string_view text) noexcept { return trim_left(trim_right(text)); }

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_upper(a[i]) != to_upper(b[i])) return false;
    }
    return true;
}

std::string_view next_word(std::string_view& rest) noexcept {
    rest = trim_left(rest);
    std::size_t n = 0;
    while (n < rest.size() && !is_blank(rest[n])) ++n;
    const std::string_view word = rest.substr(0, n);
    rest.remove_prefix(n);
    return word;
}

std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
    if (text.empty() || text.size() > 18) return std::nullopt;  // 18 digits always fit
    std::int64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::string excerpt(std::string_view text, std::size_t longest) {
    std::string out;
    for (const char c : text.substr(0, longest)) {
        const bool printable = static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
        out += printable ? c : '?';
    }
    if (text.size() > longest) out += "...";
    return out;
}

namespace {

/// Length of the UTF-8 sequence at the start of `p`; 0 if it is not valid.
std::size_t utf8_length(const unsigned char* p, std::size_t available) noexcept {
    const unsigned char first = p[0];
    if (first < 0x80) return 1;
    std::size_t length = 0;
    unsigned char lowest = 0x80;
    unsigned char highest = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        if (first == 0xe0) lowest = 0xa0;   // no overlong forms
        if (first == 0xed) highest = 0x9f;  // no surrogates
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        if (first == 0xf0) lowest = 0x90;
        if (first == 0xf4) highest = 0x8f;  // nothing above U+10FFFF
    }
    if (length == 0 || length > available || p[1] < lowest || p[1] > highest) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((p[i] & 0xc0U) != 0x80U) return 0;
    }
    return length;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) noexcept {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t block = text.size() - i < 256 ? text.size() - i : 256;
        unsigned char seen = 0;
        for (std::size_t k = 0; k < block; ++k) seen = static_cast<unsigned char>(seen | p[i + k]);
        if (seen < 0x80) {
            i += block;
            continue;
        }
        const std::size_t stop = i + block;
        while (i < stop) {
            const std::size_t n = utf8_length(p + i, text.size() - i);
            if (n == 0) return i;
            i += n;
        }
    }
    return std::string_view::npos;
}

void refuse(const std::string& message, Place place) {
    throw InputError{InputErrorKind::genome_format,
                     message + " (line " + std::to_string(place.line) + ", byte " + std::to_string(place.offset) + ")",
                     place.line, place.offset};
}

}  // namespace bioxen::decoder
