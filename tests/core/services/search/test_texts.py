"""Search through what was written: notes and activities, within reach, each with its place in the text."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.events import RecordDeleted
from botcrm.core.models import Deal, Note
from botcrm.core.services import activities, deals, records
from botcrm.core.services.search.texts import Said, search_said, snippet
from botcrm.core.services.undo import undo
from tests.core.services.conftest import Office


async def _said(office: Office, text: str, who: object = None) -> list[Said]:
    async with office.as_(who or office.anna) as work:  # type: ignore[arg-type]
        return await search_said(work, text)


@pytest.fixture
async def filled(office: Office) -> Office:
    async with office.as_(office.anna) as work:
        acme = await records.add_company(work, "Acme")
        deal = await deals.add_deal(work, title="roof repair", company_id=acme.id)
        await activities.add_note(work, "Wants two variants, one with Żółte dachówki", deal_id=deal.id)
        jan = await records.add_contact(work, "Jan Kowalski")
        await activities.plan_activity(work, "task", "order scaffolding", None, contact_id=jan.id)
        await activities.plan_activity(work, "task", "buy cake", None)
        await activities.add_note(work, "東京タワーで会う", contact_id=jan.id)
    async with office.as_(office.zofia) as work:
        other = await deals.add_deal(work, title="secret")
        await activities.add_note(work, "their variants are secret", deal_id=other.id)
    return office


@pytest.mark.parametrize(
    ("text", "opens", "shown"),
    [
        ("two variants", "Acme roof repair", "two"),
        ("VARI", "Acme roof repair", "variants"),
        ("zolte", "Acme roof repair", "Żółte"),
        ("scaffolding", "Jan Kowalski", "scaffolding"),
        ("order scaff", "Jan Kowalski", "order"),
        ("cake", "buy cake", "cake"),
        ("東京", "Jan Kowalski", "東京"),
        ("タワー", "Jan Kowalski", "タワ"),
    ],
)
async def test_a_word_written_finds_its_record_and_shows_the_place(
    filled: Office, text: str, opens: str, shown: str
) -> None:
    assert [(said.name, said.found[: len(shown)]) for said in await _said(filled, text)] == [(opens, shown)]


@pytest.mark.parametrize(
    "text", ["", " ", "x", "'", '"', "NOT", "a AND b", "variants:*", "& |", "\x00", "ʔo1", "variants scaffolding"]
)
async def test_odd_texts_find_nothing(filled: Office, text: str) -> None:
    assert [said for said in await _said(filled, text) if "variants" not in said.after + said.found] == []


async def test_only_what_is_within_reach_is_found(filled: Office) -> None:
    assert [said.name for said in await _said(filled, "variants")] == ["Acme roof repair"]
    assert [said.name for said in await _said(filled, "variants", filled.zofia)] == ["secret"]
    assert {said.name for said in await _said(filled, "variants", filled.admin)} == {"Acme roof repair", "secret"}
    assert await _said(filled, "cake", filled.zofia) == []


async def test_what_changes_is_found_by_what_it_says_now(filled: Office) -> None:
    note = await Note.get(text__startswith="Wants")
    async with filled.as_(filled.anna) as work:
        await activities.change_note(work, note.id, "Wants a discount")
        change = work.id
    assert await _said(filled, "variants") == []
    assert len(await _said(filled, "discount")) == 1
    async with filled.as_(filled.anna) as work:
        await undo.undo(work, change)
    assert len(await _said(filled, "variants")) == 1
    async with filled.as_(filled.anna) as work:
        await records.delete_record(work, await Deal.get(title="roof repair"))
    assert await _said(filled, "variants") == []
    async with filled.as_(filled.anna) as work:
        await work.change(await Note.get(id=note.id), RecordDeleted, deleted_at=work.now)
    rows = await db.fetch("SELECT count(*) AS n FROM search_text")
    assert rows[0]["n"] == 4


def test_the_place_is_cut_to_what_fits_a_line() -> None:
    long = "before " * 20 + "Zażółć " + "after " * 20
    before, found, after = snippet(long, ["zazolc"])
    assert (found, before[0], after[-1]) == ("Zażółć", "…", "…")
    assert max(len(before), len(after)) <= 42
    assert snippet("", ["x"]) == ("", "", "")
