"""Fixtures for the tests of plugins: put `pytest_plugins = ["botcrm.testing.fixtures"]` into the topmost conftest.py.

Override `plugins` to name what is under test:

    @pytest.fixture
    def plugins():
        return ["visits"]        # installed ones by name, or modules and objects: {"visits": botcrm_visits}
"""

import functools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from botcrm.core.models import Company, Contact, Deal, Lead
    from botcrm.testing import Clock, Crm, Member
    from botcrm.testing.databases import Databases

# What is imported already stays as it is; pytest would complain.
_ASSERTING = ("botcrm.testing.contracts", "botcrm.testing.member", "botcrm.testing.suite")
pytest.register_assert_rewrite(*(name for name in _ASSERTING if name not in sys.modules))

Join = Callable[..., Awaitable["Member"]]


@pytest.fixture
def plugins() -> Any:
    """Name the plugins under test; override it. Others that are installed are left out, the built-in ones are there."""
    return []


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    """Name settings of the bot that differ from the usual, e.g. {"timezone": "Asia/Tokyo"}; override it."""
    return {}


@pytest.fixture(scope="session")
def crm_databases() -> "Iterator[Databases]":
    """Give the databases of this run: SQLite files, or those of the PostgreSQL server in BOTCRM_TEST_POSTGRES."""
    from botcrm.telegram.aiogram_import import import_aiogram
    from botcrm.testing import once
    from botcrm.testing.databases import databases

    import_aiogram()
    once.work_out_models_once()
    once.find_plugins_once()
    once.set_aside_what_stays()
    with databases() as found:
        yield found


@pytest_asyncio.fixture
async def crm(
    crm_databases: "Databases", tmp_path: Path, plugins: Any, crm_settings: dict[str, Any]
) -> "AsyncIterator[Crm]":
    """Run the bot with the plugins under test, over a simulated Telegram and a database of the test's own.

    A plugin that cannot be switched on fails the test, with the reason.
    """
    from botcrm.testing.chat import Crm

    with crm_databases.fresh(tmp_path) as url:
        running = Crm(url, plugins=plugins, **crm_settings)
        try:
            await running.begin()
            yield running
        finally:
            await running.stop()


@pytest.fixture
def clock(crm: "Crm") -> "Clock":
    """Give the time that the bot sees: `clock()` reads it, `await clock.advance(hours=3)` lets it pass."""
    return crm.clock


@pytest.fixture
def join(crm: "Crm") -> Join:
    """Give `await join("rep", "Bob")`: one more person of the staff; `manager=` says whose."""
    return crm.join


@pytest_asyncio.fixture
async def admin(crm: "Crm") -> "Member":
    """Give an administrator, to whom clients nobody knows are told."""
    return await crm.join("admin", "Ada Admin")


@pytest_asyncio.fixture
async def manager(crm: "Crm") -> "Member":
    """Give a manager, who has the rep in the department."""
    return await crm.join("manager", "Marta Boss")


@pytest_asyncio.fixture
async def rep(crm: "Crm", manager: "Member") -> "Member":
    """Give a rep."""
    return await crm.join("rep", "Anna Rep", manager=manager)


@pytest.fixture
def chat(rep: "Member") -> "Member":
    """Give the rep's chat with the bot: `await chat.send("/deal Acme 12k")`."""
    return rep


@pytest.fixture
def client(crm: "Crm") -> "Member":
    """Give somebody who is none of the staff, in Telegram."""
    return crm.stranger("Zoe Client")


@pytest.fixture
def make_deal(crm: "Crm", rep: "Member") -> "Callable[..., Awaitable[Deal]]":
    """Give `await make_deal("Roof repair", 12_000, contact_id=…)`; the rep's unless `owner` is named."""
    from botcrm.testing import records

    return functools.partial(records.make_deal, crm, owner=rep)


@pytest.fixture
def make_contact(crm: "Crm", rep: "Member") -> "Callable[..., Awaitable[Contact]]":
    """Give `await make_contact("Jan Nowak", phone="601234567")`."""
    from botcrm.testing import records

    return functools.partial(records.make_contact, crm, owner=rep)


@pytest.fixture
def make_company(crm: "Crm", rep: "Member") -> "Callable[..., Awaitable[Company]]":
    """Give `await make_company("Acme")`."""
    from botcrm.testing import records

    return functools.partial(records.make_company, crm, owner=rep)


@pytest.fixture
def make_lead(crm: "Crm", rep: "Member") -> "Callable[..., Awaitable[Lead]]":
    """Give `await make_lead("Asks for a roof", phone="601234567")`."""
    from botcrm.testing import records

    return functools.partial(records.make_lead, crm, owner=rep)
