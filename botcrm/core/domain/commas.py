"""Read lines whose commas stand directly between a shape and something else: `call Jan,15m,ok`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from itertools import islice

from botcrm.core.domain.line_reader import LineReader
from botcrm.core.domain.lines import Args, Token

# A comma inside a word, unless it groups digits: `Jan,15m` and `d1,15m`, not `1,200`; two phones may have a slash as well.
_COMMA = re.compile(
    r"(?:(?<=[^\s,\d]),(?=[^\s,])|(?<=\d),(?=[^\s,\d])|(?:(?<=\s)/?[dcolan]\d{1,12}),(?=\d)|(?<=\d{7})[,/](?=\+?\d{7}))"
)
_MOST = 20


class CommaReader(LineReader):
    """Read a line as if a space followed each comma beside a shape; the tokens hold the line as it was typed."""

    def read(self) -> Args:
        """Read the line; `args.head` and `tail` then hold its tokens."""
        self._typed, self._commas = self.raw, self._parting()
        self.raw = _blanked(self.raw, self._commas)
        return super().read()

    def _parting(self) -> list[int]:
        """Give the places of the commas, twenty at most, that a shape follows or that follow a number or a sign."""
        if self.verb.verbatim or not self.shapes or not ("," in self.raw or "/" in self.raw[self.start :]):
            return []
        commas = [match.end() - 1 for match in islice(_COMMA.finditer(self.raw, self.start), _MOST)]
        if not commas:
            return []
        probe = copy(self)
        probe.raw = probe._typed = _blanked(self.raw, commas)
        found: set[int] = set()
        for comma in commas:
            end = probe._shape_end(comma + 1)
            if end >= 0:
                found |= {comma, end}
            start = max(self.raw.rfind(" ", 0, comma), self.start - 1) + 1
            # A word like `ok` or `May` is as likely part of the text; a number or a sign is not.
            if not self.raw[start].isalpha() and probe._shape_end(start) == comma:
                found.add(comma)
        return [comma for comma in commas if comma in found]

    def _shape_end(self, pos: int) -> int:
        """Give the end of the shape at a place behind a word; -1 if there is none."""
        self.args = Args()
        self._head, self._words, self._bare_amount = self.args.head, [], None
        self._head.append(Token(self.raw[:1], "word", 0, 1, self.raw[:1]))
        if "next" in self.shapes and self._is_next(pos):
            return pos
        token = self._token(pos)
        return token.end if token.shape not in ("word", "quoted") else -1

    def _clause(self, pos: int) -> bool:
        if not self._is_next(pos):
            return False
        self.raw = self._typed  # its text stays as it was typed
        return super()._clause(pos)

    def _subject(self) -> None:
        if self._commas:
            self._head[:] = [self._as_typed(token) for token in self._head]
        super()._subject()
        if self._commas and self.args.quoted is not None:
            self.args.quoted = next(str(token.value) for token in self._head if token.shape == "quoted")

    def _as_typed(self, token: Token) -> Token:
        """Give a token its commas back: those inside it and the one behind it."""
        end = token.end + (token.end in self._commas)
        text = self._typed[token.start : end]
        value = text if token.shape == "word" and isinstance(token.value, str) else token.value
        if token.shape == "quoted":
            # Blanking a comma keeps the length, so the name stands where it stood.
            start = token.text.index(str(token.value), 1)
            value = text[start : start + len(str(token.value))]
        return Token(text, token.shape, token.start, end, value)


def _blanked(text: str, places: Sequence[int]) -> str:
    if not places:
        return text
    characters = list(text)
    for place in places:
        characters[place] = " "
    return "".join(characters)
