"""Buttons that say how a file is to be read; it is looked through anew with that."""

from typing import Any

from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Draft, Operation, User
from botcrm.core.services.access import owners
from botcrm.imports.earlier import system_name
from botcrm.telegram.buttons.importing import draft_of, seen, show_preview
from botcrm.telegram.context import Context
from botcrm.telegram.importing import PREVIEW
from botcrm.telegram.screens.base import Button, Screen, bold, clip, pack
from botcrm.telegram.screens.departments import pick_screen
from botcrm.telegram.screens.importing import reading_screen
from botcrm.telegram.screens.importing_file import (
    DELIMITER,
    DELIMITERS,
    ENCODING,
    OWNER,
    SYSTEM,
    delimiters_screen,
    file_screen,
    letters_screen,
    system_title,
    systems_question,
)

ASKS_SYSTEM = "import_system"
_NONE, _OTHER = "-", "+"


async def show_file(ctx: Context, number: str) -> Screen:
    """Show how a file is read."""
    return file_screen(ctx.words, await seen(ctx, number))


async def show_options(ctx: Context, number: str, what: str, page: str) -> Screen:
    """Offer what one thing about a file can be."""
    operation = await seen(ctx, number)
    if what == ENCODING:
        return letters_screen(ctx.words, operation)
    if what == DELIMITER:
        return delimiters_screen(ctx.words, operation)
    if what == SYSTEM:
        t, systems = ctx.words.t, operation.progress.get("systems", ())
        choices = [(system_title(name), _say(operation, what, place)) for place, name in enumerate(systems)]
        choices += [(t("Another one…"), _say(operation, what, _OTHER)), (t("None"), _say(operation, what, _NONE))]
        question = systems_question(ctx.words, operation)
    else:
        choices = [(user.name, _say(operation, OWNER, user.id)) for user in await _people(ctx, operation)]
        question = ctx.words.t("Whose are the records without an owner in the file?")
    back = pack("iv", operation.id)
    return pick_screen(ctx.words, question, choices, int(page), ("iy", operation.id, what), back)


def _say(operation: Operation, what: str, value: object) -> str:
    return pack("iY", operation.id, what, value)


async def _people(ctx: Context, operation: Operation) -> list[User]:
    """Return to whom the actor may give records, themselves first."""
    reached = owners(ctx.work.actor, operation.entity, Action.ADD)
    people = [await User.get(id=ctx.user_id), *await ctx.colleagues()]
    return [user for user in people if reached is None or user.id in reached]


async def say(ctx: Context, number: str, what: str, value: str) -> Screen:
    """Take what somebody says about a file, and look it through anew.

    :raises NotFound: it is not one of those that were offered
    """
    operation = await seen(ctx, number)
    if what == SYSTEM and value == _OTHER:
        draft = await ctx.wait_for(ASKS_SYSTEM, operation_id=operation.id)
        question = ctx.words.t("Type what you call the system, like: oldcrm.")
        return Screen("✏️ " + question, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))
    if what == OWNER:
        found = next((user for user in await _people(ctx, operation) if str(user.id) == value), None)
        if found is None:
            raise NotFound(ref=f"u{value}")
        operation.params = {**operation.params, "owner_id": found.id, "owner_name": found.name}
        await operation.save(update_fields=["params"])
        return await show_preview(ctx, number)
    known = {
        ENCODING: {name: ("encoding", name) for name, _ in operation.progress.get("letters", ())},
        DELIMITER: {str(place): ("delimiter", sign) for place, sign in enumerate(DELIMITERS)},
        SYSTEM: {str(place): ("source", name) for place, name in enumerate(operation.progress.get("systems", ()))},
    }
    meant = ("source", "") if what == SYSTEM and value == _NONE else known.get(what, {}).get(value)
    if meant is None:
        raise NotFound(ref=value)
    return await _again(ctx, operation, *meant, message_id=ctx.message_id)


async def answer_system(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as the name of the system that a file comes from.

    :raises InvalidValue: they are none
    """
    operation = await draft_of(ctx, str(draft.data["operation_id"]))
    name = system_name(text)
    if not name:
        raise InvalidValue(what=ctx.words.t("system"), value=text, how=ctx.words.t("Write a name, like: oldcrm."))
    await _again(ctx, operation, "source", name)
    return Screen("⏳ " + ctx.words.t("A file of {system}. Reading it again…", system=bold(clip(name, 64))))


async def _again(ctx: Context, operation: Operation, what: str, value: str, **card: Any) -> Screen:
    """Have a file looked through as was said; columns that are called otherwise by now are guessed anew."""
    params = operation.params
    chosen = params.get("chosen", {})
    if what == "delimiter":
        chosen = {}
    elif what == "encoding":
        chosen = {column: field for column, field in chosen.items() if column.isascii()}
    operation.params = {**params, "chosen": chosen, "read": {**params.get("read", {}), what: value}}
    await operation.save(update_fields=["params"])
    await ctx.work.tell(ctx.user_id, ctx.chat_id, PREVIEW, operation_id=operation.id, **card)
    return reading_screen(ctx.words, operation.title)
