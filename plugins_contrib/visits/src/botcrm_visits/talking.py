"""The commands /meet in and /meet out, and the buttons of a visit."""

from datetime import datetime

from botcrm import Chat, CrmError, Due, Line, Screen, bold, clip, esc, lines, models, services
from botcrm_visits.screens import begun_screen, ended_screen, ended_text, next_screen
from botcrm_visits.tables import Visit
from botcrm_visits.visiting import begin, call_off, end, links_of, open_visit, settle_here


async def check_in(chat: Chat, line: Line) -> Screen | str:
    """Begin a visit; one that was still open ends here."""
    record, text = chat.record, line.text_after().strip()
    if record is None and not text:
        return chat.words.t("✋ With whom? Like this: {example}", example="<code>/meet in Acme</code>")
    former = await open_visit(chat.user_id)
    if former is not None:
        await end(chat.work, former, _end_of(former, chat), "out")
        await chat.reply(ended_screen(chat.words, former))
    called = await _name_of(record) if record is not None else clip(text, 60)
    visit = await begin(chat.work, record, called, text, chat.plugin.settings)
    return begun_screen(chat.words, visit)


async def _name_of(record: models.Record) -> str:
    if isinstance(record, models.Deal) and record.company_id:
        company = await models.Company.filter(id=record.company_id).first()
        return f"{company.name} · {record.title}" if company else record.title
    return str(getattr(record, "name", "") or getattr(record, "title", ""))


def _end_of(visit: Visit, chat: Chat) -> datetime:
    """Return when somebody who is now with the next client left: nobody has seen it since the last position."""
    return visit.seen_at if visit.seen_at is not None and visit.inside else chat.work.now


async def check_out(chat: Chat, line: Line) -> Screen:
    """End the visit that is open."""
    visit = await open_visit(chat.user_id)
    if visit is None:
        return Screen(
            chat.words.t("You are not checked in. Begin with {example}.", example="<code>/meet in Acme</code>")
        )
    outcome = line.args.outcome
    await end(chat.work, visit, chat.work.now, "out", result=outcome, title=line.text_after().strip())
    return await next_screen(chat.work, chat.words, visit) if outcome else ended_screen(chat.words, visit)


async def _own(chat: Chat, visit_id: str, *states: str) -> Visit:
    visit = await Visit.filter(id=int(visit_id), user_id=chat.user_id, state__in=states).first()
    if visit is None:
        raise VisitOver
    return visit


class VisitOver(CrmError):
    """A button of a visit that is over, or somebody else's."""

    message = "This visit is over."


async def press_out(chat: Chat, visit_id: str) -> Screen:
    """End a visit by its button."""
    visit = await _own(chat, visit_id, "open")
    await end(chat.work, visit, chat.work.now, "out")
    return ended_screen(chat.words, visit)


async def press_off(chat: Chat, visit_id: str) -> str:
    """Forget a visit."""
    visit = await _own(chat, visit_id, "open", "ended")
    await call_off(chat.work, visit)
    return "✖ " + chat.words.t("The visit with {name} is called off.", name=bold(clip(visit.called or "?", 80)))


async def press_here(chat: Chat, visit_id: str) -> str:
    """Take the place where a visit began for the company's."""
    visit = await _own(chat, visit_id, "open")
    await settle_here(chat.work, visit)
    return "📍 " + chat.words.t("{name} is here from now on.", name=bold(clip(visit.called, 80)))


async def press_result(chat: Chat, visit_id: str, result: str) -> Screen:
    """Keep how the meeting went, and ask what comes next."""
    visit = await _own(chat, visit_id, "ended")
    if visit.activity_id is None or result not in ("ok", "later", "no"):
        raise VisitOver
    await services.change_activity(chat.work, visit.activity_id, result=result)
    return await next_screen(chat.work, chat.words, visit)


async def press_next(chat: Chat, visit_id: str, stamp: str, text: str = "") -> Screen:
    """Plan the next step; where the time on the button has gone by, offer new ones."""
    visit = await _own(chat, visit_id, "ended")
    t = chat.words.t
    step, wall = text or t("Follow up"), datetime.strptime(stamp, "%Y%m%d%H%M")
    if wall <= chat.words.wall(chat.work.now):
        return await next_screen(chat.work, chat.words, visit, gone_by=True)
    activity = await services.plan_activity(chat.work, "task", step, Due(wall), **links_of(visit))
    when = chat.words.when(activity.due_at, activity.has_time)
    planned = "▶ " + t("Next: {when} — {text}", when=when, text=esc(clip(step, 300)))
    return Screen(lines(ended_text(chat.words, visit), planned), (), ("activity", activity.id))


async def press_ask(chat: Chat, visit_id: str) -> None:
    """Ask for the text of the next step."""
    await chat.ask("step", visit_id)
    await chat.reply(chat.words.t("What is to be done?"))


async def take_step(chat: Chat, visit_id: str) -> Screen:
    """Plan what was typed, three working days ahead."""
    stamp = f"{services.suggested_due(chat.work).wall:%Y%m%d%H%M}"
    return await press_next(chat, visit_id, stamp, chat.text.strip()[:1000])


async def press_none(chat: Chat, visit_id: str) -> str:
    """Ask no further."""
    return ended_text(chat.words, await _own(chat, visit_id, "ended"))
