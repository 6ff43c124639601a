"""Time the home screen and the team for a department of 200, whatever there is in the base and whoever asks.

python benchmarks/proactive.py --data FOLDER [--deals 10000,1000000] [--rounds 300]

One person, "heavy", is given 20,000 open deals first: what somebody's counters cost must not follow how much they have to do.
"""

import argparse
import asyncio
import gc
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import make_data
from benchmarks.measuring import copied
from botcrm.app import App
from botcrm.core import db
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.home import home
from botcrm.core.services.search.index import text_id, text_words
from botcrm.core.services.staff.people import actor_by_telegram
from botcrm.core.services.staff.team import team
from botcrm.core.services.work import Work
from botcrm.settings import Settings

BUDGET_MS = 50.0
HEAVY_DEALS = 20_000


def _make_heavy(path: Path) -> int:
    """Give one rep the open deals of others; returns the chat of that rep."""
    base = sqlite3.connect(path, isolation_level=None)
    try:
        user, chat = base.execute(
            "SELECT u.id, u.telegram_id FROM user u JOIN role r ON r.id = u.role_id WHERE r.key = 'rep' ORDER BY u.id DESC LIMIT 1"
        ).fetchone()
        base.execute("BEGIN")
        base.execute(
            "UPDATE deal SET owner_id = ? WHERE id IN (SELECT id FROM deal WHERE status = 'open' LIMIT ?)",
            (user, HEAVY_DEALS),
        )
        base.execute(
            "UPDATE activity SET owner_id = ?, counts_for = ?, counts_own = ? WHERE status = 'planned' AND deal_id IN "
            "(SELECT id FROM deal WHERE owner_id = ?)",
            (user, user, user, user),
        )
        # Search knows whose they are.
        base.execute(
            "UPDATE search_entry SET owner_id = ? WHERE entity = 'deal' AND record_id IN (SELECT id FROM deal WHERE owner_id = ?)",
            (user, user),
        )
        base.execute(
            "UPDATE search_term SET owner_id = ? WHERE entry_id IN "
            "(SELECT id FROM search_entry WHERE entity = 'deal' AND owner_id = ?)",
            (user, user),
        )
        said = base.execute(
            "SELECT id, title FROM activity WHERE owner_id = ? AND status = 'planned'", (user,)
        ).fetchall()
        base.executemany(
            "INSERT OR REPLACE INTO search_text (rowid, words) VALUES (?, ?)",
            [(text_id("activity", number), " ".join(text_words(title, user))) for number, title in said],
        )
        base.execute("COMMIT")
        return int(chat)
    finally:
        base.close()


async def _measure(path: Path, rounds: int, heavy: int) -> dict[str, list[float]]:
    app = App(Settings(database_url=f"sqlite://{path}", timezone="UTC"))
    await app.start()
    gc.collect()
    gc.freeze()
    first = make_data.CHAT
    boss, admin = first + 900_000, first + 999_999
    calls: dict[str, tuple[list[int], Callable[[Work], Awaitable[object]]]] = {
        "/today of a rep": ([first + n for n in range(100)], home),
        "/today, second page": ([first + n for n in range(100)], lambda work: home(work, page=1)),
        "/today, one column": ([first + n for n in range(100)], lambda work: home(work, column="later")),
        "/today, 20,000 deals": ([heavy], home),
        "/team of 20": ([boss + n for n in range(10)], team),
        "/team of 200": ([admin], lambda work: team(work, limit=1000)),
    }
    taken: dict[str, list[float]] = {}
    try:
        async with app.work() as work:
            for label, (chats, call) in calls.items():
                found = taken[label] = []
                for n in range(rounds + 20):
                    actor = await actor_by_telegram(app.defaults, chats[n % len(chats)])
                    assert actor is not None
                    mine = work.acting_as(actor)
                    start = time.perf_counter()
                    await call(mine)
                    found.append((time.perf_counter() - start) * 1000)
                del found[:20]
        async with db.transaction():
            start = time.perf_counter()
            wrong = sum((await fix_derived()).values())
            taken["doctor --fix"] = [(time.perf_counter() - start) * 1000]
            assert not wrong, f"{wrong} derived values were wrong"
    finally:
        await app.stop()
    return taken


def main() -> int:
    """Print a table; returns 1 where a screen takes longer than its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder for the files")
    parser.add_argument("--deals", default="10000,1000000", help="sizes, e.g. 10000,1000000")
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    found: dict[int, dict[str, list[float]]] = {}
    for deals in (int(size) for size in options.deals.split(",")):
        source = make_data.ensure(options.data, deals)
        with tempfile.TemporaryDirectory(dir=options.data) as folder:
            path = copied(source, Path(folder))
            heavy = _make_heavy(path)
            os.sync()
            found[deals] = asyncio.run(_measure(path, options.rounds, heavy))
    print(f"| ms, p50 / p95 | {' | '.join(f'{deals:,} deals' for deals in found)} |")
    print(f"|---|{'---|' * len(found)}")
    over = False
    for label in next(iter(found.values())):
        cells = []
        for taken in found.values():
            ms = sorted(taken[label])
            p95 = ms[min(len(ms) - 1, int(len(ms) * 0.95))]
            over = over or (label.startswith("/") and p95 > BUDGET_MS)
            cells.append(f"{statistics.median(ms):.2f} / {p95:.2f}")
        print(f"| {label} | {' | '.join(cells)} |")
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())
