#pragma once

#include <bioxen/capacity.hpp>
#include <bioxen/cell_cycle.hpp>
#include <bioxen/environment.hpp>
#include <bioxen/ledger.hpp>
#include <bioxen/program.hpp>
#include <bioxen/trace.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bioxen {

/// What happened since birth.
struct EventCounts {
    std::int64_t nucleotide_steps = 0, codon_steps = 0, transcription_initiations = 0, transcription_completions = 0,
                 transcription_aborts = 0, translation_initiations = 0, translation_completions = 0,
                 translation_aborts = 0, mrna_decay_initiations = 0, mrna_decays = 0, degradation_steps = 0,
                 protein_decays = 0, head_on_dissociations = 0, candidates = 0;
    // of cells that grow
    std::int64_t replication_steps = 0,          ///< base pairs copied
                 replication_initiations = 0,    ///< copies of a replicon begun
                 replication_terminations = 0,   ///< copies completed, those included that were under way at birth
                 replication_displacements = 0,  ///< RNAPs that a fork has pushed off
                 machines_assembled = 0, membrane_insertions = 0, divisions = 0, dna_damages = 0, dna_repairs = 0;
};

/// Every count, in the order in which results and snapshots list them.
inline constexpr std::array event_count_members{
    &EventCounts::nucleotide_steps,       &EventCounts::codon_steps,
    &EventCounts::transcription_initiations, &EventCounts::transcription_completions,
    &EventCounts::transcription_aborts,   &EventCounts::translation_initiations,
    &EventCounts::translation_completions, &EventCounts::translation_aborts,
    &EventCounts::mrna_decay_initiations, &EventCounts::mrna_decays,
    &EventCounts::degradation_steps,      &EventCounts::protein_decays,
    &EventCounts::head_on_dissociations,  &EventCounts::candidates,
    &EventCounts::replication_steps,      &EventCounts::replication_initiations,
    &EventCounts::replication_terminations, &EventCounts::replication_displacements,
    &EventCounts::machines_assembled,     &EventCounts::membrane_insertions,
    &EventCounts::divisions,
    &EventCounts::dna_damages,            &EventCounts::dna_repairs};

/// A machine at work on a nucleic acid, as `CellularContext::polymerases` shows it.
struct Polymerase {
    enum class Kind : std::uint8_t { rna_polymerase, ribosome, degradosome };
    enum class State : std::uint8_t { moving, stalled, blocked };  ///< stalled: no resource; blocked: by a neighbour
    Kind kind{};
    RepliconId replicon{};
    std::int64_t position_nt = 0;   ///< on the forward strand of the replicon
    std::int64_t gene = -1;         ///< index of the gene at that position, -1 between genes
    State state{};
    Strand strand{};                ///< that is transcribed, or of the transcript
};

enum class AdvanceStatus : std::uint8_t {
    reached,    ///< `until_s` was reached
    preempted,  ///< the fuel is used up; go on with another call
    exhausted,  ///< every channel's rate is zero and no supply can raise it, or the cell is dead
    ready_to_divide,  ///< told once a generation, at the tick where it became so: divide, or go on undivided
};

/// One virtual cell: the only mutable simulation state. A continuous-time Markov chain sampled exactly between
/// supply ticks; its trajectory is a function of program, seed and inputs alone.
class CellularContext {
public:
    /// A cell at birth: machines free, proteins as the organism counts them, whole messengers without ribosomes, Poisson
    /// per unit with the mean of `mrna_counts` or else of the compiler's mean field.
    CellularContext(std::shared_ptr<const Program> program, std::uint64_t seed);
    CellularContext(CellularContext&&) noexcept;
    CellularContext& operator=(CellularContext&&) noexcept;
    CellularContext(const CellularContext&) = delete;
    CellularContext& operator=(const CellularContext&) = delete;
    ~CellularContext();

    /// What the cell runs with now; the reference holds until `allocate`.
    [[nodiscard]] const Program& program() const noexcept;
    [[nodiscard]] std::shared_ptr<const Program> shared_program() const noexcept;
    [[nodiscard]] std::uint64_t seed() const noexcept;
    [[nodiscard]] double time_s() const noexcept;

    /// Runs until `until_s` (age of the cell) or until `fuel` candidate events have been drawn.
    /// Where a run is cut never changes the trajectory.
    AdvanceStatus advance(double until_s, std::uint64_t fuel = UINT64_MAX);
    /// The same, taking the samples of `recorder` that fall due on the way, up to and with `until_s`. Samples cost fuel too,
    /// the more the larger the genome. What the observer throws passes through; the context stays valid, between events.
    AdvanceStatus advance(double until_s, Recorder& recorder, std::uint64_t fuel = UINT64_MAX);

    /// Fetches the state into the processor's cache: worth it before a slice of a cell that has not run for a while.
    void prefetch() const noexcept;

