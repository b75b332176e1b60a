#include "program/membrane.hpp"

#include <array>
#include <cstddef>

namespace bioxen {

namespace {

/// Hydropathy in tenths, by letter (Kyte and Doolittle 1982); letters that stand for no residue of their scale are 0.
constexpr std::array<int, 26> hydropathy_tenths = [] {
    std::array<int, 26> h{};
    constexpr std::string_view letters = "ARNDCQEGHILKMFPSTWYV";
    constexpr std::array<int, 20> values{18, -45, -35, -35, 25,  -35, -35, -4, -32, 45,
                                         38, -39, 19,  28,  -16, -8,  -7,  -9, -13, 42};
    for (std::size_t i = 0; i < letters.size(); ++i) h[static_cast<std::size_t>(letters[i] - 'A')] = values[i];
    return h;
}();

int hydropathy(char residue) noexcept {
    return residue >= 'A' && residue <= 'Z' ? hydropathy_tenths[static_cast<std::size_t>(residue - 'A')] : 0;
}

}  // namespace

bool spans_membrane(std::string_view protein) noexcept {
    constexpr std::size_t window = 19;
    constexpr int threshold = 16 * static_cast<int>(window);
    int sum = 0;
    for (std::size_t i = 0; i < protein.size(); ++i) {
        sum += hydropathy(protein[i]);
        if (i >= window) sum -= hydropathy(protein[i - window]);
        if (i + 1 >= window && sum > threshold) return true;
    }
    return false;
}

std::vector<std::uint8_t> find_membrane_proteins(std::span<const Gene> genes) {
    std::vector<std::uint8_t> membrane;
    for (const Gene& gene : genes) membrane.push_back(spans_membrane(gene.protein) ? 1 : 0);
    return membrane;
}

}  // namespace bioxen
