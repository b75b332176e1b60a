#include "arrays.hpp"
#include "bindings.hpp"
#include "running.hpp"

#include <bioxen/cellular_context.hpp>
#include <bioxen/error.hpp>
#include <bioxen/turnstile.hpp>

#include <pybind11/stl.h>

#include <atomic>
#include <chrono>
#include <string>

namespace py = pybind11;
using namespace bioxen;

namespace {

/// Names of `Phase`.
constexpr std::array phase_names{"B", "C", "D", "arrested", "dead"};
constexpr std::array death_names{"", "heat", "starvation", "dna_damage", "energy_loss"};

/// Names of `event_count_members`.
constexpr std::array<const char*, event_count_members.size()> event_names{
    "nucleotide_steps",       "codon_steps",
    "transcription_initiations", "transcription_completions",
    "transcription_aborts",   "translation_initiations",
    "translation_completions", "translation_aborts",
    "mrna_decay_initiations", "mrna_decays",
    "degradation_steps",      "protein_decays",
    "head_on_dissociations",  "candidates",
    "replication_steps",      "replication_initiations",
    "replication_terminations", "replication_displacements",
    "machines_assembled",     "membrane_insertions",
    "divisions",              "dna_damages",
    "dna_repairs"};

py::dict named_ledger(const std::vector<ProcessPosting>& now, const std::vector<ProcessPosting>& before) {
    py::dict ledger;
    for (std::size_t p = 0; p < now.size(); ++p) {
        py::dict posting;
        for (SpeciesIndex s = 0; s < species::count; ++s) {
            const std::int64_t net = now[p].cell[s] - (before.empty() ? 0 : before[p].cell[s]);
            if (net != 0) posting[py::str(species_name(s))] = net;
        }
        if (posting.size() > 0) ledger[py::str(now[p].process)] = posting;
    }
    return ledger;
}

py::array gene_column(const RunTrace& trace, const std::vector<std::int64_t>& values, py::handle owner) {
    const auto genes = static_cast<py::ssize_t>(trace.gene_count);
    return column(values.data(), {trace.samples(), genes}, {genes, 1}, owner);
}

const RunTrace& of(py::handle owner) { return py::cast<const RunTrace&>(owner); }

template <typename Value>
py::array cycle_column(py::handle owner, Value CycleState::*member) {
    constexpr py::ssize_t stride = sizeof(CycleState) / sizeof(Value);
    static_assert(sizeof(CycleState) % sizeof(Value) == 0);
    static const CycleState none{};
    const auto& rows = of(owner).columns->cycle;
    const CycleState* const first = rows.empty() ? &none : rows.data();
    return column(&(first->*member), {of(owner).samples()}, {stride}, owner);
}

void bind_trace(py::module_& m) {
    py::class_<RunTrace>(m, "Trace", py::module_local(), "Samples and totals of one run; columns are read-only views.")
        .def_readonly("status", &RunTrace::status)
        .def_readonly("cause", &RunTrace::cause)
        .def_readonly("breach", &RunTrace::breach)
        .def_property_readonly("audit",
                               [](const RunTrace& t) -> std::optional<std::map<std::string, std::int64_t>> {
                                   if (!t.audit) return std::nullopt;
                                   return t.audit->residuals;
                               })
        .def_readonly("wall_time_s", &RunTrace::wall_time_s)
        .def_readonly("sim_time_s", &RunTrace::sim_time_s)
        .def_property_readonly(
            "time_s",
            [](py::object self) { return column(of(self).columns->time_s.data(), {of(self).samples()}, {1}, self); })
        .def_property_readonly("proteins",
                               [](py::object self) { return gene_column(of(self), of(self).columns->proteins, self); })
        .def_property_readonly("mrnas",
                               [](py::object self) { return gene_column(of(self), of(self).columns->mrnas, self); })
        .def_property_readonly(
            "resources",
            [](py::object self) {
                constexpr py::ssize_t pools = species::resource_count;
                return column(of(self).columns->resources.data(), {of(self).samples(), pools}, {pools, 1}, self);
            },
            "Molecules, one column per pool in the order of `resource_names`.")
        .def_property_readonly(
            "machines",
            [](py::object self) {
                py::dict machines;
                constexpr py::ssize_t stride = sizeof(MachineCount) / sizeof(std::int64_t);
                static const MachineCount none{};
                for (std::size_t i = 0; i < machine_names.size(); ++i) {
                    const auto& rows = of(self).columns->machines[i];
                    const MachineCount* const first = rows.empty() ? &none : rows.data();
                    py::dict counts;
                    counts["total"] = column(&first->total, {of(self).samples()}, {stride}, self);
                    counts["free"] = column(&first->free, {of(self).samples()}, {stride}, self);
                    counts["active"] = column(&first->active, {of(self).samples()}, {stride}, self);
                    machines[machine_names[i]] = counts;
                }
                py::dict replisomes;
                const py::array forks = cycle_column(self, &CycleState::forks);
                for (const char* key : {"total", "active"}) replisomes[key] = forks;
                py::array none_free = array_of(std::vector<std::int64_t>(of(self).columns->size(), 0));
                none_free.attr("setflags")(py::arg("write") = false);
                replisomes["free"] = none_free;
                machines["replisome"] = replisomes;
                return machines;
            })
        .def_property_readonly(
            "cell_cycle",
            [](py::object self) {
                py::dict columns;
                const std::vector<CycleState>& rows = of(self).columns->cycle;
                if (rows.empty() || !rows.front().grows) return columns;
                std::vector<std::int64_t> phases;
                for (const CycleState& row : rows) phases.push_back(static_cast<std::int64_t>(row.phase));
                columns["phase"] = array_of(phases);
                columns["volume_l"] = cycle_column(self, &CycleState::volume_l);
                columns["surface_ratio"] = cycle_column(self, &CycleState::surface_ratio);
                columns["growth_rate_per_h"] = cycle_column(self, &CycleState::growth_rate_per_h);
                columns["generation"] = cycle_column(self, &CycleState::generation);
                columns["chromosomes"] = cycle_column(self, &CycleState::chromosomes);
                columns["origins"] = cycle_column(self, &CycleState::origins);
                columns["forks"] = cycle_column(self, &CycleState::forks);
                return columns;
            },
            "Of a cell that grows; else empty. Phases are places in `phase_names`.")
        .def_property_readonly("events",
                               [](const RunTrace& t) { return named_events(t.events_after, t.events_before); })
        .def_property_readonly("ledger",
                               [](const RunTrace& t) { return named_ledger(t.ledger_after, t.ledger_before); })
        .def("__repr__", [](const RunTrace& t) {
            return "<Trace " + t.status + ", " + std::to_string(t.samples()) + " samples>";
        });
}

/// A context of its own, with what keeps its users apart: one of them runs or changes it, any number look at it.
class OwnContext final : public Runner {
public:
    explicit OwnContext(CellularContext&& made) : context_(std::move(made)) {}

