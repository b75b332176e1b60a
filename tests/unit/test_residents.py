"""Several genomes in one cell: who they are, how they compete, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import bioxen_jcvi_vm_lib as bx

Counts = npt.NDArray[np.float64]
CODONS = ("gct", "aaa", "gaa", "ctg", "ttc", "cat", "agc", "tgg")


def genbank(name: str, genes: dict[str, str], *, codons: int = 100) -> bytes:
    """A linear record of single genes: locus tag -> gene name."""
    spacer = "c" * 80
    dna, features = spacer, ""
    for tag, gene in genes.items():
        coding = "atg" + "".join(CODONS[(k * k + 3 * k) % 8] for k in range(1, codons)) + "taa"
        where = f"{len(dna) + 1}..{len(dna) + len(coding)}"
        for kind in ("gene", "CDS"):
            features += f"     {kind:<16}{where}\n"
            features += f'                     /locus_tag="{tag}"\n'
            features += f'                     /gene="{gene}"\n'
        dna += coding + spacer
    lines = "".join(
        f"{at + 1:>9} {' '.join(dna[at : at + 60][k : k + 10] for k in range(0, 60, 10))}\n"
        for at in range(0, len(dna), 60)
    )
    return (
        f"LOCUS       {name:<16} {len(dna):>11} bp    DNA     linear   SYN 01-JAN-2026\n"
        f"DEFINITION  {name} of a test, made.\nACCESSION   {name}1\n"
        f"FEATURES             Location/Qualifiers\n{features}ORIGIN\n{lines}//\n"
    ).encode()


HOST = genbank("HOST", {"h1": "dnaA", "h2": "rpoB", "h3": "gyrA"})
GUEST = genbank("GUEST", {"g1": "dnaA", "g2": "capsid"})


def loaded(source: bytes | Path, parameters: dict[str, object] | None = None) -> bx.GenomicRuntime:
    """A runtime of a manager with these execution parameters."""
    manager = bx.GenomicVirtualizationManager({"execution_parameters": parameters or {}})
    return manager.load_genome_runtime(source, organism="minimal_cell")


@pytest.fixture(scope="module")
def host() -> bx.GenomicRuntime:
    return loaded(HOST)


@pytest.fixture(scope="module")
def guest() -> bx.GenomicRuntime:
    return loaded(GUEST)


@pytest.fixture(scope="module")
def both(
    manager: bx.GenomicVirtualizationManager, host: bx.GenomicRuntime, guest: bx.GenomicRuntime
) -> bx.GenomicRuntime:
    return manager.combine_genome_runtimes(host, guest)


# -- who they are ---------------------------------------------------------------------------------


def test_a_runtime_has_one_resident(host: bx.GenomicRuntime) -> None:
    (resident,) = host.residents
    assert (
        (resident.name, resident.accession)
        == (host.name, host.accession)
        == (
            "HOST of a test",
            "HOST1",
        )
    )
    assert resident.genes == slice(0, 3)


def test_residents_keep_their_genes(
    host: bx.GenomicRuntime, guest: bx.GenomicRuntime, both: bx.GenomicRuntime
) -> None:
    assert both.locus_tags == (*host.locus_tags, *guest.locus_tags)
    first, second = both.residents
    assert first == host.residents[0]
    assert (second.name, second.genes) == ("GUEST of a test", slice(3, 5))
    assert both.genes[second.genes][1].name == "capsid"
    assert both.name == "HOST of a test with GUEST of a test"
    assert both.accession == "HOST1+GUEST1"
    assert both.length_nt == host.length_nt + guest.length_nt
    assert [replicon.genes for replicon in both.replicons] == [3, 2]
    assert both.parameters is host.parameters
    assert both.configuration is host.configuration
    assert "5 genes" in repr(both)
    assert "HOST of a test, GUEST of a test" in both._repr_html_()
    assert len({runtime.fingerprint for runtime in (host, guest, both)}) == 3


def test_a_name_that_both_have_is_the_hosts(
    manager: bx.GenomicVirtualizationManager,
) -> None:
    both = manager.combine_genome_runtimes(
        expressed(HOST, ("h1", "h2", "h3"), 2e5), expressed(GUEST, ("g1", "g2"), 2e5)
    )
    assert both.gene("dnaA").locus_tag == "h1"
    assert both.gene("g1").name == "dnaA"
    assert both.gene("capsid").locus_tag == "g2"
    with manager.create_cellular_context(both, seed=1) as context:
        # a program of the host means the same with a guest; 0 against some 30 proteins
        manager.execute_genomic_program('knockout("dnaA"); run(300)', context)
        proteins = context.proteins
    assert proteins[0] == 0
    assert min(proteins[1:]) > 5


def test_three_residents_are_the_same_however_they_met(
    manager: bx.GenomicVirtualizationManager,
    host: bx.GenomicRuntime,
    guest: bx.GenomicRuntime,
    both: bx.GenomicRuntime,
) -> None:
    third = loaded(genbank("PLASMID", {"p1": "bla"}))
    combine = manager.combine_genome_runtimes
    at_once = combine(host, guest, third, name="three")
    assert at_once.name == "three"
    for other in (combine(both, third), combine(host, combine(guest, third))):
        assert other.fingerprint == at_once.fingerprint
        assert other.residents == at_once.residents
    assert [resident.genes.start for resident in at_once.residents] == [0, 3, 5]


def test_notes_and_reports_are_joined(manager: bx.GenomicVirtualizationManager) -> None:
    host = manager.load_genome_runtime(HOST)
    guest = manager.load_genome_runtime(GUEST[: GUEST.rindex(b"//")])
    both = manager.combine_genome_runtimes(host, guest)
    codes = [entry.code for entry in both.report]
    assert codes.count("organism-unknown") == 1  # the guest's organism does not matter
    ended = next(entry for entry in both.report if entry.code == "missing-end")
    assert ended.message.startswith("GUEST1: ")


# -- parameters by gene ---------------------------------------------------------------------------


def test_tables_stay_with_the_genes_of_their_runtime(
    manager: bx.GenomicVirtualizationManager, tmp_path: Path
) -> None:
    proteome = tmp_path / "proteome.csv"
    proteome.write_text("locus_tag,count\ng1,70\ng2,80\n", encoding="utf-8")
    host = loaded(HOST, {"gene_parameters": {"dnaA": {"promoter_strength": 111.0}}})
    guest = loaded(
        GUEST,
        {
            "proteome_file": str(proteome),
            "gene_parameters": {"dnaA": {"promoter_strength": 222.0, "initiation_rate_per_s": 2.0}},
        },
    )
    both = manager.combine_genome_runtimes(host, guest)
    with manager.create_cellular_context(both, seed=1) as context:
        assert context.proteins.tolist() == [0, 0, 0, 70, 80]
    organism = both._program.organism
    assert organism.gene_promoter_strength == {0: 111.0, 3: 222.0}
    assert organism.gene_initiation_rate_per_s == {3: 2.0}
    # a context's own parameters go over them, and the rest stays
    named = {"g1": {"promoter_strength": 6.0}, "g2": {"promoter_strength": 5.0}}
    with manager.create_cellular_context(both, seed=1, gene_parameters=named) as context:
        organism = context._core_context.program.organism
        assert organism.gene_promoter_strength[3] == 6.0
        assert organism.gene_promoter_strength[4] == 5.0
        assert organism.gene_initiation_rate_per_s == {3: 2.0}
        assert organism.protein_counts[3:] == [70, 80]
    # and they stay when the combined runtime becomes a guest or a host itself
    first = loaded(genbank("FIRST", {"f1": "x", "f2": "y"}))
    nested = manager.combine_genome_runtimes(first, both)._program.organism
    assert nested.gene_promoter_strength == {2: 111.0, 5: 222.0}
    assert nested.protein_counts == [-1, -1, -1, -1, -1, 70, 80]
    later = manager.combine_genome_runtimes(both, first)._program.organism
    assert later.gene_promoter_strength == {0: 111.0, 3: 222.0}
    assert later.protein_counts[3:5] == [70, 80]


def test_first_transcripts_are_all_from_tables_or_none(
    manager: bx.GenomicVirtualizationManager, host: bx.GenomicRuntime, tmp_path: Path
) -> None:
    means = {}
    for name, rows in (("host", "h1,3\nh2,4\n"), ("guest", "g2,5\n")):
        means[name] = tmp_path / f"{name}.csv"
        means[name].write_text("locus_tag,mean\n" + rows, encoding="utf-8")
    guest = loaded(GUEST, {"mrna_file": str(means["guest"])})
    with pytest.raises(bx.InvalidConfigurationError, match="give both or neither"):
        manager.combine_genome_runtimes(host, guest)
    counted = loaded(HOST, {"mrna_file": str(means["host"])})
    both = manager.combine_genome_runtimes(counted, guest)
    assert both._program.organism.mrna_counts == [3.0, 4.0, 0.0, 0.0, 5.0]


# -- how they live together -----------------------------------------------------------------------


def made(runtime: bx.GenomicRuntime, seeds: range, seconds: float) -> list[Counts]:
    """Proteins that cells of several seeds make, resident by resident."""
    proteins = []
    with bx.GenomicVirtualizationManager() as manager:
        for seed in seeds:
            context = manager.create_cellular_context(runtime, seed=seed)
            born = context.proteins
            manager.execute_genomic_program(f"run({seconds})", context)
            assert context.audit().ok
            proteins.append(context.proteins - born)
    every = np.array(proteins, dtype=np.float64)
    return [every[:, resident.genes].sum(axis=1) for resident in runtime.residents]


def shortfall(alone: Counts, crowded: Counts, share: float = 1.0) -> float:
    """How many standard errors the mean of `crowded` lies below `share` of the mean of `alone`."""
    variance = alone.var(ddof=1) * share**2 / len(alone) + crowded.var(ddof=1) / len(crowded)
    return float((share * alone.mean() - crowded.mean()) / np.sqrt(variance))


def expressed(source: bytes, tags: tuple[str, ...], strength: float) -> bx.GenomicRuntime:
    """A genome of given promoters, in a cell with few machines."""
    rates = {"promoter_strength": strength, "initiation_rate_per_s": 0.2}
    manager = bx.GenomicVirtualizationManager(
        {
            "virtual_resources": {"ribosome_allocation": 6, "rna_polymerase_allocation": 4},
            "execution_parameters": {"gene_parameters": dict.fromkeys(tags, rates)},
        }
    )
    return manager.load_genome_runtime(source, organism="minimal_cell")


def test_residents_compete_for_machines(manager: bx.GenomicVirtualizationManager) -> None:
    """A guest of strong promoters costs its host most proteins, one of weak ones nothing.

    Thirty cells each. Student's t with at least 29 degrees of freedom: were the host left with 40 %
    or more, 8 standard errors below that have a probability under 1e-8; were a silent guest
    without effect, 7 of them to either side under 2e-7.
    """
    host = expressed(HOST, ("h1", "h2", "h3"), 2e4)
    (alone,) = made(host, range(30), 300)
    strong = manager.combine_genome_runtimes(host, expressed(GUEST, ("g1", "g2"), 2e5))
    crowded, theirs = made(strong, range(1000, 1030), 300)
    assert shortfall(alone, crowded, 0.4) > 8
    assert theirs.min() > 0
    weak = manager.combine_genome_runtimes(host, expressed(GUEST, ("g1", "g2"), 1e-4))
    crowded, _ = made(weak, range(2000, 2030), 300)
    assert abs(shortfall(alone, crowded)) < 7


def test_a_host_alone_runs_as_before(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, guest: bx.GenomicRuntime
) -> None:
    def run() -> tuple[str, str]:
        with manager.create_cellular_context(runtime, seed=7) as context:
            manager.execute_genomic_program("run(60)", context)
            return runtime.fingerprint, context.trajectory_hash

    before = run()
    both = manager.combine_genome_runtimes(runtime, guest)
    with manager.create_cellular_context(both, seed=7) as context:
        manager.execute_genomic_program("run(60)", context)
        assert context.proteins[both.residents[1].genes].shape == (2,)
    assert run() == before
    assert len(runtime.residents) == 1


def test_a_snapshot_belongs_to_the_residents_that_made_it(
    manager: bx.GenomicVirtualizationManager,
    host: bx.GenomicRuntime,
    guest: bx.GenomicRuntime,
    both: bx.GenomicRuntime,
) -> None:
    with manager.create_cellular_context(both, seed=3) as context:
        manager.execute_genomic_program("run(60)", context)
        snapshot = context.snapshot()
        again = bx.CellularContext.restore(
            snapshot, manager.combine_genome_runtimes(loaded(HOST), loaded(GUEST))
        )
        for cell in (context, again):
            manager.execute_genomic_program("run(30)", cell)
            assert cell.audit().ok
        assert again.trajectory_hash == context.trajectory_hash
    for other in (host, guest, manager.combine_genome_runtimes(guest, host)):
        with pytest.raises(bx.SnapshotError, match="another genome"):
            bx.CellularContext.restore(snapshot, other)


@pytest.mark.data
def test_a_phage_takes_machines_from_its_host(
    manager: bx.GenomicVirtualizationManager, shared_data: Callable[[str], Path]
) -> None:
    """T7 in syn3A, its promoters 20 times the strongest of the host.

    Twenty cells each. Student's t with at least 19 degrees of freedom: were the host left with 70 %
    or more of its proteins, 9 standard errors below that have a probability under 2e-8.
    """
    host = manager.load_genome_runtime(shared_data("genomes/syn3A.gb"))
    phage = shared_data("genomes/T7.gb")
    tags = [gene.locus_tag for gene in manager.load_genome_runtime(phage).genes]
    strong = {tag: {"promoter_strength": 15_300.0} for tag in tags}
    both = manager.combine_genome_runtimes(host, loaded(phage, {"gene_parameters": strong}))
    assert [resident.genes for resident in both.residents] == [slice(0, 496), slice(496, 556)]
    assert both.organism == "syn3a"
    (alone,) = made(host, range(20), 200)
    crowded, theirs = made(both, range(1000, 1020), 200)
    assert shortfall(alone, crowded, 0.7) > 9
    assert theirs.min() > 0


# -- what is refused ------------------------------------------------------------------------------


def test_a_locus_tag_in_two_genomes_is_refused_by_name(
    manager: bx.GenomicVirtualizationManager, host: bx.GenomicRuntime
) -> None:
    double = loaded(genbank("DOUBLE", {"d1": "x", "h2": "y"}))
    with pytest.raises(bx.GenomeCompilationError, match=r"'h2'.* HOST1 and DOUBLE1: .*change it"):
        manager.combine_genome_runtimes(host, double)
    with pytest.raises(bx.GenomeCompilationError, match="'h1'"):
        manager.combine_genome_runtimes(host, host)


def test_what_is_no_runtime_is_refused(
    manager: bx.GenomicVirtualizationManager, host: bx.GenomicRuntime, guest: bx.GenomicRuntime
) -> None:
    for wrong in (None, "T7.gb", GUEST, manager):
        with pytest.raises(bx.APIValidationError, match="must be a GenomicRuntime"):
            manager.combine_genome_runtimes(host, wrong)  # type: ignore[arg-type]
        with pytest.raises(bx.APIValidationError, match="must be a GenomicRuntime"):
            manager.combine_genome_runtimes(wrong, guest)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="no guest is given"):
        manager.combine_genome_runtimes(host)
    for name in ("", "  ", 3):
        with pytest.raises(bx.APIValidationError, match="name must be a text"):
            manager.combine_genome_runtimes(host, guest, name=name)  # type: ignore[arg-type]
    left = bx.GenomicVirtualizationManager()
    with left:
        pass
    with pytest.raises(bx.GenomicRuntimeError):
        left.combine_genome_runtimes(host, guest)


def test_a_guest_with_nothing_to_run_is_refused(
    manager: bx.GenomicVirtualizationManager, host: bx.GenomicRuntime, guest: bx.GenomicRuntime
) -> None:
    bare = loaded(b">bare\nACGTACGTACGT\n")
    cut = genbank("CUT", {"c1": "x"})
    cut = cut[: cut.index(b"ORIGIN")]
    for empty, why in ((bare, "has no genes"), (loaded(cut), "none of the 1 genes .* truncated")):
        for pair in ((host, empty), (empty, guest)):
            with pytest.raises(bx.GenomeCompilationError, match=why):
                manager.combine_genome_runtimes(*pair)
