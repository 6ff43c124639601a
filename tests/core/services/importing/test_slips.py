"""Files of several systems, with and without names: nobody is written over by somebody else, nothing that reaches them is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import Company, Contact, Deal, Lead, Operation
from botcrm.core.services.exporting.export import columns
from botcrm.core.services.importing.cells import Bad, Frame, plain, read_phones
from botcrm.core.services.importing.rows import Understanding
from botcrm.core.services.merging.merge import merge
from botcrm.imports import problems as problem_file
from botcrm.reminders import operations as running
from botcrm.reminders.operations import IMPORTS
from botcrm.words import Words
from tests.core.services.importing.files import NOW, begun, imported, problems, rewrite, table, told

POLAND = Frame("contact", ("Phone",), ("phone",), region="PL")

# --- names ---------------------------------------------------------------------------------------------------------------


async def test_what_stands_in_for_a_name_is_written_over_nobodys(app: App, tmp_path: Path) -> None:
    await imported(app, table(tmp_path, "ID,Name,E-mail", "77,Anna Nowak,anna@example.pl"), "contact")
    for file in (
        table(tmp_path, "ID,City,Tax number", "77,Sopot,123", name="b.csv"),
        table(tmp_path, "ID,E-mail,City", "77,a@example.pl,Sopot", name="c.csv"),
        table(tmp_path, "E-mail,City", "anna@example.pl,Gdynia", name="d.csv"),
    ):
        await imported(app, file, "contact", rule="overwrite")
    assert [(one.name, one.city) for one in await Contact.all()] == [("Anna Nowak", "Gdynia")]

    await imported(app, table(tmp_path, "id,title,company", "5,Roof for Anna,Acme", name="e.csv"), "deal")
    await imported(app, table(tmp_path, "id,company,amount", "5,Acme,12", name="f.csv"), "deal", rule="overwrite")
    deal = await Deal.get()
    assert (deal.title, str(deal.amount)) == ("Roof for Anna", "12.00")


async def test_numbers_of_systems_that_nobody_knows_are_not_one_count(app: App, tmp_path: Path) -> None:
    await imported(app, table(tmp_path, "ID,Name,Phone", "1,Anna Nowak,601111111", "2,Jan Kos,602222222"), "contact")
    second = table(tmp_path, "ID,Name,Phone", "1,Piotr Lis,603333333", "2,Ewa Zet,604444444", name="b.csv")
    assert told(await imported(app, second, "contact", rule="overwrite")) == {"created": 2}
    # The same file once more finds its own, by telephone.
    assert told(await imported(app, second, "contact")) == {"skipped": 2}
    # Married since, with the number and the telephone as before.
    third = table(tmp_path, "ID,Name,Phone", "1,Anna Wilk,601111111", name="c.csv")
    assert told(await imported(app, third, "contact", rule="overwrite")) == {"changed": 1}
    assert {one.name for one in await Contact.all()} == {"Anna Wilk", "Jan Kos", "Piotr Lis", "Ewa Zet"}


async def test_a_company_is_not_hung_on_by_another_systems_number(app: App, tmp_path: Path) -> None:
    await imported(app, table(tmp_path, "ID,Name", "1,Acme"), "company")
    await imported(
        app, table(tmp_path, "Name,Company,Company ID", "Anna,Beta,1", "Jan,ACME,1", name="b.csv"), "contact"
    )
    hung = {one.name: (await Company.get(id=one.company_id)).name for one in await Contact.all()}
    assert hung == {"Anna": "Beta", "Jan": "Acme"}


async def test_our_own_numbers_go_before_those_of_another_base(app: App, tmp_path: Path) -> None:
    names = columns("contacts")

    def export(file: str, *rows: dict[str, str]) -> Path:
        return table(
            tmp_path, ",".join(names), *(",".join(row.get(one, "") for one in names) for row in rows), name=file
        )

    mine = await imported(app, table(tmp_path, "Name", "Own Anna", "Own Jan"), "contact")
    assert mine.counts["created"] == 2
    made = (await Contact.get(id=1)).created_at.replace(microsecond=0).isoformat()
    foreign = [{"id": str(n), "name": f"Foreign {n}", "created_at": "2020-01-01T10:00:00+00:00"} for n in (1, 2)]
    assert told(await imported(app, export("foreign.csv", *foreign), "contact")) == {"created": 2}
    edited = export("own.csv", {"id": "1", "name": "Own Anna edited", "created_at": made})
    assert told(await imported(app, edited, "contact", rule="overwrite")) == {"changed": 1}
    assert told(await imported(app, export("foreign.csv", *foreign), "contact")) == {"skipped": 2}
    assert [one.name for one in await Contact.all().order_by("id")] == [
        "Own Anna edited", "Own Jan", "Foreign 1", "Foreign 2",
    ]  # fmt: skip


async def test_who_asks_again_after_a_lost_lead_is_a_lead_anew(app: App, tmp_path: Path) -> None:
    await imported(app, table(tmp_path, "title,name,phone", "Roof,Anna Nowak,601111111"), "lead")
    again = table(tmp_path, "title,name,phone", "New roof,Anna Nowak,601111111", name="b.csv")
    assert told(await imported(app, again, "lead")) == {"skipped": 1}
    await Lead.all().update(status="lost")
    assert told(await imported(app, again, "lead", rule="overwrite")) == {"created": 1}


# --- what reaches people -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("601234567, 602234567", ["+48601234567", "+48602234567"]),
        ("601234567;602234567", ["+48601234567", "+48602234567"]),
        ("601234567, ext 12", ["+48601234567"]),
        ("601234567 w. 12", ["+48601234567"]),
        ("48601234567", ["+48601234567"]),
        ("380501234567", ["+380501234567"]),
        ("601 234 5678", []),
    ],
)
def test_several_numbers_and_one_with_a_digit_too_many(cell: str, found: list[str]) -> None:
    try:
        assert read_phones(cell, POLAND) == found
    except Bad:
        assert found == []


async def test_a_deals_contact_is_never_somebody_reached_otherwise(app: App, tmp_path: Path) -> None:
    await imported(app, table(tmp_path, "Name", "Jan Kowalski"), "contact")
    file = table(
        tmp_path,
        "Title,Contact,Contact phone,Contact email",
        "Roof 1,Jan Kowalski,601111111,",
        "Roof 2,Jan Kowalski,602222222,",
        "Roof 3,Jan Kowalski,602222222,",
        "Roof 4,,603333333,",
        "Roof 5,,,ewa@example.pl",
        "Roof 6,Jan Kowalski,,",
        name="b.csv",
    )
    assert told(await imported(app, file, "deal"))["contacts"] == 3
    third = table(tmp_path, "Title,Contact,Contact phone", "Roof 7,Jan Kowalski,604444444", name="c.csv")
    await imported(app, third, "deal")
    people = {one.id: (one.name, one.phone or one.email) for one in await Contact.all()}
    assert {deal.title: people[deal.contact_id or 0] for deal in await Deal.all()} == {
        "Roof 1": ("Jan Kowalski", "+48601111111"),
        "Roof 2": ("Jan Kowalski", "+48602222222"),
        "Roof 3": ("Jan Kowalski", "+48602222222"),
        "Roof 4": ("+48603333333", "+48603333333"),
        "Roof 5": ("ewa@example.pl", "ewa@example.pl"),
        "Roof 6": ("Jan Kowalski", "+48601111111"),
        "Roof 7": ("Jan Kowalski", "+48604444444"),
    }
    assert len(people) == 5


async def test_a_company_that_went_into_another_one_meanwhile_is_that_one(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcrm.imports.step.LARGE_PIECE", 2)
    monkeypatch.setattr("botcrm.imports.step._HELD", 0.0)
    monkeypatch.setattr("botcrm.imports.step.PIECE", 2)
    file = table(tmp_path, "Name,Company", *(f"P{n},{'Acme' if n % 2 else 'Gone'}" for n in range(6)))
    operation = await begun(app, file, "contact")
    async with app.work() as work:
        await running.piece(work, operation.id)
    async with app.work() as work:
        main = await Company.create(name="Acme Corporation", created_at=work.now, updated_at=work.now)
        await merge(work, "company", main.id, [(await Company.get(name="Acme")).id])
        await Company.filter(name="Gone").update(deleted_at=work.now)
    await running.run_here(app, operation.id)
    hung = {one.name: await Company.get(id=one.company_id) for one in await Contact.all()}
    assert {name for name, one in hung.items() if one.id == main.id} == {"P1", "P3", "P5"}
    assert [hung[name].deleted_at for name in ("P2", "P4")] == [None, None]


# --- cells ---------------------------------------------------------------------------------------------------------------


def test_cells_that_were_not_calculated_are_empty() -> None:
    assert [plain(cell) for cell in ("#N/A", "#REF! ", "#vip", "#N/A yet")] == ["", "", "#vip", "#N/A yet"]


async def test_nobody_was_born_after_today_nor_in_1604(app: App, tmp_path: Path) -> None:
    file = table(tmp_path, "Name,Birthday", "Anna,12.03.45", "Jan,1604-05-01", "Ewa,2.2.02", "Ola,2090-01-01")
    await imported(app, file, "contact")
    born = {one.name: str(one.birth_date or "") for one in await Contact.all()}
    assert born == {"Anna": "1945-03-12", "Jan": "", "Ewa": "2002-02-02", "Ola": ""}


# --- what is not taken ---------------------------------------------------------------------------------------------------


async def test_a_row_that_cannot_be_read_comes_back_whole(app: App, tmp_path: Path) -> None:
    file = table(tmp_path, "x", name="a.csv")
    rewrite(file, 'Name,Phone,=cmd|x\nJan,Acme, Inc.,called\nOla,"never closed\nAnna,601111111,\n')
    done = await imported(app, file, "contact")
    assert problems(done).splitlines() == [
        "Name,Phone,'=cmd|x,botcrm_problem",
        "Jan,Acme, Inc.,Row 1: The row has more cells than there are columns.,called",
        '"Ola,""never closed",,,"Row 2: A quote is not closed, or a cell is too long."',
    ]


def test_a_reason_is_no_formula_either() -> None:
    row = Understanding(Frame("contact", ("=x()", "Name"), ("email", "name"))).row(1, ["bad@", "Jan"])
    line = problem_file.csv_lines(Words(Preferences(), NOW), [row], 2, ",").decode()
    assert line.startswith("bad@,Jan,'=x(): ")


async def test_an_apostrophe_is_put_in_front_once_however_often_a_row_comes_back(app: App, tmp_path: Path) -> None:
    file = table(tmp_path, "Name,Phone,Note", "'=Jan,bad,=x")
    back = problems(await imported(app, file, "contact")).splitlines()[1]
    assert back.startswith("'=Jan,bad,'=x,")
    again = table(tmp_path, "Name,Phone,Note,botcrm_problem", back, name="b.csv")
    assert problems(await imported(app, again, "contact")).splitlines()[1].startswith("'=Jan,bad,'=x,")


# --- the copy of a file --------------------------------------------------------------------------------------------------


async def test_a_copy_has_no_name_once_it_is_open_and_is_closed_when_nobody_reads_on(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    monkeypatch.setattr("botcrm.imports.step.PIECE", 2)
    (tmp_path / "copies" / "botcrm-import-killed").mkdir(parents=True)
    (tmp_path / "copies" / "botcrm-import-killed" / "file").write_text("Name")
    os.utime(tmp_path / "copies" / "botcrm-import-killed", (0, 0))
    file = table(tmp_path, "Name", *(f"P{n}" for n in range(6)))
    async with app.work() as work:
        stored = await db.insert("outgoing_file", name="a.csv", content=file.read_bytes(), created_at=work.now)
    operation = await begun(app, file, "contact", stored=stored, here=False)
    params = dict(operation.params)
    del params["path"]
    await Operation.filter(id=operation.id).update(params=params)
    async with app.work() as work:
        await running.piece(work, operation.id)
    assert operation.work_id in IMPORTS.held
    assert list((tmp_path / "copies").iterdir()) == []
    IMPORTS.drop(operation.work_id)  # as a minute without a piece does, and a kill
    assert (await running.run_here(app, operation.id)).counts["created"] == 6


async def test_a_large_workbook_is_opened_while_others_write(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcrm.imports.opened.PATIENCE", 0.0)
    operation = await begun(app, table(tmp_path, "Name", "Anna"), "contact")
    async with app.work() as work:
        more = await running.piece(work, operation.id)
    assert more not in (True, False), "it is to come again, and holds up nobody"
    assert (await running.run_here(app, operation.id)).counts["created"] == 1
