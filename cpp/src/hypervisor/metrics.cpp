#include "hypervisor/impl.hpp"

#include <algorithm>
#include <string>

namespace bioxen {

ContextMetrics Hypervisor::Impl::metrics_of(const Resident& r) const {
    ContextMetrics m;
    m.name = r.name;
    m.handle = r.handle;
    m.state = r.context_state;
    m.cause = r.cause;
    const bool rests = r.context_state == ContextState::paused || r.context_state == ContextState::stopped;
    const char* const used = rests ? quota_used(r) : nullptr;
    if (used != nullptr) m.cause = std::string{"its quota of "} + used + " is used";
    m.policy = r.policy;
    m.quota = r.quota;
    m.on_worker = r.on_worker;
    m.time_s = r.observed.time_s;
    m.events = r.observed.events;
    m.drawn = r.observed.drawn;
    m.memory_bytes = r.observed.memory_bytes;
    m.machines = r.observed.machines;
    m.atp = r.observed.atp;
    m.cycle = r.observed.cycle;
    if (chassis && chassis->holders().contains(r.ordinal)) m.grant = chassis->grant(r.ordinal, r.observed.time_s);
    m.cpu_ns = r.cpu_ns;
    m.wait_ns = r.wait_ns;
    if (r.Task::state == Task::State::ready) m.wait_ns += std::max<std::int64_t>(0, clock.now_ns() - r.ready_since_ns);
    m.os_steal_ns = r.os_steal_ns;
    m.switches = r.switches;
    m.dispatch = r.dispatch.summary();
    m.pace = r.runs.empty() ? 0.0 : r.runs.front().job.pace;
    m.periods = r.pace_periods + r.periods;
    m.deadline_misses = r.pace_misses + r.misses;
    m.deadline_misses_by_os = r.misses_by_os;
    m.max_tardiness_ns = r.max_tardiness_ns;
    m.runs_waiting = static_cast<std::int64_t>(r.runs.size());
    return m;
}

ContextMetrics Hypervisor::metrics(ContextHandle context) const {
    const Impl::Lock lock{impl_->mutex};
    return impl_->metrics_of(*impl_->at(context));
}

HypervisorMetrics Hypervisor::metrics() const {
    const Impl::Lock lock{impl_->mutex};
    HypervisorMetrics m;
    m.uptime_ns = impl_->clock.now_ns() - impl_->start_ns;
    for (const auto& worker : impl_->workers) {
        WorkerMetrics& w = m.workers.emplace_back();
        w.total_ns = worker->last_ns - worker->start_ns;
        w.context_ns = worker->context_ns;
        w.overhead_ns = worker->overhead_ns;
        w.idle_ns = worker->idle_ns;
        w.os_steal_ns = worker->os_steal_ns;
        w.overhead_os_steal_ns = worker->overhead_os_steal_ns;
        w.slices = worker->slices;
        w.deadline_share = impl_->scheduler.worker_share(worker->index);
    }
    std::vector<const Resident*> order;
    for (const auto& [name, resident] : impl_->by_name) order.push_back(resident.get());
    std::sort(order.begin(), order.end(), [](const Resident* a, const Resident* b) { return a->ordinal < b->ordinal; });
    for (const Resident* resident : order) m.contexts.push_back(impl_->metrics_of(*resident));
    m.departed_cpu_ns = impl_->departed_cpu_ns;
    m.preemption = impl_->preemption.summary();
    return m;
}

}  // namespace bioxen
