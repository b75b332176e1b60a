#pragma once

#include "hypervisor/latency.hpp"
#include "hypervisor/task.hpp"

#include <bioxen/hypervisor.hpp>
#include <bioxen/turnstile.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bioxen {

/// A job in the queue of its context.
struct Assignment {
    std::shared_ptr<Run> run;
    Job job;
    std::optional<Recorder> recorder;
    std::uint64_t arrival = 0;          ///< order of submission
    bool begun = false, concluded = false;
    double until_s = 0.0;               ///< once begun
    std::int64_t begun_ns = 0;

    // pace: in period k the cell goes from `pace_start_s + k * step` to `+ (k + 1) * step`
    bool anchored = false;
    double pace_start_s = 0.0;
    std::int64_t pace_origin_ns = 0, pace_period_ns = 0, pace_index = 0;
    std::int64_t steal_when_in_time_ns = 0; ///< of all workers, at the end of the last period that was kept

    [[nodiscard]] bool paced() const noexcept { return job.pace > 0.0; }
    [[nodiscard]] std::int64_t due_ns() const noexcept { return pace_origin_ns + (pace_index + 1) * pace_period_ns; }
    [[nodiscard]] std::int64_t release_ns() const noexcept { return pace_origin_ns + pace_index * pace_period_ns; }
    [[nodiscard]] double target_s() const noexcept {
        if (!paced()) return Job::never_s;
        return pace_start_s + job.pace * 1e-9 * static_cast<double>(pace_period_ns) * static_cast<double>(pace_index + 1);
    }
};

/// A grant of the chassis that a cell has yet to come to.
struct PendingGrant {
    double at_s = 0.0;
    std::shared_ptr<const Program> program;
};

/// A context and all that the hypervisor knows of it. The cell belongs to whoever holds the turnstile; the rest to whoever
/// holds the hypervisor's lock, and while the context is on a worker nobody changes what the worker reads of it.
struct Resident : Task {
    std::string name;
    ContextHandle handle;
    std::uint64_t ordinal = 0;                  ///< order of creation
    ContextState context_state = ContextState::created;
    std::string cause;
    Quota quota;
    std::deque<Assignment> runs;                ///< the first one is under way
    std::vector<PendingGrant> grants;           ///< in the order of their times
    std::shared_ptr<const Program> base;        ///< with the capacity that it had before any grant

    bool on_worker = false;
    Assignment* under_way = nullptr;            ///< on a worker: the first run, which others may queue behind
    int holds = 0;                              ///< calls that want it at rest
    std::atomic<bool> leave{false};             ///< its worker shall let go of it after this quantum
    std::int64_t leave_since_ns = 0, paused_ns = 0;

    std::int64_t cpu_ns = 0, wait_ns = 0, os_steal_ns = 0, switches = 0;
    std::int64_t pace_periods = 0, pace_misses = 0, misses_by_os = 0, seen_misses = 0, max_tardiness_ns = 0;
    std::int64_t steal_seen_ns = 0;
    LatencyHistogram dispatch;

    struct Observed {
        double time_s = 0.0;
        EventCounts events;
        Drawn drawn;
        std::int64_t memory_bytes = 0;
        std::array<MachineCount, 3> machines{};
        std::int64_t atp = 0;
        CycleState cycle;
    } observed;                                 ///< at the last rest
    std::int64_t candidates_before = 0, molecules_before = 0;  ///< it came to the hypervisor

    std::atomic<bool> gone{false};              ///< destroyed
    mutable Turnstile turnstile;
    std::optional<CellularContext> cell;        ///< none if it failed
};

}  // namespace bioxen
