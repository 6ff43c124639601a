"""The verbs about people and companies: lead, contact, company, find."""

import contextlib
import re
from dataclasses import replace
from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Args, Line, guess_subject
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
from botcrm.telegram.commands.subject import Missing, links_of, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.line_fields import keep_fields, note_of_tried
from botcrm.telegram.screens.base import Button, Screen, base36, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import party_screen, when_chips
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
    name, title = lead_said(line)
    if not name:
        raise Missing(what=ctx.words.t("A lead from whom?"), example="lead Ivan Petrov roof +48 601 234 567 #site")
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


def lead_said(line: Line) -> tuple[str, str]:
    """Return whom a line takes down, and the lead's title."""
    args = line.args
    words = [args.quoted] if args.quoted else args.subject_words
    count = 1 if args.quoted else guess_subject(words)
    name = " ".join(words[:count]) or args.phone or args.email or ""
    rest = line.text_after(0 if args.quoted else count if words else 0)
    return name, f"{name} — {rest}" if rest else name


async def contact(ctx: Context, line: Line, *, anew: bool = False) -> Screen:
    """Add a person, or fill in one that is known: phone, e-mail, company after "at".

    :param anew: whether it is somebody else than whoever is called so
    """
    args = line.args
    values: dict[str, Any] = {key: value for key, value in (("phone", args.phone), ("email", args.email)) if value}
    if not anew and (args.refs or (ctx.about and ctx.about[0] == "contact")):
        subject = await subject_of(ctx, line, ("contact",))
        assert isinstance(subject.record, Contact)
        if (name := line.text_after(0)) and line.tried() is None:
            values["name"] = name
        return await _saved(ctx, subject.record, values, line)
    if not person_said(line)[0]:
        raise Missing(what=ctx.words.t("Who?"), example="contact Anna Nowak +48 601 234 567 at Acme")
    name, company_id = await person_and_company(ctx, line)
    if company_id:
        values["company_id"] = company_id
    same = [] if anew else await by_name(ctx.work, [name], ["contact"])
    if len(same) == 1:
        known = await Contact.get(id=same[0].record_id)
        employer, changed = known.company_id, records.beside(ctx.work, known, values)
        screen = await _saved(ctx, known, changed, line)
        if changed.keys() & {"more_phones", "more_emails"} or (employer and company_id not in (None, employer)):
            other = Button(ctx.words.t("Another {name}", name=clip(name, 24)), pack("dz", base36(ctx.work.id)))
            screen = replace(screen, rows=([other], *screen.rows))
        return screen
    found = await records.add_contact(ctx.work, name, **values)
    return await _saved(ctx, found, {}, line, created=True)


async def person_and_company(ctx: Context, line: Line) -> tuple[str, int | None]:
    """Return the name of the person a line adds, and their company, made where it is new."""
    name, company = person_said(line)
    return (name, await _company_id(ctx, company)) if company else await _known_company(ctx, name)


def person_said(line: Line) -> tuple[str, str]:
    """Return the person's name and, after "at" or "from", the company's."""
    args = line.args
    words = [args.quoted] if args.quoted else (args.subject_words + args.words_after)[: line.tried()]
    for place, word in enumerate(words):
        if place and word.casefold() in ("at", "from", "@"):
            return _tidy(words[:place]), _tidy(words[place + 1 :])
    return _tidy(words), ""


def _tidy(words: list[str]) -> str:
    """Return a name without what stood between two phones behind it."""
    return " ".join(words).strip(" ,;/|–-")


async def _company_id(ctx: Context, name: str) -> int:
    found = await by_name(ctx.work, [name], ["company"])
    return found[0].record_id if found else (await records.add_company(ctx.work, name)).id


async def _known_company(ctx: Context, text: str) -> tuple[str, int | None]:
    """Return the person's name and the company's id of `Jan Nowak, Acme`; a company that is not known is a part of the name."""
    name, comma, behind = text.partition(",")
    found = await by_name(ctx.work, [behind.strip()], ["company"]) if comma and name.strip() and behind.strip() else []
    return (name.strip(), found[0].record_id) if found else (text, None)


async def company(ctx: Context, line: Line) -> Screen:
    """Add a company, or fill in one that is known."""
    args = line.args
    values: dict[str, Any] = {key: value for key, value in (("phone", args.phone), ("email", args.email)) if value}
    if args.refs or (ctx.about and ctx.about[0] == "company"):
        subject = await subject_of(ctx, line, ("company",))
        assert isinstance(subject.record, Company)
        if (name := line.text_after(0)) and line.tried() is None:
            values["name"] = name
        return await _saved(ctx, subject.record, values, line)
    name = company_said(line)
    if not name:
        raise Missing(what=ctx.words.t("Which company?"), example="company Acme Ltd +48 22 555 01 01")
    same = await by_name(ctx.work, [name], ["company"])
    if len(same) == 1:
        firm = await Company.get(id=same[0].record_id)
        return await _saved(ctx, firm, records.beside(ctx.work, firm, values), line)
    return await _saved(ctx, await records.add_company(ctx.work, name, **values), {}, line, created=True)


def company_said(line: Line) -> str:
    """Return the name of the company that a line adds."""
    return line.args.quoted or _tidy((line.args.subject_words + line.args.words_after)[: line.tried()])


async def _saved(
    ctx: Context, record: Company | Contact | Lead, values: dict[str, Any], line: Line, *, created: bool = False
) -> Screen:
    """Write what changed and show the record."""
    args, entity = line.args, record._meta.db_table
    if values:
        model: Any = type(record)
        record = await records.change_record(ctx.work, model, record.id, **values)
    record = await _with_more(ctx, record, args)
    await records.add_tags(ctx.work, record, args.tags)
    unknown = await keep_fields(ctx, record, line)
    tried = line.tried()
    if tried is not None and not isinstance(record, Lead) and (text := line.text_after(tried)):
        await note_of_tried(ctx, record, text)
    activity, options = await plan_next(ctx, line, await links_of(ctx, record))
    unknown += await given(ctx, record, args.owner) if args.owner else []
    ctx.main = (entity, record.id)
    more = args.more_phones or args.more_emails
    changed = bool(values or more or args.own or args.tags or args.owner or args.next_text is not None)
    head = ctx.words.t("Added") if created else ctx.words.t("Changed") if changed else ""
    try:
        card = await party_card(ctx.work, entity, record.id)
    except NotFound:
        return await handed_away(ctx, entity, record.id, f"✅ {head}")
    screen = party_screen(
        ctx.words, ctx.kinds, card, head=f"✅ {head}" if head else "", undo=ctx.undo if created or changed else ""
    )
    chips: list[list[Button]] = []
    if activity and activity.due_at is None:
        unknown.append(ctx.words.t("When: {what}?", what=esc(clip(activity.title, 100))))
        chips = when_chips(ctx.words, activity, options)
    screen = Screen(lines(screen.text, *unknown), (*chips, *screen.rows), screen.about)
    return await alike.with_question(ctx, screen, record) if created else screen


async def _with_more(ctx: Context, record: Company | Contact | Lead, args: Args) -> Company | Contact | Lead:
    """Put the second phone or e-mail that a line says beside the first, and any after it."""
    model: Any = type(record)
    for name, more in (("phone", args.more_phones), ("email", args.more_emails)):
        for one in more:
            if changed := records.beside(ctx.work, record, {name: one}):
                record = await records.change_record(ctx.work, model, record.id, **changed)
    return record


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
