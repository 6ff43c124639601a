"""What managers and their people tell each other: what is overdue, the evening digest, questions, work handed over."""

from collections.abc import Mapping, Sequence

from botcrm.core.models import Note
from botcrm.core.services.day import DayDone, PersonDone
from botcrm.core.services.home import DealRow
from botcrm.core.services.loose import LooseRow
from botcrm.core.services.overdue import LateActivity
from botcrm.core.services.staff.handover import HandedOver, Rehearsal
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import Kinds, kind_of
from botcrm.telegram.screens.lists import deal_item, loose_item, number
from botcrm.words import Words

_LISTED = 10
_OPENED = 6


def late_screen(
    words: Words,
    kinds: Kinds,
    late: Sequence[LateActivity],
    counts: Mapping[int, int],
    reader_id: int,
    *,
    last_id: int = 0,
    putting_off: bool = False,
    head: str = "",
) -> Screen:
    """Tell of several overdue activities at once, by whose they are; `counts` also counts what is not listed.

    :param last_id: by which all of them can be put off together
    :param putting_off: offer until when
    """
    total = max(sum(counts.values()), len(late))
    shown: list[str] = []
    people: dict[int, str] = {}
    for one in late:
        people.setdefault(one.late_id, one.late)
    listed = late[:_LISTED]
    for late_id, name in people.items():
        own = [one for one in listed if one.late_id == late_id]
        count = max(counts.get(late_id, 0), len([one for one in late if one.late_id == late_id]))
        who = words.t("You") if late_id == reader_id else name
        shown.append(f"{bold(clip(who, 40))}: {count}")
        shown += [f"   {words.soon(one.due_at, one.has_time)} — {_what(words, kinds, one)}" for one in own]
    more = total - len(listed)
    text = lines(
        head,
        "🔴 " + bold(words.n("{n} is overdue", "{n} are overdue", total)),
        *shown,
        words.t("… and {n} more", n=more) if more > 0 else "",
    )
    opens = [Button(_open_label(words, kinds, one), pack("ov", one.id)) for one in listed[:_OPENED]]
    rest = [
        Button(f"🔴 {clip(words.t('You') if late_id == reader_id else name, 20)}", pack("hm", late_id, "overdue", 0))
        for late_id, name in list(people.items())[:3]
    ]
    return Screen(text, (*rows_of(opens, 2), rest, _put_off(words, last_id, putting_off=putting_off)))


def _put_off(words: Words, last_id: int, *, putting_off: bool) -> Row:
    """Offer to hear of all of them again later."""
    if not last_id:
        return []
    if not putting_off:
        return [Button("💤 " + words.t("Snooze all"), pack("sa", last_id))]
    return [
        *(Button("💤 " + words.minutes(n), pack("sa", last_id, n)) for n in (60, 180)),
        Button("💤 " + words.t("Tomorrow 9:00"), pack("sa", last_id, "t")),
    ]


def _open_label(words: Words, kinds: Kinds, one: LateActivity) -> str:
    """Name one of them on a button so that it is told from another one of the same words."""
    title = clip(one.title or words.t(kind_of(kinds, one.kind).label), 18 if one.about else 28)
    return f"{title} — {clip(one.about, 18)}" if one.about else title


def _what(words: Words, kinds: Kinds, one: LateActivity) -> str:
    title = esc(clip(one.title, 80)) or words.t(kind_of(kinds, one.kind).label)
    return f"{title} — {esc(clip(one.about, 60))}" if one.about else title


