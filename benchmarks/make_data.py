"""Make a company with many deals in an SQLite file, by SQL, in the state that botcrm itself would have left it in.

Companies, contacts, deals, one event each, the planned activity of most open deals with its jobs, and all that
`core/services/derived/derive.py` keeps beside them, made by the same functions (`deal_name`, `fold`, `terms`).
"""

import argparse
import asyncio
import hashlib
import itertools
import json
import random
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.made_words import FORMS, KINDS, WORKS, made_up  # noqa: E402
from botcrm.app import App  # noqa: E402
from botcrm.core.domain.facts import keys_of  # noqa: E402
from botcrm.core.domain.findable import deal_name, phone_words, sound_keys  # noqa: E402
from botcrm.core.domain.text import fold, terms  # noqa: E402
from botcrm.core.services.derived.derive import reminder_keys  # noqa: E402
from botcrm.core.services.search.index import text_id, text_words  # noqa: E402
from botcrm.core.services.staff.people import add_user  # noqa: E402
from botcrm.settings import Settings  # noqa: E402

REPS, MANAGERS = 200, 10
CHAT = 5_000_000  # the Telegram id of user n is CHAT + n
OPEN_SHARE = 0.2
_PLANNED_SHARE = 0.9  # of the open deals; the others have no next activity
_LATE, _SOON = 0.1, 0.5  # shares of the planned ones: overdue, due within two weeks


def stamp(moment: datetime) -> str:
    """Write a moment as botcrm stores it."""
    return moment.isoformat(" ")


async def _found(url: str) -> None:
    app = App(Settings(database_url=url, timezone="UTC"))
    await app.start()
    try:
        async with app.work() as work:
            admin = await add_user(work, name="Ada Admin", role="admin", telegram_id=CHAT + 999_999)
            bosses = [
                await add_user(
                    work, name=f"Boss {n}", role="manager", telegram_id=CHAT + 900_000 + n, manager_id=admin.id
                )
                for n in range(MANAGERS)
            ]
            for n in range(REPS):
                boss = bosses[n % MANAGERS].id
                await add_user(work, name=f"Rep {n}", role="rep", telegram_id=CHAT + n, manager_id=boss)
    finally:
        await app.stop()


@dataclass
class _Tables:
    """Rows on their way into the file, written thousands at a time."""

    db: sqlite3.Connection
    waiting: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    texts: list[tuple[int, str]] = field(default_factory=list)
    entries: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, table: str, *row: Any) -> None:
        rows = self.waiting.setdefault(table, [])
        rows.append(row)
        if len(rows) >= 20_000:
            self._write(table)

    def found_by(
        self, entity: str, record_id: int, owner: int, name: str, more: str, is_open: bool, at: str, *ways: str
    ) -> None:
        """Enter a record into the search tables, as search_index.keep_entry does."""
        entry = next(self.entries)
        self.add("search_entry", entry, entity, record_id, owner, name[:500], fold(name)[:500], int(is_open), at)
        for word in list(dict.fromkeys([*(word[:64] for word in terms(f"{name} {more}")), *ways]))[:40]:
            self.add("search_term", None, word, owner, entry)
            if len(word) >= 3 and word.isalpha():
                self.words.add(word)

    def keys(self, entity: str, record_id: int, **values: Any) -> None:
        """Enter the keys by which the matcher finds a record, as record_keys.keep_keys does."""
        for key in keys_of(entity, values):
            self.add("record_key", None, entity, key, record_id)

    def event(self, kind: str, entity: str, record_id: int, owner: int, at: str, *links: int | None) -> None:
        """Enter a record's creation; `links` are its deal, contact and company."""
        self.add("event", None, at, record_id, owner, kind, entity, record_id, 1, *links, None, "{}", "{}", None)

    def _write(self, table: str) -> None:
        rows, self.waiting[table] = self.waiting[table], []
        if rows:
            self.db.executemany(
                f"INSERT INTO {table} ({_COLUMNS[table]}) VALUES ({', '.join('?' * len(rows[0]))})", rows
            )

    def finish(self) -> None:
        for table in list(self.waiting):
            self._write(table)
        self.db.executemany("INSERT INTO search_text (rowid, words) VALUES (?, ?)", self.texts)
        # The row number is the word's hash, as in search_index.learn_words.
        numbered = sorted(
            (int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), signed=True), word) for word in self.words
        )
        self.db.executemany("INSERT INTO search_word (rowid, word) VALUES (?, ?)", numbered)
        heard = sorted((key, word) for word in self.words for key in sound_keys(word))
        self.db.executemany("INSERT INTO search_sound (key, word) VALUES (?, ?)", heard)


