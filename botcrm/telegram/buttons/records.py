"""Buttons of deals, contacts, companies, leads, and of what hangs on them."""

from botcrm.core.domain.errors import NotFound, Stale
from botcrm.core.domain.events import RecordAttached
from botcrm.core.domain.kinds import ENTITY_OF, Action, DealStatus
from botcrm.core.models import Activity, Company, Contact, Deal, Draft, File, Lead, Note, Record
from botcrm.core.services import access, activities, deals, records
from botcrm.core.services.access import facts_of, load, load_any
from botcrm.core.services.cards import deal_card, files_of, party_card
from botcrm.core.services.custom import dictionaries
from botcrm.telegram import alike, drafts
from botcrm.telegram.channels import FETCHED
from botcrm.telegram.commands import deleting
from botcrm.telegram.commands.copying import copied
from botcrm.telegram.commands.deals import moved
from botcrm.telegram.commands.general import open_card, undone
from botcrm.telegram.commands.subject import links_of
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.lines import dispatched, read
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import party_screen, stage_screen
from botcrm.telegram.screens.lists import files_screen, people_screen
from botcrm.telegram.smart import asking_owner, suggestion, with_question

# More buttons than these nobody reads; the others are typed.
_MOST_REASONS = 20
_SEND = {
    "photo": "sendPhoto",
    "voice": "sendVoice",
    "video": "sendVideo",
    "audio": "sendAudio",
    "video_note": "sendVideoNote",
}


def ref_of(text: str) -> tuple[str, int]:
    """Read a reference like d12.

    :raises NotFound: it is none
    """
    entity = ENTITY_OF.get(text[:1])
    if entity is None or not text[1:].isdigit():
        raise NotFound(ref=text)
    return str(entity), int(text[1:])


async def record_of(ctx: Context, text: str, action: Action = Action.READ) -> Record:
    """Return the record a reference names, within reach."""
    return await load_any(ctx.work, *ref_of(text), action)


def demand_version(record: Record, version: str) -> None:
    """Refuse a press on a card that shows an older state of its record.

    :raises Stale: the record changed since
    """
    if record.version != int(version):
        raise Stale(entity=record._meta.db_table, record_id=record.id)


async def open_record(ctx: Context, ref: str) -> Screen:
    """Open a record's card in place; the owner of a deal without a next step is asked for one."""
    return await asking_owner(ctx, await open_card(ctx, *ref_of(ref)))


async def show_more(ctx: Context, ref: str, work: str = "") -> Screen:
    """Show what a card keeps folded; `work` can still be taken back there."""
    return await open_card(ctx, *ref_of(ref), folded=False, undo=pack("un", work) if work else "")


async def take_back(ctx: Context, work: str) -> Screen:
    """Undo the work a card tells of."""
    return await undone(ctx, int(work, 36))


async def choose_stage(ctx: Context, deal_id: str) -> Screen:
    """Offer the stages."""
    card = await deal_card(ctx.work, int(deal_id))
    return stage_screen(ctx.words, card, await deals.stages(card.deal.pipeline_id))


async def move(ctx: Context, deal_id: str, version: str, stage_id: str) -> Screen:
    """Move a deal to the stage pressed."""
    demand_version(await load(ctx.work, Deal, int(deal_id)), version)
    await deals.move_deal(ctx.work, int(deal_id), int(stage_id))
    return await moved(ctx, int(deal_id))


async def win(ctx: Context, deal_id: str, version: str) -> Screen:
    """Win a deal."""
    demand_version(await load(ctx.work, Deal, int(deal_id)), version)
    await deals.close_deal(ctx.work, int(deal_id), DealStatus.WON)
    return await moved(ctx, int(deal_id))


async def ask_reason(ctx: Context, deal_id: str) -> Screen:
    """Ask why a deal is lost."""
    card = await deal_card(ctx.work, int(deal_id))
    chips = [
        Button(clip(reason.name, 30), pack("lr", deal_id, card.deal.version, reason.id))
        for reason in (await dictionaries.choices("lost_reason"))[:_MOST_REASONS]
    ]
    back = [
        Button(ctx.words.t("Other…"), pack("lo", deal_id)),
        Button("← " + ctx.words.t("Back"), pack("op", f"d{deal_id}")),
    ]
    return Screen(
        ctx.words.t("Why is {deal} lost?", deal=bold(clip(card.name, 120))),
        (*rows_of(chips, 2), back),
        ("deal", int(deal_id)),
    )


async def lose(ctx: Context, deal_id: str, version: str, reason: str) -> Screen:
    """Lose a deal for one of the usual reasons."""
    demand_version(await load(ctx.work, Deal, int(deal_id)), version)
    word = await dictionaries.word_of(ctx.work, int(reason), "lost_reason")
    await deals.close_deal(ctx.work, int(deal_id), DealStatus.LOST, word)
    return await moved(ctx, int(deal_id))


