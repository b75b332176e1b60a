#include "hypervisor/scheduler.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace bioxen {

namespace {

constexpr std::int64_t shortest_period_ns = 1'000'000;
constexpr std::int64_t longest_period_ns = std::int64_t{1} << 50;  // thirteen days

double share_of(const Policy& policy) noexcept {
    return static_cast<double>(policy.budget_ns) / static_cast<double>(policy.period_ns);
}

[[noreturn]] void refuse(const std::string& what) { throw InputError(InputErrorKind::argument, what); }

/// When the task will have been due what it has had in this period (Lipari and Baruah 2000).
std::int64_t zero_lag_ns(const Task& task) noexcept {
    const double unspent_ns = static_cast<double>(std::max<std::int64_t>(0, task.budget_left_ns));
    return task.deadline_ns - static_cast<std::int64_t>(unspent_ns / share_of(task.policy));
}

/// What a cap leaves a task of each window.
std::int64_t window_ns(double cap) noexcept {
    return static_cast<std::int64_t>(cap * static_cast<double>(Scheduler::cap_window_ns));
}

std::string milliseconds(std::int64_t ns) {
    std::string text = std::to_string(static_cast<double>(ns) * 1e-6);
    return text.substr(0, text.find('.') + 4) + " ms";
}

std::string percent(double share) {
    const auto tenths = static_cast<std::int64_t>(share * 1000.0 + 1e-6);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

}  // namespace

Scheduler::Scheduler(const Options& options, std::function<void(std::size_t)> attention)
    : options_(options),
      attention_(std::move(attention)),
      workers_(options.workers),
      fair_(options.workers, options.slice_ns) {}

void Scheduler::check(const Policy& policy) const {
    switch (policy.kind) {
        case Policy::Kind::fair:
            if (!(policy.weight >= 1e-6 && policy.weight <= 1e6))
                refuse("a weight of " + std::to_string(policy.weight) + " is out of range: give 1e-6 to 1e6");
            if (!(policy.cap >= 0.001 && policy.cap <= 1.0))
                refuse("a cap of " + std::to_string(policy.cap) +
                       " is out of range: it is the most of one worker, from 0.001 to 1");
            return;
        case Policy::Kind::deadline:
            if (options_.cooperative)
                refuse("the deadline policy needs preemption, and this hypervisor is cooperative");
            if (policy.period_ns < shortest_period_ns || policy.period_ns > longest_period_ns)
                refuse("a period of " + milliseconds(policy.period_ns) + " is out of range: give at least 1 ms");
            if (policy.budget_ns <= 0)
                refuse("a budget of " + milliseconds(policy.budget_ns) + " is none: give more than 0");
            if (policy.budget_ns > policy.period_ns)
                refuse("a budget of " + milliseconds(policy.budget_ns) + " exceeds the period of " +
                       milliseconds(policy.period_ns) + ": give at most the period");
            return;
        case Policy::Kind::batch: return;
    }
    refuse("there is no such policy");
}

double Scheduler::worker_share(std::size_t worker) const noexcept {
    double sum = 0.0;
    for (const Task* task : workers_[worker].admitted) sum += share_of(task->policy);
    return sum;
}

std::size_t Scheduler::worker_for(const Policy& policy, const Task* except, std::size_t wanted) const {
    const auto used = [&](std::size_t w) {
        double sum = 0.0;
        for (const Task* task : workers_[w].admitted) sum += task == except ? 0.0 : share_of(task->policy);
        return sum;
    };
    const auto fits = [&](std::size_t w) { return used(w) + share_of(policy) <= deadline_share + 1e-9; };
    if (wanted < workers_.size() && fits(wanted)) return wanted;
    std::string shares;
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        if (fits(w)) return w;
        shares += (w == 0 ? "" : ", ") + percent(std::max(0.0, deadline_share - used(w)));
    }
    throw InputError(InputErrorKind::allocation, "no worker has " + percent(share_of(policy)) + " of its time free (" +
                                                     milliseconds(policy.budget_ns) + " every " +
                                                     milliseconds(policy.period_ns) + "); free are " + shares +
                                                     ": ask for less, or give the hypervisor more workers");
}

