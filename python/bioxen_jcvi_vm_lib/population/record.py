"""A population that has grown: its tree, what its cells were, how fast it grew."""

from __future__ import annotations

import importlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bioxen_jcvi_vm_lib._checks import seconds, short
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._frozen import frozen, plain, reduced
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.population.life import Dilution, Life
from bioxen_jcvi_vm_lib.population.look import NUMBERS
from bioxen_jcvi_vm_lib.result import Audit, needed

__all__ = ["Population"]

#: Moments that an average over time looks at.
_MOMENTS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """All cells that descend from a founder: every array is read-only.

    Times are those of the population: 0 is the founder as it was given. Columns of `cells`:

    - ``parent`` (place of the mother, -1 for the founder), ``generation``, ``seed``;
    - ``born_s``, ``ended_s``, and ``age_s`` between the two [s];
    - ``ending``: "divided"; "alive" at the end; "removed" at a sampling time; "exhausted", "dead";
      "undivided" after a week;
    - ``growth_rate_per_h``, mean d ln V / dt; ``replication_began_s`` and ``replication_ended_s``,
      its age then (NaN: not yet);
    - ``birth_…`` and ``end_…`` of volume_l, proteins (those in machines included), mrnas,
      ribosomes, rna_polymerases, chromosomes and atp. What the founder was at birth is what it was
      at time 0.

    Attributes
    ----------
    status : str
        "completed", or "cancelled" (Ctrl-C): then the living cells are not all of one time.
    cells : mapping of str to ndarray, shape (n_cells,)
        The lineage tree and what each cell was, in the order of birth.
    living : ndarray of int64, shape (n_living,)
        Places in `cells` of those that live at the end.
    proteins, mrnas : ndarray of int64, shape (n_living, n_genes)
        Molecules of each gene in the living cells; proteins in machines are included.
    generations, duration_s, max_cells, every_s
        What was asked for; ``every_s`` is the interval of the sampling times [s].
    dilutions : tuple of Dilution
        Sampling times at which cells were removed, chosen uniformly at random: time_s, and how many
        lived before and after.
    audit : Audit
        Of all `audits` together: each of every cell before and after every division and at its end,
        and what the daughters hold less what the mother held. Magnitudes are summed up.
    audits : int
        How many there were.
    seed : int
        Of the founder: all cells have it, and each a stream of its own that follows from its
        mother's.
    runtime_fingerprint : str
        Fingerprint of the program.
    genes, gene_names : tuple of str
        Locus tags and names in the order of the columns.
    wall_time_s : float
        Time that it took [s].
    """

    status: str
    cells: Mapping[str, NDArray[Any]] = field(repr=False)
    living: NDArray[np.int64] = field(repr=False)
    proteins: NDArray[np.int64] = field(repr=False)
    mrnas: NDArray[np.int64] = field(repr=False)
    generations: int | None
    duration_s: float | None
    max_cells: int | None
    every_s: float | None
    dilutions: tuple[Dilution, ...] = field(repr=False)
    audit: Audit
    audits: int
    seed: int
    runtime_fingerprint: str
    genes: tuple[str, ...] = field(repr=False)
    gene_names: tuple[str, ...] = field(repr=False)
    wall_time_s: float

    def __post_init__(self) -> None:
        for name in ("living", "proteins", "mrnas"):
            frozen(getattr(self, name))
        object.__setattr__(self, "cells", frozen(dict(self.cells)))

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    @classmethod
    def _of(cls, runtime: GenomicRuntime, lives: Iterable[Life], **rest: Any) -> Self:
        """Put the cells of a population in order: by birth, halves of one mother as they divided.

        Parameters
        ----------
        runtime : GenomicRuntime
            The genome.
        lives : iterable of Life
            Its cells, in any order.
        **rest
            Every attribute that does not follow from the two.
        """
        ordered = sorted(lives, key=lambda life: (life.born_s, life.path))
        living = [place for place, life in enumerate(ordered) if life.counts is not None]
        counts = [ordered[place].counts or () for place in living]
        shape = (len(living), len(runtime))
        proteins, mrnas = (
            np.array([both[which] for both in counts], dtype=np.int64).reshape(shape)
            for which in (0, 1)
        )
        return cls(
            cells=_columns(ordered),
            living=np.array(living, dtype=np.int64),
            proteins=proteins,
            mrnas=mrnas,
            genes=runtime.locus_tags,
            gene_names=runtime.gene_names,
            **rest,
        )

    # -- the tree ----------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.cells["parent"])

    def lineage(self, cell: int) -> tuple[int, ...]:
        """Return the places of a cell and all its ancestors, the founder first.

        Raises
        ------
        APIValidationError
            If there is no such cell.
        """
        if isinstance(cell, bool) or not isinstance(cell, int | np.integer):
            raise APIValidationError(f"a cell is its place in cells, not {short(cell)}")
        if not 0 <= cell < len(self):
            raise APIValidationError(
                f"no cell {short(int(cell))}: there are {len(self):,}, from 0 to {len(self) - 1}"
            )
        found = []
        place = int(cell)
        while place >= 0:
            found.append(place)
            place = int(self.cells["parent"][place])
        return tuple(reversed(found))

    def size(self, time_s: ArrayLike) -> NDArray[np.int64]:
        """Return how many cells lived at each of some times [s].

        A cell that divides then is two; one that is removed then is none.
        """
        times = _numbers(time_s, "time_s")
        born, ended = self.cells["born_s"], self._gone_s()
        return np.asarray(
            np.searchsorted(np.sort(born), times, "right")
            - np.searchsorted(np.sort(ended), times, "right")
        )

    @property
    def end_s(self) -> float:
        """Time of the last event of the tree [s]."""
        return float(self.cells["ended_s"].max())

    # -- how it grew -------------------------------------------------------------------------------

    @property
    def ages_s(self) -> NDArray[np.float64]:
        """Ages of the living cells [s], shape (n_living,)."""
        return np.asarray(self.cells["age_s"][self.living])

    @property
    def volumes_l(self) -> NDArray[np.float64]:
        """Volumes of the living cells [L], shape (n_living,)."""
        return np.asarray(self.cells["end_volume_l"][self.living])

    @property
    def division_times_s(self) -> NDArray[np.float64]:
        """Ages at division of all cells that divided [s], in the order of birth."""
        return np.asarray(self.cells["age_s"][self.cells["ending"] == "divided"])

    @property
    def growth_rate_per_h(self) -> float:
        """Rate of the population [1/h]; 0 where no cell has divided, NaN where none lives.

        It is the k for which each living cell, weighted with exp(-k t) at its time t, and by how
        many cells were removed for each one kept, adds up to the founder: for cells of one time
        ln(N) / t, for a tree of whole generations the root of Euler's equation.
        """
        if not len(self.living):
            return math.nan
        times = self.cells["ended_s"][self.living]
        weight = float(np.prod([one.before / one.after for one in self.dilutions]))
        if len(times) * weight <= 1 or times.max() <= 0:
            return 0.0
        low, high = 0.0, 1.0
        while weight * np.exp(-high * times).sum() > 1 and high < 1e6:
            low, high = high, 2 * high
        for _ in range(200):
            middle = (low + high) / 2
            if weight * np.exp(-middle * times).sum() > 1:
                low = middle
            else:
                high = middle
        return 3600 * (low + high) / 2

    @property
    def doubling_time_s(self) -> float:
        """Time in which the population doubles, ln 2 / growth rate [s]; infinite without growth."""
        rate = self.growth_rate_per_h
        return 3600 * math.log(2) / rate if rate else math.inf

    # -- distributions -----------------------------------------------------------------------------

    def age_distribution(
        self, bins: int = 20, *, over_s: float = 0.0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the density of ages [1/s] and the edges of its bins [s].

        The descendants of one founder divide together for some generations: they have one age. Over
        a doubling time, each moment weighted with exp(-k t), the ages are those of a population
        whose cells do not divide together.

        Parameters
        ----------
        bins : int
            Between 0 and the greatest age.
        over_s : float
            0: the living cells at the end. Else the average over so long before the end [s], such
            as ``population.doubling_time_s``.

        Returns
        -------
        density : ndarray of float64, shape (bins,)
        edges : ndarray of float64, shape (bins + 1,)
        """
        count = _bins(bins)
        span = seconds(over_s, "over_s", zero=True)
        if not span:
            return _histogram(self.ages_s, None, count)
        end_s = self.end_s
        begin_s = max(0.0, end_s - span)
        moments = begin_s + (np.arange(_MOMENTS) + 0.5) / _MOMENTS * (end_s - begin_s)
        born, ended = self.cells["born_s"], self._gone_s()
        rate = self.growth_rate_per_h / 3600
        ages, weights = [], []
        for moment in moments:
            there = moment - born[(born <= moment) & (moment < ended)]
            kept = [one.before / one.after for one in self.dilutions if one.time_s <= moment]
            ages.append(there)
            weights.append(np.full(len(there), math.exp(-rate * (moment - end_s)) * np.prod(kept)))
        return _histogram(np.concatenate(ages), np.concatenate(weights), count)

    def size_distribution(self, bins: int = 20) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the density of the volumes of living cells [1/L] and the edges of its bins [L]."""
        return _histogram(self.volumes_l, None, _bins(bins), lowest=None)

    def expected_age_density(self, age_s: ArrayLike) -> NDArray[np.float64]:
        """Return the density of ages 2 k exp(-k a) [1/s] of cells that all divide at the same age.

        It is that of a population which grows exponentially at rate k, where 0 ≤ a < ln 2 / k
        (Powell, J. Gen. Microbiol. 15:492, 1956).
        """
        age = _numbers(age_s, "age_s")
        rate = self.growth_rate_per_h / 3600
        density = np.where((age >= 0) & (age < self.doubling_time_s), 2 * rate, 0.0)
        return np.asarray(density * np.exp(-rate * np.maximum(age, 0.0)))

    def _gone_s(self) -> NDArray[np.float64]:
        """When each cell is no longer counted: never, where it lives at the end."""
        gone: NDArray[np.float64] = self.cells["ended_s"].copy()
        gone[self.living] = math.inf
        return gone

    # -- as tables ---------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and texts, ready for JSON."""
        return {
            **self._metadata(),
            "genes": list(self.genes),
            "gene_names": list(self.gene_names),
            "living": self.living.tolist(),
            "cells": {
                name: [None if value != value else value for value in column.tolist()]
                for name, column in self.cells.items()
            },
            "proteins": self.proteins.tolist(),
            "mrnas": self.mrnas.tolist(),
        }

    def _metadata(self) -> dict[str, Any]:
        """Everything that is no column."""
        rate = self.growth_rate_per_h
        tables = {"cells", "living", "proteins", "mrnas", "genes", "gene_names"}
        return {
            **{f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name not in tables},
            "growth_rate_per_h": None if math.isnan(rate) else rate,
        }

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``: one row per cell, indexed by its place.

        Everything that is no column is in its ``attrs``.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        pandas = needed("pandas")
        index = pandas.RangeIndex(len(self), name="cell")
        frame = pandas.DataFrame(dict(self.cells), index=index)
        frame.attrs.update(self._metadata())
        return frame

    def to_xarray(self) -> Any:
        """Return an ``xarray.Dataset`` over the dimensions cell, living and gene.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        xarray = needed("xarray")
        data: dict[str, Any] = {name: ("cell", column) for name, column in self.cells.items()}
        data["proteins"] = (("living", "gene"), self.proteins, {"units": "molecules"})
        data["mrnas"] = (("living", "gene"), self.mrnas, {"units": "molecules"})
        return xarray.Dataset(
            data,
            coords={
                "cell": np.arange(len(self)),
                "living": self.living,
                "gene": list(self.genes),
                "gene_name": ("gene", list(self.gene_names)),
            },
            attrs={
                key: value if isinstance(value, str | float) else json.dumps(value)
                for key, value in self._metadata().items()
            },
        )

    def plot(self, *, figure: Any = None) -> Any:
        """Draw the lineage tree, and the ages and volumes of its cells.

        Parameters
        ----------
        figure : matplotlib Figure, optional
            Where to draw; without it a new one is made.

        Returns
        -------
        ndarray of matplotlib Axes, shape (3,)
            Tree, ages, volumes.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        needed("matplotlib")
        drawing = importlib.import_module("bioxen_jcvi_vm_lib.visualization.lineage")
        return drawing.population_panels(self, figure=figure)

    def __repr__(self) -> str:
        return (
            f"<Population {self.status}: {len(self):,} cell{'s' * (len(self) != 1)}, "
            f"{len(self.living):,} alive after {self.end_s:,.6g} s, "
            f"growth {self.growth_rate_per_h:.4g} 1/h, "
            f"audit {'ok' if self.audit.ok else 'NOT BALANCED'}>"
        )

    def _repr_html_(self) -> str:
        endings = Counter(self.cells["ending"].tolist())
        times = self.division_times_s / 60
        removed = sum(one.before - one.after for one in self.dilutions)
        rows = [
            ("status", self.status),
            ("cells", ", ".join(f"{count:,} {ending}" for ending, count in endings.items())),
            ("time", f"{self.end_s:,.6g} s, generation {int(self.cells['generation'].max())}"),
            ("growth", f"{self.growth_rate_per_h:.4g} 1/h"),
        ]
        if len(times):
            spread = f" ± {times.std(ddof=1):.2g}" if len(times) > 1 else ""
            rows.append(("age at division", f"{times.mean():.4g}{spread} min"))
        if self.max_cells is not None:
            rows.append(
                (
                    "kept at",
                    f"{self.max_cells:,} cells, looked at every {self.every_s:g} s: {removed:,} "
                    "removed at random",
                )
            )
        rows += [("audit", f"{self.audit}, {self.audits:,} times"), ("seed", str(self.seed))]
        return facts(rows, "population")


def _columns(lives: list[Life]) -> dict[str, NDArray[Any]]:
    places = {life.path: place for place, life in enumerate(lives)}
    columns: dict[str, NDArray[Any]] = {
        "parent": np.array([places.get(life.path // 2, -1) for life in lives], dtype=np.int64),
        "generation": np.array([life.generation for life in lives], dtype=np.int64),
        "born_s": np.array([life.born_s for life in lives]),
        "ended_s": np.array([life.ended_s for life in lives]),
        "ending": np.array([life.ending for life in lives]),
        "seed": np.array([life.seed for life in lives], dtype=np.uint64),
        "replication_began_s": np.array([life.replication_began_s for life in lives]),
        "replication_ended_s": np.array([life.replication_ended_s for life in lives]),
    }
    columns["age_s"] = columns["ended_s"] - columns["born_s"]
    for when in ("birth", "end"):
        rows = [getattr(life, when) for life in lives]
        for name, values in zip(NUMBERS, zip(*rows, strict=True), strict=True):
            kind = np.float64 if name == "volume_l" else np.int64
            columns[f"{when}_{name}"] = np.array(values, dtype=kind)
    # of the founder only what was seen of it
    lived_s = columns["ended_s"] - np.maximum(columns["born_s"], 0.0)
    grown = np.log(columns["end_volume_l"] / columns["birth_volume_l"])
    columns["growth_rate_per_h"] = np.divide(
        3600 * grown, lived_s, out=np.full(len(lives), np.nan), where=lived_s > 0
    )
    return columns


def _numbers(values: Any, what: str) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        numbers = np.array(math.nan)
    if np.isnan(numbers).any():
        raise APIValidationError(
            f"{what} must be a number of seconds or an array of them, not {short(values)}",
            details={"argument": what},
        )
    return numbers


def _bins(bins: Any) -> int:
    if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= 100_000:
        raise APIValidationError(
            f"bins is a whole number from 1 to 100,000, not {short(bins)}",
            details={"argument": "bins"},
        )
    return bins


def _histogram(
    values: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    bins: int,
    lowest: float | None = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not len(values):
        return np.zeros(bins), np.linspace(0.0, 1.0, bins + 1)
    low = float(values.min()) if lowest is None else lowest
    high = float(values.max())
    if not high > low:  # all alike: a bin's width says nothing then
        high = low + (abs(low) or 1.0)
    density, edges = np.histogram(values, bins, (low, high), density=True, weights=weights)
    return density, edges
