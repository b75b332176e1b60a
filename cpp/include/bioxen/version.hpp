#pragma once

#define BIOXEN_VERSION_MAJOR 0
#define BIOXEN_VERSION_MINOR 1
#define BIOXEN_VERSION_PATCH 0

namespace bioxen {

inline constexpr const char* version = "0.1.0";

/// Exists in the library for its own version only.
template <int major, int minor, int patch>
void library_has_version() noexcept;

/// Headers and library are one: with those of another version a program does not link, and the linker names the version
/// that these headers want: undefined reference to `bioxen::library_has_version<0, 1, 0>()`.
[[gnu::used, gnu::retain]] inline constexpr auto headers_want_version =
    &library_has_version<BIOXEN_VERSION_MAJOR, BIOXEN_VERSION_MINOR, BIOXEN_VERSION_PATCH>;

}  // namespace bioxen
