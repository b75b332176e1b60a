"""The programming interface: the same names as the package root, loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bioxen_jcvi_vm_lib as _root

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib import *  # noqa: F403

__all__ = [name for name in _root.__all__ if name != "__version__"]


if not TYPE_CHECKING:  # which would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name in __all__:
            return getattr(_root, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
