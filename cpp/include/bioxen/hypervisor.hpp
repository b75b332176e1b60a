#pragma once

#include <bioxen/cellular_context.hpp>
#include <bioxen/chassis.hpp>
#include <bioxen/clock.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bioxen {

/// Names a context of one hypervisor. A handle outlives what it names: it is refused once the context was destroyed, and
/// by every other hypervisor.
struct ContextHandle {
    std::uint64_t hypervisor = 0;   ///< identity of the hypervisor that made it
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;   ///< of the slot; 0 names nothing
    friend bool operator==(const ContextHandle&, const ContextHandle&) = default;
};

/// How a context gets a worker's time.
struct Policy {
    enum class Kind : std::uint8_t {
        fair,      ///< in proportion to `weight`, in the order of virtual deadlines (EEVDF)
        deadline,  ///< `budget_ns` in every period, earliest deadline first, whatever others do (constant-bandwidth server)
        batch,     ///< first come, first served, in what fair contexts leave, and at least a twentieth beside them
    };
    Kind kind = Kind::fair;
    double weight = 1.0;            ///< fair: > 0
    double cap = 1.0;               ///< fair: most of one worker, over windows of 100 ms; 0.001 <= cap <= 1
    std::int64_t budget_ns = 0;     ///< deadline: > 0
    std::int64_t period_ns = 0;     ///< deadline: >= 1 ms and >= the budget
    /// deadline: also use its part of what the deadline contexts of its worker were promised and do not use (GRUB, within
    /// their sum: fair and batch contexts lose nothing). Without budget it goes on while nobody else wants the worker, which
    /// costs it nothing.
    bool reclaim = false;
    friend bool operator==(const Policy&, const Policy&) = default;
};

/// What happens to a context that has used its quota.
enum class OnQuota : std::uint8_t {
    pause,
    stop,
    raise,  ///< as pause; who waits for the run is told by an exception (in Python)
};

/// Limits of one context since it came to the hypervisor; absent: none.
struct Quota {
    std::optional<std::int64_t> candidates;     ///< candidate events, the unit of fuel; exact
    std::optional<std::int64_t> cpu_ns;         ///< to a quantum
    std::optional<std::int64_t> memory_bytes;   ///< to a slice
    std::optional<std::int64_t> molecules;      ///< ATP and amino acids that supply brought in; to a quantum
    std::optional<double> simulated_s;          ///< age of the cell; exact
    OnQuota on_quota = OnQuota::pause;
    friend bool operator==(const Quota&, const Quota&) = default;
};

enum class ContextState : std::uint8_t { created, running, paused, stopped, error };

enum class RunStatus : std::uint8_t { pending, completed, exhausted, cancelled, stopped, quota, error, divided };

/// What a context is asked to do next. Changes are made on a worker while the cell is at rest; they must not call the
/// hypervisor.
struct Job {
    static constexpr double never_s = std::numeric_limits<double>::infinity();

    /// The end: an age of the cell, or a duration from the age at which the job begins, whichever is earlier.
    double until_s = never_s, duration_s = never_s;
    double every_s = Recorder::never_s;             ///< interval of the samples; never: the first and the last state
    bool record = true;                             ///< false: no samples at all
    double pace = 0.0;                              ///< simulated seconds a second of the clock; 0: as fast as it goes
    std::int64_t pace_period_ns = 100'000'000;      ///< how often a paced context is held to its pace
    std::function<void(CellularContext&)> before, after;  ///< `after` follows `before` unless the cell fails
};

/// A job under way. Everything but `finished` is to be read only once it is true.
struct Run {
    std::atomic<bool> finished{false};
    RunStatus status = RunStatus::pending;
    ContextHandle context;
    OnQuota on_quota = OnQuota::pause;              ///< what the context's quota asks for, where that ended it
    std::string cause;                              ///< of an error, or which quota
    Trace trace;
    double started_s = 0.0, ended_s = 0.0;          ///< ages of the cell
    std::int64_t wall_ns = 0;                       ///< from its first slice to its end
    std::int64_t cpu_ns = 0;                        ///< on workers
    EventCounts events_before, events_after;
    std::vector<ProcessPosting> ledger_before, ledger_after;
};

/// Delays of one kind. Quantiles are upper bounds of their class, at most an eighth too high.
struct Latency {
    std::int64_t count = 0, p50_ns = 0, p99_ns = 0, max_ns = 0;
};

