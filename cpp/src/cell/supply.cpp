#include "cell/cell.hpp"

#include <algorithm>

namespace bioxen {

namespace {

/// A pool that holds this much takes no more: far beyond any cell, far below overflow.
constexpr std::int64_t full_pool = std::int64_t{1} << 50;

/// Whole turns of a flow in one tick; the fraction is carried to the next.
std::int64_t whole_turns(double rate_per_s, double& carry) noexcept {
    constexpr double most = 0x1.0p40;  // beyond any pool; keeps every product below 2^51
    const double amount = std::min(rate_per_s * tick_s + carry, most);
    const auto turns = static_cast<std::int64_t>(amount);
    carry = amount - static_cast<double>(turns);
    return turns;
}

template <std::size_t n, typename Array>
std::span<const std::int64_t, n> part(const Array& counts, std::size_t from) noexcept {
    return std::span<const std::int64_t, n>{counts.data() + from, n};
}

template <typename StepCounts>
StepPostings postings_of(const StepCounts& steps) noexcept {
    return step_postings(part<4>(steps, 0), part<4>(steps, symbol::degradation),
                         part<amino_acid_count>(steps, symbol::codon));
}

/// Turns that the set point and the substrates in the cell leave to a flow.
std::int64_t allowed_turns(const SupplyFlow& flow, std::int64_t set_level, const std::int64_t* pools,
                           std::int64_t turns) noexcept {
    if (flow.set_species != unlimited_pool) {
        const std::int64_t room = set_level - pools[flow.set_species];
        if (room <= 0) return 0;
        turns = std::min(turns, (room + flow.set_gain - 1) / flow.set_gain);
    }
    for (std::size_t i = 0; i < flow.leg_count; ++i) {
        const std::int64_t taken = -flow.coefficient[i];
        if (taken < 0 && pools[flow.species[i]] > full_pool) return 0;
        if (taken > 0 && pools[flow.species[i]] < turns * taken) turns = pools[flow.species[i]] / taken;
    }
    return turns;
}

}  // namespace

Cell::StepCounts Cell::unposted_steps() const noexcept {
    StepCounts delta;
    for (std::size_t s = 0; s < delta.size(); ++s) delta[s] = steps_[s] - steps_posted_[s];
    return delta;
}

void Cell::post_products() {
    if (!kinetics_->organism.hold_pools) {  // else nobody waits for them, and `present_book` has them all
        const StepPostings postings = postings_of(unposted_steps());
        for (std::size_t s = 0; s < species::resource_count; ++s) pools_[s] += postings.made[s];
    }
    steps_posted_ = steps_;
}

Balances Cell::present_pools() const {
    Balances pools{};
    std::copy_n(pools_.begin(), species::resource_count, pools.begin());
    if (!kinetics_->organism.hold_pools) {
        const StepPostings postings = postings_of(unposted_steps());
        for (std::size_t s = 0; s < species::resource_count; ++s) pools[s] += postings.made[s];
    }
    return pools;
}

Book Cell::present_book() const {
    Book book = book_;
    if (kinetics_->organism.hold_pools) {
        const StepPostings postings = postings_of(steps_);
        for (std::size_t s = 0; s < species::resource_count; ++s)
            book.environment_account[s] -= postings.taken[s] + postings.made[s];
    }
    for (std::size_t b = 0; b < 4; ++b) {
        book.transcribed[b] = steps_[b];
        book.degraded[b] = steps_[symbol::degradation + b];
    }
    for (std::size_t a = 0; a < amino_acid_count; ++a) book.translated[a] = steps_[symbol::codon + a];
    return book;
}

void Cell::tick() {
    std::int64_t events = accepted_;
    for (const std::int64_t n : steps_) events += n;
    post_products();
    if (!kinetics_->organism.hold_pools) {
        const std::vector<SupplyFlow>& flows = kinetics_->supply;
        for (std::size_t i = 0; i < flows.size(); ++i) {
            const SupplyFlow& flow = flows[i];
            const std::int64_t set_level = present_level(flow);
            if (flow.set_species != unlimited_pool && pools_[flow.set_species] >= set_level) continue;
            if (flow.makes_lipid && membrane_is_full()) continue;
            const std::int64_t turns =
                allowed_turns(flow, set_level, pools_.data(), whole_turns(present_rate(flow), supply_carry_[i]));
            if (turns == 0) continue;
            for (std::size_t leg = 0; leg < flow.leg_count; ++leg)
                pools_[flow.species[leg]] += turns * flow.coefficient[leg];
            book_.supply_turns[i] += turns;
        }
        charge_trna();
    }
    events_at_tick_ = events;
    if (life_) {
        pass_own_time();
        grow();
        starve();
    }
}

std::int64_t Cell::present_level(const SupplyFlow& flow) const noexcept {
    if (!life_ || !flow.per_volume) return flow.set_level;
    return static_cast<std::int64_t>(static_cast<double>(flow.set_level) * life_->volume_ratio);
}

void Cell::charge_trna() {
    const Organism& o = kinetics_->organism;
    std::int64_t& atp = pools_[species::ATP];
    if (atp <= 0 || !(o.charging_kcat_per_s > 0.0) || !(o.charging_k_atp_per_s > 0.0)) return;
    // enzymes keep their concentration in a growing cell, and meet their substrates in its present volume
    const double larger = life_ ? life_->volume_ratio : 1.0, thinner = life_ ? life_->inverse_volume_ratio : 1.0;
    const double common =
        1.0 / (o.charging_k_atp_per_s * thinner * static_cast<double>(atp)) + 1.0 / o.charging_kcat_per_s;
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        std::int64_t& free = pools_[species::amino_acid + a];
        std::int64_t& empty = pools_[species::uncharged_trna + a];
        const double by_amino_acid = o.charging_k_aa_per_s * thinner * static_cast<double>(free);
        const double by_trna = o.charging_k_trna_per_s * thinner * static_cast<double>(empty);
        const double both = by_amino_acid * by_trna;
        if (!(both > 0.0)) continue;
        const double rate = o.synthetases_per_amino_acid * larger * both / (common * both + by_amino_acid + by_trna);
        const bool through_glutamate = o.glutamine_via_glutamate && amino_acid_letters[a] == 'Q';
        std::int64_t turns = whole_turns(rate * pace_, charging_carry_[a]);
        turns = std::min({turns, free, empty, through_glutamate ? atp / 2 : atp});
        free -= turns;
        empty -= turns;
        pools_[species::charged_trna + a] += turns;
        atp -= turns;
        pools_[species::AMP] += turns;
        pools_[species::PPi] += turns;
        book_.charged[a] += turns;
        if (through_glutamate) {
            atp -= turns;
            pools_[species::ADP] += turns;
            pools_[species::Pi] += turns;
            book_.transamidated += turns;
        }
    }
}

bool Cell::supply_can_act() const {
    const Organism& o = kinetics_->organism;
    if (o.hold_pools) return false;
    for (const SupplyFlow& flow : kinetics_->supply) {
        if (flow.makes_lipid && membrane_is_full()) continue;
        if (present_rate(flow) > 0.0 && allowed_turns(flow, present_level(flow), pools_.data(), 1) > 0) return true;
    }
    if (pools_[species::ATP] <= 0 || !(pace_ > 0.0) || !(o.charging_kcat_per_s * o.charging_k_atp_per_s > 0.0)) return false;
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        const bool through_glutamate = o.glutamine_via_glutamate && amino_acid_letters[a] == 'Q';
        if (pools_[species::amino_acid + a] > 0 && pools_[species::uncharged_trna + a] > 0 &&
            pools_[species::ATP] >= (through_glutamate ? 2 : 1) &&
            o.synthetases_per_amino_acid * o.charging_k_aa_per_s * o.charging_k_trna_per_s > 0.0)
            return true;
    }
    return false;
}

}  // namespace bioxen
