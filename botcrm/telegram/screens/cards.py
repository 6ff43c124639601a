"""The cards of deals, contacts, companies, leads and activities."""

from datetime import datetime, time, timedelta

from botcrm.core.domain.kinds import LETTERS, SETTLED, ActivityKind, Entity
from botcrm.core.domain.phones import show_phone
from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Stage
from botcrm.core.services.cards import ActivityCard, DealCard, PartyCard, Step
from botcrm.core.services.clients.incoming import is_missed_call
from botcrm.core.services.home import DealRow
from botcrm.telegram.plugged.added import added_lines, added_rows
from botcrm.telegram.screens.base import Button, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.telegram.screens.became import became_line, first_rows, origin_line
from botcrm.telegram.screens.folding import deal_fold, more_button, party_fold
from botcrm.telegram.screens.own_values import missing_buttons, own_lines
from botcrm.telegram.screens.repeats import repeat_text
from botcrm.telegram.screens.rot import quiet_deal, waits_line
from botcrm.words import Words

SIGNS = {"deal": "💼", "contact": "👤", "company": "🏢", "lead": "🌱"}
# So many more phones, and so many more e-mails, stand on a card.
_WAYS = 3
_STATUS_SIGNS = {"open": "💼", "won": "🏆", "lost": "🚫"}
_OUTCOMES = {"ok": "ok", "no": "no answer", "busy": "busy", "later": "later", SETTLED: "dealt with"}

Kinds = dict[str, ActivityKind]


def kind_of(kinds: Kinds, name: str) -> ActivityKind:
    """Return a kind by name; one whose plugin is gone is shown by its name."""
    return kinds.get(name) or ActivityKind(name, name.capitalize(), "📌")


def phone_text(phone: str | None) -> str:
    """Write a stored number so that a tap dials it."""
    return show_phone(phone) if phone else ""


def step_line(words: Words, kinds: Kinds, step: Step, *, closed: bool = False) -> str:
    """Write a planned activity as a card's line; on a closed deal it is not late, only still there."""
    late = step.deadline_at is not None and step.deadline_at < words.now and not closed
    label = words.t("Still planned") if closed else ""
    return _planned_line(words, kind_of(kinds, step.kind), step.title, step.due_at, step.has_time, late, label)


def next_line(words: Words, kinds: Kinds, row: DealRow) -> str:
    """Write the next step of a deal in a list as a card's line."""
    late = row.deadline_at is not None and row.deadline_at < words.now
    return _planned_line(words, kind_of(kinds, row.next_kind), row.next_title, row.next_at, row.next_has_time, late)


def _planned_line(
    words: Words, kind: ActivityKind, title: str, due_at: datetime | None, has_time: bool, late: bool, label: str = ""
) -> str:
    label = label or (words.t("Overdue") if late else words.t("Next"))
    when = words.when(due_at, has_time) if due_at else words.t("no time yet")
    text = clip(title, 200) or words.t(kind.label)
    return f"{'🔴' if late else '▶'} {label}: {when} — {kind.sign} {esc(text)}"


def done_line(words: Words, kinds: Kinds, step: Step) -> str:
    """Write the last thing done as a card's line."""
    kind = kind_of(kinds, step.kind)
    what = dots(
        words.t(kind.label),
        words.minutes(step.duration) if step.duration else None,
        outcome(words, step.result),
        esc(clip(step.title, 120)) if step.title else None,
    )
    return words.t("Last: {when} — {what}", when=words.soon(step.done_at), what=what)


def outcome(words: Words, result: str | None) -> str:
    """Write how a call or meeting ended."""
    return esc(words.t(_OUTCOMES.get(result, result))) if result else ""


def deal_sums(words: Words, deal: Deal, stage: str) -> str:
    """Write a deal's amount, stage and age in the stage."""
    return dots(
        words.money(deal.amount, deal.currency), esc(stage), stage_age(words, deal.status, deal.stage_entered_at)
    )


def stage_age(words: Words, status: str, since: datetime | None) -> str:
    """Write how long an open deal stands in its stage; empty on its first day."""
    days = words.days_since(since) if since and status == "open" else 0
    return words.n("{n} day in stage", "{n} days in stage", days) if days else ""


def deal_row_line(words: Words, row: DealRow) -> str:
    """Write a deal as the second line of an activity's card."""
    age = stage_age(words, row.status, row.stage_entered_at)
    return dots(esc(clip(row.name, 80)), words.money(row.amount, row.currency), esc(row.stage), age)


