#pragma once

#include "hypervisor/fair_queue.hpp"
#include "hypervisor/indexed_heap.hpp"
#include "hypervisor/task.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace bioxen {

/// Decides which task a worker runs next and until when. It knows no threads and no clock: times are given to it, so that
/// what it guarantees can be tried on any sequence of them.
///
/// Deadline tasks go first, on the worker to which they were admitted, earliest deadline first, each within the budget of
/// its constant-bandwidth server (Abeni and Buttazzo 1998; hard reservations: who has used his budget waits for the next
/// period). What they leave is shared by fair and batch tasks on all workers. A worker for which there is nothing else runs
/// reclaiming tasks that have used their budgets, at nobody's expense.
class Scheduler {
public:
    static constexpr std::size_t any_worker = static_cast<std::size_t>(-1);
    static constexpr double deadline_share = 0.95;  ///< most of a worker that deadline tasks may have
    static constexpr double batch_share = 0.05;     ///< least of the rest that batch tasks have
    static constexpr std::int64_t cap_window_ns = 100'000'000;

    struct Options {
        std::size_t workers = 1;
        std::int64_t slice_ns = 1'000'000;
        bool cooperative = false;
    };
    /// @param attention called with a worker that should look again at once, or with `any_worker` for an idle one
    Scheduler(const Options& options, std::function<void(std::size_t)> attention);

    /// A task comes in, with nothing to do yet.
    /// @param wanted the worker that a deadline task is admitted to if it has the time
    /// @throws InputError (argument) for a policy out of range, (allocation) if no worker has the time it asks for
    void admit(Task& task, const Policy& policy, std::int64_t now_ns, std::size_t wanted = any_worker);
    /// A task will not be made ready again: its share of a worker is free.
    void resign(Task& task, std::int64_t now_ns) noexcept;
    /// A task that is not running goes.
    void retire(Task& task, std::int64_t now_ns) noexcept;
    /// Of a task that is not running. @throws as `admit`; nothing has changed then
    void change_policy(Task& task, const Policy& policy, std::int64_t now_ns);

    void make_ready(Task& task, std::int64_t now_ns) noexcept;
    /// From any state: it has nothing to do.
    void block(Task& task, std::int64_t now_ns) noexcept;
    /// From any state: it has nothing to do before `until_ns`.
    void sleep(Task& task, std::int64_t now_ns, std::int64_t until_ns) noexcept;

    /// What `worker` runs next; null: nothing.
    /// @param preferred a ready task that is taken whatever else there is; null: none
    Task* pick(std::size_t worker, std::int64_t now_ns, Task* preferred = nullptr) noexcept;
    /// Charges a running task for its time up to now.
    void charge(Task& task, std::int64_t now_ns) noexcept;
    /// A running task leaves its worker, with more to do.
    void put_back(Task& task, std::int64_t now_ns) noexcept;

    /// When `fire` has something to do; INT64_MAX: never.
    [[nodiscard]] std::int64_t next_timer_ns() const noexcept {
        return timers_.empty() ? INT64_MAX : timers_.top_key();
    }
    void fire(std::int64_t now_ns) noexcept;

    [[nodiscard]] double worker_share(std::size_t worker) const noexcept;
    /// What a fair task that is ready or running was due up to now, less what it got.
    [[nodiscard]] double lag_ns(const Task& task, std::int64_t now_ns) const noexcept;
    [[nodiscard]] const Options& options() const noexcept { return options_; }

private:
    struct Worker {
        IndexedHeap<std::int64_t, Task, &Task::deadline_place> ready;   ///< deadline tasks, by deadline
        IndexedHeap<std::int64_t, Task, &Task::deadline_place> spent;   ///< reclaiming ones without budget, by deadline
        std::vector<Task*> admitted;                                    ///< deadline tasks
        Task* running = nullptr;
        // Who left had used time that was promised to him up to then: who takes his share has none before.
        double leaving_share = 0.0;
        std::int64_t leaving_until_ns = 0;
    };

    void check(const Policy& policy) const;
    [[nodiscard]] std::size_t worker_for(const Policy& policy, const Task* except, std::size_t wanted) const;
    void call_any() noexcept;
    void enqueue(Task& task, std::int64_t now_ns) noexcept;
    void off_worker(Task& task, std::int64_t now_ns) noexcept;
    void glean_no_more(Task& task) noexcept;
    void dequeue(Task& task, std::int64_t now_ns) noexcept;
    void set_timer(Task& task, std::int64_t at_ns) noexcept;
    void clear_timer(Task& task) noexcept;
    void next_period(Task& task, std::int64_t now_ns) noexcept;
    void next_window(Task& task, std::int64_t now_ns) noexcept;
    [[nodiscard]] bool is_capped(const Task& task) const noexcept {
        return task.policy.kind == Policy::Kind::fair && task.policy.cap < 1.0 && !options_.cooperative;
    }
    [[nodiscard]] double promised_share(std::size_t worker, std::int64_t since_ns) const noexcept;
    [[nodiscard]] double active_share(std::size_t worker, std::int64_t since_ns) const noexcept;
    [[nodiscard]] bool batch_wants() const noexcept;
    [[nodiscard]] std::int64_t uncharged_fair_ns(std::int64_t now_ns) const noexcept;

    Options options_;
    std::function<void(std::size_t)> attention_;
    std::vector<Worker> workers_;
    FairQueue fair_;
    IndexedHeap<std::uint64_t, Task, &Task::batch_place> batch_;
    IndexedHeap<std::int64_t, Task, &Task::timer_place> timers_;
    double batch_debt_ns_ = 0.0;        ///< service that batch tasks are owed
    std::size_t tasks_ = 0;
};

}  // namespace bioxen
