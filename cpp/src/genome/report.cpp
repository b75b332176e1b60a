#include "genome/report.hpp"

namespace bioxen::decoder {

std::int64_t& Report::count(std::string_view code) {
    for (auto& [known, n] : counts_) {
        if (known == code) return n;
    }
    return counts_.emplace_back(code, 0).second;
}

void Report::add(std::string_view code, std::string_view message, std::int64_t line, std::string_view feature) {
    if (++count(code) > most_of_a_code) return;
    entries_.push_back({std::string(code), std::string(message), line, std::string(feature)});
}

void Report::add_once(std::string_view code, std::string_view message, std::int64_t line, std::string_view feature) {
    if (count(code) == 0) add(code, message, line, feature);
}

std::vector<ReportEntry> Report::finish() {
    for (const auto& [code, n] : counts_) {
        if (n > most_of_a_code) {
            entries_.push_back({code, std::to_string(n - most_of_a_code) + " more of the same are not listed", 0, {}});
        }
    }
    return std::move(entries_);
}

}  // namespace bioxen::decoder
