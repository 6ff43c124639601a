"""Do an operation's pieces in the foreground, a line after each: what the crash tests kill.

python tests/crash/operation.py DATABASE_URL OPERATION_ID
"""

import asyncio
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


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
