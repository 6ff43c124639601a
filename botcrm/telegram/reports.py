"""Answering what was asked of reports: run when it is sent, with the reader's rights at that moment, in no transaction."""

import logging
from dataclasses import dataclass, field
from typing import Any

from botcrm.app import App
from botcrm.core.domain.errors import CrmError
from botcrm.core.services.actor import Actor
from botcrm.core.services.files_out import method_of
from botcrm.core.services.staff.people import actor_by_id
from botcrm.reminders.outbox_rows import OutboxRow, Undeliverable
from botcrm.reports.files import FORMATS, Files
from botcrm.reports.question import Question
from botcrm.reports.running import Result, run_report
from botcrm.reports.values import period_text
from botcrm.telegram.errors import words_for
from botcrm.telegram.screens.base import Screen, bold, dots, esc, lines
from botcrm.telegram.screens.reports import failed_screen, report_screen
from botcrm.words import Words

log = logging.getLogger(__name__)

CARD, FILE = "report", "report_file"
NOTICES = frozenset({CARD, FILE})


@dataclass(frozen=True, slots=True)
class Call:
    """A Bot API call, with the files that go along: field -> (name, content).

    :ivar stored: the id of the kept file that it carries
    """

    method: str
    payload: dict[str, Any] | str
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    stored: int | None = None


class ReportCalls:
    """Makes the calls that answer questions to reports."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._files = Files()

    async def call(self, row: OutboxRow) -> Call:
        """Return the call that a row of the outbox stands for; what went wrong is said in it.

        :raises Undeliverable: the reader has left
        """
        actor = await actor_by_id(self._app.defaults, row.user_id or 0)
        if actor is None:
            raise Undeliverable("of no use any more")
        words = Words(actor.prefs, self._app.now())
        question = Question.from_json(row.args["question"])
        if row.notice == FILE:
            return await self._file(row, actor, words, question)
        return await self._card(row, actor, words, question)

    async def _run(self, actor: Actor, question: Question) -> Result:
        return await run_report(self._app.hooks, actor, self._app.now(), question)

    async def _card(self, row: OutboxRow, actor: Actor, words: Words, question: Question) -> Call:
        try:
            result = await self._run(actor, question)
            screen = report_screen(words, result, row.args["question_id"], row.args["page"])
        except Exception as exc:  # noqa: BLE001  whoever asked is told, whatever it was
            screen = failed_screen(words, _why(words, exc), question, row.args["question_id"])
        return card_call(row, screen)

    async def _file(self, row: OutboxRow, actor: Actor, words: Words, question: Question) -> Call:
        form = next(one for one in FORMATS if one == row.args["form"])
        try:
            result = await self._run(actor, question)
            name, content = await self._files.made(result, form, actor, words)
        except Exception as exc:  # noqa: BLE001  whoever asked is told, whatever it was
            return card_call(row, Screen(_why(words, exc)))
        about = dots(period_text(words, question.period, words.wall(words.now).date()), ", ".join(result.people))
        caption = lines(bold(words.t(result.report.title)), esc(about))[:1000]
        method, where = method_of(name, content)
        payload = {"chat_id": row.chat_id, "caption": caption, "parse_mode": "HTML"}
        return Call(method, payload, {where: (name, content)})


def card_call(row: OutboxRow, screen: Screen) -> Call:
    """Return the call that shows a screen: a new message, or the card it takes the place of."""
    payload = screen.payload(row.chat_id)
    message_id = row.args.get("message_id")
    return Call("editMessageText", payload | {"message_id": message_id}) if message_id else Call("sendMessage", payload)


def _why(words: Words, error: Exception) -> str:
    if isinstance(error, CrmError):
        return words_for(words, error)
    log.error("a report could not be answered", exc_info=error)
    return "✋ " + words.t("This report could not be made. Nothing else is affected; the log says why.")
