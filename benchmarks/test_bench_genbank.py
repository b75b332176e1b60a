"""GenBank files against gb-io and Biopython: from bytes to every feature and qualifier, touched."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from contest import Case, Contender
from peers import genbank

PEERS = {
    f"gb-io {version('gb-io')}": genbank.gb_io_content,
    f"Biopython {version('biopython')}": genbank.biopython_content,
}
GOALS = dict(zip(PEERS, (1.5, 9.0), strict=True))


@pytest.mark.parametrize("name", ["syn3A", "T7"])
def test_every_feature_and_qualifier(
    name: str, contest: Callable[..., Case], shared_data: Callable[[str], Path]
) -> None:
    data = shared_data(f"genomes/{name}.gb").read_bytes()
    ours = genbank.bioxen_content(data)
    assert ours.features > 100
    for peer, content in PEERS.items():
        assert content(data) == ours, peer
    repeats = max(1, 2_000_000 // len(data))  # a round lasts some milliseconds
    megabytes = repeats * len(data) / 1e6

    def contender(who: str, content: Callable[[bytes], genbank.Content]) -> Contender:
        return Contender(who, lambda: lambda: [content(data) for _ in range(repeats)], megabytes)

    contest(
        f"{name}.gb",
        "MB/s",
        contender("bioxen", genbank.bioxen_content),
        *(contender(who, content) for who, content in PEERS.items()),
        contender("bioxen, compiled too", genbank.bioxen_runtime_content),
        goals=GOALS,
    )
