"""How many molecules of each replicon a cell is born with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError

__all__ = ["copies_by_replicon"]


def copies_by_replicon(given: Mapping[str, int], records: Sequence[_core.Record]) -> list[int]:
    """Return the copies of each record, 1 where nothing is given.

    Parameters
    ----------
    given : mapping of str to int
        Copies by accession, with or without its version, or by name.
    records : sequence of Record
        Of the genome.

    Raises
    ------
    InvalidConfigurationError
        If a name is that of no record or of several, or two are of one.
    """
    places: dict[str, set[int]] = {}
    for index, record in enumerate(records):
        for name in (record.accession, record.accession.split(".", 1)[0], record.name):
            if name:
                places.setdefault(name, set()).add(index)
    copies: dict[int, int] = {}
    for name, number in given.items():
        found = places.get(name, set())
        details = {"key": f"execution_parameters.replicon_copies.{name}"}
        if not found:
            near = suggestion(name, places) or f"; there are {', '.join(places) or 'no names'}"
            raise InvalidConfigurationError(
                f"replicon_copies: the genome has no replicon {short(name)}{near}", details=details
            )
        if len(found) > 1 or not copies.keys().isdisjoint(found):
            what = "is several replicons" if len(found) > 1 else "is given under two names"
            raise InvalidConfigurationError(
                f"replicon_copies: {short(name)} {what}: give each accession once", details=details
            )
        copies[found.pop()] = number
    return [copies.get(index, 1) for index in range(len(records))]
