"""Messages stay short, whatever was given, and name what is nearest to it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib._checks import short, suggestion

LONG = "a" * 100_000


class Mute:
    """Something that cannot say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


@pytest.fixture(scope="module")
def manager() -> Iterator[bx.GenomicVirtualizationManager]:
    with bx.GenomicVirtualizationManager() as manager:
        yield manager


@pytest.fixture(scope="module")
def context(manager: bx.GenomicVirtualizationManager) -> bx.CellularContext:
    return manager.create_cellular_context(manager.load_genome_runtime(), seed=1)


#: Calls that are refused, with what they are given.
CALLS: dict[str, Callable[[Any, Any, Any], object]] = {
    "knockout": lambda _, c, given: c.knockout(given),
    "count": lambda _, c, given: c.count(given),
    "gene": lambda _, c, given: c.runtime.gene(given),
    "organism": lambda m, _, given: m.load_genome_runtime(organism=given),
    "genome": lambda m, _, given: m.load_genome_runtime(given),
    "override": lambda m, c, given: m.create_cellular_context(c.runtime, atp_pool_size=given),
    "seed": lambda m, c, given: m.create_cellular_context(c.runtime, seed=given),
    "name": lambda m, c, given: m.combine_genome_runtimes(c.runtime, c.runtime, name=(given,)),
    "resource": lambda _, c, given: c.set_resource(given, 1),
    "replay": lambda _, c, given: c.fork(replay=given),
    "duration": lambda _, c, given: c.run(given),
    "program": lambda _, c, given: c.execute(given),
    "load": lambda _, c, given: bx.CellularContext.load(given, c.runtime),
    "save": lambda _, c, given: c.save(given),
    "what": lambda _, c, given: bx.ensemble_to_anndata([c.run(0.01)], what=given),
    "vm_id": lambda _, __, given: bx.create_bio_vm(given),
    "type": lambda _, __, given: bx.create_bio_vm("cell", given),
    "policy": lambda _, __, given: bx.create_bio_vm("cell", policy=given),
}
#: Calls that are given the name of something.
NAMED: dict[str, Callable[[Any, Any, str], object]] = {
    "key": lambda m, c, given: m.create_cellular_context(c.runtime, **{given: 1}),
    "config": lambda _, __, given: bx.GenomicVirtualizationManager({given: 1}),
    "in a program": lambda _, c, given: c.execute(f'run(1); knockout("{given}")'),
    "to set": lambda _, c, given: c.execute(f'set_resource("{given}", 1)'),
    "snapshot": lambda _, c, given: c.execute(f'snapshot("{given}")'),
    "argument": lambda _, __, given: bx.create_bio_vm("cell", **{given: 1}),
}


