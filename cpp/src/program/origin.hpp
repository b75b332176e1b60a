#pragma once

#include <bioxen/genome.hpp>
#include <bioxen/program.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace bioxen {

struct FoundOrigin {
    std::int64_t at = -1;
    const char* by = "";        ///< what says so
};

/// Where replication begins on each replicon (0-based, forward strand), -1 where nothing says: an annotated origin, else
/// the start of dnaA, else, on a circular replicon of at least 100 kb, the minimum of the cumulative GC skew
/// (Grigoriev, Nucleic Acids Res. 26:2286, 1998). What was guessed is reported.
[[nodiscard]] std::vector<FoundOrigin> find_origins(const Genome& genome, std::vector<ReportEntry>& report);

}  // namespace bioxen
