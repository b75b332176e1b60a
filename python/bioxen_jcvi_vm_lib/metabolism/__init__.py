"""Metabolism: the fluxes of a stoichiometric model at its fastest growth."""

from bioxen_jcvi_vm_lib.metabolism.conditions import MetabolicConditions
from bioxen_jcvi_vm_lib.metabolism.constraint import FluxConstraint
from bioxen_jcvi_vm_lib.metabolism.flux_balance import FluxBalance
from bioxen_jcvi_vm_lib.metabolism.gene_rule import GeneRule
from bioxen_jcvi_vm_lib.metabolism.model import Gene, MetabolicModel, Metabolite, Reaction
from bioxen_jcvi_vm_lib.metabolism.result import MetabolicResult
from bioxen_jcvi_vm_lib.metabolism.turnover import TurnoverNumbers

__all__ = [
    "FluxBalance",
    "FluxConstraint",
    "Gene",
    "GeneRule",
    "MetabolicConditions",
    "MetabolicModel",
    "MetabolicResult",
    "Metabolite",
    "Reaction",
    "TurnoverNumbers",
]
