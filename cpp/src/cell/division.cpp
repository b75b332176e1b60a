#include "cell/cell.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace bioxen {

namespace {

/// A coin is tossed for each molecule: so many that a division takes about a second, far more than any cell holds.
constexpr std::int64_t most_tosses = std::int64_t{1} << 33;

}  // namespace

/// What goes to the daughter; the mother keeps the rest.
struct Cell::Partition {
    std::vector<std::uint8_t> copies;               ///< per copy of the DNA
    std::vector<std::uint8_t> transcripts;          ///< per place; free places are 0
    std::array<std::int64_t, species::resource_count> pools{};
    std::vector<std::int64_t> proteins, mature, in_machines;
    std::array<std::int64_t, 3> free_machines{}, machines{};
    std::int64_t lesions = 0;
    std::vector<std::uint8_t> uninserted, insertions;
};

std::int64_t Cell::whole_copies(std::size_t replicon) const noexcept {
    const auto& copies = life_->by_replicon[replicon];
    return std::count_if(copies.begin(), copies.end(), [&](std::uint32_t c) { return life_->copies[c].whole(); });
}

bool Cell::is_chromosome(std::size_t replicon) const noexcept {
    return kinetics_->life.origins[replicon] >= 0 && kinetics_->life.copies[replicon] == 1;
}

bool Cell::has_two_chromosomes() const noexcept {
    bool any = false;
    for (std::size_t r = 0; r < life_->by_replicon.size(); ++r) {
        if (!is_chromosome(r)) continue;
        any = true;
        if (whole_copies(r) < 2) return false;
    }
    return any;
}

Cell::Partition Cell::draw_partition() {
    const Life& life = *life_;
    Partition p;
    const auto coin = [&] { return static_cast<std::uint8_t>(random_.coins(1)); };

    // Every other chromosome goes: a round puts the copies that it makes behind all those that it copies, in their order, so
    // that the second is the sister of the first by the oldest round and all later ones come to lie beside their own
    // templates. Of other replicons a coin is tossed for each. What is being made goes with what it is made from.
    p.copies.assign(life.copies.size(), 0);
    for (std::size_t r = 0; r < life.by_replicon.size(); ++r) {
        std::int64_t turn = 0;
        for (const std::uint32_t c : life.by_replicon[r]) {
            const auto side = static_cast<std::uint8_t>(turn++ % 2);
            if (life.copies[c].whole()) p.copies[c] = is_chromosome(r) ? side : coin();
        }
    }
    for (std::uint32_t c = 0; c < life.copies.size(); ++c) {
        if (!life.copies[c].whole()) p.copies[c] = p.copies[life.copies[c].parent];  // an earlier one: settled
    }

    p.transcripts.assign(transcripts_.size(), 0);
    for (std::size_t t = 0; t < transcripts_.size(); ++t) {
        const Transcript& transcript = transcripts_[t];
        if (transcript.unit == Transcript::none) continue;
        const bool nascent = transcript.rnap != no_walker;
        p.transcripts[t] = nascent ? p.copies[walker(transcript.rnap).lane] : coin();
        if (p.transcripts[t] == 0) continue;
        p.machines[0] += nascent ? 1 : 0;
        p.machines[1] += transcript.ribosomes;
        p.machines[2] += transcript.front != no_walker ? 1 : 0;
    }

    p.lesions = random_.coins(lesions_);
    const auto halves = [&](const std::vector<std::int64_t>& counts) {
        std::vector<std::int64_t> half;
        for (const std::int64_t n : counts) half.push_back(random_.coins(n));
        return half;
    };
    for (std::size_t s = 0; s < p.pools.size(); ++s) p.pools[s] = random_.coins(pools_[s]);
    p.proteins = halves(proteins_);
    p.mature = halves(mature_);
    for (std::size_t i = 0; i < life.uninserted.size(); ++i) p.uninserted.push_back(coin());
    for (std::size_t i = 0; i < life.insertions.size(); ++i) p.insertions.push_back(coin());

    const std::array<std::int64_t, 3> free{free_rnap_, free_ribosomes_, free_degradosomes_};
    const auto counts = machines();
    p.in_machines.assign(life.in_machines.size(), 0);
    for (std::size_t m = 0; m < free.size(); ++m) {
        p.free_machines[m] = random_.coins(std::max(free[m], std::int64_t{0}));
        p.machines[m] += p.free_machines[m];
        for (const MachinePart& part : layout_->machine_parts[m]) {
            std::int64_t there = 0;
            for (const std::uint32_t g : part.genes) there += life.in_machines[g];
            // Machines that were lent to the cell hold nothing of its own: of those that go, as many as chance has it do.
            std::int64_t going = 0, left = there / part.copies, machines_left = counts[m].total;
            for (std::int64_t i = 0; i < p.machines[m] && left > 0; ++i, --machines_left) {
                const bool own = left >= machines_left ||
                                 random_.uniform() * static_cast<double>(machines_left) < static_cast<double>(left);
                going += own ? 1 : 0;
                left -= own ? 1 : 0;
            }
            going *= part.copies;
            for (const std::uint32_t g : part.genes) {
                // so many of the molecules that go are this gene's, drawn one by one from all that are left
                std::int64_t own = life.in_machines[g];
                std::int64_t& taken = p.in_machines[g];
                if (own == there) {
                    taken = going;
                } else {
                    for (std::int64_t n = going, of = there; n > 0; --n, --of) {
                        if (random_.uniform() * static_cast<double>(of) < static_cast<double>(own)) {
                            ++taken;
                            --own;
                        }
                    }
                }
                there -= life.in_machines[g];
                going -= taken;
            }
        }
    }
    return p;
}

