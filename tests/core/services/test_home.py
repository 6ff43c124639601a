"""The home screen: columns by the reader's day, counters that count, pages without gaps or repeats."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.due import column_of, day_bounds
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Deal, User
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.home import COLUMNS, counters, home
from botcrm.core.services.staff.people import actor_by_id, add_user, change_setting
from botcrm.core.services.staff.team import team
from botcrm.settings import Settings
from tests.core.services.conftest import START, Office
from tests.starting import start_up_to_date


async def _deal(office: Office, title: str, wall: datetime | None = None, *, has_time: bool = True) -> Deal:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title=title)
        if wall:
            await activities.plan_activity(work, "call", "offer", Due(wall, has_time), deal_id=deal.id)
        return deal


async def test_deals_stand_in_the_column_of_their_next_step(office: Office) -> None:
    for title, day, has_time in (
        ("later", datetime(2026, 12, 20, 9), True),
        ("next_week", datetime(2026, 11, 30, 9), True),
        ("this_week", datetime(2026, 11, 29), False),
        ("today", datetime(2026, 11, 24), False),
        ("overdue", datetime(2026, 11, 24, 9, 59), True),
    ):
        await _deal(office, title, day, has_time=has_time)
    await _deal(office, "none")
    await _deal(office, "won", datetime(2026, 11, 24, 9))
    async with office.as_(office.anna) as work:
        await deals.close_deal(work, 7, DealStatus.WON)
    async with office.as_(office.anna) as work:
        shown = await home(work)
        assert shown.counts == dict.fromkeys(COLUMNS, 1)
        assert [row.name for row in shown.rows] == list(COLUMNS)
        assert (shown.incoming, shown.planned, shown.overdue) == (0, 2, 1)
        for column in COLUMNS:
            assert [row.name for row in (await home(work, column=column)).rows] == [column]


async def test_a_day_is_the_readers_own(office: Office) -> None:
    await _deal(office, "evening", datetime(2026, 11, 24, 23, 30))
    async with office.as_(office.anna) as work:
        assert (await home(work)).counts["today"] == 1
        await change_setting(work, "zone", "Asia/Tokyo", for_company=False)
    async with office.as_(office.anna) as work:  # 18:00 in Tokyo: 23:30 in Warsaw is tomorrow there
        assert (await home(work)).counts["today"] == 0
        assert (await home(work)).counts["this_week"] == 1


async def test_somebody_elses_day_and_week_are_theirs(office: Office) -> None:
    """A manager in Tokyo sees the rep's columns as the rep does: by the rep's zone and the day the rep's week starts on."""
    await _deal(office, "evening", datetime(2026, 11, 24, 23, 30))
    await _deal(office, "sunday", datetime(2026, 11, 29, 10))
    async with office.as_(office.boss) as work:
        await change_setting(work, "zone", "Asia/Tokyo", for_company=False)
    async with office.as_(office.boss) as work:
        theirs = await home(work, owner_id=office.anna.id)
        assert (theirs.counts["today"], theirs.counts["this_week"], theirs.planned) == (1, 1, 1)
        assert theirs.owner == "Anna"
    async with office.as_(office.anna) as work:
        await change_setting(work, "week_start", "sun", for_company=False)
    for reader, owner in ((office.boss, office.anna.id), (office.anna, None)):
        async with office.as_(reader) as work:
            theirs = await home(work, owner_id=owner)
            assert (theirs.counts["this_week"], theirs.counts["next_week"]) == (0, 1)
            shown = await home(work, owner_id=owner, column="next_week")
            assert [row.name for row in shown.rows] == ["sunday"]


async def test_a_counter_counts_for_whoever_has_the_deal(office: Office) -> None:
    deal = await _deal(office, "roof")
    async with office.as_(office.boss) as work:
        await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 24, 9)), deal_id=deal.id)
        await activities.plan_activity(work, "task", "own", Due(datetime(2026, 11, 24, 18)))
        assert await counters(work, office.anna.id) == (0, 0, 0)
        await work.flush()
        assert await counters(work, office.anna.id) == (0, 1, 1)
        assert await counters(work) == (0, 1, 0)


