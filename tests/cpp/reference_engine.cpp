#include "reference_engine.hpp"

#include "program/kinetics.hpp"
#include "program/layout.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace bioxen;

namespace reference {

namespace {

constexpr double avogadro_per_mol = 6.02214076e23;
constexpr double supply_interval_s = 1.0 / 64.0;
constexpr std::array<SpeciesIndex, 4> triphosphate{species::ATP, species::CTP, species::GTP, species::UTP};
constexpr std::array<SpeciesIndex, 4> monophosphate{species::AMP, species::CMP, species::GMP, species::UMP};

/// Whole turns in one interval; the fraction is carried to the next one.
std::int64_t whole_turns(double rate_per_s, double& carry) {
    const double amount = rate_per_s * supply_interval_s + carry;
    carry = amount - std::floor(amount);
    return static_cast<std::int64_t>(std::floor(amount));
}

}  // namespace

Engine::Engine(std::shared_ptr<const Program> program, std::uint64_t seed)
    : program_(std::move(program)), layout_(program_->layout()), organism_(program_->organism()), random_(seed) {
    for (const Cistron& cistron : layout_.cistrons) {
        std::vector<std::int32_t> at;
        for (std::uint32_t r = cistron.first_run; r < cistron.first_run + cistron.run_count; ++r) {
            for (std::int32_t nt = layout_.runs[r].start_nt; nt < layout_.runs[r].end_nt; nt += 3) at.push_back(nt);
        }
        at.push_back(at.back() + 3);
        codon_nt_.push_back(at);
    }
    const std::size_t genes = layout_.gene_unit.size();
    proteins_.assign(genes, 0);
    mature_.assign(genes, 0);
    knocked_out_.assign(genes, 0);
    without_promoter_.assign(layout_.units.size(), 0);
    restricted_.assign(layout_.units.size(), 0);
    supply_carry_.assign(organism_.supply.size(), 0.0);
    pools_ = organism_.pools;
    for (std::size_t g = 0; g < organism_.protein_counts.size(); ++g)
        proteins_[g] = std::max<std::int64_t>(organism_.protein_counts[g], 0);
    // at birth: whole messengers without ribosomes, Poisson by unit (arrivals of a unit rate until time `mean`)
    for (std::uint32_t u = 0; u < layout_.units.size(); ++u) {
        double time = -std::log(1.0 - uniform());
        for (; time < program_->kinetics().mean_transcripts[u]; time -= std::log(1.0 - uniform())) {
            Transcript whole;
            whole.unit = u;
            whole.made = layout_.units[u].length_nt;
            whole.nascent = false;
            transcripts_.push_back(whole);
        }
    }
}

double Engine::uniform() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }

void Engine::advance(double until_s) {
    while (now_s_ < until_s) {
        const double tick_s = static_cast<double>(ticks_ + 1) * supply_interval_s;
        const double pause_s = std::min(tick_s, until_s);
        const std::vector<Channel> list = channels();
        double total = 0.0;
        for (const Channel& channel : list) total += channel.rate_per_s;
        const double next_s = total > 0.0 ? now_s_ - std::log(1.0 - uniform()) / total : HUGE_VAL;
        if (next_s >= pause_s) {  // without memory: a pending time may be discarded anywhere
            now_s_ = pause_s;
            if (pause_s == tick_s) {
                ++ticks_;
                if (!organism_.hold_pools) supply();
            }
            continue;
        }
        now_s_ = next_s;
        double along = uniform() * total;
        std::size_t chosen = 0;
        while (chosen + 1 < list.size() && along >= list[chosen].rate_per_s) along -= list[chosen++].rate_per_s;
        happen(list[chosen]);
    }
}

// ---------------------------------------------------------------------------------------------------- the law

double Engine::per_pair_s(double per_M_s) const { return per_M_s / (avogadro_per_mol * organism_.volume_l); }

double Engine::saturation(SpeciesIndex resource, double km_mM) const {
    const auto present = static_cast<double>(pools_[resource]);
    return present > 0.0 ? present / (km_mM * 1e-3 * avogadro_per_mol * organism_.volume_l + present) : 0.0;
}

