"""A supply that no gene of the genome stands for is stated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib._supply_genes import supply_without_genes
from bioxen_jcvi_vm_lib.genome import decode_genome

CODE = "supply-without-genes"


def one_gene(qualifiers: str, kind: str = "CDS") -> bytes:
    return (
        "LOCUS       PLASMID 1200 bp    DNA     circular BCT 01-JAN-2026\n"
        "FEATURES             Location/Qualifiers\n"
        f"     {kind:<16}101..400\n"
        '                     /locus_tag="p1"\n'
        f"{qualifiers}"
        f"ORIGIN\n        1 {'atggcagcaaaa' * 100}\n//\n"
    ).encode()


def said(qualifiers: str, kind: str = "CDS") -> bool:
    with bx.GenomicVirtualizationManager() as manager:
        runtime = manager.load_genome_runtime(one_gene(qualifiers, kind), organism="syn3a")
        entries = [entry.message for entry in runtime.report if entry.code == CODE]
        assert all("syn3a" in message for message in entries)
        return bool(entries)


def test_a_genome_without_glycolysis_says_whose_supply_it_has() -> None:
    space = " " * 21
    assert said("")
    assert said(f'{space}/gene="bla"\n{space}/product="beta-lactamase"\n')
    assert said(f'{space}/product="phosphoglycerate dehydrogenase"\n')
    assert said(f'{space}/product="histidine kinase"\n')
    assert said(f'{space}/gene="pyk"\n', "ncRNA")
    assert not said(f'{space}/gene="tpiA"\n')
    assert not said(f'{space}/product="Type I glyceraldehyde-3-phosphate dehydrogenase"\n')


def test_the_built_in_genome_has_the_genes_of_its_supply() -> None:
    with bx.GenomicVirtualizationManager() as manager:
        runtime = manager.load_genome_runtime()
    assert CODE not in {entry.code for entry in runtime.report}
    bare = [gene for gene in runtime.genes if not supply_without_genes([gene], "")]
    assert len(bare) == 9  # pgi, pfkA, fba, tpiA, gapA, pgk, gpmI, eno, pykF


@pytest.mark.data
def test_genomes_have_the_genes_of_a_supply_or_not(shared_data: Callable[[str], Path]) -> None:
    syn3a = decode_genome(shared_data("genomes/syn3A.gb")).genes
    coli = decode_genome(
        shared_data("genomes/ecoli_mg1655.gff3.gz"),
        sequence_file=shared_data("genomes/ecoli_mg1655.fna.gz"),
    ).genes
    assert supply_without_genes(syn3a, "syn3a") == ()
    assert supply_without_genes(coli, "ecoli") == ()
    model = json.loads(shared_data("models/iMB155.json").read_text(encoding="utf-8"))
    metabolic = {gene["id"].removeprefix("MMSYN1_") for gene in model["genes"]}
    left = [gene for gene in syn3a if gene.locus_tag.removeprefix("JCVISYN3A_") not in metabolic]
    assert len(syn3a) - len(left) == 155
    (entry,) = supply_without_genes(left, "syn3a")
    assert entry.code == CODE
    phage = decode_genome(shared_data("genomes/T7.gb")).genes
    assert supply_without_genes(phage, "ecoli")
