#include "arrays.hpp"
#include "bindings.hpp"
#include "running.hpp"

#include <bioxen/hypervisor.hpp>

#include <pybind11/functional.h>
#include <pybind11/stl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace py = pybind11;
using namespace bioxen;

namespace {

constexpr std::int64_t slice_of_waiting_ns = 20'000'000;
/// How long a waiting thread looks for the end of a run before it sleeps.
constexpr std::int64_t first_look_ns = 200'000;

template <std::size_t n, typename Enum>
Enum named(const std::array<const char*, n>& names, const std::string& name) {
    for (std::size_t i = 0; i < n; ++i) {
        if (name == names[i]) return static_cast<Enum>(i);
    }
    throw InputError(InputErrorKind::argument, "'" + name + "' is none of the known names");
}
constexpr std::array policy_names{"fair", "deadline", "batch"};
constexpr std::array quota_names{"pause", "stop", "raise"};
constexpr std::array priority_names{"low", "normal", "high", "critical"};
constexpr std::array state_names{"created", "running", "paused", "stopped", "error"};
constexpr std::array status_names{"pending", "completed", "exhausted", "cancelled", "stopped", "quota", "error", "divided"};

template <std::size_t n, typename Enum>
const char* name_of(const std::array<const char*, n>& names, Enum value) {
    return names.at(static_cast<std::size_t>(value));
}

/// The hypervisor with the process that it lives in: the child of a fork has its memory, but not its threads.
class Host {
public:
    explicit Host(Hypervisor::Options options)
        : virtual_(dynamic_cast<VirtualClock*>(options.clock.get()) != nullptr),
          hypervisor_(new Hypervisor(std::move(options)), [process = getpid()](Hypervisor* made) {
              if (getpid() != process) return;  // left as it is: its threads are not there to be joined
              if (GilReleased::is_here()) {
                  delete made;
              } else {
                  const GilReleased release;
                  delete made;
              }
          }) {}

    /// It stays whole while the pointer is held, also if it is closed meanwhile.
    [[nodiscard]] std::shared_ptr<Hypervisor> use() const {
        if (!is_of_this_process())
            throw InputError(InputErrorKind::isolation,
                             "this hypervisor belongs to the process that made it: a forked process must make its own");
        const std::lock_guard<std::mutex> lock{mutex_};
        if (!hypervisor_)
            throw InputError(InputErrorKind::state, "this hypervisor is closed: make another one");
        return hypervisor_;
    }
    /// Ends every context; without the GIL.
    void close() {
        if (!is_of_this_process()) (void)use();
        std::shared_ptr<Hypervisor> last;
        {
            const std::lock_guard<std::mutex> lock{mutex_};
            last.swap(hypervisor_);
        }
        if (!last) return;
        for (const auto& [name, context] : last->list()) {
            try {
                last->destroy(context);
            } catch (const InputError&) {  // by another thread, meanwhile
            }
        }
    }
    [[nodiscard]] bool on_virtual_clock() const noexcept { return virtual_; }
    [[nodiscard]] bool is_of_this_process() const noexcept { return getpid() == process_; }

    /// A call from the hypervisor into Python. Whoever waits for a run in it may wait for the run that calls.
    class Callback {
    public:
        explicit Callback(const Host& host) : host_(host) {
            const std::lock_guard<std::mutex> lock{host_.mutex_};
            host_.calling_.insert(std::this_thread::get_id());
        }
        ~Callback() {
            if (!host_.is_of_this_process()) return;
            const std::lock_guard<std::mutex> lock{host_.mutex_};
            host_.calling_.erase(std::this_thread::get_id());
        }
        Callback(const Callback&) = delete;
        Callback& operator=(const Callback&) = delete;

