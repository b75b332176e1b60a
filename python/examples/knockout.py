"""What a cell loses with a gene: twenty cells with it, and twenty without.

    python knockout.py [--genome syn3A.gb] [--gene rpoB] [--cells 20] [--out knockout.png]

A knock-out stops initiation at the gene; what exists decays. The bands are one standard deviation
over the cells of each kind, which differ in their seeds only.
"""

import argparse

import matplotlib.pyplot as plt

import bioxen_jcvi_vm_lib as bx

parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
parser.add_argument("--genome", help="GenBank, GFF3 or FASTA; without it the built-in genome")
parser.add_argument("--gene", default="rpoB")
parser.add_argument("--cells", type=int, default=20)
parser.add_argument("--seconds", type=float, default=600.0)
parser.add_argument("--out", default="knockout.png")
options = parser.parse_args()

manager = bx.GenomicVirtualizationManager()
runtime = manager.load_genome_runtime(options.genome)
gene = runtime.gene(options.gene)
before, after = "run(300, every_s=15)", f"run({options.seconds}, every_s=15)"
growing = f"{before}; {after}"
without = f'{before}; knockout("{gene.locus_tag}"); {after}'

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharex=True)
for program, label, colour in (
    (growing, "wild type", "#0072B2"),
    (without, "knock-out", "#D55E00"),
):
    results = manager.run_ensemble(runtime, program, seeds=range(options.cells))
    cells = bx.ensemble_to_xarray(results).sel(gene=gene.locus_tag)
    for axis, what in zip(axes, ("mrnas", "proteins"), strict=True):
        mean, spread = cells[what].mean("cell"), cells[what].std("cell")
        minutes = cells.time_s / 60
        axis.plot(minutes, mean, color=colour, label=f"{label}, mean of {options.cells} cells")
        axis.fill_between(
            minutes, mean - spread, mean + spread, color=colour, alpha=0.2, lw=0, label="± 1 s.d."
        )
    print(f"{label}: {float(cells.proteins.isel(time_s=-1).mean()):.1f} proteins at the end")
for axis, what in zip(axes, ("transcripts", "proteins"), strict=True):
    axis.axvline(5, color="#444444", lw=0.8, ls=":", label="knock-out at 5 min")
    axis.set(xlabel="age of the cell [min]", ylabel=f"{what} of {options.gene}", ylim=(0, None))
figure.legend(
    *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, frameon=False
)
figure.savefig(options.out, dpi=110)
