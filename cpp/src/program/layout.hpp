#pragma once

#include "program/machine_parts.hpp"

#include <bioxen/program.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bioxen {

/// Bases A C G U as 0-3, four to a byte.
class BaseTape {
public:
    void reserve(std::size_t bases) { bytes_.reserve(bases / 4 + 1); }
    void push_back(std::uint8_t base) {
        if (size_ % 4 == 0) bytes_.push_back(0);
        bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | (base << (size_ % 4 * 2)));
        ++size_;
    }
    [[nodiscard]] std::uint8_t operator[](std::size_t i) const noexcept { return bytes_[i / 4] >> (i % 4 * 2) & 3; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// How many of each base `[from, to)` holds.
    [[nodiscard]] std::array<std::int64_t, 4> count(std::size_t from, std::size_t to) const noexcept;
    [[nodiscard]] const std::uint8_t* bytes() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return bytes_.capacity(); }

private:
    std::vector<std::uint8_t> bytes_;
    std::size_t size_ = 0;
};

/// What a machine reads next, as one symbol: transcription of A C G U is 0-3, degradation 4-7, translation of
/// amino acid a is 8 + a, and `release` needs nothing. Complement is XOR 3, degradation XOR 4.
namespace symbol {
inline constexpr std::uint8_t degradation = 4, codon = 8, release = 30, count = 32;
}

/// Consecutive codons three nucleotides apart, in transcript coordinates. A cistron whose reading frame slips or whose
/// parts are joined has several.
struct CodonRun {
    std::int32_t start_nt = 0;
    std::int32_t end_nt = 0;
    [[nodiscard]] std::uint32_t codons() const noexcept { return static_cast<std::uint32_t>(end_nt - start_nt) / 3; }
};

struct Cistron {
    std::uint32_t gene = 0;
    std::uint32_t unit = 0;
    std::uint32_t tape = 0;         ///< of its first codon, on `Layout::codons`
    std::uint32_t codons = 0;
    std::uint32_t first_run = 0;
    std::uint32_t run_count = 0;
};

/// A transcription unit as the engine walks it; cistrons are in the order of their start codons.
struct UnitLayout {
    std::int64_t axis = 0;          ///< of the first nucleotide; see `Layout`
    std::uint32_t tape = 0;         ///< of the first nucleotide, on `Layout::dna`
    std::int32_t length_nt = 0;
    std::uint32_t replicon = 0;
    std::uint32_t first_cistron = 0;
    std::uint32_t cistron_count = 0;
    std::uint32_t first_gene = 0;   ///< into `Layout::unit_genes`
    std::uint32_t gene_count = 0;
    std::uint8_t mask = 0;          ///< 0 forward, 3 reverse: XORed with the tape
    bool stable = false;
    bool long_rrna = false;         ///< rRNA over 800 nt, which the reference lets several RNAPs share
    std::array<std::int32_t, 4> content_nt{}; ///< A C G U of the whole transcript
    std::array<std::int32_t, 4> spacer_nt{};  ///< stable units: A C G U outside the mature RNAs, returned on processing

    [[nodiscard]] int direction() const noexcept { return mask == 0 ? 1 : -1; }
};

/// A gene within its unit's transcript.
struct UnitGene {
    std::uint32_t gene = 0;
    std::int32_t start_nt = 0;
    std::int32_t end_nt = 0;
};

/// A DNA molecule of the genome.
struct Replicon {
    std::int64_t axis = 0;          ///< of the base at `cut`
    std::uint32_t tape = 0;         ///< of the base at `cut`, on `Layout::dna`
    std::int64_t length_nt = 0;
    std::int64_t tape_nt = 0;       ///< bases on the tape: more where units go on over the end, 0 if they are unknown
    std::int64_t cut = 0;           ///< where its circle is cut; 0 for a linear one
    bool circular = false;
    std::int64_t origin = -1;       ///< of replication, as far as the genome says; -1: none
    const char* origin_by = "";     ///< what says so

    /// Bases from the cut to `at`.
    [[nodiscard]] std::int64_t from_cut(std::int64_t at) const noexcept { return at >= cut ? at - cut : at - cut + length_nt; }
};

/// Where everything is. `dna` holds the replicons one after the other, with a base of padding at either end so that a
/// walker may read on past its last step; `codons` holds the cistrons, each closed by `release`. DNA traffic happens on one axis on which replicons (in reference mode: units) lie far apart; a circular
/// replicon is cut where no unit passes.
struct Layout {
    static constexpr std::int64_t axis_spacing = 100'000;  ///< more than any footprint
    static constexpr std::uint32_t none = UINT32_MAX;

    BaseTape dna;
    std::vector<std::uint8_t> codons;
    std::vector<UnitLayout> units;
    std::vector<Cistron> cistrons;
    std::vector<CodonRun> runs;
    std::vector<UnitGene> unit_genes;
    std::vector<std::uint32_t> gene_unit;       ///< per gene, or `none`
    std::vector<std::uint32_t> gene_cistron;    ///< per gene, or `none`
    std::vector<Replicon> replicons;
    std::int64_t axis_length = 0;

    std::vector<TranscriptionUnit> unit_descriptions;  ///< strengths and rates belong to `Kinetics`
    std::vector<std::uint8_t> executable;
    std::vector<GeneKind> gene_kind;
    std::vector<std::string> gene_tag;
    std::map<std::string, std::vector<GeneId>> roles;
    MachineParts machine_parts;
    std::vector<std::uint8_t> gene_machine;     ///< per gene: the machine that it is a part of, or `no_machine`
    static constexpr std::uint8_t no_machine = UINT8_MAX;
    std::vector<std::int8_t> trna_residue;      ///< per gene: the amino acid that its tRNA carries, or -1
    std::vector<std::uint8_t> membrane;         ///< per gene: its protein goes into the membrane, as its sequence tells
    std::uint32_t translocon = none;            ///< secY
    std::vector<ReportEntry> report;
    std::string genome_fingerprint;
    bool reference_mode = false;
    std::int32_t unit_gap_nt = 0;
    std::vector<std::uint32_t> unit_groups;     ///< as the organism gave them

    /// Counts of A C G U in `[start_nt, end_nt)` of a unit's transcript.
    [[nodiscard]] std::array<std::int64_t, 4> nucleotides(const UnitLayout& unit, std::int32_t start_nt,
                                                          std::int32_t end_nt) const noexcept;
    /// Counts of A C G U of a gene's mature stable RNA; 0 for other genes.
    [[nodiscard]] std::array<std::int64_t, 4> mature_nucleotides(std::uint32_t gene) const noexcept;
    /// Residues of each kind in a gene's protein.
    [[nodiscard]] std::array<std::int64_t, amino_acid_count> residues(std::uint32_t gene) const noexcept;
    [[nodiscard]] std::size_t memory_bytes() const noexcept;
};

[[nodiscard]] Layout make_layout(const Genome& genome, const Organism& organism);

}  // namespace bioxen
