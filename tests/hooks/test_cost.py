"""What a plugin costs others: how long they wait for one that hangs, and where its seconds are to be read."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from botcrm import Work, hookimpl, models, services
from botcrm.hooks import calling
from botcrm.hooks.calls import INSIDE, run
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Waiting:
    """Waits for ever, as long as it is told to."""

    def __init__(self) -> None:
        self.hangs = True

    @hookimpl
    async def deal_card_lines(self, work: Work, deal: models.Deal) -> list[str]:
        if self.hangs:
            await asyncio.Event().wait()
        return ["here"]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def plugins(waiting: Waiting) -> dict[str, Any]:
    return {"waiting": waiting}


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the seconds that were to be waited at each call."""
    seconds: list[float] = []

    async def noted(plugin: str, func: Any, args: Any, named: Any, deadline: float, *more: Any) -> Any:
        seconds.append(deadline)
        return await run(plugin, func, args, named, deadline, *more)

    monkeypatch.setattr(calling, "run", noted)
    return seconds


async def ask(crm: Crm) -> None:
    async with crm.work() as work:
        deal = await services.load(work, models.Deal, 1)
        await work.hooks.ask(work, "deal_card_lines", deal=deal)


async def test_one_that_hangs_is_waited_for_less_each_time(
    crm: Crm, anna: Member, waiting: Waiting, patience: list[float]
) -> None:
    waiting.hangs = False
    await anna.send("deal Acme 12k roof")
    waiting.hangs = True
    patience.clear()
    for _ in range(3):
        await ask(crm)
    assert crm.listed("waiting").state == "off"
    assert patience == [INSIDE, INSIDE / 4, 0.05]
    await crm.switch("waiting", on=True)
    patience.clear()
    await ask(crm)
    assert patience == [INSIDE], "switched on again it has all of it"


async def test_one_that_answers_again_is_waited_for_as_before(
    crm: Crm, anna: Member, waiting: Waiting, patience: list[float]
) -> None:
    waiting.hangs = False
    await anna.send("deal Acme 12k roof")
    patience.clear()
    for hangs in (True, True, False, True, False, False):
        waiting.hangs = hangs
        await ask(crm)
    assert patience == [INSIDE, INSIDE / 4, 0.05, INSIDE, INSIDE / 4, INSIDE]


async def test_calls_and_seconds_of_each_plugin_are_measures(crm: Crm, anna: Member, waiting: Waiting) -> None:
    waiting.hangs = False
    assert 'botcrm_plugin_calls_total{plugin="waiting"}' not in crm.app.metrics.text().decode()
    await anna.send("deal Acme 12k roof")
    await ask(crm)
    told = crm.app.metrics.text().decode()
    (calls,) = re.findall(r'^botcrm_plugin_calls_total\{plugin="waiting"\} (\S+)$', told, re.MULTILINE)
    (seconds,) = re.findall(r'^botcrm_plugin_seconds_total\{plugin="waiting"\} (\S+)$', told, re.MULTILINE)
    listed = crm.listed("waiting")
    assert (float(calls), float(seconds)) == (listed.calls, listed.seconds)
    assert float(seconds) > 0
    await ask(crm)
    assert f'botcrm_plugin_calls_total{{plugin="waiting"}} {float(calls) + 1}' in crm.app.metrics.text().decode()
