"""The same file once more, or with a little changed: nothing twice, and nothing new lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.models import Contact, Deal
from botcrm.core.services.deals import add_deal
from botcrm.core.services.operations import operations
from botcrm.core.services.staff.people import add_user
from botcrm.imports import step
from botcrm.imports.analysing import analyse, read_layout
from botcrm.reminders import operations as running
from tests.core.services.importing.files import imported, problems, table, told


async def notes() -> list[str]:
    return [row["text"] for row in await db.fetch("SELECT text FROM note WHERE deleted_at IS NULL ORDER BY id")]


async def test_a_note_that_changed_comes_in_and_one_that_did_not_comes_once(app: App, tmp_path: Path) -> None:
    head = "Name,Phone,City,Note,Colour"
    await imported(app, table(tmp_path, head, "Anna,601234567,Radom,calls early,red", "Jan,602222222,,,"), "contact")
    for rule in ("update", "overwrite"):
        same = table(tmp_path, head, "Anna,601234567,Radom,calls early,red", "Jan,602222222,,,", name="b.csv")
        assert told(await imported(app, same, "contact", rule=rule)) == {"same": 2}
    assert await notes() == ["calls early\nColour: red"]

    noted = table(tmp_path, head, "Anna,601234567,Radom,calls late,blue", "Jan,602222222,,shy,", name="c.csv")
    assert told(await imported(app, noted, "contact", rule="update")) == {"changed": 2}
    assert await notes() == ["calls early\nColour: red", "calls late\nColour: blue", "shy"]

    for city in ("Sopot", "Gdynia"):
        moved = table(tmp_path, head, f"Anna,601234567,{city},calls late,blue", name=f"{city}.csv")
        assert told(await imported(app, moved, "contact", rule="overwrite")) == {"changed": 1}
    assert len(await notes()) == 3
    assert (await Contact.get(name="Anna")).city == "Gdynia"


async def test_a_note_that_came_with_a_file_goes_with_it(app: App, tmp_path: Path) -> None:
    await imported(app, table(tmp_path, "Name,Phone", "Anna,601234567"), "contact")
    path = table(tmp_path, "Name,Phone,Note", "Anna,601234567,calls late", name="b.csv")
    operation = await imported(app, path, "contact", rule="update")
    async with app.work() as work:
        taking = await operations.undo(work, operation.id, here=True)
    assert (await running.run_here(app, taking.id)).counts["kept"] == 0
    assert await notes() == []
    assert told(await imported(app, path, "contact", rule="update")) == {"changed": 1}
    assert await notes() == ["calls late"]


DEALS = (
    "Title,Company,Contact,Amount,Currency,Source",
    "Roof,Acme,Anna Nowak,1000,PLN,",
    "Roof,Acme,Jan Kos,1000,PLN,",
    "Roof,Bolt,Anna Nowak,1000,PLN,",
    "Gate,,,500,EUR,",
    "Fence,Acme,,,,",
    "Fence,Acme,,,,",
)


async def test_deals_without_ids_are_known_by_what_the_file_says(app: App, tmp_path: Path) -> None:
    path = table(tmp_path, *DEALS)
    assert told(await imported(app, path, "deal"))["created"] == 6, "two of a file that are the same are two"
    assert told(await imported(app, path, "deal")) == {"skipped": 6}
    async with app.work() as work:
        layout = await read_layout(path, "deal")
        found = await analyse(work, path, layout)
    assert (found.counts["known"], found.counts["new"]) == (6, 0)

    fairs = table(tmp_path, DEALS[0], "Roof,Acme,Jan Kos,1000,PLN,fair", "gate,,,500,EUR,fair", name="b.csv")
    assert told(await imported(app, fairs, "deal", rule="update")) == {"changed": 2}
    assert [deal.id for deal in await Deal.filter(source="fair").order_by("id")] == [2, 4]

    others = (
        "Roof,Acme,Anna Nowak,2000,PLN,",
        "Roof,Acme,Anna Nowak,1000,EUR,",
        "Roof,,Piotr Lis,1000,PLN,",
        "Roof,Cyg,Anna Nowak,1000,PLN,",
        "Gate,Acme,,500,EUR,",
        "Roof,,,1000,PLN,",
    )
    counts = told(await imported(app, table(tmp_path, DEALS[0], *others, name="c.csv"), "deal", rule="update"))
    assert counts["created"] == 6
    assert "changed" not in counts


async def test_deals_of_this_very_file_are_not_there_already(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "LARGE_PIECE", 2)
    monkeypatch.setattr(step, "_HELD", 0.0)
    monkeypatch.setattr(step, "MOST_OWED", 1)
    path = table(tmp_path, "Title,Amount,Currency", *["Fence,90,PLN"] * 7)
    assert told(await imported(app, path, "deal")) == {"created": 7}
    assert told(await imported(app, path, "deal", rule="update")) == {"same": 7}


async def test_deals_of_another_day_or_with_an_id_are_others(app: App, tmp_path: Path) -> None:
    head = "Title,Company,Amount,Currency,Created"
    await imported(app, table(tmp_path, head, "Care,Acme,90,PLN,2025-01-05"), "deal")
    again = table(tmp_path, head, "Care,Acme,90,PLN,2025-01-05", "Care,Acme,90,PLN,2026-01-05", name="b.csv")
    assert told(await imported(app, again, "deal")) == {"created": 1, "skipped": 1}
    numbered = table(tmp_path, "ID,Title,Company,Amount,Currency", "a7,Care,Acme,90,PLN", name="c.csv")
    assert told(await imported(app, numbered, "deal")) == {"created": 1}


async def test_deals_out_of_reach_are_not_there(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        boss = await add_user(work, name="Marta", role="manager", telegram_id=1)
        other = await add_user(work, name="Zofia", role="manager", telegram_id=2)
        await add_deal(work, title="Gate", owner_id=other.id)
        await add_deal(work, title="Roof", owner_id=boss.id)
    path = table(tmp_path, "Title", "Gate", "Roof")
    assert told(await imported(app, path, "deal", boss.id)) == {"created": 1, "skipped": 1}


async def test_owners_are_known_as_in_the_chat(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        people = (("Anna Nowak", "ania"), ("Jan Kos", None), ("Jan Lis", None), ("Kos", None))
        for place, (name, username) in enumerate(people):
            await add_user(work, name=name, role="rep", telegram_id=place, username=username)
    cells = ("Anna", "@ania", "Nowak", "ANNA NOWAK", "Nowak Anna", "Kos", "Jan", "Lis", "Ola")
    path = table(tmp_path, "Name,Owner", *(f"c{place},{cell}" for place, cell in enumerate(cells)))
    done = await imported(app, path, "contact")
    owned = {one.name: one.owner_id for one in await Contact.all()}
    ids = {row["name"]: row["id"] for row in await db.fetch('SELECT id, name FROM "user"')}
    anna = ids["Anna Nowak"]
    assert owned == dict.fromkeys(("c0", "c1", "c2", "c3", "c4"), anna) | {"c5": ids["Kos"], "c7": ids["Jan Lis"]}
    assert "Several people are called “Jan”." in problems(done)
    assert "Nobody here is called “Ola”." in problems(done)
