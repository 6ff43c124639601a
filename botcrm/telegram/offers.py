"""What fits no command is kept, and where it belongs is offered: texts, files, contacts, places."""

import contextlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.events import RecordAttached
from botcrm.core.domain.kinds import ENTITY_OF, LETTERS, Action, Entity
from botcrm.core.domain.phones import normal_phone
from botcrm.core.domain.text import fold
from botcrm.core.models import Contact, File, Record
from botcrm.core.services import records
from botcrm.core.services.access import facts_of, load, load_any
from botcrm.core.services.activities import add_file, add_note, change_file
from botcrm.core.services.cards import party_card
from botcrm.core.services.search.subjects import ENTITIES, Found, match_subject, search
from botcrm.imports.opening import ENDINGS
from botcrm.telegram import alike
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, party_screen
from botcrm.telegram.screens.importing import choices, importable

_BEGIN = re.compile(r"\s*([dcol])([1-9]\d{0,8})[:,]?\s", re.IGNORECASE | re.ASCII)
# Buttons of a card that waits for an answer before it is complete.
_ASKING = frozenset({"pk", "pn", "sr", "lk", "wn", "ls", "sg", "rv", "uknote", "uklead", "ukfind", "aw", "pp", "du"})


def asks(screen: Screen) -> bool:
    """Tell whether a screen asks something."""
    return any(button.data.split(":", 1)[0] in _ASKING for row in screen.rows for button in row)


async def recent(ctx: Context, limit: int = 3) -> list[Found]:
    """Return the records this person worked with last."""
    rows = await db.fetch(
        "SELECT entity, record_id FROM line WHERE user_id = ? AND record_id IS NOT NULL AND entity IS NOT NULL ORDER BY id DESC LIMIT 20",
        ctx.user_id,
    )
    found: dict[tuple[str, int], Found] = {}
    for row in rows:
        key = (str(row["entity"]), int(row["record_id"]))
        try:
            record = await load_any(ctx.work, *key)
        except CrmError:
            continue
        if key[0] not in ENTITIES:
            links = facts_of(record)
            named = next((name for name in ("deal", "contact", "company", "lead") if links.get(f"{name}_id")), None)
            if named is None:
                continue
            key = (named, int(links[f"{named}_id"]))
            try:
                record = await load_any(ctx.work, *key)
            except CrmError:
                continue
        name = str(getattr(record, "title", "") or getattr(record, "name", ""))
        entry = await db.fetch_one("SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", *key)
        found.setdefault(key, Found(key[0], key[1], entry["name"] if entry else name, 100.0))
        if len(found) == limit:
            break
    return list(found.values())


def _told_apart(found: Sequence[Found]) -> list[str]:
    """Return the names of records as buttons show them: where two are called alike, with what each is."""
    names = [clip(item.name, 26) for item in found]
    alike_ones = Counter(fold(name) for name in names)
    return [
        f"{name} {SIGNS[item.entity]} {LETTERS[Entity(item.entity)]}{item.record_id}"
        if alike_ones[fold(name)] > 1
        else name
        for item, name in zip(found, names, strict=True)
    ]


def target_buttons(found: Sequence[Found], ref: str) -> list[Button]:
    """Return buttons that hang something kept (a note n5, a file f7) on a record."""
    return [
        Button(
            name if SIGNS[item.entity] in name else f"{SIGNS[item.entity]} {name}",
            pack("lk", ref, f"{LETTERS[Entity(item.entity)]}{item.record_id}"),
        )
        for item, name in zip(found, _told_apart(found), strict=True)
    ]


async def offer_targets(ctx: Context, ref: str, text: str) -> Screen:
    """Offer the records a search finds for something kept."""
    found = await search(ctx.work, text, limit=6)
    if not found:
        return Screen(
            ctx.words.t("Nothing found for “{query}”.", query=esc(clip(text, 60))),
            ([Button(ctx.words.t("Search again…"), pack("sr", ref))],),
        )
    return Screen(ctx.words.t("To which?"), tuple(rows_of(target_buttons(found, ref), 2)))


