"""What there is about a person, and how it is taken out or erased."""

from collections.abc import Mapping, Sequence

from botcrm.core.services.access import ref
from botcrm.core.services.personal.person import Person
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack
from botcrm.words import Words

_LISTED = 12


def _counts(words: Words, counts: Mapping[str, int]) -> str:
    said = {
        "contact": words.n("{n} contact", "{n} contacts", counts.get("contact", 0)),
        "lead": words.n("{n} lead", "{n} leads", counts.get("lead", 0)),
        "deal": words.n("{n} deal", "{n} deals", counts.get("deal", 0)),
        "activity": words.n("{n} activity", "{n} activities", counts.get("activity", 0)),
        "note": words.n("{n} note", "{n} notes", counts.get("note", 0)),
        "file": words.n("{n} file", "{n} files", counts.get("file", 0)),
        "message": words.n("{n} message", "{n} messages", counts.get("message", 0)),
    }
    return dots(*(said[name] for name in said if counts.get(name)))


def _refs(records: Sequence[tuple[str, int]]) -> str:
    more = f" +{len(records) - _LISTED}" if len(records) > _LISTED else ""
    return ", ".join(ref(*one) for one in records[:_LISTED]) + more


def person_screen(
    words: Words,
    shown: tuple[str, int],
    name: str,
    counts: Mapping[str, int],
    seen: Sequence[tuple[str, int]],
    others: Sequence[tuple[str, int]],
    called: Sequence[tuple[str, int]],
    *,
    deleted: bool,
    may_export: bool,
    may_erase: bool,
) -> Screen:
    """Say what there is about somebody, and offer to take it out or to erase it.

    :param shown: the record they are known by to the reader
    :param deleted: it was deleted, and is found here only
    :param seen: those of their own records that the reader may see
    :param others: the records with a phone, address or account of theirs
    :param called: the records of the same name
    """
    known, called = [one for one in seen if one != shown], [one for one in called if one not in others]
    text = lines(
        f"🔒 {bold(clip(name, 100))} · {ref(*shown)}",
        words.t("Deleted, yet still kept.") if deleted else "",
        _counts(words, counts),
        words.t("The same person: {refs}", refs=_refs(known)) if known else "",
        words.t("With the same phone, e-mail or account, and not counted in: {refs}.", refs=_refs(others))
        if others
        else "",
        words.t("Perhaps also: {refs}. The same name, and not counted in.", refs=_refs(called)) if called else "",
        words.t("Merge first whoever is the same.")
        if called or any(entity != "company" for entity, _ in others)
        else "",
    )
    row: list[Button] = []
    if may_export:
        row.append(Button("⬇ " + words.t("Export"), pack("Pe", ref(*shown))))
    if may_erase:
        row.append(Button("🗑 " + words.t("Erase…"), pack("PE", ref(*shown))))
    rows: tuple[Row, ...] = (row, [] if deleted else [Button(words.t("Open"), pack("op", ref(*shown)))])
    return Screen(text, rows, shown)


def confirm_screen(
    words: Words,
    person: Person,
    name: str,
    others: Sequence[tuple[str, int]],
    called: Sequence[tuple[str, int]],
    typed: str,
    no: str,
    with_companies: str = "",
) -> Screen:
    """Say what erasing does, and ask for the words that begin it.

    :param with_companies: the words that erase companies of the person's own along; none where there are none
    """
    called = [one for one in called if one not in others]
    text = lines(
        "🗑 " + words.t("Erase {name}?", name=bold(clip(name, 100))),
        words.t("Gone for good: name, phones, e-mails, address, account of {refs}.", refs=_refs(person.records)),
        words.t(
            "Gone too: what was written, planned, sent and said with them, their files, and their messages as they came."
        ),
        words.t("Deals keep their amounts and stages."),
        words.t("{refs} look like the same person and stay.", refs=_refs(others)) if others else "",
        words.t("Perhaps also: {refs}. The same name; they stay.", refs=_refs(called)) if called else "",
        bold(words.t("It cannot be taken back.")),
        words.t("To do it, type: {words}", words=f"<code>{esc(typed)}</code>"),
        words.t("With the company that is only they: {words}", words=f"<code>{esc(with_companies)}</code>")
        if with_companies
        else "",
    )
    return Screen(text, ([Button(words.t("Never mind"), no)],))
