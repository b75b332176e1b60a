#include "check.hpp"
#include "designs.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <limits>

using namespace bioxen;
using namespace designs;

namespace {

std::shared_ptr<const Program> program() {
    const std::string gene = coding(90), dna = std::string(80, 'c') + gene + std::string(80, 'c');
    return compile(decode(genbank(dna, cds("81.." + std::to_string(80 + gene.size()), "a"), true)), organism());
}

/// What two trajectories can differ in.
std::vector<std::int64_t> state_of(const CellularContext& cell) {
    std::vector<std::int64_t> all = cell.proteins();
    for (const std::int64_t n : cell.mrnas()) all.push_back(n);
    for (const std::int64_t n : cell.resources()) all.push_back(n);
    all.push_back(cell.events().candidates);
    for (const Polymerase& p : cell.polymerases()) all.push_back(p.position_nt);
    return all;
}

std::vector<double> times_of(CellularContext& cell, double until_s, double every_s) {
    Recorder recorder{cell.time_s(), until_s, every_s};
    CHECK(cell.advance(until_s, recorder) == AdvanceStatus::reached);
    CHECK(recorder.next_s() == Recorder::never_s);
    return recorder.trace().time_s;
}

void check_same(const Sample& sample, const CellularContext& cell) {
    CHECK(sample.time_s == cell.time_s());
    CHECK(std::ranges::equal(sample.proteins, cell.proteins()));
    CHECK(std::ranges::equal(sample.mrnas, cell.mrnas()));
    CHECK(std::ranges::equal(sample.resources, cell.resources()));
    const auto machines = cell.machines();
    for (std::size_t m = 0; m < machines.size(); ++m) {
        CHECK(sample.machines[m].total == machines[m].total);
        CHECK(sample.machines[m].free == machines[m].free);
        CHECK(sample.machines[m].active == machines[m].active);
    }
}

}  // namespace

TEST(samples_fall_on_multiples_of_the_interval_and_on_the_end) {
    CellularContext cell{program(), 1};
    CHECK((times_of(cell, 0.9, 0.3) == std::vector<double>{0.0, 1 * 0.3, 2 * 0.3, 0.9}));  // 3 * 0.3 < 0.9 is the end
    cell = CellularContext{program(), 1};
    CHECK((times_of(cell, 1.0, 0.3) == std::vector<double>{0.0, 1 * 0.3, 2 * 0.3, 3 * 0.3, 1.0}));
    CHECK((times_of(cell, 1.0, 0.3) == std::vector<double>{1.0}));
    CHECK((times_of(cell, 4.0, Recorder::never_s) == std::vector<double>{1.0, 4.0}));
    CHECK((times_of(cell, 5.0, 7.0) == std::vector<double>{4.0, 5.0}));
    // products: a sum of a hundred tenths would have drifted
    const auto tenths = times_of(cell, 15.0, 0.1);
    CHECK(tenths.size() == 101);
    for (std::size_t k = 0; k + 1 < tenths.size(); ++k) CHECK(tenths[k] == 5.0 + static_cast<double>(k) * 0.1);
    CHECK(tenths.back() == 15.0);
}

TEST(a_recorder_of_any_grid_leaves_the_trajectory_as_it_is) {
    const auto shared = program();
    CellularContext bare{shared, 5};
    bare.advance(30.0);
    const auto expected = state_of(bare);
    for (const double every_s : {0.001, 0.37, 1.0, 100.0}) {
        for (const std::uint64_t fuel : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1000}, UINT64_MAX}) {
            CellularContext cell{shared, 5};
            Recorder recorder{0.0, 30.0, every_s};
            while (cell.advance(30.0, recorder, fuel) == AdvanceStatus::preempted) {
            }
            CHECK(state_of(cell) == expected);
            CHECK(recorder.trace().size() == static_cast<std::size_t>(30.0 / every_s) + (every_s == 0.37 || every_s > 30 ? 2 : 1));
        }
    }
}

TEST(columns_do_not_depend_on_how_the_run_is_cut) {
    const auto shared = program();
    CellularContext whole{shared, 3}, cut{shared, 3};
    Recorder once{0.0, 20.0, 0.7}, often{0.0, 20.0, 0.7};
    whole.advance(20.0, once);
    for (int i = 1; i <= 200; ++i) {  // the steps of a host, and fuel that ends within them
        while (cut.advance(i * 0.1, often, 11) == AdvanceStatus::preempted) {
        }
    }
    CHECK(once.trace().time_s == often.trace().time_s);
    CHECK(once.trace().proteins == often.trace().proteins);
    CHECK(once.trace().mrnas == often.trace().mrnas);
    CHECK(once.trace().resources == often.trace().resources);
    CHECK(once.trace().proteins.back() > 0);
}

