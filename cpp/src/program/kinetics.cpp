#include "program/kinetics.hpp"

#include "program/organism_bytes.hpp"
#include "support/checksum.hpp"

#include <bioxen/error.hpp>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

namespace bioxen {

namespace {

constexpr double avogadro_per_mol = 6.02214076e23;  // exact since the 2019 SI
constexpr std::size_t ribosomes = 1;                // in the order of `machine_names`
constexpr std::int64_t largest_count = std::int64_t{1} << 40;

[[noreturn]] void refuse(const std::string& what) { throw InputError(InputErrorKind::configuration, what); }

std::string number(double x) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", x);
    return text.data();
}

/// Reads as: the named value must be a number from `least` to `most`.
void need(const char* name, double value, double least = 0.0, double most = 1e15) {
    if (!(value >= least) || !(value <= most))
        refuse(std::string{name} + " = " + number(value) + " is out of range: give a number from " + number(least) +
               " to " + number(most));
}

void need_order(const char* low_name, double low, const char* high_name, double high) {
    if (low > high)
        refuse(std::string{low_name} + " = " + number(low) + " must not exceed " + high_name + " = " + number(high));
}

void need_count(const char* name, std::int64_t value, std::int64_t least = 0, std::int64_t most = largest_count) {
    if (value < least || value > most)
        refuse(std::string{name} + " = " + std::to_string(value) + " is out of range: give an integer from " +
               std::to_string(least) + " to " + std::to_string(most));
}

void check_supply(const Organism& organism) {
    constexpr std::size_t longest_name = 200, most_legs = 64;
    for (const SupplyReaction& reaction : organism.supply) {
        if (reaction.name.size() > longest_name || reaction.process.size() > longest_name)
            refuse("a supply reaction has a name or process of more than " + std::to_string(longest_name) + " bytes");
        if (reaction.legs.size() > most_legs)
            refuse("supply reaction " + reaction.name + " has more than " + std::to_string(most_legs) + " legs");
        need(("max_rate_per_s of supply reaction " + reaction.name).c_str(), reaction.max_rate_per_s);
        need(("glucose_km_mM of supply reaction " + reaction.name).c_str(), reaction.glucose_km_mM, 0.0, 1e6);
        Composition total;
        std::array<std::array<std::int64_t, species::count>, 2> net{};  // by place
        for (const SupplyLeg& leg : reaction.legs) {
            if (leg.species >= species::count || (leg.place == Place::cell && leg.species >= species::resource_count))
                refuse("supply reaction " + reaction.name + " names a species that the cell does not hold");
            const std::string what = "coefficient in supply reaction " + reaction.name;
            need_count(what.c_str(), leg.coefficient, -1000, 1000);
            std::int64_t& sum = net[leg.place == Place::cell ? 0 : 1][leg.species];
            sum += leg.coefficient;
            need_count(what.c_str(), sum, -1000, 1000);
            total.add(composition(leg.species), leg.coefficient);
        }
        if (!(total == Composition{}))
            refuse("supply reaction " + reaction.name +
                   " does not balance: adenylate, guanylate, cytidylate, uridylate, phosphate, amino acids and tRNA "
                   "must come to zero over cell and medium");
    }
}

void check(const Organism& o) {
    need("volume_l", o.volume_l, 1e-21, 1.0);
    need_count("rna_polymerases", o.rna_polymerases, 0, most_machines);
    need_count("ribosomes", o.ribosomes, 0, most_machines);
    need_count("degradosomes", o.degradosomes, 0, most_machines);
    need("promoter_binding_per_M_s", o.promoter_binding_per_M_s);
    need("promoter_strength_scale", o.promoter_strength_scale, 1e-6);
    need("promoter_strength_default", o.promoter_strength_default, 1e-6);
    need("promoter_strength_min", o.promoter_strength_min);
    need("promoter_strength_max", o.promoter_strength_max);
    need("promoter_strength_ribosomal_bonus", o.promoter_strength_ribosomal_bonus);
    need("promoter_strength_tRNA", o.promoter_strength_tRNA);
    need("promoter_strength_rRNA", o.promoter_strength_rRNA);
    need("rna_kcat_nt_per_s", o.rna_kcat_nt_per_s, 0.0, 1e6);
    need("rna_kcat_min_nt_per_s", o.rna_kcat_min_nt_per_s, 0.0, 1e6);
    need("rna_kcat_max_nt_per_s", o.rna_kcat_max_nt_per_s, 0.0, 1e6);
    need("rna_km_mM", o.rna_km_mM, 0.0, 1e6);
    need_count("rnap_footprint_nt", o.rnap_footprint_nt, 1, Layout::axis_spacing / 2);
    need_count("rrna_spacing_nt", o.rrna_spacing_nt, 0, Layout::axis_spacing / 2);
    need_count("max_rnap_per_unit", o.max_rnap_per_unit, 0, 1'000'000);
    need("head_on_dissociation_per_s", o.head_on_dissociation_per_s, 0.0, 1e6);
    need("ribosome_binding_per_M_s", o.ribosome_binding_per_M_s);
    need("translation_kcat_aa_per_s", o.translation_kcat_aa_per_s, 0.0, 1e6);
    need("translation_km_mM", o.translation_km_mM, 0.0, 1e6);
    need_count("ribosome_footprint_codons", o.ribosome_footprint_codons, 1, 10'000);
    need_count("max_ribosomes_per_mrna", o.max_ribosomes_per_mrna, 0, 1'000'000);
    need("degradosome_binding_per_M_s", o.degradosome_binding_per_M_s);
    need("degradation_kcat_nt_per_s", o.degradation_kcat_nt_per_s, 0.0, 1e6);
    need("protein_decay_per_s", o.protein_decay_per_s, 0.0, 1e6);
    need("synthetases_per_amino_acid", o.synthetases_per_amino_acid);
    need("charging_kcat_per_s", o.charging_kcat_per_s);
    need("charging_k_atp_per_s", o.charging_k_atp_per_s);
    need("charging_k_aa_per_s", o.charging_k_aa_per_s);
    need("charging_k_trna_per_s", o.charging_k_trna_per_s);
    for (SpeciesIndex s = 0; s < species::resource_count; ++s)
        need_count(("pool of " + species_name(s)).c_str(), o.pools[s]);
    need_order("promoter_strength_min", o.promoter_strength_min, "promoter_strength_max", o.promoter_strength_max);
    need_order("rna_kcat_min_nt_per_s", o.rna_kcat_min_nt_per_s, "rna_kcat_max_nt_per_s", o.rna_kcat_max_nt_per_s);
    need_count("unit_gap_nt", o.unit_gap_nt, 0, 1'000'000);
    check_tolerance(o.tolerance);
    check_supply(o);
}

void check_genes(const Layout& layout, const Organism& o) {
    const std::size_t n = layout.gene_unit.size();
    const auto sized = [&](const char* name, std::size_t size) {
        if (size != 0 && size != n)
            refuse(std::string{name} + " has " + std::to_string(size) + " entries; the genome has " +
                   std::to_string(n) + " genes");
    };
    sized("protein_counts", o.protein_counts.size());
    sized("mrna_counts", o.mrna_counts.size());
    for (const std::int64_t count : o.protein_counts) need_count("protein count", count, -1);
    for (const double mean : o.mrna_counts) need("mRNA count", mean, 0.0, 1e6);
    const auto mapped = [&](const char* name, const std::map<std::uint32_t, double>& map, double most) {
        for (const auto& [gene, value] : map) {
            if (gene >= n) refuse(std::string{name} + " names gene " + std::to_string(gene) + ", which does not exist");
            need((std::string{name} + " of " + layout.gene_tag[gene]).c_str(), value, 0.0, most);
        }
    };
    mapped("promoter_strength", o.gene_promoter_strength, 1e9);
    mapped("initiation_rate_per_s", o.gene_initiation_rate_per_s, 1e6);
    mapped("termination_rate_per_s", o.gene_termination_rate_per_s, 1e6);
    mapped("messengers", o.gene_messengers, 1e6);
    mapped("decay", o.gene_decay, 1e6);
    mapped("loading", o.gene_loading, 1e6);
    for (const auto& [gene, decay] : o.gene_decay) need(("decay of " + layout.gene_tag[gene]).c_str(), decay, 1e-6, 1e6);
}

double factor(const std::map<std::uint32_t, double>& factors, std::uint32_t gene) {
    const auto it = factors.find(gene);
    return it == factors.end() ? 1.0 : it->second;
}

/// How fast a unit's messengers decay: one for each of its genes would live as long on average.
double unit_decay(const Layout& layout, const Organism& o, const UnitLayout& unit) {
    double lifetimes = 0.0;
    for (std::uint32_t i = 0; i < unit.gene_count; ++i)
        lifetimes += 1.0 / factor(o.gene_decay, layout.unit_genes[unit.first_gene + i].gene);
    return unit.gene_count / lifetimes;
}

/// How often a unit is transcribed, so that the given number of messengers is there in spite of their decay.
double unit_transcription(const Layout& layout, const Organism& o, const UnitLayout& unit) {
    if (o.gene_messengers.empty() && o.gene_decay.empty()) return 1.0;
    double messengers = 0.0;
    for (std::uint32_t i = 0; i < unit.gene_count; ++i)
        messengers += factor(o.gene_messengers, layout.unit_genes[unit.first_gene + i].gene);
    return messengers / unit.gene_count * unit_decay(layout, o, unit);
}

double gene_strength(const Layout& layout, const Organism& o, std::uint32_t g, bool ribosomal) {
    switch (layout.gene_kind[g]) {
        case GeneKind::rRNA: return o.promoter_strength_rRNA;
        case GeneKind::tRNA: return o.promoter_strength_tRNA;
        case GeneKind::protein: {
            const std::int64_t count = o.protein_counts.empty() ? -1 : o.protein_counts[g];
            if (count < 0) break;
            const auto known = static_cast<double>(count);
            return ribosomal ? std::min(o.promoter_strength_max, o.promoter_strength_ribosomal_bonus + known)
                             : std::clamp(known, o.promoter_strength_min, o.promoter_strength_max);
        }
        case GeneKind::tmRNA:
        case GeneKind::ncRNA:
        case GeneKind::pseudo: break;
    }
    return o.promoter_strength_default;
}

/// Per gene: what the law makes of its kind and count.
std::vector<double> gene_strengths(const Layout& layout, const Organism& o) {
    std::vector<std::uint8_t> ribosomal(layout.gene_unit.size(), 0);
    if (const auto it = layout.roles.find("ribosome"); it != layout.roles.end()) {
        for (const GeneId id : it->second) ribosomal[index(id)] = 1;
    }
    std::vector<double> strengths;
    for (std::uint32_t g = 0; g < ribosomal.size(); ++g) strengths.push_back(gene_strength(layout, o, g, ribosomal[g] != 0));
    return strengths;
}

/// The strength of a unit's promoter: the greatest that is given for one of its genes; else that the law makes.
double promoter_strength(const Layout& layout, const Organism& o, const UnitLayout& unit, const std::vector<double>& strengths) {
    double strength = 0.0;
    bool overridden = false;
    for (std::uint32_t i = 0; i < unit.gene_count; ++i) {
        const std::uint32_t g = layout.unit_genes[unit.first_gene + i].gene;
        const auto it = o.gene_promoter_strength.find(g);
        const bool given = it != o.gene_promoter_strength.end();
        const double s = given ? it->second : strengths[g];
        if (given && !overridden) strength = s;       // a given strength outranks those that the law makes
        else if (given || !overridden) strength = std::max(strength, s);
        overridden = overridden || given;
    }
    return strength;
}

/// How often messengers of a gene take a ribosome, to those of the mean gene: as measured, else by what cells that grow
/// make of it.
std::map<std::uint32_t, double> gene_loading(const Layout& layout, const Organism& o, const std::vector<double>& strengths) {
    std::map<std::uint32_t, double> loading;
    if (o.cell_cycle.enabled && o.cell_cycle.loading_by_strength && !layout.reference_mode) {
        for (const UnitLayout& unit : layout.units) {
            double greatest = 0.0;
            for (std::uint32_t i = 0; i < unit.gene_count; ++i)
                greatest = std::max(greatest, strengths[layout.unit_genes[unit.first_gene + i].gene]);
            for (std::uint32_t i = 0; i < unit.cistron_count; ++i) {
                const std::uint32_t g = layout.cistrons[unit.first_cistron + i].gene;
                loading.emplace(g, greatest > 0.0 ? strengths[g] / greatest : 1.0);
            }
        }
    }
    if (o.cell_cycle.enabled && o.cell_cycle.stalk_loading != 1.0) {
        for (const MachinePart& part : layout.machine_parts[ribosomes]) {
            for (const std::uint32_t g : part.genes) {
                if (part.copies > 1) loading.try_emplace(g, 1.0).first->second *= o.cell_cycle.stalk_loading;
            }
        }
    }
    for (const auto& [gene, measured] : o.gene_loading) loading.insert_or_assign(gene, measured);
    return loading;
}

/// Molecules of a machine's part that are free at birth, however few the counts leave.
std::int64_t least_free(const Kinetics& k, const Layout& layout, std::uint32_t g) {
    const Organism& o = k.organism;
    if (o.protein_counts.empty() || o.protein_counts[g] < 0 || layout.gene_machine[g] != ribosomes) return 0;
    const double share = o.cell_cycle.least_free_ribosomal_parts;
    return static_cast<std::int64_t>(share * static_cast<double>(k.life.in_machines[g]));
}

std::int32_t limit_or_none(std::int32_t limit) noexcept {
    return limit == 0 ? std::numeric_limits<std::int32_t>::max() : limit;
}

void check_speed(const Kinetics& k) {
    const Organism& o = k.organism;
    double fastest = 0.0;
    for (std::size_t c = first_rnap_class; c < k.class_count; ++c) fastest = std::max(fastest, k.class_bound_per_s[c]);
    const auto of = [](std::int64_t machines, double rate) { return static_cast<double>(machines) * rate; };
    const double total = of(o.rna_polymerases, fastest + k.promoters.total()) +
                         of(o.ribosomes, k.class_bound_per_s[ribosome_class] + k.ribosome_binding_per_pair_s) +
                         of(o.degradosomes, k.class_bound_per_s[degradation_class] + k.degradosome_binding_per_pair_s);
    if (!(total <= most_rate_per_s))
        refuse("the rates add up to " + number(total) + " events per second, more than " + number(most_rate_per_s) +
               ": look at volume_l, the binding constants and the promoter strengths");
}

void set_unit_rates(const Layout& layout, Kinetics& k) {
    const Organism& o = k.organism;
    const std::vector<double> strengths = gene_strengths(layout, o);
    std::vector<double> binding;
    for (const UnitLayout& unit : layout.units) {
        const double strength = promoter_strength(layout, o, unit, strengths);
        k.unit_strength.push_back(strength * unit_transcription(layout, o, unit));
        k.unit_kcat.push_back(std::clamp(o.rna_kcat_nt_per_s * strength / o.promoter_strength_default,
                                         o.rna_kcat_min_nt_per_s, o.rna_kcat_max_nt_per_s));
        binding.push_back(o.promoter_binding_per_M_s / k.molecules_per_M * k.unit_strength.back() / o.promoter_strength_scale);
        const bool shared = layout.reference_mode && unit.long_rrna;
        k.unit_max_rnap.push_back(limit_or_none(shared ? 0 : o.max_rnap_per_unit));
        k.unit_clearance_nt.push_back(shared ? std::max(o.rrna_spacing_nt, o.rnap_footprint_nt)
                                             : o.rnap_footprint_nt);
    }
    k.promoters = AliasTable{binding};
    double fastest = 0.0;
    for (const UnitLayout& unit : layout.units) fastest = std::max(fastest, unit_decay(layout, o, unit));
    for (const UnitLayout& unit : layout.units) {
        if (!o.gene_decay.empty()) k.unit_decay.push_back(static_cast<float>(unit_decay(layout, o, unit) / fastest));
    }
    k.fastest_decay = o.gene_decay.empty() ? 1.0 : fastest;
    const std::map<std::uint32_t, double> loading = gene_loading(layout, o, strengths);
    double most = 0.0;
    for (const Cistron& cistron : layout.cistrons) most = std::max(most, factor(loading, cistron.gene));
    for (const Cistron& cistron : layout.cistrons) {
        if (!loading.empty())
            k.cistron_loading.push_back(most > 0.0 ? static_cast<float>(factor(loading, cistron.gene) / most) : 0.0f);
    }
    k.most_loading = loading.empty() ? 1.0 : most;
}

/// Sorts the elongation rates of RNAP into at most `max_classes - 2` classes of nearly equal rates.
void set_classes(const Layout& layout, Kinetics& k) {
    const Organism& o = k.organism;
    std::vector<double> rates = k.unit_kcat;
    std::sort(rates.begin(), rates.end());
    rates.erase(std::unique(rates.begin(), rates.end()), rates.end());
    constexpr std::size_t most = max_classes - first_rnap_class;
    std::vector<double> bounds;
    for (double ratio = 1.1; rates.size() > 0; ratio *= 1.1) {
        bounds.clear();
        for (std::size_t i = rates.size(); i-- > 0;) {
            if (bounds.empty() || rates[i] * ratio < bounds.back()) bounds.push_back(rates[i]);
        }
        if (bounds.size() <= most) break;
        if (rates.front() == 0.0) rates.erase(rates.begin());
    }
    double release_bound = 0.0;
    for (const auto& [gene, rate] : o.gene_termination_rate_per_s) release_bound = std::max(release_bound, rate);
    k.class_bound_per_s[ribosome_class] = std::max(o.translation_kcat_aa_per_s, release_bound);
    k.class_bound_per_s[degradation_class] = o.degradation_kcat_nt_per_s;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        // Two RNAPs that have met fall apart by thinning their candidates, so the bound covers that rate too.
        k.class_bound_per_s[first_rnap_class + i] = std::max(bounds[i], o.head_on_dissociation_per_s);
    }
    k.class_count = first_rnap_class + bounds.size();
    const auto ratio = [](double rate, double bound) {
        return bound > 0.0 ? static_cast<float>(rate / bound) : 0.0f;
    };
    for (const double kcat : k.unit_kcat) {
        std::size_t c = 0;
        while (c + 1 < bounds.size() && bounds[c + 1] >= kcat) ++c;
        k.unit_class.push_back(static_cast<std::uint8_t>(first_rnap_class + c));
        k.unit_ratio.push_back(ratio(kcat, k.class_bound_per_s[first_rnap_class + c]));
    }
    const double ribosome_bound = k.class_bound_per_s[ribosome_class];
    k.codon_ratio = ratio(o.translation_kcat_aa_per_s, ribosome_bound);
    k.degradation_ratio = 1.0f;
    for (const Cistron& cistron : layout.cistrons) {
        const auto release = o.gene_termination_rate_per_s.find(cistron.gene);
        k.release_ratio.push_back(ratio(release == o.gene_termination_rate_per_s.end() ? o.translation_kcat_aa_per_s
                                                                                       : release->second,
                                        ribosome_bound));
        const auto initiation = o.gene_initiation_rate_per_s.find(cistron.gene);
        const bool fixed = initiation != o.gene_initiation_rate_per_s.end();
        k.fixed_initiation_per_s.push_back(fixed ? initiation->second : -1.0);
        if (fixed) k.fixed_initiation_bound_per_s = std::max(k.fixed_initiation_bound_per_s, initiation->second);
    }
}

SupplyFlow supply_flow(const SupplyReaction& reaction) {
    SupplyFlow flow;
    flow.max_rate_per_s = reaction.max_rate_per_s;
    flow.per_volume = reaction.per_volume;
    flow.glucose_km_mM = reaction.glucose_km_mM;
    flow.brings = drawn_per_turn(reaction);
    std::array<std::int64_t, species::resource_count> net{};
    for (const SupplyLeg& leg : reaction.legs) {
        if (leg.place == Place::cell) net[leg.species] += leg.coefficient;
    }
    for (SpeciesIndex s = 0; s < species::resource_count; ++s) {
        if (net[s] == 0) continue;
        if (flow.leg_count == SupplyFlow::max_legs)
            refuse("supply reaction " + reaction.name + " has more than " + std::to_string(SupplyFlow::max_legs) +
                   " species of the cell");
        flow.species[flow.leg_count] = s;
        flow.coefficient[flow.leg_count++] = static_cast<std::int32_t>(net[s]);
    }
    flow.makes_lipid = net[species::lipid] > 0;
    if (reaction.set_point) {
        const auto [s, level] = *reaction.set_point;
        if (s >= species::resource_count || net[s] <= 0)
            refuse("the set point of supply reaction " + reaction.name + " must be a species that it makes in the cell");
        need_count(("set point of supply reaction " + reaction.name).c_str(), level);
        flow.set_species = s;
        flow.set_level = level;
        flow.set_gain = net[s];
    }
    return flow;
}

StepTable step_table(const Organism& o, double molecules_per_M) {
    constexpr std::array<std::uint8_t, 4> triphosphate{species::ATP, species::CTP, species::GTP, species::UTP};
    StepTable t;
    t.resource.fill(unlimited_pool);
    t.energy.fill(unlimited_pool);
    const std::int64_t used = o.hold_pools ? 0 : 1;
    for (std::size_t b = 0; b < 4; ++b) {
        t.resource[b] = triphosphate[b];
        t.resource_cost[b] = used;
        t.half_saturation[b] = o.rna_km_mM * 1e-3 * molecules_per_M;
        t.energy[b] = t.energy[symbol::degradation + b] = species::ATP;
        t.energy_cost[b] = t.energy_cost[symbol::degradation + b] = used;
        t.energy_needed[b] = b == 0 ? 2 : 1;  // an A takes one ATP into the chain and spends another
        t.energy_needed[symbol::degradation + b] = 1;
    }
    for (std::size_t a = 0; a < amino_acid_count; ++a) {
        const std::size_t s = symbol::codon + a;
        t.resource[s] = static_cast<std::uint8_t>(species::charged_trna + a);
        t.resource_cost[s] = used;
        t.half_saturation[s] = o.translation_km_mM * 1e-3 * molecules_per_M;
        t.energy[s] = species::GTP;
        t.energy_cost[s] = 2 * used;
        t.energy_needed[s] = 2;
    }
    return t;
}

/// Of the genome and of every parameter.
std::string fingerprint_of(const Layout& layout, const Organism& organism) {
    ByteWriter bytes;
    bytes.add_list(layout.genome_fingerprint);
    write_organism(bytes, organism);
    const auto digits = hexadecimal(crc64(bytes.bytes()));
    return {digits.begin(), digits.end()};
}

}  // namespace

