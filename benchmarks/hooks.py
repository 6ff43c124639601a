"""What plugins cost: a command with 0, 10 and 50 of them, one call beside a bare one, and bad ones beside none.

python benchmarks/hooks.py [--commands N] [--parts calls commands beside]
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pluggy

from botcrm import Event, Manifest, Plugin, Work, hookimpl, models, services
from botcrm.core import schema
from botcrm.hooks import calls
from botcrm.hooks.tasks import new_loop
from botcrm.testing import Crm

COUNTS = (0, 10, 50)
ROUNDS = 4
# So many times the commands of a measurement stand behind a p99: with 400, four are slower than it.
BESIDE = 4
PARTS = ("calls", "commands", "beside")
LINE = "call d1 5m ok said {n}\nfind d1"
_NEEDS = ("deal.read", "deal.change", "activity.add", "activity.read")


class Hears:
    """Implements on_event."""

    @hookimpl
    async def on_event(self, event: Event, plugin: Plugin) -> None:
        """Do nothing."""


class Adds:
    """Implements deal_card_lines."""

    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        """Add nothing."""
        return []


# --- bad ones ----------------------------------------------------------------------------------------------------------


async def _raise(work: Work | None) -> None:
    raise ValueError("broken")


async def _exit(work: Work | None) -> None:
    sys.exit(1)


async def _wait(work: Work | None) -> None:
    await asyncio.Event().wait()


async def _swallow(work: Work | None) -> None:
    for _ in range(100):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def _cancel(work: Work | None) -> None:
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task():
            task.cancel()


async def _recurse(work: Work | None) -> None:
    await _recurse(work)


async def _write_half(work: Work | None) -> None:
    if work is not None:
        await services.change_deal(work, 1, title="half")
    raise ValueError("broken")


BAD: dict[str, Callable[[Work | None], Awaitable[None]]] = {
    "raises": _raise,
    "sys.exit": _exit,
    "waits for ever": _wait,
    "swallows cancelling": _swallow,
    "cancels every task": _cancel,
    "recursion": _recurse,
    "writes, then fails": _write_half,
}


class BadWhenAsked:
    """Does harm in the middle of somebody's command."""

    manifest = Manifest("Bad", needs=_NEEDS)

    def __init__(self, harm: Callable[[Work | None], Awaitable[None]]) -> None:
        self._harm = harm

    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        """Do harm."""
        await self._harm(work)
        return []


class BadWhenTold:
    """Does harm in the background."""

    manifest = Manifest("Bad", needs=_NEEDS)

    def __init__(self, harm: Callable[[Work | None], Awaitable[None]]) -> None:
        self._harm = harm

    @hookimpl
    async def on_event(self, event: Event, plugin: Plugin) -> None:
        """Do harm."""
        await self._harm(None)


# An empty base, migrated once for all sites.
_empty: list[bytes] = []

# --- measuring -----------------------------------------------------------------------------------------------------------


class Site:
    """A bot with a rep, driven line by line."""

    def __init__(self, crm: Crm, rep: Any) -> None:
        self.crm, self.rep = crm, rep
        self._said = 0

    async def command(self) -> float:
        """Handle one line, from storing the update to the commit; returns seconds."""
        self._said += 1
        self.rep.person.send(LINE.format(n=self._said))
        updates = await self.crm.telegram.call("1:test", "getUpdates", {"offset": self.crm._offset, "timeout": 0})
        self.crm._offset = max(update["update_id"] for update in updates) + 1
        started = time.perf_counter()
        await self.crm.process.inbox.store(updates)
        await self.crm.process.inbox.drain()
        return time.perf_counter() - started

    async def commands(self, count: int, *, settled: bool) -> list[float]:
        """Handle lines; with `settled` the plugins hear of each before the next, and that time counts."""
        taken = []
        for _ in range(count):
            seconds = await self.command()
            started = time.perf_counter()
            await self.crm.app.hooks.settled()
            taken.append(seconds + (time.perf_counter() - started if settled else 0.0))
            await self.crm.process.outbox.drain()
        return taken


async def site(folder: str, plugins: dict[str, Any]) -> Site:
    """Start a bot with plugins, and a deal to talk about."""
    file = Path(folder) / f"{time.monotonic_ns()}.sqlite3"
    url = f"sqlite://{file}"
    if not _empty:
        await schema.migrate(url)
        _empty.append(file.read_bytes())
    file.write_bytes(_empty[0])
    crm = await Crm.start(url, plugins=plugins, smart_activity=False)
    await crm.join("admin", "Ada Admin")
    rep = await crm.join("rep", "Anna Rep")
    await rep.send("deal Roof 12k")
    return Site(crm, rep)


async def cost_of_a_command(kind: type, count: int) -> dict[int, float]:
    """Return microseconds of a command by how many plugins there are: the median of medians, runs taking turns."""
    found: dict[int, list[float]] = {many: [] for many in COUNTS}
    for _ in range(ROUNDS):
        for many in COUNTS:
            with tempfile.TemporaryDirectory() as folder:
                here = await site(folder, {f"p{n}": kind() for n in range(many)})
                await here.commands(30, settled=True)
                gc.collect()
                found[many].append(statistics.median(await here.commands(count, settled=True)) * 1e6)
                await here.crm.stop()
    return {many: statistics.median(taken) for many, taken in found.items()}


