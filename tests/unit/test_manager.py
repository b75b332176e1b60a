"""The manager and its contexts: what users call, and what happens when they call it wrongly."""

from __future__ import annotations

import gzip
import io
import math
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bioxen_jcvi_vm_lib as bx


def packed() -> bytes:
    return (resources.files(bx) / "genomes" / "minimal_cell.gb.gz").read_bytes()


# -- loading --------------------------------------------------------------------------------------


def test_path_bytes_and_file_object_give_the_same_genome(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, tmp_path: Path
) -> None:
    plain = gzip.decompress(packed())
    path = tmp_path / "cell.gb"
    path.write_bytes(plain)
    for source in (path, str(path), plain, packed(), io.BytesIO(packed())):
        loaded = manager.load_genome_runtime(source)
        assert loaded.fingerprint == runtime.fingerprint
        assert loaded.organism == "minimal_cell"


def test_a_runtime_describes_its_genome(runtime: bx.GenomicRuntime) -> None:
    assert len(runtime) == len(runtime.genes) > 400
    assert runtime.topology == "circular"
    assert runtime.length_nt == sum(replicon.length_nt for replicon in runtime.replicons)
    gene = runtime.gene("dnaA")
    assert runtime.gene(gene.locus_tag).locus_tag == gene.locus_tag
    assert runtime.genes[runtime.gene_index("dnaA")].locus_tag == gene.locus_tag
    assert runtime.accession in runtime._repr_html_()
    assert "genes" in repr(runtime)
    with pytest.raises(bx.APIValidationError, match="did you mean 'dnaA'"):
        runtime.gene("dnaAA")


def test_a_runtime_is_immutable(runtime: bx.GenomicRuntime) -> None:
    with pytest.raises(AttributeError):
        runtime.genes = ()
    with pytest.raises(AttributeError):
        del runtime.report


def test_an_unknown_genome_runs_on_the_minimal_cell_and_says_so(
    manager: bx.GenomicVirtualizationManager,
) -> None:
    text = gzip.decompress(packed()).replace(b"BXMC000001", b"XXXX000001")
    text = text.replace(b"Designed genome of a minimal cell", b"A genome nobody has heard of here")
    loaded = manager.load_genome_runtime(text)
    assert loaded.organism == "minimal_cell"
    assert "organism-unknown" in [entry.code for entry in loaded.report]


def test_sequence_alone_loads_and_is_refused_to_run(
    manager: bx.GenomicVirtualizationManager,
) -> None:
    loaded = manager.load_genome_runtime(b">contig\n" + b"ACGT" * 500 + b"\n")
    assert len(loaded) == 0
    assert loaded
    with pytest.raises(bx.GenomeCompilationError, match="annotation"):
        manager.create_cellular_context(loaded)


@pytest.mark.parametrize("source", [b"", b"hello", b"\x1f\x8b\x08", "/", "no/such/file.gb"])
def test_what_is_no_genome_is_a_format_error(
    manager: bx.GenomicVirtualizationManager, source: Any
) -> None:
    with pytest.raises(bx.GenomeFormatError):
        manager.load_genome_runtime(source)


def test_a_configured_genome_file_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "mine.gb.gz").write_bytes(packed())
    config = tmp_path / "config.yaml"
    config.write_text("genome_file: mine.gb.gz\norganism: syn3a\n", encoding="utf-8")
    with bx.GenomicVirtualizationManager(config) as manager:
        assert manager.load_genome_runtime().organism == "syn3a"