async def other_reason(ctx: Context, deal_id: str) -> None:
    """Ask for the reason in words."""
    await load(ctx.work, Deal, int(deal_id), Action.CHANGE)
    await drafts.put(ctx, "reason", ctx.words.t("Why is it lost? Type the reason."), deal_id=int(deal_id))


async def reopen(ctx: Context, deal_id: str, version: str) -> Screen:
    """Open a closed deal again."""
    demand_version(await load(ctx.work, Deal, int(deal_id)), version)
    await deals.reopen_deal(ctx.work, int(deal_id))
    return await moved(ctx, int(deal_id))


async def picked(ctx: Context, ref: str, draft_id: str) -> Screen:
    """Win, lose or move the deal that was meant, as the line said that named it unclearly."""
    deal = await load(ctx.work, Deal, ref_of(ref)[1], Action.CHANGE)
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id, kind="pick").first()
    if draft is None:
        raise NotFound(ref=ref)
    ctx.about = ("deal", deal.id)
    line = (await read(ctx, str(draft.data["line"])))[0]
    return await dispatched(ctx, line)


async def picked_record(ctx: Context, ref: str, draft_id: str) -> Screen:
    """Do a plugin's line with the record that was meant."""
    record = await record_of(ctx, ref)
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id, kind="pick").first()
    if draft is None:
        raise NotFound(ref=ref)
    ctx.about = about_of(record)
    return await dispatched(ctx, (await read(ctx, str(draft.data["line"])))[0])


async def ask_note(ctx: Context, ref: str) -> None:
    """Ask for a note's text."""
    record = await record_of(ctx, ref)
    name = await ctx.name_of(record)
    entity, record_id = ref_of(ref)
    question = ctx.words.t("Type the note for {name}.", name=bold(clip(name, 100)))
    await drafts.put(ctx, "note", question, entity=entity, record_id=record_id)


async def show_files(ctx: Context, ref: str) -> Screen:
    """Offer a record's files."""
    return files_screen(ctx.words, ref, await files_of(ctx.work, await record_of(ctx, ref)))


async def send_file(ctx: Context, file_id: str) -> None:
    """Send a kept file again; what a channel keeps is fetched on the way out."""
    file = await load(ctx.work, File, int(file_id))
    method = _SEND.get(file.kind, "sendDocument") if file.file_id else "sendDocument"
    field = {"sendDocument": "document"}.get(method, file.kind)
    payload = {field: file.file_id or f"{FETCHED}{file.id}"}
    if file.caption and method != "sendVideoNote":
        payload["caption"] = clip(file.caption, 1000)
    await ctx.send(method, payload)


async def choose_person(ctx: Context, ref: str, page: str = "0") -> Screen:
    """Offer the colleagues a record can go to."""
    record = await record_of(ctx, ref, Action.CHANGE)
    name, people = await ctx.name_of(record), await ctx.colleagues()
    return people_screen(ctx.words, ref, record.version, name, people, int(page))


async def hand_over(ctx: Context, ref: str, user_id: str, version: str = "") -> Screen:
    """Give a record to a colleague and tell them; the version tells one handing over from the next."""
    record = await record_of(ctx, ref, Action.CHANGE)
    people = {user.id: user for user in await ctx.colleagues()}
    target = people.get(int(user_id))
    if target is None:
        raise NotFound(ref=f"u{user_id}")
    await ctx.give(record, target)
    name = await ctx.name_of(record)
    text = ctx.words.t("{name} went over to {who}.", name=bold(clip(name, 100)), who=bold(target.name))
    return Screen("✅ " + text, ([Button("↩ " + ctx.words.t("Undo"), ctx.undo)],), ref_of(ref))


async def copy(ctx: Context, ref: str, version: str = "") -> Screen:
    """Make a new record of this one."""
    record = await record_of(ctx, ref)
    if not isinstance(record, Company | Contact | Lead | Deal):
        raise NotFound(ref=ref)
    return await copied(ctx, record)


async def ask_delete(ctx: Context, ref: str) -> Screen:
    """Ask whether a record is to go."""
    return await deleting.ask_delete(ctx, *ref_of(ref))


async def delete(ctx: Context, ref: str, version: str) -> Screen:
    """Delete a record, as it was when that was asked."""
    record = await deleting.deletable(ctx, *ref_of(ref))
    demand_version(record, version)
    return await deleting.deleted(ctx, record)


async def new_deal(ctx: Context, ref: str) -> Screen:
    """Open a deal for a contact or company."""
    record = await record_of(ctx, ref)
    assert isinstance(record, Contact | Company)
    company_id = record.company_id if isinstance(record, Contact) else record.id
    contact_id = record.id if isinstance(record, Contact) else None
    deal = await deals.add_deal(ctx.work, title=record.name, company_id=company_id, contact_id=contact_id)
    screen = await open_card(ctx, "deal", deal.id)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    hint = ctx.words.t("Reply to this card with what it is about: <code>deal 12k roof repair</code>")
    return Screen(lines("✅ " + ctx.words.t("Deal opened"), screen.text, hint), (*screen.rows, undo), screen.about)


