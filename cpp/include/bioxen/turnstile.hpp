#pragma once

#include <atomic>
#include <mutex>
#include <thread>

namespace bioxen {

/// Lets other threads look at a context between the slices of a run: the runner holds it for a slice at a time and
/// steps aside whenever somebody waits.
class Turnstile {
public:
    /// Computes with the context at rest.
    template <typename Look>
    auto look(Look&& look) {
        const Waiting waiting{waiting_};
        const std::lock_guard<std::mutex> at_rest{mutex_};
        return look();
    }
    template <typename Slice>
    auto run(Slice&& slice) {
        // a few turns, not for ever: many lookers must not keep the run from going on
        for (int turns = 0; waiting_.load(std::memory_order_relaxed) > 0 && turns < 100; ++turns) std::this_thread::yield();
        const std::lock_guard<std::mutex> running{mutex_};
        return slice();
    }

private:
    class Waiting {
    public:
        explicit Waiting(std::atomic<int>& count) : count_(count) { ++count_; }
        ~Waiting() { --count_; }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

    private:
        std::atomic<int>& count_;
    };
    std::mutex mutex_;
    std::atomic<int> waiting_{0};
};

}  // namespace bioxen
