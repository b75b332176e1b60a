"""Reading genome bytes: every source, gzip within its limits, one typed error for the rest."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

import pytest

from bioxen_jcvi_vm_lib import APIValidationError, GenomeFormatError
from bioxen_jcvi_vm_lib import _reading as reading

DATA = b">x\n" + b"ACGT" * 300_000


def test_every_source_gives_the_same_bytes(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.fa", tmp_path / "a.fa.gz"
    plain.write_bytes(DATA)
    packed.write_bytes(gzip.compress(DATA))
    sources: list[Any] = [plain, str(packed), DATA, bytearray(DATA), memoryview(DATA)]
    for source in [*sources, io.BytesIO(DATA), io.BytesIO(gzip.compress(DATA))]:
        assert reading.read_genome(source)[0] == DATA


def test_gzip_of_several_members_is_joined() -> None:
    parts = [DATA[:1000], b"", DATA[1000:900_000], DATA[900_000:]]
    packed = b"".join(gzip.compress(part) for part in parts)
    assert reading.read_genome(packed)[0] == DATA
    assert reading.read_genome(packed + b"\0" * 512)[0] == DATA


def test_every_truncation_of_gzip_is_an_error() -> None:
    packed = gzip.compress(b"LOCUS and so on" * 20)
    for length in range(2, len(packed)):
        with pytest.raises(GenomeFormatError, match=r"truncated|damaged"):
            reading.read_genome(packed[:length])


def test_a_damaged_member_and_garbage_after_it_are_errors() -> None:
    packed = bytearray(gzip.compress(DATA))
    packed[-6] ^= 1  # checksum
    with pytest.raises(GenomeFormatError, match="damaged"):
        reading.read_genome(bytes(packed))
    with pytest.raises(GenomeFormatError, match="not gzip"):
        reading.read_genome(gzip.compress(DATA) + b"garbage")


def test_a_decompression_bomb_stops_at_the_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "RATIO_FREE_BYTES", 2**20)
    bomb = gzip.compress(b"A" * 2**24)
    assert len(bomb) * reading.MAX_RATIO < 2**24
    with pytest.raises(GenomeFormatError, match="times its compressed size"):
        reading.read_genome(bomb)


def test_the_limit_on_size_holds_before_and_after_decompression(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    path = tmp_path / "big.fa"
    path.write_bytes(b"A" * 1001)
    for source in (path, b"A" * 1001, io.BytesIO(b"A" * 5000), gzip.compress(b"A" * 1001)):
        with pytest.raises(GenomeFormatError, match="8 GiB"):
            reading.read_genome(source)
    assert reading.read_genome(b"A" * 1000)[0] == b"A" * 1000


def test_what_cannot_be_read_is_one_typed_error(tmp_path: Path) -> None:
    (tmp_path / "empty.gb").touch()
    for source, says in (
        (tmp_path, "directory"),
        (tmp_path / "none.gb", "does not exist"),
        (tmp_path / "empty.gb", "empty"),
        (b"", "empty"),
        (gzip.compress(b""), "empty"),
        ("a\0b", "zero byte"),
    ):
        with pytest.raises(GenomeFormatError, match=says):
            reading.read_genome(source)
    for wrong in (3, 2.5, ["a"], io.StringIO(">x")):
        with pytest.raises(APIValidationError):
            reading.read_genome(wrong)


def test_raw_deflate_is_not_taken_for_gzip() -> None:
    data = zlib.compress(DATA)
    assert reading.read_genome(data)[0] == data
