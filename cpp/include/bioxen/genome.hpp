#pragma once

#include <bioxen/ids.hpp>
#include <bioxen/version.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bioxen {

enum class Strand : std::int8_t { reverse = -1, unknown = 0, forward = 1 };
enum class Topology : std::uint8_t { linear, circular };
enum class GenomeFormat : std::uint8_t { genbank, gff3, fasta };

/// One span of a location: 0-based half-open on the forward strand of `accession`.
struct Interval {
    std::int64_t start = 0;
    std::int64_t end = 0;
    Strand strand = Strand::forward;
    bool before_start = false;      ///< `<` at the lower coordinate: it begins before `start`
    bool after_end = false;         ///< `>` at the upper coordinate: it goes on after `end`
    std::string_view accession{};   ///< not empty: the span lies on another record

    bool operator==(const Interval&) const = default;
};

/// How the spans of a location belong together. `between` is `a^b`; `bond`, `one_of` and remote spans are
/// kept as written and cannot be executed.
enum class LocationKind : std::uint8_t { span, join, order, between, bond, one_of };

/// Spans in the order of the text's meaning: 5' to 3' of the feature
/// (`complement(join(a,b))` is b, a on the reverse strand).
struct Location {
    LocationKind kind = LocationKind::span;
    std::span<const Interval> parts;
    std::string_view text;          ///< as written, unfolded (GFF3: "start..end" forms made by the decoder)
};

struct Qualifier {
    std::string_view key;
    std::string_view value;         ///< unfolded, unquoted, percent-decoded; empty for a flag
    /// False for a flag such as `/pseudo`; true for `/note=""`.
    [[nodiscard]] bool has_value() const noexcept { return value.data() != nullptr; }
};

struct Feature {
    std::string_view kind;          ///< "CDS", "gene", "regulatory", ...
    Location location;
    /// In file order. GFF3: the columns source, score and phase come first under those names, where not `.`.
    std::span<const Qualifier> qualifiers;
    std::int64_t line = 0;          ///< 1-based line on which it starts
    /// The value of the first qualifier `key`; empty if there is none.
    [[nodiscard]] std::string_view qualifier(std::string_view key) const noexcept;
    [[nodiscard]] bool has(std::string_view key) const noexcept;
};

/// One entry of a file: a chromosome, plasmid or contig. All views point into the genome that owns it.
struct Record {
    std::string_view name;          ///< LOCUS name, FASTA id or GFF3 seqid
    std::string_view accession;     ///< with version where the file has one
    std::string_view definition;
    std::string_view organism;
    std::string_view molecule_type;
    std::string_view division;
    std::string_view date;
    Topology topology = Topology::linear;
    std::int64_t length_nt = 0;
    std::string_view sequence;      ///< upper case IUPAC letters, empty if the file has none
    std::vector<Feature> features;
};

enum class GeneKind : std::uint8_t { protein, rRNA, tRNA, tmRNA, ncRNA, pseudo };
[[nodiscard]] std::string_view name(GeneKind kind) noexcept;

/// One span of a gene, 0-based half-open on the forward strand, all spans on the gene's strand.
struct GenePart {
    std::int64_t start = 0;
    std::int64_t end = 0;
    bool operator==(const GenePart&) const = default;
};

/// A gene as the cell uses it: the coding or RNA feature joined with its gene feature.
struct Gene {
    std::string locus_tag;          ///< unique in the genome; made from the gene name or position where missing
    std::string name;               ///< `/gene`, may be empty
    std::string product;
    GeneKind kind = GeneKind::protein;
    RepliconId replicon{};
    Strand strand = Strand::forward;
    /// Hull on the forward strand, 0-based half-open. For a gene across the origin of a circular replicon
    /// `end` exceeds the replicon's length; parts are then given modulo the length.
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::vector<GenePart> parts;    ///< in 5' to 3' order; consecutive parts may skip or re-read bases
    std::int64_t length_nt = 0;     ///< sum of the parts
    int translation_table = 11;
    int codon_start = 1;            ///< 1, 2 or 3
    bool pseudo = false;
    /// What our decoder translates (one-letter codes, U and O included, first codon as M where the table allows it
    /// as a start, no `*`); empty unless kind is `protein`.
    std::string protein;
    /// The coding sequence ends with a stop codon (after the last residue of `protein`).
    bool has_stop = false;
    /// Why the gene cannot be executed, in words ("internal stop codon at codon 12"); empty if it can.
    /// A gene with a defect stays listed; the compiler leaves it out and the report says so.
    std::string defect;
    std::int64_t line = 0;
    /// Indices into `Record::features` of the gene feature and of the feature it was decoded from, or -1.
    std::int64_t gene_feature = -1;
    std::int64_t feature = -1;
};

