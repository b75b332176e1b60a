"""Organisms: the parameters of a cell as values with unit and source, and the way to the engine.

The YAML files beside this module hold every number with its unit and source. `OrganismParameters`
is their content; `engine_organism` joins it with a configuration and a genome into plain numbers
for the engine.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError, InvalidConfigurationError
from bioxen_jcvi_vm_lib._gene_factors import apply_gene_factors
from bioxen_jcvi_vm_lib._gene_tables import (
    copies_at_birth,
    read_gene_numbers,
    read_gene_words,
)
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.balanced_growth import BalancedGrowth, read_balanced_growth

__all__ = ["MetabolicSupply", "OrganismParameters", "Quantity", "SupplyFlow"]

AVOGADRO_PER_MOL = 6.02214076e23

#: Organisms that come with the library.
NAMES = ("minimal_cell", "syn3a", "ecoli")
_ALIASES = {"ecoli_mg1655": "ecoli"}

#: Every scalar parameter of an organism and the unit that its value must carry.
_UNITS: Mapping[str, str] = {
    "volume_l": "L",
    "rna_polymerases": "molecules",
    "ribosomes": "molecules",
    "degradosomes": "molecules",
    "promoter_binding_per_M_s": "1/(M s)",
    "promoter_strength_scale": "1",
    "promoter_strength_default": "1",
    "promoter_strength_min": "1",
    "promoter_strength_max": "1",
    "promoter_strength_ribosomal_bonus": "1",
    "promoter_strength_tRNA": "1",
    "promoter_strength_rRNA": "1",
    "rna_kcat_nt_per_s": "nt/s",
    "rna_kcat_min_nt_per_s": "nt/s",
    "rna_kcat_max_nt_per_s": "nt/s",
    "rna_km_mM": "mM",
    "rnap_footprint_nt": "nt",
    "rrna_spacing_nt": "nt",
    "max_rnap_per_unit": "molecules",
    "head_on_dissociation_per_s": "1/s",
    "unit_gap_nt": "nt",
    "ribosome_binding_per_M_s": "1/(M s)",
    "translation_kcat_aa_per_s": "aa/s",
    "translation_km_mM": "mM",
    "ribosome_footprint_codons": "codons",
    "max_ribosomes_per_mrna": "molecules",
    "degradosome_binding_per_M_s": "1/(M s)",
    "degradation_kcat_nt_per_s": "nt/s",
    "protein_decay_per_s": "1/s",
    "synthetases_per_amino_acid": "molecules",
    "charging_kcat_per_s": "1/s",
    "charging_k_atp_per_s": "1/(molecules s)",
    "charging_k_aa_per_s": "1/(molecules s)",
    "charging_k_trna_per_s": "1/(molecules s)",
    "glutamine_via_glutamate": "1",
}
#: Every parameter of the section `cell_cycle` and the unit that its value must carry.
_CYCLE_UNITS: Mapping[str, str] = {
    "rod": "1",
    "lipid_surface_nm2": "nm2",
    "protein_surface_nm2": "nm2",
    "largest_volume_ratio": "1",
    "replication_delay_s": "s",
    "replication_delay_log_sd": "1",
    "initiation_volume_l": "L",
    "fork_kcat_bp_per_s": "bp/s",
    "fork_km_mM": "mM",
    "division_surface_ratio": "1",
    "division_delay_s": "s",
    "rna_polymerase_assembly_per_s": "1/s",
    "ribosome_assembly_per_s": "1/s",
    "degradosome_assembly_per_s": "1/s",
    "rna_polymerases_in_counts": "1",
    "ribosomes_in_counts": "1",
    "degradosomes_in_counts": "1",
    "least_free_ribosomal_parts": "1",
    "stalk_loading": "1",
    "translocon_binding_per_M_s": "1/(M s)",
    "insertion_aa_per_s": "aa/s",
    "largest_lipid_excess": "1",
}
#: Every parameter of the section `tolerance` and the unit that its value must carry.
_TOLERANCE_UNITS: Mapping[str, str] = {
    "reference_temperature_c": "degrees C",
    "activation_energy_J_per_mol": "J/mol",
    "lethal_temperature_c": "degrees C",
    "lowest_pH": "1",
    "optimal_pH": "1",
    "highest_pH": "1",
    "lethal_energy_charge": "1",
    "starvation_s": "s",
    "dna_damage_per_bp_s": "1/(bp s)",
    "dna_repair_per_s": "1/s",
    "repair_patch_nt": "nt",
    "lethal_lesions": "1",
}
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


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and where it comes from."""

    value: float | int | bool
    unit: str
    source: str

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}" if self.unit != "1" else f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class SupplyFlow:
    """An aggregated supply reaction.

    Attributes
    ----------
    name, process : str
        Its own name, and the process of the ledger that it is booked under.
    reaction : str
        For example ``"GDP + ATP -> GTP + ADP"``; species in the medium end in ``[medium]``.
    legs : tuple of (place, species, coefficient)
        The same, place "cell" or "medium", consumption negative.
    max_rate : Quantity
        Turns per second; of a growing cell, at its volume at birth.
    growth_only, per_volume : bool
        It is there in growing cells only; its rate and set point grow with the volume.
    set_point : str or None
        It pauses while the cell holds at least the initial pool of this species.
    saturation : (str, Quantity) or None
        Concentration of the medium, by its configuration key, and Michaelis constant [mM] that
        scale the rate.
    """

    name: str
    process: str
    reaction: str
    legs: tuple[tuple[str, str, int], ...]
    max_rate: Quantity
    set_point: str | None
    saturation: tuple[str, Quantity] | None
    growth_only: bool = False
    per_volume: bool = True


