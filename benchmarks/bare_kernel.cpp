// What the inner loop of the engine costs with everything around it taken away: random words in bulk, a waiting time,
// one walker picked and held against its neighbour's footprint, its codon's tRNA drawn by thinning. One class, one
// ring of walkers, no ledger, no pools that change, no rare events. Prints accepted steps per second.
#include "support/random.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct Particle {
    std::int64_t position;
    std::uint32_t ahead;
    std::uint8_t codon;
};

}  // namespace

int main(int argc, char** argv) {
    using namespace bioxen;
    const std::int64_t candidates = argc > 1 ? std::atoll(argv[1]) : 50'000'000;
    constexpr std::uint32_t particles = 512;
    constexpr std::int64_t footprint = 10, spacing = 40, length = particles * spacing;
    constexpr double half_saturation = 20.18, kcat_per_s = 12.0;
    std::vector<std::uint8_t> codons(4096);
    std::vector<double> charged(20, 200.0);
    RandomStream random{1, 0};
    for (auto& codon : codons) codon = static_cast<std::uint8_t>(random.next().first % 20);
    std::vector<Particle> ring(particles);
    for (std::uint32_t i = 0; i < particles; ++i) ring[i] = {i * spacing, (i + 1) % particles, codons[i]};

    const double inverse_total = 1.0 / (kcat_per_s * particles);
    double time_s = 0.0;
    std::int64_t steps = 0;
    const auto started = std::chrono::steady_clock::now();
    for (std::int64_t n = 0; n < candidates; ++n) {
        const RandomBlock block = random.next();
        const double along = unit_interval(block.first) * particles;
        const auto i = static_cast<std::size_t>(along);
        const double fraction = along - static_cast<double>(i);
        Particle& particle = ring[i];
        std::int64_t gap = ring[particle.ahead].position - particle.position;
        gap += gap <= 0 ? length : 0;
        const double present = charged[particle.codon];
        if (gap > footprint && fraction * (half_saturation + present) < present) {
            particle.position += 1;
            particle.position -= particle.position >= length ? length : 0;
            particle.codon = codons[static_cast<std::size_t>(particle.position) & 4095];
            ++steps;
        }
        time_s += random.exponential_from(block.second) * inverse_total;
    }
    const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    std::printf("%.3f million steps/s, %.4f accepted, %.1f simulated s\n", static_cast<double>(steps) / wall_s / 1e6,
                static_cast<double>(steps) / static_cast<double>(candidates), time_s);
    return steps > 0 && time_s > 0.0 ? 0 : 1;
}
