"""The metabolic engine of one runtime: model, genome and organism joined, and solved for a cell."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bioxen_jcvi_vm_lib._checks import suggestion
from bioxen_jcvi_vm_lib._errors import (
    APIValidationError,
    InvalidConfigurationError,
    MetabolicInfeasibleError,
)
from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
from bioxen_jcvi_vm_lib.metabolism.flux_balance import FluxBalance
from bioxen_jcvi_vm_lib.metabolism.model import MetabolicModel
from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult
from bioxen_jcvi_vm_lib.metabolism.state import MetabolicState
from bioxen_jcvi_vm_lib.metabolism.turnover import TurnoverNumbers

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
    from bioxen_jcvi_vm_lib.genome import GenomicRuntime

__all__ = ["MetabolicEngine"]

#: Decimal places of supply rates [turns/s]: far coarser than what solvers on other machines
#: differ by.
RATE_DIGITS = 2


class MetabolicEngine:
    """A metabolic model that is the genome's and the organism's.

    Parameters
    ----------
    runtime : GenomicRuntime
        Whose genes and organism; made by ``engine_for``, once for each runtime.
    model_file : str
        Path of the model.
    kinetics_files : sequence of str
        Paths of turnover numbers; with them, copies of enzymes limit the fluxes.

    Raises
    ------
    ModelImportError
        If a file cannot be read or is malformed.
    MissingDependencyError
        If highspy, or python-libsbml for SBML, is not installed.
    APIValidationError
        If the model's genes are not the genome's, or it lacks a reaction that sets the supply.
    """

    def __init__(
        self, runtime: GenomicRuntime, model_file: str, kinetics_files: Sequence[str]
    ) -> None:
        self.organism = runtime.parameters
        self.locus_tags = runtime.locus_tags
        self._setting = self.organism.metabolism
        turnover = None
        model = MetabolicModel.read(model_file)
        if kinetics_files:
            turnover = TurnoverNumbers.read_csv(
                kinetics_files, dry_mass_g=float(self._setting.dry_mass.value)
            )
        self.balance = FluxBalance(
            model,
            locus_tags=self.locus_tags,
            synonyms=_synonyms(runtime),
            turnover=turnover,
        )
        self._supply = self._weights(model)
        self._remember(runtime._program.organism.protein_counts)
        self.fingerprint = _fingerprint(self.balance, self._setting.fluxes, self._setting.dry_mass)

    def _remember(self, counts: Sequence[int]) -> None:
        """Solve once for the cell at birth: later solves of any cell start there."""
        copies = {t: float(n) for t, n in zip(self.locus_tags, counts, strict=False) if n >= 0}
        with contextlib.suppress(MetabolicInfeasibleError):
            self.balance.solve(self.usual, enzyme_counts=copies, explain=False, warm=False)
        self.balance.remember()

    @property
    def glucose(self) -> str:
        """The exchange reaction of glucose."""
        return self._setting.medium["glucose_concentration"]

    @property
    def usual(self) -> MetabolicConditions:
        """Conditions of a cell that was told nothing else."""
        return MetabolicConditions(enzyme_constraints=self.balance.turnover is not None)

    def checked(self, conditions: Mapping[str, Any] | MetabolicConditions) -> MetabolicConditions:
        """Return conditions that name only what there is.

        Raises
        ------
        APIValidationError
            If they are not acceptable.
        InvalidConfigurationError
            If they ask for enzyme constraints without turnover numbers.
        """
        asked = MetabolicConditions.of(conditions)
        if asked.enzyme_constraints and self.balance.turnover is None:
            raise InvalidConfigurationError(
                "enzyme_constraints need turnover numbers: set kinetics_files in the configuration",
                details={"key": "kinetics_files"},
            )
        self.balance.check(asked)
        return asked

    def solve(
        self,
        asked: MetabolicConditions,
        *,
        medium: Mapping[str, float],
        knocked_out: Iterable[str],
        proteins: npt.NDArray[np.int64],
        explain: bool = True,
    ) -> MetabolicResult:
        """Find the fluxes of a cell.

        Each solve starts from the same basis: equal cells have equal fluxes, to the last bit.

        Parameters
        ----------
        asked : MetabolicConditions
            From `checked`.
        medium : mapping of str to float
            From `medium`: most uptake by exchanges that `asked` does not name.
        knocked_out : iterable of str
            Locus tags that are knocked out in the cell besides.
        proteins : (n_genes,) array of int
            Finished proteins.
        explain : bool
            As in `FluxBalance.solve`.

        Raises
        ------
        MetabolicInfeasibleError
            If no fluxes satisfy the constraints.
        """
        counts = None
        if asked.enzyme_constraints:
            counts = dict(zip(self.locus_tags, proteins.tolist(), strict=True))
        return self.balance.solve(
            replace(
                asked,
                medium={name: (-most, None) for name, most in medium.items()} | dict(asked.medium),
                knockouts=asked.knockouts.union(knocked_out),
            ),
            enzyme_counts=counts,
            explain=explain,
            warm=False,
        )

    def state(self, time_s: float, asked: MetabolicConditions, **cell: Any) -> MetabolicState:
        """Solve for a cell, which gets no supply where no fluxes satisfy the constraints.

        Parameters
        ----------
        time_s : float
            Its age [s].
        asked : MetabolicConditions
            From `checked`.
        **cell
            `medium`, `knocked_out` and `proteins`, as in `solve`.
        """
        try:
            result = self.solve(asked, explain=False, **cell)
        except MetabolicInfeasibleError as error:
            return MetabolicState(
                time_s=time_s,
                status="infeasible",
                growth_rate_per_h=0.0,
                supply_per_s=MappingProxyType(dict.fromkeys(self._supply, 0.0)),
                fluxes=MappingProxyType({}),
                binding_constraints=tuple(error.details["binding_constraints"]),
                conditions=asked,
            )
        return MetabolicState(
            time_s=time_s,
            status=result.status,
            growth_rate_per_h=result.growth_rate_per_h,
            supply_per_s=self.supply_per_s(result),
            fluxes=result.fluxes,
            binding_constraints=result.binding_constraints,
            conditions=asked,
        )

    def supply_per_s(self, result: MetabolicResult) -> Mapping[str, float]:
        """Return the maximal rate of each supply reaction that fluxes set [turns/s]."""
        unit = self._setting.turns_per_flux
        return MappingProxyType(
            {
                name: max(
                    0.0,
                    round(unit * sum(c * result.fluxes[r] for r, c in parts.items()), RATE_DIGITS),
                )
                for name, parts in self._supply.items()
            }
        )

    def _weights(self, model: MetabolicModel) -> Mapping[str, Mapping[str, float]]:
        """Check that the model has every reaction that the organism's supply follows."""
        needed = [r for parts in self._setting.fluxes.values() for r in parts]
        for reaction in (*needed, *self._setting.medium.values()):
            if reaction not in model.reaction_index:
                near = suggestion(reaction, list(model.reaction_index))
                raise APIValidationError(
                    f"the model {model.id!r} has no reaction {reaction!r}, which the supply of "
                    f"organism {self.organism.name!r} follows{near}: give the model that "
                    f"organisms/{self.organism.name}.yaml is written for",
                    details={"reaction": reaction, "organism": self.organism.name},
                )
        return self._setting.fluxes

    def medium(self, config: GenomicVirtualizationConfig) -> dict[str, float]:
        """Return the most uptake in a configured medium, where it is not the organism's own.

        The model's bound holds in the organism's medium. Elsewhere it is scaled by the law of
        saturation of the supply reaction that depends on the concentration.
        """
        found: dict[str, float] = {}
        for key in self._setting.medium:
            conc_mM = getattr(config.virtual_resources.virtual_metabolites, key)
            if conc_mM is not None and conc_mM != self.organism.medium[key].value:
                found |= self.uptake(key, conc_mM)
        return found

    def uptake(self, key: str, conc_mM: float) -> dict[str, float]:
        """Return the most uptake at a concentration of the medium, by its exchange reaction.

        Raises
        ------
        InvalidConfigurationError
            If no exchange of the model follows the concentration.
        """
        if key not in self._setting.medium:
            raise InvalidConfigurationError(
                f"no exchange of the metabolic model follows {key}: set_metabolic_conditions sets "
                "the bounds of exchanges",
                details={"key": key},
            )
        exchange = self._setting.medium[key]
        laws = dict(flow.saturation for flow in self.organism.supply if flow.saturation)
        usual_mM, km_mM = (float(q.value) for q in (self.organism.medium[key], laws[key]))
        share = conc_mM / (km_mM + conc_mM) * (km_mM + usual_mM) / usual_mM
        return {exchange: share * self.balance.most_uptake(exchange)}


