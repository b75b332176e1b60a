"""Organisms: the parameters of a cell as values with unit and source.

The YAML files beside this module hold every number with its unit and source; `OrganismParameters`
is their content.
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

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
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
    "loading_by_strength": "1",
    "messenger_shielding": "1",
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
