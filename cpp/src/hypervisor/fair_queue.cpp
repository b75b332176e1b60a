#include "hypervisor/fair_queue.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace bioxen {

void FairQueue::reserve(std::size_t tasks) {
    pending_.reserve(tasks);
    eligible_.reserve(tasks);
    heaviest_.reserve(tasks);
}

void FairQueue::limit_weights() noexcept {
    weight_limit_ = std::numeric_limits<double>::infinity();
    total_weight_ = weights_;
    // Only the heaviest few, fewer than there are workers, can exceed a worker's share.
    std::array<Task*, 64> heavy{};
    std::size_t taken = 0, workers = workers_;
    double rest = weights_;
    while (workers > 1 && taken < heavy.size() && !heaviest_.empty() &&
           heaviest_.top().policy.weight * static_cast<double>(workers) > rest) {
        heavy[taken] = &heaviest_.top();
        rest -= heavy[taken]->policy.weight;
        heaviest_.remove(*heavy[taken]);
        ++taken;
        --workers;
    }
    if (taken > 0) {
        // Where there are no more tasks than workers, each has a worker: all count the same.
        const bool all = heaviest_.empty();
        weight_limit_ = all ? heavy[taken - 1]->policy.weight : rest / static_cast<double>(workers);
        total_weight_ = (all ? 0.0 : rest) + static_cast<double>(taken) * weight_limit_;
    }
    for (std::size_t i = 0; i < taken; ++i) heaviest_.add(*heavy[i], -heavy[i]->policy.weight);
}

void FairQueue::join(Task& task) noexcept {
    if (heaviest_.empty()) weights_ = 0.0;
    const double before = heaviest_.empty() ? 0.0 : total_weight_;
    heaviest_.add(task, -task.policy.weight);
    weights_ += task.policy.weight;
    limit_weights();
    const double weight = weight_of(task), most = static_cast<double>(slice_ns_);
    const double lag = before > 0.0 ? std::clamp(task.lag_ns, -most, most) : 0.0;
    // The average of virtual times moves with who comes and goes, so that the lags go on adding up to nothing.
    task.vruntime = virtual_time_ - (before > 0.0 ? lag / weight * (before + weight) / before : 0.0);
    if (before > 0.0) virtual_time_ -= lag / before;
    task.request_left_ns = slice_ns_;
    task.vdeadline = task.vruntime + static_cast<double>(slice_ns_) / weight;
    pending_.add(task, task.vruntime);
}

void FairQueue::leave(Task& task) noexcept {
    task.lag_ns = lag_ns(task);
    const double rest = total_weight_ - weight_of(task);
    if (pending_.holds(task)) pending_.remove(task);
    if (eligible_.holds(task)) eligible_.remove(task);
    heaviest_.remove(task);
    weights_ -= task.policy.weight;
    if (!heaviest_.empty() && rest > 0.0) virtual_time_ += task.lag_ns / rest;
    limit_weights();
}

Task& FairQueue::take(double running_ns) noexcept {
    const double now = virtual_time_ + running_ns / total_weight_;
    while (!pending_.empty() && pending_.top_key() <= now) {
        Task& task = pending_.top();
        pending_.remove(task);
        eligible_.add(task, task.vdeadline);
    }
    while (!eligible_.empty()) {
        Task& task = eligible_.top();
        eligible_.remove(task);
        if (task.vruntime <= now) return task;
        pending_.add(task, task.vruntime);  // virtual time went back when somebody came
    }
    Task& task = pending_.top();  // rather somebody who had his share than nobody
    pending_.remove(task);
    return task;
}

void FairQueue::give_back(Task& task) noexcept { pending_.add(task, task.vruntime); }

void FairQueue::charge(Task& task, std::int64_t used_ns) noexcept {
    const double used = static_cast<double>(used_ns), weight = weight_of(task);
    task.vruntime += used / weight;
    virtual_time_ += used / total_weight_;
    task.request_left_ns -= used_ns;
    if (task.request_left_ns <= 0) {
        task.request_left_ns = slice_ns_;
        task.vdeadline = task.vruntime + static_cast<double>(slice_ns_) / weight;
    }
}

}  // namespace bioxen