/// The next NTP and one ATP more; where the next one is ATP, two in all.
double Engine::nucleotide_rate(const Transcript& transcript) const {
    const std::size_t b = base(transcript, transcript.made);
    if (pools_[species::ATP] < (triphosphate[b] == species::ATP ? 2 : 1)) return 0.0;
    return program_->kcat_nt_per_s(UnitId{transcript.unit}) * saturation(triphosphate[b], organism_.rna_km_mM);
}

double Engine::degradation_rate() const {
    return pools_[species::ATP] < 1 ? 0.0 : organism_.degradation_kcat_nt_per_s;
}

double Engine::codon_rate(const Ribosome& ribosome) const {
    if (pools_[species::GTP] < 2) return 0.0;
    const auto charged = static_cast<SpeciesIndex>(species::charged_trna + amino_acid(ribosome));
    return organism_.translation_kcat_aa_per_s * saturation(charged, organism_.translation_km_mM);
}

bool Engine::at_stop(const Ribosome& ribosome) const {
    return ribosome.done == layout_.cistrons[ribosome.cistron].codons;
}

double Engine::release_rate(const Ribosome& ribosome) const {
    const auto given = organism_.gene_termination_rate_per_s.find(layout_.cistrons[ribosome.cistron].gene);
    return given != organism_.gene_termination_rate_per_s.end() ? given->second : organism_.translation_kcat_aa_per_s;
}

std::vector<Channel> Engine::channels() const {
    using Kind = Channel::Kind;
    std::vector<Channel> list;
    list.reserve(8 * (layout_.units.size() + transcripts_.size()));
    const Machines counts = machines();
    for (std::uint32_t u = 0; u < layout_.units.size(); ++u) {
        const double strength = program_->promoter_strength(UnitId{u}) / organism_.promoter_strength_scale;
        if (promoter_is_free(u))
            list.push_back({Kind::initiate_transcription, u, 0,
                            static_cast<double>(counts[0].free) * strength *
                                per_pair_s(organism_.promoter_binding_per_M_s)});
    }
    for (std::size_t t = 0; t < transcripts_.size(); ++t) add_channels_of_transcript(t, counts, list);
    for (std::size_t g = 0; g < proteins_.size(); ++g) {
        if (proteins_[g] > 0)
            list.push_back({Kind::decay_protein, g, 0,
                            static_cast<double>(proteins_[g]) * organism_.protein_decay_per_s});
    }
    return list;
}

void Engine::add_channels_of_transcript(std::size_t t, const Machines& counts, std::vector<Channel>& list) const {
    using Kind = Channel::Kind;
    const Transcript& transcript = transcripts_[t];
    const UnitLayout& unit = layout_.units[transcript.unit];
    if (transcript.nascent && !rnap_touches_next(transcript))
        list.push_back({Kind::transcribe, t, 0, nucleotide_rate(transcript)});
    else if (transcript.nascent && direction(*rnap_ahead(transcript)) != direction(transcript))
        list.push_back({Kind::fall_off, t, 0, organism_.head_on_dissociation_per_s});

    if (degradosome_may_bind(transcript))
        list.push_back({Kind::bind_degradosome, t, 0,
                        static_cast<double>(counts[2].free) * per_pair_s(organism_.degradosome_binding_per_M_s)});
    if (transcript.degrading && degradosome_may_step(transcript))
        list.push_back({Kind::degrade, t, 0, degradation_rate()});

    for (std::uint32_t c = unit.first_cistron; c < unit.first_cistron + unit.cistron_count; ++c) {
        if (counts[1].free == 0 || !may_load(transcript, c)) continue;
        const auto fixed = organism_.gene_initiation_rate_per_s.find(layout_.cistrons[c].gene);
        list.push_back({Kind::load_ribosome, t, c,
                        fixed != organism_.gene_initiation_rate_per_s.end()
                            ? fixed->second
                            : static_cast<double>(counts[1].free) * per_pair_s(organism_.ribosome_binding_per_M_s)});
    }
    for (std::size_t r = 0; r < transcript.ribosomes.size(); ++r) {
        const Ribosome& ribosome = transcript.ribosomes[r];
        if (at_stop(ribosome)) {
            list.push_back({Kind::release_protein, t, r, release_rate(ribosome)});
        } else if (ribosome_may_step(transcript, ribosome)) {
            list.push_back({Kind::translate, t, r, codon_rate(ribosome)});
        }
    }
}

