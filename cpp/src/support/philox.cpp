#include "support/philox.hpp"

#include "support/compiler.hpp"

#ifdef BIOXEN_WIDE
#include <immintrin.h>
#endif

namespace bioxen {

namespace {

void fill_plainly(std::uint64_t seed, std::uint64_t stream, std::uint64_t first_block,
                  std::span<RandomBlock> out) noexcept {
    const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t block = first_block + i;
        const auto words = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                       static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                                      key);
        out[i] = {words[0] | (std::uint64_t{words[1]} << 32), words[2] | (std::uint64_t{words[3]} << 32)};
    }
}

#ifdef BIOXEN_WIDE
constexpr std::size_t vectors = 2, lanes = 4 * vectors;

__attribute__((target("avx2"))) inline __m256i all(std::uint64_t word) noexcept {
    return _mm256_set1_epi64x(static_cast<long long>(word));
}

// One 64-bit lane a word, so that the 32 x 32 -> 64 bit products need no shuffles. The upper halves of the lanes hold
// leftovers that the multiplication ignores.
__attribute__((target("avx2"))) void fill_lanes(std::uint64_t seed, std::uint64_t stream, std::uint64_t first_block,
                                                RandomBlock* out) noexcept {
    __m256i c0[vectors], c1[vectors], c2[vectors], c3[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
        c0[v] = _mm256_add_epi64(all(first_block + 4 * v), _mm256_set_epi64x(3, 2, 1, 0));
        c1[v] = _mm256_srli_epi64(c0[v], 32);
        c2[v] = all(stream);
        c3[v] = all(stream >> 32);
    }
    const __m256i m0 = all(0xD2511F53u), m1 = all(0xCD9E8D57u);
    __m256i key0 = all(seed & 0xFFFFFFFFu), key1 = all(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        for (std::size_t v = 0; v < vectors; ++v) {
            const __m256i p0 = _mm256_mul_epu32(m0, c0[v]), p1 = _mm256_mul_epu32(m1, c2[v]);
            c0[v] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1[v]), key0);
            c2[v] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3[v]), key1);
            c1[v] = p1;
            c3[v] = p0;
        }
        key0 = _mm256_add_epi32(key0, all(0x9E3779B9u));
        key1 = _mm256_add_epi32(key1, all(0xBB67AE85u));
    }
    const __m256i low = all(0xFFFFFFFFu);
    for (std::size_t v = 0; v < vectors; ++v) {
        const __m256i first = _mm256_or_si256(_mm256_and_si256(c0[v], low), _mm256_slli_epi64(c1[v], 32));
        const __m256i second = _mm256_or_si256(_mm256_and_si256(c2[v], low), _mm256_slli_epi64(c3[v], 32));
        const __m256i even = _mm256_unpacklo_epi64(first, second), odd = _mm256_unpackhi_epi64(first, second);
        auto* const to = reinterpret_cast<__m256i*>(out + 4 * v);
        _mm256_storeu_si256(to, _mm256_permute2x128_si256(even, odd, 0x20));
        _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(even, odd, 0x31));
    }
}
#endif

}  // namespace

void philox_fill(std::uint64_t seed, std::uint64_t stream, std::uint64_t first_block,
                 std::span<RandomBlock> out) noexcept {
    std::size_t done = 0;
#ifdef BIOXEN_WIDE
    if (__builtin_cpu_supports("avx2")) {
        for (; done + lanes <= out.size(); done += lanes)
            fill_lanes(seed, stream, first_block + done, out.data() + done);
    }
#endif
    fill_plainly(seed, stream, first_block + done, out.subspan(done));
}

}  // namespace bioxen
