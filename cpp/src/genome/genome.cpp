#include <bioxen/genome.hpp>

#include "genome/coding.hpp"
#include "genome/draft.hpp"
#include "genome/fasta.hpp"
#include "genome/fingerprint.hpp"
#include "genome/format.hpp"
#include "genome/genbank.hpp"
#include "genome/genes.hpp"
#include "genome/gff3.hpp"
#include "genome/text.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace bioxen {

struct Genome::Impl {
    GenomeFormat format = GenomeFormat::genbank;
    decoder::Arena arena;
    std::vector<decoder::SequenceBuffer> sequences;
    std::vector<Record> records;
    std::vector<Gene> genes;
    std::vector<ReportEntry> report;
    std::string fingerprint;
    std::vector<std::shared_ptr<const Impl>> parts;  ///< decoded genomes that this one combines; they own what it views

    /// As messages name it: by the accession or name of its first record.
    [[nodiscard]] std::string name() const {
        if (records.empty()) return "a genome without records";
        return std::string{records.front().accession.empty() ? records.front().name : records.front().accession};
    }
};

namespace {

using decoder::Draft;

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Replaces lone carriage returns (line ends of old Macintosh files) by line feeds, which moves no byte.
/// @return the text itself if there are none, else the repaired copy in `storage`
std::string_view with_line_feeds(std::string_view text, std::string& storage) {
    std::size_t at = text.find('\r');
    while (at != std::string_view::npos && at + 1 < text.size() && text[at + 1] == '\n') at = text.find('\r', at + 2);
    if (at == std::string_view::npos || at + 1 == text.size()) return text;
    storage.assign(text);
    for (; at < storage.size(); ++at) {
        if (storage[at] == '\r' && (at + 1 == storage.size() || storage[at + 1] != '\n')) storage[at] = '\n';
    }
    return storage;
}

void note_encoding(std::string_view text, Draft& draft) {
    const std::size_t at = decoder::find_invalid_utf8(text);
    if (at == std::string_view::npos) return;
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    draft.report.add("not-utf8", "the text is not UTF-8; values that are not are read as Latin-1", line);
}

decoder::ParentTable read_records(std::string_view text, std::string_view sequence, Draft& draft) {
    const decoder::FormatFinding found = decoder::find_format(text);
    draft.format = found.format;
    if (found.has_preamble) {
        draft.report.add("preamble", "text before the first record was skipped", 1);
    }
    if (found.format != GenomeFormat::gff3 && !sequence.empty()) {
        throw InputError{InputErrorKind::genome_format,
                         found.format == GenomeFormat::fasta
                             ? "a sequence file goes with a GFF3 file; this is FASTA itself (give the GFF3 first)"
                             : "a sequence file goes with a GFF3 file; a GenBank file brings its own sequence",
                         found.line, static_cast<std::int64_t>(found.offset)};
    }
    switch (found.format) {
        case GenomeFormat::genbank: decoder::read_genbank(text, found.offset, found.line, draft); break;
        case GenomeFormat::fasta: decoder::read_fasta(text, found.offset, found.line, draft); break;
        case GenomeFormat::gff3: return decoder::read_gff3(text, found.offset, found.line, sequence, draft);
    }
    return {};
}

}  // namespace

