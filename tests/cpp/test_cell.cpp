#include "check.hpp"
#include "designs.hpp"

#include <bioxen/error.hpp>

#include <cmath>
#include <functional>

using namespace bioxen;
using namespace designs;

namespace {

CellularContext cell_of(const Genome& genome, const Organism& o, std::uint64_t seed = 1) {
    return CellularContext{compile(genome, o), seed};
}

void check_audit(const CellularContext& cell) {
    for (const auto& [name, residual] : cell.audit().residuals) {
        if (residual != 0) check::fail(__FILE__, __LINE__, (name + " = " + std::to_string(residual)).c_str());
    }
}

/// Everything that a trajectory can differ in, as one list.
std::vector<std::int64_t> state_of(const CellularContext& cell) {
    std::vector<std::int64_t> all = cell.proteins();
    for (const std::int64_t n : cell.mrnas()) all.push_back(n);
    for (const std::int64_t n : cell.resources()) all.push_back(n);
    const EventCounts e = cell.events();
    for (const std::int64_t n : {e.nucleotide_steps, e.codon_steps, e.degradation_steps, e.candidates}) all.push_back(n);
    for (const Polymerase& p : cell.polymerases()) all.push_back(p.position_nt);
    return all;
}

}  // namespace

TEST(molecules_and_machines_are_conserved_under_every_process) {
    Organism o = supplied();
    o.protein_decay_per_s = 0.01;
    CellularContext cell = cell_of(small_genome(), o);
    check_audit(cell);
    for (int i = 1; i <= 60; ++i) {
        cell.advance(i * 10.0 + 0.003);
        check_audit(cell);
    }
    const EventCounts e = cell.events();
    CHECK(e.transcription_completions > 100);
    CHECK(e.translation_completions > 1000);
    CHECK(e.mrna_decays > 100);
    CHECK(e.protein_decays > 100);
    CHECK(e.head_on_dissociations > 0);
    CHECK(e.transcription_aborts == e.head_on_dissociations);
}

/// A point on the line of rates may lie farther along it than an integer can tell.
TEST(the_fastest_channel_is_chosen_at_any_rate) {
    DraftReplicon draft;
    for (int i = 0; i < 40; ++i) draft.space(60).gene("g" + std::to_string(i), coding(5));
    const Genome genome = decode(draft.record("REC0", true));
    Organism o = supplied();
    o.protein_counts.assign(genome.genes().size(), std::int64_t{1} << 40);
    o.protein_decay_per_s = 1e6;
    CHECK(static_cast<double>(genome.genes().size()) * 0x1.0p40 * o.protein_decay_per_s > 4.0 * 0x1.0p63);
    CellularContext cell = cell_of(genome, o);
    std::uint64_t fuel = 1000;
    CHECK(cell.advance(1.0, fuel) == AdvanceStatus::preempted);
    CHECK(cell.events().candidates == 1000 && cell.events().protein_decays == 1000);
}

TEST(where_a_run_is_cut_never_changes_the_trajectory) {
    const auto program = compile(small_genome(), supplied());
    CellularContext whole{program, 5};
    whole.advance(40.0);
    const auto expected = state_of(whole);
    for (const std::uint64_t fuel : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1000}}) {
        CellularContext cut{program, 5};
        while (cut.advance(40.0, fuel) == AdvanceStatus::preempted) {
        }
        CHECK(state_of(cut) == expected);
    }
    CellularContext sliced{program, 5};
    for (int i = 1; i <= 40'000; ++i) sliced.advance(i * 1e-3);
    CHECK(state_of(sliced) == expected);
}

TEST(another_seed_gives_another_trajectory) {
    const auto program = compile(small_genome(), supplied());
    CellularContext one{program, 5}, two{program, 6};
    one.advance(40.0);
    two.advance(40.0);
    CHECK(state_of(one) != state_of(two));
}

TEST(a_knockout_stops_its_protein_and_no_other) {
    CellularContext cell = cell_of(small_genome(), organism());
    cell.advance(60.0);
    cell.knockout(GeneId{0});
    cell.advance(160.0);  // ribosomes on their way finish
    const auto before = cell.proteins();
    cell.advance(460.0);
    const auto after = cell.proteins();
    CHECK(after[0] == before[0]);
    for (std::size_t g = 1; g < 4; ++g) CHECK(after[g] > before[g] + 100);
    CHECK(cell.mrnas()[0] == cell.mrnas()[1]);  // the operon is still transcribed
    cell.knockout(GeneId{2});
    cell.advance(3000.0);
    CHECK(cell.mrnas()[2] == 0);  // a unit without live cistrons has no promoter
}

TEST(restricted_transcription_leaves_only_the_named_units) {
    Organism o = organism();
    o.mrna_counts.assign(4, 0.0);
    CellularContext cell = cell_of(small_genome(), o);
    const std::array<GeneId, 1> only{GeneId{2}};
    cell.restrict_transcription(std::span<const GeneId>{only});
    cell.advance(600.0);
    CHECK(cell.mrnas()[0] == 0 && cell.mrnas()[3] == 0);
    CHECK(cell.mrnas()[2] > 0);
    cell.restrict_transcription(std::nullopt);
    cell.advance(700.0);
    CHECK(cell.mrnas()[0] > 0);
}