@dataclass(frozen=True, slots=True)
class MetabolicSupply:
    """How the fluxes of a metabolic model set the supply of a cell.

    Attributes
    ----------
    dry_mass : Quantity
        Of the cell, to which fluxes refer [g].
    medium : mapping of str to str
        Exchange reaction by the configuration key of the concentration that its uptake follows.
    fluxes : mapping of str to mapping of str to float
        Reactions of the model and their coefficients, by name of the supply reaction whose turns
        they add up to.
    sources : mapping of str to str
        Where these come from, by name of the supply reaction.
    """

    dry_mass: Quantity
    medium: Mapping[str, str]
    fluxes: Mapping[str, Mapping[str, float]]
    sources: Mapping[str, str]

    @property
    def turns_per_flux(self) -> float:
        """Turns per second of one mmol/gDW/h."""
        return self.dry_mass.value * 1e-3 * AVOGADRO_PER_MOL / 3600.0


@dataclass(frozen=True, slots=True)
class OrganismParameters:
    """Parameters of a kind of cell, each with unit and source.

    Attributes
    ----------
    name, description : str
        As in the YAML file.
    accessions, organisms : tuple of str
        What a genome file says when it belongs to this organism.
    parameters : mapping of str to Quantity
        Scalars.
    pools : mapping of str to Quantity
        Metabolites at birth, in mM or molecules.
    medium : mapping of str to Quantity
        Concentrations in the medium [mM].
    trna_amino_acids : tuple of str
        Amino acids that have tRNA.
    trna_total, trna_charged_fraction : Quantity
        Molecules over all amino acids, and the charged part of them at birth.
    supply : tuple of SupplyFlow
        In the order of execution.
    cell_cycle : mapping of str to Quantity
        How the cell grows, copies its DNA and divides.
    tolerance : mapping of str to Quantity
        How rates follow the environment, and what a cell dies of.
    metabolism : MetabolicSupply
        What sets the supply where there is a metabolic model.
    """

    name: str
    description: str
    accessions: tuple[str, ...]
    organisms: tuple[str, ...]
    parameters: Mapping[str, Quantity]
    pools: Mapping[str, Quantity]
    medium: Mapping[str, Quantity]
    trna_amino_acids: tuple[str, ...]
    trna_total: Quantity
    trna_charged_fraction: Quantity
    supply: tuple[SupplyFlow, ...]
    cell_cycle: Mapping[str, Quantity]
    tolerance: Mapping[str, Quantity]
    metabolism: MetabolicSupply
    balanced_growth: BalancedGrowth | None = None

    @staticmethod
    def load(name: str) -> OrganismParameters:
        """Return an organism that comes with the library.

        Raises
        ------
        InvalidConfigurationError
            If there is none of that name; the nearest is named.
        """
        key = _ALIASES.get(name, name) if isinstance(name, str) else name
        if key not in NAMES:
            raise InvalidConfigurationError(
                f"unknown organism {short(name)}{suggestion(name, [*NAMES, *_ALIASES])} "
                f"(there are {', '.join(NAMES)})",
                details={"key": "organism"},
            )
        return _load(key)


