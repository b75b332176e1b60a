#pragma once

#include <bioxen/error.hpp>
#include <bioxen/genome.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Small genome files for the decoder's tests, and questions to ask of what comes out.
namespace files {

inline std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

inline bioxen::Genome decode(std::string_view text, std::string_view sequence = {}) {
    return bioxen::Genome::decode(bytes(text), bytes(sequence));
}

/// The error that decoding raises, if any.
inline std::optional<bioxen::InputError> error_of(std::string_view text, std::string_view sequence = {}) {
    try {
        (void)decode(text, sequence);
    } catch (const bioxen::InputError& error) {
        return error;
    }
    return std::nullopt;
}

inline bool reports(const bioxen::Genome& genome, std::string_view code) {
    return std::any_of(genome.report().begin(), genome.report().end(), [&](const auto& entry) { return entry.code == code; });
}

/// A feature at a location with one qualifier per line.
inline std::string feature(std::string key, const std::string& location, const std::vector<std::string>& qualifiers = {}) {
    key.resize(std::max<std::size_t>(key.size() + 1, 16), ' ');
    std::string out = "     " + key + location + "\n";
    for (const std::string& qualifier : qualifiers) out += std::string(21, ' ') + qualifier + "\n";
    return out;
}

inline std::string origin(const std::string& bases) {
    std::string out = "ORIGIN      \n";
    for (std::size_t at = 0; at < bases.size(); at += 60) {
        std::string number = std::to_string(at + 1);
        out += std::string(9 - number.size(), ' ') + number;
        for (std::size_t group = at; group < std::min(at + 60, bases.size()); group += 10) out += " " + bases.substr(group, 10);
        out += "\n";
    }
    return out;
}

inline std::string repeat(const std::string& text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

/// A whole GenBank record.
inline std::string genbank(const std::string& bases, const std::string& features, const std::string& topology = "circular") {
    return "LOCUS       TEST" + std::string(21 - std::to_string(bases.size()).size(), ' ') + std::to_string(bases.size()) +
           " bp    DNA     " + topology + " SYN 12-APR-2018\nDEFINITION  A test.\nACCESSION   TEST\nVERSION     TEST.1\n" +
           "FEATURES             Location/Qualifiers\n" + features + origin(bases) + "//\n";
}

}  // namespace files
