#include "hypervisor/impl.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bioxen {

namespace {

constexpr std::uint64_t most_quantum = 1u << 20;

constexpr std::size_t most_contexts = 1'000'000, longest_name = 200;

[[noreturn]] void refuse(InputErrorKind kind, const std::string& what) { throw InputError(kind, what); }

const char* name_of(ContextState state) noexcept {
    switch (state) {
        case ContextState::created: return "created";
        case ContextState::running: return "running";
        case ContextState::paused: return "paused";
        case ContextState::stopped: return "stopped";
        case ContextState::error: return "error";
    }
    return "";
}

Hypervisor::Options checked(Hypervisor::Options options) {
    if (options.workers == 0) options.workers = std::max(1u, std::thread::hardware_concurrency());
    if (options.workers > most_workers)
        refuse(InputErrorKind::argument, std::to_string(options.workers) + " workers are too many: give at most " +
                                             std::to_string(most_workers));
    if (options.max_contexts == 0 || options.max_contexts > most_contexts)
        refuse(InputErrorKind::argument, "the number of contexts must lie between 1 and " + std::to_string(most_contexts));
    if (options.quantum == 0 || options.quantum > most_quantum)  // nobody is stopped amid one
        refuse(InputErrorKind::argument, "a quantum has from 1 to 2^20 candidate events, some 20 ms");
    if (options.slice_ns <= 0 || options.slice_ns > std::int64_t{1} << 50)
        refuse(InputErrorKind::argument, "a slice must be longer than 0 ns, and at most 13 days");
    if (options.clock == nullptr) options.clock = system_clock();
    return options;
}

std::uint64_t identity_of(const void* address, std::int64_t now_ns) noexcept {
    // odd, so never 0, which a forged handle most likely has
    auto mixed = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address)) * 0x9E3779B97F4A7C15u;
    mixed ^= static_cast<std::uint64_t>(now_ns) * 0xC2B2AE3D27D4EB4Fu;
    return (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9u | 1u;
}

}  // namespace

Hypervisor::Impl::Claim::Claim(VirtualClock* clock) : clock_(clock) {
    if (clock_ != nullptr && !clock_->claim())
        refuse(InputErrorKind::state, "this virtual clock belongs to another hypervisor: give each its own");
}

Hypervisor::Impl::Impl(Options given)
    : options(checked(std::move(given))),
      virtual_clock(dynamic_cast<VirtualClock*>(options.clock.get())),
      claim(virtual_clock),
      clock(*options.clock),
      scheduler({options.workers, options.slice_ns, options.cooperative}, [this](std::size_t worker) { call(worker); }),
      chassis(options.chassis) {
    start_ns = clock.now_ns();
    if (options.identity == 0) options.identity = identity_of(this, start_ns);
    for (std::size_t w = 0; w < options.workers; ++w) {
        workers.push_back(std::make_unique<Worker>());
        workers.back()->index = w;
        workers.back()->start_ns = workers.back()->last_ns = workers.back()->at_ns = start_ns;
    }
    if (virtual_clock != nullptr) return;
    try {
        for (auto& worker : workers) worker->thread = std::thread([this, w = worker.get()] { work(*w); });
    } catch (const std::system_error& e) {
        close();
        refuse(InputErrorKind::overload, "the system gives no more threads (" + std::string{e.what()} + "): ask for fewer than " +
                                             std::to_string(options.workers) + " workers");
    }
}

/// Ends the threads.
void Hypervisor::Impl::close() noexcept {
    {
        const Lock lock{mutex};
        closing = true;
        for (const Slot& slot : slots) {
            if (slot.resident != nullptr) slot.resident->leave = true;
        }
        for (auto& worker : workers) {
            worker->idle = false;
            worker->wake.notify_one();
        }
    }
    for (auto& worker : workers) {
        if (worker->thread.joinable()) worker->thread.join();
    }
}

