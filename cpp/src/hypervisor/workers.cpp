#include "hypervisor/impl.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>

namespace bioxen {

namespace {

/// Longest wait at a time: keeps the sum of clock and timeout from overflowing.
constexpr std::int64_t longest_wait_ns = 3'600'000'000'000;

}  // namespace

void Hypervisor::Impl::tile(Worker& worker, std::int64_t Worker::* account, std::int64_t now_ns) const noexcept {
    const std::int64_t now = std::max(now_ns, worker.last_ns);
    worker.*account += now - worker.last_ns;
    worker.last_ns = now;
}

/// What the operating system took of the workers that may run this context.
std::int64_t Hypervisor::Impl::steal_ns(const Resident& r) const noexcept {
    if (r.policy.kind == Policy::Kind::deadline) return workers[r.worker]->os_steal_ns;
    std::int64_t sum = 0;
    for (const auto& worker : workers) sum += worker->os_steal_ns;
    return sum;
}

/// Makes a worker look for something to run, or for something more urgent than what it runs.
void Hypervisor::Impl::call(std::size_t wanted) noexcept {
    Worker* worker = nullptr;
    if (wanted != Scheduler::any_worker) {
        worker = workers[wanted].get();
        worker->attention = true;
    } else {
        for (const auto& other : workers) {
            if (other->idle && (worker == nullptr || other->awake)) worker = other.get();
        }
    }
    if (worker == nullptr || !worker->idle) return;
    worker->idle = false;
    if (virtual_clock != nullptr)
        worker->at_ns = std::max(worker->at_ns, clock.now_ns());
    else if (!worker->awake.exchange(false))
        worker->wake.notify_one();
}

void Hypervisor::Impl::publish_timer() noexcept {
    const std::int64_t next = scheduler.next_timer_ns();
    if (next < next_timer_ns.exchange(next)) call(Scheduler::any_worker);
}

/// The age at which the cell must stop, be it only to be looked at.
double Hypervisor::Impl::bound_s(const Resident& r) const noexcept {
    const Assignment& a = *r.under_way;
    double bound = std::min(a.until_s, a.target_s());
    if (r.quota.simulated_s) bound = std::min(bound, *r.quota.simulated_s);
    if (!r.grants.empty()) bound = std::min(bound, r.grants.front().at_s);
    return bound;
}

Hypervisor::Impl::Outcome Hypervisor::Impl::quantum(const Worker& worker, Resident& r) const {
    Outcome outcome;
    outcome.leaves = true;
    try {
        r.turnstile.run([&] {
            Assignment& a = *r.under_way;
            CellularContext& cell = *r.cell;
            if (!a.begun) begin(r, a);
            if (quota_used(r) != nullptr) {  // before this slice: it was resumed all the same
                outcome.at_quota = true;
                outcome.observed = observed(cell);
                return;
            }
            if (worker.is_cold) cell.prefetch();
            std::uint64_t fuel = options.quantum;
            const Quota& quota = r.quota;
            const std::int64_t before = cell.events().candidates;
            if (quota.candidates) {
                const std::int64_t left = *quota.candidates - (before - r.candidates_before);
                fuel = std::min(fuel, static_cast<std::uint64_t>(left));
            }
            const double bound = bound_s(r);
            outcome.status = a.recorder ? cell.advance(bound, *a.recorder, fuel) : cell.advance(bound, fuel);
            if (cell.time_s() >= a.until_s) conclude(r, a);  // here, where nobody else waits for it
            if (quota.candidates && cell.events().candidates - r.candidates_before >= *quota.candidates)
                outcome.at_quota = true;
            if (quota.molecules && molecules_used(r, cell.drawn()) >= *quota.molecules)
                outcome.at_quota = true;
            if (virtual_clock != nullptr)
                virtual_clock->work_ns((cell.events().candidates - before + 1) * virtual_clock->costs().candidate_ns);
            const std::int64_t now = clock.now_ns();
            outcome.leaves = outcome.status != AdvanceStatus::preempted || outcome.at_quota || now >= worker.slice_end_ns ||
                             r.leave.load(std::memory_order_relaxed) ||
                             worker.attention.load(std::memory_order_relaxed) ||
                             now >= next_timer_ns.load(std::memory_order_relaxed);
            // here, where nobody waits for it but who looks at this very cell
            if (outcome.leaves) outcome.observed = observed(cell);
        });
    } catch (const std::exception& e) {
        note(outcome.failure, *e.what() == '\0' ? "an error without a message" : e.what());
    } catch (...) {
        note(outcome.failure, "an error of an unknown type");
    }
    outcome.now_ns = clock.now_ns();
    if (outcome.leaves) outcome.thread_cpu_ns = clock.thread_cpu_ns();
    return outcome;
}

/// Which quota the context has used, in words; null: none.
const char* Hypervisor::Impl::quota_used(const Resident& r) const noexcept {
    const Quota& quota = r.quota;
    if (quota.candidates && r.observed.events.candidates - r.candidates_before >= *quota.candidates)
        return "candidate events";
    if (quota.cpu_ns && r.cpu_ns >= *quota.cpu_ns) return "CPU time";
    if (quota.memory_bytes && r.observed.memory_bytes > *quota.memory_bytes) return "memory";
    if (quota.molecules && molecules_used(r, r.observed.drawn) >= *quota.molecules) return "molecules";
    if (quota.simulated_s && r.observed.time_s >= *quota.simulated_s) return "simulated time";
    return nullptr;
}

/// Gives the worker something to run. @param preferred what it ran, if it shall go on with that
/// @return false if there is nothing
bool Hypervisor::Impl::dispatch(Worker& worker, Resident* preferred) {
    worker.attention = false;
    const std::int64_t now = clock.now_ns();
    Task* const task = closing ? nullptr : scheduler.pick(worker.index, now, preferred);
    publish_timer();
    if (virtual_clock != nullptr && task != nullptr) virtual_clock->work_ns(virtual_clock->costs().switch_ns);
    const std::int64_t before = worker.last_ns;
    tile(worker, &Worker::overhead_ns, clock.now_ns());
    worker.slice_start_cpu_ns = clock.thread_cpu_ns();
    const std::int64_t steal =
        std::max<std::int64_t>(0, worker.last_ns - before - (worker.slice_start_cpu_ns - worker.seen_cpu_ns));
    worker.overhead_os_steal_ns += steal;
    worker.os_steal_ns += steal;
    if (task == nullptr) return false;
    Resident& r = static_cast<Resident&>(*task);
    worker.current = slots[r.handle.slot].resident;
    r.on_worker = true;
    r.under_way = &r.runs.front();
    const std::int64_t waited = std::max<std::int64_t>(0, now - r.ready_since_ns);
    r.wait_ns += waited;
    r.dispatch.add(waited);
    worker.is_cold = worker.previous != r.handle;
    if (worker.is_cold) ++r.switches;
    worker.previous = r.handle;
    ++worker.slices;
    worker.slice_end_ns = r.slice_end_ns;
    if (options.cooperative) worker.slice_end_ns = now + options.slice_ns;  // to bring its account up to date
    if (r.quota.cpu_ns) {
        const std::int64_t left = std::max<std::int64_t>(1, *r.quota.cpu_ns - r.cpu_ns);
        worker.slice_end_ns = std::min(worker.slice_end_ns, now + left);
    }
    return true;
}

/// Puts what the slice came to into the books, and decides what becomes of the run.
void Hypervisor::Impl::look_back(Resident& r, const Outcome& outcome) {
    if (!outcome.failure.empty()) return fail(r, outcome.failure.c_str());
    r.observed = outcome.observed;
    if (chassis) chassis->reached(r.ordinal, r.observed.time_s);
    if (!r.grants.empty() && r.observed.time_s >= r.grants.front().at_s) apply_grants(r);
    if (r.runs.empty()) return;
    Assignment& a = r.runs.front();
    if (!a.begun) return;
    const bool reached = r.observed.time_s >= a.until_s;
    if (a.paced() && (reached || r.observed.time_s >= a.target_s())) period_done(r, a, outcome.now_ns);
    if (reached) {
        finish(r, RunStatus::completed);
    } else if (const char* const used = quota_used(r)) {
        r.context_state = r.quota.on_quota == OnQuota::stop ? ContextState::stopped : ContextState::paused;
        finish_all(r, RunStatus::quota, used);
        if (has_ended(r.context_state)) let_go(r);
    } else if (outcome.status == AdvanceStatus::exhausted &&
               (r.grants.empty() || r.observed.cycle.phase == Phase::dead)) {  // who is dead comes to no grant
        finish(r, RunStatus::exhausted);
    } else if (outcome.status == AdvanceStatus::ready_to_divide) {
        finish(r, RunStatus::divided);  // whoever asked for the run decides whether it divides
    }
}

/// Takes the context off its worker. The cell is between two quanta.
void Hypervisor::Impl::release(Worker& worker, const Outcome& outcome) noexcept {
    const ResidentPtr resident = std::move(worker.current);
    worker.current = nullptr;
    Resident& r = *resident;
    // what follows, waiting for the lock included, is not on the context's account
    const std::int64_t now = std::max(outcome.now_ns, worker.last_ns);
    const std::int64_t spent = now - worker.last_ns;
    tile(worker, &Worker::context_ns, now);
    r.cpu_ns += spent;
    worker.seen_cpu_ns = outcome.thread_cpu_ns;
    const std::int64_t steal = std::max<std::int64_t>(0, spent - (outcome.thread_cpu_ns - worker.slice_start_cpu_ns));
    r.os_steal_ns += steal;
    worker.os_steal_ns += steal;
    r.on_worker = false;
    r.under_way = nullptr;
    scheduler.charge(r, now);
    try {
        look_back(r, outcome);
    } catch (const std::exception& e) {
        fail(r, e.what());
    }
    if (r.misses > r.seen_misses) {
        if (steal_ns(r) - r.steal_seen_ns >= r.tardiness_ns) r.misses_by_os += r.misses - r.seen_misses;
        r.max_tardiness_ns = std::max(r.max_tardiness_ns, r.tardiness_ns);
        r.seen_misses = r.misses;
    }
    r.steal_seen_ns = steal_ns(r);
    if (!has_work(r)) {
        scheduler.block(r, now);
    } else {
        anchor(r);
        const Assignment& front = r.runs.front();
        r.arrival = front.arrival;
        if (front.paced() && now < front.release_ns())
            scheduler.sleep(r, now, front.release_ns());
        else
            scheduler.put_back(r, now);
    }
    publish_timer();
    if (r.leave.exchange(false)) {
        preemption.add(now - r.leave_since_ns);
        rested.notify_all();
    }
}

/// One quantum of the worker's context, and what follows from it.
void Hypervisor::Impl::turn(Worker& worker) {
    Resident& r = *worker.current;
    const Run* const run = r.under_way->run.get();
    const Outcome outcome = quantum(worker, r);
    worker.is_cold = false;
    if (!outcome.leaves) return;
    Lock lock = virtual_clock == nullptr ? Lock{mutex} : Lock{};
    release(worker, outcome);
    const bool goes_on = options.cooperative && r.state == Task::State::ready && r.runs.front().run.get() == run;
    (void)dispatch(worker, goes_on ? &r : nullptr);
}

/// Stays awake while somebody waits for short runs: to be woken on an idle core takes as long as such a run.
void Hypervisor::Impl::look(Worker& worker, Lock& lock) {
    const auto until_ns = [this] { return std::min(prompt_until_ns.load(), next_timer_ns.load()); };
    if (clock.now_ns() >= until_ns()) return;
    worker.awake = true;
    lock.unlock();
    while (worker.awake && clock.now_ns() < until_ns()) std::this_thread::yield();
    lock.lock();
    worker.awake = false;
}

/// What a worker's thread does.
void Hypervisor::Impl::work(Worker& worker) {
    for (;;) {
        while (worker.current != nullptr) turn(worker);
        Lock lock{mutex};
        if (dispatch(worker, nullptr)) continue;
        if (closing) return;
        worker.idle = true;
        look(worker, lock);
        const std::int64_t next = scheduler.next_timer_ns();
        const auto woken = [&] { return !worker.idle || closing; };
        if (next == INT64_MAX) {
            worker.wake.wait(lock, woken);
        } else {
            const std::int64_t now = clock.now_ns();
            const std::int64_t wait_ns = std::clamp<std::int64_t>(next - now, 0, longest_wait_ns);
            worker.wake.wait_for(lock, std::chrono::nanoseconds{wait_ns}, woken);
        }
        worker.idle = false;
        tile(worker, &Worker::idle_ns, clock.now_ns());
        worker.seen_cpu_ns = clock.thread_cpu_ns();
    }
}

/// On a virtual clock: a turn of the worker whose time is earliest. The lock is held.
bool Hypervisor::Impl::step() {
    VirtualClock& time = *virtual_clock;
    std::int64_t earliest = INT64_MAX;
    Worker* sleeper = nullptr;
    for (const auto& worker : workers) {
        if (!worker->idle) earliest = std::min(earliest, worker->at_ns);
        if (worker->idle && (sleeper == nullptr || worker->at_ns < sleeper->at_ns)) sleeper = worker.get();
    }
    const std::int64_t timer = scheduler.next_timer_ns();
    if (sleeper != nullptr && timer != INT64_MAX && std::max(timer, sleeper->at_ns) <= earliest) {
        // somebody idle is there to see to it
        sleeper->idle = false;
        sleeper->at_ns = earliest = std::max(timer, sleeper->at_ns);
    }
    if (earliest == INT64_MAX) return false;
    const auto is_next = [&](const Worker& worker) {
        return !worker.idle && worker.at_ns - earliest <= time.costs().spread_ns;
    };
    std::uint64_t ready = 0;
    for (const auto& worker : workers) ready += is_next(*worker) ? 1 : 0;
    std::uint64_t chosen = ready > 1 ? time.pick(ready) : 0;
    for (const auto& worker : workers) {
        if (!is_next(*worker) || chosen-- > 0) continue;
        time.set_ns(worker->at_ns, worker->cpu_ns);
        if (worker->last_ns < time.now_ns() && worker->current == nullptr)
            tile(*worker, &Worker::idle_ns, time.now_ns());
        if (worker->current != nullptr)
            turn(*worker);
        else if (!dispatch(*worker, nullptr))
            worker->idle = true;
        worker->at_ns = time.now_ns();
        worker->cpu_ns = time.thread_cpu_ns();
        return true;
    }
    return false;
}

/// Waits for what workers do; on a virtual clock, does it. @param done called with the lock held
bool Hypervisor::Impl::wait_until(const std::function<bool()>& done, std::int64_t timeout_ns) {
    Lock lock{mutex};
    if (virtual_clock != nullptr) {
        const std::int64_t now = clock.now_ns();
        const std::int64_t end = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
        while (!done()) {
            if (clock.now_ns() >= end || !step()) return done();
        }
        return true;
    }
    while (timeout_ns > longest_wait_ns) {
        if (rested.wait_for(lock, std::chrono::nanoseconds{longest_wait_ns}, done)) return true;
        timeout_ns -= longest_wait_ns;
    }
    return rested.wait_for(lock, std::chrono::nanoseconds{std::max<std::int64_t>(0, timeout_ns)}, done);
}

}  // namespace bioxen
