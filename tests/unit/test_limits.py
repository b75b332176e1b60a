"""What an input may cost: each limit at its value, where it is accepted, and just beyond."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bioxen_jcvi_vm_lib import GenomeFormatError, _core
from bioxen_jcvi_vm_lib import _reading as reading

MIB, GIB = 2**20, 2**30
LOCUS = "LOCUS       TEST          200 bp    DNA     circular SYN 01-JAN-2026\n"
ORIGIN = "ORIGIN\n" + "        1 acgttgcata\n" * 20 + "//\n"


def record(features: str) -> bytes:
    return f"{LOCUS}FEATURES             Location/Qualifiers\n{features}{ORIGIN}".encode()


def located(location: str) -> _core.Genome:
    return _core.decode(record(f"     misc_feature    {location}\n"))


def spans(count: int) -> str:
    return "join(" + "1..2," * (count - 1) + "1..2)"


def nested(depth: int) -> str:
    return "complement(" * depth + "1..2" + ")" * depth


def table(rows: int) -> bytes:
    return b"##gff-version 3\n" + b"c\t.\texon\t1\t9\t.\t+\t.\tID=a\n" * rows


# --- decoded bytes: 8 GiB


def test_a_file_over_8_gib_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.fa"
    with path.open("wb") as file:
        file.truncate(8 * GIB + 1)  # a hole: takes no room
    with pytest.raises(GenomeFormatError, match="limit of 8 GiB"):
        reading.read_genome(path)
    assert reading.MAX_BYTES == 8 * GIB


def test_decompressed_bytes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 3 * MIB)
    whole = b"A" * (3 * MIB)
    for packed in (gzip.compress(whole), gzip.compress(whole[:MIB]) + gzip.compress(whole[MIB:])):
        assert reading.read_genome(packed)[0] == whole
        with pytest.raises(GenomeFormatError, match="8 GiB after decompression"):
            reading.read_genome(packed + gzip.compress(b"A"))


def test_what_is_read_is_limited_whatever_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    path = tmp_path / "genome.fa"
    for size in (1000, 1001):
        data = b"A" * size
        path.write_bytes(data)
        with path.open("rb") as file:
            for source in (path, data, memoryview(data), file):
                if size == 1000:
                    assert reading.read_genome(source)[0] == data
                else:
                    with pytest.raises(GenomeFormatError, match="8 GiB"):
                        reading.read_genome(source)


# --- decompression ratio: 200:1 beyond 64 MiB


def test_a_bomb_stops_soon_after_64_mib() -> None:
    free = gzip.compress(b"\0" * (64 * MIB), compresslevel=1)
    assert len(reading.read_genome(free)[0]) == 64 * MIB > 200 * len(free)
    for more, at_most in ((b"\0", 1), (b"\0" * (16 * MIB), MIB)):
        with pytest.raises(GenomeFormatError, match="200 times its compressed size") as caught:
            reading.read_genome(free + gzip.compress(more))
        assert caught.value.offset is not None
        assert 64 * MIB < caught.value.offset <= 64 * MIB + at_most


def test_the_ratio_is_exactly_200(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "RATIO_FREE_BYTES", MIB)
    whole = b"A" * (2 * MIB - 2 * MIB % 200)
    packed = gzip.compress(whole)
    padding = len(whole) // 200 - len(packed)  # zeros after a member are no data
    assert padding > 1
    assert reading.read_genome(packed + b"\0" * padding)[0] == whole
    with pytest.raises(GenomeFormatError, match="times its compressed size"):
        reading.read_genome(packed + b"\0" * (padding - 1))


# --- features: 5 million


@pytest.mark.slow
def test_five_million_features_are_read_and_no_more() -> None:
    feature = "     x               1\n"
    genome = _core.decode(record(feature * 5_000_000))
    assert genome.memory_bytes > 5_000_000 * 100
    with pytest.raises(GenomeFormatError, match="more than 5000000 features"):
        _core.decode(record(feature * 5_000_001))


# --- location parts: 100,000


def test_a_location_has_at_most_100_000_parts() -> None:
    assert len(located(spans(100_000)).records[0].features[0].location.parts) == 100_000
    with pytest.raises(GenomeFormatError, match="more than 100000 parts"):
        located(spans(100_001))


def test_a_gff3_feature_has_at_most_100_000_rows() -> None:
    genome = _core.decode(table(100_000))
    assert len(genome.records[0].features[0].location.parts) == 100_000
    with pytest.raises(GenomeFormatError, match="more than 100000 lines"):
        _core.decode(table(100_001))


# --- nesting: 32, without recursion


def test_a_location_is_nested_at_most_32_deep() -> None:
    assert located(nested(32)).records[0].features[0].location.strand == 1
    for depth in (33, 1_000_000):  # a recursive reader would overflow its stack
        with pytest.raises(GenomeFormatError, match="nested deeper than 32"):
            located(nested(depth))
