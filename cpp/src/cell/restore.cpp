#include "cell/cell.hpp"
#include "cell/snapshot.hpp"
#include "program/organism_bytes.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace bioxen {

namespace {

/// What a counter of steps or events, and a pool, may hold: far more than years of life bring.
constexpr std::int64_t most_steps = std::int64_t{1} << 54;
/// What an account may hold, in which the largest supply rates add up.
constexpr std::int64_t most_turns = std::int64_t{1} << 60;
/// What a cell may hold of one polymer, which has many parts.
constexpr std::int64_t most_polymers = std::int64_t{1} << 41;

[[noreturn]] void refuse(const std::string& what) { throw InputError(InputErrorKind::snapshot, what); }

void need(bool holds, const char* otherwise) {
    if (!holds) ByteReader::refuse(otherwise);
}

void need_counts(std::span<const std::int64_t> counts, std::int64_t least, std::int64_t most, const char* otherwise) {
    for (const std::int64_t n : counts) need(n >= least && n <= most, otherwise);
}

/// 16 hexadecimal digits.
std::string_view fingerprint_in(ByteReader& in) {
    const auto bytes = in.bytes(16);
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    need(text.find_first_not_of("0123456789abcdef") == std::string_view::npos, "a fingerprint is not hexadecimal");
    return text;
}

/// Checks all that can be checked without the program; leaves the reader at the fingerprint of the genome.
ByteReader checked(std::span<const std::byte> snapshot) {
    namespace format = snapshot_format;
    const bool begins_so = std::equal(snapshot.begin(), snapshot.begin() + static_cast<std::ptrdiff_t>(
                                                            std::min(snapshot.size(), format::magic.size())),
                                      std::as_bytes(std::span{format::magic}).begin());
    if (!begins_so) refuse("these bytes are not a snapshot: give what snapshot() returned");
    if (snapshot.size() < format::header_bytes + format::checksum_bytes)
        refuse("these " + std::to_string(snapshot.size()) + " bytes are too few for a snapshot");
    ByteReader in{snapshot.subspan(format::magic.size())};
    const auto byte_order = in.get<std::uint32_t>();
    if (byte_order != format::byte_order)
        refuse("the snapshot's bytes are in another order: every machine writes it with the least significant byte first, "
               "so something has rearranged it on the way");
    const auto version = in.get<std::uint32_t>();
    if (version != format::version)
        refuse("the snapshot has format version " + std::to_string(version) + "; this library reads version " +
               std::to_string(format::version));
    const auto length = in.get<std::uint64_t>();
    if (length != snapshot.size())
        refuse("the snapshot has " + std::to_string(snapshot.size()) + " bytes and says that it has " +
               std::to_string(length) + ": it was cut or something was added");
    const std::size_t covered = snapshot.size() - format::checksum_bytes;
    ByteReader last{snapshot.subspan(covered)};
    if (last.get<std::uint64_t>() != crc64(snapshot.first(covered)))
        refuse("the snapshot is damaged: its checksum does not match its content");
    return ByteReader{in.bytes(covered - (snapshot.size() - in.left()))};
}

/// The program with the parameters that the snapshot was taken with, which `in` reads.
std::shared_ptr<const Program> with_parameters(std::shared_ptr<const Program> program, std::string_view fingerprint,
                                               ByteReader& in) {
    if (fingerprint != program->fingerprint()) {
        ByteReader ahead = in;
        const Organism organism = read_organism(ahead);
        try {
            program = program->with_organism(organism);
        } catch (const InputError& e) {
            refuse(std::string{"the snapshot's parameters do not fit this program: "} + e.what());
        }
    }
    ByteWriter expected;
    write_organism(expected, program->organism());
    const auto there = in.bytes(expected.bytes().size());
    need(fingerprint == program->fingerprint() && std::equal(there.begin(), there.end(), expected.bytes().begin()),
         "its parameters are not those of its fingerprint");
    return program;
}

}  // namespace

