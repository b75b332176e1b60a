"""The command line: ``bioxen config show``, ``validate`` and ``schema``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bioxen_jcvi_vm_lib._errors import InvalidConfigurationError
from bioxen_jcvi_vm_lib.cli_help import Command, Group

if TYPE_CHECKING:
    from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig, Setting
    from bioxen_jcvi_vm_lib.api.production_config import ProductionConfig

config_commands = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Show, check and describe configurations: file, then BIOXEN_... variables over it.",
)

#: Text that YAML reads as it stands.
_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*")

FileArgument = Annotated[
    Path | None,
    typer.Argument(help="YAML or JSON; without it variables and preset.", show_default=False),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        help="development, staging or production, whatever environment says; its values lie under "
        "those of file and variables.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@config_commands.command(cls=Command)
def show(
    file: FileArgument = None,
    preset: PresetOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is left to the organism or the machine.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print every value with its source, as a file of the same configuration: YAML with comments,
    or JSON with the sources as a section that is not read.
    """
    genomic, deployment = _both(file, preset)
    settings = [
        ((config.root_key, *setting.path), setting)
        for config in (genomic, deployment)
        for setting in config.settings()
        if everything or setting.value not in (None, {})
    ]
    if as_json:
        _print_json(_with_sources(settings))
        return
    above: tuple[str, ...] = ()
    for path, setting in settings:
        for depth in range(len(path) - 1):
            if path[: depth + 1] != above[: depth + 1]:
                typer.echo(f"{'  ' * depth}{_scalar(path[depth])}:")
        line = f"{'  ' * (len(path) - 1)}{_scalar(path[-1])}: {_scalar(setting.value)}"
        typer.echo(f"{line:<48}  # {setting.source}")
        above = path[:-1]


@config_commands.command(cls=Command)
def validate(
    file: FileArgument = None,
    preset: PresetOption = None,
    production: Annotated[
        bool, typer.Option("--production", help="Also what production requires.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say whether a configuration is acceptable and the files that it names can be used; each
    problem and what is not met is a line.
    """
    from bioxen_jcvi_vm_lib.api.config_sources import Problems
    from bioxen_jcvi_vm_lib.api.production_config import unusable_files

    try:
        genomic, deployment = _both(file, preset)
    except InvalidConfigurationError as error:
        raise _told(error, file, as_json) from None
    problems = Problems()
    for config in (genomic, deployment):
        for unusable in unusable_files(config):
            problems.note(unusable)
    reasons = deployment.validate_production_requirements(genomic) if production else ()
    environment = deployment.environment
    if not production:
        try:
            problems.tell()
        except InvalidConfigurationError as error:
            raise _told(error, file, as_json, environment) from None
    if as_json:
        _print_json(_verdict(environment=environment, unmet=[*reasons], problems=problems.found))
    else:
        for reason in reasons:
            typer.echo(f"- {reason}")
    if reasons:
        raise InvalidConfigurationError(
            f"{len(reasons)} requirement{'s' * (len(reasons) > 1)} of production not met",
            details={"unmet": list(reasons)},
        )
    if not as_json:
        what = "valid, and fit for production" if production else "valid"
        typer.echo(f"{file or 'the configuration'}: {what}")


@config_commands.command(cls=Command)
def schema() -> None:
    """Print the JSON Schema of a configuration file, for editors."""
    from bioxen_jcvi_vm_lib.api.production_config import configuration_schema

    _print_json(configuration_schema())


def _both(
    file: Path | None, preset: str | None
) -> tuple[GenomicVirtualizationConfig, ProductionConfig]:
    """Return both sections of a file, variables over it."""
    from bioxen_jcvi_vm_lib.api.config_manager import GenomicVirtualizationConfig
    from bioxen_jcvi_vm_lib.api.config_sources import Problems, Source
    from bioxen_jcvi_vm_lib.api.configuration import overridden
    from bioxen_jcvi_vm_lib.api.production_config import ProductionConfig

    problems = Problems()
    genomic, deployment = GenomicVirtualizationConfig(), ProductionConfig()
    with problems:
        genomic = GenomicVirtualizationConfig.resolve(file)
    with problems:
        deployment = ProductionConfig.resolve(file)
    if preset is not None:
        with problems:
            option = Source("option", "--preset")
            deployment = overridden(deployment, {"environment": (preset, option)})
    problems.tell()
    return genomic, deployment


def _told(
    error: InvalidConfigurationError,
    file: Path | None,
    as_json: bool,
    environment: str | None = None,
) -> InvalidConfigurationError:
    """Print the problems of a configuration; return what is left to say in one line."""
    from bioxen_jcvi_vm_lib.api.config_sources import problems_of, said

    problems = problems_of(error)
    if as_json:
        _print_json(_verdict(environment=environment, problems=problems))
    elif len(problems) > 1:
        for problem in problems:
            typer.echo(f"- {problem['message']}")
    if len(problems) == 1:
        return error
    what = f"{file or 'the configuration'}: {said(len(problems), 'problem')}"
    return InvalidConfigurationError(what, details=error.details)


def _verdict(
    *,
    environment: str | None = None,
    unmet: Sequence[str] = (),
    problems: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "valid": not problems,
        "environment": environment,
        "unmet": [*unmet],
        "problems": [*problems],
    }


def _with_sources(settings: Sequence[tuple[tuple[str, ...], Setting]]) -> dict[str, Any]:
    """Return a configuration as plain data, and beside its sections the source of each key."""
    from bioxen_jcvi_vm_lib.api.config_keys import SOURCES_KEY

    data: dict[str, Any] = {}
    for path, setting in settings:
        section = data
        for key in path[:-1]:
            section = section.setdefault(key, {})
        section[path[-1]] = setting.value
    data[SOURCES_KEY] = {".".join(path): setting.source.to_dict() for path, setting in settings}
    return data


def _scalar(value: Any) -> str:
    """Write a value or key as YAML does."""
    from bioxen_jcvi_vm_lib.api.config_sources import native

    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and native(value) == value
    return value if plain else json.dumps(value, ensure_ascii=False)


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(data, indent=2))
