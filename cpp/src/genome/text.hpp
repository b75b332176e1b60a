#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace bioxen::decoder {

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
[[nodiscard]] constexpr char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

[[nodiscard]] std::string_view trim_left(std::string_view text) noexcept;
[[nodiscard]] std::string_view trim_right(std::string_view text) noexcept;
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
/// Whether the two texts agree when case is ignored (ASCII).
[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;
/// The next word of `rest`, which is shortened by it; empty at the end.
[[nodiscard]] std::string_view next_word(std::string_view& rest) noexcept;
/// Whether the line begins with `word`, and a blank or nothing follows it.
[[nodiscard]] constexpr bool begins_with_word(std::string_view line, std::string_view word) noexcept {
    return line.starts_with(word) && (line.size() == word.size() || is_blank(line[word.size()]));
}
/// A non-negative decimal number that fills `text`; nothing if it is something else or does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text) noexcept;
/// `text` shortened and made printable, for messages.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t longest = 60);
/// Offset of the first byte that is not part of valid UTF-8; npos if all is valid.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// Where in the input something stands.
struct Place {
    std::int64_t line = 0;    ///< 1-based
    std::int64_t offset = 0;  ///< bytes from the start of the input
};

/// Throws InputError (genome_format) with the place in its fields and in its text.
[[noreturn]] void refuse(const std::string& message, Place place);

/// Reads a text line by line, whatever ends the lines; lone carriage returns must have been replaced before.
class LineReader {
public:
    explicit LineReader(std::string_view text, std::size_t from = 0, std::int64_t first_line = 1) noexcept
        : base_(text.data()), next_(text.data() + from), end_(text.data() + text.size()), line_(first_line - 1) {}

    /// Reads the next line into `line` (without its end); false at the end of the text.
    [[nodiscard]] bool read(std::string_view& line) noexcept {
        if (next_ == end_) return false;
        start_ = next_;
        const auto* newline = static_cast<const char*>(std::memchr(next_, '\n', static_cast<std::size_t>(end_ - next_)));
        const char* stop = newline == nullptr ? end_ : newline;
        next_ = newline == nullptr ? end_ : newline + 1;
        if (stop > start_ && stop[-1] == '\r') --stop;
        ++line_;
        line = {start_, static_cast<std::size_t>(stop - start_)};
        return true;
    }
    /// Makes the last line read be read again.
    void unread() noexcept {
        next_ = start_;
        --line_;
    }
    /// Jumps over `bytes` bytes that hold `lines` whole lines.
    void skip(std::size_t bytes, std::int64_t lines) noexcept {
        next_ += bytes;
        line_ += lines;
    }

    [[nodiscard]] Place place() const noexcept { return {line_, start_ == nullptr ? 0 : start_ - base_}; }
    /// The place of `at`, a pointer into the line read last.
    [[nodiscard]] Place place(const char* at) const noexcept { return {line_, at - base_}; }
    /// Everything that has not been read yet.
    [[nodiscard]] std::string_view rest() const noexcept { return {next_, static_cast<std::size_t>(end_ - next_)}; }

private:
    const char* base_;
    const char* next_;
    const char* end_;
    const char* start_ = nullptr;
    std::int64_t line_;
};

}  // namespace bioxen::decoder
