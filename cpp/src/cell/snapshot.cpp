#include "cell/snapshot.hpp"

#include "cell/cell.hpp"
#include "program/organism_bytes.hpp"
#include "support/checksum.hpp"

#include <string_view>

namespace bioxen {

namespace {

/// Positions of the entries that are set.
std::vector<std::uint32_t> set_ones(const std::vector<std::uint8_t>& flags) {
    std::vector<std::uint32_t> set;
    for (std::size_t i = 0; i < flags.size(); ++i) {
        if (flags[i] != 0) set.push_back(static_cast<std::uint32_t>(i));
    }
    return set;
}

}  // namespace

std::vector<std::byte> Cell::snapshot(std::uint64_t forks) const {
    namespace format = snapshot_format;
    ByteWriter out;
    out.reserve(memory_bytes() + 32 * proteins_.size());
    out.add_all(format::magic);
    out.add(format::byte_order);
    out.add(format::version);
    out.add(std::uint64_t{0});  // the length, known at the end
    out.add_all(layout_->genome_fingerprint);
    out.add_all(kinetics_->fingerprint);

    write_organism(out, kinetics_->organism);
    out.add(static_cast<std::uint32_t>(proteins_.size()));
    out.add(static_cast<std::uint32_t>(kinetics_->class_count - first_rnap_class));
    for (const std::uint64_t word : {random_.seed(), random_.stream(), random_.blocks_taken(), forks}) out.add(word);
    out.add(now_);
    out.add(next_candidate_);
    for (const std::int64_t count : {tick_, events_at_tick_, accepted_}) out.add(count);
    write_condition(out);
    if (life_) write_life(out);

    // Order matters wherever a candidate picks by position. What follows from the rest (neighbours, free machines, limits,
    // sums) is left out and worked out again.
    out.add(static_cast<std::uint32_t>(transcripts_.size()));
    for (const Transcript& transcript : transcripts_) out.add(transcript.unit);
    for (std::uint32_t t = free_transcript_; t != Transcript::none; t = transcripts_[t].waiting_slot) out.add(t);
    for (std::size_t c = 0; c < kinetics_->class_count; ++c) {
        out.add(static_cast<std::uint32_t>(walkers_[c].size()));
        for (const Walker& walker : walkers_[c]) {
            out.add(walker.transcript);
            if (c == ribosome_class) {
                out.add(std::uint32_t{walker.lane});
                out.add(walker.tape - cistron_of(walker).tape);
            } else {
                out.add(walker.pos);
                if (c != degradation_class) out.add(std::uint32_t{walker.lane});
            }
        }
    }
    for (const std::vector<LoadingSite>& list : sites_) {
        out.add(static_cast<std::uint32_t>(list.size()));
        for (const LoadingSite& site : list) {
            out.add(site.transcript);
            out.add(site.cistron);
        }
    }
    out.add_list(waiting_);
    out.add_list(set_ones(knocked_out_));
    out.add_list(set_ones(restricted_));

    out.add_all(proteins_);
    out.add_all(mature_);
    out.add_all(std::span{pools_}.first<species::resource_count>());
    out.add_all(steps_);
    out.add_all(steps_posted_);
    out.add_all(supply_carry_);
    out.add_all(charging_carry_);
    for (const auto count : event_count_members) out.add(counts_.*count);
    book_.for_each_column([&](const auto& column) { out.add_all(column); });

    std::vector<std::byte> bytes = out.take();
    bytes.resize(bytes.size() + format::checksum_bytes);
    const auto put = [&](std::size_t at, std::uint64_t word) {
        for (std::size_t i = 0; i < 8; ++i, word >>= 8) bytes[at + i] = static_cast<std::byte>(word & 255);
    };
    put(16, bytes.size());
    const std::size_t covered = bytes.size() - format::checksum_bytes;
    put(covered, crc64(std::span{bytes}.first(covered)));
    return bytes;
}

void Cell::write_condition(ByteWriter& out) const {
    for (const double value : {environment_.glucose_mM, environment_.temperature_c, environment_.pH}) out.add(value);
    out.add_all(remaining_);
    out.add(starved_s_);
    out.add(lesions_);
    out.add(static_cast<std::uint8_t>(death_));
    out.add(died_s_);
}

void Cell::write_life(ByteWriter& out) const {
    const Life& life = *life_;
    for (const double value : {life.volume_ratio, life.volume_ratio_before, life.growth_rate_per_s, life.birth_s,
                               life.replication_due_s, life.replication_began_s, life.replication_ended_s,
                               life.division_lag_s, life.surface_before})
        out.add(value);
    out.add(life.generation);
    out.add(static_cast<std::uint8_t>(life.told_ready ? 1 : 0));
    out.add(static_cast<std::uint8_t>(life.arrested ? 1 : 0));
    out.add(static_cast<std::uint32_t>(life.copies.size()));
    for (const DnaCopy& copy : life.copies) {
        out.add(copy.replicon);
        out.add(copy.parent);
        out.add(copy.left);
        out.add(copy.right);
        if (kinetics_->organism.cell_cycle.doubling_time_s > 0.0) out.add(copy.ended_s);
    }
    out.add(static_cast<std::uint32_t>(life.forks.size()));
    for (const Fork& fork : life.forks) {
        out.add(fork.copy);
        out.add(static_cast<std::uint8_t>(fork.rightward ? 1 : 0));
    }
    out.add_all(life.in_machines);
    out.add_all(life.machines_made);
    out.add_list(life.uninserted);
    out.add(static_cast<std::uint32_t>(life.insertions.size()));
    for (const Insertion& insertion : life.insertions) {
        out.add(insertion.gene);
        out.add(insertion.steps_left);
    }
}

std::uint64_t Cell::trajectory_hash() const {
    const std::vector<std::byte> bytes = snapshot(0);
    return ByteReader{std::span{bytes}.last<snapshot_format::checksum_bytes>()}.get<std::uint64_t>();
}

}  // namespace bioxen
