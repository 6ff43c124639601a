"""What people read of visits."""

from datetime import datetime, timedelta

from botcrm import Button, Screen, Words, Work, bold, clip, dots, esc, lines, models, services
from botcrm_visits.geo import Verdict
from botcrm_visits.options import VisitSettings
from botcrm_visits.tables import Visit
from botcrm_visits.visiting import links_of


def metres(words: Words, length: int) -> str:
    """Write a distance: 650 m, 3.2 km."""
    return words.t("{n} m", n=length) if length < 1000 else words.t("{n} km", n=f"{length / 1000:.1f}")


def verdict_text(words: Words, visit: Visit) -> str:
    """Write a visit's verdict."""
    if visit.verdict == Verdict.IN:
        return words.t("on site")
    if visit.verdict == Verdict.OUT:
        if visit.elsewhere is not None:
            return words.t("{far} from the known place", far=metres(words, visit.elsewhere))
        return words.t("left, {far} away", far=metres(words, visit.farthest))
    why = {
        "pin": words.t("only a pin was sent"),
        "forwarded": words.t("the place was forwarded"),
        "old": words.t("the place came too late"),
        "vague": words.t("the place was too vague"),
    }.get(visit.doubt, words.t("no live location"))
    return words.t("not verified: {why}", why=why)


def how_to_share(words: Words) -> str:
    """Say how a place is shared live."""
    return words.t("Share your live location with me: 📎 → Location → <b>Share my live location</b> → 1 hour or more.")


def begun_screen(words: Words, visit: Visit) -> Screen:
    """Ask for the place."""
    text = lines(
        "📍 "
        + words.t("Meeting with {name} since {time}.", name=_name(words, visit), time=_clock(words, visit.began_at)),
        how_to_share(words),
        words.t("Without it the meeting is kept, marked as not verified. End it by /meet out."),
    )
    return Screen(text, (_open_buttons(words, visit),), _about(visit))


def located_screen(words: Words, visit: Visit, options: VisitSettings) -> Screen:
    """Say that the place is known now, and what ends the meeting."""
    until = words.t("Shared until {time}.", time=_clock(words, visit.live_until)) if visit.live_until else ""
    elsewhere, rows = "", [_open_buttons(words, visit)]
    if visit.elsewhere is not None:
        elsewhere = words.t(
            "⚠ You are {far} from where {name} is known to be.",
            far=metres(words, visit.elsewhere),
            name=_name(words, visit),
        )
        rows.insert(0, [Button(words.t("They are here now"), press="here", args=(visit.id,))])
    text = lines(
        "📍 " + words.t("With {name} since {time}.", name=_name(words, visit), time=_clock(words, visit.began_at)),
        elsewhere,
        words.t(
            "It ends when you go {radius} away, stop sharing, or by /meet out.", radius=metres(words, options.radius)
        ),
        until,
    )
    return Screen(text, tuple(rows), _about(visit))


def ended_text(words: Words, visit: Visit) -> str:
    """Say what was written down."""
    head = {
        "left": words.t("You left."),
        "stopped": words.t("The live location was stopped."),
        "expired": words.t("The live location has ended."),
        "silent": words.t("There is no news of the place any more."),
        "forgotten": words.t("Nobody checked out."),
    }.get(visit.how, "")
    return lines(
        head,
        "✅ "
        + dots(
            words.t("Meeting with {name}", name=_name(words, visit)),
            words.minutes(visit.minutes) if visit.minutes else None,
            "📍 " + verdict_text(words, visit),
        ),
        f"   {esc(clip(visit.title, 300))}" if visit.title else "",
    )


def ended_screen(words: Words, visit: Visit) -> Screen:
    """Say what was written down, and ask how it went."""
    results = [
        Button("👍 " + words.t("Well"), press="result", args=(visit.id, "ok")),
        Button("🕓 " + words.t("Open"), press="result", args=(visit.id, "later")),
        Button("🚪 " + words.t("Nobody there"), press="result", args=(visit.id, "no")),
    ]
    off = [Button("✖ " + words.t("It was no meeting"), press="off", args=(visit.id,))]
    text = lines(ended_text(words, visit), words.t("How did it go?"))
    return Screen(text, (results, off), _about(visit))


async def next_screen(work: Work, words: Words, visit: Visit, *, gone_by: bool = False) -> Screen:
    """Ask for the next step where none is planned; `gone_by` where the one chosen lies in the past by now."""
    links = links_of(visit)
    entity, record_id = next(((name, value) for name, value in links.items() if value), ("", None))
    text = ended_text(words, visit)
    planned = entity and await models.Activity.filter(**{entity: record_id}, status="planned", deleted_at=None).exists()
    if not entity or planned or not await services.suggestions_wanted(work):
        return Screen(text, (), _about(visit))
    soon = services.suggested_due(work).wall
    tomorrow = words.wall(work.now).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    week = tomorrow + timedelta(days=6)
    choices = [
        Button(f"{words.day(at)} {words.clock(at)}", press="next", args=(visit.id, f"{at:%Y%m%d%H%M}"))
        for at in dict.fromkeys((tomorrow, soon, week))
    ]
    rows = (
        choices,
        [
            Button(words.t("Other text…"), press="ask", args=(visit.id,)),
            Button(words.t("Not now"), press="none", args=(visit.id,)),
        ],
    )
    asked = words.t("That time has gone by. When?") if gone_by else words.t("No next step. Follow up when?")
    return Screen(lines(text, asked), rows, _about(visit))


def card_line(words: Words, visit: Visit) -> str:
    """Write the last visit as a card's line."""
    length = words.minutes(visit.minutes) if visit.minutes else ""
    facts = ", ".join(filter(None, (length, verdict_text(words, visit))))
    assert visit.ended_at is not None
    return words.t("📍 Last visit: {day}, {facts}", day=words.date(words.wall(visit.ended_at)), facts=facts)


def item_text(words: Words, visit: Visit) -> str:
    """Write a visit as an entry of a timeline."""
    return "📍 " + dots(
        words.t("Visit"), words.minutes(visit.minutes) if visit.minutes else None, verdict_text(words, visit)
    )


def _open_buttons(words: Words, visit: Visit) -> list[Button]:
    return [
        Button("🏁 " + words.t("End it"), press="out", args=(visit.id,)),
        Button("✖ " + words.t("Call it off"), press="off", args=(visit.id,)),
    ]


def _name(words: Words, visit: Visit) -> str:
    return bold(clip(visit.called, 80)) if visit.called else words.t("somebody")


def _clock(words: Words, moment: datetime) -> str:
    return words.clock(words.wall(moment))


def _about(visit: Visit) -> tuple[str, int] | None:
    if visit.activity_id is not None:
        return ("activity", visit.activity_id)
    links = ((name, getattr(visit, f"{name}_id")) for name in ("deal", "contact", "company", "lead"))
    return next(((name, value) for name, value in links if value), None)
