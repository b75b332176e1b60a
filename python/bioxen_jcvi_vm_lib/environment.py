"""What surrounds a cell, and what slows its machines down."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import in_words, real, short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._frozen import Record

__all__ = ["Environment", "remaining_activity"]

#: The environments that there are, from 0 up, with their units.
_MOST: Mapping[str, tuple[float, str]] = MappingProxyType(
    {"glucose_mM": (1e9, " mM"), "temperature_c": (100.0, " degrees Celsius"), "pH": (14.0, "")}
)
#: What a machine does, as the engine calls it.
_WORK: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("rna_polymerase", "initiation"): "transcription_initiation",
        ("rna_polymerase", "elongation"): "transcription_elongation",
        ("ribosome", "initiation"): "translation_initiation",
        ("ribosome", "elongation"): "translation_elongation",
        ("degradosome", "initiation"): "decay_initiation",
        ("degradosome", "elongation"): "decay_elongation",
        ("replisome", "elongation"): "replication_elongation",
    }
)
_MACHINES = tuple(dict.fromkeys(machine for machine, _ in _WORK))


@dataclass(frozen=True, slots=True)
class Environment(Record):
    """What surrounds a cell; at birth what its organism's rates hold for.

    Attributes
    ----------
    glucose_mM : float
        Glucose in the medium [mM].
    temperature_c : float
        Temperature [degrees Celsius].
    pH : float
        pH of the medium.
    """

    glucose_mM: float  # noqa: N815 - its unit
    temperature_c: float
    pH: float  # noqa: N815 - as everyone writes it

    @classmethod
    def of(cls, core: _core.Context) -> Environment:
        """Read it from the engine."""
        return cls(**core.environment())

    def __str__(self) -> str:
        return f"{self.glucose_mM:g} mM glucose, {self.temperature_c:g} degrees C, pH {self.pH:g}"


def remaining_activity(concentration: float, ic50: float, hill: float = 1.0) -> float:
    """Return what an inhibitor leaves of a rate: ``1 / (1 + (concentration / ic50) ** hill)``.

    Parameters
    ----------
    concentration : float
        Of the inhibitor, from 0 up, in the unit of `ic50`.
    ic50 : float
        The concentration that leaves one half, > 0.
    hill : float
        Hill coefficient, > 0.

    Returns
    -------
    float
        From 0 to 1, as ``inhibit`` takes it.

    Raises
    ------
    APIValidationError
        If a number is not acceptable.

    Examples
    --------
    >>> remaining_activity(2.0, ic50=2.0)
    0.5
    """
    amount = _number(concentration, "concentration", math.inf)
    half, steepness = _number(ic50, "ic50", math.inf), _number(hill, "hill", math.inf)
    for name, value in (("ic50", half), ("hill", steepness)):
        if value == 0:
            raise _refused(name, f"{name} must be more than 0")
    try:
        return float(1.0 / (1.0 + (amount / half) ** steepness))
    except OverflowError:
        return 0.0


def checked_environment(values: Mapping[str, Any]) -> dict[str, float]:
    """Check what is to change of an environment; None is what stays."""
    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        raise _refused(
            "glucose_mM", "set_environment needs at least one of glucose_mM, temperature_c and pH"
        )
    return {name: _number(value, name, *_MOST[name]) for name, value in given.items()}


def work_of(machine: Any, step: Any) -> str:
    """Return the engine's name of what an inhibitor is to slow down."""
    if isinstance(machine, int | float) and not isinstance(machine, bool) and 0 <= machine <= 1:
        raise _refused(
            "machine",
            f"the machine comes first and then what remains of its rate: write "
            f'inhibit("ribosome", {short(machine)}); it slows down {", ".join(_MACHINES)}',
        )
    if not isinstance(machine, str) or machine not in _MACHINES:
        near = suggestion(machine, _MACHINES)
        raise _refused(
            "machine",
            f"no machine {short(machine)}{near}; an inhibitor slows down {', '.join(_MACHINES)}",
        )
    if not isinstance(step, str) or (machine, step) not in _WORK:
        steps = " or ".join(repr(known) for one, known in _WORK if one == machine)
        raise _refused("step", f"the step of {machine} is {steps}, not {short(step)}")
    return _WORK[machine, step]


def checked_remaining(value: Any) -> float:
    """Check what is left of a rate."""
    return _number(value, "remaining", 1.0)


def inhibitors_of(core: _core.Context) -> dict[str, float]:
    """Return what is left, from 0 to 1, of the work that is inhibited."""
    left = core.remaining()
    return {
        f"{machine} {step}": left[work] for (machine, step), work in _WORK.items() if left[work] < 1
    }


def _number(value: Any, name: str, most: float, unit: str = "") -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _refused(name, f"{name} must be a number, not {short(value)}")
    number = real(value)
    if not 0 <= number <= most or math.isinf(number):
        limit = "" if math.isinf(most) else f" to {most:g}{unit}"
        raise _refused(name, f"{name} is {in_words(number, value)}: give a number from 0{limit}")
    return number


def _refused(argument: str, message: str) -> APIValidationError:
    return APIValidationError(message, details={"argument": argument})
