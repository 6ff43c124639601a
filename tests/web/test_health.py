"""What a supervisor and Prometheus are told, and when the administrators are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services.doctor import check_liveness, quarantined, queues, retry_quarantined
from botcrm.core.services.staff.people import add_user
from botcrm.settings import Settings
from botcrm.web.health import build_app
from botcrm.web.hooks import web_hook
from botcrm.web.server import serving
from tests.starting import start_up_to_date

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(database_url: str, clock: Clock) -> AsyncIterator[App]:
    app = App(Settings(database_url=database_url), now=clock)
    await start_up_to_date(app)
    yield app
    await app.stop()


async def put(update_id: int, age: float = 0, state: str = "new", error: str = "") -> None:
    await db.insert(
        "inbox",
        bot_id=1,
        update_id=update_id,
        chat_key="1",
        body=b"{}",
        state=state,
        attempts=0,
        error=error,
        received_at=NOW - timedelta(seconds=age),
    )


async def get(app: App, path: str, **more: Any) -> tuple[int, str]:
    async with TestClient(TestServer(build_app(app, **more))) as client, client.get(path) as answer:
        return answer.status, await answer.text()


async def test_healthy_while_updates_are_young(app: App) -> None:
    await put(1, age=59)
    assert await get(app, "/healthz") == (200, '{"status": "ok"}')


async def test_failing_when_an_update_waits_for_over_a_minute(app: App) -> None:
    await put(1, age=61)
    status, text = await get(app, "/healthz")
    assert (status, "an update waits for 61 s" in text) == (503, True)


async def test_failing_when_a_probe_or_the_database_does(app: App) -> None:
    async def deaf() -> str | None:
        return "no poll for 200 s"

    async def broken() -> str | None:
        raise RuntimeError("postgres://crm:hunter2@host")

    status, text = await get(app, "/healthz", probes={"polling": deaf, "other": broken})
    assert status == 503
    assert '"polling": "no poll for 200 s"' in text
    assert '"other": "does not answer"' in text
    assert "hunter2" not in text
    await db.close()
    status, text = await get(app, "/healthz")
    assert (status, '"database": "does not answer"' in text) == (503, True)
    assert (await get(app, "/metrics"))[0] == 503


async def test_metrics_show_what_waits(app: App, clock: Clock) -> None:
    await put(1, age=30)
    await put(2, age=10)
    await put(3, age=999, state="quarantined")
    await put(4, age=999, state="done")
    async with app.work() as work:
        await db.execute("DELETE FROM job")  # what every base begins with
        await work.plan_job("a", "a", NOW - timedelta(seconds=5))
        await work.plan_job("b", "b", NOW + timedelta(seconds=60))
        await work.send(1, "sendMessage", {"text": "hello"})
    clock.now += timedelta(seconds=3)
    app.metrics.updates.inc()
    app.metrics.sends.labels(result="ok").inc()
    app.metrics.errors.labels(plugin="weather").inc()
    app.metrics.update_seconds.labels(verb="deal").observe(0.004)
    status, text = await get(app, "/metrics")
    assert status == 200
    for line in (
        "botcrm_inbox_waiting 2.0",
        "botcrm_inbox_oldest_seconds 33.0",
        "botcrm_inbox_quarantined 1.0",
        "botcrm_jobs_due 1.0",
        "botcrm_jobs_oldest_seconds 8.0",
        "botcrm_outbox_waiting 1.0",
        "botcrm_outbox_oldest_seconds 3.0",
        "botcrm_updates_total 1.0",
        'botcrm_sends_total{result="ok"} 1.0',
        'botcrm_errors_total{plugin="weather"} 1.0',
        'botcrm_update_seconds_bucket{le="0.005",verb="deal"} 1.0',
    ):
        assert line in text.splitlines()


async def test_queues_are_read_from_indexes(app: App) -> None:
    postgres = db.dialect() == "postgres"
    async with db.transaction():
        if postgres:  # it would scan a table this small whole
            await db.execute("SET LOCAL enable_seqscan = off")
        for sql in (
            "SELECT count(*) AS n FROM inbox WHERE state = 'new'",
            "SELECT id, received_at FROM inbox WHERE state = 'new' ORDER BY id LIMIT 1",
            "SELECT count(*) AS n, min(run_at) AS oldest FROM job WHERE state = 'waiting' AND run_at <= '2026-01-01'",
            "SELECT count(*) AS n, min(id) AS first FROM outbox WHERE state = 'waiting'",
        ):
            rows = await db.fetch(f"EXPLAIN {sql}" if postgres else f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(str(row["QUERY PLAN" if postgres else "detail"]) for row in rows)
            assert ("Index Cond" if postgres else "SEARCH") in plan
            assert "Sort" not in plan
            assert "TEMP B-TREE" not in plan


async def alarms(app: App) -> list[dict[str, Any]]:
    async with app.work() as work:
        await check_liveness(work)
    rows = await db.fetch("SELECT args FROM outbox WHERE notice = 'alarm' ORDER BY id")
    return [db.from_json(row["args"]) for row in rows]


async def test_administrators_are_told_once_per_incident(app: App, clock: Clock) -> None:
    async with app.work() as work:
        for number in (101, 102):
            await add_user(work, name=f"Admin {number}", role="admin", telegram_id=number)
        await add_user(work, name="Rep", role="rep", telegram_id=103)
    await put(1, age=59)
    assert await alarms(app) == []
    await put(2)
    clock.now += timedelta(seconds=11)
    told = await alarms(app)
    assert told == [{"kind": "inbox", "seconds": 70, "count": 2}] * 2
    # The queue moves on slowly: still the same incident.
    await db.execute("UPDATE inbox SET state = 'done' WHERE update_id = 1")
    clock.now += timedelta(seconds=100)
    assert await alarms(app) == told
    await db.execute("UPDATE inbox SET state = 'done'")
    await put(3, age=0)
    assert len(await alarms(app)) == 4


async def test_what_was_set_aside_is_listed_and_handled_again(app: App, clock: Clock) -> None:
    await put(7, age=500, state="quarantined", error="KeyError: 'chat'")
    assert [(item.update_id, item.error) for item in await quarantined()] == [(7, "KeyError: 'chat'")]
    async with app.work() as work:
        assert await retry_quarantined(work) == 1
    assert await quarantined() == []
    measured = await queues(clock.now)
    assert (measured.inbox_waiting, measured.inbox_oldest_seconds) == (1, 0)


async def test_a_taken_port_is_no_reason_to_stop(app: App) -> None:
    async with TestServer(build_app(app)) as server:
        assert server.port
        async with serving(build_app(app), "127.0.0.1", server.port) as address:
            assert address is None
    async with serving(build_app(app), "127.0.0.1", 0) as address:
        assert address is None


async def test_web_hook_stores_before_it_answers(app: App) -> None:
    stored: list[Any] = []

    async def store(updates: Any) -> None:
        if updates[0]["update_id"] == 13:
            raise OSError("the disk is full")
        stored.extend(updates)

    route = web_hook("https://crm.example.com/telegram", "word", store)
    async with TestClient(TestServer(build_app(app, routes=[route]))) as client:

        async def post(body: str, secret: str = "word") -> int:
            headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
            async with client.post("/telegram", data=body, headers=headers) as answer:
                return answer.status

        assert await post('{"update_id": 1}') == 200
        assert stored == [{"update_id": 1}]
        assert await post('{"update_id": 2}', "other") == 401
        assert await post("no json") == 400
        assert await post('{"update_id": 13}') == 500
        assert stored == [{"update_id": 1}]
