"""Importing in the chat: what a file is, how its columns are understood, what is wrong, and what is done with those there already."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core.domain.kinds import LETTERS, Action, Entity
from botcrm.core.models import Operation
from botcrm.core.services.access import may
from botcrm.core.services.importing.fields import FIELDS, NOTE, SKIP, target
from botcrm.imports.analysing import Analysis
from botcrm.imports.headers import looks_like_data
from botcrm.imports.problems import reason
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.importing_file import ENCODING, system_lines
from botcrm.words import Words

# What a file can be imported as, in the order of the buttons; gettext ids.
KINDS = {"contact": "Contacts", "company": "Companies", "lead": "Leads", "deal": "Deals"}
RULES = {
    "skip": "leave them as they are",
    "update": "fill in what is empty",
    "overwrite": "write the file over them",
    "create": "make new ones",
    "ask": "ask me about each",
}
_SHOWN = 3
_MOST_PROBLEMS = 6
COLUMNS_PAGE = 8


def importable(ctx: Context) -> list[str]:
    """Return what the actor may import."""
    actor = ctx.work.actor
    return [entity for entity in KINDS if may(actor, entity, Action.IMPORT) and may(actor, entity, Action.ADD)]


def choices(words: Words, file_id: int, entities: Sequence[str]) -> list[Row]:
    """Return the buttons that import a kept file."""
    buttons = [
        Button("📥 " + words.t(KINDS[entity]), pack("ii", file_id, LETTERS[Entity(entity)])) for entity in entities
    ]
    return list(rows_of(buttons, 2))


def reading_screen(words: Words, name: str) -> Screen:
    """Say that a file is being looked through."""
    return Screen("⏳ " + words.t("Reading {name}…", name=esc(clip(name, 60))))


def preview_of(words: Words, found: Analysis) -> dict[str, Any]:
    """Return what a preview shows of a file, as it is kept with the import until it begins."""
    layout = found.layout
    return {
        "rows": [_row_text(words, layout.entity, row) for row in found.rows[:_SHOWN]],
        "problems": [
            words.t("Row {n}: {problem}", n=row.number, problem=" ".join(reason(words, one) for one in row.problems))
            for row in found.bad[:_MOST_PROBLEMS]
        ],
        "left_out": [
            words.t("Row {n}: {problem}", n=row.number, problem=" ".join(reason(words, one) for one in row.left_out))
            for row in found.partial[:_SHOWN]
        ],
        "counts": found.counts,
        "headless": looks_like_data(layout.header),
    }


def _row_text(words: Words, entity: str, row: Any) -> str:
    values = row.values
    amount = words.money(values["amount"], values["currency"]) if values.get("amount") is not None else ""
    known = [str(values[name]) for name in ("job_title", "city", "source", "birth_date") if values.get(name)]
    name = values.get("title") or values.get("name") or ""
    person = values.get("name") if entity == "lead" and values.get("name") != name else row.contact
    return dots(
        clip(str(name), 80),
        clip(str(person or ""), 60),
        clip(str(row.company or values.get("company_name") or ""), 60),
        ", ".join(row.phones[:2]),
        ", ".join(row.emails[:2]),
        amount,
        *(clip(text, 40) for text in known),
        " ".join(f"#{tag}" for tag in row.tags[:3]),
    )


def preview_screen(words: Words, operation: Operation) -> Screen:
    """Show how a file was understood, and what will be done with it."""
    params, preview = operation.params, operation.progress["preview"]
    counts = preview["counts"]
    unknown = [column for column, name in zip(params["header"], params["mapping"], strict=True) if name == NOTE]
    said = [
        words.n("{n} new", "{n} new", counts["new"]) if counts["new"] else "",
        words.n("{n} there already", "{n} there already", counts["known"]) if counts["known"] else "",
        words.n("{n} with a problem", "{n} with problems", counts["bad"]) if counts["bad"] else "",
    ]
    text = lines(
        f"📥 {bold(clip(operation.title, 60))} → {bold(words.t(KINDS[operation.entity]))}",
        dots(words.n("{n} row", "{n} rows", counts["total"]), *said),
        words.t("Sheet “{name}”", name=esc(clip(params["sheet"], 40))) if params.get("sheet") else "",
        *system_lines(words, operation),
        "⚠ "
        + words.t(
            "The first row looks like data: put the names of the columns above it (Name, Phone, …) and send it again."
        )
        if preview.get("headless")
        else "",
        "",
        *(f"• {esc(clip(row, 200))}" for row in preview["rows"]),
        "",
        *(f"⚠ {esc(clip(problem, 200))}" for problem in preview["problems"]),
        words.t("Rows with problems are left out, and come back to you as a file.") if counts["bad"] else "",
        *(f"📝 {esc(clip(problem, 200))}" for problem in preview.get("left_out", ())),
        words.n(
            "{n} row comes in without what makes no sense: it goes into the note.",
            "{n} rows come in without what makes no sense: it goes into their notes.",
            counts["partial"],
        )
        if counts.get("partial")
        else "",
        words.t("Into the note: {columns}", columns=esc(clip(", ".join(unknown), 200))) if unknown else "",
        words.t("Those there already: {rule}.", rule=words.t(RULES[params["rule"]])),
        words.t("Without an owner in the file they go to {name}.", name=esc(clip(params["owner_name"], 60)))
        if params.get("owner_name")
        else "",
    )
    rows: list[Row] = []
    if counts["total"] > counts["bad"]:
        good = counts["total"] - counts["bad"]
        rows.append([Button("▶ " + words.n("Import {n} row", "Import {n} rows", good), pack("iM", operation.id))])
    rows.append(
        [
            Button(words.t("Columns…"), pack("il", operation.id, 0)),
            Button(words.t("There already…"), pack("ir", operation.id)),
        ]
    )
    wrong = len(operation.progress.get("letters", ())) > 1
    rows.append(
        [
            *([Button(words.t("Letters look wrong?"), pack("iy", operation.id, ENCODING, 0))] if wrong else []),
            Button(words.t("The file…"), pack("iv", operation.id)),
        ]
    )
    rows.append(
        [
            *([Button("⚠ " + words.t("Problems as a file"), pack("ip", operation.id))] if counts["bad"] else []),
            Button(words.t("Cancel"), pack("ix", operation.id)),
        ]
    )
    return Screen(text, tuple(rows))


def columns_screen(words: Words, operation: Operation, page: int) -> Screen:
    """Show what each column becomes; a tap changes it."""
    header, mapping = operation.params["header"], operation.params["mapping"]
    last = max(0, (len(header) - 1) // COLUMNS_PAGE)
    page = min(max(0, page), last)
    shown = list(range(page * COLUMNS_PAGE, min(len(header), (page + 1) * COLUMNS_PAGE)))
    rows: list[Row] = [
        [
            Button(
                f"{clip(header[place], 24)} → {clip(field_name(words, operation.entity, mapping[place]), 24)}",
                pack("if", operation.id, place, 0),
            )
        ]
        for place in shown
    ]
    turn = [Button("←", pack("il", operation.id, page - 1))] if page else []
    if page < last:
        turn.append(Button("→", pack("il", operation.id, page + 1)))
    done = [Button("✅ " + words.t("Look again"), pack("ii", operation.id, "again"))]
    title = bold(clip(operation.title, 60))
    return Screen(lines(title, words.t("Tap a column to say what it is.")), (*rows, turn, done))


def field_name(words: Words, entity: str, name: str) -> str:
    """Return what a column becomes, in words."""
    if name == SKIP:
        return words.t("left out")
    known = target(entity, name)
    return words.t(known.label) if known else words.t("note")


def fields_screen(words: Words, operation: Operation, place: int, own: Mapping[int, str]) -> Screen:
    """Offer what one column can be; `own` are the company's own fields by their ids."""
    fields = FIELDS[operation.entity]
    buttons = [Button(words.t(one.label), pack("iF", operation.id, place, number)) for number, one in enumerate(fields)]
    buttons += [Button(clip(name, 30), pack("iF", operation.id, place, f"o{one}")) for one, name in own.items()]
    rows = [
        *rows_of(buttons, 2),
        [
            Button(words.t("Line of the note"), pack("iF", operation.id, place, "n")),
            Button(words.t("Leave it out"), pack("iF", operation.id, place, "s")),
        ],
        [Button("← " + words.t("Back"), pack("il", operation.id, place // COLUMNS_PAGE))],
    ]
    samples = [text for text in operation.progress.get("samples", {}).get(str(place), ()) if text]
    return Screen(
        lines(
            words.t("What is “{column}”?", column=esc(clip(operation.params["header"][place], 60))),
            f"<i>{esc(clip(' · '.join(samples), 200))}</i>" if samples else "",
        ),
        tuple(rows),
    )


def rules_screen(words: Words, operation: Operation) -> Screen:
    """Offer what is done with rows that are there already."""
    chosen = operation.params["rule"]
    rows = [
        [Button(("• " if rule == chosen else "") + words.t(label), pack("iR", operation.id, rule))]
        for rule, label in RULES.items()
    ]
    heard = operation.params.get("heard")
    rows.append(
        [
            Button(
                ("☑ " if heard else "☐ ") + words.t("rules hear of each record"),
                pack("iR", operation.id, "quiet" if heard else "heard"),
            )
        ]
    )
    rows.append([Button("← " + words.t("Back"), pack("im", operation.id))])
    return Screen(
        lines(
            bold(clip(operation.title, 60)),
            words.t(
                "They are known by their ID in the other system, else by phone or e-mail where the names go together."
            ),
            words.t("What is done with those there already?"),
        ),
        tuple(rows),
    )


def failed_screen(words: Words, operation: Operation, text: str, *, again: bool) -> Screen:
    """Say why a file could not be looked through."""
    retry = [Button(words.t("Try again"), pack("ii", operation.id, "again"))] if again else []
    return Screen(
        lines(f"📥 {bold(clip(operation.title, 60))}", text),
        ([*retry, Button(words.t("Cancel"), pack("ix", operation.id))],),
    )


def asked_screen(words: Words, operation: Operation, name: str, entity_ref: str) -> Screen:
    """Ask whether a row is a record that is there."""
    asked = operation.progress["asked"]
    if not asked:
        return Screen("✅ " + words.t("All rows are dealt with."))
    row = asked[0]
    by = {
        "external_id": words.t("same ID"),
        "phone": words.t("same phone"),
        "email": words.t("same e-mail"),
        "same": words.t("same title, client and amount"),
    }
    said = dots(*(clip(cell, 60) for cell in row["cells"] if cell))
    number = row["number"]
    buttons = [
        [
            Button(words.t("The same: fill in"), pack("iq", operation.id, number, "u")),
            Button(words.t("Another one"), pack("iq", operation.id, number, "c")),
        ],
        [
            Button(words.t("Leave it out"), pack("iq", operation.id, number, "s")),
            Button(words.t("Open"), pack("op", entity_ref)),
        ],
    ]
    if len(asked) > 1:
        left = len(asked)
        buttons.append(
            [
                Button(words.t("All {n}: fill in", n=left), pack("iq", operation.id, number, "U")),
                Button(words.t("All: new"), pack("iq", operation.id, number, "C")),
                Button(words.t("All: leave out"), pack("iq", operation.id, number, "S")),
            ]
        )
    return Screen(
        lines(
            f"📥 {bold(clip(operation.title, 60))} · " + words.t("row {n}", n=number),
            f"<i>{esc(clip(said, 300))}</i>",
            words.t("Is it {name}? ({reason})", name=bold(clip(name, 80)), reason=by.get(row["by"], "")),
        ),
        tuple(buttons),
    )