// -------------------------------------------------------------------------------------------- who stands where

std::size_t Engine::base(const Transcript& transcript, std::int32_t at) const {
    const UnitLayout& unit = layout_.units[transcript.unit];
    const auto counts = layout_.nucleotides(unit, at, at + 1);
    return static_cast<std::size_t>(std::find(counts.begin(), counts.end(), 1) - counts.begin());
}

std::size_t Engine::amino_acid(const Ribosome& ribosome) const {
    return layout_.codons[layout_.cistrons[ribosome.cistron].tape + ribosome.done] - std::size_t{symbol::codon};
}

std::int64_t Engine::direction(const Transcript& transcript) const {
    return layout_.units[transcript.unit].direction();
}

std::int64_t Engine::axis(const Transcript& transcript) const {
    return layout_.units[transcript.unit].axis + direction(transcript) * transcript.made;
}

/// Of the RNAPs on the DNA in front of this transcript's own, whichever way they go, the nearest.
const Transcript* Engine::rnap_ahead(const Transcript& transcript) const {
    const auto ahead = [&](const Transcript& other) {
        return direction(transcript) * (axis(other) - axis(transcript));
    };
    const Transcript* nearest = nullptr;
    for (const Transcript& other : transcripts_) {
        if (!other.nascent || ahead(other) <= 0) continue;
        if (nearest == nullptr || ahead(other) < ahead(*nearest)) nearest = &other;
    }
    return nearest;
}

bool Engine::rnap_touches_next(const Transcript& transcript) const {
    const Transcript* const next = rnap_ahead(transcript);
    return next != nullptr && std::abs(axis(*next) - axis(transcript)) <= organism_.rnap_footprint_nt;
}

bool Engine::promoter_is_free(std::size_t u) const {
    if (without_promoter_[u] != 0 || restricted_[u] != 0) return false;
    const UnitLayout& unit = layout_.units[u];
    // In reference mode long rRNA takes any number of RNAPs, each so far from the next.
    const bool shared = layout_.reference_mode && unit.long_rrna;
    const std::int32_t own_spacing = shared ? std::max(organism_.rrna_spacing_nt, organism_.rnap_footprint_nt)
                                            : organism_.rnap_footprint_nt;
    std::int32_t own = 0;
    for (const Transcript& other : transcripts_) {
        if (!other.nascent) continue;
        const bool same = other.unit == u;
        own += same ? 1 : 0;
        if (std::abs(axis(other) - unit.axis) < (same ? own_spacing : organism_.rnap_footprint_nt)) return false;
    }
    return shared || organism_.max_rnap_per_unit == 0 || own < organism_.max_rnap_per_unit;
}

std::int32_t Engine::place(const Ribosome& ribosome) const { return codon_nt_[ribosome.cistron][ribosome.done]; }

bool Engine::ribosome_may_step(const Transcript& transcript, const Ribosome& ribosome) const {
    const std::int32_t footprint_nt = 3 * organism_.ribosome_footprint_codons;
    const std::int32_t next = codon_nt_[ribosome.cistron][ribosome.done + 1];
    for (const Ribosome& other : transcript.ribosomes) {
        if (place(other) > place(ribosome) && place(other) < next + footprint_nt) return false;
    }
    return !transcript.nascent || next + footprint_nt <= transcript.made;
}

bool Engine::may_load(const Transcript& transcript, std::uint32_t c) const {
    const std::int32_t footprint_nt = 3 * organism_.ribosome_footprint_codons;
    const auto most = static_cast<std::size_t>(organism_.max_ribosomes_per_mrna);
    if (transcript.degrading || knocked_out_[layout_.cistrons[c].gene] != 0) return false;
    if (most > 0 && transcript.ribosomes.size() >= most) return false;
    if (transcript.nascent && (layout_.reference_mode || start(c) + footprint_nt > transcript.made)) return false;
    return std::none_of(transcript.ribosomes.begin(), transcript.ribosomes.end(), [&](const Ribosome& other) {
        return std::abs(place(other) - start(c)) < footprint_nt;
    });
}

