"""Ten thousand reminders due in the same minute while people go on writing, and what a sweep costs with very many jobs stored.

    python benchmarks/reminders.py [--count 10000] [--people 2000] [--stored 1000000] [--speed 2] [--database URL]

The bot runs in this process over a Telegram that does what the real one says it does: no more than 30 messages a second in all and
one a second to a chat, where a burst of three is let pass, else 429 with retry_after. 10,000 reminders therefore take 333 seconds at
best. The clock of both runs at twice the speed (`--speed`), so that this takes half as long and the machine has to do twice as much
in a second; all seconds printed are that clock's, a reply's too. It stands still until everything is planned.
Checked: each reminder arrives once, none before its time, the lanes of a chat stay in order; the replies' p95 stays under a second.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.commands import heading, part, table
from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.kinds import Lane
from botcrm.core.domain.zones import to_wall
from botcrm.core.services.activities import Due, plan_activity
from botcrm.core.services.actor import Actor
from botcrm.core.services.staff.people import actor_by_id, add_user, preferences, system
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob, JobRunner
from botcrm.settings import Settings
from botcrm.telegram.api import ApiError
from botcrm.telegram.run import BotProcess

OVERALL, BURST, LATENCY = 30, 3, 0.05
REPLIES_PER_SECOND = 2.0
REPORTS = 50
WANTED_P95, WANTED_GROWTH = 1.0, 1.5
_FIRST_CHAT = 1_000_000
_IN_ONE_WORK = 500
_DUE = 10
_COMMITTED_WITHIN = timedelta(seconds=2)


class Clock:
    """The time that the bot and Telegram live in: it stands still until it is started, and then runs at a speed of its own."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._base = datetime.now(UTC).replace(microsecond=0)
        self._began: float | None = None

    def start(self) -> None:
        """Begin to run."""
        self._began = time.perf_counter()

    def __call__(self) -> datetime:
        """Return the present moment."""
        passed = 0.0 if self._began is None else time.perf_counter() - self._began
        return self._base + timedelta(seconds=passed * self._speed)

    def seconds(self) -> float:
        """Return the present moment in seconds since 1970."""
        return self().timestamp()

    async def sleep(self, seconds: float) -> None:
        """Wait for seconds of this clock."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)

    def real(self, seconds: float) -> float:
        """Return how long so many of its seconds take."""
        return seconds / self._speed


@dataclass
class Telegram:
    """A Bot API with Telegram's limits, and what was sent over it: (seconds, chat, text)."""

    clock: Clock
    sent: list[tuple[float, int, str]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    waiting: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    replies: list[float] = field(default_factory=list)
    reminders: int = 0
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _recent: deque[float] = field(default_factory=deque)
    _empty: dict[int, float] = field(default_factory=dict)

    async def call(self, method: str, payload: dict[str, Any] | str, **_: Any) -> Any:
        """Take a call, or refuse it as Telegram does."""
        said = json.loads(payload) if isinstance(payload, str) else payload
        if method == "getMe":
            return {"id": 1, "is_bot": True, "username": "bench_bot"}
        if method != "sendMessage":
            return True
        now, chat = self.clock.seconds(), int(said["chat_id"])
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= OVERALL:
            self.refused["overall"] += 1
            raise ApiError(429, "Too Many Requests", 1.0)
        # As a bucket that a token falls into each second: when it was last empty, so to speak.
        empty = max(self._empty.get(chat, 0.0), now - BURST)
        if empty + 1 > now:
            self.refused["chat"] += 1
            raise ApiError(429, "Too Many Requests", 1.0)
        self._recent.append(now)
        self._empty[chat] = empty + 1
        text = str(said["text"])
        self.sent.append((now, chat, text))
        self.reminders += text.startswith("⏰")
        self._grown.set()
        if self.waiting[chat] and not text.startswith(("⏰", "report")):
            self.replies.append(now - self.waiting[chat].popleft())
        await self.clock.sleep(LATENCY)
        return {"message_id": len(self.sent)}

    async def complete(self, count: int) -> None:
        """Wait until so many reminders came."""
        while self.reminders < count:
            self._grown.clear()
            await self._grown.wait()

    async def fetch(self, path: str, most_bytes: int) -> bytes:
        """Have no files."""
        raise FileNotFoundError(path)


async def fill(app: App, count: int, people: int) -> list[int]:
    """Take people into the staff and return their ids."""
    found: list[int] = []
    while len(found) < people:
        async with app.work() as work:
            for n in range(len(found), min(people, len(found) + _IN_ONE_WORK)):
                user = await add_user(work, name=f"Rep {n}", role="rep", telegram_id=_FIRST_CHAT + n)
                found.append(user.id)
    async with db.transaction():
        rows = (("reminder_minutes", 0, "0"), ("digest", 0, "false"))
        await db.execute_many("INSERT INTO setting (key, user_id, value) VALUES (?, ?, ?)", rows)
    return found


async def plan(app: App, ids: Sequence[int], count: int, due: datetime) -> None:
    """Plan an activity after the other for one person after the other, all due at one moment."""
    defaults = await preferences(app.defaults)
    actors: dict[int, Actor] = {}
    for start in range(0, count, _IN_ONE_WORK):
        async with app.work() as work:
            for n in range(start, min(count, start + _IN_ONE_WORK)):
                user_id = ids[n % len(ids)]
                if user_id not in actors:
                    found = await actor_by_id(defaults, user_id)
                    assert found is not None
                    actors[user_id] = found
                await plan_activity(
                    work.acting_as(actors[user_id]), "task", f"r{n}", Due(to_wall(due, "UTC"), moment=due)
                )


async def reports(app: App, ids: Sequence[int]) -> None:
    """Commit messages of the report lane: they have to come after the reminders of their chats."""
    async with app.work() as work:
        for chat, user_id in enumerate(ids[:REPORTS], _FIRST_CHAT):
            await work.tell(user_id, chat, "plain", lane=Lane.REPORT, text=f"report {user_id}")


def _update(n: int, chat: int, now: float) -> dict[str, Any]:
    person = {"id": chat, "is_bot": False, "first_name": "Rep"}
    message = {
        "message_id": n,
        "date": int(now),
        "chat": {"id": chat, "type": "private", "first_name": "Rep"},
        "from": person,
        "text": "/today",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    }
    return {"update_id": n, "message": message}


async def write(process: BotProcess, telegram: Telegram, people: int, until: asyncio.Event) -> int:
    """Have people write /today, one after the other, until the event; returns how many lines."""
    n = 0
    while not until.is_set():
        n += 1
        chat = _FIRST_CHAT + (n * 7919) % people
        telegram.waiting[chat].append(telegram.clock.seconds())
        await process.inbox.store([_update(n, chat, telegram.clock.seconds())])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), telegram.clock.real(1 / REPLIES_PER_SECOND))
    return n


