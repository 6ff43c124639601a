"""`kill -9` in the middle of everything: each update takes effect once, none is lost, order within a chat is kept."""

from __future__ import annotations

import asyncio
import random

from tests.crash.feed import feed, judge
from tests.crash.site import Site

LINES, CHATS = 150, 5


async def test_nothing_is_lost_or_doubled_by_kills(site: Site) -> None:
    people = await site.reps(*range(100, 100 + CHATS))
    await site.start()
    chance = random.Random(7)
    feeding = asyncio.create_task(feed(people, LINES, 0.03))
    try:
        for number in range(6):
            if number not in (1, 4):
                # Stored by this process, and most of it not handled yet: the one after it takes them up.
                stored = site.number("SELECT count(*) FROM inbox") + 5 if not feeding.done() else 0
                await site.until(
                    lambda least=stored: feeding.done() or site.number("SELECT count(*) FROM inbox") >= least,  # type: ignore[misc]
                    "stored",
                )
            else:
                done = min(site.updates("done") + chance.randint(1, 12), LINES)
                await site.until(lambda least=done: site.updates("done") >= least, "handled")  # type: ignore[misc]
            await asyncio.sleep(chance.random() * 0.02)
            await site.kill()
            await site.start()
        await feeding
        await site.until(lambda: site.updates("done") == LINES + CHATS, "all handled")
    finally:
        feeding.cancel()
    await site.stop()
    assert site.updates("new") == site.updates("quarantined") == 0
    verdict = judge(await site.export("deals"), LINES)
    assert verdict.clean, verdict
    events = await site.export("events")
    assert sum(event["type"] == "DealCreated" for event in events) == LINES
