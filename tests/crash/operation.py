"""Do operations piece by piece, each in a process of its own, with a line after each piece: what the crash tests kill.

python tests/crash/operation.py DATABASE_URL < IDS

What all these processes have to import is imported once: each is a fork of this one.
"""

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from botcrm.app import App
from botcrm.core.models import Operation
from botcrm.reminders.operations import run_here
from botcrm.settings import Settings


def say(word: str) -> None:
    """Tell the test how far it is."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


async def main(url: str, operation_id: int) -> None:
    """Run one operation to its end."""
    app = App(Settings(database_url=url, timezone="Europe/Warsaw"))
    await app.open()

    def told(operation: Operation) -> None:
        say(operation.state)

    say("begins")
    await run_here(app, operation_id, told)
    await app.stop()


def run_apart(url: str, operation_id: int) -> None:
    """Run one operation in another process: say which, and how it ended."""
    child = os.fork()
    if not child:
        say(f"process {os.getpid()}")
        asyncio.run(main(url, operation_id))
        os._exit(0)
    say(f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


if __name__ == "__main__":
    for line in sys.stdin:
        run_apart(sys.argv[1], int(line))
