#include "program/units.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace bioxen {

namespace {

/// How far from a unit's genes an annotated promoter or terminator may lie and still bound the unit.
constexpr std::int64_t reach_nt = 500;

/// A promoter, terminator or operon feature on the forward coordinates of its replicon.
struct Mark {
    std::int64_t start = 0;
    std::int64_t end = 0;
    Strand strand = Strand::forward;
};

struct Marks {
    std::vector<Mark> promoters, terminators, operons;
};

Marks find_marks(const Record& record) {
    Marks marks;
    for (const Feature& feature : record.features) {
        if (feature.location.parts.empty()) continue;
        std::string_view kind = feature.kind;
        if (kind == "regulatory") kind = feature.qualifier("regulatory_class");
        auto* const list = kind == "promoter"     ? &marks.promoters
                           : kind == "terminator" ? &marks.terminators
                           : kind == "operon"     ? &marks.operons
                                                  : nullptr;
        if (list == nullptr) continue;
        Mark mark{feature.location.parts.front().start, feature.location.parts.front().end,
                  feature.location.parts.front().strand};
        bool usable = true;
        for (const Interval& part : feature.location.parts) {
            usable = usable && part.accession.empty() && part.strand == mark.strand;
            mark.start = std::min(mark.start, part.start);
            mark.end = std::max(mark.end, part.end);
        }
        if (usable && mark.strand != Strand::unknown) list->push_back(mark);
    }
    const auto by_start = [](const Mark& a, const Mark& b) { return a.start < b.start; };
    std::sort(marks.promoters.begin(), marks.promoters.end(), by_start);
    std::sort(marks.terminators.begin(), marks.terminators.end(), by_start);
    std::sort(marks.operons.begin(), marks.operons.end(), by_start);
    return marks;
}

/// Marks of `strand` whose start lies in [from, to).
template <typename Visit>
void visit(const std::vector<Mark>& marks, Strand strand, std::int64_t from, std::int64_t to, Visit&& see) {
    auto it = std::lower_bound(marks.begin(), marks.end(), from,
                               [](const Mark& m, std::int64_t at) { return m.start < at; });
    for (; it != marks.end() && it->start < to; ++it) {
        if (it->strand == strand) see(*it);
    }
}

bool any(const std::vector<Mark>& marks, Strand strand, std::int64_t from, std::int64_t to) {
    bool found = false;
    visit(marks, strand, from, to, [&](const Mark&) { found = true; });
    return found;
}

bool is_stable(GeneKind kind) noexcept { return kind == GeneKind::rRNA || kind == GeneKind::tRNA; }

/// Index of the operon feature that holds the gene, or -1. The first that starts at or before it and reaches its end.
std::int64_t operon_of(const Gene& gene, const std::vector<Mark>& operons) {
    auto it = std::upper_bound(operons.begin(), operons.end(), gene.start,
                               [](std::int64_t at, const Mark& m) { return at < m.start; });
    for (int looked = 0; it != operons.begin() && looked < 8; ++looked) {
        --it;
        if (it->strand == gene.strand && it->end >= gene.end) return it - operons.begin();
    }
    return -1;
}

std::string unit_name(const Genome& genome, const TranscriptionUnit& unit) {
    const auto label = [&](GeneId id) {
        const Gene& gene = genome.genes()[index(id)];
        return gene.name.empty() ? gene.locus_tag : gene.name;
    };
    if (unit.genes.size() == 1) return label(unit.genes.front());
    return label(unit.genes.front()) + ".." + label(unit.genes.back());
}

/// Extends a unit to its annotated promoter and terminator where they lie within reach.
void take_annotated_ends(TranscriptionUnit& unit, const Marks& marks, std::int64_t length_nt) {
    const std::int64_t first = unit.start, last = unit.end;
    const auto inside = [&](std::int64_t at) { return std::clamp<std::int64_t>(at, 0, length_nt); };
    if (last > length_nt) return;  // across the origin: the genes' hull is kept
    bool has_promoter = false;
    if (unit.strand == Strand::forward) {
        visit(marks.promoters, unit.strand, first - reach_nt, first + 1, [&](const Mark& m) {
            if (m.end <= first + 1) {  // the nearest one: marks come in the order of their start
                unit.start = inside(m.end - m.start == 1 ? m.start : m.end);
                has_promoter = true;
            }
        });
        bool ended = false;
        visit(marks.terminators, unit.strand, last - 1, last + reach_nt, [&](const Mark& m) {
            if (!ended) unit.end = inside(std::max(last, m.end));
            ended = true;
        });
    } else {
        bool started = false;
        visit(marks.promoters, unit.strand, last - 1, last + reach_nt, [&](const Mark& m) {
            if (!started) unit.end = inside(std::max(last, m.end - m.start == 1 ? m.end : m.start));
            started = has_promoter = true;
        });
        visit(marks.terminators, unit.strand, first - reach_nt, first + 1, [&](const Mark& m) {
            if (m.end <= first + 1) unit.start = inside(m.start);
        });
    }
    unit.start = std::min(unit.start, first);
    unit.end = std::max(unit.end, last);
    if (has_promoter && unit.origin == UnitOrigin::distance) unit.origin = UnitOrigin::promoter;
}

}  // namespace

