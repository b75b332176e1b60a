#pragma once

#include "cell/life.hpp"
#include "cell/walker.hpp"
#include "ledger/book.hpp"
#include "program/kinetics.hpp"
#include "program/layout.hpp"
#include "support/bytes.hpp"
#include "support/random.hpp"

#include <bioxen/cellular_context.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace bioxen {

/// Supply acts at multiples of this age, and nowhere else is a pending waiting time redrawn.
inline constexpr double tick_s = 0x1.0p-6;

/// State of one cell and the law by which it changes.
///
/// Each walker steps at rate r <= b, the bound of its class. Candidates come at the total rate of all bounds and of the
/// rare channels; a candidate picks a walker uniformly from a class and is accepted with probability r/b (uniformisation,
/// exact). The waiting time to the next candidate is drawn once and kept across pauses; only a supply tick redraws it.
class Cell {
public:
    Cell(std::shared_ptr<const Program> program, std::uint64_t seed);
    /// @throws InputError (snapshot)
    static Cell restore(std::span<const std::byte> snapshot, std::shared_ptr<const Program> program);
    [[nodiscard]] std::vector<std::byte> snapshot() const { return snapshot(forks_); }
    /// Of the state without the number of forks, which the cell's own future does not depend on.
    [[nodiscard]] std::uint64_t trajectory_hash() const;
    /// The same cell once more: it goes on as this one does.
    [[nodiscard]] Cell replica() const;
    /// A cell in the same state whose future is drawn anew, from a stream of its own.
    [[nodiscard]] Cell fork(std::optional<std::uint64_t> seed);

    AdvanceStatus advance(double until_s, std::uint64_t& fuel);
    /// Fetches the state into the cache, all at once, where advancing would wait for one line after the other.
    void prefetch() const noexcept;
    void sample(Trace& trace) const;
    [[nodiscard]] std::vector<std::int64_t> mrnas() const;
    [[nodiscard]] std::array<std::int64_t, species::resource_count> resources() const;
    [[nodiscard]] std::array<MachineCount, 3> machines() const noexcept;
    [[nodiscard]] Drawn drawn() const noexcept;
    [[nodiscard]] EventCounts events() const;
    [[nodiscard]] std::vector<ProcessPosting> ledger() const;
    [[nodiscard]] Audit audit() const;
    [[nodiscard]] std::vector<Polymerase> polymerases() const;
    [[nodiscard]] std::size_t memory_bytes() const noexcept;

    void knockout(GeneId gene);
    [[nodiscard]] std::vector<GeneId> knocked_out() const;
    void restrict_transcription(std::optional<std::span<const GeneId>> genes);
    void set_resource(SpeciesIndex resource, std::int64_t molecules);
    void allocate(std::shared_ptr<const Program> program);
    void set_environment(const Environment& environment);
    /// The name of a value that no environment has, or null.
    [[nodiscard]] static const char* wrong_value(const Environment& environment) noexcept;
    [[nodiscard]] const Environment& environment() const noexcept { return environment_; }
    void inhibit(Work work, double remaining);
    [[nodiscard]] const Remaining& remaining() const noexcept { return remaining_; }
    /// @throws InputError (runtime) if the cell does not grow, has no two chromosomes, or is between two supply ticks.
    /// @return what is left of this cell when it divides, and the daughter
    [[nodiscard]] std::pair<Cell, Cell> divided() const;
    [[nodiscard]] bool ready_to_divide() const noexcept;
    [[nodiscard]] CycleState cycle() const noexcept;
    [[nodiscard]] std::vector<std::int64_t> in_machines() const;
    [[nodiscard]] double volume_l() const noexcept;
    /// Per gene, copies on the DNA of the cell.
    [[nodiscard]] std::vector<std::int64_t> gene_copies() const;

    [[nodiscard]] const std::shared_ptr<const Program>& program() const noexcept { return program_; }
    [[nodiscard]] std::uint64_t seed() const noexcept { return random_.seed(); }
    [[nodiscard]] double time_s() const noexcept { return now_; }
    [[nodiscard]] const std::vector<std::int64_t>& proteins() const noexcept { return proteins_; }

private:
    enum RareChannel : std::size_t { bind_rnap, bind_ribosome, bind_ribosome_fixed, bind_degradosome, decay_protein,
                                     copy_base, assemble_rnap, assemble_ribosome, assemble_degradosome, bind_translocon,
                                     insert_residues, damage_dna, repair_dna, rare_channels };

