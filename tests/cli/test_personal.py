"""What is kept of a person, taken out and erased from the command line."""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services import activities, records
from botcrm.settings import Settings
from tests.cli.conftest import Run
from tests.starting import start_up_to_date


@pytest.fixture
def zdzich(migrated_url: str) -> None:
    """Put somebody in, with a note and a file."""

    async def fill() -> None:
        app = App(Settings(database_url=migrated_url, timezone="Europe/Warsaw", region="PL"))
        await start_up_to_date(app)
        try:
            async with app.work() as work:
                contact = await records.add_contact(work, "Zdzich Murmur", phone="+48 601 999 888")
                await records.add_contact(work, "Jan Inny", phone="+48 601 999 888")
                await activities.add_note(work, "the gate code is whisper", contact_id=contact.id)
                await activities.add_file(work, kind="photo", file_id="AAA", contact_id=contact.id)
        finally:
            await app.stop()
            await db.close()

    asyncio.run(fill())


@pytest.mark.usefixtures("zdzich")
def test_taken_out_and_erased(botcrm: Run, tmp_path: Path) -> None:
    said = botcrm("personal", "export", "c1", str(tmp_path / "out"), "--no-files")
    assert (said.code, said.out) == (0, f"{tmp_path / 'out'}: all that is kept of c1.\n"), said.err
    assert "not enclosed: f1.photo: no connection; Telegram's file id: AAA" in said.err
    found = json.loads((tmp_path / "out" / "person.json").read_text("utf-8"))
    assert found["notes"][0]["text"] == "the gate code is whisper"
    assert "f1.photo" in found["files_not_enclosed"]
    assert botcrm("personal", "export", "c1", str(tmp_path / "out")).code == 1
    assert botcrm("personal", "export", "c1", str(tmp_path / "one.zip"), "--no-files").code == 0
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["person.json"]

    said = botcrm("personal", "erase", "c1")
    assert said.out.startswith("Zdzich Murmur (c1): contact 1, note 1, file 1.\n")
    assert "not erased: c2." in said.out
    assert "Add --yes to erase." in said.out
    assert "Zdzich" in botcrm("export", "contacts", "--format", "csv").out
    said = botcrm("personal", "erase", "c1", "--yes")
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1].startswith("Erased: c1.")
    listed = botcrm("export", "contacts", "--format", "csv").out
    assert "Zdzich" not in listed
    assert "Erased c1" in listed
    assert "Jan Inny" in listed


def test_what_is_no_person(botcrm: Run, tmp_path: Path) -> None:
    assert botcrm("personal", "export", "d1", str(tmp_path / "x")).code == 2
    assert botcrm("personal", "export", "c77", str(tmp_path / "x")).code == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.usefixtures("zdzich")
def test_a_company_that_is_only_they(botcrm: Run, migrated_url: str) -> None:
    async def fill() -> None:
        app = App(Settings(database_url=migrated_url, timezone="Europe/Warsaw", region="PL"))
        await start_up_to_date(app)
        try:
            async with app.work() as work:
                await records.add_company(work, "Murmur Roofing", phone="+48 601 999 888")
        finally:
            await app.stop()
            await db.close()

    asyncio.run(fill())
    said = botcrm("personal", "erase", "c1")
    assert "With no one else in it: o1; --with-company erases it too." in said.out
    assert "not erased: c2, o1." in said.out
    said = botcrm("personal", "erase", "c1", "--with-company", "--yes")
    assert said.code == 0, said.err
    listed = botcrm("export", "companies", "--format", "csv").out
    assert "Murmur" not in listed
    assert "Erased o1" in listed
