#include "ledger/book.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace bioxen {

namespace {

constexpr std::array<SpeciesIndex, 4> triphosphate{species::ATP, species::CTP, species::GTP, species::UTP};
constexpr std::array<SpeciesIndex, 4> deoxytriphosphate{species::dATP, species::dCTP, species::dGTP, species::dTTP};
constexpr std::array<SpeciesIndex, 4> deoxynucleoside{species::deoxyadenosine, species::deoxycytidine,
                                                      species::deoxyguanosine, species::thymidine};
constexpr std::array<SpeciesIndex, 4> monophosphate{species::AMP, species::CMP, species::GMP, species::UMP};

/// X-TP -> X-DP + Pi, `times` times.
void hydrolyse(Balances& cell, SpeciesIndex triphosphate_of, std::int64_t times) noexcept {
    cell[triphosphate_of] -= times;
    cell[static_cast<SpeciesIndex>(triphosphate_of + 1)] += times;
    cell[species::Pi] += times;
}

Composition nucleotide_residue(std::size_t base) { return composition(monophosphate[base]); }

Composition quantities(const Balances& balances) {
    Composition total;
    for (SpeciesIndex s = 0; s < species::count; ++s) total.add(composition(s), balances[s]);
    return total;
}

Composition quantities(const PolymerContent& polymers) {
    Composition total;
    for (std::size_t b = 0; b < 4; ++b) total.add(nucleotide_residue(b), polymers.nucleotides[b]);
    for (std::size_t a = 0; a < amino_acid_count; ++a) total.amino_acid[a] += polymers.residues[a];
    total.deoxynucleotide += polymers.deoxynucleotides;
    total.phosphate += polymers.deoxynucleotides;
    return total;
}

}  // namespace

StepPostings step_postings(std::span<const std::int64_t, 4> transcribed, std::span<const std::int64_t, 4> degraded,
                           std::span<const std::int64_t, amino_acid_count> translated) noexcept {
    StepPostings p;
    for (std::size_t b = 0; b < 4; ++b) {
        p.taken[triphosphate[b]] -= transcribed[b];
        p.taken[species::ATP] -= transcribed[b] + degraded[b];
        p.made[species::PPi] += transcribed[b];
        p.made[species::ADP] += transcribed[b] + degraded[b];
        p.made[species::Pi] += transcribed[b] + degraded[b];
        p.made[monophosphate[b]] += degraded[b];
    }
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        p.taken[species::charged_trna + a] -= translated[a];
        p.taken[species::GTP] -= 2 * translated[a];
        p.made[species::uncharged_trna + a] += translated[a];
        p.made[species::GDP] += 2 * translated[a];
        p.made[species::Pi] += 2 * translated[a];
    }
    return p;
}

