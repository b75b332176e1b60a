#pragma once

#include "support/bytes.hpp"

#include <bioxen/organism.hpp>

#include <string_view>

namespace bioxen {

/// Every field of an organism in a fixed order: what a program's fingerprint digests and a snapshot carries.
void write_organism(ByteWriter& out, const Organism& organism);
/// @throws InputError (snapshot) if the bytes are none. Values are checked by `make_kinetics`, not here.
[[nodiscard]] Organism read_organism(ByteReader& in);
/// The first field in which two organisms differ; empty if they are equal to the last bit.
[[nodiscard]] std::string_view differing_field(const Organism& one, const Organism& other);

}  // namespace bioxen