Cell Cell::restore(std::span<const std::byte> snapshot, std::shared_ptr<const Program> program) {
    if (program == nullptr) throw InputError(InputErrorKind::argument, "restore needs the program of the snapshot's genome");
    ByteReader in = checked(snapshot);
    const std::string_view genome = fingerprint_in(in), fingerprint = fingerprint_in(in);
    if (genome != program->layout().genome_fingerprint)
        refuse("the snapshot is of another genome: load the file that it was taken with (the snapshot's genome has the "
               "fingerprint " + std::string{genome} + ", this one " + program->layout().genome_fingerprint + ")");
    program = with_parameters(std::move(program), fingerprint, in);
    need(in.get<std::uint32_t>() == program->gene_count() &&
             in.get<std::uint32_t>() == program->kinetics().class_count - first_rnap_class,
         "its numbers of genes and of classes of RNA polymerases are not the program's");
    const auto seed = in.get<std::uint64_t>(), stream = in.get<std::uint64_t>(), blocks = in.get<std::uint64_t>();
    Cell cell{std::move(program), RandomStream{seed, stream, blocks}};
    cell.read(in);
    need(in.left() == 0, "something follows its end");
    return cell;
}

void Cell::read(ByteReader& in) {
    forks_ = in.get<std::uint64_t>();
    now_ = in.get<double>();
    next_candidate_ = in.get<double>();
    tick_ = in.get<std::int64_t>();
    events_at_tick_ = in.get<std::int64_t>();
    accepted_ = in.get<std::int64_t>();
    need(now_ >= 0.0 && now_ <= 1e9 && next_candidate_ >= now_ && std::isfinite(next_candidate_), "its times are out of order");
    need(tick_ == static_cast<std::int64_t>(now_ / tick_s), "its supply ticks do not fit its age");
    need(events_at_tick_ >= -1 && accepted_ >= 0 && accepted_ <= most_steps, "a counter is out of range");
    read_condition(in);
    if (kinetics_->organism.cell_cycle.enabled) read_life(in);
    read_transcripts(in);
    read_walkers(in);
    place_rnaps();
    place_ribosomes();
    read_sites(in);
    count_machines();
    read_amounts(in);
    for (std::size_t m = 0; life_ && m < life_->complete_sets.size(); ++m) count_complete_sets(m);
    refresh_rates();
    need(class_view_[kinetics_->class_count].lower <= 3 * most_rate_per_s, "its machines are faster than any cell's");
}

void Cell::read_condition(ByteReader& in) {
    environment_.glucose_mM = in.get<double>();
    environment_.temperature_c = in.get<double>();
    environment_.pH = in.get<double>();
    in.get_all(remaining_);
    need(!wrong_value(environment_), "its environment is none");
    for (const double left : remaining_) need(left >= 0.0 && left <= 1.0, "an inhibition is out of range");
    starved_s_ = in.get<double>();
    lesions_ = in.get<std::int64_t>();
    const auto death = in.get<std::uint8_t>();
    died_s_ = in.get<double>();
    need(starved_s_ >= 0.0 && starved_s_ <= 1e12 && lesions_ >= 0 && lesions_ <= most_polymers &&
             death <= static_cast<std::uint8_t>(Death::energy_loss),
         "what it suffers from is out of range");
    death_ = static_cast<Death>(death);
    need(death_ == Death::none ? died_s_ == -1.0 : died_s_ >= 0.0 && died_s_ <= now_, "the time of its death is out of order");
    scale_rates();
}

