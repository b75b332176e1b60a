#include "genome/draft.hpp"

namespace bioxen::decoder {

std::size_t Draft::add_record() {
    records.emplace_back();
    sequences.emplace_back();
    return records.size() - 1;
}

void Draft::count_feature(Place place) {
    if (++feature_count > limits.features) {
        refuse("more than " + std::to_string(limits.features) + " features; split the file", place);
    }
}

void Draft::close_sequence(std::size_t record, std::int64_t line) {
    SequenceBuffer& bases = sequences[record];
    Record& entry = records[record];
    bases.shrink();
    entry.sequence = bases.view();
    if (bases.size() > 0) entry.length_nt = static_cast<std::int64_t>(bases.size());
    if (bases.had_uracil()) report.add("uracil", "U was read as T: the engine keeps genomes as DNA", line, entry.name);
    if (!bases.plain()) {
        report.add("ambiguous-bases", "the sequence holds IUPAC letters other than A, C, G and T", line, entry.name);
    }
}

}  // namespace bioxen::decoder
