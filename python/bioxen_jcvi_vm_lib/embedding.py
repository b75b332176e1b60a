"""What a C++ host needs of the installed package: headers, library, CMake package, parameters.

``python -m bioxen_jcvi_vm_lib.embedding syn3a > syn3a.hpp`` writes an organism as a C++ header.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["get_cmake_dir", "get_include", "organism_header"]

_HOME = Path(__file__).resolve().parent


def get_include() -> str:
    """Return the folder of the C++ headers, for a build without CMake.

    The library lies beside it:
    ``g++ -std=c++20 -pthread -I$include host.cpp $include/../lib/libbioxen.a``.

    Raises
    ------
    MissingDependencyError
        If the package was installed without them.
    """
    return _folder("include", "bioxen/bioxen.hpp")


def get_cmake_dir() -> str:
    """Return the folder of the CMake package: ``-Dbioxen_DIR=...`` for ``find_package(bioxen)``.

    Raises
    ------
    MissingDependencyError
        If the package was installed without it.
    """
    return _folder("cmake", "bioxenConfig.cmake")


def _folder(name: str, content: str) -> str:
    folder = _HOME / name
    if not (folder / content).is_file():
        from bioxen_jcvi_vm_lib._errors import MissingDependencyError

        raise MissingDependencyError(
            f"{folder / content} is not there: install bioxen_jcvi_vm_lib with pip, and not "
            "editable (-e): that puts the C++ side beside the Python files"
        )
    return str(folder)


def organism_header(name: str) -> str:
    """Write the parameters of an organism as a C++ header with one function of its name.

    A cell compiled from them runs as one that Python makes with the default configuration.

    Parameters
    ----------
    name : str
        "minimal_cell", "syn3a" or "ecoli".

    Raises
    ------
    InvalidConfigurationError
        If there is no such organism.
    """
    return "\n".join(_lines(name)) + "\n"


def _lines(name: str) -> Iterator[str]:
    from bioxen_jcvi_vm_lib._engine_organism import (
        follows_glucose,
        medium_concentration,
        supply_rate_per_s,
    )
    from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
    from bioxen_jcvi_vm_lib.organism import OrganismParameters, usual_pools

    organism = OrganismParameters.load(name)
    config = GenomicVirtualizationConfig()
    pools = usual_pools(organism)
    yield "#pragma once"
    yield ""
    yield f"// Made by python -m bioxen_jcvi_vm_lib.embedding {organism.name}"
    yield f"// from organisms/{organism.name}.yaml: there is the unit and source of every number."
    yield ""
    yield "#include <bioxen/organism.hpp>"
    yield ""
    yield f"/// {organism.description}."
    yield f"inline bioxen::Organism {organism.name}() {{"
    yield "    using namespace bioxen;"
    yield "    const auto s = [](const char* name) { return find_species(name).value(); };"
    for place in ("cell", "medium"):
        yield f"    const auto {place} = [&](const char* name, std::int64_t coefficient) {{"
        yield f"        return SupplyLeg{{Place::{place}, s(name), coefficient}};"
        yield "    };"
    yield "    Organism o;"
    yield f'    o.name = "{organism.name}";'
    for key, quantity in organism.parameters.items():
        value = bool(quantity.value) if key == "glutamine_via_glutamate" else quantity.value
        yield f"    o.{key} = {_literal(value)};"
    for key, quantity in organism.tolerance.items():
        yield f"    o.tolerance.{key} = {_literal(quantity.value)};"
    glucose_mM = medium_concentration("glucose_concentration", organism, config)
    yield f"    o.tolerance.glucose_mM = {_literal(glucose_mM)};"
    for species, count in pools.items():
        yield f'    o.pools[s("{species}")] = {count};'
    for flow in organism.supply:
        if flow.growth_only:  # the cell of a header does not grow
            continue
        legs = ", ".join(f'{place}("{what}", {n})' for place, what, n in flow.legs)
        follows = follows_glucose(flow, config)
        rate = _literal(
            float(flow.max_rate.value) if follows else supply_rate_per_s(flow, organism, config)
        )
        level = "{}"
        if flow.set_point is not None:
            level = f'{{{{s("{flow.set_point}"), {pools.get(flow.set_point, 0)}}}}}'
        yield f'    o.supply.push_back({{"{flow.name}", "{flow.process}",'
        yield f"                        {{{legs}}},"
        more = ""
        if follows and flow.saturation is not None:
            more = f", {_literal(flow.per_volume)}, {_literal(flow.saturation[1].value)}"
        yield f"                        {rate}, {level}{more}}});"
    yield "    return o;"
    yield "}"


def _literal(value: float | int | bool) -> str:
    """Write a number as C++ reads it back, to the last bit."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


if __name__ == "__main__":
    from bioxen_jcvi_vm_lib._errors import BioXenException

    if len(sys.argv) != 2:
        sys.exit(f"usage: python -m {__spec__.name} minimal_cell | syn3a | ecoli")
    try:
        sys.stdout.write(organism_header(sys.argv[1]))
    except BioXenException as error:
        sys.exit(f"bioxen: {error.code} {error.name}: {error.message}")
