"""Python may end at any moment, also while daemon threads run cells: cleanly, and at once."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

#: Ends of the interpreter that are tried, each 5 ms later than the one before.
ENDS = [5, pytest.param(20, marks=pytest.mark.heavy)]
#: Longest time from the last line of a script to its exit [s]; a cell would run for years.
PROMPT_S = 2.0

PLAIN = """
    def work(report):
        context = manager.create_cellular_context(runtime, seed=1)
        begun.release()
        context.run(1e8, progress=report)
"""
CALLBACK = """
    def work(report):
        context = manager.create_cellular_context(runtime, seed=1)
        context.run(1e8, progress=lambda *_: (begun.release(), sum(1 for _ in range(10**12))))
"""
COPIES = """
    def work(report):
        context = manager.create_cellular_context(runtime, seed=1)
        begun.release()
        while True:
            context.fork().snapshot()
"""
HOSTED = """
    hypervisor = bx.BioXenHypervisor(workers=2)

    def work(report):
        vm = hypervisor.create_vm(threading.current_thread().name, runtime, seed=1)
        hypervisor.start_vm(vm)
        begun.release()
        hypervisor.run(1e8, progress=lambda: None)
"""
ENSEMBLE = """
    def work(report):
        begun.release()
        manager.run_ensemble(runtime, "run(1e8)", seeds=range(9), workers=2)
"""
SCRIPT = """
import threading, time
import bioxen_jcvi_vm_lib as bx

if True:
    manager = bx.GenomicVirtualizationManager()
    runtime = manager.load_genome_runtime()
    begun = threading.Semaphore(0)
{work}
    for number in range(3):
        threading.Thread(target=work, args=(lambda *_: None,), daemon=True).start()
    for number in range(3):
        begun.acquire()
    time.sleep({wait})
    print(time.time(), flush=True)
"""


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize(
    "work",
    [PLAIN, CALLBACK, COPIES, HOSTED, ENSEMBLE],
    ids=["run", "callback", "copies", "hypervisor", "ensemble"],
)
def test_python_ends_cleanly_while_daemon_threads_run_cells(work: str, ends: int) -> None:
    for end in range(ends):
        script = SCRIPT.format(work=work, wait=0.005 * end)
        ended = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
        )
        late_s = time.time() - float(ended.stdout)
        assert (ended.returncode, ended.stderr) == (0, ""), end
        assert late_s < PROMPT_S, end
