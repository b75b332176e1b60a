#include "bindings.hpp"
#include "gil.hpp"

#include <bioxen/chassis.hpp>
#include <bioxen/error.hpp>

#include <cstring>
#include <exception>

namespace py = pybind11;
using bioxen::AllocationError;
using bioxen::BugError;
using bioxen::InputError;
using bioxen::InputErrorKind;

namespace {

/// The one table from the core's kinds of failure to the classes of the package.
const char* class_name(InputErrorKind kind) noexcept {
    switch (kind) {
        case InputErrorKind::genome_format: return "GenomeFormatError";
        case InputErrorKind::genome_compilation: return "GenomeCompilationError";
        case InputErrorKind::configuration: return "InvalidConfigurationError";
        case InputErrorKind::argument: return "APIValidationError";
        case InputErrorKind::runtime: return "GenomicRuntimeError";
        case InputErrorKind::snapshot: return "SnapshotError";
        case InputErrorKind::creation: return "VMCreationError";
        case InputErrorKind::allocation: return "ResourceAllocationError";
        case InputErrorKind::chassis: return "ChassisInitializationError";
        case InputErrorKind::overload: return "HypervisorOverloadError";
        case InputErrorKind::state: return "VMStateError";
        case InputErrorKind::not_found: return "VMNotFoundError";
        case InputErrorKind::isolation: return "IsolationBreachError";
    }
    return "GenomicRuntimeError";
}

void raise(const char* name, const char* message, const py::dict& details) {
    const py::object type = py::module_::import("bioxen_jcvi_vm_lib._errors").attr(name);
    // whatever bytes an input put into the message
    const auto text = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(message, static_cast<Py_ssize_t>(std::strlen(message)), "replace"));
    py::dict named;
    named["details"] = details;
    const py::object error = call_python(type, py::make_tuple(text), named);
    PyErr_SetObject(type.ptr(), error.ptr());
}

py::object known(std::int64_t place) {
    return place == InputError::nowhere ? py::object(py::none()) : py::object(py::int_(place));
}

}  // namespace

void bind_errors(py::module_& /*m*/) {
    py::register_local_exception_translator([](std::exception_ptr failure) {
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const AllocationError& e) {
            py::dict details;
            details["resource"] = bioxen::capacity_names.at(e.resource());
            details["at_s"] = e.at_s();
            details["asked"] = e.asked();
            details["free"] = e.free();
            details["held"] = e.held();
            raise(class_name(e.kind()), e.what(), details);
        } catch (const InputError& e) {
            py::dict details;
            if (e.kind() == InputErrorKind::genome_format) {
                details["line"] = known(e.line());
                details["offset"] = known(e.offset());
            }
            raise(class_name(e.kind()), e.what(), details);
        } catch (const BugError& e) {
            raise("ConservationError", e.what(), py::dict());
        }
    });
}
