"""The job that fetches a file and takes its cards in, a few at a time, so that nobody else waits for the database."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import Any

from botcrm import CrmError, Plugin, Words, Work, bold, clip, services
from botcrm_vcard.cards import Card
from botcrm_vcard.reading import read_cards
from botcrm_vcard.taking import summary, take

READ = "vcard.read"
_AT_ONCE = 10
_TRIES = 5
_WAIT = timedelta(minutes=1)
# So many cards are counted in a file; the answer then says "more".
_MOST_COUNTED = 100_000


def _read(content: bytes, most: int) -> tuple[list[Card], int]:
    """Return the first cards of a file, and how many there are beyond."""
    cards = read_cards(content)
    taken = list(islice(cards, most))
    return taken, sum(1 for _ in islice(cards, _MOST_COUNTED))


async def read_file(plugin: Plugin, payload: dict[str, Any]) -> None:
    """Fetch a file and take it in.

    It may run twice after a crash: what it took in the first time is known then, and the answer is read from the events.
    """
    try:
        await _read_in(plugin, payload)
    except CrmError as exc:
        # Whoever sent it has left, or may no longer add anything: there is nobody to tell.
        plugin.log.warning("a file was not taken in: %s", type(exc).__name__)


async def _read_in(plugin: Plugin, payload: dict[str, Any]) -> None:
    name, settings = str(payload["name"]), plugin.settings
    try:
        content = await plugin.download(str(payload["file_id"]), settings.most_megabytes * 1_000_000)
    except ValueError:
        await _refuse(plugin, payload, "{name} is larger than {n} MB: send it in parts.", n=settings.most_megabytes)
        return
    except OSError:
        if int(payload["attempt"]) < _TRIES:
            await _again(plugin, payload)
        else:
            await _refuse(plugin, payload, "{name} could not be fetched from Telegram. Please send it again.")
        return
    cards, beyond = await asyncio.to_thread(_read, content, settings.most_cards)
    counts: Counter[str] = Counter()
    for start in range(0, len(cards), _AT_ONCE):
        async with plugin.work() as work:
            theirs = await _theirs(work, payload)
            for card in cards[start : start + _AT_ONCE]:
                counts[await _taken(theirs, card)] += 1
    async with plugin.work() as work:
        theirs = await _theirs(work, payload)
        words = Words(theirs.prefs, theirs.now)
        head = "👥 " + bold(clip(name, 60))
        screen = await summary(
            theirs, words, theirs.id, head=head, known=counts["known"], left=counts["left"], beyond=beyond
        )
        buttons = [
            {"label": one.label, "press": one.press, "args": list(one.args)} for row in screen.rows for one in row
        ]
        await _tell(work, payload, screen.text, buttons)


async def _theirs(work: Work, payload: dict[str, Any]) -> Work:
    """Return the work in the hands of whoever sent the file; all of it counts as one, so that one undo takes it back."""
    theirs = await services.in_hands_of(work, int(payload["user_id"]))
    theirs.id = int(payload["work_id"])
    return theirs


async def _taken(work: Work, card: Card) -> str:
    try:
        async with work.savepoint():
            return (await take(work, card)).done
    except CrmError:
        # One that this person may not add or change costs no other.
        return "left"


async def _again(plugin: Plugin, payload: dict[str, Any]) -> None:
    attempt = int(payload["attempt"]) + 1
    async with plugin.work() as work:
        key = f"{READ}:{payload['work_id']}:{attempt}"
        await work.plan_job(READ, key, work.now + _WAIT, **payload | {"attempt": attempt})


async def _refuse(plugin: Plugin, payload: dict[str, Any], text: str, **values: Any) -> None:
    async with plugin.work() as work:
        theirs = await _theirs(work, payload)
        words = Words(theirs.prefs, theirs.now)
        await _tell(work, payload, "✋ " + words.t(text, name=bold(clip(str(payload["name"]), 60)), **values), [])


async def _tell(work: Work, payload: dict[str, Any], text: str, buttons: list[dict[str, Any]]) -> None:
    key = f"{READ}:{payload['work_id']}"
    await services.tell_person(
        work, int(payload["user_id"]), "plain", key=key, plugin="vcard", text=text, buttons=buttons
    )