def deal_screen(
    words: Words,
    kinds: Kinds,
    card: DealCard,
    *,
    head: str = "",
    undo: str = "",
    own: bool = True,
    folded: bool = True,
) -> Screen:
    """Show a deal; `head` is what was just done, `undo` the callback data that takes it back, unfolded is behind [More]."""
    deal = card.deal
    lost = words.t("Reason: {reason}", reason=esc(clip(deal.lost_reason, 200))) if deal.lost_reason else ""
    waiting = waits_line(words, deal.waiting_until, deal.waiting_for)
    people = dots(
        f"👤 {esc(clip(card.contact, 80))}" if card.contact else None,
        phone_text(card.contact_phone) or None,
        f"🏢 {esc(clip(card.company, 80))}" if card.company and card.contact else None,
    )
    text = lines(
        head,
        f"{_STATUS_SIGNS.get(deal.status, '💼')} {bold(clip(card.name, 150))} · {LETTERS[Entity.DEAL]}{deal.id}",
        dots(deal_sums(words, deal, card.stage), call_sign(card.last_call) if card.last_call == "out" else ""),
        lost,
        close_line(words, deal),
        people,
        " ".join(f"#{esc(tag)}" for tag in card.tags),
        *own_lines(words, card.own),
        *(step_line(words, kinds, step, closed=deal.status != "open") for step in card.planned),
        waiting if deal.status == "open" else "",
        words.t("No next step.") if not (card.planned or waiting) and deal.status == "open" else "",
        quiet_deal(words, deal, card.rot_days),
        call_line(words, card.last_call),
        origin_line(words, card),
        done_line(words, kinds, card.last) if card.last else "",
        f"📝 {esc(clip(card.last_note, 300))}" if card.last_note else "",
        "" if own else words.t("Owner: {name}", name=esc(card.owner)),
        *added_lines(card.added),
    )
    if not folded:
        return Screen(text, tuple(deal_fold(words, card, undo)), ("deal", deal.id))
    first = card.planned[0] if card.planned else None
    rows: list[list[Button]] = []
    if first and deal.status != "open":
        rows.append(
            [
                Button("✅ " + words.t("Done"), pack("ad", first.id, "d")),
                Button(words.t("Call off"), pack("ax", first.id, first.version, "d")),
            ]
        )
    elif first:
        rows.append(
            [
                Button("✅ " + words.t("Done"), pack("ad", first.id, "d")),
                Button(words.t("+1 day"), pack("ap", first.id, first.version, "d")),
                Button(words.t("Other time"), pack("ao", first.id)),
            ]
        )
    elif deal.status == "open":
        rows.append([Button("▶ " + words.t("Plan next step"), pack("dp", deal.id))])
        rows[-1].append(Button("⏳ " + (words.t("Wait longer") if waiting else words.t("Wait")), pack("wt", deal.id)))
        if waiting:
            rows[-1].append(Button(words.t("Wait no more"), pack("wx", deal.id, deal.version)))
    if deal.status == "open":
        rows.append(
            [
                Button(words.t("Stage"), pack("ds", deal.id)),
                Button("🏆 " + words.t("Won"), pack("dw", deal.id, deal.version)),
                Button(words.t("Lost"), pack("dl", deal.id)),
            ]
        )
    else:
        rows.append([Button(words.t("Open again"), pack("dr", deal.id, deal.version))])
    rows += [_looks(words, f"d{deal.id}", card.files, undo), missing_buttons(card.own, f"d{deal.id}")]
    rows += added_rows(card.added)
    if undo:
        rows.append([Button("↩ " + words.t("Undo"), undo)])
    return Screen(text, tuple(rows), ("deal", deal.id))


def close_line(words: Words, deal: Deal) -> str:
    """Write when an open deal is expected to close; a day gone by is pointed out."""
    if deal.expected_close is None or deal.status != "open":
        return ""
    day = words.date(datetime.combine(deal.expected_close, time()))
    late = deal.expected_close < words.wall(words.now).date()
    return ("❗ " if late else "") + words.t("Expected close: {day}", day=day)


def _looks(words: Words, ref: str, files: int, undo: str) -> list[Button]:
    """Return the row of a card that leads on: what was, what to add, and what is folded."""
    row = [Button(words.t("Timeline"), pack("tl", ref)), Button(words.t("Note"), pack("no", ref))]
    if files:
        row.append(Button(words.t("Files ({n})", n=files), pack("fl", ref)))
    return [*row, more_button(words, ref, undo)]


def call_sign(direction: str) -> str:
    """Return the sign of the last call about a deal: missed, incoming or outgoing; empty where there was none."""
    return {"missed": "📵", "in": "↙📞", "out": "↗📞"}.get(direction, "")


