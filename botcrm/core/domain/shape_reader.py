"""Read what can stand at one place of a chat line: a date, an amount, a phone, one of the company's own fields …"""

from __future__ import annotations

from datetime import datetime

from botcrm.core.domain import shapes
from botcrm.core.domain.custom_errors import BadValue
from botcrm.core.domain.dates import can_start, read_when
from botcrm.core.domain.durations import scan_duration
from botcrm.core.domain.line_fields import Fields, find_field
from botcrm.core.domain.lines import Args, Token
from botcrm.core.domain.money import scan_amount
from botcrm.core.domain.recurrence_reader import may_repeat, read_repeat
from botcrm.core.domain.text import fold
from botcrm.core.domain.verbs import Verb

_SINGLE = ("amount", "duration", "outcome", "direction", "stage", "owner", "phone", "email", "when", "repeat")
SEVERAL = {"phone": "more_phones", "email": "more_emails"}
_PHONE_DIGITS = (7, 15)
_BARE_PHONE_DIGITS = 9
_FEWEST_DIGITS = 4
_JAPANESE_ENDS = frozenset("時分半にの、は")


class ShapeReader:
    """Make a token of what stands at a place, if it is one of the verb's shapes."""

    def __init__(
        self, raw: str, start: int, verb: Verb, *, now: datetime, language: str, currency: str, reply: bool
    ) -> None:
        self.raw = raw
        self.start = start
        self.verb = verb
        self.shapes = verb.shapes
        self.now = now
        self.language = language
        self.currency = currency
        self.reply = reply
        self.args = Args()
        self.tail: list[Token] = []
        self._words: list[str] = []
        self._shaped = False
        self._bare_amount: int | None = None
        self._head: list[Token] = self.args.head
        self._dated = "when" in verb.shapes
        self.fields: Fields = {}
        self.known = start
        """Up to where the line is the name of a record, whatever its words look like."""

    def _space(self, pos: int) -> int:
        raw, length = self.raw, len(self.raw)
        while pos < length and raw[pos].isspace():
            pos += 1
        return pos

    def _make(self, shape: str, start: int, end: int, value: object) -> Token | None:
        """Make a token with the punctuation behind it; a shape the line has already stays a word."""
        one_more = self.verb.several and shape in SEVERAL
        if shape in _SINGLE and not one_more and getattr(self.args, shape) is not None:
            if shape not in ("outcome", "direction", "when"):
                self.args.extra.append(self.raw[start:end])
            return None
        after = self._tail_end(end)
        # Japanese has no spaces: behind a time or a particle the words go on at once, 月曜9時に電話; 明日香 is a name.
        goes_on = shape in ("when", "repeat") and self.raw[end - 1] in _JAPANESE_ENDS
        if after < len(self.raw) and not self.raw[after].isspace() and not goes_on:
            return None
        return Token(self.raw[start:after], shape, start, after, value)

    def _quoted(self, pos: int) -> Token | None:
        """Take quotes for the subject if no free word stands before them."""
        if self.args.quoted is not None or self._words or self.reply or not self.verb.takes_subject:
            return None
        end = shapes.quoted_end(self.raw, pos)
        return self._make("quoted", pos, end, self.raw[pos + 1 : end - 1].strip()) if end > 0 else None

    def _reference(self, pos: int) -> Token | None:
        pattern = shapes.REF if self._words else shapes.REF_FIRST
        match = pattern.match(self.raw, pos)
        if match is None:
            return None
        return self._make("ref", pos, match.end(), (match[1].lower(), int(match[2])))

    def _sign(self, pos: int, first: str) -> Token | None:
        for sign, shape, pattern in (
            (">", "stage", shapes.STAGE),
            ("#", "tag", shapes.TAG),
            ("@", "owner", shapes.OWNER),
        ):
            if first == sign and shape in self.shapes:
                match = pattern.match(self.raw, pos)
                if match is not None:
                    value = next(group for group in match.groups() if group is not None)
                    return self._make(shape, pos, match.end(), value)
        if first == "@" and self._dated:
            return self._date(pos)
        if first == "/" and "ref" in self.shapes:
            return self._reference(pos)
        if first in "👍✅" and "outcome" in self.shapes:
            return self._outcome(pos)
        return self._amount(pos) if "amount" in self.shapes else None

    def _number(self, pos: int) -> Token | None:
        wanted = self.shapes
        return (
            (self._phone(pos) if "phone" in wanted else None)
            or (self._date(pos) if self._dated else None)
            or (self._duration(pos) if "duration" in wanted else None)
            or (self._amount(pos) if "amount" in wanted else None)
            or (self._email(pos) if "email" in wanted else None)
            or (self._no_phone(pos) if self.verb.several else None)
        )

    def _word_shape(self, pos: int) -> Token | None:
        wanted = self.shapes
        return (
            (self._field(pos) if self.fields and "field" in wanted else None)
            or (self._reference(pos) if "ref" in wanted else None)
            or (self._repeat(pos) if "repeat" in wanted else None)
            or (self._date(pos) if self._dated else None)
            or (self._email(pos) if "email" in wanted else None)
            or (self._amount(pos) if "amount" in wanted else None)
            or (self._outcome(pos) if "outcome" in wanted else None)
            or (self._direction(pos) if "direction" in wanted else None)
        )

    # ---- where a word may be a shape

    def _early(self) -> bool:
        """Say whether the place is still next to the subject, before any free text."""
        if not self._head:
            return True
        if self._head[-1].shape != "word":
            return True
        if self._shaped or self.reply or self.args.quoted is not None:
            return False
        return len(self._words) <= 2 or shapes.guess_subject(self._words) == len(self._words)

    def _last(self, end: int) -> bool:
        """Say whether nothing but a `next` clause follows."""
        after = self._space(end)
        return after >= len(self.raw) or ("next" in self.shapes and self._is_next(after))

    def _tail_end(self, end: int) -> int:
        """Give the end with the punctuation behind it, if a space or the end follows that."""
        tail = shapes.TAIL.match(self.raw, end)
        after = tail.end() if tail is not None else end
        return after if after >= len(self.raw) or self.raw[after].isspace() else end

    # ---- shapes

    def _email(self, pos: int) -> Token | None:
        match = shapes.EMAIL.match(self.raw, pos)
        return self._make("email", pos, match.end(), match[0].lower()) if match is not None else None

    def _phone(self, pos: int) -> Token | None:
        match = shapes.PHONE.match(self.raw, pos)
        if match is None:
            return None
        digits, text = shapes.count_digits(match[0]), match[0]
        if digits > _PHONE_DIGITS[1] and (both := shapes.two_numbers(text)):
            text, digits = both, digits // 2
        least = (
            _PHONE_DIGITS[0] if match[0].startswith("+") or not self.shapes & {"amount", "when"} else _BARE_PHONE_DIGITS
        )
        if not least <= digits <= _PHONE_DIGITS[1] + 6:
            return None
        return self._make("phone", pos, pos + len(text), text)

    def _no_phone(self, pos: int) -> Token | None:
        """Take a number with a country code that is none: it is no part of a name."""
        match = shapes.NO_PHONE.match(self.raw, pos)
        if match is None or shapes.count_digits(match[0]) < _FEWEST_DIGITS:
            return None
        return self._make("no_phone", pos, match.end(), match[0])

    def _duration(self, pos: int) -> Token | None:
        found = scan_duration(self.raw, pos)
        return self._make("duration", pos, found[1], found[0]) if found is not None else None

    def _amount(self, pos: int) -> Token | None:
        """Read an amount; a marked one takes the place of a bare number before it."""
        found = scan_amount(self.raw, pos, self.currency)
        if found is None:
            return None
        if found.marked:
            if self._bare_amount is not None:
                self._demote(self._bare_amount)
            return self._make("amount", pos, found.end, found.money)
        after = self._space(found.end)
        # `2 windows` counts windows; a number in the place of the subject is a name.
        if (
            found.money.amount < 100
            and after < len(self.raw)
            and self.raw[after].isalpha()
            and not self._is_next(after)
        ):
            return None
        if not self._head and not self.reply:
            return None
        token = self._make("amount", pos, found.end, found.money)
        if token is not None:
            self._bare_amount = len(self._head)
        return token

    def _demote(self, i: int) -> None:
        """Turn a bare number that was taken for the amount back into a word."""
        token = self._head[i]
        self._head[i] = Token(token.text, "word", token.start, token.end, token.text)
        self._words = [token.text for token in self._head if token.shape == "word"]
        self.args.amount = None
        self._bare_amount = None

    def _outcome(self, pos: int) -> Token | None:
        match = shapes.OUTCOME.match(self.raw, pos)
        if match is None or not (self._early() or self._last(match.end())):
            return None
        if not self._head and self.verb.takes_subject and not self.reply:
            return None
        return self._make("outcome", pos, match.end(), shapes.OUTCOMES[" ".join(match[0].lower().split())])

    def _direction(self, pos: int) -> Token | None:
        match = shapes.WORD.match(self.raw, pos)
        if match is None:
            return None
        word = match[0].rstrip(",;:.!?)").lower()
        end = pos + len(word)
        if word in ("in", "out"):
            return self._make("direction", pos, end, word) if not self._head or self._last(end) else None
        meant = shapes.DIRECTIONS.get(word)
        return self._make("direction", pos, end, meant) if meant is not None and self._early() else None

    def _date(self, pos: int) -> Token | None:
        if self.args.when is not None or (self.verb.logs and not self._early()):
            return None
        if not can_start(self.raw, pos, self.language):
            return None
        when = read_when(self.raw[pos:], self.now, self.language, allow_past=self.verb.logs)
        if when is None or (not self._head and not self.reply and self._is_name(pos, when.phrase)):
            return None
        end = pos + len(when.phrase.rstrip())
        return self._make("when", pos, end, when)

    def _repeat(self, pos: int) -> Token | None:
        """Read `every mon 9:00`: the rule is the token's value, its first time the line's date."""
        if self.args.when is not None or (self.verb.logs and not self._early()):
            return None
        match = shapes.WORD.match(self.raw, pos)
        if match is None or not may_repeat(match[0]) or (not self._head and self._is_name(pos, match[0])):
            return None
        found = read_repeat(self.raw[pos:], self.now, self.language)
        token = self._make("repeat", pos, pos + len(found.phrase.rstrip()), found.rule) if found else None
        if found and token:
            self.args.when = found.when
        return token

    def _is_name(self, pos: int, phrase: str) -> bool:
        """Say whether a capitalised weekday in the subject's place starts a name: `Sun Microsystems`."""
        after = self._space(pos + len(phrase))
        return phrase.istitle() and phrase.isalpha() and self.raw[after : after + 1].isupper()

    def _field(self, pos: int) -> Token | None:
        found = find_field(self.raw, pos, self.fields, lambda at: "next" in self.shapes and self._is_next(at))
        if found is None:
            return self._dated_field(pos)
        for end, value in found.readings:
            token = self._make("field", pos, end, (found.key, value))
            if token is not None:
                return token
        if found.refused is not None:
            self.args.unread.append(found.refused)
        return None

    def _dated_field(self, pos: int) -> Token | None:
        """Read a field whose value is a date and stands behind the key without a colon; a dash at the end empties it."""
        word = shapes.WORD.match(self.raw, pos)
        own = self.fields.get(fold(word[0])) if word is not None else None
        if word is None or own is None or not own.dated or not (self._head or self.reply):
            return None
        start = self._space(word.end())
        when = read_when(self.raw[start:], self.now, self.language) if start < len(self.raw) else None
        end = start + (len(when.phrase.rstrip()) if when is not None else 1)
        text = self.raw[start:end]
        if when is None and not (text in ("-", "–", "—") and self._last(end)):
            return None
        try:
            return self._make("field", pos, end, (fold(word[0]), own.read(text)))
        except BadValue as error:
            self.args.unread.append(error)
            # Its date is no amount either.
            end = self._tail_end(end)
            return Token(self.raw[pos:end], "word", pos, end, error)

    def _is_next(self, pos: int) -> bool:
        word = shapes.NEXT.match(self.raw, pos)
        if word is None or word[0].lower() == "next":
            return word is not None
        # Misspelt it is one only where a date follows.
        return read_when(self.raw[word.end() :].lstrip(" ,:"), self.now, self.language) is not None
