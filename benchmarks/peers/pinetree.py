"""pinetree's reading of an `ExpressionModel`.

pinetree moves ribosomes nucleotide by nucleotide, and one of its iterations is one binding, one
move of a machine, or one move that another machine blocks. It keeps the count to itself; but it
draws one waiting time an iteration, and calls the C library's `log` for nothing else. A run with
the same seed in a process where `log` is counted (`count_logs.c`, preloaded) therefore gives the
number exactly, with pinetree as it was installed.

The model has no degradation because this version cannot be held against anyone with it: the sum of
its propensities keeps the nuclease of every transcript that has been degraded, so that its clock
falls behind (in a cell with as many transcripts after 300 s as after 180 s, proteins are made
twice as fast).
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pinetree
from models import ExpressionModel

HERE = Path(__file__).resolve().parent


def build(model: ExpressionModel, seed: int) -> pinetree.Model:
    """Make a cell at time 0, without transcripts."""
    cell = pinetree.Model(cell_volume=model.volume_l)
    cell.seed(seed)
    cell.add_polymerase(
        name="rnap",
        copy_number=model.rna_polymerases,
        speed=model.rnap_nt_per_s,
        footprint=model.rnap_footprint_nt,
    )
    cell.add_ribosome(
        copy_number=model.ribosomes,
        speed=3 * model.ribosome_codons_per_s,
        footprint=model.ribosome_footprint_nt,
    )
    genome = pinetree.Genome(name="model", length=model.length_nt)
    for gene in model.layout():
        # A machine is where its last nucleotide is; sites are a footprint long, 1-based, inclusive.
        promoter = gene.promoter_nt + 1
        first = promoter + model.rnap_footprint_nt - 1
        genome.add_promoter(
            name=f"promoter of {gene.name}",
            start=promoter,
            stop=first,
            interactions={"rnap": gene.binding_per_molar_s},
        )
        last = first + gene.length_nt
        genome.add_terminator(
            name=f"terminator of {gene.name}", start=last, stop=last, efficiency={"rnap": 1.0}
        )
        site = first + model.leader_nt
        loaded = site + model.ribosome_footprint_nt - 1
        # The stop codon's release is a step too; two nucleotides of a stop site end translation.
        released = loaded + 3 * (gene.codons + 1)
        genome.add_gene(
            name=gene.name,
            start=loaded + 1,
            stop=released + 1,
            rbs_start=site,
            rbs_stop=loaded,
            rbs_strength=model.ribosome_binding_per_molar_s,
        )
    cell.register_genome(genome)
    return cell


def simulation(model: ExpressionModel, seed: int, seconds: int, out: Path) -> Callable[[], None]:
    """Build a cell and return what runs it."""
    cell = build(model, seed)
    return lambda: cell.simulate(time_limit=seconds, time_step=float(seconds), output=str(out))


def observe(
    model: ExpressionModel, seed: int, seconds: int, from_s: int, out: Path
) -> dict[str, float]:
    """Run a cell; free machines as means over samples a second apart, molecules at the end.

    A row is time, species, its count, and for a gene its transcripts whose binding site is made.
    """
    build(model, seed).simulate(time_limit=seconds + 1, time_step=1.0, output=str(out))
    free: dict[str, list[float]] = {"rnap": [], "__ribosome": []}
    transcripts = proteins = 0.0
    with out.open() as table:
        next(table)
        for row in table:
            time_s, species, count, messengers, _ = row.split("\t")
            if species in free and from_s <= round(float(time_s)) <= seconds:
                free[species].append(float(count))
            elif species[0] == "g" and round(float(time_s)) == seconds:
                transcripts += float(messengers)
                proteins += float(count)
    return {
        "free RNA polymerases": float(np.mean(free["rnap"])),
        "free ribosomes": float(np.mean(free["__ribosome"])),
        "loadable transcripts": transcripts,
        "proteins": proteins,
    }


def iterations(model: ExpressionModel, seed: int, seconds: int, folder: Path) -> int:
    """Count the iterations of the run that `simulation` makes, in a process of its own."""
    library = folder / "count_logs.so"
    if not library.exists():
        compiler = os.environ.get("CC", "cc")
        source = str(HERE / "count_logs.c")
        options = ["-O2", "-shared", "-fPIC", "-o", str(library)]
        subprocess.run([compiler, *options, source, "-ldl"], check=True)
    run = ["-m", "peers.pinetree", json.dumps(asdict(model)), str(seed), str(seconds)]
    said = subprocess.run(
        [sys.executable, *run],
        cwd=HERE.parent,
        env={**os.environ, "LD_PRELOAD": str(library)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return int(said.split()[-1])


def main() -> None:
    """Print the iterations of one run; see `iterations`."""
    parameters = json.loads(sys.argv[1])
    for key in ("codons", "promoter_binding_per_molar_s"):
        parameters[key] = tuple(parameters[key])
    counted = ctypes.CDLL(None).bioxen_log_calls
    counted.restype = ctypes.c_longlong
    run = simulation(
        ExpressionModel(**parameters), int(sys.argv[2]), int(sys.argv[3]), Path(os.devnull)
    )
    before = counted()
    run()
    print(counted() - before)


if __name__ == "__main__":
    main()