async def cost_of_a_call(kind: type, hook: str) -> tuple[float, float, float]:
    """Return microseconds a call: the function itself, by pluggy, and by botcrm."""
    with tempfile.TemporaryDirectory() as folder:
        holders = {f"p{n}": kind() for n in range(50)}
        here = await site(folder, holders)
        hooks = here.crm.app.hooks
        plain = pluggy.PluginManager("botcrm")
        for holder in holders.values():
            plain.register(holder)
        async with here.crm.work() as work:
            deal = await services.load(work, models.Deal, 1)
            api = hooks.plugin("p0")
            event = here.crm.heard[-1]
            args: dict[str, Any] = (
                {"work": work, "deal": deal} if hook == "deal_card_lines" else {"event": event, "plugin": api}
            )

            async def bare() -> None:
                for holder in holders.values():
                    await getattr(holder, hook)(**args)

            async def by_pluggy() -> None:
                for answer in getattr(plain.hook, hook)(**args):
                    await answer

            async def by_botcrm() -> None:
                if hook == "deal_card_lines":
                    await hooks.ask(work, hook, deal=deal)
                else:
                    hooks.happened([event])
                    await hooks.settled()

            taken = [await _fastest(call) for call in (bare, by_pluggy, by_botcrm)]
        await here.crm.stop()
    return taken[0] / 50, taken[1] / 50, taken[2] / 50


async def _fastest(call: Callable[[], Awaitable[None]]) -> float:
    """Return the median microseconds of a call."""
    for _ in range(5):
        await call()
    taken = []
    for _ in range(60):
        started = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - started) * 1e6)
    return statistics.median(taken)


async def effect_of(holder: Any | None, count: int) -> tuple[float, float, float, str]:
    """Return p50, p99 and the longest, in ms, of commands beside a bad plugin; and the plugin's state in the end."""
    with tempfile.TemporaryDirectory() as folder:
        here = await site(folder, {} if holder is None else {"bad": holder})
        if holder is not None:
            await here.crm.app.hooks.switch("bad", False)
        await here.commands(30, settled=False)
        if holder is not None:
            await here.crm.app.hooks.switch("bad", True)
        gc.collect()
        taken = sorted([await here.command() * 1e3 for _ in range(count)])
        await here.crm.settle()
        state = here.crm.listed("bad").state if holder is not None else "-"
        await here.crm.stop()
    # A hundredth of the commands is slower than this one.
    return statistics.median(taken), taken[-(count // 100) - 1], taken[-1], state


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    for row in (heads, tuple("-" * width for width in widths), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


async def calls_table() -> None:
    """Measure and print one call."""
    print("One call of a plugin, µs (50 plugins that do nothing, median of 60)")
    rows: list[tuple[str, ...]] = []
    for kind, hook in ((Hears, "on_event"), (Adds, "deal_card_lines")):
        bare, plain, ours = await cost_of_a_call(kind, hook)
        rows.append((hook, f"{bare:.2f}", f"{plain:.2f}", f"{ours:.1f}", f"{ours - bare:.1f}"))
    table(("hook", "bare", "pluggy", "botcrm", "above bare"), rows)


async def commands_table(count: int) -> None:
    """Measure and print a command with plugins."""
    print(
        f"A command ({LINE.format(n=1)!r}) with plugins, until all have heard of it, µs (median of {count} × {ROUNDS})"
    )
    rows: list[tuple[str, ...]] = []
    for kind, hook in ((Hears, "on_event"), (Adds, "deal_card_lines")):
        cost = await cost_of_a_command(kind, count)
        for many, micros in cost.items():
            each = f"{(micros - cost[0]) / many:.1f}" if many else ""
            rows.append((hook, str(many), f"{micros:.0f}", each))
    table(("hook", "plugins", "command", "each plugin adds"), rows)


async def beside_table(count: int) -> None:
    """Measure and print commands beside a bad plugin."""
    print(f"Commands beside one bad plugin, ms ({count} commands; it is switched on at the first)")
    rows: list[tuple[str, ...]] = []
    began = time.monotonic()
    for name, holder in [("none", None)] + [
        (f"{name}, {way}", kind(harm))
        for name, harm in BAD.items()
        for way, kind in (("asked", BadWhenAsked), ("told", BadWhenTold))
    ]:
        p50, p99, longest, state = await effect_of(holder, count)
        rows.append((name, f"{p50:.1f}", f"{p99:.1f}", f"{longest:.1f}", state))
    table(("plugin", "p50", "p99", "longest", "in the end"), rows)
    print(f"This part took {time.monotonic() - began:.0f} s.")


async def main(count: int, parts: list[str]) -> None:
    """Measure and print."""
    print(f"Python {platform.python_version()}, pluggy {pluggy.__version__}, {platform.machine()}\n")
    if "calls" in parts:
        await calls_table()
    if "commands" in parts:
        await commands_table(count)
    if "beside" in parts:
        await beside_table(BESIDE * count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--commands", type=int, default=100, help="commands a measurement; default: %(default)s")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS, help="which tables; default: all")
    logging.disable(logging.CRITICAL)
    # What happens in the background is waited for between measurements; shorter, so that the run takes minutes.
    calls.OUTSIDE = 0.5
    options = parser.parse_args()
    # The first task has to be safe as well, as it is in the product: one of the bad plugins cancels every task.
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(options.commands, list(options.parts)))
