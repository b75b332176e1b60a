#include "cell/cell.hpp"

#include "support/mathematics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bioxen {

namespace {

/// The growth rate is that of whole intervals of this many supply ticks: a minute.
constexpr std::int64_t growth_interval_ticks = 60 * 64;

}  // namespace

void Cell::begin_life() {
    life_.emplace();
    Life& life = *life_;
    const LifePlan& plan = kinetics_->life;
    life.steps = kinetics_->steps;
    life.in_machines = plan.in_machines;
    life.membrane_proteins = plan.membrane_proteins;
    life.by_replicon.resize(layout_->replicons.size());
    for (std::uint32_t r = 0; r < plan.copies.size(); ++r) {
        for (std::int64_t n = 0; n < plan.copies[r]; ++n) add_copy({r});
        for (const RoundAtBirth& round : plan.rounds[r]) {
            const std::vector<std::uint32_t> templates = life.by_replicon[r];
            for (const std::uint32_t copy : templates)
                add_copy({r, round.whole ? DnaCopy::none : copy, round.left, round.right, round.ended_s});
        }
    }
}

/// What is drawn anew after each division.
void Cell::begin_generation() {
    Life& life = *life_;
    const CellCycle& cycle = kinetics_->organism.cell_cycle;
    life.birth_s = now_;
    life.told_ready = false;
    life.replication_began_s = life.forks.empty() ? -1.0 : now_;
    life.replication_ended_s = -1.0;
    life.replication_due_s = std::numeric_limits<double>::infinity();
    if (!(cycle.initiation_volume_l > 0.0))
        life.replication_due_s =
            now_ + cycle.replication_delay_s * exponential(cycle.replication_delay_log_sd * random_.normal());
    set_volume(present_volume_ratio());
    life.volume_ratio_before = life.volume_ratio;
    life.surface_before = surface_ratio();
    life.arrested = false;
}

double Cell::surface_ratio() const noexcept {
    const CellCycle& cycle = kinetics_->organism.cell_cycle;
    const auto share = [](std::int64_t now, std::int64_t at_birth) {
        return at_birth > 0 ? static_cast<double>(now) / static_cast<double>(at_birth) : 1.0;
    };
    const double lipids = share(pools_[species::lipid], kinetics_->organism.pools[species::lipid]);
    // Where no counts say how many membrane proteins there are at birth, the lipids stand for them.
    const double proteins = !kinetics_->organism.protein_counts.empty() && kinetics_->life.membrane_proteins > 0
                                ? share(life_->membrane_proteins, kinetics_->life.membrane_proteins)
                                : lipids;
    return (cycle.lipid_surface_nm2 * lipids + cycle.protein_surface_nm2 * proteins) /
           (cycle.lipid_surface_nm2 + cycle.protein_surface_nm2);
}

bool Cell::membrane_is_full() const noexcept {
    const double most = kinetics_->organism.cell_cycle.largest_lipid_excess;
    const std::int64_t proteins = kinetics_->life.membrane_proteins;
    if (!life_ || !(most > 0.0) || kinetics_->organism.protein_counts.empty() || proteins <= 0) return false;
    return static_cast<double>(pools_[species::lipid]) * static_cast<double>(proteins) >=
           most * static_cast<double>(kinetics_->organism.pools[species::lipid]) *
               static_cast<double>(life_->membrane_proteins);
}

double Cell::present_volume_ratio() const noexcept {
    const CellCycle& cycle = kinetics_->organism.cell_cycle;
    const double surface = surface_ratio();
    return std::clamp(cycle.rod ? surface : surface * std::sqrt(surface), least_volume_ratio, cycle.largest_volume_ratio);
}

void Cell::set_volume(double ratio) {
    Life& life = *life_;
    life.volume_ratio = ratio;
    life.inverse_volume_ratio = 1.0 / ratio;
    for (std::size_t s = 0; s < symbol::count; ++s)
        life.steps.half_saturation[s] = kinetics_->steps.half_saturation[s] * ratio;
}

double Cell::volume_l() const noexcept {
    return kinetics_->organism.volume_l * (life_ ? life_->volume_ratio : 1.0);
}

/// At every supply tick, after the supply.
void Cell::grow() {
    Life& life = *life_;
    const CellCycle& cycle = kinetics_->organism.cell_cycle;
    set_volume(present_volume_ratio());
    const std::int64_t age_ticks = tick_ - static_cast<std::int64_t>(life.birth_s / tick_s);
    if (age_ticks % growth_interval_ticks == 0) {
        constexpr double interval_s = static_cast<double>(growth_interval_ticks) * tick_s;
        life.growth_rate_per_s = natural_logarithm(life.volume_ratio / life.volume_ratio_before) / interval_s;
        life.volume_ratio_before = life.volume_ratio;
        const double surface = surface_ratio();
        life.arrested = !(surface > life.surface_before);
        life.surface_before = surface;
    }
    bool due = now_ >= life.replication_due_s;
    if (cycle.initiation_volume_l > 0.0) {
        const std::size_t there = origins();
        due = there > 0 && volume_l() >= cycle.initiation_volume_l * static_cast<double>(there);
    }
    if (due) initiate_replication();
    if (cycle.doubling_time_s > 0.0) replicate_plasmids();
    refresh_rates();
}

std::size_t Cell::origins() const noexcept {
    std::size_t chromosomal = 0, any = 0;
    for (std::size_t r = 0; r < life_->by_replicon.size(); ++r) {
        if (kinetics_->life.origins[r] < 0) continue;
        any = std::max(any, life_->by_replicon[r].size());
        if (is_chromosome(r)) chromosomal = std::max(chromosomal, life_->by_replicon[r].size());
    }
    return chromosomal > 0 ? chromosomal : any;
}

bool Cell::ready_to_divide() const noexcept {
    if (!life_) return false;
    const CellCycle& cycle = kinetics_->organism.cell_cycle;
    return has_two_chromosomes() && surface_ratio() >= cycle.division_surface_ratio &&
           now_ >= sisters_since_s() + cycle.division_delay_s;
}

/// Age at which the chromosomes that the next division parts became two, later by what the pace has put off since.
/// The second copy of a replicon is the sister of the first: it was made by the oldest round, and is whole before any
/// later one.
double Cell::sisters_since_s() const noexcept {
    if (!(kinetics_->organism.cell_cycle.doubling_time_s > 0.0))
        return life_->replication_ended_s + life_->division_lag_s;
    double since = -std::numeric_limits<double>::infinity();
    for (std::size_t r = 0; r < life_->by_replicon.size(); ++r) {
        if (is_chromosome(r)) since = std::max(since, life_->copies[life_->by_replicon[r][1]].ended_s);
    }
    return since;
}

}  // namespace bioxen
