#include "cell/snapshot.hpp"
#include "check.hpp"
#include "designs.hpp"
#include "support/checksum.hpp"
#include "two_samples.hpp"

#include <bioxen/error.hpp>

#include <functional>
#include <limits>

using namespace bioxen;
using namespace designs;
using Shared = std::shared_ptr<const Program>;

namespace {

constexpr double tick = 0x1.0p-6;

/// A cell that makes ATP and takes up two amino acids, each under a heading of its own in the ledger.
Organism fed() {
    Organism o = supplied();
    o.supply[0].process = "glycolysis";
    const auto uptake = [&](std::size_t a, double rate) {
        const auto s = static_cast<SpeciesIndex>(species::amino_acid + a);
        o.supply.push_back({"uptake", "uptake", {{Place::medium, s, -1}, {Place::cell, s, 1}}, rate, {}});
    };
    uptake(0, 30.5);
    uptake(1, 70.25);
    return o;
}

Shared with(const Shared& program, const Capacity& capacity) {
    return program->with_organism(with_capacity(program->organism(), capacity));
}

/// The capacity of a program's organism with some amounts replaced.
Shared with_machines(const Shared& program, std::int64_t ribosomes, std::int64_t rna_polymerases) {
    Capacity c = capacity_of(program->organism());
    c.ribosomes = ribosomes;
    c.rna_polymerases = rna_polymerases;
    return with(program, c);
}

/// The message with which a call is refused; empty if it is not.
std::string refusal(InputErrorKind kind, const std::function<void()>& call) {
    try {
        call();
    } catch (const InputError& e) {
        CHECK(e.kind() == kind);
        return e.what();
    }
    return "";
}

bool says(const std::string& message, const char* what) { return message.find(what) != std::string::npos; }

/// A cell whose machines are at work, with fewer of its own than work: a debt of both kinds.
CellularContext in_debt(const Shared& program) {
    CellularContext cell{program, 5};
    cell.advance(20.0);
    cell.allocate(with_machines(program, 4, 2));
    return cell;
}

/// Grows, shrinks and starves; the times are ticks.
struct Change {
    double at_s;
    Capacity to;
};
constexpr std::array<Change, 5> schedule{{{0.0, {40, 10, 20'000, 100}},
                                          {2.0, {3, 1, 20'000, 100}},
                                          {2.0 + tick, {0, 2, 0, 50}},
                                          {5.0, {90, 30, 30'000, 0}},
                                          {8.0, {60, 20, 20'000, 100}}}};

/// Runs the schedule to 10 s, advancing by `go` until a time is reached.
std::string run_schedule(const Shared& program, const std::function<void(CellularContext&, double)>& go) {
    CellularContext cell{program, 8};
    for (const Change& change : schedule) {
        go(cell, change.at_s);
        cell.allocate(with(program, change.to));
        CHECK(cell.audit().ok());
    }
    go(cell, 10.0);
    CHECK(cell.audit().ok());
    return cell.trajectory_hash();
}

}  // namespace

TEST(a_capacity_counts_what_an_organism_brings_in_itself) {
    CHECK((capacity_of(fed()) == Capacity{60, 20, 20'000, 100}));  // 30.5 + 70.25 rounded down
    Organism o = fed();
    o.supply[0].legs = {{Place::medium, species::glucose, -1}, {Place::cell, species::ADP, -2},
                        {Place::cell, species::Pi, -2},        {Place::cell, species::ATP, 2},
                        {Place::medium, species::lactate, 2}};
    CHECK(capacity_of(o).atp_flux_per_s == 40'000);
    CHECK((drawn_per_turn(o.supply[0]) == Drawn{2, 0}));
    CHECK((drawn_per_turn(o.supply[1]) == Drawn{}));  // adenylate kinase takes ATP
    // what moves within the cell is not brought: an amino acid made of another, or loaded on tRNA
    const auto aa = [](std::size_t a) { return static_cast<SpeciesIndex>(species::amino_acid + a); };
    CHECK((drawn_per_turn({"", "", {{Place::cell, aa(0), -1}, {Place::cell, aa(1), 1}}, 1.0, {}}) == Drawn{}));
    CHECK((drawn_per_turn({"", "", {{Place::cell, aa(0), -1}, {Place::cell, species::charged_trna, 1}}, 1.0, {}}) ==
           Drawn{}));
    const SupplyReaction loaded{"", "", {{Place::medium, aa(0), -1}, {Place::cell, species::uncharged_trna, -1},
                                         {Place::cell, species::charged_trna, 1}}, 1.0, {}};
    CHECK((drawn_per_turn(loaded) == Drawn{0, 1}));
    CHECK((capacity_of(organism()) == Capacity{60, 20, 0, 0}));
}

TEST(an_organism_with_its_own_capacity_is_the_same_to_the_last_bit) {
    Organism o = fed();
    o.supply[0].max_rate_per_s = 20'000.1;
    const auto program = compile(small_genome(), o);
    CHECK(with(program, capacity_of(o))->fingerprint() == program->fingerprint());
}

TEST(an_organism_has_the_capacity_that_it_was_given) {
    Organism o = fed();
    o.supply[0].max_rate_per_s = 1.0 / 3.0;
    o.supply.push_back(o.supply[0]);
    o.supply.back().max_rate_per_s = 6543.21;
    for (std::int64_t n = 1; n < 4'000'000'000; n = 3 * n + n / 7 + 1) {
        const Capacity c{n % 1000, n % 77, n, n / 2};
        const Organism given = with_capacity(o, c);
        CHECK(capacity_of(given) == c);
        for (std::size_t r = 1; r + 3 < o.supply.size(); ++r)  // kinases are none of it
            CHECK(given.supply[r].max_rate_per_s == o.supply[r].max_rate_per_s);
        const double shares = given.supply.back().max_rate_per_s / given.supply[0].max_rate_per_s;
        CHECK(std::abs(shares / (6543.21 * 3.0) - 1.0) < 1e-12);  // one factor for all that bring the same
    }
    // one that brings both follows the smaller grant
    o = fed();
    o.supply[0].legs = fed().supply[0].legs;
    o.supply[0].legs.insert(o.supply[0].legs.end(), {{Place::medium, species::amino_acid, -1},
                                                     {Place::cell, species::amino_acid, 1}});
    CHECK((capacity_of(o) == Capacity{60, 20, 20'000, 20'100}));
    CHECK(with_capacity(o, {60, 20, 10'000, 20'100}).supply[0].max_rate_per_s == 10'000.0);
    CHECK(with_capacity(o, {60, 20, 20'000, 0}).supply[0].max_rate_per_s == 0.0);
}

TEST(capacities_that_cannot_be_are_refused) {
    const auto refused = [](const Organism& o, const Capacity& c) {
        return refusal(InputErrorKind::configuration, [&] { (void)with_capacity(o, c); });
    };
    CHECK(says(refused(fed(), {-1, 0, 0, 0}), "ribosomes = -1 must not be negative"));
    CHECK(says(refused(fed(), {0, 0, 0, -5}), "amino_acid_flux_per_s = -5"));
    CHECK(says(refused(supplied(), {1, 1, 1, 1}), "brings no amino acids"));  // nothing to scale
    const Organism starved = with_capacity(fed(), {60, 20, 0, 100});
    CHECK(says(refused(starved, {60, 20, 10, 100}), "brings no ATP"));
    CHECK(refused(starved, {60, 20, 0, 100}).empty());
    const auto program = compile(small_genome(), fed());
    CHECK(says(refusal(InputErrorKind::configuration, [&] { (void)with(program, {20'000'000, 0, 0, 0}); }),
               "ribosomes"));
    Organism odd = fed();
    odd.supply[0].max_rate_per_s = std::numeric_limits<double>::quiet_NaN();
    CHECK(says(refusal(InputErrorKind::configuration, [&] { (void)capacity_of(odd); }), "out of range"));
}

TEST(machines_that_are_added_come_free_and_free_ones_go_first) {
    const auto program = compile(small_genome(), fed());
    CellularContext cell{program, 3};
    cell.advance(10.0);
    const auto before = cell.machines();
    CHECK(before[0].active > 0 && before[1].active > 0 && before[0].free > 1 && before[1].free > 1);
    cell.allocate(with_machines(program, 100, 33));
    auto now = cell.machines();
    for (std::size_t m = 0; m < 3; ++m) CHECK(now[m].active == before[m].active);
    CHECK(now[0].free == before[0].free + 13 && now[1].free == before[1].free + 40 && now[2].free == before[2].free);
    CHECK(now[0].total == 33 && now[1].total == 100);
    cell.allocate(with_machines(program, before[1].active + 1, before[0].active));
    now = cell.machines();
    CHECK(now[0].free == 0 && now[1].free == 1);
    for (std::size_t m = 0; m < 3; ++m) CHECK(now[m].active == before[m].active);
    CHECK(cell.audit().ok());
    cell.advance(30.0);
    now = cell.machines();
    CHECK(now[0].total == before[0].active && now[1].total == before[1].active + 1 && cell.audit().ok());
}

TEST(machines_taken_away_at_work_leave_as_they_finish) {
    const auto program = compile(small_genome(), fed());
    CellularContext cell = in_debt(program);
    const auto before = cell.machines();
    CHECK(before[0].active > 4 && before[1].active > 8 && before[0].free == 0 && before[1].free == 0);
    auto last = before;
    const EventCounts then = cell.events();
    bool paid[2] = {false, false};
    while (cell.time_s() < 60.0 && !(paid[0] && paid[1])) {
        cell.advance(60.0, 1);
        const auto now = cell.machines();
        const EventCounts events = cell.events();
        const std::array own{2, 4};
        const std::array started{events.transcription_initiations - then.transcription_initiations,
                                 events.translation_initiations - then.translation_initiations};
        for (std::size_t m = 0; m < 2; ++m) {
            CHECK(now[m].free >= 0 && now[m].total == now[m].free + now[m].active);
            if (!paid[m]) {
                CHECK(now[m].total <= last[m].total && started[m] == 0);  // none starts, some leave
                CHECK(now[m].free == 0 || now[m].active < own[m]);
            } else {
                CHECK(now[m].total == own[m]);
            }
            paid[m] = paid[m] || now[m].active < own[m];
        }
        CHECK(cell.audit().ok());
        last = now;
    }
    CHECK(paid[0] && paid[1]);
    cell.advance(90.0);
    CHECK(cell.machines()[0].total == 2 && cell.machines()[1].total == 4 && cell.audit().ok());
    CHECK(cell.events().translation_initiations > then.translation_initiations);
}

TEST(a_debt_does_not_slow_the_machines_at_work) {
    // Were machines that are owed counted as fewer than none, starting would have a rate below zero, far below here.
    for (const double binding : {1.0, 1e4}) {
        Organism o = organism();
        o.promoter_binding_per_M_s *= binding;
        o.ribosome_binding_per_M_s *= binding;
        o.mrna_counts = {20.0, 20.0, 20.0, 20.0};
        const auto program = compile(small_genome(), o);
        for (const bool ribosomes : {true, false}) {
            CellularContext cell{program, 7};
            cell.advance(4.0);
            cell.allocate(with_machines(program, ribosomes ? 0 : 60, ribosomes ? 20 : 0));
            const std::size_t m = ribosomes ? 1 : 0;
            CHECK(cell.machines()[m].active > 0 && cell.machines()[m].free == 0);
            // at 12 codons and 10 nt a second, the longest of 120 and 400
            cell.advance(ribosomes ? 40.0 : 200.0);
            CHECK(cell.machines()[m].active == 0 && cell.machines()[m].total == 0 && cell.audit().ok());
        }
    }
}

TEST(a_debt_is_part_of_a_snapshot) {
    const auto program = compile(small_genome(), fed());
    CellularContext cell = in_debt(program);
    CellularContext whole = cell.replica();
    whole.advance(40.0);
    cell.advance(20.5, 200);
    CHECK(cell.machines()[1].total > 4);
    const auto bytes = cell.snapshot();
    CellularContext restored = CellularContext::restore(bytes, program);  // the program before the grant
    CHECK(restored.snapshot() == bytes && restored.audit().ok());
    CHECK(restored.machines()[1].total == cell.machines()[1].total && restored.machines()[1].free == 0);
    CellularContext replica = cell.replica(), fork = cell.fork();
    CHECK(fork.machines()[1].total == cell.machines()[1].total);
    for (CellularContext* const c : {&cell, &restored, &replica, &fork}) {
        c->advance(40.0);
        CHECK(c->audit().ok() && c->machines()[1].total == 4 && c->machines()[0].total == 2);
    }
    for (const CellularContext* const c : {&cell, &restored, &replica})
        CHECK(c->trajectory_hash() == whole.trajectory_hash());
    CHECK(fork.trajectory_hash() != whole.trajectory_hash());
}

TEST(no_snapshot_owes_degradosomes) {
    // They are not allocated, so that more at work than the cell has is a forgery.
    Organism o = fed();
    const auto program = compile(small_genome(), o);
    CellularContext cell{program, 5};
    do cell.advance(cell.time_s() + 0.1);
    while (cell.machines()[2].active < 2);
    auto bytes = cell.snapshot();
    o.degradosomes = 1;
    const auto forged = compile(small_genome(), o);
    constexpr std::size_t name = 4 + 4, numbers = 25 * 8, machines_before = 2 * 8;
    constexpr std::size_t degradosomes = snapshot_format::header_bytes + name + numbers + machines_before;
    CHECK(bytes[degradosomes] == std::byte{10});
    bytes[degradosomes] = std::byte{1};
    for (std::size_t i = 0; i < 16; ++i) bytes[40 + i] = static_cast<std::byte>(forged->fingerprint()[i]);
    const std::size_t covered = bytes.size() - snapshot_format::checksum_bytes;
    std::uint64_t crc = crc64(std::span{bytes}.first(covered));
    for (std::size_t i = covered; i < bytes.size(); ++i, crc >>= 8) bytes[i] = static_cast<std::byte>(crc & 255);
    CHECK(says(refusal(InputErrorKind::snapshot, [&] { (void)CellularContext::restore(bytes, program); }),
               "more machines work than there are"));
}

TEST(a_trajectory_with_allocations_does_not_depend_on_slices_snapshots_or_observers) {
    const auto program = compile(small_genome(), fed());
    const std::string whole = run_schedule(program, [](CellularContext& cell, double until) { cell.advance(until); });
    for (const std::uint64_t fuel : {1u, 7u, 1'000u}) {
        CHECK(whole == run_schedule(program, [&](CellularContext& cell, double until) {
                  while (cell.advance(until, fuel) == AdvanceStatus::preempted) {}
              }));
    }
    CHECK(whole == run_schedule(program, [](CellularContext& cell, double until) {
              for (double t = cell.time_s(); t < until; t += 0.001) cell.advance(t);
              cell.advance(until);
          }));
    CHECK(whole == run_schedule(program, [&](CellularContext& cell, double until) {
              cell = CellularContext::restore(cell.snapshot(), program);
              while (cell.advance(until, 500) == AdvanceStatus::preempted)
                  cell = CellularContext::restore(cell.snapshot(), program);
              cell = cell.replica();
          }));
    // an observer allocates in the middle of a run as its caller does between two
    CellularContext cell{program, 8};
    std::size_t next = 0;
    Recorder recorder{0.0, 10.0, tick, [&](const Sample& now) {
                          if (next == schedule.size() || now.time_s < schedule[next].at_s) return;
                          cell.allocate(with(program, schedule[next++].to));
                      }};
    cell.advance(10.0, recorder);
    CHECK(next == schedule.size() && cell.trajectory_hash() == whole);
}

TEST(allocating_what_a_cell_has_changes_nothing) {
    const auto program = compile(small_genome(), fed());
    CellularContext cell{program, 8}, other{program, 8};
    for (int t = 1; t < 10; ++t) {
        cell.advance(t);
        cell.allocate(compile(small_genome(), fed()));  // a program of its own
    }
    other.advance(9.0);
    CHECK(cell.trajectory_hash() == other.trajectory_hash());
}

TEST(what_else_differs_is_refused_by_name) {
    const Genome genome = small_genome();
    const auto program = compile(genome, fed());
    CellularContext cell{program, 8};
    cell.advance(1.0);
    const std::string before = cell.trajectory_hash();
    const auto refused = [&](auto change) {
        Organism o = fed();
        change(o);
        return refusal(InputErrorKind::argument, [&] { cell.allocate(compile(genome, o)); });
    };
    CHECK(says(refused([](Organism& o) { o.degradosomes = 11; }), "another degradosomes than"));
    CHECK(says(refused([](Organism& o) { o.name = "another"; }), "another name than"));
    CHECK(says(refused([](Organism& o) { o.pools[3] += 1; }), "another pools than"));
    CHECK(says(refused([](Organism& o) { o.supply.pop_back(); }), "another supply than"));
    CHECK(says(refused([](Organism& o) { o.supply.push_back(o.supply[0]); }), "another supply than"));
    CHECK(says(refused([](Organism& o) { o.supply[0].set_point = {species::ATP, 5}; }), "another supply than"));
    CHECK(says(refused([](Organism& o) { o.reference_mode = true; }), "another reference_mode than"));
    CHECK(says(refused([](Organism& o) { o.gene_termination_rate_per_s[1] = 3.0; }), "gene_termination_rate_per_s"));
    const std::string gene = coding(30);
    const auto stranger = compile(decode(genbank(spacer + gene + spacer, cds(span(80, gene.size()), "x"))), fed());
    CHECK(says(refusal(InputErrorKind::argument, [&] { cell.allocate(stranger); }), "another genome"));
    CHECK(says(refusal(InputErrorKind::argument, [&] { cell.allocate(nullptr); }), "needs a program"));
    CHECK(refused([](Organism& o) { o.ribosomes = 60; }).empty());
    CHECK(cell.trajectory_hash() == before && &cell.program() == program.get());
    cell.advance(1.01);
    CHECK(says(refusal(InputErrorKind::runtime, [&] { cell.allocate(program); }), "the next one is at 1.015625 s"));
    cell.advance(CellularContext::next_tick_s(1.01));
    cell.allocate(with_machines(program, 1, 1));
    CHECK(cell.audit().ok());
}

TEST(the_next_tick_is_the_first_one_not_before) {
    CHECK(CellularContext::next_tick_s(0.0) == 0.0 && CellularContext::next_tick_s(1e-300) == tick);
    CHECK(CellularContext::next_tick_s(3.0) == 3.0);
    CHECK(CellularContext::next_tick_s(std::nextafter(3.0, 4.0)) == 3.0 + tick);
    CHECK(CellularContext::next_tick_s(1e9) == 1e9);
    CHECK_THROWS(CellularContext::next_tick_s(-1.0), InputError);
    CHECK_THROWS(CellularContext::next_tick_s(std::numeric_limits<double>::quiet_NaN()), InputError);
}

TEST(what_was_drawn_is_what_the_ledger_says) {
    const auto program = compile(small_genome(), fed());
    CellularContext cell{program, 4};
    CHECK(cell.drawn() == Drawn{});
    for (const Change& change : schedule) {
        cell.advance(change.at_s);
        cell.allocate(with(program, change.to));
    }
    cell.advance(20.0);
    std::int64_t atp = 0, amino_acids = 0;
    for (const ProcessPosting& posting : cell.ledger()) {
        if (posting.process == "glycolysis") atp += posting.cell[species::ATP];
        if (posting.process != "uptake") continue;
        for (std::size_t a = 0; a < amino_acid_count; ++a) amino_acids += posting.cell[species::amino_acid + a];
    }
    CHECK((atp > 1'000 && amino_acids > 500 && cell.drawn() == Drawn{atp, amino_acids}));
    CHECK(CellularContext::restore(cell.snapshot(), program).drawn() == cell.drawn());
}

TEST(a_cell_without_its_ATP_is_exhausted_and_recovers) {
    const auto program = compile(small_genome(), fed());
    Capacity none = capacity_of(fed());
    none.atp_flux_per_s = none.amino_acid_flux_per_s = 0;
    CellularContext cell{program, 4};
    cell.advance(20.0);
    cell.allocate(with(program, none));
    const Drawn then = cell.drawn();
    CHECK(cell.advance(20'000.0) == AdvanceStatus::exhausted);
    CHECK(cell.drawn() == then && cell.resources()[species::ATP] < 2 && cell.audit().ok());
    const double stopped = cell.time_s();
    CHECK(CellularContext::next_tick_s(stopped) == stopped);
    const auto made = cell.events().codon_steps;
    cell.allocate(program);
    CHECK(cell.advance(stopped + 20.0) == AdvanceStatus::reached);
    CHECK(cell.events().codon_steps > made + 1'000 && cell.drawn().atp > then.atp && cell.audit().ok());
}

TEST(a_grant_acts_at_once) {
    // Nothing was to happen in a cell without machines: a waiting time drawn then must not hold those that come.
    Organism o = organism();
    o.ribosomes = o.rna_polymerases = o.degradosomes = 0;
    o.mrna_counts = {50.0, 50.0, 50.0, 50.0};
    const auto program = compile(small_genome(), o);
    CellularContext cell{program, 6};
    CHECK(cell.advance(1.0) == AdvanceStatus::exhausted && cell.events().candidates == 0);
    cell.allocate(with_machines(program, 1'000, 1'000));
    cell.advance(cell.time_s() + tick / 2);
    CHECK(cell.events().candidates > 0);  // 1e6 candidates/s: none in 8 ms has probability below 1e-300
}

namespace {

/// Codon steps and RNAP steps of `cells` cells at 6 s.
struct Steps {
    two_samples::Draws codons, nucleotides;
};
Steps steps_of(std::uint64_t cells, std::uint64_t first_seed, const Shared& born,
               const std::function<void(CellularContext&)>& live) {
    Steps steps;
    for (std::uint64_t i = 0; i < cells; ++i) {
        CellularContext cell{born, first_seed + i};
        live(cell);
        cell.advance(6.0);
        steps.codons.push_back(static_cast<double>(cell.events().codon_steps));
        steps.nucleotides.push_back(static_cast<double>(cell.events().nucleotide_steps));
    }
    return steps;
}
double evidence(const Steps& one, const Steps& other) {
    double most = 0.0;
    for (const auto draws : {&Steps::codons, &Steps::nucleotides}) {
        most = std::max({most, two_samples::evidence_of_means(one.*draws, other.*draws),
                         two_samples::evidence_of_distributions(one.*draws, other.*draws)});
    }
    return most;
}

}  // namespace

TEST(a_cell_allocated_at_birth_follows_the_law_of_one_compiled_so) {
    // The bits differ, since the first waiting time is drawn once more. Three comparisons of two numbers, each by means
    // and at eight cuts, on two sides: false alarm <= 3 * 2 * 9 * 2 * exp(-19) < 1e-6.
    constexpr double alarm = 19.0;
    constexpr std::uint64_t cells = 300;
    Organism o = fed();
    o.hold_pools = true;  // supply does nothing, so that its rates make two programs of one law
    o.mrna_counts = {40.0, 40.0, 40.0, 40.0};  // not the mean field, which the machines at birth determine
    o.promoter_binding_per_M_s *= 50.0;        // machines are scarce: their number shows
    const auto program = compile(small_genome(), o);
    const auto few = with_machines(program, 20, 6);
    const Steps compiled = steps_of(cells, 1'000, few, [](CellularContext&) {});
    const Steps allocated = steps_of(cells, 2'000, program, [&](CellularContext& cell) { cell.allocate(few); });
    CHECK(evidence(compiled, allocated) < alarm);
    // power: two ribosomes or two RNA polymerases more would be seen
    const Steps more_ribosomes = steps_of(cells, 3'000, with_machines(program, 22, 6), [](CellularContext&) {});
    const Steps more_polymerases = steps_of(cells, 6'000, with_machines(program, 20, 8), [](CellularContext&) {});
    CHECK(evidence(compiled, more_ribosomes) > alarm && evidence(compiled, more_polymerases) > alarm);
    // a waiting time redrawn at each tick is still exact
    Capacity c = capacity_of(few->organism());
    c.atp_flux_per_s = 7;
    const std::array both{few, with(few, c)};
    const Steps redrawn = steps_of(cells, 4'000, program, [&](CellularContext& cell) {
        for (std::size_t k = 0; k < 6 * 64; ++k) {
            cell.advance(static_cast<double>(k) * tick);
            cell.allocate(both[k % 2]);
        }
    });
    CHECK(evidence(compiled, redrawn) < alarm);
    // machines that come and go at once leave no trace in the law either
    const Steps passing = steps_of(cells, 5'000, program, [&](CellularContext& cell) {
        cell.allocate(few);
        cell.advance(3.0);
        cell.allocate(program);
        cell.allocate(few);
    });
    CHECK(evidence(compiled, passing) < alarm);
}

RUN_TESTS()