void Cell::read_life(ByteReader& in) {
    life_.emplace();
    Life& life = *life_;
    const auto ratio = in.get<double>();
    life.volume_ratio_before = in.get<double>();
    life.growth_rate_per_s = in.get<double>();
    life.birth_s = in.get<double>();
    life.replication_due_s = in.get<double>();
    life.replication_began_s = in.get<double>();
    life.replication_ended_s = in.get<double>();
    life.division_lag_s = in.get<double>();
    life.surface_before = in.get<double>();
    const double largest = kinetics_->organism.cell_cycle.largest_volume_ratio;
    need(ratio >= least_volume_ratio && ratio <= largest && life.volume_ratio_before >= least_volume_ratio &&
             life.volume_ratio_before <= largest && std::isfinite(life.growth_rate_per_s),
         "its volume is out of range");
    const auto past = [&](double s) { return s == -1.0 || (s >= 0.0 && s <= now_); };
    need(life.birth_s >= 0.0 && life.birth_s <= now_ && life.replication_due_s >= 0.0 && past(life.replication_began_s) &&
             past(life.replication_ended_s),
         "the times of its cycle are out of order");
    life.generation = in.get<std::int64_t>();
    const auto told = in.get<std::uint8_t>(), arrested = in.get<std::uint8_t>();
    need(life.generation >= 0 && life.generation <= most_steps && told <= 1 && arrested <= 1, "its generation is out of range");
    need(life.division_lag_s >= -1e12 && life.division_lag_s <= 1e9 && life.surface_before >= 0.0 &&
             std::isfinite(life.surface_before),
         "its growth is out of range");
    life.told_ready = told == 1;
    life.arrested = arrested == 1;
    life.steps = kinetics_->steps;
    set_volume(ratio);
    read_copies(in);
    read_forks(in);
    life.in_machines.resize(proteins_.size());
    in.get_all(life.in_machines);
    need_counts(life.in_machines, 0, most_polymers, "a number of molecules in machines is out of range");
    in.get_all(life.machines_made);
    need_counts(life.machines_made, -most_machines, most_machines, "a number of machines is out of range");
    const auto made_of_codons = [&](std::uint32_t gene) {
        need(gene < proteins_.size() && layout_->gene_cistron[gene] != Layout::none && kinetics_->life.membrane[gene] != 0,
             "a protein on its way into the membrane is none");
    };
    life.uninserted = in.list<std::uint32_t>();
    for (const std::uint32_t gene : life.uninserted) made_of_codons(gene);
    for (std::size_t n = in.count(2 * sizeof(std::uint32_t)); n > 0; --n) {
        const auto gene = in.get<std::uint32_t>(), steps = in.get<std::uint32_t>();
        made_of_codons(gene);
        need(steps >= 1 && steps <= layout_->cistrons[layout_->gene_cistron[gene]].codons, "an insertion is out of range");
        life.insertions.push_back({gene, steps});
    }
}

void Cell::read_copies(ByteReader& in) {
    Life& life = *life_;
    constexpr std::size_t copy_bytes = 24;
    const std::size_t n = in.count(copy_bytes);
    const std::vector<std::int64_t>& origins = kinetics_->life.origins;
    life.by_replicon.resize(origins.size());
    for (std::uint32_t c = 0; c < n; ++c) {
        const auto replicon = in.get<std::uint32_t>(), parent = in.get<std::uint32_t>();
        need(replicon < origins.size() && (parent == DnaCopy::none || (parent < c && life.copies[parent].replicon == replicon)),
             "a copy of the DNA is of nothing");
        const auto left = in.get<std::int64_t>(), right = in.get<std::int64_t>();
        const double ended_s = kinetics_->organism.cell_cycle.doubling_time_s > 0.0 ? in.get<double>() : 0.0;
        need(ended_s <= now_ && ended_s >= -1e12, "a copy of the DNA was made in the future");
        life.copies.push_back({replicon, parent, left, right, ended_s});
        life.copies[c].ahead = ahead_of(c);
        life.by_replicon[replicon].push_back(c);
        need(life.by_replicon[replicon].size() <= static_cast<std::size_t>(most_dna_copies) && c < most_dna_copies_in_all,
             "it has too many copies of its DNA");
        life.most_copies = std::max(life.most_copies, life.by_replicon[replicon].size());
        const std::int64_t length = layout_->replicons[replicon].length_nt, origin = origins[replicon];
        if (parent == DnaCopy::none) {
            need(left == 0 && right == 0, "a whole copy of the DNA has forks");
            continue;
        }
        const bool circular = layout_->replicons[replicon].circular;
        need(origin >= 0 && left >= 0 && right >= 0 && left <= length && right <= length &&
                 (circular ? left + right < length : left <= origin && right <= length - origin && left + right < length),
             "a fork is beyond its DNA");
        need(fork_room({c, false}) >= 0 && fork_room({c, true}) >= 0, "a fork has passed another");
    }
}

