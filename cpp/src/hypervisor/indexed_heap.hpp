#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace bioxen {

/// A binary heap whose members know where they are, so that any of them can leave it: the least key is on top, and of
/// equal keys the one that came first.
/// @tparam place member of `T` that holds its place; `nowhere` outside
template <typename Key, typename T, std::size_t T::*place>
class IndexedHeap {
public:
    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] T& top() const noexcept { return *entries_.front().member; }
    [[nodiscard]] Key top_key() const noexcept { return entries_.front().key; }
    [[nodiscard]] static bool holds(const T& member) noexcept { return member.*place != nowhere; }

    /// Makes room, so that as many members can be added without failure.
    void reserve(std::size_t members) { entries_.reserve(members); }
    void add(T& member, Key key) {
        entries_.push_back({key, order_++, &member});
        rise(entries_.size() - 1);
    }
    void remove(T& member) noexcept {
        const std::size_t at = member.*place;
        member.*place = nowhere;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (last.member == &member) return;
        entries_[at] = last;
        last.member->*place = at;
        rise(at);
        sink(last.member->*place);
    }

private:
    struct Entry {
        Key key;
        unsigned long long order;
        T* member;
        [[nodiscard]] bool before(const Entry& other) const noexcept {
            return key != other.key ? key < other.key : order < other.order;
        }
    };
    void put(std::size_t at, const Entry& entry) noexcept {
        entries_[at] = entry;
        entry.member->*place = at;
    }
    void rise(std::size_t at) noexcept {
        const Entry entry = entries_[at];
        for (; at > 0 && entry.before(entries_[(at - 1) / 2]); at = (at - 1) / 2) put(at, entries_[(at - 1) / 2]);
        put(at, entry);
    }
    void sink(std::size_t at) noexcept {
        const Entry entry = entries_[at];
        for (std::size_t child = 2 * at + 1; child < entries_.size(); child = 2 * at + 1) {
            if (child + 1 < entries_.size() && entries_[child + 1].before(entries_[child])) ++child;
            if (!entries_[child].before(entry)) break;
            put(at, entries_[child]);
            at = child;
        }
        put(at, entry);
    }

    std::vector<Entry> entries_;
    unsigned long long order_ = 0;
};

}  // namespace bioxen
