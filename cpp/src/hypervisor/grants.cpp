#include "hypervisor/impl.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace bioxen {

namespace {

const Chassis& existing(const std::optional<Chassis>& chassis) {
    if (!chassis)
        throw InputError(InputErrorKind::allocation, "there is no chassis to allocate from: give the hypervisor one");
    return *chassis;
}

void check_age(std::optional<double> at_s) {
    if (at_s && !(*at_s >= 0.0 && *at_s <= 1e9))
        throw InputError(InputErrorKind::argument, "an allocation acts at an age between 0 and 1e9 s");
}

/// The first supply tick at which an allocation can act.
double acts_s(double now_s, std::optional<double> at_s) {
    const double tick_s = CellularContext::next_tick_s(at_s.value_or(now_s));
    return tick_s > now_s ? tick_s : CellularContext::next_tick_s(std::nextafter(tick_s, Job::never_s));
}

}  // namespace

/// Contexts of one program and one capacity share what is compiled for it.
std::shared_ptr<const Program> Hypervisor::Impl::granted_program(const std::shared_ptr<const Program>& base,
                                                                 const Capacity& capacity) {
    if (capacity == capacity_of(base->organism())) return base;
    Ratio key{base->fingerprint(), {}};
    for (std::size_t i = 0; i < capacity_members.size(); ++i) key.second[i] = capacity.*capacity_members[i];
    const auto known = granted.find(key);
    if (known != granted.end()) {
        if (auto program = known->second.lock()) return program;
    }
    std::erase_if(granted, [](const auto& entry) { return entry.second.expired(); });
    auto program = base->with_organism(with_capacity(base->organism(), capacity));
    granted[std::move(key)] = program;
    return program;
}

/// Lets a context have this capacity from `at_s` on, which is one of its supply ticks.
void Hypervisor::Impl::grant(Resident& r, const Capacity& capacity, double at_s) {
    PendingGrant pending{at_s, granted_program(r.base, capacity)};
    const auto place = std::lower_bound(r.grants.begin(), r.grants.end(), at_s,
                                        [](const PendingGrant& g, double at) { return g.at_s < at; });
    if (place != r.grants.end() && place->at_s == at_s)
        *place = std::move(pending);
    else
        r.grants.insert(place, std::move(pending));
}

/// A cell must be able to have all that a rebalance may give it. @throws InputError as `Program::with_organism`
void Hypervisor::Impl::check_limit(const Resident& r, const Allocation& allocation) {
    if (allocation.limit) (void)granted_program(r.base, *allocation.limit);
}

/// Makes the grants act whose time has come. The context is at rest.
void Hypervisor::Impl::apply_grants(Resident& r) {
    const double now_s = r.observed.time_s;
    for (auto due = r.grants.begin(); due != r.grants.end() && due->at_s <= now_s; ++due)
        r.turnstile.look([&] { r.cell->allocate(due->program); });
    forget_grants(r);
}

/// The cell has what was to be granted until now.
void Hypervisor::Impl::forget_grants(Resident& r) {
    const double now_s = r.observed.time_s;
    std::erase_if(r.grants, [now_s](const PendingGrant& grant) { return grant.at_s <= now_s; });
    if (chassis) chassis->reached(r.ordinal, now_s);
}

/// What has ended holds nothing: neither time of a worker nor a part of the chassis, where nobody waits for it to grow older.
void Hypervisor::Impl::let_go(Resident& r) noexcept {
    scheduler.resign(r, clock.now_ns());
    r.grants.clear();
    if (chassis && chassis->holders().contains(r.ordinal)) chassis->release(r.ordinal);
}