Hypervisor::Impl::~Impl() {
    close();
    const Lock lock{mutex};
    for (const Slot& slot : slots) {
        if (slot.resident == nullptr) continue;
        finish_all(*slot.resident, RunStatus::stopped);
        slot.resident->gone = true;
    }
}

Hypervisor::Impl::Rest::Rest(Impl& impl, Lock& lock, ResidentPtr resident) : impl_(impl), resident_(std::move(resident)) {
    Resident& r = *resident_;
    ++r.holds;
    if (r.on_worker) {
        if (!r.leave.exchange(true)) r.leave_since_ns = impl.clock.now_ns();
        if (impl.virtual_clock != nullptr) {
            // its worker stands at a time of its own, up to which it has worked
            Worker& worker = *impl.workers[r.worker];
            VirtualClock& time = *impl.virtual_clock;
            const std::int64_t now = time.now_ns(), cpu = time.thread_cpu_ns();
            time.set_ns(worker.at_ns, worker.cpu_ns);
            Outcome outcome;
            outcome.now_ns = worker.at_ns;
            outcome.thread_cpu_ns = worker.cpu_ns;
            r.turnstile.look([&] { outcome.observed = observed(*r.cell); });
            impl.release(worker, outcome);
            worker.at_ns = time.now_ns();
            time.set_ns(std::max(now, worker.at_ns), cpu);
        } else {
            impl.rested.wait(lock, [&r] { return !r.on_worker; });
        }
    }
    const std::int64_t now = impl.clock.now_ns();
    if (r.Task::state == Task::State::ready) r.wait_ns += std::max<std::int64_t>(0, now - r.ready_since_ns);
    impl.scheduler.block(r, now);
}

Hypervisor::Impl::Rest::~Rest() {
    --resident_->holds;
    if (!resident_->gone) impl_.reschedule(*resident_);
}

Hypervisor::Impl::ResidentPtr Hypervisor::Impl::at(ContextHandle handle) const {
    if (handle.hypervisor != options.identity)
        refuse(InputErrorKind::isolation, "this handle belongs to another hypervisor, or to none");
    if (handle.slot >= slots.size() || handle.generation == 0 || slots[handle.slot].generation < handle.generation)
        refuse(InputErrorKind::isolation, "this handle was never given out");
    if (slots[handle.slot].generation != handle.generation || slots[handle.slot].resident == nullptr)
        refuse(InputErrorKind::isolation, "this handle is stale: its context was destroyed");
    return slots[handle.slot].resident;
}

void Hypervisor::Impl::check_room(const std::string& name) const {
    if (name.empty() || name.size() > longest_name)
        refuse(InputErrorKind::creation, "a context needs a name of 1 to " + std::to_string(longest_name) + " bytes");
    if (!is_printable(name)) refuse(InputErrorKind::creation, "the name of a context must be UTF-8 that can be printed");
    if (by_name.contains(name))
        refuse(InputErrorKind::creation, "there is a context '" + name + "' already: give another name, or destroy it");
    if (by_name.size() >= options.max_contexts)
        refuse(InputErrorKind::overload, "this hypervisor has room for " + std::to_string(options.max_contexts) +
                                             " contexts (max_vms): destroy one, or make it with room for more");
}

Resident::Observed Hypervisor::Impl::observed(const CellularContext& cell) noexcept {
    return {cell.time_s(), cell.events(), cell.drawn(), static_cast<std::int64_t>(cell.memory_bytes()), cell.machines(),
            cell.resources()[species::ATP], cell.cycle()};
}

void Hypervisor::Impl::observe(Resident& resident) const {
    resident.turnstile.look([&resident] { resident.observed = observed(*resident.cell); });
}

