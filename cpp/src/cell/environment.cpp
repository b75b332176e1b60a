#include "cell/cell.hpp"

#include <bioxen/error.hpp>

#include <string>

namespace bioxen {

const char* Cell::wrong_value(const Environment& e) noexcept {
    const auto within = [](double value, double most) { return value >= 0.0 && value <= most; };
    if (!within(e.glucose_mM, most_glucose_mM)) return "glucose_mM";
    if (!within(e.temperature_c, most_temperature_c)) return "temperature_c";
    if (!within(e.pH, most_pH)) return "pH";
    return nullptr;
}

void Cell::set_environment(const Environment& environment) {
    if (const char* const name = wrong_value(environment); name != nullptr)
        throw InputError(InputErrorKind::argument,
                         std::string{name} + " is out of range: glucose is from 0 to 1e9 mM, temperature from 0 to 100 "
                                             "degrees Celsius, pH from 0 to 14");
    if (environment == environment_) return;
    environment_ = environment;
    if (environment.temperature_c > kinetics_->organism.tolerance.lethal_temperature_c) die(Death::heat);
    change_rates();
}

void Cell::inhibit(Work work, double remaining) {
    if (!(remaining >= 0.0 && remaining <= 1.0))
        throw InputError(InputErrorKind::argument, "remaining = " + std::to_string(remaining) +
                                                       " is out of range: what an inhibitor leaves of a rate is from 0 to 1");
    double& left = remaining_.at(static_cast<std::size_t>(work));
    if (left == remaining) return;
    left = remaining;
    change_rates();
}

void Cell::scale_rates() noexcept {
    const Kinetics& k = *kinetics_;
    pace_ = death_ != Death::none ? 0.0 : pace(k.organism.tolerance, environment_);
    const auto left = [&](Work work) { return pace_ * remaining_[static_cast<std::size_t>(work)]; };
    for (std::size_t c = 0; c < k.class_count; ++c) {
        class_bound_[c] = k.class_bound_per_s[c] * left(c == ribosome_class      ? Work::translation_elongation
                                                        : c == degradation_class ? Work::decay_elongation
                                                                                 : Work::transcription_elongation);
        class_inverse_bound_[c] = class_bound_[c] > 0.0 ? 1.0 / class_bound_[c] : 0.0;
    }
    rare_left_.fill(pace_);
    rare_left_[bind_rnap] = left(Work::transcription_initiation);
    rare_left_[bind_ribosome] = rare_left_[bind_ribosome_fixed] = left(Work::translation_initiation);
    rare_left_[bind_degradosome] = left(Work::decay_initiation);
    rare_left_[copy_base] = left(Work::replication_elongation);
    const bool damaged = k.organism.tolerance.dna_damage_per_bp_s > 0.0 || lesions_ > 0;
    unusual_ = pace_ != 1.0 || remaining_ != uninhibited || damaged;
}

/// What is left of the waiting time, times the total rate, is exponential with mean 1 whatever the rates: at other rates
/// it is another time, and no number is drawn. Only a cell in which nothing could happen has none to stretch.
void Cell::change_rates() {
    const double before = total_rate_, left_s = next_candidate_ - now_;
    scale_rates();
    refresh_rates();
    if (total_rate_ == before) return;
    next_candidate_ = now_ + (before > 0.0 ? left_s * before : random_.exponential()) * inverse_total_;
}

double Cell::present_rate(const SupplyFlow& flow) const noexcept {
    double rate = flow.max_rate_per_s;
    const double glucose = environment_.glucose_mM;
    if (flow.glucose_km_mM > 0.0) rate = rate * glucose / (flow.glucose_km_mM + glucose);
    rate *= pace_;
    return life_ && flow.per_volume ? rate * life_->volume_ratio : rate;
}

/// Delays of the cell cycle pass at the pace of the rest.
void Cell::pass_own_time() noexcept {
    if (pace_ == 1.0) return;
    const double behind_s = tick_s * (1.0 - pace_);
    life_->replication_due_s += behind_s;
    life_->division_lag_s += behind_s;
    if (!(kinetics_->organism.cell_cycle.doubling_time_s > 0.0)) return;
    for (DnaCopy& copy : life_->copies) {
        if (copy.whole()) copy.ended_s += behind_s;
    }
}

}  // namespace bioxen
