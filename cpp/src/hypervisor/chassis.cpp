#include <bioxen/chassis.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace bioxen {
namespace {

using Holders = std::map<std::uint64_t, Chassis::Holder>;
using Step = Chassis::Step;
/// Which capacity of a step counts.
using Part = const Capacity& (*)(const Step&);
const Capacity& granted(const Step& step) { return step.granted; }
const Capacity& guaranteed(const Step& step) { return step.allocation.amount; }

[[noreturn]] void refuse(InputErrorKind kind, const std::string& what) { throw InputError(kind, what); }

std::string number(double value) {
    std::array<char, 32> text;
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string named(std::uint64_t holder) { return "holder " + std::to_string(holder); }

void require_time(double at_s) {
    if (!(at_s >= 0.0 && at_s <= Chassis::max_s)) refuse(InputErrorKind::argument, "at_s must lie between 0 and 1e9 s");
}

const Capacity& limit_of(const Allocation& allocation) {
    return allocation.limit ? *allocation.limit : allocation.amount;
}

void require_possible(const Allocation& allocation) {
    if (allocation.priority > Priority::critical) refuse(InputErrorKind::argument, "a priority is low to critical");
    for (std::size_t r = 0; r < capacity_members.size(); ++r) {
        const std::int64_t amount = allocation.amount.*capacity_members[r];
        const std::int64_t limit = limit_of(allocation).*capacity_members[r];
        if (amount < 0 || amount > limit || limit > Chassis::max_amount) {
            refuse(InputErrorKind::argument,
                   std::string(capacity_names[r]) + ": " + std::to_string(amount) + " up to " + std::to_string(limit) +
                       " cannot be allocated: give 0 <= amount <= limit <= " + std::to_string(Chassis::max_amount));
        }
    }
}

/// The steps in force at an age and from then on.
auto in_force(const std::vector<Step>& steps, double at_s) {
    return std::ranges::upper_bound(steps, at_s, {}, &Step::from_s) - 1;
}

const Chassis::Holder& found(const Holders& holders, std::uint64_t key) {
    const auto holder = holders.find(key);
    if (holder == holders.end()) refuse(InputErrorKind::not_found, named(key) + " holds nothing of this chassis");
    return holder->second;
}

void require_new(const Holders& holders, std::uint64_t key) {
    if (holders.contains(key)) refuse(InputErrorKind::argument, named(key) + " is there already: give another key");
}

void require_future(std::uint64_t key, const Chassis::Holder& holder, double at_s) {
    if (at_s <= holder.reached_s) {
        refuse(InputErrorKind::argument, named(key) + " has reached " + number(holder.reached_s) +
                                             " s: what it holds can change only later, not at " + number(at_s) + " s");
    }
}

/// The age of the youngest holder.
double horizon_s(const Holders& holders) {
    double least = Chassis::max_s;
    for (const auto& [key, holder] : holders) least = std::min(least, holder.reached_s);
    return holders.empty() ? 0.0 : least;
}

/// Lets the step at the horizon take the place of those before it.
void settle(std::vector<Step>& steps, double horizon) noexcept {
    steps.erase(steps.begin(), steps.begin() + (in_force(steps, horizon) - steps.cbegin()));
    steps.front().from_s = 0.0;
}

void settle(Holders& holders) noexcept {
    const double horizon = horizon_s(holders);
    for (auto& [key, holder] : holders) settle(holder.steps, horizon);
}

/// The ages from one on at which anyone's step begins.
std::vector<double> ages_from(double from_s, const Holders& holders, const std::vector<Step>& more = {}) {
    std::vector<double> ages{from_s};
    const auto collect = [&](const std::vector<Step>& steps) {
        for (auto step = in_force(steps, from_s) + 1; step != steps.end(); ++step) ages.push_back(step->from_s);
    };
    for (const auto& [key, holder] : holders) collect(holder.steps);
    if (!more.empty()) collect(more);
    std::ranges::sort(ages);
    ages.erase(std::unique(ages.begin(), ages.end()), ages.end());
    return ages;
}

/// What is held at one age, and how much of it by holders that may not touch the reserve.
struct Sum {
    Capacity all, ordinary;

    void add(const Step& step, Part part) {
        for (const auto member : capacity_members) {
            all.*member += part(step).*member;
            if (step.allocation.priority != Priority::critical) ordinary.*member += part(step).*member;
        }
    }
};

Sum sum_at(double at_s, const Holders& holders, Part part, const Chassis::Holder* except = nullptr) {
    Sum sum;
    for (const auto& [key, holder] : holders) {
        if (&holder != except) sum.add(*in_force(holder.steps, at_s), part);
    }
    return sum;
}

/// What someone of this priority may have beside others.
Capacity room_beside(const Chassis& chassis, const Sum& others, Priority priority) {
    Capacity room;
    for (const auto member : capacity_members) {
        const std::int64_t usable = chassis.total().*member - chassis.overhead().*member;
        room.*member = usable - others.all.*member;
        if (priority == Priority::critical) continue;
        room.*member = std::min(room.*member, usable - chassis.reserve().*member - others.ordinary.*member);
    }
    return room;
}

/// Where what is not free of a capacity is, in words.
std::string whereabouts(const Chassis& chassis, const Sum& others, Priority priority, std::int64_t Capacity::*member) {
    std::string text = " of " + std::to_string(chassis.total().*member);
    if (others.all.*member > 0) text += ", " + std::to_string(others.all.*member) + " held by others";
    if (chassis.overhead().*member > 0) text += ", " + std::to_string(chassis.overhead().*member) + " hypervisor overhead";
    if (chassis.reserve().*member > 0 && priority != Priority::critical)
        text += ", " + std::to_string(chassis.reserve().*member) + " reserved for critical priority";
    return text;
}

/// @throws AllocationError unless, from an age on, these steps fit beside those of all holders but one
void require_room(const Chassis& chassis, const std::vector<Step>& steps, double from_s, Part part,
                  const Chassis::Holder* except = nullptr) {
    for (const double at_s : ages_from(from_s, chassis.holders(), steps)) {
        const Step& step = *in_force(steps, at_s);
        const Sum others = sum_at(at_s, chassis.holders(), part, except);
        const Capacity free = room_beside(chassis, others, step.allocation.priority);
        for (std::size_t r = 0; r < capacity_members.size(); ++r) {
            const auto member = capacity_members[r];
            const std::int64_t asked = part(step).*member;
            if (asked <= free.*member) continue;
            throw AllocationError(std::string(capacity_names[r]) + ": " + std::to_string(asked) + " asked from " +
                                      number(at_s) + " s on, " + std::to_string(free.*member) + " free" +
                                      whereabouts(chassis, others, step.allocation.priority, member) +
                                      ": ask for at most " + std::to_string(free.*member) +
                                      (others.all.*member > 0 ? ", or let others hold less" : ""),
                                  r, at_s, asked, free.*member, others.all.*member);
        }
    }
}

/// Begins a step, or replaces the one that begins at the same age.
Step& put(std::uint64_t key, std::vector<Step>& steps, const Step& step) {
    const auto place = std::ranges::lower_bound(steps, step.from_s, {}, &Step::from_s);
    if (place != steps.end() && place->from_s == step.from_s) return *place = step;
    if (steps.size() == Chassis::max_steps) {
        refuse(InputErrorKind::overload, named(key) + " has " + std::to_string(Chassis::max_steps) +
                                             " changes that not every holder has left behind: run the others on first");
    }
    return *steps.insert(place, step);
}

/// What holders get, by ascending key, if beyond their amounts this much is shared out.
std::vector<Capacity> shared_out(const std::vector<Allocation>& allocations, const Capacity& spare) {
    std::vector<Capacity> grants;
    for (const Allocation& allocation : allocations) grants.push_back(allocation.amount);
    for (const auto member : capacity_members) {
        std::int64_t left = spare.*member;
        for (const auto priority : {Priority::critical, Priority::high, Priority::normal, Priority::low}) {
            const auto is_full = [&](std::size_t i) {
                return grants[i].*member == limit_of(allocations[i]).*member;
            };
            std::vector<std::size_t> takers;
            for (std::size_t i = 0; i < allocations.size(); ++i) {
                if (allocations[i].priority == priority && !is_full(i)) takers.push_back(i);
            }
            while (left > 0 && !takers.empty()) {  // whoever reaches its limit leaves the rest to the others
                const std::int64_t each = std::max<std::int64_t>(left / std::ssize(takers), 1);
                for (const std::size_t i : takers) {
                    const std::int64_t given =
                        std::min({each, left, limit_of(allocations[i]).*member - grants[i].*member});
                    grants[i].*member += given;
                    left -= given;
                }
                std::erase_if(takers, is_full);
            }
        }
    }
    return grants;
}

/// A share of whole molecules, rounded up, but not because a decimal fraction is no binary one.
std::int64_t share_of(std::int64_t total, double share) {
    constexpr double exact = 1.0 - 2.0 * std::numeric_limits<double>::epsilon();
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(total) * share * exact));
}

}  // namespace

