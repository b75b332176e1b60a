#include "check.hpp"
#include "designs.hpp"
#include "reseal.hpp"

#include "program/kinetics.hpp"

#include <bioxen/error.hpp>

#include <cmath>
#include <functional>
#include <limits>

using namespace bioxen;
using namespace designs;
using Bytes = std::vector<std::byte>;

// Environment, inhibitors, arrest, death and damage of the DNA.
//
// Laws are tested with fixed seeds, without retries, by |z| <= 5 of a mean or a variance (false alarm 6e-7 each, if
// normal); there are eight such comparisons: 5e-6 for the file.

namespace {

constexpr double critical_z = 5.0;
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

bool sound(const CellularContext& cell) {
    bool ok = cell.audit().ok();
    for (const std::int64_t n : cell.resources()) ok = ok && n >= 0;
    return ok;
}

bool holds(double z, const char* what) {
    if (std::abs(z) <= critical_z) return true;
    std::printf("  %s: z = %.2f\n", what, z);
    return false;
}

/// Cardinal values with which pH 5 leaves exactly one half of every rate.
Tolerance halved_at_pH_5() {
    Tolerance t;
    t.lowest_pH = 4.0;
    t.optimal_pH = 7.0;
    t.highest_pH = 9.0;
    return t;
}
const Environment usual{0.0, 37.0, 7.0}, slow{0.0, 37.0, 5.0};

/// Grows, feeds on glucose, and starves.
Organism living() {
    Organism o = growing();
    o.protein_decay_per_s = 0.0;
    o.origins_nt = {15};
    o.tolerance = halved_at_pH_5();
    o.tolerance.glucose_mM = 10.0;
    o.tolerance.activation_energy_J_per_mol = 56'500.0;
    o.tolerance.lethal_temperature_c = 49.0;
    o.tolerance.lethal_energy_charge = 0.5;
    o.tolerance.starvation_s = 300.0;
    o.supply[0].glucose_km_mM = 0.01;  // regeneration of ATP
    return o;
}

Genome one_circle() {
    DraftReplicon draft;
    draft.space(50).gene("a", coding(60)).space(60).gene("b", coding(40), true).space(80);
    return decode(draft.record("REC0", true));
}

std::shared_ptr<const Program> living_program() {
    static const auto program = compile(one_circle(), living());
    return program;
}

Environment without_glucose(const CellularContext& cell) {
    Environment there = cell.environment();
    there.glucose_mM = 0.0;
    return there;
}

/// All that is counted, but not when.
bool same_state(const CellularContext& a, const CellularContext& b) {
    bool same = a.proteins() == b.proteins() && a.mrnas() == b.mrnas() && a.resources() == b.resources() &&
                a.gene_copies() == b.gene_copies();
    const EventCounts x = a.events(), y = b.events();
    for (const auto count : event_count_members) same = same && x.*count == y.*count;
    const auto one = a.polymerases(), other = b.polymerases();
    same = same && one.size() == other.size();
    for (std::size_t i = 0; same && i < one.size(); ++i)
        same = one[i].kind == other[i].kind && one[i].position_nt == other[i].position_nt && one[i].gene == other[i].gene;
    return same;
}

std::string refusal(const std::function<void()>& deed) {
    try {
        deed();
    } catch (const InputError& e) {
        return e.what();
    }
    return {};
}

}  // namespace

// -------------------------------------------------------------------------------------------------------- factors

