"""register_activity_kinds: kinds of a plugin's own, in lines, on cards, and gone with it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from botcrm import ActivityKind, hookimpl
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Wine:
    @hookimpl
    def register_activity_kinds(self) -> list[ActivityKind]:
        return [
            ActivityKind("tasting", "Tasting", "🍷", ("tasting",)),
            ActivityKind("call", "Ring up", "🔔", ("call",)),
        ]


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url, plugins={"wine": Wine()})
    yield running
    await running.stop()


async def test_register_activity_kinds_are_read_in_lines_and_win_over_built_in_ones(crm: Crm) -> None:
    anna: Member = await crm.join("rep", "Anna Rep")
    assert "🍷 tasting of the reds" in await anna.send("deal Vino 3k next fri 10:00 tasting of the reds")
    assert "🔔 call them" in await anna.send("deal Bolt 3k next fri 11:00 call them")
    await crm.switch("wine", on=False)
    assert "🍷" not in await anna.send("d1")
    assert "📞 call them" in await anna.send("d2")
    await crm.switch("wine", on=True)
    assert "🍷 tasting of the reds" in await anna.send("d1")
