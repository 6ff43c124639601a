"""The verb about what is planned and what happened around a record: `/timeline acme`, `/timeline acme calls`."""

import contextlib
from collections import Counter
from datetime import datetime

from botcrm.contract.cards import TimelineItem
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Deal, Record, Stage, User
from botcrm.core.services.access import facts_of, load_any, ref
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.search.subjects import ENTITIES
from botcrm.core.services.timeline import GROUPS, TimelinePage
from botcrm.core.services.timeline import timeline as read_timeline
from botcrm.telegram.commands.deals import ask_who, pick_button
from botcrm.telegram.commands.subject import Missing, Subject, subject_of
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.plugged.added import MOST_ITEMS, added_items
from botcrm.telegram.screens.base import Screen, clip, esc, lines, rows_of
from botcrm.telegram.screens.timeline import Names, group_names, timeline_screen

_ABOUT = ("deal", "lead", "contact", "company")


async def timeline(ctx: Context, line: Line) -> Screen:
    """Show what is planned and what happened around a record, or only what is of one kind."""
    subject = await subject_of(ctx, line, (*ENTITIES, "activity"), loose=True)
    kind, rest = _kind(ctx, line.text_after(subject.words if subject.record or subject.candidates else 0))
    if subject.record is None:
        return _asked(ctx, subject, kind)
    ctx.main = about_of(subject.record)
    screen = await timeline_of(ctx, subject.record, kind=kind)
    unused = ctx.words.t("There is no kind “{words}”.", words=esc(clip(rest, 60))) if rest else ""
    return Screen(lines(screen.text, unused), screen.rows, screen.about)


def _kind(ctx: Context, text: str) -> tuple[str, str]:
    """Read which kind of entries is asked for; return it, and the words that name none."""
    wanted = fold(text)
    if not wanted:
        return "", ""
    names = {fold(label): group for group, label in group_names(ctx.words).items()}
    names |= {fold(word): group for group in GROUPS for word in (group, f"{group}s", ctx.words.t(group))}
    for kind in ctx.kinds.values():
        names |= {fold(word): kind.name for word in (kind.name, kind.label, f"{kind.label}s", ctx.words.t(kind.label))}
    found = names.get(wanted)
    return ("", text) if found is None else (found, "")


def _asked(ctx: Context, subject: Subject, kind: str) -> Screen:
    """Ask which record was meant."""
    if not subject.candidates and not subject.typed:
        raise Missing(what=ctx.words.t("Whose timeline?"), example="timeline Acme")
    if not subject.candidates:
        raise NotFound(ref=f"“{clip(subject.typed, 60)}”")
    twice = {name for name, n in Counter(item.name for item in subject.candidates).items() if n > 1}
    buttons = [
        pick_button(item, "tl", *(["", kind] if kind else []), numbered=item.name in twice)
        for item in subject.candidates
    ]
    return Screen(ask_who(ctx, subject, saved=False), tuple(rows_of(buttons, 2)))


async def subject_of_activity(ctx: Context, activity: Activity) -> Record:
    """Return what an activity is about, as far as the reader reaches it; else the activity itself."""
    links = facts_of(activity)
    for entity in _ABOUT:
        if links.get(f"{entity}_id"):
            with contextlib.suppress(NotFound):
                return await load_any(ctx.work, entity, int(links[f"{entity}_id"]))
    return activity


async def timeline_of(
    ctx: Context, record: Record, *, kind: str = "", before: int | None = None, after: int | None = None
) -> Screen:
    """Show a page of a record's timeline; an activity's is that of what it is about."""
    if isinstance(record, Activity):
        record = await subject_of_activity(ctx, record)
    page = await read_timeline(ctx.work, record, kind=kind, before=before, after=after)
    name, about = await ctx.name_of(record), ref(*about_of(record))
    items = await _added(ctx, record, page) if not kind else []
    names = await _names(record, page)
    return timeline_screen(ctx.words, ctx.kinds, name, about, page, names, kind=kind, items=items)


async def _names(record: Record, page: TimelinePage) -> Names:
    """Look up what the ids in the events are called."""
    activities = {entry.record_id for entry in page.entries if entry.entity == "activity"}
    people = {int(entry.after.get("owner_id") or 0) for entry in page.entries}
    deals = (
        {entry.record_id for entry in page.entries if entry.entity == "deal"} if not isinstance(record, Deal) else set()
    )
    owned = {entry.entity for entry in page.entries if "custom" in entry.after or "custom" in entry.before}
    return Names(
        stages={stage.id: stage.name for stage in await Stage.all()},
        people={user.id: user.name for user in await User.filter(id__in=people)} if people else {},
        activities={one.id: (one.kind, one.title) for one in await Activity.filter(id__in=activities)}
        if activities
        else {},
        deals={one.id: one.title for one in await Deal.filter(id__in=deals)} if deals else {},
        currency=str(getattr(record, "currency", "")),
        own={key: one for entity in sorted(owned) for key, one in (await custom_fields.by_id(entity)).items()},
    )


async def _added(ctx: Context, record: Record, page: TimelinePage) -> list[TimelineItem]:
    """Return what plugins add to a page: from its oldest entry on, up to where the page before began."""
    entity = record._meta.db_table
    answers = await ctx.work.hooks.ask(ctx.work, "timeline_items", entity=entity, record=record, limit=MOST_ITEMS)
    since: datetime | None = page.entries[-1].at if page.older is not None and page.entries else None
    return added_items(answers, since, page.above_at)