    Cell(std::shared_ptr<const Program> program, RandomStream random);

    [[nodiscard]] std::vector<std::byte> snapshot(std::uint64_t forks) const;

    void write_life(ByteWriter& out) const;
    void write_condition(ByteWriter& out) const;

    // restore.cpp
    void read(ByteReader& in);
    void read_transcripts(ByteReader& in);
    void read_walkers(ByteReader& in);
    void read_sites(ByteReader& in);
    void read_amounts(ByteReader& in);
    void read_condition(ByteReader& in);
    void read_life(ByteReader& in);
    void read_copies(ByteReader& in);
    void read_forks(ByteReader& in);
    void place_rnaps();
    void place_ribosomes();
    void count_machines();

    // engine.cpp: candidates
    /// Candidates that the next random words choose at the present rates.
    struct Ahead;
    void look_ahead(const RandomBlock* blocks, std::size_t count, Ahead& chosen) const noexcept;
    void candidates(double horizon, std::uint64_t& fuel);
    void wide_candidates(double horizon, std::uint64_t& fuel);
    void draw_candidates(double horizon, std::uint64_t& fuel);
    void rare_candidate(double along);
    void at_limit(std::size_t cls, std::size_t index, double fraction);
    bool try_step(Walker& walker, std::size_t cls, double fraction) noexcept;
    void refresh_rates() noexcept;
    void refresh_life_rates() noexcept;
    void refresh_unusual_rates() noexcept;

    // traffic.cpp: walkers, their neighbours and their limits
    WalkerId add_walker(std::size_t cls, const Walker& walker);
    void remove_walker(WalkerId id);
    [[nodiscard]] Walker& walker(WalkerId id) noexcept { return walkers_[walker_class(id)][walker_index(id)]; }
    [[nodiscard]] const Walker& walker(WalkerId id) const noexcept {
        return walkers_[walker_class(id)][walker_index(id)];
    }
    [[nodiscard]] std::int64_t axis_of(const Walker& rnap) const noexcept;
    /// First position that the ribosome may not step from because of what is ahead on its transcript.
    [[nodiscard]] std::int32_t ribosome_barrier(const Walker& ribosome) const noexcept;
    [[nodiscard]] std::int32_t front_barrier(const Walker& front) const noexcept;
    struct RnapRoom {
        std::int64_t steps = 0;         ///< it may take before it touches its neighbour
        WalkerId opposite = no_walker;  ///< the neighbour, if it comes the other way
    };
    [[nodiscard]] RnapRoom rnap_room(const Walker& rnap) const noexcept;
    [[nodiscard]] bool promoter_is_clear(std::uint32_t unit, std::uint32_t copy) const noexcept;
    /// RNAPs that transcribe a unit on one copy of the DNA.
    [[nodiscard]] std::int32_t rnaps_on(std::uint32_t unit, std::uint32_t copy) const noexcept;
    [[nodiscard]] std::size_t axis_slot(std::int64_t axis) const noexcept;
    void link_rnap(WalkerId id);
    void unlink_rnap(WalkerId id);
    [[nodiscard]] const UnitLayout& unit_of(const Walker& walker) const noexcept {
        return layout_->units[transcripts_[walker.transcript].unit];
    }

    // transcription.cpp
    void initiate_transcription();
    void rnap_at_limit(std::size_t cls, std::size_t index, double fraction);
    void complete_transcript(std::uint32_t transcript);
    void abort_transcript(std::uint32_t transcript);
    [[nodiscard]] bool may_initiate(std::uint32_t unit, std::uint32_t copy) const noexcept;
    /// Length at which the next loading site of a nascent transcript opens; beyond the end if none does.
    [[nodiscard]] std::int32_t next_opening(const Transcript& transcript) const noexcept;
    void open_sites(std::uint32_t transcript, std::int32_t made_nt);

