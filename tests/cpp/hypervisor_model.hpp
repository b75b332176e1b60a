#pragma once

#include "designs.hpp"
#include "failing_allocations.hpp"
#include "hypervisor/impl.hpp"
#include "twin.hpp"

#include <bioxen/bioxen.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// What a hypervisor should be like: its contexts, one by one, and the laws that hold between any two operations.
namespace model {

using namespace bioxen;

[[noreturn]] inline void violated(const std::string& law) { throw std::runtime_error(law); }
/// @param parts of the law, put together where it does not hold
template <typename... Parts>
void require(bool holds, const Parts&... parts) {
    if (holds) return;
    std::ostringstream law;
    (law << ... << parts);
    violated(law.str());
}

/// Gives the tests the inside of a hypervisor, which its interface hides.
auto& inside(const Hypervisor& hypervisor);
template <auto member>
struct Inside {
    friend auto& inside(const Hypervisor& hypervisor) { return *(hypervisor.*member); }
};
template struct Inside<&Hypervisor::impl_>;

/// What the callbacks of a job saw.
struct Log {
    bool began = false, ended = false, exhausted = false;
    double began_s = 0.0, ended_s = 0.0;
    Trace trace;
};

/// A job that was handed in.
struct Expected {
    enum class Throws : std::uint8_t { nothing, error, unknown, at_end, unknown_at_end };
    std::shared_ptr<Run> run;
    std::shared_ptr<Log> log;
    double until_s = 0.0, duration_s = 0.0, every_s = 0.0;
    bool record = true;
    Throws throws = Throws::nothing;
};

/// A context as it should be.
struct Guest {
    std::string name;
    ContextHandle handle;
    std::uint64_t ordinal = 0;
    ContextState state = ContextState::created;
    Policy policy;
    std::size_t worker = 0;                             ///< that a deadline policy was admitted to
    Quota quota;
    std::shared_ptr<const Program> base;
    std::shared_ptr<Twin> twin;                         ///< null: it failed
    std::map<double, Capacity> grants;                  ///< from age on
    std::deque<Expected> runs;
    std::int64_t candidates_before = 0, molecules_before = 0, cpu_before_ns = 0;  ///< when it came to the hypervisor

    // since the policy was set
    std::int64_t policy_ns = 0, policy_cpu_ns = 0, policy_stalled_ns = 0;

    /// It holds its part of a chassis.
    [[nodiscard]] bool holds() const { return state != ContextState::stopped && state != ContextState::error; }
    [[nodiscard]] const Capacity& grant(double at_s) const { return std::prev(grants.upper_bound(at_s))->second; }
};
using GuestPtr = std::shared_ptr<Guest>;

inline bool has_ended(const Guest& guest) {
    return guest.state == ContextState::stopped || guest.state == ContextState::error;
}
inline bool is_promised_time(const Guest& guest) {
    return guest.policy.kind == Policy::Kind::deadline && !has_ended(guest);
}
inline double share(const Policy& policy) {
    return static_cast<double>(policy.budget_ns) / static_cast<double>(policy.period_ns);
}

inline bool equal(const Trace& a, const Trace& b) {
    const auto same = [](const MachineCount& x, const MachineCount& y) {
        return x.total == y.total && x.free == y.free && x.active == y.active;
    };
    bool machines = true;
    for (std::size_t k = 0; k < a.machines.size(); ++k)
        machines = machines && std::ranges::equal(a.machines[k], b.machines[k], same);
    return machines && a.time_s == b.time_s && a.proteins == b.proteins && a.mrnas == b.mrnas &&
           a.resources == b.resources;
}

/// A hypervisor beside what it should be.
struct Model {
    std::unique_ptr<Hypervisor> hypervisor;
    std::shared_ptr<VirtualClock> clock;
    std::vector<GuestPtr> guests;                       ///< in the order of their creation
    std::vector<GuestPtr> departed;                     ///< destroyed in the present operation
    std::int64_t imported_cpu_ns = 0;                   ///< used under a hypervisor before this one
    std::size_t checks = 0;
    bool stalled = false;
    double worst_lag = 0.0;                             ///< of slice and quantum together

