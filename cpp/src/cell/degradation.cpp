#include "cell/step.hpp"

#include <algorithm>

namespace bioxen {

bool Cell::is_protected(const Transcript& transcript) const noexcept {
    if (transcript.tail == no_walker) return false;
    return layout_->reference_mode || walker(transcript.tail).pos < kinetics_->ribosome_footprint_nt;
}

void Cell::initiate_degradation() {
    const double along = random_.uniform() * static_cast<double>(waiting_.size());
    const std::size_t chosen = std::min(static_cast<std::size_t>(along), waiting_.size() - 1);
    const std::uint32_t t = waiting_[chosen];
    if (!kinetics_->unit_decay.empty()) {  // the channel's rate is that of the fastest
        const double fraction = along - static_cast<double>(chosen);
        if (!(fraction < static_cast<double>(kinetics_->unit_decay[transcripts_[t].unit]))) return;
    }
    if (is_protected(transcripts_[t])) return;
    remove_waiting(t);
    close_sites(t);
    transcripts_[t].front = add_walker(degradation_class, new_front(t));
    --free_degradosomes_;
    ++counts_.mrna_decay_initiations;
    ++accepted_;
    refresh_rates();
}

Walker Cell::new_front(std::uint32_t t) const noexcept {
    const UnitLayout& unit = layout_->units[transcripts_[t].unit];
    Walker front;
    front.tape = unit.tape;
    front.transcript = t;
    front.ratio = kinetics_->degradation_ratio;
    front.mask = unit.mask ^ symbol::degradation;
    front.code = static_cast<Symbol>(layout_->dna[unit.tape] ^ front.mask);
    return front;
}

void Cell::front_at_limit(std::size_t i, double fraction) {
    Walker& front = walkers_[degradation_class][i];
    const std::int32_t length = unit_of(front).length_nt;
    const std::int32_t barrier = front_barrier(front);
    if (front.pos + 1 > barrier) return;
    if (front.pos < length - 1) {
        front.limit = std::min(length - 1, barrier);
        (void)try_step(front, degradation_class, fraction);
        return;
    }
    if (!try_step(front, degradation_class, fraction)) return;
    const std::uint32_t t = front.transcript;
    remove_walker(walker_id(degradation_class, i));
    free_transcript(t);
    ++free_degradosomes_;
    ++counts_.mrna_decays;
    ++accepted_;
    refresh_rates();
}

void Cell::add_protein(std::uint32_t gene, std::int64_t change) noexcept {
    proteins_[gene] += change;
    block_proteins_[gene / protein_block] += change;
    total_proteins_ += change;
    if (life_ && layout_->gene_machine[gene] != Layout::no_machine) count_complete_sets(layout_->gene_machine[gene]);
}

void Cell::decay_one_protein() {
    auto along = static_cast<std::int64_t>(random_.uniform() * static_cast<double>(total_proteins_));
    along = std::min(along, total_proteins_ - 1);
    std::size_t block = 0;
    while (along >= block_proteins_[block]) along -= block_proteins_[block++];
    std::size_t gene = block * protein_block;
    while (along >= proteins_[gene]) along -= proteins_[gene++];
    add_protein(static_cast<std::uint32_t>(gene), -1);
    if (life_ && kinetics_->life.membrane[gene] != 0) --life_->membrane_proteins;
    const auto residues = layout_->residues(static_cast<std::uint32_t>(gene));
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        book_.decayed[a] += residues[a];
        release(static_cast<SpeciesIndex>(species::amino_acid + a), residues[a]);
    }
    ++counts_.protein_decays;
    ++accepted_;
    refresh_rates();
}

void Cell::release(SpeciesIndex s, std::int64_t molecules) noexcept {
    if (kinetics_->organism.hold_pools)
        book_.environment_account[s] -= molecules;
    else
        pools_[s] += molecules;
}

}  // namespace bioxen
