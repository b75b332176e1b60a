"""Reading a GenBank file and touching everything in its feature table, by each library's API.

Each sums over all features their kinds, and over all qualifiers their keys and values, as Python
strings. Where the libraries differ in form, not in content: a flag such as `/pseudo` has the value
None here and in gb-io, and "" in Biopython, which also keeps the values of equal keys in one list.
"""

from __future__ import annotations

import io
import warnings
from typing import NamedTuple

import gb_io
from Bio import BiopythonParserWarning, SeqIO

import bioxen_jcvi_vm_lib as bx
from bioxen_jcvi_vm_lib import _core


class Content(NamedTuple):
    """What was touched."""

    features: int
    qualifiers: int
    characters: int


def touched(records: tuple[_core.Record, ...]) -> Content:
    features = qualifiers = characters = 0
    for record in records:
        for feature in record.features:
            features += 1
            characters += len(feature.kind)
            for key, value in feature.qualifiers:
                qualifiers += 1
                characters += len(key)
                if value is not None:
                    characters += len(value)
    return Content(features, qualifiers, characters)


def bioxen_content(data: bytes) -> Content:
    return touched(bx.decode_genome(data).records)


def bioxen_runtime_content(data: bytes) -> Content:
    """The same, when the genome is also compiled to a program that is ready to run."""
    return touched(bx.GenomicVirtualizationManager().load_genome_runtime(data).records)


def gb_io_content(data: bytes) -> Content:
    features = qualifiers = characters = 0
    for record in gb_io.load(io.BytesIO(data)):
        for feature in record.features:
            features += 1
            characters += len(feature.kind)
            for qualifier in feature.qualifiers:
                qualifiers += 1
                characters += len(qualifier.key)
                value = qualifier.value
                if value is not None:
                    characters += len(value)
    return Content(features, qualifiers, characters)


def biopython_content(data: bytes) -> Content:
    features = qualifiers = characters = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BiopythonParserWarning)
        for record in SeqIO.parse(io.StringIO(data.decode()), "genbank"):
            for feature in record.features:
                features += 1
                characters += len(feature.type)
                for key, values in feature.qualifiers.items():
                    for value in values:
                        qualifiers += 1
                        characters += len(key) + len(value)
    return Content(features, qualifiers, characters)
