#include <bioxen/clock.hpp>

#include "support/philox.hpp"

#include <chrono>
#include <ctime>

namespace bioxen {

namespace {

class SystemClock final : public Clock {
public:
    std::int64_t now_ns() noexcept override {
        const auto since = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
    }
    std::int64_t thread_cpu_ns() noexcept override {
        std::timespec now{};
        if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
        return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    }
};

}  // namespace

std::shared_ptr<Clock> system_clock() { return std::make_shared<SystemClock>(); }

std::uint64_t VirtualClock::pick(std::uint64_t bound) noexcept {
    const auto words = philox4x32({static_cast<std::uint32_t>(picks_), static_cast<std::uint32_t>(picks_ >> 32), 0, 0},
                                  {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)});
    ++picks_;
    return (words[0] | std::uint64_t{words[1]} << 32) % bound;
}

}  // namespace bioxen
