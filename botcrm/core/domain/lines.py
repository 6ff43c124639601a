"""What a chat line is read into."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from botcrm.core.domain.custom_errors import BadValue, SaidTwice
from botcrm.core.domain.dates import When
from botcrm.core.domain.money import Money

# A link has a colon too.
_KEYED = re.compile(r"[^\W\d_][\w-]*[:：](?!//)(\S*)")

Direction = Literal["in", "out", "missed"]


@dataclass(slots=True)
class Token:
    """A piece of a line; `raw[start:end] == text`, and only white space lies between tokens.

    :ivar shape: verb, with (between verb and subject), word, quoted (the subject in quotes), next, or one of `verbs.SHAPES`
    :ivar value: Money, int minutes, str, (letter, id), WhenFound or WhenUnclear; the text for words, or what was wrong with
        them where a field was meant
    """

    text: str
    shape: str
    start: int
    end: int
    value: object = None


@dataclass(slots=True)
class Args:
    """What was read in a line.

    :ivar head: every token between the verb and the `next` clause
    :ivar subject_words: the first run of words, up to a shape; its longest start that matches a record is the subject
    :ivar quoted: the quoted subject, without its quotes
    :ivar words_after: the free words that are not subject_words
    :ivar amount: the money said; one with a currency, a multiplier or grouping goes before a bare number
    :ivar duration: minutes
    :ivar outcome: ok, no, busy or later
    :ivar phone: as typed; `phones.normal_phone` makes it E.164
    :ivar more_phones: the others, where the verb takes several; likewise `more_emails`
    :ivar when: a date said in the head, for verbs that read one
    :ivar repeat: the rule by which it comes again (`every mon 9:00`), `when` being the first time
    :ivar next_when: the date in the `next` clause
    :ivar next_repeat: the rule in the `next` clause
    :ivar next_text: the text of the `next` clause, perhaps empty; None if there is no clause
    :ivar own: the company's own fields that were said (`budget:12k`), by their keys; None empties one
    :ivar unread: what was said of own fields and makes no sense there; it is also kept as words
    :ivar no_phones: numbers with a country code that are none, as typed; they are no words
    :ivar extra: the second amount, duration, owner … of a line, which is also kept as a word
    """

    head: list[Token] = field(default_factory=list)
    subject_words: list[str] = field(default_factory=list)
    quoted: str | None = None
    words_after: list[str] = field(default_factory=list)
    amount: Money | None = None
    duration: int | None = None
    outcome: str | None = None
    direction: Direction | None = None
    stage: str | None = None
    tags: list[str] = field(default_factory=list)
    owner: str | None = None
    refs: list[tuple[str, int]] = field(default_factory=list)
    phone: str | None = None
    email: str | None = None
    more_phones: list[str] = field(default_factory=list)
    more_emails: list[str] = field(default_factory=list)
    when: When | None = None
    repeat: str | None = None
    next_when: When | None = None
    next_repeat: str | None = None
    next_text: str | None = None
    own: dict[str, Any] = field(default_factory=dict)
    unread: list[BadValue] = field(default_factory=list)
    no_phones: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """One command line, or (verb None) a text that starts with no verb.

    :ivar raw: the line as typed; a note's may hold several lines
    :ivar verb: the canonical verb
    :ivar slash: whether a slash was typed
    :ivar suggestions: the nearest verbs, if the line starts with none
    :ivar tokens: the whole line, the verb and the `next` clause included
    :ivar verbatim: whether the free text is kept exactly as typed
    """

    raw: str
    verb: str | None
    slash: bool
    args: Args
    suggestions: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    verbatim: bool = False

    def tried(self) -> int | None:
        """Return which of the free words is the first that was meant for a field and could not be read as one."""
        refused = any(not isinstance(error, SaidTwice) for error in self.args.unread)
        for place, token in enumerate(token for token in self.args.head if token.shape == "word"):
            match = _KEYED.fullmatch(token.text)
            if isinstance(token.value, BadValue) or (match is not None and (match[1] or refused)):
                return place
        return None

    def text_after(self, subject_words: int = 0) -> str:
        """Give the free text when the first `subject_words` words of the head are the subject.

        Shapes that were read are left out; the text of a verbatim verb, or of no verb, is kept as typed.
        """
        if self.verb is None:
            return self.raw.strip()
        words = [token for token in self.args.head if token.shape == "word"][subject_words:]
        if not words:
            return ""
        if self.verbatim:
            return self.raw[words[0].start :].strip()
        parts = [words[0].text]
        for before, token in pairwise(words):
            gap = self.raw[before.end : token.start]
            parts.append(gap if gap.isspace() else " ")
            parts.append(token.text)
        return "".join(parts).strip(" ,;")
