#pragma once

#include "genome/arena.hpp"
#include "genome/report.hpp"
#include "genome/sequence.hpp"
#include "genome/string_map.hpp"

#include <bioxen/genome.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bioxen::decoder {

/// What an input may cost us; larger ones are refused before memory is taken.
struct Limits {
    std::int64_t bytes = std::int64_t{8} << 30;
    std::int64_t features = 5'000'000;
    std::int64_t location_parts = 100'000;
    std::int64_t nesting = 32;
};

/// Keeps one copy of each text: feature kinds and qualifier keys are few, so that equal ones share their address.
class Interner {
public:
    [[nodiscard]] std::string_view intern(std::string_view text, Arena& arena) {
        std::uint32_t& id = ids_.at(text, unknown);
        if (id == unknown) {
            // The slot's key still points into the caller's text: equal now, but not for long.
            names_.push_back(arena.copy(text));
            id = static_cast<std::uint32_t>(names_.size() - 1);
            ids_.rekey(names_.back());
        }
        return names_[id];
    }

private:
    static constexpr std::uint32_t unknown = 0xffffffffU;
    StringMap ids_;
    std::vector<std::string_view> names_;
};

/// The genome while it is being read. Readers fill records, features and sequences; `decode_genes` adds the genes.
struct Draft {
    explicit Draft(const Limits& with = {}) : limits(with) {}

    Limits limits;
    GenomeFormat format = GenomeFormat::genbank;
    Arena arena;
    Interner words;
    std::vector<Record> records;
    std::vector<SequenceBuffer> sequences;  ///< one for each record
    std::vector<Gene> genes;
    Report report;
    std::int64_t feature_count = 0;

    /// Starts a new record; the returned index is also that of its sequence.
    std::size_t add_record();
    /// Counts a feature against the limit. @throws InputError
    void count_feature(Place place);
    /// Sets sequence, length and topology-independent facts of the record once its bases have been read.
    void close_sequence(std::size_t record, std::int64_t line);
    [[nodiscard]] std::string_view word(std::string_view text) { return words.intern(text, arena); }
};

}  // namespace bioxen::decoder
