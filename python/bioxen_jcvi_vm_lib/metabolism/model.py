"""A stoichiometric model: metabolites, reactions, genes, and what grows."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from bioxen_jcvi_vm_lib._errors import APIValidationError, ModelImportError
from bioxen_jcvi_vm_lib._html import facts
from bioxen_jcvi_vm_lib.metabolism.gene_rule import GeneRule

__all__ = ["Gene", "MetabolicModel", "Metabolite", "Reaction"]

#: Most metabolites, reactions and genes of one model, each; the largest public ones have 15,000.
MAX_ELEMENTS = 200_000
#: Most coefficients of all reactions together.
MAX_COEFFICIENTS = 2_000_000
#: Bounds and coefficients beyond this are a mistake, or infinity written as a number.
MAX_MAGNITUDE = 1e9
_NUMBERED = re.compile(r"(.*?)[_-]?0*(\d+)")
#: Prefixes under which published tables number the genes of JCVI-syn3A.
_SYN3A = frozenset({"JCVISYN3A", "MMSYN1", "P"})


@dataclass(frozen=True, slots=True)
class Metabolite:
    """A species that is balanced.

    Attributes
    ----------
    id, name, compartment : str
        As in the file.
    formula : str
        Elements, "" where not given.
    charge : int or None
        In elementary charges.
    """

    id: str
    name: str = ""
    compartment: str = ""
    formula: str = ""
    charge: int | None = None


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene that rules name.

    Attributes
    ----------
    id, name : str
        As in the file; the id is often the locus tag.
    """

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction with the bounds of its flux.

    Attributes
    ----------
    id, name : str
        As in the file.
    stoichiometry : mapping of str to float
        Coefficient of each metabolite, negative where it is used up.
    lower, upper : float
        Bounds of the flux [mmol/gDW/h].
    rule : GeneRule
        Genes that it needs.
    """

    id: str
    stoichiometry: Mapping[str, float]
    lower: float
    upper: float
    rule: GeneRule = field(default_factory=lambda: GeneRule.parse(""))
    name: str = ""

    @property
    def is_exchange(self) -> bool:
        """Whether it passes one metabolite over the boundary of the model."""
        return len(self.stoichiometry) == 1


@dataclass(frozen=True)
class MetabolicModel:
    """A stoichiometric model whose parts fit together; made by `MetabolicModel.read`.

    Attributes
    ----------
    id : str
        Name of the model.
    metabolites, reactions, genes : tuple
        In the order of the file.
    objective : mapping of str to float
        What is maximised: a coefficient for each reaction that counts.
    """

    id: str
    metabolites: tuple[Metabolite, ...]
    reactions: tuple[Reaction, ...]
    genes: tuple[Gene, ...]
    objective: Mapping[str, float]

    def __post_init__(self) -> None:
        for kind in ("metabolites", "reactions", "genes"):
            _check_ids(kind, getattr(self, kind))
        metabolites = {metabolite.id for metabolite in self.metabolites}
        genes = {gene.id for gene in self.genes}
        size = 0
        for index, reaction in enumerate(self.reactions):
            where = f"reactions[{index}] {reaction.id!r}"
            _check_reaction(reaction, where, metabolites, genes)
            size += len(reaction.stoichiometry)
        if size > MAX_COEFFICIENTS:
            raise refused("reactions", f"{size:,} coefficients, at most {MAX_COEFFICIENTS:,}")
        self._check_objective()

    def _check_objective(self) -> None:
        for name, coefficient in self.objective.items():
            if name not in self.reaction_index:
                raise refused("the objective", f"names the reaction {name!r}, which is not there")
            if not math.isfinite(coefficient) or abs(coefficient) > MAX_MAGNITUDE:
                raise refused(f"the objective of {name!r}", f"is {coefficient}: give a number")
        if not any(self.objective.values()):
            raise refused(
                "the objective", "is empty: give the growth reaction an objective coefficient"
            )

    @classmethod
    def read(cls, source: Any) -> MetabolicModel:
        """Read BiGG JSON or SBML with the package fbc; the content tells which, gzip or not.

        Parameters
        ----------
        source : path, bytes-like or binary file object
            The model.

        Raises
        ------
        ModelImportError
            If it cannot be read, is malformed, or uses an element that is not supported.
        MissingDependencyError
            If it is SBML and python-libsbml is not installed.
        """
        from bioxen_jcvi_vm_lib.metabolism import model_file

        return model_file.read(source)

    @cached_property
    def reaction_index(self) -> Mapping[str, int]:
        """Index of each reaction by id."""
        return MappingProxyType({part.id: i for i, part in enumerate(self.reactions)})

    @cached_property
    def metabolite_index(self) -> Mapping[str, int]:
        """Index of each metabolite by id."""
        return MappingProxyType({part.id: i for i, part in enumerate(self.metabolites)})

    @cached_property
    def gene_ids(self) -> frozenset[str]:
        """Ids of the genes."""
        return frozenset(gene.id for gene in self.genes)

    @cached_property
    def exchanges(self) -> Mapping[str, str]:
        """Metabolite of each exchange reaction, by the id of the reaction."""
        return MappingProxyType(
            {part.id: next(iter(part.stoichiometry)) for part in self.reactions if part.is_exchange}
        )

    def match_genes(
        self, locus_tags: Sequence[str], *, synonyms: Mapping[str, str] = MappingProxyType({})
    ) -> dict[str, str]:
        """Find the gene of the model for locus tags of a genome.

        A tag is the gene's id or name, or one of these as `same_genes` compares them; else one of
        the synonyms of the tag is.

        Parameters
        ----------
        locus_tags : sequence of str
            All of the genome's.
        synonyms : mapping of str to str
            Locus tag by other names of its gene, such as "thrA" or an old locus tag.

        Returns
        -------
        dict
            Id of the model's gene by locus tag, for those that have one.

        Raises
        ------
        APIValidationError
            If fewer than half of the model's genes are found: it is another organism's.
        """
        ids = {gene.name: gene.id for gene in self.genes if gene.name}
        ids |= {gene.id: gene.id for gene in self.genes}
        found = {tag: ids[name] for tag, name in same_genes(locus_tags, ids).items()}
        have = set(found.values())
        for name, ours in same_genes(synonyms, ids).items():
            if ids[ours] not in have:
                found.setdefault(synonyms[name], ids[ours])
        matched = len(set(found.values()))
        if 2 * matched < len(self.genes) or not self.genes:
            raise APIValidationError(
                f"only {matched} of the {len(self.genes)} genes of the model {self.id!r} are in "
                "the genome: give the model of this organism",
                details={"matched": matched, "genes": len(self.genes)},
            )
        return found

    def __repr__(self) -> str:
        return (
            f"<MetabolicModel {self.id!r}: {len(self.reactions)} reactions, "
            f"{len(self.metabolites)} metabolites, {len(self.genes)} genes>"
        )

    def _repr_html_(self) -> str:
        return facts(
            [
                ("reactions", f"{len(self.reactions):,}"),
                ("exchanges", f"{len(self.exchanges):,}"),
                ("metabolites", f"{len(self.metabolites):,}"),
                ("genes", f"{len(self.genes):,}"),
                ("objective", " + ".join(f"{c:g} {name}" for name, c in self.objective.items())),
            ],
            f"metabolic model {self.id}",
        )


def refused(element: str, problem: str, *, line: int | None = None) -> ModelImportError:
    """Return the error for one element of a model."""
    place = f" (line {line})" if line else ""
    return ModelImportError(
        f"{element}{place}: {problem}", details={"element": element, "line": line}
    )


def _check_ids(kind: str, parts: Sequence[Metabolite | Reaction | Gene]) -> None:
    if len(parts) > MAX_ELEMENTS:
        raise refused(kind, f"{len(parts):,} of them, at most {MAX_ELEMENTS:,}")
    if kind != "genes" and not parts:
        raise refused(kind, "there are none: give a model with reactions and metabolites")
    counted = Counter(part.id for part in parts)
    for index, part in enumerate(parts):
        if not part.id or len(part.id) > 256:
            raise refused(f"{kind}[{index}]", "its id must have 1 to 256 characters")
        if counted[part.id] > 1:
            raise refused(
                f"{kind}[{index}] {part.id!r}", f"{counted[part.id]} of them have this id"
            )


def _check_reaction(reaction: Reaction, where: str, metabolites: set[str], genes: set[str]) -> None:
    if not reaction.stoichiometry:
        raise refused(where, "has no metabolites")
    for name, coefficient in reaction.stoichiometry.items():
        if name not in metabolites:
            raise refused(where, f"uses the metabolite {name!r}, which is not in the list")
        if not math.isfinite(coefficient) or not 0 < abs(coefficient) <= MAX_MAGNITUDE:
            raise refused(where, f"coefficient {coefficient} of {name!r}: give a number, not 0")
    for side, bound, wrong in (
        ("lower", reaction.lower, math.inf),
        ("upper", reaction.upper, -math.inf),
    ):
        if math.isnan(bound) or bound == wrong:
            raise refused(where, f"its {side} bound is {bound}: give a number")
        if math.isfinite(bound) and abs(bound) > MAX_MAGNITUDE:
            raise refused(where, f"its {side} bound is {bound:g}: at most {MAX_MAGNITUDE:g}")
    if reaction.lower > reaction.upper:
        raise refused(
            where, f"its lower bound {reaction.lower:g} is above its upper {reaction.upper:g}"
        )
    for gene in reaction.rule.genes:
        if gene not in genes:
            raise refused(where, f"its rule names the gene {gene!r}, which is not in the list")


def same_genes(names: Iterable[str], others: Iterable[str]) -> dict[str, str]:
    """Find genes under the names of another table.

    Names are one gene if they are equal, or equal but for case, a separator before the number and
    zeros at its front, or differ in prefixes that are known to mean one organism: MMSYN1_0445,
    JCVISYN3A_0445 and P_0445. Numbers alone say nothing: most genomes count their genes.

    Parameters
    ----------
    names, others : iterable of str
        The names of the one and of the other.

    Returns
    -------
    dict
        Name in `others` by name in `names`, for those that were found.
    """
    known = dict.fromkeys(others)
    wanted = dict.fromkeys(names)
    equal = {name: name for name in wanted if name in known}
    theirs = _by_key(known)
    ours = _by_key(name for name in wanted if name not in known)
    return equal | {name: theirs[key] for key, name in ours.items() if key in theirs}


def _by_key(names: Iterable[str]) -> dict[tuple[str, str], str]:
    """Names by what spellings of one gene have in common; where two names share it, neither."""
    found: dict[tuple[str, str], str] = {}
    twice = []
    for name in names:
        match = _NUMBERED.fullmatch(name)
        prefix, number = match.groups() if match else (name, "")
        key = ("syn3A" if prefix in _SYN3A else prefix.casefold(), number)
        if key in found:
            twice.append(key)
        found[key] = name
    for key in twice:
        found.pop(key, None)
    return found
