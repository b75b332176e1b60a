"""The log, the audit log and what `handle_vm_operation` lets out."""

from __future__ import annotations

import inspect
import io
import itertools
import json
import logging
import math
import pickle
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import AuditLog, ProductionLogger, handle_vm_operation
from bioxen_jcvi_vm_lib.api.enhanced_error_handling import (
    LIFECYCLE_EVENTS,
    MAX_DETAILS,
    QUOTA_EVENTS,
)

# -- the log ---------------------------------------------------------------------------------------


def json_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_the_context_of_its_machine() -> None:
    stream = io.StringIO()
    with ProductionLogger(stream=stream) as log:
        cell = log.bind(vm_id="cell-7").bind(genome="syn3A")
        cell.info("started", time_s=0.5)
        logging.getLogger("bioxen.anything").warning("of %s", "the library")
    first, second = json_lines(stream)
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "INFO",
        "logger": "bioxen.vm",
        "message": "started",
        "vm_id": "cell-7",
        "genome": "syn3A",
        "time_s": 0.5,
    }
    assert (second["logger"], second["message"]) == ("bioxen.anything", "of the library")


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


HOSTILE: dict[str, Any] = {
    "newline": "a\nb\r\u2028\x1b[31m",
    "nan": math.nan,
    "huge": 10**5_000,
    "long": "x" * 1_000_000,
    "surrogate": "\ud800",
    "bytes": b"x" * 10**6,
    "rude": Rude(),
    "many": list(range(10**5)),
    "deep": [[[[[[[]]]]]]],
    "time": "mine",
    "message": "mine",
    "keys": {3: 4, None: 5},
}


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("key", HOSTILE)
def test_no_value_breaks_a_line_or_the_log(
    form: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("bioxen"), "propagate", False)  # pytest's would raise
    stream = io.StringIO()
    with ProductionLogger(stream=stream, format=form) as log:
        log.info("first\nof %s %d", **{key: HOSTILE[key]})
        logging.getLogger("bioxen").info("wrong %d", "arguments")
        assert log.lost_lines == 0
    text = stream.getvalue()
    assert text.count("\n") == len(text.splitlines()) == 2
    assert len(text) < 10_000
    if form == "json":
        line = json.loads(text.split("\n")[0], parse_constant=lambda name: pytest.fail(name))
        assert line["message"] == "first\nof %s %d"
        assert f"{key}_" in line or key in line
        assert line["time"] != "mine"


def test_the_root_logger_and_others_are_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    root, ours = logging.getLogger(), logging.getLogger("bioxen")
    before = (root.level, list(root.handlers), ours.level, list(ours.handlers), ours.propagate)
    outer = ProductionLogger(level="ERROR", stream=io.StringIO())
    inner = ProductionLogger(level="DEBUG", stream=io.StringIO())
    assert root.handlers == before[1]
    assert ours.level == logging.DEBUG
    outer.close()  # not in the order of opening
    assert ours.level == logging.DEBUG
    inner.close()
    inner.close()
    assert (root.level, root.handlers, ours.level, ours.handlers, ours.propagate) == before
    logging.getLogger("bioxen.vm").error("to nobody")
    inner.info("closed")
    assert capsys.readouterr() == ("", "")


