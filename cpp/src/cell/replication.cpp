#include "cell/cell.hpp"

#include <algorithm>
#include <limits>

namespace bioxen {

namespace {

/// What stands opposite a base and beside it, in the order A C G T.
constexpr std::array<SpeciesIndex, 4> deoxytriphosphate{species::dATP, species::dCTP, species::dGTP, species::dTTP};

/// How far along a circle a place is that lies `distance` ahead: at least 0, less than a turn.
std::int64_t remainder(std::int64_t distance, std::int64_t turn) noexcept {
    const std::int64_t rest = distance % turn;
    return rest < 0 ? rest + turn : rest;
}

}  // namespace

void Cell::add_copy(const DnaCopy& made) {
    Life& life = *life_;
    const auto copy = static_cast<std::uint32_t>(life.copies.size());
    life.copies.push_back(made);
    life.copies[copy].ahead = ahead_of(copy);
    life.by_replicon[made.replicon].push_back(copy);
    life.most_copies = std::max(life.most_copies, life.by_replicon[made.replicon].size());
    if (made.whole()) return;
    for (const bool rightward : {false, true}) {
        // the end of a linear replicon may be its origin: to that side nothing is to be done
        if (const Fork fork{copy, rightward}; !at_end(fork)) life.forks.push_back(fork);
    }
}

std::int64_t Cell::from_cut_of(const Fork& fork) const noexcept {
    const DnaCopy& copy = life_->copies[fork.copy];
    const std::int64_t length = layout_->replicons[copy.replicon].length_nt, origin = kinetics_->life.origins[copy.replicon];
    const std::int64_t at = fork.rightward ? origin + copy.right : origin - 1 - copy.left;
    return at < 0 ? at + length : at >= length ? at - length : at;
}

bool Cell::holds(const DnaCopy& copy, std::int64_t from_cut, std::int64_t length_nt) const noexcept {
    if (copy.whole()) return true;
    const Replicon& replicon = layout_->replicons[copy.replicon];
    std::int64_t from_left_fork = from_cut - (kinetics_->life.origins[copy.replicon] - copy.left);
    if (replicon.circular) from_left_fork = remainder(from_left_fork, replicon.length_nt);
    return from_left_fork >= 0 && from_left_fork + length_nt <= copy.left + copy.right;
}

std::int64_t Cell::fork_room(const Fork& fork) const noexcept {
    const DnaCopy& copy = life_->copies[fork.copy];
    const Replicon& replicon = layout_->replicons[copy.replicon];
    const std::int64_t origin = kinetics_->life.origins[copy.replicon];
    const std::int64_t done = fork.rightward ? copy.right : copy.left;
    std::int64_t room = replicon.circular ? replicon.length_nt - copy.left - copy.right
                        : fork.rightward  ? replicon.length_nt - origin - copy.right
                                          : origin - copy.left;
    if (copy.ahead != DnaCopy::none) {
        const DnaCopy& other = life_->copies[copy.ahead];
        room = std::min(room, (fork.rightward ? other.right : other.left) - done);
    }
    return room;
}

/// A later round follows an earlier one on the same template, and does not pass its forks. Of all that are ahead of a copy
/// the nearest is the one to mind: those before it do not pass one another either.
std::uint32_t Cell::ahead_of(std::uint32_t copy) const noexcept {
    const std::vector<DnaCopy>& copies = life_->copies;
    const std::uint32_t parent = copies[copy].parent;
    if (parent == DnaCopy::none) return DnaCopy::none;
    const std::vector<std::uint32_t>& same = life_->by_replicon[copies[copy].replicon];
    for (auto c = std::lower_bound(same.begin(), same.end(), copy); c != same.begin();) {
        if (copies[*--c].parent == parent) return *c;
    }
    return copies[parent].whole() ? DnaCopy::none : parent;
}

void Cell::initiate_replication() {
    Life& life = *life_;
    life.replication_due_s = std::numeric_limits<double>::infinity();
    const std::size_t before = life.copies.size();
    for (std::uint32_t r = 0; r < life.by_replicon.size(); ++r) {
        if (kinetics_->life.origins[r] < 0 || has_own_control(r)) continue;
        const std::vector<std::uint32_t> templates = life.by_replicon[r];
        for (const std::uint32_t copy : templates) {
            if (is_full_of(r)) break;
            add_copy({r, copy});
        }
    }
    if (life.copies.size() == before) return;
    life.replication_began_s = now_;
    counts_.replication_initiations += static_cast<std::int64_t>(life.copies.size() - before);
    look_out_for_forks();
}

bool Cell::is_full_of(std::size_t replicon) const noexcept {
    return life_->by_replicon[replicon].size() >= static_cast<std::size_t>(most_dna_copies) ||
           life_->copies.size() >= most_dna_copies_in_all;
}

bool Cell::has_own_control(std::size_t replicon) const noexcept {
    return kinetics_->organism.cell_cycle.doubling_time_s > 0.0 && kinetics_->life.copies[replicon] > 1;
}

/// Plasmids in balanced growth: as many as the cell should be born with begin to be copied in each doubling time, one by
/// one, at a rate that does not depend on how many there are, so that losses and gains of a partition even out. Copies at
/// birth come to be Poisson with that mean: that of n + Poisson(N) half go, and a Poisson number halves into a Poisson
/// number. A plasmid of which no copy is left is lost.
void Cell::replicate_plasmids() {
    Life& life = *life_;
    const double doublings = tick_s * pace_ / kinetics_->organism.cell_cycle.doubling_time_s;
    const std::size_t before = life.copies.size();
    for (std::uint32_t r = 0; r < life.by_replicon.size(); ++r) {
        if (kinetics_->life.origins[r] < 0 || !has_own_control(r) || life.by_replicon[r].empty()) continue;
        const double mean = static_cast<double>(kinetics_->life.copies[r]) * doublings;
        for (std::int64_t n = random_.poisson(mean); n > 0 && !is_full_of(r); --n) {
            const auto& there = life.by_replicon[r];
            const auto chosen = static_cast<std::size_t>(random_.uniform() * static_cast<double>(there.size()));
            add_copy({r, there[std::min(chosen, there.size() - 1)]});
        }
    }
    if (life.copies.size() == before) return;
    counts_.replication_initiations += static_cast<std::int64_t>(life.copies.size() - before);
    look_out_for_forks();
}

void Cell::look_out_for_forks() {
    // a promoter beside an origin may be under a fork now: nothing that an RNAP worked out before holds
    for (const WalkerId id : axis_order_) walker(id).limit = walker(id).pos;
}

void Cell::copy_next_base() {
    Life& life = *life_;
    const double along = random_.uniform() * static_cast<double>(life.forks.size());
    const std::size_t chosen = std::min(static_cast<std::size_t>(along), life.forks.size() - 1);
    const Fork fork = life.forks[chosen];
    if (fork_room(fork) <= 0) return;
    DnaCopy& copy = life.copies[fork.copy];
    const Replicon& replicon = layout_->replicons[copy.replicon];
    const std::uint8_t base = layout_->dna[replicon.tape + static_cast<std::size_t>(from_cut_of(fork))];
    std::int64_t& read = pools_[deoxytriphosphate[base]];
    std::int64_t& opposite = pools_[deoxytriphosphate[3 - base]];
    const auto present = static_cast<double>(read);
    const double half = kinetics_->life.fork_half_saturation * life.volume_ratio;
    const double fraction = along - static_cast<double>(chosen);
    if (!(fraction * (half + present) < present) || opposite < 1 || pools_[species::ATP] < 1) return;
    clear_way(fork);
    --read;
    --opposite;
    --pools_[species::ATP];
    ++pools_[species::ADP];
    ++pools_[species::Pi];
    pools_[species::PPi] += 2;
    ++book_.replicated[base];
    ++counts_.replication_steps;
    ++accepted_;
    ++(fork.rightward ? copy.right : copy.left);
    if (at_end(fork)) finish_fork(chosen);
}

bool Cell::may_copy(const Fork& fork) const noexcept {
    if (fork_room(fork) <= 0) return false;
    const std::size_t tape = layout_->replicons[life_->copies[fork.copy].replicon].tape;
    const std::uint8_t base = layout_->dna[tape + static_cast<std::size_t>(from_cut_of(fork))];
    return pools_[deoxytriphosphate[base]] >= 1 && pools_[deoxytriphosphate[3 - base]] >= 1 && pools_[species::ATP] >= 1;
}

bool Cell::at_end(const Fork& fork) const noexcept {
    const DnaCopy& copy = life_->copies[fork.copy];
    const Replicon& replicon = layout_->replicons[copy.replicon];
    if (replicon.circular) return copy.left + copy.right == replicon.length_nt;
    const std::int64_t origin = kinetics_->life.origins[copy.replicon];
    return fork.rightward ? copy.right == replicon.length_nt - origin : copy.left == origin;
}

/// A fork has come to the end of its DNA, or to the other fork.
void Cell::finish_fork(std::size_t chosen) {
    Life& life = *life_;
    const std::uint32_t c = life.forks[chosen].copy;
    DnaCopy& copy = life.copies[c];
    if (layout_->replicons[copy.replicon].circular)
        std::erase_if(life.forks, [c](const Fork& f) { return f.copy == c; });
    else
        life.forks.erase(life.forks.begin() + static_cast<std::ptrdiff_t>(chosen));
    const bool open = std::any_of(life.forks.begin(), life.forks.end(), [c](const Fork& f) { return f.copy == c; });
    if (!open) {
        copy.parent = DnaCopy::none;
        copy.left = copy.right = 0;
        copy.ahead = DnaCopy::none;
        for (const std::uint32_t other : life.by_replicon[copy.replicon]) {
            if (life.copies[other].ahead == c) life.copies[other].ahead = DnaCopy::none;  // it was ahead of all
        }
        copy.ended_s = now_;
        if (!has_own_control(copy.replicon)) {
            life.replication_ended_s = now_;
            life.division_lag_s = 0.0;
        }
        ++counts_.replication_terminations;
    }
    refresh_rates();
}

/// A replisome pushes off the RNAPs in its way, whichever way they go (Pomerantz and O'Donnell, Nature 456:762, 2008,
/// co-directional; Science 327:590, 2010, head-on): their transcripts are lost. Those that follow a fork wait behind it.
void Cell::clear_way(const Fork& fork) {
    if (layout_->reference_mode) return;
    const Replicon& replicon = layout_->replicons[life_->copies[fork.copy].replicon];
    const std::int64_t at = from_cut_of(fork);
    if (!replicon.circular) return clear_way(fork, at);
    // What is ahead on a circle may stand beyond its cut, and where units go on over the end, a turn further on the axis.
    const std::int64_t turn = replicon.length_nt, end = replicon.tape_nt;
    for (std::int64_t place = fork.rightward ? at - turn : at; place < (fork.rightward ? end : end + turn); place += turn)
        clear_way(fork, place);
}

void Cell::clear_way(const Fork& fork, std::int64_t place) {
    const DnaCopy& copy = life_->copies[fork.copy];
    const Replicon& replicon = layout_->replicons[copy.replicon];
    const std::int64_t footprint = kinetics_->organism.rnap_footprint_nt;
    const std::int64_t direction = fork.rightward ? 1 : -1;
    const std::int64_t cut = replicon.axis + std::int64_t{copy.parent} * layout_->axis_length;
    const std::int64_t next = cut + place + direction;
    for (;;) {
        WalkerId nearest = no_walker;
        if (fork.rightward) {
            const std::size_t slot = axis_slot(cut + std::max<std::int64_t>(place, 0));
            if (slot < axis_order_.size()) nearest = axis_order_[slot];
        } else {
            const std::size_t slot = axis_slot(cut + std::min(place + 1, replicon.tape_nt));
            if (slot > 0) nearest = axis_order_[slot - 1];
        }
        if (nearest == no_walker) return;
        Walker& rnap = walker(nearest);
        if (rnap.lane != copy.parent || unit_of(rnap).replicon != copy.replicon) return;
        const std::int64_t room = direction * (axis_of(rnap) - next) - footprint;
        if (room >= 0) {
            const bool towards = unit_of(rnap).direction() != direction;
            if (towards) rnap.limit = static_cast<std::int32_t>(std::min<std::int64_t>(rnap.limit, rnap.pos + room));
            return;
        }
        ++counts_.replication_displacements;
        abort_transcript(rnap.transcript);
    }
}

std::int64_t Cell::room_to_fork(const Walker& rnap) const noexcept {
    std::int64_t room = std::numeric_limits<std::int32_t>::max();
    if (!life_ || life_->forks.empty() || layout_->reference_mode) return room;
    const UnitLayout& unit = unit_of(rnap);
    const Replicon& replicon = layout_->replicons[unit.replicon];
    const std::int64_t at = unit.axis + std::int64_t{unit.direction()} * rnap.pos;
    for (const Fork& fork : life_->forks) {
        const DnaCopy& copy = life_->copies[fork.copy];
        if (copy.replicon != unit.replicon || (copy.parent != rnap.lane && fork.copy != rnap.lane)) continue;
        std::int64_t distance = unit.direction() * (replicon.axis + from_cut_of(fork) - at);
        if (replicon.circular) distance = remainder(distance, replicon.length_nt);
        if (distance >= 0) room = std::min(room, distance - kinetics_->organism.rnap_footprint_nt);
    }
    return room;
}

bool Cell::fork_is_near(std::uint32_t copy, const UnitLayout& unit) const noexcept {
    const Replicon& replicon = layout_->replicons[unit.replicon];
    const std::int64_t footprint = kinetics_->organism.rnap_footprint_nt;
    for (const Fork& fork : life_->forks) {
        if (life_->copies[fork.copy].parent != copy && fork.copy != copy) continue;
        const std::int64_t ahead = replicon.axis + from_cut_of(fork) - unit.axis;
        const std::int64_t near =
            replicon.circular ? std::min(remainder(ahead, replicon.length_nt), remainder(-ahead, replicon.length_nt))
                              : std::max(ahead, -ahead);
        if (near < footprint) return true;
    }
    return false;
}

std::vector<std::int64_t> Cell::gene_copies() const {
    std::vector<std::int64_t> copies(layout_->gene_unit.size(), 0);
    for (const UnitLayout& unit : layout_->units) {
        for (std::uint32_t i = 0; i < unit.gene_count; ++i) {
            const UnitGene& gene = layout_->unit_genes[unit.first_gene + i];
            if (!life_) {
                copies[gene.gene] = 1;
                continue;
            }
            const std::int64_t first = static_cast<std::int64_t>(unit.tape) - layout_->replicons[unit.replicon].tape;
            const std::int64_t leftmost = unit.direction() > 0 ? first + gene.start_nt : first - (gene.end_nt - 1);
            for (const std::uint32_t c : life_->by_replicon[unit.replicon])
                copies[gene.gene] += holds(life_->copies[c], leftmost, gene.end_nt - gene.start_nt) ? 1 : 0;
        }
    }
    return copies;
}

}  // namespace bioxen
