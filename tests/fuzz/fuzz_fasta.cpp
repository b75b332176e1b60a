#include "harness.hpp"

#include <string>

/// The input as FASTA of its own, and as the sequence of a GFF3 file with one gene.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    fuzz::live_through(text);
    if (!text.empty()) {
        fuzz::live_through("##gff-version 3\nchr.1\t.\tCDS\t1\t9\t.\t-\t0\tID=a\n", text);
        fuzz::live_through("##gff-version 3\nchr.1\t.\tCDS\t1\t9\t.\t+\t0\tID=a\n##FASTA\n" + std::string(text));
    }
    return 0;
}
