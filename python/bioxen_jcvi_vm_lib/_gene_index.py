"""Finds genes by the names that users give them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from bioxen_jcvi_vm_lib import _core
from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError

__all__ = ["GeneIndex"]


class GeneIndex:
    """Finds genes by locus tag or name; the tables are made at the first question.

    A name that genes of the host (the first `host_genes`) and of guests have is the host's.
    """

    def __init__(self, genes: Sequence[_core.Gene], *, host_genes: int | None = None) -> None:
        self._genes = genes
        self._host_genes = len(genes) if host_genes is None else host_genes

    @functools.cached_property
    def tags(self) -> tuple[str, ...]:
        """Locus tags in the order of the genes."""
        return tuple(gene.locus_tag for gene in self._genes)

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the genes; empty where there is none."""
        return tuple(gene.name or "" for gene in self._genes)

    @functools.cached_property
    def _by_tag(self) -> dict[str, int]:
        return {gene.locus_tag: index for index, gene in enumerate(self._genes)}

    @functools.cached_property
    def _by_name(self) -> dict[str, list[int]]:
        table: dict[str, list[int]] = {}
        for index, gene in enumerate(self._genes):
            if gene.name:
                table.setdefault(gene.name, []).append(index)
        return table

    def find(self, key: Any) -> int:
        """Return the position of a gene in ``runtime.genes``.

        Raises
        ------
        APIValidationError
            If no gene, or more than one, has that locus tag or name.
        """
        if not isinstance(key, str):
            raise APIValidationError(
                f"a gene is named by a text, its locus tag or name, not by {type(key).__name__}",
                details={"gene": short(key)},
            )
        index = self._by_tag.get(key)
        if index is not None:
            return index
        named = self._by_name.get(key, [])
        named = [gene for gene in named if gene < self._host_genes] or named
        if len(named) == 1:
            return named[0]
        if named:
            tags = ", ".join(self._genes[i].locus_tag for i in named[:6])
            raise APIValidationError(
                f"{len(named)} genes are named {short(key)}: use a locus tag, one of {tags}",
                details={"gene": key},
            )
        near = suggestion(key, [*self._by_tag, *self._by_name])
        fix = near or "; give a locus tag or a gene name of this genome"
        raise APIValidationError(f"no gene {short(key)}{fix}", details={"gene": key})
