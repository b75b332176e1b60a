#include "program/layout.hpp"

#include "program/membrane.hpp"
#include "program/origin.hpp"
#include "program/roles.hpp"
#include "program/units.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace bioxen {

namespace {

/// Index of a base, with the alphabetically first expansion for an ambiguous one, so that a sequence with unknown
/// bases still has one definite transcript.
constexpr std::uint8_t base_index(char base) noexcept {
    switch (base) {
        case 'C': case 'Y': case 'S': case 'B': return 1;
        case 'G': case 'K': return 2;
        case 'T': case 'U': return 3;
        default: return 0;  // A M R W D H V N
    }
}

class LayoutMaker {
public:
    LayoutMaker(const Genome& genome, const Organism& organism) : genome_(genome), genes_(genome.genes()) {
        if (!organism.unit_groups.empty() && organism.unit_groups.size() != genes_.size())
            throw InputError(InputErrorKind::configuration,
                             "unit_groups has " + std::to_string(organism.unit_groups.size()) + " entries; the genome has " +
                                 std::to_string(genes_.size()) + " genes");
        layout_.reference_mode = organism.reference_mode;
        layout_.unit_gap_nt = organism.unit_gap_nt;
        layout_.unit_groups = organism.unit_groups;
        layout_.genome_fingerprint = genome.fingerprint();
    }

    Layout make() {
        judge_genes();
        layout_.unit_descriptions = layout_.reference_mode
                                        ? units_per_gene(genome_, transcribable_)
                                        : find_units(genome_, transcribable_, layout_.unit_gap_nt, layout_.unit_groups);
        cut_replicons();
        write_dna();
        for (std::size_t u = 0; u < layout_.unit_descriptions.size(); ++u) place_unit(u);
        layout_.axis_length = next_axis_;
        layout_.roles = find_roles(genes_);
        find_machinery();
        layout_.units.shrink_to_fit();
        layout_.unit_descriptions.shrink_to_fit();
        layout_.cistrons.shrink_to_fit();
        layout_.runs.shrink_to_fit();
        layout_.unit_genes.shrink_to_fit();
        return std::move(layout_);
    }

private:
    void report(std::string code, std::string message, const Gene& gene) {
        layout_.report.push_back({std::move(code), std::move(message), gene.line, gene.locus_tag});
    }

    void judge_genes() {
        const std::size_t n = genes_.size();
        transcribable_.assign(n, 0);
        layout_.executable.assign(n, 0);
        layout_.gene_unit.assign(n, Layout::none);
        layout_.gene_cistron.assign(n, Layout::none);
        for (std::size_t g = 0; g < n; ++g) {
            const Gene& gene = genes_[g];
            layout_.gene_kind.push_back(gene.kind);
            layout_.gene_tag.push_back(gene.locus_tag);
            const Record& record = genome_.records()[index(gene.replicon)];
            const bool placed = gene.strand != Strand::unknown && gene.start >= 0 && gene.end > gene.start &&
                                gene.end - gene.start <= record.length_nt &&
                                static_cast<std::int64_t>(record.sequence.size()) == record.length_nt &&
                                record.length_nt > 0 &&
                                (gene.end <= record.length_nt || record.topology == Topology::circular);
            if (!gene.defect.empty()) report("gene-not-executable", "left out: " + gene.defect, gene);
            if (!placed) {
                if (gene.defect.empty())
                    report("gene-not-executable", "left out: no place on one strand of a known sequence", gene);
                continue;
            }
            if (layout_.reference_mode && (gene.kind == GeneKind::pseudo || !gene.defect.empty())) continue;
            transcribable_[g] = 1;
            layout_.executable[g] = gene.defect.empty() && gene.kind != GeneKind::pseudo ? 1 : 0;
        }
    }