async def test_a_manager_sees_the_teams_and_nobody_elses(office: Office) -> None:
    await _deal(office, "late", datetime(2026, 11, 24, 9))
    async with office.as_(office.boss) as work:
        assert [(row.name, row.planned, row.overdue) for row in await team(work)] == [("Anna", 1, 1)]
        assert [row.name for row in (await home(work, owner_id=office.anna.id)).rows] == ["late"]
        assert (await home(work, owner_id=office.zofia.id)).owner_id is None
    async with office.as_(office.zofia) as work:
        assert await team(work) == []
        other = await home(work, owner_id=office.anna.id)
        assert (other.rows, other.owner_id, other.overdue) == ((), None, 0)
    async with office.as_(office.admin) as work:
        assert [row.name for row in await team(work)] == ["Anna", "Marek", "Zofia"]


async def test_a_deleted_deal_counts_no_more(office: Office) -> None:
    deal = await _deal(office, "late", datetime(2026, 11, 24, 9))
    async with office.as_(office.anna) as work:
        await records.delete_record(work, deal)
    async with office.as_(office.anna) as work:
        shown = await home(work)
        assert (shown.rows, shown.planned, shown.overdue) == ((), 0, 0)


async def test_pages_behind_a_thousand_deals_go_on(office: Office) -> None:
    """Counts stop at a thousand; the pages behind used to show the next column's first deals again and again."""
    stage = await db.fetch_one("SELECT id, pipeline_id FROM stage LIMIT 1")
    assert stage
    late, soon = START - timedelta(days=1), START + timedelta(days=20)
    await db.execute_many(
        "INSERT INTO deal (version, created_at, updated_at, title, pipeline_id, stage_id, status, currency, owner_id, "
        "stage_entered_at, next_deadline_at) VALUES (1, ?, ?, ?, ?, ?, 'open', 'PLN', ?, ?, ?)",
        [
            (START, START, f"{n}", stage["pipeline_id"], stage["id"], office.anna.id, START, deadline)
            for n, deadline in enumerate([late] * 1100 + [soon] * 30 + [None] * 30)
        ],
    )
    seen: list[str] = []
    async with office.as_(office.anna) as work:
        for page in range(1090 // 10, 1160 // 10):
            shown = await home(work, page=page, size=10)
            seen += [row.name for row in shown.rows]
            assert shown.more == (page < 115)
        # The last of the overdue ones, which stand the latest first, then the others.
        assert seen == [str(n) for n in (*range(9, -1, -1), *range(1100, 1160))]
        assert (await home(work, page=200, size=10)).rows == ()
        assert (await home(work, page=-1)).page == -1


Steps = st.lists(
    st.tuples(
        st.integers(-72, 24 * 20),  # hours from now; the last ones are no time at all
        st.booleans(),
        st.sampled_from(["open", "open", "open", "won"]),
    ),
    max_size=25,
)


async def _check(path: Path, plan: list[tuple[int, bool, str]], zone: str, size: int) -> None:
    app = App(Settings(database_url=f"sqlite://{path}", timezone=zone), now=lambda: START)
    await start_up_to_date(app)
    try:
        async with app.work() as work:
            user: User = await add_user(work, name="Anna", role="rep")
        actor = await actor_by_id(app.defaults, user.id)
        async with app.work(actor) as work:
            for hours, has_time, status in plan:
                deal = await deals.add_deal(work, title="deal", stage="won" if status == "won" else None)
                wall = (START + timedelta(hours=hours)).replace(tzinfo=None)
                if hours < 24 * 18:
                    await activities.plan_activity(work, "call", "", Due(wall, has_time), deal_id=deal.id)
        bounds = day_bounds(START, zone)
        wanted: dict[str, list[int]] = {column: [] for column in COLUMNS}
        for deal in sorted(
            await Deal.filter(status="open"),
            key=lambda d: (d.next_deadline_at or datetime.max.replace(tzinfo=UTC), d.id),
        ):
            wanted[column_of(deal.next_deadline_at, START, bounds)].append(deal.id)
        late = {deal.id: deal.next_deadline_at for deal in await Deal.filter(id__in=wanted["overdue"])}
        wanted["overdue"].sort(key=lambda deal_id: (START - (late[deal_id] or START), -deal_id))
        in_order = [deal_id for column in COLUMNS for deal_id in wanted[column]]
        async with app.work(actor) as work:
            shown = await home(work)
            for column, ids in ((None, in_order), *((name, wanted[name]) for name in COLUMNS)):
                seen: list[int] = []
                for page in range(len(ids) // size + 1):
                    shown = await home(work, column=column, page=page, size=size)
                    seen += [row.id for row in shown.rows]
                    assert shown.more == (len(ids) > (page + 1) * size)
                assert seen == ids
            assert shown.counts == {name: len(ids) for name, ids in wanted.items()}
            due = sum(
                1
                for d in await Deal.filter(status="open")
                if d.next_deadline_at and d.next_deadline_at < bounds.today_end
            )
            assert (shown.planned, shown.overdue) == (due, len(wanted["overdue"]))
    finally:
        await app.stop()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    plan=Steps,
    zone=st.sampled_from(["Europe/Warsaw", "Pacific/Auckland", "America/Los_Angeles"]),
    size=st.integers(1, 9),
)
def test_counts_and_pages_are_a_recount(
    tmp_path: Path, sqlite_template: Path, plan: list[tuple[int, bool, str]], zone: str, size: int
) -> None:
    path = tmp_path / "home.sqlite3"
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    shutil.copyfile(sqlite_template, path)
    asyncio.run(_check(path, plan, zone, size))


async def _neglected(office: Office, deadlines: list[list[datetime]]) -> None:
    """Give Anna a deal for each list, with a planned activity for each of its deadlines."""
    stage = await db.fetch_one("SELECT id, pipeline_id FROM stage LIMIT 1")
    assert stage
    async with db.transaction():
        for own in deadlines:
            deal_id = await db.insert(
                "deal",
                version=1,
                created_at=START,
                updated_at=START,
                title="roof",
                pipeline_id=stage["pipeline_id"],
                stage_id=stage["id"],
                status="open",
                currency="PLN",
                owner_id=office.anna.id,
                stage_entered_at=START,
                next_deadline_at=min(own),
            )
            await db.execute_many(
                "INSERT INTO activity (version, created_at, updated_at, kind, title, status, has_time, deadline_at, deal_id, "
                "owner_id) VALUES (1, ?, ?, 'call', '', 'planned', ?, ?, ?, ?)",
                [(START, START, True, deadline, deal_id, office.boss.id) for deadline in own],
            )


async def test_counters_count_every_activity_of_a_deal_however_many(office: Office) -> None:
    late, soon, later = START - timedelta(days=1), START + timedelta(hours=2), START + timedelta(days=9)
    await _neglected(office, [[late, late, soon, later], [soon, soon], [later]])
    await fix_derived()
    async with office.as_(office.anna) as work:
        assert await counters(work) == (0, 5, 2)
    await _neglected(office, [[late + timedelta(minutes=n), soon] for n in range(57)] + [[soon]] * 60)
    assert (await fix_derived())["counters"] == 174
    assert (await fix_derived())["counters"] == 0
    async with office.as_(office.anna) as work:
        assert await counters(work) == (0, 179, 59)
        assert (await home(work)).overdue == 59
    async with office.as_(office.boss) as work:
        assert [(row.planned, row.overdue) for row in await team(work)] == [(179, 59)]
