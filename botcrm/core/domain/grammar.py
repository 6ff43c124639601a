"""Read chat lines: verb, subject, shapes, and the clause after `next`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from botcrm.core.domain.dates import When
from botcrm.core.domain.money import Money
from botcrm.core.domain.verbs import VerbTable

Direction = Literal["in", "out", "missed"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a line; `raw[start:end] == text`, and only white space lies between tokens.

    :ivar shape: verb, word, quoted, next, or one of `verbs.SHAPES`
    :ivar value: Money, int minutes, str, (letter, id), WhenFound, WhenUnclear; the text for words
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
    :ivar subject_words: the words before the first shape: the longest start that matches a record is the subject
    :ivar quoted: the quoted subject, without its quotes
    :ivar words_after: the free words that are not subject_words
    :ivar when: a date said in the head, for verbs that read one
    :ivar next_when: the date in the `next` clause
    :ivar next_text: the text of the `next` clause; None if there is no clause
    :ivar extra: tokens of a shape the line has already (the second amount …), also kept as words
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
    when: When | None = None
    next_when: When | None = None
    next_text: str | None = None
    extra: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """One command line, or (verb None) a text that starts with no verb.

    :ivar raw: the line as typed
    :ivar verb: the canonical verb
    :ivar slash: whether a slash was typed
    :ivar suggestions: nearest verbs, if the line starts with none
    :ivar tokens: the whole line, the verb and the `next` clause included
    """

    raw: str
    verb: str | None
    slash: bool
    args: Args
    suggestions: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)

    def text_after(self, subject_words: int = 0) -> str:
        """Give the free text when the first `subject_words` words of the head are the subject.

        Shapes that were read are left out; a verbatim verb's text (note) is kept exactly as typed.
        """
        raise NotImplementedError


def parse_lines(
    text: str,
    *,
    verbs: VerbTable,
    now_wall: datetime,
    language: str = "en",
    currency: str = "USD",
    reply: bool = False,
) -> list[Line]:
    """Read a message: each line is a command; never raises, whatever the text.

    :param now_wall: naive wall time of the writer
    :param currency: ISO code for amounts without one
    :param reply: the message answers a card, which is the subject: no subject words are taken
    """
    raise NotImplementedError


def guess_subject(words: Sequence[str]) -> int:
    """Count the leading words that name a new record when nothing matches: a run of capitalised words, else 1."""
    raise NotImplementedError