void Cell::read_forks(ByteReader& in) {
    Life& life = *life_;
    constexpr std::size_t fork_bytes = 5;
    std::vector<std::uint8_t> seen(2 * life.copies.size(), 0);
    for (std::size_t n = in.count(fork_bytes); n > 0; --n) {
        const auto copy = in.get<std::uint32_t>();
        const auto side = in.get<std::uint8_t>();
        need(copy < life.copies.size() && side <= 1 && !life.copies[copy].whole() && seen[2 * copy + side] == 0 &&
                 !at_end({copy, side == 1}),
             "a fork is on no DNA");
        seen[2 * copy + side] = 1;
        life.forks.push_back({copy, side == 1});
    }
    for (std::uint32_t c = 0; c < life.copies.size(); ++c) {
        for (const bool rightward : {false, true})
            need(life.copies[c].whole() || at_end({c, rightward}) || seen[2 * c + (rightward ? 1 : 0)] == 1,
                 "a copy of the DNA lacks a fork");
    }
}

void Cell::read_transcripts(ByteReader& in) {
    const std::size_t slots = in.count(sizeof(std::uint32_t));
    transcripts_.resize(slots);
    std::size_t free = 0;
    std::vector<bool> seen(slots, false);
    for (Transcript& transcript : transcripts_) {
        transcript.unit = in.get<std::uint32_t>();
        if (transcript.unit == Transcript::none) {
            ++free;
            continue;
        }
        need(transcript.unit < layout_->units.size(), "a transcript is of no unit");
        ++unit_transcripts_[transcript.unit];
    }
    std::uint32_t* link = &free_transcript_;
    for (; free > 0; --free) {
        const auto t = in.get<std::uint32_t>();
        need(t < slots && transcripts_[t].unit == Transcript::none && !seen[t], "a free place is not free");
        seen[t] = true;
        *link = t;
        link = &transcripts_[t].waiting_slot;
    }
}

void Cell::read_walkers(ByteReader& in) {
    for (std::size_t c = 0; c < kinetics_->class_count; ++c) {
        const std::size_t n = in.count((c == degradation_class ? 2 : 3) * sizeof(std::uint32_t));
        need(n >> walker_index_bits == 0, "it has too many machines");
        walkers_[c].reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto t = in.get<std::uint32_t>();
            need(t < transcripts_.size() && transcripts_[t].unit != Transcript::none, "a machine is on no transcript");
            Transcript& transcript = transcripts_[t];
            const UnitLayout& unit = layout_->units[transcript.unit];
            if (c == ribosome_class) {
                const auto cistron = in.get<std::uint32_t>(), done = in.get<std::uint32_t>();
                need(cistron < unit.cistron_count, "a ribosome is on no cistron");
                Walker ribosome = new_ribosome(t, cistron);
                const Cistron& of = cistron_of(ribosome);
                need(done <= of.codons, "a ribosome is past its stop codon");
                ribosome.tape += done;
                ribosome.code = static_cast<Symbol>(layout_->codons[ribosome.tape]);
                ribosome.pos = ribosome.limit = position_after(of, done);
                walkers_[c].push_back(ribosome);
                continue;
            }
            const bool front = c == degradation_class;
            const auto pos = in.get<std::int32_t>();
            need(pos >= 0 && pos < unit.length_nt, "a machine is beyond the end of its transcript");
            need(transcript.rnap == no_walker && transcript.front == no_walker, "a transcript has two of one machine");
            need(front ? !unit.stable : kinetics_->unit_class[transcript.unit] == c, "a machine is where it cannot be");
            const std::uint32_t copy = front ? 0 : in.get<std::uint32_t>();
            need(life_ ? front || (copy < life_->copies.size() && life_->copies[copy].replicon == unit.replicon) : copy == 0,
                 "an RNA polymerase is on no DNA");
            Walker walker = front ? new_front(t) : new_rnap(t, copy);
            walker.pos = walker.limit = pos;
            walker.tape = static_cast<std::uint32_t>(walker.tape + std::int64_t{walker.tape_step()} * pos);
            walker.code = static_cast<Symbol>(layout_->dna[walker.tape] ^ walker.mask);
            (front ? transcript.front : transcript.rnap) = add_walker(c, walker);
        }
    }
}

