#include "check.hpp"
#include "support/random.hpp"

#include <bioxen/chassis.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <set>
#include <utility>
#include <vector>

using namespace bioxen;

// -- memory that runs out on demand (not inlined: GCC takes a half-inlined pair for a mismatch) --------------------

namespace {
std::int64_t news_left = -1;  // negative: as many as wanted
}

[[gnu::noinline]] void* operator new(std::size_t size) {
    if (news_left == 0) throw std::bad_alloc();
    if (news_left > 0) --news_left;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

struct Dice {
    RandomStream stream;
    /// 0 to below, uniform but for a bias of less than 2^-40.
    std::int64_t operator()(std::int64_t below) {
        return static_cast<std::int64_t>(stream.next().first % static_cast<std::uint64_t>(below));
    }
};

Capacity all(std::int64_t amount) { return {amount, amount, amount, amount}; }

Capacity usable(const Chassis& chassis) {
    Capacity usable;
    for (const auto m : capacity_members) usable.*m = chassis.total().*m - chassis.overhead().*m;
    return usable;
}

template <class Error = InputError>
InputErrorKind kind_of(auto&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.kind();
    }
    throw std::runtime_error("was not refused");
}

// -- the plain model: one slot a second, nothing clever -----------------------------------------------------------

constexpr int slots = 16;

struct Slot {
    Allocation allocation;
    Capacity granted;
    bool begins = false;  // a step does, which the next change of an earlier one stops at
};
struct Plain {
    int reached = 0;
    std::array<Slot, slots> slot;
};
using Model = std::map<std::uint64_t, Plain>;

int horizon(const Model& model) {
    int least = slots - 1;
    for (const auto& [key, plain] : model) least = std::min(least, plain.reached);
    return model.empty() ? 0 : least;
}

bool fits(const Chassis& chassis, const Model& model, int from, bool guaranteed) {
    for (int t = from; t < slots; ++t) {
        for (const auto m : capacity_members) {
            std::int64_t sum = 0, ordinary = 0;
            for (const auto& [key, plain] : model) {
                const Slot& slot = plain.slot[static_cast<std::size_t>(t)];
                const std::int64_t part = guaranteed ? slot.allocation.amount.*m : slot.granted.*m;
                sum += part;
                if (slot.allocation.priority != Priority::critical) ordinary += part;
            }
            const std::int64_t most = usable(chassis).*m;
            if (sum > most || ordinary > most - chassis.reserve().*m) return false;
        }
    }
    return true;
}

void set(Plain& plain, const Allocation& allocation, int at) {
    auto t = static_cast<std::size_t>(at);
    do {
        plain.slot[t] = {allocation, allocation.amount, t == static_cast<std::size_t>(at)};
    } while (++t < slots && !plain.slot[t].begins);
}

/// Molecule by molecule: to the first by priority, then by least extra, then by key, among those below their limits.
void share_out(const Chassis& chassis, Model& model, int from) {
    for (auto t = static_cast<std::size_t>(from); t < slots; ++t) {
        for (const auto m : capacity_members) {
            std::int64_t left = usable(chassis).*m - chassis.reserve().*m;
            for (auto& [key, plain] : model) {
                plain.slot[t].granted.*m = plain.slot[t].allocation.amount.*m;
                left -= plain.slot[t].granted.*m;
            }
            for (; left > 0; --left) {
                Slot* next = nullptr;
                for (auto& [key, plain] : model) {
                    Slot& slot = plain.slot[t];
                    const Allocation& a = slot.allocation;
                    if (slot.granted.*m >= a.limit.value_or(a.amount).*m) continue;
                    const auto rank = [m](const Slot& s) {
                        return std::pair(-static_cast<int>(s.allocation.priority),
                                         s.granted.*m - s.allocation.amount.*m);
                    };
                    if (next == nullptr || rank(slot) < rank(*next)) next = &slot;
                }
                if (next == nullptr) break;
                ++(next->granted.*m);
            }
        }
    }
    for (auto& [key, plain] : model) {  // what a rebalance alters begins a step
        for (auto t = static_cast<std::size_t>(from); t < slots; ++t) {
            if (plain.slot[t].granted != plain.slot[t - 1].granted) plain.slot[t].begins = true;
        }
    }
}

