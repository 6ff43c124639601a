"""Looking a sent file through, and sending records out as a file: when the answer is sent, in no transaction."""

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Operation
from botcrm.core.services.actor import Actor
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.files_out import read_file
from botcrm.core.services.reading import Reading
from botcrm.core.services.staff.people import actor_by_id
from botcrm.imports import problems
from botcrm.imports.analysing import Analysis, analyse, read_layout, remember_columns
from botcrm.imports.earlier import systems
from botcrm.imports.encodings import SAMPLE, likely
from botcrm.imports.opened import PREFIX
from botcrm.imports.sources import TITLES
from botcrm.imports.table import UnreadableFile
from botcrm.reminders.outbox_rows import OutboxRow, Undeliverable
from botcrm.telegram.api import Transport, download
from botcrm.telegram.errors import words_for
from botcrm.telegram.exporting import EXPORT, export_call
from botcrm.telegram.reports import Call, card_call
from botcrm.telegram.screens.base import esc
from botcrm.telegram.screens.importing import failed_screen, preview_of, preview_screen
from botcrm.words import Words

log = logging.getLogger(__name__)

PREVIEW, PROBLEMS = "import_preview", "import_problems"
NOTICES = frozenset({PREVIEW, PROBLEMS, EXPORT})
# What a bot may fetch: core.telegram.org/bots/api#getfile
MOST_BYTES = 20 * 1024 * 1024
_SAMPLES = 4


class ImportCalls:
    """Makes the calls that show a file before it is imported, and those that carry an export."""

    def __init__(self, app: App, transport: Transport) -> None:
        self._app = app
        self._transport = transport

    async def call(self, row: OutboxRow) -> Call:
        """Return the call that a row of the outbox stands for; what went wrong is said in it.

        :raises Undeliverable: the reader has left, or the import has begun or was given up
        """
        actor = await actor_by_id(self._app.defaults, row.user_id or 0)
        if actor is None:
            raise Undeliverable("of no use any more")
        words = Words(actor.prefs, self._app.now())
        if row.notice == EXPORT:
            return await export_call(self._app, actor, words, row)
        operation = await Operation.filter(id=row.args["operation_id"], actor_id=actor.id, state="draft").first()
        if operation is None:
            raise Undeliverable("of no use any more")
        try:
            found, letters = await self._looked_through(actor, operation)
            if row.notice == PROBLEMS:
                return _problems_call(words, row, operation, found)
            await self._keep(actor, words, operation, found, letters)
            screen = preview_screen(words, operation)
        except UnreadableFile as exc:
            said = words.t(exc.message, name=esc(exc.name), reason=words.t(exc.reason))
            screen = failed_screen(words, operation, said, again=False)
        except CrmError as exc:
            screen = failed_screen(words, operation, words_for(words, exc), again=False)
        except (OSError, ValueError) as exc:
            log.warning("a file to be imported cannot be had: %s", exc)
            said = words.t("The file cannot be fetched: {reason}", reason=esc(str(exc)[:200]))
            screen = failed_screen(words, operation, said, again=True)
        return card_call(row, screen)

    async def _looked_through(self, actor: Actor, operation: Operation) -> tuple[Analysis, dict[str, str]]:
        """Return what is in a file, and the encodings that it may be in, with a line of each."""
        content = await self._content(operation)
        params = operation.params
        work = Reading(actor, self._app.now(), Buffer(company=None, hooks=self._app.hooks))
        with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
            path = Path(folder) / "file"
            await asyncio.to_thread(path.write_bytes, content)
            name, read = params["name"], params.get("read", {})
            layout = await read_layout(path, operation.entity, name=name, chosen=params.get("chosen"), **read)
            letters = await asyncio.to_thread(likely, content[:SAMPLE]) if layout.about.kind == "csv" else {}
            return await analyse(work, path, layout, name=name), letters

    async def _content(self, operation: Operation) -> bytes:
        stored = operation.params.get("stored")
        found = await read_file(int(stored)) if stored else None
        if found is not None:
            return found[1]
        content = await download(self._transport, operation.params["file_id"], MOST_BYTES)
        async with self._app.work() as work:
            number = await db.insert(
                "outgoing_file", name=operation.params["name"][:200], content=content, created_at=work.now
            )
            operation.params = {**operation.params, "stored": number}
            await operation.save(update_fields=["params"])
        return content

    async def _keep(
        self, actor: Actor, words: Words, operation: Operation, found: Analysis, letters: Mapping[str, str]
    ) -> None:
        """Keep how the file was understood: what is imported is what was shown."""
        layout = found.layout
        operation.params = {
            **operation.params,
            "header": list(layout.header),
            "mapping": list(layout.mapping),
            "source": layout.source,
            "kind": layout.about.kind,
            "encoding": layout.about.encoding,
            "delimiter": layout.about.delimiter,
            "sheet": layout.about.sheet,
        }
        operation.progress = {
            "preview": preview_of(words, found),
            "samples": {
                str(place): [row[place][:60] for row in layout.sample[:_SAMPLES] if place < len(row)]
                for place in range(len(layout.header))
            },
            "letters": [[name, line[:100]] for name, line in letters.items()],
            "systems": [*await systems(), *TITLES],
        }
        operation.counts = {"total": found.counts["total"]}
        async with self._app.work(actor) as work:
            if operation.params.get("chosen"):
                await remember_columns(work, layout)
            await operation.save(update_fields=["params", "progress", "counts"])


def _problems_call(words: Words, row: OutboxRow, operation: Operation, found: Analysis) -> Call:
    layout = found.layout
    content = problems.header_line(layout.header, layout.about.delimiter) + problems.csv_lines(
        words, found.bad, len(layout.header), layout.about.delimiter
    )
    name = f"{Path(operation.title).stem}.problems.csv"
    caption = words.t("Mend the rows and send this file back; the last column says what is wrong.")
    return Call("sendDocument", {"chat_id": row.chat_id, "caption": caption}, {"document": (name, content)})
