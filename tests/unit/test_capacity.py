"""The binding of what cells share: capacities, grants to a living cell, and what it has drawn."""

from __future__ import annotations

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import _core


@pytest.fixture(scope="module")
def program() -> _core.Program:
    with bx.GenomicVirtualizationManager() as manager:
        return manager.load_genome_runtime()._program


def test_a_capacity_is_what_the_organism_brings(program: _core.Program) -> None:
    own = _core.capacity_of(program.organism)
    assert (own.ribosomes, own.rna_polymerases) == (500, 97)
    glycolysis = next(r for r in program.organism.supply if r.name == "glycolysis")
    uptakes = [r for r in program.organism.supply if r.name[3:] == "_uptake"]
    assert len(uptakes) == 20
    assert own.atp_flux_per_s == int(2 * glycolysis.max_rate_per_s * 42.78 / (0.0075 + 42.78))
    assert own.amino_acid_flux_per_s == int(sum(r.max_rate_per_s for r in uptakes))
    assert own == _core.Capacity(
        ribosomes=own.ribosomes,
        rna_polymerases=own.rna_polymerases,
        atp_flux_per_s=own.atp_flux_per_s,
        amino_acid_flux_per_s=own.amino_acid_flux_per_s,
    )
    assert own != _core.Capacity()
    assert repr(_core.Capacity(ribosomes=3, atp_flux_per_s=7)) == (
        "Capacity(ribosomes=3, rna_polymerases=0, atp_flux_per_s=7, amino_acid_flux_per_s=0)"
    )
    same = program.with_organism(_core.with_capacity(program.organism, own))
    assert same.fingerprint == program.fingerprint


def test_a_living_cell_takes_a_grant_at_a_tick(program: _core.Program) -> None:
    context = _core.Context(program, 7)
    assert context.drawn() == {"atp": 0, "amino_acids": 0}
    context.run(2.0)
    drawn = context.drawn()
    assert drawn["atp"] > 0
    half = _core.Capacity(ribosomes=100, rna_polymerases=20, atp_flux_per_s=20_000)
    granted = program.with_organism(_core.with_capacity(program.organism, half))
    context.allocate(granted)
    assert context.program.fingerprint == granted.fingerprint
    context.run(60.0)
    assert context.machines()["ribosome"]["total"] == 100
    assert context.drawn()["amino_acids"] == drawn["amino_acids"]
    assert set(context.audit().values()) == {0}
    context.run(0.01)
    with pytest.raises(bx.GenomicRuntimeError, match=r"the next one is at 62\.015625 s"):
        context.allocate(program)
    assert _core.Context.next_tick_s(context.time_s) == 62.015625


def test_wrong_capacities_are_typed_errors(program: _core.Program) -> None:
    with pytest.raises(TypeError):
        _core.Capacity(1, 2, 3, 4)  # type: ignore[call-arg, misc]
    with pytest.raises(bx.InvalidConfigurationError, match="ribosomes = -1"):
        _core.with_capacity(program.organism, _core.Capacity(ribosomes=-1))
    with pytest.raises(bx.APIValidationError, match="needs a program"):
        _core.Context(program, 1).allocate(None)  # type: ignore[arg-type]
