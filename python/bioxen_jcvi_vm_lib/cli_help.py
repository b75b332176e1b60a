"""The command line's help: flags take no value, and none is shown beside them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["Command", "Group"]


def _bare_flags(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


class Command(TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return arguments and options, --help too."""
        return _bare_flags(super().get_params(ctx))


class Group(TyperGroup):
    """A command that has others below it."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return options, --help too."""
        return _bare_flags(super().get_params(ctx))
