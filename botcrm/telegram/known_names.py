"""Names of records that look like an amount, a length or a date where they start a line: 5k Runners, 3M, Jan."""

import re
from collections.abc import Sequence

from botcrm.core import db
from botcrm.core.domain.dates import When, WhenFound, WhenUnclear, read_when
from botcrm.core.domain.grammar import Line, Token
from botcrm.core.domain.text import fold
from botcrm.core.services.search.subjects import ENTITIES, by_name, match_subject
from botcrm.telegram.context import Context

# Of these the words of a name may seem to be one; a sign, an address or a whole phone is none.
_LIKE_NAMES = frozenset({"amount", "duration", "when", "repeat", "outcome", "direction"})
_WORD = re.compile(r"[^\s,;]+")
_MOST_WORDS = 8


async def known_names(ctx: Context, found: Sequence[Line]) -> dict[str, int]:
    """Return where the known name ends that a line starts with, for each line where something else was read in it."""
    ends = dict[str, int]()
    for line in found if ctx.about is None else ():
        verb = ctx.plugged.verbs().find(line.verb) if line.verb else None
        head = [token for token in line.args.head if token.shape != "with"]
        shaped = next((token for token in head if token.shape != "word"), None)
        if verb is None or not verb.takes_subject or verb.verbatim or shaped is None or line.args.refs:
            continue
        if shaped.shape in _LIKE_NAMES and (end := await _name_end(ctx, line, head[0].start, shaped)):
            ends[line.raw] = end
    return ends


async def _name_end(ctx: Context, line: Line, start: int, shaped: Token) -> int:
    """Return where the longest name within reach ends that goes into what was read; 0 where there is none."""
    dated = shaped.start == start and shaped.shape in ("when", "repeat")
    if dated and line.raw[start].islower():
        return 0  # a name that is a date to itself has a capital
    words = [match.end() for match in _WORD.finditer(line.raw, start)][:_MOST_WORDS]
    ends = [end for end in reversed(words) if end > shaped.start]
    entities = ("company", "contact") if line.verb == "deal" else ENTITIES
    phrases = {end: fold(line.raw[start:end]) for end in ends}
    names = await _names_among(ctx, list(phrases.values()), entities)
    exact = next((end for end, phrase in phrases.items() if phrase in names), 0)
    if exact or shaped.start != start:
        return exact
    # The start of a name counts only where it says more than the date or number: `Jan` of `Jan 5`, `5k Runners` of a club.
    for end in ends[-4:]:
        said = line.raw[start:end].split()
        month = dated and end == words[0] and read_when(said[0], ctx.said_wall, ctx.work.prefs.language) is None
        if month or end > shaped.end:
            match = await match_subject(ctx.work, said, entities)
            if match.tier in ("exact", "start") and match.words == len(said):
                return end
    return 0


async def _names_among(ctx: Context, phrases: Sequence[str], entities: Sequence[str]) -> set[str]:
    """Return which of some folded phrases are names of records within reach."""
    if not phrases:
        return set()
    marks = ", ".join("?" * len(phrases))
    known = await db.fetch_one(f"SELECT 1 AS y FROM search_entry WHERE folded IN ({marks}) LIMIT 1", *phrases)
    # In most lines nobody's record is called so, which this one look into the index tells.
    return {fold(found.name) for found in await by_name(ctx.work, phrases, entities)} if known else set()


def both_readings(was: Line, line: Line) -> None:
    """Let the time be asked where a name was read as a part of a date: `task Jan 5 windows`."""
    said = was.args.when
    first = next((token for token in was.args.head if token.shape != "with"), None)
    logged = line.args.outcome or line.args.duration
    if said is None or first is None or first.shape != "when" or logged:
        return
    name = next((token for token in line.args.head if token.shape == "word"), None)
    if name is None or name.end >= first.end:
        return
    options = dict.fromkeys((*_options(said), *_options(line.args.when)))
    line.args.when = WhenUnclear(tuple(options), said.rest, said.phrase)


def _options(when: When | None) -> tuple[WhenFound, ...]:
    return (when,) if isinstance(when, WhenFound) else when.options if when is not None else ()
