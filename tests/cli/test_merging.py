"""What is surely the same merged from the command line, and taken back from the journal."""

from __future__ import annotations

import asyncio

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services import records
from botcrm.settings import Settings
from tests.cli.conftest import Run
from tests.starting import start_up_to_date


@pytest.fixture
def twins(migrated_url: str) -> None:
    """Put two people in who are one, and two who only share a name."""

    async def fill() -> None:
        app = App(Settings(database_url=migrated_url, timezone="Europe/Warsaw", region="PL"))
        await start_up_to_date(app)
        try:
            async with app.work() as work:
                for name, phone, email in (
                    ("Janusz Wiśniewski", "+48 601 234 567", "j.wisniewski@acme.example"),
                    ("Wiśniewski Janusz", "+48 601 234 567", "j.wisniewski@acme.example"),
                    ("Ewa Lis", "+48 602 000 111", None),
                    ("Ewa Lis", "+48 603 999 222", None),
                ):
                    await records.add_contact(work, name, phone=phone, email=email)
        finally:
            await app.stop()
            await db.close()

    asyncio.run(fill())


@pytest.mark.usefixtures("twins")
def test_what_is_the_same_is_merged_after_a_rehearsal_and_taken_back(botcrm: Run) -> None:
    said = botcrm("merge", "contacts", "--rehearse")
    assert said.code == 0, said.err
    assert said.out.startswith("1 groups from 95 % on; 1 records go into another one.\n")
    assert "Janusz Wiśniewski (c1) <- Wiśniewski Janusz (c2): " in said.out
    assert said.out.endswith("Nothing was merged. Leave --rehearse out to merge.\n")
    said = botcrm("merge", "contacts")
    number = said.out.rstrip().rpartition(" ")[2]
    assert f"Merged: 1 records. To take it back: botcrm journal --undo {number}" in said.out
    assert "Wiśniewski Janusz" not in botcrm("export", "contacts", "--format", "csv").out
    assert "done      Merge duplicates from 95 % on: merged 1" in botcrm("journal").out
    said = botcrm("journal", "--undo", number)
    assert "take back: Merge duplicates from 95 % on: back 1" in said.out, said.err
    assert "Wiśniewski Janusz" in botcrm("export", "contacts", "--format", "csv").out
    again = botcrm("journal", "--undo", number)
    assert (again.code, "nothing" in again.err) == (1, True)


def test_the_journal_says_what_it_lacks(botcrm: Run) -> None:
    assert botcrm("journal").out == "No imports, bulk changes or merges yet.\n"
    assert botcrm("journal", "--undo", "7").code == 1
    assert botcrm("journal", "--undo", "7", "--stop", "7").code == 2
    assert botcrm("merge", "contacts", "--least", "101").code == 2
    assert botcrm("merge", "deals").code == 2
