#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

/// Replaces the global allocation functions by such that can be told to fail. Include it in one file of a program.
namespace failing_allocations {

inline std::int64_t left = -1;  ///< allocations until the one that fails; below 0: none does
inline bool failed = false;

/// From here to the end of its scope allocation number `successes` fails, and only that one.
class Armed {
public:
    explicit Armed(std::int64_t successes) noexcept {
        failed = false;
        left = successes;
    }
    ~Armed() { left = -1; }
    Armed(const Armed&) = delete;
    Armed& operator=(const Armed&) = delete;
};

/// What the test itself allocates in the meantime neither fails nor counts.
class Suspended {
public:
    Suspended() noexcept : before_(left) { left = -1; }
    ~Suspended() { left = before_; }
    Suspended(const Suspended&) = delete;
    Suspended& operator=(const Suspended&) = delete;

private:
    std::int64_t before_;
};

inline void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
    if (left >= 0 && left-- == 0) {
        failed = true;
        return nullptr;
    }
    if (bytes == 0) bytes = 1;
    if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}
inline void* allocate_or_throw(std::size_t bytes, std::size_t alignment) {
    if (void* const place = allocate(bytes, alignment)) return place;
    throw std::bad_alloc{};
}

}  // namespace failing_allocations

[[gnu::noinline]] void* operator new(std::size_t n) { return failing_allocations::allocate_or_throw(n, 1); }
[[gnu::noinline]] void* operator new[](std::size_t n) { return failing_allocations::allocate_or_throw(n, 1); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a) {
    return failing_allocations::allocate_or_throw(n, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a) {
    return failing_allocations::allocate_or_throw(n, static_cast<std::size_t>(a));
}
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
    return failing_allocations::allocate(n, 1);
}
[[gnu::noinline]] void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
    return failing_allocations::allocate(n, 1);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
