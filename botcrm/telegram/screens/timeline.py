"""The timeline of a record: what is planned first, then what happened, day by day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from botcrm.contract.cards import TimelineItem
from botcrm.core.domain.kinds import LETTERS, MISSED, Entity
from botcrm.core.domain.reminding import minutes_in
from botcrm.core.services.custom.fields import Held
from botcrm.core.services.timeline import Entry, Planned, TimelinePage
from botcrm.telegram.plugged.added import LONGEST_LINE
from botcrm.telegram.plugged.markup import safe_line
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import Kinds, kind_of, outcome
from botcrm.telegram.screens.own_values import changes_text
from botcrm.telegram.screens.repeats import length_text, repeat_text
from botcrm.words import Words

_MOST_KINDS = 9


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in a timeline's events are called; an activity's is its (kind, title).

    :ivar deals: the deals whose story a company's, contact's or lead's timeline tells
    :ivar currency: of the record's amounts
    :ivar own: the company's own fields by their ids
    """

    stages: dict[int, str]
    people: dict[int, str]
    activities: dict[int, tuple[str, str]]
    deals: dict[int, str] = field(default_factory=dict)
    currency: str = ""
    own: Mapping[str, Held] = field(default_factory=dict)


def group_names(words: Words) -> dict[str, str]:
    """Return what the groups that a timeline can be narrowed to are called."""
    return {
        "": words.t("All"),
        "activity": words.t("Activities"),
        "note": words.t("Notes"),
        "file": words.t("Files"),
        "message": words.t("Messages"),
        "change": words.t("Changes"),
    }


def _change_text(words: Words, kinds: Kinds, entry: Entry, names: Names) -> str:
    """Word one event of a timeline."""
    stages = names.stages
    after, before = entry.after, entry.before
    title = esc(clip(str(after.get("title") or ""), 80))
    kind_name, known = (
        names.activities.get(entry.record_id, ("task", "")) if entry.entity == "activity" else ("task", "")
    )
    kind = kind_of(kinds, kind_name)
    which = esc(clip(known, 80)) or words.t(kind.label)
    amount = after.get("duration_minutes")
    match entry.type:
        case "DealStageChanged" | "DealReopened":
            return words.t(
                "stage: {a} → {b}",
                a=esc(stages.get(before.get("stage_id", 0), "?")),
                b=esc(stages.get(after.get("stage_id", 0), "?")),
            )
        case "DealWon":
            return "🏆 " + words.t("won")
        case "DealLost":
            return "🚫 " + dots(words.t("lost"), esc(clip(str(after.get("lost_reason") or ""), 100)))
        case "ActivityPlanned":
            return f"{kind.sign} {words.t('planned')}: {title or words.t(kind.label)}"
        case "ActivityLogged":
            return f"{kind.sign} " + dots(
                words.t(kind.label),
                words.minutes(amount) if amount else None,
                words.t("missed") if after.get("direction") == MISSED else outcome(words, after.get("result")),
                title,
            )
        case "ActivityDone":
            return f"✅ {words.t('done')}: {which}"
        case "ActivityRescheduled":
            return "🕑 " + words.t("moved to {when}", when=_moved_to(words, after)) + f": {which}"
        case "MissedCallSettled":
            return "✅ " + words.t("the missed call is dealt with")
        case "MessageAnswered":
            return "✅ " + words.t("the client's message is dealt with")
        case "ActivityCancelled":
            return f"✖ {words.t('called off')}: {which}"
        case "NoteAdded" | "NoteChanged":
            return f"📝 {esc(clip(str(after.get('text') or ''), 200))}"
        case "FileAdded":
            return f"📎 {esc(clip(str(after.get('name') or after.get('kind') or ''), 80))}"
        case "MessageReceived" | "MessageSent":
            return f"💬 {esc(clip(str(after.get('text') or ''), 200))}"
        case "MessageEdited" | "FileChanged":
            return f"✏️ {esc(clip(str(after.get('text') or after.get('caption') or ''), 200))}"
        case "OwnerChanged" | "ClientTaken":
            who = bold(clip(names.people.get(int(after.get("owner_id") or 0), "?"), 40))
            named = which if entry.entity == "activity" else words.t(entry.entity)
            what = "" if entry.entity in ("deal", "lead", "contact", "company") else f": {named}"
            return "🤝 " + words.t("went over to {who}", who=who) + what
        case "DealWaits" if after.get("waiting_until") or after.get("waiting_for"):
            until = after.get("waiting_until")
            when = _day_and_time(words, words.wall(datetime.fromisoformat(str(until)))) if until else ""
            reason = esc(clip(str(after.get("waiting_for") or ""), 150))
            return "⏳ " + dots(words.t("waits until {when}", when=when) if when else words.t("waits"), reason)
        case "DealWaits":
            return "⏳ " + words.t("waits no longer")
        case "RecordMerged":
            refs = (f"{LETTERS[Entity(entry.entity)]}{one}" for one in (entry.record_id, after.get("merged_into_id")))
            return "🔗 " + words.t("{a} was merged into {b}", **dict(zip("ab", refs, strict=True)))
        case "RecordUnmerged":
            refs = (f"{LETTERS[Entity(entry.entity)]}{one}" for one in (entry.record_id, before.get("merged_into_id")))
            return "🔗 " + words.t("{a} was taken out of {b} again", **dict(zip("ab", refs, strict=True)))
        case "RecordErased":
            return "🔒 " + words.t("personal data erased")
        case "RecordAttached":
            return words.t("{what} put here", what=words.t(entry.entity))
        case "RuleRan":
            did = "; ".join(str(one) for one in after.get("did") or ())
            return "⚙ " + words.t(
                "rule “{name}”: {did}", name=esc(clip(str(after.get("rule")), 80)), did=esc(clip(did, 300))
            )
        case "TagAdded":
            return f"#{esc(str(after.get('tag')))}"
        case "TagRemoved":
            return words.t("{what} removed", what=f"#{esc(str(before.get('tag')))}")
        case "RecordDeleted":
            return "↩ " + words.t("{what} removed", what=which if entry.entity == "activity" else words.t(entry.entity))
        case "RecordRestored":
            return "↩ " + words.t("{what} is back", what=which if entry.entity == "activity" else words.t(entry.entity))
    if entry.type.endswith("Created"):
        return words.t("{what} added", what=words.t(entry.entity))
    changed = ", ".join(
        _field(words, name, before.get(name), value, entry, names)
        for name, value in after.items()
        if name not in _NOBODYS_BUSINESS
    )
    return words.t("changed: {what}", what=esc(changed)) if changed else words.t("changed")


