#pragma once

#include "genome/draft.hpp"
#include "genome/text.hpp"

#include <bioxen/genome.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bioxen::decoder {

/// Reads locations of the INSDC feature table, every form of it, in one pass without recursion.
/// Whether coordinates lie on the sequence is asked later (`settle_coordinates`), when its length is known.
class LocationParser {
public:
    LocationParser(Arena& arena, const Limits& limits) : arena_(arena), limits_(limits) {}

    /// @param text the location without any blanks; it outlives the result. @param place where it starts
    /// @throws InputError where the text is no location
    [[nodiscard]] Location parse(std::string_view text, Place place);

    /// The last text had a comma too many.
    [[nodiscard]] bool had_stray_comma() const noexcept { return stray_comma_; }
    /// The last text had `a^b` with b other than a+1.
    [[nodiscard]] bool had_wide_between() const noexcept { return wide_between_; }

private:
    enum class Operator : std::uint8_t { complement, join, order, one_of, bond };
    struct Frame {
        Operator op;
        std::size_t first_part;
    };
    /// One end of a span: a number, perhaps with `<` or `>`; `(a.b)` and `one-of(a,b)` give the lowest and highest.
    struct Position {
        std::int64_t low = 0;
        std::int64_t high = 0;
        char partial = 0;
        bool vague = false;
    };

    [[noreturn]] void fail(const char* what) const;
    [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
    [[nodiscard]] bool accept(std::string_view token) noexcept;
    [[nodiscard]] bool next_element();
    [[nodiscard]] bool open_operator();
    [[nodiscard]] bool one_of_position_ahead() const noexcept;
    void close_operator();
    void span();
    [[nodiscard]] std::string_view accession();
    [[nodiscard]] Position position();
    [[nodiscard]] std::int64_t number();
    void raise(LocationKind kind) noexcept;

    Arena& arena_;
    const Limits& limits_;
    std::string_view text_;
    std::size_t at_ = 0;
    Place place_;
    LocationKind kind_ = LocationKind::span;
    std::vector<Frame> frames_;
    std::vector<Interval> parts_;
    bool stray_comma_ = false;
    bool wide_between_ = false;
};

/// Holds every location of a finished record against its length: a span that ends before it starts becomes two parts
/// on a circular record.
/// @param offsets where each location of the record starts in the input
/// @throws InputError (impossible coordinates) for what lies outside, and for such a span on a linear record
void settle_coordinates(Draft& draft, std::size_t record, std::span<const std::int64_t> offsets);

}  // namespace bioxen::decoder
