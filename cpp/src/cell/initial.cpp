#include "cell/cell.hpp"

#include "support/compiler.hpp"

#include <utility>

namespace bioxen {

Cell::Cell(std::shared_ptr<const Program> program, RandomStream random)
    : program_(std::move(program)),
      layout_(&program_->layout()),
      kinetics_(&program_->kinetics()),
      random_(random) {
    const std::size_t genes = layout_->gene_unit.size(), units = layout_->units.size();
#ifdef BIOXEN_WIDE
    wide_ = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
    pools_[unlimited_pool] = 1;
    const Tolerance& tolerance = kinetics_->organism.tolerance;
    environment_ = {tolerance.glucose_mM, tolerance.reference_temperature_c, tolerance.optimal_pH};
    proteins_.assign(genes, 0);
    mature_.assign(genes, 0);
    block_proteins_.assign(genes / protein_block + 1, 0);
    unit_transcripts_.assign(units, 0);
    supply_carry_.assign(kinetics_->supply.size(), 0.0);
    book_.supply_turns.assign(kinetics_->supply.size(), 0);
}

/// A cell at birth: all machines free, proteins as counted, and whole, unloaded messengers whose number per unit is
/// Poisson with the mean of the counts given or of the mean field. No chain is under way.
Cell::Cell(std::shared_ptr<const Program> program, std::uint64_t seed)
    : Cell(std::move(program), RandomStream{seed, root_stream}) {
    const Organism& o = kinetics_->organism;
    free_rnap_ = o.rna_polymerases;
    free_ribosomes_ = o.ribosomes;
    free_degradosomes_ = o.degradosomes;
    std::copy(o.pools.begin(), o.pools.end(), pools_.begin());
    scale_rates();
    if (o.cell_cycle.enabled) begin_life();
    for (std::uint32_t g = 0; g < kinetics_->birth_proteins.size(); ++g) {
        if (kinetics_->birth_proteins[g] > 0) add_protein(g, kinetics_->birth_proteins[g]);
    }
    book_.opening_polymers.residues = kinetics_->birth_residues;
    for (std::size_t u = 0; u < layout_->units.size(); ++u) {
        const UnitLayout& unit = layout_->units[u];
        for (std::int64_t n = random_.poisson(kinetics_->mean_transcripts[u]); n > 0; --n) {
            const std::uint32_t t = new_transcript(static_cast<std::uint32_t>(u));
            open_sites(t, unit.length_nt);
            add_waiting(t);
            for (std::size_t b = 0; b < 4; ++b) book_.opening_polymers.nucleotides[b] += unit.content_nt[b];
        }
    }
    for (std::size_t s = 0; s < species::resource_count; ++s) book_.opening[s] = pools_[s];
    if (life_) {
        for (std::size_t b = 0; b < 4; ++b) book_.opening_polymers.nucleotides[b] += kinetics_->life.machine_nucleotides[b];
        for (const DnaCopy& copy : life_->copies)
            book_.opening_polymers.deoxynucleotides +=
                2 * (copy.whole() ? layout_->replicons[copy.replicon].length_nt : copy.left + copy.right);
        begin_generation();
    }
    refresh_rates();
    next_candidate_ = random_.exponential() * inverse_total_;
}

Cell Cell::replica() const {
    Cell same = *this;
    same.refresh_rates();  // which points at the cell's own walkers
    return same;
}

Cell Cell::fork(std::optional<std::uint64_t> seed) {
    Cell child = replica();
    child.random_ = RandomStream{seed.value_or(random_.seed()), fork_stream(random_.stream(), forks_)};
    ++forks_;
    child.forks_ = 0;
    // The parent's next event would otherwise be the child's too. Exact, since waiting has no memory.
    child.next_candidate_ = child.now_ + child.random_.exponential() * child.inverse_total_;
    return child;
}

}  // namespace bioxen