AliasTable::AliasTable(const std::vector<double>& weights) : threshold_(weights.size()), alias_(weights.size()) {
    for (const double w : weights) total_ += w;
    if (!(total_ > 0.0)) return;
    std::vector<std::uint32_t> small, large;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        threshold_[i] = weights[i] / total_ * static_cast<double>(weights.size());
        alias_[i] = static_cast<std::uint32_t>(i);
        (threshold_[i] < 1.0 ? small : large).push_back(static_cast<std::uint32_t>(i));
    }
    while (!small.empty() && !large.empty()) {
        const std::uint32_t s = small.back(), l = large.back();
        small.pop_back();
        alias_[s] = l;
        threshold_[l] -= 1.0 - threshold_[s];
        if (threshold_[l] < 1.0) {
            large.pop_back();
            small.push_back(l);
        }
    }
    for (const std::uint32_t i : large) threshold_[i] = 1.0;
    for (const std::uint32_t i : small) threshold_[i] = weights[i] > 0.0 ? 1.0 : threshold_[i];
}

std::size_t Kinetics::memory_bytes() const noexcept {
    return sizeof *this + promoters.memory_bytes() + release_ratio.capacity() * sizeof(float) +
           fixed_initiation_per_s.capacity() * sizeof(double) + unit_class.capacity() +
           unit_ratio.capacity() * sizeof(float) +
           (unit_max_rnap.capacity() + unit_clearance_nt.capacity()) * sizeof(std::int32_t) +
           (unit_decay.capacity() + cistron_loading.capacity()) * sizeof(float) +
           (unit_strength.capacity() + unit_kcat.capacity() + mean_transcripts.capacity()) * sizeof(double) +
           (organism.protein_counts.capacity() + birth_proteins.capacity() + life.in_machines.capacity()) *
               sizeof(std::int64_t) +
           life.membrane.capacity() + organism.mrna_counts.capacity() * sizeof(double);
}