void Scheduler::admit(Task& task, const Policy& policy, std::int64_t now_ns, std::size_t wanted) {
    check(policy);
    const std::size_t worker = policy.kind == Policy::Kind::deadline ? worker_for(policy, nullptr, wanted) : 0;
    // room for everything that may become of the task, so that nothing after this can fail
    fair_.reserve(tasks_ + 1);
    batch_.reserve(tasks_ + 1);
    timers_.reserve(tasks_ + 1);
    for (Worker& w : workers_) {
        w.ready.reserve(tasks_ + 1);
        w.spent.reserve(tasks_ + 1);
        w.admitted.reserve(tasks_ + 1);
    }
    ++tasks_;
    task.policy = policy;
    task.state = Task::State::blocked;
    task.lag_ns = 0.0;
    task.budget_left_ns = task.deadline_ns = 0;
    task.cap_left_ns = task.cap_window_end_ns = 0;
    task.window_cap = policy.cap;
    if (policy.kind != Policy::Kind::deadline) return;
    task.worker = worker;
    Worker& own = workers_[worker];
    own.admitted.push_back(&task);
    if (own.leaving_until_ns <= now_ns)
        own.leaving_share = 0.0;
    else if (worker_share(worker) + own.leaving_share > deadline_share + 1e-9)
        task.deadline_ns = own.leaving_until_ns;
}

void Scheduler::resign(Task& task, std::int64_t now_ns) noexcept {
    if (task.policy.kind != Policy::Kind::deadline) return;
    Worker& own = workers_[task.worker];
    if (std::erase(own.admitted, &task) == 0) return;
    if (own.leaving_until_ns <= now_ns) own.leaving_share = 0.0;
    if (zero_lag_ns(task) > now_ns) own.leaving_share += share_of(task.policy);
    own.leaving_until_ns = std::max(own.leaving_until_ns, zero_lag_ns(task));
}

void Scheduler::retire(Task& task, std::int64_t now_ns) noexcept {
    block(task, task.charged_until_ns);
    resign(task, now_ns);
    task.state = Task::State::out;
    --tasks_;
}

void Scheduler::change_policy(Task& task, const Policy& policy, std::int64_t now_ns) {
    check(policy);
    const std::size_t to = policy.kind == Policy::Kind::deadline ? worker_for(policy, &task, any_worker) : any_worker;
    const Task::State before = task.state;
    const std::int64_t timer_ns = task.timer_ns;
    retire(task, now_ns);
    const Task was = task;
    admit(task, policy, now_ns, to);
    // what it owes, it owes under any policy
    task.lag_ns = was.lag_ns;
    if (is_capped(was) && is_capped(task) && now_ns < was.cap_window_end_ns) {
        task.cap_window_end_ns = was.cap_window_end_ns;
        task.cap_left_ns = was.cap_left_ns + window_ns(policy.cap) - window_ns(was.policy.cap);
        task.window_cap = std::max(policy.cap, was.window_cap);
    }
    task.budget_left_ns = std::min<std::int64_t>(0, was.budget_left_ns);
    const bool was_server = was.policy.kind == Policy::Kind::deadline;
    task.deadline_ns = std::max(task.deadline_ns, was_server ? zero_lag_ns(was) : was.deadline_ns);
    if (before == Task::State::sleeping)
        sleep(task, now_ns, timer_ns);
    else if (before != Task::State::blocked)
        make_ready(task, now_ns);
}

void Scheduler::set_timer(Task& task, std::int64_t at_ns) noexcept {
    clear_timer(task);
    task.timer_ns = at_ns;
    timers_.add(task, at_ns);
}

void Scheduler::clear_timer(Task& task) noexcept {
    if (timers_.holds(task)) timers_.remove(task);
}

