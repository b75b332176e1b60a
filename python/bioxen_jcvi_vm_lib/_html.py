"""Tables that notebooks show."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

_CELL = "style='text-align:left'"


def facts(rows: Iterable[tuple[str, str]], caption: str = "") -> str:
    """Return a table of names and values."""
    body = "".join(
        f"<tr><th {_CELL}>{html.escape(key)}</th><td {_CELL}>{html.escape(value)}</td></tr>"
        for key, value in rows
    )
    return f"<table>{_captioned(caption)}{body}</table>"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table with a line of headings."""
    top = "".join(f"<th {_CELL}>{html.escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td {_CELL}>{html.escape(value)}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table>{_captioned(caption)}<tr>{top}</tr>{body}</table>"


def _captioned(caption: str) -> str:
    return f"<caption><b>{html.escape(caption)}</b></caption>" if caption else ""