def evening_screen(
    words: Words,
    kinds: Kinds,
    name: str,
    done: DayDone,
    overdue: int,
    tomorrow: Sequence[DealRow | LooseRow],
    team: Sequence[PersonDone],
) -> Screen:
    """Say what was done today, what is left, what tomorrow brings, and what the team did."""
    kinds_done = dots(*(f"{kind_of(kinds, kind).sign} {_label(words, kinds, kind)} {n}" for kind, n in done.kinds))
    sums = dots(*(words.money(amount, currency) for currency, amount in done.won))
    first = bold(name.split(maxsplit=1)[0] if name.split() else name)
    text = lines(
        words.t("🌙 Your day, {name}.", name=first),
        "✅ " + words.n("{n} thing done", "{n} things done", done.done) + f": {kinds_done}" if done.kinds else "",
        "🏆 " + dots(words.n("{n} deal won", "{n} deals won", done.deals_won), sums or None) if done.deals_won else "",
        "🚫 " + words.n("{n} deal lost", "{n} deals lost", done.deals_lost) if done.deals_lost else "",
        "💼 " + words.n("{n} deal opened", "{n} deals opened", done.deals_opened) if done.deals_opened else "",
        "💬 " + words.n("{n} message answered", "{n} messages answered", done.answered) if done.answered else "",
        "🔴 " + words.t("Still overdue: {n}", n=number(overdue)) if overdue else "",
        bold(words.t("Tomorrow:")) if tomorrow else "",
        *(
            loose_item(words, kinds, row) if isinstance(row, LooseRow) else deal_item(words, kinds, row)
            for row in tomorrow
        ),
        bold(words.t("Your team today:")) if team else "",
        *(_person_line(words, one) for one in team),
    )
    rows = [[Button("📋 " + words.t("Today"), pack("hm", 0, "-", 0))]]
    if overdue:
        rows[0].append(Button("🔴 " + words.t("Overdue"), pack("hm", 0, "overdue", 0)))
    return Screen(text, tuple(rows))


def _label(words: Words, kinds: Kinds, kind: str) -> str:
    return esc(words.t(kind_of(kinds, kind).label).lower())


def _person_line(words: Words, one: PersonDone) -> str:
    won = words.n("{n} deal won", "{n} deals won", one.won) if one.won else None
    return f"{esc(clip(one.name, 40))}: " + dots(words.t("{n} done", n=one.done), won)


# --- questions ---------------------------------------------------------------------------------------------------------


def question_screen(
    words: Words, who: str, name: str, text: str, note_id: int, ref: str, about: tuple[str, int]
) -> Screen:
    """Pass a colleague's question about a record on."""
    asked = words.t("{who} asks about {name}:", who=bold(clip(who, 40)), name=bold(clip(name, 100)))
    row = [Button("✏️ " + words.t("Answer"), pack("qa", note_id)), Button(words.t("Open"), pack("op", ref))]
    return Screen(lines("💬 " + asked, esc(clip(text, 1500))), (row,), about)


def answer_screen(
    words: Words, who: str, name: str, note: Note, question: Note | None, ref: str, about: tuple[str, int]
) -> Screen:
    """Bring a colleague's answer to whoever asked."""
    told = words.t("{who} answers about {name}:", who=bold(clip(who, 40)), name=bold(clip(name, 100)))
    text = lines(
        "💬 " + told, esc(clip(note.text, 1500)), f"<i>{esc(clip(question.text, 200))}</i>" if question else ""
    )
    return Screen(text, ([Button(words.t("Open"), pack("op", ref))],), about)


# --- all of somebody's work -----------------------------------------------------------------------------------------------


def count_line(words: Words, counts: Mapping[str, int]) -> str:
    """Write how many records of each entity."""
    said = {
        "deal": words.n("{n} deal", "{n} deals", counts.get("deal", 0)),
        "lead": words.n("{n} lead", "{n} leads", counts.get("lead", 0)),
        "contact": words.n("{n} contact", "{n} contacts", counts.get("contact", 0)),
        "company": words.n("{n} company", "{n} companies", counts.get("company", 0)),
        "activity": words.n("{n} planned activity", "{n} planned activities", counts.get("activity", 0)),
        "message": words.n("{n} message to answer", "{n} messages to answer", counts.get("message", 0)),
        "user": words.n("{n} person's manager", "{n} people's manager", counts.get("user", 0)),
    }
    return dots(*(text for entity, text in said.items() if counts.get(entity)))


def rehearsal_screen(
    words: Words, former: tuple[int, str], target: tuple[int, str], rehearsal: Rehearsal, *, gone: bool
) -> Screen:
    """Show what would go over, before it does; `gone` where the former owner has left."""
    nothing = not (rehearsal.total or rehearsal.closed or rehearsal.people)
    text = lines(
        words.t("Hand over all of {a}'s work to {b}?", a=bold(clip(former[1], 40)), b=bold(clip(target[1], 40))),
        words.t("{name} has left.", name=esc(clip(former[1], 40))) if gone else "",
        count_line(words, rehearsal.counts) or words.t("Nothing is open."),
        words.n("Closed deals and leads: {n}", "Closed deals and leads: {n}", rehearsal.closed)
        if rehearsal.closed
        else "",
        words.n("{n} person reports to {name}.", "{n} people report to {name}.", rehearsal.people, name=esc(former[1]))
        if rehearsal.people
        else "",
        "" if nothing else words.t("What was done and written stays with who did it."),
    )
    rows = []
    if rehearsal.total:
        label = words.t("Hand over {n}", n=rehearsal.total)
        rows.append([Button("🤝 " + label, pack("hW", former[0], target[0], 0))])
    if rehearsal.closed:
        label = words.t("With what is closed: {n}", n=rehearsal.total + rehearsal.closed)
        rows.append([Button(label, pack("hW", former[0], target[0], 1))])
    if rehearsal.people:
        label = words.n("And {n} person", "And {n} people", rehearsal.people)
        rows.append([Button("👥 " + label, pack("hW", former[0], target[0], 2))])
    rows.append([Button(words.t("Never mind"), pack("hX"))])
    return Screen(text, tuple(rows))


