"""A cell as it is looked at: nothing here changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    GenomicRuntimeError,
    InvalidConfigurationError,
    IsolationBreachError,
    VMStateError,
)
from bioxen_jcvi_vm_lib._hosts import Machine
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState
from bioxen_jcvi_vm_lib.environment import Environment, inhibitors_of
from bioxen_jcvi_vm_lib.genome import GenomicRuntime, ReportEntry, fallbacks
from bioxen_jcvi_vm_lib.result import Audit

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
    from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
    from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState

__all__ = ["ObservedCell", "energy_charge"]


class ObservedCell:
    """What can be seen of a cell, also while another thread runs it."""

    __slots__ = ("_core_context", "_machine", "_metabolism", "_runtime", "_seed")

    _core_context: _core.Context | None
    _machine: Callable[[], Machine | None]
    _metabolism: CellMetabolism | None
    _runtime: GenomicRuntime
    _seed: int

    @property
    def runtime(self) -> GenomicRuntime:
        """The genome that it runs."""
        return self._runtime

    @property
    def seed(self) -> int:
        """Its seed, drawn from entropy if none was given."""
        return self._seed

    @property
    def time_s(self) -> float:
        """Age of the cell [s]."""
        return self._open().time_s

    @property
    def report(self) -> tuple[ReportEntry, ...]:
        """``runtime.report``, and what this cell does without by its own configuration.

        With a metabolic model it says how many of the model's genes are the genome's, too.
        """
        entries = [*self.runtime.report, *fallbacks(self._open().program)]
        if self._metabolism is not None:
            balance = self._metabolism.engine.balance
            model = balance.model
            entries.append(
                ReportEntry(
                    "metabolic-model",
                    f"{balance.matched_genes} of the {len(model.genes)} genes of the model "
                    f"{model.id!r} are in the genome; knockouts of others act in the model alone",
                )
            )
        return tuple(dict.fromkeys(entries))

    @property
    def proteins(self) -> NDArray[np.int64]:
        """Finished proteins, int64 of shape (n_genes,), in the order of the genes; a copy."""
        return self._open().proteins()

    @property
    def mrnas(self) -> NDArray[np.int64]:
        """Transcripts that exist, nascent ones included, int64 of shape (n_genes,); a copy."""
        return self._open().mrnas()

    @property
    def resources(self) -> dict[str, int]:
        """Molecules by name: nucleotides, phosphate, amino acids, charged and uncharged tRNA."""
        return self._open().resources()

    @property
    def machines(self) -> dict[str, dict[str, int]]:
        """``{"total", "free", "active"}`` of rna_polymerase, ribosome, degradosome and replisome.

        There is a replisome for each replication fork, all at work; none waits.
        """
        return self._open().machines()

    @property
    def events(self) -> dict[str, int]:
        """Events since birth by kind."""
        return self._open().events()

    @property
    def ledger(self) -> dict[str, dict[str, int]]:
        """Net molecules since birth by process and resource, negative is spent."""
        return self._open().ledger()

    @property
    def cell_cycle(self) -> CellCycleState:
        """Where the cell stands between birth and division."""
        return CellCycleState.of(self._open())

    @property
    def phase(self) -> str:
        """Phase of the cell cycle: "B", "C", "D", "arrested" or "dead"; see `CellCycleState`."""
        return self.cell_cycle.phase

    @property
    def environment(self) -> Environment:
        """What surrounds the cell now; see `set_environment`."""
        return Environment.of(self._open())

    @property
    def inhibitors(self) -> dict[str, float]:
        """What is left of the rates that are inhibited, such as ``{"ribosome elongation": 0.3}``;
        see `inhibit`.
        """
        return inhibitors_of(self._open())

    @property
    def volume_l(self) -> float:
        """Volume of the cell [L]."""
        return self.cell_cycle.volume_l

    @property
    def chromosomes(self) -> int:
        """Whole copies of the longest replicon."""
        return self.cell_cycle.chromosomes

    @property
    def growth_rate_per_h(self) -> float:
        """Rate d ln V / dt over the last whole minute [1/h]; 0 in a cell that does not grow, and
        in one that has come to its largest volume, as JCVI-syn3A in most of phase D.
        """
        return self.cell_cycle.growth_rate_per_h

    @property
    def gene_copies(self) -> NDArray[np.int64]:
        """Copies of each gene on the DNA of the cell, int64 of shape (n_genes,); a copy."""
        return self._open().gene_copies()

    @property
    def proteins_in_machines(self) -> NDArray[np.int64]:
        """Molecules of each gene's product that the machines are made of, int64 of shape
        (n_genes,); a copy.

        They are counted in cells that grow, and are not in `proteins`.
        """
        return self._open().in_machines()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._core_context is None

    def count(self, key: str) -> int:
        """Return the number of finished proteins of a gene, of molecules of a resource, or of a
        machine.

        Parameters
        ----------
        key : str
            A resource ("ATP", "Ala-tRNA"), a machine ("ribosome"), or a gene by locus tag or name;
            in this order where a key means several.

        Raises
        ------
        APIValidationError
            If it is none of them; the nearest is named.
        """
        core = self._open()
        if not isinstance(key, str):
            raise APIValidationError(
                f"what to count is a text: a resource, a machine or a gene, not {short(key)}",
                details={"key": short(key)},
            )
        resources = core.resources()
        if key in resources:
            return resources[key]
        machines = core.machines()
        if key in machines:
            return machines[key]["total"]
        try:
            index = self.runtime.gene_index(key)
        except APIValidationError as error:
            if "no gene" not in error.message:
                raise
            genes = (*self.runtime.locus_tags, *filter(None, self.runtime.gene_names))
            near = suggestion(key, [*resources, *machines, *genes])
            if near:
                raise APIValidationError(
                    f"nothing is called {short(key)} here{near}", details={"key": key}
                ) from None
            raise
        return int(core.proteins()[index])

    def audit(self) -> Audit:
        """Return the balance of the ledger; every residual is 0."""
        return Audit(self._open().audit())

    def polymerases(self) -> NDArray[Any]:
        """Return where the machines are.

        Returns
        -------
        structured ndarray
            kind, replicon, position_nt, gene, state, strand; one row per machine at work: RNA
            polymerases on the DNA, ribosomes and degradosomes on transcripts, where these were
            copied from. `gene` is -1 between genes; `strand` is 1 or -1.
        """
        return self._open().polymerases()

    @property
    def metabolism(self) -> tuple[MetabolicState, ...]:
        """What the metabolic model gave the cell, minute by minute: inputs of its trajectory.

        Since the cell was made or restored, so none before it first runs; a fork has its parent's
        until then. Empty without a ``metabolic_model``, where supply has the organism's own rates.
        """
        self._open()
        return () if self._metabolism is None else tuple(self._metabolism.states)

    @property
    def metabolic_conditions(self) -> MetabolicConditions:
        """Medium, knockouts and enzyme constraints that its metabolic model is solved under.

        Knockouts of the cell itself act besides, and so does the medium that the configuration
        sets (``glucose_concentration`` and ``phosphate_concentration``), with the glucose of
        ``set_environment`` in its place, on exchanges that are not named here.

        Raises
        ------
        InvalidConfigurationError
            If it has no metabolic model.
        """
        self._open()
        return self._model().conditions

    @property
    def trajectory_hash(self) -> str:
        """Hash of the whole state as 16 hexadecimal digits; equal trajectories have equal ones."""
        return self._open().trajectory_hash()

    def __repr__(self) -> str:
        if self._core_context is None:
            return f"<CellularContext of {self.runtime.name!r}, closed>"
        try:
            age = f"{self.time_s:g} s old"
        except BioXenException:  # its hypervisor is closed, or its VM destroyed
            age = "gone"
        return f"<CellularContext of {self.runtime.name!r}, {age}, seed {self.seed}>"

    def _repr_html_(self) -> str:
        if self._core_context is None:
            return facts([("state", "closed")], f"cell of {self.runtime.name}")
        try:
            rows = self._facts()
        except (IsolationBreachError, VMStateError):  # its machine was destroyed, or it failed
            rows = [("state", "gone"), ("seed", str(self.seed))]
        return facts(rows, f"cell of {self.runtime.name}")

    def _facts(self) -> list[tuple[str, str]]:
        events = self.events
        return [
            ("age", f"{self.time_s:,.6g} s"),
            *(
                (name.replace("_", " ") + "s", f"{count['active']:,} of {count['total']:,} active")
                for name, count in self.machines.items()
                if name != "replisome"
            ),
            *((name, f"{self.resources[name]:,}") for name in ("ATP", "GTP", "CTP", "UTP")),
            ("proteins", f"{int(self.proteins.sum()):,}"),
            ("transcripts by gene", f"{int(self.mrnas.sum()):,}"),
            ("codons translated", f"{events['codon_steps']:,}"),
            ("nucleotides transcribed", f"{events['nucleotide_steps']:,}"),
            *([("cell cycle", str(self.cell_cycle))] if self.cell_cycle.grows else []),
            ("audit", str(self.audit())),
            ("seed", str(self.seed)),
        ]

    def _open(self) -> _core.Context:
        core = self._core_context
        if core is None:
            raise GenomicRuntimeError(
                "this context is closed: create another with create_cellular_context"
            )
        machine = self._machine()
        if machine is not None:
            machine._alive("look at")
        return core

    def _model(self) -> CellMetabolism:
        if self._metabolism is None:
            raise InvalidConfigurationError(
                "this cell has no metabolic model: set metabolic_model in the configuration, to "
                "the path of BiGG JSON or SBML",
                details={"key": "metabolic_model"},
            )
        return self._metabolism


def energy_charge(pools: Mapping[str, int]) -> float:
    """Return (ATP + ADP / 2) / (ATP + ADP + AMP); 0 where there is no adenylate."""
    atp, adp, amp = (pools[name] for name in ("ATP", "ADP", "AMP"))
    return (atp + adp / 2) / (atp + adp + amp) if atp + adp + amp else 0.0