# What follows from a change beside it and says nothing to anybody.
_NOBODYS_BUSINESS = frozenset({"slot_wall", "due_wall", "due_zone", "telegram_id", "stage_entered_at"})


def _field_name(words: Words, name: str) -> str:
    """Return what people call a field."""
    known = {
        "company_name": words.t("company"),
        "direction": words.t("direction"),
        "duration_minutes": words.t("length"),
        "expected_at": words.t("expected date"),
        "lost_reason": words.t("lost reason"),
        "recurrence": words.t("repeats"),
        "reminders": words.t("reminders"),
        "repeat_minutes": words.t("reminds again"),
        "result": words.t("result"),
    }
    return known.get(name) or words.t(name.removesuffix("_id").replace("_", " "))


def _worded(words: Words, name: str, value: object) -> str | None:
    """Write the value of a field that is stored in a form of its own; None for any other field."""
    match name:
        case "recurrence":
            return repeat_text(words, str(value)) if value else words.t("never")
        case "reminders" if value is None:
            return words.t("as in the settings")
        case "reminders":
            return ", ".join(length_text(words, one) for one in minutes_in(str(value))) or words.t("none")
        case "expected_close":
            return words.date(datetime.fromisoformat(str(value))) if value else words.t("none")
        case "repeat_minutes" | "duration_minutes":
            return words.minutes(int(str(value))) if value else words.t("never")
    return None


def _field(words: Words, name: str, old: object, new: object, entry: Entry, names: Names) -> str:
    """Write one field's change: with both values where people know them."""
    if name == "custom":
        held = [value if isinstance(value, dict) else {} for value in (old, new)]
        return changes_text(words, names.own, *held) or words.t("fields")
    label = _field_name(words, name)
    told = _worded(words, name, new)
    if told is not None:
        return f"{label} {_worded(words, name, old)} → {told}"
    if name.endswith("_id") or not isinstance(old, str | int | float | None) or not isinstance(new, str | int | float):
        return label
    if name == "amount":
        currency = str(entry.after.get("currency") or names.currency)
        was, now = (_amount(words, value, currency) for value in (old, new))
    else:
        was, now = (clip(str(value), 60) if value not in (None, "") else "" for value in (old, new))
    return f"{label} {was} → {now}" if was and now else f"{label} {was or now}".strip()


def _amount(words: Words, value: object, currency: str) -> str:
    try:
        return words.money(Decimal(str(value)), currency) if value is not None and currency else str(value or "")
    except InvalidOperation:
        return str(value)


def _entry_text(words: Words, kinds: Kinds, entry: Entry, names: Names) -> str:
    """Word an event; where it took another one back, that one."""
    back = entry.undoes and entry.type not in ("RecordDeleted", "RecordRestored", "RecordUnmerged")
    text = _change_text(words, kinds, _undone(entry) if back and not entry.again else entry, names)
    if entry.entity == "deal" and entry.record_id in names.deals:
        text += f" · {esc(clip(names.deals[entry.record_id], 60))}"
    if not back:
        return text
    return f"↪ {words.t('brought back')}: {text}" if entry.again else f"↩ {words.t('taken back')}: {text}"


