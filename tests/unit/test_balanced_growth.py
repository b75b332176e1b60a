"""Cells of E. coli by growth rate, and its tables of messengers and transcription units."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import organism as organisms
from bioxen_jcvi_vm_lib._gene_factors import apply_gene_factors, table_notes
from bioxen_jcvi_vm_lib.balanced_growth import at_doubling_time

MG1655 = SimpleNamespace(accession="U00096.3", length_nt=4_641_652)


def ecoli(doubling_time_min: float | None = None, **options: Any) -> Any:
    found = organisms.OrganismParameters.load("ecoli")
    return at_doubling_time(found, doubling_time_min, None, [MG1655], **options)


def genes(*names: str, kind: str = "protein") -> Any:
    return tuple(
        SimpleNamespace(locus_tag=f"b{i}", name=name, kind=kind) for i, name in enumerate(names)
    )


def execution(**keys: Any) -> Any:
    return bx.GenomicVirtualizationConfig.from_dict(
        {"execution_parameters": keys}
    ).execution_parameters


# -- growth rates ----------------------------------------------------------------------------------


def test_the_file_is_the_table_at_its_own_doubling_time() -> None:
    file, made = ecoli(), ecoli(60.0)
    assert made.parameters.keys() == file.parameters.keys()
    for key, quantity in file.parameters.items():
        # C of 2,400.03 s in place of 2,400 makes the cell 6e-6 larger
        assert made.parameters[key].value == pytest.approx(quantity.value, rel=1e-4), key
    assert made.trna_total.value == file.trna_total.value


def test_machines_and_volume_follow_the_growth_rate() -> None:
    """Bremer and Dennis at 30 min; twice the volume, (C + D) / tau being 2 in place of 1."""
    made = ecoli(30.0)
    assert made.parameters["rna_polymerases"].value == 8000
    assert made.parameters["ribosomes"].value == 45_100
    assert made.trna_total.value == 419_000
    assert made.parameters["volume_l"].value == pytest.approx(2e-15, rel=1e-4)
    assert made.parameters["translation_kcat_aa_per_s"].value == pytest.approx(18 * 20 / 16)
    assert made.parameters["rna_kcat_max_nt_per_s"].value == 85.0
    assert made.pools["lipid"].value == pytest.approx(44e6, rel=1e-4)
    # lipids double in 30 min: ln 2 / 1,800 s of those at birth
    (lipids,) = [flow for flow in made.supply if flow.name == "lipid_synthesis"]
    law = 0.693147 / 1800 * made.pools["lipid"].value
    assert float(lipids.max_rate.value) == pytest.approx(law, rel=1e-3)
    assert all("30 min" in made.parameters[key].source for key in ("ribosomes", "volume_l"))
    # between two entries of the table, in the middle of their rates: 1.25 per hour
    assert ecoli(48.0).parameters["rna_polymerases"].value == 3900
    slow = ecoli(100.0)
    assert slow.parameters["ribosomes"].value == 6800
    assert slow.parameters["volume_l"].value == pytest.approx(1e-15 * 2 ** (0.6 - 1), rel=1e-4)


@pytest.mark.parametrize("minutes", [23.9, 101.0, 1.0, 1e5])
def test_beyond_the_table_nothing_is_guessed(minutes: float) -> None:
    with pytest.raises(bx.InvalidConfigurationError, match="give 24 to 100 min"):
        ecoli(minutes)


def test_an_organism_without_a_table_says_so() -> None:
    config = {"execution_parameters": {"doubling_time_min": 40.0}}
    with (
        bx.GenomicVirtualizationManager(config) as manager,
        pytest.raises(bx.InvalidConfigurationError, match="no table of growth rates"),
    ):
        manager.load_genome_runtime()
    for wrong in (0, -30, float("nan"), "fast", 1e9):
        with pytest.raises(bx.InvalidConfigurationError):
            execution(doubling_time_min=wrong)


def test_the_doubling_time_shapes_the_program(runtime: bx.GenomicRuntime) -> None:
    for key, value in (("doubling_time_min", 30.0), ("replication_execution_rate", 500.0)):
        with (
            bx.GenomicVirtualizationManager() as manager,
            pytest.raises(bx.InvalidConfigurationError, match="shapes the program"),
        ):
            manager.create_cellular_context(runtime, **{key: value})


def test_the_origin_is_that_of_the_accession() -> None:
    growth = ecoli().balanced_growth
    other = SimpleNamespace(accession="U00096.2", length_nt=4_639_675)
    refseq = SimpleNamespace(accession="NC_000913.3", length_nt=4_641_652)
    # the middle of 3,925,744-3,925,975, 0-based; coordinates of another version are not these
    assert growth.origins_of([MG1655, other, refseq]) == [3_925_859, -1, 3_925_859]


def circle(length: int) -> bytes:
    """A circular genome of three genes: at its first base, half way and opposite."""
    dna = list("acgtc" * (length // 5 + 1))[:length]
    gene = "atg" + "gctaaagaactg" * 5 + "taa"
    features = ""
    for tag, at in (("ori", 0), ("mid", length // 4), ("ter", length // 2 - len(gene))):
        dna[at : at + len(gene)] = gene
        where = f"{at + 1}..{at + len(gene)}"
        features += f'     CDS             {where}\n                     /locus_tag="{tag}"\n'
    features += f"     rep_origin      {1}..{1}\n"
    lines = [
        f"{i + 1:>9} "
        + " ".join("".join(dna[j : j + 10]) for j in range(i, min(i + 60, length), 10))
        for i in range(0, length, 60)
    ]
    return (
        f"LOCUS       CIRC {length} bp    DNA     circular SYN 01-JAN-2026\n"
        "FEATURES             Location/Qualifiers\n"
        + features
        + "ORIGIN\n"
        + "\n".join(lines)
        + "\n//\n"
    ).encode()


@pytest.mark.slow
@pytest.mark.parametrize("tau_min", [30.0, 60.0])
def test_dosage_of_a_small_genome_is_that_of_cooper_and_helmstetter(tau_min: float) -> None:
    """C = 40 and D = 20 min on 20,000 bases, through the configuration.

    One lineage, the second to the fourth cycle, by ages of an exponential population. A round of
    20,000 steps scatters by 0.7 % of C; bar 2 %.
    """
    length = 20_000
    config = {
        "organism": "ecoli",
        "execution_parameters": {
            "cell_cycle": True,
            "doubling_time_min": tau_min,
            "replication_execution_rate": length / 2 / 2400,
        },
        "virtual_resources": {"ribosome_allocation": 0, "rna_polymerase_allocation": 0},
    }
    with bx.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(circle(length))
        (told,) = [e for e in runtime.report if e.code == "origin-of-replication"]
        assert "the annotated origin" in told.message
        cell = manager.create_cellular_context(runtime, seed=4)
        sums, weights = [0.0] * 3, 0.0
        for cycle in range(4):
            birth_s = cell.time_s
            step_s = tau_min * 60 / 100
            result = cell.run(step_s / 2)
            while result.status != "divided":
                assert cell.time_s - birth_s < 120 * tau_min
                weight = 2 ** (-(cell.time_s - birth_s) / 60 / tau_min) if cycle else 0.0
                weights += weight
                sums = [s + weight * n for s, n in zip(sums, cell.gene_copies, strict=True)]
                result = cell.run(step_s)
            assert (cell.time_s - birth_s) / 60 == pytest.approx(tau_min, rel=0.03)
            daughter = cell.divide()
            assert (cell.gene_copies == daughter.gene_copies).all()
            assert cell.audit().ok
            assert daughter.audit().ok
        for total, place in zip(sums, (0.0, 0.5, 1.0), strict=True):
            law = 2 ** ((40 * (1 - place) + 20) / tau_min)
            assert total / weights == pytest.approx(law, rel=0.02), place


# -- tables by gene --------------------------------------------------------------------------------


def table(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def applied(keys: dict[str, str], known: Any) -> Any:
    engine = SimpleNamespace()
    apply_gene_factors(engine, execution(**keys), known)
    return engine


def test_factors_are_relative_to_the_mean_gene(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "locus_tag,symbol,mrna_half_life_min,tpm,translation_efficiency\n"
        "b0,x,2,10,0.5\nb1,y,6,0,\nzz,thrC,-0.0,50,1.5\nb9,nobody,3,1,1\nb0,x,9,9,9\n,,1,1,1\n",
    )
    known = genes("thrA", "thrB", "thrC", "thrD")
    engine = applied({"gene_table_file": path}, known)
    assert engine.gene_decay == {0: 2.0, 1: pytest.approx(4 / 6)}
    assert engine.gene_messengers == {0: 0.5, 1: 0.0, 2: 2.5}
    assert engine.gene_loading == {0: 0.5, 2: 1.5}
    ((code, note),) = table_notes(execution(gene_table_file=path), known)
    assert code == "gene-table"
    assert "mrna_half_life_min of 2 (mean 4)" in note
    assert "; 1 half-life of 0 counts as not measured;" in note
    assert "; 1 line for a gene that stands there already does not count;" in note
    assert "; 1 gene of the table is not in the genome: b9" in note
    # stable RNA is no messenger
    with pytest.raises(bx.InvalidConfigurationError, match="no protein-coding gene of this genome"):
        applied({"gene_table_file": path}, genes("rrsA", "alaT", kind="rRNA"))


def test_a_gene_is_in_one_unit(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "id,locus_tags,experimental\n"
        "long,b0 b1 b2,0\npart,b1 b2,1\nalone,b0,0\nfar,b3 b4 b9,1\nnobody,b8,1\n",
    )
    known = genes("a", "b", "c", "d", "e", "f")
    groups = applied({"transcription_units_file": path}, known).unit_groups
    # what an experiment says goes before the longer one, which is left to the smaller ones
    assert groups[1] == groups[2] != groups[0]
    assert groups[3] == groups[4]
    assert groups[5] == 2**32 - 1
    assert len(set(groups)) == 4
    ((code, note),) = table_notes(execution(transcription_units_file=path), known)
    assert code == "transcription-units"
    assert "3 of 5 units are taken" in note
    assert "; 1 gene in none, grouped by distance;" in note
    assert "2 genes of the table are not in the genome: b9, b8" in note


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("gene_table_file", "", "needs a column locus_tag or symbol"),
        ("gene_table_file", "locus_tag,mass\nb0,1\n", "one of mrna_half_life_min"),
        ("gene_table_file", "tpm\n1\n", "needs a column locus_tag or symbol"),
        ("gene_table_file", "locus_tag,tpm\nb0,1\nb1,-3\n", "line 3: tpm of 'b1' is -3"),
        ("gene_table_file", "locus_tag,tpm\nb0,nan\n", "line 2: tpm of 'b0' is nan"),
        ("gene_table_file", "locus_tag,tpm\nb0,1e400\n", "line 2"),
        ("gene_table_file", "locus_tag,tpm\nb0,many\n", "line 2: tpm of 'b0' is 'many'"),
        ("gene_table_file", "locus_tag,tpm\nb7,1\n", "no gene of this genome: 1 gene .*: b7$"),
        ("gene_table_file", "locus_tag,tpm\n", "no gene of this genome: it has no rows"),
        ("gene_table_file", "locus_tag,tpm\nb0,0\n", "no number above 0 in tpm for any protein"),
        ("gene_table_file", "locus_tag,half_life_min\nb0,0\n", "half_life_min are all 0, which"),
        ("gene_table_file", "locus_tag,tpm,TPM\nb0,1,2\n", "has the column 'TPM' twice"),
        ("gene_table_file", "locus_tag;tpm\nb0;1\n", "has semicolons between its columns"),
        ("gene_table_file", "locus_tag\ttpm\nb0\t1\n", "has tabs between its columns"),
        ("gene_table_file", b"locus_tag,tpm\nb0,\xff\n", "cannot be read"),
        ("gene_table_file", "locus_tag,tpm\nb0\n", "no number above 0 in tpm"),
        ("transcription_units_file", "", "needs a column locus_tags"),
        ("transcription_units_file", "id,locus_tags\nx,b0\ny,\n", "line 3: a unit has no genes"),
        ("transcription_units_file", "id,locus_tags\nx\n", "line 2: a unit has no genes"),
        ("transcription_units_file", "id,locus_tags\nx,b7\n", "holds no unit .*: b7$"),
        ("transcription_units_file", "locus_tags;id\nb0;x\n", "has semicolons"),
        (
            "transcription_units_file",
            "locus_tags,experimental\nb0,perhaps\n",
            "line 2: experimental is 'perhaps'",
        ),
    ],
)
def test_bad_tables_are_refused_with_their_line(
    tmp_path: Path, key: str, text: str | bytes, told: str
) -> None:
    with pytest.raises(bx.InvalidConfigurationError, match=told) as caught:
        applied({key: table(tmp_path, text)}, genes("a", "b"))
    assert caught.value.details["path"].endswith("table.csv")


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    for key in ("gene_table_file", "transcription_units_file"):
        with pytest.raises(bx.InvalidConfigurationError, match=r"nowhere\.csv"):
            applied({key: str(tmp_path / "nowhere.csv")}, genes("a"))


def test_tables_change_the_program_of_a_genome(tmp_path: Path) -> None:
    with bx.GenomicVirtualizationManager() as manager:
        plain = manager.load_genome_runtime()
    first = next(gene for gene in plain.genes if gene.kind == "protein")
    path = table(tmp_path, f"symbol,locus_tag,tpm\n,{first.locus_tag},5\n,unknown,5\n")
    units = tmp_path / "units.csv"
    units.write_text(f"locus_tags\n{first.locus_tag}\n")
    config = {
        "execution_parameters": {"gene_table_file": path, "transcription_units_file": str(units)}
    }
    with bx.GenomicVirtualizationManager(config) as manager:
        changed = manager.load_genome_runtime()
        assert {"gene-table", "transcription-units"} <= {entry.code for entry in changed.report}
        assert changed.fingerprint != plain.fingerprint
        cell = manager.create_cellular_context(changed, seed=1, atp_pool=70_000)
        cell.run(5)
        again = bx.CellularContext.restore(cell.snapshot(), changed)
        assert again.trajectory_hash == cell.trajectory_hash
        with pytest.raises(bx.InvalidConfigurationError, match="shapes the program"):
            manager.create_cellular_context(changed, gene_table_file=str(units))


# -- the real genome -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mg1655(shared_data: Callable[[str], Path]) -> dict[str, Any]:
    return {
        "genome_file": shared_data("genomes/ecoli_mg1655.gff3.gz"),
        "sequence_file": shared_data("genomes/ecoli_mg1655.fna.gz"),
    }


@pytest.mark.data
def test_a_cell_of_mg1655_is_born_with_its_rounds_under_way(mg1655: dict[str, Any]) -> None:
    """At 30 min: the round that ends in this cell is 30 of 40 min old, the next begins now."""
    config = {
        "execution_parameters": {"cell_cycle": True, "doubling_time_min": 30.0},
        "virtual_resources": {"ribosome_allocation": 0, "rna_polymerase_allocation": 0},
    }
    with bx.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(**mg1655)
        (told,) = [e for e in runtime.report if e.code == "origin-of-replication"]
        assert "3925860" in told.message
        cell = manager.create_cellular_context(runtime, seed=1)
        state = cell.cell_cycle
        assert (state.chromosomes, state.forks, state.phase) == (1, 6, "C")
        assert cell.volume_l == pytest.approx(2e-15, rel=1e-4)
        copies = cell.gene_copies
        # dnaA is 42 kb from oriC, which the forks of the new round have yet to copy
        assert copies[runtime.gene_index("dnaA")] == 2
        # 30 of 40 min: three quarters of either arm are there twice
        double = float((copies >= 2).mean())
        assert double == pytest.approx(0.75, abs=0.03)
        assert cell.audit().ok
        cell.run(300)
        assert cell.gene_copies[runtime.gene_index("dnaA")] == 4


@pytest.mark.data
def test_the_tables_of_ecoli_fit_mg1655(
    mg1655: dict[str, Any], shared_data: Callable[[str], Path]
) -> None:
    config = {
        "execution_parameters": {
            "gene_table_file": str(shared_data("ecoli/genes.csv")),
            "transcription_units_file": str(shared_data("ecoli/transcription_units.csv")),
        }
    }
    with bx.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(**mg1655)
        notes = {entry.code: entry.message for entry in runtime.report}
        assert "mrna_half_life_min of 3,243" in notes["gene-table"]
        assert "2,614 of 3,754 units" in notes["transcription-units"]
        assert "all genes of the table are in the genome" in notes["transcription-units"]
        lac = next(unit for unit in runtime.transcription_units if unit.name == "lacZ..lacA")
        assert [runtime.genes[gene].name for gene in lac.genes] == ["lacZ", "lacY", "lacA"]
        cell = manager.create_cellular_context(runtime, seed=1)
        cell.run(10)
        assert cell.audit().ok
        assert cell.events["transcription_completions"] > 50


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("tau_min", [30.0, 60.0])
def test_gene_dosage_of_mg1655(
    mg1655: dict[str, Any], checkout: Path, tau_min: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Age-sampled over two cycles, as the table of the benchmark has it with more; bar 2 %."""
    monkeypatch.syspath_prepend(checkout / "benchmarks")
    benchmark = importlib.import_module("gene_dosage")
    config = benchmark.configuration(tau_min, expressed=False)
    with bx.GenomicVirtualizationManager(config) as manager:
        runtime = manager.load_genome_runtime(**mg1655)
        seen = benchmark.lineage(manager, runtime, tau_min, seed=3, cycles=2)
        law = benchmark.laws(runtime, tau_min)
    assert law["origin"] == pytest.approx(2 ** (60 / tau_min), rel=1e-3)
    assert law["terminus"] == pytest.approx(2 ** (20 / tau_min), rel=1e-3)
    for place, copies in law.items():
        assert seen[place] == pytest.approx(copies, rel=benchmark.BAR), place
    assert seen["life"] == pytest.approx(tau_min, rel=0.01)
