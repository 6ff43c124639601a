"""Chat lines, written on Sunday 22 November 2026, 10:00:30."""

from datetime import datetime
from decimal import Decimal

import pytest

from botcrm.core.domain.dates import WhenFound, WhenUnclear
from botcrm.core.domain.grammar import VERBS, Line, Verb, VerbTable, guess_subject, parse_lines
from botcrm.core.domain.money import Money

NOW = datetime(2026, 11, 22, 10, 0, 30)
TABLE = VerbTable(VERBS)


def lines(text: str, *, reply: bool = False, language: str = "en") -> list[Line]:
    return parse_lines(text, verbs=TABLE, now_wall=NOW, currency="EUR", reply=reply, language=language)


def one(text: str, *, reply: bool = False, language: str = "en") -> Line:
    (line,) = lines(text, reply=reply, language=language)
    return line


def euros(amount: int) -> Money:
    return Money(Decimal(amount), "EUR")


def said(when: object) -> str:
    assert isinstance(when, WhenFound)
    return f"{when.at:%m-%d %H:%M}"


def test_deal_with_a_next_step() -> None:
    line = one("/deal Acme 12k roof repair next fri 10:00 site visit")
    assert (line.verb, line.slash) == ("deal", True)
    assert line.args.subject_words == ["Acme"]
    assert line.args.amount == euros(12000)
    assert line.args.words_after == ["roof", "repair"]
    assert line.text_after(1) == "roof repair"
    assert said(line.args.next_when) == "11-27 10:00"
    assert line.args.next_text == "site visit"


def test_deal_with_a_step_in_a_minute() -> None:
    args = one("/deal Acme 12k roof repair next in 1m send offer").args
    assert isinstance(args.next_when, WhenFound)
    assert args.next_when.at == datetime(2026, 11, 22, 10, 1, 30)
    assert args.next_text == "send offer"


def test_call_with_everything() -> None:
    line = one("/call Anna 15m ok wants two variants next tomorrow 15:00 send offer")
    assert (line.args.subject_words, line.args.duration, line.args.outcome) == (["Anna"], 15, "ok")
    assert line.text_after(1) == "wants two variants"
    assert (said(line.args.next_when), line.args.next_text) == ("11-23 15:00", "send offer")


def test_15m_is_minutes_in_a_call_and_millions_in_a_deal() -> None:
    assert one("/call Acme 15m").args.duration == 15
    assert one("/deal Acme 15m").args.amount == euros(15_000_000)


@pytest.mark.parametrize(
    ("length", "minutes"),
    [
        ("1h30", 90),
        ("1h", 60),
        ("1h30m", 90),
        ("1 h 30", 90),
        ("1.5h", 90),
        ("90 min", 90),
        ("15мин", 15),
        ("15分", 15),
    ],
)
@pytest.mark.parametrize(
    "line", ["/call Anna {} ok", "/meet Anna {} ok", "/call Anna yesterday {} ok", "/call Anna ok {}"]
)
def test_a_length_of_a_call_is_no_time_of_day(line: str, length: str, minutes: int) -> None:
    args = one(line.format(length)).args
    assert (args.duration, args.outcome) == (minutes, "ok")
    assert isinstance(args.when, WhenFound) == ("yesterday" in line)


def test_meeting_done_and_check_in_and_out() -> None:
    line = one("/meet Acme 40m ok signed")
    assert (line.args.duration, line.args.outcome, line.text_after(1)) == (40, "ok", "signed")
    assert (one("/meet in Acme").args.direction, one("/meet in Acme").args.subject_words) == ("in", ["Acme"])
    assert one("/meet out").args.direction == "out"


def test_task_with_a_date_in_the_middle_and_at_the_end() -> None:
    line = one("/task Acme mon 9:00 order scaffold")
    assert (line.args.subject_words, line.args.words_after) == (["Acme"], ["order", "scaffold"])
    assert said(line.args.when) == "11-23 09:00"
    line = one("/task Acme order scaffold by friday")
    assert (said(line.args.when), line.text_after(1)) == ("11-27 09:00", "order scaffold")