TEST(polymerases_stall_without_a_nucleotide_and_go_on_when_it_is_back) {
    CellularContext cell = cell_of(small_genome(), organism());
    cell.advance(50.0);
    cell.set_resource(species::UTP, 0);
    cell.advance(100.0);
    const std::int64_t stalled = cell.events().nucleotide_steps;
    int waiting = 0;
    for (const Polymerase& p : cell.polymerases())
        waiting += p.kind == Polymerase::Kind::rna_polymerase && p.state == Polymerase::State::stalled ? 1 : 0;
    CHECK(waiting > 0);
    cell.advance(150.0);
    CHECK(cell.events().nucleotide_steps < stalled + 2000);
    CHECK(cell.resources()[species::UTP] == 0);
    check_audit(cell);
    cell.set_resource(species::UTP, 1'000'000);
    const std::int64_t resumed = cell.events().nucleotide_steps;
    cell.advance(200.0);
    CHECK(cell.events().nucleotide_steps > resumed + 3'000);
    check_audit(cell);
}

TEST(a_cell_without_energy_is_exhausted_and_keeps_its_books) {
    Organism o = organism();
    o.pools[species::GTP] = 3'001;
    o.pools[species::ATP] = 2'000;
    CellularContext cell = cell_of(small_genome(), o);
    CHECK(cell.advance(1e6) == AdvanceStatus::exhausted);
    CHECK(cell.time_s() < 1e5);
    check_audit(cell);
    CHECK(cell.advance(1e6) == AdvanceStatus::exhausted);
    cell.set_resource(species::GTP, 100'000);
    cell.set_resource(species::ATP, 100'000);
    const std::int64_t before = cell.events().codon_steps;
    CHECK(cell.advance(1e6) == AdvanceStatus::exhausted);
    CHECK(cell.events().codon_steps > before + 1000);
    check_audit(cell);
}

TEST(held_pools_stay_and_the_environment_carries_the_difference) {
    Organism o = organism();
    o.hold_pools = true;
    CellularContext cell = cell_of(small_genome(), o);
    const auto before = cell.resources();
    cell.advance(100.0);
    CHECK(cell.resources() == before);
    check_audit(cell);
    std::int64_t environment = 0;
    for (const ProcessPosting& posting : cell.ledger()) {
        if (posting.process == "environment") environment = posting.cell[species::GTP];
    }
    CHECK(environment == 2 * cell.events().codon_steps + cell.ledger()[0].cell[species::GTP] * -1);
}

TEST(a_reading_frame_that_slips_gives_its_protein) {
    // reads the last base of the first part twice: codons of part one, then the frame of part two
    const std::string first = "atg" + std::string("gctaaagaactg");
    std::string second = first.substr(first.size() - 1) + "ctggaattcaaa" + "taa";
    std::string dna = spacer + first + second.substr(1) + spacer;
    while (second.size() % 3 != 0) {
        dna.insert(dna.size() - spacer.size() - 3, "g");
        second.insert(second.size() - 3, "g");
    }
    const std::size_t start = spacer.size();
    const std::string where = "join(" + span(start, first.size()) + "," +
                              span(start + first.size() - 1, second.size()) + ")";
    const Genome genome = decode(genbank(dna, cds(where, "slips")));
    CHECK(genome.genes()[0].defect.empty());
    CellularContext cell = cell_of(genome, organism());
    cell.advance(200.0);
    CHECK(cell.proteins()[0] > 50);
    check_audit(cell);
}

TEST(an_idle_cell_gives_way_when_its_fuel_is_used_up) {
    Organism o = organism();
    o.rna_polymerases = o.ribosomes = o.degradosomes = 0;
    o.supply.push_back({"uptake", "uptake", {{Place::cell, species::Pi, 1}, {Place::medium, species::Pi, -1}}, 1.0, {}});
    CellularContext cell = cell_of(small_genome(), o);
    CHECK(cell.advance(1e6, 64'000) == AdvanceStatus::preempted);
    CHECK(cell.time_s() == 1000.0 / 64);
}

TEST(supply_at_the_largest_accepted_rates_neither_overflows_nor_unbalances) {
    Organism o = supplied();
    o.synthetases_per_amino_acid = o.charging_kcat_per_s = 1e15;
    o.charging_k_atp_per_s = o.charging_k_aa_per_s = o.charging_k_trna_per_s = 1e15;
    o.supply.push_back({"flood", "uptake", {{Place::cell, species::Pi, 1000}, {Place::medium, species::Pi, -1000}}, 1e15, {}});
    CellularContext cell = cell_of(small_genome(), o);
    for (int i = 1; i <= 20; ++i) {
        cell.advance(i);
        check_audit(cell);
    }
}

TEST(limits_on_machines_per_template_hold) {
    Organism o = organism();
    o.max_ribosomes_per_mrna = 1;
    o.max_rnap_per_unit = 1;
    CellularContext cell = cell_of(small_genome(), o);
    for (int i = 1; i < 200; ++i) {
        cell.advance(i);
        std::int64_t rnaps = 0, ribosomes = 0, transcripts = 0;
        for (const Polymerase& p : cell.polymerases()) {
            rnaps += p.kind == Polymerase::Kind::rna_polymerase ? 1 : 0;
            ribosomes += p.kind == Polymerase::Kind::ribosome ? 1 : 0;
        }
        const auto rna = cell.mrnas();
        transcripts = rna[0] + rna[2] + rna[3];
        CHECK(rnaps <= 3);
        CHECK(ribosomes <= transcripts);
    }
}

TEST(wrong_calls_are_refused_and_change_nothing) {
    CellularContext cell = cell_of(small_genome(), organism());
    cell.advance(10.0);
    const auto before = state_of(cell);
    CHECK_THROWS(cell.set_resource(species::ATP, -1), InputError);
    CHECK_THROWS(cell.set_resource(200, 1), InputError);
    CHECK_THROWS(cell.knockout(GeneId{99}), InputError);
    CHECK_THROWS(cell.advance(std::nan("")), InputError);
    CHECK_THROWS(cell.advance(-1.0), InputError);
    CHECK(state_of(cell) == before);
    cell.advance(5.0);  // the past is reached already
    CHECK(cell.time_s() == 10.0);
}

RUN_TESTS()
