"""Flux balance analysis: the fastest growth, and the smallest fluxes that reach it.

Orth, Thiele and Palsson 2010, Nat. Biotechnol. 28:245. The linear programme is kept loaded in HiGHS
and solved again from its last basis.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bioxen_jcvi_vm_lib._checks import short, suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    GenomicRuntimeError,
    MetabolicInfeasibleError,
    MissingDependencyError,
    ModelImportError,
)
from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
from bioxen_jcvi_vm_lib.metabolism.constraint import FluxConstraint
from bioxen_jcvi_vm_lib.metabolism.fluxes import Fluxes
from bioxen_jcvi_vm_lib.metabolism.gene_rule import GeneRule
from bioxen_jcvi_vm_lib.metabolism.model import MetabolicModel, same_genes
from bioxen_jcvi_vm_lib.metabolism.optimal_basis import TOLERANCE, OptimalBasis
from bioxen_jcvi_vm_lib.metabolism.optimal_face import OptimalFace
from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult
from bioxen_jcvi_vm_lib.metabolism.turnover import TurnoverNumbers

__all__ = ["FluxBalance"]

Vector = npt.NDArray[np.float64]

_ORIGINS = ("model", "medium", "enzyme", "knockout")
_MODEL, _MEDIUM, _ENZYME, _KNOCKOUT = range(4)
#: HiGHS: bounds of a column that belong to an irreducible infeasible set.
_LOWER, _UPPER, _BOXED = 2, 3, 4
#: HiGHS: find the set from the infeasible rows of a relaxed problem (2), then reduce it (4).
_IIS_STRATEGY = 6


class FluxBalance:
    """A metabolic model ready to be solved, again and again.

    Parameters
    ----------
    model : MetabolicModel
        The model.
    locus_tags : sequence of str, optional
        All locus tags of the genome, so that knockouts and counts may be given by them.
    synonyms : mapping of str to str, optional
        Locus tag by other names of its gene, for models that write those.
    turnover : TurnoverNumbers, optional
        What `enzyme_constraints` needs.

    Raises
    ------
    MissingDependencyError
        If highspy is not installed.
    APIValidationError
        If the genes of the model are not those of the genome.
    ModelImportError
        If the turnover numbers count a protein that is a gene of neither.

    Notes
    -----
    Growth is exact within 1e-9 of the fluxes, and so are balances and bounds. The second stage
    returns the one optimal flux vector of least sum of squares; vectors from different starts agree
    within 1e-6 [mmol/gDW/h]. One solve at a time; a second thread waits.
    """

    def __init__(
        self,
        model: MetabolicModel,
        *,
        locus_tags: Sequence[str] | None = None,
        synonyms: Mapping[str, str] = MappingProxyType({}),
        turnover: TurnoverNumbers | None = None,
    ) -> None:
        self.model = model
        self.turnover = turnover
        self._highspy = _highspy()
        self._tags = frozenset(locus_tags or ())
        self._synonyms = synonyms
        self._gene_of = {}
        if locus_tags is not None:
            self._gene_of = model.match_genes(locus_tags, synonyms=synonyms)
        self._bounds = (
            np.array([reaction.lower for reaction in model.reactions]),
            np.array([reaction.upper for reaction in model.reactions]),
        )
        self._cost = np.zeros(len(model.reactions))
        for name, coefficient in model.objective.items():
            self._cost[model.reaction_index[name]] = coefficient
        self._names = [reaction.id for reaction in model.reactions]
        self._exchanges = _Exchanges(model)
        self._reactions_of: dict[str, list[int]] = {}
        for index, reaction in enumerate(model.reactions):
            for gene in reaction.rule.genes:
                self._reactions_of.setdefault(gene, []).append(index)
        self._turnover_of = self._with_turnover()
        self._enzyme_of = self._enzymes()
        self._lower, self._upper = (side.copy() for side in self._bounds)
        self._solver = self._loaded(self._lower, self._upper)
        self._basis: OptimalBasis | None = None
        self._start: _Start | None = None
        self._face: OptimalFace | None = None
        self._fixed = self._lower == self._upper
        self._lock = threading.Lock()

    def solve(
        self,
        conditions: Mapping[str, Any] | MetabolicConditions | None = None,
        *,
        enzyme_counts: Mapping[str, float] | None = None,
        explain: bool = True,
        warm: bool = True,
    ) -> MetabolicResult:
        """Find the fluxes at the fastest growth.

        Parameters
        ----------
        conditions : mapping, optional
            See `MetabolicConditions.of`; without them the model's own.
        enzyme_counts : mapping of str to float, optional
            Copies of proteins in the cell by gene or locus tag, for `enzyme_constraints`.
        explain : bool
            Whether an error names a smallest set of bounds that exclude each other, which takes
            0.1 s for iMB155 and half a minute for iJO1366; if not, it names the forced fluxes.
        warm : bool
            Whether to start from the last solve. Without, it starts from where `remember` was
            called or from nothing, and every digit is a function of conditions and start alone.

        Returns
        -------
        MetabolicResult

        Raises
        ------
        APIValidationError
            If a condition is not acceptable or names what the model does not have.
        MetabolicInfeasibleError
            If no fluxes satisfy the constraints, or growth has no bound.
        """
        asked = MetabolicConditions.of(conditions)
        lower, upper, origin = self._asked_bounds(asked, enzyme_counts)
        crossed = np.flatnonzero(lower > upper)
        if crossed.size:
            raise _infeasible(self._crossed(int(crossed[0]), lower, upper, origin))
        with self._lock:
            found = None if warm else self._near_start(lower, upper)
            if found is None:
                if not warm:
                    self._to_start()
                basis, vertex = self._optimum(lower, upper, origin, explain)
                found = basis, self._smallest(basis, vertex, lower, upper)
        basis, fluxes = found
        return self._result(fluxes, basis, (lower, upper), origin)

    def remember(self) -> None:
        """Let solves that are not warm start from the last one, if that found fluxes."""
        with self._lock:
            if self._basis is None or self._face is None:
                return
            self._start = _Start(
                self._solver.getBasis(), self._basis, self._face, self._face.start, self._fixed
            )
            # that solver stays in its basis; another one goes on
            self._lower, self._upper = (side.copy() for side in self._bounds)
            self._solver = self._loaded(self._lower, self._upper)
            self._basis = self._face = None

    def check(self, asked: MetabolicConditions) -> None:
        """Look everything up that conditions name.

        Raises
        ------
        APIValidationError
            If they name what neither model nor genome has.
        """
        for exchange in asked.medium:
            self._exchanges.find(exchange)
        for gene in asked.knockouts:
            self._gene(gene)

    @property
    def matched_genes(self) -> int:
        """Number of genes of the model that are the genome's."""
        return len(set(self._gene_of.values()))

    def most_uptake(self, exchange: str) -> float:
        """Return the model's bound of the uptake through an exchange [mmol/gDW/h]."""
        index, sign = self._exchanges.find(exchange)
        inward = -self._bounds[0][index] if sign > 0 else self._bounds[1][index]
        return max(0.0, float(inward))

    # ---------------------------------------------------------------- bounds

    def _asked_bounds(
        self, asked: MetabolicConditions, counts: Mapping[str, float] | None
    ) -> tuple[Vector, Vector, npt.NDArray[np.int8]]:
        """Bounds under some conditions, and who set them: (2, n), lower and upper."""
        lower, upper = (side.copy() for side in self._bounds)
        origin = np.zeros((2, len(lower)), np.int8)
        for key, (least, most) in asked.medium.items():
            index, sign = self._exchanges.find(key)
            if most is None:  # only uptake was given
                side = 0 if sign > 0 else 1
                (lower if sign > 0 else upper)[index] = sign * least
                origin[side, index] = _MEDIUM
            else:
                lower[index], upper[index] = (least, most) if sign > 0 else (-most, -least)
                origin[:, index] = _MEDIUM
        if asked.enzyme_constraints:
            self._limit_by_enzymes(lower, upper, origin, counts)
        genes = frozenset(filter(None, map(self._gene, asked.knockouts)))
        for index in {i for gene in genes for i in self._reactions_of.get(gene, ())}:
            if not self.model.reactions[index].rule.is_active(genes):
                lower[index] = upper[index] = 0.0
                origin[:, index] = _KNOCKOUT
        return lower, upper, origin

    def _limit_by_enzymes(
        self,
        lower: Vector,
        upper: Vector,
        origin: npt.NDArray[np.int8],
        counts: Mapping[str, float] | None,
    ) -> None:
        if self.turnover is None:
            raise APIValidationError(
                "enzyme_constraints need turnover numbers: FluxBalance(model, turnover=...)"
            )
        if counts is None:
            raise APIValidationError("enzyme_constraints need enzyme_counts: copies by gene")
        by_gene: dict[str, float] = {}
        for name, count in counts.items():
            if not 0 <= count < np.inf:
                raise APIValidationError(
                    f"enzyme_counts[{name!r}] is {short(count)}: give a number of copies"
                )
            gene = self._gene(name) or name
            by_gene[gene] = by_gene.get(gene, 0.0) + count
        unit = self.turnover.flux_per_turnover
        for index, (forward, backward) in self._turnover_of.items():
            enzymes = self._enzyme_of[index].capacity(by_gene)
            if enzymes is None:
                continue
            if forward * enzymes * unit < upper[index]:
                upper[index] = forward * enzymes * unit
                origin[1, index] = _ENZYME
            if -backward * enzymes * unit > lower[index]:
                lower[index] = -backward * enzymes * unit
                origin[0, index] = _ENZYME

    def _with_turnover(self) -> dict[int, tuple[float, float]]:
        known = self.turnover.kcat_per_s if self.turnover is not None else {}
        index = self.model.reaction_index
        return {index[name]: pair for name, pair in known.items() if name in index}

    def _enzymes(self) -> dict[int, GeneRule]:
        """Return what counts for each turnover: a rule over genes of the model and locus tags."""
        index = self.model.reaction_index
        rules = {i: self.model.reactions[i].rule for i in self._turnover_of}
        stated = self.turnover.enzymes if self.turnover is not None else {}
        theirs = {index[name]: rule for name, rule in stated.items() if name in index}
        proteins = list(dict.fromkeys(gene for rule in theirs.values() for gene in rule.genes))
        names = same_genes(proteins, self._tags) | same_genes(proteins, self.model.gene_ids)
        for protein in proteins:
            if protein not in names:
                raise ModelImportError(
                    f"the turnover numbers count the protein {protein!r}, which is no gene of the "
                    f"model {self.model.id!r}{' or genome' * bool(self._tags)}",
                    details={"element": protein},
                )
        return rules | {
            i: rule.renamed({g: self._gene_of.get(names[g], names[g]) for g in rule.genes})
            for i, rule in theirs.items()
        }

    def _gene(self, name: str) -> str | None:
        """Gene of the model for a gene id or locus tag; None for a gene outside of metabolism."""
        if name in self.model.gene_ids:
            return name
        if name in self._gene_of:
            return self._gene_of[name]
        if name in self._tags:
            return None
        near = suggestion(name, [*self.model.gene_ids, *self._tags])
        if name in self._synonyms:
            near = f": give {self._synonyms[name]!r}, whose name it is"
        raise APIValidationError(
            f"{name!r} is no gene of the model {self.model.id!r}{' or genome' * bool(self._tags)}"
            f"{near}",
            details={"gene": name},
        )

    # ---------------------------------------------------------------- solver

    def _loaded(self, lower: Vector, upper: Vector) -> Any:
        """Return a solver with the linear programme: columns are reactions, rows metabolites."""
        highspy = self._highspy
        row_of = self.model.metabolite_index
        starts, rows, values = [0], [], []
        for reaction in self.model.reactions:
            for metabolite, coefficient in reaction.stoichiometry.items():
                rows.append(row_of[metabolite])
                values.append(coefficient)
            starts.append(len(rows))
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = len(self._cost), len(row_of)
        programme.col_cost_, programme.sense_ = self._cost, highspy.ObjSense.kMaximize
        programme.col_lower_, programme.col_upper_ = lower, upper
        programme.row_lower_ = programme.row_upper_ = np.zeros(len(row_of))
        matrix = programme.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_ = np.array(starts, np.int32)
        matrix.index_ = np.array(rows, np.int32)
        matrix.value_ = np.array(values, np.float64)
        self._columns = [
            (np.array(rows[a:b], np.intp), np.array(values[a:b], np.float64))
            for a, b in itertools.pairwise(starts)
        ]
        # The class under highspy.Highs: that one's constructor prints a banner (1.16).
        solver = highspy._Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),  # starting others takes longer than a warm solve
            ("parallel", "off"),
            ("presolve", "off"),  # keeps the factor of the basis, which the second stage asks for
            ("primal_feasibility_tolerance", TOLERANCE),
            ("dual_feasibility_tolerance", TOLERANCE),
            ("iis_strategy", _IIS_STRATEGY),
        ):
            solver.setOptionValue(option, value)
        solver.passModel(programme)
        return solver

    def _load(self, lower: Vector, upper: Vector) -> None:
        """Give the solver the bounds that changed."""
        changed = np.flatnonzero((lower != self._lower) | (upper != self._upper))
        if changed.size:
            indices = changed.astype(np.int32)
            self._solver.changeColsBounds(len(indices), indices, lower[changed], upper[changed])
            self._lower, self._upper = lower, upper

    def _optimum(
        self, lower: Vector, upper: Vector, origin: npt.NDArray[np.int8], explain: bool
    ) -> tuple[OptimalBasis, Vector]:
        """Return a basis of greatest growth and its vertex."""
        if self._basis is not None:
            vertex = self._basis.vertex(lower, upper)
            if vertex is not None:
                return self._basis, vertex
        self._load(lower, upper)
        self._basis = self._face = None
        status = self._highspy.HighsModelStatus
        for retry in (self._from_scratch, self._with_any_threads, None):
            self._solver.run()
            found = self._solver.getModelStatus()
            if found == status.kOptimal:
                self._basis = OptimalBasis(self._solver, self._columns, lower, upper)
                return self._basis, self._basis.solved
            if retry is not None:
                retry()
        if found == status.kInfeasible:
            raise _infeasible(self._conflict(lower, upper, origin, explain))
        if found in (status.kUnbounded, status.kUnboundedOrInfeasible):
            free = [
                name
                for name, low, high in zip(self._names, lower, upper, strict=True)
                if np.isinf(low) or np.isinf(high)
            ]
            raise MetabolicInfeasibleError(
                f"growth has no bound: give finite bounds to {short(free)}",
                details={"binding_constraints": (), "unbounded": free},
            )
        raise GenomicRuntimeError(
            f"HiGHS could not solve the model: {self._solver.modelStatusToString(found)}"
        )

    def _from_scratch(self) -> None:
        """Forget the last basis."""
        self._solver.clearSolver()
        self._basis = self._face = None

    def _near_start(self, lower: Vector, upper: Vector) -> tuple[OptimalBasis, Vector] | None:
        """Return the answer where the basis to start from is optimal, with no trace of others."""
        start = self._start
        if start is None or not np.array_equal(lower == upper, start.fixed):
            return None
        vertex = start.basis.vertex(lower, upper)
        if vertex is None:
            return None
        start.face.start = start.active
        try:
            return start.basis, start.face.smallest(vertex, lower, upper)
        except ArithmeticError:
            return None

    def _to_start(self) -> None:
        """Forget the last basis for the one to start from."""
        self._from_scratch()
        if self._start is not None:
            self._solver.setBasis(self._start.solver_basis)

    def _with_any_threads(self) -> None:
        """Accept the number of threads that other code of this process has fixed for HiGHS."""
        self._solver.setOptionValue("threads", 0)

    def _smallest(
        self, basis: OptimalBasis, vertex: Vector, lower: Vector, upper: Vector
    ) -> Vector:
        """Second stage: of all optimal fluxes those of least sum of squares."""
        fixed = lower == upper
        if self._face is None or not np.array_equal(fixed, self._fixed):
            self._face = OptimalFace(basis.directions(fixed))
            self._fixed = fixed
        try:
            return self._face.smallest(vertex, lower, upper)
        except ArithmeticError:
            # The bounds that held the last answer may lead astray; without them once more.
            self._face = OptimalFace(basis.directions(fixed))
        try:
            return self._face.smallest(vertex, lower, upper)
        except ArithmeticError as error:
            self._face = None
            raise GenomicRuntimeError(f"the smallest fluxes were not found: {error}") from error

    # ---------------------------------------------------------------- answers

    def _result(
        self,
        fluxes: Vector,
        basis: OptimalBasis,
        both: tuple[Vector, Vector],
        origin: npt.NDArray[np.int8],
    ) -> MetabolicResult:
        # Less is rounding: bounds and balances hold no closer.
        fluxes = np.where(np.abs(fluxes) < TOLERANCE, 0.0, fluxes)
        # Where growth would gain from more flux, the upper bound holds it.
        priced, sides = basis.priced, basis.sides
        bounds = np.where(sides, both[1][priced], both[0][priced])
        telling = np.flatnonzero((bounds != 0) | (origin[sides, priced] != _MODEL))
        binding = [
            self._constraint(index, side, bound, origin, price)
            for index, side, bound, price in zip(
                priced[telling].tolist(),
                sides[telling].tolist(),
                bounds[telling].tolist(),
                basis.costs[priced[telling]].tolist(),
                strict=True,
            )
        ]
        binding.sort(key=lambda one: -abs(one.shadow_price))
        return MetabolicResult(
            status="optimal",
            growth_rate_per_h=float(self._cost @ fluxes),
            fluxes=Fluxes(self.model.reaction_index, fluxes),
            exchange=self._exchanges.outward(fluxes),
            binding_constraints=tuple(binding),
        )

    def _constraint(
        self, index: int, side: int, bound: float, origin: npt.NDArray[np.int8], price: float = 0.0
    ) -> FluxConstraint:
        return FluxConstraint(
            self._names[index],
            ("lower", "upper")[side],
            float(bound) + 0.0,  # no negative zero
            _ORIGINS[origin[side, index]],
            float(price),
        )

    def _crossed(
        self, index: int, lower: Vector, upper: Vector, origin: npt.NDArray[np.int8]
    ) -> list[FluxConstraint]:
        return [
            self._constraint(index, side, bound, origin)
            for side, bound in enumerate((lower[index], upper[index]))
        ]

    def _conflict(
        self, lower: Vector, upper: Vector, origin: npt.NDArray[np.int8], explain: bool
    ) -> list[FluxConstraint]:
        """Bounds that exclude each other: what the conditions set, then forced fluxes."""
        if explain:
            members = self._smallest_conflict(lower, upper)
        else:
            members = [(int(i), 0) for i in np.flatnonzero(lower > 0)]
            members += [(int(i), 1) for i in np.flatnonzero(upper < 0)]
        bounds = (lower, upper)

        def likely(member: tuple[int, int]) -> tuple[bool, bool, bool]:
            index, side = member
            bound = bounds[side][index]
            forced = bound > 0 if side == 0 else bound < 0
            return (origin[side, index] == _MODEL, not forced, bound == 0)

        members.sort(key=likely)
        return [self._constraint(i, side, bounds[side][i], origin) for i, side in members]

    def _smallest_conflict(self, lower: Vector, upper: Vector) -> list[tuple[int, int]]:
        """Reaction and side of bounds that exclude each other, none of which can be spared.

        HiGHS finds a small set, but on iMB155 some of it can be spared: each is tried.
        """
        solver = self._loaded(lower, upper)
        solver.run()
        _, found = solver.getIis()
        members = [
            (int(index), side)
            for index, bound in zip(found.col_index_, map(int, found.col_bound_), strict=True)
            for side in (0, 1)
            if bound in ((_LOWER, _BOXED), (_UPPER, _BOXED))[side]
        ]
        open_sides = (np.full(len(lower), -np.inf), np.full(len(lower), np.inf))
        for index, side in members:
            open_sides[side][index] = (lower, upper)[side][index]
        solver = self._loaded(*open_sides)
        solver.changeColsCost(
            len(lower), np.arange(len(lower), dtype=np.int32), np.zeros(len(lower))
        )
        needed = []
        for index, side in members:
            kept = open_sides[side][index]
            open_sides[side][index] = (-np.inf, np.inf)[side]
            solver.changeColBounds(index, open_sides[0][index], open_sides[1][index])
            solver.run()
            if solver.getModelStatus() != self._highspy.HighsModelStatus.kInfeasible:
                needed.append((index, side))
                open_sides[side][index] = kept
                solver.changeColBounds(index, open_sides[0][index], open_sides[1][index])
        return needed