    [[nodiscard]] std::int64_t quantum_ns() const {
        return static_cast<std::int64_t>(hypervisor->options().quantum + 1) * clock->costs().candidate_ns;
    }
    [[nodiscard]] std::int64_t now_ns() const {
        std::int64_t latest = clock->now_ns();
        for (const auto& worker : inside(*hypervisor).workers) latest = std::max(latest, worker->at_ns);
        return latest;
    }
    [[nodiscard]] std::int64_t earliest_ns() const {
        std::int64_t earliest = clock->now_ns();
        for (const auto& worker : inside(*hypervisor).workers) earliest = std::min(earliest, worker->at_ns);
        return earliest;
    }
    [[nodiscard]] GuestPtr named(const std::string& name) const {
        const auto found = std::ranges::find(guests, name, &Guest::name);
        return found == guests.end() ? nullptr : *found;
    }
    /// The worker that has time for a policy: the one that is wanted, else the first that fits; none.
    [[nodiscard]] std::optional<std::size_t> worker_for(const Policy& policy, const Guest* except = nullptr,
                                                        std::size_t wanted = 0) const {
        std::vector<std::size_t> order(hypervisor->options().workers);
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto place = std::ranges::find(order, wanted);
        if (place != order.end()) std::rotate(order.begin(), place, place + 1);
        for (const std::size_t w : order) {
            double used = 0.0;
            for (const GuestPtr& other : guests) {
                const bool counts = is_promised_time(*other) && other->worker == w;
                if (counts && other.get() != except) used += share(other->policy);
            }
            if (used + share(policy) <= 0.95 + 1e-9) return w;
        }
        return std::nullopt;
    }

    /// Takes note of the runs that have ended. @param out_of_memory an allocation was made to fail meanwhile
    /// @return contexts and runs that failed for want of memory
    int absorb(bool out_of_memory) {
        int failures = 0;
        for (const auto* list : {&guests, &departed}) {
            for (const GuestPtr& guest : *list) failures += absorb(*guest, out_of_memory);
        }
        departed.clear();
        return failures;
    }

