"""Time /find in a base of many contacts, on both databases: milliseconds by kind of query, for a rep and for an administrator.

    python benchmarks/searching.py --data DIR [--sizes 10000,1000000] [--databases sqlite,postgres] [--rounds 100]

Contacts, notes and what other systems call them are written by SQL in bulk, in the state that botcrm itself would have left them
in. What is timed is what /find does between reading the line and drawing the screen. The files are deleted afterwards.
"""

import argparse
import asyncio
import contextlib
import gc
import itertools
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import asyncpg  # noqa: E402

from benchmarks.made_words import made_up  # noqa: E402
from benchmarks.make_data import CHAT, _found  # noqa: E402
from benchmarks.measuring import with_typo  # noqa: E402
from benchmarks.service_times import find  # noqa: E402
from botcrm.app import App  # noqa: E402
from botcrm.core import db  # noqa: E402
from botcrm.core.domain.findable import findable  # noqa: E402
from botcrm.core.domain.text import fold  # noqa: E402
from botcrm.core.services.search.index import learn_words, text_id, text_words  # noqa: E402
from botcrm.core.services.search.subjects import match_subject  # noqa: E402
from botcrm.core.services.staff.people import actor_by_telegram  # noqa: E402
from botcrm.core.services.work import Work  # noqa: E402
from botcrm.settings import Settings  # noqa: E402
from tests.postgres import Postgres, started_server  # noqa: E402

WANTED_MS, WANTED_RATIO = 50.0, 1.5
# So many contacts have a note, and so many are called something by another system.
_NOTED, _CALLED = 5, 10
_SPELT = (
    {"ба": "ba", "ко": "ko", "ри": "ri", "не": "ne", "мар": "mar", "тел": "tel", "во": "vo", "сун": "sun", "лин": "lin"}
    | {"дор": "dor", "па": "pa", "вес": "ves", "ка": "ka", "ми": "mi", "тан": "tan", "гор": "gor", "фе": "fe", "лу": "lu"}
)  # fmt: skip
_SAID = (
    *(
        "wants",
        "send",
        "offer",
        "price",
        "meeting",
        "roof",
        "call",
        "back",
        "next",
        "week",
        "budget",
        "order",
        "delivery",
    ),
    *("paint", "window", "garden", "later", "yes", "no"),
)
COLUMNS = {
    "contact": ("id", "version", "created_at", "updated_at", "name", "phone", "email", "owner_id"),
    "note": ("id", "version", "created_at", "updated_at", "text", "contact_id", "owner_id"),
    "external_ref": ("id", "entity", "record_id", "source", "external_id"),
    "search_entry": ("id", "entity", "record_id", "owner_id", "name", "folded", "open", "touched_at"),
    "search_term": ("id", "term", "owner_id", "entry_id"),
}
Person = tuple[str, str, str, int]