struct ContextMetrics {
    std::string name;
    ContextHandle handle;
    ContextState state{};
    std::string cause;                              ///< of an error, or which quota keeps it from running
    Policy policy;
    Quota quota;
    bool on_worker = false;                         ///< right now
    double time_s = 0.0;                            ///< age at the last slice's end; so are the next seven
    EventCounts events;
    Drawn drawn;                                    ///< since the cell's birth
    std::int64_t memory_bytes = 0;
    std::array<MachineCount, 3> machines{};         ///< RNA polymerases, ribosomes, degradosomes
    std::int64_t atp = 0;                           ///< molecules
    CycleState cycle;
    std::optional<Capacity> grant;                  ///< of the chassis
    std::int64_t cpu_ns = 0;
    std::int64_t wait_ns = 0;                       ///< ready, and not on a worker
    std::int64_t os_steal_ns = 0;                   ///< of `cpu_ns`: the worker's thread did not run
    std::int64_t switches = 0;                      ///< times that it was put on a worker after another context
    Latency dispatch;                               ///< from ready to on a worker
    double pace = 0.0;                              ///< asked for; 0: none
    std::int64_t periods = 0;                       ///< of pace or of the deadline policy
    std::int64_t deadline_misses = 0;
    std::int64_t deadline_misses_by_os = 0;         ///< of these: the operating system took at least the tardiness
    std::int64_t max_tardiness_ns = 0;
    std::int64_t runs_waiting = 0;                  ///< jobs, the one under way included
};

/// Of one worker: `context + overhead + idle == total`, to the nanosecond.
struct WorkerMetrics {
    std::int64_t total_ns = 0, context_ns = 0, overhead_ns = 0, idle_ns = 0, slices = 0;
    /// the worker's thread did not run: while it was with contexts or with overhead; the latter alone
    std::int64_t os_steal_ns = 0, overhead_os_steal_ns = 0;
    double deadline_share = 0.0;                    ///< sum of budget / period of its deadline contexts
};

struct HypervisorMetrics {
    std::int64_t uptime_ns = 0;
    std::vector<WorkerMetrics> workers;
    std::vector<ContextMetrics> contexts;           ///< in the order of their creation
    std::int64_t departed_cpu_ns = 0;               ///< of contexts that were destroyed
    Latency preemption;                             ///< from a call that needs a context at rest until it rests
};

/// Runs many contexts side by side on a few workers: which one when, for how long, on whose account.
///
/// A context is preempted by fuel: after each quantum of candidate events its worker looks whether something else is due.
/// Neither that nor anything else here changes a trajectory. All methods may be called from any thread.
/// @throws InputError: isolation for a stale or foreign handle, state for a call that the context's state does not allow,
///         argument for values out of range; the hypervisor is unchanged then.
class Hypervisor {
public:
    struct Options {
        std::size_t workers = 0;                    ///< 0: as many as the machine has cores
        std::size_t max_contexts = 64;
        std::uint64_t quantum = 1024;               ///< candidate events, 1 to 2^20
        std::int64_t slice_ns = 1'000'000;
        bool cooperative = false;                   ///< a context keeps its worker until its job is done
        std::optional<Chassis> chassis;
        std::shared_ptr<Clock> clock;               ///< absent: the system's
        std::uint64_t identity = 0;                 ///< 0: made of the address and the time
    };
    /// How a context comes in.
    struct Terms {
        Policy policy;
        Quota quota;
        std::optional<Allocation> allocation;       ///< absent: all that its organism has, where there is a chassis
    };

    explicit Hypervisor(Options options);
    ~Hypervisor();
    Hypervisor(const Hypervisor&) = delete;
    Hypervisor& operator=(const Hypervisor&) = delete;

    [[nodiscard]] const Options& options() const noexcept;

