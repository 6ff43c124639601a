"""An inbox over an empty database, on each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from botcrm.app import App
from botcrm.core.services.staff.people import add_user
from botcrm.settings import Settings
from botcrm.telegram.inbox import Inbox
from tests.starting import start_up_to_date
from tests.telegram.updates import NOW, Handled


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = App(Settings(database_url=database_url), now=lambda: NOW)
    await start_up_to_date(app)
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
