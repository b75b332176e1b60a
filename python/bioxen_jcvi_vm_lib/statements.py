"""The statements of a genomic program, each a call with literal arguments, checked when made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bioxen_jcvi_vm_lib import _checks
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._frozen import frozen, reduced
from bioxen_jcvi_vm_lib.environment import checked_environment, checked_remaining, work_of

__all__ = [
    "MAX_ITEMS",
    "CellCycleCheckpoint",
    "CreateCellularContext",
    "Divide",
    "Inhibit",
    "Knockout",
    "Replicate",
    "Run",
    "RunMetabolicPathways",
    "RunOperon",
    "SetEnvironment",
    "SetResource",
    "Snapshot",
    "Statement",
]

#: Most genes of a statement, and items of a list or a mapping.
MAX_ITEMS = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """``run(seconds, every_s=None)``: advance the cell.

    Attributes
    ----------
    seconds : float
        Duration [s], > 0.
    every_s : float or None
        Interval of the samples [s]; None records the first and the last state.
    """

    seconds: float
    every_s: float | None = None

    def __post_init__(self) -> None:
        _keep(self, "seconds", _checks.seconds(self.seconds, "seconds"))
        if self.every_s is not None:
            _keep(self, "every_s", _checks.seconds(self.every_s, "every_s"))

    def __str__(self) -> str:
        every = "" if self.every_s is None else f", every_s={self.every_s!r}"
        return f"run({self.seconds!r}{every})"


@dataclass(frozen=True, slots=True)
class RunOperon:
    """``run_operon(genes, duration_s=60)``: advance while only the units of `genes` start
    transcription.

    Attributes
    ----------
    genes : tuple of str
        Locus tags or names.
    duration_s : float
        Duration [s], > 0.
    translated : bool
        In Python only: whether all of them must be genes for proteins, as in
        ``translate_gene("x")``.
    """

    genes: tuple[str, ...]
    duration_s: float = 60.0
    translated: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.genes, tuple) or not self.genes:
            raise _refused(
                "genes", f"genes are a tuple of locus tags or names, not {short(self.genes)}"
            )
        if len(self.genes) > MAX_ITEMS:
            raise _refused(
                "genes", f"genes are at most {MAX_ITEMS:,}, and these are {len(self.genes):,}"
            )
        for gene in self.genes:
            _text(gene, "genes")
        _keep(self, "duration_s", _checks.seconds(self.duration_s, "duration_s"))
        if not isinstance(self.translated, bool):
            raise _refused(
                "translated", f"translated must be True or False, not {short(self.translated)}"
            )
        if self.translated and len(self.genes) > 1:
            raise _refused("translated", "translated is of one gene: make a statement for each")

    def __str__(self) -> str:
        if self.translated:
            return f"translate_gene({_quoted(self.genes[0])}, duration_s={self.duration_s!r})"
        inner = ", ".join(_quoted(gene) for gene in self.genes)
        return f"run_operon([{inner}], duration_s={self.duration_s!r})"


@dataclass(frozen=True, slots=True)
class Knockout:
    """``knockout(gene)``: no further initiation at that cistron; molecules that exist stay.

    Attributes
    ----------
    gene : str
        Locus tag or name.
    """

    gene: str

    def __post_init__(self) -> None:
        _text(self.gene, "gene")

    def __str__(self) -> str:
        return f"knockout({_quoted(self.gene)})"


@dataclass(frozen=True, slots=True)
class SetResource:
    """``set_resource(name, molecules)``: set a pool, on the account of the operator.

    Attributes
    ----------
    name : str
        A key of ``context.resources``, such as "ATP".
    molecules : int
        What the cell then holds, 0 or more.
    """

    name: str
    molecules: int

    def __post_init__(self) -> None:
        _text(self.name, "name")
        _keep(self, "molecules", _checks.molecules(self.molecules, self.name))

    def __str__(self) -> str:
        return f"set_resource({_quoted(self.name)}, {self.molecules})"


@dataclass(frozen=True, slots=True)
class SetEnvironment:
    """``set_environment(glucose_mM=None, temperature_c=None, pH=None)``: what surrounds the cell
    from then on, given by name; what is not given stays as it is.

    Attributes
    ----------
    glucose_mM : float
        Glucose in the medium [mM], 0 or more.
    temperature_c : float
        Temperature [degrees Celsius], 0 to 100.
    pH : float
        0 to 14.
    """

    glucose_mM: float | None = None  # noqa: N815 - its unit
    temperature_c: float | None = None
    pH: float | None = None  # noqa: N815 - as everyone writes it

    def __post_init__(self) -> None:
        for name, value in checked_environment(self.values()).items():
            _keep(self, name, value)

    def values(self) -> dict[str, float | None]:
        """Return the values by name; None is what stays."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def __str__(self) -> str:
        given = (f"{name}={value!r}" for name, value in self.values().items() if value is not None)
        return f"set_environment({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class Inhibit:
    """``inhibit(machine, remaining, step="elongation")``: leave so much of the rate of a machine.

    Attributes
    ----------
    machine : str
        "rna_polymerase", "ribosome", "degradosome" or "replisome".
    remaining : float
        What is left of the rate, from 0 to 1; 1 lifts the inhibition.
    step : str
        "elongation" or "initiation"; a replisome has only the first.
    """

    machine: str
    remaining: float
    step: str = "elongation"

    def __post_init__(self) -> None:
        work_of(self.machine, self.step)
        _keep(self, "remaining", checked_remaining(self.remaining))

    def __str__(self) -> str:
        return f"inhibit({_quoted(self.machine)}, {self.remaining!r}, step={_quoted(self.step)})"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``snapshot(name)``: save the cell in the configured ``snapshot_dir``.

    Attributes
    ----------
    name : str
        Of the file, without its ending ``.bxs``.
    """

    name: str

    def __post_init__(self) -> None:
        _text(self.name, "name")

    def __str__(self) -> str:
        return f"snapshot({_quoted(self.name)})"


@dataclass(frozen=True, slots=True)
class Replicate:
    """``replicate()``: advance until the running round of replication is complete."""

    def __str__(self) -> str:
        return "replicate()"


@dataclass(frozen=True, slots=True)
class Divide:
    """``divide()``: the program goes on in one half; the other is among the result's contexts."""

    def __str__(self) -> str:
        return "divide()"


