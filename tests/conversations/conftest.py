"""A running bot with its people, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from botcrm.testing import Crm


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    """Run the bot over a simulated Telegram, on SQLite and on PostgreSQL."""
    running = await Crm.start(database_url)
    yield running
    await running.stop()
