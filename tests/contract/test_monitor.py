"""`bioxen monitor` in a real terminal: what it shows is what the hypervisor tells."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte
import pytest

# Writes at its end what the hypervisor tells: all cells are paused by then, so nothing changes.
SCRIPT = """
import json, sys
import bioxen_jcvi_vm_lib as bx

runtime = bx.GenomicVirtualizationManager().load_genome_runtime(None)
with bx.BioXenHypervisor(workers=2) as hypervisor:
    for seed in range(3):
        vm = hypervisor.create_vm(f"cell-{seed}", runtime, seed=seed)
        hypervisor.start_vm(vm)
    with bx.TerminalMonitor(hypervisor, "three cells") as monitor:
        hypervisor.run(1e6, pace=20.0, progress=monitor.update)
    assert monitor.left
    told = hypervisor.metrics().to_dict()
    for vm in told["vms"]:
        cell = hypervisor.context(vm["vm_id"])
        vm["resources"] = cell.resources
        names = [gene.name or gene.locus_tag for gene in runtime.genes]
        vm["genes"] = dict(zip(names, zip(cell.proteins.tolist(), cell.mrnas.tolist())))
        rnaps = cell.polymerases()
        rnaps = rnaps[rnaps["kind"] == "rna_polymerase"]
        vm["forward"] = rnaps["position_nt"][rnaps["strand"] > 0].tolist()
        vm["length_nt"] = runtime.length_nt
    with open(sys.argv[1], "w") as file:
        json.dump(told, file)
