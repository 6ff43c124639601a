"""One change to all that a filter finds: what can be changed, to what, and the rehearsal before it is done."""

from collections.abc import Sequence

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.domain.query import KIND_OF, Query
from botcrm.core.services.operations.bulk import BulkPlan
from botcrm.core.services.operations.bulk_changes import Change
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.filtering import query_text
from botcrm.telegram.screens.merging import moved_text
from botcrm.words import Words

_LABELS = {
    "owner": ("🤝", "Hand over"),
    "stage": ("➡", "Move to a stage"),
    "tag": ("🏷", "Tag"),
    "untag": ("✂", "Take a tag off"),
    "task": ("📌", "Plan for each"),
    "field": ("✏", "Set a field"),
    "message": ("💬", "Write to the clients"),
    "delete": ("🗑", "Delete"),
}
_WHY = {
    "refused": "not yours to change",
    "same": "so already",
    "pipeline": "in another pipeline",
    "silent": "no chat to write to",
    "stop": "want no such messages (#stop)",
}


def menu_screen(words: Words, query: Query, count: str, kinds: Sequence[str], ref: str) -> Screen:
    """Offer what can be done with all that a query finds."""
    buttons = [Button(f"{_LABELS[kind][0]} {words.t(_LABELS[kind][1])}", pack("Bk", ref, kind)) for kind in kinds]
    text = lines(
        "⚙ "
        + (
            words.t("What is to be done with it?")
            if count == "1"
            else words.t(
                "What is to be done with all {count} {kind}?", count=count, kind=words.t(KIND_OF[query.entity])
            )
        ),
        query_text(query),
        words.t("You see first what would happen."),
    )
    return Screen(text, (*rows_of(buttons, 2), _back(words, ref)))


def _back(words: Words, ref: str) -> Row:
    return [Button("← " + words.t("Back"), pack("Qp", ref, 0))]


def pick_screen(words: Words, question: str, choices: Sequence[tuple[str, str]], ref: str) -> Screen:
    """Offer values, as (label, callback data)."""
    buttons = [Button(clip(label, 30), data) for label, data in choices]
    return Screen(
        question if choices else words.t("There is nothing to choose from."), (*rows_of(buttons, 2), _back(words, ref))
    )


def asking(words: Words, kind: str, field: str = "") -> str:
    """Return the question for what is typed."""
    match kind:
        case "tag":
            return words.t("Which tag?")
        case "untag":
            return words.t("Which tag is to go?")
        case "task":
            return words.t(
                "What is to be done, and when? Like this: {example}", example="<code>call back mon 9:00</code>"
            )
        case "message":
            return words.t("What do you write? {name} becomes each client's name.", name="<code>{name}</code>")
        case _:
            return words.t("{field}: which value? A dash empties it.", field=bold(field))


def change_text(words: Words, change: Change, named: str) -> str:
    """Say what a change does, as plain text.

    :param named: what its value is called: a person, a stage, a field with its value
    """
    match change.kind:
        case "owner":
            return words.t("Hand over to {name}", name=named)
        case "stage":
            return words.t("Move to {name}", name=named)
        case "tag":
            return words.t("Tag {name}", name=f"#{named}")
        case "untag":
            return words.t("Take {name} off", name=f"#{named}")
        case "task":
            return words.t("Plan: {name}", name=named)
        case "field":
            return words.t("Set {name}", name=named)
        case "message":
            return words.t("Write to the clients: {name}", name=clip(named, 60))
        case _:
            return words.t("Delete")


def plan_screen(
    words: Words, query: Query, plan: BulkPlan, what: str, change: Change, ref: str, draft_id: int
) -> Screen:
    """Show what a change would do; nothing was done."""
    kind = words.t(KIND_OF[query.entity])
    listed = [
        f"   {LETTERS[Entity(one.entity)]}{one.record_id} {esc(clip(one.name, 60)) or '–'}"
        + (f" · {esc(clip(one.owner, 30))}" if one.owner else "")
        for one in plan.sample
    ]
    text = lines(
        f"⚙ {bold(what)}",
        query_text(query),
        words.t("{n} of {total} {kind}:", n=f"{plan.going:,}", total=f"{plan.found:,}", kind=kind),
        *listed,
        words.t("… and {n} more", n=f"{plan.going - len(listed):,}") if plan.going > len(listed) else "",
        *(
            f"✋ {count:,}: {words.t(_WHY[why])}"
            for why, count in sorted(plan.left.items(), key=lambda pair: -pair[1])
            if count
        ),
        words.t("On it: {things}. That stays, without it.", things=moved_text(words, plan.hang)) if plan.hang else "",
        f"\n<i>{esc(clip(str(change.value), 800))}</i>" if change.kind == "message" else "",
        words.t("Each client gets it once. What was sent cannot be taken back.") if change.kind == "message" else "",
        words.t("Nothing would change.") if not plan.going else "",
    )
    do = [Button(f"✅ {words.t('Do it')} ({plan.going:,})", pack("Bd", draft_id))] if plan.going else []
    return Screen(text, (do, [Button(words.t("Never mind"), pack("Qp", ref, 0))]))