_COLUMNS = {
    "company": "id, version, created_at, updated_at, deleted_at, name, phone, email, owner_id",
    "contact": "id, version, created_at, updated_at, deleted_at, name, phone, email, telegram_id, company_id, owner_id",
    "deal": "id, version, created_at, updated_at, deleted_at, title, status, amount, currency, source, expected_close, lost_reason, "
    "stage_entered_at, closed_at, next_activity_id, next_deadline_at, company_id, contact_id, owner_id, pipeline_id, stage_id",
    "activity": "id, version, created_at, updated_at, deleted_at, kind, title, status, due_at, due_wall, due_zone, has_time, "
    "deadline_at, done_at, duration_minutes, direction, result, company_id, contact_id, deal_id, lead_id, owner_id, "
    "counts_for, counts_own",
    "job": "id, kind, key, payload, state, run_at, lease_until, token, attempts, error, done_at",
    "event": "id, at, work_id, actor_id, type, entity, record_id, version, deal_id, contact_id, company_id, lead_id, before, after, undoes",
    "search_entry": "id, entity, record_id, owner_id, name, folded, open, touched_at",
    "search_term": "id, term, owner_id, entry_id",
    "record_key": "id, entity, key, record_id",
}


def _fitting_columns(db: sqlite3.Connection) -> None:
    """Refuse to write into tables that lack a column this script fills, or want one that it does not know.

    :raises SystemExit: the schema has changed
    """
    for table, known in _COLUMNS.items():
        columns = {row[1]: bool(row[3]) and row[4] is None for row in db.execute(f"PRAGMA table_info({table})")}
        filled = set(known.split(", "))
        wanted = {name for name, needed in columns.items() if needed}
        if filled - set(columns) or wanted - filled:
            raise SystemExit(f"make_data.py must learn the new columns of {table}: {list(columns)}")


def _phone(n: int) -> str:
    return f"+48{500_000_000 + n * 7 % 499_999_999}"


