#pragma once

#include <bioxen/capacity.hpp>
#include <bioxen/error.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bioxen {

enum class Priority : std::uint8_t { low, normal, high, critical };

/// What a holder asks for.
struct Allocation {
    Capacity amount{};                             ///< guaranteed
    std::optional<Capacity> limit = std::nullopt;  ///< the most that a rebalance may grant; absent: the amount
    Priority priority = Priority::normal;
    bool operator==(const Allocation&) const = default;
};

/// A capacity that is not free.
class AllocationError : public InputError {
public:
    AllocationError(const std::string& message, std::size_t resource, double at_s, std::int64_t asked,
                    std::int64_t free, std::int64_t held)
        : InputError(InputErrorKind::allocation, message), resource_(resource), at_s_(at_s), asked_(asked), free_(free),
          held_(held) {}

    /// Position in `capacity_names`.
    [[nodiscard]] std::size_t resource() const noexcept { return resource_; }
    /// The first simulated time at which it is not free.
    [[nodiscard]] double at_s() const noexcept { return at_s_; }
    [[nodiscard]] std::int64_t asked() const noexcept { return asked_; }
    [[nodiscard]] std::int64_t free() const noexcept { return free_; }
    /// By all others.
    [[nodiscard]] std::int64_t held() const noexcept { return held_; }

private:
    std::size_t resource_;
    double at_s_;
    std::int64_t asked_, free_, held_;
};

/// A pool of biological capacity, and who holds how much of it when, in simulated time: a grant is a step function of
/// the holder's age. At no age is more held than there is, whatever the order in which the holders get there.
///
/// What every holder has left behind is settled: its place is taken by what holds at the age of the youngest. A call
/// that throws changes nothing. Costs grow with the number of ages at which something changes times that of holders;
/// those of `reached` with the logarithm of the latter. Not synchronised.
class Chassis {
public:
    static constexpr std::int64_t max_amount = std::int64_t{1} << 40;  ///< of any resource: sums cannot overflow
    static constexpr double max_s = 1e9;
    static constexpr std::size_t max_steps = 4096;  ///< of one holder, not yet settled

    struct Step {
        double from_s = 0.0;  ///< until the next step; the first is at 0
        Allocation allocation;
        Capacity granted;     ///< the amount, or more after a rebalance
        bool operator==(const Step&) const = default;
    };
    struct Holder {
        double reached_s = 0.0;
        std::vector<Step> steps;
        bool operator==(const Holder&) const = default;
    };
    struct Change {
        std::uint64_t holder = 0;
        double at_s = 0.0;
        Capacity granted;
        bool operator==(const Change&) const = default;
    };

    /// @param hypervisor_overhead share of every resource that nobody may hold
    /// @param emergency_reserve share of every resource for critical holders only; both are rounded up to whole
    ///        molecules
    /// @throws InputError (chassis) for amounts outside 0 to `max_amount`, negative shares, or such that leave nothing
    explicit Chassis(const Capacity& total, double hypervisor_overhead = 0.0, double emergency_reserve = 0.0);

    [[nodiscard]] const Capacity& total() const noexcept { return total_; }
    [[nodiscard]] const Capacity& overhead() const noexcept { return overhead_; }
    [[nodiscard]] const Capacity& reserve() const noexcept { return reserve_; }

    /// A holder of age 0. What rebalances granted beyond amounts is not free before it is given back: a holder that
    /// has to wait for that comes in with nothing and gets its allocation from `rebalance`.
    /// @throws InputError: argument for a key in use, negative amounts or a limit below the amount; AllocationError
    void admit(std::uint64_t holder, const Allocation& allocation);
    /// Another holder, as old as one that is there, with the same allocations and grants from that age on; before it,
    /// with what it has then.
    /// @throws InputError: not_found; argument for a key in use; AllocationError
    void fork(std::uint64_t holder, std::uint64_t fork);
    /// Another allocation from `at_s` on, until the holder's next change; one that is due at the same age is replaced.
    /// @throws InputError: not_found; argument also for an age that the holder has reached; overload for more than
    ///         `max_steps`; AllocationError
    void change(std::uint64_t holder, const Allocation& allocation, double at_s);
    /// From `at_s` on everyone holds its amount and a part of what is free: by priority, highest first, up to limits,
    /// evenly among equals, what cannot be divided to the lowest keys. The emergency reserve stays free.
    /// @return the changes that this makes to grants, by age and holder
    /// @throws InputError: argument for an age that some holder has reached; overload
    std::vector<Change> rebalance(double at_s);
    /// The same with another allocation for one holder: here its amount takes precedence over what others were granted
    /// beyond theirs. @throws as `change` and `rebalance`
    std::vector<Change> rebalance(double at_s, std::uint64_t holder, const Allocation& allocation);
    /// Says how old a holder is. @throws InputError: not_found; argument for an age below the last one
    void reached(std::uint64_t holder, double now_s);
    void release(std::uint64_t holder);

    [[nodiscard]] Capacity grant(std::uint64_t holder, double at_s) const;
    [[nodiscard]] Allocation allocation(std::uint64_t holder, double at_s) const;
    /// The age at which its grant or allocation changes next.
    [[nodiscard]] std::optional<double> next_change_s(std::uint64_t holder) const;
    [[nodiscard]] Capacity held(double at_s) const;
    /// What a holder of this priority could have more.
    [[nodiscard]] Capacity free(double at_s, Priority priority = Priority::normal) const;

    /// All of them: with `total`, `overhead` and `reserve` the whole state.
    [[nodiscard]] const std::map<std::uint64_t, Holder>& holders() const noexcept { return holders_; }
    /// Puts a holder back as `holders` gave it, in any order.
    /// @throws InputError: argument for what no holder can be; AllocationError
    void restore(std::uint64_t holder, const Holder& state);

    bool operator==(const Chassis&) const = default;

private:
    /// Shares out from an age on, and takes the draft over.
    std::vector<Change> share(double at_s, std::map<std::uint64_t, Holder> draft);

    Capacity total_, overhead_, reserve_;
    std::map<std::uint64_t, Holder> holders_;
};

}  // namespace bioxen