def test_an_open_log_takes_nothing_from_the_application() -> None:
    ours, seen = logging.getLogger("bioxen"), []

    class Application(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    handler = Application()
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        with ProductionLogger(level="ERROR", stream=io.StringIO()) as log:
            log.debug("fine")
        assert ours.level == logging.DEBUG
    finally:
        ours.removeHandler(handler)
        ours.setLevel(logging.NOTSET)
    assert seen == ["fine"]


def test_what_cannot_be_written_is_counted_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("w") as stream:
        log = ProductionLogger(stream=stream)
        log.info("lost")
        log.info("lost")
        log.close()
        assert log.lost_lines >= 2
        with pytest.raises(OSError, match="No space"):
            stream.close()
    closed = io.StringIO()
    with ProductionLogger(stream=closed) as log:
        closed.close()
        log.info("lost")
        assert log.lost_lines == 1
    assert capsys.readouterr() == ("", "")


def test_a_file_is_closed_at_the_end(tmp_path: Path) -> None:
    log = ProductionLogger(file=tmp_path / "x.log", format="text")
    log.error("müde", error=bx.VMStateError("it is paused"))
    log.close()
    text = (tmp_path / "x.log").read_text(encoding="utf-8")
    assert "ERROR   bioxen.vm müde error=" in text
    assert "BX006" in text
    open_files = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists()]
    assert not any(name.endswith("x.log") for name in open_files)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"level": "INFOS"}, "did you mean 'INFO'"),
        ({"level": 10}, "give DEBUG"),
        ({"format": "xml"}, "json, text"),
        ({"file": "/nowhere/x"}, "/nowhere/x cannot be written"),
        ({"file": "/tmp"}, "/tmp cannot be written"),
        ({"file": "a\0b"}, "cannot be written"),
        ({"file": 3}, "must be a path"),
        ({"stream": 3}, "text stream"),
        ({"file": "x", "stream": sys.stderr}, "both"),
        ({"max_bytes": -1}, "max_bytes"),
        ({"backups": True}, "backups"),
    ],
)
def test_a_log_refuses_wrong_arguments(arguments: dict[str, Any], says: str) -> None:
    before = list(logging.getLogger("bioxen").handlers)
    with pytest.raises(bx.InvalidConfigurationError) as caught:
        ProductionLogger(**arguments)
    assert says in caught.value.message
    assert logging.getLogger("bioxen").handlers == before


# -- audit -----------------------------------------------------------------------------------------


def test_the_audit_log_keeps_the_newest_and_counts_all() -> None:
    audit = AuditLog(capacity=3)
    for number in range(5):
        audit.record("started", f"cell-{number % 2}", time_s=number)
    audit.record("quota_reached", "cell-1", vm_id="of the event", event=3)
    assert [entry.number for entry in audit.entries()] == [4, 5, 6]
    assert [entry.number for entry in audit.entries(vm_id="cell-1")] == [4, 6]
    assert [entry.number for entry in audit.entries(event="started")] == [4, 5]
    assert audit.counts == {"started": 5, "quota_reached": 1}
    assert (len(audit), audit.dropped) == (3, 3)
    last = audit.entries()[-1].to_dict()
    assert (last["vm_id"], last["details"]) == ("cell-1", {"vm_id": "of the event", "event": 3})
    json.dumps(last)


def test_the_audit_log_is_written_to_the_log() -> None:
    stream = io.StringIO()
    with ProductionLogger(stream=stream) as log:
        AuditLog().record("paused", "cell-7", cause="quota", vm_id="forged", number=99)
        assert log.lost_lines == 0
    (line,) = json_lines(stream)
    assert (line["logger"], line["message"], line["vm_id"]) == ("bioxen.audit", "paused", "cell-7")
    assert (line["cause"], line["number"]) == ("quota", 1)


def test_the_audit_log_stays_within_its_memory() -> None:
    audit = AuditLog(capacity=100)
    entry = audit.record("error", "x" * 10**6, what=["y" * 10**5] * 1_000, more={"z": "z" * 10**6})
    assert len(json.dumps(entry.to_dict())) < MAX_DETAILS + 3_000
    tracemalloc.start()
    try:
        for number in range(3_000):
            audit.record("error", f"cell-{number}", cause="c" * 50_000)
        assert tracemalloc.get_traced_memory()[0] < 100 * 12_000
    finally:
        tracemalloc.stop()


