"""Ten thousand pairs of contacts merged as one operation, and taken apart again as a whole.

    python benchmarks/merging.py [--pairs 10000] [--database URL]

Each pair shares a phone and has what makes a merge work: another e-mail, a tag, a deal, an activity and a note on the record that
goes. The operation runs as the bot runs it, a piece at a time, each piece in a transaction of its own, derived data and events
included. Checked: after it was taken back every field, link and tag is as before. Wanted: 10,000 taken back in under a minute.
"""

import argparse
import asyncio
import hashlib
import itertools
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.commands import heading, table
from botcrm.app import App
from botcrm.core import db
from botcrm.core.models import Operation
from botcrm.core.services import records
from botcrm.core.services.activities import add_note, log_activity
from botcrm.core.services.deals import add_deal
from botcrm.core.services.merging.many import Rule, marks_now, start_bulk_merge
from botcrm.core.services.operations import operations
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.work import Work
from botcrm.reminders.operations import run_here
from botcrm.settings import Settings

WANTED_SECONDS = 60.0
_IN_ONE_WORK = 200
_STATE = (
    "SELECT id, name, phone, email, more_phones, more_emails, owner_id, company_id, merged_into_id, deleted_at FROM contact ORDER BY id",
    "SELECT id, contact_id, last_contact_at FROM deal ORDER BY id",
    "SELECT id, contact_id FROM activity ORDER BY id",
    "SELECT id, contact_id FROM note ORDER BY id",
    "SELECT entity, record_id, tag FROM tag ORDER BY entity, record_id, tag",
)


async def main() -> int:
    """Make the pairs, merge them, take them apart, and print how long each took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--database", help="a URL; a temporary SQLite file when left out")
    options = parser.parse_args()
    heading()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite://{folder}/merging.sqlite3"
        app = App(Settings(database_url=url, timezone="Europe/Warsaw"))
        await app.start()
        try:
            return await _measured(app, options.pairs)
        finally:
            await app.stop()


async def _measured(app: App, pairs: int) -> int:
    async with app.work() as work:
        user = await add_user(work, name="Ada", role="admin", telegram_id=1)
    actor = await actor_by_id(app.defaults, user.id)
    assert actor
    rows, search_id = [], 0
    watch = Watch()
    for start in range(0, pairs, _IN_ONE_WORK):
        async with app.work(actor) as work:
            if not search_id:
                search_id = await _search(work)
            for number in range(start, min(start + _IN_ONE_WORK, pairs)):
                await _pair(work, search_id, number)
    rows.append(watch.row("made (pairs)", pairs))
    before = await _state()
    async with app.work(actor) as work:
        merging = await start_bulk_merge(work, Rule(search_id, 0.9), "Merge")
        await operations.run(work, merging, here=True)
    watch = Watch()
    done = await run_here(app, merging.id)
    rows.append(watch.row("merged", done.counts["merged"]))
    assert done.counts["merged"] == pairs, done.counts
    async with app.work(actor) as work:
        taking = await operations.undo(work, merging.id, here=True)
    watch, pieces = Watch(), [time.perf_counter()]
    back = await run_here(app, taking.id, lambda operation: pieces.append(time.perf_counter()))
    rows.append(watch.row("taken back", back.counts["back"]))
    seconds = watch.seconds
    assert await _state() == before, "something is not as before"
    table(("what", "", "count", "seconds", "ms each", "CPU ms each"), rows)
    longest = max((after - begun for begun, after in itertools.pairwise(pieces)), default=0.0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Longest piece {longest * 1000:.0f} ms; peak memory {memory:.0f} MB; every field, link and tag as before.")
    fast = seconds * 10_000 / pairs < WANTED_SECONDS
    print(f"10,000 taken back in under a minute: {'yes' if fast else 'NO'} ({seconds * 10_000 / pairs:.0f} s)")
    return 0 if fast else 1


class Watch:
    """Measures wall and processor time from when it is made."""

    def __init__(self) -> None:
        self._started, self._cpu = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        """Return how long it runs."""
        return time.perf_counter() - self._started

    def row(self, what: str, count: int) -> tuple[str, ...]:
        """Return a row of the table: what it took, in all and for each."""
        each, cpu = (1000 * spent / max(count, 1) for spent in (self.seconds, time.process_time() - self._cpu))
        return what, "", f"{count:,}", f"{self.seconds:.1f}", f"{each:.2f}", f"{cpu:.2f}"


async def _search(work: Work) -> int:
    operation: Operation = await operations.start(work, "duplicates", "contact", "Duplicates", params={})
    operation.state = "done"
    await operation.save()
    return int(operation.id)


async def _pair(work: Work, search_id: int, number: int) -> None:
    phone = f"+48{600_000_000 + number}"
    main = await records.add_contact(work, f"Anna Nowak {number}", phone=phone)
    other = await records.add_contact(work, f"Nowak Ania {number}", phone=phone, email=f"a{number}@acme.example")
    await records.add_tags(work, other, ["vip"])
    deal = await add_deal(work, title="roof", contact_id=other.id)
    await log_activity(work, "call", "", deal_id=deal.id, contact_id=other.id)
    await add_note(work, "likes e-mail", contact_id=other.id)
    reasons = [{"what": "phone", "percent": 0}]
    marks = await marks_now("contact", [main.id, other.id])
    shared = {"score": 0.99, "reasons": reasons}
    members = [{"id": one, "links": [[main.id, 0.99]], "mark": mark, **shared} for one, mark in marks.items()]
    await db.insert(
        "duplicate_group",
        operation_id=search_id,
        entity="contact",
        number=number,
        score=0.99,
        members=db.to_json(members),
        state="open",
    )


async def _state() -> str:
    """Return a mark of all that has to be as before."""
    mark = hashlib.sha256()
    for sql in _STATE:
        for row in await db.fetch(sql):
            mark.update(repr(row).encode())
    return mark.hexdigest()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
