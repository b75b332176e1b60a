"""The pictures of `bioxen top` and `monitor`: they fit, and say what every cell does."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import time
import tty
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len, set_cell_size
from rich.console import Console

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.visualization import text
from bioxen_jcvi_vm_lib.visualization.picture import Picture
from bioxen_jcvi_vm_lib.visualization.terminal import Keys
from bioxen_jcvi_vm_lib.visualization.terminal_monitor import KEYS


@pytest.fixture(scope="module")
def hypervisor(runtime: bx.GenomicRuntime) -> Iterator[bx.BioXenHypervisor]:
    """Twelve cells on a chassis: one has used its quota, one was not started."""
    chassis = bx.Chassis.of_organism(runtime, 12)
    with bx.BioXenHypervisor(workers=2, chassis=chassis) as hypervisor:
        for seed in range(10):
            name = f"a-rather-long-name-of-cell-{seed}"
            hypervisor.start_vm(hypervisor.create_vm(name, runtime, seed=seed))
        used_up = hypervisor.create_vm("used-up", runtime, seed=1, quota={"simulated_s": 1.0})
        hypervisor.start_vm(used_up)
        hypervisor.create_vm("細胞" * 6, runtime, seed=2, policy=bx.Policy.deadline(0.001, 0.1))
        hypervisor.run(2.0)
        yield hypervisor


def picture(hypervisor: bx.BioXenHypervisor, width: int, height: int = 40) -> list[str]:
    monitor = Picture("a genome")
    monitor.update(hypervisor.metrics())
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(monitor)
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_a_picture_fits_and_keeps_what_matters_most(
    hypervisor: bx.BioXenHypervisor, width: int
) -> None:
    lines = picture(hypervisor, width)
    console = Console()
    assert max(map(console.measure, lines), key=lambda m: m.maximum).maximum <= width
    head = next(line for line in lines if line.startswith("cell "))
    names = head.split()
    assert names[:2] == ["cell", "state"]
    kept = (
        ["age", "CPU", "pace"]
        + ["policy", "miss"] * (width >= 60)
        + ["RNAP", "ribo"] * (width >= 80)
        + ["granted"] * (width >= 100)
    )
    assert set(kept) <= set(names)
    rows = [line for line in lines if line.startswith("a-rat")]
    assert len(rows) == 10
    assert len({row.split()[0] for row in rows}) == 10  # the ends tell them apart
    assert all(re.search(r" idle +", row) for row in rows)
    assert lines[1].split() == ["cells", "12:", "1", "created", "10", "idle", "1", "quota"]
    assert "OS steal" in "".join(lines)


@pytest.mark.parametrize(
    ("width", "height"), [(200, 60), (80, 24), (60, 16), (40, 10), (30, 8), (20, 5), (24, 6)]
)
@pytest.mark.parametrize("inspect", [True, False])
def test_keys_and_a_cell_are_seen_in_every_terminal(
    hypervisor: bx.BioXenHypervisor, width: int, height: int, inspect: bool
) -> None:
    console = Console(
        width=width, height=height, force_terminal=True, color_system=None, file=io.StringIO()
    )
    screen = bx.TerminalMonitor(hypervisor, "a genome", console=console, inspect=inspect)
    screen._look()
    with console.capture() as capture:
        console.print(screen._picture)
    lines = capture.get().splitlines()
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    assert lines[0] == set_cell_size(lines[0], width).rstrip()
    assert lines[0].startswith("bioxen monitor")
    assert lines[-1] in KEYS
    assert all(len(form) > width for form in KEYS[: KEYS.index(lines[-1])])
    rows = [line for line in lines if re.match(r"\S+ +(idle|quota|created)( |$)", line)]
    assert len(rows) >= (1 if height < 8 else 2)
    view = [line for line in lines if line.startswith(("───", "rna poly", "ribosome"))]
    assert len(view) == (3 if inspect and height >= 10 else 0)
    if view:
        assert re.search(r" \d+ %  \d+ of 500", view[2])
    if not inspect and height >= 24:
        assert len(rows) == 12


@pytest.fixture(scope="module")
def growing() -> Iterator[bx.BioXenHypervisor]:
    """Three cells that grow, copying their DNA, beside one that does not."""
    config = {"execution_parameters": {"cell_cycle": True}}
    with bx.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime()
    with bx.BioXenHypervisor(workers=2) as hypervisor:
        for seed in range(3):
            hypervisor.start_vm(hypervisor.create_vm(f"cell-{seed}", runtime, seed=seed))
        plain = hypervisor.create_vm("plain", runtime, seed=3, cell_cycle=False)
        hypervisor.start_vm(plain)
        hypervisor.run(700.0)
        yield hypervisor


@pytest.mark.parametrize(
    ("width", "height"), [(200, 60), (80, 24), (60, 16), (40, 10), (30, 8), (20, 5)]
)
def test_a_cell_that_grows_says_where_it_stands(
    growing: bx.BioXenHypervisor, width: int, height: int
) -> None:
    """As the hypervisor tells it; of a cell that does not grow there is nothing to say."""
    console = Console(
        width=width, height=height, force_terminal=True, color_system=None, file=io.StringIO()
    )
    screen = bx.TerminalMonitor(growing, "a genome", console=console)
    screen._look()
    with console.capture() as capture:
        console.print(screen._picture)
    lines = capture.get().splitlines()
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    (head,) = (line for line in lines if line.startswith("cell ") and "state" in line)
    shown = {"phase": True, "growth/h": width >= 60, "fL": width >= 200}
    assert {name: name in head for name in shown} == shown
    first, plain = growing.metrics().vms[0], growing.metrics().vms[3]
    cycle = first.cell_cycle
    assert cycle is not None
    assert plain.cell_cycle is None
    says = {
        "phase": cycle.phase,
        "growth/h": f"{cycle.growth_rate_per_h:.2f}",
        "fL": f"{cycle.volume_l * 1e15:.3g}",
    }
    rows = {name: row for row in lines for name in ("cell-0", "plain") if row.startswith(name)}
    for name in (name for name, there in shown.items() if there):
        end = head.index(name) + len(name)
        assert rows["cell-0"][:end].split()[-1] == says[name]
        if height >= 24:
            assert rows["plain"][:end].split()[-1] == "-"
    if height < 10:
        return
    words = [cycle.phase, f"{cycle.volume_l * 1e15:.3g} fL", f"growth {says['growth/h']}/h"]
    words += [f"{cycle.chromosomes} chromosome", f"{cycle.forks} fork", "generation 0"]
    line = next(line for line in lines if line.startswith("cell cycle "))
    fits = {200: 6, 80: 5, 60: 3, 40: 2}[width]
    assert all(word in line for word in words[:fits])
    assert not any(word in "".join(lines) for word in ("replisome", "metabolism", "nan"))
    if height >= 24:
        drawn = next(line for line in lines if line.startswith("copies of DNA "))[17:]
        cell = growing.context("cell-0")
        wanted: dict[int, str] = {}
        for gene, number in zip(cell.runtime.genes, cell.gene_copies.tolist(), strict=True):
            part = int(gene.start / cell.runtime.length_nt * (width - 17))
            wanted[part] = max(wanted.get(part, "0"), str(number))
        assert set(drawn) == {"1", "2"}
        assert len(drawn) == width - 17
        for part, number in enumerate(drawn):  # where no gene begins, that of the nearest
            near = min(abs(known - part) for known in wanted)
            assert number in (wanted.get(part - near), wanted.get(part + near))


@pytest.mark.parametrize(
    ("width", "height", "says"),
    [
        (80, 4, "terminal too small (needs 20x5)"),
        (19, 24, "needs 20x5"),
        (7, 2, "small"),
        (1, 1, "…"),
    ],
)
def test_a_terminal_that_is_too_small_is_told_so(
    hypervisor: bx.BioXenHypervisor, width: int, height: int, says: str
) -> None:
    assert picture(hypervisor, width, height) == [says]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"title": float("nan")}, "title"),
        ({"title": None}, "title"),
        ({"heading": 3}, "heading"),
        ({"inspect": "no"}, "inspect"),
        ({"once": 1}, "once"),
        ({"console": 3}, "console"),
        ({"console": io.StringIO()}, "console"),
        ({"hypervisor": None}, "hypervisor"),
    ],
)
def test_what_a_monitor_cannot_use_is_named(
    hypervisor: bx.BioXenHypervisor, arguments: dict[str, Any], names: str
) -> None:
    with pytest.raises(bx.APIValidationError, match=names) as caught:
        bx.TerminalMonitor(**{"hypervisor": hypervisor, **arguments})
    assert caught.value.details == {"argument": names}


def test_a_closed_hypervisor_is_not_shown() -> None:
    closed = bx.BioXenHypervisor(workers=1)
    closed.close()
    with pytest.raises(bx.VMStateError, match="closed"):
        bx.TerminalMonitor(closed)


def test_the_shares_of_the_workers_time_add_up(hypervisor: bx.BioXenHypervisor) -> None:
    """A stolen hour is neither busy nor overhead, and never more than there was."""
    worker = bx.WorkerMetrics(
        total_ns=100, context_ns=60, overhead_ns=20, idle_ns=20,
        os_steal_ns=30, overhead_os_steal_ns=18, slices=1, deadline_share=0.0,
    )  # fmt: skip
    monitor = Picture("a genome")
    monitor.update(replace(hypervisor.metrics(), workers=(worker, worker)))
    console = Console(width=100, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(monitor)
    says = "workers  2: busy 48.0 %  overhead 2.0 %  OS steal 30.0 %  idle 20.0 %"
    assert capture.get().splitlines()[2] == says


class Given:
    """Counts whether the terminal was given back."""

    left = 0

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.left += 1


@pytest.mark.parametrize("at", ["start", "stop"])
def test_a_terminal_is_given_back_whatever_comes(
    hypervisor: bx.BioXenHypervisor, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    console = Console(force_terminal=True, file=io.StringIO())
    screen = bx.TerminalMonitor(hypervisor, "a genome", console=console)
    keys = Given()
    monkeypatch.setattr(screen, "_keys", keys)

    def fails(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(screen._live, at, fails)
    inside = []
    with pytest.raises(KeyboardInterrupt), screen:
        inside.append(signal.getsignal(signal.SIGTERM))
    assert len(inside) == (at == "stop")
    assert signal.SIG_DFL not in inside
    assert keys.left == 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    monkeypatch.undo()
    if screen._live is not None:
        screen._live.stop()


def test_a_message_goes_after_a_while_or_at_any_key(
    runtime: bx.GenomicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1e6
    pressed: list[str] = []
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        hypervisor.start_vm(hypervisor.create_vm("a", runtime, seed=1))
        console = Console(force_terminal=True, file=io.StringIO())
        screen = bx.TerminalMonitor(hypervisor, "a genome", console=console)
        monkeypatch.setattr(screen._keys, "pressed", lambda: [pressed.pop()] if pressed else [])
        for after_s, key, told in (
            (0.0, "", False),
            (9.0, "r", True),  # it runs already
            (3.9, "", True),
            (0.1, "", False),
            (0.0, "r", True),
            (3.0, "r", True),
            (3.9, "", True),
            (0.0, "x", False),
        ):
            now_s += after_s
            pressed[:] = [key] if key else []
            screen.update()
            assert (screen._picture.foot != KEYS) == told, (now_s, key)
        assert not screen.left


def test_a_quota_is_told_from_a_pause(hypervisor: bx.BioXenHypervisor) -> None:
    status = hypervisor.get_vm_status("used-up")
    assert (status.state, status.cause) == ("paused", "its quota of simulated time is used")
    (row,) = (line for line in picture(hypervisor, 160) if line.startswith("used-up"))
    assert re.search(r"used-up +quota .* its quota of simulated time is used", row)
    (row,) = (line for line in picture(hypervisor, 60) if line.startswith("used-up"))
    assert row.split()[1] == "quota"


def test_on_paper_a_thousand_cells_are_the_busiest_fifty(runtime: bx.GenomicRuntime) -> None:
    with bx.BioXenHypervisor(workers=1, max_vms=1000) as hypervisor:
        for seed in range(1000):
            hypervisor.create_vm(str(seed), runtime, seed=seed)
        hypervisor.start_vm("700")
        paper = io.StringIO()
        with bx.TerminalMonitor(hypervisor, inspect=False, console=Console(file=paper, width=80)):
            hypervisor.run(1.0)
        lines = paper.getvalue().splitlines()
    assert lines[4].startswith("cell")
    assert lines[5].startswith("700 ")
    assert lines[-1] == "and 951 more"
    assert len(lines) == 5 + 49 + 1


def test_keys_are_told_from_reports_of_the_terminal() -> None:
    """Keys with modifiers, function keys and a cursor report act on nothing."""
    leader, follower = pty.openpty()
    try:
        tty.setcbreak(follower)
        keys = Keys()
        keys._terminal = follower
        os.write(leader, b"j\x1b[A\x1bOB\x1b[6~\x1b[1;2P\x1b[24;80R\x1bp\x1b[1;2Qq")
        time.sleep(0.1)
        assert [key for key in keys.pressed() if key] == ["j", "up", "down", "page down", "q"]
    finally:
        keys._terminal = None
        os.close(leader)
        os.close(follower)


@pytest.mark.parametrize(
    ("value", "says"),
    [(0, "0"), (999, "999"), (999.6, "1k"), (1500, "1.5k"), (999_949, "1M"), (2e9, "2G")],
)
def test_numbers_never_have_four_digits(value: float, says: str) -> None:
    assert text.compact(value) == says
    assert text.of_bytes(1015 * 1024) == "1015K"
    assert text.of_bytes(1024 * 1024 - 1) == "1M"
