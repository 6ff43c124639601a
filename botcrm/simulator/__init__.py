"""Run a local Telegram: an in-memory Bot API, a server for it, and a page to chat on.

In process, without HTTP (what tests use)::

    telegram = Telegram(now=time.time)              # history=1000 messages a chat, limits=None, tokens=None (any token)
    bot = telegram.bot("1:secret")                  # made on first use; the first one is everybody's default
    anna = telegram.person(7, first_name="Anna", username="anna", language_code="en")

    sent = anna.send("/deal Acme 12k")              # -> Message; the bot gets an Update; reply_to=Message or id
    updates = await telegram.call("1:secret", "getUpdates", {"offset": 0, "timeout": 1})
    await telegram.call("1:secret", "sendMessage", {"chat_id": 7, "text": "<b>Saved</b>", "parse_mode": "HTML"})
                                                    # -> the result; raises ApiError(code, description, parameters)
    anna.messages()                                 # list[Message], edits applied; anna.last(): the bot's newest
    message.text, message.id, message.from_bot      # and .caption .entities .buttons (labels in rows) .data (the JSON)
    press = anna.press(anna.last(), "Done")         # label or callback data -> Press
    answer = await press.answered(timeout=60)       # {"text", "show_alert", "url"}; press.answer is None until then
    await telegram.until(lambda: anna.last().text == "ok", timeout=60)   # woken by every change; raises TimeoutError
    anna.start("payload"); anna.edit(sent, "text"); anna.delete(sent); anna.react(sent, "👍"); anna.block()
    anna.send_contact("+48601234567", "Jan", "Nowak", user_id=None); anna.send_photo(data, "caption")
    anna.send_document(data, "offer.pdf"); anna.send_voice(data, 3); anna.send_location(52.2, 21.0, live_period=900)
    anna.move_location(message, 52.3, 21.1); anna.forward(message); anna.share_contact("+48600111222")
    search = anna.inline("acme"); await search.answered(); search.choose(0)
    anna.keyboard(); anna.commands()                # reply keyboard: labels in rows; command menu: (name, description)
    group = telegram.group(-1001, "Sales", [anna]); anna.send("/team", chat=group)

    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 5", retry_after=5, times=1, chat_id=None)
    telegram.limits = Limits(overall_per_second=30, per_chat_per_second=1, per_group_per_minute=20)
    telegram.push_raw_update("1:secret", {"message": "not one"})    # or bytes, sent to the bot as they are
    telegram.calls                                  # the last 1,000 calls: .method, .params, .token

Over HTTP: ``simulator = Simulator(telegram, latency=0.05)``, ``url = await simulator.start()``, ``simulator.stop()``;
bots use ``url`` as their Bot API server, people open it in a browser, scripts use ``/sim/...`` (see ``control``).
"""

from botcrm.simulator.answers import InlineSearch, Press
from botcrm.simulator.errors import ApiError
from botcrm.simulator.faults import Limits
from botcrm.simulator.model import Bot, Chat, Message
from botcrm.simulator.people import Person
from botcrm.simulator.server import Simulator
from botcrm.simulator.telegram import Telegram

__all__ = ["ApiError", "Bot", "Chat", "InlineSearch", "Limits", "Message", "Person", "Press", "Simulator", "Telegram"]
