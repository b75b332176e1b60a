"""Organisms: every number has unit and source, every reaction balances, tables find their genes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bioxen_jcvi_vm_lib import (
    APIValidationError,
    GenomicVirtualizationConfig,
    InvalidConfigurationError,
)
from bioxen_jcvi_vm_lib import organism as organisms
from bioxen_jcvi_vm_lib._engine_organism import engine_organism, supply_rate_per_s
from bioxen_jcvi_vm_lib._gene_index import GeneIndex
from bioxen_jcvi_vm_lib._gene_tables import read_gene_numbers, read_gene_words

PHOSPHATES = {"Pi": 1, "PPi": 2, "MP": 1, "DP": 2, "TP": 3}
NUCLEOSIDES = {
    **{"adenosine": "A", "guanosine": "G", "cytidine": "C", "uridine": "U"},
    **{"deoxyadenosine": "dA", "deoxyguanosine": "dG", "deoxycytidine": "dC", "thymidine": "dT"},
}
#: What nobody keeps a balance of, and a phospholipid.
OTHERS = {
    **{name: Counter[str]() for name in ("glucose", "lactate", "fatty_acid", "glycerol")},
    "lipid": Counter({"P": 1}),
}


def genes(*names: tuple[str, str]) -> Any:
    return tuple(SimpleNamespace(locus_tag=tag, name=name) for tag, name in names)


def atoms(species: str) -> Counter[str]:
    """What a species holds of the conserved quantities, by its name."""
    nucleotide = re.fullmatch(r"(d?)([ACGTU])([MDT]P)", species)
    if nucleotide:
        held = Counter({nucleotide[1] + nucleotide[2]: 1})
        held["P"] = PHOSPHATES[nucleotide[3]]
        return held
    if species in PHOSPHATES:
        return Counter({"P": PHOSPHATES[species]})
    if species in NUCLEOSIDES:
        return Counter({NUCLEOSIDES[species]: 1})
    return OTHERS.get(species, Counter({species: 1}))


@pytest.mark.parametrize("name", organisms.NAMES)
def test_every_supply_reaction_balances(name: str) -> None:
    for flow in organisms.OrganismParameters.load(name).supply:
        total: Counter[str] = Counter()
        for _, species, coefficient in flow.legs:
            for key, number in atoms(species).items():
                total[key] += coefficient * number
        assert not any(total.values()), (flow.reaction, total)


@pytest.mark.parametrize("name", organisms.NAMES)
def test_every_value_has_unit_and_source(name: str) -> None:
    organism = organisms.OrganismParameters.load(name)
    quantities = [
        *organism.parameters.values(),
        *organism.pools.values(),
        *organism.medium.values(),
        *organism.cell_cycle.values(),
        *(flow.max_rate for flow in organism.supply),
        organism.trna_total,
        organism.trna_charged_fraction,
    ]
    assert len(quantities) > 100
    assert all(quantity.unit and len(quantity.source) > 5 for quantity in quantities)


def test_the_molecules_of_syn3a_are_those_of_its_concentrations() -> None:
    organism = organisms.OrganismParameters.load("syn3a")
    engine = engine_organism(organism, GenomicVirtualizationConfig(), ())
    assert engine.pools["ATP"] == pytest.approx(3.654 * 20_180, rel=1e-3)
    assert engine.pools["UTP"] == pytest.approx(0.68 * 20_180, rel=1e-3)
    trna = {key: n for key, n in engine.pools.items() if "tRNA" in key}
    assert sum(trna.values()) == 5_800
    assert trna["Ala-tRNA"] == 232
    assert (engine.rna_polymerases, engine.ribosomes, engine.degradosomes) == (97, 500, 120)


def test_supply_covers_the_demand_of_a_busy_cell() -> None:
    for name in ("syn3a", "minimal_cell"):
        organism = organisms.OrganismParameters.load(name)
        flows = {flow.name: float(flow.max_rate.value) for flow in organism.supply}
        residues = 0.73 * 500 * 12
        nucleotides = 2_000
        assert 2 * flows["glycolysis"] > 5 * residues + 4 * nucleotides
        assert flows["GDP_kinase"] > 2 * residues
        assert flows["adenylate_kinase"] > residues + nucleotides
        assert flows["Lys_uptake"] > 0.105 * residues
        assert flows["CMP_kinase"] > 0.2 * nucleotides


def test_a_genome_finds_its_organism() -> None:
    def named(accessions: list[str], names: list[str]) -> str | None:
        found = organisms.match_organism(accessions, names)
        return None if found is None else found.name

    assert named(["CP016816.2"], []) == "syn3a"
    assert named(["X1"], ["synthetic bacterium JCVI-Syn3A"]) == "syn3a"
    assert named(["U00096.3"], []) == "ecoli"
    assert named([""], ["Escherichia coli str. K-12 substr. MG1655, complete genome"]) == "ecoli"
    assert named(["BXMC000001.1"], []) == "minimal_cell"
    assert named(["NC_001604.1"], ["Escherichia phage T7"]) is None
    with pytest.raises(InvalidConfigurationError, match="did you mean 'syn3a'"):
        organisms.OrganismParameters.load("syn3b")


def test_the_configuration_replaces_what_it_names() -> None:
    organism = organisms.OrganismParameters.load("syn3a")
    config = GenomicVirtualizationConfig().with_overrides(
        atp_pool_size=60_000,
        ribosome_count=7,
        transcription_execution_rate=50.0,
        translation_execution_rate=15.0,
        mrna_lifetime_s=300.0,
        protein_lifetime_s=3600.0,
        glucose_concentration=0.0075,
        gene_parameters={"dnaA": {"promoter_strength": 300, "termination_rate_per_s": 2.0}},
    )
    engine = engine_organism(organism, config, genes(("t_0001", "dnaA")))
    assert engine.pools["ATP"] == 60_000
    assert engine.ribosomes == 7
    assert engine.rna_kcat_nt_per_s == engine.rna_kcat_min_nt_per_s == 50.0
    assert engine.rna_kcat_max_nt_per_s == 50.0
    assert engine.translation_kcat_aa_per_s == 15.0
    pairs = 6.02214076e23 * 3.351e-17
    assert engine.degradosome_binding_per_M_s / pairs * 120 == pytest.approx(1 / 300)
    assert engine.protein_decay_per_s == pytest.approx(1 / 3600)
    assert engine.gene_promoter_strength == {0: 300.0}
    assert engine.gene_termination_rate_per_s == {0: 2.0}
    (flow,) = [flow for flow in organism.supply if flow.name == "glycolysis"]
    assert supply_rate_per_s(flow, organism, config) == pytest.approx(8_500)


def test_reference_mode_is_one_machine_per_track() -> None:
    organism = organisms.OrganismParameters.load("minimal_cell")
    config = GenomicVirtualizationConfig.from_dict(
        {"execution_parameters": {"reference_mode": True}}
    )
    engine = engine_organism(organism, config, ())
    assert (engine.max_rnap_per_unit, engine.max_ribosomes_per_mrna) == (1, 1)
    assert engine.reference_mode


def test_growing_syn3a_has_polysomes_and_the_constants_for_them() -> None:
    """Where nothing shields a messenger, both bind so many times more slowly; else as published."""
    organism = organisms.OrganismParameters.load("syn3a")

    def engine(**execution: object) -> tuple[int, float, float, bool]:
        config = GenomicVirtualizationConfig.from_dict({"execution_parameters": execution})
        made = engine_organism(organism, config, ())
        binding = made.ribosome_binding_per_M_s, made.degradosome_binding_per_M_s
        return (made.max_ribosomes_per_mrna, *binding, made.cell_cycle.loading_by_strength)

    published = (1, 88560, 14154)
    rescaled = (pytest.approx(88560 / 17), pytest.approx(14154 / 17))
    assert engine() == (*published, False)
    assert engine(cell_cycle=True) == (0, *rescaled, True)
    assert engine(cell_cycle=True, max_ribosomes_per_mrna=3) == (3, *rescaled, True)
    assert engine(cell_cycle=True, max_ribosomes_per_mrna=1) == (*published, True)
    assert engine(cell_cycle=True, reference_mode=True) == (*published, False)
    _, _, lifetime, _ = engine(
        cell_cycle=True, degradation_processing={"mrna_processing_rate": 300.0}
    )
    assert lifetime * 120 * 300 == pytest.approx(6.02214076e23 * 3.351e-17)


def test_genes_are_found_by_tag_or_name() -> None:
    index = GeneIndex(genes(("t_0001", "dnaA"), ("t_0002", "rpsA"), ("t_0003", "rpsA")))
    assert index.find("t_0002") == 1
    assert index.find("dnaA") == 0
    with pytest.raises(APIValidationError, match="did you mean 'dnaA'"):
        index.find("dnAA")
    with pytest.raises(APIValidationError, match="t_0002, t_0003"):
        index.find("rpsA")
    with pytest.raises(APIValidationError, match="by int"):
        index.find(3)


def test_a_table_joins_on_the_tag_and_knows_the_spellings_of_syn3a(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "locus_tag,initial_count\nMMSYN1_0445,12\nP_0446,-\nother,4\nt_0447,3\nx_0448,5\n",
        encoding="utf-8",
    )
    known = genes(("JCVISYN3A_0445", ""), ("JCVISYN3A_0446", ""), ("t_0447", ""), ("t_0448", ""))
    # t_0448 is not x_0448: equal numbers in two genomes are two genes
    assert read_gene_numbers(str(path), ("initial_count",), known) == {0: 12.0, 2: 3.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("locus_tag,other\nt_0445,3\n", "needs the columns"),
        ("", "needs the columns"),
        ("locus_tag,count\nt_0445,-3\n", "0 or more"),
        ("locus_tag,count\nt_0445,nan\n", "0 or more"),
        ("locus_tag,count\nx_0999,3\n", "its first is 'x_0999', the genome's 't_0445'"),
        ("locus_tag,count\n,3\n", "its column locus_tag is empty"),
        ("locus_tag,count\nt_0445,abc\n", "has no number in its column count"),
        ("locus_tag;count\nt_0445;3\n", "has semicolons between its columns"),
        ("locus_tag,count,count\nt_0445,3,4\n", "has the column 'count' twice"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfigurationError, match=says):
        read_gene_numbers(str(path), ("count",), genes(("t_0445", "")))
    with pytest.raises(InvalidConfigurationError, match="cannot be read"):
        read_gene_numbers(str(tmp_path / "none.csv"), ("count",), genes(("t_0445", "")))


def test_words_by_gene_are_read_where_there_are_any(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "locus_tag,localization\nMMSYN1_0445,trans-membrane\nx,cytoplasm\nt_2,\n", encoding="utf-8"
    )
    known = genes(("JCVISYN3A_0445", ""), ("t_2", ""))
    assert read_gene_words(str(path), ("localization",), known) == {0: "trans-membrane"}
    assert read_gene_words(str(path), ("colour",), known) == {}
    with pytest.raises(InvalidConfigurationError, match="cannot be read"):
        read_gene_words(str(tmp_path / "none.csv"), ("localization",), known)


@pytest.mark.parametrize(
    "text", ["", "ATP", "ATP -> ", "2ATP -> ADP", "-1 ATP -> ADP", "A -> B -> C"]
)
def test_a_reaction_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfigurationError):
        organisms.parse_reaction(text)


@pytest.mark.data
def test_the_pools_and_synthetases_are_those_of_the_tables(
    shared_data: Callable[[str], Path],
) -> None:
    import csv

    organism = organisms.OrganismParameters.load("syn3a")
    with shared_data("syn3A/metabolites.csv").open(newline="") as file:
        table = {row["id"]: float(row["initial_mM"]) for row in csv.DictReader(file)}
    for name, quantity in organism.pools.items():
        if name == "lipid":
            continue  # derived from a surface
        key = quantity.source.rsplit(" ", 1)[-1]
        assert quantity.value == pytest.approx(table[key], rel=1e-5), name
    with shared_data("syn3A/proteome.csv").open(newline="") as file:
        counts = {row["locus_tag"][-4:]: int(row["initial_count"]) for row in csv.DictReader(file)}
    with shared_data("syn3A/kinetics_trna_charging.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Parameter Type"] == "synthetase"]
    enzymes = [row["Value"][-4:] for row in rows if row["Reaction Name"] != "GLNTRS"]
    mean = sum(counts[enzyme] for enzyme in enzymes) / len(enzymes)
    assert organism.parameters["synthetases_per_amino_acid"].value == pytest.approx(mean, abs=0.05)
