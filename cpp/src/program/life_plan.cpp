#include "program/kinetics.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace bioxen {

namespace {

[[noreturn]] void refuse(const std::string& what) { throw InputError(InputErrorKind::configuration, what); }

void need(std::string_view name, double value, double least, double most) {
    if (!(value >= least && value <= most))
        refuse(std::string{name} + " = " + std::to_string(value) + " is out of range: give a number from " +
               std::to_string(least) + " to " + std::to_string(most));
}

void check(const Layout& layout, const Organism& o) {
    const CellCycle& c = o.cell_cycle;
    if (o.hold_pools)
        refuse("cell_cycle and hold_pools exclude each other: a cell whose pools are held has nothing to grow from");
    need("lipid_surface_nm2", c.lipid_surface_nm2, 0.0, 1e12);
    need("protein_surface_nm2", c.protein_surface_nm2, 0.0, 1e12);
    need("lipid_surface_nm2 + protein_surface_nm2", c.lipid_surface_nm2 + c.protein_surface_nm2, 1.0, 1e12);
    need("largest_volume_ratio", c.largest_volume_ratio, 1.0, 1e3);
    need("replication_delay_s", c.replication_delay_s, 0.0, 1e9);
    need("replication_delay_log_sd", c.replication_delay_log_sd, 0.0, 10.0);
    need("initiation_volume_l", c.initiation_volume_l, 0.0, 1.0);
    need("fork_kcat_bp_per_s", c.fork_kcat_bp_per_s, 0.0, 1e6);
    need("fork_km_mM", c.fork_km_mM, 0.0, 1e6);
    need("division_surface_ratio", c.division_surface_ratio, 1.0, 1e3);
    need("division_delay_s", c.division_delay_s, 0.0, 1e9);
    need("doubling_time_s", c.doubling_time_s, 0.0, 1e9);
    if (c.doubling_time_s > 0.0 && !(c.initiation_volume_l > 0.0 && c.fork_kcat_bp_per_s > 0.0))
        refuse("doubling_time_s needs replication that begins by volume (initiation_volume_l) and forks that move "
               "(fork_kcat_bp_per_s)");
    for (const double rate : c.assembly_per_s) need("assembly_per_s", rate, 0.0, 1e6);
    need("least_free_ribosomal_parts", c.least_free_ribosomal_parts, 0.0, 1e3);
    need("stalk_loading", c.stalk_loading, 1e-3, 1e3);
    need("translocon_binding_per_M_s", c.translocon_binding_per_M_s, 0.0, 1e15);
    need("insertion_aa_per_s", c.insertion_aa_per_s, 0.0, 1e6);
    need("largest_lipid_excess", c.largest_lipid_excess, 0.0, 1e6);
    const std::size_t replicons = layout.replicons.size();
    if (o.origins_nt.size() > replicons || o.replicon_copies.size() > replicons)
        refuse("origins_nt and replicon_copies have more entries than the genome has replicons (" +
               std::to_string(replicons) + ")");
    for (std::size_t r = 0; r < o.origins_nt.size(); ++r) {
        if (o.origins_nt[r] < -1 || o.origins_nt[r] >= layout.replicons[r].length_nt)
            refuse("an origin at " + std::to_string(o.origins_nt[r]) + " is not on replicon " + std::to_string(r));
        if (o.origins_nt[r] >= 0 && layout.replicons[r].tape_nt == 0)
            refuse("replicon " + std::to_string(r) + " has an origin, but the file does not hold its sequence");
    }
    for (const std::int64_t n : o.replicon_copies) {
        if (n < 1 || n > most_dna_copies)
            refuse("replicon_copies must be from 1 to " + std::to_string(most_dna_copies));
    }
    std::size_t copies = replicons - o.replicon_copies.size();
    for (const std::int64_t n : o.replicon_copies) copies += static_cast<std::size_t>(n);
    if (copies > most_dna_copies_in_all / 2)
        refuse("a cell that grows starts with at most " + std::to_string(most_dna_copies_in_all / 2) +
               " DNA molecules; this one would have " + std::to_string(copies));
    for (std::size_t i = 0; i < o.membrane_genes.size(); ++i) {
        if (o.membrane_genes[i] >= layout.gene_unit.size() || (i > 0 && o.membrane_genes[i] <= o.membrane_genes[i - 1]))
            refuse("membrane_genes must name genes of the genome in ascending order");
        const GeneKind kind = layout.gene_kind[o.membrane_genes[i]];
        if (kind != GeneKind::protein && kind != GeneKind::pseudo)
            refuse("membrane_genes names " + layout.gene_tag[o.membrane_genes[i]] + ", which is no protein");
    }
}

/// The molecules of a part, shared evenly by the genes that can make it.
void fill(std::vector<std::int64_t>& in_machines, const MachinePart& part, std::int64_t machines) {
    const auto genes = static_cast<std::int64_t>(part.genes.size());
    const std::int64_t molecules = machines * part.copies;
    for (std::int64_t i = 0; i < genes; ++i)
        in_machines[part.genes[static_cast<std::size_t>(i)]] += molecules / genes + (i < molecules % genes ? 1 : 0);
}

/// Seconds from the beginning of a round to its end, with forks at full speed.
double replication_time_s(const Replicon& replicon, std::int64_t origin, double bp_per_s) {
    const std::int64_t longer = std::max(origin, replicon.length_nt - origin);
    return (replicon.circular ? 0.5 * static_cast<double>(replicon.length_nt) : static_cast<double>(longer)) / bp_per_s;
}

/// Cooper and Helmstetter: of the rounds whose divisions come 1, 2, ... doubling times after birth, each began C + D before
/// its division. All chromosomes of a cell begin together, the longest one sets C.
void place_rounds(LifePlan& plan, const Layout& layout, const CellCycle& cycle) {
    plan.rounds.resize(layout.replicons.size());
    if (!(cycle.doubling_time_s > 0.0)) return;
    const auto is_chromosome = [&](std::size_t r) { return plan.origins[r] >= 0 && plan.copies[r] == 1; };
    double longest_s = 0.0;
    for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
        if (is_chromosome(r))
            longest_s = std::max(longest_s, replication_time_s(layout.replicons[r], plan.origins[r], cycle.fork_kcat_bp_per_s));
    }
    const double whole_s = longest_s + cycle.division_delay_s;
    constexpr double most_rounds = 9.0;  // 2^9 copies, which the first round after birth doubles to as many as a cell can hold
    if (longest_s > 0.0 && !(whole_s <= most_rounds * cycle.doubling_time_s))
        refuse("a cell that doubles in " + std::to_string(cycle.doubling_time_s) + " s and takes " + std::to_string(whole_s) +
               " s from the beginning of replication to division would be born with more than 9 rounds under way");
    std::size_t copies = 0;
    for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
        const unsigned rounds = is_chromosome(r) ? static_cast<unsigned>(whole_s / cycle.doubling_time_s) : 0u;
        copies += static_cast<std::size_t>(plan.copies[r]) << rounds;
        if (copies > most_dna_copies_in_all / 2)
            refuse("a cell that grows starts with at most " + std::to_string(most_dna_copies_in_all / 2) +
                   " DNA molecules; with those that are being made this one would have more");
        if (!is_chromosome(r)) continue;
        const Replicon& replicon = layout.replicons[r];
        const double own_s = replication_time_s(replicon, plan.origins[r], cycle.fork_kcat_bp_per_s);
        for (double division_s = cycle.doubling_time_s; division_s <= whole_s; division_s += cycle.doubling_time_s) {
            const double elapsed_s = whole_s - division_s;
            const auto copied = static_cast<std::int64_t>(elapsed_s * cycle.fork_kcat_bp_per_s);
            RoundAtBirth& round = plan.rounds[r].emplace_back();
            round.left = replicon.circular ? copied : std::min(copied, plan.origins[r]);
            round.right = replicon.circular ? copied : std::min(copied, replicon.length_nt - plan.origins[r]);
            // by its bases, too: of two times that should be equal either may be rounded to the longer one
            round.whole = elapsed_s >= own_s || round.left + round.right >= replicon.length_nt;
            if (!round.whole) continue;
            round.left = round.right = 0;
            round.ended_s = std::min(own_s - elapsed_s, 0.0);
        }
    }
}

}  // namespace

