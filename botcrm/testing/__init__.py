"""Whole chats in memory: the real bot, the real database, the simulator's Telegram, and a clock that moves when told.

crm = await Crm.start(database_url)
anna = await crm.join("rep", "Anna")
await anna.send("/deal Acme 12k")
await anna.tap("Won")
assert "Won!" in anna.last
"""

from botcrm.testing.chat import Clock, Crm, Member

__all__ = ["Clock", "Crm", "Member"]
