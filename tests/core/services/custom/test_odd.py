"""Own fields, words and queries where something was deleted, made again, moved, or lies outside of the calendar."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.custom_errors import FieldTaken, SameName, TooLong
from botcrm.core.domain.errors import CrmError, InvalidValue, NewerChange, NotFound
from botcrm.core.domain.events import DealChanged
from botcrm.core.domain.query import parse_query
from botcrm.core.models import Choice, CustomField, Deal, Pipeline, Stage, User
from botcrm.core.services import records
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.custom.recount import recount_values
from botcrm.core.services.deals import add_deal
from botcrm.core.services.operations.bulk import rehearse_bulk
from botcrm.core.services.operations.bulk_changes import Change
from botcrm.core.services.queries import queries
from botcrm.core.services.queries import saved as saved_filters
from botcrm.core.services.queries.queries import compiled, count
from botcrm.core.services.queries.values import NotAValue
from botcrm.core.services.search.recount import recount_entries
from botcrm.core.services.search.subjects import search
from botcrm.core.services.staff.people import add_user
from botcrm.core.services.undo.undo import undo
from tests.core.services.conftest import Office


async def found(office: Office, text: str) -> int:
    """Return how many deals a query finds for Anna."""
    async with office.as_(office.anna) as work:
        return (await count(work, await compiled(work, parse_query(text)))).count


async def field(office: Office, name: str, kind: str, **more: object) -> CustomField:
    async with office.as_(office.boss) as work:
        return await custom_fields.add_field(work, "deal", name, kind, **more)  # type: ignore[arg-type]


async def deal_with(office: Office, *values: tuple[CustomField, object]) -> int:
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="Roof")
        await custom_fields.set_values(work, "deal", deal.id, {one.id: value for one, value in values})
    return int(deal.id)


async def test_a_field_made_again_is_the_only_one_of_its_name(office: Office) -> None:
    old = await field(office, "Area", "number")
    deal_id = await deal_with(office, (old, "5"))
    async with office.as_(office.boss) as work:
        await custom_fields.delete_field(work, old.id)
        deletion = work.id
    async with office.as_(office.boss) as work:
        new = await custom_fields.add_field(work, "deal", "Area", "text")
        making = work.id
    assert new.key == "area"
    with pytest.raises(NewerChange):
        async with office.as_(office.boss) as work:
            await undo(work, deletion)
    assert [one.id for one in await custom_fields.fields_of("deal")] == [new.id]
    async with office.as_(office.boss) as work:
        await undo(work, making)
    async with office.as_(office.boss) as work:
        await undo(work, deletion)
    assert [(one.id, one.key) for one in await custom_fields.fields_of("deal")] == [(old.id, "area")]
    assert await found(office, "area:5") == 1
    assert deal_id


async def test_two_fields_are_never_called_the_same(office: Office) -> None:
    await field(office, "Area", "number")
    size = await field(office, "Size", "number")
    for name in ("Area", "area", "Amount"):
        with pytest.raises(FieldTaken):
            async with office.as_(office.boss) as work:
                await custom_fields.change_field(work, size.id, name=name)
    async with office.as_(office.boss) as work:
        await custom_fields.change_field(work, size.id, name="Surface")
    for name, error in (("Surface", SameName), ("Size", FieldTaken)):
        with pytest.raises(error):
            await field(office, name, "text")
    async with office.as_(office.boss) as work:
        await custom_fields.change_field(work, size.id, name="Size")


@pytest.mark.parametrize(
    "text", ["close>9999-12-31", "created>9999-12-31", "created:0001-01-01", "start>9999-12-31", "start:9999-12-31"]
)
async def test_days_at_the_end_of_the_calendar_are_said_to_be_none(office: Office, text: str) -> None:
    await field(office, "Start", "date")
    with pytest.raises(NotAValue) as caught:
        await found(office, text)
    assert caught.value.facts["value"] in text
    assert await found(office, "start<9999-12-30") == 0


async def test_a_word_that_was_deleted_comes_back_with_what_holds_it(office: Office) -> None:
    kind = await field(office, "Kind", "list")
    async with office.as_(office.boss) as work:
        roof, _, no = await dictionaries.add_choices(work, kind.dictionary, "roof, wall, No")
    await deal_with(office, (kind, roof.id))
    await deal_with(office, (kind, no.id))
    await deal_with(office)
    async with office.as_(office.boss) as work:
        await dictionaries.delete_choice(work, roof.id)
        deletion = work.id
    assert await found(office, "kind:roof") == 1, "what holds a deleted word is found by it"
    async with office.as_(office.boss) as work:
        again = await dictionaries.add_choice(work, kind.dictionary, "Roof")
    assert again.id == roof.id
    assert await found(office, "kind:roof") == 1
    with pytest.raises(NewerChange):
        async with office.as_(office.boss) as work:
            await undo(work, deletion)
    assert [one.name for one in await dictionaries.choices(kind.dictionary)] == ["wall", "No", "Roof"]
    assert await found(office, "kind:no") == 1, "a word called No is a word"
    assert await found(office, "kind:none") == 1


async def test_words_of_one_name_are_found_together(office: Office) -> None:
    kind = await field(office, "Kind", "list")
    async with office.as_(office.boss) as work:
        old = await dictionaries.add_choice(work, kind.dictionary, "roof")
        wall = await dictionaries.add_choice(work, kind.dictionary, "wall")
        await dictionaries.delete_choice(work, old.id)
    await deal_with(office, (kind, old.id))
    await deal_with(office, (kind, wall.id))
    async with office.as_(office.boss) as work:
        await dictionaries.rename_choice(work, wall.id, "Roof")
    assert await found(office, "kind:roof") == 2
    assert await Choice.filter(name__in=("roof", "Roof")).count() == 2


async def test_who_left_is_still_found_by(office: Office) -> None:
    surveyor = await field(office, "Surveyor", "person")
    await deal_with(office, (surveyor, office.zofia.id))
    await User.filter(id=office.zofia.id).update(active=False)
    assert await found(office, f"surveyor:{office.zofia.name.split()[0]}") == 1
    with pytest.raises(CrmError):
        await found(office, "surveyor:nobodysuch")


async def test_a_field_of_another_pipeline_is_not_found_by(office: Office) -> None:
    area = await field(office, "Area", "number")
    await deal_with(office, (area, "5"))
    other = await Pipeline.create(name="Service", position=2)
    async with office.as_(office.boss) as work:
        await custom_fields.change_field(work, area.id, pipeline_id=other.id)
    assert [await found(office, text) for text in ("area:5", "area:none", "has:area", "no:area")] == [0, 0, 0, 0]
    async with office.as_(office.anna) as work:
        plan = await rehearse_bulk(work, parse_query(""), Change("field", "9", {"field": area.id}))
    assert (plan.going, dict(plan.left)) == (0, {"pipeline": 1})
    async with office.as_(office.boss) as work:
        await custom_fields.change_field(work, area.id, pipeline_id=None)
    assert await found(office, "area:5") == 1


@pytest.mark.parametrize(
    ("kind", "held", "other"),
    [
        ("number", "5", "6"),
        ("text", "zażółć", "b"),
        ("money", {"amount": "5.00", "currency": "PLN"}, {"amount": "6.00", "currency": "PLN"}),
        ("yes_no", True, False),
        ("date", "2026-11-24", "2026-11-25"),
    ],
)
async def test_a_rehearsal_counts_what_holds_the_value_already(
    office: Office, kind: str, held: object, other: object
) -> None:
    one = await field(office, "Thing", kind)
    await deal_with(office, (one, held))
    await deal_with(office)
    async with office.as_(office.anna) as work:
        for value, left in ((held, {"same": 1}), (other, {}), (None, {"same": 1})):
            plan = await rehearse_bulk(work, parse_query(""), Change("field", value, {"field": one.id}))
            assert (dict(plan.left), plan.going) == (left, 2 - len(left)), value


async def test_what_is_too_long_is_refused_before_it_is_cut(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await add_deal(work, title="Roof", source="Website")
        await records.add_contact(work, "N" * 50)
        plan = await rehearse_bulk(work, parse_query(""), Change("field", "Website", {"field": "source"}))
        assert dict(plan.left) == {"same": 1}
        for query, change in (
            ("", Change("field", "x" * 101, {"field": "source"})),
            ("contacts", Change("message", "{name}" * 100)),
        ):
            with pytest.raises(TooLong):
                await rehearse_bulk(work, parse_query(query), change)
        with pytest.raises(InvalidValue):
            await rehearse_bulk(work, parse_query(""), Change("tag", "two words"))


async def test_words_of_a_rule_stay_words(office: Office) -> None:
    async with office.as_(office.anna) as work:
        acme = await add_deal(work, title="roofs")
        beta = await add_deal(work, title="fence")
    async with office.as_(office.anna) as work:
        await saved_filters.save_filter(work, "roofs", parse_query("fence"), shared=True)
    async with office.as_(office.anna) as work:
        for text, finds in (
            ("roofs", [True, False]),
            ("filter:roofs", [False, True]),
            ('filter: "Roofs"', [False, True]),
        ):
            assert [await queries.is_found(work, "deal", one.id, text) for one in (acme, beta)] == finds, text
        with pytest.raises(NotFound):
            await queries.is_found(work, "deal", acme.id, "filter:gone")
    rows = await db.fetch("SELECT name FROM saved_filter")
    assert len(rows) == 1


async def test_a_colleague_called_otherwise_is_found_by_the_new_name_at_once(office: Office) -> None:
    surveyor = await field(office, "Surveyor", "person")
    await deal_with(office, (surveyor, office.zofia.id))
    assert await found(office, "surveyor:zofia") == 1
    async with office.as_(office.admin) as work:
        await add_user(work, name="Barbara", role="rep", telegram_id=office.zofia.telegram_id)
    assert await found(office, "surveyor:barbara") == 1
    with pytest.raises(CrmError):
        await found(office, "surveyor:zofia")
    assert [row["text"] for row in await db.fetch("SELECT text FROM field_value")] == [None]
    async with office.app.work():
        assert await recount_values("deal", 0, 1_000_000) == 0


async def test_what_a_pipeline_hides_is_not_searched(office: Office) -> None:
    """A deal that moved on is found by its own field's words again when it comes back."""
    first = await Pipeline.all().order_by("position").first()
    assert first
    remark = await field(office, "Remark", "text", pipeline_id=first.id)
    deal_id = await deal_with(office, (remark, "whisper"))
    other = await Pipeline.create(name="Service", position=2)
    there = await Stage.create(pipeline=other, name="Called", position=1)
    here = (await Deal.get(id=deal_id)).stage_id

    async def words() -> list[int]:
        async with office.app.work():
            assert await recount_entries("deal", 0, 1_000_000) == 0
        async with office.as_(office.anna) as work:
            assert [one.record_id for one in await search(work, "whisper")] == [deal_id] * await found(
                office, "whisper"
            )
        return [await found(office, text) for text in ("whisper", "remark:whisper", "roof")]

    assert await words() == [1, 1, 1]
    for place, found_by in (((other.id, there.id), [0, 0, 1]), ((first.id, here), [1, 1, 1])):
        async with office.as_(office.anna) as work:
            deal = await Deal.get(id=deal_id)
            await work.change(deal, DealChanged, pipeline_id=place[0], stage_id=place[1])
        assert await words() == found_by
    for pipeline_id, found_by in ((other.id, [0, 0, 1]), (None, [1, 1, 1])):
        async with office.as_(office.boss) as work:
            await custom_fields.change_field(work, remark.id, pipeline_id=pipeline_id)
        async with office.app.work():
            (planned,) = await db.column("SELECT payload FROM job WHERE kind = 'derived.refind'")
            assert db.from_json(planned)["entity"] == "deal"
            await db.execute("DELETE FROM job WHERE kind = 'derived.refind'")
            assert await recount_entries("deal", 0, 1_000_000) == 1  # as the job does
        assert await words() == found_by