Chassis::Chassis(const Capacity& total, double hypervisor_overhead, double emergency_reserve) : total_(total) {
    if (!(hypervisor_overhead >= 0.0 && emergency_reserve >= 0.0 && hypervisor_overhead + emergency_reserve < 1.0)) {
        refuse(InputErrorKind::chassis, "hypervisor overhead " + number(hypervisor_overhead) +
                                            " and emergency reserve " + number(emergency_reserve) +
                                            " are shares of the chassis: each at least 0, together below 1");
    }
    for (std::size_t r = 0; r < capacity_members.size(); ++r) {
        const auto member = capacity_members[r];
        if (total.*member < 0 || total.*member > max_amount) {
            refuse(InputErrorKind::chassis, std::string(capacity_names[r]) + " = " + std::to_string(total.*member) +
                                                " must lie between 0 and " + std::to_string(max_amount));
        }
        overhead_.*member = share_of(total.*member, hypervisor_overhead);
        reserve_.*member = std::min(share_of(total.*member, emergency_reserve), total.*member - overhead_.*member);
    }
}

void Chassis::admit(std::uint64_t key, const Allocation& allocation) {
    require_possible(allocation);
    require_new(holders_, key);
    Holders admitted;
    const Holder& holder = admitted[key] = {0.0, {{0.0, allocation, allocation.amount}}};
    require_room(*this, holder.steps, horizon_s(holders_), granted);
    settle(holders_);
    holders_.merge(admitted);
}