    private:
        const Host& host_;
    };
    void require_no_callback() const {
        const std::lock_guard<std::mutex> lock{mutex_};
        if (!calling_.contains(std::this_thread::get_id())) return;
        throw InputError(InputErrorKind::state,
                         "a progress callback may not run cells of the hypervisor that calls it, which would wait for "
                         "itself: look at them, or raise an exception to end that run first");
    }

private:
    pid_t process_ = getpid();
    bool virtual_;
    mutable std::mutex mutex_;
    mutable std::set<std::thread::id> calling_;
    std::shared_ptr<Hypervisor> hypervisor_;
};

/// Calls a method of the hypervisor without the GIL.
template <typename Call>
auto without_gil(const Host& host, Call&& call) {
    const GilReleased release;
    return call(*host.use());
}

/// A run that was asked for, and what its context came to.
struct Submitted {
    std::shared_ptr<Run> run;
    std::size_t gene_count = 0;
    /// What is noted at its end, on the thread that ends it.
    struct Closing {
        std::optional<Audit> audit;
        std::atomic<bool> hurried{false};  ///< no audit: whoever ends it has many more to end
    };
    std::shared_ptr<Closing> closing = std::make_shared<Closing>();

    [[nodiscard]] std::unique_ptr<RunTrace> trace() const {
        if (!run->finished) throw InputError(InputErrorKind::state, "this run has not ended yet: wait for it");
        auto trace = std::make_unique<RunTrace>();
        trace->columns = std::shared_ptr<const Trace>{run, &run->trace};
        trace->gene_count = gene_count;
        trace->status = name_of(status_names, run->status);
        trace->cause = run->cause;
        trace->breach = run->status == RunStatus::quota && run->on_quota == OnQuota::raise;
        trace->audit = closing->audit;
        trace->wall_time_s = static_cast<double>(run->wall_ns) * 1e-9;
        trace->sim_time_s = run->ended_s - run->started_s;
        trace->events_before = run->events_before;
        trace->events_after = run->events_after;
        trace->ledger_before = run->ledger_before;
        trace->ledger_after = run->ledger_after;
        return trace;
    }
};

/// Ends these runs where they are, at once.
void cancel(Hypervisor& hypervisor, const std::vector<Submitted>& submitted) {
    for (const Submitted& one : submitted) one.closing->hurried = true;
    // the last one first: none of them begins because the one before it has ended
    for (auto one = submitted.rbegin(); one != submitted.rend(); ++one) hypervisor.cancel(one->run);
}

/// Waits, with the GIL at hand, until the runs have finished, and calls `between` on the way. Ctrl-C, or an exception from
/// `between`, cancels them.
/// @return whether it was Ctrl-C
template <typename Between>
bool wait_for(const Host& host, const std::shared_ptr<Hypervisor>& hypervisor, const std::vector<Submitted>& submitted,
              Between&& between, std::int64_t slice_ns = slice_of_waiting_ns) {
    std::vector<std::shared_ptr<Run>> runs;
    for (const Submitted& one : submitted) runs.push_back(one.run);
    auto finished = [&, look_ns = first_look_ns](std::int64_t timeout_ns) mutable {
        const GilReleased release;
        return hypervisor->wait(runs, timeout_ns, std::exchange(look_ns, 0));
    };
    const auto stuck = [&] {  // on a virtual clock nobody else makes anything happen
        if (!host.on_virtual_clock()) return false;
        const GilReleased release;
        return !hypervisor->step();
    };
    const auto cancel_all = [&] {
        const GilReleased release;
        cancel(*hypervisor, submitted);
        (void)hypervisor->wait(runs);
    };
    const auto call_back = [&] {
        const Host::Callback calling{host};
        between();
    };
    try {
        host.require_no_callback();
        while (!finished(slice_ns)) {
            const bool is_interrupted = interrupted() || interrupted_in(call_back);
            if (!host.is_of_this_process()) (void)host.use();  // the callback has forked, and this is the child
            if (is_interrupted || stuck()) {
                cancel_all();
                return is_interrupted;
            }
        }
        return interrupted();  // also of runs too short for a look on the way
    } catch (...) {
        if (host.is_of_this_process()) cancel_all();
        throw;
    }
}

using Genes = std::optional<std::vector<std::uint32_t>>;

Submitted submit(Hypervisor& hypervisor, ContextHandle context, Job job, const Genes& only) {
    Submitted submitted;
    hypervisor.look(context, [&](const CellularContext& c) { submitted.gene_count = c.program().gene_count(); });
    if (only) {
        job.before = [change = std::move(job.before), genes = *only](CellularContext& c) {
            if (change) change(c);
            restrict_transcription(c, genes);
        };
    }
    job.after = [closing = submitted.closing, lift = only.has_value()](CellularContext& c) {
        if (lift) c.restrict_transcription(std::nullopt);
        if (!closing->hurried) closing->audit = c.audit();
    };
    submitted.run = hypervisor.submit(context, std::move(job));
    return submitted;
}

const char* way_to_run(ContextState state) noexcept {
    switch (state) {
        case ContextState::created: return "start it with start_vm";
        case ContextState::paused: return "let it go on with resume_vm";
        case ContextState::stopped: return "it can be looked at, and fork_vm makes another of it";
        default: return "it can only be destroyed";
    }
}

/// A context that a hypervisor runs.
class HostedContext final : public Runner {
public:
    HostedContext(std::shared_ptr<const Host> host, ContextHandle context) : host_(std::move(host)), context_(context) {}

