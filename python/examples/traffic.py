"""Where the machines are: traffic along the genome, and ribosomes along one gene.

    python traffic.py [--genome syn3A.gb] [--gene NAME] [--out traffic.png]

Both pictures look at replays of the cell's future, so the cell itself stays as it is.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.visualization import plots

parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
parser.add_argument("--genome", help="GenBank, GFF3 or FASTA; without it the built-in genome")
parser.add_argument("--gene", help="without it the one with the most ribosomes")
parser.add_argument("--seconds", type=float, default=300.0, help="how long is looked at")
parser.add_argument("--out", default="traffic.png")
options = parser.parse_args()

with bx.GenomicVirtualizationManager() as manager:
    runtime = manager.load_genome_runtime(options.genome)
    context = manager.create_cellular_context(runtime, seed=7, max_ribosomes_per_mrna=0)
    context.run(600)
    machines = context.polymerases()
    for kind in ("rna_polymerase", "ribosome"):
        states = machines["state"][machines["kind"] == kind]
        blocked = 100 * (states == "blocked").mean()
        print(f"{kind}: {len(states)} at work, {blocked:.1f} % of them blocked by another")
    busy = machines["gene"][machines["kind"] == "ribosome"]
    gene = options.gene or runtime.genes[np.bincount(busy).argmax()].locus_tag
    figure, axes = plt.subplots(2, 1, figsize=(11, 6.5), layout="constrained")
    plots.genome_traffic(context, duration_s=options.seconds, axes=axes[0])
    plots.ribosome_occupancy(context, gene, duration_s=options.seconds, axes=axes[1])
    figure.savefig(options.out, dpi=110)
