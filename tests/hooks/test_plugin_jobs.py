"""What a plugin plans and calls off: its own jobs, by keys of its own, whatever handle it has in hand."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest

from botcrm import (
    ButtonHandler,
    Chat,
    Command,
    Job,
    Line,
    Manifest,
    Plugin,
    RuleAction,
    Verb,
    Work,
    hookimpl,
    models,
    services,
)
from botcrm.core import db
from botcrm.core.services.rules import add_rule, change_rule, switch_rule
from botcrm.testing import Crm, Member

HOUR = timedelta(hours=1)


class Planning:
    """Plans what a test tells it, by each handle that a plugin gets."""

    def __init__(self, name: str) -> None:
        self.manifest = Manifest(name.title(), needs=("deal.read", "activity.add"))
        self.name = name
        self.ran: list[dict[str, Any]] = []
        # What to do with a work in hand.
        self.act: Any = None
        self.raised: list[BaseException] = []

    async def do(self, work: Work) -> None:
        if self.act is None:
            return
        try:
            await self.act(work)
        except Exception as exc:  # noqa: BLE001 - told apart by the test
            self.raised.append(exc)

    async def run(self, plugin: Plugin, payload: dict[str, Any]) -> None:
        self.ran.append(payload)

    @hookimpl
    def register_jobs(self) -> list[Job]:
        return [Job(f"{self.name}.later", self.run)]

    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        await self.do(work)
        return []

    @hookimpl
    def register_commands(self) -> list[Command]:
        return [Command(Verb(f"{self.name}go", takes_subject=False), self.go, "go")]

    @hookimpl
    def register_buttons(self) -> list[ButtonHandler]:
        return [ButtonHandler("go", self.pressed)]

    async def go(self, chat: Chat, line: Line) -> str:
        await self.do(chat.work)
        return "gone"

    async def pressed(self, chat: Chat) -> str:
        await self.do(chat.work)
        return "pressed"

    @hookimpl
    def register_rules(self) -> list[type[RuleAction]]:
        holder = self

        class Act(RuleAction):
            name = f"{holder.name}_act"
            title = "Act"
            entities = ("deal",)

            async def run(self, work: Work, record: models.Record) -> str:
                await holder.do(work)
                return "acted"

        return [Act]


@pytest.fixture
def one() -> Planning:
    return Planning("one")


@pytest.fixture
def two() -> Planning:
    return Planning("two")


@pytest.fixture
def plugins(one: Planning, two: Planning) -> dict[str, Any]:
    return {"one": one, "two": two}


async def jobs() -> dict[str, tuple[str, str]]:
    """Return the jobs of plugins and of activities: kind and state by key."""
    rows = await db.fetch(
        "SELECT key, kind, state FROM job WHERE kind LIKE 'one.%' OR kind LIKE 'two.%' OR kind LIKE 'activity.%'"
    )
    return {row["key"]: (row["kind"], row["state"]) for row in rows}


async def by_each_handle(crm: Crm, anna: Member, plugin: Planning) -> None:
    """Have a plugin act by the work of an asked hook, of a command, of a button, of its own, and of a part of a rule."""
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, 1)
        await work.hooks.ask(work, "deal_card_lines", deal=deal)
    await anna.send(f"/{plugin.name}go")
    await anna.send("d1")
    await anna.forge(f"x:{plugin.name}:go", anna.card)
    async with crm.app.hooks.plugin(plugin.name).work() as work:
        await plugin.do(work)
    async with crm.work() as work:
        rule = await add_rule(work, name="R", entity="deal", trigger="deal_won", trigger_params={})
        await change_rule(work, rule.id, actions=[{"name": f"{plugin.name}_act", "params": {}}])
        await switch_rule(work, rule.id, True)
    await anna.send("/won d1")
    await crm.advance(seconds=30)


HANDLES = 5


async def test_a_job_of_the_plugins_own_is_planned_by_a_key_of_its_own(
    crm: Crm, anna: Member, one: Planning, two: Planning
) -> None:
    async def plan(work: Work) -> None:
        name = services.plugin_of(work).name
        await work.plan_job(f"{name}.later", "same", work.now + HOUR, who=name)

    for plugin in (one, two):
        plugin.act = plan
        async with crm.app.hooks.plugin(plugin.name).work() as work:
            await plugin.do(work)
    assert await jobs() == {
        "plugin.one:same": ("one.later", "waiting"),
        "plugin.two:same": ("two.later", "waiting"),
    }
    await crm.advance(hours=2)
    assert (one.ran, two.ran) == ([{"who": "one"}], [{"who": "two"}])


async def test_no_handle_plans_a_job_of_another_kind(crm: Crm, anna: Member, one: Planning) -> None:
    await anna.send("deal Acme 12k roof next tomorrow 10:00 call them")
    before = await jobs()
    refused: list[str] = []

    async def plan(work: Work) -> None:
        for kind in ("activity.remind", "activity.overdue", "two.later", "rule.run", "one.other", "one", ""):
            for key in (*before, "new"):
                with pytest.raises(ValueError, match=r"its own jobs only: one registers one\.later") as caught:
                    await work.plan_job(kind, key, work.now + HOUR, activity_id=1)
                refused.append(str(caught.value))

    one.act = plan
    await by_each_handle(crm, anna, one)
    assert one.raised == []
    assert len(refused) >= HANDLES * 7 * (len(before) + 1)
    left = await jobs()
    assert {key: kind for key, (kind, _) in left.items()} == {key: kind for key, (kind, _) in before.items()}


async def test_no_handle_calls_off_or_moves_what_others_planned(
    crm: Crm, anna: Member, one: Planning, two: Planning
) -> None:
    await anna.send("deal Acme 12k roof next in 3 days 10:00 call them")
    async with crm.app.hooks.plugin("two").work() as work:
        await work.plan_job("two.later", "mine", work.now + timedelta(days=9))
    before = await db.fetch("SELECT key, kind, state, run_at, token FROM job ORDER BY key")
    assert len(before) > 2

    async def meddle(work: Work) -> None:
        keys = [row["key"] for row in before]
        await work.cancel_jobs(*keys, "mine", "two:mine", "plugin.two:mine", "../two:mine")
        for key in keys:
            if len(key) < 100:
                await work.plan_job("one.later", key, work.now + HOUR)
        await work.cancel_jobs()

    one.act = meddle
    async with crm.app.hooks.plugin("one").work() as work:
        await one.do(work)
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, 1)
        await work.hooks.ask(work, "deal_card_lines", deal=deal)
    assert one.raised == []
    assert (
        await db.fetch("SELECT key, kind, state, run_at, token FROM job WHERE kind <> 'one.later' ORDER BY key")
        == before
    )


async def test_a_plugin_moves_and_calls_off_its_own(crm: Crm, one: Planning) -> None:
    plugin = crm.app.hooks.plugin("one")
    async with plugin.work() as work:
        await work.plan_job("one.later", "a", work.now + HOUR, n=1)
        await work.plan_job("one.later", "a", work.now + 2 * HOUR, n=2)
        await work.plan_job("one.later", "b", work.now + HOUR)
    async with plugin.work() as work:
        await work.cancel_jobs("b")
    await crm.advance(hours=5)
    assert one.ran == [{"n": 2}]


async def test_a_key_that_is_too_long_is_refused(crm: Crm) -> None:
    async with crm.app.hooks.plugin("one").work() as work:
        with pytest.raises(ValueError, match="at most 149 characters"):
            await work.plan_job("one.later", "k" * 150, work.now)
        await work.plan_job("one.later", "k" * 149, work.now)


async def test_services_plan_what_is_the_cores_by_every_handle(crm: Crm, anna: Member, one: Planning) -> None:
    """A reminder is a core job: it is planned though a plugin called the service, and wrote before reading."""
    await anna.send("deal Acme 12k roof")

    async def plan(work: Work) -> None:
        due = services.suggested_due(work)
        await services.plan_activity(work, "call", "by the plugin", due, deal_id=1)
        await work.flush()
        async with work.savepoint():
            await services.add_note(work, "and a note", deal_id=1)

    one.act = plan
    await by_each_handle(crm, anna, one)
    assert one.raised == []
    planned = await db.fetch("SELECT id FROM activity WHERE title = 'by the plugin'")
    reminded = [key for key, (kind, _) in (await jobs()).items() if kind == "activity.overdue"]
    assert len(planned) >= HANDLES
    assert len(reminded) == len(planned)


def test_every_service_of_the_core_works_with_the_cores_own_handle() -> None:
    for name in services.__all__:
        function = getattr(services, name)
        own = function.__module__ == "botcrm.services" and not hasattr(function, "__wrapped__")
        takes_work = next(iter(inspect.signature(function).parameters), "") == "work"
        assert hasattr(function, "__wrapped__") or own or not takes_work, f"services.{name} gets the plugin's handle"


async def test_a_service_gets_the_same_work_by_the_cores_handle(crm: Crm) -> None:
    seen: list[Work] = []

    async def service(work: Work, text: str) -> str:
        seen.append(work)
        await work.plan_job("core.thing", "core", work.now)
        return text

    async with crm.app.hooks.plugin("one").work() as work:
        work.id = 77
        assert await services._of_the_core(service)(work, "x") == "x"
        assert (type(seen[0]), seen[0].id, seen[0].actor) == (Work, 77, work.actor)
    assert await db.fetch("SELECT id FROM job WHERE key = 'core'")


async def test_a_work_in_somebodys_hands_is_still_the_plugins(crm: Crm, anna: Member) -> None:
    async with crm.app.hooks.plugin("one").work() as work:
        theirs = await services.in_hands_of(work, anna.user_id or 0)
        assert theirs.actor.id == anna.user_id
        with pytest.raises(ValueError, match="its own jobs only"):
            await theirs.plan_job("activity.remind", "x", work.now)
        await theirs.plan_job("one.later", "x", work.now + HOUR)
        theirs.id = 77
        note = await services.add_note(await _allowed(theirs), "hers")
    assert list(await jobs()) == ["plugin.one:x"]
    (event,) = await db.fetch("SELECT work_id, actor_id FROM event WHERE entity = 'note' AND record_id = ?", note.id)
    assert (event["work_id"], event["actor_id"]) == (77, anna.user_id)


async def _allowed(work: Work) -> Work:
    """Let the person's own rights count, whatever the plugin's manifest leaves of them."""
    work.actor.grants["activity.add"] = "own"
    work.actor.grants.setdefault("note.add", "own")
    return work
