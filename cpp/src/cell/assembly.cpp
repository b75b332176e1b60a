#include "cell/cell.hpp"

#include <algorithm>
#include <limits>

namespace bioxen {

void Cell::count_complete_sets(std::size_t machine) noexcept {
    const std::vector<MachinePart>& parts = layout_->machine_parts[machine];
    std::int64_t sets = parts.empty() ? 0 : std::numeric_limits<std::int64_t>::max();
    for (const MachinePart& part : parts) {
        std::int64_t there = 0;
        for (const std::uint32_t g : part.genes) there += proteins_[g] + mature_[g];
        sets = std::min(sets, there / part.copies);
        if (sets == 0) break;
    }
    life_->complete_sets[machine] = sets;
}

/// Takes the molecules of a part, of whichever genes have made them, each molecule as likely as any other.
void Cell::take_part(const MachinePart& part) {
    for (std::int64_t n = part.copies; n > 0; --n) {
        std::uint32_t chosen = part.genes.front();
        if (part.genes.size() > 1) {
            std::int64_t there = 0;
            for (const std::uint32_t g : part.genes) there += proteins_[g] + mature_[g];
            auto along = std::min(static_cast<std::int64_t>(random_.uniform() * static_cast<double>(there)), there - 1);
            for (const std::uint32_t g : part.genes) {
                chosen = g;
                if (along < proteins_[g] + mature_[g]) break;
                along -= proteins_[g] + mature_[g];
            }
        }
        ++life_->in_machines[chosen];
        if (mature_[chosen] > 0)
            --mature_[chosen];
        else
            add_protein(chosen, -1);
    }
}

void Cell::assemble(std::size_t machine) {
    for (const MachinePart& part : layout_->machine_parts[machine]) take_part(part);
    count_complete_sets(machine);
    ++(machine == 0 ? free_rnap_ : machine == 1 ? free_ribosomes_ : free_degradosomes_);
    ++life_->machines_made[machine];
    ++counts_.machines_assembled;
    ++accepted_;
    refresh_rates();
}

void Cell::mature_rna(std::uint32_t gene) {
    ++mature_[gene];
    if (!life_) return;
    if (const std::int8_t residue = layout_->trna_residue[gene]; residue >= 0) {
        ++pools_[static_cast<std::size_t>(species::uncharged_trna + residue)];
        ++book_.matured_trna[static_cast<std::size_t>(residue)];
    }
    if (layout_->gene_machine[gene] != Layout::no_machine) count_complete_sets(layout_->gene_machine[gene]);
}

void Cell::finish_protein(std::uint32_t gene) {
    if (!life_ || kinetics_->life.membrane[gene] == 0) {
        add_protein(gene, 1);
        return;
    }
    if (kinetics_->life.translocon != Layout::none)
        life_->uninserted.push_back(gene);
    else
        insert_into_membrane(gene);
}

void Cell::insert_into_membrane(std::uint32_t gene) {
    ++life_->membrane_proteins;
    add_protein(gene, 1);
}

void Cell::begin_insertion() {
    std::vector<std::uint32_t>& waiting = life_->uninserted;
    const double along = random_.uniform() * static_cast<double>(waiting.size());
    const std::size_t chosen = std::min(static_cast<std::size_t>(along), waiting.size() - 1);
    const std::uint32_t gene = waiting[chosen];
    waiting[chosen] = waiting.back();
    waiting.pop_back();
    const std::uint32_t residues = layout_->cistrons[layout_->gene_cistron[gene]].codons;
    life_->insertions.push_back({gene, (residues + residues_per_insertion_step - 1) / residues_per_insertion_step});
    ++accepted_;
    refresh_rates();
}

void Cell::insert_next_residues() {
    if (pools_[species::ATP] < 1) return;
    std::vector<Insertion>& insertions = life_->insertions;
    const double along = random_.uniform() * static_cast<double>(insertions.size());
    const std::size_t chosen = std::min(static_cast<std::size_t>(along), insertions.size() - 1);
    --pools_[species::ATP];
    ++pools_[species::ADP];
    ++pools_[species::Pi];
    ++book_.translocations;
    ++accepted_;
    if (--insertions[chosen].steps_left > 0) return;
    const std::uint32_t gene = insertions[chosen].gene;
    insertions[chosen] = insertions.back();
    insertions.pop_back();
    insert_into_membrane(gene);
    ++counts_.membrane_insertions;
    refresh_rates();
}

}  // namespace bioxen