def _fill(db: sqlite3.Connection, deals: int, now: datetime) -> None:
    dice = random.Random(7)
    to = _Tables(db)
    reps = [
        row[0]
        for row in db.execute(
            "SELECT u.id FROM user u JOIN role r ON r.id = u.role_id WHERE r.key = 'rep' ORDER BY u.id"
        )
    ]
    stages = db.execute("SELECT id, kind, pipeline_id FROM stage ORDER BY position").fetchall()
    open_stages = [row[0] for row in stages if row[1] == "open"]
    closed = {kind: stage for stage, kind, _ in stages if kind != "open"}
    pipeline = stages[0][2]
    first, last = made_up(max(200, deals // 500), 1), made_up(max(400, deals // 200), 2)
    many = {"company": max(REPS, deals // 4), "contact": max(REPS, deals // 3)}
    old = now - timedelta(days=700)

    companies: list[tuple[str, int]] = []
    for n in range(1, many["company"] + 1):
        name = f"{dice.choice(last)} {dice.choice(first)} {dice.choice(FORMS)}"
        owner, at = reps[n % REPS], stamp(old + timedelta(seconds=n))
        companies.append((name, owner))
        to.add("company", n, 1, at, at, None, name, None, None, owner)
        to.found_by("company", n, owner, name, "", True, at)
        to.keys("company", n, name=name)
        to.event("CompanyCreated", "company", n, owner, at, None, None, n)
    contacts: list[tuple[str, int, int]] = []
    for n in range(1, many["contact"] + 1):
        company = dice.randrange(len(companies))
        name = f"{dice.choice(first)} {dice.choice(last)}"
        owner, at = companies[company][1], stamp(old + timedelta(seconds=n))
        contacts.append((name, company + 1, owner))
        phone = _phone(n)
        to.add("contact", n, 1, at, at, None, name, phone, None, None, company + 1, owner)
        to.found_by("contact", n, owner, name, companies[company][0], True, at, *phone_words(phone))
        to.keys("contact", n, name=name, phone=phone)
        to.event("ContactCreated", "contact", n, owner, at, None, n, company + 1)

    activities = itertools.count(1)
    for n in range(1, deals + 1):
        contact = dice.randrange(len(contacts))
        person, company, owner = contacts[contact]
        title = f"{dice.choice(KINDS)} {dice.choice(WORKS)}"
        born = now - timedelta(minutes=dice.randrange(60, 900_000))
        at, is_open = stamp(born), dice.random() < OPEN_SHARE
        status = "open" if is_open else dice.choice(("won", "lost", "lost"))
        stage = dice.choice(open_stages) if is_open else closed[status]
        planned, deadline = None, None
        if is_open and dice.random() < _PLANNED_SHARE:
            planned, deadline = next(activities), _deadline(dice, now)
            _plan(to, planned, n, contact + 1, company, owner, deadline, now, at)
        name = companies[company - 1][0]
        to.add(
            "deal", n, 1, at, at, None, title, status, str(dice.randrange(5, 900) * 100), "EUR", None, None,
            "price" if status == "lost" else None, at, None if is_open else at, planned,
            stamp(deadline) if deadline else None, company, contact + 1, owner, pipeline, stage,
        )  # fmt: skip
        to.found_by("deal", n, owner, deal_name(title, name), person, is_open, at)
        to.event("DealCreated", "deal", n, owner, at, n, contact + 1, company)
    to.finish()


def _deadline(dice: random.Random, now: datetime) -> datetime:
    chance, minute = dice.random(), timedelta(minutes=1)
    if chance < _LATE:
        return now - dice.randrange(60, 20_000) * minute
    # Nothing falls due while the benchmark runs: it would be measured along.
    return now + dice.randrange(3_000, 20_000 if chance < _SOON else 130_000) * minute


def _plan(
    to: _Tables, n: int, deal: int, contact: int, company: int, owner: int, deadline: datetime, now: datetime, at: str
) -> None:
    due = stamp(deadline)
    wall = deadline.replace(tzinfo=None).isoformat(timespec="seconds")
    to.texts.append((text_id("activity", n), " ".join(text_words("send offer", owner))))
    to.add(
        "activity", n, 1, at, at, None, "call", "send offer", "planned", due, wall, "UTC", 1, due, None, None, None, None,
        company, contact, deal, None, owner, owner, owner,
    )  # fmt: skip
    done = due if deadline < now else None
    _, remind, overdue = reminder_keys(n)
    facts = {"activity_id": n, "deadline": deadline.isoformat()}
    for kind, key, more in (("activity.overdue", overdue, {}), ("activity.remind", remind, {"early": False})):
        state = "done" if done else "waiting"
        to.add("job", None, kind, key, json.dumps(facts | more), state, due, None, 0, 0, "", done)


def build(path: Path, deals: int) -> float:
    """Make the file and return the seconds it took."""
    started = time.perf_counter()
    for rest in path.parent.glob(f"{path.name}*"):
        rest.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(_found(f"sqlite://{path}"))
    db = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in (
            "journal_mode=OFF",
            "synchronous=OFF",
            "cache_size=-500000",
            "temp_store=MEMORY",
            "foreign_keys=OFF",
        ):
            db.execute(f"PRAGMA {pragma}").fetchall()
        _fitting_columns(db)
        marks = ", ".join("?" * len(_COLUMNS))
        indexes = db.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
            list(_COLUMNS),
        ).fetchall()
        db.execute("BEGIN")
        for name, _ in indexes:
            db.execute(f'DROP INDEX "{name}"')
        # Jobs that are due now, such as everybody's first digest, would be measured along.
        now = datetime.now(UTC).replace(microsecond=0)
        db.execute("UPDATE job SET run_at = ?", [stamp(now + timedelta(days=2))])
        _fill(db, deals, now)
        for _, sql in indexes:
            db.execute(sql)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode=WAL").fetchall()
    finally:
        db.close()
    _about(path).write_text(json.dumps({"deals": deals, "format": _format(), "made": time.time()}))
    return time.perf_counter() - started


def _format() -> str:
    """Return what a file depends on: the schema, what is derived, and this script."""
    parts = [
        *sorted((ROOT / "botcrm/core/migrations").glob("*.py")),
        ROOT / "botcrm/core/services/derived/derive.py",
        ROOT / "botcrm/core/domain/facts.py",
        ROOT / "botcrm/core/domain/findable.py",
        ROOT / "botcrm/core/schema.py",
        ROOT / "benchmarks/made_words.py",
    ]
    return hashlib.sha256(b"".join(part.read_bytes() for part in (*parts, Path(__file__)))).hexdigest()


def _about(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def ensure(folder: Path, deals: int) -> Path:
    """Return a file of that size, making it when there is none from the last 20 hours: its deadlines go by the clock."""
    path = folder / f"deals-{deals}.sqlite3"
    if path.exists() and _about(path).exists():
        about = json.loads(_about(path).read_text())
        if about["format"] == _format() and time.time() - about["made"] < 20 * 3600:
            return path
    seconds = build(path, deals)
    print(f"made {path.name}: {deals:,} deals, {path.stat().st_size / 2**20:,.0f} MB, {seconds:.0f} s", flush=True)
    return path


def chats(path: Path, count: int, each: int) -> list[dict[str, Any]]:
    """Return reps with names of their own records that lines can be about: [{chat, companies, contacts}]."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def names(table: str, owner: int) -> list[str]:
        return [
            row[0]
            for row in db.execute(f"SELECT name FROM {table} WHERE owner_id = ? ORDER BY id LIMIT ?", (owner, each))
        ]

    try:
        rows: Iterable[tuple[int, int]] = db.execute(
            "SELECT u.id, u.telegram_id FROM user u JOIN role r ON r.id = u.role_id WHERE r.key = 'rep' ORDER BY u.id LIMIT ?",
            (count,),
        ).fetchall()
        return [
            {"chat": chat, "companies": names("company", user), "contacts": names("contact", user)}
            for user, chat in rows
        ]
    finally:
        db.close()


def main() -> None:
    """Make one file from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder for the files")
    parser.add_argument("--deals", type=int, default=10_000)
    options = parser.parse_args()
    print(ensure(options.data, options.deals))


if __name__ == "__main__":
    main()
