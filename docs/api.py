"""Make the API page from the docstrings of the package: `python docs/api.py [--write]`."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib.program import Statement
from bioxen_jcvi_vm_lib.visualization import plots

PAGE = Path(__file__).with_name("api.md")
HEAD = """\
# Python API

Made from the docstrings by `python docs/api.py --write`; do not edit. All names but the plots are
of the package root: `import bioxen_jcvi_vm_lib as bx`. Arguments after `*` are given by name.
Units stand in names (`_s`, `_nt`, `_ns`) and in brackets.
"""
#: Sections in the order of the flow, and what each shows.
FLOW = {
    "Manager": "GenomicVirtualizationManager",
    "Genomes": "GenomicRuntime Gene Resident decode_genome",
    "Programs": "GenomicProgram",
    "Cells": "CellularContext",
    "Results": "ExecutionResult Audit",
    "Populations": "Population Dilution",
    "Environment": "Environment remaining_activity",
    "Metabolism": "MetabolicResult MetabolicState MetabolicConditions FluxConstraint",
    "Biological VMs": "create_bio_vm quick_start_vm BiologicalVM ProcessResult BiologicalStatus "
    "BiologicalMetrics get_supported_biological_types get_supported_vm_types "
    "validate_biological_type validate_vm_type",
    "Hypervisor": "BioXenHypervisor RunResults VmHandle Policy Quota ResourceAllocation Chassis "
    "VirtualClock HypervisorMetrics VmMetrics VmStatus WorkerMetrics Latency SystemResources",
    "Terminal": "TerminalMonitor",
    "Plots": "cell_cycle_timeline expression_heat_map genome_traffic ribosome_occupancy "
    "resource_budget lineage_tree",
    "Ensembles": "ensemble_to_xarray ensemble_to_anndata",
    "Configuration": "GenomicVirtualizationConfig ProductionConfig",
    "Logging": "ProductionLogger AuditLog AuditEntry Monitor handle_vm_operation",
    "Embedding": "get_include get_cmake_dir",
    "Errors": "BioXenException",
}
LISTED = [name for names in FLOW.values() for name in names.split()]
ERRORS = sorted(
    (one for name in bx.__all__ if name.endswith("Error") and (one := getattr(bx, name))),
    key=lambda one: one.CODE,
)
#: Widest signature that stays on one line.
WIDTH = 96
#: What a reader of Python knows.
USUAL = {"model_config", "root_key", "spellings"}


class _Bare(str):
    """An annotation or a default as it is written in the source."""

    __slots__ = ()
    __repr__ = str.__str__


def page() -> str:
    """Return the whole page."""
    contents = []
    body = []
    for title, names in FLOW.items():
        links = [f"[{name}]({_anchor(name)})" for name in names.split()]
        contents.append(f"- [{title}]({_anchor(title)}): {', '.join(links)}")
        body.append(f"## {title}")
        if title == "Plots":
            body.append("`from bioxen_jcvi_vm_lib.visualization import plots`")
        body += [block for name in names.split() for block in entry(name)]
        if title == "Programs":
            body += process_calls()
        if title == "Errors":
            body.append("\n".join(_errors()))
    return "\n\n".join([HEAD.rstrip(), "\n".join(contents), *body]) + "\n"


def process_calls() -> Iterator[str]:
    """Yield the calls of process code with their arguments."""
    yield "### Process calls"
    yield (
        "What the text of a program may hold, between `;` or new lines, with literal arguments, by "
        "place or by name. In Python each is a class of `bioxen_jcvi_vm_lib.program`."
    )
    items = []
    for one in get_args(Statement):
        sections = _sections(one)
        text, *more = (" ".join(part.split()) for part in "\n".join(sections[""]).split("\n\n"))
        parts = [_linked(part) for part in (text, *more) if part]
        items.append(f"- {' '.join(parts)} (`{one.__name__}`)")
        items += [
            f"  - `{name}`: {said}"
            for name, _, said in _items(sections.get("Attributes", []))
            if not said.startswith("In Python only")
        ]
    yield "\n".join(items)
    yield (
        "The older `transcribe_gene(gene, duration_s=60.0)` and `translate_gene(gene, "
        "duration_s=60.0)` are a `run_operon` of that gene."
    )


def entry(name: str) -> Iterator[str]:
    """Yield what is said of a public name."""
    one = getattr(plots, name) if name in plots.__all__ else getattr(bx, name)
    yield f"### {name}"
    if not inspect.isclass(one):
        yield _signature(one, name)
        yield from _told(one)
        return
    if _made_by_users(one):
        yield _signature(one, name)
    sections = _sections(one)
    documented = sections.pop("Attributes", [])
    yield from _written(sections)
    yield from _attributes(one, documented)
    methods = {member: (_line(f, member), list(_told(f))) for member, f in _methods(one)}
    short = {
        member for member, (line, told) in methods.items() if len(told) == 1 and len(line) < 72
    }
    if short:
        lines = (f"- `{line}`: {told[0]}" for m, (line, told) in methods.items() if m in short)
        yield "Methods\n\n" + "\n".join(lines)
    for member, function in _methods(one):
        if member not in short:
            yield f"#### {name}.{member}"
            yield _signature(function, member)
            yield from methods[member][1]


def _told(one: Any) -> Iterator[str]:
    """Yield the docstring of a function."""
    return _written(_sections(one))


def _made_by_users(kind: type) -> bool:
    """Whether users call the class, and do not only get what others made."""
    return "Parameters" in _sections(kind) or (
        dataclasses.is_dataclass(kind) and "of" in vars(kind)
    )


def _bare_signature(one: Callable[..., Any]) -> inspect.Signature:
    """Return a signature as it is written, without self; that of a class gives nothing."""
    signature = inspect.signature(one)
    given = inspect.Signature.empty if inspect.isclass(one) else signature.return_annotation
    parameters = [
        parameter.replace(annotation=_bare(parameter.annotation), default=_named(parameter.default))
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    return signature.replace(parameters=parameters, return_annotation=_bare(given))


def _line(one: Callable[..., Any], name: str) -> str:
    """Return names, types and defaults on one line."""
    return f"{name}{_bare_signature(one)}"


def _signature(one: Callable[..., Any], name: str) -> str:
    """Return a code block with names, types and defaults."""
    shown = _line(one, name)
    if len(shown) > WIDTH:
        signature = _bare_signature(one)
        lines = [f"    {part}," for part in _parts(list(signature.parameters.values()))]
        given = signature.return_annotation
        end = "" if given is inspect.Signature.empty else f" -> {given}"
        shown = "\n".join([f"{name}(", *lines, f"){end}"])
    return f"```python\n{shown}\n```"


def _named(default: Any) -> Any:
    """Show a class by its name."""
    kind = inspect.isclass(default) and default is not inspect.Parameter.empty
    return _Bare(default.__name__) if kind else default


def _parts(parameters: list[inspect.Parameter]) -> list[str]:
    """Cut a list of parameters at its commas; `*` stands before the first that is named."""
    parts = []
    positional = True
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional = False
        if parameter.kind is parameter.KEYWORD_ONLY and positional:
            parts.append("*")
            positional = False
        parts.append(str(parameter))
    return parts


def _bare(annotation: Any) -> Any:
    if annotation is inspect.Parameter.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return _Bare(re.sub(r"\b(?:bioxen_jcvi_vm_lib|_core|np|collections|abc)\.", "", text))


def _sections(one: Any) -> dict[str, list[str]]:
    """Cut a docstring into its sections, the text before the first under an empty name."""
    sections: dict[str, list[str]] = {"": []}
    lines = inspect.cleandoc(one.__doc__ or "").splitlines()
    title = ""
    for line, following in zip(lines, [*lines, ""][1:], strict=True):
        if following and set(following) == {"-"} and len(following) == len(line):
            title = line
            sections[title] = []
        elif not (title and set(line) == {"-"}):
            sections[title].append(line)
    return sections


def _written(sections: dict[str, list[str]]) -> Iterator[str]:
    """Yield a docstring as Markdown."""
    text = "\n".join(sections[""]).strip()
    for paragraph in re.split(r"\n\n+(?=\S)", text):
        if paragraph == "::":
            continue
        if paragraph.startswith((">>>", "::")):
            code = textwrap.dedent(paragraph.removeprefix("::").strip("\n"))
            yield f"```python\n{code}\n```"
        elif paragraph:
            yield _linked(paragraph)
    if items := list(_items(sections.get("Parameters", []))):
        yield "\n".join(f"- `{name}`{': ' if said else ''}{said}" for name, _, said in items)
    for name, _, said in _items(sections.get("Returns", [])):
        if said:
            yield f"Returns: {said}" if said[0].isupper() else f"Returns {said}"
        elif " " in name:
            yield f"Returns: {name}."
    if raised := list(_items(sections.get("Raises", []))):
        yield "\n".join(
            ["Raises", "", *(f"- {_linked(_quoted(name))}: {said}" for name, _, said in raised)]
        )


def _items(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and text of the items of a section."""
    for item in re.split(r"\n(?=\S)", "\n".join(lines).strip("\n")):
        if head := item.strip():
            first, _, rest = head.partition("\n")
            name, _, kind = first.partition(" : ")
            yield name, kind, _linked(" ".join(rest.split()))


