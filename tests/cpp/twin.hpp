#pragma once

#include <bioxen/cellular_context.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// What a context under the hypervisor should be: a cell that nobody schedules, given the same inputs at the same ages.
struct Twin {
    struct Grant {
        double at_s = 0.0;
        std::shared_ptr<const bioxen::Program> program;
    };

    explicit Twin(bioxen::CellularContext given) : cell(std::move(given)) {}

    /// Lives on to where the original is.
    void follow(const bioxen::CellularContext& original) {
        const double now_s = original.time_s();
        if (cell.time_s() > now_s) throw std::runtime_error("a cell went back in time");
        while (!grants.empty() && grants.front().at_s <= now_s) {
            reach(grants.front().at_s);
            cell.allocate(grants.front().program);
            grants.erase(grants.begin());
        }
        reach(now_s);
        // a cell that was preempted stands behind the candidate event of its age, not before it
        const std::int64_t more = original.events().candidates - cell.events().candidates;
        if (more > 0) cell.advance(now_s + 1.0, static_cast<std::uint64_t>(more));
        if (more < 0 || cell.time_s() != now_s) throw std::runtime_error("a cell drew other candidates than alone");
    }
    void grant(double at_s, std::shared_ptr<const bioxen::Program> program) {
        auto place = grants.begin();
        while (place != grants.end() && place->at_s < at_s) ++place;
        if (place != grants.end() && place->at_s == at_s)
            place->program = std::move(program);
        else
            grants.insert(place, {at_s, std::move(program)});
    }
    [[nodiscard]] bool equals(const bioxen::CellularContext& original) {
        follow(original);
        return cell.trajectory_hash() == original.trajectory_hash();
    }

    bioxen::CellularContext cell;
    std::vector<Grant> grants;                  ///< to come, by age
    std::optional<bioxen::Recorder> recorder;   ///< of the job under way
    std::int64_t stalled_ns = 0;                ///< taken from its slices by the operating system

private:
    void reach(double age_s) {
        const auto go = [&] { return recorder ? cell.advance(age_s, *recorder) : cell.advance(age_s); };
        while (go() != bioxen::AdvanceStatus::reached) {
        }
    }
};
