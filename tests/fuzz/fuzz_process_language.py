"""Fuzz the process language with atheris (pip install atheris).

python tests/fuzz/fuzz_process_language.py -max_total_time=600 tests/fuzz/corpus/process_language
"""

from __future__ import annotations

import sys

from bioxen_jcvi_vm_lib import GenomicProgram, ProgramSyntaxError


def replay(data: bytes) -> bool:
    """Whether the text is a program, which prints as itself; else it is a ProgramSyntaxError."""
    try:
        program = GenomicProgram.parse(data.decode("utf-8", "surrogateescape"))
    except ProgramSyntaxError:
        return False
    assert GenomicProgram.parse(str(program)) == program
    return True


def fuzz_one(data: bytes) -> None:
    """Replay, with the answer that atheris expects."""
    replay(data)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()
