"""The command line: what it prints, how it fails, and that Ctrl-C gives the part until then."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("BIOXEN_")},
    "COLUMNS": "80",
    "NO_COLOR": "1",
}
COMMAND = [sys.executable, "-m", "bioxen_jcvi_vm_lib"]


def bioxen(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd=cwd,
        timeout=120,
        check=False,
    )


def test_run_says_what_the_cell_did() -> None:
    done = bioxen("run", "--seconds", "30", "--every", "5", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for pattern in (
        r"simulated +30 s in [\d.]+ s: [\d.,]+ x real time",
        r"transcripts made +\d",
        r"proteins made +\d",
        r"rna polymerase +97 +\d+ +[\d.]+ %",
        r"Resources by process",
        r"translation +",
        r"audit +ok",
        r"seed +3\b",
    ):
        assert re.search(pattern, done.stdout), pattern
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "\x1b" not in done.stdout


def test_a_run_names_the_command_that_shows_its_report(tmp_path: Path) -> None:
    (tmp_path / "my cc.yaml").write_text(
        "genomic_virtualization: {execution_parameters: {cell_cycle: true}}"
    )
    options = ("--organism", "minimal_cell", "--config", "my cc.yaml")
    done = bioxen("run", "--seconds", "1", "--seed", "3", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = re.search(
        r"report (1 entry|\d+ entries): (bioxen.*) shows", " ".join(done.stdout.split())
    )
    assert said is not None, done.stdout
    command = shlex.split(said.group(2))
    assert command == ["bioxen", "inspect", *options]
    assert ("shows it" in " ".join(done.stdout.split())) == (said.group(1) == "1 entry")


def test_inspect_says_what_the_genome_holds() -> None:
    done = bioxen("inspect")
    assert done.returncode == 0, done.stderr
    for pattern in (
        r"circular",
        r"protein-coding +\d",
        r"tRNA +\d",
        r"Transcription units",
        r"AUG",
    ):
        assert re.search(pattern, done.stdout), pattern
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_the_version_is_printed() -> None:
    done = bioxen("--version")
    assert re.fullmatch(r"bioxen \d+\.\d+\.\d+\n", done.stdout)


def test_without_arguments_the_help_is_printed() -> None:
    done = bioxen()
    assert "run" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 2


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".nc"])
def test_the_result_is_written(tmp_path: Path, suffix: str) -> None:
    if suffix != ".csv":
        pytest.importorskip("pyarrow" if suffix == ".parquet" else "h5netcdf")
    done = bioxen("run", "--seconds", "2", "--every", "1", "--out", f"r{suffix}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f"r{suffix}"]
    assert (tmp_path / f"r{suffix}").stat().st_size > 100


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "nosuch.gb"], "BX011", "does not exist"),
        (["run", "."], "BX011", "directory"),
        (["run", os.devnull], "BX011", "empty"),
        (["run", "--seconds", "-3"], "BX008", "--seconds"),
        (["run", "--seconds", "nan"], "BX008", "--seconds"),
        (["run", "--every", "0"], "BX008", "--every"),
        (["run", "--seed", "-1"], "BX008", "seed"),
        (["run", "--out", "r.txt"], "BX008", ".parquet"),
        (["run", "--out", "none/r.csv"], "BX008", "does not exist"),
        (["run", "--organism", "syn3b"], "BX005", "did you mean 'syn3a'"),
        (["run", "--config", "none.yaml"], "BX005", "none.yaml"),
        (["run", "--seconds", "abc"], "", "--seconds"),
        (["run", "--nope"], "", "--nope"),
        (["run", "--sed", "3"], "", "--seconds, --seed) (see: bioxen run --help)"),
        (["run", "--seed"], "", "requires an argument. (see: bioxen"),
        (["run", "a.gb", "b.gb"], "", "b.gb"),
        (["monitor", "nofile"], "BX011", "nofile does not exist"),
        (["monitor", "--vms", "0"], "", "see: bioxen monitor --help"),
        (["rnu"], "", "Did you mean 'run'? (see: bioxen --help)"),
        (
            ["walk"],
            "",
            "'walk'. There are run, inspect, monitor, top, config. (see: bioxen --help)",
        ),
    ],
)
def test_an_error_is_one_clear_line(
    tmp_path: Path, arguments: list[str], code: str, says: str
) -> None:
    done = bioxen(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"bioxen: {code}")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_gives_the_part_until_then(tmp_path: Path) -> None:
    arguments = ["run", "--seconds", "1e9", "--every", "1e7", "--out", "r.csv"]
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=tmp_path,
    ) as running:
        time.sleep(4.0)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert re.search(r"status +cancelled", out)
    assert re.search(r"audit +ok", out)
    assert (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(
    "command", [(), ("run",), ("top",), ("monitor",), ("config",), ("config", "validate")]
)
def test_help_shows_flags_without_a_value(command: tuple[str, ...]) -> None:
    says = bioxen(*command, "--help").stdout
    assert re.search(r"--help +Show this message and exit", says)
    assert "bool" not in says
    if command and command[0] != "config":
        assert re.search(r"--seconds +<float>", says)


def test_help_tells_monitor_from_top() -> None:
    says = " ".join(bioxen("--help").stdout.replace("│", " ").split())
    assert "monitor Run many cells side by side and show one of them in detail" in says
    assert "top Run many cells side by side and list what they do, the busiest first" in says
    for command in ("top", "monitor"):
        says = " ".join(bioxen(command, "--help").stdout.replace("│", " ").split())
        assert "Without it: 600, or no end if --once is given" in says


def test_too_many_samples_are_told_by_the_name_of_the_option() -> None:
    done = bioxen("run", "--every", "1e-9")
    assert done.returncode == 2
    assert done.stderr.endswith("GiB (limit 8): give a larger --every\n")


def test_a_cell_that_grows_is_summed_up(tmp_path: Path) -> None:
    config = tmp_path / "cell.yaml"
    config.write_text("execution_parameters: {cell_cycle: true}\n", encoding="utf-8")
    told = bioxen("run", "--config", str(config), "--seconds", "30", "--seed", "1").stdout
    assert re.search(r"cell cycle +phase B, 0\.03\d+ fL \(1\.0\d x\), chromosomes 1, forks 0", told)
    assert "replisome" not in told  # nothing is being replicated yet
    assert "note" not in told
    told = bioxen("run", "--config", str(config), "--seconds", "900", "--seed", "1").stdout
    assert re.search(r"forks 2\b", told)
    assert re.search(r"replisome +2 +0 ", told)
    told = bioxen("run", "--seconds", "1", "--seed", "1").stdout
    assert "cell cycle" not in told
    assert "replisome" not in told


def test_a_run_that_ends_with_the_cell_says_what_of(tmp_path: Path) -> None:
    config = tmp_path / "cell.yaml"
    config.write_text(
        "execution_parameters: {cell_cycle: true, dna_damage_per_bp_s: 1.0e-4}\n", encoding="utf-8"
    )
    told = bioxen("run", "--config", str(config), "--seconds", "60", "--seed", "1").stdout
    assert re.search(r"status +exhausted", told)
    assert re.search(r"note +the cell is dead, of DNA damage, since \d", told)
