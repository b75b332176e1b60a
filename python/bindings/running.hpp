#pragma once

#include <bioxen/cellular_context.hpp>

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

/// Lets other threads look at a context between the slices of a run: the runner holds it for a slice at a time and
/// steps aside whenever somebody waits.
class Turnstile {
public:
    /// Computes with the context at rest; to be called without the GIL.
    template <typename Look>
    auto look(Look&& look) {
        ++waiting_;
        const std::lock_guard<std::mutex> at_rest{mutex_};
        --waiting_;
        return look();
    }
    template <typename Slice>
    auto run(Slice&& slice) {
        // a few turns, not for ever: many lookers must not keep the run from going on
        for (int turns = 0; waiting_ > 0 && turns < 100; ++turns) std::this_thread::yield();
        const std::lock_guard<std::mutex> running{mutex_};
        return slice();
    }

private:
    std::mutex mutex_;
    std::atomic<int> waiting_{0};
};

/// How a run ended and how long it took.
struct RunOutcome {
    std::string status;  ///< "completed", "cancelled" or "exhausted"
    double wall_time_s = 0.0;
};

/// Runs a context to the end of its recorder with the GIL released. About every 50 ms it takes the GIL, reports progress
/// and looks for Ctrl-C, which ends the run as "cancelled".
/// @param progress None or a callable (time_s, steps).
inline RunOutcome run_context(bioxen::CellularContext& context, Turnstile& turnstile, bioxen::Recorder& recorder,
                              const pybind11::object& progress) {
    using clock = std::chrono::steady_clock;
    constexpr std::uint64_t fuel = 1u << 18;  // a few milliseconds
    const auto started = clock::now();
    auto looked = started;
    RunOutcome outcome{"completed", 0.0};
    const auto seconds_since = [](clock::time_point then) {
        return std::chrono::duration<double>(clock::now() - then).count();
    };
    const auto report = [&] {
        const bioxen::EventCounts events = context.events();
        progress(context.time_s(), events.nucleotide_steps + events.codon_steps);
    };
    {
        pybind11::gil_scoped_release release;
        auto status = bioxen::AdvanceStatus::preempted;
        while (status == bioxen::AdvanceStatus::preempted && outcome.status == "completed") {
            status = turnstile.run([&] { return context.advance(recorder.until_s(), recorder, fuel); });
            if (seconds_since(looked) > 0.05) {
                looked = clock::now();
                pybind11::gil_scoped_acquire acquire;
                if (PyErr_CheckSignals() != 0) {
                    if (!PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) throw pybind11::error_already_set();
                    PyErr_Clear();
                    outcome.status = "cancelled";
                } else if (!progress.is_none()) {
                    report();
                }
            }
        }
        if (status == bioxen::AdvanceStatus::exhausted && outcome.status == "completed") outcome.status = "exhausted";
        context.sample(recorder);
        if (!progress.is_none() && outcome.status != "cancelled") {  // short runs report too
            pybind11::gil_scoped_acquire acquire;
            report();
        }
    }
    outcome.wall_time_s = seconds_since(started);
    return outcome;
}
