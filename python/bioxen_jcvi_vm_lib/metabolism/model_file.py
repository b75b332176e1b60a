"""Files of models: bytes, and which format they are in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bioxen_jcvi_vm_lib._errors import APIValidationError, GenomeFormatError, ModelImportError
from bioxen_jcvi_vm_lib._reading import gunzip
from bioxen_jcvi_vm_lib.metabolism import bigg_json
from bioxen_jcvi_vm_lib.metabolism.model import MetabolicModel

__all__ = ["read"]

#: Largest file, after decompression too [bytes]; the largest public models have 60 MB.
MAX_BYTES = 256 * 2**20


def read(source: Any) -> MetabolicModel:
    """Read a model; see `MetabolicModel.read`."""
    data, name = _bytes(source)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gunzip(data, name)
        except GenomeFormatError as error:
            raise ModelImportError(str(error), details={"file": name}) from None
        _within_limit(len(data), name)
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    try:
        if start == b"{":
            return bigg_json.read(data)
        if start == b"<":
            from bioxen_jcvi_vm_lib.metabolism import sbml_fbc

            return sbml_fbc.read(data)
    except ModelImportError as error:
        raise ModelImportError(
            f"{name}: {error.message}", details={**error.details, "file": name}
        ) from None
    raise ModelImportError(
        f"{name} is neither BiGG JSON, which begins with '{{', nor SBML, which begins with '<'",
        details={"file": name},
    )


def _bytes(source: Any) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        name, data = "the model (bytes)", bytes(source)
    elif isinstance(source, str | os.PathLike):
        name, data = str(source), _file_bytes(Path(source))
    elif hasattr(source, "read"):
        name = str(getattr(source, "name", "the model (file object)"))
        data = source.read(MAX_BYTES + 1)
        if not isinstance(data, bytes | bytearray):
            raise APIValidationError(f"{name} gives text: open it in binary mode, open(path, 'rb')")
    else:
        raise APIValidationError(
            f"a model cannot be read from {type(source).__name__}: "
            "give a path, bytes or a binary file object"
        )
    _within_limit(len(data), name)
    return bytes(data), name


def _file_bytes(path: Path) -> bytes:
    details = {"file": str(path)}
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ModelImportError(f"the model {path} cannot be read: {why}", details=details) from None


def _within_limit(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise ModelImportError(
            f"{name} is larger than {MAX_BYTES // 2**20} MiB", details={"file": name}
        )
