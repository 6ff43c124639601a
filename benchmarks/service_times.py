"""Time the core's services alone, in process: what /today and /find cost without Telegram.

python benchmarks/service_times.py FILE     (prints JSON: {label: [ms of each call]})
"""

import asyncio
import gc
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import make_data
from benchmarks.measuring import with_typo
from botcrm.app import App
from botcrm.core.services.home import home
from botcrm.core.services.search.subjects import search
from botcrm.core.services.search.texts import search_said
from botcrm.core.services.staff.people import actor_by_telegram
from botcrm.core.services.work import Work
from botcrm.settings import Settings

# Calls that fill the page cache, and do not count.
WARM = 20
# In ten, as in the lines that `measuring` has typed.
FINDS = {"/find name": 5, "/find start": 3, "/find typo": 2}


async def find(work: Work, text: str) -> None:
    """Do what /find does between reading the line and drawing the screen."""
    found = await search(work, text, limit=10)
    if len(found) < 10:
        await search_said(work, text, min(4, 10 - len(found)))


async def measure(path: Path, reps: list[dict[str, Any]], rounds: int) -> dict[str, list[float]]:
    """Call the services for one rep after the other; returns milliseconds by label."""
    dice = random.Random(3)
    app = App(Settings(database_url=f"sqlite://{path}", timezone="UTC"))
    await app.start()
    # As the bot does after its imports: a full collection over their objects would be measured along.
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {label: [] for label in ("/today", "/find", *FINDS)}
    try:
        for n in range(WARM + rounds):
            rep = reps[n % len(reps)]
            name = dice.choice((*rep["companies"], *rep["contacts"]))
            first, second = name.split()[:2]
            async with app.work() as work:
                actor = await actor_by_telegram(app.defaults, rep["chat"])
                assert actor is not None
                mine = work.acting_as(actor)
                calls = (
                    ("/today", home(mine)),
                    ("/find name", find(mine, name)),
                    ("/find start", find(mine, f"{first[:4]} {second[:3]}")),
                    ("/find typo", find(mine, with_typo(first, dice))),
                )
                for label, call in calls:
                    start = time.perf_counter()
                    await call
                    if n >= WARM:
                        taken[label].append((time.perf_counter() - start) * 1000)
    finally:
        await app.stop()
    taken["/find"] = [ms for label, share in FINDS.items() for n, ms in enumerate(taken[label]) if n % 10 < share]
    return taken


if __name__ == "__main__":
    file = Path(sys.argv[1])
    print(json.dumps(asyncio.run(measure(file, make_data.chats(file, 100, 30), 300))))
