#pragma once

#include "genome/draft.hpp"
#include "genome/location.hpp"
#include "genome/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bioxen::decoder {

/// Reads the feature table of one record: the lines between FEATURES and the next section.
class FeatureTable {
public:
    FeatureTable(LineReader& lines, Draft& draft, std::size_t record)
        : lines_(lines), draft_(draft), record_(record), parser_(draft.arena, draft.limits) {}

    /// Stops before the first line that does not belong to the table.
    void read();
    /// Where each location starts in the input, in the order of the record's features.
    [[nodiscard]] std::vector<std::int64_t>& offsets() noexcept { return offsets_; }

private:
    enum class LineKind : std::uint8_t { blank, key, qualifier, continuation, other };

    [[nodiscard]] LineKind classify(std::string_view line, std::string_view& content);
    void begin_feature(std::string_view content);
    void read_location(std::string_view first);
    void read_qualifier(std::string_view content);
    [[nodiscard]] std::string_view read_quoted(std::string_view key, std::string_view first);
    [[nodiscard]] std::string_view read_unquoted(std::string_view key, std::string_view first);
    [[nodiscard]] bool append_until_quote(std::string_view line);
    [[nodiscard]] bool next_continuation(std::string_view& content, bool in_quotes);
    void end_feature();

    LineReader& lines_;
    Draft& draft_;
    std::size_t record_;
    LocationParser parser_;
    std::vector<Qualifier> qualifiers_;
    std::vector<std::int64_t> offsets_;
    Feature feature_{};
    bool open_ = false;
    std::string scratch_;
};

}  // namespace bioxen::decoder