def hand_over_button(words: Words, user_id: int) -> Button:
    """Return the button that offers to hand over all of somebody's work."""
    return Button("🤝 " + words.t("Hand over all"), pack("hl", user_id))


def left_screen(words: Words, former: tuple[int, str], counts: Mapping[str, int]) -> Screen:
    """Tell whoever is in charge that somebody has left, and what they leave undone."""
    text = lines(
        "🚪 " + words.t("{name} has left. Still theirs:", name=bold(clip(former[1], 60))),
        count_line(words, counts),
        words.t("Nobody else is told of it but you, until it is handed over."),
    )
    see = Button("📋 " + words.t("Show"), pack("hm", former[0], "-", 0))
    return Screen(text, ([hand_over_button(words, former[0]), see],))


def whom_screen(words: Words, former: tuple[int, str], people: Sequence[tuple[int, str]]) -> Screen:
    """Ask who gets all of somebody's work."""
    text = words.t("Who gets all of {name}'s work?", name=bold(clip(former[1], 40)))
    buttons = [Button(clip(name, 30), pack("hw", former[0], user_id)) for user_id, name in people]
    return Screen(text, (*rows_of(buttons, 2), [Button(words.t("Never mind"), pack("hX"))]))


def handed_all_screen(words: Words, former: str, target: str, done: HandedOver, undo: str) -> Screen:
    """Say what went over."""
    text = lines(
        "✅ " + words.t("{a}'s work went over to {b}.", a=bold(clip(former, 40)), b=bold(clip(target, 40))),
        count_line(words, done.counts) or words.t("Nothing was left to hand over."),
    )
    return Screen(text, ([Button("↩ " + words.t("Undo"), undo)],) if done.counts else ())


def handed_back_screen(
    words: Words, owner: str, done: HandedOver, stayed: int, kept: tuple[int, Sequence[tuple[str, str]]], undo: str
) -> Screen:
    """Say what was given back, and what was not: what has gone on to others, and what rules did (how often, some of it)."""
    count, some = kept
    text = lines(
        "↩ " + words.t("Given back to {name}.", name=bold(clip(owner, 40))),
        count_line(words, done.counts) or words.t("Nothing was left to give back."),
        words.n(
            "{n} has gone on to somebody else, and stays there.", "{n} have gone on to others, and stay there.", stayed
        )
        if stayed
        else "",
        words.t("Kept, rules did it:") if count else "",
        *(f"⚙ {esc(clip(name, 60))}: {esc(clip(did, 100))}" for name, did in some),
        words.n("and {n} more", "and {n} more", count - len(some)) if count > len(some) else "",
    )
    return Screen(text, ([Button("↪ " + words.t("Bring back"), undo)],) if done.counts else ())


def work_came_screen(words: Words, who: str, former: str, counts: Mapping[str, int]) -> Screen:
    """Tell somebody that all of a colleague's work is theirs now."""
    text = lines(
        "🤝 "
        + words.t(
            "{who} handed all of {name}'s work over to you.", who=bold(clip(who, 40)), name=bold(clip(former, 40))
        ),
        count_line(words, counts),
    )
    return Screen(text, ([Button("📋 " + words.t("Today"), pack("hm", 0, "-", 0))],))


def work_went_screen(words: Words, who: str, target: str, counts: Mapping[str, int]) -> Screen:
    """Tell somebody that all of their work is a colleague's now."""
    text = lines(
        "🤝 "
        + words.t(
            "{who} handed all of your work over to {name}.", who=bold(clip(who, 40)), name=bold(clip(target, 40))
        ),
        count_line(words, counts),
    )
    return Screen(text)
