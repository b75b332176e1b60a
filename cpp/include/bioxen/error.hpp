#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace bioxen {

/// What kind of input was wrong; the Python layer maps each to one exception class.
enum class InputErrorKind : std::uint8_t {
    genome_format,       ///< the bytes are not a valid genome file: `line` and `offset` are set
    genome_compilation,  ///< the genome cannot be made into a program
    configuration,       ///< a parameter is out of range
    argument,            ///< a call was made with a wrong argument
    runtime,             ///< the call does not fit the state of the context
    snapshot,            ///< the bytes are not a snapshot of this program
    creation,            ///< a context cannot be taken in
    allocation,          ///< a capacity that is not free
    chassis,             ///< a chassis that cannot be
    overload,            ///< no room for another
    state,               ///< the call does not fit the state of a context under the hypervisor
    not_found,           ///< nothing has that name
    isolation,           ///< a stale or foreign handle
};

/// The user's mistake: says what was wrong, where, and what would be right.
class InputError : public std::runtime_error {
public:
    static constexpr std::int64_t nowhere = -1;

    InputError(InputErrorKind kind, const std::string& message, std::int64_t line = nowhere,
               std::int64_t offset = nowhere)
        : std::runtime_error(message), kind_(kind), line_(line), offset_(offset) {}

    [[nodiscard]] InputErrorKind kind() const noexcept { return kind_; }
    /// 1-based line in the input, or `nowhere`.
    [[nodiscard]] std::int64_t line() const noexcept { return line_; }
    /// 0-based byte offset in the input, or `nowhere`.
    [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }

private:
    InputErrorKind kind_;
    std::int64_t line_;
    std::int64_t offset_;
};

/// Our mistake: an invariant of the engine does not hold.
class BugError : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

}  // namespace bioxen
