"""What the hypervisor reports: typed records, and the same as Prometheus text."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, overload

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._frozen import Record
from bioxen_jcvi_vm_lib._html import grid
from bioxen_jcvi_vm_lib.cell_cycle import CellCycleState
from bioxen_jcvi_vm_lib.hypervisor.records import (
    RESOURCES,
    Policy,
    Quota,
    VmHandle,
    named_capacity,
    policy_of,
    quota_of,
)

__all__ = [
    "HypervisorMetrics",
    "Latency",
    "SystemResources",
    "VmMetrics",
    "VmStatus",
    "WorkerMetrics",
]

#: Machines that a notebook shows.
_HTML_ROWS = 20
STATES = ("created", "running", "paused", "stopped", "error")


class _OfVm(Record):
    """A record of one machine, whose handle is written as its name."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return every attribute as plain numbers, texts, lists and dictionaries."""
        return super().to_dict() | {"handle": self.handle.vm_id}  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Latency(Record):
    """Delays of one kind.

    Attributes
    ----------
    count : int
        How many.
    p50_ns, p99_ns, max_ns : int
        Quantiles [ns], at most an eighth too high; the longest.
    """

    count: int
    p50_ns: int
    p99_ns: int
    max_ns: int


@dataclass(frozen=True, slots=True)
class VmStatus(_OfVm):
    """What state a virtual machine is in.

    Attributes
    ----------
    vm_id : str
        Its name.
    handle : VmHandle
        Names this machine only.
    state : str
        "created", "running", "paused", "stopped" or "error".
    cause : str
        Of an error, or which quota it has used; else empty.
    time_s : float
        Age of the cell [s].
    on_worker : bool
        Whether it was on a worker at that moment.
    policy : Policy
        How it gets time.
    quota : Quota
        Its limits.
    runs_waiting : int
        Runs asked for and not ended.
    cell_cycle : CellCycleState or None
        Where a cell that grows stands; None of one that does not.
    """

    vm_id: str
    handle: VmHandle
    state: str
    cause: str
    time_s: float
    on_worker: bool
    policy: Policy
    quota: Quota
    runs_waiting: int
    cell_cycle: CellCycleState | None


@dataclass(frozen=True, slots=True)
class VmMetrics(_OfVm):
    """What a virtual machine did and used; ages and counts are those of its last slice's end.

    Attributes
    ----------
    vm_id, handle, state, cause, policy, quota, on_worker, runs_waiting, cell_cycle
        As in `VmStatus`.
    time_s : float
        Age of the cell [s].
    events : mapping of str to int
        Events since birth by kind.
    drawn_atp, drawn_amino_acids : int
        Molecules that supply brought in since birth.
    memory_bytes : int
        Memory of the cell [bytes].
    machines : mapping of str to mapping
        Of every kind of machine how many are "total", "free" and "active".
    atp : int
        Molecules of ATP.
    grant : mapping of str to int, or None
        What it holds of the chassis; None without a chassis.
    cpu_ns : int
        Time on workers [ns].
    wait_ns : int
        Time that it was ready and not on a worker [ns].
    os_steal_ns : int
        Of `cpu_ns`, time in which the operating system ran something else [ns].
    switches : int
        Times that it was put on a worker after another machine.
    dispatch : Latency
        From ready to on a worker.
    pace : float
        Simulated seconds per second that were asked for; 0: none.
    periods : int
        Periods of its pace or its deadline policy.
    deadline_misses, deadline_misses_by_os : int
        Periods that ended late; of these, those whose lateness the operating system took.
    max_tardiness_ns : int
        How late at most [ns].
    """

    vm_id: str
    handle: VmHandle
    state: str
    cause: str
    policy: Policy
    quota: Quota
    on_worker: bool
    time_s: float
    events: Mapping[str, int] = field(hash=False)
    drawn_atp: int
    drawn_amino_acids: int
    memory_bytes: int
    machines: Mapping[str, Mapping[str, int]] = field(hash=False)
    atp: int
    grant: Mapping[str, int] | None = field(hash=False)
    cpu_ns: int
    wait_ns: int
    os_steal_ns: int
    switches: int
    dispatch: Latency
    pace: float
    periods: int
    deadline_misses: int
    deadline_misses_by_os: int
    max_tardiness_ns: int
    runs_waiting: int
    cell_cycle: CellCycleState | None

    @property
    def cpu_s(self) -> float:
        """Time on workers [s]."""
        return self.cpu_ns / 1e9

    @property
    def steps(self) -> int:
        """Nucleotides and codons stepped since birth."""
        return self.events["nucleotide_steps"] + self.events["codon_steps"]

    @property
    def status(self) -> VmStatus:
        """The part that says what state it is in."""
        return VmStatus(*(getattr(self, part.name) for part in fields(VmStatus)))

    @classmethod
    def _of(cls, told: dict[str, Any]) -> VmMetrics:
        told["handle"] = VmHandle(told["vm_id"], told["handle"])
        told["policy"] = policy_of(*told["policy"])
        told["quota"] = quota_of(*told["quota"])
        told["events"] = MappingProxyType(told["events"])
        told["machines"] = MappingProxyType(
            {kind: MappingProxyType(counts) for kind, counts in told["machines"].items()}
        )
        told["dispatch"] = Latency(**told["dispatch"])
        told["cell_cycle"] = CellCycleState.told(told["cell_cycle"])
        if told["grant"] is not None:
            told["grant"] = MappingProxyType(named_capacity(told["grant"]))
        return cls(**told)