class _Start(NamedTuple):
    """Where solves begin that must not depend on those before."""

    solver_basis: Any
    basis: OptimalBasis
    face: OptimalFace
    active: tuple[list[int], Vector]
    fixed: npt.NDArray[np.bool_]


class _Exchanges:
    """The exchange reactions: found by reaction or metabolite, fluxes counted outwards."""

    def __init__(self, model: MetabolicModel) -> None:
        self._model = model
        # A reaction that uses its metabolite up carries it out: the flux is positive outwards.
        self._sign = {
            name: -1.0
            if model.reactions[model.reaction_index[name]].stoichiometry[part] > 0
            else 1.0
            for name, part in model.exchanges.items()
        }
        self._index = np.array([model.reaction_index[name] for name in self._sign], np.intp)
        self._signs = np.array(list(self._sign.values()), np.float64)
        self._places = MappingProxyType({name: i for i, name in enumerate(self._sign)})
        self._of_metabolite: dict[str, list[str]] = {}
        for name, part in model.exchanges.items():
            self._of_metabolite.setdefault(part, []).append(name)

    def find(self, key: str) -> tuple[int, float]:
        """Index and sign of an exchange by its id or its metabolite's."""
        names = [key] if key in self._sign else self._of_metabolite.get(key, [])
        if len(names) == 1:
            return self._model.reaction_index[names[0]], self._sign[names[0]]
        if names:
            raise APIValidationError(
                f"medium[{key!r}]: {' and '.join(names)} exchange it: name one of them",
                details={"exchange": key},
            )
        near = self._called(key) or suggestion(key, [*self._sign, *self._of_metabolite])
        raise APIValidationError(
            f"medium[{key!r}] is no exchange of the model {self._model.id!r}{near}",
            details={"exchange": key},
        )

    def _called(self, key: str) -> str:
        """Suggest the exchanges of what chemists call so: glucose for that of D-Glucose."""
        word = key.casefold().removeprefix("ex_").removesuffix("_e").replace("_", " ")
        names = {metabolite.id: metabolite.name for metabolite in self._model.metabolites}
        near = [
            name
            for name, part in self._model.exchanges.items()
            if word and word in re.split(r"[^a-z0-9]+", names.get(part, "").casefold())
        ]
        return f"; did you mean {' or '.join(map(repr, near[:3]))}?" if near else ""

    def outward(self, fluxes: Vector) -> Fluxes:
        """Return the flux of each exchange out of the cell."""
        return Fluxes(self._places, fluxes[self._index] * self._signs)


def _infeasible(conflict: list[FluxConstraint]) -> MetabolicInfeasibleError:
    # That a reaction has one direction, or that growth is not negative, is nothing to relax.
    telling = [one for one in conflict if one.origin != "model" or one.bound] or conflict
    said = "; ".join(str(one) for one in telling[:4])
    if others := len(conflict) - len(telling[:4]):
        said += f'; and {others} more in details["binding_constraints"]'
    return MetabolicInfeasibleError(
        f"no fluxes satisfy the constraints, which exclude each other; relax one: {said}",
        details={"binding_constraints": tuple(conflict)},
    )


def _highspy() -> Any:
    try:
        import highspy
    except ImportError:
        raise MissingDependencyError(
            "flux balance is solved with highspy: pip install 'bioxen_jcvi_vm_lib[metabolism]'",
            details={"package": "highspy"},
        ) from None
    return highspy
