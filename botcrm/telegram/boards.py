"""Answering with a board: read and drawn when it is sent, with the reader's rights at that moment, in no transaction."""

import logging
from typing import Any

from botcrm.app import App
from botcrm.core.domain.errors import CrmError
from botcrm.core.services.board import board
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.reading import Reading
from botcrm.core.services.staff.people import actor_by_id
from botcrm.reminders.outbox_rows import OutboxRow, Undeliverable
from botcrm.reports.board import board_picture
from botcrm.reports.files import Files
from botcrm.telegram.errors import words_for
from botcrm.telegram.reports import Call
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.board import board_screen
from botcrm.words import Words

log = logging.getLogger(__name__)

BOARD = "board"
_PICTURE = "picture"


class BoardCalls:
    """Makes the calls that show boards."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._files = Files()

    async def call(self, row: OutboxRow) -> Call:
        """Return the call that a row of the outbox stands for; what went wrong is said in it.

        :raises Undeliverable: the reader has left
        """
        now, args = self._app.now(), row.args
        actor = await actor_by_id(self._app.defaults, row.user_id or 0)
        if actor is None:
            raise Undeliverable("of no use any more")
        words = Words(actor.prefs, now)
        work = Reading(actor, now, Buffer(hooks=self._app.hooks))
        try:
            found = await board(work, args["view"], owner_id=args["owner_id"], pipeline_id=args["pipeline_id"])
            content = await board_picture(self._files, words, self._app.hooks.activity_kinds, found)
        except Exception as exc:  # noqa: BLE001  whoever asked is told, whatever it was
            return _said(row, _why(words, exc))
        return _shown(row, board_screen(words, found, row.user_id or 0), content)


def _shown(row: OutboxRow, screen: Screen, content: bytes) -> Call:
    """Return the call that sends a picture, or puts it in the place of the one before."""
    payload: dict[str, Any] = {"chat_id": row.chat_id, "reply_markup": screen.keyboard()}
    caption = {"caption": screen.text, "parse_mode": "HTML"}
    file = ("board.png", content)
    if message_id := row.args.get("message_id"):
        media = {"type": "photo", "media": f"attach://{_PICTURE}", **caption}
        return Call("editMessageMedia", payload | {"message_id": message_id, "media": media}, {_PICTURE: file})
    return Call("sendPhoto", payload | caption, {"photo": file})


def _said(row: OutboxRow, text: str) -> Call:
    """Return the call that says why there is no picture, in a message of its own: the one before stays as it was."""
    return Call("sendMessage", Screen(text).payload(row.chat_id))


def _why(words: Words, error: Exception) -> str:
    if isinstance(error, CrmError):
        return words_for(words, error)
    log.error("a board could not be drawn", exc_info=error)
    return "✋ " + words.t("The board could not be drawn. Nothing else is affected; the log says why.")
