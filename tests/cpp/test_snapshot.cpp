#include "check.hpp"
#include "cell/snapshot.hpp"
#include "designs.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <functional>
#include <set>

using namespace bioxen;
using namespace designs;
using Bytes = std::vector<std::byte>;

namespace {

Organism busy() {
    Organism o = supplied();
    o.protein_decay_per_s = 0.01;
    return o;
}

/// A cell in which everything that a snapshot can hold is there.
CellularContext busy_cell(const std::shared_ptr<const Program>& program) {
    CellularContext cell{program, 5};
    cell.advance(20.0);
    cell.knockout(GeneId{1});
    const GeneId only[] = {GeneId{0}, GeneId{3}};
    cell.restrict_transcription(only);
    cell.set_resource(species::UTP, 15'000);
    cell.advance(23.0);
    cell.set_resource(species::GDP, 0);  // below zero until the next tick posts its products
    return cell;
}

/// The message with which bytes are refused; empty if they are accepted.
std::string refusal(const Bytes& bytes, const std::shared_ptr<const Program>& program) {
    try {
        (void)CellularContext::restore(bytes, program);
    } catch (const InputError& e) {
        CHECK(e.kind() == InputErrorKind::snapshot);
        return e.what();
    }
    return "";
}

bool says(const std::string& message, const char* what) { return message.find(what) != std::string::npos; }

/// Gives changed bytes the checksum that belongs to them.
void reseal(Bytes& bytes) {
    const std::size_t covered = bytes.size() - snapshot_format::checksum_bytes;
    std::uint64_t crc = crc64(std::span{bytes}.first(covered));
    for (std::size_t i = covered; i < bytes.size(); ++i, crc >>= 8) bytes[i] = static_cast<std::byte>(crc & 255);
}

/// Many genes and messengers, so that the snapshot is large.
std::shared_ptr<const Program> large_program() {
    std::string dna = spacer, features;
    Organism o = busy();
    for (int g = 0; g < 40; ++g) {
        const std::string gene = coding(20 + static_cast<std::size_t>(g));
        features += cds(span(dna.size(), gene.size()), "g" + std::to_string(g));
        dna += gene + spacer;
        o.mrna_counts.push_back(15.0);
    }
    return compile(decode(genbank(dna, features)), o);
}

}  // namespace

TEST(a_restored_cell_goes_on_bit_for_bit_wherever_it_was_cut) {
    const auto program = compile(small_genome(), busy());
    CellularContext cell = busy_cell(program);
    CellularContext whole = cell.replica();
    whole.advance(40.0);
    std::set<std::string> seen;
    for (int cut = 0; cut < 3'000; ++cut) {
        cell.advance(40.0, 1);
        const Bytes bytes = cell.snapshot();
        CellularContext restored = CellularContext::restore(bytes, program);
        CHECK(restored.snapshot() == bytes);
        seen.insert(restored.trajectory_hash());
        if (cut % 100 == 0) {
            restored.advance(40.0);
            CHECK(restored.trajectory_hash() == whole.trajectory_hash());
            CHECK(restored.audit().ok());
        } else {
            cell = std::move(restored);  // a chain of restored cells
        }
    }
    CHECK(seen.size() > 2'900);  // every candidate moves the stream
    cell.advance(40.0);
    CHECK(cell.trajectory_hash() == whole.trajectory_hash());
}

TEST(a_snapshot_holds_every_machine_and_every_operation) {
    const auto program = compile(small_genome(), busy());
    CellularContext cell = busy_cell(program);
    CellularContext restored = CellularContext::restore(cell.snapshot(), program);
    CHECK(restored.seed() == 5 && restored.time_s() == 23.0);
    CHECK(restored.proteins() == cell.proteins() && restored.mrnas() == cell.mrnas());
    CHECK(restored.resources() == cell.resources());
    for (const auto member : event_count_members) CHECK(restored.events().*member == cell.events().*member);
    const auto here = cell.polymerases(), there = restored.polymerases();
    CHECK(here.size() > 20 && here.size() == there.size());
    std::set<Polymerase::Kind> kinds;
    for (std::size_t i = 0; i < here.size(); ++i) {
        kinds.insert(here[i].kind);
        CHECK(here[i].position_nt == there[i].position_nt && here[i].state == there[i].state);
    }
    CHECK(kinds.size() == 3);
    restored.advance(60.0);
    CHECK(restored.proteins()[2] == cell.proteins()[2] || restored.mrnas()[2] <= cell.mrnas()[2]);  // still restricted
    restored.restrict_transcription(std::nullopt);
    restored.advance(200.0);
    CHECK(restored.mrnas()[2] > 0);
    CHECK(restored.audit().ok());
}

TEST(a_snapshot_brings_its_own_parameters) {
    const Genome genome = small_genome();
    const auto base = compile(genome, supplied());
    Organism o = busy();
    o.ribosomes = 17;
    o.gene_initiation_rate_per_s[2] = 0.3;
    o.gene_termination_rate_per_s[0] = 2.0;
    o.gene_promoter_strength[3] = 333.0;
    o.protein_counts = {5, -1, 7, 0};
    o.mrna_counts = {1.0, 1.0, 2.0, 0.5};
    o.supply[0].set_point = {species::ATP, 18'000};
    CellularContext cell{base->with_organism(o), 3};
    cell.advance(30.0);
    CellularContext restored = CellularContext::restore(cell.snapshot(), base);
    CHECK(restored.program().fingerprint() == cell.program().fingerprint());
    cell.advance(60.0);
    restored.advance(60.0);
    CHECK(restored.trajectory_hash() == cell.trajectory_hash());
    CHECK(restored.machines()[1].total == 17);
}

TEST(any_flipped_bit_and_any_truncation_is_found) {
    const auto program = large_program();
    CellularContext cell{program, 9};
    cell.advance(5.0);
    Bytes bytes = cell.snapshot();
    CHECK(bytes.size() >= 16 * 1024);
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        const auto mask = static_cast<std::byte>(1 << bit % 8);
        bytes[bit / 8] ^= mask;
        accepted += refusal(bytes, program).empty() ? 1 : 0;
        bytes[bit / 8] ^= mask;
    }
    CHECK(accepted == 0);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        accepted += refusal(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)), program).empty();
    CHECK(accepted == 0);
    Bytes longer = bytes;
    longer.push_back(std::byte{0});
    CHECK(says(refusal(longer, program), "cut or something was added"));
    CHECK(refusal(bytes, program).empty());
}

