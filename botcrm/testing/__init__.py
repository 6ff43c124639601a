"""Whole chats in memory: the real bot, the real database, the simulator's Telegram, and a clock that moves when told.

Plugin authors put `pytest_plugins = ["botcrm.testing.fixtures"]` into their conftest.py and get `crm`, `rep`, `client`, `clock`
and the rest; `botcrm.testing.contracts` has whole test suites for channels, commands, parts of rules, and reports. By hand:

    crm = await Crm.start("sqlite:///tmp/test.sqlite3", plugins=["visits"])
    anna = await crm.join("rep", "Anna")
    await anna.send("/deal Acme 12k")
    await anna.tap("Won")
    assert "Won!" in anna.last

Nothing is imported before it is used: the bot's libraries take seconds.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botcrm.testing.channels import Provider
    from botcrm.testing.chat import Clock, Crm
    from botcrm.testing.member import Member

_HOME = {
    "Clock": "botcrm.testing.chat",
    "Crm": "botcrm.testing.chat",
    "Member": "botcrm.testing.member",
    "Provider": "botcrm.testing.channels",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"botcrm.testing has nothing called {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


__all__ = ["Clock", "Crm", "Member", "Provider"]