def call_line(words: Words, direction: str) -> str:
    """Write that the client called last; of our own calls the last thing done tells."""
    return {
        "missed": "📵 " + words.t("Missed call"),
        "in": "↙📞 " + words.t("Incoming call"),
    }.get(direction, "")


def more_ways_line(record: Contact | Company | Lead) -> str:
    """Write the phones and e-mails beside the first ones."""
    phones, emails = record.more_phones or [], record.more_emails or []
    more = len(phones) + len(emails) - len(phones[:_WAYS]) - len(emails[:_WAYS])
    ways = (*map(phone_text, phones[:_WAYS]), *map(esc, emails[:_WAYS]), f"+{more}" if more else None)
    return f"   {dots(*ways)}" if phones or emails else ""


def party_screen(
    words: Words, kinds: Kinds, card: PartyCard, *, head: str = "", undo: str = "", folded: bool = True
) -> Screen:
    """Show a contact, company or lead; unfolded is behind [More]."""
    record = card.record
    letter = LETTERS[Entity(card.entity)]
    status = words.t(str(getattr(record, "status", ""))) if card.entity == "lead" else ""
    amount, source = getattr(record, "amount", None), str(getattr(record, "source", None) or "")
    text = lines(
        head,
        f"{SIGNS[card.entity]} {bold(clip(card.name, 150))} · {letter}{record.id}",
        dots(
            f"🏢 {esc(clip(card.company, 80))}" if card.company else None,
            phone_text(record.phone) or None,
            esc(record.email),
            status,
            words.money(amount, getattr(record, "currency", "")) if amount is not None else None,
            words.t("from {source}", source=esc(source)) if source else None,
        ),
        more_ways_line(record),
        " ".join(f"#{esc(tag)}" for tag in card.tags if tag != source.casefold()),
        became_line(words, card),
        *own_lines(words, card.own),
        words.t("People: {names}", names=esc(", ".join(clip(name, 40) for name in card.people))) if card.people else "",
        *(f"💼 {deal_row_line(words, row)} · d{row.id}" for row in card.deals),
        *(step_line(words, kinds, step) for step in card.planned),
        done_line(words, kinds, card.last) if card.last else "",
        f"📝 {esc(clip(card.last_note, 300))}" if card.last_note else "",
        *added_lines(card.added),
    )
    me = f"{letter}{record.id}"
    if not folded:
        return Screen(text, tuple(party_fold(words, card, me, undo)), (card.entity, record.id))
    rows: list[list[Button]] = [
        [Button(f"💼 {clip(row.name, 30)}", pack("op", f"d{row.id}"))] for row in card.deals[:3]
    ]
    if card.planned:
        first = card.planned[0]
        rows.append(
            [
                Button("✅ " + words.t("Done"), pack("ad", first.id, "c")),
                Button(words.t("+1 day"), pack("ap", first.id, first.version, "c")),
                Button(words.t("Other time"), pack("ao", first.id)),
            ]
        )
    rows += first_rows(words, card)
    rows += [_looks(words, me, card.files, undo), missing_buttons(card.own, me), *added_rows(card.added)]
    if undo:
        rows.append([Button("↩ " + words.t("Undo"), undo)])
    return Screen(text, tuple(rows), (card.entity, record.id))


def activity_buttons(words: Words, activity: Activity) -> list[list[Button]]:
    """Return the buttons of a planned activity."""
    if activity.due_at is None:
        return when_chips(words, activity)
    return [
        [
            Button("✅ " + words.t("Done"), pack("ad", activity.id)),
            Button(words.t("+1 day"), pack("ap", activity.id, activity.version)),
            Button(words.t("Other time"), pack("ao", activity.id)),
        ]
    ]


def when_chips(words: Words, activity: Activity, options: tuple[datetime, ...] = ()) -> list[list[Button]]:
    """Offer times for an activity that has none; `options` are the readings of an unclear phrase, as wall times."""
    wall = words.wall(words.now).replace(second=0, microsecond=0)
    choices = list(options)
    if not choices:
        tonight = wall.replace(hour=18, minute=0)
        tomorrow = wall.replace(hour=9, minute=0) + timedelta(days=1)
        monday = tomorrow + timedelta(days=(7 - tomorrow.weekday()) % 7)
        choices = [tonight] if tonight > wall else []
        choices += [tomorrow] if monday == tomorrow else [tomorrow, monday]
    chips = [
        Button(
            f"{_short_day(words, choice)} {words.clock(choice)}",
            pack("aw", activity.id, activity.version, f"{choice:%Y%m%d%H%M}"),
        )
        for choice in choices[:5]
    ]
    return [
        *rows_of(chips, 3),
        [Button(words.t("Other…"), pack("ao", activity.id)), Button(words.t("No time"), pack("an", activity.id))],
    ]


