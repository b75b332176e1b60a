"""The terms on which a virtual machine comes in and stays, checked and told to the core."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    BioXenException,
    ResourceAllocationError,
)
from bioxen_jcvi_vm_lib.hypervisor.records import (
    Policy,
    Quota,
    ResourceAllocation,
    named_capacity,
)

#: Longest name of a virtual machine [bytes as UTF-8].
MAX_NAME_BYTES = 200


def checked_name(vm_id: Any) -> str:
    """Check the name of a virtual machine."""
    fix = f"give a text of 1 to {MAX_NAME_BYTES} bytes that can be printed"
    if not isinstance(vm_id, str):
        raise APIValidationError(
            f"vm_id must be a text, not {short(vm_id)}: {fix}", details={"argument": "vm_id"}
        )
    if not vm_id or not vm_id.isprintable() or len(vm_id.encode()) > MAX_NAME_BYTES:
        raise APIValidationError(
            f"vm_id {short(vm_id)} is no name: {fix}", details={"argument": "vm_id"}
        )
    return vm_id


@contextlib.contextmanager
def speaking_of_vms() -> Iterator[None]:
    """Say VM where the engine, which knows of no machines, says context."""
    try:
        yield
    except BioXenException as error:
        parts = re.split(r"('[^']*')", error.message)  # a name stays as it is
        parts[::2] = (re.sub(r"\bcontext(s?)\b", r"VM\1", part) for part in parts[::2])
        error.message = "".join(parts)
        error.args = (error.message,)
        raise


@contextlib.contextmanager
def explaining_amounts(given: Any, model: str) -> Iterator[None]:
    """Say of a refused amount that nobody gave where it is from."""
    try:
        yield
    except ResourceAllocationError as error:
        resource = error.details.get("resource")
        if resource is None or (
            given is not None and getattr(ResourceAllocation.of(given), resource) is not None
        ):
            raise
        raise ResourceAllocationError(
            f"{error.message} (resource_allocation names no {resource}, so that the VM is to hold "
            f"as many as {model} has)",
            details=error.details,
        ) from None


def core_terms(
    policy: Any,
    quota: Any,
    allocation: Any,
    own: Mapping[str, int] | Callable[[], Mapping[str, int]],
) -> tuple[_core.Policy, _core.Quota, _core.Allocation | None]:
    """Check on what terms a machine comes in."""
    checked = None if allocation is None else ResourceAllocation.of(allocation)
    how, limits = Policy.of(policy)._to_core, Quota.of(quota)._to_core
    if checked is None:
        return how, limits, None
    return how, limits, checked._to_core(own() if callable(own) else own)


def changed_allocation(
    given: Any, amount: _core.Capacity, limit: _core.Capacity | None, priority: Any
) -> _core.Allocation:
    """Fill in what a change of an allocation leaves as it is."""
    wanted = ResourceAllocation.of(given)
    held = named_capacity(amount)
    limits = dict(wanted.limits)
    for name, most in named_capacity(limit or amount).items():
        if most > held[name]:  # else it is at its amount, and stays there
            limits.setdefault(name, max(most, getattr(wanted, name) or 0))
    kept = wanted.priority or priority
    return replace(wanted, limits=limits, priority=kept)._to_core(held)
