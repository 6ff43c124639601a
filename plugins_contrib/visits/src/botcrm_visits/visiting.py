"""What happens to a visit: it begins, positions come in, it ends as a meeting in the CRM. Everything in the person's own hands."""

from datetime import datetime, timedelta
from typing import Any

from botcrm import CrmError, Work, models, services
from botcrm_visits.geo import Position, Verdict, Where, distance, verdict, where
from botcrm_visits.options import VisitSettings
from botcrm_visits.tables import Place, Visit, VisitPosition

WATCH = "visits.watch"
# Telegram tells when a position was sent; one that is older than this when it arrives says nothing of now.
FRESH = timedelta(minutes=5)
_ONE_IN = timedelta(seconds=60)
_MOVED = 50.0
_LINKS = ("deal", "contact", "company", "lead")


async def open_visit(user_id: int) -> Visit | None:
    """Return the visit that somebody is checked in to."""
    return await Visit.filter(user_id=user_id, state="open").order_by("-id").first()


async def begin(work: Work, record: models.Record | None, called: str, title: str, options: VisitSettings) -> Visit:
    """Check somebody in."""
    links: dict[str, Any] = await _links(work, record)
    assert work.actor.id is not None
    visit = await Visit.create(
        user_id=work.actor.id, title=title[:1000], called=called[:300], began_at=work.now, **links
    )
    await watch(work, visit, work.now + timedelta(minutes=options.silent_minutes))
    return visit


async def watch(work: Work, visit: Visit, at: datetime) -> None:
    """Have a visit looked at again."""
    await work.plan_job(WATCH, f"{WATCH}:{visit.id}", at, visit_id=visit.id)


def links_of(visit: Visit) -> dict[str, Any]:
    """Return what the meeting hangs on."""
    return {f"{name}_id": getattr(visit, f"{name}_id") for name in _LINKS}


async def _links(work: Work, record: models.Record | None) -> dict[str, int | None]:
    """Return what a meeting about a record hangs on: a contact brings its company, and either its only open deal."""
    links = {f"{name}_id": getattr(record, f"{name}_id", None) for name in _LINKS}
    if record is None:
        return links
    links[f"{record._meta.db_table}_id"] = record.id
    if isinstance(record, models.Contact | models.Company):
        column = "contact_id" if isinstance(record, models.Contact) else "company_id"
        reached = services.owned_sql("owner_id", services.owners(work.actor, "deal"))
        rows = await services.fetch(
            work,
            f"SELECT id FROM deal WHERE {column} = ? AND status = 'open' AND deleted_at IS NULL AND {reached} LIMIT 2",
            record.id,
        )
        if len(rows) == 1:
            links["deal_id"] = int(rows[0]["id"])
    return links


# --- positions -------------------------------------------------------------------------------------------------------


async def doubt(visit: Visit, why: str) -> None:
    """Remember why something that was shared does not count; what counted before stays."""
    await Visit.filter(id=visit.id).update(doubt=why)
    visit.doubt = why


async def follow(visit: Visit, message_id: int, live_until: datetime | None) -> None:
    """Follow the place that a message shares live."""
    visit.message_id, visit.live_until = message_id, live_until
    await visit.save(update_fields=["message_id", "live_until"])


async def see(work: Work, visit: Visit, position: Position, options: VisitSettings) -> Where:
    """Take a position in; it neither ends the visit nor tells anybody.

    The first certain one begins it: around it, or around the company's known place where that is within the radius.
    """
    if visit.seen_at is not None and position.at < visit.seen_at:
        return Where.UNSURE
    if position.accuracy > options.radius:
        if not visit.inside:
            await doubt(visit, "vague")
        return Where.UNSURE
    if visit.latitude is None or visit.longitude is None:
        await _locate(visit, position, options)
    assert visit.latitude is not None
    assert visit.longitude is not None
    metres = distance(visit.latitude, visit.longitude, position.latitude, position.longitude)
    found = where(metres, position.accuracy, options.radius)
    await _keep(visit, position)
    visit.farthest = max(visit.farthest, round(metres))
    if found is Where.INSIDE:
        visit.inside, visit.doubt = visit.inside + 1, ""
    if found is not Where.UNSURE:
        visit.seen_at = position.at
    await visit.save(
        update_fields=["latitude", "longitude", "began_at", "elsewhere", "farthest", "inside", "doubt", "seen_at"]
    )
    if visit.inside == 1 and found is Where.INSIDE:
        await watch(work, visit, next_look(visit, options))
    return found