TEST(a_forged_snapshot_is_refused_or_runs_within_its_memory) {
    const auto program = compile(small_genome(), busy());
    const Bytes sound = busy_cell(program).snapshot();
    std::size_t refused = 0, run = 0;
    for (std::size_t at = snapshot_format::header_bytes; at + snapshot_format::checksum_bytes < sound.size(); ++at) {
        for (const int change : {1, 255}) {
            Bytes forged = sound;
            forged[at] = static_cast<std::byte>(std::to_integer<int>(forged[at]) + change);
            reseal(forged);
            try {
                CellularContext cell = CellularContext::restore(forged, program);
                ++run;
                cell.advance(cell.time_s() + 1.0, 2'000);
                (void)cell.audit();
                (void)cell.polymerases();
                CHECK(CellularContext::restore(cell.snapshot(), program).trajectory_hash() == cell.trajectory_hash());
            } catch (const InputError& e) {
                CHECK(e.kind() == InputErrorKind::snapshot);
                ++refused;
            }
        }
    }
    CHECK(refused > 500 && run > 500);
}

TEST(snapshots_of_something_else_are_refused_by_name) {
    const auto program = compile(small_genome(), busy());
    const Bytes sound = busy_cell(program).snapshot();
    const auto changed = [&](std::size_t at, std::initializer_list<int> to) {
        Bytes bytes = sound;
        for (const int byte : to) bytes[at++] = static_cast<std::byte>(byte);
        return refusal(bytes, program);
    };
    CHECK(says(refusal({}, program), "too few") && says(refusal(Bytes(9, std::byte{65}), program), "not a snapshot"));
    CHECK(says(refusal(Bytes(500, std::byte{65}), program), "not a snapshot"));
    CHECK(says(changed(8, {1, 2, 3, 4}), "another order"));
    CHECK(says(changed(12, {1, 0, 0, 0}), "version 1; this library reads version 3"));
    CHECK(says(refusal(sound, large_program()), "another genome"));
    Organism other = busy();
    other.reference_mode = true;
    CHECK(says(refusal(sound, compile(small_genome(), other)), "reference_mode"));
    // a list that says it is longer than all bytes together takes no memory
    Bytes forged = sound;
    for (std::size_t i = 0; i < 4; ++i) forged[snapshot_format::header_bytes + i] = std::byte{255};
    forged[40] = forged[40] == std::byte{'0'} ? std::byte{'1'} : std::byte{'0'};  // so that its own parameters are read
    reseal(forged);
    CHECK(says(refusal(forged, program), "longer than the snapshot"));
}

TEST(a_replica_goes_on_alike_and_a_fork_on_its_own) {
    const auto program = compile(small_genome(), busy());
    CellularContext cell = busy_cell(program);
    CellularContext alone = cell.replica();
    CellularContext same = cell.replica(), fork = cell.fork(), second = cell.fork(), seeded = cell.fork(77);
    CHECK(fork.proteins() == cell.proteins() && fork.time_s() == cell.time_s());
    CHECK(fork.seed() == 5 && seeded.seed() == 77);
    for (CellularContext* const c : {&cell, &alone, &same, &fork, &second, &seeded}) {
        c->advance(40.0);
        CHECK(c->audit().ok());
    }
    CHECK(same.trajectory_hash() == alone.trajectory_hash());
    // forking leaves no trace in the parent but the number of its forks
    CHECK(cell.trajectory_hash() == alone.trajectory_hash() && cell.snapshot() != alone.snapshot());
    std::set<std::int64_t> futures;
    for (const CellularContext* const c : {&cell, &fork, &second, &seeded}) futures.insert(c->events().candidates);
    CHECK(futures.size() == 4);
}

TEST(a_fork_is_a_function_of_its_parent_and_its_number) {
    const auto program = compile(small_genome(), busy());
    const auto third_fork = [&](int others) {
        CellularContext cell{program, 5};
        cell.advance(10.0);
        for (int i = 0; i < 2; ++i) (void)cell.fork();
        CellularContext stranger{program, 6};
        for (int i = 0; i < others; ++i) (void)stranger.fork();
        CellularContext fork = cell.fork();
        fork.advance(15.0);
        return fork.trajectory_hash();
    };
    CHECK(third_fork(0) == third_fork(5));
    // the count of forks is part of the state
    CellularContext cell{program, 5};
    cell.advance(10.0);
    (void)cell.fork();
    CellularContext restored = CellularContext::restore(cell.snapshot(), program);
    CellularContext a = cell.fork(), b = restored.fork();
    a.advance(15.0);
    b.advance(15.0);
    CHECK(a.trajectory_hash() == b.trajectory_hash());
}

TEST(the_first_event_of_forks_is_independent_of_their_parent) {
    // A fork that kept its parent's pending event would have it at the same moment.
    const auto program = compile(small_genome(), busy());
    CellularContext cell = busy_cell(program);
    std::set<double> first;
    for (int i = 0; i < 500; ++i) {
        CellularContext fork = cell.fork();
        fork.advance(23.0 + 0x1.0p-7, 1);
        first.insert(fork.time_s());
    }
    cell.advance(23.0 + 0x1.0p-7, 1);
    CHECK(first.size() > 490 && !first.contains(cell.time_s()));
}

RUN_TESTS()
