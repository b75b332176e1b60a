#pragma once

#include "support/bytes.hpp"

#include <bioxen/organism.hpp>

namespace bioxen {

/// Every field of an organism in a fixed order: what a program's fingerprint digests and a snapshot carries.
void write_organism(ByteWriter& out, const Organism& organism);
/// @throws InputError (snapshot) if the bytes are none. Values are checked by `make_kinetics`, not here.
[[nodiscard]] Organism read_organism(ByteReader& in);

}  // namespace bioxen
