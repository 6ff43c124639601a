"""Match the first tokens of a text against a language's words."""

from __future__ import annotations

import re

from botcrm.core.domain.date_words import Words
from botcrm.core.domain.text import fold

MOST_TOKENS = 16
_TOKENS = re.compile(r"\d+|[^\W\d_]+|[^\s\w]|_")


class Tokens:
    """The first tokens of a text, folded, with where they start and end."""

    def __init__(self, text: str, words: Words) -> None:
        self.text = text
        self.words = words
        self._tables = words.tables
        self.tokens: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        for match in _TOKENS.finditer(text):
            token = match[0]
            self.tokens.append(token.lower() if token.isascii() else fold(token))
            self.starts.append(match.start())
            self.ends.append(match.end())
            if len(self.tokens) == MOST_TOKENS:
                break
        self.count = len(self.tokens)

    def may_end(self, i: int) -> bool:
        """Say whether a phrase may end before token `i`: no letter, digit or hyphen is glued to it."""
        end = self.ends[i - 1]
        after = self.text[end : end + 1]
        if not after or after.isspace() or after in ",;!?)]":
            return True
        if after in ".:-–—":
            beyond = self.text[end + 1 : end + 2]
            return not beyond or beyond.isspace()
        return False

    def phrase(self, table: str, i: int) -> tuple[str, int] | None:
        """Match the longest phrase of a table."""
        if i >= self.count:
            return None
        for phrase, meaning in self._tables[table].get(self.tokens[i], ()):
            end = i + len(phrase)
            if len(phrase) == 1 or tuple(self.tokens[i:end]) == phrase:
                return meaning, end
        return None

    def skip(self, i: int, token: str) -> int:
        return i + 1 if i < self.count and self.tokens[i] == token else i

    def after(self, table: str, i: int) -> int:
        found = self.phrase(table, i)
        return found[1] if found is not None else i

    def number(self, i: int, most_digits: int = 4) -> int | None:
        if i < self.count and self.tokens[i].isdecimal() and len(self.tokens[i]) <= most_digits:
            return int(self.tokens[i])
        return None

    def glued(self, i: int) -> bool:
        """Say whether token `i` follows the one before without a space."""
        return 0 < i < self.count and self.starts[i] == self.ends[i - 1]
