#include "genome/hull.hpp"

#include <algorithm>

namespace bioxen::decoder {
namespace {

/// A slipping ribosome reads one or two bases twice. Parts that share many more would let a small file describe a
/// gene without bound.
constexpr std::int64_t most_reread_nt = 100;

}  // namespace

namespace {

std::string_view defect_of_kind(LocationKind kind) noexcept {
    switch (kind) {
        case LocationKind::span:
        case LocationKind::join: return {};
        case LocationKind::order: return "its parts are given by order(...), which does not say that they are joined";
        case LocationKind::between: return "its location lies between two bases";
        case LocationKind::bond: return "its location is a bond";
        case LocationKind::one_of: return "its location is not exact (one-of or a range of positions)";
    }
    return {};
}

}  // namespace

Hull hull_of(const Location& location, const Record& record) noexcept {
    Hull hull;
    hull.defect = defect_of_kind(location.kind);
    const std::int64_t length = record.length_nt;
    const Interval* first = nullptr;
    const Interval* previous = nullptr;
    std::int64_t turn = 0;  // bases added by passing the origin
    const auto note = [&hull](std::string_view defect) {
        if (hull.defect.empty()) hull.defect = defect;
    };
    // In reading order on the reverse strand coordinates fall; walk the parts so that they rise.
    const bool reverse = !location.parts.empty() && location.parts.front().strand == Strand::reverse;
    const std::size_t n = location.parts.size();
    for (std::size_t k = 0; k < n; ++k) {
        const Interval& part = location.parts[reverse ? n - 1 - k : k];
        if (!part.accession.empty()) {
            note("a part lies on another record");
            continue;
        }
        if (first == nullptr) {
            first = &part;
            hull.start = part.start;
            hull.end = part.end;
            hull.strand = static_cast<std::int64_t>(part.strand);
            if (part.strand == Strand::unknown) note("its strand is not given");
        } else {
            if (part.strand != first->strand) {
                note("its parts lie on both strands (trans-splicing)");
                hull.strand = 0;
            }
            if (part.start < previous->start) {
                const std::int64_t gap = length - previous->end + part.start;
                if (record.topology == Topology::circular && turn == 0 && gap <= length / 2) {
                    turn = length;
                } else {
                    note("its parts are not in the order of the strand");
                }
            }
            if (part.start + turn < previous->end && previous->end - part.start - turn > most_reread_nt)
                note("its parts overlap by more than 100 bases");
            hull.start = std::min(hull.start, part.start + turn);
            hull.end = std::max(hull.end, part.end + turn);
        }
        previous = &part;
    }
    if (first == nullptr) note("no part lies on this record");
    if (turn > 0 && hull.end - hull.start > length) note("it goes around the replicon more than once");
    return hull;
}

}  // namespace bioxen::decoder
