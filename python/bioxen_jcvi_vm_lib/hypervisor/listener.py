"""What becomes of the cell of a virtual machine, told to its observers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioxen_jcvi_vm_lib._errors import IsolationBreachError, VMStateError
from bioxen_jcvi_vm_lib.hypervisor.register import Register
from bioxen_jcvi_vm_lib.hypervisor.results import VmRecord

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.context import CellularContext

__all__ = ["VmListener"]


@dataclass(frozen=True, slots=True)
class VmListener:
    """Has the observers of a machine hear what becomes of its cell."""

    register: Register
    record: VmRecord

    def ended(self, status: str, cause: str, breach: bool) -> list[Exception]:
        """Note how a run ended and call the hooks; return the errors of these."""
        record, register = self.record, self.register
        if not record.observers or status not in ("quota", "exhausted", "divided", "error"):
            return []
        with register.lock:
            if status == "quota":
                record.note("breach" if breach else "quota_reached", cause=cause)
                event = register.state(record.handle.handle) or ""
                if event not in ("paused", "stopped"):  # somebody was quicker
                    return []
                record.note(event)
            else:
                event = status
                noted = "ready_to_divide" if status == "divided" else status
                record.note(noted, **({"cause": cause} if cause else {}))
        return record.tell(event)

    def divides(self) -> None:
        """Note that a cell has divided, at once."""
        with (
            self.register.lock,
            contextlib.suppress(IsolationBreachError, VMStateError),
        ):  # gone meanwhile
            cell = self.register.core.context(self.record.handle.handle)
            self.record.note("divided", time_s=cell.time_s, generation=cell.cycle()["generation"])

    def divided(self, daughter: CellularContext) -> list[Exception]:
        """Call the hooks for the other half."""
        return self.record.bear(daughter)