/// Whole, and no ribosome within a footprint of the 5' end (in reference mode: none at all).
bool Engine::degradosome_may_bind(const Transcript& transcript) const {
    if (transcript.nascent || transcript.degrading) return false;
    return std::none_of(transcript.ribosomes.begin(), transcript.ribosomes.end(), [&](const Ribosome& ribosome) {
        return layout_.reference_mode || place(ribosome) < 3 * organism_.ribosome_footprint_codons;
    });
}

bool Engine::degradosome_may_step(const Transcript& transcript) const {
    return std::none_of(transcript.ribosomes.begin(), transcript.ribosomes.end(), [&](const Ribosome& ribosome) {
        return transcript.lost + 1 > place(ribosome) - 3 * organism_.ribosome_footprint_codons;
    });
}

// ------------------------------------------------------------------------------------------------ what happens

void Engine::change(std::size_t s, std::int64_t molecules) {
    if (!organism_.hold_pools) pools_[s] += molecules;
}

void Engine::happen(const Channel& channel) {
    using Kind = Channel::Kind;
    switch (channel.kind) {
        case Kind::initiate_transcription: {
            Transcript nascent;
            nascent.unit = static_cast<std::uint32_t>(channel.subject);
            transcripts_.push_back(nascent);
            ++events_.transcription_initiations;
            break;
        }
        case Kind::transcribe: transcribe(channel.subject); break;
        case Kind::fall_off: abort(channel.subject); break;
        case Kind::load_ribosome:
            transcripts_[channel.subject].ribosomes.push_back({static_cast<std::uint32_t>(channel.part), 0});
            ++events_.translation_initiations;
            break;
        case Kind::translate: translate(transcripts_[channel.subject].ribosomes[channel.part]); break;
        case Kind::release_protein: {
            auto& ribosomes = transcripts_[channel.subject].ribosomes;
            ++proteins_[layout_.cistrons[ribosomes[channel.part].cistron].gene];
            ribosomes.erase(ribosomes.begin() + static_cast<std::ptrdiff_t>(channel.part));
            ++events_.translation_completions;
            break;
        }
        case Kind::bind_degradosome:
            transcripts_[channel.subject].degrading = true;
            ++events_.mrna_decay_initiations;
            break;
        case Kind::degrade: degrade(channel.subject); break;
        case Kind::decay_protein: {
            --proteins_[channel.subject];
            const auto residues = layout_.residues(static_cast<std::uint32_t>(channel.subject));
            for (std::size_t a = 0; a < residues.size(); ++a) change(species::amino_acid + a, residues[a]);
            ++events_.protein_decays;
            break;
        }
    }
}

void Engine::transcribe(std::size_t t) {
    Transcript& transcript = transcripts_[t];
    change(triphosphate[base(transcript, transcript.made)], -1);
    change(species::PPi, 1);
    change(species::ATP, -1);
    change(species::ADP, 1);
    change(species::Pi, 1);
    ++events_.nucleotide_steps;
    ++transcript.made;
    const UnitLayout& unit = layout_.units[transcript.unit];
    if (transcript.made < unit.length_nt) return;
    transcript.nascent = false;
    ++events_.transcription_completions;
    if (unit.stable) {
        process_stable(transcript);
        transcripts_.erase(transcripts_.begin() + static_cast<std::ptrdiff_t>(t));
    }
}

/// Cuts the mature RNAs out; what lies between them is returned.
void Engine::process_stable(const Transcript& transcript) {
    const UnitLayout& unit = layout_.units[transcript.unit];
    std::vector<char> kept(static_cast<std::size_t>(unit.length_nt), 0);
    for (std::uint32_t g = unit.first_gene; g < unit.first_gene + unit.gene_count; ++g) {
        const UnitGene& gene = layout_.unit_genes[g];
        ++mature_[gene.gene];
        std::fill(kept.begin() + gene.start_nt, kept.begin() + gene.end_nt, 1);
    }
    for (std::int32_t at = 0; at < unit.length_nt; ++at) {
        if (kept[static_cast<std::size_t>(at)] == 0) change(monophosphate[base(transcript, at)], 1);
    }
}

