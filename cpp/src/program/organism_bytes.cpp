#include "program/organism_bytes.hpp"

#include "genome/text.hpp"

#include <algorithm>

namespace bioxen {

namespace {

/// What an organism has, as the bits of the byte that tells whether its cells grow.
constexpr std::uint8_t grows = 1, grows_in_balance = 2, has_gene_factors = 4, has_ribosome_rules = 8,
                       loads_by_strength = 16;

std::uint8_t what_it_has(const Organism& o) {
    const bool factors = !(o.gene_messengers.empty() && o.gene_decay.empty() && o.gene_loading.empty() &&
                           o.unit_groups.empty());
    const bool ribosome_rules = o.cell_cycle.least_free_ribosomal_parts != 0.0 || o.cell_cycle.stalk_loading != 1.0;
    return static_cast<std::uint8_t>((o.cell_cycle.enabled ? grows : 0) |
                                     (o.cell_cycle.doubling_time_s != 0.0 ? grows_in_balance : 0) |
                                     (factors ? has_gene_factors : 0) | (ribosome_rules ? has_ribosome_rules : 0) |
                                     (o.cell_cycle.loading_by_strength ? loads_by_strength : 0));
}

void take(Organism& o, std::uint8_t has) {
    constexpr unsigned known = grows | grows_in_balance | has_gene_factors | has_ribosome_rules | loads_by_strength;
    if (has > known) ByteReader::refuse("a flag is neither set nor clear");
    o.cell_cycle.enabled = (has & grows) != 0;
    o.cell_cycle.loading_by_strength = (has & loads_by_strength) != 0;
}
void take(const Organism&, std::uint8_t) {}

/// The one list of fields, for writing, for reading and for naming what differs.
template <typename AnyOrganism, typename Field>
void for_each_field(AnyOrganism& o, Field&& field) {
    field("name", o.name);
    field("volume_l", o.volume_l);
    field("promoter_binding_per_M_s", o.promoter_binding_per_M_s);
    field("promoter_strength_scale", o.promoter_strength_scale);
    field("promoter_strength_default", o.promoter_strength_default);
    field("promoter_strength_min", o.promoter_strength_min);
    field("promoter_strength_max", o.promoter_strength_max);
    field("promoter_strength_ribosomal_bonus", o.promoter_strength_ribosomal_bonus);
    field("promoter_strength_tRNA", o.promoter_strength_tRNA);
    field("promoter_strength_rRNA", o.promoter_strength_rRNA);
    field("rna_kcat_nt_per_s", o.rna_kcat_nt_per_s);
    field("rna_kcat_min_nt_per_s", o.rna_kcat_min_nt_per_s);
    field("rna_kcat_max_nt_per_s", o.rna_kcat_max_nt_per_s);
    field("rna_km_mM", o.rna_km_mM);
    field("head_on_dissociation_per_s", o.head_on_dissociation_per_s);
    field("ribosome_binding_per_M_s", o.ribosome_binding_per_M_s);
    field("translation_kcat_aa_per_s", o.translation_kcat_aa_per_s);
    field("translation_km_mM", o.translation_km_mM);
    field("degradosome_binding_per_M_s", o.degradosome_binding_per_M_s);
    field("degradation_kcat_nt_per_s", o.degradation_kcat_nt_per_s);
    field("protein_decay_per_s", o.protein_decay_per_s);
    field("synthetases_per_amino_acid", o.synthetases_per_amino_acid);
    field("charging_kcat_per_s", o.charging_kcat_per_s);
    field("charging_k_atp_per_s", o.charging_k_atp_per_s);
    field("charging_k_aa_per_s", o.charging_k_aa_per_s);
    field("charging_k_trna_per_s", o.charging_k_trna_per_s);
    field("rna_polymerases", o.rna_polymerases);
    field("ribosomes", o.ribosomes);
    field("degradosomes", o.degradosomes);
    field("rnap_footprint_nt", o.rnap_footprint_nt);
    field("rrna_spacing_nt", o.rrna_spacing_nt);
    field("max_rnap_per_unit", o.max_rnap_per_unit);
    field("unit_gap_nt", o.unit_gap_nt);
    field("ribosome_footprint_codons", o.ribosome_footprint_codons);
    field("max_ribosomes_per_mrna", o.max_ribosomes_per_mrna);
    field("reference_mode", o.reference_mode);
    field("hold_pools", o.hold_pools);
    field("glutamine_via_glutamate", o.glutamine_via_glutamate);
    for (auto& pool : o.pools) field("pools", pool);
    field("supply", o.supply);
    field("protein_counts", o.protein_counts);
    field("mrna_counts", o.mrna_counts);
    field("gene_promoter_strength", o.gene_promoter_strength);
    field("gene_initiation_rate_per_s", o.gene_initiation_rate_per_s);
    field("gene_termination_rate_per_s", o.gene_termination_rate_per_s);
    auto& c = o.cell_cycle;
    std::uint8_t has = what_it_has(o);
    field("cell_cycle", has);
    take(o, has);
    field("rod", c.rod);
    field("lipid_surface_nm2", c.lipid_surface_nm2);
    field("protein_surface_nm2", c.protein_surface_nm2);
    field("largest_volume_ratio", c.largest_volume_ratio);
    field("replication_delay_s", c.replication_delay_s);
    field("replication_delay_log_sd", c.replication_delay_log_sd);
    field("initiation_volume_l", c.initiation_volume_l);
    field("fork_kcat_bp_per_s", c.fork_kcat_bp_per_s);
    field("fork_km_mM", c.fork_km_mM);
    field("division_surface_ratio", c.division_surface_ratio);
    field("division_delay_s", c.division_delay_s);
    for (auto& rate : c.assembly_per_s) field("assembly_per_s", rate);
    for (auto& counted : c.counted_in_machines) field("counted_in_machines", counted);
    field("translocon_binding_per_M_s", c.translocon_binding_per_M_s);
    field("insertion_aa_per_s", c.insertion_aa_per_s);
    field("largest_lipid_excess", c.largest_lipid_excess);
    auto& t = o.tolerance;
    field("glucose_mM", t.glucose_mM);
    field("reference_temperature_c", t.reference_temperature_c);
    field("activation_energy_J_per_mol", t.activation_energy_J_per_mol);
    field("lethal_temperature_c", t.lethal_temperature_c);
    field("lowest_pH", t.lowest_pH);
    field("optimal_pH", t.optimal_pH);
    field("highest_pH", t.highest_pH);
    field("lethal_energy_charge", t.lethal_energy_charge);
    field("starvation_s", t.starvation_s);
    field("dna_damage_per_bp_s", t.dna_damage_per_bp_s);
    field("dna_repair_per_s", t.dna_repair_per_s);
    field("repair_patch_nt", t.repair_patch_nt);
    field("lethal_lesions", t.lethal_lesions);
    field("origins_nt", o.origins_nt);
    field("replicon_copies", o.replicon_copies);
    field("membrane_genes", o.membrane_genes);
    if ((has & grows_in_balance) != 0) field("doubling_time_s", c.doubling_time_s);
    if ((has & has_ribosome_rules) != 0) {
        field("least_free_ribosomal_parts", c.least_free_ribosomal_parts);
        field("stalk_loading", c.stalk_loading);
    }
    if ((has & has_gene_factors) == 0) return;
    field("gene_messengers", o.gene_messengers);
    field("gene_decay", o.gene_decay);
    field("gene_loading", o.gene_loading);
    field("unit_groups", o.unit_groups);
}

struct Write {
    ByteWriter& out;

