#pragma once

#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/// The smallest test harness that reports where a law failed: `TEST(name) { CHECK(a == b); }`, `RUN_TESTS()`.
namespace check {

struct Case {
    const char* name;
    void (*body)();
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}
inline int& failures() {
    static int count = 0;
    return count;
}
struct Register {
    Register(const char* name, void (*body)()) { cases().push_back({name, body}); }
};
inline void fail(const char* file, int line, const char* what) {
    std::printf("  %s:%d: %s\n", file, line, what);
    ++failures();
}
inline int run_all() {
    int failed = 0;
    for (const Case& c : cases()) {
        const int before = failures();
        try {
            c.body();
        } catch (const std::exception& e) {
            fail(c.name, 0, e.what());
        }
        const bool ok = failures() == before;
        failed += ok ? 0 : 1;
        std::printf("%s %s\n", ok ? "ok    " : "FAILED", c.name);
    }
    std::printf("%d passed, %d failed\n", static_cast<int>(cases().size()) - failed, failed);
    return failed;
}

}  // namespace check

#define TEST(name)                                             \
    static void name();                                        \
    static const check::Register register_##name{#name, name}; \
    static void name()
#define CHECK(condition) \
    do {                 \
        if (!(condition)) check::fail(__FILE__, __LINE__, #condition); \
    } while (false)
#define CHECK_THROWS(expression, type)                                          \
    do {                                                                        \
        bool thrown = false;                                                    \
        try {                                                                   \
            (void)(expression);                                                 \
        } catch (const type&) {                                                 \
            thrown = true;                                                      \
        }                                                                       \
        if (!thrown) check::fail(__FILE__, __LINE__, #expression " must throw " #type); \
    } while (false)
#define RUN_TESTS() \
    int main() { return check::run_all(); }
