"""The company's own fields as whoever makes them sees them: the list, a field's card, the steps of making one."""

from collections.abc import Sequence

from botcrm.core.domain.custom_values import TYPES
from botcrm.core.models import CustomField, Pipeline
from botcrm.telegram.fields import token
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.dictionaries import title_of
from botcrm.words import Words

ENTITIES = ("deal", "contact", "company", "lead")
PAGE = 10


def entity_name(words: Words, entity: str) -> str:
    """Return what all records of a kind are called."""
    names = {
        "deal": words.t("Deals"),
        "contact": words.t("Contacts"),
        "company": words.t("Companies"),
        "lead": words.t("Leads"),
    }
    return names[entity]


def entities_screen(words: Words, counts: dict[str, int]) -> Screen:
    """Offer the kinds of records that can have fields of their own."""
    text = lines(
        bold(words.t("Custom fields")),
        words.t("What your company wants to know beside the usual: a budget, a roof type, a birthday gift."),
        words.t("Set them on a card, or in a line: {example}", example="<code>deal Acme 12k roof budget:20k</code>"),
    )
    buttons = [Button(f"{entity_name(words, one)} · {counts[one]}", pack("zl", one, 0)) for one in ENTITIES]
    return Screen(text, tuple(rows_of(buttons, 2)))


def fields_screen(
    words: Words, entity: str, fields: Sequence[CustomField], pipelines: dict[int, str], page: int, *, may_add: bool
) -> Screen:
    """List an entity's own fields."""
    pages = max(1, -(-len(fields) // PAGE))
    page = min(max(page, 0), pages - 1)
    shown = fields[page * PAGE : (page + 1) * PAGE]
    text = lines(
        f"📋 {bold(words.t('Custom fields'))}: {entity_name(words, entity)}",
        *(_field_line(words, one, pipelines) for one in shown),
        "" if fields else words.t("None yet."),
    )
    opens = [Button(f"{TYPES[one.type].sign} {clip(one.name, 24)}", pack("zf", one.id)) for one in shown]
    turn = [Button("←", pack("zl", entity, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("zl", entity, page + 1)))
    last = [Button("➕ " + words.t("New field"), pack("zn", entity))] if may_add else []
    return Screen(text, (*rows_of(opens, 2), turn, [*last, Button("← " + words.t("Back"), pack("zl", "-"))]))


def _field_line(words: Words, one: CustomField, pipelines: dict[int, str]) -> str:
    return f"{TYPES[one.type].sign} " + dots(
        bold(one.name),
        f"<code>{esc(one.key)}:</code>",
        words.t("required") if one.required else None,
        esc(clip(pipelines.get(one.pipeline_id or 0, ""), 40)) or None,
    )


def field_screen(
    words: Words,
    one: CustomField,
    *,
    used: int,
    choices: Sequence[str],
    pipeline: str,
    pipelines: int,
    may_change: bool,
    may_delete: bool,
    head: str = "",
    undo: str = "",
) -> Screen:
    """Show a field with what can be done about it."""
    kind = TYPES[one.type]
    example = clip(choices[0], 30) if choices else words.t(kind.example) if kind.example else "…"
    example = f'"{example}"' if " " in example else example
    text = lines(
        head,
        f"{kind.sign} {bold(clip(one.name, 80))} · {words.t(kind.label)} · {entity_name(words, one.entity)}",
        words.t("Only in the pipeline {pipeline}", pipeline=esc(clip(pipeline, 60))) if pipeline else "",
        words.t("In a line: {example}", example=f"<code>{esc(one.key)}:{esc(example)}</code>"),
        words.t("Words: {words}", words=esc(clip(", ".join(choices), 300))) if choices else "",
        words.n("{n} record has it", "{n} records have it", used) if used else words.t("No record has it yet."),
        words.t("It tells about a person: it is erased with them.") if one.personal else "",
    )
    rows: list[list[Button]] = []
    if may_change:
        required, personal = ("☑" if on else "☐" for on in (one.required, one.personal))
        rows.append(
            [
                Button(f"{required} " + words.t("Required"), pack("zr", one.id, int(not one.required))),
                Button(f"{personal} " + words.t("Personal"), pack("zP", one.id, int(not one.personal))),
            ]
        )
        rows.append(
            [
                Button("✏️ " + words.t("Name"), pack("zN", one.id)),
                Button("↑", pack("zm", one.id, "u")),
                Button("↓", pack("zm", one.id, "d")),
            ]
        )
        more = []
        if one.dictionary:
            more.append(Button("🗂 " + words.t("Words"), pack("kd", token(one.dictionary), 0)))
        if one.entity == "deal" and pipelines > 1:
            more.append(Button(words.t("Pipeline"), pack("zg", one.id)))
        rows.append(more)
    last = [Button("← " + words.t("Back"), pack("zl", one.entity, 0))]
    if may_delete:
        last.append(Button("🗑 " + words.t("Delete"), pack("zx", one.id, one.version)))
    rows.append(last)
    if undo:
        rows.append([Button("↩ " + words.t("Undo"), undo)])
    return Screen(text, tuple(rows))


def types_screen(words: Words, name: str, draft_id: int) -> Screen:
    """Offer the types of a new field."""
    buttons = [Button(f"{kind.sign} {words.t(kind.label)}", pack("zt", draft_id, kind.name)) for kind in TYPES.values()]
    text = lines(f"📋 {bold(clip(name, 80))}", words.t("What does it hold?"))
    return Screen(text, (*rows_of(buttons, 2), [Button(words.t("Never mind"), pack("dx", draft_id))]))


def words_screen(
    words: Words, name: str, draft_id: int, known: Sequence[tuple[str, int]], titles: dict[str, str]
) -> Screen:
    """Offer where a new list takes its words from: new ones, or a dictionary that is there.

    :param known: dictionaries with how many words they have
    """
    buttons = [
        Button(f"{clip(title_of(words, dictionary, titles), 24)} · {count}", pack("zw", draft_id, token(dictionary)))
        for dictionary, count in known
        if count
    ]
    text = lines(
        f"📋 {bold(clip(name, 80))}",
        words.t("Which words can be chosen? Type them, with commas between them, or take a list."),
    )
    new = [Button("✏️ " + words.t("New words"), pack("zw", draft_id, "+"))]
    return Screen(text, (new, *rows_of(buttons[:20], 2), [Button(words.t("Never mind"), pack("dx", draft_id))]))


def pipelines_screen(words: Words, one: CustomField, pipelines: Sequence[Pipeline]) -> Screen:
    """Offer the pipelines whose deals have a field."""
    buttons = [
        Button(
            ("• " if one.pipeline_id == pipeline.id else "") + clip(pipeline.name, 30), pack("zG", one.id, pipeline.id)
        )
        for pipeline in pipelines
    ]
    every = [Button(("• " if one.pipeline_id is None else "") + words.t("All pipelines"), pack("zG", one.id, 0))]
    text = lines(f"📋 {bold(clip(one.name, 80))}", words.t("The deals of which pipeline have it?"))
    return Screen(text, (every, *rows_of(buttons, 2), [Button("← " + words.t("Back"), pack("zf", one.id))]))
