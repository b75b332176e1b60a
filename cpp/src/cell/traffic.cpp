#include "cell/cell.hpp"

#include <algorithm>
#include <limits>

namespace bioxen {

WalkerId Cell::add_walker(std::size_t cls, const Walker& added) {
    walkers_[cls].push_back(added);
    return walker_id(cls, walkers_[cls].size() - 1);
}

void Cell::remove_walker(WalkerId id) {
    const std::size_t cls = walker_class(id);
    std::vector<Walker>& members = walkers_[cls];
    const WalkerId last = walker_id(cls, members.size() - 1);
    if (id != last) {
        // the last one moves into the gap, and whoever knew it is told
        const Walker& moved = members.back();
        Transcript& transcript = transcripts_[moved.transcript];
        if (cls == degradation_class) {
            transcript.front = id;
        } else {
            if (moved.ahead != no_walker) walker(moved.ahead).behind = id;
            if (moved.behind != no_walker) walker(moved.behind).ahead = id;
            if (cls == ribosome_class) {
                if (transcript.tail == last) transcript.tail = id;
            } else {
                transcript.rnap = id;
                axis_order_[axis_slot(axis_of(moved))] = id;
            }
        }
        members[walker_index(id)] = moved;
    }
    members.pop_back();
}

std::int64_t Cell::axis_of(const Walker& rnap) const noexcept {
    const UnitLayout& unit = unit_of(rnap);
    return unit.axis + std::int64_t{unit.direction()} * rnap.pos + std::int64_t{rnap.lane} * layout_->axis_length;
}

std::size_t Cell::axis_slot(std::int64_t axis) const noexcept {
    const auto at = std::lower_bound(axis_order_.begin(), axis_order_.end(), axis,
                                     [&](WalkerId id, std::int64_t a) { return axis_of(walker(id)) < a; });
    return static_cast<std::size_t>(at - axis_order_.begin());
}

bool Cell::promoter_is_clear(std::uint32_t u, std::uint32_t copy) const noexcept {
    const UnitLayout& unit = layout_->units[u];
    const std::int64_t at = unit.axis + std::int64_t{copy} * layout_->axis_length;
    if (life_ && !life_->forks.empty()) {
        const DnaCopy& dna = life_->copies[copy];
        const std::int64_t first = static_cast<std::int64_t>(unit.tape) - layout_->replicons[unit.replicon].tape;
        if (layout_->reference_mode) {
            // An RNAP does not see forks there, and a unit's axis is not its place on the DNA: it must all be there.
            const std::int64_t leftmost = unit.direction() > 0 ? first : first - (unit.length_nt - 1);
            if (!holds(dna, leftmost, unit.length_nt)) return false;
        } else if (!holds(dna, first, 1) || fork_is_near(copy, unit)) {
            return false;
        }
    }
    const std::int64_t clearance = kinetics_->unit_clearance_nt[u];
    const std::int64_t footprint = kinetics_->organism.rnap_footprint_nt;
    // A wider clearance than the footprint holds among the unit's own RNAPs; others only need their footprint.
    const auto room = [&](WalkerId id) {
        const Walker& neighbour = walker(id);
        const std::int64_t distance = axis_of(neighbour) - at;
        const bool own = transcripts_[neighbour.transcript].unit == u;
        return (distance < 0 ? -distance : distance) >= (own ? clearance : footprint);
    };
    const std::size_t slot = axis_slot(at);
    return (slot == axis_order_.size() || room(axis_order_[slot])) && (slot == 0 || room(axis_order_[slot - 1]));
}

std::int32_t Cell::rnaps_on(std::uint32_t u, std::uint32_t copy) const noexcept {
    const UnitLayout& unit = layout_->units[u];
    const std::int64_t promoter = unit.axis + std::int64_t{copy} * layout_->axis_length;
    const std::int64_t last = promoter + std::int64_t{unit.direction()} * (unit.length_nt - 1);
    std::int32_t count = 0;
    for (std::size_t slot = axis_slot(std::min(promoter, last)); slot < axis_order_.size(); ++slot) {
        const Walker& rnap = walker(axis_order_[slot]);
        if (axis_of(rnap) > std::max(promoter, last)) break;
        count += transcripts_[rnap.transcript].unit == u ? 1 : 0;
    }
    return count;
}

void Cell::link_rnap(WalkerId id) {
    const std::size_t slot = axis_slot(axis_of(walker(id)));
    const WalkerId right = slot < axis_order_.size() ? axis_order_[slot] : no_walker;
    const WalkerId left = slot > 0 ? axis_order_[slot - 1] : no_walker;
    axis_order_.insert(axis_order_.begin() + static_cast<std::ptrdiff_t>(slot), id);
    walker(id).ahead = right;
    walker(id).behind = left;
    // whatever the neighbours had worked out does not know the newcomer
    if (right != no_walker) {
        walker(right).behind = id;
        walker(right).limit = walker(right).pos;
    }
    if (left != no_walker) {
        walker(left).ahead = id;
        walker(left).limit = walker(left).pos;
    }
}

void Cell::unlink_rnap(WalkerId id) {
    const Walker& gone = walker(id);
    axis_order_.erase(axis_order_.begin() + static_cast<std::ptrdiff_t>(axis_slot(axis_of(gone))));
    if (gone.ahead != no_walker) walker(gone.ahead).behind = gone.behind;
    if (gone.behind != no_walker) walker(gone.behind).ahead = gone.ahead;
}

Cell::RnapRoom Cell::rnap_room(const Walker& rnap) const noexcept {
    const int direction = unit_of(rnap).direction();
    const WalkerId neighbour = direction > 0 ? rnap.ahead : rnap.behind;
    const std::int64_t to_fork = room_to_fork(rnap);
    if (neighbour == no_walker) return {to_fork, no_walker};
    const Walker& other = walker(neighbour);
    const std::int64_t distance = std::int64_t{direction} * (axis_of(other) - axis_of(rnap));
    const std::int64_t room = distance - kinetics_->organism.rnap_footprint_nt;
    if (to_fork < room) return {to_fork, no_walker};
    return {room, unit_of(other).direction() == direction ? no_walker : neighbour};
}

std::int32_t Cell::ribosome_barrier(const Walker& ribosome) const noexcept {
    const WalkerId neighbour =
        ribosome.ahead != no_walker ? ribosome.ahead : transcripts_[ribosome.transcript].rnap;
    if (neighbour == no_walker) return std::numeric_limits<std::int32_t>::max();
    return walker(neighbour).pos - kinetics_->ribosome_footprint_nt;
}

std::int32_t Cell::front_barrier(const Walker& front) const noexcept {
    const WalkerId neighbour = transcripts_[front.transcript].tail;
    if (neighbour == no_walker) return std::numeric_limits<std::int32_t>::max();
    return walker(neighbour).pos - kinetics_->ribosome_footprint_nt;
}

}  // namespace bioxen
