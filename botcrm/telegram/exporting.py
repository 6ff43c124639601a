"""Records as a file in the chat: CSV, XLSX or JSON, of what the reader may take out at the moment when it is sent."""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Any

from botcrm.app import App
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.query import parse_query
from botcrm.core.services.actor import Actor
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.exporting.export import ENTITY_OF, Narrowed, all_columns, demand_export, export_rows
from botcrm.core.services.exporting.formats import Xlsx, csv_text, json_text
from botcrm.core.services.files_out import MOST_BYTES
from botcrm.core.services.filters import filter_of
from botcrm.core.services.queries.queries import narrowed
from botcrm.core.services.reading import Reading
from botcrm.core.services.search.searching import all_found
from botcrm.core.services.work import Work
from botcrm.reminders.outbox_rows import OutboxRow
from botcrm.telegram.errors import words_for
from botcrm.telegram.reports import Call
from botcrm.telegram.screens.base import Screen, bold
from botcrm.words import Words

log = logging.getLogger(__name__)

EXPORT = "export_file"


class TooLarge(CrmError):
    message = (
        "The file would be larger than Telegram takes (50 MB). Narrow the list, or use botcrm export on the server."
    )


async def export_call(app: App, actor: Actor, words: Words, row: OutboxRow) -> Call:
    """Return the call that carries an export; what went wrong is said in it."""
    kind, form = str(row.args["kind"]), str(row.args["form"])
    work = Reading(actor, app.now(), Buffer(company=None, hooks=app.hooks))
    try:
        count, content = await _written(work, kind, form, await _only(work, kind, row.args))
    except CrmError as exc:
        return Call("sendMessage", Screen(words_for(words, exc)).payload(row.chat_id))
    except OSError as exc:
        log.exception("an export could not be written")
        return Call("sendMessage", {"chat_id": row.chat_id, "text": f"✋ {exc.strerror}"})
    caption = f"{bold(words.t(kind))} · " + words.n("{n} row", "{n} rows", count)
    name = f"{kind}-{words.wall(words.now).date().isoformat()}.{form}"
    payload = {"chat_id": row.chat_id, "caption": caption, "parse_mode": "HTML"}
    return Call("sendDocument", payload, {"document": (name, content)})


async def _only(work: Work, kind: str, args: dict[str, Any]) -> Narrowed | None:
    """Return what a list was narrowed to when its export was asked for, what was searched for then, or what a filter asks for."""
    if args.get("query") is not None:
        return await narrowed(work, ENTITY_OF[kind], parse_query(str(args["query"]), ENTITY_OF[kind]))
    if args.get("text"):
        return Narrowed(*await all_found(work, str(args["text"]), ENTITY_OF[kind]))
    if kind != "deals":
        return None
    condition, values = (await filter_of(work, str(args.get("code") or ""))).sql()
    whose = ""
    if args.get("owner_id"):
        whose, values = " AND d.owner_id = ?", [int(args["owner_id"]), *values]
    if args.get("open"):
        whose = f"{whose} AND d.status = 'open'"
    if not condition and not whose:
        return None
    return Narrowed(f"t.id IN (SELECT d.id FROM deal d WHERE d.deleted_at IS NULL{whose}{condition})", tuple(values))


async def _written(work: Work, kind: str, form: str, only: Narrowed | None) -> tuple[int, bytes]:
    demand_export(work, kind)
    count = 0

    async def counted() -> Any:
        nonlocal count
        async for one in export_rows(work, kind, only=only):
            count += 1
            yield one

    with tempfile.TemporaryDirectory(prefix="botcrm-export-") as folder:
        path = Path(folder) / "export"
        if form == "xlsx":
            book = Xlsx(await all_columns(kind))
            async for one in counted():
                book.row(one)
            await asyncio.to_thread(book.save, path)
        else:
            size = 0
            pieces = csv_text(counted(), await all_columns(kind)) if form == "csv" else json_text(counted())
            with path.open("wb") as file:
                if form == "csv":
                    file.write(b"\xef\xbb\xbf")
                async for piece in pieces:
                    size += file.write(piece.encode())
                    if size > MOST_BYTES:
                        raise TooLarge
        content = await asyncio.to_thread(path.read_bytes)
    if len(content) > MOST_BYTES:
        raise TooLarge
    return count, content
