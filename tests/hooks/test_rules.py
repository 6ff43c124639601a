"""register_rules: parts of a plugin's own, what they may do, and what a bad one does not take along."""

from __future__ import annotations

import asyncio
import types
from datetime import timedelta
from typing import Any

import pytest
from pydantic import Field

from botcrm import (
    Condition,
    Event,
    Manifest,
    Occasion,
    RuleAction,
    Trigger,
    Work,
    events,
    hookimpl,
    models,
    services,
)
from botcrm.core import db
from botcrm.core.models import Deal, Rule, RuleRun
from botcrm.core.services.rules import add_rule, change_rule, switch_rule
from botcrm.reminders.rules import MOST_DEEP
from botcrm.testing import Crm, Member


class Corked(Trigger):
    """A deal's title says corked."""

    name = "corked"
    title = "A wine is corked"
    entity = "deal"
    events = (events.DealCreated, events.DealChanged)

    async def matches(self, work: Work, event: Event) -> bool:
        """Read the title."""
        return "corked" in (await services.load(work, models.Deal, event.record_id)).title


class Aged(Trigger):
    """Any deal, found by looking."""

    name = "aged"
    title = "A wine has aged"
    entity = "deal"
    every = timedelta(days=1)

    async def find(self, work: Work, after_id: int, limit: int) -> list[Occasion]:
        """Find deals."""
        rows = await services.fetch(work, "SELECT id FROM deal WHERE id > ? ORDER BY id LIMIT ?", after_id, limit)
        return [Occasion(row["id"], "once") for row in rows]


class Dear(Condition):
    """It costs enough."""

    name = "dear"
    title = "It is dear"
    entities = ("deal",)

    least: int = Field(10_000, description="At least")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Compare."""
        return (getattr(record, "amount", None) or 0) >= self.least


class Pour(RuleAction):
    """Change the title once more."""

    name = "pour"
    title = "Pour it away"
    entities = ("deal",)

    word: str = Field("poured", description="What is added")

    async def run(self, work: Work, record: models.Record) -> str:
        """Change the title: that sets Corked off again."""
        assert isinstance(record, models.Deal)
        await services.change_deal(work, record.id, title=f"{record.title} {self.word}")
        return f"poured {record.id}"


class Spill(RuleAction):
    """Write, and then fail in one of many ways."""

    name = "spill"
    title = "Spill it"
    entities = ("deal",)

    how: str = Field("raise", description="raise, exit, wait")

    async def run(self, work: Work, record: models.Record) -> str:
        """Fail."""
        await services.change_deal(work, record.id, title="spilt")
        if self.how == "exit":
            raise SystemExit(3)
        if self.how == "wait":
            await asyncio.Event().wait()
        raise ZeroDivisionError


def plugin() -> types.ModuleType:
    module = types.ModuleType("cellar")
    module.manifest = Manifest(title="Cellar")  # type: ignore[attr-defined]

    @hookimpl
    def register_rules() -> list[type[Trigger | Condition | RuleAction]]:
        return [Corked, Aged, Dear, Pour, Spill]

    module.register_rules = register_rules  # type: ignore[attr-defined]
    return module


@pytest.fixture
def plugins() -> dict[str, Any]:
    return {"cellar": plugin()}


@pytest.fixture
async def ada(crm: Crm) -> Member:
    """Give an administrator."""
    return await crm.join("admin", "Ada Admin")


async def make(crm: Crm, trigger: str, action: str, *conditions: str, **params: object) -> Rule:
    """Make a rule and switch it on, in the system's hands."""
    async with crm.work() as work:
        rule = await add_rule(work, name="Cellar", entity="deal", trigger=trigger, trigger_params={})
        await change_rule(
            work,
            rule.id,
            conditions=[{"name": name, "params": {}} for name in conditions],
            actions=[{"name": action, "params": params}],
        )
        return await switch_rule(work, rule.id, True)


async def title_of(deal_id: int = 1) -> str:
    return (await Deal.get(id=deal_id)).title


async def test_register_rules_parts_are_offered_and_act(crm: Crm, anna: Member, ada: Member) -> None:
    await make(crm, "corked", "pour", "dear", word="gone")
    await anna.send("deal Acme 1k corked\ndeal Acme 50k corked\ndeal Acme 50k fine")
    await crm.advance(minutes=1)
    assert await title_of(1) == "corked"
    assert (await title_of(2)).startswith("corked gone")
    assert await title_of(3) == "fine"
    await ada.send("/rules")
    await ada.tap("New rule")
    assert "A wine is corked" in ada.buttons
    await ada.tap("A wine is corked")
    await ada.tap("Only if…")
    assert "It is dear" in ada.buttons