    void look(const std::function<void(const CellularContext&)>& look) const override {
        host_->use()->look(context_, look);
    }
    void change(const std::function<void(CellularContext&)>& change) override { host_->use()->change(context_, change); }
    CellularContext divide() override { return host_->use()->divide(context_); }
    CellularContext fork(std::optional<std::uint64_t> seed) override {
        std::optional<CellularContext> made;
        change([&](CellularContext& context) { made.emplace(context.fork(seed)); });
        return std::move(*made);
    }
    void ready() const override {
        const std::shared_ptr<Hypervisor> hypervisor = host_->use();
        const ContextState state = hypervisor->state(context_);
        if (state != ContextState::running)
            throw InputError(InputErrorKind::state, "VM '" + hypervisor->name(context_) + "' is " +
                                                        name_of(state_names, state) + ", not running: " +
                                                        way_to_run(state));
    }
    std::unique_ptr<RunTrace> run(const RunOrder& order) override {
        Job job;
        job.duration_s = order.duration_s;
        job.every_s = order.every_s.value_or(Recorder::never_s);
        const std::shared_ptr<Hypervisor> used = host_->use();  // to the end of the run, also if it is closed meanwhile
        const Submitted submitted = [&] {
            const GilReleased release;
            std::size_t gene_count = 0;
            used->look(context_, [&](const CellularContext& c) { gene_count = c.program().gene_count(); });
            check(order, gene_count);
            ready();
            return submit(*used, context_, std::move(job), order.only);
        }();
        const auto report = [&] {
            if (order.progress.is_none()) return;
            try {
                const ContextMetrics now = without_gil(*host_, [&](Hypervisor& h) { return h.metrics(context_); });
                call_python(order.progress,
                            py::make_tuple(now.time_s, now.events.nucleotide_steps + now.events.codon_steps));
            } catch (const InputError&) {  // destroyed or closed meanwhile: the run says so
            }
        };
        bool cancelled = wait_for(*host_, used, {submitted}, [&] {
            if (!submitted.run->finished) report();
        });
        if (submitted.run->status == RunStatus::completed) cancelled = interrupted_in(report) || cancelled;
        auto trace = submitted.trace();
        if (cancelled && trace->status == "completed") trace->status = "cancelled";
        return trace;
    }

private:
    std::shared_ptr<const Host> host_;
    ContextHandle context_;
};

Hypervisor::Terms terms_of(const Policy& policy, const Quota& quota, const std::optional<Allocation>& allocation) {
    return {policy, quota, allocation};
}

py::dict named_latency(const Latency& latency) {
    py::dict d;
    d["count"] = latency.count;
    d["p50_ns"] = latency.p50_ns;
    d["p99_ns"] = latency.p99_ns;
    d["max_ns"] = latency.max_ns;
    return d;
}

py::dict named_metrics(const ContextMetrics& c) {
    py::dict d;
    d["vm_id"] = c.name;
    d["handle"] = c.handle;
    d["state"] = name_of(state_names, c.state);
    d["cause"] = c.cause;
    const Policy& p = c.policy;
    const Quota& q = c.quota;
    d["policy"] = py::make_tuple(name_of(policy_names, p.kind), p.weight, p.cap, p.budget_ns, p.period_ns, p.reclaim);
    d["quota"] = py::make_tuple(q.candidates, q.cpu_ns, q.memory_bytes, q.molecules, q.simulated_s,
                                name_of(quota_names, q.on_quota));
    d["on_worker"] = c.on_worker;
    d["time_s"] = c.time_s;
    d["events"] = named_events(c.events, {});
    d["drawn_atp"] = c.drawn.atp;
    d["drawn_amino_acids"] = c.drawn.amino_acids;
    d["memory_bytes"] = c.memory_bytes;
    d["machines"] = named_machines(c.machines, c.cycle.forks);
    d["cell_cycle"] = c.cycle.grows ? py::object(named_cycle(c.cycle)) : py::none();
    d["atp"] = c.atp;
    d["grant"] = c.grant;
    d["cpu_ns"] = c.cpu_ns;
    d["wait_ns"] = c.wait_ns;
    d["os_steal_ns"] = c.os_steal_ns;
    d["switches"] = c.switches;
    d["dispatch"] = named_latency(c.dispatch);
    d["pace"] = c.pace;
    d["periods"] = c.periods;
    d["deadline_misses"] = c.deadline_misses;
    d["deadline_misses_by_os"] = c.deadline_misses_by_os;
    d["max_tardiness_ns"] = c.max_tardiness_ns;
    d["runs_waiting"] = c.runs_waiting;
    return d;
}

py::dict named_metrics(const WorkerMetrics& w) {
    py::dict d;
    d["total_ns"] = w.total_ns;
    d["context_ns"] = w.context_ns;
    d["overhead_ns"] = w.overhead_ns;
    d["idle_ns"] = w.idle_ns;
    d["os_steal_ns"] = w.os_steal_ns;
    d["overhead_os_steal_ns"] = w.overhead_os_steal_ns;
    d["slices"] = w.slices;
    d["deadline_share"] = w.deadline_share;
    return d;
}

template <typename Record>
py::list named_all(const std::vector<Record>& records) {
    py::list all(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) all[i] = named_metrics(records[i]);
    return all;
}

/// What a hypervisor told of all its contexts, as it was: rows and columns are made when they are asked for.
struct ContextTable {
    std::vector<ContextMetrics> rows;

