"""Commands about the data: out, copied, brought up to date, tried again."""

import asyncio
import contextlib
import shutil
import sqlite3
import sys
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from botcrm.cli.failures import Failure
from botcrm.cli.session import colleague, opened, read_settings
from botcrm.core import db, schema
from botcrm.core.services.doctor import retry_quarantined
from botcrm.core.services.exporting import export as exports
from botcrm.core.services.exporting import formats as export_formats
from botcrm.core.services.queries.queries import narrowed
from botcrm.core.services.staff.people import actor_by_id, preferences, system
from botcrm.core.services.work import Work


def export(options: Namespace) -> int:
    """Write records out."""
    asyncio.run(_export(options.kind, options.format, options.output, options.actor, options.filter))
    return 0


async def _export(kind: str, form: str, output: str | None, name: str | None, query: str | None) -> None:
    async with opened() as app:
        company = await preferences(app.defaults)
        # Not `app.work()`: its transaction would keep the bot from writing until the last row is out.
        work = Work(system(company), app.now())
        if name:
            actor = await actor_by_id(app.defaults, (await colleague(work, name)).id)
            assert actor
            work = work.acting_as(actor)
        if query is not None and kind not in exports.ENTITY_OF:
            raise Failure(f"{kind} cannot be filtered")
        only = await narrowed(work, exports.ENTITY_OF[kind], query) if query is not None else None
        rows = exports.export_rows(work, kind, zone=company.zone, only=only)
        if form == "xlsx":
            book = export_formats.Xlsx(await exports.all_columns(kind))
            async for row in rows:
                book.row(row)
            _save(book, output)
            return
        csv = form == "csv"
        pieces = (
            export_formats.csv_text(rows, await exports.all_columns(kind)) if csv else export_formats.json_text(rows)
        )
        await _write(pieces, output)


async def _write(pieces: AsyncIterator[str], output: str | None) -> None:
    with output_file(output) as target:
        async for piece in pieces:
            target.write(piece.encode())


def _save(book: export_formats.Xlsx, output: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "export.xlsx"
        book.save(made)
        with output_file(output) as target, made.open("rb") as file:
            shutil.copyfileobj(file, target)


@contextlib.contextmanager
def output_file(output: str | None) -> Iterator[BinaryIO]:
    """Open what is written to; a file gets its name when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    path = Path(output)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def migrate() -> int:
    """Bring the database up to date."""
    applied = asyncio.run(schema.migrate(read_settings().database_url))
    print("\n".join(f"applied {name}" for name in applied) or "The database is up to date.")
    return 0


def backup(options: Namespace) -> int:
    """Copy an SQLite database while it may be in use, and check the copy."""
    source = db.sqlite_path(read_settings().database_url)
    target = Path(options.file)
    if source is None:
        raise Failure(f"PostgreSQL is backed up by its own tool: pg_dump --format=custom --file={target} DATABASE")
    if not source.is_file():
        raise Failure(f"there is no database yet at {source}")
    if target.exists():
        raise Failure(f"{target} exists; name another file")
    part = target.with_name(f"{target.name}.part")
    try:
        _copy(source, part)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise Failure(f"no copy at {target}: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, checked.")
    return 0


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)  # what a copy that was broken off has left
    with (
        contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        # The copy is one file: without this it would need its -wal file beside it.
        new.execute("PRAGMA journal_mode = DELETE")
        answer = new.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        raise Failure(f"the database is damaged: {answer}")


def retry() -> int:
    """Put updates that were set aside back into the queue."""
    count = asyncio.run(_retry())
    print(f"Updates to be handled again: {count}. A running bot takes them up within half a minute.")
    return 0


async def _retry() -> int:
    async with opened() as app, app.work() as work:
        return await retry_quarantined(work)
