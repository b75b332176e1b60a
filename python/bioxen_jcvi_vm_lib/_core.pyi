# Made by tests/architecture/stub.py --write; do not edit.
"""
The engine in C++: decode, compile, execute. Users hold the classes of the package above it.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Allocation', 'Capacity', 'CellCycle', 'Chassis', 'Clock', 'Context', 'ContextHandle', 'ContextTable', 'Feature', 'Gene', 'Genome', 'Hypervisor', 'Interval', 'Location', 'Organism', 'Policy', 'Program', 'Quota', 'Record', 'ReportEntry', 'Run', 'SupplyReaction', 'TRANSLATION_TABLES', 'Tolerance', 'Trace', 'TranscriptionUnit', 'VirtualClock', 'capacity_of', 'combine', 'compile', 'decode', 'is_start_codon', 'phase_names', 'resource_names', 'species_names', 'translate', 'with_capacity']
class ReportEntry:
    """
    Something tolerable that a reader should know.
    """
    def __repr__(self) -> str:
        ...
    @property
    def code(self) -> str:
        """
        A short stable name.
        """
    @property
    def feature(self) -> str:
        ...
    @property
    def line(self) -> int:
        """
        1-based; 0 for the whole file.
        """
    @property
    def message(self) -> str:
        ...
class Interval(typing.NamedTuple):
    """
    One span of a location: 0-based, half-open, strand +1, -1 or 0; the flags are `<` and `>` in the file.
    """
    start: int
    end: int
    strand: int
    before_start: bool
    after_end: bool
    accession: str
class Location:
    """
    Where a feature lies: its spans in reading order, 5' to 3'.
    """
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    @property
    def kind(self) -> str:
        ...
    @property
    def parts(self) -> tuple[Interval, ...]:
        ...
    @property
    def strand(self) -> int:
        ...
    @property
    def text(self) -> str:
        ...
@typing.final
class Feature:
    """
    One entry of a feature table: everything that the file says about it.
    """
    @property
    def kind(self) -> str:
        """
        As in the file: CDS, gene, regulatory, ...
        """
    @property
    def line(self) -> int:
        """
        1-based line on which it starts.
        """
    @property
    def location(self) -> Location:
        """
        Where it lies.
        """
    @property
    def qualifiers(self) -> tuple[tuple[str, str | None], ...]:
        """
        Tuple of (key, value) in file order; value is None for a flag.
        """
class Record:
    """
    One entry of a file: a chromosome, plasmid or contig.
    """
    def __repr__(self) -> str:
        ...
    @property
    def accession(self) -> str:
        ...
    @property
    def date(self) -> str:
        ...
    @property
    def definition(self) -> str:
        ...
    @property
    def division(self) -> str:
        ...
    @property
    def features(self) -> tuple[Feature, ...]:
        ...
    @property
    def length_nt(self) -> int:
        ...
    @property
    def molecule_type(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def organism(self) -> str:
        ...
    @property
    def sequence(self) -> str:
        ...
    @property
    def topology(self) -> str:
        ...
class Gene:
    """
    A gene as the cell uses it. Coordinates are 0-based, half-open, on the forward strand.
    """
    def __eq__(self, other: object) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def codon_start(self) -> int:
        ...
    @property
    def codons(self) -> tuple[str, ...]:
        """
        The codons as DNA triplets, the stop included; empty unless the kind is protein.
        """
    @property
    def defect(self) -> str:
        """
        Why the gene cannot be executed; empty if it can.
        """
    @property
    def end(self) -> int:
        """
        Beyond the replicon's length for a gene across the origin.
        """
    @property
    def has_stop(self) -> bool:
        """
        The coding sequence ends with a stop codon.
        """
    @property
    def kind(self) -> str:
        """
        One of protein, rRNA, tRNA, tmRNA, ncRNA, pseudo.
        """
    @property
    def length_nt(self) -> int:
        """
        Sum over the parts.
        """
    @property
    def line(self) -> int:
        ...
    @property
    def locus_tag(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """
        Tuple of (start, end) in reading order, 5' to 3'.
        """
    @property
    def product(self) -> str:
        ...
    @property
    def protein(self) -> str:
        """
        What our decoder translates, in one-letter codes.
        """
    @property
    def pseudo(self) -> bool:
        ...
    @property
    def replicon(self) -> int:
        """
        Index of its record.
        """
    @property
    def start(self) -> int:
        ...
    @property
    def strand(self) -> int:
        """
        +1, -1, or 0 where unknown.
        """
    @property
    def translation_table(self) -> int:
        ...
class Genome:
    """
    A decoded genome file: what the file says, and its genes. Immutable.
    """
    def __repr__(self) -> str:
        ...
    @property
    def fingerprint(self) -> str:
        """
        64-bit digest of the decompressed input.
        """
    @property
    def format(self) -> str:
        """
        genbank, gff3 or fasta.
        """
    @property
    def genes(self) -> tuple[Gene, ...]:
        """
        In file order of records, then by start and end.
        """
    @property
    def memory_bytes(self) -> int:
        ...
    @property
    def records(self) -> tuple[Record, ...]:
        ...
    @property
    def report(self) -> tuple[ReportEntry, ...]:
        ...
class SupplyReaction:
    """
    One aggregated supply flow of a cell.
    """
    def __init__(self, name: str, process: str, legs: collections.abc.Sequence[tuple[str, str, int]], max_rate_per_s: float, set_point: tuple[str, int] | None = None, per_volume: bool = True, glucose_km_mM: float = 0.0) -> None:
        """
        Legs are (place, species, coefficient) with place 'cell' or 'medium'; a set point is (species, molecules).
        """
    def __repr__(self) -> str:
        ...
    @property
    def glucose_km_mM(self) -> float:
        ...
    @property
    def max_rate_per_s(self) -> float:
        ...
    @max_rate_per_s.setter
    def max_rate_per_s(self, arg0: float) -> None:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def process(self) -> str:
        ...
class Tolerance:
    """
    How rates follow the environment, and what a cell dies of.
    """
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def activation_energy_J_per_mol(self) -> float:
        ...
    @activation_energy_J_per_mol.setter
    def activation_energy_J_per_mol(self, arg0: float) -> None:
        ...
    @property
    def dna_damage_per_bp_s(self) -> float:
        ...
    @dna_damage_per_bp_s.setter
    def dna_damage_per_bp_s(self, arg0: float) -> None:
        ...
    @property
    def dna_repair_per_s(self) -> float:
        ...
    @dna_repair_per_s.setter
    def dna_repair_per_s(self, arg0: float) -> None:
        ...
    @property
    def glucose_mM(self) -> float:
        ...
    @glucose_mM.setter
    def glucose_mM(self, arg0: float) -> None:
        ...
    @property
    def highest_pH(self) -> float:
        ...
    @highest_pH.setter
    def highest_pH(self, arg0: float) -> None:
        ...
    @property
    def lethal_energy_charge(self) -> float:
        ...
    @lethal_energy_charge.setter
    def lethal_energy_charge(self, arg0: float) -> None:
        ...
    @property
    def lethal_lesions(self) -> int:
        ...
    @lethal_lesions.setter
    def lethal_lesions(self, arg0: int) -> None:
        ...
    @property
    def lethal_temperature_c(self) -> float:
        ...
    @lethal_temperature_c.setter
    def lethal_temperature_c(self, arg0: float) -> None:
        ...
    @property
    def lowest_pH(self) -> float:
        ...
    @lowest_pH.setter
    def lowest_pH(self, arg0: float) -> None:
        ...
    @property
    def optimal_pH(self) -> float:
        ...
    @optimal_pH.setter
    def optimal_pH(self, arg0: float) -> None:
        ...
    @property
    def reference_temperature_c(self) -> float:
        ...
    @reference_temperature_c.setter
    def reference_temperature_c(self, arg0: float) -> None:
        ...
    @property
    def repair_patch_nt(self) -> int:
        ...
    @repair_patch_nt.setter
    def repair_patch_nt(self, arg0: int) -> None:
        ...
    @property
    def starvation_s(self) -> float:
        ...
    @starvation_s.setter
    def starvation_s(self, arg0: float) -> None:
        ...
class CellCycle:
    """
    How a cell grows, copies its DNA and divides.
    """
    enabled: bool
    loading_by_strength: bool
    rod: bool
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def assembly_per_s(self) -> typing.Annotated[list[float], "FixedSize(3)"]:
        ...
    @assembly_per_s.setter
    def assembly_per_s(self, arg0: typing.Annotated[collections.abc.Sequence[float], "FixedSize(3)"]) -> None:
        ...
    @property
    def counted_in_machines(self) -> typing.Annotated[list[bool], "FixedSize(3)"]:
        ...
    @counted_in_machines.setter
    def counted_in_machines(self, arg0: typing.Annotated[collections.abc.Sequence[bool], "FixedSize(3)"]) -> None:
        ...
    @property
    def division_delay_s(self) -> float:
        ...
    @division_delay_s.setter
    def division_delay_s(self, arg0: float) -> None:
        ...
    @property
    def division_surface_ratio(self) -> float:
        ...
    @division_surface_ratio.setter
    def division_surface_ratio(self, arg0: float) -> None:
        ...
    @property
    def doubling_time_s(self) -> float:
        ...
    @doubling_time_s.setter
    def doubling_time_s(self, arg0: float) -> None:
        ...
    @property
    def fork_kcat_bp_per_s(self) -> float:
        ...
    @fork_kcat_bp_per_s.setter
    def fork_kcat_bp_per_s(self, arg0: float) -> None:
        ...
    @property
    def fork_km_mM(self) -> float:
        ...
    @fork_km_mM.setter
    def fork_km_mM(self, arg0: float) -> None:
        ...
    @property
    def initiation_volume_l(self) -> float:
        ...
    @initiation_volume_l.setter
    def initiation_volume_l(self, arg0: float) -> None:
        ...
    @property
    def insertion_aa_per_s(self) -> float:
        ...
    @insertion_aa_per_s.setter
    def insertion_aa_per_s(self, arg0: float) -> None:
        ...
    @property
    def largest_lipid_excess(self) -> float:
        ...
    @largest_lipid_excess.setter
    def largest_lipid_excess(self, arg0: float) -> None:
        ...
    @property
    def largest_volume_ratio(self) -> float:
        ...
    @largest_volume_ratio.setter
    def largest_volume_ratio(self, arg0: float) -> None:
        ...
    @property
    def least_free_ribosomal_parts(self) -> float:
        ...
    @least_free_ribosomal_parts.setter
    def least_free_ribosomal_parts(self, arg0: float) -> None:
        ...
    @property
    def lipid_surface_nm2(self) -> float:
        ...
    @lipid_surface_nm2.setter
    def lipid_surface_nm2(self, arg0: float) -> None:
        ...
    @property
    def protein_surface_nm2(self) -> float:
        ...
    @protein_surface_nm2.setter
    def protein_surface_nm2(self, arg0: float) -> None:
        ...
    @property
    def replication_delay_log_sd(self) -> float:
        ...
    @replication_delay_log_sd.setter
    def replication_delay_log_sd(self, arg0: float) -> None:
        ...
    @property
    def replication_delay_s(self) -> float:
        ...
    @replication_delay_s.setter
    def replication_delay_s(self, arg0: float) -> None:
        ...
    @property
    def stalk_loading(self) -> float:
        ...
    @stalk_loading.setter
    def stalk_loading(self, arg0: float) -> None:
        ...
    @property
    def translocon_binding_per_M_s(self) -> float:
        ...
    @translocon_binding_per_M_s.setter
    def translocon_binding_per_M_s(self, arg0: float) -> None:
        ...
class Organism:
    """
    Parameters of a cell as plain numbers.
    """
    cell_cycle: CellCycle
    glutamine_via_glutamate: bool
    hold_pools: bool
    name: str
    reference_mode: bool
    tolerance: Tolerance
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def copy(self) -> Organism:
        ...
    @property
    def charging_k_aa_per_s(self) -> float:
        ...
    @charging_k_aa_per_s.setter
    def charging_k_aa_per_s(self, arg0: float) -> None:
        ...
    @property
    def charging_k_atp_per_s(self) -> float:
        ...
    @charging_k_atp_per_s.setter
    def charging_k_atp_per_s(self, arg0: float) -> None:
        ...
    @property
    def charging_k_trna_per_s(self) -> float:
        ...
    @charging_k_trna_per_s.setter
    def charging_k_trna_per_s(self, arg0: float) -> None:
        ...
    @property
    def charging_kcat_per_s(self) -> float:
        ...
    @charging_kcat_per_s.setter
    def charging_kcat_per_s(self, arg0: float) -> None:
        ...
    @property
    def degradation_kcat_nt_per_s(self) -> float:
        ...
    @degradation_kcat_nt_per_s.setter
    def degradation_kcat_nt_per_s(self, arg0: float) -> None:
        ...
    @property
    def degradosome_binding_per_M_s(self) -> float:
        ...
    @degradosome_binding_per_M_s.setter
    def degradosome_binding_per_M_s(self, arg0: float) -> None:
        ...
    @property
    def degradosomes(self) -> int:
        ...
    @degradosomes.setter
    def degradosomes(self, arg0: int) -> None:
        ...
    @property
    def gene_decay(self) -> dict[int, float]:
        ...
    @gene_decay.setter
    def gene_decay(self, arg0: collections.abc.Mapping[int, float]) -> None:
        ...
    @property
    def gene_initiation_rate_per_s(self) -> dict[int, float]:
        ...
    @gene_initiation_rate_per_s.setter
    def gene_initiation_rate_per_s(self, arg0: collections.abc.Mapping[int, float]) -> None:
        ...
    @property
    def gene_loading(self) -> dict[int, float]:
        ...
    @gene_loading.setter
    def gene_loading(self, arg0: collections.abc.Mapping[int, float]) -> None:
        ...
    @property
    def gene_messengers(self) -> dict[int, float]:
        ...
    @gene_messengers.setter
    def gene_messengers(self, arg0: collections.abc.Mapping[int, float]) -> None:
        ...
    @property
    def gene_promoter_strength(self) -> dict[int, float]:
        ...
    @gene_promoter_strength.setter
    def gene_promoter_strength(self, arg0: collections.abc.Mapping[int, float]) -> None:
        ...
    @property
    def gene_termination_rate_per_s(self) -> dict[int, float]:
        ...
    @gene_termination_rate_per_s.setter
    def gene_termination_rate_per_s(self, arg0: collections.abc.Mapping[int, float]) -> None:
        ...
    @property
    def head_on_dissociation_per_s(self) -> float:
        ...
    @head_on_dissociation_per_s.setter
    def head_on_dissociation_per_s(self, arg0: float) -> None:
        ...
    @property
    def max_ribosomes_per_mrna(self) -> int:
        ...
    @max_ribosomes_per_mrna.setter
    def max_ribosomes_per_mrna(self, arg0: int) -> None:
        ...
    @property
    def max_rnap_per_unit(self) -> int:
        ...
    @max_rnap_per_unit.setter
    def max_rnap_per_unit(self, arg0: int) -> None:
        ...
    @property
    def membrane_genes(self) -> list[int]:
        ...
    @membrane_genes.setter
    def membrane_genes(self, arg0: collections.abc.Sequence[int]) -> None:
        ...
    @property
    def mrna_counts(self) -> list[float]:
        ...
    @mrna_counts.setter
    def mrna_counts(self, arg0: collections.abc.Sequence[float]) -> None:
        ...
    @property
    def origins_nt(self) -> list[int]:
        ...
    @origins_nt.setter
    def origins_nt(self, arg0: collections.abc.Sequence[int]) -> None:
        ...
    @property
    def pools(self) -> dict[str, int]:
        ...
    @pools.setter
    def pools(self, arg1: collections.abc.Mapping[str, int]) -> None:
        ...
    @property
    def promoter_binding_per_M_s(self) -> float:
        ...
    @promoter_binding_per_M_s.setter
    def promoter_binding_per_M_s(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_default(self) -> float:
        ...
    @promoter_strength_default.setter
    def promoter_strength_default(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_max(self) -> float:
        ...
    @promoter_strength_max.setter
    def promoter_strength_max(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_min(self) -> float:
        ...
    @promoter_strength_min.setter
    def promoter_strength_min(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_rRNA(self) -> float:
        ...
    @promoter_strength_rRNA.setter
    def promoter_strength_rRNA(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_ribosomal_bonus(self) -> float:
        ...
    @promoter_strength_ribosomal_bonus.setter
    def promoter_strength_ribosomal_bonus(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_scale(self) -> float:
        ...
    @promoter_strength_scale.setter
    def promoter_strength_scale(self, arg0: float) -> None:
        ...
    @property
    def promoter_strength_tRNA(self) -> float:
        ...
    @promoter_strength_tRNA.setter
    def promoter_strength_tRNA(self, arg0: float) -> None:
        ...
    @property
    def protein_counts(self) -> list[int]:
        ...
    @protein_counts.setter
    def protein_counts(self, arg0: collections.abc.Sequence[int]) -> None:
        ...
    @property
    def protein_decay_per_s(self) -> float:
        ...
    @protein_decay_per_s.setter
    def protein_decay_per_s(self, arg0: float) -> None:
        ...
    @property
    def replicon_copies(self) -> list[int]:
        ...
    @replicon_copies.setter
    def replicon_copies(self, arg0: collections.abc.Sequence[int]) -> None:
        ...
    @property
    def ribosome_binding_per_M_s(self) -> float:
        ...
    @ribosome_binding_per_M_s.setter
    def ribosome_binding_per_M_s(self, arg0: float) -> None:
        ...
    @property
    def ribosome_footprint_codons(self) -> int:
        ...
    @ribosome_footprint_codons.setter
    def ribosome_footprint_codons(self, arg0: int) -> None:
        ...
    @property
    def ribosomes(self) -> int:
        ...
    @ribosomes.setter
    def ribosomes(self, arg0: int) -> None:
        ...
    @property
    def rna_kcat_max_nt_per_s(self) -> float:
        ...
    @rna_kcat_max_nt_per_s.setter
    def rna_kcat_max_nt_per_s(self, arg0: float) -> None:
        ...
    @property
    def rna_kcat_min_nt_per_s(self) -> float:
        ...
    @rna_kcat_min_nt_per_s.setter
    def rna_kcat_min_nt_per_s(self, arg0: float) -> None:
        ...
    @property
    def rna_kcat_nt_per_s(self) -> float:
        ...
    @rna_kcat_nt_per_s.setter
    def rna_kcat_nt_per_s(self, arg0: float) -> None:
        ...
    @property
    def rna_km_mM(self) -> float:
        ...
    @rna_km_mM.setter
    def rna_km_mM(self, arg0: float) -> None:
        ...
    @property
    def rna_polymerases(self) -> int:
        ...
    @rna_polymerases.setter
    def rna_polymerases(self, arg0: int) -> None:
        ...
    @property
    def rnap_footprint_nt(self) -> int:
        ...
    @rnap_footprint_nt.setter
    def rnap_footprint_nt(self, arg0: int) -> None:
        ...
    @property
    def rrna_spacing_nt(self) -> int:
        ...
    @rrna_spacing_nt.setter
    def rrna_spacing_nt(self, arg0: int) -> None:
        ...
    @property
    def supply(self) -> list[SupplyReaction]:
        ...
    @supply.setter
    def supply(self, arg0: collections.abc.Sequence[SupplyReaction]) -> None:
        ...
    @property
    def synthetases_per_amino_acid(self) -> float:
        ...
    @synthetases_per_amino_acid.setter
    def synthetases_per_amino_acid(self, arg0: float) -> None:
        ...
    @property
    def translation_kcat_aa_per_s(self) -> float:
        ...
    @translation_kcat_aa_per_s.setter
    def translation_kcat_aa_per_s(self, arg0: float) -> None:
        ...
    @property
    def translation_km_mM(self) -> float:
        ...
    @translation_km_mM.setter
    def translation_km_mM(self, arg0: float) -> None:
        ...
    @property
    def unit_gap_nt(self) -> int:
        ...
    @unit_gap_nt.setter
    def unit_gap_nt(self, arg0: int) -> None:
        ...
    @property
    def unit_groups(self) -> list[int]:
        ...
    @unit_groups.setter
    def unit_groups(self, arg0: collections.abc.Sequence[int]) -> None:
        ...
    @property
    def volume_l(self) -> float:
        ...
    @volume_l.setter
    def volume_l(self, arg0: float) -> None:
        ...
class Capacity:
    """
    What cells can share: machines, and fluxes per second.
    """
    def __eq__(self, other: object) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, *, ribosomes: int = 0, rna_polymerases: int = 0, atp_flux_per_s: int = 0, amino_acid_flux_per_s: int = 0) -> None:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def amino_acid_flux_per_s(self) -> int:
        ...
    @property
    def atp_flux_per_s(self) -> int:
        ...
    @property
    def ribosomes(self) -> int:
        ...
    @property
    def rna_polymerases(self) -> int:
        ...
class TranscriptionUnit:
    """
    Genes transcribed together from one promoter.
    """
    def __repr__(self) -> str:
        ...
    @property
    def end(self) -> int:
        ...
    @property
    def genes(self) -> tuple[int, ...]:
        ...
    @property
    def kcat_nt_per_s(self) -> float:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def origin(self) -> str:
        ...
    @property
    def promoter_strength(self) -> float:
        ...
    @property
    def replicon(self) -> int:
        ...
    @property
    def stable(self) -> bool:
        ...
    @property
    def start(self) -> int:
        ...
    @property
    def strand(self) -> int:
        ...
class Program:
    """
    A compiled genome: immutable, shared by any number of contexts.
    """
    def __repr__(self) -> str:
        ...
    def with_organism(self, organism: Organism) -> Program:
        """
        The same structure with other counts and rates.
        """
    @property
    def executable(self) -> numpy.typing.NDArray[numpy.bool]:
        ...
    @property
    def fallbacks(self) -> tuple[ReportEntry, ...]:
        ...
    @property
    def fingerprint(self) -> str:
        ...
    @property
    def memory_bytes(self) -> int:
        ...
    @property
    def organism(self) -> Organism:
        ...
    @property
    def report(self) -> tuple[ReportEntry, ...]:
        ...
    @property
    def roles(self) -> dict[str, tuple[int, ...]]:
        ...
    @property
    def units(self) -> tuple[TranscriptionUnit, ...]:
        ...
class Trace:
    """
    Samples and totals of one run; columns are read-only views.
    """
    def __repr__(self) -> str:
        ...
    @property
    def audit(self) -> dict[str, int] | None:
        ...
    @property
    def breach(self) -> bool:
        ...
    @property
    def cause(self) -> str:
        ...
    @property
    def cell_cycle(self) -> dict[str, numpy.typing.NDArray[typing.Any]]:
        """
        Of a cell that grows; else empty. Phases are places in `phase_names`.
        """
    @property
    def events(self) -> dict[str, int]:
        ...
    @property
    def ledger(self) -> dict[str, dict[str, int]]:
        ...
    @property
    def machines(self) -> dict[str, dict[str, numpy.typing.NDArray[numpy.int64]]]:
        ...
    @property
    def mrnas(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def proteins(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def resources(self) -> numpy.typing.NDArray[numpy.int64]:
        """
        Molecules, one column per pool in the order of `resource_names`.
        """
    @property
    def sim_time_s(self) -> float:
        ...
    @property
    def status(self) -> str:
        ...
    @property
    def time_s(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def wall_time_s(self) -> float:
        ...
class Context:
    """
    One virtual cell.
    """
    @staticmethod
    def next_tick_s(at_s: float) -> float:
        """
        The first supply tick not before.
        """
    @staticmethod
    def restore(snapshot: bytes, program: Program) -> Context:
        """
        The context that a snapshot was taken of.
        """
    def __init__(self, program: Program, seed: int) -> None:
        ...
    def allocate(self, program: Program) -> None:
        """
        From here on with this program's machines and supply rates; at a supply tick only.
        """
    def audit(self) -> dict[str, int]:
        ...
    def cycle(self) -> dict[str, typing.Any]:
        """
        Where it stands in its cycle.
        """
    def divide(self) -> Context:
        """
        Divides the cell at its next supply tick; this context keeps one half, the other is returned.
        """
    def drawn(self) -> dict[str, int]:
        """
        What supply has brought since birth: {'atp', 'amino_acids'} in molecules.
        """
    def environment(self) -> dict[str, float]:
        """
        What surrounds it: {'glucose_mM', 'temperature_c', 'pH'}.
        """
    def events(self) -> dict[str, int]:
        ...
    def fork(self, seed: int | None = None) -> Context:
        """
        A context in the same state with a future of its own.
        """
    def gene_copies(self) -> numpy.typing.NDArray[numpy.int64]:
        """
        Copies of each gene on its DNA.
        """
    def in_machines(self) -> numpy.typing.NDArray[numpy.int64]:
        """
        Molecules of each gene's product that its machines are made of.
        """
    def inhibit(self, work: str, remaining: float) -> None:
        """
        Leaves so much of the rate of a kind of work; 1 lifts the inhibition.
        """
    def knocked_out(self) -> list[int]:
        """
        Positions of the genes that were knocked out, ascending.
        """
    def knockout(self, gene: int) -> None:
        """
        No further initiation at this gene's cistron.
        """
    def ledger(self) -> dict[str, dict[str, int]]:
        ...
    def machines(self) -> dict[str, dict[str, int]]:
        ...
    def mrnas(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    def polymerases(self) -> numpy.typing.NDArray[numpy.void]:
        ...
    def proteins(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    def ready(self) -> None:
        """
        Raises if it cannot run now.
        """
    def remaining(self) -> dict[str, float]:
        """
        What inhibitors leave of the rate of each kind of work.
        """
    def replica(self) -> Context:
        """
        The same context once more: both go on alike.
        """
    def resources(self) -> dict[str, int]:
        ...
    def run(self, duration_s: float, every_s: float | None = None, progress: typing.Any = None, only: collections.abc.Sequence[int] | None = None) -> Trace:
        """
        Runs for `duration_s` and samples every `every_s`; Ctrl-C gives a trace with status 'cancelled'. `progress` is called with (time_s, steps); only the units of the genes `only` may initiate transcription.
        """
    def set_environment(self, glucose_mM: float, temperature_c: float, pH: float) -> None:
        """
        From here on the cell is surrounded by this.
        """
    def set_resource(self, name: str, molecules: int) -> None:
        """
        Sets a pool; the difference is posted against the operator.
        """
    def snapshot(self) -> bytes:
        """
        The whole state; docs/snapshot.md describes the bytes.
        """
    def trajectory_hash(self) -> str:
        ...
    @property
    def memory_bytes(self) -> int:
        ...
    @property
    def program(self) -> Program:
        ...
    @property
    def seed(self) -> int:
        ...
    @property
    def time_s(self) -> float:
        ...
class ContextHandle:
    """
    Names a context of one hypervisor.
    """
    def __eq__(self, arg0: object) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, hypervisor: int, slot: int, generation: int) -> None:
        ...
    def __reduce__(self) -> tuple[type, tuple[int, int, int]]:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def generation(self) -> int:
        ...
    @property
    def hypervisor(self) -> int:
        ...
    @property
    def slot(self) -> int:
        ...
class Policy:
    """
    How a context gets a worker's time.
    """
    def __init__(self, kind: str, *, weight: float = 1.0, cap: float = 1.0, budget_ns: int = 0, period_ns: int = 0, reclaim: bool = False) -> None:
        ...
class Quota:
    """
    Limits of one context.
    """
    def __init__(self, *, candidates: int | None = None, cpu_ns: int | None = None, memory_bytes: int | None = None, molecules: int | None = None, simulated_s: float | None = None, on_quota: str = 'pause') -> None:
        ...
class Allocation:
    """
    What a context asks of a chassis.
    """
    def __init__(self, amount: Capacity, limit: Capacity | None = None, priority: str = 'normal') -> None:
        ...
class Chassis:
    """
    A pool of biological capacity.
    """
    def __init__(self, total: Capacity, hypervisor_overhead: float = 0.0, emergency_reserve: float = 0.0) -> None:
        ...
    def free(self, at_s: float, priority: str = 'normal') -> Capacity:
        """
        What a holder of this priority could have more.
        """
    def held(self, at_s: float) -> Capacity:
        """
        What its holders have at one age.
        """
    @property
    def overhead(self) -> Capacity:
        ...
    @property
    def reserve(self) -> Capacity:
        ...
    @property
    def total(self) -> Capacity:
        ...
class Clock:
    """
    Where a hypervisor reads the time.
    """
    @property
    def now_ns(self) -> int:
        ...
class VirtualClock(Clock):
    """
    A clock that only work moves.
    """
    def __init__(self, seed: int, candidate_ns: int = 20, switch_ns: int = 0) -> None:
        ...
class Run:
    """
    A run that was asked for.
    """
    def trace(self) -> Trace:
        """
        Its samples and totals, once it has finished.
        """
    @property
    def breach(self) -> bool:
        """
        Whether a quota ended it whose owner wants an exception.
        """
    @property
    def cause(self) -> str:
        ...
    @property
    def finished(self) -> bool:
        ...
    @property
    def status(self) -> str:
        ...
class ContextTable:
    """
    What a hypervisor told of all its contexts.
    """
    def __len__(self) -> int:
        ...
    def column(self, name: str) -> typing.Any:
        ...
    def row(self, index: int) -> dict[str, typing.Any]:
        ...
class Hypervisor:
    """
    Runs contexts on workers.
    """
    def __init__(self, *, workers: int, max_contexts: int, quantum: int, slice_ns: int, cooperative: bool, chassis: Chassis | None, clock: Clock | None) -> None:
        ...
    def admit(self, name: str, snapshot: bytes, program: Program, policy: Policy, quota: Quota, allocation: Allocation | None) -> ContextHandle:
        """
        As `create`, from a snapshot.
        """
    def allocate(self, context: ContextHandle, allocation: Allocation, at_s: float | None) -> float:
        ...
    def allocation(self, context: ContextHandle, at_s: float | None) -> tuple[Capacity, Capacity | None, str] | None:
        """
        Amount, limit and priority that `allocate` would change; None: none.
        """
    def cancel(self, runs: collections.abc.Sequence[Run]) -> None:
        """
        Ends them where they are, all at once.
        """
    def chassis(self) -> Chassis | None:
        ...
    def checkpoint(self) -> bytes:
        ...
    def close(self) -> None:
        """
        Ends every context and run.
        """
    def context(self, context: ContextHandle) -> Context:
        """
        A context that the hypervisor runs, as any other is held.
        """
    def contexts(self) -> list[tuple[str, ContextHandle]]:
        """
        (name, handle) in the order of creation.
        """
    def create(self, name: str, program: Program, seed: int, policy: Policy, quota: Quota, allocation: Allocation | None) -> ContextHandle:
        ...
    def destroy(self, context: ContextHandle) -> None:
        ...
    def divide(self, mother: ContextHandle, name: str, policy: Policy, quota: Quota, allocation: Allocation | None) -> ContextHandle:
        """
        Divides a cell at its next supply tick; the other half becomes a context of its own.
        """
    def fork(self, parent: ContextHandle, name: str, seed: int | None, replay: bool, policy: Policy, quota: Quota, allocation: Allocation | None) -> ContextHandle:
        ...
    def identity_of(self, context: ContextHandle) -> tuple[int | None, str, str]:
        """
        Seed, and fingerprints of program and genome. One that has failed has no seed any more.
        """
    def metrics(self) -> dict[str, typing.Any]:
        ...
    def metrics_of(self, context: ContextHandle) -> dict[str, typing.Any]:
        ...
    def name(self, context: ContextHandle) -> str:
        ...
    def pause(self, context: ContextHandle) -> None:
        ...
    def rebalance(self, at_s: float) -> list[tuple[ContextHandle, Capacity]]:
        ...
    def restore(self, checkpoint: bytes, program_of: collections.abc.Callable[[str], Program | None]) -> None:
        """
        Takes the contexts of a checkpoint in; `program_of` gives the program of a genome's fingerprint, or None.
        """
    def resume(self, context: ContextHandle) -> None:
        ...
    def set_policy(self, context: ContextHandle, policy: Policy) -> None:
        ...
    def set_quota(self, context: ContextHandle, quota: Quota) -> None:
        ...
    def start(self, context: ContextHandle) -> None:
        ...
    def state(self, context: ContextHandle) -> str:
        ...
    def step(self) -> bool:
        """
        On a virtual clock: one quantum of one worker; whether anything could happen.
        """
    def stop(self, context: ContextHandle) -> None:
        ...
    def submit(self, context: ContextHandle, *, until_s: float = ..., duration_s: float = ..., every_s: float | None = None, record: bool = True, pace: float = 0.0, only: collections.abc.Sequence[int] | None = None, knockout: int | None = None, resource: tuple[str, int] | None = None, into: typing.Any = None, key: typing.Any = None) -> Run:
        """
        Asks for a run after those asked for before, and for one change at its beginning. `into` gets (`key`, the run): Ctrl-C cannot come between.
        """
    def wait(self, runs: collections.abc.Sequence[Run], progress: typing.Any = None, interval_s: float = 0.25) -> bool:
        """
        Waits until all have finished; Ctrl-C (then it gives True), or an exception from `progress`, cancels them.
        """
def capacity_of(organism: Organism) -> Capacity:
    """
    What an organism has of its own.
    """
def combine(genomes: collections.abc.Sequence[Genome]) -> Genome:
    """
    Several genomes as one: records and genes one genome after the other.
    """
def compile(genome: Genome, organism: Organism) -> Program:
    """
    Compiles a genome for an organism.
    """
def decode(data: typing.Any, sequence: typing.Any = None) -> Genome:
    """
    Decodes a decompressed GenBank, GFF3 or FASTA file; `sequence` is the FASTA of a GFF3 file without its own.
    """
def is_start_codon(codon: str, table: int = 11) -> bool:
    """
    Whether the codon may start a protein in the NCBI table.
    """
def phase_names() -> list[str]:
    """
    Phases of the cell cycle in the order of their numbers.
    """
def resource_names() -> tuple[str, ...]:
    """
    Names of the pools of a cell, in the order of every column.
    """
def species_names() -> tuple[str, ...]:
    """
    Pools of a cell, then what only a medium holds.
    """
def translate(sequence: str, table: int = 11) -> str:
    """
    Translates codons (T or U, IUPAC) with an NCBI table; `*` for stops, `X` where ambiguous.
    """
def with_capacity(organism: Organism, capacity: Capacity) -> Organism:
    """
    The organism with these machines, and with supply scaled to these fluxes.
    """
TRANSLATION_TABLES: tuple[int, ...]
__version__: str
