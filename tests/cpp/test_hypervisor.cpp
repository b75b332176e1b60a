#include "check.hpp"
#include "designs.hpp"
#include "support/philox.hpp"

#include <bioxen/hypervisor.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <thread>

using namespace bioxen;
using namespace designs;

namespace {

using Runs = std::vector<std::shared_ptr<Run>>;

std::shared_ptr<const Program> program() {
    Organism o = supplied();
    o.protein_decay_per_s = 0.01;
    return compile(small_genome(), o);
}

Hypervisor::Options options(std::size_t workers, std::size_t contexts = 64) {
    Hypervisor::Options o;
    o.workers = workers;
    o.max_contexts = contexts;
    return o;
}

Hypervisor::Options virtual_options(std::size_t workers, VirtualClock::Costs costs = {}) {
    Hypervisor::Options o = options(workers);
    o.clock = std::make_shared<VirtualClock>(7, costs);
    return o;
}

/// The same with a clock of its own.
Hypervisor::Options fresh_clock(Hypervisor::Options o) {
    o.clock = std::make_shared<VirtualClock>(7);
    return o;
}

Job until(double age_s) {
    Job job;
    job.until_s = age_s;
    return job;
}

std::string hash_of(const Hypervisor& hv, ContextHandle h) {
    std::string hash;
    hv.look(h, [&](const CellularContext& cell) { hash = cell.trajectory_hash(); });
    return hash;
}

std::string alone(const std::shared_ptr<const Program>& p, std::uint64_t seed, double age_s) {
    CellularContext cell{p, seed};
    cell.advance(age_s);
    return cell.trajectory_hash();
}

/// What a call is refused with.
template <typename Call>
std::optional<InputErrorKind> refusal(Call&& call) {
    try {
        call();
    } catch (const InputError& e) {
        CHECK(std::strlen(e.what()) > 10);
        return e.kind();
    }
    return std::nullopt;
}

template <typename Call>
std::string message(Call&& call) {
    try {
        call();
    } catch (const InputError& e) {
        return e.what();
    }
    return {};
}

bool tiles(const Hypervisor& hv) {
    const HypervisorMetrics m = hv.metrics();
    std::int64_t contexts = m.departed_cpu_ns, workers = 0;
    bool ok = true;
    for (const ContextMetrics& c : m.contexts) contexts += c.cpu_ns;
    for (const WorkerMetrics& w : m.workers) {
        workers += w.context_ns;
        ok = ok && w.context_ns + w.overhead_ns + w.idle_ns == w.total_ns && w.idle_ns >= 0 && w.overhead_ns >= 0;
    }
    return ok && contexts == workers;
}

Policy deadline(std::int64_t budget_ns, std::int64_t period_ns) {
    return {Policy::Kind::deadline, 1.0, 1.0, budget_ns, period_ns, false};
}

constexpr std::int64_t ms = 1'000'000;

}  // namespace