@functools.cache
def _load(name: str) -> OrganismParameters:
    return _built(_document(name), f"organisms/{name}.yaml")


def _document(name: str) -> dict[str, Any]:
    """Read a YAML file and put it over the one that it names as `base`."""
    folder = resources.files("bioxen_jcvi_vm_lib") / "organisms"
    data: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    base_name = data.pop("base", None)
    if base_name is None:
        return data
    base = _document(base_name)
    flows = {flow["name"]: flow for flow in base["supply"]}
    flows.update({flow["name"]: flow for flow in data.get("supply", [])})
    merged = {**base, **data, "supply": list(flows.values())}
    for section in ("parameters", "pools", "medium", "cell_cycle", "tolerance"):
        merged[section] = {**base[section], **data.get(section, {})}
    return merged


def _built(data: Mapping[str, Any], where: str) -> OrganismParameters:
    """Check a document and make it typed."""
    sections = {
        name: _section(data[name], units, f"{where}: {name}")
        for name, units in (
            ("parameters", _UNITS),
            ("cell_cycle", _CYCLE_UNITS),
            ("tolerance", _TOLERANCE_UNITS),
        )
    }
    flows: list[SupplyFlow] = []
    for entry in data["supply"]:
        for species in entry.get("for_each", [None]):
            flows.append(_flow(entry, species, where))
    trna = data["trna"]
    return OrganismParameters(
        name=data["name"],
        description=data["description"],
        accessions=tuple(data["matches"]["accessions"]),
        organisms=tuple(data["matches"]["organisms"]),
        parameters=sections["parameters"],
        pools=MappingProxyType(
            {key: _quantity(entry, f"{where}: {key}") for key, entry in data["pools"].items()}
        ),
        medium=MappingProxyType(
            {
                key: _quantity(entry, f"{where}: {key}", "mM")
                for key, entry in data["medium"].items()
            }
        ),
        trna_amino_acids=tuple(trna["amino_acids"]),
        trna_total=_quantity(trna["total"], f"{where}: trna.total", "molecules"),
        trna_charged_fraction=_quantity(trna["charged_fraction"], f"{where}: trna", "1"),
        supply=tuple(flows),
        cell_cycle=sections["cell_cycle"],
        tolerance=sections["tolerance"],
        metabolism=_metabolism(data["metabolism"], flows, where),
        balanced_growth=_balanced_growth(data, where),
    )


def _balanced_growth(data: Mapping[str, Any], where: str) -> BalancedGrowth | None:
    """Check what depends on the growth rate; an organism need not say."""
    section = data.get("balanced_growth")
    if section is None:
        return None
    where = f"{where}: balanced_growth"
    doubling = _quantity(section["doubling_time_min"], f"{where}.doubling_time_min", "min")
    return read_balanced_growth(section, doubling, where)


def _section(
    data: Mapping[str, Any], units: Mapping[str, str], where: str
) -> Mapping[str, Quantity]:
    """Check a section: these quantities, each in its unit."""
    found = {key: _quantity(entry, f"{where}.{key}", units.get(key)) for key, entry in data.items()}
    if found.keys() != units.keys():
        differing = sorted(found.keys() ^ units.keys())
        raise InvalidConfigurationError(f"{where}: missing or unknown {differing}")
    return MappingProxyType(found)


