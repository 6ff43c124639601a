"""A running bot with its people, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from botcrm.testing import Crm, Member


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    """Run the bot over a simulated Telegram, on SQLite and on PostgreSQL."""
    running = await Crm.start(database_url)
    yield running
    await running.stop()


@pytest.fixture
async def boss(crm: Crm) -> Member:
    """Give the manager of Anna and Bob."""
    return await crm.join("manager", "Marta Boss")


@pytest.fixture
async def anna(crm: Crm, boss: Member) -> Member:
    """Give a rep."""
    return await crm.join("rep", "Anna Rep", manager=boss)


@pytest.fixture
async def bob(crm: Crm, boss: Member) -> Member:
    """Give another rep of the same manager."""
    return await crm.join("rep", "Bob Rep", manager=boss)
