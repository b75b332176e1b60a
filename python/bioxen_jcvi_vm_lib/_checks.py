"""Checks of arguments that several modules share: numbers, seeds, names, nearest spellings."""

from __future__ import annotations

import difflib
import math
import numbers
import re
import secrets
from collections.abc import Iterable
from typing import Any

from bioxen_jcvi_vm_lib._errors import APIValidationError

#: Longest run in one call [s of the cell's age], about 31 years.
MAX_DURATION_S = 1.0e9
#: Largest molecule count that may be set.
MAX_MOLECULES = 10**12
#: Longest word that another is near to.
_MAX_NAME = 64
_LAST_NUMBER = re.compile(r"[0-9]+$")


def suggestion(word: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest of `known`, or an empty string.

    Nothing is near to what is no text, which may also be nothing that can be written as one.
    """
    if not isinstance(word, str):
        return ""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.casefold(), candidate)
    near = _nearest(word.casefold(), folded)
    return f"; did you mean {folded[near]!r}?" if near else ""


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """Return what takes the fewest edits, of what is about half alike or more.

    Among equals that with the longest common beginning, then the first.
    """
    if len(word) > _MAX_NAME:
        return None
    match = difflib.SequenceMatcher(b=word)
    found = None
    best = (_MAX_NAME + 1, 0)
    for candidate in known:
        long, short_ = max(len(candidate), len(word)), min(len(candidate), len(word))
        if long > 3 * short_ or long - short_ > best[0]:  # less than half alike, or farther
            continue
        match.set_seq1(candidate)
        if match.quick_ratio() < 0.5:
            continue
        edits = _edits(candidate, word, best[0])
        rank = (edits, -_shared(candidate, word))
        if rank >= best or _of_other_number(candidate, word):
            continue
        if 2 * edits <= long or match.ratio() >= 0.5:
            found, best = candidate, rank
    return found


def _of_other_number(one: str, other: str) -> bool:
    """Whether two words end with numbers that are not near: more than a digit differs."""
    numbers = [_LAST_NUMBER.search(word) for word in (one, other)]
    digits = [found.group() for found in numbers if found]
    return len(digits) == 2 and max(map(len, digits)) > 1 and _edits(digits[0], digits[1], 1) > 1


def _shared(one: str, other: str) -> int:
    """Return how long a beginning two words have in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _edits(one: str, other: str, most: int) -> int:
    """Return the edit distance (Levenshtein 1966), or a number above `most` if it is greater."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            here = diagonal if a == b else 1 + min(diagonal, row[j], row[j - 1])
            diagonal, row[j] = row[j], here
        if min(row) > most:
            return most + 1
    return row[-1]


def counted(number: int, noun: str) -> str:
    """Write a number of things: "1 gene", "2 genes"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def no_resource(name: Any, pools: Iterable[str], genes: Iterable[str] = ()) -> APIValidationError:
    """Return the error for what is no resource: it names the nearest, or who has what is meant.

    Parameters
    ----------
    name : object
        What was given.
    pools : iterable of str
        The resources.
    genes : iterable of str
        Locus tags and names of the genome.
    """
    details = {"resource": name if isinstance(name, str) else short(name)}
    if isinstance(name, str) and name and name in tuple(genes):
        return APIValidationError(
            f"{name!r} is a gene and no resource: its proteins and transcripts are made by the "
            f'cell, as in run_operon(["{name}"]), and not set',
            details=details,
        )
    folded = {word.casefold(): machine for word, machine in _MACHINES.items()}
    pool_of = {pool.casefold(): pool for pool in pools}
    wanted = name.casefold().replace(" ", "_") if isinstance(name, str) else ""
    near = _nearest(wanted, [*folded, *pool_of])
    if near in folded:
        machine = folded[near]
        meant = "" if wanted in folded else f"; did you mean the machine {machine!r}?"
        return APIValidationError(
            f"no resource {short(name)}{meant or ': it is a machine'}; {_WHERE[machine]}",
            details=details,
        )
    fix = (
        f"; did you mean {pool_of[near]!r}?"
        if near
        else "; there are ATP, GTP, Pi, Ala, Ala-tRNA and others, the keys of a cell's resources"
    )
    return APIValidationError(f"no resource {short(name)}{fix}", details=details)


#: Words for machines, and what the library calls them.
_MACHINES = {
    "ribosome": "ribosome",
    "ribosomes": "ribosome",
    "ribosome_allocation": "ribosome",
    "rna_polymerase": "rna_polymerase",
    "rna_polymerases": "rna_polymerase",
    "RNAP": "rna_polymerase",
    "rna_polymerase_allocation": "rna_polymerase",
    "degradosome": "degradosome",
    "degradosomes": "degradosome",
}
_WHERE = {
    "ribosome": 'ribosomes are set with allocate_resources({"ribosomes": n}) of a BiologicalVM, '
    "allocate_vm_resources of a hypervisor, or ribosome_allocation when a cell is made",
    "rna_polymerase": 'RNA polymerases are set with allocate_resources({"rna_polymerases": n}) of '
    "a BiologicalVM, allocate_vm_resources of a hypervisor, or rna_polymerase_allocation when a "
    "cell is made",
    "degradosome": "how many degradosomes there are is the organism's; mrna_processing_rate sets "
    "how fast transcripts decay",
}


def seconds(value: Any, what: str, *, zero: bool = False) -> float:
    """Check a duration.

    Parameters
    ----------
    value : real number
        Seconds.
    what : str
        Name of the argument, for the message.
    zero : bool
        Whether 0 is acceptable.

    Returns
    -------
    float
        The duration [s].

    Raises
    ------
    APIValidationError
        If it is no real number, not finite, negative, or above `MAX_DURATION_S`.
    """
    bound = "0 or more" if zero else "more than 0"
    fix = f"give a number of seconds, {bound} and at most {MAX_DURATION_S:g}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise APIValidationError(
            f"{what} must be a number, not {short(value)}: {fix}", details={"argument": what}
        )
    number = real(value)
    if (
        not math.isfinite(number)
        or number < 0
        or number > MAX_DURATION_S
        or (number == 0 and not zero)
    ):
        raise APIValidationError(
            f"{what} is {in_words(number, value)}: {fix}",
            details={"argument": what, "value": number},
        )
    return number


