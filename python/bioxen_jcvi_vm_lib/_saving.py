"""Crash-safe files: at every moment the path holds the old content or the whole new one."""

from __future__ import annotations

import os
from pathlib import Path

from bioxen_jcvi_vm_lib._errors import APIValidationError

__all__ = ["Replacing", "save_bytes"]


class Replacing:
    """Gives a path beside the target to write to, and puts it in the target's place at the end.

    The content reaches the disk before the rename, and the rename before the end, so a crash at any
    step leaves the old file or the new one. A failure leaves the old file and nothing beside it.

    Raises
    ------
    APIValidationError
        If the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._beside = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        return self._beside

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                _sync(self._beside)
                self._beside.replace(self._path)
                _sync(self._path.absolute().parent)
        except OSError as failure:
            error = failure
        self._beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise APIValidationError(
                f"{self._path} cannot be written: {error.strerror or error}",
                details={"path": str(self._path)},
            ) from error


def save_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file as `Replacing` does."""
    with Replacing(path) as beside:
        beside.write_bytes(data)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
