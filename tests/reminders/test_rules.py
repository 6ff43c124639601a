"""A rule runs at most once for a record and mark, and in the end exactly once, however often processes die or jobs come again."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core.models import Activity, Rule, RuleRun
from botcrm.core.services.records import add_lead
from botcrm.core.services.rules import add_rule, change_rule, switch_rule
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob, JobRunner
from botcrm.reminders.rules import RUN
from botcrm.settings import Settings
from tests.starting import start_up_to_date

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FATES = ("runs", "is killed before", "is killed after", "fails after", "comes twice")


class World:
    """A process with one rule, whose jobs meet a fate each."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.fate = "runs"
        self.seen: list[DueJob] = []

    async def handle(self, work: Work, job: DueJob) -> None:
        """Run the rule's job as fate has it; a process that is killed ends like a task that is cancelled."""
        self.seen.append(job)
        if self.fate == "is killed before":
            raise asyncio.CancelledError
        await self.app.rules.run(work, job)
        if self.fate == "is killed after":
            raise asyncio.CancelledError
        if self.fate == "fails after":
            raise RuntimeError

    async def rule(self) -> Rule:
        """Return the one rule: a lead comes in, something is planned."""
        made = await Rule.filter(name="Once").first()
        if made:
            return made
        async with self.app.work() as work:
            made = await add_rule(work, name="Once", entity="lead", trigger="lead_came_in", trigger_params={})
            await change_rule(work, made.id, actions=[{"name": "plan_activity", "params": {}}])
            return await switch_rule(work, made.id, True)


async def live(url: str, fates: list[str]) -> None:
    now = [START]
    app = App(Settings(database_url=url, timezone="Europe/Warsaw"), now=lambda: now[0])
    await start_up_to_date(app)
    try:
        world = World(app)
        rule = await world.rule()
        async with app.work() as work:
            lead = await add_lead(work, "roof")
        runner = JobRunner(app.work, {RUN: world.handle}, lambda: now[0])
        for fate in [*fates, "runs"]:
            world.fate = fate
            with contextlib.suppress(asyncio.CancelledError):
                await runner.sweep()
            now[0] += timedelta(hours=3)
            if fate == "comes twice" and world.seen:
                # As after a lease that ran out while its holder was only slow.
                async with app.work() as work:
                    await app.rules.run(work, world.seen[-1])
        assert world.seen
        runs = await RuleRun.filter(rule_id=rule.id, record_id=lead.id)
        assert [run.state for run in runs] == ["done"]
        assert await Activity.filter(lead_id=lead.id).count() == 1
    finally:
        await app.stop()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(FATES), max_size=4))
def test_a_rule_runs_once_for_a_record_and_mark(migrated_url: str, fates: list[str]) -> None:
    asyncio.run(live(migrated_url, fates))
