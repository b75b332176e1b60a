"""Occupancy of the machines of syn3A in reference mode against a closed-form mean field.

The law is solved here from the sequence, the annotation and the proteome table, and shares nothing
with the engine but the decoder. Transcription takes one RNAP per gene (a long rRNA one per 400 nt),
translation one ribosome per messenger, pools are held, the volume is that at birth.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx

pytestmark = [pytest.mark.data, pytest.mark.slow]

MOLECULES_PER_M = 6.02214076e23 * 3.351e-17
MOLECULES_PER_mM = 20_180
NTP_mM = {"A": 3.654, "C": 0.34, "G": 0.68, "T": 0.68}
CHARGED_TRNA = 200
RNAPS, RIBOSOMES, DEGRADOSOMES = 97, 500, 120

SEEDS = (11, 12, 13)
BURN_IN_S, MEASURED_S, EVERY_S, BATCHES = 3_000.0, 10_000.0, 5.0, 20

#: The figures that the mean field was printed with, to their last digit.
PRINTED = {
    "rna_polymerase": 0.66,
    "ribosome": 0.72,
    "degradosome": 0.136,
    "proteins per mRNA": 8.3,
}
OCCUPANCY = tuple(PRINTED)
MACHINES = OCCUPANCY[:3]
#: Steps over busy machine seconds.
SPEED = ("nt/s of an RNAP", "aa/s of a ribosome", "nt/s of a degradosome")
QUANTITIES = (*OCCUPANCY, *SPEED)


def strength(gene: bx.Gene, counts: dict[str, int]) -> float:
    """Promoter strength of a gene that is transcribed on its own."""
    if gene.kind == "rRNA":
        return 2830.0
    if gene.kind == "tRNA":
        return 765.0
    count = counts[gene.locus_tag[-4:]]
    if re.match(r"(30S|50S) ribosomal protein [SL]\d", gene.product):
        return min(765.0, 500.0 + count)
    return min(max(float(count), 45.0), 765.0)


def bases_in_order(gene: bx.Gene, sequence: str) -> str:
    """The DNA of a gene as its RNA reads."""
    (start, end) = gene.start, gene.end
    dna = (sequence + sequence[: max(0, end - len(sequence))])[start:end].upper()
    return dna if gene.strand == 1 else dna.translate(str.maketrans("ACGT", "TGCA"))[::-1]


def root(excess: Callable[[float], float], high: float) -> float:
    """Zero of a decreasing function on [0, high]."""
    low = 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return low


def mean_field(runtime: bx.GenomicRuntime, counts: dict[str, int]) -> dict[str, float]:
    """Solve the stationary state."""
    c = 1 / MOLECULES_PER_M
    KD = {base: 0.1 / mM for base, mM in NTP_mM.items()}
    genes = [g for g in runtime.genes if g.kind in ("protein", "rRNA", "tRNA")]
    sequence = runtime.records[0].sequence
    a, k, q, length, messenger, seconds = [], [], [], [], [], []
    tRNA_mM = CHARGED_TRNA * c * 1e3
    for gene in genes:
        s = strength(gene, counts)
        rna = bases_in_order(gene, sequence)
        kcat = min(max(20 * s / 180, 10), 85)
        waits = KD[rna[0]] * KD[rna[1]] + sum(rna.count(b) * KD[b] for b in "ACGT")
        rate = kcat / (waits + len(rna) - 1)
        shared = gene.kind == "rRNA" and len(rna) > 800
        a.append(8804 * s / 765 * c)
        k.append(rate)
        q.append(rate * len(rna) / 400 if shared else rate)
        length.append(len(rna))
        messenger.append(gene.kind == "protein")
        aa = len(gene.protein) if gene.kind == "protein" else 1
        seconds.append(((1e-3 / tRNA_mM) ** 2 + aa * 1e-3 / tRNA_mM + aa - 1) / 12)
    a, k, q, length, messenger, seconds = map(np.array, (a, k, q, length, messenger, seconds))

    def initiation(free: float) -> np.ndarray:
        return a * free * q / (a * free + q)

    R = root(lambda free: RNAPS - (initiation(free) / k).sum() - free, RNAPS)
    v = initiation(R)[messenger]
    residues = np.array([len(gene.protein) for gene in genes])[messenger]
    D = DEGRADOSOMES - (v * length[messenger] / 88).sum()
    d, r = 14_154 * c, 88_560 * c
    m = v / (d * D)
    B = RIBOSOMES / (1 + r * (m * seconds[messenger]).sum())
    return {
        "rna_polymerase": 1 - R / RNAPS,
        "ribosome": 1 - B / RIBOSOMES,
        "degradosome": 1 - D / DEGRADOSOMES,
        "proteins per mRNA": r * B / (d * D),
        "nt/s of an RNAP": (initiation(R) * length).sum() / (RNAPS - R),
        "aa/s of a ribosome": (v * residues).sum() / (v * seconds[messenger]).sum(),
        "nt/s of a degradosome": 88.0,
    }


@dataclass(frozen=True)
class Measured:
    """Mean over batches and seeds, and its standard error."""

    mean: dict[str, float]
    error: dict[str, float]


def stationary_run(context: bx.CellularContext) -> dict[str, np.ndarray]:
    """Burn in, then measure in batches that are longer than any correlation (about 100 s)."""
    held = {"ATP": "A", "CTP": "C", "GTP": "G", "UTP": "T"}
    for name in context.resources:
        if name in held:
            context.set_resource(name, round(NTP_mM[held[name]] * MOLECULES_PER_mM))
        elif name.endswith("-tRNA"):
            context.set_resource(name, CHARGED_TRNA)
    context.run(BURN_IN_S)
    batches = []
    for _ in range(BATCHES):
        result = context.run(MEASURED_S / BATCHES, every_s=EVERY_S)
        assert result.audit.ok
        active = [result.active_fraction(machine) for machine in MACHINES]
        count = result.events
        per_mRNA = count["translation_initiations"] / count["mrna_decay_initiations"]
        steps = [count[f"{what}_steps"] for what in ("nucleotide", "codon", "degradation")]
        busy_s = np.array(active) * (RNAPS, RIBOSOMES, DEGRADOSOMES) * result.sim_time_s
        batches.append([*active, per_mRNA, *steps / busy_s])
    return dict(zip(QUANTITIES, np.array(batches).T, strict=True))


def pooled(runs: list[dict[str, np.ndarray]]) -> Measured:
    values = {name: np.concatenate([run[name] for run in runs]) for name in QUANTITIES}
    return Measured(
        {name: float(x.mean()) for name, x in values.items()},
        {name: float(x.std(ddof=1) / np.sqrt(x.size)) for name, x in values.items()},
    )


@dataclass(frozen=True)
class Figures:
    """Engine and law side by side."""

    law: dict[str, float]
    reference: Measured
    natural: Measured


@pytest.fixture(scope="module")
def figures(shared_data: Callable[[str], Path]) -> Iterator[Figures]:
    genome = shared_data("genomes/syn3A.gb")
    proteome = shared_data("syn3A/proteome.csv")
    with proteome.open(newline="", encoding="utf-8") as file:
        counts = {r["locus_tag"][-4:]: int(r["initial_count"]) for r in csv.DictReader(file)}
    with ExitStack() as stack:
        contexts = []
        for reference_mode, seeds in ((True, SEEDS), (False, SEEDS[:1])):
            execution = {
                "reference_mode": reference_mode,
                "hold_pools": True,
                "proteome_file": str(proteome),
            }
            manager = stack.enter_context(
                bx.GenomicVirtualizationManager(
                    {"organism": "syn3a", "execution_parameters": execution}
                )
            )
            runtime = manager.load_genome_runtime(genome)
            contexts += [manager.create_cellular_context(runtime, seed=seed) for seed in seeds]
        with ThreadPoolExecutor() as pool:  # a run releases the interpreter
            runs = list(pool.map(stationary_run, contexts))
        yield Figures(mean_field(runtime, counts), pooled(runs[:-1]), pooled(runs[-1:]))


def test_the_closed_form_gives_the_printed_figures(figures: Figures) -> None:
    # the printed figures have two or three digits: half a unit of the last
    for name, half_a_digit in zip(OCCUPANCY, (0.005, 0.005, 0.0005, 0.05), strict=True):
        assert figures.law[name] == pytest.approx(PRINTED[name], abs=1.001 * half_a_digit), name


def test_the_report_of_both_modes(figures: Figures) -> None:
    """Print the table (pytest -s); the natural mode is no reference and only has to be a state."""
    print(f"\n{'':20}{'law':>9}{'engine':>10}{'error':>9}{'engine/law':>12}{'natural':>10}")
    for name in QUANTITIES:
        mean, error, law = (
            figures.reference.mean[name],
            figures.reference.error[name],
            figures.law[name],
        )
        print(
            f"{name:20}{law:9.4f}{mean:10.4f}{error:9.4f}{mean / law:12.4f}"
            f"{figures.natural.mean[name]:10.4f}"
        )
        assert figures.natural.mean[name] > 0
    for machine in MACHINES:
        assert 0 < figures.natural.mean[machine] < 1


@pytest.mark.parametrize("name", OCCUPANCY)
def test_machines_in_reference_mode_are_as_busy_as_the_mean_field_says(
    figures: Figures, name: str
) -> None:
    """Within 3 % of the law and of the printed figure, three seeds of 10,000 s pooled.

    The standard error, from 60 batches of 500 s, is required to stay below 0.5 %. The law neglects
    correlations and the ribosome's release; 200,000 s gave RNAP +0.20(8), ribosome +0.15(6),
    degradosome +0.22(17), proteins per mRNA -0.96(13) %. So 2 % and four errors are left: a false
    alarm in 1e-4 a quantity. A deviation of 5 % is caught with more than 0.999.
    """
    mean, error = figures.reference.mean[name], figures.reference.error[name]
    assert error / mean < 0.005
    assert mean == pytest.approx(figures.law[name], rel=0.03)
    assert mean == pytest.approx(PRINTED[name], rel=0.03)


@pytest.mark.parametrize("name", SPEED)
def test_a_busy_machine_is_as_fast_as_the_mean_field_says(figures: Figures, name: str) -> None:
    """Steps per busy second within 1.5 %: the occupancy of a machine hardly feels a rate 2 % off.

    The standard error is required to stay below 0.4 %; the law leaves the ribosome's release out,
    0.6 %. The false alarm is below 1e-3 a quantity; kcat 2 % off is caught for
    ribosomes and degradosomes; the bounds on RNAP's kcat hide it there.
    """
    mean, error = figures.reference.mean[name], figures.reference.error[name]
    assert error / mean < 0.004
    assert mean == pytest.approx(figures.law[name], rel=0.015)
