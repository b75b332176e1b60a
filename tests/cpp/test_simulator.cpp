// Drives a hypervisor on a virtual clock with random operations and faults, and checks every law of it after each.
//
//     test_simulator [--seed N | --first N --seeds N] [--operations N] [--verbose]
//
// Everything follows from the seed: a failure prints the line that repeats it.

#include "hypervisor_model.hpp"
#include "program/layout.hpp"
#include "support/philox.hpp"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <set>

using namespace model;

namespace {

using Kind = InputErrorKind;
using Refusals = std::set<Kind>;    ///< the reasons to refuse a call; none: it must succeed

/// Numbers from a seed.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : seed_(seed) {}
    std::uint64_t below(std::uint64_t bound) {
        const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
        const auto words = philox4x32({low(throws_), low(throws_ >> 32), 0, 0}, {low(seed_), low(seed_ >> 32)});
        ++throws_;
        return (words[0] | std::uint64_t{words[1]} << 32) % bound;
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
    }
    template <typename T>
    T of(std::initializer_list<T> choices) {
        return choices.begin()[below(choices.size())];
    }

private:
    std::uint64_t seed_, throws_ = 0;
};

/// The genomes of all runs: one with supply, and one that comes to an end.
struct World {
    std::vector<std::shared_ptr<const Program>> programs;

    World() {
        Organism fed = designs::supplied();
        fed.supply[0].process = "glycolysis";
        for (const std::size_t a : {0u, 1u}) {
            const auto s = static_cast<SpeciesIndex>(species::amino_acid + a);
            fed.supply.push_back({"uptake", "uptake", {{Place::medium, s, -1}, {Place::cell, s, 1}}, 50.0, {}});
        }
        fed.ribosomes = 12;
        fed.rna_polymerases = 6;
        fed.degradosomes = 2;
        programs.push_back(compile(designs::small_genome(), fed));
        Organism bare = designs::organism();
        bare.ribosomes = 5;
        bare.rna_polymerases = 3;
        bare.degradosomes = 1;
        for (const SpeciesIndex s : {species::ATP, species::GTP, species::CTP, species::UTP}) bare.pools[s] = 400;
        const std::string gene = designs::spacer + designs::coding(30) + designs::spacer;
        programs.push_back(compile(designs::decode(designs::genbank(gene, designs::cds("81..173", "x"))), bare));
    }
    [[nodiscard]] std::shared_ptr<const Program> of(const std::string& genome) const {
        for (const auto& program : programs) {
            if (program->layout().genome_fingerprint == genome) return program;
        }
        return nullptr;
    }
};

const World& world() {
    static const World all;
    return all;
}

