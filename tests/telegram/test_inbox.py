"""The durable inbox: stored before acknowledged, once, in order per chat, and nothing in the way of its neighbours."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services.doctor import retry_quarantined
from botcrm.core.services.people import add_user
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from botcrm.telegram.api import ApiError
from botcrm.telegram.inbox import ATTEMPTS, Inbox, Update, chat_key
from botcrm.telegram.ingest import Poller, read_updates

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def message(update_id: int, chat: int = 1, text: str = "hello") -> dict[str, Any]:
    return {"update_id": update_id, "message": {"message_id": update_id, "chat": {"id": chat}, "text": text}}


class Handled:
    """A handler that leaves a row in the database for each update, and fails as it is told."""

    def __init__(self) -> None:
        self.failing: dict[int, int] = {}
        self.started: list[int] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, work: Work, update: Update) -> None:
        self.started.append(update.update_id)
        await db.execute("INSERT INTO press (key, at) VALUES (?, ?)", f"{update.update_id}", work.now)
        if self.gate:
            await self.gate.wait()
        if self.failing.get(update.update_id, 0):
            self.failing[update.update_id] -= 1
            raise RuntimeError(f"no {update.update_id}")

    async def effects(self) -> list[int]:
        return [int(row["key"]) for row in await db.fetch("SELECT key FROM press ORDER BY id")]


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = App(Settings(database_url=database_url), now=lambda: NOW)
    await app.start()
    async with app.work() as work:
        await add_user(work, name="Ada", role="admin", telegram_id=77)
    yield app
    await app.stop()


@pytest.fixture
def handled() -> Handled:
    return Handled()


@pytest.fixture
def inbox(app: App, handled: Handled) -> Inbox:
    return Inbox(app.work, handled, app.now, 1)


async def states() -> dict[int, str]:
    return {row["update_id"]: row["state"] for row in await db.fetch("SELECT update_id, state FROM inbox")}


@pytest.mark.parametrize(
    ("update", "key"),
    [
        (message(1, 5), "5"),
        ({"update_id": 1, "callback_query": {"from": {"id": 8}, "message": {"chat": {"id": 5}}}}, "5"),
        ({"update_id": 1, "callback_query": {"from": {"id": 8}}}, "8"),
        ({"update_id": 1, "inline_query": {"from": {"id": 8}}}, "8"),
        ({"update_id": 1, "message_reaction": {"chat": {"id": -7}, "user": {"id": 8}}}, "-7"),
        ({"update_id": 1, "message": {"chat": 5}}, "update:1"),
        ({"update_id": 1, "message": {"chat": {"id": 10**90}}}, "1" + "0" * 63),
        ({"update_id": 1, "unheard_of": {"chat": {"id": 5}}}, "update:1"),
    ],
)
def test_order_belongs_to_a_chat(update: dict[str, Any], key: str) -> None:
    assert chat_key(update) == key


async def test_each_update_takes_effect_once(inbox: Inbox, handled: Handled) -> None:
    await inbox.store([message(1), message(2)])
    await inbox.store([message(2), message(3)])
    await inbox.drain()
    await inbox.store([message(1), message(2), message(3)])
    await inbox.recover()
    await inbox.drain()
    assert await handled.effects() == handled.started == [1, 2, 3]
    assert (set((await states()).values()), inbox.waiting) == ({"done"}, 0)


async def test_the_same_number_from_another_bot_is_another_update(app: App, inbox: Inbox, handled: Handled) -> None:
    other = Inbox(app.work, handled, app.now, 2)
    await inbox.store([message(1, text="a")])
    await inbox.drain()
    await db.execute("DELETE FROM press")
    await other.store([message(1, text="b")])
    await other.drain()
    assert handled.started == [1, 1]


async def test_numbers_may_fall(inbox: Inbox, handled: Handled) -> None:
    """They start anew at random after a quiet week, so the highest one seen says nothing."""
    await inbox.store([message(900)])
    await inbox.store([message(5)])
    await inbox.drain()
    assert await handled.effects() == [900, 5]


# Not on SQLite: with its one writer a handler that waits inside its transaction holds up everybody.
@pytest.mark.parametrize("migrated_url", ["postgres"], indirect=True)
async def test_a_chat_is_handled_in_order_and_chats_side_by_side(inbox: Inbox, handled: Handled) -> None:
    handled.gate = asyncio.Event()
    await inbox.store([message(1, 5), message(2, 5), message(3, 6)])
    async with asyncio.timeout(10):
        while len(handled.started) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert sorted(handled.started) == [1, 3]
    handled.gate.set()
    await inbox.drain()
    assert handled.started.index(1) < handled.started.index(2)


async def test_a_failure_is_tried_again_with_nothing_left_of_it(inbox: Inbox, handled: Handled) -> None:
    handled.failing = {1: ATTEMPTS - 1}
    await inbox.store([message(1), message(2)])
    await inbox.drain()
    assert handled.started == [1, 1, 1, 2]
    assert await handled.effects() == [1, 2]
    assert await states() == {1: "done", 2: "done"}


async def test_whoever_of_the_staff_sent_what_was_set_aside_is_told(inbox: Inbox, handled: Handled) -> None:
    handled.failing = {1: 99, 2: 99}
    await inbox.store([message(1, 77), message(2, 5)])
    await inbox.drain()
    told = await db.fetch("SELECT chat_id, notice FROM outbox WHERE notice = 'not_handled'")
    assert [(row["chat_id"], row["notice"]) for row in told] == [(77, "not_handled")]


async def test_after_three_failures_it_is_set_aside_and_its_neighbours_go_on(
    app: App, inbox: Inbox, handled: Handled
) -> None:
    handled.failing = {1: 99}
    await inbox.store([message(1, 5), message(2, 5), message(3, 6)])
    await inbox.drain()
    assert handled.started.count(1) == ATTEMPTS
    assert sorted(await handled.effects()) == [2, 3]
    assert await states() == {1: "quarantined", 2: "done", 3: "done"}
    (told,) = await db.fetch("SELECT chat_id, notice, args FROM outbox")
    assert (told["chat_id"], told["notice"]) == (77, "quarantined")
    assert "RuntimeError: no 1" in db.from_json(told["args"])["error"]

    await inbox.store([message(1, 5)])
    await inbox.drain()
    assert handled.started.count(1) == ATTEMPTS, "what comes again stays aside"

    handled.failing = {}
    async with app.work() as work:
        assert await retry_quarantined(work) == 1
    await inbox.recover()
    await inbox.drain()
    assert (await states())[1] == "done"


async def test_a_new_process_takes_up_what_is_left_before_anything_new(inbox: Inbox, handled: Handled) -> None:
    """It polls while it still starts: what it stores must queue behind what the one before it left."""
    for number in range(1, 4):
        await db.execute(
            "INSERT INTO inbox (bot_id, update_id, chat_key, body, state, attempts, error, received_at) "
            "VALUES (1, ?, '1', ?, 'new', 0, '', ?)",
            number,
            json.dumps(message(number)).encode(),
            NOW,
        )
    await inbox.store([message(4)])
    await inbox.recover()
    await inbox.drain()
    assert await handled.effects() == handled.started == [1, 2, 3, 4]


async def test_more_is_left_than_one_page_holds(
    inbox: Inbox, handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcrm.telegram.inbox._PAGE", 3)
    await inbox.store([message(number) for number in range(1, 12)])
    await inbox.stop()
    done = await handled.effects()
    again = Inbox(inbox._open_work, handled, inbox._now, 1)
    await again.recover()
    await again.drain()
    assert done == [1]
    assert await handled.effects() == list(range(1, 12))


async def test_two_processes_on_one_database_do_each_once_and_in_order(app: App, handled: Handled) -> None:
    first, second = (Inbox(app.work, handled, app.now, 1) for _ in range(2))
    updates = [message(number, chat) for number, chat in zip(range(1, 41), [1, 2, 3, 4] * 10, strict=True)]
    await first.store(updates)
    await second.store(updates)
    await asyncio.gather(first.drain(), second.drain())
    effects = await handled.effects()
    assert sorted(effects) == list(range(1, 41))
    for chat in range(4):
        own = [number for number in effects if (number - 1) % 4 == chat]
        assert own == sorted(own)


class Flaky:
    """Opens works whose end fails so many times: what a full disk or a lost connection does at the commit."""

    def __init__(self, app: App, failures: int, when: Callable[[Work], bool] = lambda _: True) -> None:
        self.app, self.failures, self.when = app, failures, when

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[Work]:
        async with self.app.work() as work:
            yield work
            if self.failures and self.when(work):
                self.failures -= 1
                raise OperationalError("database is locked")


async def test_a_failing_commit_loses_nothing_and_keeps_the_order(app: App, handled: Handled) -> None:
    # Six in a row: the update's own and the mark of its failure, three times.
    inbox = Inbox(Flaky(app, 6), handled, app.now, 1)
    await inbox.store([message(1), message(2)])
    await inbox.drain()
    assert handled.started == [1, 1, 1, 1, 2]
    assert await handled.effects() == [1, 2]
    assert await states() == {1: "done", 2: "done"}


async def test_a_stop_does_not_wait_for_a_database_that_fails_for_ever(app: App, handled: Handled) -> None:
    inbox = Inbox(Flaky(app, 10**6), handled, app.now, 1)
    await inbox.store([message(1), message(2)])
    async with asyncio.timeout(10):
        while handled.started.count(1) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await inbox.stop()
    assert 2 not in handled.started
    assert await states() == {1: "new", 2: "new"}


async def test_odd_updates_are_stored_like_any(inbox: Inbox, handled: Handled) -> None:
    """Half a surrogate pair has no UTF-8; a number too large has no column: neither may hold up a whole poll."""
    await inbox.store([message(1, text="\ud83d"), message(2**70), {"no": "id"}, {"update_id": True}, message(2)])
    await inbox.drain()
    assert {1, 2} <= set(await states())
    assert 2**70 not in await states()
    (row,) = await db.fetch("SELECT body FROM inbox WHERE update_id = 1")
    assert json.loads(bytes(row["body"]))["message"]["text"] == "\ud83d"
    assert {1, 2} <= set(handled.started)


# --- polling ------------------------------------------------------------------------------------------------------------


class Server:
    """The Bot API's end of polling: gives what is not acknowledged, and notes each offset asked for."""

    def __init__(self, *updates: dict[str, Any] | bytes) -> None:
        self.updates = list(updates)
        self.offsets: list[int] = []
        self.errors: list[Exception] = []
        self.asked = asyncio.Event()

    async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109
        assert (method, timeout > payload["timeout"]) == ("getUpdates", True)
        self.offsets.append(payload["offset"])
        if self.errors:
            raise self.errors.pop(0)
        left = [u for u in self.updates if isinstance(u, bytes) or u["update_id"] >= payload["offset"]]
        if payload["offset"] or not left:
            self.asked.set()
            await asyncio.sleep(0)
        items = [u if isinstance(u, bytes) else json.dumps(u).encode() for u in left]
        return b'{"ok":true,"result":[' + b",".join(items) + b"]}"


