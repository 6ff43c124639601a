"""Take a card into the CRM: a contact that is known gets what it lacks, another one is added; all of it can be taken back."""

from collections import Counter
from dataclasses import dataclass

from botcrm import (
    Button,
    Chat,
    CrmError,
    Screen,
    Words,
    Work,
    bold,
    clip,
    dots,
    esc,
    events,
    lines,
    models,
    services,
)
from botcrm_vcard.cards import Card

_SHOWN = 15
_MOST_NAME = 300


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a card.

    :ivar done: added, completed (something it lacked was filled in), known, or left (there was nothing to call it by)
    """

    done: str
    record: models.Contact | models.Company | None = None


async def take(work: Work, card: Card, telegram_id: int | None = None) -> Taken:
    """Take a card in, in the hands of whoever sent it.

    :raises NotAllowed: they may not add contacts
    """
    if not card.called:
        return Taken("left")
    company, new_company = await _company(work, card)
    if not card.name and company is not None:
        return await _as_company(work, card, company, new=new_company)
    phones = [phone for text in card.phones if (phone := _read_phone(work, text))]
    emails = [email for text in card.emails if (email := _read_email(text))]
    known = await _known(work, card, phones, emails)
    company_id = company.id if company else None
    if known is not None:
        return await _complete(work, known, phones, emails, company_id)
    contact = await services.add_contact(
        work,
        card.called,
        phone=next(iter(phones), None),
        email=next(iter(emails), None),
        company_id=company_id,
        telegram_id=telegram_id,
    )
    await _note(work, card, phones[:1], emails[:1], contact_id=contact.id)
    return Taken("added", contact)


def _read_phone(work: Work, text: str) -> str | None:
    try:
        return services.clean_phone(work, text)
    except CrmError:
        return None


def _read_email(text: str) -> str | None:
    try:
        return services.clean_email(text)
    except CrmError:
        return None


async def _company(work: Work, card: Card) -> tuple[models.Company | None, bool]:
    """Return the company of a card's organisation, and whether it was added; one within reach of that very name, else a new one."""
    name = card.company[:_MOST_NAME].strip()
    if not name:
        return None, False
    await work.flush()
    found = next((item for item in await services.search(work, name, ("company",)) if item.exact), None)
    if found is not None:
        return await services.load(work, models.Company, found.record_id), False
    return await services.add_company(work, name), True


async def _as_company(work: Work, card: Card, company: models.Company, *, new: bool) -> Taken:
    values = {
        "phone": next((phone for text in card.phones if (phone := _read_phone(work, text))), None),
        "email": next((email for text in card.emails if (email := _read_email(text))), None),
    }
    lacking = {name: value for name, value in values.items() if value and not getattr(company, name)}
    if lacking:
        company = await services.change_record(work, models.Company, company.id, **lacking)
    if new:
        kept = [value for value in (company.phone, company.email) if value]
        await _note(work, card, kept, kept, company_id=company.id)
    return Taken("added" if new else "completed" if lacking else "known", company)


async def _known(work: Work, card: Card, phones: list[str], emails: list[str]) -> models.Contact | None:
    """Return the contact within reach with one of these numbers or addresses; a card without any is known by its name."""
    for phone in phones:
        contact = await services.contact_by_phone(work, phone)
        if contact is not None:
            return contact
    reached = services.owned_sql("owner_id", services.owners(work.actor, "contact"))
    for email in emails:
        rows = await services.fetch(
            work,
            f"SELECT id FROM contact WHERE email = ? AND deleted_at IS NULL AND {reached} ORDER BY id LIMIT 1",
            email,
        )
        if rows:
            return await services.load(work, models.Contact, rows[0]["id"])
    if phones or emails:
        return None
    await work.flush()
    found = next((item for item in await services.search(work, card.called, ("contact",)) if item.exact), None)
    return await services.load(work, models.Contact, found.record_id) if found else None


