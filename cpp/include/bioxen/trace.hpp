#pragma once

#include <bioxen/cell_cycle.hpp>
#include <bioxen/species.hpp>
#include <bioxen/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace bioxen {

/// Free and active machines of one kind; total is their sum.
struct MachineCount {
    std::int64_t total = 0, free = 0, active = 0;
};
inline constexpr std::array<const char*, 3> machine_names{"rna_polymerase", "ribosome", "degradosome"};

/// A cell at one moment: views on the trace that holds them.
struct Sample {
    double time_s = 0.0;                          ///< age of the cell
    std::span<const std::int64_t> proteins;       ///< by gene
    std::span<const std::int64_t> mrnas;          ///< by gene
    std::span<const std::int64_t> resources;      ///< by species
    std::array<MachineCount, 3> machines;         ///< in the order of `machine_names`
    CycleState cycle;
};

/// Samples of a run as columns, in time order.
struct Trace {
    std::size_t gene_count = 0;
    std::vector<double> time_s;                              ///< (n)
    std::vector<std::int64_t> proteins;                      ///< (n, gene_count), row-major
    std::vector<std::int64_t> mrnas;                         ///< (n, gene_count), row-major
    std::vector<std::int64_t> resources;                     ///< (n, species::resource_count), row-major
    std::array<std::vector<MachineCount>, 3> machines;       ///< (n) each, in the order of `machine_names`
    std::vector<CycleState> cycle;                           ///< (n)

    [[nodiscard]] std::size_t size() const noexcept { return time_s.size(); }
    /// The sample in row `row` < `size()`; valid until the trace changes.
    [[nodiscard]] Sample sample(std::size_t row) const noexcept;
    /// Forgets the rows and keeps their memory.
    void clear() noexcept;
};

/// Called once per recorded sample, whose views are valid during the call. It may change the cell, which is an input like
/// any other, but not advance it. If it throws, the sample counts as recorded and the run can go on from there.
using Observer = std::function<void(const Sample&)>;

/// Which samples a recorder holds on to; `last` lets a run of any length take no more memory than one sample.
enum class Keep : std::uint8_t { all, last };

/// Samples a run at `start_s`, `start_s + k * every_s` and `until_s`, times being ages of the cell.
///
/// The times are products, not sums: they do not drift. Recording reads the cell and nothing else, so that the trajectory
/// is the same with any recorder and with none.
class Recorder {
public:
    static constexpr double never_s = std::numeric_limits<double>::infinity();

    /// @param until_s,every_s may be `never_s`: no end; only the start and the end.
    /// @throws InputError (argument) if the times are out of order or the samples too many to count.
    Recorder(double start_s, double until_s, double every_s, Observer observer = {}, Keep keep = Keep::all);

    /// When the next sample is due; `never_s` after the last one.
    [[nodiscard]] double next_s() const noexcept { return next_s_; }
    [[nodiscard]] double until_s() const noexcept { return until_s_; }
    /// What was recorded; with `Keep::last` the last sample.
    [[nodiscard]] const Trace& trace() const& noexcept { return trace_; }
    [[nodiscard]] Trace trace() && noexcept { return std::move(trace_); }

    /// Leaves out what was due before `now_s`.
    void skip_to(double now_s) noexcept;
    /// Takes one sample: `append` puts the state of the cell into the trace that it is given.
    template <typename Append>
    void record(Append&& append) {
        if (keep_ == Keep::last) trace_.clear();
        append(trace_);
        recorded();
    }

private:
    void recorded();
    [[nodiscard]] double due_s(double k) const noexcept;

    double start_s_, until_s_, every_s_;
    double k_ = 0.0;                ///< of the next sample: a whole number
    double next_s_;
    Observer observer_;
    Keep keep_;
    Trace trace_;
};

}  // namespace bioxen
