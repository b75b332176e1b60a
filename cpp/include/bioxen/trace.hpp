#pragma once

#include <bioxen/species.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace bioxen {

/// Free and active machines of one kind; total is their sum.
struct MachineCount {
    std::int64_t total = 0, free = 0, active = 0;
};
inline constexpr std::array<const char*, 3> machine_names{"rna_polymerase", "ribosome", "degradosome"};

/// Samples of a run as columns, in time order.
struct Trace {
    std::size_t gene_count = 0;
    std::vector<double> time_s;                              ///< (n)
    std::vector<std::int64_t> proteins;                      ///< (n, gene_count), row-major
    std::vector<std::int64_t> mrnas;                         ///< (n, gene_count), row-major
    std::vector<std::int64_t> resources;                     ///< (n, species::resource_count), row-major
    std::array<std::vector<MachineCount>, 3> machines;       ///< (n) each, in the order of `machine_names`
};

}  // namespace bioxen
