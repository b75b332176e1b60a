#include "cell/step.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace bioxen {

namespace {

/// What a supply tick costs of a run's fuel.
constexpr std::uint64_t tick_fuel = 64;
/// Stands for "never" in place of an infinity, whose product with 0 is not a number.
constexpr double never_s = 1e290;

/// Stands where a rare channel is chosen: a walker that has no room ahead is never stepped.
const Walker nobody{};

using Four = double __attribute__((vector_size(32)));
using FourWords = std::uint64_t __attribute__((vector_size(32)));

/// `unit_interval` of four words at once, which AVX2 has no conversion for: the halves of a word become the lower bits
/// of two large doubles, whose sum, less what is too much, is exact.
BIOXEN_INLINE void unit_intervals(const FourWords& words, Four& units) noexcept {
    constexpr std::uint64_t at_52 = 0x4330000000000000, at_84 = 0x4530000000000000;  // 2^52 and 2^84 as doubles
    const FourWords bits = words >> 11;
    const auto low = reinterpret_cast<Four>((bits & 0xFFFFFFFF) | at_52);
    const auto high = reinterpret_cast<Four>(bits >> 32 | at_84);
    units = (high - (0x1.0p84 + 0x1.0p52) + low) * 0x1.0p-53;
}

}  // namespace

void Cell::refresh_rates() noexcept {
    const Kinetics& k = *kinetics_;
    double sum = 0.0;
    for (std::size_t c = 0; c < k.class_count; ++c) {
        class_view_[c].first = walkers_[c].data();
        class_view_[c].last = static_cast<double>(walkers_[c].size()) - 1.0;
        class_view_[c].lower = sum;
        class_view_[c].inverse_bound = class_inverse_bound_[c];
        class_view_[c].tape = c == ribosome_class ? TapeView::of_codons(layout_->codons.data())
                                                  : TapeView::of_bases(layout_->dna.bytes());
        sum += static_cast<double>(walkers_[c].size()) * class_bound_[c];
        class_end_[c] = sum;
    }
    for (std::size_t c = k.class_count; c < max_classes; ++c) class_end_[c] = std::numeric_limits<double>::infinity();
    class_view_[k.class_count] = {const_cast<Walker*>(&nobody), 0.0, sum, 1.0, TapeView::of_bases(layout_->dna.bytes())};
    const auto ready = [](std::int64_t free) { return static_cast<double>(std::max(free, std::int64_t{0})); };
    rare_rate_[bind_rnap] = ready(free_rnap_) * k.promoters.total();
    rare_rate_[bind_ribosome] =
        ready(free_ribosomes_) * static_cast<double>(sites_[0].size()) * k.ribosome_binding_per_pair_s;
    rare_rate_[bind_ribosome_fixed] =
        free_ribosomes_ > 0 ? static_cast<double>(sites_[1].size()) * k.fixed_initiation_bound_per_s : 0.0;
    rare_rate_[bind_degradosome] = static_cast<double>(free_degradosomes_) * static_cast<double>(waiting_.size()) *
                                   k.degradosome_binding_per_pair_s;
    rare_rate_[decay_protein] = static_cast<double>(total_proteins_) * k.organism.protein_decay_per_s;
    if (life_) refresh_life_rates();
    if (unusual_) [[unlikely]] refresh_unusual_rates();
    for (const double rate : rare_rate_) sum += rate;
    ++rates_version_;
    total_rate_ = sum;
    inverse_total_ = sum > 1.0 / never_s ? 1.0 / sum : never_s;
}

/// Damage of the DNA, and what environment and inhibitors leave of every channel.
void Cell::refresh_unusual_rates() noexcept {
    const Tolerance& tolerance = kinetics_->organism.tolerance;
    rare_rate_[damage_dna] = 0.0;
    if (tolerance.dna_damage_per_bp_s > 0.0)
        rare_rate_[damage_dna] = static_cast<double>(most_base_pairs()) * tolerance.dna_damage_per_bp_s;
    rare_rate_[repair_dna] = static_cast<double>(lesions_) * tolerance.dna_repair_per_s;
    for (std::size_t channel = 0; channel < rare_channels; ++channel) rare_rate_[channel] *= rare_left_[channel];
}