@pytest.mark.parametrize("call", [*CALLS, *NAMED])
def test_an_error_is_short_whatever_was_given(
    call: str, manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    with pytest.raises(bx.BioXenException) as caught:
        (CALLS | NAMED)[call](manager, context, LONG)
    error = caught.value
    assert len(error.message) < 1_000
    assert len(repr(error.details)) < 1_500
    assert len(repr(error.to_dict())) < 2_500


def test_the_message_keeps_its_advice_and_details_keep_objects() -> None:
    result = object()
    error = bx.APIValidationError(
        f"no gene {LONG!r}; give a locus tag", details={"gene": LONG, "in": [LONG], "it": result}
    )
    assert error.message.startswith("no gene 'aaa")
    assert error.message.endswith("a'; give a locus tag")
    assert len(bx.APIValidationError("word " * 100_000).message) < 5_000
    assert error.details["it"] is result
    assert len(error.details["gene"]) < 600
    assert len(error.details["in"][0]) < 600


@pytest.mark.parametrize("call", CALLS)
def test_what_cannot_say_itself_is_refused_in_our_words(
    call: str, manager: bx.GenomicVirtualizationManager, context: bx.CellularContext
) -> None:
    with pytest.raises(bx.BioXenException) as caught:
        CALLS[call](manager, context, Mute())
    assert "no words" not in caught.value.message
    json.dumps(caught.value.to_dict())


def test_a_number_too_long_to_be_written_is_not_among_the_details(
    context: bx.CellularContext,
) -> None:
    with pytest.raises(bx.APIValidationError) as caught:
        context.set_resource("ATP", 10**10_000)
    json.dumps(caught.value.to_dict())


def test_short_never_raises() -> None:
    assert short(Mute()) == "<Mute that cannot be shown>"
    assert short([10**5000]) == "<list that cannot be shown>"
    assert short("b" * 10**6) == "'" + "b" * 56 + "..."


def test_samples_beyond_measure_are_not_spelled_out(context: bx.CellularContext) -> None:
    for run in (
        lambda: context.run(1, every_s=1e-300),
        lambda: context.execute("run(1, every_s=1e-300)"),
    ):
        with pytest.raises(bx.APIValidationError, match=r"more than 1e\+12 GiB") as caught:
            run()
        assert len(caught.value.message) < 150
    with bx.BioXenHypervisor() as hypervisor:
        hypervisor.start_vm(hypervisor.create_vm("cell", context.runtime))
        with pytest.raises(bx.APIValidationError, match=r"more than 1e\+12 GiB"):
            hypervisor.run(1, every_s=1e-300)


# -- nearest names ---------------------------------------------------------------------------------


def edits(one: str, other: str) -> int:
    """Edit distance, by its definition."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def test_the_nearest_name_has_the_fewest_edits() -> None:
    assert suggestion("rpoZZ", ["rpsO", "rplO", "rpoB", "rpoC"]) == "; did you mean 'rpoB'?"
    draw = random.Random(1)
    known = ["".join(draw.choices("abcdefgh_", k=draw.randint(7, 12))) for _ in range(300)]
    for _ in range(200):
        word = list(draw.choice(known))
        for _ in range(2):
            word[draw.randrange(len(word))] = draw.choice("abcdefgh_")
        typed = "".join(word)
        named = suggestion(typed, known).split("'")[1]
        assert edits(typed, named) == min(edits(typed, one) for one in known)


def test_among_equals_the_longest_common_beginning_wins() -> None:
    assert suggestion("dnaX", ["fnaX", "dnaA"]) == "; did you mean 'dnaA'?"
    assert suggestion("ATPP", ["TATPP", "ATP"]) == "; did you mean 'ATP'?"
    assert suggestion("xyz", ["abc"]) == ""


def test_another_number_is_near_where_one_digit_differs() -> None:
    known = ["JCVISYN3A_0399", "JCVISYN3A_0959", "vm-1"]
    assert suggestion("JCVISYN3A_9999", known) == ""
    assert suggestion("JCVISYN3A_0398", known) == "; did you mean 'JCVISYN3A_0399'?"
    assert suggestion("JCVISYN3_0959", known) == "; did you mean 'JCVISYN3A_0959'?"
    assert suggestion("vm-2", known) == "; did you mean 'vm-1'?"


def test_a_gene_of_the_built_in_genome_is_found(context: bx.CellularContext) -> None:
    with pytest.raises(bx.APIValidationError, match="did you mean 'rpo"):
        context.runtime.gene("rpoZZ")
    with pytest.raises(bx.APIValidationError, match="did you mean 'rpo"):
        context.count("rpoZZ")


@pytest.mark.parametrize("word", ["JCVISYN3A_99999", "z" * 40, LONG, "A_BCDEFG_" * 4])
def test_the_search_is_bounded(word: str) -> None:
    known = [f"JCVISYN3A_{n:05}" for n in range(5_000)] + [f"abc_{n:036}" for n in range(5_000)]
    began = time.process_time()
    suggestion(word, known)
    assert time.process_time() - began < 2.0


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run(nan)", "'nan' is no finite number; expected a number of seconds, such as 600"),
        ("run(inf)", "'inf' is no finite number; expected a number of seconds"),
        ("run(-inf)", "this is no number"),
        ("run(1, every_s=Infinity)", "'Infinity' is no finite number; expected a number of sec"),
        ("run(run(1))", "a call is no argument; expected a number of seconds, such as 600"),
        ("run(ten)", "'ten' is no literal; expected a number of seconds, such as 600"),
        ('run("ten")', "seconds must be a number of seconds"),
        ('run_operon(["dnaA"], duration_s=long)', "expected a number of seconds"),
        ('set_resource("ATP", many)', "expected a whole number of molecules"),
        ("set_resource(ATP, 3)", 'write a text in quotes: "ATP"'),
        ("run_operon([dnaA])", 'write a text in quotes: "dnaA"'),
        ("knockout(dnaA)", 'write a text in quotes: "dnaA"'),
        ("\u0440un(1)", "'\u0440' (U+0440) has no meaning here"),
        ("run(\u0430)", "'\u0430' (U+0430) has no meaning here"),
        ("r\u0443n(1)", "(U+0443)"),
        ("run(1) !", "'!' has no meaning here"),
        ("foo(1)", "checkpoint, and the older transcribe_gene and translate_gene"),
        ("7", "checkpoint, and the older transcribe_gene and translate_gene"),
    ],
)
def test_a_program_is_told_what_is_due(text: str, said: str) -> None:
    with pytest.raises(bx.ProgramSyntaxError) as caught:
        bx.GenomicProgram.parse(text)
    assert said in caught.value.message


def test_a_number_beyond_floats_is_not_called_infinite(context: bx.CellularContext) -> None:
    with pytest.raises(bx.APIValidationError, match="duration_s is a number of more than 77 dig"):
        context.run(10**400)
    with pytest.raises(bx.APIValidationError, match="weight is a number of more than 77 digits"):
        bx.Policy.fair(weight=10**400)
    with pytest.raises(bx.APIValidationError, match="duration_s is inf"):
        context.run(float("inf"))


def test_a_hypervisor_speaks_of_machines(context: bx.CellularContext, tmp_path: Path) -> None:
    with bx.BioXenHypervisor(max_vms=2) as hypervisor:
        first = hypervisor.create_vm("a", context.runtime)
        with pytest.raises(bx.VMCreationError, match="there is a VM 'a' already"):
            hypervisor.create_vm("a", context.runtime)
        with pytest.raises(bx.VMCreationError, match="there is a VM 'a' already"):
            hypervisor.fork_vm(first, "a")
        hypervisor.restore_vm("b", context.snapshot(), context.runtime)
        with pytest.raises(bx.HypervisorOverloadError, match=r"room for 2 VMs \(max_vms\)"):
            hypervisor.fork_vm(first, "c")


def test_an_unknown_argument_names_the_call_and_the_nearest() -> None:
    with pytest.raises(bx.APIValidationError) as caught:
        bx.quick_start_vm(sed=3)
    assert caught.value.message == "quick_start_vm() has no argument 'sed'; did you mean 'seed'?"
    with pytest.raises(bx.APIValidationError) as caught:
        bx.create_bio_vm("cell", sed=3)
    assert "create_bio_vm() got an unexpected keyword argument 'sed'" in caught.value.message
    assert caught.value.message.endswith("; did you mean 'seed'?")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("virtual_resources", 3, "must be a section: a mapping of keys to values (it is 3)"),
        ("ribosome_allocation", -1, "must be 0 or more (it is -1)"),
        ("ribosome_allocation", 1.5, "must be a whole number (it is 1.5)"),
        ("transcription_execution_rate", 0, "must be more than 0 (it is 0)"),
        ("atp_pool_size", 10**13, "must be at most 1,000,000,000,000 (it is 10000000000000)"),
        ("hold_pools", "x", "must be true or false (it is 'x')"),
        ("runtime_scheduler", "x", "must be 'preemptive' or 'cooperative' (it is 'x')"),
    ],
)
def test_a_value_is_refused_in_our_words(key: str, value: object, said: str) -> None:
    with pytest.raises(bx.InvalidConfigurationError) as caught:
        bx.GenomicVirtualizationConfig.resolve(None).with_overrides(**{key: value})
    assert said in caught.value.message
