#pragma once

#include "gil.hpp"

#include <bioxen/cellular_context.hpp>
#include <bioxen/error.hpp>

#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What a run is asked for.
struct RunOrder {
    double duration_s = 0.0;
    std::optional<double> every_s;
    std::optional<std::vector<std::uint32_t>> only;  ///< the genes whose units may initiate transcription; absent: all
    pybind11::object progress;                       ///< None or a callable (time_s, steps)
};

/// One run's samples and totals. Columns are views on it.
struct RunTrace {
    std::shared_ptr<const bioxen::Trace> columns;
    std::size_t gene_count = 0;
    std::string status;         ///< as `ExecutionResult.status`
    std::string cause;          ///< of an error, or which quota
    bool breach = false;        ///< a quota ended it whose owner wants an exception
    double wall_time_s = 0.0, sim_time_s = 0.0;
    std::optional<bioxen::Audit> audit;  ///< at its end, where it is known
    bioxen::EventCounts events_before, events_after;
    std::vector<bioxen::ProcessPosting> ledger_before, ledger_after;

    [[nodiscard]] pybind11::ssize_t samples() const { return static_cast<pybind11::ssize_t>(columns->time_s.size()); }
};

/// A context as Python holds it: one of its own, or one that a hypervisor runs. To be called without the GIL, but for `run`.
class Runner {
public:
    Runner() = default;
    virtual ~Runner() = default;
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// Looks at the context between two events, also while it runs.
    virtual void look(const std::function<void(const bioxen::CellularContext&)>& look) const = 0;
    virtual void change(const std::function<void(bioxen::CellularContext&)>& change) = 0;
    /// A context of its own with another future; this one may be running.
    virtual bioxen::CellularContext fork(std::optional<std::uint64_t> seed) = 0;
    /// Divides it at its next supply tick and returns the other half.
    virtual bioxen::CellularContext divide() = 0;
    /// @throws InputError (state) if it cannot run now.
    virtual void ready() const {}
    /// Ctrl-C ends it as "cancelled".
    virtual std::unique_ptr<RunTrace> run(const RunOrder& order) = 0;

    /// What `look` computes.
    template <typename Look>
    auto seen(Look&& compute) const {
        std::optional<std::invoke_result_t<Look, const bioxen::CellularContext&>> value;
        look([&](const bioxen::CellularContext& context) { value.emplace(compute(context)); });
        return std::move(*value);
    }
};

/// With the GIL: whether Ctrl-C was pressed. What other signal handlers raise passes through.
inline bool interrupted() {
    if (or_never([] { return PyErr_CheckSignals(); }) == 0) return false;
    if (!PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) throw pybind11::error_already_set();
    PyErr_Clear();
    return true;
}

/// With the GIL: the same after a call of Python, in which Ctrl-C may also have been pressed.
template <typename Call>
bool interrupted_in(Call&& call) {
    try {
        call();
        return interrupted();
    } catch (pybind11::error_already_set& e) {
        if (!e.matches(PyExc_KeyboardInterrupt)) throw;
        return true;
    }
}

/// @throws InputError (argument) for what no run can be asked for.
inline void check(const RunOrder& order, std::size_t gene_count) {
    using bioxen::InputError, bioxen::InputErrorKind;
    if (!(order.duration_s >= 0.0 && order.duration_s <= 1e9))
        throw InputError(InputErrorKind::argument, "duration_s must lie between 0 and 1e9 s");
    if (!order.every_s) return;
    if (!(*order.every_s > 0.0 && *order.every_s <= 1e9))
        throw InputError(InputErrorKind::argument, "every_s must lie above 0 and not above 1e9 s");
    constexpr double most_bytes = 0x1.0p36;
    const std::size_t row = 2 * gene_count + bioxen::species::resource_count + 10;
    if (order.duration_s / *order.every_s * static_cast<double>(row * sizeof(std::int64_t)) > most_bytes)
        throw InputError(InputErrorKind::argument,
                         "every_s asks for more samples than 64 GiB can hold: make it larger, or run in parts");
}

inline void restrict_transcription(bioxen::CellularContext& context, const std::vector<std::uint32_t>& genes) {
    std::vector<bioxen::GeneId> ids;
    for (const std::uint32_t gene : genes) ids.push_back(static_cast<bioxen::GeneId>(gene));
    context.restrict_transcription(ids);
}

inline pybind11::bytes as_bytes(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Machines by kind. There are as many replisomes as forks, all of them at work.
pybind11::dict named_machines(const std::array<bioxen::MachineCount, 3>& counts, std::int64_t forks);

pybind11::dict named_cycle(const bioxen::CycleState& cycle);

/// Events of a period by name.
pybind11::dict named_events(const bioxen::EventCounts& now, const bioxen::EventCounts& before);
