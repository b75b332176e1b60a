"""What the hypervisor is told: policies, quotas, the chassis and what is asked of it, the clock."""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, NoReturn, Self

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import (
    MAX_DURATION_S,
    in_words,
    real,
    seed_or_entropy,
    short,
    suggestion,
)
from bioxen_jcvi_vm_lib._engine_organism import engine_organism
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    ChassisInitializationError,
    InvalidConfigurationError,
)
from bioxen_jcvi_vm_lib._frozen import reduced
from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.organism import OrganismParameters

__all__ = ["Chassis", "Policy", "Quota", "ResourceAllocation", "VirtualClock", "VmHandle"]

#: Shortest period of a deadline policy [s].
MIN_PERIOD_S = 0.001
#: Largest amount of any resource of a chassis.
MAX_AMOUNT = 2**40
#: Largest of any other whole number.
MAX_COUNT = 2**62
PRIORITIES = ("low", "normal", "high", "critical")
ON_QUOTA = ("pause", "stop", "raise")
#: What the core calls a limit that is used, and its name in a `Quota`.
LIMITS: Mapping[str, str] = {
    "candidate events": "events",
    "CPU time": "cpu_s",
    "memory": "memory_bytes",
    "molecules": "molecules",
    "simulated time": "simulated_s",
}
#: Kinds of policy, and what belongs to each.
POLICIES: Mapping[str, tuple[str, ...]] = {
    "fair": ("weight", "cap"),
    "deadline": ("budget_s", "period_s", "reclaim"),
    "batch": (),
}
RESOURCES = ("ribosomes", "rna_polymerases", "atp_flux_per_s", "amino_acid_flux_per_s")


@dataclass(frozen=True, slots=True)
class VmHandle:
    """Names one virtual machine of one hypervisor, and no later one of the same name.

    Attributes
    ----------
    vm_id : str
        Its name.
    handle : ContextHandle
        Hypervisor, slot and generation.
    """

    vm_id: str
    handle: _core.ContextHandle

    def __str__(self) -> str:
        return self.vm_id


