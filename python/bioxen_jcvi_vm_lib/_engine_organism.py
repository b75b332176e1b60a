"""From an organism, a configuration and a genome to the plain numbers of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
from bioxen_jcvi_vm_lib._gene_factors import apply_gene_factors
from bioxen_jcvi_vm_lib._gene_index import GeneIndex
from bioxen_jcvi_vm_lib._gene_tables import (
    copies_at_birth,
    read_gene_numbers,
    read_gene_words,
)
from bioxen_jcvi_vm_lib._replicon_copies import copies_by_replicon
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.organism import (
    AVOGADRO_PER_MOL,
    OrganismParameters,
    SupplyFlow,
    usual_pools,
)

__all__ = [
    "add_guest_tables",
    "engine_organism",
    "follows_glucose",
    "medium_concentration",
    "supply_rate_per_s",
]

#: Where proteins of the membrane are, as tables of localisation call it.
_MEMBRANE = frozenset({"trans-membrane", "peripheral membrane"})
_WHOLE = frozenset(
    {
        "rna_polymerases",
        "ribosomes",
        "degradosomes",
        "rnap_footprint_nt",
        "rrna_spacing_nt",
        "max_rnap_per_unit",
        "unit_gap_nt",
        "ribosome_footprint_codons",
        "max_ribosomes_per_mrna",
        "repair_patch_nt",
        "lethal_lesions",
    }
)


def engine_organism(
    organism: OrganismParameters,
    config: GenomicVirtualizationConfig,
    genes: Sequence[_core.Gene],
    *,
    host_genes: int | None = None,
    records: Sequence[_core.Record] = (),
) -> _core.Organism:
    """Join an organism, a configuration and a genome's genes into the engine's numbers.

    Parameters
    ----------
    organism : OrganismParameters
        Where everything comes from that the configuration does not set.
    config : GenomicVirtualizationConfig
        Replacements.
    genes : sequence of Gene
        For tables and parameters by gene.
    host_genes : int, optional
        How many of them are the host's, whose names go before those of guests; None: all.
    records : sequence of Record, optional
        Of the genome, for the names in `replicon_copies`, for origins of replication that the
        organism's file knows, and for the
        molecules at birth that notes give; a `proteome_file` goes before those.

    Raises
    ------
    InvalidConfigurationError
        If a table cannot be read or holds no gene of the genome.
    APIValidationError
        If `gene_parameters` names a gene that does not exist; the nearest is named.
    """
    engine = _core.Organism()
    engine.name = organism.name
    for key, quantity in organism.parameters.items():
        if key == "glutamine_via_glutamate":
            engine.glutamine_via_glutamate = bool(quantity.value)
        else:
            number = int(quantity.value) if key in _WHOLE else float(quantity.value)
            setattr(engine, key, number)
    if _forms_polysomes(config):
        _allow_polysomes(engine, float(organism.cell_cycle["messenger_shielding"].value))
    _apply_resources(engine, config)
    _apply_execution(engine, config)
    engine.tolerance = _tolerance(organism, config)
    engine.cell_cycle = _cell_cycle(organism, config)
    if engine.cell_cycle.enabled and organism.balanced_growth is not None:
        origins = organism.balanced_growth.origins_of(records)
        engine.origins_nt = origins if any(origin >= 0 for origin in origins) else []
    molecules = config.execution_parameters.replicon_copies
    if molecules and not engine.cell_cycle.enabled:
        raise InvalidConfigurationError(
            "replicon_copies are of a cell that copies its DNA: set cell_cycle too",
            details={"key": "execution_parameters.replicon_copies"},
        )
    engine.replicon_copies = copies_by_replicon(molecules, records) if molecules else []
    engine.pools = _pools(organism, config)
    engine.supply = _supply(organism, config, engine.pools)
    if engine.cell_cycle.enabled and config.execution_parameters.proteome_file is None:
        copies = copies_at_birth(records, genes)
        engine.protein_counts = [copies.get(i, -1) for i in range(len(genes))] if copies else []
    _apply_tables(engine, config, genes, GeneIndex(genes, host_genes=host_genes))
    return engine


def add_guest_tables(
    engine: _core.Organism, guest: _core.Organism, first: int, genes: int, first_replicon: int
) -> None:
    """Put in what a guest's own tables say of its genes, where `engine` says nothing of them.

    Parameters
    ----------
    engine : Organism
        Of host and guests; changed in place.
    guest : Organism
        Of the guest alone.
    first : int
        Position of the guest's first gene.
    genes : int
        Number of genes of host and guests.
    first_replicon : int
        Position of the guest's first replicon.

    Raises
    ------
    InvalidConfigurationError
        If the guest has mean transcript counts and the host has none.
    """
    if guest.protein_counts:
        counts = list(engine.protein_counts) or [-1] * genes
        for gene, count in enumerate(guest.protein_counts, first):
            counts[gene] = count if counts[gene] < 0 else counts[gene]
        engine.protein_counts = counts
    if guest.mrna_counts:
        means = list(engine.mrna_counts)
        if not means:
            raise InvalidConfigurationError(
                "a guest was loaded with an mrna_file and the host without: give both or neither, "
                "so that all first transcripts come from tables or all from the mean field",
                details={"key": "mrna_file"},
            )
        for gene, mean in enumerate(guest.mrna_counts, first):
            means[gene] = means[gene] or mean
        engine.mrna_counts = means
    if guest.replicon_copies:
        copies = list(engine.replicon_copies)
        copies += [1] * (first_replicon + len(guest.replicon_copies) - len(copies))
        for replicon, number in enumerate(guest.replicon_copies, first_replicon):
            copies[replicon] = number if copies[replicon] == 1 else copies[replicon]
        engine.replicon_copies = copies
    for table in (
        "gene_promoter_strength",
        "gene_initiation_rate_per_s",
        "gene_termination_rate_per_s",
    ):
        theirs = {first + gene: value for gene, value in getattr(guest, table).items()}
        setattr(engine, table, theirs | getattr(engine, table))


def _apply_resources(engine: _core.Organism, config: GenomicVirtualizationConfig) -> None:
    virtual = config.virtual_resources
    if virtual.ribosome_allocation is not None:
        engine.ribosomes = virtual.ribosome_allocation
    if virtual.rna_polymerase_allocation is not None:
        engine.rna_polymerases = virtual.rna_polymerase_allocation


def _forms_polysomes(config: GenomicVirtualizationConfig) -> bool:
    """Whether cells grow on messengers that may carry several ribosomes."""
    execution = config.execution_parameters
    return (
        execution.cell_cycle
        and not execution.reference_mode
        and execution.max_ribosomes_per_mrna != 1
    )


def _allow_polysomes(engine: _core.Organism, shielding: float) -> None:
    """Let ribosomes load freely, with constants that no longer hold for one that shields."""
    if shielding == 1:
        return
    engine.max_ribosomes_per_mrna = 0
    engine.ribosome_binding_per_M_s /= shielding
    engine.degradosome_binding_per_M_s /= shielding


def _apply_execution(engine: _core.Organism, config: GenomicVirtualizationConfig) -> None:
    execution = config.execution_parameters
    engine.reference_mode = execution.reference_mode
    engine.hold_pools = execution.hold_pools
    if execution.reference_mode:
        engine.max_rnap_per_unit = 1
        engine.max_ribosomes_per_mrna = 1
    for key in (
        "max_rnap_per_unit",
        "max_ribosomes_per_mrna",
        "rnap_footprint_nt",
        "ribosome_footprint_codons",
    ):
        value = getattr(execution, key)
        if value is not None:
            setattr(engine, key, value)
    if execution.transcription_execution_rate is not None:
        engine.rna_kcat_nt_per_s = execution.transcription_execution_rate
        engine.rna_kcat_min_nt_per_s = execution.transcription_execution_rate
        engine.rna_kcat_max_nt_per_s = execution.transcription_execution_rate
    if execution.translation_execution_rate is not None:
        engine.translation_kcat_aa_per_s = execution.translation_execution_rate
    decay = execution.degradation_processing
    if decay.mrna_processing_rate is not None and engine.degradosomes > 0:
        # Mean waiting time of a free transcript with all degradosomes free: 1 / (k D / (N_A V)).
        engine.degradosome_binding_per_M_s = (
            AVOGADRO_PER_MOL * engine.volume_l / (decay.mrna_processing_rate * engine.degradosomes)
        )
    if decay.protein_processing_rate is not None:
        engine.protein_decay_per_s = 1.0 / decay.protein_processing_rate


def _tolerance(
    organism: OrganismParameters, config: GenomicVirtualizationConfig
) -> _core.Tolerance:
    """How rates follow the environment, from the glucose of the configured medium on."""
    tolerance = _core.Tolerance()
    for key, quantity in organism.tolerance.items():
        number = int(quantity.value) if key in _WHOLE else float(quantity.value)
        setattr(tolerance, key, number)
    tolerance.glucose_mM = medium_concentration("glucose_concentration", organism, config)
    damage = config.execution_parameters.dna_damage_per_bp_s
    if damage is not None:
        tolerance.dna_damage_per_bp_s = damage
    return tolerance


def _cell_cycle(
    organism: OrganismParameters, config: GenomicVirtualizationConfig
) -> _core.CellCycle:
    """Parameters of growth; switched off where the configuration does not ask for a cell cycle."""
    cycle = _core.CellCycle()
    if not config.execution_parameters.cell_cycle:
        return cycle
    cycle.enabled = True
    machines = ("rna_polymerase", "ribosome", "degradosome")
    values = {key: quantity.value for key, quantity in organism.cell_cycle.items()}
    cycle.assembly_per_s = [float(values.pop(f"{name}_assembly_per_s")) for name in machines]
    cycle.counted_in_machines = [bool(values.pop(f"{name}s_in_counts")) for name in machines]
    cycle.rod = bool(values.pop("rod"))
    values.pop("messenger_shielding")
    cycle.loading_by_strength = (
        bool(values.pop("loading_by_strength")) and not config.execution_parameters.reference_mode
    )
    for key, value in values.items():
        setattr(cycle, key, float(value))
    if organism.balanced_growth is not None:
        cycle.doubling_time_s = 60.0 * float(organism.balanced_growth.doubling_time_min.value)
    return cycle


def _pools(organism: OrganismParameters, config: GenomicVirtualizationConfig) -> dict[str, int]:
    """Molecules of every species at birth."""
    pools = usual_pools(organism)
    if config.virtual_resources.atp_pool_size is not None:
        pools["ATP"] = config.virtual_resources.atp_pool_size
    return pools


def medium_concentration(
    key: str, organism: OrganismParameters, config: GenomicVirtualizationConfig
) -> float:
    """Return a concentration in the configured medium [mM]."""
    given = getattr(config.virtual_resources.virtual_metabolites, key)
    return float(organism.medium[key].value if given is None else given)


def follows_glucose(flow: SupplyFlow, config: GenomicVirtualizationConfig) -> bool:
    """Whether a supply reaction follows the glucose around the cell.

    With a metabolic model it does not: the uptake of the model does.
    """
    return (
        flow.saturation is not None
        and flow.saturation[0] == "glucose_concentration"
        and config.metabolic_model is None
    )


def supply_rate_per_s(
    flow: SupplyFlow, organism: OrganismParameters, config: GenomicVirtualizationConfig
) -> float:
    """Return the maximal rate of a supply reaction in the configured medium [turns/s]."""
    rate = float(flow.max_rate.value)
    if flow.saturation is None:
        return rate
    key, km = flow.saturation
    conc_mM = medium_concentration(key, organism, config)
    return rate * conc_mM / (float(km.value) + conc_mM) if conc_mM > 0 else 0.0


def _supply(
    organism: OrganismParameters, config: GenomicVirtualizationConfig, pools: Mapping[str, int]
) -> list[_core.SupplyReaction]:
    """Supply reactions with set points at the initial pools.

    A larger pool at birth is kept up; a smaller one is filled to what the organism has.
    """
    usual = usual_pools(organism)
    return [
        _core.SupplyReaction(
            name=flow.name,
            process=flow.process,
            legs=list(flow.legs),
            max_rate_per_s=(
                float(flow.max_rate.value)
                if follows_glucose(flow, config)
                else supply_rate_per_s(flow, organism, config)
            ),
            set_point=None
            if flow.set_point is None
            else (
                flow.set_point,
                max(pools.get(flow.set_point, 0), usual.get(flow.set_point, 0)),
            ),
            per_volume=flow.per_volume,
            glucose_km_mM=(
                float(flow.saturation[1].value)
                if flow.saturation is not None and follows_glucose(flow, config)
                else 0.0
            ),
        )
        for flow in organism.supply
        if config.execution_parameters.cell_cycle or not flow.growth_only
    ]


def _apply_tables(
    engine: _core.Organism,
    config: GenomicVirtualizationConfig,
    genes: Sequence[_core.Gene],
    indices: GeneIndex,
) -> None:
    """Per-gene tables and parameters."""
    execution = config.execution_parameters
    if execution.proteome_file is not None:
        counts = read_gene_numbers(
            execution.proteome_file, ("initial_count", "experimental_count", "count"), genes
        )
        engine.protein_counts = [round(counts.get(i, -1)) for i in range(len(genes))]
        places = read_gene_words(execution.proteome_file, ("localization",), genes)
        engine.membrane_genes = sorted(i for i, place in places.items() if place in _MEMBRANE)
    if execution.mrna_file is not None:
        means = read_gene_numbers(execution.mrna_file, ("count", "mean"), genes)
        engine.mrna_counts = [means.get(i, 0.0) for i in range(len(genes))]
    apply_gene_factors(engine, execution, genes)
    if not execution.gene_parameters:
        return
    strengths: dict[int, float] = {}
    initiation: dict[int, float] = {}
    termination: dict[int, float] = {}
    for key, rates in execution.gene_parameters.items():
        index = indices.find(key)
        for table, value in (
            (strengths, rates.promoter_strength),
            (initiation, rates.initiation_rate_per_s),
            (termination, rates.termination_rate_per_s),
        ):
            if value is not None:
                table[index] = value
    engine.gene_promoter_strength = strengths
    engine.gene_initiation_rate_per_s = initiation
    engine.gene_termination_rate_per_s = termination