Genome::Genome(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
Genome::Genome(Genome&&) noexcept = default;
Genome& Genome::operator=(Genome&&) noexcept = default;
Genome::~Genome() = default;

Genome Genome::decode(std::span<const std::byte> bytes, std::span<const std::byte> sequence) {
    const decoder::Limits limits;
    if (static_cast<std::int64_t>(bytes.size()) > limits.bytes || static_cast<std::int64_t>(sequence.size()) > limits.bytes) {
        throw InputError{InputErrorKind::genome_format, "the file is larger than 8 GiB", 1, 0};
    }
    Draft draft(limits);
    std::string repaired;
    std::string repaired_sequence;
    const std::string_view text = with_line_feeds(as_text(bytes), repaired);
    const std::string_view bases = with_line_feeds(as_text(sequence), repaired_sequence);
    const decoder::ParentTable parents = read_records(text, bases, draft);
    note_encoding(text, draft);
    decoder::decode_genes(draft, parents);

    auto impl = std::make_shared<Impl>();
    impl->format = draft.format;
    impl->fingerprint = decoder::fingerprint(as_text(bytes), as_text(sequence));
    impl->report = draft.report.finish();
    impl->arena = std::move(draft.arena);
    impl->sequences = std::move(draft.sequences);
    impl->records = std::move(draft.records);
    impl->genes = std::move(draft.genes);
    return Genome{std::move(impl)};
}

Genome Genome::combine(std::span<const Genome* const> genomes) {
    std::vector<std::shared_ptr<const Impl>> parts;
    for (const Genome* const genome : genomes) {
        if (genome == nullptr) throw InputError{InputErrorKind::argument, "a genome to combine is missing"};
        const std::vector<std::shared_ptr<const Impl>>& inner = genome->impl_->parts;
        if (inner.empty()) parts.push_back(genome->impl_);
        parts.insert(parts.end(), inner.begin(), inner.end());
    }
    if (parts.empty()) throw InputError{InputErrorKind::argument, "there is no genome to combine: give at least one"};
    if (parts.size() == 1) return Genome{parts.front()};

    auto all = std::make_shared<Impl>();
    all->format = parts.front()->format;
    std::string fingerprints;
    std::unordered_map<std::string_view, const Impl*> owner;  // of each locus tag
    for (const std::shared_ptr<const Impl>& part : parts) {
        const auto first_record = static_cast<std::uint32_t>(all->records.size());
        all->records.insert(all->records.end(), part->records.begin(), part->records.end());
        for (const Gene& gene : part->genes) {
            const auto [there, is_new] = owner.emplace(gene.locus_tag, part.get());
            if (!is_new)
                throw InputError{InputErrorKind::genome_compilation,
                                 "locus tag '" + gene.locus_tag + "' stands in two genomes, " + there->second->name() +
                                     " and " + part->name() + ": in one cell every gene needs a tag of its own; change "
                                     "it in one of the files"};
            all->genes.push_back(gene);
            all->genes.back().replicon = static_cast<RepliconId>(first_record + index(gene.replicon));
        }
        for (ReportEntry entry : part->report) {
            entry.message = part->name() + ": " + entry.message;
            all->report.push_back(std::move(entry));
        }
        fingerprints += part->fingerprint;
    }
    all->fingerprint = decoder::fingerprint(fingerprints, {});
    all->parts = std::move(parts);
    return Genome{std::move(all)};
}

GenomeFormat Genome::format() const noexcept { return impl_->format; }
std::span<const Record> Genome::records() const noexcept { return impl_->records; }
std::span<const Gene> Genome::genes() const noexcept { return impl_->genes; }
std::span<const ReportEntry> Genome::report() const noexcept { return impl_->report; }
const std::string& Genome::fingerprint() const noexcept { return impl_->fingerprint; }

std::size_t Genome::memory_bytes() const noexcept {
    const auto heap = [](const std::string& text) { return text.capacity() > 15 ? text.capacity() + 1 : 0; };
    std::size_t total = sizeof(Impl) + impl_->arena.memory_bytes();
    for (const std::shared_ptr<const Impl>& part : impl_->parts) total += Genome{part}.memory_bytes();
    for (const decoder::SequenceBuffer& bases : impl_->sequences) total += sizeof bases + bases.capacity();
    for (const Record& record : impl_->records) total += sizeof record + record.features.capacity() * sizeof(Feature);
    for (const Gene& gene : impl_->genes) {
        total += sizeof gene + gene.parts.capacity() * sizeof(GenePart) + heap(gene.locus_tag) + heap(gene.name) +
                 heap(gene.product) + heap(gene.protein) + heap(gene.defect);
    }
    for (const ReportEntry& entry : impl_->report) {
        total += sizeof entry + heap(entry.code) + heap(entry.message) + heap(entry.feature);
    }
    return total;
}

std::string Genome::coding_sequence(const Gene& gene) const {
    const Record& record = impl_->records[index(gene.replicon)];
    std::string out;
    if (!record.sequence.empty()) decoder::splice(record, gene, out);
    return out;
}

std::string_view Feature::qualifier(std::string_view key) const noexcept {
    for (const Qualifier& candidate : qualifiers) {
        if (candidate.key == key) return candidate.value;
    }
    return {};
}

bool Feature::has(std::string_view key) const noexcept {
    return std::any_of(qualifiers.begin(), qualifiers.end(), [key](const Qualifier& q) { return q.key == key; });
}

std::string_view name(GeneKind kind) noexcept {
    switch (kind) {
        case GeneKind::protein: return "protein";
        case GeneKind::rRNA: return "rRNA";
        case GeneKind::tRNA: return "tRNA";
        case GeneKind::tmRNA: return "tmRNA";
        case GeneKind::ncRNA: return "ncRNA";
        case GeneKind::pseudo: return "pseudo";
    }
    return "unknown";
}

}  // namespace bioxen
