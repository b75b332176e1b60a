#include "hypervisor/fair_queue.hpp"

#include <algorithm>
#include <limits>

namespace bioxen {

FairQueue::FairQueue(std::size_t workers, std::int64_t slice_ns) : workers_(workers), slice_ns_(slice_ns) {
    heavy_.reserve(workers);
    were_heavy_.reserve(workers);
}

void FairQueue::reserve(std::size_t tasks) {
    pending_.reserve(tasks);
    eligible_.reserve(tasks);
    heaviest_.reserve(tasks);
}

void FairQueue::limit_weights() noexcept {
    const double limit_before = weight_limit_;
    were_heavy_.swap(heavy_);
    heavy_.clear();
    weight_limit_ = std::numeric_limits<double>::infinity();
    total_weight_ = weights_;
    // Only the heaviest few, fewer than there are workers, can exceed a worker's share.
    double rest = weights_;
    std::size_t workers = workers_;
    while (workers > 1 && !heaviest_.empty() &&
           heaviest_.top().policy.weight * static_cast<double>(workers) > rest) {
        heavy_.push_back(&heaviest_.top());
        rest -= heavy_.back()->policy.weight;
        heaviest_.remove(*heavy_.back());
        --workers;
    }
    if (!heavy_.empty()) {
        // Where there are no more tasks than workers, each has a worker: all count the same.
        const bool all = heaviest_.empty();
        weight_limit_ = all ? heavy_.back()->policy.weight : rest / static_cast<double>(workers);
        total_weight_ = (all ? 0.0 : rest) + static_cast<double>(heavy_.size()) * weight_limit_;
    }
    for (Task* task : heavy_) heaviest_.add(*task, -task->policy.weight);
    for (Task* task : were_heavy_) keep_lag(*task, limit_before);
    for (Task* task : heavy_) {
        if (std::find(were_heavy_.begin(), were_heavy_.end(), task) == were_heavy_.end()) keep_lag(*task, limit_before);
    }
}

/// The weight of a task counts differently from now on: what it is owed stays.
void FairQueue::keep_lag(Task& task, double limit_before) noexcept {
    const double before = std::min(task.policy.weight, limit_before), now = weight_of(task);
    if (before == now) return;
    task.vruntime = virtual_time_ - (virtual_time_ - task.vruntime) * before / now;
    task.vdeadline = task.vruntime + static_cast<double>(task.request_left_ns) / now;
    if (eligible_.holds(task)) eligible_.remove(task);
    else if (pending_.holds(task)) pending_.remove(task);
    else return;  // taken
    pending_.add(task, task.vruntime);
}

void FairQueue::join(Task& task) noexcept {
    double lag = 0.0;
    if (heaviest_.empty()) {
        weights_ = 0.0;
    } else {
        // The average of virtual times moves with who comes and goes, so that the lags go on adding up to nothing.
        lag = std::clamp(task.lag_ns, -static_cast<double>(slice_ns_), static_cast<double>(slice_ns_));
        virtual_time_ -= lag / total_weight_;
    }
    heaviest_.add(task, -task.policy.weight);
    weights_ += task.policy.weight;
    task.vruntime = virtual_time_;
    limit_weights();
    const double weight = weight_of(task);
    task.vruntime = virtual_time_ - lag / weight;
    task.request_left_ns = slice_ns_;
    task.vdeadline = task.vruntime + static_cast<double>(slice_ns_) / weight;
    pending_.add(task, task.vruntime);
}

void FairQueue::leave(Task& task) noexcept {
    task.lag_ns = lag_ns(task);
    const double rest = total_weight_ - weight_of(task);
    take(task);
    heaviest_.remove(task);
    std::erase(heavy_, &task);
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

void FairQueue::take(Task& task) noexcept {
    if (pending_.holds(task)) pending_.remove(task);
    if (eligible_.holds(task)) eligible_.remove(task);
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
