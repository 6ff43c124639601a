"""`botcrm duplicates`: the groups as a table and as CSV."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services import records
from botcrm.core.services.duplicates import finding as finding_duplicates
from botcrm.settings import Settings
from tests.cli.conftest import Run
from tests.starting import start_up_to_date


@pytest.fixture
def people(migrated_url: str) -> None:
    """Put five people in, of whom two pairs are the same."""

    async def fill() -> None:
        app = App(Settings(database_url=migrated_url, timezone="UTC", region="PL"))
        await start_up_to_date(app)
        async with app.work() as work:
            for name, phone in (
                ("Jan Kowalski", "+48601234567"),
                ("Kowalski Janek", "601 234 567"),
                ("Ewa Kowalska", "+48601234567"),
                ("Александр Щукин", "+48602000111"),
                ("Schukin Sasha", "+48602000111"),
            ):
                await records.add_contact(work, name, phone=phone)
            await db.execute(
                "INSERT INTO external_ref (entity, record_id, source, external_id) VALUES "
                "('contact', 1, '', 'B-1'), ('contact', 2, 'bitrix', '=2+2'), ('contact', 1, 'bitrix', '77')"
            )
        await app.stop()

    asyncio.run(fill())


@pytest.mark.usefixtures("people")
def test_groups_as_csv(botcrm: Run, tmp_path: Path) -> None:
    answer = botcrm("duplicates", "contacts", "--format", "csv")
    assert answer.code == 0, answer.err
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert list(rows[0]) == ["group", "id", "external_id", "score", "reasons"]
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(row["group"], set()).add(row["id"])
    assert sorted(map(sorted, groups.values())) == [["1", "2"], ["4", "5"]]
    known = {row["id"]: row["external_id"] for row in rows}
    assert known == {"1": "B-1", "2": "'=2+2", "4": "", "5": ""}
    assert all(0.5 < float(row["score"]) <= 1 for row in rows)
    assert next(row["reasons"] for row in rows if row["id"] == "2") == "same phone; name 95 %"
    assert "searching: 100 %" in answer.err
    path = tmp_path / "groups.csv"
    assert botcrm("duplicates", "contacts", "--format", "csv", "--limit", "1", "--output", str(path)).code == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.usefixtures("people")
def test_groups_as_a_table(botcrm: Run) -> None:
    answer = botcrm("duplicates", "contacts")
    assert answer.code == 0, answer.err
    assert "   Kowalski Janek (2, =2+2): same phone; name 95 %" in answer.out.splitlines()
    assert botcrm("duplicates", "companies").out == "No duplicates found.\n"


@pytest.mark.usefixtures("people")
def test_only_what_somebody_may_see(botcrm: Run) -> None:
    botcrm("user", "add", "--name", "Anna", "--role", "rep", "--telegram-id", "5")
    assert botcrm("duplicates", "contacts", "--actor", "Anna").out == "No duplicates found.\n"


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_a_large_base_is_read_by_several_processes(botcrm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = botcrm("duplicates", "contacts", "--format", "csv").out
    monkeypatch.setattr(finding_duplicates, "_LARGE", 1)
    monkeypatch.setattr(finding_duplicates, "_PAGE", 2)
    assert botcrm("duplicates", "contacts", "--format", "csv").out == alone


def test_what_cannot_be_searched_is_said(botcrm: Run) -> None:
    assert botcrm("duplicates", "deals").code == 2
    assert "nobody" in botcrm("duplicates", "contacts", "--actor", "Nobody").err
    assert botcrm("duplicates", "contacts", "--limit", "0").code == 2