/// Puts a task that has something to do where it waits for its worker, or for its next budget.
void Scheduler::enqueue(Task& task, std::int64_t now_ns) noexcept {
    task.state = Task::State::ready;
    task.ready_since_ns = now_ns;
    switch (task.policy.kind) {
        case Policy::Kind::fair:
            if (is_capped(task) && task.cap_left_ns <= 0) {
                task.state = Task::State::throttled;
                set_timer(task, task.cap_window_end_ns);
                return;
            }
            fair_.join(task);
            break;
        case Policy::Kind::batch: batch_.add(task, task.arrival); break;
        case Policy::Kind::deadline:
            set_timer(task, task.deadline_ns);
            if (task.budget_left_ns <= 0) {
                task.state = Task::State::throttled;
                if (!task.policy.reclaim) return;
                workers_[task.worker].spent.add(task, task.deadline_ns);
                if (workers_[task.worker].running == nullptr) attention_(task.worker);
                return;
            }
            workers_[task.worker].ready.add(task, task.deadline_ns);
            attention_(task.worker);
            return;
    }
    call_any();
}

/// There is something that any worker may run: one that runs nothing, or else one whose task nobody is promised.
void Scheduler::call_any() noexcept {
    std::size_t called = any_worker;
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        if (workers_[w].running == nullptr) return attention_(any_worker);
        if (workers_[w].running->gleans) called = w;
    }
    attention_(called);
}

/// A running task is charged and leaves its worker.
void Scheduler::off_worker(Task& task, std::int64_t now_ns) noexcept {
    charge(task, now_ns);
    task.gleans = false;
    for (Worker& w : workers_) {
        if (w.running == &task) w.running = nullptr;
    }
}

/// Takes a task out of all queues but the timers.
void Scheduler::dequeue(Task& task, std::int64_t now_ns) noexcept {
    const Policy::Kind kind = task.policy.kind;
    if (task.state == Task::State::running) {
        off_worker(task, now_ns);
        if (kind == Policy::Kind::fair) fair_.leave(task);
    } else if (task.state == Task::State::ready) {
        if (kind == Policy::Kind::fair) fair_.leave(task);
        if (kind == Policy::Kind::batch) batch_.remove(task);
        if (kind == Policy::Kind::deadline) workers_[task.worker].ready.remove(task);
    } else if (task.state == Task::State::throttled) {
        glean_no_more(task);
    }
}

void Scheduler::glean_no_more(Task& task) noexcept {
    auto& spent = workers_[task.worker].spent;
    if (task.policy.kind == Policy::Kind::deadline && spent.holds(task)) spent.remove(task);
}

void Scheduler::make_ready(Task& task, std::int64_t now_ns) noexcept {
    if (task.state != Task::State::blocked && task.state != Task::State::sleeping) return;
    clear_timer(task);
    if (task.policy.kind == Policy::Kind::deadline) {
        // The server keeps budget and deadline if together they do not exceed its share, else it starts a new period.
        const std::int64_t left_ns = task.deadline_ns - now_ns;
        const bool fits = left_ns > 0 && static_cast<double>(task.budget_left_ns) <=
                                             static_cast<double>(left_ns) * share_of(task.policy);
        if (!fits) {
            task.deadline_ns = now_ns + task.policy.period_ns;
            task.budget_left_ns = task.policy.budget_ns + std::min<std::int64_t>(0, task.budget_left_ns);
            if (!task.paced) ++task.periods;
        }
    }
    if (is_capped(task) && now_ns >= task.cap_window_end_ns) next_window(task, now_ns);
    enqueue(task, now_ns);
}

void Scheduler::block(Task& task, std::int64_t now_ns) noexcept {
    if (task.state == Task::State::out) return;
    dequeue(task, now_ns);
    clear_timer(task);
    task.state = Task::State::blocked;
}

void Scheduler::sleep(Task& task, std::int64_t now_ns, std::int64_t until_ns) noexcept {
    block(task, now_ns);
    task.state = Task::State::sleeping;
    set_timer(task, until_ns);
}

