"""The terminal monitor: a hypervisor shown while it runs, and keys that act on its machines."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import APIValidationError, BioXenException
from bioxen_jcvi_vm_lib.hypervisor.core import BioXenHypervisor
from bioxen_jcvi_vm_lib.hypervisor.metrics import HypervisorMetrics
from bioxen_jcvi_vm_lib.visualization.cell_view import CellView
from bioxen_jcvi_vm_lib.visualization.picture import Picture
from bioxen_jcvi_vm_lib.visualization.terminal import Keys, Signals

__all__ = ["TerminalMonitor"]

#: Time between two pictures where they follow one another on paper [s].
PLAIN_INTERVAL_S = 1.0
#: How long a message stands where else the keys are explained [s].
MESSAGE_S = 4.0
#: What the keys do, at length and in short.
KEYS = (
    "up/down select   i inspect   p pause   r resume   q quit",
    "j/k i inspect p pause r resume q quit",
    "j k i p pause r resume q quit",
    "j k i p r q",
)
_MOVES = {"up": -1, "k": -1, "down": 1, "j": 1, "page up": -10, "page down": 10}


class _Enough(Exception):  # noqa: N818 - no error
    """Nothing more is to be shown: the one picture was, or the key q was pressed."""


class TerminalMonitor:
    """Shows a hypervisor while it runs: in place on a terminal, else one picture after the other.

    On a terminal these keys act: up and down (or k and j) select a machine, ``i`` shows or hides
    its cell, ``p`` pauses it, ``r`` resumes it, ``q`` ends the run, and the ``with`` block. At the
    end of the block a last picture is printed.

    ::

        with TerminalMonitor(hypervisor) as monitor:
            hypervisor.run(600, progress=monitor.update)

    Parameters
    ----------
    hypervisor : BioXenHypervisor
        What to show.
    title : str
        For the first line, such as what runs.
    inspect : bool
        Whether a cell is shown below the machines from the beginning.
    once : bool
        Whether to show one picture, after a second, and to end.
    console : rich.console.Console, optional
        Where to; None: the standard output.
    heading : str
        The first words of the first line.

    Raises
    ------
    APIValidationError
        If an argument is not acceptable.
    VMStateError
        If the hypervisor is closed.
    """

    def __init__(
        self,
        hypervisor: BioXenHypervisor,
        title: str = "",
        *,
        inspect: bool = True,
        once: bool = False,
        console: Console | None = None,
        heading: str = "bioxen monitor",
    ) -> None:
        if not isinstance(hypervisor, BioXenHypervisor):
            raise APIValidationError(
                f"a monitor shows a BioXenHypervisor, not {type(hypervisor).__name__}; "
                "that of a biological VM is vm.hypervisor",
                details={"argument": "hypervisor"},
            )
        for name, value, kind, meant in (
            ("title", title, str, "a text"),
            ("heading", heading, str, "a text"),
            ("inspect", inspect, bool, "True or False"),
            ("once", once, bool, "True or False"),
            ("console", console, Console | None, "a rich.console.Console or None"),
        ):
            if not isinstance(value, kind):
                raise APIValidationError(
                    f"{name} must be {meant}, not {short(value)}", details={"argument": name}
                )
        hypervisor.metrics()  # of one that is closed, or of another process, there is nothing
        self._hypervisor = hypervisor
        self._heading = heading
        self._title = title
        self._inspect = inspect
        self._once = once
        self._console = console or Console()
        self._picture = Picture(title, heading)
        self._live: Live | None = None
        self._keys = Keys()
        self._signals = Signals()
        #: Whether the key q, or the one picture, has ended it.
        self.left = False
        if self._console.is_terminal and not self._console.is_dumb_terminal and not once:
            self._picture.foot = KEYS
            self._live = Live(self._picture, console=self._console, screen=True, auto_refresh=False)
        self._shown_s = time.monotonic()
        self._told_s = self._shown_s

    def __enter__(self) -> Self:
        self._look()
        if self._live is not None:
            try:
                self._signals.__enter__()
                self._keys.__enter__()
                self._live.start(refresh=True)
            except BaseException:  # without this nobody would leave what was entered
                self._leave()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        self._leave()
        enough = isinstance(error, _Enough)
        if (error is None or enough) and not (self._once and self.left):
            self._conclude()
        return enough

    def update(self) -> None:
        """Show the present, if it is time, and do what the keys ask for: `progress` of a run."""
        if self._live is not None:
            if self._signals.suspended:
                self._suspend(self._live)
            if time.monotonic() - self._told_s >= MESSAGE_S:
                self._picture.foot = KEYS
            for key in self._keys.pressed():
                self._press(key)
            self._look()
            self._live.refresh()
            if self.left:
                raise _Enough
        elif time.monotonic() - self._shown_s >= PLAIN_INTERVAL_S:
            self._shown_s = time.monotonic()
            self._look()
            self._console.print(self._picture)
            if self._once:
                self.left = True
                raise _Enough

    def _conclude(self) -> None:
        """Print what it came to: a last picture, with rates over the whole time."""
        whole = Picture(self._title, self._heading)
        with contextlib.suppress(BioXenException):  # it was closed
            whole.update(self._hypervisor.metrics())
            self._console.print(whole)

    def _suspend(self, live: Live) -> None:
        live.stop()
        self._keys.__exit__()
        self._signals.suspend()
        self._keys.__enter__()
        live.start(refresh=True)

    def _look(self) -> None:
        now = self._hypervisor.metrics()
        self._picture.update(now)
        self._picture.cell = None
        if self._inspect and now.vms:
            place = self._place(now)
            self._picture.selected = now.vms[place].vm_id
            self._picture.cell = self._cell(now, place)

    def _cell(self, now: HypervisorMetrics, place: int) -> CellView:
        vm = now.vms[place]
        try:
            return CellView.of(vm, self._hypervisor.context(vm.handle))
        except BioXenException as error:  # destroyed meanwhile
            return CellView(vm.vm_id, why=error.message)

    def _place(self, now: HypervisorMetrics) -> int:
        """Return where the selected machine is, or the first if it is gone."""
        names: list[str] = now.vms.column("vm_id")
        selected = self._picture.selected
        return names.index(selected) if selected in names else 0

    def _press(self, key: str) -> None:
        self._picture.foot = KEYS
        now = self._hypervisor.metrics()
        if key == "q":
            self.left = True
        elif key in _MOVES and now.vms:
            place = self._place(now) + (_MOVES[key] if self._picture.selected else 0)
            self._picture.selected = now.vms[min(max(place, 0), len(now.vms) - 1)].vm_id
        elif key in ("i", "enter"):
            self._inspect = not self._inspect
        elif key in ("p", "r") and now.vms:
            vm = now.vms[self._place(now)]
            self._picture.selected = vm.vm_id
            act = self._hypervisor.pause_vm if key == "p" else self._hypervisor.resume_vm
            try:
                act(vm.handle)
            except BioXenException as error:
                self._picture.foot = error.message
                self._told_s = time.monotonic()

    def _leave(self) -> None:
        if self._live is not None:
            try:
                self._live.stop()
            finally:
                try:
                    self._keys.__exit__()
                finally:
                    self._signals.__exit__()
