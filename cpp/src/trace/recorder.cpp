#include <bioxen/trace.hpp>

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>

namespace bioxen {

namespace {

/// Multiples of the interval that differ from their neighbours as numbers of type double.
constexpr double most_samples = 0x1.0p53;
/// No cell grows older.
constexpr double oldest_s = 1e9;

}  // namespace

Sample Trace::sample(std::size_t row) const noexcept {
    const auto part = [row](const std::vector<std::int64_t>& column, std::size_t width) {
        return std::span{column}.subspan(row * width, width);
    };
    return {time_s[row], part(proteins, gene_count), part(mrnas, gene_count), part(resources, species::resource_count),
            {machines[0][row], machines[1][row], machines[2][row]}, cycle[row]};
}

void Trace::clear() noexcept {
    time_s.clear();
    proteins.clear();
    mrnas.clear();
    resources.clear();
    for (auto& column : machines) column.clear();
    cycle.clear();
}

Recorder::Recorder(double start_s, double until_s, double every_s, Observer observer, Keep keep)
    : start_s_(start_s), until_s_(until_s), every_s_(every_s), next_s_(start_s), observer_(std::move(observer)),
      keep_(keep) {
    if (!(start_s >= 0.0 && start_s <= oldest_s))
        throw InputError(InputErrorKind::argument, "start_s must lie between 0 and 1e9 s");
    if (!(until_s >= start_s)) throw InputError(InputErrorKind::argument, "until_s must not lie before start_s");
    if (!(every_s > 0.0)) throw InputError(InputErrorKind::argument, "every_s must lie above 0");
    if ((std::min(until_s, oldest_s) - start_s) / every_s > most_samples)
        throw InputError(InputErrorKind::argument, "every_s asks for more samples than can be counted: make it larger");
}

double Recorder::due_s(double k) const noexcept {
    const double due = start_s_ + k * every_s_;
    // a point that only rounding keeps off the end is the end
    return due > until_s_ || until_s_ - due < 1e-9 * (until_s_ - start_s_) ? until_s_ : due;
}

void Recorder::skip_to(double now_s) noexcept {
    if (!(next_s_ < now_s)) return;
    if (now_s > until_s_) {
        next_s_ = never_s;
        return;
    }
    k_ = std::max(k_ + 1.0, std::ceil((now_s - start_s_) / every_s_));
    next_s_ = due_s(k_);
}

void Recorder::recorded() {
    const std::size_t row = trace_.size() - 1;
    if (trace_.time_s[row] >= next_s_) next_s_ = next_s_ < until_s_ ? due_s(++k_) : never_s;
    if (observer_) observer_(trace_.sample(row));
}

}  // namespace bioxen
