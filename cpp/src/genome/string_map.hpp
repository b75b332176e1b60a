#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>
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
/// A file may be made of names that share their hash: what finds no place near its own goes to a tree, so that no file
/// costs more than the logarithm of its names for each.
class StringMap {
public:
    /// The value of the key, made with `fresh` if it is new. The reference is valid until the next call.
    std::uint32_t& at(std::string_view key, std::uint32_t fresh, std::uint64_t salt = 0) {
        if ((used_ + 1) * 2 > slots_.size()) resize(slots_.empty() ? 64 : slots_.size() * 2);
        const std::uint64_t hash = hash_text(key, salt);
        Slot* const slot = find_slot(key, salt, hash);
        if (slot == nullptr) return crowded_.try_emplace({key, salt}, fresh).first->second;
        if (slot->mark == 0) {
            *slot = {key, salt, fresh, mark_of(hash)};
            ++used_;
        }
        return slot->value;
    }
    [[nodiscard]] const std::uint32_t* find(std::string_view key, std::uint64_t salt = 0) {
        if (slots_.empty()) return nullptr;
        const Slot* const slot = find_slot(key, salt, hash_text(key, salt));
        if (slot != nullptr) return slot->mark != 0 ? &slot->value : nullptr;
        const auto crowded = crowded_.find({key, salt});
        return crowded != crowded_.end() ? &crowded->second : nullptr;
    }
    /// Lets the map keep `equal`, a longer-lived copy of a key that it holds.
    void rekey(std::string_view equal, std::uint64_t salt = 0) {
        Slot* const slot = find_slot(equal, salt, hash_text(equal, salt));
        if (slot != nullptr) {
            slot->key = equal;
            return;
        }
        auto node = crowded_.extract({equal, salt});
        node.key().first = equal;
        crowded_.insert(std::move(node));
    }
    void reserve(std::size_t count) {
        const std::size_t wanted = std::bit_ceil(count * 2 + 2);
        if (wanted > slots_.size()) resize(wanted);
    }

private:
    /// At most half of the slots are used: so long a run of used ones is no accident.
    static constexpr int longest_run = 128;

    using Key = std::pair<std::string_view, std::uint64_t>;  ///< text and salt
    struct Slot {
        std::string_view key;
        std::uint64_t salt = 0;
        std::uint32_t value = 0;
        std::uint32_t mark = 0;  ///< 0: free; else the low bits of the hash, so that most strangers are not compared
    };

    [[nodiscard]] static std::uint32_t mark_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash) | 1U; }
    /// The slot that holds the key or may take it; null if the slots that it may have are taken.
    [[nodiscard]] Slot* find_slot(std::string_view key, std::uint64_t salt, std::uint64_t hash) noexcept {
        const std::size_t mask = slots_.size() - 1;
        const std::uint32_t mark = mark_of(hash);
        std::size_t i = static_cast<std::size_t>(hash >> 16) & mask;
        for (int run = 0; run < longest_run; ++run, i = (i + 1) & mask) {
            Slot& slot = slots_[i];
            if (slot.mark == 0 || (slot.mark == mark && slot.salt == salt && slot.key == key)) return &slot;
        }
        return nullptr;
    }
    void resize(std::size_t size) {
        std::vector<Slot> old(size);
        old.swap(slots_);
        std::map<Key, std::uint32_t> crowded;
        crowded.swap(crowded_);
        used_ = 0;
        for (const Slot& slot : old) {
            if (slot.mark != 0) (void)at(slot.key, slot.value, slot.salt);
        }
        for (const auto& [key, value] : crowded) (void)at(key.first, value, key.second);
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
    std::map<Key, std::uint32_t> crowded_;
};

}  // namespace bioxen::decoder
