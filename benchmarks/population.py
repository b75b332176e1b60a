"""A population of JCVI-syn3A: speed on two threads, memory per cell, ages and sizes.

    python benchmarks/population.py [--generations 6] [--workers 2] [--plot population.png]

Needs syn3A.gb and proteome.csv. The founder is a newborn cell in reference mode, as in
`cell_cycle.py`. The tree is grown by one thread and by several, and the two records must be equal.
Speed is the ratio of their wall times; a machine that does other work as well shows in CPU time per
wall second, which is printed beside it. Memory is what the engine counts for a cell, and what the
process grows by for each of so many copies of it.
"""

from __future__ import annotations

import argparse
import gc
import time
from pathlib import Path

import numpy as np

import bioxen_jcvi_vm_lib as bx

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
#: Copies of a cell whose memory is measured.
COPIES = 200
MOST_KIB = 512


def resident_kib() -> float:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4.0


def memory_kib(cell: bx.CellularContext) -> tuple[float, float]:
    """What a cell takes: as the engine counts it, and as the process grows with copies of it."""
    gc.collect()
    before = resident_kib()
    copies = [cell.fork(replay=True) for _ in range(COPIES)]
    grown = (resident_kib() - before) / COPIES
    counted = copies[0]._open().memory_bytes / 1024
    for copy in copies:
        copy.close()
    return counted, grown


def grown(
    manager: bx.GenomicVirtualizationManager,
    founder: bx.CellularContext,
    generations: int,
    workers: int,
) -> tuple[bx.Population, float, float]:
    """Grow a population; return it, its wall time and its CPU time [s]."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    population = manager.grow_population(founder, generations=generations, workers=workers)
    return population, time.perf_counter() - wall_s, time.process_time() - cpu_s


def told(population: bx.Population) -> dict:
    """All that must not depend on who ran it."""
    whole = population.to_dict()
    del whole["wall_time_s"]
    return whole


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--generations", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plot", type=Path, help="where to save tree, ages and sizes")
    chosen = parser.parse_args()
    parameters = {
        "reference_mode": True,
        "proteome_file": str(DATA / "syn3A" / "proteome.csv"),
        "cell_cycle": True,
    }
    with bx.GenomicVirtualizationManager({"execution_parameters": parameters}) as manager:
        runtime = manager.load_genome_runtime(DATA / "genomes" / "syn3A.gb")
        founder = manager.create_cellular_context(runtime, seed=1)
        ready = founder.fork(replay=True)
        if ready.run(4 * 3600.0).status != "divided":
            raise RuntimeError("the founder came to no division")
        for when, cell in (("at birth", founder), ("at division", ready)):
            counted, resident = memory_kib(cell)
            verdict = "ok" if max(counted, resident) <= MOST_KIB else "TOO MUCH"
            print(
                f"a cell {when}: {counted:.0f} KiB counted, {resident:.0f} KiB resident "
                f"(bound {MOST_KIB}): {verdict}"
            )
        runs = {
            workers: grown(manager, founder, chosen.generations, workers)
            for workers in (1, chosen.workers)
        }
    for workers, (population, wall_s, cpu_s) in runs.items():
        cycles = len(population.division_times_s)
        print(
            f"{workers} thread{'s' * (workers > 1)}: {cycles} cycles in {wall_s:.1f} s wall, "
            f"{cpu_s:.1f} s CPU ({cpu_s / wall_s:.2f} a wall second, {cpu_s / cycles:.2f} a cycle)"
        )
    (one, one_wall_s, one_cpu_s), (several, wall_s, cpu_s) = runs.values()
    if told(one) != told(several):
        raise RuntimeError("the populations of one thread and of several differ")
    if not one.audit.ok:
        raise RuntimeError(str(one.audit))
    print(f"{chosen.workers} threads are {one_wall_s / wall_s:.2f} times as fast as one", end="")
    print(f"; a cycle takes them {cpu_s / one_cpu_s:.2f} times the CPU time; records are equal.")
    times = one.division_times_s / 60
    print(
        f"{len(one)} cells, {len(one.living)} alive: age at division {times.mean():.1f} ± "
        f"{times.std(ddof=1):.1f} min, growth {one.growth_rate_per_h:.3f} 1/h (doubling "
        f"{one.doubling_time_s / 60:.1f} min)"
    )
    print(f"{one.audits} audits: {one.audit}")
    doubling_s = one.doubling_time_s
    density, edges = one.age_distribution(8, over_s=doubling_s)
    expected = one.expected_age_density((edges[1:] + edges[:-1]) / 2)
    print("ages over the last doubling time [density x doubling time: here, 2 ln 2 exp(-k a)]:")
    for left, right, here, law in zip(edges, edges[1:], density, expected, strict=False):
        print(
            f"  {left / 60:5.1f}-{right / 60:5.1f} min  {here * doubling_s:.2f}  "
            f"{law * doubling_s:.2f}"
        )
    cells = one.cells
    newborn = cells["birth_volume_l"][cells["parent"] >= 0] * 1e15
    spread = 100 * np.std(newborn) / newborn.mean()
    print(f"volume at birth {newborn.mean():.4f} fL, CV {spread:.1f} %")
    if chosen.plot:
        import matplotlib

        matplotlib.use("Agg")
        one.plot()[0].get_figure().savefig(chosen.plot, dpi=120)


if __name__ == "__main__":
    main()
