#pragma once

#include <bioxen/species.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bioxen {

/// Where molecules of a posting are: in the cell, or on the other side of its boundary.
enum class Place : std::uint8_t { cell, medium };

/// One leg of a supply reaction: `coefficient` molecules of `species` appear (or, if negative, vanish) at `place`.
struct SupplyLeg {
    Place place = Place::cell;
    SpeciesIndex species = 0;
    std::int64_t coefficient = 0;
};

/// One aggregated supply flow. At every tick it makes floor(max_rate_per_s * tick + carry) turns, fewer where what
/// it consumes in the cell or the set point allows less. This is the place that a metabolism takes over.
struct SupplyReaction {
    std::string name;
    std::string process;            ///< the heading under which the ledger reports it
    std::vector<SupplyLeg> legs;
    double max_rate_per_s = 0.0;
    /// No turn while the cell holds at least this many molecules of the species.
    std::optional<std::pair<SpeciesIndex, std::int64_t>> set_point;
    /// In a growing cell rate and set point grow with the volume: enzymes and pools keep their concentrations.
    bool per_volume = true;
    /// Above 0: the rate is that of saturation, and c / (km + c) of it is left at the glucose concentration c.
    double glucose_km_mM = 0.0;
};

/// The maximal rate of a reaction at a glucose concentration.
[[nodiscard]] inline double rate_per_s(const SupplyReaction& reaction, double glucose_mM) noexcept {
    if (!(reaction.glucose_km_mM > 0.0)) return reaction.max_rate_per_s;
    return reaction.max_rate_per_s * glucose_mM / (reaction.glucose_km_mM + glucose_mM);
}

/// How the rates of a cell follow its environment, how it keeps its DNA, and what it dies of. As it stands here, nothing
/// changes a rate and nothing kills.
struct Tolerance {
    double glucose_mM = 0.0;                    ///< in the medium at birth
    double reference_temperature_c = 37.0;      ///< at which the rates of the organism hold
    double activation_energy_J_per_mol = 0.0;   ///< of every rate (Arrhenius)
    double lethal_temperature_c = 100.0;        ///< above it the cell dies
    /// Cardinal pH values (Rosso et al. 1995): the rates of the organism hold at the optimum, and are 0 from the lowest
    /// down and from the highest up.
    double lowest_pH = 0.0, optimal_pH = 7.0, highest_pH = 14.0;
    /// A growing cell dies when its energy charge, (ATP + ADP/2) / (ATP + ADP + AMP), has been below
    /// `lethal_energy_charge` for this long without a break.
    double lethal_energy_charge = 0.0, starvation_s = 0.0;
    /// Lesions are counted, not placed: they come with each base pair, each is repaired at a rate of its own, in a patch
    /// that takes one deoxynucleotide and one ATP per nucleotide, and more than `lethal_lesions` kill (0: none do).
    double dna_damage_per_bp_s = 0.0, dna_repair_per_s = 0.0;
    std::int64_t repair_patch_nt = 1, lethal_lesions = 0;
};

/// How a cell grows, copies its DNA, builds machines and divides. Where it is off, volume, DNA and machines stay what
/// they are at birth.
///
/// Surface is that of the lipids plus that of the membrane proteins, each in proportion to their number at birth; the
/// volume that of a sphere (or, where `rod`, of a rod that lengthens) with that surface, up to `largest_volume_ratio`.
struct CellCycle {
    bool enabled = false;
    bool rod = false;
    double lipid_surface_nm2 = 0.0;             ///< at birth
    double protein_surface_nm2 = 0.0;           ///< at birth
    double largest_volume_ratio = 0.0;          ///< to the volume at birth
    /// Replication begins a lognormal time after birth, or where `initiation_volume_l` is given, whenever the cell has
    /// that volume per origin.
    double replication_delay_s = 0.0;           ///< median
    double replication_delay_log_sd = 0.0;      ///< standard deviation of its natural logarithm
    double initiation_volume_l = 0.0;
    double fork_kcat_bp_per_s = 0.0;
    double fork_km_mM = 0.0;                    ///< in the deoxynucleotide of the base that is read
    /// A cell is ready to divide when its surface is this many times that at birth, this long after a round of
    /// replication has ended that left two of each chromosome.
    double division_surface_ratio = 0.0;
    double division_delay_s = 0.0;
    /// 0: a cell is born with one whole copy of its chromosome. Else it is born into balanced growth that doubles so often:
    /// rounds of replication that began before birth have come as far as the law of Cooper and Helmstetter says (J. Mol.
    /// Biol. 31:519, 1968), and each pair of sister chromosomes divides `division_delay_s` after its own termination. Of a
    /// replicon with several copies at birth so many begin to be copied in a doubling time, at random.
    double doubling_time_s = 0.0;
    /// Per complete set of parts, in the order of `machine_names`.
    std::array<double, 3> assembly_per_s{};
    /// Protein counts at birth include the parts of the machines of this kind.
    std::array<bool, 3> counted_in_machines{};
    /// Where they include those of ribosomes: of each ribosomal protein so many are free at least, per one in a ribosome.
    double least_free_ribosomal_parts = 0.0;
    /// A messenger of a protein that a ribosome holds several of (L7/L12) takes a ribosome so many times as often.
    double stalk_loading = 1.0;
    /// The genes of a unit share a promoter, which has the strength of the strongest: a start codon of each of the others takes
    /// ribosomes as much more seldom as its gene's own is less. Not in reference mode, where each gene has a promoter.
    bool loading_by_strength = false;
    double translocon_binding_per_M_s = 0.0;    ///< SecY and a membrane protein that waits for it
    double insertion_aa_per_s = 0.0;
    /// A membrane takes no further lipid while it has this many times as much of it per membrane protein as at birth;
    /// 0: it always does.
    double largest_lipid_excess = 0.0;
};