@dataclass(frozen=True, slots=True)
class WorkerMetrics(Record):
    """Where a worker's time went: context + overhead + idle = total, to the nanosecond.

    Attributes
    ----------
    total_ns, context_ns, overhead_ns, idle_ns : int
        Since it started; with a virtual machine; choosing one; with nothing to do [ns].
    os_steal_ns : int
        Of `context_ns` and `overhead_ns`, time in which the operating system ran something else
        [ns].
    overhead_os_steal_ns : int
        Of `os_steal_ns`, the part in `overhead_ns` [ns].
    slices : int
        How often a machine was put on it.
    deadline_share : float
        Sum of budget / period of its deadline machines.
    """

    total_ns: int
    context_ns: int
    overhead_ns: int
    idle_ns: int
    os_steal_ns: int
    overhead_os_steal_ns: int
    slices: int
    deadline_share: float


@dataclass(frozen=True, slots=True)
class SystemResources(Record):
    """What there is to share, and who has how much of it.

    Attributes
    ----------
    workers : int
        Threads that run machines.
    vms, max_vms : int
        Machines that exist; the most that may.
    deadline_shares : tuple of float
        By worker, the part that deadline machines have been promised.
    memory_bytes : int
        Memory of all cells [bytes].
    chassis : mapping of str to mapping, or None
        "total", "overhead", "reserve", "held" and "free" of every resource at the age of the
        oldest cell; None without a chassis.
    """

    workers: int
    vms: int
    max_vms: int
    deadline_shares: tuple[float, ...]
    memory_bytes: int
    chassis: Mapping[str, Mapping[str, int]] | None = field(hash=False)