double Hypervisor::allocate(ContextHandle context, const Allocation& allocation, std::optional<double> at_s) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(context);
    const Impl::Rest rest{*impl_, lock, resident};
    (void)impl_->at(context);
    Resident& r = *resident;
    (void)existing(impl_->chassis);
    if (has_ended(r.context_state))
        throw InputError(InputErrorKind::state, "'" + r.name + "' has " +
                                                    (r.cause.empty() ? "been stopped" : "failed: " + r.cause) +
                                                    ": it holds nothing of the chassis");
    check_age(at_s);
    if (at_s && *at_s < r.observed.time_s)
        throw InputError(InputErrorKind::argument, "'" + r.name + "' is " + std::to_string(r.observed.time_s) +
                                                       " s old: an allocation cannot act at " + std::to_string(*at_s) +
                                                       " s, give a later age");
    Chassis changed = *impl_->chassis;
    changed.reached(r.ordinal, r.observed.time_s);
    const double from_s = acts_s(r.observed.time_s, at_s);
    changed.change(r.ordinal, allocation, from_s);
    impl_->check_limit(r, allocation);
    impl_->grant(r, changed.grant(r.ordinal, from_s), from_s);
    impl_->chassis = std::move(changed);
    return from_s;
}

std::optional<Allocation> Hypervisor::allocation(ContextHandle context, std::optional<double> at_s) const {
    const Impl::Lock lock{impl_->mutex};
    const Impl::ResidentPtr resident = impl_->at(context);
    if (!impl_->chassis || !impl_->chassis->holders().contains(resident->ordinal)) return std::nullopt;
    check_age(at_s);
    return impl_->chassis->allocation(resident->ordinal, acts_s(resident->observed.time_s, at_s));
}

std::vector<std::pair<ContextHandle, Capacity>> Hypervisor::rebalance(double at_s) {
    const auto changing = impl_->changing();
    Impl::Lock lock{impl_->mutex};
    (void)existing(impl_->chassis);
    if (!(at_s >= 0.0 && at_s <= 1e9))
        throw InputError(InputErrorKind::argument, "a rebalance acts at an age between 0 and 1e9 s");
    const double from_s = CellularContext::next_tick_s(at_s);
    // everybody stands still, and nobody comes or goes while they do
    std::vector<Impl::ResidentPtr> all;
    std::unordered_set<const Resident*> seen;
    std::vector<std::unique_ptr<Impl::Rest>> rests;
    const auto newcomer = [&] {
        for (const auto& [name, resident] : impl_->by_name) {
            if (seen.insert(resident.get()).second) return resident;
        }
        return Impl::ResidentPtr{};
    };
    for (const auto& [name, resident] : impl_->by_name) {
        all.push_back(resident);
        seen.insert(resident.get());
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        rests.push_back(std::make_unique<Impl::Rest>(*impl_, lock, all[i]));
        if (i + 1 < all.size()) continue;
        if (auto resident = newcomer()) all.push_back(std::move(resident));  // it came while others were brought to rest
    }
    Chassis changed = *impl_->chassis;
    std::map<std::uint64_t, Resident*> by_ordinal;
    for (const auto& resident : all) {
        Resident& r = *resident;
        if (r.gone || has_ended(r.context_state)) continue;
        if (r.observed.time_s >= from_s)
            throw InputError(InputErrorKind::argument, "'" + r.name + "' is " + std::to_string(r.observed.time_s) +
                                                           " s old already: rebalance at a later age");
        by_ordinal.emplace(r.ordinal, resident.get());
    }
    std::vector<std::pair<ContextHandle, Capacity>> held;
    std::vector<std::pair<Resident*, std::vector<PendingGrant>>> before;
    try {
        for (const Chassis::Change& change : changed.rebalance(from_s)) {
            const auto found = by_ordinal.find(change.holder);
            if (found == by_ordinal.end()) throw BugError("a rebalance found a holder that is no context");
            before.emplace_back(found->second, found->second->grants);
            impl_->grant(*found->second, change.granted, change.at_s);
        }
        for (const auto& [ordinal, resident] : by_ordinal)
            held.emplace_back(resident->handle, changed.grant(ordinal, from_s));
    } catch (...) {
        // the last one first: a holder may be among them more than once
        for (auto one = before.rbegin(); one != before.rend(); ++one) one->first->grants.swap(one->second);
        throw;
    }
    impl_->chassis = std::move(changed);
    return held;
}

std::optional<Chassis> Hypervisor::chassis() const {
    const Impl::Lock lock{impl_->mutex};
    return impl_->chassis;
}

}  // namespace bioxen
