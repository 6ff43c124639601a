"""Reports over the deals that a filter finds: which count, for whom, and what is said of a filter that cannot be read."""

from __future__ import annotations

import re

import pytest

from botcrm.core.models import Activity, Deal
from botcrm.testing import Member


@pytest.fixture
async def done(anna: Member) -> Member:
    """Anna has talked about a roof for 12,000, twice, and about a fence for 5,000; for each something is planned."""
    await anna.send("deal Acme 12k roof repair #roof next tomorrow 10:00 site visit")
    await anna.send("deal Beta 5k fence next tomorrow 11:00 measure")
    for line in ("/call d1 15m ok", "/call d1 5m ok", "/call d2 30m ok"):
        await anna.send(line)
    return anna


def figures_of(said: str) -> tuple[int, int]:
    """Return how much was done and is planned, as a card of activities tells it."""
    done, planned = re.search(r"Done (\d+)", said), re.search(r"Planned (\d+)", said)
    return int(done[1]) if done else 0, int(planned[1]) if planned else 0


async def test_activities_of_the_deals_that_a_filter_finds(done: Member) -> None:
    for words, figures in (
        ("", (3, 2)),
        ("filter:amount>10k", (2, 1)),
        ('filter:"tag:roof amount>10k"', (2, 1)),
        ("filter:beta", (1, 1)),
        ("filter:amount>99k", (0, 0)),
    ):
        said = await done.send(f"/report activities this month {words}")
        assert said.startswith("📊 Activities by person"), said
        assert figures_of(said) == figures, words
    await done.send("filter tag:roof")
    await done.tap("Save")
    await done.send("roofs")
    assert figures_of(await done.send("/report activities filter:roofs")) == (2, 1)


async def test_a_filter_tells_nothing_of_deals_out_of_reach(done: Member, bob: Member) -> None:
    """Anna's own calls were about a deal that is somebody else's by now."""
    await Deal.filter(id=1).update(owner_id=bob.user_id)
    assert await Activity.filter(deal_id=1, owner_id=done.user_id, status="done").count() == 2
    assert figures_of(await done.send("/report activities filter:amount>1k")) == (1, 1)
    assert figures_of(await done.send("/report activities filter:amount>10k")) == (0, 0)


async def test_a_filter_that_cannot_be_read_is_said(done: Member) -> None:
    assert "there is no “nonsense”" in await done.send("/report activities filter:stage:nonsense")
    assert "It is about contacts." in await done.send('/report activities filter:"contacts no:phone"')
    assert "“filter:” is not understood" in await done.send("/report activities filter:")
    assert "Deals: amount>10k" in await done.send("/report activities Filter:amount>10k")
