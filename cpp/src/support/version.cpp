#include <bioxen/version.hpp>

namespace bioxen {

template <int major, int minor, int patch>
void library_has_version() noexcept {}

template void library_has_version<BIOXEN_VERSION_MAJOR, BIOXEN_VERSION_MINOR, BIOXEN_VERSION_PATCH>() noexcept;

}  // namespace bioxen
