"""The question about a row that is like a record which is there, with that record as its reader may see it."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Operation
from botcrm.core.services.access import load_any, ref
from botcrm.core.services.work import Work
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.importing import asked_screen
from botcrm.words import Words


async def next_question(work: Work, words: Words, operation: Operation) -> Screen:
    """Return the question about the first row that is left."""
    asked = operation.progress.get("asked", ())
    if not asked:
        return asked_screen(words, operation, "", "")
    record_id = asked[0]["record_id"]
    try:
        record = await load_any(work, operation.entity, record_id)
    except NotFound:
        return asked_screen(words, operation, "?", ref(operation.entity, record_id))
    name = str(getattr(record, "title", "") or getattr(record, "name", ""))
    return asked_screen(words, operation, name, ref(operation.entity, record_id))
