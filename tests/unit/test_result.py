"""Results: joined columns, frozen, and the same numbers in every view."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bioxen_jcvi_vm_lib import (
    APIValidationError,
    Audit,
    ExecutionResult,
    MissingDependencyError,
    _core,
)

POOLS = _core.resource_names()
GENES = ("a_0001", "a_0002", "a_0003")


def trace(start_s: float, rows: int, *, atp: int = 100, status: str = "completed") -> Any:
    """A trace of `rows` rows, 10 s apart, that continues what the former would have ended with."""
    time_s = start_s + 10.0 * np.arange(rows)
    step = (time_s / 10).astype(np.int64)
    pools = np.zeros((rows, len(POOLS)), dtype=np.int64)
    pools[:, POOLS.index("ATP")] = atp
    pools[:, POOLS.index("GTP")] = 50 + step
    return SimpleNamespace(
        status=status,
        cause="",
        time_s=time_s,
        proteins=np.stack([step, 2 * step, 3 * step], axis=1),
        mrnas=np.ones((rows, 3), dtype=np.int64),
        resources=pools,
        machines={
            "ribosome": {
                "total": np.full(rows, 10),
                "free": np.full(rows, 4),
                "active": np.full(rows, 6),
            }
        },
        cell_cycle={"phase": np.minimum(step, 2), "volume_l": 1e-17 * (1.0 + step)},
        events={"codon_steps": 7, "translation_completions": 2},
        ledger={"translation": {"GTP": -4}, "charging": {"ATP": -2}},
        wall_time_s=0.5,
        sim_time_s=10.0 * (rows - 1),
    )


def result(*traces: Any) -> ExecutionResult:
    return ExecutionResult.from_traces(
        traces or (trace(0, 4),),
        audit={"adenylate": 0, "phosphate": 0},
        seed=2**64 - 1,
        runtime_fingerprint="abc",
        genes=GENES,
    )


def test_a_repeated_boundary_row_is_counted_once() -> None:
    joined = result(trace(0, 3), trace(20, 4))
    assert joined.time_s.tolist() == [0, 10, 20, 30, 40, 50]
    assert joined.proteins[:, 2].tolist() == [0, 3, 6, 9, 12, 15]
    assert joined.events == {"codon_steps": 14, "translation_completions": 4}
    assert joined.ledger["translation"]["GTP"] == -8
    assert joined.sim_time_s == 50
    assert joined.wall_time_s == 1.0
    assert joined.real_time_factor == 50


def test_a_boundary_row_that_was_changed_is_kept() -> None:
    joined = result(trace(0, 3), trace(20, 2, atp=5))
    assert joined.time_s.tolist() == [0, 10, 20, 20, 30]
    assert joined.resources["ATP"].tolist() == [100, 100, 100, 5, 5]
    assert joined.ledger["operator"] == {"ATP": -95}


def test_the_status_is_that_of_the_last_part() -> None:
    assert result(trace(0, 3), trace(20, 2, status="cancelled")).status == "cancelled"


def test_a_result_is_frozen() -> None:
    joined = result(trace(0, 3), trace(20, 2))
    with pytest.raises(AttributeError):
        joined.status = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        joined.events["x"] = 1  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        joined.proteins[0, 0] = 1


def test_an_audit_is_ok_when_every_residual_is_zero() -> None:
    assert Audit({"a": 0}).ok
    wrong = Audit({"a": 0, "b": -3})
    assert not wrong.ok
    assert "b -3" in str(wrong)
    assert wrong.to_dict() == {"ok": False, "residuals": {"a": 0, "b": -3}}


def test_active_fractions_are_means_over_the_samples() -> None:
    assert result().active_fraction("ribosome") == pytest.approx(0.6)
    with pytest.raises(APIValidationError, match="ribosome"):
        result().active_fraction("ribosomes")


def test_every_view_holds_the_same_numbers(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    xarray = pytest.importorskip("xarray")
    whole = result(trace(0, 3), trace(20, 2, atp=5))
    plain = json.loads(json.dumps(whole.to_dict()))
    frame = whole.to_pandas()
    dataset = whole.to_xarray()
    whole.to_parquet(tmp_path / "r.parquet")
    whole.to_netcdf(tmp_path / "r.nc")
    whole.to_csv(tmp_path / "r.csv")
    stored = pandas.read_parquet(tmp_path / "r.parquet")
    with xarray.open_dataset(tmp_path / "r.nc", engine="h5netcdf") as file:
        loaded = file.load()
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = whole.proteins[:, 1].tolist()
    assert [row[1] for row in plain["proteins"]] == expected
    for table in (frame, stored):
        assert table["protein.a_0002"].tolist() == expected
        assert table["resource.ATP"].tolist() == whole.resources["ATP"].tolist()
        assert table["machine.ribosome.active"].tolist() == [6] * 5
        assert table.index.tolist() == whole.time_s.tolist()
    for cube in (dataset, loaded):
        assert cube["proteins"].sel(gene="a_0002").values.tolist() == expected
        assert cube["machines_active"].sel(machine="ribosome").values.tolist() == [6] * 5
        assert cube.attrs["seed"] == str(2**64 - 1)
    assert [int(row["protein.a_0002"]) for row in rows] == expected
    assert stored.attrs["ledger"] == {
        "translation": {"GTP": -8},
        "charging": {"ATP": -4},
        "operator": {"ATP": -95},
    }
    assert stored.attrs["seed"] == 2**64 - 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.nc", "r.parquet"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(APIValidationError, match="cannot be written: No such file"):
        result().to_csv(tmp_path / "none" / "r.csv")
    (tmp_path / "r.csv").mkdir()
    with pytest.raises(APIValidationError, match="cannot be written: it is a directory"):
        result().to_csv(tmp_path / "r.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]


def test_a_missing_package_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for module in ("pandas", "xarray", "matplotlib"):
        monkeypatch.setitem(sys.modules, module, None)
    cure = r"pip install 'bioxen_jcvi_vm_lib\[analysis\]'"
    for view in (result().to_pandas, result().to_xarray, result().plot):
        with pytest.raises(MissingDependencyError, match=cure):
            view()


def test_the_plot_has_four_panels_and_names_unknown_things() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    axes = result().plot()
    assert axes.shape == (2, 2)
    assert [axis.get_title() for axis in axes.flat] == [
        "expression, all genes",
        "machines at work",
        "resources",
        "spending by process",
    ]
    result().plot(genes=["a_0001"], resources=["GTP"])
    with pytest.raises(APIValidationError, match="did you mean 'a_0001'"):
        result().plot(genes=["a_001"])
    with pytest.raises(APIValidationError, match="GTP"):
        result().plot(resources=["GTPP"])
    for wrong in (3, "a_0001", [3], [[]], float("nan")):
        with pytest.raises(APIValidationError, match="genes must be a list of names"):
            result().plot(genes=wrong)  # type: ignore[arg-type]
        with pytest.raises(APIValidationError, match="resources must be a list of names"):
            result().plot(resources=wrong)  # type: ignore[arg-type]
    with pytest.raises(APIValidationError, match="matplotlib Figure"):
        result().plot(figure=3)
    pyplot.close("all")


@pytest.mark.parametrize("machine", [3, None, [], {}, "ribosom"])
def test_a_machine_that_is_none_is_refused(machine: Any) -> None:
    with pytest.raises(APIValidationError, match="no machine"):
        result().active_fraction(machine)


def test_the_html_summary_says_what_happened() -> None:
    text = result()._repr_html_()
    for word in ("completed", "60.0 %", "ok (2 residuals, all 0)", str(2**64 - 1)):
        assert word in text