    /// All that must hold between two operations.
    /// @param chosen picks whose molecules are compared with its twin's; every fifth time it is its whole state, every
    ///        fiftieth that of all
    void check(std::size_t chosen) {
        const bool all = ++checks % 50 == 0;
        const HypervisorMetrics metrics = hypervisor->metrics();
        check_contexts(metrics);
        check_time(metrics);
        check_chassis();
        for (std::size_t g = 0; g < guests.size(); ++g) {
            if (all || g == chosen % guests.size()) check_cell(*guests[g], all || checks % 5 == 0);
        }
        check_workers();
    }
    /// What the scheduler has before it, for whoever looks for the reason of a failure.
    void print() const {
        const auto& in = inside(*hypervisor);
        std::cout << "  now " << clock->now_ns() << " ns, next timer " << in.scheduler.next_timer_ns() << ", quantum "
                  << quantum_ns() << ", slice " << in.options.slice_ns << '\n';
        for (const auto& worker : in.workers)
            std::cout << "  worker at " << worker->at_ns << " ns: "
                      << (worker->idle ? "idle" : worker->current == nullptr ? "" : worker->current->name) << '\n';
        for (const auto& [name, r] : in.by_name)
            std::cout << "  " << name << ": state " << static_cast<int>(r->context_state) << ", policy "
                      << static_cast<int>(r->policy.kind) << ", weight " << r->policy.weight
                      << ", cap " << r->policy.cap << ", budget " << r->policy.budget_ns << " in "
                      << r->policy.period_ns << ", task " << static_cast<int>(r->Task::state) << " since "
                      << r->ready_since_ns << ", used " << r->cpu_ns << " ns, lag "
                      << in.scheduler.lag_ns(*r, clock->now_ns()) << std::endl;
    }
    void check_all() {
        for (const GuestPtr& guest : guests) check_cell(*guest, true);
    }

private:
    int absorb(Guest& guest, bool out_of_memory) {
        int failures = 0;
        bool failed = false;
        for (auto at = guest.runs.begin(); at != guest.runs.end();) {
            if (!at->run->finished) {
                ++at;
                continue;
            }
            const Expected ended = std::move(*at);
            at = guest.runs.erase(at);
            const Run& run = *ended.run;
            const std::string what = "run of '" + guest.name + "': ";
            if (run.status == RunStatus::error) {
                using enum Expected::Throws;
                const bool no_memory = out_of_memory && run.cause == "std::bad_alloc";
                const bool before = ended.log->began && (ended.throws == error || ended.throws == unknown);
                const bool after = ended.log->ended && (ended.throws == at_end || ended.throws == unknown_at_end);
                const bool with_others = failed || (!ended.log->began && hypervisor_says_error(guest));
                require(no_memory || before || after || with_others, what, "failed without a reason: ", run.cause);
                if (before || after)
                    require(out_of_memory || run.cause == (ended.throws == error || ended.throws == at_end
                                                           ? "planted" : "an error of an unknown type"),
                            what, "failed with another cause: ", run.cause);
                if (hypervisor_says_error(guest)) {
                    if (!failed && no_memory) ++failures;
                    failed = true;
                } else {
                    failures += no_memory ? 1 : 0;
                    require(ended.log->began == ended.log->ended, what, "what follows its end did not");
                    if (after_quota(guest)) take_quota(guest, "");
                }
                continue;
            }
            check_end(guest, ended, what);
        }
        if (failed) {
            guest.state = ContextState::error;
            guest.twin = nullptr;
        }
        return failures;
    }

    [[nodiscard]] bool hypervisor_says_error(const Guest& guest) const {
        for (const auto& [name, handle] : hypervisor->list()) {
            if (handle == guest.handle) return hypervisor->state(handle) == ContextState::error;
        }
        return false;
    }

    void check_end(Guest& guest, const Expected& ended, const std::string& what) {
        const Run& run = *ended.run;
        const double until_s = std::min(ended.until_s, run.started_s + ended.duration_s);
        switch (run.status) {
            case RunStatus::completed:
                require(run.ended_s == std::max(run.started_s, until_s), what, "completed elsewhere than at its end");
                require(ended.log->began && ended.log->ended, what, "completed and did not begin or end");
                break;
            case RunStatus::exhausted:
                require(run.ended_s < until_s && ended.log->exhausted, what, "exhausted, and its twin is not");
                break;
            case RunStatus::quota:
                require(!run.cause.empty(), what, "no cause for its quota");
                require(run.on_quota == guest.quota.on_quota, what, "another consequence than its quota's");
                take_quota(guest, run.cause);
                break;
            case RunStatus::cancelled: require(cancelled == ended.run, what, "nobody cancelled it"); break;
            case RunStatus::stopped:
                require(guest.state == ContextState::stopped || stopping, what, "nobody stopped it");
                break;
            default: violated(what + "it has ended without a status");
        }
        require(ended.log->began == ended.log->ended, what, "what follows its beginning did not");
        require(run.cpu_ns >= 0 && run.wall_ns >= 0, what, "it took less than no time");
        if (!ended.record) return require(run.trace.size() == 0, what, "samples that nobody asked for");
        require(run.trace.size() > 0, what, "no sample at all");
        if (!ended.log->began) return;
        require(run.started_s == ended.log->began_s && run.ended_s == ended.log->ended_s, what, "other ages");
        require(equal(run.trace, ended.log->trace), what, "its samples are not its twin's");
        for (std::size_t k = 0; k + 1 < run.trace.size(); ++k)
            require(run.trace.time_s[k] == run.started_s + (k == 0 ? 0.0 : static_cast<double>(k) * ended.every_s),
                    what, "a sample off the grid");
    }

