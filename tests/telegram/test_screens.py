"""Screens are pure: within Telegram's limits and free of foreign markup, whatever the records hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tortoise import Tortoise

from botcrm.core.domain.due import day_bounds
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import Activity, Company, Contact, Deal, File, Lead, Message, Note, Stage, User
from botcrm.core.services.cards import ActivityCard, DealCard, PartyCard, Step
from botcrm.core.services.filters import EVERY_DEAL, Choice, DealFilter
from botcrm.core.services.home import COLUMNS, DealRow, Home
from botcrm.core.services.marks import Marks
from botcrm.core.services.search.subjects import Found
from botcrm.core.services.staff.team import TeamRow
from botcrm.core.services.timeline import Entry, Planned, TimelinePage
from botcrm.plugins.kinds import register_activity_kinds
from botcrm.telegram.buttons.table import ACTIONS
from botcrm.telegram.commands.table import COMMANDS
from botcrm.telegram.screens import cards, lists, notices, texts
from botcrm.telegram.screens.base import MOST_UNITS, Button, Screen, fit, pack, units
from botcrm.telegram.screens.home import filter_screen, home_screen
from botcrm.telegram.screens.timeline import Names, timeline_screen
from botcrm.words import Words

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WORDS = Words(Preferences(zone="Europe/Warsaw", currency="PLN"), NOW)
KINDS = {kind.name: kind for kind in register_activity_kinds()}
BIGGEST = 2**31 - 1

# The models get their columns of links when they are registered, which opening a database does elsewhere.
Tortoise.init_models(["botcrm.core.models"], "core")

quick = settings(max_examples=40)
# Whatever people type: all of Unicode, with a good share of markup.
wild = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["<b>x</b>", "</b>", "&", "&lt;", "a" * 300, "😀" * 300, "<" * 300, "שלום", "{n}", "\n\n\n", "\u202ex", "%s"]
    ),
)
ids = st.integers(1, BIGGEST)
moments = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
money = st.none() | st.decimals(0, 10**14, places=2)


class _Marks(HTMLParser):
    """Notes which elements a text opens, and whether each is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("b", "i", "code") or attrs:
            self.wrong.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def check(screen: Screen) -> None:
    """Hold a screen against the Bot API's limits and our own markup."""
    payload = screen.payload(1)
    text = payload["text"]
    assert units(text) <= MOST_UNITS
    marks = _Marks()
    marks.feed(text)
    marks.close()
    assert not marks.wrong, text
    assert not marks.open, text
    assert "<" not in re.sub(r"</?(?:b|i|code)>", "", text)
    assert not re.search(r"&(?!(?:lt|gt|amp);)", text)
    for row in payload["reply_markup"]["inline_keyboard"]:
        assert 1 <= len(row) <= 8
        for button in row:
            assert button["text"].strip()
            data = button.get("callback_data", "-")
            assert 1 <= len(data.encode()) <= 64
            if data != "-":
                assert data.split(":")[0] in ACTIONS


@st.composite
def rows(draw: st.DrawFn) -> DealRow:
    return DealRow(
        id=draw(ids),
        name=draw(wild),
        amount=draw(money),
        currency=draw(st.sampled_from(["PLN", "USD", "JPY"])),
        stage=draw(wild),
        status=draw(st.sampled_from(["open", "won", "lost"])),
        owner_id=draw(ids),
        owner=draw(wild),
        next_id=draw(st.none() | ids),
        next_title=draw(wild),
        next_kind=draw(st.sampled_from(["call", "task", "gone"])),
        next_at=draw(moments),
        next_has_time=draw(st.booleans()),
        deadline_at=draw(moments),
        stage_entered_at=draw(moments),
        next_version=draw(st.integers(1, 999)),
        attention_at=draw(moments),
        attention_reason=draw(st.sampled_from(["", "reminder", "message", "missed", "comment"])),
        last_call=draw(st.sampled_from(["", "in", "out", "missed", "settled"])),
    )


@st.composite
def steps(draw: st.DrawFn) -> Step:
    return Step(
        id=draw(ids),
        version=draw(ids),
        kind=draw(st.sampled_from(["call", "meeting", "gone"])),
        title=draw(wild),
        status="planned",
        due_at=draw(moments),
        has_time=draw(st.booleans()),
        deadline_at=draw(moments),
        done_at=draw(moments),
        duration=draw(st.none() | st.integers(0, 10**6)),
        result=draw(st.none() | wild),
    )


