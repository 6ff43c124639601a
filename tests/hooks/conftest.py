"""A running bot with plugins; a module names its own by overriding `plugins`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from botcrm.testing import Crm


@pytest.fixture
def plugins() -> dict[str, Any]:
    """Name the plugins under test."""
    return {}


@pytest.fixture
async def crm(database_url: str, plugins: dict[str, Any]) -> AsyncIterator[Crm]:
    """Run the bot with the plugins under test."""
    running = await Crm.start(database_url, plugins=plugins)
    yield running
    await running.stop()
