"""Cells in balanced growth: what of an organism depends on how fast it doubles."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.organism import OrganismParameters, Quantity

__all__ = ["BalancedGrowth", "KnownOrigin", "at_doubling_time", "read_balanced_growth"]

#: Columns of the table and their units.
_COLUMNS: Mapping[str, str] = {
    "rna_polymerases": "molecules",
    "ribosomes": "molecules",
    "trna": "molecules",
    "rna_nt_per_s": "nt/s",
    "translation_aa_per_s": "aa/s",
}


class _Record(Protocol):
    @property
    def accession(self) -> str: ...
    @property
    def length_nt(self) -> int: ...


@dataclass(frozen=True, slots=True)
class KnownOrigin:
    """Where replication begins on a sequence that is known by its accession and length.

    Attributes
    ----------
    accession : str
        Without version.
    length_nt : int
        Of the sequence that the place is of.
    start_nt : int
        The middle of the origin, 0-based.
    source : str
        Where the place comes from.
    """

    accession: str
    length_nt: int
    start_nt: int
    source: str


@dataclass(frozen=True, slots=True)
class BalancedGrowth:
    """How a cell depends on its doubling time.

    Attributes
    ----------
    doubling_time_min : Quantity
        The one that the organism's other numbers are of.
    origins : tuple of KnownOrigin
        Of replication.
    doublings_per_h : tuple of float
        Growth rates of the table, ascending.
    columns : mapping of str to tuple of float
        Per growth rate, linear in between.
    sources : mapping of str to str
        Where each column comes from.
    """

    doubling_time_min: Quantity
    origins: tuple[KnownOrigin, ...]
    doublings_per_h: tuple[float, ...]
    columns: Mapping[str, tuple[float, ...]]
    sources: Mapping[str, str]

    def at(self, column: str, doubling_time_min: float) -> float:
        """Return a column at a doubling time, linear in the growth rate between its entries.

        Raises
        ------
        InvalidConfigurationError
            If the table does not reach that far.
        """
        rates, values = self.doublings_per_h, self.columns[column]
        rate = 60.0 / doubling_time_min
        # a doubling time at the edge may differ from the table's rate by rounding
        if not rates[0] * (1 - 1e-12) <= rate <= rates[-1] * (1 + 1e-12):
            raise InvalidConfigurationError(
                f"doubling_time_min = {doubling_time_min:g} is beyond the table of growth rates: "
                f"give {60 / rates[-1]:g} to {60 / rates[0]:g} min",
                details={"key": "doubling_time_min"},
            )
        upper = next((i for i in range(1, len(rates) - 1) if rate <= rates[i]), len(rates) - 1)
        share = (rate - rates[upper - 1]) / (rates[upper] - rates[upper - 1])
        return values[upper - 1] + share * (values[upper] - values[upper - 1])

    def origins_of(self, records: Sequence[_Record]) -> list[int]:
        """Return where replication begins on each record, -1 where that is not known here."""
        places = {(origin.accession, origin.length_nt): origin.start_nt for origin in self.origins}
        return [
            places.get((record.accession.split(".", 1)[0], record.length_nt), -1)
            for record in records
        ]


def read_balanced_growth(data: Mapping[str, Any], doubling: Quantity, where: str) -> BalancedGrowth:
    """Check the section ``balanced_growth`` of an organism's file."""
    table = data["table"]
    rates = tuple(60.0 / float(minutes) for minutes in table["doubling_time_min"])
    if len(rates) < 2 or any(a >= b for a, b in itertools.pairwise(rates)):
        raise InvalidConfigurationError(f"{where}: doubling times of the table must descend")
    if table.keys() - {"doubling_time_min"} != _COLUMNS.keys():
        raise InvalidConfigurationError(f"{where}: the table needs {sorted(_COLUMNS)}")
    columns: dict[str, tuple[float, ...]] = {}
    sources: dict[str, str] = {}
    for key, unit in _COLUMNS.items():
        entry = table[key]
        values = tuple(float(value) for value in entry["values"])
        if (
            set(entry) != {"values", "unit", "source"}
            or entry["unit"] != unit
            or len(values) != len(rates)
            or not all(math.isfinite(value) and value > 0 for value in values)
            or not str(entry["source"]).strip()
        ):
            raise InvalidConfigurationError(
                f"{where}: {key} must have values above 0 for each doubling time, in {unit}, and "
                "a source"
            )
        columns[key], sources[key] = values, str(entry["source"]).strip()
    origins = tuple(
        KnownOrigin(
            str(entry["accession"]),
            int(entry["length_nt"]),
            (int(entry["first"]) - 1 + int(entry["last"])) // 2,
            str(entry["source"]).strip(),
        )
        for entry in data["origins"]
    )
    if not all(0 <= origin.start_nt < origin.length_nt and origin.source for origin in origins):
        raise InvalidConfigurationError(f"{where}: an origin is not on its sequence")
    return BalancedGrowth(
        doubling, origins, rates, MappingProxyType(columns), MappingProxyType(sources)
    )


