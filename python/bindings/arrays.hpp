#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

/// Read-only view of `shape` on data that `owner` keeps alive, `strides` in elements.
template <typename T>
pybind11::array column(const T* data, std::vector<pybind11::ssize_t> shape, std::vector<pybind11::ssize_t> strides,
                       pybind11::handle owner) {
    for (auto& stride : strides) stride *= static_cast<pybind11::ssize_t>(sizeof(T));
    pybind11::array view(pybind11::dtype::of<T>(), std::move(shape), std::move(strides), data, owner);
    view.attr("setflags")(pybind11::arg("write") = false);
    return view;
}

/// An array of its own with these values.
template <typename T>
pybind11::array_t<T> array_of(const std::vector<T>& values) {
    return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(values.size()), values.data());
}
