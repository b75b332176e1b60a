#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bioxen::decoder {

/// Bump allocator whose blocks never move, so that views into it last as long as it does.
/// Feature tables are made of tens of thousands of small values; one allocation for each would cost more than
/// reading them.
class Arena {
public:
    Arena() = default;
    Arena(Arena&&) noexcept = default;
    Arena& operator=(Arena&&) noexcept = default;

    /// Room for `count` objects of `T`, uninitialised.
    template <class T>
    [[nodiscard]] T* allocate(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T>);
        const std::size_t misfit = reinterpret_cast<std::uintptr_t>(next_) % alignof(T);
        const std::size_t padding = misfit == 0 ? 0 : alignof(T) - misfit;
        if (padding + count * sizeof(T) > room()) {
            grow(count * sizeof(T));  // operator new aligns for every T that is stored here
            return take<T>(count);
        }
        next_ += padding;
        return take<T>(count);
    }

    template <class T>
    [[nodiscard]] std::span<const T> copy(std::span<const T> values) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (values.empty()) return {};
        T* const to = allocate<T>(values.size());
        std::memcpy(static_cast<void*>(to), values.data(), values.size_bytes());
        return {to, values.size()};
    }

    /// A copy of `text`; its data() is never null.
    [[nodiscard]] std::string_view copy(std::string_view text) {
        if (text.size() > room()) grow(text.size());
        char* const to = next_;
        if (to == nullptr) return std::string_view{""};
        if (!text.empty()) std::memcpy(to, text.data(), text.size());
        next_ += text.size();
        return {to, text.size()};
    }

    [[nodiscard]] std::size_t memory_bytes() const noexcept { return total_; }

private:
    static constexpr std::size_t smallest_block = std::size_t{1} << 13;
    static constexpr std::size_t largest_block = std::size_t{1} << 19;

    [[nodiscard]] std::size_t room() const noexcept { return static_cast<std::size_t>(end_ - next_); }

    template <class T>
    T* take(std::size_t count) noexcept {
        T* const to = reinterpret_cast<T*>(next_);
        next_ += count * sizeof(T);
        return to;
    }

    void grow(std::size_t wanted) {
        std::size_t size = total_ < smallest_block ? smallest_block : total_ / 2;
        if (size > largest_block) size = largest_block;
        if (size < wanted) size = wanted;
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
        next_ = blocks_.back().get();
        end_ = next_ + size;
        total_ += size;
    }

    std::vector<std::unique_ptr<char[]>> blocks_;
    char* next_ = nullptr;
    char* end_ = nullptr;
    std::size_t total_ = 0;
};

}  // namespace bioxen::decoder
