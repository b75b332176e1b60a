"""The checksum of snapshots and checkpoints."""

from __future__ import annotations


def crc64(data: bytes) -> int:
    """CRC-64/XZ."""
    value = 2**64 - 1
    for byte in data:
        value = TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ (2**64 - 1)


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0xC96C5795D7870F42 if value & 1 else 0)
        table.append(value)
    return table


TABLE = _table()
