"""Texts of a terminal: lines, and values in few characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

__all__ = [
    "Line",
    "clock",
    "compact",
    "femtolitres",
    "flowed",
    "named",
    "of_bytes",
    "paced",
    "plain",
    "scaled",
    "shortened",
]

#: Texts with their styles.
Line = list[tuple[str, str]]

#: What stands for our drawings where a terminal shows ASCII only; a density becomes its digit.
_ASCII = str.maketrans("█░…─▁▂▃▄▅▆▇", "#.~-1234567")


def plain(text: str) -> str:
    """Return a text in ASCII, of the same width where it is one of our drawings."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def flowed(name: str, first: str, parts: Sequence[str], width: int) -> Iterator[Line]:
    """Name and parts on as many lines as they need."""
    line = f"{name:9}{first}"
    for number, part in enumerate(parts):
        gap = "  " if number or not first.endswith(":") else " "
        if len(line) + len(gap) + len(part) > width:
            yield [(line, "")]
            line = " " * 9 + part
        else:
            line += gap + part
    yield [(line, "")]


def paced(pace: float) -> str:
    """Write simulated seconds per second."""
    return f"{pace:.2f}x" if pace < 10 else f"{compact(pace)}x"


def named(text: str, width: int) -> str:
    """Fill or shorten to a width: of a long name the middle goes, the ends tell names apart."""
    if text.isascii():
        return shortened(text, width).ljust(width)
    most = width
    while cell_len(shown := shortened(text, most)) > width:
        most -= 1
    return shown + " " * (width - cell_len(shown))


def shortened(text: str, most: int) -> str:
    """Leave out the middle of a text that is longer."""
    if len(text) <= most:
        return text
    tail = most // 2
    return f"{text[: most - tail - 1]}…{text[len(text) - tail :]}"


def clock(seconds: float) -> str:
    """Write hours, minutes and seconds."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def of_bytes(count: float) -> str:
    """Write 1,536 as 1.5K."""
    return scaled(count, ((2.0**30, "G"), (2.0**20, "M"), (2.0**10, "K")))


def femtolitres(volume_l: float) -> str:
    """Write the volume of a cell in fL, in three digits."""
    return f"{volume_l * 1e15:.3g}"


def compact(value: float) -> str:
    """Write 1,500,000 as 1.5M."""
    return scaled(value, ((1e9, "G"), (1e6, "M"), (1e3, "k")))


def scaled(value: float, units: Sequence[tuple[float, str]], small: str = "{:.0f}") -> str:
    """Write a number in three digits and the largest unit that it reaches once rounded.

    Parameters
    ----------
    value : float
        What to write.
    units : sequence of (float, str)
        Sizes and letters, largest first.
    small : str
        Format of what reaches none.
    """
    for size, letter in units:
        if abs(value) >= 0.9995 * size:
            shown = value / size
            return f"{shown:.0f}{letter}" if abs(shown) >= 999.5 else f"{shown:.3g}{letter}"
    return small.format(value)
