"""Cells on one chassis: one of them is given the others' ribosomes, at a stated age.

    python shared_chassis.py [--seconds 1200] [--out shared_chassis.png]

Three cells hold 500 ribosomes each. At half time the first takes over 300 of each of the others.
The grants act at that age and nowhere else, so the trajectories are the same on any machine and
any day.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np

import bioxen_jcvi_vm_lib as bx

parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
parser.add_argument("--seconds", type=float, default=1200.0)
parser.add_argument("--out", default="shared_chassis.png")
options = parser.parse_args()
half = options.seconds / 2

with bx.GenomicVirtualizationManager() as manager:
    runtime = manager.load_genome_runtime()
with bx.BioXenHypervisor(chassis=bx.Chassis.of_organism(runtime, cells=3)) as hypervisor:
    vms = [
        bx.create_bio_vm(f"cell {n}", genome_runtime=runtime, seed=n, hypervisor=hypervisor)
        for n in (1, 2, 3)
    ]
    for vm in vms[1:]:
        vm.allocate_resources({"ribosomes": 200}, at_s=half)
    vms[0].allocate_resources({"ribosomes": 1100}, at_s=half)
    for vm in vms:
        vm.start()
    results = hypervisor.run(options.seconds, every_s=options.seconds / 80)
    chassis = hypervisor.get_system_resources(at_s=half).chassis or {}
    for part, amounts in chassis.items():
        print(f"{part:>8}:", ", ".join(f"{name} {n:,}" for name, n in amounts.items()))

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharex=True)
for name, result in results.items():
    minutes = result.time_s / 60
    made = result.proteins.sum(axis=1)
    axes[0].plot(minutes, result.machines["ribosome"]["active"], label=name)
    axes[1].plot(minutes[1:], np.diff(made) / np.diff(result.time_s), label=name)
for axis, what in zip(axes, ("active ribosomes", "proteins gained per second"), strict=True):
    axis.axvline(half / 60, color="#444444", lw=0.8, ls=":", label="grants act")
    axis.set(xlabel="age of the cells [min]", ylabel=what, ylim=(0, None))
axes[0].legend(frameon=False)
figure.savefig(options.out, dpi=110)
