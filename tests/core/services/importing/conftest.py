"""A core of a Polish company that files are imported into."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from botcrm.app import App
from botcrm.reminders import operations
from botcrm.settings import Settings
from tests.core.services.importing.files import NOW
from tests.starting import start_up_to_date


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = App(
        Settings(database_url=database_url, timezone="Europe/Warsaw", region="PL", currency="PLN"), now=lambda: NOW
    )
    await start_up_to_date(app)
    yield app
    operations.IMPORTS.close()
    await app.stop()
