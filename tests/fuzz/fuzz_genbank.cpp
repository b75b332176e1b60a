#include "harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::live_through(fuzz::as_text(data, size));
    return 0;
}
