"""The verbs about people and companies: lead, contact, company, find."""

import contextlib
import re
from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line, guess_subject
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.models import Company, Contact, Lead
from botcrm.core.services import records
from botcrm.core.services.cards import party_card
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.search.subjects import by_name, search
from botcrm.core.services.search.texts import search_said
from botcrm.telegram import alike
from botcrm.telegram.commands.deals import given, handed_away, plan_next
from botcrm.telegram.commands.exporting import with_found_export
from botcrm.telegram.commands.general import opened
from botcrm.telegram.commands.subject import Missing, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.line_fields import keep_fields
from botcrm.telegram.screens.base import Button, Screen, clip, lines, pack, rows_of
from botcrm.telegram.screens.cards import party_screen
from botcrm.telegram.screens.lists import found_screen

# So many records, and so many notes below them.
_SHOWN, _SAID = 10, 4
_REFERENCE = re.compile(r"([dcola])([1-9]\d{0,8})", re.IGNORECASE | re.ASCII)


async def lead(ctx: Context, line: Line) -> Screen:
    """Take a lead down: who, what, how to reach them; or show one by its reference."""
    args = line.args
    if any(letter == "l" for letter, _ in args.refs) or (ctx.about and ctx.about[0] == "lead"):
        subject = await subject_of(ctx, line, ("lead",))
        assert isinstance(subject.record, Lead)
        values: dict[str, Any] = {key: value for key, value in (("phone", args.phone), ("email", args.email)) if value}
        if args.amount:
            values |= {"amount": args.amount.quantized().amount, "currency": args.amount.currency}
        return await _saved(ctx, subject.record, values, line)
    words = [args.quoted] if args.quoted else args.subject_words
    count = 1 if args.quoted else guess_subject(words)
    name = " ".join(words[:count]) or args.phone or args.email or ""
    if not name:
        raise Missing(what=ctx.words.t("A lead from whom?"), example="lead Ivan Petrov roof +48 601 234 567 #site")
    rest = line.text_after(0 if args.quoted else count if words else 0)
    title = f"{name} — {rest}" if rest else name
    found = await records.add_lead(
        ctx.work,
        title,
        name=name,
        phone=args.phone,
        email=args.email,
        amount=args.amount,
        source=await dictionaries.propose(ctx.work, "source", args.tags[0]) if args.tags else None,
    )
    return await _saved(ctx, found, {}, line, created=True)


async def contact(ctx: Context, line: Line) -> Screen:
    """Add a person, or fill in one that is known: phone, e-mail, company after "at"."""
    args = line.args
    values: dict[str, Any] = {key: value for key, value in (("phone", args.phone), ("email", args.email)) if value}
    if args.refs or (ctx.about and ctx.about[0] == "contact"):
        subject = await subject_of(ctx, line, ("contact",))
        assert isinstance(subject.record, Contact)
        if name := line.text_after(0):
            values["name"] = name
        return await _saved(ctx, subject.record, values, line)
    name, company = _split_at([args.quoted] if args.quoted else (args.subject_words + args.words_after))
    if not name:
        raise Missing(what=ctx.words.t("Who?"), example="contact Anna Nowak +48 601 234 567 at Acme")
    if company:
        values["company_id"] = await _company_id(ctx, company)
    same = await by_name(ctx.work, [name], ["contact"])
    if len(same) == 1:
        known = await Contact.get(id=same[0].record_id)
        return await _saved(ctx, known, records.beside(ctx.work, known, values), line)
    found = await records.add_contact(ctx.work, name, **values)
    return await _saved(ctx, found, {}, line, created=True)


def _split_at(words: list[str]) -> tuple[str, str]:
    """Return the person's name and, after "at" or "from", the company's."""
    for place, word in enumerate(words):
        if place and word.casefold() in ("at", "from", "@"):
            return " ".join(words[:place]), " ".join(words[place + 1 :])
    return " ".join(words), ""


