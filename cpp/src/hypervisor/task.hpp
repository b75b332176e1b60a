#pragma once

#include <bioxen/hypervisor.hpp>

#include <cstddef>
#include <cstdint>

namespace bioxen {

/// What the scheduler knows of one context.
struct Task {
    enum class State : std::uint8_t {
        out,        ///< not admitted
        blocked,    ///< has nothing to do
        sleeping,   ///< has nothing to do before `timer_ns`
        throttled,  ///< has used its budget or its cap; waits for `timer_ns`
        ready,
        running,
    };
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    Policy policy;
    State state = State::out;
    std::size_t worker = 0;             ///< that runs it, or, of a deadline task, the only one that may
    std::int64_t ready_since_ns = 0;
    std::int64_t charged_until_ns = 0;  ///< running: from here on its time is not charged yet
    std::int64_t slice_end_ns = 0;      ///< running
    std::uint64_t arrival = 0;          ///< batch: order of coming, told by whoever makes it ready

    // fair
    double vruntime = 0.0;              ///< service / weight
    double vdeadline = 0.0;             ///< of the present request
    std::int64_t request_left_ns = 0;
    double lag_ns = 0.0;                ///< service that it was owed when it left the queue
    std::int64_t cap_left_ns = 0, cap_window_end_ns = 0;
    double window_cap = 1.0;            ///< the largest cap that it had in this window

    // deadline
    std::int64_t budget_left_ns = 0, deadline_ns = 0;
    std::int64_t periods = 0, misses = 0;   ///< of its server; of a paced context its runs count them
    std::int64_t tardiness_ns = 0;          ///< of the last miss: how long after its deadline it would have its budget
    bool paced = false;
    bool gleans = false;                    ///< running without budget, in time that nobody else wants

    std::int64_t timer_ns = 0;
    std::size_t timer_place = nowhere, pending_place = nowhere, eligible_place = nowhere, weight_place = nowhere,
                deadline_place = nowhere, batch_place = nowhere;
};

}  // namespace bioxen
