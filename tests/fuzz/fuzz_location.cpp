#include "harness.hpp"

#include <string>

namespace {

constexpr std::size_t length_nt = 300;

/// A record with a coding sequence at `location`.
std::string record_with(const std::string& location, bool circular) {
    static const std::string bases = [] {
        std::string text;
        while (text.size() < length_nt) text += "atggctaaagaactgtaa";
        return text.substr(0, length_nt);
    }();
    return designs::genbank(bases, "     CDS             " + location + "\n", circular);
}

}  // namespace

/// The input as the location of a coding sequence. One line: other features are the business of `fuzz_genbank`.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string location(fuzz::as_text(data, size));
    for (char& c : location) c = c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
    for (const bool circular : {false, true}) fuzz::live_through(record_with(location, circular));
    return 0;
}
