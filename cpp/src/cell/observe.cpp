#include "cell/cell.hpp"

#include <algorithm>

namespace bioxen {

std::vector<std::int64_t> Cell::mrnas() const {
    std::vector<std::int64_t> count = mature_;
    for (std::size_t g = 0; g < count.size(); ++g) {
        if (layout_->gene_unit[g] != Layout::none) count[g] += unit_transcripts_[layout_->gene_unit[g]];
    }
    return count;
}

std::array<std::int64_t, species::resource_count> Cell::resources() const {
    const Balances pools = present_pools();
    std::array<std::int64_t, species::resource_count> held{};
    std::copy_n(pools.begin(), held.size(), held.begin());
    return held;
}

std::array<MachineCount, 3> Cell::machines() const noexcept {
    std::int64_t rnaps = 0;
    for (std::size_t c = first_rnap_class; c < max_classes; ++c) rnaps += static_cast<std::int64_t>(walkers_[c].size());
    const auto count = [](std::int64_t free, std::int64_t active) {
        free = std::max(free, std::int64_t{0});
        return MachineCount{free + active, free, active};
    };
    return {count(free_rnap_, rnaps),
            count(free_ribosomes_, static_cast<std::int64_t>(walkers_[ribosome_class].size())),
            count(free_degradosomes_, static_cast<std::int64_t>(walkers_[degradation_class].size()))};
}

Drawn Cell::drawn() const noexcept {
    Drawn drawn;
    for (std::size_t i = 0; i < kinetics_->supply.size(); ++i) {
        const Drawn& turn = kinetics_->supply[i].brings;
        drawn.atp += book_.supply_turns[i] * turn.atp;
        drawn.amino_acids += book_.supply_turns[i] * turn.amino_acids;
    }
    return drawn;
}

EventCounts Cell::events() const {
    EventCounts events = counts_;
    for (std::size_t b = 0; b < 4; ++b) {
        events.nucleotide_steps += steps_[b];
        events.degradation_steps += steps_[symbol::degradation + b];
    }
    for (std::size_t a = 0; a < amino_acid_count; ++a) events.codon_steps += steps_[symbol::codon + a];
    return events;
}

void Cell::sample(Trace& trace) const {
    trace.gene_count = proteins_.size();
    trace.proteins.insert(trace.proteins.end(), proteins_.begin(), proteins_.end());
    const auto rna = mrnas();
    trace.mrnas.insert(trace.mrnas.end(), rna.begin(), rna.end());
    const auto pools = resources();
    trace.resources.insert(trace.resources.end(), pools.begin(), pools.end());
    const auto counts = machines();
    for (std::size_t m = 0; m < counts.size(); ++m) trace.machines[m].push_back(counts[m]);
    trace.cycle.push_back(cycle());
    trace.time_s.push_back(now_);  // last: no row is there before it is whole
}

PolymerContent Cell::count_polymers() const {
    PolymerContent content;
    const auto add = [&](const UnitLayout& unit, std::int32_t from, std::int32_t to) {
        const auto n = layout_->nucleotides(unit, from, to);
        for (std::size_t b = 0; b < 4; ++b) content.nucleotides[b] += n[b];
    };
    for (const Transcript& transcript : transcripts_) {
        if (transcript.unit == Transcript::none) continue;
        const UnitLayout& unit = layout_->units[transcript.unit];
        add(unit, transcript.front != no_walker ? walker(transcript.front).pos : 0,
            transcript.rnap != no_walker ? walker(transcript.rnap).pos : unit.length_nt);
    }
    for (const UnitLayout& unit : layout_->units) {
        for (std::uint32_t i = 0; unit.stable && i < unit.gene_count; ++i) {
            const UnitGene& gene = layout_->unit_genes[unit.first_gene + i];
            if (mature_[gene.gene] == 0) continue;
            const auto n = layout_->nucleotides(unit, gene.start_nt, gene.end_nt);
            for (std::size_t b = 0; b < 4; ++b) content.nucleotides[b] += n[b] * mature_[gene.gene];
        }
    }
    std::vector<std::int64_t> whole = proteins_;
    if (life_) add_life_polymers(content, whole);
    for (std::size_t g = 0; g < whole.size(); ++g) {
        if (whole[g] == 0) continue;
        const auto residues = layout_->residues(static_cast<std::uint32_t>(g));
        for (std::size_t a = 0; a < amino_acid_count; ++a) content.residues[a] += whole[g] * residues[a];
    }
    for (const Walker& ribosome : walkers_[ribosome_class]) {
        for (std::uint32_t at = cistron_of(ribosome).tape; at < ribosome.tape; ++at)
            ++content.residues[static_cast<std::size_t>(layout_->codons[at] - symbol::codon)];
    }
    return content;
}

/// DNA and the RNA of machines; and per gene the proteins that are whole but not free.
void Cell::add_life_polymers(PolymerContent& content, std::vector<std::int64_t>& proteins) const {
    const Life& life = *life_;
    for (const DnaCopy& copy : life.copies)
        content.deoxynucleotides += 2 * (copy.whole() ? layout_->replicons[copy.replicon].length_nt : copy.left + copy.right);
    for (std::uint32_t g = 0; g < proteins.size(); ++g) {
        if (life.in_machines[g] == 0) continue;
        proteins[g] += life.in_machines[g];  // RNA has no residues
        const auto n = layout_->mature_nucleotides(g);
        for (std::size_t b = 0; b < 4; ++b) content.nucleotides[b] += n[b] * life.in_machines[g];
    }
    for (const std::uint32_t gene : life.uninserted) ++proteins[gene];
    for (const Insertion& insertion : life.insertions) ++proteins[insertion.gene];
}

std::vector<ProcessPosting> Cell::ledger() const { return present_book().postings(kinetics_->organism.supply); }

Audit Cell::audit() const {
    Audit result = bioxen::audit(present_book(), kinetics_->organism.supply, present_pools(), count_polymers());
    const Organism& o = kinetics_->organism;
    const auto counts = machines();
    // Machines on transcripts are counted from the transcripts, not from the lists that hold the walkers. Free ones
    // count below 0 where some at work are no longer the cell's.
    std::array<std::int64_t, 3> at_work{};
    std::int64_t lowest = 0, broken = 0;
    for (std::uint32_t t = 0; t < transcripts_.size(); ++t) {
        const Transcript& transcript = transcripts_[t];
        if (transcript.unit == Transcript::none) continue;
        at_work[0] += transcript.rnap != no_walker ? 1 : 0;
        at_work[2] += transcript.front != no_walker ? 1 : 0;
        std::int32_t previous = transcript.front != no_walker ? walker(transcript.front).pos : -kinetics_->ribosome_footprint_nt;
        for (WalkerId id = transcript.tail; id != no_walker; id = walker(id).ahead) {
            ++at_work[1];
            broken += walker(id).pos - previous < kinetics_->ribosome_footprint_nt || walker(id).transcript != t ? 1 : 0;
            previous = walker(id).pos;
        }
        if (transcript.rnap != no_walker && transcript.ribosomes > 0)
            broken += walker(transcript.rnap).pos - previous < kinetics_->ribosome_footprint_nt ? 1 : 0;
    }
    for (std::size_t i = 1; i < axis_order_.size(); ++i) {
        const std::int64_t distance = axis_of(walker(axis_order_[i])) - axis_of(walker(axis_order_[i - 1]));
        broken += distance < o.rnap_footprint_nt ? 1 : 0;
    }
    for (const std::int64_t pool : present_pools()) lowest = std::min(lowest, pool);
    for (const std::int64_t n : proteins_) lowest = std::min(lowest, n);
    const std::array<std::int64_t, 3> made = life_ ? life_->machines_made : std::array<std::int64_t, 3>{};
    result.residuals["rna_polymerase"] = free_rnap_ + at_work[0] - o.rna_polymerases - made[0];
    result.residuals["ribosome"] = free_ribosomes_ + at_work[1] - o.ribosomes - made[1];
    result.residuals["degradosome"] = free_degradosomes_ + at_work[2] - o.degradosomes - made[2];
    if (life_) audit_life(result);
    result.residuals["lists of machines"] = counts[0].active - at_work[0] + counts[1].active - at_work[1] +
                                            counts[2].active - at_work[2];
    result.residuals["footprints that overlap"] = broken;
    result.residuals["negative balances"] = lowest;
    return result;
}

/// What a growing cell keeps beside what it follows from.
void Cell::audit_life(Audit& result) const {
    const Life& life = *life_;
    std::int64_t membrane = -life.membrane_proteins, lost = 0, behind = 0;
    for (std::size_t g = 0; g < proteins_.size(); ++g) {
        if (kinetics_->life.membrane[g] != 0) membrane += proteins_[g] + life.in_machines[g];
        behind = std::min(behind, std::min(life.in_machines[g], mature_[g]));
    }
    for (const WalkerId id : axis_order_) {
        const UnitLayout& unit = unit_of(walker(id));
        const DnaCopy& copy = life.copies[walker(id).lane];
        const std::int64_t at = static_cast<std::int64_t>(walker(id).tape) - layout_->replicons[unit.replicon].tape;
        lost += copy.replicon != unit.replicon || !holds(copy, at, 1) ? 1 : 0;
    }
    for (const Fork& fork : life.forks) behind = std::min(behind, fork_room(fork));
    result.residuals["membrane proteins"] = membrane;
    result.residuals["RNA polymerases beyond their DNA"] = lost;
    result.residuals["negative balances of growth"] = behind;
}

std::vector<Polymerase> Cell::polymerases() const {
    std::vector<Polymerase> all;
    const auto& bound = class_bound_;
    const auto describe = [&](const Walker& w, Polymerase::Kind kind, bool free_ahead, double rate) {
        const std::uint32_t u = transcripts_[w.transcript].unit;
        const TranscriptionUnit& unit = layout_->unit_descriptions[u];
        const UnitLayout& place = layout_->units[u];
        Polymerase p;
        p.kind = kind;
        p.replicon = unit.replicon;
        p.strand = unit.strand;
        const std::int64_t last = unit.end - 1;
        const std::int64_t at = unit.strand == Strand::forward ? std::min(unit.start + w.pos, last)
                                                               : std::max(last - w.pos, unit.start);
        p.position_nt = at % layout_->replicons[index(unit.replicon)].length_nt;
        if (kind == Polymerase::Kind::ribosome) {
            p.gene = cistron_of(w).gene;
        } else {
            for (std::uint32_t i = 0; i < place.gene_count && p.gene < 0; ++i) {
                const UnitGene& gene = layout_->unit_genes[place.first_gene + i];
                if (w.pos >= gene.start_nt && w.pos < gene.end_nt) p.gene = gene.gene;
            }
        }
        const StepTable& t = step_table();
        const auto code = static_cast<std::size_t>(w.code);
        const bool paid = rate > 0.0 && pools_[t.resource[code]] >= 1 && pools_[t.energy[code]] >= t.energy_needed[code];
        p.state = !free_ahead ? Polymerase::State::blocked
                  : paid      ? Polymerase::State::moving
                              : Polymerase::State::stalled;
        all.push_back(p);
    };
    for (std::size_t c = first_rnap_class; c < max_classes; ++c) {
        for (const Walker& w : walkers_[c])
            describe(w, Polymerase::Kind::rna_polymerase, rnap_room(w).steps > 0, static_cast<double>(w.ratio) * bound[c]);
    }
    for (const Walker& w : walkers_[ribosome_class]) {
        const bool releases = w.code == Symbol{symbol::release};
        describe(w, Polymerase::Kind::ribosome, releases || next_codon(w).start_nt <= ribosome_barrier(w),
                 static_cast<double>(releases ? release_ratio(w) : w.ratio) * bound[ribosome_class]);
    }
    for (const Walker& w : walkers_[degradation_class])
        describe(w, Polymerase::Kind::degradosome, w.pos + 1 <= front_barrier(w), bound[degradation_class]);
    return all;
}

bool Cell::anything_can_happen() const {
    const auto moving = [](const Polymerase& p) { return p.state == Polymerase::State::moving; };
    const auto all = polymerases();
    if (std::any_of(all.begin(), all.end(), moving)) return true;
    const Kinetics& k = *kinetics_;
    if (k.organism.head_on_dissociation_per_s > 0.0 && class_bound_[first_rnap_class] > 0.0) {
        for (const WalkerId id : axis_order_) {
            const RnapRoom room = rnap_room(walker(id));
            if (room.steps <= 0 && room.opposite != no_walker) return true;
        }
    }
    if (rare_rate_[damage_dna] > 0.0 || (rare_rate_[repair_dna] > 0.0 && may_repair())) return true;
    if (rare_rate_[decay_protein] > 0.0 || (life_ && life_can_act())) return true;
    if (rare_rate_[bind_rnap] > 0.0) {
        for (std::uint32_t u = 0; u < layout_->units.size(); ++u) {
            if (!(k.unit_strength[u] > 0.0)) continue;
            const std::uint32_t copies = life_ ? static_cast<std::uint32_t>(life_->copies.size()) : 1;
            for (std::uint32_t c = 0; c < copies; ++c) {
                if ((!life_ || life_->copies[c].replicon == layout_->units[u].replicon) && may_initiate(u, c)) return true;
            }
        }
    }
    for (std::size_t list = 0; list < 2; ++list) {
        if (!(rare_rate_[list == 0 ? bind_ribosome : bind_ribosome_fixed] > 0.0)) continue;
        for (const LoadingSite& site : sites_[list]) {
            const std::uint32_t c = layout_->units[transcripts_[site.transcript].unit].first_cistron + site.cistron;
            const bool never = k.fixed_initiation_per_s[c] == 0.0 ||
                               (list == 0 && !k.cistron_loading.empty() && !(k.cistron_loading[c] > 0.0f));
            WalkerId ahead = no_walker, behind = no_walker;
            if (!never && find_place(site, ahead, behind)) return true;
        }
    }
    if (rare_rate_[bind_degradosome] > 0.0) {
        for (const std::uint32_t t : waiting_) {
            if (!is_protected(transcripts_[t])) return true;
        }
    }
    return false;
}

bool Cell::life_can_act() const noexcept {
    const Life& life = *life_;
    for (const RareChannel assembly : {assemble_rnap, assemble_ribosome, assemble_degradosome, bind_translocon}) {
        if (rare_rate_[assembly] > 0.0) return true;
    }
    const bool powered = pools_[species::ATP] >= 1;
    if (powered && rare_rate_[insert_residues] > 0.0) return true;
    for (std::size_t r = 0; pace_ > 0.0 && r < life.by_replicon.size(); ++r) {
        const bool there = kinetics_->life.origins[r] >= 0 && !life.by_replicon[r].empty();
        if (there && has_own_control(r) && !is_full_of(r)) return true;
    }
    const auto copies = [this](const Fork& fork) { return may_copy(fork); };
    if (rare_rate_[copy_base] > 0.0 && std::any_of(life.forks.begin(), life.forks.end(), copies)) return true;
    // what only its time is wanting for
    const bool will_divide = !life.told_ready && has_two_chromosomes() &&
                             surface_ratio() >= kinetics_->organism.cell_cycle.division_surface_ratio;
    return pace_ > 0.0 && (will_divide || life.replication_due_s < 1e300);
}

std::size_t Cell::memory_bytes() const noexcept {
    const auto bytes = [](const auto& v) { return v.capacity() * sizeof v[0]; };
    std::size_t total = sizeof *this;
    for (const auto& members : walkers_) total += bytes(members);
    for (const auto& list : sites_) total += bytes(list);
    if (life_)
        total += bytes(life_->copies) + bytes(life_->forks) + bytes(life_->in_machines) + bytes(life_->uninserted) +
                 bytes(life_->insertions);
    return total + bytes(axis_order_) + bytes(transcripts_) + bytes(waiting_) + bytes(proteins_) + bytes(mature_) +
           bytes(unit_transcripts_) + bytes(knocked_out_) + bytes(promoter_closed_) +
           bytes(restricted_) + bytes(block_proteins_) + bytes(supply_carry_) + bytes(book_.supply_turns);
}

void Cell::prefetch() const noexcept {
    constexpr std::size_t line = 64, most = 1 << 15;  // of one table: a large cell must not displace itself
    const auto fetch = [](const void* at, std::size_t bytes) {
        const char* const first = static_cast<const char*>(at);
        const std::size_t end = bytes < most ? bytes : most;
        for (std::size_t i = 0; i < end; i += line) __builtin_prefetch(first + i, 1);
    };
    const auto fetch_all = [&fetch](const auto& v) { fetch(v.data(), v.size() * sizeof v[0]); };
    fetch(this, sizeof *this);
    for (const auto& members : walkers_) fetch_all(members);
    fetch_all(transcripts_);
    for (const auto& list : sites_) fetch_all(list);
    fetch_all(axis_order_);
    fetch_all(waiting_);
    fetch_all(proteins_);
    fetch_all(unit_transcripts_);
    fetch_all(supply_carry_);
    fetch_all(book_.supply_turns);
    // and what the machines read next
    const std::uint8_t* const dna = layout_->dna.bytes();
    for (std::size_t c = 0; c < walkers_.size(); ++c) {
        for (const Walker& walker : walkers_[c])
            __builtin_prefetch(c == ribosome_class ? layout_->codons.data() + walker.tape : dna + (walker.tape >> 2));
    }
}

}  // namespace bioxen
