#pragma once

#include "hypervisor/indexed_heap.hpp"
#include "hypervisor/task.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bioxen {

/// Shares time in proportion to weights: earliest eligible virtual deadline first (Stoica and Abdel-Wahab, 1995).
///
/// Virtual time advances by service / total weight. A task's lag is what it was due less what it got. It is eligible while
/// that is not negative, and the virtual deadline of a request is when the request would be served at its due rate. A weight
/// that exceeds one worker's share counts as that share (Chandra et al., surplus fair scheduling, 2000).
class FairQueue {
public:
    FairQueue(std::size_t workers, std::int64_t slice_ns);

    /// Makes room, so that the other calls cannot fail.
    void reserve(std::size_t tasks);
    [[nodiscard]] bool empty() const noexcept { return pending_.empty() && eligible_.empty(); }

    /// A task comes with the lag with which it left, and waits.
    void join(Task& task) noexcept;
    /// A task goes, be it waiting or taken.
    void leave(Task& task) noexcept;
    /// Takes the next one out of the waiting.
    /// @param running_ns service of the running tasks that is not charged yet
    Task& take(double running_ns) noexcept;
    /// Takes this one.
    void take(Task& task) noexcept;
    /// A taken task waits again.
    void give_back(Task& task) noexcept;
    void charge(Task& task, std::int64_t used_ns) noexcept;

    [[nodiscard]] double lag_ns(const Task& task) const noexcept {
        return weight_of(task) * (virtual_time_ - task.vruntime);
    }
    /// What the task's weight counts: at most one worker's share.
    [[nodiscard]] double weight_of(const Task& task) const noexcept {
        return task.policy.weight < weight_limit_ ? task.policy.weight : weight_limit_;
    }
    [[nodiscard]] double total_weight() const noexcept { return total_weight_; }

private:
    void limit_weights() noexcept;
    void keep_lag(Task& task, double limit_before) noexcept;

    std::size_t workers_;
    std::int64_t slice_ns_;
    double virtual_time_ = 0.0;
    double weights_ = 0.0;          ///< sum of the weights as given, of all that joined
    double weight_limit_ = 0.0;
    double total_weight_ = 0.0;     ///< of the weights as they count
    IndexedHeap<double, Task, &Task::pending_place> pending_;    ///< not known to be eligible, by virtual time
    IndexedHeap<double, Task, &Task::eligible_place> eligible_;  ///< by virtual deadline
    IndexedHeap<double, Task, &Task::weight_place> heaviest_;    ///< all that joined
    std::vector<Task*> heavy_, were_heavy_;                      ///< whose weight is limited, and was before
};

}  // namespace bioxen
