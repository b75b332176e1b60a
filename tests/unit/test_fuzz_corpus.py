"""Every program that fuzzing found worth keeping; the other corpora are replayed by ctest."""

from __future__ import annotations

import importlib.util
from pathlib import Path

FUZZ = Path(__file__).parents[1] / "fuzz"
CORPUS = sorted((FUZZ / "corpus" / "process_language").iterdir())


def test_programs_of_the_corpus_parse_or_are_syntax_errors() -> None:
    spec = importlib.util.spec_from_file_location("harness", FUZZ / "fuzz_process_language.py")
    assert spec is not None
    assert spec.loader is not None
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    assert len(CORPUS) >= 20
    accepted = 0
    for path in CORPUS:
        try:
            accepted += harness.replay(path.read_bytes())
        except Exception as error:
            error.add_note(f"corpus file {path.name}")
            raise
    assert 0 < accepted < len(CORPUS)