TEST(an_observer_is_called_once_per_sample_with_the_state_at_that_time) {
    const auto shared = program();
    CellularContext cell{shared, 2};
    std::vector<double> seen;
    const Observer observer = [&](const Sample& sample) {
        seen.push_back(sample.time_s);
        check_same(sample, cell);
    };
    for (const Keep keep : {Keep::all, Keep::last}) {
        seen.clear();
        const double start_s = cell.time_s();
        Recorder recorder{start_s, start_s + 10.0, 0.5, observer, keep};
        cell.advance(start_s + 10.0, recorder);
        CHECK(seen.size() == 21);
        CHECK(recorder.trace().size() == (keep == Keep::all ? 21 : 1));
        check_same(recorder.trace().sample(recorder.trace().size() - 1), cell);
        if (keep == Keep::all) CHECK(recorder.trace().time_s == seen);
    }
}

TEST(what_an_observer_throws_passes_through_and_leaves_a_cell_that_goes_on) {
    const auto shared = program();
    CellularContext bare{shared, 5}, cell{shared, 5};
    bare.advance(20.0);
    struct HostFailure {};
    int samples = 0;
    Recorder recorder{0.0, 20.0, 1.0, [&](const Sample&) {
                          if (++samples % 5 == 0) throw HostFailure{};
                      }};
    int thrown = 0;
    for (bool done = false; !done;) {
        try {
            done = cell.advance(20.0, recorder) == AdvanceStatus::reached;
        } catch (const HostFailure&) {
            ++thrown;
            CHECK(cell.audit().ok());
            CHECK(cell.time_s() == samples - 1);
        }
    }
    CHECK(thrown == 4);
    CHECK(samples == 21);
    CHECK(recorder.trace().size() == 21);
    CHECK(state_of(cell) == state_of(bare));
}

TEST(an_observer_may_change_the_cell_as_the_host_may) {
    const auto shared = program();
    CellularContext by_host{shared, 5}, by_observer{shared, 5};
    by_host.advance(10.0);
    by_host.set_resource(species::UTP, 100);
    by_host.advance(40.0);
    Recorder recorder{10.0, 10.0, 1.0, [&](const Sample&) { by_observer.set_resource(species::UTP, 100); }};
    by_observer.advance(40.0, recorder);
    CHECK(recorder.trace().time_s == std::vector<double>{10.0});
    CHECK(state_of(by_observer) == state_of(by_host));
    CHECK(by_observer.audit().ok());
}

TEST(what_was_due_before_the_cell_came_is_left_out) {
    CellularContext cell{program(), 1};
    cell.advance(2.5);
    Recorder recorder{0.0, 5.0, 1.0};
    cell.advance(4.0, recorder);
    CHECK((recorder.trace().time_s == std::vector<double>{3.0, 4.0}));
    cell.advance(6.0);
    cell.advance(7.0, recorder);
    CHECK(recorder.trace().size() == 2);
    CHECK(recorder.next_s() == Recorder::never_s);
    Recorder endless{0.0, Recorder::never_s, 2.0, {}, Keep::last};
    cell.advance(1007.0, endless);
    CHECK((endless.trace().time_s == std::vector<double>{1006.0}));
}

TEST(the_last_state_of_an_exhausted_cell_is_recorded_once) {
    Organism o = organism();
    o.pools[species::ATP] = o.pools[species::GTP] = 2'000;
    CellularContext cell{program()->with_organism(o), 1};
    Recorder recorder{0.0, 1e6, 1e5};
    CHECK(cell.advance(1e6, recorder) == AdvanceStatus::exhausted);
    CHECK(recorder.trace().time_s == std::vector<double>{0.0});
    cell.sample(recorder);
    cell.sample(recorder);
    CHECK((recorder.trace().time_s == std::vector<double>{0.0, cell.time_s()}));
    CHECK(recorder.next_s() == 1e5);
}

TEST(samples_cost_fuel_so_that_a_fine_grid_can_be_stopped) {
    Organism idle = organism();
    idle.rna_polymerases = 1;
    CellularContext cell{program()->with_organism(idle), 1};
    Recorder recorder{0.0, 1.0, 1e-6};
    CHECK(cell.advance(1.0, recorder, 1000) == AdvanceStatus::preempted);
    CHECK(recorder.trace().size() > 0);
    CHECK(recorder.trace().size() < 100);
}

TEST(a_recorder_refuses_times_that_make_no_grid) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS((Recorder{1.0, 0.5, 1.0}), InputError);
    CHECK_THROWS((Recorder{-1.0, 0.5, 1.0}), InputError);
    CHECK_THROWS((Recorder{0.0, 1.0, 0.0}), InputError);
    CHECK_THROWS((Recorder{0.0, 1.0, -1.0}), InputError);
    CHECK_THROWS((Recorder{nan, 1.0, 1.0}), InputError);
    CHECK_THROWS((Recorder{0.0, nan, 1.0}), InputError);
    CHECK_THROWS((Recorder{0.0, 1.0, nan}), InputError);
    CHECK_THROWS((Recorder{0.0, 1.0, 1e-300}), InputError);
    CHECK_THROWS((Recorder{0.0, Recorder::never_s, 1e-9}), InputError);
    CellularContext cell{program(), 1};
    Recorder recorder{0.0, 1.0, 1.0};
    CHECK_THROWS(cell.advance(nan, recorder), InputError);
    CHECK(recorder.trace().size() == 0);
}

RUN_TESTS()
