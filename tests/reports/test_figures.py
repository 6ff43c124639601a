"""The figures of the built-in reports are those of a plain recount, whatever happened before."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcrm import ReportFilters, ReportTable
from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.money import Money
from botcrm.core.domain.zones import start_of_day
from botcrm.core.models import Activity, Deal, Stage, User
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due
from botcrm.core.services.reading import Reading
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.undo import undo
from botcrm.core.services.work import Work
from botcrm.plugins.reports.activities import activities as activities_report
from botcrm.plugins.reports.funnel import funnel
from botcrm.settings import Settings
from tests.starting import start_up_to_date

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ZONE = "Europe/Warsaw"

STEPS = (
    "open",
    "move",
    "move",
    "move",
    "win",
    "lose",
    "reopen",
    "undo",
    "undo",
    "delete",
    "wait",
    "wait",
    "log",
    "plan",
    "do",
)
Plan = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 999), st.integers(0, 999)), min_size=5, max_size=45)


class World:
    """A base with two people, to which a plan happens."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.now = START

    async def play(self, plan: list[tuple[str, int, int]]) -> list[User]:
        async with self.app.work() as work:
            people = [await add_user(work, name=name, role="admin") for name in ("Anna", "Bob")]
        for step, a, b in plan:
            self.now += timedelta(minutes=7)
            actor = await actor_by_id(self.app.defaults, people[b % 2].id)
            with contextlib.suppress(CrmError):
                async with self.app.work(actor) as work:
                    await self.one(work, step, a, b)
        return people

    async def one(self, work: Work, step: str, a: int, b: int) -> None:
        found = await Deal.filter(deleted_at=None).order_by("id")
        deal = found[a % len(found)] if found else None
        stages = await Stage.all().order_by("position")
        match step:
            case "open":
                amount = Money(Decimal(a * 137 + b) / 100, "PLN" if b % 5 else "EUR") if a % 4 else None
                stage = stages[b % len(stages)].name if a % 3 == 0 else None
                await deals.add_deal(work, title=f"deal {a}", amount=amount, stage=stage)
            case "wait":
                self.now += timedelta(hours=a % 300)
            case "log":
                kind, result = ("call", "meeting", "email", "task", "visit")[a % 5], ("ok", "no", "busy", None)[b % 4]
                await activities.log_activity(work, kind, "", duration=b % 60 or None, result=result)
            case "plan":
                due = Due((self.now + timedelta(hours=a % 400 - 50)).replace(tzinfo=None), has_time=bool(b % 3))
                await activities.plan_activity(work, ("call", "visit")[b % 2], "", due if a % 9 else None)
            case "do":
                planned = await Activity.filter(status="planned", deleted_at=None).order_by("id")
                if planned:
                    await activities.complete_activity(work, planned[a % len(planned)].id, result=("ok", None)[b % 2])
            case "undo":
                works = await self._works()
                if works:
                    await undo.undo(work, works[-1 - a % min(3, len(works))])
            case _ if deal is None:
                pass
            case "move":
                await deals.move_deal(work, deal.id, stages[b % len(stages)].id)
            case "win":
                await deals.close_deal(work, deal.id, DealStatus.WON)
            case "lose":
                await deals.close_deal(work, deal.id, DealStatus.LOST, "price")
            case "reopen":
                await deals.reopen_deal(work, deal.id)
            case "delete":
                await records.delete_record(work, deal)

    async def _works(self) -> list[int]:
        rows = await db.fetch(
            "SELECT work_id, min(id) AS id FROM event WHERE entity = 'deal' GROUP BY work_id ORDER BY id"
        )
        return [row["work_id"] for row in rows]


async def recounted(filters: ReportFilters) -> list[tuple[Any, ...]]:
    """Count the funnel row by row, from the events as they stand."""
    rows = await db.fetch("SELECT * FROM event WHERE entity = 'deal' ORDER BY id")
    takers: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row["undoes"]:
            takers[row["undoes"]].add(row["work_id"])

    def stands(work_id: int) -> bool:
        return not any(stands(taker) for taker in takers[work_id])

    since, until = start_of_day(filters.since, ZONE), start_of_day(filters.until + timedelta(days=1), ZONE)
    entered: dict[int, set[int]] = defaultdict(set)
    stayed: dict[int, list[float]] = defaultdict(list)
    known = {deal.id: deal for deal in await Deal.filter(deleted_at=None)}
    for row in rows:
        at, after, before = db.moment_needed(row["at"]), db.from_json(row["after"]), db.from_json(row["before"])
        deal = known.get(row["record_id"])
        if deal is None or (filters.people and deal.owner_id not in filters.people):
            continue
        if row["undoes"] or not stands(row["work_id"]) or not since <= at < until or "stage_id" not in after:
            continue
        entered[after["stage_id"]].add(deal.id)
        if "stage_id" in before:
            length = at - (db.moment(before.get("stage_entered_at")) or at)
            stayed[before["stage_id"]].append(length.total_seconds() / 86400)
    table = []
    stages = await Stage.all().order_by("position")
    for stage in stages:
        if stage.kind == "lost":
            continue
        ids = entered[stage.id]
        beyond = {
            deal_id
            for later in stages
            if later.position > stage.position and later.kind != "lost"
            for deal_id in entered[later.id]
        }
        share = len(ids & beyond) / len(ids) if ids and stage.kind == "open" else None
        amount = sum((known[i].amount or Decimal(0) for i in ids if known[i].currency == "PLN"), Decimal(0))
        days = stayed[stage.id]
        table.append((stage.name, len(ids), share, amount, sum(days) / len(days) if days else None))
    return table