void Engine::abort(std::size_t t) {
    const Transcript& transcript = transcripts_[t];
    for (std::int32_t at = 0; at < transcript.made; ++at) change(monophosphate[base(transcript, at)], 1);
    for (const Ribosome& ribosome : transcript.ribosomes) {
        for (std::uint32_t k = 0; k < ribosome.done; ++k)
            change(species::amino_acid + amino_acid({ribosome.cistron, k}), 1);
        ++events_.translation_aborts;
    }
    ++events_.transcription_aborts;
    ++events_.head_on_dissociations;
    transcripts_.erase(transcripts_.begin() + static_cast<std::ptrdiff_t>(t));
}

void Engine::translate(Ribosome& ribosome) {
    const std::size_t a = amino_acid(ribosome);
    change(species::charged_trna + a, -1);
    change(species::uncharged_trna + a, 1);
    change(species::GTP, -2);
    change(species::GDP, 2);
    change(species::Pi, 2);
    ++events_.codon_steps;
    ++ribosome.done;
}

void Engine::degrade(std::size_t t) {
    Transcript& transcript = transcripts_[t];
    change(monophosphate[base(transcript, transcript.lost)], 1);
    change(species::ATP, -1);
    change(species::ADP, 1);
    change(species::Pi, 1);
    ++events_.degradation_steps;
    if (++transcript.lost < layout_.units[transcript.unit].length_nt) return;
    transcripts_.erase(transcripts_.begin() + static_cast<std::ptrdiff_t>(t));
    ++events_.mrna_decays;
}

/// In the order of the organism's list. A reaction at its set point rests, and so does its carry.
void Engine::supply() {
    for (std::size_t i = 0; i < organism_.supply.size(); ++i) {
        const SupplyReaction& reaction = organism_.supply[i];
        std::array<std::int64_t, species::resource_count> net{};
        for (const SupplyLeg& leg : reaction.legs) {
            if (leg.place == Place::cell) net[leg.species] += leg.coefficient;
        }
        if (reaction.set_point && pools_[reaction.set_point->first] >= reaction.set_point->second) continue;
        std::int64_t turns = whole_turns(reaction.max_rate_per_s, supply_carry_[i]);
        if (reaction.set_point) {
            const std::int64_t lacking = reaction.set_point->second - pools_[reaction.set_point->first];
            const std::int64_t gain = net[reaction.set_point->first];
            turns = std::min(turns, (lacking + gain - 1) / gain);
        }
        for (std::size_t s = 0; s < net.size(); ++s) {
            if (net[s] < 0) turns = std::min(turns, pools_[s] / -net[s]);
        }
        for (std::size_t s = 0; s < net.size(); ++s) pools_[s] += turns * net[s];
    }
    charge_trna();
}

/// Each amino acid's synthetases at the rate that organism.hpp states, with the ATP there was before the first of them.
void Engine::charge_trna() {
    const Organism& o = organism_;
    const auto atp = static_cast<double>(pools_[species::ATP]);
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        const auto free = static_cast<double>(pools_[species::amino_acid + a]);
        const auto empty = static_cast<double>(pools_[species::uncharged_trna + a]);
        const double k = o.charging_k_atp_per_s * atp * o.charging_k_aa_per_s * free * o.charging_k_trna_per_s * empty;
        if (!(k * o.charging_kcat_per_s > 0.0)) continue;
        const double cycle_s = 1.0 / (o.charging_k_atp_per_s * atp) + 1.0 / (o.charging_k_aa_per_s * free) +
                               1.0 / (o.charging_k_trna_per_s * empty) + 1.0 / o.charging_kcat_per_s;
        std::int64_t turns = whole_turns(o.synthetases_per_amino_acid / cycle_s, charging_carry_[a]);
        const std::int64_t extra = o.glutamine_via_glutamate && amino_acid_letters[a] == 'Q' ? 1 : 0;
        turns = std::min({turns, pools_[species::amino_acid + a], pools_[species::uncharged_trna + a],
                          pools_[species::ATP] / (1 + extra)});
        pools_[species::amino_acid + a] -= turns;
        pools_[species::uncharged_trna + a] -= turns;
        pools_[species::charged_trna + a] += turns;
        pools_[species::ATP] -= turns * (1 + extra);
        pools_[species::AMP] += turns;
        pools_[species::PPi] += turns;
        pools_[species::ADP] += turns * extra;
        pools_[species::Pi] += turns * extra;
    }
}