async def _complete(
    work: Work, contact: models.Contact, phones: list[str], emails: list[str], company_id: int | None
) -> Taken:
    """Fill in what a contact lacks; what it has stays."""
    values = {"phone": next(iter(phones), None), "email": next(iter(emails), None), "company_id": company_id}
    lacking = {name: value for name, value in values.items() if value and not getattr(contact, name)}
    if not lacking:
        return Taken("known", contact)
    return Taken("completed", await services.change_record(work, models.Contact, contact.id, **lacking))


async def _note(work: Work, card: Card, phones: list[str], emails: list[str], **about: int) -> None:
    """Keep as a note what has no field: more numbers and addresses, those nobody can read, and the rest of the card."""
    numbers = [text for text in card.phones if _read_phone(work, text) not in phones]
    addresses = [text for text in card.emails if _read_email(text) not in emails]
    text = "\n".join((*(f"📞 {number}" for number in numbers), *(f"✉️ {address}" for address in addresses), *card.more))
    if text:
        await services.add_note(work, text[:10_000], **about)


# --- the answer ------------------------------------------------------------------------------------------------------


async def summary(work: Work, words: Words, work_id: int, *, head: str, known: int, left: int, beyond: int) -> Screen:
    """Return what one import did, read from the events that it left.

    :param known: how many cards brought nothing new
    :param left: how many said nothing to call them by
    :param beyond: how many the file holds above what is taken at once
    """
    rows = await models.EventRow.filter(work_id=work_id).order_by("id")
    done: dict[tuple[str, int], str] = {}
    for row in rows:
        if row.type in (events.ContactCreated.__name__, events.CompanyCreated.__name__):
            done[(row.entity, row.record_id)] = "added"
        elif row.type in (events.ContactChanged.__name__, events.CompanyChanged.__name__):
            done.setdefault((row.entity, row.record_id), "completed")
    counts = Counter(done.values())
    shown = [await _shown(work, entity, record_id, how) for (entity, record_id), how in list(done.items())[:_SHOWN]]
    text = lines(
        head,
        dots(
            words.t("{n} added", n=counts["added"]) if counts["added"] else None,
            words.t("{n} completed", n=counts["completed"]) if counts["completed"] else None,
            words.t("{n} known already", n=known) if known else None,
        )
        or words.t("There is no vCard in it."),
        *shown,
        words.n("… and {n} more", "… and {n} more", len(done) - _SHOWN) if len(done) > _SHOWN else "",
        words.n(
            "⚠ {n} card was left out: it names nobody, or is not yours to add.",
            "⚠ {n} cards were left out: they name nobody, or are not yours to add.",
            left,
        )
        if left
        else "",
        words.n(
            "⚠ {n} more card is in the file: send the rest in smaller files.",
            "⚠ {n} more cards are in the file: send the rest in smaller files.",
            beyond,
        )
        if beyond
        else "",
    )
    undo = Button("↩ " + words.t("Undo"), press="undo", args=(work_id,))
    return Screen(text, ((undo,),) if done else ())


async def _shown(work: Work, entity: str, record_id: int, how: str) -> str:
    record: models.Contact | models.Company
    if entity == "contact":
        record = await services.load(work, models.Contact, record_id)
    else:
        record = await services.load(work, models.Company, record_id)
    sign = "✅" if how == "added" else "✏️"
    place = "🏢" if entity == "company" else "👤"
    facts = dots(esc(record.phone), esc(record.email), services.ref(entity, record_id))
    return f"{sign} {place} {bold(clip(record.name, 60))} · {facts}"


async def take_back(chat: Chat, work_id: str) -> str:
    """Take one import back.

    :raises NewerChange: somebody has worked on one of the contacts since
    """
    records = await services.undo(chat.work, int(work_id))
    gone = sum(record.deleted_at is not None and isinstance(record, models.Contact) for record in records)
    text = chat.words.n("Taken back: {n} contact is gone.", "Taken back: {n} contacts are gone.", gone)
    return "↩ " + text
