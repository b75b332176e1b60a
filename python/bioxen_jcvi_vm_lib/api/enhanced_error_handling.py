"""What is written down about virtual machines, and what becomes of errors, under one name."""

from __future__ import annotations

from bioxen_jcvi_vm_lib.api.audit import (
    LIFECYCLE_EVENTS,
    MAX_DETAILS,
    QUOTA_EVENTS,
    AuditEntry,
    AuditLog,
)
from bioxen_jcvi_vm_lib.api.logs import ProductionLogger, VmLog
from bioxen_jcvi_vm_lib.api.operations import handle_vm_operation

__all__ = [
    "LIFECYCLE_EVENTS",
    "MAX_DETAILS",
    "QUOTA_EVENTS",
    "AuditEntry",
    "AuditLog",
    "ProductionLogger",
    "VmLog",
    "handle_vm_operation",
]