@dataclass(frozen=True, slots=True)
class CellCycleCheckpoint:
    """``execute_cell_cycle_checkpoint()``: the result's notes tell where the cell stands."""

    def __str__(self) -> str:
        return "execute_cell_cycle_checkpoint()"


@dataclass(frozen=True, slots=True)
class RunMetabolicPathways:
    """``run_metabolic_pathways(glucose_available=True)``: solve the cell's metabolic model.

    Nothing changes in the cell; the answer is among the result's ``metabolic_results``. Where no
    fluxes satisfy the constraints, as without glucose a model that pays for maintenance, that is a
    `MetabolicInfeasibleError`, and ends the program. What a cell lives on is another matter:
    ``set_environment(glucose_mM=0)`` takes its glucose away, and it starves on.

    Attributes
    ----------
    glucose_available : bool
        True: glucose is taken up as the cell's model allows, also where the cell has none; False:
        its exchange is closed.
    """

    glucose_available: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.glucose_available, bool):
            raise _refused(
                "glucose_available",
                f"glucose_available must be True or False, not {short(self.glucose_available)}",
            )

    def __str__(self) -> str:
        return f"run_metabolic_pathways(glucose_available={self.glucose_available})"


@dataclass(frozen=True, slots=True)
class CreateCellularContext:
    """``create_cellular_context(configuration={})``: make a further cell of the same genome.

    It is among the result's ``contexts``; the program goes on in the cell that carries it out.

    Attributes
    ----------
    configuration : mapping of str to value
        Configuration keys and ``seed``, as the keywords of the manager's
        ``create_cellular_context``.
    """

    configuration: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        given: object = self.configuration
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            raise _refused(
                "configuration",
                f"configuration is a mapping of configuration keys, not {short(given)}",
            )
        _keep(self, "configuration", frozen(dict(given)))

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __str__(self) -> str:
        return f"create_cellular_context({_written(self.configuration)})"


Statement = (
    Run
    | RunOperon
    | Knockout
    | SetResource
    | SetEnvironment
    | Inhibit
    | Snapshot
    | Replicate
    | Divide
    | RunMetabolicPathways
    | CreateCellularContext
    | CellCycleCheckpoint
)


def _keep(statement: object, name: str, value: object) -> None:
    """Give a statement, while it is made, a checked value in place of the given one."""
    object.__setattr__(statement, name, value)


def _text(value: object, what: str) -> None:
    if not isinstance(value, str) or not value:
        raise _refused(what, f"{what} must be a text that is not empty, not {short(value)}")


def _refused(argument: str, message: str) -> APIValidationError:
    return APIValidationError(message, details={"argument": argument})


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _written(value: Any) -> str:
    """Write a value as `GenomicProgram.parse` reads it."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        pairs = (f"{_quoted(key)}: {_written(part)}" for key, part in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    return repr(value)