    template <Storable T>
    void operator()(T value) const {
        out.add(value);
    }
    void operator()(bool flag) const { out.add(static_cast<std::uint8_t>(flag ? 1 : 0)); }
    void operator()(const std::string& text) const { out.add_list(text); }
    template <Storable T>
    void operator()(const std::vector<T>& values) const {
        out.add_list(values);
    }
    void operator()(const std::map<std::uint32_t, double>& map) const {
        out.add(static_cast<std::uint32_t>(map.size()));
        for (const auto& [gene, value] : map) {
            out.add(gene);
            out.add(value);
        }
    }
    void operator()(const std::vector<SupplyReaction>& reactions) const {
        out.add(static_cast<std::uint32_t>(reactions.size()));
        for (const SupplyReaction& reaction : reactions) {
            (*this)(reaction.name);
            (*this)(reaction.process);
            out.add(reaction.max_rate_per_s);
            out.add(static_cast<std::uint32_t>(reaction.legs.size()));
            for (const SupplyLeg& leg : reaction.legs) {
                out.add(static_cast<std::uint8_t>(leg.place));
                out.add(leg.species);
                out.add(leg.coefficient);
            }
            (*this)(reaction.set_point.has_value());
            if (reaction.set_point) {
                out.add(reaction.set_point->first);
                out.add(reaction.set_point->second);
            }
            (*this)(reaction.per_volume);
            out.add(reaction.glucose_km_mM);
        }
    }
};

struct Read {
    ByteReader& in;

