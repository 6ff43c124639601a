"""Lines that were read as something else: a field's words as a title, a name as an amount, a day that does not exist."""

from __future__ import annotations

import pytest

from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Note
from botcrm.testing import Crm, Member
from tests.conversations.test_custom_fields import make_field

# --- a field that was meant, and is none -----------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["area:1e99", "area:abc", "area:", "budget:30k", "color:red new roof", "area: abc"])
async def test_what_was_meant_for_a_field_is_no_title(crm: Crm, anna: Member, boss: Member, typed: str) -> None:
    await make_field(boss, "Area", "Number")
    await anna.send("deal Acme 12k roof")
    said = await anna.send(f"deal d1 {typed}")
    assert "✋" in said
    deal = await Deal.get(id=1)
    assert (deal.title, int(deal.amount or 0)) == ("roof", 12000)
    assert (await Note.get(deal_id=1)).text == typed
    await anna.tap("Undo")
    assert not await Note.filter(deal_id=1, deleted_at=None).exists()


async def test_an_unknown_field_is_named_with_the_nearest(crm: Crm, anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert "There is no field “budget” here." in await anna.send("deal d1 budget:30k")
    await make_field(boss, "Budget", "Money")
    assert "For the field: budget:30k" in await anna.send("deal d1 budgte:30k")
    assert (await Deal.get(id=1)).title == "roof"


async def test_a_link_and_a_title_stay_a_title(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal d1 see https://acme.example/plan")
    assert (await Deal.get(id=1)).title == "see https://acme.example/plan"
    await anna.send("deal d1 Part two: the north side")
    assert (await Deal.get(id=1)).title == "Part two: the north side"


async def test_what_was_meant_for_a_field_is_no_name(crm: Crm, anna: Member) -> None:
    await anna.send("contact Jan Nowak")
    await anna.send("company Acme")
    for line in ("contact c1 area:abc", "company o1 area:abc"):
        assert "There is no field “area” here." in await anna.send(line)
    await anna.send("contact Eve Adams color:red")
    assert [one.name for one in await Contact.all().order_by("id")] == ["Jan Nowak", "Eve Adams"]
    assert (await Company.get(id=1)).name == "Acme"
    assert (await Note.get(contact_id=2)).text == "color:red"


# --- names that look like an amount, a length or a date --------------------------------------------------------------


@pytest.mark.parametrize(
    ("company", "line", "amount", "title"),
    [
        ("5k Runners", "deal 5k Runners 9k shirts", 9000, "shirts"),
        ("5k Runners", "deal 5k runners, 9k shirts", 9000, "shirts"),
        ("5k Runners Club", "deal 5k Runners 9k shirts", 9000, "shirts"),
        ("3M", "deal 3M 12k roof", 12000, "roof"),
        ("3M", "deal 3m 12k roof", 12000, "roof"),
        ("Studio 500", "deal Studio 500 roof", None, "roof"),
        ("Acme", "deal Acme 12k roof", 12000, "roof"),
    ],
)
async def test_a_known_name_is_no_amount(
    crm: Crm, anna: Member, company: str, line: str, amount: int | None, title: str
) -> None:
    await anna.send(f'company "{company}"')
    await anna.send(line)
    deal = await Deal.get(id=1)
    assert (deal.company_id, deal.amount and int(deal.amount), deal.title) == (1, amount, title)
    assert await Company.all().count() == 1


async def test_a_known_name_is_no_length(crm: Crm, anna: Member) -> None:
    await anna.send('company "3M"')
    await anna.send('company "24 Hours"')
    for line, company_id, minutes in (
        ("call 3M 5m ok", 1, 5),
        ("call with 3M 5m ok", 1, 5),
        ("call 24 Hours ok", 2, None),
    ):
        await anna.send(line)
        call = await Activity.all().order_by("-id").first()
        assert call is not None
        assert (call.company_id, call.duration_minutes, call.result) == (company_id, minutes, "ok")
    assert not await Contact.exists()


async def test_a_name_out_of_reach_changes_no_reading(crm: Crm, anna: Member, bob: Member) -> None:
    await bob.send('company "3M"')
    await anna.send("deal 3M 12k roof")
    deal = await Deal.get(id=1)
    assert deal.company_id != 1
    assert int(deal.amount or 0) == 3_000_000


async def test_a_month_may_be_a_person(crm: Crm, anna: Member) -> None:
    await anna.send("contact Jan Nowak")
    await anna.send("task Jan 5 windows")
    assert [label for label in anna.buttons if "Jan" in label] == ["Tue 5 Jan 9:00"]
    task = await Activity.get(id=1)
    assert (task.contact_id, task.title, task.due_at) == (1, "5 windows", None)
    await anna.tap("Tue 5 Jan 9:00")
    assert (await Activity.get(id=1)).due_wall == "2027-01-05T09:00:00"
    await anna.send("task Jan 5 10:00 windows")
    assert [label for label in anna.buttons if "10:00" in label] == ["Tue 5 Jan 10:00", "Tomorrow 10:00"]
    assert "Call with Jan Nowak · ok" in await anna.send("call Jan 10 ok")
    await anna.send("task jan 5 windows")
    assert (await Activity.all().order_by("-id").first()).contact_id is None  # type: ignore[union-attr]


async def test_a_weekday_is_no_company_unless_it_is_all_its_name(crm: Crm, anna: Member) -> None:
    await anna.send('company "Mon Amour"')
    for line in ("task mon 9:00 order", "task Mon 9:00 order"):
        await anna.send(line)
        task = await Activity.all().order_by("-id").first()
        assert task is not None
        assert (task.company_id, task.due_wall) == (None, "2026-11-30T09:00:00")


async def test_what_is_done_is_nobodys_name(crm: Crm, anna: Member) -> None:
    assert "Mon 3 May 10:00 — show" in await anna.send("meet May 3 at 10:00 show")
    assert not await Contact.exists()
    await anna.send("meet fri 10:00 Piotr")
    assert (await Contact.get(id=1)).name == "Piotr"


# --- days that do not exist ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("task Foo 2026-02-30 9:00 x", "2026-02-30 9:00"),
        ("meet Foo 31.2. 9:00", "31.2. 9:00"),
        ("call Foo 31.2. 9:00", "31.2. 9:00"),
        ("task Foo every 31 feb 9:00 x", "31 feb 9:00"),
    ],
)
async def test_a_day_that_does_not_exist_is_asked(crm: Crm, anna: Member, line: str, day: str) -> None:
    said = await anna.send(line)
    assert "no time yet" in said
    assert f"✋ There is no “{day}” ahead." in said
    assert "When?" in said
    activity = await Activity.get(id=1)
    assert (activity.status, activity.due_at) == ("planned", None)