/// Lets a context have its share of the chassis, from its present age on or, where it is between two ticks, from the next.
void Hypervisor::Impl::settle_in_chassis(Resident& r, const Terms& terms, const Past& past) {
    const double now_s = r.observed.time_s;
    if (past.holder != nullptr) {
        chassis->restore(r.ordinal, *past.holder);
    } else if (past.parent) {
        chassis->fork(*past.parent, r.ordinal);
    } else {
        const Allocation asked = terms.allocation.value_or(Allocation{capacity_of(r.base->organism()), {}, {}});
        chassis->admit(r.ordinal, asked);
        check_limit(r, asked);
        if (now_s > 0.0) chassis->reached(r.ordinal, now_s);
    }
    grant(r, chassis->grant(r.ordinal, now_s), CellularContext::next_tick_s(now_s));
    for (const Chassis::Step& step : chassis->holders().at(r.ordinal).steps) {
        if (step.from_s > now_s) grant(r, step.granted, CellularContext::next_tick_s(step.from_s));
    }
    apply_grants(r);
}

/// @param base the program from which grants are made; null: the cell's own
Hypervisor::Impl::ResidentPtr Hypervisor::Impl::settle_in(std::string name, std::optional<CellularContext> cell,
                                                          const Terms& terms, std::shared_ptr<const Program> base,
                                                          const Past& past) {
    check_room(name);
    auto resident = std::make_shared<Resident>();
    Resident& r = *resident;
    r.base = base != nullptr ? std::move(base) : cell->shared_program();
    r.cell = std::move(cell);
    if (r.cell) observe(r);
    r.candidates_before = r.observed.events.candidates - past.candidates;
    r.molecules_before = past.molecules;
    r.molecules_before = molecules_used(r, r.observed.drawn);
    r.cpu_ns = past.cpu_ns;
    r.context_state = past.state;
    r.cause = past.cause;
    r.name = name;
    r.ordinal = ordinals;
    check_quota_range(terms.quota);
    if (!past.restored) check_quota_use(terms.quota, r);  // else it may have used up to a quantum more
    r.quota = terms.quota;
    if (terms.allocation && !chassis)
        refuse(InputErrorKind::allocation, "there is no chassis to allocate from: give the hypervisor one");
    if (free_slots.empty()) {
        free_slots.reserve(slots.size() + 1);
        slots.emplace_back();
        free_slots.push_back(static_cast<std::uint32_t>(slots.size() - 1));
    }
    const std::uint32_t place = free_slots.back();
    r.handle = {options.identity, place, slots[place].generation + 1};
    const auto named = by_name.emplace(std::move(name), resident).first;
    try {
        if (chassis && !has_ended(r.context_state)) settle_in_chassis(r, terms, past);
        // what has ended keeps its policy on paper only
        scheduler.admit(r, has_ended(r.context_state) ? Policy{} : terms.policy, clock.now_ns(), past.worker);
        r.policy = terms.policy;
    } catch (...) {
        let_go(r);
        by_name.erase(named);
        throw;
    }
    ++ordinals;
    free_slots.pop_back();
    ++slots[place].generation;
    slots[place].resident = resident;
    return resident;
}

void Hypervisor::Impl::remove(const ResidentPtr& resident) noexcept {
    Resident& r = *resident;
    finish_all(r, RunStatus::stopped);
    scheduler.retire(r, clock.now_ns());
    let_go(r);
    Slot& slot = slots[r.handle.slot];
    slot.resident.reset();
    if (slot.generation != UINT32_MAX) free_slots.push_back(r.handle.slot);  // room for all slots is reserved
    by_name.erase(r.name);
    r.gone = true;
}

void Hypervisor::Impl::reschedule(Resident& r) noexcept {
    if (r.on_worker) return;
    const std::int64_t now = clock.now_ns();
    if (!has_work(r)) {
        scheduler.block(r, now);
    } else if (r.state == Task::State::blocked) {
        anchor(r);
        const Assignment& front = r.runs.front();
        r.arrival = front.arrival;
        if (front.paced() && now < front.release_ns())
            scheduler.sleep(r, now, front.release_ns());
        else
            scheduler.make_ready(r, now);
    }
    publish_timer();
}