class Simulation {
public:
    Simulation(std::uint64_t seed, bool verbose) : dice_(seed), verbose_(verbose) {
        if (!dice_.one_in(3)) chassis_.emplace(Capacity{60, 40, 100'000, 500}, 0.05, 0.1);
        cooperative_ = dice_.one_in(10);
        model_.hypervisor = fresh(model_.clock, chassis_);
    }

    void operation() {
        const auto& [weight, name, act] = pick();
        name_ = name;
        if (verbose_) std::printf("%5d %s", index_, name);
        (this->*act)();
        if (verbose_) std::printf("\n");
        settle();
        model_.check(dice_.below(1 << 20));
        ++index_;
    }
    /// Nobody starves: whatever is under way ends.
    void drain() {
        name_ = "drain";
        constexpr std::int64_t most_steps = 3'000'000;
        std::int64_t steps = 0;
        while (step_once()) require(++steps < most_steps, "someone waits for ever");
        settle();
        model_.check_all();
        for (const GuestPtr& guest : model_.guests)
            require(guest->state != ContextState::running || guest->runs.empty(),
                    "'", guest->name, "' waits for a worker, and nothing will happen");
    }
    void print() const {
        if (verbose_) model_.print();
    }
    [[nodiscard]] int index() const { return index_; }
    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] double worst_lag() const { return model_.worst_lag; }
    [[nodiscard]] const std::map<std::string, int>& tally() const { return tally_; }

private:
    using enum ContextState;
    struct Operation {
        unsigned weight;
        const char* name;
        void (Simulation::*act)();
    };

    const Operation& pick() {
        static const Operation operations[]{
            {40, "step", &Simulation::step},           {6, "create", &Simulation::create},
            {9, "start", &Simulation::start},          {16, "submit", &Simulation::submit},
            {5, "pause", &Simulation::pause},          {9, "resume", &Simulation::resume},
            {1, "stop", &Simulation::stop},            {3, "destroy", &Simulation::destroy},
            {4, "fork", &Simulation::fork},            {3, "snapshot", &Simulation::snapshot},
            {5, "change", &Simulation::change},        {6, "set_policy", &Simulation::set_policy},
            {5, "set_quota", &Simulation::set_quota},  {6, "allocate", &Simulation::allocate},
            {3, "rebalance", &Simulation::rebalance},  {4, "cancel", &Simulation::cancel},
            {2, "checkpoint", &Simulation::checkpoint}, {3, "failing step", &Simulation::failing_step},
            {4, "failing call", &Simulation::failing_call}, {1, "wait", &Simulation::wait},
        };
        unsigned sum = 0;
        for (const Operation& operation : operations) sum += operation.weight;
        auto left = static_cast<unsigned>(dice_.below(sum));
        const Operation* chosen = operations;
        while (left >= chosen->weight) left -= chosen++->weight;
        return *chosen;
    }

    std::unique_ptr<Hypervisor> fresh(std::shared_ptr<VirtualClock>& clock, const std::optional<Chassis>& chassis) {
        VirtualClock::Costs costs;
        costs.candidate_ns = dice_.of<std::int64_t>({20, 1'000, 50'000});
        costs.switch_ns = dice_.of<std::int64_t>({0, 100, 3'000});
        costs.spread_ns = dice_.of<std::int64_t>({0, 1'000, 100'000});
        clock = std::make_shared<VirtualClock>(dice_.below(UINT32_MAX), costs);
        Hypervisor::Options options;
        options.workers = dice_.of<std::size_t>({1, 1, 2, 3, 5});
        options.max_contexts = 8;
        options.quantum = dice_.of<std::uint64_t>({1, 1, 7, 64, 1024});
        options.slice_ns = dice_.of<std::int64_t>({1, 5'000, 100'000, 1'000'000});
        options.cooperative = cooperative_;
        options.chassis = chassis;
        options.clock = clock;
        options.identity = 1 + 2 * dice_.below(UINT32_MAX);
        return std::make_unique<Hypervisor>(std::move(options));
    }
    [[nodiscard]] Hypervisor& hypervisor() { return *model_.hypervisor; }

    // what is handed in

    Policy policy(Refusals& refusals) {
        Policy p;
        p.kind = dice_.of({Policy::Kind::fair, Policy::Kind::fair, Policy::Kind::deadline, Policy::Kind::batch});
        p.weight = dice_.of({0.5, 1.0, 1.0, 2.0, 7.0});
        p.cap = dice_.of({1.0, 1.0, 0.5, 0.03});
        p.period_ns = dice_.of<std::int64_t>({1'000'000, 3'000'000, 50'000'000});
        p.budget_ns = p.period_ns * dice_.between(1, 20) / 20;
        p.reclaim = dice_.one_in(4);
        const bool deadline = p.kind == Policy::Kind::deadline;
        if (dice_.one_in(8)) {
            if (deadline) {
                p.budget_ns = dice_.of<std::int64_t>({0, -1, p.period_ns + 1});
                refusals.insert(Kind::argument);
            } else if (p.kind == Policy::Kind::fair) {
                p.weight = dice_.of({0.0, -1.0, std::nan(""), 1e300});
                refusals.insert(Kind::argument);
            }
        }
        if (deadline && cooperative_) refusals.insert(Kind::argument);
        return p;
    }
    void admit(const Policy& p, const Guest* except, Refusals& refusals, std::size_t& worker) {
        if (p.kind != Policy::Kind::deadline || !refusals.empty()) return;
        if (const auto w = model_.worker_for(p, except))
            worker = *w;
        else
            refusals.insert(Kind::allocation);
    }

    /// @param used what the context has used so far; a candidate for a quota that is too low
    Quota quota(const ContextMetrics* m, std::int64_t candidates, std::int64_t molecules, double age_s,
                Refusals& refusals) {
        Quota q;
        q.on_quota = dice_.of({OnQuota::pause, OnQuota::stop, OnQuota::raise});
        const auto limit = [&](std::optional<std::int64_t>& quota, std::int64_t used, std::int64_t more) {
            if (!dice_.one_in(6)) return;
            quota = used + dice_.between(1, more);
            if (!dice_.one_in(5)) return;
            quota = dice_.one_in(2) ? dice_.between(-1, 0) : used - 1;
            refusals.insert(*quota <= 0 ? Kind::argument : Kind::allocation);
        };
        limit(q.candidates, candidates, 3'000);
        // what may grow until the call is carried out is not asked for below its use
        if (m != nullptr && dice_.one_in(4)) q.cpu_ns = m->cpu_ns + model_.quantum_ns() + dice_.between(1, 100'000'000);
        if (m != nullptr && dice_.one_in(6)) q.memory_bytes = m->memory_bytes + dice_.between(0, 4'096);
        if (dice_.one_in(6)) {
            q.simulated_s = age_s + 1e-3 * static_cast<double>(dice_.between(0, 3'000));
            if (!(*q.simulated_s > 0.0)) refusals.insert(Kind::argument);
            if (dice_.one_in(4)) {
                q.simulated_s = age_s / 2;
                refusals.insert(age_s > 0.0 ? Kind::allocation : Kind::argument);
            }
        }
        if (m != nullptr && dice_.one_in(6)) q.molecules = molecules + dice_.between(0, 5'000);
        if (q.molecules && *q.molecules == 0) refusals.insert(Kind::argument);
        return q;
    }

    Allocation allocation(const Program& base) {
        const Capacity own = capacity_of(base.organism());
        Allocation a;
        for (const auto member : capacity_members) a.amount.*member = own.*member * dice_.between(0, 6) / 4;
        // of nothing, nothing can be made
        for (const auto flux : {&Capacity::atp_flux_per_s, &Capacity::amino_acid_flux_per_s})
            a.amount.*flux = std::max<std::int64_t>(a.amount.*flux, own.*flux / 4);
        if (dice_.one_in(8)) a.amount.ribosomes = dice_.of<std::int64_t>({-1, 1'000});
        if (dice_.one_in(12)) a.amount.atp_flux_per_s += 1'000;
        if (dice_.one_in(2)) {
            a.limit = a.amount;
            for (const auto member : capacity_members) (*a.limit).*member += own.*member * dice_.between(0, 4) / 4;
        }
        a.priority = dice_.of({Priority::low, Priority::normal, Priority::normal, Priority::high, Priority::critical});
        return a;
    }

    // calls

    /// What a call came to: the kind of its refusal, or nothing.
    template <typename Call>
    std::optional<Kind> refusal_of(Call&& call) {
        try {
            call();
        } catch (const InputError& e) {
            if (verbose_) std::printf(" refused: %s", e.what());
            return e.kind();
        }
        return std::nullopt;
    }
    /// Makes a call and compares what it came to. @return whether it succeeded
    template <typename Call>
    bool attempt(Call&& call, const std::function<Refusals()>& expected) {
        std::optional<Kind> refusal;
        out_of_memory_ = false;
        if (fail_at_ >= 0) {
            bool thrown = false;
            {
                const failing_allocations::Armed armed{fail_at_};
                try {
                    refusal = refusal_of(call);
                } catch (const std::bad_alloc&) {
                    thrown = true;
                }
                out_of_memory_ = failing_allocations::failed;
            }
            if (thrown) {
                require(out_of_memory_, "it ran out of memory by itself");
                ++tally_["calls out of memory"];
                if (verbose_) std::printf(" out of memory");
                settle_quotas();
                return false;
            }
        } else {
            refusal = refusal_of(call);
        }
        settle_quotas();
        const Refusals reasons = expected();
        ++tally_[refusal ? "calls refused" : "calls done"];
        if (!refusal) {
            require(reasons.empty(), "it should have been refused");
            return true;
        }
        require(reasons.contains(*refusal), "refused as ", static_cast<int>(*refusal),
                reasons.empty() ? ", should have succeeded" : ", but for another reason");
        return false;
    }
    template <typename Call>
    bool attempt(Call&& call, const Refusals& expected) {
        return attempt(std::forward<Call>(call), [&] { return expected; });
    }

    /// A context, or, rarely, a handle that names none.
    struct Target {
        GuestPtr guest;
        ContextHandle handle;
    };
    Target target(std::initializer_list<ContextState> fitting = {}) {
        if (model_.guests.empty() || dice_.one_in(20)) {
            ContextHandle handle;
            if (!stale_.empty() && dice_.one_in(2)) {
                handle = stale_[dice_.below(stale_.size())];
            } else {
                handle.hypervisor = dice_.one_in(2) ? hypervisor().options().identity : dice_.below(UINT32_MAX);
                handle.slot = static_cast<std::uint32_t>(dice_.of<std::uint64_t>({0, 1, 5, UINT32_MAX}));
                handle.generation = static_cast<std::uint32_t>(dice_.of<std::uint64_t>({0, 1, 1'000'000, UINT32_MAX}));
            }
            for (const GuestPtr& guest : model_.guests) {
                if (guest->handle == handle) return {guest, handle};
            }
            if (verbose_) std::printf(" (no context)");
            return {nullptr, handle};
        }
        GuestPtr guest = model_.guests[dice_.below(model_.guests.size())];
        for (int more = 3; more > 0 && std::ranges::find(fitting, guest->state) == fitting.end(); --more)
            guest = model_.guests[dice_.below(model_.guests.size())];
        if (verbose_) std::printf(" %s", guest->name.c_str());
        return {guest, guest->handle};
    }
    static Refusals of_target(const Target& t) { return t.guest == nullptr ? Refusals{Kind::isolation} : Refusals{}; }

    /// Takes note of quotas that were found used when a context came to rest for a call.
    void settle_quotas() {
        for (const GuestPtr& guest : model_.guests) {
            for (const Expected& expected : guest->runs) {
                if (!expected.run->finished || expected.run->status != RunStatus::quota) continue;
                const bool stops = guest->quota.on_quota == OnQuota::stop;
                if (guest->state == running) guest->state = stops ? stopped : paused;
            }
        }
    }
    void settle() {
        const int failures = model_.absorb(out_of_memory_);
        if (failures > 0) tally_["failed for want of memory"] += failures;
        require(failures <= 1, "more than one context failed by one allocation");
        model_.cancelled = nullptr;
        model_.stopping = false;
        out_of_memory_ = false;
        fail_at_ = -1;
    }

    // operations

    bool step_once() {
        ++tally_["steps"];
        return hypervisor().step();
    }
    void step() {
        bool more = true;
        for (std::int64_t n = dice_.between(1, 25); n > 0 && more; --n) more = step_once();
        if (more) return;
        settle();
        for (const GuestPtr& guest : model_.guests)
            require(guest->state != ContextState::running || guest->runs.empty(),
                    "'", guest->name, "' waits for a worker, and nothing will happen");
    }
    void failing_step() {
        std::set<std::string> on_worker;
        for (const ContextMetrics& m : hypervisor().metrics().contexts) {
            if (m.on_worker) on_worker.insert(m.name);
        }
        {
            const failing_allocations::Armed armed{dice_.between(0, 3)};
            for (std::int64_t n = dice_.between(1, 5); n > 0 && !failing_allocations::failed; --n)
                (void)hypervisor().step();
            out_of_memory_ = failing_allocations::failed;
        }
        if (!out_of_memory_) return;
        ++tally_["steps out of memory"];
        int failed = 0;
        for (const ContextMetrics& m : hypervisor().metrics().contexts) {
            const GuestPtr guest = model_.named(m.name);
            if (m.state != ContextState::error || guest->state == ContextState::error) continue;
            ++failed;
            if (!guest->runs.empty() && guest->runs.front().throws == Expected::Throws::nothing)
                require(m.cause == "std::bad_alloc", "'", m.name, "' failed of something else: ", m.cause);
        }
        require(failed <= 1, "more than one context failed by one allocation");
    }
    void failing_call() {
        fail_at_ = dice_.between(0, 25);
        switch (dice_.below(11)) {
            case 0: return create();
            case 1: return submit();
            case 2: return fork();
            case 3: return set_policy();
            case 4: return set_quota();
            case 5: return allocate();
            case 6: return rebalance();
            case 7: return cancel();
            case 8: return pause();
            case 9: return resume();
            default: return destroy();
        }
    }
    void wait() {
        std::vector<std::shared_ptr<Run>> runs;
        for (const GuestPtr& guest : model_.guests) {
            for (const Expected& expected : guest->runs) runs.push_back(expected.run);
        }
        (void)hypervisor().wait(runs, dice_.between(0, 2'000'000));
    }

    std::string new_name() { return "c" + std::to_string(names_++); }
    std::string some_name(Refusals& refusals) {
        if (dice_.one_in(20)) {
            refusals.insert(Kind::creation);
            return dice_.one_in(2) || model_.guests.empty() ? std::string(dice_.one_in(2) ? 0 : 201, 'x')
                                                            : model_.guests.front()->name;
        }
        return new_name();
    }
    Refusals of_capacity(const std::optional<Allocation>& asked, const Program& base) {
        if (!hypervisor().chassis()) return asked ? Refusals{Kind::allocation} : Refusals{};
        const Capacity own = capacity_of(base.organism());
        const Allocation wanted = asked.value_or(Allocation{own, {}, {}});
        Chassis trial = *hypervisor().chassis();
        try {
            trial.admit(UINT64_MAX, wanted);
            (void)with_capacity(base.organism(), wanted.amount);
        } catch (const InputError& e) {
            return {e.kind()};
        }
        return {};
    }
    /// A context has come in: the model has it from now on.
    /// @param parent whose grants it has, and has yet to come to; null: it was allocated its own
    GuestPtr settle_in(std::string name, ContextHandle handle, CellularContext twin,
                       std::shared_ptr<const Program> base, const Hypervisor::Terms& terms, std::size_t worker,
                       const Guest* parent = nullptr) {
        auto guest = std::make_shared<Guest>();
        guest->name = std::move(name);
        guest->handle = handle;
        guest->policy = terms.policy;
        guest->worker = worker;
        guest->quota = terms.quota;
        guest->base = std::move(base);
        guest->candidates_before = twin.events().candidates;
        guest->molecules_before = molecules_of(twin);
        guest->twin = std::make_shared<Twin>(std::move(twin));
        guest->policy_ns = model_.earliest_ns();
        if (const auto& chassis = inside(hypervisor()).chassis) {
            guest->ordinal = chassis->holders().rbegin()->first;
            const Capacity own = capacity_of(guest->base->organism());
            const double age_s = guest->twin->cell.time_s();
            const Capacity granted = parent != nullptr  ? parent->grant(age_s)
                                     : terms.allocation ? terms.allocation->amount
                                                        : own;
            guest->grants[0.0] = granted;
            grant(*guest, granted, CellularContext::next_tick_s(age_s));
            if (parent != nullptr) {
                for (auto next = parent->grants.upper_bound(age_s); next != parent->grants.end(); ++next) {
                    guest->grants.insert(*next);
                    grant(*guest, next->second, next->first);
                }
            }
            guest->twin->follow(guest->twin->cell);
        }
        model_.guests.push_back(guest);
        return guest;
    }
    static std::int64_t molecules_of(const CellularContext& cell) {
        return cell.drawn().atp + cell.drawn().amino_acids;
    }
    static void grant(Guest& guest, const Capacity& capacity, double at_s) {
        const Organism& own = guest.base->organism();
        guest.twin->grant(at_s, capacity == capacity_of(own) ? guest.base
                                                             : guest.base->with_organism(with_capacity(own, capacity)));
    }

    void take_in(CellularContext cell) {
        Refusals refusals;
        const std::string name = some_name(refusals);
        Hypervisor::Terms terms;
        terms.policy = policy(refusals);
        std::size_t worker = 0;
        admit(terms.policy, nullptr, refusals, worker);
        terms.quota = quota(nullptr, 0, 0, cell.time_s(), refusals);
        const auto base = cell.shared_program();
        if (dice_.one_in(2) && (hypervisor().chassis() || dice_.one_in(5))) terms.allocation = allocation(*base);
        refusals.merge(of_capacity(terms.allocation, *base));
        if (model_.guests.size() == hypervisor().options().max_contexts) refusals.insert(Kind::overload);
        CellularContext twin = cell.replica();
        ContextHandle handle;
        if (attempt([&] { handle = hypervisor().create(name, std::move(cell), terms); }, refusals))
            settle_in(name, handle, std::move(twin), base, terms, worker);
    }
    void create() {
        if (model_.guests.size() > 5 && !dice_.one_in(4)) return destroy();
        take_in(CellularContext{world().programs[dice_.one_in(4) ? 1 : 0], dice_.below(1000)});
    }
    void snapshot() {
        const Target t = target();
        std::vector<std::byte> bytes;
        const auto expected = [&] {
            Refusals refusals = of_target(t);
            if (t.guest != nullptr && t.guest->twin == nullptr) refusals.insert(Kind::state);
            return refusals;
        };
        const bool looked = attempt(
            [&] { hypervisor().look(t.handle, [&](const CellularContext& cell) { bytes = cell.snapshot(); }); },
            expected);
        if (!looked) return;
        const auto& program = t.guest->base;
        if (dice_.one_in(2)) {
            damage(bytes);
            attempt([&] { (void)CellularContext::restore(bytes, program); }, {Kind::snapshot});
            return;
        }
        CellularContext restored = CellularContext::restore(bytes, program);
        require(t.guest->twin->equals(restored), "a snapshot is not what it was taken of");
        take_in(std::move(restored));
    }
    void damage(std::vector<std::byte>& bytes) {
        if (dice_.one_in(2))
            bytes[dice_.below(bytes.size())] ^= static_cast<std::byte>(1 << dice_.below(8));
        else
            bytes.resize(dice_.below(bytes.size()));
    }
    void fork() {
        const Target t = target();
        Refusals always = of_target(t);
        const bool replay = dice_.one_in(3);
        std::optional<std::uint64_t> seed;
        if (dice_.one_in(4)) seed = dice_.below(1000);
        if (replay && seed) always = {Kind::argument};
        const std::string name = some_name(always);
        Hypervisor::Terms terms;
        if (dice_.one_in(2)) terms.policy = policy(always);
        std::size_t worker = 0;
        admit(terms.policy, nullptr, always, worker);
        if (t.guest != nullptr && hypervisor().chassis() && dice_.one_in(2))
            terms.allocation = allocation(*t.guest->base);
        if (model_.guests.size() == hypervisor().options().max_contexts) always.insert(Kind::overload);
        // room on the chassis is tried on a copy, before the child is on it
        std::optional<Chassis> trial = hypervisor().chassis();
        ContextHandle handle;
        const auto expected = [&] {
            Refusals refusals = always;
            if (t.guest == nullptr) return refusals;
            if (t.guest->twin == nullptr) refusals.insert(Kind::state);
            if (!trial || t.guest->twin == nullptr) return refusals;
            if (!t.guest->holds() && trial->holders().contains(t.guest->ordinal)) trial->release(t.guest->ordinal);
            sync(*t.guest);
            const Organism& now = t.guest->twin->cell.program().organism();
            if (!t.guest->holds() && !terms.allocation) terms.allocation = Allocation{capacity_of(now), {}, {}};
            try {
                if (terms.allocation) {
                    trial->admit(UINT64_MAX, *terms.allocation);
                    (void)with_capacity(t.guest->base->organism(), terms.allocation->amount);
                } else {
                    trial->reached(t.guest->ordinal, t.guest->twin->cell.time_s());
                    trial->fork(t.guest->ordinal, UINT64_MAX);
                }
            } catch (const InputError& e) {
                refusals.insert(e.kind());
            }
            return refusals;
        };
        if (!attempt([&] { handle = hypervisor().fork(t.handle, name, seed, replay, terms); }, expected)) return;
        sync(*t.guest);
        Twin& parent = *t.guest->twin;
        settle_in(name, handle, replay ? parent.cell.replica() : parent.cell.fork(seed), t.guest->base, terms, worker,
                  terms.allocation ? nullptr : t.guest.get());
    }
    double age_of(const Guest& guest) {
        double age_s = 0.0;
        hypervisor().look(guest.handle, [&](const CellularContext& cell) { age_s = cell.time_s(); });
        return age_s;
    }
    void sync(Guest& guest) {
        hypervisor().look(guest.handle, [&](const CellularContext& cell) { guest.twin->follow(cell); });
    }

    void submit() {
        const Target t = target({running});
        Expected expected;
        Job job;
        expected.log = std::make_shared<Log>();
        job.duration_s = 1e-3 * static_cast<double>(dice_.between(0, 1'500));
        if (dice_.one_in(3)) job.until_s = 1e-2 * static_cast<double>(dice_.between(0, 1'500));
        if (dice_.one_in(2)) job.every_s = dice_.of({0x1.0p-6, 0.01, 0.1});
        job.record = !dice_.one_in(3);
        if (dice_.one_in(5)) {
            job.pace = dice_.of({0.5, 3.0, 40.0});
            job.pace_period_ns = dice_.of<std::int64_t>({1'000'000, 5'000'000});
        }
        if (dice_.one_in(12))
            expected.throws = dice_.of({Expected::Throws::error, Expected::Throws::unknown, Expected::Throws::at_end,
                                        Expected::Throws::unknown_at_end});
        expected.until_s = job.until_s;
        expected.duration_s = job.duration_s;
        expected.every_s = job.every_s;
        expected.record = job.record;
        Refusals argument;
        if (dice_.one_in(15)) {
            argument.insert(Kind::argument);
            switch (dice_.below(5)) {
                case 0: job.until_s = job.duration_s = Job::never_s; break;
                case 1: job.duration_s = -1.0; break;
                case 2: job.every_s = 0.0; break;
                case 3: job.pace = std::nan(""); break;
                default: job.pace_period_ns = 999'999; break;
            }
        }
        if (t.guest != nullptr && t.guest->twin != nullptr) attach(job, expected, *t.guest);
        const auto reasons = [&] {
            Refusals refusals = argument;
            if (t.guest == nullptr) refusals.insert(Kind::isolation);
            const bool over = t.guest != nullptr && t.guest->state >= ContextState::stopped;
            if (over) refusals.insert(Kind::state);
            return refusals;
        };
        if (attempt([&] { expected.run = hypervisor().submit(t.handle, std::move(job)); }, reasons))
            t.guest->runs.push_back(std::move(expected));
    }
    /// Has the twin do what the job does.
    void attach(Job& job, const Expected& expected, const Guest& guest) {
        const std::int64_t stall_ns = dice_.one_in(6) ? dice_.of<std::int64_t>({10'000, 2'000'000, 80'000'000}) : 0;
        const bool restrict = dice_.one_in(4);
        const auto throws = expected.throws;
        job.before = [this, clock = model_.clock, twin = guest.twin, log = expected.log, stall_ns, restrict, throws,
                      every_s = job.every_s, until_s = job.until_s, duration_s = job.duration_s,
                      record = job.record](CellularContext& cell) {
            const failing_allocations::Suspended suspended;
            twin->follow(cell);
            log->began = true;
            log->began_s = cell.time_s();
            const double end_s = std::max(cell.time_s(), std::min(until_s, cell.time_s() + duration_s));
            if (record) twin->recorder.emplace(cell.time_s(), end_s, every_s);
            if (restrict) {
                const std::array<GeneId, 1> first{GeneId{0}};
                cell.restrict_transcription(first);
                twin->cell.restrict_transcription(first);
            }
            if (stall_ns > 0) {
                model_.stalled = true;
                twin->stalled_ns += stall_ns;
                clock->stall_ns(stall_ns);
            }
            if (throws == Expected::Throws::error) throw std::runtime_error("planted");
            if (throws == Expected::Throws::unknown) throw 7;
        };
        job.after = [twin = guest.twin, log = expected.log, restrict, throws](CellularContext& cell) {
            const failing_allocations::Suspended suspended;
            twin->follow(cell);
            log->ended = true;
            log->ended_s = cell.time_s();
            CellularContext later = twin->cell.replica();
            log->exhausted = later.advance(cell.time_s() + 0x1.0p-6) == AdvanceStatus::exhausted;
            if (twin->recorder) {
                twin->cell.sample(*twin->recorder);
                log->trace = twin->recorder->trace();
                twin->recorder.reset();
            }
            if (restrict) {
                cell.restrict_transcription(std::nullopt);
                twin->cell.restrict_transcription(std::nullopt);
            }
            if (throws == Expected::Throws::at_end) throw std::runtime_error("planted");
            if (throws == Expected::Throws::unknown_at_end) throw 7;
        };
    }

    void to_state(void (Hypervisor::*call)(ContextHandle), std::initializer_list<ContextState> from, ContextState to) {
        const Target t = target(from);
        const auto expected = [&] {
            Refusals refusals = of_target(t);
            if (t.guest != nullptr && std::ranges::find(from, t.guest->state) == from.end())
                refusals.insert(Kind::state);
            return refusals;
        };
        if (attempt([&] { (hypervisor().*call)(t.handle); }, expected)) t.guest->state = to;
    }
    void start() { to_state(&Hypervisor::start, {created}, running); }
    void pause() { to_state(&Hypervisor::pause, {running}, paused); }
    void resume() { to_state(&Hypervisor::resume, {paused}, running); }
    void stop() { to_state(&Hypervisor::stop, {created, running, paused}, stopped); }
    void destroy() {
        const Target t = target({stopped, error});
        if (!attempt([&] { hypervisor().destroy(t.handle); }, of_target(t))) return;
        model_.stopping = true;
        std::erase(model_.guests, t.guest);
        model_.departed.push_back(t.guest);
        stale_.push_back(t.handle);
    }

    void change() {
        const Target t = target();
        const auto kind = dice_.below(4);
        const auto resource = static_cast<SpeciesIndex>(dice_.of({species::ATP, species::GTP, species::amino_acid}));
        const std::int64_t molecules = dice_.between(0, 3'000);
        const auto alter = [&](CellularContext& cell) {
            if (kind == 0)
                cell.knockout(GeneId{static_cast<std::uint32_t>(static_cast<std::size_t>(molecules) %
                                                                cell.program().gene_count())});
            else
                cell.set_resource(resource, molecules);
        };
        const auto expected = [&] {
            Refusals refusals = of_target(t);
            if (t.guest != nullptr && t.guest->twin == nullptr) refusals.insert(Kind::state);
            return refusals;
        };
        attempt(
            [&] {
                hypervisor().change(t.handle, [&](CellularContext& cell) {
                    t.guest->twin->follow(cell);
                    alter(cell);
                    alter(t.guest->twin->cell);
                });
            },
            expected);
    }

    void set_policy() {
        const Target t = target();
        Refusals refusals = of_target(t);
        const Policy p = policy(refusals);
        std::size_t worker = 0;
        admit(p, t.guest.get(), refusals, worker);
        if (t.guest != nullptr && has_ended(*t.guest)) refusals.insert(Kind::state);
        if (!attempt([&] { hypervisor().set_policy(t.handle, p); }, refusals)) return;
        Guest& guest = *t.guest;
        guest.policy = p;
        guest.worker = worker;
        guest.policy_ns = model_.earliest_ns();
        guest.policy_cpu_ns = hypervisor().metrics(guest.handle).cpu_ns;
        guest.policy_stalled_ns = guest.twin == nullptr ? 0 : guest.twin->stalled_ns;
    }
    void set_quota() {
        const Target t = target();
        Refusals refusals = of_target(t);
        Quota q;
        if (t.guest != nullptr && t.guest->twin != nullptr) {
            const ContextMetrics m = hypervisor().metrics(t.handle);
            std::int64_t candidates = 0, molecules = 0;
            double age_s = 0.0;
            hypervisor().look(t.handle, [&](const CellularContext& cell) {
                candidates = cell.events().candidates - t.guest->candidates_before;
                molecules = molecules_of(cell) - t.guest->molecules_before;
                age_s = cell.time_s();
            });
            q = quota(&m, candidates, molecules, age_s, refusals);
        }
        const auto expected = [&] {
            if (t.guest == nullptr || t.guest->twin == nullptr) return refusals;
            const ContextMetrics m = hypervisor().metrics(t.handle);
            const bool below =
                (q.memory_bytes && *q.memory_bytes < m.memory_bytes) || (q.cpu_ns && *q.cpu_ns < m.cpu_ns);
            if (below) refusals.insert(Kind::allocation);
            return refusals;
        };
        if (!attempt([&] { hypervisor().set_quota(t.handle, q); }, expected)) return;
        settle();  // it may have come to rest at the former quota
        t.guest->quota = q;
    }

    void allocate() {
        const Target t = target();
        Refusals always = of_target(t);
        Allocation wanted;
        std::optional<double> at_s;
        double age_s = 0.0;
        auto trial = hypervisor().chassis();
        if (t.guest != nullptr) {
            wanted = allocation(*t.guest->base);
            if (!trial) {
                always.insert(Kind::allocation);
            } else if (t.guest->twin != nullptr) {
                age_s = age_of(*t.guest);
                if (dice_.one_in(2)) at_s = age_s + 1e-3 * static_cast<double>(dice_.between(0, 2'000));
                if (dice_.one_in(10)) at_s = age_s - 0.001;
                if (at_s && *at_s < age_s) always.insert(Kind::argument);
            }
        }
        double from_s = 0.0;
        const auto expected = [&] {
            if (t.guest != nullptr && trial && !t.guest->holds()) always.insert(Kind::state);
            if (!always.empty()) return always;
            from_s = CellularContext::next_tick_s(at_s.value_or(age_s));
            if (from_s <= age_s) from_s += 0x1.0p-6;
            try {
                trial->reached(t.guest->ordinal, age_s);
                trial->change(t.guest->ordinal, wanted, from_s);
                (void)with_capacity(t.guest->base->organism(), wanted.amount);
            } catch (const InputError& e) {
                return Refusals{e.kind()};
            }
            return Refusals{};
        };
        double acts_s = 0.0;
        if (!attempt([&] { acts_s = hypervisor().allocate(t.handle, wanted, at_s); }, expected)) return;
        require(acts_s == from_s, "an allocation acts at another time than the next tick");
        take_grants(*t.guest, age_s, {{t.guest->ordinal, acts_s, wanted.amount}});
    }
    /// The grants of one context change as a chassis was told.
    void take_grants(Guest& guest, double age_s, const std::vector<Chassis::Change>& changes) {
        for (const Chassis::Change& change : changes) {
            if (change.holder != guest.ordinal) continue;
            require(change.at_s > age_s, "a grant in the past");
            guest.grants[change.at_s] = change.granted;
            if (guest.twin != nullptr) grant(guest, change.granted, change.at_s);
        }
    }
    void rebalance() {
        auto trial = hypervisor().chassis();
        double oldest_s = 0.0;
        for (const GuestPtr& guest : model_.guests) {
            if (guest->twin != nullptr) oldest_s = std::max(oldest_s, age_of(*guest));
        }
        const double later_s = 1e-3 * static_cast<double>(dice_.between(1, 500));
        const double at_s = dice_.one_in(6) ? oldest_s / 2 : oldest_s + later_s;
        const double from_s = CellularContext::next_tick_s(at_s);
        std::vector<Chassis::Change> changes;
        const auto expected = [&] {
            if (!trial) return Refusals{Kind::allocation};
            Refusals refusals;
            for (const GuestPtr& guest : model_.guests) {
                if (guest->holds() && age_of(*guest) >= from_s) refusals.insert(Kind::argument);
                if (!guest->holds() && trial->holders().contains(guest->ordinal)) trial->release(guest->ordinal);
            }
            if (!refusals.empty()) return refusals;
            try {
                changes = trial->rebalance(from_s);
                for (const Chassis::Change& change : changes) {
                    for (const GuestPtr& guest : model_.guests) {
                        if (guest->ordinal == change.holder && guest->twin != nullptr)
                            (void)with_capacity(guest->base->organism(), change.granted);
                    }
                }
            } catch (const InputError& e) {
                return Refusals{e.kind()};
            }
            return Refusals{};
        };
        if (!attempt([&] { (void)hypervisor().rebalance(at_s); }, expected)) return;
        for (const GuestPtr& guest : model_.guests)
            take_grants(*guest, guest->twin == nullptr ? -1.0 : age_of(*guest), changes);
    }

    void cancel() {
        std::vector<std::shared_ptr<Run>> runs;
        for (const GuestPtr& guest : model_.guests) {
            for (const Expected& expected : guest->runs) runs.push_back(expected.run);
        }
        if (runs.empty()) return;
        const auto run = runs[dice_.below(runs.size())];
        const bool done = attempt([&] { hypervisor().cancel(run); }, Refusals{});
        require(!done || run->finished, "a run goes on that was cancelled");
        model_.cancelled = run;
    }

    void checkpoint() {
        const std::vector<std::byte> bytes = hypervisor().checkpoint();
        std::shared_ptr<VirtualClock> clock;
        std::optional<Chassis> chassis = chassis_;
        const bool held = std::ranges::any_of(model_.guests, &Guest::holds);
        const bool elsewhere = chassis && held && dice_.one_in(6);
        if (elsewhere && dice_.one_in(2))
            chassis.reset();
        else if (elsewhere)
            chassis.emplace(Capacity{1'000, 1'000, 1'000'000, 1'000'000});
        auto next = fresh(clock, chassis);
        const auto program_of = [](const std::string& genome) { return world().of(genome); };
        const auto is_empty = [&] {
            const HypervisorMetrics m = next->metrics();
            require(m.contexts.empty() && next->list().empty() && m.departed_cpu_ns == 0 &&
                        (!next->chassis() || next->chassis()->holders().empty()),
                    "a checkpoint that was refused has left something behind");
            for (const WorkerMetrics& w : m.workers)
                require(w.deadline_share == 0.0, "a refused context has its share");
        };
        if (dice_.one_in(3)) {
            auto damaged = bytes;
            damage(damaged);
            attempt([&] { next->restore(damaged, program_of); }, {Kind::snapshot});
            is_empty();
        }
        if (!model_.guests.empty() && dice_.one_in(6)) {
            attempt([&] { next->restore(bytes, [](const std::string&) { return nullptr; }); },
                    {elsewhere ? Kind::chassis : Kind::snapshot});
            is_empty();
        }
        if (dice_.one_in(3)) {
            bool failed = false;
            {
                const failing_allocations::Armed armed{dice_.between(0, 400)};
                try {
                    next->restore(bytes, program_of);
                } catch (const std::bad_alloc&) {
                    failed = true;
                } catch (const InputError&) {
                    failed = true;
                }
            }
            if (failed)
                is_empty();
            else
                next = fresh(clock, chassis);
        }
        // who was admitted to a worker that is there goes to it; else who fits where is decided anew
        Model successor;
        successor.hypervisor = std::move(next);
        successor.clock = clock;
        Refusals refusals;
        if (elsewhere) refusals.insert(Kind::chassis);
        for (const GuestPtr& guest : model_.guests) {
            auto copy = std::make_shared<Guest>(*guest);
            if (is_promised_time(*copy)) {
                const auto worker = successor.worker_for(copy->policy, nullptr, copy->worker);
                if (!worker) refusals.insert(Kind::allocation);
                copy->worker = worker.value_or(0);
            }
            successor.guests.push_back(std::move(copy));
        }
        if (!attempt([&] { successor.hypervisor->restore(bytes, program_of); }, refusals)) {
            next = std::move(successor.hypervisor);
            return is_empty();
        }
        ++tally_["restored"];
        const auto list = successor.hypervisor->list();
        require(list.size() == successor.guests.size(), "another number of contexts than in the checkpoint");
        successor.checks = model_.checks;
        for (std::size_t g = 0; g < list.size(); ++g) {
            Guest& guest = *successor.guests[g];
            stale_.push_back(guest.handle);
            guest.handle = list[g].second;
            guest.ordinal = inside(*successor.hypervisor).by_name.at(guest.name)->ordinal;
            guest.runs.clear();
            guest.policy_ns = successor.earliest_ns();
            guest.policy_stalled_ns = 0;
            guest.policy_cpu_ns = guest.cpu_before_ns = successor.hypervisor->metrics(guest.handle).cpu_ns;
            successor.imported_cpu_ns += guest.policy_cpu_ns;
            if (guest.twin == nullptr) continue;
            sync(*model_.guests[g]);
            auto twin = std::make_shared<Twin>(model_.guests[g]->twin->cell.replica());
            twin->grants = guest.twin->grants;
            guest.twin = std::move(twin);
        }
        // the old one ends its runs, which no longer concern anyone
        model_.stopping = true;
        std::vector<GuestPtr> old = std::move(model_.guests);
        model_.hypervisor.reset();
        for (const GuestPtr& guest : old) {
            for (const Expected& expected : guest->runs)
                require(expected.run->finished && (expected.run->status == RunStatus::stopped ||
                                                   expected.run->status == RunStatus::error),
                        "a run that has outlived its hypervisor");
        }
        successor.worst_lag = model_.worst_lag;
        model_ = std::move(successor);
    }

    Dice dice_;
    bool verbose_, cooperative_ = false, out_of_memory_ = false;
    std::optional<Chassis> chassis_;
    Model model_;
    std::vector<ContextHandle> stale_;
    std::int64_t fail_at_ = -1;
    int index_ = 0, names_ = 0;
    const char* name_ = "";
    std::map<std::string, int> tally_;
};

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t first = 0, seeds = 500, operations = 1000;
    bool verbose = false;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (option == "--verbose") {
            verbose = true;
        } else if (i + 1 == argc) {
            return std::fprintf(stderr, "%s needs a number\n", argv[i]), 2;
        } else if (option == "--seed") {
            first = number(argv[++i]);
            seeds = 1;
        } else if (option == "--first") {
            first = number(argv[++i]);
        } else if (option == "--seeds") {
            seeds = number(argv[++i]);
        } else if (option == "--operations") {
            operations = number(argv[++i]);
        } else {
            return std::fprintf(stderr, "unknown option %s\n", argv[i]), 2;
        }
    }
    const auto begin = std::chrono::steady_clock::now();
    int failures = 0;
    double worst_lag = 0.0;
    std::map<std::string, std::int64_t> tally;
    for (std::uint64_t seed = first; seed < first + seeds && failures < 10; ++seed) {
        Simulation simulation{seed, verbose};
        try {
            for (std::uint64_t n = 0; n < operations; ++n) simulation.operation();
            simulation.drain();
        } catch (const std::exception& e) {
            ++failures;
            std::printf("\nFAILED: %s\n  seed %llu, operation %d (%s); again: "
                        "%s --seed %llu --operations %llu --verbose\n",
                        e.what(), static_cast<unsigned long long>(seed), simulation.index(), simulation.name(), argv[0],
                        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(operations));
        }
        if (failures > 0) simulation.print();
        worst_lag = std::max(worst_lag, simulation.worst_lag());
        for (const auto& [what, count] : simulation.tally()) tally[what] += count;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%llu seeds, %d failures, %.1f s\n", static_cast<unsigned long long>(seeds), failures, took.count());
    std::printf("  greatest fair lag: %.2f of a slice and a quantum\n", worst_lag);
    for (const auto& [what, count] : tally) std::printf("  %s: %lld\n", what.c_str(), static_cast<long long>(count));
    return failures == 0 ? 0 : 1;
}
