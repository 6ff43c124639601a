"""Keep the tables small: throw away, night by night and in small bites, what nobody needs any more."""

from datetime import datetime, time, timedelta

from botcrm.core import db
from botcrm.core.services.personal.retention import kept_for, let_quarantined_go
from botcrm.core.services.work import Work
from botcrm.reminders.daily import next_daily
from botcrm.reminders.jobs import DueJob

KIND = KEY = "maintenance.daily"
AT = time(3)
KEEP_PRESSES = timedelta(days=7)
KEEP_FILES = timedelta(days=7)
KEEP_TEXTS = timedelta(days=30)
KEEP_CARDS = timedelta(days=180)
KEEP_JOBS = timedelta(days=30)
KEEP_PINGS = timedelta(days=90)
# One transaction handles this many rows of a table and then lets others write.
BITE = 1000
_BREATH = timedelta(seconds=2)


async def plan_maintenance(work: Work) -> None:
    """Plan the next night's maintenance unless it is planned already."""
    job = await db.fetch_one("SELECT id, state FROM job WHERE key = ?", KEY)
    if job and job["state"] in ("waiting", "running"):
        return
    if job:
        await db.execute("UPDATE job SET state = 'cancelled' WHERE id = ?", job["id"])
    await work.plan_job(KIND, KEY, _next_night(work))


def _next_night(work: Work) -> datetime:
    return next_daily(work.now, AT, work.prefs.zone)[1]


async def maintain(work: Work, job: DueJob) -> None:
    """Delete and empty old rows; with more left it goes on in two seconds, else the next night (company's zone)."""
    now = work.now
    counts = [
        # Rows are looked at in the order they were written, so that a bite that finds nothing old ends the search.
        await _delete("id, done_at FROM inbox WHERE state = 'done' ORDER BY id", "done_at < ?", now - kept_for(work)),
        await _delete("id, at FROM press ORDER BY id", "at < ?", now - KEEP_PRESSES),
        await _delete(
            "id, created_at, state FROM outbox ORDER BY id",
            "created_at < ? AND state NOT IN ('waiting', 'sending')",
            now - KEEP_CARDS,
        ),
        await _delete("id, run_at FROM job WHERE state = 'done' ORDER BY run_at", "run_at < ?", now - KEEP_JOBS),
        await _delete("id, run_at FROM job WHERE state = 'cancelled' ORDER BY run_at", "run_at < ?", now - KEEP_JOBS),
        await _delete("id, created_at FROM outgoing_file ORDER BY id", "created_at < ?", now - KEEP_FILES),
        await _delete("id, created_at FROM overdue_ping ORDER BY id", "created_at < ?", now - KEEP_PINGS),
        await _delete("id, asked_at FROM report_question ORDER BY asked_at", "asked_at < ?", now - KEEP_CARDS),
        await let_quarantined_go(work),
    ]
    emptied_to, more = await _empty_texts(int(job.payload.get("emptied_to", 0)), now - KEEP_TEXTS)
    again = more or any(count >= BITE // 2 for count in counts)
    await work.plan_job(KIND, KEY, now + _BREATH if again else _next_night(work), emptied_to=emptied_to)


async def _delete(rows: str, old: str, before: datetime) -> int:
    table = rows.split(" FROM ", maxsplit=1)[1].split(maxsplit=1)[0]
    return await db.execute(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM (SELECT {rows} LIMIT {BITE}) AS looked_at WHERE {old})",
        before,
    )


async def _empty_texts(after: int, before: datetime) -> tuple[int, bool]:
    """Empty what sent messages said, from where the last bite ended; the row stays, cards are found by it."""
    row = await db.fetch_one(
        "SELECT max(id) AS last, count(*) AS n FROM (SELECT id, created_at FROM outbox WHERE id > ? ORDER BY id "
        f"LIMIT {BITE}) AS looked_at WHERE created_at < ?",
        after,
        before,
    )
    if not row or not row["n"]:
        return after, False
    await db.execute(
        "UPDATE outbox SET args = '{}', payload = '{}' WHERE id > ? AND id <= ? AND state = 'sent' AND sent_at < ?",
        after,
        row["last"],
        before,
    )
    return int(row["last"]), row["n"] >= BITE
