"""Databases for the tests. A test that asks for `database_url` runs twice: on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from botcrm.testing import databases, once
from tests.postgres import KeptConnections, Postgres, PostgresUnavailable, memory, started_server

if TYPE_CHECKING:
    from botcrm.testing import Crm, Member

DIALECTS = ("sqlite", "postgres")
# What starts one process after another.
LONG = ("tests/crash/", "tests/docs/test_showroom", "tests/testing/test_contrib", "tests/testing/test_guide")

# How long one example takes says more about the machine's other work than about the code.
hypothesis.settings.register_profile(
    "botcrm", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("botcrm")


def pytest_configure() -> None:
    """Make the run quick on any machine; the processes that tests start inherit it."""
    # Compiled anew by each of dozens of processes, the sources take longer than all that these do.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # A commit waits for a disk a hundred times as long as for memory.
    folder = memory()
    if folder:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Some of the modules that every worker collects import it, the slow way.
        from botcrm.telegram.aiogram_import import import_aiogram

        import_aiogram()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, where several processes share the run: none is left with it alone in the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """Spare the run what it would do again and again for each of thousands of tests."""
    once.work_out_models_once()
    once.find_plugins_once()
    once.set_aside_what_stays()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file that every test copies."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    path.write_bytes(databases.sqlite_template())
    return path


@pytest.fixture(scope="session")
async def kept_connections() -> AsyncIterator[KeptConnections]:
    """Keep connections to PostgreSQL open from one test to the next."""
    kept = KeptConnections()
    with kept.in_use():
        yield kept
    await kept.close()


@pytest.fixture(scope="session")
def postgres(kept_connections: KeptConnections) -> Iterator[Postgres]:
    """Give the PostgreSQL server of this run: the one in BOTCRM_TEST_POSTGRES, or one started for it.

    A machine that can have neither fails the tests: they are never skipped.
    """
    with contextlib.ExitStack() as stack:
        try:
            url = os.environ.get("BOTCRM_TEST_POSTGRES") or stack.enter_context(started_server())
            server = stack.enter_context(Postgres(url, kept_connections))
        except PostgresUnavailable as exc:
            pytest.fail(
                f"{exc}\nName a server for the tests: BOTCRM_TEST_POSTGRES=postgres://user:password@host/", False
            )
        yield server


@pytest.fixture(params=DIALECTS)
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Make a database that is up to date and drop it afterwards; `database_url` also closes the connections."""
    if request.param == "sqlite":
        path = tmp_path / "botcrm.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        with databases.up_to_date(f"sqlite://{path}") as url:
            yield url
        return
    server: Postgres = request.getfixturevalue("postgres")
    with databases.up_to_date(server.migrated()) as url:
        yield url
    server.give_back(url)


@pytest.fixture(params=DIALECTS)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Make a database with no table in it and drop it afterwards."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'blank.sqlite3'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.blank()
    yield url
    server.drop(url)


@pytest.fixture
async def database_url(migrated_url: str) -> AsyncIterator[str]:
    """Give the URL of an empty, migrated database of the test's own; nothing is connected to it yet."""
    from botcrm.core import db

    yield migrated_url
    await db.close()


@pytest.fixture
async def blank_database_url(blank_url: str) -> AsyncIterator[str]:
    """Give the URL of a database of the test's own that was never migrated."""
    from botcrm.core import db

    yield blank_url
    await db.close()


# --- people: whoever runs a bot as `crm` has these ----------------------------------------------------------------------


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