void Chassis::fork(std::uint64_t key, std::uint64_t fork) {
    require_new(holders_, fork);
    Holders forked;
    Holder& holder = forked[fork] = found(holders_, key);
    settle(holder.steps, holder.reached_s);
    require_room(*this, holder.steps, horizon_s(holders_), granted);
    settle(holders_);
    holders_.merge(forked);
}

void Chassis::change(std::uint64_t key, const Allocation& allocation, double at_s) {
    require_time(at_s);
    require_possible(allocation);
    const Holder& holder = found(holders_, key);
    require_future(key, holder, at_s);
    std::vector<Step> steps = holder.steps;
    settle(steps, horizon_s(holders_));
    put(key, steps, {at_s, allocation, allocation.amount});
    require_room(*this, steps, at_s, granted, &holder);
    holders_.at(key).steps.swap(steps);
    settle(holders_);
}

std::vector<Chassis::Change> Chassis::rebalance(double at_s) { return share(at_s, holders_); }

std::vector<Chassis::Change> Chassis::rebalance(double at_s, std::uint64_t key, const Allocation& allocation) {
    require_time(at_s);
    require_possible(allocation);
    const Holder& holder = found(holders_, key);
    require_future(key, holder, at_s);
    Holders draft = holders_;
    settle(draft);
    std::vector<Step>& steps = draft.at(key).steps;
    put(key, steps, {at_s, allocation, allocation.amount});
    require_room(*this, steps, at_s, guaranteed, &holder);
    return share(at_s, std::move(draft));
}

