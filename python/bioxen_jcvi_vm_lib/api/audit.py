"""The audit log: what was done to virtual machines, and what they were granted and denied."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError
from bioxen_jcvi_vm_lib._frozen import Record, frozen
from bioxen_jcvi_vm_lib.api.logs import MAX_TEXT, ROOT, bounded

__all__ = ["LIFECYCLE_EVENTS", "MAX_DETAILS", "QUOTA_EVENTS", "AuditEntry", "AuditLog"]

#: Longest details of an audit entry [characters as JSON].
MAX_DETAILS = 8_192

#: What the audit log records: the life of a machine, and what it was granted and denied. A quota
#: that a machine came to is "quota_reached", or "breach" where it is to raise.
LIFECYCLE_EVENTS = (
    "created",
    "started",
    "paused",
    "resumed",
    "ready_to_divide",
    "divided",
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
    run that ended by a quota, an error, with nothing left to do or ready to divide, and every
    division; also where these come from the hypervisor. Not written down are runs that complete,
    refused orders, what `rebalance` hands out, and what else is done to a cell by hand.

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
            near = suggestion(event, known)
            fix = near or f": give one of {', '.join(known)}"
            raise APIValidationError(
                f"the audit log has no event {short(event)}{fix}", details={"argument": "event"}
            )
        if not isinstance(vm_id, str):
            raise APIValidationError(
                f"vm_id must be a text, not {short(vm_id)}", details={"argument": "vm_id"}
            )
        given = bounded(details)
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
