"""Noise: a hundred cells that differ in nothing but chance, gene by gene.

    python noise.py [--genome syn3A.gb] [--cells 100] [--out noise.png]

Squared coefficient of variation of the proteins against their mean. Copies that came and went one
by one would lie on the Poisson line; translation makes several from each transcript, so genes lie
above.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import bioxen_jcvi_vm_lib as bx

parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
parser.add_argument("--genome", help="GenBank, GFF3 or FASTA; without it the built-in genome")
parser.add_argument("--cells", type=int, default=100)
parser.add_argument("--seconds", type=float, default=900.0)
parser.add_argument("--out", default="noise.png")
options = parser.parse_args()

with bx.GenomicVirtualizationManager() as manager:
    runtime = manager.load_genome_runtime(options.genome)
    program = f"run({options.seconds})"
    results = manager.run_ensemble(runtime, program, seeds=range(options.cells))

cells = bx.ensemble_to_anndata(results, what="proteins")
print(cells)
mean, variance = cells.X.mean(axis=0), cells.X.var(axis=0, ddof=1)
seen = mean > 0
fano = np.median(variance[seen] / mean[seen])
print(f"{options.cells} cells, median Fano factor of {seen.sum()} genes: {fano:.2f}")

figure, axis = plt.subplots(figsize=(6, 4.4), layout="constrained")
axis.loglog(mean[seen], variance[seen] / mean[seen] ** 2, ".", color="#0072B2", ms=4, label="genes")
line = np.geomspace(mean[seen].min(), mean[seen].max(), 50)
axis.loglog(line, 1 / line, color="#444444", lw=1, label="Poisson: 1 / mean")
axis.set(xlabel="mean proteins per cell", ylabel="variance / mean²")
axis.legend(frameon=False)
figure.savefig(options.out, dpi=110)
