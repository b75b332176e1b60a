#include "cell/snapshot.hpp"
#include "harness.hpp"
#include "program/organism_bytes.hpp"
#include "support/checksum.hpp"

#include <algorithm>
#include <memory>
#include <vector>

/// The input is a list of edits, four bytes each, to a snapshot taken here: so the corpus outlives a change of the
/// format. The edited snapshot is sealed again, that the validation behind length, checksum and fingerprint is met.
namespace {

using namespace bioxen;
using Bytes = std::vector<std::byte>;

constexpr std::size_t length_at = 16, program_at = 40;

struct Taken {
    std::shared_ptr<const Program> program;
    Bytes bytes;
};

/// Snapshots of one life, at birth, at work and after every operation of a user; and of a growing cell, while its DNA is
/// copied, when it may divide, and of its daughter in the next round; and of one that is cold, inhibited and damaged.
const std::vector<Taken>& snapshots() {
    static const std::vector<Taken> taken = [] {
        std::vector<Taken> all;
        Organism o = designs::supplied();
        o.protein_decay_per_s = 0.01;
        const auto program = compile(designs::small_genome(), o);
        CellularContext cell(program, 5);
        all.push_back({program, cell.snapshot()});
        (void)cell.advance(20.0);
        all.push_back({program, cell.snapshot()});
        cell.knockout(GeneId{1});
        const GeneId only[] = {GeneId{0}, GeneId{3}};
        cell.restrict_transcription(only);
        cell.set_resource(species::UTP, 15'000);
        (void)cell.advance(23.0);
        all.push_back({program, cell.snapshot()});

        const auto living = designs::dividing_program();
        CellularContext grown(living, 11);
        (void)grown.advance(3.0);
        all.push_back({living, grown.snapshot()});
        while (!grown.cycle().ready_to_divide) (void)grown.advance(grown.time_s() + 1.0);
        (void)grown.advance(CellularContext::next_tick_s(grown.time_s()));
        all.push_back({living, grown.snapshot()});
        CellularContext daughter = grown.divide();
        (void)daughter.advance(daughter.time_s() + 3.0);
        all.push_back({living, daughter.snapshot()});

        Organism frail = living->organism();
        frail.tolerance.activation_energy_J_per_mol = 56'500.0;
        frail.tolerance.lethal_temperature_c = 49.0;
        frail.tolerance.lethal_energy_charge = 0.5;
        frail.tolerance.starvation_s = 100.0;
        frail.tolerance.dna_damage_per_bp_s = 0.01;
        frail.tolerance.dna_repair_per_s = 0.1;
        frail.tolerance.lethal_lesions = 200;
        const auto suffering = living->with_organism(frail);
        CellularContext ill(suffering, 12);
        (void)ill.advance(3.0);
        ill.set_environment({0.0, 30.0, 6.5});
        ill.inhibit(Work::translation_elongation, 0.5);
        (void)ill.advance(4.0);
        all.push_back({suffering, ill.snapshot()});
        return all;
    }();
    return taken;
}

void put(Bytes& bytes, std::size_t at, std::uint64_t word, std::size_t size) {
    const std::size_t end = std::min(at + size, bytes.size());
    for (std::size_t i = at; i < end; ++i, word >>= 8) bytes[i] = static_cast<std::byte>(word & 255);
}

void edit(Bytes& bytes, const std::uint8_t* with) {
    if (bytes.empty()) return;
    const std::size_t at = (with[0] | std::size_t{with[1]} << 8) % bytes.size();
    const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto number = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(with[3])));
    switch (with[2] % 7) {
        case 0: *here = static_cast<std::byte>(with[3]); break;
        case 1: *here = static_cast<std::byte>(std::to_integer<int>(*here) + with[3]); break;
        case 2: put(bytes, at, number, 4); break;
        case 3: put(bytes, at, number, 8); break;
        case 4: bytes.insert(here, with[3], *here); break;
        case 5: bytes.erase(here, here + std::min<std::ptrdiff_t>(with[3], bytes.end() - here)); break;
        default: put(bytes, at, std::uint64_t{1} << (with[3] % 64), 8); break;
    }
}

void seal(Bytes& bytes) {
    if (bytes.size() < snapshot_format::header_bytes + snapshot_format::checksum_bytes) return;
    put(bytes, length_at, bytes.size(), 8);
    const std::size_t covered = bytes.size() - snapshot_format::checksum_bytes;
    put(bytes, covered, crc64(std::span{bytes}.first(covered)), 8);
}

/// Gives the snapshot the fingerprint of the parameters that it carries. @return whether some program has them
bool adopt_parameters(Bytes& bytes, const Program& program) {
    if (bytes.size() < snapshot_format::header_bytes) return false;
    try {
        ByteReader in{std::span<const std::byte>(bytes).subspan(snapshot_format::header_bytes)};
        const auto other = program.with_organism(read_organism(in));
        std::transform(other->fingerprint().begin(), other->fingerprint().end(), bytes.begin() + program_at,
                       [](char c) { return static_cast<std::byte>(c); });
        return true;
    } catch (const InputError&) {
        return false;
    }
}

/// Divides the cell at the next tick, if it is ready; that it is not is no fault.
void divide(CellularContext& cell) {
    constexpr double oldest_s = 9e8;
    if (cell.time_s() > oldest_s) return;
    (void)cell.advance(CellularContext::next_tick_s(cell.time_s()), 2'000);
    try {
        CellularContext daughter = cell.divide();
        (void)daughter.advance(daughter.time_s() + 1000.0, 500);
        (void)daughter.audit();
    } catch (const InputError& error) {
        fuzz::require(error.kind() == InputErrorKind::runtime, error.what());
    }
}

/// Whether the bytes are accepted; the cell that they give must then live, be audited and be written again.
bool live_on(std::span<const std::byte> bytes, const std::shared_ptr<const Program>& program) {
    try {
        CellularContext cell = CellularContext::restore(bytes, program);
        const Bytes again = cell.snapshot();
        const bool same = CellularContext::restore(again, program).snapshot() == again;
        fuzz::require(same, "a restored cell can be restored");
        (void)cell.advance(cell.time_s() + 1000.0, 2'000);
        (void)cell.audit();  // a forged cell need not balance, but its books are kept
        (void)cell.polymerases();
        (void)cell.gene_copies();
        cell.set_environment({1.0, 25.0, 7.0});
        cell.inhibit(Work::translation_elongation, 0.25);
        (void)cell.advance(std::min(cell.time_s() + 1.0, 1e9), 500);
        divide(cell);
        return true;
    } catch (const InputError& error) {
        fuzz::require(error.kind() == InputErrorKind::snapshot, error.what());
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Taken& taken = snapshots()[size > 0 ? data[0] % snapshots().size() : 0];
    (void)live_on(std::as_bytes(std::span(data, size)), taken.program);
    if (size == 0) return 0;
    Bytes bytes = taken.bytes;
    for (std::size_t i = 1; i + 4 <= size; i += 4) edit(bytes, data + i);
    seal(bytes);
    const bool accepted = live_on(bytes, taken.program);
    fuzz::require(accepted || size >= 5, "a snapshot without an edit is restored");
    if (!accepted && adopt_parameters(bytes, *taken.program)) {
        seal(bytes);
        (void)live_on(bytes, taken.program);
    }
    return 0;
}
