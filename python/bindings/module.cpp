#include "bindings.hpp"

#include <bioxen/version.hpp>

PYBIND11_MODULE(_core, m) {
    m.doc() = "The engine in C++: decode, compile, execute. Users hold the classes of the package above it.";
    m.attr("__version__") = bioxen::version;
    bind_errors(m);
    bind_genome(m);
    bind_program(m);
    bind_context(m);
    bind_hypervisor(m);
}
