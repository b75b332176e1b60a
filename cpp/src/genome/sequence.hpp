#pragma once

#include "genome/text.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace bioxen::decoder {

/// A nucleotide sequence that grows while it is read: upper case, one byte a base, U read as T.
class SequenceBuffer {
public:
    /// Bytes that may be written beyond the end, so that fast copies need no tail.
    static constexpr std::size_t slack = 32;

    void reserve(std::size_t bases);
    /// Appends the bases of a line that may hold blanks.
    /// @throws InputError at a letter that is no nucleotide
    void append_line(std::string_view line, const LineReader& lines);
    /// Appends as many whole GenBank lines of sixty plain bases as stand at the head of `rest`.
    /// @param line_bytes 76, or 77 with carriage returns. @return how many lines that were
    [[nodiscard]] std::int64_t append_full_lines(std::string_view rest, std::size_t line_bytes);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Only A, C, G and T have been seen.
    [[nodiscard]] bool plain() const noexcept { return plain_; }
    /// Some U has been read as T.
    [[nodiscard]] bool had_uracil() const noexcept { return uracil_; }
    [[nodiscard]] std::string_view view() const noexcept { return {bases_.get(), size_}; }
    /// Gives back memory that a wrong announcement of the length has cost.
    void shrink();

private:
    std::unique_ptr<char[]> bases_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    bool plain_ = true;
    bool uracil_ = false;
};

}  // namespace bioxen::decoder
