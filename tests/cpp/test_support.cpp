#include "check.hpp"
#include "support/checksum.hpp"
#include "support/mathematics.hpp"
#include "support/philox.hpp"
#include "support/random.hpp"

#include <bioxen/species.hpp>

#include <cmath>
#include <set>
#include <span>
#include <string>
#include <vector>

using namespace bioxen;
using Words = std::array<std::uint32_t, 4>;

TEST(philox_gives_the_published_answers) {
    CHECK((philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
    const std::uint32_t ones = 0xffffffffu;
    CHECK((philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
           Words{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
    CHECK((philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}) ==
           Words{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
}

TEST(crc64_gives_the_published_answers) {
    const auto crc = [](const std::string& text) { return crc64(std::as_bytes(std::span{text})); };
    CHECK(crc("") == 0);
    CHECK(crc("123456789") == 0x995dc9bbdf1939fau);  // check value of CRC-64/XZ
    std::string text(37, 'x');
    const std::uint64_t whole = crc(text);
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
        std::string flipped = text;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        CHECK(crc(flipped) != whole);
    }
}

TEST(a_stream_goes_on_where_it_was_left) {
    RandomStream whole{3, 5};
    for (int i = 0; i < 200; ++i) (void)whole.next();
    RandomStream resumed{3, 5, whole.blocks_taken()};
    for (int i = 0; i < 300; ++i) {
        const RandomBlock a = whole.next(), b = resumed.next();
        CHECK(a.first == b.first && a.second == b.second);
        CHECK(whole.blocks_taken() == resumed.blocks_taken());
    }
}

TEST(streams_of_forks_differ_from_all_others_of_a_large_family) {
    std::set<std::uint64_t> streams{root_stream};
    std::vector<std::uint64_t> parents{root_stream};
    for (int generation = 0; generation < 3; ++generation) {
        std::vector<std::uint64_t> children;
        for (const std::uint64_t parent : parents) {
            for (std::uint64_t ordinal = 0; ordinal < 30; ++ordinal) children.push_back(fork_stream(parent, ordinal));
        }
        streams.insert(children.begin(), children.end());
        parents = children;
    }
    CHECK(streams.size() == 1 + 30 + 900 + 27'000);
}

TEST(blocks_filled_in_bulk_equal_blocks_made_one_by_one) {
    const std::uint64_t seed = 0x123456789abcdef0u, stream = 0xfedcba9876543210u, first = 0xfffffff0u;
    std::vector<RandomBlock> bulk(77);
    philox_fill(seed, stream, first, bulk);
    for (std::size_t i = 0; i < bulk.size(); ++i) {
        const std::uint64_t block = first + i;
        const Words w = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                    static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                                   {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
        CHECK(bulk[i].first == (w[0] | (std::uint64_t{w[1]} << 32)));
        CHECK(bulk[i].second == (w[2] | (std::uint64_t{w[3]} << 32)));
    }
}

TEST(exponential_and_logarithm_agree_with_the_library_to_a_few_units_in_the_last_place) {
    for (double x = -40.0; x < 40.0; x += 0.0137) {
        CHECK(std::abs(exponential(x) - std::exp(x)) <= 4e-16 * std::exp(x));
    }
    for (double x = 1e-9; x < 1e9; x *= 1.013) {
        CHECK(std::abs(natural_logarithm(x) - std::log(x)) <= 4e-16 * std::max(1.0, std::abs(std::log(x))));
    }
}

TEST(ziggurat_layers_have_equal_area) {
    const ExponentialZiggurat& z = exponential_ziggurat;
    for (std::size_t i = 1; i < 255; ++i) {
        CHECK(std::abs(z.x[i] * (z.y[i + 1] - z.y[i]) - ExponentialZiggurat::area) < 1e-15);
    }
    CHECK(std::abs(z.x[255] * (1.0 - z.y[255]) - ExponentialZiggurat::area) < 1e-10);
}

// Kolmogorov-Smirnov against 1 - exp(-x), n = 4e6: P(sqrt(n) D > 2.6) = 2 exp(-2 * 2.6^2) = 2.7e-6. A mean that is off by
// 0.5 % moves D by 0.0018, sqrt(n) D by 3.7, and fails.
TEST(exponential_draws_follow_the_exponential_law) {
    RandomStream stream{20260101u, 0u};
    const int n = 4000000, bins = 4096;
    std::vector<int> count(bins, 0);
    for (int i = 0; i < n; ++i) {
        const double p = 1.0 - std::exp(-stream.exponential());
        ++count[static_cast<std::size_t>(std::min(bins - 1, static_cast<int>(p * bins)))];
    }
    double cumulative = 0.0, d = 0.0;
    for (int b = 0; b < bins; ++b) {
        cumulative += count[static_cast<std::size_t>(b)];
        d = std::max(d, std::abs(cumulative / n - (b + 1.0) / bins));
    }
    CHECK(std::sqrt(n) * d < 2.6);
}

// Mean of 2e5 draws at mean 7.3: sd of the mean = sqrt(7.3 / 2e5) = 0.00604; 5 sd, false alarm 6e-7.
TEST(poisson_draws_have_equal_mean_and_variance) {
    RandomStream stream{7u, 1u};
    const int n = 200000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < n; ++i) {
        const auto x = static_cast<double>(stream.poisson(7.3));
        sum += x;
        squares += x * x;
    }
    const double mean = sum / n, variance = squares / n - mean * mean;
    CHECK(std::abs(mean - 7.3) < 5 * 0.00604);
    CHECK(std::abs(variance - 7.3) < 5 * std::sqrt((7.3 + 2 * 7.3 * 7.3) / n));
}

TEST(a_stream_counts_the_blocks_it_has_given) {
    RandomStream stream{1u, 2u};
    for (std::uint64_t i = 0; i < 1000; ++i) {
        CHECK(stream.blocks_taken() == i);
        (void)stream.next();
    }
}

TEST(species_names_are_unique_and_found_again) {
    std::set<std::string> names;
    for (SpeciesIndex i = 0; i < species::count; ++i) {
        names.insert(species_name(i));
        CHECK(find_species(species_name(i)) == i);
    }
    CHECK(names.size() == species::count);
    CHECK(species_name(species::charged_trna) == "Ala-tRNA");
    CHECK(!find_species("unobtainium"));
}

RUN_TESTS()