    [[nodiscard]] bool after_quota(const Guest& guest) const {
        const auto m = metrics_of(guest);
        return m && guest.state == ContextState::running && m->state != guest.state;
    }
    [[nodiscard]] std::optional<ContextMetrics> metrics_of(const Guest& guest) const {
        for (ContextMetrics& m : hypervisor->metrics().contexts) {
            if (m.handle == guest.handle) return std::move(m);
        }
        return std::nullopt;
    }
    /// The context has used a quota, and so its runs have ended.
    void take_quota(Guest& guest, const std::string& cause) const {
        const bool stops = guest.quota.on_quota == OnQuota::stop;
        // the call that found the quota used may have gone further
        if (guest.state == ContextState::running) guest.state = stops ? ContextState::stopped : ContextState::paused;
        const auto m = metrics_of(guest);
        if (!m) return;
        require(uses_up_quota(guest, *m, cause), "'", guest.name, "' ended by a quota that is not used: ", cause);
    }
    /// @param cause which quota; empty: any
    [[nodiscard]] static bool uses_up_quota(const Guest& guest, const ContextMetrics& m, const std::string& cause) {
        const Quota& q = guest.quota;
        const std::int64_t candidates = m.events.candidates - guest.candidates_before;
        const std::int64_t molecules = m.drawn.atp + m.drawn.amino_acids - guest.molecules_before;
        const auto named = [&cause](const char* what) { return cause.empty() || cause == what; };
        return (q.candidates && candidates >= *q.candidates && named("candidate events")) ||
               (q.cpu_ns && m.cpu_ns >= *q.cpu_ns && named("CPU time")) ||
               (q.memory_bytes && m.memory_bytes > *q.memory_bytes && named("memory")) ||
               (q.molecules && molecules >= *q.molecules && named("molecules")) ||
               (q.simulated_s && m.time_s >= *q.simulated_s && named("simulated time"));
    }

    void check_contexts(const HypervisorMetrics& metrics) {
        require(metrics.contexts.size() == guests.size(), "another number of contexts");
        const auto list = hypervisor->list();
        require(list.size() == guests.size(), "another length of the list");
        for (std::size_t g = 0; g < guests.size(); ++g) {
            const Guest& guest = *guests[g];
            const ContextMetrics& m = metrics.contexts[g];
            const std::string who = "'" + guest.name + "': ";
            require(m.name == guest.name && m.handle == guest.handle, who, "another name or handle");
            require(list[g] == std::pair{guest.name, guest.handle}, who, "another name or handle in the list");
            require(m.state == guest.state, who, "in state ", static_cast<int>(m.state),
                                                ", should be in ", static_cast<int>(guest.state));
            const bool rests = m.state == ContextState::paused || m.state == ContextState::stopped;
            const bool explained = m.state == ContextState::error || (rests && uses_up_quota(guest, m, ""));
            require(m.cause.empty() != explained, who, "an error and a used quota need a cause, and only they: ", m.cause);
            require(m.policy == guest.policy, who, "another policy");
            require(m.quota == guest.quota, who, "another quota");
            require(m.runs_waiting == std::ssize(guest.runs), who, "another number of runs");
            require(!m.on_worker || (m.state == ContextState::running && m.runs_waiting > 0), who,
                    "runs, but must not");
            require(m.deadline_misses_by_os <= m.deadline_misses && m.deadline_misses <= m.periods,
                    who, "more misses than periods");
            require(stalled || (m.os_steal_ns == 0 && m.deadline_misses_by_os == 0), who,
                    "blames the system for nothing");
            if (guest.twin != nullptr)
                require(m.os_steal_ns <= guest.twin->stalled_ns &&
                            (m.on_worker || m.os_steal_ns == guest.twin->stalled_ns),
                        who, "stalled for ", guest.twin->stalled_ns, " ns, accounted are ",
                            m.os_steal_ns);
            check_quota(guest, m, who);
            check_budget(guest, m, who);
        }
    }

