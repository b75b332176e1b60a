"""Reading genome bytes: every source, gzip within its limits, one typed error for the rest."""

from __future__ import annotations

import gzip
import io
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from bioxen_jcvi_vm_lib import APIValidationError, GenomeFormatError
from bioxen_jcvi_vm_lib import _reading as reading

ODD = Path(__file__).parents[1] / "data" / "odd"
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


def test_gzip_costs_in_proportion_to_its_members() -> None:
    # A linear reader takes 8 times as long, one that copies what follows each member 23 times.
    # Processor time of the best run: other work disturbs a run only for the worse.
    def cost_s(members: int) -> float:
        packed = gzip.compress(b"ACGT") * members
        runs = []
        for _ in range(5):
            start = time.process_time()
            reading.read_genome(packed)
            runs.append(time.process_time() - start)
        return min(runs)

    assert cost_s(16_000) <= 2.5**3 * cost_s(2_000)


def test_every_truncation_of_gzip_is_an_error() -> None:
    packed = gzip.compress(b"LOCUS and so on" * 20)
    for length in range(2, len(packed)):
        with pytest.raises(GenomeFormatError, match=r"truncated|damaged"):
            reading.read_genome(packed[:length])


def test_every_changed_byte_of_gzip_is_an_error_or_changes_nothing() -> None:
    packed = (ODD / "gzip_29_one_member.gb.gz").read_bytes()
    whole = gzip.decompress(packed)
    refused = 0
    for at in range(2, len(packed)):  # without its first two bytes it is not gzip
        changed = bytearray(packed)
        for other in range(1, 256):
            changed[at] = packed[at] ^ other
            try:
                assert reading.read_genome(bytes(changed))[0] == whole
            except GenomeFormatError:
                refused += 1
    assert refused > 255 * (len(packed) - 12)  # only time stamp, flags and system are free


def test_a_damaged_member_and_garbage_after_it_are_errors() -> None:
    packed = bytearray(gzip.compress(DATA))
    packed[-6] ^= 1  # checksum
    with pytest.raises(GenomeFormatError, match="damaged"):
        reading.read_genome(bytes(packed))
    with pytest.raises(GenomeFormatError, match="not gzip"):
        reading.read_genome(gzip.compress(DATA) + b"garbage")


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
