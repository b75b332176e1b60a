"""A metabolic model of four genes, in which every flux can be worked out by hand."""

from __future__ import annotations

from typing import Any

from bioxen_jcvi_vm_lib.organism import OrganismParameters

GLUCOSE = "EX_glc__D_e"
SETTING = OrganismParameters.load("minimal_cell").metabolism
#: Made without a flux in the model below.
IDLE = ("PGK2", "PGK3", "PGK4", *(f"PYK{n}" for n in range(2, 10)), "ACKr")


def flux(name: str, lower: float, upper: float, rule: str = "", **parts: float) -> dict[str, Any]:
    return {
        "id": name,
        "metabolites": parts,
        "lower_bound": lower,
        "upper_bound": upper,
        "gene_reaction_rule": rule,
    }


def small_model(genes: list[str]) -> dict[str, Any]:
    """A cell that burns sugar: four genes, and every reaction that the organism's supply follows.

    Energy pays a maintenance that is forced, so that without sugar nothing is feasible.
    """
    first, second, third, fourth = genes
    growth: dict[str, float] = {"energy": -80.0, "pi_c": -0.1}
    reactions = [
        flux(GLUCOSE, -30, 1000, glc_e=-1),
        flux("PFK", 0, 1000, first, glc_e=-1, energy=-1, fdp=1),
        flux("PGK", 0, 1000, f"{second} or {third}", fdp=-1, energy=2, pep=1),
        flux("PYK", 0, 1000, fourth, pep=-1, energy=2),
        flux("maintenance", 1, 1000, energy=-1),
        *(flux(name, 0, 0, fdp=-1, energy=1) for name in IDLE),
        flux("EX_pi_e", -1000, 1000, pi_e=-1),
        flux("PIabc", 0, 1000, pi_e=-1, energy=-1, pi_c=1),
    ]
    salvage = (("ADPT", "ade", "amp"), ("GUAPRT", "gua", "gmp"), ("UPPRT", "ura", "ump"))
    for name, base, made in salvage:
        reactions += [
            flux(f"EX_{base}_e", -1000, 1000, **{f"{base}_e": -1}),
            flux(name, 0, 1000, **{f"{base}_e": -1, made: 1}),
        ]
        growth[made] = -0.15
    reactions.append(flux("CTPS2", 0, 1000, ump=-1, energy=-1, ctp=1))
    growth["ctp"] = -0.1
    for name, parts in SETTING.fluxes.items():
        for exchange in parts:
            if exchange.startswith("EX_") and exchange != "EX_pi_e":
                used = exchange.startswith("EX_Tetra")
                what = f"{name}{'_4' if used else ''}_e"
                reactions.append(flux(exchange, 0 if used else -1000, 1000, **{what: -1}))
                if not used:
                    reactions.append(flux(f"in_{name}", 0, 1000, **{what: -1, f"{name}_c": 1}))
                    growth[f"{name}_c"] = -0.5
    reactions.append(flux("growth", 0, 1000, **growth) | {"objective_coefficient": 1.0})
    metabolites = dict.fromkeys(part for one in reactions for part in one["metabolites"])
    (sugar,) = next(one for one in reactions if one["id"] == "EX_glc__D_e")["metabolites"]
    return {
        "id": "small",
        "metabolites": [
            {"id": name, "name": "D-Glucose" if name == sugar else name} for name in metabolites
        ],
        "reactions": reactions,
        "genes": [{"id": gene} for gene in genes],
    }
