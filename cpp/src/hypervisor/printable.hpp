#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bioxen {

/// UTF-8 without control characters: what may be shown in a terminal as it is.
[[nodiscard]] inline bool is_printable(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t k) { return static_cast<unsigned>(static_cast<unsigned char>(text[k])); };
        const unsigned first = byte(i);
        const std::size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
        if (length == 0 || i + length > text.size()) return false;
        unsigned code = length == 1 ? first : first & (0x7Fu >> length);
        for (std::size_t k = 1; k < length; ++k) {
            if ((byte(i + k) & 0xC0) != 0x80) return false;
            code = code << 6 | (byte(i + k) & 0x3F);
        }
        const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
        const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
        if (overlong || control || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) return false;
        i += length;
    }
    return true;
}

/// The same text, or, if it cannot be printed, what is left of it in ASCII.
[[nodiscard]] inline std::string printable(std::string_view text) {
    std::string shown{text};
    if (is_printable(text)) return shown;
    for (char& c : shown) {
        if (c < ' ' || c > '~') c = c == '\n' || c == '\t' ? ' ' : '?';
    }
    return shown;
}

}  // namespace bioxen
