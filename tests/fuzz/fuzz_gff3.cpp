#include "harness.hpp"

/// What follows the first zero byte is the FASTA file beside the table.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    const std::size_t cut = text.find('\0');
    fuzz::live_through(text.substr(0, cut), cut == std::string_view::npos ? std::string_view{} : text.substr(cut + 1));
    return 0;
}