    /// What a growing cell needs to know of the genes.
    void find_machinery() {
        layout_.machine_parts = find_machine_parts(genes_, layout_.executable);
        layout_.gene_machine.assign(genes_.size(), Layout::no_machine);
        for (std::size_t m = 0; m < layout_.machine_parts.size(); ++m) {
            for (const MachinePart& part : layout_.machine_parts[m]) {
                for (const std::uint32_t g : part.genes) layout_.gene_machine[g] = static_cast<std::uint8_t>(m);
            }
        }
        layout_.trna_residue = find_trna_residues(genes_);
        layout_.membrane = find_membrane_proteins(genes_);
        for (std::uint32_t g = 0; g < genes_.size(); ++g) {
            if (genes_[g].name == "secY" && layout_.executable[g] != 0) layout_.translocon = g;
        }
        const std::vector<FoundOrigin> origins = find_origins(genome_, layout_.report);
        for (std::size_t r = 0; r < origins.size(); ++r) {
            layout_.replicons[r].origin = origins[r].at;
            layout_.replicons[r].origin_by = origins[r].by;
        }
    }

    /// Finds for each circular replicon a point that no unit passes, as far from units as possible.
    void cut_replicons() {
        const auto records = genome_.records();
        cut_.assign(records.size(), 0);
        overrun_.assign(records.size(), 0);
        std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> spans(records.size());
        for (const TranscriptionUnit& unit : layout_.unit_descriptions)
            spans[index(unit.replicon)].emplace_back(unit.start, unit.end);
        for (std::size_t r = 0; r < records.size(); ++r) {
            const std::int64_t length = records[r].length_nt;
            Replicon& replicon = layout_.replicons.emplace_back();
            replicon.length_nt = length;
            replicon.circular = records[r].topology == Topology::circular;
            if (records[r].topology != Topology::circular || spans[r].empty()) continue;
            std::sort(spans[r].begin(), spans[r].end());
            std::int64_t last = 0, best_gap = 0;
            for (const auto& [start, end] : spans[r]) last = std::max(last, end);
            std::int64_t covered = last - length;  // what reaches across the origin, or the gap that does
            for (const auto& [start, end] : spans[r]) {
                if (start - covered > best_gap) {
                    best_gap = start - covered;
                    cut_[r] = (covered + best_gap / 2 + length) % length;
                }
                covered = std::max(covered, end);
            }
            if (best_gap > 0) continue;
            overrun_[r] = std::max<std::int64_t>(last - length, 0);
            layout_.report.push_back({"traffic-cut-at-origin",
                                      "transcription units cover the whole of circular replicon " +
                                          std::string{records[r].name} +
                                          "; RNA polymerases on either side of position 0 do not see each other",
                                      0, ""});
        }
    }

    void write_dna() {
        const auto records = genome_.records();
        std::size_t total = 0;
        for (std::size_t r = 0; r < records.size(); ++r)
            total += records[r].sequence.size() + static_cast<std::size_t>(overrun_[r]);
        std::size_t codons = 0;
        for (const Gene& gene : genes_) codons += gene.protein.size() + 1;
        if (std::max(total, codons) >= std::numeric_limits<std::int32_t>::max())
            throw InputError(InputErrorKind::genome_compilation, "the genome has " + std::to_string(total) + " bases and " +
                                                                     std::to_string(codons) +
                                                                     " codons; a program holds fewer than 2^31 of each");
        layout_.dna.reserve(total + 2);
        layout_.codons.reserve(codons);
        layout_.dna.push_back(0);
        std::int64_t axis = Layout::axis_spacing;
        for (std::size_t r = 0; r < records.size(); ++r) {
            Replicon& replicon = layout_.replicons[r];
            replicon.tape = static_cast<std::uint32_t>(layout_.dna.size());
            replicon.axis = axis;
            replicon.cut = cut_[r];
            const std::string_view sequence = records[r].sequence;
            if (sequence.empty()) continue;
            if (std::ssize(sequence) == replicon.length_nt) replicon.tape_nt = replicon.length_nt + overrun_[r];
            const auto cut = static_cast<std::size_t>(cut_[r]);
            for (std::size_t i = cut; i < sequence.size(); ++i) layout_.dna.push_back(base_index(sequence[i]));
            for (std::size_t i = 0; i < cut; ++i) layout_.dna.push_back(base_index(sequence[i]));
            for (std::size_t i = 0; i < static_cast<std::size_t>(overrun_[r]); ++i)
                layout_.dna.push_back(base_index(sequence[i]));
            axis += records[r].length_nt + overrun_[r] + Layout::axis_spacing;
        }
        layout_.dna.push_back(0);
        next_axis_ = axis;
    }