    void check_quota(const Guest& guest, const ContextMetrics& m, const std::string& who) const {
        const Quota& quota = guest.quota;
        if (guest.twin == nullptr) return;
        std::int64_t candidates = 0;
        double age_s = 0.0;
        hypervisor->look(guest.handle, [&](const CellularContext& cell) {
            candidates = cell.events().candidates - guest.candidates_before;
            age_s = cell.time_s();
        });
        require(!quota.candidates || candidates <= *quota.candidates, who, "more candidates than its quota");
        require(!quota.simulated_s || age_s <= *quota.simulated_s, who, "older than its quota");
        require(!quota.cpu_ns || m.cpu_ns <= std::max(*quota.cpu_ns, guest.cpu_before_ns) + quantum_ns() +
                                                 guest.twin->stalled_ns,
                who, "more CPU time than its quota and a quantum");
    }

    /// A constant-bandwidth server: a budget for every period that begins in an interval, and what was left before.
    void check_budget(const Guest& guest, const ContextMetrics& m, const std::string& who) const {
        if (guest.policy.kind != Policy::Kind::deadline || guest.policy.reclaim || guest.twin == nullptr) return;
        const std::int64_t periods = (now_ns() - guest.policy_ns) / guest.policy.period_ns + 2;
        const std::int64_t used = m.cpu_ns - guest.policy_cpu_ns - (guest.twin->stalled_ns - guest.policy_stalled_ns);
        require(used <= periods * guest.policy.budget_ns + quantum_ns(),
                who, "used ", used, " ns in ", periods, " periods");
    }

    void check_time(const HypervisorMetrics& metrics) const {
        std::int64_t used = metrics.departed_cpu_ns - imported_cpu_ns, worked = 0;
        for (const ContextMetrics& m : metrics.contexts) used += m.cpu_ns;
        std::vector<double> shares(metrics.workers.size());
        for (const GuestPtr& guest : guests) {
            if (is_promised_time(*guest)) shares.at(guest->worker) += share(guest->policy);
        }
        for (std::size_t w = 0; w < metrics.workers.size(); ++w) {
            const WorkerMetrics& m = metrics.workers[w];
            require(m.context_ns + m.overhead_ns + m.idle_ns == m.total_ns, "the accounts of a worker do not tile");
            require(m.context_ns >= 0 && m.overhead_ns >= 0 && m.idle_ns >= 0, "an account of a worker is negative");
            require(std::abs(m.deadline_share - shares[w]) < 1e-9, "a worker has admitted others than it should have");
            require(m.deadline_share <= 0.95 + 1e-9, "a worker has promised more time than it may");
            worked += m.context_ns;
        }
        require(used == worked, "contexts were charged ", used, " ns, workers spent ",
                                    worked);
    }

    /// At every age that anyone is yet to reach, all that is held together must be there.
    void check_chassis() const {
        const auto& chassis = inside(*hypervisor).chassis;
        if (!chassis) return;
        double youngest_s = Job::never_s;
        std::vector<double> ages;
        const auto holding = std::ranges::count_if(guests, [](const GuestPtr& guest) { return guest->holds(); });
        require(std::ssize(chassis->holders()) == holding, "others hold of the chassis than there are");
        for (const GuestPtr& guest : guests) {
            if (!guest->holds()) {
                if (guest->twin != nullptr) guest->twin->grants.clear();
                continue;
            }
            const Chassis::Holder& holder = chassis->holders().at(guest->ordinal);
            youngest_s = std::min(youngest_s, holder.reached_s);
            for (const auto& [at_s, capacity] : guest->grants) ages.push_back(at_s);
            for (const Chassis::Step& step : holder.steps)
                if (step.from_s > holder.reached_s)
                    require(step.granted == guest->grant(step.from_s), "'", guest->name, "': another grant to come");
            require(chassis->grant(guest->ordinal, holder.reached_s) == guest->grant(holder.reached_s),
                    "'", guest->name, "': another grant");
        }
        if (chassis->holders().empty()) return;
        // ages that all have left behind are over: what holds after them counts as having held before
        for (const GuestPtr& guest : guests) {
            if (!guest->holds()) continue;
            auto& grants = guest->grants;
            const auto present = std::prev(grants.upper_bound(youngest_s));
            if (present == grants.begin()) continue;
            grants[0.0] = present->second;
            grants.erase(std::next(grants.begin()), std::next(present));
        }
        std::erase_if(ages, [youngest_s](double at_s) { return at_s < youngest_s; });
        ages.push_back(youngest_s);
        for (const double at_s : ages) {
            for (std::size_t k = 0; k < capacity_members.size(); ++k) {
                const auto member = capacity_members[k];
                std::int64_t held = 0;
                for (const GuestPtr& guest : guests) held += guest->holds() ? guest->grant(at_s).*member : 0;
                require(held <= chassis->total().*member - chassis->overhead().*member,
                        "more ", capacity_names[k], " are held than there are");
            }
        }
    }

