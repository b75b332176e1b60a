"""The log: lines about what happens, as JSON or text.

Loggers are named ``bioxen...``. The library itself only writes to them; lines come out where the
application lets them, or where a `ProductionLogger` is open. The root logger is never touched.
"""

from __future__ import annotations

import json
import logging
import math
import numbers
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self, TextIO

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import BioXenException, InvalidConfigurationError

__all__ = ["MAX_TEXT", "ROOT", "ProductionLogger", "VmLog", "bounded"]

ROOT = "bioxen"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("json", "text")

#: Longest text of a field [characters], most parts of a field, and deepest nesting of one.
MAX_TEXT = 2_000
MAX_PARTS = 64
MAX_DEPTH = 3

#: What every line has; a field of that name gets an underscore.
_OWN = frozenset({"time", "level", "logger", "message", "error", "traceback"})


def bounded(value: Any, depth: int = 0) -> Any:
    """Return a bounded copy that JSON can hold, whatever the value is. It never raises."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 3] + "..."
    try:
        if isinstance(value, numbers.Integral) and int(value).bit_length() <= 128:
            return int(value)
        if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
            number = float(value)
            return number if math.isfinite(number) else str(number)
        if isinstance(value, BioXenException):
            return bounded(value.to_dict(), depth)
        if isinstance(value, dict | MappingProxyType) and depth < MAX_DEPTH:
            pairs = list(zip(value.items(), range(MAX_PARTS), strict=False))
            return {str(key)[:200]: bounded(inner, depth + 1) for (key, inner), _ in pairs}
        if isinstance(value, list | tuple) and depth < MAX_DEPTH:
            return [bounded(inner, depth + 1) for inner in value[:MAX_PARTS]]
        if isinstance(value, dict | list | tuple | set | frozenset | bytes | bytearray):
            return f"<{type(value).__name__} of {len(value)}>"
        return short(value)
    except Exception as error:  # a value's own methods: they may not end what is being logged
        return f"<{type(value).__name__} that raises {type(error).__name__}>"


def _content(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line says, in order."""
    when = datetime.fromtimestamp(record.created, UTC)
    try:
        message = record.getMessage()
    except Exception:  # arguments that do not fit the text
        message = str(record.msg)
    content: dict[str, Any] = {
        "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": bounded(message),
    }
    fields = getattr(record, "bioxen_fields", {})
    for key, value in fields.items():
        content[f"{key}_" if key in _OWN - {"error"} else key] = bounded(value)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        content["error"] = bounded(
            error if isinstance(error, BioXenException) else {"type": type(error).__name__}
        )
        if not isinstance(error, BioXenException):
            content["error"]["message"] = bounded(str(error))
            lines = "".join(traceback.format_exception(error))
            content["traceback"] = lines[-4 * MAX_TEXT :]
    return content


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_content(record), allow_nan=False)


class _TextLines(logging.Formatter):
    """Time, level, logger, message and then fields as ``key=value``; always one line."""

    def format(self, record: logging.LogRecord) -> str:
        content = _content(record)
        words = [content.pop("time"), f"{content.pop('level'):7}", content.pop("logger")]
        words.append(_one_line(content.pop("message")))
        words += [f"{_one_line(key)}={_word(value)}" for key, value in content.items()]
        return " ".join(words)


def _one_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)[1:-1]


def _word(value: Any) -> str:
    if isinstance(value, str) and value.isprintable() and value and not set(value) & set(" \"='"):
        return value
    return json.dumps(value)


class _Writer:
    """What both handlers do: they count lines that they could not write, and never complain."""

    lost_lines = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        self.lost_lines += 1


class _FileWriter(_Writer, RotatingFileHandler):
    pass


class _StreamWriter(_Writer, logging.StreamHandler[TextIO]):
    pass


class _Upward(logging.Handler):
    """Gives the application's handlers what they would get if there were no writers, and no more.

    Writers may want lower levels than the logger ``bioxen`` lets through.
    """

    def __init__(self, ours: logging.Logger) -> None:
        super().__init__()
        self._ours = ours
        self.level_before = ours.level
        self.propagate_before = ours.propagate

    def least(self) -> int:
        """Return the level of the logger ``bioxen`` without writers."""
        above = self._ours.parent
        return self.level_before or (above.getEffectiveLevel() if above else logging.WARNING)

    def handle(self, record: logging.LogRecord) -> bool:
        """Hand a record on; without a lock, as the handlers above have their own."""
        above = self._ours.parent
        if above is None or not self.propagate_before or not above.hasHandlers():
            return False
        level, logger = self.least(), logging.getLogger(record.name)
        while logger is not self._ours and logger.parent is not None:
            if logger.level:  # the application has set it
                level = logger.level
                break
            logger = logger.parent
        if record.levelno >= level:
            above.callHandlers(record)
        return True


