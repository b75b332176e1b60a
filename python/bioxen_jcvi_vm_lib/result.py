"""What a run gives back: immutable columns in time, and views for the usual tools."""

from __future__ import annotations

import csv
import importlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._columns import Columns
from bioxen_jcvi_vm_lib._errors import APIValidationError, MissingDependencyError
from bioxen_jcvi_vm_lib._frozen import reduced
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib._saving import Replacing
from bioxen_jcvi_vm_lib._traces import TraceLike, read_only

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.context import CellularContext
    from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult

__all__ = ["Audit", "ExecutionResult"]

Ledger = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Audit:
    """The balance of the ledger: what went in minus what came out minus what is there.

    Attributes
    ----------
    residuals : mapping of str to int
        One number per conserved quantity; every one is 0 unless the library has a bug.
    """

    residuals: Mapping[str, int] = field(hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "residuals", MappingProxyType(dict(self.residuals)))

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    @property
    def ok(self) -> bool:
        """Whether every residual is 0."""
        return not any(self.residuals.values())

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"ok": bool, "residuals": {...}}``."""
        return {"ok": self.ok, "residuals": dict(self.residuals)}

    def __str__(self) -> str:
        if self.ok:
            return f"ok ({len(self.residuals)} residuals, all 0)"
        wrong = ", ".join(f"{key} {value:+d}" for key, value in self.residuals.items() if value)
        return f"NOT BALANCED: {wrong}"


@dataclass(frozen=True, slots=True, eq=False)
class ExecutionResult:
    """A run, sampled: every array is read-only.

    Attributes
    ----------
    status : str
        "completed", "cancelled" (Ctrl-C), "exhausted" (nothing can happen any more) or "divided" (a
        growing cell has become ready to divide: ``context.divide()`` does it, another run goes on
        without); of a virtual machine also "quota", "stopped" or "error".
    time_s : ndarray of float64, shape (n,)
        Age of the cell at the samples [s].
    proteins, mrnas : ndarray of int64, shape (n, n_genes)
        Finished proteins; transcripts that exist, nascent ones included.
    resources : mapping of str to ndarray of int64, shape (n,)
        Molecules.
    machines : mapping of str to {"total", "free", "active": ndarray of int64, shape (n,)}
        rna_polymerase, ribosome, degradosome, replisome (one for each replication fork).
    events : mapping of str to int
        Events during the run by kind.
    ledger : mapping of process to {resource: int}
        Net molecules from the first sample to the last, negative is spent. What a program set
        between two runs is that of the process "operator".
    audit : Audit
        State of the ledger after the run.
    wall_time_s, sim_time_s : float
        Time that it took and time that the cell lived [s].
    seed : int
        Seed of the context.
    runtime_fingerprint : str
        Fingerprint of the program.
    genes : tuple of str
        Locus tags, the columns of `proteins` and `mrnas`.
    cause : str
        Of an error, or which quota; else empty.
    gene_names : tuple of str
        Names in the order of `genes`, empty where a gene has none.
    notes : tuple of str
        What else is to be known of it: which genes that it was to express are knocked out, of what
        the cell is dead or why nothing can happen, that it is ready to divide, and since when its
        metabolic model has no feasible solution.
    cell_cycle : mapping of str to ndarray, shape (n,)
        Of a cell that grows "phase" (texts), "volume_l" [L], "surface_ratio" (to birth of the
        organism), "growth_rate_per_h" [1/h], "generation", "chromosomes", "origins" (of the longest
        replicon) and "forks"; else empty.
    contexts : tuple of CellularContext
        Cells that the program made: other halves of ``divide()`` and those of
        ``create_cellular_context({...})``, in this order of statements. Copies and tables of the
        result are without them; ``save`` stores a cell.
    metabolic_results : tuple of MetabolicResult
        Of each ``run_metabolic_pathways()``.
    """

    status: str
    time_s: NDArray[np.float64]
    proteins: NDArray[np.int64]
    mrnas: NDArray[np.int64]
    resources: Columns
    machines: Mapping[str, Mapping[str, NDArray[np.int64]]]
    events: Mapping[str, int]
    ledger: Ledger
    audit: Audit
    wall_time_s: float
    sim_time_s: float
    seed: int
    runtime_fingerprint: str
    genes: tuple[str, ...] = field(repr=False)
    cause: str = ""
    gene_names: tuple[str, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    cell_cycle: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)
    contexts: tuple[CellularContext, ...] = field(default=(), repr=False)
    metabolic_results: tuple[MetabolicResult, ...] = field(default=(), repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(replace(self, contexts=()))

    @classmethod
    def from_traces(
        cls,
        traces: Sequence[TraceLike],
        *,
        audit: Mapping[str, int],
        seed: int,
        runtime_fingerprint: str,
        genes: tuple[str, ...],
        gene_names: tuple[str, ...] = (),
        notes: Sequence[str] = (),
        contexts: Sequence[CellularContext] = (),
        metabolic_results: Sequence[MetabolicResult] = (),
    ) -> ExecutionResult:
        """Join traces that follow one another in time.

        The first row of a trace is dropped where it repeats the last row of the one before; where
        something was set between the two, both stay.
        """
        if not traces:
            raise APIValidationError("a result needs at least one trace")
        parts = [_Looked(trace) for trace in traces]
        return cls(
            status=traces[-1].status,
            **_joined(parts),
            events=MappingProxyType(_summed([trace.events for trace in traces])),
            ledger=_summed_ledger([*(trace.ledger for trace in traces), *_set_between(parts)]),
            audit=Audit(audit),
            wall_time_s=float(sum(trace.wall_time_s for trace in traces)),
            sim_time_s=float(sum(trace.sim_time_s for trace in traces)),
            seed=seed,
            runtime_fingerprint=runtime_fingerprint,
            genes=genes,
            cause=traces[-1].cause,
            gene_names=gene_names,
            notes=tuple(dict.fromkeys(notes)),
            contexts=tuple(contexts),
            metabolic_results=tuple(metabolic_results),
        )

    @property
    def real_time_factor(self) -> float:
        """Simulated seconds per second of wall time; 0 if no time passed."""
        return self.sim_time_s / self.wall_time_s if self.wall_time_s > 0 else 0.0

    def active_fraction(self, machine: str) -> float:
        """Return the fraction of a machine's copies that are active, averaged over the samples.

        Parameters
        ----------
        machine : str
            "rna_polymerase", "ribosome", "degradosome" or "replisome".

        Returns
        -------
        float
            From 0 to 1; 0 where the cell has none.
        """
        if not isinstance(machine, str) or machine not in self.machines:
            known = ", ".join(self.machines)
            near = suggestion(machine, self.machines)
            raise APIValidationError(
                f"no machine {short(machine)}{near or f'; there are {known}'}",
                details={"argument": "machine"},
            )
        total = float(self.machines[machine]["total"].sum())
        return float(self.machines[machine]["active"].sum()) / total if total else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain lists, numbers and texts, ready for JSON."""
        return {
            **self._metadata(),
            "time_s": self.time_s.tolist(),
            "genes": list(self.genes),
            "proteins": self.proteins.tolist(),
            "mrnas": self.mrnas.tolist(),
            "resources": {key: column.tolist() for key, column in self.resources.items()},
            "machines": {
                name: {key: column.tolist() for key, column in columns.items()}
                for name, columns in self.machines.items()
            },
            "cell_cycle": {key: column.tolist() for key, column in self.cell_cycle.items()},
        }

    def _metadata(self) -> dict[str, Any]:
        """Everything that is no column."""
        return {
            "status": self.status,
            "cause": self.cause,
            "notes": list(self.notes),
            "events": dict(self.events),
            "ledger": {process: dict(legs) for process, legs in self.ledger.items()},
            "audit": self.audit.to_dict(),
            "wall_time_s": self.wall_time_s,
            "sim_time_s": self.sim_time_s,
            "seed": self.seed,
            "runtime_fingerprint": self.runtime_fingerprint,
            **(
                {"metabolic_results": [one.to_dict() for one in self.metabolic_results]}
                if self.metabolic_results
                else {}
            ),
        }

    def _columns(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every column under a flat name, ``protein.TAG``, ``mrna.TAG``, ``resource.ATP``, ..."""
        yield "time_s", self.time_s
        for name, columns in self.machines.items():
            for key, column in columns.items():
                yield f"machine.{name}.{key}", column
        for key, column in self.cell_cycle.items():
            yield f"cell_cycle.{key}", column
        for name, column in self.resources.items():
            yield f"resource.{name}", column
        for what, table in (("protein", self.proteins), ("mrna", self.mrnas)):
            for index, tag in enumerate(self.genes):
                yield f"{what}.{tag}", table[:, index]

    def to_xarray(self) -> Any:
        """Return an ``xarray.Dataset`` over the dimensions time_s, gene, resource, machine.

        Genes are named by locus tag; the coordinate ``gene_name`` has their names, too.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        xarray = needed("xarray")
        names = list(self.machines)
        data: dict[str, Any] = {
            "proteins": (("time_s", "gene"), self.proteins),
            "mrnas": (("time_s", "gene"), self.mrnas),
            "resources": (("time_s", "resource"), self.resources.table),
        }
        for key in ("total", "free", "active"):
            data[f"machines_{key}"] = (
                ("time_s", "machine"),
                _stacked([self.machines[name][key] for name in names], len(self.time_s)),
            )
        for key, column in self.cell_cycle.items():
            data[f"cell_cycle_{key}"] = ("time_s", column)
        metadata = self._metadata()
        attributes = {
            key: value if isinstance(value, str | float) else json.dumps(value)
            for key, value in metadata.items()
        }
        dataset = xarray.Dataset(
            data,
            coords={
                "time_s": ("time_s", self.time_s, {"units": "s", "long_name": "age of the cell"}),
                "gene": list(self.genes),
                "gene_name": ("gene", list(self.gene_names or [""] * len(self.genes))),
                "resource": list(self.resources),
                "machine": names,
            },
            attrs=attributes,
        )
        for name in data:
            unit = _UNITS.get(name.removeprefix("cell_cycle_"), "molecules")
            if unit:
                dataset[name].attrs["units"] = unit
        return dataset

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` by time_s with flat columns such as ``protein.TAG``.

        Status, events, ledger and audit are in its ``attrs``.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        pandas = needed("pandas")
        columns = dict(self._columns())
        index = pandas.Index(columns.pop("time_s"), name="time_s")
        frame = pandas.DataFrame(columns, index=index, copy=False)
        frame.attrs.update(self._metadata())
        return frame

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write the table of `to_pandas` as Parquet.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        needed("pyarrow")
        frame = self.to_pandas()
        with Replacing(path) as target:
            frame.to_parquet(target, engine="pyarrow")

    def to_netcdf(self, path: str | os.PathLike[str]) -> None:
        """Write the dataset of `to_xarray` as NetCDF 4.

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        """
        needed("h5netcdf")
        dataset = self.to_xarray()
        with Replacing(path) as target:
            dataset.to_netcdf(target, engine="h5netcdf")

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table of `to_pandas` as CSV; needs no extra."""
        names, columns = zip(*self._columns(), strict=True)
        with Replacing(path) as target, target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows(zip(*(column.tolist() for column in columns), strict=True))

    def plot(
        self,
        *,
        genes: Sequence[str] | None = None,
        resources: Sequence[str] | None = None,
        figure: Any = None,
    ) -> Any:
        """Draw the run in four panels: expression, machines, resources, spending.

        Parameters
        ----------
        genes : sequence of str, optional
            Locus tags whose proteins are drawn; without it the totals are drawn.
        resources : sequence of str, optional
            Pools to draw; without it the nucleoside triphosphates.
        figure : matplotlib Figure, optional
            Where to draw; without it a new one is made.

        Returns
        -------
        ndarray of matplotlib Axes, shape (2, 2)

        Raises
        ------
        MissingDependencyError
            Without the extra ``[analysis]``.
        APIValidationError
            On an unknown gene or resource, or what is no list of them and no figure.
        """
        needed("matplotlib")
        drawing = importlib.import_module("bioxen_jcvi_vm_lib.visualization.panels")
        return drawing.four_panels(self, genes=genes, resources=resources, figure=figure)

    def __repr__(self) -> str:
        return (
            f"<ExecutionResult {self.status}: {self.sim_time_s:g} s in {self.wall_time_s:.2f} s, "
            f"{len(self.time_s)} samples of {len(self.genes)} genes, audit "
            f"{'ok' if self.audit.ok else 'NOT BALANCED'}{in_short(self.notes)}>"
        )

    def _repr_html_(self) -> str:
        return facts(self._facts())

    def _cycle_facts(self) -> list[tuple[str, str]]:
        if not self.cell_cycle:
            return []
        first, last = (self.cell_cycle["volume_l"][row] * 1e15 for row in (0, -1))
        phases = " ".join(p for p, _ in itertools.groupby(self.cell_cycle["phase"].tolist()))
        return [("phases", phases), ("volume", f"{first:.3g} to {last:.3g} fL")]

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("status", self.status),
            ("simulated", f"{self.sim_time_s:,.6g} s, {len(self.time_s)} samples"),
            ("real-time factor", f"{self.real_time_factor:,.3g}"),
            ("transcripts made", f"{self.events.get('transcription_completions', 0):,}"),
            ("proteins made", f"{self.events.get('translation_completions', 0):,}"),
            *(
                (f"{name.replace('_', ' ')}s active", f"{100 * self.active_fraction(name):.1f} %")
                for name in self.machines
                if name != "replisome"  # none waits
            ),
            *self._cycle_facts(),
            ("audit", str(self.audit)),
            ("seed", str(self.seed)),
            *(("note", note) for note in self.notes),
        ]


#: Of columns that count no molecules; empty: none.
_UNITS = {
    "volume_l": "L",
    "growth_rate_per_h": "1/h",
    **dict.fromkeys(
        ("phase", "surface_ratio", "generation", "chromosomes", "origins", "forks"), ""
    ),
}


def in_short(notes: Sequence[str]) -> str:
    """Return the first note, and how many more there are, for a line that others begin."""
    more = f" (and {len(notes) - 1:,} more)" if len(notes) > 1 else ""
    return f"; {notes[0]}{more}" if notes else ""


def needed(module: str) -> Any:
    """Import an optional package.

    Raises
    ------
    MissingDependencyError
        If it is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingDependencyError(
            f"this needs the package {module!r}: pip install 'bioxen_jcvi_vm_lib[analysis]'",
            details={"module": module},
        ) from None


def _stacked(columns: Sequence[NDArray[np.int64]], rows: int) -> NDArray[np.int64]:
    """Return columns side by side, shape (rows, len(columns))."""
    return np.stack(columns, axis=1) if columns else np.empty((rows, 0), dtype=np.int64)


def _summed(tables: Sequence[Mapping[str, int]]) -> dict[str, int]:
    if len(tables) == 1:  # most results
        return dict(tables[0])
    total: dict[str, int] = {}
    for table in tables:
        for key, value in table.items():
            total[key] = total.get(key, 0) + int(value)
    return total


def _summed_ledger(ledgers: Sequence[Ledger]) -> Ledger:
    if len(ledgers) == 1:
        return MappingProxyType({name: MappingProxyType(dict(t)) for name, t in ledgers[0].items()})
    processes = dict.fromkeys(process for ledger in ledgers for process in ledger)
    return MappingProxyType(
        {
            process: MappingProxyType(_summed([ledger.get(process, {}) for ledger in ledgers]))
            for process in processes
        }
    )


@cache
def _phases() -> NDArray[Any]:
    return np.array(_core.phase_names())


@cache
def _pools() -> tuple[str, ...]:
    return tuple(_core.resource_names())


class _Looked:
    """The columns of a trace, each made once: the core builds its tables anew at every look."""

    def __init__(self, trace: TraceLike) -> None:
        self.time_s = trace.time_s
        self.proteins = trace.proteins
        self.mrnas = trace.mrnas
        self.resources = trace.resources
        self.machines = trace.machines
        self.cell_cycle = dict(trace.cell_cycle)
        if self.cell_cycle:
            self.cell_cycle["phase"] = read_only(_phases()[self.cell_cycle["phase"]])


def _same_row(before: _Looked, after: _Looked) -> bool:
    """Whether the last row of one trace is the first of the next."""
    return bool(
        before.time_s[-1] == after.time_s[0]
        and np.array_equal(before.proteins[-1], after.proteins[0])
        and np.array_equal(before.mrnas[-1], after.mrnas[0])
        and np.array_equal(before.resources[-1], after.resources[0])
        and all(
            before.machines[name][key][-1] == after.machines[name][key][0]
            for name in before.machines
            for key in before.machines[name]
        )
    )


def _set_between(parts: Sequence[_Looked]) -> Iterator[Ledger]:
    """Yield what the operator set between traces, which is in the ledger of none of them."""
    for before, after in itertools.pairwise(parts):
        if len(before.time_s) and len(after.time_s):
            changes = after.resources[0] - before.resources[-1]
            if changes.any():
                named = zip(_pools(), changes.tolist(), strict=True)
                yield {"operator": {name: n for name, n in named if n}}


def _joined(parts: Sequence[_Looked]) -> dict[str, Any]:
    """Columns of traces one after the other."""
    first = parts[0]
    skip = [0]
    for before, after in itertools.pairwise(parts):
        repeated = len(before.time_s) > 0 and len(after.time_s) > 0 and _same_row(before, after)
        skip.append(1 if repeated else 0)

    if len(parts) == 1:  # most results: as it is, a hundred columns and more
        return {
            "time_s": first.time_s,
            "proteins": first.proteins,
            "mrnas": first.mrnas,
            "resources": Columns(_pools(), first.resources),
            "machines": MappingProxyType(
                {name: MappingProxyType(columns) for name, columns in first.machines.items()}
            ),
            "cell_cycle": MappingProxyType(first.cell_cycle),
        }

    def join(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        whole = np.concatenate([c[drop:] for c, drop in zip(columns, skip, strict=True)])
        whole.flags.writeable = False
        return whole

    return {
        "time_s": join([part.time_s for part in parts]),
        "proteins": join([part.proteins for part in parts]),
        "mrnas": join([part.mrnas for part in parts]),
        "resources": Columns(_pools(), join([part.resources for part in parts])),
        "machines": MappingProxyType(
            {
                name: MappingProxyType(
                    {key: join([part.machines[name][key] for part in parts]) for key in columns}
                )
                for name, columns in first.machines.items()
            }
        ),
        "cell_cycle": MappingProxyType(
            {key: join([part.cell_cycle[key] for part in parts]) for key in first.cell_cycle}
        ),
    }