TEST(the_pace_is_one_where_the_rates_hold_and_follows_the_published_laws_elsewhere) {
    Tolerance t = living().tolerance;
    CHECK(pace(Tolerance{}, {3.0, 80.0, 7.0}) == 1.0);
    CHECK(pace(t, {0.0, t.reference_temperature_c, t.optimal_pH}) == 1.0);
    CHECK(pace(t, slow) == 0.5);
    for (const double pH : {0.0, 3.0, 4.0, 9.0, 14.0}) CHECK(pace(t, {0.0, 37.0, pH}) == 0.0);
    for (const double celsius : {0.0, 21.0, 30.0, 36.9, 45.0}) {
        const double arrhenius = std::exp(-56'500.0 / 8.31446261815324 * (1.0 / (celsius + 273.15) - 1.0 / 310.15));
        CHECK(std::abs(pace(t, {0.0, celsius, 7.0}) / arrhenius - 1.0) < 1e-12);
    }
    const double q10 = pace(t, {0.0, 37.0, 7.0}) / pace(t, {0.0, 27.0, 7.0});
    CHECK(q10 > 2.0 && q10 < 2.2);
}

/// Every rate halved is time stretched: the same seed comes through the same states at twice the time, to the last bit.
/// Between two supply ticks, for these stay where they are; a cell ten thousand times as fast lives long enough there.
TEST(halved_rates_reach_the_same_states_at_twice_the_time) {
    constexpr double faster = 1e4;
    Organism o = organism();
    o.volume_l /= faster;
    for (double* rate : {&o.rna_kcat_nt_per_s, &o.rna_kcat_min_nt_per_s, &o.rna_kcat_max_nt_per_s, &o.rna_km_mM,
                         &o.translation_kcat_aa_per_s, &o.translation_km_mM, &o.degradation_kcat_nt_per_s,
                         &o.head_on_dissociation_per_s})
        *rate *= faster;
    o.protein_decay_per_s = 0.01 * faster;
    o.tolerance = halved_at_pH_5();
    o.tolerance.dna_damage_per_bp_s = 1e-4 * faster;
    o.tolerance.dna_repair_per_s = 0.1 * faster;
    for (const SpeciesIndex s : {species::dATP, species::dCTP, species::dGTP, species::dTTP}) o.pools[s] = 100'000;
    const auto program = compile(small_genome(), o);
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CellularContext quick{program, seed}, halved{program, seed};
        halved.set_environment(slow);
        for (int part = 1; part <= 50; ++part) {
            const double until = part * (1.0 / 128.0 / 51.0);
            quick.advance(until);
            halved.advance(2.0 * until);
            CHECK(same_state(quick, halved));
        }
        const EventCounts done = quick.events();
        CHECK(done.codon_steps > 1'000 && done.mrna_decays > 2 && done.protein_decays > 0 && done.dna_repairs > 0);
    }
}

/// What is pending is stretched when the pace changes: lesions come as a Poisson process of the rate that there is.
TEST(events_follow_an_environment_that_changes_between_them) {
    Organism o = organism();
    o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
    o.tolerance = halved_at_pH_5();
    const auto length = static_cast<double>(small_genome().records()[0].length_nt);
    o.tolerance.dna_damage_per_bp_s = 50.0 / length;
    const auto program = compile(small_genome(), o);
    double sum = 0.0, squares = 0.0;
    constexpr double cells = 1'000, mean = 50.0 * (3.0 * 0.0101 + 0.5 * 3.0 * 0.0101);
    for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(cells); ++seed) {
        CellularContext cell{program, seed};
        for (int part = 1; part <= 6; ++part) {
            cell.set_environment(part % 2 == 1 ? usual : slow);
            cell.advance(part * 0.0101);
        }
        const auto n = static_cast<double>(cell.cycle().lesions);
        sum += n;
        squares += (n - mean) * (n - mean);
    }
    CHECK(holds((sum - cells * mean) / std::sqrt(cells * mean), "lesions"));
    CHECK(holds((squares - cells * mean) / std::sqrt(cells * mean * (1.0 + 2.0 * mean)), "their variance"));
    CHECK(!(std::abs(sum - cells * mean * 4.0 / 3.0) / std::sqrt(cells * mean) <= critical_z));  // a pace that does nothing
}

