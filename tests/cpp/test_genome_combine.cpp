#include "check.hpp"
#include "designs.hpp"

#include <bioxen/error.hpp>

#include <optional>

using namespace bioxen;
using namespace designs;

namespace {

/// A linear genome of single genes, `tags` in order, `name` in its LOCUS line.
std::string text_of(const std::string& name, const std::vector<std::string>& tags) {
    std::string dna = spacer, features;
    for (const std::string& tag : tags) {
        const std::string gene = coding(40);
        features += cds(span(dna.size(), gene.size()), tag);
        dna += gene + spacer;
    }
    std::string text = genbank(dna, features);
    return text.replace(text.find("TEST"), 4, name);
}

Genome genome(const std::string& name, const std::vector<std::string>& tags) { return decode(text_of(name, tags)); }

Genome combined(const std::vector<const Genome*>& genomes) { return Genome::combine(genomes); }

std::string refusal(const std::vector<const Genome*>& genomes, InputErrorKind kind) {
    try {
        (void)Genome::combine(genomes);
    } catch (const InputError& e) {
        CHECK(e.kind() == kind);
        return e.what();
    }
    return "";
}

}  // namespace

TEST(combined_genomes_stand_one_after_the_other) {
    std::optional<Genome> host = small_genome(), guest = genome("PLAS", {"x", "y"});
    const std::string hosts = host->fingerprint();
    const Genome both = combined({&*host, &*guest});
    CHECK(both.records().size() == 2 && both.genes().size() == 6);
    for (std::size_t g = 0; g < 6; ++g) {
        const Gene& gene = both.genes()[g];
        const Gene& original = g < 4 ? host->genes()[g] : guest->genes()[g - 4];
        CHECK(gene.locus_tag == original.locus_tag && gene.start == original.start && gene.protein == original.protein);
        CHECK(index(gene.replicon) == (g < 4 ? 0U : 1U) && gene.feature == original.feature);
        CHECK(both.coding_sequence(gene) == (g < 4 ? *host : *guest).coding_sequence(original));
        const Feature& source = both.records()[index(gene.replicon)].features[static_cast<std::size_t>(gene.feature)];
        CHECK(source.qualifier("locus_tag") == gene.locus_tag);
    }
    CHECK(both.records()[0].name == "TEST" && both.records()[1].name == "PLAS");
    CHECK(both.records()[0].topology == Topology::circular && both.records()[1].topology == Topology::linear);
    CHECK(both.fingerprint() != hosts && both.fingerprint().size() == 16);
    CHECK(both.memory_bytes() > host->memory_bytes() + guest->memory_bytes());
    // the parts may go
    const std::string sequence{both.records()[1].sequence};
    host.reset();
    guest.reset();
    CHECK(both.records()[1].sequence == sequence && both.records()[1].features[0].qualifier("locus_tag") == "x");
}

TEST(a_combined_genome_is_known_by_its_parts_in_their_order) {
    const Genome a = genome("AAAA", {"a1"}), b = genome("BBBB", {"b1"}), c = genome("CCCC", {"c1"});
    const Genome ab = combined({&a, &b}), bc = combined({&b, &c}), abc = combined({&a, &b, &c});
    CHECK(combined({&ab, &c}).fingerprint() == abc.fingerprint());
    CHECK(combined({&a, &bc}).fingerprint() == abc.fingerprint());
    CHECK(combined({&b, &a}).fingerprint() != ab.fingerprint());
    CHECK(combined({&a}).fingerprint() == a.fingerprint() && combined({&ab}).fingerprint() == ab.fingerprint());
    CHECK(combined({&a, &bc}).genes()[2].locus_tag == "c1" && index(combined({&a, &bc}).genes()[2].replicon) == 2);
}

TEST(entries_of_a_combined_report_name_their_genome_once) {
    std::string odd = text_of("ODDS", {"o"});
    odd.erase(odd.rfind("//\n"));  // a missing end is reported
    const Genome a = genome("AAAA", {"a1"}), b = decode(odd), c = genome("CCCC", {"c1"});
    CHECK(b.report().size() == 1 && b.report()[0].code == "missing-end");
    const Genome ab = combined({&a, &b}), all = combined({&ab, &c});
    CHECK(all.report().size() == 1 && all.report()[0].code == "missing-end");
    CHECK(all.report()[0].line == b.report()[0].line);
    CHECK(all.report()[0].message == "ODDS: " + b.report()[0].message);
}

TEST(one_locus_tag_in_two_genomes_is_refused) {
    const Genome a = genome("AAAA", {"same", "a2"}), b = genome("BBBB", {"b1", "same"});
    const std::string message = refusal({&a, &b}, InputErrorKind::genome_compilation);
    for (const char* part : {"'same'", "AAAA", "BBBB", "change it in one of the files"})
        CHECK(message.find(part) != std::string::npos);
    CHECK(!refusal({&a, &a}, InputErrorKind::genome_compilation).empty());
    CHECK(!refusal({}, InputErrorKind::argument).empty());
    CHECK(!refusal({&a, nullptr}, InputErrorKind::argument).empty());
}

TEST(residents_of_a_cell_are_executed_together) {
    const Genome host = small_genome(), guest = genome("PLAS", {"x", "y"});
    const auto program = compile(combined({&host, &guest}), supplied());
    CHECK(program->units().size() == 5 && index(program->units()[4].replicon) == 1);
    CellularContext cell{program, 2};
    cell.advance(60.0);
    const auto proteins = cell.proteins();
    for (const std::int64_t n : proteins) CHECK(n > 0);
    CHECK(cell.audit().ok());
    CellularContext restored = CellularContext::restore(cell.snapshot(), program);
    restored.advance(70.0);
    cell.advance(70.0);
    CHECK(restored.trajectory_hash() == cell.trajectory_hash());
    CHECK_THROWS(CellularContext::restore(cell.snapshot(), compile(host, supplied())), InputError);
}

RUN_TESTS()
