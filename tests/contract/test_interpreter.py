"""What Python can do around a call: signals, forks, other interpreters."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap

import pytest


def run(script: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


@pytest.mark.parametrize("hosted", [False, True])
def test_ctrl_c_in_a_run_too_short_for_a_look_ends_a_loop(hosted: bool) -> None:
    done = run(
        f"""
        import os, signal
        import bioxen_jcvi_vm_lib as bx

        hosted = {hosted}
        manager = bx.GenomicVirtualizationManager()
        runtime = manager.load_genome_runtime()
        if hosted:
            hypervisor = bx.BioXenHypervisor(workers=1)
            hypervisor.start_vm(hypervisor.create_vm("cell", runtime, seed=1))
            cell = hypervisor.context("cell")
        else:
            cell = manager.create_cellular_context(runtime, seed=1)

        def press(*_):
            os.kill(os.getpid(), signal.SIGINT)

        first = cell.run(1.0)
        last = cell.run(1.0, progress=press)  # called once, at the end
        print(first.status, last.status, last.sim_time_s, cell.time_s)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["completed", "cancelled", "1.0", "2.0"]


def test_a_fork_in_a_callback_leaves_the_child_an_error() -> None:
    done = run(
        """
        import os
        import bioxen_jcvi_vm_lib as bx

        runtime = bx.GenomicVirtualizationManager().load_genome_runtime()
        hypervisor = bx.BioXenHypervisor(workers=1)
        hypervisor.start_vm(hypervisor.create_vm("cell", runtime, seed=1))
        child = None

        def fork():
            global child
            if child is None:
                child = os.fork()
            elif child:
                raise LookupError("enough")

        try:
            hypervisor.run(1e8, progress=fork)
        except bx.IsolationBreachError as error:
            os._exit(7 if child == 0 and "process" in str(error) else 8)
        except LookupError:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "7"


def test_a_hypervisor_ends_where_there_were_other_interpreters() -> None:
    module = next(
        (
            name
            for name in ("_interpreters", "_xxsubinterpreters")
            if importlib.util.find_spec(name) is not None
        ),
        None,
    )
    if module is None or os.name != "posix":
        pytest.skip("this Python makes no other interpreters")
    done = run(
        f"""
        import {module} as interpreters
        import bioxen_jcvi_vm_lib as bx

        interpreters.destroy(interpreters.create())
        runtime = bx.GenomicVirtualizationManager().load_genome_runtime()
        hypervisor = bx.BioXenHypervisor(workers=1)
        hypervisor.start_vm(hypervisor.create_vm("cell", runtime, seed=1))
        print(hypervisor.run(5.0)["cell"].status)
        hypervisor.close()
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "completed"