    void look(const std::function<void(const CellularContext&)>& look) const override {
        turnstile_.look([&] { look(context_); });
    }
    void change(const std::function<void(CellularContext&)>& change) override {
        const Hold hold{busy_};
        turnstile_.run([&] { change(context_); });
    }
    CellularContext fork(std::optional<std::uint64_t> seed) override {
        return turnstile_.look([&] { return context_.fork(seed); });
    }
    CellularContext divide() override {
        std::optional<CellularContext> daughter;
        change([&](CellularContext& c) {
            if (const double tick = CellularContext::next_tick_s(c.time_s()); tick > c.time_s()) c.advance(tick);
            daughter.emplace(c.divide());
        });
        return std::move(*daughter);
    }
    std::unique_ptr<RunTrace> run(const RunOrder& order) override;

private:
    /// Holds a context for one call; a second one at the same time is refused.
    class Hold {
    public:
        explicit Hold(std::atomic_flag& busy) : busy_(busy) {
            if (busy_.test_and_set())
                throw InputError(InputErrorKind::runtime,
                                 "the context is running in another call: wait for it, or use a context of its own");
        }
        ~Hold() { busy_.clear(); }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        std::atomic_flag& busy_;
    };
    const char* advance(Recorder& recorder, const py::object& progress);

    CellularContext context_;
    mutable Turnstile turnstile_;
    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
};

/// Goes to the end of the recorder with the GIL released. About every 50 ms it takes the GIL, reports progress and looks
/// for Ctrl-C.
/// @return how it ended
const char* OwnContext::advance(Recorder& recorder, const py::object& progress) {
    using clock = std::chrono::steady_clock;
    constexpr std::uint64_t fuel = 1u << 18;  // a few milliseconds
    const auto report = [&] {
        const EventCounts events = context_.events();
        call_python(progress, py::make_tuple(context_.time_s(), events.nucleotide_steps + events.codon_steps));
    };
    auto looked = clock::now();
    auto status = AdvanceStatus::preempted;
    bool cancelled = false;
    GilReleased release;
    while (status == AdvanceStatus::preempted && !cancelled) {
        status = turnstile_.run([&] { return context_.advance(recorder.until_s(), recorder, fuel); });
        if (clock::now() - looked <= std::chrono::milliseconds{50}) continue;
        looked = clock::now();
        const GilTaken gil{release};
        cancelled = interrupted() || (!progress.is_none() && interrupted_in(report));
    }
    turnstile_.look([&] { context_.sample(recorder); });
    if (!cancelled) {  // runs too short for a look on the way report too, and hear Ctrl-C
        const GilTaken gil{release};
        cancelled = progress.is_none() ? interrupted() : interrupted_in(report);
    }
    if (cancelled) return "cancelled";
    if (status == AdvanceStatus::ready_to_divide) return "divided";
    return status == AdvanceStatus::exhausted ? "exhausted" : "completed";
}

std::unique_ptr<RunTrace> OwnContext::run(const RunOrder& order) {
    const Hold hold{busy_};
    check(order, context_.program().gene_count());
    auto trace = std::make_unique<RunTrace>();
    trace->gene_count = context_.program().gene_count();
    const auto lift = [&] {
        if (order.only) turnstile_.run([&] { context_.restrict_transcription(std::nullopt); });
    };
    if (order.only) turnstile_.run([&] { restrict_transcription(context_, *order.only); });
    const double start = context_.time_s();
    trace->events_before = context_.events();
    trace->ledger_before = context_.ledger();
    const auto started = std::chrono::steady_clock::now();
    try {
        Recorder recorder{start, start + order.duration_s, order.every_s.value_or(Recorder::never_s)};
        trace->status = advance(recorder, order.progress);
        trace->columns = std::make_shared<const Trace>(std::move(recorder).trace());
    } catch (...) {
        lift();
        throw;
    }
    lift();
    trace->wall_time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    trace->sim_time_s = context_.time_s() - start;
    trace->events_after = context_.events();
    trace->ledger_after = context_.ledger();
    return trace;
}

py::array polymerase_array(const std::vector<Polymerase>& all) {
    constexpr std::array<const char*, 3> states{"moving", "stalled", "blocked"};
    py::list rows;
    for (const Polymerase& p : all)
        rows.append(py::make_tuple(machine_names[static_cast<std::size_t>(p.kind)], index(p.replicon), p.position_nt,
                                   p.gene, states[static_cast<std::size_t>(p.state)], static_cast<int>(p.strand)));
    py::list fields;
    for (const auto& [name, type] : {std::pair{"kind", "U14"}, {"replicon", "u4"}, {"position_nt", "i8"}, {"gene", "i8"},
                                     {"state", "U7"}, {"strand", "i1"}})
        fields.append(py::make_tuple(name, type));
    return py::module_::import("numpy").attr("array")(rows, py::arg("dtype") = fields);
}

/// A method that looks at the context between events, also while it runs, and then converts what it saw.
template <typename Look, typename Convert>
auto seen(Look look, Convert convert) {
    return [look, convert](const Runner& runner) {
        auto value = [&] {
            const GilReleased release;
            return runner.seen(look);
        }();
        return convert(value);
    };
}
/// Changes the context between events; refused while another call runs it.
template <typename Change>
void changed(Runner& runner, Change change) {
    const GilReleased release;
    runner.change(change);
}
constexpr auto as_it_is = [](const auto& value) { return value; };
constexpr auto as_array = [](const std::vector<std::int64_t>& values) { return array_of(values); };

py::dict named_resources(const std::array<std::int64_t, species::resource_count>& pools) {
    py::dict resources;
    for (SpeciesIndex s = 0; s < pools.size(); ++s) resources[py::str(species_name(s))] = pools[s];
    return resources;
}

py::list gene_indices(const std::vector<GeneId>& genes) {
    py::list indices;
    for (const GeneId gene : genes) indices.append(index(gene));
    return indices;
}

py::dict named_environment(const Environment& environment) {
    py::dict named;
    named["glucose_mM"] = environment.glucose_mM;
    named["temperature_c"] = environment.temperature_c;
    named["pH"] = environment.pH;
    return named;
}

py::dict named_remaining(const Remaining& remaining) {
    py::dict named;
    for (std::size_t w = 0; w < work_names.size(); ++w) named[work_names[w]] = remaining[w];
    return named;
}

Work work_named(const std::string& name) {
    for (std::size_t w = 0; w < work_names.size(); ++w) {
        if (name == work_names[w]) return static_cast<Work>(w);
    }
    throw InputError(InputErrorKind::argument, "'" + name + "' is no work that an inhibitor slows down");
}

py::dict named_drawn(const Drawn& drawn) {
    py::dict named;
    named["atp"] = drawn.atp;
    named["amino_acids"] = drawn.amino_acids;
    return named;
}

}  // namespace

