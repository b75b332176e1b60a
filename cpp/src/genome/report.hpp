#pragma once

#include <bioxen/genome.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bioxen::decoder {

/// Collects what readers should know, and keeps it short: of one code only the first `most_of_a_code` entries are
/// kept and the rest counted, so that a strange file of five million features does not make a strange report.
class Report {
public:
    static constexpr std::int64_t most_of_a_code = 100;

    void add(std::string_view code, std::string_view message, std::int64_t line = 0, std::string_view feature = {});
    /// Adds the message only if the code has none yet.
    void add_once(std::string_view code, std::string_view message, std::int64_t line = 0, std::string_view feature = {});
    [[nodiscard]] std::vector<ReportEntry> finish();

private:
    [[nodiscard]] std::int64_t& count(std::string_view code);

    std::vector<ReportEntry> entries_;
    std::vector<std::pair<std::string, std::int64_t>> counts_;
};

}  // namespace bioxen::decoder
