"""`botcrm doctor`: one line a finding, from the settings to the queues."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from botcrm.app import ledger_of
from botcrm.cli.bot_api import BotApiError, get_me
from botcrm.core import db, schema
from botcrm.core.domain.errors import DatabaseUnusable
from botcrm.core.services import doctor as core
from botcrm.core.services.access import ref
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.personal.ledger import not_erased
from botcrm.core.services.staff.people import needs_first_administrator
from botcrm.logs import redactor, setup_logging
from botcrm.settings import Settings, SettingsError, load_settings, masked, unknown_variables

Finding = tuple[Literal["ok", "warn", "FAIL"], str]

_CLOCK_SECONDS = 5.0
_DISK_FULL, _DISK_LOW = 50e6, 500e6  # bytes
_SHOWN_ERRORS = 10


def doctor(*, fix: bool = False) -> int:
    """Print every finding; returns 1 when one is a failure.

    :param fix: put right what is kept beside the records and does not agree with them
    """
    return asyncio.run(_doctor(fix))


async def _doctor(fix: bool) -> int:
    failed = False
    async for level, text in _findings(fix):
        print(f"{level:<4}  {text}")
        failed = failed or level == "FAIL"
    return int(failed)


async def _findings(fix: bool) -> AsyncIterator[Finding]:
    for line in unknown_variables():
        yield "warn", f"settings: {line}"
    try:
        settings = load_settings()
    except SettingsError as error:
        for problem in error.problems:
            yield "FAIL", f"settings: {problem}"
        return
    setup_logging("ERROR", settings.log_format, settings.secrets())
    chosen = sum(row.chosen for row in settings.shown())
    yield "ok", f"settings: {chosen} set, the others by default"
    async for finding in _database(settings, fix):
        yield finding
    async for finding in _bot(settings):
        yield finding


async def _database(settings: Settings, fix: bool) -> AsyncIterator[Finding]:
    path = db.sqlite_path(settings.database_url)
    where = masked("database_url", settings.database_url)
    locked = _unwritable(path) if path is not None else ""
    if locked:
        yield "FAIL", f"database: {locked}; make it writable for the user that runs botcrm, or set BOTCRM_DATABASE_URL"
        return
    if path is not None and not path.exists():
        yield "warn", f"database: there is none yet at {where}; the first command makes it"
        return
    try:
        pending = await schema.pending_migrations(settings.database_url)
        await db.open_database(settings.database_url)
        await db.fetch("SELECT 1 AS y")
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, it means the same here
        reason = error.facts["reason"] if isinstance(error, DatabaseUnusable) else error
        yield "FAIL", redactor(settings.secrets())(f"database: {where} cannot be used: {reason}")
        await db.close()
        return
    try:
        yield "ok", f"database: {where}"
        async for finding in _file(settings):
            yield finding
        if pending:
            yield "warn", f"migrations: {len(pending)} pending ({', '.join(pending)}); `botcrm migrate` applies them"
            return
        yield "ok", "migrations: none pending"
        async for finding in _contents():
            yield finding
        async for finding in _erasures(settings):
            yield finding
        if fix:
            async with db.transaction():
                fixed = await fix_derived()
            for what, count in fixed.items():
                yield (
                    ("warn", f"{what}: {count} were wrong and are right now") if count else ("ok", f"{what}: all right")
                )
    finally:
        await db.close()


async def _erasures(settings: Settings) -> AsyncIterator[Finding]:
    """Say whether somebody who was erased is back with an older copy of the database."""
    path = ledger_of(settings)
    if path is None:
        if await db.fetch_one("SELECT 1 AS y FROM erasure LIMIT 1"):
            yield (
                "warn",
                "erasures: kept in the database alone; BOTCRM_ERASURES names a file that outlives an older copy",
            )
        return
    back = await not_erased(path)
    if back:
        named = ", ".join(ref(one.entity, one.record_id) for one in back[:_SHOWN_ERRORS])
        yield (
            "warn",
            f"erasures: {len(back)} records that were erased are back ({named}); `botcrm run` erases them again",
        )
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        yield "FAIL", f"erasures: {path} cannot be written; nobody can be erased"
    else:
        yield "ok", "erasures: nobody who was erased is back"


def _unwritable(path: Path) -> str:
    """Say what keeps a file from being written in its folder, or the folder from being made; empty where nothing does."""
    if path.exists() and not os.access(path, os.W_OK):
        return f"the file {path} cannot be written"
    # SQLite writes files of its own beside it.
    folder = next((parent for parent in path.parents if parent.exists()), path.parent)
    if not folder.is_dir():
        return f"{folder} is no folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"the folder {folder} cannot be written"


async def _file(settings: Settings) -> AsyncIterator[Finding]:
    path = db.sqlite_path(settings.database_url)
    if path is None:
        return
    wrong = await core.integrity()
    yield ("FAIL", f"integrity: {wrong}") if wrong else ("ok", "integrity: the file is sound")
    free = shutil.disk_usage(path.parent).free
    level: Literal["ok", "warn", "FAIL"] = "ok"
    if free < max(_DISK_LOW, path.stat().st_size):
        level = "FAIL" if free < _DISK_FULL else "warn"
    yield level, f"disk: {free / 1e9:.1f} GB free, the database has {path.stat().st_size / 1e6:.1f} MB"


async def _contents() -> AsyncIterator[Finding]:
    if await needs_first_administrator():
        yield "warn", "staff: no administrator yet; `botcrm invite --role admin` lets one in"
    else:
        yield "ok", "staff: there is an administrator"
    now = datetime.now(UTC)
    queues = await core.queues(now)
    yield _waiting("updates", queues.inbox_waiting, queues.inbox_oldest_seconds)
    yield _waiting("jobs", queues.jobs_due, queues.jobs_oldest_seconds)
    for kind, count in await core.nobodys_jobs():
        yield "warn", f"jobs: {count} of kind {kind} wait for a plugin that is off or gone; `botcrm plugins` lists them"
    yield _waiting("messages", queues.outbox_waiting, queues.outbox_oldest_seconds)
    if queues.inbox_quarantined:
        yield "warn", f"quarantine: {queues.inbox_quarantined} updates set aside; `botcrm retry` handles them again"
        for update in await core.quarantined(_SHOWN_ERRORS):
            error = " ".join(update.error.split())[:200]
            yield "warn", f"quarantine: update {update.update_id} ({update.received_at:%Y-%m-%d %H:%M} UTC): {error}"
    else:
        yield "ok", "quarantine: empty"
    if await db.has_trigrams():
        yield "ok", "search: finds what is misspelt"
    else:
        yield "warn", "search: exact words only; have the PostgreSQL administrator run CREATE EXTENSION pg_trgm"


def _waiting(what: str, count: int, seconds: float) -> Finding:
    if count == 0:
        return "ok", f"{what}: none waiting"
    age = f"{what}: {count} waiting, the oldest for {seconds:.0f} s"
    return ("warn", f"{age}; is the bot running?") if seconds > core.ALIVE.total_seconds() else ("ok", age)


async def _bot(settings: Settings) -> AsyncIterator[Finding]:
    try:
        me = await get_me(settings)
    except BotApiError as error:
        yield "FAIL", f"token: {error}"
        return
    yield "ok", f"token: @{me.username} at {settings.telegram_api}"
    if me.clock_ahead is None:
        yield "warn", "clock: the Bot API server did not say the time"
    elif abs(me.clock_ahead) > _CLOCK_SECONDS:
        direction = "ahead of" if me.clock_ahead > 0 else "behind"
        yield "warn", f"clock: {abs(me.clock_ahead):.0f} s {direction} the Bot API server's; reminders come as late"
    else:
        yield "ok", "clock: agrees with the Bot API server's"