py::dict named_cycle(const CycleState& cycle) {
    py::dict named;
    named["grows"] = cycle.grows;
    named["phase"] = phase_names[static_cast<std::size_t>(cycle.phase)];
    named["volume_l"] = cycle.volume_l;
    named["surface_ratio"] = cycle.surface_ratio;
    named["growth_rate_per_h"] = cycle.growth_rate_per_h;
    named["birth_s"] = cycle.birth_s;
    named["replication_began_s"] = cycle.replication_began_s;
    named["replication_ended_s"] = cycle.replication_ended_s;
    named["generation"] = cycle.generation;
    named["chromosomes"] = cycle.chromosomes;
    named["origins"] = cycle.origins;
    named["forks"] = cycle.forks;
    named["ready_to_divide"] = cycle.ready_to_divide;
    named["cause_of_death"] = death_names[static_cast<std::size_t>(cycle.death)];
    named["died_s"] = cycle.died_s;
    named["lesions"] = cycle.lesions;
    return named;
}

py::dict named_machines(const std::array<MachineCount, 3>& counts, std::int64_t forks) {
    py::dict machines;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        py::dict one;
        one["total"] = counts[i].total;
        one["free"] = counts[i].free;
        one["active"] = counts[i].active;
        machines[machine_names[i]] = one;
    }
    py::dict replisomes;
    for (const char* key : {"total", "active"}) replisomes[key] = forks;
    replisomes["free"] = 0;
    machines["replisome"] = replisomes;
    return machines;
}

