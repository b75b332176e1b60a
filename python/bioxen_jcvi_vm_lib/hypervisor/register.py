"""Which virtual machines there are, and which of them may be running."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    IsolationBreachError,
    VMNotFoundError,
    VMStateError,
)
from bioxen_jcvi_vm_lib.genome import GenomicRuntime
from bioxen_jcvi_vm_lib.hypervisor.records import VmHandle
from bioxen_jcvi_vm_lib.hypervisor.results import VmRecord
from bioxen_jcvi_vm_lib.hypervisor.terms import speaking_of_vms

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism

__all__ = ["Register"]


class Register:
    """The machines of a hypervisor by name; those of the core are these, whatever interrupts.

    Attributes
    ----------
    core : Hypervisor
        What runs them.
    lock : RLock
        Held while both change.
    records : dict of str to VmRecord
        All machines.
    awake : dict of str to VmRecord
        Those that run, and some that do not.
    genomes : dict of str to GenomicRuntime
        What has run here, by fingerprint of the genome.
    """

    __slots__ = ("awake", "core", "genomes", "lock", "records")

    def __init__(self, core: _core.Hypervisor) -> None:
        self.core = core
        self.lock = threading.RLock()
        self.records: dict[str, VmRecord] = {}
        self.awake: dict[str, VmRecord] = {}
        self.genomes: dict[str, GenomicRuntime] = {}

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """Let what the core makes be known here or gone: Ctrl-C may come between the two."""
        with self.lock:
            try:
                with speaking_of_vms():
                    yield
            except BioXenException:  # refused: it has made nothing
                raise
            except BaseException:
                self.destroy_unknown()
                raise

    def destroy_unknown(self) -> None:
        """Destroy what is in the core and not known here."""
        known = {record.handle.handle for record in self.records.values()}
        for _, handle in self.core.contexts():
            if handle not in known:
                with contextlib.suppress(IsolationBreachError):  # gone meanwhile
                    self.core.destroy(handle)

    def wake(self, record: VmRecord) -> None:
        """Note that a machine may run; before it does, since Ctrl-C may come just after."""
        if self.records.get(record.handle.vm_id) is record:  # else it was destroyed meanwhile
            self.awake[record.handle.vm_id] = record

    def settled(
        self,
        name: str,
        handle: _core.ContextHandle,
        runtime: GenomicRuntime,
        snapshot_dir: str | None,
        metabolism: CellMetabolism | None = None,
    ) -> VmHandle:
        """Take a machine in that the core has made."""
        made = VmHandle(name, handle)
        seed, fingerprint, _ = self.core.identity_of(handle)
        # without a seed it has failed, and will have no result that could name one
        self.records[name] = VmRecord(
            made, runtime, seed or 0, fingerprint, snapshot_dir, metabolism
        )
        if self.core.state(handle) == "running":  # in a checkpoint
            self.awake[name] = self.records[name]
        self.genomes[runtime.genome_fingerprint] = runtime
        return made

    def find(self, vm: Any) -> VmRecord:
        """Find a machine by name or handle."""
        if isinstance(vm, VmHandle):
            if not isinstance(vm.handle, _core.ContextHandle):
                raise IsolationBreachError(f"{short(vm)} was never given out")
            name = self.core.name(vm.handle)
            if name != vm.vm_id:
                raise IsolationBreachError(f"this handle names {name!r}, not {short(vm.vm_id)}")
        elif isinstance(vm, str):
            name = vm
        else:
            raise APIValidationError(
                f"a VM is named by its vm_id or its VmHandle, not by {short(vm)}",
                details={"argument": "vm_id"},
            )
        with self.lock:
            found = self.records.get(name)
            if found is None:
                near = suggestion(name, self.records) or ": create it with create_vm"
                raise VMNotFoundError(
                    f"there is no VM {short(name)}{near}", details={"vm_id": name}
                )
            if isinstance(vm, VmHandle) and found.handle != vm:  # made anew meanwhile
                raise IsolationBreachError("this handle is stale: its VM was destroyed")
            return found

    def running(self) -> list[VmRecord]:
        """Find the machines that run, at a cost that others do not add to."""
        with self.lock:
            running = [r for r in self.awake.values() if self.state(r.handle.handle) == "running"]
            exist = len(self.records)
        if running:
            return running
        if not exist:
            raise VMStateError("there is no VM: create_vm makes one, and start_vm starts it")
        raise VMStateError(
            f"none of the {exist:,} VMs is running: start_vm starts one that is "
            "created, resume_vm one that is paused; get_vm_status says why"
        )

    def state(self, handle: _core.ContextHandle) -> str | None:
        """Return what state a machine is in; None if it was destroyed."""
        try:
            return self.core.state(handle)
        except IsolationBreachError:
            return None

    def forgotten(self, record: VmRecord) -> list[VmRecord]:
        """Forget a machine that is gone and note it; return it if this call did."""
        name = record.handle.vm_id
        with self.lock:
            if self.state(record.handle.handle) is not None:
                return []
            if self.awake.get(name) is record:
                del self.awake[name]
            if self.records.get(name) is not record:
                return []
            del self.records[name]
            record.note("destroyed")
            return [record]

    def cleared(self) -> list[VmRecord]:
        """Forget all machines, which are gone, and note it; return them."""
        with self.lock:
            gone = list(self.records.values())
            self.records.clear()
            self.awake.clear()
            for record in gone:
                record.note("destroyed")
        return gone
