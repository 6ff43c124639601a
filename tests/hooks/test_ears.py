"""What waits to be heard by one plugin: in order, bounded, the oldest given up first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from botcrm.hooks import tasks
from botcrm.hooks.ears import MOST, Ears, Told


class Heard:
    """A plugin's ears, and what was heard by them."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.failures: list[tuple[str, BaseException]] = []
        self.calls = 0
        self.ears = Ears("plugin", self._worked, self._failed, lambda *_: None, deadline=60.0)

    def _worked(self, seconds: float) -> None:
        self.calls += 1

    def _failed(self, where: str, error: BaseException, seconds: float) -> None:
        self.failures.append((where, error))

    async def hear(self, number: int) -> None:
        self.numbers.append(number)

    def put(self, number: int, function: Callable[..., Any] | None = None) -> None:
        self.ears.put(Told("on_event", function or self.hear, {"number": number}))


@pytest.fixture
async def heard() -> Any:
    made = Heard()
    yield made
    await made.ears.close(keep=False)


async def test_ten_thousand_wait_and_of_more_the_oldest_are_given_up(heard: Heard) -> None:
    assert MOST == 10_000
    for number in range(MOST):
        heard.put(number)
    assert (heard.ears.waiting, heard.ears.dropped) == (MOST, 0)
    for number in range(MOST, MOST + 25):
        heard.put(number)
    assert (heard.ears.waiting, heard.ears.dropped) == (MOST, 25)
    heard.ears.open()
    await heard.ears.drained()
    assert heard.numbers == list(range(25, MOST + 25))
    assert (heard.ears.waiting, heard.calls) == (0, MOST)


async def test_one_that_hangs_fills_its_own_queue_and_no_memory(heard: Heard) -> None:
    busy, go_on = asyncio.Event(), asyncio.Event()

    async def hang(number: int) -> None:
        busy.set()
        await go_on.wait()
        heard.numbers.append(number)

    heard.ears.open()
    heard.put(-1, hang)
    await busy.wait()
    for number in range(3 * MOST):
        heard.put(number)
    assert heard.ears.waiting == MOST + 1, "the one in hand, and those behind it"
    assert heard.ears.dropped == 2 * MOST
    go_on.set()
    await heard.ears.drained()
    assert heard.numbers == [-1, *range(2 * MOST, 3 * MOST)]


async def test_a_failure_costs_no_later_one(heard: Heard) -> None:
    async def fail(number: int) -> None:
        raise ZeroDivisionError

    heard.ears.open()
    for number in range(6):
        heard.put(number, fail if number % 2 else None)
    await heard.ears.drained()
    assert heard.numbers == [0, 2, 4]
    assert [type(error) for _, error in heard.failures] == [ZeroDivisionError] * 3


async def test_closed_ears_keep_nothing(heard: Heard) -> None:
    heard.ears.open()
    for number in range(5):
        heard.put(number)
    await heard.ears.close(Told("shutdown", heard.hear, {"number": 99}), keep=False)
    assert heard.numbers == [99]
    heard.put(1)
    assert heard.calls == 1


def test_a_loop_that_ends_does_not_wait_for_ears_that_nobody_closed() -> None:
    """Whatever ended the loop's first task: the process must not hang at its end."""
    failures: list[str] = []

    async def first() -> None:
        made = Heard()
        made.ears.open()
        made._failed = lambda where, error, seconds: failures.append(where)  # type: ignore[method-assign]
        made.put(1)
        await made.ears.drained()
        raise ZeroDivisionError

    loop = tasks.new_loop()
    with pytest.raises(ZeroDivisionError):
        loop.run_until_complete(first())
    left = asyncio.all_tasks(loop)
    assert len(left) == 1
    for task in left:
        task.cancel()
    for _ in range(5):
        loop.run_until_complete(asyncio.sleep(0))
    assert asyncio.all_tasks(loop) == set()
    assert failures == []
    loop.close()


async def test_nobody_waits_for_ears_whose_task_was_ended(heard: Heard) -> None:
    """Whoever ends the tasks of a loop, ends this one among them."""
    heard.ears.open()
    heard.put(1)
    await heard.ears.drained()
    (worker,) = tasks.tasks_of("plugin")
    worker.cancel()
    await asyncio.wait((worker,))
    async with asyncio.timeout(30):
        await heard.ears.close(Told("shutdown", heard.hear, {"number": 2}), keep=True)
    assert heard.numbers == [1]