@dataclass(frozen=True, slots=True)
class Policy:
    """How a virtual machine gets a worker's time; made by `fair`, `deadline` or `batch`.

    Attributes
    ----------
    kind : str
        "fair", "deadline" or "batch".
    weight : float
        fair: share in proportion to it, > 0.
    cap : float or None
        fair: most of one worker, over windows of 100 ms; above 0 and at most 1. None: no cap.
    budget_s, period_s : float
        deadline: worker's time in every period [s].
    reclaim : bool
        deadline: whether it has what other deadline VMs of its worker leave, and time that nobody
        wants; see `deadline`.
    """

    kind: Literal["fair", "deadline", "batch"] = "fair"
    weight: float = 1.0
    cap: float | None = None
    budget_s: float = 0.0
    period_s: float = 0.0
    reclaim: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in POLICIES:
            near = suggestion(self.kind, POLICIES)
            raise _refused(
                "policy",
                f"{short(self.kind)} is no policy{near or ': give fair, deadline or batch'}",
            )
        for part in fields(self)[1:]:
            value = getattr(self, part.name)
            is_default = isinstance(value, int | float | None) and value == part.default
            if part.name not in POLICIES[self.kind]:
                if not is_default:
                    raise _refused(part.name, f"a {self.kind} policy has no {part.name}")
                _keep(self, part.name, part.default)
        if self.kind == "fair":
            _keep(self, "weight", positive(self.weight, "weight", 1e-6, 1e6))
            if self.cap is not None:
                _keep(self, "cap", positive(self.cap, "cap", 0.0, 1.0))
        if self.kind == "deadline":
            period = positive(self.period_s, "period_s", MIN_PERIOD_S, MAX_DURATION_S)
            budget = positive(self.budget_s, "budget_s", 1e-9, MAX_DURATION_S)
            if budget > period:
                raise _refused(
                    "budget_s",
                    f"a budget of {budget:g} s does not fit a period of {period:g} s: "
                    "give at most the period",
                )
            _flag(self.reclaim, "reclaim")
            _keep(self, "period_s", period)
            _keep(self, "budget_s", budget)

    @classmethod
    def fair(cls, weight: float = 1.0, cap: float | None = None) -> Self:
        """Share the time in proportion to weights.

        Parameters
        ----------
        weight : float
            From 1e-6 to 1e6.
        cap : float, optional
            Most of one worker that it gets, above 0 and at most 1.
        """
        return cls("fair", weight=weight, cap=cap)

    @classmethod
    def deadline(cls, budget_s: float, period_s: float, reclaim: bool = False) -> Self:
        """Get a budget in every period, whatever others do.

        Parameters
        ----------
        budget_s : float
            Time on a worker [s], above 0 and at most the period.
        period_s : float
            At least 0.001 s.
        reclaim : bool
            Whether it has what other deadline VMs of its worker leave: time is charged to the
            budget at the rate of the share of the worker that its deadline VMs have in use at that
            moment, over the share that all admitted there have (after GRUB: Lipari and Baruah
            2000). Together they never take more than they were promised, and fair and batch VMs
            keep the rest. Once the budget is used the VM goes on only in time that nobody else
            wants, which costs it nothing.
        """
        return cls("deadline", budget_s=budget_s, period_s=period_s, reclaim=reclaim)

    @classmethod
    def batch(cls) -> Self:
        """First come, first served, in what others leave, and at least a twentieth beside them."""
        return cls("batch")

    @classmethod
    def of(cls, given: Any) -> Policy:
        """Return a policy from one, from a mapping of its attributes, as in a configuration file
        (``{"kind": "fair", "weight": 2}``), from "fair" or "batch", or from None, which is fair.
        """
        if given is None:
            return cls.fair()
        if isinstance(given, Policy):
            return given
        if isinstance(given, Mapping):
            values = _known(given, "policy", [part.name for part in fields(cls)])
            if "kind" not in values:
                raise _refused("policy", "the policy has no kind: give fair, deadline or batch")
            return cls(**values)
        if isinstance(given, str):
            kind = given.partition(":")[0]
            if kind == "deadline":
                raise _refused(
                    "policy",
                    "a deadline needs numbers, in seconds: "
                    "Policy.deadline(budget_s=0.001, period_s=0.02)",
                )
            if kind == "fair" and given != kind:
                raise _refused(
                    "policy", f"{short(given)} is no policy: give Policy.fair(weight=2.0)"
                )
            return cls(given)  # type: ignore[arg-type] # which it checks
        raise _refused(
            "policy",
            f"{short(given)} is no policy: give Policy.fair(), .deadline(...) or .batch()",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and what belongs to it."""
        if self.kind == "fair":
            return {"kind": "fair", "weight": self.weight, "cap": self.cap}
        if self.kind == "batch":
            return {"kind": "batch"}
        return {
            "kind": "deadline",
            "budget_s": self.budget_s,
            "period_s": self.period_s,
            "reclaim": self.reclaim,
        }

    def __str__(self) -> str:
        if self.kind == "fair":
            cap = "" if self.cap is None else f" <={100 * self.cap:g}%"
            return (f"fair x{self.weight:g}" if self.weight != 1 else "fair") + cap
        if self.kind == "batch":
            return "batch"
        reclaims = " +" if self.reclaim else ""
        return f"{1e3 * self.budget_s:g}/{1e3 * self.period_s:g} ms{reclaims}"

    @property
    def _to_core(self) -> _core.Policy:
        return _core.Policy(
            self.kind,
            weight=float(self.weight),
            cap=1.0 if self.cap is None else float(self.cap),
            budget_ns=round(self.budget_s * 1e9),
            period_ns=round(self.period_s * 1e9),
            reclaim=self.reclaim,
        )


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of one virtual machine since it was created; None sets none.

    Attributes
    ----------
    events : int or None
        Candidate events, the unit of work, which ``events["candidates"]`` counts; exact.
    cpu_s : float or None
        Time on workers [s]; to a quantum.
    memory_bytes : int or None
        Memory [bytes]; to a slice.
    molecules : int or None
        ATP and amino acids that supply brings in; to a quantum.
    simulated_s : float or None
        Age of the cell [s]; exact.
    on_quota : str
        "pause" it, "stop" it for good, or "raise": pause it, and `run` raises.
    """

    events: int | None = None
    cpu_s: float | None = None
    memory_bytes: int | None = None
    molecules: int | None = None
    simulated_s: float | None = None
    on_quota: Literal["pause", "stop", "raise"] = "pause"

    def __post_init__(self) -> None:
        for name in ("events", "memory_bytes", "molecules"):
            if (value := getattr(self, name)) is not None:
                _keep(self, name, whole(value, name, 1, MAX_COUNT))
        for name in ("cpu_s", "simulated_s"):
            if (value := getattr(self, name)) is not None:
                _keep(self, name, positive(value, name, 1e-9, MAX_DURATION_S))
        if not isinstance(self.on_quota, str) or self.on_quota not in ON_QUOTA:
            raise _refused("on_quota", f"{short(self.on_quota)} is none of {', '.join(ON_QUOTA)}")

    @classmethod
    def of(cls, given: Any) -> Quota:
        """Return a quota from one, from a mapping of its attributes, or from None: no limits."""
        if given is None:
            return cls()
        if isinstance(given, Quota):
            return given
        return cls(**_known(given, "quota", [part.name for part in fields(cls)]))

    def to_dict(self) -> dict[str, Any]:
        """Return the limits by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def _to_core(self) -> _core.Quota:
        return _core.Quota(
            candidates=None if self.events is None else int(self.events),
            cpu_ns=None if self.cpu_s is None else round(self.cpu_s * 1e9),
            memory_bytes=None if self.memory_bytes is None else int(self.memory_bytes),
            molecules=None if self.molecules is None else int(self.molecules),
            simulated_s=None if self.simulated_s is None else float(self.simulated_s),
            on_quota=self.on_quota,
        )


@dataclass(frozen=True, slots=True)
class ResourceAllocation:
    """What a virtual machine holds of the chassis; None: what its organism has of its own.

    Attributes
    ----------
    ribosomes, rna_polymerases : int or None
        Machines.
    atp_flux_per_s, amino_acid_flux_per_s : int or None
        What supply brings [molecules/s].
    limits : mapping of str to int
        The most of each that `rebalance` may grant; what is not named stays at its amount.
    priority : str or None
        "low", "normal", "high" or "critical", which alone may use the emergency reserve. None:
        normal; in a change, what it was.
    """

    ribosomes: int | None = None
    rna_polymerases: int | None = None
    atp_flux_per_s: int | None = None
    amino_acid_flux_per_s: int | None = None
    limits: Mapping[str, int] = field(default_factory=dict, hash=False)
    priority: Literal["low", "normal", "high", "critical"] | None = None

    def __post_init__(self) -> None:
        for name in RESOURCES:
            if (value := getattr(self, name)) is not None:
                _keep(self, name, whole(value, name, 0, MAX_AMOUNT))
        limits = {
            name: whole(value, f"limits[{name!r}]", 0, MAX_AMOUNT)
            for name, value in _known(self.limits, "limits", RESOURCES).items()
        }
        _keep(self, "limits", MappingProxyType(limits))
        if self.priority is None:
            return
        if not isinstance(self.priority, str) or self.priority not in PRIORITIES:
            raise _refused("priority", f"{short(self.priority)} is none of {', '.join(PRIORITIES)}")

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    @classmethod
    def of(cls, given: Any) -> ResourceAllocation:
        """Return an allocation from one, or from a mapping of its attributes."""
        if isinstance(given, ResourceAllocation):
            return given
        known = [part.name for part in fields(cls)]
        if isinstance(given, Mapping):
            for key in given:
                _check_shared(key)
        return cls(**_known(given, "resource_allocation", known))

    def to_dict(self) -> dict[str, Any]:
        """Return amounts, limits and priority."""
        return {
            **{name: getattr(self, name) for name in RESOURCES},
            "limits": dict(self.limits),
            "priority": self.priority,
        }

    def _to_core(self, own: Mapping[str, int]) -> _core.Allocation:
        """Return it for a cell that has `own` by itself."""
        given = {name: getattr(self, name) for name in RESOURCES}
        amounts = {k: own[k] if value is None else int(value) for k, value in given.items()}
        limits = {name: self.limits.get(name, amounts[name]) for name in RESOURCES}
        for name in RESOURCES:
            if limits[name] < amounts[name]:
                raise _refused(
                    "limits",
                    f"the limit of {limits[name]} {name} is below the amount of {amounts[name]}",
                )
        limit = _core.Capacity(**limits) if self.limits else None
        return _core.Allocation(_core.Capacity(**amounts), limit, self.priority or "normal")


@dataclass(frozen=True, slots=True)
class Chassis:
    """A pool of biological capacity that virtual machines share.

    Attributes
    ----------
    ribosomes, rna_polymerases : int
        Machines.
    atp_flux_per_s, amino_acid_flux_per_s : int
        What supply brings [molecules/s].
    hypervisor_overhead : float
        Part of every resource that nobody may hold, from 0 to 1.
    emergency_reserve : float
        Part that only machines of critical priority may hold, from 0 to 1.
    """

    ribosomes: int
    rna_polymerases: int
    atp_flux_per_s: int
    amino_acid_flux_per_s: int
    hypervisor_overhead: float = 0.0
    emergency_reserve: float = 0.0

    def __post_init__(self) -> None:
        try:
            for name in RESOURCES:
                _keep(self, name, whole(getattr(self, name), name, 0, MAX_AMOUNT))
            for name in ("hypervisor_overhead", "emergency_reserve"):
                _keep(self, name, positive(getattr(self, name), name, 0.0, 1.0, zero=True))
        except APIValidationError as error:
            raise ChassisInitializationError(error.message, details=error.details) from None
        shares = self.hypervisor_overhead + self.emergency_reserve
        if shares >= 1.0:
            raise ChassisInitializationError(
                f"overhead and reserve of {shares:g} leave nothing: give less than 1 together"
            )

    @classmethod
    def of_organism(
        cls,
        organism: str | GenomicRuntime,
        cells: int = 1,
        *,
        hypervisor_overhead: float = 0.0,
        emergency_reserve: float = 0.0,
    ) -> Self:
        """Return what a number of cells of an organism have.

        Parameters
        ----------
        organism : str or GenomicRuntime
            Name of an organism, or a genome with its configuration.
        cells : int
            How many of them, 1 or more.
        hypervisor_overhead, emergency_reserve : float
            As in the class.
        """
        whole(cells, "cells", 1, MAX_AMOUNT)
        if isinstance(organism, GenomicRuntime):
            own = own_capacity(organism._program)
        else:
            parameters = OrganismParameters.load(organism)
            own = named_capacity(
                _core.capacity_of(engine_organism(parameters, GenomicVirtualizationConfig(), ()))
            )
        return cls(
            **{name: cells * amount for name, amount in own.items()},
            hypervisor_overhead=hypervisor_overhead,
            emergency_reserve=emergency_reserve,
        )

    @classmethod
    def of(cls, given: Any) -> Chassis | None:
        """Return a chassis from one, from a mapping of its attributes, from the name of an
        organism or a GenomicRuntime, as `of_organism`, or from None: no chassis.
        """
        if given is None or isinstance(given, Chassis):
            return given
        if not isinstance(given, str | GenomicRuntime | Mapping):
            raise ChassisInitializationError(
                f"{short(given)} is no chassis: give a Chassis, a mapping of its amounts, the name "
                "of an organism, a GenomicRuntime, or None",
                details={"argument": "chassis"},
            )
        try:
            if not isinstance(given, Mapping):
                return cls.of_organism(given)
            values = _known(given, "chassis", [part.name for part in fields(cls)])
        except (APIValidationError, InvalidConfigurationError) as error:
            raise ChassisInitializationError(error.message, details=error.details) from None
        missing = [name for name in RESOURCES if name not in values]
        if missing:
            raise ChassisInitializationError(f"the chassis has no {missing[0]}: give all amounts")
        return cls(**values)

    @property
    def amounts(self) -> dict[str, int]:
        """All that there is, by resource."""
        return {name: int(getattr(self, name)) for name in RESOURCES}

    def to_dict(self) -> dict[str, Any]:
        """Return the amounts and shares by name."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def _to_core(self) -> _core.Chassis:
        total = _core.Capacity(**self.amounts)
        return _core.Chassis(total, float(self.hypervisor_overhead), float(self.emergency_reserve))


class VirtualClock:
    """A clock that only the work of the hypervisor moves, for tests and for exact repetition.

    A hypervisor on it starts no threads: whoever waits for a run drives all its workers in turn,
    ties broken by a seeded generator. The same seed gives the same order of everything.

    Parameters
    ----------
    seed : int
        uint64.
    candidate_ns : int
        What a candidate event takes [ns], > 0.
    switch_ns : int
        What choosing the next machine takes [ns], 0 or more.
    """

    __slots__ = ("_clock",)

    def __init__(self, seed: int, candidate_ns: int = 20, switch_ns: int = 0) -> None:
        if seed is None:
            raise APIValidationError("a virtual clock needs a seed: a whole number")
        self._clock = _core.VirtualClock(
            seed_or_entropy(seed),
            whole(candidate_ns, "candidate_ns", 1, 10**9),
            whole(switch_ns, "switch_ns", 0, 10**9),
        )

    def __reduce__(self) -> NoReturn:
        raise APIValidationError(
            "a virtual clock is of one hypervisor: make another with VirtualClock(seed)"
        )

    @property
    def now_ns(self) -> int:
        """Time since the clock was made [ns]."""
        return self._clock.now_ns


@functools.lru_cache(maxsize=256)
def policy_of(
    kind: str, weight: float, cap: float, budget_ns: int, period_ns: int, reclaim: bool
) -> Policy:
    """Return a policy as the core tells it."""
    if kind == "deadline":
        return Policy.deadline(budget_ns / 1e9, period_ns / 1e9, reclaim)
    if kind == "batch":
        return Policy.batch()
    return Policy.fair(weight, None if cap == 1.0 else cap)


@functools.lru_cache(maxsize=256)
def quota_of(
    candidates: int | None,
    cpu_ns: int | None,
    memory_bytes: int | None,
    molecules: int | None,
    simulated_s: float | None,
    on_quota: Any,
) -> Quota:
    """Return a quota as the core tells it."""
    cpu_s = None if cpu_ns is None else cpu_ns / 1e9
    return Quota(candidates, cpu_s, memory_bytes, molecules, simulated_s, on_quota)


def named_capacity(capacity: _core.Capacity) -> dict[str, int]:
    """Return the amounts by name."""
    return {name: getattr(capacity, name) for name in RESOURCES}


def own_capacity(program: _core.Program) -> dict[str, int]:
    """Return what a cell of this program has by itself."""
    return named_capacity(_core.capacity_of(program.organism))


def positive(value: Any, what: str, least: float, most: float, *, zero: bool = False) -> float:
    """Check a real number: above 0, or also 0, and between bounds."""
    low = "0" if zero else f"{least:g}" if least else "more than 0"
    fix = f"give a number from {low} to {most:g}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise _refused(what, f"{what} must be a number, not {short(value)}: {fix}")
    number = real(value)
    if not math.isfinite(number) or not least <= number <= most or (number == 0 and not zero):
        raise _refused(what, f"{what} is {in_words(number, value)}: {fix}")
    return number


def whole(value: Any, what: str, least: int, most: int) -> int:
    """Check a whole number between bounds."""
    fix = f"give a whole number from {least:,} to {most:,}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise _refused(what, f"{what} must be a whole number, not {short(value)}: {fix}")
    number = int(value)
    if not least <= number <= most:
        raise _refused(what, f"{what} is {short(number)}: {fix}")
    return number


def _flag(value: Any, what: str) -> None:
    if not isinstance(value, bool):
        raise _refused(what, f"{what} must be True or False, not {short(value)}")


def _check_shared(key: Any) -> None:
    """Say of what cells have and no chassis shares where it is set."""
    if key in _core.resource_names():
        fix = (
            f'set_resource("{key}", n), of a cell or in a process, sets its molecules; of the '
            "chassis are " + ", ".join(RESOURCES)
        )
    elif isinstance(key, str) and key.casefold() in ("degradosome", "degradosomes"):
        fix = "how many there are is the organism's; of the chassis are " + ", ".join(RESOURCES)
    else:
        return
    raise _refused("resource_allocation", f"resource_allocation has no {key!r}: {fix}")


def _known(given: Any, what: str, names: Any) -> dict[str, Any]:
    """Check that a mapping has known keys only; the nearest to an unknown one is named."""
    if not isinstance(given, Mapping):
        raise _refused(what, f"{what} must be a mapping, not {short(given)}")
    for key in given:
        if not isinstance(key, str) or key not in names:
            near = suggestion(key, names) or f"; there are {', '.join(names)}"
            raise _refused(what, f"{what} has no {short(key)}{near}")
    return dict(given)


def _keep(record: Any, name: str, value: Any) -> None:
    """Give a frozen record, while it is made, a value of its own type in place of the given one."""
    object.__setattr__(record, name, value)


def _refused(argument: str, message: str) -> APIValidationError:
    return APIValidationError(message, details={"argument": argument})