def _synonyms(runtime: GenomicRuntime) -> dict[str, str]:
    """Locus tags by the other names of their genes; a name of several genes is none."""
    named: dict[str, set[str]] = {}
    for tag, name in zip(runtime.locus_tags, runtime.gene_names, strict=True):
        if name:
            named.setdefault(name, set()).add(tag)
    for record in runtime.records:
        for feature in record.features:
            said = dict(feature.qualifiers)
            locus_tag, old = said.get("locus_tag"), said.get("old_locus_tag")
            if locus_tag and old:
                named.setdefault(old, set()).add(locus_tag)
    ours = frozenset(runtime.locus_tags)
    return {
        name: next(iter(tags))
        for name, tags in named.items()
        if len(tags) == 1 and tags <= ours and name not in ours
    }


def _fingerprint(balance: FluxBalance, *setting: Any) -> str:
    """Identity of all that fluxes and supply follow from, whatever the files are called."""
    model, turnover = balance.model, balance.turnover
    parts = [
        *(
            (part.id, sorted(part.stoichiometry.items()), part.lower, part.upper, part.rule.text)
            for part in model.reactions
        ),
        sorted(model.objective.items()),
        [] if turnover is None else sorted(turnover.kcat_per_s.items()),
        [] if turnover is None else sorted((k, r.text) for k, r in turnover.enzymes.items()),
        *map(str, setting),
    ]
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()