def test_task_next_friday_is_its_date() -> None:
    line = one("/task Acme next fri order scaffold")
    assert (said(line.args.when), line.args.next_when, line.args.next_text) == ("11-27 09:00", None, None)
    assert line.text_after(1) == "order scaffold"
    assert said(one("/task Acme next week order").args.when) == "11-23 09:00"


def test_task_with_a_date_and_a_next_step() -> None:
    args = one("/task Acme mon 9:00 order scaffold next tue 10:00 check").args
    assert (said(args.when), said(args.next_when), args.next_text) == ("11-23 09:00", "11-24 10:00", "check")


def test_next_week_is_a_step_too() -> None:
    args = one("/deal Acme 12k next week fri 10:00 visit").args
    assert (said(args.next_when), args.next_text) == ("11-27 10:00", "visit")


def test_next_step_with_the_date_last_or_missing() -> None:
    args = one("/deal Acme next send offer tomorrow 15:00").args
    assert (said(args.next_when), args.next_text) == ("11-23 15:00", "send offer")
    args = one("/deal Acme 12k next send offer").args
    assert (args.next_when, args.next_text) == (None, "send offer")
    assert one("/deal Acme 12k next").args.next_text == ""
    assert one("/deal Acme 12k").args.next_text is None


def test_unclear_next_date_is_kept_as_unclear() -> None:
    args = one("/deal Acme next 5/6 call").args
    assert isinstance(args.next_when, WhenUnclear)
    assert args.next_text == "call"


def test_call_logged_and_call_planned() -> None:
    args = one("/call Anna yesterday 15m ok").args
    assert (said(args.when), args.duration, args.outcome) == ("11-21 09:00", 15, "ok")
    line = one("/call Anna tomorrow 15:00 send offer")
    assert (said(line.args.when), line.text_after(1)) == ("11-23 15:00", "send offer")
    # A date in what was said on the phone is not the date of the call.
    assert one("/call Anna 15m ok wants it by friday").args.when is None


def test_note_is_text() -> None:
    line = one("/note Acme prefers   e-mail, 12k is too much next week")
    assert line.text_after(1) == "prefers   e-mail, 12k is too much next week"
    assert (line.args.amount, line.args.next_text) == (None, None)
    line = one('/note "Acme Ltd" prefers d12')
    assert (line.args.quoted, line.args.refs, line.text_after()) == ("Acme Ltd", [], "prefers d12")
    line = one("/note d12 prefers mail")
    assert (line.args.refs, line.text_after()) == ([("d", 12)], "prefers mail")


def test_references_stage_and_reason() -> None:
    args = one("/stage d12 >negotiation").args
    assert (args.refs, args.stage) == ([("d", 12)], "negotiation")
    assert one('/stage d12 >"In negotiation"').args.stage == "In negotiation"
    assert one("/won D12").args.refs == [("d", 12)]
    line = one("/lost d12 no money")
    assert (line.args.refs, line.args.subject_words, line.text_after()) == ([("d", 12)], [], "no money")


def test_a4_is_paper_and_not_an_activity() -> None:
    assert one("/task Acme order A4 paper").args.refs == []
    assert one("/task a4 tomorrow").args.refs == [("a", 4)]


def test_quotes_force_the_subject() -> None:
    line = one("/deal “Next Fri 12k Ltd” €5k #roof @anna >proposal deck")
    args = line.args
    assert (args.quoted, args.amount, args.tags, args.owner, args.stage) == (
        "Next Fri 12k Ltd",
        euros(5000),
        ["roof"],
        "anna",
        "proposal",
    )
    assert line.text_after() == "deck"
    assert one('/task Acme order "big" pipes').args.quoted is None
    assert one('/task "Acme order pipes').args.quoted is None


@pytest.mark.parametrize(
    ("text", "amount", "title"),
    [
        ("/deal Acme 500 roof", 500, "roof"),
        ("/deal Acme 2 windows 1 200", 1200, "2 windows"),
        ("/deal Acme 2027 contract 12k", 12000, "2027 contract"),
        ("/deal Acme 12k 3 windows", 12000, "3 windows"),
        ("/deal Acme EUR 1.200,50 roof", None, "roof"),
        ("/deal Acme roof 12k,", 12000, "roof"),
        ("/deal Acme 24/7 support", None, "24/7 support"),
        ("/deal Acme 12 m fence", 12, "m fence"),
    ],
)
def test_amounts_and_other_numbers(text: str, amount: int | None, title: str) -> None:
    line = one(text)
    if text.find("1.200,50") > 0:
        assert line.args.amount == Money(Decimal("1200.50"), "EUR")
    elif "m fence" in text:
        # Twelve of something: no amount is made of metres.
        assert line.text_after(1) == "12 m fence"
        return
    else:
        assert line.args.amount == (euros(amount) if amount is not None else None)
    assert line.text_after(1) == title


