#include "hypervisor/impl.hpp"

#include "program/layout.hpp"
#include "program/organism_bytes.hpp"
#include "support/bytes.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace bioxen {

namespace {

/// What a checkpoint begins with; docs/snapshot.md describes the rest.
constexpr std::array<std::uint8_t, 8> magic{0x89, 'B', 'X', 'H', '\r', '\n', 0x1A, '\n'};
constexpr std::uint32_t byte_order = 0x01020304, format_version = 3;
constexpr std::size_t header_bytes = 8 + 4 + 4 + 8, checksum_bytes = 8, fingerprint_bytes = 16;

[[noreturn]] void refuse(const std::string& what) { throw InputError(InputErrorKind::snapshot, what); }
[[noreturn]] void damaged(const std::string& what) { refuse("the checkpoint is damaged: " + what); }

/// Parameters that contexts share.
struct Base {
    std::string genome;
    std::vector<std::byte> organism;
};

/// The chassis of which the contexts hold their parts.
struct Pool {
    Capacity total, overhead, reserve;
    bool operator==(const Pool&) const = default;
};

std::optional<Pool> pool_of(const std::optional<Chassis>& chassis) {
    if (!chassis) return std::nullopt;
    return Pool{chassis->total(), chassis->overhead(), chassis->reserve()};
}

std::string in_words(const std::optional<Pool>& pool) {
    if (!pool) return "none";
    std::string words;
    for (std::size_t k = 0; k < capacity_members.size(); ++k) {
        const auto number = [&](const Capacity& c) { return std::to_string(c.*capacity_members[k]); };
        words += (k == 0 ? "" : ", ") + std::string{capacity_names[k]} + " " + number(pool->total) + " (reserved " +
                 number(pool->overhead) + ", reserve " + number(pool->reserve) + ")";
    }
    return words;
}

/// One context as a checkpoint has it.
struct Entry {
    std::string name, cause;
    ContextState state{};
    std::uint32_t base = 0;
    Policy policy;
    std::uint32_t worker = 0;                                 ///< that a deadline policy was admitted to, else 0
    Quota quota;
    std::int64_t cpu_ns = 0, candidates = 0, molecules = 0;   ///< used
    std::optional<Chassis::Holder> holder;
    std::vector<std::byte> snapshot;                          ///< empty: it had failed
};

/// Reads and writes the same fields in the same order: `Archive` is either a Writer or a Reader.
class Writer {
public:
    explicit Writer(ByteWriter& out) : out_(out) {}
    template <typename T>
    void operator()(const T& value) {
        if constexpr (std::is_enum_v<T>)
            out_.add(static_cast<std::uint8_t>(value));
        else if constexpr (std::is_same_v<T, bool>)
            out_.add(static_cast<std::uint8_t>(value ? 1 : 0));
        else
            out_.add(value);
    }
    void operator()(const std::string& text) { out_.add_list(std::span{text.data(), text.size()}); }
    void operator()(const std::vector<std::byte>& bytes) {
        out_.add_list(std::span{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    template <typename T>
    void operator()(const std::optional<T>& value) {
        (*this)(value.has_value());
        if (value) (*this)(*value);
    }
    void operator()(const Capacity& capacity) {
        for (const auto member : capacity_members) (*this)(capacity.*member);
    }
    void operator()(const Pool& pool) {
        for (const auto part : {&Pool::total, &Pool::overhead, &Pool::reserve}) (*this)(pool.*part);
    }
    void operator()(const Chassis::Holder& holder) {
        (*this)(holder.reached_s);
        out_.add(static_cast<std::uint32_t>(holder.steps.size()));
        for (const Chassis::Step& step : holder.steps) fields(*this, step);
    }
    template <typename Archive, typename Step>
    static void fields(Archive& archive, Step& step) {
        archive(step.from_s);
        archive(step.allocation.amount);
        archive(step.allocation.limit);
        archive(step.allocation.priority);
        archive(step.granted);
    }

private:
    ByteWriter& out_;
};

class Reader {
public:
    explicit Reader(ByteReader& in) : in_(in) {}
    template <typename T>
    void operator()(T& value) {
        if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(in_.get<std::uint8_t>());
            if (value > last(value)) damaged("a choice is none of those that there are");
        } else if constexpr (std::is_same_v<T, bool>) {
            const auto flag = in_.get<std::uint8_t>();
            if (flag > 1) damaged("a flag is neither 0 nor 1");
            value = flag == 1;
        } else {
            value = in_.get<T>();
        }
    }
    void operator()(std::string& text) {
        const auto bytes = in_.bytes(in_.count(1));
        text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void operator()(std::vector<std::byte>& list) {
        const auto bytes = in_.bytes(in_.count(1));
        list.assign(bytes.begin(), bytes.end());
    }
    template <typename T>
    void operator()(std::optional<T>& value) {
        bool there = false;
        (*this)(there);
        if (!there) return;
        T read{};
        (*this)(read);
        value = std::move(read);
    }
    void operator()(Capacity& capacity) {
        for (const auto member : capacity_members) (*this)(capacity.*member);
    }
    void operator()(Pool& pool) {
        for (const auto part : {&Pool::total, &Pool::overhead, &Pool::reserve}) (*this)(pool.*part);
    }
    void operator()(Chassis::Holder& holder) {
        (*this)(holder.reached_s);
        constexpr std::size_t least_step_bytes = 8 + 32 + 1 + 1 + 32;
        holder.steps.resize(in_.count(least_step_bytes));
        for (Chassis::Step& step : holder.steps) Writer::fields(*this, step);
    }

private:
    static ContextState last(ContextState) { return ContextState::error; }
    static Policy::Kind last(Policy::Kind) { return Policy::Kind::batch; }
    static OnQuota last(OnQuota) { return OnQuota::raise; }
    static Priority last(Priority) { return Priority::critical; }
    ByteReader& in_;
};

template <typename Archive, typename AnyEntry>
void fields(Archive& archive, AnyEntry& r) {
    archive(r.name);
    archive(r.state);
    archive(r.cause);
    archive(r.base);
    archive(r.policy.kind);
    archive(r.policy.weight);
    archive(r.policy.cap);
    archive(r.policy.budget_ns);
    archive(r.policy.period_ns);
    archive(r.policy.reclaim);
    archive(r.worker);
    archive(r.quota.candidates);
    archive(r.quota.cpu_ns);
    archive(r.quota.memory_bytes);
    archive(r.quota.molecules);
    archive(r.quota.simulated_s);
    archive(r.quota.on_quota);
    archive(r.cpu_ns);
    archive(r.candidates);
    archive(r.molecules);
    archive(r.holder);
    archive(r.snapshot);
}

ByteReader body_of(std::span<const std::byte> bytes) {
    ByteReader in{bytes};
    if (bytes.size() < header_bytes + checksum_bytes) refuse("these bytes are no checkpoint: they end early");
    for (const std::uint8_t byte : magic) {
        if (in.get<std::uint8_t>() != byte) refuse("these bytes are no checkpoint of a hypervisor");
    }
    if (in.get<std::uint32_t>() != byte_order) refuse("the checkpoint has another byte order: it was changed on the way");
    const auto found = in.get<std::uint32_t>();
    if (found != format_version)
        refuse("the checkpoint has format version " + std::to_string(found) + ", this library reads version " +
               std::to_string(format_version));
    if (in.get<std::uint64_t>() != bytes.size()) damaged("it has another length than it says");
    ByteReader sum{bytes.last(checksum_bytes)};
    if (sum.get<std::uint64_t>() != crc64(bytes.first(bytes.size() - checksum_bytes))) damaged("its checksum is wrong");
    return ByteReader{bytes.subspan(header_bytes, bytes.size() - header_bytes - checksum_bytes)};
}

}  // namespace

std::vector<std::byte> Hypervisor::checkpoint() const {
    auto unchanged = impl_->unchanged();
    std::vector<Impl::ResidentPtr> residents;
    {
        const Impl::Lock lock{impl_->mutex};
        for (const auto& [name, resident] : impl_->by_name) residents.push_back(resident);
    }
    std::sort(residents.begin(), residents.end(), [](const auto& a, const auto& b) { return a->ordinal < b->ordinal; });
    std::vector<Base> bases;
    std::map<std::string, std::uint32_t> base_index;
    std::vector<Entry> entries;
    for (const auto& resident : residents) {
        // one at a time: workers wait for one snapshot, not for all
        const Impl::Lock lock{impl_->mutex};
        const Resident& r = *resident;
        const auto [place, is_new] = base_index.emplace(r.base->fingerprint(), static_cast<std::uint32_t>(bases.size()));
        if (is_new) {
            ByteWriter organism;
            write_organism(organism, r.base->organism());
            bases.push_back({r.base->layout().genome_fingerprint, organism.take()});
        }
        Entry& entry = entries.emplace_back();
        entry.name = r.name;
        entry.cause = r.cause;
        entry.state = r.context_state;
        entry.base = place->second;
        entry.policy = r.policy;
        if (r.policy.kind == Policy::Kind::deadline) entry.worker = static_cast<std::uint32_t>(r.worker);
        entry.quota = r.quota;
        entry.cpu_ns = r.cpu_ns;
        if (impl_->chassis && !has_ended(r.context_state)) entry.holder = impl_->chassis->holders().at(r.ordinal);
        if (!r.cell) continue;
        r.turnstile.look([&] {
            const CellularContext& cell = *r.cell;
            entry.snapshot = cell.snapshot();
            if (entry.holder) entry.holder->reached_s = std::max(entry.holder->reached_s, cell.time_s());
            entry.candidates = cell.events().candidates - r.candidates_before;
            entry.molecules = Impl::molecules_used(r, cell.drawn());
        });
    }
    unchanged.unlock();
    ByteWriter out;
    for (const std::uint8_t byte : magic) out.add(byte);
    out.add(byte_order);
    out.add(format_version);
    ByteWriter body;
    Writer write{body};
    write(pool_of(impl_->options.chassis));
    body.add(static_cast<std::uint32_t>(bases.size()));
    for (const Base& base : bases) {
        body.add_all(base.genome);
        write(base.organism);
    }
    body.add(static_cast<std::uint32_t>(entries.size()));
    for (const Entry& entry : entries) fields(write, entry);
    out.add(static_cast<std::uint64_t>(header_bytes + body.bytes().size() + checksum_bytes));
    const auto inner = body.bytes();
    out.add_all(std::span{reinterpret_cast<const char*>(inner.data()), inner.size()});
    out.add(crc64(out.bytes()));
    return out.take();
}

void Hypervisor::restore(std::span<const std::byte> checkpoint,
                         const std::function<std::shared_ptr<const Program>(const std::string&)>& program_of) {
    ByteReader in = body_of(checkpoint);
    Reader read{in};
    // everything is read, and found to be of use, before anything is compiled
    std::optional<Pool> pool;
    read(pool);
    std::vector<Base> sets(in.count(fingerprint_bytes + 4));
    for (Base& set : sets) {
        const auto digits = in.bytes(fingerprint_bytes);
        set.genome.assign(reinterpret_cast<const char*>(digits.data()), digits.size());
        if (set.genome.find_first_not_of("0123456789abcdef") != std::string::npos)
            damaged("a fingerprint is not hexadecimal");
        read(set.organism);
    }
    constexpr std::size_t least_entry_bytes = 80;
    std::vector<Entry> entries(in.count(least_entry_bytes));
    std::vector<bool> used(sets.size(), false);
    for (Entry& entry : entries) {
        fields(read, entry);
        if (entry.base >= sets.size()) damaged("a context has parameters that are not there");
        used[entry.base] = true;
        if (entry.snapshot.empty() != (entry.state == ContextState::error))
            damaged("a context without a state, or a failed one with one");
        if (entry.worker >= most_workers || (entry.worker > 0 && entry.policy.kind != Policy::Kind::deadline))
            damaged("a context was on a worker that there cannot be");
        if (entry.holder.has_value() != (pool && !has_ended(entry.state)))
            damaged("a context holds something of no chassis, or nothing of the one that there is");
        for (const std::int64_t account : {entry.cpu_ns, entry.candidates, entry.molecules}) {
            if (account < 0 || account > Impl::most_used) damaged("an account is out of range");
        }
        if (!is_printable(entry.cause)) damaged("the cause of an error cannot be printed");
    }
    if (in.left() != 0) damaged("it is longer than it should be");
    if (std::find(used.begin(), used.end(), false) != used.end()) damaged("it has parameters of no context");
    if (entries.size() > impl_->options.max_contexts)
        throw InputError(InputErrorKind::overload, "the checkpoint has " + std::to_string(entries.size()) +
                                                       " contexts, and this hypervisor may have " +
                                                       std::to_string(impl_->options.max_contexts) +
                                                       ": make it with a larger limit (max_vms)");
    const std::optional<Pool> own_pool = pool_of(impl_->options.chassis);
    const auto holds = [](const Entry& entry) { return entry.holder.has_value(); };
    if (pool != own_pool && std::any_of(entries.begin(), entries.end(), holds))
        throw InputError(InputErrorKind::chassis,
                         "the checkpoint has contexts that share a chassis (" + in_words(pool) +
                             "), and this hypervisor has another, or none (" + in_words(own_pool) +
                             "): make it with the same");
    std::vector<std::shared_ptr<const Program>> bases;
    for (const Base& set : sets) {
        auto program = program_of(set.genome);
        if (program == nullptr)
            refuse("the checkpoint has contexts of a genome with the fingerprint " + set.genome +
                   ", which is not at hand: load its file and give the runtime");
        ByteReader bytes{set.organism};
        const Organism organism = read_organism(bytes);
        if (bytes.left() != 0) damaged("parameters are longer than they should be");
        try {
            if (!differing_field(organism, program->organism()).empty()) program = program->with_organism(organism);
        } catch (const InputError& e) {
            damaged(e.what());
        }
        bases.push_back(std::move(program));
    }

    const auto changing = impl_->changing();
    const Impl::Lock lock{impl_->mutex};
    if (!impl_->by_name.empty())
        throw InputError(InputErrorKind::state, "this hypervisor has contexts: load a checkpoint into an empty one");
    std::vector<Impl::ResidentPtr> made;
    try {
        made.reserve(entries.size());
        for (const Entry& entry : entries) {
            const auto& base = bases[entry.base];
            std::optional<CellularContext> cell;
            if (!entry.snapshot.empty()) {
                auto program = base;
                if (entry.holder && !entry.holder->steps.empty())
                    program = impl_->granted_program(base, entry.holder->steps.front().granted);
                cell.emplace(CellularContext::restore(entry.snapshot, std::move(program)));
            }
            const Impl::Past past{true, entry.state, entry.cause, entry.cpu_ns, entry.candidates, entry.molecules,
                                  entry.worker, entry.holder ? &*entry.holder : nullptr};
            made.push_back(impl_->settle_in(entry.name, std::move(cell), {entry.policy, entry.quota, {}}, base, past));
        }
    } catch (const InputError& e) {
        for (const auto& resident : made) impl_->remove(resident);
        if (e.kind() == InputErrorKind::argument || e.kind() == InputErrorKind::creation ||
            e.kind() == InputErrorKind::configuration || e.kind() == InputErrorKind::runtime ||
            dynamic_cast<const AllocationError*>(&e) != nullptr)  // of the very chassis that it says it had
            damaged(e.what());
        throw;
    } catch (...) {
        for (const auto& resident : made) impl_->remove(resident);
        throw;
    }
}

}  // namespace bioxen