def _short_day(words: Words, wall: datetime) -> str:
    day = words.day(wall)
    return day[:1].upper() + day[1:]


def activity_lines(words: Words, kinds: Kinds, card: ActivityCard) -> str:
    """Write an activity: what it is, with whom, when."""
    activity = card.activity
    kind = kind_of(kinds, activity.kind)
    # A call is with somebody; a task is what it says.
    said = activity.title if activity.title and activity.kind not in ("call", "meeting") else ""
    if activity.status == "done":
        head = "✅ " + dots(
            _for(said, card.about) if said else _with(words, words.t(kind.label), card.about),
            words.minutes(activity.duration_minutes) if activity.duration_minutes else None,
            {"in": words.t("incoming"), "missed": words.t("missed")}.get(activity.direction or "", ""),
            outcome(words, activity.result),
        )
        return lines(head, f"   {esc(clip(activity.title, 500))}" if activity.title and not said else "")
    if activity.status == "cancelled":
        what = _for(said, card.about) if said else _with(words, words.t(kind.label), card.about)
        return f"✖ {what} · {words.t('called off')}"
    when = words.when(activity.due_at, activity.has_time)
    late = activity.deadline_at is not None and activity.deadline_at < words.now
    title = esc(clip(activity.title, 500)) or words.t(kind.label)
    return lines(
        f"{'🔴' if late else kind.sign} {when} — {title}",
        f"   {esc(clip(card.about, 120))}" if card.about else "",
        f"   🔁 {esc(repeat_text(words, activity.recurrence))}" if activity.recurrence else "",
    )


def _for(title: str, about: str) -> str:
    return bold(clip(title, 500)) + (f" — {esc(clip(about, 120))}" if about else "")


def _with(words: Words, label: str, about: str) -> str:
    return words.t("{what} with {who}", what=label, who=bold(clip(about, 120))) if about else label


def activity_screen(words: Words, kinds: Kinds, card: ActivityCard, *, head: str = "", undo: str = "") -> Screen:
    """Show one activity with its buttons."""
    text = lines(
        head,
        activity_lines(words, kinds, card),
        phone_text(card.phone),
        deal_row_line(words, card.deal) if card.deal else "",
    )
    rows = activity_buttons(words, card.activity) if card.activity.status == "planned" else []
    if card.activity.status == "planned" and card.activity.due_at:
        rows.append(
            [
                Button("📞 " + words.t("Log call"), pack("al", card.activity.id)),
                Button(words.t("Hand over"), pack("ho", f"a{card.activity.id}")),
                Button(words.t("Call off"), pack("ax", card.activity.id, card.activity.version)),
            ]
        )
        rows.append(
            [
                Button("🔔 " + words.t("Reminders"), pack("fm", f"act.{card.activity.id}")),
                Button("📅 " + words.t("Calendar file"), pack("ic", card.activity.id)),
            ]
        )
    if is_missed_call(card.activity):
        rows.append(
            [
                Button("📞 " + words.t("Called back"), pack("ib", card.activity.id)),
                Button("✅ " + words.t("Dealt with"), pack("id", "c", card.activity.id)),
            ]
        )
    last = [Button(words.t("Open deal"), pack("op", f"d{card.deal.id}"))] if card.deal else []
    last.append(Button(words.t("Timeline"), pack("tl", f"a{card.activity.id}")))
    if undo:
        last.append(Button("↩ " + words.t("Undo"), undo))
    return Screen(text, (*rows, last), ("activity", card.activity.id))


def stage_screen(words: Words, card: DealCard, stages: list[Stage]) -> Screen:
    """Offer the stages of a deal's pipeline."""
    chips = [
        Button(
            ("• " if stage.id == card.deal.stage_id else "") + stage.name,
            pack("dS", card.deal.id, card.deal.version, stage.id),
        )
        for stage in stages
        if stage.kind == "open"
    ]
    text = lines(
        words.t("Move {deal} to which stage?", deal=bold(clip(card.name, 120))),
        words.t("Now: {stage}", stage=esc(card.stage)),
    )
    back = [Button("← " + words.t("Back"), pack("op", f"d{card.deal.id}"))]
    return Screen(text, (*rows_of(chips, 2), back), ("deal", card.deal.id))
