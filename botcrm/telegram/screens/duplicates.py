"""What people see of duplicates: the question on a new card, what a search found group by group, and why."""

from collections.abc import Mapping, Sequence

from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.domain.matching import Reason
from botcrm.core.models import Contact, Lead, Operation
from botcrm.core.services.duplicates.alike import Alike
from botcrm.core.services.duplicates.groups import Candidate, GroupShown
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, phone_text
from botcrm.words import Words

_REASONS = {
    "phone": "same phone",
    "email": "same e-mail",
    "telegram": "same Telegram account",
    "tax_id": "same tax number",
    "birth_date": "same birth date",
    "address": "same address",
    "company": "same company",
    "website": "same website",
    "near_phone": "phone almost the same",
    "near_email": "e-mail almost the same",
    "near_tax_id": "tax number almost the same",
    "near_birth_date": "birth date almost the same",
}
_TITLES = {
    "contact": "Duplicates among contacts",
    "company": "Duplicates among companies",
    "lead": "Duplicates among leads",
}
_PLURALS = {"contact": "Contacts", "company": "Companies", "lead": "Leads"}
_SHOWN, _OPENED = 8, 6


def reason_text(words: Words, reason: Reason) -> str:
    """Say why two may be the same; a plugin's words are escaped."""
    if reason.what == "name":
        return words.t("name {n} %", n=reason.percent)
    known = _REASONS.get(reason.what)
    return words.t(known) if known else esc(reason.what)


def reasons_text(words: Words, reasons: Sequence[Reason]) -> str:
    """Say all reasons: "same phone; name 92 %"."""
    return "; ".join(filter(None, (reason_text(words, reason) for reason in reasons)))


def question_text(words: Words, item: Alike) -> str:
    """Ask on a new record's card whether it is one that is known already."""
    name = bold(clip(item.name, 100)) + f" · {_ref(item.entity, item.record_id)}"
    return "👥 " + words.t("Same as {name} ({why})?", name=name, why=reasons_text(words, item.reasons))


def question_row(words: Words, new: str, item: Alike, *, several: bool) -> Row:
    """Offer to open the known one, to use it, or to keep the new one as somebody else.

    :param several: whether more than one is asked about, so that each button says which
    """
    old = _ref(item.entity, item.record_id)
    mark = f" {old}" if several else ""
    return [
        Button(words.t("Open") + mark, pack("op", old)),
        Button(words.t("Use that one") + mark, pack("du", new, old)),
        Button(words.t("New anyway") + mark, pack("dy", new, old)),
    ]


def title_text(words: Words, entity: str) -> str:
    """Return what a search for duplicates is called."""
    return words.t(_TITLES[entity])


def choose_screen(
    words: Words, entities: Sequence[str], open_searches: Sequence[tuple[Operation, int]], head: str = ""
) -> Screen:
    """Ask what to search, and offer what earlier searches have left.

    :param open_searches: searches, each with the number of groups nobody has decided on
    """
    kept = [[Button(f"👥 {words.t(_TITLES[one.entity])}: {left:,}", pack("dg", one.id))] for one, left in open_searches]
    news = [Button("🔎 " + words.t(_PLURALS[entity]), pack("df", entity)) for entity in entities]
    text = lines(
        head,
        "👥 " + bold(words.t("Duplicates")),
        words.t("Where shall I look? Nothing is merged unless you say so."),
        words.t("Found before and still open:") if kept else "",
    )
    return Screen(text, (*rows_of(news, 3), *kept))


def nothing_left_screen(words: Words, operation: Operation, *, head: str = "", back: int | None = None) -> Screen:
    """Say that no group of a search is open.

    :param back: the group that was just told apart, which can be taken back
    """
    text = lines(head, "👥 " + bold(title_text(words, operation.entity)), "✅ " + words.t("No duplicates left here."))
    row = [Button("🔎 " + words.t("Look again"), pack("df", operation.entity))]
    if back is not None:
        row.insert(0, _take_back(words, operation.id, back))
    return Screen(text, (row,))


def _take_back(words: Words, operation_id: int, number: int) -> Button:
    return Button("↩ " + words.t("Take back"), pack("db", operation_id, number))


def group_screen(
    words: Words, group: GroupShown, owners: Mapping[int, str], *, head: str = "", back: int | None = None
) -> Screen:
    """Show a group with what can be done about it.

    :param owners: names of the records' owners, by id
    :param back: the group that was just told apart, which can be taken back
    """
    shown = group.candidates[:_SHOWN]
    more = len(group.candidates) - len(shown)
    text = lines(
        head,
        "👥 "
        + bold(title_text(words, group.entity))
        + f" · {group.score:.0%} · "
        + words.n("{n} group left", "{n} groups left", group.left),
        *(_candidate(words, group.entity, one, owners, main=place == 0) for place, one in enumerate(shown)),
        words.t("… and {n} more", n=more) if more else "",
    )
    refs = [_ref(group.entity, one.record.id) for one in group.candidates]
    decide = [
        Button("🔗 " + words.t("Merge"), _merge(refs)),
        Button(words.t("Not duplicates"), pack("dn", group.operation_id, group.number)),
    ]
    onward = [Button(words.t("Next →"), pack("dg", group.operation_id, group.number + 1))]
    if back is not None:
        onward.insert(0, _take_back(words, group.operation_id, back))
    opens = [Button(ref, pack("op", ref)) for ref in refs[:_OPENED]]
    whole = [Button(words.t("Merge many…"), pack("mb", group.operation_id, 95, "m"))] if group.left > 1 else []
    return Screen(text, (decide, onward, *rows_of(opens, 3), whole))


def _merge(refs: Sequence[str]) -> str:
    """Return the data of the button that leads to the merge: the main record, and the others as far as they fit."""
    data = pack("mg", refs[0])
    for ref in refs[1:]:
        if len(data) + 1 + len(ref) - 1 > 64:
            break
        data += f".{ref[1:]}"
    return data


def _candidate(words: Words, entity: str, one: Candidate, owners: Mapping[int, str], *, main: bool) -> str:
    record = one.record
    name = (record.name or record.title) if isinstance(record, Lead) else record.name
    first = f"{SIGNS[entity]} {bold(clip(name, 80))} · {_ref(entity, record.id)}" + (
        f" · {words.t('stays')}" if main else ""
    )
    about = dots(
        phone_text(record.phone),
        esc(record.email or ""),
        esc(clip(one.company, 40)),
        record.birth_date.isoformat() if isinstance(record, Contact) and record.birth_date else None,
        esc(clip(", ".join(filter(None, (record.street, record.city))), 60)),
        esc(clip(owners.get(record.owner_id or 0, ""), 30)),
    )
    why = reasons_text(words, one.reasons)
    return lines(first, f"   {about}" if about else "", f"   <i>{why}</i>" if why and not main else "")


def _ref(entity: str, record_id: int) -> str:
    return f"{LETTERS[Entity(entity)]}{record_id}"