void Hypervisor::Impl::check_quota_range(const Quota& quota) {
    const auto check = [](const char* what, const std::optional<std::int64_t>& limit) {
        if (limit && *limit <= 0)
            refuse(InputErrorKind::argument, std::string("a quota of ") + std::to_string(*limit) + " " + what +
                                                 " is none: give more than 0, or leave it out");
    };
    check("candidate events", quota.candidates);
    check("ns of CPU time", quota.cpu_ns);
    check("bytes of memory", quota.memory_bytes);
    check("molecules", quota.molecules);
    if (quota.simulated_s && !(*quota.simulated_s > 0.0 && *quota.simulated_s <= 1e9))
        refuse(InputErrorKind::argument, "a quota of simulated time must be more than 0 and at most 1e9 s");
}

void Hypervisor::Impl::check_quota_use(const Quota& quota, const Resident& r) {
    const auto check = [&r](const char* what, const std::optional<std::int64_t>& limit, std::int64_t used) {
        if (limit && *limit < used)
            refuse(InputErrorKind::allocation, "a quota of " + std::to_string(*limit) + " " + what + " is below what '" +
                                                   r.name + "' has used: " + std::to_string(used));
    };
    check("candidate events", quota.candidates, r.observed.events.candidates - r.candidates_before);
    check("ns of CPU time", quota.cpu_ns, r.cpu_ns);
    check("bytes of memory", quota.memory_bytes, r.observed.memory_bytes);
    check("molecules", quota.molecules, Hypervisor::Impl::molecules_used(r, r.observed.drawn));
    if (quota.simulated_s && *quota.simulated_s < r.observed.time_s)
        refuse(InputErrorKind::allocation, "a quota of " + std::to_string(*quota.simulated_s) +
                                               " s of simulated time is below the age of '" + r.name +
                                               "': " + std::to_string(r.observed.time_s) + " s");
}

/// @param call what the caller wants done, as a participle, for the message that refuses it
void Hypervisor::Impl::set_state(ContextHandle handle, const char* call, std::initializer_list<ContextState> from,
                                 ContextState to) {
    const auto changing = this->changing();
    Lock lock{mutex};
    const ResidentPtr resident = at(handle);
    Resident& r = *resident;
    const auto check = [&] {
        if (std::find(from.begin(), from.end(), r.context_state) != from.end()) return;
        std::string needed;
        for (const ContextState state : from) needed += (needed.empty() ? "" : " or ") + std::string{name_of(state)};
        refuse(InputErrorKind::state, "'" + r.name + "' is " + name_of(r.context_state) + " and cannot be " + call +
                                          ": it would have to be " + needed + (r.cause.empty() ? "" : "; " + r.cause));
    };
    check();
    const Rest rest{*this, lock, resident};
    (void)at(handle);
    check();  // what it came to on its way to rest may have ended it
    const ContextState before = r.context_state;
    r.context_state = to;
    if (to == ContextState::stopped) {
        finish_all(r, RunStatus::stopped);
        let_go(r);
    }
    // A pause is no lateness: what was due when it began is due as much later.
    if (to == ContextState::paused) r.paused_ns = clock.now_ns();
    if (before == ContextState::paused && to == ContextState::running && !r.runs.empty())
        r.runs.front().pace_origin_ns += clock.now_ns() - r.paused_ns;
}