async def offer_unknown(ctx: Context, text: str, suggestions: Sequence[str], refused: str = "") -> Screen:
    """Keep a text that starts with no command, and offer what it may have meant.

    :param refused: what is wrong with it as the command that its first word is, as HTML
    """
    draft = await ctx.ask("unknown", text=text)
    suggestions = ctx.plugged.suggested(ctx.work.actor, suggestions)
    rows: list[list[Button]] = []
    if suggestions:
        rows.append([Button(f"/{name}", pack("rv", draft.id, name)) for name in suggestions[:3]])
    last = await recent(ctx, 2)
    about = ctx.about if ctx.about and ctx.about[0] in ENTITIES else await _begins_with(ctx, text)
    if about:
        last = [item for item in last if (item.entity, item.record_id) != about][:1]
        record = await load_any(ctx.work, *about)
        last.insert(0, Found(*about, await ctx.name_of(record), 100.0))
    rows += [
        [
            Button(
                "📝 " + ctx.words.t("Note to {name}", name=name),
                pack("uknote", draft.id, f"{LETTERS[Entity(item.entity)]}{item.record_id}"),
            )
        ]
        for item, name in zip(last, _told_apart(last), strict=True)
    ]
    rows.append(
        [
            Button("🌱 " + ctx.words.t("New lead"), pack("uklead", draft.id)),
            Button("🔍 " + ctx.words.t("Search"), pack("ukfind", draft.id)),
            Button(ctx.words.t("Ignore"), pack("dx", draft.id)),
        ]
    )
    word = text.split(maxsplit=1)[0] if text.split() else text
    head = (
        ctx.words.t("“{word}” is no command. Did you mean one of these?", word=esc(clip(word, 30)))
        if suggestions and word.startswith("/")
        else ctx.words.t("Kept. What is it?")
    )
    if refused:
        head = lines(refused, ctx.words.t("Not meant as a command? It is kept. What is it?"))
    return Screen(lines(head, f"<i>{esc(clip(text, 200))}</i>"), tuple(rows))


async def _begins_with(ctx: Context, text: str) -> tuple[str, int] | None:
    """Return the record whose reference a text begins with: `d12 they think about it`."""
    match = _BEGIN.match(text)
    about = (str(ENTITY_OF[match[1].lower()]), int(match[2])) if match else None
    if about and about[0] in ENTITIES:
        with contextlib.suppress(CrmError):
            await load_any(ctx.work, *about)
            return about
    return None


# --- files ---------------------------------------------------------------------------------------------------------------


