"""Lists: the home screen, the team, what a search found, a timeline, files, people to hand over to."""

from dataclasses import dataclass
from datetime import datetime

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import File, User
from botcrm.core.services.cards import Entry
from botcrm.core.services.home import MOST, Column, DealRow, Home, TeamRow
from botcrm.core.services.subjects import Found
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, Kinds, kind_of, outcome
from botcrm.words import Words

_COLUMN_SIGNS: dict[Column, str] = {
    "overdue": "🔴",
    "today": "🟢",
    "this_week": "🔵",
    "next_week": "🔵",
    "later": "⚪",
    "none": "⚫",
}


def column_name(words: Words, column: Column) -> str:
    """Return what a column is called."""
    return {
        "overdue": words.t("Overdue"),
        "today": words.t("Today"),
        "this_week": words.t("This week"),
        "next_week": words.t("Next week"),
        "later": words.t("Later"),
        "none": words.t("No activity"),
    }[column]


def number(count: int) -> str:
    """Write a count that stops at MOST."""
    return f"{MOST - 1}+" if count >= MOST else str(count)


def counters_line(words: Words, incoming: int, planned: int, overdue: int) -> str:
    """Write the counters."""
    return words.t(
        "📥 {incoming} incoming · 📅 {planned} planned · 🔴 {overdue} overdue",
        incoming=number(incoming),
        planned=number(planned),
        overdue=number(overdue),
    )


def deal_item(words: Words, kinds: Kinds, row: DealRow) -> str:
    """Write a deal as an item of a list."""
    late = row.deadline_at is not None and row.deadline_at < words.now
    if row.next_id:
        when = words.soon(row.next_at, row.next_has_time)
        step = f"{'🔴' if late else '▶'} {when} — {esc(clip(row.next_title, 60)) or words.t(kind_of(kinds, row.next_kind).label)}"
    else:
        step = "⚫ " + words.t("no next step") if row.status == "open" else ""
    return lines(
        f"{bold(clip(row.name, 60))} · {dots(words.money(row.amount, row.currency), esc(row.stage))} · d{row.id}",
        f"   {step}" if step else "",
    )


def home_screen(words: Words, kinds: Kinds, home: Home, name: str = "") -> Screen:
    """Show the counters and a page of deals; `name` is whose, where it is not the reader's own."""
    total = sum(home.counts.values())
    shown: list[str] = []
    last: Column | None = None
    for row in home.rows:
        column = home.column or _column_of(home, row, words)
        if column != last:
            shown.append(
                f"\n{_COLUMN_SIGNS[column]} <b>{column_name(words, column)}</b> ({number(home.counts[column])})"
            )
            last = column
        shown.append(deal_item(words, kinds, row))
    if not total:
        shown = [
            "",
            words.t("No open deals. Type a line like this one to make the first:"),
            "<code>deal Acme 12k roof repair next fri 10:00 site visit</code>",
        ]
    elif not home.rows:
        shown = ["", words.t("Nothing here.")]
    text = lines(
        bold(words.t("Deals of {name}", name=name) if name else words.t("Today"))
        + f" · {words.date(words.wall(words.now))}",
        counters_line(words, home.incoming, home.planned, home.overdue),
        *shown,
    )
    owner = home.owner_id or 0
    opens = [Button(f"d{row.id} {clip(row.name, 18)}", pack("op", f"d{row.id}")) for row in home.rows]
    chips = [
        Button(f"{_COLUMN_SIGNS[column]} {column_name(words, column)} {number(count)}", pack("hm", owner, column, 0))
        for column, count in home.counts.items()
        if count and column != home.column
    ]
    pages = []
    here = home.column or "-"
    if home.page:
        pages.append(Button("←", pack("hm", owner, here, home.page - 1)))
    if home.column:
        pages.append(Button(words.t("All"), pack("hm", owner, "-", 0)))
    if home.more:
        pages.append(Button("→", pack("hm", owner, here, home.page + 1)))
    return Screen(text, (*rows_of(opens, 2), *rows_of(chips, 3), pages))


def _column_of(home: Home, row: DealRow, words: Words) -> Column:
    at, bounds = row.deadline_at, home.bounds
    if at is None:
        return "none"
    if at < words.now:
        return "overdue"
    if at < bounds.today_end:
        return "today"
    if at < bounds.week_end:
        return "this_week"
    return "next_week" if at < bounds.next_week_end else "later"


def team_screen(words: Words, rows: list[TeamRow], *, may_invite: bool = True) -> Screen:
    """Show every subordinate's counters; a tap opens theirs."""
    if not rows and not may_invite:
        return Screen(words.t("Nobody reports to you."))
    if not rows:
        return Screen(words.t("Nobody reports to you yet. Invite somebody: /invite rep Anna"))
    text = lines(
        bold(words.t("Team")),
        *(f"{esc(clip(row.name, 40))}: 📥 {row.incoming} · 📅 {row.planned} · 🔴 {row.overdue}" for row in rows),
    )
    return Screen(
        text, tuple(rows_of((Button(clip(row.name, 20), pack("hm", row.user_id, "-", 0)) for row in rows), 3))
    )


