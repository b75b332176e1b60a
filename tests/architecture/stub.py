"""Make the stub of the extension module: `python tests/architecture/stub.py [--write]`.

pybind11-stubgen reads the installed module; what it cannot know is put in here: the feature type,
which is plain C, the named tuple, and what dictionaries and tuples hold.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

STUB = Path(__file__).resolve().parents[2] / "python" / "bioxen_jcvi_vm_lib" / "_core.pyi"

FEATURE = '''\
@typing.final
class Feature:
    """
    One entry of a feature table: everything that the file says about it.
    """
    @property
    def kind(self) -> str:
        """
        As in the file: CDS, gene, regulatory, ...
        """
    @property
    def line(self) -> int:
        """
        1-based line on which it starts.
        """
    @property
    def location(self) -> Location:
        """
        Where it lies.
        """
    @property
    def qualifiers(self) -> tuple[tuple[str, str | None], ...]:
        """
        Tuple of (key, value) in file order; value is None for a flag.
        """
'''
INTERVAL = '''\
class Interval(typing.NamedTuple):
    """
    One span of a location: 0-based, half-open, strand +1, -1 or 0; the flags are `<` and `>` in the file.
    """
    start: int
    end: int
    strand: int
    before_start: bool
    after_end: bool
    accession: str
'''  # noqa: E501

#: What pybind11 accepts, and what the package passes: mappings are invariant in their keys.
NUMBERS = {
    "typing.SupportsInt | typing.SupportsIndex": "int",
    "typing.SupportsFloat | typing.SupportsIndex": "float",
    "__eq__(self, other: typing.Any)": "__eq__(self, other: object)",
}
COUNTS = "dict[str, int]"
COLUMN = "numpy.typing.NDArray[numpy.int64]"
#: What `Class.member` gives, where the binding only says dict, tuple or Any.
GIVES = {
    "Location.parts": "tuple[Interval, ...]",
    "Record.features": "tuple[Feature, ...]",
    "Record.sequence": "str",
    "Gene.codons": "tuple[str, ...]",
    "Gene.parts": "tuple[tuple[int, int], ...]",
    "Genome.genes": "tuple[Gene, ...]",
    "Genome.records": "tuple[Record, ...]",
    "Genome.report": "tuple[ReportEntry, ...]",
    "TranscriptionUnit.genes": "tuple[int, ...]",
    "Program.fallbacks": "tuple[ReportEntry, ...]",
    "Program.report": "tuple[ReportEntry, ...]",
    "Program.roles": "dict[str, tuple[int, ...]]",
    "Program.units": "tuple[TranscriptionUnit, ...]",
    "Trace.cell_cycle": "dict[str, numpy.typing.NDArray[typing.Any]]",
    "Trace.events": COUNTS,
    "Trace.ledger": f"dict[str, {COUNTS}]",
    "Trace.machines": f"dict[str, dict[str, {COLUMN}]]",
    "Trace.mrnas": COLUMN,
    "Trace.proteins": COLUMN,
    "Trace.resources": COLUMN,
    "Trace.time_s": "numpy.typing.NDArray[numpy.float64]",
    "Context.cycle": "dict[str, typing.Any]",
    "Context.drawn": COUNTS,
    "Context.environment": "dict[str, float]",
    "Context.remaining": "dict[str, float]",
    "Context.events": COUNTS,
    "Context.knocked_out": "list[int]",
    "Context.ledger": f"dict[str, {COUNTS}]",
    "Context.machines": f"dict[str, {COUNTS}]",
    "ContextTable.column": "typing.Any",
    "ContextTable.row": "dict[str, typing.Any]",
    "Context.polymerases": "numpy.typing.NDArray[numpy.void]",
    "Context.resources": COUNTS,
    "Hypervisor.metrics": "dict[str, typing.Any]",
    "Hypervisor.metrics_of": "dict[str, typing.Any]",
    ".resource_names": "tuple[str, ...]",
    ".species_names": "tuple[str, ...]",
}
NOTE = "# Made by tests/architecture/stub.py --write; do not edit.\n"
BARE = re.compile(r"-> (typing\.Any|dict|tuple|list|numpy\.ndarray\[typing\.Any.*):$")


def raw_stub() -> str:
    """Run the generator on the installed module.

    Raises
    ------
    RuntimeError
        If it complains.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pybind11_stubgen", "bioxen_jcvi_vm_lib._core"),
                *("--numpy-array-use-type-var", "--exit-code", "-o", folder),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or "ERROR" in done.stderr or "WARNING" in done.stderr:
            raise RuntimeError(done.stderr)
        return (Path(folder) / "bioxen_jcvi_vm_lib" / "_core.pyi").read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """Cut a stub into its top-level statements."""
    return re.split(r"^(?=\S)", text, flags=re.MULTILINE)


def refined(text: str) -> str:
    """Put in what the generator cannot know.

    Raises
    ------
    RuntimeError
        If a return type is still unknown, or one that is given here does not occur.
    """
    done: set[str] = set()
    lines = []
    name = ""
    for line in text.splitlines():
        if match := re.match(r"class (\w+)", line):
            name = match[1]
        elif re.match(r"\S", line):
            name = ""
        if match := re.match(r"( *def (\w+)\(.*\) -> ).*:$", line):
            key = f"{name}.{match[2]}"
            if key in GIVES:
                line = f"{match[1]}{GIVES[key]}:"
                done.add(key)
            elif BARE.search(line):
                raise RuntimeError(f"say in GIVES what {key} gives")
        lines.append(line)
    if unused := GIVES.keys() - done:
        raise RuntimeError(f"not in the module: {', '.join(sorted(unused))}")
    return "\n".join(lines) + "\n"


def stub() -> str:
    """Return the stub as it has to be committed."""
    text = []
    raw = raw_stub()
    for said, meant in NUMBERS.items():
        raw = raw.replace(said, meant)
    raw = re.sub(r"__eq__\(self, arg0: \w+\)", "__eq__(self, arg0: object)", raw)
    for block in blocks(raw):
        if block.startswith("__version__"):
            text.append("__version__: str\n")
        elif block.startswith("TRANSLATION_TABLES"):
            text.append("TRANSLATION_TABLES: tuple[int, ...]\n")
        elif block.startswith("class Feature"):
            text.append(FEATURE)
        elif block.startswith("class Interval"):
            text.append(INTERVAL)
        else:
            text.append(block)
    return NOTE + refined("".join(text))


if __name__ == "__main__":
    made = stub()
    if sys.argv[1:] == ["--write"]:
        STUB.write_text(made, encoding="utf-8")
    else:
        print(made, end="")
