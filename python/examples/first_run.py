"""A first run: ten minutes of a cell, what it made, and what it cost.

    python first_run.py [--genome syn3A.gb] [--seconds 600] [--out first_run.png]

The four panels show expression, machines at work, nucleotide pools and spending by process.
"""

import argparse

import bioxen_jcvi_vm_lib as bx

parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
parser.add_argument("--genome", help="GenBank, GFF3 or FASTA; without it the built-in genome")
parser.add_argument("--seconds", type=float, default=600.0)
parser.add_argument("--out", default="first_run.png")
options = parser.parse_args()

with bx.GenomicVirtualizationManager() as manager:
    runtime = manager.load_genome_runtime(options.genome)
    print(runtime)
    context = manager.create_cellular_context(runtime, seed=7)
    result = context.run(options.seconds, every_s=options.seconds / 60)

print(result)
print(f"{result.events['codon_steps']:,} codons in {result.wall_time_s:.2f} s; {result.audit}")
for machine, count in result.machines.items():
    if count["total"].any():  # replisomes are of cells that grow
        print(f"{machine}: {100 * result.active_fraction(machine):.1f} % active")
result.plot()[0, 0].figure.savefig(options.out, dpi=110)
