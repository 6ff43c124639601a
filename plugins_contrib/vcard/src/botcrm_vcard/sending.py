"""The command /vcard."""

from botcrm import Chat, Line, Work, bold, models
from botcrm_vcard.cards import Card
from botcrm_vcard.writing import file_name, write_card


async def send_card(chat: Chat, line: Line) -> str | None:
    """Send a contact or a company as a file."""
    record = chat.record
    if record is None:
        return chat.words.t("✋ Whose card? Like this: {example}", example="<code>/vcard Anna</code>")
    assert isinstance(record, models.Contact | models.Company)
    card = await card_of(chat.work, record)
    await chat.send_file(file_name(card), write_card(card), bold(card.called))
    return None


async def card_of(work: Work, record: models.Contact | models.Company) -> Card:
    """Return what a record says on a card."""
    phones, emails = (tuple(filter(None, (value,))) for value in (record.phone, record.email))
    if isinstance(record, models.Company):
        return Card("", record.name, phones, emails)
    company = await models.Company.filter(id=record.company_id).first() if record.company_id else None
    return Card(record.name, company.name if company else "", phones, emails)
