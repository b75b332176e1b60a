#include "cell/cell.hpp"

namespace bioxen {

void Cell::die(Death of) {
    if (death_ != Death::none) return;
    death_ = of;
    died_s_ = now_;
}

/// Atkinson's energy charge.
double Cell::energy_charge() const noexcept {
    const auto atp = static_cast<double>(pools_[species::ATP]), adp = static_cast<double>(pools_[species::ADP]),
               amp = static_cast<double>(pools_[species::AMP]);
    const double all = atp + adp + amp;
    return all > 0.0 ? (atp + 0.5 * adp) / all : 0.0;
}

/// Below its half-saturation glucose is what limits a supply that feeds on it. What others feed, as those do who solve a
/// metabolic model, the engine does not know: there only the lack of all glucose counts.
bool Cell::is_hungry() const noexcept {
    bool feeds = false;
    for (const SupplyFlow& flow : kinetics_->supply) {
        feeds = feeds || flow.glucose_km_mM > 0.0;
        if (environment_.glucose_mM < flow.glucose_km_mM) return true;
    }
    return !feeds && environment_.glucose_mM <= 0.0;
}

/// A lethal charge of 0 kills nobody. At 0.5 a cell without AMP stands that has spent all its ATP: it is as lost.
bool Cell::is_spent() const noexcept {
    const double lethal = kinetics_->organism.tolerance.lethal_energy_charge;
    return lethal > 0.0 && energy_charge() <= lethal;
}

/// At every supply tick of a growing cell.
void Cell::starve() {
    const Tolerance& tolerance = kinetics_->organism.tolerance;
    if (!is_spent()) {
        starved_s_ = 0.0;
        return;
    }
    starved_s_ += tick_s * pace_;
    if (starved_s_ <= tolerance.starvation_s) return;
    die(is_hungry() ? Death::starvation : Death::energy_loss);
    scale_rates();
    refresh_rates();
}

bool Cell::time_will_tell() const noexcept {
    if (!life_ || !(kinetics_->organism.tolerance.lethal_energy_charge > 0.0)) return false;
    return !life_->arrested || (pace_ > 0.0 && is_spent());
}

}  // namespace bioxen