    // translation.cpp
    void initiate_translation(std::size_t list);
    void ribosome_at_limit(std::size_t index, double fraction);
    void add_site(std::uint32_t transcript, std::uint32_t cistron);
    void remove_site(std::uint32_t site);
    /// A site's name in its transcript's chain: the list in the highest bit, the position below.
    static constexpr std::uint32_t list_bit = std::uint32_t{1} << 31;
    [[nodiscard]] static constexpr std::uint32_t site_name(std::uint32_t list, std::size_t i) noexcept {
        return list * list_bit | static_cast<std::uint32_t>(i);
    }
    [[nodiscard]] LoadingSite& site_at(std::uint32_t site) noexcept { return sites_[site / list_bit][site % list_bit]; }
    /// The list that holds the sites of a cistron: 0 by mass action, 1 with a fixed rate.
    [[nodiscard]] std::uint32_t list_of(std::uint32_t cistron) const noexcept {
        return kinetics_->fixed_initiation_per_s[cistron] < 0.0 ? 0 : 1;
    }
    /// Puts a site in front of its transcript's chain.
    void chain_site(std::uint32_t site) noexcept;
    void close_sites(std::uint32_t transcript);
    /// Where a ribosome that loads at `site` stands between its neighbours; false if it finds no room.
    [[nodiscard]] bool find_place(const LoadingSite& site, WalkerId& ahead, WalkerId& behind) const noexcept;
    /// Where a ribosome's next codon starts: three further, or where its reading frame jumps to.
    struct NextCodon {
        std::int32_t start_nt = 0;
        std::int32_t run_limit = 0;     ///< up to here the run goes on three by three
    };
    /// Where the ribosome stands that has made `done` codons of its cistron.
    [[nodiscard]] std::int32_t position_after(const Cistron& cistron, std::uint32_t done) const noexcept;
    [[nodiscard]] NextCodon next_codon(const Walker& ribosome) const noexcept;
    [[nodiscard]] float release_ratio(const Walker& ribosome) const noexcept {
        return kinetics_->release_ratio[unit_of(ribosome).first_cistron + ribosome.lane];
    }
    [[nodiscard]] bool is_knocked_out(std::uint32_t gene) const noexcept {
        return !knocked_out_.empty() && knocked_out_[gene] != 0;
    }
    /// It carries as many ribosomes as it may; its sites are closed until one leaves.
    [[nodiscard]] bool is_full(const Transcript& transcript) const noexcept {
        return transcript.ribosomes >= static_cast<std::uint32_t>(kinetics_->max_ribosomes_per_mrna);
    }
    void unlink_ribosome(WalkerId id);
    void drop_ribosomes(std::uint32_t transcript);
    [[nodiscard]] Walker new_rnap(std::uint32_t transcript, std::uint32_t copy) const noexcept;
    [[nodiscard]] Walker new_ribosome(std::uint32_t transcript, std::uint32_t cistron) const noexcept;
    [[nodiscard]] Walker new_front(std::uint32_t transcript) const noexcept;
    [[nodiscard]] const Cistron& cistron_of(const Walker& ribosome) const noexcept {
        return layout_->cistrons[unit_of(ribosome).first_cistron + ribosome.lane];
    }

    // degradation.cpp
    void initiate_degradation();
    [[nodiscard]] bool is_protected(const Transcript& transcript) const noexcept;
    void front_at_limit(std::size_t index, double fraction);
    void decay_one_protein();
    void add_protein(std::uint32_t gene, std::int64_t change) noexcept;
    /// Puts molecules into a pool (or, if negative, takes them), or, where pools are held, into the environment.
    void release(SpeciesIndex species, std::int64_t molecules) noexcept;

    std::uint32_t new_transcript(std::uint32_t unit);
    void free_transcript(std::uint32_t transcript);
    void add_waiting(std::uint32_t transcript);
    void remove_waiting(std::uint32_t transcript);

    // growth.cpp
    void begin_life();
    void begin_generation();
    void grow();
    void set_volume(double ratio);
    /// Of the chromosomes; where there are only plasmids, of these.
    [[nodiscard]] std::size_t origins() const noexcept;
    [[nodiscard]] double surface_ratio() const noexcept;
    /// It has as much lipid per protein as it takes.
    [[nodiscard]] bool membrane_is_full() const noexcept;
    [[nodiscard]] double present_volume_ratio() const noexcept;
    [[nodiscard]] const StepTable& step_table() const noexcept { return life_ ? life_->steps : kinetics_->steps; }

    // environment.cpp
    /// Works out what environment, inhibitors and death leave of every rate.
    void scale_rates() noexcept;
    /// The same while the cell runs: what is left of the pending waiting time is stretched, which is exact.
    void change_rates();
    /// The maximal rate of a flow in the present environment and volume.
    [[nodiscard]] double present_rate(const SupplyFlow& flow) const noexcept;
    void pass_own_time() noexcept;

