"""The errors of the library: one root, one class per code.

Every class also derives from the builtin that a Python programmer expects, so ``except ValueError``
catches a malformed genome and ``except BioXenException`` catches everything of ours. A message says
what was wrong, where, and what would be right; data travels in `details`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from bioxen_jcvi_vm_lib._frozen import plain

__all__ = [
    "APIValidationError",
    "BioXenException",
    "ChassisInitializationError",
    "ConservationError",
    "GenomeCompilationError",
    "GenomeFormatError",
    "GenomicRuntimeError",
    "HypervisorOverloadError",
    "InvalidConfigurationError",
    "IsolationBreachError",
    "MetabolicInfeasibleError",
    "MissingDependencyError",
    "ModelImportError",
    "ProgramSyntaxError",
    "ResourceAllocationError",
    "ResourceExhaustionError",
    "SnapshotError",
    "VMCreationError",
    "VMNotFoundError",
    "VMStateError",
]


#: Longest word of a message, and text among the details: an input that is told of may be longer.
_MAX_WORD = 500
#: Longest message.
_MAX_MESSAGE = 4_000
_LONG_WORD = re.compile(rf"\S{{{_MAX_WORD + 1},}}")


class BioXenException(Exception):  # noqa: N818 - the name is part of the published interface
    """Root of all errors of the library.

    Parameters
    ----------
    code : str
        Stable code, "BX001" to "BX019".
    message : str
        What was wrong, where, and what would be right.
    details : mapping, optional
        The same facts as data.
    """

    name: ClassVar[str] = "BIOXEN_ERROR"

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        message = _cut(message)
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: dict[str, Any] = {
            _bounded(key): _bounded(value) for key, value in (details or {}).items()
        }

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.code, self.message, self.details))

    def to_dict(self) -> dict[str, Any]:
        """Return code, name, type, message and details as plain values, as JSON holds them."""
        return {
            "code": self.code,
            "name": self.name,
            "type": type(self).__name__,
            "message": self.message,
            "details": plain(self.details),
        }


class _CodedError(BioXenException):
    """An error whose class fixes its code."""

    CODE: ClassVar[str]

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(self.CODE, message, details)


def _cut(message: str) -> str:
    """Leave out what a message is too long for, amid it: what would be right stands at its end."""
    if len(message) <= _MAX_WORD:
        return message
    if len(message) > _MAX_MESSAGE:
        half = _MAX_MESSAGE // 2
        message = f"{message[:half]}...{message[-half:]}"
    return _LONG_WORD.sub(lambda word: f"{word[0][:100]}...{word[0][-50:]}", message)


def _bounded(value: Any) -> Any:
    """Return a value of the details, texts and numbers in it cut."""
    if isinstance(value, str) and len(value) > _MAX_WORD:
        return f"{value[: _MAX_WORD - 3]}..."
    if isinstance(value, int) and int.bit_length(value) > 256:  # too long to be written
        return "a number of more than 77 digits"
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(map(_bounded, value))
    if type(value) is dict:
        return {_bounded(key): _bounded(part) for key, part in value.items()}
    return value


def _rebuild(
    kind: type[BioXenException], code: str, message: str, details: dict[str, Any]
) -> BioXenException:
    """Make an error again from its parts (copying, moving between processes)."""
    if issubclass(kind, _CodedError):
        return kind(message, details=details)
    return kind(code, message, details)


class VMCreationError(_CodedError, RuntimeError):
    """A virtual machine could not be created."""

    CODE = "BX001"
    name = "VM_CREATION_FAILED"


class ResourceAllocationError(_CodedError, RuntimeError):
    """Resources could not be granted."""

    CODE = "BX002"
    name = "RESOURCE_ALLOCATION_ERROR"


class ChassisInitializationError(_CodedError, RuntimeError):
    """A chassis could not be set up."""

    CODE = "BX003"
    name = "CHASSIS_INITIALIZATION_ERROR"


class HypervisorOverloadError(_CodedError, RuntimeError):
    """The hypervisor cannot take more work."""

    CODE = "BX004"
    name = "HYPERVISOR_OVERLOAD"


class InvalidConfigurationError(_CodedError, ValueError):
    """A configuration key or value is not acceptable."""

    CODE = "BX005"
    name = "INVALID_CONFIGURATION"


class VMStateError(_CodedError, RuntimeError):
    """The operation does not fit the state of the virtual machine."""

    CODE = "BX006"
    name = "VM_STATE_ERROR"


class MissingDependencyError(_CodedError, ImportError):
    """An optional package is needed and not installed."""

    CODE = "BX007"
    name = "IMPORT_MODULE_ERROR"  # type: ignore[misc] # ImportError has an attribute of that name


class APIValidationError(_CodedError, ValueError):
    """An argument is not acceptable."""

    CODE = "BX008"
    name = "API_VALIDATION_ERROR"


class ResourceExhaustionError(_CodedError, RuntimeError):
    """A resource ran out where the caller asked for it to last."""

    CODE = "BX009"
    name = "RESOURCE_EXHAUSTION"


class VMNotFoundError(_CodedError, KeyError):
    """No virtual machine has that name."""

    CODE = "BX010"
    name = "VM_NOT_FOUND"


class GenomeFormatError(_CodedError, ValueError):
    """A genome file is malformed, truncated or of no known format.

    Attributes
    ----------
    line : int or None
        1-based line of the problem.
    offset : int or None
        0-based byte offset of the problem in the decompressed file.
    """

    CODE = "BX011"
    name = "GENOME_FORMAT_ERROR"

    @property
    def line(self) -> int | None:
        """1-based line of the problem, None where no line is at fault."""
        line: int | None = self.details.get("line")
        return line

    @property
    def offset(self) -> int | None:
        """0-based byte offset in the decompressed file, None where no byte is at fault."""
        offset: int | None = self.details.get("offset")
        return offset


class GenomeCompilationError(_CodedError, ValueError):
    """A genome cannot be turned into a program that runs."""

    CODE = "BX012"
    name = "GENOME_COMPILATION_ERROR"


class ProgramSyntaxError(_CodedError, ValueError):
    """The text of a genomic program is not in the language.

    Attributes
    ----------
    position : int
        0-based index of the offending character in the text.
    """

    CODE = "BX013"
    name = "PROGRAM_SYNTAX_ERROR"

    @property
    def position(self) -> int:
        """0-based index of the offending character in the text."""
        return int(self.details.get("position", 0))


class GenomicRuntimeError(_CodedError, RuntimeError):
    """A cellular context cannot do what was asked in its present state."""

    CODE = "BX014"
    name = "GENOMIC_RUNTIME_ERROR"


class IsolationBreachError(_CodedError, RuntimeError):
    """A stale or foreign handle was used, or a quota was overstepped."""

    CODE = "BX015"
    name = "ISOLATION_BREACH"


class SnapshotError(_CodedError, ValueError):
    """A snapshot is damaged or belongs to something else."""

    CODE = "BX016"
    name = "SNAPSHOT_ERROR"


class ConservationError(_CodedError, RuntimeError):
    """Molecules appeared or vanished: a bug of the library, never the user's."""

    CODE = "BX017"
    name = "CONSERVATION_VIOLATION"


class MetabolicInfeasibleError(_CodedError, RuntimeError):
    """No metabolic state satisfies the constraints.

    Attributes
    ----------
    binding_constraints : tuple
        Bounds of fluxes that exclude each other, the ones most likely meant first.
    """

    CODE = "BX018"
    name = "METABOLIC_INFEASIBLE"

    @property
    def binding_constraints(self) -> tuple[Any, ...]:
        """Bounds of fluxes that exclude each other, the ones most likely meant first."""
        return tuple(self.details.get("binding_constraints", ()))


class ModelImportError(_CodedError, ValueError):
    """A model file is malformed or uses an element that is not supported.

    Attributes
    ----------
    element : str or None
        What is at fault, such as ``"reactions[3] 'PGI'"``.
    line : int or None
        1-based line of the file, where it is known.
    """

    CODE = "BX019"
    name = "MODEL_IMPORT_ERROR"

    @property
    def element(self) -> str | None:
        """What is at fault, None where the whole file is."""
        element: str | None = self.details.get("element")
        return element

    @property
    def line(self) -> int | None:
        """1-based line of the file, None where it is not known."""
        line: int | None = self.details.get("line")
        return line
