#include "hypervisor/impl.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

namespace bioxen {

namespace {

constexpr std::int64_t longest_period_ns = std::int64_t{1} << 50, longest_look_ns = 1'000'000'000;

/// Nothing was recorded, or the recording broke off inside a sample.
bool is_whole(const Trace& trace) noexcept {
    const std::size_t n = trace.size();
    bool whole = trace.proteins.size() == n * trace.gene_count && trace.mrnas.size() == n * trace.gene_count &&
                 trace.resources.size() == n * species::resource_count && trace.cycle.size() == n;
    for (const auto& machine : trace.machines) whole = whole && machine.size() == n;
    return whole;
}

/// Whether what the operating system took was enough to be that late: time that a hard server is charged for comes back at
/// the rate of its budget.
bool explains(const Policy& policy, std::int64_t steal_ns, std::int64_t tardiness_ns) noexcept {
    const bool server = policy.kind == Policy::Kind::deadline && !policy.reclaim;
    const double share = server ? static_cast<double>(policy.budget_ns) / static_cast<double>(policy.period_ns) : 1.0;
    return static_cast<double>(steal_ns) >= share * static_cast<double>(tardiness_ns);
}

/// Does something for a run that ends. What it throws becomes the error of the run, and nothing else.
template <typename Act>
void keep_errors(Run& run, Act&& act) noexcept {
    const auto failed = [&run](const char* what) noexcept {
        run.status = RunStatus::error;
        note(run.cause, what);
    };
    try {
        act();
    } catch (const std::exception& e) {
        failed(e.what());
    } catch (...) {
        failed("an error of an unknown type");
    }
}

}  // namespace

std::int64_t Hypervisor::Impl::pace_period_ns(const Resident& r, const Job& job) const noexcept {
    return r.policy.kind == Policy::Kind::deadline ? r.policy.period_ns : job.pace_period_ns;
}

/// From now on the pace of the first run is measured.
void Hypervisor::Impl::anchor(Resident& r) noexcept {
    if (r.runs.empty()) return;
    Assignment& front = r.runs.front();
    r.paced = front.paced();
    if (!front.paced() || front.anchored) return;
    front.anchored = true;
    front.pace_start_s = r.observed.time_s;
    front.pace_origin_ns = clock.now_ns();
    front.pace_period_ns = pace_period_ns(r, front.job);
    front.pace_index = 0;
    front.steal_when_in_time_ns = steal_ns(r);
}

/// Another policy may hold the run to its pace in other periods: what was due so far stays due.
void Hypervisor::Impl::change_period(const Resident& r, Assignment& a) const noexcept {
    const std::int64_t period_ns = pace_period_ns(r, a.job);
    if (!a.paced() || !a.anchored || period_ns == a.pace_period_ns) return;
    a.pace_start_s += a.job.pace * 1e-9 * static_cast<double>(a.pace_period_ns) * static_cast<double>(a.pace_index);
    a.pace_origin_ns = a.release_ns();
    a.pace_index = 0;
    a.pace_period_ns = period_ns;
}

/// The cell is at rest and held by the caller.
void Hypervisor::Impl::begin(Resident& r, Assignment& a) const {
    CellularContext& cell = *r.cell;
    const double start_s = cell.time_s();
    a.until_s = std::min(a.job.until_s, start_s + a.job.duration_s);
    Run& run = *a.run;
    run.started_s = start_s;
    run.events_before = cell.events();
    run.ledger_before = cell.ledger();
    if (a.job.record) a.recorder.emplace(start_s, std::max(start_s, a.until_s), a.job.every_s);
    a.begun_ns = clock.now_ns();
    run.cpu_ns = -r.cpu_ns;
    a.begun = true;
    if (a.job.before) a.job.before(cell);
}

/// Notes what the cell has come to. It is at rest and held by the caller.
void Hypervisor::Impl::conclude(Resident& r, Assignment& a) const noexcept {
    CellularContext& cell = *r.cell;
    Run& run = *a.run;
    a.concluded = true;
    keep_errors(run, [&] {
        if (!a.begun) {
            a.job.before = nullptr;  // what never began changes nothing
            a.job.after = nullptr;
            begin(r, a);
        }
        if (a.recorder) cell.sample(*a.recorder);
        run.ended_s = cell.time_s();
        run.events_after = cell.events();
        run.ledger_after = cell.ledger();
    });
    keep_errors(run, [&] {
        if (a.job.after) a.job.after(cell);
    });
}

/// Lets the run that has begun see the cell grow older, and ends it at its time. The context is at rest.
void Hypervisor::Impl::record_until(Resident& r, double age_s) noexcept {
    while (!r.runs.empty() && r.runs.front().begun && r.observed.time_s < age_s) {
        Assignment& a = r.runs.front();
        const double bound_s = std::min(age_s, a.until_s);
        keep_errors(*a.run, [&] {
            r.turnstile.look([&] {
                const auto advance = [&] {
                    return a.recorder ? r.cell->advance(bound_s, *a.recorder) : r.cell->advance(bound_s);
                };
                while (advance() == AdvanceStatus::ready_to_divide && r.cell->time_s() < bound_s) {
                }
            });
            observe(r);
        });
        if (r.observed.time_s < a.until_s) return;
        finish(r, RunStatus::completed);
    }
}

/// Ends the first run. The context is at rest.
void Hypervisor::Impl::finish(Resident& r, RunStatus status, std::string_view cause) noexcept {
    Assignment a = std::move(r.runs.front());
    r.runs.pop_front();
    Run& run = *a.run;
    if (run.status == RunStatus::pending) run.status = status;  // else it could not be concluded
    run.on_quota = r.quota.on_quota;
    keep_errors(run, [&] {
        if (run.cause.empty()) run.cause = cause;
    });
    if (r.cell && status != RunStatus::error) {
        if (!a.concluded) r.turnstile.look([&] { conclude(r, a); });
    } else {
        keep_errors(run, [&] {
            run.ended_s = r.observed.time_s;
            run.events_after = run.events_before;
            run.ledger_after = run.ledger_before;
        });
    }
    if (a.begun) {
        run.cpu_ns += r.cpu_ns;
        run.wall_ns = std::max<std::int64_t>(0, clock.now_ns() - a.begun_ns);  // virtual workers differ in time
    }
    if (a.recorder) run.trace = std::move(*a.recorder).trace();
    if (!is_whole(run.trace)) run.trace = {};
    run.finished.store(true, std::memory_order_release);
    rested.notify_all();
}

void Hypervisor::Impl::finish_all(Resident& r, RunStatus status, std::string_view cause) noexcept {
    while (!r.runs.empty()) finish(r, status, cause);
}

/// The cell can no longer be trusted: it is given up, and nobody else is concerned.
void Hypervisor::Impl::fail(Resident& r, const char* cause) noexcept {
    r.context_state = ContextState::error;
    note(r.cause, cause);
    finish_all(r, RunStatus::error, r.cause);
    let_go(r);
    r.turnstile.look([&r] { r.cell.reset(); });
}

/// The cell has come to the target of its period, in time or not.
void Hypervisor::Impl::period_done(Resident& r, Assignment& a, std::int64_t now_ns) noexcept {
    const std::int64_t tardiness_ns = now_ns - a.due_ns();
    ++r.pace_periods;
    ++a.pace_index;
    if (tardiness_ns <= 0) {
        a.steal_when_in_time_ns = steal_ns(r);
        return;
    }
    ++r.pace_misses;
    if (explains(r.policy, steal_ns(r) - a.steal_when_in_time_ns, tardiness_ns)) ++r.misses_by_os;
    r.max_tardiness_ns = std::max(r.max_tardiness_ns, tardiness_ns);
}

std::shared_ptr<Run> Hypervisor::submit(ContextHandle context, Job job) {
    const auto refuse = [](const std::string& what) { throw InputError(InputErrorKind::argument, what); };
    if (!(job.until_s >= 0.0) || !(job.duration_s >= 0.0)) refuse("a job ends at an age, or after a duration, of 0 s or more");
    if (std::min(job.until_s, job.duration_s) > 1e9) refuse("a job needs an end: an age or a duration of at most 1e9 s");
    if (!(job.every_s > 0.0)) refuse("samples are taken at an interval of more than 0 s");
    if (!(job.pace >= 0.0 && job.pace <= 1e9)) refuse("a pace must be more than 0 and at most 1e9; 0 is as fast as it goes");
    if (job.pace_period_ns < 1'000'000 || job.pace_period_ns > longest_period_ns)
        refuse("the period of a pace is at least 1 ms, and at most 13 days");
    auto run = std::make_shared<Run>();
    run->context = context;
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(context);
    Resident& r = *resident;
    if (r.context_state == ContextState::stopped || r.context_state == ContextState::error)
        throw InputError(InputErrorKind::state, "'" + r.name + "' has " +
                                                    (r.cause.empty() ? "been stopped" : "failed: " + r.cause) +
                                                    ": it runs no more");
    r.runs.push_back({});
    r.runs.back().run = run;
    r.runs.back().job = std::move(job);
    r.runs.back().arrival = impl_->arrivals++;
    impl_->reschedule(r);
    return run;
}

void Hypervisor::cancel(const std::shared_ptr<Run>& run) {
    if (run == nullptr || run->finished.load(std::memory_order_acquire)) return;
    Impl::Lock lock{impl_->mutex};
    Impl::ResidentPtr resident;
    try {
        resident = impl_->at(run->context);
    } catch (const InputError&) {
        return;  // destroyed meanwhile: its runs have ended
    }
    const Impl::Rest rest{*impl_, lock, resident};
    auto& runs = resident->runs;
    const auto found = std::find_if(runs.begin(), runs.end(), [&run](const Assignment& a) { return a.run == run; });
    if (found == runs.end()) return;
    // finish() ends the first one: bring it there, and let it not begin
    std::rotate(runs.begin(), found, found + 1);
    impl_->finish(*resident, RunStatus::cancelled);
}

bool Hypervisor::wait(std::span<const std::shared_ptr<Run>> runs, std::int64_t timeout_ns, std::int64_t look_ns) {
    std::size_t first = 0;
    const auto all_finished = [&] {
        while (first < runs.size() && runs[first]->finished.load(std::memory_order_acquire)) ++first;
        return first == runs.size();
    };
    if (all_finished()) return true;
    if (impl_->virtual_clock == nullptr) {
        look_ns = std::clamp<std::int64_t>(look_ns, 0, std::min(timeout_ns, longest_look_ns));
        const std::int64_t until_ns = impl_->clock.now_ns() + look_ns;
        if (look_ns > 0) impl_->prompt_until_ns = until_ns + look_ns;  // who waits for one may soon want another
        while (impl_->clock.now_ns() < until_ns) {
            std::this_thread::yield();  // on one core, to the worker that is waited for
            if (all_finished()) return true;
        }
    }
    return impl_->wait_until(all_finished, timeout_ns);
}

}  // namespace bioxen