def found_screen(words: Words, query: str, found: list[Found]) -> Screen:
    """Show what a search found."""
    if not found:
        return Screen(words.t("Nothing found for “{query}”.", query=esc(clip(query, 60))))
    items = [
        f"{SIGNS[item.entity]} {esc(clip(item.name, 80))} · {LETTERS[Entity(item.entity)]}{item.record_id}"
        + ("" if item.open else f" · {words.t('closed')}")
        for item in found
    ]
    buttons = [
        Button(
            f"{SIGNS[item.entity]} {clip(item.name, 24)}", pack("op", f"{LETTERS[Entity(item.entity)]}{item.record_id}")
        )
        for item in found
    ]
    return Screen(
        lines(words.t("Found for “{query}”:", query=esc(clip(query, 60))), *items), tuple(rows_of(buttons, 2))
    )


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in a timeline's events are called; an activity's is its (kind, title)."""

    stages: dict[int, str]
    people: dict[int, str]
    activities: dict[int, tuple[str, str]]


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
                outcome(words, after.get("result")),
                title,
            )
        case "ActivityDone":
            return f"✅ {words.t('done')}: {which}"
        case "ActivityRescheduled":
            return "🕑 " + words.t("moved to {when}", when=_wall_text(words, after.get("due_wall"))) + f": {which}"
        case "ActivityCancelled":
            return f"✖ {words.t('called off')}: {which}"
        case "NoteAdded" | "NoteChanged":
            return f"📝 {esc(clip(str(after.get('text') or ''), 200))}"
        case "FileAdded":
            return f"📎 {esc(clip(str(after.get('name') or after.get('kind') or ''), 80))}"
        case "MessageReceived" | "MessageSent":
            return f"💬 {esc(clip(str(after.get('text') or ''), 200))}"
        case "OwnerChanged":
            who = bold(clip(names.people.get(int(after.get("owner_id") or 0), "?"), 40))
            what = "" if entry.entity in ("deal", "lead", "contact", "company") else f": {which}"
            return "🤝 " + words.t("went over to {who}", who=who) + what
        case "RecordAttached":
            return words.t("{what} put here", what=words.t(entry.entity))
        case "TagAdded":
            return f"#{esc(str(after.get('tag')))}"
        case "RecordDeleted":
            return "↩ " + words.t("{what} removed", what=which if entry.entity == "activity" else words.t(entry.entity))
        case "RecordRestored":
            return "↩ " + words.t("{what} is back", what=which if entry.entity == "activity" else words.t(entry.entity))
    if entry.type.endswith("Created"):
        return words.t("{what} added", what=words.t(entry.entity))
    changed = ", ".join(name.removesuffix("_id").replace("_", " ") for name in after) or entry.type
    return words.t("changed: {what}", what=esc(changed))


def _entry_text(words: Words, kinds: Kinds, entry: Entry, names: Names) -> str:
    """Word an event, and say so where it took another one back."""
    text = _change_text(words, kinds, entry, names)
    back = entry.undoes and entry.type not in ("RecordDeleted", "RecordRestored")
    return f"↩ {words.t('taken back')}: {text}" if back else text


def _day_and_time(words: Words, wall: datetime) -> str:
    return f"{words.day(wall)} {words.clock(wall)}"


def _wall_text(words: Words, wall: object) -> str:
    return _day_and_time(words, datetime.fromisoformat(str(wall))) if wall else words.t("no time yet")


def timeline_screen(
    words: Words,
    kinds: Kinds,
    name: str,
    ref: str,
    entries: list[tuple[int, Entry]],
    names: Names,
    more: bool,
) -> Screen:
    """Show what happened around a record, newest first."""
    shown = [
        f"{words.soon(entry.at)} · {esc(clip(entry.who, 30))}\n   {_entry_text(words, kinds, entry, names)}"
        for _, entry in entries
    ]
    text = lines(bold(words.t("Timeline of {name}", name=clip(name, 80))), *(shown or [words.t("Nothing yet.")]))
    buttons = [Button("← " + words.t("Back"), pack("op", ref))]
    if more and entries:
        buttons.append(Button(words.t("Older →"), pack("tl", ref, entries[-1][0])))
    entity = {letter: str(kind) for kind, letter in LETTERS.items()}[ref[0]]
    return Screen(text, (buttons,), (entity, int(ref[1:])))


def files_screen(words: Words, ref: str, files: list[File]) -> Screen:
    """Offer a record's files; a tap sends one again."""
    buttons = [Button(f"📎 {clip(file.name or file.caption or file.kind, 40)}", pack("fo", file.id)) for file in files]
    text = words.n("{n} file", "{n} files", len(files))
    return Screen(text, (*rows_of(buttons, 1), [Button("← " + words.t("Back"), pack("op", ref))]))


def people_screen(words: Words, ref: str, version: int, name: str, people: list[User]) -> Screen:
    """Offer the colleagues a record can be handed over to."""
    if not people:
        return Screen(
            words.t("There is nobody to hand it over to."), ([Button("← " + words.t("Back"), pack("op", ref))],)
        )
    buttons = [Button(clip(user.name, 30), pack("hO", ref, user.id, version)) for user in people[:20]]
    text = words.t("Hand {name} over to whom?", name=bold(clip(name, 100)))
    return Screen(text, (*rows_of(buttons, 2), [Button("← " + words.t("Back"), pack("op", ref))]))
