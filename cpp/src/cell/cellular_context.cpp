#include <bioxen/cellular_context.hpp>

#include "cell/cell.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

namespace bioxen {

struct CellularContext::Impl {
    Cell cell;
    bool advancing = false;
};

namespace {

std::shared_ptr<const Program> existing(std::shared_ptr<const Program> program) {
    if (program == nullptr) throw InputError(InputErrorKind::argument, "a context needs a program: give what compile returned");
    return program;
}

/// Holds a context while it advances; an observer that advances it again is refused.
class Advancing {
public:
    explicit Advancing(bool& flag) : flag_(flag) {
        if (flag_)
            throw InputError(InputErrorKind::runtime, "an observer must not advance the context that it observes");
        flag_ = true;
    }
    ~Advancing() { flag_ = false; }
    Advancing(const Advancing&) = delete;
    Advancing& operator=(const Advancing&) = delete;

private:
    bool& flag_;
};

}  // namespace

CellularContext::CellularContext(std::shared_ptr<const Program> program, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(Impl{Cell{existing(std::move(program)), seed}})) {}
CellularContext::CellularContext(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
CellularContext::CellularContext(CellularContext&&) noexcept = default;
CellularContext& CellularContext::operator=(CellularContext&&) noexcept = default;
CellularContext::~CellularContext() = default;

const Program& CellularContext::program() const noexcept { return *impl_->cell.program(); }
std::shared_ptr<const Program> CellularContext::shared_program() const noexcept { return impl_->cell.program(); }
std::uint64_t CellularContext::seed() const noexcept { return impl_->cell.seed(); }
double CellularContext::time_s() const noexcept { return impl_->cell.time_s(); }

namespace {

void check_age(const char* name, double age_s) {
    if (!(age_s >= 0.0 && age_s <= 1e9))
        throw InputError(InputErrorKind::argument, std::string{name} + " must lie between 0 and 1e9 s");
}

}  // namespace

AdvanceStatus CellularContext::advance(double until_s, std::uint64_t fuel) {
    check_age("until_s", until_s);
    const Advancing advancing{impl_->advancing};
    return impl_->cell.advance(until_s, fuel);
}

AdvanceStatus CellularContext::advance(double until_s, Recorder& recorder, std::uint64_t fuel) {
    check_age("until_s", until_s);
    const Advancing advancing{impl_->advancing};
    Cell& cell = impl_->cell;
    // what copying the counts of all genes takes, in candidate events of some 30 ns
    const std::uint64_t sample_fuel = 16 + cell.proteins().size() / 8;
    for (recorder.skip_to(cell.time_s()); recorder.next_s() <= until_s; recorder.skip_to(cell.time_s())) {
        if (fuel == 0) return AdvanceStatus::preempted;
        const AdvanceStatus status = cell.advance(recorder.next_s(), fuel);
        if (status != AdvanceStatus::reached) return status;
        fuel -= std::min(fuel, sample_fuel);
        recorder.record([&cell](Trace& trace) { cell.sample(trace); });
    }
    return cell.advance(until_s, fuel);
}

void CellularContext::prefetch() const noexcept { impl_->cell.prefetch(); }
void CellularContext::sample(Trace& trace) const { impl_->cell.sample(trace); }
void CellularContext::sample(Recorder& recorder) const {
    const Trace& trace = recorder.trace();
    if (trace.size() == 0 || trace.time_s.back() < time_s()) recorder.record([this](Trace& all) { sample(all); });
}
std::vector<std::int64_t> CellularContext::proteins() const { return impl_->cell.proteins(); }
std::vector<std::int64_t> CellularContext::mrnas() const { return impl_->cell.mrnas(); }
std::array<std::int64_t, species::resource_count> CellularContext::resources() const {
    return impl_->cell.resources();
}
std::array<MachineCount, 3> CellularContext::machines() const { return impl_->cell.machines(); }
Drawn CellularContext::drawn() const noexcept { return impl_->cell.drawn(); }
EventCounts CellularContext::events() const { return impl_->cell.events(); }
std::vector<ProcessPosting> CellularContext::ledger() const { return impl_->cell.ledger(); }
Audit CellularContext::audit() const { return impl_->cell.audit(); }
std::vector<Polymerase> CellularContext::polymerases() const { return impl_->cell.polymerases(); }
std::size_t CellularContext::memory_bytes() const noexcept { return impl_->cell.memory_bytes(); }
void CellularContext::knockout(GeneId gene) { impl_->cell.knockout(gene); }
std::vector<GeneId> CellularContext::knocked_out() const { return impl_->cell.knocked_out(); }
void CellularContext::restrict_transcription(std::optional<std::span<const GeneId>> genes) {
    impl_->cell.restrict_transcription(genes);
}
void CellularContext::set_resource(SpeciesIndex resource, std::int64_t molecules) {
    impl_->cell.set_resource(resource, molecules);
}
void CellularContext::set_environment(const Environment& environment) { impl_->cell.set_environment(environment); }
Environment CellularContext::environment() const noexcept { return impl_->cell.environment(); }
void CellularContext::inhibit(Work work, double remaining) { impl_->cell.inhibit(work, remaining); }
Remaining CellularContext::remaining() const noexcept { return impl_->cell.remaining(); }
void CellularContext::allocate(std::shared_ptr<const Program> program) {
    impl_->cell.allocate(existing(std::move(program)));
}
CellularContext CellularContext::divide() {
    if (impl_->advancing) throw InputError(InputErrorKind::runtime, "an observer must not divide the context that it observes");
    auto [mother, daughter] = impl_->cell.divided();
    auto half = std::make_unique<Impl>(Impl{std::move(daughter)});
    static_assert(std::is_nothrow_move_assignable_v<Cell>);
    impl_->cell = std::move(mother);  // when nothing can fail any more
    return CellularContext{std::move(half)};
}
CycleState CellularContext::cycle() const noexcept { return impl_->cell.cycle(); }
std::vector<std::int64_t> CellularContext::gene_copies() const { return impl_->cell.gene_copies(); }
std::vector<std::int64_t> CellularContext::in_machines() const { return impl_->cell.in_machines(); }
double CellularContext::next_tick_s(double at_s) {
    check_age("at_s", at_s);
    return std::ceil(at_s / tick_s) * tick_s;  // exact: a tick is a power of 2
}

std::vector<std::byte> CellularContext::snapshot() const { return impl_->cell.snapshot(); }
CellularContext CellularContext::restore(std::span<const std::byte> snapshot, std::shared_ptr<const Program> program) {
    return CellularContext{std::make_unique<Impl>(Impl{Cell::restore(snapshot, std::move(program))})};
}
std::string CellularContext::trajectory_hash() const {
    const auto digits = hexadecimal(impl_->cell.trajectory_hash());
    return {digits.begin(), digits.end()};
}
CellularContext CellularContext::replica() const {
    return CellularContext{std::make_unique<Impl>(Impl{impl_->cell.replica()})};
}
CellularContext CellularContext::fork(std::optional<std::uint64_t> seed) {
    return CellularContext{std::make_unique<Impl>(Impl{impl_->cell.fork(seed)})};
}

}  // namespace bioxen