def file_in(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return what is worth keeping of a message's file, None where it has none."""
    if message.get("photo"):
        best = message["photo"][-1]
        return {"kind": "photo", "file_id": best["file_id"], "size": best.get("file_size"), "mime": "image/jpeg"}
    for kind in ("document", "voice", "video", "audio", "video_note"):
        part = message.get(kind)
        if part:
            return {
                "kind": kind,
                "file_id": part["file_id"],
                "name": part.get("file_name") or "",
                "mime": part.get("mime_type") or "",
                "size": part.get("file_size"),
            }
    return None


async def keep_file(ctx: Context, facts: dict[str, Any], caption: str) -> Screen:
    """Keep a file: on the card replied to, or on the record its caption names; else ask where."""
    about = ctx.about or await _named_in(ctx, caption)
    links: dict[str, Any] = {}
    if about:
        try:
            links = _filled(await load_any(ctx.work, *about))
        except CrmError:
            about = None
    file = await add_file(ctx.work, caption=caption, **facts, **links)
    return await _file_kept(ctx, file, about if links else None)


async def correct_caption(ctx: Context, file_id: int, caption: str) -> Screen:
    """Correct a kept file's caption; a file that hung nowhere comes to the record that the caption names now."""
    file = await load(ctx.work, File, file_id, Action.CHANGE)
    links = _filled(file)
    about = next(((name, links[f"{name}_id"]) for name in _HOLDERS if f"{name}_id" in links), None)
    if about is None:
        about = await _named_in(ctx, caption)
        if about:
            file = await ctx.work.change(file, RecordAttached, **_filled(await load_any(ctx.work, *about)))
    screen = await _file_kept(ctx, await change_file(ctx.work, file.id, caption), about)
    return Screen(lines("✏️ " + ctx.words.t("Corrected"), screen.text), screen.rows, screen.about)


_HOLDERS = ("deal", "contact", "company", "lead")


def _filled(record: Record) -> dict[str, Any]:
    return {name: value for name, value in facts_of(record).items() if value}


async def _named_in(ctx: Context, caption: str) -> tuple[str, int] | None:
    match = await match_subject(ctx.work, caption.split(), ENTITIES)
    return (match.found[0].entity, match.found[0].record_id) if match.clear else None


async def _file_kept(ctx: Context, file: File, about: tuple[str, int] | None) -> Screen:
    ctx.main = ("file", file.id)
    what = (
        {"photo": ctx.words.t("Photo"), "voice": ctx.words.t("Voice message")}.get(file.kind)
        or file.name
        or ctx.words.t("File")
    )
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    if about is None:
        return await _ask_where(ctx, file, what, undo)
    note = f"   {esc(clip(file.caption, 300))}" if file.caption else ""
    name = bold(clip(await _name(about), 100))
    return Screen(lines(f"📎 {esc(clip(what, 80))} → {name}", note), (undo,), about)


async def _name(about: tuple[str, int]) -> str:
    entry = await db.fetch_one("SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", *about)
    return str(entry["name"]) if entry else about[0]


async def _ask_where(ctx: Context, file: File, what: str, undo: list[Button]) -> Screen:
    ref = f"f{file.id}"
    rows = rows_of(target_buttons(await recent(ctx, 4), ref), 2)
    takes = importable(ctx) if file.kind == "document" and file.name.casefold().endswith(ENDINGS) else []
    asked = ctx.words.t("Import it as, or where does it belong?") if takes else ctx.words.t("Where does it belong?")
    text = lines(f"📎 {esc(clip(what, 80))} " + ctx.words.t("kept."), asked)
    more = [Button("🔍 " + ctx.words.t("Search…"), pack("sr", ref)), *undo]
    return Screen(text, (*choices(ctx.words, file.id, takes), *rows, more), ("file", file.id))


# --- contacts and places -------------------------------------------------------------------------------------------------


async def keep_contact(ctx: Context, part: dict[str, Any]) -> Screen:
    """Keep a shared contact card: a known number opens its contact, a new one makes it."""
    name = " ".join(filter(None, (part.get("first_name"), part.get("last_name")))) or part.get("phone_number") or "?"
    raw = str(part.get("phone_number") or "")
    phone = normal_phone(raw, ctx.work.prefs.region) or normal_phone(f"+{raw.lstrip('+')}", None)
    known = await records.contact_by_phone(ctx.work, phone) if phone else None
    if known:
        ctx.main = ("contact", known.id)
        card = await party_card(ctx.work, "contact", known.id)
        return party_screen(ctx.words, ctx.kinds, card, head="👤 " + ctx.words.t("This number is known:"))
    found: Contact = await records.add_contact(ctx.work, name, phone=phone, telegram_id=part.get("user_id"))
    ctx.main = ("contact", found.id)
    if raw and not phone:
        await add_note(ctx.work, raw, contact_id=found.id)
    card = await party_card(ctx.work, "contact", found.id)
    screen = party_screen(ctx.words, ctx.kinds, card, head="✅ " + ctx.words.t("Contact added"), undo=ctx.undo)
    near = [item for item in await recent(ctx, 4) if item.entity in ("company", "deal")]
    rows = rows_of(target_buttons(near, f"c{found.id}"), 2)
    text = lines(screen.text, ctx.words.t("Belongs to:") if rows else "")
    return await alike.with_question(ctx, Screen(text, (*rows, *screen.rows), screen.about), found)


async def keep_place(ctx: Context, latitude: float, longitude: float, title: str = "") -> Screen:
    """Keep a location as a note: on the card replied to, else ask what it belongs to."""
    place = f"📍 {title} https://maps.google.com/?q={latitude:.6f},{longitude:.6f}".replace("  ", " ")
    links: dict[str, Any] = {}
    if ctx.about:
        record = await load_any(ctx.work, *ctx.about)
        links = {name: value for name, value in facts_of(record).items() if value}
    note = await add_note(ctx.work, place, **links)
    ctx.main = ("note", note.id)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    if ctx.about and links:
        return Screen(f"📍 → {bold(clip(await _name(ctx.about), 100))}", (undo,), ctx.about)
    ref = f"n{note.id}"
    rows = rows_of(target_buttons(await recent(ctx, 4), ref), 2)
    text = lines("📍 " + ctx.words.t("Place kept."), ctx.words.t("Where does it belong?"))
    return Screen(text, (*rows, [Button("🔍 " + ctx.words.t("Search…"), pack("sr", ref)), *undo]), ("note", note.id))