void Cell::place_rnaps() {
    std::vector<std::pair<std::int64_t, WalkerId>> order;
    for (std::size_t c = first_rnap_class; c < kinetics_->class_count; ++c) {
        for (std::size_t i = 0; i < walkers_[c].size(); ++i)
            order.emplace_back(axis_of(walkers_[c][i]), walker_id(c, i));
    }
    std::sort(order.begin(), order.end());
    for (const auto& [axis, id] : order) {
        const WalkerId left = axis_order_.empty() ? no_walker : axis_order_.back();
        if (left != no_walker) {
            need(axis - axis_of(walker(left)) >= kinetics_->organism.rnap_footprint_nt, "two RNA polymerases overlap");
            walker(left).ahead = id;
        }
        walker(id).behind = left;
        axis_order_.push_back(id);
    }
}

void Cell::place_ribosomes() {
    const std::vector<Walker>& all = walkers_[ribosome_class];
    std::vector<std::uint32_t> order(all.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair{all[a].transcript, -all[a].pos} < std::pair{all[b].transcript, -all[b].pos};
    });
    for (const std::uint32_t i : order) {  // from the 3' end of each transcript
        Walker& ribosome = walkers_[ribosome_class][i];
        Transcript& transcript = transcripts_[ribosome.transcript];
        ribosome.ahead = transcript.tail;
        need(ribosome.pos <= ribosome_barrier(ribosome), "two machines on a transcript overlap");
        transcript.tail = walker_id(ribosome_class, i);
        if (ribosome.ahead != no_walker) walker(ribosome.ahead).behind = transcript.tail;
        ++transcript.ribosomes;
    }
    for (const Walker& front : walkers_[degradation_class])
        need(front.pos <= front_barrier(front), "two machines on a transcript overlap");
}

void Cell::read_sites(ByteReader& in) {
    for (std::uint32_t t = 0; t < transcripts_.size(); ++t) {
        Transcript& transcript = transcripts_[t];
        if (transcript.unit == Transcript::none) continue;
        const UnitLayout& unit = layout_->units[transcript.unit];
        if (transcript.rnap == no_walker) transcript.next_cistron = unit.cistron_count;
        while (transcript.next_cistron < unit.cistron_count && next_opening(transcript) <= walker(transcript.rnap).pos)
            ++transcript.next_cistron;
        need(transcript.ribosomes <= static_cast<std::uint32_t>(kinetics_->max_ribosomes_per_mrna),
             "a transcript has more ribosomes than it may");
    }
    for (const Walker& ribosome : walkers_[ribosome_class])
        need(ribosome.lane < transcripts_[ribosome.transcript].next_cistron, "a ribosome is where none could load");

    struct Named {
        std::uint32_t transcript, cistron, site;
    };
    std::vector<Named> chains;
    for (std::uint32_t list = 0; list < sites_.size(); ++list) {
        const std::size_t n = in.count(2 * sizeof(std::uint32_t));
        for (std::size_t i = 0; i < n; ++i) {
            const auto t = in.get<std::uint32_t>(), cistron = in.get<std::uint32_t>();
            need(t < transcripts_.size() && transcripts_[t].unit != Transcript::none &&
                     transcripts_[t].front == no_walker && cistron < transcripts_[t].next_cistron &&
                     !is_full(transcripts_[t]) &&
                     list_of(layout_->units[transcripts_[t].unit].first_cistron + cistron) == list,
                 "a loading site is where none can be");
            chains.push_back({t, cistron, site_name(list, i)});
            sites_[list].push_back({t, Transcript::none, Transcript::none, cistron});
        }
    }
    // A transcript's chain runs from its last cistron to its first: sites are put in front as they open.
    std::sort(chains.begin(), chains.end(), [](const Named& a, const Named& b) {
        return std::pair{a.transcript, a.cistron} < std::pair{b.transcript, b.cistron};
    });
    for (std::size_t i = 0; i < chains.size(); ++i) {
        need(i == 0 || chains[i].transcript != chains[i - 1].transcript || chains[i].cistron != chains[i - 1].cistron,
             "a loading site is there twice");
        chain_site(chains[i].site);
    }
    const std::size_t waiting = in.count(sizeof(std::uint32_t));
    for (std::size_t i = 0; i < waiting; ++i) {
        const auto t = in.get<std::uint32_t>();
        need(t < transcripts_.size() && transcripts_[t].unit != Transcript::none &&
                 transcripts_[t].rnap == no_walker && transcripts_[t].front == no_walker &&
                 transcripts_[t].waiting_slot == Transcript::none && !layout_->units[transcripts_[t].unit].stable,
             "a transcript waits for a degradosome that cannot");
        add_waiting(t);
    }
    const auto ascending = [&](std::size_t end) {
        std::vector<std::uint32_t> indices = in.list<std::uint32_t>();
        for (std::size_t i = 0; i < indices.size(); ++i)
            need(indices[i] < end && (i == 0 || indices[i - 1] < indices[i]), "a list of genes or units is out of order");
        return indices;
    };
    for (const std::uint32_t gene : ascending(proteins_.size())) knockout(static_cast<GeneId>(gene));
    for (const std::uint32_t unit : ascending(layout_->units.size())) {
        restricted_.resize(layout_->units.size(), 0);
        restricted_[unit] = 1;
    }
}