def at_doubling_time(
    organism: OrganismParameters,
    doubling_time_min: float | None,
    fork_bp_per_s: float | None,
    records: Sequence[_Record],
) -> OrganismParameters:
    """Return the organism as it is when it doubles so often.

    The volume at birth follows from the volume at which replication begins (Donachie 1968):
    V = V_i 2^((C + D)/tau - 1). Polymerases, ribosomes, tRNA and their speeds come from the table;
    what else is counted per cell keeps its concentration; supply and synthetases follow demand, the
    volume times the growth rate.

    Parameters
    ----------
    organism : OrganismParameters
        As its file has it.
    doubling_time_min : float or None
        None: as the file has it.
    fork_bp_per_s : float or None
        Speed of a fork in place of the file's.
    records : sequence of Record
        The genome: half of its longest replicon is what a fork copies.

    Raises
    ------
    InvalidConfigurationError
        If the organism has no such table, or it does not reach that far.
    """
    cycle = dict(organism.cell_cycle)
    if fork_bp_per_s is not None:
        cycle["fork_kcat_bp_per_s"] = dataclasses.replace(
            cycle["fork_kcat_bp_per_s"], value=fork_bp_per_s, source="replication_execution_rate"
        )
        organism = dataclasses.replace(organism, cell_cycle=MappingProxyType(cycle))
    if doubling_time_min is None:
        return organism
    growth = organism.balanced_growth
    if growth is None:
        raise InvalidConfigurationError(
            f"the organism {organism.name} has no table of growth rates: take out "
            "doubling_time_min, or load the genome of one that has (ecoli)",
            details={"key": "doubling_time_min"},
        )
    usual_min = float(growth.doubling_time_min.value)

    def column(key: str) -> float:
        return growth.at(key, doubling_time_min)

    length_nt = max((record.length_nt for record in records), default=0)
    replication_min = 0.5 * length_nt / float(cycle["fork_kcat_bp_per_s"].value) / 60
    whole_min = replication_min + float(cycle["division_delay_s"].value) / 60
    volume_l = float(cycle["initiation_volume_l"].value) * 2 ** (whole_min / doubling_time_min - 1)
    larger = volume_l / float(organism.parameters["volume_l"].value)
    busier = larger * usual_min / doubling_time_min
    told = f"at a doubling time of {doubling_time_min:g} min"

    def scaled(quantity: Quantity, by: float, why: str, *, whole: bool = False) -> Quantity:
        value = float(quantity.value) * by
        source = f"{quantity.source}; {told} x {by:.4g}: {why}"
        return dataclasses.replace(quantity, value=round(value) if whole else value, source=source)

    def tabled(quantity: Quantity, key: str) -> Quantity:
        value, source = round(column(key)), f"{growth.sources[key]}; {told}"
        return dataclasses.replace(quantity, value=value, source=source)

    parameters = dict(organism.parameters)
    parameters["volume_l"] = scaled(
        parameters["volume_l"], larger, "V_i 2^((C + D)/tau - 1) of the initiation volume V_i"
    )
    for key in ("rna_polymerases", "ribosomes"):
        parameters[key] = tabled(parameters[key], key)
    kept = "keeps its concentration"
    parameters["degradosomes"] = scaled(parameters["degradosomes"], larger, kept, whole=True)
    demand = "follows demand, the volume times the growth rate"
    parameters["synthetases_per_amino_acid"] = scaled(
        parameters["synthetases_per_amino_acid"], busier, demand
    )
    for key, speed in (
        ("rna_kcat_nt_per_s", "rna_nt_per_s"),
        ("rna_kcat_min_nt_per_s", "rna_nt_per_s"),
        ("translation_kcat_aa_per_s", "translation_aa_per_s"),
    ):
        faster = column(speed) / growth.at(speed, usual_min)
        parameters[key] = scaled(parameters[key], faster, growth.sources[speed])
    for key in ("charging_k_atp_per_s", "charging_k_aa_per_s", "charging_k_trna_per_s"):
        parameters[key] = scaled(parameters[key], 1 / larger, "per molecule, of a constant per M")
    for key in ("lipid_surface_nm2", "protein_surface_nm2"):
        cycle[key] = scaled(cycle[key], larger, "a rod of constant width")
    return dataclasses.replace(
        organism,
        parameters=MappingProxyType(parameters),
        cell_cycle=MappingProxyType(cycle),
        pools=MappingProxyType(
            {
                key: scaled(pool, larger, kept, whole=True) if pool.unit == "molecules" else pool
                for key, pool in organism.pools.items()
            }
        ),
        trna_total=tabled(organism.trna_total, "trna"),
        supply=tuple(
            dataclasses.replace(flow, max_rate=scaled(flow.max_rate, busier, demand))
            for flow in organism.supply
        ),
        balanced_growth=dataclasses.replace(
            growth,
            doubling_time_min=dataclasses.replace(
                growth.doubling_time_min, value=doubling_time_min, source="doubling_time_min"
            ),
        ),
    )
