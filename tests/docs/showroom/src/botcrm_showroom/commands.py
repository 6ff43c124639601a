"""The command /showroom: it books a visit of a client to the showroom, and a button asks how it was."""

from datetime import timedelta

from botcrm import Button, ButtonHandler, Chat, Command, CrmError, Line, Screen, Verb, bold, hookimpl, models, services


class WhoComes(CrmError):
    """The line names nobody."""

    message = "Who comes? Like this: showroom Jan Nowak wants to see the oak"


async def book(chat: Chat, line: Line) -> Screen:
    """Book a visit for the contact that the line starts with."""
    contact = chat.record
    if not isinstance(contact, models.Contact):
        raise WhoComes
    due = await services.due_within(chat.work, timedelta(days=2))
    wish = line.text_after() or chat.words.t("look around")
    await services.plan_activity(chat.work, "meeting", f"Showroom: {wish}", due, contact_id=contact.id)
    text = chat.words.t("🏬 {name} is expected on {day}.", name=bold(contact.name), day=chat.words.date(due.wall))
    asked = Button(chat.words.t("How was it?"), press="how", args=(contact.id,))
    return Screen(text, rows=((asked,),), about=("contact", contact.id))


async def how(chat: Chat, contact_id: str) -> str:
    """Ask how the visit was."""
    await chat.ask("was", contact_id)
    return chat.words.t("What did they say?")


async def was(chat: Chat, contact_id: str) -> str:
    """Keep the answer."""
    await services.add_note(chat.work, f"Showroom: {chat.text}", contact_id=int(contact_id))
    return chat.words.t("Kept.")


@hookimpl
def register_commands() -> list[Command]:
    """Name the command."""
    return [
        Command(
            Verb("showroom"),
            book,
            menu="book a visit to the showroom",
            examples=("showroom Jan Nowak wants to see the oak",),
            subject=("contact",),
        )
    ]


@hookimpl
def register_buttons() -> list[ButtonHandler]:
    """Name the button and the question."""
    return [ButtonHandler("how", how), ButtonHandler("was", was)]
