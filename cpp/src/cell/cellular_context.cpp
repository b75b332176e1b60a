#include <bioxen/cellular_context.hpp>

#include "cell/cell.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <utility>

namespace bioxen {

struct CellularContext::Impl {
    Cell cell;
};

CellularContext::CellularContext(std::shared_ptr<const Program> program, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(Impl{Cell{std::move(program), seed}})) {}
CellularContext::CellularContext(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
CellularContext::CellularContext(CellularContext&&) noexcept = default;
CellularContext& CellularContext::operator=(CellularContext&&) noexcept = default;
CellularContext::~CellularContext() = default;

const Program& CellularContext::program() const noexcept { return *impl_->cell.program(); }
std::shared_ptr<const Program> CellularContext::shared_program() const noexcept { return impl_->cell.program(); }
std::uint64_t CellularContext::seed() const noexcept { return impl_->cell.seed(); }
double CellularContext::time_s() const noexcept { return impl_->cell.time_s(); }

AdvanceStatus CellularContext::advance(double until_s, std::uint64_t fuel) {
    if (!(until_s >= 0.0 && until_s <= 1e9))
        throw InputError(InputErrorKind::argument, "until_s must lie between 0 and 1e9 s");
    return impl_->cell.advance(until_s, fuel);
}

void CellularContext::sample(Trace& trace) const { impl_->cell.sample(trace); }
std::vector<std::int64_t> CellularContext::proteins() const { return impl_->cell.proteins(); }
std::vector<std::int64_t> CellularContext::mrnas() const { return impl_->cell.mrnas(); }
std::array<std::int64_t, species::resource_count> CellularContext::resources() const {
    return impl_->cell.resources();
}
std::array<MachineCount, 3> CellularContext::machines() const { return impl_->cell.machines(); }
EventCounts CellularContext::events() const { return impl_->cell.events(); }
std::vector<ProcessPosting> CellularContext::ledger() const { return impl_->cell.ledger(); }
Audit CellularContext::audit() const { return impl_->cell.audit(); }
std::vector<Polymerase> CellularContext::polymerases() const { return impl_->cell.polymerases(); }
std::size_t CellularContext::memory_bytes() const noexcept { return impl_->cell.memory_bytes(); }
void CellularContext::knockout(GeneId gene) { impl_->cell.knockout(gene); }
void CellularContext::restrict_transcription(std::optional<std::span<const GeneId>> genes) {
    impl_->cell.restrict_transcription(genes);
}
void CellularContext::set_resource(SpeciesIndex resource, std::int64_t molecules) {
    impl_->cell.set_resource(resource, molecules);
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