def test_a_second_amount_is_kept_as_a_word() -> None:
    line = one("/deal Acme 12k or 15k roof")
    assert (line.args.amount, line.args.extra, line.text_after(1)) == (euros(12000), ["15k"], "or 15k roof")


@pytest.mark.parametrize(
    ("text", "outcome", "rest"),
    [
        ("/call Anna no answer", "no", ""),
        ("/call anna nowak busy", "busy", "nowak"),
        ("/call Anna Maria van Dam ok wants more", "ok", "Maria van Dam wants more"),
        ("/call Anna wants all of it ok", "ok", "wants all of it"),
        ("/call Anna 15m said it is ok to send", None, "said it is ok to send"),
        ("/call Anna 15m done, thanks", "ok", "thanks"),
        ("/deal Acme ok", None, "ok"),
        ("/call Anna 5m call back later", "later", ""),
    ],
)
def test_outcomes(text: str, outcome: str | None, rest: str) -> None:
    line = one(text)
    assert (line.args.outcome, line.text_after(1)) == (outcome, rest)


def test_directions() -> None:
    assert one("/call Anna missed").args.direction == "missed"
    assert one("/call in Anna 5m").args.direction == "in"
    assert one("/call Anna interested in roof").args.direction is None


def test_people_with_phone_and_email() -> None:
    args = one("/lead Anna 601 234 567 anna@X.pl #web 20k").args
    assert (args.phone, args.email, args.tags, args.amount) == ("601 234 567", "anna@x.pl", ["web"], euros(20000))
    args = one("/contact Anna Nowak +48 601 234 567, a@b.pl").args
    assert (args.subject_words, args.phone, args.email) == (["Anna", "Nowak"], "+48 601 234 567", "a@b.pl")
    assert one("/deal Acme 601 234 567").args.amount == euros(601_234_567)


@pytest.mark.parametrize("text", ["/deal Acme", "deal Acme", "DEAL Acme", "/Deal@salesbot Acme", "deal: Acme"])
def test_the_verb_in_many_forms(text: str) -> None:
    assert (one(text).verb, one(text).args.subject_words) == ("deal", ["Acme"])


@pytest.mark.parametrize(
    ("text", "suggestions"),
    [("/cal Anna", ["call"]), ("cal Anna 5m", ["call"]), ("hello Anna", []), ("Ждём ответ", []), ("/xyzzy", [])],
)
def test_no_verb(text: str, suggestions: list[str]) -> None:
    line = one(text)
    assert (line.verb, line.suggestions, line.text_after()) == (None, suggestions, text)


def test_a_word_of_a_sentence_is_no_command() -> None:
    assert one("today").verb == "today"
    assert one("today @anna").args.owner == "anna"
    assert one("today I met Anna").verb is None
    assert one("/today I met Anna").verb == "today"


def test_a_lone_reference_is_found_without_a_verb() -> None:
    assert one("/d12").args.refs == [("d", 12)]


def test_several_lines_are_several_commands() -> None:
    found = lines("/deal Acme 12k\n\r\n  call Anna ok\nwhat else\n")
    assert [line.verb for line in found] == ["deal", "call", None]
    assert lines("\n \n") == lines("") == []


def test_a_note_goes_on_over_lines() -> None:
    found = lines("/note Acme first\n  call them\n\nlast 12k\n/call Anna ok")
    assert [line.verb for line in found] == ["note", "call"]
    assert found[0].text_after(1) == "first\n  call them\n\nlast 12k"
    assert [line.verb for line in lines("note Acme first\nsecond\ncall Anna")] == ["note", "call"]