class Polling:
    def __init__(self, server: Server, inbox: Any) -> None:
        self.pauses: list[float] = []
        self._poller = Poller(server, inbox, self._sleep)  # type: ignore[arg-type]

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def until(self, condition: Callable[[], bool]) -> None:
        task = asyncio.create_task(self._poller.run())
        try:
            async with asyncio.timeout(10):
                while not condition():
                    assert not task.done(), task.exception()
                    await asyncio.sleep(0)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_an_update_is_acknowledged_after_it_was_committed(inbox: Inbox, handled: Handled) -> None:
    seen: list[set[int]] = []

    class Watched(Server):
        async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109
            if payload["offset"]:
                seen.append(set(await states()))
            return await super().raw(method, payload, timeout=timeout)

    server = Watched(message(1), message(2))
    await Polling(server, inbox).until(lambda: bool(seen))
    assert server.offsets[:2] == [0, 3]
    assert seen[0] == {1, 2}
    await inbox.drain()
    assert await handled.effects() == [1, 2]


class FailingStore:
    """An inbox whose database is locked so many times."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.stored: list[int] = []

    async def store(self, updates: list[dict[str, Any]]) -> None:
        if updates and self.errors:
            raise self.errors.pop(0)
        self.stored += [update["update_id"] for update in updates]

    async def set_aside(self, update_id: int | None, raw: str, error: str) -> None:
        raise AssertionError((update_id, raw, error))


async def test_what_cannot_be_stored_is_polled_again_and_not_acknowledged(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the database used to end polling for ever, silently."""
    store = FailingStore(OperationalError("database is locked"), RuntimeError("anything"), KeyError("else"))
    server = Server(message(1))
    polling = Polling(server, store)
    await polling.until(server.asked.is_set)
    assert server.offsets[:5] == [0, 0, 0, 0, 2]
    assert store.stored == [1]
    assert polling.pauses[:3] == [0.5, 1.0, 2.0]
    assert "could not be stored" in caplog.text