    [[nodiscard]] py::object column(const std::string& name) const {
        const auto of = [this](auto&& value) {
            std::vector<std::decay_t<decltype(value(rows.front()))>> values;
            values.reserve(rows.size());
            for (const ContextMetrics& row : rows) values.push_back(value(row));
            return values;
        };
        const auto counts = [&of](std::int64_t ContextMetrics::* member) {
            return py::object(array_of(of([member](const ContextMetrics& c) { return c.*member; })));
        };
        if (name == "vm_id") return py::cast(of([](const ContextMetrics& c) { return c.name; }));
        if (name == "key")
            return array_of(of([](const ContextMetrics& c) {
                return std::int64_t{c.handle.slot} << 32 | std::int64_t{c.handle.generation};
            }));
        if (name == "state")
            return array_of(of([](const ContextMetrics& c) { return static_cast<std::int64_t>(c.state); }));
        if (name == "explained") return array_of(of([](const ContextMetrics& c) { return std::int64_t{!c.cause.empty()}; }));
        if (name == "time_s") return array_of(of([](const ContextMetrics& c) { return c.time_s; }));
        if (name == "steps")
            return array_of(
                of([](const ContextMetrics& c) { return c.events.nucleotide_steps + c.events.codon_steps; }));
        if (name == "cpu_ns") return counts(&ContextMetrics::cpu_ns);
        if (name == "memory_bytes") return counts(&ContextMetrics::memory_bytes);
        if (name == "deadline_misses") return counts(&ContextMetrics::deadline_misses);
        if (name == "runs_waiting") return counts(&ContextMetrics::runs_waiting);
        throw InputError(InputErrorKind::argument, "there is no column '" + name + "'");
    }
};

void bind_table(py::module_& m) {
    py::class_<ContextTable>(m, "ContextTable", py::module_local(), "What a hypervisor told of all its contexts.")
        .def("__len__", [](const ContextTable& table) { return table.rows.size(); })
        .def("row", [](const ContextTable& table, std::size_t i) { return named_metrics(table.rows.at(i)); },
             py::arg("index"))
        .def("column", &ContextTable::column, py::arg("name"));
}

void bind_terms(py::module_& m) {
    py::class_<ContextHandle>(m, "ContextHandle", py::module_local(), "Names a context of one hypervisor.")
        .def(py::init([](std::uint64_t hypervisor, std::uint32_t slot, std::uint32_t generation) {
                 return ContextHandle{hypervisor, slot, generation};
             }),
             py::arg("hypervisor"), py::arg("slot"), py::arg("generation"))
        .def_readonly("hypervisor", &ContextHandle::hypervisor)
        .def_readonly("slot", &ContextHandle::slot)
        .def_readonly("generation", &ContextHandle::generation)
        .def("__reduce__",
             [](const ContextHandle& h) {
                 return py::make_tuple(py::type::of<ContextHandle>(), py::make_tuple(h.hypervisor, h.slot, h.generation));
             })
        .def("__eq__", [](const ContextHandle& a, const ContextHandle& b) { return a == b; }, py::is_operator())
        .def("__hash__", [](const ContextHandle& h) { return py::hash(py::make_tuple(h.hypervisor, h.slot, h.generation)); })
        .def("__repr__", [](const ContextHandle& h) {
            return "<ContextHandle " + std::to_string(h.slot) + "." + std::to_string(h.generation) + ">";
        });

    py::class_<Policy>(m, "Policy", py::module_local(), "How a context gets a worker's time.")
        .def(py::init([](const std::string& kind, double weight, double cap, std::int64_t budget_ns,
                         std::int64_t period_ns, bool reclaim) {
                 return Policy{named<policy_names.size(), Policy::Kind>(policy_names, kind), weight, cap, budget_ns,
                               period_ns, reclaim};
             }),
             py::arg("kind"), py::kw_only(), py::arg("weight") = 1.0, py::arg("cap") = 1.0, py::arg("budget_ns") = 0,
             py::arg("period_ns") = 0, py::arg("reclaim") = false);

    using Count = std::optional<std::int64_t>;
    py::class_<Quota>(m, "Quota", py::module_local(), "Limits of one context.")
        .def(py::init([](Count candidates, Count cpu_ns, Count memory_bytes, Count molecules,
                         std::optional<double> simulated_s, const std::string& on_quota) {
                 return Quota{candidates, cpu_ns, memory_bytes, molecules, simulated_s,
                              named<quota_names.size(), OnQuota>(quota_names, on_quota)};
             }),
             py::kw_only(), py::arg("candidates") = py::none(), py::arg("cpu_ns") = py::none(),
             py::arg("memory_bytes") = py::none(), py::arg("molecules") = py::none(),
             py::arg("simulated_s") = py::none(), py::arg("on_quota") = "pause");

    py::class_<Allocation>(m, "Allocation", py::module_local(), "What a context asks of a chassis.")
        .def(py::init([](const Capacity& amount, const std::optional<Capacity>& limit, const std::string& priority) {
                 return Allocation{amount, limit, named<priority_names.size(), Priority>(priority_names, priority)};
             }),
             py::arg("amount"), py::arg("limit") = py::none(), py::arg("priority") = "normal");

    py::class_<Chassis>(m, "Chassis", py::module_local(), "A pool of biological capacity.")
        .def(py::init<const Capacity&, double, double>(), py::arg("total"), py::arg("hypervisor_overhead") = 0.0,
             py::arg("emergency_reserve") = 0.0)
        .def_property_readonly("total", &Chassis::total)
        .def_property_readonly("overhead", &Chassis::overhead)
        .def_property_readonly("reserve", &Chassis::reserve)
        .def("held", &Chassis::held, py::arg("at_s"), "What its holders have at one age.")
        .def("free",
             [](const Chassis& c, double at_s, const std::string& priority) {
                 return c.free(at_s, named<priority_names.size(), Priority>(priority_names, priority));
             },
             py::arg("at_s"), py::arg("priority") = "normal", "What a holder of this priority could have more.");

    py::class_<Clock, std::shared_ptr<Clock>>(m, "Clock", py::module_local(), "Where a hypervisor reads the time.")
        .def_property_readonly("now_ns", [](Clock& c) { return c.now_ns(); });
    py::class_<VirtualClock, Clock, std::shared_ptr<VirtualClock>>(m, "VirtualClock", py::module_local(),
                                                                   "A clock that only work moves.")
        .def(py::init([](std::uint64_t seed, std::int64_t candidate_ns, std::int64_t switch_ns) {
                 return std::make_shared<VirtualClock>(seed, VirtualClock::Costs{candidate_ns, switch_ns});
             }),
             py::arg("seed"), py::arg("candidate_ns") = 20, py::arg("switch_ns") = 0);

    py::class_<Submitted>(m, "Run", py::module_local(), "A run that was asked for.")
        .def_property_readonly("finished", [](const Submitted& s) { return s.run->finished.load(); })
        .def_property_readonly("status",
                               [](const Submitted& s) {
                                   return name_of(status_names, s.run->finished ? s.run->status : RunStatus::pending);
                               })
        .def_property_readonly("cause", [](const Submitted& s) { return s.run->finished ? s.run->cause : std::string{}; })
        .def_property_readonly("breach",
                               [](const Submitted& s) {
                                   return s.run->finished && s.run->status == RunStatus::quota &&
                                          s.run->on_quota == OnQuota::raise;
                               },
                               "Whether a quota ended it whose owner wants an exception.")
        .def("trace", &Submitted::trace, "Its samples and totals, once it has finished.");
}

}  // namespace

