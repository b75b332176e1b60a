"""Reading genome bytes: paths, bytes and file objects; gzip with limits."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import IO, Any

from bioxen_jcvi_vm_lib._errors import APIValidationError, GenomeFormatError

#: Largest genome after decompression [bytes].
MAX_BYTES = 8 * 2**30
#: Largest ratio of decompressed to compressed size, once more than `RATIO_FREE_BYTES` came out.
MAX_RATIO = 200
RATIO_FREE_BYTES = 64 * 2**20
_CHUNK = 2**20
#: What a member is first given: what it leaves over is copied, and a file may have many small ones.
_FIRST_CHUNK = 2**12
_GZIP_MAGIC = b"\x1f\x8b"

GenomeSource = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]


def read_genome(source: Any, what: str = "genome file") -> tuple[bytes, str]:
    """Return the decompressed bytes of a genome and a name for messages.

    Parameters
    ----------
    source : path, bytes-like or binary file object
        What to read; gzip is recognised by its content.
    what : str
        Name of the argument, for messages.

    Raises
    ------
    GenomeFormatError
        If it cannot be read, is a directory, is empty, or is damaged or oversized gzip.
    APIValidationError
        If `source` is none of the accepted kinds.
    """
    raw, name = _raw(source, what)
    if raw.startswith(_GZIP_MAGIC):
        raw = gunzip(raw, name)
    if not raw:
        raise GenomeFormatError(
            f"{name} is empty: give a GenBank, GFF3 or FASTA file",
            details={"file": name, "line": None, "offset": 0},
        )
    return raw, name


def _raw(source: Any, what: str) -> tuple[bytes, str]:
    """Return the bytes as they are stored, and a name."""
    if isinstance(source, bytes | bytearray | memoryview):
        _within_limit(len(source), f"the {what}")
        return bytes(source), f"the {what} (bytes)"
    if isinstance(source, str | os.PathLike):
        return _file_bytes(Path(source), what), str(source)
    if hasattr(source, "read"):
        name = str(getattr(source, "name", f"the {what} (file object)"))
        data = source.read(MAX_BYTES + 1)
        if not isinstance(data, bytes | bytearray):
            raise APIValidationError(
                f"{name} gives text: open it in binary mode, open(path, 'rb')",
                details={"argument": what},
            )
        _within_limit(len(data), name)
        return bytes(data), name
    raise APIValidationError(
        f"a {what} cannot be read from {type(source).__name__}: "
        "give a path, bytes or a binary file object",
        details={"argument": what},
    )


def _file_bytes(path: Path, what: str) -> bytes:
    details = {"file": str(path), "line": None, "offset": None}
    if "\0" in str(path):
        raise GenomeFormatError(f"the path of the {what} holds a zero byte", details=details)
    try:
        if path.is_dir():
            raise GenomeFormatError(
                f"{path} is a directory: give the {what} in it", details=details
            )
        _within_limit(path.stat().st_size, str(path))
        return path.read_bytes()
    except FileNotFoundError:
        raise GenomeFormatError(
            f"the {what} {path} does not exist: check the path", details=details
        ) from None
    except OSError as error:
        raise GenomeFormatError(
            f"the {what} {path} cannot be read: {error.strerror or error}", details=details
        ) from None


def _within_limit(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise GenomeFormatError(
            f"{name} is larger than the limit of 8 GiB", details={"file": name, "line": None}
        )


def gunzip(data: bytes, name: str) -> bytes:
    """Decompress gzip of one or several members within the limits on size and ratio.

    Raises
    ------
    GenomeFormatError
        If a member is truncated or damaged, something else follows it, or a limit is passed;
        ``offset`` counts decompressed bytes.
    """
    pieces: list[bytes] = []
    size = 0
    position = 0
    view = memoryview(data)
    while position < len(data):
        if data[position : position + 2] != _GZIP_MAGIC:
            # Padding with zeros after the last member is common on tapes and in archives.
            if not data[position:].strip(b"\0"):
                break
            raise _damaged(name, "something that is not gzip follows a member", size)
        inflate = zlib.decompressobj(wbits=31)
        given = _FIRST_CHUNK
        pending: bytes | memoryview = view[position : position + given]
        position += len(pending)
        while True:
            try:
                piece = inflate.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise _damaged(name, f"damaged gzip ({error})", size) from None
            size += len(piece)
            pieces.append(piece)
            if size > MAX_BYTES:
                raise _damaged(name, "more than 8 GiB after decompression", size)
            if size > RATIO_FREE_BYTES and size > MAX_RATIO * len(data):
                raise _damaged(
                    name, f"more than {MAX_RATIO} times its compressed size: no genome does", size
                )
            if inflate.eof:
                position -= len(inflate.unused_data)
                break
            pending = inflate.unconsumed_tail
            if not pending:
                if piece and len(piece) == _CHUNK:
                    continue
                given = min(2 * given, _CHUNK)
                pending = view[position : position + given]
                if not pending:
                    raise _damaged(name, "the gzip data ends early: the file is truncated", size)
                position += len(pending)
    return b"".join(pieces)


def _damaged(name: str, problem: str, offset: int) -> GenomeFormatError:
    return GenomeFormatError(
        f"{name}: {problem}", details={"file": name, "line": None, "offset": offset}
    )