def _attributes(kind: type, documented: list[str]) -> Iterator[str]:
    """Yield a list of the attributes and properties."""
    lines = []
    known: set[str] = set()
    for names, type_, said in _items(documented):
        known.update(names.split(", "))
        shown = ", ".join(f"`{name}`" for name in names.split(", "))
        lines.append(f"- {shown}{f' ({type_})' if type_ else ''}{': ' if said else ''}{said}")
    for name, member in _members(kind):
        if isinstance(member, property) and name not in known:
            said = _linked(" ".join(" ".join(_sections(member)[""]).split()))
            lines.append(f"- `{name}`{_type_of(member)}{': ' if said else ''}{said}")
    if lines:
        yield "Attributes\n\n" + "\n".join(lines)
    if settings := getattr(kind, "settings", None):
        preset = getattr(kind, "preset", None)
        made = kind() if preset is None else preset("production")
        title = "default" if preset is None else "in production"
        rows = [
            f"| `{one.key}` | `{one.value}` | {one.description} |".replace("`None`", "")
            for one in settings(made)
        ]
        yield "\n".join([f"| key | {title} | |", "|---|---|---|", *rows])


def _type_of(member: property) -> str:
    """Return the type of a property in brackets, where the function behind it says so."""
    given = getattr(member.fget, "__annotations__", {}).get("return")
    if given is None:
        found = re.search(r"-> ([\w.]+)", getattr(member.fget, "__doc__", None) or "")
        given = found[1] if found and found[1] != "object" else None
    return "" if given is None else f" ({_bare(given)})"


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class and its bases here define for others, each name once."""
    seen: set[str] = set(USUAL)
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == bx.__name__:
            for name, member in vars(base).items():
                if not name.startswith("_") and name not in seen:
                    seen.add(name)
                    yield name, member


def _methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, member in _members(kind):
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function):
            yield name, getattr(kind, name)


def _errors() -> Iterator[str]:
    """Yield a table of the errors."""
    yield "| code | class | also a | |"
    yield "|---|---|---|---|"
    for one in ERRORS:
        also = next(base.__name__ for base in one.__mro__ if base.__module__ == "builtins")
        text = " ".join(_sections(one)[""])
        more = [
            f"`.{name}`: {said[0].lower()}{said[1:]}"
            for name, _, said in _items(_sections(one).get("Attributes", []))
        ]
        said = " ".join([_linked(text.strip()), *more])
        yield f"| {one.CODE} {one.name} | `{one.__name__}` | {also} | {said} |"


def _quoted(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _linked(text: str) -> str:
    """Turn what is quoted into Markdown, and public names into links."""

    def link(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name in LISTED:
            return f"[`{name}`]({_anchor(name)})"
        if any(name == one.__name__ for one in ERRORS):
            return f"[`{name}`](#errors)"
        return f"`{name}`"

    return re.sub(r"``([^`]+)``|`([^`]+)`", link, text)


def _anchor(title: str) -> str:
    return "#" + title.lower().replace(" ", "-")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