@pytest.fixture
def apart(tmp_path: Path) -> Path:
    """A configuration that names a GFF3 and the FASTA beside it."""
    dna = "".join("ACGT"[(7 * i * i + i // 3) % 4] for i in range(600))
    gff = "##gff-version 3\nchr\t.\tgene\t1\t90\t.\t+\t.\tID=g1;gene_biotype=ncRNA\n"
    (tmp_path / "cell.gff3").write_text(gff + "chr\t.\tncRNA\t1\t90\t.\t+\t.\tParent=g1\n")
    (tmp_path / "cell.fa").write_text(f">chr\n{dna}\n")
    config = tmp_path / "config.yaml"
    config.write_text("genome_file: cell.gff3\nsequence_file: cell.fa\n", encoding="utf-8")
    return config


def test_a_configured_sequence_file_belongs_to_the_configured_genome(
    apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = apart.parent
    with bx.GenomicVirtualizationManager() as plain:
        whole = plain.load_genome_runtime(folder / "cell.gff3", sequence_file=folder / "cell.fa")
    with bx.GenomicVirtualizationManager(apart) as manager:
        assert manager.load_genome_runtime().fingerprint == whole.fingerprint
        assert manager.load_genome_runtime().replicons[0].length_nt == 600
        bare = manager.load_genome_runtime(folder / "cell.gff3")  # in place of both
        assert not bare.records[0].sequence
        with pytest.raises(bx.GenomeCompilationError, match="sequence_file="):
            manager.create_cellular_context(bare)
        other = folder / "other.fa"
        other.write_text(f">chr\n{'ACGTT' * 120}\n")
        given = manager.load_genome_runtime(sequence_file=other)
        assert given.records[0].sequence.startswith("ACGTT")
        assert str(manager.config.sources["sequence_file"]) == f"{apart}, line 2"
    monkeypatch.setenv("BIOXEN_SEQUENCE_FILE", str(other))
    with bx.GenomicVirtualizationManager(apart) as manager:
        assert manager.load_genome_runtime().fingerprint == given.fingerprint


def test_a_machine_reads_the_configured_sequence_file(apart: Path) -> None:
    with bx.create_bio_vm("cell", "ecoli", config=apart) as vm:
        first = vm.runtime
        assert first.transcription_units
    (apart.parent / "cell.fa").write_text(f">chr\n{'ACGTT' * 120}\n")
    with bx.create_bio_vm("cell", "ecoli", config=apart) as vm:
        assert vm.runtime.fingerprint != first.fingerprint
        assert vm.runtime.records[0].sequence.startswith("ACGTT")
    (apart.parent / "cell.fa").unlink()
    with pytest.raises(bx.GenomeFormatError, match=r"sequence file .*cell\.fa does not exist"):
        bx.create_bio_vm("cell", "ecoli", config=apart)


def test_a_sequence_file_alone_is_refused() -> None:
    with pytest.raises(bx.InvalidConfigurationError, match=r"'sequence_file'.*give both"):
        bx.GenomicVirtualizationManager({"sequence_file": "cell.fa"})


# -- contexts -------------------------------------------------------------------------------------


def test_seeds_make_trajectories(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    def run(seed: int | None) -> tuple[int, np.ndarray[Any, Any]]:
        with manager.create_cellular_context(runtime, seed=seed) as context:
            context.run(20.0)
            return context.seed, context.mrnas

    assert np.array_equal(run(5)[1], run(5)[1])
    assert not np.array_equal(run(5)[1], run(6)[1])
    drawn, counts = run(None)
    assert 0 <= drawn < 2**64
    assert np.array_equal(run(drawn)[1], counts)


def test_a_program_returns_one_result(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    gene = context.runtime.gene("dnaA").locus_tag
    result = manager.execute_genomic_program(
        f'run(20, every_s=5); knockout("{gene}"); run(10); set_resource("ATP", 70000); run(5)',
        context,
    )
    assert result.status == "completed"
    assert result.sim_time_s == pytest.approx(35)
    assert context.time_s == pytest.approx(35)
    assert result.proteins.shape == (len(result.time_s), len(context.runtime))
    assert result.time_s[0] == 0
    assert np.all(np.diff(result.time_s) >= 0)
    assert result.audit.ok
    assert result.seed == 7
    assert result.runtime_fingerprint == context.runtime.fingerprint


def test_a_program_of_no_time_still_has_a_state(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    result = manager.execute_genomic_program("set_resource('UTP', 11)", context)
    assert result.resources["UTP"][-1] == 11
    assert context.count("UTP") == 11


def test_a_program_with_an_unknown_name_does_nothing(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    for text in ('run(5); knockout("nope")', 'run(5); set_resource("ATPP", 1)', "run(5); go()"):
        with pytest.raises((bx.APIValidationError, bx.ProgramSyntaxError)):
            manager.execute_genomic_program(text, context)
    assert context.time_s == 0


def test_counts_are_by_resource_machine_or_gene(context: bx.CellularContext) -> None:
    assert context.count("ATP") == context.resources["ATP"]
    assert context.count("ribosome") == context.machines["ribosome"]["total"]
    index = context.runtime.gene_index("dnaA")
    assert context.count("dnaA") == context.proteins[index]
    with pytest.raises(bx.APIValidationError, match="did you mean 'ATP'"):
        context.count("ATPp")


def test_counts_are_copies(context: bx.CellularContext) -> None:
    proteins = context.proteins
    proteins[:] = -1
    assert context.proteins.min() >= 0


@pytest.mark.parametrize("bad", [-1, 0, math.nan, math.inf, 1e10, True, "60", None, [1]])
def test_a_bad_duration_changes_nothing(context: bx.CellularContext, bad: Any) -> None:
    with pytest.raises(bx.APIValidationError, match="duration_s"):
        context.run(bad)
    if bad is not None:
        with pytest.raises(bx.APIValidationError, match="every_s"):
            context.run(1.0, every_s=bad)
    assert context.time_s == 0


@pytest.mark.parametrize("bad", [-1, 2**64, 1.0, True, "7"])
def test_a_bad_seed_is_refused(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, bad: Any
) -> None:
    with pytest.raises(bx.APIValidationError, match="seed"):
        manager.create_cellular_context(runtime, seed=bad)


@pytest.mark.parametrize("bad", [-1, 1.5, True, "9", 10**13, 10**400])
def test_a_bad_count_is_refused(context: bx.CellularContext, bad: Any) -> None:
    before = context.resources["ATP"]
    with pytest.raises(bx.APIValidationError):
        context.set_resource("ATP", bad)
    assert context.resources["ATP"] == before


def test_a_recording_that_cannot_fit_is_refused(context: bx.CellularContext) -> None:
    with pytest.raises(bx.APIValidationError, match="larger every_s"):
        context.run(1e9, every_s=1e-3)
    assert context.time_s == 0


def test_a_closed_context_says_so(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    context = manager.create_cellular_context(runtime, seed=1)
    context.close()
    context.close()
    assert context.closed
    assert "closed" in repr(context)
    for use in (
        lambda: context.time_s,
        lambda: context.proteins,
        lambda: context.run(1.0),
        lambda: context.audit(),
        lambda: context.set_resource("ATP", 1),
        lambda: context.knockout("dnaA"),
        lambda: context.count("ATP"),
    ):
        with pytest.raises(bx.GenomicRuntimeError, match="closed"):
            use()


def test_leaving_a_manager_closes_its_contexts() -> None:
    with bx.GenomicVirtualizationManager() as manager:
        context = manager.create_cellular_context(manager.load_genome_runtime(), seed=1)
    assert context.closed
    with pytest.raises(bx.GenomicRuntimeError, match="left"):
        manager.load_genome_runtime()


class StopNowError(Exception):
    """Raised by a progress callback to end a run."""


def test_a_second_runner_is_refused_and_counts_stay_readable(context: bx.CellularContext) -> None:
    started, done = threading.Event(), threading.Event()
    refused: list[Exception] = []
    read: list[int] = []

    def second() -> None:
        started.wait(30)
        read.append(int(context.proteins.sum()))
        for use in (
            lambda: context.run(1.0),
            lambda: context.set_resource("ATP", 1),
            lambda: context.knockout("dnaA"),
            lambda: context.close(),
        ):
            try:
                use()
            except bx.GenomicRuntimeError as error:
                refused.append(error)
        done.set()

    def progress(_time_s: float, _steps: int) -> None:
        started.set()
        done.wait(30)
        raise StopNowError

    thread = threading.Thread(target=second)
    thread.start()
    with pytest.raises(StopNowError):
        context.run(1e8, progress=progress)
    thread.join(30)
    assert len(refused) == 4
    assert len(read) == 1
    assert context.run(1.0).status == "completed"


def test_an_exception_of_progress_stops_the_run_and_leaves_a_valid_cell(
    context: bx.CellularContext,
) -> None:
    def progress(_time_s: float, _steps: int) -> None:
        raise StopNowError

    with pytest.raises(StopNowError):
        context.run(1e8, progress=progress)
    assert context.audit().ok
    assert context.run(1.0).status == "completed"


def test_a_wrong_object_is_named(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    context: bx.CellularContext,
) -> None:
    with pytest.raises(bx.APIValidationError, match="load_genome_runtime"):
        manager.create_cellular_context("syn3A.gb")  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="create_cellular_context"):
        manager.execute_genomic_program("run(1)", runtime)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="GenomicProgram"):
        manager.execute_genomic_program(3, context)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="callable"):
        context.run(1.0, progress=3)  # type: ignore[arg-type]


def test_the_expression_engine_restores_transcription(
    manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    result = manager.run_gene_expression_engine(["dnaA"], context, duration_s=30.0)
    assert result.sim_time_s == pytest.approx(30)
    for bad in ([], ["nope"], 3, [3]):
        with pytest.raises(bx.APIValidationError):
            manager.run_gene_expression_engine(bad, context)  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="duration_s"):
        manager.run_gene_expression_engine(["dnaA"], context, duration_s=-1)
    before = context.events["transcription_initiations"]
    context.run(60.0)
    assert context.events["transcription_initiations"] > before


# -- overrides ------------------------------------------------------------------------------------


def test_overrides_act_on_one_context_only(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    plain = manager.create_cellular_context(runtime, seed=1)
    small = manager.create_cellular_context(
        runtime, seed=1, atp_pool=40_000, ribosome_allocation=100
    )
    assert small.resources["ATP"] == 40_000
    assert small.machines["ribosome"]["total"] == 100
    assert plain.machines["ribosome"]["total"] == 500
    again = manager.create_cellular_context(
        runtime, seed=1, ribosome_allocation=100, atp_pool_size=40_000
    )
    assert again.resources["ATP"] == 40_000


@pytest.mark.parametrize(
    "overrides",
    [
        {"reference_mode": True},
        {"reference_mode": False},
        {"proteome_file": "x.csv"},
        {"mrna_file": "x.csv"},
        {"organism": "ecoli"},
        {"genome_file": "x.gb"},
        {"sequence_file": "x.fa"},
        {"execution_parameters": {"reference_mode": True}},
    ],
)
def test_what_shapes_the_program_is_refused_as_an_override(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime, overrides: dict[str, Any]
) -> None:
    with pytest.raises(bx.InvalidConfigurationError, match="shapes the program"):
        manager.create_cellular_context(runtime, **overrides)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"atp_pol": 5}, "did you mean 'atp_pool'"),
        ({"seeds": 5}, "unknown configuration key 'seeds'; did you mean 'seed'"),
        ({"translation_execution_rate": -1.0}, "more than 0"),
        ({"enabled": False}, "disabled"),
        ({"virtual_resources": {"ribosome_count": -1}}, "ribosome_allocation"),
    ],
)
def test_a_bad_override_is_refused(
    manager: bx.GenomicVirtualizationManager,
    runtime: bx.GenomicRuntime,
    overrides: dict[str, Any],
    says: str,
) -> None:
    with pytest.raises(bx.InvalidConfigurationError, match=says):
        manager.create_cellular_context(runtime, **overrides)


def test_parameters_of_an_unknown_gene_name_the_nearest(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    with pytest.raises(bx.APIValidationError, match="did you mean 'dnaA'"):
        manager.create_cellular_context(
            runtime, gene_parameters={"dnaAA": {"promoter_strength": 300}}
        )


def test_a_disabled_configuration_loads_but_does_not_run() -> None:
    with bx.GenomicVirtualizationManager({"enabled": False}) as manager:
        loaded = manager.load_genome_runtime()
        with pytest.raises(bx.InvalidConfigurationError, match="disabled"):
            manager.create_cellular_context(loaded)


# -- the package ----------------------------------------------------------------------------------


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, bioxen_jcvi_vm_lib\n"
        "heavy = {'numpy', 'pydantic', 'yaml', 'rich', 'typer', 'bioxen_jcvi_vm_lib._core'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_logger_is_silent_and_the_root_untouched() -> None:
    code = (
        "import logging, bioxen_jcvi_vm_lib\n"
        "assert not logging.getLogger().handlers\n"
        "assert [type(h).__name__ for h in logging.getLogger('bioxen').handlers] == ['NullHandler']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_mistake_in_a_long_program_is_located(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    context = manager.create_cellular_context(runtime, seed=1)
    before = context.trajectory_hash
    with pytest.raises(bx.APIValidationError) as caught:
        manager.execute_genomic_program('run(1); knockout("rpoBB"); run(1)', context)
    assert "did you mean 'rpoB'" in caught.value.message
    assert caught.value.message.endswith("(statement 2 of 3: 'knockout(\"rpoBB\")')")
    assert context.trajectory_hash == before
    with pytest.raises(bx.APIValidationError, match="'rpoBB' here; did you mean 'rpoB'"):
        context.count("rpoBB")


def test_what_has_no_codons_is_not_translated(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    context = manager.create_cellular_context(runtime, seed=1)
    tag = next(gene.locus_tag for gene in runtime.genes if gene.kind == "tRNA")
    with pytest.raises(bx.APIValidationError, match="is tRNA and never translated; run_operon"):
        manager.execute_genomic_program(f'translate_gene("{tag}")', context)
    done = manager.execute_genomic_program(f'transcribe_gene("{tag}", duration_s=1)', context)
    assert done.status == "completed"
    program = bx.GenomicProgram.parse('translate_gene("rpoB", 5)')
    assert bx.GenomicProgram.parse(str(program)) == program
