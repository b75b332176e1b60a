#include "cell/step.hpp"

#include <algorithm>

namespace bioxen {

void Cell::add_site(std::uint32_t t, std::uint32_t cistron) {
    const std::uint32_t c = layout_->units[transcripts_[t].unit].first_cistron + cistron;
    if (is_knocked_out(layout_->cistrons[c].gene) || is_full(transcripts_[t])) return;
    const std::uint32_t list = list_of(c);
    sites_[list].push_back({t, Transcript::none, Transcript::none, cistron});
    chain_site(site_name(list, sites_[list].size() - 1));
}

void Cell::chain_site(std::uint32_t name) noexcept {
    LoadingSite& site = site_at(name);
    std::uint32_t& first = transcripts_[site.transcript].first_site;
    if (first != Transcript::none) site_at(first).previous = name;
    site.next = first;
    first = name;
}

void Cell::remove_site(std::uint32_t site) {
    const LoadingSite gone = site_at(site);
    if (gone.next != Transcript::none) site_at(gone.next).previous = gone.previous;
    if (gone.previous != Transcript::none)
        site_at(gone.previous).next = gone.next;
    else
        transcripts_[gone.transcript].first_site = gone.next;

    std::vector<LoadingSite>& list = sites_[site / list_bit];
    const std::uint32_t last = (site & list_bit) | static_cast<std::uint32_t>(list.size() - 1);
    if (site != last) {
        const LoadingSite moved = list.back();
        site_at(site) = moved;
        if (moved.next != Transcript::none) site_at(moved.next).previous = site;
        if (moved.previous != Transcript::none)
            site_at(moved.previous).next = site;
        else
            transcripts_[moved.transcript].first_site = site;
    }
    list.pop_back();
}

void Cell::close_sites(std::uint32_t t) {
    while (transcripts_[t].first_site != Transcript::none) remove_site(transcripts_[t].first_site);
}

bool Cell::find_place(const LoadingSite& site, WalkerId& ahead, WalkerId& behind) const noexcept {
    const Transcript& transcript = transcripts_[site.transcript];
    const UnitLayout& unit = layout_->units[transcript.unit];
    const Cistron& cistron = layout_->cistrons[unit.first_cistron + site.cistron];
    if (is_knocked_out(cistron.gene)) return false;
    const std::int32_t start = layout_->runs[cistron.first_run].start_nt;
    const std::int32_t footprint = kinetics_->ribosome_footprint_nt;
    behind = no_walker;
    for (ahead = transcript.tail; ahead != no_walker && walker(ahead).pos < start; ahead = walker(ahead).ahead)
        behind = ahead;
    return (ahead == no_walker || walker(ahead).pos - start >= footprint) &&
           (behind == no_walker || start - walker(behind).pos >= footprint);
}

void Cell::initiate_translation(std::size_t list) {
    const double along = random_.uniform() * static_cast<double>(sites_[list].size());
    const auto chosen = std::min(static_cast<std::size_t>(along), sites_[list].size() - 1);
    const LoadingSite site = sites_[list][chosen];
    Transcript& transcript = transcripts_[site.transcript];
    const std::uint32_t c = layout_->units[transcript.unit].first_cistron + site.cistron;
    const Cistron& cistron = layout_->cistrons[c];
    if (is_knocked_out(cistron.gene)) {
        remove_site(site_name(static_cast<std::uint32_t>(list), chosen));
        refresh_rates();
        return;
    }
    const double fraction = along - static_cast<double>(chosen);
    if (list == 1) {
        if (!(fraction * kinetics_->fixed_initiation_bound_per_s < kinetics_->fixed_initiation_per_s[c])) return;
    } else if (!kinetics_->cistron_loading.empty() && !(fraction < static_cast<double>(kinetics_->cistron_loading[c]))) {
        return;  // the channel's rate is that of the most frequent
    }
    WalkerId ahead = no_walker, behind = no_walker;
    if (!find_place(site, ahead, behind)) return;
    Walker ribosome = new_ribosome(site.transcript, site.cistron);
    ribosome.ahead = ahead;
    ribosome.behind = behind;
    const WalkerId id = add_walker(ribosome_class, ribosome);
    if (ahead != no_walker) walker(ahead).behind = id;
    if (behind != no_walker) {
        walker(behind).ahead = id;
        walker(behind).limit = walker(behind).pos;
    } else {
        transcript.tail = id;
    }
    ++transcript.ribosomes;
    if (is_full(transcript)) close_sites(site.transcript);
    --free_ribosomes_;
    ++counts_.translation_initiations;
    ++accepted_;
    refresh_rates();
}

void Cell::unlink_ribosome(WalkerId id) {
    const Walker& gone = walker(id);
    Transcript& transcript = transcripts_[gone.transcript];
    if (gone.ahead != no_walker) walker(gone.ahead).behind = gone.behind;
    if (gone.behind != no_walker)
        walker(gone.behind).ahead = gone.ahead;
    else
        transcript.tail = gone.ahead;
    const bool was_full = is_full(transcript);
    --transcript.ribosomes;
    ++free_ribosomes_;
    if (was_full && transcript.front == no_walker) {
        for (std::uint32_t cistron = 0; cistron < transcript.next_cistron; ++cistron) add_site(gone.transcript, cistron);
    }
}

Walker Cell::new_ribosome(std::uint32_t t, std::uint32_t c) const noexcept {
    const Cistron& cistron = layout_->cistrons[layout_->units[transcripts_[t].unit].first_cistron + c];
    Walker ribosome;
    ribosome.pos = ribosome.limit = layout_->runs[cistron.first_run].start_nt;
    ribosome.tape = cistron.tape;
    ribosome.transcript = t;
    ribosome.ratio = kinetics_->codon_ratio;
    ribosome.lane = static_cast<std::uint16_t>(c);
    ribosome.code = static_cast<Symbol>(layout_->codons[cistron.tape]);
    return ribosome;
}

std::int32_t Cell::position_after(const Cistron& cistron, std::uint32_t done) const noexcept {
    const CodonRun* run = &layout_->runs[cistron.first_run];
    const CodonRun* const last = run + cistron.run_count - 1;
    for (; run != last && done >= run->codons(); ++run) done -= run->codons();
    return run->start_nt + 3 * static_cast<std::int32_t>(done);
}

Cell::NextCodon Cell::next_codon(const Walker& ribosome) const noexcept {
    const Cistron& cistron = cistron_of(ribosome);
    std::uint32_t done = ribosome.tape - cistron.tape;
    const CodonRun* run = &layout_->runs[cistron.first_run];
    const CodonRun* const last = run + cistron.run_count - 1;
    for (; run != last && done >= run->codons(); ++run) done -= run->codons();
    if (run == last) return {ribosome.pos + 3, run->end_nt};
    // A ribosome that makes a run's last codon steps to the first of the next, which may lie further or nearer.
    const std::int32_t limit = run->end_nt - 3;
    return {ribosome.pos == limit ? run[1].start_nt : ribosome.pos + 3, limit};
}

void Cell::ribosome_at_limit(std::size_t i, double fraction) {
    Walker& ribosome = walkers_[ribosome_class][i];
    if (ribosome.code == Symbol{symbol::release}) {
        if (!(fraction < static_cast<double>(release_ratio(ribosome)))) return;
        finish_protein(cistron_of(ribosome).gene);
        const WalkerId id = walker_id(ribosome_class, i);
        unlink_ribosome(id);
        remove_walker(id);
        ++counts_.translation_completions;
        ++accepted_;
        refresh_rates();
        return;
    }
    const std::int32_t barrier = ribosome_barrier(ribosome);  // the next position must not exceed it
    const NextCodon next = next_codon(ribosome);
    if (next.start_nt > barrier) return;
    if (ribosome.pos == next.run_limit) {
        if (try_step(ribosome, ribosome_class, fraction)) ribosome.pos = ribosome.limit = next.start_nt;
        return;
    }
    ribosome.limit = std::min(next.run_limit, barrier - 2);
    (void)try_step(ribosome, ribosome_class, fraction);
}

void Cell::drop_ribosomes(std::uint32_t t) {
    while (transcripts_[t].tail != no_walker) {
        const WalkerId id = transcripts_[t].tail;
        const Cistron& cistron = cistron_of(walker(id));
        for (std::uint32_t at = cistron.tape; at < walker(id).tape; ++at) {
            const auto a = static_cast<std::size_t>(layout_->codons[at] - symbol::codon);
            ++book_.released_unfinished[a];
            release(static_cast<SpeciesIndex>(species::amino_acid + a), 1);
        }
        unlink_ribosome(id);
        remove_walker(id);
        ++counts_.translation_aborts;
    }
}

}  // namespace bioxen
