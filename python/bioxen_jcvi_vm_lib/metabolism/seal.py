"""What metabolism depends on, behind the bytes of a snapshot or checkpoint of the core."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from bioxen_jcvi_vm_lib._errors import SnapshotError

__all__ = ["opened", "sealed"]

#: End of bytes that have such a part.
_SEAL = b"\x89BXM\r\n\x1a\n"
_FRAME = 16  # length and checksum [u32 each], then the seal


def sealed(data: bytes, told: Mapping[str, Any]) -> bytes:
    """Return bytes of the core with plain values behind them."""
    text = json.dumps(told).encode()
    frame = len(text).to_bytes(4, "little")
    return b"".join((data, text, frame, zlib.crc32(text + frame).to_bytes(4, "little"), _SEAL))


def opened(data: bytes) -> tuple[bytes, dict[str, Any] | None]:
    """Return the bytes of the core, and the values that `sealed` put behind them, or None.

    Raises
    ------
    SnapshotError
        If that part is damaged.
    """
    if not data.endswith(_SEAL):
        return data, None
    frame = data[-_FRAME:]
    start = len(data) - _FRAME - int.from_bytes(frame[:4], "little")
    text = data[max(0, start) : -_FRAME]
    if start < 0 or zlib.crc32(text + frame[:4]) != int.from_bytes(frame[4:8], "little"):
        raise SnapshotError("the snapshot is damaged: the checksum of its metabolism is wrong")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise SnapshotError("the snapshot is damaged: its part on metabolism is no JSON object")
    return data[:start], told
