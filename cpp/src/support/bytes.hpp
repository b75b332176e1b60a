#pragma once

#include <bioxen/error.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bioxen {

/// Numbers that are stored as their bit pattern, least significant byte first, on every machine.
template <typename T>
concept Storable = (std::is_integral_v<T> && !std::is_same_v<T, bool>) || std::is_same_v<T, double>;

template <std::size_t size>
using WordOf = std::conditional_t<size == 8, std::uint64_t,
                                  std::conditional_t<size == 4, std::uint32_t,
                                                     std::conditional_t<size == 2, std::uint16_t, std::uint8_t>>>;

class ByteWriter {
public:
    template <Storable T>
    void add(T value) {
        auto word = std::bit_cast<WordOf<sizeof(T)>>(value);
        std::byte* const at = grow(sizeof(T));
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            at[i] = static_cast<std::byte>(word & 255);
            word = static_cast<decltype(word)>(std::uint64_t{word} >> 8);
        }
    }
    template <typename Range>
    void add_all(const Range& values) {
        using T = std::remove_cvref_t<decltype(values[0])>;
        if constexpr (std::endian::native == std::endian::little) {
            static_assert(Storable<T>);
            if (values.size() > 0) std::memcpy(grow(values.size() * sizeof(T)), values.data(), values.size() * sizeof(T));
        } else {
            for (const T value : values) add(value);
        }
    }
    /// The number of values, then the values.
    template <typename Range>
    void add_list(const Range& values) {
        add(static_cast<std::uint32_t>(values.size()));
        add_all(values);
    }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::vector<std::byte> take() noexcept { return std::move(bytes_); }
    void reserve(std::size_t bytes) { bytes_.reserve(bytes); }

private:
    std::byte* grow(std::size_t by) {
        bytes_.resize(bytes_.size() + by);
        return bytes_.data() + bytes_.size() - by;
    }
    std::vector<std::byte> bytes_;
};

/// Reads what a ByteWriter wrote; never beyond its end, and takes no memory for a list that is not there.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

    [[noreturn]] static void refuse(const std::string& what) {
        throw InputError(InputErrorKind::snapshot, "the snapshot is damaged: " + what);
    }
    [[nodiscard]] std::span<const std::byte> bytes(std::size_t count) {
        if (count > rest_.size()) refuse("it ends early");
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    template <Storable T>
    [[nodiscard]] T get() {
        using Word = WordOf<sizeof(T)>;
        const auto from = bytes(sizeof(T));
        std::uint64_t word = 0;
        for (std::size_t i = sizeof(T); i-- > 0;) word = word << 8 | std::to_integer<std::uint64_t>(from[i]);
        return std::bit_cast<T>(static_cast<Word>(word));
    }
    /// Fills a range whose length the format fixes.
    template <typename Range>
    void get_all(Range& values) {
        using T = std::remove_cvref_t<decltype(values[0])>;
        if constexpr (std::endian::native == std::endian::little) {
            static_assert(Storable<T>);
            const auto from = bytes(values.size() * sizeof(T));
            if (!from.empty()) std::memcpy(values.data(), from.data(), from.size());
        } else {
            for (T& value : values) value = get<T>();
        }
    }
    /// The length of a list whose entries take `entry_bytes`: what is left must hold it.
    [[nodiscard]] std::size_t count(std::size_t entry_bytes) {
        const std::size_t n = get<std::uint32_t>();
        if (n > rest_.size() / entry_bytes) refuse("a list is longer than the snapshot");
        return n;
    }
    template <Storable T>
    [[nodiscard]] std::vector<T> list() {
        std::vector<T> values(count(sizeof(T)));
        get_all(values);
        return values;
    }
    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

private:
    std::span<const std::byte> rest_;
};

}  // namespace bioxen
