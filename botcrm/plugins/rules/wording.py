"""What the parts say: names of what they point to, and texts with places for a record's facts."""

import re

from botcrm import Words, Work, models, services

PLACES = ("title", "amount", "company", "contact", "owner", "stage", "ref")
PLACES_TEXT = " ".join(f"{{{place}}}" for place in PLACES)
_PLACE = re.compile(r"\{(\w*)\}")


def words_of(work: Work) -> Words:
    """Return how to speak to the actor."""
    return Words(work.prefs, work.now)


async def stage_name(stage_id: int) -> str:
    """Return what a stage is called."""
    stage = await models.Stage.filter(id=stage_id).first()
    return stage.name if stage else "?"


async def person_name(work: Work, user_id: int | None) -> str:
    """Return a person's name; empty for nobody."""
    user = await models.User.filter(id=user_id).first() if user_id else None
    return user.name if user else ""


def checked(text: str) -> str:
    """Return a text whose places are all known ones.

    :raises ValueError: one is not
    """
    for place in _PLACE.findall(text):
        if place not in PLACES:
            raise ValueError(f"There is no {{{place}}}; known: {PLACES_TEXT}.")
    return text


async def filled(work: Work, text: str, record: models.Record) -> str:
    """Fill a text's places with a record's facts; what the record does not have becomes nothing."""
    places = set(_PLACE.findall(text))
    facts = {place: await _fact(work, place, record) for place in places & set(PLACES)}
    found = _PLACE.sub(lambda match: facts.get(match[1], match[0]), text)
    return " ".join(found.split())


async def _fact(work: Work, place: str, record: models.Record) -> str:
    entity = record._meta.db_table
    match place:
        case "title":
            return await _title(record)
        case "ref":
            return services.ref(entity, record.id)
        case "amount":
            return words_of(work).money(getattr(record, "amount", None), getattr(record, "currency", "") or "")
        case "owner":
            return await person_name(work, getattr(record, "owner_id", None))
        case "stage":
            stage_id = getattr(record, "stage_id", None)
            return await stage_name(stage_id) if stage_id else ""
        case "company":
            return await _company(record)
    if isinstance(record, models.Contact | models.Lead):
        return record.name
    contact_id = getattr(record, "contact_id", None)
    contact = await models.Contact.filter(id=contact_id, deleted_at=None).first() if contact_id else None
    return contact.name if contact else ""


async def _title(record: models.Record) -> str:
    """Return what a record is called: a deal with its company, once."""
    names = (getattr(record, name, "") for name in ("title", "name", "text"))
    title = next((str(name) for name in names if name), "")
    company = await _company(record) if isinstance(record, models.Deal) else ""
    return title if title.casefold().startswith(company.casefold()) else f"{company} {title}".strip()


async def _company(record: models.Record) -> str:
    if isinstance(record, models.Company):
        return record.name
    company_id = getattr(record, "company_id", None)
    company = await models.Company.filter(id=company_id, deleted_at=None).first() if company_id else None
    return company.name if company else str(getattr(record, "company_name", ""))
