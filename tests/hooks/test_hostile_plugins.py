"""Plugins that do what they should not: nobody waits for them, nothing is lost, and they are switched off.

How long everybody's answers take beside them is measured by benchmarks/hooks.py; here it is counted who is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from botcrm import Event, Job, Manifest, Plugin, Trigger, Work, hookimpl, models, services
from botcrm.core import db
from botcrm.hooks import calling, calls
from botcrm.hooks.tasks import protect, tasks_of
from botcrm.testing import Crm, Member

COMMANDS = 8
# Failures until a plugin is off: three in a row, or so many with successes in between.
MOST_CALLS = 5


class Hostile:
    """What the bad ones have in common: something of each sort that must be gone when they are off.

    :ivar begun: how often it was called
    :ivar inside: how many of these calls have not come back
    """

    def __init__(self) -> None:
        self.begun = self.inside = 0

    manifest = Manifest("Hostile", needs=("deal.read", "deal.change", "activity.add", "activity.read"))

    @hookimpl
    def register_jobs(self) -> list[Job]:
        async def nothing(plugin: Plugin, payload: dict[str, Any]) -> None: ...

        return [Job("hostile.often", nothing, every=3600)]

    async def harm(self, plugin: Plugin, work: Work | None) -> None:
        raise NotImplementedError

    async def called(self, plugin: Plugin, work: Work | None) -> None:
        self.begun += 1
        self.inside += 1
        try:
            await self.harm(plugin, work)
        finally:
            self.inside -= 1


class WhenAsked(Hostile):
    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        deal.title = "spoilt"
        await self.called(_plugins["hostile"], work)
        return []


class WhenTold(Hostile):
    @hookimpl
    async def on_event(self, event: Event, plugin: Plugin) -> None:
        event.after.clear()
        event.entity = "spoilt"
        await self.called(plugin, None)


_plugins: dict[str, Plugin] = {}


async def _raise(plugin: Plugin, work: Work | None) -> None:
    raise ValueError("broken")


async def _exit(plugin: Plugin, work: Work | None) -> None:
    sys.exit(1)


async def _interrupt(plugin: Plugin, work: Work | None) -> None:
    raise KeyboardInterrupt


async def _wait_for_ever(plugin: Plugin, work: Work | None) -> None:
    await asyncio.Event().wait()


async def _swallow(plugin: Plugin, work: Work | None) -> None:
    for _ in range(1000):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def _raise_cancelled(plugin: Plugin, work: Work | None) -> None:
    raise asyncio.CancelledError


async def _cancel_itself(plugin: Plugin, work: Work | None) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def _cancel_everything(plugin: Plugin, work: Work | None) -> None:
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task():
            task.cancel()


async def _recurse(plugin: Plugin, work: Work | None) -> None:
    await _recurse(plugin, work)


async def _exit_in_a_task(plugin: Plugin, work: Work | None) -> None:
    async def leave() -> None:
        sys.exit(1)

    with contextlib.suppress(RuntimeError):
        await asyncio.create_task(leave())


async def _leave_tasks(plugin: Plugin, work: Work | None) -> None:
    for _ in range(3):
        _left.append(asyncio.create_task(_swallow(plugin, work)))
        _left.append(asyncio.create_task(_wait_for_ever(plugin, work)))
    raise ValueError("broken")


_left: list[asyncio.Task[None]] = []


async def _hold(plugin: Plugin, work: Work | None) -> None:
    async with plugin.work() as mine:
        await services.add_note(mine, "held", deal_id=1)
        await asyncio.Event().wait()


async def _hold_stubbornly(plugin: Plugin, work: Work | None) -> None:
    async with plugin.work() as mine:
        await services.add_note(mine, "held", deal_id=1)
        await _swallow(plugin, mine)


async def _write_half(plugin: Plugin, work: Work | None) -> None:
    if work is not None:
        await services.change_deal(work, 1, title="half")
    else:
        async with plugin.work() as mine:
            await services.change_deal(mine, 1, title="half")
            raise ValueError("broken")
    raise ValueError("broken")


async def _change_what_it_hears(plugin: Plugin, work: Work | None) -> None:
    async with plugin.work() as mine:
        await services.add_note(mine, "for ever", deal_id=1)


HARMS = [
    _raise,
    _exit,
    _interrupt,
    _wait_for_ever,
    _swallow,
    _raise_cancelled,
    _cancel_itself,
    _cancel_everything,
    _recurse,
    _exit_in_a_task,
    _leave_tasks,
    _hold,
    _hold_stubbornly,
    _write_half,
]

# No plugin gets so far on its own, however busy the machine is.
FOR_EVER = 3600.0
AT_ONCE = 0.05


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Say how long a plugin may take in the background: as long as it likes, until a test says otherwise."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(calls, "OUTSIDE", seconds)

    set_to(FOR_EVER)
    monkeypatch.setattr(calling, "INSIDE", AT_ONCE)
    yield set_to
    # What would not end belongs to the loop of this test, and is found no more in the next.
    _left.clear()
    gc.collect()


class Run:
    """A bot with a rep, driven update by update."""

    def __init__(self, crm: Crm, admin: Member, anna: Member) -> None:
        self.crm, self.admin, self.anna = crm, admin, anna
        self.offset = 0

    async def command(self, text: str) -> None:
        """Send a line; returns when its effect was committed."""
        self.anna.person.send(text)
        updates = await self.crm.telegram.call("1:test", "getUpdates", {"offset": self.crm._offset, "timeout": 0})
        self.crm._offset = max(update["update_id"] for update in updates) + 1
        await self.crm.process.inbox.store(updates)
        await self.crm.process.inbox.drain()

    async def loop(self, plugin: Hostile, commands: int = COMMANDS) -> list[int]:
        """Send lines; returns how many calls of the plugin had not come back when each of them was done."""
        inside = []
        for n in range(commands):
            async with asyncio.timeout(300):
                await self.command(f"call d1 {n % 50 + 1}m ok said {n}\nfind d1")
            inside.append(plugin.inside)
        return inside


@pytest.fixture
async def run(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., Any]]:
    # As `botcrm run` does: the test's own task, made after this, is as safe as the bot's.
    protect(asyncio.get_running_loop())
    running: list[Crm] = []

    async def begin(**plugins: Any) -> Run:
        crm = await Crm.start(database_url, plugins=plugins)
        running.append(crm)
        for name in plugins:
            _plugins[name] = crm.app.hooks.plugin(name)
            await crm.app.hooks.switch(name, False)
        admin = await crm.join("admin", "Ada Admin")
        anna = await crm.join("rep", "Anna Rep")
        await anna.send("deal Roof 12k next tomorrow 10:00 call")
        return Run(crm, admin, anna)

    yield begin
    for crm in running:
        await crm.stop()


def _made(base: type[Hostile], harm: Callable[..., Any]) -> Hostile:
    made: Hostile = type(f"Hostile{harm.__name__}", (base,), {"harm": staticmethod(harm)})()
    return made


async def _nothing_is_left(run: Run, name: str = "hostile") -> None:
    hooks = run.crm.app.hooks
    await hooks.settled()
    registry = hooks.registry
    for part in (registry.jobs, registry.channels, registry.commands, registry.triggers, registry.buttons):
        assert name not in {owned.plugin for owned in part.values()}
    assert name not in registry.routes
    assert name not in hooks._ears
    waiting = await db.fetch("SELECT key FROM job WHERE state = 'waiting' AND key LIKE ?", f"plugin:{name}%")
    assert not waiting


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("base", [WhenAsked, WhenTold])
@pytest.mark.parametrize("harm", HARMS)
async def test_a_hostile_plugin_holds_nobody_up_and_is_switched_off(
    run: Callable[..., Any], base: type[Hostile], harm: Callable[..., Any], patience: Callable[[float], None]
) -> None:
    plugin = _made(base, harm)
    here = await run(hostile=plugin)
    hooks = here.crm.app.hooks
    await here.loop(plugin, 1)
    assert (here.crm.listed("hostile").errors, plugin.begun) == (0, 0)
    await hooks.switch("hostile", True)
    inside = await here.loop(plugin)
    if base is WhenTold and harm in (_wait_for_ever, _swallow):
        # All that while its first call hung: nobody waited for it.
        assert (inside[1:], plugin.begun) == ([1] * (COMMANDS - 1), 1)
    ears = hooks._ears.get("hostile")
    if ears is not None:
        ears._deadline = AT_ONCE
    patience(AT_ONCE)
    await here.crm.settle()
    listed = here.crm.listed("hostile")
    assert listed.state == "off", listed
    assert "it failed" in listed.reason
    # So often somebody waited for it, each time for its deadline at most; from then on it is never asked.
    assert 1 <= plugin.begun <= MOST_CALLS
    begun = plugin.begun
    await here.loop(plugin, 2)
    assert plugin.begun == begun
    calls_logged = await db.fetch("SELECT id FROM activity WHERE status = 'done'")
    assert len(calls_logged) == COMMANDS + 3
    events = await db.fetch("SELECT id FROM event WHERE type = 'ActivityLogged'")
    assert len(events) == COMMANDS + 3
    assert [row["title"] for row in await db.fetch("SELECT title FROM deal")] == ["Roof"]
    assert not await db.fetch("SELECT id FROM note")
    assert here.admin.seen.count("Hostile") == 1
    assert "Switch on again" in " ".join(here.admin.buttons)
    await _nothing_is_left(here)
    if harm not in (_swallow, _hold_stubbornly, _leave_tasks):
        assert not tasks_of("hostile")
    for task in _left:
        task.cancel()
    # The poller, the inbox, the outbox and the clock are as they were.
    assert "12" in await here.anna.send("deals")
    await here.admin.tap("Switch on again")
    assert here.crm.listed("hostile").state in ("on", "off")


async def test_changes_that_cause_each_other_come_to_an_end(run: Callable[..., Any]) -> None:
    here = await run(hostile=_made(WhenTold, _change_what_it_hears))
    await here.crm.app.hooks.switch("hostile", True)
    for n in range(8):
        await here.command(f"call d1 5m ok said {n}")
        await here.crm.app.hooks.settled()
    assert here.crm.listed("hostile").state == "off"
    notes = await db.fetch("SELECT id FROM note")
    assert 8 < len(notes) <= 60
    await _nothing_is_left(here)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys\nsys.exit(1)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import nothing_of_the_sort", "nothing_of_the_sort"),
        ("def x(:", "SyntaxError"),
    ],
)
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_plugin_that_cannot_be_imported_is_left_out(
    database_url: str, tmp_path: Path, source: str, said: str
) -> None:
    (tmp_path / "plug").mkdir()
    (tmp_path / "plug" / "broken.py").write_text(source, encoding="utf-8")
    (tmp_path / "plug" / "whole.py").write_text("", encoding="utf-8")
    crm = await Crm.start(database_url, plugins_dir=tmp_path / "plug")
    try:
        assert (crm.listed("broken").state, crm.listed("whole").state) == ("failed", "on")
        assert said in crm.listed("broken").reason
        assert "Deal opened" in await (await crm.join("rep", "Anna Rep")).send("deal Roof 12k")
    finally:
        await crm.stop()


def test_a_deadline_is_nothing_that_people_notice() -> None:
    assert calls.INSIDE <= 0.25


class _Never(Trigger):
    name = "never"
    title = "never"
    entity = "deal"


async def test_switching_off_takes_back_everything(run: Callable[..., Any], patience: Callable[[float], None]) -> None:
    patience(AT_ONCE)

    class Full(WhenTold):
        harm = staticmethod(_wait_for_ever)

        @hookimpl
        def register_rules(self) -> list[type[Trigger]]:
            return [_Never]

        @hookimpl
        async def startup(self, plugin: Plugin) -> None:
            _left.append(asyncio.create_task(_wait_for_ever(plugin, None)))

    here = await run(hostile=Full())
    hooks = here.crm.app.hooks
    await hooks.switch("hostile", True)
    assert "never" in hooks.registry.triggers
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await db.fetch("SELECT key FROM job WHERE state = 'waiting' AND key LIKE 'plugin:hostile%'")
    await hooks.switch("hostile", False, reason="enough")
    await _nothing_is_left(here)
    assert not tasks_of("hostile")
    assert all(task.cancelled() for task in _left)
    assert here.crm.listed("hostile").reason == "enough"
