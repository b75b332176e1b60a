"""Crash-safe files: at every moment the path holds the old content or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from pathlib import Path

from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    InvalidConfigurationError,
    SnapshotError,
)

__all__ = ["Replacing", "load_bytes", "save_bytes", "snapshot_path"]

_SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


class Replacing:
    """Gives a path beside the target to write to, and puts it in the target's place at the end.

    The content reaches the disk before the rename, and the rename before the end, so a crash at any
    step leaves the old file or the new one. A failure leaves the old file and nothing beside it.
    The path beside is new and nobody else's, so any number of threads may write one target. A
    symbolic link at the target is replaced, not followed; a file's permissions are kept.

    Raises
    ------
    APIValidationError
        If the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise APIValidationError(f"path must be a path, not {type(path).__name__}")
        self._path = Path(path)
        if not self._path.name or "\0" in str(self._path):
            raise APIValidationError(f"{str(self._path)!r} is no name of a file to write")

    def __enter__(self) -> Path:
        try:
            mode = self._mode()
            name = f".{self._path.name[:50]}.{secrets.token_hex(8)}.part"
            self._beside = self._path.absolute().parent / name
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            # the usual permissions only here, where the system takes away what the user's mask says
            descriptor = os.open(self._beside, flags, 0o666 if mode is None else 0o600)
        except (OSError, ValueError) as error:
            raise self._failed(error) from error
        try:
            try:
                if mode is not None:
                    os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._remove()
            raise self._failed(error) from error
        return self._beside

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                _sync(self._beside)
                self._beside.replace(self._path)
                _sync(self._path.absolute().parent)
                return
        except OSError as failure:
            error = failure
        self._remove()
        if isinstance(error, OSError):
            raise self._failed(error) from error

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            self._beside.unlink(missing_ok=True)

    def _mode(self) -> int | None:
        """Permissions of the file that is there; None, for the usual ones, if there is none."""
        try:
            found = os.lstat(self._path).st_mode
        except FileNotFoundError:
            found = stat.S_IFLNK
        if stat.S_ISREG(found):
            return stat.S_IMODE(found)
        if not stat.S_ISLNK(found):
            what = "a directory" if stat.S_ISDIR(found) else "a device or a pipe"
            raise OSError(errno.EEXIST, f"it is {what}")
        return None

    def _failed(self, error: OSError | ValueError) -> APIValidationError:
        reason = getattr(error, "strerror", None) or error
        return APIValidationError(
            f"{self._path!s} cannot be written: {reason}".encode(errors="replace").decode(),
            details={"path": str(self._path)},
        )


def save_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file as `Replacing` does."""
    with Replacing(path) as beside:
        beside.write_bytes(data)


def load_bytes(path: str | os.PathLike[str], most_bytes: int, what: str) -> bytes:
    """Read a file that `save_bytes` wrote.

    Parameters
    ----------
    path : path
        The file.
    most_bytes : int
        No more is read.
    what : str
        What it holds, for messages.

    Raises
    ------
    SnapshotError
        If it cannot be read, is no file, or is larger.
    APIValidationError
        If `path` is none.
    """
    if not isinstance(path, str | os.PathLike):
        raise APIValidationError(f"path must be a path, not {type(path).__name__}")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise SnapshotError(f"{path} is a device or a pipe: give the file of {what}")
            if status.st_size > most_bytes:
                raise SnapshotError(
                    f"{path} is over {most_bytes >> 30} GiB: {what} is never so large"
                )
            return file.read(status.st_size)  # asked for more, it would take memory for more
    except SnapshotError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SnapshotError(
            f"{str(path)[:200]} cannot be read: {reason}".encode(errors="replace").decode(),
            details={"path": str(path)},
        ) from None


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def snapshot_path(folder_name: str | None, name: str) -> Path:
    """Return where ``snapshot(name)`` saves: in ``snapshot_dir`` and nowhere else."""
    if folder_name is None:
        raise InvalidConfigurationError(
            f"snapshot({short(name)}) has nowhere to save: set snapshot_dir in the configuration",
            details={"key": "snapshot_dir"},
        )
    if not _SNAPSHOT_NAME.fullmatch(name):
        raise InvalidConfigurationError(
            f"snapshot({short(name)}) would not be a file inside snapshot_dir: a name has "
            "letters, digits, '_', '-' and '.', begins with none of the last two, and has at "
            "most 200 characters",
            details={"key": "snapshot_dir", "name": name},
        )
    folder = Path(folder_name)
    if not os.path.isdir(folder):  # noqa: PTH112 - which never raises
        raise InvalidConfigurationError(
            f"snapshot_dir {folder_name} is no folder: make it first",
            details={"key": "snapshot_dir"},
        )
    return folder / f"{name}.bxs"
