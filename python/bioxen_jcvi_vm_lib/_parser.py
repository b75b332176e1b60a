"""Reads the text of genomic programs by hand; nothing is evaluated.

Grammar (statements are separated by ``;`` or new lines, ``#`` starts a comment)::

    statement  = name "(" [argument {"," argument} [","]] ")"
    argument   = value | keyword "=" value
    value      = number | string | "True" | "False" | "None" | "[" [value {"," value} [","]] "]"
               | "{" [string ":" value {"," string ":" value} [","]] "}"

The older calls ``transcribe_gene("x")`` and ``translate_gene("x")`` are read as
``run_operon(["x"], duration_s=60)``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

from bioxen_jcvi_vm_lib._checks import MAX_DURATION_S, MAX_MOLECULES, short, suggestion
from bioxen_jcvi_vm_lib._errors import APIValidationError, ProgramSyntaxError
from bioxen_jcvi_vm_lib.statements import (
    MAX_ITEMS,
    CellCycleCheckpoint,
    CreateCellularContext,
    Divide,
    Inhibit,
    Knockout,
    Replicate,
    Run,
    RunMetabolicPathways,
    RunOperon,
    SetEnvironment,
    SetResource,
    Snapshot,
    Statement,
)

__all__ = ["MAX_STATEMENTS", "statements_of"]

MAX_TEXT = 1_000_000
MAX_STATEMENTS = 10_000
MAX_NESTING = 4

_S = TypeVar("_S")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Value:
    """A literal and where it stands."""

    value: Any
    at: int


_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r]+|\#[^\n]*)
    | (?P<end>[;\n])
    |
    (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z_0-9.]))
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*) |
    (?P<string>"(?:[^"\\\n]|\\["'\\n])*"|'(?:[^'\\\n]|\\["'\\n])*') | (?P<mark>[(){}\[\],:=])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"""\\(["'\\n])""")
_CONSTANTS = {"True": True, "False": False, "None": None}


#: Programs that are asked for again and again are read once [characters].
_LONGEST_KNOWN = 1_000


def statements_of(text: str) -> tuple[Statement, ...]:
    """Read a program.

    Raises
    ------
    ProgramSyntaxError
        With its position.
    """
    return _known(text) if len(text) <= _LONGEST_KNOWN else _Parser(text).program()


@lru_cache(maxsize=256)
def _known(text: str) -> tuple[Statement, ...]:
    return _Parser(text).program()


class _Parser:
    """Recursive descent over the tokens, with exact positions."""

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text) > MAX_TEXT:
            self._fail(MAX_TEXT, f"the program is over {MAX_TEXT:,} characters long; split it")
        self._tokens = self._scan()
        self._next = 0

    def program(self) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        while True:
            while self._peek().kind == "end":
                self._next += 1
            if self._peek().kind == "eof":
                break
            if len(statements) >= MAX_STATEMENTS:
                self._fail(self._peek().at, f"more than {MAX_STATEMENTS:,} statements; split it")
            statements.append(self._statement())
            if self._peek().kind not in ("end", "eof"):
                self._fail(self._peek().at, "expected ';' or a new line between statements")
        if not statements:
            self._fail(0, 'the program is empty; a smallest program is "run(60)"')
        return tuple(statements)

    def _scan(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        depth = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._unreadable(at, tokens)
            kind = match.lastgroup or ""
            text = match.group()
            if text in ("(", "[", "{"):
                depth += 1
            elif text in (")", "]", "}"):
                depth = max(0, depth - 1)
            # A new line inside brackets does not end the statement.
            if kind != "space" and not (text == "\n" and depth):
                tokens.append(_Token(kind, text, at))
            at = match.end()
        tokens.append(_Token("eof", "", len(self._text)))
        return tokens

    def _unreadable(self, at: int, tokens: list[_Token]) -> NoReturn:
        char = self._text[at]
        if char in "\"'":
            self._fail(
                at, 'this text does not end on its line, or has an escape other than \\\\ \\" \\n'
            )
        following = self._text[at + 1 : at + 2]
        if char == "." and tokens and tokens[-1].kind == "name" and following.isidentifier():
            call = re.compile(r"\w+").match(self._text, at + 1)
            name = call.group() if call else ""
            self._fail(
                at,
                "statements act on the cell that carries them out: write "
                f"{name}() in place of {tokens[-1].text}.{name}()",
            )
        if char.isdigit() or (char in "+-." and (following.isalnum() or following == ".")):
            self._fail(at, "this is no number; write 600, 0.5 or 1e3")
        point = "" if char.isascii() else f" (U+{ord(char):04X})"  # it may look like another
        self._fail(at, f"{char!r}{point} has no meaning here")

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _expect(self, mark: str, why: str) -> _Token:
        token = self._peek()
        if token.text != mark or token.kind != "mark":
            self._fail(token.at, f"expected {mark!r} {why}")
        return self._take()

    def _statement(self) -> Statement:
        name = self._peek()
        if name.kind != "name":
            self._fail(name.at, f"expected a call: {_KNOWN}")
        self._take()
        make = _CALLS.get(name.text)
        if make is None:
            near = suggestion(name.text, _CALLS) or f"; there are {_KNOWN}"
            self._fail(name.at, f"unknown call {short(name.text)}{near}")
        self._expect("(", f"after {name.text}")
        positional, named = self._arguments(name.text)
        return make(_Arguments(self, name, positional, named))

    def _arguments(self, call: str) -> tuple[list[_Value], dict[str, _Value]]:
        positional: list[_Value] = []
        named: dict[str, _Value] = {}
        while self._peek().text != ")":
            token = self._peek()
            following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
            if token.kind == "name" and following.text == "=" and token.text not in _CONSTANTS:
                self._next += 2
                if token.text in named:
                    self._fail(token.at, f"{short(token.text)} is given twice")
                value = self._value(0, _DUE.get(token.text))
                named[token.text] = _Value(value.value, token.at)
            else:
                if named:
                    self._fail(token.at, "an argument without a name follows one with a name")
                place = len(positional)
                parameters = _PARAMETERS[call]
                due = _DUE.get(parameters[place]) if place < len(parameters) else None
                positional.append(self._value(0, due))
            if len(positional) + len(named) > 16:
                self._fail(token.at, f"too many arguments for {call}")
            if self._peek().text != ")":
                self._expect(",", f"or ')' in the arguments of {call}")
        self._take()
        return positional, named

    def _value(self, nesting: int, due: str | None = None) -> _Value:
        """Read a literal; `due` says what number is expected, None where none is."""
        token = self._take()
        if token.kind == "number":
            return _Value(self._number(token), token.at)
        if token.kind == "string":
            inner = token.text[1:-1]
            return _Value(
                _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], inner), token.at
            )
        if token.kind == "name" and token.text in _CONSTANTS:
            return _Value(_CONSTANTS[token.text], token.at)
        if token.kind == "mark" and token.text in ("[", "{") and nesting >= MAX_NESTING:
            self._fail(token.at, f"lists are nested more than {MAX_NESTING} deep")
        if token.kind == "mark" and token.text == "{":
            return _Value(self._pairs(nesting), token.at)
        if token.kind == "mark" and token.text == "[":
            items: list[Any] = []
            while self._peek().text != "]":
                if len(items) >= MAX_ITEMS:
                    self._fail(self._peek().at, f"more than {MAX_ITEMS:,} items in a list")
                items.append(self._value(nesting + 1).value)
                if self._peek().text != "]":
                    self._expect(",", "or ']' in the list")
            self._take()
            return _Value(tuple(items), token.at)
        if token.kind == "name":
            quoted = f': "{token.text}"' if len(token.text) <= 60 else ""
            why = f"{short(token.text)} is no literal"
            if self._peek().text == "(":
                why, quoted = "a call is no argument", ""
            elif due and token.text.casefold() in ("nan", "inf", "infinity"):
                why = f"{token.text!r} is no finite number"
            self._fail(
                token.at,
                f"{why}; expected {due}" if due else f"{why}; write a text in quotes{quoted}",
            )
        self._fail(token.at, "expected a number, a text in quotes or a list")

    def _pairs(self, nesting: int) -> Mapping[str, Any]:
        """Read a mapping, of which the brace is read."""
        pairs: dict[str, Any] = {}
        while self._peek().text != "}":
            key = self._peek()
            if key.kind != "string":
                self._fail(key.at, 'expected a key in quotes, as in {"seed": 7}')
            name = str(self._value(nesting + 1).value)
            if name in pairs:
                self._fail(key.at, f"{short(name)} is given twice")
            if len(pairs) >= MAX_ITEMS:
                self._fail(key.at, f"more than {MAX_ITEMS:,} items in a mapping")
            self._expect(":", "after a key")
            pairs[name] = self._value(nesting + 1).value
            if self._peek().text != "}":
                self._expect(",", "or '}' in the mapping")
        self._take()
        return pairs

    def _number(self, token: _Token) -> int | float:
        text = token.text
        if len(text) > 64:
            self._fail(token.at, "this number has more than 64 characters")
        return int(text) if text.lstrip("+-").isdigit() else float(text)

    def _fail(self, at: int, message: str) -> NoReturn:
        at = min(at, len(self._text))
        start = self._text.rfind("\n", 0, at) + 1
        stop = self._text.find("\n", at)
        line = self._text[start : stop if stop >= 0 else len(self._text)]
        number = self._text.count("\n", 0, at) + 1
        column = at - start
        # Show a window of a long line, so that the caret stays in view.
        low = max(0, column - 50)
        shown = line[low : low + 100].replace("\t", " ").replace("\r", " ")
        raise ProgramSyntaxError(
            f"line {number}, column {column + 1}: {message}\n"
            f"    {shown}\n    {' ' * (column - low)}^",
            details={"position": at, "line": number, "column": column + 1},
        )

    fail = _fail