def people(count: int, reps: Sequence[int]) -> Iterator[Person]:
    """Yield (name, phone, e-mail, owner) of made-up contacts, every fifth in Cyrillic."""
    dice = random.Random(11)
    first, last = made_up(500, 1), made_up(max(2_000, count // 100), 2)
    cyrillic = [
        "".join(dice.choices(list(_SPELT), k=dice.choice((2, 3, 4)))).capitalize()
        for _ in range(max(1_000, count // 200))
    ]
    for n in range(count):
        name = (
            f"{dice.choice(cyrillic)} {dice.choice(cyrillic)}"
            if dice.random() < 0.2
            else f"{dice.choice(first)} {dice.choice(last)}"
        )
        firm = dice.choice(last).lower()
        yield name, f"+48{500_000_000 + n * 7919 % 499_999_999}", f"person{n}@{firm}.example.com", reps[n % len(reps)]


def note_of(n: int, dice: random.Random) -> str:
    """Return a note with some words that many have, and two that hardly any has."""
    return " ".join(dice.choices(_SAID, k=8)) + f" plan{n % 50_000} at gate {n % 9_000}"


# --- filling -----------------------------------------------------------------------------------------------------------


class Into:
    """Rows on their way into a database, thousands at a time."""

    def __init__(self, put: Callable[[str, Sequence[str], list[tuple[Any, ...]]], Awaitable[None]]) -> None:
        self._put = put
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}

    async def add(self, table: str, *row: Any) -> None:
        rows = self._waiting.setdefault(table, [])
        rows.append(row)
        if len(rows) >= 20_000:
            await self._put(table, COLUMNS[table], rows)
            rows.clear()

    async def end(self) -> None:
        for table, rows in self._waiting.items():
            await self._put(table, COLUMNS[table], rows)


async def fill(into: Into, count: int, reps: Sequence[int], now: Any) -> tuple[set[str], list[tuple[int, list[str]]]]:
    """Write the rows; returns the vocabulary, and what is to go into the full-text index."""
    dice, words, texts = random.Random(5), set[str](), list[tuple[int, list[str]]]()
    terms = itertools.count(1)
    for n, (name, phone, email, owner) in enumerate(people(count, reps), 1):
        await into.add("contact", n, 1, now, now, name, phone, email, owner)
        found = findable("contact", {"name": name, "phone": phone, "email": email}.get)
        await into.add("search_entry", n, "contact", n, owner, name, fold(name), True, now)
        for word in found.words:
            await into.add("search_term", next(terms), word, owner, n)
        words.update(found.words)
        if n % _NOTED == 0:
            text = note_of(n, dice)
            await into.add("note", n // _NOTED, 1, now, now, text, n, owner)
            texts.append((text_id("note", n // _NOTED), text_words(text, owner)))
        if n % _CALLED == 0:
            await into.add("external_ref", n // _CALLED, "contact", n, "hubspot", f"HS-{n}")
    await into.end()
    return words, texts


async def fill_database(url: str, count: int) -> None:
    """Fill an empty, migrated database; its indexes are made when the rows are in."""
    await _found(url)
    await db.open_database(url)
    try:
        reps = await db.column(
            "SELECT u.id FROM \"user\" u JOIN role r ON r.id = u.role_id WHERE r.key = 'rep' ORDER BY u.id"
        )
        if db.dialect() == "postgres":
            await _fill_postgres(url, count, reps)
        else:
            await _fill_sqlite(count, reps)
    finally:
        await db.close()


async def _fill_sqlite(count: int, reps: Sequence[int]) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF"):
        await db.fetch(f"PRAGMA {pragma}")
    indexes = await db.fetch(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
        *COLUMNS,
    )

    async def put(table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        await db.execute_many(sql, rows)

    async with db.transaction():
        for index in indexes:
            await db.execute(f'DROP INDEX "{index["name"]}"')
        words, texts = await fill(Into(put), count, reps, datetime.now(UTC))
        for index in indexes:
            await db.execute(index["sql"])
        await learn_words(words)
        for start in range(0, len(texts), 10_000):
            rows = [(number, " ".join(said)) for number, said in texts[start : start + 10_000]]
            await db.execute_many("INSERT INTO search_text (rowid, words) VALUES (?, ?)", rows)


async def _fill_postgres(url: str, count: int, reps: Sequence[int]) -> None:
    connection = await asyncpg.connect(url)
    try:
        tables = ", ".join(f"'{table}'" for table in (*COLUMNS, "search_text"))
        indexes = await connection.fetch(
            f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({tables}) AND indexdef NOT LIKE '%UNIQUE%'"
        )
        for index in indexes:
            await connection.execute(f'DROP INDEX "{index["indexname"]}"')

        async def put(table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
            await connection.copy_records_to_table(table, records=rows, columns=columns)

        words, texts = await fill(Into(put), count, reps, datetime.now(UTC))
        await connection.executemany("INSERT INTO search_text VALUES ($1, array_to_tsvector($2::text[]))", texts)
        for index in indexes:
            await connection.execute(index["indexdef"])
        async with db.transaction():
            await learn_words(words)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


# --- measuring ---------------------------------------------------------------------------------------------------------


def _latin(word: str) -> str:
    """Write a made-up Cyrillic word in Latin letters."""
    start = next((syllable for syllable in sorted(_SPELT, key=len, reverse=True) if word.startswith(syllable)), "")
    return _SPELT[start] + _latin(word[len(start) :]) if start else ""


def kinds(own: Sequence[Person], dice: random.Random) -> dict[str, Callable[[], str]]:
    """Return how a query of each kind is made up, about one of the contacts of whoever asks."""
    latin = [one for one in own if one[0].isascii()]
    cyrillic = [one for one in own if not one[0].isascii()]

    def name() -> str:
        return dice.choice(latin)[0]

    return {
        "whole name": name,
        "two starts": lambda: " ".join(word[:4] for word in name().split()),
        "one start": lambda: name()[:3],
        "a typo": lambda: with_typo(name().split()[1], dice),
        "typo and name": lambda: (words := name().split())[0] + " " + with_typo(words[1], dice),
        "other alphabet": lambda: " ".join(_latin(word.lower()) for word in dice.choice(cyrillic)[0].split()),
        "phone": lambda: (phone := dice.choice(own)[1])[:3] + f" {phone[3:6]}-{phone[6:9]}-{phone[9:]}",
        "last 4 digits": lambda: dice.choice(own)[1][-4:],
        "e-mail": lambda: dice.choice(own)[2],
        "domain": lambda: "@" + dice.choice(latin)[2].partition("@")[2],
        "external id": lambda: f"HS-{dice.randrange(1, 1_000) * _CALLED}",
        "rare words of a note": lambda: f"plan{dice.randrange(5, 50_000, 5)} gate",
        "common words of a note": lambda: " ".join(dice.sample(_SAID, 2)),
        "nothing": lambda: "".join(dice.choices("qxzjw", k=7)),
    }


async def subject(work: Work, text: str) -> None:
    """Do what every line with a subject does."""
    await match_subject(work, [*text.split(), "wants", "two"], ("contact", "company"))


async def measure(url: str, count: int, rounds: int) -> dict[tuple[str, str], list[float]]:
    """Return milliseconds by (kind of query, who asks)."""
    app = App(Settings(database_url=url, timezone="UTC"))
    await app.start()
    taken: dict[tuple[str, str], list[float]] = {}
    try:
        async with app.work() as work:
            reps = await db.column(
                "SELECT u.id FROM \"user\" u JOIN role r ON r.id = u.role_id WHERE r.key = 'rep' ORDER BY u.id"
            )
            every = list(people(count, reps))
            for who, chat, own in (
                ("rep", CHAT, [one for one in every if one[3] == reps[0]]),
                ("admin", CHAT + 999_999, every),
            ):
                actor = await actor_by_telegram(app.defaults, chat)
                assert actor is not None
                mine = work.acting_as(actor)
                made = kinds(own, random.Random(3))
                gc.collect()
                gc.freeze()
                for label, make in made.items():
                    taken[(label, who)] = await _times(mine, find, make, rounds)
                taken[("subject of a line", who)] = await _times(mine, subject, made["two starts"], rounds)
    finally:
        await app.stop()
    return taken


async def _times(
    work: Work, ask: Callable[[Work, str], Awaitable[None]], make: Callable[[], str], rounds: int
) -> list[float]:
    texts = [make() for _ in range(rounds + 5)]
    times = []
    for text in texts:
        start = time.perf_counter()
        await ask(work, text)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times[5:])


def percentile(times: Sequence[float], share: float) -> float:
    """Return the value that this share of sorted values does not exceed."""
    return times[min(len(times) - 1, int(len(times) * share))]


@contextlib.contextmanager
def databases(name: str, folder: Path) -> Iterator[Callable[[int], str]]:
    """Give a way to a new, migrated database of a kind; all of them are gone afterwards."""
    if name == "sqlite":
        files: list[Path] = []

        def make(count: int) -> str:
            files.append(folder / f"searching-{count}.sqlite3")
            return f"sqlite://{files[-1]}"

        try:
            yield make
        finally:
            for file in files:
                for rest in file.parent.glob(f"{file.name}*"):
                    rest.unlink()
        return
    with started_server() as server, Postgres(server) as postgres:
        yield lambda _: postgres.blank()


def table(name: str, results: dict[int, dict[tuple[str, str], list[float]]]) -> Iterable[str]:
    """Yield the lines of a table: p50 and p95 by kind of query and size."""
    sizes = list(results)
    yield f"\n{name}: ms p50 / p95 of /find, as a rep and as an administrator"
    yield "| query | " + " | ".join(f"rep {size:,} | admin {size:,}" for size in sizes) + " | p50 ×, rep |"
    yield "|---|" + "---|" * (2 * len(sizes) + 1)
    for label in dict.fromkeys(label for label, _ in results[sizes[0]]):
        cells = []
        for size, who in itertools.product(sizes, ("rep", "admin")):
            times = results[size][(label, who)]
            cells.append(f"{percentile(times, 0.5):.1f} / {percentile(times, 0.95):.1f}")
        ratio = percentile(results[sizes[-1]][(label, "rep")], 0.5) / percentile(results[sizes[0]][(label, "rep")], 0.5)
        yield f"| {label} | " + " | ".join(cells) + f" | {ratio:.1f} |"
    every = sorted(
        ms for (label, _), times in results[sizes[-1]].items() if label != "subject of a line" for ms in times
    )
    worst = max(percentile(times, 0.95) for times in results[sizes[-1]].values())
    p95 = percentile(every, 0.95)
    yield f"all kinds alike: p95 {p95:.1f} ms, wanted under {WANTED_MS:.0f}; the worst kind's p95 {worst:.1f} ms"


def main() -> None:
    """Make the bases, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder for the files")
    parser.add_argument("--sizes", default="10000,1000000")
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    for name in options.databases.split(","):
        results = {}
        with databases(name, options.data) as make:
            for size in map(int, options.sizes.split(",")):
                url = make(size)
                started = time.perf_counter()
                asyncio.run(fill_database(url, size))
                print(f"{name}: {size:,} contacts in {time.perf_counter() - started:.0f} s", flush=True)
                results[size] = asyncio.run(measure(url, size, options.rounds))
        print("\n".join(table(name, results)), flush=True)


if __name__ == "__main__":
    main()