class VmLog:
    """A log whose lines all have the same context fields; `ProductionLogger.bind` makes one.

    The methods take a message and fields as keywords. None of them ever raises.
    """

    def __init__(self, logger: logging.Logger, context: Mapping[str, Any]) -> None:
        self._logger = logger
        self._context = dict(context)

    def bind(self, **context: Any) -> VmLog:
        """Return a log with further context fields, such as ``vm_id``."""
        return VmLog(self._logger, {**self._context, **context})

    def debug(self, message: str, /, **fields: Any) -> None:
        """Write a line for those who look for a fault."""
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, /, **fields: Any) -> None:
        """Write a line about what is as it should be."""
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, /, **fields: Any) -> None:
        """Write a line about what should be looked at."""
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, /, **fields: Any) -> None:
        """Write a line about what went wrong."""
        self._write(logging.ERROR, message, fields)

    def _write(self, level: int, message: str, fields: Mapping[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            extra = {"bioxen_fields": {**self._context, **fields}}
            self._logger.log(level, "%s", message, extra=extra)


class ProductionLogger(VmLog):
    r"""Writes every line of the library to a file or a stream, as JSON or text, until it is closed.

    It is a context manager; leaving it closes it, which puts the logger ``bioxen`` back to what it
    was. Several may be open; handlers of the application above ``bioxen`` go on getting what they
    would get without it, whatever its level.
    A line that cannot be written is counted, and nothing else happens.

    Parameters
    ----------
    level : str
        Least severity: "DEBUG", "INFO", "WARNING" or "ERROR".
    format : str
        "json", one object a line, or "text"; neither ever breaks a line.
    file : path, optional
        File to append to, as UTF-8.
    stream : text stream, optional
        Where lines go without a file, and which stays open; None is standard error.
    max_bytes : int
        Size at which the file becomes ``file.1`` and a new one begins [bytes]; 0: never.
    backups : int
        How many such files are kept.

    Raises
    ------
    InvalidConfigurationError
        If an argument is not acceptable, or the file cannot be written.

    Examples
    --------
    >>> import io
    >>> lines = io.StringIO()
    >>> with ProductionLogger(format="text", stream=lines) as log:
    ...     log.bind(vm_id="cell-7").warning("behind its pace", late_s=0.25)
    >>> lines.getvalue().split(" ", 1)[1]
    'WARNING bioxen.vm behind its pace vm_id=cell-7 late_s=0.25\n'
    """

    def __init__(
        self,
        *,
        level: str = "INFO",
        format: str = "json",
        file: str | os.PathLike[str] | None = None,
        stream: TextIO | None = None,
        max_bytes: int = 64 * 2**20,
        backups: int = 5,
    ) -> None:
        super().__init__(logging.getLogger(f"{ROOT}.vm"), {})
        _one_of(level, "level", LEVELS)
        _one_of(format, "format", FORMATS)
        for name, number in (("max_bytes", max_bytes), ("backups", backups)):
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
                raise _refused(name, f"{name} must be a whole number, 0 or more: {short(number)}")
        if file is not None and stream is not None:
            raise _refused("stream", "file and stream are both given: give one of them")
        self._writer = _writer(file, stream, max_bytes, backups)
        self._writer.setFormatter(_JsonLines() if format == "json" else _TextLines())
        self._writer.setLevel(level)
        ours = logging.getLogger(ROOT)
        ours.addHandler(self._writer)
        _settle(ours)

    @property
    def lost_lines(self) -> int:
        """Lines that could not be written."""
        return self._writer.lost_lines

    def close(self) -> None:
        """Write no more. Closing twice is no error."""
        ours = logging.getLogger(ROOT)
        if self._writer not in ours.handlers:
            return
        ours.removeHandler(self._writer)
        self._writer.close()
        _settle(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _writer(
    file: str | os.PathLike[str] | None, stream: TextIO | None, max_bytes: int, backups: int
) -> _FileWriter | _StreamWriter:
    if file is None:
        chosen = sys.stderr if stream is None else stream
        if not callable(getattr(chosen, "write", None)):
            raise _refused("stream", f"stream must be a text stream, not {short(stream)}")
        return _StreamWriter(chosen)
    if not isinstance(file, str | os.PathLike):
        raise _refused("file", f"file must be a path, not {short(file)}")
    try:
        return _FileWriter(
            Path(file),
            maxBytes=max_bytes,
            backupCount=backups,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _refused("file", f"the log file {file} cannot be written: {why}") from None


def _open(root: logging.Logger) -> list[_FileWriter | _StreamWriter]:
    return [one for one in root.handlers if isinstance(one, _FileWriter | _StreamWriter)]


def _settle(ours: logging.Logger) -> None:
    """Let through what was let through before there were writers, and what any of them wants."""
    levels = [one.level for one in _open(ours)]
    upward = next((one for one in ours.handlers if isinstance(one, _Upward)), None)
    if levels:
        if upward is None:
            upward = _Upward(ours)
            ours.addHandler(upward)
            ours.propagate = False
        ours.setLevel(min(*levels, upward.least()))
    elif upward is not None:
        ours.removeHandler(upward)
        ours.propagate = upward.propagate_before
        ours.setLevel(upward.level_before)


def _one_of(value: Any, what: str, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        near = suggestion(value, known)
        fix = near or f": give {', '.join(known)}"
        raise _refused(what, f"{what} {short(value)} is not known{fix}")


def _refused(argument: str, message: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(message, details={"key": argument})
