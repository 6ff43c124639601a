"""Buttons of imports: what a file is, its columns, those there already; begin, give up, answer about a row."""

from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import ENTITY_OF, Action
from botcrm.core.models import File, Operation
from botcrm.core.services.access import load
from botcrm.core.services.custom.fields import fields_of
from botcrm.core.services.importing.fields import CUSTOM, FIELDS, NOTE, SKIP
from botcrm.core.services.importing.piece import RULES, demand_import
from botcrm.core.services.operations import operations
from botcrm.imports.asking import ANSWERS, answer
from botcrm.telegram.context import Context
from botcrm.telegram.importing import PREVIEW, PROBLEMS
from botcrm.telegram.importing_questions import next_question
from botcrm.telegram.screens.base import Screen, clip, esc
from botcrm.telegram.screens.importing import (
    KINDS,
    columns_screen,
    fields_screen,
    preview_screen,
    reading_screen,
    rules_screen,
)


async def choose(ctx: Context, number: str, what: str) -> Screen:
    """Look a kept file through as contacts, companies, leads or deals; "again": an import begun once more, its columns changed."""
    if what == "again":
        operation = await draft_of(ctx, number)
    else:
        operation = await _begin(ctx, int(number), str(ENTITY_OF.get(what, "")))
    demand_import(ctx.work, operation.entity)
    await ctx.work.tell(ctx.user_id, ctx.chat_id, PREVIEW, operation_id=operation.id, message_id=ctx.message_id)
    return reading_screen(ctx.words, operation.title)


async def _begin(ctx: Context, file_id: int, entity: str) -> Operation:
    file = await load(ctx.work, File, file_id, Action.CHANGE)
    if entity not in KINDS:
        raise ValueError(entity)
    demand_import(ctx.work, entity)
    params: dict[str, Any] = {"name": file.name or "file", "file_id": file.file_id, "rule": "skip"}
    return await operations.start(
        ctx.work,
        "import",
        entity,
        file.name or "file",
        params=params,
        chat_id=ctx.chat_id,
        message_id=ctx.message_id,
    )


async def draft_of(ctx: Context, number: str) -> Operation:
    """Return an import of the actor's own that has not begun.

    :raises NotFound: there is none
    """
    operation = await Operation.filter(id=int(number), kind="import", state="draft", actor_id=ctx.user_id).first()
    if operation is None:
        raise NotFound(ref=f"#{number}")
    return operation


async def seen(ctx: Context, number: str) -> Operation:
    """Return an import of the actor's own whose file was looked through, and that has not begun.

    :raises NotFound: there is none
    """
    operation = await draft_of(ctx, number)
    if "preview" not in operation.progress:
        raise NotFound(ref=f"#{number}")
    return operation


async def show_preview(ctx: Context, number: str) -> Screen:
    """Go back to how the file was understood."""
    return preview_screen(ctx.words, await seen(ctx, number))


async def show_columns(ctx: Context, number: str, page: str) -> Screen:
    """Show what each column becomes."""
    return columns_screen(ctx.words, await seen(ctx, number), int(page))


async def show_fields(ctx: Context, number: str, place: str, page: str = "0") -> Screen:
    """Offer what one column can be."""
    operation = await seen(ctx, number)
    own = {one.id: one.name for one in await fields_of(operation.entity) if one.type != "file"}
    return fields_screen(ctx.words, operation, _place(operation, place), own)


def _place(operation: Operation, place: str) -> int:
    if not 0 <= int(place) < len(operation.params["header"]):
        raise ValueError(place)
    return int(place)


async def set_field(ctx: Context, number: str, place: str, field: str) -> Screen:
    """Say what one column is."""
    operation = await seen(ctx, number)
    at = _place(operation, place)
    chosen = {"n": NOTE, "s": SKIP}.get(field)
    if field.startswith("o"):
        own = {one.id: one.key for one in await fields_of(operation.entity)}
        if int(field[1:]) not in own:
            raise NotFound(ref="that field")
        chosen = f"{CUSTOM}{own[int(field[1:])]}"
    name = FIELDS[operation.entity][int(field)].name if chosen is None else chosen
    params = operation.params
    mapping = [*params["mapping"]]
    mapping[at] = name
    known = {**params.get("chosen", {}), params["header"][at]: name}
    operation.params = {**params, "mapping": mapping, "chosen": known}
    await operation.save(update_fields=["params"])
    return columns_screen(ctx.words, operation, at // 8)


async def show_rules(ctx: Context, number: str) -> Screen:
    """Offer what is done with rows that are there already."""
    return rules_screen(ctx.words, await seen(ctx, number))


async def set_rule(ctx: Context, number: str, rule: str) -> Screen:
    """Say what is done with rows that are there already, or whether rules hear of each."""
    operation = await seen(ctx, number)
    if rule in ("heard", "quiet"):
        operation.params = {**operation.params, "heard": rule == "heard"}
    elif rule in RULES:
        operation.params = {**operation.params, "rule": rule}
    else:
        raise ValueError(rule)
    await operation.save(update_fields=["params"])
    if rule in ("heard", "quiet"):
        return rules_screen(ctx.words, operation)
    return preview_screen(ctx.words, operation)


async def begin(ctx: Context, number: str) -> Screen:
    """Begin to import; this message shows how far it is."""
    operation = await seen(ctx, number)
    demand_import(ctx.work, operation.entity)
    operation.progress, operation.message_id = {}, ctx.message_id
    await operation.save(update_fields=["progress", "message_id"])
    await operations.run(ctx.work, operation)
    return Screen("⏳ " + ctx.words.t("Importing {name}…", name=esc(clip(operation.title, 60))))


async def send_problems(ctx: Context, number: str) -> None:
    """Send the rows with problems as a file."""
    operation = await seen(ctx, number)
    await ctx.work.tell(ctx.user_id, ctx.chat_id, PROBLEMS, operation_id=operation.id)
    ctx.toast(ctx.words.t("It comes in a moment."))


async def give_up(ctx: Context, number: str) -> Screen:
    """Give an import up before it began; the file stays kept."""
    operation = await draft_of(ctx, number)
    title = operation.title
    await operation.delete()
    return Screen(ctx.words.t("{name} was not imported.", name=esc(clip(title, 60))))


async def answer_row(ctx: Context, number: str, row: str, said: str) -> Screen:
    """Do with a row that is like a record what somebody says, and ask about the next one."""
    rule = ANSWERS.get(said.lower())
    operation = await Operation.filter(id=int(number), kind="import", actor_id=ctx.user_id).first()
    if rule is None or operation is None:
        raise NotFound(ref=f"#{number}")
    demand_import(ctx.work, operation.entity)
    operation = await answer(ctx.work, operation.id, int(row), rule, all_left=said.isupper())
    return await next_question(ctx.work, ctx.words, operation)
