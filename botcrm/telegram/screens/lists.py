"""Lists: the home screen, the team, what a search found, files, people to hand over to."""

from collections.abc import Sequence

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import File, User
from botcrm.core.services.home import MOST, DealRow
from botcrm.core.services.loose import LooseRow
from botcrm.core.services.search.subjects import Found
from botcrm.core.services.search.texts import Said
from botcrm.core.services.staff.team import TeamRow
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, Kinds, call_sign, kind_of
from botcrm.telegram.screens.rot import quiet_row, waits_line
from botcrm.words import Words


def number(count: int) -> str:
    """Write a count that stops at MOST."""
    return f"{MOST - 1}+" if count >= MOST else str(count)


def counters_line(words: Words, incoming: int, planned: int, overdue: int) -> str:
    """Write the counters."""
    return words.t(
        "📥 {incoming} incoming · 📅 {planned} planned · 🔴 {overdue} overdue",
        incoming=incoming,
        planned=planned,
        overdue=overdue,
    )


def attention_line(words: Words, row: DealRow) -> str:
    """Write why a deal asks for attention, and since when; empty where it does not."""
    if row.attention_at is None:
        return ""
    what = {
        "reminder": "⏰ " + words.t("reminded"),
        "message": "📥 " + words.t("the client wrote"),
        "missed": "📵 " + words.t("missed call"),
        "comment": "💬 " + words.t("a colleague wrote"),
    }.get(row.attention_reason, "")
    return dots(what, words.soon(row.attention_at)) if what else ""


def deal_item(words: Words, kinds: Kinds, row: DealRow) -> str:
    """Write a deal as an item of a list."""
    late = row.deadline_at is not None and row.deadline_at < words.now
    if row.next_id:
        when = words.soon(row.next_at, row.next_has_time)
        step = f"{'🔴' if late else '▶'} {when} — {esc(clip(row.next_title, 60)) or words.t(kind_of(kinds, row.next_kind).label)}"
    else:
        waiting = waits_line(words, row.waiting_until, row.waiting_for)
        step = (waiting or "⚫ " + words.t("no next step")) if row.status == "open" else ""
    sums = dots(words.money(row.amount, row.currency), esc(row.stage), quiet_row(words, row), call_sign(row.last_call))
    return lines(
        f"{bold(clip(row.name, 60))} · {sums} · d{row.id}",
        f"   {step}" if step else "",
    )


def loose_item(words: Words, kinds: Kinds, row: LooseRow) -> str:
    """Write something to do that hangs on no deal, or on a colleague's, as an item of a list of deals."""
    kind = kind_of(kinds, row.kind)
    late = row.deadline_at is not None and row.deadline_at < words.now
    when = words.soon(row.due_at, row.has_time)
    whose = words.t("deal of {name}", name=esc(clip(row.deal_owner, 40))) if row.deal_id and row.deal_owner else None
    about = dots(esc(clip(row.about, 60)), whose)
    return lines(
        f"{kind.sign} {bold(clip(row.title, 60) or words.t(kind.label))} · a{row.id}",
        f"   {'🔴' if late else '▶'} {when}" + (f" — {about}" if about else ""),
    )


# So many people on a page of the team.
PEOPLE_SHOWN = 18


def team_screen(words: Words, rows: list[TeamRow], *, page: int = 0, may_invite: bool = True) -> Screen:
    """Show every subordinate's counters, a page at a time; a tap opens theirs."""
    if not rows and not may_invite:
        return Screen(words.t("Nobody reports to you."))
    if not rows:
        return Screen(words.t("Nobody reports to you yet. Invite somebody: /invite rep Anna"))
    pages = -(-len(rows) // PEOPLE_SHOWN)
    page = min(max(page, 0), pages - 1)
    shown = rows[page * PEOPLE_SHOWN : (page + 1) * PEOPLE_SHOWN]
    total = words.t(
        "All {n}: 📥 {incoming} · 📅 {planned} · 🔴 {overdue}",
        n=len(rows),
        incoming=sum(row.incoming for row in rows),
        planned=sum(row.planned for row in rows),
        overdue=sum(row.overdue for row in rows),
    )
    text = lines(
        bold(words.t("Team"))
        + (f" · {words.t('Page {page} of {pages}', page=page + 1, pages=pages)}" if pages > 1 else ""),
        total if pages > 1 else "",
        *(
            f"{esc(_called(words, row, 40))}: 📥 {row.incoming} · 📅 {row.planned} · 🔴 {row.overdue}"
            + (f" · ⚫ {number(row.violations)}" if row.violations else "")
            for row in shown
        ),
        words.t("⚫ open deals with no next step and no day to wait for")
        if any(row.violations for row in shown)
        else "",
    )
    opens = (Button(_called(words, row, 20), pack("hm", row.user_id, "-", 0)) for row in shown)
    without = [
        Button(f"⚫ {number(row.violations)} {clip(row.name, 16)}", pack("vi", row.user_id, 0))
        for row in shown
        if row.violations
    ]
    turn = [Button("←", pack("tm", page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("tm", page + 1)))
    return Screen(text, (*rows_of(opens, 3), *rows_of(without[:12], 3), turn))


def _called(words: Words, row: TeamRow, most: int) -> str:
    return words.t("{name} (left)", name=clip(row.name, most)) if row.gone else clip(row.name, most)


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
    back = [Button("← " + words.t("Team"), pack("tm", 0))]
    return Screen(text, (*rows_of(opens, 2), turn, back))


def found_screen(words: Words, query: str, found: list[Found], said: Sequence[Said] = ()) -> Screen:
    """Show what a search found: records, and below them the notes and activities that say it."""
    if not found and not said:
        return Screen(words.t("Nothing found for “{query}”.", query=esc(clip(query, 60))))
    items = [
        f"{SIGNS[item.entity]} {esc(clip(item.name, 80))} · {_ref(item.entity, item.record_id)}"
        + ("" if item.open else f" · {words.t('closed')}")
        for item in found
    ]
    for one in said:
        items.append(f"📝 {esc(clip(one.name, 60))} · {_ref(one.entity, one.record_id)}")
        items.append(f"   {esc(one.before)}{bold(one.found)}{esc(one.after)}")
    opens = {_ref(item.entity, item.record_id): (item.entity, item.name) for item in found}
    for one in said:
        opens.setdefault(_ref(one.entity, one.record_id), (one.entity, one.name))
    buttons = [
        Button(f"{SIGNS.get(entity, '📝')} {clip(name, 24)}", pack("op", ref)) for ref, (entity, name) in opens.items()
    ]
    return Screen(
        lines(words.t("Found for “{query}”:", query=esc(clip(query, 60))), *items), tuple(rows_of(buttons, 2))
    )


def _ref(entity: str, record_id: int) -> str:
    return f"{LETTERS[Entity(entity)]}{record_id}"


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