@quick
@given(
    wild,
    wild,
    ids,
    ids,
    money,
    st.sampled_from(["open", "won", "lost"]),
    st.lists(steps(), max_size=3),
    st.integers(0, 99),
)
def test_deal_cards(
    title: str,
    name: str,
    deal_id: int,
    version: int,
    amount: Decimal | None,
    status: str,
    planned: list[Step],
    files: int,
) -> None:
    deal = Deal(
        id=deal_id, version=version, title=title, amount=amount, currency="PLN", status=status, lost_reason=name,
        stage_entered_at=NOW - timedelta(days=4),
        stage_id=1,
    )  # fmt: skip
    card = DealCard(
        deal,
        name,
        name,
        title,
        "+48601234567",
        name,
        name,
        (name,),
        tuple(planned),
        planned[0] if planned else None,
        name,
        files,
    )
    check(cards.deal_screen(WORDS, KINDS, card, head="✅", undo=pack("un", "z" * 11), own=False))
    check(cards.stage_screen(WORDS, card, [Stage(id=BIGGEST, name=name or "x", kind="open")]))


@quick
@given(
    st.sampled_from(["contact", "company", "lead"]),
    wild,
    ids,
    money,
    st.lists(rows(), max_size=5),
    st.lists(steps(), max_size=3),
)
def test_cards_of_people_and_companies(
    entity: str, name: str, record_id: int, amount: Decimal | None, deals: list[DealRow], planned: list[Step]
) -> None:
    record: Contact | Company | Lead
    if entity == "lead":
        record = Lead(
            id=record_id,
            version=BIGGEST,
            title=name,
            status="new",
            amount=amount,
            currency="PLN",
            source=name,
            email=name,
        )
    elif entity == "contact":
        record = Contact(id=record_id, version=BIGGEST, name=name, email=name, phone="+48601234567")
    else:
        record = Company(id=record_id, version=BIGGEST, name=name, email=name)
    card = PartyCard(
        record, entity, name, name, name, (name,), tuple(deals), (name, name), tuple(planned), None, name, 3
    )
    check(cards.party_screen(WORDS, KINDS, card, head="✅", undo=pack("un", "z")))


@quick
@given(wild, wild, ids, st.sampled_from(["planned", "done", "cancelled"]), moments, st.none() | rows())
def test_activities_and_what_is_said_of_them(
    title: str, about: str, activity_id: int, status: str, due: datetime | None, deal: DealRow | None
) -> None:
    activity = Activity(
        id=activity_id, version=BIGGEST, kind="call", title=title, status=status, due_at=due, deadline_at=due, has_time=True,
        result=title, duration_minutes=15,
    )  # fmt: skip
    card = ActivityCard(activity, about, about, "+48601234567", deal)
    check(cards.activity_screen(WORDS, KINDS, card, head="✅", undo=pack("un", "z")))
    for early in (True, False):
        check(notices.reminder_screen(WORDS, KINDS, card, early=early, minutes_late=90))
    check(notices.overdue_screen(WORDS, KINDS, card, about))
    check(notices.asked_screen(WORDS, card, about, BIGGEST))
    check(notices.answered_screen(WORDS, card, Note(id=1, text=title), about))


@quick
@given(
    st.lists(rows(), max_size=8), wild, st.integers(0, 2000), st.sampled_from([None, *COLUMNS]), st.integers(0, 9999)
)
def test_lists(found: list[DealRow], name: str, count: int, column: Any, page: int) -> None:
    home = Home(
        count, count, count, dict.fromkeys(COLUMNS, count), column, page, tuple(found), True,
        day_bounds(NOW, "Europe/Warsaw"), BIGGEST, count, Marks(frozenset({1}), frozenset({2})),
        DealFilter(BIGGEST, BIGGEST, BIGGEST, name, name, name) if page % 2 else EVERY_DEAL,
    )  # fmt: skip
    check(home_screen(WORDS, KINDS, home, name))
    check(home_screen(WORDS, KINDS, home, name, moving=True))
    choice = [Choice(home.narrowed.code, name or "x")] * 30
    people = [(BIGGEST, name or "x")] * 30
    check(filter_screen(WORDS, BIGGEST, column, home.narrowed, (choice, choice, choice), people))
    team = [TeamRow(BIGGEST, name or "x", count, count, count)] * 50
    check(lists.team_screen(WORDS, team))
    check(notices.digest_screen(WORDS, KINDS, home, team, name))
    hits = [Found(entity, BIGGEST, name, 90.0, False, False) for entity in ("deal", "contact", "company", "lead")]
    check(lists.found_screen(WORDS, name, hits))
    check(lists.found_screen(WORDS, name, []))


