"""Gene dosage of E. coli K-12 MG1655 in balanced growth against the law of Cooper and Helmstetter.

    python benchmarks/gene_dosage.py [--seeds 20] [--cycles 6] [--expressed 1]

Needs ecoli_mg1655.gff3.gz and .fna.gz. Copies of the genes nearest the origin, half way on either
arm and nearest the terminus are counted along single lineages, each cycle from its birth on, with
the weight 2^(-a/tau) of age a in an exponential population; the first cycle is left out. The law is
2^([C(1-m)+D]/tau) with C = 40 and D = 20 min at the genes' own distances m. Bar: each mean within
2 % of the law. Cells of the many seeds have no polymerases and no ribosomes: what is compared is
replication, growth and division. With `--expressed`, some seeds run with all machines.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from pathlib import Path

import contest

import bioxen_jcvi_vm_lib as bx

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "genomes"
ORIGIN = (3_925_744 + 3_925_975) // 2
DELAY_MIN = 20.0
LOOKS_PER_CYCLE = 120
BAR = 0.02
PLACES = ("origin", "middle", "terminus")
shown = partial(contest.shown, mean=".3f", deviation=".3f")


def runtime(manager: bx.GenomicVirtualizationManager, data: Path = DATA) -> bx.GenomicRuntime:
    """Load the genome."""
    return manager.load_genome_runtime(
        data / "ecoli_mg1655.gff3.gz", sequence_file=data / "ecoli_mg1655.fna.gz"
    )


def distances(genome: bx.GenomicRuntime) -> list[float]:
    """How far each gene is from the origin: 0 there, 1 opposite."""
    length = genome.length_nt
    found = []
    for gene in genome.genes:
        ahead = ((gene.start + gene.end) / 2 - ORIGIN) % length
        found.append(2 * min(ahead, length - ahead) / length)
    return found


def nearest(found: list[float], runs: list[bool], wanted: float) -> int:
    """Return the protein-coding gene whose distance is nearest."""
    return min((i for i, ok in enumerate(runs) if ok), key=lambda i: abs(found[i] - wanted))


def configuration(tau_min: float, *, expressed: bool) -> dict:
    """Return what a cell that doubles in `tau_min` is made with."""
    machines = {} if expressed else {"ribosome_allocation": 0, "rna_polymerase_allocation": 0}
    return {
        "execution_parameters": {"cell_cycle": True, "doubling_time_min": tau_min},
        "virtual_resources": machines,
    }


def lineage(
    manager: bx.GenomicVirtualizationManager,
    genome: bx.GenomicRuntime,
    tau_min: float,
    seed: int,
    cycles: int,
) -> dict[str, float]:
    """Follow one daughter of each division; return copies by place, weighted by age."""
    found = distances(genome)
    runs = [gene.kind == "protein" for gene in genome.genes]
    genes = [nearest(found, runs, wanted) for wanted in (0.0, 0.5, 1.0)]
    sums, weights, lives = [0.0] * len(genes), 0.0, []
    began = time.perf_counter()
    with manager.create_cellular_context(genome, seed=seed) as cell:
        for cycle in range(cycles + 1):
            birth_s = cell.time_s
            step_s = 60 * tau_min / LOOKS_PER_CYCLE
            result = cell.run(step_s / 2)  # looks are in the middle of what they stand for
            while result.status != "divided":
                age_s = cell.time_s - birth_s
                if cycle > 0:
                    weight = 2 ** (-age_s / (60 * tau_min))
                    copies = cell.gene_copies
                    for i, gene in enumerate(genes):
                        sums[i] += weight * copies[gene]
                    weights += weight
                result = cell.run(step_s)
                if age_s > 180 * tau_min:
                    raise RuntimeError(f"seed {seed} came to no division")
            if cycle > 0:
                lives.append((cell.time_s - birth_s) / 60)
            daughter = cell.divide()
            if not (cell.audit().ok and daughter.audit().ok):
                raise RuntimeError(f"seed {seed}: an audit fails after division {cycle + 1}")
            daughter.close()
        elapsed_s = time.perf_counter() - began
    return {
        **{place: total / weights for place, total in zip(PLACES, sums, strict=True)},
        "life": statistics.mean(lives),
        "wall": elapsed_s / (cycles + 1),
    }


def laws(genome: bx.GenomicRuntime, tau_min: float) -> dict[str, float]:
    """Return the law at the genes that are counted."""
    found = distances(genome)
    runs = [gene.kind == "protein" for gene in genome.genes]
    fork_bp_per_min = 60 * genome.parameters.cell_cycle["fork_kcat_bp_per_s"].value
    replication_min = genome.length_nt / 2 / fork_bp_per_min
    law = {}
    for place, wanted in zip(PLACES, (0.0, 0.5, 1.0), strict=True):
        here = found[nearest(found, runs, wanted)]
        law[place] = 2 ** ((replication_min * (1 - here) + DELAY_MIN) / tau_min)
    return law


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--cycles", type=int, default=6)
    parser.add_argument("--expressed", type=int, default=0, help="seeds with all machines")
    parser.add_argument("--taus", type=float, nargs="+", default=[30.0, 60.0])
    chosen = parser.parse_args()
    print("| tau [min] | cells | place | law | here | within 2 % | s a cycle |")
    print("|---|---|---|---|---|---|---|")
    for expressed, seeds, cycles in (
        (False, chosen.seeds, chosen.cycles),
        (True, chosen.expressed, 1),
    ):
        for tau in chosen.taus if seeds else ():
            config = configuration(tau, expressed=expressed)
            with bx.GenomicVirtualizationManager(config) as manager:
                genome = runtime(manager)
                cells = [
                    lineage(manager, genome, tau, seed, cycles) for seed in range(1, seeds + 1)
                ]
            kind = f"{seeds}, all machines" if expressed else f"{seeds}, DNA alone"
            wall = shown([cell["wall"] for cell in cells])
            for place, law in laws(genome, tau).items():
                values = [cell[place] for cell in cells]
                inside = "yes" if abs(statistics.mean(values) / law - 1) <= BAR else "no"
                print(
                    f"| {tau:g} | {kind} | {place} | {law:.3f} | {shown(values)} | {inside} "
                    f"| {wall} |"
                )
            print(f"| {tau:g} | {kind} | life [min] | {tau:g} | "
                  f"{shown([cell['life'] for cell in cells])} | | |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