def _undone(entry: Entry) -> Entry:
    """Return what an entry took back, as it stood here before."""
    kind = {"TagAdded": "TagRemoved", "TagRemoved": "TagAdded"}.get(entry.type, entry.type)
    return replace(entry, type=kind, before=entry.after, after=entry.before)


def _day_and_time(words: Words, wall: datetime) -> str:
    return f"{words.day(wall)} {words.clock(wall)}"


def _moved_to(words: Words, after: Mapping[str, Any]) -> str:
    """Write by the reader's clock when something is due now: another's wall clock may have been meant."""
    if after.get("due_at"):
        return _day_and_time(words, words.wall(datetime.fromisoformat(str(after["due_at"]))))
    wall = after.get("due_wall")
    return _day_and_time(words, datetime.fromisoformat(str(wall))) if wall else words.t("no time yet")


def _planned_lines(words: Words, kinds: Kinds, planned: Sequence[Planned], more: int) -> list[str]:
    shown = []
    for step in planned:
        late = step.deadline_at is not None and step.deadline_at < words.now
        kind = kind_of(kinds, step.kind)
        when = words.soon(step.due_at, step.has_time)
        what = f"{kind.sign} {esc(clip(step.title, 200)) or words.t(kind.label)}"
        shown.append(f"{'🔴' if late else '▶'} {when} · {esc(clip(step.owner, 30))}\n   {what}")
    if more:
        shown.append(words.n("and {n} more planned", "and {n} more planned", more))
    return ["\n" + bold(words.t("Planned")), *shown] if shown else []


def _told(
    words: Words, kinds: Kinds, entries: Iterable[Entry], names: Names, items: Sequence[TimelineItem]
) -> list[str]:
    """Write what happened, newest first, under the day it happened."""
    told = [(entry.at, entry.who, _entry_text(words, kinds, entry, names)) for entry in entries]
    told += [(item.at, item.who or "botcrm", safe_line(item.text, LONGEST_LINE)) for item in items]
    told.sort(key=lambda one: one[0], reverse=True)
    shown, day = list[str](), None
    for at, who, what in told:
        wall = words.wall(at)
        if wall.date() != day:
            day, name = wall.date(), words.day(wall)
            shown.append("\n" + bold(name[:1].upper() + name[1:]))
        shown.append(f"{words.clock(wall)} · {esc(clip(who, 30))}\n   {what}")
    return shown


def timeline_screen(
    words: Words,
    kinds: Kinds,
    name: str,
    ref: str,
    page: TimelinePage,
    names: Names,
    *,
    kind: str = "",
    items: Sequence[TimelineItem] = (),
) -> Screen:
    """Show a page of a timeline; `items` are what plugins add of the same stretch of time."""
    nothing = words.t("Nothing yet.") if page.newer is None and page.older is None else words.t("Nothing here.")
    told = _told(words, kinds, page.entries, names, items)
    text = lines(
        dots(bold(words.t("Timeline of {name}", name=clip(name, 80))), ref),
        *_planned_lines(words, kinds, page.planned, page.more_planned),
        *(told or ([] if page.planned else [nothing])),
    )
    opens = [
        Button(f"📎 {clip(file.name or file.caption or file.kind, 30)}", pack("fo", file.id)) for file in page.files
    ]
    turn: list[Button] = []
    if page.newer is not None:
        turn.append(Button(words.t("← Newer"), pack("tl", ref, f"a{page.newer}", kind)))
    if page.older is not None:
        turn.append(Button(words.t("Older →"), pack("tl", ref, page.older, kind)))
    entity = {letter: str(kind) for kind, letter in LETTERS.items()}[ref[0]]
    back = [Button("← " + words.t("Back"), pack("op", ref))]
    return Screen(text, (*rows_of(opens, 2), turn, *_kind_rows(words, kinds, ref, kind), back), (entity, int(ref[1:])))


def _kind_rows(words: Words, kinds: Kinds, ref: str, chosen: str) -> list[Row]:
    """Offer to narrow it down; the kinds of activity show once activities were chosen."""
    groups = group_names(words)

    def chip(label: str, kind: str) -> Button:
        return Button(f"• {label}" if kind == chosen else label, pack("tl", ref, "", kind))

    rows: list[Row] = list(rows_of((chip(label, kind) for kind, label in groups.items()), 3))
    if chosen == "activity" or chosen not in groups:
        several = [chip(f"{kind.sign} {words.t(kind.label)}", kind.name) for kind in list(kinds.values())[:_MOST_KINDS]]
        rows += rows_of(several, 3)
    return rows