_EVENTS = (
    "DealStageChanged", "DealReopened", "DealWon", "DealLost", "ActivityPlanned", "ActivityLogged", "ActivityDone",
    "ActivityRescheduled", "ActivityCancelled", "NoteAdded", "FileAdded", "MessageReceived", "OwnerChanged", "TagAdded",
    "RecordAttached", "RecordDeleted", "RecordRestored", "RecordMerged", "RecordUnmerged", "DealCreated", "DealChanged", "FromAPlugin",
)  # fmt: skip


@quick
@given(wild, wild, st.sampled_from(_EVENTS), st.sampled_from(["deal", "activity", "note"]))
def test_timelines(name: str, text: str, kind: str, entity: str) -> None:
    after = {
        "title": text,
        "text": text,
        "name": text,
        "tag": text,
        "lost_reason": text,
        "result": text,
        "owner_id": 5,
        "kind": "call",
        text: 1,
    }
    entry = Entry(2**53, NOW, name, kind, entity, 1, {"name": name}, after, undoes=len(name) % 2 == 0)
    names = Names({1: name}, {5: name}, {1: ("call", name)}, {1: name}, "PLN")
    planned = (Planned(BIGGEST, "call", name, NOW, True, NOW, name),) * 5
    files = (File(id=BIGGEST, name=name, kind="document", caption=name),) * 8
    page = TimelinePage((entry,) * 8, planned, BIGGEST, 2**53, 2**53, NOW, files)
    for narrowed in ("", "activity", "k" * 26):
        check(timeline_screen(WORDS, KINDS, name, f"d{BIGGEST}", page, names, kind=narrowed))


@quick
@given(wild, ids)
def test_the_rest(name: str, number: int) -> None:
    check(lists.files_screen(WORDS, f"d{number}", [File(id=number, name=name, kind="document", caption=name)] * 20))
    check(lists.people_screen(WORDS, f"a{number}", BIGGEST, name, [User(id=number, name=name or "x")] * 30))
    check(notices.client_screen(WORDS, Message(id=number, channel=name, text=name), name, name, number))
    check(notices.unsure_screen(WORDS, Message(id=number, text=name), BIGGEST))
    check(notices.handed_screen(WORDS, name, f"d{number}", name, ("deal", number)))
    for notice in ("quarantined", "job_failed", "alarm"):
        check(notices.alarm_screen(WORDS, notice, {"error": name, "kind": name, "seconds": number, "count": 2}))
    check(texts.welcome_screen(WORDS, name, "rep"))


@pytest.mark.parametrize("role", ["rep", "manager", "admin"])
def test_help_and_settings(role: str) -> None:
    check(texts.help_screen(WORDS, role))
    for verb in COMMANDS:
        check(texts.help_screen(WORDS, role, verb))
    check(texts.settings_screen(WORDS, WORDS.prefs, administrator=role == "admin"))


def test_every_verb_is_in_the_help_and_the_menu() -> None:
    assert set(texts.HELP) == set(COMMANDS) - {"start"}
    for role, names in texts.MENU.items():
        assert set(names) <= set(texts.HELP), role
        for name in names:
            assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
            assert 1 <= len(texts.HELP[name].menu) <= 256


@quick
@given(st.text(max_size=9000))
def test_a_text_is_cut_at_a_line_within_the_limit(text: str) -> None:
    shown = fit(text)
    assert units(shown) <= MOST_UNITS
    assert shown == text or shown.endswith("…")


def test_a_single_line_over_the_limit_is_cut_as_well() -> None:
    assert units(fit("😀" * 5000)) <= MOST_UNITS
    assert len(fit("x" * 5000)) > 4000


def test_callback_data_over_the_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="65 bytes"):
        pack("op", "x" * 62)
    assert Button("x", pack("op", "x" * 61)).as_json()["callback_data"]


def test_every_letter_of_a_reference_stands_for_one_kind() -> None:
    assert len(set(ENTITY_OF.values())) == len(ENTITY_OF)


def test_a_long_paragraph_below_a_short_line_is_cut_and_not_dropped() -> None:
    """A client's 4,090 characters used to arrive as the client's name and an ellipsis."""
    shown = fit("📥 <b>Jan</b> · Telegram\n" + "x" * 4090)
    assert len(shown) > 4000
    assert units(shown) <= MOST_UNITS
    assert shown.startswith("📥 <b>Jan</b> · Telegram\nxxx")
    assert units(fit("a\n" + "&amp;" * 2000)) <= MOST_UNITS
