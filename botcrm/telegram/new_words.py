"""A word that somebody typed where a dictionary's are offered: it is kept, and proposed for the dictionary."""

from botcrm.core.domain.text import fold
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.access import ref
from botcrm.core.services.custom import dictionaries
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, clip, pack

# A longer one is a sentence, no word.
_LONGEST = 60


async def with_new_word(
    ctx: Context, screen: Screen, dictionary: str, record: Deal | Contact | Company | Lead
) -> Screen:
    """Propose what stands on a record for its dictionary, to whoever may add it, where it is not there yet."""
    word = str(getattr(record, dictionary, None) or "")
    if not word or len(word) > _LONGEST or not dictionaries.may_add(ctx.work):
        return screen
    if fold(word) in {fold(one.name) for one in await dictionaries.choices(dictionary)}:
        return screen
    label = ctx.words.t("Add “{word}” to the list", word=clip(word, 24))
    add = [Button("➕ " + label, pack("kp", dictionary, ref(*about_of(record))))]
    return Screen(screen.text, (add, *screen.rows), screen.about)
