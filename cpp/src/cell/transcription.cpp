#include "cell/step.hpp"

#include <algorithm>
#include <limits>

namespace bioxen {

bool Cell::may_initiate(std::uint32_t u, std::uint32_t copy) const noexcept {
    constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();
    const std::int32_t most = kinetics_->unit_max_rnap[u];
    return (promoter_closed_.empty() || promoter_closed_[u] == 0) && (restricted_.empty() || restricted_[u] == 0) &&
           promoter_is_clear(u, copy) && (most == unlimited || rnaps_on(u, copy) < most);
}

void Cell::initiate_transcription() {
    const std::uint32_t u = kinetics_->promoters.draw(random_.uniform());
    std::uint32_t copy = 0;
    if (life_) {
        // The channel's rate is that of as many copies as any replicon has: of those that are not there, none initiates.
        const auto& copies = life_->by_replicon[layout_->units[u].replicon];
        const auto chosen = life_->most_copies == 1
                                ? std::size_t{0}
                                : static_cast<std::size_t>(random_.uniform() * static_cast<double>(life_->most_copies));
        if (chosen >= copies.size()) return;
        copy = copies[chosen];
    }
    if (!may_initiate(u, copy)) return;
    const std::uint32_t t = new_transcript(u);
    const WalkerId id = add_walker(kinetics_->unit_class[u], new_rnap(t, copy));
    transcripts_[t].rnap = id;
    link_rnap(id);
    --free_rnap_;
    ++counts_.transcription_initiations;
    ++accepted_;
    refresh_rates();
}

Walker Cell::new_rnap(std::uint32_t t, std::uint32_t copy) const noexcept {
    const std::uint32_t u = transcripts_[t].unit;
    const UnitLayout& unit = layout_->units[u];
    Walker rnap;
    rnap.tape = unit.tape;
    rnap.transcript = t;
    rnap.ratio = kinetics_->unit_ratio[u];
    rnap.lane = static_cast<std::uint16_t>(copy);
    rnap.mask = unit.mask;
    rnap.code = static_cast<Symbol>(layout_->dna[unit.tape] ^ unit.mask);
    return rnap;
}

std::int32_t Cell::next_opening(const Transcript& transcript) const noexcept {
    const UnitLayout& unit = layout_->units[transcript.unit];
    if (layout_->reference_mode || transcript.next_cistron >= unit.cistron_count) return unit.length_nt;
    const Cistron& cistron = layout_->cistrons[unit.first_cistron + transcript.next_cistron];
    return std::min(layout_->runs[cistron.first_run].start_nt + kinetics_->ribosome_footprint_nt, unit.length_nt);
}

void Cell::open_sites(std::uint32_t t, std::int32_t made_nt) {
    const UnitLayout& unit = layout_->units[transcripts_[t].unit];
    const bool whole = made_nt == unit.length_nt;
    while (transcripts_[t].next_cistron < unit.cistron_count && (whole || next_opening(transcripts_[t]) <= made_nt))
        add_site(t, transcripts_[t].next_cistron++);
}

void Cell::rnap_at_limit(std::size_t cls, std::size_t i, double fraction) {
    Walker& rnap = walkers_[cls][i];
    const std::uint32_t t = rnap.transcript;
    const RnapRoom room = rnap_room(rnap);
    if (room.steps <= 0) {
        // Two that have met stand still; each falls off at its own rate, drawn by thinning its candidates.
        const double bound = kinetics_->class_bound_per_s[cls];
        if (room.opposite != no_walker && fraction * bound < kinetics_->organism.head_on_dissociation_per_s) {
            ++counts_.head_on_dissociations;
            abort_transcript(t);
        }
        return;
    }
    const std::int32_t length = layout_->units[transcripts_[t].unit].length_nt;
    // the step away from `special` makes something happen: a site opens, or the transcript is whole
    const std::int32_t special = std::min(length, next_opening(transcripts_[t])) - 1;
    const std::int64_t wanted = room.opposite == no_walker ? room.steps : (room.steps + 1) / 2;
    const auto steps =
        static_cast<std::int32_t>(std::min<std::int64_t>(wanted, std::max(special - rnap.pos, 1)));
    if (room.opposite != no_walker) {
        // what this one may take without looking, the other one may not
        Walker& other = walker(room.opposite);
        other.limit = static_cast<std::int32_t>(std::min<std::int64_t>(other.limit, other.pos + room.steps - steps));
    }
    if (rnap.pos < special) {
        rnap.limit = rnap.pos + steps;
        (void)try_step(rnap, cls, fraction);
        return;
    }
    if (!try_step(rnap, cls, fraction)) return;
    rnap.limit = rnap.pos;
    if (rnap.pos == length) {
        complete_transcript(t);
        return;
    }
    open_sites(t, rnap.pos);
    refresh_rates();
}

void Cell::complete_transcript(std::uint32_t t) {
    Transcript& transcript = transcripts_[t];
    const std::uint32_t u = transcript.unit;
    const UnitLayout& unit = layout_->units[u];
    const WalkerId rnap = transcript.rnap;
    unlink_rnap(rnap);
    remove_walker(rnap);
    transcript.rnap = no_walker;
    ++free_rnap_;
    ++counts_.transcription_completions;
    ++accepted_;
    if (unit.stable) {
        constexpr std::array<SpeciesIndex, 4> monophosphate{species::AMP, species::CMP, species::GMP, species::UMP};
        for (std::uint32_t g = 0; g < unit.gene_count; ++g) mature_rna(layout_->unit_genes[unit.first_gene + g].gene);
        for (std::size_t b = 0; b < 4; ++b) {
            book_.processed[b] += unit.spacer_nt[b];
            release(monophosphate[b], unit.spacer_nt[b]);
        }
        free_transcript(t);
    } else {
        open_sites(t, unit.length_nt);
        add_waiting(t);
    }
    refresh_rates();
}

void Cell::abort_transcript(std::uint32_t t) {
    constexpr std::array<SpeciesIndex, 4> monophosphate{species::AMP, species::CMP, species::GMP, species::UMP};
    const WalkerId rnap = transcripts_[t].rnap;
    const auto made = layout_->nucleotides(layout_->units[transcripts_[t].unit], 0, walker(rnap).pos);
    for (std::size_t b = 0; b < 4; ++b) {
        book_.aborted[b] += made[b];
        release(monophosphate[b], made[b]);
    }
    drop_ribosomes(t);
    close_sites(t);
    unlink_rnap(rnap);
    remove_walker(rnap);
    free_transcript(t);
    ++free_rnap_;
    ++counts_.transcription_aborts;
    ++accepted_;
    refresh_rates();
}

std::uint32_t Cell::new_transcript(std::uint32_t u) {
    std::uint32_t t = free_transcript_;
    if (t == Transcript::none) {
        t = static_cast<std::uint32_t>(transcripts_.size());
        transcripts_.emplace_back();
    } else {
        free_transcript_ = transcripts_[t].waiting_slot;
        transcripts_[t] = Transcript{};
    }
    transcripts_[t].unit = u;
    ++unit_transcripts_[u];
    return t;
}

void Cell::free_transcript(std::uint32_t t) {
    --unit_transcripts_[transcripts_[t].unit];
    transcripts_[t] = Transcript{};
    transcripts_[t].waiting_slot = free_transcript_;
    free_transcript_ = t;
}

void Cell::add_waiting(std::uint32_t t) {
    transcripts_[t].waiting_slot = static_cast<std::uint32_t>(waiting_.size());
    waiting_.push_back(t);
}

void Cell::remove_waiting(std::uint32_t t) {
    const std::uint32_t slot = transcripts_[t].waiting_slot;
    waiting_[slot] = waiting_.back();
    transcripts_[waiting_[slot]].waiting_slot = slot;
    waiting_.pop_back();
    transcripts_[t].waiting_slot = Transcript::none;
}

}  // namespace bioxen
