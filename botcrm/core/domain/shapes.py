"""Recognise what stands at one place of a line: a stage, a tag, a reference, an outcome …"""

from __future__ import annotations

import re
from collections.abc import Sequence

from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.domain.text import fold

# What may stand right behind a shape and belongs to its token.
_END = r"(?=[,;:.!?)]*(?:\s|$))"
TAIL = re.compile(r"[,;:.!?)]*")
WORD = re.compile(r"\S+")
SPACE = re.compile(r"\s*")
# A phone's keyboard ends a lone word with a full stop.
VERB = re.compile(r"\s*(/?)([^\W\d_]\w*)(?:@\w+)?(?::|[.!]+(?=\s*$))?(?=\s|$)")
VERB_PAIR = re.compile(r"\s*(/?)([^\W\d_]\w*)(?:@\w+)?[^\S\r\n]+([^\W\d_]\w*):?(?=\s|$)")

NEXT = re.compile(r"(?:next|nxt|netx|nex)(?=\s|$|[:,](?: |$))", re.IGNORECASE)
# What may stand between `call` or `meeting` and with whom.
WITH = re.compile(r"(?:[Ww]ith|to|ze?|со?)\s+(?=\S)")
STAGE = re.compile(rf">\s?(?:\"([^\"]+)\"|“([^”]+)”|([^\s>\"“]*[^\s>\"“,;:.!?)])){_END}")
TAG = re.compile(rf"#((?=[\w-]*[^\W\d_])[\w-]+){_END}")
OWNER = re.compile(rf"@([^\W\d]\w{{0,63}}){_END}")
EMAIL = re.compile(rf"[\w.+%-]{{1,64}}@(?:[\w-]{{1,63}}\.)+[^\W\d_]{{2,63}}{_END}")
PHONE = re.compile(
    rf"\+?\(?\d[\d\s().\u00a0–-]{{4,24}}\d(?:\s*(?:ext|wewn?|доб|доп|x)\.?\s*\d{{1,6}})?{_END}", re.IGNORECASE
)
NO_PHONE = re.compile(rf"\+\d[\d\s().\u00a0–-]*\d{_END}")
_LETTERS = "".join(sorted(set(ENTITY_OF) & set("dcolan")))
REF = re.compile(rf"/?([{_LETTERS}])(\d{{1,12}}){_END}")
REF_FIRST = re.compile(REF.pattern, re.IGNORECASE)

QUOTES = {'"': '"', "“": "”", "„": "”“", "«": "»", "「": "」", "『": "』"}

_OUTCOMES = {
    "ok": "ok|okay|done|yes|success|reached|agreed|👍|✅|ок|да|готово",
    "no": "no|no answer|not reached|refused|declined|no show|нет|nie",
    "busy": "busy|line busy|занято|zajęte",
    "later": "later|call later|call back later|postponed|позже|później",
}
OUTCOMES = {phrase: outcome for outcome, phrases in _OUTCOMES.items() for phrase in phrases.split("|")}
_OUTCOME_WORDS = "|".join(re.escape(phrase) for phrase in sorted(OUTCOMES, key=len, reverse=True))
OUTCOME = re.compile(rf"(?:{_OUTCOME_WORDS}){_END}", re.IGNORECASE)

DIRECTIONS = {
    "incoming": "in",
    "inbound": "in",
    "outgoing": "out",
    "outbound": "out",
    "missed": "missed",
    "пропущенный": "missed",
}

_JOINING = "& and und et i y e и + de van von der den la le du di da del bin al zu ter of"
_JOINERS = frozenset(_JOINING.split())
_FORMS = frozenset(
    fold(form)
    for form in (
        *("ltd", "ltd.", "llc", "inc", "inc.", "gmbh", "ag", "sa", "s.a.", "kg", "co", "co.", "plc", "oy", "ab", "bv"),
        *(
            "sp.",
            "sp",
            "z",
            "zoo",
            "o.o.",
            "k.",
            "j.",
            "s.c.",
            "ooo",
            "ооо",
            "ип",
            "ао",
            "srl",
            "s.r.l.",
            "s.r.o.",
            "kk",
        ),
    )
)


def guess_subject(words: Sequence[str]) -> int:
    """Count the leading words that name a new record when nothing matches.

    The name is the run of capitalised words at the start, with what joins them (`Anna van Dam`, `Kim & Co`) and a
    company form behind (`acme ltd`, `Foo sp. z o.o.`); one word if nothing is capitalised; 0 only for no words.
    """
    count = 0
    for i, word in enumerate(words):
        bare = word.strip(",;.()")
        if bare[:1].isupper() or (i and fold(word.rstrip(",;")) in _FORMS):
            count = i + 1
        elif not count or (bare.lower() not in _JOINERS and word not in _JOINERS):
            if i or not _form_next(words):
                break
            count = 1
        if word.endswith((",", ";")):
            break
    return max(count, 1) if words else 0


def _form_next(words: Sequence[str]) -> bool:
    return len(words) > 1 and fold(words[1].rstrip(",;")) in _FORMS


def quoted_end(text: str, start: int) -> int:
    """Find the end of the quotes that open at `start`; -1 if they never close, or hold nothing."""
    closing = QUOTES[text[start]]
    ends = [end for mark in closing if (end := text.find(mark, start + 1)) > start + 1]
    end = min(ends, default=-1)
    if end < 0 or not text[start + 1 : end].strip():
        return -1
    after = text[end + 1 : end + 2]
    return end + 1 if not after or after.isspace() or after in ",;:.!?)" else -1


def two_numbers(text: str) -> str:
    """Return the first of two numbers of the same length with a space between, as in `601234567 602345678`; "" where it is one."""
    half, digits = count_digits(text) / 2, 0
    for place, character in enumerate(text):
        digits += character.isdecimal()
        if digits == half and text[place + 1 : place + 2].isspace():
            return text[: place + 1]
    return ""


def count_digits(text: str) -> int:
    """Count the digits of a text."""
    return sum(character.isdecimal() for character in text)
