"""Which record a line is about, and what else it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from botcrm.core import db
from botcrm.core.domain.dates import WhenFound, WhenUnclear, moment_of
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.grammar import Line, guess_subject
from botcrm.core.domain.kinds import ENTITY_OF, ActivityKind
from botcrm.core.models import Activity, Contact, Deal, Record
from botcrm.core.services.access import facts_of, load_any, owned_sql, owners, record_of
from botcrm.core.services.activities import Due, change_activity, plan_activity
from botcrm.core.services.search.subjects import Found, Match, match_subject
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import clip, esc

Links = dict[str, int | None]


class Missing(CrmError):
    """A line lacks what its verb cannot do without."""

    message = "{what} Like this: {example}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what a line is about.

    :ivar record: the record, where it is clear
    :ivar typed: the words taken for it, as typed
    :ivar words: how many of the line's words they are; none where the subject stands in quotes
    :ivar candidates: what it may be, where it is not clear
    :ivar tier: how the candidates match, see `Match`
    """

    record: Record | None = None
    typed: str = ""
    words: int = 0
    candidates: tuple[Found, ...] = ()
    tier: str = ""


async def subject_of(ctx: Context, line: Line, entities: Sequence[str], *, loose: bool = False) -> Subject:
    """Find the subject of a line: a reference, else the card replied to, else the longest start that names a record.

    :param loose: also take one record whose words only start like the typed ones, where nothing else matches
    :raises NotFound: a reference to nothing within reach
    """
    args = line.args
    for letter, number in args.refs:
        entity = ENTITY_OF.get(letter)
        if entity in entities:
            return Subject(await load_any(ctx.work, str(entity), number))
    if args.refs:
        letter, number = args.refs[0]
        raise NotFound(ref=f"{letter}{number}")
    if ctx.about and not args.quoted:
        record = await _replied(ctx, entities)
        if record:
            return Subject(record)
    words = args.subject_words
    if not words and not args.quoted:
        return Subject()
    if args.quoted:
        return await _quoted(ctx, args.quoted, entities)
    # A comma behind a word is none of its letters: `Acme, roof`.
    match = await match_subject(ctx.work, [word.rstrip(",;") or word for word in words], entities)
    typed = _name(words[: match.words or 1])
    if match.found and (match.clear or (loose and _safe(match, typed))):
        first = match.found[0]
        return Subject(await load_any(ctx.work, first.entity, first.record_id), typed, match.words)
    if match.found and match.tier != "exact":
        count = max(match.words, 1)
        return Subject(None, _name(words[:count]), count, match.found, match.tier)
    if match.found:
        return Subject(None, typed, match.words, match.found, match.tier)
    count = guess_subject(words)
    return Subject(None, _name(words[:count]), count)


def _name(words: Sequence[str]) -> str:
    """Join the words of a name; a comma behind it is none of its letters."""
    return " ".join(words).rstrip(",;")


async def _quoted(ctx: Context, name: str, entities: Sequence[str]) -> Subject:
    """Take a name in quotes as it stands: the record of that very name, or a new one."""
    match = await match_subject(ctx.work, [name], entities)
    if match.found and match.tier == "exact" and match.only:
        return Subject(await load_any(ctx.work, match.found[0].entity, match.found[0].record_id), name)
    return Subject(
        None, name, 0, match.found if match.tier == "exact" else (), match.tier if match.tier == "exact" else ""
    )


def _safe(match: Match, typed: str) -> bool:
    return match.only and match.tier == "part" and len(typed) >= 3 and not typed[-1].isdigit()


async def _replied(ctx: Context, entities: Sequence[str]) -> Record | None:
    assert ctx.about is not None
    entity, record_id = ctx.about
    try:
        record = await load_any(ctx.work, entity, record_id)
        if entity in entities:
            return record
        links = facts_of(record)
        for other in entities:
            if links.get(f"{other}_id"):
                return await load_any(ctx.work, other, int(links[f"{other}_id"]))
    except NotFound:
        return None
    return None