Allocation any_allocation(Dice& dice) {
    Allocation a;
    Capacity limit;
    for (const auto m : capacity_members) {
        a.amount.*m = dice(3) == 0 ? 0 : dice(9);
        limit.*m = a.amount.*m + dice(12);
    }
    if (dice(2) == 0) a.limit = limit;
    a.priority = static_cast<Priority>(dice(4));
    return a;
}

}  // namespace

// -- laws ---------------------------------------------------------------------------------------------------------

TEST(random_histories_go_as_in_the_plain_model_and_nothing_is_held_twice) {
    Dice dice{RandomStream{11, 1}};
    int refused = 0, accepted = 0, rebalanced = 0, rescued = 0;
    for (int episode = 0; episode < 1000; ++episode) {
        Chassis chassis{{20 + dice(20), dice(30), 25, 20 + dice(9)}, 0.01 * static_cast<double>(dice(20)),
                        0.01 * static_cast<double>(dice(30))};
        Model model;
        for (int operation = 0; operation < 100; ++operation) {
            const auto key = static_cast<std::uint64_t>(dice(7));
            const Allocation allocation = any_allocation(dice);
            const auto kind = dice(8);
            const bool known = model.contains(key);
            const bool ages = kind == 5 || kind == 6;
            const int at = ages ? std::min(slots - 1, (known ? model[key].reached : 0) + static_cast<int>(dice(4)) - 1)
                                : 1 + static_cast<int>(dice(slots - 1));
            Model next = model;
            bool possible = known;
            if (kind <= 1) {  // admit
                possible = !known;
                if (possible) {
                    const auto least = static_cast<std::size_t>(horizon(model));
                    for (auto& [other, plain] : next) {
                        for (std::size_t t = 0; t < least; ++t) plain.slot[t] = plain.slot[least];
                    }
                    set(next[key], allocation, 0);
                    possible = fits(chassis, next, 0, false);
                }
            } else if (kind == 2 && known) {  // change
                set(next[key], allocation, at);
                possible = at > model[key].reached && fits(chassis, next, at, false);
            } else if (kind == 3 || (kind == 4 && known)) {  // rebalance
                possible = true;
                for (const auto& [other, plain] : model) possible = possible && at > plain.reached;
                if (kind == 4) {
                    set(next[key], allocation, at);
                    const bool direct = fits(chassis, next, at, false);
                    possible = possible && fits(chassis, next, at, true);
                    rescued += possible && !direct;
                }
                if (possible) share_out(chassis, next, at);
            } else if (kind <= 6 && known) {  // reached
                possible = at >= model[key].reached;
                next[key].reached = at;
            } else if (kind == 7) {  // release
                next.erase(key);
            }

            const Chassis before = chassis;
            std::vector<Chassis::Change> changes;
            bool done = true;
            try {
                const double at_s = at;
                switch (kind) {
                    case 0:
                    case 1: chassis.admit(key, allocation); break;
                    case 2: chassis.change(key, allocation, at_s); break;
                    case 3: changes = chassis.rebalance(at_s); break;
                    case 4: changes = chassis.rebalance(at_s, key, allocation); break;
                    case 5:
                    case 6: chassis.reached(key, at_s); break;
                    default: chassis.release(key);
                }
            } catch (const AllocationError& error) {
                done = false;
                const auto m = capacity_members[error.resource()];
                const auto t = static_cast<std::size_t>(error.at_s());
                std::int64_t held = 0, ordinary = 0;
                for (const auto& [other, plain] : model) {
                    if (other == key) continue;
                    const Slot& slot = plain.slot[t];
                    const std::int64_t part = kind == 4 ? slot.allocation.amount.*m : slot.granted.*m;
                    held += part;
                    if (slot.allocation.priority != Priority::critical) ordinary += part;
                }
                const std::int64_t most = usable(chassis).*m;
                const bool critical = allocation.priority == Priority::critical;
                const std::int64_t free =
                    critical ? most - held : std::min(most - held, most - chassis.reserve().*m - ordinary);
                CHECK(error.asked() == allocation.amount.*m && error.asked() > error.free());
                CHECK(error.held() == held && error.free() == free && error.free() >= 0);
            } catch (const InputError&) {
                done = false;
            }

            CHECK(done == possible);
            if (done != possible) return;
            if (!done) CHECK(chassis == before);
            if (done) model = std::move(next);
            (done ? accepted : refused) += 1;
            rebalanced += done && (kind == 3 || kind == 4);
            CHECK(fits(chassis, model, horizon(model), false));
            CHECK(chassis.holders().size() == model.size());
            // whoever is told the changes, and knows what held before, knows what holds now
            for (const auto& [other, holder] : before.holders()) {
                if (kind != 3 && kind != 4) break;
                std::map<double, Capacity> told;
                for (const auto& step : holder.steps) told[step.from_s] = step.granted;
                for (const auto& change : changes) {
                    if (change.holder == other) told[change.at_s] = change.granted;
                }
                for (int t = std::max(horizon(model), 0); t < slots; ++t)
                    CHECK(std::prev(told.upper_bound(t))->second == chassis.grant(other, t));
            }
            for (int t = horizon(model); t < slots; ++t) {
                Capacity sum;
                for (const auto& [other, plain] : model) {
                    const Slot& slot = plain.slot[static_cast<std::size_t>(t)];
                    CHECK(chassis.grant(other, t) == slot.granted);
                    CHECK(chassis.allocation(other, t) == slot.allocation);
                    for (const auto m : capacity_members) sum.*m += slot.granted.*m;
                    if (t > plain.reached && t < chassis.next_change_s(other).value_or(slots)) {
                        CHECK(slot.granted == plain.slot[static_cast<std::size_t>(plain.reached)].granted);
                    }
                }
                CHECK(chassis.held(t) == sum);
            }
            if (check::failures() > 20) return;
        }
        // what was saved can be put back in any order
        std::vector<std::uint64_t> keys;
        for (const auto& [key, plain] : model) keys.push_back(key);
        for (std::size_t i = keys.size(); i > 1; --i) {
            std::swap(keys[i - 1], keys[static_cast<std::size_t>(dice(static_cast<std::int64_t>(i)))]);
        }
        Chassis again = chassis;
        for (const auto key : keys) again.release(key);
        CHECK(again.held(0.0) == Capacity{} && again.holders().empty());
        for (const auto key : keys) again.restore(key, chassis.holders().at(key));
        CHECK(again == chassis);
    }
    CHECK(accepted > 30'000 && refused > 30'000 && rebalanced > 10'000 && rescued > 300);
}

TEST(a_rebalance_leaves_nothing_that_someone_could_take_is_fair_among_equals_and_keeps_to_priorities) {
    Dice dice{RandomStream{11, 2}};
    for (int round = 0; round < 2000; ++round) {
        Chassis chassis{all(1 + dice(1'000'000'000)), 0.05, 0.1};
        const auto count = static_cast<std::uint64_t>(1 + dice(12));
        for (std::uint64_t key = 0; key < count; ++key) {
            const std::int64_t most = chassis.total().ribosomes / static_cast<std::int64_t>(2 * count) + 1;
            Allocation a{all(dice(most)), Capacity{}, static_cast<Priority>(dice(4))};
            for (const auto m : capacity_members) (*a.limit).*m = a.amount.*m + dice(3 * most);
            if (chassis.free(0.0).ribosomes >= a.amount.ribosomes) chassis.admit(key, a);
        }
        (void)chassis.rebalance(3.0);
        for (const auto m : capacity_members) {
            const std::int64_t held = chassis.held(3.0).*m;
            const std::int64_t ordinary = usable(chassis).*m - chassis.reserve().*m;
            CHECK(held <= ordinary);
            for (const auto& [a, first] : chassis.holders()) {
                const Allocation mine = chassis.allocation(a, 3.0);
                const std::int64_t got = chassis.grant(a, 3.0).*m - mine.amount.*m;
                const bool full = chassis.grant(a, 3.0).*m == (*mine.limit).*m;
                CHECK(got >= 0 && chassis.grant(a, 3.0).*m <= (*mine.limit).*m);
                CHECK(full || held == ordinary);  // maximal
                for (const auto& [b, second] : chassis.holders()) {
                    const Allocation other = chassis.allocation(b, 3.0);
                    const std::int64_t theirs = chassis.grant(b, 3.0).*m - other.amount.*m;
                    if (other.priority < mine.priority) CHECK(full || theirs == 0);
                    if (other.priority == mine.priority && !full) CHECK(theirs <= got + (b < a ? 1 : 0));
                }
            }
        }
    }
}

TEST(only_critical_holders_get_the_reserve_and_nobody_the_overhead) {
    Chassis chassis{all(100), 0.1, 0.2};
    CHECK(chassis.free(0.0) == all(70) && chassis.free(0.0, Priority::critical) == all(90));
    for (const auto priority : {Priority::low, Priority::normal, Priority::high}) {
        CHECK_THROWS(chassis.admit(1, {all(71), {}, priority}), AllocationError);
    }
    CHECK_THROWS(chassis.admit(1, {all(91), {}, Priority::critical}), AllocationError);
    chassis.admit(1, {all(70), all(1000), Priority::high});
    CHECK(chassis.rebalance(1.0).empty());  // no reserve to spare
    CHECK_THROWS(chassis.admit(2, {all(1), {}, Priority::high}), AllocationError);
    chassis.admit(2, {all(15), all(1000), Priority::critical});
    CHECK(chassis.rebalance(1.0).empty());
    CHECK(chassis.free(0.0) == all(0) && chassis.free(0.0, Priority::critical) == all(5));
    CHECK_THROWS(chassis.change(2, {all(15), {}, Priority::high}, 5.0), AllocationError);
    chassis.release(1);
    CHECK(chassis.free(0.0) == all(70));  // the critical one rests on the reserve
    CHECK((chassis.rebalance(1.0) == std::vector<Chassis::Change>{{2, 1.0, all(70)}}));
}

TEST(what_is_released_is_free) {
    Dice dice{RandomStream{11, 3}};
    Chassis chassis{all(1'000'000), 0.03, 0.07};
    const Chassis empty = chassis;
    for (std::uint64_t key = 0; key < 100; ++key) {
        chassis.admit(key, {all(dice(9000)), all(20'000), static_cast<Priority>(dice(4))});
        chassis.change(key, {all(0), {}, Priority::normal}, 5.0 + static_cast<double>(key));
    }
    (void)chassis.rebalance(2.0);
    for (std::uint64_t key = 0; key < 100; ++key) chassis.release((key * 37) % 100);
    CHECK(chassis == empty);
}

TEST(a_fork_holds_what_its_parent_has_from_its_age_on) {
    Chassis chassis{all(20)};
    chassis.admit(1, {all(9)});
    chassis.change(1, {all(4), all(8), Priority::high}, 5.0);
    chassis.change(1, {all(6), {}, Priority::critical}, 10.0);
    chassis.admit(2, {all(8)});
    chassis.change(2, {all(10)}, 11.0);
    const Chassis young = chassis;
    CHECK_THROWS(chassis.fork(1, 3), AllocationError);  // 9 and 9 beside 8
    CHECK(chassis == young);
    chassis.reached(1, 7.0);
    CHECK_THROWS(chassis.fork(1, 3), AllocationError);  // 2 is yet to come to where 1 held 9
    chassis.reached(2, 5.0);
    const Chassis before = chassis;
    CHECK_THROWS(chassis.fork(1, 3), AllocationError);  // from 11 s on 6 and 6 beside 10
    CHECK(kind_of([&] { chassis.fork(1, 2); }) == InputErrorKind::argument);
    CHECK(kind_of([&] { chassis.fork(5, 3); }) == InputErrorKind::not_found);
    CHECK(chassis == before);
    chassis.change(2, {all(8)}, 11.0);
    chassis.fork(1, 3);
    CHECK(chassis.holders().at(3).reached_s == 7.0);
    for (const double at_s : {7.0, 9.0, 10.0, 20.0}) {
        CHECK(chassis.grant(3, at_s) == chassis.grant(1, at_s));
        CHECK(chassis.allocation(3, at_s) == chassis.allocation(1, at_s));
    }
    CHECK(chassis.grant(3, 0.0) == all(4));  // what is behind it, it never held
}

TEST(the_past_counts_until_every_holder_has_left_it) {
    Chassis chassis{all(10)};
    chassis.admit(1, {all(5)});
    chassis.admit(2, {all(5)});
    chassis.change(2, {all(2)}, 10.0);
    chassis.change(1, {all(8)}, 10.0);
    chassis.reached(1, 50.0);
    CHECK_THROWS(chassis.change(2, {all(6)}, 5.0), AllocationError);  // 1 held 5 at that age
    chassis.change(2, {all(1)}, 7.0);
    CHECK(chassis.free(8.0) == all(4) && chassis.free(10.0) == all(0));
    CHECK(chassis.holders().at(1).steps.size() == 2);
    chassis.reached(2, 20.0);
    chassis.change(2, {all(0)}, 30.0);
    CHECK(chassis.holders().at(1).steps.size() == 1 && chassis.holders().at(2).steps.size() == 2);
    CHECK_THROWS(chassis.admit(3, {all(1)}), AllocationError);  // 2 still holds 2 between 20 and 30
    chassis.reached(2, 30.0);
    chassis.admit(3, {all(2)});
    CHECK_THROWS(chassis.admit(4, {all(1)}), AllocationError);
    CHECK(chassis.held(0.0) == all(10) && !chassis.next_change_s(2));
}

TEST(one_allocation_takes_precedence_over_what_others_were_granted_beyond_theirs) {
    Chassis chassis{all(100)};
    chassis.admit(1, {all(10), all(1000)});
    chassis.admit(2, {});
    (void)chassis.rebalance(5.0);
    CHECK(chassis.grant(1, 4.0) == all(10) && chassis.grant(1, 5.0) == all(100));
    CHECK_THROWS(chassis.change(2, {all(30)}, 8.0), AllocationError);
    CHECK_THROWS(chassis.rebalance(8.0, 2, {all(91)}), AllocationError);
    CHECK((chassis.rebalance(8.0, 2, {all(30)}) == std::vector<Chassis::Change>{{1, 8.0, all(70)}, {2, 8.0, all(30)}}));
    CHECK(chassis.next_change_s(1) == 5.0 && chassis.next_change_s(2) == 8.0);
    // a change that is due later is kept, and everyone's part of the rest is shared out anew there
    chassis.change(2, {all(0)}, 9.0);
    const auto changes = chassis.rebalance(8.5);
    CHECK((changes == std::vector<Chassis::Change>{{1, 9.0, all(100)}}));
}

TEST(a_call_without_memory_changes_nothing) {
    Chassis chassis{all(1000), 0.1, 0.1};
    for (std::uint64_t key = 0; key < 5; ++key) {
        chassis.admit(key, {all(20), all(400)});
        chassis.change(key, {all(30), all(500)}, 10.0 + static_cast<double>(key));
        chassis.reached(key, 2.0);
    }
    const Chassis::Holder holder = chassis.holders().at(4);
    chassis.release(4);
    const Chassis before = chassis;
    const std::array<void (*)(Chassis&, const Chassis::Holder&), 7> calls{
        [](Chassis& c, const auto&) { c.fork(2, 9); },
        [](Chassis& c, const auto&) { c.admit(9, {all(5)}); },
        [](Chassis& c, const auto&) { c.change(1, {all(5)}, 3.0); },
        [](Chassis& c, const auto&) { (void)c.rebalance(5.0); },
        [](Chassis& c, const auto&) { (void)c.rebalance(5.0, 2, {all(7)}); },
        [](Chassis& c, const auto& h) { c.restore(4, h); },
        [](Chassis& c, const auto&) { c.admit(9, {all(5000)}); },
    };
    for (const auto call : calls) {
        int failed = 0;
        for (std::int64_t allowed = 0;; ++allowed) {
            bool out_of_memory = false, refused = false;
            try {
                news_left = allowed;
                call(chassis, holder);
            } catch (const std::bad_alloc&) {
                out_of_memory = true;
            } catch (const AllocationError&) {
                refused = true;
            }
            news_left = -1;
            if (out_of_memory) ++failed;
            CHECK((chassis == before) == (out_of_memory || refused));
            if (!out_of_memory) break;
        }
        CHECK(failed > 1);
        chassis = before;
    }
}

TEST(shares_are_rounded_up_to_whole_molecules) {
    CHECK((Chassis{all(100), 0.07, 0.29}.overhead() == all(7) && Chassis{all(100), 0.07, 0.29}.reserve() == all(29)));
    CHECK((Chassis{all(10), 0.11}.overhead() == all(2)));
    CHECK((Chassis{all(1), 0.5, 0.4}.free(0.0, Priority::critical) == all(0)));
    CHECK((Chassis{all(0), 0.5, 0.4}.free(0.0) == all(0)));
    CHECK((Chassis{all(Chassis::max_amount), 0.25}.overhead() == all(Chassis::max_amount / 4)));
    for (std::int64_t total = 1; total < 2000; total += 7) {
        for (int percent = 0; percent < 100; ++percent) {
            const std::int64_t kept = Chassis{all(total), 0.01 * percent}.overhead().ribosomes;
            CHECK(100 * kept >= percent * total && 100 * (kept - 1) < percent * total);
        }
    }
}

TEST(a_chassis_that_cannot_be_is_refused) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    using Shares = std::pair<double, double>;
    for (const auto& shares : {Shares{-0.1, 0.0}, {0.0, -1e-9}, {1.0, 0.0}, {0.5, 0.5}, {nan, 0.0},
                               {0.0, nan}, {infinity, 0.0}, {-infinity, infinity}}) {
        CHECK(kind_of([&] { Chassis{all(9), shares.first, shares.second}; }) == InputErrorKind::chassis);
    }
    for (const auto m : capacity_members) {
        for (const std::int64_t amount : {std::int64_t{-1}, Chassis::max_amount + 1, INT64_MIN, INT64_MAX}) {
            Capacity total;
            total.*m = amount;
            CHECK(kind_of([&] { Chassis{total}; }) == InputErrorKind::chassis);
        }
    }
}

TEST(a_wrong_call_is_refused_and_changes_nothing) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Chassis chassis{all(Chassis::max_amount)};
    chassis.admit(1, {all(Chassis::max_amount), all(Chassis::max_amount)});
    chassis.admit(2, {});
    chassis.reached(1, 10.0);
    const Chassis before = chassis;
    const auto is = [&](InputErrorKind kind, auto&& call) {
        CHECK(kind_of(call) == kind);
        CHECK(chassis == before);
    };
    for (const auto m : capacity_members) {
        for (const std::int64_t amount : {std::int64_t{-1}, Chassis::max_amount + 1, INT64_MIN, INT64_MAX}) {
            Allocation wrong, beyond;
            wrong.amount.*m = amount;
            beyond.limit = Capacity{};
            (*beyond.limit).*m = amount;
            is(InputErrorKind::argument, [&] { chassis.admit(3, wrong); });
            is(InputErrorKind::argument, [&] { chassis.change(1, wrong, 11.0); });
            is(InputErrorKind::argument, [&] { chassis.rebalance(11.0, 1, wrong); });
            is(InputErrorKind::argument, [&] { chassis.admit(3, beyond); });
        }
        Allocation below{all(2), all(2)};
        (*below.limit).*m = 1;
        is(InputErrorKind::argument, [&] { chassis.admit(3, below); });
    }
    is(InputErrorKind::argument, [&] { chassis.admit(3, {{}, {}, static_cast<Priority>(4)}); });
    is(InputErrorKind::argument, [&] { chassis.admit(1, {}); });
    is(InputErrorKind::allocation, [&] { chassis.admit(3, {all(Chassis::max_amount)}); });
    for (const double at_s : {-1.0, nan, 1e9 + 1.0, 10.0, 9.0, 0.0}) {
        is(InputErrorKind::argument, [&] { chassis.change(1, {}, at_s); });
        is(InputErrorKind::argument, [&] { chassis.rebalance(at_s); });
        is(InputErrorKind::argument, [&] { chassis.rebalance(at_s, 2, {}); });
    }
    for (const double now_s : {-1.0, nan, 1e9 + 1.0, 9.99}) {
        is(InputErrorKind::argument, [&] { chassis.reached(1, now_s); });
    }
    is(InputErrorKind::not_found, [&] { chassis.change(3, {}, 20.0); });
    is(InputErrorKind::not_found, [&] { chassis.rebalance(20.0, 3, {}); });
    is(InputErrorKind::not_found, [&] { chassis.reached(3, 20.0); });
    is(InputErrorKind::not_found, [&] { chassis.release(3); });
    is(InputErrorKind::not_found, [&] { (void)chassis.grant(3, 0.0); });
    is(InputErrorKind::not_found, [&] { (void)chassis.allocation(3, 0.0); });
    is(InputErrorKind::not_found, [&] { (void)chassis.next_change_s(3); });
}

TEST(a_holder_that_cannot_be_is_not_put_back) {
    Chassis chassis{all(10), 0.0, 0.2};
    chassis.admit(1, {all(4)});
    const Chassis before = chassis;
    const Chassis::Step first{0.0, {all(2), all(6)}, all(3)}, second{5.0, {all(4)}, all(4)};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto is = [&](InputErrorKind kind, const Chassis::Holder& holder, std::uint64_t key = 2) {
        CHECK(kind_of([&] { chassis.restore(key, holder); }) == kind);
        CHECK(chassis == before);
    };
    const auto with = [](Chassis::Step step, auto&& change) {
        change(step);
        return step;
    };
    is(InputErrorKind::argument, {0.0, {first, second}}, 1);
    is(InputErrorKind::argument, {-1.0, {first, second}});
    is(InputErrorKind::argument, {nan, {first, second}});
    is(InputErrorKind::argument, {0.0, {}});
    is(InputErrorKind::argument, {0.0, {second}});
    is(InputErrorKind::argument, {0.0, {first, second, second}});
    is(InputErrorKind::argument, {0.0, std::vector(Chassis::max_steps + 1, first)});
    for (const double from_s : {-1.0, nan, 2e9}) {
        is(InputErrorKind::argument, {0.0, {first, with(second, [&](auto& s) { s.from_s = from_s; })}});
    }
    is(InputErrorKind::argument, {0.0, {with(first, [](auto& s) { s.granted.ribosomes = 1; })}});
    is(InputErrorKind::argument, {0.0, {with(first, [](auto& s) { s.granted.ribosomes = 7; })}});
    is(InputErrorKind::argument, {0.0, {with(first, [](auto& s) { s.allocation.amount.ribosomes = -1; })}});
    const auto more = with(second, [](auto& s) { s.allocation.amount = s.granted = all(5); });
    is(InputErrorKind::allocation, {8.0, {first, more}});
    chassis.restore(2, {3.0, {first, second}});
    CHECK(chassis.held(4.0) == all(7) && chassis.held(5.0) == all(8));
}

TEST(changes_that_wait_for_another_holder_are_bounded) {
    Chassis chassis{all(10)};
    chassis.admit(1, {});
    chassis.admit(2, {});
    double now_s = 0.0;
    for (std::size_t i = 1; i < Chassis::max_steps; ++i) chassis.change(1, {all(1)}, now_s += 1.0);
    chassis.reached(1, now_s);
    const Chassis before = chassis;
    CHECK(kind_of([&] { chassis.change(1, {all(2)}, now_s + 1.0); }) == InputErrorKind::overload);
    CHECK(chassis == before);
    chassis.reached(2, 2.0);
    chassis.change(1, {all(2)}, now_s + 1.0);
    CHECK(chassis.holders().at(1).steps.size() == Chassis::max_steps - 1);
}

RUN_TESTS()