    void place_unit(std::size_t u) {
        TranscriptionUnit& description = layout_.unit_descriptions[u];
        const Replicon& replicon = layout_.replicons[index(description.replicon)];
        const std::int64_t length = replicon.length_nt, from_cut = replicon.from_cut(description.start);

        UnitLayout unit;
        const std::int64_t length_nt = description.end - description.start;
        const bool forward = description.strand == Strand::forward;
        const std::int64_t first = forward ? from_cut : from_cut + length_nt - 1;
        unit.mask = forward ? 0 : 3;
        unit.length_nt = static_cast<std::int32_t>(length_nt);
        unit.tape = static_cast<std::uint32_t>(replicon.tape + first);
        unit.axis = replicon.axis + first;
        if (layout_.reference_mode) {  // each unit has the DNA for itself
            unit.axis = next_axis_ + (forward ? 0 : length_nt - 1);
            next_axis_ += length_nt + Layout::axis_spacing;
        }
        unit.replicon = index(description.replicon);
        unit.stable = description.stable;
        unit.first_gene = static_cast<std::uint32_t>(layout_.unit_genes.size());
        unit.gene_count = static_cast<std::uint32_t>(description.genes.size());
        unit.first_cistron = static_cast<std::uint32_t>(layout_.cistrons.size());
        for (const GeneId id : description.genes) {
            const Gene& gene = genes_[index(id)];
            const std::int64_t offset =
                forward ? gene.start - description.start : description.end - gene.end;
            layout_.unit_genes.push_back({index(id), static_cast<std::int32_t>(offset),
                                          static_cast<std::int32_t>(offset + gene.end - gene.start)});
            layout_.gene_unit[index(id)] = static_cast<std::uint32_t>(u);
            unit.long_rrna = unit.long_rrna || (gene.kind == GeneKind::rRNA && gene.length_nt > 800);
            if (gene.kind == GeneKind::protein && layout_.executable[index(id)] != 0)
                add_cistron(static_cast<std::uint32_t>(u), index(id), description, length);
        }
        const auto content = layout_.nucleotides(unit, 0, unit.length_nt);
        for (std::size_t b = 0; b < 4; ++b) unit.content_nt[b] = static_cast<std::int32_t>(content[b]);
        if (unit.stable) mark_spacers(unit);
        unit.cistron_count = static_cast<std::uint32_t>(layout_.cistrons.size()) - unit.first_cistron;
        std::sort(layout_.cistrons.begin() + unit.first_cistron, layout_.cistrons.end(),
                  [&](const Cistron& a, const Cistron& b) {
                      const auto at = [&](const Cistron& c) { return layout_.runs[c.first_run].start_nt; };
                      return std::pair{at(a), a.gene} < std::pair{at(b), b.gene};
                  });
        if (unit.cistron_count > std::numeric_limits<std::uint16_t>::max())
            throw InputError(InputErrorKind::genome_compilation,
                             "transcription unit " + description.name + " has more than 65535 cistrons");
        for (std::uint32_t c = unit.first_cistron; c < layout_.cistrons.size(); ++c)
            layout_.gene_cistron[layout_.cistrons[c].gene] = c;
        layout_.units.push_back(unit);
    }