/// Something tolerable that a reader should know. Of one code at most 100 entries are listed, then their number.
/// Codes of the file's form: preamble, text-between-records, not-utf8, locus-fused, locus-wide, locus-incomplete,
/// length-mismatch, missing-end, missing-origin, no-sequence, no-features, no-name, duplicate-record, seqid-version,
/// ambiguous-bases, uracil, odd-indent, stray-text, odd-qualifier, unescaped-quote, unterminated-quote,
/// location-comma, location-between, gff-columns, odd-attribute, odd-directive, odd-strand, duplicate-id,
/// unknown-parent, parent-cycle. Of genes: gene-without-product, duplicate-locus-tag, made-locus-tag, long-name,
/// default-table, odd-transl-table, odd-codon-start, odd-transl-except, exception, no-start-codon, no-stop-codon,
/// translation-differs.
struct ReportEntry {
    std::string code;               ///< short stable name, e.g. "missing-origin"
    std::string message;
    std::int64_t line = 0;          ///< 1-based, 0 where it concerns the whole file
    std::string feature;            ///< locus tag or feature text, may be empty
};

/// A decoded genome file: everything that the file says, and the genes as a cell would read them. Immutable.
class Genome {
public:
    /// Decodes GenBank, GFF3 with embedded FASTA, or FASTA; the format is found from the content.
    /// @param bytes the decompressed file. @param sequence FASTA for a GFF3 without its own, else empty.
    /// @throws InputError (genome_format) with line and offset.
    [[nodiscard]] static Genome decode(std::span<const std::byte> bytes,
                                       std::span<const std::byte> sequence = {});

    /// Several genomes as one, which a cell runs together: a plasmid or a phage beside a chromosome. Records and genes
    /// stand one genome after the other; what the files say is shared, not copied. Each entry of the reports begins
    /// with the name of the genome that it is about. Combining is associative; one genome combined is that genome.
    /// @param genomes none null, at least one.
    /// @throws InputError (genome_compilation) if two genes have one locus tag, naming it and both genomes.
    [[nodiscard]] static Genome combine(std::span<const Genome* const> genomes);

    Genome(Genome&&) noexcept;
    Genome& operator=(Genome&&) noexcept;
    Genome(const Genome&) = delete;
    Genome& operator=(const Genome&) = delete;
    ~Genome();

    [[nodiscard]] GenomeFormat format() const noexcept;
    [[nodiscard]] std::span<const Record> records() const noexcept;
    /// In file order of replicons, then by start, then by end.
    [[nodiscard]] std::span<const Gene> genes() const noexcept;
    [[nodiscard]] std::span<const ReportEntry> report() const noexcept;
    /// 64-bit digest of the decompressed input (both parts), as 16 hex digits; of combined genomes, of theirs in order.
    [[nodiscard]] const std::string& fingerprint() const noexcept;
    /// Bytes held by the genome.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;
    /// The gene's parts spliced 5' to 3', on its own strand, T for U; empty if the replicon has no sequence.
    /// @param gene one of `genes()`.
    [[nodiscard]] std::string coding_sequence(const Gene& gene) const;

private:
    struct Impl;
    explicit Genome(std::shared_ptr<const Impl> impl) noexcept;
    std::shared_ptr<const Impl> impl_;
};

/// Translates the codons of `rna_or_dna` (T or U, IUPAC, either case) with an NCBI table; '*' for stops, 'X' where the
/// expansions of an ambiguous codon disagree. Bases after the last whole codon are not read. In tables 27, 28 and 31
/// some codons are both stop and amino acid: they are stops in the last codon only.
/// @throws InputError (argument) for an unknown table or a letter that is no nucleotide.
[[nodiscard]] std::string translate(std::string_view rna_or_dna, int table);
/// Whether `codon` may start a protein in the table.
[[nodiscard]] bool is_start_codon(std::string_view codon, int table);
/// The numbers of the NCBI genetic codes that `translate` knows, ascending.
[[nodiscard]] std::span<const int> translation_tables() noexcept;

}  // namespace bioxen