Kinetics make_kinetics(const Layout& layout, const Organism& organism) {
    check(organism);
    check_genes(layout, organism);
    if (organism.reference_mode != layout.reference_mode || organism.unit_gap_nt != layout.unit_gap_nt)
        refuse("reference_mode and unit_gap_nt shape the program: give them when the genome is loaded");
    if (organism.unit_groups != layout.unit_groups)
        refuse("unit_groups shape the program: give them when the genome is loaded");
    Kinetics k;
    k.organism = organism;
    k.molecules_per_M = avogadro_per_mol * organism.volume_l;
    set_unit_rates(layout, k);
    set_classes(layout, k);
    k.steps = step_table(organism, k.molecules_per_M);
    k.ribosome_binding_per_pair_s = organism.ribosome_binding_per_M_s / k.molecules_per_M * k.most_loading;
    k.degradosome_binding_per_pair_s = organism.degradosome_binding_per_M_s / k.molecules_per_M * k.fastest_decay;
    k.ribosome_footprint_nt = 3 * organism.ribosome_footprint_codons;
    k.max_ribosomes_per_mrna = limit_or_none(organism.max_ribosomes_per_mrna);
    check_speed(k);
    for (const SupplyReaction& reaction : organism.supply) k.supply.push_back(supply_flow(reaction));
    if (organism.mrna_counts.empty()) {
        k.mean_transcripts = mean_field_transcripts(layout, k);
    } else {
        for (const UnitLayout& unit : layout.units) {
            double mean = 0.0;
            for (std::uint32_t i = 0; i < unit.gene_count; ++i)
                mean = std::max(mean, organism.mrna_counts[layout.unit_genes[unit.first_gene + i].gene]);
            k.mean_transcripts.push_back(unit.stable ? 0.0 : mean);
        }
        double total = 0.0;
        for (const double mean : k.mean_transcripts) total += mean;
        if (total > most_transcripts)
            refuse("mrna_counts add up to " + number(total) + " transcripts; a cell at birth has at most " +
                   number(most_transcripts));
    }
    k.birth_proteins.assign(layout.gene_unit.size(), 0);
    for (std::size_t g = 0; g < organism.protein_counts.size(); ++g)
        k.birth_proteins[g] = std::max(organism.protein_counts[g], std::int64_t{0});
    if (organism.cell_cycle.enabled) k.life = make_life_plan(layout, k);
    for (std::uint32_t g = 0; g < k.birth_proteins.size(); ++g) {
        std::int64_t molecules = k.birth_proteins[g];
        if (!k.life.in_machines.empty()) {
            // a part that the counts include is not there once more
            const std::uint8_t m = layout.gene_machine[g];
            if (m != Layout::no_machine && organism.cell_cycle.counted_in_machines[m])
                k.birth_proteins[g] = std::max(molecules - k.life.in_machines[g], least_free(k, layout, g));
            molecules = k.birth_proteins[g] + k.life.in_machines[g];
            if (k.life.membrane[g] != 0) k.life.membrane_proteins += molecules;
        }
        if (molecules == 0) continue;
        const auto residues = layout.residues(g);
        for (std::size_t a = 0; a < amino_acid_count; ++a) k.birth_residues[a] += molecules * residues[a];
    }
    k.fingerprint = fingerprint_of(layout, organism);
    return k;
}

}  // namespace bioxen
