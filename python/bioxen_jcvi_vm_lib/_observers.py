"""Who is told what becomes of a virtual machine, and what becomes of errors from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.context import CellularContext

__all__ = ["Observer", "named", "raise_together", "together"]


class Observer(Protocol):
    """What is told of one machine; the names are private to the package."""

    def _leave(self) -> None:
        """Take a last look: the machine is about to be removed. It must not raise."""

    def _note(self, event: str, details: Mapping[str, Any]) -> None:
        """Write an event down; under the hypervisor's lock, so that notes are in order."""

    def _bear(self, daughter: CellularContext) -> list[Exception]:
        """Take the other half of its cell, call the hooks for it and return what they raised."""

    def _tell(self, event: str) -> list[Exception]:
        """Call who wants to hear of an event, under no lock; return what they raised."""


def together(failed: Sequence[Exception]) -> Exception | None:
    """Return one error for several: none, the only one, or a group of all."""
    if len(failed) > 1:
        return ExceptionGroup("several hooks failed", failed)
    return failed[0] if failed else None


def raise_together(failed: Sequence[Exception]) -> None:
    """Raise what `together` returns."""
    error = together(failed)
    if error is not None:
        raise error


def named(error: Exception) -> str:
    """Return kind and message, bounded."""
    try:
        said = str(error)[:500]
    except Exception:  # an error that cannot say itself
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