async def test_what_was_done_is_logged_all_the_same(crm: Crm, anna: Member) -> None:
    said = await anna.send("meet Foo 31.2. 9:00 15m ok")
    assert "Meeting with Foo · 15 min · ok" in said
    assert "There is no “31.2. 9:00” ahead." in said


async def test_two_days_are_asked(crm: Crm, anna: Member) -> None:
    await anna.send("task Foo mon tue 9:00 x")
    assert anna.buttons[:2] == ["Mon 30 Nov 9:00", "Tue 1 Dec 9:00"]


async def test_a_next_step_keeps_the_words(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 5k roof next 31.2. 9:00 call")
    step = await Activity.get(deal_id=1)
    assert (step.title, step.due_at) == ("31.2. 9:00 call", None)
    assert "“31.2.” is not understood as a day." in await anna.send("wait d1 31.2.")


async def test_all_are_not_planned_on_a_day_that_does_not_exist(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 5k roof")
    await anna.send("filter owner:me")
    await anna.tap("Do with all")
    await anna.tap("Plan for each")
    assert "is not understood" in await anna.send("call back 31.2. 9:00")


# --- a number that is none -------------------------------------------------------------------------------------------


async def test_a_number_that_is_none_is_no_name(crm: Crm, anna: Member) -> None:
    for line in ("contact Jan +48 22 1", "contact Eva +48 22 1 at Acme", "company Beta +48 22 1"):
        assert "“+48 22 1” is no phone number. It is kept as a note." in await anna.send(line)
    assert [(one.name, one.phone) for one in await Contact.all().order_by("id")] == [("Jan", None), ("Eva", None)]
    assert (await Company.get(id=2)).name == "Beta"
    await anna.send("lead Ola +48 22 1 roof")
    lead = await Lead.get(id=1)
    assert (lead.name, lead.title, lead.amount) == ("Ola", "Ola — roof", None)
    assert [note.text for note in await Note.all()] == ["+48 22 1"] * 4
    await anna.send("contact Ann +1")
    await anna.send("contact Zoe +48 601 222 333")
    assert [(one.name, one.phone) for one in await Contact.filter(id__gt=2).order_by("id")] == [
        ("Ann +1", None),
        ("Zoe", "+48601222333"),
    ]
