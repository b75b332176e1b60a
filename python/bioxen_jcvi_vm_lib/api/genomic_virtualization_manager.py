"""The entry point: load genomes, make cells, run programs."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bioxen_jcvi_vm_lib._checks import seconds, short
from bioxen_jcvi_vm_lib._errors import APIValidationError, GenomicRuntimeError
from bioxen_jcvi_vm_lib._reading import GenomeSource
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.genome import (
    GenomicRuntime,
    builtin_runtime,
    checked_runtime,
    combine_runtimes,
    load_runtime,
)
from bioxen_jcvi_vm_lib.program import GenomicProgram, RunOperon
from bioxen_jcvi_vm_lib.result import ExecutionResult

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult
    from bioxen_jcvi_vm_lib.population.record import Population

__all__ = ["GenomicVirtualizationManager"]


class GenomicVirtualizationManager:
    """Loads genomes, makes cellular contexts and runs programs in them.

    Leaving it as a context manager closes every context that it made.

    Parameters
    ----------
    config : dict, path, GenomicVirtualizationConfig or None
        The configuration; environment variables ``BIOXEN_...`` go over it.

    Raises
    ------
    InvalidConfigurationError
        If the configuration is not acceptable.
    """

    __slots__ = ("__weakref__", "_closed", "_config", "_contexts")

    def __init__(
        self,
        config: GenomicVirtualizationConfig
        | Mapping[str, Any]
        | str
        | os.PathLike[str]
        | None = None,
    ) -> None:
        self._config = GenomicVirtualizationConfig.resolve(config)
        self._contexts: weakref.WeakSet[CellularContext] = weakref.WeakSet()
        self._closed = False

    @property
    def config(self) -> GenomicVirtualizationConfig:
        """The configuration."""
        return self._config

    def load_genome_runtime(
        self,
        genome_file: GenomeSource | None = None,
        *,
        organism: str | None = None,
        sequence_file: GenomeSource | None = None,
    ) -> GenomicRuntime:
        """Decode and compile a genome.

        Parameters
        ----------
        genome_file : path, bytes or binary file object, optional
            GenBank, FASTA or GFF3, found from the content; gzip is recognised. None loads the
            configured ``genome_file`` with its ``sequence_file``, or else the built-in designed
            genome.
        organism : str, optional
            "minimal_cell", "syn3a" or "ecoli"; without it the file's accession or organism name
            decides, else minimal_cell's parameters serve and the report says so.
        sequence_file : path, bytes or binary file object, optional
            FASTA for a GFF3 without its own sequence.

        Returns
        -------
        GenomicRuntime

        Raises
        ------
        GenomeFormatError
            If a file cannot be read or is malformed, with ``.line`` and ``.offset``.
        GenomeCompilationError, InvalidConfigurationError, APIValidationError
            If the genome, organism or configuration do not fit together.
        """
        self._usable()
        if genome_file is None:
            genome_file = self.config.genome_file
            if sequence_file is None:
                sequence_file = self.config.sequence_file
        if genome_file is None:
            if sequence_file is not None:
                raise APIValidationError(
                    "sequence_file belongs to a GFF3: give that as genome_file",
                    details={"argument": "sequence_file"},
                )
            return builtin_runtime(self.config, organism)
        return load_runtime(
            genome_file,
            organism=organism,
            sequence_file=sequence_file,
            configuration=self.config,
        )

    def combine_genome_runtimes(
        self, host: GenomicRuntime, *guests: GenomicRuntime, name: str | None = None
    ) -> GenomicRuntime:
        """Compile several genomes for one cell: a plasmid or a phage in a host.

        The residents share the host's machines and pools and compete for them. Organism and
        configuration are the host's. What tables say of single genes (``gene_parameters``,
        ``proteome_file``, ``mrna_file``) stays with the genes: each runtime brings what it was
        loaded with, and where the host's configuration names a guest's gene, that goes before.
        Genes of the host keep their positions in every array; a guest's follow, see
        ``runtime.residents``. A gene name that both have is the host's.

        Parameters
        ----------
        host : GenomicRuntime
            Whose cell it is.
        *guests : GenomicRuntime
            At least one. A combined runtime may be host or guest.
        name : str, optional
            Of the whole; without it "HOST with GUEST, GUEST".

        Returns
        -------
        GenomicRuntime
            With a fingerprint of its own: snapshots of the host alone do not fit it.

        Raises
        ------
        GenomeCompilationError
            If two genomes have one locus tag (it and both are named), or nothing in one of them
            can be executed.
        InvalidConfigurationError
            If a guest has an ``mrna_file`` and the host none.
        """
        self._usable()
        if not guests:
            raise APIValidationError(
                "no guest is given: combine_genome_runtimes(host, guest)",
                details={"argument": "guests"},
            )
        for runtime in (host, *guests):
            checked_runtime(runtime)
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise APIValidationError(
                f"name must be a text that is not blank, not {short(name)}",
                details={"argument": "name"},
            )
        return combine_runtimes(host, guests, name)

    def create_cellular_context(
        self, genome_runtime: GenomicRuntime, *, seed: int | None = None, **overrides: Any
    ) -> CellularContext:
        """Make a cell that runs a genome.

        Parameters
        ----------
        genome_runtime : GenomicRuntime
            From `load_genome_runtime`.
        seed : int, optional
            uint64; same program, seed and inputs give the same trajectory. None draws one and
            records it.
        **overrides
            Configuration keys of any level, such as ``atp_pool_size=60_000`` or
            ``hold_pools=True``.

        Raises
        ------
        InvalidConfigurationError
            If an override is unknown, not acceptable, or shapes the program (that acts at loading).
        GenomeCompilationError
            If the genome has nothing to run.
        ModelImportError, MissingDependencyError, APIValidationError
            If the configured ``metabolic_model`` cannot be read, solved, or is of another genome.
        """
        self._usable()
        checked_runtime(genome_runtime)
        context = CellularContext._made(genome_runtime, seed, overrides)
        self._contexts.add(context)
        return context

    def execute_genomic_program(
        self, program: GenomicProgram | str, context: CellularContext
    ) -> ExecutionResult:
        """Carry out a program in a context.

        Parameters
        ----------
        program : GenomicProgram or str
            For example ``"run(600, every_s=10)"``.
        context : CellularContext
            The cell.

        Raises
        ------
        ProgramSyntaxError
            If the text is no program, with ``.position``.
        APIValidationError
            If it names an unknown gene or resource; nothing has changed then.
        GenomicRuntimeError
            If the context is closed or runs in another thread.
        """
        self._usable()
        result = _context(context).execute(program)
        self._contexts.update(result.contexts)
        return result

    def run_gene_expression_engine(
        self,
        genes: Iterable[str],
        context: CellularContext,
        *,
        duration_s: float = 60.0,
    ) -> ExecutionResult:
        """Advance a cell while only the transcription units of `genes` start transcription.

        The rest of the cell goes on: transcripts that exist are translated and decay.

        Parameters
        ----------
        genes : iterable of str, or str
            Locus tags or names.
        context : CellularContext
            The cell.
        duration_s : float
            How long [s], > 0.
        """
        self._usable()
        cell = _context(context)
        try:
            chosen = (genes,) if isinstance(genes, str) else tuple(genes)
        except TypeError:
            raise APIValidationError(
                f"genes must be texts, locus tags or names, not {type(genes).__name__}"
            ) from None
        if not chosen:
            raise APIValidationError("no gene is given: name at least one by locus tag or name")
        for gene in chosen:
            cell.runtime.gene_index(gene)
        operon = RunOperon(chosen, seconds(duration_s, "duration_s"))
        return cell.execute(GenomicProgram((operon,)))

    def replicate_genomic_runtime(self, context: CellularContext) -> CellularContext:
        """Advance a growing cell until the running round of replication is complete.

        Returns
        -------
        CellularContext
            The same, as ``context.replicate()`` leaves it.

        Raises
        ------
        GenomicRuntimeError
            If the cell does not grow or no round comes to its end.
        """
        self._usable()
        cell = _context(context)
        cell.replicate()
        return cell

    def process_cell_division_event(self, context: CellularContext) -> CellularContext:
        """Divide a growing cell.

        Returns
        -------
        CellularContext
            The daughter; `context`, changed in place, keeps the other half.

        Raises
        ------
        GenomicRuntimeError
            If the cell does not grow, or has not two of each chromosome.
        """
        self._usable()
        daughter = _context(context).divide()
        self._contexts.add(daughter)
        return daughter

    def execute_metabolic_engine(
        self, context: CellularContext, conditions: Mapping[str, Any] | None = None
    ) -> MetabolicResult:
        """Solve the flux balance of a cell's metabolic model as the cell is now.

        Nothing changes in the cell. Its knockouts act on the model's genes (knocked-out genes
        carry no flux at once, whatever is left of their proteins), and under enzyme constraints so
        do its proteins: where turnover numbers are known they bound the flux by kcat times
        copies. What the model itself forces and enzymes cannot carry is infeasible, never
        silently relaxed. ``context.set_metabolic_conditions`` changes what a cell lives under.

        Parameters
        ----------
        context : CellularContext
            A cell whose configuration names a ``metabolic_model``.
        conditions : mapping, optional
            ``medium``: by exchange reaction or its metabolite, the most uptake, or lowest and
            highest flux outwards [mmol/gDW/h]; ``knockouts``: genes of the model or locus tags;
            ``enzyme_constraints``: whether copies of enzymes limit fluxes, which needs
            ``kinetics_files``. None: what the cell lives under.

        Returns
        -------
        MetabolicResult

        Raises
        ------
        MetabolicInfeasibleError
            If no fluxes satisfy the constraints; ``details["binding_constraints"]`` has a smallest
            set that excludes itself.
        APIValidationError
            If a condition is not acceptable; an unknown exchange or gene is met with the nearest.
        InvalidConfigurationError
            If the cell has no metabolic model, or no turnover numbers for enzyme constraints.
        """
        self._usable()
        return _context(context)._solved(conditions)

    def run_ensemble(
        self,
        runtime: GenomicRuntime,
        program: GenomicProgram | str,
        *,
        seeds: Iterable[int],
        workers: int | None = None,
    ) -> list[ExecutionResult]:
        """Carry out one program in many cells that differ in their seed.

        The cells run side by side under a hypervisor, those with a ``metabolic_model`` on threads
        of their own. Each result is the same, bit for bit, as that
        of the program in a context of that seed alone, for any number of workers. No more than a
        few cells for each worker exist at a time.

        Parameters
        ----------
        runtime : GenomicRuntime
            From `load_genome_runtime`.
        program : GenomicProgram or str
            Anything but ``snapshot``: every cell would write the same file.
        seeds : iterable of int
            uint64 each, such as ``range(100)``.
        workers : int, optional
            Threads; None: one per core.

        Returns
        -------
        list of ExecutionResult
            In the order of `seeds`. After Ctrl-C it has the cells that had begun, which are the
            first ones of `seeds`; those that had not ended are "cancelled" with the part until
            then. It raises nothing, so that a loop of ensembles ends itself:
            ``if len(results) < len(seeds) or results[-1].status == "cancelled": break``.

        Raises
        ------
        ProgramSyntaxError, APIValidationError
            If an argument is not acceptable; nothing runs then.
        ModelImportError, MissingDependencyError
            If the configured ``metabolic_model`` cannot be used; nothing runs then.
        """
        self._usable()
        checked_runtime(runtime)
        # the hypervisor is loaded by those who need it
        from bioxen_jcvi_vm_lib.hypervisor.ensemble import run_ensemble

        return run_ensemble(
            runtime,
            program,
            seeds=seeds,
            workers=workers,
            scheduler=self.config.runtime_scheduler,
        )

    def grow_population(
        self,
        context: CellularContext,
        *,
        generations: int | None = None,
        duration_s: float | None = None,
        max_cells: int | None = None,
        every_s: float | None = None,
        workers: int | None = None,
        progress: Callable[[float, int], object] | None = None,
    ) -> Population:
        """Let a cell and all its descendants grow and divide.

        The founder stays as it is: the population is what a replay of it becomes, so the same
        founder gives the same population, for any number of workers. For another one give another
        seed, or ``context.fork()``. Where the founder lives on a ``metabolic_model``, every cell
        does, under the founder's conditions and fed by its own proteins.

        Parameters
        ----------
        context : CellularContext
            The founder, made with ``cell_cycle: true``.
        generations : int, optional
            How often every lineage divides: 2**generations newborn cells, not all of one time. A
            cell that has not divided in a week of its life ends as "undivided".
        duration_s : float, optional
            How long the population grows [s], > 0. Give this or `generations`.
        max_cells : int, optional
            At each sampling time, and at the end, cells are removed until so many are left, each as
            likely as any other; the founder's state decides which. Between two sampling times there
            may be more. Without it a population that would take more than 8 GiB is refused.
        every_s : float, optional
            Interval of the sampling times [s]; None: 60.
        workers : int, optional
            Threads; None: one per core.
        progress : callable, optional
            Called with (time that all cells have come to [s], living cells) about ten times a
            second on the calling thread. An exception from it stops the growth and propagates.

        Returns
        -------
        Population
            After Ctrl-C that until then, with status "cancelled"; it raises nothing.

        Raises
        ------
        APIValidationError
            If an argument is not acceptable; nothing runs then.
        GenomicRuntimeError
            If the cell does not grow, or is closed.
        ResourceExhaustionError
            If the population comes to take more memory than the limit.
        ConservationError
            If an audit does not balance, or daughters do not sum to their mother.
        """
        self._usable()
        cell = _context(context)
        from bioxen_jcvi_vm_lib.population.growth import grow_population

        return grow_population(
            cell,
            generations=generations,
            duration_s=duration_s,
            max_cells=max_cells,
            every_s=every_s,
            workers=workers,
            progress=progress,
        )

    def __enter__(self) -> Self:
        self._usable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for context in list(self._contexts):
            context.close()
        self._closed = True

    def __repr__(self) -> str:
        return f"<GenomicVirtualizationManager, {len(self._contexts)} contexts>"

    def _usable(self) -> None:
        if self._closed:
            raise GenomicRuntimeError("this manager was left: make another one")


def _context(context: Any) -> CellularContext:
    if not isinstance(context, CellularContext):
        raise APIValidationError(
            f"context must be a CellularContext, not {type(context).__name__}: "
            "make one with create_cellular_context; that of a biological VM is vm.context",
            details={"argument": "context"},
        )
    return context