/// Binding in the present volume to the present DNA, and what only a growing cell does.
void Cell::refresh_life_rates() noexcept {
    const Kinetics& k = *kinetics_;
    const CellCycle& cycle = k.organism.cell_cycle;
    const Life& life = *life_;
    for (const RareChannel binding : {bind_rnap, bind_ribosome, bind_degradosome})
        rare_rate_[binding] *= life.inverse_volume_ratio;
    rare_rate_[bind_rnap] *= static_cast<double>(life.most_copies);
    rare_rate_[copy_base] = static_cast<double>(life.forks.size()) * cycle.fork_kcat_bp_per_s;
    for (std::size_t m = 0; m < life.complete_sets.size(); ++m)
        rare_rate_[assemble_rnap + m] = static_cast<double>(life.complete_sets[m]) * cycle.assembly_per_s[m];
    const std::uint32_t secY = k.life.translocon;
    const std::int64_t free_translocons =
        secY == Layout::none ? 0 : std::max(proteins_[secY] - static_cast<std::int64_t>(life.insertions.size()), std::int64_t{0});
    rare_rate_[bind_translocon] = static_cast<double>(free_translocons) * static_cast<double>(life.uninserted.size()) *
                                  k.life.translocon_binding_per_pair_s * life.inverse_volume_ratio;
    rare_rate_[insert_residues] =
        static_cast<double>(life.insertions.size()) * cycle.insertion_aa_per_s / residues_per_insertion_step;
}

/// Columns, because four candidates are chosen at a time.
struct Cell::Ahead {
    static constexpr std::size_t most = 16;

    std::array<Walker*, most> walker;           ///< for rare channels one that has no room ahead
    std::array<double, most> fraction;          ///< what is left: uniform on [0, 1); for rare channels the point
    alignas(32) std::array<std::uint64_t, most> cls;      ///< behind the last one: the rare channels
    alignas(32) std::array<std::uint64_t, most> waiting;  ///< the word of the waiting time to the next candidate
};

BIOXEN_INLINE void Cell::look_ahead(const RandomBlock* blocks, std::size_t count, Ahead& chosen) const noexcept {
    alignas(32) std::array<double, 4> along;
    for (std::size_t from = 0; from < count; from += 4) {
        const RandomBlock* const b = blocks + from;
        Four points;
        unit_intervals(FourWords{b[0].first, b[1].first, b[2].first, b[3].first}, points);
        points *= total_rate_;
        const FourWords words{b[0].second, b[1].second, b[2].second, b[3].second};
        FourWords cls{0, 0, 0, 0};  // as many as end at or before the point
        for (const double end : class_end_) cls -= reinterpret_cast<FourWords>(points >= end);
        std::memcpy(along.data(), &points, sizeof points);
        std::memcpy(chosen.cls.data() + from, &cls, sizeof cls);
        std::memcpy(chosen.waiting.data() + from, &words, sizeof words);
        for (std::size_t n = 0; n < 4; ++n) {
            const ClassView& view = class_view_[chosen.cls[from + n]];
            const double within = (along[n] - view.lower) * view.inverse_bound;
            const auto i = static_cast<std::int64_t>(std::min(within, view.last));  // rounding at the end
            Walker* const walker = view.first + i;
            chosen.walker[from + n] = walker;
            chosen.fraction[from + n] = within - static_cast<double>(i);
            __builtin_prefetch(view.tape.bytes + (walker->tape >> view.tape.shift));
        }
    }
}

BIOXEN_INLINE void Cell::draw_candidates(double horizon, std::uint64_t& fuel) {
    const StepTable& table = step_table();
    Ahead chosen;
    double next = next_candidate_, current = now_;
    std::uint64_t left = fuel;
    while (next < horizon && left > 0) {
        // Several walkers are picked, and they and what they read are fetched into the cache, before the first of them
        // has stepped: most steps change no rate. Where a rate did change, the others are picked again.
        std::size_t count = std::min({Ahead::most, random_.visible(), static_cast<std::size_t>(left)});
        const double expected = (horizon - next) * total_rate_;  // more would be picked in vain
        if (expected < static_cast<double>(count)) count = static_cast<std::size_t>(expected) + 1;
        look_ahead(random_.ahead(), count, chosen);
        const std::uint64_t rates = rates_version_, blocks = random_.blocks_taken();
        std::size_t done = 0, taken = 0;
        const auto catch_up = [&] { random_.take(done - std::exchange(taken, done)); };
        const auto look_again = [&] {
            if (rates_version_ != rates || random_.blocks_taken() != blocks + done) count = done;
        };
        do {
            current = next;
            Walker* const walker = chosen.walker[done];
            const std::size_t cls = chosen.cls[done];
            const double fraction = chosen.fraction[done];
            const std::uint64_t word = chosen.waiting[done];
            ++done;
            if (walker->pos < walker->limit) [[likely]] {
                (void)take_step(*walker, fraction, table, class_view_[cls].tape, pools_.data(), steps_.data());
            } else {
                catch_up();
                if (cls < kinetics_->class_count) {
                    at_limit(cls, static_cast<std::size_t>(walker - walkers_[cls].data()), fraction);
                } else {
                    now_ = current;  // some of them ask for it
                    rare_candidate(fraction);
                }
                look_again();
            }
            double waiting = 0.0;
            if (!RandomStream::quick_exponential(word, waiting)) [[unlikely]] {
                catch_up();
                waiting = random_.exponential_from(word);
                look_again();
            }
            next += waiting * inverse_total_;
        } while (done < count && next < horizon);
        random_.take(done - taken);
        left -= done;
    }
    next_candidate_ = next;
    now_ = current;
    counts_.candidates += static_cast<std::int64_t>(fuel - left);
    fuel = left;
}