    // death.cpp
    void die(Death of);
    void starve();
    [[nodiscard]] double energy_charge() const noexcept;
    [[nodiscard]] bool is_hungry() const noexcept;
    [[nodiscard]] bool is_spent() const noexcept;
    /// It is dying, or about to be told arrested: though nothing happens, its time must pass.
    [[nodiscard]] bool time_will_tell() const noexcept;

    // damage.cpp: lesions of the DNA
    /// Base pairs that a lesion may hit, were every copy of the DNA whole.
    [[nodiscard]] std::int64_t most_base_pairs() const noexcept;
    struct Place {
        std::uint32_t replicon = 0, copy = 0;
        std::int64_t from_cut = 0;
    };
    /// A base pair, each as likely as any other, copies that are being made taken as whole.
    [[nodiscard]] Place draw_base_pair();
    void damage_one_base();
    void repair_one_lesion();
    [[nodiscard]] bool may_repair() const noexcept;

    // replication.cpp
    void add_copy(const DnaCopy& made);
    void initiate_replication();
    void replicate_plasmids();
    /// Of a replicon whose rounds do not begin with those of the chromosome.
    [[nodiscard]] bool has_own_control(std::size_t replicon) const noexcept;
    [[nodiscard]] bool is_full_of(std::size_t replicon) const noexcept;
    /// After a round has begun: no RNAP may go on without looking.
    void look_out_for_forks();
    void copy_next_base();
    [[nodiscard]] bool at_end(const Fork& fork) const noexcept;
    void finish_fork(std::size_t fork);
    void clear_way(const Fork& fork);
    /// For one of the places on the axis that stand for the fork's base.
    void clear_way(const Fork& fork, std::int64_t place);
    [[nodiscard]] std::int64_t from_cut_of(const Fork& fork) const noexcept;
    /// A fork has what its next base takes.
    [[nodiscard]] bool may_copy(const Fork& fork) const noexcept;
    /// The copy has these bases of its replicon, all of them. @param from_cut may lie beyond the end of a circle
    [[nodiscard]] bool holds(const DnaCopy& copy, std::int64_t from_cut, std::int64_t length_nt) const noexcept;
    /// Bases that a fork may copy before it reaches what is ahead of it on its template.
    [[nodiscard]] std::int64_t fork_room(const Fork& fork) const noexcept;
    [[nodiscard]] std::uint32_t ahead_of(std::uint32_t copy) const noexcept;
    /// Steps that an RNAP may take before it touches a fork.
    [[nodiscard]] std::int64_t room_to_fork(const Walker& rnap) const noexcept;
    [[nodiscard]] bool fork_is_near(std::uint32_t copy, const UnitLayout& unit) const noexcept;

    // assembly.cpp: machines, and proteins on their way
    void count_complete_sets(std::size_t machine) noexcept;
    void assemble(std::size_t machine);
    void take_part(const MachinePart& part);
    void finish_protein(std::uint32_t gene);
    void insert_into_membrane(std::uint32_t gene);
    void begin_insertion();
    void insert_next_residues();
    void mature_rna(std::uint32_t gene);

    // division.cpp
    struct Partition;
    [[nodiscard]] Cell split();
    [[nodiscard]] Partition draw_partition();
    void keep(const Partition& partition, bool daughter);
    void forget_transcript(std::uint32_t transcript);
    [[nodiscard]] std::int64_t whole_copies(std::size_t replicon) const noexcept;
    /// A replicon that each daughter needs, and not a plasmid that is there in several copies.
    [[nodiscard]] bool is_chromosome(std::size_t replicon) const noexcept;
    [[nodiscard]] bool has_two_chromosomes() const noexcept;
    [[nodiscard]] double sisters_since_s() const noexcept;

    // supply.cpp
    void tick();
    void charge_trna();
    /// The set point of a flow in the present volume.
    [[nodiscard]] std::int64_t present_level(const SupplyFlow& flow) const noexcept;
    [[nodiscard]] bool supply_can_act() const;
    [[nodiscard]] bool anything_can_happen() const;
    using StepCounts = std::array<std::int64_t, symbol::count>;
    /// Steps since the last tick. Their products become available at the next one: nobody waits for them before.
    [[nodiscard]] StepCounts unposted_steps() const noexcept;
    void post_products();
    /// Pools with the products that are not posted yet, on all species.
    [[nodiscard]] Balances present_pools() const;
    [[nodiscard]] Book present_book() const;
    [[nodiscard]] PolymerContent count_polymers() const;
    void add_life_polymers(PolymerContent& content, std::vector<std::int64_t>& proteins) const;
    void audit_life(Audit& audit) const;
    [[nodiscard]] bool life_can_act() const noexcept;