class _Arguments:
    """The arguments of one call, matched to its parameters and checked where they stand."""

    def __init__(
        self, parser: _Parser, name: _Token, positional: list[_Value], named: Mapping[str, _Value]
    ) -> None:
        self._parser = parser
        self._name = name
        self._positional = positional
        self._named = dict(named)
        self.call = name.text

    def match(self) -> dict[str, _Value]:
        """Return the values by parameter name."""
        call = self.call
        parameters = _PARAMETERS[call]
        if self._positional and call in _BY_NAME:
            self._parser.fail(
                self._positional[0].at,
                f"{call} takes its arguments by name: {', '.join(parameters)}",
            )
        if len(self._positional) > len(parameters):
            self._parser.fail(
                self._positional[len(parameters)].at,
                f"{call} takes at most {len(parameters)} arguments: {', '.join(parameters)}"
                if parameters
                else f"{call} takes no arguments",
            )
        values = dict(zip(parameters, self._positional, strict=False))
        for key, value in self._named.items():
            if key not in parameters:
                near = suggestion(key, parameters) or f"; it has {', '.join(parameters)}"
                self._parser.fail(value.at, f"{call} has no argument {short(key)}{near}")
            if key in values:
                self._parser.fail(value.at, f"{key} is given twice")
            values[key] = value
        return values

    def required(self, values: Mapping[str, _Value], key: str, example: str) -> _Value:
        if key not in values:
            self._parser.fail(self._name.at, f"{self.call} needs {key}, for example {example}")
        return values[key]

    def seconds(self, value: _Value, key: str) -> float:
        given = value.value
        if isinstance(given, bool) or not isinstance(given, int | float):
            self._parser.fail(value.at, f"{key} must be a number of seconds")
        if not (math.isfinite(given) and 0 < given <= MAX_DURATION_S):
            self._parser.fail(
                value.at, f"{key} must be more than 0 and at most {MAX_DURATION_S:g} seconds"
            )
        return float(given)

    def text(self, value: _Value, what: str) -> str:
        if not isinstance(value.value, str) or not value.value:
            self._parser.fail(value.at, f"expected {what} as a text in quotes")
        return str(value.value)

    def flag(self, value: _Value, key: str) -> bool:
        if not isinstance(value.value, bool):
            self._parser.fail(value.at, f"{key} must be True or False")
        return value.value

    def pairs(self, value: _Value, example: str) -> Mapping[str, Any]:
        if not isinstance(value.value, Mapping):
            self._parser.fail(value.at, f"expected configuration keys, for example {example}")
        return value.value

    def made(self, kind: Callable[..., _S], values: Mapping[str, Any]) -> _S:
        """Make a statement that checks its values itself; what it refuses is told where it is."""
        try:
            return kind(**values)
        except APIValidationError as error:
            at = self._named.get(str(error.details.get("argument")), _Value(None, self._name.at)).at
            self._parser.fail(at, error.message)

    def genes(self, value: _Value) -> tuple[str, ...]:
        items = (value.value,) if isinstance(value.value, str) else value.value
        if (
            not isinstance(items, tuple)
            or not items
            or not all(isinstance(item, str) and item for item in items)
        ):
            self._parser.fail(value.at, 'expected a list of genes, for example ["lacZ", "lacY"]')
        return tuple(items)

    def count(self, value: _Value) -> int:
        given = value.value
        if isinstance(given, float) and math.isfinite(given) and given == int(given):
            given = int(given)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= MAX_MOLECULES:
            self._parser.fail(
                value.at, f"expected a whole number of molecules from 0 to {MAX_MOLECULES:,}"
            )
        return int(given)