LifePlan make_life_plan(const Layout& layout, const Kinetics& kinetics) {
    const Organism& o = kinetics.organism;
    check(layout, o);
    LifePlan plan;
    const std::size_t genes = layout.gene_unit.size();
    plan.in_machines.assign(genes, 0);
    const std::array<std::int64_t, 3> machines{o.rna_polymerases, o.ribosomes, o.degradosomes};
    for (std::size_t m = 0; m < machines.size(); ++m) {
        for (const MachinePart& part : layout.machine_parts[m]) fill(plan.in_machines, part, machines[m]);
    }
    for (std::uint32_t g = 0; g < genes; ++g) {
        const auto n = layout.mature_nucleotides(g);
        for (std::size_t b = 0; b < 4; ++b) plan.machine_nucleotides[b] += n[b] * plan.in_machines[g];
    }
    plan.membrane = layout.membrane;
    if (!o.membrane_genes.empty()) {
        plan.membrane.assign(genes, 0);
        for (const std::uint32_t g : o.membrane_genes) plan.membrane[g] = 1;
    }
    // A cell that has no translocon at birth could not insert its first one.
    if (layout.translocon != Layout::none && kinetics.birth_proteins[layout.translocon] > 0) plan.translocon = layout.translocon;
    for (std::size_t r = 0; r < layout.replicons.size(); ++r) {
        const bool given = r < o.origins_nt.size() && o.origins_nt[r] >= 0;
        const std::int64_t origin = given ? o.origins_nt[r] : layout.replicons[r].origin;
        plan.origins.push_back(origin < 0 ? -1 : layout.replicons[r].from_cut(origin));
        plan.copies.push_back(r < o.replicon_copies.size() ? o.replicon_copies[r] : 1);
    }
    place_rounds(plan, layout, o.cell_cycle);
    plan.fork_half_saturation = o.cell_cycle.fork_km_mM * 1e-3 * kinetics.molecules_per_M;
    plan.translocon_binding_per_pair_s = o.cell_cycle.translocon_binding_per_M_s / kinetics.molecules_per_M;
    return plan;
}

}  // namespace bioxen
