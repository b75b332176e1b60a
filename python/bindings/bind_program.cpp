#include "arrays.hpp"
#include "bindings.hpp"
#include "gil.hpp"

#include <bioxen/capacity.hpp>
#include <bioxen/error.hpp>
#include <bioxen/program.hpp>

#include <pybind11/stl.h>

#include <map>
#include <string>
#include <tuple>

namespace py = pybind11;
using namespace bioxen;

namespace {

SpeciesIndex species_index(const std::string& name) {
    if (const auto found = find_species(name)) return *found;
    throw InputError(InputErrorKind::configuration,
                     "'" + name + "' is not a species; known ones are such as ATP, Pi, Ala, Ala-tRNA, tRNA-Ala, uridine");
}

using NamedLeg = std::tuple<std::string, std::string, std::int64_t>;
using NamedLevel = std::pair<std::string, std::int64_t>;

SupplyReaction make_reaction(std::string name, std::string process, const std::vector<NamedLeg>& legs,
                             double max_rate_per_s, const std::optional<NamedLevel>& set_point, bool per_volume,
                             double glucose_km_mM) {
    SupplyReaction reaction{std::move(name), std::move(process), {}, max_rate_per_s, std::nullopt, per_volume, glucose_km_mM};
    for (const auto& [place, species, coefficient] : legs) {
        if (place != "cell" && place != "medium")
            throw InputError(InputErrorKind::configuration, "place '" + place + "' must be 'cell' or 'medium'");
        reaction.legs.push_back({place == "cell" ? Place::cell : Place::medium, species_index(species), coefficient});
    }
    if (set_point) reaction.set_point.emplace(species_index(set_point->first), set_point->second);
    return reaction;
}

std::map<std::string, std::int64_t> named_pools(const Organism& organism) {
    std::map<std::string, std::int64_t> pools;
    for (SpeciesIndex s = 0; s < species::resource_count; ++s) pools[species_name(s)] = organism.pools[s];
    return pools;
}

void set_named_pools(Organism& organism, const std::map<std::string, std::int64_t>& pools) {
    std::array<std::int64_t, species::resource_count> all{};
    for (const auto& [name, molecules] : pools) {
        const SpeciesIndex s = species_index(name);
        if (s >= species::resource_count)
            throw InputError(InputErrorKind::configuration, "'" + name + "' is not a pool of the cell");
        all[s] = molecules;
    }
    organism.pools = all;
}

const char* origin_name(UnitOrigin origin) noexcept {
    switch (origin) {
        case UnitOrigin::operon: return "operon";
        case UnitOrigin::promoter: return "promoter";
        case UnitOrigin::distance: return "distance";
        case UnitOrigin::gene: return "gene";
    }
    return "";
}

/// A unit as Python holds it: the program keeps it alive.
struct UnitView {
    std::shared_ptr<const Program> program;
    std::size_t index;
    [[nodiscard]] const TranscriptionUnit& unit() const { return program->units()[index]; }
};

py::tuple names(SpeciesIndex count) {
    py::tuple all(count);
    for (SpeciesIndex s = 0; s < count; ++s) all[s] = species_name(s);
    return all;
}

void bind_organism(py::module_& m) {
    py::class_<SupplyReaction>(m, "SupplyReaction", py::module_local(), "One aggregated supply flow of a cell.")
        .def(py::init(&make_reaction), py::arg("name"), py::arg("process"), py::arg("legs"), py::arg("max_rate_per_s"),
             py::arg("set_point") = py::none(), py::arg("per_volume") = true, py::arg("glucose_km_mM") = 0.0,
             "Legs are (place, species, coefficient) with place 'cell' or 'medium'; a set point is (species, molecules).")
        .def_readonly("name", &SupplyReaction::name)
        .def_readonly("process", &SupplyReaction::process)
        .def_readwrite("max_rate_per_s", &SupplyReaction::max_rate_per_s)
        .def_readonly("glucose_km_mM", &SupplyReaction::glucose_km_mM)
        .def("__repr__", [](const SupplyReaction& r) { return "<SupplyReaction " + r.name + ">"; });

    py::class_<Tolerance>(m, "Tolerance", py::module_local(), "How rates follow the environment, and what a cell dies of.")
        .def(py::init<>())
        .def_readwrite("glucose_mM", &Tolerance::glucose_mM)
        .def_readwrite("reference_temperature_c", &Tolerance::reference_temperature_c)
        .def_readwrite("activation_energy_J_per_mol", &Tolerance::activation_energy_J_per_mol)
        .def_readwrite("lethal_temperature_c", &Tolerance::lethal_temperature_c)
        .def_readwrite("lowest_pH", &Tolerance::lowest_pH)
        .def_readwrite("optimal_pH", &Tolerance::optimal_pH)
        .def_readwrite("highest_pH", &Tolerance::highest_pH)
        .def_readwrite("lethal_energy_charge", &Tolerance::lethal_energy_charge)
        .def_readwrite("starvation_s", &Tolerance::starvation_s)
        .def_readwrite("dna_damage_per_bp_s", &Tolerance::dna_damage_per_bp_s)
        .def_readwrite("dna_repair_per_s", &Tolerance::dna_repair_per_s)
        .def_readwrite("repair_patch_nt", &Tolerance::repair_patch_nt)
        .def_readwrite("lethal_lesions", &Tolerance::lethal_lesions)
        .def("__repr__", [](const Tolerance& t) {
            return "<Tolerance up to " + std::to_string(t.lethal_temperature_c) + " degrees Celsius>";
        });

    py::class_<CellCycle>(m, "CellCycle", py::module_local(), "How a cell grows, copies its DNA and divides.")
        .def(py::init<>())
        .def_readwrite("enabled", &CellCycle::enabled)
        .def_readwrite("rod", &CellCycle::rod)
        .def_readwrite("lipid_surface_nm2", &CellCycle::lipid_surface_nm2)
        .def_readwrite("protein_surface_nm2", &CellCycle::protein_surface_nm2)
        .def_readwrite("largest_volume_ratio", &CellCycle::largest_volume_ratio)
        .def_readwrite("replication_delay_s", &CellCycle::replication_delay_s)
        .def_readwrite("replication_delay_log_sd", &CellCycle::replication_delay_log_sd)
        .def_readwrite("initiation_volume_l", &CellCycle::initiation_volume_l)
        .def_readwrite("fork_kcat_bp_per_s", &CellCycle::fork_kcat_bp_per_s)
        .def_readwrite("fork_km_mM", &CellCycle::fork_km_mM)
        .def_readwrite("division_surface_ratio", &CellCycle::division_surface_ratio)
        .def_readwrite("division_delay_s", &CellCycle::division_delay_s)
        .def_readwrite("doubling_time_s", &CellCycle::doubling_time_s)
        .def_readwrite("assembly_per_s", &CellCycle::assembly_per_s)
        .def_readwrite("counted_in_machines", &CellCycle::counted_in_machines)
        .def_readwrite("least_free_ribosomal_parts", &CellCycle::least_free_ribosomal_parts)
        .def_readwrite("stalk_loading", &CellCycle::stalk_loading)
        .def_readwrite("loading_by_strength", &CellCycle::loading_by_strength)
        .def_readwrite("translocon_binding_per_M_s", &CellCycle::translocon_binding_per_M_s)
        .def_readwrite("insertion_aa_per_s", &CellCycle::insertion_aa_per_s)
        .def_readwrite("largest_lipid_excess", &CellCycle::largest_lipid_excess)
        .def("__repr__", [](const CellCycle& c) { return std::string{"<CellCycle "} + (c.enabled ? "on>" : "off>"); });

    py::class_<Organism>(m, "Organism", py::module_local(), "Parameters of a cell as plain numbers.")
        .def(py::init<>())
        .def("copy", [](const Organism& o) { return Organism(o); })
        .def_readwrite("name", &Organism::name)
        .def_readwrite("volume_l", &Organism::volume_l)
        .def_readwrite("rna_polymerases", &Organism::rna_polymerases)
        .def_readwrite("ribosomes", &Organism::ribosomes)
        .def_readwrite("degradosomes", &Organism::degradosomes)
        .def_readwrite("reference_mode", &Organism::reference_mode)
        .def_readwrite("hold_pools", &Organism::hold_pools)
        .def_readwrite("promoter_binding_per_M_s", &Organism::promoter_binding_per_M_s)
        .def_readwrite("promoter_strength_scale", &Organism::promoter_strength_scale)
        .def_readwrite("promoter_strength_default", &Organism::promoter_strength_default)
        .def_readwrite("promoter_strength_min", &Organism::promoter_strength_min)
        .def_readwrite("promoter_strength_max", &Organism::promoter_strength_max)
        .def_readwrite("promoter_strength_ribosomal_bonus", &Organism::promoter_strength_ribosomal_bonus)
        .def_readwrite("promoter_strength_tRNA", &Organism::promoter_strength_tRNA)
        .def_readwrite("promoter_strength_rRNA", &Organism::promoter_strength_rRNA)
        .def_readwrite("rna_kcat_nt_per_s", &Organism::rna_kcat_nt_per_s)
        .def_readwrite("rna_kcat_min_nt_per_s", &Organism::rna_kcat_min_nt_per_s)
        .def_readwrite("rna_kcat_max_nt_per_s", &Organism::rna_kcat_max_nt_per_s)
        .def_readwrite("rna_km_mM", &Organism::rna_km_mM)
        .def_readwrite("rnap_footprint_nt", &Organism::rnap_footprint_nt)
        .def_readwrite("rrna_spacing_nt", &Organism::rrna_spacing_nt)
        .def_readwrite("max_rnap_per_unit", &Organism::max_rnap_per_unit)
        .def_readwrite("head_on_dissociation_per_s", &Organism::head_on_dissociation_per_s)
        .def_readwrite("unit_gap_nt", &Organism::unit_gap_nt)
        .def_readwrite("ribosome_binding_per_M_s", &Organism::ribosome_binding_per_M_s)
        .def_readwrite("translation_kcat_aa_per_s", &Organism::translation_kcat_aa_per_s)
        .def_readwrite("translation_km_mM", &Organism::translation_km_mM)
        .def_readwrite("ribosome_footprint_codons", &Organism::ribosome_footprint_codons)
        .def_readwrite("max_ribosomes_per_mrna", &Organism::max_ribosomes_per_mrna)
        .def_readwrite("degradosome_binding_per_M_s", &Organism::degradosome_binding_per_M_s)
        .def_readwrite("degradation_kcat_nt_per_s", &Organism::degradation_kcat_nt_per_s)
        .def_readwrite("protein_decay_per_s", &Organism::protein_decay_per_s)
        .def_property("pools", &named_pools, &set_named_pools)
        .def_readwrite("supply", &Organism::supply)
        .def_readwrite("synthetases_per_amino_acid", &Organism::synthetases_per_amino_acid)
        .def_readwrite("charging_kcat_per_s", &Organism::charging_kcat_per_s)
        .def_readwrite("charging_k_atp_per_s", &Organism::charging_k_atp_per_s)
        .def_readwrite("charging_k_aa_per_s", &Organism::charging_k_aa_per_s)
        .def_readwrite("charging_k_trna_per_s", &Organism::charging_k_trna_per_s)
        .def_readwrite("glutamine_via_glutamate", &Organism::glutamine_via_glutamate)
        .def_readwrite("protein_counts", &Organism::protein_counts)
        .def_readwrite("mrna_counts", &Organism::mrna_counts)
        .def_readwrite("gene_promoter_strength", &Organism::gene_promoter_strength)
        .def_readwrite("gene_initiation_rate_per_s", &Organism::gene_initiation_rate_per_s)
        .def_readwrite("gene_termination_rate_per_s", &Organism::gene_termination_rate_per_s)
        .def_readwrite("gene_messengers", &Organism::gene_messengers)
        .def_readwrite("gene_decay", &Organism::gene_decay)
        .def_readwrite("gene_loading", &Organism::gene_loading)
        .def_readwrite("unit_groups", &Organism::unit_groups)
        .def_readwrite("tolerance", &Organism::tolerance)
        .def_readwrite("cell_cycle", &Organism::cell_cycle)
        .def_readwrite("origins_nt", &Organism::origins_nt)
        .def_readwrite("replicon_copies", &Organism::replicon_copies)
        .def_readwrite("membrane_genes", &Organism::membrane_genes)
        .def("__repr__", [](const Organism& o) { return "<Organism " + o.name + ">"; });
}

void bind_capacity(py::module_& m) {
    py::class_<Capacity>(m, "Capacity", py::module_local(), "What cells can share: machines, and fluxes per second.")
        .def(py::init([](std::int64_t ribosomes, std::int64_t rna_polymerases, std::int64_t atp_flux_per_s,
                         std::int64_t amino_acid_flux_per_s) {
                 return Capacity{ribosomes, rna_polymerases, atp_flux_per_s, amino_acid_flux_per_s};
             }),
             py::kw_only(), py::arg("ribosomes") = 0, py::arg("rna_polymerases") = 0, py::arg("atp_flux_per_s") = 0,
             py::arg("amino_acid_flux_per_s") = 0)
        .def_readonly("ribosomes", &Capacity::ribosomes)
        .def_readonly("rna_polymerases", &Capacity::rna_polymerases)
        .def_readonly("atp_flux_per_s", &Capacity::atp_flux_per_s)
        .def_readonly("amino_acid_flux_per_s", &Capacity::amino_acid_flux_per_s)
        .def("__eq__",
             [](const Capacity& c, const py::object& other) {
                 return py::isinstance<Capacity>(other) && py::cast<const Capacity&>(other) == c;
             },
             py::arg("other"))
        .def("__hash__",
             [](const Capacity& c) {
                 return py::hash(
                     py::make_tuple(c.ribosomes, c.rna_polymerases, c.atp_flux_per_s, c.amino_acid_flux_per_s));
             })
        .def("__repr__", [](const Capacity& c) {
            std::string text = "Capacity(";
            for (std::size_t i = 0; i < capacity_members.size(); ++i)
                text += (i == 0 ? "" : ", ") + std::string{capacity_names[i]} + "=" +
                        std::to_string(c.*capacity_members[i]);
            return text + ")";
        });
    m.def("capacity_of", &capacity_of, py::arg("organism"), "What an organism has of its own.");
    m.def("with_capacity", &with_capacity, py::arg("organism"), py::arg("capacity"),
          "The organism with these machines, and with supply scaled to these fluxes.");
}

void bind_units(py::module_& m) {
    py::class_<UnitView>(m, "TranscriptionUnit", py::module_local(), "Genes transcribed together from one promoter.")
        .def_property_readonly("name", [](const UnitView& v) { return v.unit().name; })
        .def_property_readonly("replicon", [](const UnitView& v) { return index(v.unit().replicon); })
        .def_property_readonly("strand", [](const UnitView& v) { return static_cast<int>(v.unit().strand); })
        .def_property_readonly("start", [](const UnitView& v) { return v.unit().start; })
        .def_property_readonly("end", [](const UnitView& v) { return v.unit().end; })
        .def_property_readonly("genes",
                               [](const UnitView& v) {
                                   py::tuple genes(v.unit().genes.size());
                                   for (std::size_t i = 0; i < v.unit().genes.size(); ++i)
                                       genes[i] = index(v.unit().genes[i]);
                                   return genes;
                               })
        .def_property_readonly(
            "promoter_strength",
            [](const UnitView& v) { return v.program->promoter_strength(static_cast<UnitId>(v.index)); })
        .def_property_readonly("kcat_nt_per_s",
                               [](const UnitView& v) { return v.program->kcat_nt_per_s(static_cast<UnitId>(v.index)); })
        .def_property_readonly("origin", [](const UnitView& v) { return origin_name(v.unit().origin); })
        .def_property_readonly("stable", [](const UnitView& v) { return v.unit().stable; })
        .def("__repr__", [](const UnitView& v) {
            return "<TranscriptionUnit " + v.unit().name + ", " + std::to_string(v.unit().genes.size()) + " genes>";
        });
}

}  // namespace

