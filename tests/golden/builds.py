"""Same bits from every build: compilers, optimisation levels and instruction sets against the
golden hashes of ``test_trajectories.py``, each run cut into slices of 1, 7 and 1,000 candidates and
of 1 ms.

    python tests/golden/builds.py           # some ten minutes; needs cmake, ninja, g++ and clang++
    python tests/golden/builds.py --some    # two of the eight: the least and the most optimised
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path

from test_trajectories import GOLDEN, UNTIL_S, configuration

import bioxen_jcvi_vm_lib as bx

ROOT = Path(__file__).resolve().parents[2]
COMPILERS = ("g++", "clang++")
FLAGS = ("-O0", "-O3", "-O3 -march=native", "-O3 -DBIOXEN_NARROW")
BUILDS = [(compiler, flags) for compiler in COMPILERS for flags in FLAGS]
SOME = [("g++", "-O0"), ("clang++", "-O3 -march=native")]


def cases(folder: Path) -> dict[str, list[str]]:
    """Write each golden case as files; return the arguments of ``trajectory_hash``."""
    arguments: dict[str, list[str]] = {}
    for name in GOLDEN:
        if name.startswith("minimal_cell"):
            builtin = resources.files("bioxen_jcvi_vm_lib") / "genomes/minimal_cell.gb.gz"
            data, organism = gzip.decompress(builtin.read_bytes()), "minimal_cell"
        else:
            file = ROOT.parent / "shared" / "data" / "genomes" / "syn3A.gb"
            if not file.is_file():
                print(f"{name}: skipped, needs ../shared/data/genomes/syn3A.gb")
                continue
            data, organism = file.read_bytes(), None
        manager = bx.GenomicVirtualizationManager(configuration(name))
        runtime = manager.load_genome_runtime(data, organism=organism)
        genome, start = folder / f"{name}.gb", folder / f"{name}.bxs"
        genome.write_bytes(data)
        manager.create_cellular_context(runtime, seed=7).save(start)
        arguments[name] = [str(genome), str(start), str(UNTIL_S)]
    return arguments


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--some", action="store_true", help="each compiler once, the least and the most optimised"
    )
    builds = SOME if parser.parse_args().some else BUILDS
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = cases(folder)
        for number, (compiler, flags) in enumerate(builds):
            if shutil.which(compiler) is None:
                print(f"{compiler} is not installed")
                return 1
            build = folder / str(number)
            subprocess.run(
                ["cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(build), "-DBIOXEN_TESTS=ON",
                 f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=None",
                 f"-DCMAKE_CXX_FLAGS={flags}"],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            subprocess.run(
                ["cmake", "--build", str(build), "--target", "trajectory_hash"],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            program = build / "tests" / "cpp" / "trajectory_hash"
            for case, arguments in runs.items():
                done = subprocess.run(
                    [str(program), *arguments], check=True, capture_output=True, text=True
                )
                hashes = done.stdout.split()
                same = len(hashes) == 5 and set(hashes) == {GOLDEN[case]}
                wrong += not same
                print(f"{compiler} {flags:20} {case:26} {'same' if same else hashes}", flush=True)
            shutil.rmtree(build)
    print("all the same" if wrong == 0 else f"{wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
