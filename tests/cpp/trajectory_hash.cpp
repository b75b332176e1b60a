/// Prints the trajectory hash of a cell at a given age, once for each way of slicing the run.
///
/// trajectory_hash GENOME SNAPSHOT UNTIL_S: continues SNAPSHOT, which also brings the parameters, on GENOME.

#include "cell/snapshot.hpp"
#include "program/organism_bytes.hpp"

#include <bioxen/bioxen.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

using namespace bioxen;

namespace {

std::string file(const char* path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw std::runtime_error(std::string{"cannot read "} + path);
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 4) throw std::runtime_error("give GENOME SNAPSHOT UNTIL_S");
    const std::string genome = file(argv[1]), start = file(argv[2]);
    const double until_s = std::atof(argv[3]);
    const auto bytes = std::as_bytes(std::span{start});
    ByteReader parameters{bytes.subspan(snapshot_format::header_bytes)};
    const auto program = compile(Genome::decode(std::as_bytes(std::span{genome})), read_organism(parameters));
    for (const std::uint64_t fuel : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1000}, UINT64_MAX}) {
        CellularContext cell = CellularContext::restore(bytes, program);
        while (cell.advance(until_s, fuel) == AdvanceStatus::preempted) {
        }
        std::printf("%s\n", cell.trajectory_hash().c_str());
    }
    CellularContext cell = CellularContext::restore(bytes, program);
    const double begin_s = cell.time_s();
    for (int ms = 1; begin_s + ms * 1e-3 < until_s; ++ms) cell.advance(begin_s + ms * 1e-3);
    cell.advance(until_s);
    std::printf("%s\n", cell.trajectory_hash().c_str());
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