/// The loop is compiled twice: for any x86-64, and for those with AVX2, which need a fifth fewer instructions. Both do the
/// same IEEE operations (no fused ones), so a trajectory does not depend on which runs.
void Cell::candidates(double horizon, std::uint64_t& fuel) {
#ifdef BIOXEN_WIDE
    if (wide_) return wide_candidates(horizon, fuel);
#endif
    draw_candidates(horizon, fuel);
}

#ifdef BIOXEN_WIDE
__attribute__((target("avx2,bmi,bmi2"))) void Cell::wide_candidates(double horizon, std::uint64_t& fuel) {
    draw_candidates(horizon, fuel);
}
#endif

void Cell::rare_candidate(double along) {
    std::size_t channel = 0;
    while (channel < rare_channels && along >= rare_rate_[channel]) along -= rare_rate_[channel++];
    switch (channel) {
        case bind_rnap: initiate_transcription(); break;
        case bind_ribosome: initiate_translation(0); break;
        case bind_ribosome_fixed: initiate_translation(1); break;
        case bind_degradosome: initiate_degradation(); break;
        case decay_protein: decay_one_protein(); break;
        case copy_base: copy_next_base(); break;
        case assemble_rnap:
        case assemble_ribosome:
        case assemble_degradosome: assemble(channel - assemble_rnap); break;
        case bind_translocon: begin_insertion(); break;
        case insert_residues: insert_next_residues(); break;
        case damage_dna: damage_one_base(); break;
        case repair_dna: repair_one_lesion(); break;
        default: break;  // rounding at the end of the line
    }
}

void Cell::at_limit(std::size_t cls, std::size_t index, double fraction) {
    if (cls == ribosome_class)
        ribosome_at_limit(index, fraction);
    else if (cls == degradation_class)
        front_at_limit(index, fraction);
    else
        rnap_at_limit(cls, index, fraction);
}

AdvanceStatus Cell::advance(double until_s, std::uint64_t& fuel) {
    for (;;) {
        if (death_ != Death::none) return AdvanceStatus::exhausted;
        const double tick_at = static_cast<double>(tick_ + 1) * tick_s;
        const double horizon = std::min(tick_at, until_s);
        candidates(horizon, fuel);
        if (death_ != Death::none) return AdvanceStatus::exhausted;  // at that moment, whatever the horizon was
        if (next_candidate_ < horizon) return AdvanceStatus::preempted;
        if (tick_at > until_s) {
            now_ = std::max(now_, until_s);
            return AdvanceStatus::reached;
        }
        now_ = tick_at;
        ++tick_;
        // ticks cost fuel too, or an idle cell could not be stopped
        fuel -= std::min(fuel, tick_fuel);
        const std::int64_t before = events_at_tick_;
        tick();
        next_candidate_ = now_ + random_.exponential() * inverse_total_;
        if (death_ != Death::none) return AdvanceStatus::exhausted;
        if (life_ && !life_->told_ready && ready_to_divide()) {
            life_->told_ready = true;
            return AdvanceStatus::ready_to_divide;
        }
        if (events_at_tick_ == before && !time_will_tell() && !anything_can_happen() && !supply_can_act())
            return AdvanceStatus::exhausted;
        if (fuel == 0 && now_ < until_s) return AdvanceStatus::preempted;
    }
}

}  // namespace bioxen