def same(found: ReportTable, wanted: list[tuple[Any, ...]]) -> None:
    assert [row[:4] for row in found.rows] == [row[:4] for row in wanted]
    for row, other in zip(found.rows, wanted, strict=True):
        assert (row[4] is None) == (other[4] is None)
        assert row[4] is None or abs(row[4] - other[4]) <= 0.051


async def recounted_activities(filters: ReportFilters, now: datetime) -> dict[str, Counter[str]]:
    since, until = start_of_day(filters.since, ZONE), start_of_day(filters.until + timedelta(days=1), ZONE)
    names = {user.id: user.name for user in await User.all()}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in await Activity.filter(deleted_at=None):
        if filters.people and one.owner_id not in filters.people:
            continue
        mine = counts[names[one.owner_id or 0]]
        if one.status == "done" and one.done_at and since <= one.done_at < until:
            mine[one.kind if one.kind in ("call", "meeting", "task", "email") else "other"] += 1
            mine["done"] += 1
            mine["minutes"] += one.duration_minutes or 0
            mine["ok"] += one.result == "ok"
            mine["no"] += one.result == "no"
        if one.status == "planned" and one.deadline_at and since <= one.deadline_at < until:
            mine["planned"] += 1
            mine["overdue"] += one.deadline_at < now
    return counts


async def _check(path: Path, plan: list[tuple[str, int, int]], back: int, days: int, whose: int) -> None:
    settings_ = Settings(database_url=f"sqlite://{path}", timezone=ZONE, currency="PLN")
    app = App(settings_)
    world = World(app)
    app.now = lambda: world.now
    await start_up_to_date(app)
    try:
        people = await world.play(plan)
        since = START.date() + timedelta(days=back)
        chosen = (None, (people[0].id,), (people[1].id,), tuple(user.id for user in people))[whose]
        filters = ReportFilters(since=since, until=since + timedelta(days=days), people=chosen)
        actor = await actor_by_id(app.defaults, people[0].id)
        assert actor
        work = Reading(actor, world.now)
        same(await funnel(work, filters), await recounted(filters))
        table = await activities_report(work, filters)
        wanted = await recounted_activities(filters, world.now)
        keys = [column.key for column in table.columns[1:]]
        found = {row[0]: {key: value for key, value in zip(keys, row[1:], strict=True) if value} for row in table.rows}
        assert {name: row for name, row in found.items() if row} == {
            name: {key: value for key, value in row.items() if value}
            for name, row in wanted.items()
            if any(row.values())
        }
    finally:
        await app.stop()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=Plan, back=st.integers(-2, 20), days=st.integers(0, 30), whose=st.integers(0, 3))
def test_figures_are_a_recount(
    tmp_path: Path, sqlite_template: Path, plan: list[tuple[str, int, int]], back: int, days: int, whose: int
) -> None:
    path = tmp_path / "figures.sqlite3"
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    shutil.copyfile(sqlite_template, path)
    asyncio.run(_check(path, plan, back, days, whose))


async def test_the_funnel_says_what_is_narrow_and_what_was_lost(database_url: str) -> None:
    app = App(Settings(database_url=database_url, timezone=ZONE, currency="PLN"))
    world = World(app)
    app.now = lambda: world.now
    await start_up_to_date(app)
    try:
        people = await world.play([("open", 5, 1)] * 6)
        async with app.work(await actor_by_id(app.defaults, people[1].id)) as work:
            stages = {stage.name: stage.id for stage in await Stage.all()}
            world.now += timedelta(days=2)
            for deal_id in (1, 2, 3, 4):
                await deals.move_deal(work.acting_as(work.actor), deal_id, stages["Clarified"])
            await deals.move_deal(work, 1, stages["Proposal"])
            await deals.close_deal(work, 1, DealStatus.WON)
            await deals.close_deal(work, 2, DealStatus.LOST, "price")
        actor = await actor_by_id(app.defaults, people[1].id)
        assert actor
        filters = ReportFilters(since=date(2026, 11, 1), until=date(2026, 11, 30))
        table = await funnel(Reading(actor, world.now), filters)
        assert [row[:3] for row in table.rows][:3] == [("New", 6, 4 / 6), ("Clarified", 4, 0.25), ("Proposal", 1, 1.0)]
        assert table.rows[-1][:2] == ("Won", 1)
        assert table.note.split("\n") == [
            "Won 1, lost 1 (PLN 6.86): 50 % won.",
            "Bottleneck: Clarified, 25 % went further.",
        ]
        same(table, await recounted(filters))
    finally:
        await app.stop()
