"""Who is the same: names in any script, order and spelling; families, colleagues and namesakes told apart."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.blocking import blocks
from botcrm.core.domain.companies import company_core, company_words
from botcrm.core.domain.facts import Facts, facts_of, keys_of, mailbox, street_core
from botcrm.core.domain.matching import THRESHOLD, Base, compare
from botcrm.core.domain.names import likeness, name_words
from botcrm.core.domain.text import fold
from botcrm.core.domain.translit import skeleton, sound
from botcrm.core.domain.whole_base import WholeBase

BASE = Base(10_000)


def bits(one: dict[str, Any], other: dict[str, Any], entity: str = "contact", base: Base = BASE) -> float:
    return compare(entity, facts_of(entity, one), facts_of(entity, other), base).bits


# --- spelling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        "Щукин Shchukin Schukin Szczukin",
        "Юрий Yuri Yury Iurii Jurij",
        "Евгений Evgeny Yevgeny Jewgienij Evgenii",
        "Фёдор Федор Fyodor Fedor Fiodor",
        "Чайковский Tchaikovsky Chaykovskiy Czajkowski",
        "Иванов Ivanov Iwanow Ivanoff",
        "Müller Mueller Muller",
        "Łukasz Lukasz ŁUKASZ Лукаш",
        "Smith Smyth",
        "Ｓｍｉｔｈ smith",
    ],
)
def test_one_sound_in_every_scheme(spellings: str) -> None:
    assert len({sound(fold(word)) for word in spellings.split()}) == 1


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("anna", "anna", "same"),
        ("иван", "ivan", "sound"),
        ("bob", "robert", "short"),
        ("ваня", "ivan", "short"),
        ("sasha", "александр", "short"),
        ("sasha", "александра", "short"),
        ("gosia", "malgorzata", "short"),
        ("kowalski", "kowalska", "family"),
        ("иванов", "ivanova", "family"),
        ("петровский", "петровская", "family"),
        ("aleksander", "aleksandra", "different"),
        ("jan", "jana", "different"),
        ("michaela", "michafla", "typo"),
        ("nowak", "nwoak", "typo"),
        ("j", "jan", "initial"),
        ("j", "anna", "different"),
        ("chris", "christof", "cut"),
        ("anna", "piotr", "different"),
    ],
)
def test_how_two_words_go_together(one: str, other: str, kind: str) -> None:
    assert likeness(one, other).kind == kind
    assert likeness(other, one).kind == kind


def test_words_of_a_name() -> None:
    assert name_words("Dr. Anna  van der Berg") == ("anna", "berg")
    assert name_words("pan Jan O'Neill") == ("jan", "oneill")
    assert name_words("Anna Kowalska-Nowak") == ("anna", "kowalska", "nowak")
    assert name_words("山田 太郎") == ("山田", "太郎")
    assert name_words("Mr") == ("mr",)
    assert name_words("") == ()


@pytest.mark.parametrize(
    "names",
    [
        ("ACME Sp. z o.o.", "Acme sp z oo", "acme Spółka z o.o", "ACME S.A.", "Acme GmbH & Co. KG", "ООО Акме"),
        ("ООО «Ромашка»", "Romashka LLC", "ромашка, зао"),
        ("株式会社トヨタ", "トヨタ(株)", "ﾄﾖﾀ"),
        ("Foo s.r.o.", "FOO Ltd.", "Foo Kft"),
    ],
)
def test_legal_forms_make_no_difference(names: tuple[str, ...]) -> None:
    cores = {company_core(name) for name in names}
    assert len(cores) == 1, cores


def test_a_legal_form_alone_stays() -> None:
    assert company_words("Limited") == ("limited",)


def test_mailboxes_and_streets_in_one_form() -> None:
    assert mailbox("Jan.Kowalski+shop@GoogleMail.com") == mailbox("jankowalski@gmail.com")
    assert mailbox("jan.kowalski@firma.pl") != mailbox("jankowalski@firma.pl")
    assert mailbox("jan+x@outlook.com") == "jan@outlook.com"
    assert mailbox("jan+x@firma.pl") == "jan+x@firma.pl"
    assert street_core("ul. Lipowa 5/7") == street_core("Lipowa 5 m. 7") == "5 7 lipova"
    assert street_core("12 Main Street") == street_core("12 Main St.")


def test_what_stands_in_for_a_name_is_none() -> None:
    for name, company in (("anna@x.pl", ""), ("+48 601 234 567", ""), ("?", ""), ("Acme", "ACME")):
        assert facts_of("contact", {"name": name, "company": company}).words == ()


# --- who is the same -------------------------------------------------------------------------------------------------

JAN = {
    "name": "Jan Kowalski",
    "phone": "+48601234567",
    "email": "jan.kowalski@example.com",
    "birth_date": "1980-05-17",
    "street": "ul. Lipowa 5/7",
    "city": "Kraków",
    "postcode": "30-001",
    "tax_id": "80051712345",
}
HOME = {name: JAN[name] for name in ("phone", "street", "city", "postcode")}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "KOWALSKI JAN"},
        {"name": "Janek Kowalski"},
        {"name": "Jan Kowlaski"},
        {"name": "Ян Ковальски"},
        {"name": "J. Kowalski"},
        {"phone": "", "email": "", "tax_id": ""},
        {"phone": "+48699888777"},
        {"phone": "+48601234576", "email": ""},
        {"email": "jan.kowalski@other.pl", "phone": "", "tax_id": ""},
        {"street": "Lipowa 5 m 7", "postcode": "30-010", "tax_id": "", "email": ""},
        {"birth_date": "1980-17-05", "street": "", "postcode": ""},
        {"tax_id": "80051712354", "phone": "", "email": ""},
        {"street": "Długa 1", "city": "Gdańsk", "postcode": "80-100"},
        {"name": "Jan Nowak-Kowalski"},
    ],
)
def test_the_same_with_something_changed(change: dict[str, str]) -> None:
    assert bits(JAN, JAN | change) > THRESHOLD


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(JAN, {"name": "Ewa Kowalska", **HOME, "birth_date": "1982-01-02"}, id="his wife"),
        pytest.param(JAN, {"name": "Ewa Kowalska", **HOME}, id="his wife, less known"),
        pytest.param(JAN, {"name": "Ewa Kowalski", **HOME, "email": JAN["email"]}, id="one mailbox for the family"),
        pytest.param(
            {"name": "Aleksander Nowak", **HOME}, {"name": "Aleksandra Nowak", **HOME}, id="brother and sister"
        ),
        pytest.param(JAN, {"name": "Jan Kowalski", "phone": "+48111222333", "city": "Gdynia"}, id="a namesake"),
        pytest.param({"name": "Jan Kowalski"}, {"name": "Jan Kowalski"}, id="nothing but the name"),
        pytest.param(
            {"name": "Anna Nowak", "phone": "+48221112233", "email": "info@acme.pl", "company": "Acme"},
            {"name": "Piotr Lis", "phone": "+48221112233", "email": "info@acme.pl", "company": "Acme sp. z o.o."},
            id="colleagues",
        ),
        pytest.param(
            {"name": "Anna Nowak", "phone": "+48221112233", "company": "Acme"},
            {"name": "Anna Lis", "phone": "+48221112233", "company": "Acme"},
            id="colleagues of one given name",
        ),
    ],
)
def test_not_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    crowded = Base(
        10_000, {"jan": 80, "kowalski": 40, "kowalska": 40, "anna": 90}, {"p:+48221112233": 30, "e:info@acme.pl": 20}
    )
    assert bits(one, other) <= THRESHOLD
    assert bits(one, other, base=crowded) <= THRESHOLD


def test_companies() -> None:
    acme = {"name": "Acme Roofing Sp. z o.o.", "phone": "+48221112233"}
    assert bits(acme, {"name": "ACME ROOFING SA"}, "company") > THRESHOLD
    assert bits(acme, {"name": "Acme Rofing", "phone": "+48221112233"}, "company") > THRESHOLD
    assert bits(acme, {"name": "Acme Windows"}, "company") <= THRESHOLD
    assert bits(acme, {"name": "Baltic Doors", "phone": "+48221112233"}, "company") <= THRESHOLD


def test_rare_names_tell_more_than_frequent_ones() -> None:
    one, other = {"name": "Anna Wolska", "city": "Toruń"}, {"name": "Anna Wolska", "city": "Toruń"}
    frequent = Base(10_000, {"anna": 500, "wolska": 300}, {})
    verdicts = [
        compare("contact", facts_of("contact", one), facts_of("contact", other), base) for base in (BASE, frequent)
    ]
    assert verdicts[0].bits >= verdicts[1].bits


def test_a_telephone_of_many_tells_less() -> None:
    one = {"name": "Anna Nowak", "phone": JAN["phone"]}
    shared = Base(10_000, {}, {f"p:{JAN['phone']}": 500})
    assert bits(one, one) > bits(one, one, base=shared)


def test_reasons_are_told() -> None:
    verdict = compare("contact", facts_of("contact", JAN), facts_of("contact", JAN | {"name": "Janek Kowalski"}), BASE)
    assert [reason.what for reason in verdict.reasons] == ["tax_id", "birth_date", "phone", "email", "address", "name"]
    assert verdict.reasons[-1].percent == 95
    assert verdict.score > 0.999


# --- properties ------------------------------------------------------------------------------------------------------

_NAMES = "anna ania jan janek ewa kowalski kowalska nowak nwoak иванов ivanova j bob robert smith smyth"
_WORDS = st.sampled_from(_NAMES.split())
_FACTS = st.builds(
    Facts,
    words=st.lists(_WORDS, max_size=4).map(tuple),
    phones=st.lists(st.sampled_from(["+48601234567", "+48601234576", "+4822111"]), max_size=2, unique=True).map(tuple),
    emails=st.lists(st.sampled_from(["anna@x.pl", "anna1@x.pl", "info@x.pl"]), max_size=2, unique=True).map(tuple),
    telegram=st.sampled_from(["", "5", "6"]),
    birth=st.sampled_from(["", "19800517", "19801705", "19900101"]),
    tax=st.sampled_from(["", "1234567", "1234576", "7654321"]),
    street=st.sampled_from(["", "5 lipova", "6 lipova", "5 dluga"]),
    city=st.sampled_from(["", "krakov", "gdansk"]),
    postcode=st.sampled_from(["", "30001", "30010"]),
    region=st.sampled_from(["", "nsw", "vic"]),
    company=st.sampled_from(["", "akme", "baltic"]),
    site=st.sampled_from(["", "acme.pl"]),
)
_ENTITIES = st.sampled_from(["contact", "company", "lead"])


@given(_ENTITIES, _FACTS, _FACTS)
def test_it_makes_no_difference_which_comes_first(entity: str, one: Facts, other: Facts) -> None:
    there, back = compare(entity, one, other, BASE), compare(entity, other, one, BASE)
    assert there.bits == pytest.approx(back.bits)
    assert set(there.reasons) == set(back.reasons)


@given(_ENTITIES, _FACTS, _FACTS, st.randoms(use_true_random=False))
def test_the_order_of_what_there_are_several_of_makes_no_difference(
    entity: str, one: Facts, other: Facts, dice: random.Random
) -> None:
    def shuffled(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dice.sample(values, len(values)))

    mixed = replace(one, words=shuffled(one.words), phones=shuffled(one.phones), emails=shuffled(one.emails))
    assert compare(entity, one, other, BASE).bits == pytest.approx(compare(entity, mixed, other, BASE).bits)


@given(_FACTS)
def test_what_is_identical_is_the_same_where_it_says_enough(facts: Facts) -> None:
    verdict = compare("contact", facts, facts, BASE)
    if len(facts.words) > 1 and (facts.tax or facts.telegram or facts.birth or facts.phones):
        assert verdict.bits > THRESHOLD
    for less_known in (
        replace(facts, birth=""),
        replace(facts, street=""),
        replace(facts, region=""),
        replace(facts, company=""),
        replace(facts, telegram=""),
    ):
        less = compare("contact", facts, less_known, BASE)
        assert less.bits <= verdict.bits + 1e-9, "what is missing tells nothing"


@given(_ENTITIES, st.text(max_size=60), st.text(max_size=40), st.text(max_size=30))
def test_any_text_has_keys(entity: str, name: str, street: str, postcode: str) -> None:
    values = {"name": name, "street": street, "postcode": postcode, "email": f"{name}@x.pl", "tax_id": street * 3}
    facts = facts_of(entity, values)
    assert all(0 < len(key) <= 80 for key in keys_of(entity, values))
    assert list(blocks(entity, facts)) == list(blocks(entity, facts))
    assert all(len(skeleton(word)) <= 6 for word in facts.words)


# --- a whole base ----------------------------------------------------------------------------------------------------


def _base(*people: dict[str, Any]) -> WholeBase:
    base = WholeBase("contact")
    for number, values in enumerate(people, 1):
        base.add(number, facts_of("contact", values))
    return base


def _grouped(base: WholeBase, distinct: set[tuple[int, int]] = frozenset()) -> list[list[int]]:  # type: ignore[assignment]
    return [sorted(member.record_id for member in group.members) for group in base.groups(distinct)]


def test_groups_of_a_base() -> None:
    people = [
        {"name": "Jan Kowalski", **HOME},
        {"name": "Ewa Kowalska", **HOME},
        {"name": "Kowalski Janek", "phone": HOME["phone"]},
        {"name": "Ян Ковальски", "email": "jan@x.pl", "phone": HOME["phone"]},
        {"name": "Piotr Lis", "phone": "+48600000001"},
    ]
    assert _grouped(_base(*people)) == [[1, 3, 4]]
    assert _grouped(_base(*people), {(1, 3), (1, 4), (3, 4)}) == []


def test_an_initial_does_not_chain_a_family() -> None:
    """J. Kowalski may be either of two; both cannot be one."""
    people = [
        {"name": "Jan Kowalski", **HOME},
        {"name": "J. Kowalski", **HOME},
        {"name": "Jakub Kowalski", **HOME},
    ]
    groups = _grouped(_base(*people))
    assert all(not {1, 3} <= set(group) for group in groups)


def test_a_crowd_behind_one_telephone() -> None:
    """Five thousand at one switchboard: not every pair is looked at, and the one there twice is found."""
    dice = random.Random(4)
    letters = "bcdfghklmnprstwz"

    def some(count: int) -> str:
        return "".join(dice.choices(letters, k=count))

    people = [{"name": f"{some(2)}a{some(1)} {some(4)}ski", "phone": "+48221112233"} for _ in range(3000)]
    people += [{"name": "Anna Wolska", "phone": "+48221112233", "email": "anna@x.pl"}] * 2
    assert [3001, 3002] in _grouped(_base(*people))


def test_the_most_certain_come_first_and_scores_are_told() -> None:
    base = _base(JAN, {"name": "Ola Lis", "phone": "+48600000009"}, JAN, {"name": "Ola Lis", "phone": "+48600000009"})
    groups = base.groups()
    assert [group.score for group in groups] == sorted((group.score for group in groups), reverse=True)
    assert {reason.what for reason in groups[0].members[0].reasons} >= {"tax_id", "phone", "name"}