    /// Appends the present state to `trace`.
    void sample(Trace& trace) const;
    /// Records the present state, due or not, unless `recorder` has it: the last state of a run that ended early.
    void sample(Recorder& recorder) const;
    [[nodiscard]] std::vector<std::int64_t> proteins() const;
    /// Transcripts that carry each gene, nascent ones and mature stable RNA included.
    [[nodiscard]] std::vector<std::int64_t> mrnas() const;
    [[nodiscard]] std::array<std::int64_t, species::resource_count> resources() const;
    /// `free` is never below 0: machines that `allocate` took away while they worked are `active` until they finish.
    [[nodiscard]] std::array<MachineCount, 3> machines() const;
    /// What supply has brought since birth; 0 where pools are held. Cheap enough to ask between any two slices.
    [[nodiscard]] Drawn drawn() const noexcept;
    [[nodiscard]] EventCounts events() const;
    [[nodiscard]] std::vector<ProcessPosting> ledger() const;
    [[nodiscard]] Audit audit() const;
    [[nodiscard]] std::vector<Polymerase> polymerases() const;
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

    /// No further initiation at the gene's cistron; a unit without live cistrons loses its promoter.
    void knockout(GeneId gene);
    /// Genes that were knocked out, ascending.
    [[nodiscard]] std::vector<GeneId> knocked_out() const;
    /// Only the units of these genes may initiate transcription; `nullopt` lifts the restriction.
    void restrict_transcription(std::optional<std::span<const GeneId>> genes);
    /// Sets a pool; the difference is posted against the account `operator`.
    void set_resource(SpeciesIndex resource, std::int64_t molecules);

    /// From here on the cell is surrounded by this: glucose sets the rates of the supply that depends on it, temperature
    /// and pH those of all that happens. What is pending is stretched, not drawn anew. Above its lethal temperature it dies.
    /// @throws InputError (argument) for what no environment is; nothing has changed then.
    void set_environment(const Environment& environment);
    [[nodiscard]] Environment environment() const noexcept;
    /// Leaves `remaining` of the rate of a kind of work, 1 lifts the inhibition.
    /// @throws InputError (argument) if it is not from 0 to 1
    void inhibit(Work work, double remaining);
    [[nodiscard]] Remaining remaining() const noexcept;

    /// From here on the cell runs with `program`: the same genome and parameters, but for the numbers of ribosomes and
    /// RNA polymerases and the maximal rates of supply (`with_capacity`). Machines that are added come free; of those
    /// that are taken away, free ones go at once and working ones as they finish, and until then none of the kind starts
    /// anew. The pending waiting time is redrawn, as at every supply tick; equal parameters change nothing.
    /// @throws InputError (argument) if another parameter differs, naming it; (runtime) between two supply ticks.
    void allocate(std::shared_ptr<const Program> program);
    /// Divides the cell: every molecule and machine goes to either daughter with probability 1/2, transcripts with all
    /// that is on them, chromosomes one each with what is being made on them. This context keeps one half and goes on;
    /// the other is returned, at the same age, with a future drawn from a stream of its own.
    /// @throws InputError (runtime) if the cell does not grow or has not two of each chromosome, or between two supply ticks.
    [[nodiscard]] CellularContext divide();
    [[nodiscard]] CycleState cycle() const noexcept;
    /// Copies of each gene on the DNA of the cell.
    [[nodiscard]] std::vector<std::int64_t> gene_copies() const;
    /// Molecules of each gene's product that the cell's machines are made of; 0 in a cell that does not grow.
    [[nodiscard]] std::vector<std::int64_t> in_machines() const;
    /// The first supply tick at or after this age: where `allocate` may act next. Ticks are 2^-6 s apart, birth is one.
    [[nodiscard]] static double next_tick_s(double at_s);

    /// The whole state as bytes that any machine reads (docs/snapshot.md): `restore` gives a context that goes on bit for
    /// bit as this one does.
    [[nodiscard]] std::vector<std::byte> snapshot() const;
    /// @param program not null, of the same genome; the snapshot brings its own rates and counts, if they differ.
    /// @throws InputError (snapshot) for bytes that are damaged, of another version or of another genome.
    [[nodiscard]] static CellularContext restore(std::span<const std::byte> snapshot,
                                                 std::shared_ptr<const Program> program);
    /// 16 hex digits, equal for equal trajectories: the checksum of the snapshot that a context without forks would have.
    [[nodiscard]] std::string trajectory_hash() const;
    /// The same context once more: both go on alike.
    [[nodiscard]] CellularContext replica() const;
    /// A context in the same state with a future of its own, drawn from the stream that this context's stream and the
    /// number of its forks determine. This context's own future does not change.
    /// @param seed replaces the seed of this context
    [[nodiscard]] CellularContext fork(std::optional<std::uint64_t> seed = std::nullopt);

private:
    struct Impl;
    explicit CellularContext(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bioxen