/// Takes a transcript and all that is on it out of the cell. Machines are counted by the caller.
void Cell::forget_transcript(std::uint32_t t) {
    while (transcripts_[t].tail != no_walker) {
        const WalkerId id = transcripts_[t].tail;
        unlink_ribosome(id);
        remove_walker(id);
    }
    close_sites(t);
    if (transcripts_[t].rnap != no_walker) {
        const WalkerId rnap = transcripts_[t].rnap;
        unlink_rnap(rnap);
        remove_walker(rnap);
    } else if (transcripts_[t].front != no_walker) {
        remove_walker(transcripts_[t].front);
    } else {
        remove_waiting(t);
    }
    free_transcript(t);
}

/// Reduces the cell to one side of a partition.
void Cell::keep(const Partition& p, bool daughter) {
    const std::uint8_t mine = daughter ? 1 : 0;
    const auto share = [&](std::int64_t all, std::int64_t gone) { return daughter ? gone : all - gone; };
    for (std::uint32_t t = 0; t < p.transcripts.size(); ++t) {
        if (transcripts_[t].unit != Transcript::none && p.transcripts[t] != mine) forget_transcript(t);
    }
    Life& life = *life_;

    // copies are numbered anew, in the same order, so that RNAPs keep theirs
    std::vector<std::uint32_t> name(life.copies.size(), DnaCopy::none);
    const std::vector<DnaCopy> before = std::exchange(life.copies, {});
    const std::vector<Fork> forks = std::exchange(life.forks, {});
    for (auto& copies : life.by_replicon) copies.clear();
    life.most_copies = 1;
    for (std::uint32_t c = 0; c < before.size(); ++c) {
        if (p.copies[c] != mine) continue;
        name[c] = static_cast<std::uint32_t>(life.copies.size());
        DnaCopy& copy = life.copies.emplace_back(before[c]);
        if (!copy.whole()) copy.parent = name[copy.parent];
        if (copy.ahead != DnaCopy::none) copy.ahead = name[copy.ahead];  // on this side, too: it has the same template
        life.by_replicon[copy.replicon].push_back(name[c]);
        life.most_copies = std::max(life.most_copies, life.by_replicon[copy.replicon].size());
    }
    for (const Fork& fork : forks) {
        if (name[fork.copy] != DnaCopy::none) life.forks.push_back({name[fork.copy], fork.rightward});
    }
    for (const WalkerId id : axis_order_) {
        walker(id).lane = static_cast<std::uint16_t>(name[walker(id).lane]);
        walker(id).limit = walker(id).pos;
    }

    lesions_ = share(lesions_, p.lesions);
    for (std::size_t s = 0; s < p.pools.size(); ++s) pools_[s] = share(pools_[s], p.pools[s]);
    for (std::uint32_t g = 0; g < p.proteins.size(); ++g) {
        const std::int64_t kept = share(proteins_[g], p.proteins[g]);
        if (kinetics_->life.membrane[g] != 0)
            life.membrane_proteins += kept - proteins_[g] + share(life.in_machines[g], p.in_machines[g]) - life.in_machines[g];
        life.in_machines[g] = share(life.in_machines[g], p.in_machines[g]);
        mature_[g] = share(mature_[g], p.mature[g]);
        add_protein(g, kept - proteins_[g]);
    }
    const auto sieve = [mine](auto& all, const std::vector<std::uint8_t>& sides) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < sides.size(); ++i) {
            if (sides[i] == mine) all[kept++] = all[i];
        }
        all.resize(kept);
    };
    sieve(life.uninserted, p.uninserted);
    sieve(life.insertions, p.insertions);
    for (std::size_t m = 0; m < life.complete_sets.size(); ++m) count_complete_sets(m);
}