def real(value: Any) -> float:
    """Return a real number as a float; what no float can hold is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def in_words(number: float, given: Any) -> str:
    """Return a number for a message; what no float can hold is not called infinite."""
    beyond = math.isinf(number) and isinstance(given, numbers.Rational)
    return short(given) if beyond else f"{number:g}"


def gibibytes(size: float) -> str:
    """Return a size [bytes] for a message."""
    gib = size / 2**30
    return f"{gib:,.1f} GiB" if gib <= 1e12 else "more than 1e+12 GiB"


def molecules(value: Any, what: str) -> int:
    """Check a molecule count: an integer from 0 to `MAX_MOLECULES`.

    Raises
    ------
    APIValidationError
        Otherwise.
    """
    fix = f"give a whole number from 0 to {MAX_MOLECULES:,}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise APIValidationError(
            f"{what} must be a whole number, not {short(value)}: {fix}", details={"argument": what}
        )
    count = int(value)
    if not 0 <= count <= MAX_MOLECULES:
        raise APIValidationError(
            f"{what} is {short(count)}: {fix}", details={"argument": what, "value": count}
        )
    return count


def seed_or_entropy(seed: Any) -> int:
    """Check a seed (uint64); None draws one from the operating system's entropy.

    Raises
    ------
    APIValidationError
        If it is not an integer from 0 to 2**64 - 1.
    """
    if seed is None:
        return secrets.randbits(64)
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise APIValidationError(
            f"seed must be a whole number, not {short(seed)}: "
            "give one from 0 to 2**64 - 1, or None for a random one",
            details={"argument": "seed"},
        )
    number = int(seed)
    if not 0 <= number < 2**64:
        raise APIValidationError(
            f"seed {short(number)} is out of range: give one from 0 to 2**64 - 1",
            details={"argument": "seed"},
        )
    return number


def short(value: Any) -> str:
    """`repr` of a value, cut for a message. It never raises."""
    if isinstance(value, int) and int.bit_length(value) > 256:
        return "a number of more than 77 digits"
    try:
        text = repr(value[:60] if type(value) in (str, bytes) else value)
    except Exception:  # a value's own words may fail
        return f"<{type(value).__name__} that cannot be shown>"
    return text if len(text) <= 60 else text[:57] + "..."
