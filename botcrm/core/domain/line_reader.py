"""Read one line of the chat, from left to right."""

from __future__ import annotations

from typing import Any

from botcrm.core.domain import shapes
from botcrm.core.domain.custom_errors import SaidTwice
from botcrm.core.domain.date_words import LANGUAGES
from botcrm.core.domain.dates import WhenUnclear, find_when, read_when
from botcrm.core.domain.lines import Args, Token
from botcrm.core.domain.recurrence_reader import read_repeat
from botcrm.core.domain.shape_reader import SEVERAL, ShapeReader
from botcrm.core.domain.text import fold

_LEADING = " \t\r\n\u00a0,;:-–—"
_WEEK_WORDS = ("week", "month", "year", "weekend")
_WEEKDAYS = frozenset(word for words in LANGUAGES.values() for word in words.tables["weekdays"])


class LineReader(ShapeReader):
    """Read the tokens of a line behind its verb."""

    def read(self) -> Args:
        """Read the line; `args.head` and `tail` then hold its tokens."""
        pos = self._space(self.start)
        while pos < len(self.raw):
            if self._clause(pos):
                break
            token = self._token(pos)
            self._keep(token)
            pos = self._space(token.end)
        self._subject()
        return self.args

    # ---- keeping

    def _keep(self, token: Token) -> None:
        shape, args = token.shape, self.args
        if shape == "word":
            self._words.append(token.text)
        elif shape == "quoted":
            args.quoted = str(token.value)
        elif shape == "with":
            pass
        elif shape == "no_phone":
            args.no_phones.append(token.text)
        else:
            self._shaped = True
            value: Any = token.value
            if shape == "tag":
                args.tags.append(value)
            elif shape == "ref":
                args.refs.append(value)
            elif shape == "field":
                if args.own.get(value[0], value[1]) != value[1]:
                    said = token.text.split(":", 1)[-1].strip()
                    args.unread.append(SaidTwice(what=self.fields[value[0]].name, value=said[:40]))
                args.own[value[0]] = value[1]
            elif shape in SEVERAL and getattr(args, shape) is not None:
                getattr(args, SEVERAL[shape]).append(value)
            else:
                setattr(args, shape, value)
        self._head.append(token)

    def _subject(self) -> None:
        """Split the free words into the candidates for the subject and the others."""
        args = self.args
        open_subject = self.verb.takes_subject and not self.reply and args.quoted is None
        for token in self._head:
            if token.shape == "word":
                (args.subject_words if open_subject else args.words_after).append(token.text)
            elif args.subject_words or token.shape == "ref":
                open_subject = False

    # ---- one token

    def _token(self, pos: int) -> Token:
        raw, first = self.raw, self.raw[pos]
        token: Token | None = None
        joining = shapes.WITH.match(raw, pos) if self.verb.logs and not self._head and not self.reply else None
        if joining is not None:
            end = pos + len(joining[0].rstrip())
            return Token(raw[pos:end], "with", pos, end, raw[pos:end])
        if pos < self.known:
            token = None
        elif first in shapes.QUOTES:
            token = self._quoted(pos)
        elif self.verb.verbatim:
            token = self._reference(pos) if not self._words else None
        elif not self.shapes:
            token = None
        elif first.isdecimal() or first in "+(":
            token = self._number(pos)
        elif first.isalpha():
            token = self._word_shape(pos)
        else:
            token = self._sign(pos, first)
        if token is not None:
            return token
        match = shapes.WORD.match(raw, pos)
        end = match.end() if match is not None else pos + 1
        return Token(raw[pos:end], "word", pos, end, raw[pos:end])

    # ---- the `next` clause

    def _clause(self, pos: int) -> bool:
        """Read the rest of the line as the `next` clause, if it starts here."""
        if "next" not in self.shapes or not self._is_next(pos):
            return False
        args, raw = self.args, self.raw
        word = shapes.NEXT.match(raw, pos)
        start = said = word.end() if word is not None else pos
        while start < len(raw) and raw[start] in _LEADING:
            start += 1
        text = raw[start:]
        repeat = read_repeat(text, self.now, self.language)
        when = repeat.when if repeat else read_when(text, self.now, self.language)
        first = text.split(maxsplit=1)[:1]
        if when is None and first and first[0].lower().rstrip(",;:.") in _WEEK_WORDS:
            when, start = read_when(raw[pos:], self.now, self.language), pos
        if not self._head and not self.reply and when is None:
            # `Next Level Ltd` is a name.
            return False
        if when is not None:
            end = start + len(when.phrase.rstrip())
            if self._dated and not self.verb.logs and args.when is None and self._is_due(when.phrase):
                end = self._tail_end(end)
                self._keep(Token(raw[pos:end], "when", pos, end, when))
                self._rest_as_words(end)
                return True
            # What is no day ahead stays in the text.
            unclear = isinstance(when, WhenUnclear) and not when.options
            free = raw[start if unclear else end :].strip(_LEADING)
        else:
            when = find_when(text, self.now, self.language)
            if when is None and self._in_name(pos, text):
                return False
            unclear = isinstance(when, WhenUnclear) and not when.options
            free = (when.rest if when is not None and not unclear else text).strip(_LEADING)
        args.next_when, args.next_text, args.next_repeat = when, free, repeat.rule if repeat else None
        if start != pos:
            self.tail.append(Token(raw[pos:said], "next", pos, said, "next"))
        self._tail_tokens(pos if start == pos else said, when.phrase if when is not None else "", start)
        return True

    def _in_name(self, pos: int, text: str) -> bool:
        """Say whether `next` without a time belongs to a name: `Jan at next level`, `Jan Kos Next Level Ltd`."""
        before = self._head[-1] if self._head else None
        if before is None or before.shape != "word":
            return False
        return before.text.lower() in ("at", "from") or (self.raw[pos] == "N" and text[:1].isupper())

    def _is_due(self, phrase: str) -> bool:
        """Say whether `next` belongs to the date, as in `task Acme next fri order`: a bare day, week or month."""
        word = fold(phrase.split(maxsplit=1)[0]).rstrip(",.:")
        return word == "next" or word in _WEEKDAYS

    def _rest_as_words(self, pos: int) -> None:
        pos = self._space(pos)
        while pos < len(self.raw):
            token = self._token(pos)
            self._keep(token)
            pos = self._space(token.end)

    def _tail_tokens(self, pos: int, phrase: str, start: int) -> None:
        """Add the tokens of the clause, so that the whole line is covered."""
        raw = self.raw
        when_start = start if phrase and raw.startswith(phrase, start) else len(raw) - len(phrase) if phrase else -1
        when_end = when_start + len(phrase.rstrip())
        pos = self._space(pos)
        while pos < len(raw):
            if pos == when_start:
                self.tail.append(Token(raw[pos:when_end], "when", pos, when_end, self.args.next_when))
                pos = self._space(when_end)
                continue
            match = shapes.WORD.match(raw, pos)
            end = match.end() if match is not None else pos + 1
            if pos < when_start < end:
                end = when_start
            self.tail.append(Token(raw[pos:end], "word", pos, end, raw[pos:end]))
            pos = self._space(end)