/// A living cell, supply and all, lives twice as long at half the pace.
TEST(a_cell_at_half_the_pace_takes_twice_as_long_to_divide) {
    std::array<double, 2> mean{}, variance{};
    constexpr int cells = 15;
    for (const bool halved : {false, true}) {
        std::vector<double> ages;
        for (std::uint64_t seed = 1; seed <= cells; ++seed) {
            CellularContext cell{living_program(), seed + (halved ? 1'000 : 0)};
            Environment there = cell.environment();
            if (halved) there.pH = 5.0;
            cell.set_environment(there);
            CHECK(cell.advance(1e4) == AdvanceStatus::ready_to_divide);
            CHECK(sound(cell));
            ages.push_back(cell.time_s() * (halved ? 0.5 : 1.0));
        }
        for (const double age : ages) mean[halved] += age / cells;
        for (const double age : ages) variance[halved] += (age - mean[halved]) * (age - mean[halved]) / (cells - 1);
    }
    CHECK(mean[0] > 5.0);
    CHECK(holds((mean[0] - mean[1]) / std::sqrt((variance[0] + variance[1]) / cells + 1e-4), "age at division"));
}

TEST(delays_pass_at_the_pace_of_the_rest) {
    Organism o = living();
    o.cell_cycle.replication_delay_s = 8.0;
    o.cell_cycle.replication_delay_log_sd = 0.0;
    o.cell_cycle.division_surface_ratio = 1.0;
    o.cell_cycle.division_delay_s = 20.0;
    CellularContext cell{compile(one_circle(), o), 1};
    cell.set_environment({10.0, 37.0, 5.0});
    cell.advance(20.0);
    CHECK(std::abs(cell.cycle().replication_began_s - 16.0) <= 1.0 / 32);
    cell.advance(200.0);
    const CycleState end = cell.cycle();
    CHECK(end.ready_to_divide && std::abs(cell.time_s() - end.replication_ended_s - 40.0) <= 1.0 / 16);
}

TEST(supply_turns_by_michaelis_and_menten) {
    for (const double glucose : {0.0, 0.001, 0.01, 0.05, 10.0}) {
        Organism o = living();
        o.supply.resize(1);
        o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
        o.synthetases_per_amino_acid = 0.0;
        o.cell_cycle.enabled = false;
        o.pools[species::ADP] = o.pools[species::Pi] = 1'000'000;
        CellularContext cell{compile(one_circle(), o), 1};
        Environment there = cell.environment();
        there.glucose_mM = glucose;
        cell.set_environment(there);
        const std::int64_t before = cell.resources()[species::ATP];
        cell.advance(4.0);
        const double expected = 4.0 * 20'000.0 * glucose / (0.01 + glucose);
        CHECK(std::abs(static_cast<double>(cell.resources()[species::ATP] - before) - expected) <= 1.0);
    }
}

TEST(capacity_is_that_of_the_glucose_at_birth) {
    Organism o = living();
    CHECK(capacity_of(o).atp_flux_per_s == static_cast<std::int64_t>(20'000.0 * 10.0 / 10.01));
    o.tolerance.glucose_mM = 0.01;
    CHECK(capacity_of(o).atp_flux_per_s == 10'000);
    CHECK(capacity_of(with_capacity(o, {60, 20, 5'000, 2'000})).atp_flux_per_s == 5'000);
}

// ----------------------------------------------------------------------------------------------------- inhibitors

TEST(an_inhibitor_stops_its_work_and_no_other) {
    constexpr std::array done{&EventCounts::transcription_initiations, &EventCounts::nucleotide_steps,
                              &EventCounts::translation_initiations,   &EventCounts::codon_steps,
                              &EventCounts::mrna_decay_initiations,    &EventCounts::degradation_steps,
                              &EventCounts::replication_steps};
    Organism o = living();
    o.cell_cycle.fork_kcat_bp_per_s = 10.0;
    o.promoter_binding_per_M_s *= 20.0;
    const auto program = compile(one_circle(), o);
    for (std::size_t w = 0; w < work_names.size(); ++w) {
        std::array<std::int64_t, done.size()> meanwhile{}, afterwards{};
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            CellularContext cell{program, seed};
            cell.advance(6.0);
            const auto count = [&](auto& into, double until) {
                const EventCounts before = cell.events();
                cell.advance(until);
                for (std::size_t i = 0; i < done.size(); ++i) into[i] += cell.events().*done[i] - before.*done[i];
            };
            cell.inhibit(static_cast<Work>(w), 0.0);
            count(meanwhile, 7.0);
            cell.inhibit(static_cast<Work>(w), 1.0);
            CHECK(cell.remaining() == uninhibited);
            count(afterwards, 9.0);
            CHECK(sound(cell));
        }
        for (std::size_t i = 0; i < done.size(); ++i) CHECK((meanwhile[i] > 0) == (i != w) && afterwards[i] > 0);
    }
}

/// Steps of ribosomes that nothing holds up come at the remaining part of their rate: Poisson while pools are held.
TEST(elongation_is_what_the_inhibitor_leaves_of_it) {
    Organism o = organism();
    o.hold_pools = true;
    o.max_ribosomes_per_mrna = 1;
    const auto program = compile(small_genome(), o);
    for (const double left : {0.75, 0.5, 0.1}) {
        double per_ribosome_s = 0.0, seen_s = 0.0, codons = 0.0;
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            CellularContext cell{program, seed};
            cell.inhibit(Work::translation_elongation, left);
            cell.advance(60.0);
            const double before = static_cast<double>(cell.events().codon_steps);
            for (double t = 60.25; t <= 260.0; t += 0.25) {
                cell.advance(t);
                for (const Polymerase& p : cell.polymerases())
                    seen_s += p.kind == Polymerase::Kind::ribosome && p.state == Polymerase::State::moving ? 0.25 : 0.0;
            }
            codons += static_cast<double>(cell.events().codon_steps) - before;
        }
        per_ribosome_s = codons / seen_s;
        const double saturation = 200'000.0 / (200'000.0 + 1e-6 * 6.02214076e23 * o.volume_l);
        // the last step of each, its release, is none of a codon: one in some eighty
        CHECK(std::abs(per_ribosome_s / (12.0 * saturation * left) - 1.0) < 0.03);
    }
}

TEST(what_no_environment_is_changes_nothing) {
    CellularContext cell{living_program(), 5};
    cell.advance(1.0);
    const std::string before = cell.trajectory_hash();
    for (const double wrong : {nan_value, -1e-9, 1e10, std::numeric_limits<double>::infinity()}) {
        for (const Environment& e : {Environment{wrong, 37.0, 7.0}, Environment{1.0, wrong, 7.0}, Environment{1.0, 37.0, wrong}})
            CHECK(refusal([&] { cell.set_environment(e); }).find("out of range") != std::string::npos);
        CHECK(refusal([&] { cell.inhibit(Work::decay_elongation, wrong); }).find("out of range") != std::string::npos);
    }
    cell.set_environment(cell.environment());
    cell.inhibit(Work::decay_elongation, 1.0);
    CHECK(cell.trajectory_hash() == before);
}

// ------------------------------------------------------------------------------------------------ arrest and death

TEST(a_cell_without_glucose_is_arrested_and_one_that_is_fed_again_grows_on) {
    CellularContext cell{living_program(), 7};
    cell.advance(5.0);
    const Environment fed = cell.environment();
    cell.set_environment(without_glucose(cell));
    cell.advance(140.0);
    const CycleState starved = cell.cycle();
    CHECK(starved.phase == Phase::arrested && starved.growth_rate_per_h == 0.0);
    CHECK(sound(cell));
    CellularContext again = CellularContext::restore(cell.snapshot(), living_program());
    for (CellularContext* one : {&cell, &again}) {
        one->set_environment(fed);
        while (one->advance(300.0) == AdvanceStatus::ready_to_divide) {
        }
        CHECK(one->cycle().phase != Phase::arrested && one->cycle().surface_ratio > starved.surface_ratio);
        CHECK(sound(*one));
    }
    CHECK(cell.trajectory_hash() == again.trajectory_hash());
}

TEST(a_cell_dies_of_hunger_for_good) {
    CellularContext cell{living_program(), 8};
    cell.advance(5.0);
    cell.set_environment(without_glucose(cell));
    CellularContext cold = cell.replica();
    CHECK(cell.advance(1e5) == AdvanceStatus::exhausted);
    const CycleState end = cell.cycle();
    CHECK(end.phase == Phase::dead && end.death == Death::starvation && end.died_s == cell.time_s());
    CHECK(end.died_s > 305.0 && end.died_s < 320.0);  // 300 s after what it had was used up
    Environment halved = cold.environment();
    halved.pH = 5.0;
    cold.set_environment(halved);
    CHECK(cold.advance(1e5) == AdvanceStatus::exhausted);
    CHECK(cold.time_s() - 5.0 > 1.9 * (cell.time_s() - 5.0) && cold.time_s() - 5.0 < 2.1 * (cell.time_s() - 5.0));

    const EventCounts before = cell.events();
    CHECK(cell.advance(2e5) == AdvanceStatus::exhausted && cell.time_s() == end.died_s);
    cell.set_resource(species::ATP, 50'000);
    cell.set_environment({10.0, 37.0, 7.0});
    cell.inhibit(Work::translation_elongation, 0.5);
    CHECK(cell.advance(2e5) == AdvanceStatus::exhausted && cell.time_s() == end.died_s);
    CHECK(cell.events().codon_steps == before.codon_steps && cell.events().candidates == before.candidates);
    CHECK(refusal([&] { (void)cell.divide(); }).find("dead") != std::string::npos);
    CHECK(sound(cell));
    CellularContext restored = CellularContext::restore(cell.snapshot(), living_program());
    CHECK(restored.cycle().death == Death::starvation && restored.trajectory_hash() == cell.trajectory_hash());
    CHECK(restored.advance(2e5) == AdvanceStatus::exhausted && restored.time_s() == end.died_s);
}

TEST(a_cell_above_its_lethal_temperature_dies_at_once) {
    for (const bool grows : {true, false}) {
        Organism o = living();
        o.cell_cycle.enabled = grows;
        CellularContext cell{compile(one_circle(), o), 9};
        cell.advance(3.3);
        cell.set_environment({10.0, 49.0, 7.0});
        CHECK(cell.cycle().phase != Phase::dead && cell.advance(3.4) == AdvanceStatus::reached);
        cell.set_environment({10.0, 49.1, 7.0});
        CHECK(cell.cycle().phase == Phase::dead && cell.cycle().death == Death::heat && cell.cycle().died_s == 3.4);
        cell.set_environment({10.0, 37.0, 7.0});
        CHECK(cell.advance(10.0) == AdvanceStatus::exhausted && cell.time_s() == 3.4);
        CHECK(sound(cell));
    }
}

TEST(a_cell_in_acid_stands_still_and_goes_on_afterwards) {
    CellularContext cell{living_program(), 10};
    cell.advance(5.0);
    const EventCounts before = cell.events();
    cell.set_environment({10.0, 37.0, 3.0});
    CHECK(cell.advance(2'000.0) == AdvanceStatus::exhausted && cell.time_s() < 200.0);
    CHECK(cell.events().candidates == before.candidates && cell.cycle().phase == Phase::arrested);
    cell.set_environment({10.0, 37.0, 7.0});
    cell.advance(cell.time_s() + 1.0);
    CHECK(cell.events().codon_steps > before.codon_steps && sound(cell));
}

/// A gene of the RNA polymerase knocked out: no more are built, daughters share what there is, fewer and fewer membrane
/// proteins are made, and the membrane takes no lipids beyond what they hold. Nothing of it is told to the cell.
TEST(a_line_without_an_essential_gene_slows_down_and_stops) {
    DraftReplicon circle;
    circle.space(50).gene("alpha", coding(40), false, "rpoA").space(60).gene("beta", coding(40), false, "rpoB").space(60);
    circle.gene("gamma", coding(40), false, "rpoC").space(60).gene("m", greasy(30), false, "memA").space(60);
    circle.gene("n", greasy(30), true, "memB").space(80);
    Organism o = living();
    o.ribosomes = 2'000;    // enough for all daughters
    o.degradosomes = 200;
    o.protein_counts.assign(5, 20);
    o.promoter_binding_per_M_s *= 10.0;
    o.cell_cycle.counted_in_machines = {true, false, false};
    o.cell_cycle.protein_surface_nm2 = 250e3;
    o.cell_cycle.largest_lipid_excess = 2.0;
    o.cell_cycle.assembly_per_s = {1.0, 1.0, 1.0};
    const auto program = compile(decode(circle.record("REC0", true)), o);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CellularContext sane{program, seed}, lacking{program, seed};
        lacking.knockout(GeneId{1});
        constexpr double patience_s = 1'800.0;
        int divisions = 0;
        while (lacking.advance(lacking.time_s() + patience_s) == AdvanceStatus::ready_to_divide && divisions < 40) {
            (void)lacking.divide();
            ++divisions;
        }
        CHECK(divisions > 0 && divisions < 20);
        CHECK(lacking.cycle().phase == Phase::arrested);
        CHECK(lacking.machines()[0].total <= 2);
        for (int n = 0; n < divisions + 1; ++n) {
            CHECK(sane.advance(sane.time_s() + patience_s) == AdvanceStatus::ready_to_divide);
            if (sane.cycle().ready_to_divide) (void)sane.divide();
        }
        CHECK(sane.cycle().phase != Phase::arrested && sane.machines()[0].total > 2);
        CHECK(sound(sane) && sound(lacking));
    }
}

// ----------------------------------------------------------------------------------------------- damage of the DNA

/// Lesions come with the base pairs and go one by one: immigration and death, Poisson in the end.
TEST(lesions_are_repaired_at_a_cost_that_the_books_know) {
    Organism o = supplied();
    o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
    for (const SpeciesIndex s : {species::dATP, species::dCTP, species::dGTP, species::dTTP}) o.pools[s] = 1'000'000;
    const auto length = static_cast<double>(small_genome().records()[0].length_nt);
    o.tolerance.dna_damage_per_bp_s = 6.0 / length;
    o.tolerance.dna_repair_per_s = 0.5;
    o.tolerance.repair_patch_nt = 12;
    const auto program = compile(small_genome(), o);
    double sum = 0.0, squares = 0.0;
    constexpr double cells = 300, mean = 12.0;
    for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(cells); ++seed) {
        CellularContext cell{program, seed};
        cell.advance(20.0);
        const auto n = static_cast<double>(cell.cycle().lesions);
        sum += n;
        squares += (n - mean) * (n - mean);
        const EventCounts events = cell.events();
        CHECK(events.dna_damages - events.dna_repairs == cell.cycle().lesions);
        if (seed > 20) continue;
        CHECK(sound(cell));
        std::int64_t patched = 0;
        for (const ProcessPosting& posting : cell.ledger()) {
            if (posting.process != "dna_repair") continue;
            CHECK(posting.cell[species::ATP] == -12 * events.dna_repairs);
            for (const SpeciesIndex s : {species::dATP, species::dCTP, species::dGTP, species::dTTP})
                patched -= posting.cell[s];
        }
        CHECK(patched == 12 * events.dna_repairs && events.dna_repairs > 50);
    }
    CHECK(holds((sum - cells * mean) / std::sqrt(cells * mean), "lesions"));
    CHECK(holds((squares - cells * mean) / std::sqrt(cells * mean * (1.0 + 2.0 * mean)), "their variance"));
}

TEST(repair_waits_for_what_it_takes_and_too_many_lesions_kill) {
    Organism o = living();
    for (const SpeciesIndex s : {species::dATP, species::dCTP, species::dGTP, species::dTTP}) o.pools[s] = 0;
    o.supply.resize(1);
    o.tolerance.dna_damage_per_bp_s = 0.01;
    o.tolerance.dna_repair_per_s = 10.0;
    o.tolerance.lethal_lesions = 50;
    CellularContext cell{compile(one_circle(), o), 2};
    CHECK(cell.advance(1e4) == AdvanceStatus::exhausted);
    CHECK(cell.events().dna_repairs == 0 && cell.cycle().lesions == 51);
    CHECK(cell.cycle().death == Death::dna_damage && cell.cycle().died_s <= cell.time_s() && sound(cell));
}

/// Lesions kill between two supply ticks: where somebody looks in between changes neither the age nor the state.
TEST(a_cell_dies_of_lesions_at_the_same_moment_however_its_time_is_cut) {
    Organism o = living();
    o.tolerance.dna_damage_per_bp_s = 0.05;
    o.tolerance.lethal_lesions = 10;
    const auto program = compile(one_circle(), o);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CellularContext whole{program, seed}, cut{program, seed};
        CHECK(whole.advance(1e4) == AdvanceStatus::exhausted && whole.time_s() == whole.cycle().died_s);
        AdvanceStatus status = AdvanceStatus::reached;
        for (int i = 1; status != AdvanceStatus::exhausted; ++i) status = cut.advance(i * 0.0007, 50);
        CHECK(cut.trajectory_hash() == whole.trajectory_hash() && sound(whole));
        CHECK(whole.advance(1e4) == AdvanceStatus::exhausted && cut.trajectory_hash() == whole.trajectory_hash());
    }
}

/// A copy that is being made is hit only where it has been made, and a lesion goes with either daughter.
TEST(growing_cells_are_hit_base_pair_by_base_pair_and_share_their_lesions) {
    Organism o = living();
    o.tolerance.dna_damage_per_bp_s = 0.05;
    o.tolerance.dna_repair_per_s = 0.02;
    const auto program = compile(one_circle(), o);
    double hit = 0.0, expected = 0.0, to_daughter = 0.0, shared = 0.0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CellularContext cell{program, seed};
        AdvanceStatus status = AdvanceStatus::reached;
        double base_pairs_s = 0.0;
        for (double t = 1.0 / 64; status == AdvanceStatus::reached && t < 1e4; t += 1.0 / 64) {
            const double at_start = static_cast<double>(cell.events().replication_steps);
            status = cell.advance(t);
            base_pairs_s += (0.5 * (at_start + static_cast<double>(cell.events().replication_steps))) / 64;
        }
        base_pairs_s += cell.time_s() * static_cast<double>(one_circle().records()[0].length_nt);
        hit += static_cast<double>(cell.events().dna_damages);
        expected += o.tolerance.dna_damage_per_bp_s * base_pairs_s;
        const std::int64_t before = cell.cycle().lesions;
        const CellularContext daughter = cell.divide();
        CHECK(daughter.cycle().lesions + cell.cycle().lesions == before && before > 0);
        CHECK(sound(cell) && sound(daughter));
        to_daughter += static_cast<double>(daughter.cycle().lesions);
        shared += static_cast<double>(before);
    }
    CHECK(holds((hit - expected) / std::sqrt(expected), "lesions of growing DNA"));
    CHECK(holds((to_daughter - 0.5 * shared) / std::sqrt(0.25 * shared), "lesions of daughters"));
}

// ------------------------------------------------------------------------------------------------------ snapshots

TEST(a_snapshot_holds_environment_inhibitors_and_lesions) {
    Organism o = living();
    o.tolerance.dna_damage_per_bp_s = 0.01;
    o.tolerance.dna_repair_per_s = 0.01;
    const auto program = compile(one_circle(), o);
    CellularContext cell{program, 4};
    cell.advance(2.0);
    cell.set_environment({0.02, 30.0, 6.0});
    cell.inhibit(Work::translation_elongation, 0.3);
    cell.inhibit(Work::transcription_initiation, 0.0);
    for (const double until : {2.0, 2.01, 4.7, 30.0}) {
        cell.advance(until);
        CellularContext again = CellularContext::restore(cell.snapshot(), program), fork = cell.replica();
        CHECK(again.environment() == cell.environment() && again.remaining() == cell.remaining());
        CHECK(again.snapshot() == cell.snapshot());
        CellularContext ahead = cell.replica();
        for (CellularContext* one : {&again, &fork, &ahead}) one->advance(until + 3.0);
        CHECK(again.trajectory_hash() == ahead.trajectory_hash() && fork.trajectory_hash() == ahead.trajectory_hash());
    }
}

/// What an inhibitor leaves may be next to nothing: the next event is then as good as never, but not at infinity.
TEST(a_cell_that_is_inhibited_nearly_for_ever_is_restored_from_its_snapshot) {
    const auto program = compile(small_genome(), organism());
    CellularContext cell{program, 6};
    cell.advance(2.001);
    for (std::size_t w = 0; w < work_names.size(); ++w) cell.inhibit(static_cast<Work>(w), 1e-310);
    CellularContext again = CellularContext::restore(cell.snapshot(), program);
    for (CellularContext* one : {&cell, &again}) {
        for (std::size_t w = 0; w < work_names.size(); ++w) one->inhibit(static_cast<Work>(w), 1.0);
        one->advance(3.0);
    }
    CHECK(cell.events().codon_steps > 0 && cell.trajectory_hash() == again.trajectory_hash());
}

/// Every value of the condition of a cell, put out of its range, is refused.
TEST(a_forged_condition_is_refused) {
    const auto program = living_program();
    CellularContext cell{program, 4};
    cell.advance(2.0);
    cell.set_environment({0.0078125, 30.5, 6.25});
    const Bytes sound_bytes = cell.snapshot();
    const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
    std::size_t at = 0;
    for (std::size_t i = 0; i + 24 <= sound_bytes.size() && at == 0; ++i) {
        const auto word = [&](std::size_t offset) {
            std::uint64_t w = 0;
            for (std::size_t b = 8; b-- > 0;) w = w << 8 | std::to_integer<std::uint64_t>(sound_bytes[i + offset + b]);
            return w;
        };
        if (word(0) == bits(0.0078125) && word(8) == bits(30.5) && word(16) == bits(6.25)) at = i;
    }
    CHECK(at > 0);
    constexpr std::size_t remaining = 24, starved = 80, lesions = 88, death = 96, died = 97;
    const auto refused = [&](std::size_t offset, std::uint64_t word, std::size_t size = 8) {
        Bytes forged = sound_bytes;
        for (std::size_t b = 0; b < size; ++b, word >>= 8) forged[at + offset + b] = static_cast<std::byte>(word & 255);
        reseal(forged);
        try {
            (void)CellularContext::restore(forged, program);
            return false;
        } catch (const InputError& e) {
            return e.kind() == InputErrorKind::snapshot;
        }
    };
    for (const double wrong : {nan_value, -1.0, 1e10}) {
        for (std::size_t value = 0; value < 3 + 7; ++value) CHECK(refused(8 * value, bits(wrong)));
    }
    CHECK(refused(remaining, bits(1.5)) && refused(starved, bits(-1.0)) && refused(starved, bits(nan_value)));
    CHECK(refused(lesions, std::uint64_t{1} << 42));    // each of them takes the toss of a coin when the cell divides
    CHECK(refused(lesions, ~std::uint64_t{0}) && refused(death, 4, 1) && refused(death, 1, 1));
    CHECK(refused(died, bits(1.0)) && refused(died, bits(nan_value)));
}

TEST(parameters_of_tolerance_are_refused_out_of_range) {
    const auto program = living_program();
    std::vector<std::function<void(Tolerance&)>> faults;
    for (const auto member : {&Tolerance::glucose_mM, &Tolerance::reference_temperature_c, &Tolerance::activation_energy_J_per_mol,
                              &Tolerance::lethal_temperature_c, &Tolerance::lowest_pH, &Tolerance::optimal_pH,
                              &Tolerance::highest_pH, &Tolerance::lethal_energy_charge, &Tolerance::starvation_s,
                              &Tolerance::dna_damage_per_bp_s, &Tolerance::dna_repair_per_s}) {
        for (const double wrong : {nan_value, -1.0, 1e12}) faults.push_back([=](Tolerance& t) { t.*member = wrong; });
    }
    faults.push_back([](Tolerance& t) { t.repair_patch_nt = 0; });
    faults.push_back([](Tolerance& t) { t.lethal_lesions = -1; });
    faults.push_back([](Tolerance& t) { t.lethal_temperature_c = 36.0; });
    faults.push_back([](Tolerance& t) { t.optimal_pH = 9.0; });
    faults.push_back([](Tolerance& t) { t.activation_energy_J_per_mol = 9e5; });
    for (const auto& fault : faults) {
        Organism o = living();
        fault(o.tolerance);
        CHECK_THROWS(program->with_organism(o), InputError);
    }
    for (const double wrong : {nan_value, -1.0}) {
        Organism o = living();
        o.supply[0].glucose_km_mM = wrong;
        CHECK_THROWS(program->with_organism(o), InputError);
        o = living();
        o.cell_cycle.largest_lipid_excess = wrong;
        CHECK_THROWS(program->with_organism(o), InputError);
    }
}

RUN_TESTS()