async def test_rules_set_each_other_off_so_many_times_only(crm: Crm, anna: Member) -> None:
    await make(crm, "corked", "pour", word="x")
    await anna.send("deal Acme 1k corked")
    await crm.advance(minutes=1)
    assert (await title_of()).count("x") == MOST_DEEP
    assert await RuleRun.all().count() == MOST_DEEP


@pytest.mark.parametrize("how", ["raise", "exit", "wait"])
async def test_a_failing_action_leaves_the_change_alone_and_is_told(
    crm: Crm, anna: Member, ada: Member, how: str
) -> None:
    await make(crm, "corked", "spill", how=how)
    await anna.send("deal Acme 1k corked")
    assert await title_of() == "corked"
    await crm.advance(minutes=5)
    assert await RuleRun.all().count() == 0  # it is tried again, as every job is
    await crm.advance(hours=4)
    assert await title_of() == "corked"
    run = await RuleRun.get()
    assert (run.state, run.work_id) == ("failed", None)
    assert ada.seen.count("The rule Cellar failed for d1.") == 1
    assert "Acme" in await anna.send("/today")


async def test_one_that_fails_for_many_is_switched_off_and_the_rule_waits(crm: Crm, anna: Member, ada: Member) -> None:
    await make(crm, "corked", "spill")
    await anna.send("\n".join(f"deal Acme{n} 1k corked" for n in range(6)))
    await crm.advance(minutes=1)
    assert crm.listed("cellar").state == "off"
    assert "⏸ Cellar" in await ada.send("/rules")
    assert await RuleRun.all().count() == 0
    assert "When “A wine is corked” (by Cellar, which is off): “Spill it” (by Cellar, which is off)." in ada.last
    assert "corked" not in ada.last.replace("A wine is corked", ""), "no internal name"
    await ada.tap("Cellar")
    assert "“A wine is corked” is missing: its plugin Cellar is switched off." in ada.last
    await ada.tap("When…")
    assert "“A wine is corked” is missing: its plugin Cellar is switched off." in ada.last
    # Also where the plugin was off, or is gone, when the process began.
    crm.under_test = []
    await crm.restart()
    assert "When “A wine is corked” (by Cellar, which is off)" in await ada.send("/rules")
    crm._wanted = []
    await crm.restart()
    assert "When “A wine is corked” (by Cellar, which no longer has it)" in await ada.send("/rules")


async def test_a_refusing_action_is_not_tried_again_and_its_owner_told(crm: Crm, anna: Member, ada: Member) -> None:
    lost = await models.Stage.create(
        pipeline=await models.Pipeline.create(name="Other", position=9), name="Elsewhere", position=0
    )
    await make(crm, "corked", "change_stage", stage=lost.id)
    await anna.send("deal Acme 1k corked")
    await crm.advance(minutes=1)
    assert "The rule Cellar failed for d1." in ada.seen
    assert "There is no stage" in ada.seen
    run = await RuleRun.get()
    assert run.state == "failed"
    assert not await db.fetch("SELECT 1 AS y FROM job WHERE kind = 'rule.run' AND state IN ('waiting', 'failed')")


async def test_what_is_found_by_looking_is_acted_on_once(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 1k a\ndeal Beta 50k b\ndeal Gamma 60k c")
    await make(crm, "aged", "pour", "dear", word="x")
    await crm.advance(days=3)
    assert [await title_of(n) for n in (1, 2, 3)] == ["a", "b x", "c x"]
    await anna.send("/deal d1 70k")
    await crm.advance(days=1)
    assert [await title_of(n) for n in (1, 2, 3)] == ["a x", "b x", "c x"]


async def test_a_rule_waits_while_its_plugin_is_off(crm: Crm, anna: Member) -> None:
    await make(crm, "corked", "pour", word="x")
    await anna.send("deal Acme 1k corked")
    await crm.app.hooks.switch("cellar", False)
    await crm.advance(minutes=5)
    assert await title_of() == "corked"
    await anna.send("/deal d1 12k")  # nobody listens meanwhile
    await crm.app.hooks.switch("cellar", True)
    await crm.advance(hours=2)
    assert "x" in await title_of()