bool Scheduler::batch_wants() const noexcept {
    const auto runs_batch = [](const Worker& w) {
        return w.running != nullptr && w.running->policy.kind == Policy::Kind::batch;
    };
    return !batch_.empty() || std::any_of(workers_.begin(), workers_.end(), runs_batch);
}

std::int64_t Scheduler::uncharged_fair_ns(std::int64_t now_ns) const noexcept {
    std::int64_t sum = 0;
    for (const Worker& w : workers_) {
        if (w.running != nullptr && w.running->policy.kind == Policy::Kind::fair)
            sum += std::max<std::int64_t>(0, now_ns - w.running->charged_until_ns);
    }
    return sum;
}

double Scheduler::lag_ns(const Task& task, std::int64_t now_ns) const noexcept {
    const double share = fair_.weight_of(task) / fair_.total_weight();
    const std::int64_t own_ns =
        task.state == Task::State::running ? std::max<std::int64_t>(0, now_ns - task.charged_until_ns) : 0;
    return fair_.lag_ns(task) + share * static_cast<double>(uncharged_fair_ns(now_ns)) - static_cast<double>(own_ns);
}

Task* Scheduler::pick(std::size_t worker, std::int64_t now_ns, Task* preferred) noexcept {
    fire(now_ns);
    Worker& own = workers_[worker];
    Task* task = preferred;
    std::int64_t time_ns = options_.slice_ns;
    if (task != nullptr && task->policy.kind == Policy::Kind::fair) {
        fair_.take(*task);
    } else if (task != nullptr && task->policy.kind == Policy::Kind::batch) {
        batch_.remove(*task);
    } else if (!own.ready.empty()) {
        task = &own.ready.top();
        own.ready.remove(*task);
        time_ns = task->budget_left_ns;
    } else if (!batch_.empty() && (fair_.empty() || batch_debt_ns_ > 0.0)) {
        task = &batch_.top();
        batch_.remove(*task);
    } else if (!fair_.empty()) {
        task = &fair_.take(static_cast<double>(uncharged_fair_ns(now_ns)));
        time_ns = task->request_left_ns;
        if (is_capped(*task)) time_ns = std::min(time_ns, task->cap_left_ns);
    } else if (!own.spent.empty()) {
        task = &own.spent.top();
        own.spent.remove(*task);
        task->gleans = true;
        task->ready_since_ns = now_ns;  // it waited for its budget, not for its worker
    }
    if (task == nullptr) return nullptr;
    task->state = Task::State::running;
    task->worker = worker;
    task->charged_until_ns = now_ns;
    task->slice_end_ns = options_.cooperative ? INT64_MAX : now_ns + time_ns;
    own.running = task;
    // what others may run, others shall know of: this worker may have been called for its sake
    if (!fair_.empty() || !batch_.empty()) call_any();
    return task;
}

/// What deadline tasks of a worker have been promised, those included that are gone and had it ahead.
double Scheduler::promised_share(std::size_t worker, std::int64_t since_ns) const noexcept {
    const Worker& own = workers_[worker];
    return worker_share(worker) + (own.leaving_until_ns > since_ns ? own.leaving_share : 0.0);
}

/// The part of it of tasks that had something to do at some time since then, or have had so much already that their share
/// is spent until later (zero-lag time; Lipari and Baruah 2000).
double Scheduler::active_share(std::size_t worker, std::int64_t since_ns) const noexcept {
    double idle_share = 0.0;
    for (const Task* task : workers_[worker].admitted) {
        const bool idle = task->state == Task::State::blocked || task->state == Task::State::sleeping;
        if (idle && zero_lag_ns(*task) <= since_ns) idle_share += share_of(task->policy);
    }
    return promised_share(worker, since_ns) - idle_share;
}

