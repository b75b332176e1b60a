"""The terminal at hand: its keys, and signals that end a program in order."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from typing import Any, Self

__all__ = ["Keys", "Signals"]

#: A key with its modifiers or a report of the terminal, a key with Alt, or one character.
_ONE_KEY = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b[^\[O]|.", re.DOTALL)
_NAMES = {
    b"\x1b[A": "up", b"\x1bOA": "up", b"\x1b[B": "down", b"\x1bOB": "down",
    b"\x1b[5~": "page up", b"\x1b[6~": "page down", b"\r": "enter", b"\n": "enter",
}  # fmt: skip


class Keys:
    """The keys pressed on the terminal at the standard input, if there is one."""

    def __init__(self) -> None:
        self._terminal: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            descriptor = sys.stdin.fileno()
            if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp():
                self._before: list[Any] = termios.tcgetattr(descriptor)
                self._terminal = descriptor  # first: what is set is put back whatever comes
                tty.setcbreak(descriptor, termios.TCSANOW)  # keys come at once; Ctrl-C stays
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal is not None:
            with contextlib.suppress(termios.error):  # it has hung up
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
            self._terminal = None

    def pressed(self) -> Iterator[str]:
        """Yield the keys pressed since the call before: small letters, and names of the others."""
        if self._terminal is None or not select.select([self._terminal], [], [], 0)[0]:
            return
        for key in _ONE_KEY.findall(os.read(self._terminal, 1024)):
            yield _NAMES.get(key, key.decode("latin-1").lower() if len(key) == 1 else "")


class Signals:
    """Lets a request to end, or a terminal that hangs up, unwind as an exit with 128 + number, and
    Ctrl-Z wait until the terminal was given back.

    Only where nobody else handles the signal, and on the main thread, as Python wants it.
    """

    def __init__(self) -> None:
        self._taken: list[int] = []
        #: Whether Ctrl-Z was pressed since `suspend`.
        self.suspended = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._taken.append(number)
                    signal.signal(number, self._act)
        return self

    def suspend(self) -> None:
        """Do what Ctrl-Z asks for, and return when the shell lets this process go on."""
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._act)
        self.suspended = False

    def __exit__(self, *_: object) -> None:
        while self._taken:
            signal.signal(self._taken.pop(), signal.SIG_DFL)

    def _act(self, number: int, _: object) -> None:
        if number != signal.SIGTSTP:
            raise SystemExit(128 + number)
        self.suspended = True
