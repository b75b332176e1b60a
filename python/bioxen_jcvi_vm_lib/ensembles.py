"""Results of many cells of one genome as one table: for xarray, and for the single-cell tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib.result import ExecutionResult, needed

__all__ = ["ensemble_to_anndata", "ensemble_to_xarray"]


def ensemble_to_xarray(results: Sequence[ExecutionResult]) -> Any:
    """Return an ``xarray.Dataset`` over the dimensions cell, time_s, gene, resource, machine.

    Parameters
    ----------
    results : sequence of ExecutionResult
        Of one genome, as ``run_ensemble`` returns them. Cells that were sampled at other times,
        because they ended early, have NaN at the times that they lack. Of two states at one time
        (something was set) the later one is there.

    Raises
    ------
    MissingDependencyError
        Without the extra ``[analysis]``.
    APIValidationError
        If there is no result, or they are of different genomes.
    """
    xarray = needed("xarray")
    cells = _of_one_genome(results)
    whole = xarray.concat(
        [_bare(one.to_xarray()).drop_duplicates("time_s", keep="last") for one in cells],
        dim="cell",
        join="outer",
    )
    whole = whole.assign_coords(
        seed=("cell", np.array([one.seed for one in cells], dtype=np.uint64)),
        status=("cell", [one.status for one in cells]),
    )
    whole.attrs["runtime_fingerprint"] = cells[0].runtime_fingerprint
    return whole


def ensemble_to_anndata(
    results: Sequence[ExecutionResult], *, what: Literal["mrnas", "proteins"] = "mrnas"
) -> Any:
    """Return an ``anndata.AnnData`` of cells by genes: the state at the end of each run.

    Parameters
    ----------
    results : sequence of ExecutionResult
        Of one genome, as ``run_ensemble`` returns them.
    what : str
        Which counts are ``X``: "mrnas", as in single-cell sequencing, or "proteins". Both are
        layers. ``obs`` has seed, status, age [s] and the molecules of each resource; ``var`` is
        indexed by locus tag and has ``gene_name``.

    Raises
    ------
    MissingDependencyError
        Without the extra ``[analysis]``.
    APIValidationError
        If there is no result, they are of different genomes, or `what` is neither.
    """
    if what not in ("mrnas", "proteins"):
        raise APIValidationError(f'what is "mrnas" or "proteins", not {short(what)}')
    anndata, pandas = needed("anndata"), needed("pandas")
    cells = _of_one_genome(results)
    layers = {
        name: np.stack([getattr(one, name)[-1] for one in cells]) for name in ("mrnas", "proteins")
    }
    names = [f"cell{index}" for index in range(len(cells))]
    columns: dict[str, Any] = {
        "seed": np.array([one.seed for one in cells], dtype=np.uint64),
        "status": [one.status for one in cells],
        "time_s": [float(one.time_s[-1]) for one in cells],
    }
    for resource in cells[0].resources:
        columns[resource] = [int(one.resources[resource][-1]) for one in cells]
    return anndata.AnnData(
        X=layers[what].copy(),  # what is normalised in place leaves the counts in the layers
        obs=pandas.DataFrame(columns, index=names),
        var=pandas.DataFrame(
            {"gene_name": list(cells[0].gene_names or [""] * len(cells[0].genes))},
            index=list(cells[0].genes),
        ),
        layers=layers,
        uns={"runtime_fingerprint": cells[0].runtime_fingerprint},
    )


def _bare(dataset: Any) -> Any:
    """Take away what is of one cell only."""
    dataset.attrs = {}
    return dataset


def _of_one_genome(results: Any) -> list[ExecutionResult]:
    if isinstance(results, ExecutionResult):
        results = [results]
    if not isinstance(results, Iterable):
        raise APIValidationError(
            f"results are those of run_ensemble, not of type {type(results).__name__}"
        )
    cells = list(results)
    if not cells:
        raise APIValidationError("there is no result: give those of run_ensemble")
    for one in cells:
        if not isinstance(one, ExecutionResult):
            raise APIValidationError(
                f"an ensemble is made of ExecutionResult, not of {type(one).__name__}"
            )
        if one.genes != cells[0].genes:
            raise APIValidationError(
                "the results are of different genomes: cells of an ensemble have one"
            )
        if one.runtime_fingerprint != cells[0].runtime_fingerprint:
            raise APIValidationError(
                "the results are of one genome with different parameters "
                f"({cells[0].runtime_fingerprint}, {one.runtime_fingerprint}): make a table of each"
            )
    return cells
