"""Inline mode: `@bot acme` in any chat finds what the writer may see; what is sent on is the name alone."""

from typing import Any

from botcrm.core.services.access import ref
from botcrm.core.services.search.subjects import search
from botcrm.core.services.search.texts import search_said
from botcrm.core.services.work import Work
from botcrm.telegram.screens.base import clip, dots
from botcrm.telegram.screens.cards import SIGNS

_SHOWN, _SAID = 20, 5


async def results(work: Work, query: str) -> list[dict[str, Any]]:
    """Return the Bot API's InlineQueryResults for a query, best first: records, then those whose notes say it."""
    if not query.strip():
        return []
    shown = {
        ref(item.entity, item.record_id): _result(item.entity, item.record_id, item.name)
        for item in await search(work, query, limit=_SHOWN)
    }
    for said in await search_said(work, query, _SAID) if len(shown) < _SHOWN else ():
        place = f"{said.before}{said.found}{said.after}"
        shown.setdefault(ref(said.entity, said.record_id), _result(said.entity, said.record_id, said.name, place))
    return list(shown.values())


def _result(entity: str, record_id: int, name: str, place: str = "") -> dict[str, Any]:
    return {
        "type": "article",
        "id": ref(entity, record_id),
        "title": f"{SIGNS.get(entity, '📝')} {name}"[:200],
        "description": dots(ref(entity, record_id), clip(place, 100) or None),
        "input_message_content": {"message_text": name[:4000]},
    }
