#include "check.hpp"
#include "designs.hpp"
#include "failing_allocations.hpp"
#include "reseal.hpp"

#include "cell/snapshot.hpp"
#include "program/kinetics.hpp"
#include "program/layout.hpp"
#include "program/organism_bytes.hpp"

#include <bioxen/error.hpp>
#include <bioxen/hypervisor.hpp>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>

using namespace bioxen;
using namespace designs;
using Bytes = std::vector<std::byte>;

// Cells that grow, copy their DNA, build machines and divide.
//
// Laws are tested with fixed seeds, without retries, by |z| <= 5 of a mean or a variance (false alarm 6e-7 each, if
// normal) unless a test says otherwise; there are some twenty such comparisons: 2e-5 for the file.
//
// BIOXEN_LIFE_RUNS=20 build/tests/cpp/test_life   # 20 times as many random genomes

namespace {

constexpr double critical_z = 5.0;

std::uint64_t scale_of_runs() {
    const char* const given = std::getenv("BIOXEN_LIFE_RUNS");
    return given != nullptr ? static_cast<std::uint64_t>(std::max(std::atoi(given), 1)) : 1;
}

/// Names the residuals that are not zero.
bool sound(const CellularContext& cell, const std::string& where) {
    bool ok = true;
    for (const auto& [name, residual] : cell.audit().residuals) {
        if (residual == 0) continue;
        ok = false;
        std::printf("  %s at %.4f s: %s = %lld\n", where.c_str(), cell.time_s(), name.c_str(),
                    static_cast<long long>(residual));
    }
    const auto least = [](const auto& all) {
        return std::all_of(all.begin(), all.end(), [](std::int64_t n) { return n >= 0; });
    };
    return ok && least(cell.proteins()) && least(cell.mrnas()) && least(cell.resources()) && least(cell.in_machines());
}

template <typename Counts>
bool adds_up(const Counts& all, const Counts& one, const Counts& other) {
    bool equal = all.size() == one.size() && all.size() == other.size();
    for (std::size_t i = 0; equal && i < all.size(); ++i) equal = all[i] == one[i] + other[i];
    return equal;
}

/// Divides a cell and holds the daughters against it.
CellularContext divided(CellularContext& mother, const std::string& where) {
    const CellularContext before = mother.replica();
    CellularContext daughter = mother.divide();
    CHECK(sound(mother, where + " mother") && sound(daughter, where + " daughter"));
    CHECK(adds_up(before.resources(), mother.resources(), daughter.resources()));
    CHECK(adds_up(before.proteins(), mother.proteins(), daughter.proteins()));
    CHECK(adds_up(before.mrnas(), mother.mrnas(), daughter.mrnas()));
    CHECK(adds_up(before.in_machines(), mother.in_machines(), daughter.in_machines()));
    CHECK(adds_up(before.gene_copies(), mother.gene_copies(), daughter.gene_copies()));
    CHECK(before.cycle().forks == mother.cycle().forks + daughter.cycle().forks);
    const auto all = before.machines(), one = mother.machines(), other = daughter.machines();
    for (std::size_t m = 0; m < all.size(); ++m)
        CHECK(all[m].free == one[m].free + other[m].free && all[m].active == one[m].active + other[m].active);
    CHECK(before.polymerases().size() == mother.polymerases().size() + daughter.polymerases().size());
    CHECK(mother.time_s() == daughter.time_s() && mother.cycle().birth_s == mother.time_s());
    CHECK(mother.cycle().generation == before.cycle().generation + 1);
    CHECK(daughter.cycle().generation == before.cycle().generation + 1);
    CHECK(mother.events().divisions == before.events().divisions + 1 && daughter.events().divisions == 0);
    return daughter;
}

double z_of_mean(const std::vector<double>& x, double mean, double variance) {
    double sum = 0.0;
    for (const double value : x) sum += value - mean;
    return sum / std::sqrt(variance * static_cast<double>(x.size()));
}

/// @param kurtosis the excess one of the law
double z_of_variance(const std::vector<double>& x, double mean, double variance, double kurtosis) {
    double sum = 0.0;
    for (const double value : x) sum += (value - mean) * (value - mean) / variance - 1.0;
    return sum / std::sqrt((2.0 + kurtosis) * static_cast<double>(x.size()));
}

bool holds(double z, const char* what) {
    if (std::abs(z) <= critical_z) return true;
    std::printf("  %s: z = %.2f\n", what, z);
    return false;
}

/// A cell without machines, supply or proteins, and with more of each nucleotide than it can use.
Organism bare() {
    Organism o = growing();
    o.supply.clear();
    o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
    o.protein_decay_per_s = 0.0;
    o.synthetases_per_amino_acid = 0.0;
    for (const SpeciesIndex s : {species::dATP, species::dCTP, species::dGTP, species::dTTP, species::ATP})
        o.pools[s] = 1'000'000'000;
    o.cell_cycle.replication_delay_s = o.cell_cycle.replication_delay_log_sd = 0.0;
    o.origins_nt = {0};
    return o;
}

/// One replicon with nothing on it.
Genome plain(std::size_t length, bool circular) { return decode(DraftReplicon{}.space(length).record("REC0", circular)); }

std::string refusal(const std::function<void()>& act, InputErrorKind kind) {
    try {
        act();
    } catch (const InputError& e) {
        CHECK(e.kind() == kind);
        return e.what();
    }
    return "";
}

}  // namespace

// --------------------------------------------------------------------------------------------------- random lives

