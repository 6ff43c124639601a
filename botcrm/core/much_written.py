"""Writing gigabytes: more memory and a longer log for as long as it takes, so that each page is written seldom."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator

from botcrm.core import db, sqlite

# Kilobytes of pages in memory.
_MEMORY = 128_000
# Seconds from one copying of the log to the next, and the pages at which it starts over: 400 MB of disk.
_COPY_EVERY = 3.0
_LONG_LOG = 96_000


@contextlib.asynccontextmanager
async def much_written() -> AsyncIterator[None]:
    """Have SQLite write much with few copies of the log; on PostgreSQL nothing is to be done."""
    client = db.connection()
    connection = client._connection if isinstance(client, sqlite.Client) else None
    if connection is None or connection.copier is None:
        yield
        return
    copier, run = connection.copier, connection._conn.execute
    usual = run("PRAGMA cache_size").fetchone()[0]
    run(f"PRAGMA cache_size=-{_MEMORY}")
    run(f"PRAGMA wal_autocheckpoint={2 * _LONG_LOG}")
    copier.every, copier.long = _COPY_EVERY, _LONG_LOG
    try:
        yield
    finally:
        copier.be_usual()
        await copier.finish()
        # Readers may hold some of it: then it stays as long as it is until they close.
        with contextlib.suppress(sqlite3.Error):
            run("PRAGMA busy_timeout=100")
            run("PRAGMA wal_checkpoint(TRUNCATE)")
        run(f"PRAGMA busy_timeout={connection.busy_ms}")
        run(f"PRAGMA wal_autocheckpoint={sqlite.LONGEST_LOG}")
        run(f"PRAGMA cache_size={usual}")
