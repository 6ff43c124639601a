"""How well the core is: what waits and for how long, what failed, whether the database is sound."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from botcrm.core import db
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work

# An update that waits longer than this has nobody working on it.
ALIVE = timedelta(seconds=60)
_DIGITS = 19  # of the largest id, so that keys sort as their numbers do


@dataclass(frozen=True, slots=True)
class Queues:
    """How much waits, and for how many seconds the oldest of it has (0 where nothing waits)."""

    inbox_waiting: int
    inbox_oldest_seconds: float
    inbox_quarantined: int
    jobs_due: int
    jobs_oldest_seconds: float
    outbox_waiting: int
    outbox_oldest_seconds: float


# What a job says that waits for whoever handles it.
NOBODY = "nobody handles this kind of job"


async def nobodys_jobs() -> list[tuple[str, int]]:
    """Return the kinds of job that nobody handles, with how many wait: their plugin is off or gone."""
    rows = await db.fetch(
        "SELECT kind, count(*) AS n FROM job WHERE state = 'waiting' AND error = ? GROUP BY kind ORDER BY kind", NOBODY
    )
    return [(row["kind"], row["n"]) for row in rows]


async def queues(now: datetime) -> Queues:
    """Measure what waits; reads indexes only, so its cost follows what waits and not what is stored."""
    inbox = await db.fetch_one("SELECT count(*) AS n FROM inbox WHERE state = 'new'")
    quarantined = await db.fetch_one("SELECT count(*) AS n FROM inbox WHERE state = 'quarantined'")
    update = await _oldest_update()
    jobs = await db.fetch_one(
        "SELECT count(*) AS n, min(run_at) AS oldest FROM job WHERE state = 'waiting' AND run_at <= ?", now
    )
    # Counted together: alone, min(id) makes PostgreSQL walk the primary key through everything ever sent.
    outbox = await db.fetch_one("SELECT count(*) AS n, min(id) AS first FROM outbox WHERE state = 'waiting'")
    assert inbox and quarantined and jobs and outbox
    message = await db.fetch_one("SELECT created_at FROM outbox WHERE id = ?", outbox["first"]) if outbox["n"] else None
    return Queues(
        inbox_waiting=inbox["n"],
        inbox_oldest_seconds=_age(now, update[1] if update else None),
        inbox_quarantined=quarantined["n"],
        jobs_due=jobs["n"],
        jobs_oldest_seconds=_age(now, db.moment(jobs["oldest"])),
        outbox_waiting=outbox["n"],
        outbox_oldest_seconds=_age(now, db.moment(message["created_at"]) if message else None),
    )


def _age(now: datetime, since: datetime | None) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


async def _oldest_update() -> tuple[int, datetime] | None:
    """Return (id, received at) of the update that waits longest."""
    row = await db.fetch_one("SELECT id, received_at FROM inbox WHERE state = 'new' ORDER BY id LIMIT 1")
    return (row["id"], db.moment_needed(row["received_at"])) if row else None


async def check_liveness(work: Work) -> None:
    """Tell the administrators when an update waits for over a minute, once per incident.

    An incident is over when everything that waited when it was told has been handled; what still waits a minute after
    that is the next one. The notice is "alarm" with kind="inbox", seconds and count.
    """
    oldest = await _oldest_update()
    if oldest is None or work.now - oldest[1] <= ALIVE:
        return
    known = await db.fetch_one(
        "SELECT 1 AS y FROM outbox WHERE key >= ? AND key <= ? LIMIT 1", _alarm(oldest[0]), _alarm(10**_DIGITS - 1)
    )
    if known:
        return
    row = await db.fetch_one("SELECT count(*) AS n, max(id) AS newest FROM inbox WHERE state = 'new'")
    assert row
    seconds = round((work.now - oldest[1]).total_seconds())
    for user_id, chat_id in await administrators():
        key = f"{_alarm(row['newest'])}:{user_id}"
        await work.tell(user_id, chat_id, "alarm", key=key, kind="inbox", seconds=seconds, count=row["n"])


def _alarm(inbox_id: int) -> str:
    return f"alarm:inbox:{inbox_id:0{_DIGITS}d}"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An update that was set aside, and what it failed with."""

    id: int
    update_id: int
    received_at: datetime
    error: str


async def quarantined(limit: int = 10) -> list[Quarantined]:
    """Return the newest updates that were set aside."""
    rows = await db.fetch(
        "SELECT id, update_id, received_at, error FROM inbox WHERE state = 'quarantined' ORDER BY id DESC LIMIT ?",
        limit,
    )
    return [
        Quarantined(row["id"], row["update_id"], db.moment_needed(row["received_at"]), row["error"]) for row in rows
    ]


async def retry_quarantined(work: Work) -> int:
    """Put the updates that were set aside back into the queue; returns how many.

    They count as received now, or the age they reached in quarantine would raise the alarm.
    """
    return await db.execute(
        "UPDATE inbox SET state = 'new', attempts = 0, error = '', received_at = ? WHERE state = 'quarantined'",
        work.now,
    )


async def integrity() -> str | None:
    """Return what is wrong with the database's file, None where nothing is or the server sees to it."""
    if db.dialect() != "sqlite":
        return None
    rows = await db.fetch("PRAGMA quick_check(1)")
    answer = str(next(iter(rows[0].values()))) if rows else "no answer"
    return None if answer == "ok" else answer
