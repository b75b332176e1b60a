"""Flux balance: a warm solve after one bound changed, against bare HiGHS and against cobrapy.

    pip install '.[metabolism]' cobra
    python benchmarks/metabolism.py [--repeats 300]

Every model is solved for the same sequence of media, and the growth compared before the clock
starts. "HiGHS alone" changes the bound, runs, and reads fluxes and reduced costs into arrays, with
the same options as the library; with both stages it goes on to min sum v^2 by HiGHS' own quadratic
solver on a model of its own that is kept loaded, its objective fixed to the growth found.
"From one start" is what a cell does every minute: each solve begins where one was remembered, so
that its digits do not depend on the solves before. Medians with quartiles; iMB155 is skipped where
../shared/data is not there, and so is a cycle of syn3A with and without it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cobra
import highspy
import numpy as np
from cobra.io import load_json_model, read_sbml_model

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.metabolism import FluxBalance, MetabolicModel

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
IMB155 = DATA / "models" / "iMB155.json"
KINETICS = ("amino_acid", "central", "cofactor", "lipid", "nucleotide", "transport")
COBRA_DATA = Path(cobra.__file__).parent / "data"
MODELS = {
    "e_coli_core": COBRA_DATA / "textbook.xml.gz",
    "iMB155": IMB155,
    "iJO1366": COBRA_DATA / "iJO1366.xml.gz",
}
GLUCOSE = "EX_glc__D_e"
SHARES = [0.90 + 0.01 * step for step in range(7)]


def bare(balance: FluxBalance) -> tuple[Any, Any]:
    """The linear and the quadratic programme of a model, loaded in HiGHS."""
    linear = balance._loaded(balance._lower.copy(), balance._upper.copy())
    n = len(balance.model.reactions)
    programme = highspy.HighsModel()
    programme.lp_ = linear.getLp()
    programme.lp_.sense_ = highspy.ObjSense.kMinimize
    programme.lp_.col_cost_ = np.zeros(n)
    hessian = programme.hessian_
    hessian.dim_ = n
    hessian.format_ = highspy.HessianFormat.kTriangular
    hessian.start_, hessian.index_ = np.arange(n + 1), np.arange(n)
    hessian.value_ = np.full(n, 2.0)
    quadratic = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("time_limit", 10.0)):
        quadratic.setOptionValue(option, value)
    quadratic.passModel(programme)
    return linear, quadratic


def median_ms(call: Callable[[float], Any], uptake: float, repeats: int) -> tuple[float, str]:
    """Median of the time of a call [ms], and it with quartiles as text."""
    spent = []
    for number in range(repeats):
        value = uptake * SHARES[number % len(SHARES)]
        began = time.perf_counter()
        call(value)
        spent.append(1e3 * (time.perf_counter() - began))
    low, middle, high = statistics.quantiles(spent, n=4)
    return middle, f"{middle:8.3f} ms ({low:.3f}-{high:.3f})"


def one_model(name: str, path: Path, repeats: int) -> None:
    """Check and time one model."""
    theirs = load_json_model(path) if path.suffix == ".json" else read_sbml_model(str(path))
    model = MetabolicModel.read(path)
    balance = FluxBalance(model)
    column = model.reaction_index[GLUCOSE]
    growth = next(i for r, i in model.reaction_index.items() if r in model.objective)
    exchange = theirs.reactions.get_by_id(GLUCOSE)
    uptake, upper = -exchange.lower_bound, exchange.upper_bound
    linear, quadratic = bare(balance)
    started = FluxBalance(model)
    started.solve()
    started.remember()

    def ours(value: float) -> float:
        return balance.solve({"medium": {GLUCOSE: value}}).growth_rate_per_h

    def from_one_start(value: float) -> float:
        return started.solve({"medium": {GLUCOSE: value}}, warm=False).growth_rate_per_h

    def cobras(value: float) -> float:
        exchange.lower_bound = -value
        return float(theirs.optimize().objective_value)

    def stage_one(value: float) -> float:
        linear.changeColBounds(column, -value, upper)
        linear.run()
        solution = linear.getSolution()
        np.array(solution.col_value), np.array(solution.col_dual)
        return float(linear.getObjectiveValue())

    def both_stages(value: float) -> Any:
        rate = stage_one(value)
        quadratic.changeColBounds(column, -value, upper)
        quadratic.changeColBounds(growth, rate * (1 - 1e-9), upper)
        quadratic.run()
        np.array(quadratic.getSolution().col_value)
        return quadratic.getModelStatus()

    for share in SHARES:
        rates = [call(uptake * share) for call in (ours, from_one_start, cobras, stage_one)]
        assert max(rates) - min(rates) < 1e-6, (name, rates)
    print(
        f"\n{name}: {len(model.reactions)} reactions, face of {balance._face.dimension} dimensions"
    )
    solved = both_stages(uptake) == highspy.HighsModelStatus.kOptimal
    mine, text = median_ms(ours, uptake, repeats)
    print(f"  the library, both stages    {text}")
    for label, call, count in (
        ("the library, from one start", from_one_start, repeats),
        ("HiGHS alone, first stage", stage_one, repeats),
        ("HiGHS alone, both stages", both_stages, min(repeats, 50)),
        ("cobrapy optimize(), first", cobras, min(repeats, 50)),
    ):
        other, text = median_ms(call, uptake, count)
        failed = " FAILS: kSolveError" if call is both_stages and not solved else ""
        print(f"  {label:<27} {text}  library / this {mine / other:.2f}{failed}")


def one_cycle(seconds: float, rounds: int) -> None:
    """Time the minutes of a syn3A cell with and without metabolism, in turns."""
    config = {"execution_parameters": {"proteome_file": str(DATA / "syn3A" / "proteome.csv")}}
    tables = [str(DATA / "syn3A" / f"kinetics_{name}.csv") for name in KINETICS]
    model = {"metabolic_model": str(IMB155), "kinetics_files": tables}
    runtimes = [
        bx.GenomicVirtualizationManager({**config, **extra}).load_genome_runtime(
            DATA / "genomes" / "syn3A.gb"
        )
        for extra in ({}, model)
    ]
    spent: list[list[float]] = [[], []]
    solved = 0.0
    with bx.GenomicVirtualizationManager() as manager:
        for seed in range(rounds):
            for runtime, times in zip(runtimes, spent, strict=True):
                context = manager.create_cellular_context(runtime, seed=seed)
                times.append(context.run(seconds).wall_time_s)
            began = time.perf_counter()
            for _ in range(100):
                manager.execute_metabolic_engine(context)
            solved = 10 * (time.perf_counter() - began)
    plain, coupled = map(statistics.median, spent)
    print(
        f"\nsyn3A, {seconds:g} s: {plain:.2f} s without, {coupled:.2f} s with metabolism and "
        f"enzymes (iMB155, solved every 60 s in {solved:.2f} ms)"
    )


def main() -> None:
    """Time all models."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=300)
    repeats = parser.parse_args().repeats
    for name, path in MODELS.items():
        if path.is_file():
            one_model(name, path, repeats)
        else:
            print(f"\n{name}: skipped, no {path}")
    if IMB155.is_file():
        one_cycle(6300.0, 3)


if __name__ == "__main__":
    main()
