"""Lists: the home screen, the team, what a search found, files, people to hand over to."""


from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import File, User
from botcrm.core.services.home import MOST, Column, DealRow, Home, TeamRow
from botcrm.core.services.subjects import Found
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, Kinds, kind_of
from botcrm.telegram.screens.rot import quiet_row, waits_line
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
        waiting = waits_line(words, row.waiting_until, row.waiting_for)
        step = (waiting or "⚫ " + words.t("no next step")) if row.status == "open" else ""
    sums = dots(words.money(row.amount, row.currency), esc(row.stage), quiet_row(words, row))
    return lines(
        f"{bold(clip(row.name, 60))} · {sums} · d{row.id}",
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
        *(
            f"{esc(clip(row.name, 40))}: 📥 {row.incoming} · 📅 {row.planned} · 🔴 {row.overdue}"
            + (f" · ⚫ {number(row.violations)}" if row.violations else "")
            for row in rows
        ),
        words.t("⚫ open deals with no next step and no day to wait for") if any(row.violations for row in rows) else "",
    )
    opens = (Button(clip(row.name, 20), pack("hm", row.user_id, "-", 0)) for row in rows)
    without = [
        Button(f"⚫ {number(row.violations)} {clip(row.name, 16)}", pack("vi", row.user_id, 0))
        for row in rows
        if row.violations
    ]
    return Screen(text, (*rows_of(opens, 3), *rows_of(without[:12], 3)))


def violations_screen(
    words: Words, kinds: Kinds, name: str, user_id: int, rows: list[DealRow], page: int, *, more: bool
) -> Screen:
    """Show a person's open deals that have neither a next step nor a day to wait for."""
    text = lines(
        "⚫ " + bold(words.t("Deals of {name} without a next step", name=clip(name, 60))),
        *(deal_item(words, kinds, row) for row in rows),
        "" if rows else words.t("None: each has a next step, or a day to wait for."),
    )
    opens = [Button(f"d{row.id} {clip(row.name, 18)}", pack("op", f"d{row.id}")) for row in rows]
    turn = [Button("←", pack("vi", user_id, page - 1))] if page else []
    if more:
        turn.append(Button("→", pack("vi", user_id, page + 1)))
    return Screen(text, (*rows_of(opens, 2), turn))


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


def files_screen(words: Words, ref: str, files: list[File]) -> Screen:
    """Offer a record's files; a tap sends one again."""
    buttons = [Button(f"📎 {clip(file.name or file.caption or file.kind, 40)}", pack("fo", file.id)) for file in files]
    text = words.n("{n} file", "{n} files", len(files))
    return Screen(text, (*rows_of(buttons, 1), [Button("← " + words.t("Back"), pack("op", ref))]))


_PEOPLE = 8


def people_screen(words: Words, ref: str, version: int, name: str, people: list[User], page: int = 0) -> Screen:
    """Offer the colleagues a record can be handed over to, eight at a time."""
    back = Button("← " + words.t("Back"), pack("op", ref))
    if not people:
        return Screen(words.t("There is nobody to hand it over to."), ([back],))
    pages = -(-len(people) // _PEOPLE)
    page = min(max(page, 0), pages - 1)
    shown = people[page * _PEOPLE : (page + 1) * _PEOPLE]
    buttons = [Button(clip(user.name, 30), pack("hO", ref, user.id, version)) for user in shown]
    turn = [Button("←", pack("ho", ref, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("ho", ref, page + 1)))
    text = lines(
        words.t("Hand {name} over to whom?", name=bold(clip(name, 100))),
        words.t("Page {page} of {pages}", page=page + 1, pages=pages) if pages > 1 else "",
    )
    return Screen(text, (*rows_of(buttons, 2), turn, [back]))