async def storm(url: str, count: int, people: int, lead: float, speed: float) -> bool:
    """Let the reminders fall due and check what arrives.

    :param lead: seconds between the start of the clock and the moment at which all are due
    """
    clock = Clock(speed)
    app = App(Settings(database_url=url, timezone="UTC", log_level="WARNING"), now=clock)
    await app.start()
    try:
        began = time.perf_counter()
        ids = await fill(app, count, people)
        due = clock() + timedelta(seconds=lead)
        await plan(app, ids, count, due)
        print(f"  … {count:,} planned in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        telegram = Telegram(clock)
        process = BotProcess(app, telegram, bot_id=1)
        # What the outbox waits for passes at the clock's speed.
        process.outbox._sleep = clock.sleep
        await process.start()
        try:
            await process.loaded()
            clock.start()
            stop = asyncio.Event()
            writing = asyncio.create_task(write(process, telegram, people, stop))
            # Once the storm has begun, so that there are reminders for the reports to come after.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(telegram.complete(1), clock.real(lead + 60))
            await reports(app, ids)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(telegram.complete(count), clock.real(count / OVERALL * 2 + 60))
            stop.set()
            written = await writing
            await clock.sleep(5)
            swapped = await passed_by()
        finally:
            await process.stop()
    finally:
        await app.stop()
    return show(telegram, count, due, written, swapped)


async def passed_by() -> int:
    """Return how many reminders a report to the same chat passed by while they waited.

    A row is there from its commit on, a moment after the time it was made at.
    """
    rows = await db.fetch(
        "SELECT r.created_at, p.sent_at FROM outbox p JOIN outbox r ON r.chat_id = p.chat_id AND r.notice = 'activity_due' "
        "AND r.sent_at > p.sent_at AND r.created_at < p.sent_at WHERE p.notice = 'plain' AND p.sent_at IS NOT NULL"
    )
    waited = (db.moment_needed(row["sent_at"]) - db.moment_needed(row["created_at"]) for row in rows)
    return sum(length > _COMMITTED_WITHIN for length in waited)


def show(telegram: Telegram, count: int, due: datetime, written: int, swapped: int) -> bool:
    """Print what came of the storm; returns whether all is as wanted."""
    got = Counter(text.split("<b>")[1].split("<")[0] for _, _, text in telegram.sent if text.startswith("⏰"))
    moments = [at for at, _, text in telegram.sent if text.startswith("⏰")]
    lost = sum(f"r{n}" not in got for n in range(count))
    early = sum(at < due.timestamp() for at in moments)
    took = max(moments, default=due.timestamp()) - due.timestamp()
    p95 = part(telegram.replies, 0.95) if telegram.replies else float("inf")
    rows = [
        ("reminders", f"{count:,}", ""),
        ("lost", str(lost), "0"),
        ("twice", str(sum(number - 1 for number in got.values())), "0"),
        ("early", str(early), "0"),
        ("passed by a report in their chat", str(swapped), "0"),
        ("seconds until the last", f"{took:.0f}", f"{count / OVERALL:.0f} at the limit"),
        ("reminders a second", f"{count / took:.1f}" if took else "", str(OVERALL)),
        ("refused with 429: overall", str(telegram.refused["overall"]), ""),
        ("refused with 429: one chat", str(telegram.refused["chat"]), ""),
        ("lines written meanwhile", str(written), ""),
        ("replies missing", str(written - len(telegram.replies)), "0"),
        ("reply p50, s", f"{statistics.median(telegram.replies):.3f}" if telegram.replies else "", ""),
        ("reply p95, s", f"{p95:.3f}", f"< {WANTED_P95:g}"),
        ("reply max, s", f"{max(telegram.replies, default=0):.3f}", ""),
    ]
    table(("all due at one moment", "", "wanted"), rows)
    return not lost and not early and not swapped and p95 < WANTED_P95 and written == len(telegram.replies)


# --- the sweeper ------------------------------------------------------------------------------------------------------


async def _nothing(work: Work, job: DueJob) -> None:
    del work, job


async def _due_again() -> None:
    async with db.transaction():
        await db.execute(
            f"UPDATE job SET state = 'waiting', run_at = ? WHERE key IN ({', '.join('?' * _DUE)})",
            datetime.now(UTC) - timedelta(seconds=1),
            *(f"due:{n}" for n in range(_DUE)),
        )


async def _sweeps(app: App, rounds: int) -> list[float]:
    """Time sweeps with ten jobs due, in milliseconds."""
    runner = JobRunner(app.work, {"bench": _nothing}, app.now)
    taken = []
    for n in range(rounds + 5):
        await _due_again()
        began = time.perf_counter()
        assert await runner.sweep() == _DUE
        if n >= 5:
            taken.append((time.perf_counter() - began) * 1000)
    return taken


async def sweeper(url: str, stored: int, rounds: int) -> bool:
    """Compare ten due of ten with ten due of very many."""
    app = App(Settings(database_url=url, timezone="UTC", log_level="WARNING"))
    await app.open()
    job = "INSERT INTO job (kind, key, payload, state, run_at, token, attempts, error) "
    try:
        await preferences(app.defaults)
        async with app.work(system(app.defaults)):
            await db.execute("DELETE FROM job")
            values = [("bench", f"due:{n}", "{}", app.now()) for n in range(_DUE)]
            await db.execute_many(f"{job} VALUES (?, ?, ?, 'waiting', ?, 0, 0, '')", values)
        few = await _sweeps(app, rounds)
        began = time.time()
        async with db.transaction():
            await db.execute(
                f"{job} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {int(stored)}) "
                "SELECT 'bench', 'later:' || i, '{}', 'waiting', ?, 0, 0, '' FROM n",
                app.now() + timedelta(days=30),
            )
        if db.dialect() == "postgres":
            await db.execute("ANALYZE job")
        print(f"  … {stored:,} jobs stored in {time.time() - began:.0f} s", file=sys.stderr, flush=True)
        many = await _sweeps(app, rounds)
    finally:
        await app.stop()
    growth = statistics.median(many) / statistics.median(few)
    rows = [
        (f"10 due of {number:,}", *(f"{part(values, share):.2f}" for share in (0.5, 0.95, 1.0)), times)
        for number, values, times in ((10, few, "1.00"), (stored + 10, many, f"{growth:.2f}"))
    ]
    table(("a sweep, ms", "p50", "p95", "max", f"times the first (wanted: {WANTED_GROWTH:g})"), rows)
    return growth <= WANTED_GROWTH


def main() -> None:
    """Run both and say whether all is as wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="reminders (0: leave the storm out)")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--lead", type=float, default=10, help="seconds between the clock's start and the time itself")
    parser.add_argument("--speed", type=float, default=2, help="how fast the clock of bot and Telegram runs")
    parser.add_argument("--stored", type=int, default=1_000_000, help="jobs that wait (0: leave the sweeper out)")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--database", default="", help="an empty database; its own SQLite file otherwise")
    options = parser.parse_args()
    heading()
    good = True
    with tempfile.TemporaryDirectory(prefix="botcrm-bench-") as folder:
        url = options.database or f"sqlite://{folder}/sweeper.sqlite3"
        if options.stored:
            good = asyncio.run(sweeper(url, options.stored, options.rounds)) and good
            print()
        if options.count:
            url = options.database or f"sqlite://{folder}/storm.sqlite3"
            good = (
                asyncio.run(storm(url, options.count, min(options.people, options.count), options.lead, options.speed))
                and good
            )
    if not good:
        raise SystemExit("not as wanted")


if __name__ == "__main__":
    main()