std::pair<Cell, Cell> Cell::divided() const {
    if (!life_)
        throw InputError(InputErrorKind::runtime, "this cell does not grow, so it cannot divide: create it with cell_cycle=True");
    if (death_ != Death::none) throw InputError(InputErrorKind::runtime, "this cell is dead: it does not divide");
    if (now_ != static_cast<double>(tick_) * tick_s)
        throw InputError(InputErrorKind::runtime, "a cell divides at supply ticks only: the next one is at " +
                                                      std::to_string(static_cast<double>(tick_ + 1) * tick_s) + " s");
    if (!has_two_chromosomes())
        throw InputError(InputErrorKind::runtime,
                         "the cell cannot divide: it has not two whole copies of each chromosome; replicate() runs until then");
    std::int64_t molecules = lesions_;
    const auto pools = resources();
    for (const auto& counts : {std::span<const std::int64_t>{pools}, std::span<const std::int64_t>{proteins_},
                               std::span<const std::int64_t>{mature_}}) {
        for (const std::int64_t n : counts) molecules += n;
    }
    if (molecules > most_tosses)
        throw InputError(InputErrorKind::runtime, "the cell cannot divide: it holds " + std::to_string(molecules) +
                                                      " molecules; one that divides holds at most " + std::to_string(most_tosses));
    Cell mother = replica();
    Cell daughter = mother.split();
    return {std::move(mother), std::move(daughter)};
}

/// Gives one half away.
Cell Cell::split() {
    post_products();
    const Partition partition = draw_partition();
    Cell daughter = fork(std::nullopt);
    const std::array<std::int64_t, 3> free{free_rnap_, free_ribosomes_, free_degradosomes_};
    const std::array<std::int64_t, 3> made = life_->machines_made;
    const auto totals = machines();
    for (Cell* const side : {&daughter, this}) {
        const bool is_daughter = side == &daughter;
        side->keep(partition, is_daughter);
        const std::array<std::int64_t*, 3> places{&side->free_rnap_, &side->free_ribosomes_, &side->free_degradosomes_};
        for (std::size_t m = 0; m < places.size(); ++m) {
            const std::int64_t all = free[m] + totals[m].active, of_organism = all - made[m];
            *places[m] = is_daughter ? partition.free_machines[m] : free[m] - partition.free_machines[m];
            const std::int64_t own = is_daughter ? partition.machines[m] : all - partition.machines[m];
            side->life_->machines_made[m] = own - of_organism;
        }
        ++side->life_->generation;
        side->begin_generation();
        side->refresh_rates();
        side->next_candidate_ = side->now_ + side->random_.exponential() * side->inverse_total_;
    }

    // the daughter's books begin here; the mother's tell what has left
    daughter.steps_ = daughter.steps_posted_ = {};
    daughter.counts_ = {};
    daughter.accepted_ = 0;
    daughter.events_at_tick_ = -1;
    std::fill(daughter.supply_carry_.begin(), daughter.supply_carry_.end(), 0.0);
    daughter.charging_carry_ = {};
    Book& book = daughter.book_;
    book = {};
    book.supply_turns.assign(kinetics_->supply.size(), 0);
    std::copy_n(daughter.pools_.begin(), species::resource_count, book.opening.begin());
    book.opening_polymers = daughter.count_polymers();
    for (std::size_t s = 0; s < species::resource_count; ++s) book_.division_account[s] -= book.opening[s];
    PolymerContent& left = book_.division_polymers;
    for (std::size_t b = 0; b < 4; ++b) left.nucleotides[b] -= book.opening_polymers.nucleotides[b];
    for (std::size_t a = 0; a < amino_acid_count; ++a) left.residues[a] -= book.opening_polymers.residues[a];
    left.deoxynucleotides -= book.opening_polymers.deoxynucleotides;
    ++counts_.divisions;
    return daughter;
}

CycleState Cell::cycle() const noexcept {
    CycleState state;
    state.volume_l = volume_l();
    state.death = death_;
    state.died_s = died_s_;
    state.lesions = lesions_;
    if (death_ != Death::none) state.phase = Phase::dead;
    if (!life_) return state;
    const Life& life = *life_;
    state.grows = true;
    state.phase = death_ != Death::none             ? Phase::dead
                  : life.arrested                   ? Phase::arrested
                  : !life.forks.empty()             ? Phase::C
                  : life.replication_ended_s >= 0.0 ? Phase::D
                                                    : Phase::B;
    state.surface_ratio = surface_ratio();
    constexpr double seconds_per_hour = 3600.0;
    state.growth_rate_per_h = life.growth_rate_per_s * seconds_per_hour;
    state.birth_s = life.birth_s;
    state.replication_began_s = life.replication_began_s;
    state.replication_ended_s = life.replication_ended_s;
    state.generation = life.generation;
    std::int64_t longest = 0;
    for (std::size_t r = 0; r < life.by_replicon.size(); ++r) {
        if (kinetics_->life.origins[r] < 0 || layout_->replicons[r].length_nt <= longest) continue;
        longest = layout_->replicons[r].length_nt;
        state.chromosomes = whole_copies(r);
        state.origins = static_cast<std::int64_t>(life.by_replicon[r].size());
    }
    state.forks = static_cast<std::int64_t>(life.forks.size());
    state.ready_to_divide = ready_to_divide();
    return state;
}

std::vector<std::int64_t> Cell::in_machines() const {
    return life_ ? life_->in_machines : std::vector<std::int64_t>(proteins_.size(), 0);
}

}  // namespace bioxen
