"""Inline mode: `@bot acme` in any chat finds what the writer may see; what is sent on is the name alone."""

from typing import Any

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.services.subjects import search
from botcrm.core.services.work import Work
from botcrm.telegram.screens.cards import SIGNS


async def results(work: Work, query: str) -> list[dict[str, Any]]:
    """Return the Bot API's InlineQueryResults for a query, best first."""
    found = await search(work, query, limit=20) if query.strip() else []
    return [
        {
            "type": "article",
            "id": f"{LETTERS[Entity(item.entity)]}{item.record_id}",
            "title": f"{SIGNS[item.entity]} {item.name}"[:200],
            "description": f"{LETTERS[Entity(item.entity)]}{item.record_id}",
            "input_message_content": {"message_text": item.name[:4000]},
        }
        for item in found
    ]
