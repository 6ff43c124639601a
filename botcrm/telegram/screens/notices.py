"""What botcrm says by itself: reminders, overdue pings, digests, clients' messages, alarms."""

from datetime import datetime

from botcrm.core.models import Message, Note
from botcrm.core.services.cards import ActivityCard, DealCard
from botcrm.core.services.home import COLUMNS, Home
from botcrm.core.services.loose import LooseRow
from botcrm.core.services.staff.team import TeamRow
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import Kinds, deal_row_line, deal_sums, done_line, kind_of, phone_text
from botcrm.telegram.screens.home import column_name
from botcrm.telegram.screens.lists import counters_line, deal_item, loose_item, number
from botcrm.telegram.screens.team import hand_over_button
from botcrm.words import Words


def reminder_screen(
    words: Words,
    kinds: Kinds,
    card: ActivityCard,
    *,
    early: bool,
    minutes_late: int,
    again: bool = False,
    gone: str = "",
) -> Screen:
    """Remind the owner of an activity; `again` when they were reminded at its time already.

    :param gone: the owner's name where they have left and the reader answers for them
    """
    activity = card.activity
    kind = kind_of(kinds, activity.kind)
    title = esc(clip(activity.title, 500)) or words.t(kind.label)
    left = -int((words.now - activity.due_at).total_seconds() // 60) if activity.due_at else 0
    lead = words.minutes(left) if early and left > 0 else words.t("now")
    lead = words.t("late") if minutes_late and not early else lead
    lead = words.t("{time} late", time=words.minutes(-left)) if again and left < 0 else lead
    who = ", ".join(filter(None, (esc(clip(card.about, 120)), phone_text(card.phone))))
    text = lines(
        f"⏰ {lead}: {bold(clip(activity.title, 500)) if activity.title else title}" + (f" — {who}" if who else ""),
        words.t("Late: it was due {when}, while botcrm was not running.", when=words.soon(activity.due_at))
        if minutes_late and not early
        else "",
        _who_left(words, gone),
        deal_row_line(words, card.deal) if card.deal else "",
    )
    rows = [
        [
            Button("✅ " + words.t("Done"), pack("ad", activity.id)),
            Button("📞 " + words.t("Log call"), pack("al", activity.id)),
        ],
        [
            Button(words.t("+15 min"), pack("am", activity.id, activity.version)),
            Button(words.t("Tomorrow 9:00"), pack("at", activity.id, activity.version)),
            Button("💤 " + words.t("Snooze"), pack("nz", activity.id)),
        ],
        [Button(words.t("Hand over"), pack("ho", f"a{activity.id}"))],
    ]
    if card.deal:
        rows[-1].append(Button(words.t("Open deal"), pack("op", f"d{card.deal.id}")))
    return Screen(text, tuple(rows), ("activity", activity.id))


def _who_left(words: Words, name: str) -> str:
    return words.t("It is {name}'s, who has left.", name=esc(clip(name, 60))) if name else ""


def waited_screen(words: Words, kinds: Kinds, card: DealCard, asked: Screen, *, gone: str = "") -> Screen:
    """Tell that the day has come a deal waited for, and ask how it goes on.

    :param gone: the owner's name where they have left and the reader answers for them
    """
    deal = card.deal
    text = lines(
        "⏳ " + words.t("The day has come that {deal} waited for.", deal=bold(clip(card.name, 150))),
        f"   {esc(clip(deal.waiting_for, 300))}" if deal.waiting_for else "",
        _who_left(words, gone),
        deal_sums(words, deal, card.stage),
        done_line(words, kinds, card.last) if card.last else "",
        asked.text,
    )
    last = [Button(words.t("Open deal"), pack("op", f"d{deal.id}"))]
    return Screen(text, (*asked.rows, last), ("deal", deal.id))


def overdue_screen(words: Words, kinds: Kinds, card: ActivityCard, name: str, *, gone_id: int = 0) -> Screen:
    """Tell a manager what is overdue.

    :param gone_id: whose it is where they have left: they can be asked nothing
    """
    activity = card.activity
    title = esc(clip(activity.title, 300)) or words.t(kind_of(kinds, activity.kind).label)
    late = words.ago(activity.deadline_at) if activity.deadline_at else ""
    text = lines(
        f"🔴 {bold(name)}: {title}" + (f" — {esc(clip(card.about, 120))}" if card.about else ""),
        words.t("Was due {when}, {late} ago.", when=words.soon(activity.due_at, activity.has_time), late=late),
        deal_row_line(words, card.deal) if card.deal else "",
    )
    rows = [
        [
            hand_over_button(words, gone_id) if gone_id else Button("💬 " + words.t("Ask"), pack("ak", activity.id)),
            Button(words.t("Reassign"), pack("ho", f"a{activity.id}")),
            Button("💤 " + words.t("Snooze"), pack("sz", activity.id, "")),
        ]
    ]
    if card.deal:
        rows.append([Button(words.t("Open deal"), pack("op", f"d{card.deal.id}"))])
    return Screen(text, tuple(rows), ("activity", activity.id))


def digest_screen(words: Words, kinds: Kinds, home: Home, team: list[TeamRow], name: str) -> Screen:
    """Say good morning: the counters, what is overdue and due today, and who in the team is late."""
    counts = [
        f"{column_name(words, column).lower()} {number(home.counts[column])}"
        for column in COLUMNS
        if home.counts.get(column)
    ]
    late = [row for row in team if row.overdue]
    text = lines(
        words.t("☀️ Good morning, {name}.", name=bold(name.split(maxsplit=1)[0] if name.split() else name)),
        counters_line(words, home.incoming, home.planned, home.overdue),
        words.t("By day: {counts}", counts=" · ".join(counts)) if counts else "",
        *(
            loose_item(words, kinds, row) if isinstance(row, LooseRow) else deal_item(words, kinds, row)
            for row in home.rows
            if isinstance(row, LooseRow) or row.next_id
        ),
        bold(words.t("Late in your team:")) if late else "",
        *(f"🔴 {esc(clip(row.name, 40))}: {row.overdue}" for row in late[:10]),
    )
    rows = [[Button("📋 " + words.t("Today"), pack("hm", 0, "-", 0))]]
    if late:
        rows.append([Button(clip(row.name, 20), pack("hm", row.user_id, "overdue", 0)) for row in late[:3]])
    return Screen(text, tuple(rows))


def client_screen(words: Words, message: Message, name: str, channel: str, file_id: int | None = None) -> Screen:
    """Show what a client wrote over a channel, given by its title; `file_id` is the kept file they sent."""
    text = lines(f"📥 {bold(clip(name, 100))} · {esc(channel)}", esc(message.text) or words.t("(no text)"))
    return Screen(text, _client_rows(words, message, file_id), ("message", message.id))


def _client_rows(words: Words, message: Message, file_id: int | None = None) -> tuple[Row, ...]:
    """Return what can be done about a client's message: what is nobody's opens for whoever takes it."""
    answer = [Button("💬 " + words.t("Answer"), pack("ca", message.id))] if message.answerable else []
    if message.owner_id is None:
        return ([*answer, Button("🙋 " + words.t("I take it"), pack("ct", message.id))],)
    if not message.answered:
        answer.append(Button("✅ " + words.t("Dealt with"), pack("id", "m", message.id)))
    file = [Button("📎 " + words.t("File"), pack("fo", file_id))] if file_id else []
    return tuple(rows_of([*answer, *file, Button(words.t("Open"), pack("om", message.id))], 3))


def edited_screen(words: Words, message: Message, name: str, before: str) -> Screen:
    """Tell that a client changed a message."""
    text = lines(
        "✏️ " + words.t("{name} changed their message:", name=bold(clip(name, 100))),
        esc(clip(message.text, 1500)) or words.t("(no text)"),
        words.t("It was: {text}", text=f"<i>{esc(clip(before, 300))}</i>") if before else "",
    )
    return Screen(text, _client_rows(words, message), ("message", message.id))


def unsure_screen(words: Words, message: Message, outbox_id: int) -> Screen:
    """Ask whether an answer reached the client."""
    text = lines(
        "❓ " + words.t("This may not have reached the client. Ask them, or send it again:"),
        f"<i>{esc(clip(message.text, 300))}</i>",
    )
    return Screen(text, ([Button(words.t("Resend"), pack("rs", outbox_id))],), ("message", message.id))


def failed_screen(words: Words, message: Message, outbox_id: int, reason: str) -> Screen:
    """Tell that an answer did not reach the client."""
    text = lines(
        "⚠️ " + words.t("This did not reach the client: {reason}", reason=esc(clip(reason, 300))),
        f"<i>{esc(clip(message.text, 300))}</i>",
    )
    return Screen(text, ([Button(words.t("Resend"), pack("rs", outbox_id))],), ("message", message.id))


def waiting_screen(words: Words, message: Message, channel: str) -> Screen:
    """Tell that an answer waits because its channel, given by its title, is switched off."""
    text = lines(
        "⏸ "
        + words.t("{channel} is switched off. Your answer goes out as soon as it is on again:", channel=esc(channel)),
        f"<i>{esc(clip(message.text, 300))}</i>",
    )
    return Screen(text, (), ("message", message.id))


def asked_screen(words: Words, card: ActivityCard, manager: str, manager_id: int) -> Screen:
    """Pass a manager's question on to the rep."""
    activity = card.activity
    text = lines(
        words.t("💬 {name} asks how this stands:", name=bold(manager)),
        f"{esc(clip(activity.title, 300))}" + (f" — {esc(clip(card.about, 120))}" if card.about else ""),
        words.t("Was due {when}.", when=words.soon(activity.due_at, activity.has_time)),
    )
    rows = [
        [Button("✍️ " + words.t("Answer"), pack("aa", activity.id, manager_id))],
        [
            Button("✅ " + words.t("Done"), pack("ad", activity.id)),
            Button(words.t("+1 day"), pack("ap", activity.id, activity.version)),
            Button(words.t("Other time"), pack("ao", activity.id)),
        ],
    ]
    return Screen(text, tuple(rows), ("activity", activity.id))


def answered_screen(words: Words, card: ActivityCard, note: Note, name: str) -> Screen:
    """Bring a rep's answer to the manager."""
    text = lines(
        words.t("💬 {name} answers:", name=bold(name)),
        esc(clip(note.text, 1500)),
        f"<i>{esc(clip(card.activity.title, 120))}</i>",
    )
    row = [Button(words.t("Open deal"), pack("op", f"d{card.deal.id}"))] if card.deal else []
    return Screen(text, (row,), ("activity", card.activity.id))


def handed_screen(words: Words, name: str, ref: str, by: str, about: tuple[str, int]) -> Screen:
    """Tell somebody what they were given."""
    text = words.t("{who} handed {name} over to you.", who=bold(by), name=bold(clip(name, 120)))
    return Screen("🤝 " + text, ([Button(words.t("Open"), pack("op", ref))],), about)


def given_many_screen(words: Words, entity: str, count: int, by: str) -> Screen:
    """Tell somebody how much they were given at once."""
    text = words.n("{who} handed {n} record over to you.", "{who} handed {n} records over to you.", count, who=bold(by))
    return Screen("🤝 " + text, ([Button(words.t("Deals"), pack("hm", 0, "-", 0))],) if entity == "deal" else ())


def plugin_off_screen(words: Words, name: str, title: str, reason: str) -> Screen:
    """Tell an administrator that a plugin was switched off, and why."""
    text = lines(
        "🔌 " + words.t("The plugin {title} was switched off.", title=bold(clip(title, 80))),
        f"<code>{esc(clip(reason, 500))}</code>" if reason else "",
        words.t("Everything else goes on. What it added is gone until it is switched on again."),
    )
    row = [Button(words.t("Switch on again"), pack("ps", name, "on")), Button(words.t("Show it"), pack("pd", name))]
    return Screen(text, (row,))


def bot_blocked_screen(words: Words, name: str, since: datetime) -> Screen:
    """Tell whoever answers for somebody that nothing reaches them."""
    return Screen(
        lines(
            "🔇 " + words.t("{name} has blocked the bot ({when}).", name=bold(name), when=words.when(since)),
            words.t("No reminder and no message reaches them until they open the chat with the bot again."),
        )
    )


def alarm_screen(words: Words, notice: str, args: dict[str, object]) -> Screen:
    """Tell an administrator that something needs a look."""
    if notice == "quarantined":
        return Screen(
            lines(
                "🚧 " + bold(words.t("A message could not be handled and was set aside.")),
                f"<code>{esc(clip(str(args.get('error', '')), 300))}</code>",
                words.t("It is kept: <code>botcrm doctor</code> shows it, <code>botcrm retry</code> tries it again."),
            )
        )
    if notice == "quarantine_old":
        count, days = int(str(args.get("count", 0))), int(str(args.get("days", 0)))
        return Screen(
            lines(
                "🚧 "
                + bold(
                    words.n(
                        "{n} message set aside will soon be deleted.",
                        "{n} messages set aside will soon be deleted.",
                        count,
                    )
                ),
                words.t(
                    "In {n} days they are gone: nothing is kept as it came for longer than the settings say.", n=days
                ),
                words.t("<code>botcrm doctor</code> shows them, <code>botcrm retry</code> tries them again."),
            )
        )
    if notice == "erased":
        by, what = str(args.get("by") or ""), str(args.get("ref", ""))
        said = (
            words.t("{who} erased the personal data of {ref}, and what was written with them.", who=bold(by), ref=what)
            if by
            else words.t("The personal data of {ref} were erased, and what was written with them.", ref=what)
        )
        return Screen("🗑 " + said)
    if notice == "erasure_left":
        what, into = str(args.get("ref", "")), str(args.get("into", ""))
        said = words.t(
            "{ref} was erased once, and an older copy of the database brought it back inside {into}, which was not erased. "
            "Have a look, and erase by hand what has to go: /personal {into}"
        )
        return Screen("🚧 " + said.format(ref=esc(what), into=esc(into)))
    if notice == "not_handled":
        text = words.t("Your last message could not be handled. It is kept, and the administrator knows.")
        return Screen("🚧 " + text)
    if notice == "job_failed":
        error = f"<code>{esc(clip(str(args.get('kind', '')) + ': ' + str(args.get('error', '')), 300))}</code>"
        return Screen(lines("🚧 " + bold(words.t("Something planned failed for good.")), error))
    seconds = int(str(args.get("seconds", 0)))
    return Screen(
        lines(
            "🚨 " + bold(words.t("Messages wait too long.")),
            words.n(
                "{n} waits, the oldest for {s} s.",
                "{n} wait, the oldest for {s} s.",
                int(str(args.get("count", 1))),
                s=seconds,
            ),
        )
    )
