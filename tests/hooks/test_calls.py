"""How plugins are called: asked in a savepoint, told in the background, and what they do wrong stays theirs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from botcrm import CrmError, Event, Manifest, Plugin, Work, hookimpl, models, services
from botcrm.core import db
from botcrm.core.domain.events import NoteAdded
from botcrm.core.domain.kinds import Action
from botcrm.core.lease import LeaseOver
from botcrm.core.services.staff.people import actor_by_id
from botcrm.hooks import PluginFailed, PluginOff
from botcrm.testing import Crm, Member

Start = Callable[..., Any]


@pytest.fixture
async def start(database_url: str) -> AsyncIterator[Start]:
    """Start a bot with plugins, on SQLite and on PostgreSQL."""
    running: list[Crm] = []

    async def begin(**plugins: Any) -> Crm:
        running.append(await Crm.start(database_url, plugins=plugins))
        return running[-1]

    yield begin
    for crm in running:
        await crm.stop()


async def a_deal(crm: Crm, title: str = "Roof") -> int:
    async with crm.work() as work:
        deal = await services.add_deal(work, title=title)
    return int(deal.id)


class Lines:
    def __init__(self, *lines: str) -> None:
        self.lines = lines

    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        return [f"{line} {deal.title}" for line in self.lines]


class Raising:
    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        await services.add_note(work, "half done", deal_id=deal.id)
        raise ValueError("broken")


async def test_answers_come_with_their_plugin_and_failures_are_left_out(start: Start) -> None:
    crm = await start(one=Lines("a"), bad=Raising(), two=Lines("b"))
    deal_id = await a_deal(crm)
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, deal_id)
        found = await work.hooks.ask(work, "deal_card_lines", deal=deal)
        first = await work.hooks.first(work, "deal_card_lines", deal=deal)
    assert found == [("two", ["b Roof"]), ("one", ["a Roof"])]
    assert first == ["b Roof"]
    assert crm.listed("bad").errors == 1
    assert not await db.fetch("SELECT id FROM note")


async def test_what_is_shown_to_a_plugin_is_a_copy(start: Start) -> None:
    class Changing:
        @hookimpl
        async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
            deal.title = "changed"
            (await services.load(work, models.Deal, deal.id)).title = "changed as well"
            return []

    crm = await start(changing=Changing())
    deal_id = await a_deal(crm)
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, deal_id)
        await work.hooks.ask(work, "deal_card_lines", deal=deal)
        assert deal.title == "Roof"
        assert (await services.load(work, models.Deal, deal_id)).title == "Roof"


async def test_what_a_plugin_writes_when_asked_is_committed_with_the_rest(start: Start) -> None:
    class Writing:
        @hookimpl
        async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
            await services.change_deal(work, deal.id, title="Roof 2")
            return []

    crm = await start(writing=Writing())
    deal_id = await a_deal(crm)
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, deal_id)
        await work.hooks.ask(work, "deal_card_lines", deal=deal)
        again = await services.load(work, models.Deal, deal_id)
        assert again.title == "Roof 2"
        await services.change_deal(work, deal_id, title="Roof 3")
    assert [row["title"] for row in await db.fetch("SELECT title FROM deal")] == ["Roof 3"]


async def test_a_plugin_that_waits_too_long_can_write_no_more(start: Start) -> None:
    late: dict[str, BaseException | None] = {}
    go_on = asyncio.Event()

    class Stubborn:
        @hookimpl
        async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
            async with work.savepoint():
                await services.add_note(work, "before", deal_id=deal.id)
                while not go_on.is_set():
                    try:
                        await go_on.wait()
                    except asyncio.CancelledError:
                        continue

                async def memory() -> None:
                    work.remember(NoteAdded, deal)

                acts: dict[str, Callable[[], Any]] = {
                    "service": lambda: services.add_note(work, "after", deal_id=deal.id),
                    "model": lambda: models.Deal.filter(id=deal.id).update(title="stolen"),
                    "query": lambda: db.execute("UPDATE deal SET title = 'stolen'"),
                    "memory": memory,
                }
                for name, act in acts.items():
                    try:
                        await act()
                    except Exception as exc:  # noqa: BLE001 - told apart below
                        late[name] = exc
                    else:
                        late[name] = None
            return ["too late"]

    crm = await start(stubborn=Stubborn())
    deal_id = await a_deal(crm)
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, deal_id)
        assert await work.hooks.ask(work, "deal_card_lines", deal=deal) == []
        # It wakes up while ours is still open.
        go_on.set()
        await services.add_note(work, "ours", deal_id=deal_id)
        for _ in range(50):
            await asyncio.sleep(0)
        await services.add_note(work, "ours too", deal_id=deal_id)
    assert len(late) == 4
    assert {name: isinstance(exc, LeaseOver) for name, exc in late.items()} == dict.fromkeys(late, True)
    assert [row["text"] for row in await db.fetch("SELECT text FROM note ORDER BY id")] == ["ours", "ours too"]
    assert [row["title"] for row in await db.fetch("SELECT title FROM deal")] == ["Roof"]
    assert not await db.fetch("SELECT id FROM event WHERE type = 'NoteAdded' AND entity = 'deal'")


async def test_a_call_goes_through_with_its_refusals(start: Start) -> None:
    class Refusal(CrmError):
        message = "No."

    async def refuse() -> None:
        raise Refusal

    async def add(one: int, *, two: int) -> int:
        return one + two

    async def fail() -> None:
        raise SystemExit(3)

    crm = await start(lines=Lines("a"))
    hooks = crm.app.hooks
    assert await hooks.call("lines", "adding", add, 1, two=2) == 3
    with pytest.raises(Refusal):
        await hooks.call("lines", "refusing", refuse)
    assert crm.listed("lines").errors == 0
    with pytest.raises(PluginFailed, match="The plugin lines failed; nothing was changed"):
        await hooks.call("lines", "failing", fail)
    assert (crm.listed("lines").calls, crm.listed("lines").errors) == (3, 1)
    await hooks.switch("lines", False)
    with pytest.raises(PluginOff):
        await hooks.call("lines", "adding", add, 1, two=2)


async def test_a_call_in_a_work_goes_back_when_it_fails(start: Start) -> None:
    crm = await start(lines=Lines("a"))
    deal_id = await a_deal(crm)

    async def half(work: Work) -> None:
        await services.add_note(work, "half", deal_id=deal_id)
        await asyncio.Event().wait()

    async with crm.work() as work:
        with pytest.raises(PluginFailed):
            await crm.app.hooks.call("lines", "half", half, work, work=work)
        await services.add_note(work, "whole", deal_id=deal_id)
    assert [row["text"] for row in await db.fetch("SELECT text FROM note")] == ["whole"]


async def test_time_that_the_process_is_busy_is_no_waiting(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = await start(lines=Lines("a"))
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + ahead[0])

    async def held_up() -> str:
        # As when something else blocks the loop: the clock jumps while this is ready to go on.
        for _ in range(3):
            ahead[0] += 1.0
            await asyncio.sleep(0)
        return "done"

    async with crm.work() as work:
        assert await crm.app.hooks.call("lines", "held up", held_up, work=work) == "done"


# --- told --------------------------------------------------------------------------------------------------------------


class Hearing:
    manifest = Manifest("Hearing", needs=("deal.read", "deal.change", "activity.add", "activity.read"))

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    async def startup(self, plugin: Plugin) -> None:
        self.heard.append("startup")

    @hookimpl
    async def shutdown(self, plugin: Plugin) -> None:
        self.heard.append("shutdown")

    @hookimpl
    async def on_event(self, event: Event, plugin: Plugin) -> None:
        self.heard.append(event.type)


async def test_on_event_is_told_after_the_commit_in_order_with_copies(start: Start) -> None:
    class Spoiling(Hearing):
        @hookimpl
        async def on_event(self, event: Event, plugin: Plugin) -> None:
            await super().on_event(event, plugin)
            event.after.clear()
            event.entity = "spoilt"

    spoiling, hearing = Spoiling(), Hearing()
    crm = await start(spoiling=spoiling, hearing=hearing)
    heard: list[Event] = []
    crm.app.on_commit(lambda work: heard.extend(work.events))
    with contextlib.suppress(RuntimeError):
        async with crm.work() as work:
            await services.add_deal(work, title="Never")
            raise RuntimeError("back")
    async with crm.work() as work:
        deal = await services.add_deal(work, title="Roof")
        await services.change_deal(work, deal.id, title="Roof 2")
        assert "DealCreated" not in hearing.heard
    await crm.app.hooks.settled()
    assert hearing.heard == ["startup", "DealCreated", "DealChanged"]
    assert spoiling.heard == hearing.heard
    assert heard[0].entity == "deal"
    assert heard[0].after["title"] == "Roof"


async def test_startup_and_shutdown_frame_the_life_of_a_plugin(start: Start) -> None:
    hearing = Hearing()
    crm = await start(hearing=hearing)
    await crm.app.hooks.settled()
    assert hearing.heard == ["startup"]
    await crm.app.hooks.switch("hearing", False)
    await crm.app.hooks.settled()
    await a_deal(crm)
    assert hearing.heard == ["startup", "shutdown"]
    await crm.app.hooks.switch("hearing", True)
    await crm.app.hooks.close()
    assert hearing.heard == ["startup", "shutdown", "startup", "SettingChanged", "shutdown"]


async def test_handle_exception_hears_of_the_failures_of_others(start: Start) -> None:
    class Watching:
        def __init__(self) -> None:
            self.heard: list[tuple[str, str, dict[str, Any]]] = []

        @hookimpl
        async def handle_exception(self, error: BaseException, where: str, facts: dict[str, Any]) -> None:
            self.heard.append((type(error).__name__, where, facts))
            raise ValueError("its own failure is not told to anybody")

    watching = Watching()
    crm = await start(watching=watching, bad=Raising())
    deal_id = await a_deal(crm)
    async with crm.work() as work:
        await work.hooks.ask(work, "deal_card_lines", deal=await services.load(work, models.Deal, deal_id))
    crm.app.failed(OSError("no"), "web", path="x")
    await crm.app.hooks.settled()
    assert watching.heard == [
        ("ValueError", "plugin", {"plugin": "bad", "hook": "deal_card_lines"}),
        ("OSError", "web", {"path": "x"}),
    ]


async def test_a_plugin_works_with_what_its_manifest_needs(start: Start) -> None:
    class Noting(Hearing):
        @hookimpl
        async def on_event(self, event: Event, plugin: Plugin) -> None:
            if event.type == "DealCreated":
                async with plugin.work() as work:
                    await services.add_note(work, "noted", deal_id=event.record_id)
                try:
                    async with plugin.work() as work:
                        await services.delete_record(work, await services.load(work, models.Deal, event.record_id))
                except CrmError as exc:
                    self.heard.append(type(exc).__name__)

    noting = Noting()
    crm = await start(noting=noting)
    await a_deal(crm)
    await crm.app.hooks.settled()
    assert noting.heard == ["startup", "NotAllowed"]
    assert [row["text"] for row in await db.fetch("SELECT text FROM note")] == ["noted"]
    rows = await db.fetch("SELECT actor_id FROM event WHERE type = 'NoteAdded'")
    assert [row["actor_id"] for row in rows] == [None]


async def test_permission_allowed_narrows_and_never_widens(start: Start) -> None:
    class Strict:
        answer: Any = None

        @hookimpl
        def permission_allowed(self, entity: str, action: str, reach: str) -> Any:
            return self.answer if (entity, action) == ("deal", "read") else None

    strict = Strict()
    crm = await start(strict=strict)
    boss: Member = await crm.join("manager", "Marta Boss")
    anna: Member = await crm.join("rep", "Anna Rep", manager=boss)
    await anna.send("deal Roof 12k")

    async def seen(member: Member) -> bool:
        async with crm.work() as work:
            assert member.user_id is not None
            actor = await actor_by_id(work.prefs, member.user_id)
            assert actor is not None
            return services.may(actor, "deal", Action.READ) and await _sees(work.acting_as(actor))

    async def _sees(work: Work) -> bool:
        try:
            await services.load(work, models.Deal, 1)
        except CrmError:
            return False
        return True

    assert await seen(boss)
    strict.answer = False
    assert (await seen(boss), await seen(anna)) == (False, False)
    strict.answer = "own"
    assert (await seen(boss), await seen(anna)) == (False, True)
    strict.answer = "all"
    bob = await crm.join("rep", "Bob Rep")
    assert (await seen(boss), await seen(bob)) == (True, False)
    assert "Nothing" in await bob.send("stage d1 >proposal")
