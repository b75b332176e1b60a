#include "check.hpp"
#include "designs.hpp"

#include "cell/snapshot.hpp"
#include "program/kinetics.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <span>

using namespace bioxen;
using namespace designs;

// Cells in balanced growth, whose rounds of replication overlap, and factors by gene.
//
// Random laws are tested with fixed seeds, without retries, by |z| <= 5 (false alarm 6e-7 each, if normal).

namespace {

constexpr double ln2 = 0.693147180559945309417;

/// A circle of 20,000 bases with genes of 63 bases beside the origin, half way and at the terminus.
struct Circle {
    static constexpr double length = 20'001.0;  // odd: the forks' halves differ by one
    static constexpr std::array<double, 3> places{0.0, 0.5, 1.0};

    static Genome genome() {
        DraftReplicon draft;
        draft.space(100).gene("ori", coding(20)).space(4'936).gene("mid", coding(20)).space(4'937).gene("ter", coding(20));
        draft.space(20'001 - draft.dna.size());
        return decode(draft.record("REC0", true));
    }
};

/// Times of the classical model in seconds in place of minutes: a circle takes C, sisters divide D later, cells double in tau.
struct Times {
    double c, d, tau;

    [[nodiscard]] double until_division(double place) const { return c * (1.0 - place) + d; }
    /// Copies of a place at an age: each of the rounds that passed it doubled them.
    [[nodiscard]] double copies(double place, double age) const { return std::exp2(std::floor((age + until_division(place)) / tau)); }
    /// How far from the nearest age at which a round passes the place, modulo the doubling time.
    [[nodiscard]] double from_change(double place, double age) const {
        const double phase = std::fmod(age + until_division(place) + 10.0 * tau, tau);
        return std::min(phase, tau - phase);
    }
};

/// A cell that does nothing but grow and copy its DNA.
Organism growing_in_balance(const Times& times) {
    Organism o = organism();
    o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
    o.pools.fill(0);
    for (const SpeciesIndex s : {species::dATP, species::dCTP, species::dGTP, species::dTTP}) o.pools[s] = 20'000'000;
    o.pools[species::ATP] = 200'000'000;  // enough for all generations
    constexpr std::int64_t lipids = 200'000;
    o.pools[species::lipid] = lipids;
    const auto cell = [](SpeciesIndex s, std::int64_t n) { return SupplyLeg{Place::cell, s, n}; };
    o.supply.push_back({"lipid", "growth", {cell(species::ATP, -1), cell(species::ADP, 1), cell(species::lipid, 1)},
                        lipids * ln2 / times.tau, {}});
    o.origins_nt = {130};
    CellCycle& c = o.cell_cycle;
    c.enabled = c.rod = true;
    c.lipid_surface_nm2 = 1e6;
    c.largest_volume_ratio = 4.0;
    c.fork_kcat_bp_per_s = 0.5 * Circle::length / times.c;
    c.division_surface_ratio = 2.0;
    c.division_delay_s = times.d;
    c.initiation_volume_l = o.volume_l * std::exp2(1.0 - (times.c + times.d) / times.tau);
    c.doubling_time_s = times.tau;
    c.insertion_aa_per_s = 50.0;
    return o;
}

bool holds(double z, const char* what) {
    if (std::abs(z) <= 5.0) return true;
    std::printf("  %s: z = %.2f\n", what, z);
    return false;
}

/// Of n, as many as a share p says.
bool in_share(double seen, double n, double p, const char* what) {
    return holds((seen - p * n) / std::sqrt(n * p * (1.0 - p)), what);
}

}  // namespace

/// Copies of each place are what Cooper and Helmstetter say at every age from birth on, over several generations, and
/// their mean over the ages of an exponential population, 2 ln 2 2^(-a/tau), is 2^([C(1-m)+D]/tau). Forks of 20,001 bases
/// scatter by 0.7 % (0.3 s): ages within 1.5 s of a passing fork are not looked at, the means may be off by 2 %.
TEST(gene_dosage_is_that_of_Cooper_and_Helmstetter) {
    constexpr double every = 0.25, unsharp = 1.5;
    for (const Times& times : {Times{40, 20, 30}, Times{40, 20, 60}, Times{40, 20, 45}, Times{40, 20, 100}, Times{40, 20, 17}}) {
        const auto program = compile(Circle::genome(), growing_in_balance(times));
        std::array<double, 3> sums{};
        double weights = 0.0;
        std::size_t looked = 0, wrong = 0;
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
            CellularContext cell{program, seed};
            CHECK(cell.audit().ok());
            for (int generation = 0; generation < 6; ++generation) {
                const double birth = cell.time_s();
                for (double until = birth;; until += every) {
                    const auto copies = cell.gene_copies();
                    const double age = cell.time_s() - birth, weight = std::exp2(-age / times.tau);
                    for (std::size_t p = 0; p < 3; ++p) {
                        sums[p] += weight * static_cast<double>(copies[p]);
                        if (times.from_change(Circle::places[p], age) < unsharp || age > times.tau - unsharp) continue;
                        ++looked;
                        wrong += static_cast<double>(copies[p]) == times.copies(Circle::places[p], age) ? 0 : 1;
                    }
                    weights += weight;
                    AdvanceStatus status = AdvanceStatus::preempted;
                    while (status == AdvanceStatus::preempted) status = cell.advance(until + every);
                    if (status == AdvanceStatus::ready_to_divide) break;
                    if (cell.time_s() > birth + 2.0 * times.tau) break;
                }
                CHECK(std::abs(cell.time_s() - birth - times.tau) < 0.03 * times.tau);
                const auto mother = cell.gene_copies();
                const CellularContext daughter = cell.divide();
                CHECK(cell.audit().ok() && daughter.audit().ok());
                // the oldest sisters part, whatever is under way: both sides have half of everything
                CHECK(cell.gene_copies() == daughter.gene_copies() && 2 * cell.gene_copies()[0] == mother[0]);
                CHECK(cell.cycle().forks == daughter.cycle().forks);
            }
        }
        std::printf("  tau %3.0f:", times.tau);
        for (std::size_t p = 0; p < 3; ++p) {
            const double mean = sums[p] / weights, law = std::exp2(times.until_division(Circle::places[p]) / times.tau);
            std::printf(" %.3f (%.3f)", mean, law);
            CHECK(std::abs(mean / law - 1.0) < 0.02);
        }
        std::printf(", %zu of %zu looks wrong\n", wrong, looked);
        CHECK(looked > 1'000 && wrong == 0);
    }
}

/// Where size does not hold a cell back, the timers of its chromosomes alone say when it divides, also those that were set
/// before its birth: once in each doubling time, though each runs for longer than that. Whatever has terminated by then (at
/// a delay of one doubling time some of the next round have and some have not), each side gets half of the origins.
TEST(sisters_divide_a_delay_after_their_own_termination) {
    for (const double delay : {20.0, 30.0, 45.0, 70.0}) {
        const Times times{40, delay, 30};
        Organism o = growing_in_balance(times);
        o.cell_cycle.division_surface_ratio = 1.0;
        CellularContext cell{compile(Circle::genome(), o), 5};
        for (int generation = 0; generation < 8; ++generation) {
            const double birth = cell.time_s();
            AdvanceStatus status = AdvanceStatus::preempted;
            while (status == AdvanceStatus::preempted) status = cell.advance(birth + 100.0);
            CHECK(status == AdvanceStatus::ready_to_divide);
            const double lived = cell.time_s() - birth;
            if (!(std::abs(lived - times.tau) < 2.0)) std::printf("  D %.0f, generation %d: %.2f s\n", delay, generation, lived);
            CHECK(std::abs(lived - times.tau) < 2.0);
            const CellularContext daughter = cell.divide();
            // at C + D of two doubling times a round has just begun, and not every fork has left the origin's gene
            if (delay != 20.0) CHECK(cell.gene_copies()[0] == daughter.gene_copies()[0]);
        }
    }
}

namespace {

/// With these pH 5 leaves one half of every rate, and pH 3 nothing.
void halve_at_pH_5(Organism& o) {
    o.tolerance.lowest_pH = 4.0;
    o.tolerance.optimal_pH = 7.0;
    o.tolerance.highest_pH = 9.0;
}
constexpr Environment slow{0.0, 37.0, 5.0};

}  // namespace

/// The delay of each pair of sisters passes at the pace of the rest, whatever terminates meanwhile. Here from birth on,
/// and from a change in the middle of the first life on.
TEST(sisters_at_half_the_pace_divide_after_twice_the_delay) {
    for (const double delay : {20.0, 45.0, 70.0}) {
        for (const double first_s : {0.0, 17.0}) {
            const Times times{40, delay, 30};
            Organism o = growing_in_balance(times);
            o.cell_cycle.division_surface_ratio = 1.0;
            halve_at_pH_5(o);
            CellularContext cell{compile(Circle::genome(), o), 6};
            if (first_s > 0.0) CHECK(cell.advance(first_s) == AdvanceStatus::reached);
            cell.set_environment(slow);
            for (int generation = 0; generation < 4; ++generation) {
                const double birth = cell.time_s() - (generation == 0 ? first_s : 0.0);
                CHECK(cell.advance(1e3) == AdvanceStatus::ready_to_divide);
                const double lived = cell.time_s() - birth;
                const double expected = 2.0 * times.tau - (generation == 0 ? first_s : 0.0);
                if (!(std::abs(lived - expected) < 3.0))
                    std::printf("  D %.0f: %.2f s, not %.2f\n", delay, lived, expected);
                CHECK(std::abs(lived - expected) < 3.0);
                const CellularContext daughter = cell.divide();
                CHECK(CellularContext::restore(cell.snapshot(), cell.shared_program()).snapshot() == cell.snapshot());
            }
        }
    }
}

/// A pair of sisters that was whole at birth, the next rounds having come as far as the law says: also where rounding
/// puts the age of a round a bit below the time that it takes.
TEST(a_round_that_ends_at_birth_has_ended) {
    DraftReplicon draft;
    draft.space(5'000);
    const Genome genome = decode(draft.record("REC0", true));
    int found = 0;
    for (int delay = 1; delay < 400; ++delay) {
        Organism o = growing_in_balance({40, static_cast<double>(delay), static_cast<double>(delay)});
        o.cell_cycle.fork_kcat_bp_per_s = 627.0;
        const double own_s = 0.5 * 5'000.0 / 627.0, elapsed_s = (own_s + delay) - delay;
        found += elapsed_s < own_s ? 1 : 0;
        std::optional<CellularContext> cell;
        try {
            cell.emplace(compile(genome, o), 1);
        } catch (const InputError&) {
            continue;  // more rounds than there can be
        }
        bool same = false;
        try {
            same = CellularContext::restore(cell->snapshot(), cell->shared_program()).snapshot() == cell->snapshot();
        } catch (const InputError& e) {
            std::printf("  D = tau = %d: %s\n", delay, e.what());
        }
        CHECK(same && cell->cycle().chromosomes == 2 && cell->audit().ok());
    }
    CHECK(found > 100);
}

TEST(a_cell_in_balanced_growth_goes_on_bit_for_bit_from_its_snapshots) {
    const auto program = compile(Circle::genome(), growing_in_balance({40, 45, 30}));
    CellularContext cell{program, 3}, shadow{program, 3};
    for (int slice = 1; slice <= 200; ++slice) {
        const double until = 0.7 * slice;
        AdvanceStatus status = AdvanceStatus::preempted;
        while (status != AdvanceStatus::reached) {
            status = cell.advance(until);
            shadow = CellularContext::restore(shadow.snapshot(), program);
            CHECK(shadow.advance(until) == status && shadow.snapshot() == cell.snapshot());
            if (status == AdvanceStatus::ready_to_divide) {
                const CellularContext daughter = cell.divide(), same = shadow.divide();
                CHECK(daughter.snapshot() == same.snapshot());
            }
        }
    }
    CHECK(cell.cycle().generation == 4);
}

TEST(replicons_of_either_topology_begin_together) {
    DraftReplicon large, small;
    large.space(8'000);
    small.space(1'000);
    Organism o = growing_in_balance({40, 20, 30});
    o.origins_nt = {1'000, 0, 10};
    o.replicon_copies = {1, 1, 3};
    o.cell_cycle.fork_kcat_bp_per_s = 7'000.0 / 40.0;  // the longer arm takes C
    const auto program = compile(
        decode(large.record("REC0", false) + small.record("REC1", true) + small.record("REC2", true)), o);
    CellularContext cell{program, 2};
    CHECK(cell.audit().ok());
    const CycleState cycle = cell.cycle();
    // The round of 30 s ago has finished the short arm and the circle, that of now has just begun everywhere: the long arm
    // has 1 + 2 forks, the short one 2, the circle two circles with two forks each; the plasmid is left alone.
    CHECK(cycle.forks == 3 + 2 + 4 && cycle.chromosomes == 1);
    AdvanceStatus status = AdvanceStatus::preempted;
    while (status == AdvanceStatus::preempted) status = cell.advance(40.0);
    CHECK(status == AdvanceStatus::ready_to_divide && std::abs(cell.time_s() - 30.0) < 1.5);
    CHECK(cell.audit().ok());
}

/// Copies of a plasmid at birth are Poisson with the number that the cell should have: mean and variance over lineages,
/// whose numbers forget half of themselves in each generation. Without control each generation would add half the mean to
/// the variance.
TEST(plasmids_keep_their_number) {
    constexpr double wanted = 20.0;
    DraftReplicon plasmid;
    plasmid.space(30).gene("p", coding(20)).space(30);
    Organism o = growing_in_balance({2, 1, 4});
    o.cell_cycle.fork_kcat_bp_per_s = 200.0;
    o.origins_nt = {0, 10};
    o.replicon_copies = {1, static_cast<std::int64_t>(wanted)};
    for (const SpeciesIndex s : {species::ATP, species::dATP, species::dCTP, species::dGTP, species::dTTP}) o.pools[s] = 5'000'000;
    o.pools[species::lipid] = 2'000;
    o.supply.front().max_rate_per_s = 2'000 * ln2 / 4.0;
    const auto program = compile(decode(DraftReplicon{}.space(800).record("REC0", true) + plasmid.record("REC1", true)), o);
    double sum = 0.0, squares = 0.0;
    constexpr std::size_t lineages = 200;
    for (std::uint64_t seed = 1; seed <= lineages; ++seed) {
        CellularContext cell{program, seed};
        while (cell.cycle().generation < 7) {
            if (cell.advance(1e3) != AdvanceStatus::ready_to_divide) continue;
            const CellularContext daughter = cell.divide();
            if (seed == 1) CHECK(cell.audit().ok() && daughter.audit().ok());
        }
        const auto copies = static_cast<double>(cell.gene_copies()[0]);
        sum += copies;
        squares += (copies - wanted) * (copies - wanted);
    }
    const double n = static_cast<double>(lineages);
    std::printf("  %.2f copies, variance %.2f\n", sum / n, squares / n);
    // A gene that its fork has not passed yet is not counted, and a life is not of exactly one doubling time: the mean within
    // 8 %.
    CHECK(std::abs(sum / n / wanted - 1.0) < 0.08);
    // of a Poisson number the squared deviation has mean N and variance N (1 + 2 N)
    CHECK(holds((squares / n - wanted) / std::sqrt(wanted * (1.0 + 2.0 * wanted) / n), "variance of copies"));
}

/// Rounds of a plasmid begin at the pace of the rest. Forks that an inhibitor stops stay where they began, so that they
/// count the rounds: Poisson with half the number that the usual pace brings.
TEST(plasmids_begin_to_be_copied_at_the_pace_of_the_rest) {
    constexpr double wanted = 20.0, seeds = 50.0;
    Organism o = growing_in_balance({2, 1, 4});
    o.cell_cycle.fork_kcat_bp_per_s = 200.0;
    o.origins_nt = {0, 10};
    o.replicon_copies = {1, static_cast<std::int64_t>(wanted)};
    halve_at_pH_5(o);
    const auto program = compile(decode(DraftReplicon{}.space(800).record("REC0", true) +
                                        DraftReplicon{}.space(100).record("REC1", true)), o);
    double begun = 0.0;
    for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(seeds); ++seed) {
        CellularContext cell{program, seed};
        cell.inhibit(Work::replication_elongation, 0.0);
        cell.set_environment({0.0, 37.0, 3.0});
        const std::int64_t before = cell.cycle().forks;
        cell.advance(300.0);
        CHECK(cell.cycle().forks == before && cell.time_s() < 200.0);
        cell.set_environment(slow);
        cell.set_resource(species::lipid, 0);  // it is to begin no round of its chromosome
        cell.advance(cell.time_s() + 4.0);
        begun += 0.5 * static_cast<double>(cell.cycle().forks - before);
        CHECK(cell.audit().ok());
    }
    const double expected = 0.5 * wanted * seeds;
    CHECK(holds((begun - expected) / std::sqrt(expected), "rounds of plasmids"));
}

/// The end of a plasmid's round is not the end of the chromosome's.
TEST(plasmids_do_not_tell_the_phase_of_the_chromosome) {
    Organism o = growing_in_balance({2, 1, 4});
    o.cell_cycle.fork_kcat_bp_per_s = 200.0;
    o.cell_cycle.initiation_volume_l *= 100.0;  // no round of the chromosome begins
    o.cell_cycle.doubling_time_s = 10.0;
    o.origins_nt = {0, 10};
    o.replicon_copies = {1, 20};
    CellularContext cell{compile(decode(DraftReplicon{}.space(800).record("REC0", true) +
                                        DraftReplicon{}.space(100).record("REC1", true)), o), 1};
    cell.advance(5.0);
    CHECK(cell.events().replication_terminations > 0);
    CHECK(cell.cycle().replication_began_s == -1.0 && cell.cycle().replication_ended_s == -1.0);
}

TEST(balanced_growth_is_refused_where_it_has_no_law) {
    const std::array<std::function<void(Organism&)>, 6> faults{{
        [](Organism& o) { o.cell_cycle.doubling_time_s = -1.0; },
        [](Organism& o) { o.cell_cycle.doubling_time_s = std::nan(""); },
        [](Organism& o) { o.cell_cycle.doubling_time_s = 6.0; },  // ten rounds
        [](Organism& o) { o.cell_cycle.doubling_time_s = 1e-300; },
        [](Organism& o) { o.cell_cycle.initiation_volume_l = 0.0; },
        [](Organism& o) { o.cell_cycle.fork_kcat_bp_per_s = 0.0; },
    }};
    (void)compile(Circle::genome(), growing_in_balance({40, 20, 7}));
    for (std::size_t i = 0; i < faults.size(); ++i) {
        Organism o = growing_in_balance({40, 20, 30});
        faults[i](o);
        bool refused = false;
        try {
            (void)compile(Circle::genome(), o);
        } catch (const InputError& e) {
            refused = e.kind() == InputErrorKind::configuration;
        }
        if (!refused) std::printf("  fault %zu is accepted\n", i);
        CHECK(refused);
    }
}

/// What was made since the last tick counts among what a division tosses coins for: a forged snapshot could have it
/// take for ever.
TEST(a_division_counts_what_is_not_posted_yet) {
    const auto program = compile(Circle::genome(), growing_in_balance({40, 45, 30}));
    CellularContext cell{program, 3};
    std::vector<std::byte> bytes = cell.snapshot();
    const auto pools = cell.resources();
    const auto image = std::as_bytes(std::span{pools});
    auto found = std::search(bytes.begin(), bytes.end(), image.begin(), image.end());  // in the organism
    found = std::search(found + 1, bytes.end(), image.begin(), image.end());
    CHECK(found != bytes.end());
    const auto put = [&bytes](std::size_t at, std::uint64_t word) {
        for (std::size_t i = 0; i < 8; ++i, word >>= 8) bytes[at + i] = static_cast<std::byte>(word & 255);
    };
    // nucleotides that degradosomes have taken off
    const auto steps = static_cast<std::size_t>(found - bytes.begin()) + image.size();
    put(steps + 8 * symbol::degradation, std::uint64_t{1} << 50);
    const std::size_t covered = bytes.size() - snapshot_format::checksum_bytes;
    put(covered, crc64(std::span{bytes}.first(covered)));
    CellularContext forged = CellularContext::restore(bytes, program);
    bool refused = false;
    try {
        (void)forged.divide();
    } catch (const InputError& e) {
        refused = std::string{e.what()}.find("molecules") != std::string::npos;
    }
    CHECK(refused);
}

// ---------------------------------------------------------------------------------------------------- factors by gene

namespace {

/// Two units of one gene each, alike in all but their names.
Genome two_units() {
    DraftReplicon draft;
    draft.space(80).gene("a", coding(30)).space(400).gene("b", coding(30)).space(80);
    return decode(draft.record("REC0", true));
}

/// What each gene's count is after a while, summed over seeds.
std::array<double, 2> counted(const Organism& o, double until,
                              const std::function<std::vector<std::int64_t>(const CellularContext&)>& count) {
    const auto program = compile(two_units(), o);
    std::array<double, 2> seen{};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CellularContext cell{program, seed};
        cell.advance(until);
        const auto counts = count(cell);
        for (std::size_t g = 0; g < 2; ++g) seen[g] += static_cast<double>(counts[g]);
    }
    return seen;
}

Organism crowd() {
    Organism o = organism();
    o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
    o.rnap_footprint_nt = 1;
    o.ribosome_footprint_codons = 1;
    o.rna_kcat_nt_per_s = o.rna_kcat_min_nt_per_s = o.rna_kcat_max_nt_per_s = 5'000.0;
    o.translation_kcat_aa_per_s = o.degradation_kcat_nt_per_s = 5'000.0;
    return o;
}

}  // namespace

/// Three times the messengers that decay twice as fast are transcribed six times as often; at birth there are three times
/// as many, as the mean field has them.
TEST(messengers_and_decay_set_how_often_a_unit_is_transcribed) {
    Organism o = crowd();
    o.rna_polymerases = 20'000;
    o.promoter_binding_per_M_s *= 1e-1;
    o.gene_messengers = {{0, 3.0}};
    o.gene_decay = {{0, 2.0}};
    const auto made = counted(o, 5.0, [](const CellularContext& c) { return c.mrnas(); });
    CHECK(made[0] + made[1] > 5'000);
    CHECK(in_share(made[0], made[0] + made[1], 6.0 / 7.0, "transcripts"));
    o.degradosomes = 200;
    o.rna_polymerases = 20;
    const auto program = compile(two_units(), o);
    const std::vector<double>& mean = program->kinetics().mean_transcripts;
    CHECK(std::abs(mean[0] / mean[1] / 3.0 - 1.0) < 1e-2);  // but for what RNAPs clear
    CHECK(program->promoter_strength(UnitId{0}) == 6.0 * program->promoter_strength(UnitId{1}));
    CHECK(program->kcat_nt_per_s(UnitId{0}) == program->kcat_nt_per_s(UnitId{1}));
}

TEST(messengers_decay_as_fast_as_their_factors_say) {
    constexpr double n = 3'000.0;  // so many that few go
    Organism o = crowd();
    o.degradosomes = 1'000;
    o.degradosome_binding_per_M_s *= 2e-2;
    o.mrna_counts = {n, n};
    o.gene_decay = {{0, 4.0}, {1, 0.5}};
    double gone = 0.0, seen = 0.0;
    const auto program = compile(two_units(), o);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CellularContext cell{program, seed};
        const auto before = cell.mrnas();
        cell.advance(1.0);
        const auto after = cell.mrnas();
        gone += static_cast<double>(before[0] - after[0]);
        seen += static_cast<double>(before[0] - after[0] + before[1] - after[1]);
    }
    CHECK(seen > 1'000);
    // what is left of the fast one falls while one looks, by less than the error of the share
    CHECK(in_share(gone, seen, 8.0 / 9.0, "decays"));
    // and the rate is that of the organism times the factor: 1,000 degradosomes, 4 and 0.5 of 3,000 each
    const double per_s = o.degradosome_binding_per_M_s / (6.02214076e23 * o.volume_l) * 1'000.0 * n * 4.5 * 20.0;
    CHECK(std::abs(seen / per_s - 1.0) < 5.0 / std::sqrt(per_s) + 0.06);
}

TEST(ribosomes_load_as_often_as_their_factors_say) {
    Organism o = crowd();
    o.ribosomes = 2'000;
    o.ribosome_binding_per_M_s *= 1e-2;
    o.mrna_counts = {2'000.0, 2'000.0};
    o.gene_loading = {{0, 0.25}, {1, 1.5}};
    const auto made = counted(o, 2.0, [](const CellularContext& c) { return c.proteins(); });
    CHECK(made[0] + made[1] > 5'000);
    CHECK(in_share(made[0], made[0] + made[1], 1.0 / 7.0, "proteins"));
    o.gene_loading = {{0, 0.0}, {1, 0.0}};
    CHECK((counted(o, 2.0, [](const CellularContext& c) { return c.proteins(); }) == std::array<double, 2>{}));
}

/// A messenger on which no ribosome ever loads does not keep a cell busy.
TEST(a_cell_with_nothing_to_load_is_exhausted) {
    Organism o = organism();
    o.rna_polymerases = o.degradosomes = 0;
    o.protein_decay_per_s = 0.0;
    o.mrna_counts = {20.0, 0.0};
    o.gene_loading = {{0, 0.0}, {1, 1.0}};
    CellularContext cell{compile(two_units(), o), 3};
    CHECK(cell.mrnas()[0] > 0 && cell.mrnas()[1] == 0);
    CHECK(cell.advance(1e3) == AdvanceStatus::exhausted);
}

TEST(given_units_go_before_distances) {
    DraftReplicon draft;
    draft.space(80).gene("a", coding(30)).space(10).gene("b", coding(30)).space(300).gene("c", coding(30)).space(10);
    draft.gene("d", coding(30)).space(10).gene("e", coding(30), true).space(80);
    const Genome genome = decode(draft.record("REC0", true));
    const auto units = [&](std::vector<std::uint32_t> groups) {
        Organism o = organism();
        o.unit_groups = std::move(groups);
        std::string told;
        const auto program = compile(genome, o);
        for (const TranscriptionUnit& unit : program->units()) told += unit.name + " ";
        return told;
    };
    constexpr std::uint32_t none = Organism::ungrouped;
    CHECK(units({}) == "a..b c..d e ");
    CHECK(units({none, none, none, none, none}) == "a..b c..d e ");
    CHECK(units({0, 1, 1, none, none}) == "a b..c d e ");
    CHECK(units({7, 7, 7, 7, 7}) == "a..d e ");   // a unit has one strand
    CHECK(units({0, none, none, 0, none}) == "a b c d e ");  // and its genes are neighbours
    Organism o = organism();
    const auto program = compile(genome, o);
    o.unit_groups = {0, 0, 0, 0, 0};
    for (const auto& act : std::array<std::function<void()>, 2>{
             [&] { (void)program->with_organism(o); }, [&] { (void)compile(two_units(), o); }}) {
        bool refused = false;
        try {
            act();
        } catch (const InputError& e) {
            refused = e.kind() == InputErrorKind::configuration;
        }
        CHECK(refused);
    }
}

RUN_TESTS()