Hypervisor::Hypervisor(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Hypervisor::~Hypervisor() = default;

const Hypervisor::Options& Hypervisor::options() const noexcept { return impl_->options; }

ContextHandle Hypervisor::create(std::string name, CellularContext cell, const Terms& terms) {
    const auto changing = impl_->changing();
    const Impl::Lock lock{impl_->mutex};
    return impl_->settle_in(std::move(name), std::move(cell), terms, nullptr, {})->handle;
}

/// Without an allocation of its own a child holds of the chassis what its parent does.
Hypervisor::Terms Hypervisor::Impl::terms_of_child(const Resident& parent, Terms terms, Past& past) const {
    if (!chassis || terms.allocation) return terms;
    if (chassis->holders().contains(parent.ordinal))
        past.parent = parent.ordinal;
    else  // it was stopped: what its cell was granted last
        terms.allocation = Allocation{capacity_of(parent.cell->program().organism()), {}, {}};
    return terms;
}

ContextHandle Hypervisor::fork(ContextHandle parent, std::string name, std::optional<std::uint64_t> seed, bool replay,
                               const Terms& terms) {
    if (replay && seed) refuse(InputErrorKind::argument, "a replay has the seed of its parent: leave one of the two out");
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(parent);
    impl_->check_room(name);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(parent);
    if (!resident->cell) refuse(InputErrorKind::state, "'" + resident->name + "' has failed: " + resident->cause);
    Impl::Past past;
    const Terms own = impl_->terms_of_child(*resident, terms, past);
    // The child must be able to settle before the parent counts one more fork.
    std::optional<CellularContext> child;
    resident->turnstile.look([&] { child.emplace(resident->cell->replica()); });
    if (replay) return impl_->settle_in(std::move(name), std::move(*child), own, resident->base, past)->handle;
    const Impl::ResidentPtr made = impl_->settle_in(std::move(name), child->fork(seed), own, resident->base, past);
    try {
        resident->turnstile.look([&] { (void)resident->cell->fork(seed); });
    } catch (...) {
        impl_->remove(made);
        throw;
    }
    return made->handle;
}

/// Lets a context that is at rest come to its next supply tick and divide there.
/// @param settle is given the daughter before the mother changes; what it throws leaves the mother as she is
template <typename Settle>
void Hypervisor::Impl::divide(Resident& mother, Settle&& settle) {
    if (!mother.cell) refuse(InputErrorKind::state, "'" + mother.name + "' has failed: " + mother.cause);
    if (has_ended(mother.context_state))
        refuse(InputErrorKind::state, "'" + mother.name + "' has been stopped: it divides no more; a fork of its cell can");
    // A run that is over by then ends first: what it changes back at its end is changed back for both halves.
    const double tick_s = CellularContext::next_tick_s(mother.observed.time_s);
    if (!mother.runs.empty() && mother.runs.front().begun && mother.runs.front().until_s <= tick_s)
        record_until(mother, mother.runs.front().until_s);
    // A twin goes ahead, so that a mother whose daughter is refused is still to tell that she is ready.
    std::optional<CellularContext> twin;
    mother.turnstile.look([&] { twin.emplace(mother.cell->replica()); });
    while (tick_s > twin->time_s() && twin->advance(tick_s) == AdvanceStatus::ready_to_divide) {
    }
    for (const PendingGrant& grant : mother.grants) {
        if (grant.at_s <= twin->time_s()) twin->allocate(grant.program);
    }
    settle(twin->divide());
    record_until(mother, tick_s);
    mother.turnstile.look([&] { *mother.cell = std::move(*twin); });
    observe(mother);
    forget_grants(mother);
}

CellularContext Hypervisor::divide(ContextHandle mother) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(mother);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(mother);
    std::optional<CellularContext> daughter;
    impl_->divide(*resident, [&](CellularContext&& made) { daughter.emplace(std::move(made)); });
    return std::move(*daughter);
}

ContextHandle Hypervisor::divide(ContextHandle mother, std::string name, const Terms& terms) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(mother);
    impl_->check_room(name);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(mother);
    ContextHandle settled;
    impl_->divide(*resident, [&](CellularContext&& daughter) {
        Impl::Past past;
        const Terms own = impl_->terms_of_child(*resident, terms, past);
        settled = impl_->settle_in(std::move(name), std::move(daughter), own, resident->base, past)->handle;
    });
    return settled;
}

ContextHandle Hypervisor::find(const std::string& name) const {
    const Impl::Lock lock{impl_->mutex};
    const auto found = impl_->by_name.find(name);
    if (found == impl_->by_name.end()) refuse(InputErrorKind::not_found, "there is no context '" + name + "'");
    return found->second->handle;
}

