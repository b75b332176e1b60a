// Runs a genome in C++ as a Python test does, and prints every number that an observer sees.

#include "ecoli.hpp"
#include "minimal_cell.hpp"
#include "syn3a.hpp"

#include <bioxen/bioxen.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

namespace {

void print(const char* what, const auto& counts) {
    std::printf("%s", what);
    for (const std::int64_t count : counts) std::printf(" %lld", static_cast<long long>(count));
    std::printf("\n");
}

void run(const bioxen::Genome& genome, const bioxen::Organism& organism) {
    using namespace bioxen;
    const auto program = compile(genome, organism);
    std::printf("program %s\n", program->fingerprint().c_str());
    Recorder recorder{0.0, 8.0, 0.3, [](const Sample& now) {
                          std::printf("time_s %a\n", now.time_s);
                          print("proteins", now.proteins);
                          print("mrnas", now.mrnas);
                          print("resources", now.resources);
                          for (const MachineCount& m : now.machines)
                              print("machine", std::array{m.total, m.free, m.active});
                      }, Keep::last};
    CellularContext cell{program, 7};
    for (int step = 1; step <= 80; ++step) cell.advance(step * 0.1, recorder);
    std::printf("audit %d\n", cell.audit().ok() ? 1 : 0);
}

}  // namespace

int main(int, char** arguments) {
    std::ifstream file{arguments[1], std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const bioxen::Genome genome = bioxen::Genome::decode(std::as_bytes(std::span{text}));
    for (const bioxen::Organism& organism : {minimal_cell(), syn3a(), ecoli()}) run(genome, organism);
}
