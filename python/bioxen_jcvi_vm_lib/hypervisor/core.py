"""The hypervisor: virtual machines that share the workers and the capacity of one chassis."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import (
    MAX_DURATION_S,
    seconds,
    seed_or_entropy,
    short,
    suggestion,
)
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    GenomicRuntimeError,
    InvalidConfigurationError,
    IsolationBreachError,
    ResourceAllocationError,
    VMStateError,
)
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib._observers import named, raise_together, together
from bioxen_jcvi_vm_lib.context import CellularContext
from bioxen_jcvi_vm_lib.genome import (
    GenomicRuntime,
    checked_runtime,
    configuration_for,
    metabolism_for,
    program_for,
    unsealed,
)
from bioxen_jcvi_vm_lib.hypervisor.checkpoint import load_checkpoint, save_checkpoint
from bioxen_jcvi_vm_lib.hypervisor.joint_run import run_together
from bioxen_jcvi_vm_lib.hypervisor.listener import VmListener
from bioxen_jcvi_vm_lib.hypervisor.metrics import (
    HypervisorMetrics,
    SystemResources,
    VmMetrics,
    VmStatus,
)
from bioxen_jcvi_vm_lib.hypervisor.records import (
    RESOURCES,
    Chassis,
    Policy,
    Quota,
    ResourceAllocation,
    VirtualClock,
    VmHandle,
    named_capacity,
    own_capacity,
    positive,
    whole,
)
from bioxen_jcvi_vm_lib.hypervisor.register import Register
from bioxen_jcvi_vm_lib.hypervisor.results import RunResults, VmRecord
from bioxen_jcvi_vm_lib.hypervisor.terms import (
    changed_allocation,
    checked_name,
    core_terms,
    explaining_amounts,
)

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism

__all__ = ["BioXenHypervisor"]

Vm = str | VmHandle

#: Most candidate events between two looks whether something else is due: about 20 ms.
MAX_QUANTUM = 1_000_000

#: What a machine is told to have been when an order is carried out.
_DONE = {"start": "started", "pause": "paused", "resume": "resumed", "stop": "stopped"}


class BioXenHypervisor:
    """Runs many cells side by side, each as if it had the machine to itself.

    Neither workers, nor policies, nor what other machines do changes a trajectory: it is the same,
    bit for bit, as that of a `CellularContext` that runs alone. All methods may be called from any
    thread; a virtual machine is named by its ``vm_id`` or by the `VmHandle` that `create_vm` gave.
    It is a context manager: leaving it closes it.

    Parameters
    ----------
    max_vms : int
        Most virtual machines at a time.
    workers : int, optional
        Threads that run them; None: one per core.
    chassis : Chassis, mapping, or name of an organism, optional
        What the machines share; None: each has what its organism has.
    clock : VirtualClock, optional
        Stands in for the machine's clock.
    scheduler : str
        "preemptive", or "cooperative": a machine keeps its worker until its run has ended.
    slice_s : float
        How long a machine keeps a worker while others wait [s].
    quantum : int
        Candidate events between two looks whether something else is due, at most 1,000,000: about
        20 ms, for which pause, stop and Ctrl-C then wait.
    quota : Quota or mapping, optional
        Limits of each machine that is made without a quota of its own; None: none.

    Raises
    ------
    APIValidationError
        If an argument is not acceptable.
    ChassisInitializationError
        If the chassis is not.
    """

    __slots__ = (
        "__weakref__",
        "_core",
        "_end",
        "_max_vms",
        "_pid",
        "_quota",
        "_register",
        "_scheduler",
    )

    def __init__(
        self,
        *,
        max_vms: int = 64,
        workers: int | None = None,
        chassis: Chassis | Mapping[str, Any] | str | None = None,
        clock: VirtualClock | None = None,
        scheduler: Literal["preemptive", "cooperative"] = "preemptive",
        slice_s: float = 0.001,
        quantum: int = 1024,
        quota: Quota | Mapping[str, Any] | None = None,
    ) -> None:
        self._pid = os.getpid()
        if not isinstance(scheduler, str) or scheduler not in ("preemptive", "cooperative"):
            near = suggestion(scheduler, ("preemptive", "cooperative"))
            raise APIValidationError(
                f"scheduler {short(scheduler)} is neither preemptive nor cooperative{near}",
                details={"argument": "scheduler"},
            )
        if clock is not None and not isinstance(clock, VirtualClock):
            raise APIValidationError(
                f"clock must be a VirtualClock or None, not {short(clock)}",
                details={"argument": "clock"},
            )
        self._scheduler: Literal["preemptive", "cooperative"] = scheduler
        self._quota = Quota.of(quota)
        pool = Chassis.of(chassis)
        self._max_vms = whole(max_vms, "max_vms", 1, 1_000_000)
        self._core = _core.Hypervisor(
            workers=0 if workers is None else whole(workers, "workers", 1, 256),
            max_contexts=self._max_vms,
            quantum=whole(quantum, "quantum", 1, MAX_QUANTUM),
            slice_ns=max(1, round(positive(slice_s, "slice_s", 1e-9, 3600.0) * 1e9)),
            cooperative=scheduler == "cooperative",
            chassis=None if pool is None else pool._to_core,
            clock=None if clock is None else clock._clock,
        )
        self._register = Register(self._core)
        self._end = weakref.finalize(self, _close, self._core)
        self._end.atexit = False  # the end of the process is one for its threads too

    @property
    def max_vms(self) -> int:
        """Most virtual machines at a time."""
        return self._max_vms

    @property
    def scheduler(self) -> Literal["preemptive", "cooperative"]:
        """How workers are shared: "preemptive" or "cooperative"."""
        return self._scheduler

    # -- virtual machines --------------------------------------------------------------------------

    def create_vm(
        self,
        vm_id: str,
        genome_runtime: GenomicRuntime,
        *,
        seed: int | None = None,
        resource_allocation: ResourceAllocation | Mapping[str, Any] | None = None,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
        quota: Quota | Mapping[str, Any] | None = None,
        **overrides: Any,
    ) -> VmHandle:
        """Make a virtual machine in the state "created".

        Parameters
        ----------
        vm_id : str
            Its name, of 1 to 200 bytes that can be printed.
        genome_runtime : GenomicRuntime
            What it runs.
        seed : int, optional
            uint64; None draws one and records it.
        resource_allocation : ResourceAllocation or mapping, optional
            What it holds of the chassis; what is not given, and None: what its organism has.
        policy : Policy, mapping, "fair" or "batch", optional
            How it gets time, as in `Policy.of`; None is fair.
        quota : Quota or mapping, optional
            Its limits; None: what the hypervisor gives each.
        **overrides
            Configuration keys, as in ``create_cellular_context``; ``runtime_scheduler`` is the
            hypervisor's. No hypervisor with a chassis takes a ``metabolic_model``: both set the
            fluxes of a cell.

        Raises
        ------
        VMCreationError
            If the name is taken.
        ResourceAllocationError
            If capacity, or a worker's time, is not free.
        HypervisorOverloadError
            If there are ``max_vms`` already.
        APIValidationError, InvalidConfigurationError, GenomeCompilationError
            If an argument is not acceptable.
        """
        core = self._usable()
        name = checked_name(vm_id)
        runtime = checked_runtime(genome_runtime)
        if "runtime_scheduler" in overrides:
            raise InvalidConfigurationError(
                "runtime_scheduler is of all VMs together: give it to the hypervisor, "
                'BioXenHypervisor(scheduler="cooperative"); a VM has a policy',
                details={"key": "runtime_scheduler"},
            )
        configuration = configuration_for(runtime, overrides)
        program = program_for(runtime, configuration)
        metabolism = self._fed(metabolism_for(runtime, configuration))
        limits = self._quota if quota is None else quota
        terms = core_terms(policy, limits, resource_allocation, own_capacity(program))
        number = seed_or_entropy(seed)
        with self._register.making(), explaining_amounts(resource_allocation, "its organism"):
            handle = core.create(name, program, number, *terms)
            return self._register.settled(
                name, handle, runtime, configuration.snapshot_dir, metabolism
            )

    def restore_vm(
        self,
        vm_id: str,
        snapshot: bytes,
        genome_runtime: GenomicRuntime,
        *,
        resource_allocation: ResourceAllocation | Mapping[str, Any] | None = None,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
        quota: Quota | Mapping[str, Any] | None = None,
    ) -> VmHandle:
        """Make a virtual machine of a snapshot that ``CellularContext.snapshot`` gave.

        Parameters
        ----------
        vm_id : str
            Its name.
        snapshot : bytes-like
            What ``snapshot`` returned.
        genome_runtime : GenomicRuntime
            Of the same genome.
        resource_allocation : ResourceAllocation or mapping, optional
            What it holds of the chassis; what is not given, and None: what the cell held when the
            snapshot was taken.
        policy, quota
            As in `create_vm`: they are not part of a snapshot.

        Raises
        ------
        SnapshotError
            If the bytes are damaged, of another version or of another genome.
        VMCreationError, ResourceAllocationError, HypervisorOverloadError, APIValidationError
            As in `create_vm`.
        """
        core = self._usable()
        name = checked_name(vm_id)
        runtime = checked_runtime(genome_runtime)
        if not isinstance(snapshot, bytes | bytearray | memoryview):
            raise APIValidationError(
                f"a snapshot is bytes, not {type(snapshot).__name__}: give what snapshot() returned"
            )
        data, metabolism = unsealed(bytes(snapshot), runtime)
        self._fed(metabolism)
        terms = core_terms(
            policy,
            self._quota if quota is None else quota,
            resource_allocation,
            lambda: own_capacity(_core.Context.restore(data, runtime._program).program),
        )
        with self._register.making(), explaining_amounts(resource_allocation, "its snapshot"):
            handle = core.admit(name, data, runtime._program, *terms)
            folder = runtime.configuration.snapshot_dir
            return self._register.settled(name, handle, runtime, folder, metabolism)

    def fork_vm(
        self,
        vm_id: Vm,
        new_vm_id: str,
        *,
        seed: int | None = None,
        replay: bool = False,
        resource_allocation: ResourceAllocation | Mapping[str, Any] | None = None,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
        quota: Quota | Mapping[str, Any] | None = None,
    ) -> VmHandle:
        """Make a virtual machine in the same state as another, which may be running.

        Parameters
        ----------
        vm_id : str or VmHandle
            The parent; it goes on as if nothing had happened.
        new_vm_id : str
            Name of the new one, which is in the state "created".
        seed, replay
            As in ``CellularContext.fork``.
        resource_allocation, policy, quota
            As in `create_vm`, but what is not given is what the parent has now, and None allocates
            what the parent has at every age from now on.
            Policy and quota are not the parent's: give ``get_vm_status(parent).policy`` and
            ``.quota`` for that, where a worker has the time and the limits are not used up.
        """
        core = self._usable()
        name = checked_name(new_vm_id)
        if not isinstance(replay, bool):
            raise APIValidationError(f"replay must be True or False, not {short(replay)}")
        if replay and seed is not None:
            raise APIValidationError(
                "fork_vm(seed=..., replay=True) contradicts itself: a replay has the seed of its "
                "parent; leave one of the two out"
            )
        number = None if seed is None else seed_or_entropy(seed)
        parent = self._record(vm_id)
        limits = self._quota if quota is None else quota
        terms = core_terms(
            policy, limits, resource_allocation, lambda: self._granted(parent.handle.handle)
        )
        with self._register.making(), explaining_amounts(resource_allocation, "its parent"):
            handle = core.fork(parent.handle.handle, name, number, replay, *terms)
            copied = parent.metabolism.copy() if parent.metabolism else None
            return self._register.settled(name, handle, parent.runtime, parent.snapshot_dir, copied)

    def divide_vm(
        self,
        vm_id: Vm,
        new_vm_id: str,
        *,
        resource_allocation: ResourceAllocation | Mapping[str, Any] | None = None,
        policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None = None,
        quota: Quota | Mapping[str, Any] | None = None,
    ) -> VmHandle:
        """Divide the cell of a virtual machine at its next supply tick.

        Parameters
        ----------
        vm_id : str or VmHandle
            The mother: the machine keeps one half and goes on, also amid a run.
        new_vm_id : str
            Name of a machine for the other half, which is in the state "created".
        resource_allocation, policy, quota
            As in `fork_vm`: what is not allocated is what the mother has at every age from now on.

        Raises
        ------
        GenomicRuntimeError
            If the cell does not grow, or has not two of each chromosome. Also if a hook of a
            `BiologicalVM` failed, which is the cause; both machines are there then.
        VMCreationError, ResourceAllocationError, HypervisorOverloadError, APIValidationError
            As in `create_vm`; nothing is divided then.
        """
        core = self._usable()
        name = checked_name(new_vm_id)
        mother = self._record(vm_id)
        limits = self._quota if quota is None else quota
        terms = core_terms(
            policy, limits, resource_allocation, lambda: self._granted(mother.handle.handle)
        )
        with self._register.making(), explaining_amounts(resource_allocation, "its mother"):
            handle = core.divide(mother.handle.handle, name, *terms)
            copied = mother.metabolism.copy() if mother.metabolism else None
            made = self._register.settled(name, handle, mother.runtime, mother.snapshot_dir, copied)
            VmListener(self._register, mother).divides()
        failed = together(mother.bear(self.context(made)))
        if failed is not None:
            raise GenomicRuntimeError(
                f"the cell has divided, and a hook failed: {named(failed)}",
                details={"daughter": made},
            ) from failed
        return made

    def start_vm(self, vm_id: Vm) -> None:
        """Let a created machine run.

        Raises
        ------
        VMStateError
            If it was started before.
        VMNotFoundError
            If there is no machine of that name; the nearest is named.
        IsolationBreachError
            If a handle is stale or belongs to another hypervisor.
        """
        self._told(self._order("start", vm_id), "started")

    def pause_vm(self, vm_id: Vm) -> None:
        """Let a running machine rest; it rests when this returns. Its runs wait. Else as
        `start_vm`.
        """
        self._told(self._order("pause", vm_id), "paused")

    def resume_vm(self, vm_id: Vm) -> None:
        """Let a paused machine go on. Else as `start_vm`."""
        self._told(self._order("resume", vm_id), "resumed")

    def stop_vm(self, vm_id: Vm) -> None:
        """Stop a machine for good; its runs end as "stopped", its cell can still be looked at.
        Else as `start_vm`.
        """
        self._told(self._order("stop", vm_id), "stopped")

    def destroy_vm(self, vm_id: Vm) -> None:
        """Remove a machine, in any state and while it runs; its runs end as "stopped"."""
        for record in self._destroyed(vm_id):
            self._told(record, "destroyed")

    def context(self, vm_id: Vm) -> CellularContext:
        """Return the cell of a virtual machine.

        It is looked at, changed, copied and run as any `CellularContext`; while the machine is not
        running, `run` is refused with `VMStateError`. Closing it leaves the machine as it is.
        """
        core = self._usable()
        record = self._record(vm_id)
        return CellularContext._of(
            record.runtime,
            core.context(record.handle.handle),
            record.snapshot_dir,
            hypervisor=self,
            listener=VmListener(self._register, record),
            metabolism=record.metabolism,
        )

    def get_vm_status(self, vm_id: Vm) -> VmStatus:
        """Return what state a machine is in, and why."""
        return self.get_vm_resource_usage(vm_id).status

    def get_vm_state(self, vm_id: Vm) -> str:
        """Return what state a machine is in, and nothing else."""
        return self._usable().state(self._handle(vm_id))

    def list_vms(self) -> list[str]:
        """Return the names of the machines in the order of their creation."""
        return [name for name, _ in self._usable().contexts()]

    def get_vm_resource_usage(self, vm_id: Vm) -> VmMetrics:
        """Return what a machine has used."""
        return VmMetrics._of(self._usable().metrics_of(self._handle(vm_id)))

    def set_policy(
        self, vm_id: Vm, policy: Policy | Mapping[str, Any] | Literal["fair", "batch"] | None
    ) -> None:
        """Change how a machine gets time.

        Raises
        ------
        ResourceAllocationError
            If no worker has the time free that a deadline policy asks for.
        VMStateError
            If the machine was stopped or has failed.
        """
        self._usable().set_policy(self._handle(vm_id), Policy.of(policy)._to_core)

    def set_quota(self, vm_id: Vm, quota: Quota | Mapping[str, Any] | None) -> None:
        """Change the limits of a machine; None lifts them.

        Raises
        ------
        ResourceAllocationError
            If a limit is below what is used already.
        """
        core, record, limits = self._usable(), self._record(vm_id), Quota.of(quota)
        with self._register.lock, _refusals(record):
            core.set_quota(record.handle.handle, limits._to_core)
            record.note("quota_set", quota=limits.to_dict())

    # -- capacity ----------------------------------------------------------------------------------

    def allocate_vm_resources(
        self,
        vm_id: Vm,
        resource_allocation: ResourceAllocation | Mapping[str, Any],
        *,
        at_s: float | None = None,
    ) -> float:
        """Change what a machine holds of the chassis.

        Parameters
        ----------
        vm_id : str or VmHandle
            The machine.
        resource_allocation : ResourceAllocation or mapping
            What it is to hold; what is not given stays as it is: amounts, limits, which are raised
            to the amounts where these exceed them, and the priority. What `rebalance` granted
            beyond the amounts falls back.
        at_s : float, optional
            From which age of the cell on [s], not in its past; None: from now on.

        Returns
        -------
        float
            The age from which it acts: the next supply tick [s].

        Raises
        ------
        ResourceAllocationError
            If it is not free, with what was asked, free and held; or there is no chassis.
        """
        core = self._usable()
        record = self._record(vm_id)
        handle = record.handle.handle
        age = None if at_s is None else seconds(at_s, "at_s", zero=True)
        with (
            self._register.lock,
            _refusals(record),
        ):  # nobody changes it meanwhile
            held = core.allocation(handle, age)
            if held is None:  # there is nothing to change, which the core says
                given = ResourceAllocation.of(resource_allocation)
                return core.allocate(handle, given._to_core(dict.fromkeys(RESOURCES, 0)), age)
            acts_s = core.allocate(handle, changed_allocation(resource_allocation, *held), age)
            record.note("allocated", asked=resource_allocation, at_s=acts_s)
            return acts_s

    def rebalance(self, at_s: float) -> dict[str, dict[str, int]]:
        """Hand out what is free of the chassis, by priority and up to each machine's limits.

        Parameters
        ----------
        at_s : float
            From which age on [s], in no cell's past.

        Returns
        -------
        dict of str to dict
            What each machine holds at that age, rounded up to the next supply tick, whether this
            changed it or not. Machines that were stopped or have failed hold nothing.
        """
        granted = self._usable().rebalance(seconds(at_s, "at_s", zero=True))
        names = {handle: name for name, handle in self._core.contexts()}
        return {
            names[handle]: named_capacity(capacity)
            for handle, capacity in granted
            if handle in names
        }

    def get_system_resources(self, *, at_s: float | None = None) -> SystemResources:
        """Return what there is to share, and how much of it is held.

        Parameters
        ----------
        at_s : float, optional
            Age for which the chassis is asked [s]; None: that of the oldest cell.
        """
        core = self._usable()
        asked = None if at_s is None else seconds(at_s, "at_s", zero=True)
        now = self.metrics()
        pool = core.chassis()
        chassis = None
        if pool is not None:
            oldest = max(now.vms.column("time_s"), default=0.0)
            age = oldest if asked is None else asked
            chassis = {
                "total": named_capacity(pool.total),
                "overhead": named_capacity(pool.overhead),
                "reserve": named_capacity(pool.reserve),
                "held": named_capacity(pool.held(age)),
                "free": named_capacity(pool.free(age)),
            }
        return SystemResources(
            workers=len(now.workers),
            vms=len(now.vms),
            max_vms=self._max_vms,
            deadline_shares=tuple(worker.deadline_share for worker in now.workers),
            memory_bytes=int(now.vms.column("memory_bytes").sum()),
            chassis=chassis,
        )

    def metrics(self) -> HypervisorMetrics:
        """Return everything that is measured."""
        return HypervisorMetrics._of(self._usable().metrics())

    # -- running -----------------------------------------------------------------------------------

    def run(
        self,
        until_s: float,
        *,
        pace: float | None = None,
        every_s: float | None = None,
        progress: Callable[[], None] | None = None,
    ) -> RunResults:
        """Run every machine that is in the state "running" until its cell has some age.

        A machine that is paused meanwhile is waited for. Ctrl-C ends the runs within 250 ms and
        gives what they came to, as `CellularContext.run` does; it raises nothing, so that a loop
        of runs ends itself: ``if results.cancelled: break``.

        A machine that lives on a metabolic model runs minute by minute; while its balance is
        solved the workers run others. Where the solver fails, its run alone ends, as "error".

        Parameters
        ----------
        until_s : float
            Age of the cells [s], > 0; one that is older already ends at once.
        pace : float, optional
            Simulated seconds per second, > 0; None: as fast as it goes. A machine that cannot keep
            up goes on as fast as it can, and its ``deadline_misses`` say so.
        every_s : float, optional
            Interval of the samples [s]; None: the first and the last state.
        progress : callable, optional
            Called about four times a second on the calling thread. An exception from it cancels
            the run and propagates; the cells stay valid. It may look at everything, and run
            nothing on this hypervisor.

        Returns
        -------
        RunResults
            Mapping of ``vm_id`` to `ExecutionResult`. Statuses are "completed", "exhausted",
            "divided" (a growing cell is ready to: `divide_vm` or ``context(vm_id).divide()`` does
            it, another run goes on undivided), "quota",
            "stopped" (also if it was destroyed), "error" with its ``cause``, and after Ctrl-C
            "cancelled" with the part until then, maybe of none but the first machines.

        Raises
        ------
        VMStateError
            If no machine is running, or `progress` calls it.
        IsolationBreachError
            If a machine came to a quota with ``on_quota="raise"``: when the others are done, with
            all results as ``details["results"]``.
        GenomicRuntimeError
            If a hook of a `BiologicalVM` failed, which is the cause; with the results likewise.
        """
        self._usable()
        until = seconds(until_s, "until_s")
        every = None if every_s is None else seconds(every_s, "every_s")
        rate = 0.0 if pace is None else positive(pace, "pace", 1e-6, MAX_DURATION_S)
        if progress is not None and not callable(progress):
            raise APIValidationError("progress must be callable, or None")
        return run_together(
            self._register, until_s=until, every_s=every, pace=rate, progress=progress
        )

    # -- files -------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write every machine with its state, policy, quota and grants to a file, which at every
        moment is the old one or the new one. Runs are not part of it.

        Of machines that live on a metabolic model it holds medium, conditions and which model that
        is, not the model itself.

        Raises
        ------
        APIValidationError
            If the file cannot be written.
        """
        self._usable()
        save_checkpoint(self._register, path)

    def load(
        self, path: str | os.PathLike[str], *, runtimes: Iterable[GenomicRuntime] = ()
    ) -> None:
        """Take the machines in that `save` wrote; this hypervisor must have none.

        Parameters
        ----------
        path : path
            The file.
        runtimes : iterable of GenomicRuntime
            The genomes of the machines, with the metabolic models that they live on; those that
            this hypervisor has run, and the built-in one without a model, are known.

        Raises
        ------
        SnapshotError
            If the file cannot be read, is damaged, of another version, or a genome or model is not
            known; also if no machine lives on the model of a runtime that is given, since what
            feeds them would be missing. Nothing has changed then.
        VMStateError
            If there are machines already.
        HypervisorOverloadError
            If the file holds more machines than ``max_vms``.
        ResourceAllocationError
            If the workers have too little time for their deadline policies: give more workers.
        ChassisInitializationError
            If they hold grants, and there is no chassis or too small a one.
        """
        self._usable()
        load_checkpoint(self._register, path, runtimes)

    # -- end ---------------------------------------------------------------------------------------

    def close(self) -> None:
        """End every machine and run; results stay valid. Closing twice is no error."""
        failed = [error for record in self._closed() for error in record.tell("destroyed")]
        raise_together(failed)

    def __enter__(self) -> Self:
        self._usable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if os.getpid() == self._pid:  # a forked child ends as it would, its parent's cells stay
            self.close()

    def __reduce__(self) -> NoReturn:
        raise APIValidationError("a hypervisor is stored with save(path)")

    def __repr__(self) -> str:
        if not self._end.alive:
            return "<BioXenHypervisor, closed>"
        return f"<BioXenHypervisor, {len(self._register.records)} of {self._max_vms} VMs>"

    def _repr_html_(self) -> str:
        if not self._end.alive:
            return facts([("state", "closed")], "hypervisor")
        return self.metrics()._repr_html_()

    # -- inside ------------------------------------------------------------------------------------

    def _order(self, order: str, vm_id: Vm) -> VmRecord:
        """Carry out an order and note it, so that the notes are in the order of the deeds."""
        core, record = self._usable(), self._record(vm_id)
        with self._register.lock:
            if order in ("start", "resume"):
                self._register.wake(record)
            getattr(core, order)(record.handle.handle)
            if order in ("pause", "stop"):
                self._register.awake.pop(record.handle.vm_id, None)
            record.note(_DONE[order])
        return record

    def _destroyed(self, vm_id: Vm) -> list[VmRecord]:
        """Remove a machine; return it if this call did, not one at the same time."""
        core, record = self._usable(), self._record(vm_id)
        record.leave()
        try:
            core.destroy(record.handle.handle)
        except IsolationBreachError:  # another thread was quicker, maybe not with the note
            gone = self._register.forgotten(record)
            if not gone:
                raise
            return gone
        except BaseException:  # Ctrl-C may come when it is gone
            self._register.forgotten(record)
            raise
        return self._register.forgotten(record)

    def _closed(self) -> list[VmRecord]:
        """End everything; return the machines that were there."""
        if os.getpid() != self._pid:
            self._usable()
        if self._end.alive:
            for record in list(self._register.records.values()):
                record.leave()
        self._end()
        return self._register.cleared()

    def _fed(self, metabolism: CellMetabolism | None) -> CellMetabolism | None:
        """Refuse a metabolic model where a chassis sets the fluxes."""
        if metabolism is not None and self._core.chassis() is not None:
            raise InvalidConfigurationError(
                "metabolic_model sets the fluxes of a cell, and so does the chassis of this "
                "hypervisor: make it without a chassis, or take the key out",
                details={"key": "metabolic_model"},
            )
        return metabolism

    def _told(self, record: VmRecord, event: str) -> None:
        """Call the hooks, outside of every lock."""
        raise_together(record.tell(event))

    def _has(self, vm: VmHandle) -> bool:
        """Return whether a machine is there; in a forked process it is in its parent."""
        if os.getpid() != self._pid:
            return True
        return self._end.alive and self._register.state(vm.handle) is not None

    def _usable(self) -> _core.Hypervisor:
        """Return the core; every call passes here."""
        if os.getpid() != self._pid:
            raise IsolationBreachError(
                "this hypervisor belongs to the process that made it: a forked process must make "
                "its own"
            )
        if not self._end.alive:
            raise VMStateError("this hypervisor is closed: make another one")
        return self._core

    def _record(self, vm: Any) -> VmRecord:
        """Find a machine by name or handle."""
        return self._register.find(vm)

    def _handle(self, vm: Any) -> _core.ContextHandle:
        return self._record(vm).handle.handle

    def _granted(self, handle: _core.ContextHandle) -> Mapping[str, int]:
        """Return what a machine holds now, or without a chassis has of its own."""
        told = self._core.metrics_of(handle)["grant"]
        if told is None:
            return own_capacity(self._core.context(handle).program)
        return named_capacity(told)


@contextlib.contextmanager
def _refusals(record: VmRecord) -> Iterator[None]:
    """Note what is not granted."""
    try:
        yield
    except ResourceAllocationError as error:
        record.note("refused", cause=error.message)
        raise


def _close(core: _core.Hypervisor) -> None:
    with contextlib.suppress(BioXenException):  # a forked child leaves it as it is
        core.close()