py::dict named_events(const EventCounts& now, const EventCounts& before) {
    py::dict events;
    for (std::size_t i = 0; i < event_names.size(); ++i) {
        const auto member = event_count_members[i];
        events[event_names[i]] = now.*member - before.*member;
    }
    return events;
}

void bind_context(py::module_& m) {
    bind_trace(m);
    m.def("phase_names", [] { return std::vector<std::string>(phase_names.begin(), phase_names.end()); },
          "Phases of the cell cycle in the order of their numbers.");
    py::class_<Runner>(m, "Context", py::module_local(), "One virtual cell.")
        .def(py::init([](const std::shared_ptr<Program>& program, std::uint64_t seed) -> std::unique_ptr<Runner> {
                 return std::make_unique<OwnContext>(CellularContext{program, seed});
             }),
             py::arg("program"), py::arg("seed"))
        .def_static(
            "restore",
            [](const py::bytes& snapshot, const std::shared_ptr<Program>& program) -> std::unique_ptr<Runner> {
                const std::string_view text{snapshot};
                const GilReleased release;
                return std::make_unique<OwnContext>(
                    CellularContext::restore(std::as_bytes(std::span{text.data(), text.size()}), program));
            },
            py::arg("snapshot"), py::arg("program"), "The context that a snapshot was taken of.")
        .def("snapshot", seen([](const CellularContext& c) { return c.snapshot(); }, &as_bytes),
             "The whole state; docs/snapshot.md describes the bytes.")
        .def("trajectory_hash", seen([](const CellularContext& c) { return c.trajectory_hash(); }, as_it_is))
        .def("fork",
             [](Runner& r, std::optional<std::uint64_t> seed) -> std::unique_ptr<Runner> {
                 const GilReleased release;
                 return std::make_unique<OwnContext>(r.fork(seed));
             },
             py::arg("seed") = py::none(), "A context in the same state with a future of its own.")
        .def("replica",
             [](const Runner& r) -> std::unique_ptr<Runner> {
                 const GilReleased release;
                 return std::make_unique<OwnContext>(r.seen([](const CellularContext& c) { return c.replica(); }));
             },
             "The same context once more: both go on alike.")
        .def_property_readonly("program", seen([](const CellularContext& c) { return c.shared_program(); },
                                               [](const std::shared_ptr<const Program>& program) {
                                                   return std::const_pointer_cast<Program>(program);
                                               }))
        .def_property_readonly("seed", seen([](const CellularContext& c) { return c.seed(); }, as_it_is))
        .def_property_readonly("time_s", seen([](const CellularContext& c) { return c.time_s(); }, as_it_is))
        .def_property_readonly("memory_bytes", seen([](const CellularContext& c) { return c.memory_bytes(); }, as_it_is))
        .def("ready", &Runner::ready, py::call_guard<GilReleased>(), "Raises if it cannot run now.")
        .def("run",
             [](Runner& r, double duration_s, std::optional<double> every_s, py::object progress,
                std::optional<std::vector<std::uint32_t>> only) {
                 return r.run({duration_s, every_s, std::move(only), std::move(progress)});
             },
             py::arg("duration_s"), py::arg("every_s") = py::none(), py::arg("progress") = py::none(),
             py::arg("only") = py::none(),
             "Runs for `duration_s` and samples every `every_s`; Ctrl-C gives a trace with status 'cancelled'. "
             "`progress` is called with (time_s, steps); only the units of the genes `only` may initiate transcription.")
        .def("proteins", seen([](const CellularContext& c) { return c.proteins(); }, as_array))
        .def("mrnas", seen([](const CellularContext& c) { return c.mrnas(); }, as_array))
        .def("resources", seen([](const CellularContext& c) { return c.resources(); }, &named_resources))
        .def("machines", seen([](const CellularContext& c) { return std::pair{c.machines(), c.cycle().forks}; },
                               [](const auto& told) { return named_machines(told.first, told.second); }))
        .def("events", seen([](const CellularContext& c) { return c.events(); },
                            [](const EventCounts& events) { return named_events(events, {}); }))
        .def("ledger", seen([](const CellularContext& c) { return c.ledger(); },
                            [](const std::vector<ProcessPosting>& postings) { return named_ledger(postings, {}); }))
        .def("audit", seen([](const CellularContext& c) { return c.audit().residuals; }, as_it_is))
        .def("polymerases", seen([](const CellularContext& c) { return c.polymerases(); }, &polymerase_array))
        .def("allocate",
             [](Runner& r, const std::shared_ptr<Program>& program) {
                 changed(r, [&](CellularContext& c) { c.allocate(program); });
             },
             py::arg("program"), "From here on with this program's machines and supply rates; at a supply tick only.")
        .def_static("next_tick_s", &CellularContext::next_tick_s, py::arg("at_s"), "The first supply tick not before.")
        .def("drawn", seen([](const CellularContext& c) { return c.drawn(); }, &named_drawn),
             "What supply has brought since birth: {'atp', 'amino_acids'} in molecules.")
        .def("divide",
             [](Runner& r) -> std::unique_ptr<Runner> {
                 const GilReleased release;
                 return std::make_unique<OwnContext>(r.divide());
             },
             "Divides the cell at its next supply tick; this context keeps one half, the other is returned.")
        .def("cycle", seen([](const CellularContext& c) { return c.cycle(); }, &named_cycle), "Where it stands in its cycle.")
        .def("gene_copies", seen([](const CellularContext& c) { return c.gene_copies(); }, as_array),
             "Copies of each gene on its DNA.")
        .def("in_machines", seen([](const CellularContext& c) { return c.in_machines(); }, as_array),
             "Molecules of each gene's product that its machines are made of.")
        .def("set_environment",
             [](Runner& r, double glucose_mM, double temperature_c, double pH) {
                 changed(r, [&](CellularContext& c) { c.set_environment({glucose_mM, temperature_c, pH}); });
             },
             py::arg("glucose_mM"), py::arg("temperature_c"), py::arg("pH"), "From here on the cell is surrounded by this.")
        .def("environment", seen([](const CellularContext& c) { return c.environment(); }, &named_environment),
             "What surrounds it: {'glucose_mM', 'temperature_c', 'pH'}.")
        .def("inhibit",
             [](Runner& r, const std::string& work, double remaining) {
                 const Work which = work_named(work);
                 changed(r, [&](CellularContext& c) { c.inhibit(which, remaining); });
             },
             py::arg("work"), py::arg("remaining"), "Leaves so much of the rate of a kind of work; 1 lifts the inhibition.")
        .def("remaining", seen([](const CellularContext& c) { return c.remaining(); }, &named_remaining),
             "What inhibitors leave of the rate of each kind of work.")
        .def("knockout",
             [](Runner& r, std::uint32_t gene) {
                 changed(r, [&](CellularContext& c) { c.knockout(static_cast<GeneId>(gene)); });
             },
             py::arg("gene"), "No further initiation at this gene's cistron.")
        .def("knocked_out", seen([](const CellularContext& c) { return c.knocked_out(); }, &gene_indices),
             "Positions of the genes that were knocked out, ascending.")
        .def("set_resource",
             [](Runner& r, const std::string& name, std::int64_t molecules) {
                 const auto species = find_species(name);
                 if (!species || *species >= species::resource_count)
                     throw InputError(InputErrorKind::argument, "'" + name + "' is not a resource of the cell");
                 changed(r, [&](CellularContext& c) { c.set_resource(*species, molecules); });
             },
             py::arg("name"), py::arg("molecules"), "Sets a pool; the difference is posted against the operator.");
}
