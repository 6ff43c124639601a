"""What `kill -9` costs: numbered lines arrive in several chats while the bot is killed and started again and again.

    python benchmarks/crash.py [--lines 1000] [--kills 30] [--chats 10] [--seed 1]

Prints what the exports show afterwards: lines lost, lines that took effect twice, lines out of their chat's order.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from botcrm.simulator import Simulator, Telegram
from tests.crash.feed import Verdict, feed, judge
from tests.crash.site import Site

PAUSE = 0.09  # about as long as the kills take, so that lines arrive all the time


async def kill_now_and_then(
    site: Site, kills: int, lines: int, dice: random.Random, feeding: "asyncio.Task[None]"
) -> list[str]:
    """Start and kill the bot; returns in which phase each kill came: before it handled anything, or while it did."""
    phases = []
    for number in range(kills):
        await site.start()
        stored, done = site.number("SELECT count(*) FROM inbox"), site.updates("done")
        # The lines are spread over the kills, so that there is always something in hand.
        share = max(1, (lines - done) // (kills - number))
        if number % 3 == 0 and not feeding.done():
            await site.until(
                lambda least=stored: feeding.done() or site.number("SELECT count(*) FROM inbox") > least,  # type: ignore[misc]
                "storing",
            )
        else:
            least = min(done + dice.randint(1, share), lines)
            await site.until(lambda least=least: site.updates("done") >= least, "handling")  # type: ignore[misc]
        await asyncio.sleep(dice.random() * 0.05)
        phases.append("handling" if site.updates("done") > done else "storing")
        await site.kill()
    return phases


async def run(options: argparse.Namespace, folder: Path) -> tuple[Verdict, list[str], dict[str, float]]:
    """Play it; returns the verdict, the phases of the kills, and figures to print."""
    telegram = Telegram(now=time.time)
    simulator = Simulator(telegram)
    site = Site(folder, telegram, await simulator.start())
    began = time.monotonic()
    try:
        people = await site.reps(*range(100, 100 + options.chats))
        everything = options.lines + options.chats
        feeding = asyncio.create_task(feed(people, options.lines, PAUSE))
        phases = await kill_now_and_then(site, options.kills, everything, random.Random(options.seed), feeding)
        await site.start()
        await feeding
        await site.until(lambda: site.updates("done") == everything, "everything handled")
        handled = time.monotonic() - began
        await site.stop()
        verdict = judge(await site.export("deals"), options.lines)
        figures = {
            "events of new deals beyond the lines": len(
                [event for event in await site.export("events") if event["type"] == "DealCreated"]
            )
            - options.lines,
            "updates left over": site.updates("new"),
            "updates in quarantine": site.updates("quarantined"),
            "seconds until all was handled": round(handled, 1),
        }
        return verdict, phases, figures
    finally:
        await site.kill()
        await simulator.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--chats", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        verdict, phases, figures = asyncio.run(run(options, Path(folder)))
    rows = {
        "lines sent": options.lines,
        "chats": options.chats,
        "kills while it only stored": phases.count("storing"),
        "kills while it handled": phases.count("handling"),
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "out of order": verdict.out_of_order,
        **figures,
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value:>8}")
    return 0 if verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