async def _company_id(ctx: Context, name: str) -> int:
    found = await by_name(ctx.work, [name], ["company"])
    return found[0].record_id if found else (await records.add_company(ctx.work, name)).id


async def company(ctx: Context, line: Line) -> Screen:
    """Add a company, or fill in one that is known."""
    args = line.args
    values: dict[str, Any] = {key: value for key, value in (("phone", args.phone), ("email", args.email)) if value}
    if args.refs or (ctx.about and ctx.about[0] == "company"):
        subject = await subject_of(ctx, line, ("company",))
        assert isinstance(subject.record, Company)
        if name := line.text_after(0):
            values["name"] = name
        return await _saved(ctx, subject.record, values, line)
    name = args.quoted or " ".join(args.subject_words + args.words_after)
    if not name:
        raise Missing(what=ctx.words.t("Which company?"), example="company Acme Ltd +48 22 555 01 01")
    same = await by_name(ctx.work, [name], ["company"])
    if len(same) == 1:
        firm = await Company.get(id=same[0].record_id)
        return await _saved(ctx, firm, records.beside(ctx.work, firm, values), line)
    return await _saved(ctx, await records.add_company(ctx.work, name, **values), {}, line, created=True)


async def _saved(
    ctx: Context, record: Company | Contact | Lead, values: dict[str, Any], line: Line, *, created: bool = False
) -> Screen:
    """Write what changed and show the record."""
    args, entity = line.args, record._meta.db_table
    if values:
        model: Any = type(record)
        record = await records.change_record(ctx.work, model, record.id, **values)
    await records.add_tags(ctx.work, record, args.tags)
    unknown = await keep_fields(ctx, record, line)
    unknown += await given(ctx, record, args.owner) if args.owner else []
    if args.next_text is not None:
        await plan_next(ctx, line, {f"{entity}_id": record.id})
    ctx.main = (entity, record.id)
    changed = bool(values or args.own or args.tags or args.owner or args.next_text is not None)
    head = ctx.words.t("Added") if created else ctx.words.t("Changed") if changed else ""
    try:
        card = await party_card(ctx.work, entity, record.id)
    except NotFound:
        return await handed_away(ctx, entity, record.id, f"✅ {head}")
    screen = party_screen(
        ctx.words, ctx.kinds, card, head=f"✅ {head}" if head else "", undo=ctx.undo if created or changed else ""
    )
    screen = Screen(lines(screen.text, *unknown), screen.rows, screen.about)
    return await alike.with_question(ctx, screen, record) if created else screen


async def find(ctx: Context, line: Line) -> Screen:
    """Search everything within reach; a reference opens its record at once."""
    text = line.text_after(0).strip() or (line.args.quoted or "")
    if not text:
        raise Missing(what=ctx.words.t("Find what?"), example="find acme")
    ref = _REFERENCE.fullmatch(text)
    if ref:
        with contextlib.suppress(NotFound):
            return await opened(ctx, str(ENTITY_OF[ref[1].casefold()]), int(ref[2]))
    return await found_by(ctx, text)


async def found_by(ctx: Context, text: str) -> Screen:
    """Show what a search finds: records, and notes that say it."""
    found = await search(ctx.work, text, limit=_SHOWN)
    said = await search_said(ctx.work, text, min(_SAID, _SHOWN - len(found))) if len(found) < _SHOWN else []
    screen = found_screen(ctx.words, text, found, said)
    if found:
        return await with_found_export(ctx, screen, text)
    if said:
        return screen
    return Screen(
        screen.text,
        (
            *rows_of(
                [Button(ctx.words.t("New lead “{name}”", name=clip(text, 24)), pack("nl", clip_bytes(text, 50)))], 1
            ),
        ),
    )


def clip_bytes(text: str, most: int) -> str:
    """Shorten a text to what fits into callback data."""
    text = text.replace(":", " ")
    while len(text.encode()) > most:
        text = text[:-1]
    return text.strip()
