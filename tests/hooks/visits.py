"""A plugin with what commands can be, for tests: two words, a subject, a permission, buttons, questions."""

from __future__ import annotations

from botcrm import (
    Button,
    ButtonHandler,
    Chat,
    Command,
    CrmError,
    Line,
    Manifest,
    Permission,
    Screen,
    Verb,
    hookimpl,
    services,
)
from botcrm.testing import Crm, Member


class Closed(CrmError):
    message = "The office is closed on {day}."


class Visits:
    """A plugin with what commands can be: two words, a subject, a permission, buttons, questions."""

    manifest = Manifest("Visits", "Checks in at a client's.", needs=("activity.add",))

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        return [
            Permission("visits.audit", "See everybody's visits", {"manager": "department"}),
            Permission("visits.count", "Count visits", {"rep": "own"}),
        ]

    @hookimpl
    def register_commands(self) -> list[Command]:
        return [
            Command(
                Verb("meet in", frozenset({"ref"})),
                self.check_in,
                "Arrive at a client's",
                ("meet in Acme",),
                "Then share your place.",
                subject=("deal", "contact", "company"),
            ),
            Command(Verb("audit", takes_subject=False), self.audit, "Check the visits", permission="visits.audit"),
            Command(
                Verb("survey", frozenset({"amount", "tag"}), ("poll",)), self.survey, "Ask a question", ("survey",)
            ),
            Command(Verb("broken", takes_subject=False), self.broken, "Break"),
            Command(Verb("refuse", takes_subject=False), self.refuse, "Refuse"),
            Command(Verb("sheet", takes_subject=False), self.export, "Send a file"),
            Command(Verb("twice", takes_subject=False), self.twice, "Say two things"),
        ]

    @hookimpl
    def register_buttons(self) -> list[ButtonHandler]:
        return [
            ButtonHandler("leave", self.leave),
            ButtonHandler("told", self.told),
            ButtonHandler("look", self.look, once=False),
            ButtonHandler("sack", self.look, permission="visits.audit"),
            ButtonHandler("burst", self.burst),
        ]

    async def check_in(self, chat: Chat, line: Line) -> Screen | str:
        if chat.record is None:
            return f"Who is {line.text_after(0)!r}?"
        note = await services.add_note(chat.work, f"arrived: {line.text_after(0)}", **_link(chat))
        return Screen(
            f"At {getattr(chat.record, 'name', '')}, note {note.id}",
            (
                [Button("Leave", press="leave", args=(note.id, "a:b %"))],
                [Button("Look", press="look"), Button("Sack", press="sack"), Button("Burst", press="burst")],
            ),
            (chat.record._meta.db_table, chat.record.id),
        )

    async def audit(self, chat: Chat, line: Line) -> str:
        return "all visits"

    async def survey(self, chat: Chat, line: Line) -> str:
        await chat.ask("told", "cost")
        return f"What does it cost? {line.args.amount.amount if line.args.amount else '-'} {line.args.tags}"

    async def broken(self, chat: Chat, line: Line) -> str:
        await services.add_company(chat.work, "Never Ltd")
        await chat.reply("half an answer")
        raise RuntimeError("it broke")

    async def refuse(self, chat: Chat, line: Line) -> str:
        await services.add_company(chat.work, "Never Ltd")
        raise Closed(day="Sunday")

    async def twice(self, chat: Chat, line: Line) -> None:
        await chat.reply("<b>one</b>")
        await chat.reply(Screen("2 < 3 & more"))

    async def export(self, chat: Chat, line: Line) -> None:
        await chat.send_file("visits.csv", b"a;b\n", "<b>open & 1 < 2")

    async def leave(self, chat: Chat, note_id: str, odd: str) -> str:
        await services.change_note(chat.work, int(note_id), "left")
        return f"left {chat.record.id if chat.record else '?'} {odd}"

    async def told(self, chat: Chat, what: str) -> str:
        return f"{what} = {chat.text}"

    async def look(self, chat: Chat) -> None:
        chat.toast("you looked")

    async def burst(self, chat: Chat) -> str:
        chat.toast("never shown")
        raise KeyError("burst")


def _link(chat: Chat) -> dict[str, int]:
    assert chat.record is not None
    return {f"{chat.record._meta.db_table}_id": chat.record.id}


async def menus(crm: Crm, member: Member) -> list[str]:
    """Return the commands in somebody's menu once the bot has had time to show them."""
    await crm.process.tick()
    await crm.settle()
    return [name for name, _ in member.person.commands()]
