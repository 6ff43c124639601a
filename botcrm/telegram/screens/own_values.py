"""The company's own fields on cards, and the card on which they are set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from botcrm.core.domain.custom_values import TYPES
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.services.custom.fields import Held
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

# Longer values have a line of their own.
_SHORT = 40
_MOST_ON_CARD = 8
_MOST_MISSING = 2
_PAGE = 12
# What every deal and lead has beside its own fields, with a dictionary behind it.
SOURCE = 0
SOURCED = ("deal", "lead")
# What every deal has as well.
CLOSE = -1


def value_text(words: Words, one: Held) -> str:
    """Write a value for a reader, as plain text."""
    return TYPES[one.type].show(one.value, words, one.names)


def changes_text(words: Words, own: Mapping[str, Held], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Write which own fields changed, with both values, as plain text.

    :param before: `custom` as it was
    """
    said = []
    for key in {**before, **after}:
        if key in own and before.get(key) != after.get(key):
            was, now = (
                clip(value_text(words, replace(own[key], value=values[key])), 60) if values.get(key) is not None else ""
                for values in (before, after)
            )
            said.append(f"{own[key].field.name} " + (f"{was} → {now}" if was and now else now or f"{was} → –"))
    return ", ".join(said)


def own_lines(words: Words, own: Sequence[Held]) -> list[str]:
    """Write what a record's own fields hold, the short ones side by side, and name those that have to be filled in."""
    filled = [one for one in own if one.value is not None]
    shown = [(one.field.name, clip(value_text(words, one), 200)) for one in filled[:_MOST_ON_CARD]]
    short = dots(*(f"{esc(name)}: {esc(text)}" for name, text in shown if len(text) <= _SHORT))
    long = [f"{esc(name)}: {esc(text)}" for name, text in shown if len(text) > _SHORT]
    missing = [one.field.name for one in own if one.value is None and one.field.required]
    left = words.t("Missing: {names}", names=esc(clip(", ".join(missing), 100))) if missing else ""
    return [f"🔖 {short}" if short else "", *long, f"❗ {left}" if left else ""]


def fields_button(words: Words, own: Sequence[Held], ref: str) -> list[Button]:
    """Return the button that leads to a record's own fields, where its kind has any."""
    if not own and str(ENTITY_OF[ref[0]]) not in SOURCED:
        return []
    return [Button("📋 " + words.t("Fields"), pack("zv", ref))]


def missing_buttons(own: Sequence[Held], ref: str) -> list[Button]:
    """Return a button for each own field that has to be filled in."""
    missing = [one.field for one in own if one.value is None and one.field.required][:_MOST_MISSING]
    return [Button(f"❗ {clip(one.name, 20)}", pack("zp", ref, one.id)) for one in missing]


def values_screen(
    words: Words,
    ref: str,
    name: str,
    source: str | None,
    own: Sequence[Held],
    page: int = 0,
    *,
    close: Held | None = None,
    head: str = "",
    undo: str = "",
) -> Screen:
    """Show all own fields of a record, a button for each.

    :param source: where it came from; None where its kind has no source
    :param close: when it is expected to close; None where it is no deal
    """
    pages = max(1, -(-len(own) // _PAGE))
    page = min(max(page, 0), pages - 1)
    shown = own[page * _PAGE : (page + 1) * _PAGE]
    first = [] if source is None else [f"{bold(words.t('Source'))}: {esc(clip(source, 60)) or words.t('none')}"]
    if close is not None:
        first.append(_value_line(words, close))
    text = lines(head, f"📋 {bold(clip(name, 120))} · {ref}", *first, *(_value_line(words, one) for one in shown))
    buttons = [] if source is None else [Button("✏️ " + words.t("Source"), pack("zp", ref, SOURCE))]
    buttons += [_value_button(one, ref) for one in (close, *shown) if one is not None]
    turn = [Button("←", pack("zv", ref, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("zv", ref, page + 1)))
    last = [Button("← " + words.t("Back"), pack("op", ref))]
    if undo:
        last.append(Button("↩ " + words.t("Undo"), undo))
    entity = str(ENTITY_OF[ref[0]])
    return Screen(text, (*rows_of(buttons, 2), turn, last), (entity, int(ref[1:])))


def _value_line(words: Words, one: Held) -> str:
    if one.value is not None:
        return f"{bold(one.field.name)}: {esc(clip(value_text(words, one), 300))}"
    if one.field.required:
        return f"❗ {bold(one.field.name)}: {words.t('to be filled in')}"
    return f"{bold(one.field.name)}: {words.t('none')}"


def _value_button(one: Held, ref: str) -> Button:
    title = clip(one.field.name, 24)
    if one.type == "yes_no":
        sign, other = ("☑", "n") if one.value else ("☐", "y")
        return Button(f"{sign} {title}", pack("zs", ref, one.field.id, other))
    return Button(f"✏️ {title}", pack("zp", ref, one.field.id))


def choices_screen(
    words: Words,
    ref: str,
    name: str,
    one: Held,
    options: Sequence[tuple[str, str, bool]],
    page: int,
    *,
    may_type: bool,
) -> Screen:
    """Offer what a field can be.

    :param options: what stands for each in a button, what it is called, and whether it is chosen
    :param may_type: whether another word may be typed
    """
    size = 10
    pages = max(1, -(-len(options) // size))
    page = min(max(page, 0), pages - 1)
    many = TYPES[one.type].many
    picks = []
    for mark, label, chosen in options[page * size : (page + 1) * size]:
        action = ("zd" if chosen else "za") if many else "zs"
        picks.append(Button(("✓ " if chosen else "") + clip(label, 30), pack(action, ref, one.field.id or 0, mark)))
    turn = [Button("←", pack("zp", ref, one.field.id or 0, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("zp", ref, one.field.id or 0, page + 1)))
    other = [Button(words.t("Other…"), pack("zo", ref, one.field.id or 0))] if may_type else []
    text = lines(
        f"📋 {bold(clip(name, 120))}",
        bold(one.field.name) + (f": {esc(clip(value_text(words, one), 200))}" if one.value is not None else ""),
        "" if options else words.t("There is nothing to choose."),
    )
    return Screen(text, (*rows_of(picks, 2), turn, [*other, *_ends(words, ref, one)]))


def ask_screen(words: Words, ref: str, name: str, one: Held) -> Screen:
    """Ask on the card for a value that is typed."""
    kind = TYPES[one.type]
    example = words.t(kind.example) if kind.example else ""
    text = lines(
        f"📋 {bold(clip(name, 120))}",
        "📎 " + words.t("Send the file: {what}", what=bold(one.field.name))
        if one.type == "file"
        else "✏️ " + words.t("Type: {what}", what=bold(one.field.name)),
        words.t("Now: {value}", value=esc(clip(value_text(words, one), 200))) if one.value is not None else "",
        words.t("For example: {example}", example=esc(example)) if example and one.type not in ("text", "file") else "",
    )
    files = [Button("📎 " + words.t("Open"), pack("fo", one.value))] if one.type == "file" and one.value else []
    return Screen(text, ([*files, *_ends(words, ref, one)],))


def _ends(words: Words, ref: str, one: Held) -> Row:
    """Return the buttons that every field ends with: none, back."""
    none = [Button(words.t("None"), pack("zs", ref, one.field.id or 0, "-"))] if one.value is not None else []
    return [*none, Button("← " + words.t("Back"), pack("zv", ref))]
