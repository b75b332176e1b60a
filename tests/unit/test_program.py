"""The language of genomic programs: a whitelist of calls, exact positions, no evaluation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioxen_jcvi_vm_lib import APIValidationError, GenomicProgram, ProgramSyntaxError
from bioxen_jcvi_vm_lib.program import (
    Inhibit,
    Knockout,
    Run,
    RunOperon,
    SetEnvironment,
    SetResource,
    Snapshot,
)

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
SECONDS = st.floats(min_value=1e-6, max_value=1e9)
STATEMENTS = st.one_of(
    st.builds(Run, SECONDS, st.none() | SECONDS),
    st.builds(RunOperon, st.lists(NAMES, min_size=1, max_size=4).map(tuple), SECONDS),
    st.builds(Knockout, NAMES),
    st.builds(RunOperon, NAMES.map(lambda name: (name,)), SECONDS, st.just(True)),
    st.builds(SetResource, NAMES, st.integers(0, 10**12)),
    st.builds(SetEnvironment, st.floats(0, 1e6), st.none() | st.floats(0, 100), st.none()),
    st.builds(Inhibit, st.sampled_from(("ribosome", "replisome")), st.floats(0, 1)),
    st.builds(Snapshot, NAMES),
)


def test_a_program_is_its_statements() -> None:
    program = GenomicProgram.parse(
        """
        run(600, every_s=10)   # warm up
        knockout("dnaA"); set_resource('ATP', 5e4)
        run_operon(["lacZ", "lacY",
                    "lacA"], duration_s=60)
        run(1.5, 0.5);
        run(2, every_s=None)
        """
    )
    assert program.statements == (
        Run(600.0, 10.0),
        Knockout("dnaA"),
        SetResource("ATP", 50_000),
        RunOperon(("lacZ", "lacY", "lacA"), 60.0),
        Run(1.5, 0.5),
        Run(2.0, None),
    )


@given(st.lists(STATEMENTS, min_size=1, max_size=6))
def test_printing_and_parsing_round_trip(statements: list[Run]) -> None:
    program = GenomicProgram(tuple(statements))
    assert GenomicProgram.parse(str(program)) == program


@given(st.lists(STATEMENTS, min_size=1, max_size=6))
def test_a_program_as_data_has_its_text_and_every_argument(statements: list[Run]) -> None:
    program = GenomicProgram(tuple(statements))
    data = json.loads(json.dumps(program.to_dict()))
    assert GenomicProgram.parse(data["text"]) == program
    assert len(data["statements"]) == len(statements)
    for one, statement in zip(data["statements"], statements, strict=True):
        assert str(statement).startswith(one.pop("call") + "(")
        for name, value in one.items():
            given = getattr(statement, name)
            assert value == (list(given) if isinstance(given, tuple) else given)


def test_numbers_of_other_kinds_become_plain_ones() -> None:
    """What prints otherwise would not be read again."""
    program = GenomicProgram(
        (
            Run(np.float64(3.0), np.float32(0.5)),
            Run(Fraction(1, 2)),
            SetResource("ATP", np.int64(7)),
        )  # type: ignore[arg-type]
    )
    assert str(program) == 'run(3.0, every_s=0.5)\nrun(0.5)\nset_resource("ATP", 7)'


@pytest.mark.parametrize(
    "make",
    [
        lambda: Run("x"),
        lambda: Run(float("nan")),
        lambda: Run(-1.0),
        lambda: Run(1.0, every_s=0.0),
        lambda: Run(10**400),
        lambda: RunOperon(3),
        lambda: RunOperon("dnaA"),
        lambda: RunOperon(()),
        lambda: RunOperon((3,)),
        lambda: RunOperon(("dnaA",), duration_s=None),
        lambda: RunOperon(("dnaA",), translated=1),
        lambda: RunOperon(("dnaA", "rpoB"), translated=True),
        lambda: Knockout([]),
        lambda: Knockout(""),
        lambda: SetResource([], 3),
        lambda: SetResource("ATP", float("nan")),
        lambda: SetResource("ATP", -1),
        lambda: Snapshot(3),
        lambda: GenomicProgram(()),
        lambda: GenomicProgram((Run(1.0),) * 10_001),
        lambda: RunOperon(("dnaA",) * 10_001),
    ],
)
def test_a_statement_that_no_text_says_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(APIValidationError):
        make()


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        ("   # nothing", 0, "empty"),
        ("rum(3)", 0, "did you mean 'run'"),
        ("run", 3, "expected '('"),
        ("run(", 4, "expected a number"),
        ("run(3", 5, "or ')'"),
        ("run()", 0, "needs seconds"),
        ("run(3) run(4)", 7, "';' or a new line"),
        ("run(-3)", 4, "more than 0"),
        ("run(0)", 4, "more than 0"),
        ("run(1e999)", 4, "at most"),
        ("run(True)", 4, "number of seconds"),
        ("run('3')", 4, "number of seconds"),
        ("run(3, every=1)", 7, "did you mean 'every_s'"),
        ("run(3, every_s=1, every_s=2)", 18, "given twice"),
        ("run(3, seconds=2)", 7, "given twice"),
        ("run(every_s=1, 3)", 15, "follows one with a name"),
        ("run(1, 2, 3)", 10, "at most 2"),
        ("run(3s)", 4, "no number"),
        ("run(1.2.3)", 4, "no number"),
        ("vm.divide()", 2, "write divide() in place of vm.divide()"),
        ("knockout(dnaA)", 9, 'in quotes: "dnaA"'),
        ("knockout('dnaA)", 9, "does not end"),
        ("knockout('a\\x41')", 9, "escape"),
        ("knockout('')", 9, "a gene"),
        ("knockout(['a'])", 9, "a gene"),
        ("run_operon([])", 11, "list of genes"),
        ("run_operon([1])", 11, "list of genes"),
        ("run_operon([[[[[['a']]]]]])", 15, "nested"),
        ("set_resource('ATP', -1)", 20, "molecules"),
        ("set_resource('ATP', 1.5)", 20, "molecules"),
        ("set_resource('ATP')", 0, "needs molecules"),
        ("run(3)\n  @", 9, "no meaning"),
        ("run(3)\nrun(4", 12, "line 2, column 6"),
        ("snapshot()", 0, "needs name"),
        ("snapshot('')", 9, "a name as a text"),
        ("set_environment(37)", 16, "takes its arguments by name"),
        ("run_metabolic_pathways(glucose_available=1)", 23, "must be True or False"),
        ("run_metabolic_pathways(True, 2)", 29, "takes at most 1"),
        ("create_cellular_context([1])", 24, "expected configuration keys"),
        ("create_cellular_context({7: 1})", 25, 'a key in quotes, as in {"seed": 7}'),
        ("create_cellular_context({'seed' 7})", 32, "expected ':' after a key"),
        ("create_cellular_context({'a': 1, 'a': 2})", 33, "'a' is given twice"),
        ("create_cellular_context({'a': {'b': {'c': {'d': {}}}}})", 48, "more than 4 deep"),
        ("create_cellular_context({'a': 1", 31, "expected ',' or '}' in the mapping"),
        ("transcribe_gen('a')", 0, "did you mean 'transcribe_gene'"),
        ("translate_gene()", 0, "needs gene"),
    ],
)
def test_an_error_points_at_its_character(text: str, position: int, says: str) -> None:
    with pytest.raises(ProgramSyntaxError) as caught:
        GenomicProgram.parse(text)
    assert caught.value.position == position
    assert says in str(caught.value)
    line, caret = str(caught.value).split("\n")[-2:]
    where = caret.index("^")
    start = text.rfind("\n", 0, position) + 1
    assert line[4:][: where - 4] == text[start:position][-(where - 4) or None :]


ESCAPES = [
    "__import__('os').system('true')",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "run.__class__(3)",
    "run(__import__)",
    "run((3))",
    "run(3+4)",
    "run(3)*2",
    "run(*[3])",
    "run(**{'seconds': 3})",
    "run({'a': 1})",
    "run(lambda: 3)",
    "run(3 if True else 4)",
    "run([x for x in 'a'])",
    "run(f'{3}')",
    "run(b'3')",
    "run(3j)",
    "run(0x10)",
    "run(1_0)",
    "run(\u0663)",
    "run(\uff13)",
    "\u1d63un(3)",
    "run(3)\x00",
    "run(3)\u2028run(4)",
    "import os",
    "x = 3",
    "run = 3",
    "@run(3)",
    "run(3).x",
    "run(seconds:=3)",
    "run(3)[0]",
    "`run(3)`",
    "$(run 3)",
    "run(3) and run(4)",
    "knockout('a' 'b')",
    "knockout('''a''')",
    "knockout(r'a')",
    "run(3,,4)",
    "run(,3)",
    "(run)(3)",
    "run(3",
    ")run(3)",
    "[run(3)]",
    "run(nan)",
    "run(inf)",
    "run(-inf)",
    "globals()",
    "getattr(run, 'x')",
    "().__class__.__bases__[0].__subclasses__()",
    "''.join(['r', 'u', 'n'])",
    "run.__globals__",
    "run.__code__.co_code",
    "__builtins__",
    "__builtins__['eval']('1')",
    "run(().__class__)",
    "run(True.__class__)",
    "run('a'.format('b'))",
    "run('{0.__class__}'.format(3)[0])",
    "run(seconds=__import__('os').getpid())",
    "run(__name__)",
    "__debug__",
    "breakpoint()",
    "compile('1', '', 'eval')",
    "input()",
    "vars()",
    "type(3)",
    "setattr(run, 'x', 3)",
    "delattr(run, 'x')",
    "importlib.import_module('os')",
    "from os import system",
    "def run(x): pass",
    "class run: pass",
    "while True: run(1)",
    "for x in [1]: run(x)",
    "if True: run(1)",
    "with run(1): pass",
    "try: run(1)",
    "assert run(1)",
    "del run",
    "raise run(1)",
    "return run(1)",
    "yield run(1)",
    "global run",
    "run(1) if 1 else run(2)",
    "not run(1)",
    "-run(1)",
    "~run(1)",
    "run(1) | run(2)",
    "run(1)()",
    "run()()",
    "run(1)!",
    "run[1]",
    "run{1}",
    "run<1>",
    "run(1)//comment",
    "run(/* 1 */)",
    "run(1 2)",
    "run(1;2)",
    "run(...)",
    "run(..)",
    "run(+)",
    "run(--1)",
    "run(1e)",
    "run(.e1)",
    "run(1\u00b2)",
    "run(\u00bd)",
    "run(\u221e)",
    "run(1)\u037e run(2)",
    "run(1)\uff1brun(2)",
    "run\uff081\uff09",
    "r\u200bun(1)",
    "ru\u0301n(1)",
    "\u0440un(1)",
    "run(1)\ufeff",
    "run(1)\u000b",
    "run(1)\u001b[31m",
    "knockout('a\\0')",
    "snapshot(path='/etc/passwd')",
    "set_resource('ATP', '1; run(1)')",
    "run(1, **{})",
    "run(*())",
    "Run(1)",
    "RUN(1)",
    "_run(1)",
    "run_(1)",
    "self.run(1)",
    "bx.run(1)",
    "eval",
    "set_environment(temperature_c=__import__('os'))",
    "create_cellular_context({'a': __import__('os')})",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_but_the_whitelist_is_read(text: str) -> None:
    with pytest.raises(ProgramSyntaxError):
        GenomicProgram.parse(text)


def test_the_list_of_escapes_is_long() -> None:
    assert len(set(ESCAPES)) == len(ESCAPES) >= 100


def test_programs_compose() -> None:
    first, second = GenomicProgram.parse("run(1)"), GenomicProgram.parse("knockout('a')")
    assert first + second == GenomicProgram.parse("run(1); knockout('a')")
    assert first + "run(2)" == GenomicProgram.parse("run(1); run(2)")
    assert "run(2)" + first == GenomicProgram.parse("run(2); run(1)")
    with pytest.raises(ProgramSyntaxError):
        first + "run"
    with pytest.raises(TypeError):
        first + 3  # type: ignore[operator]
    long = GenomicProgram.parse("run(1);" * 6_000)
    with pytest.raises(APIValidationError, match="12,000 statements"):
        long + long


@given(st.text(max_size=60) | st.text("run()[]'\"#;,=.0123456789 \n\\_", max_size=60))
def test_any_text_is_read_or_refused_with_a_position(text: str) -> None:
    try:
        GenomicProgram.parse(text)
    except ProgramSyntaxError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    "text",
    [
        "run(1);" * 20_000,
        "run_operon([" + "'a'," * 20_000 + "])",
        "(" * 500_000,
        "run(" + "[" * 500_000,
        "run(" + "9" * 500_000 + ")",
        "knockout('" + "a" * 900_000,
        "#" * 2_000_000,
    ],
)
def test_huge_programs_are_refused_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ProgramSyntaxError):
        GenomicProgram.parse(text)
    assert time.process_time() - start < 5.0


def test_a_program_is_frozen_and_hashable() -> None:
    program = GenomicProgram.parse("run(3)")
    assert hash(program) == hash(GenomicProgram.parse("run( 3.0 )"))
    with pytest.raises(AttributeError):
        program.statements = ()  # type: ignore[misc]
