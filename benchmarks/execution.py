"""Speed and memory of decoding, compiling and executing, in one run, as medians with ranges.

    python benchmarks/execution.py [--repeats 7] [--only "reference,polysomes"]

Builds `benchmarks/bare_kernel.cpp` with CMake in a temporary folder (needs cmake, ninja and g++),
then interleaves the bare kernel with every engine case, so that all of them meet the same machine.
A step is one nucleotide added or one codon translated. The audit of each run is checked before its
time counts.
"""

from __future__ import annotations

import argparse
import gzip
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bioxen_jcvi_vm_lib as bx

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SYN3A = DATA / "genomes" / "syn3A.gb"
PROTEOME = DATA / "syn3A" / "proteome.csv"
ECOLI = DATA / "genomes" / "ecoli_mg1655.gff3.gz"
ECOLI_DNA = DATA / "genomes" / "ecoli_mg1655.fna.gz"


def build_bare_kernel(folder: Path) -> Path:
    """Compile the bare kernel as the wheel is compiled and return its path."""
    configure = ["cmake", "-G", "Ninja", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"]
    subprocess.run([*configure, "-DBIOXEN_BENCHMARKS=ON"], check=True, capture_output=True)
    subprocess.run(
        ["cmake", "--build", folder, "--target", "bare_kernel"], check=True, capture_output=True
    )
    return folder / "bare_kernel"


def bare_kernel_rate(kernel: Path) -> float:
    """Run the bare kernel once; million steps per second."""
    out = subprocess.run([kernel], check=True, capture_output=True, text=True).stdout
    match = re.match(r"([\d.]+) million", out)
    if match is None:
        raise RuntimeError(f"the bare kernel printed {out!r}")
    return float(match[1])


def engine_case(
    runtime: bx.GenomicRuntime, seconds: float, warm_s: float, **overrides: object
) -> Callable[[int], float]:
    """Make a function that runs one fresh cell and returns its million steps per second."""
    manager = bx.GenomicVirtualizationManager()

    def once(seed: int) -> float:
        with manager.create_cellular_context(runtime, seed=seed, **overrides) as context:
            context.run(warm_s)
            result = context.run(seconds)
            if not context.audit().ok:
                raise RuntimeError("the audit found a residual")
            steps = result.events["nucleotide_steps"] + result.events["codon_steps"]
            return float(steps / result.wall_time_s / 1e6)

    return once


def load(config: dict[str, object], genome: Path | None, **keywords: object) -> bx.GenomicRuntime:
    """Load a genome with its own manager."""
    return bx.GenomicVirtualizationManager(config).load_genome_runtime(genome, **keywords)


def cases() -> dict[str, Callable[[int], float]]:
    """Engine cases by name; those whose data is absent are left out."""
    made = {"built-in genome": engine_case(load({}, None), 1000.0, 100.0)}
    if SYN3A.exists():
        reference = {
            "execution_parameters": {"reference_mode": True, "proteome_file": str(PROTEOME)}
        }
        made["syn3A reference mode"] = engine_case(
            load(reference, SYN3A, organism="syn3a"), 2000.0, 300.0, hold_pools=True
        )
        natural = load(
            {"execution_parameters": {"proteome_file": str(PROTEOME)}}, SYN3A, organism="syn3a"
        )
        made["syn3A natural, one ribosome per mRNA"] = engine_case(natural, 2000.0, 300.0)
        polysomes = load(
            {"execution_parameters": {"proteome_file": str(PROTEOME)}},
            SYN3A,
            organism="minimal_cell",
        )
        made["syn3A polysomes"] = engine_case(polysomes, 2000.0, 300.0)
    if ECOLI.exists():
        ecoli = load({}, ECOLI, organism="ecoli", sequence_file=ECOLI_DNA)
        made["E. coli MG1655"] = engine_case(ecoli, 20.0, 20.0)
    return made


def loading_times(repeats: int) -> None:
    """Print decode + compile in ms, and the memory of genome and program."""
    from bioxen_jcvi_vm_lib import _core

    for name, path, organism in (("syn3A", SYN3A, "syn3a"), ("E. coli", ECOLI, "ecoli")):
        if not path.exists():
            continue
        runtime = load(
            {}, path, organism=organism, sequence_file=ECOLI_DNA if path == ECOLI else None
        )
        text = path.read_bytes()
        data = gzip.decompress(text) if path.suffix == ".gz" else text
        dna = gzip.decompress(ECOLI_DNA.read_bytes()) if path == ECOLI else None
        parameters = runtime._program.organism
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            genome = _core.decode(data, dna)
            program = _core.compile(genome, parameters)
            times.append((time.perf_counter() - started) * 1e3)
        size = len(data) + len(dna or b"")
        held = genome.memory_bytes + program.memory_bytes
        print(
            f"{name}: decode + compile {statistics.median(times):.1f} ms "
            f"({min(times):.1f}-{max(times):.1f}), "
            f"memory {held / 1e6:.1f} MB = {held / size:.2f} x the decompressed {size / 1e6:.1f} MB"
        )


def main() -> int:
    """Run all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", default="", help="comma-separated parts of case names")
    options = parser.parse_args()
    wanted = [part for part in options.only.split(",") if part]
    with tempfile.TemporaryDirectory() as folder:
        kernel = build_bare_kernel(Path(folder))
        engines = {
            name: case
            for name, case in cases().items()
            if not wanted or any(part in name for part in wanted)
        }
        rates: dict[str, list[float]] = {"bare kernel": [], **{name: [] for name in engines}}
        for repeat in range(options.repeats):
            rates["bare kernel"].append(bare_kernel_rate(kernel))
            for name, case in engines.items():
                rates[name].append(case(repeat))
    bare = statistics.median(rates["bare kernel"])
    print(f"{'million steps/s':40s} {'median':>8s} {'range':>14s} {'of bare':>8s}")
    for name, values in rates.items():
        median = statistics.median(values)
        print(
            f"{name:40s} {median:8.1f} {min(values):6.1f}-{max(values):6.1f} {median / bare:8.2f}"
        )
    loading_times(options.repeats)
    if SYN3A.exists():
        runtime = load({}, SYN3A, organism="syn3a")
        context = bx.GenomicVirtualizationManager().create_cellular_context(runtime, seed=1)
        context.run(1000.0)
        print(
            f"one syn3A context after 1000 s: {context._core_context.memory_bytes / 1024:.0f} KiB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
