"""Merging as people see it: what would happen, what they decide, what was done, and what coming apart left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.domain.merging import CUSTOM
from botcrm.core.domain.phones import show_phone
from botcrm.core.services.custom.fields import Held
from botcrm.core.services.merging.many import MAIN, NEWEST, BulkPlan, Rule
from botcrm.core.services.merging.merge import Conflict, Merged, Party, Plan
from botcrm.core.services.merging.unmerge import Unmerged
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS
from botcrm.telegram.screens.own_values import value_text
from botcrm.words import Words

# What the units of a record are called.
_UNITS = {
    "name": "name",
    "title": "title",
    "tax_id": "tax number",
    "website": "website",
    "address": "address",
    "owner": "owner",
    "job_title": "job title",
    "company": "company",
    "birth_date": "birth date",
    "telegram": "Telegram",
    "company_name": "company",
    "source": "source",
    "amount": "amount",
    "state": "status",
    "phone": "phone",
    "email": "e-mail",
    "tag": "tag",
}
_MOVED = {
    "deal": ("{n} deal", "{n} deals"),
    "contact": ("{n} contact", "{n} contacts"),
    "lead": ("{n} lead", "{n} leads"),
    "activity": ("{n} activity", "{n} activities"),
    "note": ("{n} note", "{n} notes"),
    "file": ("{n} file", "{n} files"),
    "message": ("{n} message", "{n} messages"),
}
_MOST_CONFLICTS, _MOST_VALUES, _MOST_PICKS = 8, 3, 12
# In per cent.
_LEASTS = (99, 95, 90)


@dataclass(frozen=True, slots=True)
class Named:
    """What ids in a plan are called.

    :ivar people: the staff by id
    :ivar companies: companies by id
    :ivar fields: the company's own fields by id
    """

    people: Mapping[int, str]
    companies: Mapping[int, str]
    fields: Mapping[str, Held]


def name_of(party: Party) -> str:
    """Return what a record is called."""
    return str(getattr(party, "title", "") or party.name)


def ref_of(entity: str, record_id: int) -> str:
    """Return how people write a record: c12."""
    return f"{LETTERS[Entity(entity)]}{record_id}"


def unit_name(words: Words, unit: str, named: Named | None = None) -> str:
    """Return what a unit is called."""
    if unit.startswith(CUSTOM):
        key = unit.removeprefix(CUSTOM)
        return named.fields[key].field.name if named and key in named.fields else key
    return words.t(_UNITS.get(unit, unit))


def _value(words: Words, unit: str, values: Sequence[Any], named: Named) -> str:
    first = values[0]
    own = named.fields.get(unit.removeprefix(CUSTOM)) if unit.startswith(CUSTOM) else None
    if own is not None and first is not None:
        return value_text(words, replace(own, value=first))
    if unit == "owner":
        return named.people.get(int(first or 0), "?")
    if unit == "company":
        return named.companies.get(int(first or 0), "?")
    if unit == "telegram":
        return f"Telegram {first}"
    if unit == "birth_date":
        return date.fromisoformat(str(first)).strftime("%d.%m.%Y")
    if unit == "state":
        return words.t(str(first))
    if isinstance(first, str) and first.startswith("+") and first[1:].isdigit():
        return show_phone(first)
    return ", ".join(str(value) for value in values if value not in (None, ""))


def moved_text(words: Words, moved: Mapping[str, int]) -> str:
    """Count things: "2 deals, 5 activities"."""
    return ", ".join(words.n(*_MOVED[table], count) for table, count in moved.items() if table in _MOVED)


def _joined_text(words: Words, plan: Plan, named: Named) -> str:
    joined = (f"{unit_name(words, name, named)} +{count}" for name, count in plan.joined.items())
    return ", ".join([*(unit_name(words, unit, named) for unit in plan.filled), *joined])


def plan_screen(words: Words, plan: Plan, named: Named, draft_id: int) -> Screen:
    """Show what merging would do, with what is to be decided as buttons."""
    main = plan.main
    others = "\n".join(
        f"   ← {esc(clip(name_of(other), 80))} · {ref_of(plan.entity, other.id)}" for other in plan.others
    )
    gets = _joined_text(words, plan, named)
    moved = moved_text(words, plan.moved)
    text = lines(
        f"{SIGNS[plan.entity]} {bold(clip(name_of(main), 100))} · {ref_of(plan.entity, main.id)}",
        others,
        words.t("It gets: {what}", what=esc(gets)) if gets else "",
        words.t("Comes over: {what}", what=moved) if moved else "",
        words.t("They differ. What stands is marked:") if plan.conflicts else "",
        *_not_shown(words, plan, named),
        words.n(
            "⚠ {names} will not see it any more.",
            "⚠ {names} will not see it any more.",
            len(plan.losing),
            names=esc(", ".join(clip(name, 40) for name in plan.losing[:5])),
        )
        if plan.losing
        else "",
        words.t("This can be taken back at any time."),
    )
    rows: list[Row] = [
        [_choice(words, plan, conflict, place, one, named, draft_id) for one in conflict.values[:_MOST_VALUES]]
        for place, conflict in enumerate(plan.conflicts[:_MOST_CONFLICTS])
    ]
    keep = [
        Button("⇄ " + words.t("Keep {ref} instead", ref=ref_of(plan.entity, other.id)), pack("ms", draft_id, other.id))
        for other in plan.others[:3]
    ]
    do = [Button("✅ " + words.t("Merge"), pack("mG", draft_id)), Button(words.t("Cancel"), pack("mX", draft_id))]
    return Screen(text, (*rows, *rows_of(keep, 2), do), (plan.entity, main.id))


def _not_shown(words: Words, plan: Plan, named: Named) -> list[str]:
    """Say what is decided without a button for it."""
    ref = ref_of(plan.entity, plan.main.id)
    more = [unit_name(words, one.unit, named) for one in plan.conflicts[_MOST_CONFLICTS:]]
    values = [
        f"{unit_name(words, one.unit, named)} +{len(one.values) - _MOST_VALUES}"
        for one in plan.conflicts[:_MOST_CONFLICTS]
        if len(one.values) > _MOST_VALUES
    ]
    return [
        words.t("No button for {what}: there {ref}'s stands.", what=esc(", ".join(more)), ref=ref) if more else "",
        words.t("Not all values have a button: {what}.", what=esc(", ".join(values))) if values else "",
    ]


def _choice(
    words: Words, plan: Plan, conflict: Conflict, place: int, one: tuple[int, list[Any]], named: Named, draft_id: int
) -> Button:
    mark = "●" if one[0] == conflict.chosen else "○"
    value = clip(_value(words, conflict.unit, one[1], named), 24)
    label = unit_name(words, conflict.unit, named) if one is conflict.values[0] else ""
    return Button(f"{mark} {label}{': ' if label else ''}{value}", pack("mc", draft_id, place, one[0]))


def merged_screen(words: Words, entity: str, done: Merged, undo: str, *, search_id: int | None = None) -> Screen:
    """Say that records are one now.

    :param search_id: the search for duplicates that goes on with its next group
    """
    main = done.main
    gone = ", ".join(ref_of(entity, row.merged_id) for row in done.merges)
    ref = ref_of(entity, main.id)
    text = lines(
        "✅ " + words.t("Merged: {name} · {ref}", name=bold(clip(name_of(main), 100)), ref=ref),
        "   " + words.t("{refs} went into it and open it from now on.", refs=gone),
    )
    onward = [Button(words.t("Next group →"), pack("dg", search_id))] if search_id is not None else []
    row = [Button(words.t("Open"), pack("op", ref)), Button("↩ " + words.t("Undo"), undo)]
    return Screen(text, (row, onward), (entity, main.id))


def unmerged_screen(words: Words, entity: str, done: Sequence[Unmerged], again: str) -> Screen:
    """Say that records are apart again, and what people did since, which stays."""
    shown: list[str] = []
    opens: list[Button] = []
    for one in done:
        main, record = ref_of(entity, one.main.id), ref_of(entity, one.record.id)
        kept = ", ".join(unit_name(words, unit) for unit in one.kept)
        elsewhere = ", ".join(_refs(table, ids) for table, ids in one.elsewhere.items())
        since = moved_text(words, one.since)
        shown.append(
            lines(
                f"   {esc(clip(name_of(one.record), 80))} · {record} ← {esc(clip(name_of(one.main), 80))} · {main}",
                "   " + words.t("Changed since and kept on {ref}: {what}", ref=main, what=esc(kept)) if kept else "",
                "   " + words.t("Moved on since and left there: {what}", what=elsewhere) if elsewhere else "",
                "   " + words.t("Made since and left on {ref}: {what}", ref=main, what=since) if since else "",
            )
        )
        opens += [Button(f"{words.t('Open')} {ref}", pack("op", ref)) for ref in (main, record)]
    unique = list({button.data: button for button in opens}.values())[:6]
    text = lines("↩ " + bold(words.t("Taken apart again")), *shown)
    return Screen(text, (*rows_of(unique, 2), [Button("↪ " + words.t("Merge again"), again)]))


def _refs(table: str, ids: Sequence[int]) -> str:
    letter = LETTERS.get(Entity(table), table)
    more = "…" if len(ids) > 5 else ""
    return ", ".join(f"{letter}{one}" for one in ids[:5]) + more


def pick_screen(
    words: Words, typed: str, found: Sequence[tuple[str, int, str]], picked: Sequence[int], draft_id: int
) -> Screen:
    """Offer records to be merged: a tap takes one in or out."""
    buttons = [
        Button(
            f"{'☑' if record_id in picked else '☐'} {clip(name, 30)} · {ref_of(entity, record_id)}",
            pack("mq", draft_id, record_id),
        )
        for entity, record_id, name in found[:_MOST_PICKS]
    ]
    last = [Button(words.t("Cancel"), pack("mX", draft_id))]
    if len(picked) > 1:
        last.insert(0, Button(words.n("Merge {n}…", "Merge {n}…", len(picked)), pack("mq", draft_id, 0)))
    text = words.t("Which ones are the same as “{name}”? Tap two or more.", name=esc(clip(typed, 60)))
    return Screen(text, (*rows_of(buttons, 1), last))


def already_screen(words: Words, entity: str, record_id: int, main: Screen, merge_id: int | None) -> Screen:
    """Show the record that another one went into, with a way to take it out again."""
    hint = "🔗 " + words.t("{ref} was merged into this one.", ref=ref_of(entity, record_id))
    rows: tuple[Row, ...] = main.rows
    if merge_id is not None:
        rows = (*rows, [Button("↩ " + words.t("Take {ref} out", ref=ref_of(entity, record_id)), pack("mU", merge_id))])
    return Screen(lines(hint, main.text), rows, main.about)


# --- many at once ---------------------------------------------------------------------------------------------------------


def _left_lines(words: Words, plan: BulkPlan) -> list[str]:
    """Say which groups stay as they are, and who loses by those that do not."""
    name = words.n(
        "{n} group is left for you: only the name is alike.",
        "{n} groups are left for you: only the names are alike.",
        plan.by_name,
    )
    stale = words.n(
        "{n} group is left: it changed since the search. Search again for it.",
        "{n} groups are left: they changed since the search. Search again for them.",
        plan.stale,
    )
    refused = words.n(
        "{n} group is left: it is not all yours.", "{n} groups are left: they are not all yours.", plan.refused
    )
    several = words.n(
        "⚠ {n} group belongs to several people: some of them lose sight of theirs.",
        "⚠ {n} groups belong to several people: some of them lose sight of theirs.",
        plan.owners,
    )
    told = ((plan.by_name, name), (plan.stale, stale), (plan.refused, refused), (plan.owners, several))
    return [text for count, text in told if count]


def bulk_screen(words: Words, plan: BulkPlan, rule: Rule) -> Screen:
    """Show what merging the groups of a search by a rule would do."""
    share = round(rule.least * 100)
    sample = [
        f"   {esc(clip(names[0], 50))} · {ref_of(plan.entity, group.ids[0])} ← "
        + ", ".join(
            f"{esc(clip(name, 40))} · {ref_of(plan.entity, one)}"
            for name, one in zip(names[1:], group.ids[1:], strict=True)
        )
        for group, names in plan.sample
    ]
    text = lines(
        bold(words.t("Merge what is surely the same")),
        dots(
            words.n("{n} group", "{n} groups", plan.groups),
            words.n("{n} record goes into another", "{n} records go into another", plan.records),
        ),
        words.t(
            "Groups from {n} % on; where they differ, the {which} record's value stands.",
            n=share,
            which=words.t(rule.conflicts),
        ),
        *_left_lines(words, plan),
        words.t("For example:") if sample else "",
        *sample,
    )
    letter = {MAIN: "m", NEWEST: "n"}
    leasts = [
        Button(f"{'●' if least == share else '○'} ≥ {least} %", pack("mb", rule.groups, least, letter[rule.conflicts]))
        for least in _LEASTS
    ]
    values = [
        Button(
            f"{'●' if which == rule.conflicts else '○'} {words.t(label)}", pack("mb", rule.groups, share, letter[which])
        )
        for which, label in ((MAIN, "The main one's values"), (NEWEST, "The newest one's values"))
    ]
    do = []
    if plan.groups:
        label = words.n("Merge {n} group", "Merge {n} groups", plan.groups)
        do = [Button("✅ " + label, pack("mB", rule.groups, share, letter[rule.conflicts]))]
    return Screen(text, (leasts, values, do))
