"""Write the built-in genome: ``python -m bioxen_jcvi_vm_lib.design OUT.gb.gz``."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import SEED, compressed, design


def main(arguments: list[str] | None = None) -> int:
    """Write the designed genome to a file, gzipped if its name ends in ``.gz``.

    Parameters
    ----------
    arguments : list of str, optional   command line; that of the process if not given

    Returns
    -------
    int   exit status, 0
    """
    parser = argparse.ArgumentParser(
        prog="python -m bioxen_jcvi_vm_lib.design", description=__doc__
    )
    parser.add_argument("out", type=Path, help="file to write, e.g. minimal_cell.gb.gz")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another genome")
    options = parser.parse_args(arguments)
    text = design(options.seed)
    is_gzip = options.out.suffix == ".gz"
    options.out.write_bytes(compressed(text) if is_gzip else text.encode("ascii"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
