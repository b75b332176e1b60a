"""The command line: ``bioxen run``, ``inspect``, ``top``, ``monitor`` and ``config``."""

from __future__ import annotations

import atexit
import gc
import importlib.util
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

import bioxen_jcvi_vm_lib
from bioxen_jcvi_vm_lib._checks import MAX_DURATION_S
from bioxen_jcvi_vm_lib._checks import seconds as checked_seconds
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    ConservationError,
    MissingDependencyError,
    ResourceAllocationError,
)
from bioxen_jcvi_vm_lib.cli_config import config_commands
from bioxen_jcvi_vm_lib.cli_help import Command, Group

EXIT_INPUT = 2
EXIT_BUG = 1
EXIT_CANCELLED = 130

_WRITERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    ".parquet": ("to_parquet", ("pandas", "pyarrow")),
    ".nc": ("to_netcdf", ("xarray", "h5netcdf")),
    ".csv": ("to_csv", ()),
}
_KINDS = {
    "protein": "protein-coding",
    "pseudo": "pseudogenes",
}
_STANDARD = ("ATP", "GTP", "CTP", "UTP")

# A rule under the header and nothing else.
_RULE = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")

app = typer.Typer(
    name="bioxen",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Run genomes: polymerases step through nucleotides, ribosomes through codons, "
    "and every molecule is paid for.",
)
app.add_typer(config_commands, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bioxen {bioxen_jcvi_vm_lib.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Run genomes."""


GenomeArgument = Annotated[
    Path | None,
    typer.Argument(
        help="GenBank, GFF3 or FASTA, gzip or not; without it the built-in designed minimal cell.",
        show_default=False,
    ),
]
SequenceOption = Annotated[
    Path | None, typer.Option("--sequence", help="FASTA for a GFF3 without its own sequence.")
]
OrganismOption = Annotated[
    str | None,
    typer.Option("--organism", help="minimal_cell, syn3a or ecoli; else matched to the genome."),
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML configuration.")]


@app.command(cls=Command)
def run(
    genome: GenomeArgument = None,
    sequence: SequenceOption = None,
    organism: OrganismOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="Simulated time, in seconds.")
    ] = 600.0,
    every: Annotated[
        float, typer.Option("--every", help="Interval of the samples, in seconds.")
    ] = 10.0,
    seed: Annotated[
        int | None, typer.Option("--seed", help="From 0 to 2**64 - 1; else a random one.")
    ] = None,
    config: ConfigOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Result file: .parquet, .nc or .csv.")
    ] = None,
) -> None:
    """Run a genome and say what the cell did."""
    seconds = checked_seconds(seconds, "--seconds")
    every = checked_seconds(every, "--every")
    write = None if out is None else _writer(out)
    console = Console()
    with bioxen_jcvi_vm_lib.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(genome, organism=organism, sequence_file=sequence)
        context = manager.create_cellular_context(runtime, seed=seed)
        with _Bar(console, seconds) as bar:
            try:
                result = context.run(seconds, every_s=every, progress=bar.callback)
            except APIValidationError as error:
                if error.details.get("argument") != "every_s":
                    raise
                raise APIValidationError(
                    error.message.replace("every_s", "--every"), details={"argument": "--every"}
                ) from None
        if write is not None and out is not None:
            write(result, out)
        console.print(_run_summary(runtime, result, context))
        for table in (_machine_table(result), _spending_table(result)):
            console.print()
            console.print(table)
        console.print()
        inspection = _inspection(genome, sequence, organism, config)
        console.print(_closing(result, runtime, out, inspection))
    if not result.audit.ok:
        raise ConservationError(
            f"the ledger does not balance: {result.audit}; please report it with seed {result.seed}"
        )
    if result.status == "cancelled":
        raise typer.Exit(EXIT_CANCELLED)


@app.command(cls=Command)
def inspect(
    genome: GenomeArgument = None,
    sequence: SequenceOption = None,
    organism: OrganismOption = None,
    config: ConfigOption = None,
) -> None:
    """Say what a genome file holds and what can be run of it."""
    console = Console()
    manager = bioxen_jcvi_vm_lib.GenomicVirtualizationManager(config)
    runtime = manager.load_genome_runtime(genome, organism=organism, sequence_file=sequence)
    console.print(_title(runtime))
    for table in (
        _replicon_table(runtime),
        _gene_table(runtime),
        _unit_table(runtime),
        _codon_table(runtime),
        _report_table(runtime),
    ):
        if table is not None:
            console.print()
            console.print(table)


@app.command(
    "top",
    cls=Command,
    help="Run many cells side by side and list what they do, the busiest first. "
    "The key i shows one in detail, q ends it.",
)
@app.command(
    "monitor",
    cls=Command,
    help="Run many cells side by side and show one of them in detail below the list of all. "
    "The keys up and down choose it, q ends it.",
)
def many(
    command: typer.Context,
    genome: GenomeArgument = None,
    vms: Annotated[
        int, typer.Option("--vms", min=1, max=1_000_000, help="Number of cells, seeds 0, 1, ...")
    ] = 64,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            help="Simulated time of each cell, in seconds. Without it: 600, or no end if --once "
            "is given.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Threads; else one per core.")
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            help="fair, fair:WEIGHT, batch, or deadline:BUDGET/PERIOD in milliseconds, such as "
            "deadline:1/20, with a + at the end to reclaim what others leave.",
        ),
    ] = "fair",
    pace: Annotated[
        float | None,
        typer.Option("--pace", help="Simulated seconds per second; else as fast as it goes."),
    ] = None,
    sequence: SequenceOption = None,
    organism: OrganismOption = None,
    config: ConfigOption = None,
    chassis: Annotated[
        int | None,
        typer.Option("--chassis", min=1, help="Share evenly what this many cells would have."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Show one picture, after a second, and end.")
    ] = False,
) -> None:
    """Run many cells side by side, and show what each of them does."""
    inspect = command.info_name == "monitor"
    if seconds is None:
        until_s = MAX_DURATION_S if once else 600.0
    else:
        until_s = checked_seconds(seconds, "--seconds")
    how = _policy(policy)
    # loaded by those who need it
    from bioxen_jcvi_vm_lib.visualization.terminal_monitor import TerminalMonitor

    with bioxen_jcvi_vm_lib.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(genome, organism=organism, sequence_file=sequence)
        pool = None
        if chassis is not None:
            pool = bioxen_jcvi_vm_lib.Chassis.of_organism(runtime, chassis)
        share = None if pool is None else {name: n // vms for name, n in pool.amounts.items()}
        end = "" if seconds is None and once else f" until {until_s:,.6g} s"
        title = f"{runtime.accession} ({runtime.organism}){end}"
        with bioxen_jcvi_vm_lib.BioXenHypervisor(
            max_vms=vms,
            workers=workers,
            chassis=pool,
            scheduler=manager.config.runtime_scheduler,
        ) as hypervisor:
            for seed in range(vms):
                try:
                    vm = hypervisor.create_vm(
                        f"cell-{seed}", runtime, seed=seed, policy=how, resource_allocation=share
                    )
                except ResourceAllocationError as error:
                    if not seed:
                        raise
                    fit = f"; {seed:,} of {vms:,} cells fit: give --vms {seed}"
                    raise ResourceAllocationError(
                        error.message + fit, details=error.details
                    ) from None
                hypervisor.start_vm(vm)
            statuses: dict[str, str] = {}
            with TerminalMonitor(
                hypervisor, title, inspect=inspect, once=once, heading=f"bioxen {command.info_name}"
            ) as monitor:
                statuses = hypervisor.run(until_s, pace=pace, progress=monitor.update).statuses
            if once and monitor.left:
                return
            ended = Counter(statuses.values()).most_common()
            console = Console()
            console.print(", ".join(f"{n:,} {how}" for how, n in ended) or "left with q")
    if "cancelled" in statuses.values():
        raise typer.Exit(EXIT_CANCELLED)


def _policy(text: str) -> Any:
    """Read a policy as the command line gives it."""
    kind, _, numbers = text.partition(":")
    policy = bioxen_jcvi_vm_lib.Policy
    if kind == "fair" and numbers:
        (weight,) = _numbers(text, numbers, 1, "fair needs a weight, such as fair:2")
        return policy.fair(weight)
    if kind == "deadline":
        budget_ms, period_ms = _numbers(
            text,
            numbers.removesuffix("+"),
            2,
            "a deadline needs a budget and a period in milliseconds, such as deadline:1/20",
        )
        return policy.deadline(budget_ms / 1e3, period_ms / 1e3, numbers.endswith("+"))
    return policy.of(text)


def _numbers(text: str, numbers: str, count: int, fix: str) -> list[float]:
    """Read numbers with a slash between them."""
    try:
        found = [float(number) for number in numbers.split("/")]
    except ValueError:
        found = []
    if len(found) != count:
        raise APIValidationError(f"--policy {text}: {fix}", details={"argument": "--policy"})
    return found


def main() -> None:
    """Entry point of the console script: one clear line on stderr for every error, no traceback."""
    atexit.register(gc.freeze)  # nothing is looked through once more before it goes
    try:
        status = app(standalone_mode=False, prog_name="bioxen")
    except BioXenException as error:
        _complain(f"{error.code} {error.name}: {error.message}")
        sys.exit(EXIT_BUG if isinstance(error, ConservationError) else EXIT_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        _complain("cancelled")
        sys.exit(EXIT_CANCELLED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_BUG)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _complain(f"{place}{error.strerror or error}")
        sys.exit(EXIT_INPUT)
    except Exception as error:
        # Click's own complaints (unknown option, bad number) know how to show themselves.
        if not hasattr(error, "exit_code") or not hasattr(error, "format_message"):
            raise
        if error.format_message():
            _complain(error.format_message() + _way_on(error))
        sys.exit(EXIT_INPUT)
    sys.exit(status if isinstance(status, int) else 0)


def _way_on(error: Any) -> str:
    """Return the commands, where none was near, and what tells more."""
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "bioxen")
    commands = getattr(getattr(context, "command", None), "commands", {})
    message = error.format_message()
    unknown = message.startswith("No such command") and "Did you mean" not in message
    there_are = f" There are {', '.join(commands)}." if unknown and commands else ""
    return f"{there_are} (see: {path} --help)"


def _complain(message: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text.assemble(("bioxen: ", "bold red"), message))


def _writer(out: Path) -> Callable[[Any, Path], None]:
    """Return what writes a result to `out`; refuse what cannot be written before anything runs."""
    known = _WRITERS.get(out.suffix.lower())
    if known is None:
        raise APIValidationError(
            f"--out {out}: the name must end in {', '.join(_WRITERS)}",
            details={"argument": "--out"},
        )
    method, modules = known
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingDependencyError(
                f"--out {out} needs the package {module!r}: "
                "pip install 'bioxen_jcvi_vm_lib[analysis]'",
                details={"module": module},
            )
    if out.is_dir() or not out.resolve().parent.is_dir():
        problem = "is a directory" if out.is_dir() else "lies in a directory that does not exist"
        raise APIValidationError(f"--out {out} {problem}", details={"argument": "--out"})
    return lambda result, path: getattr(result, method)(path)


class _Bar:
    """A progress bar of simulated time; nothing where stdout is no terminal."""

    def __init__(self, console: Console, seconds: float) -> None:
        self.shown = console.is_terminal
        self._seconds = seconds
        self._progress = Progress(
            TextColumn("[bold]running"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            transient=True,
            disable=not self.shown,
        )

    def __enter__(self) -> _Bar:
        self._progress.start()
        self._task = self._progress.add_task("run", total=self._seconds, note="")
        self._wall = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def callback(self) -> Callable[[float, int], None] | None:
        """What the engine is to call, None without a terminal."""
        return self._advance if self.shown else None

    def _advance(self, time_s: float, steps: int) -> None:
        """Show the cell's age and speed."""
        wall = max(time.perf_counter() - self._wall, 1e-9)
        note = (
            f"{time_s:,.0f} s  {time_s / wall:,.1f} x real time  "
            f"{steps / wall / 1e6:,.1f} M steps/s"
        )
        self._progress.update(self._task, completed=time_s, note=note)


# -- tables ----------------------------------------------------------------------------------------


def _table(title: str, *columns: str, left: int = 1) -> Table:
    """Return a plain table: the first `left` columns to the left, numbers to the right."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=_RULE,
        pad_edge=False,
        show_edge=False,
        header_style="dim",
    )
    for index, column in enumerate(columns):
        text = index < left
        table.add_column(
            Text(column),
            justify="left" if text else "right",
            no_wrap=index == 0,
            overflow="fold",
        )
    return table


def _pairs(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in rows:
        table.add_row(key, Text(value))
    return table


def _title(runtime: Any) -> Table:
    return _pairs(
        [
            ("genome", runtime.name),
            ("accession", runtime.accession),
            ("length", f"{runtime.length_nt:,} nt, {runtime.topology}"),
            ("organism", runtime.organism),
            ("fingerprint", runtime.fingerprint),
        ]
    )


def _run_summary(runtime: Any, result: Any, context: Any) -> Table:
    steps = result.events.get("nucleotide_steps", 0) + result.events.get("codon_steps", 0)
    speed = steps / result.wall_time_s / 1e6 if result.wall_time_s > 0 else 0.0
    return _pairs(
        [
            ("genome", f"{runtime.name} ({runtime.accession}), {len(runtime):,} genes"),
            ("organism", runtime.organism),
            (
                "simulated",
                f"{result.sim_time_s:,.6g} s in {result.wall_time_s:,.2f} s: "
                f"{result.real_time_factor:,.1f} x real time, {speed:,.1f} M steps/s",
            ),
            ("transcripts made", f"{result.events.get('transcription_completions', 0):,}"),
            ("proteins made", f"{result.events.get('translation_completions', 0):,}"),
            *_cycle_rows(result),
            *([("metabolism", context.metabolism[-1].in_words)] if context.metabolism else []),
        ]
    )


def _cycle_rows(result: Any) -> list[tuple[str, str]]:
    """Say where a cell that grows has come to."""
    cycle = result.cell_cycle
    if not cycle:
        return []
    born, now = cycle["volume_l"][0], cycle["volume_l"][-1]
    ready = "ready to divide, " if result.status == "divided" else ""
    return [
        (
            "cell cycle",
            f"{ready}phase {cycle['phase'][-1]}, {now * 1e15:.3g} fL ({now / born:.2f} x), "
            f"chromosomes {cycle['chromosomes'][-1]}, forks {cycle['forks'][-1]}",
        )
    ]


def _machine_table(result: Any) -> Table:
    table = _table("Machines", "machine", "total", "free", "active (mean)")
    for name, columns in result.machines.items():
        if name == "replisome" and not columns["total"][-1]:  # nothing is being replicated
            continue
        table.add_row(
            name.replace("_", " "),
            f"{columns['total'][-1]:,}",
            f"{columns['free'][-1]:,}",
            f"{100 * result.active_fraction(name):.1f} %",
        )
    return table


def _spending_table(result: Any) -> Table:
    """Net molecules by process: what it spent is negative."""
    others = ("amino acids", "phosphate")
    rows: dict[str, dict[str, int]] = {}
    for process, legs in result.ledger.items():
        row = dict.fromkeys((*_STANDARD, *others), 0)
        for name, molecules in legs.items():
            if name in _STANDARD:
                row[name] += molecules
            elif name == "Pi":
                row["phosphate"] += molecules
            elif len(name) == 3 and name[0].isupper() and name[1:].islower() and name != "PPi":
                row["amino acids"] += molecules
        if any(row.values()):
            rows[process] = row
    used = [key for key in (*_STANDARD, *others) if any(row[key] for row in rows.values())]
    table = _table("Resources by process (net; spent is negative)", "process", *used)
    for process, row in rows.items():
        table.add_row(process.replace("_", " "), *(_compact(row[key]) for key in used))
    return table


def _inspection(genome: object, sequence: object, organism: object, config: object) -> str:
    """Write the command that shows the report of what was run."""
    words = ["bioxen", "inspect", *([] if genome is None else [str(genome)])]
    for option, value in (("--sequence", sequence), ("--organism", organism), ("--config", config)):
        words += [] if value is None else [option, str(value)]
    return shlex.join(words)


def _closing(result: Any, runtime: Any, out: Path | None, inspection: str) -> Table:
    rows = [
        ("status", result.status),
        *(("note", note) for note in result.notes),
        ("audit", str(result.audit)),
        ("seed", str(result.seed)),
    ]
    if runtime.report:
        entries, them = (
            ("1 entry", "it")
            if len(runtime.report) == 1
            else (f"{len(runtime.report):,} entries", "them")
        )
        rows.append(("report", f"{entries}: {inspection} shows {them}"))
    if out is not None:
        rows.append(("written", str(out)))
    return _pairs(rows)


def _replicon_table(runtime: Any) -> Table:
    table = _table("Replicons", "name", "topology", "length [nt]", "genes", left=2)
    for replicon in runtime.replicons[:20]:
        table.add_row(
            replicon.accession or replicon.name,
            replicon.topology,
            f"{replicon.length_nt:,}",
            f"{replicon.genes:,}",
        )
    if len(runtime.replicons) > 20:
        table.add_row(f"and {len(runtime.replicons) - 20:,} more", "", "", "")
    return table


def _gene_table(runtime: Any) -> Table | None:
    if not runtime.genes:
        return None
    table = _table("Genes", "kind", "number", "mean length [nt]")
    kinds = Counter(gene.kind for gene in runtime.genes)
    for kind, number in kinds.most_common():
        length = sum(gene.length_nt for gene in runtime.genes if gene.kind == kind) / number
        table.add_row(_KINDS.get(kind, kind), f"{number:,}", f"{length:,.0f}")
    table.add_row("all", f"{len(runtime):,}", "")
    return table


def _unit_table(runtime: Any) -> Table | None:
    units = runtime.transcription_units
    if not units:
        return None
    table = _table("Transcription units", "found by", "number", "genes per unit")
    for origin, number in Counter(unit.origin for unit in units).most_common():
        genes = sum(len(unit.genes) for unit in units if unit.origin == origin)
        table.add_row(origin, f"{number:,}", f"{genes / number:.2f}")
    return table


def _codon_table(runtime: Any) -> Table | None:
    usage: Counter[str] = Counter()
    for gene in runtime.genes:
        if gene.kind == "protein":
            usage.update(codon.replace("U", "T") for codon in gene.codons)
    total = sum(usage.values())
    if not total:
        return None
    table = Table(
        title=f"Codon usage, per thousand ({total:,})",
        title_justify="left",
        title_style="bold",
        box=None,
        show_header=False,
        pad_edge=False,
        padding=(0, 1),
    )
    for _ in range(4):
        table.add_column(style="dim")
        table.add_column(justify="right")
    bases = "TCAG"
    for first in bases:
        for third in bases:
            row: list[str] = []
            for second in bases:
                codon = first + second + third
                row += [codon.replace("T", "U"), f"{1000 * usage[codon] / total:.1f}"]
            table.add_row(*row, end_section=third == "G")
    return table


def _report_table(runtime: Any) -> Table | Text:
    if not runtime.report:
        return Text("Report: nothing to remark.")
    table = _table(f"Report ({len(runtime.report)})", "line", "code", "what", left=3)
    codes = Counter(entry.code for entry in runtime.report)
    shown: Counter[str] = Counter()
    for entry in runtime.report:
        shown[entry.code] += 1
        if shown[entry.code] > 5:
            continue
        what = f"{entry.feature}: {entry.message}" if entry.feature else entry.message
        table.add_row(str(entry.line or ""), entry.code, Text(what))
    for code, number in codes.items():
        if number > 5:
            table.add_row("", code, f"and {number - 5:,} more")
    return table


def _compact(value: int) -> str:
    """Write 1,500,000 as 1.50 M: three digits."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if abs(value) >= size:
            return f"{value / size:#.3g}".removesuffix(".") + f" {letter}"
    return str(value)
