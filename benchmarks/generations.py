"""Several cell cycles of JCVI-syn3A on end, following one daughter of each division.

    python benchmarks/generations.py [--seeds 5] [--generations 6] [--natural]

Needs syn3A.gb and proteome.csv. Per generation and over seeds: length of the cycle (mean and
standard deviation), machines at birth and how many times as many at division, lipids and ATP at
division, and the proteins of which there was most often least for another ribosome.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from contest import shown

import bioxen_jcvi_vm_lib as bx

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LOOK_S = 60.0
LONGEST_S = 6 * 3600.0
MACHINES = ("ribosome", "rna_polymerase", "degradosome")


@dataclass
class Generation:
    """One cell from its birth to its division."""

    minutes: float = 0.0
    born: dict[str, int] = field(default_factory=dict)
    divided: dict[str, int] = field(default_factory=dict)
    lipid: int = 0
    atp: int = 0
    scarcest: Counter[str] = field(default_factory=Counter)


def totals(cell: bx.CellularContext) -> dict[str, int]:
    """Machines by kind."""
    return {name: cell.machines[name]["total"] for name in MACHINES}


def ribosome_parts(runtime: bx.GenomicRuntime) -> dict[str, tuple[list[int], int]]:
    """Genes of each ribosomal protein and how many of it a ribosome holds."""
    parts: dict[str, tuple[list[int], int]] = {}
    for index, gene in enumerate(runtime.genes):
        words = gene.product.split("ribosomal protein ")
        if gene.kind == "protein" and len(words) == 2 and words[0] in ("30S ", "50S "):
            genes, _ = parts.setdefault(words[1], ([], 1))
            genes.append(index)
    return {name: (genes, 4 if name == "L7/L12" else 1) for name, (genes, _) in parts.items()}


def live(cell: bx.CellularContext, parts: dict[str, tuple[list[int], int]]) -> Generation:
    """Run a cell to its division."""
    seen = Generation(born=totals(cell))
    limit = cell.time_s + LONGEST_S
    while cell.time_s < limit:
        result = cell.run(LOOK_S)
        free = cell.proteins
        sets = {name: free[genes].sum() // copies for name, (genes, copies) in parts.items()}
        seen.scarcest[min(sets, key=sets.__getitem__)] += 1
        if result.status != "completed":
            break
    if result.status != "divided":
        raise RuntimeError(f"no division: {result.status}")
    seen.minutes = (cell.time_s - cell.cell_cycle.birth_s) / 60
    seen.divided = totals(cell)
    seen.lipid, seen.atp = cell.resources["lipid"], cell.resources["ATP"]
    return seen


def line_of(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    seed: int,
    generations: int,
) -> list[Generation]:
    """Follow one daughter of every division."""
    parts = ribosome_parts(runtime)
    line = []
    with manager.create_cellular_context(runtime, seed=seed, cell_cycle=True) as cell:
        for generation in range(generations):
            line.append(live(cell, parts))
            if generation + 1 < generations:
                manager.process_cell_division_event(cell).close()
        if not cell.audit().ok:
            raise RuntimeError(f"seed {seed}: {cell.audit()}")
    return line


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--generations", type=int, default=6)
    parser.add_argument("--natural", action="store_true", help="operons and polysomes")
    chosen = parser.parse_args()
    parameters = {
        "reference_mode": not chosen.natural,
        "proteome_file": str(DATA / "syn3A" / "proteome.csv"),
        "cell_cycle": True,
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": parameters}) as manager:
        runtime = manager.load_genome_runtime(DATA / "genomes" / "syn3A.gb")
        lines = [
            line_of(manager, runtime, seed, chosen.generations)
            for seed in range(1, chosen.seeds + 1)
        ]
    print("| generation | cycle [min] | ribosomes | RNA polymerases | degradosomes", end=" ")
    print("| lipids | ATP | scarcest protein of the ribosome |")
    print("|---|---|---|---|---|---|---|---|")
    for generation, cells in enumerate(zip(*lines, strict=True), 1):
        row = [str(generation), shown(cell.minutes for cell in cells)]
        for name in MACHINES:
            born = np.mean([cell.born[name] for cell in cells])
            ratio = np.mean([cell.divided[name] / cell.born[name] for cell in cells])
            row.append(f"{born:.0f} x {ratio:.2f}")
        row.append(f"{np.mean([cell.lipid for cell in cells]):.3g}")
        row.append(f"{np.mean([cell.atp for cell in cells]):.3g}")
        often = sum((cell.scarcest for cell in cells), Counter()).most_common(3)
        looks = sum(sum(cell.scarcest.values()) for cell in cells)
        row.append(", ".join(f"{name} {100 * n / looks:.0f} %" for name, n in often))
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
