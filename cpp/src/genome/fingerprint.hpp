#pragma once

#include <string>
#include <string_view>

namespace bioxen::decoder {

/// Digest of the two inputs as 16 hex digits: the same on every machine, and different for any two inputs that
/// differ within a single 8-byte word (each step is a bijection of the word).
[[nodiscard]] std::string fingerprint(std::string_view data, std::string_view sequence);

}  // namespace bioxen::decoder
