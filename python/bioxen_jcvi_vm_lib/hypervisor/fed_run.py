"""A run of a machine that lives on a metabolic model: the hypervisor runs it minute by minute."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._errors import IsolationBreachError, VMStateError
from bioxen_jcvi_vm_lib._observers import named
from bioxen_jcvi_vm_lib._traces import TraceLike
from bioxen_jcvi_vm_lib.hypervisor.results import VmRecord
from bioxen_jcvi_vm_lib.metabolism.cell import CellMetabolism
from bioxen_jcvi_vm_lib.metabolism.windows import Piece, Windows

__all__ = ["FedRun"]


class FedRun:
    """Asks the core for one piece of a run after the other, and reads as a run of the core.

    Whoever waits for it calls `go_on` now and then, on one thread. Between two pieces the balance
    is solved where it is due; meanwhile the workers run other machines.

    Parameters
    ----------
    core : Hypervisor
        What runs the pieces.
    record : VmRecord
        The machine.
    metabolism : CellMetabolism
        That of its cell.
    until_s, every_s, pace
        As in ``BioXenHypervisor.run``.

    Attributes
    ----------
    status, cause, breach
        As those of a run of the core.
    """

    def __init__(
        self,
        core: _core.Hypervisor,
        record: VmRecord,
        metabolism: CellMetabolism,
        *,
        until_s: float,
        every_s: float | None,
        pace: float,
    ) -> None:
        self._core = core
        self._handle = record.handle.handle
        self._cell = core.context(self._handle)
        self._metabolism = metabolism
        self._until_s, self._every_s, self._pace = until_s, every_s, pace
        self._began = False
        self._course: Generator[Piece, _core.Trace, Windows] | None = None
        self._windows: Windows | None = None
        self._asked: list[tuple[None, _core.Run]] = []  # one at most
        self._trace: TraceLike | None = None
        self.status, self.cause, self.breach = "pending", "", False

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.status != "pending"

    @property
    def begun(self) -> bool:
        """Whether there is something to show, once it has ended."""
        return self._trace is not None

    @property
    def piece(self) -> _core.Run | None:
        """What the core runs of it now."""
        return self._asked[0][1] if self._asked else None

    def trace(self) -> TraceLike:
        """Return its samples and totals, once it has ended."""
        if self._trace is None:
            raise VMStateError("this run has not begun: its machine is gone")
        return self._trace

    def go_on(self) -> None:
        """Ask for the next piece if the last has ended; the cell's other run is waited for."""
        piece = self.piece
        if self.finished or (piece is not None and not piece.finished):
            return
        if not self._began:
            self._began = self._metabolism.begin()
            if not self._began:
                return
        try:
            following = self._next()
            if following is not None:
                self._submit(following)
        except StopIteration as ended:
            self._close(ended.value)
        except KeyboardInterrupt:
            self.end("cancelled")
            raise
        except (IsolationBreachError, VMStateError):  # stopped or destroyed
            self.end("stopped")
        except Exception as error:  # of the solver: the other machines go on
            self.end("error", named(error))

    def end(self, status: str, cause: str = "") -> None:
        """End it where it is; no piece of it runs."""
        try:
            if not self.finished:
                self._put_together(status, cause)
                self.status, self.cause = status, cause or self.cause
        finally:  # also where Ctrl-C came amid its end
            self._free()

    def _put_together(self, status: str, cause: str) -> None:
        piece = self.piece
        if self._windows is not None:
            if piece is not None:
                self._windows.add(piece.trace())
            self._close(self._windows.closed(status, cause))
        elif piece is not None:
            self._close(piece.trace())

    def _next(self) -> Piece | None:
        """Hand over what has been run, and hear what is to be run next; None: no more."""
        piece = self.piece
        if piece is None:
            return 0.0, None
        trace = piece.trace()
        if self._course is not None:
            self._asked.clear()
            return self._course.send(trace)
        if trace.status not in ("completed", "exhausted"):
            self._close(trace)
            return None
        self._asked.clear()
        self._windows = Windows(self._cell, trace, self._until_s, self._every_s)
        self._course = self._metabolism.course(self._cell, self._windows)
        return next(self._course)

    def _submit(self, piece: Piece) -> None:
        length_s, every_s = piece
        self._core.submit(
            self._handle, duration_s=length_s, every_s=every_s, pace=self._pace, into=self._asked
        )

    def _close(self, trace: TraceLike) -> None:
        self._asked.clear()
        self._trace = trace
        self.status, self.cause, self.breach = trace.status, trace.cause, trace.breach
        self._free()

    def _free(self) -> None:
        if self._began:
            with contextlib.suppress(RuntimeError):  # said before, and Ctrl-C came
                self._metabolism.end()
            self._began = False
