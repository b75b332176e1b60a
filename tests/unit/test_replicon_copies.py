"""Copy numbers of plasmids: by name in the configuration, as molecules in the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx


def record(name: str, tag: str, length_nt: int) -> bytes:
    dice = np.random.default_rng(length_nt)
    body = "".join(dice.choice(list("acgt"), length_nt - 303))
    dna = "atg" + "gca" * 99 + "taa" + body + "c" * 3
    lines = "".join(f"{i + 1:>9} {dna[i : i + 60]}\n" for i in range(0, len(dna), 60))
    features = f'     rep_origin      700..720\n     CDS             1..303\n{" " * 21}/locus_tag="'
    return (
        f"LOCUS       {name} {len(dna)} bp    DNA     circular BCT 01-JAN-2026\n"
        f"ACCESSION   {name}01\nVERSION     {name}01.2\n"
        f'FEATURES             Location/Qualifiers\n{features}{tag}"\nORIGIN\n{lines}//\n'
    ).encode()


CHROMOSOME, PLASMID = record("CHROM", "c1", 6000), record("PLASM", "p1", 2400)


def grown(copies: dict[str, Any], *, cell_cycle: bool = True) -> bx.GenomicVirtualizationManager:
    execution = {"cell_cycle": cell_cycle, "replicon_copies": copies}
    return bx.GenomicVirtualizationManager({"execution_parameters": execution})


def dosage(cell: bx.CellularContext) -> list[int]:
    """Copies of the one gene of each replicon."""
    assert cell.audit().ok
    return cell.gene_copies.tolist()


@pytest.mark.parametrize("name", ["PLASM01", "PLASM01.2", "PLASM"])
def test_a_cell_is_born_with_the_copies_of_its_plasmid(name: str) -> None:
    with grown({name: 7}) as manager:
        runtime = manager.load_genome_runtime(CHROMOSOME + PLASMID, organism="syn3a")
        cell = manager.create_cellular_context(runtime, seed=1)
        assert dosage(cell) == [1, 7]
        cell.run(5)
        assert cell.audit().ok
    with grown({}) as manager:
        runtime = manager.load_genome_runtime(CHROMOSOME + PLASMID, organism="syn3a")
        assert dosage(manager.create_cellular_context(runtime, seed=1)) == [1, 1]
        more = manager.create_cellular_context(runtime, seed=1, replicon_copies={name: 3})
        assert dosage(more) == [1, 3]


@pytest.mark.parametrize(
    ("copies", "says"),
    [
        ({"PLASM02": 5}, "no replicon 'PLASM02'.*PLASM01"),
        ({"PLASM": 5, "PLASM01": 5}, "under two names"),
        ({"PLASM": 0}, "1 or more"),
        ({"PLASM": 1025}, "at most 1,024"),
        ({"PLASM": 2.5}, "whole number"),
    ],
)
def test_wrong_copies_are_refused(copies: dict[str, Any], says: str) -> None:
    with (
        pytest.raises(bx.InvalidConfigurationError, match=says) as caught,
        grown(copies) as manager,
    ):
        manager.load_genome_runtime(CHROMOSOME + PLASMID, organism="syn3a")
    assert "replicon_copies" in str(caught.value.details["key"])


def test_copies_need_a_cell_that_grows() -> None:
    with (
        pytest.raises(bx.InvalidConfigurationError, match="cell_cycle"),
        grown({"PLASM": 2}, cell_cycle=False) as manager,
    ):
        manager.load_genome_runtime(CHROMOSOME + PLASMID, organism="syn3a")


def test_a_guest_brings_its_copies() -> None:
    with grown({"PLASM": 5}) as theirs, grown({}) as manager:
        host = manager.load_genome_runtime(CHROMOSOME, organism="syn3a")
        guest = theirs.load_genome_runtime(PLASMID, organism="syn3a")
        both = manager.combine_genome_runtimes(host, guest)
        for overrides in ({}, {"atp_pool_size": 1_000_000}):
            cell = manager.create_cellular_context(both, seed=1, **overrides)
            assert dosage(cell) == [1, 5]


@pytest.mark.parametrize(
    ("copies", "says"), [({}, "one daughter of each division lacks it"), ({"PLASM": 4}, "fewer")]
)
def test_a_plasmid_that_is_not_copied_is_lost(copies: dict[str, int], says: str) -> None:
    plasmid = PLASMID.replace(b"     rep_origin      700..720\n", b"")
    with grown(copies) as manager:
        runtime = manager.load_genome_runtime(CHROMOSOME + plasmid, organism="syn3a")
    (lost,) = (e for e in runtime.report if e.code == "replicon-without-origin")
    assert lost.message.startswith("replicon 2 has no origin")
    assert says in lost.message