    /// Makes the mature RNAs of a stable unit disjoint and counts what lies between them.
    void mark_spacers(UnitLayout& unit) {
        unit.spacer_nt = unit.content_nt;
        std::int32_t covered = 0;
        const auto first = layout_.unit_genes.begin() + unit.first_gene;
        std::sort(first, layout_.unit_genes.end(),
                  [](const UnitGene& a, const UnitGene& b) { return a.start_nt < b.start_nt; });
        for (auto it = first; it != layout_.unit_genes.end(); ++it) {
            it->start_nt = std::max(it->start_nt, covered);
            it->end_nt = std::max(it->end_nt, it->start_nt);
            covered = it->end_nt;
            const auto mature = layout_.nucleotides(unit, it->start_nt, it->end_nt);
            for (std::size_t b = 0; b < 4; ++b) unit.spacer_nt[b] -= static_cast<std::int32_t>(mature[b]);
        }
    }

    void add_cistron(std::uint32_t u, std::uint32_t g, const TranscriptionUnit& unit, std::int64_t length) {
        const Gene& gene = genes_[g];
        const auto to_transcript = [&](std::int64_t at) {
            if (at < gene.start) at += length;  // the gene goes on across the origin
            return unit.strand == Strand::forward ? at - unit.start : unit.end - 1 - at;
        };
        Cistron cistron;
        cistron.gene = g;
        cistron.unit = u;
        cistron.tape = static_cast<std::uint32_t>(layout_.codons.size());
        cistron.codons = static_cast<std::uint32_t>(gene.protein.size());
        cistron.first_run = static_cast<std::uint32_t>(layout_.runs.size());

        std::size_t part = 0;
        std::int64_t part_begin = 0, offset = gene.codon_start - 1, previous = -1;
        bool sound = !gene.protein.empty();
        for (std::uint32_t k = 0; sound && k < cistron.codons; ++k, offset += 3) {
            while (part < gene.parts.size() &&
                   offset - part_begin >= gene.parts[part].end - gene.parts[part].start) {
                part_begin += gene.parts[part].end - gene.parts[part].start;
                ++part;
            }
            if (part == gene.parts.size()) {
                sound = false;
                break;
            }
            const GenePart& span = gene.parts[part];
            const std::int64_t at = gene.strand == Strand::forward ? span.start + (offset - part_begin)
                                                                   : span.end - 1 - (offset - part_begin);
            const std::int64_t t = to_transcript(at);
            if (t <= previous || t + 3 > unit.end - unit.start) {
                sound = false;
                break;
            }
            const bool new_run = k == 0 || t != previous + 3;
            if (new_run)
                layout_.runs.push_back({static_cast<std::int32_t>(t), static_cast<std::int32_t>(t + 3)});
            else
                layout_.runs.back().end_nt = static_cast<std::int32_t>(t + 3);
            previous = t;
        }
        if (!sound) {
            layout_.runs.resize(cistron.first_run);
            layout_.executable[g] = 0;
            report("gene-not-executable", "left out: its parts do not follow one another along one transcript", gene);
            return;
        }
        for (const char residue : gene.protein) {
            const std::size_t a = amino_acid_letters.find(residue);
            if (a == std::string_view::npos) {
                layout_.codons.resize(cistron.tape);
                layout_.runs.resize(cistron.first_run);
                layout_.executable[g] = 0;
                report("gene-not-executable",
                       std::string{"left out: residue '"} + residue + "' has no tRNA", gene);
                return;
            }
            layout_.codons.push_back(static_cast<std::uint8_t>(symbol::codon + a));
        }
        layout_.codons.push_back(symbol::release);
        cistron.run_count = static_cast<std::uint32_t>(layout_.runs.size()) - cistron.first_run;
        layout_.cistrons.push_back(cistron);
    }

    const Genome& genome_;
    std::span<const Gene> genes_;
    Layout layout_;
    std::vector<std::uint8_t> transcribable_;
    std::vector<std::int64_t> cut_, overrun_;
    std::int64_t next_axis_ = 0;
};

template <typename T>
std::size_t bytes(const std::vector<T>& v) noexcept {
    return v.capacity() * sizeof(T);
}

}  // namespace

