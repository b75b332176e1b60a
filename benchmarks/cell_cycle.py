"""One cell cycle of JCVI-syn3A, birth to division, against published figures.

    python benchmarks/cell_cycle.py [--seeds 20] [--natural]

Needs syn3A.gb and proteome.csv. Runs in reference mode, as the published models do (units per gene,
one ribosome per messenger), or with operons and polysomes. Figures are mean and standard deviation
over seeds; references: A Thornburg et al., Cell 2022; B the 2025 four-dimensional model; C the 2025
well-stirred model; E experiment.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from contest import shown

import bioxen_jcvi_vm_lib as bx

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LOOK_S = 30.0
LONGEST_S = 4 * 3600.0
MACHINES = ("rna_polymerase", "ribosome", "degradosome")
#: Figure: (unit, reference as printed, bounds of the acceptance bar: 15 % off the references).
FIGURES = {
    "cycle": ("min", "C 102 (93-112), B 106, E 105", 87, 121),
    "volume doubling": ("min", "67-68", 57, 78),
    "replication begins": ("min", "5", 4.2, 5.8),
    "replication ends": ("min", "49-51", 42, 59),
    "ori:ter": ("", "B 1.28, E 1.21", 1.03, 1.47),
    "rna_polymerase at division / at birth": ("", "2.09", 1.78, 2.40),
    "ribosome at division / at birth": ("", "1.81", 1.54, 2.08),
    "degradosome at division / at birth": ("", "1.77", 1.50, 2.04),
    "rna_polymerase active": ("%", "C 65, B 70", 55, 80),
    "ribosome active": ("%", "C 73, B 55", 47, 84),
    "degradosome active": ("%", "C 14, B 10", 8.5, 16.1),
    "proteins per messenger": ("", "7.7 (4.8-11), theory 8.2", 6.5, 8.9),
    "proteins at division / at birth, median": ("", "2.07 (1.46-2.71)", 1.76, 2.38),
}


def cycle(manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, seed: int) -> dict:
    """Live one cell from birth to the moment at which it is ready to divide."""
    found: dict[str, float] = {}
    sums: dict[str, list[float]] = defaultdict(list)
    with manager.create_cellular_context(runtime, seed=seed, cell_cycle=True) as cell:
        origin, terminus = far_apart(runtime)
        born = {name: cell.machines[name]["total"] for name in MACHINES}
        # every molecule of a protein: those in machines too
        proteins = whole(cell)
        volume_l, messengers_at_birth = cell.volume_l, messengers(cell)
        began = time.perf_counter()
        while cell.time_s < LONGEST_S:
            result = cell.run(LOOK_S)
            state, copies = cell.cell_cycle, cell.gene_copies
            if "volume doubling" not in found and state.volume_l >= 2 * volume_l:
                found["volume doubling"] = cell.time_s / 60
            sums["origin"].append(float(copies[origin]))
            sums["terminus"].append(float(copies[terminus]))
            for name, count in cell.machines.items():
                if count["total"]:
                    sums[name].append(100 * count["active"] / count["total"])
            if result.status != "completed":
                break
        found["wall"] = time.perf_counter() - began
        if result.status != "divided":
            raise RuntimeError(f"seed {seed} came to no division: {result.status}")
        if not cell.audit().ok:
            raise RuntimeError(f"seed {seed}: {cell.audit()}")
        found["cycle"] = cell.time_s / 60
        found["replication begins"] = (state.replication_began_s or 0.0) / 60
        found["replication ends"] = (state.replication_ended_s or 0.0) / 60
        found["ori:ter"] = statistics.mean(sums["origin"]) / statistics.mean(sums["terminus"])
        for name in MACHINES:
            found[f"{name} at division / at birth"] = cell.machines[name]["total"] / born[name]
            found[f"{name} active"] = statistics.mean(sums[name])
        events = cell.events
        made = events["mrna_decays"] + messengers(cell) - messengers_at_birth
        found["proteins per messenger"] = events["translation_completions"] / made
        counted = proteins > 0
        found["proteins at division / at birth, median"] = float(
            np.median(whole(cell)[counted] / proteins[counted])
        )
        found["steps"] = (
            events["nucleotide_steps"] + events["codon_steps"] + events["degradation_steps"]
        )
        mother = whole(cell)
        with manager.process_cell_division_event(cell) as daughter:
            if not (cell.audit().ok and daughter.audit().ok):
                raise RuntimeError(f"seed {seed}: a daughter's audit fails")
            if not (whole(cell) + whole(daughter) == mother).all():
                raise RuntimeError(f"seed {seed}: the daughters are not the mother")
    return found


def whole(cell: bx.CellularContext) -> np.ndarray:
    """All molecules of every protein: free ones and those in machines."""
    return cell.proteins + cell.proteins_in_machines


def messengers(cell: bx.CellularContext) -> int:
    """Messengers of all genes; in reference mode each carries one."""
    return sum(
        int(n)
        for gene, n in zip(cell.runtime.genes, cell.mrnas, strict=True)
        if gene.kind == "protein"
    )


def far_apart(runtime: bx.GenomicRuntime) -> tuple[int, int]:
    """Genes nearest the origin and nearest the terminus, which lies opposite."""
    genes = [gene for gene in runtime.genes if gene.kind == "protein"]
    length = runtime.length_nt
    origin = runtime.gene_index("dnaA")
    at = runtime.genes[origin].start
    opposite = min(genes, key=lambda gene: abs((gene.start - at) % length - length / 2))
    return origin, runtime.gene_index(opposite.locus_tag)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--natural", action="store_true", help="operons and polysomes")
    chosen = parser.parse_args()
    parameters = {
        "reference_mode": not chosen.natural,
        "proteome_file": str(DATA / "syn3A" / "proteome.csv"),
        "cell_cycle": True,
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": parameters}) as manager:
        runtime = manager.load_genome_runtime(DATA / "genomes" / "syn3A.gb")
        cells = [cycle(manager, runtime, seed) for seed in range(1, chosen.seeds + 1)]
    print("| figure | published | here | within 15 % |")
    print("|---|---|---|---|")
    for name, (unit, published, low, high) in FIGURES.items():
        values = [cell[name] for cell in cells if name in cell]
        if not values:
            print(f"| {name} | {published} {unit} | never | no |")
            continue
        inside = "yes" if low <= statistics.mean(values) <= high else "no"
        print(f"| {name} | {published} {unit} | {shown(values)} {unit} | {inside} |")
    print(f"\nA cycle: {shown(cell['wall'] for cell in cells)} s of one core, ", end="")
    print(f"{shown(cell['steps'] / 1e7 for cell in cells)} x 1e7 steps.")
    print("Every audit: 0 over the cycle and after division; daughters sum to the mother.")


if __name__ == "__main__":
    main()