std::vector<ProcessPosting> Book::postings(std::span<const SupplyReaction> supply) const {
    ProcessPosting transcription{"transcription"}, decay{"mrna_decay"}, abort{"transcription_abort"},
        processing{"rna_processing"}, translation{"translation"}, translation_abort{"translation_abort"},
        protein_decay{"protein_decay"}, charging{"charging"}, transamidation{"transamidation"},
        replication{"replication"}, maturation{"trna_maturation"}, insertion{"membrane_insertion"}, repair{"dna_repair"};
    for (std::size_t b = 0; b < 4; ++b) {
        transcription.cell[triphosphate[b]] -= transcribed[b];
        transcription.cell[species::PPi] += transcribed[b];
        hydrolyse(transcription.cell, species::ATP, transcribed[b]);
        decay.cell[monophosphate[b]] += degraded[b];
        hydrolyse(decay.cell, species::ATP, degraded[b]);
        abort.cell[monophosphate[b]] += aborted[b];
        processing.cell[monophosphate[b]] += processed[b];
        replication.cell[deoxytriphosphate[b]] -= replicated[b];
        replication.cell[deoxytriphosphate[3 - b]] -= replicated[b];
        replication.cell[species::PPi] += 2 * replicated[b];
        hydrolyse(replication.cell, species::ATP, replicated[b]);
        // the nucleotide that is cut out leaves the cell without its phosphate
        repair.cell[deoxytriphosphate[b]] -= repaired[b];
        repair.cell[species::PPi] += repaired[b];
        repair.cell[species::Pi] += repaired[b];
        hydrolyse(repair.cell, species::ATP, repaired[b]);
    }
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        const std::size_t free = species::amino_acid + a, loaded = species::charged_trna + a,
                          empty = species::uncharged_trna + a;
        translation.cell[loaded] -= translated[a];
        translation.cell[empty] += translated[a];
        hydrolyse(translation.cell, species::GTP, 2 * translated[a]);
        translation_abort.cell[free] += released_unfinished[a];
        protein_decay.cell[free] += decayed[a];
        charging.cell[free] -= charged[a];
        charging.cell[empty] -= charged[a];
        charging.cell[loaded] += charged[a];
        charging.cell[species::ATP] -= charged[a];
        charging.cell[species::AMP] += charged[a];
        charging.cell[species::PPi] += charged[a];
        maturation.cell[empty] += matured_trna[a];
    }
    hydrolyse(insertion.cell, species::ATP, translocations);
    hydrolyse(transamidation.cell, species::ATP, transamidated);
    std::vector<ProcessPosting> all{transcription, translation,   charging,          transamidation, decay,
                                    abort,         processing,    translation_abort, protein_decay,  replication,
                                    maturation,    insertion,     repair};
    for (std::size_t i = 0; i < supply.size(); ++i) {
        auto at = std::find_if(all.begin(), all.end(),
                               [&](const ProcessPosting& p) { return p.process == supply[i].process; });
        if (at == all.end()) at = all.insert(at, ProcessPosting{supply[i].process});
        for (const SupplyLeg& leg : supply[i].legs) {
            if (leg.place == Place::cell) at->cell[leg.species] += leg.coefficient * supply_turns[i];
        }
    }
    all.push_back({"operator", operator_account});
    all.push_back({"environment", environment_account});
    all.push_back({"division", division_account});
    return all;
}

Balances Book::medium(std::span<const SupplyReaction> supply) const {
    Balances net{};
    for (std::size_t b = 0; b < 4; ++b) net[deoxynucleoside[b]] += repaired[b];
    for (std::size_t i = 0; i < supply.size(); ++i) {
        for (const SupplyLeg& leg : supply[i].legs) {
            if (leg.place == Place::medium) net[leg.species] += leg.coefficient * supply_turns[i];
        }
    }
    return net;
}

Audit audit(const Book& book, std::span<const SupplyReaction> supply, const Balances& pools,
            const PolymerContent& polymers) {
    Audit result;
    Balances expected = book.opening;
    for (const ProcessPosting& posting : book.postings(supply)) {
        for (std::size_t s = 0; s < species::count; ++s) expected[s] += posting.cell[s];
    }
    for (SpeciesIndex s = 0; s < species::count; ++s)
        result.residuals[species_name(s)] = pools[s] - expected[s];

    Composition total = quantities(pools);
    total.add(quantities(polymers), 1);
    total.add(quantities(book.medium(supply)), 1);
    total.add(quantities(book.operator_account), -1);
    total.add(quantities(book.environment_account), -1);
    total.add(quantities(book.division_account), -1);
    total.add(quantities(book.division_polymers), -1);
    for (std::size_t a = 0; a < amino_acid_count; ++a) total.trna[a] -= book.matured_trna[a];
    total.add(quantities(book.opening), -1);
    total.add(quantities(book.opening_polymers), -1);
    result.residuals["total adenylate"] = total.adenylate;
    result.residuals["total guanylate"] = total.guanylate;
    result.residuals["total cytidylate"] = total.cytidylate;
    result.residuals["total uridylate"] = total.uridylate;
    result.residuals["total deoxynucleotide"] = total.deoxynucleotide;
    result.residuals["total phosphate"] = total.phosphate;
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        const std::string name{amino_acid_name(a)};
        result.residuals["total " + name] = total.amino_acid[a];
        result.residuals["total tRNA-" + name] = total.trna[a];
    }
    return result;
}

}  // namespace bioxen
