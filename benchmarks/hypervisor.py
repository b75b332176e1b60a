"""What running many cells under the hypervisor costs, in one run, as medians with ranges.

    python benchmarks/hypervisor.py [--cells 1000] [--seconds 200] [--rounds 7] [--paced 60]

Needs syn3A.gb. The plain runs are what a user without the hypervisor would write: a thread for
each core, which runs its cells one after another over the same simulated interval. All variants of
a round meet the same machine; ratios are taken within rounds. Work is counted in candidate events,
which the trajectories fix: every variant does the same work, and hashes are compared.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import threading
import time
from pathlib import Path

import bioxen_jcvi_vm_lib as bx

ROOT = Path(__file__).resolve().parent.parent
SYN3A = ROOT.parent / "shared" / "data" / "genomes" / "syn3A.gb"


def shown(name: str, values: list[float], unit: str = "", digits: int = 3) -> None:
    """Print a median with its range."""
    middle, low, high = statistics.median(values), min(values), max(values)
    print(f"{name:<62} {middle:8.{digits}f} ({low:.{digits}f}-{high:.{digits}f}) {unit}")


class Cells:
    """The same cells for every variant: seeds 0 to n - 1."""

    def __init__(self, runtime: bx.GenomicRuntime, number: int, seconds: float) -> None:
        self.runtime = runtime
        self.number = number
        self.seconds = seconds
        self.manager = bx.GenomicVirtualizationManager()
        self.hashes: list[str] = []

    def plain(self, threads: int) -> float:
        """Candidate events per second of plain contexts on this many threads."""
        contexts = [
            self.manager.create_cellular_context(self.runtime, seed=seed)
            for seed in range(self.number)
        ]

        def work(first: int) -> None:
            for context in contexts[first::threads]:
                context.run(self.seconds)

        pool = [threading.Thread(target=work, args=(first,)) for first in range(threads)]
        began = time.perf_counter()
        for thread in pool:
            thread.start()
        for thread in pool:
            thread.join()
        took = time.perf_counter() - began
        done = sum(context.events["candidates"] for context in contexts)
        self.hashes = [context.trajectory_hash for context in contexts[:20]]
        for context in contexts:
            context.close()
        return done / took

    def hosted(self, workers: int, slice_s: float = 0.001) -> tuple[float, bx.HypervisorMetrics]:
        """Candidate events per second of the same cells under a hypervisor, and its books."""
        with bx.BioXenHypervisor(
            max_vms=self.number, workers=workers, slice_s=slice_s
        ) as hypervisor:
            for seed in range(self.number):
                hypervisor.create_vm(f"cell{seed}", self.runtime, seed=seed)
                hypervisor.start_vm(f"cell{seed}")
            began = time.perf_counter()
            hypervisor.run(self.seconds)
            took = time.perf_counter() - began
            metrics = hypervisor.metrics()
            done = sum(vm.events["candidates"] for vm in metrics.vms)
            for seed, wanted in enumerate(self.hashes):
                if hypervisor.context(f"cell{seed}").trajectory_hash != wanted:
                    raise RuntimeError(f"cell {seed} went another way under the hypervisor")
            return done / took, metrics


def throughput(cells: Cells, rounds: int) -> None:
    """Hosted against plain cells, one worker against two, short slices against long ones."""
    names = ("plain, 2 threads", "2 workers", "1 worker", "1 worker, slices of 100 ms")
    rates: dict[str, list[float]] = {name: [] for name in names}
    overhead: list[float] = []
    slices = 0
    for _ in range(rounds):
        rates[names[0]].append(cells.plain(2) / 1e6)
        rate, metrics = cells.hosted(2)
        rates[names[1]].append(rate / 1e6)
        workers = metrics.workers
        overhead.append(
            100 * sum(w.overhead_ns for w in workers) / sum(w.total_ns - w.idle_ns for w in workers)
        )
        slices = sum(w.slices for w in workers)
        rates[names[2]].append(cells.hosted(1)[0] / 1e6)
        rates[names[3]].append(cells.hosted(1, 0.1)[0] / 1e6)
    for name in names:
        shown(f"{name}, million candidates a second", rates[name], "", 2)

    def ratio(one: str, other: str) -> list[float]:
        return [a / b for a, b in zip(rates[one], rates[other], strict=True)]

    shown("2 workers / plain on 2 threads", ratio(names[1], names[0]), "goal 0.95")
    shown("2 workers / 1 worker", ratio(names[1], names[2]), "goal 1.85")
    shown("1 worker: slices of 1 ms / of 100 ms", ratio(names[2], names[3]), "goal 0.99")
    shown(f"accounted overhead of {slices} slices on 2 workers, % of busy", overhead, "goal 1")


def memory(cells: Cells) -> None:
    """Memory of each cell: what it accounts for, and what the process grew by."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with bx.BioXenHypervisor(max_vms=2 * cells.number) as hypervisor:
        for seed in range(2 * cells.number):
            hypervisor.create_vm(f"cell{seed}", cells.runtime, seed=seed)
            hypervisor.start_vm(f"cell{seed}")
        hypervisor.run(cells.seconds)
        accounted = statistics.mean(vm.memory_bytes for vm in hypervisor.metrics().vms) / 1024
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"memory of a cell: {accounted:.0f} KiB accounted; the process grew by at most "
        f"{grown / 2 / cells.number:.0f} KiB a cell, results included (goal 256)"
    )