def _run(arguments: _Arguments) -> Run:
    values = arguments.match()
    seconds = arguments.required(values, "seconds", "run(600)")
    every = values.get("every_s")
    return Run(
        arguments.seconds(seconds, "seconds"),
        None if every is None or every.value is None else arguments.seconds(every, "every_s"),
    )


def _run_operon(arguments: _Arguments) -> RunOperon:
    values = arguments.match()
    genes = arguments.required(values, "genes", 'run_operon(["lacZ", "lacY"], duration_s=60)')
    duration = values.get("duration_s")
    return RunOperon(
        arguments.genes(genes),
        60.0 if duration is None else arguments.seconds(duration, "duration_s"),
    )


def _of_one_gene(arguments: _Arguments) -> RunOperon:
    """Read the older calls: a bacterium translates what it transcribes, so both are one run."""
    values = arguments.match()
    gene = arguments.required(values, "gene", 'transcribe_gene("dnaA")')
    duration = values.get("duration_s")
    return RunOperon(
        (arguments.text(gene, "a gene"),),
        60.0 if duration is None else arguments.seconds(duration, "duration_s"),
        translated=arguments.call == "translate_gene",
    )


def _knockout(arguments: _Arguments) -> Knockout:
    values = arguments.match()
    gene = arguments.required(values, "gene", 'knockout("dnaA")')
    return Knockout(arguments.text(gene, "a gene"))


