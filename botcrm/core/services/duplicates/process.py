"""Searches a whole base for duplicates in a process of its own: `python -m botcrm.core.services.duplicates.process`.

Its one line of input says what to search. It answers in lines of JSON: how far it is, the groups, and the end. When whoever
started it is gone, so is it.
"""

import asyncio
import json
import os
import sys
import threading
from typing import Any

from botcrm.core import db
from botcrm.core.services.duplicates.finding import as_found, find_groups


def main() -> int:
    """Search what the input says and write the answer."""
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asyncio.run(_search(task))
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


async def _search(task: dict[str, Any]) -> None:
    people = task["people"]
    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        if done > told:
            told = done
            _say({"done": done, "total": total})

    await db.open_database(task["url"])
    try:
        for group in await find_groups(task["entity"], None if people is None else frozenset(people), progress):
            found = as_found(group)
            _say({"score": found.score, "members": found.members})
    finally:
        await db.close()
    _say({"end": True})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
