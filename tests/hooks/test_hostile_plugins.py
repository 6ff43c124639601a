"""Plugins that do what they should not: the bot answers as fast as ever, loses nothing, and switches them off."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from botcrm import Event, Job, Manifest, Plugin, Trigger, Work, hookimpl, models, services
from botcrm.core import db
from botcrm.hooks import calls
from botcrm.hooks.tasks import protect, tasks_of
from botcrm.testing import Crm, Member

NORMAL = 40
# Three calls may take a quarter of a second each until it is off: they are to be fewer than one in a hundred.
MANY, SOME = 400, 100
MORE = 0.05


class Hostile:
    """What the bad ones have in common: something of each sort that must be gone when they are off."""

    manifest = Manifest("Hostile", needs=("deal.read", "deal.change", "activity.add", "activity.read"))
    # Which failures it takes until it is off.
    on = "deal_card_lines"

    @hookimpl
    def register_jobs(self) -> list[Job]:
        async def nothing(plugin: Plugin, payload: dict[str, Any]) -> None: ...

        return [Job("hostile.often", nothing, every=3600)]

    async def harm(self, plugin: Plugin, work: Work | None) -> None:
        raise NotImplementedError


class WhenAsked(Hostile):
    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        deal.title = "spoilt"
        await self.harm(_plugins["hostile"], work)
        return []


class WhenTold(Hostile):
    @hookimpl
    async def on_event(self, event: Event, plugin: Plugin) -> None:
        event.after.clear()
        event.entity = "spoilt"
        await self.harm(plugin, None)


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

WAITING = (_wait_for_ever, _swallow, _hold, _hold_stubbornly)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what happens in the background; what others wait for stays as it is."""
    monkeypatch.setattr(calls, "OUTSIDE", 0.3)
    _left.clear()


class Run:
    """A bot with a rep, driven update by update."""

    def __init__(self, crm: Crm, admin: Member, anna: Member) -> None:
        self.crm, self.admin, self.anna = crm, admin, anna
        self.offset = 0

    async def command(self, text: str) -> float:
        """Send a line; returns the seconds until its effect was committed."""
        self.anna.person.send(text)
        updates = await self.crm.telegram.call("1:test", "getUpdates", {"offset": self.crm._offset, "timeout": 0})
        self.crm._offset = max(update["update_id"] for update in updates) + 1
        started = time.perf_counter()
        await self.crm.process.inbox.store(updates)
        await self.crm.process.inbox.drain()
        return time.perf_counter() - started

    async def loop(self, commands: int) -> list[float]:
        return sorted([await self.command(f"call d1 {n % 50 + 1}m ok said {n}\nfind d1") for n in range(commands)])


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
async def test_a_hostile_plugin_slows_nobody_down_and_is_switched_off(
    run: Callable[..., Any], base: type[Hostile], harm: Callable[..., Any]
) -> None:
    here = await run(hostile=_made(base, harm))
    commands = MANY if harm in WAITING else SOME
    normal = await here.loop(NORMAL)
    assert here.crm.listed("hostile").errors == 0
    await here.crm.app.hooks.switch("hostile", True)
    hostile = await here.loop(commands)
    await here.crm.settle()
    listed = here.crm.listed("hostile")
    assert listed.state == "off", listed
    assert "it failed" in listed.reason
    # Whatever else the machine does now is in both.
    normal += await here.loop(NORMAL)
    assert hostile[-commands // 100 - 1] <= max(normal) + MORE, (hostile[-8:], max(normal))
    calls_logged = await db.fetch("SELECT id FROM activity WHERE status = 'done'")
    assert len(calls_logged) == commands + 2 * NORMAL
    events = await db.fetch("SELECT id FROM event WHERE type = 'ActivityLogged'")
    assert len(events) == commands + 2 * NORMAL
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


class _Never(Trigger):
    name = "never"
    title = "never"
    entity = "deal"


async def test_switching_off_takes_back_everything(run: Callable[..., Any]) -> None:
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
