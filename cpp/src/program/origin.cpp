#include "program/origin.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace bioxen {

namespace {

/// Shorter ones are plasmids and phages, whose skew says nothing reliable.
constexpr std::int64_t least_length_for_skew_nt = 100'000;

std::int64_t annotated_origin(const Record& record) {
    for (const Feature& feature : record.features) {
        const bool origin = feature.kind == "rep_origin" || feature.kind == "origin_of_replication" || feature.kind == "oriC";
        if (!origin || feature.location.parts.empty()) continue;
        const Interval& first = feature.location.parts.front();
        if (first.accession.empty() && first.start >= 0 && first.end > first.start && first.start < record.length_nt)
            return (first.start + (first.end - first.start) / 2) % record.length_nt;
    }
    return -1;
}

std::int64_t initiator_start(const Genome& genome, std::size_t replicon) {
    for (const Gene& gene : genome.genes()) {
        if (gene.name != "dnaA" || index(gene.replicon) != replicon || gene.strand == Strand::unknown) continue;
        const std::int64_t at = gene.strand == Strand::forward ? gene.start : gene.end;
        const std::int64_t length = genome.records()[replicon].length_nt;
        if (at >= 0 && length > 0) return at % length;
    }
    return -1;
}

std::int64_t least_skew(std::string_view sequence) {
    std::int64_t skew = 0, least = 0, at = 0;
    for (std::size_t i = 0; i < sequence.size(); ++i) {
        skew += sequence[i] == 'G' ? 1 : sequence[i] == 'C' ? -1 : 0;
        if (skew < least) {
            least = skew;
            at = static_cast<std::int64_t>(i) + 1;
        }
    }
    return at % static_cast<std::int64_t>(sequence.size());
}

}  // namespace

std::vector<FoundOrigin> find_origins(const Genome& genome, std::vector<ReportEntry>& report) {
    std::vector<FoundOrigin> origins;
    const auto records = genome.records();
    for (std::size_t r = 0; r < records.size(); ++r) {
        const Record& record = records[r];
        std::int64_t origin = annotated_origin(record);
        const char* by = "the annotated origin";
        if (origin < 0) {
            origin = initiator_start(genome, r);
            by = "the start of dnaA";
        }
        const bool whole = static_cast<std::int64_t>(record.sequence.size()) == record.length_nt && record.length_nt > 0;
        if (origin < 0 && whole && record.topology == Topology::circular && record.length_nt >= least_length_for_skew_nt) {
            origin = least_skew(record.sequence);
            by = "the minimum of the cumulative GC skew";
            report.push_back({"origin-by-skew",
                              "no origin of replication and no dnaA on " + std::string{record.name} +
                                  ": replication begins at " + std::to_string(origin) +
                                  ", the minimum of the cumulative GC skew",
                              0, ""});
        }
        origins.push_back(whole && origin >= 0 ? FoundOrigin{origin, by} : FoundOrigin{});
    }
    return origins;
}

}  // namespace bioxen
