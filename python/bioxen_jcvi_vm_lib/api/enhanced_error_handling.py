"""What is written down about virtual machines: the log, the audit log, and what becomes of errors.

Loggers are named ``bioxen...``. The library itself only writes to them; lines come out where the
application lets them, or where a `ProductionLogger` is open. The root logger is never touched.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import math
import numbers
import os
import sys
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, ParamSpec, Self, TextIO, TypeVar, overload

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    ConservationError,
    GenomicRuntimeError,
    InvalidConfigurationError,
    MissingDependencyError,
)
from bioxen_jcvi_vm_lib._frozen import Record, frozen

__all__ = ["AuditEntry", "AuditLog", "ProductionLogger", "VmLog", "handle_vm_operation"]

ROOT = "bioxen"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("json", "text")

#: Longest text of a field [characters], most parts of a field, and deepest nesting of one.
MAX_TEXT = 2_000
MAX_PARTS = 64
MAX_DEPTH = 3

#: Longest details of an audit entry [characters as JSON].
MAX_DETAILS = 8_192

#: What every line has; a field of that name gets an underscore.
_OWN = frozenset({"time", "level", "logger", "message", "error", "traceback"})

P = ParamSpec("P")
R = TypeVar("R")


# -- lines -----------------------------------------------------------------------------------------


def _plain(value: Any, depth: int = 0) -> Any:
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
            return _plain(value.to_dict(), depth)
        if isinstance(value, dict | MappingProxyType) and depth < MAX_DEPTH:
            pairs = list(zip(value.items(), range(MAX_PARTS), strict=False))
            return {str(key)[:200]: _plain(inner, depth + 1) for (key, inner), _ in pairs}
        if isinstance(value, list | tuple) and depth < MAX_DEPTH:
            return [_plain(inner, depth + 1) for inner in value[:MAX_PARTS]]
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
        "message": _plain(message),
    }
    fields = getattr(record, "bioxen_fields", {})
    for key, value in fields.items():
        content[f"{key}_" if key in _OWN - {"error"} else key] = _plain(value)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        content["error"] = _plain(
            error if isinstance(error, BioXenException) else {"type": type(error).__name__}
        )
        if not isinstance(error, BioXenException):
            content["error"]["message"] = _plain(str(error))
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
        near = suggestion(value, known) if isinstance(value, str) else ""
        fix = near or f": give {', '.join(known)}"
        raise _refused(what, f"{what} {short(value)} is not known{fix}")


def _refused(argument: str, message: str) -> InvalidConfigurationError:
    return InvalidConfigurationError(message, details={"key": argument})


# -- audit -----------------------------------------------------------------------------------------

#: What the audit log records: the life of a machine, and what it was granted and denied. A quota
#: that a machine came to is "quota_reached", or "breach" where it is to raise.
LIFECYCLE_EVENTS = (
    "created",
    "started",
    "paused",
    "resumed",
    "exhausted",
    "stopped",
    "destroyed",
    "error",
)
QUOTA_EVENTS = ("quota_set", "quota_reached", "allocated", "refused", "breach")


@dataclass(frozen=True, slots=True)
class AuditEntry(Record):
    """One event.

    Attributes
    ----------
    number : int
        From 1, without gaps.
    time : str
        Wall time, ISO 8601 in UTC.
    vm_id : str
        Whom it happened to.
    event : str
        One of `LIFECYCLE_EVENTS` and `QUOTA_EVENTS`.
    details : mapping
        What else is known, as plain bounded data that cannot be changed.
    """

    number: int
    time: str
    vm_id: str
    event: str
    details: Mapping[str, Any] = field(hash=False)


class AuditLog:
    """Who was created, started, stopped, granted and denied what, and when.

    Of a machine that `create_bio_vm` made with it, this is every order (start, pause, resume,
    stop, destroy), every change of its quota and allocation and every refusal of one, and every
    run that ended by a quota, an error, or with nothing left to do; also where these come from the
    hypervisor. Not written down are runs that complete, refused orders, what `rebalance` hands
    out, and what is done to a cell by hand.

    The newest entries are kept in memory, and each goes to the logger ``bioxen.audit`` as it
    happens, where a `ProductionLogger` writes it to a file. All methods may be called from any
    thread.

    Parameters
    ----------
    capacity : int
        Entries that are kept, 1 to 10,000,000.

    Examples
    --------
    >>> audit = AuditLog(capacity=2)
    >>> for event in ("created", "started", "paused"):
    ...     entry = audit.record(event, "cell-7", time_s=0.0)
    >>> [(entry.number, entry.event) for entry in audit.entries()], audit.dropped
    ([(2, 'started'), (3, 'paused')], 1)
    """

    def __init__(self, capacity: int = 10_000) -> None:
        if (
            isinstance(capacity, bool)
            or not isinstance(capacity, int)
            or not 1 <= capacity <= 10_000_000
        ):
            raise APIValidationError(
                f"capacity must be a whole number from 1 to 10,000,000, not {short(capacity)}",
                details={"argument": "capacity"},
            )
        self._entries: deque[AuditEntry] = deque(maxlen=capacity)
        self._counts: Counter[str] = Counter()
        self._lock = threading.RLock()  # a handler of the application may look at this log
        self._logger = logging.getLogger(f"{ROOT}.audit")

    def record(self, event: str, vm_id: str, /, **details: Any) -> AuditEntry:
        """Write down an event.

        Parameters
        ----------
        event : str
            One of `LIFECYCLE_EVENTS` ("created", "started", ...) and `QUOTA_EVENTS`.
        vm_id : str
            Whom it happened to.
        **details
            What else is known, such as ``cause="..."``; long values are cut.

        Returns
        -------
        AuditEntry

        Raises
        ------
        APIValidationError
            On an unknown event; nothing is recorded then.
        """
        known = (*LIFECYCLE_EVENTS, *QUOTA_EVENTS)
        if not isinstance(event, str) or event not in known:
            near = suggestion(event, known) if isinstance(event, str) else ""
            fix = near or f": give one of {', '.join(known)}"
            raise APIValidationError(
                f"the audit log has no event {short(event)}{fix}", details={"argument": "event"}
            )
        if not isinstance(vm_id, str):
            raise APIValidationError(
                f"vm_id must be a text, not {short(vm_id)}", details={"argument": "vm_id"}
            )
        given = _plain(details)
        if len(said := json.dumps(given)) > MAX_DETAILS:
            given = {"cut": said[:MAX_DETAILS]}
        with self._lock:
            entry = AuditEntry(
                number=self._counts.total() + 1,
                time=datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                vm_id=vm_id[:MAX_TEXT],
                event=event,
                details=frozen(given),
            )
            self._counts[event] += 1
            self._entries.append(entry)
            if self._logger.isEnabledFor(logging.INFO):  # here, so that lines are in order
                fields = {**entry.details, "vm_id": entry.vm_id, "number": entry.number}
                self._logger.info("%s", event, extra={"bioxen_fields": fields})
        return entry

    def entries(self, *, vm_id: str | None = None, event: str | None = None) -> list[AuditEntry]:
        """Return the entries that are kept, oldest first, of one machine or event if asked for."""
        with self._lock:
            kept = list(self._entries)
        return [
            entry
            for entry in kept
            if (vm_id is None or entry.vm_id == vm_id) and (event is None or entry.event == event)
        ]

    @property
    def counts(self) -> dict[str, int]:
        """How often each event happened, those included that are no longer kept."""
        with self._lock:
            return dict(self._counts)

    @property
    def dropped(self) -> int:
        """Entries that are no longer kept."""
        with self._lock:
            return self._counts.total() - len(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<AuditLog: {len(self)} entries, {self.dropped} dropped>"


# -- operations ------------------------------------------------------------------------------------


@overload
def handle_vm_operation(operation: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def handle_vm_operation(
    operation: str | None = None, /, *, otherwise: type[BioXenException] = GenomicRuntimeError
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def handle_vm_operation(
    operation: Callable[P, R] | str | None = None,
    /,
    *,
    otherwise: type[BioXenException] = GenomicRuntimeError,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Time and log a function or method, and let nothing but `BioXenException` out of it.

    How long it took is logged at DEBUG, refusals (errors of ours, which the caller gets) at INFO
    with code and message, others and `ConservationError` at ERROR with their traceback, to
    ``bioxen.vm``, with the machine's ``vm_id`` if the object or an argument has one.
    A `BioXenException`, and what is not meant to be caught (KeyboardInterrupt, SystemExit,
    GeneratorExit, MemoryError), passes unchanged. Anything else becomes the cause of

    - `APIValidationError`, if the call itself does not fit the signature;
    - `MissingDependencyError`, if it is an ImportError;
    - `otherwise` in every other case.

    Parameters
    ----------
    operation : str, optional
        Name in messages; None: that of the function. ``@handle_vm_operation`` alone works too.
    otherwise : type
        Class of the error that foreign exceptions become.

    Examples
    --------
    >>> @handle_vm_operation("measure")
    ... def measure(vm_id: str, volume_l: float) -> float:
    ...     return 1 / volume_l
    >>> measure("cell-7", 0.0)
    Traceback (most recent call last):
    ...
    bioxen_jcvi_vm_lib._errors.GenomicRuntimeError: measure of 'cell-7' failed: ZeroDivisionError: \
float division by zero
    """
    if operation is not None and not isinstance(operation, str):
        return _handled(operation, None, otherwise)
    name = operation

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return _handled(function, name, otherwise)

    return decorate