def test_a_reply_has_its_subject() -> None:
    line = one("/call 15m ok wants two next tomorrow send", reply=True)
    assert (line.args.subject_words, line.text_after(), line.args.outcome) == ([], "wants two", "ok")
    assert one("/note prefers mail", reply=True).text_after() == "prefers mail"
    assert one("call ok", reply=True).args.outcome == "ok"
    assert one("/deal 500", reply=True).args.amount == euros(500)
    assert one("/deal next send", reply=True).args.next_text == "send"


def test_names_that_look_like_something_else() -> None:
    assert one("/call Next Level 15m").args.subject_words == ["Next", "Level"]
    args = one("/task Sun Microsystems mon 9:00 order").args
    assert (args.subject_words, said(args.when)) == (["Sun", "Microsystems"], "11-23 09:00")


def test_several_phones_and_e_mails() -> None:
    args = one("/contact Jan Nowak 600 100 200 600 100 201, +48 600 100 202 a@b.pl c@d.pl").args
    assert (args.phone, args.more_phones) == ("600 100 200", ["600 100 201", "+48 600 100 202"])
    assert (args.email, args.more_emails, args.subject_words) == ("a@b.pl", ["c@d.pl"], ["Jan", "Nowak"])
    assert one("/lead Ola +48600100400 +48600100401 roof 5k").args.amount == euros(5000)
    args = one("/call Anna +48600100400 +48600100401").args
    assert (args.phone, args.more_phones) == ("+48600100400", []), "of a call there is one"


def test_with_whom_and_a_full_stop() -> None:
    line = one("meeting with Acme tomorrow 10:00")
    assert (line.args.subject_words, said(line.args.when), line.text_after(1)) == (["Acme"], "11-23 10:00", "")
    assert one("call to Anna 15m ok").args.subject_words == ["Anna"]
    assert one("call With").args.subject_words == ["With"], "nobody else is there"
    assert one("task with Acme").args.subject_words[0] == "with"
    assert [one(text).verb for text in ("Today.", "undo!", "today. I met Anna", "Acme.")] == [
        "today",
        "undo",
        None,
        None,
    ]


def test_next_that_is_misspelt_or_a_name() -> None:
    args = one("/deal Acme 12k roof nxt fri 10:00 visit").args
    assert (said(args.next_when), args.next_text, args.words_after) == ("11-27 10:00", "visit", ["roof"])
    assert one("/deal Acme nxt roof").args.next_text is None, "without a time it is a word"
    assert one("/contact Jan at next level").args.next_text is None
    assert one("/contact Jan Kos Next Level Ltd").args.next_text is None
    assert one("/contact Jan next call him").args.next_text == "call him"


def test_russian_and_polish_lines() -> None:
    args = one("/call Анна 15мин ok next завтра в 15:00 выслать", language="ru").args
    assert (args.duration, said(args.next_when), args.next_text) == (15, "11-23 15:00", "выслать")
    args = one("/task Acme jutro o 15 wysłać", language="pl").args
    assert (said(args.when), args.words_after) == ("11-23 15:00", ["wysłać"])


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("acme roof", 1),
        ("Acme roof repair", 1),
        ("Anna Nowak wants", 2),
        ("Anna van Dam wants", 3),
        ("Kim & Co roof", 3),
        ("Foo sp. z o.o. roof", 4),
        ("acme ltd roof", 2),
        ("Acme and roof", 1),
        ("Acme, Beta", 1),
        ("株式会社 屋根", 1),
    ],
)
def test_guess_subject(words: str, count: int) -> None:
    assert guess_subject(words.split()) == count


def test_plugins_add_verbs_but_take_no_words() -> None:
    table = TABLE.plus([Verb("survey", frozenset({"tag"}), ("poll",))])
    assert table.find("POLL") == table.find("survey")
    assert TABLE.find("survey") is None
    with pytest.raises(ValueError, match="call"):
        TABLE.plus([Verb("dial", aliases=("call",))])
    with pytest.raises(ValueError, match="colour"):
        Verb("paint", frozenset({"colour"}))


def test_nearest_verbs_come_best_first() -> None:
    assert TABLE.nearest("del")[0] == "deal"
    assert len(TABLE.nearest("de", limit=2)) <= 2
    assert TABLE.nearest("qqq") == []