std::vector<Chassis::Change> Chassis::share(double at_s, Holders draft) {
    require_time(at_s);
    for (const auto& [key, holder] : draft) require_future(key, holder, at_s);
    settle(draft);
    std::vector<Change> changes;
    for (const double from_s : ages_from(at_s, draft)) {
        const Sum sum = sum_at(from_s, draft, guaranteed);
        Capacity spare;
        for (const auto member : capacity_members) {
            const std::int64_t ordinary = total_.*member - overhead_.*member - reserve_.*member;
            spare.*member = std::max<std::int64_t>(ordinary - sum.all.*member, 0);
        }
        std::vector<Allocation> allocations;
        for (const auto& [key, holder] : draft) allocations.push_back(in_force(holder.steps, from_s)->allocation);
        const std::vector<Capacity> grants = shared_out(allocations, spare);
        auto grant = grants.begin();
        for (auto& [key, holder] : draft) {
            const Step now{from_s, in_force(holder.steps, from_s)->allocation, *grant++};
            const Step& before = *in_force(holder.steps, from_s);
            if (before.from_s < from_s && before.granted == now.granted) continue;
            const Step& former = *in_force(holders_.at(key).steps, from_s);
            const Step& previous = *(std::ranges::lower_bound(holder.steps, from_s, {}, &Step::from_s) - 1);
            // where a grant of this rebalance ends, the former one begins anew
            const bool is_change = former.granted != now.granted ||
                                   (former.from_s < from_s && previous.granted != now.granted);
            put(key, holder.steps, now);
            if (is_change) changes.push_back({key, from_s, now.granted});
        }
    }
    holders_.swap(draft);
    return changes;
}

void Chassis::reached(std::uint64_t key, double now_s) {
    require_time(now_s);
    const double before_s = found(holders_, key).reached_s;
    if (now_s < before_s) {
        refuse(InputErrorKind::argument, named(key) + " has reached " + number(before_s) + " s and cannot return to " +
                                             number(now_s) + " s");
    }
    holders_.at(key).reached_s = now_s;
}

void Chassis::release(std::uint64_t key) {
    (void)found(holders_, key);
    holders_.erase(key);
}

Capacity Chassis::grant(std::uint64_t key, double at_s) const {
    require_time(at_s);
    return in_force(found(holders_, key).steps, at_s)->granted;
}

Allocation Chassis::allocation(std::uint64_t key, double at_s) const {
    require_time(at_s);
    return in_force(found(holders_, key).steps, at_s)->allocation;
}

std::optional<double> Chassis::next_change_s(std::uint64_t key) const {
    const Holder& holder = found(holders_, key);
    const auto next = in_force(holder.steps, holder.reached_s) + 1;
    return next == holder.steps.end() ? std::nullopt : std::optional{next->from_s};
}

Capacity Chassis::held(double at_s) const {
    require_time(at_s);
    return sum_at(at_s, holders_, granted).all;
}

Capacity Chassis::free(double at_s, Priority priority) const {
    require_time(at_s);
    return room_beside(*this, sum_at(at_s, holders_, granted), priority);
}

void Chassis::restore(std::uint64_t key, const Holder& state) {
    require_new(holders_, key);
    const auto require = [&](bool holds) {
        if (!holds) refuse(InputErrorKind::argument, named(key) + " has steps that no holder can have");
    };
    require(state.reached_s >= 0.0 && state.reached_s <= max_s);
    require(!state.steps.empty() && state.steps.size() <= max_steps && state.steps.front().from_s == 0.0);
    double before_s = -1.0;
    for (const Step& step : state.steps) {
        require(step.from_s > before_s && step.from_s <= max_s);
        before_s = step.from_s;
        require_possible(step.allocation);
        for (const auto member : capacity_members) {
            require(step.granted.*member >= step.allocation.amount.*member);
            require(step.granted.*member <= limit_of(step.allocation).*member);
        }
    }
    Holders restored{{key, state}};
    require_room(*this, state.steps, 0.0, granted);
    holders_.merge(restored);
}

}  // namespace bioxen
