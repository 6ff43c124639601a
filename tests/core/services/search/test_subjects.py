"""Search: found by whole names, starts, parts and typos, in any alphabet, and never another rep's."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.events import CompanyChanged
from botcrm.core.models import Company, ExternalRef
from botcrm.core.services import deals, records
from botcrm.core.services.search.index import learn_words
from botcrm.core.services.search.subjects import by_name, match_subject, search
from botcrm.core.services.search.vocabulary import near
from tests.core.services.conftest import Office

PARTIES = ["company", "contact"]


async def _names(office: Office, text: str, who: object = None) -> list[str]:
    async with office.as_(who or office.anna) as work:  # type: ignore[arg-type]
        return [found.name for found in await search(work, text)]


@pytest.fixture
async def filled(office: Office) -> Office:
    async with office.as_(office.anna) as work:
        acme = await records.add_company(work, "Acme", phone="+48601234567")
        await deals.add_deal(work, title="roof repair", company_id=acme.id)
        for name in ("Łukasz Żółć", "Иван Петров", "Алёна Сидорова", "山田太郎", "Anna Nowak", "Annabel Lee"):
            await records.add_contact(work, name)
        await records.add_contact(work, "Jan Kowalski", email="jan@example.com", company_id=acme.id)
        await records.add_lead(work, "Website", name="Olga Maj", phone="+48600111222")
        for name in ("Ivan Ivanov", "Сергей Щукин", "Yulia Fedorova", "Олена Гриценко", "ﾀﾅｶ 花子"):
            await records.add_contact(work, name)
        mirex = await records.add_company(work, "Mirex", email="office@dach-mirex.com.pl")
        await work.change(mirex, CompanyChanged, tax_id="PL 526-10-40-828", more_phones=["+12125550147"])
        await ExternalRef.create(entity="company", record_id=mirex.id, source="hubspot", external_id="HS-77")
        await ExternalRef.create(entity="contact", record_id=99_999, source="", external_id="HS-77")
    async with office.as_(office.zofia) as work:
        await records.add_company(work, "Acme Secret")
        await records.add_contact(work, "Anna Nowak")
        await records.add_contact(work, "Zenobia")
    return office


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("acme", "Acme"),
        ("ACME roof", "Acme roof repair"),
        ("repair", "Acme roof repair"),
        ("nowak anna", "Anna Nowak"),
        ("lukasz zolc", "Łukasz Żółć"),
        ("ŁUKASZ", "Łukasz Żółć"),
        ("иван", "Иван Петров"),
        ("алена", "Алёна Сидорова"),
        ("山田", "山田太郎"),
        ("太郎", "山田太郎"),
        ("田太郎", "山田太郎"),
        ("山田太郎", "山田太郎"),
        ("kowal", "Jan Kowalski"),
        ("601234567", "Acme"),
        ("olga", "Website"),
        ("kowalsky", "Jan Kowalski"),
        ("kwalski", "Jan Kowalski"),
        ("annna nowka", "Anna Nowak"),
        ("петрв", "Иван Петров"),
        ("lukaz", "Łukasz Żółć"),
        ("иванов", "Ivan Ivanov"),
        ("Иванов Иван", "Ivan Ivanov"),
        ("иваноф", "Ivan Ivanov"),
        ("юлия", "Yulia Fedorova"),
        ("fedorowa", "Yulia Fedorova"),
        ("федорова", "Yulia Fedorova"),
        ("shchukin", "Сергей Щукин"),
        ("Szczukin", "Сергей Щукин"),
        ("sergey shuk", "Сергей Щукин"),
        ("Hrytsenko", "Олена Гриценко"),
        ("gritsenko olena", "Олена Гриценко"),
        ("petrov", "Иван Петров"),
        ("タナカ", "ﾀﾅｶ 花子"),
        ("+48 601-234-567", "Acme"),
        ("0048 601 234 567", "Acme"),
        ("0601234567", "Acme"),
        ("(601) 234", "Acme"),
        ("34567", "Acme"),
        ("4567", "Acme"),
        ("acme 601 234 567", "Acme"),
        ("acme 4567", "Acme"),
        ("212 555 0147", "Mirex"),
        ("0147", "Mirex"),
        ("jan@example.com", "Jan Kowalski"),
        ("jan@exa", "Jan Kowalski"),
        ("@example.com", "Jan Kowalski"),
        ("dach-mirex.com.pl", "Mirex"),
        ("526-10-40-828", "Mirex"),
        ("pl5261040828", "Mirex"),
        ("0828", "Mirex"),
        ("HS-77", "Mirex"),
    ],
)
async def test_what_people_type_finds_what_they_mean(filled: Office, text: str, first: str) -> None:
    assert (await _names(filled, text))[:1] == [first]


@pytest.mark.parametrize(
    "text", ["", " ", "%", "_", "'", '"; DROP TABLE deal; --', "*", "a" * 500, "\x00", "OR", "NEAR("]
)
async def test_odd_texts_find_nothing_and_break_nothing(filled: Office, text: str) -> None:
    assert await _names(filled, text) == []


@pytest.mark.parametrize("text", ["acme secret", "secret", "secrt", "zenobia", "zenob", "zenoba", "zen", "зенобия"])
async def test_anothers_records_are_not_found(filled: Office, text: str) -> None:
    assert not {"Acme Secret", "Zenobia"} & set(await _names(filled, text))
    assert not {"Acme Secret", "Zenobia"} & set(await _names(filled, text, filled.boss))
    assert await _names(filled, text, filled.zofia)
    assert await _names(filled, text, filled.admin)
    async with filled.as_(filled.anna) as work:
        match = await match_subject(work, text.split(), ["company", "contact", "lead", "deal"])
        assert not {"Acme Secret", "Zenobia"} & {found.name for found in match.found}
        assert await by_name(work, ["Acme Secret", "Zenobia"], PARTIES) == []


async def test_a_manager_finds_the_teams_and_own_come_first(filled: Office) -> None:
    async with filled.as_(filled.boss) as work:
        await records.add_contact(work, "Anna Nowak")
    assert (await _names(filled, "anna nowak", filled.boss)).count("Anna Nowak") == 2
    async with filled.as_(filled.boss) as work:
        first, second = (await by_name(work, ["anna NOWAK"], ["contact"]))[:2]
        assert first.record_id > second.record_id


async def test_the_subject_is_the_longest_name_a_line_begins_with(filled: Office) -> None:
    async with filled.as_(filled.anna) as work:
        exact = await match_subject(work, ["Anna", "Nowak", "wants", "two"], PARTIES)
        assert (exact.found[0].name, exact.words, exact.tier, exact.clear) == ("Anna Nowak", 2, "exact", True)
        two = await match_subject(work, ["Ann", "wants"], PARTIES)
        assert ({found.name for found in two.found}, two.tier, two.clear) == (
            {"Anna Nowak", "Annabel Lee"},
            "part",
            False,
        )
        start = await match_subject(work, ["Jan", "wants"], PARTIES)
        assert (start.found[0].name, start.words, start.tier, start.clear) == ("Jan Kowalski", 1, "start", True)
        like = await match_subject(work, ["Kowalsky", "wants"], PARTIES)
        assert (like.found[0].name, like.tier, like.clear) == ("Jan Kowalski", "like", False)
        nothing = await match_subject(work, ["Quux"], PARTIES)
        assert (nothing.found, nothing.words) == ((), 0)


async def test_a_company_renamed_is_found_by_its_new_name_with_all_it_has(filled: Office) -> None:
    """Its deals used to keep the old name in search until somebody changed them."""
    acme = await Company.get(name="Acme")
    async with filled.as_(filled.anna) as work:
        await records.change_record(work, Company, acme.id, name="Zenith")
    assert set(await _names(filled, "zenith")) == {"Zenith", "Zenith roof repair", "Jan Kowalski"}
    assert await _names(filled, "acme") == []


async def test_what_is_deleted_or_handed_over_is_not_found_any_more(filled: Office) -> None:
    acme = await Company.get(name="Acme")
    async with filled.as_(filled.admin) as work:
        await records.hand_over(work, acme, filled.zofia.id)
    assert "Acme" not in await _names(filled, "acme")
    assert "Acme" in await _names(filled, "acme", filled.zofia)
    async with filled.as_(filled.zofia) as work:
        await records.delete_record(work, acme)
    assert "Acme" not in await _names(filled, "acme", filled.admin)


async def test_the_vocabulary_holds_each_word_once(filled: Office) -> None:
    """Every change of a record used to add its rare words once more."""
    acme = await Company.get(name="Acme")
    for number in range(5):
        async with filled.as_(filled.anna) as work:
            await records.change_record(work, Company, acme.id, name=("Acme once", "Acme twice")[number % 2])
    words = [row["word"] for row in await db.fetch("SELECT word FROM search_word")]
    assert len(words) == len(set(words))
    assert {"acme", "once", "twice"} <= set(words)


async def test_two_common_words_meet(office: Office) -> None:
    """Each alone is carried by more records than a search looks at; only together they are rare."""
    async with office.as_(office.admin) as work:
        for number in range(450):
            await records.add_contact(work, f"Anna {number}")
            await records.add_contact(work, f"Nowak {number}")
        await records.add_contact(work, "Anna Nowak")
    assert (await _names(office, "anna nowak", office.admin))[:1] == ["Anna Nowak"]
    assert (await _names(office, "anna nowakk", office.admin))[:1] == ["Anna Nowak"]


async def test_a_slip_that_many_records_may_mean_finds_another_alphabet_as_well(office: Office) -> None:
    """The likest words are looked at until enough records have them; what only sounds alike comes after them."""
    async with office.as_(office.anna) as work:
        for number in range(25):
            await records.add_contact(work, f"Petrow {number}")
        await records.add_contact(work, "Пётр Петров")
    found = await _names(office, "pettrowa")
    assert "Пётр Петров" in found
    assert len(found) == 10


async def test_a_slip_that_many_records_may_mean_finds_what_is_nearly_as_like(office: Office) -> None:
    """A letter left out makes less of a difference than one too many; either may have been meant."""
    async with office.as_(office.anna) as work:
        for number in range(25):
            await records.add_contact(work, f"Mibaba {number}")
        await records.add_contact(work, "Miba One")
    async with office.as_(office.anna) as work:
        found = [found.name for found in await search(work, "mibba", limit=40)]
    assert len(found) == 26
    assert "Miba One" in found


async def test_a_slip_makes_the_rarest_trigrams_of_a_word_others(office: Office) -> None:
    """The rarest ones, which are asked for first, are those of the slip; the word's own stand in hundreds of words."""
    letters = "abcdfghijnopqsuvwz"
    known = {f"kalim{one}{other}ero" for one in letters for other in letters}
    async with office.as_(office.anna):
        await learn_words({*known, "kalimero", "imxot", "mxet", "yxer"})
        assert (await near("kalimxero"))[0] == "kalimero"