async def links_of(ctx: Context, record: Record | None) -> Links:
    """Return what an activity about a record hangs on: a contact brings its company, and either its only open deal."""
    links: Links = {"deal_id": None, "contact_id": None, "company_id": None, "lead_id": None}
    if record is None:
        return links
    links |= {name: value for name, value in facts_of(record).items() if name in links}
    if isinstance(record, Contact):
        links["company_id"] = record.company_id
    if isinstance(record, Deal) or links["lead_id"]:
        return links
    if links["deal_id"]:
        row = await db.fetch_one("SELECT contact_id, company_id FROM deal WHERE id = ?", links["deal_id"])
        deal_links = (row["contact_id"], row["company_id"]) if row else (None, None)
    elif deal := await only_open_deal(ctx, links):
        links["deal_id"], deal_links = deal.id, (deal.contact_id, deal.company_id)
    else:
        return links
    links["contact_id"] = links["contact_id"] or deal_links[0]
    links["company_id"] = links["company_id"] or deal_links[1]
    return links


async def only_open_deal(ctx: Context, links: Links) -> Deal | None:
    """Return the one open deal within reach of a contact or else of a company; None where there are none or several."""
    reached = owned_sql("owner_id", owners(ctx.work.actor, "deal"))
    for column in ("contact_id", "company_id"):
        if not links[column]:
            continue
        rows = await db.fetch(
            f"SELECT * FROM deal WHERE {column} = ? AND status = 'open' AND deleted_at IS NULL AND {reached} LIMIT 2",
            links[column],
        )
        if rows:
            return record_of(ctx.work, Deal, rows[0]) if len(rows) == 1 else None
    return None


def without_subject(line: Line, subject: Subject) -> str:
    """Return a line without the words of its subject, as one would type it in reply to the card."""
    words = [token for token in line.args.head if token.shape == "word"][: subject.words]
    words = words or [token for token in line.args.head if token.shape == "quoted"]
    start, end = line.tokens[0].end, len(line.raw)
    rest = line.raw[start : words[0].start] + " " + line.raw[words[-1].end : end] if words else line.raw[start:end]
    return f"/{line.verb} {rest.strip(' ,;:')}"


# --- dates ---------------------------------------------------------------------------------------------------------------


def due_of(ctx: Context, found: WhenFound) -> Due:
    """Turn a date that was read into a due time."""
    exact = moment_of(found, ctx.said_at, ctx.work.prefs.zone) if found.delta is not None else None
    return Due(found.at, found.has_time, exact)


def due_or_options(ctx: Context, when: WhenFound | WhenUnclear | None) -> tuple[Due | None, tuple[datetime, ...]]:
    """Return a due time, or the times to choose from where the words have several readings."""
    if isinstance(when, WhenFound):
        return due_of(ctx, when), ()
    if isinstance(when, WhenUnclear):
        return None, tuple(option.at for option in when.options)
    return None, ()


def no_day(ctx: Context, when: WhenFound | WhenUnclear | None) -> str:
    """Say that there is no such day ahead, where a date was typed that is none."""
    if not isinstance(when, WhenUnclear) or when.options:
        return ""
    return "✋ " + ctx.words.t("There is no “{day}” ahead.", day=esc(clip(when.phrase.strip(), 40)))


async def plan(
    ctx: Context, kind: str, title: str, due: Due | None, rule: str | None, links: Mapping[str, int | None]
) -> Activity:
    """Plan something, by a rule where it comes again, also while its time is not clear yet."""
    activity = await plan_activity(ctx.work, kind, title, replace(due, rule=rule) if due else None, **links)
    return await change_activity(ctx.work, activity.id, recurrence=rule) if rule and due is None else activity


def kind_for(kinds: dict[str, ActivityKind], text: str) -> str:
    """Return the kind of activity a text speaks of by its first word: "call Anna" is a call; else a task.

    The kinds of installed plugins stand behind the built-in ones, and are meant first.
    """
    first = text.split(maxsplit=1)[0].casefold().strip(".,:!") if text.split() else ""
    return next((kind.name for kind in reversed(kinds.values()) if first in kind.words), "task")
