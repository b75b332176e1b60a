"""What operations have in common: they are timed and logged, and fail with errors of ours."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, overload

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    ConservationError,
    GenomicRuntimeError,
    MissingDependencyError,
)
from bioxen_jcvi_vm_lib.api.logs import ROOT

__all__ = ["handle_vm_operation"]

P = ParamSpec("P")
R = TypeVar("R")


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
    late = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    if not inspect.isroutine(given) or any(is_late(given) for is_late in late):
        raise APIValidationError(
            "handle_vm_operation takes functions and methods that do their work when they are "
            f"called, no generators and nothing async, not {short(function)}"
        )
    if not isinstance(otherwise, type) or not issubclass(otherwise, BioXenException):
        raise APIValidationError(f"otherwise must be a BioXenException, not {short(otherwise)}")
    what = name or function.__name__
    parameters = list(inspect.signature(function).parameters)
    place = parameters.index("vm_id") if "vm_id" in parameters else None
    logger = logging.getLogger(f"{ROOT}.vm")

    def fields(
        began: float, args: tuple[Any, ...], kwargs: Mapping[str, Any], **more: Any
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
        named = {"operation": what, "duration_s": round(duration_s, 9), **more}
        if who is not None:
            try:
                named["vm_id"] = str(who)
            except Exception:  # which cannot say itself
                named["vm_id"] = short(who)
        return {"bioxen_fields": named}

    @functools.wraps(function)
    def handled(*args: P.args, **kwargs: P.kwargs) -> R:
        began = time.perf_counter()
        try:
            result = function(*args, **kwargs)
        except BioXenException as error:
            bug = isinstance(error, ConservationError)
            logger.log(
                logging.ERROR if bug else logging.INFO,
                "%s refused: %s %s",
                what,
                error.code,
                error.message,
                exc_info=error if bug else None,
                extra=fields(began, args, kwargs, error=error),  # in a name, it would keep itself
            )
            raise
        except MemoryError:
            raise
        except Exception as error:
            extra = fields(began, args, kwargs)
            logger.error("%s failed", what, exc_info=error, extra=extra)
            vm_id = extra["bioxen_fields"].get("vm_id")
            raise _wrapped(error, what, vm_id, otherwise, _misnamed(kwargs, parameters)) from error
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s", what, extra=fields(began, args, kwargs))
        return result

    return handled


def _misnamed(kwargs: Mapping[str, Any], parameters: list[str]) -> str:
    """Return the nearest to the first argument of a call that it does not have."""
    wrong = next((name for name in kwargs if name not in parameters), None)
    return suggestion(wrong, parameters)


def _wrapped(
    error: Exception,
    what: str,
    vm_id: str | None,
    otherwise: type[BioXenException],
    misnamed: str,
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
        message += misnamed
    elif isinstance(error, ImportError):
        kind = MissingDependencyError
    if kind is BioXenException:
        return BioXenException("BX014", message, details)
    return kind(message, details=details)  # type: ignore[call-arg]