def _metabolism(
    data: Mapping[str, Any], flows: Sequence[SupplyFlow], where: str
) -> MetabolicSupply:
    """Check what a metabolic model sets, against the supply reactions."""
    where = f"{where}: metabolism"
    unknown = data["supply"].keys() - {flow.name for flow in flows}
    followed = {flow.saturation[0] for flow in flows if flow.saturation is not None}
    unknown |= data["medium"].keys() - followed
    if unknown:
        raise InvalidConfigurationError(f"{where}: {sorted(unknown)} are in no supply reaction")
    sources = {name: str(entry["source"]).strip() for name, entry in data["supply"].items()}
    if not all(sources.values()):
        raise InvalidConfigurationError(f"{where}: a supply reaction has no source")
    return MetabolicSupply(
        _quantity(data["dry_mass"], f"{where}: dry_mass", "g"),
        MappingProxyType(dict(data["medium"])),
        MappingProxyType(
            {
                name: MappingProxyType({key: float(c) for key, c in entry["fluxes"].items()})
                for name, entry in data["supply"].items()
            }
        ),
        MappingProxyType(sources),
    )


def _quantity(entry: Mapping[str, Any], where: str, unit: str | None = None) -> Quantity:
    """Check one ``{value, unit, source}``."""
    if set(entry) != {"value", "unit", "source"}:
        raise InvalidConfigurationError(f"{where} must have exactly value, unit and source")
    value, given, source = entry["value"], str(entry["unit"]), str(entry["source"]).strip()
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InvalidConfigurationError(f"{where}: {value!r} is no finite number of 0 or more")
    if unit is not None and given != unit:
        raise InvalidConfigurationError(f"{where} must be in {unit}, not in {given}")
    if not source:
        raise InvalidConfigurationError(f"{where} has no source")
    return Quantity(value, given, source)


_TERM = re.compile(r"(?:([1-9][0-9]*)\s+)?([A-Za-z][A-Za-z_-]*)(\[medium\])?")


def parse_reaction(text: str) -> tuple[tuple[str, str, int], ...]:
    """Read ``"2 ADP + glucose[medium] -> 2 ATP"`` into legs (place, species, coefficient).

    Raises
    ------
    InvalidConfigurationError
        If it is not of that form.
    """
    sides = text.split("->")
    legs: list[tuple[str, str, int]] = []
    if len(sides) == 2:
        for sign, side in ((-1, sides[0]), (1, sides[1])):
            for term in side.split(" + "):
                match = _TERM.fullmatch(term.strip())
                if match is None:
                    raise InvalidConfigurationError(
                        f"reaction {text!r}: {term.strip()!r} is no species; "
                        "write for example '2 ATP' or 'glucose[medium]'"
                    )
                place = "medium" if match[3] else "cell"
                legs.append((place, match[2], sign * int(match[1] or 1)))
    if not legs:
        raise InvalidConfigurationError(f"reaction {text!r} needs one '->' between its sides")
    return tuple(legs)


def _flow(entry: Mapping[str, Any], species: str | None, where: str) -> SupplyFlow:
    """Make one supply reaction, with ``{X}`` replaced by a species."""

    def filled(text: str) -> str:
        return text if species is None else text.replace("{X}", species)

    name = filled(entry["name"])
    reaction = filled(entry["reaction"])
    set_point = entry.get("set_point")
    saturation = entry.get("saturation")
    return SupplyFlow(
        name=name,
        process=entry["process"],
        reaction=reaction,
        legs=parse_reaction(reaction),
        max_rate=_quantity(entry["max_rate"], f"{where}: {name}", "1/s"),
        set_point=None if set_point is None else filled(set_point),
        saturation=None
        if saturation is None
        else (saturation["concentration"], _quantity(saturation["km"], f"{where}: {name}", "mM")),
        growth_only=entry.get("growth_only", False),
        per_volume=entry.get("per_volume", True),
    )


def match_organism(accessions: Iterable[str], names: Iterable[str]) -> OrganismParameters | None:
    """Return the organism that a genome's accessions or organism names say, or None."""
    bare = {accession.split(".", 1)[0].casefold() for accession in accessions if accession}
    said = [name.casefold() for name in names if name]
    for name in NAMES:
        organism = _load(name)
        if any(accession.casefold() in bare for accession in organism.accessions):
            return organism
    for name in NAMES:
        organism = _load(name)
        if any(key.casefold() in text for key in organism.organisms for text in said):
            return organism
    return None