void Scheduler::charge(Task& task, std::int64_t now_ns) noexcept {
    const std::int64_t since_ns = task.charged_until_ns, used_ns = std::max<std::int64_t>(0, now_ns - since_ns);
    task.charged_until_ns = since_ns + used_ns;
    switch (task.policy.kind) {
        case Policy::Kind::fair:
            fair_.charge(task, used_ns);
            if (is_capped(task)) task.cap_left_ns -= used_ns;
            if (batch_wants()) batch_debt_ns_ += static_cast<double>(used_ns) * (batch_share / (1.0 - batch_share));
            return;
        case Policy::Kind::batch:
            // what nobody else wanted is not held against them
            batch_debt_ns_ = std::max(batch_debt_ns_ - static_cast<double>(used_ns),
                                      -static_cast<double>(std::max(options_.slice_ns, used_ns)));
            return;
        case Policy::Kind::deadline: {
            if (task.gleans) return;
            double rate = 1.0;
            if (task.policy.reclaim) rate = std::min(1.0, active_share(task.worker, since_ns) / promised_share(task.worker, since_ns));
            task.budget_left_ns -= static_cast<std::int64_t>(std::ceil(static_cast<double>(used_ns) * rate));
            return;
        }
    }
}

void Scheduler::put_back(Task& task, std::int64_t now_ns) noexcept {
    off_worker(task, now_ns);
    if (task.policy.kind == Policy::Kind::fair) {
        if (is_capped(task) && now_ns >= task.cap_window_end_ns) next_window(task, now_ns);
        if (!is_capped(task) || task.cap_left_ns > 0) {
            task.state = Task::State::ready;
            task.ready_since_ns = now_ns;
            fair_.give_back(task);  // the worker looks again at once, and calls others for what it leaves
            return;
        }
        fair_.leave(task);
    }
    enqueue(task, now_ns);
}

void Scheduler::next_window(Task& task, std::int64_t now_ns) noexcept {
    // after a long absence the windows begin anew
    if (now_ns - task.cap_window_end_ns >= cap_window_ns || task.cap_window_end_ns == 0) {
        task.cap_window_end_ns = now_ns;
    }
    // what was allowed when it was used is no debt
    const std::int64_t allowed = window_ns(task.window_cap) - window_ns(task.policy.cap);
    task.cap_left_ns = window_ns(task.policy.cap) + std::min<std::int64_t>(0, task.cap_left_ns + allowed);
    task.window_cap = task.policy.cap;
    task.cap_window_end_ns += cap_window_ns;
}

/// The deadline of a task with something to do has come: what is left of its budget was promised to it by now.
void Scheduler::next_period(Task& task, std::int64_t now_ns) noexcept {
    if (task.state == Task::State::running) charge(task, now_ns);
    if (task.state == Task::State::ready || task.state == Task::State::running) {
        if (task.budget_left_ns > 0 && !task.paced) {
            ++task.misses;
            task.tardiness_ns = now_ns - task.deadline_ns + task.budget_left_ns;
        }
    }
    if (task.state == Task::State::ready) workers_[task.worker].ready.remove(task);
    glean_no_more(task);
    task.gleans = false;
    task.budget_left_ns = std::min<std::int64_t>(0, task.budget_left_ns);
    do {
        task.deadline_ns += task.policy.period_ns;
        task.budget_left_ns += task.policy.budget_ns;
        if (!task.paced) ++task.periods;
    } while (task.deadline_ns <= now_ns);
    task.budget_left_ns = std::min(task.budget_left_ns, task.policy.budget_ns);
    if (task.state != Task::State::running) {
        const std::int64_t since_ns = task.state == Task::State::ready ? task.ready_since_ns : now_ns;
        enqueue(task, now_ns);
        task.ready_since_ns = since_ns;
    } else {
        set_timer(task, task.deadline_ns);
        attention_(task.worker);
    }
}

void Scheduler::fire(std::int64_t now_ns) noexcept {
    while (next_timer_ns() <= now_ns) {
        Task& task = timers_.top();
        timers_.remove(task);
        if (task.state == Task::State::sleeping)
            make_ready(task, task.timer_ns);
        else if (task.policy.kind == Policy::Kind::deadline)
            next_period(task, now_ns);
        else {
            next_window(task, now_ns);
            enqueue(task, now_ns);
        }
    }
}

}  // namespace bioxen
