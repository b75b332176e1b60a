#pragma once

#include <bioxen/genome.hpp>
#include <bioxen/ids.hpp>
#include <bioxen/organism.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bioxen {

/// Why genes stand together in a transcription unit.
enum class UnitOrigin : std::uint8_t { operon, promoter, distance, gene };

/// Genes that are transcribed together from one promoter.
struct TranscriptionUnit {
    std::string name;
    RepliconId replicon{};
    Strand strand = Strand::forward;
    std::int64_t start = 0;         ///< 0-based half-open on the forward strand; `end` may exceed a circular length
    std::int64_t end = 0;
    std::vector<GeneId> genes;      ///< 5' to 3'
    UnitOrigin origin = UnitOrigin::distance;
    bool stable = false;            ///< rRNA or tRNA: never degraded
};

struct Layout;    // positions and symbols: private to the core
struct Kinetics;  // rates: private to the core

/// A compiled genome: immutable, shared by any number of contexts.
class Program {
public:
    Program(std::shared_ptr<const Layout> layout, std::shared_ptr<const Kinetics> kinetics) noexcept;

    [[nodiscard]] std::span<const TranscriptionUnit> units() const noexcept;
    /// What was left out, and why.
    [[nodiscard]] std::span<const ReportEntry> report() const noexcept;
    /// What a cell that grows does without, or falls back on, because genome and tables do not say; none if it does not grow.
    [[nodiscard]] std::vector<ReportEntry> fallbacks() const;
    [[nodiscard]] double promoter_strength(UnitId unit) const;
    [[nodiscard]] double kcat_nt_per_s(UnitId unit) const;
    [[nodiscard]] const Organism& organism() const noexcept;
    [[nodiscard]] std::size_t gene_count() const noexcept;
    /// Per gene: its product can be made (transcribed and, if it codes for a protein, translated).
    [[nodiscard]] std::span<const std::uint8_t> executable() const noexcept;
    /// Genes by the machine they are part of ("rna_polymerase", "ribosome", "degradosome", "replisome",
    /// "trna_synthetase", "trna", "rrna").
    [[nodiscard]] const std::map<std::string, std::vector<GeneId>>& roles() const noexcept;
    /// 64-bit digest of genome and parameters, as 16 hex digits.
    [[nodiscard]] const std::string& fingerprint() const noexcept;
    /// Of the genome alone, as `Genome::fingerprint`.
    [[nodiscard]] const std::string& genome_fingerprint() const noexcept;
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

    /// The same structure with other counts and rates.
    /// @throws InputError (configuration) if `organism` differs in what shapes the structure.
    [[nodiscard]] std::shared_ptr<const Program> with_organism(const Organism& organism) const;

    [[nodiscard]] const Layout& layout() const noexcept { return *layout_; }
    [[nodiscard]] const Kinetics& kinetics() const noexcept { return *kinetics_; }

private:
    std::shared_ptr<const Layout> layout_;
    std::shared_ptr<const Kinetics> kinetics_;
};

/// Compiles a genome for an organism.
/// @throws InputError (configuration) for a parameter out of range or a supply reaction that does not balance,
///         (genome_compilation) if the genome cannot be laid out.
[[nodiscard]] std::shared_ptr<const Program> compile(const Genome& genome, const Organism& organism);

}  // namespace bioxen
