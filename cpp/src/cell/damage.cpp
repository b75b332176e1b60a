#include "cell/cell.hpp"

#include <algorithm>

namespace bioxen {

namespace {

constexpr std::array<SpeciesIndex, 4> deoxytriphosphate{species::dATP, species::dCTP, species::dGTP, species::dTTP};

}  // namespace

std::int64_t Cell::most_base_pairs() const noexcept {
    std::int64_t all = 0;
    for (std::size_t r = 0; r < layout_->replicons.size(); ++r) {
        if (layout_->replicons[r].tape_nt == 0) continue;  // its sequence is unknown
        all += layout_->replicons[r].length_nt * (life_ ? static_cast<std::int64_t>(life_->by_replicon[r].size()) : 1);
    }
    return all;
}

Cell::Place Cell::draw_base_pair() {
    auto along = static_cast<std::int64_t>(random_.uniform() * static_cast<double>(most_base_pairs()));
    Place place;
    for (std::uint32_t r = 0; r < layout_->replicons.size(); ++r) {
        const Replicon& replicon = layout_->replicons[r];
        const std::int64_t copies = life_ ? static_cast<std::int64_t>(life_->by_replicon[r].size()) : 1;
        if (replicon.tape_nt == 0 || copies == 0) continue;
        const std::int64_t copy = std::min(along / replicon.length_nt, copies - 1);
        place = {r, static_cast<std::uint32_t>(copy), along - copy * replicon.length_nt};
        if (place.from_cut < replicon.length_nt) break;
        along -= copies * replicon.length_nt;
    }
    if (life_) place.copy = life_->by_replicon[place.replicon][place.copy];
    return place;
}

void Cell::damage_one_base() {
    const Place place = draw_base_pair();
    if (life_ && !holds(life_->copies[place.copy], place.from_cut, 1)) return;  // not copied yet
    ++lesions_;
    ++counts_.dna_damages;
    ++accepted_;
    const std::int64_t lethal = kinetics_->organism.tolerance.lethal_lesions;
    if (lethal > 0 && lesions_ > lethal) {
        die(Death::dna_damage);
        scale_rates();
    }
    refresh_rates();
}

bool Cell::may_repair() const noexcept {
    if (most_base_pairs() == 0) return false;
    const std::int64_t patch = kinetics_->organism.tolerance.repair_patch_nt;
    const auto enough = [&](SpeciesIndex s) { return pools_[s] >= patch; };
    return enough(species::ATP) && std::all_of(deoxytriphosphate.begin(), deoxytriphosphate.end(), enough);
}

/// Cuts out a patch of the DNA and fills it anew. Where a lesion lies is not kept, so the patch is anywhere.
void Cell::repair_one_lesion() {
    if (!may_repair()) return;
    const Place place = draw_base_pair();
    const Replicon& replicon = layout_->replicons[place.replicon];
    for (std::int64_t i = 0; i < kinetics_->organism.tolerance.repair_patch_nt; ++i) {
        const std::int64_t at = (place.from_cut + i) % replicon.length_nt;
        const std::uint8_t base = layout_->dna[replicon.tape + static_cast<std::size_t>(at)];
        release(deoxytriphosphate[base], -1);
        release(species::ATP, -1);
        release(species::ADP, 1);
        release(species::Pi, 2);
        release(species::PPi, 1);
        ++book_.repaired[base];
    }
    --lesions_;
    ++counts_.dna_repairs;
    ++accepted_;
    refresh_rates();
}

}  // namespace bioxen
