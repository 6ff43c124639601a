"""Ask a colleague about a record, and keep question and answer with it."""

from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.models import Note, Record
from botcrm.core.services.access import facts_of, load_any
from botcrm.core.services.activities import add_note
from botcrm.core.services.staff.people import actor_by_id, person_by_id
from botcrm.core.services.work import ENTITIES, Work

_HOLDERS = ("deal", "lead", "contact", "company")


class NobodyToAsk(CrmError):
    """Whoever is asked has no chat with the bot, is oneself, or may not see the record."""

    message = "{name} cannot be asked about this: it is not theirs to see, or they have no chat with the bot."


async def ask_about(work: Work, record: Record, user_id: int, text: str) -> Note:
    """Ask a colleague about a deal, lead, contact or company; the question is kept there as a note.

    :raises NobodyToAsk: they cannot be told, or the record is not theirs to see
    """
    entity = ENTITIES[type(record)]
    person = await person_by_id(work.company, user_id)
    theirs = await actor_by_id(work.company, user_id)
    if person is None or theirs is None or person.telegram_id is None or user_id == work.actor.id:
        raise NobodyToAsk(name=person.name if person else "?")
    try:
        await load_any(work.acting_as(theirs), entity, record.id)
    except NotFound:
        raise NobodyToAsk(name=person.name) from None
    links = {name: value for name, value in facts_of(record).items() if value}
    note = await add_note(work, f"→ {person.name}: {text}", **links)
    about = (entity, record.id)
    await work.tell(person.id, person.telegram_id, "question", about=about, note_id=note.id, text=text)
    return note


async def question_of(work: Work, note_id: int) -> tuple[Note, Record]:
    """Return a question and the record it is about.

    :raises NotFound: there is none, or the record is out of the actor's reach
    """
    note = await Note.filter(id=note_id, deleted_at=None).first() if 0 < note_id < 2**31 else None
    for entity in _HOLDERS if note else ():
        record_id = getattr(note, f"{entity}_id")
        if note is not None and record_id:
            return note, await load_any(work, entity, record_id)
    raise NotFound(ref=f"n{note_id}")


async def answer_question(work: Work, note_id: int, text: str) -> Note:
    """Keep the answer with the record, and bring it to whoever asked.

    :raises NotFound: there is no such question within reach
    """
    question, record = await question_of(work, note_id)
    links = {name: value for name, value in facts_of(record).items() if value}
    note = await add_note(work, text, **links)
    asker = await person_by_id(work.company, question.owner_id or 0)
    if asker is not None:
        about = (ENTITIES[type(record)], record.id)
        await work.tell(
            asker.id, asker.telegram_id, "question_answered", about=about, note_id=note.id, question_id=question.id
        )
    return note