void bind_hypervisor(py::module_& m) {
    bind_terms(m);
    bind_table(m);
    using Handle = ContextHandle;
    using Allocated = std::optional<Allocation>;
    const auto told = [](void (Hypervisor::*order)(Handle)) {
        return [order](const Host& host, Handle context) {
            without_gil(host, [&](Hypervisor& h) { (h.*order)(context); });
        };
    };

    py::class_<Host, std::shared_ptr<Host>>(m, "Hypervisor", py::module_local(), "Runs contexts on workers.")
        .def(py::init([](std::size_t workers, std::size_t max_contexts, std::uint64_t quantum, std::int64_t slice_ns,
                         bool cooperative, const std::optional<Chassis>& chassis, const std::optional<std::shared_ptr<Clock>>& clock) {
                 Hypervisor::Options options;
                 options.workers = workers;
                 options.max_contexts = max_contexts;
                 options.quantum = quantum;
                 options.slice_ns = slice_ns;
                 options.cooperative = cooperative;
                 options.chassis = chassis;
                 options.clock = clock.value_or(nullptr);
                 return std::make_shared<Host>(std::move(options));
             }),
             py::kw_only(), py::arg("workers"), py::arg("max_contexts"), py::arg("quantum"), py::arg("slice_ns"),
             py::arg("cooperative"), py::arg("chassis"), py::arg("clock"))
        .def("close", &Host::close, py::call_guard<GilReleased>(), "Ends every context and run.")
        .def("create",
             [](const Host& host, const std::string& name, const std::shared_ptr<Program>& program, std::uint64_t seed,
                const Policy& policy, const Quota& quota, const Allocated& allocation) {
                 return without_gil(host, [&](Hypervisor& h) {
                     return h.create(name, CellularContext{program, seed}, terms_of(policy, quota, allocation));
                 });
             },
             py::arg("name"), py::arg("program"), py::arg("seed"), py::arg("policy"), py::arg("quota"),
             py::arg("allocation"))
        .def("admit",
             [](const Host& host, const std::string& name, const py::bytes& snapshot,
                const std::shared_ptr<Program>& program, const Policy& policy, const Quota& quota,
                const Allocated& allocation) {
                 const std::string_view text{snapshot};
                 return without_gil(host, [&](Hypervisor& h) {
                     auto cell = CellularContext::restore(std::as_bytes(std::span{text.data(), text.size()}), program);
                     return h.create(name, std::move(cell), terms_of(policy, quota, allocation));
                 });
             },
             py::arg("name"), py::arg("snapshot"), py::arg("program"), py::arg("policy"), py::arg("quota"),
             py::arg("allocation"), "As `create`, from a snapshot.")
        .def("fork",
             [](const Host& host, Handle parent, const std::string& name, std::optional<std::uint64_t> seed, bool replay,
                const Policy& policy, const Quota& quota, const Allocated& allocation) {
                 return without_gil(host, [&](Hypervisor& h) {
                     return h.fork(parent, name, seed, replay, terms_of(policy, quota, allocation));
                 });
             },
             py::arg("parent"), py::arg("name"), py::arg("seed"), py::arg("replay"), py::arg("policy"),
             py::arg("quota"), py::arg("allocation"))
        .def("divide",
             [](const Host& host, Handle mother, const std::string& name, const Policy& policy, const Quota& quota,
                const Allocated& allocation) {
                 return without_gil(host, [&](Hypervisor& h) {
                     return h.divide(mother, name, terms_of(policy, quota, allocation));
                 });
             },
             py::arg("mother"), py::arg("name"), py::arg("policy"), py::arg("quota"), py::arg("allocation"),
             "Divides a cell at its next supply tick; the other half becomes a context of its own.")
        .def("contexts", [](const Host& host) { return without_gil(host, [](Hypervisor& h) { return h.list(); }); },
             "(name, handle) in the order of creation.")
        .def("name",
             [](const Host& host, Handle context) {
                 return without_gil(host, [&](Hypervisor& h) { return h.name(context); });
             },
             py::arg("context"))
        .def("identity_of",
             [](const Host& host, Handle context) {
                 return without_gil(host, [&](Hypervisor& h) {
                     const std::shared_ptr<const Program> base = h.program(context);
                     std::tuple<std::optional<std::uint64_t>, std::string, std::string> identity{
                         std::nullopt, base->fingerprint(), base->genome_fingerprint()};
                     try {
                         h.look(context, [&](const CellularContext& c) {
                             std::get<0>(identity) = c.seed();
                             std::get<1>(identity) = c.program().fingerprint();
                         });
                     } catch (const InputError& e) {
                         if (e.kind() != InputErrorKind::state) throw;
                     }
                     return identity;
                 });
             },
             py::arg("context"), "Seed, and fingerprints of program and genome. One that has failed has no seed any more.")
        .def("start", told(&Hypervisor::start), py::arg("context"))
        .def("pause", told(&Hypervisor::pause), py::arg("context"))
        .def("resume", told(&Hypervisor::resume), py::arg("context"))
        .def("stop", told(&Hypervisor::stop), py::arg("context"))
        .def("destroy", told(&Hypervisor::destroy), py::arg("context"))
        .def("state",
             [](const Host& host, Handle context) {
                 return name_of(state_names, without_gil(host, [&](Hypervisor& h) { return h.state(context); }));
             },
             py::arg("context"))
        .def("context",
             [](const std::shared_ptr<Host>& host, Handle context) -> std::unique_ptr<Runner> {
                 (void)without_gil(*host, [&](Hypervisor& h) { return h.state(context); });
                 return std::make_unique<HostedContext>(host, context);
             },
             py::arg("context"), "A context that the hypervisor runs, as any other is held.")
        .def("submit",
             [](const Host& host, Handle context, double until_s, double duration_s, std::optional<double> every_s,
                bool record, double pace, const Genes& only, std::optional<std::uint32_t> knockout,
                const std::optional<std::pair<std::string, std::int64_t>>& resource, const py::object& into,
                const py::object& key) {
                 Job job;
                 job.until_s = until_s;
                 job.duration_s = duration_s;
                 job.every_s = every_s.value_or(Recorder::never_s);
                 job.record = record;
                 job.pace = pace;
                 if (knockout) {
                     job.before = [gene = static_cast<GeneId>(*knockout)](CellularContext& c) { c.knockout(gene); };
                 } else if (resource) {
                     const auto species = find_species(resource->first);
                     if (!species || *species >= species::resource_count)
                         throw InputError(InputErrorKind::argument, "'" + resource->first + "' is not a resource of the cell");
                     job.before = [species = *species, molecules = resource->second](CellularContext& c) {
                         c.set_resource(species, molecules);
                     };
                 }
                 Submitted run = without_gil(host, [&](Hypervisor& h) { return submit(h, context, std::move(job), only); });
                 if (!into.is_none()) into.attr("append")(py::make_tuple(key, run));
                 return run;
             },
             py::arg("context"), py::kw_only(), py::arg("until_s") = Job::never_s, py::arg("duration_s") = Job::never_s,
             py::arg("every_s") = py::none(), py::arg("record") = true, py::arg("pace") = 0.0,
             py::arg("only") = py::none(), py::arg("knockout") = py::none(), py::arg("resource") = py::none(),
             py::arg("into") = py::none(), py::arg("key") = py::none(),
             "Asks for a run after those asked for before, and for one change at its beginning. `into` gets "
             "(`key`, the run): Ctrl-C cannot come between.")
        .def("cancel",
             [](const Host& host, const std::vector<Submitted>& runs) {
                 without_gil(host, [&](Hypervisor& h) { cancel(h, runs); });
             },
             py::arg("runs"), "Ends them where they are, all at once.")
        .def("wait",
             [](const Host& host, const std::vector<Submitted>& submitted, const py::object& progress,
                double interval_s) {
                 using clock = std::chrono::steady_clock;
                 auto called = clock::now();
                 const auto slice_ns = std::min(slice_of_waiting_ns, static_cast<std::int64_t>(interval_s * 1e9));
                 return wait_for(host, host.use(), submitted, [&] {
                     if (progress.is_none() || clock::now() - called < std::chrono::duration<double>(interval_s)) return;
                     called = clock::now();
                     call_python(progress, py::tuple());
                 }, slice_ns);
             },
             py::arg("runs"), py::arg("progress") = py::none(), py::arg("interval_s") = 0.25,
             "Waits until all have finished; Ctrl-C (then it gives True), or an exception from `progress`, cancels them.")
        .def("set_policy",
             [](const Host& host, Handle context, const Policy& policy) {
                 without_gil(host, [&](Hypervisor& h) { h.set_policy(context, policy); });
             },
             py::arg("context"), py::arg("policy"))
        .def("set_quota",
             [](const Host& host, Handle context, const Quota& quota) {
                 without_gil(host, [&](Hypervisor& h) { h.set_quota(context, quota); });
             },
             py::arg("context"), py::arg("quota"))
        .def("allocate",
             [](const Host& host, Handle context, const Allocation& allocation, std::optional<double> at_s) {
                 return without_gil(host, [&](Hypervisor& h) { return h.allocate(context, allocation, at_s); });
             },
             py::arg("context"), py::arg("allocation"), py::arg("at_s"))
        .def("allocation",
             [](const Host& host, Handle context, std::optional<double> at_s) {
                 const auto held = without_gil(host, [&](Hypervisor& h) { return h.allocation(context, at_s); });
                 std::optional<std::tuple<Capacity, std::optional<Capacity>, std::string>> named;
                 if (held) named.emplace(held->amount, held->limit, name_of(priority_names, held->priority));
                 return named;
             },
             py::arg("context"), py::arg("at_s"), "Amount, limit and priority that `allocate` would change; None: none.")
        .def("rebalance",
             [](const Host& host, double at_s) {
                 return without_gil(host, [&](Hypervisor& h) { return h.rebalance(at_s); });
             },
             py::arg("at_s"))
        .def("chassis", [](const Host& host) { return without_gil(host, [](Hypervisor& h) { return h.chassis(); }); })
        .def("metrics",
             [](const Host& host) {
                 HypervisorMetrics now = without_gil(host, [](Hypervisor& h) { return h.metrics(); });
                 py::dict d;
                 d["uptime_ns"] = now.uptime_ns;
                 d["departed_cpu_ns"] = now.departed_cpu_ns;
                 d["preemption"] = named_latency(now.preemption);
                 d["workers"] = named_all(now.workers);
                 d["vms"] = ContextTable{std::move(now.contexts)};
                 return d;
             })
        .def("metrics_of",
             [](const Host& host, Handle context) {
                 return named_metrics(without_gil(host, [&](Hypervisor& h) { return h.metrics(context); }));
             },
             py::arg("context"))
        .def("checkpoint",
             [](const Host& host) { return as_bytes(without_gil(host, [](Hypervisor& h) { return h.checkpoint(); })); })
        .def("restore",
             [](const Host& host, const py::bytes& checkpoint,
                const std::function<std::optional<std::shared_ptr<Program>>(const std::string&)>& program_of) {
                 const std::string_view text{checkpoint};
                 without_gil(host, [&](Hypervisor& h) {
                     h.restore(std::as_bytes(std::span{text.data(), text.size()}),
                               [&](const std::string& genome) -> std::shared_ptr<const Program> {
                                   return program_of(genome).value_or(nullptr);
                               });
                 });
             },
             py::arg("checkpoint"), py::arg("program_of"),
             "Takes the contexts of a checkpoint in; `program_of` gives the program of a genome's fingerprint, or None.")
        .def("step", [](const Host& host) { return without_gil(host, [](Hypervisor& h) { return h.step(); }); },
             "On a virtual clock: one quantum of one worker; whether anything could happen.");
}
