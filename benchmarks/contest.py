"""Contenders for the same work, timed in turns, and the table of what came out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Contender:
    """One that does a case's work.

    Attributes
    ----------
    name : str
        Tool and version, or the variant.
    prepare : callable
        Called before each round, off the clock; returns what is timed.
    amount : float
        What one round gets done, in the units of the case.
    """

    name: str
    prepare: Callable[[], Callable[[], Any]]
    amount: float
    seconds: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [self.amount / second for second in self.seconds]

    def time(self) -> None:
        work = self.prepare()
        started = time.perf_counter()
        work()
        self.seconds.append(time.perf_counter() - started)


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g})"


def shown(values: Iterable[float], mean: str = ".3g", deviation: str = ".2g") -> str:
    """Mean and standard deviation, each in its format."""
    known = list(values)
    spread = statistics.stdev(known) if len(known) > 1 else 0.0
    return f"{statistics.mean(known):{mean}} ± {spread:{deviation}}"


@dataclass
class Case:
    """Contenders for one work.

    Attributes
    ----------
    name, unit : str
        The work, and what a rate is measured in.
    contenders : sequence of Contender
        The first one is compared with every other.
    goals, most : dict of str to float
        By name of the other: the least, or the greatest, ratio of the first one's rate to its.
    least : float
        Goal for the first one's own rate; 0 for none.
    """

    name: str
    unit: str
    contenders: Sequence[Contender]
    goals: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    least: float = 0.0
    lines: list[str] = field(default_factory=list)

    def run(self, benchmark: Any, rounds: int) -> None:
        """Time everyone in turns; the first one's rounds are pytest-benchmark's.

        With --benchmark-disable only the answers are checked.
        """
        if benchmark.disabled:
            benchmark.pedantic(lambda: None)
            return
        first, *others = self.contenders

        def turn() -> tuple[tuple[Callable[[], Any]], dict[str, Any]]:
            for other in others:
                other.time()
            return (first.prepare(),), {}

        for contender in self.contenders:
            contender.prepare()()
        benchmark.pedantic(lambda work: work(), setup=turn, rounds=rounds, iterations=1)
        first.seconds = list(benchmark.stats.stats.data)
        self.also(self.unit, {who.name: who.rates for who in self.contenders}, judged=True)
        benchmark.extra_info["rates"] = {who.name: who.rates for who in self.contenders}

    def also(self, unit: str, rates: dict[str, list[float]], *, judged: bool = False) -> None:
        """Add lines to the table: the same rounds in another unit."""
        if not all(rates.values()):
            return
        medians = {who: statistics.median(values) for who, values in rates.items()}
        ours = medians[self.contenders[0].name]
        for who, values in rates.items():
            ratio = ours / medians[who]
            goal = self._goal(who, ratio, medians[who]) if judged else ""
            shown = "" if who == self.contenders[0].name else f"{ratio:.2f}"
            self.lines.append(
                f"| {self.name} | {who} | {spread(values)} | {unit} | {shown} | {goal} |"
            )

    def _goal(self, who: str, ratio: float, rate: float) -> str:
        if who == self.contenders[0].name and self.least:
            return f"≥ {self.least:.3g}" + (", missed" if rate < self.least else "")
        if who in self.goals:
            return f"≥ {self.goals[who]:g}" + (", missed" if ratio < self.goals[who] else "")
        if who in self.most:
            return f"≤ {self.most[who]:g}" + (", missed" if ratio > self.most[who] else "")
        return ""


HEADER = (
    "| case | who | median (range) | unit | first / this | goal |",
    "|---|---|---|---|---|---|",
)