    template <Storable T>
    void operator()(T& value) const {
        value = in.get<T>();
    }
    void operator()(bool& flag) const {
        const auto byte = in.get<std::uint8_t>();
        if (byte > 1) ByteReader::refuse("a flag is neither set nor clear");
        flag = byte == 1;
    }
    void operator()(std::string& text) const {
        text.resize(in.count(1));
        in.get_all(text);
        const bool printable = std::none_of(text.begin(), text.end(), [](char c) { return (c & 0xe0) == 0 || c == 0x7f; });
        if (!printable || decoder::find_invalid_utf8(text) != std::string::npos) ByteReader::refuse("a name is no text");
    }
    template <Storable T>
    void operator()(std::vector<T>& values) const {
        values = in.list<T>();
    }
    void operator()(std::map<std::uint32_t, double>& map) const {
        std::size_t n = in.count(sizeof(std::uint32_t) + sizeof(double));
        for (std::int64_t last = -1; n > 0; --n) {
            const auto gene = in.get<std::uint32_t>();
            if (gene <= last) ByteReader::refuse("genes are not in order");
            last = gene;
            map.emplace_hint(map.end(), gene, in.get<double>());
        }
    }
    void operator()(std::vector<SupplyReaction>& reactions) const {
        constexpr std::size_t least_bytes = 30, leg_bytes = 10;  // of a reaction without texts and legs
        for (std::size_t n = in.count(least_bytes); n > 0; --n) {
            SupplyReaction& reaction = reactions.emplace_back();
            (*this)(reaction.name);
            (*this)(reaction.process);
            reaction.max_rate_per_s = in.get<double>();
            for (std::size_t legs = in.count(leg_bytes); legs > 0; --legs) {
                const auto place = in.get<std::uint8_t>();
                if (place > static_cast<std::uint8_t>(Place::medium)) ByteReader::refuse("a leg is nowhere");
                const auto species = in.get<SpeciesIndex>();
                reaction.legs.push_back({static_cast<Place>(place), species, in.get<std::int64_t>()});
            }
            bool regulated = false;
            (*this)(regulated);
            if (regulated) {
                const auto species = in.get<SpeciesIndex>();
                reaction.set_point = {species, in.get<std::int64_t>()};
            }
            (*this)(reaction.per_volume);
            reaction.glucose_km_mM = in.get<double>();
        }
    }
};

}  // namespace

void write_organism(ByteWriter& out, const Organism& organism) {
    for_each_field(organism, [&](const char*, const auto& value) { Write{out}(value); });
}

Organism read_organism(ByteReader& in) {
    Organism organism;
    for_each_field(organism, [&](const char*, auto& value) { Read{in}(value); });
    return organism;
}

std::string_view differing_field(const Organism& one, const Organism& other) {
    ByteWriter first, second;
    write_organism(second, other);
    std::string_view name;
    for_each_field(one, [&](const char* field, const auto& value) {
        if (!name.empty()) return;
        const std::size_t from = first.bytes().size();
        Write{first}(value);
        const auto here = first.bytes().subspan(from);
        const bool fits = from + here.size() <= second.bytes().size();
        if (!fits || !std::equal(here.begin(), here.end(), second.bytes().begin() + static_cast<std::ptrdiff_t>(from)))
            name = field;
    });
    return name;
}

}  // namespace bioxen