def preemption(cells: Cells, requests: int) -> None:
    """From a request to pause a running cell until it rests."""
    with bx.BioXenHypervisor(max_vms=8) as hypervisor:
        for seed in range(4):
            hypervisor.create_vm(f"cell{seed}", cells.runtime, seed=seed)
            hypervisor.start_vm(f"cell{seed}")
        runner = threading.Thread(target=hypervisor.run, args=(1e8,))
        runner.start()
        for request in range(requests):
            name = f"cell{request % 4}"
            hypervisor.pause_vm(name)
            hypervisor.resume_vm(name)
            time.sleep(0.0007)
        for seed in range(4):
            hypervisor.stop_vm(f"cell{seed}")
        runner.join()
        delay = hypervisor.metrics().preemption
    print(
        f"preempt request to rest: {delay.count} of {requests} requests met a cell on a worker; "
        f"p50 {delay.p50_ns / 1e3:.0f} us, p99 {delay.p99_ns / 1e3:.0f} us, "
        f"max {delay.max_ns / 1e3:.0f} us (a quantum is about 40 us)"
    )


def paced(runtime: bx.GenomicRuntime, wall_s: float) -> None:
    """A hundred cells held to wall time at 10 Hz, which need 80 % of two workers."""
    number, period_s, workers, utilisation = 100, 0.1, 2, 0.8
    share_s = workers * utilisation * period_s / number
    names = [f"cell{seed}" for seed in range(number)]
    with bx.BioXenHypervisor(max_vms=number, workers=workers) as hypervisor:
        for seed, name in enumerate(names):
            hypervisor.create_vm(name, runtime, seed=seed)
            hypervisor.start_vm(name)
        age_s = 300.0  # young cells have less to do
        hypervisor.run(age_s)
        policy = bx.Policy.deadline(budget_s=share_s * 1.18, period_s=period_s, reclaim=True)
        for name in names:
            hypervisor.set_policy(name, policy)
        pace, part_s = 40.0, 5.0
        kept: list[float] = []
        periods = misses = by_os = total_ns = context_ns = steal_ns = 0
        # what a simulated second costs depends on how many there are in a period, and on what
        # others do to the machine: each part is paced by what the one before it cost
        for part in range(-2, max(1, round(wall_s / part_s))):
            before = hypervisor.metrics()
            age_s += pace * part_s
            hypervisor.run(age_s, pace=pace)
            metrics = hypervisor.metrics()

            def of_workers(name: str) -> int:
                return sum(
                    getattr(now, name) - getattr(then, name)
                    for now, then in zip(metrics.workers, before.workers, strict=True)  # noqa: B023
                )

            def of_vms(name: str) -> int:
                return sum(
                    getattr(now, name) - getattr(then, name)
                    for now, then in zip(metrics.vms, before.vms, strict=True)  # noqa: B023
                )

            pace *= utilisation * of_workers("total_ns") / of_workers("context_ns")
            if part < 0:
                continue
            kept.append(100 * (1 - of_vms("deadline_misses") / of_vms("periods")))
            periods += of_vms("periods")
            misses += of_vms("deadline_misses")
            by_os += of_vms("deadline_misses_by_os")
            total_ns += of_workers("total_ns")
            context_ns += of_workers("context_ns")
            steal_ns += of_workers("os_steal_ns")
    print(
        f"paced: {number} cells at 10 Hz, {pace:.0f} simulated s a second each: {periods} periods, "
        f"{misses} missed ({by_os} explained by the operating system), "
        f"{100 * (1 - misses / periods):.3f} % kept; workers {100 * context_ns / total_ns:.0f} % "
        f"busy, {100 * steal_ns / total_ns:.1f} % taken by the operating system, "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    shown(f"  kept in parts of {part_s:g} s", kept, "%, goal 99.9")


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=200.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--paced", type=float, default=60.0, help="wall seconds")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.2f}, {os.cpu_count()} cores")
    runtime = bx.GenomicVirtualizationManager().load_genome_runtime(SYN3A)
    cells = Cells(runtime, options.cells, options.seconds)
    memory(cells)
    throughput(cells, options.rounds)
    preemption(cells, 2000)
    paced(runtime, options.paced)
    print(f"load average {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