async def test_refusals_and_lost_connections_are_waited_out() -> None:
    store, server = FailingStore(), Server(message(1))
    server.errors = [ApiError(429, "Too Many Requests", 5), ConnectionError("gone"), ApiError(409, "Conflict")]
    polling = Polling(server, store)
    await polling.until(server.asked.is_set)
    assert (store.stored, polling.pauses[:3]) == ([1], [5, 1.0, 2.0])


async def test_one_that_is_no_json_is_cut_out_and_kept(inbox: Inbox, handled: Handled) -> None:
    server = Server(message(1), b'{"update_id": 2, "message": {"te', b"nonsense", message(4), b'{"update_id":5')
    await Polling(server, inbox).until(lambda: 6 in server.offsets)
    await inbox.drain()
    assert await handled.effects() == [1, 4]
    assert await states() == {1: "done", 2: "quarantined", 4: "done", 5: "quarantined"}
    notices = await db.fetch("SELECT notice FROM outbox")
    assert [row["notice"] for row in notices] == ["quarantined", "quarantined"]
    await inbox.recover()
    await inbox.drain()
    assert await handled.effects() == [1, 4]


@pytest.mark.parametrize(
    ("body", "updates", "broken"),
    [
        ('{"ok":true,"result":[]}', [], []),
        ('{"ok":true,"result":[{"update_id":1},7,{"no":"id"},{"update_id":true}]}', [1], [None] * 3),
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2,]}', [1], [2]),
        ('{"ok":true,"result":[{"update_id":1}', [1], []),
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2,"x":' + "[" * 100_000, [1], [2]),
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2,"n":' + "9" * 5000 + "}]}", [1], [2]),
        ('{"ok":true,"result":[oops,{"update_id":3}]}', [3], [None]),
    ],
)
def test_answers_are_read_as_far_as_they_can_be(body: str, updates: list[int], broken: list[int | None]) -> None:
    polled = read_updates(body)
    assert [update["update_id"] for update in polled.updates] == updates
    assert [number for number, _ in polled.broken] == broken


def test_a_refusal_is_an_error_with_its_facts() -> None:
    with pytest.raises(ApiError) as refused:
        read_updates('{"ok":false,"error_code":429,"description":"slow down","parameters":{"retry_after":3}}')
    assert (refused.value.code, refused.value.retry_after) == (429, 3)
    for body in ("<html>502</html>", "[]", ""):
        with pytest.raises(ValueError, match="no "):
            read_updates(body)


class Hooked(Server):
    """A Bot API that sends updates to a web hook until that is deleted."""

    hooked = True

    async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109
        if self.hooked:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        return await super().raw(method, payload, timeout=timeout)

    async def call(self, method: str, payload: dict[str, Any]) -> bool:
        assert (method, payload) == ("deleteWebhook", {"drop_pending_updates": False})
        self.hooked = False
        return True


async def test_a_web_hook_left_over_does_not_keep_the_bot_from_polling() -> None:
    """Without BOTCRM_WEBHOOK_URL again, a bot that had taken web hooks used to be refused every poll."""
    store, server = FailingStore(), Hooked(message(1))
    polling = Polling(server, store)
    await polling.until(server.asked.is_set)
    assert (store.stored, polling.pauses) == ([1], [])
