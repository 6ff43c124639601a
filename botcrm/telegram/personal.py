"""All that is kept of a person, as one ZIP file: the document, and the files that can still be had from Telegram."""

import asyncio
import contextlib
import io
import zipfile
from collections.abc import AsyncIterator

from botcrm.app import App
from botcrm.core.domain.errors import CrmError
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.files_out import MOST_BYTES
from botcrm.core.services.personal.export import Document, gather
from botcrm.core.services.reading import Reading
from botcrm.core.services.staff.people import actor_by_id
from botcrm.reminders.outbox_rows import OutboxRow, Undeliverable
from botcrm.telegram.api import Transport, download
from botcrm.telegram.errors import words_for
from botcrm.telegram.reports import Call
from botcrm.telegram.screens.base import Screen, bold
from botcrm.words import Words

PERSONAL = "personal_file"
# What Telegram gives a bot of a file that was sent to it: core.telegram.org/bots/api#getfile
_MOST_FETCHED = 20 * 1024 * 1024


async def fetched(
    transport: Transport | None, document: Document, missing: dict[str, str], most: int = MOST_BYTES - 1024 * 1024
) -> AsyncIterator[tuple[str, bytes]]:
    """Yield the files of a person by their names; why one cannot be had goes into `missing`.

    :param most: bytes that they may have together
    """
    size = 0
    for file in document.files:
        if transport is None:
            missing[file.name] = f"no connection; Telegram's file id: {file.file_id}"
            continue
        try:
            content = await download(transport, file.file_id, min(_MOST_FETCHED, most - size))
        except (OSError, ValueError) as error:
            missing[file.name] = f"{error}; Telegram's file id: {file.file_id}"
            continue
        size += len(content)
        yield file.name, content


async def zipped(transport: Transport | None, document: Document, most: int = MOST_BYTES - 1024 * 1024) -> bytes:
    """Return a person's document with their files as a ZIP file."""
    buffer = io.BytesIO()
    missing: dict[str, str] = {}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        async with contextlib.aclosing(fetched(transport, document, missing, most)) as files:  # type: ignore[type-var]
            async for name, content in files:
                await asyncio.to_thread(archive.writestr, f"files/{name}", content)
        archive.writestr("person.json", document.text(missing))
    return buffer.getvalue()


async def personal_call(app: App, transport: Transport, row: OutboxRow) -> Call:
    """Return the call that carries what is kept of a person; what went wrong is said in it.

    :raises Undeliverable: the reader has left
    """
    actor = await actor_by_id(app.defaults, row.user_id or 0)
    if actor is None:
        raise Undeliverable("of no use any more")
    words = Words(actor.prefs, app.now())
    work = Reading(actor, app.now(), Buffer(company=None, hooks=app.hooks))
    try:
        document = await gather(work, str(row.args["of"]), int(row.args["number"]))
    except CrmError as exc:
        return Call("sendMessage", Screen(words_for(words, exc)).payload(row.chat_id))
    caption = "🔒 " + words.t("All that is kept of {ref}.", ref=bold(document.ref))
    payload = {"chat_id": row.chat_id, "caption": caption, "parse_mode": "HTML"}
    return Call("sendDocument", payload, {"document": (f"{document.ref}.zip", await zipped(transport, document))})
