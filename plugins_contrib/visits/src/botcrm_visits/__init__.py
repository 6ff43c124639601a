"""Visits: /meet in, a shared live location, /meet out. The meeting lasts while its host's phone stays near."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botcrm import (
    ButtonHandler,
    Command,
    Job,
    Manifest,
    Report,
    Settings,
    Tables,
    TimelineItem,
    Verb,
    Words,
    Work,
    hookimpl,
    models,
    services,
)
from botcrm_visits import talking, watching
from botcrm_visits.options import VisitSettings
from botcrm_visits.report import visits
from botcrm_visits.visiting import WATCH

if TYPE_CHECKING:
    import aiogram

    from botcrm_visits.tables import Visit

manifest = Manifest(
    title="Visits",
    about="Check in to a meeting by a shared live location; it ends by itself when you leave.",
    needs=(
        "deal.read",
        "contact.read",
        "company.read",
        "lead.read",
        "activity.read",
        "activity.add",
    ),
)


@hookimpl
def register_settings() -> type[Settings]:
    """Name the settings."""
    return VisitSettings


@hookimpl
def register_models() -> Tables:
    """Name the tables."""
    return Tables(models="botcrm_visits.tables", migrations="botcrm_visits.migrations")


@hookimpl
def register_commands() -> list[Command]:
    """Name /meet in and /meet out."""
    return [
        Command(
            Verb("meet in", frozenset({"ref"})),
            talking.check_in,
            menu="Check in to a meeting by live location",
            examples=("/meet in Acme", "/meet in Anna roof measuring"),
            more="Share your live location then; the meeting ends when you leave.",
            subject=("company", "contact", "deal", "lead"),
            permission="activity.add",
        ),
        Command(
            Verb("meet out", frozenset({"outcome"}), takes_subject=False),
            talking.check_out,
            menu="Check out of the meeting",
            examples=("/meet out", "/meet out ok signed"),
            permission="activity.add",
        ),
    ]


@hookimpl
def register_buttons() -> list[ButtonHandler]:
    """Name the buttons of a visit."""
    return [
        ButtonHandler("out", talking.press_out),
        ButtonHandler("off", talking.press_off),
        ButtonHandler("here", talking.press_here),
        ButtonHandler("result", talking.press_result),
        ButtonHandler("next", talking.press_next),
        ButtonHandler("ask", talking.press_ask, once=False),
        ButtonHandler("step", talking.take_step),
        ButtonHandler("none", talking.press_none),
    ]


@hookimpl
def register_routers() -> "list[aiogram.Router]":
    """Take places before the product does."""
    from botcrm_visits.receiving import make_router

    return [make_router()]


@hookimpl
def register_jobs() -> list[Job]:
    """Name what ends a visit by itself, and what forgets old positions."""
    return [Job(WATCH, watching.look), Job("visits.tidy", watching.clear_up, daily_at="03:40")]


@hookimpl
def register_reports() -> list[Report]:
    """Name the report."""
    return [
        Report(
            "visits",
            "Visits",
            "Meetings that people checked in to, by person: on site, left early, not verified.",
            visits,
            permission="activity.read",
        )
    ]


# --- cards and timelines ---------------------------------------------------------------------------------------------


async def _ended(work: Work, entity: str, record_id: int, limit: int) -> "list[Visit]":
    """Return the newest visits of a record within the reader's reach; those whose meeting was deleted are none."""
    from botcrm_visits.tables import Visit

    people = services.owners(work.actor, "activity")
    query = Visit.filter(state="ended", **{f"{entity}_id": record_id})
    if people is not None:
        query = query.filter(user_id__in=people)
    found = await query.order_by("-ended_at").limit(limit)
    kept = models.Activity.filter(id__in=[visit.activity_id for visit in found], deleted_at=None)
    standing = {activity.id for activity in await kept} if found else set()
    return [visit for visit in found if visit.activity_id in standing]


async def _last(work: Work, entity: str, record_id: int) -> list[str]:
    from botcrm_visits.screens import card_line

    found = await _ended(work, entity, record_id, 5)
    return [card_line(Words(work.prefs, work.now), found[0])] if found else []


@hookimpl
async def deal_card_lines(work: Work, deal: models.Deal) -> Iterable[str]:
    """Add the last visit."""
    return await _last(work, "deal", deal.id)


@hookimpl
async def company_card_lines(work: Work, company: models.Company) -> Iterable[str]:
    """Add the last visit."""
    return await _last(work, "company", company.id)


@hookimpl
async def contact_card_lines(work: Work, contact: models.Contact) -> Iterable[str]:
    """Add the last visit."""
    return await _last(work, "contact", contact.id)


@hookimpl
async def timeline_items(work: Work, entity: str, record: models.Record, limit: int) -> Iterable[TimelineItem]:
    """Add how each visit went."""
    from botcrm_visits.screens import item_text

    words = Words(work.prefs, work.now)
    found = await _ended(work, entity, record.id, limit)
    names = {user.id: user.name for user in await models.User.filter(id__in=[visit.user_id for visit in found])}
    return [
        TimelineItem(visit.ended_at, item_text(words, visit), names.get(visit.user_id, ""))
        for visit in found
        if visit.ended_at is not None
    ]
