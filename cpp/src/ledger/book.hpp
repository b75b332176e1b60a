#pragma once

#include <bioxen/ledger.hpp>
#include <bioxen/organism.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace bioxen {

/// Nucleotides (A C G U) and residues that the polymers of a cell hold.
struct PolymerContent {
    std::array<std::int64_t, 4> nucleotides{};
    std::array<std::int64_t, amino_acid_count> residues{};
    std::int64_t deoxynucleotides = 0;         ///< of both strands
};

/// What happened, as counters: each stands for a posting whose legs are fixed (see book.cpp). The pools of the cell are
/// kept by the engine step by step; the audit holds the two against each other.
struct Book {
    // by base A C G U
    std::array<std::int64_t, 4> transcribed{}, degraded{}, aborted{}, processed{};
    /// Base pairs copied, by the base that one strand has there.
    std::array<std::int64_t, 4> replicated{};
    /// Nucleotides of patches that replace others, by the base that the forward strand has there.
    std::array<std::int64_t, 4> repaired{};
    // by amino acid
    std::array<std::int64_t, amino_acid_count> translated{}, released_unfinished{}, decayed{}, charged{},
        matured_trna{};
    std::int64_t transamidated = 0;            ///< Gln-tRNA made from Glu-tRNA: one more ATP each
    std::int64_t translocations = 0;           ///< ATP that the insertion of membrane proteins has taken
    std::vector<std::int64_t> supply_turns;    ///< by supply reaction
    Balances operator_account{};               ///< net into the cell by the operator
    Balances environment_account{};            ///< net into the cell by clamping
    Balances division_account{};               ///< net into the cell by its divisions: what daughters took, negative
    PolymerContent division_polymers;          ///< the same in polymers
    Balances opening{};                        ///< pools at birth
    PolymerContent opening_polymers;

    /// Calls `with` on every counter and account of a cell's book; what the steps count is not kept here.
    template <typename With>
    void for_each_column(With&& with) {
        columns(*this, with);
    }
    template <typename With>
    void for_each_column(With&& with) const {
        columns(*this, with);
    }

    /// Net into the pools of the cell, by process. @param supply the reactions that `supply_turns` counts
    [[nodiscard]] std::vector<ProcessPosting> postings(std::span<const SupplyReaction> supply) const;
    /// Net into the medium.
    [[nodiscard]] Balances medium(std::span<const SupplyReaction> supply) const;

private:
    template <typename AnyBook, typename With>
    static void columns(AnyBook& b, With& with) {
        with(b.aborted);
        with(b.processed);
        with(b.released_unfinished);
        with(b.decayed);
        with(b.charged);
        with(b.supply_turns);
        alone(b.transamidated, with);
        with(b.operator_account);
        with(b.environment_account);
        with(b.opening);
        polymers(b.opening_polymers, with);
        with(b.replicated);
        with(b.matured_trna);
        alone(b.translocations, with);
        with(b.division_account);
        polymers(b.division_polymers, with);
        with(b.repaired);
    }
    template <typename Count, typename With>
    static void alone(Count& count, With& with) {
        std::array<std::int64_t, 1> column{count};
        with(column);
        if constexpr (!std::is_const_v<Count>) count = column[0];
    }
    template <typename AnyContent, typename With>
    static void polymers(AnyContent& content, With& with) {
        with(content.nucleotides);
        with(content.residues);
        alone(content.deoxynucleotides, with);
    }
};

/// What the pools of a cell gain and lose by these steps: postings of transcription, degradation and translation alone.
struct StepPostings {
    Balances taken{};   ///< at once, at each step (at most 0)
    Balances made{};    ///< available from the next supply tick on (at least 0)
};
[[nodiscard]] StepPostings step_postings(std::span<const std::int64_t, 4> transcribed,
                                         std::span<const std::int64_t, 4> degraded,
                                         std::span<const std::int64_t, amino_acid_count> translated) noexcept;

/// Residuals of pools (books against balances) and of conserved quantities (polymers counted anew in the state).
[[nodiscard]] Audit audit(const Book& book, std::span<const SupplyReaction> supply, const Balances& pools,
                          const PolymerContent& polymers);

}  // namespace bioxen
