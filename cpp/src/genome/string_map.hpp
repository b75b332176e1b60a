#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace bioxen::decoder {

/// Hash of a short text, eight bytes at a time; used in memory only, never written anywhere.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) noexcept {
    constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15ULL;
    std::uint64_t h = (seed ^ text.size()) * multiplier + 0x632be59bd9b4e019ULL;
    const char* p = text.data();
    std::size_t n = text.size();
    while (n >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, p, 8);
        h = std::rotl((h ^ word) * multiplier, 29);
        p += 8;
        n -= 8;
    }
    // The rest by loads of fixed size, which need no call: they may overlap what has been read.
    std::uint64_t tail = 0;
    if (n >= 4) {
        std::uint32_t low = 0, high = 0;
        std::memcpy(&low, p, 4);
        std::memcpy(&high, p + n - 4, 4);
        tail = low | std::uint64_t{high} << 32;
    } else if (n > 0) {
        const auto byte = [p](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])); };
        tail = byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16;
    }
    h = (h ^ tail) * multiplier;
    return h ^ (h >> 32);
}

/// Map from text to a small number by open addressing. Keys are views and must outlive the map.
/// A second number `salt` may be part of the key, which saves building compound strings.
class StringMap {
public:
    /// The value of the key, made with `fresh` if it is new. The reference is valid until the next call.
    std::uint32_t& at(std::string_view key, std::uint32_t fresh, std::uint64_t salt = 0) {
        if ((used_ + 1) * 2 > slots_.size()) resize(slots_.empty() ? 64 : slots_.size() * 2);
        const std::uint64_t hash = hash_text(key, salt);
        Slot& slot = find_slot(key, salt, hash);
        if (slot.mark == 0) {
            slot = {key, salt, fresh, mark_of(hash)};
            ++used_;
        }
        return slot.value;
    }
    [[nodiscard]] const std::uint32_t* find(std::string_view key, std::uint64_t salt = 0) {
        if (slots_.empty()) return nullptr;
        const Slot& slot = find_slot(key, salt, hash_text(key, salt));
        return slot.mark != 0 ? &slot.value : nullptr;
    }
    /// Lets the map keep `equal`, a longer-lived copy of a key that it holds.
    void rekey(std::string_view equal, std::uint64_t salt = 0) { find_slot(equal, salt, hash_text(equal, salt)).key = equal; }
    void reserve(std::size_t count) {
        const std::size_t wanted = std::bit_ceil(count * 2 + 2);
        if (wanted > slots_.size()) resize(wanted);
    }

private:
    struct Slot {
        std::string_view key;
        std::uint64_t salt = 0;
        std::uint32_t value = 0;
        std::uint32_t mark = 0;  ///< 0: free; else the low bits of the hash, so that most strangers are not compared
    };

    [[nodiscard]] static std::uint32_t mark_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash) | 1U; }
    [[nodiscard]] Slot& find_slot(std::string_view key, std::uint64_t salt, std::uint64_t hash) noexcept {
        const std::size_t mask = slots_.size() - 1;
        const std::uint32_t mark = mark_of(hash);
        std::size_t i = static_cast<std::size_t>(hash >> 16) & mask;
        while (slots_[i].mark != 0 && (slots_[i].mark != mark || slots_[i].salt != salt || slots_[i].key != key)) {
            i = (i + 1) & mask;
        }
        return slots_[i];
    }
    void resize(std::size_t size) {
        std::vector<Slot> old(size);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.mark != 0) find_slot(slot.key, slot.salt, hash_text(slot.key, slot.salt)) = slot;
        }
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace bioxen::decoder
