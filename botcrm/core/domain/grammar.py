"""Read chat messages: `/deal Acme 12k roof repair next fri 10:00 site visit`.

A line is a verb, a subject, shapes and free words, then perhaps `next` with a date and a text. Shapes are read per
verb: `15m` is minutes in a call and millions in a deal. Nothing typed is lost: the tokens of a line cover it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from botcrm.core.domain.commas import CommaReader
from botcrm.core.domain.line_fields import Fields
from botcrm.core.domain.lines import Args, Direction, Line, Token
from botcrm.core.domain.shapes import VERB, VERB_PAIR, guess_subject
from botcrm.core.domain.verbs import NEAR, SHAPES, VERBS, VERY_NEAR, Verb, VerbTable

__all__ = [
    "SHAPES",
    "VERBS",
    "Args",
    "Direction",
    "Line",
    "Token",
    "Verb",
    "VerbTable",
    "guess_subject",
    "parse_lines",
]

# What `deals tag:roof amount>10k` has behind the verb.
_CONDITION = re.compile(r"-?[^\W\d]\w*(?::|[<>]=?)\S")
_NO_VERB = Verb("", frozenset({"ref", "phone", "email", "tag"}))


def parse_lines(
    text: str,
    *,
    verbs: VerbTable,
    now_wall: datetime,
    language: str = "en",
    currency: str = "USD",
    reply: bool = False,
    fields: Mapping[str, Fields] | None = None,
    known: Mapping[str, int] | None = None,
) -> list[Line]:
    """Read a message: each line is a command, blank lines are skipped; never raises, whatever the text.

    A line that starts with no verb has the verb None, except that it goes on with a note above it: a note begun with a
    slash ends at the next line with a slash, another one at the next line that starts with a verb.

    :param now_wall: naive wall time of the writer
    :param language: two letters, for date phrases
    :param currency: ISO code for amounts without one
    :param reply: the message answers a card, which is the subject: no subject words are taken
    :param fields: of each verb, the company's own fields by their keys, each with what reads its values
    :param known: of each line as typed, where the name of a record ends that looks like something else: `5k Runners`
    """

    def read(raw: str) -> Line:
        return _line(raw, verbs, now_wall, language, currency, reply, fields or {}, (known or {}).get(raw, 0))

    if "\n" not in text and "\r" not in text:
        return [read(text)] if text.strip() else []
    return [read(raw) for raw in _pieces(text, verbs) if raw.strip()]


def _pieces(text: str, verbs: VerbTable) -> list[str]:
    """Split a message into lines, a note with all its lines being one."""
    pieces: list[str] = []
    note_slash: bool | None = None
    for line in text.splitlines(keepends=True):
        match, verb = _start(line, verbs)
        slash = match is not None and bool(match[1])
        if note_slash is not None and (verb is None or (note_slash and not slash)):
            pieces[-1] += line
            continue
        pieces.append(line)
        note_slash = slash if verb is not None and verb.verbatim else None
    return [piece.rstrip("\r\n") for piece in pieces]


def _start(raw: str, verbs: VerbTable) -> tuple[re.Match[str] | None, Verb | None]:
    """Match the verb that a line starts with: the slash is group 1, and the end the verb's, of two words where it has two."""
    match = VERB.match(raw)
    if match is None:
        return None, None
    if verbs.has_pairs and (pair := VERB_PAIR.match(raw)) and (verb := verbs.find(pair[2], pair[3])):
        return pair, verb
    return match, verbs.find(match[2])


def _is_prose(token: Token, verb: Verb) -> bool:
    """Tell whether a token makes a line that starts with a list's name a sentence."""
    return token.shape == "word" and not (verb.filtered and _CONDITION.match(token.text))


def _line(
    raw: str,
    verbs: VerbTable,
    now: datetime,
    language: str,
    currency: str,
    reply: bool,
    fields: Mapping[str, Fields],
    known: int,
) -> Line:
    match, verb = _start(raw, verbs)
    if match is not None and verb is not None:
        slash, start = bool(match[1]), match.end()
        reader = CommaReader(raw, start, verb, now=now, language=language, currency=currency, reply=reply)
        reader.fields, reader.known = fields.get(verb.name, {}), known
        args = reader.read()
        if slash or not verb.alone or not any(_is_prose(token, verb) for token in args.head):
            typed = raw[match.start(1) : start]
            tokens = [Token(typed, "verb", match.start(1), start, verb.name), *args.head, *reader.tail]
            return Line(raw, verb.name, slash, args, tokens=tokens, verbatim=verb.verbatim)
    reader = CommaReader(raw, 0, _NO_VERB, now=now, language=language, currency=currency, reply=reply)
    args = reader.read()
    slash = match is not None and bool(match[1])
    suggestions = []
    if match is not None and verb is None:
        # Without a slash most lines are no command at all.
        suggestions = verbs.nearest(match[2], least=NEAR if slash else VERY_NEAR)
    return Line(raw, None, slash, args, suggestions, args.head)
