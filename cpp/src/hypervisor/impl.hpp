#pragma once

#include "hypervisor/printable.hpp"
#include "hypervisor/resident.hpp"
#include "hypervisor/scheduler.hpp"

#include <bioxen/hypervisor.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bioxen {

/// Takes down why something failed, be it for want of memory.
inline void note(std::string& cause, const char* what) noexcept {
    try {
        cause = printable(what);
    } catch (...) {
        cause = "out of memory";  // so short that it needs none
    }
}

inline constexpr std::size_t most_workers = 256;

/// It will never run again.
constexpr bool has_ended(ContextState state) noexcept {
    return state == ContextState::stopped || state == ContextState::error;
}

/// The hypervisor inside. One lock guards everything but the cells; whoever holds it may take a turnstile, never the other
/// way round. Calls that change what a checkpoint has are kept from those that take one by another, which comes first.
struct Hypervisor::Impl {
    static constexpr std::int64_t most_used = 1'000'000'000'000'000'000;  ///< of anything that a quota counts

    using Lock = std::unique_lock<std::mutex>;
    using ResidentPtr = std::shared_ptr<Resident>;

    struct Slot {
        std::uint32_t generation = 0;
        ResidentPtr resident;
    };
    struct Worker {
        std::size_t index = 0;
        // read and written by the worker
        ResidentPtr current;
        std::int64_t slice_start_cpu_ns = 0, slice_end_ns = 0;
        std::int64_t seen_cpu_ns = 0;               ///< of its thread, at `last_ns`
        ContextHandle previous;
        bool is_cold = false;                       ///< the present context's state is not in the cache
        std::atomic<bool> attention{false};
        // guarded by the lock
        std::int64_t start_ns = 0, last_ns = 0;     ///< accounts tile the time between these two
        std::int64_t context_ns = 0, overhead_ns = 0, idle_ns = 0, os_steal_ns = 0, overhead_os_steal_ns = 0,
                     slices = 0;
        bool idle = false;
        std::atomic<bool> awake{false};             ///< idle, and looking for a call before it sleeps
        std::condition_variable wake;
        std::thread thread;
        // on a virtual clock
        std::int64_t at_ns = 0, cpu_ns = 0;
    };
    /// What a quantum came to.
    struct Outcome {
        AdvanceStatus status = AdvanceStatus::preempted;
        bool at_quota = false;
        bool leaves = false;                        ///< the context shall go off its worker
        std::int64_t now_ns = 0, thread_cpu_ns = 0; ///< at its end
        Resident::Observed observed;                ///< if it leaves, and nothing failed
        std::string failure;                        ///< not empty: it threw
    };
    /// What a context brings along from a checkpoint, or from the one that it is a fork of.
    struct Past {
        bool restored = false;                      ///< from a checkpoint
        ContextState state = ContextState::created;
        std::string cause;
        std::int64_t cpu_ns = 0, candidates = 0, molecules = 0;   ///< used
        std::size_t worker = Scheduler::any_worker;               ///< that a deadline policy was admitted to
        const Chassis::Holder* holder = nullptr;
        std::optional<std::uint64_t> parent = std::nullopt;       ///< ordinal of who holds what it is to hold, too
    };
    /// Keeps a context off the workers; it is not held by the lock while it waits for that.
    class Rest {
    public:
        Rest(Impl& impl, Lock& lock, ResidentPtr resident);
        ~Rest();
        Rest(const Rest&) = delete;
        Rest& operator=(const Rest&) = delete;

    private:
        Impl& impl_;
        ResidentPtr resident_;
    };

    /// Two hypervisors would set the time of one virtual clock to and fro.
    class Claim {
    public:
        explicit Claim(VirtualClock* clock);        ///< @throws InputError (state) if another hypervisor has it
        ~Claim() {
            if (clock_ != nullptr) clock_->give_back();
        }
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;

    private:
        VirtualClock* clock_;
    };

    explicit Impl(Options given);
    ~Impl();

    /// No checkpoint is taken meanwhile. To be held before the lock, by whatever changes what a checkpoint has.
    [[nodiscard]] std::shared_lock<std::shared_mutex> changing() const {
        const std::lock_guard<std::mutex> turn{turns};
        return std::shared_lock{changes};
    }
    /// Nothing changes meanwhile but the cells, and what follows from their quotas and failures.
    [[nodiscard]] std::unique_lock<std::shared_mutex> unchanged() const {
        const std::lock_guard<std::mutex> turn{turns};
        return std::unique_lock{changes};
    }
    void close() noexcept;