def test_entries_of_many_threads_are_numbered_without_gaps() -> None:
    audit = AuditLog()
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads change places inside an entry
    threads = [
        threading.Thread(target=lambda: [audit.record("created", "a") for _ in range(500)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval_s)
    assert [entry.number for entry in audit.entries()] == list(range(1, 4_001))


@pytest.mark.parametrize(
    ("ours", "of_vm", "got"),
    [
        (logging.NOTSET, logging.NOTSET, ["warning"]),  # the root logger's level
        (logging.INFO, logging.NOTSET, ["info", "warning"]),
        (logging.NOTSET, logging.DEBUG, ["debug", "info", "warning"]),
    ],
)
def test_handlers_of_the_application_get_what_they_did_before(
    ours: int, of_vm: int, got: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, theirs = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", [logging.StreamHandler(theirs)])
    monkeypatch.setattr(root, "level", logging.WARNING)
    ours_, vm = logging.getLogger("bioxen"), logging.getLogger("bioxen.vm")
    for logger, level in ((ours_, ours), (vm, of_vm)):
        logger.setLevel(level)
    try:
        stream = io.StringIO()
        for _ in range(2):
            with (
                ProductionLogger(level="DEBUG", stream=stream),
                ProductionLogger(level="ERROR", stream=io.StringIO()),
            ):
                for level in ("debug", "info", "warning"):
                    getattr(vm, level)(level)
        assert [line["message"] for line in json_lines(stream)] == ["debug", "info", "warning"] * 2
        assert theirs.getvalue().split() == got * 2
        vm.warning("after")
        assert theirs.getvalue().split()[-1] == "after"
    finally:
        ours_.setLevel(logging.NOTSET)
        vm.setLevel(logging.NOTSET)


def test_audit_lines_are_in_the_order_of_their_numbers() -> None:
    delays = itertools.cycle((0.0, 3e-4, 1e-4))

    def dawdle(record: logging.LogRecord) -> bool:
        time.sleep(next(delays))
        return True

    audit, stream = AuditLog(), io.StringIO()
    logger = logging.getLogger("bioxen.audit")
    logger.addFilter(dawdle)
    try:
        with ProductionLogger(stream=stream):
            threads = [
                threading.Thread(target=lambda: [audit.record("paused", "a") for _ in range(50)])
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        logger.removeFilter(dawdle)
    assert [line["number"] for line in json_lines(stream)] == list(range(1, 201))


def test_an_audit_entry_cannot_be_rewritten() -> None:
    audit = AuditLog()
    entry = audit.record("created", "a", seed=3, quota={"events": 1}, genes=["x", ["y"]])
    with pytest.raises(TypeError):
        entry.details["seed"] = 4  # type: ignore[index]
    with pytest.raises(TypeError):
        entry.details["quota"]["events"] = 4
    with pytest.raises(TypeError):
        entry.details["genes"][0] = "z"
    copied = pickle.loads(pickle.dumps(entry))
    assert copied == entry
    assert hash(copied) == hash(entry)
    told = entry.to_dict()["details"]
    assert json.loads(json.dumps(told)) == told
    assert told == {"seed": 3, "quota": {"events": 1}, "genes": ["x", ["y"]]}


def test_the_audit_log_refuses_what_it_does_not_know() -> None:
    audit = AuditLog()
    for event, says in (("strated", "did you mean 'started'"), (3, "give one of")):
        with pytest.raises(bx.APIValidationError, match=says):
            audit.record(event, "a")  # type: ignore[arg-type]
    with pytest.raises(bx.APIValidationError, match="vm_id"):
        audit.record("started", 7)  # type: ignore[arg-type]
    assert (len(audit), audit.counts) == (0, {})
    for capacity in (0, -1, True, 1.5, 10**8, None):
        with pytest.raises(bx.APIValidationError):
            AuditLog(capacity)  # type: ignore[arg-type]
    assert not set(LIFECYCLE_EVENTS) & set(QUOTA_EVENTS)


# -- operations ------------------------------------------------------------------------------------


class Machine:
    vm_id = "cell-7"

    @handle_vm_operation
    def fail(self, error: BaseException) -> NoReturn:
        """Fail."""
        raise error

    @handle_vm_operation("start", otherwise=bx.VMStateError)
    def start(self, error: BaseException | None = None, *, pace: float = 1.0) -> float:
        if error is not None:
            raise error
        return pace


@pytest.mark.parametrize(
    "error",
    [
        bx.VMNotFoundError("none"),
        bx.BioXenException("BX999", "own"),
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_these_pass_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        Machine().fail(error)
    assert caught.value is error
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "plain", "stated"),
    [
        (ImportError("no xarray"), bx.MissingDependencyError, bx.MissingDependencyError),
        (TypeError("inside"), bx.GenomicRuntimeError, bx.VMStateError),
        (KeyError("x"), bx.GenomicRuntimeError, bx.VMStateError),
        (OSError(28, "No space left"), bx.GenomicRuntimeError, bx.VMStateError),
        (RecursionError(), bx.GenomicRuntimeError, bx.VMStateError),
        (StopIteration(), bx.GenomicRuntimeError, bx.VMStateError),
    ],
    ids=lambda value: type(value).__name__,
)
def test_others_become_ours_with_their_cause(
    error: Exception, plain: type[bx.BioXenException], stated: type[bx.BioXenException]
) -> None:
    for call, name, kind in ((Machine().fail, "fail", plain), (Machine().start, "start", stated)):
        with pytest.raises(bx.BioXenException) as caught:
            call(error)
        assert type(caught.value) is kind
        assert caught.value.__cause__ is error
        assert caught.value.message.startswith(f"{name} of 'cell-7' failed: {type(error).__name__}")
        assert caught.value.details == {
            "operation": name,
            "vm_id": "cell-7",
            "cause": type(error).__name__,
        }


def test_a_call_that_does_not_fit_is_the_callers_error() -> None:
    with pytest.raises(bx.APIValidationError, match="argument 'pase'; did you mean 'pace'"):
        Machine().start(pase=2.0)  # type: ignore[call-arg]
    with pytest.raises(bx.APIValidationError, match="positional argument"):
        Machine().fail()  # type: ignore[call-arg]


def test_the_function_stays_what_it_was() -> None:
    assert Machine().start(pace=2.5) == 2.5
    assert Machine.fail.__name__ == "fail"
    assert Machine.fail.__doc__ == "Fail."
    assert list(inspect.signature(Machine.start).parameters) == ["self", "error", "pace"]


def test_a_refusal_is_one_line_for_any_handler(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="bioxen.vm"), pytest.raises(bx.VMStateError):
        Machine().fail(bx.VMStateError("it is paused"))
    record = caplog.records[-1]
    assert (record.levelname, record.exc_info) == ("INFO", None)
    assert "BX006 it is paused" in record.getMessage()


def test_an_operation_is_timed_and_logged() -> None:
    @handle_vm_operation("nap")
    def nap(seconds: float, vm_id: str) -> None:
        time.sleep(seconds)

    stream = io.StringIO()
    with ProductionLogger(stream=stream, level="DEBUG"):
        nap(0.02, "cell-9")
        nap(seconds=0.0, vm_id="cell-8")
        with pytest.raises(bx.VMStateError):
            Machine().fail(bx.VMStateError("paused"))
        with pytest.raises(bx.GenomicRuntimeError):
            Machine().fail(ZeroDivisionError("oh"))
    slept, other, refused, failed = json_lines(stream)
    assert 0.02 <= slept["duration_s"] < 2.0
    assert (slept["level"], slept["operation"], slept["vm_id"]) == ("DEBUG", "nap", "cell-9")
    assert other["vm_id"] == "cell-8"
    assert (refused["level"], refused["error"]["code"]) == ("INFO", "BX006")
    assert "traceback" not in refused
    assert (failed["level"], failed["vm_id"]) == ("ERROR", "cell-7")
    assert failed["error"] == {"type": "ZeroDivisionError", "message": "oh"}
    assert "in fail" in failed["traceback"]


def test_only_plain_functions_are_taken() -> None:
    async def later() -> None: ...

    def bit_by_bit() -> Iterator[int]:
        yield 1

    async def later_bit_by_bit() -> AsyncIterator[int]:
        yield 1

    for wrong in (later, bit_by_bit, later_bit_by_bit, 3.5, Machine, object()):
        with pytest.raises(bx.APIValidationError):
            handle_vm_operation(wrong)  # type: ignore[call-overload]
    with pytest.raises(bx.APIValidationError):
        handle_vm_operation("x", otherwise=ValueError)(len)  # type: ignore[arg-type]


def test_the_decorator_costs_little() -> None:
    def bare(self: Any) -> None: ...

    handled = handle_vm_operation(bare)
    machine = Machine()

    def cost_s(function: Any) -> float:
        best = math.inf
        for _ in range(20):
            began = time.perf_counter()
            for _ in range(1_000):
                function(machine)
            best = min(best, time.perf_counter() - began)
        return best / 1_000

    assert cost_s(handled) - cost_s(bare) < 20e-6  # a tenth of what a call of a process may cost