def molecules_of(quantity: Quantity, volume_l: float) -> int:
    """Convert a pool to molecules: mM by N_A V, rounded to the nearest integer."""
    if quantity.unit == "molecules":
        return round(quantity.value)
    if quantity.unit != "mM":
        raise InvalidConfigurationError(f"a pool must be in mM or molecules, not {quantity.unit}")
    return round(quantity.value * 1e-3 * AVOGADRO_PER_MOL * volume_l)


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
        Of the genome, for origins of replication that the organism's file knows, and for the
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
    _apply_resources(engine, config)
    _apply_execution(engine, config)
    engine.tolerance = _tolerance(organism, config)
    engine.cell_cycle = _cell_cycle(organism, config)
    if engine.cell_cycle.enabled and organism.balanced_growth is not None:
        origins = organism.balanced_growth.origins_of(records)
        engine.origins_nt = origins if any(origin >= 0 for origin in origins) else []
    engine.pools = _pools(organism, config)
    engine.supply = _supply(organism, config, engine.pools)
    if engine.cell_cycle.enabled and config.execution_parameters.proteome_file is None:
        copies = copies_at_birth(records, genes)
        engine.protein_counts = [copies.get(i, -1) for i in range(len(genes))] if copies else []
    _apply_tables(engine, config, genes, GeneIndex(genes, host_genes=host_genes))
    return engine


def add_guest_tables(engine: _core.Organism, guest: _core.Organism, first: int, genes: int) -> None:
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
    for key, value in values.items():
        setattr(cycle, key, float(value))
    if organism.balanced_growth is not None:
        cycle.doubling_time_s = 60.0 * float(organism.balanced_growth.doubling_time_min.value)
    return cycle


def usual_pools(organism: OrganismParameters) -> dict[str, int]:
    """Molecules of every species that the organism's file states."""
    volume_l = float(organism.parameters["volume_l"].value)
    pools = {key: molecules_of(entry, volume_l) for key, entry in organism.pools.items()}
    each = organism.trna_total.value / len(organism.trna_amino_acids)
    for amino_acid in organism.trna_amino_acids:
        charged = round(each * organism.trna_charged_fraction.value)
        pools[f"{amino_acid}-tRNA"] = charged
        pools[f"tRNA-{amino_acid}"] = round(each) - charged
    return pools


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


class GeneIndex:
    """Finds genes by locus tag or name; the tables are made at the first question.

    A name that genes of the host (the first `host_genes`) and of guests have is the host's.
    """

    def __init__(self, genes: Sequence[_core.Gene], *, host_genes: int | None = None) -> None:
        self._genes = genes
        self._host_genes = len(genes) if host_genes is None else host_genes

    @functools.cached_property
    def tags(self) -> tuple[str, ...]:
        """Locus tags in the order of the genes."""
        return tuple(gene.locus_tag for gene in self._genes)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the genes; empty where there is none."""
        return tuple(gene.name or "" for gene in self._genes)

    @functools.cached_property
    def _by_tag(self) -> dict[str, int]:
        return {gene.locus_tag: index for index, gene in enumerate(self._genes)}

    @functools.cached_property
    def _by_name(self) -> dict[str, list[int]]:
        table: dict[str, list[int]] = {}
        for index, gene in enumerate(self._genes):
            if gene.name:
                table.setdefault(gene.name, []).append(index)
        return table

    def find(self, key: Any) -> int:
        """Return the position of a gene in ``runtime.genes``.

        Raises
        ------
        APIValidationError
            If no gene, or more than one, has that locus tag or name.
        """
        if not isinstance(key, str):
            raise APIValidationError(
                f"a gene is named by a text, its locus tag or name, not by {type(key).__name__}",
                details={"gene": short(key)},
            )
        index = self._by_tag.get(key)
        if index is not None:
            return index
        named = self._by_name.get(key, [])
        named = [gene for gene in named if gene < self._host_genes] or named
        if len(named) == 1:
            return named[0]
        if named:
            tags = ", ".join(self._genes[i].locus_tag for i in named[:6])
            raise APIValidationError(
                f"{len(named)} genes are named {short(key)}: use a locus tag, one of {tags}",
                details={"gene": key},
            )
        near = suggestion(key, [*self._by_tag, *self._by_name])
        fix = near or "; give a locus tag or a gene name of this genome"
        raise APIValidationError(f"no gene {short(key)}{fix}", details={"gene": key})