    // contexts
    [[nodiscard]] ResidentPtr at(ContextHandle handle) const;
    ResidentPtr settle_in(std::string name, std::optional<CellularContext> cell, const Terms& terms,
                          std::shared_ptr<const Program> base, const Past& past);
    [[nodiscard]] Terms terms_of_child(const Resident& parent, Terms terms, Past& past) const;
    template <typename Settle>
    void divide(Resident& mother, Settle&& settle);
    void settle_in_chassis(Resident& resident, const Terms& terms, const Past& past);
    void check_room(const std::string& name) const;
    void remove(const ResidentPtr& resident) noexcept;
    [[nodiscard]] static Resident::Observed observed(const CellularContext& cell) noexcept;
    void observe(Resident& resident) const;
    void set_state(ContextHandle handle, const char* call, std::initializer_list<ContextState> from, ContextState to);
    /// Ready, asleep or blocked, as its state and its jobs have it.
    void reschedule(Resident& resident) noexcept;
    /// A worker may run it, now or when its next period begins.
    [[nodiscard]] bool has_work(const Resident& r) const noexcept {
        return r.context_state == ContextState::running && r.holds == 0 && !r.runs.empty() && !closing;
    }
    static void check_quota_range(const Quota& quota);
    static void check_quota_use(const Quota& quota, const Resident& resident);

    // runs.cpp
    [[nodiscard]] std::int64_t pace_period_ns(const Resident& resident, const Job& job) const noexcept;
    void anchor(Resident& resident) noexcept;
    void change_period(const Resident& resident, Assignment& assignment) const noexcept;
    void begin(Resident& resident, Assignment& assignment) const;
    void conclude(Resident& resident, Assignment& assignment) const noexcept;
    void record_until(Resident& resident, double age_s) noexcept;
    void finish(Resident& resident, RunStatus status, std::string_view cause = {}) noexcept;
    void finish_all(Resident& resident, RunStatus status, std::string_view cause = {}) noexcept;
    void fail(Resident& resident, const char* cause) noexcept;
    void period_done(Resident& resident, Assignment& assignment, std::int64_t now_ns) noexcept;

    // workers.cpp
    [[nodiscard]] Outcome quantum(const Worker& worker, Resident& resident) const;
    [[nodiscard]] double bound_s(const Resident& resident) const noexcept;
    /// Modulo 2^64: a forged snapshot may say anything.
    [[nodiscard]] static std::int64_t molecules_used(const Resident& resident, const Drawn& drawn) noexcept {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(drawn.atp) +
                                         static_cast<std::uint64_t>(drawn.amino_acids) -
                                         static_cast<std::uint64_t>(resident.molecules_before));
    }
    [[nodiscard]] const char* quota_used(const Resident& resident) const noexcept;
    bool dispatch(Worker& worker, Resident* preferred);
    void turn(Worker& worker);
    void release(Worker& worker, const Outcome& outcome) noexcept;
    void look_back(Resident& resident, const Outcome& outcome);
    void work(Worker& worker);
    void look(Worker& worker, Lock& lock);
    void call(std::size_t worker) noexcept;
    void publish_timer() noexcept;
    void tile(Worker& worker, std::int64_t Worker::* account, std::int64_t now_ns) const noexcept;
    [[nodiscard]] std::int64_t steal_ns(const Resident& resident) const noexcept;
    bool step();
    bool wait_until(const std::function<bool()>& done, std::int64_t timeout_ns);

    // grants.cpp
    [[nodiscard]] std::shared_ptr<const Program> granted_program(const std::shared_ptr<const Program>& base,
                                                                 const Capacity& capacity);
    void grant(Resident& resident, const Capacity& capacity, double at_s);
    void apply_grants(Resident& resident);
    void forget_grants(Resident& resident);
    void let_go(Resident& resident) noexcept;
    void check_limit(const Resident& resident, const Allocation& allocation);

    // metrics.cpp
    [[nodiscard]] ContextMetrics metrics_of(const Resident& resident) const;

    Options options;
    VirtualClock* virtual_clock = nullptr;
    Claim claim;
    Clock& clock;
    mutable std::mutex turns;                       ///< neither changes nor checkpoints can keep the other out for ever
    mutable std::shared_mutex changes;
    mutable std::mutex mutex;
    std::condition_variable rested;                 ///< a context came to rest, or a run finished
    Scheduler scheduler;
    std::vector<std::unique_ptr<Worker>> workers;
    std::atomic<std::int64_t> next_timer_ns{INT64_MAX};
    std::atomic<std::int64_t> prompt_until_ns{INT64_MIN};   ///< somebody waits for short runs: workers stay awake until then
    bool closing = false;

    std::vector<Slot> slots;
    std::vector<std::uint32_t> free_slots;
    std::map<std::string, ResidentPtr> by_name;
    std::uint64_t ordinals = 0, arrivals = 0;
    std::optional<Chassis> chassis;
    using Ratio = std::pair<std::string, std::array<std::int64_t, 4>>;  ///< fingerprint of the base, capacity
    std::map<Ratio, std::weak_ptr<const Program>> granted;
    LatencyHistogram preemption;
    std::int64_t departed_cpu_ns = 0, start_ns = 0;
};

}  // namespace bioxen
