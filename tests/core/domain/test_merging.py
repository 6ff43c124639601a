"""What a record takes over of another, and gives back: values in, values out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from botcrm.core.domain.merging import (
    Standing,
    Taken,
    filled,
    give_back,
    is_conflict,
    lists_of,
    plain,
    take,
    units_of,
)

EMPTY: dict[str, Any] = dict.fromkeys(
    ("name", "job_title", "company_id", "birth_date", "tax_id", "telegram_id", "owner_id", "phone", "email"), None
) | dict.fromkeys(("more_phones", "more_emails", "custom", "street", "city", "postcode", "region", "country"), None)
LEAD: dict[str, Any] = (
    dict.fromkeys(
        ("title", "name", "company_name", "telegram_id", "source", "amount", "currency", "lost_reason", "owner_id"),
        None,
    )
    | EMPTY
    | {"status": "new", "converted_at": None, "deal_id": None, "contact_id": None}
)


def person(**values: Any) -> dict[str, Any]:
    return EMPTY | values


def test_what_is_lacking_is_filled_and_what_is_there_stays() -> None:
    main, other = person(name="Jan", city="Gdynia"), person(name="Jan N", job_title="boss", street="Długa 1")
    taken = take("contact", main, other)
    assert taken.set == {"job_title": ([None], ["boss"])}
    assert filled("contact", main, taken) == {"job_title": "boss"}
    assert take("contact", main, other, ["name", "address"]).set.keys() == {"name", "job_title", "address"}


def test_only_the_way_it_is_written_is_no_conflict() -> None:
    assert not is_conflict("contact", "name", ["ACME  Łódź"], ["Acme Lodz"])
    assert is_conflict("contact", "name", ["Acme"], ["Acme Two"])
    assert not is_conflict("contact", "name", [None], ["Acme"])
    assert take("contact", person(name="ACME"), person(name="Acme"), ["name"]).set == {}


def test_phones_and_lists_are_joined_in_order() -> None:
    main = person(phone="+1", more_phones=["+2"], custom={"7": ["a"]})
    other = person(phone="+2", more_phones=["+3"], email="a@b.c", custom={"7": ["b", "a"], "8": "x"})
    taken = take("contact", main, other)
    assert taken.added == {"phone": ["+3"], "email": ["a@b.c"], "custom.7": ["b"]}
    assert filled("contact", main, taken) == {
        "phone": "+1",
        "more_phones": ["+2", "+3"],
        "email": "a@b.c",
        "more_emails": None,
        "custom": {"7": ["a", "b"], "8": "x"},
    }


def test_a_field_that_became_a_list_keeps_the_main_records_kind() -> None:
    one, many = person(custom={"7": "a"}), person(custom={"7": ["b"]})
    for main, other in ((one, many), (many, one)):
        assert filled("contact", main, take("contact", main, other)) == {}


def test_an_amount_goes_with_its_currency_and_a_currency_alone_is_nothing() -> None:
    main, other = LEAD | {"currency": "PLN"}, LEAD | {"amount": Decimal("12.00"), "currency": "EUR"}
    assert take("lead", main, other).set["amount"] == ([None, "PLN"], ["12", "EUR"])
    assert "amount" not in take("lead", other, main).set


@pytest.mark.parametrize(
    ("mine", "theirs", "taken"),
    [("new", "converted", True), ("lost", "new", True), ("new", "working", False), ("converted", "new", False)],
)
def test_the_lead_that_came_further_goes_on(mine: str, theirs: str, taken: bool) -> None:
    found = take("lead", LEAD | {"status": mine}, LEAD | {"status": theirs})
    assert ("state" in found.set) is taken


def test_what_was_changed_since_stays() -> None:
    taken = Taken({"name": (["Jan"], ["Janek"]), "job_title": ([None], ["boss"])}, {"phone": ["+2"]})
    now = person(name="Johnny", job_title="boss", phone="+1", more_phones=["+2", "+3"])
    returned = give_back("contact", now, [], taken)
    assert returned.values == {"job_title": None, "phone": "+1", "more_phones": ["+3"]}
    assert returned.kept == {"name": ["Johnny"]}


def test_what_another_merge_offers_too_goes_over_to_its_account() -> None:
    taken = Taken({"job_title": ([None], ["boss"])}, {"phone": ["+2"], "tag": ["vip"]})
    later = Standing(person(job_title="chief", phone="+2"), Taken(), ["vip"])
    now = person(phone="+2", job_title="boss")
    returned = give_back("contact", now, ["vip"], taken, [later])
    assert returned.values == {"job_title": "chief"}
    assert later.taken == Taken({"job_title": ([None], ["chief"])}, {"phone": ["+2"], "tag": ["vip"]})


def test_a_value_in_the_middle_of_a_chain_is_struck_out() -> None:
    first = Taken({"name": (["A"], ["B"])})
    later = Standing(person(name="C"), Taken({"name": (["B"], ["C"])}))
    returned = give_back("contact", person(name="C"), [], first, [later])
    assert (returned.values, returned.kept) == ({}, {})
    assert later.taken.set == {"name": (["A"], ["C"])}


def test_values_compare_however_they_came() -> None:
    assert plain(Decimal("12.50")) == plain(Decimal("12.5")) == "12.5"
    assert plain(date(2026, 1, 2)) == "2026-01-02"
    assert units_of("contact", person(birth_date=date(2026, 1, 2)))["birth_date"] == ["2026-01-02"]
    assert lists_of(person(phone="+1", more_phones=["+1", "+2"]))["phone"] == ["+1", "+2"]
