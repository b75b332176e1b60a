"""Models in SBML level 3 with the package fbc, version 2 (Olivier and Bergmann 2018)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from bioxen_jcvi_vm_lib._errors import MissingDependencyError
from bioxen_jcvi_vm_lib.metabolism.gene_rule import MAX_DEPTH, GeneRule
from bioxen_jcvi_vm_lib.metabolism.model import (
    Gene,
    MetabolicModel,
    Metabolite,
    Reaction,
    refused,
)

__all__ = ["read"]

#: What would change the fluxes and is not read: the name of the list, and how to count it.
_UNSUPPORTED = (
    ("rule", "getNumRules", "getRule"),
    ("event", "getNumEvents", "getEvent"),
    ("constraint", "getNumConstraints", "getConstraint"),
    ("initialAssignment", "getNumInitialAssignments", "getInitialAssignment"),
)
#: cobrapy and BiGG write characters that SBML forbids in ids as ``__45__``, their code point.
_CODE_POINT = re.compile(r"__(\d{1,3})__")


def read(data: bytes) -> MetabolicModel:
    """Read a model; ids lose the prefixes ``M_``, ``R_``, ``G_`` that SBML puts before them.

    Raises
    ------
    ModelImportError
        If it is malformed or uses something unsupported; `element` and `line` tell where.
    MissingDependencyError
        If python-libsbml is not installed.
    """
    try:
        import libsbml
    except ImportError:
        raise MissingDependencyError(
            "SBML is read with python-libsbml: pip install 'bioxen_jcvi_vm_lib[metabolism]', "
            "or give the model as BiGG JSON",
            details={"package": "python-libsbml"},
        ) from None
    if re.search(rb"<!(DOCTYPE|ENTITY)", data):
        raise refused("SBML", "has a document type or entities, which models do not need")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused("SBML", f"byte {error.start} is not UTF-8") from None
    document = libsbml.readSBMLFromString(text)
    _check_document(document, libsbml)
    return _Reader(document.getModel()).model()


def _check_document(document: Any, libsbml: Any) -> None:
    for index in range(document.getNumErrors()):
        error = document.getError(index)
        if error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            message = " ".join(error.getMessage().split())
            raise refused("SBML", message[:300], line=error.getLine() or None)
    model = document.getModel()
    if model is None:
        raise refused("SBML", "has no model")
    fbc = model.getPlugin("fbc")
    if document.getLevel() != 3 or fbc is None or fbc.getPackageVersion() != 2:
        raise refused(
            "SBML", "is not level 3 with the package fbc version 2: convert it, or give BiGG JSON"
        )
    for index in range(document.getNumPlugins()):
        package = document.getPlugin(index).getPackageName()
        if package != "fbc" and document.getPackageRequired(package):
            raise refused(f"the package {package!r}", "is required by the model and not supported")
    for name, count, get in _UNSUPPORTED:
        if getattr(model, count)():
            raise refused(
                f"element {name}", "is not supported", line=getattr(model, get)(0).getLine()
            )


class _Reader:
    """Turns the parts of one SBML model into ours."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._fbc = model.getPlugin("fbc")
        self._genes: dict[str, str] = {}

    def model(self) -> MetabolicModel:
        genes = tuple(self._read_genes())
        metabolites = tuple(self._metabolites())
        return MetabolicModel(
            id=self._model.getId(),
            metabolites=metabolites,
            reactions=tuple(self._reactions()),
            genes=genes,
            objective=MappingProxyType(self._objective()),
        )

    def _read_genes(self) -> Iterator[Gene]:
        for product in _all(self._fbc.getListOfGeneProducts()):
            name = _plain(product.getId(), "G_")
            self._genes[product.getId()] = name
            yield Gene(name, product.getName() or product.getLabel().removeprefix("G_"))

    def _metabolites(self) -> Iterator[Metabolite]:
        self._boundary = set()
        for species in _all(self._model.getListOfSpecies()):
            where = f"species {species.getId()!r}"
            if species.isSetConversionFactor():
                raise refused(where, "conversionFactor is not supported", line=species.getLine())
            if species.getBoundaryCondition():  # outside of the balance, by definition
                self._boundary.add(species.getId())
                continue
            fbc = species.getPlugin("fbc")
            yield Metabolite(
                _plain(species.getId(), "M_"),
                species.getName(),
                species.getCompartment(),
                fbc.getChemicalFormula(),
                fbc.getCharge() if fbc.isSetCharge() else None,
            )

    def _reactions(self) -> Iterator[Reaction]:
        for reaction in _all(self._model.getListOfReactions()):
            where = f"reaction {reaction.getId()!r}"
            if reaction.isSetKineticLaw():
                raise refused(where, "kineticLaw is not supported", line=reaction.getLine())
            fbc = reaction.getPlugin("fbc")
            yield Reaction(
                id=_plain(reaction.getId(), "R_"),
                stoichiometry=MappingProxyType(self._stoichiometry(reaction, where)),
                lower=self._bound(fbc.getLowerFluxBound(), where, "lower", reaction),
                upper=self._bound(fbc.getUpperFluxBound(), where, "upper", reaction),
                rule=self._rule(fbc.getGeneProductAssociation(), where),
                name=reaction.getName(),
            )

    def _stoichiometry(self, reaction: Any, where: str) -> dict[str, float]:
        sums: dict[str, float] = {}
        for sign, references in (
            (-1.0, reaction.getListOfReactants()),
            (1.0, reaction.getListOfProducts()),
        ):
            for reference in _all(references):
                species = reference.getSpecies()
                if not reference.getConstant() or not reference.isSetStoichiometry():
                    raise refused(
                        where,
                        f"the stoichiometry of {species!r} is not a constant number",
                        line=reference.getLine(),
                    )
                if species not in self._boundary:
                    name = _plain(species, "M_")
                    sums[name] = sums.get(name, 0.0) + sign * reference.getStoichiometry()
        # What is on both sides in equal amounts is not changed by the reaction.
        return {name: value for name, value in sums.items() if value != 0}

    def _bound(self, parameter: str, where: str, side: str, reaction: Any) -> float:
        line = reaction.getLine()
        if not parameter:
            raise refused(where, f"has no {side} flux bound", line=line)
        found = self._model.getParameter(parameter)
        if found is None:
            raise refused(
                where, f"its {side} bound {parameter!r} is no parameter of the model", line=line
            )
        value: float = found.getValue()
        if math.isnan(value) or not found.getConstant():
            raise refused(
                where, f"its {side} bound {parameter!r} is not a constant number", line=line
            )
        return value

    def _rule(self, association: Any, where: str) -> GeneRule:
        if association is None or association.getAssociation() is None:
            return GeneRule.parse("")
        return self._association(association.getAssociation(), where, 0)

    def _association(self, node: Any, where: str, depth: int) -> GeneRule:
        if depth > MAX_DEPTH:
            raise refused(where, f"its rule is nested more than {MAX_DEPTH} deep")
        if node.isGeneProductRef():
            gene = node.getGeneProduct()
            if gene not in self._genes:
                raise refused(
                    where,
                    f"its rule names the gene {gene!r}, which is not in the list",
                    line=node.getLine(),
                )
            return GeneRule.of_gene(self._genes[gene])
        parts = [self._association(n, where, depth + 1) for n in _all(node.getListOfAssociations())]
        if not parts:
            raise refused(where, "its rule has an empty group", line=node.getLine())
        return GeneRule.joined("and" if node.isFbcAnd() else "or", parts)

    def _objective(self) -> dict[str, float]:
        active = self._fbc.getActiveObjective()
        if active is None:
            raise refused("the objective", "the model has no active one")
        sign = 1.0 if active.getType() == "maximize" else -1.0
        found: dict[str, float] = {}
        for part in _all(active.getListOfFluxObjectives()):
            name = _plain(part.getReaction(), "R_")
            found[name] = found.get(name, 0.0) + sign * part.getCoefficient()
        return {name: value for name, value in found.items() if value != 0}


def _all(items: Any) -> Iterator[Any]:
    return (items.get(index) for index in range(items.size()))


def _plain(name: str, prefix: str) -> str:
    bare = name.removeprefix(prefix).replace("_SBML_DOT_", ".")
    return _CODE_POINT.sub(lambda match: chr(int(match[1])), bare)
