#pragma once

#include <pybind11/pybind11.h>

#include <cxxabi.h>
#include <unistd.h>

/// Calls what may take the GIL. While Python comes to its end it ends a thread that asks for the GIL (`pthread_exit`, which
/// GNU's library carries out as an exception through every frame, and which aborts at the first one that lets none out).
/// Here the thread waits for the end of the process instead, with everything that it holds, as from Python 3.14 on.
/// (There is no object behind that exception, to which the reference is bound: a sanitizer must not ask for one.)
template <typename Call>
[[gnu::no_sanitize("null")]] auto or_never(Call&& call) -> decltype(call()) {
#ifdef __GLIBCXX__
    try {
        return call();
    } catch (const abi::__forced_unwind&) {
        for (;;) pause();
    }
#else
    return call();
#endif
}

/// Without the GIL until its end.
class GilReleased {
public:
    GilReleased() : thread_(PyEval_SaveThread()) { here_ = true; }
    ~GilReleased() { take(); }
    GilReleased(const GilReleased&) = delete;
    GilReleased& operator=(const GilReleased&) = delete;

    /// Whether this thread is without it, by one of these. (`PyGILState_Check` says nothing once there was a sub-interpreter.)
    [[nodiscard]] static bool is_here() noexcept { return here_; }

private:
    friend class GilTaken;
    void take() noexcept {
        or_never([this] { PyEval_RestoreThread(thread_); });
        here_ = false;
    }
    void give() noexcept {
        here_ = true;
        thread_ = PyEval_SaveThread();
    }
    PyThreadState* thread_;
    static inline thread_local bool here_ = false;
};

/// With the GIL again until its end.
class GilTaken {
public:
    explicit GilTaken(GilReleased& released) : released_(released) { released_.take(); }
    ~GilTaken() { released_.give(); }
    GilTaken(const GilTaken&) = delete;
    GilTaken& operator=(const GilTaken&) = delete;

private:
    GilReleased& released_;
};

/// Calls a function of Python, which lets others have the GIL on the way.
inline pybind11::object call_python(const pybind11::object& function, const pybind11::tuple& arguments,
                                    const pybind11::dict& named = pybind11::dict()) {
    PyObject* const result =
        or_never([&] { return PyObject_Call(function.ptr(), arguments.ptr(), named.ptr()); });
    if (result == nullptr) throw pybind11::error_already_set();
    return pybind11::reinterpret_steal<pybind11::object>(result);
}
