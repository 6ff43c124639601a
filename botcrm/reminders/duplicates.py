"""The search of a whole base for duplicates, as a long change: a process of its own searches, pieces of ours keep what it found."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Operation
from botcrm.core.services.access import demand, owners
from botcrm.core.services.duplicates.finding import Found, as_found, find_groups, forget_groups, keep_groups, size_of
from botcrm.core.services.operations.operations import advance
from botcrm.core.services.work import Work

log = logging.getLogger(__name__)

# So few are searched where we are, in less time than a process takes to start.
SMALL = 500
_LOOK_EVERY = timedelta(seconds=1)
_GROUPS_AT_ONCE = 100
# A search that nobody asks for any longer was stopped.
_FORGOTTEN_AFTER = 120.0


class SearchFailed(CrmError):
    """The process that searches ended without an answer."""

    message = "The search for duplicates broke off; nothing was changed. Try again."


class Search:
    """A search under way in a process of its own."""

    def __init__(self, entity: str, people: frozenset[int] | None) -> None:
        self.groups: list[Found] = []
        self.done = self.total = 0
        self._task = {"url": db.opened_url(), "entity": entity, "people": None if people is None else sorted(people)}
        self._complete = False
        self._asked = asyncio.get_running_loop().time()
        self._running = asyncio.create_task(self._run())

    @property
    def complete(self) -> bool:
        """Tell whether all groups are here.

        :raises SearchFailed: the process ended before
        """
        self._asked = asyncio.get_running_loop().time()
        if self._running.done() and not self._complete:
            raise SearchFailed
        return self._complete

    async def wait(self) -> None:
        """Wait until the process has ended."""
        await asyncio.wait([self._running])

    async def close(self) -> None:
        """End the search, wherever it is."""
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def _run(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "botcrm.core.services.duplicates.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(),
            limit=2**24,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(self._task).encode() + b"\n")
            await process.stdin.drain()
            while line := await process.stdout.readline():
                self._hear(json.loads(line))
                if asyncio.get_running_loop().time() - self._asked > _FORGOTTEN_AFTER:
                    log.warning("nobody asks for a search for duplicates any longer: it is ended")
                    break
        except (OSError, ValueError):
            log.exception("a search for duplicates broke off")
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            process.stdin.close()
            await process.wait()

    def _hear(self, line: dict[str, Any]) -> None:
        if "end" in line:
            self._complete = True
        elif "members" in line:
            self.groups.append(Found(line["score"], tuple(line["members"])))
        else:
            self.done, self.total = line["done"], line["total"]


# By the operation's id; a process that was restarted begins anew.
SEARCHES: dict[int, Search] = {}


async def find_piece(work: Work, operation: Operation) -> bool | timedelta:
    """Look how far a search is, or keep some of the groups it found; see `Step`.

    :raises NotAllowed: the actor may change no such record any longer
    :raises SearchFailed: the process that searches broke off
    """
    entity = operation.entity
    demand(work, entity, Action.CHANGE)
    people = owners(work.actor, entity)
    kept = operation.progress.get("kept", 0)
    search = SEARCHES.get(operation.id)
    if search is None:
        await forget_groups(operation.id)
        kept = 0
        if await size_of(entity, people) <= SMALL:
            return await _at_once(work, operation, people)
        search = SEARCHES[operation.id] = Search(entity, people)
    try:
        complete = search.complete
    except SearchFailed:
        del SEARCHES[operation.id]
        raise
    if not complete:
        await advance(work, operation, progress={}, counts={"seen": search.done, "total": search.total})
        return _LOOK_EVERY
    some = search.groups[kept : kept + _GROUPS_AT_ONCE]
    await keep_groups(operation.id, entity, kept + 1, some)
    kept += len(some)
    total = len(search.groups)
    await advance(work, operation, progress={"kept": kept}, counts={"groups": kept, "seen": kept, "total": total})
    if kept < total:
        return False
    del SEARCHES[operation.id]
    return True


async def _at_once(work: Work, operation: Operation, people: frozenset[int] | None) -> bool:
    groups = [as_found(group) for group in await find_groups(operation.entity, people)]
    await keep_groups(operation.id, operation.entity, 1, groups)
    await advance(work, operation, progress={"kept": len(groups)}, counts={"groups": len(groups)})
    return True


async def close_searches() -> None:
    """End all searches under way, when the bot stops."""
    for operation_id in list(SEARCHES):
        await SEARCHES.pop(operation_id).close()


def _environment() -> dict[str, str]:
    """Return what the process needs of ours: no setting, and so no secret; the database's address goes another way."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOTCRM_")}
    home = str(Path(__file__).resolve().parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}