    void check_cell(Guest& guest, bool thoroughly) {
        if (guest.twin == nullptr) return;
        hypervisor->look(guest.handle, [&](const CellularContext& cell) {
            const std::string who = "'" + guest.name + "': ";
            const auto pools = cell.resources();
            for (const std::int64_t n : pools) require(n >= 0, who, "a pool is negative");
            guest.twin->follow(cell);
            require(pools == guest.twin->cell.resources() && cell.proteins() == guest.twin->cell.proteins(), who,
                    "its molecules are not its twin's");
            if (thoroughly) {
                require(guest.twin->equals(cell), who, "its trajectory is not its twin's");
                require(cell.audit().ok(), who, "molecules do not balance");
            }
            if (!inside(*hypervisor).chassis || !guest.holds() || !guest.twin->grants.empty()) return;
            require(capacity_of(cell.program().organism()) == guest.grant(cell.time_s()), who, "not what was granted");
        });
    }

    /// Nobody waits for a worker that sleeps, and nobody gets much less or more than his due.
    void check_workers() {
        const auto& in = inside(*hypervisor);
        std::ptrdiff_t asleep = 0, looking = 0, waiting = 0;
        for (const auto& worker : in.workers) (worker->idle ? asleep : looking) += worker->current == nullptr ? 1 : 0;
        for (const auto& [name, resident] : in.by_name) {
            if (resident->state == Task::State::ready) {
                if (resident->policy.kind == Policy::Kind::deadline)
                    require(!in.workers[resident->worker]->idle, "'", name, "' is ready, and its worker sleeps");
                else
                    ++waiting;
            }
            const bool joined = resident->state == Task::State::ready || resident->state == Task::State::running;
            if (!joined || resident->policy.kind != Policy::Kind::fair) continue;
            // what a switch costs is served time, too; several workers are each a quantum ahead, and differ in time
            const VirtualClock::Costs& costs = clock->costs();
            const std::int64_t turn_ns = quantum_ns() + costs.switch_ns;
            const auto workers = static_cast<std::int64_t>(in.workers.size());
            const std::int64_t ahead = workers == 1 ? turn_ns : (workers + 1) * (turn_ns + costs.spread_ns);
            const double lag = std::abs(in.scheduler.lag_ns(*resident, clock->now_ns()));
            if (stalled || in.options.cooperative) continue;
            worst_lag = std::max(worst_lag, lag / static_cast<double>(in.options.slice_ns + ahead));
            // who comes back with what he is owed moves the others by as much
            require(worst_lag <= 2.0, "'", name, "' is ", lag, " ns of service from its due");
        }
        require(asleep == 0 || waiting <= looking, "someone is ready, and a worker sleeps");
    }

public:
    std::shared_ptr<Run> cancelled;                     ///< by the present operation
    bool stopping = false;                              ///< the present operation ends all runs
};

}  // namespace model