std::vector<TranscriptionUnit> find_units(const Genome& genome, std::span<const std::uint8_t> transcribable,
                                          std::int32_t unit_gap_nt, std::span<const std::uint32_t> groups) {
    const auto group = [&](std::size_t g) { return groups.empty() ? Organism::ungrouped : groups[g]; };
    std::vector<TranscriptionUnit> units;
    std::vector<Marks> marks;
    for (const Record& record : genome.records()) marks.push_back(find_marks(record));

    std::int64_t open_operon = -1;
    std::size_t previous = SIZE_MAX;
    for (std::size_t g = 0; g < transcribable.size(); ++g) {
        if (transcribable[g] == 0) continue;
        const Gene& gene = genome.genes()[g];
        const Marks& here = marks[index(gene.replicon)];
        const std::int64_t operon = operon_of(gene, here.operons);
        bool joins = false;
        if (previous != SIZE_MAX) {
            const Gene& before = genome.genes()[previous];
            joins = before.replicon == gene.replicon && before.strand == gene.strand &&
                    is_stable(before.kind) == is_stable(gene.kind) && operon == open_operon;
            if (group(g) != Organism::ungrouped || group(previous) != Organism::ungrouped) {
                joins = joins && group(g) == group(previous);
            } else if (joins && operon < 0) {
                const bool forward = gene.strand == Strand::forward;
                joins = gene.start - units.back().end <= unit_gap_nt &&
                        !any(here.promoters, gene.strand, forward ? before.start + 1 : before.end - 1,
                             forward ? gene.start + 1 : gene.end - 1) &&
                        !any(here.terminators, gene.strand, forward ? before.end - 1 : before.start + 1,
                             forward ? gene.end - 1 : gene.start);
            }
        }
        if (!joins) {
            TranscriptionUnit unit;
            unit.replicon = gene.replicon;
            unit.strand = gene.strand;
            unit.start = gene.start;
            unit.end = gene.end;
            unit.stable = is_stable(gene.kind);
            unit.origin = operon >= 0 || group(g) != Organism::ungrouped ? UnitOrigin::operon : UnitOrigin::distance;
            units.push_back(std::move(unit));
            open_operon = operon;
        }
        units.back().end = std::max(units.back().end, gene.end);
        units.back().genes.push_back(static_cast<GeneId>(g));
        previous = g;
    }
    for (TranscriptionUnit& unit : units) {
        take_annotated_ends(unit, marks[index(unit.replicon)], genome.records()[index(unit.replicon)].length_nt);
        if (unit.strand == Strand::reverse) std::reverse(unit.genes.begin(), unit.genes.end());
        unit.name = unit_name(genome, unit);
    }
    return units;
}

std::vector<TranscriptionUnit> units_per_gene(const Genome& genome, std::span<const std::uint8_t> transcribable) {
    std::vector<TranscriptionUnit> units;
    for (std::size_t g = 0; g < transcribable.size(); ++g) {
        if (transcribable[g] == 0) continue;
        const Gene& gene = genome.genes()[g];
        TranscriptionUnit unit;
        unit.replicon = gene.replicon;
        unit.strand = gene.strand;
        unit.start = gene.start;
        unit.end = gene.end;
        unit.genes = {static_cast<GeneId>(g)};
        unit.origin = UnitOrigin::gene;
        unit.stable = is_stable(gene.kind);
        unit.name = unit_name(genome, unit);
        units.push_back(std::move(unit));
    }
    return units;
}

}  // namespace bioxen