void Cell::count_machines() {
    const Organism& o = kinetics_->organism;
    std::size_t rnaps = axis_order_.size(), used = 0;
    for (const Transcript& transcript : transcripts_) used += transcript.unit != Transcript::none ? 1 : 0;
    need(rnaps + walkers_[degradation_class].size() + waiting_.size() == used,
         "a transcript is neither made nor waiting nor degraded");
    const std::array<std::int64_t, 3> made = life_ ? life_->machines_made : std::array<std::int64_t, 3>{};
    free_rnap_ = o.rna_polymerases + made[0] - static_cast<std::int64_t>(rnaps);
    free_ribosomes_ = o.ribosomes + made[1] - static_cast<std::int64_t>(walkers_[ribosome_class].size());
    free_degradosomes_ = o.degradosomes + made[2] - static_cast<std::int64_t>(walkers_[degradation_class].size());
    // RNA polymerases and ribosomes may be more than the cell's own: `allocate` leaves those at work until they finish.
    need(static_cast<std::int64_t>(rnaps) <= most_machines && free_degradosomes_ >= 0 &&
             static_cast<std::int64_t>(walkers_[ribosome_class].size()) <= most_machines,
         "more machines work than there are");
}

void Cell::read_amounts(ByteReader& in) {
    std::vector<std::int64_t> proteins(proteins_.size());
    in.get_all(proteins);
    need_counts(proteins, 0, most_polymers, "a number of proteins is out of range");
    for (std::uint32_t gene = 0; gene < proteins.size(); ++gene) {
        if (proteins[gene] != 0) add_protein(gene, proteins[gene]);
    }
    in.get_all(mature_);
    need_counts(mature_, 0, most_polymers, "a number of RNA molecules is out of range");
    auto pools = std::span{pools_}.first<species::resource_count>();
    in.get_all(pools);
    need_counts(pools, -most_steps, most_steps, "a pool is out of range");
    in.get_all(steps_);
    in.get_all(steps_posted_);
    for (std::size_t s = 0; s < steps_.size(); ++s)
        need(steps_posted_[s] >= 0 && steps_[s] >= steps_posted_[s] && steps_[s] <= most_steps,
             "a number of steps is out of range");
    // A pool that was set between two ticks lacks what the next one adds: with that it must not be negative.
    for (const std::int64_t pool : present_pools()) need(pool >= 0, "a pool is negative");
    in.get_all(supply_carry_);
    in.get_all(charging_carry_);
    const auto is_carry = [](double carry) { return carry >= 0.0 && carry < 1.0; };
    need(std::all_of(supply_carry_.begin(), supply_carry_.end(), is_carry) &&
             std::all_of(charging_carry_.begin(), charging_carry_.end(), is_carry),
         "what the supply carries over is out of range");
    for (const auto count : event_count_members) {
        counts_.*count = in.get<std::int64_t>();
        need(counts_.*count >= 0 && counts_.*count <= most_steps, "a number of events is out of range");
    }
    need(counts_.nucleotide_steps == 0 && counts_.codon_steps == 0 && counts_.degradation_steps == 0,
         "steps are counted twice");
    if (life_) {
        life_->membrane_proteins = 0;
        for (std::size_t g = 0; g < proteins_.size(); ++g) {
            if (kinetics_->life.membrane[g] != 0) life_->membrane_proteins += proteins_[g] + life_->in_machines[g];
        }
    }
    book_.for_each_column([&](auto& column) {
        in.get_all(column);
        need_counts(column, -most_turns, most_turns, "an account is out of range");
    });
}

}  // namespace bioxen
