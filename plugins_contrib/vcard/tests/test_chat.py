"""vCards as people send and get them."""

from collections.abc import Awaitable, Callable

import pytest

from botcrm import models
from botcrm.testing import Crm, Member
from botcrm.testing.contracts import CommandContract

ANNA = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Nowak\r\nORG:Acme;Roofs\r\nTEL;TYPE=CELL:601 234 567\r\n"
    b"TEL:+48 22 555 11 22\r\nEMAIL:anna@example.com\r\nTITLE:Buyer\r\nEND:VCARD\r\n"
)
JAN = b"BEGIN:VCARD\nVERSION:2.1\nN:Kowal;Jan\nTEL;CELL:+48601999888\nEND:VCARD\n"


class TestCommands(CommandContract):
    """Help, examples, and an answer to whatever is typed."""


async def test_a_file_becomes_contacts(crm: Crm, rep: Member) -> None:
    await rep.send_document(ANNA + JAN, "people.vcf")
    assert "Reading people.vcf" in rep.last
    await crm.advance(seconds=1)
    anna, jan = await models.Contact.all().order_by("id")
    company = await models.Company.get()
    assert rep.last == (
        "👥 people.vcf\n2 added\n"
        f"✅ 🏢 Acme · o{company.id}\n"
        f"✅ 👤 Anna Nowak · +48601234567 · anna@example.com · c{anna.id}\n"
        f"✅ 👤 Jan Kowal · +48601999888 · c{jan.id}"
    ).replace("2 added", "3 added")
    assert (anna.company_id, anna.owner_id, jan.phone) == (company.id, rep.user_id, "+48601999888")
    assert (await models.Note.get(contact_id=anna.id)).text == "📞 +48 22 555 11 22\nBuyer\nRoofs"
    assert not await models.File.exists()


async def test_the_same_file_again_makes_nothing_twice(crm: Crm, rep: Member) -> None:
    for _ in range(2):
        await rep.send_document(ANNA + JAN, "people.vcf")
        await crm.advance(seconds=1)
    assert "2 known already" in rep.last
    assert rep.buttons == []
    assert await models.Contact.all().count() == 2
    assert await models.Company.all().count() == 1


@pytest.mark.parametrize("known", [{"phone": "+48601234567"}, {"email": "Anna@Example.com"}])
async def test_a_known_contact_gets_what_it_lacks(
    crm: Crm, rep: Member, make_contact: Callable[..., Awaitable[models.Contact]], known: dict[str, str]
) -> None:
    contact = await make_contact("A. Nowak", **known)
    await rep.send_document(ANNA, "anna.vcf")
    await crm.advance(seconds=1)
    await contact.refresh_from_db()
    assert (contact.name, contact.phone, contact.email) == ("A. Nowak", "+48601234567", "anna@example.com")
    assert contact.company_id
    assert "1 completed" in rep.last
    await rep.tap("Undo")
    await contact.refresh_from_db()
    assert [contact.phone, contact.email].count(None) == 1


async def test_undo_takes_the_whole_file_back(crm: Crm, rep: Member) -> None:
    many = b"".join(f"BEGIN:VCARD\nFN:Person {n}\nTEL:+486010000{n:02}\nEND:VCARD\n".encode() for n in range(30))
    await rep.send_document(many, "many.vcf")
    await crm.advance(seconds=1)
    assert "30 added" in rep.last
    assert "… and 15 more" in rep.last
    assert "30 contacts are gone" in await rep.tap("Undo")
    assert not await models.Contact.filter(deleted_at=None).exists()
    await rep.send("/find Person 1")
    assert "Person 1 " not in rep.last


async def test_undo_as_a_command_takes_it_back_as_well(crm: Crm, rep: Member) -> None:
    await rep.send_document(ANNA, "anna.vcf")
    await crm.advance(seconds=1)
    await rep.send("/undo")
    assert not await models.Contact.filter(deleted_at=None).exists()


async def test_others_contacts_stay_out_of_sight(
    crm: Crm,
    rep: Member,
    join: Callable[..., Awaitable[Member]],
    make_contact: Callable[..., Awaitable[models.Contact]],
) -> None:
    theirs = await make_contact("Secret Name", phone="+48601234567")
    other = await join("rep", "Other Rep")
    await other.send_document(ANNA, "anna.vcf")
    await crm.advance(seconds=1)
    assert "Secret" not in other.seen
    await theirs.refresh_from_db()
    assert theirs.email is None
    assert await models.Contact.filter(owner_id=other.user_id, phone="+48601234567").exists()


async def test_a_forwarded_contact_with_a_vcard(crm: Crm, rep: Member) -> None:
    await rep.send_contact("+48601234567", "Anna", vcard=ANNA.decode())
    contact = await models.Contact.get()
    assert (contact.name, contact.email) == ("Anna Nowak", "anna@example.com")
    assert "anna@example.com" in rep.last
    await rep.tap("Undo")
    assert not await models.Contact.filter(deleted_at=None).exists()


