"""Draw what becomes of JCVI-syn3A without glucose, without a gene and under an antibiotic.

``python benchmarks/life_and_death.py --data ../shared/data --out life_and_death.png`` takes about a
minute. The rules are those of the published models, as in ``cell_cycle.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

import bioxen_jcvi_vm_lib as bx

mpl.use("Agg")
from matplotlib import pyplot as plt

NewCell = Callable[[], bx.CellularContext]
DOSES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
GENERATIONS = 5


def followed(cell: bx.CellularContext, until_s: float) -> list[tuple[float, float, float, str]]:
    """Age [min], energy charge, surface and phase, every half minute."""
    seen = []
    while cell.time_s < until_s:
        if cell.run(30.0).status == "exhausted":
            until_s = cell.time_s
        pools = cell.resources
        adenylates = pools["ATP"] + pools["ADP"] + pools["AMP"]
        charge = (pools["ATP"] + pools["ADP"] / 2) / adenylates
        seen.append((cell.time_s / 60, charge, cell.cell_cycle.surface_ratio, cell.phase))
    return seen


def starvation(new_cell: NewCell, axes: Any) -> None:
    """Glucose is gone for half an hour, or for good."""
    cell = new_cell()
    begun = followed(cell, 900.0)
    cell.set_environment(glucose_mM=0.0)
    starved = cell.fork(replay=True)
    hungry = followed(cell, 2_700.0)
    cell.set_environment(glucose_mM=42.78)
    fed = begun + hungry + followed(cell, 5_400.0)
    gone = begun + followed(starved, 7_200.0)
    for rows, name, colour in ((fed, "fed again", "C0"), (gone, "not fed", "C3")):
        times, charges, surfaces, phases = zip(*rows, strict=True)
        axes.plot(times, surfaces, color=colour, label=f"surface, {name}")
        axes.plot(times, charges, color=colour, lw=0.8, ls=":")
        print(f"{name}: arrested from {times[phases.index('arrested')]:g} min, ends {phases[-1]}")
        if phases[-1] == "dead":
            axes.plot(times[-1], surfaces[-1], "x", color=colour, label="death")
    axes.axvspan(15, 45, color="0.9", label="no glucose")
    axes.set(xlabel="age [min]", ylabel="surface; energy charge (dotted)", title="starvation")
    axes.legend(fontsize=7)


def knockout(new_cell: NewCell, axes: Any) -> None:
    """One line of daughters with the gene and one without, for each gene."""
    for gene, colour in ((None, "0.4"), ("rpoB", "C1"), ("rpsB", "C2")):
        cell = new_cell()
        if gene is not None:
            cell.knockout(gene)
        ages: list[float] = []
        while len(ages) < GENERATIONS:
            born = cell.time_s
            if cell.run(8 * 3600.0).status != "divided":
                break
            ages.append((cell.time_s - born) / 60)
            cell.divide()
        machines = {name: cell.machines[name]["total"] for name in ("rna_polymerase", "ribosome")}
        print(f"{gene}: {np.round(ages)} min, then {machines}, {cell.phase}")
        axes.plot(range(1, len(ages) + 1), ages, "o-", color=colour, label=gene or "wild type")
    axes.set(xlabel="generation", ylabel="age at division [min]", title="knock-out at birth")
    axes.legend(fontsize=7)


def dose(new_cell: NewCell, axes: Any) -> None:
    """What a ribosome and the cell make, and how the surface grows, by dose."""
    rows = []
    for amount in DOSES:
        cell = new_cell()
        cell.run(300.0)
        cell.inhibit("ribosome", bx.remaining_activity(amount, ic50=1.0))
        cell.run(120.0)
        result = cell.run(600.0, every_s=1.0)
        codons = result.events["codon_steps"]
        active = result.machines["ribosome"]["active"].mean()
        rows.append((codons / active, codons))
    for column, name in zip(np.array(rows).T, ("per bound ribosome", "per cell"), strict=True):
        axes.semilogx(np.maximum(DOSES, 0.03), column / column[0], "o-", label=f"codons {name}")
        print(name, np.round(column / column[0], 3))
    grid = np.logspace(-1.5, 1.5, 60)
    axes.semilogx(grid, 1 / (1 + grid), "k:", lw=0.8, label="1 / (1 + dose)")
    axes.set(xlabel="dose / IC50 (0 at the left)", ylabel="of the uninhibited", title="elongation")
    axes.legend(fontsize=7)


def main() -> None:
    """Draw the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("life_and_death.png"))
    given = parser.parse_args()
    execution = {
        "cell_cycle": True,
        "reference_mode": True,
        "proteome_file": str(given.data / "syn3A/proteome.csv"),
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": execution}) as manager:
        runtime = manager.load_genome_runtime(given.data / "genomes/syn3A.gb")
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
        starvation(lambda: manager.create_cellular_context(runtime, seed=7), left)
        knockout(lambda: manager.create_cellular_context(runtime, seed=7), middle)
        dose(lambda: manager.create_cellular_context(runtime, seed=7), right)
        figure.savefig(given.out, dpi=110)


if __name__ == "__main__":
    main()