    std::shared_ptr<const Program> program_;
    const Layout* layout_;
    const Kinetics* kinetics_;
    RandomStream random_;
    std::uint64_t forks_ = 0;                       ///< made of this cell

    double now_ = 0.0;
    double next_candidate_ = 0.0;
    std::int64_t tick_ = 0;                         ///< supply ticks done
    /// A class of walkers as the candidate loop sees it; renewed whenever walkers come or go.
    struct alignas(64) ClassView {
        Walker* first = nullptr;
        double last = 0.0;                          ///< index of the last walker; a point may lie far beyond it
        double lower = 0.0;                         ///< where the class begins on the line of rates
        double inverse_bound = 0.0;
        TapeView tape;
    };
    std::array<ClassView, max_classes + 1> class_view_{};  ///< behind the last class: the rare channels
    alignas(32) std::array<double, max_classes> class_end_{};
    std::uint64_t rates_version_ = 0;               ///< counts the changes of rates
    bool wide_ = false;                             ///< the machine has AVX2
    std::array<double, rare_channels> rare_rate_{};
    std::array<double, max_classes> class_bound_{}, class_inverse_bound_{};  ///< of the program, as far as they are left
    std::array<double, rare_channels> rare_left_{};  ///< of the rate of each channel
    bool unusual_ = false;                          ///< some of it is not 1, or the DNA is damaged
    double pace_ = 1.0;                             ///< of all that happens: by the environment, 0 in a dead cell
    double total_rate_ = 0.0, inverse_total_ = 0.0;

    std::array<std::vector<Walker>, max_classes> walkers_;
    std::vector<WalkerId> axis_order_;              ///< RNAPs from left to right on the DNA axis
    std::vector<Transcript> transcripts_;
    std::uint32_t free_transcript_ = Transcript::none;
    std::array<std::vector<LoadingSite>, 2> sites_; ///< by mass action; with a fixed rate
    std::vector<std::uint32_t> waiting_;            ///< whole messengers that no degradosome holds
    std::vector<std::int64_t> proteins_;
    std::vector<std::int64_t> mature_;              ///< per gene: stable RNA molecules
    std::vector<std::int32_t> unit_transcripts_;    ///< transcripts of each unit that exist
    std::vector<std::uint8_t> knocked_out_;         ///< per gene; empty until the first knockout
    std::vector<std::uint8_t> promoter_closed_;     ///< per unit, by knockouts; empty until the first
    std::vector<std::uint8_t> restricted_;          ///< per unit: may not initiate; empty: no restriction
    static constexpr std::size_t protein_block = 64;
    std::vector<std::int64_t> block_proteins_;      ///< sums over blocks of genes, to draw a protein quickly
    std::int64_t total_proteins_ = 0;

    /// Below 0: so many that work are no longer the cell's, and leave as they finish.
    std::int64_t free_rnap_ = 0, free_ribosomes_ = 0, free_degradosomes_ = 0;
    std::array<std::int64_t, species::resource_count + 1> pools_{};  ///< the last one is `unlimited_pool`
    std::optional<Life> life_;                      ///< of a cell that grows
    Environment environment_;
    Remaining remaining_ = uninhibited;
    Death death_ = Death::none;
    double died_s_ = -1.0;                          ///< its age then; below 0: it lives
    double starved_s_ = 0.0;                        ///< how long its energy charge has been lethal, in its own time
    std::int64_t lesions_ = 0;
    StepCounts steps_{};                            ///< by symbol, since birth
    StepCounts steps_posted_{};                     ///< at the last tick
    std::vector<double> supply_carry_;
    std::array<double, amino_acid_count> charging_carry_{};
    EventCounts counts_;
    Book book_;                                     ///< without the steps, which `steps_` counts
    std::int64_t events_at_tick_ = -1;              ///< `accepted_` when the last tick was done
    std::int64_t accepted_ = 0;                     ///< rare events since birth
};

}  // namespace bioxen