std::array<std::int64_t, 4> BaseTape::count(std::size_t from, std::size_t to) const noexcept {
    // by byte, in four lanes of 16 bits, which hold what `block` bytes count at most
    static constexpr auto lanes = [] {
        std::array<std::uint64_t, 256> t{};
        for (std::size_t byte = 0; byte < 256; ++byte) {
            for (std::size_t i = 0; i < 4; ++i) t[byte] += std::uint64_t{1} << (16 * (byte >> (2 * i) & 3));
        }
        return t;
    }();
    constexpr std::size_t block = 65535 / 4;
    std::array<std::int64_t, 4> count{};
    for (; from < to && from % 4 != 0; ++from) ++count[(*this)[from]];
    while (to - from >= 4 && from < to) {
        std::uint64_t sums = 0;
        for (const std::size_t end = from / 4 + std::min(block, (to - from) / 4); from / 4 < end; from += 4)
            sums += lanes[bytes_[from / 4]];
        for (std::size_t b = 0; b < 4; ++b) count[b] += static_cast<std::int64_t>(sums >> (16 * b) & 65535);
    }
    for (; from < to; ++from) ++count[(*this)[from]];
    return count;
}

std::array<std::int64_t, 4> Layout::nucleotides(const UnitLayout& unit, std::int32_t start_nt,
                                                std::int32_t end_nt) const noexcept {
    if (unit.direction() > 0)
        return dna.count(unit.tape + static_cast<std::size_t>(start_nt), unit.tape + static_cast<std::size_t>(end_nt));
    const auto on_forward = dna.count(unit.tape + std::size_t{1} - static_cast<std::size_t>(end_nt),
                                      unit.tape + std::size_t{1} - static_cast<std::size_t>(start_nt));
    return {on_forward[3], on_forward[2], on_forward[1], on_forward[0]};
}

std::array<std::int64_t, 4> Layout::mature_nucleotides(std::uint32_t gene) const noexcept {
    if (gene_unit[gene] == none || !units[gene_unit[gene]].stable) return {};
    const UnitLayout& unit = units[gene_unit[gene]];
    for (std::uint32_t i = 0; i < unit.gene_count; ++i) {
        const UnitGene& member = unit_genes[unit.first_gene + i];
        if (member.gene == gene) return nucleotides(unit, member.start_nt, member.end_nt);
    }
    return {};
}

std::array<std::int64_t, amino_acid_count> Layout::residues(std::uint32_t gene) const noexcept {
    std::array<std::int64_t, amino_acid_count> count{};
    if (gene_cistron[gene] == none) return count;
    const Cistron& cistron = cistrons[gene_cistron[gene]];
    for (std::uint32_t k = 0; k < cistron.codons; ++k) ++count[codons[cistron.tape + k] - symbol::codon];
    return count;
}

std::size_t Layout::memory_bytes() const noexcept {
    std::size_t total = sizeof *this + dna.memory_bytes() + bytes(codons) + bytes(units) + bytes(cistrons) + bytes(runs) + bytes(unit_genes) +
                        bytes(gene_unit) + bytes(gene_cistron) + bytes(executable) +
                        bytes(gene_kind) + bytes(gene_tag) + bytes(unit_groups) + bytes(gene_machine) + bytes(trna_residue) + bytes(membrane) + bytes(unit_descriptions) + bytes(report);
    for (const TranscriptionUnit& unit : unit_descriptions) total += bytes(unit.genes) + unit.name.capacity();
    for (const ReportEntry& entry : report) total += entry.message.capacity() + entry.code.capacity();
    return total;
}

Layout make_layout(const Genome& genome, const Organism& organism) {
    return LayoutMaker{genome, organism}.make();
}

}  // namespace bioxen
