"""Filling what a new version keeps beside the records, a piece at a time, while the bot is at work.

A base of a million records takes a minute. The job comes again for each piece; how far it came is committed with the piece.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from botcrm.core import db
from botcrm.core.services.custom.values import REFIND
from botcrm.core.services.derived.fixing import Place, finding, fix_piece, is_kept, note_kept
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob

KIND = KEY = "derived.fill"
# Rows of the first piece; the later ones take about as long as this, in seconds.
_FIRST_SIZE, _LEAST, _MOST = 500, 50, 20_000
_HELD = 0.1
# What else is due comes in between.
_BREATH = timedelta(milliseconds=5)
# Until whoever holds one of the rows has let go.
_MOMENT = timedelta(seconds=1)


async def plan_filling(work: Work) -> None:
    """Plan to fill what this version keeps and was not filled yet, unless that is planned already."""
    if await is_kept():
        return
    job = await db.fetch_one("SELECT id, state FROM job WHERE key = ?", KEY)
    if job and job["state"] in ("waiting", "running"):
        return
    await work.plan_job(KIND, KEY, work.now, part=0, after=0, size=_FIRST_SIZE)


async def fill_piece(work: Work, job: DueJob) -> None:
    """Do one piece, and come again for the next."""
    place, size = Place(int(job.payload["part"]), int(job.payload["after"])), int(job.payload["size"])
    began = time.perf_counter()
    following = await fix_piece(place, size)
    if following is None:
        await note_kept()
        return
    wait = _MOMENT if following == place else _BREATH
    size = _next_size(size, time.perf_counter() - began)
    await work.plan_job(KIND, KEY, work.now + wait, part=following.part, after=following.after, size=size)


def _next_size(size: int, took: float) -> int:
    """Return how many rows the next piece has, after one that took so many seconds."""
    # Twice as many or half as many at most: one slow moment says little.
    return max(_LEAST, min(_MOST, round(size * max(0.5, min(2.0, _HELD / max(took, 0.0001))))))


async def refind_piece(work: Work, job: DueJob) -> None:
    """Have some of an entity's records be found by what their own fields say now, and come again for the next."""
    entity, size = str(job.payload["entity"]), int(job.payload.get("size", _FIRST_SIZE))
    place = Place(finding(entity), int(job.payload["after"]))
    began = time.perf_counter()
    following = await fix_piece(place, size)
    if following is None or following.part != place.part:
        return
    wait = _MOMENT if following == place else _BREATH
    size = _next_size(size, time.perf_counter() - began)
    await work.plan_job(REFIND, job.key, work.now + wait, entity=entity, after=following.after, size=size)


async def fill_here(open_work: Callable[[], AbstractAsyncContextManager[Work]]) -> None:
    """Fill at once what is left to be filled, as a command does that relies on it; the job finds nothing to do then."""
    place: Place | None = Place()
    while place is not None:
        async with open_work() as work:
            if place == Place():
                if await is_kept():
                    return
                job = await db.fetch_one("SELECT payload FROM job WHERE key = ? AND state = 'waiting'", KEY)
                if job:
                    payload = db.from_json(job["payload"])
                    place = Place(int(payload["part"]), int(payload["after"]))
            before, place = place, await fix_piece(place, _MOST)
            if place is None:
                await note_kept()
                await work.cancel_jobs(KEY)
        if place == before:
            await asyncio.sleep(_MOMENT.total_seconds())