async def test_a_plain_contact_is_the_product_s(crm: Crm, rep: Member) -> None:
    await rep.send_contact(
        "+48601234567", "Anna", "Nowak", vcard="BEGIN:VCARD\nFN:Anna Nowak\nTEL:+48601234567\nEND:VCARD"
    )
    assert "Contact added" in rep.last
    await rep.send_contact("+48601999888", "Jan")
    assert "Contact added" in rep.last


async def test_a_contact_comes_as_a_file_and_back(crm: Crm, rep: Member) -> None:
    await rep.send_document(ANNA, "anna.vcf")
    await crm.advance(seconds=1)
    await rep.send("/vcard Anna")
    await crm.advance(seconds=5)
    ((name, content),) = rep.files[-1:]
    assert name == "Anna Nowak.vcf"
    assert content.startswith(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Nowak\r\n")
    assert b"\r\nORG:Acme\r\n" in content
    await rep.send_document(content, name)
    await crm.advance(seconds=1)
    assert "1 known already" in rep.last


async def test_nobody_gets_somebody_else_s_contact(
    crm: Crm, join: Callable[..., Awaitable[Member]], make_contact: Callable[..., Awaitable[models.Contact]]
) -> None:
    await make_contact("Secret Name", phone="+48601234567")
    other = await join("rep", "Other Rep")
    await other.send("/vcard Secret Name")
    assert "Whose card" in other.last
    assert other.files == []


# --- hostile -----------------------------------------------------------------------------------------------------------


async def test_html_in_a_name_is_shown_as_it_is(crm: Crm, rep: Member) -> None:
    await rep.send_document(b"BEGIN:VCARD\nFN:<b>Bob</b> & <a href='x'>Co\nTEL:+48601234567\nEND:VCARD", "a<b>.vcf")
    await crm.advance(seconds=1)
    assert "<b>Bob</b> & <a href='x'>Co" in rep.last
    assert crm.failures() == 0


@pytest.mark.parametrize("content", [b"\0\x01\x02" * 1_000, b"", b"BEGIN:VCARD\nEND:VCARD\n", b"%PDF-1.7 not a card"])
async def test_what_is_no_vcard_is_said(crm: Crm, rep: Member, content: bytes) -> None:
    await rep.send_document(content, "odd.vcf")
    await crm.advance(seconds=1)
    assert "There is no vCard in it." in rep.last
    assert not await models.Contact.exists()


async def test_ten_thousand_cards_are_taken_up_to_the_limit(crm: Crm, rep: Member) -> None:
    await crm.set_up("vcard", most_cards=40)
    many = b"".join(f"BEGIN:VCARD\nFN:P{n}\nTEL:+4860{n:07}\nEND:VCARD\n".encode() for n in range(10_000))
    await rep.send_document(many, "all.vcf")
    await crm.advance(seconds=1)
    assert "40 added" in rep.last
    assert "9960 more cards are in the file" in rep.last
    assert await models.Contact.all().count() == 40


async def test_a_file_that_is_too_large_is_refused(crm: Crm, rep: Member) -> None:
    await crm.set_up("vcard", most_megabytes=1)
    await rep.send_document(ANNA + b" " * 1_100_000, "large.vcf")
    assert "is larger than 1 MB" in rep.last
    await crm.advance(seconds=1)
    assert not await models.Contact.exists()


async def test_a_file_that_cannot_be_fetched_is_asked_for_again_and_then_given_up(
    crm: Crm, rep: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(file_id: str, most_bytes: int = 0) -> bytes:
        raise OSError("no network")

    monkeypatch.setattr(crm.app.hooks.plugin("vcard"), "download", fails)
    await rep.send_document(ANNA, "anna.vcf")
    await crm.advance(minutes=2)
    assert "Reading" in rep.last
    await crm.advance(minutes=5)
    assert "could not be fetched" in rep.last
    assert crm.failures() == 0


async def test_whoever_has_left_meanwhile_gets_nothing(crm: Crm, rep: Member) -> None:
    await rep.send_document(ANNA, "anna.vcf")
    await models.User.filter(id=rep.user_id).update(active=False)
    await crm.advance(seconds=1)
    assert not await models.Contact.exists()
    assert crm.failures() == 0


async def test_cards_with_values_longer_than_any_column(crm: Crm, rep: Member) -> None:
    long = b"x" * 5_000
    await rep.send_document(
        b"BEGIN:VCARD\nFN:"
        + long
        + b"\nORG:"
        + long
        + b"\nTEL:"
        + b"1" * 500
        + b"\nEMAIL:"
        + long
        + b"@example.com\nEND:VCARD\n"
        + JAN,
        "long.vcf",
    )
    await crm.advance(seconds=1)
    assert await models.Contact.all().count() == 2
    assert crm.failures() == 0