/// Parameters of a cell as plain numbers; the organism files say where each comes from. Molecule counts are per
/// cell, rates carry their unit in the name, binding constants are divided by (Avogadro * volume) by the compiler.
struct Organism {
    std::string name;
    double volume_l = 0.0;
    std::int64_t rna_polymerases = 0;
    std::int64_t ribosomes = 0;
    std::int64_t degradosomes = 0;
    /// Every gene its own unit on its own DNA, one RNAP per unit (long rRNA: one per `rrna_spacing_nt`), loading on
    /// completed mRNA only, degradation of ribosome-free mRNA only: the rules of the published models.
    bool reference_mode = false;
    /// Pools are clamped; what would have changed them is booked to the environment.
    bool hold_pools = false;

    double promoter_binding_per_M_s = 0.0;   ///< at strength `promoter_strength_scale`, linear in strength
    double promoter_strength_scale = 0.0;
    double promoter_strength_default = 0.0;
    double promoter_strength_min = 0.0;      ///< bounds of a strength taken from a protein count
    double promoter_strength_max = 0.0;
    double promoter_strength_ribosomal_bonus = 0.0;  ///< ribosomal proteins: min(max, bonus + count)
    double promoter_strength_tRNA = 0.0;
    double promoter_strength_rRNA = 0.0;
    double rna_kcat_nt_per_s = 0.0;          ///< at `promoter_strength_default`, linear in strength between the bounds
    double rna_kcat_min_nt_per_s = 0.0;
    double rna_kcat_max_nt_per_s = 0.0;
    double rna_km_mM = 0.0;
    std::int32_t rnap_footprint_nt = 0;
    std::int32_t rrna_spacing_nt = 0;
    std::int32_t max_rnap_per_unit = 0;      ///< 0: unlimited
    double head_on_dissociation_per_s = 0.0; ///< of each of two RNAPs that have met
    std::int32_t unit_gap_nt = 0;            ///< genes of one strand up to this far apart share a unit

    double ribosome_binding_per_M_s = 0.0;
    double translation_kcat_aa_per_s = 0.0;
    double translation_km_mM = 0.0;
    std::int32_t ribosome_footprint_codons = 0;
    std::int32_t max_ribosomes_per_mrna = 0; ///< 0: unlimited

    double degradosome_binding_per_M_s = 0.0;
    double degradation_kcat_nt_per_s = 0.0;
    double protein_decay_per_s = 0.0;        ///< 0: proteins do not decay

    std::array<std::int64_t, species::resource_count> pools{};
    std::vector<SupplyReaction> supply;
    /// Charging of each amino acid makes E / (1/(k_atp ATP) + 1/(k_aa AA) + 1/(k_trna U) + 1/kcat) turns per second:
    /// the cycle time of one synthetase with each of its substrates bound in turn; U is uncharged tRNA.
    double synthetases_per_amino_acid = 0.0;
    double charging_kcat_per_s = 0.0;
    double charging_k_atp_per_s = 0.0;
    double charging_k_aa_per_s = 0.0;
    double charging_k_trna_per_s = 0.0;
    /// Gln-tRNA is made from Glu-tRNA by an amidotransferase (no glutaminyl-tRNA synthetase).
    bool glutamine_via_glutamate = false;

    /// By index into `Genome::genes`; empty where nothing is known.
    std::vector<std::int64_t> protein_counts;  ///< at birth, and the source of promoter strengths; -1: unknown
    std::vector<double> mrna_counts;           ///< mean transcripts at birth; empty: the compiler's mean field
    std::map<std::uint32_t, double> gene_promoter_strength;
    std::map<std::uint32_t, double> gene_initiation_rate_per_s;   ///< per clear site, in place of ribosome binding
    std::map<std::uint32_t, double> gene_termination_rate_per_s;  ///< of the release at the stop codon
    /// To what the organism's laws say, 1 where nothing is given: how many messengers a gene has where nothing crowds them,
    /// how fast they decay, how often a ribosome loads. A unit takes the means over its genes, of lifetimes that of decay.
    std::map<std::uint32_t, double> gene_messengers, gene_decay, gene_loading;
    /// By gene: neighbours with the same number are one transcription unit; `ungrouped`: as the annotation and distances say.
    std::vector<std::uint32_t> unit_groups;
    static constexpr std::uint32_t ungrouped = UINT32_MAX;

    Tolerance tolerance;
    CellCycle cell_cycle;
    std::vector<std::int64_t> origins_nt;        ///< by replicon; -1 or nothing: where the genome says
    std::vector<std::int64_t> replicon_copies;   ///< by replicon, at birth; nothing: one each
    std::vector<std::uint32_t> membrane_genes;   ///< ascending; nothing: as the sequences tell
};

}  // namespace bioxen