def _set_resource(arguments: _Arguments) -> SetResource:
    values = arguments.match()
    name = arguments.required(values, "name", 'set_resource("ATP", 50000)')
    molecules = arguments.required(values, "molecules", 'set_resource("ATP", 50000)')
    return SetResource(arguments.text(name, "a resource"), arguments.count(molecules))


def _set_environment(arguments: _Arguments) -> SetEnvironment:
    values = arguments.match()
    return arguments.made(SetEnvironment, {key: value.value for key, value in values.items()})


def _inhibit(arguments: _Arguments) -> Inhibit:
    values = arguments.match()
    for key in ("machine", "remaining"):
        arguments.required(values, key, 'inhibit("ribosome", 0.3)')
    return arguments.made(Inhibit, {key: value.value for key, value in values.items()})


def _snapshot(arguments: _Arguments) -> Snapshot:
    values = arguments.match()
    name = arguments.required(values, "name", 'snapshot("before")')
    return Snapshot(arguments.text(name, "a name"))


def _run_metabolic_pathways(arguments: _Arguments) -> RunMetabolicPathways:
    available = arguments.match().get("glucose_available")
    if available is None:
        return RunMetabolicPathways()
    return RunMetabolicPathways(arguments.flag(available, "glucose_available"))


def _create_cellular_context(arguments: _Arguments) -> CreateCellularContext:
    configuration = arguments.match().get("configuration")
    if configuration is None:
        return CreateCellularContext()
    return CreateCellularContext(arguments.pairs(configuration, '{"atp_pool_size": 60000}'))


def _alone(make: Callable[[], Statement]) -> Callable[[_Arguments], Statement]:
    """Read a call without arguments."""

    def read(arguments: _Arguments) -> Statement:
        arguments.match()
        return make()

    return read


_CALLS: dict[str, Callable[[_Arguments], Statement]] = {
    "run": _run,
    "run_operon": _run_operon,
    "knockout": _knockout,
    "set_resource": _set_resource,
    "set_environment": _set_environment,
    "inhibit": _inhibit,
    "snapshot": _snapshot,
    "replicate": _alone(Replicate),
    "divide": _alone(Divide),
    "run_metabolic_pathways": _run_metabolic_pathways,
    "create_cellular_context": _create_cellular_context,
    "execute_cell_cycle_checkpoint": _alone(CellCycleCheckpoint),
}
_KNOWN = f"{', '.join(_CALLS)}, and the older transcribe_gene and translate_gene"
#: Older spellings.
_CALLS |= {"transcribe_gene": _of_one_gene, "translate_gene": _of_one_gene}
#: Calls whose numbers nobody could tell apart.
_BY_NAME = frozenset({"set_environment"})
#: Arguments of each call in order.
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "run": ("seconds", "every_s"),
    "run_operon": ("genes", "duration_s"),
    "knockout": ("gene",),
    "set_resource": ("name", "molecules"),
    "set_environment": ("glucose_mM", "temperature_c", "pH"),
    "inhibit": ("machine", "remaining", "step"),
    "snapshot": ("name",),
    "run_metabolic_pathways": ("glucose_available",),
    "create_cellular_context": ("configuration",),
    **dict.fromkeys(("replicate", "divide", "execute_cell_cycle_checkpoint"), ()),
    "transcribe_gene": ("gene", "duration_s"),
    "translate_gene": ("gene", "duration_s"),
}
#: What is due where the argument is a number.
_DUE = {
    **dict.fromkeys(("seconds", "every_s", "duration_s"), "a number of seconds, such as 600"),
    "molecules": "a whole number of molecules, such as 50000",
    "glucose_mM": "a number of mM, such as 10",
    "temperature_c": "a number of degrees Celsius, such as 37",
    "pH": "a number, such as 7.5",
    "remaining": "a number from 0 to 1, such as 0.3",
}