    /// Takes a context in, in the state `created`.
    /// @throws InputError: creation for a name that is taken or empty, overload if there are `max_contexts`, allocation for
    ///         capacity, or a worker's time, that is not free.
    ContextHandle create(std::string name, CellularContext cell, const Terms& terms = {});
    /// A fork (or, with `replay`, a replica) of a context that may be running, as a context of its own. Without an
    /// allocation it holds of the chassis what its parent does, now and at every later age.
    ContextHandle fork(ContextHandle parent, std::string name, std::optional<std::uint64_t> seed, bool replay,
                       const Terms& terms = {});
    /// Divides a context's cell at its next supply tick; the context keeps one half and goes on, also with a run under way.
    /// @return the daughter, which no hypervisor runs
    /// A run that is over by then ends first, at its own time.
    /// @throws InputError (runtime) as `CellularContext::divide`; the cell and a run that goes on are then as they were
    [[nodiscard]] CellularContext divide(ContextHandle mother);
    /// The same; the daughter is a context of its own, in the state `created`. Without an allocation it holds of the chassis
    /// what its mother does, now and at every later age. Where it cannot be admitted nothing is divided.
    ContextHandle divide(ContextHandle mother, std::string name, const Terms& terms = {});
    /// @throws InputError (not_found)
    [[nodiscard]] ContextHandle find(const std::string& name) const;
    [[nodiscard]] std::vector<std::pair<std::string, ContextHandle>> list() const;
    [[nodiscard]] std::string name(ContextHandle context) const;
    /// The program that it came with, from which those are made that it is granted.
    [[nodiscard]] std::shared_ptr<const Program> program(ContextHandle context) const;

    void start(ContextHandle context);              ///< created -> running
    void pause(ContextHandle context);              ///< running -> paused; at rest when it returns
    void resume(ContextHandle context);             ///< paused -> running
    /// Any but error -> stopped, for good: its runs end, and it holds nothing of the chassis, as one that has failed.
    void stop(ContextHandle context);
    void destroy(ContextHandle context);            ///< from any state, while it runs too
    [[nodiscard]] ContextState state(ContextHandle context) const;

    /// Jobs of one context follow one another; they are worked on while it is in the state `running`.
    std::shared_ptr<Run> submit(ContextHandle context, Job job);
    /// Ends a run where it is, as `cancelled`; none if it has ended.
    void cancel(const std::shared_ptr<Run>& run);
    /// Waits until all of these have finished. On a virtual clock it drives the workers, and gives up when nothing can
    /// happen any more.
    /// @param look_ns how long the calling thread stays awake for it: to be woken takes longer than many a run does
    /// @return whether all have finished
    bool wait(std::span<const std::shared_ptr<Run>> runs, std::int64_t timeout_ns = INT64_MAX, std::int64_t look_ns = 0);

    /// Calls `look` with the context between two events; it must not call the hypervisor.
    void look(ContextHandle context, const std::function<void(const CellularContext&)>& look) const;
    /// The same for a change, which is an input of the trajectory.
    void change(ContextHandle context, const std::function<void(CellularContext&)>& change);

    void set_policy(ContextHandle context, const Policy& policy);
    /// @throws InputError (allocation) for a quota below what is used.
    void set_quota(ContextHandle context, const Quota& quota);

    /// Changes what a context holds of the chassis from simulated time `at_s` on, rounded up to its next supply tick.
    /// @param at_s not in the context's past; absent: from its present age on
    /// @return when the change acts
    double allocate(ContextHandle context, const Allocation& allocation, std::optional<double> at_s = std::nullopt);
    /// What `allocate` would change at that time; absent: it holds nothing, or there is no chassis.
    [[nodiscard]] std::optional<Allocation> allocation(ContextHandle context,
                                                       std::optional<double> at_s = std::nullopt) const;
    /// Hands out what is free, by priority and up to each context's limit, from simulated time `at_s` on, rounded up to
    /// the next supply tick.
    /// @return what each context that holds anything has at that time, whether this changed it or not
    std::vector<std::pair<ContextHandle, Capacity>> rebalance(double at_s);
    [[nodiscard]] std::optional<Chassis> chassis() const;

    [[nodiscard]] HypervisorMetrics metrics() const;
    [[nodiscard]] ContextMetrics metrics(ContextHandle context) const;

    /// Every context with its state, policy, quota and grants as bytes; jobs are not part of it. It is one state: calls
    /// that change any of this wait meanwhile, and only cells run on, each saved between two of its events.
    [[nodiscard]] std::vector<std::byte> checkpoint() const;
    /// Takes the contexts of a checkpoint in; this hypervisor must have none. Its own options stay.
    /// @param program_of gives the program of a genome by its fingerprint; null: unknown
    /// @throws InputError: snapshot for bytes that are damaged, of another version or of an unknown genome
    void restore(std::span<const std::byte> checkpoint,
                 const std::function<std::shared_ptr<const Program>(const std::string& genome)>& program_of);

    /// On a virtual clock: one quantum of one worker. @return false if nothing can happen without a call from outside
    bool step();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bioxen