std::vector<std::pair<std::string, ContextHandle>> Hypervisor::list() const {
    const Impl::Lock lock{impl_->mutex};
    std::vector<const Resident*> order;
    for (const auto& [name, resident] : impl_->by_name) order.push_back(resident.get());
    std::sort(order.begin(), order.end(), [](const Resident* a, const Resident* b) { return a->ordinal < b->ordinal; });
    std::vector<std::pair<std::string, ContextHandle>> all;
    for (const Resident* resident : order) all.emplace_back(resident->name, resident->handle);
    return all;
}

std::string Hypervisor::name(ContextHandle context) const {
    const Impl::Lock lock{impl_->mutex};
    return impl_->at(context)->name;
}

std::shared_ptr<const Program> Hypervisor::program(ContextHandle context) const {
    const Impl::Lock lock{impl_->mutex};
    return impl_->at(context)->base;
}

void Hypervisor::start(ContextHandle context) {
    impl_->set_state(context, "started", {ContextState::created}, ContextState::running);
}

void Hypervisor::pause(ContextHandle context) {
    impl_->set_state(context, "paused", {ContextState::running}, ContextState::paused);
}

void Hypervisor::resume(ContextHandle context) {
    impl_->set_state(context, "resumed", {ContextState::paused}, ContextState::running);
}

void Hypervisor::stop(ContextHandle context) {
    impl_->set_state(context, "stopped", {ContextState::created, ContextState::running, ContextState::paused},
                     ContextState::stopped);
}

void Hypervisor::destroy(ContextHandle context) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(context);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(context);
    impl_->remove(resident);
    impl_->departed_cpu_ns += resident->cpu_ns;
}

ContextState Hypervisor::state(ContextHandle context) const {
    const Impl::Lock lock{impl_->mutex};
    return impl_->at(context)->context_state;
}

void Hypervisor::look(ContextHandle context, const std::function<void(const CellularContext&)>& look) const {
    Impl::ResidentPtr resident;
    {
        const Impl::Lock lock{impl_->mutex};
        resident = impl_->at(context);
    }
    resident->turnstile.look([&] {
        if (resident->gone) refuse(InputErrorKind::isolation, "this handle is stale: its context was destroyed");
        if (!resident->cell) refuse(InputErrorKind::state, "'" + resident->name + "' has failed and cannot be looked at");
        look(*resident->cell);
    });
}

void Hypervisor::change(ContextHandle context, const std::function<void(CellularContext&)>& change) {
    Impl::ResidentPtr resident;
    {
        const Impl::Lock lock{impl_->mutex};
        resident = impl_->at(context);
    }
    resident->turnstile.look([&] {
        if (resident->gone) refuse(InputErrorKind::isolation, "this handle is stale: its context was destroyed");
        if (!resident->cell) refuse(InputErrorKind::state, "'" + resident->name + "' has failed and cannot be changed");
        change(*resident->cell);
    });
}

void Hypervisor::set_policy(ContextHandle context, const Policy& policy) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(context);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(context);
    if (has_ended(resident->context_state))
        refuse(InputErrorKind::state, "'" + resident->name + "' has " +
                                          (resident->cause.empty() ? "been stopped" : "failed: " + resident->cause) +
                                          ": it runs no more, under no policy");
    impl_->scheduler.change_policy(*resident, policy, impl_->clock.now_ns());
    if (!resident->runs.empty()) impl_->change_period(*resident, resident->runs.front());
}

void Hypervisor::set_quota(ContextHandle context, const Quota& quota) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(context);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(context);
    Impl::check_quota_range(quota);
    Impl::check_quota_use(quota, *resident);
    resident->quota = quota;
}

bool Hypervisor::step() {
    const Impl::Lock lock{impl_->mutex};
    return impl_->step();
}

}  // namespace bioxen
