"""Gene-protein-reaction rules: which genes a reaction needs.

``and`` joins the subunits of one enzyme, ``or`` enzymes that can stand in for each other; ``and``
binds tighter.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Self

from bioxen_jcvi_vm_lib._checks import short
from bioxen_jcvi_vm_lib._errors import ModelImportError

__all__ = ["GeneRule"]

#: Deepest nesting of parentheses.
MAX_DEPTH = 64
#: Longest text [characters]; the longest of the public models is near 4,000.
MAX_LENGTH = 100_000
_TOKEN = re.compile(r"[()]|[A-Za-z0-9_.:\-]+")
_SPACE = re.compile(r"\s*")
_WORDS = {"and": "and", "AND": "and", "or": "or", "OR": "or"}


@dataclass(frozen=True, slots=True)
class _Joined:
    """Rules joined by one word; a plain string stands for a gene."""

    word: str
    parts: tuple[_Node, ...]


_Node = str | _Joined


@dataclass(frozen=True, slots=True)
class GeneRule:
    """A rule over genes; the empty rule needs none.

    Attributes
    ----------
    text : str
        The rule as it was written.
    genes : tuple of str
        Its genes in order of appearance, each once.
    """

    text: str
    genes: tuple[str, ...]
    _root: _Node | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rule such as ``"(b0001 and b0002) or b0003"``.

        Raises
        ------
        ModelImportError
            If it is none; ``details["position"]`` is the 0-based index of the character at fault.
        """
        if len(text) > MAX_LENGTH:
            raise _wrong(f"a gene rule of {len(text):,} characters: at most {MAX_LENGTH:,}", 0)
        tokens = _tokens(text)
        root = _Parser(tokens, len(text)).rule() if tokens else None
        return cls(text, tuple(dict.fromkeys(_genes(root))), root)

    @classmethod
    def joined(cls, word: str, rules: list[GeneRule]) -> GeneRule:
        """Join rules by "and" or "or"."""
        if len(rules) == 1:
            return rules[0]
        root = _Joined(word, tuple(rule._root for rule in rules if rule._root is not None))
        genes = tuple(dict.fromkeys(gene for rule in rules for gene in rule.genes))
        return cls(_text(root), genes, root)

    @classmethod
    def of_gene(cls, gene: str) -> Self:
        """Return the rule that needs one gene."""
        return cls(gene, (gene,), gene)

    def renamed(self, names: Mapping[str, str]) -> GeneRule:
        """Return the rule over other names of its genes."""
        root = None if self._root is None else _renamed(self._root, names)
        return GeneRule(
            "" if root is None else _text(root), tuple(dict.fromkeys(_genes(root))), root
        )

    def is_active(self, knocked_out: Container[str]) -> bool:
        """Tell whether an enzyme is left without some genes."""
        return self._root is None or _active(self._root, knocked_out)

    def capacity(self, counts: Mapping[str, float]) -> float | None:
        """Return the number of enzymes that the copies of their subunits make.

        A complex has as many as its scarcest subunit, one of each per complex; isozymes add up.
        A subunit without a count does not limit its complex.

        Parameters
        ----------
        counts : mapping
            Copies of each gene's protein.

        Returns
        -------
        float or None
            None where the counts set no limit.
        """
        return None if self._root is None else _capacity(self._root, counts)

    def __str__(self) -> str:
        return self.text


class _Parser:
    """Recursive descent: rule = term {or term}, term = atom {and atom}, atom = gene | ( rule )."""

    def __init__(self, tokens: list[tuple[str, int]], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = end

    def rule(self) -> _Node:
        root = self._either(0)
        if self._next < len(self._tokens):
            token, position = self._tokens[self._next]
            raise _wrong(f"{token!r} where 'and', 'or' or the end is due", position)
        return root

    def _either(self, depth: int) -> _Node:
        parts = [self._both(depth)]
        while self._word() == "or":
            self._next += 1
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else _Joined("or", tuple(parts))

    def _both(self, depth: int) -> _Node:
        parts = [self._atom(depth)]
        while self._word() == "and":
            self._next += 1
            parts.append(self._atom(depth))
        return parts[0] if len(parts) == 1 else _Joined("and", tuple(parts))

    def _atom(self, depth: int) -> _Node:
        if self._next == len(self._tokens):
            raise _wrong("it ends where a gene is due", self._end)
        token, position = self._tokens[self._next]
        if token == ")" or token in _WORDS:
            raise _wrong(f"{token!r} where a gene or '(' is due", position)
        self._next += 1
        if token != "(":
            return token
        if depth == MAX_DEPTH:
            raise _wrong(f"more than {MAX_DEPTH} nested parentheses", position)
        inner = self._either(depth + 1)
        if self._next == len(self._tokens) or self._tokens[self._next][0] != ")":
            raise _wrong("a parenthesis that is not closed", position)
        self._next += 1
        return inner

    def _word(self) -> str | None:
        if self._next == len(self._tokens):
            return None
        return _WORDS.get(self._tokens[self._next][0])


def _tokens(text: str) -> list[tuple[str, int]]:
    tokens = []
    position = _end_of_space(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _wrong(f"the character {text[position]!r}", position)
        tokens.append((match[0], position))
        position = _end_of_space(text, match.end())
    return tokens


def _end_of_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _genes(node: _Node | None) -> list[str]:
    if node is None:
        return []
    if isinstance(node, str):
        return [node]
    return [gene for part in node.parts for gene in _genes(part)]


def _text(node: _Node) -> str:
    if isinstance(node, str):
        return node
    parts = (f"({_text(p)})" if isinstance(p, _Joined) else p for p in node.parts)
    return f" {node.word} ".join(parts)


def _renamed(node: _Node, names: Mapping[str, str]) -> _Node:
    if isinstance(node, str):
        return names[node]
    return _Joined(node.word, tuple(_renamed(part, names) for part in node.parts))


def _active(node: _Node, knocked_out: Container[str]) -> bool:
    if isinstance(node, str):
        return node not in knocked_out
    parts = (_active(part, knocked_out) for part in node.parts)
    return all(parts) if node.word == "and" else any(parts)


def _capacity(node: _Node, counts: Mapping[str, float]) -> float | None:
    if isinstance(node, str):
        return counts.get(node)
    parts = [_capacity(part, counts) for part in node.parts]
    known = [part for part in parts if part is not None]
    if node.word == "and":
        return min(known, default=None)
    return sum(known) if len(known) == len(parts) else None


def _wrong(problem: str, position: int) -> ModelImportError:
    return ModelImportError(
        f"gene rule, character {position}: {short(problem) if len(problem) > 200 else problem}; "
        "write genes joined by 'and' and 'or', with parentheses",
        details={"position": position},
    )
