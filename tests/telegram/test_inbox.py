"""The durable inbox: stored before acknowledged, once, in order per chat, and nothing in the way of its neighbours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from botcrm.app import App
from botcrm.core import db, log_syncer
from botcrm.core.services.doctor import retry_quarantined
from botcrm.core.services.work import Work
from botcrm.telegram.inbox import ATTEMPTS, Inbox, chat_key
from tests.telegram.updates import NOW, Handled, message, states


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
    async with asyncio.timeout(60):
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


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_the_next_is_handled_while_the_disk_takes_the_last_and_none_is_done_before(
    inbox: Inbox, handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = threading.Event()
    monkeypatch.setattr("botcrm.telegram.inbox._BATCH_SECONDS", 0.0)  # a transaction for each
    await inbox.store([message(1, 5), message(2, 6), message(3, 7), message(4, 5)])
    monkeypatch.setattr(log_syncer, "_to_disk", lambda file: takes.wait(60))
    for _ in range(200):
        await asyncio.sleep(0)
    assert (handled.started, inbox.waiting) == ([1, 2], 4)
    takes.set()
    await inbox.drain()
    assert (sorted(handled.started), inbox.waiting) == ([1, 2, 3, 4], 0)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_like_lines_are_handled_one_after_the_other_and_none_waits_for_many(
    inbox: Inbox, handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcrm.telegram.inbox._TOGETHER", 4)
    texts = ["/deal a", "/find b", "/deal c", "/find d", "/deal e", "/call f"]
    await inbox.store([message(n, chat=n, text=text) for n, text in enumerate(texts, 1)])
    await inbox.drain()
    assert handled.started == [1, 3, 2, 4, 6, 5]
    await inbox.store([message(7, chat=1, text="/find a"), message(8, chat=1, text="/deal b")])
    await inbox.drain()
    assert handled.started[6:] == [7, 8]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_nobody_is_passed_over_for_good_by_those_who_keep_coming(
    inbox: Inbox, handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcrm.telegram.inbox._TOGETHER", 3)
    monkeypatch.setattr("botcrm.telegram.inbox._BATCH_SECONDS", 0.0)  # a transaction for each
    await inbox.store([message(1, chat=1, text="я"), *(message(n, chat=2 + n % 4, text="/call") for n in range(2, 30))])
    await inbox.drain()
    assert handled.started.index(1) == 2


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
    async with asyncio.timeout(60):
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
