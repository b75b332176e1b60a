"""Fuzz the process language with atheris (pip install atheris).

python tests/fuzz/fuzz_process_language.py -max_total_time=600 tests/fuzz/corpus/process_language
"""

from __future__ import annotations

import sys
from contextlib import suppress

from bioxen_jcvi_vm_lib import GenomicProgram, ProgramSyntaxError


def replay(data: bytes) -> None:
    """Text is a program or a ProgramSyntaxError, and a program prints as itself."""
    text = data.decode("utf-8", "surrogateescape")
    with suppress(ProgramSyntaxError):
        program = GenomicProgram.parse(text)
        assert GenomicProgram.parse(str(program)) == program


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, replay)
    atheris.Fuzz()