void Engine::knockout(GeneId gene) {
    knocked_out_[index(gene)] = 1;
    const std::uint32_t u = layout_.gene_unit[index(gene)];
    const auto genes = program_->units()[u].genes;
    without_promoter_[u] = std::none_of(genes.begin(), genes.end(), [&](GeneId other) {
        return program_->executable()[index(other)] != 0 && knocked_out_[index(other)] == 0;
    });
}

void Engine::restrict_transcription(std::optional<std::span<const GeneId>> genes) {
    std::fill(restricted_.begin(), restricted_.end(), genes ? 1 : 0);
    for (const GeneId gene : genes.value_or(std::span<const GeneId>{})) restricted_[layout_.gene_unit[index(gene)]] = 0;
}

// ---------------------------------------------------------------------------------------------------- what is seen

std::vector<std::int64_t> Engine::mrnas() const {
    std::vector<std::int64_t> count = mature_;
    for (const Transcript& transcript : transcripts_) {
        for (const GeneId gene : program_->units()[transcript.unit].genes) ++count[index(gene)];
    }
    return count;
}

std::array<MachineCount, 3> Engine::machines() const {
    std::array<std::int64_t, 3> active{};
    for (const Transcript& transcript : transcripts_) {
        active[0] += transcript.nascent ? 1 : 0;
        active[1] += static_cast<std::int64_t>(transcript.ribosomes.size());
        active[2] += transcript.degrading ? 1 : 0;
    }
    const auto count = [](std::int64_t total, std::int64_t busy) { return MachineCount{total, total - busy, busy}; };
    return {count(organism_.rna_polymerases, active[0]), count(organism_.ribosomes, active[1]),
            count(organism_.degradosomes, active[2])};
}

std::vector<Polymerase> Engine::polymerases() const {
    std::vector<Polymerase> all;
    const auto show = [&](const Transcript& transcript, Polymerase::Kind kind, std::int32_t at, std::int64_t gene,
                          bool room, double rate) {
        const TranscriptionUnit& unit = program_->units()[transcript.unit];
        Polymerase p;
        p.kind = kind;
        p.replicon = unit.replicon;
        const std::int64_t inside = std::min<std::int64_t>(at, unit.end - unit.start - 1);
        p.position_nt = (unit.strand == Strand::forward ? unit.start + inside : unit.end - 1 - inside) %
                        layout_.replicons[index(unit.replicon)].length_nt;
        p.gene = gene;
        p.state = !room        ? Polymerase::State::blocked
                  : rate > 0.0 ? Polymerase::State::moving
                               : Polymerase::State::stalled;
        all.push_back(p);
    };
    const auto gene_at = [&](const Transcript& transcript, std::int32_t at) {
        const UnitLayout& unit = layout_.units[transcript.unit];
        for (std::uint32_t g = unit.first_gene; g < unit.first_gene + unit.gene_count; ++g) {
            if (at >= layout_.unit_genes[g].start_nt && at < layout_.unit_genes[g].end_nt)
                return std::int64_t{layout_.unit_genes[g].gene};
        }
        return std::int64_t{-1};
    };
    for (std::size_t t = 0; t < transcripts_.size(); ++t) {
        const Transcript& transcript = transcripts_[t];
        if (transcript.nascent)
            show(transcript, Polymerase::Kind::rna_polymerase, transcript.made, gene_at(transcript, transcript.made),
                 !rnap_touches_next(transcript), nucleotide_rate(transcript));
        if (transcript.degrading)
            show(transcript, Polymerase::Kind::degradosome, transcript.lost, gene_at(transcript, transcript.lost),
                 degradosome_may_step(transcript), degradation_rate());
        for (const Ribosome& ribosome : transcript.ribosomes) {
            const bool releases = at_stop(ribosome);
            show(transcript, Polymerase::Kind::ribosome, place(ribosome), layout_.cistrons[ribosome.cistron].gene,
                 releases || ribosome_may_step(transcript, ribosome),
                 releases ? release_rate(ribosome) : codon_rate(ribosome));
        }
    }
    return all;
}

}  // namespace reference
