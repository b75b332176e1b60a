#pragma once

#include <bioxen/species.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bioxen {

using Balances = std::array<std::int64_t, species::count>;

/// Net molecules in the cell that one process made (positive) or spent (negative).
struct ProcessPosting {
    std::string process;
    Balances cell{};
};

/// Residuals of every account and conserved quantity; all are zero unless the engine has a defect.
struct Audit {
    std::map<std::string, std::int64_t> residuals;
    [[nodiscard]] bool ok() const noexcept {
        for (const auto& [name, residual] : residuals) {
            if (residual != 0) return false;
        }
        return true;
    }
};

}  // namespace bioxen