void bind_program(py::module_& m) {
    m.def("resource_names", [] { return names(species::resource_count); },
          "Names of the pools of a cell, in the order of every column.");
    m.def("species_names", [] { return names(species::count); }, "Pools of a cell, then what only a medium holds.");
    bind_organism(m);
    bind_capacity(m);
    bind_units(m);

    py::class_<Program, std::shared_ptr<Program>>(m, "Program", py::module_local(),
                                                  "A compiled genome: immutable, shared by any number of contexts.")
        .def_property_readonly("units",
                               [](const std::shared_ptr<Program>& p) {
                                   py::tuple units(p->units().size());
                                   for (std::size_t u = 0; u < p->units().size(); ++u) units[u] = UnitView{p, u};
                                   return units;
                               })
        .def_property_readonly("report",
                               [](const Program& p) {
                                   py::tuple entries(p.report().size());
                                   for (std::size_t i = 0; i < p.report().size(); ++i) entries[i] = p.report()[i];
                                   return entries;
                               })
        .def_property_readonly("fallbacks",
                               [](const Program& p) {
                                   const std::vector<ReportEntry> found = p.fallbacks();
                                   py::tuple entries(found.size());
                                   for (std::size_t i = 0; i < found.size(); ++i) entries[i] = found[i];
                                   return entries;
                               })
        .def_property_readonly("fingerprint", &Program::fingerprint)
        .def_property_readonly("organism", [](const Program& p) { return Organism(p.organism()); })
        .def_property_readonly("memory_bytes", &Program::memory_bytes)
        .def_property_readonly("roles",
                               [](const Program& p) {
                                   py::dict roles;
                                   for (const auto& [role, genes] : p.roles()) {
                                       py::tuple members(genes.size());
                                       for (std::size_t i = 0; i < genes.size(); ++i) members[i] = index(genes[i]);
                                       roles[py::str(role)] = members;
                                   }
                                   return roles;
                               })
        .def_property_readonly("executable",
                               [](const Program& p) {
                                   py::array_t<bool> flags(static_cast<py::ssize_t>(p.executable().size()));
                                   for (std::size_t g = 0; g < p.executable().size(); ++g)
                                       flags.mutable_at(g) = p.executable()[g] != 0;
                                   return flags;
                               })
        .def("with_organism",
             [](const Program& p, const Organism& organism) {
                 std::shared_ptr<const Program> made;
                 {
                     GilReleased release;
                     made = p.with_organism(organism);
                 }
                 return std::const_pointer_cast<Program>(made);
             },
             py::arg("organism"), "The same structure with other counts and rates.")
        .def("__repr__", [](const Program& p) {
            return "<Program " + p.fingerprint() + ", " + std::to_string(p.units().size()) + " units>";
        });

    m.def("compile",
          [](const Genome& genome, const Organism& organism) {
              std::shared_ptr<const Program> made;
              {
                  GilReleased release;
                  made = compile(genome, organism);
              }
              return std::const_pointer_cast<Program>(made);
          },
          py::arg("genome"), py::arg("organism"), "Compiles a genome for an organism.");
}
