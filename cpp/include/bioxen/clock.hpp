#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace bioxen {

/// Where a hypervisor reads the time. Both readings are in nanoseconds and never go back.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::int64_t now_ns() noexcept = 0;
    /// CPU time of the calling thread.
    [[nodiscard]] virtual std::int64_t thread_cpu_ns() noexcept = 0;
};

/// The machine's monotonic clock.
[[nodiscard]] std::shared_ptr<Clock> system_clock();

/// A clock that stands still but for the work that is charged to it. A hypervisor on it starts no threads: whoever waits
/// for a run drives all its workers in turn, ties among them being broken by a seeded generator. The same seed gives the
/// same order of everything. It belongs to one hypervisor at a time.
class VirtualClock final : public Clock {
public:
    struct Costs {
        std::int64_t candidate_ns = 20;  ///< of a candidate event
        std::int64_t switch_ns = 0;      ///< of choosing what runs next
        std::int64_t spread_ns = 0;      ///< workers whose times differ by no more go in any order
    };
    explicit VirtualClock(std::uint64_t seed) noexcept : seed_(seed) {}
    VirtualClock(std::uint64_t seed, Costs costs) noexcept : costs_(costs), seed_(seed) {}

    [[nodiscard]] std::int64_t now_ns() noexcept override { return now_ns_; }
    [[nodiscard]] std::int64_t thread_cpu_ns() noexcept override { return cpu_ns_; }
    [[nodiscard]] const Costs& costs() const noexcept { return costs_; }

    /// Sets the time: the workers that one thread drives live at different times.
    void set_ns(std::int64_t now_ns, std::int64_t cpu_ns) noexcept {
        now_ns_ = now_ns;
        cpu_ns_ = cpu_ns;
    }
    void work_ns(std::int64_t ns) noexcept {
        now_ns_ += ns;
        cpu_ns_ += ns;
    }
    /// Time in which the operating system runs something else.
    void stall_ns(std::int64_t ns) noexcept { now_ns_ += ns; }
    /// Takes it for a hypervisor. @return false: another one has it
    [[nodiscard]] bool claim() noexcept { return !claimed_.exchange(true); }
    void give_back() noexcept { claimed_ = false; }
    /// The next number of the seeded generator, below `bound` > 0.
    [[nodiscard]] std::uint64_t pick(std::uint64_t bound) noexcept;

private:
    Costs costs_{};
    std::uint64_t seed_, picks_ = 0;
    std::int64_t now_ns_ = 0, cpu_ns_ = 0;
    std::atomic<bool> claimed_{false};
};

}  // namespace bioxen
