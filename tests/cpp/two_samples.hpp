#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

/// Do two samples of a random number come from one law? Every answer is an upper bound of a false alarm's probability
/// that holds for any law and any sample size: given the two samples together, the first is drawn from all of them
/// without replacement if the laws are the same, and the exponential inequalities for sums hold for such draws too
/// (Hoeffding, J. Am. Stat. Assoc. 58, 1963, section 6). The answers are given as evidence, -ln of the bound on one
/// side; for a normal mean evidence is about z^2/2.
namespace two_samples {

using Draws = std::vector<double>;

inline double mean(const Draws& x) {
    double sum = 0.0;
    for (const double value : x) sum += value;
    return sum / static_cast<double>(x.size());
}

/// The mean of the first sample against that of both, by Bennett's inequality (J. Am. Stat. Assoc. 57, 1962). It is
/// sharpest if the first sample is the smaller one.
inline double evidence_of_means(const Draws& first, const Draws& second) {
    const auto n = static_cast<double>(first.size()), all = n + static_cast<double>(second.size());
    const double mu = (mean(first) * n + mean(second) * (all - n)) / all;
    double square = 0.0, low = 0.0, high = 0.0;
    for (const Draws* sample : {&first, &second}) {
        for (const double value : *sample) {
            square += (value - mu) * (value - mu);
            low = std::min(low, value - mu);
            high = std::max(high, value - mu);
        }
    }
    const double variance = square / all, shift = mean(first) - mu;
    const double reach = shift > 0.0 ? high : -low, u = std::abs(shift) * reach;
    if (!(variance > 0.0 && u > 1e-12 * variance)) return 0.0;
    const double ratio = u / variance;
    return n * variance / (reach * reach) * ((1.0 + ratio) * std::log1p(ratio) - ratio);
}

/// Products of deviations from the common means: compares variances (of one number with itself) and covariances.
inline double evidence_of_covariances(const Draws& first_x, const Draws& second_x, const Draws& first_y,
                                      const Draws& second_y) {
    const auto n = static_cast<double>(first_x.size()), m = static_cast<double>(second_x.size());
    const double mu_x = (mean(first_x) * n + mean(second_x) * m) / (n + m);
    const double mu_y = (mean(first_y) * n + mean(second_y) * m) / (n + m);
    Draws first(first_x.size()), second(second_x.size());
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = (first_x[i] - mu_x) * (first_y[i] - mu_y);
    for (std::size_t i = 0; i < second.size(); ++i) second[i] = (second_x[i] - mu_x) * (second_y[i] - mu_y);
    return evidence_of_means(first, second);
}

/// Where the distribution functions are compared: eight places that divide the common one about evenly. With a bound on
/// each this is a Kolmogorov-Smirnov test on a grid, weighted so that its tails are as sharp as its middle.
inline constexpr std::size_t cuts = 8;

/// The share of the first sample at or below each place, by the relative entropy of two coins (Chernoff, 1952).
inline double evidence_of_distributions(const Draws& first, const Draws& second) {
    Draws together = first;
    together.insert(together.end(), second.begin(), second.end());
    const auto n = static_cast<double>(first.size()), all = static_cast<double>(together.size());
    const auto share = [](const Draws& x, double at) {
        return static_cast<double>(std::count_if(x.begin(), x.end(), [&](double value) { return value <= at; }));
    };
    const auto term = [](double p, double q) { return p > 0.0 ? p * std::log(p / q) : 0.0; };
    double most = 0.0;
    for (std::size_t k = 0; k < cuts; ++k) {
        const auto at = together.begin() + static_cast<std::ptrdiff_t>(together.size() * (2 * k + 1) / (2 * cuts));
        std::nth_element(together.begin(), at, together.end());
        const double p = share(first, *at) / n, q = (share(first, *at) + share(second, *at)) / all;
        if (q < 1.0) most = std::max(most, n * (term(p, q) + term(1.0 - p, 1.0 - q)));
    }
    return most;
}

}  // namespace two_samples
