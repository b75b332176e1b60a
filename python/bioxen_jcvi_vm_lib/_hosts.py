"""What a cell may be in, and who hears what becomes of it; the names are private to the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.context import CellularContext

__all__ = ["Listener", "Machine", "no_machine"]


class Machine(Protocol):
    """What a cell is in, and refuses in words of its own."""

    def _alive(self, deed: str) -> None:
        """Raise `VMStateError` if it was destroyed."""

    def _ready(self) -> None:
        """Raise `VMStateError` if it runs nothing."""


class Listener(Protocol):
    """Who hears what becomes of a cell that is not its own."""

    def ended(self, status: str, cause: str, breach: bool) -> list[Exception]:
        """Hear how a run ended, and return what hooks raised."""

    def divides(self) -> None:
        """Write down that the cell has divided, at once."""

    def divided(self, daughter: CellularContext) -> list[Exception]:
        """Hear of the other half, and return what hooks raised."""


def no_machine() -> None:
    """Stand for the machine of a cell that has none, or one that speaks for itself."""
