#pragma once

#include <pybind11/pybind11.h>

// One function a stage, in the order in which data flows.
void bind_errors(pybind11::module_& m);
void bind_genome(pybind11::module_& m);
void bind_program(pybind11::module_& m);
void bind_context(pybind11::module_& m);
void bind_hypervisor(pybind11::module_& m);
