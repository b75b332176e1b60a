#pragma once

#define BIOXEN_VERSION_MAJOR 0
#define BIOXEN_VERSION_MINOR 1
#define BIOXEN_VERSION_PATCH 0

namespace bioxen {

inline constexpr const char* version = "0.1.0";

}  // namespace bioxen