async def _locate(visit: Visit, position: Position, options: VisitSettings) -> None:
    if position.at - visit.began_at > timedelta(minutes=options.silent_minutes):
        # Nobody can say where the time before was spent.
        visit.began_at = position.at
    visit.latitude, visit.longitude = position.latitude, position.longitude
    place = await Place.filter(company_id=visit.company_id).first() if visit.company_id else None
    if place is None:
        return
    metres = distance(place.latitude, place.longitude, position.latitude, position.longitude)
    if where(metres, position.accuracy, options.radius) is Where.OUTSIDE:
        visit.elsewhere = round(metres)
    else:
        visit.latitude, visit.longitude = place.latitude, place.longitude


async def _keep(visit: Visit, position: Position) -> None:
    """Keep a position, unless the last one kept is of the same minute and place."""
    last = await VisitPosition.filter(visit_id=visit.id).order_by("-id").first()
    if last is not None and position.at - last.at < _ONE_IN:
        moved = distance(last.latitude, last.longitude, position.latitude, position.longitude)
        if moved < _MOVED:
            return
    await VisitPosition.create(
        visit_id=visit.id,
        at=position.at,
        latitude=position.latitude,
        longitude=position.longitude,
        accuracy=position.accuracy,
    )


async def settle_here(work: Work, visit: Visit) -> None:
    """Take where a visit began for its company's place from now on."""
    if visit.company_id is None or visit.latitude is None or visit.longitude is None:
        return
    await services.load(work, models.Company, visit.company_id)
    await Place.filter(company_id=visit.company_id).delete()
    await _found_place(work, visit)
    visit.elsewhere = None
    await visit.save(update_fields=["elsewhere"])


async def _found_place(work: Work, visit: Visit) -> None:
    await Place.create(company_id=visit.company_id, latitude=visit.latitude, longitude=visit.longitude, since=work.now)


# --- the end ---------------------------------------------------------------------------------------------------------


def next_look(visit: Visit, options: VisitSettings) -> datetime:
    """Return when a visit is over unless news comes before."""
    if visit.seen_at is None or not visit.inside:
        return visit.began_at + timedelta(hours=options.most_hours)
    silent = visit.seen_at + timedelta(minutes=options.silent_minutes)
    return min(silent, visit.live_until) if visit.live_until else silent


async def end(
    work: Work, visit: Visit, at: datetime, how: str, *, result: str | None = None, title: str = ""
) -> models.Activity:
    """End a visit and write it down as a meeting.

    :param work: in the hands of whoever it is
    :param how: out, left, stopped, expired, silent or forgotten
    """
    found = verdict(seen_inside=visit.inside, left=how == "left", began_elsewhere=visit.elsewhere is not None)
    # How long a meeting was that nobody saw the end of is not known.
    minutes = None if how == "forgotten" else max(1, round((at - visit.began_at).total_seconds() / 60))
    text = " ".join(filter(None, (visit.title, title)))
    values: dict[str, Any] = {"done_at": at, "duration": minutes, "result": result}
    about: dict[str, Any] = links_of(visit)
    try:
        async with work.savepoint():
            activity = await services.log_activity(work, "meeting", text, **values, **about)
    except CrmError:
        # What it was about has gone to somebody else, or was deleted; the meeting took place all the same.
        activity = await services.log_activity(work, "meeting", text or visit.called, **values)
    visit.state, visit.ended_at, visit.how, visit.minutes = "ended", at, how, minutes
    visit.verdict, visit.activity_id, visit.title = str(found), activity.id, text[:1000]
    await visit.save()
    await work.cancel_jobs(f"{WATCH}:{visit.id}")
    if found is Verdict.IN and visit.company_id and not await Place.filter(company_id=visit.company_id).exists():
        await _found_place(work, visit)
    return activity


async def call_off(work: Work, visit: Visit) -> None:
    """Forget a visit: it was none. What was written down of it goes, its positions as well."""
    if visit.activity_id is not None:
        await services.delete_record(work, await services.load(work, models.Activity, visit.activity_id))
    visit.state, visit.latitude, visit.longitude = "called off", None, None
    await visit.save()
    await VisitPosition.filter(visit_id=visit.id).delete()
    await work.cancel_jobs(f"{WATCH}:{visit.id}")


async def tidy(work: Work, options: VisitSettings) -> None:
    """Forget where people were once it is old."""
    before = work.now - timedelta(days=options.keep_days)
    await VisitPosition.filter(at__lt=before).delete()
    await (
        Visit.filter(began_at__lt=before, latitude__isnull=False)
        .exclude(state="open")
        .update(latitude=None, longitude=None)
    )
