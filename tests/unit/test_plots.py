"""Plots, tables of notebooks, and ensembles as tables: what they show is what there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.visualization import plots


@pytest.fixture(scope="module")
def cell(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> Iterator[bx.CellularContext]:
    """A cell with traffic."""
    with manager.create_cellular_context(runtime, seed=7) as cell:
        yield cell


@pytest.fixture(scope="module")
def result(cell: bx.CellularContext) -> bx.ExecutionResult:
    """Its first minutes."""
    return cell.run(200, every_s=20)


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    """Close what a test has drawn."""
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def test_a_heat_map_has_the_counts(result: bx.ExecutionResult, tmp_path: Path) -> None:
    axes = plots.expression_heat_map(result, top=5)
    shown = axes.collections[0].get_array()
    order = np.argsort(-result.proteins[-1], kind="stable")[:5]
    assert np.array_equal(np.asarray(shown).reshape(5, -1), result.proteins[:, order].T)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        result.gene_names[i] or result.genes[i] for i in order
    ]
    assert any(result.gene_names[i] for i in order)
    by_name = plots.expression_heat_map(result, genes=["rpoB"])
    column = result.gene_names.index("rpoB")
    shown = np.asarray(by_name.collections[0].get_array()).ravel()
    assert np.array_equal(shown, result.proteins[:, column])
    tag = result.genes[3]
    axes = plots.expression_heat_map(result, genes=[tag], what="mrnas")
    shown = np.asarray(axes.collections[0].get_array()).ravel()
    assert np.array_equal(shown, result.mrnas[:, 3])
    axes.figure.savefig(tmp_path / "heat.png")


def test_traffic_counts_every_machine(cell: bx.CellularContext, result: Any) -> None:
    before = cell.trajectory_hash
    axes = plots.genome_traffic(cell, duration_s=0, bins=50)
    machines = cell.polymerases()
    per_kb = 1000.0 / (cell.runtime.length_nt / 50)
    heights = np.array([bar.get_height() for bar in axes.patches]) / per_kb
    on_dna = machines["kind"] == "rna_polymerase"
    assert heights[heights > 0].sum() == pytest.approx((machines["strand"][on_dna] == 1).sum())
    assert -heights[heights < 0].sum() == pytest.approx((machines["strand"][on_dna] == -1).sum())
    on_mrna = machines["kind"] == "ribosome"
    right = axes.figure.axes[1]
    for strand, steps in zip((1, -1), right.patches, strict=True):
        values = steps.get_data().values / per_kb
        assert strand * values.sum() == pytest.approx((machines["strand"][on_mrna] == strand).sum())
        assert strand * values.sum() > 0
    assert right.get_zorder() >= axes.get_zorder()  # no bar hides the line
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "RNA polymerases, forward strand",
        "RNA polymerases, reverse strand",
        "ribosomes (right)",
    ]
    plots.genome_traffic(cell, duration_s=5)
    assert cell.trajectory_hash == before


def test_pools_that_are_equal_are_told_apart(result: bx.ExecutionResult) -> None:
    axes = result.plot()[1, 0]
    # The gaps, which matplotlib does not show otherwise.
    styles = {str(line._unscaled_dash_pattern) for line in axes.get_lines()}
    assert len(styles) == 4


def test_a_budget_adds_up(result: bx.ExecutionResult) -> None:
    axes = plots.resource_budget(result, "GTP")
    bars = sum(bar.get_width() for bar in axes.patches)
    pool = result.resources["GTP"]
    assert bars == pool[-1] - pool[0]
    assert f"{int(bars):+,} molecules" in axes.get_title()


@pytest.mark.parametrize("strand", [1, -1])
def test_occupancy_counts_every_ribosome_at_its_codon(
    cell: bx.CellularContext, strand: int
) -> None:
    """Codon by codon against a count by hand; a busy gene, so that its mirror image differs."""
    machines = cell.polymerases()
    on_genes = machines["gene"][machines["kind"] == "ribosome"]
    genes = cell.runtime.genes
    busy = np.argsort(-np.bincount(on_genes, minlength=len(genes)), kind="stable").tolist()
    index = next(place for place in busy if genes[place].strand == strand)
    gene = genes[index]
    expected = [0.0] * (gene.length_nt // 3)
    for one in machines:
        if one["kind"] == "ribosome" and one["gene"] == index:
            nt = (
                one["position_nt"] - gene.start if strand > 0 else gene.end - 1 - one["position_nt"]
            )
            expected[nt // 3] += 1.0 / cell.mrnas[index]
    assert sum(expected) > 2
    assert expected != expected[::-1]
    axes = plots.ribosome_occupancy(cell, gene.locus_tag, duration_s=0, every_s=1)
    assert [bar.get_height() for bar in axes.patches] == pytest.approx(expected)


def test_the_last_sample_of_a_plot_is_not_lost_to_rounding(cell: bx.CellularContext) -> None:
    axes = plots.ribosome_occupancy(
        cell, cell.runtime.genes[0].locus_tag, duration_s=1.2, every_s=0.1
    )
    assert " in 13 samples" in axes.get_title()


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda c, r: plots.expression_heat_map(r, genes=["nope"]), "no gene 'nope'"),
        (lambda c, r: plots.expression_heat_map(r, what="tRNA"), "proteins"),
        (lambda c, r: plots.resource_budget(r, "AtP"), "did you mean 'ATP'"),
        (lambda c, r: plots.genome_traffic(c, replicon=3), "no replicon 3"),
        (lambda c, r: plots.genome_traffic(c, bins=2), "bins"),
        (lambda c, r: plots.ribosome_occupancy(c, "nope"), "nope"),
        (lambda c, r: plots.ribosome_occupancy(None, "nope"), "not NoneType"),
        (lambda c, r: plots.genome_traffic(r), "context must be"),
        (lambda c, r: plots.genome_traffic(c, replicon="a"), "no replicon 'a'"),
        (lambda c, r: plots.genome_traffic(c, replicon=0.5), "no replicon 0.5"),
        (lambda c, r: plots.expression_heat_map(c), "result must be"),
        (lambda c, r: plots.expression_heat_map(r, top=0), "top is a whole number"),
        (lambda c, r: plots.expression_heat_map(r, top="a"), "top is a whole number"),
        (lambda c, r: plots.expression_heat_map(r, genes="BXMC_0001"), "list of locus tags"),
        (lambda c, r: plots.expression_heat_map(r, genes=[]), "genes is empty"),
        (lambda c, r: plots.expression_heat_map(r, axes=3), "matplotlib Axes"),
        (lambda c, r: plots.resource_budget(r, ["ATP"]), "no resource"),
        (lambda c, r: plots.resource_budget(None, "ATP"), "result must be"),
        (lambda c, r: plots.ribosome_occupancy(c, "rpoB", every_s=1e-9), "samples"),
    ],
)
def test_what_cannot_be_drawn_is_refused(cell: Any, result: Any, draw: Any, says: str) -> None:
    with pytest.raises(bx.APIValidationError, match=says):
        draw(cell, result)


def test_notebooks_show_tables(cell: bx.CellularContext, result: bx.ExecutionResult) -> None:
    with bx.create_bio_vm("<b>", genome_runtime=cell.runtime) as vm:
        shown = vm._repr_html_()
        assert "&lt;b&gt;" in shown
        assert "created" in shown
    ribosomes = cell.machines["ribosome"]
    assert f"{ribosomes['active']} of {ribosomes['total']} active" in cell._repr_html_()
    assert "all 0" in result._repr_html_()
    assert f"{cell.runtime.length_nt:,} nt" in cell.runtime._repr_html_()
    for one in (cell, result, cell.runtime):
        assert one._repr_html_().count("<tr>") == one._repr_html_().count("</tr>") > 3
    with bx.BioXenHypervisor(workers=1) as hypervisor:
        for number in range(30):
            hypervisor.create_vm(f"<{number}>", cell.runtime, seed=number)
        hypervisor.start_vm("<0>")
        shown = hypervisor._repr_html_()
        assert "30 VMs: 29 created, 1 running, the first 20 here" in shown
        assert shown.count("<tr>") == 21
        assert "<td style='text-align:left'>&lt;19&gt;</td>" in shown
        assert f"{hypervisor.metrics().vms[0].atp:,}" in shown
    assert "closed" in hypervisor._repr_html_()


def test_an_ensemble_is_one_table(
    manager: bx.GenomicVirtualizationManager, runtime: bx.GenomicRuntime
) -> None:
    program = 'run(4, every_s=2); set_resource("ATP", 1000); run(2)'
    results = manager.run_ensemble(runtime, program, seeds=[3, 5])
    data = bx.ensemble_to_xarray(results)
    assert data.sizes["cell"] == 2
    assert data.time_s.values.tolist() == [0.0, 2.0, 4.0, 6.0]
    assert data.seed.values.tolist() == [3, 5]
    tag = runtime.locus_tags[10]
    wanted = [int(one.proteins[-1, 10]) for one in results]
    assert data.proteins.sel(gene=tag, time_s=6.0).values.tolist() == wanted
    assert data.resources.sel(resource="ATP", time_s=4.0).values.tolist() == [1000, 1000]
    table = bx.ensemble_to_anndata(results)
    assert table.shape == (2, len(runtime))
    assert np.array_equal(table.X[1], results[1].mrnas[-1])
    assert np.array_equal(table.layers["proteins"][0], results[0].proteins[-1])
    assert table.obs["seed"].tolist() == [3, 5]
    assert table.obs["ATP"].tolist() == [int(one.resources["ATP"][-1]) for one in results]
    assert table.var_names[10] == tag


def test_results_that_are_no_ensemble_are_refused(result: bx.ExecutionResult) -> None:
    with pytest.raises(bx.APIValidationError, match="no result"):
        bx.ensemble_to_xarray([])
    with pytest.raises(bx.APIValidationError, match="not of int"):
        bx.ensemble_to_anndata([3])  # type: ignore[list-item]
    with pytest.raises(bx.APIValidationError, match="what is"):
        bx.ensemble_to_anndata([result], what="dna")


def test_a_timeline_has_the_samples_of_the_cycle(
    runtime: bx.GenomicRuntime, result: bx.ExecutionResult, tmp_path: Path
) -> None:
    with bx.GenomicVirtualizationManager({"execution_parameters": {"cell_cycle": True}}) as manager:
        cell = manager.create_cellular_context(manager.load_genome_runtime(), seed=3)
        lived = cell.execute("run(900, every_s=60); replicate(); divide(); run(600, every_s=60)")
    panels = plots.cell_cycle_timeline(lived)
    assert panels.shape == (5,)
    cycle, minutes = lived.cell_cycle, lived.time_s / 60
    drawn = [
        (panels[0].lines[0], cycle["volume_l"] * 1e15),
        (panels[1].lines[0], cycle["growth_rate_per_h"]),
        (panels[2].lines[0], cycle["origins"]),
        (panels[2].lines[1], cycle["chromosomes"]),
        (panels[3].lines[0], cycle["forks"]),
    ]
    machines = lived.machines["ribosome"]["total"]
    drawn.append((panels[4].lines[1], machines / machines[0]))
    # nothing is drawn through replicate(), of which only the ends are recorded
    gap = int(np.argmax(np.diff(minutes)))
    assert minutes[gap] == 15
    for line, values in drawn:
        seen = np.isfinite(line.get_ydata())
        assert np.flatnonzero(~seen).tolist() == [gap + 1]
        assert np.array_equal(np.asarray(line.get_xdata())[seen], minutes)
        assert np.allclose(np.asarray(line.get_ydata())[seen], values)
    # the bands are the phases, one after the other, and a line stands where the cell divides
    bands = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in panels[0].patches]
    rows = np.flatnonzero(cycle["phase"][1:] != cycle["phase"][:-1]) + 1
    starts, ends = [minutes[0], *minutes[rows]], [*minutes[rows], minutes[-1]]
    ends[starts.index(minutes[gap + 1]) - 1] = minutes[gap]
    assert np.allclose(bands, list(zip(starts, ends, strict=True)))
    assert len({patch.get_facecolor() for patch in panels[0].patches}) == 3
    (division,) = (line for line in panels[1].lines if len(line.get_xdata()) == 2)
    born = minutes[np.flatnonzero(cycle["generation"] == 1)[0]]
    assert division.get_xdata()[0] == born
    named = [text.get_text() for text in panels[0].texts]
    assert "not sampled" in named
    figure = panels[0].figure
    figure.canvas.draw()
    (legend,) = (
        axis.get_legend()
        for axis in figure.axes
        if axis.bbox.bounds == panels[0].bbox.bounds and axis.get_legend()
    )
    shown = panels[0].transData.transform(np.column_stack([minutes, cycle["volume_l"] * 1e15]))
    assert not any(legend.get_window_extent().contains(*point) for point in shown)
    panels[0].figure.savefig(tmp_path / "timeline.png")
    with pytest.raises(bx.APIValidationError, match="does not grow"):
        plots.cell_cycle_timeline(result)
    with pytest.raises(bx.APIValidationError, match="at least two samples"):
        plots.cell_cycle_timeline(
            bx.ExecutionResult(**{**_fields(lived), "time_s": lived.time_s[:1]})
        )
    with pytest.raises(bx.APIValidationError, match="figure"):
        plots.cell_cycle_timeline(lived, figure=3)


def _fields(result: bx.ExecutionResult) -> dict[str, Any]:
    return {part.name: getattr(result, part.name) for part in fields(result)}
