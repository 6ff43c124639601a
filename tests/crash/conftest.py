"""A local Telegram and a bot's process for each test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcrm.simulator import Simulator, Telegram
from tests.crash.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    telegram = Telegram(now=time.time)
    simulator = Simulator(telegram)
    url = await simulator.start()
    site = Site(tmp_path, telegram, url)
    try:
        yield site
    finally:
        await site.kill()
        await simulator.stop()