def _handled(
    function: Callable[P, R], name: str | None, otherwise: type[BioXenException]
) -> Callable[P, R]:
    given: object = function
    if not inspect.isroutine(given) or inspect.iscoroutinefunction(given):
        raise APIValidationError(
            f"handle_vm_operation takes functions and methods that are not async, not "
            f"{short(function)}"
        )
    if not isinstance(otherwise, type) or not issubclass(otherwise, BioXenException):
        raise APIValidationError(f"otherwise must be a BioXenException, not {short(otherwise)}")
    what = name or function.__name__
    parameters = list(inspect.signature(function).parameters)
    place = parameters.index("vm_id") if "vm_id" in parameters else None
    logger = logging.getLogger(f"{ROOT}.vm")

    def fields(
        began: float, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        duration_s = time.perf_counter() - began
        who = kwargs.get("vm_id")
        if who is None and place is not None and place < len(args):
            who = args[place]
        elif who is None and args:
            try:
                who = getattr(args[0], "vm_id", None)
            except Exception:  # an object that is not whole yet
                who = None
        named = {"operation": what, "duration_s": round(duration_s, 9)}
        if who is not None:
            named["vm_id"] = str(who)
        return {"bioxen_fields": named}

    @functools.wraps(function)
    def handled(*args: P.args, **kwargs: P.kwargs) -> R:
        began = time.perf_counter()
        try:
            result = function(*args, **kwargs)
        except BioXenException as error:
            extra = fields(began, args, kwargs)
            extra["bioxen_fields"]["error"] = error
            bug = isinstance(error, ConservationError)
            logger.log(
                logging.ERROR if bug else logging.INFO,
                "%s refused: %s %s",
                what,
                error.code,
                error.message,
                exc_info=error if bug else None,
                extra=extra,
            )
            raise
        except MemoryError:
            raise
        except Exception as error:
            extra = fields(began, args, kwargs)
            logger.error("%s failed", what, exc_info=error, extra=extra)
            raise _wrapped(error, what, extra["bioxen_fields"].get("vm_id"), otherwise) from error
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s", what, extra=fields(began, args, kwargs))
        return result

    return handled


def _wrapped(
    error: Exception, what: str, vm_id: str | None, otherwise: type[BioXenException]
) -> BioXenException:
    """Return the error of ours for a foreign one."""
    whom = "" if vm_id is None else f" of {short(vm_id)}"
    try:
        said = str(error)
    except Exception:  # an error that cannot say itself
        said = ""
    message = f"{what}{whom} failed: {type(error).__name__}" + (f": {said[:500]}" if said else "")
    details = {"operation": what, "vm_id": vm_id, "cause": type(error).__name__}
    kind = otherwise
    in_the_call = error.__traceback__ is None or error.__traceback__.tb_next is None
    if isinstance(error, TypeError) and in_the_call:
        kind = APIValidationError
    elif isinstance(error, ImportError):
        kind = MissingDependencyError
    if kind is BioXenException:
        return BioXenException("BX014", message, details)
    return kind(message, details=details)  # type: ignore[call-arg]
