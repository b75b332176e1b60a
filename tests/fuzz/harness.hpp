#pragma once

#include "designs.hpp"

#include <bioxen/bioxen.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

/// What every decoded genome must hold, whatever file it came from; a harness decodes and then calls `live_through`.
namespace fuzz {

/// Stops the process, which libFuzzer and ctest notice.
inline void require(bool law, const char* what) {
    if (law) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// Reads the bytes, so that the address sanitizer sees a view that outlived its owner.
inline void touch(std::string_view text) {
    for (const char& c : text) (void)*static_cast<const volatile char*>(&c);
}

inline void check_feature(const bioxen::Feature& feature, const bioxen::Record& record) {
    touch(feature.kind);
    touch(feature.location.text);
    require(feature.line > 0, "a feature has a line");
    require(!feature.location.parts.empty(), "a location has parts");
    for (const bioxen::Interval& part : feature.location.parts) {
        touch(part.accession);
        if (!part.accession.empty()) continue;  // of another record's length and topology nothing is known
        require(part.start >= 0 && part.start <= part.end, "a part does not end before it starts");
        require(record.length_nt == 0 || part.end <= record.length_nt, "a part is on its record");
    }
    for (const bioxen::Qualifier& qualifier : feature.qualifiers) {
        touch(qualifier.key);
        touch(qualifier.value);
    }
}

inline void check_gene(const bioxen::Genome& genome, const bioxen::Gene& gene) {
    const bioxen::Record& record = genome.records()[index(gene.replicon)];
    require(!gene.locus_tag.empty(), "a gene has a locus tag");
    require(gene.feature < std::ssize(record.features) && gene.gene_feature < std::ssize(record.features),
            "a gene knows its features");
    require(gene.protein.empty() || gene.kind == bioxen::GeneKind::protein, "only proteins have residues");
    require(gene.codon_start >= 1 && gene.codon_start <= 3, "codon_start is 1, 2 or 3");
    const std::string bases = genome.coding_sequence(gene);
    require(record.sequence.empty() || std::ssize(bases) == gene.length_nt, "parts add up to the coding sequence");
    touch(bases);
}

inline void check_genome(const bioxen::Genome& genome) {
    require(genome.fingerprint().size() == 16 && genome.memory_bytes() > 0, "a genome has a fingerprint");
    for (const bioxen::Record& record : genome.records()) {
        for (const std::string_view text : {record.name, record.accession, record.definition, record.organism,
                                            record.molecule_type, record.division, record.date, record.sequence}) {
            touch(text);
        }
        const bool whole = record.sequence.empty() || std::ssize(record.sequence) == record.length_nt;
        require(whole, "a sequence has its length");
        for (const bioxen::Feature& feature : record.features) check_feature(feature, record);
    }
    for (const bioxen::Gene& gene : genome.genes()) check_gene(genome, gene);
    for (const bioxen::ReportEntry& entry : genome.report()) require(!entry.code.empty(), "a report entry has a code");
}

/// A cell of the genome takes its first steps and its books agree.
inline void run(const bioxen::Genome& genome) {
    constexpr std::uint64_t fuel = 3000;
    const auto program = bioxen::compile(genome, designs::organism());
    if (program->units().empty()) return;
    bioxen::CellularContext cell(program, 7);
    (void)cell.advance(60.0, fuel);
    require(cell.audit().ok(), "the audit is zero");
    (void)cell.polymerases();
}

/// Decodes and runs what is accepted; the only other way out is an error in the user's words.
inline void live_through(std::string_view file, std::string_view sequence = {}) {
    const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); };
    try {
        const bioxen::Genome genome = bioxen::Genome::decode(bytes(file), bytes(sequence));
        check_genome(genome);
        run(genome);
    } catch (const bioxen::InputError& error) {
        using enum bioxen::InputErrorKind;
        require(error.kind() == genome_format || error.kind() == genome_compilation, error.what());
        const bool placed = error.line() >= 1 && error.offset() >= 0;
        require(error.kind() != genome_format || placed, "a format error has a place");
    }
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace fuzz