"""


class Terminal:
    """A program on a pseudo-terminal, and what a terminal would show of it."""

    def __init__(
        self, arguments: list[str], columns: int, lines: int, program: str = sys.executable
    ) -> None:
        leader, follower = pty.openpty()
        termios.tcsetwinsize(follower, (lines, columns))
        self._leader = leader
        self.written = b""
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        environment = {**os.environ, "TERM": "xterm-256color"}
        for key in ("COLUMNS", "LINES", "NO_COLOR"):
            environment.pop(key, None)
        self.child = subprocess.Popen(
            [program, *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(follower)

    def read(self, seconds: float) -> bool:
        """Take in what is written; False if the program has left."""
        ready, _, _ = select.select([self._leader], [], [], seconds)
        if ready:
            try:
                data = os.read(self._leader, 65536)
            except OSError:
                return False
            self.written += data
            self._stream.feed(data)
        return True

    def until(self, seen: Callable[[list[str]], Any], seconds: float = 60.0) -> list[str]:
        """Wait until the screen shows something, and return its lines."""
        end = time.monotonic() + seconds
        while not seen(self._screen.display):
            assert self.read(0.05), "it has left"
            assert time.monotonic() < end, "\n".join(self._screen.display)
        for _ in range(5):  # the rest of the picture
            self.read(0.05)
        return list(self._screen.display)

    def press(self, keys: bytes) -> None:
        os.write(self._leader, keys)

    def end(self) -> int:
        while self.read(0.2):
            pass
        code = self.child.wait(timeout=60)
        os.close(self._leader)
        return code


@pytest.fixture
def script(tmp_path: Path) -> list[str]:
    file = tmp_path / "user.py"
    file.write_text(SCRIPT, encoding="utf-8")
    return [str(file), str(tmp_path / "told.json")]


def compact(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.0f}"


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 60)])
def test_the_monitor_shows_what_the_hypervisor_tells(
    script: list[str], columns: int, lines: int
) -> None:
    terminal = Terminal(script, columns, lines)
    terminal.until(lambda shown: any("3 running" in line for line in shown))
    time.sleep(1.0)
    terminal.press(b"pj")
    terminal.until(lambda shown: any("1 paused" in line for line in shown))
    terminal.press(b"p\x1b[B")
    terminal.until(lambda shown: any("2 paused" in line for line in shown))
    terminal.press(b"p")
    terminal.until(lambda shown: any("3 paused" in line for line in shown))
    terminal.press(b"k")
    shown = terminal.until(lambda shown: any("── cell-1," in line for line in shown))
    terminal.press(b"q")
    assert terminal.end() == 0
    told = json.loads(Path(script[1]).read_text(encoding="utf-8"))

    head = next(line for line in shown if line.startswith("cell "))
    for number, vm in enumerate(told["vms"]):
        row = next(line for line in shown if line.startswith(f"cell-{number}"))
        says = {
            name: row[: head.index(name) + len(name)].split()[-1]
            for name in ("age s", "CPU s", "RNAP %", "ribo %", "ATP", "miss")
        }
        rnaps, ribosomes = vm["machines"]["rna_polymerase"], vm["machines"]["ribosome"]
        assert re.match(rf"cell-{number} +paused +fair ", row)
        assert says == {
            "age s": f"{vm['time_s']:.1f}",
            "CPU s": f"{vm['cpu_ns'] / 1e9:.2f}",
            "RNAP %": f"{100 * rnaps['active'] / rnaps['total']:.0f}",
            "ribo %": f"{100 * ribosomes['active'] / ribosomes['total']:.0f}",
            "ATP": compact(vm["atp"]),
            "miss": str(vm["deadline_misses"]),
        }
        assert vm["atp"] == vm["resources"]["ATP"]

    vm = told["vms"][1]
    text = "\n".join(shown)
    for kind in ("rna_polymerase", "ribosome", "degradosome"):
        counts = vm["machines"][kind]
        bar = next(line for line in shown if line.startswith(kind.replace("_", " ")))
        assert f"{counts['active']:,} of {counts['total']:,} active" in bar
        drawn = bar.count("█") / (bar.count("█") + bar.count("░"))
        assert drawn == pytest.approx(counts["active"] / counts["total"], abs=0.02)
    for name in ("GTP", "CTP", "UTP"):
        assert f"{name} {compact(vm['resources'][name])} " in text
    listed = re.findall(r"(\S+) (\d+) \((\d+)\)", text)
    assert len(listed) >= 3
    assert all(vm["genes"][name] == [int(n), int(m)] for name, n, m in listed)
    most = sorted((n for n, _ in vm["genes"].values()), reverse=True)
    assert [int(n) for _, n, _ in listed] == most[: len(listed)]
    track = next(line for line in shown if line.startswith("RNAP, forward"))[17:columns]
    places = {int(at / vm["length_nt"] * (columns - 17)) for at in vm["forward"]}
    assert places == {at for at, mark in enumerate(track) if mark != " "}
    assert any(line.startswith("up/down select") for line in shown)


def test_keys_resume_and_hide_and_move() -> None:
    arguments = ["-m", "bioxen_jcvi_vm_lib", "monitor", "--vms", "30", "--pace", "5"]
    terminal = Terminal(arguments, 80, 24)
    terminal.until(lambda shown: any("30 running" in line for line in shown))
    terminal.press(b"\x1b[6~\x1b[6~")  # two pages down
    shown = terminal.until(lambda shown: any("── cell-20," in line for line in shown))
    assert any(line.startswith("cell-20 ") for line in shown)
    terminal.press(b"p")
    terminal.until(lambda shown: any(re.match("cell-20 +paused", line) for line in shown))
    terminal.press(b"p")  # it is paused already: said in the last line
    terminal.until(lambda shown: "paused" in shown[-2])
    terminal.press(b"r")
    terminal.until(lambda shown: any("30 running" in line for line in shown))
    terminal.press(b"i")
    shown = terminal.until(lambda shown: not any("── cell-20," in line for line in shown))
    assert sum(line.startswith("cell-") for line in shown) > 14
    terminal.press(b"q")
    assert terminal.end() == 0


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() -> None:
    """Under a shell with job control: a process without one is never stopped."""
    terminal = Terminal(["--norc", "--noprofile", "-i"], 80, 24, program="bash")
    monitor = f"{sys.executable} -m bioxen_jcvi_vm_lib monitor --vms 3 --pace 1"
    terminal.press(monitor.encode() + b"\n")
    terminal.until(lambda shown: any("3 running" in line for line in shown))
    before = len(terminal.written)
    terminal.press(b"\x1a")
    terminal.until(lambda _: b"Stopped" in terminal.written[before:])
    given = terminal.written[before:].partition(b"Stopped")[0]
    assert b"\x1b[?1049l" in given
    assert b"\x1b[?25h" in given
    before = len(terminal.written)
    terminal.press(b"fg\n")
    terminal.until(lambda _: b"\x1b[?1049h" in terminal.written[before:])
    terminal.press(b"jp")
    terminal.until(lambda shown: any(re.match("cell-1 +paused", line) for line in shown))
    before = len(terminal.written)
    terminal.press(b"q")
    terminal.until(lambda _: b"left with q" in terminal.written[before:])
    terminal.press(b"exit\n")
    assert terminal.end() == 0


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_one_picture_in_a_pipe(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bioxen_jcvi_vm_lib", "monitor", "--vms", "2", "--once"],
        capture_output=True,
        env={**os.environ, "COLUMNS": "90", "PYTHONIOENCODING": encoding},
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert "\x1b" not in text
    assert text.count("bioxen monitor") == 1
    assert re.search(r"ribosome +[#█]+", text)
    assert ("█" in text) == (encoding == "utf-8")
    assert max(map(len, text.splitlines())) <= 90