class VmTable(Sequence[VmMetrics]):
    """What a hypervisor told of all its machines at one moment, as a tuple of `VmMetrics`."""

    __slots__ = ("_core", "_rows")

    def __init__(
        self, core: _core.ContextTable | None = None, rows: Iterable[VmMetrics] = ()
    ) -> None:
        self._core = core
        self._rows: list[VmMetrics | None] = list(rows) if core is None else [None] * len(core)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> VmMetrics: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[VmMetrics, ...]: ...
    def __getitem__(self, index: int | slice) -> VmMetrics | tuple[VmMetrics, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        made = self._rows[index]
        if made is None:
            assert self._core is not None  # which has the rows that are not made
            made = VmMetrics._of(self._core.row(range(len(self))[index]))
            self._rows[index] = made
        return made

    def column(self, name: str) -> Any:
        """Return one number of all machines at once: a NumPy array, of names a list.

        Parameters
        ----------
        name : str
            "vm_id", "time_s", "cpu_ns", "steps", "memory_bytes", "deadline_misses",
            "runs_waiting"; "key", which tells machines apart; "state", the place in `STATES`;
            "explained", whether there is a cause.
        """
        if name not in _COLUMNS:
            raise APIValidationError(f"no column {short(name)}; there are {', '.join(_COLUMNS)}")
        if self._core is not None:
            return self._core.column(name)
        values = [_COLUMNS[name](vm) for vm in self]
        return values if name == "vm_id" else importlib.import_module("numpy").array(values)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return every machine as plain numbers, texts, lists and dictionaries."""
        return [vm.to_dict() for vm in self]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, VmTable) else other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (VmTable, (None, tuple(self)))

    def __repr__(self) -> str:
        return repr(tuple(self))


#: The columns of a table that has left its process.
_COLUMNS: Mapping[str, Callable[[VmMetrics], Any]] = {
    "vm_id": lambda vm: vm.vm_id,
    "key": lambda vm: vm.handle.handle.slot << 32 | vm.handle.handle.generation,
    "state": lambda vm: STATES.index(vm.state),
    "explained": lambda vm: int(bool(vm.cause)),
    "time_s": lambda vm: vm.time_s,
    "cpu_ns": lambda vm: vm.cpu_ns,
    "steps": lambda vm: vm.steps,
    "memory_bytes": lambda vm: vm.memory_bytes,
    "deadline_misses": lambda vm: vm.deadline_misses,
    "runs_waiting": lambda vm: vm.runs_waiting,
}


@dataclass(frozen=True, slots=True)
class HypervisorMetrics(Record):
    """All of it at one moment.

    Attributes
    ----------
    uptime_ns : int
        Since the hypervisor was made [ns].
    workers : tuple of WorkerMetrics
        Every worker.
    vms : sequence of VmMetrics
        In the order of creation; each is put together when it is asked for.
    departed_cpu_ns : int
        Time on workers of machines that were destroyed [ns].
    preemption : Latency
        From a request to pause, stop, destroy or cancel until the machine rests.
    """

    uptime_ns: int
    workers: tuple[WorkerMetrics, ...]
    vms: VmTable
    departed_cpu_ns: int
    preemption: Latency

    @classmethod
    def _of(cls, told: dict[str, Any]) -> HypervisorMetrics:
        return cls(
            uptime_ns=told["uptime_ns"],
            workers=tuple(WorkerMetrics(**one) for one in told["workers"]),
            vms=VmTable(told["vms"]),
            departed_cpu_ns=told["departed_cpu_ns"],
            preemption=Latency(**told["preemption"]),
        )

    @property
    def states(self) -> Mapping[str, int]:
        """Machines by state; every state is there."""
        found = Counter(STATES[place] for place in self.vms.column("state").tolist())
        return {state: found[state] for state in STATES}

    def _repr_html_(self) -> str:
        head = ("VM", "state", "age [s]", "CPU [s]", "steps", "RNAP", "ribosomes", "ATP", "misses")
        rows = [
            (
                vm.vm_id,
                vm.state + (f": {vm.cause}" if vm.cause else ""),
                f"{vm.time_s:,.6g}",
                f"{vm.cpu_s:.2f}",
                f"{vm.steps:,}",
                *(
                    f"{vm.machines[kind]['active']:,} of {vm.machines[kind]['total']:,}"
                    for kind in ("rna_polymerase", "ribosome")
                ),
                f"{vm.atp:,}",
                f"{vm.deadline_misses:,}",
            )
            for vm in self.vms[:_HTML_ROWS]
        ]
        states = ", ".join(f"{n:,} {state}" for state, n in self.states.items() if n)
        more = f", the first {_HTML_ROWS} here" if len(self.vms) > _HTML_ROWS else ""
        return grid(head, rows, f"{len(self.vms):,} VMs: {states or 'none'}{more}")

    def to_prometheus(self) -> str:
        """Return the text exposition format 0.0.4."""
        return "".join(line + "\n" for line in _exposition(self))


_Sample = tuple[dict[str, str], float]


def _exposition(now: HypervisorMetrics) -> Iterator[str]:
    """Every family with its help and type."""
    workers = [({"worker": str(i)}, worker) for i, worker in enumerate(now.workers)]
    vms = [({"vm": vm.vm_id}, vm) for vm in now.vms]

    def of_vms(value: Any) -> list[_Sample]:
        return [(label, value(vm)) for label, vm in vms]

    def counted(name: str, what: str, samples: Iterable[_Sample]) -> Iterator[str]:
        return _family(name, "counter", what, samples)

    def gauge(name: str, what: str, samples: Iterable[_Sample]) -> Iterator[str]:
        return _family(name, "gauge", what, samples)

    yield from counted(
        "uptime_seconds_total", "Age of the hypervisor.", [({}, now.uptime_ns / 1e9)]
    )
    yield from counted(
        "worker_seconds_total",
        "Time of a worker by use.",
        [
            ({**label, "use": use}, getattr(worker, f"{use}_ns") / 1e9)
            for label, worker in workers
            for use in ("context", "overhead", "idle")
        ],
    )
    yield from counted(
        "worker_os_steal_seconds_total",
        "Time of a worker by use that the operating system gave to something else.",
        [
            ({**label, "use": use}, steal_ns / 1e9)
            for label, worker in workers
            for use, steal_ns in (
                ("context", worker.os_steal_ns - worker.overhead_os_steal_ns),
                ("overhead", worker.overhead_os_steal_ns),
            )
        ],
    )
    yield from counted(
        "worker_slices_total",
        "Slices that a worker ran.",
        [(label, worker.slices) for label, worker in workers],
    )
    yield from gauge(
        "worker_deadline_share_ratio",
        "Part of a worker that deadline machines were promised.",
        [(label, worker.deadline_share) for label, worker in workers],
    )
    yield from gauge(
        "vms", "Machines by state.", [({"state": s}, n) for s, n in now.states.items()]
    )
    yield from gauge(
        "vm_state",
        "1 for the state that a machine is in, else 0.",
        [
            ({**label, "state": state}, float(vm.state == state))
            for label, vm in vms
            for state in STATES
        ],
    )
    yield from gauge("vm_age_seconds", "Age of the cell.", of_vms(lambda vm: vm.time_s))
    yield from counted(
        "vm_cpu_seconds_total", "Time on workers.", of_vms(lambda vm: vm.cpu_ns / 1e9)
    )
    yield from counted(
        "departed_vm_cpu_seconds_total",
        "Time on workers of machines that were destroyed.",
        [({}, now.departed_cpu_ns / 1e9)],
    )
    yield from counted(
        "vm_wait_seconds_total",
        "Time ready and not on a worker.",
        of_vms(lambda vm: vm.wait_ns / 1e9),
    )
    yield from counted(
        "vm_os_steal_seconds_total",
        "Time on a worker that the operating system gave to something else.",
        of_vms(lambda vm: vm.os_steal_ns / 1e9),
    )
    yield from counted(
        "vm_switches_total",
        "Times put on a worker after another machine.",
        of_vms(lambda vm: vm.switches),
    )
    yield from counted(
        "vm_events_total",
        "Events by kind.",
        [({**label, "kind": kind}, n) for label, vm in vms for kind, n in vm.events.items()],
    )
    yield from counted(
        "vm_drawn_molecules_total",
        "Molecules that supply brought in.",
        [
            ({**label, "resource": name}, getattr(vm, f"drawn_{name}"))
            for label, vm in vms
            for name in ("atp", "amino_acids")
        ],
    )
    yield from gauge("vm_memory_bytes", "Memory of the cell.", of_vms(lambda vm: vm.memory_bytes))
    yield from gauge(
        "vm_machines",
        "Molecular machines of the cell by kind and state.",
        [
            ({**label, "kind": kind, "state": state}, counts[state])
            for label, vm in vms
            for kind, counts in vm.machines.items()
            for state in ("free", "active")
        ],
    )
    yield from gauge("vm_atp_molecules", "ATP of the cell.", of_vms(lambda vm: vm.atp))
    growing = [(label, vm.cell_cycle) for label, vm in vms if vm.cell_cycle is not None]
    yield from gauge(
        "vm_volume_liters",
        "Volume of a cell that grows.",
        [(label, cycle.volume_l) for label, cycle in growing],
    )
    yield from gauge(
        "vm_growth_rate_per_hour",
        "Rate of growth of its volume.",
        [(label, cycle.growth_rate_per_h) for label, cycle in growing],
    )
    yield from gauge(
        "vm_chromosomes",
        "Whole chromosomes, and forks at work, of a cell that grows.",
        [
            ({**label, "state": state}, n)
            for label, cycle in growing
            for state, n in (("whole", cycle.chromosomes), ("fork", cycle.forks))
        ],
    )
    yield from gauge(
        "vm_phase",
        "1 for the phase of the cell cycle that a cell that grows is in.",
        [({**label, "phase": cycle.phase}, 1) for label, cycle in growing],
    )
    yield from gauge(
        "vm_granted",
        "Held of the chassis: machines, and molecules per second.",
        [
            ({**label, "resource": name}, vm.grant[name])
            for label, vm in vms
            if vm.grant is not None
            for name in RESOURCES
        ],
    )
    yield from gauge(
        "vm_pace_ratio",
        "Simulated seconds per second that were asked for, 0 for none.",
        of_vms(lambda vm: vm.pace),
    )
    yield from counted(
        "vm_periods_total", "Periods of pace or deadline.", of_vms(lambda vm: vm.periods)
    )
    yield from counted(
        "vm_deadline_misses_total",
        "Periods that ended late, by what made them late.",
        [
            ({**label, "by": by}, missed)
            for label, vm in vms
            for by, missed in (
                ("os", vm.deadline_misses_by_os),
                ("hypervisor", vm.deadline_misses - vm.deadline_misses_by_os),
            )
        ],
    )
    yield from gauge(
        "vm_max_tardiness_seconds",
        "How late a period ended at most.",
        of_vms(lambda vm: vm.max_tardiness_ns / 1e9),
    )
    yield from _summary(
        "vm_dispatch_latency_seconds",
        "From ready to on a worker.",
        [(label, vm.dispatch) for label, vm in vms],
    )
    yield from _summary(
        "preemption_latency_seconds",
        "From a request to pause, stop, destroy or cancel until the machine rests.",
        [({}, now.preemption)],
    )


def _family(name: str, kind: str, what: str, samples: Iterable[_Sample]) -> Iterator[str]:
    yield f"# HELP bioxen_{name} {what}"
    yield f"# TYPE bioxen_{name} {kind}"
    for labels, value in samples:
        yield f"bioxen_{name}{_labels(labels)} {_number(value)}"


def _summary(
    name: str, what: str, delays: Iterable[tuple[dict[str, str], Latency]]
) -> Iterator[str]:
    """Quantiles, and how many there were; the sum is not kept. The longest is a gauge."""
    found = list(delays)
    yield f"# HELP bioxen_{name} {what}"
    yield f"# TYPE bioxen_{name} summary"
    for labels, delay in found:
        for quantile, value in (("0.5", delay.p50_ns), ("0.99", delay.p99_ns)):
            yield f"bioxen_{name}{_labels({**labels, 'quantile': quantile})} {_number(value / 1e9)}"
        yield f"bioxen_{name}_count{_labels(labels)} {delay.count}"
    longest = name.replace("_seconds", "_max_seconds")
    yield from _family(
        longest, "gauge", what + " The longest.", [(label, d.max_ns / 1e9) for label, d in found]
    )


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(value) if isinstance(value, float) else str(int(value))