TEST(a_trajectory_knows_nothing_of_workers_policies_and_quanta) {
    const auto p = program();
    std::vector<std::string> solo;
    for (std::uint64_t seed = 0; seed < 6; ++seed) solo.push_back(alone(p, seed, 20.0));
    for (const bool real : {false, true}) {
        for (const std::size_t workers : {1u, 2u, 4u, 8u}) {
            for (const std::uint64_t quantum : {1u, 7u, 1000u, 1u << 20}) {
                Hypervisor::Options o = real ? options(workers) : virtual_options(workers);
                o.quantum = quantum;
                o.cooperative = workers == 1 && quantum == 7;
                Hypervisor hv{o};
                std::vector<ContextHandle> handles;
                Runs runs;
                for (std::uint64_t seed = 0; seed < 6; ++seed) {
                    Hypervisor::Terms terms;
                    if (seed % 3 == 1) terms.policy.kind = Policy::Kind::batch;
                    if (seed % 3 == 2 && !o.cooperative) terms.policy = deadline(100'000, ms);
                    handles.push_back(hv.create("cell" + std::to_string(seed), CellularContext{p, seed}, terms));
                    hv.start(handles.back());
                    Job job = until(20.0);
                    job.every_s = 0.7;
                    runs.push_back(hv.submit(handles.back(), job));
                }
                CHECK(hv.wait(runs));
                for (std::uint64_t seed = 0; seed < 6; ++seed) {
                    CHECK(hash_of(hv, handles[seed]) == solo[seed]);
                    CHECK(runs[seed]->status == RunStatus::completed && runs[seed]->trace.size() == 30);
                }
                CHECK(tiles(hv));
            }
        }
    }
}

TEST(a_run_has_what_the_cell_alone_would_have_recorded) {
    const auto p = program();
    CellularContext cell{p, 3};
    const EventCounts before = cell.events();
    cell.set_resource(species::UTP, 5'000);
    Recorder recorder{0.0, 12.0, 1.5};
    cell.advance(12.0, recorder);
    Hypervisor hv{options(2)};
    const ContextHandle h = hv.create("a", CellularContext{p, 3});
    hv.start(h);
    Job job;
    job.duration_s = 12.0;
    job.every_s = 1.5;
    bool after = false;
    job.before = [](CellularContext& c) { c.set_resource(species::UTP, 5'000); };
    job.after = [&after](CellularContext&) { after = true; };
    const Runs runs{hv.submit(h, job)};
    CHECK(hv.wait(runs) && after);
    const Run& run = *runs[0];
    CHECK(run.trace.time_s == recorder.trace().time_s && run.trace.proteins == recorder.trace().proteins);
    CHECK(run.trace.resources == recorder.trace().resources);
    CHECK(run.events_before.candidates == before.candidates && run.events_after.candidates == cell.events().candidates);
    CHECK(run.started_s == 0.0 && run.ended_s == 12.0 && run.cpu_ns > 0 && run.wall_ns > 0);
    // jobs follow one another
    const Runs chain{hv.submit(h, until(13.0)), hv.submit(h, until(14.0)), hv.submit(h, until(13.5))};
    CHECK(hv.wait(chain) && chain[1]->started_s == 13.0 && chain[2]->ended_s == 14.0);
}

TEST(states_follow_the_lifecycle) {
    const auto p = program();
    Hypervisor hv{options(2)};
    const ContextHandle h = hv.create("a", CellularContext{p, 1});
    using S = ContextState;
    const auto state_error = std::optional{InputErrorKind::state};
    CHECK(hv.state(h) == S::created && refusal([&] { hv.pause(h); }) == state_error);
    CHECK(refusal([&] { hv.resume(h); }) == state_error);
    const Runs early{hv.submit(h, until(1.0))};
    CHECK(!hv.wait(early, 5 * ms));  // it has not been started
    hv.start(h);
    CHECK(hv.wait(early) && hv.state(h) == S::running && refusal([&] { hv.start(h); }) == state_error);
    hv.pause(h);
    const std::string at_rest = hash_of(hv, h);
    const Runs waiting{hv.submit(h, until(2.0))};
    CHECK(!hv.wait(waiting, 5 * ms) && hash_of(hv, h) == at_rest);
    CHECK(refusal([&] { hv.start(h); }) == state_error && refusal([&] { hv.pause(h); }) == state_error);
    hv.resume(h);
    CHECK(hv.wait(waiting));
    const Runs endless{hv.submit(h, until(1e9)), hv.submit(h, until(1e9))};
    hv.stop(h);
    CHECK(hv.wait(endless) && endless[0]->status == RunStatus::stopped && endless[1]->status == RunStatus::stopped);
    CHECK(refusal([&] { hv.submit(h, until(5.0)); }) == state_error && refusal([&] { hv.start(h); }) == state_error);
    CHECK(refusal([&] { hv.stop(h); }) == state_error);
    CHECK(message([&] { hv.start(h); }) == "'a' is stopped and cannot be started: it would have to be created");
    CHECK(hash_of(hv, h).size() == 16);  // it can be looked at
    hv.destroy(h);
    CHECK(refusal([&] { (void)hv.state(h); }) == InputErrorKind::isolation);
}

TEST(stale_forged_and_foreign_handles_are_refused) {
    const auto p = program();
    Hypervisor hv{virtual_options(1)}, other{virtual_options(1)};
    const ContextHandle first = hv.create("a", CellularContext{p, 1});
    hv.destroy(first);
    const ContextHandle second = hv.create("a", CellularContext{p, 2}), foreign = other.create("a", CellularContext{p, 3});
    CHECK(second.slot == first.slot && second.generation != first.generation);
    std::vector<ContextHandle> wrong{first, foreign, {}, {second.hypervisor, 7, 1}, {second.hypervisor, second.slot, 9},
                                     {second.hypervisor + 1, second.slot, second.generation},
                                     {second.hypervisor, second.slot, 0}};
    const std::string before = hash_of(hv, second);
    for (const ContextHandle h : wrong) {
        const auto refused = [](auto&& call) { CHECK(refusal(call) == InputErrorKind::isolation); };
        refused([&] { hv.start(h); });
        refused([&] { hv.pause(h); });
        refused([&] { hv.resume(h); });
        refused([&] { hv.stop(h); });
        refused([&] { hv.destroy(h); });
        refused([&] { (void)hv.state(h); });
        refused([&] { (void)hv.name(h); });
        refused([&] { hv.submit(h, until(1.0)); });
        refused([&] { (void)hv.fork(h, "b", {}, false); });
        refused([&] { hv.look(h, [](const CellularContext&) {}); });
        refused([&] { hv.change(h, [](CellularContext&) {}); });
        refused([&] { hv.set_policy(h, {}); });
        refused([&] { hv.set_quota(h, {}); });
        refused([&] { (void)hv.allocate(h, {}); });
        refused([&] { (void)hv.metrics(h); });
    }
    CHECK(hash_of(hv, second) == before && hv.state(second) == ContextState::created && hv.list().size() == 1);
}

TEST(names_and_numbers_of_contexts_are_bounded) {
    const auto p = program();
    Hypervisor::Options o = virtual_options(1);
    o.max_contexts = 2;
    Hypervisor hv{o};
    const ContextHandle a = hv.create("a", CellularContext{p, 1});
    CHECK(refusal([&] { hv.create("a", CellularContext{p, 1}); }) == InputErrorKind::creation);
    CHECK(refusal([&] { hv.create("", CellularContext{p, 1}); }) == InputErrorKind::creation);
    CHECK(refusal([&] { hv.create(std::string(300, 'x'), CellularContext{p, 1}); }) == InputErrorKind::creation);
    hv.create("b", CellularContext{p, 1});
    CHECK(refusal([&] { hv.create("c", CellularContext{p, 1}); }) == InputErrorKind::overload);
    CHECK(refusal([&] { hv.fork(a, "c", {}, false); }) == InputErrorKind::overload);
    CHECK(hv.find("a") == a && refusal([&] { (void)hv.find("c"); }) == InputErrorKind::not_found);
    CHECK(hv.list().size() == 2);
}

TEST(quotas_hold_exactly_where_they_can) {
    const auto p = program();
    for (const OnQuota on_quota : {OnQuota::pause, OnQuota::stop, OnQuota::raise}) {
        Hypervisor hv{virtual_options(2)};
        const auto run = [&](const char* name, auto&& set) {
            Hypervisor::Terms terms;
            set(terms.quota);
            terms.quota.on_quota = on_quota;
            const ContextHandle h = hv.create(name, CellularContext{p, 1}, terms);
            hv.start(h);
            Runs runs{hv.submit(h, until(100.0)), hv.submit(h, until(200.0))};
            CHECK(hv.wait(runs) && runs[0]->status == RunStatus::quota && runs[1]->status == RunStatus::quota);
            CHECK(hv.state(h) == (on_quota == OnQuota::stop ? ContextState::stopped : ContextState::paused));
            CHECK(!runs[0]->cause.empty() && runs[0]->on_quota == on_quota);
            return hv.metrics(h);
        };
        CHECK(run("events", [](Quota& q) { q.candidates = 12'345; }).events.candidates == 12'345);
        CHECK(run("time", [](Quota& q) { q.simulated_s = 3.3; }).time_s == 3.3);
        const auto cpu = run("cpu", [](Quota& q) { q.cpu_ns = ms; }).cpu_ns;
        CHECK(cpu >= ms && cpu <= ms + 1100 * 20);
        const Drawn drawn = run("molecules", [](Quota& q) { q.molecules = 10'000; }).drawn;
        CHECK(drawn.atp + drawn.amino_acids >= 10'000 && drawn.atp + drawn.amino_acids < 12'000);
        const std::int64_t memory = hv.metrics(hv.find("time")).memory_bytes;
        run("memory", [memory](Quota& q) { q.memory_bytes = memory; });
        // below what is used, or none at all
        const ContextHandle h = hv.find("events");
        for (const std::int64_t wrong : {std::int64_t{12'344}, std::int64_t{0}, std::int64_t{-1}}) {
            Quota q;
            q.candidates = wrong;
            CHECK(refusal([&] { hv.set_quota(h, q); }) ==
                  (wrong > 0 ? InputErrorKind::allocation : InputErrorKind::argument));
        }
        CHECK(hv.metrics(h).quota.candidates == 12'345);
    }
}

TEST(a_context_that_fails_concerns_nobody_else) {
    const auto p = program();
    for (const bool real : {false, true}) {
        Hypervisor hv{real ? options(2) : virtual_options(2)};
        Runs runs;
        std::vector<ContextHandle> handles;
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            handles.push_back(hv.create("c" + std::to_string(seed), CellularContext{p, seed}));
            hv.start(handles.back());
            Job job = until(15.0);
            if (seed == 3) job.before = [](CellularContext&) { throw std::runtime_error("the third one breaks"); };
            if (seed == 5) job.before = [](CellularContext&) { throw std::bad_alloc(); };
            runs.push_back(hv.submit(handles.back(), job));
        }
        CHECK(hv.wait(runs));
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            if (seed == 3 || seed == 5) {
                CHECK(runs[seed]->status == RunStatus::error && hv.state(handles[seed]) == ContextState::error);
                CHECK(refusal([&] { hv.submit(handles[seed], until(20.0)); }) == InputErrorKind::state);
                CHECK(refusal([&] { (void)hash_of(hv, handles[seed]); }) == InputErrorKind::state);
                CHECK(refusal([&] { (void)hv.fork(handles[seed], "f", {}, false); }) == InputErrorKind::state);
            } else {
                CHECK(hash_of(hv, handles[seed]) == alone(p, seed, 15.0));
            }
        }
        CHECK(hv.metrics(handles[3]).cause == "the third one breaks");
        hv.destroy(handles[3]);
        CHECK(tiles(hv));
    }
}

TEST(forks_and_replicas_of_a_running_context_are_those_of_the_cell) {
    const auto p = program();
    Hypervisor hv{options(2)};
    const ContextHandle h = hv.create("parent", CellularContext{p, 1});
    hv.start(h);
    const Runs runs{hv.submit(h, until(400.0))};
    const ContextHandle replica = hv.fork(h, "replica", {}, true), fork = hv.fork(h, "fork", {}, false);
    const ContextHandle seeded = hv.fork(h, "seeded", 9, false);
    CHECK(refusal([&] { hv.fork(h, "x", 9, true); }) == InputErrorKind::argument);
    CHECK(hv.wait(runs));
    for (const ContextHandle c : {replica, fork, seeded}) hv.start(c);
    const Runs more{hv.submit(replica, until(400.0)), hv.submit(fork, until(400.0)), hv.submit(seeded, until(400.0))};
    CHECK(hv.wait(more));
    CHECK(hash_of(hv, replica) == hash_of(hv, h) && hash_of(hv, h) == alone(p, 1, 400.0));
    CHECK(hash_of(hv, fork) != hash_of(hv, h) && hash_of(hv, seeded) != hash_of(hv, fork));
}

TEST(pace_ties_simulated_to_clock_time_and_lateness_is_reported) {
    const auto p = program();
    for (const bool overload : {false, true}) {
        // what a simulated second of this cell costs
        CellularContext cell{p, 1};
        cell.advance(10.0);
        const double second_ns = 20.0 * static_cast<double>(cell.events().candidates) / 10.0;
        const double pace = 1e9 / second_ns * (overload ? 1.5 : 0.2);  // of a worker's speed
        Hypervisor hv{virtual_options(1)};
        Hypervisor::Terms terms;
        terms.policy = deadline(4 * ms, 10 * ms);
        const ContextHandle h = hv.create("paced", CellularContext{p, 1}, terms), hog = hv.create("hog", CellularContext{p, 2});
        hv.start(h);
        hv.start(hog);
        Job job = until(pace * 0.2);  // for 200 ms
        job.pace = pace;
        const Runs runs{hv.submit(h, job)};
        (void)hv.submit(hog, until(1e9));
        const std::int64_t from = hv.metrics().uptime_ns;
        CHECK(hv.wait(runs) && runs[0]->status == RunStatus::completed);
        const std::int64_t took = hv.metrics().uptime_ns - from;
        const ContextMetrics m = hv.metrics(h);
        CHECK(m.periods == 20 && m.cpu_ns > 0);
        if (overload) {
            CHECK(m.deadline_misses >= 15 && m.max_tardiness_ns > 100 * ms && m.deadline_misses_by_os == 0);
            CHECK(took > 300 * ms);
        } else {
            CHECK(m.deadline_misses == 0 && took >= 190 * ms && took <= 200 * ms);
        }
        CHECK(hash_of(hv, h) == alone(p, 1, pace * 0.2));
    }
}

TEST(a_pause_and_another_policy_leave_the_pace_as_it_was) {
    const auto p = program();
    CellularContext cell{p, 1};
    cell.advance(10.0);
    const double pace = 0.2e9 / (20.0 * static_cast<double>(cell.events().candidates) / 10.0);
    Hypervisor::Options o = virtual_options(1);
    Hypervisor hv{o};
    Hypervisor::Terms terms;
    terms.policy = deadline(4 * ms, 10 * ms);
    const ContextHandle h = hv.create("paced", CellularContext{p, 1}, terms), hog = hv.create("hog", CellularContext{p, 2});
    hv.start(h);
    hv.start(hog);
    Job job = until(pace * 0.4);
    job.pace = pace;
    const Runs runs{hv.submit(h, job)}, busy{hv.submit(hog, until(1e9))};
    const auto pass = [&](std::int64_t ns) { CHECK(!hv.wait(busy, ns)); };
    const std::int64_t from = hv.metrics().uptime_ns;
    pass(55 * ms);
    hv.pause(h);
    pass(300 * ms);
    CHECK(hv.metrics(h).periods == 6);
    hv.resume(h);
    pass(50 * ms);
    CHECK(hv.metrics(h).periods == 11);
    hv.set_policy(h, deadline(8 * ms, 20 * ms));
    pass(60 * ms);
    CHECK(hv.metrics(h).periods == 14);
    hv.set_policy(h, {});
    CHECK(hv.wait(runs));
    const std::int64_t took = hv.metrics().uptime_ns - from;
    CHECK(hv.metrics(h).deadline_misses == 0 && took >= 680 * ms && took <= 701 * ms);
    CHECK(hash_of(hv, h) == alone(p, 1, pace * 0.4));
}

TEST(who_looks_at_a_cell_holds_up_nobody_else) {
    const auto p = program();
    Hypervisor hv{options(2)};
    const ContextHandle seen = hv.create("seen", CellularContext{p, 1}), other = hv.create("other", CellularContext{p, 2});
    hv.start(seen);
    hv.start(other);
    const Runs held{hv.submit(seen, until(1e9))};
    std::atomic<bool> looking{false}, enough{false};
    std::thread looker{[&] {
        hv.look(seen, [&](const CellularContext&) {
            looking = true;
            while (!enough) std::this_thread::yield();
        });
    }};
    while (!looking) std::this_thread::yield();
    for (int i = 0; i < 3; ++i) {
        const Runs runs{hv.submit(other, until(5.0 * (i + 1)))};
        CHECK(hv.wait(runs, 20'000 * ms));
        const ContextHandle fresh = hv.create("fresh" + std::to_string(i), CellularContext{p, 3});
        hv.set_policy(other, {Policy::Kind::fair, 2.0, 1.0, 0, 0, false});
        hv.pause(other);
        hv.resume(other);
        hv.destroy(fresh);
        CHECK(hv.metrics().contexts.size() == 2);
    }
    enough = true;
    looker.join();
    hv.cancel(held[0]);
}

TEST(what_the_operating_system_took_is_told_from_what_was_used) {
    const auto p = program();
    Hypervisor::Options o = virtual_options(1);
    auto clock = std::static_pointer_cast<VirtualClock>(o.clock);
    Hypervisor hv{o};
    Hypervisor::Terms terms;
    terms.policy = deadline(ms, 2 * ms);
    const ContextHandle h = hv.create("a", CellularContext{p, 1}, terms);
    hv.start(h);
    Job job = until(1e9);
    job.pace = 1.0;
    bool stalled = false;
    job.before = [&](CellularContext&) {
        clock->stall_ns(10 * ms);
        stalled = true;
    };
    (void)hv.submit(h, job);
    for (int i = 0; i < 2'000; ++i) hv.step();
    const ContextMetrics m = hv.metrics(h);
    CHECK(stalled && m.os_steal_ns == 10 * ms && hv.metrics().workers[0].os_steal_ns == 10 * ms);
    CHECK(m.deadline_misses >= 1 && m.deadline_misses_by_os == m.deadline_misses && tiles(hv));
}

TEST(grants_act_at_their_simulated_times_whoever_runs_when) {
    const auto p = program();
    const Capacity all = capacity_of(p->organism());
    Capacity twice = all, less = all;
    for (const auto member : capacity_members) {
        twice.*member *= 2;
        less.*member = all.*member / 2;
    }
    std::set<std::string> hashes;
    for (const std::size_t workers : {1u, 2u, 3u}) {
        Hypervisor::Options o = workers == 3 ? options(3) : virtual_options(workers);
        o.chassis.emplace(twice);
        o.quantum = workers == 1 ? 1 : 1024;
        Hypervisor hv{o};
        const ContextHandle a = hv.create("a", CellularContext{p, 1}), b = hv.create("b", CellularContext{p, 2});
        CHECK(refusal([&] { hv.create("c", CellularContext{p, 3}); }) == InputErrorKind::allocation);
        hv.start(a);
        hv.start(b);
        CHECK(hv.allocate(a, {less, {}, {}}, 5.001) == 5.015625);
        CHECK(refusal([&] { hv.allocate(b, {twice, {}, {}}, 7.0); }) == InputErrorKind::allocation);
        Capacity more = all;
        for (const auto member : capacity_members) more.*member += all.*member - less.*member;
        CHECK(hv.allocate(b, {more, {}, {}}, 7.0) == 7.0);
        const Runs runs{hv.submit(a, until(12.0)), hv.submit(b, until(12.0))};
        CHECK(hv.wait(runs));
        CHECK(hv.metrics(a).grant == less && hv.metrics(b).grant == more);
        hv.look(a, [&](const CellularContext& c) { CHECK(c.machines()[1].total <= all.ribosomes && c.audit().ok()); });
        hv.look(b, [&](const CellularContext& c) { CHECK(c.machines()[1].total == more.ribosomes && c.audit().ok()); });
        CHECK(refusal([&] { hv.allocate(a, {all, {}, {}}, 3.0); }) == InputErrorKind::argument);
        hashes.insert(hash_of(hv, a) + hash_of(hv, b));
    }
    CHECK(hashes.size() == 1);
    Hypervisor bare{virtual_options(1)};
    const ContextHandle h = bare.create("a", CellularContext{p, 1});
    CHECK(refusal([&] { (void)bare.allocate(h, {all, {}, {}}); }) == InputErrorKind::allocation);
    CHECK(refusal([&] { (void)bare.rebalance(1.0); }) == InputErrorKind::allocation);
}

/// It will never be as old as its next grant.
TEST(a_dead_cell_is_exhausted_whatever_it_is_granted_later) {
    const auto p = program();
    const Capacity own = capacity_of(p->organism());
    Hypervisor::Options o = virtual_options(1);
    o.chassis.emplace(own);
    Hypervisor hv{o};
    Organism frail = p->organism();
    frail.tolerance.lethal_temperature_c = 50.0;
    const ContextHandle h = hv.create("a", CellularContext{p->with_organism(frail), 1});
    hv.start(h);
    CHECK(hv.wait(Runs{hv.submit(h, until(1.5))}));
    hv.allocate(h, {own, {}, {}}, 9.0);
    hv.change(h, [](CellularContext& c) { c.set_environment({0.0, 60.0, 7.0}); });
    const Runs runs{hv.submit(h, until(20.0))};
    CHECK(hv.wait(runs, 1'000 * ms) && runs[0]->status == RunStatus::exhausted && runs[0]->ended_s == 1.5);
}

TEST(a_fork_has_the_grants_that_its_parent_has_yet_to_come_to) {
    const auto p = program();
    const Capacity own = capacity_of(p->organism());
    const auto times = [&own](std::int64_t quarters) {
        Capacity c = own;
        for (const auto member : capacity_members) c.*member = own.*member * quarters / 4;
        return c;
    };
    for (const std::int64_t cells : {4, 3}) {
        Hypervisor::Options o = virtual_options(2);
        o.chassis.emplace(times(4 * cells));
        Hypervisor hv{o};
        const ContextHandle parent = hv.create("parent", CellularContext{p, 1});
        hv.start(parent);
        hv.allocate(parent, {times(2), {}, {}}, 1.0);
        hv.allocate(parent, {times(3), {}, {}}, 6.0);
        hv.allocate(parent, {times(1), times(4), Priority::critical}, 8.0);
        const Runs begun{hv.submit(parent, until(3.001))}, rest{hv.submit(parent, until(12.0))};
        CHECK(hv.wait(begun));
        (void)hv.rebalance(9.0);
        if (cells == 3) {  // there is room for what it has now, but not for what it has later
            (void)hv.create("other", CellularContext{p, 2}, {{}, {}, Allocation{times(7), {}, {}}});
            for (const bool replay : {true, false})
                CHECK(refusal([&] { hv.fork(parent, "child", {}, replay); }) == InputErrorKind::allocation);
            CHECK(hv.list().size() == 2 && hv.chassis()->holders().size() == 2);
            continue;
        }
        const ContextHandle replica = hv.fork(parent, "replica", {}, true), fork = hv.fork(parent, "fork", 9, false);
        const ContextHandle less = hv.fork(parent, "less", {}, true, {{}, {}, Allocation{times(1), {}, {}}});
        const std::vector<ContextHandle> children{replica, fork, less};
        Runs runs{rest};
        for (const ContextHandle h : children) {
            hv.start(h);
            runs.push_back(hv.submit(h, until(12.0)));
        }
        CHECK(hv.wait(runs) && hv.metrics(parent).grant == times(4));
        CHECK(hash_of(hv, replica) == hash_of(hv, parent) && hash_of(hv, less) != hash_of(hv, parent));
        const Chassis chassis = *hv.chassis();
        for (const double at_s : {4.0, 7.0, 8.5, 10.0}) {
            const Capacity granted = chassis.grant(0, at_s);
            CHECK(chassis.grant(1, at_s) == granted && chassis.grant(2, at_s) == granted);
        }
        CHECK(chassis.allocation(1, 10.0) == chassis.allocation(0, 10.0));
        hv.look(fork, [&](const CellularContext& cell) { CHECK(capacity_of(cell.program().organism()) == times(4)); });
    }
}

TEST(what_has_ended_is_promised_no_time) {
    const auto p = program();
    for (const bool fails : {false, true}) {
        Hypervisor::Options o = virtual_options(1);
        Hypervisor hv{o};
        Hypervisor::Terms terms;
        terms.policy = deadline(9 * ms, 10 * ms);
        const ContextHandle first = hv.create("first", CellularContext{p, 1}, terms);
        hv.start(first);
        CHECK(refusal([&] { hv.create("second", CellularContext{p, 2}, terms); }) == InputErrorKind::allocation);
        if (fails) {
            Job breaks = until(9.0);
            breaks.before = [](CellularContext&) { throw std::runtime_error("broken"); };
            CHECK(hv.wait(Runs{hv.submit(first, breaks)}));
        } else {
            hv.stop(first);
        }
        CHECK(hv.metrics().workers[0].deadline_share == 0.0 && hv.metrics(first).policy == terms.policy);
        CHECK(refusal([&] { hv.set_policy(first, {}); }) == InputErrorKind::state);
        const ContextHandle second = hv.create("second", CellularContext{p, 2}, terms);
        hv.start(second);
        CHECK(hv.wait(Runs{hv.submit(second, until(2.0))}) && hash_of(hv, second) == alone(p, 2, 2.0));
        const std::vector<std::byte> bytes = hv.checkpoint();
        Hypervisor again{fresh_clock(o)};
        again.restore(bytes, [&](const std::string&) { return p; });
        CHECK(again.checkpoint() == bytes && again.metrics().workers[0].deadline_share == 0.9);
        again.destroy(again.find("first"));
        CHECK(again.metrics().workers[0].deadline_share == 0.9);
    }
}

TEST(a_limit_that_no_cell_can_have_is_refused_at_once) {
    const auto p = program();
    Hypervisor::Options o = virtual_options(1);
    const Capacity own = capacity_of(p->organism());
    Capacity total = own, beyond = own;
    for (const auto member : capacity_members) total.*member *= 4;
    total.ribosomes = beyond.ribosomes = std::int64_t{1} << 38;
    o.chassis.emplace(total);
    Hypervisor hv{o};
    Hypervisor::Terms terms;
    terms.allocation = Allocation{own, beyond, {}};
    CHECK(refusal([&] { hv.create("cell", CellularContext{p, 1}, terms); }).has_value());
    CHECK(hv.list().empty() && hv.chassis()->holders().empty());
    const ContextHandle cell = hv.create("cell", CellularContext{p, 1});
    CHECK(refusal([&] { hv.allocate(cell, {own, beyond, {}}); }).has_value());
    CHECK(hv.allocation(cell)->amount == own);
    CHECK((hv.rebalance(6.0) == std::vector{std::pair{cell, own}}));
}

TEST(what_has_ended_holds_nothing_and_keeps_nobody_waiting) {
    const auto p = program();
    Hypervisor::Options o = virtual_options(1);
    const Capacity own = capacity_of(p->organism());
    Capacity total = own;
    for (const auto member : capacity_members) total.*member *= 4;
    o.chassis.emplace(total);
    Hypervisor hv{o};
    Hypervisor::Terms limited;
    limited.quota.simulated_s = 2.0;
    limited.quota.on_quota = OnQuota::stop;
    const ContextHandle lives = hv.create("lives", CellularContext{p, 1});
    const ContextHandle stopped = hv.create("stopped", CellularContext{p, 2});
    const ContextHandle failed = hv.create("failed", CellularContext{p, 3});
    const ContextHandle done = hv.create("done", CellularContext{p, 4}, limited);
    for (const ContextHandle h : {lives, stopped, failed, done}) hv.start(h);
    hv.allocate(stopped, {own, {}, {}}, 9.0);  // never to act
    Job breaks = until(9.0);
    breaks.before = [](CellularContext&) { throw std::runtime_error("broken"); };
    const Runs runs{hv.submit(lives, until(5.0)), hv.submit(stopped, until(1.0)), hv.submit(failed, breaks),
                    hv.submit(done, until(9.0))};
    CHECK(hv.wait(runs));
    hv.stop(stopped);
    CHECK(hv.state(failed) == ContextState::error && hv.state(done) == ContextState::stopped);
    const Chassis pool = *hv.chassis();
    CHECK(pool.holders().size() == 1 && pool.free(0.0).ribosomes == 3 * own.ribosomes);
    for (const ContextHandle h : {stopped, failed, done}) {
        CHECK(!hv.metrics(h).grant && hv.metrics(lives).grant == own);
        CHECK(refusal([&] { hv.allocate(h, {own, {}, {}}); }) == InputErrorKind::state);
    }
    CHECK(hv.allocate(lives, {own, total, {}}) > 5.0);
    // none of those that have ended younger is in its way
    CHECK((hv.rebalance(6.0) == std::vector{std::pair{lives, total}}));
    CHECK((hv.rebalance(6.0) == std::vector{std::pair{lives, total}}));  // also if that changes nothing
    CHECK((hv.allocation(lives) == Allocation{own, total, {}} && !hv.allocation(stopped)));
    CHECK(hv.chassis()->grant(0, 6.0) == total);
    CHECK(hv.chassis()->holders().at(0).steps.size() <= 3);

    const std::vector<std::byte> bytes = hv.checkpoint();
    Hypervisor again{fresh_clock(o)};
    again.restore(bytes, [&](const std::string&) { return p; });
    CHECK(again.checkpoint() == bytes && again.chassis()->holders().size() == 1);
    CHECK(again.metrics(again.find("failed")).cause == "broken");
    CHECK(hash_of(again, again.find("stopped")) == alone(p, 2, 1.0));
    CHECK(hash_of(again, again.find("done")) == alone(p, 4, 2.0));
    CHECK(refusal([&] { again.fork(again.find("stopped"), "next", {}, true); }) == InputErrorKind::allocation);
    again.destroy(again.find("lives"));
    const ContextHandle next = again.fork(again.find("stopped"), "next", {}, true);
    CHECK(again.metrics(next).grant == own && again.state(next) == ContextState::created);
    for (const char* name : {"stopped", "failed", "done", "next"}) again.destroy(again.find(name));
    CHECK(again.chassis()->holders().empty());
}

TEST(a_checkpoint_goes_on_bit_for_bit_and_damage_is_found) {
    const auto p = program();
    Hypervisor::Options o = virtual_options(2);
    Capacity total = capacity_of(p->organism());
    for (const auto member : capacity_members) total.*member *= 8;
    o.chassis.emplace(total);
    Hypervisor hv{o};
    Runs runs;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        Hypervisor::Terms terms;
        if (seed == 1) terms.policy = deadline(ms, 10 * ms);
        if (seed == 2) terms.quota.simulated_s = 50.0;
        const ContextHandle h = hv.create("c" + std::to_string(seed), CellularContext{p, seed}, terms);
        Job job = until(30.0);
        if (seed == 3) job.before = [](CellularContext&) { throw std::runtime_error("broken"); };
        if (seed != 4) hv.start(h);
        runs.push_back(hv.submit(h, job));
    }
    Capacity half = capacity_of(p->organism());
    half.ribosomes /= 2;
    hv.allocate(hv.find("c0"), {half, {}, {}}, 20.0);
    while (hv.state(hv.find("c3")) != ContextState::error || hv.metrics(hv.find("c0")).time_s < 5.0) hv.step();
    const std::vector<std::byte> bytes = hv.checkpoint();
    const auto find = [&](const std::string&) { return p; };

    Hypervisor again{fresh_clock(o)};
    again.restore(bytes, find);
    CHECK(again.list().size() == 5 && again.state(again.find("c3")) == ContextState::error);
    CHECK(again.metrics(again.find("c3")).cause == "broken" && again.state(again.find("c4")) == ContextState::created);
    CHECK(again.metrics(again.find("c1")).policy == deadline(ms, 10 * ms));
    CHECK(again.metrics(again.find("c2")).quota.simulated_s == 50.0);
    CHECK(again.metrics(again.find("c0")).grant == hv.metrics(hv.find("c0")).grant);
    CHECK(again.checkpoint() == bytes);
    CHECK(refusal([&] { again.restore(bytes, find); }) == InputErrorKind::state);
    again.start(again.find("c4"));
    hv.start(hv.find("c4"));
    Runs more;
    for (const char* name : {"c0", "c1", "c2", "c4"}) more.push_back(again.submit(again.find(name), until(30.0)));
    CHECK(hv.wait(runs) && again.wait(more));
    for (const char* name : {"c0", "c1", "c2", "c4"}) CHECK(hash_of(hv, hv.find(name)) == hash_of(again, again.find(name)));

    const auto outcome = [&](std::span<const std::byte> damaged) {
        Hypervisor::Options plain = virtual_options(1);
        Hypervisor empty{plain};
        const auto kind = refusal([&] { empty.restore(damaged, find); });
        CHECK(empty.list().empty());
        return kind;
    };
    for (std::size_t n = 0; n < bytes.size(); n += n < 200 ? 1 : 97)
        CHECK(outcome(std::span{bytes}.first(n)) == InputErrorKind::snapshot);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += bit < 2'000 ? 1 : 1'013) {
        std::vector<std::byte> flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        CHECK(outcome(flipped) == InputErrorKind::snapshot);
    }
    Hypervisor empty{fresh_clock(o)};
    CHECK(refusal([&] { empty.restore(bytes, [](const std::string&) { return std::shared_ptr<const Program>{}; }); }) ==
          InputErrorKind::snapshot);
}

TEST(a_checkpoint_is_one_state_while_others_change_it) {
    const auto p = program();
    constexpr std::int64_t bystanders = 30;
    const Capacity own = capacity_of(p->organism());
    Capacity total = own, less = own, more = own;
    for (const auto member : capacity_members) total.*member *= bystanders + 5;
    less.ribosomes = own.ribosomes / 2;
    more.ribosomes = 2 * own.ribosomes - less.ribosomes;
    Hypervisor::Options o = options(1);
    o.chassis.emplace(total);
    Hypervisor hv{o};
    const ContextHandle first = hv.create("first", CellularContext{p, 1});
    for (std::int64_t k = 0; k < bystanders; ++k) (void)hv.create("c" + std::to_string(k), CellularContext{p, 2});
    const ContextHandle last = hv.create("last", CellularContext{p, 3});
    ContextHandle even = hv.create("even", CellularContext{p, 4});
    (void)hv.create("idle", CellularContext{p, 5});
    std::atomic<bool> done{false};
    std::int64_t rounds = 0;
    std::thread changing{[&] {
        while (!done) {  // first and last together never hold more than two cells; even or odd is there, or both
            hv.allocate(first, {less, {}, {}});
            hv.allocate(last, {more, {}, {}});
            const ContextHandle odd = hv.create("odd", CellularContext{p, 4});
            hv.destroy(even);
            hv.allocate(last, {own, {}, {}});
            hv.allocate(first, {own, {}, {}});
            even = hv.fork(odd, "even", {}, true);
            hv.destroy(odd);
            ++rounds;
        }
    }};
    int refused = 0, lacking = 0;
    for (int k = 0; k < 100; ++k) {
        const std::vector<std::byte> bytes = hv.checkpoint();
        Hypervisor again{o};
        if (refusal([&] { again.restore(bytes, [&](const std::string&) { return p; }); })) ++refused;
        else if (again.list().size() < bystanders + 4) ++lacking;
    }
    done = true;
    changing.join();
    CHECK(refused == 0);
    CHECK(lacking == 0);
    CHECK(rounds > 20);
}

TEST(a_checkpoint_with_grants_goes_only_into_the_same_chassis) {
    const auto p = program();
    const auto find = [&](const std::string&) { return p; };
    Capacity total = capacity_of(p->organism());
    for (const auto member : capacity_members) total.*member *= 4;
    const auto with = [](std::optional<Chassis> chassis) {
        Hypervisor::Options o = virtual_options(1);
        o.chassis = std::move(chassis);
        return o;
    };
    const Chassis pool{total, 0.1, 0.1};
    Hypervisor hv{with(pool)};
    const ContextHandle h = hv.create("a", CellularContext{p, 1});
    const std::vector<std::byte> bytes = hv.checkpoint();
    Capacity larger = total;
    ++larger.ribosomes;
    const std::optional<Chassis> others[]{std::nullopt, Chassis{larger, 0.1, 0.1}, Chassis{total, 0.2, 0.1},
                                          Chassis{total, 0.1, 0.2}};
    for (const auto& other : others) {
        Hypervisor another{with(other)};
        bool compiled = false;
        const auto look = [&](const std::string&) { return compiled = true, p; };
        CHECK(refusal([&] { another.restore(bytes, look); }) == InputErrorKind::chassis);
        CHECK(!compiled && another.list().empty() && (!other || another.chassis() == other));
    }
    Hypervisor same{with(pool)};
    same.restore(bytes, find);
    CHECK(same.checkpoint() == bytes);
    hv.stop(h);  // nobody holds anything now
    Hypervisor bare{with(std::nullopt)};
    bare.restore(hv.checkpoint(), find);
    CHECK(bare.state(bare.find("a")) == ContextState::stopped);
}

TEST(deadline_contexts_that_were_admitted_are_admitted_again) {
    const auto p = program();
    Hypervisor hv{virtual_options(2)};
    const auto admit = [&](const char* name, std::int64_t percent) {
        Hypervisor::Terms terms;
        terms.policy = deadline(percent * ms, 100 * ms);
        return hv.create(name, CellularContext{p, 1}, terms);
    };
    const ContextHandle gone = admit("gone", 60);
    (void)admit("a", 50);
    hv.destroy(gone);
    (void)admit("b", 30);
    (void)admit("c", 60);
    (void)admit("d", 45);  // b and c on one worker, a and d on the other: in the order of creation they would not fit
    const std::vector<std::byte> bytes = hv.checkpoint();
    for (const std::size_t workers : {2u, 3u}) {
        Hypervisor again{virtual_options(workers)};
        again.restore(bytes, [&](const std::string&) { return p; });
        CHECK(again.metrics().workers[0].deadline_share == hv.metrics().workers[0].deadline_share);
        CHECK(again.metrics().workers[1].deadline_share == hv.metrics().workers[1].deadline_share);
        CHECK(again.checkpoint() == bytes);
    }
    Hypervisor small{virtual_options(1)};
    CHECK(refusal([&] { small.restore(bytes, [&](const std::string&) { return p; }); }) == InputErrorKind::allocation);
    CHECK(small.list().empty() && small.metrics().workers[0].deadline_share == 0.0);
}

TEST(a_virtual_clock_belongs_to_one_hypervisor_at_a_time) {
    Hypervisor::Options o = virtual_options(1);
    {
        Hypervisor first{o};
        CHECK(refusal([&] { Hypervisor second{o}; }) == InputErrorKind::state);
        CHECK(refusal([&] { Hypervisor second{o}; }) == InputErrorKind::state);  // the refusal gave nothing back
    }
    Hypervisor next{o};
    CHECK(next.list().empty());
}

TEST(any_thread_may_do_anything_at_any_time) {
    const auto p = program();
    Hypervisor::Options o = options(3, 200);
    o.quantum = 64;
    o.slice_ns = 50'000;
    Hypervisor hv{o};
    std::vector<std::string> solo;
    std::vector<ContextHandle> kept;
    Runs runs;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        solo.push_back(alone(p, seed, 60.0));
        kept.push_back(hv.create("kept" + std::to_string(seed), CellularContext{p, seed}));
        hv.start(kept.back());
        runs.push_back(hv.submit(kept.back(), until(60.0)));
    }
    std::atomic<bool> enough{false};
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const auto quietly = [](auto&& call) {
                try {
                    call();
                } catch (const InputError&) {
                }
            };
            for (std::uint32_t i = 0; i < 150 || !enough; ++i) {
                const auto r = philox4x32({i, t, 0, 0}, {1, 2});
                const ContextHandle h = kept[r[1] % kept.size()];
                const std::string name = "t" + std::to_string(t) + "-" + std::to_string(i);
                switch (r[0] % 9) {
                    case 0:
                        quietly([&] { hv.pause(h); });
                        quietly([&] { hv.resume(h); });
                        break;
                    case 1: quietly([&] { hv.look(h, [](const CellularContext& c) { (void)c.snapshot(); }); }); break;
                    case 2: (void)hv.metrics(); break;
                    case 3:
                        quietly([&] {
                            const ContextHandle made = hv.fork(h, name, {}, r[2] % 2 == 0);
                            hv.start(made);
                            const Runs own{hv.submit(made, until(1e9))};
                            (void)hv.wait(own, 200'000);
                            if (r[3] % 2 == 0) hv.cancel(own[0]);
                            hv.destroy(made);
                            CHECK(own[0]->finished);
                        });
                        break;
                    case 4: quietly([&] { hv.set_policy(h, {Policy::Kind::fair, 1.0 + r[2] % 5, 1.0, 0, 0, false}); }); break;
                    case 5: quietly([&] { hv.set_policy(h, deadline(100'000, ms)); }); break;
                    case 6: quietly([&] { hv.set_policy(h, {Policy::Kind::batch, 1.0, 1.0, 0, 0, false}); }); break;
                    case 7:
                        (void)hv.checkpoint();
                        quietly([&] { hv.cancel(hv.submit(h, until(1.0))); });
                        break;
                    default: (void)hv.list(); break;
                }
                if (i > 5'000) break;
            }
        });
    }
    for (const ContextHandle h : kept) {
        // whoever left it paused
        try {
            hv.resume(h);
        } catch (const InputError&) {
        }
    }
    enough = true;
    for (std::thread& thread : threads) thread.join();
    for (const ContextHandle h : kept) {
        if (hv.state(h) == ContextState::paused) hv.resume(h);
    }
    CHECK(hv.wait(runs));
    for (std::size_t i = 0; i < kept.size(); ++i) CHECK(hash_of(hv, kept[i]) == solo[i]);
    CHECK(tiles(hv));
}

TEST(a_cooperative_hypervisor_lets_everyone_finish) {
    const auto p = program();
    Hypervisor::Options o = virtual_options(1);
    o.cooperative = true;
    o.slice_ns = 10'000;
    Hypervisor hv{o};
    Runs runs;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const ContextHandle h = hv.create("c" + std::to_string(seed), CellularContext{p, seed});
        hv.start(h);
        runs.push_back(hv.submit(h, until(30.0)));
    }
    std::int64_t before = 0;
    while (hv.step()) {
        // one after the other, and the accounts of who runs are never older than a slice and a quantum
        std::size_t under_way = 0;
        std::int64_t accounted = 0;
        for (const ContextMetrics& m : hv.metrics().contexts) {
            under_way += m.time_s > 0.0 && m.time_s < 30.0 ? 1 : 0;
            accounted += m.cpu_ns;
        }
        CHECK(under_way <= 1 && hv.metrics().uptime_ns - accounted <= 10'000 + 1025 * 20 && accounted >= before);
        before = accounted;
    }
    for (const auto& run : runs) CHECK(run->status == RunStatus::completed);
    for (const ContextMetrics& m : hv.metrics().contexts) CHECK(m.switches == 1);
}

TEST(a_hypervisor_can_go_while_everything_runs) {
    const auto p = program();
    Runs runs;
    {
        Hypervisor hv{options(2)};
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const ContextHandle h = hv.create("c" + std::to_string(seed), CellularContext{p, seed});
            hv.start(h);
            runs.push_back(hv.submit(h, until(1e9)));
        }
        CHECK(!hv.wait(runs, 3 * ms));
    }
    for (const auto& run : runs) CHECK(run->finished && run->status == RunStatus::stopped);
}

TEST(the_virtual_clock_gives_the_same_order_for_the_same_seed) {
    const auto p = program();
    const auto account = [&](std::uint64_t seed) {
        Hypervisor::Options o = options(3);
        o.clock = std::make_shared<VirtualClock>(seed, VirtualClock::Costs{20, 100, 1'000});
        o.slice_ns = 20'000;
        Hypervisor hv{o};
        Runs runs;
        for (std::uint64_t s = 0; s < 7; ++s) {
            const ContextHandle h = hv.create("c" + std::to_string(s), CellularContext{p, s});
            hv.start(h);
            runs.push_back(hv.submit(h, until(5.0)));
        }
        CHECK(hv.wait(runs) && tiles(hv));
        std::string text;
        for (const ContextMetrics& m : hv.metrics().contexts)
            text += std::to_string(m.cpu_ns) + "," + std::to_string(m.wait_ns) + "," + std::to_string(m.switches) + ";";
        return text;
    };
    CHECK(account(1) == account(1));
    CHECK(account(1) != account(2));
}

TEST(options_and_jobs_out_of_range_are_refused) {
    Hypervisor::Options endless = options(1);
    endless.quantum = (1u << 20) + 1;
    CHECK(refusal([&] { Hypervisor{endless}; }) == InputErrorKind::argument);
    const auto p = program();
    const auto argument = std::optional{InputErrorKind::argument};
    Hypervisor::Options o = virtual_options(1);
    const auto refused = [&](auto&& change) {
        Hypervisor::Options wrong = o;
        change(wrong);
        CHECK(refusal([&] { const Hypervisor hv{wrong}; }) == argument);
    };
    refused([](auto& w) { w.workers = 1'000; });
    refused([](auto& w) { w.max_contexts = 0; });
    refused([](auto& w) { w.quantum = 0; });
    refused([](auto& w) { w.slice_ns = 0; });
    Hypervisor hv{o};
    const ContextHandle h = hv.create("a", CellularContext{p, 1});
    const auto job = [&](auto&& change) {
        Job wrong = until(10.0);
        change(wrong);
        CHECK(refusal([&] { hv.submit(h, wrong); }) == argument);
    };
    const double none = std::numeric_limits<double>::quiet_NaN();
    job([&](Job& j) { j.until_s = none; });
    job([&](Job& j) { j.until_s = -1.0; });
    job([&](Job& j) { j.until_s = Job::never_s; });
    job([&](Job& j) { j.duration_s = none; });
    job([&](Job& j) { j.every_s = 0.0; });
    job([&](Job& j) { j.pace = -1.0; });
    job([&](Job& j) { j.pace = none; });
    job([&](Job& j) { j.pace_period_ns = 10; });
    CHECK(hv.metrics(h).runs_waiting == 0);
}

RUN_TESTS()
