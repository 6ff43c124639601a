"""Queries over a small base: what they find, for whom, and what they say when a value means nothing."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotAllowed, NotFound
from botcrm.core.domain.money import Money
from botcrm.core.domain.query import parse_query
from botcrm.core.domain.query_fields import UnknownField
from botcrm.core.models import Contact, Deal
from botcrm.core.services.activities import Due, add_file, log_activity, plan_activity
from botcrm.core.services.custom.dictionaries import add_choices
from botcrm.core.services.custom.fields import add_field, fields_of, read_value, set_values
from botcrm.core.services.deals import add_deal, move_deal, stages
from botcrm.core.services.exporting.export import export_rows
from botcrm.core.services.leads import lose_lead
from botcrm.core.services.next_steps import wait_deal
from botcrm.core.services.queries import queries
from botcrm.core.services.queries.saved import (
    NameTaken,
    delete_filter,
    filter_of,
    save_filter,
    saved_filters,
    share_filter,
)
from botcrm.core.services.queries.values import NoSuchValue, NotAValue, UnclearValue
from botcrm.core.services.records import add_company, add_contact, add_lead, add_tags, change_record
from tests.core.services.conftest import Office


@pytest.fixture
async def filled(office: Office) -> Office:
    """Anna: a roof for 12,000 PLN at Acme, a fence for 900 EUR, a won shed. Zofia: a barn. The boss: nothing."""
    async with office.as_(office.anna) as work:
        acme = await add_company(work, "Acme")
        anna = await add_contact(work, "Jan Nowak", company_id=acme.id, phone="+48601234567")
        await change_record(work, Contact, anna.id, city="Łódź")
        other = await add_contact(work, "Ewa Lis", email="ewa@lis.pl")
        await change_record(work, Contact, other.id, city="Warszawa")
        roof = await add_deal(
            work,
            title="Roof",
            company_id=acme.id,
            contact_id=anna.id,
            amount=Money(Decimal(12000), "PLN"),
            source="Web",
        )
        await add_tags(work, roof, ["roof", "big"])
        fence = await add_deal(
            work,
            title="Fence",
            contact_id=other.id,
            amount=Money(Decimal(900), "EUR"),
            expected_close=date(2026, 12, 10),
        )
        await plan_activity(work, "call", "ring", Due(datetime(2026, 11, 26, 10)), deal_id=fence.id)
        shed = await add_deal(work, title="Shed", amount=Money(Decimal(500), "PLN"))
        steps = {stage.name: stage.id for stage in await stages(roof.pipeline_id)}
        await move_deal(work, roof.id, steps["Proposal"])
        await move_deal(work, shed.id, steps["Won"])
    async with office.as_(office.zofia) as work:
        await add_deal(work, title="Barn", amount=Money(Decimal(50000), "PLN"), source="web shop")
    return office


async def _found(office: Office, text: str, who: str = "anna") -> list[str]:
    async with office.as_(getattr(office, who)) as work:
        found = await queries.compiled(work, await queries.query_of(work, text))
        ids = await queries.ids_of(work, found, limit=50)
        again = await queries.ids_of(work, found, limit=50, many=True)
        counted = await queries.count(work, found)
        assert ids == again
        assert counted.count == len(ids)
        assert await queries.matches(work, found, ids) == set(ids)
        return sorted(item.name.removeprefix("Acme ") for item in await queries.items(found.query.entity, ids))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Fence", "Roof"]),
        ("status:any", ["Fence", "Roof", "Shed"]),
        ("status:won,lost", ["Shed"]),
        ("stage:proposal", ["Roof"]),
        ("stage:prop,new", ["Fence", "Roof"]),
        ("stage:propsal", ["Roof"]),
        ("stage:won", ["Shed"]),
        ("-stage:proposal", ["Fence"]),
        ("pipeline:sales", ["Fence", "Roof"]),
        ("amount>10k", ["Roof"]),
        ("amount>=900", ["Fence", "Roof"]),
        ("amount<1000", ["Fence"]),
        ("amount:12000", ["Roof"]),
        ("amount>500€", ["Fence"]),
        ("amount:500..1k", ["Fence"]),
        ("tag:roof", ["Roof"]),
        ("tag:roof tag:big", ["Roof"]),
        ("-tag:roof", ["Fence"]),
        ("tag:none", ["Fence"]),
        ("no:tags", ["Fence"]),
        ("owner:me", ["Fence", "Roof"]),
        ("owner:anna", ["Fence", "Roof"]),
        ("owner:none", []),
        ("source:web", ["Roof"]),
        ("source:none", ["Fence"]),
        ("has:source", ["Roof"]),
        ("company:acme", ["Roof"]),
        ("contact:ewa", ["Fence"]),
        ("no:company", ["Fence"]),
        ("acme", ["Roof"]),
        ("fen", ["Fence"]),
        ('"roof acme"', ["Roof"]),
        ("next:none", ["Roof"]),
        ("next:overdue", []),
        ("next:thu", ["Fence"]),
        ("next<7d", ["Fence"]),
        ("close<30d", ["Fence"]),
        ("close:december", ["Fence"]),
        ("close>2026-12-10", []),
        ("close>=2026-12-10", ["Fence"]),
        ("idle>5d", []),
        ("idle<5d", ["Fence", "Roof"]),
        ("created:today", ["Fence", "Roof"]),
        ("created>1d", []),
        ("waiting:no", ["Fence", "Roof"]),
        ("waiting:yes", []),
        ("closed:today", ["Shed"]),
        ("contacts", ["Ewa Lis", "Jan Nowak"]),
        ("contacts city:lodz", ["Jan Nowak"]),
        ("contacts city:warsz", ["Ewa Lis"]),
        ("contacts -city:lodz", ["Ewa Lis"]),
        ("contacts no:phone", ["Ewa Lis"]),
        ("contacts phone:601234567", ["Jan Nowak"]),
        ("contacts phone:1234", ["Jan Nowak"]),
        ("contacts email:lis.pl", ["Ewa Lis"]),
        ("contacts company:acme", ["Jan Nowak"]),
        ("contacts no:deal", []),
        ("companies", ["Acme"]),
        ("activities", ["ring"]),
        ("activities kind:call due<3d", ["ring"]),
        ("activities status:done", []),
        ("leads", []),
    ],
)
async def test_what_a_query_finds(filled: Office, text: str, names: list[str]) -> None:
    assert await _found(filled, text) == names


async def test_everybody_finds_what_they_may_see(filled: Office) -> None:
    assert await _found(filled, "amount>10k", "admin") == ["Barn", "Roof"]
    assert await _found(filled, "amount>10k", "zofia") == ["Barn"]
    assert await _found(filled, "amount>10k", "boss") == ["Roof"]
    async with filled.as_(filled.anna) as work:
        found = await queries.compiled(work, parse_query("owner:zofia"))
        assert (await queries.count(work, found)).count == 0
        assert "zofia" in str(found.remarks[0])
        nobody = await queries.compiled(work, parse_query("owner:gandalf"))
        assert str(nobody.remarks[0]) == str(found.remarks[0]).replace("zofia", "gandalf")


async def test_amounts_are_added_up_by_currency(filled: Office) -> None:
    async with filled.as_(filled.admin) as work:
        found = await queries.compiled(work, parse_query("amount>0"))
        counted = await queries.count(work, found)
        assert counted.sums == (("PLN", Decimal(62000)), ("EUR", Decimal(900)))
        short = await queries.count(work, found, most=2)
        assert (short.count, short.more, short.sums) == (2, True, ())


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("amont>10k", UnknownField, "amount"),
        ("contacts stage:new", UnknownField, "contacts"),
        ("stage:xyzzy", NoSuchValue, "Proposal"),
        ("status:opne", NoSuchValue, "open"),
        ("contacts no:fone", NoSuchValue, "phone"),
        ("amount>lots", NotAValue, "amount>10k"),
        ("idle>soon", NotAValue, "idle>5d"),
        ("owner>anna", NotAValue, "owner:me"),
        ("waiting:maybe", NotAValue, "waiting:yes"),
    ],
)
async def test_what_is_wrong_is_said_with_the_nearest(
    filled: Office, text: str, kind: type[CrmError], said: str
) -> None:
    async with filled.as_(filled.anna) as work:
        with pytest.raises(kind) as caught:
            await queries.compiled(work, parse_query(text))
    assert said in str(caught.value)


async def test_two_people_of_one_name_are_told_apart(filled: Office) -> None:
    await filled.person("Anna Maria", manager_id=filled.boss.id)
    async with filled.as_(filled.admin) as work:
        with pytest.raises(UnclearValue, match="Anna Maria"):
            await queries.compiled(work, parse_query("owner:ann"))
        await queries.compiled(work, parse_query('owner:"anna maria"'))


async def test_idle_counts_from_the_last_contact_and_waiting_from_its_day(filled: Office) -> None:
    filled.move(days=10)
    async with filled.as_(filled.anna) as work:
        fence = await Deal.get(title="Fence")
        await log_activity(work, "call", "spoke", deal_id=fence.id, result="ok")
        roof = await Deal.get(title="Roof")
        await wait_deal(work, roof.id, Due(datetime(2026, 12, 24), has_time=False), "the snow")
    assert await _found(filled, "idle>5d") == ["Roof"]
    assert await _found(filled, "idle:5d") == ["Roof"]
    assert await _found(filled, "idle<5d") == ["Fence"]
    assert await _found(filled, "waiting:yes") == ["Roof"]
    assert await _found(filled, "instage>9d") == ["Fence", "Roof"]
    assert await _found(filled, "next:overdue") == ["Fence"]


async def test_leads_are_open_ones_unless_said(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await add_lead(work, "New roof", source="web")
        lost = await add_lead(work, "Old roof", source="fair")
        await lose_lead(work, lost.id, "price")
    assert await _found(office, "leads") == ["New roof"]
    assert await _found(office, "leads status:any roof") == ["New roof", "Old roof"]
    assert await _found(office, "leads reason:price") == ["Old roof"]


async def test_own_fields_are_asked_like_the_others(filled: Office) -> None:
    values = {"Budget": ("money", "12k"), "Floors": ("number", "3"), "Signed": ("date", "2026-11-20")}
    async with filled.as_(filled.admin) as work:
        for name, (kind, _) in values.items():
            await add_field(work, "deal", name, kind)
        kind_of = await add_field(work, "deal", "Roofing", "list")
        await add_choices(work, kind_of.dictionary, "Tiles, Tin")
        await add_field(work, "deal", "Helper", "person")
        await add_field(work, "deal", "Insured", "yes_no")
        await add_field(work, "deal", "Remark", "text")
    async with filled.as_(filled.anna) as work:
        roof = await Deal.get(title="Roof")
        typed = {name: text for name, (_, text) in values.items()} | {
            "Roofing": "tiles",
            "Helper": "Marek",
            "Insured": "yes",
            "Remark": "Stary dach Łódź",
        }
        fields = {one.name: one for one in await fields_of("deal")}
        await set_values(
            work,
            "deal",
            roof.id,
            {fields[name].id: await read_value(work, fields[name], text) for name, text in typed.items()},
        )
    for text in (
        "budget>=12k",
        "budget:10k..20k",
        "budget>5k PLN",
        "floors:3",
        "floors>2 floors<4",
        "signed:2026-11-20",
        "signed<30d",
        "roofing:tiles,tin",
        "helper:marek",
        "insured:yes",
        "remark:lodz",
        "has:budget",
    ):
        assert await _found(filled, text) == ["Roof"], text
    for text in ("budget:none", "no:roofing", "-floors:3"):
        assert await _found(filled, text) == ["Fence"], text
    assert await _found(filled, "budget>5k EUR") == []
    with pytest.raises(CrmError, match="floors"):
        await _found(filled, "floors>many")


async def test_files_are_asked_by_their_names_and_numbers(filled: Office) -> None:
    async with filled.as_(filled.admin) as work:
        plan = await add_field(work, "deal", "Drawing", "file")
    async with filled.as_(filled.anna) as work:
        roof = await Deal.get(title="Roof")
        file = await add_file(work, kind="document", file_id="x", name="Plan 2.PDF", deal_id=roof.id)
        await set_values(work, "deal", roof.id, {plan.id: file.id})
    for text in ("drawing:plan", "drawing:.pdf", f"drawing:f{file.id}", "has:drawing"):
        assert await _found(filled, text) == ["Roof"], text
    for text in ("drawing:fence", "drawing:f999"):
        assert await _found(filled, text) == [], text


async def test_deals_out_of_reach_are_not_told_by_what_has_none(filled: Office) -> None:
    """A rep's own contact has a deal of somebody else's: to the rep it has none."""
    async with filled.as_(filled.zofia) as work:
        mill = await add_company(work, "Mill")
        olga = await add_contact(work, "Olga", company_id=mill.id)
    async with filled.as_(filled.admin) as work:
        deal = await add_deal(work, title="Secret", company_id=mill.id, contact_id=olga.id)
        await Deal.filter(id=deal.id).update(owner_id=filled.anna.id)
        ours = (await Contact.get(id=olga.id)).owner_id, (await Deal.get(id=deal.id)).owner_id
    assert ours == (filled.zofia.id, filled.anna.id)
    for kind, name in (("contacts", "Olga"), ("companies", "Mill")):
        assert await _found(filled, f"{kind} no:deals", "zofia") == [name]
        assert await _found(filled, f"{kind} has:deal", "zofia") == []
        assert name not in await _found(filled, f"{kind} no:deal", "admin")
        assert name in await _found(filled, f"{kind} has:deal", "admin")


# --- saved ---------------------------------------------------------------------------------------------------------------


async def test_a_saved_filter_is_its_owners_until_it_is_shared(filled: Office) -> None:
    async with filled.as_(filled.anna) as work:
        mine = await save_filter(work, "Big ones", parse_query("amount>10k"))
        assert [one.name for one in await saved_filters(work)] == ["Big ones"]
    assert await _found(filled, "big-ones") == ["Roof"]
    async with filled.as_(filled.admin) as work:
        assert await saved_filters(work) == []
        with pytest.raises(NotFound):
            await filter_of(work, mine.id)
    async with filled.as_(filled.anna) as work:
        await share_filter(work, mine.id, True)
    assert await _found(filled, "Big ones", "zofia") == ["Barn"]
    async with filled.as_(filled.zofia) as work:
        for refused in (delete_filter(work, mine.id), share_filter(work, mine.id, False)):
            with pytest.raises((NotAllowed, NotFound)):
                await refused
        own = await save_filter(work, "big ones", parse_query("amount>40k"))
        with pytest.raises(NameTaken):
            await share_filter(work, own.id, True)
    async with filled.as_(filled.anna) as work:
        await save_filter(work, "big ones", parse_query("amount>20k"))
        assert [one.query for one in await saved_filters(work)] == ["amount>20k"]
        await delete_filter(work, mine.id)
        assert await saved_filters(work) == []


async def test_an_export_takes_a_query_or_a_name(filled: Office) -> None:
    async with filled.as_(filled.admin) as work:
        await save_filter(work, "roofs", parse_query("tag:roof"))
        for text in ("amount>10k tag:roof", "roofs"):
            only = await queries.narrowed(work, "deal", text)
            rows = [row["title"] async for row in export_rows(work, "deals", only=only)]
            assert rows == ["Roof"]
        only = await queries.narrowed(work, "contact", "city:lodz")
        assert [row["name"] async for row in export_rows(work, "contacts", only=only)] == ["Jan Nowak"]


async def test_a_common_word_and_a_rare_one_are_found_alike(filled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botcrm.core.services.queries.parts._FEW", 0)
    assert await _found(filled, "tag:roof acme company:acme") == ["Roof"]
    assert (await db.fetch_one("SELECT count(*) AS n FROM tag")) == {"n": 2}


async def test_a_rule_or_a_report_asks_whether_a_filter_finds_it_open_or_closed(filled: Office) -> None:
    async with filled.as_(filled.admin) as work:
        await save_filter(work, "small ones", parse_query("amount<1k"))
        shed, roof = await Deal.get(title="Shed"), await Deal.get(title="Roof")
        assert await queries.is_found(work, "deal", shed.id, "filter:small ones")
        assert await queries.is_found(work, "deal", shed.id, "amount<1k")
        assert not await queries.is_found(work, "deal", shed.id, "amount<1k status:open")
        assert not await queries.is_found(work, "deal", roof.id, "filter:small ones")
        with pytest.raises(CrmError, match="deals"):
            await queries.is_found(work, "contact", 1, "deals small")