async def new_lead(ctx: Context, name: str) -> Screen:
    """Take a lead down by what was searched for."""
    found = await records.add_lead(ctx.work, name, name=name)
    card = await party_card(ctx.work, "lead", found.id)
    screen = party_screen(ctx.words, ctx.kinds, card, head="✅ " + ctx.words.t("Added"), undo=ctx.undo)
    return await alike.with_question(ctx, screen, found)


# --- what was saved before it was clear whose it is ---------------------------------------------------------------------


async def pick(ctx: Context, ref: str, targets: str) -> Screen:
    """Hang what was saved on the record that was meant."""
    record = await record_of(ctx, ref)
    return await _link(ctx, record, targets)


async def pick_new(ctx: Context, targets: str) -> Screen:
    """Make a new contact (a company for a deal) of the words that matched nothing clearly."""
    first = await record_of(ctx, targets.split(",", maxsplit=1)[0], Action.CHANGE)
    text = str(getattr(first, "title", "") or getattr(first, "text", ""))
    name = text.split(":", 1)[0] if ":" in text else text
    await ctx.join(first)
    if isinstance(first, Deal):
        return await _link(ctx, await records.add_company(ctx.work, name), targets)
    return await _link(ctx, await records.add_contact(ctx.work, name), targets)


async def _link(ctx: Context, record: Record, targets: str) -> Screen:
    links = await links_of(ctx, record)
    first: Record | None = None
    for target in targets.split(","):
        saved = await record_of(ctx, target, Action.CHANGE)
        if first is None:
            first = saved
            await ctx.join(saved)
        if isinstance(saved, Deal):
            await _link_deal(ctx, saved, record)
        elif isinstance(saved, Activity):
            # What was saved first carries the unclear name in its text; the next step does not.
            title = _without_subject(saved.title) if saved is first else saved.title
            await activities.change_activity(
                ctx.work, saved.id, **links, **({"title": title} if title != saved.title else {})
            )
        elif isinstance(saved, Contact) and isinstance(record, Company):
            await records.change_record(ctx.work, Contact, saved.id, company_id=record.id)
        elif isinstance(saved, Contact) and isinstance(record, Deal):
            await deals.change_deal(ctx.work, record.id, contact_id=saved.id)
        elif isinstance(saved, Note | File):
            own = {name: value for name, value in facts_of(record).items() if value}
            await ctx.work.change(saved, RecordAttached, **own)
    assert first is not None
    undo = Button("↩ " + ctx.words.t("Undo"), ctx.undo)
    if isinstance(first, Note | File):
        name = bold(clip(await ctx.name_of(record), 100))
        kept = clip(first.text, 300) if isinstance(first, Note) else clip(first.name or first.caption, 100)
        head = "📝 " + ctx.words.t("Noted on {name}", name=name) if isinstance(first, Note) else f"📎 → {name}"
        about = about_of(record)
        open_button = Button(ctx.words.t("Open"), pack("op", access.ref(*about)))
        return Screen(lines(head, f"   {esc(kept)}" if kept else ""), ([open_button, undo],), about)
    screen = await open_card(ctx, *about_of(first))
    text = lines("✅ " + ctx.words.t("Saved"), screen.text)
    done = isinstance(first, Activity) and first.status == "done" and first.deal_id
    question = await suggestion(ctx, first.deal_id) if done and first.deal_id else None  # type: ignore[attr-defined]
    screen = Screen(text, (*screen.rows, [undo]), screen.about)
    return with_question(screen, question, screen.rows) if question else screen


def _without_subject(title: str) -> str:
    """Take the unclear name off the front of what was saved with it."""
    return title.split(": ", 1)[1] if ": " in title else ""


async def _link_deal(ctx: Context, deal: Deal, record: Record) -> None:
    made = await Company.filter(id=deal.company_id, deleted_at=None).first() if deal.company_id else None
    values: dict[str, object] = {}
    if isinstance(record, Contact):
        values = {"contact_id": record.id, "company_id": record.company_id}
    elif isinstance(record, Company):
        values = {"company_id": record.id}
    await deals.change_deal(ctx.work, deal.id, **values)
    fresh = made is not None and made.id != values.get("company_id") and made.created_at == deal.created_at
    if made is not None and fresh and not await Deal.filter(company_id=made.id, deleted_at=None).exists():
        # The company was made with this deal a moment ago for a name that meant another one.
        await records.delete_record(ctx.work, made)
    for activity in await Activity.filter(deal_id=deal.id, status="planned", deleted_at=None):
        await activities.change_activity(ctx.work, activity.id, **values)


async def link(ctx: Context, saved: str, ref: str) -> Screen:
    """Hang something kept (a note, a file, a contact) on a record."""
    return await pick(ctx, ref, saved)


async def ask_search(ctx: Context, saved: str) -> None:
    """Ask what to search for."""
    await record_of(ctx, saved)
    await drafts.put(ctx, "search", ctx.words.t("Type a name to search for."), ref=saved)