/// The cell runs in long slices; its shadow, cut often and restored from a snapshot each time, knows nothing but what
/// follows from the state. Were any limit of a machine that the cell has kept too high, they would part.
TEST(random_cells_balance_and_divide_exactly_and_equal_their_shadow) {
    std::int64_t divisions = 0, terminations = 0, displacements = 0, assembled = 0, inserted = 0, most_forks = 0;
    for (std::uint64_t seed = 1; seed <= 60 * scale_of_runs(); ++seed) {
        const RandomLife life = random_life(seed);
        const auto program = compile(life.genome, life.organism);
        RandomStream random{seed, 8};
        CellularContext cell{program, seed}, shadow{program, seed};
        const int failed = check::failures();
        double until = 0.0;
        std::int64_t left = 60'000;
        while (left > 0 && until < 150.0 && check::failures() == failed) {
            until += random.uniform() < 0.3 ? 0.01 : random.uniform();
            const std::int64_t before = cell.events().candidates;
            AdvanceStatus status = AdvanceStatus::preempted;
            bool exhausted = false;
            while (status != AdvanceStatus::reached && !exhausted) {
                const double goal = until;
                do {
                    status = cell.advance(goal);
                } while (status == AdvanceStatus::preempted);
                exhausted = status == AdvanceStatus::exhausted;
                AdvanceStatus seen = AdvanceStatus::preempted;
                while (seen == AdvanceStatus::preempted) {
                    shadow = CellularContext::restore(shadow.snapshot(), program);
                    seen = shadow.advance(goal, 1 + static_cast<std::uint64_t>(random.uniform() * 400.0));
                }
                CHECK(seen == status && shadow.trajectory_hash() == cell.trajectory_hash());
                if (status == AdvanceStatus::ready_to_divide) {
                    CHECK(cell.cycle().ready_to_divide);
                    CellularContext daughter = divided(cell, life.told), same = shadow.divide();
                    CHECK(daughter.snapshot() == same.snapshot() && cell.snapshot() == shadow.snapshot());
                    ++divisions;
                    if (random.uniform() < 0.5) {
                        std::swap(cell, daughter);
                        std::swap(shadow, same);
                    }
                    daughter.advance(daughter.time_s() + 0.5, 5'000);  // the other one lives on for a while
                    CHECK(sound(daughter, life.told + " sister"));
                }
            }
            CHECK(sound(cell, life.told));
            most_forks = std::max(most_forks, cell.cycle().forks);
            left -= std::max(cell.events().candidates - before, std::int64_t{100});
            if (exhausted) break;
        }
        if (check::failures() != failed) std::printf("  %s\n", life.told.c_str());
        const EventCounts events = cell.events();
        terminations += events.replication_terminations;
        displacements += events.replication_displacements;
        assembled += events.machines_assembled;
        inserted += events.membrane_insertions;
    }
    std::printf("  %lld divisions, %lld terminations, %lld RNAPs pushed off, %lld machines, %lld insertions, up to %lld forks\n",
                static_cast<long long>(divisions), static_cast<long long>(terminations), static_cast<long long>(displacements),
                static_cast<long long>(assembled), static_cast<long long>(inserted), static_cast<long long>(most_forks));
    CHECK(divisions > 70 && terminations > 100 && displacements > 50 && assembled > 50 && inserted > 50 && most_forks >= 8);
}

namespace {

CellularContext busy_cell(const std::shared_ptr<const Program>& program) {
    CellularContext cell{program, 11};
    cell.advance(3.0);
    return cell;
}

}  // namespace

TEST(a_growing_cell_goes_on_bit_for_bit_wherever_it_was_cut) {
    const auto program = dividing_program();
    CellularContext cell = busy_cell(program);
    CHECK(cell.cycle().forks > 3 && cell.polymerases().size() > 5);
    CellularContext whole = cell.replica(), sibling = cell.replica();
    constexpr double end = 12.0;
    while (whole.advance(end) != AdvanceStatus::reached) {
    }
    const EventCounts before = cell.events();
    for (int cut = 0; cut < 4'000; ++cut) {
        cell.advance(end, 1);
        const Bytes bytes = cell.snapshot();
        CellularContext restored = CellularContext::restore(bytes, program);
        CHECK(restored.snapshot() == bytes);
        const CycleState here = cell.cycle(), there = restored.cycle();
        CHECK(here.volume_l == there.volume_l && here.forks == there.forks && here.chromosomes == there.chromosomes);
        CHECK(cell.gene_copies() == restored.gene_copies() && cell.in_machines() == restored.in_machines());
        if (cut % 3 == 0) cell = std::move(restored);
    }
    CHECK(cell.events().replication_steps > before.replication_steps + 20);
    CHECK(cell.time_s() < end);
    while (cell.advance(end) != AdvanceStatus::reached) {
    }
    CHECK(cell.trajectory_hash() == whole.trajectory_hash() && sound(cell, "cut"));
    CellularContext fork = sibling.fork();
    fork.advance(end);
    CHECK(sound(fork, "fork") && fork.trajectory_hash() != whole.trajectory_hash());
}

TEST(every_truncated_and_every_changed_snapshot_of_a_growing_cell_is_refused_or_lives) {
    const auto program = dividing_program();
    CellularContext cell = busy_cell(program);
    Bytes bytes = cell.snapshot();
    std::size_t refused = 0, unsound = 0, lived = 0, divisions = 0;
    const auto attempt = [&](Bytes& forged) {
        reseal(forged);
        try {
            CellularContext restored = CellularContext::restore(forged, program);
            const Bytes again = restored.snapshot();
            CHECK(CellularContext::restore(again, program).snapshot() == again);
            restored.advance(restored.time_s() + 1.0, 400);
            unsound += restored.audit().ok() ? 0 : 1;
            (void)restored.polymerases();
            (void)restored.gene_copies();
            if (restored.time_s() < 1e6) {
                restored.advance(CellularContext::next_tick_s(restored.time_s()), 2'000);
                try {
                    (void)restored.divide();
                    ++divisions;
                } catch (const InputError& e) {
                    CHECK(e.kind() == InputErrorKind::runtime);
                }
            }
            ++lived;
        } catch (const InputError& e) {
            CHECK(e.kind() == InputErrorKind::snapshot);
            ++refused;
        }
    };
    for (std::size_t length = snapshot_format::header_bytes + snapshot_format::checksum_bytes; length < bytes.size(); ++length) {
        Bytes forged(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
        const std::size_t before = refused;
        attempt(forged);
        CHECK(refused == before + 1);
    }
    const std::size_t truncated = refused;
    // The organism comes first, and is bound by its fingerprint: beyond it lies the state, which begins with the cycle.
    ByteWriter organism;
    write_organism(organism, program->organism());
    const std::size_t state = snapshot_format::header_bytes + organism.bytes().size();
    CHECK(state + 1'000 < bytes.size());
    RandomStream random{5, 9};
    for (std::size_t i = 0; i < 6'000; ++i) {
        if (i == 3'000) {
            while (!cell.cycle().ready_to_divide) cell.advance(cell.time_s() + 1.0);
            bytes = cell.snapshot();
        }
        Bytes forged = bytes;
        const std::size_t end = bytes.size() - snapshot_format::checksum_bytes;
        const auto further = static_cast<std::size_t>(random.uniform() * static_cast<double>(end - state - 300));
        const std::size_t at = i % 3'000 < 2'400 ? state + i % 3'000 / 8 : state + 300 + further;
        forged[at] ^= static_cast<std::byte>(1 << (i % 8));
        attempt(forged);
    }
    std::printf("  %zu refused, %zu lived, %zu of them unsound, %zu divided\n", refused - truncated, lived, unsound, divisions);
    CHECK(refused - truncated > 500 && lived > 500 && divisions > 200);
}

namespace {

/// Reads a snapshot as docs/snapshot.md has it, knowing nothing of the code that wrote it.
struct Page {
    ByteReader in;

    explicit Page(std::span<const std::byte> bytes) : in(bytes.first(bytes.size() - 8).subspan(56)) {}

    void words(std::size_t n) { (void)in.bytes(8 * n); }
    std::uint32_t list(std::size_t entry_bytes) {
        const auto n = in.get<std::uint32_t>();
        (void)in.bytes(n * entry_bytes);
        return n;
    }
    void supply_reaction() {
        list(1), list(1), words(1), list(10);
        if (in.get<std::uint8_t>() == 1) (void)in.bytes(9);
        (void)in.get<std::uint8_t>(), words(1);
    }
    void organism() {
        list(1), words(25), words(3), (void)in.bytes(6 * 4 + 3), words(85);
        for (auto n = in.get<std::uint32_t>(); n > 0; --n) supply_reaction();
        list(8), list(8), list(12), list(12), list(12);
        CHECK(in.get<std::uint8_t>() == 1);
        (void)in.bytes(1), words(10), words(3), (void)in.bytes(3), words(2 + 1);
        words(11 + 2);
        list(8), list(8), list(4);
    }
    /// What surrounds the cell, inhibits it and ails it.
    void condition() { words(3 + 7 + 1 + 1), (void)in.bytes(1), words(1); }
    /// As far as the list of copies of the DNA.
    void cycle() { (void)in.bytes(8 + 8 * (4 + 2 + 3)), condition(), (void)in.bytes(8 * (3 + 4 + 2 + 1) + 2); }
};

struct CopyOfDna {
    std::uint32_t replicon, parent;
    std::int64_t left, right;
};

std::vector<CopyOfDna> copies_of(const CellularContext& cell) {
    const Bytes bytes = cell.snapshot();
    Page page{bytes};
    page.organism();
    page.cycle();
    std::vector<CopyOfDna> copies(page.in.get<std::uint32_t>());
    for (CopyOfDna& copy : copies) {
        copy.replicon = page.in.get<std::uint32_t>(), copy.parent = page.in.get<std::uint32_t>();
        copy.left = page.in.get<std::int64_t>(), copy.right = page.in.get<std::int64_t>();
    }
    return copies;
}

}  // namespace

TEST(a_snapshot_is_as_its_page_describes_it) {
    const auto program = dividing_program();
    CellularContext cell = busy_cell(program);
    const Bytes bytes = cell.snapshot();
    const std::size_t genes = program->gene_count(), reactions = program->organism().supply.size();
    Page page{bytes};
    ByteReader& in = page.in;
    page.organism();
    CHECK(in.get<std::uint32_t>() == genes);
    const auto classes = in.get<std::uint32_t>();
    page.words(4), page.words(2), page.words(3);
    CHECK(in.get<double>() == cell.environment().glucose_mM && in.get<double>() == cell.environment().temperature_c);
    CHECK(in.get<double>() == cell.environment().pH);
    for (const double left : cell.remaining()) CHECK(in.get<double>() == left);
    CHECK(in.get<double>() == 0.0 && in.get<std::int64_t>() == 0 && in.get<std::uint8_t>() == 0);
    CHECK(in.get<double>() == cell.cycle().died_s);
    CHECK(in.get<double>() * program->organism().volume_l == cell.cycle().volume_l);
    page.words(2);
    CHECK(in.get<double>() == cell.cycle().birth_s);
    page.words(1);
    CHECK(in.get<double>() == cell.cycle().replication_began_s && in.get<double>() == cell.cycle().replication_ended_s);
    CHECK(in.get<double>() == 0.0 && in.get<double>() > 0.0);
    CHECK(in.get<std::int64_t>() == 0 && in.get<std::uint8_t>() == 0 && in.get<std::uint8_t>() == 0);
    CHECK(page.list(24) >= 4);
    CHECK(page.list(5) == static_cast<std::uint32_t>(cell.cycle().forks));
    for (const std::int64_t n : cell.in_machines()) CHECK(in.get<std::int64_t>() == n);
    page.words(3), page.list(4), page.list(8);

    std::size_t free = 0;
    for (auto n = in.get<std::uint32_t>(); n > 0; --n) free += in.get<std::uint32_t>() == UINT32_MAX ? 1 : 0;
    (void)in.bytes(4 * free);
    std::size_t machines = page.list(12) + page.list(8);
    for (std::uint32_t c = 0; c < classes; ++c) machines += page.list(12);
    CHECK(machines == cell.polymerases().size());
    page.list(8), page.list(8), page.list(4), page.list(4), page.list(4);
    for (const std::int64_t n : cell.proteins()) CHECK(in.get<std::int64_t>() == n);
    page.words(genes), page.words(85), page.words(2 * 32), page.words(reactions + 22), page.words(14);
    CHECK(in.get<std::int64_t>() == cell.events().replication_steps);
    page.words(6 + 2), page.words(2 * 4 + 3 * 22), page.words(reactions + 1), page.words(3 * 97), page.words(27);
    std::int64_t copied = 0;
    for (int b = 0; b < 4; ++b) copied += in.get<std::int64_t>();
    CHECK(copied == cell.events().replication_steps);
    page.words(22 + 1), page.words(97), page.words(27), page.words(4);
    CHECK(in.left() == 0);
}

// ----------------------------------------------------------------------------------------------------------- laws

/// Each base waits for kcat d / (K + d): on a linear replicon copied from its end a chain of `length` exponential times,
/// on a circle, where two forks share the work, one of half the mean (biology.md section 5, elongation).
TEST(copying_takes_a_hypoexponential_time) {
    constexpr std::size_t length = 200, cells = 2'500;
    constexpr double kcat = 10'000.0;
    for (const bool circular : {false, true}) {
        Organism o = bare();
        o.cell_cycle.fork_kcat_bp_per_s = kcat;
        // half saturated by a third: a fork makes three quarters of its greatest rate
        o.cell_cycle.fork_km_mM = 1e9 / 3.0 / (6.02214076e23 * o.volume_l) * 1e3;
        const auto program = compile(plain(length, circular), o);
        const double rate = kcat * 0.75 * (circular ? 2.0 : 1.0), mean = length / rate, variance = length / (rate * rate);
        std::vector<double> times;
        for (std::uint64_t seed = 1; seed <= cells; ++seed) {
            CellularContext cell{program, seed};
            cell.advance(1.0);
            const CycleState cycle = cell.cycle();
            CHECK(cycle.phase == Phase::D && cycle.chromosomes == 2 && cycle.forks == 0);
            CHECK(cell.events().replication_steps == static_cast<std::int64_t>(length));
            times.push_back(cycle.replication_ended_s - cycle.replication_began_s);
            if (seed == 1) CHECK(sound(cell, "copied"));
        }
        CHECK(holds(z_of_mean(times, mean, variance), "mean time of replication"));
        CHECK(holds(z_of_variance(times, mean, variance, 6.0 / length), "variance of the time of replication"));
        CHECK(!(std::abs(z_of_mean(times, mean * 1.02, variance)) <= critical_z));  // 2 % would be seen
    }
}

TEST(replication_begins_after_a_lognormal_delay) {
    constexpr std::size_t cells = 2'000;
    Organism o = bare();
    o.cell_cycle.replication_delay_s = 2.0;
    o.cell_cycle.replication_delay_log_sd = 0.3;
    const auto program = compile(plain(100, true), o);
    std::vector<double> logs;
    for (std::uint64_t seed = 1; seed <= cells; ++seed) {
        CellularContext cell{program, seed};
        cell.advance(12.0);
        CHECK(cell.cycle().replication_began_s > 0.0);
        logs.push_back(std::log((cell.cycle().replication_began_s - 0x1.0p-7) / 2.0));  // it acts at the next tick
    }
    CHECK(holds(z_of_mean(logs, 0.0, 0.09), "median of the delay"));
    CHECK(holds(z_of_variance(logs, 0.0, 0.09, 0.0), "log sd of the delay"));
    CHECK(!(std::abs(z_of_mean(logs, std::log(1.05), 0.09)) <= critical_z));
}

/// Each of n molecules goes to either side with probability 1/2: mean, variance, and chi-square over the 60 % quantiles.
TEST(partition_is_binomial) {
    constexpr std::size_t cells = 3'000;
    constexpr std::int64_t n = 400;
    Organism o = bare();
    for (std::size_t s = 0; s < species::resource_count; ++s) o.pools[s] = n;
    DraftReplicon draft;
    draft.space(30).gene("g", coding(20)).space(30);
    o.protein_counts = {n};
    o.rna_polymerases = n;
    o.promoter_binding_per_M_s = 1e-6;
    const auto program = compile(decode(draft.record("REC0", true)), o);
    CellularContext grown{program, 3};
    grown.advance(60.0);
    CHECK(grown.cycle().chromosomes == 2);
    const std::array<std::pair<const char*, std::function<std::int64_t(const CellularContext&)>>, 4> counted{{
        {"pool", [](const CellularContext& c) { return c.resources()[species::lipid]; }},
        {"another pool", [](const CellularContext& c) { return c.resources()[species::charged_trna + 3]; }},
        {"proteins", [](const CellularContext& c) { return c.proteins()[0]; }},
        {"RNA polymerases", [](const CellularContext& c) { return c.machines()[0].total; }},
    }};
    std::array<std::vector<double>, 4> shares;
    for (std::size_t i = 0; i < cells; ++i) {
        CellularContext mother = grown.fork();
        const CellularContext daughter = mother.divide();
        for (std::size_t k = 0; k < counted.size(); ++k) {
            CHECK(counted[k].second(mother) + counted[k].second(daughter) == n);
            shares[k].push_back(static_cast<double>(counted[k].second(daughter)));
        }
    }
    const double mean = n / 2.0, variance = n / 4.0;
    std::vector<double> product;
    for (std::size_t i = 0; i < cells; ++i) product.push_back((shares[0][i] - mean) * (shares[1][i] - mean));
    CHECK(holds(z_of_mean(product, 0.0, variance * variance), "covariance of two pools"));
    std::vector<double> law(n + 1);   // by recurrence from the middle
    law[n / 2] = 1.0;
    for (std::int64_t k = n / 2; k < n; ++k)
        law[static_cast<std::size_t>(k + 1)] =
            law[static_cast<std::size_t>(k)] * static_cast<double>(n - k) / static_cast<double>(k + 1);
    for (std::int64_t k = 0; k < n / 2; ++k) law[static_cast<std::size_t>(k)] = law[static_cast<std::size_t>(n - k)];
    double total = 0.0;
    for (const double p : law) total += p;
    for (std::size_t k = 0; k < counted.size(); ++k) {
        CHECK(holds(z_of_mean(shares[k], mean, variance), counted[k].first));
        CHECK(holds(z_of_variance(shares[k], mean, variance, -2.0 / n), counted[k].first));
        // 31 places about the middle, two tails: 32 degrees of freedom, beyond 90.3 with probability 2e-7
        std::array<double, 33> seen{}, expected{};
        const auto bin = [&](std::int64_t x) { return static_cast<std::size_t>(std::clamp<std::int64_t>(x - n / 2 + 16, 0, 32)); };
        for (const double x : shares[k]) ++seen[bin(static_cast<std::int64_t>(x))];
        for (std::int64_t x = 0; x <= n; ++x) expected[bin(x)] += cells * law[static_cast<std::size_t>(x)] / total;
        double square = 0.0;
        for (std::size_t b = 0; b < seen.size(); ++b) square += (seen[b] - expected[b]) * (seen[b] - expected[b]) / expected[b];
        if (square > 90.3) std::printf("  %s: chi-square %.1f\n", counted[k].first, square);
        CHECK(square <= 90.3);
    }
}

/// The rates of each daughter are its own from the first moment on: of k proteins Bin(k, 1 - e^(-rate t)) decay within t.
TEST(a_division_that_runs_out_of_memory_leaves_the_mother_as_she_was) {
    const auto program = dividing_program();
    CellularContext cell = busy_cell(program);
    while (!cell.cycle().ready_to_divide) cell.advance(cell.time_s() + 1.0);
    const Bytes before = cell.snapshot();
    CellularContext twin = cell.replica();
    const Bytes daughter = twin.divide().snapshot();
    std::int64_t refusals = 0;
    for (bool divided = false; !divided;) {
        std::optional<CellularContext> half;
        try {
            const failing_allocations::Armed armed{refusals};
            half = cell.divide();
        } catch (const std::bad_alloc&) {
        }
        divided = half.has_value();
        if (!divided) {
            ++refusals;
            CHECK(cell.snapshot() == before && sound(cell, "refused"));
        } else {
            CHECK(half->snapshot() == daughter && cell.snapshot() == twin.snapshot());
        }
    }
    std::printf("  %lld allocations\n", static_cast<long long>(refusals));
    CHECK(refusals > 20);
}

TEST(daughters_go_on_at_their_own_rates) {
    constexpr double rate = 10.0, time = 0x1.0p-7;  // before the next tick, which would draw anew
    DraftReplicon draft;
    draft.space(30).gene("g", coding(20)).space(30);
    Organism o = bare();
    o.protein_counts = {1'000};
    o.protein_decay_per_s = rate;
    for (std::size_t s = 0; s < species::resource_count; ++s) o.pools[s] = std::min<std::int64_t>(o.pools[s], 1'000);
    o.cell_cycle.fork_kcat_bp_per_s = 1e5;
    const auto program = compile(decode(draft.record("REC0", true)), o);
    CellularContext grown{program, 3};
    grown.advance(0x1.0p-4);
    CHECK(grown.cycle().chromosomes == 2);
    const double p = 1.0 - std::exp(-rate * time);
    std::array<double, 2> excess{}, variance{};
    for (std::size_t i = 0; i < 4'000; ++i) {
        CellularContext mother = grown.fork();
        CellularContext daughter = mother.divide();
        for (std::size_t side = 0; side < 2; ++side) {
            CellularContext& cell = side == 0 ? mother : daughter;
            const auto k = static_cast<double>(cell.proteins()[0]);
            cell.advance(cell.time_s() + time);
            excess[side] += k - static_cast<double>(cell.proteins()[0]) - k * p;
            variance[side] += k * p * (1.0 - p);
        }
    }
    CHECK(holds(excess[0] / std::sqrt(variance[0]), "mother") && holds(excess[1] / std::sqrt(variance[1]), "daughter"));
}

/// As long as there are enough RNA polymerases and none is in another's way, a gene behind the fork is transcribed twice
/// as often; one that no fork has reached, because the bases ran out, as often as before.
TEST(transcription_doubles_where_the_fork_has_passed) {
    DraftReplicon draft;
    draft.space(30).gene("near", coding(20)).space(2'000).gene("far", coding(20)).space(30);
    Organism o = bare();
    o.rna_polymerases = 20'000;
    o.promoter_binding_per_M_s *= 0.05;
    o.rna_kcat_nt_per_s = o.rna_kcat_min_nt_per_s = o.rna_kcat_max_nt_per_s = 500.0;
    o.rnap_footprint_nt = 1;
    o.cell_cycle.fork_kcat_bp_per_s = 1e5;
    o.cell_cycle.replication_delay_s = 8.0;
    o.pools[species::dATP] = o.pools[species::dCTP] = o.pools[species::dGTP] = o.pools[species::dTTP] = 500;
    const auto program = compile(decode(draft.record("REC0", false)), o);
    CHECK(program->units().size() == 2);
    std::array<double, 2> before{}, after{};
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CellularContext cell{program, seed};
        const auto made = [&] { return cell.mrnas(); };  // nothing is degraded
        cell.advance(8.0);
        const auto first = made();
        CHECK((cell.gene_copies() == std::vector<std::int64_t>{1, 1}));
        cell.advance(8.5);
        CHECK((cell.gene_copies() == std::vector<std::int64_t>{2, 1}));
        const auto second = made();
        cell.advance(16.5);
        const auto third = made();
        for (std::size_t g = 0; g < 2; ++g) {
            before[g] += static_cast<double>(first[g]);
            after[g] += static_cast<double>(third[g] - second[g]);
        }
        if (seed == 1) CHECK(sound(cell, "half copied"));
    }
    const std::array<double, 2> share{2.0 / 3.0, 0.5};
    for (std::size_t g = 0; g < 2; ++g) {
        const double n = before[g] + after[g];
        CHECK(n > 5'000);
        CHECK(holds((after[g] - share[g] * n) / std::sqrt(n * share[g] * (1.0 - share[g])), g == 0 ? "near" : "far"));
    }
}

/// Sets of parts become machines at a rate of the first order: of n sets Bin(n, 1 - e^(-rate t)) have after t.
TEST(machines_are_assembled_at_first_order) {
    constexpr std::int64_t n = 1'000;
    constexpr double rate = 0.05, time = 10.0;
    DraftReplicon draft;
    draft.space(30).gene("a", coding(20), false, "rny").gene("b", coding(25), false, "rnjA").space(30);
    Organism o = bare();
    o.protein_counts = {n, n + 20};
    o.cell_cycle.assembly_per_s = {0.0, 0.0, rate};
    const auto program = compile(decode(draft.record("REC0", true)), o);
    std::vector<double> made;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        CellularContext cell{program, seed};
        cell.advance(time);
        const std::int64_t machines = cell.machines()[2].total;
        made.push_back(static_cast<double>(machines));
        CHECK((cell.proteins() == std::vector<std::int64_t>{n - machines, n + 20 - machines}));
        CHECK((cell.in_machines() == std::vector<std::int64_t>{machines, machines}));
        CHECK(cell.events().machines_assembled == machines);
    }
    const double p = 1.0 - std::exp(-rate * time), variance = n * p * (1.0 - p);
    CHECK(holds(z_of_mean(made, n * p, variance), "machines assembled"));
    CHECK(holds(z_of_variance(made, n * p, variance, (1.0 - 6.0 * p * (1.0 - p)) / variance), "their variance"));
    CHECK(!(std::abs(z_of_mean(made, n * (1.0 - std::exp(-1.02 * rate * time)), variance)) <= critical_z));
}

/// A ribosome of 5S, 16S and 23S RNA, one S1 and four L7/L12; the two proteins are of one length and on opposite strands.
Genome stalked() {
    DraftReplicon draft;
    for (const char* const size : {"5S", "16S", "23S"})
        draft.space(60).gene(size, coding(25), false, "", std::string{size} + " ribosomal RNA", "rRNA");
    draft.space(60).gene("s", coding(20), true, "rpsA", "30S ribosomal protein S1");
    draft.space(60).gene("l", coding(20), false, "rplL", "50S ribosomal protein L7/L12").space(60);
    return decode(draft.record("REC0", true));
}

/// Of the messengers of a growing cell those of L7/L12 take `stalk_loading` times as many ribosomes; a measured loading goes
/// before that, and in a cell that builds no ribosomes there is no such law.
TEST(a_stalk_protein_is_translated_in_proportion) {
    constexpr std::size_t s = 3, l = 4;
    Organism o = bare();
    o.ribosomes = 20;
    o.mrna_counts = {0, 0, 0, 100, 100};
    o.ribosome_binding_per_M_s *= 0.1;
    o.translation_kcat_aa_per_s = 1e4;  // so that the start of a messenger is hardly ever taken
    o.cell_cycle.assembly_per_s = {0.0, 0.0, 0.0};
    for (SpeciesIndex i = 0; i < species::resource_count; ++i) o.pools[i] = std::max<std::int64_t>(o.pools[i], 1'000'000'000);
    const auto z_of_ratio = [&](const Organism& organism, double ratio, double* off = nullptr) {
        CellularContext cell{compile(stalked(), organism), 5};
        const auto messengers = cell.mrnas();
        CHECK(messengers[s] > 50 && messengers[l] > 50);
        while (cell.proteins()[s] + cell.proteins()[l] < 40'000) cell.advance(cell.time_s() + 10.0);
        const auto made = cell.proteins();
        const auto n = static_cast<double>(made[s] + made[l]), one = static_cast<double>(messengers[s]);
        const auto z = [&](double of) {
            const double p = of * static_cast<double>(messengers[l]) / (of * static_cast<double>(messengers[l]) + one);
            return (static_cast<double>(made[l]) - n * p) / std::sqrt(n * p * (1.0 - p));
        };
        CHECK(cell.audit().ok());
        if (off != nullptr) *off = z(1.1 * ratio);
        return z(ratio);
    };
    double ten_percent_more = 0.0;
    CHECK(holds(z_of_ratio(o, 1.0), "no law"));
    o.cell_cycle.stalk_loading = 4.0;
    CHECK(holds(z_of_ratio(o, 4.0, &ten_percent_more), "four times"));
    CHECK(!(std::abs(ten_percent_more) <= critical_z));
    o.gene_loading = {{l, 2.0}};
    CHECK(holds(z_of_ratio(o, 2.0), "measured"));
    o.gene_loading.clear();
    o.cell_cycle.enabled = false;
    CHECK(holds(z_of_ratio(o, 1.0), "no growth"));
}

/// The genes of an operon share its messengers, so that each is made in proportion to its own strength by how often it is
/// translated; where each has a promoter, and in a cell that does not grow, messengers of all are alike.
TEST(genes_of_an_operon_are_translated_in_proportion_to_their_strengths) {
    DraftReplicon draft;
    draft.space(60).gene("a", coding(20), false).space(30).gene("b", coding(20), false).space(60);
    const Genome genome = decode(draft.record("REC0", true));
    Organism o = bare();
    o.ribosomes = 20;
    o.unit_gap_nt = 50;
    o.mrna_counts = {100, 100};
    o.protein_counts = {100, 300};
    o.promoter_strength_min = 45;
    o.promoter_strength_max = 765;
    o.ribosome_binding_per_M_s *= 0.1;
    o.translation_kcat_aa_per_s = 1e4;  // so that a start is hardly ever taken
    for (SpeciesIndex i = 0; i < species::resource_count; ++i) o.pools[i] = std::max<std::int64_t>(o.pools[i], 1'000'000'000);
    const auto z_of_ratio = [&](double ratio, double* off = nullptr) {
        CellularContext cell{compile(genome, o), 5};
        const auto messengers = cell.mrnas();
        const auto before = cell.proteins();
        CHECK(messengers[0] > 50 && messengers[1] > 50);
        while (cell.proteins()[0] + cell.proteins()[1] < 40'000) cell.advance(cell.time_s() + 10.0);
        const auto n0 = static_cast<double>(cell.proteins()[0] - before[0]);
        const auto n1 = static_cast<double>(cell.proteins()[1] - before[1]);
        const auto z = [&](double of) {
            const double w0 = static_cast<double>(messengers[0]), w1 = of * static_cast<double>(messengers[1]);
            const double p = w1 / (w0 + w1);
            return (n1 - (n0 + n1) * p) / std::sqrt((n0 + n1) * p * (1.0 - p));
        };
        CHECK(cell.audit().ok());
        if (off != nullptr) *off = z(1.1 * ratio);
        return z(ratio);
    };
    CHECK(holds(z_of_ratio(1.0), "no law"));
    o.cell_cycle.loading_by_strength = true;
    double ten_percent_more = 0.0;
    CHECK(holds(z_of_ratio(3.0, &ten_percent_more), "by strength"));
    CHECK(!(std::abs(ten_percent_more) <= critical_z));
    o.gene_promoter_strength = {{0, 700.0}};  // of the promoter, which both have
    CHECK(holds(z_of_ratio(3.0), "a given promoter"));
    o.gene_loading = {{0, 1.0}, {1, 2.0}};
    CHECK(holds(z_of_ratio(2.0), "measured"));
    o.gene_loading.clear();
    o.reference_mode = true;
    CHECK(holds(z_of_ratio(1.0), "reference mode"));
    o.reference_mode = false;
    o.cell_cycle.enabled = false;
    CHECK(holds(z_of_ratio(1.0), "no growth"));
}

/// Counts that include what ribosomes hold leave the rest free, and of each ribosomal protein the least share.
TEST(ribosomal_proteins_at_birth_are_those_that_the_counts_leave) {
    Organism o = bare();
    o.ribosomes = 500;
    o.protein_counts = {-1, -1, -1, 510, 2'765};
    const auto born = [&] {
        const CellularContext cell{compile(stalked(), o), 1};
        CHECK((cell.in_machines() == std::vector<std::int64_t>{500, 500, 500, 500, 2'000}));
        CHECK(cell.audit().ok());
        return std::pair{cell.proteins()[3], cell.proteins()[4]};
    };
    CHECK((born() == std::pair<std::int64_t, std::int64_t>{510, 2'765}));
    o.cell_cycle.least_free_ribosomal_parts = 0.05;  // says nothing where the counts are of free ones
    CHECK((born() == std::pair<std::int64_t, std::int64_t>{510, 2'765}));
    o.cell_cycle.counted_in_machines[1] = true;
    CHECK((born() == std::pair<std::int64_t, std::int64_t>{25, 765}));
    o.protein_counts[4] = 765;
    CHECK((born() == std::pair<std::int64_t, std::int64_t>{25, 100}));
    o.cell_cycle.least_free_ribosomal_parts = 0.0;
    CHECK((born() == std::pair<std::int64_t, std::int64_t>{10, 0}));
    o.cell_cycle.least_free_ribosomal_parts = 0.05;
    o.protein_counts[4] = -1;  // not counted: none but those in ribosomes
    CHECK((born() == std::pair<std::int64_t, std::int64_t>{25, 0}));
}

/// Machines that were lent to a cell, and those that it works with though they were taken back, are shared out like its own.
TEST(a_cell_with_lent_machines_divides_exactly) {
    DraftReplicon draft;
    draft.space(30).gene("a", coding(120), false, "rpoA").space(60).gene("b", coding(90), false, "rpoB").space(60);
    draft.gene("c", coding(40), false, "rpoC").space(60).gene("r", coding(30), false, "rrfA", "5S ribosomal RNA", "rRNA");
    Organism o = growing();
    o.origins_nt = {15};
    o.promoter_binding_per_M_s *= 20.0;
    const auto program = compile(decode(draft.record("REC0", true)), o);
    for (const auto& [rnaps, ribosomes] : {std::pair{60, 90}, std::pair{1, 2}, std::pair{0, 0}}) {
        CellularContext cell{program, 9};
        while (!cell.cycle().ready_to_divide) cell.advance(cell.time_s() + 1.0);
        cell.advance(CellularContext::next_tick_s(cell.time_s()));
        o.rna_polymerases = rnaps;
        o.ribosomes = ribosomes;
        cell.allocate(program->with_organism(o));
        CHECK(sound(cell, "lent"));
        CellularContext daughter = divided(cell, "lent");
        for (CellularContext* const side : {&cell, &daughter}) {
            side->advance(side->time_s() + 2.0);
            CHECK(sound(*side, "after"));
        }
    }
}

/// What binds meets less often in a larger cell: at three times the volume a third as often.
TEST(binding_slows_down_with_volume) {
    DraftReplicon draft;
    draft.space(30).gene("g", coding(60)).space(30);
    std::array<std::array<double, 3>, 2> seen{};
    for (const std::size_t large : {std::size_t{0}, std::size_t{1}}) {
        Organism o = bare();
        o.cell_cycle.rod = true;
        o.cell_cycle.largest_volume_ratio = 5.0;
        o.cell_cycle.replication_delay_s = 1e6;
        const auto genome = decode(draft.record("REC0", true));
        for (const std::size_t what : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
            Organism one = o;
            one.mrna_counts = {what == 0 ? 0.0 : 3'000.0};  // so many that few are taken
            one.promoter_binding_per_M_s *= 0.1;
            one.ribosome_binding_per_M_s *= 5e-4;
            one.degradosome_binding_per_M_s *= 2e-3;
            one.rna_kcat_nt_per_s = one.rna_kcat_min_nt_per_s = one.rna_kcat_max_nt_per_s = 500.0;
            (what == 0 ? one.rna_polymerases : what == 1 ? one.ribosomes : one.degradosomes) = 20'000;
            one.rnap_footprint_nt = 1;
            const auto program = compile(genome, one);
            for (std::uint64_t seed = 1; seed <= 20; ++seed) {
                CellularContext cell{program, seed};
                if (large == 1) cell.set_resource(species::lipid, 3'000);
                cell.advance(0x1.0p-6);
                CHECK(std::abs(cell.cycle().volume_l / o.volume_l - (large == 1 ? 3.0 : 1.0)) < 1e-12);
                const EventCounts before = cell.events();
                cell.advance(what == 0 ? 10.0 : 1.0);
                const EventCounts after = cell.events();
                const auto member = std::array{&EventCounts::transcription_initiations, &EventCounts::translation_initiations,
                                               &EventCounts::mrna_decay_initiations}[what];
                seen[large][what] += static_cast<double>(after.*member - before.*member);
            }
        }
    }
    const std::array<const char*, 3> names{"promoters", "ribosome binding", "degradosome binding"};
    for (std::size_t what = 0; what < 3; ++what) {
        const double n = seen[0][what] + seen[1][what], p = 0.25;
        CHECK(n > 1'000);
        CHECK(holds((seen[1][what] - p * n) / std::sqrt(n * p * (1.0 - p)), names[what]));
    }
}

// ------------------------------------------------------------------------------------------------------- geometry

TEST(volume_follows_from_surface) {
    DraftReplicon draft;
    draft.space(30).gene("g", greasy(40)).space(30);
    const Genome genome = decode(draft.record("REC0", true));
    for (const bool rod : {false, true}) {
        Organism o = bare();
        o.protein_counts = {100};
        o.cell_cycle.rod = rod;
        o.cell_cycle.largest_volume_ratio = 2.5;
        o.cell_cycle.lipid_surface_nm2 = 300e3;
        o.cell_cycle.protein_surface_nm2 = 100e3;
        o.cell_cycle.replication_delay_s = 1e6;
        CellularContext cell{compile(genome, o), 1};
        const std::int64_t birth = o.pools[species::lipid];
        for (const std::int64_t lipids : {birth, 3 * birth / 2, 2 * birth, 7 * birth, birth / 2, std::int64_t{0}}) {
            cell.set_resource(species::lipid, lipids);
            const double volume = cell.cycle().volume_l;
            if (cell.time_s() > 0.0) CHECK(cell.cycle().volume_l == volume);  // it changes at ticks alone
            cell.advance(cell.time_s() + 0x1.0p-6);
            const double surface = (3.0 * static_cast<double>(lipids) / static_cast<double>(birth) + 1.0) / 4.0;
            const double law = std::min(rod ? surface : std::pow(surface, 1.5), 2.5);
            CHECK(std::abs(cell.cycle().volume_l / o.volume_l / law - 1.0) < 1e-12);
            CHECK(std::abs(cell.cycle().surface_ratio / surface - 1.0) < 1e-12);
        }
    }
}

TEST(a_cell_without_ATP_does_not_grow) {
    Organism fed = growing();
    Organism starved = fed;
    starved.pools[species::ATP] = 0;
    starved.supply.erase(starved.supply.begin());  // regeneration
    const auto grown = [](const Organism& o) {
        CellularContext cell{compile(small_genome(), o), 4};
        cell.advance(30.0);
        CHECK(sound(cell, "fed or not"));
        return cell.cycle().volume_l / o.volume_l;
    };
    CHECK(grown(fed) > 1.3);
    CHECK(grown(starved) == 1.0);
}

TEST(the_growth_rate_is_that_of_whole_minutes_from_birth) {
    Organism o = bare();
    o.cell_cycle.rod = true;
    o.cell_cycle.largest_volume_ratio = 3.0;
    const SupplyLeg made{Place::cell, species::lipid, 1}, paid{Place::cell, species::ATP, -1}, spent{Place::cell, species::ADP, 1};
    o.supply.push_back({"lipid", "growth", {paid, spent, made}, 1'000.0 / 90.0, {}});
    o.supply.back().per_volume = false;
    CellularContext cell{compile(plain(100, true), o), 1};
    CHECK(cell.advance(200.0) == AdvanceStatus::ready_to_divide);
    CHECK(std::abs(cell.time_s() - 90.0) < 0.1);
    // the volume grows by 1/90 a second from 1: after a minute, ln(5/3) a minute
    CHECK(std::abs(cell.cycle().growth_rate_per_h - 60.0 * std::log(5.0 / 3.0)) < 0.05);
    (void)cell.divide();
    const double birth = cell.time_s(), volume = cell.cycle().volume_l;
    cell.advance(birth + 59.9);
    CHECK(std::abs(cell.cycle().growth_rate_per_h - 60.0 * std::log(5.0 / 3.0)) < 0.05);  // of the mother's last minute
    cell.advance(birth + 60.0);
    CHECK(std::abs(cell.cycle().growth_rate_per_h - 60.0 * std::log(cell.cycle().volume_l / volume)) < 0.05);
}

// ------------------------------------------------------------------------------------- places where DNA is special

/// Rounds that begin in quick succession follow one another and do not pass.
TEST(a_later_round_does_not_pass_an_earlier_one) {
    for (const bool circular : {false, true}) {
        Organism o = bare();
        o.origins_nt = {150};
        o.cell_cycle.initiation_volume_l = o.volume_l / 30.0;   // five rounds in five ticks
        CellularContext cell{compile(plain(400, circular), o), 3};
        std::size_t met = 0;
        for (double t = 0.05; cell.cycle().forks > 0 || t < 1.0; t += 0.05) {
            cell.advance(t);
            CHECK(sound(cell, "rounds"));
            const std::vector<CopyOfDna> copies = copies_of(cell);
            for (std::size_t c = 0; c < copies.size(); ++c) {
                for (std::size_t earlier = 0; earlier < c; ++earlier) {
                    const bool ahead = copies[c].parent != UINT32_MAX && copies[earlier].parent != UINT32_MAX &&
                                       (earlier == copies[c].parent || copies[earlier].parent == copies[c].parent);
                    if (!ahead) continue;
                    CHECK(copies[c].left <= copies[earlier].left && copies[c].right <= copies[earlier].right);
                    met += copies[c].right == copies[earlier].right ? 1 : 0;
                }
            }
        }
        CHECK(met > 20 && cell.events().replication_initiations == 31 && cell.cycle().chromosomes == 32);
        CHECK(cell.events().replication_steps == 31 * 400);
    }
}

/// A fork covers the promoters that it stands beside, on the old strand and on the new one.
TEST(no_polymerase_starts_beside_a_fork) {
    DraftReplicon draft;
    draft.space(100).gene("g", coding(30)).space(100);
    Organism o = bare();
    o.rna_polymerases = 1'000;
    o.promoter_binding_per_M_s *= 100.0;
    o.cell_cycle.fork_kcat_bp_per_s = 0.0;      // it stays where it is
    for (const std::int64_t origin : {80, 100, 120, 200}) {
        o.origins_nt = {origin};
        CellularContext cell{compile(decode(draft.record("REC0", true)), o), 4};
        cell.advance(0x1.0p-6);
        const std::int64_t before = cell.mrnas()[0];
        CHECK(cell.cycle().forks == 2 && before <= 1);
        cell.advance(20.0);
        CHECK((cell.mrnas()[0] > before) == (origin == 200));
    }
}

/// A round that begins under RNAPs stops those that come to its forks, whatever they had worked out before.
TEST(polymerases_notice_forks_that_begin_among_them) {
    DraftReplicon draft;
    draft.space(20).gene("a", coding(300)).space(40).gene("b", coding(200), true);
    Organism o = growing();
    o.rna_polymerases = 40;
    o.promoter_binding_per_M_s *= 100.0;
    o.rnap_footprint_nt = 10;
    o.cell_cycle.fork_kcat_bp_per_s = 0.5;
    o.cell_cycle.replication_delay_s = 8.0;
    o.cell_cycle.replication_delay_log_sd = 0.0;
    for (const std::int64_t origin : {150, 500, 1'200}) {
        o.origins_nt = {origin};
        const auto program = compile(decode(draft.record("REC0", true)), o);
        CellularContext cell{program, 4};
        cell.advance(8.0 - 0x1.0p-5);
        for (int cut = 0; cut < 60; ++cut) {
            CellularContext shadow = CellularContext::restore(cell.snapshot(), program);
            for (CellularContext* const one : {&cell, &shadow}) one->advance(8.0 + 0.05 * cut);
            CHECK(shadow.trajectory_hash() == cell.trajectory_hash());
            CHECK(sound(cell, "among"));
        }
        CHECK(cell.cycle().forks == 2);
    }
}

/// Replication that begins at the end of a linear replicon has one fork.
TEST(a_linear_replicon_is_copied_from_its_end) {
    for (const std::int64_t origin : {0, 1, 99}) {
        Organism o = bare();
        o.origins_nt = {origin};
        const auto program = compile(plain(100, false), o);
        CellularContext cell{program, 2};
        cell.advance(0x1.0p-6);
        CHECK(cell.cycle().forks == (origin == 0 ? 1 : 2));
        CHECK(CellularContext::restore(cell.snapshot(), program).snapshot() == cell.snapshot());
        cell.advance(30.0);
        CHECK(cell.cycle().forks == 0 && cell.cycle().chromosomes == 2 && cell.events().replication_steps == 100);
        CHECK(sound(cell, "linear"));
    }
}

/// Units cover the circle, and one goes on over its end: positions beyond the length are those at the beginning.
TEST(forks_and_polymerases_see_each_other_over_the_end_of_a_covered_circle) {
    for (const bool reverse : {false, true}) {
        DraftReplicon draft;
        draft.gene("a", coding(200), reverse).gene("b", coding(60), !reverse);
        Organism o = growing();
        const auto length = static_cast<std::int64_t>(draft.dna.size());
        o.rna_polymerases = 40;
        o.promoter_binding_per_M_s *= 100.0;
        o.rna_kcat_nt_per_s = o.rna_kcat_min_nt_per_s = o.rna_kcat_max_nt_per_s = 85.0;
        o.cell_cycle.fork_kcat_bp_per_s = 40.0;
        o.cell_cycle.replication_delay_s = 1.0;
        o.cell_cycle.division_surface_ratio = 1e3;
        for (const std::int64_t origin : {std::int64_t{20}, length / 2, length - 20}) {
            o.origins_nt = {origin};
            const auto program = compile(decode(draft.record("REC0", true, 300)), o);
            CHECK(program->layout().dna.size() > static_cast<std::size_t>(length) + 2);
            CellularContext cell{program, 6};
            for (double t = 0.05; t < 60.0 && cell.events().replication_terminations == 0; t += 0.05) {
                cell.advance(t);
                CHECK(sound(cell, "covered"));
            }
            CHECK(cell.events().replication_terminations > 0 && cell.events().replication_displacements > 0);
        }
    }
}

/// In reference mode nobody is pushed off, so a unit counts as copied only when the fork has left it.
TEST(in_reference_mode_no_polymerase_runs_off_a_copy) {
    DraftReplicon draft;
    draft.space(20).gene("a", coding(300)).space(30);
    Organism o = growing();
    o.reference_mode = true;
    o.rna_polymerases = 40;
    o.promoter_binding_per_M_s *= 100.0;
    o.cell_cycle.fork_kcat_bp_per_s = 10.0;
    o.cell_cycle.replication_delay_s = 1.0;
    o.origins_nt = {5};
    CellularContext cell{compile(decode(draft.record("REC0", true)), o), 6};
    for (double t = 0.25; t < 60.0; t += 0.25) {
        cell.advance(t);
        CHECK(sound(cell, "reference"));
    }
}

/// A round has begun only if something was there to begin it on.
TEST(a_cell_that_holds_all_the_copies_that_it_may_begins_no_round) {
    Organism o = bare();
    o.replicon_copies = {600};
    o.cell_cycle.initiation_volume_l = o.volume_l * 1e-6;
    o.cell_cycle.fork_kcat_bp_per_s = 0.1;
    CellularContext cell{compile(plain(100, true), o), 1};
    cell.advance(0.5);
    CHECK(cell.events().replication_initiations == most_dna_copies - 600 && cell.cycle().forks == 2 * (most_dna_copies - 600));
}

/// Replication is timed by the origins of the chromosome, not by the copies of a plasmid.
TEST(plasmids_do_not_delay_the_chromosome) {
    Organism o = bare();
    o.origins_nt = {0, 0};
    o.replicon_copies = {1, 8};
    o.cell_cycle.initiation_volume_l = o.volume_l;
    const std::string file = DraftReplicon{}.space(200).record("REC0", true) + DraftReplicon{}.space(60).record("REC1", true);
    CellularContext cell{compile(decode(file), o), 1};
    cell.advance(1.0);
    CHECK(cell.events().replication_initiations == 9);  // each copy of either, once
}

TEST(forks_that_lack_a_base_leave_the_cell_exhausted) {
    Organism o = bare();
    o.pools[species::dATP] = o.pools[species::dTTP] = 3;
    CellularContext cell{compile(plain(400, true), o), 1};
    CHECK(cell.advance(100.0) == AdvanceStatus::exhausted);
    CHECK(cell.cycle().forks == 2 && sound(cell, "without A"));
}

/// What is certain to come is waited for, though no molecule moves until then.
TEST(a_cell_that_waits_to_divide_is_not_exhausted) {
    Organism o = bare();
    o.cell_cycle.division_surface_ratio = 1.0;
    o.cell_cycle.division_delay_s = 20.0;
    CellularContext cell{compile(plain(100, true), o), 1};
    CHECK(cell.advance(100.0) == AdvanceStatus::ready_to_divide);
    CHECK(cell.time_s() >= 20.0 && cell.time_s() < 22.0);
    // it is told once a generation, whether or not the cell is restored in between
    CellularContext restored = CellularContext::restore(cell.snapshot(), cell.shared_program());
    for (CellularContext* const one : {&cell, &restored}) CHECK(one->advance(100.0) == AdvanceStatus::exhausted);
    CHECK(restored.cycle().ready_to_divide);
}

/// A context divides as its cell alone would, at the same tick; what cannot be admitted divides nothing.
TEST(a_context_of_a_hypervisor_divides_as_its_cell_would) {
    const auto program = dividing_program();
    CellularContext alone{program, 3};
    while (!alone.cycle().ready_to_divide) alone.advance(alone.time_s() + 1.0);
    const double age_s = alone.time_s() + 0.005;
    alone.advance(age_s);
    const std::string undivided = alone.trajectory_hash();
    CellularContext apart = alone.replica();
    apart.advance(CellularContext::next_tick_s(age_s));
    CellularContext daughter = apart.divide();
    const Capacity own = capacity_of(program->organism());
    Capacity twice = own;
    for (const auto member : capacity_members) twice.*member *= 2;
    for (const bool room : {false, true}) {
        Hypervisor::Options options;
        options.workers = 1;
        options.chassis.emplace(room ? twice : own);
        Hypervisor hv{options};
        const ContextHandle mother = hv.create("mother", CellularContext{program, 3});
        hv.start(mother);
        const auto advance = [&](ContextHandle h, double until_s) {
            Job job;
            job.until_s = until_s;
            const std::vector<std::shared_ptr<Run>> runs{hv.submit(h, std::move(job))};
            CHECK(hv.wait(runs));
            return runs.front()->status;
        };
        while (hv.metrics(mother).time_s < age_s) advance(mother, age_s);
        const auto hash_of = [&](ContextHandle h) {
            std::string hash;
            hv.look(h, [&](const CellularContext& cell) { hash = cell.trajectory_hash(); });
            return hash;
        };
        if (!room) {
            CHECK(!refusal([&] { (void)hv.divide(mother, "daughter"); }, InputErrorKind::allocation).empty());
            CHECK(hv.list().size() == 1 && hash_of(mother) == undivided);
            CHECK(hv.divide(mother).trajectory_hash() == daughter.trajectory_hash());
            CHECK(hash_of(mother) == apart.trajectory_hash() && hv.metrics(mother).cycle.generation == 1);
            continue;
        }
        const ContextHandle made = hv.divide(mother, "daughter");
        CHECK(hash_of(mother) == apart.trajectory_hash() && hash_of(made) == daughter.trajectory_hash());
        CHECK(hv.metrics(made).state == ContextState::created && hv.metrics(made).grant == own);
        CHECK(hv.metrics(mother).cycle.generation == 1 && hv.metrics(made).cycle.generation == 1);
        hv.start(made);
        (void)advance(made, age_s + 3.0);
        daughter.advance(age_s + 3.0);
        CHECK(hash_of(made) == daughter.trajectory_hash());
    }
}

/// The run of a mother records her on the way to the tick at which she divides, and ends there if its time comes.
TEST(a_run_does_not_notice_that_its_cell_divides) {
    const auto program = dividing_program();
    CellularContext ready{program, 3};
    while (!ready.cycle().ready_to_divide) ready.advance(ready.time_s() + 1.0);
    constexpr double every_s = 0x1.0p-10;  // supply ticks are 2^-6 s apart
    for (const double length_s : {0.25, 0.75 * 0x1.0p-6}) {
        Hypervisor::Options options;
        options.workers = 1;
        options.quantum = 1;
        options.clock = std::make_shared<VirtualClock>(5);
        Hypervisor hv{options};
        const ContextHandle mother = hv.create("mother", ready.replica());
        hv.start(mother);
        Job job;
        job.until_s = ready.time_s() + length_s;
        job.every_s = every_s;
        const double until_s = job.until_s;
        const std::shared_ptr<Run> run = hv.submit(mother, std::move(job));
        double age_s = ready.time_s();
        while (age_s == CellularContext::next_tick_s(age_s) && !run->finished) {  // to amid two ticks
            hv.step();
            hv.look(mother, [&](const CellularContext& cell) { age_s = cell.time_s(); });
        }
        CHECK(!run->finished && age_s < until_s);
        (void)hv.divide(mother);
        CHECK(hv.metrics(mother).cycle.generation == 1);
        CHECK(run->finished == (until_s < hv.metrics(mother).time_s));
        while (!run->finished) hv.step();
        CHECK(run->status == RunStatus::completed && run->ended_s == until_s);
        std::size_t samples = 0;
        for (const double time_s : run->trace.time_s) samples += time_s == run->started_s + every_s * static_cast<double>(samples);
        CHECK(samples == static_cast<std::size_t>(length_s / every_s) + 1);
    }
}

/// What a run changed at its beginning and changes back at its end is changed back for both halves where it ends before the
/// tick, or at it.
TEST(a_run_that_ends_before_its_cell_divides_leaves_nothing_to_the_halves) {
    const auto program = dividing_program();
    constexpr double tick_s = 0x1.0p-6;
    const std::array<GeneId, 1> first{GeneId{0}};
    CellularContext ready{program, 3};
    while (!ready.cycle().ready_to_divide) ready.advance(ready.time_s() + 1.0);
    for (const double length_s : {0.75 * tick_s, tick_s}) {
        CellularContext alone = ready.replica();
        alone.restrict_transcription(first);
        alone.advance(ready.time_s() + length_s);
        alone.restrict_transcription(std::nullopt);
        alone.advance(CellularContext::next_tick_s(alone.time_s()));
        CellularContext half = alone.divide();
        Hypervisor::Options options;
        options.workers = 1;
        options.quantum = 1;
        options.clock = std::make_shared<VirtualClock>(5);
        Hypervisor hv{options};
        const ContextHandle mother = hv.create("mother", ready.replica());
        hv.start(mother);
        Job job;
        job.until_s = ready.time_s() + length_s;
        job.before = [first](CellularContext& cell) { cell.restrict_transcription(first); };
        job.after = [](CellularContext& cell) { cell.restrict_transcription(std::nullopt); };
        const std::shared_ptr<Run> run = hv.submit(mother, std::move(job));
        double age_s = ready.time_s();
        while (age_s == ready.time_s() && !run->finished) {
            hv.step();
            hv.look(mother, [&](const CellularContext& cell) { age_s = cell.time_s(); });
        }
        CHECK(!run->finished);
        const CellularContext daughter = hv.divide(mother);
        CHECK(run->finished && run->status == RunStatus::completed && run->ended_s == ready.time_s() + length_s);
        CHECK(daughter.snapshot() == half.snapshot());
        hv.look(mother, [&](const CellularContext& cell) { CHECK(cell.snapshot() == alone.snapshot()); });
    }
}

/// It does not use up that she is ready, which her next run tells.
TEST(a_division_that_is_refused_leaves_the_mother_as_she_is) {
    const auto program = dividing_program();
    CellularContext alone{program, 3};
    while (alone.advance(1e4) != AdvanceStatus::ready_to_divide) {
    }
    const double ready_s = alone.time_s(), before_s = ready_s - 0x1.0p-7;
    CHECK(ready_s == CellularContext::next_tick_s(before_s));
    Hypervisor::Options options;
    options.workers = 1;
    options.chassis.emplace(capacity_of(program->organism()));
    Hypervisor hv{options};
    const ContextHandle mother = hv.create("mother", CellularContext{program, 3});
    hv.start(mother);
    const auto advance = [&](double until_s) {
        Job job;
        job.until_s = until_s;
        const std::vector<std::shared_ptr<Run>> runs{hv.submit(mother, std::move(job))};
        CHECK(hv.wait(runs));
        return runs.front()->status;
    };
    CHECK(advance(before_s) == RunStatus::completed);
    CHECK(!refusal([&] { (void)hv.divide(mother, "daughter"); }, InputErrorKind::allocation).empty());
    CHECK(hv.metrics(mother).time_s == before_s);
    CHECK(advance(ready_s + 5.0) == RunStatus::divided && hv.metrics(mother).time_s == ready_s);
}

TEST(membrane_proteins_wait_for_a_translocon_and_for_ATP) {
    const auto program = dividing_program();
    CellularContext cell = busy_cell(program);
    for (int k = 0; k < 100 && cell.events().membrane_insertions == 0; ++k) cell.advance(cell.time_s() + 0.25);
    CHECK(cell.events().membrane_insertions > 0);
    for (const SpeciesIndex s : {species::ATP, species::ADP}) cell.set_resource(s, s == species::ATP ? 40 : 0);
    for (int k = 0; k < 500; ++k) {
        cell.advance(cell.time_s() + 0x1.0p-8);
        CHECK(sound(cell, "without ATP"));
        cell.set_resource(species::ADP, 0);  // nothing to regenerate
    }
}

/// One RNA that is called both 16S and 23S cannot fill two places in a ribosome.
TEST(a_gene_fills_one_place_in_machines) {
    DraftReplicon draft;
    draft.space(30).gene("r", coding(30), false, "rrnA", "5S, 16S and 23S ribosomal RNA", "rRNA").space(60);
    draft.gene("s", coding(30), false, "rpsA", "30S ribosomal protein S1").space(60);
    Organism o = growing();
    o.ribosomes = 10;
    o.rna_polymerases = 30;
    o.promoter_binding_per_M_s *= 50.0;
    o.cell_cycle.assembly_per_s = {10.0, 10.0, 10.0};
    CellularContext cell{compile(decode(draft.record("REC0", true)), o), 6};
    for (int k = 1; k < 200; ++k) {
        cell.advance(0.25 * k);
        CHECK(sound(cell, "one RNA"));
    }
}

/// Membrane proteins are proteins: a table that calls an RNA one is refused.
TEST(only_proteins_are_in_the_membrane) {
    DraftReplicon draft;
    draft.space(30).gene("r", coding(30), false, "rrfA", "5S ribosomal RNA", "rRNA").space(60).gene("s", coding(30)).space(30);
    Organism o = growing();
    const Genome genome = decode(draft.record("REC0", true));
    o.membrane_genes = {1};
    (void)compile(genome, o);
    o.membrane_genes = {0, 1};
    CHECK(!refusal([&] { (void)compile(genome, o); }, InputErrorKind::configuration).empty());
}

// --------------------------------------------------------------------------------------------------------- errors

TEST(a_cell_that_cannot_divide_says_why) {
    const auto says = [](CellularContext& cell, const char* what) {
        const std::string before = cell.trajectory_hash();
        const std::string message = refusal([&] { (void)cell.divide(); }, InputErrorKind::runtime);
        CHECK(message.find(what) != std::string::npos && cell.trajectory_hash() == before);
    };
    CellularContext still{compile(small_genome(), supplied()), 1};
    says(still, "does not grow");
    CHECK(still.cycle().grows == false && still.cycle().chromosomes == 1 && still.in_machines()[0] == 0);
    Organism o = bare();
    o.cell_cycle.replication_delay_s = 10.0;
    CellularContext cell{compile(plain(100, true), o), 1};
    says(cell, "two whole copies");
    CHECK(cell.advance(30.0) == AdvanceStatus::exhausted);
    cell.advance(cell.time_s() + 0x1.0p-8);
    says(cell, "supply ticks");
    cell.advance(CellularContext::next_tick_s(cell.time_s()));
    cell.set_resource(species::Pi, std::int64_t{1} << 40);
    says(cell, "molecules");
    cell.set_resource(species::Pi, 0);
    (void)cell.divide();
    says(cell, "two whole copies");
}

TEST(parameters_of_the_cell_cycle_are_refused_out_of_range) {
    const Genome genome = plain(100, true);
    const double nan = std::nan(""), huge = 1e300;
    std::vector<std::function<void(Organism&)>> faults;
    for (const double wrong : {-1.0, nan, huge}) {
        for (const auto member : {&CellCycle::lipid_surface_nm2, &CellCycle::protein_surface_nm2, &CellCycle::largest_volume_ratio,
                                  &CellCycle::replication_delay_s, &CellCycle::replication_delay_log_sd,
                                  &CellCycle::initiation_volume_l, &CellCycle::fork_kcat_bp_per_s, &CellCycle::fork_km_mM,
                                  &CellCycle::division_surface_ratio, &CellCycle::division_delay_s,
                                  &CellCycle::translocon_binding_per_M_s, &CellCycle::insertion_aa_per_s,
                                  &CellCycle::least_free_ribosomal_parts, &CellCycle::stalk_loading})
            faults.push_back([=](Organism& o) { o.cell_cycle.*member = wrong; });
        for (std::size_t m = 0; m < 3; ++m) faults.push_back([=](Organism& o) { o.cell_cycle.assembly_per_s[m] = wrong; });
    }
    faults.push_back([](Organism& o) { o.cell_cycle.lipid_surface_nm2 = o.cell_cycle.protein_surface_nm2 = 0.0; });
    faults.push_back([](Organism& o) { o.cell_cycle.largest_volume_ratio = o.cell_cycle.division_surface_ratio = 0.5; });
    faults.push_back([](Organism& o) { o.hold_pools = true; });
    faults.push_back([](Organism& o) { o.origins_nt = {100}; });
    faults.push_back([](Organism& o) { o.origins_nt = {-2}; });
    faults.push_back([](Organism& o) { o.origins_nt = {0, 0}; });
    faults.push_back([](Organism& o) { o.replicon_copies = {0}; });
    faults.push_back([](Organism& o) { o.replicon_copies = {1'000'000}; });
    faults.push_back([](Organism& o) { o.replicon_copies = {1, 1}; });
    faults.push_back([](Organism& o) { o.membrane_genes = {0}; });  // the genome has no genes
    (void)compile(genome, bare());
    for (std::size_t i = 0; i < faults.size(); ++i) {
        Organism o = bare();
        faults[i](o);
        const std::string message = refusal([&] { (void)compile(genome, o); }, InputErrorKind::configuration);
        if (message.empty()) std::printf("  fault %zu is accepted\n", i);
        CHECK(!message.empty());
    }
}

/// A record whose sequence the file does not hold cannot be copied.
TEST(a_replicon_without_a_sequence_has_no_origin) {
    const std::string known = DraftReplicon{}.space(100).record("REC0", true);
    const std::string unknown = "LOCUS       REC1                    5000 bp    DNA     circular SYN 01-JAN-2026\nFEATURES             "
                                "Location/Qualifiers\nCONTIG      join(X1.1:1..5000)\n//\n";
    const Genome genome = decode(known + unknown);
    CHECK(genome.records().size() == 2 && genome.records()[1].sequence.empty());
    Organism o = bare();
    o.origins_nt = {0};
    (void)compile(genome, o);
    o.origins_nt = {0, 2'500};
    CHECK(!refusal([&] { (void)compile(genome, o); }, InputErrorKind::configuration).empty());
}

/// RNA polymerases keep the number of their copy in 16 bits.
TEST(a_genome_of_too_many_replicons_does_not_grow) {
    std::string file;
    for (int r = 0; r < 66'000; ++r) file += ">r" + std::to_string(r) + "\nacgtacgt\n";
    const Genome genome = decode(file);
    Organism o = bare();
    o.origins_nt.clear();
    CHECK(!refusal([&] { (void)compile(genome, o); }, InputErrorKind::configuration).empty());
    o.cell_cycle.enabled = false;
    (void)compile(genome, o);
}

RUN_TESTS()
